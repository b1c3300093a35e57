"""Generate the synthetic campus from a random seed, and run the demo of the whole system on it."""
