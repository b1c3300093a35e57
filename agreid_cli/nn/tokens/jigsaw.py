"""The jigsaw patch module of TransReID: patches in a fixed shuffled order, cut into groups (paper §3.3)."""

from __future__ import annotations

import torch
from torch import Tensor

#: First patch of the rotated list (1-based) and number of interleaved groups, as in TransReID.
SHIFT, GROUPS, PARTS = 5, 2, 4


def jigsaw_order(n: int, *, shift: int = SHIFT, groups: int = GROUPS) -> Tensor:
    """The order of `n` patch tokens after shift and shuffle: int64, `n` rounded up to a multiple of `groups`.

    The list is rotated so that token `shift` (counted from 1) comes first, then split into `groups` equal
    pieces that are read alternately. If `n` is not a multiple, the second-to-last token of the rotated list
    is appended first; it always lands after the last part, so its value is never used.

    >>> jigsaw_order(8).tolist()
    [4, 0, 5, 1, 6, 2, 7, 3]
    """
    order = torch.arange(n).roll(-(shift - 1))
    if rest := -n % groups:
        order = torch.cat([order, order[-2 : -1 if n > 1 else None].repeat(rest)])
    return order.view(groups, -1).T.reshape(-1)


def jigsaw_parts(n: int, *, shift: int = SHIFT, groups: int = GROUPS, parts: int = PARTS) -> Tensor:
    """int64 (parts, ⌊n / parts⌋): which patch tokens each part consists of; the remainder is dropped.

    >>> jigsaw_parts(9).tolist()
    [[4, 0], [5, 1], [6, 2], [7, 3]]
    """
    size = n // parts
    return jigsaw_order(n, shift=shift, groups=groups)[: parts * size].view(parts, size)
