"""Every tracker of the table on drawn people, and the guarantees of our wrapper."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from agreid_cli.errors import InputError, UsageError
from agreid_cli.vision.detections import Detections, Tracks
from agreid_cli.vision.embedders.colour import ColourEmbedder
from agreid_cli.vision.tracker import TRACKERS, BoxmotTracker, Option, rehearse
from tests.support import tiny

EMBED = ColourEmbedder()


def make(
    name: str = "strongsort", *, motion_px: int = 0, motion: str = "sof", **options: Option
) -> BoxmotTracker:
    return BoxmotTracker(
        name,
        options=options,
        same_person=0.2,
        frame_size=tiny.SIZE,
        motion_px=motion_px,
        motion=motion,
    )


def follow(tracker: BoxmotTracker, frames: list[np.ndarray], found: list[Detections]) -> list[Tracks]:
    return [tracker.update(d, EMBED(d.boxes, f), f) for d, f in zip(found, frames, strict=True)]


@pytest.mark.parametrize(("motion", "motion_px"), [("sof", 0), ("sof", 96), ("ecc", 96)])
@pytest.mark.parametrize("name", TRACKERS)
def test_every_tracker_follows_the_walkers(name: str, motion: str, motion_px: int) -> None:
    """Frames without anybody at the start and in between; a box that nobody should report in front."""
    frames = tiny.clip(30)
    found = [tiny.find(frame) for frame in frames]
    for empty in (0, 1, 2, 17):
        frames[empty], found[empty] = tiny.ground(), Detections.none()
    weak = Detections(np.array([[2, 60, 20, 70]], np.float32), np.array([0.02], np.float32))
    found = [
        Detections(np.vstack([weak.boxes, d.boxes]), np.concatenate([weak.scores, d.scores])) if len(d) else d
        for d in found
    ]
    tracks = follow(make(name, motion_px=motion_px, motion=motion), frames, found)
    assert [len(t) for t in tracks[:3]] == [0, 0, 0]
    for t, d in zip(tracks[-5:], found[-5:], strict=True):
        rows = dict(zip(t.detection.tolist(), t.track_ids.tolist(), strict=True))
        assert sorted(rows) == [1, 2], "the rows of the walkers, the weak box in front counted"
        for state, row in zip(t.state_boxes, t.detection, strict=True):
            assert np.abs(state - d.boxes[row]).max() < 12
    steady = [dict(zip(t.detection.tolist(), t.track_ids.tolist(), strict=True)) for t in tracks[-5:]]
    assert all(rows == steady[0] for rows in steady), "nobody changes number"
    assert min(min(rows.values()) for rows in steady) >= 1


@pytest.mark.parametrize("name", TRACKERS)
def test_a_video_without_anybody_is_no_trouble(name: str) -> None:
    frames = [tiny.ground()] * 4
    for motion_px in (0, 96):
        tracks = follow(make(name, motion_px=motion_px), frames, [Detections.none()] * 4)
        assert [len(t) for t in tracks] == [0] * 4


@pytest.mark.parametrize("name", TRACKERS)
def test_every_parameter_is_passed_and_recorded(name: str) -> None:
    tracker = make(name, max_age=7) if name not in {"bytetrack", "botsort", "sfsort"} else make(name)
    assert len(tracker.parameters) > 5
    inside = tracker.boxmot
    for key, value in TRACKERS[name].items():
        assert tracker.parameters[key] == (7 if key == "max_age" else value)
    assert tracker.parameters["camera_motion"] in {"off", "none"}
    if "max_age" in tracker.parameters and name not in {"bytetrack", "botsort", "sfsort"}:
        assert inside.max_age == tracker.parameters["max_age"] == 7


def test_neither_set_of_boxmot_s_own_defaults_decides() -> None:
    parameters = make().parameters
    wanted = {"min_conf": 0.1, "max_cos_dist": 0.2, "max_iou_dist": 0.7, "n_init": 3, "nn_budget": 100,
              "mc_lambda": 0.98, "ema_alpha": 0.9, "max_age": 60}  # fmt: skip
    assert {key: parameters[key] for key in wanted} == wanted
    inner = make(max_cos_dist=0.33, n_init=5)
    assert inner.parameters["max_cos_dist"] == 0.33
    assert inner.boxmot.n_init == 5


def test_the_box_of_a_track_is_not_the_detection_and_the_row_says_which_is() -> None:
    """Kalman boxes lag behind; the reason why crops are cut by `detection`."""
    frames = [tiny.draw([tiny.Person(20 + 4 * min(i, 12), 40, 0)], 0) for i in range(14)]  # stops dead
    found = [Detections(tiny.find(frame).boxes, np.array([0.3], np.float32)) for frame in frames]
    last = follow(make(), frames, found)[-1]
    assert last.detection.tolist() == [0]
    assert np.abs(last.state_boxes[0] - found[-1].boxes[0]).max() > 0.5


def test_tracks_begin_in_the_third_frame_in_ci_too(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = tiny.clip(6)
    found = [tiny.find(frame) for frame in frames]
    counts = []
    for value in (None, "true"):
        if value:
            monkeypatch.setenv("GITHUB_ACTIONS", value)
        else:
            monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        counts.append([len(t) for t in follow(make(), frames, found)])
    assert counts == [[0, 0, 2, 2, 2, 2]] * 2


def test_camera_motion_is_estimated_on_a_shrunk_frame_or_not_at_all() -> None:
    assert make().boxmot.cmc is None
    assert make(motion_px=96).parameters["camera_motion"] == "sof at scale 0.5"
    assert make(motion_px=10_000).parameters["camera_motion"] == "sof at scale 1"
    ecc = make(motion_px=96, motion="ecc").parameters["camera_motion"]
    assert ecc == "ecc at scale 0.5, at most 100 iterations"
    assert make("bytetrack", motion_px=96).parameters["camera_motion"] == "none"


def test_a_moving_camera_keeps_its_people() -> None:
    """The drone turns, and everybody jumps by more than half their width; looks are made useless."""
    people = [tiny.Person(30, 20, 0, height=27), tiny.Person(90, 70, 0, height=27)]
    frames = [np.roll(tiny.draw(people, 0), 7 if i >= 8 else 0, axis=1) for i in range(16)]
    numbers = {}
    for motion_px in (0, 192):
        rng, tracker = np.random.default_rng(0), make(motion_px=motion_px)
        for index, frame in enumerate(frames):
            found = tiny.find(frame)
            looks = rng.normal(size=(len(found), 64)).astype(np.float32)
            looks /= np.linalg.norm(looks, axis=1, keepdims=True)
            numbers[motion_px, index] = tracker.update(found, looks, frame).track_ids.tolist()
    assert numbers[192, 15] == numbers[192, 7] == [1, 2]
    assert numbers[0, 15] != numbers[0, 7]


@pytest.mark.parametrize("moved", [(3.0, 1.0), (0.0, 1.03)], ids=["turn of 3°", "climb of 3 %"])
def test_a_turn_and_a_climb_are_followed_by_sparse_flow_and_not_by_ecc(moved: tuple[float, float]) -> None:
    """Where the predicted boxes of the tracks are put, against where the people went."""
    size = (640, 480)
    corners = np.array([[5, 5], [600, 5], [5, 430], [600, 430]], np.float32)
    frame = tiny.ground(size)
    for x, y in corners.astype(int):
        frame[y : y + 40, x : x + 20] = (40, 40, 200)
    warp = cv2.getRotationMatrix2D((320, 240), *moved)
    then = cv2.warpAffine(frame, warp, size, borderMode=cv2.BORDER_REFLECT)
    went = corners @ warp[:, :2].T + warp[:, 2]
    error = {}
    for motion in ("sof", "ecc"):
        estimator = BoxmotTracker(
            "strongsort", options={}, same_person=0.2, frame_size=size, motion_px=320, motion=motion
        ).boxmot.cmc
        nobody = np.zeros((0, 6))
        estimator.apply(frame, nobody)
        found = estimator.apply(then, nobody)
        error[motion] = np.abs(corners @ found[:, :2].T + found[:, 2] - went).max()
    still = np.abs(corners - went).max()
    assert still > 6
    assert error["sof"] < 1
    assert error["ecc"] > 0.7 * still


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("strongsrt", {}, "did you mean 'strongsort'?"),
        ("strongsort", {"max_agee": 3}, "did you mean 'max_age'?"),
        ("strongsort", {"max_age": "long"}, "option 'max_age' of strongsort must be a number"),
        ("strongsort", {"reid_weights": "osnet.pt"}, "has no option 'reid_weights'"),
        ("hybridsort", {"TCM_first_step": False}, "does not allow changing its option"),
    ],
)
def test_wrong_names_and_options_are_usage_errors(name: str, options: dict[str, Option], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(name, **options)
    assert said in str(caught.value)


def test_options_that_fail_only_at_work_are_found_by_rehearsing() -> None:
    for name in TRACKERS:
        rehearse(make(name), name, EMBED)
        rehearse(make(name, motion_px=32), name, EMBED)
    with pytest.raises(InputError, match="strongsort cannot work with its options: variable_dt"):
        rehearse(make(variable_dt=True), "strongsort", EMBED)


def test_the_width_of_an_embedding_may_come_late() -> None:
    """An embedder that sees nobody cannot know its width; StrongSORT must not mind."""
    frames = tiny.clip(8)
    tracker = make()
    for index, frame in enumerate(frames):
        found = Detections.none() if index < 3 else tiny.find(frame)
        rows = np.zeros((0, 1), np.float32) if index < 3 else EMBED(found.boxes, frame)
        tracks = tracker.update(found, rows, frame)
    assert len(tracks) == 2
