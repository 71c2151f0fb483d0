"""Markets: (parameters, seed, run index) to paths of prices, volatility, depth and implied volatility."""
