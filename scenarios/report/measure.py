"""Fitting names into pictures by their width on paper, not by counting characters."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal, TypeAlias

from scenarios.report.text import plain

Weight: TypeAlias = Literal["normal", "bold"]

_MARGIN = 1.03
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@lru_cache(maxsize=4096)
def _advance(char: str, weight: Weight) -> float:
    """Return a character's width in ems; where the font lacks it, that of its script's widest."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - heavy, and only a picture needs it
    from matplotlib.textpath import text_to_path  # noqa: PLC0415

    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in {"W", "F"}:
        return 1.35  # an emoji; a Chinese character is 1
    font = FontProperties(family="DejaVu Sans", weight=weight, size=100)
    width, _, _ = text_to_path.get_text_width_height_descent(f"n{char}n", font, ismath=False)
    around, _, _ = text_to_path.get_text_width_height_descent("nn", font, ismath=False)
    return max(0.0, float(width) - float(around)) / 100


def width_of(text: str, size: float, weight: Weight = "normal") -> float:
    """Return the width of a line in points."""
    return sum(_advance(char, weight) for char in text) * size * _MARGIN


def fit(text: str, room: float, size: float, weight: Weight = "normal") -> str:
    """Return plain text that is at most ``room`` points wide; a cut is shown by an ellipsis."""
    text = plain(text)
    if width_of(text[:500], size, weight) <= room and len(text) <= 500:
        return text
    left = room - width_of(_ELLIPSIS, size, weight)
    kept = 0
    for char in text:
        left -= width_of(char, size, weight)
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + _ELLIPSIS


def wrap(text: str, room: float, size: float, weight: Weight = "normal") -> list[str]:
    """Return plain text on at most two lines of ``room`` points, broken between words where it can be."""
    words = plain(text).split()
    first: list[str] = []
    while words and width_of(" ".join([*first, words[0]]), size, weight) <= room:
        first.append(words.pop(0))
    lines = [" ".join(first), fit(" ".join(words), room, size, weight)]
    return [line for line in lines if line]
