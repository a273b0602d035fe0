"""The parameters of NetworkClassifier: what each may be, and the config that they come to."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, get_args

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from mnist_softmax.config.config import Config
from mnist_softmax.config.file import validated_as
from mnist_softmax.config.layers import Initializer
from mnist_softmax.config.network import Cost, OutputActivation
from mnist_softmax.errors import ConfigError
from mnist_softmax.training.history import Record

ACTIVATIONS = {"logistic": "sigmoid", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu"}
COUNT = Interval(Integral, 1, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
WORDS = {
    "training.optimizer.beta1": "beta_1",
    "training.optimizer.beta2": "beta_2",
    "training.optimizer.epsilon": "epsilon",
    "training.schedule": "learning_rate",
    "training.learning_rate": "learning_rate_init",
    "training.mini_batch_size": "batch_size",
    "network.layers": "hidden_layer_sizes (with inputs and classes)",
    "need validation_accuracy in monitor": "need validation rows: give X_val and y_val, or early_stopping=True",
    "for optimizer sgd": "for solver sgd",
    "network: ": "",
    "training: ": "",
    "training.": "",
    "network.": "",
}  # keys of a config, and what the estimator has in their place
RATES = {"sgd": 0.5, "adam": 0.001}  # where learning_rate_init is None


class NetworkParameters(BaseEstimator):
    """What NetworkClassifier is made with; its docstring says what each parameter means."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", COUNT],
        "activation": [StrOptions({*ACTIVATIONS})],
        "output_activation": [StrOptions({*get_args(OutputActivation)})],
        "cost": [StrOptions({*get_args(Cost)})],
        "initializer": [StrOptions({*get_args(Initializer)})],
        "solver": [StrOptions({*RATES})],
        "learning_rate_init": [POSITIVE, None],
        "learning_rate": [StrOptions({"constant"}), dict],
        "alpha": [NOT_NEGATIVE, None],
        "tol": [NOT_NEGATIVE, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "dtype": [StrOptions({"float32", "float64"})],
        "on_epoch": [callable, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        **{key: [COUNT] for key in ("batch_size", "max_iter", "n_iter_no_change")},
        **{key: [POSITIVE] for key in ("epsilon", "scale")},
        **{key: [NOT_NEGATIVE] for key in ("l2", "l1")},
        **{key: [Interval(Real, 0, 1, closed="left")] for key in ("momentum", "beta_1", "beta_2")},
        **{key: ["boolean"] for key in ("nesterovs_momentum", "early_stopping", "warm_start", "shuffle")},
    }

    def __init__(
        self, hidden_layer_sizes: Any = (30,), activation: str = "logistic", *, output_activation: str = "softmax",
        cost: str = "log_likelihood", initializer: str = "scaled", solver: str = "sgd", batch_size: int = 10,
        learning_rate_init: float | None = None, learning_rate: Any = "constant", momentum: float = 0.0,
        nesterovs_momentum: bool = False, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
        l2: float = 0.0, l1: float = 0.0, alpha: float | None = None, max_iter: int = 30, tol: float | None = None,
        early_stopping: bool = False, validation_fraction: float = 0.1, n_iter_no_change: int = 10,
        class_weight: Any = None, scale: float = 1.0, dtype: str = "float32", warm_start: bool = False,
        shuffle: bool = True, random_state: Any = None, verbose: Any = False,
        on_epoch: Callable[[Record], object] | None = None,
    ) -> None:  # fmt: skip
        self.hidden_layer_sizes, self.activation = hidden_layer_sizes, activation
        self.output_activation, self.cost, self.initializer = output_activation, cost, initializer
        self.solver, self.batch_size, self.shuffle = solver, batch_size, shuffle
        self.learning_rate_init, self.learning_rate = learning_rate_init, learning_rate
        self.momentum, self.nesterovs_momentum = momentum, nesterovs_momentum
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.l2, self.l1, self.alpha, self.max_iter, self.tol = l2, l1, alpha, max_iter, tol
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.n_iter_no_change, self.class_weight = n_iter_no_change, class_weight
        self.scale, self.dtype, self.warm_start = scale, dtype, warm_start
        self.random_state, self.verbose, self.on_epoch = random_state, verbose, on_epoch

    def config(
        self, n_in: int, num_classes: int, seed: int, n: int, epochs: int, watched: bool = False
    ) -> Config:
        """The parameters as a config, for n rows of n_in features; `watched` if validation accuracy is measured.

        Raises ValueError: parameters that do not go together.
        """
        m = min(self.batch_size, n)
        sizes = np.atleast_1d(self.hidden_layer_sizes).tolist()
        sgd = {"kind": "sgd", "nesterov": bool(self.nesterovs_momentum and self.momentum)}
        adam = {"kind": "adam", "beta1": self.beta_1, "beta2": self.beta_2, "epsilon": self.epsilon}
        if self.alpha and self.l2:
            raise ValueError("alpha and l2 are two ways to say one thing; give one of them")
        content = {
            "seed": seed,
            "network": {
                "layers": [n_in, *sizes, num_classes],
                "hidden_activation": ACTIVATIONS[self.activation],
                "output_activation": self.output_activation,
                "cost": self.cost,
                "initializer": self.initializer,
            },
            "training": {
                "epochs": epochs,
                "mini_batch_size": m,
                "learning_rate": self.learning_rate_init or RATES[self.solver],
                "schedule": {"kind": "constant"} if self.learning_rate == "constant" else self.learning_rate,
                "optimizer": adam if self.solver == "adam" else sgd,
                "momentum": self.momentum,
                "l2": self.alpha * n / m if self.alpha else self.l2,
                "l1": self.l1,
                "order": "shuffled" if self.shuffle else "as_stored",
                "early_stopping": {"patience": self.n_iter_no_change}
                if self.early_stopping and watched
                else None,
                "dtype": self.dtype,
                "monitor": ["validation_accuracy"] if watched else [],
            },
        }
        try:
            return validated_as(Config, content, (), type(self).__name__)
        except ConfigError as error:
            raise ValueError(in_words(str(error))) from None


def in_words(said: str) -> str:
    """What is said of a config, in the words of the parameters."""
    for key, word in WORDS.items():
        said = said.replace(key, word)
    return said
