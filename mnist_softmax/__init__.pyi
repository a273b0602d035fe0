"""The API as editors and type checkers see it; __init__.py imports each name when it is asked for."""

from mnist_softmax.comparison.compare import compare as compare
from mnist_softmax.config.file import load_config as load_config
from mnist_softmax.data.files import load_images as load_images
from mnist_softmax.data.sources import load_digits as load_digits
from mnist_softmax.errors import UserError as UserError
from mnist_softmax.estimator import NetworkClassifier as NetworkClassifier
from mnist_softmax.export.onnx import export_onnx as export_onnx
from mnist_softmax.lab.build import lab as lab
from mnist_softmax.runs.run import open_run as open_run
from mnist_softmax.runs.run import run as run
from mnist_softmax.runs.vote import vote as vote
from mnist_softmax.training.evaluation import evaluate as evaluate
from mnist_softmax.training.loop import train as train

__version__: str
API: dict[str, str]
