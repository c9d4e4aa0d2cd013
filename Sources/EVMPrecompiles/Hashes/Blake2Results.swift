import CPVM
import Synchronization

/// The last results of calls of BLAKE2F that take from a fifth of a second to a minute, for the whole process: the same transaction
/// is often executed again, when a block is built and then imported, or by a test at several forks. The input is compared whole, and
/// the result depends on nothing else. A thread that finds another one here computes.
enum Blake2Results {
    /// Rounds from which a result is kept.
    static let minimum: UInt32 = 1 << 24

    private static let count = 4
    private static let size = blake2fInputSize + 64

    /// Writes the 64 octets of the result for `input` if they are known.
    static func find(_ input: UnsafePointer<UInt8>, _ result: UnsafeMutablePointer<UInt8>) -> Bool {
        guard enter() else { return false }
        defer { leave() }
        for index in 0..<used {
            let entry = entries! + size * index
            guard memcmp(entry, input, blake2fInputSize) == 0 else { continue }
            memcpy(result, entry + blake2fInputSize, 64)
            return true
        }
        return false
    }

    /// In place of the oldest one if all places are taken.
    static func keep(_ input: UnsafePointer<UInt8>, _ result: UnsafePointer<UInt8>) {
        guard enter() else { return }
        defer { leave() }
        if entries == nil { entries = malloc(count * size)?.assumingMemoryBound(to: UInt8.self) }
        guard let entries else { return }
        memcpy(entries + size * next, input, blake2fInputSize)
        memcpy(entries + size * next + blake2fInputSize, result, 64)
        next = (next + 1) % count
        used = max(used, next == 0 ? count : next)
    }

    private static func enter() -> Bool { !isTaken.exchange(true, ordering: .acquiring) }
    private static func leave() { isTaken.store(false, ordering: .releasing) }
}

private let isTaken = Atomic<Bool>(false)
// Only for the thread that has set `isTaken`.
private nonisolated(unsafe) var entries: UnsafeMutablePointer<UInt8>?
private nonisolated(unsafe) var used = 0
private nonisolated(unsafe) var next = 0
