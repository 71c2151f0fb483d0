"""How wide the blocks of a book are: figures that numpy and the compiled kernels share."""

from __future__ import annotations

WIDTH = 64
"""Accounts of a block."""
PARTS, MOST_PARTS = 8, 3
"""Parts of a block that are looked at one by one, and how many before the whole is (measured)."""
