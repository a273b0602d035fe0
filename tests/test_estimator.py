"""NetworkClassifier: scikit-learn's own checks, MLPClassifier as oracle, and its place among other estimators."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import compute_sample_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

from mnist_softmax import NetworkClassifier
from mnist_softmax.errors import Diverged

WHOLE = {"batch_size": 10_000, "dtype": "float64"}  # a mini-batch is all rows


def expected_to_fail(estimator):
    if estimator.batch_size >= WHOLE["batch_size"]:
        return {}
    return {
        "check_sample_weight_equivalence_on_dense_data": "a row that is there twice falls into two mini-batches, "
        "a row of weight 2 into one"
    }


@parametrize_with_checks(
    [
        NetworkClassifier(),
        NetworkClassifier(**WHOLE),
        NetworkClassifier(solver="adam"),
        NetworkClassifier(early_stopping=True),
        NetworkClassifier(output_activation="sigmoid", cost="cross_entropy", hidden_layer_sizes=()),
        NetworkClassifier(output_activation="linear", cost="quadratic", learning_rate_init=0.05),
    ],
    expected_failed_checks=expected_to_fail,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    """360 digits of 8 x 8 pixels, 0 to 16, as 64-bit floats, and their labels."""
    X, y = load_digits(return_X_y=True)
    return X[:360], y[:360]


def made(**parameters) -> NetworkClassifier:
    return NetworkClassifier(
        **{"hidden_layer_sizes": (12,), "max_iter": 3, "scale": 16, "random_state": 0} | parameters
    )


def parameters(estimator) -> np.ndarray:
    return estimator.network_.parameters.flat


# ---- MLPClassifier


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"l2": 2.4}, {"solver": "sgd", "momentum": 0.0, "alpha": 2.4 * 20 / 360}),
        ({"alpha": 0.7}, {"solver": "sgd", "momentum": 0.0, "alpha": 0.7}),
        ({"momentum": 0.8}, {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False, "alpha": 0}),
        (
            {"momentum": 0.8, "nesterovs_momentum": True, "alpha": 0.1},
            {"solver": "sgd", "momentum": 0.8, "alpha": 0.1},
        ),
        ({"activation": "relu"}, {"activation": "relu", "solver": "sgd", "momentum": 0.0, "alpha": 0}),
        ({"activation": "tanh"}, {"activation": "tanh", "solver": "sgd", "momentum": 0.0, "alpha": 0}),
        (
            {"solver": "adam", "alpha": 0.1, "epsilon": 1e-20},
            {"solver": "adam", "alpha": 0.1, "epsilon": 1e-20},
        ),
        (
            {"solver": "adam", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-20},
            {"solver": "adam", "beta_1": 0.5, "beta_2": 0.9, "alpha": 0, "epsilon": 1e-20},
        ),
    ],
)
def test_three_epochs_equal_those_of_mlp_classifier(digits, ours, theirs):
    """From the same weights, which an epoch without momentum or memory has left."""
    X, y = digits[0] / 16, digits[1]
    shared = {"batch_size": 20, "shuffle": False, "learning_rate_init": 0.01}
    layers = {"hidden_layer_sizes": (12, 9), "activation": ours.get("activation", "logistic")}
    estimator = made(**shared, **layers, scale=1, dtype="float64", max_iter=1).fit(X, y)
    oracle = MLPClassifier(**{"hidden_layer_sizes": (12, 9), "activation": "logistic"} | shared | theirs)
    oracle.set_params(warm_start=True, max_iter=1, n_iter_no_change=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle.fit(X, y)  # to make its arrays
    for arrays, start in ((oracle.coefs_, estimator.coefs_), (oracle.intercepts_, estimator.intercepts_)):
        for array, values in zip(arrays, start, strict=True):
            array[...] = values
    oracle._optimizer = type(oracle._optimizer)(
        oracle.coefs_ + oracle.intercepts_,
        **{"learning_rate_init": 0.01}
        | {
            key.replace("nesterovs_momentum", "nesterov"): theirs[key]
            for key in ("momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon")
            if key in theirs
        },
    )
    oracle.loss_curve_ = []
    for _ in range(3):
        oracle.partial_fit(X, y)
    estimator.set_params(warm_start=True, max_iter=3, **ours).fit(X, y)
    for found, expected in ((estimator.coefs_, oracle.coefs_), (estimator.intercepts_, oracle.intercepts_)):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(estimator.predict_proba(X), oracle.predict_proba(X), rtol=1e-9)
    np.testing.assert_array_equal(estimator.predict(X), oracle.predict(X))
    if not theirs["alpha"]:
        np.testing.assert_allclose(estimator.loss_curve_, oracle.loss_curve_, rtol=1e-9)


# ---- weights of rows and classes


def test_rows_of_weight_two_count_as_if_they_were_there_twice(digits):
    X, y = digits
    times = np.arange(len(y)) % 3  # 0, 1 or 2
    weighted = made(**WHOLE).fit(X, y, sample_weight=times)
    repeated = made(**WHOLE).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(parameters(weighted), parameters(repeated), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_weights_change_nothing_however_large(digits, dtype):
    X, y = digits
    without, with_weights = made(dtype=dtype).fit(X, y), made(dtype=dtype).fit(X, y, np.full(len(y), 7.0))
    np.testing.assert_allclose(parameters(with_weights), parameters(without), rtol=1e-5)


def test_class_weights_are_weights_of_rows(digits):
    X, y = digits
    for class_weight in ("balanced", {0: 3.0, 7: 0.5}):
        by_class = made(class_weight=class_weight).fit(X, y)
        by_row = made().fit(X, y, sample_weight=compute_sample_weight(class_weight, y))
        np.testing.assert_array_equal(parameters(by_class), parameters(by_row))
    both = made(class_weight={0: 3.0}).fit(X, y, sample_weight=1.0 + (y == 1))
    by_row = made().fit(X, y, sample_weight=(1.0 + (y == 1)) * np.where(y == 0, 3.0, 1.0))
    np.testing.assert_array_equal(parameters(both), parameters(by_row))


# ---- going on, and stopping


@pytest.mark.parametrize("way", [{}, {"momentum": 0.5}, {"solver": "adam"}, {"l1": 0.5}])
def test_parts_and_warm_starts_come_to_the_bits_of_one_fit(digits, way):
    X, y = digits
    whole = made(max_iter=4, **way).fit(X, y)
    in_parts = made(**way)
    for _ in range(4):
        in_parts.partial_fit(X, y, classes=np.unique(y))
    warm = made(max_iter=2, warm_start=True, **way).fit(X, y).fit(X, y)
    np.testing.assert_array_equal(parameters(in_parts), parameters(whole))
    np.testing.assert_array_equal(parameters(warm), parameters(whole))
    assert (whole.n_iter_, in_parts.n_iter_, warm.n_iter_) == (4, 4, 2)
    assert in_parts.loss_curve_ == whole.loss_curve_


def test_the_learning_rate_has_its_schedule_in_parts_as_well(digits):
    X, y = digits
    schedule = {"kind": "exponential", "factor": 0.5}
    estimator = made(learning_rate=schedule, learning_rate_init=0.4)
    for _ in range(3):
        estimator.partial_fit(X, y, classes=np.unique(y))
    assert [record["learning_rate"] for record in estimator.history_] == [0.4, 0.2, 0.1]


@pytest.mark.parametrize("early", [False, True])
def test_the_learning_rate_is_halved_by_validation_rows(digits, early):
    """Halved after two epochs without a better one; where that makes it a quarter of the first, the run ends."""
    X, y = digits
    rows = {} if early else {"X_val": X[200:], "y_val": y[200:]}
    schedule = {"kind": "halving", "patience": 2, "stop_at": 4}
    estimator = made(learning_rate=schedule, learning_rate_init=0.4, early_stopping=early, max_iter=200)
    estimator.fit(X[:200], y[:200], **rows)
    assert {record["learning_rate"] for record in estimator.history_} == {0.4, 0.2}
    assert estimator.n_iter_ < 200
    with pytest.raises(ValueError, match="need validation rows: give X_val and y_val"):
        made(learning_rate=schedule).fit(X, y)


def test_early_stopping_keeps_the_best_parameters_on_rows_of_ones_own(digits):
    X, y = digits
    estimator = made(early_stopping=True, n_iter_no_change=3, max_iter=200)
    estimator.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    scores = estimator.validation_scores_
    assert estimator.n_iter_ == len(scores) < 200
    assert estimator.score(X[200:], y[200:]) == max(scores)
    assert scores.index(max(scores)) == len(scores) - 1 - 3


def test_early_stopping_sets_rows_aside_where_none_are_given(digits):
    X, y = digits
    estimator = made(early_stopping=True, validation_fraction=0.25, n_iter_no_change=3, max_iter=200).fit(X, y)
    assert 3 < estimator.n_iter_ < 200
    ninetieths = np.array(estimator.validation_scores_) * 90  # a quarter of 360 rows
    np.testing.assert_allclose(ninetieths, np.rint(ninetieths), atol=1e-9)


def test_validation_rows_are_measured_without_early_stopping_too(digits):
    X, y = digits
    watched = made().fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    np.testing.assert_array_equal(parameters(watched), parameters(made().fit(X[:200], y[:200])))
    assert watched.validation_scores_[-1] == watched.score(X[200:], y[200:])


@pytest.mark.parametrize("true", [True, np.True_])
def test_training_ends_when_on_epoch_gives_back_true_and_for_nothing_else(digits, true):
    seen = []

    def watch(record):
        seen.append(record)
        return true if len(seen) == 2 else "something else"

    estimator = made(max_iter=9, on_epoch=watch).fit(*digits)
    assert [record["epoch"] for record in seen] == [1, 2]
    assert seen == estimator.history_
    np.testing.assert_array_equal(parameters(estimator), parameters(made(max_iter=2).fit(*digits)))


def test_tol_ends_training_when_the_cost_falls_no_more(digits):
    estimator = made(tol=1e9, n_iter_no_change=4, max_iter=50).fit(*digits)
    assert estimator.n_iter_ == 5
    assert made(tol=None, max_iter=9).fit(*digits).n_iter_ == 9


def test_verbose_prints_a_line_an_epoch(digits, capsys):
    made(verbose=True).fit(*digits)
    assert len(capsys.readouterr().out.splitlines()) == 3
    made().fit(*digits)
    assert capsys.readouterr().out == ""


def test_scikit_learns_callbacks_are_told_of_every_epoch_and_may_stop(digits):
    pytest.importorskip("sklearn.callback")
    X, y = digits

    class Watch:
        def __init__(self) -> None:
            self.begun, self.accuracies = [], []

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context, **told):
            self.begun.append(context.task_name)

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, **told):
            if context.task_name == "epoch":
                self.accuracies.append(fitted_estimator.score(X, y))
            return len(self.accuracies) == 2

    watch = Watch()
    estimator = made(max_iter=9).set_callbacks(watch).fit(X, y)
    assert watch.begun == ["fit", "epoch", "epoch"]
    assert estimator.n_iter_ == 2
    assert watch.accuracies[-1] == estimator.score(X, y)


# ---- tables and labels


def test_labels_may_be_words_and_numbers_beyond_a_byte(digits):
    X, y = digits
    plain = made().fit(X, y)
    for names in (np.array(list("jihgfedcba")[::-1]), np.arange(10) * 1000 - 3, np.arange(10) + 0.0):
        named = made().fit(X, names[y])
        np.testing.assert_array_equal(named.predict(X), names[plain.predict(X)])
        np.testing.assert_array_equal(named.predict_proba(X), plain.predict_proba(X))
        np.testing.assert_array_equal(named.classes_, names)


def test_bytes_go_in_as_they_are_stored(digits):
    X, y = digits
    floats, stored = (
        made(scale=1).fit((X / 16).astype(np.float32), y),
        made(scale=16).fit(X.astype(np.uint8), y),
    )
    np.testing.assert_array_equal(parameters(stored), parameters(floats))
    np.testing.assert_array_equal(
        stored.predict(X.astype(np.uint8)), floats.predict((X / 16).astype(np.float32))
    )


def test_tables_of_pandas_and_polars_go_in_and_their_names_are_kept(digits):
    polars = pytest.importorskip("polars")
    X, y = digits
    names = [f"pixel{k}" for k in range(64)]
    expected = made().fit(X, y)
    for table, labels in (
        (pd.DataFrame(X, columns=names), pd.Series(y)),
        (polars.DataFrame(X, schema=names), polars.Series(y)),
    ):
        estimator = made().fit(table, labels)
        np.testing.assert_array_equal(parameters(estimator), parameters(expected))
        np.testing.assert_array_equal(estimator.predict(table), expected.predict(X))
        assert list(estimator.feature_names_in_) == names
        with pytest.raises(ValueError, match="feature names should match"):
            estimator.predict(table[[*names[1:], names[0]]])


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_behind_a_step_that_gives_tables(digits, kind):
    pytest.importorskip(kind)
    X, y = digits
    table = pd.DataFrame(X, columns=[f"pixel{k}" for k in range(64)])
    pipeline = make_pipeline(StandardScaler(), made(scale=1)).set_output(transform=kind).fit(table, y)
    assert list(pipeline[-1].feature_names_in_) == list(table.columns)
    expected = make_pipeline(StandardScaler(), made(scale=1)).fit(X, y)
    np.testing.assert_array_equal(pipeline.predict(table), expected.predict(X))


def test_outputs_that_are_no_probabilities_are_not_sold_as_such(digits):
    estimator = made(output_activation="tanh", cost="quadratic", learning_rate_init=0.05).fit(*digits)
    assert not hasattr(estimator, "predict_proba")
    assert estimator.predict(digits[0]).shape == (360,)
    sigmoid = made(output_activation="sigmoid", cost="cross_entropy", max_iter=10).fit(*digits)
    np.testing.assert_allclose(sigmoid.predict_proba(digits[0]).sum(axis=1), 1)
    np.testing.assert_array_equal(sigmoid.predict_proba(digits[0]).argmax(axis=1), sigmoid.predict(digits[0]))


# ---- among other estimators


def test_in_a_pipeline_under_cross_validation(digits):
    scores = cross_val_score(make_pipeline(StandardScaler(), made(scale=1, max_iter=20)), *digits, cv=3)
    assert scores.min() > 0.75  # a tenth would be guessing


@pytest.mark.slow
def test_in_a_grid_searched_by_two_processes(digits):
    grid = {"solver": ["sgd", "adam"], "hidden_layer_sizes": [(), (12,)]}
    one, two = (GridSearchCV(made(), grid, cv=2, n_jobs=n).fit(*digits) for n in (1, 2))
    np.testing.assert_array_equal(two.cv_results_["mean_test_score"], one.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(parameters(two.best_estimator_), parameters(one.best_estimator_))


def test_calibrated_and_bagged(digits):
    X, y = digits
    calibrated = CalibratedClassifierCV(made(max_iter=20), cv=3).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    assert calibrated.score(X, y) > 0.8
    bagged = BaggingClassifier(made(max_iter=20), n_estimators=3, random_state=0).fit(X, y)
    assert bagged.score(X, y) > 0.8


def test_weights_are_routed_to_it(digits):
    X, y = digits
    weights = np.where(y == 3, 5.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        found = cross_validate(
            made().set_fit_request(sample_weight=True).set_score_request(sample_weight=False), X, y, cv=2,
            params={"sample_weight": weights}, return_estimator=True, return_indices=True,
        )  # fmt: skip
    for estimator, rows in zip(found["estimator"], found["indices"]["train"], strict=True):
        expected = made().fit(X[rows], y[rows], sample_weight=weights[rows])
        np.testing.assert_array_equal(parameters(estimator), parameters(expected))


def through_joblib(estimator, folder):
    joblib.dump(estimator, folder / "estimator.joblib")
    return joblib.load(folder / "estimator.joblib")


@pytest.mark.parametrize("way", [{}, {"momentum": 0.5}, {"solver": "adam", "dtype": "float64"}])
@pytest.mark.parametrize(
    "stored",
    [lambda each, _: pickle.loads(pickle.dumps(each)), lambda each, _: copy.deepcopy(each), through_joblib],
    ids=["pickle", "deepcopy", "joblib"],
)
def test_stored_and_read_back_it_answers_and_trains_on_to_the_same_bits(digits, tmp_path, stored, way):
    X, y = digits
    original = made(**way).fit(X, y)
    twin = stored(original, tmp_path)
    np.testing.assert_array_equal(twin.predict_proba(X), original.predict_proba(X))
    before = parameters(original).copy()
    twin.partial_fit(X, y)
    np.testing.assert_array_equal(parameters(original), before)
    original.partial_fit(X, y)
    np.testing.assert_array_equal(parameters(twin), parameters(original))
    assert not np.array_equal(parameters(twin), before)


def test_a_clone_is_not_fitted_and_fits_to_the_same_bits(digits):
    original = made(class_weight="balanced", learning_rate={"kind": "step", "every": 1, "factor": 0.5})
    original.fit(*digits)
    twin = clone(original)
    assert not hasattr(twin, "network_")
    np.testing.assert_array_equal(parameters(twin.fit(*digits)), parameters(original))


# ---- what is refused


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        (
            {"cost": "cross_entropy", "output_activation": "tanh"},
            "cross_entropy is not defined for tanh outputs",
        ),
        ({"solver": "adam", "momentum": 0.9}, "momentum: is for solver sgd; adam has beta_1"),
        ({"l2": 1.0, "alpha": 1.0}, "alpha and l2"),
        ({"learning_rate": {"kind": "rising"}}, "kind must be one of constant, step, exponential, halving"),
        ({"hidden_layer_sizes": (30, 0)}, "greater than 0"),
        ({"hidden_layer_sizes": (30.5,)}, "integer"),
        ({"cost": "loss"}, "The 'cost' parameter of NetworkClassifier must be"),
        ({"batch_size": 0}, "The 'batch_size' parameter"),
        ({"momentum": 1.0}, "The 'momentum' parameter"),
        ({"dtype": "float16"}, "The 'dtype' parameter"),
        ({"scale": 0}, "The 'scale' parameter"),
        ({"on_epoch": 3}, "The 'on_epoch' parameter"),
    ],
)
def test_parameters_that_cannot_be(digits, parameters, says):
    with pytest.raises(ValueError, match=says):
        made(**parameters).fit(*digits)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda X, y: ((np.where(X.max() == X, np.nan, X), y), {}), "NaN"),
        (lambda X, y: ((np.where(X.max() == X, np.inf, X), y), {}), "infinity"),
        (lambda X, y: ((X * 1e300, y), {}), "infinity"),  # too large for float32
        (lambda X, y: ((X + 1j, y), {}), "Complex data not supported"),
        (lambda X, y: ((X, y[:-1]), {}), "inconsistent numbers of samples"),
        (lambda X, y: ((X, np.zeros_like(y)), {}), "one class"),
        (lambda X, y: ((X, y + 0.5), {}), "Unknown label type"),
        (lambda X, y: ((X, np.eye(10)[y]), {}), "1d array"),
        (lambda X, y: ((X[:, 0], y), {}), "Expected 2D array"),
        (lambda X, y: ((X[:0], y[:0]), {}), "0 sample"),
        (lambda X, y: ((X, y), {"sample_weight": -np.ones(len(y))}), "Negative values"),
        (lambda X, y: ((X, y), {"sample_weight": np.zeros(len(y))}), "zero"),
        (lambda X, y: ((X, y), {"sample_weight": np.full(len(y), 1e308)}), "sum to inf"),
        (lambda X, y: ((X, y), {"sample_weight": np.ones(3)}), "sample_weight"),
        (lambda X, y: ((X, y), {"X_val": X}), "go together"),
        (lambda X, y: ((X, y), {"X_val": X[:, 1:], "y_val": y}), "features"),
        (lambda X, y: ((X, y), {"X_val": X, "y_val": y + 1}), r"labels \[10\]"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_data_that_cannot_be(digits, change, says):
    arguments, keys = change(*digits)
    with pytest.raises(ValueError, match=says):
        made().fit(*arguments, **keys)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan])
def test_weights_of_classes_that_leave_nothing_to_train_on(digits, weight):
    with pytest.raises(ValueError, match="the weights of the rows to train on sum to"):
        made(class_weight=dict.fromkeys(range(10), weight)).fit(*digits)


def test_rows_that_alone_have_weight_may_not_all_be_set_aside(digits):
    X, y = digits
    estimator = made(early_stopping=True, random_state=0)
    faults = []
    for row in range(40):
        try:
            estimator.fit(X[:40], y[:40], sample_weight=np.arange(40) == row)
        except ValueError as error:
            faults.append(str(error))
    assert faults == ["the weights of the rows to train on sum to 0, expected more than zero"] * 4  # a tenth


def test_sparse_rows_and_words_are_refused_in_scikit_learns_words(digits):
    scipy_sparse = pytest.importorskip("scipy.sparse")
    X, y = digits
    with pytest.raises(TypeError, match="Sparse data was passed"):
        made().fit(scipy_sparse.csr_array(X), y)
    with pytest.raises(ValueError, match="could not convert string to float"):
        made().fit(np.full(X.shape, "a", object), y)


def test_partial_fit_refuses_what_it_cannot_know(digits):
    X, y = digits
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        made().partial_fit(X, y)
    with pytest.raises(ValueError, match=r"labels \[8, 9\], which are not among"):
        made().partial_fit(X, y, classes=range(8))
    with pytest.raises(ValueError, match="needs all of y"):
        made(class_weight="balanced").partial_fit(X, y, classes=range(10))
    with pytest.raises(ValueError, match="warm_start=False"):
        made().fit(X, y).set_params(hidden_layer_sizes=(5,)).partial_fit(X, y)


def test_a_fit_that_diverges_says_so_in_the_words_of_its_parameters(digits):
    estimator = made(learning_rate_init=1e30, output_activation="linear", cost="quadratic")
    with pytest.raises(Diverged, match=r"diverged in epoch 1: .*; try a smaller learning_rate_init$"):
        estimator.fit(*digits)
    with pytest.raises(sklearn.exceptions.NotFittedError):
        estimator.predict(digits[0])


@pytest.mark.parametrize("wrong", [{"X_val": np.zeros((3, 64))}, {"sample_weight": np.ones(3)}])
def test_a_fit_that_fails_before_its_first_epoch_leaves_no_network_that_answers(digits, wrong):
    X, y = digits
    for estimator in (made(), made().fit(X, y)):
        with pytest.raises(ValueError, match=r"go together|sample_weight"):
            estimator.fit(X, y, **wrong)
        with pytest.raises(sklearn.exceptions.NotFittedError):
            estimator.predict(X)


def test_a_warm_start_that_is_refused_leaves_the_network_as_it_was(digits):
    X, y = digits
    estimator = made(warm_start=True).fit(X, y)
    before = estimator.predict_proba(X)
    for rows, labels in ((X[:, 1:], y), (X, y + 90)):
        with pytest.raises(ValueError, match=r"63 features|labels"):
            estimator.fit(rows, labels)
        np.testing.assert_array_equal(estimator.predict_proba(X), before)
    assert estimator.n_iter_ > 0


def test_in_parts_a_class_with_a_weight_may_be_missing(digits):
    X, y = digits
    weights = {0: 5.0, 1: 0.5}
    estimator = made(class_weight=weights).partial_fit(X[y > 0], y[y > 0], classes=range(10))
    by_hand = np.where(y == 1, 0.5, 1.0)[y > 0]
    theirs = made().partial_fit(X[y > 0], y[y > 0], classes=range(10), sample_weight=by_hand)
    np.testing.assert_array_equal(estimator.predict_proba(X), theirs.predict_proba(X))
    with pytest.raises(ValueError, match="is not the same as on the first call"):
        estimator.partial_fit(X, y, classes=range(11))
    with pytest.raises(ValueError, match=r"class_weight has labels \[99\], which are not among"):
        made(class_weight={99: 5.0}).partial_fit(X, y, classes=range(10))


def test_a_failed_fit_leaves_an_estimator_that_is_not_fitted(digits):
    estimator = made(cost="cross_entropy", output_activation="tanh")
    with pytest.raises(ValueError, match="not defined"):
        estimator.fit(*digits)
    with pytest.raises(sklearn.exceptions.NotFittedError):
        estimator.predict(digits[0])
