import CPVM
import EVMPrecompiles
import VMCommon

/// Contract code, held once for each hash.
struct Code {
    let hash: Bytes32
    let octets: UnsafeMutablePointer<UInt8>?
    let count: Int

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: octets, count: count) }

    /// The EVM runs no longer one.
    static let longest = 1 << 28

    /// KEC(()): the code hash of an account without code.
    static var emptyHash: Bytes32 {
        Bytes32(U256(0x7bfa_d804_5d85_a470, 0xe500_b653_ca82_273b, 0x927e_7db2_dcc7_03c0, 0xc5d2_4601_86f7_233c))
    }
}

/// The code of all accounts of a state. The first entry is the empty code.
///
/// Code that no account has stays until `sweep`, at the end of the transaction: until then it may run, and the journal may bring it back.
struct CodeStore {
    private struct Entry {
        var code: Code
        /// Accounts that have it.
        var uses = 0
        /// Is it in the list of those that `sweep` looks at?
        var isListed = false
        /// The next one of that list, or of the entries that are not in use.
        var next: UInt32 = 0
    }

    private var entries = Vector<Entry>()
    private var table = IndexTable()
    private let seed: KeyHash.Seed
    // Two lists; the empty code is in neither and ends them.
    private var listed: UInt32 = 0
    private var unused: UInt32 = 0

    /// Nil if memory is short.
    init?(seed: KeyHash.Seed) {
        self.seed = seed
        guard entries.append(Entry(code: Code(hash: Code.emptyHash, octets: nil, count: 0))) else { return nil }
        guard table.insert(KeyHash.hash(Code.emptyHash, seed), 0) else {
            entries.free()
            return nil
        }
    }

    mutating func free() {
        for index in 0..<entries.count { CPVM.free(entries[index].code.octets) }
        entries.free()
        table.free()
    }

    subscript(_ index: UInt32) -> Code { entries[Int(index)].code }

    /// The index of the code, entered if it is new. Nil if memory is short.
    mutating func enter(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
        guard bytes.count > 0, let base = bytes.baseAddress else { return 0 }
        let codeHash = keccak(bytes)
        let hash = KeyHash.hash(codeHash, seed)
        if let index = table.find(hash, { entries[$0].code.hash == codeHash }) { return UInt32(truncatingIfNeeded: index) }
        let index = unused != 0 ? unused : UInt32(truncatingIfNeeded: entries.count)
        guard entries.count < Int(UInt32.max), entries.reserve(1), let copy = malloc(bytes.count) else { return nil }
        guard table.insert(hash, Int(index)) else {
            CPVM.free(copy)
            return nil
        }
        memcpy(copy, base, bytes.count)
        let entry = Entry(code: Code(hash: codeHash, octets: copy.assumingMemoryBound(to: UInt8.self), count: bytes.count))
        if unused != 0 {
            unused = entries[Int(index)].next
            entries[Int(index)] = entry
        } else {
            _ = entries.append(entry)
        }
        list(index)
        return index
    }

    /// An account has this code from now on instead of the other.
    mutating func exchange(_ old: UInt32, for new: UInt32) {
        entries.pointer(Int(new)).pointee.uses += 1
        entries.pointer(Int(old)).pointee.uses -= 1
        if entries[Int(old)].uses <= 0 { list(old) }
    }

    private mutating func list(_ index: UInt32) {
        guard index != 0, !entries[Int(index)].isListed else { return }
        entries.pointer(Int(index)).pointee.isListed = true
        entries.pointer(Int(index)).pointee.next = listed
        listed = index
    }

    /// Gives up code that no account has.
    mutating func sweep() {
        while listed != 0 {
            let index = listed
            let entry = entries.pointer(Int(index))
            listed = entry.pointee.next
            entry.pointee.isListed = false
            guard entry.pointee.uses <= 0 else { continue }
            table.remove(KeyHash.hash(entry.pointee.code.hash, seed), Int(index))
            CPVM.free(entry.pointee.code.octets)
            entry.pointee = Entry(code: Code(hash: Bytes32(), octets: nil, count: 0), next: unused)
            unused = index
        }
    }
}
