"""The one model of an incident, whatever format its file is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    WithJsonSchema,
)

from scenarios.files.document import Document
from scenarios.files.facts import Facts
from scenarios.files.pools import (
    ConstantProductPool,
    CryptoswapPool,
    ExponentialPriceReserve,
    Pool,
    StableswapPool,
)
from scenarios.files.quantities import NotNegative, Number
from scenarios.files.vocabulary import ClosureStatus, MechanismClass, ReplayLevel

Plain: TypeAlias = Any
"""Plain data of a file: text, integers, decimals, booleans, lists and mappings."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Closure(_Part):
    """What was checked by independent arithmetic before the file was written."""

    status: ClosureStatus = Field(description="Whether the known facts reproduce the published figures.")
    error: Number | str | None = Field(
        None, description="Largest relative error found, with words if needed."
    )
    note: str = Field("", description="How it was checked.")
    missing: str = Field("", description="Facts that no source prints.")


class Outcome(_Part):
    """A published figure that a replay is compared with."""

    name: str = Field(min_length=1, description="Name of the figure.")
    value: Number | dict[str, Number] = Field(description="The figure, or one per asset.")
    unit: str = Field(
        description="A declared asset, USD, x, fraction, count, s, raw, or a ratio such as ETH/WBTC."
    )
    tolerance_rel: NotNegative | None = Field(None, description="Largest relative deviation.")
    tolerance_abs: NotNegative | None = Field(None, description="Largest absolute deviation, in `unit`.")
    source: str = Field(description="Key of `references`, or `derived`.")
    note: str = Field("", description="A remark on the figure.")
    believed: bool = Field(False, description="True if it has no source; never tested against.")


class Step(BaseModel):
    """Who did what, in order; further fields depend on the action."""

    model_config = ConfigDict(frozen=True, extra="allow")

    n: int = Field(ge=1, strict=True, description="Number of the step: unique and ascending.")
    actor: str | None = Field(None, description="Who acts: a key of `actors` where those are declared.")
    action: str = Field(description="What is done: a word of the vocabulary.")

    @property
    def fields(self) -> Mapping[str, Plain]:
        """The fields beyond number, actor and action, as plain data."""
        return self.model_extra or {}


class OracleNode(BaseModel):
    """One node of an oracle graph; further keys are its parameters."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = Field(description="Kind of node.")
    parents: list[str] = Field(default_factory=list, description="Names of the nodes it reads.")


class Oracle(BaseModel):
    """What the protocol believed: a type with parameters, or a graph of named nodes."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str | None = Field(None, description="The oracle in a few words.")
    rule: str | None = Field(None, description="How a price is formed, as a formula in words.")
    note: str | None = Field(None, description="A remark for readers.")
    nodes: dict[str, OracleNode] | None = Field(None, description="The graph: nodes by name.")
    output: str | None = Field(None, description="Name of the node whose reading the protocol uses.")


def _entry_kind(value: object) -> str:
    if isinstance(value, Pool):
        return str(getattr(value, "type", ""))
    if isinstance(value, Mapping) and "type" in value:
        return str(value["type"])
    return "other"


_OTHER_SCHEMA: dict[str, Any] = {
    "description": "A vault, prices, cash or other state that is no pool: a value or a mapping.",
    "not": {"type": "object", "required": ["type"]},
}
StateEntry: TypeAlias = Annotated[
    Annotated[ConstantProductPool, Tag("constant-product")]
    | Annotated[StableswapPool, Tag("stableswap")]
    | Annotated[CryptoswapPool, Tag("curve-crypto-3")]
    | Annotated[ExponentialPriceReserve, Tag("exponential-price-reserve")]
    | Annotated[Plain, Tag("other"), WithJsonSchema(_OTHER_SCHEMA)],
    Discriminator(_entry_kind),
]
"""A pool (chosen by its ``type``) or any other state as plain data."""


Decimals: TypeAlias = Annotated[int, Field(ge=0, le=36, strict=True)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Height: TypeAlias = Annotated[int, Field(ge=0, strict=True)]


class Incident(_Part):
    """The facts of one incident: state before, steps, oracle, and the published outcomes.

    The model holds the shape; `scenarios.files.library.load_incident` also runs the checks across fields
    (`scenarios.files.checks`) and gives every problem its place in the file.
    """

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        description="File name without its ending: lower case, digits, hyphens.",
    )
    title: Text = Field(description="One line: what happened.")
    date_utc: Text = Field(description="When, UTC, as far as the source prints it.")
    date_note: str = Field("", description="A remark on the date.")
    chain: Text | list[Text] = Field(description="Chain or chains.")
    block: Height | None = Field(
        None, description="Block of the attack; the state is that of the block before."
    )
    blocks: list[Height] | None = Field(None, description="Blocks, where there are several transactions.")
    slots: dict[str, Height | list[Height]] | None = Field(None, description="Slots by event (Solana).")
    ledgers: list[Height] | None = Field(None, description="Ledgers (Stellar).")
    tx: Text | None = Field(None, description="Hash of the transaction, in quotes.")
    txs: list[Text] | None = Field(None, description="Hashes, where there are several transactions.")
    protocol: Text = Field(description="The victim.")
    venues: list[Text] = Field(description="Markets that were traded, in words.")
    mechanism_class: list[MechanismClass] = Field(
        min_length=1, description="What went wrong: one or more classes."
    )
    replay_level: ReplayLevel = Field(
        description="How far known facts pin the numbers: every trade, prices and positions, totals, nothing."
    )
    closure: Closure = Field(description="What was checked before the file was written.")
    actors: dict[str, str | int] = Field(
        default_factory=dict, description="Who took part: name to description."
    )
    assets: dict[str, Decimals] = Field(default_factory=dict, description="Symbols to decimals.")
    state_before: dict[str, StateEntry] = Field(
        default_factory=dict, description="Pools, vaults, prices and positions before the first step."
    )
    oracle: Oracle | None = Field(None, description="What the protocol believed an asset was worth, and why.")
    parameters: dict[str, Plain] = Field(
        default_factory=dict, description="Collateral factors, caps, fees, weights."
    )
    steps: list[Step] = Field(min_length=1, description="What was done, in order.")
    outcomes: list[Outcome] = Field(default_factory=list, description="Published figures to compare with.")
    outcomes_withheld: bool = Field(False, description="True if the figures are kept apart; see `predict`.")
    predict: list[Text] = Field(default_factory=list, description="Names of figures to predict.")
    references: dict[str, str] = Field(description="Key to source: where each fact was read.")

    _document: Document = PrivateAttr(default_factory=lambda: Document({}))

    @property
    def facts(self) -> Facts:
        """The facts as a replay reads them: exact, by path, with places for messages."""
        return Facts(self._document)

    @property
    def file(self) -> str:
        """The file it was read from."""
        return self._document.file
