// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.26;

// Test contracts: a plain token, and a trader that runs scripts against real pools and answers their
// callbacks. A script is a list of calls; it holds or reverts as a whole.

contract Token {
    uint8 public immutable decimals;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    constructor(uint8 places) {
        decimals = places;
    }

    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

// Ether can be forced on a contract that would refuse or answer a plain transfer.
contract Forced {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}

contract Trader {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    // What a Uniswap V3 callback pays: what is owed plus `extra`, which may be negative.
    struct Payment {
        address token0;
        address token1;
        int256 extra0;
        int256 extra1;
    }

    receive() external payable {}

    // Run all calls and return what the last one returned; the first revert is passed on unchanged.
    function run(Call[] calldata calls) external payable returns (bytes memory last) {
        for (uint256 i = 0; i < calls.length; i++) {
            bool held;
            (held, last) = calls[i].target.call{value: calls[i].value}(calls[i].data);
            if (!held) _rethrow(last);
        }
    }

    // Read all calls and return their answers joined end to end.
    function read(Call[] calldata calls) external view returns (bytes memory joined) {
        for (uint256 i = 0; i < calls.length; i++) {
            (bool held, bytes memory answer) = calls[i].target.staticcall(calls[i].data);
            if (!held) _rethrow(answer);
            joined = bytes.concat(joined, answer);
        }
    }

    function force(address payable to) external payable {
        new Forced{value: msg.value}(to);
    }

    function etherOf(address account) external view returns (uint256) {
        return account.balance;
    }

    // Uniswap V2: the caller chose the script.
    function uniswapV2Call(address, uint256, uint256, bytes calldata data) external {
        this.run(abi.decode(data, (Call[])));
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata data) external {
        _pay(int256(owed0), int256(owed1), data);
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata data) external {
        _pay(delta0 > 0 ? delta0 : int256(0), delta1 > 0 ? delta1 : int256(0), data);
    }

    // The lent amounts come back through `extra`.
    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external {
        _pay(int256(fee0), int256(fee1), data);
    }

    function _pay(int256 owed0, int256 owed1, bytes calldata data) private {
        Payment memory payment = abi.decode(data, (Payment));
        _send(payment.token0, owed0 + payment.extra0);
        _send(payment.token1, owed1 + payment.extra1);
    }

    function _send(address token, int256 amount) private {
        if (amount > 0) Token(token).transfer(msg.sender, uint256(amount));
    }

    function _rethrow(bytes memory reason) private pure {
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }
}
