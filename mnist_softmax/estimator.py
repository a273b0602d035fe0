"""NetworkClassifier: the networks of this package as a scikit-learn estimator."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from mnist_softmax.data.dataset import Dataset, Split
from mnist_softmax.errors import Diverged
from mnist_softmax.estimator_callbacks import CallbackSupport, told_to_callbacks
from mnist_softmax.estimator_parameters import NetworkParameters, in_words
from mnist_softmax.network.network import Network
from mnist_softmax.training.cohort import State
from mnist_softmax.training.evaluation import passes_over
from mnist_softmax.training.history import History, Record, column
from mnist_softmax.training.loop import epochs as train_epochs
from mnist_softmax.training.loop import is_true, put_back_best, start
from mnist_softmax.training.optimizers import new_slots
from mnist_softmax.training.weighted import WeightedCohort

Arrays = tuple[np.ndarray, np.ndarray]

FITTED = ("_state", "_seed", "classes_", "n_features_in_", "feature_names_in_")


class NetworkClassifier(CallbackSupport, ClassifierMixin, NetworkParameters):
    """A network of dense layers, with the cost and the outputs of one's choice, for any table of numbers.

    Parameters have the names of scikit-learn's MLPClassifier where they mean the same:

    hidden_layer_sizes: neurons of each hidden layer; () is none. activation: theirs, "logistic" (or "sigmoid"),
        "tanh", "relu". output_activation: "softmax", "sigmoid", "tanh", "relu", "linear".
    cost: "log_likelihood", "cross_entropy" (both for softmax and sigmoid outputs), "quadratic".
    initializer: of weights and biases, "scaled", "large", "zeros", "he", "glorot", "fan_out".
    solver: "sgd", with momentum and nesterovs_momentum, or "adam", with beta_1, beta_2, epsilon.
    batch_size: rows of a mini-batch, at most all. shuffle: whether every epoch has a new order.
    learning_rate_init: None is 0.5 for sgd and 0.001 for adam. learning_rate: "constant", or what
        `training.schedule` of a config may be, such as {"kind": "exponential", "factor": 0.9}.
    l2, l1: lambda of eqs. (85) and (95). alpha: MLPClassifier's in place of l2, lambda = alpha n / batch_size.
    max_iter: epochs. tol: stop when the mean cost of an epoch has not fallen by tol for n_iter_no_change epochs;
        None never stops so.
    early_stopping: stop when validation accuracy has not risen for n_iter_no_change epochs, and keep the best
        parameters; on rows given to `fit`, or on a validation_fraction of the training rows.
    class_weight: None, "balanced" or {label: weight}.
    scale: X is divided by it. Bytes stay bytes, so images go in as they are stored with scale=255.
    dtype: "float32" or "float64". random_state: of weights and orders.
    warm_start: `fit` goes on from the parameters of the last one. verbose: print each epoch's record.
    on_epoch: is given the record of each epoch, and ends training by giving back True.

    Once fitted: classes_, n_features_in_, feature_names_in_, n_iter_, coefs_, intercepts_, loss_curve_ (the cost
    with penalties, in each epoch's mini-batches) and validation_scores_ as MLPClassifier has them, and
    network_ and history_ (a record an epoch, since the last `fit`).
    """

    # ---- fitting

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None) -> Self:
        """Train on the rows of X (n, features) and their labels y (n,), for max_iter epochs or until it stops.

        `sample_weight` (n,) says how much each row counts. On X_val and y_val, or with early stopping on rows set
        aside, accuracy is measured after every epoch.
        Raises ValueError, as scikit-learn words it, and Diverged: a cost or weight is no longer finite.
        """
        first = not (self.warm_start and hasattr(self, "_state"))
        if first and hasattr(self, "_state"):
            del self._state  # whatever goes wrong: an earlier network is not that of this fit
        X, y = self._checked(X, y, reset=first)
        state = self._begin(np.unique(y)) if first else replace(self._state, history=[])
        weights, codes = self._weights(X, y, sample_weight), self._codes(y)
        held_out = self._held_out(X_val, y_val)
        if held_out is None and self.early_stopping:
            rare = np.unique(codes, return_counts=True)[1].min() < 2
            few = len(y) * self.validation_fraction < len(self.classes_)
            kept, aside = train_test_split(
                np.arange(len(y)), test_size=self.validation_fraction, random_state=self._seed,
                stratify=None if rare or few else codes,
            )  # fmt: skip
            held_out = X[aside], codes[aside]
            X, codes, weights = X[kept], codes[kept], None if weights is None else weights[kept]
            _check_weights(weights)
        return self._train(state, X, codes, weights, self.max_iter, held_out)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch on these rows. The first call names all `classes` that will ever come."""
        first = not hasattr(self, "_state")
        if self.class_weight == "balanced":
            raise ValueError("class_weight 'balanced' needs all of y, not a part; give the weights as a dict")
        X, y = self._checked(X, y, reset=first)
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not first and classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(f"`classes={classes!r}` is not the same as on the first call: {self.classes_!r}")
        state = self._begin(unique_labels(classes)) if first else self._state
        return self._train(state, X, self._codes(y), self._weights(X, y, sample_weight), epochs=1)

    def _checked(self, X: Any, y: Any, reset: bool) -> Arrays:
        """X and y as arrays."""
        X, y = validate_data(self, X, y, dtype=[np.dtype(self.dtype), np.uint8], order="C", reset=reset)
        check_classification_targets(y)
        return X, y

    def _weights(self, X: np.ndarray, y: np.ndarray, sample_weight: Any) -> np.ndarray | None:
        """The weight of each row, None where all count the same."""
        weights, of_classes = None, self.class_weight
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if isinstance(of_classes, dict):
            if unknown := set(of_classes) - set(self.classes_.tolist()):
                there = self.classes_.tolist()
                raise ValueError(
                    f"class_weight has labels {sorted(unknown, key=str)}, which are not among {there}"
                )
            of_classes = {  # those that are there: y may be a part
                label: of_classes[label] for label in {*of_classes} & {*y.tolist()}
            }
        if of_classes is not None:
            weights = (1.0 if weights is None else weights) * compute_sample_weight(of_classes, y)
        _check_weights(weights)
        return weights

    def _held_out(self, X: Any, y: Any) -> Arrays | None:
        if (X is None) != (y is None):
            raise ValueError("X_val and y_val go together; one of them is None")
        if X is None:
            return None
        X, y = validate_data(self, X, y, dtype=[np.dtype(self.dtype), np.uint8], order="C", reset=False)
        return X, self._codes(y)

    def _codes(self, y: np.ndarray) -> np.ndarray:
        """The place of each label in classes_."""
        if unknown := set(np.unique(y).tolist()) - set(self.classes_.tolist()):
            raise ValueError(f"y has labels {sorted(unknown, key=str)}, which are not among {self.classes_}")
        return np.searchsorted(self.classes_, y)

    def _begin(self, classes: np.ndarray) -> State:
        """A new network for these classes, its weights drawn; `_train` puts it to use."""
        if len(classes) < 2:
            raise ValueError(f"expected at least two classes in y; it has one class, {classes[0]!r}")
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self.classes_, self._seed = classes, seed
        return start(self.config(self.n_features_in_, len(classes), seed, n=1, epochs=1, watched=True))

    def _train(
        self,
        state: State,
        X: np.ndarray,
        codes: np.ndarray,
        weights: np.ndarray | None,
        epochs: int,
        held_out: Arrays | None = None,
    ) -> Self:
        """So many epochs more, on rows whose labels stand at `codes` in classes_."""
        watched = held_out is not None
        settings = self.config(
            X.shape[1], len(self.classes_), self._seed, len(X), len(state.history) + epochs, watched
        )
        if (state.network.architecture, state.network.dtype) != (settings.network, self.dtype):
            raise ValueError(
                "layers, cost or dtype are no longer those of the network; fit it with warm_start=False"
            )
        self._state = state  # from here on nothing is refused
        slots = new_slots(state.network, settings.training)
        if slots.keys() != state.slots.keys():  # another solver than before
            state.slots = slots
        state.best = None
        train, validation = (Split(*rows, self.scale) for rows in ((X, codes), held_out or (X[:0], codes[:0])))
        dataset = Dataset(train, validation, validation, "array", "memory", "")
        if weights is not None:
            weights = weights / weights.mean()
        records = train_epochs(state, dataset, settings, make_cohort=partial(WeightedCohort, weights=weights))
        records = told_to_callbacks(self, records, epochs, X, self.classes_[codes], self._fitted)
        try:
            with threadpool_limits(limits=1, user_api="blas"), closing(records):
                for record in records:
                    if self.verbose:
                        print(record)
                    if self._stops(record):
                        break
        except Diverged as error:  # in the words of the parameters; what is left is not fitted
            del self._state
            raise Diverged(in_words(str(error))) from None
        put_back_best(state)
        return self

    def _fitted(self) -> dict[str, Any]:
        """All that `fit` gives an estimator."""
        return {name: value for name, value in vars(self).items() if name in FITTED}

    def _stops(self, record: Record) -> bool:
        if self.on_epoch is not None and is_true(self.on_epoch(record)):
            return True
        costs, patience = column(self.history_, "running_cost"), self.n_iter_no_change
        if self.tol is None or self.early_stopping or len(costs) <= patience:
            return False
        return min(costs[-patience:]) > min(costs[:-patience]) - self.tol

    # ---- asking

    def _outputs(self, X: Any) -> np.ndarray:
        """a^L of each row, (n, number of classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.dtype(self.dtype), np.uint8], order="C", reset=False)
        split = Split(X, np.zeros(len(X), np.uint8), self.scale)
        return np.concatenate([p.a.copy() for p, *_ in passes_over(self.network_, split)])

    def predict(self, X: Any) -> np.ndarray:
        """The label of the largest output for each row, (n,)."""
        answers = self._outputs(X).argmax(axis=1)
        return self.classes_[answers]

    def _gives_probabilities(self) -> bool:
        if self.output_activation in ("softmax", "sigmoid"):
            return True
        raise AttributeError(f"probabilities are for softmax and sigmoid outputs, not {self.output_activation}")

    @available_if(_gives_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """The outputs of each row, (n, number of classes), divided by their sum (which is 1 for softmax)."""
        a = self._outputs(X).astype(np.float64)
        a = np.maximum(a, np.finfo(self.dtype).tiny)  # sigmoid outputs may all be zero
        return a / a.sum(axis=1, keepdims=True)

    @available_if(_gives_probabilities)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_state")

    @property
    def network_(self) -> Network:
        """What is trained."""
        return self._state.network

    @property
    def history_(self) -> History:
        """A record an epoch."""
        return self._state.history

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return len(self.history_)

    @property
    def coefs_(self) -> list[np.ndarray]:
        """w of each layer, (n_in, n_out): views of the network's own."""
        return [layer["w"] for layer in self.network_.parameters.layers]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """b of each layer, (n_out,)."""
        return [layer["b"] for layer in self.network_.parameters.layers]

    @property
    def loss_curve_(self) -> list[float]:
        """Cost with penalties of every epoch."""
        return [record["running_cost"] + record["penalty"] for record in self.history_]

    @property
    def validation_scores_(self) -> list[float]:
        """Validation accuracy after every epoch in which it was measured."""
        return [record["validation_accuracy"] for record in self.history_ if "validation_accuracy" in record]


def _check_weights(weights: np.ndarray | None) -> None:
    if weights is not None and not 0 < weights.sum() < np.inf:
        raise ValueError(
            f"the weights of the rows to train on sum to {weights.sum():g}, expected more than zero"
        )
