import Foundation

/// Code, and for each instruction in it the text that a disassembler should show.
struct Listing: ~Copyable {
    private var assembler: Assembler
    private var lines: [String] = []
    private(set) var count = 0

    init() { assembler = Assembler(capacity: 1 << 20)! }

    /// One instruction.
    mutating func expect(_ text: String, _ emit: (inout Assembler) -> Void) {
        note(text)
        emit(&assembler)
    }

    /// One instruction of which the text depends on its place.
    mutating func expect(at text: (Int) -> String, _ emit: (inout Assembler) -> Void) {
        note(text(assembler.offset))
        emit(&assembler)
    }

    /// Something without text of its own, such as the binding of a label.
    mutating func with<Result>(_ body: (inout Assembler) -> Result) -> Result { body(&assembler) }

    private mutating func note(_ text: String) {
        lines.append("\(String(assembler.offset, radix: 16))\t\(text)\n")
        count += 1
    }

    /// Writes `code.bin` and `expected.txt`.
    func write(to folder: String) throws {
        guard !assembler.failed, !assembler.hasUnresolvedLabels else { fatalError("the assembler has failed") }
        let folder = URL(fileURLWithPath: folder, isDirectory: true)
        try Data(assembler.code).write(to: folder.appendingPathComponent("code.bin"))
        try Data(lines.joined().utf8).write(to: folder.appendingPathComponent("expected.txt"))
    }

    // MARK: Shapes that many instructions share

    /// r, r: `emit` gets the two in the order of the text.
    mutating func pairs(_ mnemonic: String, _ leftBits: Int, _ rightBits: Int, _ emit: (inout Assembler, Reg, Reg) -> Void) {
        for left in registers {
            for right in registers {
                expect("\(mnemonic) \(name(left, leftBits)),\(name(right, rightBits))") { emit(&$0, left, right) }
            }
        }
    }

    /// r, m
    mutating func loads(_ mnemonic: String, _ bits: Int, _ placeBits: Int, _ places: [Place] = Place.some, _ emit: (inout Assembler, Reg, Mem) -> Void) {
        for (number, place) in places.enumerated() {
            let register = registers[number % 16]
            expect("\(mnemonic) \(name(register, bits)),\(place.text(placeBits))") { emit(&$0, register, place.operand) }
        }
    }

    /// m, r
    mutating func stores(_ mnemonic: String, _ bits: Int, _ places: [Place] = Place.some, _ emit: (inout Assembler, Mem, Reg) -> Void) {
        for (number, place) in places.enumerated() {
            let register = registers[(number + 5) % 16]
            expect("\(mnemonic) \(place.text(bits)),\(name(register, bits))") { emit(&$0, place.operand, register) }
        }
    }

    /// r
    mutating func singles(_ mnemonic: String, _ bits: Int, _ emit: (inout Assembler, Reg) -> Void, suffix: String = "") {
        for register in registers { expect("\(mnemonic) \(name(register, bits))\(suffix)") { emit(&$0, register) } }
    }

    /// m
    mutating func places(_ mnemonic: String, _ bits: Int, _ emit: (inout Assembler, Mem) -> Void, suffix: String = "") {
        for place in Place.some { expect("\(mnemonic) \(place.text(bits))\(suffix)") { emit(&$0, place.operand) } }
    }

    /// r, imm and m, imm. The displacement of [rip + x] counts from behind the immediate, which `places` tries with it.
    mutating func immediates<Value: FixedWidthInteger>(
        _ mnemonic: String, _ bits: Int, _ values: [Value],
        register emitRegister: ((inout Assembler, Reg, Value) -> Void)?, memory emitMemory: ((inout Assembler, Mem, Value) -> Void)?
    ) {
        for value in values {
            let shown = text(Int64(truncatingIfNeeded: value), bits)
            if let emitRegister { singles(mnemonic, bits, { emitRegister(&$0, $1, value) }, suffix: ",\(shown)") }
            if let emitMemory, value == values[0] || value == values[values.count - 1] || value == values[4] {
                places(mnemonic, bits, { emitMemory(&$0, $1, value) }, suffix: ",\(shown)")
            }
        }
    }
}
