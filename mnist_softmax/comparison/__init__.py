"""Which config learns better: comparisons and sweeps, their statistics, and their page."""
