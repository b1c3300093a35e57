"""agreid: aerial-ground person re-identification, from raw video to evaluated model."""

__version__ = "0.1.0"
