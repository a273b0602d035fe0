"""Exported networks answer in onnxruntime and PyTorch as they do here."""

import dataclasses
import sys

import numpy as np
import pytest
from small_run import run_command, run_train

import mnist_softmax as ms
from mnist_softmax.config.network import Architecture
from mnist_softmax.errors import ConfigError, Diverged, RunDirectoryError, UserError
from mnist_softmax.export.formats import FORMATS, export_npz
from mnist_softmax.export.pytorch import export_safetensors
from mnist_softmax.network.network import Network
from mnist_softmax.training.loop import train

onnx = pytest.importorskip("onnx")
safetensors = pytest.importorskip("safetensors")

DROPOUT = {"kind": "dropout", "p": 0.25}
CONVOLUTION = {"kind": "convolution", "maps": 3, "field": 3, "pool": 2}
LAYERS = {
    "dense": (64, 9, 7, 10),
    "one layer": (64, 10),
    "dropout": (64, DROPOUT, 9, {"kind": "dropout", "p": 0.5}, 10),
    "convolution": ((8, 8), CONVOLUTION, 9, 10),
    "no pooling": ((8, 8), {"kind": "convolution", "maps": 2, "field": 2, "activation": "tanh"}, 10),
    "two convolutions": ((8, 8), CONVOLUTION, DROPOUT, {**CONVOLUTION, "maps": 4, "field": 2}, DROPOUT, 9, 10),
    "rows and columns that differ": ((4, 16), CONVOLUTION, DROPOUT, DROPOUT, 10),
}
TOLERANCE = {"float32": 2e-6, "float64": 1e-14}
by_layers = pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
by_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


def network(layers, dtype="float32", hidden="sigmoid", output="softmax", cost="log_likelihood") -> Network:
    made = Network(
        Architecture(layers=layers, hidden_activation=hidden, output_activation=output, cost=cost), dtype
    )
    made.initialize(np.random.default_rng(0))
    return made


def images(n=50, width=64):
    return np.random.default_rng(1).integers(0, 256, (n, width), np.uint8)


def by_onnx(path, pixels) -> list[np.ndarray]:
    """Outputs and answers, by onnxruntime; by ONNX's own reference where there is a convolution in float64."""
    runtime = pytest.importorskip("onnxruntime")
    model = onnx.load(path)
    in_float64 = any(tensor.data_type == onnx.TensorProto.DOUBLE for tensor in model.graph.initializer)
    if in_float64 and any(node.op_type == "Conv" for node in model.graph.node):
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(model).run(None, {"images": pixels})
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": pixels})


def by_torch(path, pixels) -> np.ndarray:
    """Outputs of the torch.nn.Sequential that the file names, with the weights that it holds."""
    torch = pytest.importorskip("torch")
    with safetensors.safe_open(path, "pt") as file:
        said, tensors = file.metadata(), {name: file.get_tensor(name) for name in [*file.keys()]}
    model = eval(said["modules"], vars(torch.nn).copy())
    dtype = next(iter(tensors.values())).dtype
    model.to(dtype).load_state_dict(tensors)
    with torch.no_grad():
        return model.eval()(torch.tensor(pixels).to(dtype) / float(said["scale"])).numpy()


@by_layers
@by_dtype
@pytest.mark.parametrize("hidden", ["sigmoid", "tanh", "relu"])
def test_onnx_and_torch_answer_the_same(tmp_path, layers, dtype, hidden):
    ours = network(layers, dtype, hidden)
    expected = ours.outputs(images() / 255)
    ms.export_onnx(ours, tmp_path / "m.onnx")
    outputs, answers = by_onnx(tmp_path / "m.onnx", images())
    assert outputs.dtype == dtype
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=TOLERANCE[dtype])
    np.testing.assert_array_equal(answers, expected.argmax(axis=1))
    export_safetensors(ours, tmp_path / "m.safetensors")
    outputs = by_torch(tmp_path / "m.safetensors", images())
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "tanh", "relu", "linear"])
def test_so_it_is_with_every_kind_of_output(tmp_path, output):
    ours = network(LAYERS["dense"], "float64", output=output, cost="quadratic")
    ms.export_onnx(ours, tmp_path / "m.onnx", scale=100)
    export_safetensors(ours, tmp_path / "m.safetensors", scale=100)
    expected = ours.outputs(images() / 100)
    for outputs in (by_onnx(tmp_path / "m.onnx", images())[0], by_torch(tmp_path / "m.safetensors", images())):
        np.testing.assert_allclose(outputs, expected, rtol=1e-12, atol=1e-14)


