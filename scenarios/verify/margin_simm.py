"""Check the variance-covariance margin against figures of the Open Source Risk Engine, at 1e-9 relative."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf, isclose
from typing import Any

from protocol.margin.presets.simm import (
    Bucket,
    RiskClass,
    Sensitivity,
    one_day_curvature,
    product_margin,
    ten_day_curvature,
)
from scenarios.verify.tally import Checker, Document, Tally

TOLERANCE = 1e-9
MILLION = 1e6
CLASS_OF = {"Commodity": "commodity", "Equity": "equity", "FX": "fx"}


def _always(value: float) -> Callable[..., float]:
    return lambda *_: value


def _listed(table: Mapping[str, Any], horizon: str, names: list[str], *, no_curvature: str) -> RiskClass:
    """Read a risk class whose parameters are lists by bucket."""
    concentrated = horizon == "10d"
    weights = table["risk_weight"][horizon]
    vega = table["vega_risk_weight"][horizon]
    position = {name: index for index, name in enumerate(names)}
    buckets = {}
    for index, name in enumerate(names):
        delta = table["delta_threshold_usd_m"][index] * MILLION if concentrated else inf
        buckets[name] = Bucket(
            risk_weight=_always(weights[index]),
            vega_weight=vega[index] if isinstance(vega, list) else vega,
            delta_threshold=_always(delta),
            vega_threshold=table["vega_threshold_usd_m"][index] * MILLION if concentrated else inf,
            correlation=_always(table["intra_bucket_rho"][index]),
            curvature=name != no_curvature,
        )
    gamma = table["inter_bucket_gamma"]
    return RiskClass(
        buckets,
        lambda a, b: float(gamma[position[a]][position[b]]),
        table["hvr"][horizon],
        14.0 if concentrated else 1.4,
        ten_day_curvature if concentrated else one_day_curvature,
    )


def _exchange(table: Mapping[str, Any], horizon: str) -> RiskClass:
    """Read foreign exchange: one bucket, weights and correlations by volatility group."""
    high = set(table["high_vol_group"])
    weights, rho = table["risk_weight_vs_usd"][horizon], table["rho"]

    def threshold(currency: str) -> float:
        if horizon != "10d":
            return inf
        group = next((c for c in ("cat1", "cat2") if currency in table[c]), "cat3")
        return float(table["threshold_usd_m"][group]) * MILLION

    def correlation(a: str, b: str) -> float:
        key = ("regular_regular", "regular_high", "high_high")[(a in high) + (b in high)]
        return float(rho[key])

    bucket = Bucket(
        lambda q: float(weights["high_vol" if q in high else "regular"]), 0.0, threshold, inf, correlation
    )
    return RiskClass({"": bucket}, _always(0.0), 0.0, 14.0, ten_day_curvature)


def read_classes(tables: Mapping[str, Any], horizon: str) -> dict[str, RiskClass]:
    """Read the risk classes of one horizon."""
    commodity = tables["commodity"]
    names = [str(index + 1) for index in range(len(commodity["intra_bucket_rho"]))]
    equity = tables["equity"]
    return {
        "commodity": _listed(commodity, horizon, names, no_curvature=""),
        "equity": _listed(equity, horizon, equity["buckets"], no_curvature="12"),
        "fx": _exchange(tables["fx"], horizon),
    }


def simm(case: Mapping[str, Any], tables: Mapping[str, Any]) -> dict[str, object]:
    """Return the margins of a case under the names of the file."""
    classes = read_classes(tables, case["h"])
    rows: dict[tuple[str, str], list[Sensitivity]] = {}
    for product, kind, qualifier, bucket, tenor, amount in case["x"]:
        name = CLASS_OF[kind.removesuffix("Vol")]
        days = tables["tenor_days"][tenor] if tenor else None
        rows.setdefault((product, name), []).append(Sensitivity(qualifier, bucket, amount, days))
    psi = tables["risk_class_psi"]
    got: dict[str, object] = {}
    by_product: dict[str, dict[str, float]] = {}
    for (product, name), held in rows.items():
        parts = classes[name].margin(held)
        got[f"{product}:{name}"] = [*parts, sum(parts)]
        by_product.setdefault(product, {})[name] = sum(parts)
    total = 0.0
    for product, margins in by_product.items():
        margin = product_margin(margins, lambda a, b: float(psi["_".join(sorted((a, b)))]))
        got[product] = margin
        total += margin
    got["total"] = total
    return got


def _close(expected: float, got: float, scale: float) -> bool:
    """Compare at 1e-9 relative, or 1e-9 of ``scale`` for what cancels to nearly nothing."""
    return isclose(expected, got, rel_tol=TOLERANCE, abs_tol=TOLERANCE * scale)


def check_simm(document: Document) -> Tally:
    """Check a ``simm`` file."""
    tally = Tally()
    data: Any = document
    for index, case in enumerate(data["cases"]):
        got = simm(case, data["tables"])
        for key, expected in case["o"].items():
            where = f"cases[{index}].{key}"
            value: Any = got.get(key)
            if isinstance(expected, list):
                pairs = zip(("delta", "vega", "curvature", "sum"), expected, value or [None] * 4, strict=True)
                for name, part, ours in pairs:
                    same = ours is not None and _close(part, ours, abs(expected[-1]) * 1e-3)
                    tally.check("class", f"{where}.{name}", part, part if same else ours)
            else:
                same = value is not None and _close(expected, value, 0.0)
                tally.check("total", where, expected, expected if same else value)
    return tally


CHECKERS: dict[str, Checker] = {"simm-variance-covariance/1": check_simm}
