"""Explanations of a run, and search by image or by description."""
