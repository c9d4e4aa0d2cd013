import CPVM
import EVMRules
import XCTest

@testable import EVM

final class ISATests: XCTestCase {
    /// A row is where its opcode says, and a fork has what its parent has.
    func testTables() {
        var last = -1
        for index in isaTable.indices {
            let row = isaTable[index]
            XCTAssertGreaterThan(Int(row.opcode.rawValue), last)
            last = Int(row.opcode.rawValue)
            for number in 0..<Fork.count {
                let fork = Fork(rawValue: UInt8(number))!
                let traits = traits(of: fork)[last]
                XCTAssertEqual(traits.isDefined, fork >= row.since)
                guard traits.isDefined else { continue }
                XCTAssertEqual(traits.stackIn, row.stackIn)
                XCTAssertEqual(Int(traits.stackChange), Int(row.stackOut) - Int(row.stackIn))
                XCTAssertEqual(traits.immediate, row.immediate)
            }
        }
        XCTAssertEqual(isaTable.count, 153)
    }

    func testEveryOctetIsItsNumber() {
        for octet in 0..<256 { XCTAssertEqual(Opcode(octet: UInt8(octet)).rawValue, UInt8(octet)) }
    }

    /// No sequence has an opcode that Ethereum uses at any fork.
    func testFusedOpcodesAreUnused() {
        let last = traits(of: .experimental)
        for octet in 0..<256 where !last[octet].isDefined {
            for number in 0..<Fork.count { XCTAssertFalse(traits(of: Fork(rawValue: UInt8(number))!)[octet].isDefined) }
        }
        for first in 0..<256 {
            for second in 0..<256 {
                guard let fused = Fusion.opcode(UInt8(first), UInt8(second)) else { continue }
                XCTAssertFalse(last[Int(fused.rawValue)].isDefined, "\(fused)")
            }
        }
    }

    /// Every sequence is made of its instructions, sequences of sequences among them.
    func testSequencesAreMade() {
        let table = traits(of: .experimental), target = 60
        // What stands for an octet: few of the DUPs and SWAPs, and PUSH2 of a jump destination.
        var expansions: [UInt8: [[UInt8]]] = [:]
        for octet in UInt8.min...UInt8.max where table[Int(octet)].isDefined {
            if octet > 0x81 && octet < 0x90 || octet > 0x92 && octet < 0xa0 { continue }
            expansions[octet] = [[octet] + (0..<table[Int(octet)].immediate).map { octet == 0x61 && $0 == 1 ? UInt8(target) : 0 }]
        }
        var sequences: Set<UInt8> = []
        var count = -1
        while count != sequences.count {
            count = sequences.count
            for (first, before) in expansions {
                for (second, behind) in expansions {
                    guard let fused = Fusion.opcode(first, second)?.rawValue else { continue }
                    sequences.insert(fused)
                    for code in before.flatMap({ code in behind.map { code + $0 } }) where !(expansions[fused]?.contains(code) ?? false) {
                        expansions[fused, default: []].append(code)
                    }
                }
            }
        }
        XCTAssertGreaterThan(sequences.count, 65)
        for (first, before) in expansions {
            for (second, behind) in expansions {
                guard let fused = Fusion.opcode(first, second)?.rawValue else { continue }
                let isMade = before.contains { code in behind.contains { analysed(code + $0, target, table) == fused } }
                XCTAssertTrue(isMade, "\(Opcode(octet: first)) and \(Opcode(octet: second)): \(Opcode(octet: fused))")
            }
        }
    }

    /// The first octet of the analysed copy of a sequence, with a JUMPDEST behind it.
    private func analysed(_ sequence: [UInt8], _ target: Int, _ table: UnsafePointer<Traits>) -> UInt8 {
        var octet: UInt8 = 0
        withImage(of: sequence + [UInt8](repeating: 0, count: target - sequence.count) + [0x5b, 0]) { image in
            image.analyseEverything(table)
            octet = image.code[0]
        }
        return octet
    }

    func testMemoryCost() {
        XCTAssertEqual(GuestBytes.cost(0), 0)
        XCTAssertEqual(GuestBytes.cost(1), 3)
        XCTAssertEqual(GuestBytes.cost(32 * 32), 98)
        XCTAssertEqual(GuestBytes.cost(1 << 41), 3 << 36 + 1 << 63)
    }

    /// All that may stand on the stack at the start of a block is what the block says.
    func testBlocks() {
        let block = Block(gas: 10, need: 2, growth: 3)
        XCTAssertEqual(block.need, 2)
        XCTAssertEqual(block.growth, 3)
        for height in 0...1024 { XCTAssertEqual(block.fits(octets: height * 32), height >= 2 && height <= 1021) }
        let never = Block(gas: 0, need: 1000, growth: 25)
        XCTAssertTrue(never.isAnalysed)
        for height in 0...1024 { XCTAssertFalse(never.fits(octets: height * 32)) }
        XCTAssertGreaterThan(never.need, 1024)
    }
}
