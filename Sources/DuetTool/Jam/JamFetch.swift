import PVM

/// What `fetch` gives out (Ω_Y), by the numbers of register 10.
struct JamFetch {
    /// One item, or those that register 11 chooses from, or registers 11 and 12.
    enum Item {
        case one([UInt8])
        case list([[UInt8]])
        case lists([[[UInt8]]])
    }

    private var items: [UInt64: Item] = [:]

    init() {}

    private static let lists: Set<UInt64> = [4, 6, 12, 13, 15]
    private static let listsOfLists: Set<UInt64> = [3, 5]

    init(_ json: JSONValue) throws(ValueError) {
        let members = try Values.map(Values.quantity64, by: { $0 }, { value throws(ValueError) in value })(json)
        for (number, item) in members {
            items[number] = try within(String(number)) { () throws(ValueError) in try JamFetch.item(number, item) }
        }
    }

    private static func item(_ number: UInt64, _ value: JSONValue) throws(ValueError) -> Item {
        guard number <= 15 else { throw ValueError("fetch has the items 0 to 15") }
        if listsOfLists.contains(number) { return .lists(try Values.list(of: Values.list(of: Values.bytes))(value)) }
        if lists.contains(number) { return .list(try Values.list(of: Values.bytes)(value)) }
        return .one(try Values.bytes(value))
    }

    subscript(_ number: UInt64, _ first: UInt64, _ second: UInt64, isa isa: ISA) -> [UInt8]? {
        switch items[number] {
        case .one(let item): return item
        case .list(let list): return first < UInt64(list.count) ? list[Int(first)] : nil
        case .lists(let lists):
            guard first < UInt64(lists.count) else { return nil }
            let list = lists[Int(first)]
            return second < UInt64(list.count) ? list[Int(second)] : nil
        case nil: return number == 0 ? JamFetch.constants(isa) : nil
        }
    }
}

// MARK: The protocol's constants

extension JamFetch {
    /// The Gray Paper's own values, as item 0 has them. 0.8.0 leaves four of them out.
    private static func constants(_ isa: ISA) -> [UInt8] {
        var octets: [UInt8] = []
        func add(_ value: UInt64, _ count: Int) {
            for index in 0..<count { octets.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
        }
        let isOld = isa == .gp072
        for deposit: UInt64 in [10, 1, 100] { add(deposit, 8) }       // B_I, B_L, B_S
        add(341, 2)                                                   // C: cores
        add(19_200, 4)                                                // D: until preimages may be expunged
        add(600, 4)                                                   // E: slots of an epoch
        for gas: UInt64 in [10_000_000, 50_000_000, 5_000_000_000, 3_500_000_000] { add(gas, 8) } // G_A, G_I, G_R, G_T
        for number: UInt64 in [8, 16, 8, 16] { add(number, 2) }       // H, I, J, K
        add(14_400, 4)                                                // L: age of the lookup anchor
        if isOld { add(2, 2) }                                        // N: tickets of a validator
        for number: UInt64 in [8, 6, 80, 10, 128, 5] { add(number, 2) } // O, P, Q, R, T, U
        if isOld { add(1023, 2) }                                     // V: validators
        add(64_000, 4)                                                // W_A: is-authorized code
        add(13_791_360, 4)                                            // W_B: a package with its data
        add(4_000_000, 4)                                             // W_C: service code
        if isOld { add(684, 4) }                                      // W_E: octets of a piece
        add(3072, 4)                                                  // W_M: imports
        if isOld { add(6, 4) }                                        // W_P: pieces of a segment
        for number: UInt64 in [49_152, 128, 3072, 500] { add(number, 4) } // W_R, W_T, W_X, Y
        return octets
    }
}
