"""Auto-deleveraging: taking from winners, or closing their positions, when losers cannot pay."""
