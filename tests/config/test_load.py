from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.config.base import Frozen
from agreid_cli.config.load import build, difference, load_section, to_toml, with_overrides
from agreid_cli.errors import InputError


class Optim(Frozen):
    lr: float = 1e-3
    name: str = "adam"


class Tree(Frozen):
    epochs: int = 3
    optim: Optim = Optim()


def test_sets_override_the_file_and_flags_override_both(tmp_path: Path) -> None:
    file = tmp_path / "agreid.toml"
    file.write_text("[train]\nepochs = 5\n[train.optim]\nlr = 1\n")
    tree = load_section(Tree, "train", file, ["optim.lr=3e-4", "epochs=7"], epochs=9)
    assert tree == Tree(epochs=9, optim=Optim(lr=3e-4))


def test_a_word_that_is_not_toml_is_a_string() -> None:
    assert with_overrides(Tree(), ["optim.name=sgd"]).optim.name == "sgd"


def test_every_wrong_setting_is_reported_with_the_nearest_key() -> None:
    with pytest.raises(InputError) as caught:
        with_overrides(Tree(), ["optim.lrr=1", "epochs=many", "optm.lr=2", "nonsense"])
    text = str(caught.value)
    assert "did you mean 'lr'?" in text
    assert "did you mean 'optim'?" in text
    assert "epochs" in text
    assert "nonsense" in text


def test_unknown_section_keys_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "agreid.toml"
    file.write_text("[train]\nepoch = 5\n")
    with pytest.raises(InputError, match="epochs"):
        load_section(Tree, "train", file)


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "agreid.toml"
    file.write_text("[train\n")
    with pytest.raises(InputError, match="line 1"):
        load_section(Tree, "train", file)


def test_toml_round_trip_and_difference() -> None:
    from agreid_cli.config.load import tomllib

    tree = Tree(optim=Optim(lr=2e-5))
    assert build(Tree, tomllib.loads(to_toml(tree)), "the text") == tree
    assert [str(p) for p in difference(Tree(), tree)] == ["optim.lr: was 0.001, now 2e-05"]
