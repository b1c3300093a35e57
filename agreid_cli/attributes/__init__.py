"""Attributes as data: 15 groups, 88 bits."""
