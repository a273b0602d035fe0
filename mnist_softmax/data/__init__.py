"""Where the digits come from: sources, their cache on disk, the dataset, and its mini-batches."""
