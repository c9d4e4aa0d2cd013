import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// Disassembly assembles to the same octets, whatever the image.
@Suite struct RoundTripTests {
    @Test(arguments: ["gp072", "gp080", "w3f-v0.4"])
    func vectors(_ set: String) throws {
        struct Case: Decodable { let program: [UInt8] }
        let isa: ISA = set == "gp080" ? .gp080 : .gp072
        for file in try Shared.files(Shared.vectors(set), ".json") {
            let program = try JSONDecoder().decode(Case.self, from: Data(readFile(file))).program
            try roundTrip(program, isa: isa, format: PVM_FORMAT_BLOB, file)
        }
    }

    @Test(arguments: [ISA.gp072, .gp080])
    func programs(_ isa: ISA) throws {
        for file in try Shared.files(Shared.programs(isa.name), ".spi") { try roundTrip(readFile(file), isa: isa, file) }
    }

    @Test(.timeLimit(.minutes(5))) func services() throws {
        for file in try Shared.files(Shared.programs("jam-services"), ".jamservice") {
            let text = try roundTrip(readFile(file), file)
            #expect(text.contains(".format service"))
        }
    }

    /// Code of random octets under random marks: mostly odd forms.
    @Test(arguments: [ISA.gp072, .gp080])
    func randomCode(_ isa: ISA) throws {
        var random = Random(state: 1)
        for _ in 0..<1500 {
            let count = Int.random(in: 0...120, using: &random)
            let density = Int.random(in: 1...12, using: &random)
            let code = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let marks = (0..<count).filter { _ in Int.random(in: 0..<density, using: &random) == 0 }
            let entrySize = Int.random(in: 0...10, using: &random)
            let jumps = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                UInt64.random(in: 0..<200, using: &random) & (entrySize == 0 ? 0 : ~0)
            }
            try roundTrip(blob(code: code, marks: marks, jumps: jumps, entrySize: entrySize), isa: isa, format: PVM_FORMAT_BLOB)
        }
    }

    /// Well-formed programs with a few octets changed: nearly right forms.
    @Test(arguments: [ISA.gp072, .gp080])
    func mutatedCode(_ isa: ISA) throws {
        var random = Random(state: 2)
        let rows = (UInt8.min...UInt8.max).compactMap { isa.row($0) }
        for _ in 0..<600 {
            var source = ""
            let count = Int.random(in: 1...60, using: &random)
            for index in 0..<count {
                let syntax = Syntax.all[rows.randomElement(using: &random)!]
                let operands = syntax.slots.map { slot -> String in
                    let number = Int64(Int32.random(in: .min ... .max, using: &random) >> Int32.random(in: 0...31, using: &random))
                    let register = Register.names.randomElement(using: &random)!
                    return switch slot {
                    case .rA, .rB, .rD: register
                    case .x, .y: String(number)
                    case .memory: "[\(number)]"
                    case .memoryA, .memoryB: "[\(register) \(number < 0 ? "-" : "+") \(number.magnitude)]"
                    case .target: "l\(Int.random(in: 0..<count, using: &random))"
                    }
                }
                // Every label starts a block.
                source += "fallthrough\nl\(index): \(syntax.name) \(operands.joined(separator: ", "))\n"
            }
            var image = try assemble(source, isa: isa, format: PVM_FORMAT_BLOB)
            try roundTrip(image, isa: isa, format: PVM_FORMAT_BLOB)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                image[Int.random(in: 0..<image.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            // Some are no longer blobs.
            guard (try? image.withUnsafeBytes({ try Blob($0) })) != nil else { continue }
            try roundTrip(image, isa: isa, format: PVM_FORMAT_BLOB)
        }
    }

    /// Data, metadata and sizes of every kind of image.
    @Test func containers() throws {
        var random = Random(state: 3)
        for round in 0..<200 {
            var parts = ImageParts(format: round % 2 == 0 ? PVM_FORMAT_STANDARD : PVM_FORMAT_SERVICE)
            func data(_ most: Int) -> [UInt8] {
                (0..<Int.random(in: 0...most, using: &random)).flatMap { _ -> [UInt8] in
                    Bool.random(using: &random) ? [UInt8.random(in: 0...255, using: &random)]
                        : Array(repeating: 0, count: Int.random(in: 1...60, using: &random))
                }
            }
            if round % 2 == 1 { parts.metadata = data(20) }
            parts.roData = data(50)
            parts.rwData = data(50)
            parts.stackSize = UInt64.random(in: 0..<1 << 24, using: &random)
            parts.heapPages = UInt64.random(in: 0..<1 << 16, using: &random)
            parts.code = [0]
            parts.bitmask = [1]
            try roundTrip(parts.octets, format: parts.format, "round \(round)")
        }
    }

    @Test func emptyCode() throws {
        try roundTrip([0, 0, 0], format: PVM_FORMAT_BLOB)
        try roundTrip([0, 7, 0], format: PVM_FORMAT_BLOB)
    }

    /// Entries of size 0, as many as the number can say.
    @Test func countedJumpTable() throws {
        try roundTrip([255] + Array(repeating: 255, count: 8) + [0, 1, 0, 1], format: PVM_FORMAT_BLOB)
    }

    /// A megabyte without a single mark, and one with nothing but marks.
    @Test(.timeLimit(.minutes(5))) func largeCode() throws {
        let count = 1 << 20
        try roundTrip(blob(code: Array(repeating: 0x28, count: count), marks: [0]), format: PVM_FORMAT_BLOB)
        try roundTrip(blob(code: Array(repeating: 0x28, count: 1 << 17), marks: Array(0..<1 << 17)), format: PVM_FORMAT_BLOB)
    }
}
