"""Split → run, embeddings, results and exported model."""
