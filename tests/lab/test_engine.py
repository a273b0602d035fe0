"""The engine of the page gives Python's numbers: the same z, a, C, slopes, and the same trained networks."""

import base64

import numpy as np
import pytest

from mnist_softmax.config.config import Config
from mnist_softmax.data.dataset import Dataset
from mnist_softmax.network.network import Network
from mnist_softmax.network.output import Output
from mnist_softmax.training.evaluation import evaluate
from mnist_softmax.training.loop import epochs, start
from mnist_softmax.training.randomness import stream

PAIRS = [
    ("softmax", "log_likelihood", "exact"),
    ("softmax", "log_likelihood", "true_output_only"),
    ("softmax", "cross_entropy", "exact"),
    ("softmax", "quadratic", "exact"),
    ("sigmoid", "log_likelihood", "exact"),
    ("sigmoid", "cross_entropy", "exact"),
    ("sigmoid", "quadratic", "exact"),
    ("linear", "quadratic", "exact"),
    ("tanh", "quadratic", "exact"),
    ("relu", "quadratic", "exact"),
]
NAMES = ["-".join(pair) for pair in PAIRS]
H = 1e-2  # of centred differences: large enough that rounding stays below 1e-12


def encoded(array: np.ndarray, dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode()


def parameters(network: Network) -> list[dict[str, str]]:
    return [
        {name: encoded(array, "<f8") for name, array in layer.items()} for layer in network.parameters.layers
    ]


def numbers(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8")


DECODE = """
  const bytes = (s) => Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
  const floats = (s) => new Float64Array(bytes(s).buffer);
  const encode = (f) => {
    const u = new Uint8Array(f.buffer, f.byteOffset, f.byteLength), parts = [];
    for (let i = 0; i < u.length; i += 4096) parts.push(String.fromCharCode(...u.subarray(i, i + 4096)));
    return btoa(parts.join(""));
  };
  const net = new Network(given.network)
    .load(given.parameters.map(({ w, b }) => ({ w: floats(w), b: floats(b) })));
"""


def settings_of(pair: tuple[str, str, str], layers: list[int], hidden: str = "sigmoid", **training) -> Config:
    output, cost, error = pair
    network = {"layers": layers, "hidden_activation": hidden, "output_activation": output, "cost": cost,
               "output_error": error}  # fmt: skip
    common = {"epochs": 1, "mini_batch_size": 10, "learning_rate": 0.5, "dtype": "float64",
              "monitor": ["train_cost"]}  # fmt: skip
    return Config.model_validate({"network": network, "training": common | training})


def for_the_engine(settings: Config) -> dict:
    network = settings.network
    sizes = [784, *(layer.n_out for layer in network.placed())]
    return {"sizes": sizes, "hidden": network.hidden_activation,
            "output": network.output_activation, "cost": network.cost, "error": network.output_error}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
@pytest.mark.parametrize(
    ("layers", "hidden"), [([784, 30, 10], "sigmoid"), ([784, 10], "sigmoid"), ([784, 13, 12, 10], "tanh")]
)
def test_twenty_digits_have_pythons_z_a_cost_delta_and_slopes(engine, digits, pair, layers, hidden):
    settings = settings_of(pair, layers, hidden)
    network, output = Network(settings.network, "float64"), Output(*pair)
    network.initialize(stream(3, "weights"))
    x, labels = digits.test.images[:20] / 255, digits.test.labels[:20]
    y = np.eye(10)[labels]
    as_numbers = Network(settings_of(("linear", "quadratic", "exact"), layers, hidden).network, "float64")
    as_numbers.parameters.flat[...] = network.parameters.flat
    z = as_numbers.outputs(x)
    a = network.outputs(x)
    steps = H * np.eye(10)[:, None]  # one z_j moved at a time: (10, 1, 10)
    cost_at = [output.cost(z + step, output.activate(z + step, np.empty_like(z)), y) for step in steps]
    cost_before = [output.cost(z - step, output.activate(z - step, np.empty_like(z)), y) for step in steps]
    expected = {
        "z": z, "a": a, "C": output.cost(z, a, y), "delta": output.delta(z, a, y, np.empty_like(z)),
        "slopes": (np.array(cost_at) - np.array(cost_before)).T / (2 * H),
    }  # fmt: skip

    found = engine.evaluate(
        "(given) => {"
        + DECODE
        + """
        const images = new Images(bytes(given.images), given.labels.length);
        const result = { z: [], a: [], C: [], delta: [], slopes: [] };
        const { output, cost } = given.network;
        given.labels.forEach((y, i) => {
          const a = net.forward(images, i), d = new Float64Array(10);
          net.delta(net.z, a, y, d);
          result.z.push([...net.z]); result.a.push([...a]); result.delta.push([...d]);
          result.C.push(COSTS[cost].value(output, net.z, a, y));
          result.slopes.push([...a.keys()].map((j) => slope(output, cost, net.z, y, j, given.h)));
        });
        return result;
        }""",
        {
            "network": for_the_engine(settings), "parameters": parameters(network), "h": H,
            "images": encoded(digits.test.images[:20], "u1"), "labels": labels.tolist(),
        },
    )  # fmt: skip

    for name, numbers_of_python in expected.items():
        np.testing.assert_allclose(found[name], numbers_of_python, rtol=1e-12, atol=1e-12, err_msg=name)


def trained_by_both(engine, dataset: Dataset, settings: Config) -> tuple[Network, int, dict]:
    """One epoch by Python (its network, right answers on test) and by the engine, from one start in one order."""
    state = start(settings)
    given = {
        "network": for_the_engine(settings),
        "parameters": parameters(state.network),
        "train": encoded(dataset.train.images, "u1"), "labels": dataset.train.labels.tolist(),
        "test": encoded(dataset.test.images, "u1"), "test_labels": dataset.test.labels.tolist(),
        "order": stream(settings.seed, "order").permutation(len(dataset.train)).tolist(),
        "m": settings.training.mini_batch_size, "eta": settings.training.learning_rate,
        "lambda_over_n": settings.training.l2 / len(dataset.train),
    }  # fmt: skip
    [_] = epochs(state, dataset, settings)
    right = evaluate(state.network, dataset.test).correct
    found = engine.evaluate(
        "(given) => {"
        + DECODE
        + """
        const images = new Images(bytes(given.train), given.labels.length);
        net.epoch(images, given.labels, given.order, given.m, given.eta, given.lambda_over_n);
        const { right } = net.evaluate(new Images(bytes(given.test), given.test_labels.length), given.test_labels);
        return { right, layers: net.parameters().map(({ w, b }) => ({ w: encode(w), b: encode(b) })) };
        }""",
        given,
    )
    return state.network, right, found


def furthest(network: Network, found: dict) -> float:
    return max(
        abs(numbers(theirs[name]) - ours[name].ravel()).max()
        for ours, theirs in zip(network.parameters.layers, found["layers"], strict=True)
        for name in ("w", "b")
    )


@pytest.fixture(scope="module")
def thousand(digits) -> Dataset:
    return Dataset(digits.train.first(1000), digits.validation, digits.test, "sample", "", digits.checksum)


@pytest.mark.parametrize("pair", PAIRS[:7], ids=NAMES[:7])
def test_an_epoch_of_a_thousand_digits_ends_in_the_same_network(engine, thousand, pair):
    network, right, found = trained_by_both(engine, thousand, settings_of(pair, [784, 30, 10], l2=5.0))
    assert furthest(network, found) < 1e-10
    assert found["right"] == right


@pytest.mark.parametrize(
    ("layers", "hidden", "training"),
    [
        ([784, 10], "sigmoid", {"learning_rate": 0.1}),
        ([784, 13, 12, 10], "tanh", {"learning_rate": 0.1}),
        ([784, 20, 10], "relu", {"learning_rate": 0.05}),
        ([784, 30, 10], "sigmoid", {"mini_batch_size": 7}),  # the last mini-batch is smaller
        ([784, 30, 10], "sigmoid", {"l2": 1500.0}),  # decay so strong that the engine folds its factor in
    ],
)
def test_other_shapes_train_to_the_same_network(engine, thousand, layers, hidden, training):
    settings = settings_of(("softmax", "log_likelihood", "exact"), layers, hidden, **training)
    network, right, found = trained_by_both(engine, thousand, settings)
    assert furthest(network, found) < 1e-10
    assert found["right"] == right


def test_a_seed_is_a_start_and_starting_weights_have_their_spread(engine):
    mean, spread, same, other = engine.evaluate(
        """() => {
        const first = (seed, start) => new Network({ sizes: [784, 30, 10] }).initialize(seed, start).layers[0].w;
        const w = first(1, "scaled"), n = w.length;
        const mean = w.reduce((s, v) => s + v, 0) / n;
        const spread = Math.sqrt(w.reduce((s, v) => s + (v - mean) ** 2, 0) / n);
        const again = first(1, "scaled"), two = first(2, "scaled");
        return [mean, spread, w.every((v, i) => v === again[i]), w.every((v, i) => v === two[i])];
        }"""
    )
    assert abs(mean) < 4 / np.sqrt(784 * 23520)
    assert abs(spread * 28 - 1) < 4 / np.sqrt(2 * 23520)
    assert same
    assert not other


def test_shuffling_gives_every_image_once(engine):
    order = engine.evaluate(
        "() => { const o = Int32Array.from({ length: 1000 }, (_, i) => i); shuffle(o, generator(5)); return [...o]; }"
    )
    assert sorted(order) == list(range(1000))
    assert order != sorted(order)
