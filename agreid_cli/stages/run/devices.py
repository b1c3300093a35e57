"""`--device`: the processor used by torch."""

from __future__ import annotations

from agreid_cli.errors import InputError, UsageError


def find_device(wish: str, *, local: int = 0) -> str:
    """A device available to torch; `auto` is the GPU number `local` if there are GPUs, else the CPU.

    `cuda` without a number is `local` too, so that each process of torchrun uses its own GPU.
    """
    import torch

    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wish == "auto":
        return f"cuda:{local}" if found else "cpu"
    try:
        device = torch.device(wish)
    except RuntimeError as error:
        raise UsageError(f"--device '{wish}' is not one of auto, cpu, cuda, cuda:0, cuda:1 …") from error
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", local)
    if device.type == "cuda" and device.index >= found:
        raise InputError(
            f"--device {wish}: torch finds {found or 'no'} GPU{'s' * (found > 1)} here",
            hint="Use --device cpu, or run: agreid doctor",
        )
    return str(device)
