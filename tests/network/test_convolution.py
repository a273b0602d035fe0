"""A convolutional layer is its definition, has PyTorch's gradients, and is the same alone and in a cohort."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from layer_stack import Stack, convolution, dense

from mnist_softmax.config.placed import Placed
from mnist_softmax.network.activations import ACTIVATIONS
from mnist_softmax.network.convolution import ConvolutionPass
from mnist_softmax.network.parameters import Parameters

SIGMOID, RELU, LINEAR = "sigmoid", "relu", "linear"


def by_six_loops(x: np.ndarray, w: np.ndarray, field: int) -> np.ndarray:
    """Eq. (125) without bias and activation: x (m, rows, columns, maps in), w (field, field, maps in, maps)."""
    m, rows, columns, maps_in = x.shape
    z = np.zeros((m, rows - field + 1, columns - field + 1, w.shape[-1]))
    for i, j, k, u, v, c in product(*map(range, (*z.shape[1:], field, field, maps_in))):
        z[:, i, j, k] += w[u, v, c, k] * x[:, i + u, j + v, c]
    return z


def largest_of_pools(z: np.ndarray, pool: int) -> np.ndarray:
    """The largest of each pool x pool, by cutting."""
    m, rows, columns, maps = z.shape
    out = np.zeros((m, rows // pool, columns // pool, maps))
    for i, j in product(*map(range, out.shape[1:3])):
        out[:, i, j] = z[:, i * pool : (i + 1) * pool, j * pool : (j + 1) * pool].max(axis=(1, 2))
    return out


def architecture(seed: int) -> tuple[list[Placed], int]:
    """One to three convolutions that fit on each other, drawn; and a number of examples."""
    rng = np.random.default_rng(seed)
    rows, columns, maps = (int(n) for n in rng.integers(1, 5, 3))
    layers: list[Placed] = []
    for _ in range(rng.integers(1, 4)):  # from the last to the first: any shape out has a shape in
        field, pool, maps_in = (int(rng.integers(1, top)) for top in (6, 4, 5))
        rows, columns = rows * pool + field - 1, columns * pool + field - 1
        sigma = ["sigmoid", "tanh", "relu", "linear"][rng.integers(4)]
        layers.insert(0, convolution((rows, columns, maps_in), field, maps, pool, sigma))
        maps = maps_in
    return layers, int(rng.integers(1, 8))


CHAPTER_6 = [
    convolution((28, 28, 1), 5, 20, 2, RELU),
    convolution((12, 12, 20), 5, 40, 2, RELU),
]
SHAPES = [architecture(seed) for seed in range(20)] + [(CHAPTER_6, 3)]


def drawn(stack: Stack, m: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Inputs x and dC/da."""
    rng, lead = np.random.default_rng(seed), stack.passes[0].a.shape[:-2]
    x = rng.standard_normal((*lead, m, stack.layers[0].n_in))
    g = rng.standard_normal((*lead, m, stack.layers[-1].n_out))
    return x.astype(stack.parameters.flat.dtype), g.astype(stack.parameters.flat.dtype)


@pytest.mark.parametrize("seed", range(20))
def test_forward_is_the_definition_by_six_loops(seed):
    layers, m = architecture(seed)
    stack = Stack(layers, m)
    x, _ = drawn(stack, m)
    expected = x
    for layer, arrays in zip(layers, stack.parameters.layers, strict=True):
        kernels = arrays["w"].reshape(layer.entry.field, layer.entry.field, -1, layer.entry.maps)
        z = by_six_loops(expected.reshape(m, *layer.shape_in), kernels, layer.entry.field)
        z = largest_of_pools(z, layer.entry.pool) + arrays["b"]
        expected = ACTIVATIONS[layer.activation].f(z, z).reshape(m, layer.n_out)
    np.testing.assert_allclose(stack.forward(x), expected, rtol=1e-11, atol=1e-12)


