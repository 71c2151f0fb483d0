"""The chain in a protocol file: blocks, fees, congestion, proposers, and how each agent sends."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from scenarios.files.protocol_parts import Count, Part, Whole
from scenarios.files.quantities import Fraction, NotNegative, Positive

GAS_DECIMALS = 18
BURNED = "burned"


class CongestionFile(Part):
    """Everybody else's transactions, which grow when a price falls.

    Stress is the relative fall of ``follows`` over ``window`` steps, divided by ``calm``, and at least 1.
    """

    load: NotNegative = Field(Decimal("0.8"), description="Gas wanted a block over the gas target, in calm.")
    tip: NotNegative = Field(Decimal(1), description="Median priority fee in calm, gwei per gas.")
    tip_spread: NotNegative = Field(Decimal(1), description="Standard deviation of its log.")
    headroom: NotNegative = Field(Decimal(2), description="Cap over the base fee when sent, beside the tip.")
    most_fee: NotNegative = Field(
        Decimal(50),
        description="Median of the most paid per gas in calm, gwei, growing like tips; 0: no bound.",
    )
    load_elasticity: NotNegative = Field(Decimal("0.5"), description="Load grows as stress to this power.")
    tip_elasticity: NotNegative = Field(Decimal(1), description="Tips grow as stress to this power.")
    patience: Whole = Field(10, description="Blocks after which an unserved transaction gives up.")
    follows: str = Field("", description="Asset whose falls drive it; empty for a steady load.")
    calm: Positive = Field(Decimal("0.01"), description="Relative fall over the window that is nothing new.")
    window: Count = Field(1, description="Steps over which the fall is measured.")


class ProposerFile(Part):
    """Somebody who builds blocks."""

    share: NotNegative = Field(Decimal(1), description="Of the slots, relative to the others' shares.")
    ordering: Literal["priority-fee", "arrival"] = "priority-fee"
    channels: list[str] = Field(
        default_factory=list, description="Private order flow that it is connected to."
    )
    favours: list[str] = Field(default_factory=list, description="Agents put first whatever they pay.")
    censors: list[str] = Field(default_factory=list, description="Agents left out.")


class SenderFile(Part):
    """How an agent sends what it decides: gas, bid, latency, route."""

    gas: Count | None = Field(None, description="Of a transaction; by its kind if not given.")
    gas_money: NotNegative = Field(
        Decimal(10), description="Whole native tokens brought to pay for gas, after the opening."
    )
    latency: Whole = Field(0, description="Milliseconds from the decision until proposers see it.")
    tip: NotNegative = Field(Decimal(0), description="Priority fee, gwei per gas: the bid, or its floor.")
    bidding: Literal["fixed", "share", "outbid"] = Field(
        "fixed",
        description=(
            "fixed: the tip. share: `most_share` of the expected gain. outbid: raise above the best rival "
            "that it sees, as far as `most_share` of the expected gain."
        ),
    )
    most_share: Fraction = Field(Decimal("0.9"), description="Of the expected gain, most that is bid.")
    headroom: NotNegative = Field(
        Decimal(2), description="Fee cap: the tip and this many times the base fee."
    )
    bump: NotNegative = Field(
        Decimal(0),
        description="A waiting bid is decided anew and raised by this part, at least 0.1; 0: it waits.",
    )
    most_tip: NotNegative | None = Field(None, description="Highest priority fee, gwei per gas.")
    most_fee: NotNegative | None = Field(
        None, description="Highest price per gas in all, gwei: dearer blocks pass without it."
    )
    channel: str = Field("", description="Private channel; empty: everybody sees it while it waits.")
    follows: str = Field(
        "", description="Agent whose waiting transaction it follows, both as one bundle that never reverts."
    )
    rational: bool = Field(
        True,
        description="A keeper or arbitrageur stays away where the gain does not pay for the gas.",
    )


class ChainFile(Part):
    """Blocks between decisions and what they do; without this part agents act at once, in the file's order.

    Blocks come every ``run.block_seconds``; a step of the run is a whole number of them, and agents decide
    before its last one.
    """

    native: str = Field(description="Asset in which gas is paid; 18 decimals.")
    missed: Fraction = Field(Decimal(0), description="Probability that a slot brings no block.")
    gas_limit: Count = 30_000_000
    base_fee: NotNegative = Field(Decimal(1), description="Of the first block, gwei per gas.")
    elasticity: Count = Field(2, description="Gas limit over gas target (EIP-1559).")
    denominator: Count = Field(8, description="A full block raises the base fee by one over this.")
    congestion: CongestionFile | None = None
    proposers: dict[str, ProposerFile] = Field(default={"proposer": ProposerFile()}, min_length=1)
    attacker: str = Field(
        "",
        description="Proposer whom attackers own, for whose blocks they wait; empty: they need not wait.",
    )
    senders: dict[str, SenderFile] = Field(
        default_factory=dict,
        description="By agent; `attacker` for what attacks send; `default` for all others.",
    )

    def sender(self, agent: str) -> SenderFile:
        """Return how an agent sends."""
        return self.senders.get(agent) or self.senders.get("default") or SenderFile()
