import CPVM
import VMCommon

/// Makes a value of one type of a JSON value, or says why that cannot be done. These are the only ones: nothing else in the tool reads
/// numbers, addresses, hashes or bytes of files.
typealias ValueParser<Value> = (JSONValue) throws(ValueError) -> Value

enum Values {
    // MARK: Numbers

    /// HexOrDecimal256. JSON numbers are numbers.
    static func quantity256(_ value: JSONValue) throws(ValueError) -> U256 { try number256(value, .hexadecimalOrDecimal) }

    /// HexOrDecimal64.
    static func quantity64(_ value: JSONValue) throws(ValueError) -> UInt64 { try number64(value, .hexadecimalOrDecimal) }

    /// hexutil.Big, of at most 256 bits: texts are hexadecimal with 0x.
    static func hexQuantity256(_ value: JSONValue) throws(ValueError) -> U256 { try number256(value, .hexadecimal) }

    /// hexutil.Uint64.
    static func hexQuantity64(_ value: JSONValue) throws(ValueError) -> UInt64 { try number64(value, .hexadecimal) }

    /// A number that EVMC keeps in 63 bits.
    static func quantity63(_ value: JSONValue) throws(ValueError) -> Int64 {
        let number = try quantity64(value)
        guard let number = Int64(exactly: number) else { throw ValueError("\(ValueError.quoted(value.raw)) exceeds 63 bits") }
        return number
    }

    static func quantity32(_ value: JSONValue) throws(ValueError) -> UInt32 {
        let number = try quantity64(value)
        guard let number = UInt32(exactly: number) else { throw ValueError("\(ValueError.quoted(value.raw)) exceeds 32 bits") }
        return number
    }

    /// A place in an array.
    static func index(_ value: JSONValue) throws(ValueError) -> Int { Int(try quantity63(value)) }

    private static func number256(_ value: JSONValue, _ form: Quantity.Form) throws(ValueError) -> U256 {
        try digits(value) { digits throws(ValueError) in
            do throws(Quantity.Mistake) { return try Quantity.number256(digits, value.isNumber ? .hexadecimalOrDecimal : form) } catch {
                throw ValueError(error.reason)
            }
        }
    }

    private static func number64(_ value: JSONValue, _ form: Quantity.Form) throws(ValueError) -> UInt64 {
        try digits(value) { digits throws(ValueError) in
            do throws(Quantity.Mistake) { return try Quantity.number64(digits, value.isNumber ? .hexadecimalOrDecimal : form) } catch {
                throw ValueError(error.reason)
            }
        }
    }

    private static func digits<Number>(_ value: JSONValue, _ work: (Quantity.Digits) throws(ValueError) -> Number) throws(ValueError) -> Number {
        guard value.isText || value.isNumber else { throw ValueError("a number is wanted, not \(value.kindName)") }
        return try value.withText(work)
    }

    // MARK: Bytes

    static func bytes(_ value: JSONValue) throws(ValueError) -> [UInt8] { try hex(value, "a string of bytes", HexText.bytes) }
    static func address(_ value: JSONValue) throws(ValueError) -> evmc_address { try hex(value, "an address", HexText.address) }
    static func hash(_ value: JSONValue) throws(ValueError) -> evmc_bytes32 { try hex(value, "a string of 32 bytes", HexText.hash) }
    static func storageWord(_ value: JSONValue) throws(ValueError) -> evmc_bytes32 { try hex(value, "a word of storage", HexText.storageWord) }

    private static func hex<Value>(_ value: JSONValue, _ what: String, _ parse: (HexText.Digits) throws(HexText.Mistake) -> Value)
        throws(ValueError) -> Value {
        guard value.isText else { throw ValueError("\(what) is wanted, not \(value.kindName)") }
        return try value.withText { text throws(ValueError) in
            do throws(HexText.Mistake) { return try parse(text) } catch { throw ValueError(error.reason) }
        }
    }

    // MARK: Others

    static func text(_ value: JSONValue) throws(ValueError) -> String {
        guard value.isText else { throw ValueError("a text is wanted, not \(value.kindName)") }
        return value.string
    }

    static func flag(_ value: JSONValue) throws(ValueError) -> Bool {
        guard value.isTrue || value.isFalse else { throw ValueError("true or false is wanted, not \(value.kindName)") }
        return value.isTrue
    }

    static func object(_ value: JSONValue) throws(ValueError) -> JSONValue {
        guard value.isObject else { throw ValueError("an object is wanted, not \(value.kindName)") }
        return value
    }

    static func list<Value>(of parse: @escaping ValueParser<Value>) -> ValueParser<[Value]> {
        { value throws(ValueError) in
            guard value.isArray else { throw ValueError("an array is wanted, not \(value.kindName)") }
            var list: [Value] = []
            for element in value.elements {
                do throws(ValueError) { list.append(try parse(element)) } catch { throw error.within("[\(list.count)]") }
            }
            return list
        }
    }

    /// An object whose names are values themselves. Two names for one value are refused: one of them would be lost.
    static func map<Key, Value, Identity: Hashable>(
        _ key: @escaping ValueParser<Key>, by identity: @escaping (Key) -> Identity, _ value: @escaping ValueParser<Value>
    ) -> ValueParser<[(key: Key, value: Value)]> {
        { object throws(ValueError) in
            var pairs: [(key: Key, value: Value)] = []
            var seen: Set<Identity> = []
            for (name, member) in try Values.object(object).members {
                do throws(ValueError) {
                    let key = try key(name)
                    guard seen.insert(identity(key)).inserted else { throw ValueError("it is given twice") }
                    pairs.append((key, try value(member)))
                } catch { throw error.within(name.string) }
            }
            return pairs
        }
    }
}

extension JSONValue {
    /// A member of an object, nil if there is none or it is null. Two of one name are refused: one of them would be lost.
    func member(_ name: StaticString) throws(ValueError) -> JSONValue? {
        var found: JSONValue?
        for (key, value) in try Values.object(self).members where key.isText(name) {
            guard found == nil else { throw ValueError("it is given twice").within("\(name)") }
            found = value
        }
        return found.flatMap { $0.isNull ? nil : $0 }
    }

    /// Refuses members of other names, which would be mistyped ones.
    func allow(_ names: [String]) throws(ValueError) {
        for (key, _) in try Values.object(self).members where !names.contains(key.string) {
            throw ValueError("there is no such member, only \(names.joined(separator: ", "))").within(key.string)
        }
    }

    /// The same by a name that is not known beforehand.
    func member(named name: String) throws(ValueError) -> JSONValue? {
        var found: JSONValue?
        for (key, value) in try Values.object(self).members where key.string == name {
            guard found == nil else { throw ValueError("it is given twice").within(name) }
            found = value
        }
        return found.flatMap { $0.isNull ? nil : $0 }
    }

    func optional<Value>(_ name: StaticString, _ parse: ValueParser<Value>) throws(ValueError) -> Value? {
        guard let value = try member(name) else { return nil }
        return try within("\(name)") { () throws(ValueError) in try parse(value) }
    }

    func required<Value>(_ name: StaticString, _ parse: ValueParser<Value>) throws(ValueError) -> Value {
        guard let value = try optional(name, parse) else { throw ValueError("it is missing").within("\(name)") }
        return value
    }
}
