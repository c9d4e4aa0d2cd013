import CPVM
import EVMPrecompiles
import VMCommon

/// The log series of a transaction (Yellow Paper, 4.3.1). Topics and data of all entries stand one after the other.
struct LogStore {
    struct Entry {
        let address: Address
        let firstTopic: Int
        let topics: Int
        let firstOctet: Int
        let octets: Int
    }

    private var entries = Vector<Entry>()
    private var topics = Vector<Bytes32>()
    private var data = ByteBuffer()

    mutating func free() {
        entries.free()
        topics.free()
        data.free()
    }

    mutating func clear() {
        entries.clear()
        topics.clear()
        data.clear()
    }

    var count: Int { entries.count }

    /// False if memory is short.
    mutating func append(_ address: Address, topics given: UnsafePointer<Bytes32>?, count: Int, data bytes: UnsafeRawBufferPointer) -> Bool {
        let entry = Entry(address: address, firstTopic: topics.count, topics: count, firstOctet: data.count, octets: bytes.count)
        guard entries.append(entry) else { return false }
        if topics.append(given, count: count), data.append(bytes) { return true }
        shrink(to: entries.count - 1)
        return false
    }

    mutating func shrink(to count: Int) {
        guard count < entries.count else { return }
        topics.shrink(to: entries[count].firstTopic)
        data.shrink(to: entries[count].firstOctet)
        entries.shrink(to: count)
    }

    func address(_ index: Int) -> Address { entries[index].address }

    func topics(_ index: Int) -> UnsafeBufferPointer<Bytes32> {
        let entry = entries[index]
        return UnsafeBufferPointer(start: entry.topics == 0 ? nil : UnsafePointer(topics.pointer(entry.firstTopic)), count: entry.topics)
    }

    func data(_ index: Int) -> UnsafeRawBufferPointer {
        let entry = entries[index]
        return UnsafeRawBufferPointer(rebasing: data.bytes[entry.firstOctet..<entry.firstOctet + entry.octets])
    }

    // MARK: What receipts hold

    /// The list of all entries, each address, topics and data.
    func write(_ writer: inout RLPWriter) {
        let list = writer.beginList()
        for index in 0..<count {
            let entry = writer.beginList()
            writer.address(address(index))
            let topicList = writer.beginList()
            for topic in topics(index) { writer.bytes32(topic) }
            writer.endList(topicList)
            writer.string(data(index))
            writer.endList(entry)
        }
        writer.endList(list)
    }

    /// The bloom filter over addresses and topics: 2048 bits, the first octet holding the highest.
    func addBloom(to bloom: UnsafeMutablePointer<UInt8>) {
        for index in 0..<count {
            address(index).withOctets { LogStore.add(UnsafeRawBufferPointer(start: $0, count: Address.octets), bloom) }
            for topic in topics(index) { topic.withOctets { LogStore.add(UnsafeRawBufferPointer(start: $0, count: 32), bloom) } }
        }
    }

    /// Sets the three bits that the first three pairs of octets of the hash name, modulo 2048.
    private static func add(_ bytes: UnsafeRawBufferPointer, _ bloom: UnsafeMutablePointer<UInt8>) {
        keccak(bytes).withOctets { hash in
            for pair in 0..<3 {
                let bit = Int(UInt16(bigEndian: hash.load(fromByteOffset: 2 * pair, as: UInt16.self)) & 2047)
                bloom[255 - bit / 8] |= 1 << UInt8(truncatingIfNeeded: bit % 8)
            }
        }
    }
}
