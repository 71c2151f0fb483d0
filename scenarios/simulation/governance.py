"""Listings by vote in a running simulation: propose, vote, wait, execute.

What was decided stands in the world's values, so a rollback undoes a listing with everything else. A new
listing names the oracle node that prices it: whoever passes a proposal chooses whom the protocol believes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from protocol.errors import CapExceededError, RuleError, UnknownNameError
from scenarios.files.protocol_rules import ListingFile
from scenarios.simulation.names import DEPOSITORS

if TYPE_CHECKING:
    from scenarios.simulation.simulation import Simulation
    from scenarios.world import World

DECIDED = "listings by vote"
PROPOSAL = "proposal"
BLOCK_START = "start of the block"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Decided:
    """A listing that was executed: its terms and the node that prices it."""

    listing: ListingFile
    node: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A listing that was proposed.

    Parameters
    ----------
    asset, listing, node
        What is to be listed, how, and who prices it.
    votes
        Raw units that voted for it.
    passed_at
        Second of the vote that passed it; None before.
    cancelled
        Whether somebody who may has cancelled it.
    """

    asset: str
    listing: ListingFile
    node: str
    votes: int = 0
    passed_at: int | None = None
    cancelled: bool = False


class ProposalError(RuleError):
    """A vote does not pass a proposal, or it cannot be executed."""

    code = "proposal-refused"

    def __init__(self, why: str, **details: object) -> None:
        super().__init__(f"proposal refused: {why}", **details)


def decided(world: World) -> Mapping[str, Decided]:
    """Return the listings that votes have added, by asset."""
    found = world.state.values.get(DECIDED, {})
    assert isinstance(found, dict)
    return found


def begin_block(world: World) -> None:
    """Mark the start of a block: balances of snapshots are those of now."""
    world.state.values[BLOCK_START] = world.state.ledger.mark()


def votes_of(game: Simulation, owner: str) -> int:
    """Return the raw units that an owner's wallet can vote with."""
    token, world = game.file.governance.token, game.world
    held = world.balance(owner, token)
    if game.file.governance.flash_votes:
        return held
    start = world.state.values.get(BLOCK_START, 0)
    assert isinstance(start, int)
    for posting in world.state.ledger.since(start):
        if posting.asset == token:
            held += posting.amount * ((posting.source == owner) - (posting.target == owner))
    return held


def propose(game: Simulation, owner: str, asset: str, listing: ListingFile, node: str) -> None:
    """Propose a listing; within the limits of the protocol, with the node that is to price it.

    Raises
    ------
    UnknownNameError, CapExceededError
        For a node that does not exist; for a factor above the limit.
    """
    rules, limits = game.file.governance, game.file.governance.limits
    if node not in game.protocol.graph.nodes:
        raise UnknownNameError("node", node, tuple(game.protocol.graph.nodes))
    most = limits.collateral_factor
    if most is not None and listing.collateral_factor > most:
        raise CapExceededError(
            f"collateral factor of {asset} in per mille",
            int(listing.collateral_factor * 1000),
            int(most * 1000),
        )
    if limits.supply_cap_value is not None:
        cap = Decimal(game.worth(Fraction(limits.supply_cap_value), asset))
        cap = cap.scaleb(-game.world.decimals[asset])
        given = listing.supply_cap
        listing = listing.model_copy(update={"supply_cap": cap if given is None else min(cap, given)})
    if limits.debt_ceiling is not None:
        listing = listing.model_copy(update={"debt_ceiling": limits.debt_ceiling})
    proposal = Proposal(asset, listing, node)
    if not rules.token:
        proposal = replace(proposal, passed_at=game.world.time)
    game.world.state.values[PROPOSAL] = proposal
    game.record(owner, "proposal", asset=asset, factor=listing.collateral_factor, node=node)


def vote(game: Simulation, owner: str) -> None:
    """Vote for the proposal with all that may vote, and count.

    Raises
    ------
    ProposalError
        If the votes do not reach the quorum, or not more than vote against.
    """
    rules, proposal = game.file.governance, _proposal(game)
    if not rules.token:
        return
    assert rules.supply is not None
    supply, votes = game.units(rules.token, rules.supply), votes_of(game, owner)
    needed, against = supply * Fraction(rules.quorum), supply * Fraction(rules.against)
    if votes < needed or votes <= against:
        raise ProposalError("too few votes", votes=votes, quorum=int(needed), against=int(against))
    game.world.state.values[PROPOSAL] = replace(proposal, votes=votes, passed_at=game.world.time)
    game.record(owner, "vote", votes=game.whole(rules.token, votes))


def wait_timelock(game: Simulation) -> int:
    """Let the timelock pass: lenders leave, a guardian may cancel; return the seconds that passed.

    On a chain these are whole slots, in which the file's agents decide once a step.
    """
    rules, proposal, start = game.file.governance, _proposal(game), game.world.time
    if rules.timelock:
        if game.blocks is not None:
            game.blocks.wait(rules.timelock)
        else:
            game.advance(rules.timelock, max(1, rules.timelock // game.file.run.block_seconds))
        _exit(game, Fraction(rules.exit_per_day) * Fraction(rules.timelock, DAY))
    delay = rules.guardian_delay
    if rules.token and delay is not None and delay <= rules.timelock:
        with game.transaction("guardian: cancel"):
            game.world.state.values[PROPOSAL] = replace(proposal, cancelled=True)
            game.record("guardian", "cancelled", asset=proposal.asset)
    return game.world.time - start


def _exit(game: Simulation, part: Fraction) -> None:
    """Let lenders take a part of the cash out of the protocol."""
    part = min(part, Fraction(1))
    if not part:
        return
    world = game.world
    wallet = world.wallet(DEPOSITORS.split(":")[-1])
    with game.transaction("lenders leave"):
        for asset in game.file.listings:
            free = min(world.balance(DEPOSITORS, asset), game.protocol.cash(asset))
            world.move(DEPOSITORS, wallet, asset, int(max(free, 0) * part), "withdrawn by lenders")
    game.record("depositors", "left", part=str(part))


def execute(game: Simulation, owner: str) -> None:
    """Execute the proposal: from here on the asset is listed and the named node is believed.

    Raises
    ------
    ProposalError
        If it has not passed, was cancelled, or the timelock still runs.
    """
    rules, proposal = game.file.governance, _proposal(game)
    if proposal.cancelled:
        raise ProposalError("cancelled", asset=proposal.asset)
    if proposal.passed_at is None:
        raise ProposalError("not passed", asset=proposal.asset)
    due = proposal.passed_at + rules.timelock
    if game.world.time < due:
        raise ProposalError("the timelock runs", now=game.world.time, due=due)
    listed = {**decided(game.world), proposal.asset: Decided(proposal.listing, proposal.node)}
    game.world.state.values[DECIDED] = listed
    del game.world.state.values[PROPOSAL]
    game.record(owner, "listed", asset=proposal.asset, factor=proposal.listing.collateral_factor)


def _proposal(game: Simulation) -> Proposal:
    proposal = game.world.state.values.get(PROPOSAL)
    if not isinstance(proposal, Proposal):
        raise ProposalError("there is none")
    return proposal
