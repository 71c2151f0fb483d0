// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.26;

import {ERC20, IERC20} from "token/ERC20/ERC20.sol";
import {ERC4626} from "token/ERC20/extensions/ERC4626.sol";

// OpenZeppelin's vault is abstract: this gives it a name and an offset and changes nothing.
contract OffsetVault is ERC4626 {
    uint8 private immutable offset;

    constructor(IERC20 asset_, uint8 offset_) ERC4626(asset_) ERC20("Vault", "V") {
        offset = offset_;
    }

    function _decimalsOffset() internal view override returns (uint8) {
        return offset;
    }
}
