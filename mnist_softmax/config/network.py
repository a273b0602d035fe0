"""What a config says of the network."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from mnist_softmax.config.layers import Activation, Initializer, Layers, WithWeights
from mnist_softmax.config.placed import Placed, placed, title
from mnist_softmax.config.schema import Section

OutputActivation = Literal["softmax", "sigmoid", "tanh", "relu", "linear"]
Cost = Literal["quadratic", "cross_entropy", "log_likelihood"]
OutputError = Literal["exact", "true_output_only"]

# A logarithm needs outputs between 0 and 1; the quadratic cost takes any number.
OUTPUT_ACTIVATIONS_OF: dict[str, tuple[str, ...]] = {
    "quadratic": ("softmax", "sigmoid", "tanh", "relu", "linear"),
    "cross_entropy": ("softmax", "sigmoid"),
    "log_likelihood": ("softmax", "sigmoid"),
}


class Architecture(Section):
    """What is trained."""

    layers: Layers
    """Inputs first: [784, 30, 10]. An entry is a number of neurons, or a mapping with a kind (layers.py)."""
    hidden_activation: Activation = "sigmoid"
    """Of hidden layers that say nothing else."""
    output_activation: OutputActivation
    """Of the last layer."""
    cost: Cost
    """Eq. (6), (63) or (80)."""
    output_error: OutputError = "exact"
    """delta^L: `exact` is dC/dz^L. `true_output_only` is y_j (a_j - 1), which with softmax outputs is no gradient of
    this cost or of any other: wrong on purpose, to be trained beside the right one (docs/derivation.md)."""
    initializer: Initializer = "scaled"
    """How starting weights are drawn: `scaled` is N(0, 1/n_in), `large` N(0, 1)."""

    def placed(self) -> list[Placed[Any]]:
        """Every layer but the inputs, with what reaches it and what leaves it."""
        return placed(self.layers, self.hidden_activation, self.initializer)

    def initialized(self, initializer: Initializer) -> Self:
        """The same with starting weights that are drawn so, in every layer."""
        layers = [
            entry.model_copy(update={"initializer": None}) if isinstance(entry, WithWeights) else entry
            for entry in self.layers
        ]
        return self.model_copy(update={"initializer": initializer, "layers": tuple(layers)})

    def hidden(self) -> list[Placed[Any]]:
        """The hidden layers that learn: dropout is none."""
        return [layer for layer in self.placed()[:-1] if layer.arrays]

    @property
    def title(self) -> str:
        """Such as 784-30-10."""
        return title(self.placed())

    @model_validator(mode="after")
    def _layers_fit(self) -> Self:
        self.placed()
        return self

    @model_validator(mode="after")
    def _cost_suits_output(self) -> Self:
        allowed = OUTPUT_ACTIVATIONS_OF[self.cost]
        if self.output_activation not in allowed:
            raise ValueError(
                f"cost {self.cost} is not defined for {self.output_activation} outputs; "
                f"output_activation may be {' or '.join(allowed)}"
            )
        return self

    @model_validator(mode="after")
    def _wrong_error_is_wrong(self) -> Self:
        pair = (self.output_activation, self.cost)
        if self.output_error == "true_output_only" and pair != ("softmax", "log_likelihood"):
            exact = pair == ("sigmoid", "log_likelihood")
            raise ValueError(
                "output_error true_output_only is the exact error of this pair already; leave output_error out"
                if exact
                else "output_error true_output_only is for softmax outputs with cost log_likelihood, "
                f"not for {self.output_activation} with {self.cost}"
            )
        return self
