"""What can be held: spot, perpetuals, futures, options, shares of vaults and pools, debt.

An instrument knows what it settles in; its value is in units of that asset and is turned into the account's
unit by that asset's own price in the same scenario.
"""
