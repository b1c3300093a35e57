"""The looks and bodies of people."""
