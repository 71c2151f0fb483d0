"""State of lending and derivatives protocols at one block: markets, parameters, positions.

Each plan returns plain data under the protocols' own names, every amount as the contract's integer.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from contracts_abi.codec import Value
from contracts_abi.entry import Function
from contracts_abi.families import aave_v3, compound_comet, derive_v2, erc20, gmx_v2, synthetix_perps
from contracts_abi.types import Parameter, parse_parameters
from oracles.chain.calls import Call, Outcome, Plan, call
from oracles.chain.errors import ChainError

Plain = dict[str, object]
GMX_POSITION = (
    ("account", "market", "collateralToken"),
    (
        "sizeInUsd",
        "sizeInTokens",
        "collateralAmount",
        "pendingImpactAmount",
        "borrowingFactor",
        "fundingFeeAmountPerSize",
        "longTokenClaimableFundingAmountPerSize",
        "shortTokenClaimableFundingAmountPerSize",
        "increasedAtTime",
        "decreasedAtTime",
    ),
    ("isLong",),
)
"""Field names of the three parts of a GMX position."""


def _named(item: Call, outcome: Outcome) -> Plain:
    """Return a function's values under the names that its ABI entry gives them."""
    names = [parameter.name for parameter in parse_parameters(item.function.returns)]
    values = item.values(outcome)
    return {
        name or f"value{number}": value
        for number, (name, value) in enumerate(zip(names, values, strict=True))
    }


def _fields(function: Function) -> tuple[str, ...]:
    """Return the names inside the one tuple that a function returns."""
    inner = function.returns.strip()[1:]
    start, end = inner.index("("), inner.rindex(")")
    end = inner.rindex(")", 0, end)
    parts: tuple[Parameter, ...] = parse_parameters(inner[start : end + 1])
    return tuple(part.name for part in parts)


def _record(function: Function, value: Value) -> Plain:
    assert isinstance(value, tuple)
    return dict(zip(_fields(function), value, strict=True))


def read_aave_v3(pool: str, data_provider: str, oracle: str, users: Sequence[str] = ()) -> Plan[Plain]:
    """Read reserves (configuration, caps, price, symbol, cash, totals) and the positions of ``users``."""
    reserves_list = call(pool, aave_v3.GET_RESERVES_LIST)
    unit = call(oracle, aave_v3.BASE_CURRENCY_UNIT)
    accounts = [call(pool, aave_v3.GET_USER_ACCOUNT_DATA, user) for user in users]
    modes = [call(pool, aave_v3.GET_USER_EMODE, user) for user in users]
    first = yield [reserves_list, unit, *accounts, *modes]
    found = reserves_list.value(first[0])
    assert isinstance(found, tuple)
    assets = [str(asset) for asset in found]
    prices = call(oracle, aave_v3.GET_ASSETS_PRICES, assets)
    sources = [call(oracle, aave_v3.GET_SOURCE_OF_ASSET, asset) for asset in assets]
    settings = [call(data_provider, aave_v3.GET_RESERVE_CONFIGURATION_DATA, asset) for asset in assets]
    caps = [call(data_provider, aave_v3.GET_RESERVE_CAPS, asset) for asset in assets]
    symbols = [call(asset, erc20.SYMBOL) for asset in assets]
    holdings = [
        call(data_provider, aave_v3.GET_USER_RESERVE_DATA, asset, user) for user in users for asset in assets
    ]
    tokens = [call(data_provider, aave_v3.GET_RESERVE_TOKENS_ADDRESSES, asset) for asset in assets]
    second = yield [prices, *sources, *settings, *caps, *symbols, *holdings, *tokens]
    third_calls, third = yield from _aave_totals(assets, tokens, second[-len(tokens) :] if tokens else [])
    quoted = prices.value(second[0])
    assert isinstance(quoted, tuple)
    n = len(assets)
    rest = second[1:]
    reserves: Plain = {}
    for number, asset in enumerate(assets):
        reserves[asset] = {
            "symbol": _symbol(symbols[number], rest[3 * n + number]),
            "price": quoted[number],
            "price_source": sources[number].address(rest[number]),
            **_named(settings[number], rest[n + number]),
            **_named(caps[number], rest[2 * n + number]),
            **{
                name: item.integer(outcome)
                for name, item, outcome in zip(
                    ("cash", "supplied", "borrowed"),
                    third_calls[3 * number : 3 * number + 3],
                    third[3 * number : 3 * number + 3],
                    strict=True,
                )
            },
        }
    positions: Plain = {}
    for place, user in enumerate(users):
        own = {}
        for number, asset in enumerate(assets):
            at = place * n + number
            holding = _named(holdings[at], rest[4 * n + at])
            if (
                holding["currentATokenBalance"]
                or holding["currentVariableDebt"]
                or holding["currentStableDebt"]
            ):
                own[asset] = holding
        positions[user.lower()] = {
            **_named(accounts[place], first[2 + place]),
            "eMode": modes[place].integer(first[2 + len(users) + place]),
            "reserves": own,
        }
    return {"base_currency_unit": unit.integer(first[1]), "reserves": reserves, "positions": positions}


