"""What can be wrong with a file, and where: every problem of a file is reported at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocol.errors import BackstopError

LONGEST_SHOWN = 120
"""Characters of a user's value that a message repeats."""


def printable(text: object, limit: int = LONGEST_SHOWN) -> str:
    """Return ``text`` on one line with control and direction characters escaped, cut at ``limit``."""
    shown = "".join(
        char if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else ascii(char)[1:-1]
        for char in str(text)[: limit + 1]
    )
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def closest(word: object, known: Iterable[str]) -> str | None:
    """Return the known word that ``word`` most likely stands for, or None."""
    from difflib import get_close_matches  # noqa: PLC0415 -- keeps start-up light

    names = sorted(set(known))
    folded = {name.casefold(): name for name in reversed(names)}
    text = str(word)
    if text.casefold() in folded:
        return folded[text.casefold()]
    found = get_close_matches(text, names, n=1, cutoff=0.6)
    if not found:
        found = [folded[near] for near in get_close_matches(text.casefold(), folded, n=1, cutoff=0.6)]
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Parameters
    ----------
    code
        Stable name of the kind of problem, for example ``unknown-field``.
    message
        What is wrong, without place, expectation or suggestion.
    file
        The file as the user named it.
    line, column
        Counted from 1; None where the problem has no place in the text (a missing file).
    pointer
        JSON Pointer (RFC 6901) of the value; empty for the whole document.
    expected, got
        What would be right, and what stands there.
    suggestion
        The word that was probably meant.
    """

    code: str
    message: str
    file: str
    line: int | None = None
    column: int | None = None
    pointer: str = ""
    expected: str | None = None
    got: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        place = printable(self.file, 400)
        if self.line is not None:
            place += f":{self.line}:{self.column}"
        parts = [printable(self.message, 400)]
        if self.expected:
            parts.append(f"expected {printable(self.expected, 400)}")
        if self.got is not None:
            parts.append(f"got {printable(self.got)}")
        if self.suggestion:
            parts.append(f"did you mean {printable(self.suggestion)}?")
        pointer = f"{printable(self.pointer, 200)}: " if self.pointer else ""
        return f"{place}: {pointer}{'; '.join(parts)}"


class FileError(BackstopError):
    """A file is missing, unreadable or wrong.

    Parameters
    ----------
    problems
        Everything found, in the order of the text; at least one.
    """

    code = "file"
    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        if not problems:
            raise ValueError("a FileError carries at least one problem")
        ordered = sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))
        super().__init__("\n".join(str(problem) for problem in ordered), problems=tuple(ordered))
        self.problems: tuple[Problem, ...] = tuple(ordered)


class MissingFactError(FileError):
    """A replay needs a fact that the file does not hold, or holds in another kind."""

    code = "missing-fact"
