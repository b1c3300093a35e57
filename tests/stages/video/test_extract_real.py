"""Extraction on real footage with real networks, if they exist beside the checkout."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video.extract_crops import extract_crops
from agreid_cli.stages.video.jobs import Given
from agreid_cli.vision.video import Video
from tests.support import tiny
from tests.support.forked import ROOT

pytestmark = pytest.mark.slow

FRAMES = 50
EMBEDDERS = ["colour", "osnet"]


@pytest.fixture(scope="module")
def clip(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of the real video."""
    video = Video(shared / "videos" / "vtest_480x360.avi")
    frames = [frame.image for frame, _ in zip(video.frames(), range(FRAMES), strict=False)]
    video.close()
    return tiny.write(tmp_path_factory.mktemp("real") / "vtest.avi", frames)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def config(shared: Path, embedder: str, **detector: Any) -> ExtractConfig:
    weights = "" if embedder == "colour" else str(shared / "weights" / "osnet_x0_25_msmt17.pt")
    tree = {"weights": str(shared / "weights" / "yolov8n.pt"), **detector}
    return ExtractConfig(every=5, detector=tree, embedder={"weights": weights})


def run(clip: Path, folder: Path, settings: ExtractConfig) -> dict[str, bytes]:
    extract_crops(
        [clip], Workspace(folder), config=settings, given=Given("cctv"), save_mot=True, device="cpu"
    )
    return tiny.tree(folder)


@pytest.fixture(scope="module")
def first(clip: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One extraction for each embedder."""
    torch.set_num_threads(1)
    folders = {name: tmp_path_factory.mktemp(name) for name in EMBEDDERS}
    for name, folder in folders.items():
        run(clip, folder, config(shared, name))
    return folders


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_the_people_of_the_square_are_cut_out(embedder: str, first: dict[str, Path]) -> None:
    table = CROPS.read(Workspace(first[embedder]).crops).to_pandas()
    assert 5 <= table["track_id"].nunique() <= 16, "about eight people walk there"
    assert table.groupby("frame").size().mean() > 4
    assert (table["height"] > table["width"]).mean() > 0.9
    assert table["time_s"].to_numpy() == pytest.approx(table["frame"].to_numpy() / 10)
    assert (table["score"] >= 0.25).all()
    sheet = cv2.imread(str(Workspace(first[embedder]).contact_sheet("vtest")))
    assert sheet is not None


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_again_and_in_batches_every_byte_is_the_same(
    embedder: str, clip: Path, shared: Path, first: dict[str, Path], tmp_path: Path
) -> None:
    truth = tiny.tree(first[embedder])
    assert run(clip, tmp_path / "again", config(shared, embedder)) == truth
    batched = run(clip, tmp_path / "batched", config(shared, embedder, batch=3))
    same_crops(batched, truth)


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_two_threads_cut_the_same_crops(
    embedder: str, clip: Path, shared: Path, first: dict[str, Path], tmp_path: Path
) -> None:
    torch.set_num_threads(2)
    same_crops(run(clip, tmp_path, config(shared, embedder)), tiny.tree(first[embedder]))


def same_crops(files: dict[str, bytes], truth: dict[str, bytes]) -> None:
    """The same images to the byte, and the same table but for the last digits of what networks compute.

    With another number of threads, or another batch, torch adds up in another order: scores differ by 1e-6.
    """
    assert files.keys() == truth.keys()
    for name in files:
        if name.endswith(".jpg"):
            assert files[name] == truth[name], name
    tables = [pq.read_table(io.BytesIO(tree["crops/crops.parquet"])).to_pandas() for tree in (files, truth)]
    measured = ["score", "in_frame"]
    assert tables[0].drop(columns=measured).equals(tables[1].drop(columns=measured))
    assert np.abs(tables[0][measured] - tables[1][measured]).to_numpy().max() < 1e-3


def command(shared: Path, *words: str | Path) -> list[str]:
    weights = [f"--{name}={shared / 'weights' / file}" for name, file in
               (("detector", "yolov8n.pt"), ("embedder", "osnet_x0_25_msmt17.pt"))]  # fmt: skip
    fixed = ["--platform", "cctv", "--every", "5", "--save-mot", "--device", "cpu"]
    return [sys.executable, "-m", "agreid_cli", "extract-crops", *map(str, words), *weights, *fixed]


def test_the_program_killed_at_any_moment_and_started_again(clip: Path, shared: Path, tmp_path: Path) -> None:
    """A real process, `kill -9` after a random time, resumed: the bytes of an uninterrupted run."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    how: dict[str, Any] = {"cwd": tmp_path, "env": env, "capture_output": True, "text": True}
    start = time.monotonic()
    whole = subprocess.run(command(shared, clip, "-w", "whole", "--json"), **how)
    took = time.monotonic() - start
    assert whole.returncode == 0, whole.stderr
    assert json.loads(whole.stdout)["videos"][0]["decoded"] == FRAMES
    chance = random.Random()
    for attempt in range(2):
        process = subprocess.Popen(
            command(shared, clip, "-w", "killed"), cwd=tmp_path, env=env, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait = chance.uniform(0.5, 1) * took
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert process.returncode in (0, -signal.SIGKILL), f"attempt {attempt}, {wait} s"
    done = subprocess.run(command(shared, clip, "-w", "killed"), **how)
    assert done.returncode == 0, done.stderr
    assert tiny.tree(tmp_path / "killed") == tiny.tree(tmp_path / "whole")


def test_an_interrupted_program_says_so_in_one_line(clip: Path, shared: Path, tmp_path: Path) -> None:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command(shared, clip, "-w", "w"), cwd=tmp_path, env=env, text=True, stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # a background job's shell has it ignored, and its children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not (tmp_path / "w/crops/.unfinished/vtest").is_dir():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, ""), err
    assert err.splitlines()[-1] == "Stopped. Finished work is saved; run the same command again to continue."
    assert "Traceback" not in err
