"""Checks that every venue makes on the amounts handed to it."""

from __future__ import annotations

from protocol.errors import NegativeAmountError, UnknownAssetError, ZeroAmountError


def require_positive(what: str, amount: int) -> None:
    """Raise unless ``amount`` is above zero.

    Raises
    ------
    NegativeAmountError, ZeroAmountError
        With what it is.
    """
    if amount < 0:
        raise NegativeAmountError(what, amount)
    if amount == 0:
        raise ZeroAmountError(what)


def require_not_negative(what: str, amount: int) -> None:
    """Raise if ``amount`` is below zero.

    Raises
    ------
    NegativeAmountError
        With what it is.
    """
    if amount < 0:
        raise NegativeAmountError(what, amount)


def require_known(assets: tuple[str, ...], sell: str, buy: str) -> None:
    """Raise unless ``sell`` and ``buy`` are two different assets among ``assets``.

    Raises
    ------
    UnknownAssetError
        With the assets that are known.
    """
    if sell not in assets:
        raise UnknownAssetError(sell, assets)
    if buy not in assets or buy == sell:
        raise UnknownAssetError(buy, assets)
