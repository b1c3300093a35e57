"""Ranking compared with the evaluators of other re-ID toolkits: distance and rank together, 2 threads.

    python -m tests.benchmarks.ranking [market2048 market512 agreid-a2g agreid-g2a large million ...]

Peers: boxmot's evaluator from the installed package; fast-reid's, which is on no package index, by its own
compiled `rank_cy` if that is found in `--peers FOLDER` (build it there from its source), and else by a short
numpy version of the same steps: torch's product, one argsort of the whole matrix, a loop over queries.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.contest import Contestant, one_turn, take_turns
from tests.benchmarks.people import write_features

#: name → queries, gallery, width, people with a query, queries ranked by the peers (None: all)
SIZES: dict[str, tuple[int, int, int, int, int | None]] = {
    "agreid-a2g": (1071, 3331, 768, 189, None),
    "agreid-g2a": (962, 7204, 768, 189, None),
    "market2048": (3368, 19732, 2048, 750, None),
    "market512": (3368, 19732, 512, 750, None),
    "large": (20000, 100000, 512, 5000, 2000),
    "million": (100000, 1000000, 512, 50000, None),
}
Data = Mapping[str, Any]


def agreid(data: Data) -> dict[str, float]:
    """Ours; `in product` is the share of all processor time that the bare product took."""
    from agreid_cli.metrics.ranking import engines
    from agreid_cli.metrics.ranking.product import numpy_product
    from agreid_cli.metrics.ranking.ranking import rank
    from agreid_cli.metrics.ranking.summary import summarise

    spent: list[float] = []
    lock = threading.Lock()

    def timed(a: Any, b: Any, out: Any) -> None:
        start = time.thread_time()
        numpy_product(a, b, out)
        with lock:
            spent.append(time.thread_time() - start)

    engines.numpy_product = timed  # the name that the engine looks up
    start = time.process_time()
    labels = {name: data[name] for name in ("query_pid", "gallery_pid", "query_camid", "gallery_camid")}
    ranks = rank(data["query_f"], data["gallery_f"], engine="numpy", **labels)
    figures = {"in product": sum(spent) / (time.process_time() - start)}
    summary = summarise(ranks)
    return {**figures, "mAP": summary.mAP, "rank1": summary.cmc[1], "mINP": summary.mINP}


def boxmot(data: Data) -> dict[str, float]:
    """boxmot's `compute_distance_matrix` and `evaluate_ranking`."""
    from boxmot.reid.training.evaluator import compute_distance_matrix, evaluate_ranking

    distance = compute_distance_matrix(data["query_f"], data["gallery_f"])
    cmc, mean = evaluate_ranking(
        distance, data["query_pid"], data["gallery_pid"], data["query_camid"], data["gallery_camid"]
    )
    return {"mAP": float(mean), "rank1": float(cmc[0])}


def fastreid(data: Data) -> dict[str, float]:
    """fast-reid's product (torch) and its compiled evaluator, or the same steps in numpy."""
    import torch

    left, right = (torch.nn.functional.normalize(torch.from_numpy(data[f])) for f in ("query_f", "gallery_f"))
    distance = (1 - torch.mm(left, right.t())).numpy()
    labels = [data[name] for name in ("query_pid", "gallery_pid", "query_camid", "gallery_camid")]
    try:
        from rank_cy import evaluate_cy
    except ImportError:
        return {**_argsort_and_loop(distance, *labels), "compiled": 0}
    cmc, ap, inp = evaluate_cy(distance, *labels, 50)
    valid = max(1, np.count_nonzero(ap))
    return {
        "mAP": float(np.sum(ap)) / valid,
        "rank1": float(cmc[0]),
        "mINP": float(np.sum(inp)) / valid,
        "compiled": 1,
    }


def _argsort_and_loop(
    distance: Any, query_pid: Any, gallery_pid: Any, query_camid: Any, gallery_camid: Any
) -> Any:
    order = np.argsort(distance, axis=1)
    match = (gallery_pid[order] == query_pid[:, None]).astype(np.int64)
    found = []
    for i in range(len(distance)):
        kept = (match[i] == 0) | (gallery_camid[order[i]] != query_camid[i])
        hits = match[i][kept]
        if hits.any():
            passed = np.cumsum(hits)
            last = np.flatnonzero(hits)[-1]
            precision = passed / np.arange(1, len(hits) + 1)
            found.append((precision[hits == 1].mean(), hits[0], passed[last] / (last + 1)))
    return dict(zip(("mAP", "rank1", "mINP"), np.mean(found, axis=0).tolist(), strict=True))


CONTESTANTS: dict[str, Contestant] = {"agreid": agreid, "boxmot": boxmot, "fast-reid": fastreid}


def main() -> None:
    """Run the sizes that are named, all but the million by default."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", metavar="SIZE", help=", ".join(SIZES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, default=None)
    parser.add_argument(
        "--patience", type=float, default=0, help="seconds to wait for an idle machine, each turn"
    )
    parser.add_argument("--queries", type=int, nargs="*", default=[2048, 6144], help="samples of the million")
    parser.add_argument("--turn", help=argparse.SUPPRESS)
    parser.add_argument("--features", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--mapped", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    peers = [] if options.peers is None else ["--peers", str(options.peers.resolve())]
    common = [*peers, "--patience", str(options.patience)]
    if options.turn:
        sys.path += peers[1:]
        one_turn(
            CONTESTANTS[options.turn], options.features,
            mapped=options.mapped, queries=options.first, patience_s=options.patience,
        )  # fmt: skip
        return
    for size in options.sizes or [name for name in SIZES if name != "million"]:
        n_query, n_gallery, width, people, sample = SIZES[size]
        print(f"{size}: {n_query:,} × {n_gallery:,}, D={width}", flush=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_features(
                folder, n_query, n_gallery, width, people, "float16" if size == "million" else "float32"
            )

            def run(
                names: list[str], rounds: int, *more: str, folder: Path = folder
            ) -> dict[str, dict[str, float]]:
                return take_turns("tests.benchmarks.ranking", names, folder, rounds, *more, *common)

            if size == "million":
                _extrapolate(run, n_query, options.queries)
                continue
            first = [] if sample is None else ["--first", str(sample)]
            best = run(list(CONTESTANTS), options.rounds, *first)
            for peer, figures in best.items():
                ratio = figures["seconds"] / best["agreid"]["seconds"]
                print(
                    f"{size} {peer}: {figures['seconds']:.3f} s, {figures['MB above']:.0f} MB, ×{ratio:.2f}"
                )
            if sample is not None:
                run(["agreid"], 1)


def _extrapolate(run: Any, n_query: int, samples: list[int]) -> None:
    seconds = [run(["agreid"], 1, "--mapped", "--first", str(n))["agreid"]["seconds"] for n in samples]
    if len(samples) > 1 and n_query not in samples:
        each = (seconds[-1] - seconds[0]) / (samples[-1] - samples[0])
        total = seconds[-1] + each * (n_query - samples[-1])
        print(f"million: {each * 1000:.2f} ms a query; all {n_query:,}: {total:.0f} s, extrapolated")


if __name__ == "__main__":
    main()
