"""What stands under each act of the page: the function and the test behind it, and a command to copy."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """`function` is a dotted name of the package; `test` a file and a test of this repository."""

    function: str
    test: str
    command: str


SOURCES = {
    "slope": Source(
        "mnist_softmax.network.output.error",
        "tests/docs/test_derivation.py::test_d3_softmax_with_log_likelihood",
        "mnist-softmax explain data.source=sample",
    ),
    "path": Source(
        "mnist_softmax.network.activations.softmax_vjp",
        "tests/docs/test_derivation.py::test_d8_product_with_the_jacobian",
        "mnist-softmax gradcheck --config configs/loglik.yaml",
    ),
    "cost": Source(
        "mnist_softmax.network.output.error_at_true_digit",
        "tests/docs/test_derivation.py::test_d7_the_wrong_formula_is_no_gradient",
        "mnist-softmax gradcheck --config configs/loglik_wrong_gradient.yaml",
    ),
    "train": Source(
        "mnist_softmax.training.sgd.train_epoch",
        "tests/lab/test_engine.py::test_an_epoch_of_a_thousand_digits_ends_in_the_same_network",
        "mnist-softmax compare configs/cross_entropy.yaml configs/loglik.yaml --seeds 10 --output comparison",
    ),
    "inside": Source(
        "mnist_softmax.data.drawing.to_digit",
        "tests/lab/test_drawing_twin.py::test_strokes_give_the_same_bytes_as_in_python",
        "mnist-softmax predict runs/loglik/seed-0 picture.png",
    ),
    "two": Source(
        "mnist_softmax.network.costs.cross_entropy",
        "tests/docs/test_derivation.py::test_d11_softmax_with_binary_cross_entropy",
        "mnist-softmax explain data.source=sample",
    ),
}
