import XCTest

@testable import PVM

final class ISATests: XCTestCase {
    func testEachSetHasItsOpcodes() {
        XCTAssertEqual((0...255).filter { ISA.gp072.row(UInt8($0)) != nil }.count, 139)
        XCTAssertEqual((0...255).filter { ISA.gp080.row(UInt8($0)) != nil }.count, 139)
        XCTAssertNil(Opcode.sbrk.row.octet(.gp080))
        XCTAssertNil(Opcode.unlikely.row.octet(.gp072))
        XCTAssertEqual(Opcode.reverse_bytes.row.octet(.gp080), 110)
    }

    func testRowsAndOpcodesAgree() {
        for index in isaTable.indices {
            let row = isaTable[index]
            XCTAssertEqual("\(row.name)".lowercased(), "\(row.opcode)")
            XCTAssertEqual(row.opcode.row.name.description, row.name.description)
            if row.opcode != .unlikely { XCTAssertEqual(Int16(row.opcode.rawValue), row.gp072) }
        }
    }

    /// `Handler(row:)` relies on the order of its cases.
    func testHandlersStandInTheOrderOfTheTable() {
        for index in isaTable.indices {
            XCTAssertEqual("\(Handler(row: index))", "\(isaTable[index].opcode)")
            XCTAssertEqual(Handler(row: index).row, index)
        }
    }

    func testTerminatorsAreThePapersT() {
        let terminators = isaTable.indices.map { isaTable[$0] }.filter(\.endsBlock).map { "\($0.opcode)" }
        let jumps = ["trap", "fallthrough", "jump", "jump_ind", "load_imm_jump", "load_imm_jump_ind"]
        XCTAssertEqual(Set(terminators.filter { !$0.hasPrefix("branch_") }), Set(jumps))
        XCTAssertEqual(terminators.filter { $0.hasPrefix("branch_") }.count, 16)
    }

    func testFusionsAreUnambiguous() {
        var pairs = Set<String>(), triples = Set<String>(), handlers = Set<String>()
        for index in fusions.indices {
            let fusion = fusions[index]
            let key = "\(fusion.first) \(fusion.second)"
            // The index finds at most one triple for a pair of operations.
            XCTAssertTrue(fusion.third == nil ? pairs.insert(key).inserted : triples.insert(key).inserted, key)
            XCTAssertTrue(handlers.insert("\(fusion.fused)").inserted)
            let sequence = [fusion.first, fusion.second] + (fusion.third.map { [$0] } ?? [])
            XCTAssertEqual(sequence.map { "\($0)" }.joined(separator: "__"), "\(fusion.fused)")
            for operation in sequence.dropLast() {
                XCTAssertFalse(operation.opcode.row.endsBlock)
                XCTAssertFalse([.ecalli, .sbrk].contains(operation))
            }
        }
    }
}
