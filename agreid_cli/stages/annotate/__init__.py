"""Crops → identities and attributes, by people or from the ground truth of the campus."""
