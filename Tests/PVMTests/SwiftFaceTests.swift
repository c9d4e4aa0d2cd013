import CPVM
import XCTest

@testable import PVM

/// The Swift face takes any number, from the guest or from a careless host, and answers with an error.
final class SwiftFaceTests: XCTestCase {
    private func machine(_ instructions: [[UInt8]] = [[0]]) throws -> PVMMachine {
        try PVMMachine(try Code(instructions).program(), gas: 100)
    }

    private func error(_ work: () throws -> Void) -> pvm_error_t? {
        do { try work() } catch { return (error as? PVMError)?.code }
        return nil
    }

    func testReadsAreJudgedBeforeMemoryIsAskedFor() throws {
        let machine = try machine()
        try machine.map(page: 0x20, PVM_ACCESS_WRITE)
        try machine.write(0x20ffd, [1, 2, 3])
        XCTAssertEqual(try machine.read(0x20ffd, 3), [1, 2, 3])
        XCTAssertEqual(try machine.read(0x20000, 4096).count, 4096)
        XCTAssertEqual(try machine.read(0, 0), [])
        XCTAssertEqual(try machine.read(UInt64.max, 0), [])
        for (address, count) in [(0x20ffd, 4), (0x20000, 1 << 40), (0x20000, .max), (0, 1), (0xffff_ffff, 1), (UInt64.max, 1), (UInt64.max, .max),
                                 (1 << 63, 1 << 62)] as [(UInt64, Int)] {
            XCTAssertEqual(error { _ = try machine.read(address, count) }, PVM_ERR_OUT_OF_BOUNDS, "\(address) \(count)")
        }
        for count in [-1, Int.min] { XCTAssertEqual(error { _ = try machine.read(0x20000, count) }, PVM_ERR_ARGUMENT) }
    }

    func testWritesAndMapsRefuseWhatDoesNotFit() throws {
        let machine = try machine()
        try machine.map(page: 0x20, PVM_ACCESS_READ)
        XCTAssertEqual(error { try machine.write(0x20000, [1]) }, PVM_ERR_OUT_OF_BOUNDS)
        XCTAssertEqual(error { try machine.load(0x20fff, [1, 2]) }, PVM_ERR_OUT_OF_BOUNDS)
        XCTAssertEqual(error { try machine.load(UInt64.max, [1, 2]) }, PVM_ERR_OUT_OF_BOUNDS)
        try machine.load(0x20fff, [9])
        try machine.write(UInt64.max, [])
        XCTAssertEqual(try machine.read(0x20fff, 1), [9])
        for (page, count) in [(0, 1), (15, 2), (0xf_ffff, 2), (.max, .max)] as [(UInt32, UInt32)] {
            XCTAssertEqual(error { try machine.map(page: page, count: count, PVM_ACCESS_WRITE) }, PVM_ERR_ARGUMENT, "\(page) \(count)")
        }
    }

    func testProgramsAndArgumentsThatAreNone() throws {
        XCTAssertEqual(error { _ = try PVMProgram(code: [], bitmask: []) }, PVM_ERR_NO_CODE)
        XCTAssertNotNil(error { _ = try PVMProgram(code: [0, 0], bitmask: [1, 0, 0, 0]) })
        XCTAssertEqual(error { _ = try PVMProgram([]) }, PVM_ERR_EMPTY)
        XCTAssertNotNil(error { _ = try PVMProgram([0], format: pvm_format_t(rawValue: 99), isa: pvm_isa_t(rawValue: 99)) })
        let program = try PVMProgram(code: [0], bitmask: [1], jumpTable: [.max])
        XCTAssertFalse(program.isBlockStart(.max))
        XCTAssertEqual(program.blockGas(.max), 0)
        XCTAssertEqual(error { _ = try PVMMachine(program, arguments: [1], gas: .max) }, PVM_ERR_ARGUMENT)
    }

    func testMemoryInPlace() throws {
        let machine = try machine()
        try machine.map(page: 0x20, PVM_ACCESS_WRITE)
        try machine.write(0x20000, [1, 2, 3])
        XCTAssertEqual(try machine.withMemory(0x20001, 2) { bytes throws(PVMError) in bytes.map { Int($0) } }, [2, 3])
        XCTAssertEqual(try machine.withMemory(5, 0) { bytes throws(PVMError) in bytes.count }, 0)
        XCTAssertEqual(error { _ = try machine.withMemory(0x20fff, 2) { _ throws(PVMError) in } }, PVM_ERR_OUT_OF_BOUNDS)
        XCTAssertEqual(error { _ = try machine.withMemory(0x20000, 1 << 40) { _ throws(PVMError) in } }, PVM_ERR_OUT_OF_BOUNDS)
    }

    /// Registers 7 and 8 are the guest's: whatever they say, the output is what is there.
    func testOutputIsTheGuestsOnlyIfItIsThere() throws {
        let machine = try machine([[Opcode.jump_ind.octet(), 0]])
        machine[register: 0] = 0xffff_0000
        try machine.map(page: 0x20, PVM_ACCESS_WRITE)
        try machine.write(0x20000, [7, 8, 9])
        (machine[register: 7], machine[register: 8]) = (0x20001, 2)
        XCTAssertEqual(machine.run(), PVM_EXIT_HALT)
        XCTAssertEqual(machine.output, [8, 9])
        XCTAssertEqual(machine.withOutput { $0.count }, 2)
        for (start, count) in [(0x20001, 1 << 40), (0x20fff, 2), (0, 1), (.max, .max), (0x20000, 0)] as [(UInt64, UInt64)] {
            (machine[register: 7], machine[register: 8]) = (start, count)
            XCTAssertEqual(machine.output, [], "\(start) \(count)")
            XCTAssertEqual(machine.withOutput { $0.count }, 0)
        }
    }

    func testRegistersThatThereAreNot() throws {
        let machine = try machine()
        for index in [-1, 13, Int(Int32.max) + 1, 1 << 32, (1 << 32) + 7, .min, .max] {
            machine[register: index] = 5
            XCTAssertEqual(machine[register: index], 0, "\(index)")
        }
        XCTAssertEqual(machine.registers, [UInt64](repeating: 0, count: 13))
    }

    func testAHostFunctionMayTakeItselfAway() throws {
        for mode in Mode.all {
            let machine = try machine([[Opcode.ecalli.octet(), 1], [Opcode.ecalli.octet(), 2], [0]])
            mode.choose(for: machine)
            machine.hostFunction = { machine, _ in
                machine.hostFunction = nil
                return PVM_ACTION_CONTINUE
            }
            XCTAssertEqual(machine.run(), PVM_EXIT_HOST)
            XCTAssertEqual(machine.hostCall, 2)
            XCTAssertEqual(machine.resume(), PVM_EXIT_PANIC)
        }
    }
}
