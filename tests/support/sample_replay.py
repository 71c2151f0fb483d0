"""A realistic replay for the tests of the report: the shape of Mango Markets, 11 October 2022."""

from __future__ import annotations

from decimal import Decimal

from scenarios.report.manifest import Manifest
from scenarios.result import (
    Counterfactual,
    Finding,
    NodeRecord,
    Outcome,
    Point,
    Posting,
    Replay,
    Series,
    StepRecord,
    Tolerance,
    TransactionRecord,
)

USDC = 10**6
BASE = 488_302_109
ENTRY = Decimal("0.0382")
PRICES = [Decimal(n) / 100 for n in range(3, 100, 4)]
DECIMALS = {"USDC": 6, "USDT": 6, "MNGO": 6, "SOL": 9, "mSOL": 9, "BTC": 6, "SRM": 6}


def relative(value: str) -> Tolerance:
    return Tolerance("relative", Decimal(value))


def health(side: int, weight: str) -> tuple[Point, ...]:
    points = []
    for price in PRICES:
        base = BASE * price * Decimal(weight) * side
        quote = 5_000_000 - side * BASE * ENTRY
        points.append(Point(f"{price}", base + quote, price))
    return tuple(points)


def outcome(
    name: str,
    unit: str,
    replayed: str | None,
    published: str | None,
    tolerance: str = "0",
    **rest: str,
) -> Outcome:
    ours = None if replayed is None else Decimal(replayed)
    theirs = None if published is None else Decimal(published)
    ratio = None if ours is None or theirs is None else ours / theirs - 1
    within = None if ratio is None else abs(ratio) <= Decimal(tolerance)
    limit = None if theirs is None else relative(tolerance)
    return Outcome(name, unit, ours, theirs, ratio, limit, within, **rest)


OUTCOMES = (
    outcome("matched_position", "MNGO", "488302109", "488302109", source="DK27"),
    outcome("unrealised_gain_at_0.91", "USD", "425701778.6262", "423000000", "0.02", source="LIM"),
    outcome(
        "assets_withdrawn",
        "USD",
        "115386512.4127",
        "116000000",
        "0.03",
        source="SEC",
        note="CFTC over 110 M, DOJ about 110 M, Chainalysis about 117 M",
    ),
    outcome(
        "bad_debt",
        "USD",
        "108442119.08",
        "115000000",
        "0.05",
        source="DK27",
        reason="the published figure counts deposits at the price before the attack",
    ),
    outcome("least_price_of_first_withdrawal", "USD", "0.16734912553", None, source="PROGRAM"),
    outcome(
        "returned_after_vote",
        "USD",
        None,
        "67000000",
        "0.02",
        source="NEWS",
        reason="the settlement is a vote; the file gives no rule from which it follows",
    ),
)

STEPS = tuple(
    StepRecord(n, actor, action, summary)
    for n, (actor, action, summary) in enumerate(
        [
            ("A", "deposit", "deposits 5,000,000 USDC as collateral of the long account."),
            ("B", "deposit", "deposits 4,999,998.95 USDC as collateral of the short account."),
            (
                "A",
                "place_bid",
                "rests a bid for 515,717,245 MNGO-PERP at 0.0382; initial health stays 74,608 USD.",
            ),
            ("B", "sell", "sells 488,302,109 MNGO-PERP at 0.0382 into the bid in three orders."),
            (
                "A",
                "buy_spot_MNGO",
                "buys MNGO on three thin spot markets; the index follows from 0.0382 to 0.91.",
            ),
            ("A", "settle_pnl", "settles the unrealised gain against the short account."),
            ("A", "withdraw", "withdraws 50,000,000 USDC."),
            ("A", "withdraw", "withdraws SOL, mSOL, BTC, USDC, USDT, SRM and MNGO against the same gain."),
        ],
        start=1,
    )
)


def by_step(*values: str) -> tuple[Point, ...]:
    return tuple(
        Point(f"{step.n} {step.action}", Decimal(value)) for step, value in zip(STEPS, values, strict=True)
    )


SERIES = (
    Series(
        "Pyth aggregate",
        "USD",
        "Price of MNGO",
        by_step("0.0382", "0.0382", "0.0382", "0.0382", "0.54", "0.62", "0.91", "0.52"),
        log=True,
    ),
    Series(
        "price after the unwind",
        "USD",
        "Price of MNGO",
        (Point("7 withdraw", Decimal("0.91")), Point("8 withdraw", Decimal("0.024"))),
        log=True,
    ),
    Series("A (long)", "USD", "Health against the price of MNGO", health(1, "0.75"), "price of MNGO, USD"),
    Series("B (short)", "USD", "Health against the price of MNGO", health(-1, "1.25"), "price of MNGO, USD"),
    Series(
        "A (long)",
        "USD",
        "Initial health over the steps",
        by_step("5000000", "5000000", "74608", "336767", "184400000", "213700000", "269900000", "12900000"),
    ),
    Series(
        "B (short)",
        "USD",
        "Initial health over the steps",
        by_step(
            "0", "4999998.95", "4999998.95", "336766", "-306000000", "-355000000", "-532000000", "-293000000"
        ),
    ),
)


def posting(source: str, target: str, asset: str, amount: int, memo: str = "") -> Posting:
    return Posting(source, target, asset, amount, memo)


