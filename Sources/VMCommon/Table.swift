import CPVM

/// A table that is computed once and stays where it is. (Indexing a global `InlineArray` copies all of it first.)
public struct Table<Element: BitwiseCopyable>: @unchecked Sendable {
    private let elements: UnsafeMutablePointer<Element>
    public let count: Int

    public init(count: Int, _ element: (Int) -> Element) {
        elements = duet_static_space(count * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
        self.count = count
        for index in 0..<count { elements[index] = element(index) }
    }

    public var indices: Range<Int> { 0..<count }

    /// Of the first element; they stay there for as long as the process lives.
    @inline(__always)
    public var address: UnsafePointer<Element> { UnsafePointer(elements) }

    @inline(__always)
    public subscript(_ index: Int) -> Element {
        assert(index >= 0 && index < count)
        return elements[index]
    }
}
