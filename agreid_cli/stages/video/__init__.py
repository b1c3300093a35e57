"""Videos → crops and tracks."""
