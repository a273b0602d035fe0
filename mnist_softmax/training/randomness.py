"""Random streams: one seed in the config, an independent generator for each use.

Because each use has a stream of its own, two costs trained with one seed start from the same weights and see
the same mini-batches, and turning one consumer on does not disturb the others. So comparisons are paired.
"""

from __future__ import annotations

import numpy as np

STREAMS = ("weights", "order", "dropout", "augmentation")


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one use, `name` out of STREAMS."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS.index(name),)))
