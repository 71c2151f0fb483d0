"""The words of incident files: mechanism classes, units, actions and the fields of a step.

Gathered from 28 published incidents. A word that is not here is an error with a suggestion, so a typing
mistake never becomes a silently ignored amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, TypeAlias

MechanismClass: TypeAlias = Literal[
    "spot-amm-oracle",
    "lp-token-oracle",
    "twap",
    "thin-market-index",
    "donation-exchange-rate",
    "stale-or-bounded-feed",
    "misconfigured-feed",
    "publisher-or-keeper-compromise",
    "governance-plus-oracle",
    "vamm-mark",
    "liquidity-cascade-adl",
    "auction-failure",
    "cex-index",
]
ReplayLevel: TypeAlias = Literal["amm-exact", "health-arithmetic", "aggregate", "mechanism-only"]
ClosureStatus: TypeAlias = Literal["closes", "closes-partly", "does-not-close"]
PoolType: TypeAlias = Literal["constant-product", "stableswap", "curve-crypto-3", "exponential-price-reserve"]

UNITS = {
    "USD": "US dollars",
    "EUR": "euros",
    "million USD": "millions of US dollars",
    "x": "a multiple",
    "fraction": "a share of one",
    "count": "a number of things",
    "s": "seconds",
    "blocks": "blocks",
    "raw": "integer units of a contract",
    "tokens": "whole tokens of each asset that the value names",
}
"""Units of outcomes besides the declared assets and ratios such as ``USD/ETH`` (US dollars for one ETH)."""

COMMON_ASSETS = ("USD", "ETH", "WETH", "BTC", "WBTC", "USDC", "USDT", "DAI")
"""Symbols that a file may use without declaring them; their amounts are not checked against decimals."""

LOWER_CASE_SYMBOLS = ("crvusd", "cvt", "dai", "eth", "usdc", "usdt", "wbtc", "weth")
"""Symbols that the schema, which cannot see the declared assets, knows in lower case."""

OUTSIDE_ACTORS = ("anyone", "exchange", "market", "validators")
"""Who may act without being declared under ``actors``."""

AMOUNT_PHRASES = ("all", "in proportion", "millions")
"""How an amount in words begins: ``all bought in step 4``, ``in proportion``."""

Kind: TypeAlias = Literal[
    "amount", "number", "integer", "text", "asset", "assets", "amounts", "labelled", "venue"
]

# field: (kind, meaning). Amounts are in whole tokens and never negative; numbers may be negative.
FIELDS: dict[str, tuple[Kind, str]] = {
    "note": ("text", "A remark for readers; a replay never reads it."),
    "time": ("text", "When, as printed by the source (UTC)."),
    "block": ("integer", "Block of this step, where it differs from the incident's."),
    "blocks": ("integer", "First and last block of this step."),
    "ledger": ("integer", "Ledger of this step (Stellar)."),
    "slots": ("integer", "Slots of the trades of this step (Solana)."),
    "venue": ("venue", "Key of `state_before`, or in free words a market outside this file."),
    "via": ("venue", "Key of the pool in `state_before` through which the trade goes."),
    "market": ("text", "Name of the perpetual or order-book market."),
    "asset": ("asset", "Symbol of the asset of `amount`."),
    "assets": ("assets", "Several assets, or in words which ones."),
    "amount": ("amount", "Whole tokens of `asset` or `sell`, or words such as `all bought`."),
    "amounts": ("amounts", "Whole tokens by symbol."),
    "sell": ("asset", "Symbol sold; `amount` is in whole tokens of it."),
    "buy": ("asset", "Symbol bought, or in words the route."),
    "receive": ("asset", "Symbol received."),
    "received": ("amount", "Whole tokens that the source says were received."),
    "to": ("text", "Who receives the tokens."),
    "shares": ("amount", "Whole shares of the vault."),
    "shares_raw": ("integer", "Shares in integer units of the contract."),
    "dtokens_minted_raw": ("integer", "Debt tokens minted, in integer units of the contract."),
    "lp_received": ("amount", "Whole LP tokens received."),
    "fee": ("amount", "Fee in whole tokens of `asset`."),
    "fee_abs": ("amount", "Fee in whole tokens of `asset`."),
    "price": ("amount", "Price in US dollars for one token."),
    "from": ("amount", "Price before, US dollars."),
    "peak": ("amount", "Highest price, US dollars."),
    "size": ("amount", "Contracts or whole tokens."),
    "sizes": ("amount", "Contracts of each order."),
    "total": ("amount", "Sum of `sizes`."),
    "collateral": ("amount", "Whole tokens put up."),
    "liquidity": ("amount", "Whole tokens provided as liquidity."),
    "notional_usd": ("amount", "US dollars; two values are a range."),
    "open_interest_usd": ("amount", "US dollars."),
    "liquidity_usd": ("amount", "US dollars."),
    "repeat": ("integer", "How often the step is done."),
    "waves": ("integer", "How many waves."),
    "wallets": ("integer", "How many wallets."),
    "transactions": ("integer", "How many transactions."),
    "minutes": ("amount", "How long, minutes."),
    "duration_min": ("amount", "How long, minutes."),
    "duration_h": ("amount", "How long, hours."),
    "time_after_open_min": ("amount", "Minutes after the position was opened."),
    "mean_gwei": ("amount", "Gas price, gwei."),
    "multiple": ("amount", "How many times more than before."),
    "fraction": ("number", "Share of one by which the price falls."),
    "eth_change": ("number", "Relative change of the ETH price."),
    "unit": ("asset", "Symbol in which the amounts of this step are."),
    "into": ("labelled", "Whole tokens by pool."),
    "with": ("labelled", "Whole tokens by pool."),
    "then": ("text", "What follows."),
    "as": ("text", "In which role the asset is listed."),
}

# Written for every asset: {asset} stands for a declared symbol in any case.
ASSET_FIELDS: dict[str, tuple[Kind, str]] = {
    "{asset}": ("amount", "Whole tokens of this asset, or words such as `in proportion`."),
    "{asset}_in": ("amount", "Whole tokens paid in."),
    "{asset}_to_{asset}": ("amount", "Whole tokens of the first asset exchanged for the second."),
    "received_{asset}": ("amount", "Whole tokens received."),
    "margin_{asset}": ("amount", "Whole tokens put up as margin."),
    "stake_{asset}": ("amount", "Whole tokens staked."),
    "collateral_{asset}": ("amount", "Whole tokens put up as collateral."),
    "borrow_{asset}": ("amount", "Whole tokens borrowed."),
    "repay_{asset}": ("amount", "Whole tokens repaid."),
    "seized_{asset}": ("amount", "Whole tokens of collateral seized."),
    "victim_debt_{asset}": ("amount", "Whole tokens that the liquidated account owed."),
    "flash_fee_{asset}": ("amount", "Fee of the flash loan, whole tokens."),
    "{asset}_spent": ("amount", "Whole tokens spent."),
    "{asset}_repaid": ("amount", "Whole tokens repaid."),
    "{asset}_redeemed": ("amount", "Whole tokens redeemed."),
    "{asset}_sold_by_protocol": ("amount", "Whole tokens that the protocol sold."),
    "{asset}_low": ("amount", "Lowest price, US dollars."),
    "{asset}_price_usd": ("amount", "Price reported, US dollars."),
    "trades_{asset}_in": ("amount", "Whole tokens paid, trade by trade."),
    "trades_{asset}_out": ("amount", "Whole tokens received, trade by trade."),
}

OTHER_KINDS: dict[tuple[str, str], Kind] = {
    ("flash_loans", "amounts"): "labelled",  # one per lender: the keys carry the lender's name
    ("price_fall", "to"): "amount",  # a price, not a receiver
}
"""Fields whose kind depends on the action: (action, field) to kind."""

EVERYWHERE = ("note", "time", "block", "blocks", "ledger", "slots", "venue", "market", "repeat")
"""Fields that every action may carry."""

_TRADE = ("sell", "buy", "amount", "received", "via", "fee")
_TRANSFER = ("asset", "assets", "amount", "amounts", "{asset}", "to", "fee", "received_{asset}")
_VAULT = (*_TRANSFER, "shares", "shares_raw", "receive", "{asset}_in")
_LEND = (*_TRANSFER, "shares_raw", "dtokens_minted_raw", "borrow_{asset}", "collateral_{asset}")
_PERPETUAL = (
    "asset",
    "amount",
    "size",
    "sizes",
    "total",
    "price",
    "notional_usd",
    "collateral",
    "liquidity",
    "margin_{asset}",
)
_MARKET = (
    "asset",
    "from",
    "to",
    "price",
    "peak",
    "fraction",
    "multiple",
    "duration_min",
    "duration_h",
    "eth_change",
    "{asset}_low",
    "mean_gwei",
)
_PRICE = ("asset", "price", "{asset}_price_usd", "stake_{asset}")

# action: the fields it may carry besides EVERYWHERE.
ACTIONS: dict[str, tuple[str, ...]] = {
    # Trades on pools and order books
    "swap": _TRADE,
    "exchange": _TRADE,
    "exchange_underlying": _TRADE,
    "add_liquidity": ("{asset}", "lp_received"),
    "remove_liquidity": ("{asset}", "shares", "amount", "asset"),
    "buy_spot": ("asset", "amount", "price"),
    "buy_spot_MNGO": ("trades_{asset}_in", "trades_{asset}_out"),
    "buy_USDe": ("with", "unit"),
    "sell_USDe": ("into", "unit"),
    "buy_yUSD": ("{asset}", "{asset}_in", "{asset}_to_{asset}", "USDC_to_DUSD", "DUSD", "received_{asset}"),
    "wash_trade": ("asset", "price", "amount"),
    "place_bid": _PERPETUAL,
    "place_bids": _PERPETUAL,
    "cancel_bids": _PERPETUAL,
    # Loans within one transaction
    "flash_loan": (*_TRANSFER, "fee_abs"),
    "flash_loans": (*_TRANSFER, "fee_abs"),
    "flash_mint": (*_TRANSFER, "fee_abs"),
    "flash_swap": (*_TRANSFER, "fee_abs"),
    "repay_flash_loan": (*_TRANSFER, "fee_abs"),
    # Lending markets
    "supply": _LEND,
    "next_block_supply": _LEND,
    "borrow": _LEND,
    "borrow_max": _LEND,
    "borrow_all_cash": _LEND,
    "borrow_and_transfer": _LEND,
    "borrow_supply_transfer": _LEND,
    "supply_and_borrow": _LEND,
    "supply_and_borrow_sUSDe_at_low_price": _LEND,
    "supply_USDC_borrow_and_donate_THE": _LEND,
    "buy_and_supply": (*_LEND, "price"),
    "repay": _LEND,
    "open_trove": _LEND,
    "open_second_trove": _LEND,
    "unwind_later": ("{asset}_spent", "{asset}_repaid", "{asset}_redeemed"),
    # Vaults and plain transfers
    "deposit": _VAULT,
    "deposit_to_yusd": _VAULT,
    "withdraw": _VAULT,
    "withdraw_all_shares": _VAULT,
    "mint_shares": _VAULT,
    "redeem_all_yUSD": _VAULT,
    "redeem_and_swap": (*_VAULT, *_TRADE),
    "transfer": _TRANSFER,
    "donate": _TRANSFER,
    "split": (*_TRANSFER, "wallets"),
    "mint_and_seed": (*_TRANSFER, "liquidity_usd"),
    "deposit_cvt_and_withdraw_all": (*_TRANSFER, "transactions", "minutes"),
    "withdraw_usdc_before_crash": _TRANSFER,
    # Perpetuals
    "long": _PERPETUAL,
    "short": _PERPETUAL,
    "sell": _PERPETUAL,
    "open_long": _PERPETUAL,
    "open_longs": _PERPETUAL,
    "close_long": _PERPETUAL,
    "close_part": (*_PERPETUAL, "time_after_open_min"),
    "open_short_eth": (*_PERPETUAL, "{asset}_sold_by_protocol", "via"),
    "build_longs": (*_PERPETUAL, "open_interest_usd"),
    "deposit_and_long": _PERPETUAL,
    "deposit_and_provide": _PERPETUAL,
    "realise_and_withdraw": _PERPETUAL,
    "settle_pnl": _PERPETUAL,
    "withdraw_margin": _PERPETUAL,
    "delist_and_settle": _PERPETUAL,
    # Liquidations and auctions
    "liquidate": (*_LEND, "repay_{asset}", "seized_{asset}", "victim_debt_{asset}", "flash_fee_{asset}"),
    "liquidations": (),
    "liquidate_all_troves": ("receive",),
    "liquidate_own_position_and_repeat": (),
    "liquidate_to_vault": _PERPETUAL,
    "first_liquidation": (),
    "first_adl": (),
    "adl_waves": ("waves",),
    "win_auctions_at_zero": ("{asset}",),
    # Prices, feeds and governance
    "price_fall": _MARKET,
    "price_path": _MARKET,
    "depeg": _MARKET,
    "gas_price_rise": _MARKET,
    "post_price": _PRICE,
    "stake_and_report": _PRICE,
    "anyone_posts_signed_price": _PRICE,
    "feed_pauses": _PRICE,
    "update_oracle": _PRICE,
    "refresh_oracle": _PRICE,
    "set_feed": _PRICE,
    "governance_executes": (),
    "take_admin_and_list": ("asset", "as"),
    "lift_withdrawal_limits": (),
    "monitoring_detects": ("then",),
    # The steps before, once more
    "repeat": (),
}


@lru_cache(maxsize=512)
def _pattern(template: str, symbols: frozenset[str]) -> re.Pattern[str]:
    choice = (
        "|".join(re.escape(symbol) for symbol in sorted(symbols, key=len, reverse=True)) or "[A-Za-z0-9]+"
    )
    return re.compile(re.escape(template).replace(re.escape("{asset}"), f"({choice})"), re.IGNORECASE)


def field_of(action: str, name: str, assets: frozenset[str]) -> tuple[Kind, str | None] | None:
    """Return the kind of a step's field and the asset in its name; None if the action has no such field.

    Parameters
    ----------
    action
        A key of `ACTIONS`.
    assets
        Symbols that the file may use; empty if it declares none, then any symbol will do.
    """
    allowed = (*EVERYWHERE, *ACTIONS[action])
    if name in allowed:
        if name in FIELDS:
            return OTHER_KINDS.get((action, name), FIELDS[name][0]), None
        return "amount", None
    for template in allowed:
        if "{asset}" in template and (found := _pattern(template, assets).fullmatch(name)):
            symbol = found.group(1)
            declared = next((asset for asset in assets if asset.casefold() == symbol.casefold()), None)
            return ASSET_FIELDS[template][0], declared
    return None


def field_names(action: str, assets: Iterable[str]) -> list[str]:
    """Return the field names an action may carry in a file with these assets, for a suggestion."""
    symbols = sorted(assets)
    names: list[str] = []
    for template in (*EVERYWHERE, *ACTIONS[action]):
        if template.count("{asset}") == 1:
            names.extend(template.replace("{asset}", symbol) for symbol in symbols)
        elif "{asset}" not in template:
            names.append(template)
    return names
