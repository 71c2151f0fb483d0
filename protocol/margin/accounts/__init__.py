"""From the common portfolio to the account of each engine that keeps accounts of another shape."""
