"""agreid: aerial-ground person re-identification, from raw video to an evaluated model."""

__version__ = "0.1.0"
