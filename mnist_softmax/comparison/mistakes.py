"""Which test images a config's networks mistake, kept beside the runs so that a report needs no data."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, TypeAdapter
from typing_extensions import TypedDict

from mnist_softmax.comparison.comparison import Comparison
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.runs.answers import answers, load_network

MISTAKES = 10
Count = Annotated[int, Field(ge=0, le=10**9)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Mistake(TypedDict):
    """A test image that a network takes for another digit than it is."""

    image: Count
    label: Count
    said: Count
    outputs: list[Finite]
    pixels: Annotated[list[Finite], Field(min_length=1)]


class Mistakes(TypedDict):
    """What exhibits.json has of a config."""

    seeds: Annotated[list[Count], Field(min_length=1)]
    confusion: list[list[Count]]
    mistakes: list[Mistake]


def _fits(found: Mistakes) -> Mistakes:
    classes = len(found["confusion"])
    if not classes or any(len(row) != classes for row in found["confusion"]):
        raise ValueError("confusion: expected a square of counts")
    for mistake in found["mistakes"]:
        if len(mistake["outputs"]) != classes or max(mistake["label"], mistake["said"]) >= classes:
            raise ValueError(f"mistakes: expected {classes} classes")
    return found


MISTAKES_OF_CONFIGS = TypeAdapter(dict[str, Annotated[Mistakes, AfterValidator(_fits)] | None])


def mistakes(comparison: Comparison, name: str, dataset: Dataset) -> Mistakes | None:
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
