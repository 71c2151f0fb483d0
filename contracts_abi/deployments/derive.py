"""Derive: addresses as the named sources publish them; none was checked against the live chain."""

CHAIN_ID = 957

ADDRESSES: dict[str, dict[str, str]] = {
    # Source: GitHub derivexyz/v2-core (BUSL-1.1) src/interfaces/*.sol,
    # deployments/957/{core,ETH}.json; not on npm
    "derive_v2": {
        "subaccounts": "0xE7603DF191D699d8BD9891b821347dbAb889E5a5",
        "cash": "0x57B03E14d409ADC7fAb6CFc44b5886CAD2D5f02b",
        "standard_manager": "0x28c9ddF9A3B29c2E6a561c1BC520954e5A33de5D",
        "ETH spot_feed": "0x727aD65db6aE99DB5Dbee8F202846DD6009bf6D5",
        "ETH vol_feed": "0xb27cb6b08e6c298C8634D73D5F6649665e90d160",
        "ETH forward_feed": "0x791A570F5785FBdb02EA5C7a794c43111ae2f948",
        "ETH pmrm": "0xe7cD9370CdE6C9b5eAbCe8f86d01822d3de205A0",
        "ETH option": "0x4BB4C3CDc7562f08e9910A0C7D8bB7e108861eB4",
        "ETH perp": "0xAf65752C4643E25C02F693f9D4FE19cF23a095E3",
    },
}
