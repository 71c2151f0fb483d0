"""Errors of liquidations, deleveraging and the waterfall."""

from __future__ import annotations

from protocol.errors.base import RuleError


class LiquidationError(RuleError):
    """A liquidation rule refused; ``reason`` is the contract's own text where one exists.

    Parameters
    ----------
    reason
        Revert string or error name of the source contract, or a short name of the rule.
    message
        One sentence with the numbers; the reason itself where nothing is to be added.
    details
        The numbers.
    """

    code = "liquidation"

    def __init__(self, reason: str, message: str = "", **details: object) -> None:
        super().__init__(f"{reason}: {message}" if message else reason, **details)
        self.reason = reason


class NotLiquidatableError(LiquidationError):
    """The account satisfies its requirement, or the state it is in permits no such step."""

    code = "not-liquidatable"


class AuctionStateError(LiquidationError):
    """The auction does not run, has ended, must be reset or may not be reset."""

    code = "auction-state"


class AuctionPriceError(LiquidationError):
    """The price is not one that the bidder or the rule accepts."""

    code = "auction-price"


class LiquidationSizeError(LiquidationError):
    """Too much, too little, or a remainder that the rule calls dust."""

    code = "liquidation-size"


class BidderFundsError(LiquidationError):
    """The bidder or keeper lacks the funds that the rule asks for."""

    code = "bidder-funds"


class NotWorthwhileError(LiquidationError):
    """A keeper would gain less than he asks, after gas and the impact of his own sale."""

    code = "not-worthwhile"

    def __init__(self, keeper: str, account: str, profit: float, least: int) -> None:
        super().__init__(
            "not worthwhile",
            f"{keeper} would gain {profit:g} from {account} and asks for {least}",
            keeper=keeper,
            account=account,
            profit=profit,
            least=least,
        )


class DeleveragingError(LiquidationError):
    """A deleveraging cannot raise what it must, or was asked for with inconsistent inputs."""

    code = "deleveraging"


class TransitionError(LiquidationError):
    """A liquidation cannot go from the stage it is in to the one asked for."""

    code = "transition"

    def __init__(self, account: str, stage: str, wanted: str) -> None:
        super().__init__(
            "transition",
            f"{account} is {stage} and cannot become {wanted}",
            account=account,
            stage=stage,
            wanted=wanted,
        )


class WaterfallExhaustedError(LiquidationError):
    """Every payer was asked and a part of the loss is still unpaid."""

    code = "waterfall-exhausted"

    def __init__(self, account: str, asset: str, unpaid: int) -> None:
        super().__init__(
            "waterfall exhausted",
            f"{unpaid} {asset} (raw) of the loss of {account} is paid by nobody",
            account=account,
            asset=asset,
            unpaid=unpaid,
        )
