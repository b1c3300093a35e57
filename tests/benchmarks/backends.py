"""Torch against ONNX Runtime: embedding a batch, and tracking a video with both.

    python -m tests.benchmarks.backends embed [--threads 2]
    python -m tests.benchmarks.backends step [--threads 2]
    python -m tests.benchmarks.backends track --video VIDEO --detector WEIGHTS --reid OSNET [--frames 150]

`embed` runs the two in turn on one batch of 64 crops and prints crops a second, also by processor time, which
other work on the machine disturbs less, the ratio, and what tracing costs. `step` prints images a processor
second of forward and backward with and without channels-last and bfloat16. `track` follows people by the
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
from agreid_cli.nn.onnx_encoder import OnnxEncoder, trace
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


def embed(rounds: int) -> None:
    for backbone, size in NETWORKS:
        head = "token" if backbone.startswith("vit") else "avg"
        model = ModelConfig(backbone=backbone, weights="none", size=size, pool=head)
        config, facts = TrainConfig(model=model), Facts(n_ids=1)
        network = method_of(config).network(config, facts).eval()
        slow = Loaded(network, config, facts, "", "", "").encoder()
        start = time.process_time()
        fast = OnnxEncoder(slow, trace(slow))
        traced = time.process_time() - start
        pixels = np.random.default_rng(0).integers(0, 256, (BATCH, *size, 3), dtype=np.uint8)
        images = slow.images(pixels)
        with torch.inference_mode():
            worst = (slow.embed(images) - fast.embed(images)).abs().max() / slow.embed(images).abs().max()
            seconds = {encoder.backend: [9e9, 9e9] for encoder in (slow, fast)}
            for _ in range(rounds):
                for encoder in (slow, fast):
                    now = timed(partial(encoder.embed, images))
                    best = seconds[encoder.backend]
                    seconds[encoder.backend] = [min(a, b) for a, b in zip(best, now, strict=True)]
        (torch_s, torch_cpu), (onnx_s, onnx_cpu) = seconds.values()
        print(
            f"{backbone} {size[0]}x{size[1]}: torch {BATCH / torch_s:.0f} crops/s, onnxruntime "
            f"{BATCH / onnx_s:.0f}: {torch_s / onnx_s:.2f} times, {torch_cpu / onnx_cpu:.2f} by processor "
            f"time; difference {float(worst):.0e}; tracing {traced:.1f} s",
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
    words.add_argument("what", choices=["embed", "step", "track"])
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
    elif given.what == "step":
        step(given.rounds)
    else:
        track(given.video, given.detector, given.reid, given.frames)


if __name__ == "__main__":
    main()
