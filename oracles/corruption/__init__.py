"""What it costs to corrupt an oracle: per source, per pool, and over a whole oracle graph."""
