"""Errors of readings and of volatility surfaces."""

from __future__ import annotations

from protocol.errors.base import RuleError


class OracleError(RuleError):
    """An oracle contract or node refused; ``reason`` is the contract's own text.

    Parameters
    ----------
    reason
        Revert string or error name of the source contract.
    message
        One sentence with the numbers; the reason itself where nothing is to be added.
    details
        The numbers.
    """

    code = "oracle"

    def __init__(self, reason: str, message: str = "", **details: object) -> None:
        super().__init__(f"{reason}: {message}" if message else reason, **details)
        self.reason = reason


class OracleStaleError(OracleError):
    """A price is older than its reader allows, or not newer than the stored one."""

    code = "oracle-stale"


class OracleFutureError(OracleError):
    """A price claims a time too far ahead of the block."""

    code = "oracle-future"


class OracleTooFewError(OracleError):
    """Too few values, signers, samples or sources."""

    code = "oracle-too-few"


class OracleUnauthorisedError(OracleError):
    """A signer or sender may not speak for this feed, or spoke twice."""

    code = "oracle-unauthorised"


class OracleOrderError(OracleError):
    """Messages are not in the order or of the common time that the contract demands."""

    code = "oracle-order"


class OracleRangeError(OracleError):
    """A price, exponent or confidence lies outside the reader's bounds."""

    code = "oracle-range"


class OracleDeviationError(OracleError):
    """Two prices of the same thing lie too far apart."""

    code = "oracle-deviation"


class OracleNotSupportedError(OracleError):
    """No rule prices this pair."""

    code = "oracle-not-supported"


class UndefinedLogarithmError(RuleError):
    """A contract took the logarithm of zero or of a negative number."""

    code = "undefined-logarithm"

    def __init__(self, value: int) -> None:
        super().__init__(f"logarithm of {value}", value=value)


class SurfaceError(RuleError):
    """A volatility surface's parameters give a negative variance."""

    code = "surface"

    def __init__(self, what: str, value: int) -> None:
        super().__init__(f"{what} = {value} is negative", what=what, value=value)
