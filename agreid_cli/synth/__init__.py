"""The synthetic campus: people, cameras and light from a seed."""
