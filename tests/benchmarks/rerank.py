"""k-reciprocal re-ranking compared with the published algorithm, from features to re-ranked mAP, 2 threads.

    python -m tests.benchmarks.rerank [agreid market512 market2048] --peers FOLDER

The peer is `torchreid/reid/utils/rerank.py` of the torchreid package, the algorithm that fast-reid has too,
with three products of numpy for its distances. It is looked for in the environment and in `--peers FOLDER`
(`pip install --no-deps --target FOLDER torchreid`). At Market size it needs 12 GB.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.contest import Contestant, one_turn, take_turns
from tests.benchmarks.people import write_features

#: name → queries, gallery, width, people with a query
SIZES = {
    "agreid": (1071, 3331, 768, 189),
    "market512": (3368, 19732, 512, 750),
    "market2048": (3368, 19732, 2048, 750),
}
LABELS = ("query_pid", "gallery_pid", "query_camid", "gallery_camid")
Data = Mapping[str, Any]


def agreid(data: Data) -> dict[str, float]:
    """Ours: neighbours, descriptions, and the ranks block by block."""
    from agreid_cli.metrics.ranking.given import rank_distances
    from agreid_cli.metrics.rerank import rerank

    distances = rerank(data["query_f"], data["gallery_f"], engine="numpy")
    _keep(distances)
    return _scores(rank_distances(distances, **{name: data[name] for name in LABELS}))


def published(data: Data) -> dict[str, float]:
    """torchreid's `re_ranking` on Euclidean distances."""
    from agreid_cli.metrics.ranking.given import rank_distances

    def distance(a: Any, b: Any) -> Any:
        squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :]
        squared -= 2 * (a @ b.T)
        return np.sqrt(np.maximum(squared, 0, out=squared), out=squared)

    query, gallery = data["query_f"], data["gallery_f"]
    distances = _re_ranking()(distance(query, gallery), distance(query, query), distance(gallery, gallery))
    _keep(distances)
    return _scores(rank_distances(distances, **{name: data[name] for name in LABELS}))


CONTESTANTS: dict[str, Contestant] = {"agreid": agreid, "published": published}
_KEPT: Path | None = None


def _scores(ranks: Any) -> dict[str, float]:
    from agreid_cli.metrics.ranking.summary import summarise

    summary = summarise(ranks)
    return {"mAP": summary.mAP, "rank1": summary.cmc[1]}


def _keep(distances: Any) -> None:
    """Every tenth query's distances go to a file, for the comparison at the end."""
    if _KEPT is not None and distances.shape[0] > 64:
        np.save(_KEPT, np.concatenate([distances[i : i + 1] for i in range(0, distances.shape[0], 10)]))


def _re_ranking() -> Any:
    for folder in sys.path:
        file = Path(folder) / "torchreid" / "reid" / "utils" / "rerank.py"
        if file.is_file():  # loaded alone: the package's own import wants much more
            spec = importlib.util.spec_from_file_location("torchreid_rerank", file)
            assert spec
            assert spec.loader
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module.re_ranking
    raise SystemExit("torchreid is not here; see --help")


def main() -> None:
    """Run the sizes that are named."""
    global _KEPT
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", metavar="SIZE", help=", ".join(SIZES), default=["agreid"])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--peers", type=Path, default=None)
    parser.add_argument(
        "--patience", type=float, default=0, help="seconds to wait for an idle machine, each turn"
    )
    parser.add_argument("--turn", help=argparse.SUPPRESS)
    parser.add_argument("--features", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    peers = [] if options.peers is None else ["--peers", str(options.peers.resolve())]
    if options.turn:
        sys.path += peers[1:]
        _KEPT = options.features / f"{options.turn}.npy"
        contestant = CONTESTANTS[options.turn]
        one_turn(contestant, options.features, mapped=False, queries=None, patience_s=options.patience)
        return
    for size in options.sizes:
        print(f"{size}: {SIZES[size]}", flush=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_features(folder, *SIZES[size])
            more = [*peers, "--patience", str(options.patience)]
            best = take_turns("tests.benchmarks.rerank", list(CONTESTANTS), folder, options.rounds, *more)
            ratio = best["published"]["seconds"] / best["agreid"]["seconds"]
            ours, theirs = (np.load(folder / f"{name}.npy") for name in CONTESTANTS)
            far = np.abs(ours - theirs) > 1e-5
            print(f"{size}: ×{ratio:.2f}; {far.mean():.2g} of the distances differ by more than 1e-5")


if __name__ == "__main__":
    main()
