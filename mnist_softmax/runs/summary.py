"""How a run ended: the content of summary.json."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field, TypeAdapter
from typing_extensions import TypedDict

from mnist_softmax.training.history import Checked

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Data(TypedDict):
    """What it was trained on, and how many images were in each split."""

    source: str
    checksum: str
    train: Annotated[int, Field(gt=0)]
    validation: Annotated[int, Field(gt=0)]
    test: Annotated[int, Field(gt=0)]


class Environment(TypedDict, total=False):
    """What the result depends on besides the config (environment.py)."""

    mnist_softmax: str
    python: str
    numpy: str
    scipy: str
    blas: list[dict[str, str | int | None]]
    system: str
    processor: str
    cores: int | None


class Summary(TypedDict):
    """A run that has ended."""

    status: Literal["finished", "diverged"]
    reason: str
    seed: Count
    epochs: Count
    final: Checked | None
    best_by_validation: Checked | None
    peak_on_test: NotRequired[dict[str, int | float] | None]
    model: NotRequired[str]
    parameters: NotRequired[Count]
    seconds: Seconds
    images_per_second: Seconds | None
    data: Data
    warnings: list[str]
    environment: Environment


def _whole(summary: Summary) -> Summary:
    if summary["status"] == "finished" and summary["final"] is None:
        raise ValueError("a finished run has a final record")
    return summary


SUMMARY: TypeAdapter[Summary] = TypeAdapter(Annotated[Summary, AfterValidator(_whole)])
