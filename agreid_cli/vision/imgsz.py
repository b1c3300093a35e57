"""The input size of the detector, chosen from the size of the frame.

A person of 31×59 pixels in a 3840×2160 frame (the smallest that AG-ReID kept, paper §III-A) is 5×10 pixels
at the usual input of 640 and cannot be found. tests/benchmarks/RESULTS.md has the recall at each size.
"""

from __future__ import annotations

STRIDE = 32
SMALLEST, LARGEST = 640, 3840


def auto_imgsz(width: int, height: int) -> int:
    """The frame's longer side in steps of the network's stride, within 640 .. 3840.

    >>> auto_imgsz(704, 480), auto_imgsz(480, 360), auto_imgsz(3840, 2160)
    (704, 640, 3840)
    """
    longest = max(width, height)
    return min(LARGEST, max(SMALLEST, -(-longest // STRIDE) * STRIDE))
