"""A protocol file from what ``backstop snapshot`` read: real listings, balances and pools of one block.

Prices become feeds that publishers keep at the outside price, cash becomes the lenders' part, every account
that was read stands in the file with its balances. What a snapshot cannot know is set to plain values that a
reader finds at the file's end: volatilities, keepers, the length of a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any, TypeAlias

from scenarios.errors import ScenarioError

Data: TypeAlias = dict[str, Any]
DOLLAR = Decimal("0.02")
"""Assets whose price is this close to one are taken as dollars: they get no volatility."""
VOLATILITY = "0.8"
KEEPER_MONEY = Decimal(5_000_000)
AAVE_PERCENT = 4
WAD_PLACES = 18


class SnapshotError(ScenarioError):
    """A snapshot that no protocol file can be made of."""

    code = "snapshot"


def protocol_from_snapshot(snapshot: Mapping[str, Any], pools: Mapping[str, Any] | None = None) -> Data:
    """Return the data of a protocol file.

    Parameters
    ----------
    snapshot
        The document of ``backstop snapshot aave-v3`` or ``compound-v3``.
    pools
        ``venues`` of a snapshot of Uniswap V2 pairs at the same block, by address; each pair's tokens must be
        assets of the protocol.

    Raises
    ------
    SnapshotError
        For another protocol, or a pair of unknown tokens.
    """
    about = snapshot["snapshot"]
    kind = about["protocol"]
    with localcontext() as context:
        # Amounts are exact: 78 digits hold any 256-bit integer.
        context.prec = 160
        if kind == "aave-v3":
            data, names = _aave(snapshot["protocol"])
        elif kind == "compound-v3":
            data, names = _compound(snapshot["protocol"])
        else:
            raise SnapshotError(
                f"no protocol file from a snapshot of {kind}: aave-v3 and compound-v3 give one"
            )
        data["venues"] = _pairs(pools or {}, names, data["assets"])
        _surroundings(data)
    block = f"block {about['number']} ({about['hash']}) of chain {about['chain_id']}"
    data["references"] = {
        "snapshot": f"{kind}, {block}, trust: {about['trust']}",
        **{f"asset {name}": address for address, name in names.items()},
    }
    order = ("title", "about", "assets", "venues", "oracle", "listings", "margin", "liquidation", "outside")
    last = ("accounts", "agents", "market", "run", "references")
    title = {"title": f"{kind} at block {about['number']}", "about": _about(kind, block)}
    data = {**title, **data}
    return {key: data[key] for key in (*order, *last) if data.get(key)}


def _about(kind: str, block: str) -> str:
    return (
        f"State of {kind} read at {block}: listings, caps, prices, cash and the accounts asked for. Interest "
        "that will accrue and efficiency modes are not in it. A supply and a debt of one account in the same "
        "asset are netted, and caps leave room for what others have supplied and borrowed. Volatilities, the "
        "keeper and the run are plain values to be set."
    )


def _names(symbols: Mapping[str, str]) -> dict[str, str]:
    """Return a name for each address: its symbol, with the address's end where two share one."""
    given = [text.strip() for text in symbols.values()]
    names = {}
    for address, text in symbols.items():
        symbol = text.strip() or "TOKEN"
        single = bool(text.strip()) and given.count(symbol) == 1
        names[address] = symbol if single else f"{symbol}-{address[-4:]}"
    return names


def _whole(units: object, decimals: int) -> Decimal:
    return Decimal(int(str(units))).scaleb(-decimals)


def _text(number: Decimal) -> str:
    plain = format(number.normalize(), "f")
    return "0" if plain in {"-0", ""} else plain


def _aave(state: Mapping[str, Any]) -> tuple[Data, dict[str, str]]:
    reserves = state["reserves"]
    names = _names({address: str(reserve["symbol"]) for address, reserve in reserves.items()})
    accounts = _aave_accounts(state["positions"], reserves, names)
    assets, listings, bonuses = {}, {}, {}
    unit = Decimal(int(state["base_currency_unit"]))
    for address, reserve in reserves.items():
        name, places = names[address], int(reserve["decimals"])
        price = Decimal(int(reserve["price"])) / unit
        if not price:
            continue
        assets[name] = {"decimals": places, "price": _text(price)}
        held = [Decimal(balances.get(name, "0")) for balances in accounts.values()]
        own = sum((amount for amount in held if amount > 0), Decimal(0))
        owed = -sum((amount for amount in held if amount < 0), Decimal(0))
        usable = bool(reserve["isActive"]) and not reserve["isFrozen"]
        listing: Data = {
            "collateral_factor": _text(_whole(reserve["ltv"], AAVE_PERCENT)),
            "liquidation_threshold": _text(_whole(reserve["liquidationThreshold"], AAVE_PERCENT)),
            # The lenders' part: with the accounts below it adds up to the cash that the pool holds.
            "cash": _text(max(Decimal(0), _whole(reserve["cash"], places) - own + owed)),
            "borrowable": usable and bool(reserve["borrowingEnabled"]),
        }
        for cap, total, mine in (("supplyCap", "supplied", own), ("borrowCap", "borrowed", owed)):
            if int(reserve[cap]):
                others = _whole(reserve[total], places) - mine
                key = "supply_cap" if cap == "supplyCap" else "borrow_cap"
                listing[key] = _text(max(Decimal(int(reserve[cap])) - max(others, Decimal(0)), mine))
        listings[name] = listing
        if int(reserve["liquidationBonus"]):
            bonuses[name] = (own * price, _whole(reserve["liquidationBonus"], AAVE_PERCENT) - 1)
    bonus = max(bonuses.values(), default=(Decimal(0), Decimal("0.05")))[1]
    data: Data = {
        "assets": assets,
        "listings": listings,
        "margin": {"preset": "aave-v3"},
        "liquidation": {"preset": "aave", "bonus": _text(bonus)},
        "accounts": {owner: {"balances": balances} for owner, balances in accounts.items() if balances},
    }
    return data, {address: name for address, name in names.items() if name in assets}


