"""A simulation's chain at the opening: streams of its own, and gas money for every agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.files.protocol_chain import ChainFile
from scenarios.seeds import Seed
from scenarios.simulation.names import GAS_OF
from scenarios.simulation.on_chain.blocks import Blocks
from scenarios.simulation.on_chain.build import DEMAND, PROPOSERS, build_chain

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation


def open_blocks(game: Simulation, settings: ChainFile, seed: Seed, run: int) -> Blocks:
    """Return the chain of one run; agents get their gas money after the opening's deposits."""
    streams = {name: seed.stream(run, name) for name in (PROPOSERS, DEMAND)}
    seconds = game.file.run.block_seconds
    chain = build_chain(game.file, settings, game.world, streams, lambda: game.elapse(seconds))
    for name in game.file.agents:
        wallet = game.world.wallet(GAS_OF + name)
        game.world.fund(wallet, settings.native, game.units(settings.native, settings.sender(name).gas_money))
    return Blocks(game, settings, chain)
