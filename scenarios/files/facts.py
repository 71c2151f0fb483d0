"""How a replay reads an incident: exact facts by path; a missing one is named with its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import NoReturn, cast

from scenarios.files.document import Document
from scenarios.files.errors import MissingFactError, Problem, closest
from scenarios.files.positions import ABSENT, Path, child, to_pointer
from scenarios.files.scalars import read_decimal_text

HALF = Decimal("0.5")
"""What a replay adds to a figure that its source printed rounded down to whole tokens."""
_EXACT = Context(prec=400)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one document, or of one place in it.

    Every method takes a path of keys and list indexes, counted from this place.

    Parameters
    ----------
    document
        The file as read.
    root
        The place; empty for the whole file.
    """

    document: Document
    root: Path = field(default=())

    def has(self, *path: str | int) -> bool:
        """Return whether the file holds anything but null at this path."""
        found = self._find(path)
        return found is not ABSENT and found is not None

    def at(self, *path: str | int) -> Facts:
        """Return the facts rooted at an existing mapping or list."""
        value = self.value(*path)
        if not isinstance(value, Mapping | list):
            self._refuse(path, "a mapping or a list", value)
        return Facts(self.document, (*self.root, *path))

    def step(self, n: int) -> Facts:
        """Return the facts of the step whose ``n`` is this number."""
        steps = self._top("steps")
        for index, step in enumerate(steps if isinstance(steps, list) else []):
            if isinstance(step, Mapping) and step.get("n") == n:
                return Facts(self.document, ("steps", index))
        return Facts(self.document)._refuse(("steps",), f"a step with n: {n}", None)

    def value(self, *path: str | int) -> object:
        """Return the plain value.

        Raises
        ------
        MissingFactError
            Nothing is there.
        """
        found = self._find(path)
        if found is ABSENT or found is None:
            self._refuse(path, "a value", None)
        return found

    def decimal(self, *path: str | int) -> Decimal:
        """Return an exact number (also one written as text)."""
        return self._decimal(path, "a number")

    def integer(self, *path: str | int) -> int:
        """Return a whole number; ``1e18`` and numeric text are whole numbers too."""
        number = self._decimal(path, "a whole number")
        if number != number.to_integral_value():
            self._refuse(path, "a whole number", number)
        return int(number)

    def text(self, *path: str | int) -> str:
        """Return text."""
        found = self._find(path)
        if not isinstance(found, str):
            self._refuse(path, "text", found)
        return found

    def flag(self, *path: str | int) -> bool:
        """Return true or false; false where nothing is written."""
        found = self._find(path)
        if found is ABSENT:
            return False
        if not isinstance(found, bool):
            self._refuse(path, "true or false", found)
        return found

    def mapping(self, *path: str | int) -> Mapping[str, object]:
        """Return a mapping as plain data."""
        found = self._find(path)
        if not isinstance(found, Mapping):
            self._refuse(path, "a mapping", found)
        return cast("Mapping[str, object]", found)

    def sequence(self, *path: str | int) -> tuple[object, ...]:
        """Return a list as plain data."""
        found = self._find(path)
        if not isinstance(found, list):
            self._refuse(path, "a list", found)
        return tuple(found)

    def items(self, *path: str | int) -> tuple[tuple[str, Decimal], ...]:
        """Return the names and numbers of a mapping in the order of the file; other values are left out."""
        numbers = ((name, read_decimal_text(value)) for name, value in self.mapping(*path).items())
        return tuple((name, number) for name, number in numbers if number is not None)

    def decimals(self, *path: str | int) -> tuple[Decimal, ...]:
        """Return a list of exact numbers."""
        return tuple(self.decimal(*path, index) for index in range(len(self.sequence(*path))))

    def integers(self, *path: str | int) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        return tuple(self.integer(*path, index) for index in range(len(self.sequence(*path))))

    def asset_decimals(self, asset: str) -> int:
        """Return the decimals that ``assets`` declares for a symbol."""
        return Facts(self.document).integer("assets", asset)

    def units(self, asset: str, *path: str | int) -> int:
        """Return an amount of whole tokens as raw units of the asset.

        Raises
        ------
        MissingFactError
            Nothing is there, the asset is not declared, or the amount has more decimals than the asset.
        """
        return self._units(asset, path, self.decimal(*path))

    def pool_units(self, asset: str, *path: str | int) -> int:
        """Return an amount as raw units under the rule for figures that were printed rounded down.

        Where the mapping that holds the amount says ``floor: true``, the true value lies in [v, v + 1) and
        the amount read is v + 0.5, unless its key is listed under ``fitted``.
        """
        number = self.decimal(*path)
        parent = self._find(path[:-1])
        if path and isinstance(parent, Mapping) and parent.get("floor") is True:
            fitted = parent.get("fitted")
            if not (isinstance(fitted, list) and path[-1] in fitted) and fitted is not True:
                number = _EXACT.add(number, HALF)
        return self._units(asset, path, number)

    def _units(self, asset: str, path: Path, number: Decimal) -> int:
        decimals = self.asset_decimals(asset)
        raw = _EXACT.scaleb(number, decimals)
        if raw != raw.to_integral_value():
            self._refuse(path, f"at most {decimals} decimals of {asset}", number)
        return int(raw)

    def _decimal(self, path: Path, expected: str) -> Decimal:
        found = self._find(path)
        number = read_decimal_text(found)
        if number is None:
            self._refuse(path, expected, found)
        return number

    def _top(self, key: str) -> object:
        return self.document.data.get(key, ABSENT)

    def _find(self, path: Path) -> object:
        value: object = self.document.data
        for part in (*self.root, *path):
            value = child(value, part)
        return value

    def _refuse(self, path: Path, expected: str, got: object) -> NoReturn:
        full = (*self.root, *path)
        missing = got is None or got is ABSENT
        where = self.document.locate(full)
        suggestion = None
        if missing:
            parent = full
            while parent and Facts(self.document)._find(parent) is ABSENT:
                parent = parent[:-1]
            around = Facts(self.document)._find(parent)
            if isinstance(around, Mapping) and len(full) > len(parent):
                suggestion = closest(full[len(parent)], map(str, around))
        raise MissingFactError(
            [
                Problem(
                    "missing-fact",
                    "the file does not hold this fact" if missing else "this fact is of another kind",
                    where.file,
                    where.line,
                    where.column,
                    to_pointer(full),
                    expected,
                    None if missing else str(got),
                    suggestion,
                )
            ]
        )