TRANSACTIONS = (
    TransactionRecord("deposit A", 1, (posting("A wallet", "A", "USDC", 5_000_000 * USDC, "collateral"),)),
    TransactionRecord("deposit B", 2, (posting("B wallet", "B", "USDC", 4_999_998_950_000, "collateral"),)),
    *(
        TransactionRecord(
            f"match {n}",
            4,
            (
                posting("B", "A", "MNGO-PERP", size, "base"),
                posting("A", "B", "USDC", size * 38_200, "quote"),
            ),
        )
        for n, size in enumerate((261_780_104, 222_688_514, 3_833_491), start=1)
    ),
    *(
        TransactionRecord(
            f"spot buy {n}",
            5,
            (
                posting("A wallet", "Serum MNGO/USDC", "USDC", usdc * USDC),
                posting("Serum MNGO/USDC", "A wallet", "MNGO", mngo * 10**6 + n),
            ),
        )
        for n, (usdc, mngo) in enumerate(((80_000, 591_163), (50_000, 210_546), (30_000, 84_001)), start=1)
    ),
    TransactionRecord("settle", 6, (posting("B", "A", "USDC", 284_100_000 * USDC, "unrealised gain"),)),
    TransactionRecord("withdraw too early", 6, (), reverted="initial health would be -4,812,207.11 USD"),
    TransactionRecord("withdraw USDC", 7, (posting("vault", "A wallet", "USDC", 50_000_000 * USDC),)),
    TransactionRecord(
        "withdraw the rest",
        8,
        (
            posting("vault", "A wallet", "SOL", 761_577 * 10**9),
            posting("vault", "A wallet", "mSOL", 798_000 * 10**9),
            posting("vault", "A wallet", "BTC", 281_120_000),
            posting("vault", "A wallet", "USDC", 2_807_721 * USDC),
            posting("vault", "A wallet", "USDT", 3_266_426 * 10**6),
            posting("vault", "A wallet", "SRM", 2_354_260 * 10**6),
            posting("vault", "A wallet", "MNGO", 32_409_565 * 10**6 + 1),
        ),
    ),
)

NODES = (
    NodeRecord("ftx", "source", "FTX MNGO/USD", (), "0.9102 USD"),
    NodeRecord("ascendex", "source", "AscendEX MNGO/USDT", (), "", "refused: stale by 41 s"),
    NodeRecord("serum", "source", "Serum MNGO/USDC", (), "0.8930 USD"),
    NodeRecord("median", "median", "Pyth aggregate", ("ftx", "ascendex", "serum"), "0.9102 ± 0.0086 USD"),
    NodeRecord("band", "deviation guard", "at most 10 % per slot", ("median", "serum"), "0.9102 USD"),
    NodeRecord("index", "output", "MNGO index price", ("band",), "0.9102 USD"),
)

COUNTERFACTUALS = (
    Counterfactual(
        "as deployed",
        "used",
        Decimal("23.8219895287958115"),
        profit=Decimal("104988310.99"),
        loss=Decimal("117315380.01"),
        unit="USD",
        basis="profit: withdrawals less deposits and purchases; loss: deficit of account A",
    ),
    Counterfactual(
        "the same, 3600 s late",
        "delayed feed",
        Decimal(1),
        refused_at=7,
        reason="A: initial health 0 USD needed, -49,925,099.69 USD permitted",
        note="the price is taken to have stood still for as long before the first step",
    ),
    Counterfactual(
        "order cut to 8,377,307 MNGO",
        "position limit",
        Decimal("23.8219895287958115"),
        profit=Decimal("-0.05"),
        loss=Decimal("5524830.12"),
        unit="USD",
    ),
    Counterfactual("an average of a day", "time-weighted average", unit="USD", basis="no path of a day"),
)

SAMPLE = Replay(
    id="mango-2022-10-11",
    title="Mango Markets v3, cross-margined MNGO perp valued by a thin spot oracle",
    protocol="Mango Markets v3",
    date="2022-10-11T22:08:00Z",
    chain="solana",
    mechanism=("thin-market-index",),
    level="health-arithmetic",
    outcomes=OUTCOMES,
    series=SERIES,
    steps=STEPS,
    transactions=TRANSACTIONS,
    nodes=NODES,
    counterfactuals=COUNTERFACTUALS,
    findings=(
        Finding(
            "Least price that admits the first withdrawal",
            "0.1673",
            "USD",
            "4.4 times the opening price, where the long account's initial health reaches 50,000,000 USD.",
        ),
        Finding(
            "Deposit used by the resting bid",
            "98.5",
            "%",
            "A bid of 515,717,245 MNGO at a liability weight of 1.25 leaves 74,608 USD of initial health.",
        ),
    ),
    references={
        "DK27": "DK27ss/Mango-110m-PoC README.md (slot-level reconstruction)",
        "PROGRAM": "blockworks-foundation/mango-v3 program/src/state.rs (health computation)",
        "LIM": "Joshua Lim timeline, as printed by press on 12 Oct 2022",
        "SEC": "SEC v. Eisenberg, complaint of 20 Jan 2023, https://www.sec.gov/litigation/litreleases/lr-25623",
        "NEWS": "press on the DAO settlement",
    },
    decimals={**DECIMALS, "MNGO-PERP": 0},
    notes=(
        "The opening orders are admissible only under a 4x initial leverage.",
        "SOL and mSOL prices follow from the SEC's 24 M and 27 M.",
    ),
)

MANIFEST = Manifest(
    version="0.1.0",
    commit="f09ef02a6f0a6a4b7f8e2b1a1f7c5b9d3e2c1a00",
    python="CPython 3.11.7",
    platform="Linux x86_64",
    packages=(("jinja2", "3.1.6"), ("matplotlib", "3.11.2"), ("networkx", "3.6.1"), ("numpy", "2.3.4")),
    incident="mango-2022-10-11.yaml",
    sha256="5a" * 32,
    command="backstop replay incidents/mango-2022-10-11.yaml --report mango.html",
    time="2026-01-02T03:04:05Z",
)
