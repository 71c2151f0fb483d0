"""Every error of the four packages' rules, each carrying the numbers that explain it.

An error class is one refusal of the real thing: where a contract reverts, the model raises the class
that names the reason. Errors of files, chains and the command line live beside their readers.
"""

from __future__ import annotations


class BackstopError(Exception):
    """Base of every error a user can meet; ``code`` is stable across releases.

    Parameters
    ----------
    message
        One sentence: what is wrong, with its numbers, and what to do where that is known.
    details
        The numbers themselves, for machine output.
    """

    code = "error"
    exit_code = 70

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, object] = details


class MissingExtraError(BackstopError):
    """A library that only an optional extra brings is not installed."""

    code = "missing-extra"
    exit_code = 2

    def __init__(self, what: str, extra: str, library: str) -> None:
        super().__init__(
            f"{what} needs {library}; install backstop[{extra}]", what=what, extra=extra, library=library
        )


class RuleError(BackstopError):
    """A rule of the simulated protocol refused an action: the contract would revert."""

    code = "rule"
    exit_code = 2


# Arithmetic


class OverflowedError(RuleError):
    """A value left the integer type in which the contract keeps it."""

    code = "overflow"

    def __init__(self, what: str, value: int, bits: int) -> None:
        super().__init__(f"{what} = {value} does not fit {bits} bits", what=what, value=value, bits=bits)


class DivisionByZeroError(RuleError):
    """A contract divided by zero."""

    code = "division-by-zero"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: division by zero", what=what)


# Oracles


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


# Venues


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


# Accounts, ledger, transactions


class LedgerError(RuleError):
    """A movement would break the ledger."""

    code = "ledger"


class UnknownAccountError(LedgerError):
    """An account that was never opened, or was opened as something else."""

    code = "unknown-account"

    def __init__(self, account: str, why: str) -> None:
        super().__init__(f"account {account!r}: {why}", account=account)


class UnknownNameError(RuleError):
    """A venue, vault or market of this name is not in the world."""

    code = "unknown-name"

    def __init__(self, kind: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"no {kind} {name!r}; there is {', '.join(known) or 'none'}", kind=kind, name=name, known=known
        )


class InsufficientBalanceError(LedgerError):
    """An account that may not be negative would become so."""

    code = "insufficient-balance"

    def __init__(self, account: str, asset: str, needed: int, available: int) -> None:
        super().__init__(
            f"{account} needs {needed} {asset} (raw), has {available}: short by {needed - available}",
            account=account,
            asset=asset,
            needed=needed,
            available=available,
        )


class NotConservedError(LedgerError):
    """The sum of an asset over all accounts is not zero: a defect, never a user's mistake."""

    code = "not-conserved"
    exit_code = 1

    def __init__(self, asset: str, total: int, transaction: str) -> None:
        super().__init__(
            f"{asset}: balances add up to {total} instead of 0 after {transaction}",
            asset=asset,
            total=total,
            transaction=transaction,
        )


class FlashLoanNotRepaidError(LedgerError):
    """A transaction ended with a flash loan outstanding, so all of it is undone."""

    code = "flash-loan-not-repaid"

    def __init__(self, lender: str, asset: str, owed: int, repaid: int) -> None:
        super().__init__(
            f"flash loan of {asset} from {lender}: {owed} owed (raw), {repaid} repaid",
            lender=lender,
            asset=asset,
            owed=owed,
            repaid=repaid,
        )


class BorrowRefusedError(RuleError):
    """The margin rule does not permit the borrow or withdrawal."""

    code = "borrow-refused"

    def __init__(self, account: str, needed: object, available: object, unit: str) -> None:
        super().__init__(
            f"{account}: {needed} {unit} needed, {available} {unit} permitted",
            account=account,
            needed=needed,
            available=available,
            unit=unit,
        )


class AccountLiquidatableError(RuleError):
    """The account may be liquidated, so it may not trade."""

    code = "account-liquidatable"

    def __init__(self, market: str) -> None:
        super().__init__(f"the account may be liquidated; no order in {market!r}", market=market)


class WrongLiquidationError(RuleError):
    """A liquidation names a collateral or a debt that the account does not have."""

    code = "wrong-liquidation"

    def __init__(self, what: str, asset: str) -> None:
        super().__init__(f"{asset!r} is no {what} of the account", what=what, asset=asset)


class DustError(RuleError):
    """A liquidation would leave an amount too small to be worth liquidating."""

    code = "dust"

    def __init__(self, debt: int, collateral: int, least: int) -> None:
        super().__init__(
            f"would leave debt {debt} and collateral {collateral}; at least {least} of each, or none",
            debt=debt,
            collateral=collateral,
            least=least,
        )


class OpenInterestError(RuleError):
    """An order would carry one side of the market beyond its limit."""

    code = "open-interest"

    def __init__(self, market: str, what: str, limit: int, side: int) -> None:
        super().__init__(
            f"{market}: open interest {side} is beyond the limit of {what} {limit}",
            market=market,
            what=what,
            limit=limit,
            side=side,
        )


