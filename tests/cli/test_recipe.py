"""The output of `agreid recipe`."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.recipes import RECIPES, load_train, recipe


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["recipe", *map(str, words)])
    return done.exit_code, done.stdout, done.stderr


def test_list_has_a_line_for_each(tmp_path: Path) -> None:
    code, out, _ = run()
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1 : 1 + len(RECIPES)]] == list(RECIPES)
    row = next(line.split() for line in out.splitlines() if line.startswith("bot-vit-fastreid"))
    assert row[1:6] == ["256x128", "32x4", "sgd", "0.008", "120"]
    code, out, _ = run("list", "--json")
    assert [item["name"] for item in json.loads(out)] == list(RECIPES)


def test_what_is_shown_is_a_file_that_train_reads(tmp_path: Path) -> None:
    for name in ("sbs-resnet50", "campus", "explain-bot-vit"):
        code, out, _ = run("show", name)
        assert code == 0
        file = tmp_path / f"{name}.toml"
        file.write_text(out)
        assert load_train(file) == recipe(name)
        code, out, _ = run("check", file)
        assert code == 0
        assert f"{file} is valid" in out


def test_show_takes_settings_and_json() -> None:
    code, out, _ = run("show", "bot-vit", "--set", "data.p=32", "--json")
    assert code == 0
    assert json.loads(out)["data"]["p"] == 32
    code, out, _ = run("check", "bot-vit", "--set", "data.p=32", "--json")
    assert json.loads(out)["learning rate"] == 2e-3


def test_bare_show_is_what_train_would_take_here(tmp_path: Path) -> None:
    (tmp_path / "agreid.toml").write_text('[train]\nrecipe = "campus"\nseed = 5\n')
    code, out, _ = run("show", "--workspace", tmp_path)
    assert code == 0
    assert 'recipe = "campus"' in out
    assert "seed = 5" in out
    code, out, _ = run("show", "campus", "--workspace", tmp_path)
    assert "seed = 0" in out, "a recipe by its name is the recipe"


def test_check_names_every_problem_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[train.optim]\nrate = 1\nlr = -1\n[train.data]\nk = 0\n")
    code, _, err = run("check", file)
    assert code == 1
    for place in ("optim.rate: unknown key", "optim.lr", "data.k"):
        assert place in err
    for sets, says in (
        (["model.backbone=resnet5"], "did you mean 'resnet50'"),
        (["model.head=bots"], "did you mean 'bot'"),
        (["model.weights=nowhere.pth"], "file not found: nowhere.pth"),
    ):
        code, _, err = run("check", "bot-resnet50", "--set", *sets)
        assert (code, says in err) == (1, True), err


def test_wrong_words_are_answered(tmp_path: Path) -> None:
    code, _, err = run("shwo")
    assert (code, "did you mean 'show'" in err) == (2, True)
    code, _, err = run("list", "campus")
    assert code == 2
    code, _, err = run("show", "bot-vitt")
    assert (code, "did you mean 'bot-vit'" in err) == (1, True)
    empty = tmp_path / "empty.toml"
    empty.write_text("[evaluate]\nci = true\n")
    code, _, err = run("check", empty)
    assert (code, "has no training configuration" in err) == (1, True)
    code, _, err = run("check", "missing.toml")
    assert (code, "missing.toml" in err) == (1, True)
