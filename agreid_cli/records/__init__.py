"""Schemas of the artefacts on disk, and how they are written whole."""
