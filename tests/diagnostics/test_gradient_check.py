"""The gradient check: it passes what is right, for everything a config allows, and sees planted faults."""

import numpy as np
import pytest
from small_run import run_command

from mnist_softmax.config.network import OUTPUT_ACTIVATIONS_OF, Activation
from mnist_softmax.config.randomness import BookStreams
from mnist_softmax.diagnostics.gradient_check import Check, by_backpropagation, gradient_check
from mnist_softmax.errors import ConfigError
from mnist_softmax.network.activations import ACTIVATIONS, softmax, softmax_vjp
from mnist_softmax.network.activations import Activation as Pair
from mnist_softmax.network.network import Network, Pass
from mnist_softmax.training.loop import start
from mnist_softmax.training.optimizers import Descent

PAIRS = [(cost, output) for cost, outputs in OUTPUT_ACTIVATIONS_OF.items() for output in outputs]
THRESHOLD = 1e-7


def failing(checks: list[Check]) -> set[tuple[bool, str]]:
    """(with penalties, array) for every array whose error is above the threshold."""
    return {
        (bool(check.l2 or check.l1), array.name)
        for check in checks
        for array in check.arrays
        if array.worst_error > THRESHOLD
    }


@pytest.mark.parametrize(("cost", "output"), PAIRS)
def test_every_pair_passes(dataset, settings, cost, output):
    chosen = settings(cost=cost, output_activation=output, l2=3.0, l1=2.0, seed=1)
    assert failing(gradient_check(chosen, dataset)) == set()


@pytest.mark.parametrize("layers", [(12, 4), (12, 7, 5, 4), (12, 7, 6, 5, 4)])
@pytest.mark.parametrize("hidden", Activation.__args__)
def test_every_hidden_activation_and_depth_passes(dataset, settings, hidden, layers):
    assert failing(gradient_check(settings(hidden_activation=hidden, layers=layers), dataset)) == set()


@pytest.mark.parametrize(
    "training",
    [{"momentum": 0.9}, {"momentum": 0.9, "l1": 2.0}, {"l2": 1.0},
     {"momentum": 0.9, "optimizer": {"kind": "sgd", "nesterov": True}},
     {"optimizer": {"kind": "adam"}}, {"optimizer": {"kind": "adam"}, "l1": 2.0}],
)  # fmt: skip
def test_every_kind_of_step_passes(dataset, settings, training):
    assert failing(gradient_check(settings(**training), dataset)) == set()


def test_penalties_are_off_in_the_first_check_and_on_in_the_second_whatever_the_config_says(dataset, settings):
    off, on = gradient_check(settings(), dataset)
    assert (off.l2, off.l1) == (0, 0)
    assert on.l2 > 0
    assert on.l1 > 0
    off, on = gradient_check(settings(l2=3.0), dataset)
    assert (off.l2, off.l1, on.l2, on.l1) == (0, 0, 3, 0)


def test_every_array_is_probed_by_entries_and_by_directions(dataset, settings):
    for check in gradient_check(settings(), dataset):
        assert [array.name for array in check.arrays] == ["w1", "b1", "w2", "b2"]
        for array in check.arrays:
            entries = [probe for probe in array.probes if probe.at is not None]
            assert len(entries) >= 4
            assert len(array.probes) > len(entries)
            assert len({probe.at for probe in entries}) == len(entries)


def test_parameters_are_left_as_they_were(dataset, settings, monkeypatch):
    made = []
    monkeypatch.setattr(
        "mnist_softmax.diagnostics.gradient_check.Network", lambda *a: made.append(Network(*a)) or made[0]
    )
    started = []
    initialize = Network.initialize
    monkeypatch.setattr(
        Network,
        "initialize",
        lambda self, rng: initialize(self, rng) or started.append(self.parameters.flat.copy()),
    )
    gradient_check(settings(l2=1.0, l1=1.0), dataset)
    np.testing.assert_array_equal(made[0].parameters.flat, started[0])


def test_the_sweep_is_a_v_with_the_slopes_of_theory(dataset, settings):
    """A centred difference errs by h^2 f'''/6 and by rounding over h."""
    for check in gradient_check(settings(), dataset):
        error = dict(check.sweep)
        assert 50 < error[1e-2] / error[1e-3] < 200
        assert error[1e-10] > 100 * error[1e-7] > 100 * min(error.values())
        assert 1e-6 < min(error, key=error.get) * 10 < 1e-2


# Planted faults


def test_a_diagonal_softmax_jacobian_is_caught(dataset, settings, monkeypatch):
    """The mistake of the question: da_k/dz_j taken as 0 for k != j, so that delta_j = g_j a_j (1 - a_j)."""

    def diagonal(a, g, out):
        return np.multiply(g, a * (1 - a), out=out)

    monkeypatch.setitem(ACTIVATIONS, "softmax", Pair(softmax, diagonal))
    found = failing(gradient_check(settings(cost="quadratic"), dataset))
    assert found == {(penalised, name) for penalised in (False, True) for name in ("w1", "b1", "w2", "b2")}


def test_a_jacobian_wrong_in_one_column_by_a_millionth_is_caught(dataset, settings, monkeypatch):
    def slightly_wrong(a, g, out):
        softmax_vjp(a, g, out)
        out[..., 2] *= 1 + 1e-6
        return out

    monkeypatch.setitem(ACTIVATIONS, "softmax", Pair(softmax, slightly_wrong))
    assert (False, "b2") in failing(gradient_check(settings(cost="quadratic"), dataset))


