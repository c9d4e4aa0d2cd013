import CPVM

/// A growing array of a trivial type on the C heap. Adding says whether there was memory; what is in it stays as it was if not.
/// Whoever owns one calls `free`.
@frozen
public struct Vector<Element: BitwiseCopyable>: BitwiseCopyable {
    // Inlinable, so that a module above this one gets code of its own for its elements.
    @usableFromInline var elements: UnsafeMutablePointer<Element>?
    @usableFromInline var used = 0
    @usableFromInline var capacity = 0

    @inlinable public init() {}

    @inlinable @inline(__always) public var base: UnsafeMutablePointer<Element>? { elements }
    @inlinable @inline(__always) public var count: Int { used }

    @inlinable public mutating func free() {
        CPVM.free(elements)
        self = Vector()
    }

    @inlinable @inline(__always) public subscript(_ index: Int) -> Element {
        get {
            assert(index >= 0 && index < count)
            return base.unsafelyUnwrapped[index]
        }
        nonmutating set {
            assert(index >= 0 && index < count)
            base.unsafelyUnwrapped[index] = newValue
        }
    }

    @inlinable @inline(__always) public func pointer(_ index: Int) -> UnsafeMutablePointer<Element> {
        assert(index >= 0 && index < count)
        return base.unsafelyUnwrapped + index
    }

    @inlinable @inline(__always) public mutating func append(_ element: Element) -> Bool {
        if count == capacity, !reserve(1) { return false }
        base.unsafelyUnwrapped[count] = element
        used &+= 1
        return true
    }

    @inlinable public mutating func append(_ source: UnsafePointer<Element>?, count added: Int) -> Bool {
        guard added > 0, let source else { return added == 0 }
        guard reserve(added) else { return false }
        (base.unsafelyUnwrapped + count).update(from: source, count: added)
        used += added
        return true
    }

    /// Room for `added` more.
    @inlinable @inline(never) public mutating func reserve(_ added: Int) -> Bool {
        guard added > capacity &- count else { return true }
        let (needed, over) = count.addingReportingOverflow(added)
        guard !over, needed < Int.max / 4 / MemoryLayout<Element>.stride else { return false }
        let wanted = max(needed, capacity * 2, 8)
        guard let grown = realloc(base, wanted * MemoryLayout<Element>.stride) else { return false }
        elements = grown.assumingMemoryBound(to: Element.self)
        capacity = wanted
        return true
    }

    /// Drops everything from `count` on; the room stays.
    @inlinable @inline(__always) public mutating func shrink(to count: Int) {
        assert(count <= self.count)
        used = count
    }

    /// Drops all, and gives up room of more than `octets`.
    @inlinable public mutating func clear(keeping octets: Int = 1 << 20) {
        if capacity * MemoryLayout<Element>.stride > octets { free() } else { used = 0 }
    }

    @inlinable @inline(__always) public mutating func removeLast() -> Element {
        assert(count > 0)
        used &-= 1
        return base.unsafelyUnwrapped[count]
    }

    /// Gives up room if most of it is empty.
    @inlinable public mutating func trim() {
        let wanted = max(count * 2, 8)
        guard capacity / 2 > wanted, let smaller = realloc(base, wanted * MemoryLayout<Element>.stride) else { return }
        elements = smaller.assumingMemoryBound(to: Element.self)
        capacity = wanted
    }
}

/// Octets that grow.
public typealias ByteBuffer = Vector<UInt8>

extension Vector where Element == UInt8 {
    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    @inlinable @inline(__always) public mutating func append(_ octets: UnsafeRawBufferPointer) -> Bool {
        append(octets.baseAddress?.assumingMemoryBound(to: UInt8.self), count: octets.count)
    }
}
