"""The pools of ``state_before``: one typed model per kind, chosen by ``type``."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from scenarios.files.quantities import NOT_NEGATIVE_SCHEMA, Fraction, NotNegative, Positive


class Pool(BaseModel):
    """What every pool may say; balances stand under their asset's symbol, in whole tokens."""

    model_config = ConfigDict(
        frozen=True, extra="allow", json_schema_extra={"additionalProperties": NOT_NEGATIVE_SCHEMA}
    )
    balance_keys: ClassVar[tuple[str, ...]] = ("{asset}",)
    """Further keys with numbers; {asset} stands for a symbol of the file (or of ``coins``)."""
    balances_needed: ClassVar[int] = 0

    floor: bool = Field(
        False,
        description="True if the source printed whole tokens rounded down: a replay starts from v + 0.5.",
    )
    fitted: bool | list[str] = Field(
        False, description="Keys that no source prints; they were solved from recorded calls of the contract."
    )
    believed: bool | list[str] = Field(False, description="Keys from general knowledge, without a source.")
    note: str = Field("", description="A remark for readers.")


class ConstantProductPool(Pool):
    """Reserves whose product is constant, with a fee on the input (Uniswap V1 and V2, SushiSwap)."""

    balances_needed: ClassVar[int] = 2

    type: Literal["constant-product"] = Field(description="x * y = k.")
    fee: Fraction = Field(description="Fraction of the input kept: 0.003 is 0.30 %.")
    LP_supply: Positive | None = Field(None, description="LP tokens in existence, whole tokens.")


class StableswapPool(Pool):
    """Curve StableSwap; a coin has a balance, or ``underlying_value_COIN`` where only its value is known."""

    balance_keys: ClassVar[tuple[str, ...]] = ("{asset}", "rate_{asset}", "underlying_value_{asset}")

    type: Literal["stableswap"] = Field(description="Curve StableSwap.")
    coins: list[str] = Field(min_length=2, description="Symbols in the order of the contract.")
    A: Positive = Field(description="Amplification as the contract stores it.")
    A_convention: str = Field("", description="How A enters the invariant, in words.")
    fee: Fraction = Field(description="Fraction of the output kept.")
    admin_fee: Fraction = Field(Decimal(0), description="Fraction of the fee that leaves the pool.")
    LP_supply: Positive | None = Field(None, description="LP tokens in existence, whole tokens.")


class CryptoswapPool(Pool):
    """Curve tricrypto: three assets with price scales."""

    balance_keys: ClassVar[tuple[str, ...]] = ("{asset}", "price_scale_{asset}_per_{asset}")
    balances_needed: ClassVar[int] = 3

    type: Literal["curve-crypto-3"] = Field(description="Curve CryptoSwap with three assets.")
    A: Positive = Field(description="Amplification as the contract stores it.")
    gamma: Positive = Field(description="Gamma as a fraction.")
    mid_fee: Fraction = Field(description="Fee of a balanced pool.")
    out_fee: Fraction = Field(description="Fee of an unbalanced pool.")
    fee_gamma: Positive = Field(description="How fast the fee moves between the two.")
    LP_supply: Positive | None = Field(None, description="LP tokens in existence, whole tokens.")


class ExponentialPriceReserve(Pool):
    """Kyber automated price reserve: the price is exponential in the inventory."""

    balance_keys: ClassVar[tuple[str, ...]] = (
        "{asset}_inventory",
        "min_price_{asset}_per_{asset}",
        "max_price_{asset}_per_{asset}",
    )
    balances_needed: ClassVar[int] = 3

    type: Literal["exponential-price-reserve"] = Field(description="Price exponential in the inventory.")
    liquidity_rate: NotNegative = Field(description="Growth of the price's logarithm per unit of inventory.")
    price_rule: str = Field("", description="The rule in words.")


POOLS: dict[str, type[Pool]] = {
    "constant-product": ConstantProductPool,
    "stableswap": StableswapPool,
    "curve-crypto-3": CryptoswapPool,
    "exponential-price-reserve": ExponentialPriceReserve,
}
"""Pool models by ``type``."""
