import VMCommon

/// `deblob` backwards (Gray Paper appendix A): E(|j|) E_1(z) E(|c|) E_z(j) E(c) E(k), for a program that was made of its parts.
extension Program {
    /// False if memory is short.
    func writeBlob(to blob: inout ByteBuffer) -> Bool {
        let entrySize: UInt8 = 4
        var done = blob.append(natural: UInt64(truncatingIfNeeded: jumpTableCount)) && blob.append(entrySize)
            && blob.append(natural: UInt64(truncatingIfNeeded: view.count))
        for index in 0..<jumpTableCount {
            for byte in 0..<entrySize { done = done && blob.append(UInt8(truncatingIfNeeded: jumpTable![index] >> UInt32(8 * byte))) }
        }
        return done && blob.append(view.code, count: view.count) && blob.append(view.bitmask, count: (view.count + 7) / 8)
    }
}

extension ByteBuffer {
    /// The Gray Paper's variable-length natural number E (serialisation appendix), which `ByteReader.natural` reads.
    fileprivate mutating func append(natural number: UInt64) -> Bool {
        var following = 0
        while following < 8, number >= 1 << UInt64(truncatingIfNeeded: 7 * (following + 1)) { following += 1 }
        let ones = UInt8(truncatingIfNeeded: 0xff00 >> following)
        let high = following == 8 ? 0 : UInt8(truncatingIfNeeded: number >> UInt64(truncatingIfNeeded: 8 * following))
        var done = append(ones | high)
        for byte in 0..<following { done = done && append(UInt8(truncatingIfNeeded: number >> UInt64(truncatingIfNeeded: 8 * byte))) }
        return done
    }
}
