"""Protocol files that run as they are: ``backstop run lending-crash``, ``backstop attack open-twap``."""
