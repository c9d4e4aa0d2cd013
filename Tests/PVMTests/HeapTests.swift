import CPVM
import XCTest

@testable import PVM

final class HeapTests: XCTestCase {
    /// sbrk r8 = (r7), then a store of 1 at r9.
    private func machine() throws -> PVMMachine {
        let code = Code([[Opcode.sbrk.octet(), registers(8, 7)], [Opcode.store_imm_ind_u8.octet(), 9, 1]])
        let machine = try PVMMachine(try code.program(), gas: 100)
        pvm_set_memory_bounds(machine.handle, 0x20000, 0x21000, 0, 0, 0, 0, 0x30000, 0x31000)
        return machine
    }

    private func sbrk(_ machine: PVMMachine, _ amount: UInt64, store: UInt64 = 0x20000) -> UInt64 {
        machine[register: 7] = amount
        machine[register: 9] = store
        _ = machine.run()
        return machine[register: 8]
    }

    func testGrowsByOctetsAndMapsByPages() throws {
        let machine = try machine()
        XCTAssertEqual(sbrk(machine, 0), 0x21000)
        XCTAssertEqual(sbrk(machine, 1, store: 0x21fff), 0x21000)
        XCTAssertEqual(pvm_exit_reason(machine.handle), PVM_EXIT_PANIC, "the whole page is writable: only the trap behind the code ends the run")
        XCTAssertEqual(sbrk(machine, 0, store: 0x22000), 0x21001)
        XCTAssertEqual(pvm_exit_reason(machine.handle), PVM_EXIT_FAULT)
        XCTAssertEqual(sbrk(machine, 0xfff), 0x21001)
        XCTAssertEqual(machine.handle.pointee.current_heap_pointer, 0x22000)
    }

    func testStopsAtTheNextRegion() throws {
        let machine = try machine()
        XCTAssertEqual(machine.handle.pointee.max_heapsize, 0x30000)
        XCTAssertEqual(sbrk(machine, 0xf001), 0)
        XCTAssertEqual(sbrk(machine, .max), 0)
        XCTAssertEqual(sbrk(machine, 0), 0x21000)
        XCTAssertEqual(sbrk(machine, 0xf000, store: 0x2ffff), 0x21000)
        XCTAssertEqual(sbrk(machine, 1), 0)
    }

    func testStopsAtPagesThatTheHostHasMapped() throws {
        let machine = try machine()
        try machine.map(page: 0x25, PVM_ACCESS_READ)
        XCTAssertEqual(sbrk(machine, 0x5000), 0)
        XCTAssertEqual(sbrk(machine, 0x4000), 0x21000)
    }

    func testWithoutAHeapThereIsNothing() throws {
        let machine = try PVMMachine(try Code([[Opcode.sbrk.octet(), registers(8, 7)]]).program(), gas: 100)
        machine[register: 7] = 4096
        machine[register: 8] = 5
        _ = machine.run()
        XCTAssertEqual(machine[register: 8], 0)
    }

    func testReservationsComeBackClean() throws {
        for _ in 0..<20 {
            let machine = try machine()
            XCTAssertEqual(try machine.read(0x20000, 0x1000), [UInt8](repeating: 0, count: 0x1000))
            XCTAssertEqual(pvm_page_access(machine.handle, 0x21), PVM_ACCESS_NONE)
            for page: UInt32 in stride(from: 0x100, to: 0x200, by: 7) { try machine.map(page: page, PVM_ACCESS_WRITE) }
            for page: UInt64 in stride(from: 0x100, to: 0x200, by: 7) {
                XCTAssertEqual(try machine.read(page << 12, 1), [0])
                try machine.write(page << 12, [0xaa])
            }
            XCTAssertEqual(sbrk(machine, 4096, store: 0x21000), 0x21000)
        }
    }
}