def _aave_totals(
    assets: Sequence[str], tokens: Sequence[Call], outcomes: Sequence[Outcome]
) -> Generator[Sequence[Call], Sequence[Outcome], tuple[Sequence[Call], Sequence[Outcome]]]:
    """Read per reserve what its aToken holds, and what aToken and variable debt token have issued."""
    calls: list[Call] = []
    for asset, item, outcome in zip(assets, tokens, outcomes, strict=True):
        a_token, _, debt_token = (str(value) for value in item.values(outcome))
        calls += [
            call(asset, erc20.BALANCE_OF, a_token),
            call(a_token, erc20.TOTAL_SUPPLY),
            call(debt_token, erc20.TOTAL_SUPPLY),
        ]
    found = (yield calls) if calls else []
    return calls, found


def _symbol(item: Call, outcome: Outcome) -> str:
    """Return a token's symbol; old tokens give 32 bytes instead of text."""
    if outcome.success and len(outcome.data) == 32:
        return outcome.data.rstrip(b"\0").decode(errors="replace")
    try:
        return str(item.value(outcome))
    except ChainError:
        return ""


def read_compound_v3(comet: str, accounts: Sequence[str] = ()) -> Plan[Plain]:
    """Read a Compound III market and the positions of ``accounts``."""
    count = call(comet, compound_comet.NUM_ASSETS)
    feed = call(comet, compound_comet.BASE_TOKEN_PRICE_FEED)
    plain = [
        call(comet, function)
        for function in (
            compound_comet.BASE_SCALE,
            compound_comet.GET_UTILIZATION,
            compound_comet.GET_RESERVES,
        )
    ]
    flags = [
        call(comet, function, account)
        for account in accounts
        for function in (compound_comet.BORROW_BALANCE_OF, compound_comet.IS_LIQUIDATABLE)
    ]
    base = call(comet, compound_comet.BASE_TOKEN)
    lent = [call(comet, erc20.BALANCE_OF, account) for account in accounts]
    first = yield [count, feed, *plain, *flags, base, *lent]
    base_token = base.address(first[-1 - len(lent)])
    supplied = [
        item.integer(outcome) for item, outcome in zip(lent, first[len(first) - len(lent) :], strict=True)
    ]
    infos = [call(comet, compound_comet.GET_ASSET_INFO, n) for n in range(count.integer(first[0]))]
    base_feed = feed.address(first[1])
    base_price = call(comet, compound_comet.GET_PRICE, base_feed)
    second = yield [base_price, *infos]
    assets = [
        _record(item.function, item.value(outcome)) for item, outcome in zip(infos, second[1:], strict=True)
    ]
    prices = [call(comet, compound_comet.GET_PRICE, asset["priceFeed"]) for asset in assets]
    held = [
        call(comet, compound_comet.COLLATERAL_BALANCE_OF, account, asset["asset"])
        for account in accounts
        for asset in assets
    ]
    symbols = [call(address, erc20.SYMBOL) for address in (base_token, *(str(a["asset"]) for a in assets))]
    cash = call(base_token, erc20.BALANCE_OF, comet)
    third = yield [*prices, *held, cash, *symbols]
    names = [_symbol(item, outcome) for item, outcome in zip(symbols, third[-len(symbols) :], strict=True)]
    for asset, item, outcome, name in zip(assets, prices, third, names[1:], strict=False):
        asset["price"] = item.integer(outcome)
        asset["symbol"] = name
    n = len(assets)
    positions: Plain = {}
    for place, account in enumerate(accounts):
        own = {
            str(asset["asset"]): held[place * n + number].integer(third[n + place * n + number])
            for number, asset in enumerate(assets)
        }
        positions[account.lower()] = {
            "borrow_balance": flags[2 * place].integer(first[5 + 2 * place]),
            "supply_balance": supplied[place],
            "liquidatable": flags[2 * place + 1].value(first[6 + 2 * place]),
            "collateral": {asset: amount for asset, amount in own.items() if amount},
        }
    scale, utilization, reserves = (
        item.integer(outcome) for item, outcome in zip(plain, first[2:5], strict=True)
    )
    return {
        "base_token": base_token,
        "base_symbol": names[0],
        "base_scale": scale,
        "cash": cash.integer(third[-1 - len(symbols)]),
        "base_price": base_price.integer(second[0]),
        "base_price_feed": base_feed,
        "utilization": utilization,
        "reserves": reserves,
        "assets": assets,
        "positions": positions,
    }


