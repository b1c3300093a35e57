"""Schemas of the artefacts on disk, and atomic writing."""
