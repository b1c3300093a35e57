"""From videos to crops and tracks."""
