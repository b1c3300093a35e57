"""Crops, annotations and public data sets → manifest, split and exported layouts."""
