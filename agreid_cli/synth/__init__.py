"""The synthetic campus: people, cameras and light, generated from a random seed."""
