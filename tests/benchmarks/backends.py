"""Torch against ONNX Runtime: embedding a batch, and tracking a video with both.

    python -m tests.benchmarks.backends embed [--threads 2]
    python -m tests.benchmarks.backends step [--threads 2]
    python -m tests.benchmarks.backends stream [--threads 2]
    python -m tests.benchmarks.backends track --video VIDEO --detector WEIGHTS --reid OSNET [--frames 150]

`embed` runs the two in turn on one batch of 64 crops and prints crops a second, also by processor time, which
other work on the machine disturbs less, the ratio, and what tracing costs. `step` prints images a processor
second of forward and backward with and without channels-last and bfloat16. `stream` is `embed` for the
explainable stream; both print the number of crops from which tracing pays. `track` follows people by the
boxes of one detector and says in how many frames the tracks of the two differ.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from agreid_cli.config.model import ModelConfig
from agreid_cli.config.train import TrainConfig
from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.model import build_model
from agreid_cli.nn.onnx_encoder import OnnxEncoder, trace
from agreid_cli.nn.onnx_stream import OnnxStream, trace_stream
from agreid_cli.nn.spec import ModelSpec
from agreid_cli.training.facts import Facts
from agreid_cli.training.methods import method_of
from agreid_cli.training.saved import Loaded
from agreid_cli.vision.detector import Detector
from agreid_cli.vision.embedders.reid import ReidEmbedder
from agreid_cli.vision.tracker import BoxmotTracker
from agreid_cli.vision.video import Video

NETWORKS = (
    ("osnet-x0.25", (128, 64)), ("osnet-x0.25", (256, 128)), ("osnet-x1.0", (256, 128)),
    ("timm:mobilenetv2_100", (128, 64)), ("resnet50", (256, 128)), ("vit-b16", (256, 128)),
)  # fmt: skip
BATCH = 64
Work = Callable[[torch.Tensor], torch.Tensor]


def embed(rounds: int) -> None:
    for backbone, size in NETWORKS:
        head = "token" if backbone.startswith("vit") else "avg"
        model = ModelConfig(backbone=backbone, weights="none", size=size, pool=head)
        config, facts = TrainConfig(model=model), Facts(n_ids=1)
        network = method_of(config).network(config, facts).eval()
        slow = Loaded(network, config, facts, "", "", "").encoder()
        start = time.perf_counter()
        fast = OnnxEncoder(slow, trace(slow))
        traced = time.perf_counter() - start
        pixels = np.random.default_rng(0).integers(0, 256, (BATCH, *size, 3), dtype=np.uint8)
        compare(
            f"{backbone} {size[0]}x{size[1]}", slow.embed, fast.embed, slow.images(pixels), traced, rounds
        )


def stream(rounds: int) -> None:
    for backbone, size in (("mobilenetv2", (128, 64)), *NETWORKS[:2], ("resnet50", (256, 128))):
        teacher = build_model(ModelSpec(backbone, "bot", size=size), n_ids=10)
        reduction = 1 if size[0] == 128 else 8  # as in the recipes
        network = ExplainStream(teacher, n_bits=88, reduction=reduction, shared=size[0] == 128).eval()
        slow = Encoder(network, size=size)
        start = time.perf_counter()
        fast = OnnxStream(network, trace_stream(network, size))
        traced = time.perf_counter() - start
        pixels = np.random.default_rng(0).integers(0, 256, (BATCH, *size, 3), dtype=np.uint8)
        works = [lambda images, of=of: of(images).vectors for of in (network, fast)]
        compare(f"stream on {backbone} {size[0]}x{size[1]}", *works, slow.images(pixels), traced, rounds)


def compare(name: str, slow: Work, fast: Work, images: torch.Tensor, traced: float, rounds: int) -> None:
    with torch.inference_mode():
        expected = slow(images)
        worst = (expected - fast(images)).abs().max() / expected.abs().max()
        best = [[9e9, 9e9], [9e9, 9e9]]
        for _ in range(rounds):
            for at, work in enumerate((slow, fast)):
                best[at] = [min(a, b) for a, b in zip(best[at], timed(partial(work, images)), strict=True)]
    (torch_s, torch_cpu), (onnx_s, onnx_cpu) = best
    pays = BATCH * traced / (torch_s - onnx_s) if onnx_s < torch_s else float("inf")
    print(
        f"{name}: torch {BATCH / torch_s:.0f} crops/s, onnxruntime {BATCH / onnx_s:.0f}: "
        f"{torch_s / onnx_s:.2f} times, {torch_cpu / onnx_cpu:.2f} by processor time; difference "
        f"{float(worst):.0e}; tracing {traced:.1f} s, which pays from {pays:.0f} crops",
        flush=True,
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    start, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - used


def step(rounds: int) -> None:
    for name, size, batch in (("osnet-x0.25", (128, 64), 32), ("resnet50", (256, 128), 4)):
        backbone = make_backbone(name, size=size)
        tail = backbone.make_tail()
        net = torch.nn.ModuleList([backbone, tail])
        for ordered in (torch.contiguous_format, torch.channels_last):
            net.to(memory_format=ordered)
            images = torch.randn(batch, 3, *size).contiguous(memory_format=ordered)
            for narrow in (False, True):

                def once(images: torch.Tensor = images, narrow: bool = narrow) -> None:
                    with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
                        loss = tail(backbone.stem(images)).grid.float().pow(2).mean()  # noqa: B023
                    loss.backward()
                    net.zero_grad()  # noqa: B023

                best = min(timed(once)[1] for _ in range(rounds + 1))
                kind = "bf16" if narrow else "fp32"
                print(f"{name}, {kind}, {ordered}: {batch / best:.1f} images a processor second", flush=True)


def track(video: Path, weights: Path, reid: Path, frames: int) -> None:
    detector = Detector(weights, classes=["person"], conf=0.25, iou=0.7, min_px=8, device="cpu", half=False)
    embedders = {name: ReidEmbedder(reid, backend=name) for name in ("torch", "onnxruntime")}
    film = Video(video)
    trackers = {
        name: BoxmotTracker("strongsort", options={}, same_person=0.4, frame_size=film.size, motion_px=0)
        for name in embedders
    }
    seconds, differ, people, worst = dict.fromkeys(embedders, 0.0), 0, 0, 0.0
    with threadpool_limits(1, "blas"):
        for frame in itertools.islice(film.frames(), frames):
            [found] = detector.detect([frame.image], 640)
            rows, tracks = {}, {}
            for name, embedder in embedders.items():
                start = time.process_time()
                rows[name] = embedder(found.boxes, frame.image)
                seconds[name] += time.process_time() - start
                made = trackers[name].update(found, rows[name], frame.image)
                tracks[name] = sorted(zip(made.detection.tolist(), made.track_ids.tolist(), strict=True))
            people += len(found)
            differ += tracks["torch"] != tracks["onnxruntime"]
            if len(found):
                worst = max(worst, float(np.abs(rows["torch"] - rows["onnxruntime"]).max()))
    ratio = seconds["torch"] / seconds["onnxruntime"]
    print(
        f"{frames} frames, {people} people: tracks differ in {differ} frames, embeddings by {worst:.0e}; "
        f"embedding {ratio:.2f} times as quick as torch's fused network, by processor time"
    )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("what", choices=["embed", "step", "stream", "track"])
    words.add_argument("--threads", type=int, default=torch.get_num_threads())
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--video", type=Path)
    words.add_argument("--detector", type=Path)
    words.add_argument("--reid", type=Path)
    words.add_argument("--frames", type=int, default=150)
    given = words.parse_args()
    torch.set_num_threads(given.threads)
    if given.what == "embed":
        embed(given.rounds)
    elif given.what == "stream":
        stream(given.rounds)
    elif given.what == "step":
        step(given.rounds)
    else:
        track(given.video, given.detector, given.reid, given.frames)


if __name__ == "__main__":
    main()
