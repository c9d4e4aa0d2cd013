"""What the generator must know of the opcodes: name -> (opcode, words taken, words given, first fork). Written from the EIPs and the
Yellow Paper, apart from the library's own table."""

FORKS = ["frontier", "homestead", "tangerine_whistle", "spurious_dragon", "byzantium", "constantinople", "petersburg", "istanbul",
         "berlin", "london", "paris", "shanghai", "cancun", "prague", "osaka"]
REVISION = {name: number for number, name in enumerate(FORKS)}

OPCODES = {}


def row(first, names, taken, given, fork="frontier"):
    for offset, name in enumerate(names.split()):
        OPCODES[name] = (first + offset, taken, given, REVISION[fork])


row(0x00, "STOP", 0, 0)
row(0x01, "ADD MUL SUB DIV SDIV MOD SMOD", 2, 1)
row(0x08, "ADDMOD MULMOD", 3, 1)
row(0x0A, "EXP SIGNEXTEND", 2, 1)
row(0x10, "LT GT SLT SGT EQ", 2, 1)
row(0x15, "ISZERO", 1, 1)
row(0x16, "AND OR XOR", 2, 1)
row(0x19, "NOT", 1, 1)
row(0x1A, "BYTE", 2, 1)
row(0x1B, "SHL SHR SAR", 2, 1, "constantinople")
row(0x1E, "CLZ", 1, 1, "osaka")
row(0x20, "KECCAK256", 2, 1)
row(0x30, "ADDRESS", 0, 1)
row(0x31, "BALANCE", 1, 1)
row(0x32, "ORIGIN CALLER CALLVALUE", 0, 1)
row(0x35, "CALLDATALOAD", 1, 1)
row(0x36, "CALLDATASIZE", 0, 1)
row(0x37, "CALLDATACOPY", 3, 0)
row(0x38, "CODESIZE", 0, 1)
row(0x39, "CODECOPY", 3, 0)
row(0x3A, "GASPRICE", 0, 1)
row(0x3B, "EXTCODESIZE", 1, 1)
row(0x3C, "EXTCODECOPY", 4, 0)
row(0x3D, "RETURNDATASIZE", 0, 1, "byzantium")
row(0x3E, "RETURNDATACOPY", 3, 0, "byzantium")
row(0x3F, "EXTCODEHASH", 1, 1, "constantinople")
row(0x40, "BLOCKHASH", 1, 1)
row(0x41, "COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT", 0, 1)
row(0x46, "CHAINID SELFBALANCE", 0, 1, "istanbul")
row(0x48, "BASEFEE", 0, 1, "london")
row(0x49, "BLOBHASH", 1, 1, "cancun")
row(0x4A, "BLOBBASEFEE", 0, 1, "cancun")
row(0x50, "POP", 1, 0)
row(0x51, "MLOAD", 1, 1)
row(0x52, "MSTORE MSTORE8", 2, 0)
row(0x54, "SLOAD", 1, 1)
row(0x55, "SSTORE", 2, 0)
row(0x56, "JUMP", 1, 0)
row(0x57, "JUMPI", 2, 0)
row(0x58, "PC MSIZE GAS", 0, 1)
row(0x5B, "JUMPDEST", 0, 0)
row(0x5C, "TLOAD", 1, 1, "cancun")
row(0x5D, "TSTORE", 2, 0, "cancun")
row(0x5E, "MCOPY", 3, 0, "cancun")
row(0x5F, "PUSH0", 0, 1, "shanghai")
for n in range(1, 33):
    row(0x5F + n, f"PUSH{n}", 0, 1)
for n in range(1, 17):
    row(0x7F + n, f"DUP{n}", n, n + 1)
    row(0x8F + n, f"SWAP{n}", n + 1, n + 1)
for n in range(5):
    row(0xA0 + n, f"LOG{n}", n + 2, 0)
row(0xF0, "CREATE", 3, 1)
row(0xF1, "CALL CALLCODE", 7, 1)
row(0xF3, "RETURN", 2, 0)
row(0xF4, "DELEGATECALL", 6, 1, "homestead")
row(0xF5, "CREATE2", 4, 1, "constantinople")
row(0xFA, "STATICCALL", 6, 1, "byzantium")
row(0xFD, "REVERT", 2, 0, "byzantium")
row(0xFE, "INVALID", 0, 0)
row(0xFF, "SELFDESTRUCT", 1, 0)
