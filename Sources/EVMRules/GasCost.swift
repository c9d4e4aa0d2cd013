/// Costs that no fork has changed (Yellow Paper, appendix G), beside those of instructions, which their table has.
public enum GasCost {
    /// Memory: a word, and the square of the words by 2 to this (C_mem).
    @inlinable @inline(__always) public static var memoryWord: UInt64 { 3 }
    @inlinable @inline(__always) public static var memorySquareShift: UInt64 { 9 }
    /// For each word that is copied, and that is hashed.
    @inlinable @inline(__always) public static var copyWord: Int64 { 3 }
    @inlinable @inline(__always) public static var hashWord: Int64 { 6 }
    /// For each byte of a log.
    @inlinable @inline(__always) public static var logByte: Int64 { 8 }
    /// A call that transfers value, what it gives to the called code at no cost, and an account that is made by one.
    @inlinable @inline(__always) public static var transfer: Int64 { 9000 }
    @inlinable @inline(__always) public static var stipend: Int64 { 2300 }
    @inlinable @inline(__always) public static var newAccount: Int64 { 25000 }
    /// Calls and creations keep at least this part of the gas for themselves. EIP-150
    @inlinable @inline(__always) public static var keptPart: Int64 { 64 }
}

/// Limits that no fork has changed.
public enum Limit {
    /// Words on the stack.
    @inlinable @inline(__always) public static var stack: Int { 1024 }
    /// Calls in calls.
    @inlinable @inline(__always) public static var callDepth: Int32 { 1024 }
    /// Blocks that BLOCKHASH knows.
    @inlinable @inline(__always) public static var blockHashes: UInt64 { 256 }
}
