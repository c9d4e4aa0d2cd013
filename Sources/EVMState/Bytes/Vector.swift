import CPVM
import VMCommon

/// A growing array of a trivial type on the C heap. Adding says whether there was memory; what is in it stays as it was if not.
/// Whoever owns one calls `free`.
@frozen
public struct Vector<Element: BitwiseCopyable>: BitwiseCopyable {
    public private(set) var base: UnsafeMutablePointer<Element>?
    public private(set) var count = 0
    private var capacity = 0

    public init() {}

    public mutating func free() {
        CPVM.free(base)
        self = Vector()
    }

    @inline(__always)
    public subscript(_ index: Int) -> Element {
        get {
            assert(index >= 0 && index < count)
            return base.unsafelyUnwrapped[index]
        }
        nonmutating set {
            assert(index >= 0 && index < count)
            base.unsafelyUnwrapped[index] = newValue
        }
    }

    @inline(__always)
    public func pointer(_ index: Int) -> UnsafeMutablePointer<Element> {
        assert(index >= 0 && index < count)
        return base.unsafelyUnwrapped + index
    }

    @inline(__always)
    public mutating func append(_ element: Element) -> Bool {
        if count == capacity, !reserve(1) { return false }
        base.unsafelyUnwrapped[count] = element
        count &+= 1
        return true
    }

    public mutating func append(_ elements: UnsafePointer<Element>?, count added: Int) -> Bool {
        guard added > 0, let elements else { return added == 0 }
        guard reserve(added) else { return false }
        (base.unsafelyUnwrapped + count).update(from: elements, count: added)
        count += added
        return true
    }

    /// Room for `added` more.
    @inline(never)
    public mutating func reserve(_ added: Int) -> Bool {
        guard added > capacity &- count else { return true }
        let (needed, over) = count.addingReportingOverflow(added)
        guard !over, needed < Int.max / 4 / MemoryLayout<Element>.stride else { return false }
        let wanted = max(needed, capacity * 2, 8)
        guard let grown = realloc(base, wanted * MemoryLayout<Element>.stride) else { return false }
        base = grown.assumingMemoryBound(to: Element.self)
        capacity = wanted
        return true
    }

    /// Drops everything from `count` on; the room stays.
    @inline(__always)
    public mutating func shrink(to count: Int) {
        assert(count <= self.count)
        self.count = count
    }

    /// Drops all, and gives up room of more than `octets`.
    public mutating func clear(keeping octets: Int = 1 << 20) {
        if capacity * MemoryLayout<Element>.stride > octets { free() } else { count = 0 }
    }

    @inline(__always)
    public mutating func removeLast() -> Element {
        assert(count > 0)
        count &-= 1
        return base.unsafelyUnwrapped[count]
    }

    /// Gives up room if most of it is empty.
    mutating func trim() {
        let wanted = max(count * 2, 8)
        guard capacity / 2 > wanted, let smaller = realloc(base, wanted * MemoryLayout<Element>.stride) else { return }
        base = smaller.assumingMemoryBound(to: Element.self)
        capacity = wanted
    }
}

/// Octets that grow.
public typealias ByteBuffer = Vector<UInt8>

extension Vector where Element == UInt8 {
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    @inline(__always)
    public mutating func append(_ octets: UnsafeRawBufferPointer) -> Bool {
        append(octets.baseAddress?.assumingMemoryBound(to: UInt8.self), count: octets.count)
    }
}
