import CPVM

/// Instruction octets to operands (Gray Paper appendix A, the `using` clauses above each instruction table).

/// c and k of a program. Beyond its end the code reads as zeros (the paper's ζ) and every bit of k as one.
public struct CodeView {
    public let code: UnsafePointer<UInt8>
    public let count: Int
    /// Packed, least significant bit first, (count + 7) / 8 octets.
    public let bitmask: UnsafePointer<UInt8>

    /// No code.
    init() {
        code = UnsafePointer(duet_no_rights())
        bitmask = code
        count = 0
    }

    public init(code: UnsafePointer<UInt8>, count: Int, bitmask: UnsafePointer<UInt8>) {
        self.code = code
        self.count = count
        self.bitmask = bitmask
    }

    /// ζ
    @inline(__always)
    public func octet(_ index: Int) -> UInt8 { index < count ? code[index] : 0 }

    /// Is there an opcode at `index`?
    @inline(__always)
    public func isOpcode(_ index: Int) -> Bool {
        index >= count || bitmask[index >> 3] >> UInt8(truncatingIfNeeded: index & 7) & 1 != 0
    }

    /// Octets between the opcode at `index` and the next one, at most 24.
    public func skip(_ index: Int) -> Int {
        var distance = 0
        while distance < 24, !isOpcode(index + 1 + distance) { distance += 1 }
        return distance
    }

    /// `length` (at most 8) octets from `index` as a little-endian number.
    @inline(__always)
    func number(_ index: Int, _ length: Int) -> UInt64 {
        if index + 8 <= count {
            let word = UnsafeRawPointer(code + index).loadUnaligned(as: UInt64.self)
            return length == 8 ? word : word & (1 << UInt64(8 * length) &- 1)
        }
        var value: UInt64 = 0
        for octet in 0..<length { value |= UInt64(self.octet(index + octet)) << UInt64(8 * octet) }
        return value
    }
}

/// The operands of one instruction. Registers are numbers 0 to 12.
public struct Operands {
    public var rA: UInt8 = 0, rB: UInt8 = 0, rD: UInt8 = 0
    /// ν_X and ν_Y, sign-extended to 64 bits; for offsets the target itself, ι + offset, modulo 2^64.
    public var vX: UInt64 = 0, vY: UInt64 = 0

    public init() {}

    /// The operands of the instruction at `pc` whose skip distance is `skip`.
    public init(_ view: CodeView, pc: Int, skip: Int, format: OperandFormat) {
        let first = view.octet(pc + 1)
        let low = min(12, first & 15), high = min(12, first >> 4)
        switch format {
        case .none:
            break
        case .imm:
            vX = Operands.immediate(view, pc + 1, min(4, skip))
        case .regExtImm:
            rA = low
            vX = view.number(pc + 2, 8)
        case .immImm:
            let length = min(4, Int(first & 7))
            vX = Operands.immediate(view, pc + 2, length)
            vY = Operands.immediate(view, pc + 2 + length, min(4, max(0, skip - length - 1)))
        case .offset:
            vX = UInt64(pc) &+ Operands.immediate(view, pc + 1, min(4, skip))
        case .regImm:
            rA = low
            vX = Operands.immediate(view, pc + 2, min(4, max(0, skip - 1)))
        case .regImmImm, .regImmOffset:
            rA = low
            let length = min(4, Int(first >> 4 & 7))
            vX = Operands.immediate(view, pc + 2, length)
            vY = Operands.immediate(view, pc + 2 + length, min(4, max(0, skip - length - 1)))
            if format == .regImmOffset { vY = vY &+ UInt64(pc) }
        case .regReg:
            rD = low
            rA = high
        case .regRegImm, .regRegOffset:
            rA = low
            rB = high
            vX = Operands.immediate(view, pc + 2, min(4, max(0, skip - 1)))
            if format == .regRegOffset { vX = vX &+ UInt64(pc) }
        case .regRegImmImm:
            rA = low
            rB = high
            let length = min(4, Int(view.octet(pc + 2) & 7))
            vX = Operands.immediate(view, pc + 3, length)
            vY = Operands.immediate(view, pc + 3 + length, min(4, max(0, skip - length - 2)))
        case .regRegReg:
            rA = low
            rB = high
            rD = min(12, view.octet(pc + 2))
        }
    }

    /// The paper's sign extension of `length` (at most 4) octets.
    @inline(__always)
    private static func immediate(_ view: CodeView, _ index: Int, _ length: Int) -> UInt64 {
        let unused = UInt64(64 - 8 * length)
        guard length > 0 else { return 0 }
        return UInt64(bitPattern: Int64(bitPattern: view.number(index, length) << unused) >> Int64(unused))
    }
}
