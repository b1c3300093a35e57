"""Video in, detections, tracks, crops out."""
