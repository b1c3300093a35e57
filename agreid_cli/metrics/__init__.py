"""Ranking, protocols, re-ranking and other metrics: pure functions on arrays."""
