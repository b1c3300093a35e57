"""Image files: the one place where they are opened, checked and decoded, for every reader."""
