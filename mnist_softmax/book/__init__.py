"""The book's experiments: replayed to the last image where its author recorded them, else judged over seeds."""
