"""Random seed → synthetic campus, and the demonstration of the whole system on it."""
