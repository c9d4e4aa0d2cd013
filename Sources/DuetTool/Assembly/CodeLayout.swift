/// Code as a list of items, and the search for the shortest offsets that reach every target.

struct CodeItem {
    enum Kind {
        /// Opcode (with a mark in the bitmask) and operands.
        case instruction
        /// Octets without a mark.
        case unmarked
        /// As many `trap` instructions as it takes to reach a code offset.
        case padding(to: Int)
    }

    enum Target {
        /// The start of an item; the number of items stands for the end of the code.
        case item(Int)
        /// A code offset in so many words.
        case absolute(Int64)
    }

    var kind: Kind
    /// Its octets without those of the target's offset: a range of `Code.octets`.
    var start: Int
    var count: Int
    var target: Target?
}

struct Code {
    var items: [CodeItem] = []
    var octets: [UInt8] = []
}

struct CodeLayout {
    /// Code offset of each item, and of the end.
    private(set) var positions: [Int]
    /// Octets of each item's offset.
    private(set) var lengths: [UInt8]

    /// After so many rounds offsets get 4 octets each, so that the time stays proportional to the code.
    private static let rounds = 12

    /// Starts with no octets for any offset and lengthens those that do not reach, until all do. Nothing ever gets shorter, so
    /// the result is the least one.
    init(_ code: Code) {
        positions = Array(repeating: 0, count: code.items.count + 1)
        lengths = Array(repeating: 0, count: code.items.count)
        for _ in 0..<CodeLayout.rounds {
            place(code)
            if !lengthen(code) { return }
        }
        for index in code.items.indices where code.items[index].target != nil { lengths[index] = 4 }
        place(code)
    }

    private mutating func place(_ code: Code) {
        var position = 0
        for (index, item) in code.items.enumerated() {
            positions[index] = position
            if case .padding(let end) = item.kind { position = max(position, end) }
            position += item.count + Int(lengths[index])
        }
        positions[code.items.count] = position
    }

    private mutating func lengthen(_ code: Code) -> Bool {
        var changed = false
        for index in code.items.indices {
            guard let offset = offset(code, index) else { continue }
            let needed = UInt8(min(4, Encoder.shortest(offset)))
            if needed > lengths[index] {
                lengths[index] = needed
                changed = true
            }
        }
        return changed
    }

    /// From an item to its target.
    func offset(_ code: Code, _ index: Int) -> Int64? {
        switch code.items[index].target {
        case nil: nil
        case .item(let target): Int64(positions[target] - positions[index])
        case .absolute(let target): target.subtractingReportingOverflow(Int64(positions[index])).partialValue
        }
    }

    var size: Int { positions.last! }
}
