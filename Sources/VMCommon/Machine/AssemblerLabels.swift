import CPVM

/// A place in the code that is named before or after it is known.
@frozen public struct Label: Sendable {
    public let index: Int32

    @inlinable public init(index: Int32) { self.index = index }
}

/// A forward jump with an 8-bit displacement that waits for its target.
@frozen public struct ShortJump: Sendable {
    /// Where the displacement stands.
    let field: Int
}

/// For each label its place, or the references that wait for it.
///
/// Those form a list through the code itself: a place that is to hold a displacement holds, until it is known, the place of the
/// reference before. So a reference takes neither memory nor a search.
@frozen @usableFromInline struct LabelTable: ~Copyable {
    /// At least 0: the label's place. `unused`: no reference yet. Else the complement of the latest reference's place.
    @usableFromInline var states: UnsafeMutablePointer<Int32>?
    private(set) var count = 0
    private var capacity = 0
    @usableFromInline private(set) var failed = false

    static let unused = Int32.min

    @inlinable deinit { free(states) }

    mutating func removeAll() {
        count = 0
        failed = false
    }

    /// The first of `number` new labels, whose indices follow each other.
    mutating func add(_ number: Int) -> Label {
        let first = count
        guard number <= Int(Int32.max) / 2 - first else { return outOfMemory() }
        if first + number > capacity {
            let wanted = max(64, capacity * 2, first + number)
            guard let larger = realloc(states, wanted * MemoryLayout<Int32>.stride) else { return outOfMemory() }
            states = larger.assumingMemoryBound(to: Int32.self)
            capacity = wanted
        }
        for index in first..<first + number { states![index] = LabelTable.unused }
        count += number
        return Label(index: Int32(truncatingIfNeeded: first))
    }

    private mutating func outOfMemory() -> Label {
        failed = true
        return Label(index: -1)
    }

    /// Labels that could not be made have the index -1 or one past the end: they are never bound and take what is written to them.
    subscript(label: Label) -> Int32 {
        @inline(__always) get {
            label.index >= 0 && label.index < count ? states.unsafelyUnwrapped[Int(label.index)] : LabelTable.unused
        }
        @inline(__always) set {
            if label.index >= 0 && label.index < count { states.unsafelyUnwrapped[Int(label.index)] = newValue }
        }
    }

    var hasUnresolved: Bool {
        for index in 0..<count where states![index] < 0 && states![index] != LabelTable.unused { return true }
        return false
    }
}

extension Assembler {
    /// A new label.
    public mutating func label() -> Label { labels.add(1) }

    /// `count` new labels at once; the index of the first, the others follow.
    public mutating func labels(count: Int) -> Label { labels.add(count) }

    /// The label stands here. Once per label.
    public mutating func bind(_ label: Label) {
        let target = Int32(truncatingIfNeeded: offset)
        var state = labels[label]
        assert(state < 0 || failed, "bound before")
        labels[label] = target
        // In a failed buffer the references are gone, and what stands in their place leads anywhere.
        while state < 0, state != LabelTable.unused, !failed {
            let field = Int(~state)
            state = buffer.word(at: field)
            buffer.patch(word: target - Int32(truncatingIfNeeded: field) - 4, at: field)
        }
    }

    /// Where a label stands, nil before it is bound.
    public func offset(of label: Label) -> Int? {
        let state = labels[label]
        return state < 0 ? nil : Int(state)
    }

    /// Is there a reference to a label that stands nowhere? To be asked at the end, for it looks at all labels.
    public var hasUnresolvedLabels: Bool { labels.hasUnresolved }

    /// `opcode` and a rel32 that leads to the label.
    mutating func encode(_ w: Width, _ opcode: UInt32, register: UInt8? = nil, to label: Label) {
        var cursor = buffer.instruction()
        let state = labels[label]
        cursor.put(head(w, opcode, register.map { ($0 >> 3) << 2 } ?? 0, prefix: 0, octet: false))
        if let register { cursor.put(Mem(rip: 0).modRM(register).word, 1) }
        let field = Int32(truncatingIfNeeded: cursor.place - buffer.base)
        cursor.put(Octets(id: state >= 0 ? state - field - 4 : state))
        if state < 0 { labels[label] = ~field }
        buffer.end(cursor)
    }

    /// How far back the label stands from the end of an instruction of two octets, if that is known and 8 bits say it.
    func shortDistance(to label: Label) -> UInt8? {
        let state = labels[label]
        guard state >= 0 else { return nil }
        return Int8(exactly: Int(state) - (offset + 2)).map { UInt8(bitPattern: $0) }
    }

    /// A short jump waits for its target.
    mutating func shortJump(_ opcode: UInt8) -> ShortJump {
        encode(.w32, UInt32(opcode), immediate: Octets(ib: 0))
        return ShortJump(field: offset - 1)
    }

    /// The short jump leads here. Farther than 127 octets is a mistake of the code generator; the code has then failed.
    public mutating func land(_ jump: ShortJump) {
        let distance = offset - (jump.field + 1)
        guard let short = Int8(exactly: distance), distance >= 0 else {
            assert(failed, "short jump too far")
            return buffer.fail()
        }
        buffer.patch(octet: short, at: jump.field)
    }

    // MARK: Without labels

    /// Jcc (JMP without a condition) back to a known place: rel8 where it fits, else rel32.
    @inline(__always)
    public mutating func jump(_ c: Condition?, back target: Int) {
        let distance = target - (offset + 2)
        var cursor = buffer.instruction()
        if distance >= -128 {
            let opcode = c.map { 0x70 + UInt64($0.number) } ?? 0xeb
            cursor.put(opcode | UInt64(UInt8(truncatingIfNeeded: distance)) << 8, 2)
        } else if let c {
            cursor.put(0x800f + UInt64(c.number) << 8 | UInt64(UInt32(truncatingIfNeeded: distance - 4)) << 16, 6)
        } else {
            cursor.put(0xe9 | UInt64(UInt32(truncatingIfNeeded: distance - 3)) << 8, 5)
        }
        buffer.end(cursor)
    }

    /// Jcc rel32 (JMP rel32 without a condition) that waits for `land(_:at:)`; says where its displacement stands.
    @inline(__always)
    public mutating func jumpAnywhere(_ c: Condition?) -> UInt32 {
        var cursor = buffer.instruction()
        if let c { cursor.put(0x800f + UInt64(c.number) << 8, 6) } else { cursor.put(0xe9, 5) }
        buffer.end(cursor)
        return UInt32(truncatingIfNeeded: offset - 4)
    }

    /// The jump whose displacement stands at `field` leads to `target`.
    @inline(__always)
    public mutating func land(_ field: UInt32, at target: Int) {
        buffer.patch(word: Int32(truncatingIfNeeded: target - Int(field) - 4), at: Int(field))
    }
}
