"""PyTorch, eager, in either layout of memory: nn.Sequential, CrossEntropyLoss, optim.SGD."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from benchmarks.peers.convolution import ETA, FIELD, POOL, M, Trainer, Work, one_by_one
from benchmarks.peers.convolution.textbook import maps_first


def start(work: Work, layout: torch.memory_format = torch.contiguous_format) -> Trainer:
    """Channels first, which is PyTorch's own choice."""
    torch.set_num_threads(work.threads)
    sigma = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[work.activation]
    modules: list[nn.Module] = []
    maps_in, side = 1, 28
    for maps in work.maps:
        modules += [nn.Conv2d(maps_in, maps, FIELD), nn.MaxPool2d(POOL), sigma()]
        maps_in, side = maps, (side - FIELD + 1) // POOL
    modules.append(nn.Flatten())
    n_in = maps_in * side * side
    for n_out in work.hidden:
        modules += [nn.Linear(n_in, n_out), sigma()]
        n_in = n_out
    model = nn.Sequential(*modules, nn.Linear(n_in, 10))
    with torch.no_grad():
        trained = [module for module in model if isinstance(module, nn.Conv2d | nn.Linear)]
        for l, (module, (w, b)) in enumerate(zip(trained, work.start, strict=True)):
            if l == len(work.maps):
                w = maps_first(w, b, work.maps[-1])
            w = w.transpose(3, 2, 0, 1) if isinstance(module, nn.Conv2d) else w.T
            module.weight.copy_(torch.from_numpy(w.copy()))
            module.bias.copy_(torch.from_numpy(b.copy()))
    model = model.to(memory_format=layout)
    images = torch.from_numpy(work.x).reshape(-1, 1, 28, 28).to(memory_format=layout)
    labels = torch.from_numpy(work.labels.astype("int64"))
    cost, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=ETA)

    def step(i: int) -> None:
        rows = work.batch(i)
        optimizer.zero_grad()
        cost(model(images[rows]), labels[rows]).backward()
        optimizer.step()

    def outputs() -> np.ndarray:
        with torch.no_grad():
            return torch.softmax(model(images[:M]), dim=1).numpy()

    return Trainer(one_by_one(step), outputs)


def start_channels_last(work: Work) -> Trainer:
    """Channels last: in this layout its convolutions are faster."""
    return start(work, torch.channels_last)
