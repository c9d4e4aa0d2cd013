import CPVM

/// Bytes of machine code in the making: a growing run of ordinary memory that never passes `maximum` octets (of which the last
/// 32 may stay unused).
///
/// Room is checked once per instruction (`instruction()`); the stores that follow are unchecked. When memory or the bound is
/// used up `failed` is set and what is written from then on is worthless, but stays within the buffer: a code generator
/// looks at `failed` once, at its end.
public struct CodeBuffer: ~Copyable {
    /// Octets that every instruction may count on: the longest has 15, and the last store may write 8 at once.
    @usableFromInline static let slack = 32

    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var next: UnsafeMutableRawPointer
    /// Past this place there is no room for an instruction.
    @usableFromInline var limit: UnsafeMutableRawPointer
    private var capacity: Int
    private let maximum: Int
    public private(set) var failed = false

    /// nil if memory is short. Displacements have 32 bits, so `maximum` counts for at most 2^30.
    public init?(capacity: Int = 4096, maximum: Int = 1 << 30) {
        self.maximum = max(2 * CodeBuffer.slack, min(maximum, 1 << 30))
        let wanted = max(2 * CodeBuffer.slack, min(capacity, self.maximum))
        guard let (memory, room) = SpareBuffer.take(wanted) else { return nil }
        self.capacity = room
        base = memory
        next = memory
        limit = memory + (self.capacity - CodeBuffer.slack)
    }

    deinit { SpareBuffer.give(base, capacity) }

    @inlinable public var count: Int { next - base }

    /// The code so far; valid until the next instruction.
    @inlinable public var code: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Begins again at the start, with the memory it has.
    public mutating func removeAll() {
        next = base
        failed = false
    }

    // MARK: Writing

    /// Where the next instruction goes, with room for it. What `end` is given afterwards becomes part of the code.
    @inlinable @inline(__always) mutating func instruction() -> CodeCursor {
        if next > limit { grow() }
        return CodeCursor(place: next)
    }

    @inlinable @inline(__always) mutating func end(_ cursor: CodeCursor) { next = cursor.place }

    @usableFromInline @inline(never) mutating func grow() {
        let used = count
        let wanted = min(maximum, capacity * 2)
        guard !failed, used <= wanted - CodeBuffer.slack, let larger = realloc(base, wanted) else { return fail() }
        base = larger
        capacity = wanted
        next = larger + used
        limit = larger + (wanted - CodeBuffer.slack)
    }

    /// Goes on at the start, so that whatever still comes stays within the buffer.
    mutating func fail() {
        failed = true
        next = base
    }

    // MARK: Patching

    /// The 32 bits at `offset`, which must lie within what has been written.
    func word(at offset: Int) -> Int32 {
        guard offset >= 0, offset + 4 <= count else { return 0 }
        return Int32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }

    mutating func patch(word: Int32, at offset: Int) {
        guard offset >= 0, offset + 4 <= count else { return }
        base.storeBytes(of: word.littleEndian, toByteOffset: offset, as: Int32.self)
    }

    mutating func patch(octet: Int8, at offset: Int) {
        guard offset >= 0, offset < count else { return }
        base.storeBytes(of: octet, toByteOffset: offset, as: Int8.self)
    }
}

/// Writes one instruction into room that `CodeBuffer.instruction` has made.
@frozen @usableFromInline struct CodeCursor {
    @usableFromInline var place: UnsafeMutableRawPointer

    @usableFromInline @inline(__always) init(place: UnsafeMutableRawPointer) { self.place = place }

    /// The `count` low octets of `word`, lowest first. Always stores eight: what is too much is overwritten by what follows.
    @inlinable @inline(__always) mutating func put(_ word: UInt64, _ count: Int) {
        place.storeBytes(of: word.littleEndian, as: UInt64.self)
        place += count
    }

    @inlinable @inline(__always) mutating func put(_ octets: Octets) { put(octets.word, octets.count) }
}

/// The same for many instructions in a row (`Assembler.writer`).
@frozen public struct CodeWriter {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline var place: UnsafeMutableRawPointer
    @usableFromInline let limit: UnsafeMutableRawPointer

    @usableFromInline @inline(__always) init(base: UnsafeMutableRawPointer, place: UnsafeMutableRawPointer, limit: UnsafeMutableRawPointer) {
        self.base = base
        self.place = place
        self.limit = limit
    }

    /// Is there room for an instruction, of 15 octets at most and a prefix of 3 others, put as words?
    @inlinable @inline(__always) public var hasRoom: Bool { place <= limit }
    @inlinable @inline(__always) public var offset: Int { place - base }

    /// The `count` (at most 8) low octets of `word`, lowest first. Always stores eight.
    @inlinable @inline(__always) public mutating func put(_ word: UInt64, _ count: Int) {
        place.storeBytes(of: word.littleEndian, as: UInt64.self)
        place += count
    }
}

/// Up to eight octets of an instruction, the first one lowest.
@frozen public struct Octets {
    @usableFromInline var word: UInt64
    @usableFromInline var count: Int

    @inlinable @inline(__always) init(_ word: UInt64, _ count: Int) {
        self.word = word
        self.count = count
    }
}

/// Keeps the last buffer for the next one: getting fresh memory from the system takes longer than filling it with code.
private enum SpareBuffer {
    /// What is kept at most, and the least that is worth it.
    private static let most = 4 << 20, least = 4096

    /// Room for at least `capacity` octets, and how many. nil if memory is short.
    static func take(_ capacity: Int) -> (UnsafeMutableRawPointer, Int)? {
        if capacity >= least, let spare = duet_slot_take(duet_spare_buffer()) {
            let room = spare.load(as: Int.self)
            if room >= capacity { return (spare, room) }
            free(spare)
        }
        guard let memory = malloc(capacity) else { return nil }
        if capacity > 1 << 17 { duet_populate(memory, capacity) }
        return (memory, capacity)
    }

    static func give(_ memory: UnsafeMutableRawPointer, _ room: Int) {
        guard room >= least, room <= most else { return free(memory) }
        memory.storeBytes(of: room, as: Int.self)
        if !duet_slot_put(duet_spare_buffer(), memory) { free(memory) }
    }
}
