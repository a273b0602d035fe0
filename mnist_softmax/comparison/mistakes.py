"""Which test images a config's networks mistake, kept beside the runs so that a report needs no data."""

from __future__ import annotations

import numpy as np

from mnist_softmax.comparison.comparison import Comparison, Facts
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.runs.answers import answers, load_network

MISTAKES = 10


def mistakes(comparison: Comparison, name: str, dataset: Dataset) -> Facts | None:
    """Of one config: `confusion`, counts (K, K) summed over its finished `seeds`, and of the first of these seeds
    the most confident `mistakes` (image number, label, said, outputs, raw pixels); None where none is finished.
    """
    seeds, confusions, first = [], [], None
    for task, place in comparison.finished_runs(name):
        found = answers(load_network(place), dataset.test)
        seeds.append(task.settings.seed)
        confusions.append(found.confusion())
        first = first or found
    if first is None:
        return None
    return {
        "seeds": seeds,
        "confusion": np.sum(confusions, axis=0).tolist(),
        "mistakes": [
            {
                "image": int(i),
                "label": int(first.labels[i]),
                "said": int(first.answered[i]),
                "outputs": np.round(first.outputs[i].astype(float), 6).tolist(),
                "pixels": dataset.test.images[i].tolist(),
            }
            for i in first.worst(MISTAKES)
        ],
    }
