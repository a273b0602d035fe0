"""What a config's trained networks say to the test images, kept beside the runs so that a report needs no data."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_softmax.comparison.comparison import Study
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.runs.answers import answers, load_network
from mnist_softmax.runs.directory import RunDirectory

MISTAKES = 10


def exhibits(study: Study, name: str, dataset: Dataset) -> dict[str, Any] | None:
    """Of one config: `confusion`, counts (K, K) summed over its finished seeds, and of the first of these seeds
    the most confident `mistakes` (image number, label, said, outputs, raw pixels); None where none is finished.
    """
    confusion, first, seeds = None, None, []
    for (of, seed), task in study.tasks().items():
        place = RunDirectory(task.directory)
        summary = place.read_summary() if of == name else None
        if summary is None or summary["status"] != "finished":
            continue
        found = answers(load_network(place), dataset.test)
        confusion = found.confusion() if confusion is None else confusion + found.confusion()
        seeds.append(seed)
        first = first or found
    if confusion is None or first is None:
        return None
    return {
        "seeds": seeds,
        "confusion": confusion.tolist(),
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
