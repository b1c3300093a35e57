"""The configuration of `agreid extract-crops`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agreid_cli.config.base import Frozen, auto_or, one_or_more


class DetectorConfig(Frozen):
    """weights: a path, or a name that ultralytics publishes. imgsz: the longer side of the network's input;
    `auto` takes it from the frame. batch: frames a call; `auto` is 8 on a GPU and 4 on the CPU, where inputs
    over 1280 pixels go one by one. min_px: boxes narrower or lower than this are left out.
    """

    weights: str = "yolo11n.pt"
    classes: Annotated[tuple[str, ...], one_or_more] = ("person", "pedestrian", "people")
    conf: float = Field(0.25, ge=0, le=1)
    iou: float = Field(0.7, gt=0, le=1)
    imgsz: Annotated[Literal["auto"] | int, auto_or(32)] = "auto"
    batch: Annotated[Literal["auto"] | int, auto_or(1)] = "auto"
    min_px: int = Field(8, ge=1)
    half: bool = False


class TrackerConfig(Frozen):
    """name: a boxmot tracker. options: its parameters, on top of our defaults; all are recorded.

    camera_motion: `auto` is on for a moving camera (uav, wearable) and off for a fixed one. motion_px: it is
    estimated on a picture shrunk to this longer side, in at most `motion_iterations` steps.
    """

    name: str = "strongsort"
    options: dict[str, int | float | bool | str] = Field(default_factory=dict)
    camera_motion: Literal["auto", "on", "off"] = "auto"
    motion_px: int = Field(320, ge=32)
    motion_iterations: int = Field(100, ge=1)


class EmbedderConfig(Frozen):
    """weights: a boxmot re-ID weight file or a run; empty means the colour embedder, which needs none.

    Two trades that change tracks, and are measured in tests/benchmarks/RESULTS.md: reuse: so many frames long
    the embedding of a person who stands alone is not computed anew. backend: `openvino` runs the network
    there, in bfloat16 where the processor can.
    """

    weights: str = ""
    reuse: int = Field(0, ge=0)
    backend: Literal["torch", "openvino"] = "torch"


class FaceConfig(Frozen):
    """pixelate: faces found, else heads at least `min_head_px` pixels high."""

    pixelate: bool = True
    min_head_px: int = Field(8, ge=1)


class ExtractConfig(Frozen):
    """every: a crop of each live track in every n-th frame (30 in the paper)."""

    every: int = Field(30, ge=1)
    jpeg_quality: int = Field(95, ge=1, le=100)
    detector: DetectorConfig = DetectorConfig()
    tracker: TrackerConfig = TrackerConfig()
    embedder: EmbedderConfig = EmbedderConfig()
    faces: FaceConfig = FaceConfig()
