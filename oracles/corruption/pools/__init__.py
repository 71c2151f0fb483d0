"""How much it takes to move the price of a pool, one module per shape of pool."""
