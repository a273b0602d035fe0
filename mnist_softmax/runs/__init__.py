"""A run on disk, and many runs: in this process, in several, or on a cluster."""
