"""HTML pages from figures, crops and templates. This package does not read a workspace."""
