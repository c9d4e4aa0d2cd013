/// Octets as hexadecimal text and back.

/// Pairs of digits to octets; spaces may stand between pairs. Nil if there is anything else.
func hexOctets(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var octets: [UInt8] = []
    var high: UInt8?
    for character in text {
        if character == UInt8(ascii: " "), high == nil { continue }
        guard let digit = hexDigit(character) else { return nil }
        if let first = high {
            octets.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    return high == nil ? octets : nil
}

func hexDigit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}

func hexText(_ octets: some Collection<UInt8>, separator: String = "") -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(octets.count * (2 + separator.utf8.count))
    for octet in octets {
        if !text.isEmpty { text += separator.utf8 }
        text.append(digits[Int(octet >> 4)])
        text.append(digits[Int(octet & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
