"""What every configuration is: frozen, complete, unknown keys refused, no input or output."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError


class Frozen(BaseModel):
    """A node of a configuration tree. Change a value by building a new tree with `load.with_overrides`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, validate_default=True, allow_inf_nan=False
    )


def auto_or(lowest: int) -> BeforeValidator:
    """For a value that is `auto` or a whole number from `lowest` up; one sentence for all else."""

    def check(value: Any) -> Any:
        number = int(value) if isinstance(value, str) and value.isdecimal() else value
        if value == "auto" or (type(number) is int and number >= lowest):
            return number
        raise PydanticCustomError("auto_or", f"Give auto, or a whole number from {lowest} up")

    return BeforeValidator(check)


def _as_tuple(value: Any) -> Any:
    return tuple(word.strip() for word in value.split(",")) if isinstance(value, str) else value


#: For a list of words that may come as one text: `--set detector.classes=person,rider`.
one_or_more = BeforeValidator(_as_tuple)


def _as_size(value: Any) -> Any:
    return tuple(value.lower().split("x")) if isinstance(value, str) else value


#: Height and width in pixels, also as one word: `--set model.size=384x128`.
sizes = Annotated[tuple[int, int], BeforeValidator(_as_size)]
