"""The configuration of `agreid extract-crops`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agreid_cli.config.base import Frozen, auto_or, one_or_more


class DetectorConfig(Frozen):
    """weights: a path, or a name published by ultralytics. imgsz: the longer side of the network input;
    `auto` derives it from the frame size. batch: frames per call; `auto` is 8 on a GPU and 4 on the CPU,
    where inputs over 1280 pixels are processed one by one. min_px: smaller boxes are dropped.
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
    """name: a boxmot tracker. options: its parameters, added to our defaults; all are recorded.

    camera_motion: `auto` is on for a moving camera (uav, wearable) and off for a fixed one. motion: `sof`
    (sparse optical flow) follows shifts, turns and climbs; `ecc` follows shifts only, in at most
    `motion_iterations` steps. motion_px: frames are downscaled to this longer side for it.
    """

    name: str = "strongsort"
    options: dict[str, int | float | bool | str] = Field(default_factory=dict)
    camera_motion: Literal["auto", "on", "off"] = "auto"
    motion: Literal["sof", "ecc"] = "sof"
    motion_px: int = Field(640, ge=32)
    motion_iterations: int = Field(100, ge=1)


class EmbedderConfig(Frozen):
    """weights: a boxmot re-ID weight file, a run, or timm:NAME; empty: colour histograms without weights.

    reuse: number of frames for which the embedding of a person without neighbours is reused. backend: `auto`
    runs the network with ONNX Runtime on a CPU, which changes its output in the sixth digit; `torch` is the
    exact run; `openvino` computes in bfloat16 if the processor supports it. `reuse` and `openvino` change the
    tracks, as measured in tests/benchmarks/RESULTS.md.
    """

    weights: str = ""
    reuse: int = Field(0, ge=0)
    backend: Literal["auto", "torch", "onnxruntime", "openvino"] = "auto"


class FaceConfig(Frozen):
    """pixelate: pixelate detected faces, else heads of at least `min_head_px` pixels in height."""

    pixelate: bool = True
    min_head_px: int = Field(8, ge=1)


class SourceConfig(Frozen):
    """How videos are read. stream: the film to take in a file that holds several (`auto`: the one that the
    file marks as its default, else the first). deinterlace: `auto` treats the frames that are marked as
    interlaced, `on` all. fps: the frame rate of images in a folder; 0 is what seqinfo.ini says. max_frames,
    max_seconds: the end of what is taken of each video; 0 is all. reconnects: tries in a row to reach a
    stream again, `reconnect_s` apart; timeout_s: a stream is lost after so long without a packet.
    """

    stream: Annotated[Literal["auto"] | int, auto_or(0)] = "auto"
    deinterlace: Literal["auto", "on", "off"] = "auto"
    fps: float = Field(0, ge=0)
    max_frames: int = Field(0, ge=0)
    max_seconds: float = Field(0, ge=0)
    reconnects: int = Field(5, ge=0)
    reconnect_s: float = Field(2, ge=0)
    timeout_s: float = Field(10, gt=0)


class ExtractConfig(Frozen):
    """every: cut a crop of each live track in every n-th frame (30 in the paper)."""

    every: int = Field(30, ge=1)
    jpeg_quality: int = Field(95, ge=1, le=100)
    source: SourceConfig = SourceConfig()
    detector: DetectorConfig = DetectorConfig()
    tracker: TrackerConfig = TrackerConfig()
    embedder: EmbedderConfig = EmbedderConfig()
    faces: FaceConfig = FaceConfig()
