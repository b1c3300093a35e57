"""Ranking, protocols, re-ranking: pure functions on arrays."""
