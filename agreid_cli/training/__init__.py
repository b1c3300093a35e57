"""Training: crops in batches, objectives, the loop, checkpoints, embeddings."""
