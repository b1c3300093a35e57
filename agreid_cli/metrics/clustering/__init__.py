"""Which tracks show the same person: candidate pairs, probabilities, groups, scores against truth."""
