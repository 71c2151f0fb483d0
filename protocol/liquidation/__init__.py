"""How a failing account is unwound, and who pays for what is left."""
