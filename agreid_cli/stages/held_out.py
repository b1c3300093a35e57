"""The one number of the re-weighting, p, chosen on people of whom the stream has seen nothing.

They are training identities that were held out from it, and no part of the test. The re-ID model under it did
train on them, so that it ranks them better than strangers: less is left to gain on them, and p is cautious.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow.compute as pc
import torch

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError
from agreid_cli.metrics.given import rank_distances
from agreid_cli.metrics.protocol import sides
from agreid_cli.metrics.reweight import expected_xor, sweep
from agreid_cli.progress import Progress
from agreid_cli.records.directions import Direction
from agreid_cli.records.manifest import Known, read_manifest
from agreid_cli.records.split import SPLIT
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.streams import OpenStream
from agreid_cli.training.decompose import Block, Pairs
from agreid_cli.training.intake import load_crops
from agreid_cli.training.validate import Testing


def choose_p(
    workspace: Workspace,
    opened: OpenStream,
    direction: Direction,
    config: EvaluateConfig,
    progress: Progress,
) -> tuple[float, str]:
    """The p with the best mAP in this direction over the held-out training people, and in words on whom.

    Equal scores keep the smaller p. Where there are no such people, or none can be ranked, p is 0: the base.
    """
    pids = opened.held_out
    nobody = "nobody: no training identities were held out, so p stays 0"
    if not pids:
        return 0.0, nobody
    manifest = read_manifest(workspace.manifest)
    split = SPLIT.read(workspace.split)
    train = set(split["crop_id"].filter(pc.equal(split["role"], "train")).to_pylist())
    said = zip(manifest["crop_id"].to_pylist(), manifest["pid"].to_pylist(), strict=True)
    wanted = [crop for crop, pid in said if crop in train and pid in set(pids)]
    if not wanted:
        return 0.0, nobody
    samples, crops = load_crops(workspace, wanted, opened.config, part="held-out", progress=progress)
    rows = np.arange(len(samples))
    read = opened.stream.read(crops, rows)
    columns = (samples.pid.tolist(), samples.camid.tolist(), samples.platform.tolist())
    held = Testing(
        tuple(samples.crop_id.tolist()), tuple(Known(*row) for row in zip(*columns, strict=True)), {}
    )
    try:
        found = sides(held.embeddings(read.base), direction, None)
    except InputError:
        return (
            0.0,
            f"nobody: the held-out training identities cannot be ranked {direction.name}, so p stays 0",
        )
    pairs = Pairs.of(len(found.query), len(found.gallery), 1)

    def visit(block: Block) -> None:
        q, g = read.chances[found.query[block.rows]], read.chances[found.gallery[block.columns]]
        x = torch.from_numpy(expected_xor(q[:, None], g[None])).to(block.shares.device)
        pairs.put(block, [(block.shares * x).sum(-1)])

    opened.stream.compare(
        crops, found.query, found.gallery, visit, progress=progress,
        memory_bytes=config.explain.memory_mb << 20, label=f"{direction.name}: choosing p",
    )  # fmt: skip
    ranking = partial(
        rank_distances, query_pid=found.query_pid, gallery_pid=found.gallery_pid,
        query_camid=found.query_camid, gallery_camid=found.gallery_camid,
    )  # fmt: skip
    swept = sweep(ranking, pairs.d, pairs.b[0])
    people = len(np.unique(found.query_pid))
    return swept.p, (
        f"{people} held-out training identities, {len(found.query)} queries, "
        f"mAP {swept.scores[0][1].mAP:.1%} at p = 0"
    )
