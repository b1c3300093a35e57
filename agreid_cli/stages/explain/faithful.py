"""Deletion, insertion and shuffled weights: whether the maps of a stream show where its distance comes
from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agreid_cli.config.evaluate import ExplainEvaluateConfig
from agreid_cli.metrics.explain import faithfulness as measures
from agreid_cli.metrics.explain.faithfulness import area, steps_of
from agreid_cli.metrics.protocol import Sides
from agreid_cli.progress import Progress
from agreid_cli.records.faithfulness import ORDERS, PART, WHOLE, Estimate, Faithfulness, OrderScore
from agreid_cli.stages.explain.occluding import FOLLOWED, curves, occludable
from agreid_cli.stages.explain.sanity import sanity_of
from agreid_cli.stages.explain.shares import Sharing
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.embed import SidedCrops

PAIRS_AT_A_TIME = 8
SANITY_CROPS = 32
SEED = 11

Rows = npt.NDArray[np.intp]
#: order and what is followed → (2, pairs, steps)
Curves = dict[tuple[str, str], npt.NDArray[np.float64]]


def faithfulness(
    opened: OpenStream,
    sharing: Sharing,
    crops: SidedCrops,
    found: Sides,
    config: ExplainEvaluateConfig,
    progress: Progress,
) -> Faithfulness | None:
    """Over `config.faithfulness` pairs of different people drawn at random; None if that is 0 or there is
    none."""
    pairs = drawn_pairs(found, config.faithfulness)
    if not len(pairs):
        return None
    drawn: dict[tuple[str, str], list[npt.NDArray[np.float64]]] = {}
    rng = np.random.default_rng(SEED)
    steps = np.zeros(0, np.int64)
    label = f"{found.direction.name}: occluding places"
    with progress.task(label, len(pairs), "pairs") as task:
        for start in range(0, len(pairs), PAIRS_AT_A_TIME):
            some = pairs[start : start + PAIRS_AT_A_TIME]
            query, gallery = found.query[some[:, 0]], found.gallery[some[:, 1]]
            shown = occludable(opened, sharing, crops, query, gallery, rng)
            places = shown.ranks["mean"][0].numel()
            steps = steps_of(places, config.faithfulness_steps)
            for name in FOLLOWED:
                for what, both in curves(opened, shown, name, steps).items():
                    drawn.setdefault((name, what), []).append(both)
            task.advance(len(some))
    joined = {key: np.concatenate(values, axis=1) for key, values in drawn.items()}
    rows = np.unique(np.concatenate([found.query[pairs[:, 0]], found.gallery[pairs[:, 1]]]))[:SANITY_CROPS]
    return Faithfulness(
        len(pairs), int(steps[-1]), tuple(steps.tolist()),
        orders=_scores(ORDERS, "whole", joined, steps),
        sanity=sanity_of(opened, crops, rows),
        whole=_scores(WHOLE, "whole", joined, steps),
        part=_scores(PART, "part", joined, steps),
    )  # fmt: skip


def drawn_pairs(found: Sides, n: int) -> Rows:
    """At most n places (query, gallery) of pairs of different people, each query once before any twice: (n,
    2)."""
    rng = np.random.default_rng(SEED)
    pairs: list[tuple[int, int]] = []
    for _ in range(4):
        for query in rng.permutation(len(found.query)).tolist():
            others = np.flatnonzero(found.gallery_pid != found.query_pid[query])
            if len(pairs) < n and len(others):
                pairs.append((query, int(rng.choice(others))))
    return np.array(list(dict.fromkeys(pairs)), np.intp).reshape(-1, 2)


def _scores(
    names: tuple[str, ...], what: str, found: Curves, steps: npt.NDArray[np.int64]
) -> tuple[OrderScore, ...]:
    """One score per order; gains are those of the first over the others."""
    areas = {name: [area(one, steps) for one in found[name, what]] for name in names}
    best, made = areas[names[0]], []
    for name in names:
        own = areas[name]
        gains: tuple[Estimate | None, Estimate | None] = (None, None)
        if name != names[0]:
            gains = (_estimate(own[0] - best[0]), _estimate(best[1] - own[1]))
        deletion, insertion = (tuple(one.tolist()) for one in found[name, what].mean(axis=1))
        made.append(OrderScore(name, _estimate(own[0]), _estimate(own[1]), *gains, deletion, insertion))
    return tuple(made)


def _estimate(values: npt.NDArray[np.float64]) -> Estimate:
    found = measures.estimate(values)
    return Estimate(found.value, found.low, found.high)
