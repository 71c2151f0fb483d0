"""Attack strategies: small classes with documented parameters that report profit, loss, capital and who paid."""