def test_the_model_takes_pixels_as_they_are_stored_and_divides_them_first(tmp_path):
    ms.export_onnx(network(LAYERS["dense"]), tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    assert (model.opset_import[0].version, model.ir_version) == (13, 8)
    assert [node.op_type for node in model.graph.node][:2] == ["Cast", "Div"]
    [entry] = model.graph.input
    assert entry.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert entry.type.tensor_type.shape.dim[1].dim_value == 64
    for n in (1, 7):  # any number of images
        assert by_onnx(tmp_path / "m.onnx", images(n))[0].shape == (n, 10)


def test_pixels_that_are_no_bytes(tmp_path):
    ours, pixels = network(LAYERS["dense"]), images() / np.float32(255)
    ms.export_onnx(ours, tmp_path / "m.onnx", scale=1, pixels="float32")
    outputs, _ = by_onnx(tmp_path / "m.onnx", pixels.astype(np.float32))
    np.testing.assert_allclose(outputs, ours.outputs(pixels), atol=TOLERANCE["float32"])


def test_in_training_torch_drops_and_scales_so_that_its_mean_is_ours(tmp_path):
    """Through linear layers the mean over many masks is what all neurons give, thinned by 1 - p."""
    torch = pytest.importorskip("torch")
    ours = network((64, DROPOUT, 10), "float64", output="linear", cost="quadratic")
    export_safetensors(ours, tmp_path / "m.safetensors")
    with safetensors.safe_open(tmp_path / "m.safetensors", "pt") as file:
        model = eval(file.metadata()["modules"], vars(torch.nn).copy()).to(torch.float64)
        model.load_state_dict({name: file.get_tensor(name) for name in ("1.weight", "1.bias")})
    torch.manual_seed(0)
    x = torch.tensor(images(1) / 255).repeat(20_000, 1)
    with torch.no_grad():
        mean = model.train()(x).mean(dim=0).numpy()
    np.testing.assert_allclose(mean, ours.outputs(images(1) / 255)[0], atol=0.02)


@by_dtype
def test_dense_weights_come_back_from_safetensors_and_npz_to_the_bit(tmp_path, dtype):
    from safetensors.numpy import load_file

    ours = network(LAYERS["dense"], dtype)
    export_safetensors(ours, tmp_path / "m.safetensors")
    export_npz(ours, tmp_path / "m.npz", scale=256)
    stored = load_file(tmp_path / "m.safetensors")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as arrays:
        again = Network(Architecture.model_validate_json(str(arrays["network"])), dtype)
        assert arrays["scale"] == 256
        for l, (layer, new) in enumerate(zip(ours.parameters.layers, again.parameters.layers, strict=True)):
            np.testing.assert_array_equal(stored[f"{2 * l}.weight"].T, layer["w"])
            np.testing.assert_array_equal(stored[f"{2 * l}.bias"], layer["b"])
            new["w"][...], new["b"][...] = arrays[f"w{l + 1}"], arrays[f"b{l + 1}"]
    np.testing.assert_array_equal(again.parameters.flat, ours.parameters.flat)


# ---- runs


@pytest.mark.parametrize("format", FORMATS)
def test_the_command_writes_the_network_of_a_finished_run(config, tmp_path, format):
    run_directory = tmp_path / "run"
    assert run_train("--config", config, "--output", run_directory, "data.scale=200").returncode == 0
    result = run_command("export", run_directory, "--format", format)
    assert result.returncode == 0, result.stderr
    path = run_directory / f"network.{format}"
    assert result.stdout == f"{path}: {path.stat().st_size:,} bytes\n"
    run, pixels = ms.open_run(run_directory), images(20, 16)
    if format == "onnx":
        outputs, answers = by_onnx(path, pixels)
        np.testing.assert_array_equal(answers, run.predict(pixels))
    elif format == "safetensors":
        outputs = by_torch(path, pixels)
    else:
        with np.load(path) as stored, np.load(run_directory / "model.npz") as model:
            assert stored["scale"] == 200
            assert all(np.array_equal(stored[name], model[name]) for name in model.files)
        return
    np.testing.assert_allclose(outputs, run.outputs(pixels), atol=TOLERANCE["float32"])


def test_a_file_of_ones_own_in_a_folder_that_is_made(config, tmp_path):
    assert run_train("--config", config, "--output", tmp_path / "run").returncode == 0
    path = tmp_path / "new" / "digits.onnx"
    assert run_command("export", tmp_path / "run", "--format", "onnx", "--output", path).returncode == 0
    onnx.checker.check_model(str(path))


def test_an_unfinished_run_is_refused_in_one_line(dataset, settings, tmp_path):
    class Killed(Exception):
        pass

    def kill(record):
        raise Killed

    with pytest.raises(Killed):
        ms.run(settings(), dataset, tmp_path / "run", on_epoch=kill)
    result = run_command("export", tmp_path / "run", "--format", "onnx")
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert line == f"error: {tmp_path / 'run'}: has not ended yet; finish it with train --resume"
    assert not (tmp_path / "run" / "network.onnx").exists()


def test_a_run_that_diverged_is_refused(dataset, settings, tmp_path):
    with pytest.raises(Diverged):
        ms.run(
            settings(learning_rate=1e300, output_activation="linear", cost="quadratic"),
            dataset,
            tmp_path / "run",
        )
    with pytest.raises(RunDirectoryError, match="has diverged; nothing to export"):
        ms.export_onnx(ms.open_run(tmp_path / "run"), tmp_path / "m.onnx")


def test_what_cannot_be_exported_is_said_in_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"m\.npz: cannot be written"):
        export_npz(network(LAYERS["dense"]), tmp_path / "file" / "m.npz")
    several = ((8, 4, 2), CONVOLUTION, 10)
    with pytest.raises(ConfigError, match="inputs of several maps"):
        export_safetensors(network(several), tmp_path / "m.safetensors")
    ms.export_onnx(network(several), tmp_path / "m.onnx")  # which ONNX takes
    np.testing.assert_allclose(
        by_onnx(tmp_path / "m.onnx", images())[0], network(several).outputs(images() / 255), atol=2e-6
    )
    with pytest.raises(ConfigError, match="is several"):
        ms.export_onnx(Network(network(LAYERS["dense"]).architecture, replicas=(2,)), tmp_path / "m.onnx")
    for package, export in (("onnx", ms.export_onnx), ("safetensors.numpy", export_safetensors)):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(UserError, match=r"pip install 'mnist-softmax\[onnx\]'"):
            export(network(LAYERS["dense"]), tmp_path / "m")


