"""Baselines that need no network, which `agreid evaluate --baseline` ranks beside the runs."""

#: Name → the stem of its embeddings and of its results in `results/`.
BASELINES = {"colour": "colour-histogram"}
