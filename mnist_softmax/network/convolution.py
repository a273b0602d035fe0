"""A convolutional layer with max-pooling: chapter 6 of the book.

Maps lie between layers as rows, and a convolution looks at a row as (rows, columns, maps). Its w is a matrix
(field * field * maps_in, maps): a dense layer that reads every window of the image with the same weights,
eq. (125). So a window, written as a row, times w gives that window's weighted inputs in all maps.

As in network3 the largest of pool x pool neighbouring sums is taken first, and bias and activation come after:
a = sigma(max(window w) + b). sigma rises, so this is what activation before pooling gives, for less work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mnist_softmax.config.layers import Convolution
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.buffers import empty
from mnist_softmax.network.parameters import Parameters
from mnist_softmax.network.patches import Patches
from mnist_softmax.network.strips import Strips

Arrays = dict[str, np.ndarray]


def form_of(l: int) -> type[Patches] | type[Strips]:
    """How layer number l takes its products: the first sees few maps and sends nothing back."""
    return Strips if l else Patches


class ConvolutionPass:
    """A pass, forward and then backward, of (..., m) examples through layer number l of a network.

    The products and the pooling are done by `Patches` for the first layer and by `Strips` for a later one, for
    one network after another: their calls are long, and a cohort would save none of them.
    """

    def __init__(
        self, layer: Placed[Convolution], l: int, parameters: Parameters, examples: tuple[int, ...]
    ) -> None:
        dtype, replicas = parameters.flat.dtype, examples[:-1]
        self.f, self.vjp = ACTIVATIONS[layer.activation]
        self.back = True  # whether a way back is asked for, which needs to know what won
        self.a_in, self.rows_in = np.empty(0), [np.empty(0)]  # set by `forward`
        self.a = empty((*examples, layer.n_out), dtype)
        self.delta = empty((*examples, layer.n_out), dtype)
        self.grad_in = empty((*examples, layer.n_in if l else 0), dtype)  # images are sent nothing back
        self.b = parameters.layers[l]["b"][..., None, :]
        self.spread_b = empty((*replicas, 1, layer.n_out), dtype)  # b of its map for every neuron
        self.b_of_places = self.spread_b.reshape(*replicas, -1, layer.entry.maps)
        self.delta_sum = empty((*replicas, layer.n_out), dtype)
        self.delta_of_places = self.delta_sum.reshape(self.b_of_places.shape)
        self.b_gradient = empty((*replicas, layer.entry.maps), dtype)
        self.arrays = [each.layers[l] for each in parameters.by_replica]
        self.step = np.empty_like(self.arrays[0]["w"])
        one_by_one = [x.reshape(len(self.arrays), *x.shape[-2:]) for x in (self.a, self.delta, self.grad_in)]
        form = form_of(l)
        self.forms = [
            form(layer, arrays["w"], *rows) for arrays, *rows in zip(self.arrays, *one_by_one, strict=True)
        ]

    @staticmethod
    def bytes_needed(layer: Placed[Convolution], l: int, m: int, itemsize: int) -> int:
        """Memory that a pass of m examples through layer number l takes, in bytes."""
        rows = m * (2 * layer.n_out + (layer.n_in if l else 0))  # a, delta, dC/da_in
        weights = math.prod(layer.arrays["w"])
        return (rows + 2 * layer.n_out + weights) * itemsize + form_of(l).bytes_needed(layer, m, itemsize)

    def forward(self, a_in: np.ndarray) -> np.ndarray:
        """Eq. (125) for every window, the largest of each pool, then bias and activation."""
        if a_in is not self.a_in:  # a later layer is always given the same array: then views need making once
            shared = a_in.ndim == 2  # in an evaluation all replicas are shown the same images
            replicas = np.ndindex(self.a.shape[:-2])
            self.a_in, self.rows_in = a_in, [a_in if shared else a_in[replica] for replica in replicas]
        for form, rows in zip(self.forms, self.rows_in, strict=True):
            form.forward(rows, self.back)
        np.copyto(self.b_of_places, self.b)
        z = np.add(self.a, self.spread_b, out=self.a)
        return self.f(z, z)

    def winners(self) -> list[np.ndarray]:
        """After `forward` in training: true for the one sum of each pool that was the largest; of each network."""
        return [form.won for form in self.forms]

    def backward(self, grad_a: np.ndarray) -> None:
        """Eq. (33): delta after pooling. From there it goes to the one sum of each pool that was the largest."""
        self.vjp(self.a, grad_a, self.delta)
        for form in self.forms:
            form.backward()

    def back_to_input(self) -> np.ndarray:
        """(BP2), after `backward`: every window's share delta w^T, added up where windows overlap."""
        for form in self.forms:
            form.back_to_input()
        return self.grad_in

    def gradient(self, into: Arrays) -> None:
        """(BP3) and (BP4), after `backward`: summed over examples, and over all places that share w and b."""
        self._bias_gradient(into["b"])
        w = into["w"]
        for form, out in zip(self.forms, w.reshape(-1, *w.shape[-2:]), strict=True):
            form.weight_gradient(out)

    def _bias_gradient(self, out: np.ndarray) -> None:
        """The sum over examples first: rows of n_out numbers add up faster than many of a few maps."""
        np.add.reduce(self.delta, axis=-2, out=self.delta_sum)
        np.add.reduce(self.delta_of_places, axis=-2, out=out)

    def descend(self, eta: Sequence[float], decay: Sequence[float]) -> None:
        """After `backward`: w -> decay w - eta dC/dw and b -> b - eta dC/db, eqs. (93) and (94), in place.

        `eta` and `decay` have a number for each replica.
        """
        self._bias_gradient(self.b_gradient)
        b_gradients = self.b_gradient.reshape(-1, self.b.shape[-1])
        step = self.step
        for r, (arrays, form) in enumerate(zip(self.arrays, self.forms, strict=True)):
            form.weight_gradient(step)
            step *= eta[r]
            if decay[r] != 1:
                arrays["w"] *= decay[r]
            arrays["w"] -= step
            arrays["b"] -= eta[r] * b_gradients[r]
