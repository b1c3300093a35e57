"""From a split to a run, embeddings, results and an exported model."""
