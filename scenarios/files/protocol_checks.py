"""Loading a protocol file: its shape, and every name across its parts, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from protocol.errors import RuleError
from scenarios.attackers.attacker import Attacker
from scenarios.files import protocol_oracle as o
from scenarios.files import protocol_parts as p
from scenarios.files.check_oracle import find_cycle
from scenarios.files.document import Document
from scenarios.files.errors import FileError
from scenarios.files.findings import Finding
from scenarios.files.margin_terms import (
    LENDING_ONLY,
    ONE_MARKET,
    OPTIONS,
    SINGLE_MARKET,
    TERMS,
    UNDERLYINGS,
    PresetTerms,
)
from scenarios.files.model_at import model_at
from scenarios.files.population_checks import check_population
from scenarios.files.positions import Path
from scenarios.files.protocol import ProtocolFile
from scenarios.files.protocol_carry_checks import check_carry
from scenarios.files.protocol_chain_checks import check_chain
from scenarios.files.protocol_known import known as _known
from scenarios.files.protocol_market_checks import check_market, read_recordings
from scenarios.files.protocol_name_checks import check_owners, check_smallest
from scenarios.files.protocol_options import volatility_of
from scenarios.files.protocol_oracle import check_node
from scenarios.files.protocol_rules import PERPETUALS_ONLY
from scenarios.files.protocol_sense_checks import check_sense
from scenarios.files.protocol_venues import (
    ConcentratedFile,
    CryptoswapFile,
    assets_of,
    check_venue,
    places_of,
)
from scenarios.files.shipped import Shipped
from scenarios.files.validate import explain, located

SCHEMA_ID = "urn:backstop:schema:protocol:1"
"""Identifier of the schema; the number rises when a file that was valid no longer is."""
SHIPPED = Shipped("examples")


def list_protocols() -> tuple[str, ...]:
    """Return the names of the shipped protocol files."""
    return SHIPPED.names()


def load_protocol(name_or_path: str | FilePath) -> ProtocolFile:
    """Load a shipped protocol file by its name, or any by its path.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    return read_protocol(open_protocol(name_or_path))


def open_protocol(name_or_path: str | FilePath) -> Document:
    """Return the document of a shipped protocol file or of a path."""
    return SHIPPED.open(name_or_path)


def looks_like_protocol(document: Document) -> bool:
    """Return whether a document is meant as a protocol file: it has listings, and no steps."""
    return "listings" in document.data and "steps" not in document.data


def read_protocol(document: Document) -> ProtocolFile:
    """Return the model of a document.

    Raises
    ------
    FileError
        Every problem with its place.
    """
    try:
        model = ProtocolFile.model_validate(document.data)
    except ValidationError as error:
        found = explain(document.data, error, lambda path: model_at(ProtocolFile, document.data, path))
        raise FileError(located(document, found)) from None
    findings = list(_check(model))
    if findings:
        raise FileError(located(document, findings))
    findings = list(_check_built(model))
    if findings:
        raise FileError(located(document, findings))
    return read_recordings(model, document)


