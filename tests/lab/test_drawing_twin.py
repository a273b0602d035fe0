"""The page prepares a drawing as Python does, to the byte."""

import base64

import numpy as np
import pytest

from mnist_softmax.data.drawing import boxed, to_digit

CALL = """([text, width, height]) => {
  const made = toDigit(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), width, height);
  return made && [[...made.digit], [...made.small.pixels], made.small.width, made.small.height];
}"""


def in_the_page(engine, ink: np.ndarray):
    text = base64.b64encode(np.ascontiguousarray(ink, np.uint8).tobytes()).decode()
    return engine.evaluate(CALL, [text, ink.shape[1], ink.shape[0]])


def stroke(rng: np.random.Generator, side: int) -> np.ndarray:
    """A random walk of a round soft pen."""
    rows, columns = np.indices((side, side))
    ink = np.zeros((side, side))
    at, width = rng.uniform(0.2 * side, 0.8 * side, 2), rng.uniform(0.02, 0.08) * side
    for _ in range(rng.integers(1, 25)):
        at = np.clip(at + rng.normal(0, 0.1 * side, 2), 0, side - 1)
        distance = np.hypot(rows - at[0], columns - at[1])
        ink = np.maximum(ink, np.clip(255 * (width - distance + 1), 0, 255))
    return ink.astype(np.uint8)


@pytest.mark.parametrize("side", [9, 28, 64, 280])
def test_strokes_give_the_same_bytes_as_in_python(engine, side):
    rng = np.random.default_rng(side)
    for _ in range(60):
        ink = stroke(rng, side)
        if not ink.any():
            ink[rng.integers(side), rng.integers(side)] = 255
        digit, small, width, height = in_the_page(engine, ink)
        np.testing.assert_array_equal(np.reshape(digit, (28, 28)), to_digit(ink))
        np.testing.assert_array_equal(np.reshape(small, (height, width)), boxed(ink))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3), (20, 20), (40, 20), (511, 77)])
def test_noise_and_odd_shapes_give_the_same_bytes(engine, shape):
    """Noise has ink at every edge, and sizes such as 40 put many sums exactly between two bytes."""
    rng = np.random.default_rng(1)
    for ink in (
        rng.integers(1, 256, shape),
        np.full(shape, 255),
        255 * rng.integers(0, 2, shape),
        rng.integers(0, 2, shape),
    ):
        ink = ink.astype(np.uint8)
        if not ink.any() or not boxed(ink).any():
            continue
        digit, *_ = in_the_page(engine, ink)
        np.testing.assert_array_equal(np.reshape(digit, (28, 28)), to_digit(ink))


def test_an_empty_field_is_no_digit(engine):
    assert in_the_page(engine, np.zeros((30, 30))) is None
