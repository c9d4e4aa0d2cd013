import Foundation
import Testing
@testable import VMCommon

private func canReserve(_ octets: Int) -> Bool {
    guard let memory = ExecutableMemory(capacity: octets) else { return false }
    memory.destroy()
    return true
}

@Suite struct ExecutableMemoryTests {
    private let pageSize = sysconf(Int32(_SC_PAGESIZE))

    /// mov eax, value; ret
    private func code(_ value: UInt32, padding: Int = 0) -> [UInt8] {
        var assembler = Assembler(maximum: 1 << 20)!
        assembler.mov32(.rax, value)
        assembler.ret()
        assembler.nop(padding)
        return [UInt8](assembler.code)
    }

    private func install(_ memory: ExecutableMemory, _ code: [UInt8]) -> CodeBlock? { code.withUnsafeBytes { memory.install($0) } }

    /// The rights of each mapping in the reservation, which begins with the first block it gave. A mapping at its edge may go on outside: neighbours of the same rights are one.
    private func rights(capacity: Int, from first: CodeBlock) throws -> [(range: Range<UInt>, rights: String)] {
        let start = UInt(bitPattern: first.address), reservation = start..<start + UInt(capacity)
        return try mappings().map { ($0.range.clamped(to: reservation), $0.rights) }.filter { !$0.range.isEmpty }
    }

    private func mappings() throws -> [(range: Range<UInt>, rights: String)] {
        // Read to the end by hand: the file has no size, and comes in pieces.
        let file = try #require(fopen("/proc/self/maps", "r"))
        defer { fclose(file) }
        var octets: [UInt8] = [], piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { octets += piece[..<count] }
        return String(decoding: octets, as: UTF8.self).split(separator: "\n").map { line in
            let fields = line.split(separator: " "), ends = fields[0].split(separator: "-").map { UInt($0, radix: 16)! }
            return (ends[0]..<ends[1], String(fields[1]))
        }
    }

