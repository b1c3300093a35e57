"""From video to detections, tracks and crops."""
