"""The registry of a lending market: which feed prices which asset is state, and its administrator sets it.

Source of the rule: aave/aave-v3-core contracts/misc/AaveOracle.sol (``setAssetSources``): no check that the
new source is of the asset, of its scale, or anywhere near the old one's answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oracles.node import Node, View
from oracles.reading import Reading, Reason, refuse


@dataclass(frozen=True)
class AssetSource(Node):
    """The parent that the registry names for an asset, whatever it quotes.

    Parameters
    ----------
    asset
        What the market believes is priced.
    sources
        Names of the parents, in their order.
    registry
        Name in the view's memory that holds the name of the source in force.
    """

    kind: ClassVar[str] = "asset-source"
    asset: str
    sources: tuple[str, ...]
    registry: str

    def read(self, view: View, readings: tuple[Reading, ...]) -> Reading:
        """Return the reading of the source in force; an asset without one refuses."""
        name = view.stored(self.registry, str)
        if name not in self.sources:
            return refuse(self.id, Reason.NO_DATA, f"no source is set for {self.asset}", *readings)
        return readings[self.sources.index(name)].under(self.id, *readings)

    @property
    def label(self) -> str:
        """The asset."""
        return f"source set for {self.asset}"