# ---- the digits themselves


@pytest.mark.slow
@pytest.mark.full_mnist
@by_dtype
@pytest.mark.parametrize(
    "layers",
    [(784, 30, 10),
     ([28, 28], {"kind": "convolution", "maps": 20, "field": 5, "pool": 2}, {"kind": "dropout", "p": 0.5}, 100, 10)],
    ids=["dense", "convolution"],
)  # fmt: skip
def test_all_10000_test_images_are_answered_alike(full_mnist, settings, tmp_path, layers, dtype):
    few = dataclasses.replace(full_mnist, train=full_mnist.train.first(3000))
    training = {"epochs": 1, "learning_rate": 0.05, "dtype": dtype, "monitor": ()}
    ours, _ = train(settings(layers=layers, hidden_activation="relu", initializer="he", **training), few)
    pixels = full_mnist.test.images
    expected = np.concatenate([ours.outputs(pixels[k : k + 500] / 255) for k in range(0, 10_000, 500)])
    assert (expected.argmax(axis=1) == full_mnist.test.labels).mean() > 0.8
    ms.export_onnx(ours, tmp_path / "m.onnx")
    export_safetensors(ours, tmp_path / "m.safetensors")
    tolerance = {"float32": 1e-5, "float64": 1e-13}[dtype]
    shown = 200 if dtype == "float64" and len(layers) > 3 else 10_000  # ONNX's reference takes 10 ms an image
    outputs, answers = by_onnx(tmp_path / "m.onnx", pixels[:shown])
    np.testing.assert_allclose(outputs, expected[:shown], rtol=0, atol=tolerance)
    np.testing.assert_array_equal(answers, expected[:shown].argmax(axis=1))
    outputs = by_torch(tmp_path / "m.safetensors", pixels)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(outputs.argmax(axis=1), expected.argmax(axis=1))