    @Test func nothingIsWritableAndExecutable() throws {
        let memory = try #require(ExecutableMemory(capacity: 64 * pageSize))
        defer { memory.destroy() }
        var blocks: [CodeBlock] = []
        for number in 0..<20 { blocks.append(try #require(install(memory, code(UInt32(number), padding: number * 700)))) }
        let first = blocks[0]
        for index in stride(from: 18, through: 0, by: -2) { memory.free(blocks.remove(at: index)) }

        let pages = try rights(capacity: 64 * pageSize, from: first)
        #expect(!pages.isEmpty)
        for (range, rights) in pages { #expect(rights == "r-xp" || rights == "---p", "\(range)") }
        // What is executable is exactly what the blocks that are left take up.
        let executable = pages.filter { $0.rights == "r-xp" }.reduce(0) { $0 + $1.range.count }
        #expect(executable == memory.statistics.mapped)
        for block in blocks {
            let address = UInt(bitPattern: block.address)
            #expect(pages.contains { $0.rights == "r-xp" && $0.range.contains(address) && $0.range.contains(address + UInt(block.count) - 1) })
        }
        // And nothing else in the process is both.
        for (range, rights) in try mappings() { #expect(!(rights.contains("w") && rights.contains("x")), "\(range)") }
    }

    @Test func blocksHoldTheirCode() throws {
        let memory = try #require(ExecutableMemory(capacity: 64 * pageSize))
        defer { memory.destroy() }
        for size in [1, pageSize - 1, pageSize, pageSize + 1, 3 * pageSize] {
            let octets = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let block = try #require(install(memory, octets))
            #expect([UInt8](UnsafeRawBufferPointer(start: block.address, count: block.count)) == octets)
            #expect(UInt(bitPattern: block.address) % UInt(pageSize) == 0)
            #expect(memory.contains(block.address) && block.contains(block.address + size - 1) && !block.contains(block.address + size))
            // The rest of the page traps.
            let rest = -size & (pageSize - 1)
            #expect([UInt8](UnsafeRawBufferPointer(start: block.address + size, count: rest)) == [UInt8](repeating: 0xcc, count: rest))
            memory.free(block)
        }
    }

    @Test func boundAndRoomAfterFreeing() throws {
        let memory = try #require(ExecutableMemory(capacity: 8 * pageSize))
        defer { memory.destroy() }
        #expect(memory.statistics.capacity == 8 * pageSize)
        let blocks = (0..<8).compactMap { install(memory, code(UInt32($0))) }
        #expect(blocks.count == 8)
        #expect(Set(blocks.map(\.address)).count == 8)
        #expect(install(memory, code(9)) == nil)
        memory.free(blocks[2])
        memory.free(blocks[4])
        // Two pages are free, but not in a row.
        #expect(install(memory, code(9, padding: pageSize)) == nil)
        memory.free(blocks[3])
        let large = try #require(install(memory, code(9, padding: 2 * pageSize)))
        #expect(large.address == blocks[2].address)
        var numbers = memory.statistics
        #expect(numbers.mapped == 8 * pageSize && numbers.mappedPeak == 8 * pageSize && numbers.blocks == 6 && numbers.refused == 2)
        memory.free(large)
        for index in [0, 1, 5, 6, 7] { memory.free(blocks[index]) }
        numbers = memory.statistics
        #expect(numbers.mapped == 0 && numbers.used == 0 && numbers.blocks == 0)
        #expect(install(memory, []) == nil)
        #expect(install(memory, [UInt8](repeating: 0xcc, count: 8 * pageSize + 1)) == nil)
        #expect(install(memory, [UInt8](repeating: 0xcc, count: 8 * pageSize)) != nil)
    }

    @Test func freedPagesGiveTheirMemoryBack() throws {
        let memory = try #require(ExecutableMemory(capacity: 4096 * pageSize))
        defer { memory.destroy() }
        let base = try #require(install(memory, code(1)))
        for _ in 0..<200 {
            let block = try #require(install(memory, [UInt8](repeating: 0xcc, count: 1024 * pageSize)))
            memory.free(block)
        }
        let capacity = memory.statistics.capacity
        #expect(try rights(capacity: capacity, from: base).filter { $0.rights != "---p" }.map(\.range.count) == [pageSize])
        memory.free(base)
        #expect(try rights(capacity: capacity, from: base).map(\.rights) == ["---p"])
        #expect(memory.statistics.blocks == 0)
    }

    /// An address space of 2^47 octets has room for 127 such reservations at once, not for 300.
    @Test(.enabled(if: canReserve(1 << 40), "the address space is limited"))
    func theReservationGoesWithItsOwner() throws {
        for _ in 0..<300 {
            let memory = try #require(ExecutableMemory(capacity: 1 << 40))
            defer { memory.destroy() }
            _ = try #require(install(memory, code(1)))
        }
    }

    /// Threads install, call and free in one small reservation, so that they run into its bound and reuse each other's pages.
    @Test(.enabled(if: canRunX86, "the processor is no x86-64")) func manyThreads() throws {
        let memory = try #require(ExecutableMemory(capacity: 40 * pageSize))
        defer { memory.destroy() }
        let codes = (0..<64).map { code(UInt32($0), padding: Int($0) * 150) }
        let wrong = Counter(), calls = Counter()
        let threads = (0..<8).map { seed in
            Thread {
                var random = SplitMix(seed: UInt64(seed)), held: [(CodeBlock, UInt64)] = [], argument = 0
                for _ in 0..<2000 {
                    let choice = Int(random.next() % 64)
                    if held.count < 5, let block = codes[choice].withUnsafeBytes({ memory.install($0) }) {
                        held.append((block, UInt64(choice)))
                    } else if !held.isEmpty {
                        memory.free(held.remove(at: Int(random.next() % UInt64(held.count))).0)
                    }
                    for (block, value) in held {
                        calls.add()
                        if block.call(&argument) != value { wrong.add() }
                    }
                }
                for (block, _) in held { memory.free(block) }
                finished.signal()
            }
        }
        for thread in threads { thread.start() }
        for _ in threads { finished.wait() }
        #expect(wrong.value == 0)
        #expect(calls.value > 8 * 2000)
        let numbers = memory.statistics
        #expect(numbers.blocks == 0 && numbers.mapped == 0 && numbers.used == 0)
        #expect(numbers.mappedPeak > 20 * pageSize && numbers.mappedPeak <= numbers.capacity)
    }
}

private let finished = DispatchSemaphore(value: 0)

private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var value = 0

    func add() { lock.withLock { value += 1 } }
}
