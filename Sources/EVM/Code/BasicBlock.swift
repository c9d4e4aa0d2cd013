import EVMRules

/// What instructions that always follow each other need, checked once when control comes to the first of them.
///
/// A block starts at offset 0, at a JUMPDEST, and behind an instruction that `splits` or `branches`. It ends with an instruction that
/// `ends`, `splits` or `branches`: a JUMPDEST in the middle does nothing, and is the start of another block that ends at the same
/// place. All zeros: not analysed yet.
struct Block: BitwiseCopyable {
    /// The fixed costs of all its instructions.
    var gas: UInt32
    /// The octets on the stack must be from `lowest` up to `lowest + heights - 1`.
    private(set) var lowest: UInt16
    private(set) var heights: UInt16

    /// No stack will do, but the block has been analysed.
    static let never = Block(gas: 0, lowest: .max, heights: 1)

    private init(gas: UInt32, lowest: UInt16, heights: UInt16) {
        self.gas = gas
        self.lowest = lowest
        self.heights = heights
    }

    /// Needs `need` words and adds up to `growth`.
    init(gas: Int, need: Int, growth: Int) {
        guard gas <= UInt32.max, need + growth <= Limit.stack else {
            self = Block.never
            return
        }
        self.init(gas: UInt32(truncatingIfNeeded: gas), lowest: UInt16(truncatingIfNeeded: need * 32),
                  heights: UInt16(truncatingIfNeeded: (Limit.stack - growth - need) * 32 + 1))
    }

    /// The words of the stack that it needs and what it adds to them at most; more than there are if no stack will do.
    var need: Int { isPayable ? Int(lowest) / 32 : Limit.stack + 1 }
    var growth: Int { Limit.stack - need - (Int(heights) - 1) / 32 }

    /// Does any stack suit it?
    var isPayable: Bool { lowest != .max }

    @inline(__always)
    var isAnalysed: Bool { heights != 0 }

    @inline(__always)
    func fits(octets: Int) -> Bool { UInt64(bitPattern: Int64(octets)) &- UInt64(lowest) < UInt64(heights) }
}

