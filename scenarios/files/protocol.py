"""The protocol file: everything that a designer sets, in one model."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from scenarios.agents.registry import AgentFile
from scenarios.attackers.registry import AttackerFile
from scenarios.files.governance import GovernanceFile
from scenarios.files.protocol_chain import ChainFile
from scenarios.files.protocol_market import MarketFile, PlainMarket
from scenarios.files.protocol_options import OptionFile
from scenarios.files.protocol_oracle import OracleFile
from scenarios.files.protocol_parts import AccountFile, AssetFile, Part, VaultFile
from scenarios.files.protocol_population import PopulationFile
from scenarios.files.protocol_rules import (
    BackstopVaultFile,
    FeesFile,
    LiquidationFile,
    ListingFile,
    MarginFile,
    OutsideFile,
    Payer,
    PerpetualFile,
    RunFile,
)
from scenarios.files.protocol_venues import VenueFile
from scenarios.files.quantities import NotNegative


class ProtocolFile(Part):
    """The whole file."""

    title: str
    about: str = Field("", description="What the file shows.")
    money: str = Field("USD", description="Unit of every price.")
    assets: dict[str, AssetFile] = Field(min_length=1)
    venues: dict[str, VenueFile] = Field(default_factory=dict)
    vaults: dict[str, VaultFile] = Field(default_factory=dict)
    oracle: OracleFile
    listings: dict[str, ListingFile] = Field(min_length=1)
    perpetuals: dict[str, PerpetualFile] = Field(default_factory=dict)
    options: dict[str, OptionFile] = Field(default_factory=dict)
    margin: MarginFile = MarginFile()
    liquidation: LiquidationFile = LiquidationFile()
    insurance_fund: dict[str, NotNegative] = Field(default_factory=dict)
    backstop_vault: BackstopVaultFile = BackstopVaultFile()
    waterfall: list[Payer] = Field(default=["insurance-fund", "socialise", "deficit"], min_length=1)
    governance: GovernanceFile = GovernanceFile()
    fees: FeesFile = FeesFile()
    outside: OutsideFile = OutsideFile()
    accounts: dict[str, AccountFile] = Field(default_factory=dict)
    population: PopulationFile | None = Field(None, description="A whole book instead of named accounts.")
    agents: dict[str, AgentFile] = Field(default_factory=dict)
    market: MarketFile = PlainMarket()
    chain: ChainFile | None = Field(None, description="Blocks, gas, congestion; agents act at once without.")
    run: RunFile = RunFile()
    attacks: dict[str, AttackerFile] = Field(default_factory=dict, description="Strategies by name.")
    references: dict[str, str] = Field(default_factory=dict)

    def price(self, asset: str) -> Decimal:
        """Return the outside price at the start."""
        return self.assets[asset].price
