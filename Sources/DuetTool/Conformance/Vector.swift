/// A test case: a program, what is done to its machine, and what must then be seen.
struct Vector {
    var name: String
    var initialPC: UInt32
    var initialGas: Int64
    /// A blob.
    var program: [UInt8]
    var steps: [Step]
    /// The gas of every basic block by its first octet, if the case lists them.
    var blockGas: [UInt32: UInt64]?
    /// For a fault in a case that charges blocks as a whole and in advance.
    var wholeBlock: WholeBlockCharge?

    enum Step {
        case map(PageRange)
        case write(MemoryChunk)
        case setRegister(Int, UInt64)
        case run
        case check(Expectation)
    }

    struct Expectation {
        var status: String?
        var gas: Int64?
        var pc: UInt32?
        var registers: [UInt64]?
        var memory: [MemoryChunk] = []
        var faultAddress: UInt32?
        var hostCall: UInt32?
    }

    /// The w3f-v0.4 vectors charge a basic block when it is entered, so a page fault leaves the instructions behind it paid as
    /// well. The Gray Paper 0.7.2 charges instruction by instruction. The exact gas is therefore the vector's plus what it charges
    /// for the rest of the block, and the vector's own value is right if it is what was run plus that rest.
    struct WholeBlockCharge {
        /// Gas that the vector takes.
        var charged: Int64
        /// Instructions of the block behind the one that faulted.
        var rest: Int64
    }
}

struct PageRange: Decodable {
    var address: UInt32
    var length: UInt32
    var isWritable: Bool

    enum CodingKeys: String, CodingKey, CaseIterable {
        case address, length
        case isWritable = "is-writable"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        address = try members.decode(UInt32.self, forKey: .address)
        length = try members.decode(UInt32.self, forKey: .length)
        isWritable = try members.decode(Bool.self, forKey: .isWritable)
    }
}

struct MemoryChunk: Decodable {
    var address: UInt32
    var contents: [UInt8]

    enum CodingKeys: String, CodingKey, CaseIterable { case address, contents }

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        address = try members.decode(UInt32.self, forKey: .address)
        contents = try members.decode([UInt8].self, forKey: .contents)
    }
}

extension Decoder {
    /// The members of an object that may have these keys and no others: an assertion that nobody reads must not pass unseen.
    func members<Key: CodingKey & CaseIterable>(_: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let known = Set(Key.allCases.map { $0.stringValue })
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(.init(codingPath: codingPath, debugDescription: "unknown key '\(key.stringValue)'"))
        }
        return try container(keyedBy: Key.self)
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
