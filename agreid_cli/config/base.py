"""What every configuration is: frozen, complete, unknown keys refused, no input or output."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A node of a configuration tree. Change a value by building a new tree with `load.with_overrides`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, validate_default=True, allow_inf_nan=False
    )