def protocol_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a protocol file."""
    schema = ProtocolFile.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "Backstop protocol",
        "description": "A protocol, the market around it, who acts in it, and attacks to be tried.",
    }


def _check(model: ProtocolFile) -> Iterator[Finding]:
    yield from _check_venues(model)
    yield from _check_oracle(model)
    yield from _check_rules(model)
    yield from check_market(model)
    yield from check_population(model)
    yield from check_chain(model)
    yield from check_carry(model)
    yield from check_owners(model)
    yield from check_smallest(model)
    yield from check_sense(model)
    for section, entries in (("agents", model.agents), ("attacks", model.attacks)):
        for name, entry in entries.items():
            yield from _check_names(model, (section, name), entry)


def _check_venues(model: ProtocolFile) -> Iterator[Finding]:
    for name, venue in model.venues.items():
        for place, asset, at_key in places_of(venue):
            yield from _known(("venues", name, *place), asset, model.assets, "asset", at_key=at_key)
        yield from check_venue(("venues", name), venue, {a: e.decimals for a, e in model.assets.items()})
        fee = ("venues", name, "fee")
        if isinstance(venue, p.ConstantProductFile) and (venue.fee * 1000) % 1:
            yield Finding("fee", fee, "a V2 pair keeps whole thousandths", "a multiple of 0.001")
        if isinstance(venue, p.WeightedFile):
            weights = ("venues", name, "weights")
            if set(venue.weights) != set(venue.reserves):
                yield Finding("count", weights, "weights and reserves differ", "one weight per reserve")
            elif sum(venue.weights.values()) != 1:
                yield Finding("weights", weights, f"the weights add up to {sum(venue.weights.values())}", "1")
    for name, vault in model.vaults.items():
        for field in ("asset", "share"):
            yield from _known(("vaults", name, field), getattr(vault, field), model.assets, "asset")


def _check_built(model: ProtocolFile) -> Iterator[Finding]:
    """Build every venue once: what its own rules refuse is a mistake of the file."""
    from scenarios.simulation.build_venues import build_venue  # noqa: PLC0415 - the file comes first

    for name, venue in model.venues.items():
        try:
            build_venue(model, venue, 0)
        except RuleError as error:
            yield Finding("venue", ("venues", name), error.message, "figures that the venue takes")


def _check_oracle(model: ProtocolFile) -> Iterator[Finding]:
    nodes = model.oracle.nodes
    for name, node in nodes.items():
        place = ("oracle", "nodes", name)
        for index, parent in enumerate(node.parents):
            yield from _known((*place, "parents", index), parent, nodes, "node")
        yield from check_node(name, node)
        if isinstance(node, tuple(KINDS)):
            yield from _check_venue_node(model, place, node)
        if isinstance(node, p.VaultRateFile | o.VaultBooksFile):
            yield from _known((*place, "vault"), node.vault, model.vaults, "vault")
        if isinstance(node, p.FeedFile | p.DelayedFile):
            yield from _known((*place, "asset"), node.asset, model.assets, "asset")
    cycle = find_cycle({name: list(node.parents) for name, node in nodes.items()})
    if cycle:
        path = ("oracle", "nodes", cycle[0], "parents")
        yield Finding("cycle", path, "the oracle graph has a cycle: " + " -> ".join(cycle))
    for asset, name in model.oracle.prices.items():
        yield from _known(("oracle", "prices", asset), asset, model.assets, "asset", at_key=True)
        yield from _known(("oracle", "prices", asset), name, nodes, "node")


KINDS: dict[type[BaseModel], tuple[type[BaseModel], ...]] = {
    p.SpotFile: (BaseModel,),
    p.TwapFile: (p.ConstantProductFile, ConcentratedFile),
    o.PoolAverageFile: (CryptoswapFile,),
    o.FairLpFile: (p.ConstantProductFile,),
    o.ReservesLpFile: (p.ConstantProductFile,),
}
"""Kinds of venues that a node can read."""


def _check_venue_node(model: ProtocolFile, place: Path, node: BaseModel) -> Iterator[Finding]:
    name = str(getattr(node, "venue", ""))
    yield from _known((*place, "venue"), name, model.venues, "venue")
    venue = model.venues.get(name)
    if venue is None:
        return
    if not isinstance(venue, KINDS[type(node)]):
        words = [get_args(kind.model_fields["type"].annotation)[0] for kind in KINDS[type(node)]]
        expected = f"a {' or '.join(words)} venue"
        yield Finding("venue", (*place, "venue"), f"{name!r} has no such price", expected)
    known = assets_of(venue)
    for field in ("base", "quote"):
        asset = getattr(node, field, None)
        if asset is not None:
            yield from _known((*place, field), asset, known, f"asset of {name}")
    for index, asset in enumerate(getattr(node, "assets", ())):
        yield from _known((*place, "assets", index), asset, known, f"asset of {name}")


def _check_rules(model: ProtocolFile) -> Iterator[Finding]:
    prices = model.oracle.prices
    for asset, listing in model.listings.items():
        place = ("listings", asset)
        yield from _known(place, asset, model.assets, "asset", at_key=True)
        if asset in model.assets and asset not in prices:
            yield Finding(
                "no-price", place, f"no oracle node prices {asset}", "an entry in oracle.prices", at_key=True
            )
        given = listing.liquidation_threshold
        if given is not None and given < listing.collateral_factor:
            message = f"{given} is below the collateral factor {listing.collateral_factor}"
            yield Finding("threshold", (*place, "liquidation_threshold"), message, "at least the factor")
    for name, market in model.perpetuals.items():
        place = ("perpetuals", name)
        yield from _known((*place, "underlying"), market.underlying, prices, "priced asset")
        if name in model.assets:
            yield Finding("duplicate-name", place, f"{name!r} is an asset too", at_key=True)
        kept = market.maintenance_leverage
        if kept is not None and kept < market.maximum_leverage:
            message = f"{kept} is below the maximum leverage"
            yield Finding("leverage", (*place, "maintenance_leverage"), message, "at least the maximum")
    if model.liquidation.preset in PERPETUALS_ONLY and not model.perpetuals:
        message = f"{model.liquidation.preset} liquidates positions, the file has none"
        yield Finding("liquidation", ("liquidation", "preset"), message, "another design, or perpetuals")
    if model.perpetuals:
        yield from _known(("margin", "settlement"), model.margin.settlement, model.listings, "listing")
        if model.margin.preset in LENDING_ONLY:
            message = f"{model.margin.preset} judges no perpetuals"
            yield Finding("margin", ("margin", "preset"), message, "mango-v3 or hyperliquid")
        if model.margin.preset in SINGLE_MARKET and len(model.perpetuals) > 1:
            message = f"{model.margin.preset} judges one market, the file has {len(model.perpetuals)}"
            yield Finding("margin", ("margin", "preset"), message, "one perpetual, or another preset")
    yield from _check_terms(model)
    yield from _check_options(model)
    if model.governance.token:
        yield from _known(("governance", "token"), model.governance.token, model.assets, "asset")
        if model.governance.supply is None:
            message = "votes need the token's supply"
            yield Finding("governance", ("governance", "token"), message, "governance.supply")
    for asset in model.insurance_fund:
        yield from _known(("insurance_fund", asset), asset, model.assets, "asset", at_key=True)
    for owner, account in model.accounts.items():
        for asset in account.balances:
            held = ("accounts", owner, "balances", asset)
            yield from _known(held, asset, model.listings, "listing", at_key=True)
        for market_name in account.positions:
            held = ("accounts", owner, "positions", market_name)
            positions = [*model.perpetuals, *model.options]
            yield from _known(held, market_name, positions, "perpetual or option", at_key=True)


_NAMED = {
    "venue": ("venues", "venue"),
    "vault": ("vaults", "vault"),
    "asset": ("assets", "asset"),
    "base": ("assets", "asset"),
    "quote": ("assets", "asset"),
    "collateral": ("listings", "listing"),
    "debt": ("listings", "listing"),
    "security": ("listings", "listing"),
    "borrow": ("listings", "listing"),
    "market": ("perpetuals", "perpetual"),
    "maker": ("agents", "agent"),
    "node": ("oracle_nodes", "node"),
    "funds": ("assets", "asset"),
}
"""What the fields of agents and attackers name."""


def _check_options(model: ProtocolFile) -> Iterator[Finding]:
    """Check options, and that the margin preset has rates for what the positions depend on."""
    preset, length = model.margin.preset, model.run.steps * model.run.step_seconds
    for name, option in model.options.items():
        place = ("options", name)
        yield from _known((*place, "underlying"), option.underlying, model.oracle.prices, "priced asset")
        if name in model.assets or name in model.perpetuals:
            yield Finding("duplicate-name", place, f"{name!r} is an asset or perpetual too", at_key=True)
        if volatility_of(option, model.market) is None:
            message = f"no volatility of {option.underlying}"
            yield Finding("volatility", place, message, "volatility here or in market", at_key=True)
        if option.expiry <= length:
            message = f"it expires within the run of {length} seconds"
            yield Finding("expiry", (*place, "expiry"), message, f"more than {length}")
    if model.options and not model.perpetuals:
        yield Finding(
            "options", ("options",), "options are held beside a perpetual", "an entry in perpetuals"
        )
    if model.options and preset not in OPTIONS:
        yield Finding("margin", ("margin", "preset"), f"{preset} judges no options", ", ".join(OPTIONS))
    rated = UNDERLYINGS.get(preset)
    used = [("perpetuals", name, entry.underlying) for name, entry in model.perpetuals.items()]
    used += [("options", name, entry.underlying) for name, entry in model.options.items()]
    if rated is not None:
        for section, name, underlying in used:
            yield from _known((section, name, "underlying"), underlying, rated, f"market of {preset}")
    if preset in SINGLE_MARKET and len({underlying for *_, underlying in used}) > 1:
        yield Finding("margin", ("margin", "preset"), f"{preset} judges one underlying", "one underlying")


def _check_terms(model: ProtocolFile) -> Iterator[Finding]:
    """Check what a margin preset asks of the file, and that parameters of its own are known to it."""
    preset, settlement = model.margin.preset, model.margin.settlement
    if preset in ONE_MARKET and len(model.perpetuals) != 1:
        yield Finding("margin", ("margin", "preset"), f"{preset} judges one perpetual", "one perpetual")
    if preset == "compound-v3":
        yield from _known(("margin", "settlement"), settlement, model.listings, "listing")
        for asset, listing in model.listings.items():
            if listing.borrowable and asset != settlement:
                place = ("listings", asset, "borrowable")
                yield Finding("margin", place, f"{preset} lends {settlement} only", "borrowable: false")
    known, what = TERMS.get(preset, PresetTerms("")), f"term of {preset}"
    for name in model.margin.terms:
        yield from _known(("margin", "terms", name), name, known.margin, what, at_key=True)
    listed = ("listings", model.listings, known.listing)
    for section, entries, names in (listed, ("perpetuals", model.perpetuals, known.market)):
        for key, entry in entries.items():
            for name in entry.terms:
                yield from _known((section, key, "terms", name), name, names, what, at_key=True)


def _check_names(model: ProtocolFile, place: tuple[str, str], entry: BaseModel) -> Iterator[Finding]:
    """Check the fields of an agent or attacker that name parts of the file."""
    feeds = [
        node.feed for node in model.oracle.nodes.values() if isinstance(node, p.FeedFile | p.DelayedFile)
    ]
    names_of: dict[str, Iterable[str]] = {
        field: model.oracle.nodes if section == "oracle_nodes" else getattr(model, section)
        for field, (section, _) in _NAMED.items()
    }
    words = {field: word for field, (_, word) in _NAMED.items()}
    places = [*model.venues, "outside"]
    names_of |= {"feed": feeds, "feeds": feeds, "sell_on": places, "against": places}
    words |= {"feed": "feed", "feeds": "feed", "sell_on": "venue", "against": "venue"}
    for field, names in names_of.items():
        value = getattr(entry, field, None)
        if isinstance(value, str) and value:
            yield from _known((*place, field), value, names, words[field])
        elif isinstance(value, list):
            for index, name in enumerate(value):
                yield from _known((*place, field, index), name, names, words[field])
        elif isinstance(value, dict):
            for name in value:
                yield from _known((*place, field, name), name, names, words[field], at_key=True)
    if isinstance(entry, Attacker):
        ranges = entry.ranges()
        for name, (low, high) in entry.search.items():
            yield from _known((*place, "search", name), name, ranges, "parameter to search", at_key=True)
            if name in ranges and not (low <= high and (low > Decimal(0) or not ranges[name].log)):
                yield Finding("range", (*place, "search", name), f"{low} to {high} is no range", "low, high")
