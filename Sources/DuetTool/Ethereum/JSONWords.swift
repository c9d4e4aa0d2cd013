import CPVM

/// EVMC's words from the hexadecimal texts of Ethereum's JSON files, and back.

extension JSONValue {
    /// Digits behind an optional 0x.
    private var digits: UnsafeBufferPointer<UInt8> {
        let text = raw
        guard text.count >= 2, text[0] == UInt8(ascii: "0"), text[1] == UInt8(ascii: "x") || text[1] == UInt8(ascii: "X") else { return text }
        return UnsafeBufferPointer(rebasing: text[2...])
    }

    /// A big-endian number of at most `count` octets, filled with zeros on the left; a plain JSON number is decimal. Nil if it is none.
    private func fill(_ octets: UnsafeMutablePointer<UInt8>, _ count: Int) -> Bool {
        if isNumber {
            guard let number = UInt64(string), count >= 8 else { return false }
            for index in 0..<8 { octets[count - 1 - index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
            return true
        }
        guard isText else { return false }
        let text = raw
        if text.count > 0, !(text.count >= 2 && text[1] | 0x20 == UInt8(ascii: "x")) {
            // Some files have decimal texts for numbers; addresses and hashes may come without 0x.
            if count == 32, text.count < 20, let number = UInt64(string) {
                for index in 0..<8 { octets[31 - index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
                return true
            }
        }
        let digits = digits
        var position = 2 * count
        for digit in digits.reversed() {
            guard let value = hexDigit(digit) else { return false }
            guard position > 0 else {
                if value != 0 { return false }
                continue
            }
            position -= 1
            octets[position / 2] |= position % 2 == 0 ? value << 4 : value
        }
        return true
    }

    var word: evmc_bytes32? {
        var word = evmc_bytes32()
        return withUnsafeMutableBytes(of: &word) { fill($0.baseAddress!.assumingMemoryBound(to: UInt8.self), 32) } ? word : nil
    }

    var address: evmc_address? {
        var address = evmc_address()
        return withUnsafeMutableBytes(of: &address) { fill($0.baseAddress!.assumingMemoryBound(to: UInt8.self), 20) } ? address : nil
    }

    var number: UInt64? {
        var octets: UInt64 = 0
        return withUnsafeMutableBytes(of: &octets) { fill($0.baseAddress!.assumingMemoryBound(to: UInt8.self), 8) } ? UInt64(bigEndian: octets) : nil
    }

    /// Whole octets.
    var octets: [UInt8]? {
        guard isText else { return nil }
        let digits = digits
        guard digits.count % 2 == 0 else { return nil }
        var isHex = true
        let octets = [UInt8](unsafeUninitializedCapacity: digits.count / 2) { room, count in
            for index in 0..<digits.count / 2 {
                let (high, low) = (hexValues[Int(digits[2 * index])], hexValues[Int(digits[2 * index + 1])])
                if high | low > 15 { isHex = false }
                room[index] = high << 4 | low & 15
            }
            count = digits.count / 2
        }
        return isHex ? octets : nil
    }
}

private let hexValues: [UInt8] = (0...255).map { hexDigit(UInt8($0)) ?? 0xff }

extension evmc_bytes32 {
    init(_ number: UInt64) {
        self.init()
        withUnsafeMutableBytes(of: &self) { $0.storeBytes(of: number.bigEndian, toByteOffset: 24, as: UInt64.self) }
    }

    var octets: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
    /// All 32 octets.
    var hex: String { "0x" + hexText(octets) }

    /// A number without leading zeros: "0x0", "0x1f".
    var quantity: String {
        let digits = hexText(octets).drop { $0 == "0" }
        return digits.isEmpty ? "0x0" : "0x" + digits
    }

    /// The number if it is one of 64 bits.
    var number: UInt64? {
        withUnsafeBytes(of: self) { octets in
            octets.prefix(24).allSatisfy { $0 == 0 } ? UInt64(bigEndian: octets.load(fromByteOffset: 24, as: UInt64.self)) : nil
        }
    }

    static func == (left: evmc_bytes32, right: evmc_bytes32) -> Bool {
        withUnsafeBytes(of: left) { left in withUnsafeBytes(of: right) { right in left.elementsEqual(right) } }
    }

    var isZero: Bool { withUnsafeBytes(of: self) { $0.allSatisfy { $0 == 0 } } }
}

extension evmc_address {
    var octets: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
    var hex: String { "0x" + hexText(octets) }

    static func == (left: evmc_address, right: evmc_address) -> Bool {
        withUnsafeBytes(of: left) { left in withUnsafeBytes(of: right) { right in left.elementsEqual(right) } }
    }
}

extension UInt64 {
    var quantity: String { "0x" + String(self, radix: 16) }
}
