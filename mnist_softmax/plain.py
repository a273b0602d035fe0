"""The whole algorithm, slow and obvious: chapters 1 to 3 of the book in its own letters, one example at a time.

`python -m mnist_softmax.plain` trains a 784-30-10 network on the sample and prints three epochs. The rest of this
package does the same for a mini-batch in one product, and tests hold it equal. As in the book, w[l] has a row for
each neuron, so z = w a + b. An example is (x, y): pixels, and 1 for the true digit and 0 for the other nine.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Arrays = list[np.ndarray]  # one for each layer
Example = tuple[np.ndarray, np.ndarray]


def sigma(z: np.ndarray) -> np.ndarray:
    """Eq. (3)."""
    return 1 / (1 + np.exp(-z))


def softmax(z: np.ndarray) -> np.ndarray:
    """Eq. (78). Taking max z from all z_j changes nothing but overflow."""
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def feedforward(w: Arrays, b: Arrays, x: np.ndarray) -> Arrays:
    """The activations of all layers, eq. (25): a[0] = x, sigma in the hidden layers, softmax in the last."""
    a = [x]
    for l in range(len(w)):
        z = w[l] @ a[l] + b[l]
        a.append(softmax(z) if l == len(w) - 1 else sigma(z))
    return a


def backprop(w: Arrays, b: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[Arrays, Arrays]:
    """dC/dw and dC/db of one example, for C = -ln a_y, eq. (80)."""
    a = feedforward(w, b, x)
    nabla_w: Arrays = []
    nabla_b: Arrays = []
    delta = a[-1] - y  # (BP1) with all ten paths from z_j to C, eq. (84)
    for l in reversed(range(len(w))):
        nabla_b.insert(0, delta)  # (BP3)
        nabla_w.insert(0, np.outer(delta, a[l]))  # (BP4)
        delta = (w[l].T @ delta) * a[l] * (1 - a[l])  # (BP2), where sigma'(z) = a (1 - a)
    return nabla_w, nabla_b


def update(w: Arrays, b: Arrays, mini_batch: Sequence[Example], eta: float, lmbda: float, n: int) -> None:
    """Eqs. (93) and (94): a step down the mean gradient of m examples; lmbda/n shrinks the weights."""
    m = len(mini_batch)
    gradients = [backprop(w, b, x, y) for x, y in mini_batch]
    for l in range(len(w)):
        w[l] = (1 - eta * lmbda / n) * w[l] - eta / m * sum(nabla_w[l] for nabla_w, _ in gradients)
        b[l] = b[l] - eta / m * sum(nabla_b[l] for _, nabla_b in gradients)


def sgd(
    w: Arrays, b: Arrays, examples: Sequence[Example], order: np.ndarray, m: int, eta: float, lmbda: float
) -> None:
    """One epoch: the examples in this order, m at a time."""
    for k in range(0, len(order), m):
        update(w, b, [examples[i] for i in order[k : k + m]], eta, lmbda, len(examples))


def correct(w: Arrays, b: Arrays, examples: Sequence[Example]) -> int:
    """How many examples have their largest output where y is 1."""
    return sum(int(np.argmax(feedforward(w, b, x)[-1]) == np.argmax(y)) for x, y in examples)


if __name__ == "__main__":
    from mnist_softmax.config.data import Data
    from mnist_softmax.data.sources import load_digits

    digits, rng, sizes = load_digits(Data(source="sample")), np.random.default_rng(0), [784, 30, 10]
    train, test = (
        [(image / 255, np.eye(10)[label]) for image, label in zip(split.images, split.labels, strict=True)]
        for split in (digits.train, digits.test)
    )
    w = [rng.normal(0, 1 / np.sqrt(n_in), (n, n_in)) for n_in, n in pairwise(sizes)]
    b = [rng.normal(0, 1, n) for n in sizes[1:]]
    for epoch in range(1, 4):
        sgd(w, b, train, rng.permutation(len(train)), m=10, eta=1.0, lmbda=0.5)
        print(f"epoch {epoch}: {correct(w, b, test)} of {len(test)} test images right")
