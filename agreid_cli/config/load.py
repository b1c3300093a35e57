"""Build a configuration from defaults, a TOML file and `--set a.b=c` overrides, and write it as TOML."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from pydantic import BaseModel, ValidationError

from agreid_cli.config.base import SwitchedOnBy
from agreid_cli.errors import InputError, Problem, Problems, did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

C = TypeVar("C", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; `InputError` names the line with the syntax error."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"cannot read the configuration {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error


def load_section(kind: type[C], section: str, file: Path | None, sets: Iterable[str] = (), **flags: Any) -> C:
    """The configuration of one command.

    `[section]` of `file` (when given) overrides the defaults of `kind`, `sets` override the file, and
    `flags` (dotted names with `__`; None means not given) override all. Raises `InputError` with all
    problems.
    """
    tree = read_toml(file).get(section, {}) if file else {}
    source = f"{file} [{section}]" if file else "the configuration"
    words = list(sets)
    config = build(kind, tree, source)
    config = with_overrides(config, words)
    for name, value in flags.items():
        if value is not None:
            config = _merged(config, name.split("__"), value, _named(name))
    return config


def build(kind: type[C], tree: dict[str, Any], source: str) -> C:
    """Validate a plain tree; `InputError` lists every unknown key and bad value by dotted name."""
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        problems = [_problem(kind, item) for item in error.errors()]
        raise InputError(f"{source} is not valid", problems=problems) from error


def with_overrides(config: C, sets: Iterable[str]) -> C:
    """Apply `a.b=c` overrides; the value is TOML, or a plain string if it is not valid TOML.

    Overrides are validated together, so values that are only valid in combination can be set in any order.
    """
    words = list(sets)
    tree = config.model_dump()
    if all(_put(tree, word) for word in words):
        return _judged(config, tree, words)
    return _one_by_one(config, words)


def _put(tree: dict[str, Any], word: str) -> bool:
    """Set one value in a plain tree; False if the key does not exist."""
    key, mark, text = word.partition("=")
    *branches, leaf = key.strip().split(".")
    node: Any = tree
    for branch in branches:
        node = node.get(branch)
        if not isinstance(node, dict):
            return False
    node[leaf] = _value(text.strip())
    return bool(mark and leaf)


def _judged(config: C, tree: dict[str, Any], words: list[str]) -> C:
    try:
        return build(type(config), tree, "the configuration")
    except InputError as error:
        problems = Problems()
        for problem in error.problems:
            problems.add(_word_behind(problem.where, words), problem.what)
        problems.raise_if_any("{n} of the --set options cannot be used")
        raise


def _word_behind(place: str, words: list[str]) -> str:
    """`--set a.b=c` for a problem at a.b (or inside a.b), else the dotted name."""
    for word in reversed(words):
        key = word.partition("=")[0].strip()
        if place == key or place.startswith(f"{key}."):
            return f"--set {word}"
    return place


def _one_by_one(config: C, sets: list[str]) -> C:
    problems = Problems()
    for word in sets:
        key, mark, text = word.partition("=")
        if not mark or not key.strip():
            problems.add(f"--set {word}", "is not of the form key.sub=value")
            continue
        try:
            config = _merged(config, key.strip().split("."), _value(text.strip()), f"--set {word}")
        except InputError as error:
            problems.extend(Problem(f"--set {word}", p.what) for p in error.problems)
    problems.raise_if_any("{n} of the --set options cannot be used")
    return config


def to_toml(config: BaseModel) -> str:
    """The complete tree as TOML; reading it back gives an equal configuration."""
    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))


def from_toml(kind: type[C], text: str, source: str) -> C:
    """The tree written by `to_toml`; `InputError` if it is not TOML, or no longer valid."""
    try:
        return build(kind, tomllib.loads(text), source)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source} is not valid TOML: {error}") from error


def difference(old: BaseModel, new: BaseModel) -> list[Problem]:
    """One problem per leaf that differs: `a.b: was 1, now 2`."""
    before, after = _leaves(old.model_dump(mode="json")), _leaves(new.model_dump(mode="json"))
    keys = sorted({k for k in {**before, **after} if before.get(k) != after.get(k)})
    return [Problem(k, f"was {before.get(k)!r}, now {after.get(k)!r}") for k in keys]


def _merged(config: C, keys: list[str], value: Any, source: str) -> C:
    tree = config.model_dump()
    node = tree
    for depth, key in enumerate(keys[:-1]):
        if not isinstance(node.get(key), dict):
            place = ".".join(keys[: depth + 1])
            if how := _switch(type(config), keys[: depth + 1]):
                problem = Problem(place, f"the section {place} is off; switch it on with {how}")
                raise InputError(source, problems=[problem])
            choices = [k for k, v in node.items() if isinstance(v, dict)]
            raise InputError(source, problems=[Problem(place, f"unknown{did_you_mean(key, choices)}")])
        node = node[key]
    node[keys[-1]] = value
    return build(type(config), tree, source)


def _switch(kind: type[BaseModel], keys: list[str]) -> str:
    """How the optional section at `keys` is switched on; empty where there is no such section."""
    *above, name = keys
    node: Any = kind
    for key in above:
        node = getattr(getattr(node, "model_fields", {}).get(key), "annotation", None)
    field = getattr(node, "model_fields", {}).get(name)
    marks = field.metadata if field else []
    return next((mark.how for mark in marks if isinstance(mark, SwitchedOnBy)), "")


def _named(flag: str) -> str:
    """`--every` for a flag; `the value of detector.imgsz` for a dotted name, whose flag is unknown here."""
    return f"the value of {flag.replace('__', '.')}" if "__" in flag else f"--{flag.replace('_', '-')}"


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _problem(kind: type[BaseModel], item: Any) -> Problem:
    place = ".".join(str(part) for part in item["loc"])
    if item["type"] != "extra_forbidden":
        got = "" if isinstance(item["input"], dict | BaseModel) else f" (got {item['input']!r})"
        return Problem(place, f"{item['msg']}{got}")
    node: Any = kind
    for part in item["loc"][:-1]:
        node = getattr(node.model_fields.get(str(part)), "annotation", None) or node
    choices = getattr(node, "model_fields", {})
    return Problem(place, f"unknown key{did_you_mean(str(item['loc'][-1]), choices)}")


def _leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            flat.update(_leaves(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
