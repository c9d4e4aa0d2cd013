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

    /// Calls `body` with the address of `CodeView.window` octets from `index` on, ζ where the code ends.
    @inline(__always)
    func withWindow<Result>(_ index: Int, _ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        if index + CodeView.window <= count { return body(code + index) }
        var octets: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return withUnsafeMutableBytes(of: &octets) { copy in
            for offset in 0..<max(0, min(CodeView.window, count - index)) { copy[offset] = code[index + offset] }
            return body(UnsafeRawPointer(copy.baseAddress!).assumingMemoryBound(to: UInt8.self))
        }
    }

    static let window = 24
}

/// The operands of one instruction. Registers are numbers 0 to 12.
public struct Operands {
    public var rA: UInt8 = 0, rB: UInt8 = 0, rD: UInt8 = 0
    /// ν_X and ν_Y, sign-extended to 64 bits; for offsets the target itself, ι + offset, modulo 2^64.
    public var vX: UInt64 = 0, vY: UInt64 = 0

    public init() {}

    /// The operands of the instruction at `pc` whose skip distance is `skip`.
    public init(_ view: CodeView, pc: Int, skip: Int, format: OperandFormat) {
        self = view.withWindow(pc) { Operands(at: $0, pc: pc, skip: skip, OperandShape(format)) }
    }

    /// The same, of the octets at `code`, of which as many as `CodeView.window` can be read. Without a branch: which formats follow
    /// each other nobody can predict.
    @inline(__always)
    init(at code: UnsafePointer<UInt8>, pc: Int, skip: Int, _ shape: OperandShape) {
        let first = code[1], low = min(12, first & 15), high = min(12, first >> 4)
        rA = low & shape.aIsLow | high & shape.aIsHigh
        rB = high & shape.bIsHigh
        rD = low & shape.dIsLow | min(12, code[2]) & shape.dIsThird
        let x = Int(shape.xAt), rest = max(0, skip &- x &+ 1)
        let given = min(4, Int(code[Int(shape.lengthAt)] &>> shape.lengthShift & shape.lengthMask))
        let lengthX = given | min(4, rest) & Int(shape.xTakesRest) | Int(shape.xIsWide)
        let lengthY = min(4, max(0, rest &- lengthX)) & Int(shape.yTakesRest)
        vX = Operands.number(code + x, lengthX) &+ UInt64(truncatingIfNeeded: pc) & UInt64(truncatingIfNeeded: shape.xIsTarget)
        vY = Operands.number(code + x + lengthX, lengthY) &+ UInt64(truncatingIfNeeded: pc) & UInt64(truncatingIfNeeded: shape.yIsTarget)
    }

    /// The paper's sign extension of `length` (at most 8) octets.
    @inline(__always)
    private static func number(_ octets: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        let word = UnsafeRawPointer(octets).loadUnaligned(as: UInt64.self), unused = UInt64(truncatingIfNeeded: 64 &- 8 &* length)
        let extended = UInt64(bitPattern: Int64(bitPattern: word &<< unused) &>> Int64(bitPattern: unused))
        return length == 0 ? 0 : extended
    }
}

/// Where the operands of a format lie. What is a condition has 0 for no and all bits for yes.
struct OperandShape: BitwiseCopyable {
    /// Register A is the low or the high half of the first octet, B the high half, D the low half or the second octet.
    var aIsLow: UInt8 = 0, aIsHigh: UInt8 = 0, bIsHigh: UInt8 = 0, dIsLow: UInt8 = 0, dIsThird: UInt8 = 0
    /// Where ν_X starts, counted from the opcode.
    var xAt: UInt8 = 1
    /// The octet, shift and mask that give the length of ν_X, where the code says it.
    var lengthAt: UInt8 = 1, lengthShift: UInt8 = 0, lengthMask: UInt8 = 0
    /// Does what is left, up to four octets, belong to ν_X, or to ν_Y behind it?
    var xTakesRest: Int8 = 0, yTakesRest: Int8 = 0
    /// 8 for the extended-width immediate.
    var xIsWide: UInt8 = 0
    /// Are they counted from the instruction?
    var xIsTarget: Int8 = 0, yIsTarget: Int8 = 0

    init(_ format: OperandFormat) {
        switch format {
        case .none: break
        case .imm: xTakesRest = -1
        case .offset: (xTakesRest, xIsTarget) = (-1, -1)
        case .regExtImm: (aIsLow, xAt, xIsWide) = (255, 2, 8)
        case .regImm: (aIsLow, xAt, xTakesRest) = (255, 2, -1)
        case .immImm: (xAt, lengthMask, yTakesRest) = (2, 7, -1)
        case .regImmImm: (aIsLow, xAt, lengthShift, lengthMask, yTakesRest) = (255, 2, 4, 7, -1)
        case .regImmOffset: (aIsLow, xAt, lengthShift, lengthMask, yTakesRest, yIsTarget) = (255, 2, 4, 7, -1, -1)
        case .regReg: (dIsLow, aIsHigh) = (255, 255)
        case .regRegImm: (aIsLow, bIsHigh, xAt, xTakesRest) = (255, 255, 2, -1)
        case .regRegOffset: (aIsLow, bIsHigh, xAt, xTakesRest, xIsTarget) = (255, 255, 2, -1, -1)
        case .regRegImmImm: (aIsLow, bIsHigh, xAt, lengthAt, lengthMask, yTakesRest) = (255, 255, 3, 2, 7, -1)
        case .regRegReg: (aIsLow, bIsHigh, dIsThird) = (255, 255, 255)
        }
    }
}
