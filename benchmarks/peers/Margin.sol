// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// The common job as a contract: signed amounts of 18 decimals, four assets, four markets, no access control.
contract Margin {
    struct Account {
        int256[4] balances;
        int256[4] sizes;
        int256[4] entries;
    }

    int256 private constant ONE = 1e18;
    int256[4] private spots;
    int256[4] private marks;
    int256[4] private keep = [int256(1e18), 0.9e18, 0.85e18, 0.75e18];
    int256[4] private rates = [int256(0.03e18), 0.03e18, 0.05e18, 0.08e18];
    Account[] private book;
    uint256 public liquidations;

    function open(int256[12][] calldata rows) external {
        for (uint256 i = 0; i < rows.length; i++) {
            Account storage account = book.push();
            for (uint256 k = 0; k < 4; k++) {
                account.balances[k] = rows[i][k];
                account.sizes[k] = rows[i][4 + k];
                account.entries[k] = rows[i][8 + k];
            }
        }
    }

    function setPrices(int256[4] calldata newSpots, int256[4] calldata newMarks) external {
        spots = newSpots;
        marks = newMarks;
    }

    function failing(uint256 first, uint256 last) external view returns (uint256[] memory found) {
        uint256[] memory all = new uint256[](last - first);
        uint256 count;
        for (uint256 i = first; i < last; i++) {
            if (fails(i)) all[count++] = i;
        }
        found = new uint256[](count);
        for (uint256 i = 0; i < count; i++) found[i] = all[i];
    }

    function liquidate(uint256 id) external {
        require(fails(id), "safe");
        Account storage account = book[id];
        int256 change;
        for (uint256 k = 0; k < 4; k++) {
            int256 size = account.sizes[k];
            change += size * (marks[k] - account.entries[k]) / ONE;
            change -= (size < 0 ? -size : size) * marks[k] / ONE / 100;
            account.sizes[k] = 0;
        }
        account.balances[0] += change;
        liquidations++;
    }

    function fails(uint256 id) private view returns (bool) {
        Account storage account = book[id];
        int256 equity;
        int256 needed;
        for (uint256 k = 0; k < 4; k++) {
            equity += account.balances[k] * spots[k] / ONE * keep[k] / ONE;
            int256 size = account.sizes[k];
            if (size == 0) continue;
            equity += size * (marks[k] - account.entries[k]) / ONE;
            needed += (size < 0 ? -size : size) * marks[k] / ONE * rates[k] / ONE;
        }
        return needed > 0 && equity < needed;
    }
}
