"""What can go wrong through no fault of the program, and the exit code that says so."""

INTERRUPTED = 130  # the exit code after Ctrl-C


class UserError(Exception):
    """Anything the user can mend: its text is the one line they are shown, without a traceback.

    Several faults that are told at once are several arguments, a line each.
    """

    exit_code = 2

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class ConfigError(UserError):
    """A config, an override or a command line that cannot be obeyed."""


class RunDirectoryError(UserError):
    """A run directory that cannot be written, continued or read."""


class DataError(UserError):
    """The digits cannot be had, or what was found is not what it should be."""

    exit_code = 3


class Diverged(UserError):
    """The cost or a parameter is no longer a finite number."""

    exit_code = 4


class RunFailed(UserError):
    """A run among many that came to nothing for another reason than the above: its process was killed, say."""


class Notice(UserWarning):
    """A fact that its user should know and that ends nothing."""
