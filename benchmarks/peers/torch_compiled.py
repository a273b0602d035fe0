"""PyTorch, compiled: ten steps written by hand are one function, which updates the parameters in place."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmarks.peers import LeftOut
from benchmarks.work import ETA, M, Work

STEPS = 10


def start(work: Work) -> Callable[[int], float]:
    """A function that trains an epoch. Raises LeftOut where PyTorch cannot compile, as without a C++ compiler."""
    torch.set_num_threads(1)
    x, y = torch.from_numpy(work.x), torch.from_numpy(work.y)
    x_test, y_test = torch.from_numpy(work.x_test), torch.from_numpy(work.labels_test.astype("int64"))
    parameters = [torch.from_numpy(work.start[name].copy()) for name in ("w1", "b1", "w2", "b2")]

    def step(chosen, w1, b1, w2, b2):
        x_in = x[chosen]
        a1 = torch.sigmoid(x_in @ w1 + b1)
        delta2 = torch.softmax(a1 @ w2 + b2, 1) - y[chosen]
        delta1 = delta2 @ w2.T * a1 * (1 - a1)
        w2 -= ETA / M * (a1.T @ delta2)
        b2 -= ETA / M * delta2.sum(0)
        w1 -= ETA / M * (x_in.T @ delta1)
        b1 -= ETA / M * delta1.sum(0)

    @torch.compile(fullgraph=True, dynamic=False)
    def steps(chosen, *parameters):
        for part in chosen.split(M):
            step(part, *parameters)

    def train(order, parameters) -> None:
        for chosen in order.split(M * STEPS):
            steps(chosen, *parameters)

    @torch.inference_mode()
    def epoch(number: int) -> float:
        train(torch.from_numpy(work.order(number)), parameters)
        w1, b1, w2, b2 = parameters
        answers = (torch.sigmoid(x_test @ w1 + b1) @ w2 + b2).argmax(1)
        return (answers == y_test).float().mean().item()

    try:
        with torch.inference_mode():  # to compile, on parameters that nobody wants
            train(torch.arange(M * STEPS), [parameter.clone() for parameter in parameters])
    except torch._dynamo.exc.BackendCompilerFailed as error:
        raise LeftOut(f"torch.compile fails: {error}".splitlines()[0]) from error
    return epoch
