"""Rendered frames with ground truth."""
