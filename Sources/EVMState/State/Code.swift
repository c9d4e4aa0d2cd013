import CPVM
import EVMPrecompiles
import VMCommon

/// Contract code, held once for each hash.
struct Code {
    let hash: Bytes32
    let octets: UnsafeMutablePointer<UInt8>?
    let count: Int

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: octets, count: count) }

    /// KEC(()): the code hash of an account without code.
    static var emptyHash: Bytes32 {
        Bytes32(U256(0x7bfa_d804_5d85_a470, 0xe500_b653_ca82_273b, 0x927e_7db2_dcc7_03c0, 0xc5d2_4601_86f7_233c))
    }
}

/// All code that the accounts of a state have or had. The first entry is the empty code.
struct CodeStore {
    private var entries = Vector<Code>()
    private var table = IndexTable()
    private let seed: KeyHash.Seed

    /// Nil if memory is short.
    init?(seed: KeyHash.Seed) {
        self.seed = seed
        guard entries.append(Code(hash: Code.emptyHash, octets: nil, count: 0)) else { return nil }
        guard table.insert(KeyHash.hash(Code.emptyHash, seed), 0) else {
            entries.free()
            return nil
        }
    }

    mutating func free() {
        for index in 0..<entries.count { CPVM.free(entries[index].octets) }
        entries.free()
        table.free()
    }

    subscript(_ index: UInt32) -> Code { entries[Int(index)] }

    /// The index of the code, entered if it is new. Nil if memory is short.
    mutating func enter(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
        guard bytes.count > 0, let base = bytes.baseAddress else { return 0 }
        let codeHash = keccak(bytes)
        let hash = KeyHash.hash(codeHash, seed)
        if let index = table.find(hash, { entries[$0].hash == codeHash }) { return UInt32(index) }
        guard entries.reserve(1), let copy = malloc(bytes.count) else { return nil }
        guard table.insert(hash, entries.count) else {
            CPVM.free(copy)
            return nil
        }
        memcpy(copy, base, bytes.count)
        _ = entries.append(Code(hash: codeHash, octets: copy.assumingMemoryBound(to: UInt8.self), count: bytes.count))
        return UInt32(entries.count - 1)
    }
}
