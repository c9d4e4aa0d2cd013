// The operands that every encoding is tried with, and their text in Intel syntax as GNU objdump writes it. Nothing here asks
// the assembler how it encodes them.

let registers = (0..<16).map { Reg(UInt8($0)) }
let widths: [Width] = [.w32, .w64]

let octetNames = ["al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"] + (8..<16).map { "r\($0)b" }
let wordNames = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"] + (8..<16).map { "r\($0)w" }
let doubleNames = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"] + (8..<16).map { "r\($0)d" }
let quadNames = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"] + (8..<16).map { "r\($0)" }

/// How wide an operand is, in bits.
func name(_ register: Reg, _ bits: Int) -> String {
    let names = bits == 8 ? octetNames : bits == 16 ? wordNames : bits == 32 ? doubleNames : quadNames
    return names[Int(register.number)]
}

func bits(_ w: Width) -> Int { w == .w64 ? 64 : 32 }
func name(_ register: Reg, _ w: Width) -> String { name(register, bits(w)) }

let conditions: [(Condition, String)] = [
    (.overflow, "o"), (.notOverflow, "no"), (.below, "b"), (.aboveOrEqual, "ae"), (.equal, "e"), (.notEqual, "ne"),
    (.belowOrEqual, "be"), (.above, "a"), (.negative, "s"), (.notNegative, "ns"), (.parityEven, "p"), (.parityOdd, "np"),
    (.less, "l"), (.greaterOrEqual, "ge"), (.lessOrEqual, "le"), (.greater, "g"),
]

/// An immediate as the processor sees it once it has been extended to `bits`.
func text(_ immediate: Int64, _ bits: Int) -> String {
    let mask = bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
    return "0x" + String(UInt64(bitPattern: immediate) & mask, radix: 16)
}

let immediates: [Int32] = [0, 1, -1, 2, 100, 127, 128, 129, -127, -128, -129, 255, 256, 32767, 65535, .max, .min, 0x1234_5678]
let octetImmediates: [UInt8] = [0, 1, 2, 31, 32, 63, 64, 127, 128, 255]

/// Memory operands with their text, which lacks the size that stands before it.
struct Place {
    let operand: Mem
    let address: String

    func text(_ bits: Int) -> String {
        let size = bits == 8 ? "BYTE" : bits == 16 ? "WORD" : bits == 32 ? "DWORD" : "QWORD"
        return "\(size) PTR \(address)"
    }

    static func signed(_ value: Int32) -> String {
        (value < 0 ? "-0x" : "+0x") + String(value.magnitude, radix: 16)
    }

    static func base(_ base: Reg, _ displacement: Int32) -> Place {
        // Without a displacement there is no encoding for rbp and r13, with an index or not: a zero is shown.
        let bare = displacement == 0 && base != .rbp && base != .r13
        return Place(operand: Mem(base, displacement), address: "[\(name(base, 64))\(bare ? "" : signed(displacement))]")
    }

    static let factors: [(Scale, Int)] = [(.x1, 1), (.x2, 2), (.x4, 4), (.x8, 8)]

    static func indexed(_ base: Reg, _ index: Reg, _ scale: (Scale, Int), _ displacement: Int32) -> Place {
        let bare = displacement == 0 && base != .rbp && base != .r13
        return Place(operand: Mem(base, index, scale.0, displacement),
                     address: "[\(name(base, 64))+\(name(index, 64))*\(scale.1)\(bare ? "" : signed(displacement))]")
    }

    static func index(_ index: Reg, _ scale: (Scale, Int), _ displacement: Int32) -> Place {
        Place(operand: Mem(index: index, scale.0, displacement), address: "[\(name(index, 64))*\(scale.1)\(signed(displacement))]")
    }

    static func absolute(_ address: Int32) -> Place {
        Place(operand: Mem(absolute: address), address: "ds:\(main.text(Int64(address), 64))")
    }

    static func rip(_ displacement: Int32) -> Place {
        Place(operand: Mem(rip: displacement), address: ripText(displacement))
    }

    /// objdump shows this displacement alone as an unsigned number of 64 bits.
    static func ripText(_ displacement: Int32) -> String { "[rip+\(main.text(Int64(displacement), 64))]" }

    /// Counted from the segment GS, with addresses of 64 or 32 bits.
    static func segment(_ base: Reg, _ displacement: Int32, _ space: Mem.Space) -> Place {
        let bare = displacement == 0 && base != .rbp && base != .r13
        return Place(operand: Mem(base, displacement, in: space),
                     address: "gs:[\(name(base, space == .segment ? 64 : 32))\(bare ? "" : signed(displacement))]")
    }

    static func segment(_ base: Reg, _ index: Reg, _ scale: (Scale, Int), _ displacement: Int32, _ space: Mem.Space) -> Place {
        let bare = displacement == 0 && base != .rbp && base != .r13, bits = space == .segment ? 64 : 32
        return Place(operand: Mem(base, index, scale.0, displacement, in: space),
                     address: "gs:[\(name(base, bits))+\(name(index, bits))*\(scale.1)\(bare ? "" : signed(displacement))]")
    }

    /// eiz is objdump's name for no index.
    static func segment(absolute address: Int32, _ space: Mem.Space) -> Place {
        Place(operand: Mem(absolute: address, in: space),
              address: space == .segment ? "gs:\(main.text(Int64(address), 64))" : "gs:[eiz*1+\(main.text(Int64(address), 32))]")
    }

    static let segments: [Place] = {
        var places: [Place] = []
        for space in [Mem.Space.segment, .segment32] {
            places += [0x7f, 0x1234_5678, -4096, .min].map { segment(absolute: $0, space) }
            for (number, register) in registers.enumerated() {
                places += [0, 127, -129].map { segment(register, $0, space) }
                let partner = registers[(number * 5 + 3) % 16]
                if partner != .rsp { places.append(segment(register, partner, factors[number % 4], number % 3 == 0 ? 0 : Int32(number) * 40, space)) }
            }
        }
        return places
    }()

    static let displacements: [Int32] = [0, 1, -1, 127, 128, -128, -129, .max, .min]

    /// Everything that can be addressed: every base, index, scale and kind of displacement.
    static let every: [Place] = {
        var places = [Int32(0), 0x1234_5678, .min].map(absolute) + displacements.map(rip) + segments
        for register in registers {
            places += displacements.map { base(register, $0) }
            for other in registers where other != .rsp {
                for factor in factors { places += [0, 127, -129].map { indexed(register, other, factor, $0) } }
            }
            if register != .rsp {
                for factor in factors { places += [0, 127, -129].map { index(register, factor, $0) } }
            }
        }
        return places
    }()

    /// Each base and each index at least once, and each kind of the others: for the many instructions that share the code which
    /// `every` has tried.
    static let some: [Place] = {
        var places = [absolute(0x7f), rip(-5), rip(0x1000)] + segments
        for (number, register) in registers.enumerated() {
            places += [0, 127, -129].map { base(register, $0) }
            let partner = registers[(number * 7 + 3) % 16]
            if partner != .rsp { places.append(indexed(register, partner, factors[number % 4], number % 3 == 0 ? 0 : Int32(number) * 40)) }
            if register != .rsp { places.append(index(register, factors[(number + 1) % 4], 64)) }
        }
        return places
    }()
}
