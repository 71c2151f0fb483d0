# %% [markdown]
# # Setting a cap
#
# How large may a position be before it pays to attack the price behind it? The answer is a curve, not a
# number: the optimum of an attacker who may choose everything, over the limit that the designer may choose.
#
# Run it whole with `python docs/notebooks/setting_a_cap.py`, or cell by cell in an editor that knows `# %%`.

# %%
from decimal import Decimal

from scenarios.files.protocol_checks import load_protocol, open_protocol
from scenarios.simulation.attack import optimise
from scenarios.simulation.sweep import read_axis, sweep

GENERATIONS = 6
protocol = load_protocol("thin-perpetual")
print(protocol.title)

# %% [markdown]
# The attacker's optimum as the file stands: profit, what does not come back, and what must be at hand first.

# %%
optimum = optimise(protocol, "pump", generations=GENERATIONS)
best = optimum.best
print(f"profit {float(best.profit):,.0f}, loss {float(best.loss):,.0f}, capital {float(best.capital):,.0f}")
for party, gain in best.paid_by.items():
    print(f"  {party:28} {float(gain):>16,.0f}")

# %% [markdown]
# The same search at several limits. A cap that is raised never lowers the optimum: the smaller attack is
# still there. Where a row says otherwise, the search was too short, and `generations` is what to raise.

# %%
limits = (10_000, 1_000_000, 10_000_000, 100_000_000)
axis = read_axis("perpetuals.MNGO-PERP.position_limit=" + ",".join(map(str, limits)))
curve = sweep(open_protocol("thin-perpetual"), [axis], attack="pump", generations=GENERATIONS)
profits = dict(zip(limits, (point.answers[0] for point in curve.points), strict=True))
for limit, profit in profits.items():
    print(f"limit {limit:>12,}: profit {profit:>14,.0f}")

# %% [markdown]
# The largest limit of these at which nothing is earned:

# %%
safe = max(limit for limit, profit in profits.items() if profit <= 0)
print(f"no profit up to {safe:,} MNGO, {safe * protocol.price('MNGO'):,.0f} USD at the opening's price")
assert Decimal(safe) < 10_000_000
