"""Every number of docs/convolution.md, worked out by SciPy and by the pages' own words."""

import re
from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from mnist_softmax.config.layers import Convolution
from mnist_softmax.config.placed import Placed
from mnist_softmax.network.convolution import ConvolutionPass
from mnist_softmax.network.parameters import Parameters

PAGE = (Path(__file__).parents[2] / "docs" / "convolution.md").read_text(encoding="utf-8")
PHASES = ("00", "01", "10", "11")


def arrays() -> dict[str, np.ndarray]:
    """Every array of the page by its title; titles stand side by side, two spaces or more apart."""
    found = {}
    for block in re.findall(r"^```\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE):
        head, *lines = block.splitlines()
        titles = [(match.start(), match.group()) for match in re.finditer(r"\S+(?: \S+)*", head)]
        if titles[0][1] == "pool":  # a table: a column each
            rows = np.array([line.split() for line in lines])
            found |= {title: rows[:, k] for k, (_, title) in enumerate(titles)}
            continue
        ends = [start for start, _ in titles[1:]] + [None]
        for (start, title), end in zip(titles, ends, strict=True):
            rows = [line[start:end].split() for line in lines]
            found[title] = np.array([row for row in rows if row], int)
    return found


FOUND = arrays()
IMAGE, KERNEL, DELTA = FOUND["image"], FOUND["kernel"], FOUND["delta"]


def pools(array: np.ndarray) -> list[np.ndarray]:
    """The four 2 x 2 of a 4 x 4."""
    return [array[i : i + 2, j : j + 2] for i in (0, 2) for j in (0, 2)]


def test_sums_and_the_largest():
    sums = scipy.signal.correlate2d(IMAGE, KERNEL, "valid")
    np.testing.assert_array_equal(FOUND["sums"], sums)
    largest = [pool.max() for pool in pools(sums)]
    np.testing.assert_array_equal(FOUND["largest"].ravel(), largest)
    np.testing.assert_array_equal(FOUND["maximum"].astype(int), largest)
    np.testing.assert_array_equal(
        FOUND["first winner"], [PHASES[pool.ravel().argmax()] for pool in pools(sums)]
    )


def test_each_patch_holds_the_windows_of_a_pool_and_times_a_phase_gives_its_sum():
    sums = scipy.signal.correlate2d(IMAGE, KERNEL, "valid")
    for n, (i, j) in enumerate(((0, 0), (0, 2), (2, 0), (2, 2))):
        patch = FOUND[f"patch {n}"]
        np.testing.assert_array_equal(patch, IMAGE[i : i + 4, j : j + 4])
        for phase in PHASES:
            u, v = map(int, phase)
            assert np.sum(patch * FOUND[f"phase {phase}"]) == sums[i + u, j + v]
            assert int(FOUND[f"in {phase}"][n]) == sums[i + u, j + v]


def test_a_phase_is_the_kernel_at_its_place():
    for phase in PHASES:
        u, v = map(int, phase)
        np.testing.assert_array_equal(FOUND[f"phase {phase}"], np.pad(KERNEL, ((u, 1 - u), (v, 1 - v))))


def test_errors_go_to_the_winners_and_give_the_gradient():
    total = np.zeros((3, 3))
    for phase in PHASES:
        u, v = map(int, phase)
        errors = np.where(FOUND["first winner"] == phase, DELTA.ravel(), 0)
        np.testing.assert_array_equal(FOUND[f"error {phase}"].astype(int), errors)
        gradient = sum(error * FOUND[f"patch {n}"] for n, error in enumerate(errors))
        np.testing.assert_array_equal(FOUND[f"gradient {phase}"], gradient)
        total += gradient[u : u + 3, v : v + 3]
    np.testing.assert_array_equal(FOUND["gradient of the kernel"], total)


@pytest.mark.parametrize("l", [0, 1])
def test_the_layer_gives_the_numbers_of_the_page(l):
    """As the first layer by patches, and as a later one by strips."""
    entry = Convolution(kind="convolution", field=3, maps=1, pool=2)
    layer = Placed(entry, (6, 6, 1), "linear", "scaled")
    shapes = [{"w": (1, 1)}] * l + [layer.arrays]
    parameters, gradient = (Parameters.zeros(shapes, "float64") for _ in range(2))
    parameters.layers[l]["w"][...] = KERNEL.reshape(9, 1)
    convolution = ConvolutionPass(layer, l, parameters, (1,))
    a = convolution.forward(IMAGE.reshape(1, 36).astype(float))
    np.testing.assert_array_equal(a.ravel(), FOUND["largest"].ravel())
    convolution.backward(DELTA.reshape(1, 4).astype(float))
    convolution.gradient(gradient.layers[l])
    np.testing.assert_array_equal(gradient.layers[l]["w"].reshape(3, 3), FOUND["gradient of the kernel"])
    assert gradient.layers[l]["b"] == DELTA.sum()
