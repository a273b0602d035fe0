"""`mnist-softmax --print-completion`: a shell completes commands, options, names of configs and paths. By shtab."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from mnist_softmax.errors import ConfigError

FOLDERS = ("DIR", "RUN_DIR")
FILES = ("FILE", "PICTURE")


class PrintCompletion(argparse.Action):
    """Print the script for a shell, and end. Raises ConfigError: shtab is not installed."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, shell: Any, option: Any = None) -> None:
        try:
            import shtab
        except ImportError:
            raise ConfigError(
                f"{option} needs shtab, which is not installed: pip install 'mnist-softmax[completion]'"
            ) from None
        from mnist_softmax.config.shipped import shipped

        names = " ".join(shipped())
        by_name = {"bash": "_mnist_softmax_configs", "zsh": f"({names})"}
        preamble: Any = {"bash": f"_mnist_softmax_configs() {{ compgen -f -W '{names}' -- \"$1\"; }}"}
        completions = dict.fromkeys(FOLDERS, shtab.DIRECTORY) | dict.fromkeys(FILES, shtab.FILE)
        for action in _arguments(parser):
            named = by_name if action.dest in ("config", "configs", "name") else None
            if found := completions.get(str(action.metavar), named):
                vars(action)["complete"] = found  # shtab reads it there; argparse has no such attribute
        print(shtab.complete(parser, shell, preamble=preamble))
        parser.exit()


def _arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Those of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _arguments(command)
