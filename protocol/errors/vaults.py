"""Errors of vaults and lending pools."""

from __future__ import annotations

from protocol.errors.base import RuleError


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
