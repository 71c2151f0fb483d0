"""The bases: what every error of the product carries, and what a refusing rule raises."""

from __future__ import annotations


class BackstopError(Exception):
    """Base of every error a user can meet; ``code`` is stable across releases.

    Parameters
    ----------
    message
        One sentence: what is wrong, with its numbers, and what to do where that is known.
    details
        The numbers themselves, for machine output.
    """

    code = "error"
    exit_code = 70

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, object] = details


class MissingExtraError(BackstopError):
    """A library that only an optional extra brings is not installed."""

    code = "missing-extra"
    exit_code = 2

    def __init__(self, what: str, extra: str, library: str) -> None:
        super().__init__(
            f"{what} needs {library}; install backstop[{extra}]", what=what, extra=extra, library=library
        )


class RuleError(BackstopError):
    """A rule of the simulated protocol refused an action: the contract would revert."""

    code = "rule"
    exit_code = 2
