"""The `mnist-softmax` command."""

from __future__ import annotations

import argparse
import difflib
import io
import os
import sys
from collections.abc import Sequence

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
from mnist_softmax.errors import INTERRUPTED, ConfigError, UserError

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
    "exit codes: 0 done, 1 a check failed, 2 wrong usage or config, 3 data not to be had, 4 diverged, "
    "130 interrupted"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and give back its exit code; the user's mistakes become one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path may not fit the terminal's alphabet
    try:
        options = _parse(arguments)
        return COMMANDS[options.command].run(options)
    except UserError as error:
        print(f"error: {error}".replace("\n", "\nerror: "), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except MemoryError as error:
        print(f"error: not enough memory ({error}); make network.layers smaller", file=sys.stderr)
        return UserError.exit_code
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # files are answered for where they are opened; what is left is our own output
        print(f"error: {error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UserError.exit_code


def _parse(arguments: list[str]) -> argparse.Namespace:
    arguments = arguments or ["--help"]
    if not arguments[0].startswith("-"):
        _check_command(arguments[0])
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    takes_pairs = COMMANDS[options.command].TAKES_OVERRIDES
    if wrong := [word for word in rest if not takes_pairs or word.startswith("-") or "=" not in word]:
        hint = (
            "an override is written key=value" if takes_pairs else f"see mnist-softmax {options.command} --help"
        )
        parser.error(f"unrecognized arguments: {' '.join(wrong)} ({hint})")
    options.overrides = rest
    return options


def _check_command(word: str) -> None:
    """Raises ConfigError where there is no such command; argparse would list them all and not the nearest."""
    if word not in COMMANDS:
        near = difflib.get_close_matches(word, COMMANDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the commands are {', '.join(COMMANDS)}"
        raise ConfigError(f"{word}: no such command; {hint}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mnist-softmax", description="Train small networks on MNIST, exactly.", epilog=EXIT_CODES
    )
    parser.add_argument("--version", action="version", version=f"mnist-softmax {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command")
    for name, command in COMMANDS.items():
        command.add_arguments(
            subparsers.add_parser(
                name,
                help=command.HELP,
                description=command.HELP,
                usage=f"mnist-softmax {name} {command.USAGE}",
                epilog=EXIT_CODES,
            )
        )
    return parser
