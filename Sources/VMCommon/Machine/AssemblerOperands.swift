/// The operands of x86-64 instructions.

/// A general register, by its number in the encoding. The names stand below, where `.rax` can also mean r/m.
@frozen public struct Reg: Equatable, Sendable {
    public let number: UInt8

    /// `number` is at most 15.
    @inlinable @inline(__always) public init(_ number: UInt8) {
        assert(number < 16)
        self.number = number
    }
}

/// An SSE register, by its number; here only a place to keep a general register's value in.
@frozen public struct Xmm: Equatable, Sendable {
    public let number: UInt8

    /// `number` is at most 15.
    @inlinable @inline(__always) public init(_ number: UInt8) {
        assert(number < 16)
        self.number = number
    }
}

/// Size of an operation; the raw value is the bit REX.W (and VEX.W). A 32-bit result clears the upper half of its register.
@frozen public enum Width: UInt8, Sendable {
    case w32, w64
}

/// The tests of jcc, setcc and cmovcc; the raw value is the low half of their opcodes.
@frozen public enum Condition: UInt8, Sendable {
    case overflow, notOverflow, below, aboveOrEqual, equal, notEqual, belowOrEqual, above
    case negative, notNegative, parityEven, parityOdd, less, greaterOrEqual, lessOrEqual, greater

    @inlinable @inline(__always) public var number: UInt8 { unsafeBitCast(self, to: UInt8.self) }

    /// The opposite test.
    @inlinable public var inverted: Condition { unsafeBitCast(number ^ 1, to: Condition.self) }
}

/// What an index register is multiplied by; the raw value is the field of the SIB octet.
@frozen public enum Scale: UInt8, Sendable {
    case x1, x2, x4, x8
}

/// r/m of the processor manual: a register or memory.
public protocol RegisterOrMemory {
    /// The bits X and B of the REX and VEX prefixes.
    var prefixBits: UInt8 { get }
    /// Prefixes that stand before everything else: segment and address size.
    var addressPrefixes: Octets { get }
    /// As an 8-bit operand: does it need a REX prefix, whatever its bits are?
    var needsPrefixAsOctet: Bool { get }
    /// ModR/M and what belongs to it, with the low three bits of `register` in the field reg.
    func modRM(_ register: UInt8) -> Octets
}

extension Reg: RegisterOrMemory {
    @inlinable @inline(__always) public var prefixBits: UInt8 { number >> 3 }
    @inlinable @inline(__always) public var addressPrefixes: Octets { Octets(0, 0) }
    /// Without a prefix, 4 to 7 mean ah, ch, dh and bh instead of spl, bpl, sil and dil.
    @inlinable @inline(__always) public var needsPrefixAsOctet: Bool { number >= 4 }
    @inlinable @inline(__always) public func modRM(_ register: UInt8) -> Octets {
        Octets(UInt64(0xc0 | (register & 7) << 3 | number & 7), 1)
    }
}

/// A place in memory.
@frozen public struct Mem: RegisterOrMemory, Sendable {
    @frozen @usableFromInline enum Form: Sendable { case base, noBase, instructionPointer }

    /// How the processor makes an address of the operand.
    @frozen public enum Space: UInt8, Sendable {
        /// 64 bits.
        case flat
        /// 64 bits, counted from the base of the segment GS.
        case segment
        /// The low 32 bits of the sum, zero-extended, counted from the base of the segment GS.
        case segment32
    }

    @usableFromInline let form: Form
    @usableFromInline let space: Space
    @usableFromInline let base: UInt8
    /// 4, the number of rsp, stands for no index.
    @usableFromInline let index: UInt8
    @usableFromInline let scale: UInt8
    @usableFromInline let displacement: Int32

    @inlinable @inline(__always)
    init(form: Form, _ space: Space = .flat, base: UInt8 = 5, index: UInt8 = 4, scale: UInt8 = 0, displacement: Int32) {
        self.form = form
        self.space = space
        self.base = base
        self.index = index
        self.scale = scale
        self.displacement = displacement
    }

