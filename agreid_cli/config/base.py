"""Base of all configurations: frozen and complete; unknown keys are refused; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError


class Frozen(BaseModel):
    """A node of a configuration tree. To change a value, build a new tree with `load.with_overrides`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, validate_default=True, allow_inf_nan=False
    )


@dataclass(frozen=True)
class SwitchedOnBy:
    """Marks an optional section with what switches it on: `Annotated[Part | None, SwitchedOnBy("…")]`."""

    how: str


def auto_or(lowest: int) -> BeforeValidator:
    """Validator for a value that is `auto` or an integer of at least `lowest`."""

    def check(value: Any) -> Any:
        number = int(value) if isinstance(value, str) and value.isdecimal() else value
        if value == "auto" or (type(number) is int and number >= lowest):
            return number
        raise PydanticCustomError("auto_or", f"Give auto, or an integer of at least {lowest}")

    return BeforeValidator(check)


def _as_tuple(value: Any) -> Any:
    return tuple(word.strip() for word in value.split(",")) if isinstance(value, str) else value


#: A list of strings that may also be given as one string: `--set detector.classes=person,rider`.
one_or_more = BeforeValidator(_as_tuple)


def _as_size(value: Any) -> Any:
    return tuple(value.lower().split("x")) if isinstance(value, str) else value


#: Height and width in pixels, also as one string: `--set model.size=384x128`.
sizes = Annotated[tuple[int, int], BeforeValidator(_as_size)]
