import Foundation

/// A JSON text taken apart into a flat list of values. Foundation's reader makes an object of every key and every number, which
/// for the 250 MB of the state tests takes longer than executing them; this one notes where each value stands and no more.
final class JSONDocument {
    fileprivate enum Kind: UInt8 { case null, yes, no, number, text, array, object }

    /// Values in the order of the text: the members of an object are a key and a value each.
    fileprivate struct Node {
        var start: Int
        var end: Int
        /// The index of the first value behind this one and everything in it.
        var next: Int
        var kind: Kind
        var hasEscapes = false
    }

    private let text: UnsafeMutableBufferPointer<UInt8>
    fileprivate var nodes: UnsafeMutablePointer<Node>
    private var count = 0
    private var capacity: Int

    /// Lets `work` see the value of the whole text, for as long as it runs.
    func withRoot<Result, Mistake: Error>(_ work: (JSONValue) throws(Mistake) -> Result) throws(Mistake) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try work(root)
    }

    private var root: JSONValue { JSONValue(text: UnsafePointer(text.baseAddress!), nodes: nodes, index: 0) }

    init(file path: String) throws(ToolError) {
        text = try JSONDocument.contents(of: path)
        capacity = max(64, text.count / 24)
        nodes = .allocate(capacity: capacity)
        do {
            var parser = Parser(text: UnsafePointer(text.baseAddress!), end: text.count)
            try parser.document(self)
        } catch {
            throw .failed("\(path): no JSON at offset \(error.offset)")
        }
    }

    init(_ octets: [UInt8]) throws(ToolError) {
        text = .allocate(capacity: octets.count + 1)
        _ = text.initialize(from: octets + [0])
        capacity = 64
        nodes = .allocate(capacity: capacity)
        do {
            var parser = Parser(text: UnsafePointer(text.baseAddress!), end: octets.count)
            try parser.document(self)
        } catch {
            throw .failed("no JSON at offset \(error.offset)")
        }
    }

    deinit {
        text.deallocate()
        nodes.deallocate()
    }

    private static func contents(of path: String) throws(ToolError) -> UnsafeMutableBufferPointer<UInt8> {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw .failed("\(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            // What is no plain file has no size.
            let octets = try readFile(path)
            let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: octets.count)
            _ = text.initialize(from: octets)
            return text
        }
        let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Int(status.st_size))
        var filled = 0
        while filled < text.count {
            let count = read(file, text.baseAddress! + filled, text.count - filled)
            guard count > 0 else {
                text.deallocate()
                throw .failed("\(path): \(count < 0 ? String(cString: strerror(errno)) : "it changes while it is read")")
            }
            filled += count
        }
        return text
    }

    fileprivate func add(_ node: Node) -> Int {
        if count == capacity {
            let grown = UnsafeMutablePointer<Node>.allocate(capacity: capacity * 2)
            grown.moveInitialize(from: nodes, count: count)
            nodes.deallocate()
            nodes = grown
            capacity *= 2
        }
        (nodes + count).initialize(to: node)
        count += 1
        return count - 1
    }

    fileprivate func finish(_ index: Int, end: Int) {
        nodes[index].end = end
        nodes[index].next = count
    }

    private struct Mistake: Error { let offset: Int }

    private struct Parser {
        let text: UnsafePointer<UInt8>
        let end: Int
        var offset = 0

        init(text: UnsafePointer<UInt8>, end: Int) {
            self.text = text
            self.end = end
        }

        mutating func document(_ document: JSONDocument) throws(Mistake) {
            try value(document, depth: 0)
            space()
            guard offset == end else { throw Mistake(offset: offset) }
        }

        private mutating func space() {
            while offset < end, text[offset] == 32 || text[offset] == 10 || text[offset] == 13 || text[offset] == 9 { offset += 1 }
        }

        private mutating func expect(_ character: UInt8) throws(Mistake) {
            space()
            guard offset < end, text[offset] == character else { throw Mistake(offset: offset) }
            offset += 1
        }

        /// Whether `character` stands next; then it is taken.
        private mutating func takes(_ character: UInt8) -> Bool {
            space()
            guard offset < end, text[offset] == character else { return false }
            offset += 1
            return true
        }

        private mutating func value(_ document: JSONDocument, depth: Int) throws(Mistake) {
            space()
            guard offset < end, depth < 512 else { throw Mistake(offset: offset) }
            switch text[offset] {
            case UInt8(ascii: "{"):
                let index = document.add(Node(start: offset, end: 0, next: 0, kind: .object))
                offset += 1
                if !takes(UInt8(ascii: "}")) {
                    repeat {
                        space()
                        try string(document)
                        try expect(UInt8(ascii: ":"))
                        try value(document, depth: depth + 1)
                    } while takes(UInt8(ascii: ","))
                    try expect(UInt8(ascii: "}"))
                }
                document.finish(index, end: offset)
            case UInt8(ascii: "["):
                let index = document.add(Node(start: offset, end: 0, next: 0, kind: .array))
                offset += 1
                if !takes(UInt8(ascii: "]")) {
                    repeat { try value(document, depth: depth + 1) } while takes(UInt8(ascii: ","))
                    try expect(UInt8(ascii: "]"))
                }
                document.finish(index, end: offset)
            case UInt8(ascii: "\""): try string(document)
            case UInt8(ascii: "t"): try word("true", .yes, document)
            case UInt8(ascii: "f"): try word("false", .no, document)
            case UInt8(ascii: "n"): try word("null", .null, document)
            default: try number(document)
            }
        }

        private mutating func word(_ word: StaticString, _ kind: Kind, _ document: JSONDocument) throws(Mistake) {
            guard end - offset >= word.utf8CodeUnitCount, memcmp(text + offset, word.utf8Start, word.utf8CodeUnitCount) == 0 else {
                throw Mistake(offset: offset)
            }
            let index = document.add(Node(start: offset, end: 0, next: 0, kind: kind))
            offset += word.utf8CodeUnitCount
            document.finish(index, end: offset)
        }

        /// RFC 8259: a sign, digits without a needless zero, a fraction, an exponent.
        private mutating func number(_ document: JSONDocument) throws(Mistake) {
            let start = offset
            skip(UInt8(ascii: "-"))
            let first = offset
            try digits()
            guard offset == first + 1 || text[first] != UInt8(ascii: "0") else { throw Mistake(offset: first) }
            if skip(UInt8(ascii: ".")) { try digits() }
            if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
                if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
                try digits()
            }
            let index = document.add(Node(start: start, end: 0, next: 0, kind: .number))
            document.finish(index, end: offset)
        }

        private mutating func digits() throws(Mistake) {
            let start = offset
            while offset < end, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[offset]) { offset += 1 }
            guard offset > start else { throw Mistake(offset: offset) }
        }

        /// Whether `character` stands here; then it is taken.
        @discardableResult
        private mutating func skip(_ character: UInt8) -> Bool {
            guard offset < end, text[offset] == character else { return false }
            offset += 1
            return true
        }

        /// RFC 8259, 7: no control characters, and only its own escapes.
        private func check(_ range: Range<Int>, hasEscapes: Bool) throws(Mistake) {
            var least = UInt8.max
            for place in range { least = min(least, text[place]) }
            if least < 0x20 { throw Mistake(offset: range.first { text[$0] < 0x20 }!) }
            guard hasEscapes else { return }
            var place = range.lowerBound
            while place < range.upperBound {
                guard text[place] == UInt8(ascii: "\\") else {
                    place += 1
                    continue
                }
                // A string does not end in a backslash that escapes nothing.
                switch text[place + 1] {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
                     UInt8(ascii: "r"), UInt8(ascii: "t"):
                    place += 2
                case UInt8(ascii: "u"):
                    guard place + 6 <= range.upperBound, (place + 2..<place + 6).allSatisfy({ isxdigit(Int32(text[$0])) != 0 }) else { throw Mistake(offset: place) }
                    place += 6
                default: throw Mistake(offset: place)
                }
            }
        }

        private mutating func string(_ document: JSONDocument) throws(Mistake) {
            guard offset < end, text[offset] == UInt8(ascii: "\"") else { throw Mistake(offset: offset) }
            offset += 1
            let start = offset
            var hasEscapes = false
            while true {
                guard let found = memchr(text + offset, Int32(UInt8(ascii: "\"")), end - offset) else { throw Mistake(offset: end) }
                let stop = text.distance(to: UnsafePointer(found.assumingMemoryBound(to: UInt8.self)))
                // A quote behind an odd number of backslashes belongs to the string.
                var backslashes = 0
                while stop - backslashes > start, text[stop - backslashes - 1] == UInt8(ascii: "\\") { backslashes += 1 }
                offset = stop + 1
                if backslashes % 2 == 0 { break }
            }
            let length = offset - 1 - start
            if length > 0, memchr(text + start, Int32(UInt8(ascii: "\\")), length) != nil { hasEscapes = true }
            try check(start..<offset - 1, hasEscapes: hasEscapes)
            let index = document.add(Node(start: start, end: 0, next: 0, kind: .text, hasEscapes: hasEscapes))
            document.finish(index, end: offset - 1)
        }
    }
}

