"""Match the numbers that different annotators give to the same people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from agreid_cli.records.manifest import JUNK_PID

Votes = Sequence[int | None]


def aligned_pids(annotators: Sequence[Votes]) -> list[dict[int, int]]:
    """For each annotator: own pid → common pid. `annotators[k][i]` is the pid that k gave to crop i.

    The first annotator's numbers are the common ones. Those of each further annotator are matched one to one
    with the numbers so far, to maximise the number of crops that agree; a new person gets a new number.

    >>> aligned_pids([[1, 1, 2, -1, None], [7, 7, 9, 9, 5], [2, 2, 1, -1, 8]])
    [{1: 1, 2: 2}, {7: 1, 9: 2, 5: 3}, {2: 1, 1: 2, 8: 3}]
    """
    from scipy.optimize import linear_sum_assignment

    maps: list[dict[int, int]] = []
    seen: list[Counter[int]] = [Counter() for _ in (annotators[0] if annotators else ())]
    for votes in annotators:
        own = list(dict.fromkeys(pid for pid in votes if pid is not None and pid != JUNK_PID))
        common = sorted({pid for counter in seen for pid in counter})
        rows = {pid: row for row, pid in enumerate(own)}
        columns = {pid: column for column, pid in enumerate(common)}
        shared = np.zeros((len(own), len(common)))
        for pid, counter in zip(votes, seen, strict=True):
            for other, n in counter.items():
                if pid in rows:
                    shared[rows[pid], columns[other]] += n
        found: dict[int, int] = {}
        for row, column in zip(*linear_sum_assignment(-shared), strict=True):
            if shared[row, column] > 0:
                found[own[int(row)]] = common[int(column)]
        taken = {*common, *found.values()}
        for pid in own:
            if pid not in found:
                free = pid if not maps and pid not in taken else max(taken, default=0) + 1
                found[pid] = free
                taken.add(free)
        found = {pid: found[pid] for pid in own}
        maps.append(found)
        for pid, counter in zip(votes, seen, strict=True):
            if pid in found:
                counter[found[pid]] += 1
    return maps
