"""If a batch does not fit in GPU memory: find the largest that would."""

from __future__ import annotations

from collections.abc import Callable

import torch

from agreid_cli.errors import InputError, Problem

GIB = 2**30


def fitting(p: int, k: int, attempt: Callable[[int], None]) -> int:
    """The largest number of identities below `p` whose batch passes `attempt(crops)`; 0 if none does.

    `attempt` raises `torch.cuda.OutOfMemoryError` if a batch is too large; halves are tried first, then the
    interval is narrowed, so this takes about 2·log2(p) attempts.

    >>> def attempt(crops):
    ...     if crops > 21:
    ...         raise torch.cuda.OutOfMemoryError
    >>> fitting(16, 4, attempt)
    5
    """
    low, high = 0, p
    while high - low > 1:
        middle = (low + high) // 2
        try:
            attempt(middle * k)
        except torch.cuda.OutOfMemoryError:
            high = middle
        else:
            low = middle
    return low


def too_large(p: int, k: int, fits: int | None, device: torch.device) -> InputError:
    """The error for a batch that does not fit: its size, and what would fit; None if not tried."""
    total = torch.cuda.get_device_properties(device).total_memory / GIB if device.type == "cuda" else 0.0
    problems = [Problem("batch", f"{p} identities × {k} crops = {p * k} crops")]
    if total:
        problems.append(Problem("GPU", f"{total:.0f} GiB"))
    if fits is None:
        half = max(2, p // 2)
        hint = f"Use fewer identities, and more batches per step: --set data.p={half} --set accumulate=2"
    elif not fits:
        hint = "Not even one identity fits: use a smaller network or size (--set model.size=256x128)."
    else:
        parts = -(-p // fits)
        hint = f"This would fit: --set data.p={fits} --set accumulate={parts}"
    return InputError("out of GPU memory: the batch does not fit", problems=problems, hint=hint)