def their_gradients(stack: Stack, x: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, list]:
    """a of the last layer, and [dC/dw, dC/db] of each, by PyTorch's convolution, pooling and autograd."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it comes with the extra 'oracle'")
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "linear": lambda z: z}
    leaves, a = [], torch.tensor(x)
    for layer, arrays in zip(stack.layers, stack.parameters.layers, strict=True):
        w, b = (torch.tensor(arrays[name].copy(), requires_grad=True) for name in ("w", "b"))
        kernels = w.reshape(layer.entry.field, layer.entry.field, -1, layer.entry.maps).permute(3, 2, 0, 1)
        images = a.reshape(len(x), *layer.shape_in).permute(0, 3, 1, 2)
        z = torch.nn.functional.max_pool2d(
            torch.nn.functional.conv2d(images, kernels.contiguous()), layer.entry.pool
        )
        a = functions[layer.activation](z + b[:, None, None]).permute(0, 2, 3, 1).reshape(len(x), -1)
        leaves.append((w, b))
    (a * torch.tensor(g)).sum().backward()
    return a.detach().numpy(), [[leaf.grad.numpy() for leaf in pair] for pair in leaves]


def assert_same_gradients(stack: Stack, x: np.ndarray, g: np.ndarray, tolerance: float) -> None:
    a, theirs = their_gradients(stack, x, g)
    np.testing.assert_allclose(stack.forward(x), a, rtol=tolerance, atol=tolerance * abs(a).max())
    stack.backward(g)
    for arrays, expected in zip(stack.gradient().layers, theirs, strict=True):
        for array, right in zip((arrays["w"], arrays["b"]), expected, strict=True):
            np.testing.assert_allclose(array, right, rtol=tolerance, atol=tolerance * abs(right).max())


@pytest.mark.parametrize(("layers", "m"), SHAPES)
def test_gradients_are_those_of_pytorch(layers, m):
    stack = Stack(layers, m)
    assert_same_gradients(stack, *drawn(stack, m), 1e-10)


@pytest.mark.parametrize("pool", [1, 2, 3])
def test_of_equal_sums_the_first_gets_the_gradient_as_in_pytorch(pool):
    field, side = 2, 2 * pool + 1
    first = convolution((side + 1, side + 1, 1), 2, 3, 1, LINEAR)
    layers = [first, convolution((side, side, 3), field, 2, pool, SIGMOID)]
    stack = Stack(layers, 4)
    x, g = drawn(stack, 4)
    x = np.sign(x)  # few different sums, and with whole weights they are exact
    for arrays in stack.parameters.layers:
        arrays["w"][...] = np.round(arrays["w"])
        arrays["b"][...] = 0
    assert_same_gradients(stack, x, g, 1e-12)


def test_an_image_without_ink_has_the_gradients_of_pytorch():
    stack = Stack(CHAPTER_6, 2)
    x, g = drawn(stack, 2)
    x[...] = 0
    assert_same_gradients(stack, x, g, 1e-12)


@pytest.mark.parametrize("sigma", ["sigmoid", "tanh"])
def test_gradients_are_those_of_centred_differences(sigma):
    layers = [
        convolution((11, 9, 2), 2, 3, 2, sigma),
        convolution((5, 4, 3), 2, 2, 1, sigma),
        dense(24, 3, SIGMOID),
    ]
    stack, step = Stack(layers, 3), 1e-5
    x, g = drawn(stack, 3)
    stack.forward(x)
    stack.backward(g)
    found, flat = stack.gradient().flat, stack.parameters.flat
    for k in range(flat.size):
        kept = flat[k]
        costs = []
        for flat[k] in (kept + step, kept - step):
            costs.append(np.sum(stack.forward(x) * g))
        flat[k] = kept
        assert abs((costs[0] - costs[1]) / (2 * step) - found[k]) < 1e-6


@pytest.mark.parametrize(("layers", "m"), SHAPES)
def test_a_descent_is_decay_and_the_gradient(layers, m):
    stack = Stack(layers, m)
    x, g = drawn(stack, m)
    stack.forward(x)
    stack.backward(g)
    before, gradient = stack.parameters.flat.copy(), stack.gradient().flat.copy()
    stack.descend([0.25], [0.75])
    decay = np.ones_like(before)
    decay[: stack.parameters.weights.size] = 0.75  # biases never decay
    np.testing.assert_allclose(stack.parameters.flat, decay * before - 0.25 * gradient, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_of_a_cohort_has_the_bits_of_the_run_alone(dtype):
    seeds, m = (3, 4, 5), 4
    layers = [*CHAPTER_6, dense(640, 10, SIGMOID)]
    together = Stack(layers, m, dtype, (3,), seeds)
    x, g = drawn(together, m)
    eta, decay = [0.01, 0.02, 0.03], [1.0, 0.99, 0.98]
    for _ in range(2):
        together.forward(x)
        together.backward(g)
        together.descend(eta, decay)
    for r, seed in enumerate(seeds):
        alone = Stack(layers, m, dtype, (), (seed,))
        for _ in range(2):
            alone.forward(x[r])
            alone.backward(g[r])
            alone.descend(eta[r : r + 1], decay[r : r + 1])
        np.testing.assert_array_equal(alone.parameters.flat, together.parameters.flat[r])
        np.testing.assert_array_equal(alone.gradient().flat, together.gradient().flat[r])
        for one, cohort in zip(alone.passes, together.passes, strict=True):
            np.testing.assert_array_equal(one.a, cohort.a[r])
            np.testing.assert_array_equal(one.delta, cohort.delta[r])


def test_float32_is_float64_to_its_own_precision():
    single, double = (Stack(CHAPTER_6, 5, dtype) for dtype in ("float32", "float64"))
    single.parameters.flat /= 10
    double.parameters.flat[...] = single.parameters.flat
    x, g = drawn(single, 5)
    for stack in (single, double):
        stack.forward(x.astype(stack.parameters.flat.dtype))
        stack.backward(g.astype(stack.parameters.flat.dtype))
    right = double.gradient().flat
    assert abs(single.gradient().flat - right).max() < 1e-4 * abs(right).max()


@pytest.mark.parametrize("m", [1, 10, 13, 61, 300])
@pytest.mark.parametrize("l", [0, 1])
@pytest.mark.parametrize(
    "layer", [*CHAPTER_6, convolution((30, 20, 3), 3, 16, 1, RELU), convolution((13, 13, 64), 2, 128, 2, RELU)]
)
def test_a_pass_takes_the_memory_that_it_says(layer, l, m):
    shapes = [{"b": (1,)}] * l + [layer.arrays]
    parameters = Parameters.zeros(shapes, "float32")
    tracemalloc.start()
    kept = ConvolutionPass(layer, l, parameters, (m,))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept.a.shape == (m, layer.n_out)
    assert taken == pytest.approx(ConvolutionPass.bytes_needed(layer, l, m, 4), rel=0.1, abs=100_000)
