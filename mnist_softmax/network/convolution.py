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

from mnist_softmax.buffers import empty
from mnist_softmax.config.layers import Convolution
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.calls import call
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
        w = parameters.layers[l]["w"]
        ws = [w[replica] for replica in np.ndindex(replicas)]
        self.step = np.empty_like(ws[0])
        one_by_one = [x.reshape(len(ws), *x.shape[-2:]) for x in (self.a, self.delta, self.grad_in)]
        form = form_of(l)
        self.forms = [form(layer, w, *rows) for w, *rows in zip(ws, *one_by_one, strict=True)]

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
            call(form.forward, rows, self.back)
        z = self.a
        call(np.copyto, self.b_of_places, self.b)
        call(np.add, z, self.spread_b, z)
        return self.f(z, z)

    def winners(self) -> list[np.ndarray]:
        """After `forward` in training: true for the one sum of each pool that was the largest; of each network."""
        return [form.won for form in self.forms]

    def backward(self, grad_a: np.ndarray) -> None:
        """Eq. (33): delta after pooling. From there it goes to the one sum of each pool that was the largest."""
        self.vjp(self.a, grad_a, self.delta)
        for form in self.forms:
            call(form.backward)

    def back_to_input(self) -> np.ndarray:
        """(BP2), after `backward`: every window's share delta w^T, added up where windows overlap."""
        for form in self.forms:
            call(form.back_to_input)
        return self.grad_in

    def gradient(self, into: Arrays) -> None:
        """(BP3) and (BP4), after `backward`: summed over examples, and over all places that share w and b."""
        self._bias_gradient(into["b"])
        w = into["w"]
        for form, out in zip(self.forms, w.reshape(-1, *w.shape[-2:]), strict=True):
            call(form.weight_gradient, out)

    def _bias_gradient(self, out: np.ndarray) -> None:
        """The sum over examples first: rows of n_out numbers add up faster than many of a few maps."""
        call(np.add.reduce, self.delta, -2, None, self.delta_sum)
        call(np.add.reduce, self.delta_of_places, -2, None, out)

    def add_gradient(
        self, into: Arrays, times: Sequence[float], keep_w: Sequence[float], keep_b: Sequence[float]
    ) -> None:
        """After `backward`: w -> keep_w w + times dC/dw and b -> keep_b b + times dC/db in `into`.

        `times`, `keep_w` and `keep_b` have a number for each replica.
        """
        self._bias_gradient(self.b_gradient)
        call(self._add_gradient, into, times, keep_w, keep_b)

    def _add_gradient(
        self, into: Arrays, times: Sequence[float], keep_w: Sequence[float], keep_b: Sequence[float]
    ) -> None:
        for r, (replica, form) in enumerate(zip(np.ndindex(self.a.shape[:-2]), self.forms, strict=True)):
            w, b = into["w"][replica], into["b"][replica]
            form.weight_gradient(self.step)
            self.step *= times[r]
            w *= keep_w[r]
            w += self.step
            b *= keep_b[r]
            b += times[r] * self.b_gradient[replica]
