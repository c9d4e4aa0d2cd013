import CPVM
import VMCommon

/// A Merkle Patricia trie in memory: a map from octet strings to non-empty octet strings with a root hash. Hashes of parts that
/// did not change are kept, so that a root after k changes costs k paths. Whoever owns one calls `free`.
public struct Trie: BitwiseCopyable {
    var root: TrieNode.Pointer?

    /// A longer key is refused: it would be as deep as it has nibbles.
    public static let maxKeyOctets = 128

    public init() {}

    public mutating func free() {
        TrieNode.freeAll(root)
        root = nil
    }

    public var isEmpty: Bool { root == nil }

    /// Gives `key` a value; an empty one takes the key out. False, with nothing changed, if memory is short or the key too long.
    public mutating func set(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        guard key.count <= Trie.maxKeyOctets else { return false }
        return Trie.withNibbles(key) { path in value.isEmpty ? remove(path) : insert(path, value) }
    }

    public func get(_ key: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard key.count <= Trie.maxKeyOctets else { return nil }
        return Trie.withNibbles(key) { path in find(path) }
    }

    static func withNibbles<Result>(_ key: UnsafeRawBufferPointer, _ body: (Nibbles) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: max(1, 2 * key.count), alignment: 1) { room in
            for index in 0..<key.count {
                room[2 * index] = key[index] >> 4
                room[2 * index + 1] = key[index] & 15
            }
            let base = UnsafeRawPointer(room.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: UInt8.self)
            return body(Nibbles(base: base, count: 2 * key.count))
        }
    }

    private func find(_ key: Nibbles) -> UnsafeRawBufferPointer? {
        var path = key
        var next = root
        while let node = next {
            switch node.pointee.kind {
            case .leaf:
                let own = TrieNode.path(node)
                return own.count == path.count && own.common(path) == path.count ? TrieNode.value(node) : nil
            case .ext:
                let own = TrieNode.path(node)
                guard own.common(path) == own.count else { return nil }
                path = path.from(own.count)
                next = TrieNode.children(node)[0]
            case .branch:
                guard path.count > 0 else { return node.pointee.valueLength > 0 ? TrieNode.value(node) : nil }
                next = TrieNode.children(node)[Int(path[0])]
                path = path.from(1)
            }
        }
        return nil
    }

    // MARK: Insertion

    private mutating func insert(_ key: Nibbles, _ value: UnsafeRawBufferPointer) -> Bool {
        withUnsafeMutablePointer(to: &root) { Trie.insert(at: $0, key, value) }
    }

    /// Walks down to where the key belongs. Nodes on the way lose their hash even if memory then turns out to be short, which
    /// costs time and nothing else.
    private static func insert(at root: UnsafeMutablePointer<TrieNode.Pointer?>, _ key: Nibbles, _ value: UnsafeRawBufferPointer) -> Bool {
        var link = root
        var path = key
        while let node = link.pointee {
            node.pointee.referenceLength = 0
            let own = TrieNode.path(node)
            if node.pointee.kind == .branch {
                guard path.count > 0 else { return replace(link, TrieNode.copy(node, path: own, value: value)) }
                link = TrieNode.children(node) + Int(path[0])
                path = path.from(1)
                continue
            }
            let common = own.common(path)
            if node.pointee.kind == .ext, common == own.count {
                link = TrieNode.children(node)
                path = path.from(common)
                continue
            }
            if node.pointee.kind == .leaf, common == own.count, common == path.count {
                return replace(link, TrieNode.copy(node, path: own, value: value))
            }
            return split(link, node, path, common, value)
        }
        guard let leaf = TrieNode.create(.leaf, path: path, value: value) else { return false }
        link.pointee = leaf
        return true
    }

    private static func replace(_ link: UnsafeMutablePointer<TrieNode.Pointer?>, _ new: TrieNode.Pointer?) -> Bool {
        guard let new else { return false }
        CPVM.free(link.pointee)
        link.pointee = new
        return true
    }

    /// Puts a branch in the place of a leaf or extension whose path leaves `path` after `common` nibbles.
    private static func split(_ link: UnsafeMutablePointer<TrieNode.Pointer?>, _ node: TrieNode.Pointer, _ path: Nibbles, _ common: Int,
                              _ value: UnsafeRawBufferPointer) -> Bool {
        let own = TrieNode.path(node)
        let isLeaf = node.pointee.kind == .leaf
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        // A value that ends right at the branch stands in the branch itself.
        let branchValue = path.count == common ? value : own.count == common && isLeaf ? TrieNode.value(node) : empty
        let newLeaf = path.count > common ? TrieNode.create(.leaf, path: path.from(common + 1), value: value) : nil
        // An extension of one nibble is its child once the branch takes that nibble.
        let keepsOld = own.count > common && (isLeaf || own.count > common + 1)
        let oldRest = keepsOld ? TrieNode.copy(node, path: own.from(common + 1), value: TrieNode.value(node)) : nil
        let branch = TrieNode.create(.branch, value: branchValue)
        let top = common > 0 ? TrieNode.create(.ext, path: path.first(common)) : nil
        guard let branch, newLeaf != nil || path.count == common, oldRest != nil || !keepsOld, top != nil || common == 0 else {
            CPVM.free(branch)
            CPVM.free(newLeaf)
            CPVM.free(oldRest)
            CPVM.free(top)
            return false
        }
        let children = TrieNode.children(branch)
        if path.count > common { children[Int(path[common])] = newLeaf }
        if own.count > common { children[Int(own[common])] = keepsOld ? oldRest : TrieNode.children(node)[0] }
        if let top { TrieNode.children(top)[0] = branch }
        CPVM.free(node)
        link.pointee = top ?? branch
        return true
    }

    // MARK: Removal

    private mutating func remove(_ key: Nibbles) -> Bool {
        guard find(key) != nil else { return true }
        return withUnsafeMutablePointer(to: &root) { Trie.remove(at: $0, key) }
    }

    /// Takes out a key that is there. As deep as the key has nibbles.
    private static func remove(at link: UnsafeMutablePointer<TrieNode.Pointer?>, _ path: Nibbles) -> Bool {
        guard let node = link.pointee else { return true }
        node.pointee.referenceLength = 0
        switch node.pointee.kind {
        case .leaf:
            CPVM.free(node)
            link.pointee = nil
            return true
        case .ext:
            let child = TrieNode.children(node)
            return remove(at: child, path.from(Int(node.pointee.pathLength))) && joinExtension(link, node)
        case .branch:
            guard path.count > 0 else {
                guard replace(link, TrieNode.copy(node, path: Nibbles(), value: UnsafeRawBufferPointer(start: nil, count: 0))) else {
                    return false
                }
                return joinBranch(link, link.pointee.unsafelyUnwrapped)
            }
            return remove(at: TrieNode.children(node) + Int(path[0]), path.from(1)) && joinBranch(link, node)
        }
    }

    /// A branch with one thing left is none: it becomes part of what it has left. If memory is short the trie keeps all its
    /// keys and values, but not the form that gives the right root; the caller's false says so.
    private static func joinBranch(_ link: UnsafeMutablePointer<TrieNode.Pointer?>, _ node: TrieNode.Pointer) -> Bool {
        let children = TrieNode.children(node)
        var left = 0
        var last = 0
        for index in 0..<16 where children[index] != nil {
            left += 1
            last = index
        }
        if node.pointee.valueLength > 0 {
            guard left == 0 else { return true }
            return replace(link, TrieNode.create(.leaf, value: TrieNode.value(node)))
        }
        guard left == 1, let child = children[last] else { return true }
        var nibble = UInt8(last)
        return withUnsafePointer(to: &nibble) { prefix in
            guard let joined = join(Nibbles(base: prefix, count: 1), child) else { return false }
            return replace(link, joined)
        }
    }

    /// An extension whose child is no branch any more becomes one node with it.
    private static func joinExtension(_ link: UnsafeMutablePointer<TrieNode.Pointer?>, _ node: TrieNode.Pointer) -> Bool {
        guard let child = TrieNode.children(node)[0], child.pointee.kind != .branch else { return true }
        guard let joined = join(TrieNode.path(node), child) else { return false }
        return replace(link, joined)
    }

    /// `child` behind a path: an extension before a branch, else the child with a longer path (and the child itself freed).
    private static func join(_ prefix: Nibbles, _ child: TrieNode.Pointer) -> TrieNode.Pointer? {
        if child.pointee.kind == .branch {
            guard let ext = TrieNode.create(.ext, path: prefix) else { return nil }
            TrieNode.children(ext)[0] = child
            return ext
        }
        let own = TrieNode.path(child)
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: prefix.count + own.count) { room -> TrieNode.Pointer? in
            let base = room.baseAddress.unsafelyUnwrapped
            for index in 0..<prefix.count { base[index] = prefix[index] }
            for index in 0..<own.count { base[prefix.count + index] = own[index] }
            guard let joined = TrieNode.copy(child, path: Nibbles(base: base, count: prefix.count + own.count), value: TrieNode.value(child)) else {
                return nil
            }
            CPVM.free(child)
            return joined
        }
    }
}