/// A value of a document, good for as long as the document lives.
struct JSONValue {
    fileprivate let text: UnsafePointer<UInt8>
    fileprivate let nodes: UnsafePointer<JSONDocument.Node>
    fileprivate let index: Int

    fileprivate init(text: UnsafePointer<UInt8>, nodes: UnsafePointer<JSONDocument.Node>, index: Int) {
        self.text = text
        self.nodes = nodes
        self.index = index
    }

    private var node: JSONDocument.Node { nodes[index] }
    private func at(_ index: Int) -> JSONValue { JSONValue(text: text, nodes: nodes, index: index) }

    var isNull: Bool { node.kind == .null }
    var isTrue: Bool { node.kind == .yes }
    var isFalse: Bool { node.kind == .no }
    var isText: Bool { node.kind == .text }
    var isNumber: Bool { node.kind == .number }
    var isArray: Bool { node.kind == .array }
    var isObject: Bool { node.kind == .object }

    /// For messages.
    var kindName: String {
        switch node.kind {
        case .null: "null"
        case .yes, .no: "\(isTrue)"
        case .number: "the number \(ValueError.quoted(raw))"
        case .text: "the text \(ValueError.quoted(raw))"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// A text as it stands in the file, escapes and all; of any other value all of it.
    var raw: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: text + node.start, count: node.end - node.start) }

