import CPVM

/// EVMC's words as the texts of Ethereum's JSON files. The other direction is `Values`.

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

    var isZero: Bool { withUnsafeBytes(of: self) { $0.allSatisfy { $0 == 0 } } }
}

extension evmc_bytes32 {
    static func == (left: evmc_bytes32, right: evmc_bytes32) -> Bool {
        withUnsafeBytes(of: left) { left in withUnsafeBytes(of: right) { right in left.elementsEqual(right) } }
    }
}

extension evmc_address {
    var octets: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
    var hex: String { "0x" + hexText(octets) }
}

extension evmc_address {
    static func == (left: evmc_address, right: evmc_address) -> Bool {
        withUnsafeBytes(of: left) { left in withUnsafeBytes(of: right) { right in left.elementsEqual(right) } }
    }
}

extension UInt64 {
    var quantity: String { "0x" + String(self, radix: 16) }
}
