import CPVM
import VMCommon

/// A node of the Merkle Patricia trie (Yellow Paper, appendix D). The fourth kind, the empty node, is a nil pointer.
///
/// A node is one block of the C heap: this header, then the children (16 of a branch, 1 of an extension), then the path, one
/// nibble per octet, then the value.
struct TrieNode {
    enum Kind: UInt8 { case leaf, ext, branch }

    typealias Pointer = UnsafeMutablePointer<TrieNode>

    let kind: Kind
    /// A branch has a value or not; a leaf always has one, and none is empty.
    let valueLength: UInt32
    let pathLength: UInt16
    /// How many octets of `reference` its parent holds, 0 if the node changed since they were computed: its whole encoding if
    /// that is shorter than 32 octets, else the hash of it.
    var referenceLength: UInt8
    var reference: Bytes32

    private static let header = MemoryLayout<TrieNode>.stride

    static func childCount(_ kind: Kind) -> Int {
        switch kind {
        case .leaf: 0
        case .ext: 1
        case .branch: 16
        }
    }

    /// A node with a copy of `path` and `value` and without children, nil if memory is short.
    static func create(_ kind: Kind, path: Nibbles = Nibbles(), value: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)) -> Pointer? {
        let children = childCount(kind) * MemoryLayout<Pointer?>.stride
        guard value.count <= Int(UInt32.max), let block = malloc(header + children + path.count + value.count) else { return nil }
        let node = block.bindMemory(to: TrieNode.self, capacity: 1)
        node.initialize(to: TrieNode(kind: kind, valueLength: UInt32(truncatingIfNeeded: value.count),
                                     pathLength: UInt16(truncatingIfNeeded: path.count), referenceLength: 0, reference: Bytes32()))
        if children > 0 { memset(block + header, 0, children) }
        if path.count > 0, let base = path.base { memcpy(block + header + children, base, path.count) }
        if let base = value.baseAddress { memcpy(block + header + children + path.count, base, value.count) }
        return node
    }

    /// How many children a branch has beside one of them.
    static func childCount(_ branch: Pointer, but child: UnsafeMutablePointer<Pointer?>?) -> Int {
        let children = children(branch)
        var count = 0
        for index in 0..<16 where children[index] != nil && children + index != child { count += 1 }
        return count
    }

    static func children(_ node: Pointer) -> UnsafeMutablePointer<Pointer?> {
        (UnsafeMutableRawPointer(node) + header).assumingMemoryBound(to: Pointer?.self)
    }

    static func path(_ node: Pointer) -> Nibbles {
        let base = UnsafeRawPointer(node) + header + childCount(node.pointee.kind) * MemoryLayout<Pointer?>.stride
        return Nibbles(base: base.assumingMemoryBound(to: UInt8.self), count: Int(node.pointee.pathLength))
    }

    static func value(_ node: Pointer) -> UnsafeRawBufferPointer {
        let path = path(node)
        return UnsafeRawBufferPointer(start: path.base.unsafelyUnwrapped + path.count, count: Int(node.pointee.valueLength))
    }

    /// The same with another path or value, children moved over. The old node is left as it is, to be freed by the caller.
    static func copy(_ node: Pointer, path: Nibbles, value: UnsafeRawBufferPointer) -> Pointer? {
        guard let copy = create(node.pointee.kind, path: path, value: value) else { return nil }
        children(copy).update(from: children(node), count: childCount(node.pointee.kind))
        return copy
    }

    /// Frees a node and everything below it. As deep as the longest key has nibbles.
    static func freeAll(_ node: Pointer?) {
        guard let node else { return }
        let children = children(node)
        for index in 0..<childCount(node.pointee.kind) { freeAll(children[index]) }
        free(node)
    }
}

/// Half octets, one in each octet of memory.
struct Nibbles {
    var base: UnsafePointer<UInt8>?
    var count = 0

    subscript(_ index: Int) -> UInt8 {
        assert(index < count)
        return base.unsafelyUnwrapped[index]
    }

    func from(_ start: Int) -> Nibbles {
        assert(start <= count)
        return count == start ? Nibbles() : Nibbles(base: base.unsafelyUnwrapped + start, count: count - start)
    }

    func first(_ count: Int) -> Nibbles { Nibbles(base: base, count: count) }

    /// How many nibbles both start with.
    func common(_ other: Nibbles) -> Int {
        let limit = min(count, other.count)
        var index = 0
        while index < limit, self[index] == other[index] { index += 1 }
        return index
    }
}