class NettingError(RuleError):
    """A netting tree does not fit the amounts or parameters it is given."""

    code = "netting"

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"netting node {node!r}: {why}", node=node)


class UnfitPortfolioError(RuleError):
    """A margin rule has no place for something that the account holds."""

    code = "unfit-portfolio"

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule} cannot judge this account: {why}", rule=rule, why=why)


class CollateralDisabledError(RuleError):
    """The margin rule has no terms for this token."""

    code = "collateral-disabled"

    def __init__(self, asset: str) -> None:
        super().__init__(f"{asset!r} is not enabled as collateral", asset=asset)


class PositionLimitError(RuleError):
    """An order or supply would take a position, or a whole market, beyond its limit."""

    code = "position-limit"

    def __init__(self, account: str, wanted: object, limit: object, unit: str) -> None:
        super().__init__(
            f"{account}: a position of {wanted} {unit} is wanted, the limit is {limit} {unit}",
            account=account,
            wanted=wanted,
            limit=limit,
            unit=unit,
        )


class BookError(RuleError):
    """Arrays of a whole book, or a question to it, do not fit together."""

    code = "book"

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}", what=what, why=why)


class CascadeError(RuleError):
    """Liquidations and the prices they move have not come to rest."""

    code = "cascade"

    def __init__(self, rounds: int, liquidated: int) -> None:
        super().__init__(
            f"accounts still fail after {rounds} rounds and {liquidated} liquidations",
            rounds=rounds,
            liquidated=liquidated,
        )


class NoCollateralPlanError(RuleError):
    """No choice of collateral meets the requirement."""

    code = "no-collateral-plan"

    def __init__(self, needed: float, postable: float, reason: str) -> None:
        super().__init__(
            f"{needed} dollars of excess needed, at most {postable} can be posted without swaps: {reason}",
            needed=needed,
            postable=postable,
            reason=reason,
        )


class MissingPriceError(RuleError):
    """A margin rule needs a price that the market state does not hold."""

    code = "missing-price"

    def __init__(self, asset: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"no price for {asset!r}; prices are known for {', '.join(known) or 'nothing'}",
            asset=asset,
            known=known,
        )


# Oracles: cost of corruption


class CorruptionError(RuleError):
    """A question about the cost of corruption that cannot be answered as asked."""

    code = "corruption"


class MissingCostModelError(CorruptionError):
    """The search reached a source whose cost nobody declared."""

    code = "missing-cost-model"

    def __init__(self, label: str, node: str) -> None:
        super().__init__(f"no cost model for the source {label!r} ({node[:12]})", label=label, node=node)


class UnsupportedNodeError(CorruptionError):
    """A node type without a rule has more parents than can be tried."""

    code = "unsupported-node"

    def __init__(self, kind: str, parents: int, most: int) -> None:
        super().__init__(
            f"node type {kind!r} has no corruption rule; {parents} parents are more than the {most} tried",
            kind=kind,
            parents=parents,
            most=most,
        )


class NoHonestAnswerError(CorruptionError):
    """The oracle gives no answer before the attack, so no factor of it can be asked for."""

    code = "no-honest-answer"

    def __init__(self, target: str, why: str) -> None:
        super().__init__(f"cannot {target}: the honest oracle gives none ({why})", target=target, why=why)


# Liquidation


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


# Vaults


class VaultError(RuleError):
    """A vault or lending pool refused."""

    code = "vault"


class CapExceededError(VaultError):
    """A supply, borrow, debt-ceiling or position cap would be exceeded."""

    code = "cap-exceeded"

    def __init__(self, what: str, wanted: int, cap: int) -> None:
        super().__init__(f"{what}: {wanted} wanted, the cap is {cap}", what=what, wanted=wanted, cap=cap)


class IlliquidError(VaultError):
    """More is to be withdrawn or lent than the vault has at hand."""

    code = "illiquid"

    def __init__(self, what: str, wanted: int, available: int) -> None:
        super().__init__(
            f"{what}: {wanted} wanted, {available} at hand", what=what, wanted=wanted, available=available
        )


class GateClosedError(VaultError):
    """A withdrawal gate is closed, or a request is not ripe yet."""

    code = "gate-closed"

    def __init__(self, what: str, opens_at: int, now: int) -> None:
        super().__init__(f"{what}: opens at {opens_at}, now {now}", what=what, opens_at=opens_at, now=now)


class EligibilityError(VaultError):
    """The asset may not be used so: not in the group, isolated, or not borrowable."""

    code = "eligibility"

    def __init__(self, asset: str, why: str) -> None:
        super().__init__(f"{asset}: {why}", asset=asset)


class ShareError(VaultError):
    """More shares than exist or than the holder has, or a deposit too small for one."""

    code = "share"

    def __init__(self, what: str, wanted: int, available: int) -> None:
        super().__init__(
            f"{what}: {wanted} wanted, {available} available", what=what, wanted=wanted, available=available
        )