def read_synthetix_perps(market: str, accounts: Sequence[int] = ()) -> Plan[Plain]:
    """Read all Synthetix V3 perpetual markets and the positions of ``accounts``."""
    listed = call(market, synthetix_perps.GET_MARKETS)
    (outcome,) = yield [listed]
    found = listed.value(outcome)
    assert isinstance(found, tuple)
    ids = [number for number in found if isinstance(number, int)]
    parts = (
        synthetix_perps.GET_MARKET_SUMMARY,
        synthetix_perps.GET_FUNDING_PARAMETERS,
        synthetix_perps.GET_LIQUIDATION_PARAMETERS,
        synthetix_perps.GET_MAX_LIQUIDATION_PARAMETERS,
    )
    per_market = [call(market, function, number) for number in ids for function in parts]
    margins = (
        synthetix_perps.GET_AVAILABLE_MARGIN,
        synthetix_perps.GET_REQUIRED_MARGINS,
        synthetix_perps.TOTAL_COLLATERAL_VALUE,
        synthetix_perps.CAN_LIQUIDATE,
    )
    per_account = [call(market, function, account) for account in accounts for function in margins]
    open_ones = [
        call(market, synthetix_perps.GET_OPEN_POSITION, account, number)
        for account in accounts
        for number in ids
    ]
    outcomes = yield [*per_market, *per_account, *open_ones]
    markets: Plain = {}
    for place, number in enumerate(ids):
        at = place * len(parts)
        summary = per_market[at]
        markets[str(number)] = {
            **_record(summary.function, summary.value(outcomes[at])),
            **_named(per_market[at + 1], outcomes[at + 1]),
            **_named(per_market[at + 2], outcomes[at + 2]),
            **_named(per_market[at + 3], outcomes[at + 3]),
        }
    positions: Plain = {}
    start, later = len(per_market), len(per_market) + len(per_account)
    for place, account in enumerate(accounts):
        at = place * len(margins)
        values = [per_account[at + k].values(outcomes[start + at + k]) for k in range(len(margins))]
        own = {}
        for number, item in enumerate(ids):
            position = place * len(ids) + number
            figures = _named(open_ones[position], outcomes[later + position])
            if figures["positionSize"]:
                own[str(item)] = figures
        positions[str(account)] = {
            "availableMargin": values[0][0],
            "requiredInitialMargin": values[1][0],
            "requiredMaintenanceMargin": values[1][1],
            "maxLiquidationReward": values[1][2],
            "collateralValue": values[2][0],
            "canLiquidate": values[3][0],
            "positions": own,
        }
    return {"markets": markets, "positions": positions}


def read_derive(subaccounts: str, manager: str, spot_feed: str, accounts: Sequence[int] = ()) -> Plan[Plain]:
    """Read Derive's spot feed and the balances and margins of sub-accounts."""
    spot = call(spot_feed, derive_v2.GET_SPOT)
    balances = [call(subaccounts, derive_v2.GET_ACCOUNT_BALANCES, account) for account in accounts]
    margins = [
        call(manager, derive_v2.GET_MARGIN, account, initial)
        for account in accounts
        for initial in (True, False)
    ]
    outcomes = yield [spot, *balances, *margins]
    price, confidence = spot.values(outcomes[0])
    n = len(accounts)
    positions: Plain = {}
    for place, account in enumerate(accounts):
        rows = balances[place].value(outcomes[1 + place])
        assert isinstance(rows, tuple)
        positions[str(account)] = {
            "balances": [
                dict(zip(("asset", "subId", "balance"), row, strict=True))
                for row in rows
                if isinstance(row, tuple)
            ],
            "initial_margin": margins[2 * place].integer(outcomes[1 + n + 2 * place]),
            "maintenance_margin": margins[2 * place + 1].integer(outcomes[2 + n + 2 * place]),
        }
    return {"spot": price, "confidence": confidence, "positions": positions}


def read_gmx(reader: str, data_store: str, accounts: Sequence[str] = (), end: int = 1000) -> Plan[Plain]:
    """Read the GMX V2 markets and the positions of ``accounts``.

    Prices are signed by keepers and stand nowhere on chain. ``end`` bounds both lists.
    """
    listed = call(reader, gmx_v2.GET_MARKETS, data_store, 0, end)
    asked = [call(reader, gmx_v2.GET_ACCOUNT_POSITIONS, data_store, account, 0, end) for account in accounts]
    first = yield [listed, *asked]
    found = listed.value(first[0])
    assert isinstance(found, tuple)
    names = ("marketToken", "indexToken", "longToken", "shortToken")
    markets = [dict(zip(names, row, strict=True)) for row in found if isinstance(row, tuple)]
    positions: Plain = {}
    for account, item, outcome in zip(accounts, asked, first[1:], strict=True):
        rows = item.value(outcome)
        assert isinstance(rows, tuple)
        positions[account.lower()] = [_gmx_position(row) for row in rows]
    supplies = [call(str(market["marketToken"]), erc20.TOTAL_SUPPLY) for market in markets]
    outcomes = (yield supplies) if supplies else []
    return {
        "markets": {
            str(market["marketToken"]): {**market, "supply": item.integer(outcome)}
            for market, item, outcome in zip(markets, supplies, outcomes, strict=True)
        },
        "positions": positions,
    }


def _gmx_position(row: Value) -> Plain:
    """Return a position's three parts as one record."""
    assert isinstance(row, tuple)
    record: Plain = {}
    for names, values in zip(GMX_POSITION, row, strict=True):
        assert isinstance(values, tuple)
        record |= dict(zip(names, values, strict=True))
    return record
