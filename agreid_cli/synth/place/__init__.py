"""The campus: ground, objects, walks and flights."""