    var string: String {
        guard node.hasEscapes else { return String(decoding: raw, as: UTF8.self) }
        let quoted = Data([UInt8(ascii: "\"")] + raw + [UInt8(ascii: "\"")])
        return (try? JSONDecoder().decode(String.self, from: quoted)) ?? String(decoding: raw, as: UTF8.self)
    }

    var elements: Elements { Elements(value: self) }
    var members: Members { Members(value: self) }

    /// Lets `work` see a text without its escapes, or a number.
    func withText<Result>(_ work: (UnsafeBufferPointer<UInt8>) throws(ValueError) -> Result) throws(ValueError) -> Result {
        guard node.hasEscapes else { return try work(raw) }
        return try Array(string.utf8).withUnsafeBufferPointer(work)
    }

    /// Whether this is the text `text`.
    func isText(_ text: StaticString) -> Bool {
        guard !node.hasEscapes else { return string == "\(text)" }
        return isText && raw.count == text.utf8CodeUnitCount && memcmp(raw.baseAddress!, text.utf8Start, raw.count) == 0
    }

    struct Elements: Sequence, IteratorProtocol {
        private let value: JSONValue
        private var next_: Int

        init(value: JSONValue) {
            self.value = value
            next_ = value.index + 1
        }

        mutating func next() -> JSONValue? {
            guard value.isArray, next_ < value.node.next else { return nil }
            defer { next_ = value.nodes[next_].next }
            return value.at(next_)
        }
    }

    struct Members: Sequence, IteratorProtocol {
        private let value: JSONValue
        private var next_: Int

        init(value: JSONValue) {
            self.value = value
            next_ = value.index + 1
        }

        mutating func next() -> (key: JSONValue, value: JSONValue)? {
            guard value.isObject, next_ < value.node.next else { return nil }
            defer { next_ = value.nodes[next_ + 1].next }
            return (value.at(next_), value.at(next_ + 1))
        }
    }
}
