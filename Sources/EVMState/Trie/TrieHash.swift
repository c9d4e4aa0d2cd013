import CPVM
import EVMPrecompiles
import VMCommon

/// The Keccak-256 hash of some octets.
public func keccak(_ bytes: UnsafeRawBufferPointer) -> Bytes32 {
    var hash = Bytes32()
    withUnsafeMutableBytes(of: &hash) { room in
        keccak256(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                  room.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self))
    }
    return hash
}

extension Trie {
    /// The root hash. `writer` is room to work in, shared between tries. Nil if memory is short.
    public func hash(_ writer: inout RLPWriter) -> Bytes32? {
        guard let root else { return Trie.emptyRoot }
        guard Trie.refer(root, &writer) else { return nil }
        // Only nodes below the root stand in their parents by their encoding.
        if root.pointee.referenceLength == 32 { return root.pointee.reference }
        return root.pointee.reference.withOctets { keccak(UnsafeRawBufferPointer(start: $0, count: Int(root.pointee.referenceLength))) }
    }

    /// Makes the references of a node and of everything below it that changed. As deep as the longest key has nibbles.
    private static func refer(_ node: TrieNode.Pointer, _ writer: inout RLPWriter) -> Bool {
        guard node.pointee.referenceLength == 0 else { return true }
        let children = TrieNode.children(node)
        for index in 0..<TrieNode.childCount(node.pointee.kind) {
            if let child = children[index], !refer(child, &writer) { return false }
        }
        writer.clear()
        encode(node, &writer)
        guard !writer.failed else { return false }
        let encoding = writer.bytes
        if encoding.count < 32 {
            withUnsafeMutableBytes(of: &node.pointee.reference) { $0.copyMemory(from: encoding) }
            node.pointee.referenceLength = UInt8(truncatingIfNeeded: encoding.count)
        } else {
            node.pointee.reference = keccak(encoding)
            node.pointee.referenceLength = 32
        }
        return true
    }

    private static func encode(_ node: TrieNode.Pointer, _ writer: inout RLPWriter) {
        let value = TrieNode.value(node)
        let list = writer.beginList()
        switch node.pointee.kind {
        case .leaf:
            path(TrieNode.path(node), isLeaf: true, &writer)
            writer.string(value)
        case .ext:
            path(TrieNode.path(node), isLeaf: false, &writer)
            reference(TrieNode.children(node)[0], &writer)
        case .branch:
            let children = TrieNode.children(node)
            for index in 0..<16 { reference(children[index], &writer) }
            writer.string(value)
        }
        writer.endList(list)
    }

    private static func reference(_ child: TrieNode.Pointer?, _ writer: inout RLPWriter) {
        guard let child else { return writer.emptyString() }
        let length = Int(child.pointee.referenceLength)
        child.pointee.reference.withOctets { octets in
            let bytes = UnsafeRawBufferPointer(start: octets, count: length)
            // An encoding that is no longer than a hash would be stands as it is: it is a list already.
            if length == 32 { writer.string(bytes) } else { writer.raw(bytes) }
        }
    }

    /// Hex-prefix encoding (Yellow Paper, appendix C): a flag nibble, a zero nibble if the count is even, the path.
    private static func path(_ path: Nibbles, isLeaf: Bool, _ writer: inout RLPWriter) {
        let octets = path.count / 2 + 1
        withUnsafeTemporaryAllocation(byteCount: maxKeyOctets + 1, alignment: 1) { room in
            let flags: UInt8 = isLeaf ? 0x20 : 0
            let odd = path.count % 2
            room[0] = odd == 1 ? flags | 0x10 | path[0] : flags
            for index in 1..<octets { room[index] = path[2 * index - 2 + odd] << 4 | path[2 * index - 1 + odd] }
            writer.string(UnsafeRawBufferPointer(rebasing: room[..<octets]))
        }
    }

    /// KEC(RLP("")): the root of a trie without keys.
    public static var emptyRoot: Bytes32 {
        Bytes32(U256(0x0162_2fb5_e363_b421, 0x5b48_e01b_996c_adc0, 0xff83_45e6_92c0_f86e, 0x56e8_1f17_1bcc_55a6))
    }
}
