"""Two floors: matrix products on buffers at hand, and nothing else.

`start` takes the products that our layers take; `start_plain` one for each layer and purpose, over single windows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.peers.convolution import FIELD, POOL, M, Trainer, Work, one_by_one
from benchmarks.peers.convolution.ours import network
from mnist_softmax.network.calls import GEMM, Recording, recorded
from mnist_softmax.network.convolution import ConvolutionPass
from mnist_softmax.network.dense import DensePass
from mnist_softmax.network.patches import Patches

Products = list[Callable[[], object]]


def start(work: Work) -> Trainer:
    """Our own products, in their order."""
    forward: Products = []
    back: list[Products] = []
    net = network(work)
    p = net.new_pass(M)
    p.forward(work.x[work.batch(0)])
    for layer, arrays in zip(p.layers, net.parameters.layers, strict=True):
        layer.delta[...] = 0
        here, there = of_convolution(layer) if isinstance(layer, ConvolutionPass) else of_dense(layer, arrays)
        forward += here
        back.append(there)
    return trainer(forward + [product for products in reversed(back) for product in products])


def of_convolution(layer: ConvolutionPass) -> tuple[Products, Products]:
    """Forward; and back to the input and for the weights."""
    [form] = layer.forms
    form.sums[...] = 0
    if isinstance(form, Patches):
        return (
            [partial(np.matmul, patches, form.matrices, out=form.sums) for patches, *_ in form.bands],
            [
                partial(np.matmul, form.sums_transposed, patches, out=gradient)
                for patches, *_, gradient in form.bands
            ],
        )
    forward = [product for products, *_ in form.bands for product in products]
    weights = [partial(np.matmul, form.errors, seen, out=form.gradients) for seen in form.seen]
    return forward, form.to_pixels.products + weights


def of_dense(layer: DensePass, arrays: dict[str, np.ndarray]) -> tuple[Products, Products]:
    """The same of a dense layer; the errors are zero, so that the weights stay."""
    with recorded() as forward:
        layer.forward(layer.a_in)
    with recorded() as back:
        layer.back_to_input()
        layer.add_gradient(arrays, [1.0], [1.0], [1.0])
    return products_of(forward), products_of(back)


def products_of(recording: Recording) -> Products:
    """The matrix products among recorded calls."""
    return [made for made in recording if isinstance(made, partial) and made.func in GEMM.values()]


def start_plain(work: Work) -> Trainer:
    """One product a layer and purpose."""
    rng, side, maps_in = np.random.default_rng(0), 28, 1
    forward: Products = []
    back: list[Products] = []

    def layer(rows: int, n_in: int, n_out: int, first: bool) -> None:
        x, w, d = (
            rng.standard_normal(s).astype(np.float32) for s in ((rows, n_in), (n_out, n_in), (rows, n_out))
        )
        forward.append(partial(np.matmul, x, w.T, out=np.empty_like(d)))
        back.append([partial(np.matmul, d.T, x, out=np.empty_like(w))])
        if not first:
            back[-1].append(partial(np.matmul, d, w, out=np.empty_like(x)))

    for maps in work.maps:
        side = side - FIELD + 1
        layer(M * side * side, FIELD * FIELD * maps_in, maps, first=maps_in == 1)
        side, maps_in = side // POOL, maps
    n_in = side * side * maps_in
    for n_out in (*work.hidden, 10):
        layer(M, n_in, n_out, first=False)
        n_in = n_out
    return trainer(forward + [product for products in reversed(back) for product in products])


def trainer(products: Products) -> Trainer:
    def step(_: int) -> None:
        for product in products:
            product()

    return Trainer(one_by_one(step))
