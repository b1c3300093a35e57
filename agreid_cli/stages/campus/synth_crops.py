"""Write the crops of one video of the campus with their ground truth, without the video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from agreid_cli.config.synth import SynthConfig
from agreid_cli.progress import Progress
from agreid_cli.records.campus import CAMERAS, TRACKS
from agreid_cli.records.crops import CROPS
from agreid_cli.records.folders import writing_folder
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus.synth_video import Map
from agreid_cli.stages.campus.synth_work import Reel, camera_row, campus_of, cut_out, over, plan_of


def is_cut(reel: Reel, workspace: Workspace) -> bool:
    """Whether the crops of the video are complete."""
    return workspace.truth.crops(reel.video_id).is_file()


def cut_reel(
    reel: Reel, workspace: Workspace, config: SynthConfig, over_all: Map, progress: Progress
) -> None:
    """Render the crops of one video; its table is written last and marks it as complete."""
    truth = workspace.truth
    if is_cut(reel, workspace):
        return
    frames = range(0, reel.frames, config.every)
    rows: list[dict[str, Any]] = []
    tracks: list[dict[str, Any]] = []
    images = workspace.crops_dir / "images" / reel.video_id
    with (
        writing_folder(images, overwrite=True) as image_folder,
        writing_folder(truth.parts / reel.video_id, overwrite=True) as part_folder,
        progress.task(reel.video_id, len(frames), "frames") as task,
    ):
        for found in over_all(over(cut_out, config, reel), frames):
            for crop in found:
                name = Path(crop.row["path"]).stem
                (image_folder / f"{name}.jpg").write_bytes(crop.jpeg)
                (part_folder / f"{name}.png").write_bytes(crop.parts)
                rows.append(crop.row)
                tracks.append(crop.track)
            task.advance(1, crops=len(rows))
    pair = campus_of(plan_of(config))[reel.pair]
    poses = [camera_row(pair, reel.platform, frame) for frame in frames]
    CAMERAS.write(pa.Table.from_pylist(poses, CAMERAS.schema), truth.cameras(reel.video_id))
    TRACKS.write(pa.Table.from_pylist(tracks, TRACKS.schema), truth.tracks(reel.video_id))
    CROPS.write(pa.Table.from_pylist(rows, CROPS.schema), truth.crops(reel.video_id))
