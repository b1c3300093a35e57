"""Shards, failures, and units in this process."""

from __future__ import annotations

import builtins
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreid_cli.config.engine import EngineConfig
from agreid_cli.engine.run import run_units
from agreid_cli.engine.units import Failure, Unit
from agreid_cli.errors import AgreidError, InputError, MissingError, UsageError
from agreid_cli.records.shard import Shard, shard_of
from agreid_cli.stages.run.failures import raise_failures
from tests.engine.toys import BROKEN, ODD, open_toy


@given(st.integers(0, 50), st.integers(1, 12))
def test_the_shards_together_are_all_units_once(n: int, of: int) -> None:
    units = list(range(n))
    found = [unit for number in range(1, of + 1) for unit in Shard(number, of).mine(units)]
    assert sorted(found) == units


@pytest.mark.parametrize("text", ["", "3", "0/2", "3/2", "1/0", "a/b", "-1/2", "1/2/3", "1.5/2"])
def test_a_wrong_shard_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="i/n"):
        shard_of(text)


def test_a_unit_that_fails_on_its_data_leaves_the_others(tmp_path: Path) -> None:
    got: list[int] = []
    failures = run_units(
        [Unit(str(n), n) for n in (1, ODD, 2)], partial(open_toy, tmp_path), folder=tmp_path, label="toys",
        noun="toys", done=lambda unit, result: got.append(result),
    )  # fmt: skip
    assert got == [1, 4]
    with pytest.raises(InputError, match="1 of 3 toys failed") as caught:
        raise_failures(failures, 3, "toys")
    assert [str(p) for p in caught.value.problems] == ["13: 13 is unlucky. Take another number."]
    with pytest.raises(InputError, match="13 is unlucky"):
        raise_failures(failures, 1, "toys")


def test_a_bug_ends_the_call(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run_units(
            [Unit("b", BROKEN)], partial(open_toy, tmp_path), folder=tmp_path, label="toys", noun="toys"
        )


def test_nothing_to_do_opens_nothing(tmp_path: Path) -> None:
    for name in ("local", "ray"):
        config = EngineConfig(name=name)
        assert run_units([], open_toy, config=config, folder=tmp_path, label="toys", noun="toys") == []


def test_no_failure_raises_nothing() -> None:
    raise_failures([], 3, "toys")
    failure = Failure("a", AgreidError("its worker died"))
    with pytest.raises(InputError, match="1 of 2"):
        raise_failures([failure], 2, "toys")


def test_without_ray_the_install_line_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "ray":
            raise ImportError("No module named 'ray'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingError, match="needs Ray") as caught:
        run_units(
            [Unit("1", 1)], partial(open_toy, tmp_path), config=EngineConfig(name="ray"), folder=tmp_path,
            label="toys", noun="toys",
        )  # fmt: skip
    assert "pip install 'agreid[ray]'" in caught.value.hint
