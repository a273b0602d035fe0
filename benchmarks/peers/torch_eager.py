"""PyTorch, eager: nn.Sequential, CrossEntropyLoss, optim.SGD."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from benchmarks.work import ETA, M, Work


def start(work: Work) -> Callable[[int], float]:
    """A function that trains an epoch."""
    torch.set_num_threads(1)
    x, y = torch.from_numpy(work.x), torch.from_numpy(work.labels.astype("int64"))
    x_test, y_test = torch.from_numpy(work.x_test), torch.from_numpy(work.labels_test.astype("int64"))
    model = nn.Sequential(nn.Linear(784, work.hidden), nn.Sigmoid(), nn.Linear(work.hidden, 10))
    with torch.no_grad():
        for layer, l in ((model[0], 1), (model[2], 2)):
            layer.weight.copy_(torch.from_numpy(work.start[f"w{l}"].T.copy()))
            layer.bias.copy_(torch.from_numpy(work.start[f"b{l}"]))
    cost, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=ETA)

    def epoch(number: int) -> float:
        for chosen in torch.from_numpy(work.order(number)).split(M):
            optimizer.zero_grad()
            cost(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
        with torch.no_grad():
            return (model(x_test).argmax(1) == y_test).float().mean().item()

    return epoch
