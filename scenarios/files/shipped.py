"""The files that come with the package: their names, and opening one of them or any other by its path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.files.document import Document

_ENDING = ".yaml"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A folder of shipped YAML files, each named without its ending.

    Parameters
    ----------
    folder
        Its path inside ``scenarios/``.
    """

    folder: str

    def path(self) -> Path:
        """Return where the folder is installed."""
        from importlib.resources import files  # noqa: PLC0415 - keeps start-up light
        from pathlib import Path  # noqa: PLC0415

        return Path(str(files("scenarios"))) / self.folder

    def names(self) -> tuple[str, ...]:
        """Return the names in alphabetical order."""
        entries = (entry.name for entry in self.path().iterdir())
        return tuple(sorted(name.removesuffix(_ENDING) for name in entries if name.endswith(_ENDING)))

    def read(self, name: str) -> bytes:
        """Return the bytes of a shipped file."""
        return (self.path() / f"{name}{_ENDING}").read_bytes()

    def document(self, name: str) -> Document:
        """Return the document of a shipped file.

        Raises
        ------
        FileError
            The text is no YAML of ours.
        """
        from scenarios.files.document import parse_document  # noqa: PLC0415 - keeps start-up light

        return replace(parse_document(self.read(name), f"{name}{_ENDING}"), folder=self.path())

    def open(self, name_or_path: str | Path) -> Document:
        """Return the document of a shipped file by its name, or of any file by its path.

        Raises
        ------
        FileError
            There is no such file, or it cannot be read.
        """
        from scenarios.files.document import load_document  # noqa: PLC0415 - keeps start-up light

        name = str(name_or_path)
        return self.document(name) if name in self.names() else load_document(name_or_path)
