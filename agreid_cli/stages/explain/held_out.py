"""Choose p, the single parameter of the re-weighting, on people that the stream has not seen.

They are training identities that were held out from it, not part of the test. Ideally the explained re-ID
model has not seen them either (`data.held_out`). A model trained on them ranks them better than
unseen people, soon almost perfectly: then nothing can be gained on them, and p stays 0.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError
from agreid_cli.metrics.explain.reweight import sweep
from agreid_cli.metrics.protocol import sides
from agreid_cli.metrics.ranking.given import rank_distances
from agreid_cli.progress import Progress
from agreid_cli.records.directions import Direction
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.shares import Sharing
from agreid_cli.stages.run.ranked import load_held_out
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.pairs import Block, Pairs

FAULTLESS = 0.97  # mAP on its own training identities above which a model has nothing left to improve


def choose_p(
    workspace: Workspace,
    opened: OpenStream,
    direction: Direction,
    config: EvaluateConfig,
    sharing: Sharing,
    progress: Progress,
) -> tuple[float, str]:
    """The p with the best mAP in this direction over the held-out training people, and a text on whom.

    Ties keep the smaller p. If there are no such people, or none can be ranked, p is 0: the base.
    """
    nobody = "nobody: no training identities were held out, so p stays 0"
    loaded = load_held_out(workspace, opened.facts.held_out, opened.config, progress)
    if loaded is None:
        return 0.0, nobody
    held, crops = loaded[0], opened.sided(*loaded)
    opened = opened.for_many(len(crops), progress)
    memory = config.explain.memory_mb << 19
    read = opened.stream.read(crops, np.arange(len(crops)), keep_bytes=memory)
    try:
        found = sides(held.embeddings(read.base), direction, held.lists)
    except InputError:
        return (
            0.0,
            f"nobody: the held-out training identities cannot be ranked {direction.name}, so p stays 0",
        )
    pairs = Pairs.of(len(found.query), len(found.gallery), 1)
    chances = sharing.reweighting(read.chances)

    def visit(block: Block) -> None:
        q, g = chances[found.query[block.rows]], chances[found.gallery[block.columns]]
        pairs.put(block, [sharing.on_differing(block, q, g)])

    opened.stream.compare(
        crops, found.query, found.gallery, visit, read=read, progress=progress,
        memory_bytes=memory, label=f"{direction.name}: choosing p",
    )  # fmt: skip
    ranking = partial(
        rank_distances, query_pid=found.query_pid, gallery_pid=found.gallery_pid,
        query_camid=found.query_camid, gallery_camid=found.gallery_camid,
    )  # fmt: skip
    swept = sweep(ranking, pairs.d, pairs.b[0])
    people, base = len(np.unique(found.query_pid)), swept.scores[0][1].mAP
    whom = "neither network has seen" if opened.facts.strangers_to_teacher else "the stream has not seen"
    if base > FAULTLESS and not opened.facts.strangers_to_teacher:
        progress.warn(
            f"{direction.name}: p is chosen on {people} people on whom the re-ID model was trained; it "
            f"ranks them with {base:.1%} mAP, so the choice is unreliable. Train the re-ID run with "
            "--set data.held_out=0.1"
        )
    return swept.p, (
        f"{people} held-out training identities, {len(found.query)} queries, whom {whom}: "
        f"mAP {base:.1%} at p = 0"
    )
