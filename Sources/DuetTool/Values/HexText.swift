import CPVM

/// Strings of bytes as Ethereum's files write them: hexadecimal digits, two for a byte, with or without 0x.
enum HexText {
    typealias Digits = UnsafeBufferPointer<UInt8>

    struct Mistake: Error { let reason: String }

    static func bytes(_ text: Digits) throws(Mistake) -> [UInt8] {
        let digits = Quantity.behindPrefix(text) ?? text
        guard digits.count % 2 == 0 else { throw Mistake(reason: "\(ValueError.quoted(text)) has an odd number of digits") }
        var isHex = true
        let bytes = [UInt8](unsafeUninitializedCapacity: digits.count / 2) { room, count in
            for index in 0..<digits.count / 2 {
                let (high, low) = (hexValues[Int(digits[2 * index])], hexValues[Int(digits[2 * index + 1])])
                if high | low > 15 { isHex = false }
                room[index] = high << 4 | low & 15
            }
            count = digits.count / 2
        }
        guard isHex else { throw Mistake(reason: "\(ValueError.quoted(text)) is no string of bytes in hexadecimal") }
        return bytes
    }

    /// Exactly 20 bytes.
    static func address(_ text: Digits) throws(Mistake) -> evmc_address {
        var address = evmc_address()
        let isGood = withUnsafeMutableBytes(of: &address) { fill($0, text, mayBeShort: false) }
        guard isGood else { throw Mistake(reason: "\(ValueError.quoted(text)) is no address: not 20 bytes in hexadecimal") }
        return address
    }

    /// Exactly 32 bytes.
    static func hash(_ text: Digits) throws(Mistake) -> evmc_bytes32 {
        var hash = evmc_bytes32()
        let isGood = withUnsafeMutableBytes(of: &hash) { fill($0, text, mayBeShort: false) }
        guard isGood else { throw Mistake(reason: "\(ValueError.quoted(text)) is not 32 bytes in hexadecimal") }
        return hash
    }

    /// A key or a value of storage: at most 32 bytes, of which leading zeros may be left out. Decimal digits are hexadecimal ones.
    static func storageWord(_ text: Digits) throws(Mistake) -> evmc_bytes32 {
        var word = evmc_bytes32()
        let isGood = withUnsafeMutableBytes(of: &word) { fill($0, text, mayBeShort: true) }
        guard isGood else { throw Mistake(reason: "\(ValueError.quoted(text)) is no word of storage: not at most 32 bytes in hexadecimal") }
        return word
    }

    /// Fills from the right.
    private static func fill(_ room: UnsafeMutableRawBufferPointer, _ text: Digits, mayBeShort: Bool) -> Bool {
        let digits = Quantity.behindPrefix(text) ?? text
        guard mayBeShort ? digits.count <= 2 * room.count : digits.count == 2 * room.count else { return false }
        var position = 2 * room.count
        for digit in digits.reversed() {
            let value = hexValues[Int(digit)]
            guard value < 16 else { return false }
            position -= 1
            room[position / 2] |= position % 2 == 0 ? value << 4 : value
        }
        return true
    }

    private static let hexValues: [UInt8] = (0...255).map { hexDigit(UInt8($0)) ?? 0xff }
}

/// The same for texts that come from elsewhere than a JSON file.
extension HexText {
    static func address(_ text: String) throws(Mistake) -> evmc_address {
        try Array(text.utf8).withUnsafeBufferPointer { digits throws(Mistake) in try address(digits) }
    }
}
