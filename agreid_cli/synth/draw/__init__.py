"""Meshes, rasteriser, light, cameras and sensor."""
