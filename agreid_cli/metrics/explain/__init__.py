"""Metrics of explanations: attribute recognition, shares, and re-weighted distances."""
