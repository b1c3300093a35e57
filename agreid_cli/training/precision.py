"""Number formats while training: which one runs here, the autocast around the network, the scaler of fp16."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from agreid_cli.progress import SILENT, Progress

DTYPE = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Precision:
    """`name` is fp32, bf16 or fp16, as it really runs on this device."""

    name: str
    device: str  # cuda, cpu

    def autocast(self) -> AbstractContextManager[Any]:
        if self.name == "fp32":
            return nullcontext()
        context: AbstractContextManager[Any] = torch.autocast(self.device, DTYPE[self.name])
        return context

    def scaler(self) -> torch.amp.GradScaler:
        """Scales the loss of fp16, whose small gradients would vanish; passes the others through."""
        return torch.amp.GradScaler(self.device, enabled=self.name == "fp16")


def choose_precision(wish: str, device: torch.device, progress: Progress = SILENT) -> Precision:
    """`auto` is bf16 where the GPU computes in it, else fp32; a CPU computes in fp32 whatever is wished."""
    if device.type != "cuda":
        if wish in DTYPE:
            progress.note(f"precision {wish} brings nothing on a CPU: training in fp32")
        return Precision("fp32", device.type)
    has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    if wish == "bf16" and not has_bf16:
        progress.warn("this GPU does not compute in bf16: training in fp16 with a scaler")
        return Precision("fp16", "cuda")
    if wish == "auto":
        wish = "bf16" if has_bf16 else "fp32"
    return Precision(wish, "cuda")
