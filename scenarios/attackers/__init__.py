"""Attack strategies: small classes that report profit, loss, capital and who paid."""
