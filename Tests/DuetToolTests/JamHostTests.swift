import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// `--host jam`: each call against the equations of appendix B, on every engine.
@Suite struct JamHostTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Outcome: Decodable, Equatable {
        var status: String, gas_used: UInt64, output: String?, regs: [UInt64], pc: UInt64
    }

    private static let engines = [["interpreter", "checked"], ["interpreter", "guarded"], ["recompiler", "checked"], ["recompiler", "guarded"],
                                  ["auto", "auto"]]

    /// The same on every engine and memory mode. The state is JSON, or nothing.
    @discardableResult
    private func run(_ image: [UInt8], _ state: String? = nil, _ options: String...) throws -> (outcome: Outcome, error: String) {
        let path = try folder.write("image", image)
        let host = try state.map { "jam=" + (try folder.write("state.json", $0)) } ?? "jam"
        var first: (Outcome, String)?
        for engine in JamHostTests.engines {
            let result = duet(["pvm", "run", path, "--json", "--host", host, "--engine", engine[0], "--memory", engine[1]] + options)
            try #require(result.status == 0, "\(result.error)")
            let outcome = try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
            if let first { #expect(first == (outcome, result.error), "\(engine)") }
            first = first ?? (outcome, result.error)
        }
        return try #require(first)
    }

    /// A call with registers 7 to 12; the program then returns `size` bytes from `place`, with what register 7 was in front of them. Memory
    /// from 0x20000: the bytes of `key` at 0x20000, room at 0x20100.
    private func call(_ number: Int, _ registers: [UInt64], state: String? = nil, isa: ISA, key: [UInt8] = [], size: Int = 32) throws
        -> (answer: UInt64, memory: [UInt8], outcome: Outcome) {
        let data = key + [UInt8](repeating: 0xee, count: 0x200 - key.count)
        var source = ".rw\n.u8 \(data.map { String($0) }.joined(separator: ", "))\n.code\n"
        for (index, value) in registers.enumerated() { source += "load_imm_64 r\(7 + index), \(Int64(bitPattern: value))\n" }
        source += "ecalli \(number)\nstore_u64 a0, [0x200f8]\nload_imm a0, 0x200f8\nload_imm a1, \(8 + size)\njump_ind ra, 0\n"
        let result = try run(assemble(source, isa: isa, format: PVM_FORMAT_STANDARD), state, "--isa", isa.name, "--gas", "100000")
        guard let output = result.outcome.output.flatMap({ hexOctets($0.utf8) }), output.count == 8 + size else { return (0, [], result.outcome) }
        return (output[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }, Array(output[8...]), result.outcome)
    }

    private func number(_ call: HostCall, _ isa: ISA) -> Int { Int(call.row.entry(isa)!.number) }

    private static let none = UInt64.max, what = UInt64.max - 1, full = UInt64.max - 4
    private static let room: UInt64 = 0x20100, key: UInt64 = 0x20000

    // MARK: The calls

    @Test(arguments: [ISA.gp072, .gp080])
    func fetch(_ isa: ISA) throws {
        let state = #"{"fetch": {"0x1": "0x0a0b0c0d", "3": [[], ["0x01", "0x0203"]], "15": ["0x", "0x77"], "14": ""}}"#
        let fetch = number(.fetch, isa)
        func get(_ registers: UInt64...) throws -> (UInt64, [UInt8]) {
            let result = try call(fetch, registers, state: state, isa: isa, size: 4)
            return (result.answer, result.memory)
        }
        let untouched: [UInt8] = [0xee, 0xee, 0xee, 0xee]
        #expect(try get(Self.room, 0, 100, 1, 0, 0) == (4, [0x0a, 0x0b, 0x0c, 0x0d]))
        #expect(try get(Self.room, 1, 2, 1, 0, 0) == (4, [0x0b, 0x0c, 0xee, 0xee]))
        #expect(try get(Self.room, 9, 2, 1, 0, 0) == (4, untouched))
        #expect(try get(Self.room, 0, 0, 1, 0, 0) == (4, untouched))
        #expect(try get(0, 4, .max, 1, 0, 0) == (4, untouched))
        #expect(try get(Self.room, 0, 100, 3, 1, 1) == (2, [2, 3, 0xee, 0xee]))
        #expect(try get(Self.room, 0, 100, 3, 1, 2) == (Self.none, untouched))
        #expect(try get(Self.room, 0, 100, 3, 1 << 32, 0) == (Self.none, untouched))
        #expect(try get(Self.room, 0, 100, 15, 1, 9) == (1, [0x77, 0xee, 0xee, 0xee]))
        #expect(try get(Self.room, 0, 100, 15, 0, 0) == (0, untouched))
        #expect(try get(Self.room, 0, 100, 14, 0, 0) == (0, untouched))
        #expect(try get(Self.room, 0, 100, 2, 0, 0) == (Self.none, untouched))
        #expect(try get(Self.room, 0, 100, 1 << 60, 0, 0) == (Self.none, untouched))
        // The constants: 134 bytes, in 0.8.0 122, with E and W_C in their places.
        let constants = try call(fetch, [Self.room, 0, 1000, 0, 0, 0], isa: isa, size: 134)
        #expect(constants.answer == (isa == .gp072 ? 134 : 122) && Array(constants.memory[30..<34]) == [0x58, 2, 0, 0])
        #expect(Array(constants.memory[(isa == .gp072 ? 94 : 90)...].prefix(4)) == [0x00, 0xfa, 0, 0])
        // Memory that is not there is a panic, behind the gas of the call.
        let panic = try call(fetch, [0x100, 0, 1, 1, 0, 0], state: state, isa: isa)
        #expect(panic.outcome.status == "panic")
    }

    @Test(arguments: [ISA.gp072, .gp080])
    func lookup(_ isa: ISA) throws {
        let state = #"{"service": 3, "accounts": {"3": {"preimages": ["0x68656c6c6f"]}, "0x4": {"preimages": [""]}}}"#
        let hash = hexOctets("324dcf027dd4a30a932c441f365a25e86b173defa4b8e58948253471b81b72cf".utf8)!
        let empty = hexOctets("0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8".utf8)!
        let lookup = number(.lookup, isa)
        func get(_ key: [UInt8], _ registers: UInt64...) throws -> (UInt64, [UInt8]) {
            let result = try call(lookup, registers, state: state, isa: isa, key: key, size: 5)
            return (result.answer, result.memory)
        }
        let untouched = [UInt8](repeating: 0xee, count: 5)
        for service: UInt64 in [3, .max] {
            #expect(try get(hash, service, Self.key, Self.room, 0, 100) == (5, Array("hello".utf8)))
            #expect(try get(hash, service, Self.key, Self.room, 4, 100) == (5, [0x6f] + untouched[1...]))
            #expect(try get(empty, service, Self.key, Self.room, 0, 100) == (Self.none, untouched))
        }
        #expect(try get(empty, 4, Self.key, Self.room, 0, 100) == (0, untouched))
        #expect(try get(hash, 5, Self.key, Self.room, 0, 100) == (Self.none, untouched))
        #expect(try call(lookup, [3, 0x200, Self.room, 0, 1], state: state, isa: isa).outcome.status == "panic")
        #expect(try call(lookup, [3, Self.key, 0x200, 0, 1], state: state, isa: isa, key: hash).outcome.status == "panic")
    }

    @Test(arguments: [ISA.gp072, .gp080])
    func readAndWrite(_ isa: ISA) throws {
        let state = #"{"accounts": {"0": {"balance": 250, "storage": {"6b": "0x0102030405"}}, "9": {"storage": {"0x6b": "0x99"}}}}"#
        let (read, write) = (number(.read, isa), number(.write, isa))
        func get(_ registers: UInt64...) throws -> (UInt64, [UInt8]) {
            let result = try call(read, registers, state: state, isa: isa, key: [0x6b, 0x6c], size: 5)
            return (result.answer, result.memory)
        }
        #expect(try get(.max, Self.key, 1, Self.room, 0, 100) == (5, [1, 2, 3, 4, 5]))
        #expect(try get(0, Self.key, 1, Self.room, 3, 1) == (5, [4, 0xee, 0xee, 0xee, 0xee]))
        #expect(try get(9, Self.key, 1, Self.room, 0, 100).0 == 1)
        #expect(try get(10, Self.key, 1, Self.room, 0, 100).0 == Self.none)
        #expect(try get(0, Self.key, 2, Self.room, 0, 100).0 == Self.none)
        #expect(try get(0, 0, 0, Self.room, 0, 100).0 == Self.none)
        #expect(try call(read, [0, 0x1000, 1, Self.room, 0, 1], state: state, isa: isa).outcome.status == "panic")
        #expect(try call(read, [0, Self.key, 1 << 40, Self.room, 0, 1], state: state, isa: isa).outcome.status == (isa == .gp072 ? "panic" : "out-of-gas"))
        // The old length; there are 40 octets in one item: 110 + 40 of a balance of 250, so that 55 more need an item of 10 and 34 + 1 + 20.
        func set(_ registers: UInt64...) throws -> UInt64 { try call(write, registers, state: state, isa: isa, key: [0x6b, 0x6c]).answer }
        #expect(try set(Self.key, 1, Self.room, 3) == 5)
        #expect(try set(Self.key, 1, 0, 0) == 5)
        #expect(try set(Self.key, 2, 0, 0) == Self.none)
        #expect(try set(Self.key + 1, 1, Self.room, 20) == Self.none)
        #expect(try set(Self.key + 1, 1, Self.room, 55) == Self.none)
        #expect(try set(Self.key + 1, 1, Self.room, 56) == Self.full)
        #expect(try set(Self.key, 1, Self.room, 105) == 5)
        #expect(try set(Self.key, 1, Self.room, 106) == Self.full)
        #expect(try call(write, [Self.key, 1, 0x1000, 1], state: state, isa: isa).outcome.status == "panic")
        #expect(try call(write, [0x1000, 1, Self.room, 1], state: state, isa: isa).outcome.status == "panic")
    }

    /// What is written is there, in this run.
    @Test(arguments: [ISA.gp072, .gp080])
    func writesAreRead(_ isa: ISA) throws {
        let (read, write, info) = (number(.read, isa), number(.write, isa), number(.info, isa))
        let source = """
            .rw
            key:    .ascii "key"
            value:  .ascii "value"
            room:   .u64 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
            .code
            load_imm a0, key
            load_imm a1, 3
            load_imm a2, value
            load_imm a3, 5
            ecalli \(write)
            load_imm_64 a0, -1
            load_imm a1, key
            load_imm a2, 3
            load_imm a3, room
            load_imm a4, 0
            load_imm a5, 5
            ecalli \(read)
            load_imm_64 a0, -1
            load_imm a1, room + 5
            load_imm a2, 0
            load_imm a3, 96
            ecalli \(info)
            load_imm a0, room
            load_imm a1, 101
            jump_ind ra, 0
            """
        let state = """
            {"service": "0x2", "accounts": {"2": {"code_hash": "\(String(repeating: "ab", count: 32))", "balance": "0x1234", "gratis": 7,
             "min_accumulate_gas": 11, "min_memo_gas": 12, "created": 13, "last_accumulation": 14, "parent": 15, "preimages": ["0x00", "0x00"]}}}
            """
        let outcome = try run(assemble(source, isa: isa), state, "--isa", isa.name).outcome
        func little(_ value: UInt64, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
        // One preimage of one byte: two items, 82 octets. The entry: one, 34 + 3 + 5.
        let expected = Array("value".utf8) + [UInt8](repeating: 0xab, count: 32) + little(0x1234, 8) + little(100 + 30 + 124 - 7, 8) + little(11, 8)
            + little(12, 8) + little(124, 8) + little(3, 4) + little(7, 8) + little(13, 4) + little(14, 4) + little(15, 4)
        #expect(outcome.status == "halt" && outcome.output == hexText(expected), "\(outcome)")
    }

    /// Gas of every number, and WHAT of those that are not served; out of gas with nothing left.
    @Test(arguments: [ISA.gp072, .gp080])
    func allOthersAnswerWhat(_ isa: ISA) throws {
        for number in Array(0..<30) + [99, 100, 101, 1000] {
            let registers: [UInt64] = [0, 1, 2, 3, 4, 5]
            let all = [UInt64](repeating: 0, count: 7) + registers
            let served: [HostCall] = [.gas, .grow_heap, .fetch, .lookup, .read, .write, .info]
            let known = HostCall(isa, number: Int32(number))
            if let known, served.contains(known) { continue }
            let price = pvm_host_call_gas(isa.code, Int32(number), all, 0)
            let result = try call(number, registers, isa: isa)
            let without = try call(0, registers, isa: isa).outcome.gas_used - pvm_host_call_gas(isa.code, 0, all, 0)
            #expect(result.answer == Self.what && result.outcome.gas_used == without + price, "\(number)")
        }
        let image = try assemble("ecalli 100\ntrap", isa: isa)
        let free = try run(image, nil, "--isa", isa.name).outcome.gas_used
        let short = try run(image, nil, "--isa", isa.name, "--gas", String(free - (isa == .gp072 ? 2 : 1))).outcome
        #expect(short.status == "out-of-gas" && short.pc == 0)
    }

    @Test(arguments: [ISA.gp072, .gp080])
    func logs(_ isa: ISA) throws {
        func log(_ level: String, _ target: (String, Int), _ message: (String, Int)) throws -> String {
            let source = """
                .ro
                text: .ascii "boot"
                .u8 27, 91, 49, 109, 10, 255, 65
                .code
                load_imm_64 a0, \(level)
                load_imm a1, \(target.0)
                load_imm_64 a2, \(target.1)
                load_imm a3, \(message.0)
                load_imm_64 a4, \(message.1)
                ecalli 100
                load_imm a1, 0
                jump_ind ra, 0
                """
            let result = try run(assemble(source, isa: isa), nil, "--isa", isa.name)
            #expect(result.outcome.status == "halt" && result.outcome.regs[7] == Self.what)
            return result.error
        }
        #expect(try log("2", ("0", 0), ("text", 4)) == "info: boot\n")
        #expect(try log("0", ("text", 2), ("text", 4)) == "error: [bo] boot\n")
        #expect(try log("-1", ("text", 0), ("text", 1)) == "level 18446744073709551615: b\n")
        // What a terminal would obey is shown instead.
        #expect(try log("4", ("0", 0), ("text", 11)) == "trace: boot\\u{1B}[1m\\n\u{fffd}A\n")
        #expect(try log("1", ("0", 0), ("0", 4)) == "" && log("1", ("0", 1), ("text", 4)) == "" && log("1", ("0", 0), ("text", 1 << 40)) == "")
    }

    // MARK: The file

    @Test func mistakesAreNamed() throws {
        let image = try folder.write("image", assemble("trap"))
        func error(_ state: String) throws -> String {
            let path = try folder.write("state.json", state)
            let result = duet("pvm", "run", image, "--host", "jam=\(path)")
            #expect(result.status == 1 && result.output.isEmpty, "\(state)")
            return result.error.replacing(path, with: "FILE").replacing("duet: ", with: "")
        }
        #expect(try error("[]") == "FILE: an object is wanted, not an array\n")
        #expect(try error("{").hasPrefix("FILE:"))
        #expect(try error(#"{"acounts": {}}"#) == "FILE: acounts: there is no such member, only service, accounts, fetch\n")
        #expect(try error(#"{"service": "7x"}"#) == "FILE: service: '7x' is no number: neither 0x and hexadecimal digits nor decimal digits\n")
        #expect(try error(#"{"service": 4294967296}"#) == "FILE: service: '4294967296' exceeds 32 bits\n")
        #expect(try error(#"{"accounts": {"7": {"storage": {"0x1": "00"}}}}"#) == "FILE: accounts.7.storage.0x1: '0x1' has an odd number of digits\n")
        #expect(try error(#"{"accounts": {"7": {"storage": {"": "zz"}}}}"#).hasSuffix("'zz' is no string of bytes in hexadecimal\n"))
        #expect(try error(#"{"accounts": {"7": {}, "0x7": {}}}"#) == "FILE: accounts.0x7: it is given twice\n")
        #expect(try error(#"{"accounts": {"7": {"balance": -1}}}"#).hasPrefix("FILE: accounts.7.balance: '-1' is no number"))
        #expect(try error(#"{"accounts": {"7": {"code_hash": "0x00"}}}"#) == "FILE: accounts.7.code_hash: '0x00' is not 32 bytes in hexadecimal\n")
        #expect(try error(#"{"accounts": {"7": {"preimages": {}}}}"#) == "FILE: accounts.7.preimages: an array is wanted, not an object\n")
        #expect(try error(#"{"fetch": {"16": "00"}}"#) == "FILE: fetch.16: fetch has the items 0 to 15\n")
        #expect(try error(#"{"fetch": {"3": ["00"]}}"#) == "FILE: fetch.3[0]: an array is wanted, not the text '00'\n")
        #expect(try error(#"{"fetch": {"1": ["00"]}}"#) == "FILE: fetch.1: a string of bytes is wanted, not an array\n")
        #expect(duet("pvm", "run", image, "--host", "polkadot").status == 2)
        #expect(duet("pvm", "run", image, "--host", "jam=\(folder.path)/absent").status == 1)
    }

    @Test func hashesAreThoseOfRFC7693() {
        #expect(hexText(blake2b256([])) == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8")
        #expect(hexText(blake2b256(Array("hello".utf8))) == "324dcf027dd4a30a932c441f365a25e86b173defa4b8e58948253471b81b72cf")
        // From Python's hashlib, around the size of a block.
        let known = [127: "f2fe67ff342e21b8f45e8f2e0bcd1d9243245d50ee6c78042e9c491388791c72", 128: "c3582f71ebb2be66fa5dd750f80baae97554f3b015663c8be377cfcb2488c1d1", 129: "f7f3c46ba2564ff4c4c162da1f5b605f9f1c4aa6a20652a9f9a337c1a2f5b9c9", 1000: "c636324d47d89f2b2434dc2c994100663fbbaea880ff020fc5de89dd0f77a1ec"]
        for (count, hash) in known { #expect(hexText(blake2b256((0..<count).map { UInt8(truncatingIfNeeded: $0) })) == hash) }
    }
}
