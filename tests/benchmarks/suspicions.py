"""How many of the first suspicions of check-identities are planted faults, on a campus with known identities.

python -m tests.benchmarks.suspicions WORKSPACE EMBEDDER [--parts 3] [--seeds 5]
python -m tests.benchmarks.suspicions WORKSPACE EMBEDDER --switches 8

In each round, 4 pairs of tracks of one camera are exchanged between two identities, 4 pairs of identities are
joined, and 4 identities are divided by camera: 16 faults, 8 of them tracks. `--parts` divides every track in
time first, as occlusions break them. A suspicion is right if it names an identity that was changed in that
way; the other identity of an exchange counts too, because it is not clear from the tracks which one is wrong.

With `--switches`, that many pairs of tracks of one video exchange their second halves instead, as a tracker
does: the first suspicions of the kind mixed-track are counted.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from agreid_cli.config.identify import CheckConfig
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.identify.embedders import find_embedder
from agreid_cli.stages.identify.suspect import Suspicion, suspect
from agreid_cli.stages.identify.tracks import Piece, Tracks, describe, read_tracks

OF_EACH, FAULTS = 4, 16


def planted(tracks: Tracks, seed: int) -> tuple[Tracks, dict[str, set[object]]]:
    """The tracks with faults, and the identities of each kind of fault."""
    chosen, by_pid = random.Random(seed), defaultdict(list)
    for at, piece in enumerate(tracks.pieces):
        by_pid[piece.pid].append(at)
    pids = sorted(by_pid)
    chosen.shuffle(pids)
    pid = [piece.pid for piece in tracks.pieces]
    done: dict[str, set[object]] = defaultdict(set)
    for _ in range(OF_EACH):
        p, q = pids.pop(), pids.pop()
        one = chosen.choice(by_pid[p])
        same = [x for x in by_pid[q] if _camera(tracks, x) == _camera(tracks, one)]
        other = chosen.choice(same or by_pid[q])
        pid[one], pid[other] = q, p
        done["exchanged"] |= {p, q}
    for _ in range(OF_EACH):
        p, q = pids.pop(), pids.pop()
        for at in by_pid[q]:
            pid[at] = p
        done["joined"].add(p)
    fresh = max(by_pid) + 1
    for _ in range(OF_EACH):
        p = pids.pop()
        last = max(_camera(tracks, at) for at in by_pid[p])
        for at in by_pid[p]:
            if _camera(tracks, at) == last:
                pid[at] = fresh
        done["divided"].add(frozenset((p, fresh)))
        fresh += 1
    pieces = [replace(piece, pid=number) for piece, number in zip(tracks.pieces, pid, strict=True)]
    return replace(tracks, pieces=pieces), done


def is_right(one: Suspicion, done: dict[str, set[object]]) -> bool:
    both = frozenset((one.pid, one.other))
    if one.kind == "same-person":
        return both in done["divided"]
    if one.kind == "mixed-identity":
        return one.pid in done["joined"] | done["exchanged"]
    return one.kind == "wrong-identity" and (one.pid in done["exchanged"] or both in done["divided"])


def _camera(tracks: Tracks, at: int) -> int:
    return int(tracks.pieces[at].rows[0]["camid"])


def divided(tracks: Tracks, parts: int) -> Tracks:
    """Every track in `parts` pieces, one after the other."""
    pieces = [
        Piece(piece.track, False, [piece.rows[at] for at in rows], piece.pid)
        for piece in tracks.pieces
        for rows in np.array_split(np.arange(len(piece.rows)), parts)
        if len(rows)
    ]
    return replace(tracks, pieces=pieces) if parts > 1 else tracks


def switched(tracks: Tracks, pairs: int, seed: int = 0) -> tuple[Tracks, set[int]]:
    """The tracks after exchanges of second halves, and the places of those that are of two people now."""
    chosen, pieces = random.Random(seed), list(tracks.pieces)
    long = [at for at, piece in enumerate(pieces) if len(piece.rows) >= 6]
    chosen.shuffle(long)
    mixed: set[int] = set()
    while len(mixed) < 2 * pairs:
        a = long.pop()
        b = next(at for at in long if pieces[at].track[0] == pieces[a].track[0])
        long.remove(b)
        (one, other), (half, rest) = (pieces[a], pieces[b]), (len(pieces[at].rows) // 2 for at in (a, b))
        pieces[a] = replace(one, rows=one.rows[:half] + other.rows[rest:])
        pieces[b] = replace(other, rows=other.rows[:rest] + one.rows[half:])
        mixed |= {a, b}
    return replace(tracks, pieces=pieces), mixed


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("workspace", type=Path)
    words.add_argument("embedder")
    words.add_argument("--parts", type=int, default=1)
    words.add_argument("--seeds", type=int, default=5)
    words.add_argument("--switches", type=int, default=0)
    given = words.parse_args()
    workspace, config = Workspace(given.workspace), CheckConfig(least=1e-12)
    tracks = divided(read_tracks(workspace), given.parts)
    n = tracks.n_embedded(config.crops)
    embedder = find_embedder(workspace, given.embedder, device="cpu", batch=config.batch, crops=n)
    if given.switches:
        tracks, mixed = switched(tracks, given.switches)
        found = suspect(tracks, describe(workspace, tracks, embedder, config), config, print).found
        order = [one.unit for one in found if one.kind == "mixed-track"]
        print(f"tracks of two people among the first {len(mixed)}: {len(mixed & set(order[: len(mixed)]))}")
        print(f"their places among {len(order)}: {sorted(order.index(at) + 1 for at in mixed)}")
        return
    described = describe(workspace, tracks, embedder, config)
    counts: Counter[object] = Counter()
    every: list[bool] = []
    for seed in range(given.seeds):
        faulty, done = planted(tracks, seed)
        found = suspect(faulty, described, config, lambda text: None).found
        right = [is_right(one, done) for one in found]
        every += right
        for one, ok in list(zip(found, right, strict=True))[:FAULTS]:
            counts[one.kind, "planted" if ok else "other"] += 1
        tracks_apart = [ok for one, ok in zip(found, right, strict=True) if one.kind != "mixed-track"]
        counts["planted without mixed-track"] += sum(tracks_apart[:FAULTS])
    n = FAULTS * given.seeds
    total = sum(value for key, value in counts.items() if isinstance(key, tuple) and key[1] == "planted")
    print(f"{len(tracks.pieces)} tracks, {given.seeds} rounds of {FAULTS} faults")
    print(f"planted among the first {FAULTS}: {total} of {n}, {total / n:.1%}")
    apart = counts["planted without mixed-track"]
    print(f"without the kind mixed-track: {apart} of {n}, {apart / n:.1%}")
    print(f"among all that are compared (any order): {np.mean(every):.1%}")
    for key, value in sorted((k, v) for k, v in counts.items() if isinstance(k, tuple)):
        print(f"  {key[0]}, {key[1]}: {value}")


if __name__ == "__main__":
    main()
