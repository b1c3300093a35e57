"""Convert samples of 16 bits, integers or floats to 8 bits by one rule.

Files rarely state how many bits of a sample are used: a 12-bit sensor in a 16-bit file looks nearly black. So
white is the largest value of the smallest depth in `DEPTHS` that covers the image's largest sample; for
floats up to 1, white is 1.
"""

from __future__ import annotations

import numpy as np

DEPTHS = (8, 10, 12, 14, 16, 24, 32)
#: Resampling overshoots slightly: floats up to this count as in 0..1, and values this far below 0 count as 0.
OVERSHOOT, UNDERSHOOT = 1.25, 0.1


def to_bytes(samples: np.ndarray) -> tuple[np.ndarray, str]:
    """uint8 of the same shape, and a description of the conversion ("" for uint8 and bool, left unchanged).

    Raises `ValueError` for samples that are negative or not finite.
    """
    if samples.dtype == np.uint8:
        return samples, ""
    if samples.dtype == bool:
        return samples.astype(np.uint8) * 255, ""
    if not samples.size or not np.isfinite(samples).all():
        raise ValueError("it contains samples that are not finite numbers")
    lowest, highest = float(samples.min()), float(samples.max())
    floats = samples.dtype.kind == "f"
    if lowest < (-UNDERSHOOT * max(highest, 0.0) if floats else 0):
        raise ValueError(
            f"it contains negative samples (the lowest is {lowest:g}), which are not brightness values"
        )
    if floats and highest <= OVERSHOOT:
        white, said = 1.0, "floats of 0 to 1"
    else:
        bits = next((bits for bits in DEPTHS if highest < 2.0**bits), None)
        if bits is None:
            raise ValueError(f"its largest sample is {highest:g}, beyond {DEPTHS[-1]} bits")
        white = 2.0**bits - 1
        said = f"floats of {bits} bits" if floats else f"{bits} of {8 * samples.dtype.itemsize} bits"
    if not floats and white == 65535:
        scaled = samples.astype(np.float64) / 257
    else:
        scaled = samples.astype(np.float64) * (255 / white)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8), said
