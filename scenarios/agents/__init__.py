"""Who acts in a simulated market besides the attacker: small classes with documented parameters."""
