"""Storage of the packed crops during training: memory-mapped from disk, or entirely in GPU memory."""

from __future__ import annotations

import threading
import weakref
from typing import Protocol

import numpy as np
import torch

from agreid_cli.training.augment import Draws, Normalise, augment_at_once, augment_rows

#: Fraction of the free GPU memory that crops may use by default; the rest is for the network.
GPU_SHARE = 0.4


class Store(Protocol):
    """Produces augmented images from rows of the cache."""

    def images(self, rows: torch.Tensor, draws: Draws) -> torch.Tensor:
        """int64 B on the CPU → B×3×H×W float32 on the device, channels last."""


class HostStore:
    """For a CPU: crops are views into the memory map, and used pages stay in the system's file cache."""

    def __init__(self, images: np.ndarray, normalise: Normalise) -> None:
        self.pixels, self.normalise, self.buffers = images, normalise, Buffers()

    def images(self, rows: torch.Tensor, draws: Draws) -> torch.Tensor:
        out = self.buffers.take((len(rows), *self.pixels.shape[1:]))
        return augment_rows([self.pixels[row] for row in rows.tolist()], draws, self.normalise, out)


class Buffers:
    """Float arrays that are reused once nothing refers to their content.

    A batch is tens of megabytes; allocating new memory each time costs as much as filling it.
    """

    MOST = 16  # kept; additional arrays are newly allocated

    def __init__(self) -> None:
        self._kept: list[tuple[np.ndarray, weakref.ref[np.ndarray]]] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many batches are kept."""
        return len(self._kept)

    def take(self, shape: tuple[int, ...]) -> np.ndarray:
        """An array of this shape with undefined content. A tensor created from it keeps it in use."""
        with self._lock:
            for place, (base, lent) in enumerate(self._kept):
                if lent() is None and base.shape == shape:
                    view = base.view()
                    self._kept[place] = (base, weakref.ref(view))
                    return view
            base = np.empty(shape, np.float32)
            view = base.view()
            if len(self._kept) < self.MOST:
                self._kept.append((base, weakref.ref(view)))
            return view


class CopyingStore:
    """For a GPU whose memory is too small for the crops: they are copied as uint8 through pinned memory."""

    def __init__(self, images: np.ndarray, normalise: Normalise, device: torch.device) -> None:
        self.pixels, self.normalise, self.device = images, normalise, device

    def images(self, rows: torch.Tensor, draws: Draws) -> torch.Tensor:
        shape = (len(rows), *self.pixels.shape[1:])
        pinned = torch.empty(shape, dtype=torch.uint8, pin_memory=self.device.type == "cuda")
        np.take(self.pixels, rows.numpy(), axis=0, out=pinned.numpy(), mode="clip")
        return augment_at_once(pinned.to(self.device, non_blocking=True), draws, self.normalise)


class ResidentStore:
    """For a GPU: all crops are in its memory, and only row numbers and draws are copied."""

    def __init__(self, images: np.ndarray, normalise: Normalise, device: torch.device) -> None:
        self.normalise = normalise
        self.pixels = torch.empty(images.shape, dtype=torch.uint8, device=device)
        for start in range(0, len(images), 1024):  # in pieces, so that main memory never contains all of it
            piece = np.array(images[start : start + 1024])
            self.pixels[start : start + 1024] = torch.from_numpy(piece).to(device)

    def images(self, rows: torch.Tensor, draws: Draws) -> torch.Tensor:
        where = rows.to(self.pixels.device, non_blocking=True)
        return augment_at_once(self.pixels.index_select(0, where), draws, self.normalise)


def make_store(
    images: np.ndarray, normalise: Normalise, device: torch.device, *, on_gpu: bool | str = "auto"
) -> Store:
    """The store for a device; `on_gpu` is True, False, or "auto": if the crops take less than two fifths
    of the free memory."""
    if device.type == "cpu":
        return HostStore(images, normalise)
    if on_gpu == "auto":
        on_gpu = device.type == "cuda" and images.nbytes < GPU_SHARE * torch.cuda.mem_get_info(device)[0]
    return (ResidentStore if on_gpu else CopyingStore)(images, normalise, device)
