"""A network as an ONNX model, which onnxruntime and many others run."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

import mnist_softmax
from mnist_softmax.config.layers import Dense, Dropout
from mnist_softmax.config.placed import Placed
from mnist_softmax.export.source import installed, kernels, network_and_scale, write
from mnist_softmax.network.network import Network
from mnist_softmax.runs.run import Run

Arrays = dict[str, np.ndarray]
Pixels = Literal["uint8", "float32", "float64"]

OPSET, IR_VERSION = 13, 8  # old enough for runtimes of 2021


def export_onnx(
    source: Run | Network, path: str | Path, scale: float = 255.0, pixels: Pixels = "uint8"
) -> None:
    """Write a run's network, or a network, as an ONNX model.

    It takes `images` (n, width) of the type `pixels`, as they are stored, divides them by the scale itself, and
    gives `outputs` (n, K), which are a^L, and `answers` (n,), the largest one's number. A run knows its scale; of a
    network alone it is `scale`. The numbers inside have the network's dtype; onnxruntime runs no convolution in
    float64, though ONNX has it.
    Raises RunDirectoryError: the run has not been trained to its end; UserError: onnx is not installed;
    ConfigError: the file cannot be written.
    """
    network, scale = network_and_scale(source, scale)
    onnx = installed("onnx")
    graph = Graph(onnx, network.dtype)
    x = graph.add("Cast", "images", to=graph.type_of(network.dtype))
    x = graph.add("Div", x, graph.constant(np.array(float(scale)), "scale"))
    for layer, arrays in zip(network.layers, network.parameters.layers, strict=True):
        x = graph.layer(layer, arrays, x)
    outputs = graph.activation(network.output.activation, x)
    graph.add("Identity", outputs, name="outputs")
    graph.add("ArgMax", outputs, name="answers", axis=-1, keepdims=0)
    model = graph.model(network, pixels)
    onnx.checker.check_model(model, full_check=True)
    write(path, model.SerializeToString())


class Graph:
    """An ONNX graph as it grows: nodes, and the arrays that they use."""

    def __init__(self, onnx: ModuleType, dtype: str) -> None:
        self.onnx, self.helper, self.dtype = onnx, installed("onnx.helper"), dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def type_of(self, dtype: str) -> int:
        """ONNX's number of a dtype."""
        return int(self.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """A node more; gives the name of what comes out of it."""
        name = name or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, array: np.ndarray, name: str = "") -> str:
        """An array more, floats in the network's dtype; gives its name."""
        name = name or f"constant_{len(self.constants)}"
        typed = np.ascontiguousarray(array, np.int64 if array.dtype == np.int64 else self.dtype)
        self.constants.append(self.onnx.numpy_helper.from_array(typed.reshape(array.shape), name))
        return name

    def layer(self, layer: Placed[Any], arrays: Arrays, x: str) -> str:
        """The nodes of a layer, from rows (n, n_in) to rows (n, n_out)."""
        if isinstance(layer.entry, Dense):
            z = self.add("Gemm", x, self.constant(arrays["w"]), self.constant(arrays["b"]))
            return self.activation(layer.activation, z)
        if isinstance(layer.entry, Dropout):  # in use all neurons are there, and thinned by a factor
            return self.add("Mul", x, self.constant(np.array(1 - layer.entry.p)))
        x = self.add("Reshape", x, self.constant(np.array([-1, *layer.shape_in])))
        x = self.add("Transpose", x, perm=[0, 3, 1, 2])  # to (n, maps, rows, columns)
        x = self.add("Conv", x, self.constant(kernels(layer, arrays["w"])))
        if (pool := layer.entry.pool) > 1:
            x = self.add("MaxPool", x, kernel_shape=[pool, pool], strides=[pool, pool])
        x = self.add("Add", x, self.constant(arrays["b"][:, None, None]))
        x = self.add("Transpose", self.activation(layer.activation, x), perm=[0, 2, 3, 1])
        return self.add("Reshape", x, self.constant(np.array([-1, layer.n_out])))

    def activation(self, name: str, z: str) -> str:
        """The node of an activation; of a linear one none."""
        operators = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}
        if name == "softmax":
            return self.add("Softmax", z, axis=-1)
        return z if name == "linear" else self.add(operators[name], z)

    def model(self, network: Network, pixels: str) -> Any:
        """The whole."""
        value = self.helper.make_tensor_value_info
        images = value("images", self.type_of(pixels), ["n", network.num_inputs])
        outputs = value("outputs", self.type_of(network.dtype), ["n", network.num_outputs])
        answers = value("answers", self.type_of("int64"), ["n"])
        graph = self.helper.make_graph(
            self.nodes, network.architecture.title, [images], [outputs, answers], self.constants
        )
        return self.helper.make_model(
            graph,
            opset_imports=[self.helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="mnist_softmax",
            producer_version=mnist_softmax.__version__,
        )
