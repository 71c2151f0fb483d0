"""What can be wrong with a vector file before a single figure is compared."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.errors import BackstopError


class VectorFileError(BackstopError):
    """A vector file cannot be read, is too large, or is not what its format says."""

    code = "vector-file"
    exit_code = 2

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}", file=file, reason=reason)


class UnknownFormatError(BackstopError):
    """Neither the ``format`` field nor the file name says which rules to check."""

    code = "unknown-format"
    exit_code = 2

    def __init__(self, file: str, said: str | None, known: Iterable[str]) -> None:
        names = sorted(known)
        what = f"format {said!r} is not known" if said else "no format field, and the name tells none"
        super().__init__(
            f"{file}: {what}; known formats: {', '.join(names)}", file=file, format=said, known=names
        )


class NothingCheckedError(BackstopError):
    """A file was read but holds no figure to compare: never a pass."""

    code = "nothing-checked"
    exit_code = 2

    def __init__(self, file: str, format_name: str) -> None:
        super().__init__(
            f"{file}: 0 cases of format {format_name} found, so nothing was verified",
            file=file,
            format=format_name,
        )
