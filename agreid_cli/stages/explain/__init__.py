"""Explainable run → explanations, and search by picture or by description."""
