"""Errors of accounts, the ledger, transactions and margin rules."""

from __future__ import annotations

from protocol.errors.base import RuleError


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


class CollateralAssetError(RuleError):
    """A collateral asset is described by figures that no asset has."""

    code = "collateral-asset"

    def __init__(self, number: int, figures: tuple[float, ...]) -> None:
        named = dict(zip(("price", "weight", "held", "available", "carry"), figures, strict=True))
        text = ", ".join(f"{name} {figure}" for name, figure in named.items())
        super().__init__(
            f"collateral asset {number} ({text}): every figure must be finite, "
            "price, held and available at least zero",
            number=number,
            figures=named,
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
