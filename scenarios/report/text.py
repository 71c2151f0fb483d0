"""Names out of files, made safe to look at: no control, direction or invisible character gets through."""

from __future__ import annotations

import unicodedata

_SPACES = {"\n", "\r", "\t", "\v", "\f", "\x85", "\u2028", "\u2029"}
_SHOWN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_MARKS = {"Mn", "Me"}
_MOST_MARKS = 3


def plain(text: str) -> str:
    r"""Return text on one line whose every character is visible.

    Line breaks and tabs become spaces; control, format, surrogate, private and unassigned characters (which
    can recolour a terminal or reverse the reading order) become escapes such as ``\u202e``; marks stacked
    more than three high are escaped too. Letters of every script stay.
    """
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS else 0
        if char in _SPACES:
            out.append(" ")
        elif category in _SHOWN or marks > _MOST_MARKS:
            code = ord(char)
            out.append(
                f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
            )
        else:
            out.append(char)
    return "".join(out)


def shorten(text: str, limit: int) -> str:
    """Return plain text of at most ``limit`` characters; a cut is shown by an ellipsis."""
    text = plain(text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
