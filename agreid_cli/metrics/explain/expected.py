"""Expected shares: the shares that the paper's prior asks for, averaged over what is not known of the labels.

If the labels of two crops were known, the prior (Eq. 6) would be met with equality by sharing t = (M_E/M)^v
of the distance equally among the M_E exclusive bits, and the rest equally among the common ones:

    s_k = t / M_E  if k is exclusive,    (1 − t) / (M − M_E)  if it is common,    1/M each if M_E = 0.

The labels of a crop are not known but have (calibrated) probabilities, taken as independent between crops
and groups. The expected share is the mean of s_k over them. It is exact, because s_k depends on the other
groups only by how many of them differ: a sum of independent yes-or-no variables.

Where nothing is recognised, the probabilities are the label frequencies for every crop, so every pair has
the same shares: the constant baseline. Where all is certain, the exclusive bits have the largest shares.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class ExpectedShares:
    """`shares(query, gallery)` for groups of `sizes` labels, M bits in total; v as in Eq. 6.

    >>> sure = torch.tensor([[1.0, 0, 1, 0], [0, 1, 1, 0]])
    >>> [round(s, 3) for s in ExpectedShares((2, 2), v=0.5)(sure[0], sure[1]).tolist()]
    [0.354, 0.354, 0.146, 0.146]
    """

    def __init__(self, sizes: Sequence[int], *, v: float, device: torch.device | str = "cpu") -> None:
        self.n_bits, self.n_groups = sum(sizes), len(sizes)
        self.group_of = torch.repeat_interleave(
            torch.arange(self.n_groups), torch.tensor(list(sizes)), output_size=self.n_bits
        ).to(device)
        # What a bit gets if N groups other than its own differ, N = 0 … G − 1; a differing group has two
        # exclusive bits.
        others = torch.arange(self.n_groups, dtype=torch.float64)
        self.tables = torch.stack(
            [
                self._exclusive(2 * (others + 1), v),
                self._common(2 * (others + 1), v),
                self._common(2 * others, v),
            ]
        ).to(device)

    def _exclusive(self, m_e: Tensor, v: float) -> Tensor:
        return (m_e / self.n_bits).clamp_max(1) ** v / m_e

    def _common(self, m_e: Tensor, v: float) -> Tensor:
        # No bit is common if all are exclusive: groups of two labels that all differ.
        t = (m_e / self.n_bits).clamp_max(1) ** v
        return torch.where(m_e < self.n_bits, (1 - t) / (self.n_bits - m_e).clamp_min(1), 0.0)

    def __call__(self, query: Tensor, gallery: Tensor) -> Tensor:
        """Probabilities (..., M) of both crops, which broadcast → shares (..., M), float32, that add up to
        1."""
        both, exclusive = query * gallery, query + gallery - 2 * query * gallery
        shape = (*both.shape[:-1], self.n_groups)
        alike = torch.zeros(shape, dtype=both.dtype, device=both.device).index_add_(-1, self.group_of, both)
        differs = (1 - alike).clamp(0, 1)
        of_others = self._of_others(differs)[:, ..., self.group_of]
        differs = differs[..., self.group_of]
        return (
            exclusive * of_others[0]
            + (differs - exclusive).clamp_min(0) * of_others[1]
            + (1 - differs) * of_others[2]
        )

    def _of_others(self, differs: Tensor) -> Tensor:
        """For each group, the mean of each table over how many of the other groups differ: (..., G) → (3,
        ..., G).

        `after[n]` is the mean of the table at n + the number of later groups that differ, `before[n]` the
        probability that n of the earlier groups do.
        """
        n = self.n_groups
        p = differs.movedim(-1, 0)  # G first: every step then works on whole blocks
        lead = p.shape[1:]
        tables = self.tables.to(p.dtype)
        after = [tables.reshape(3, n, *[1] * len(lead)).expand(3, n, *lead)]
        for group in range(n - 1, 0, -1):
            last = after[-1]
            after.append(last[:, :-1] + p[group] * (last[:, 1:] - last[:, :-1]))
        after.reverse()  # after[g] (3, g + 1, ...): groups 0 … g − 1 are still open
        before = [torch.ones(1, *lead, dtype=p.dtype, device=p.device)]
        found = []
        for group in range(n):
            found.append((after[group] * before[-1]).sum(dim=1))
            zero = torch.zeros_like(before[-1][:1])
            stay, move = torch.cat([before[-1], zero]), torch.cat([zero, before[-1]])
            before.append(stay + p[group] * (move - stay))
        return torch.stack(found, dim=-1)
