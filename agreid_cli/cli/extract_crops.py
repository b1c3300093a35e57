"""`agreid extract-crops VIDEO...`: extract person crops from videos."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    DeviceOption,
    EngineOption,
    JsonOption,
    SetOption,
    ShardOption,
    WorkspaceOption,
    config_file,
    engine_config,
)


def extract_crops(
    videos: Annotated[
        list[str],
        typer.Argument(
            help="Video files, folders of frames, s3:// and gs:// objects, rtsp:// and http:// streams.",
            show_default=False,
        ),
    ],
    workspace: WorkspaceOption = HERE,
    detector: Annotated[
        Optional[str],
        typer.Option(
            help="ultralytics weights: a file, a published name, or campus (for agreid synth).",
            show_default="yolo11n.pt",
        ),
    ] = None,
    embedder: Annotated[
        Optional[str],
        typer.Option(
            help="Re-ID network for the tracker: a boxmot file, a run (runs/bot-vit), shipped, timm:NAME.",
            show_default="colour histograms, no weights needed",
        ),
    ] = None,
    tracker: Annotated[
        Optional[str], typer.Option(help="A boxmot tracker.", show_default="strongsort")
    ] = None,
    platform: Annotated[
        Optional[str], typer.Option(help="uav, cctv or wearable.", show_default="from the frame size")
    ] = None,
    camid: Annotated[
        Optional[int], typer.Option(help="Camera number.", show_default="uav 0, wearable 2, cctv 3")
    ] = None,
    altitude: Annotated[Optional[int], typer.Option(help="0, 1 or 2: about 15, 30 or 45 m.")] = None,
    session: Annotated[
        Optional[str], typer.Option(help="MMDD, then 0 for morning or 1 for afternoon.")
    ] = None,
    video_id: Annotated[
        Optional[list[str]],
        typer.Option(help="Name of each video, in order.", show_default="file name"),
    ] = None,
    every: Annotated[
        Optional[int], typer.Option(help="Cut crops in every n-th frame.", show_default="30")
    ] = None,
    max_frames: Annotated[
        Optional[int],
        typer.Option(metavar="N", help="Use the first N frames of each video.", show_default="all"),
    ] = None,
    max_seconds: Annotated[
        Optional[float],
        typer.Option(metavar="S", help="Use the first S seconds of each video.", show_default="all"),
    ] = None,
    imgsz: Annotated[
        Optional[str],
        typer.Option(help="Input size of the detector.", show_default="auto: from the frame size"),
    ] = None,
    pixelate_faces: Annotated[
        bool, typer.Option("--pixelate-faces/--no-pixelate-faces", help="Pixelate faces, as in the paper.")
    ] = True,
    save_mot: Annotated[
        bool, typer.Option("--save-mot", help="Also write crops/mot/<video>.txt for scoring tools.")
    ] = False,
    device: DeviceOption = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace videos that were made with other settings.")
    ] = False,
    download: Annotated[
        bool,
        typer.Option("--download", help="Download detector weights with a published name if missing."),
    ] = False,
    engine: EngineOption = None,
    shard: ShardOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Detect persons in videos, link them to tracks, and save a crop of each track in every 30th frame.

    Crops, boxes, times and tracks go to crops/ in the workspace. Finished videos are left unchanged; after an
    interruption, run the same command again to continue. A file name such as T02140A0C0_uav.mp4 gives
    session, altitude, camera and platform; options override the file name.

    Streams are first recorded to crops/recordings/; the same command continues an interrupted recording.

    Example: agreid extract-crops flight.mp4 street.mp4 --detector yolo11n.pt
    """
    from agreid_cli.config.extract_crops import ExtractConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.video.extract_crops import extract_crops as run
    from agreid_cli.stages.video.jobs import Given

    console = Console(json=json)
    settings = load_section(
        ExtractConfig,
        "extract-crops",
        config_file(config, workspace),
        set_ or (),
        detector__weights=detector,
        embedder__weights=embedder,
        tracker__name=tracker,
        every=every,
        detector__imgsz=imgsz,
        source__max_frames=max_frames,
        source__max_seconds=max_seconds,
        faces__pixelate=None if pixelate_faces else False,
    )
    if not settings.faces.pixelate:
        console.warn("faces will not be pixelated: the people in the crops are recognisable")
    where, part = engine_config(engine, config_file(config, workspace), shard)
    result = run(
        videos,
        Workspace(workspace),
        config=settings,
        given=Given(platform, camid, altitude, session, tuple(video_id or ())),
        device=device,
        save_mot=save_mot,
        overwrite=overwrite,
        download=download,
        engine=where,
        shard=part,
        progress=console,
    )
    rows = [
        [
            r.video_id, r.inputs["facts"]["platform"], f"{r.width}×{r.height}", r.imgsz, r.decoded,
            r.lost + r.missing_at_end, r.tracks, r.crops,
            "unchanged" if r.video_id in result.skipped else r.status,
        ]
        for r in result.videos
    ]  # fmt: skip
    columns = ["video", "platform", "size", "input", "frames", "lost", "tracks", "crops", ""]
    console.table("Crops", columns, rows, right=range(3, 8))
    for sheet in result.contact_sheets:
        console.print(f"contact sheet: {sheet}")
    if part is None:
        console.print(f"{result.total} crops in {result.table}")
    else:
        console.print(f"shard {part} is done; the same call without --shard will write {result.table}")
    keys = (
        "video_id",
        "file",
        "width",
        "height",
        "imgsz",
        "decoded",
        "lost",
        "missing_at_end",
        "tracks",
        "crops",
        "source",
    )
    console.data(
        {
            "table": str(result.table),
            "crops": result.total,
            "videos": [{**{k: getattr(r, k) for k in keys}, "status": r.status} for r in result.videos],
            "skipped": list(result.skipped),
            "contact_sheets": [str(sheet) for sheet in result.contact_sheets],
        }
    )
