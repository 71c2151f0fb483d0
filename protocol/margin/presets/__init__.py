"""One file per real engine: its rule, its published parameters, their source and date."""
