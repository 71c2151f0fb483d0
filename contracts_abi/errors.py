"""What goes wrong when bytes are read as values. Floor 0 imports nothing of ours, so these stand alone."""

from __future__ import annotations


class AbiError(ValueError):
    """Bytes that are not the canonical encoding of the expected types, or a type that is not allowed."""


class AbiTypeError(AbiError):
    """A type text that the codec does not speak."""


class AbiDecodeError(AbiError):
    """An answer that is not canonical: short, long, dirty padding, an odd offset, a value out of range.

    Parameters
    ----------
    message
        What is wrong.
    position
        Byte at which it was found.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (at byte {position})")
        self.position = position


class AbiEncodeError(AbiError):
    """A value that does not fit its type."""
