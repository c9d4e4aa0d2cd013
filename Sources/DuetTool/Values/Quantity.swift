import VMCommon

/// Numbers as Ethereum's files write them: 0x and hexadecimal digits, or decimal digits alone. Leading zeros say nothing; an empty
/// text is zero (go-ethereum's HexOrDecimal64 and HexOrDecimal256).
enum Quantity {
    /// What decimal digits alone are: a number, or a mistake where a format has hexadecimal numbers only (go-ethereum's hexutil).
    enum Form { case hexadecimalOrDecimal, hexadecimal }

    /// `isTooLarge` tells numbers that are written well from what is none.
    struct Mistake: Error {
        let isTooLarge: Bool
        let reason: String
    }

    typealias Digits = UnsafeBufferPointer<UInt8>

    static func number256(_ text: Digits, _ form: Form = .hexadecimalOrDecimal) throws(Mistake) -> U256 {
        if text.isEmpty { return .zero }
        if let digits = behindPrefix(text) { return try hexadecimal(digits, of: text) }
        guard form == .hexadecimalOrDecimal else {
            throw Mistake(isTooLarge: false, reason: "\(ValueError.quoted(text)) is no hexadecimal number with 0x in front")
        }
        return try decimal(text)
    }

    static func number64(_ text: Digits, _ form: Form = .hexadecimalOrDecimal) throws(Mistake) -> UInt64 {
        let number = try number256(text, form)
        guard number.fitsOneLimb else { throw Mistake(isTooLarge: true, reason: "\(ValueError.quoted(text)) exceeds 64 bits") }
        return number.limb0
    }

    /// The digits behind 0x, nil if there is no 0x.
    static func behindPrefix(_ text: Digits) -> Digits? {
        guard text.count >= 2, text[0] == UInt8(ascii: "0"), text[1] | 0x20 == UInt8(ascii: "x") else { return nil }
        return Digits(rebasing: text[2...])
    }

    private static func hexadecimal(_ digits: Digits, of text: Digits) throws(Mistake) -> U256 {
        guard !digits.isEmpty, digits.allSatisfy({ hexDigit($0) != nil }) else { throw noNumber(text) }
        let significant = Digits(rebasing: digits.drop { $0 == UInt8(ascii: "0") })
        guard significant.count <= 64 else { throw tooLarge(text) }
        var number = U256.zero
        for digit in significant { number = U256.shiftLeft(number, bits: 4) | U256(UInt64(hexDigit(digit)!)) }
        return number
    }

    private static func decimal(_ text: Digits) throws(Mistake) -> U256 {
        guard text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { throw noNumber(text) }
        let significant = Digits(rebasing: text.drop { $0 == UInt8(ascii: "0") })
        // 2^256 has 78 digits.
        guard significant.count <= 78 else { throw tooLarge(text) }
        var number = U256.zero
        for digit in significant {
            let product = U256.multiplyFull(number, U256(10))
            let (sum, carry) = U256.addingWithCarry(product.low, U256(UInt64(digit - UInt8(ascii: "0"))))
            guard product.high.isZero, carry == 0 else { throw tooLarge(text) }
            number = sum
        }
        return number
    }

    private static func noNumber(_ text: Digits) -> Mistake {
        Mistake(isTooLarge: false, reason: "\(ValueError.quoted(text)) is no number: neither 0x and hexadecimal digits nor decimal digits")
    }

    private static func tooLarge(_ text: Digits) -> Mistake { Mistake(isTooLarge: true, reason: "\(ValueError.quoted(text)) exceeds 256 bits") }
}

/// The same for texts that come from elsewhere than a JSON file.
extension Quantity {
    static func number256(_ text: String, _ form: Form = .hexadecimalOrDecimal) throws(Mistake) -> U256 {
        try Array(text.utf8).withUnsafeBufferPointer { digits throws(Mistake) in try number256(digits, form) }
    }

    static func number64(_ text: String, _ form: Form = .hexadecimalOrDecimal) throws(Mistake) -> UInt64 {
        try Array(text.utf8).withUnsafeBufferPointer { digits throws(Mistake) in try number64(digits, form) }
    }
}
