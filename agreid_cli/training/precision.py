"""Number formats for training: which one is used, the autocast context, the loss scaler of fp16."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from agreid_cli.progress import SILENT, Progress

DTYPE = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Precision:
    """`name` is fp32, bf16 or fp16, as actually used on this device."""

    name: str
    device: str  # cuda, cpu

    def autocast(self) -> AbstractContextManager[Any]:
        if self.name == "fp32":
            return nullcontext()
        context: AbstractContextManager[Any] = torch.autocast(self.device, DTYPE[self.name])
        return context

    def scaler(self) -> torch.amp.GradScaler:
        """Scales the loss for fp16, whose small gradients would underflow; does nothing for the others."""
        return torch.amp.GradScaler(self.device, enabled=self.name == "fp16")


def choose_precision(wish: str, device: torch.device, progress: Progress = SILENT) -> Precision:
    """`mixed` is bf16 if the GPU supports it, else fp32; a CPU uses fp32 unless bf16 is asked for and it
    multiplies in it. `auto` that was not decided (`training.quickest`) is `mixed`."""
    if device.type != "cuda":
        if wish == "bf16" and cpu_has_bf16():
            return Precision("bf16", device.type)
        if wish in DTYPE:
            progress.note(f"this CPU does not compute in {wish}: training in fp32")
        return Precision("fp32", device.type)
    has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if wish == "bf16" and not has_bf16:
        progress.warn("this GPU does not support bf16: training in fp16 with a loss scaler")
        return Precision("fp16", "cuda")
    if wish in ("mixed", "auto"):
        wish = "bf16" if has_bf16 else "fp32"
    return Precision(wish, "cuda")


def inference_precision(wish: str, device: torch.device) -> Precision:
    """That of a finished run for embedding: as trained on a GPU, fp32 on a CPU."""
    return choose_precision("fp32" if device.type == "cpu" else wish, device)


def cpu_has_bf16() -> bool:
    """Whether the processor multiplies in bfloat16 (AVX-512 BF16 or AMX)."""
    found = (
        getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
    return any(ask is not None and ask() for ask in found)
