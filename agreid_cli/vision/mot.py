"""Tracks as MOTChallenge text, the format read by scoring tools."""

from __future__ import annotations

from agreid_cli.vision.extract import Seen


def mot_lines(seen: Seen) -> str:
    """`frame,id,left,top,width,height,score,-1,-1,-1` per track, frames counted from 1, boxes as detected."""
    if seen.tracks is None:
        return ""
    lines = []
    for number, row in sorted(
        zip(seen.tracks.track_ids.tolist(), seen.tracks.detection.tolist(), strict=True)
    ):
        x1, y1, x2, y2 = (float(v) for v in seen.detections.boxes[row])
        box = f"{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f}"
        lines.append(f"{seen.frame.index + 1},{number},{box},{seen.detections.scores[row]:.4f},-1,-1,-1\n")
    return "".join(lines)
