"""Appearance and bodies of people."""
