// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.26;

// Stands in for a utility of Synthetix that no published package holds: revert with given data.
library RevertUtil {
    error Errors(bytes[] reasons);

    function revertWithReason(bytes memory reason) internal pure {
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }

    function revertIfError(bytes memory reason) internal pure {
        if (reason.length != 0) revertWithReason(reason);
    }

    function revertManyIfError(bytes[] memory reasons) internal pure {
        for (uint256 k = 0; k < reasons.length; k++) {
            if (reasons[k].length != 0) revert Errors(reasons);
        }
    }
}
