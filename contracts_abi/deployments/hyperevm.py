"""HyperEVM: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 999

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: hyperliquid.gitbook.io for-developers/hyperevm/interacting-with-hypercore, L1Read.sol
    "hyperliquid": {
        "mark_px": "0x0000000000000000000000000000000000000806",
        "oracle_px": "0x0000000000000000000000000000000000000807",
        "perp_asset_info": "0x000000000000000000000000000000000000080a",
    },
}
