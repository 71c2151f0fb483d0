"""Running the checkers over files and folders."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from zlib import error as ZlibError  # noqa: N812 (an exception class under a C-style name)

from contracts_abi.bounded_json import loads
from protocol.errors import RuleError
from scenarios.verify.errors import NothingCheckedError, VectorFileError
from scenarios.verify.registry import checkers, format_of, is_vector_file
from scenarios.verify.tally import Document

MAX_BYTES = 256 * 1024 * 1024
"""Largest file read, after decompression."""

MALFORMED = (
    *(ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError),
    MemoryError,  # a list times a number of 80 digits
)
"""What a checker raises where a file does not hold what its format promises."""

EXIT_VERIFIED = 0
EXIT_NOT_VERIFIED = 4


@dataclass(frozen=True, slots=True)
class FileResult:
    """What checking one file gave.

    Parameters
    ----------
    file
        The path as given, or as found under a folder that was given.
    format
        Name under which the checker is registered.
    cases, matched, mismatched
        Figures of the real contract that were compared, and how they came out.
    largest_error
        Largest absolute difference over all integer figures, in the last unit.
    first_mismatch
        Where the first difference is, with both values; None if there is none.
    groups
        Figures compared per group.
    """

    file: str
    format: str
    cases: int
    matched: int
    mismatched: int
    largest_error: int
    first_mismatch: str | None
    groups: dict[str, int]

    @property
    def verified(self) -> bool:
        """Whether every figure agreed."""
        return self.mismatched == 0


def verify_paths(paths: Iterable[str | os.PathLike[str]], *, max_bytes: int = MAX_BYTES) -> list[FileResult]:
    """Check every vector file among ``paths``, walking folders, and return one result a file.

    All formats are told before the first check runs, so that a mistyped name costs no wait.

    Raises
    ------
    VectorFileError
        If a path does not exist, cannot be read, exceeds ``max_bytes`` or is malformed.
    UnknownFormatError
        If a file's format has no checker.
    NothingCheckedError
        If a file holds no figure to compare.
    """
    jobs = [(path, format_of(str(path), read_document(path, max_bytes))) for path in find_files(paths)]
    return [check_document(str(path), name, read_document(path, max_bytes)) for path, name in jobs]


def exit_code(results: Iterable[FileResult]) -> int:
    """Return 0 if every figure of every file agreed, else 4: the evidence does not verify."""
    return EXIT_VERIFIED if all(result.verified for result in results) else EXIT_NOT_VERIFIED


def find_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the files named, and the vector files under the folders named, each once, in order."""
    found: dict[Path, None] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = [p for p in sorted(path.rglob("*")) if p.is_file() and is_vector_file(p.name)]
            if not inside:
                raise VectorFileError(str(path), "no .json or .json.gz file in this folder")
            found.update(dict.fromkeys(inside))
        elif path.exists():
            found[path] = None
        else:
            raise VectorFileError(str(path), "no such file or folder")
    if not found:
        raise VectorFileError("(nothing)", "name at least one vector file or folder")
    return list(found)


def read_document(path: Path, max_bytes: int = MAX_BYTES) -> Document:
    """Read a JSON object, plain or gzip, of at most ``max_bytes`` after decompression."""
    file = str(path)
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            raw = stream.read(max_bytes + 1)
    except (OSError, EOFError, ZlibError) as problem:
        raise VectorFileError(file, f"cannot be read: {problem}") from problem
    if len(raw) > max_bytes:
        raise VectorFileError(file, f"larger than {max_bytes} bytes")
    try:
        document = loads(raw)
    except (ValueError, RecursionError) as problem:
        raise VectorFileError(file, f"not JSON: {problem}") from problem
    if not isinstance(document, dict):
        raise VectorFileError(file, f"a JSON object expected, got {type(document).__name__}")
    return document


def check_document(file: str, format_name: str, document: Document) -> FileResult:
    """Run the checker of ``format_name`` over one document."""
    try:
        tally = checkers()[format_name](document)
    except RuleError as refusal:
        raise VectorFileError(
            file, f"the model refused an action outside any check: {refusal.message}"
        ) from refusal
    except MALFORMED as problem:
        raise VectorFileError(
            file, f"not a well-formed {format_name} file: {type(problem).__name__}: {problem}"
        ) from problem
    if tally.cases == 0:
        raise NothingCheckedError(file, format_name)
    return FileResult(
        file=file,
        format=format_name,
        cases=tally.cases,
        matched=tally.matched,
        mismatched=tally.mismatched,
        largest_error=tally.largest_error,
        first_mismatch=tally.first_mismatch,
        groups=dict(tally.by_group),
    )
