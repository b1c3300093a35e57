"""The detector input size, derived from the frame size.

A person of 31×59 pixels in a 3840×2160 frame (the smallest kept in AG-ReID, paper §III-A) is 5×10 pixels
at the usual input of 640 and cannot be detected. Recall rises up to two thirds of a 4K frame's longer side
but not beyond, while the time keeps rising: tests/benchmarks/RESULTS.md, "Small persons in a 4K frame".
"""

from __future__ import annotations

STRIDE = 32
SMALLEST, NATIVE_UP_TO = 640, 2560


def auto_imgsz(width: int, height: int) -> int:
    """The frame's longer side up to 2560, then two thirds of it; in multiples of the network's stride.

    >>> auto_imgsz(704, 480), auto_imgsz(480, 360), auto_imgsz(1080, 1920), auto_imgsz(3840, 2160)
    (704, 640, 1920, 2560)
    """
    longest = max(width, height)
    wanted = longest if longest <= NATIVE_UP_TO else max(NATIVE_UP_TO, longest * 2 // 3)
    return max(SMALLEST, -(-wanted // STRIDE) * STRIDE)