def test_a_missing_1_over_m_is_caught(dataset, settings, monkeypatch):
    make = Pass.__init__

    def without_m(self, network, m, *options):
        make(self, network, m, *options)
        self.divisor = np.array(1, network.dtype)

    monkeypatch.setattr(Pass, "__init__", without_m)
    checks = gradient_check(settings(), dataset)
    assert {name for _, name in failing(checks)} == {"w1", "b1", "w2", "b2"}
    worst = checks[0].arrays[-1].worst
    assert worst.analytic / worst.numeric == pytest.approx(10, rel=1e-6)


@pytest.mark.parametrize(("rule", "momentum"), [("plain", 0.0), ("momentum", 0.9)])
def test_a_penalty_on_biases_is_caught_and_only_there(dataset, settings, monkeypatch, rule, momentum):
    step = getattr(Descent, rule)

    def penalising_biases(self, p):
        biases = [layer["b"] for layer in self.network.parameters.layers]
        before = [b.copy() for b in biases]
        step(self, p)
        for b, was in zip(biases, before, strict=True):
            b -= self.eta[0] * self.settings[0].l2 / self.n * was

    monkeypatch.setattr(Descent, rule, penalising_biases)
    chosen = settings(l2=0.01, momentum=momentum)
    assert failing(gradient_check(chosen, dataset)) == {(True, "b1"), (True, "b2")}


def test_a_penalty_divided_by_m_in_place_of_n_is_caught(dataset, settings, monkeypatch):
    make = Descent.__init__
    monkeypatch.setattr(
        Descent, "__init__", lambda self, network, v, training, n: make(self, network, v, training, 10)
    )
    assert failing(gradient_check(settings(l2=1.0), dataset)) == {(True, "w1"), (True, "w2")}


def test_a_backpropagation_that_gives_nothing_is_caught(dataset, settings, monkeypatch):
    monkeypatch.setattr(Pass, "gradient", lambda self, into: None)
    assert {name for penalised, name in failing(gradient_check(settings(), dataset)) if not penalised} == {
        "w1", "b1", "w2", "b2",
    }  # fmt: skip


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_gradient_that_is_no_number_is_caught(dataset, settings, monkeypatch, value):
    gradient = Pass.gradient

    def spoiled(self, into):
        gradient(self, into)
        into.layers[1]["b"][2] = value

    monkeypatch.setattr(Pass, "gradient", spoiled)
    off, _ = gradient_check(settings(), dataset)
    assert failing([off]) == {(False, "b2")}
    assert off.worst_error == np.inf
    assert off.arrays[-1].worst.at == (2,)


# Kinks


def test_steps_across_a_kink_of_relu_are_left_out_and_counted(dataset, settings):
    chosen = settings(hidden_activation="relu", initializer="he", layers=(12, 40, 4))
    off, _ = gradient_check(chosen, dataset, step=0.05)
    assert sum(array.at_kinks for array in off.arrays) > 0
    assert failing(gradient_check(chosen, dataset)) == set()


def test_a_network_that_stands_at_kinks_alone_is_refused(dataset, settings):
    with pytest.raises(ConfigError, match=r"initializer zeros: every step .* kink of relu or of a pool"):
        gradient_check(settings(hidden_activation="relu", initializer="zeros"), dataset)


def test_zero_weights_under_l1_are_at_a_kink(dataset, settings):
    off, on = gradient_check(settings(initializer="zeros", l1=1.0, layers=(12, 4)), dataset)
    assert off.arrays[0].at_kinks == 0
    assert on.arrays[0].at_kinks > 0
    assert failing([off, on]) == set()


# The command


def test_the_command_passes_a_right_config(config):
    result = run_command("gradcheck", "--config", config)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "passed: the largest error is" in result.stdout
    assert "<- used above" in result.stdout


def test_the_command_fails_a_wrong_gradient_with_exit_1_and_says_why(config):
    result = run_command("gradcheck", "--config", config, "network.output_error=true_output_only")
    assert result.returncode == 1
    assert result.stderr == ""
    assert "FAILED" in result.stdout
    assert "network.output_error is true_output_only" in result.stdout


def test_the_command_fails_where_the_threshold_is_below_rounding(config):
    result = run_command("gradcheck", "--config", config, "--threshold", "1e-16")
    assert result.returncode == 1
    assert "This is expected" not in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--step", "0"), "--step"),
        (("--step", "nan"), "--step"),
        (("--threshold", "-1"), "--threshold"),
        (("network.layers=[16,6,5]",), "4 classes"),
        (
            ("network.output_activation=sigmoid", "network.output_error=true_output_only"),
            "leave output_error out",
        ),
        (("network.hidden_activation=relu", "network.initializer=zeros"), "kink"),
    ],
)
def test_what_the_command_cannot_obey_is_exit_2(config, words, hint):
    result = run_command("gradcheck", "--config", config, *words)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert hint in result.stderr.splitlines()[-1]


def test_it_looks_at_the_weights_that_are_trained_also_by_the_books_generators(dataset, settings, monkeypatch):
    by_streams = settings(initializer="large", rounding="book")
    chosen = by_streams.model_copy(update={"randomness": BookStreams(kind="book")})
    seen = []
    monkeypatch.setattr(
        "mnist_softmax.diagnostics.gradient_check.by_backpropagation",
        lambda network, batch: (
            seen.append(network.parameters.flat.copy()) or by_backpropagation(network, batch)
        ),
    )
    gradient_check(chosen, dataset)
    np.testing.assert_array_equal(seen[0], start(chosen).network.parameters.flat)
    assert not np.array_equal(seen[0], start(by_streams).network.parameters.flat)
