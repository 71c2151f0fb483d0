"""Recorded prices that a protocol file names: a table beside it, or what ``backstop record`` wrote.

The file's bytes are read once, when the protocol file is; their hash takes the place of the name in
everything that is hashed, so that a renamed file gives the same paths and a changed one does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field, PrivateAttr

from scenarios.files.protocol_parts import Decimals, Part
from scenarios.files.quantities import Positive

if TYPE_CHECKING:
    from scenarios.markets.price_files import PriceTable


@dataclass(frozen=True, slots=True)
class _Held:
    """A table; equal to any other, for the hash beside it says which."""

    table: PriceTable = field(compare=False)


class RecordedFile(Part):
    """A file of prices beside the protocol file."""

    file: str = Field(
        exclude=True, description="Path from the protocol file: .csv, .csv.gz, .parquet or .jsonl."
    )
    columns: dict[str, str] = Field(min_length=1, description="Column by asset.")
    kind: Literal["table", "rounds", "syncs", "swaps"] = Field(
        "table", description="A table of prices, or what `backstop record` wrote; then of one asset."
    )
    time: str = Field("", description="Column of Unix seconds or ISO 8601; the first one if not given.")
    scale: Positive = Field(Decimal(1), description="What the table's numbers are divided by.")
    skip_invalid: bool = Field(
        False, description="Leave out rows whose price is empty or not positive instead of refusing them."
    )
    base: Literal["token0", "token1"] = Field("token0", description="What syncs and swaps price.")
    decimals: tuple[Decimals, Decimals] = Field(
        (18, 18), description="Of token 0 and token 1 (syncs and swaps)."
    )
    sha256: str = Field("", description="Of the file's bytes; checked where it is given.")
    _held: _Held | None = PrivateAttr(None)

    def table(self) -> PriceTable:
        """Return the prices, one column for each asset of ``columns``.

        Raises
        ------
        ValueError
            The protocol file was not read by ``read_protocol``.
        """
        if self._held is None:
            raise ValueError(f"{self.file} is not read yet: load the protocol file by read_protocol")
        return self._held.table

    def holding(self, table: PriceTable) -> RecordedFile:
        """Return the entry with its table and hash."""
        made = self.model_copy(update={"sha256": table.sha256})
        made._held = _Held(table)
        return made
