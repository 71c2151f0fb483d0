"""Decode many equal answers at once: a column per value, as strict as the scalar codec.

An ``aggregate3`` answer whose calls all return the same static words is one regular table of 32-byte words.
numpy then checks every offset, flag, length and padding in a few passes; anything irregular is left to the
scalar codec, which says what is wrong. Big-endian words are seen as four 64-bit limbs, so no digit is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts_abi.types import WORD, Type

LIMBS = 4
_FRAME = 3  # success flag, offset of the bytes, their length


@dataclass(frozen=True, slots=True)
class Columns:
    """Equal answers of many calls, column by column.

    Parameters
    ----------
    limbs
        Shape (answers, values, 4): big-endian 64-bit limbs of every word.
    types
        Of the values.
    """

    limbs: NDArray[Any]
    types: tuple[Type, ...]

    def __len__(self) -> int:
        return int(self.limbs.shape[0])

    def small(self, column: int) -> NDArray[Any] | None:
        """Return a column as int64, None if a value of it does not fit."""
        words = self.limbs[:, column]
        low = words[:, 3].astype(np.int64)
        if self.types[column].kind != "int" and bool((low < 0).any()):
            return None
        filler = (low >> np.int64(63)).astype(np.uint64)
        return low if bool((words[:, :3] == filler[:, None]).all()) else None

    def integers(self, column: int) -> list[int]:
        """Return a column as exact integers."""
        small = self.small(column)
        if small is not None:
            found: list[int] = small.tolist()
            return found
        signed = self.types[column].kind == "int"
        raw = self.limbs[:, column].astype(">u8").tobytes()
        return [
            int.from_bytes(raw[start : start + WORD], "big", signed=signed)
            for start in range(0, len(raw), WORD)
        ]


def decode_equal_answers(
    types: Sequence[Type], answer: bytes, count: int, known: Sequence[int] = ()
) -> Columns | None:
    """Decode an ``aggregate3`` answer of ``count`` successful calls that all return ``types``.

    Parameters
    ----------
    types
        Static one-word types.
    answer
        The whole returned data.
    count
        Calls made.
    known
        One-word answers of further calls behind them, which must be exactly these.

    Returns
    -------
    Columns or None
        None where the answer is not exactly of this shape: a call failed, or something is not canonical.
    """
    width = len(types)
    row = _FRAME + width
    total = count + len(known)
    words = 2 + total + count * row + len(known) * (_FRAME + 1)
    if count == 0 or len(answer) != words * WORD or any(part.head != WORD or part.dynamic for part in types):
        return None
    table = np.frombuffer(answer, dtype=">u8").reshape(words, LIMBS)
    # Every word of the frame is below 2**64: the upper limbs must be zero, the lowest equal what is known.
    expected = np.arange(total, dtype=np.uint64) * np.uint64(row) + np.uint64(total)
    expected[count:] = total + count * row + np.arange(len(known), dtype=np.uint64) * np.uint64(_FRAME + 1)
    behind = b"".join(word.to_bytes(WORD, "big") for value in known for word in (1, 2 * WORD, WORD, value))
    rows = table[2 + total : 2 + total + count * row].reshape(count, row, LIMBS)
    frame = rows[:, :_FRAME]
    regular = (
        table[0, 3] == WORD
        and table[1, 3] == total
        and answer.endswith(behind)
        and not table[: 2 + total, :3].any()
        and bool((table[2 : 2 + total, 3] == expected * np.uint64(WORD)).all())
        and not frame[:, :, :3].any()
        and bool((frame[:, :, 3] == np.array([1, 2 * WORD, width * WORD], dtype=np.uint64)).all())
    )
    if not regular:
        return None
    values = rows[:, _FRAME:].astype(np.uint64)
    if not all(_in_range(part, values[:, column]) for column, part in enumerate(types)):
        return None
    return Columns(values, tuple(types))


def _in_range(part: Type, words: NDArray[Any]) -> bool:
    if part.kind == "fixed-bytes":
        return _left_aligned(part.size, words)
    bits = 160 if part.kind == "address" else part.size
    if bits == 256:
        return True
    if part.kind == "int":
        limb, used = divmod(bits - 1, 64)
        top = words[:, 3 - limb].astype(np.int64) >> np.int64(used)
        filler = (top >> np.int64(63)).astype(np.uint64)
        return bool(((top == 0) | (top == -1)).all()) and bool(
            (words[:, : 3 - limb] == filler[:, None]).all()
        )
    limb, used = divmod(bits, 64)
    if words[:, : 3 - limb].any():
        return False
    return not (words[:, 3 - limb] >> np.uint64(used)).any()


def _left_aligned(size: int, words: NDArray[Any]) -> bool:
    full, rest = divmod(size, 8)
    if rest:
        mask = np.uint64((1 << (64 - 8 * rest)) - 1)
        if (words[:, full] & mask).any():
            return False
        full += 1
    return not words[:, full:].any()
