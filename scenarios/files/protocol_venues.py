"""Venues of a protocol file beside the pools with plain reserves: ranges, crypto pools and order books."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from scenarios.files import protocol_parts as p
from scenarios.files.findings import Finding
from scenarios.files.positions import Path
from scenarios.files.quantities import Fraction, Positive


class RangeFile(p.Part):
    """Liquidity of others between two prices, as much as the amounts allow at the starting price."""

    lower: Positive | None = Field(
        None, description="Price of token 0 in token 1, moved out to a tick; the lowest if absent."
    )
    upper: Positive | None = None
    amounts: dict[str, Positive] = Field(min_length=1, max_length=2, description="Whole tokens by asset.")


class ConcentratedFile(p.Part):
    """A Uniswap V3 pool."""

    type: Literal["concentrated"]
    token0: str
    token1: str
    fee: Fraction = Field(Decimal("0.003"), description="Part of the input, whole millionths.")
    tick_spacing: Annotated[int, Field(ge=1, le=16384, strict=True)] | None = Field(
        None, description="Needed for a fee other than 0.0001, 0.0005, 0.003 and 0.01."
    )
    price: Positive | None = Field(
        None, description="Of token 0 in token 1 at the start; that of the outside prices if absent."
    )
    ranges: list[RangeFile] = Field(min_length=1)
    observations: Annotated[int, Field(ge=1, le=65535, strict=True)] = Field(
        720, description="Slots of the pool's own oracle; a window needs one for each block with a trade."
    )


class CryptoswapFile(p.Part):
    """Curve's tricrypto2: three volatile coins; its parameters are those of the pool on Ethereum."""

    type: Literal["cryptoswap"]
    reserves: dict[str, Positive] = Field(
        min_length=3, max_length=3, description="Whole tokens; prices are kept in the first asset."
    )
    amplification: p.Count = 1_707_629
    gamma: p.Count = Field(11_809_167_828_997, description="1e18.")
    mid_fee: Fraction = Field(Decimal("0.0003"), description="Of the output, in balance.")
    out_fee: Fraction = Field(Decimal("0.003"), description="Of the output, far from it.")
    fee_gamma: p.Count = Field(5 * 10**14, description="How fast the fee rises, 1e18.")
    allowed_extra_profit: p.Whole = Field(2 * 10**12, description="1e18.")
    adjustment_step: p.Count = Field(490 * 10**12, description="1e18.")
    half_time: p.Count = Field(600, description="Seconds; of the average that the pool keeps.")


class LadderFile(p.Part):
    """Resting orders of others around the outside price, the same on both sides."""

    half_spread: Fraction = Field(Decimal("0.001"), description="Distance of the best orders.")
    spacing: Fraction = Field(Decimal("0.001"), description="Between two orders, part of the price.")
    size: Positive = Field(description="Whole base in each order.")
    orders: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 10


class OrderBookFile(p.Part):
    """A central limit order book."""

    type: Literal["order-book"]
    base: str
    quote: str
    lot: Positive = Field(description="Step of quantity, whole base.")
    tick: Positive = Field(description="Step of price, whole quote per whole base.")
    ladder: LadderFile | None = Field(None, description="Orders of others at the start; none if absent.")
    bids: list[tuple[Positive, Positive]] = Field(default_factory=list, description="Price, size.")
    asks: list[tuple[Positive, Positive]] = Field(default_factory=list, description="Price, size.")


VenueFile: TypeAlias = Annotated[
    p.ConstantProductFile
    | p.StableswapFile
    | p.WeightedFile
    | ConcentratedFile
    | CryptoswapFile
    | OrderBookFile,
    Field(discriminator="type"),
]
STANDARD_FEES = frozenset({Decimal("0.0001"), Decimal("0.0005"), Decimal("0.003"), Decimal("0.01")})


def assets_of(venue: VenueFile) -> tuple[str, ...]:
    """Return the assets that a venue trades."""
    match venue:
        case ConcentratedFile():
            return (venue.token0, venue.token1)
        case OrderBookFile():
            return (venue.base, venue.quote)
        case _:
            return tuple(venue.reserves)


def places_of(venue: VenueFile) -> Iterator[tuple[Path, str, bool]]:
    """Yield where a venue names each of its assets, the asset, and whether the name is a key."""
    match venue:
        case ConcentratedFile():
            yield from ((("token0",), venue.token0, False), (("token1",), venue.token1, False))
        case OrderBookFile():
            yield from ((("base",), venue.base, False), (("quote",), venue.quote, False))
        case _:
            yield from ((("reserves", asset), asset, True) for asset in venue.reserves)


def check_venue(place: Path, venue: VenueFile, decimals: dict[str, int]) -> Iterator[Finding]:
    """Yield what is wrong with the figures of a venue.

    Parameters
    ----------
    decimals
        By asset of the file.
    """
    assets = assets_of(venue)
    if len(set(assets)) != len(assets):
        yield Finding("duplicate-name", place, "a venue trades different assets", " and ".join(assets))
        return
    match venue:
        case p.StableswapFile() | p.WeightedFile() | CryptoswapFile():
            for asset in assets:
                if decimals.get(asset, 0) > 18:
                    where = (*place, "reserves", asset)
                    yield Finding(
                        "decimals", where, f"{asset} has over 18 decimals", "at most 18", None, True
                    )
        case ConcentratedFile():
            yield from _concentrated(place, venue)
        case OrderBookFile():
            yield from _book(place, venue, decimals)
        case _:
            return


def _concentrated(place: Path, venue: ConcentratedFile) -> Iterator[Finding]:
    if (venue.fee * 10**6) % 1:
        yield Finding("fee", (*place, "fee"), "a V3 pool keeps whole millionths", "a multiple of 0.000001")
    if venue.tick_spacing is None and venue.fee not in STANDARD_FEES:
        yield Finding(
            "missing-field", (*place, "tick_spacing"), f"no tick spacing for fee {venue.fee}", "one"
        )
    for index, item in enumerate(venue.ranges):
        where = (*place, "ranges", index)
        for asset in item.amounts:
            if asset not in assets_of(venue):
                message = f"{asset} is not traded there"
                yield Finding(
                    "unknown-name", (*where, "amounts", asset), message, ", ".join(assets_of(venue))
                )
        if item.lower is not None and item.upper is not None and item.lower >= item.upper:
            message = f"{item.lower} is not below {item.upper}"
            yield Finding("range", (*where, "lower"), message, "lower below upper")


def _book(place: Path, venue: OrderBookFile, decimals: dict[str, int]) -> Iterator[Finding]:
    if venue.base not in decimals or venue.quote not in decimals:
        return
    lot = venue.lot.scaleb(decimals[venue.base])
    if lot % 1:
        yield Finding("lot", (*place, "lot"), "no whole number of the base's smallest units")
    if (venue.lot * venue.tick).scaleb(decimals[venue.quote]) % 1 or venue.tick.scaleb(
        decimals[venue.quote]
    ) % 1:
        message = "a lot at one tick is no whole number of the quote's smallest units"
        yield Finding("tick", (*place, "tick"), message, "a coarser tick or lot")
    for side, orders in (("bids", venue.bids), ("asks", venue.asks)):
        for index, (price, size) in enumerate(orders):
            if price % venue.tick or size % venue.lot:
                message = f"{price}, {size} is off the grid"
                yield Finding("order", (*place, side, index), message, "multiples of tick and lot")
    best_bid = max((price for price, _ in venue.bids), default=Decimal(0))
    if venue.asks and best_bid >= min(price for price, _ in venue.asks):
        yield Finding("order", (*place, "bids"), "the book is crossed", "bids below asks")
