import EVMState
import Foundation
import VMCommon

extension Command {
    static func trieFailure(_ test: VectorCase) throws(ValueError) -> String? {
        let content = try test.value.required("in") { $0 }
        if let queries = try test.value.optional("tests", Values.list(of: Values.list(of: Values.text))) {
            return orderFailure(try within("in") { () throws(ValueError) in try Values.list(of: Values.text)(content) }, queries)
        }
        let expected = try test.value.required("root", Values.hash).hex
        let isSecure = test.file.lowercased().contains("secure")
        var pairs: [(key: [UInt8], value: [UInt8])] = []
        try within("in") { () throws(ValueError) in
            if content.isObject {
                pairs = try Values.map(octets, by: { $0 }, octets)(content).map { ($0.key, $0.value) }
            } else {
                // Null for a value takes the key away.
                let item: ValueParser<[UInt8]> = { json throws(ValueError) in json.isNull ? [] : try octets(json) }
                pairs = try Values.list { pair throws(ValueError) in
                    let items = try Values.list(of: item)(pair)
                    guard items.count == 2 else { throw ValueError("a key and a value are wanted") }
                    return (items[0], items[1])
                }(content)
            }
        }
        if isSecure { pairs = pairs.map { (hash($0.key), $0.value) } }
        // A list has an order, an object has none.
        var orders = [pairs]
        if content.isObject { orders += [pairs.reversed(), pairs.sorted { hexText($0.key) < hexText($1.key) }] }
        for order in orders {
            for detours in [false, true] {
                guard let root = root(of: order, detours: detours) else { return "the trie cannot be built" }
                let found = "0x" + hexText(root)
                if found != expected { return "expected root \(expected), found \(found)\(detours ? " after removals" : "")" }
            }
        }
        return nil
    }

    /// A text with 0x stands for the octets behind it, any other for its own.
    private static func octets(_ value: JSONValue) throws(ValueError) -> [UInt8] {
        let text = try Values.text(value)
        return text.hasPrefix("0x") ? try Values.bytes(value) : Array(text.utf8)
    }

    private static func hash(_ octets: [UInt8]) -> [UInt8] {
        octets.withUnsafeBytes { keccak($0) }.withOctets { Array(UnsafeRawBufferPointer(start: $0, count: 32)) }
    }

    /// With detours, a key that begins or continues the last one comes and goes between the pairs, and the root is asked for
    /// at every step, so that a hash that was kept wrongly would show.
    private static func root(of pairs: [(key: [UInt8], value: [UInt8])], detours: Bool) -> [UInt8]? {
        var trie = Trie()
        var writer = RLPWriter()
        defer {
            trie.free()
            writer.free()
        }
        var all: [[UInt8]: [UInt8]] = [:]
        func set(_ key: [UInt8], _ value: [UInt8]) -> Bool {
            key.withUnsafeBytes { key in value.withUnsafeBytes { value in trie.set(key, value) } }
        }
        for (key, value) in pairs {
            guard set(key, value) else { return nil }
            all[key] = value
            guard detours else { continue }
            for other in [key + [0x10], key.dropLast(), key.dropLast() + [(key.last ?? 0) ^ 1]] where all[Array(other)] == nil {
                guard set(Array(other), [1, 2, 3]), trie.hash(&writer) != nil, set(Array(other), []), trie.hash(&writer) != nil else { return nil }
            }
        }
        for (key, value) in all {
            let found = key.withUnsafeBytes { trie.get($0).map { Array($0) } }
            guard found == (value.isEmpty ? nil : value) else { return nil }
        }
        return trie.hash(&writer).map { root in root.withOctets { Array(UnsafeRawBufferPointer(start: $0, count: 32)) } }
    }

    /// Queries are a key, the key before it and the key after it, "" for none.
    private static func orderFailure(_ keys: [String], _ queries: [[String]]) -> String? {
        var trie = Trie()
        var found = ByteBuffer()
        defer {
            trie.free()
            found.free()
        }
        for key in keys {
            let octets = Array(key.utf8)
            guard octets.withUnsafeBytes({ trie.set($0, $0) }) else { return "the trie cannot be built" }
        }
        for words in queries {
            guard words.count == 3 else { return "a query is incomplete" }
            for (direction, expected) in [(TrieDirection.previous, words[1]), (.next, words[2])] {
                let text = Array(words[0].utf8).withUnsafeBytes { key in
                    trie.neighbour(direction, of: key, &found).map { String(decoding: $0, as: UTF8.self) } ?? ""
                }
                if text != expected { return "\(direction) of '\(words[0])': expected '\(expected)', found '\(text)'" }
            }
        }
        return nil
    }
}
