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

interface Decimals {
    function decimals() external view returns (uint8);
}

// A stableswap pool with the interface and the roundings of Curve's 3pool or, if `precise`, of its later pool
// template. It holds no token: balances are set, and an exchange moves only them.
contract StablePool {
    uint256 private constant ONE = 1e18;
    uint256 private constant FEES = 1e10;
    address[] public coins;
    uint256[] public balances;
    uint256 private immutable stored;
    uint256 private immutable scale;
    uint256 public immutable fee;
    uint256 public immutable admin_fee;
    uint256 public totalSupply;

    constructor(address[] memory coins_, uint256 stored_, bool precise, uint256 fee_, uint256 adminFee) {
        coins = coins_;
        balances = new uint256[](coins_.length);
        stored = stored_;
        scale = precise ? 100 : 1;
        fee = fee_;
        admin_fee = adminFee;
    }

    function set(uint256[] calldata amounts, uint256 supply) external {
        balances = amounts;
        totalSupply = supply;
    }

    function A() external view returns (uint256) {
        return stored / scale;
    }

    function A_precise() external view returns (uint256) {
        require(scale == 100);
        return stored;
    }

    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        (uint256 from, uint256 to) = (uint256(int256(i)), uint256(int256(j)));
        uint256 value = output(from, to, dx);
        if (scale == 100) return ((value - (fee * value) / FEES) * ONE) / rate(to);
        value = (value * ONE) / rate(to);
        return value - (fee * value) / FEES;
    }

    function exchange(int128 i, int128 j, uint256 dx, uint256 least) external {
        (uint256 from, uint256 to) = (uint256(int256(i)), uint256(int256(j)));
        uint256 value = output(from, to, dx);
        uint256 kept = (value * fee) / FEES;
        uint256 paid = ((value - kept) * ONE) / rate(to);
        require(paid >= least);
        balances[from] += dx;
        balances[to] -= paid + (((kept * admin_fee) / FEES) * ONE) / rate(to);
    }

    function rate(uint256 place) private view returns (uint256) {
        return 10 ** (36 - uint256(Decimals(coins[place]).decimals()));
    }

    function output(uint256 from, uint256 to, uint256 dx) private view returns (uint256) {
        uint256[] memory xp = new uint256[](coins.length);
        for (uint256 k = 0; k < xp.length; k++) xp[k] = (rate(k) * balances[k]) / ONE;
        uint256 d = invariant(xp);
        uint256 before = xp[to];
        xp[from] += (dx * rate(from)) / ONE;
        return before - balance(xp, to, d) - 1;
    }

    function invariant(uint256[] memory xp) private view returns (uint256 d) {
        uint256 n = xp.length;
        uint256 sum = 0;
        for (uint256 k = 0; k < n; k++) sum += xp[k];
        d = sum;
        for (uint256 step = 0; step < 255; step++) {
            uint256 product = d;
            for (uint256 k = 0; k < n; k++) product = (product * d) / (xp[k] * n);
            uint256 last = d;
            uint256 ann = stored * n;
            d = (((ann * sum) / scale + product * n) * d) / (((ann - scale) * d) / scale + (n + 1) * product);
            if ((d > last ? d - last : last - d) <= 1) return d;
        }
    }

    function balance(uint256[] memory xp, uint256 place, uint256 d) private view returns (uint256 y) {
        uint256 n = xp.length;
        uint256 ann = stored * n;
        uint256 c = d;
        uint256 sum = 0;
        for (uint256 k = 0; k < n; k++) {
            if (k == place) continue;
            sum += xp[k];
            c = (c * d) / (xp[k] * n);
        }
        c = (c * d * scale) / (ann * n);
        uint256 b = sum + (d * scale) / ann;
        y = d;
        for (uint256 step = 0; step < 255; step++) {
            uint256 last = y;
            y = (y * y + c) / (2 * y + b - d);
            if ((y > last ? y - last : last - y) <= 1) return y;
        }
    }
}
