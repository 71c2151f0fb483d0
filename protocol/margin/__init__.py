"""Whether a portfolio is safe: margin rules over whole accounts."""
