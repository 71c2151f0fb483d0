// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.26;

// Stands in for a utility of Synthetix that no published package holds: here is no fork.
library ForkDetector {
    function isDevFork() internal pure returns (bool) {
        return false;
    }
}
