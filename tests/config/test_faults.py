"""A fault of any schema is named by the keys that the user wrote, whatever kinds of section lie on the way."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import BeforeValidator, Field, model_validator

from mnist_softmax.config.file import validated_as
from mnist_softmax.config.schema import PositiveInt, Section
from mnist_softmax.errors import ConfigError


class Tea(Section):
    kind: Literal["tea"]
    minutes: PositiveInt
    sorts: dict[str, PositiveInt] = Field(default={})


class Cake(Section):
    kind: Literal["cake", "tart"]
    slices: PositiveInt


class Guest(Section):
    age: PositiveInt


Dish = Annotated[
    Tea | Cake,
    Field(discriminator="kind"),
    BeforeValidator(lambda value: {"kind": "cake", "slices": value} if isinstance(value, int) else value),
]


class Party(Section):
    dishes: tuple[Dish, ...] = ()
    first: Dish | None = None
    host: Guest | None = None
    guests: dict[str, Guest] = Field(default={})
    seats: tuple[int, ...] = Field(default=(1,), min_length=1, max_length=2)

    @model_validator(mode="after")
    def _hosts_are_grown_up(self) -> Self:
        if self.host and self.host.age in (8, 9):
            raise ValueError(f"a host of {self.host.age} is too young")
        return self


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({"dishes": [{"kind": "tea", "minutes": 0}]}, "dishes.0.minutes = 0: expected greater than 0"),
        ({"dishes": [3, {"kind": "tart"}]}, "dishes.1.slices: is missing"),
        ({"dishes": [{"kind": "tart", "slices": 2, "tart": 1}]},
         "unknown key 'dishes.0.tart'; known here: kind, slices"),
        ({"dishes": [{"kind": "tea", "minuts": 1, "minutes": 1}]},
         "unknown key 'dishes.0.minuts'; did you mean 'dishes.0.minutes'?"),
        ({"dishes": [3, {"kind": "soup"}]}, "dishes.1: kind must be one of tea, cake, tart"),
        ({"dishes": [{"slices": 3}]}, "dishes.0: kind must be one of tea, cake, tart"),
        ({"dishes": [3, 0]}, "dishes.1 = 0: expected greater than 0"),  # not the section that 0 stands for
        ({"dishes": ["tea"]}, "dishes.0 = 'tea': expected a section, that is keys with values"),
        ({"first": {"kind": "cake", "slices": 0}}, "first.slices = 0: expected greater than 0"),
        ({"first": -1}, "first = -1: expected greater than 0"),
        ({"host": {"age": 0}}, "host.age = 0: expected greater than 0"),
        ({"host": {"age": {"years": 3}}}, "host.age = {'years': 3}: expected a valid integer"),
        ({"dishes": {"first": 3}}, "dishes = {'first': 3}: expected a list"),
        ({"host": {"aeg": 3, "age": 3}}, "unknown key 'host.aeg'; did you mean 'host.age'?"),
        ({"guests": {"kind": {"age": 0}}}, "guests.kind.age = 0: expected greater than 0"),
        ({"guests": {"Ann": {}}}, "guests.Ann.age: is missing"),
        ({"age": 3}, "unknown key 'age'; did you mean 'host.age'?"),
        ({"seats": []}, "seats = []: expected at least 1 entries"),
        ({"seats": [1, 2, 3]}, "seats = [1, 2, 3]: expected at most 2 entries"),
        ({"dishes": [{"kind": "tea", "minutes": 1, "sorts": {"black": 0}}]},
         "dishes.0.sorts.black = 0: expected greater than 0"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_the_keys_that_were_written(content: dict[str, Any], line: str):
    with pytest.raises(ConfigError) as refused:
        validated_as(Party, content, (), "party.yaml")
    assert str(refused.value) == f"party.yaml: {line}"


@pytest.mark.parametrize(
    ("content", "override", "line"),
    [
        ({}, "host.age=0", "command line: host.age = 0: expected greater than 0"),
        ({"host": {"age": 0}}, "first=3", "party.yaml: host.age = 0: expected greater than 0"),
        ({"host": {"age": 0}}, "host.age=-1", "command line: host.age = -1: expected greater than 0"),
        ({"first": 3}, "first={kind: tea}", "command line: first.minutes: is missing"),
        ({"first": {"kind": "tea", "minutes": 3}}, "first.kind=tart",
         "command line: unknown key 'first.minutes'; known here: kind, slices"),
        ({"first": {"kind": "tea"}}, "first.sorts={}", "party.yaml: first.minutes: is missing"),
        ({"host": {"age": 9}}, "first=3", "party.yaml: a host of 9 is too young"),
        ({"host": {"age": 8}}, "host.age=9", "command line: a host of 9 is too young"),
        ({}, "host.age=9", "command line: a host of 9 is too young"),
    ],
)  # fmt: skip
def test_the_command_line_is_blamed_for_what_it_brings_and_for_nothing_else(content, override, line):
    with pytest.raises(ConfigError) as refused:
        validated_as(Party, content, (override,), "party.yaml")
    assert line in str(refused.value).splitlines()
