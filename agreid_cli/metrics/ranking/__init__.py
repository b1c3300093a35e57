"""The exact ranking core: ranks of the true matches, nearest crops, and metrics of one ranking."""
