"""Tables of parts: plain dicts of "module:attribute", imported when a part is used."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from agreid_cli.errors import InputError, did_you_mean


def part(table: Mapping[str, str], name: str, *, what: str) -> Any:
    """The attribute that `name` stands for; `InputError` that lists the choices if it is unknown."""
    if name not in table:
        raise InputError(f"unknown {what} '{name}'{did_you_mean(name, table)}")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def check_options(make: Any, options: Mapping[str, Any], *, what: str) -> None:
    """`InputError` if `make` has no keyword argument of one of these names."""
    known = [p.name for p in inspect.signature(make).parameters.values() if p.kind is p.KEYWORD_ONLY]
    known = [name for name in known if name not in {"size", "n_ids", "name"}]
    for option in options:
        if option not in known:
            takes = did_you_mean(option, known) if known else "; it has none"
            raise InputError(f"{what} has no option '{option}'{takes}")