def _aave_accounts(
    positions: Mapping[str, Any], reserves: Mapping[str, Any], names: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return signed whole balances by owner; what is not used as collateral is left to the lenders."""
    found: dict[str, dict[str, str]] = {}
    for owner, position in positions.items():
        balances = {}
        for address, row in position["reserves"].items():
            places = int(reserves[address]["decimals"])
            held = _whole(row["currentATokenBalance"], places)
            if not row["usageAsCollateralEnabled"]:
                held = Decimal(0)
            debt = _whole(row["currentVariableDebt"], places) + _whole(row["currentStableDebt"], places)
            if held != debt and int(reserves[address]["price"]):
                balances[names[address]] = _text(held - debt)
        found[owner] = balances
    return found


def _compound(state: Mapping[str, Any]) -> tuple[Data, dict[str, str]]:
    base, infos = str(state["base_token"]), state["assets"]
    symbols = {base: str(state["base_symbol"])}
    symbols |= {str(info["asset"]): str(info["symbol"]) for info in infos}
    names = _names(symbols)
    places = {base: _places(state["base_scale"]), **{str(i["asset"]): _places(i["scale"]) for i in infos}}
    prices = {base: state["base_price"], **{str(info["asset"]): info["price"] for info in infos}}
    assets = {
        names[address]: {"decimals": places[address], "price": _text(_whole(price, 8))}
        for address, price in prices.items()
    }
    accounts: dict[str, dict[str, str]] = {}
    for owner, position in state["positions"].items():
        net = int(position.get("supply_balance", 0)) - int(position["borrow_balance"])
        rows = {base: net, **position["collateral"]}
        accounts[owner] = {
            names[address]: _text(_whole(units, places[address]))
            for address, units in rows.items()
            if int(units)
        }
    net_base = sum((Decimal(b.get(names[base], "0")) for b in accounts.values()), Decimal(0))
    cash = _whole(state["cash"], places[base]) - net_base
    listings: Data = {names[base]: {"cash": _text(max(cash, Decimal(0)))}}
    penalty = Decimal(0)
    for info in infos:
        listings[names[str(info["asset"])]] = {
            "collateral_factor": _text(_whole(info["borrowCollateralFactor"], WAD_PLACES)),
            "liquidation_threshold": _text(_whole(info["liquidateCollateralFactor"], WAD_PLACES)),
            "borrowable": False,
            "supply_cap": _text(_whole(info["supplyCap"], places[str(info["asset"])])),
        }
        penalty = max(penalty, 1 - _whole(info["liquidationFactor"], WAD_PLACES))
    data: Data = {
        "assets": assets,
        "listings": listings,
        "margin": {"preset": "compound-v3", "settlement": names[base]},
        "liquidation": {"preset": "compound", "bonus": _text(penalty)},
        "accounts": {owner: {"balances": balances} for owner, balances in accounts.items() if balances},
    }
    return data, names


def _places(scale: object) -> int:
    return len(str(scale)) - 1


def _pairs(pools: Mapping[str, Any], names: Mapping[str, str], assets: Mapping[str, Data]) -> Data:
    """Return the venues of pairs whose tokens are assets."""
    known, venues = {address.lower(): name for address, name in names.items()}, {}
    for address, entry in pools.items():
        state = entry["state"]
        if entry["kind"] != "uniswap-v2":
            raise SnapshotError(f"{address}: a protocol file takes Uniswap V2 pairs, not {entry['kind']}")
        tokens = [str(state["token0"]).lower(), str(state["token1"]).lower()]
        missing = [token for token in tokens if token not in known]
        if missing:
            raise SnapshotError(f"{address}: {', '.join(missing)} is no asset of the protocol")
        first, second = (known[token] for token in tokens)
        keep = Decimal(int(str(state.get("keep", 997))))
        venues[f"{first}/{second}"] = {
            "type": "constant-product",
            "reserves": {
                name: _text(_whole(state[field], assets[name]["decimals"]))
                for name, field in ((first, "reserve0"), (second, "reserve1"))
            },
            "fee": _text(1 - keep / 1000),
        }
    return venues


def _surroundings(data: Data) -> None:
    """Add what a snapshot does not know: feeds and publishers, a keeper, a market, a run."""
    assets: Mapping[str, Data] = data["assets"]
    moving = [name for name, asset in assets.items() if abs(Decimal(asset["price"]) - 1) > DOLLAR]
    nodes = {name: {"type": "feed", "feed": f"{name}/USD", "asset": name} for name in assets}
    data["oracle"] = {"nodes": nodes, "prices": {name: name for name in assets}}
    agents: Data = {
        f"feed of {name}": {"type": "publisher", "feed": f"{name}/USD", "asset": name} for name in moving
    }
    lent = [name for name, listing in data["listings"].items() if listing.get("borrowable", True)]
    agents["keeper"] = {
        "type": "keeper",
        "funds": {name: _funds(assets[name]) for name in _without_repeats(lent)},
    }
    data["agents"] = agents
    data["market"] = {"volatility": dict.fromkeys(moving, VOLATILITY)} if moving else {}
    data["run"] = {"steps": 24, "step_seconds": 3600, "runs": 100}


def _funds(asset: Data) -> str:
    return _text((KEEPER_MONEY / Decimal(asset["price"])).quantize(Decimal("0.000001")))


def _without_repeats(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
