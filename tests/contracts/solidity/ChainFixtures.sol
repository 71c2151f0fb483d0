// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.26;

// Test contracts with the interface and, where proofs look at it, the storage layout of contracts whose code
// may not be copied.

// Slots 11 and 12 as in an OCR2 aggregator: hot vars (uint8 f | uint40 epoch and round | uint32 round) and
// transmissions (int192 answer | uint32 observations time | uint32 transmission time).
contract OcrAggregator {
    uint256[11] private unused;
    uint256 private hotVars;
    mapping(uint256 => uint256) private transmissions;

    uint8 public immutable decimals;
    int192 public immutable minAnswer;
    int192 public immutable maxAnswer;
    string public constant description = "test feed";
    uint256 public constant version = 4;

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    constructor(uint8 decimals_, int192 minAnswer_, int192 maxAnswer_) {
        decimals = decimals_;
        minAnswer = minAnswer_;
        maxAnswer = maxAnswer_;
    }

    function transmit(int192 answer, uint32 time) external {
        uint256 round = (hotVars >> 48) + 1;
        hotVars = (round << 48) | 1;
        transmissions[round] =
            uint256(uint192(answer)) | (uint256(time) << 192) | (uint256(time) << 224);
        emit AnswerUpdated(answer, round, time);
    }

    function getRoundData(uint80 round)
        public
        view
        returns (uint80, int256, uint256, uint256, uint80)
    {
        if (round > type(uint32).max) return (0, 0, 0, 0, 0);
        uint256 word = transmissions[round];
        int256 answer = int192(uint192(word));
        return (round, answer, uint32(word >> 192), word >> 224, round);
    }

    function latestRoundData()
        external
        view
        returns (uint80, int256, uint256, uint256, uint80)
    {
        return getRoundData(uint80(hotVars >> 48));
    }

    function latestRound() external view returns (uint256) {
        return hotVars >> 48;
    }
}

// Answers what it was told to answer, for readers of contracts that cannot be had.
contract Canned {
    mapping(bytes32 => bytes) private answers;
    mapping(bytes32 => bool) private known;

    function teach(bytes calldata question, bytes calldata answer) external {
        answers[keccak256(question)] = answer;
        known[keccak256(question)] = true;
    }

    fallback() external {
        bytes32 key = keccak256(msg.data);
        require(known[key], "not taught");
        bytes memory answer = answers[key];
        assembly {
            return(add(answer, 32), mload(answer))
        }
    }
}

// A vault whose share price moves with donations.
contract Vault {
    address public immutable asset;
    uint256 public totalSupply;
    uint8 public constant decimals = 18;
    uint256 public totalAssets;

    constructor(address asset_) {
        asset = asset_;
    }

    function set(uint256 assets, uint256 shares) external {
        totalAssets = assets;
        totalSupply = shares;
    }

    function convertToAssets(uint256 shares) public view returns (uint256) {
        return (shares * (totalAssets + 1)) / (totalSupply + 1);
    }

    function previewRedeem(uint256 shares) external view returns (uint256) {
        return convertToAssets(shares);
    }
}

// Reads through a sub-call that may revert and is then forgotten: the slot that decided is in no journal.
contract Swallower {
    Inner public immutable inner = new Inner();

    function price() external view returns (uint256) {
        try inner.price() returns (uint256 value) {
            return value;
        } catch {
            return 1;
        }
    }

    function set(uint256 value) external {
        inner.set(value);
    }
}

contract Inner {
    uint256 private stored;

    function set(uint256 value) external {
        stored = value;
    }

    function price() external view returns (uint256) {
        require(stored != 0, "no price");
        return stored;
    }
}
