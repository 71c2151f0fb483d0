"""What each agent does, and that user-written agents of ten lines work."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from protocol.errors import RuleError
from protocol_texts import changed, lending, read
from scenarios.files.protocol import ProtocolFile
from scenarios.simulation.market import seed_of
from scenarios.simulation.run import open_simulation, run_path, step_once
from scenarios.simulation.simulation import Simulation

DOCUMENT = Path(__file__).parents[2] / "docs" / "agents.md"
FEED = {
    "nodes": {
        "dollar": {"type": "constant", "price": 1},
        "feed": {"type": "feed", "feed": "ETH/USD", "asset": "ETH"},
    },
    "prices": {"ETH": "feed", "USDC": "dollar"},
}


def opened(file: ProtocolFile) -> Simulation:
    return open_simulation(file, seed_of(file), 0)


def publications(game: Simulation) -> list[int]:
    return [event.step for event in game.events if event.kind == "publication"]


def test_looping_reaches_the_geometric_sum() -> None:
    agent = {
        "type": "looping-borrower",
        "funds": {"ETH": 100},
        "collateral": "ETH",
        "debt": "USDC",
        "loops": 3,
        "use": "0.9",
    }
    game = opened(read(lending(oracle=FEED, agents={"looper": agent})))
    # Each loop draws 0.9 of the free limit; what is left of it grows by 0.8 of what was bought.
    free, debt, held = 0.8 * 100, 0.0, 100.0
    for _ in range(3):
        drawn = 0.9 * free
        debt, held = debt + drawn, held + drawn
        free = free - drawn + 0.8 * drawn
    balances = game.protocol.balances("looper")
    assert float(game.whole("ETH", balances["ETH"])) == pytest.approx(held, rel=1e-9)
    assert float(game.whole("USDC", -balances["USDC"])) == pytest.approx(debt * 2000, rel=1e-9)


def test_publishers_honest_lazy_and_colluding() -> None:
    script = {"script": {"ETH": ["1", "1.004", "1.004", "1.02", "1.021"]}}
    honest = {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"}
    lazy = honest | {"deviation": "0.01", "heartbeat": 1000000}
    game = opened(read(lending(oracle=FEED, market=script, agents={"feed": honest})))
    lazier = opened(read(lending(oracle=FEED, market=script, agents={"feed": lazy})))
    for one in (game, lazier):
        for step, multiple in enumerate(("1", "1.004", "1.004", "1.02", "1.021")):
            step_once(one, {"ETH": Decimal(2000) * Decimal(multiple)}, step)
    assert publications(game) == [0, 1, 2, 3, 4]
    assert publications(lazier) == [3]
    colluding = honest | {"type": "colluding-publisher", "factor": 3, "from_step": 2}
    bent = opened(read(lending(oracle=FEED, agents={"feed": colluding})))
    for step in range(3):
        step_once(bent, {}, step)
    assert bent.oracle_price("ETH") == 6000


def test_keeper_is_bound_by_capital_and_latency() -> None:
    accounts = {"debtor": {"balances": {"ETH": 100, "USDC": -150000}}}
    script = {"script": {"ETH": ["0.93"]}}
    agents = {"feed": {"type": "publisher", "feed": "ETH/USD", "asset": "ETH"}}
    for funds, latency in ((1_000_000, 0), (10_000, 0), (1_000_000, 2)):
        agents["keeper"] = {"type": "keeper", "funds": {"USDC": funds}, "latency": latency}
        result = run_path(read(lending(oracle=FEED, accounts=accounts, market=script, agents=agents)))
        first = next((event.step for event in result.events if event.kind == "liquidation"), None)
        assert first == latency
        repaid = [event for event in result.events if event.kind == "liquidation"]
        assert Decimal(str(repaid[0].details["volume"])) <= Decimal(funds) * Decimal("1.05") + 1
        assert result.gains["keeper"] > 0
        assert sum(result.gains.values()) == pytest.approx(0, abs=Decimal("0.05"))


def test_liquidity_provider_earns_fees_and_leaves() -> None:
    provider = {
        "type": "liquidity-provider",
        "funds": {"ETH": 100, "USDC": 200000},
        "venue": "pair",
        "asset": "ETH",
    }
    noise = {
        "type": "trader",
        "funds": {"ETH": 1000, "USDC": 2000000},
        "venue": "pair",
        "size": 5000,
        "probability": "0.99",
    }
    arb = {
        "type": "arbitrageur",
        "funds": {"ETH": 1000, "USDC": 2000000},
        "venue": "pair",
        "base": "ETH",
        "quote": "USDC",
    }
    agents = {"provider": provider, "noise": noise, "arb": arb}
    earning = run_path(read(lending(agents=agents, run={"steps": 40, "step_seconds": 12})))
    assert earning.gains["provider"] > 0
    assert earning.gains["noise"] < 0
    leaver = agents | {"provider": provider | {"leave_at": "0.01"}}
    script = {"script": {"ETH": ["1", "1.3"]}}
    left = run_path(read(lending(agents=leaver, market=script)))
    assert [event.step for event in left.events if event.kind == "liquidity removed"] == [1]


def test_market_maker_and_traders_conserve_open_interest() -> None:
    file = changed("perpetual-crash")
    game = opened(file)
    for step in range(8):
        step_once(game, {}, step)
    names = ("ann", "bob", "cyd", "dan", "maker", "keeper")
    sizes = [game.protocol.balances(name).get("BTC-PERP", 0) for name in names]
    assert sum(sizes) == 0
    assert any(sizes)


def test_refusals_are_logged_and_undone() -> None:
    game = opened(read(lending()))
    game.world.wallet("me")
    mark = game.world.state.ledger.mark()
    with game.attempt("me", "too much"):
        game.world.fund("me", "ETH", 10**18)
        game.protocol.deposit("me", "ETH", 10**18)
        game.protocol.withdraw("me", "USDC", 1700 * 10**6)
    assert game.world.state.ledger.mark() == mark
    assert game.events[-1].kind == "refused"
    assert game.events[-1].details["why"] == "borrow-refused"


def test_most_withdrawal_is_the_most() -> None:
    game = opened(read(lending()))
    game.world.wallet("me")
    game.world.fund("me", "ETH", 10**18)
    with game.transaction("deposit"):
        game.protocol.deposit("me", "ETH", 10**18)
    most = game.protocol.most_withdrawal("me", "USDC")
    assert most == 1600 * 10**6
    point = game.snapshot()
    with game.transaction("all of it"):
        game.protocol.withdraw("me", "USDC", most)
    game.restore(point)
    with pytest.raises(RuleError), game.transaction("one more"):
        game.protocol.withdraw("me", "USDC", most + 1)


def test_safe_radius_never_hides_a_short_account() -> None:
    file = changed("lending-crash")
    game = opened(file)
    for step in range(60):
        price = Decimal(2000) * (1 - Decimal(step) / 100)
        game.set_outside("ETH" if "ETH" in game.outside else "WETH", price)
        game.publish("feed", "ETH/USD", Fraction(price))
        market = game.protocol.market()
        found = game.protocol.liquidatable(market)
        truth = tuple(
            name.removeprefix("protocol:")
            for name in game.protocol.accounts()
            if game.protocol.rule.judge(game.world.state.ledger.balances(name), market).excess < 0
        )
        assert found == truth
    assert len(found) > 40


def test_agent_of_the_documentation_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)
    agent_lines = code.split("class DipBuyer")[1].split("\n\n\n")[0].strip().splitlines()
    assert len(agent_lines) <= 12
    names: dict[str, object] = {}
    exec(compile(code, str(DOCUMENT), "exec"), names)
    result = names["result"]
    bought = [event for event in result.events if event.actor == "dip buyer" and event.kind == "trade"]  # type: ignore[attr-defined]
    assert bought


def crash(waterfall: list[str], vault: dict[str, object], *, closes: bool = False) -> ProtocolFile:
    script = {"script": {"BTC": ["1", "1", "0.78"]}}
    run = {"steps": 12, "step_seconds": 60, "seed": 11}
    return changed(
        "perpetual-crash",
        market=script,
        run=run,
        waterfall=waterfall,
        backstop_vault=vault,
        insurance_fund={},
        liquidation__deleveraging=closes,
    )


def test_deleveraging_makes_winners_pay_before_everybody() -> None:
    deleveraged = run_path(crash(["deleverage", "socialise", "deficit"], {}))
    booked = run_path(crash(["deficit"], {}))
    paid = {e.actor for e in deleveraged.events if e.kind == "loss paid"}
    ways = {e.details["how"] for e in deleveraged.events if e.kind == "loss paid"}
    assert ways == {"auto-deleveraging"}
    # Shorts win when the price falls; the longs who lost do not pay for each other.
    game = opened(crash(["deficit"], {}))
    for step in range(2):
        step_once(game, {}, step)
    held = {name: game.protocol.balances(name).get("BTC-PERP", 0) for name in paid}
    assert held
    assert all(size < 0 for size in held.values())
    assert {e.actor for e in booked.events if e.kind == "loss paid"} == {"deficit"}
    assert deleveraged.metrics.bad_debt == pytest.approx(booked.metrics.bad_debt, abs=Decimal("0.05"))


def test_backstop_vault_takes_only_its_share() -> None:
    slow = {"script": {"BTC": ["1", "1", "0.93", "0.925", "0.92", "0.915", "0.91"]}}
    taken = []
    for share in (None, "0.01"):
        vault = {"cash": 1000000} | ({} if share is None else {"most_share": share})
        file = crash(["socialise", "deficit"], vault)
        data = file.model_copy(update={"market": changed("perpetual-crash", market=slow).market})
        game = opened(data)
        for step in range(8):
            step_once(game, {"BTC": Decimal(60000) * data.market.script["BTC"][min(step, 6)]}, step)
        taken.append(game.world.balance("protocol:backstop vault", "BTC-PERP"))
    assert taken[0] > 0
    # One per cent of a million dollars' worth at the price of the takeover, less than half of one per cent of
    # a unit over or under; without a bound it took whole accounts.
    assert 0 < taken[1] * 55_000 <= 10_000 * 10**8
    assert taken[1] * 20 < taken[0]


def test_positions_below_zero_are_closed_against_winners_before_anybody_pays() -> None:
    files = [crash(["socialise", "deficit"], {}, closes=closes) for closes in (True, False)]
    # Without the trader who opens a large short after the fall all shorts are winners.
    calm = [
        file.model_copy(update={"agents": {k: v for k, v in file.agents.items() if k != "ann"}})
        for file in files
    ]
    result, paid = (run_path(file) for file in calm)
    closed = [event for event in result.events if event.kind == "deleveraged"]
    assert {event.details["against"] for event in closed} == {"bob", "cyd", "dan"}
    # Nobody below zero, nothing for the waterfall: what the losers lack is what the winners gave up.
    assert not [event for event in result.events if event.kind == "loss paid"]
    assert result.metrics.bad_debt == 0
    assert abs(sum(result.gains.values())) < 1
    given_up = sum(Decimal(str(event.details["given_up"])) for event in closed)
    assert result.metrics.deleveraged == given_up
    assert paid.metrics.deleveraged == 0
    assert given_up == pytest.approx(paid.metrics.bad_debt, rel=Decimal("0.12"))
