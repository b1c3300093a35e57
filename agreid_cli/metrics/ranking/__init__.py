"""The exact ranking core: ranks of the true matches, nearest crops, and the figures of one ranking."""
