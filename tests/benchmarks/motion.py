"""Camera motion compensation: its error on known motions, and its effect on a drone that turns and climbs.

    python -m tests.benchmarks.motion errors FRAME.jpg
    python -m tests.benchmarks.motion drone FOLDER [--size 0.25] [--seconds 6]

`errors` warps one frame by a known motion and prints the mean distance, in pixels of the frame, between where
the estimate and the truth put a grid of points. `drone` films a campus from drones that yaw and roll by up to
a degree and climb by up to 2.5 % between two frames, extracts it without compensation, with ECC and with
sparse optical flow, and scores the tracks against the truth as `agreid score-tracks` does.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.config.load import with_overrides
from agreid_cli.config.synth import SynthConfig
from agreid_cli.records.workspace import Workspace
from agreid_cli.synth.draw.camera import Camera
from agreid_cli.synth.place import world
from agreid_cli.synth.place.flight import Flight, make_flight

#: name → degrees, scale, shift in pixels.
MOTIONS = {"shift": (0, 1, 9), "turn 1°": (1, 1, 0), "turn 3°": (3, 1, 0), "climb 3 %": (0, 1.03, 0)}
WAYS = (("ecc", 320), ("sof", 320), ("sof", 640), ("sof", 960))


class Restless(Flight):
    """A drone that yaws, rolls and climbs, by up to a degree and 2.5 % in a tenth of a second."""

    def camera(self, time_s: float) -> Camera:
        wave = [np.sin(2 * np.pi * time_s / period + phase) for period, phase in ((5, 0), (4, 1), (5, 2))]
        ahead = self.target - self.eye
        climbed = replace(self, eye=self.target - ahead * (1 + 0.2 * wave[2]))
        turns = np.array([8 * wave[0], 0, 6 * wave[1]])  # across, up, roll
        constant = np.stack([[[np.deg2rad(turn), np.inf, np.pi / 2]] for turn in turns])
        shake = np.concatenate([self.shake, constant], axis=1)
        return Flight.camera(replace(climbed, shake=shake), time_s)


def restless(*args: object, **how: object) -> Flight:
    calm = make_flight(*args, **how)  # type: ignore[arg-type]
    return Restless(**vars(calm))


def errors(path: Path) -> None:
    """Mean error of each way on each motion, and its processor time for a frame."""
    from boxmot.motion.cmc import create_cmc

    image = cv2.imread(str(path))
    height, width = image.shape[:2]
    across, down = np.meshgrid(np.linspace(0, width, 9), np.linspace(0, height, 9))
    grid = np.stack([across.ravel(), down.ravel(), np.ones(81)], axis=1)
    nobody, noise = np.zeros((0, 6)), np.random.default_rng(0)
    for name, (degrees, scale, shift) in MOTIONS.items():
        true = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
        true[:, 2] += shift
        moved = cv2.warpAffine(image, true, (width, height), borderMode=cv2.BORDER_REFLECT)
        moved = np.clip(moved + noise.normal(0, 3, moved.shape), 0, 255).astype(np.uint8)
        said = [f"nothing {np.linalg.norm(grid @ (np.eye(2, 3) - true).T, axis=1).mean():.1f} px"]
        for way, pixels in WAYS:
            estimator = create_cmc(way, scale=min(1.0, pixels / max(width, height)))
            estimator.apply(image, nobody)
            start = time.process_time()
            found = estimator.apply(moved, nobody)
            ms = 1000 * (time.process_time() - start)
            error = np.linalg.norm(grid @ (found - true).T, axis=1).mean()
            said.append(f"{way} at {pixels}: {error:.2f} px, {ms:.0f} ms")
        print(f"{name}: {'; '.join(said)}")


def drone(folder: Path, size: float, seconds: float) -> None:
    """HOTA, IDF1, identity switches over the drones' videos, with each way."""
    from agreid_cli.stages.campus.synth import synth
    from agreid_cli.stages.video.extract_crops import extract_crops
    from agreid_cli.stages.video.score_tracks import score_tracks

    world.make_flight = restless  # type: ignore[assignment]
    campus = Workspace(folder / "campus")
    config = SynthConfig(identities=24, pairs=3, seed=77, seconds=seconds, size=size, fps=10, workers=1)
    videos = [video for video in synth(campus, config).videos if video.stem.endswith("_uav")]
    truth = [campus.truth.mot(video.stem) for video in videos]
    for sets in (["camera_motion=off"], ["motion=ecc", "motion_px=320"], ["motion=sof"]):
        own = Workspace(folder / sets[0])
        settings = ["detector.weights=campus", *(f"tracker.{word}" for word in sets)]
        extract_crops(
            videos, own, config=with_overrides(ExtractConfig(), settings), save_mot=True, device="cpu"
        )
        for path, video in zip(truth, videos, strict=True):
            score = score_tracks(own, truth=path, tracks=own.crops_dir / "mot" / f"{video.stem}.txt")[-1]
            print(f"{' '.join(sets)}, {video.stem}: {score}", flush=True)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("what", choices=["errors", "drone"])
    words.add_argument("path", type=Path)
    words.add_argument("--size", type=float, default=0.25)
    words.add_argument("--seconds", type=float, default=6.0)
    given = words.parse_args()
    cv2.setNumThreads(1)
    if given.what == "errors":
        errors(given.path)
    else:
        drone(given.path, given.size, given.seconds)


if __name__ == "__main__":
    main()
