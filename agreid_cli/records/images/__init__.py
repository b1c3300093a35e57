"""Image files: the only package that opens, checks and decodes them, used by every reader."""
