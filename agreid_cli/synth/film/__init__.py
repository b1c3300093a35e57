"""Rendered frames with their ground truth."""
