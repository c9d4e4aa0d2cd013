import CPVM

/// The parts of an image, and their octets: what Image.swift of the library reads.
struct ImageParts {
    var format: pvm_format_t = PVM_FORMAT_STANDARD
    var metadata: [UInt8] = []
    var roData: [UInt8] = []
    var rwData: [UInt8] = []
    var heapPages: UInt64 = 0
    var stackSize: UInt64 = 0
    var jumpEntrySize: UInt64 = 0
    var jumpCount: UInt64 = 0
    /// jumpCount entries of jumpEntrySize octets each.
    var jumpTable: [UInt8] = []
    var code: [UInt8] = []
    /// Packed, least significant bit first.
    var bitmask: [UInt8] = []

    var octets: [UInt8] {
        switch format {
        case PVM_FORMAT_BLOB: blob
        case PVM_FORMAT_SERVICE: natural(UInt64(metadata.count)) + metadata + standard
        default: standard
        }
    }

    private var blob: [UInt8] {
        natural(jumpCount) + [UInt8(jumpEntrySize)] + natural(UInt64(code.count)) + jumpTable + code + bitmask
    }

    private var standard: [UInt8] {
        let blob = blob
        return fixed(UInt64(roData.count), 3) + fixed(UInt64(rwData.count), 3) + fixed(heapPages, 2) + fixed(stackSize, 3)
            + roData + rwData + fixed(UInt64(blob.count), 4) + blob
    }

    private func fixed(_ value: UInt64, _ length: Int) -> [UInt8] {
        var octets: [UInt8] = []
        Encoder.append(value, length, to: &octets)
        return octets
    }

    /// The Gray Paper's variable-length natural number.
    private func natural(_ value: UInt64) -> [UInt8] {
        for length in 0..<8 where value < 1 << UInt64(7 * (length + 1)) {
            let first = 256 - (256 >> length) + Int(value >> UInt64(8 * length))
            return [UInt8(first)] + fixed(value, length)
        }
        return [255] + fixed(value, 8)
    }
}
