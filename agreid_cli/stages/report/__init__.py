"""Runs and results → one report page."""
