"""A network as the state dict of a torch.nn.Sequential, in a safetensors file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mnist_softmax.config.layers import Convolution, Dense, Dropout
from mnist_softmax.errors import ConfigError
from mnist_softmax.export.source import installed, kernels, network_and_scale, write
from mnist_softmax.network.network import Network
from mnist_softmax.runs.run import Run

Arrays = dict[str, np.ndarray]

ACTIVATIONS = {"sigmoid": "Sigmoid()", "tanh": "Tanh()", "relu": "ReLU()", "softmax": "Softmax(-1)"}


def export_safetensors(source: Run | Network, path: str | Path, scale: float = 255.0) -> None:
    """Write a run's network, or a network, as the state dict of a torch.nn.Sequential, in a safetensors file.

    The file's metadata says in `modules` which Sequential, and in `scale` what pixels are to be divided by. PyTorch
    lays maps before rows and columns and weights before inputs, and scales up what dropout leaves in: arrays are
    turned, and the weights behind a dropout layer multiplied by 1 - p, so that it answers the same.
    Raises as `export_onnx`, and ConfigError for inputs of several maps.
    """
    network, scale = network_and_scale(source, scale)
    safetensors = installed("safetensors.numpy")
    modules = torch_modules(network)
    tensors = {
        f"{number}.{name}": np.ascontiguousarray(array, network.dtype)
        for number, (_, arrays) in enumerate(modules)
        for name, array in arrays.items()
    }
    said = f"Sequential({', '.join(module for module, _ in modules)})"
    metadata = {"format": "pt", "modules": said, "scale": repr(scale), "cost": network.output.cost_name}
    write(path, safetensors.save(tensors, metadata=metadata))


def torch_modules(network: Network) -> list[tuple[str, Arrays]]:
    """The modules of torch.nn.Sequential that are this network, as their constructors are written, with arrays."""
    modules: list[tuple[str, Arrays]] = []
    kept, as_maps = 1.0, False
    for layer, arrays in zip(network.layers, network.parameters.layers, strict=True):
        match layer.entry:
            case Dropout(p=p):
                modules.append((f"Dropout({p!r})", {}))
                kept *= 1 - p
                continue
            case Dense(neurons=n):
                w = arrays["w"]
                if as_maps:
                    modules.append(("Flatten()", {}))
                    w = w.reshape(*layer.shape_in, n).transpose(2, 0, 1, 3).reshape(-1, n)
                modules.append((f"Linear({layer.n_in}, {n})", {"weight": kept * w.T, "bias": arrays["b"]}))
                as_maps = False
            case Convolution(maps=maps, field=field, pool=pool):
                rows, columns, maps_in = layer.shape_in
                if not as_maps:
                    if maps_in > 1:
                        raise ConfigError(
                            "network.layers: PyTorch's Sequential cannot take inputs of several maps"
                        )
                    modules.append((f"Unflatten(1, (1, {rows}, {columns}))", {}))
                weight = kept * kernels(layer, arrays["w"])
                modules.append((f"Conv2d({maps_in}, {maps}, {field})", {"weight": weight, "bias": arrays["b"]}))
                if pool > 1:
                    modules.append((f"MaxPool2d({pool})", {}))
                as_maps = True
        kept = 1.0
        if layer.activation != "linear":
            modules.append((ACTIVATIONS[layer.activation], {}))
    if network.output.activation != "linear":
        modules.append((ACTIVATIONS[network.output.activation], {}))
    return modules
