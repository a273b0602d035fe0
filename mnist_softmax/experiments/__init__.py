"""What is asked of training: a run on disk, its evaluation; later comparisons and the book."""
