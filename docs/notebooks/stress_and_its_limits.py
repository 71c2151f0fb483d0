# %% [markdown]
# # Stress, and what a hundred runs cannot say
#
# A tail figure without its interval is an opinion. Here a lending market is stressed with few and with more
# runs, the interval of "one day in twenty" is read off, and an agent of our own joins the market.

# %%
from decimal import Decimal
from typing import Literal

from scenarios.agents.agent import Agent
from scenarios.files.protocol_checks import load_protocol
from scenarios.simulation.run import run_path
from scenarios.simulation.simulation import Simulation
from scenarios.simulation.stress import stress

market = load_protocol("lending-crash")

# %% [markdown]
# The interval of the 95th percentile comes from order statistics, exact for any distribution: below 72 runs
# there is no upper end at all.

# %%
for runs in (20, 80):
    result = stress(market, runs=runs)
    at_risk = next(figure for figure in result.estimates if figure.name.startswith("LaR"))
    high = "unknown" if at_risk.high is None else f"{at_risk.high:,.0f}"
    print(f"{runs} runs: LaR {at_risk.value:,.0f}, between {at_risk.low or 0:,.0f} and {high}")

# %% [markdown]
# The same seed gives the same bytes, so a figure can be checked by whoever reads it.

# %%
assert stress(market, runs=5).digest == stress(market, runs=5).digest

# %% [markdown]
# An agent of one's own is a subclass with parameters and `act`: this one buys the fall on the pair.


# %%
class DipBuyer(Agent):
    """Spend a tenth of the cash on every step whose price is ``fall`` below the start."""

    type: Literal["dip-buyer"] = "dip-buyer"
    fall: Decimal = Decimal("0.02")

    def act(self, game: Simulation, me: str) -> None:
        """Buy."""
        if game.outside["WETH"] < game.file.price("WETH") * (1 - self.fall):
            game.swap(me, "WETH/USDC", "USDC", "WETH", game.balance(me, "USDC") // 10)


for run in (1, 2, 3):
    path = run_path(market, run=run, extra={"dip buyer": DipBuyer(funds={"USDC": Decimal(100_000)})})
    last = path.series[1].values[-1]
    print(f"run {run}: WETH ends at {last:,.0f}, the dip buyer gains {path.gains.get('dip buyer', 0):,.0f}")

# %% [markdown]
# Who was how near to liquidation, and when: the lowest health of each hour of the last path.

# %%
for sample in path.health[::8]:
    print(f"step {sample.step:3}: lowest {sample.lowest:.3f}, median {sample.percentiles[2]:.3f}")
