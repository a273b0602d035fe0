"""A command line, read: the command, its options, and key=value; what is wrong in it, and what was meant."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Collection, Mapping
from typing import NoReturn

from mnist_softmax import __version__
from mnist_softmax.commands import (
    compare,
    configs,
    curves,
    data,
    evaluate,
    explain,
    export,
    gradcheck,
    lab,
    predict,
    report,
    reproduce,
    sweep,
    train,
)
from mnist_softmax.commands.completion import PrintCompletion
from mnist_softmax.errors import ConfigError
from mnist_softmax.messages import message, one_line

COMMANDS = {
    "train": train,
    "evaluate": evaluate,
    "export": export,
    "compare": compare,
    "sweep": sweep,
    "report": report,
    "reproduce": reproduce,
    "curves": curves,
    "explain": explain,
    "gradcheck": gradcheck,
    "lab": lab,
    "predict": predict,
    "data": data,
    "configs": configs,
}

EXIT_CODES = (
    "exit codes: 0 done, 1 a check failed, 2 wrong usage or config, or refused by the system, 3 data not to be had, "
    "4 diverged, 130 interrupted, 129, 143 or 152 ended by SIGHUP, SIGTERM or SIGXCPU, 141 nobody reads the output"
)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line, `command` and `overrides` among them. Raises ConfigError, or SystemExit."""
    arguments = arguments or ["--help"]
    if not arguments[0].startswith("-"):
        _check_command(arguments[0])
    parser, known = command_parser()
    _check_first_option(arguments, [*parser._option_string_actions], known)
    pairs: list[str] = []
    if arguments[0] in COMMANDS:
        arguments, pairs = _pairs_apart(arguments, known)
    options, rest = parser.parse_known_args(arguments)
    takes_pairs = COMMANDS[options.command].TAKES_OVERRIDES
    if wrong := [word for word in rest if not takes_pairs or word.startswith("-") or "=" not in word]:
        hint = (
            "an override is written key=value" if takes_pairs else f"see mnist-softmax {options.command} --help"
        )
        if options.command in ("compare", "curves", "evaluate", "lab", "predict", "reproduce"):
            hint = f"names stand together, before the options; {hint}"
        parser.error(f"unrecognized arguments: {' '.join(wrong)} ({hint})")
    options.overrides = [*pairs, *rest]
    return options


def _check_command(word: str) -> None:
    """Raises ConfigError where there is no such command; argparse would list them all and not the nearest."""
    if word not in COMMANDS:
        near = _nearest(word, COMMANDS)
        hint = f"did you mean {near}?" if near else f"the commands are {', '.join(COMMANDS)}"
        raise ConfigError(f"{word}: no such command; {hint}")


def _check_first_option(words: list[str], ours: Collection[str], known: Mapping[str, Collection[str]]) -> None:
    """Raises ConfigError for an option in the place of a command; argparse would take its value for the command."""
    name, *others = (word.partition("=")[0] for word in words)
    if name.startswith("-") and not any(option.startswith(name) for option in ours):
        near = _nearest(name, ours)
        hint = f"; did you mean {near}?" if near else "; see mnist-softmax --help"
        if having := [command for command in known if name in known[command]]:
            options = {each for each in others if each.startswith("--")}
            meant = [command for command in having if command in others]
            meant += [command for command in having if options <= {*known[command]}]
            hint = f", as in mnist-softmax {(meant or having)[0]} {name}"
        raise ConfigError(f"{name}: the command comes before its options{hint}")


def _nearest(word: str, known: Collection[str]) -> str | None:
    """What was meant, None where nothing is like it. That all options begin with -- makes none like another."""
    plain = {each.lstrip("-"): each for each in known}
    near = difflib.get_close_matches(word.lstrip("-"), plain, n=1)
    return plain[near[0]] if near else None


class _Parser(argparse.ArgumentParser):
    """Repeats wrong words in its messages, but not what a terminal would obey."""

    def error(self, text: str) -> NoReturn:
        super().error(message(one_line(text)))


def _pairs_apart(arguments: list[str], known: Mapping[str, Collection[str]]) -> tuple[list[str], list[str]]:
    """The words of a command, and apart from them `key=value` of each that was written `--key=value`.

    Raises ConfigError for an option that the command does not have; argparse would name what it misses instead.
    """
    command, *words = arguments
    kept, pairs = [command], list[str]()
    for k, word in enumerate(words):
        name, equals, _ = word.partition("=")
        if word == "--":
            return kept + words[k:], pairs
        if not word.startswith("--") or name in known[command]:
            kept.append(word)
        elif equals and COMMANDS[command].TAKES_OVERRIDES and _is_key(name[2:]):
            pairs.append(word[2:])
        else:
            near = _nearest(name, known[command])
            hint = f"did you mean {near}?" if near else f"see mnist-softmax {command} --help"
            if having := [other for other in known if name in known[other]]:
                hint = f"it is one of {', '.join(having[:3])}"
            if "." in name and COMMANDS[command].TAKES_OVERRIDES:
                hint = f"a key of the config is written {name[2:]}=VALUE"
            raise ConfigError(f"{name}: {command} has no such option; {hint}")
    return kept, pairs


def _is_key(name: str) -> bool:
    """Whether this can be a key of a config, and no option that was misspelt."""
    from mnist_softmax.config.config import Config

    return "." in name or name in Config.model_fields


def command_parser() -> tuple[argparse.ArgumentParser, dict[str, list[str]]]:
    """The parser, and the options that each command has."""
    parser = _Parser(
        prog="mnist-softmax",
        usage="mnist-softmax [--help | --version | --print-completion {bash,zsh}] COMMAND ...",  # in one line
        description="Train small networks on MNIST, exactly.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"mnist-softmax {__version__}")
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=("bash", "zsh"),
        help='completion for a shell: eval "$(mnist-softmax --print-completion bash)"',
    )
    subparsers = parser.add_subparsers(
        prog=parser.prog, title="commands", metavar="COMMAND", required=True, dest="command"
    )
    known = {}
    for name, command in COMMANDS.items():
        words = subparsers.add_parser(
            name,
            help=command.HELP,
            description=command.HELP,
            usage=f"mnist-softmax {name} {command.USAGE}",
            epilog=EXIT_CODES,
            allow_abbrev=False,  # --seed=3 would be --seeds, which are not a seed
        )
        command.add_arguments(words)
        known[name] = [*words._option_string_actions]  # its help may be coloured
    return parser, known
