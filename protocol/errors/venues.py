"""Errors of pools, order books and the oracles inside pools."""

from __future__ import annotations

from protocol.errors.base import RuleError


class VenueError(RuleError):
    """A venue refused a trade."""

    code = "venue"


class ZeroAmountError(VenueError):
    """An amount in, out or minted is zero where the contract demands more."""

    code = "zero-amount"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is zero", what=what)


class NegativeAmountError(VenueError):
    """An amount is below zero."""

    code = "negative-amount"

    def __init__(self, what: str, amount: int) -> None:
        super().__init__(f"{what} = {amount} is negative", what=what, amount=amount)


class InsufficientLiquidityError(VenueError):
    """The venue holds less than the trade asks of it."""

    code = "insufficient-liquidity"

    def __init__(self, what: str, asked: int, available: int) -> None:
        super().__init__(
            f"{what}: {asked} asked, {available} available", what=what, asked=asked, available=available
        )


class InvariantError(VenueError):
    """The pool's invariant would fall."""

    code = "invariant"

    def __init__(self, what: str, before: int, after: int) -> None:
        super().__init__(f"{what} would fall from {before} to {after}", what=what, before=before, after=after)


class UnknownAssetError(VenueError):
    """The venue does not trade this asset."""

    code = "unknown-asset"

    def __init__(self, asset: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"no asset {asset!r} here; this venue trades {', '.join(known)}", asset=asset, known=known
        )


class VirtualPriceLossError(VenueError):
    """A Curve crypto pool refuses an action that would lower its virtual price (``Loss``)."""

    code = "virtual-price-loss"

    def __init__(self, before: int, after: int) -> None:
        super().__init__(
            f"virtual price would move from {before} to {after} (1e18), which the pool calls a loss",
            before=before,
            after=after,
        )


class UninitialisedPoolError(VenueError):
    """The pool has no price yet."""

    code = "uninitialised-pool"


class PriceLimitError(VenueError):
    """The price limit lies on the wrong side of the price or outside the allowed range."""

    code = "price-limit"

    def __init__(self, limit: int, price: int, lowest: int, highest: int) -> None:
        super().__init__(
            f"price limit {limit} does not lie between the price {price} and the bounds {lowest}..{highest}",
            limit=limit,
            price=price,
            lowest=lowest,
            highest=highest,
        )


class SlippageError(VenueError):
    """The result is worse than the caller's bound."""

    code = "slippage"

    def __init__(self, what: str, got: int, bound: int) -> None:
        super().__init__(f"{what} is {got}, bound {bound}", what=what, got=got, bound=bound)


class NotConvergedError(VenueError):
    """An iterative solver of a contract did not converge within its own bound of steps."""

    code = "not-converged"

    def __init__(self, what: str, steps: int) -> None:
        super().__init__(f"{what} did not converge in {steps} steps", what=what, steps=steps)


class UnsafeValueError(VenueError):
    """A contract's own sanity bound on an input or an intermediate value refused it."""

    code = "unsafe-value"

    def __init__(self, what: str, value: int, lowest: int, highest: int) -> None:
        super().__init__(
            f"{what} = {value} is outside {lowest}..{highest}",
            what=what,
            value=value,
            lowest=lowest,
            highest=highest,
        )


class ObservationTooOldError(VenueError):
    """An in-pool oracle keeps no observation as old as asked (Uniswap V3: ``OLD``)."""

    code = "observation-too-old"

    def __init__(self, target: int, oldest: int) -> None:
        super().__init__(
            f"asked for time {target}, oldest observation is {oldest}", target=target, oldest=oldest
        )


class PeriodNotElapsedError(VenueError):
    """An oracle over a pool may not be updated yet (Uniswap V2 example: ``PERIOD_NOT_ELAPSED``)."""

    code = "period-not-elapsed"

    def __init__(self, elapsed: int, period: int) -> None:
        super().__init__(
            f"{elapsed} s since the last update, {period} s needed", elapsed=elapsed, period=period
        )


class OrderError(VenueError):
    """An order book refuses an order; the book is unchanged."""

    code = "order"


class OrderSizeError(OrderError):
    """A price or quantity is not a whole number of ticks or lots."""

    code = "order-size"

    def __init__(self, what: str, value: int, step: int) -> None:
        super().__init__(
            f"{what} = {value} is not a positive multiple of {step}", what=what, value=value, step=step
        )


class WouldCrossError(OrderError):
    """A post-only order would trade at once."""

    code = "would-cross"

    def __init__(self, price: int, best: int) -> None:
        super().__init__(f"post-only at {price} crosses the best price {best}", price=price, best=best)


class NotFilledError(OrderError):
    """A fill-or-kill order cannot be filled whole."""

    code = "not-filled"

    def __init__(self, asked: int, fillable: int) -> None:
        super().__init__(
            f"{asked} asked, {fillable} fillable within the limit", asked=asked, fillable=fillable
        )


class SelfTradeError(OrderError):
    """An order would trade against its owner's own."""

    code = "self-trade"

    def __init__(self, owner: str, order: int) -> None:
        super().__init__(f"{owner} would trade against own order {order}", owner=owner, order=order)


class UnknownOrderError(OrderError):
    """No resting order has this number, or it belongs to somebody else."""

    code = "unknown-order"

    def __init__(self, order: int, owner: str) -> None:
        super().__init__(f"{owner} has no resting order {order}", order=order, owner=owner)


class NotEnoughObservationsError(VenueError):
    """An in-pool oracle keeps fewer observations than the reader needs (Uniswap V3: ``NEO``, ``ONI``)."""

    code = "not-enough-observations"

    def __init__(self, kept: int, needed: int) -> None:
        super().__init__(f"{kept} observations kept, {needed} needed", kept=kept, needed=needed)


class AlreadyInitialisedError(VenueError):
    """The pool has a price already."""

    code = "already-initialised"


class TickRangeError(VenueError):
    """A position's ticks are out of order, out of range or off the pool's spacing."""

    code = "tick-range"

    def __init__(self, lower: int, upper: int, lowest: int, highest: int, spacing: int) -> None:
        super().__init__(
            f"ticks {lower}..{upper} must rise, lie within {lowest}..{highest} and be multiples of {spacing}",
            lower=lower,
            upper=upper,
            lowest=lowest,
            highest=highest,
            spacing=spacing,
        )


class NoPositionError(VenueError):
    """The owner holds no liquidity in this range."""

    code = "no-position"

    def __init__(self, owner: str, lower: int, upper: int) -> None:
        super().__init__(
            f"{owner} holds no liquidity in ticks {lower}..{upper}", owner=owner, lower=lower, upper=upper
        )


class UnderpaidError(VenueError):
    """A callback paid the venue less than it owes."""

    code = "underpaid"

    def __init__(self, what: str, owed: int, paid: int) -> None:
        super().__init__(f"{what}: {owed} owed, {paid} paid", what=what, owed=owed, paid=paid)


class StateError(VenueError):
    """A stored venue state lacks a key or holds a value of the wrong kind."""

    code = "state"

    def __init__(self, key: str, expected: str, got: object) -> None:
        super().__init__(f"state key {key!r}: {expected} expected, got {got!r}", key=key, expected=expected)
