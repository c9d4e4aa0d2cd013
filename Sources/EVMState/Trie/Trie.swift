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

    /// Of a key of `maxKeyOctets` at most.
    static func withNibbles<Result>(_ key: UnsafeRawBufferPointer, _ body: (Nibbles) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: 2 * maxKeyOctets, alignment: 1) { room in
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

    private typealias Link = UnsafeMutablePointer<TrieNode.Pointer?>

    private mutating func remove(_ key: Nibbles) -> Bool {
        guard find(key) != nil else { return true }
        return withUnsafeMutablePointer(to: &root) { Trie.remove(at: $0, key) }
    }

    /// Takes out a key that is there. What takes the place of a branch with one thing left is made first: without memory for it
    /// nodes on the way lose their hash and that is all.
    private static func remove(at root: Link, _ key: Nibbles) -> Bool {
        var link = root
        var path = key
        // Of an extension right above `link`, which cannot stay without a branch.
        var above: Link?
        while let node = link.pointee {
            node.pointee.referenceLength = 0
            switch node.pointee.kind {
            case .leaf:
                CPVM.free(node)
                link.pointee = nil
                return true
            case .ext:
                above = link
                link = TrieNode.children(node)
                path = path.from(Int(node.pointee.pathLength))
            case .branch:
                guard path.count > 0 else { return removeValue(link, node, above) }
                let child = TrieNode.children(node) + Int(path[0])
                guard let next = child.pointee, next.pointee.kind != .leaf else { return removeLeaf(child, link, node, above) }
                above = nil
                link = child
                path = path.from(1)
            }
        }
        return true
    }

    /// The value that stands in a branch.
    private static func removeValue(_ link: Link, _ branch: TrieNode.Pointer, _ above: Link?) -> Bool {
        if let last = onlyChild(branch, but: nil) { return collapse(link, branch, above, to: last) }
        return replace(link, TrieNode.copy(branch, path: Nibbles(), value: UnsafeRawBufferPointer(start: nil, count: 0)))
    }

    /// The leaf that is a branch's child.
    private static func removeLeaf(_ child: Link, _ link: Link, _ branch: TrieNode.Pointer, _ above: Link?) -> Bool {
        let leaf = child.pointee
        let others = TrieNode.childCount(branch, but: child)
        if branch.pointee.valueLength == 0, let last = onlyChild(branch, but: child) {
            guard collapse(link, branch, above, to: last) else { return false }
        } else if branch.pointee.valueLength > 0, others == 0 {
            let prefix = above.flatMap { $0.pointee }.map { TrieNode.path($0) } ?? Nibbles()
            guard let value = TrieNode.create(.leaf, path: prefix, value: TrieNode.value(branch)) else { return false }
            put(value, in: link, branch, above)
        } else {
            child.pointee = nil
        }
        CPVM.free(leaf)
        return true
    }

    /// The index of a branch's only child beside one of them, nil if there are none or more.
    private static func onlyChild(_ branch: TrieNode.Pointer, but child: Link?) -> Int? {
        let children = TrieNode.children(branch)
        guard TrieNode.childCount(branch, but: child) == 1 else { return nil }
        return (0..<16).first { children[$0] != nil && children + $0 != child }
    }

    /// A branch with one child left is none: it becomes one node with it, and with the extension above.
    private static func collapse(_ link: Link, _ branch: TrieNode.Pointer, _ above: Link?, to last: Int) -> Bool {
        guard let child = TrieNode.children(branch)[last] else { return false }
        let prefix = above.flatMap { $0.pointee }.map { TrieNode.path($0) } ?? Nibbles()
        guard let joined = join(prefix, UInt8(truncatingIfNeeded: last), child) else { return false }
        put(joined, in: link, branch, above)
        if child.pointee.kind != .branch { CPVM.free(child) }
        return true
    }

    /// Puts a node in the place of a branch and of the extension above it.
    private static func put(_ node: TrieNode.Pointer, in link: Link, _ branch: TrieNode.Pointer, _ above: Link?) {
        if let above {
            CPVM.free(above.pointee)
            above.pointee = node
        } else {
            link.pointee = node
        }
        CPVM.free(branch)
    }

    /// `child` behind a path and a nibble: an extension before a branch, else a copy of the child with a longer path.
    private static func join(_ prefix: Nibbles, _ nibble: UInt8, _ child: TrieNode.Pointer) -> TrieNode.Pointer? {
        let own = child.pointee.kind == .branch ? Nibbles() : TrieNode.path(child)
        let count = prefix.count + 1 + own.count
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * maxKeyOctets) { room -> TrieNode.Pointer? in
            let base = room.baseAddress.unsafelyUnwrapped
            for index in 0..<prefix.count { base[index] = prefix[index] }
            base[prefix.count] = nibble
            for index in 0..<own.count { base[prefix.count + 1 + index] = own[index] }
            let path = Nibbles(base: base, count: count)
            guard child.pointee.kind == .branch else { return TrieNode.copy(child, path: path, value: TrieNode.value(child)) }
            guard let ext = TrieNode.create(.ext, path: path) else { return nil }
            TrieNode.children(ext)[0] = child
            return ext
        }
    }
}
