"""Sandwiches of one step: a bundle around each swap that a searcher sees waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.agents.sandwich import Sandwicher
from scenarios.agents.signed import SignedSwap
from scenarios.blocks import Bundle, Pending
from scenarios.files.protocol_chain import GAS_DECIMALS
from scenarios.simulation.names import GAS_OF
from scenarios.simulation.on_chain.build import GAS, wei

if TYPE_CHECKING:
    from scenarios.simulation.on_chain.blocks import Blocks
    from scenarios.simulation.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Victim:
    """A swap that waits."""

    pending: Pending
    swap: SignedSwap


def surround(game: Simulation, blocks: Blocks, me: str, agent: Sandwicher) -> None:
    """Send a searcher's bundles for the next block; what does not pay for its gas is left alone."""
    sender, base_fee = blocks.settings.sender(me), blocks.chain.base_fee
    gas, native = sender.gas or GAS["user"], game.outside[blocks.settings.native]
    for victim in _visible(blocks, me, agent):
        gain = int(agent.gain(game, me, victim.swap) / native * 10**GAS_DECIMALS)
        tip = int(gain * agent.bid_share) // gas - 2 * base_fee
        if tip < wei(sender.tip) or gain <= 0:
            continue
        front, back = agent.sides(me, victim.swap)
        name = f"{me} around {victim.pending.name}"
        cap = tip + int(sender.headroom * base_fee)
        first, last = (
            Pending(
                f"{name}, {word}",
                me,
                blocks.action(side, f"{name}, {word}"),
                gas,
                cap,
                paid,
                game.world.time * 1_000,
                sender.latency,
                kind=agent.transaction_kind,
                payer=GAS_OF + me,
            )
            for word, side, paid in (("front", front, 0), ("back", back, tip))
        )
        if name not in blocks.chain.pool:
            parts = (first, victim.pending.name, last)
            blocks.chain.submit(Bundle(name, parts, me, 0, victim.pending.channel, game.world.block + 1))


def _visible(blocks: Blocks, me: str, agent: Sandwicher) -> list[Victim]:
    found = []
    for sender, sent in blocks.sent.items():
        swap = sent.wish.signed
        if sender == me or sent.bundle or not isinstance(swap, SignedSwap) or swap.venue != agent.venue:
            continue
        if agent.sees(sent.pending.channel):
            found.append(Victim(sent.pending, swap))
    return found
