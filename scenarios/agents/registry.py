"""The agents that a file can name, by ``type``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from scenarios.agents.basis import BasisTrader, PerpetualFlow
from scenarios.agents.lending import Borrowers, Keeper, LoopingBorrower
from scenarios.agents.making import BookMaker, RangeProvider
from scenarios.agents.publishers import ColludingPublisher, Publisher
from scenarios.agents.recorded import Guardian, RecordedPublisher
from scenarios.agents.sandwich import Sandwicher
from scenarios.agents.trading import Arbitrageur, LiquidityProvider, MarketMaker, PerpetualTrader, Trader

AgentFile: TypeAlias = Annotated[
    Trader
    | LiquidityProvider
    | RangeProvider
    | BookMaker
    | RecordedPublisher
    | Guardian
    | Arbitrageur
    | MarketMaker
    | PerpetualTrader
    | LoopingBorrower
    | Borrowers
    | Keeper
    | Publisher
    | ColludingPublisher
    | Sandwicher
    | PerpetualFlow
    | BasisTrader,
    Field(discriminator="type"),
]
"""What may stand under ``agents``; a new one is a subclass and a name here."""
