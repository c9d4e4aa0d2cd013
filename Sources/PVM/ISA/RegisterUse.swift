/// Which registers an instruction reads and writes, as the equations of the instruction tables have it, whether or not it
/// would really change them when it runs. `ecalli` counts as using none.
struct RegisterUse {
    /// Bit n stands for register n.
    var reads: UInt16
    var writes: UInt16

    init(_ row: ISARow, a: UInt16, b: UInt16, d: UInt16) {
        switch row.format {
        case .none, .imm, .immImm, .offset: (reads, writes) = (0, 0)
        case .regExtImm: (reads, writes) = (0, a)
        case .regImm: (reads, writes) = row.cost == .store || row.cost == .djump ? (a, 0) : (0, a)
        case .regImmImm: (reads, writes) = (a, 0)
        case .regImmOffset: (reads, writes) = row.cost == .branch ? (a, 0) : (0, a)
        case .regReg: (reads, writes) = (a, d)
        case .regRegImm:
            switch row.cost {
            case .store: (reads, writes) = (a | b, 0)
            case .cmovImm: (reads, writes) = (a | b, a)
            default: (reads, writes) = (b, a)
            }
        case .regRegOffset: (reads, writes) = (a | b, 0)
        case .regRegImmImm: (reads, writes) = (b, a)
        case .regRegReg: (reads, writes) = row.cost == .cmov ? (a | b | d, d) : (a | b, d)
        }
    }
}
