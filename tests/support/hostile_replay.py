"""The sample replay with every name in it hostile: what an incident file from a stranger may hold."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

from sample_replay import SAMPLE

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "$\\frac{1}{0}$ $unclosed",
    "\u202egpj.exe \x1b[31m\x00 \u2066",
    "W" * 300,
    "]]></style></svg><script>alert(3)</script>",
    "{{ 7*7 }}{% raw %}${7*7}",
    "\u05e9\u05dc\u05d5\u05dd \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "\U0001f984 \u6f22\u5b57 Z" + "\u0301" * 60,
    "\ud800 lone",
    "' onmouseover='alert(4)' | `code` ~~x~~ **b** [a](javascript:alert(5))",
    'https://example.invalid/"onmouseover="alert(6) javascript:alert(7)',
    "&lt;b&gt; &amp; <!-- comment -->",
    "line one\n# line two\r\n- line three\u2028end",
)
KEPT = {"ok", "relative", "absolute", ""}


def hostile(text: str) -> str:
    """Return a text with a payload before it, the same one for the same text."""
    if text in KEPT:
        return text
    return f"{PAYLOADS[zlib.crc32(text.encode()) % len(PAYLOADS)]} {text}"


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_mapped(item, change) for item in value)
    if isinstance(value, dict):
        return {_mapped(key, change): _mapped(item, change) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{f.name: _mapped(getattr(value, f.name), change) for f in fields(value)})
    return value


HOSTILE = _mapped(SAMPLE, hostile)


def all_texts(value: Any) -> set[str]:
    """Return every text in a value of dataclasses, tuples and dicts."""
    found: set[str] = set()
    _mapped(value, lambda text: (found.add(text), text)[1])
    return found
