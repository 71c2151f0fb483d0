"""What time costs: interest on debt, funding between the sides of a perpetual, and the marks it pulls."""
