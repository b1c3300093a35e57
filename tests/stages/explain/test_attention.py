"""`explain` of a transformer without attribute maps: a page and pictures of its attention."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.config.explain_pages import ExplainPagesConfig
from agreid_cli.errors import InputError
from agreid_cli.records.side import NOT_GIVEN, GivenSide
from agreid_cli.stages.explain.explain import explain
from agreid_cli.stages.run.train import train
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people
from tests.training.methods.test_token_methods import small


def test_a_page_shows_where_a_view_aware_run_looks(tmp_path: Path) -> None:
    workspace = write_people(tmp_path)
    train(workspace, config=small("transreid-view", "schedule.epochs=0"), name="looks")
    heard = Heard()
    done = explain(workspace, config=ExplainPagesConfig(top=2), run="looks", progress=heard)
    assert len(done.pictures) == 2
    text = done.page.read_text(encoding="utf-8")
    assert text.count("<img") == 2 * 4
    assert "attention rollout" in text
    assert any("has no attribute maps" in note for note in heard.notes)
    crops = [pair["second"] for pair in done.pairs]
    for show in ("contributions", "evidence"):
        with pytest.raises(InputError, match="has no attribute maps") as caught:
            explain(workspace, config=ExplainPagesConfig(show=show), run="looks")
        assert f"show={show}" in caught.value.hint
    both = explain(workspace, config=ExplainPagesConfig(), run="looks", pair=crops)
    assert [pair["first"] for pair in both.pairs] == crops[:1]
    assert both.pairs[0]["gap"] is None  # nothing is split into parts
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"bad\.jpg cannot be read"):
        explain(
            workspace, config=ExplainPagesConfig(), run="looks", pair=[crops[0], str(tmp_path / "bad.jpg")],
            given=[NOT_GIVEN, GivenSide("uav")],
        )  # fmt: skip