    /// [base + displacement]
    @inlinable @inline(__always) public init(_ base: Reg, _ displacement: Int32 = 0, in space: Space = .flat) {
        self.init(form: .base, space, base: base.number, displacement: displacement)
    }

    /// [base + index * scale + displacement]; rsp cannot be an index.
    @inlinable @inline(__always) public init(_ base: Reg, _ index: Reg, _ scale: Scale = .x1, _ displacement: Int32 = 0, in space: Space = .flat) {
        assert(index != .rsp)
        self.init(form: .base, space, base: base.number, index: index.number, scale: scale.rawValue, displacement: displacement)
    }

    /// [index * scale + displacement]; rsp cannot be an index.
    @inlinable @inline(__always) public init(index: Reg, _ scale: Scale, _ displacement: Int32 = 0) {
        assert(index != .rsp)
        self.init(form: .noBase, index: index.number, scale: scale.rawValue, displacement: displacement)
    }

    /// [address], sign-extended: the lowest and the highest 2 GiB of the address space.
    @inlinable @inline(__always) public init(absolute address: Int32, in space: Space = .flat) {
        self.init(form: .noBase, space, displacement: address)
    }

    /// [rip + displacement], counted from the end of the instruction.
    @inlinable @inline(__always) public init(rip displacement: Int32) {
        self.init(form: .instructionPointer, displacement: displacement)
    }

    /// The same sum of registers and displacement without the segment, for `lea`.
    @inlinable @inline(__always) public var flat: Mem {
        Mem(form: form, base: base, index: index, scale: scale, displacement: displacement)
    }

    @inlinable @inline(__always) public var prefixBits: UInt8 { (index >> 3) << 1 | base >> 3 }
    /// 65: GS; 67: addresses of 32 bits.
    @inlinable @inline(__always) public var addressPrefixes: Octets { Octets(0x6765, Int(space.rawValue)) }
    @inlinable @inline(__always) public var needsPrefixAsOctet: Bool { false }

    @inlinable @inline(__always) public func modRM(_ register: UInt8) -> Octets {
        let reg = UInt64(register & 7) << 3, low = UInt64(base & 7)
        let offset = UInt64(UInt32(bitPattern: displacement))
        let sib = UInt64(scale) << 6 | UInt64(index & 7) << 3 | low
        switch form {
        case .instructionPointer:
            return Octets(0x05 | reg | offset << 8, 5)
        case .noBase:
            return Octets(0x04 | reg | sib << 8 | offset << 16, 6)
        case .base:
            // mod 00: no displacement (with rbp and r13 this code means something else), 01: 8 bits, 10: 32 bits.
            let short = displacement == Int32(Int8(truncatingIfNeeded: displacement))
            let none = displacement == 0 && low != 5
            let mod: UInt64 = none ? 0x00 : short ? 0x40 : 0x80
            let octets = none ? 0 : short ? 1 : 4
            // rsp and r12 as a base need a SIB octet: their code in ModR/M announces one.
            if index == 4 && low != 4 { return Octets(mod | reg | low | offset << 8, 1 + octets) }
            return Octets(mod | reg | 0x04 | sib << 8 | offset << 16, 2 + octets)
        }
    }
}

extension RegisterOrMemory where Self == Reg {
    @inlinable public static var rax: Reg { Reg(0) }
    @inlinable public static var rcx: Reg { Reg(1) }
    @inlinable public static var rdx: Reg { Reg(2) }
    @inlinable public static var rbx: Reg { Reg(3) }
    @inlinable public static var rsp: Reg { Reg(4) }
    @inlinable public static var rbp: Reg { Reg(5) }
    @inlinable public static var rsi: Reg { Reg(6) }
    @inlinable public static var rdi: Reg { Reg(7) }
    @inlinable public static var r8: Reg { Reg(8) }
    @inlinable public static var r9: Reg { Reg(9) }
    @inlinable public static var r10: Reg { Reg(10) }
    @inlinable public static var r11: Reg { Reg(11) }
    @inlinable public static var r12: Reg { Reg(12) }
    @inlinable public static var r13: Reg { Reg(13) }
    @inlinable public static var r14: Reg { Reg(14) }
    @inlinable public static var r15: Reg { Reg(15) }
}
