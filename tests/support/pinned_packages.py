"""The npm packages that tests fetch: exact version and the registry's own SHA-512 of the tarball.

None of them is part of Backstop and none is committed: their licences (GPL, BUSL) stay with them.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """One tarball: name, version, integrity (``sha512-`` + base64) and licence.

    Parameters
    ----------
    only
        The folder that is unpacked, where the rest is large; '' for all.
    """

    name: str
    version: str
    integrity: str
    licence: str
    only: str = ""

    @property
    def folder(self) -> str:
        """Return the folder name under ``.tools/npm``."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}"


UNISWAP_V2_CORE = Package(
    "@uniswap/v2-core",
    "1.0.1",
    "sha512-MtybtkUPSyysqLY2U210NBDeCHX+ltHt3oADGdjqoThZaFRDKwM6k1Nb3F0A3hk5hwuQvytFWhrWHOEq6nVJ8Q==",
    "GPL-3.0-or-later",
)
UNISWAP_V2_PERIPHERY = Package(
    "@uniswap/v2-periphery",
    "1.1.0-beta.0",
    "sha512-6dkwAMKza8nzqYiXEr2D86dgW3TTavUvCR0w2Tu33bAbM8Ah43LKAzH7oKKPRT5VJQaMi1jtkGs1E8JPor1n5g==",
    "GPL-3.0-or-later",
)
UNISWAP_V3_CORE = Package(
    "@uniswap/v3-core",
    "1.0.1",
    "sha512-7pVk4hEm00j9tc71Y9+ssYpO6ytkeI0y7WE9P6UcmNzhxPePwyAxImuhVsTqWK9YFvzgtvzJHi64pBl4jUzKMQ==",
    "BUSL-1.1",
)
UNISWAP_V3_PERIPHERY = Package(
    "@uniswap/v3-periphery",
    "1.4.4",
    "sha512-S4+m+wh8HbWSO3DKk4LwUCPZJTpCugIsHrWR86m/OrUyvSqGDTXKFfc2sMuGXCZrD1ZqO3rhQsKgdWg3Hbb2Kw==",
    "GPL-2.0-or-later",
)
UNISWAP_V4_CORE = Package(
    "@uniswap/v4-core",
    "1.0.2",
    "sha512-X15Tm2wWd+USAzEExMbo+g9naA6QN6mPgWm0MzDwRNlOfaNlepfUpSyt9RSrUfEODspwbyWbcLg6t5nwc/e7lg==",
    "BUSL-1.1",
)
UNISWAP_V4_PERIPHERY = Package(
    "@uniswap/v4-periphery",
    "1.0.3",
    "sha512-JxLL0Djv9XcMvI2PatEnWrCrxuEaYNVhHxstndBOP+aJfh1XLg5ec8SDZ0xyoVfg2ElJTvuKpBgnu90bNValsg==",
    "MIT",
)
BALANCER_V2_DEPLOYMENTS = Package(
    "@balancer-labs/v2-deployments",
    "3.2.0",
    "sha512-pghD7qyTVp1832d7F7yHgAeh/EZvS2/GLvUx9ieM671NMh1KTprYZOBCpEVVC9JnE1Vpru5rc9DDNlFw3capVw==",
    "GPL-3.0-only",
)
SOLC = Package(
    "solc",
    "0.8.26",
    "sha512-yiPQNVf5rBFHwN6SIf3TUUvVAFKcQqmSUFeq+fb6pNRCo0ZCgpYOZDi3BVoezCPIAcKrVYd/qXlBLUP9wVrZ9g==",
    "MIT",
)
SOLC_0_6_6 = Package(
    "solc",
    "0.6.6",
    "sha512-p0IO/1fRaHWKN+qR+mUivpwnBpFYD8EoFAzT8VL4lmllNwsyEO7TJJAc2QK0XUeWOYOT92NWKhDNNNLTVbHShA==",
    "MIT",
)
CHAINLINK_CONTRACTS = Package(
    "@chainlink/contracts",
    "0.8.0",
    "sha512-nUv1Uxw5Mn92wgLs2bgPYmo8hpdQ3s9jB/lcbdU0LmNOVu0hbfmouVnqwRLa28Ll50q6GczUA+eO0ikNIKLZsA==",
    "MIT",
)
PYTH_SDK = Package(
    "@pythnetwork/pyth-sdk-solidity",
    "4.2.0",
    "sha512-IO4pRqloqEXdbWqFbiNqthpaA5Dktl+t5GXckwdReEti90H4zcgxvINFLrSfRp7ylN2cP/LVgoCRHGEJGYlwKg==",
    "Apache-2.0",
)
SYNTHETIX_ORACLE_MANAGER = Package(
    "@synthetixio/oracle-manager",
    "3.13.0",
    "sha512-ed2XdIVl04hByia1IiEVD2ARWBgsoJw4Sx7jlNS0FVvj4SlwXu0DMA/l1VM5otEEl8loxdPH/wKXO3utveuM8g==",
    "MIT",
)
SYNTHETIX_CORE_CONTRACTS = Package(
    "@synthetixio/core-contracts",
    "3.1.1",
    "sha512-6Y9Jp9gL1MRMDh6BNy+TmFEBqfRKENkO7w82WKp7MTEPdoDipdBIm0/Q+mYLp7K92o6mM53rj2UY5xi+B8EVcQ==",
    "MIT",
)
AAVE_V3_CORE = Package(
    "@aave/core-v3",
    "1.19.3",
    "sha512-Xr7+VcoU5b4mPwM4IUCnskw3lciwrnL4Xloyad8GOddYeixnri2lZYobNmErm1LwE50vqjI0O+9QGNKY2TDkeQ==",
    "BUSL-1.1",
)
OPENZEPPELIN_CONTRACTS = Package(
    "@openzeppelin/contracts",
    "5.0.2",
    "sha512-ytPc6eLGcHHnapAZ9S+5qsdomhjo6QBHTDRRBFfTxXIpsicMhVPouPgmUPebZZZGX7vt9USA+Z+0M0dSVtSUEA==",
    "MIT",
)
SOLMATE = Package(
    "@rari-capital/solmate",
    "6.4.0",
    "sha512-BXWIHHbG5Zbgrxi0qVYe0Zs+bfx+XgOciVUACjuIApV0KzC0kY8XdO1higusIei/ZKCC+GUKdcdQZflxYPUTKQ==",
    "AGPL-3.0-only",
)
MORPHO_BLUE = Package(
    "@morpho-org/morpho-blue",
    "1.0.0",
    "sha512-MKtzYMRE65B1hVJYAPtml3ecHPY2e/SL3JRvM7XWjtbnWQX6U/C3beSdxr7v+rHaVJ0ri/dUPxvNfWtr0NZdGw==",
    "BUSL-1.1",
)
SOLC_0_8_19 = Package(
    "solc",
    "0.8.19",
    "sha512-yqurS3wzC4LdEvmMobODXqprV4MYJcVtinuxgrp61ac8K2zz40vXA0eSAskSHPgv8dQo7Nux39i3QBsHx4pqyA==",
    "MIT",
)
TELLOR = Package(
    "usingtellor",
    "5.0.5",
    "sha512-/8iSoPxHNgI7MpGs6VnXRlg24ELN17WzSFsMynjVVuz/d3A+YP2S2fqhta+xlRLUaBfy8Yc+qjv5p5s69KAQ4g==",
    "MIT",
)
UMA_CORE = Package(
    "@uma/core",
    "2.62.2",
    "sha512-tQOk7yZScsxkOdSlb9qCvWXyvPZ2ozBgH7pja6+rGuXNe+VAdiByTqzi2TeUxdOZBj2bTdGS2+eW2htC2CZYTQ==",
    "AGPL-3.0-or-later",
    only="artifacts/contracts",
)

