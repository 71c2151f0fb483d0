"""One module per liquidation design of the field."""
