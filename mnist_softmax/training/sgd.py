"""One step of stochastic gradient descent, with the book's penalties and momentum.

lambda is divided by n, the number of training images, not by the mini-batch's m; biases are never penalised.
"""

from __future__ import annotations

import numpy as np

from mnist_softmax import config
from mnist_softmax.network.network import Network, Workspace
from mnist_softmax.network.parameters import Parameters


def penalty(parameters: Parameters, settings: config.Training, n: int) -> float:
    """Eqs. (85) and (95): lambda/2n sum w^2 + lambda/n sum |w|."""
    w = parameters.weights.astype(np.float64, copy=False)
    return float(settings.l2 / (2 * n) * np.sum(w * w) + settings.l1 / n * np.sum(np.abs(w)))


def step(
    network: Network,
    workspace: Workspace,
    gradient: Parameters,
    velocity: Parameters | None,
    eta: float,
    settings: config.Training,
    n: int,
) -> None:
    """After `network.backward`: one step down the gradient of cost and penalties.

    `gradient` is room to form it in; `velocity` is None where momentum is 0.
    """
    mu, l2, l1 = settings.momentum, settings.l2, settings.l1
    if velocity is None and not l1:
        network.descend(workspace, eta, decay=1 - eta * l2 / n)  # (93), (94)
        return
    parameters = network.parameters
    network.gradient(workspace, gradient)
    if l2:
        gradient.weights += l2 / n * parameters.weights  # (88)
    if l1:
        gradient.weights += l1 / n * np.sign(parameters.weights)  # (96), with sgn(0) = 0
    gradient.flat *= eta
    if velocity is None:
        parameters.flat -= gradient.flat
    else:
        velocity.flat *= mu
        velocity.flat -= gradient.flat  # (107): v' = mu v - eta dC/dw
        parameters.flat += velocity.flat  # (108)
