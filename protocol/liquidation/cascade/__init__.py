"""Liquidations that move the price they are made at: mark, liquidate, trade, mark again to a fixed point."""
