"""What a user may write into a config, and how it is read."""
