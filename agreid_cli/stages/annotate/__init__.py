"""From crops to identities and attributes, by annotators or from the ground truth of the campus."""
