"""YAML as configs have it: YAML 1.1 as PyYAML reads it, without what surprises and without what never ends.

No key hides another, a key is a word, a number is what it looks like, and aliases stand for little.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from mnist_softmax.messages import shown

LARGEST = 100_000  # bytes; a config has about a thousand
OPENED = r"while (parsing a flow (sequence|mapping)|scanning a (double-)?quoted scalar)"  # as PyYAML says it


class NotYAML(ValueError):
    """What is wrong, and in which line, counted from 1; None where that is not known."""

    def __init__(self, problem: str, line: int | None) -> None:
        super().__init__(problem)
        self.problem, self.line = problem, line


def parse(text: str) -> Any:
    """The plain values that `text` stands for: mappings, lists, numbers, words, dates. Raises NotYAML."""
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader: no tag makes it run code
    except RecursionError:
        raise NotYAML("is nested too deeply", None) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise NotYAML(f"holds the unprintable character #x{error.character:02x}", line) from None
    except yaml.MarkedYAMLError as error:
        raise _located(error, text) from None
    except yaml.YAMLError as error:
        raise NotYAML(str(error), None) from None


def _located(error: yaml.MarkedYAMLError, text: str) -> NotYAML:
    """The fault where it lies: what has no end PyYAML notices only where it cannot go on, maybe lines below.

    Lines are counted as editors do: PyYAML also begins one at U+0085, U+2028 and U+2029.
    """
    problem, context, begun = error.problem or str(error), error.context or "while", error.context_mark
    first, line = (
        text.count("\n", 0, each.index) + 1 if each else None for each in (begun, error.problem_mark)
    )
    if begun and not context.startswith("while"):  # only both together are a sentence
        problem = f"{context} in line {first}, {problem}"
    elif begun and first and line and first < line:
        if context == "while scanning a simple key":
            line = first
        elif re.fullmatch(OPENED, context):
            problem = f"{problem}; the {text[begun.index]} of line {first} is still open"
    return NotYAML(problem, line)


class _Loader(yaml.SafeLoader):
    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None:
            _check_size(node, {})
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """PyYAML keeps the last of two equal keys without a word; what it merges by `<<` is not always right."""
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _fault("a key must be a word", key)
            if key.tag.endswith(":merge"):
                raise _fault("no keys are merged by '<<' in a config; write them out", key)
            if (key.tag, key.value) in seen:
                raise _fault(f"key '{key.value:.40}' stands twice", key)
            seen.add((key.tag, key.value))
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """PyYAML takes no care of numbers and dates that are none, such as !!int "" or 2026-02-30."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError):
            raise _fault(f"{shown(node.value)} is no {node.tag.rpartition(':')[2]}", node) from None

    def number(self, node: yaml.ScalarNode) -> Any:
        """YAML 1.1 takes 1:30 for ninety and 010 for eight; YAML 1.2 does neither."""
        if re.match(r"[-+]?0[0-9_]+\Z", node.value):
            meant = node.value.lstrip("+-0_") or "0"
            raise _fault(f"{shown(node.value)} begins with 0, as an octal number does; write {meant:.40}", node)
        if ":" in node.value:
            return node.value
        construct = self.construct_yaml_int if node.tag.endswith(":int") else self.construct_yaml_float
        return construct(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.number)


def _fault(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def _check_size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many characters and entries a node stands for, its aliases written out. Raises where it is too many."""
    known = sizes.get(id(node))
    if known is not None:
        if known == 0:
            raise _fault("an alias stands inside of what it stands for", node)
        return known
    sizes[id(node)] = 0  # for as long as its size is not known
    if isinstance(node, yaml.ScalarNode):
        size = 1 + len(node.value)
    else:
        inner = [each for pair in node.value for each in (pair if isinstance(pair, tuple) else (pair,))]
        size = 1 + sum(_check_size(each, sizes) for each in inner)
    if size > 2 * LARGEST:
        raise _fault("aliases stand for more than a config holds", node)
    sizes[id(node)] = size
    return size