ANVIL_VERSION = "1.7.1"
_ANVIL = {
    "darwin-amd64": (
        "sha512-OgwzwY+FsGrsPyDv4mmbhOwARO8s37YHrm2qaNzgSH4VlKnXgJCrnoT7bpgOhLyBPtxXjBT8L2E3b79deesXRg=="
    ),
    "darwin-arm64": (
        "sha512-JNeu3+A3f/npXLn8SR8EahVcqE7BpO9VQZMcPvSIy27/RNc1GsoEBvSLR99aSvt8sGKWAgNg/EzrtjAPq6mxcA=="
    ),
    "linux-amd64": (
        "sha512-+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg=="
    ),
    "linux-arm64": (
        "sha512-ykHJmFOGdBR8+9smOKBm9ZZDCCCkLQctiHOAddLvmYx9mPeBDMfq6jP51hKYsO5MG8ClPLSlWe+JpiXPjoXgBQ=="
    ),
}


def anvil_package() -> Package | None:
    """Return anvil's package for this machine, None if none is published for it."""
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    key = f"{platform.system().lower()}-{machine.get(platform.machine().lower(), 'other')}"
    if key not in _ANVIL:
        return None
    return Package(f"@foundry-rs/anvil-{key}", ANVIL_VERSION, _ANVIL[key], "MIT OR Apache-2.0")
