import VMCommon

/// A place in the order of a trie's keys, which is that of their octets, a key before those that it begins.
public enum TrieDirection {
    case next, previous
}

extension Trie {
    /// The key that follows `key` or comes before it, which need not be in the trie itself; nil `key` asks for the first or the
    /// last one. The octets are written to `found`. Nil if there is none or memory is short.
    public func neighbour(_ direction: TrieDirection, of key: UnsafeRawBufferPointer?, _ found: inout ByteBuffer) -> UnsafeRawBufferPointer? {
        var path = ByteBuffer()
        defer { path.free() }
        let hit: Bool
        if let key {
            guard key.count <= Trie.maxKeyOctets else { return nil }
            hit = Trie.withNibbles(key) { Trie.search(root, $0, direction, &path) }
        } else {
            hit = Trie.edge(root, direction, &path)
        }
        guard hit, path.count % 2 == 0 else { return nil }
        found.shrink(to: 0)
        for index in 0..<path.count / 2 where !found.append(path[2 * index] << 4 | path[2 * index + 1]) { return nil }
        return found.bytes
    }

    /// Adds to `path` the way to the first key below `node`, or to the last one if `direction` is back.
    private static func edge(_ node: TrieNode.Pointer?, _ direction: TrieDirection, _ path: inout ByteBuffer) -> Bool {
        var next = node
        while let node = next {
            let own = TrieNode.path(node)
            guard path.append(own.base, count: own.count) else { return false }
            if node.pointee.kind == .leaf { return true }
            let children = TrieNode.children(node)
            if node.pointee.kind == .ext {
                next = children[0]
                continue
            }
            if direction == .next, node.pointee.valueLength > 0 { return true }
            let order = direction == .next ? 0 : 15
            guard let index = (0..<16).first(where: { children[$0 ^ order] != nil }) else { return true }
            guard path.append(UInt8(truncatingIfNeeded: index ^ order)) else { return false }
            next = children[index ^ order]
        }
        return false
    }

    /// The same for the first key below `node` that lies beyond `key`.
    private static func search(_ node: TrieNode.Pointer?, _ key: Nibbles, _ direction: TrieDirection, _ path: inout ByteBuffer) -> Bool {
        guard let node else { return false }
        let start = path.count
        let own = TrieNode.path(node)
        let common = own.common(key)
        if common < own.count || node.pointee.kind == .leaf {
            // All keys below lie on one side of `key`, or the one key is it.
            let isBeyond = common < own.count
                ? (common == key.count || own[common] > key[common]) == (direction == .next)
                : common < key.count && direction == .previous
            return isBeyond && edge(node, direction, &path)
        }
        let rest = key.from(common)
        let children = TrieNode.children(node)
        guard path.append(own.base, count: own.count) else { return false }
        if node.pointee.kind == .ext {
            if search(children[0], rest, direction, &path) { return true }
            path.shrink(to: start)
            return false
        }
        let branch = path.count
        if rest.count > 0 {
            guard path.append(rest[0]) else { return false }
            if search(children[Int(rest[0])], rest.from(1), direction, &path) { return true }
            path.shrink(to: branch)
        }
        let candidates = direction == .next ? (rest.count > 0 ? Int(rest[0]) + 1 : 0)..<16 : 0..<(rest.count > 0 ? Int(rest[0]) : 0)
        for step in 0..<candidates.count {
            let index = direction == .next ? candidates.lowerBound + step : candidates.upperBound - 1 - step
            guard children[index] != nil else { continue }
            return path.append(UInt8(truncatingIfNeeded: index)) && edge(children[index], direction, &path)
        }
        // Before all that a branch leads to comes the value in the branch.
        if direction == .previous, rest.count > 0, node.pointee.valueLength > 0 { return true }
        path.shrink(to: start)
        return false
    }
}
