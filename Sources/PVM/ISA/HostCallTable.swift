import VMCommon

/// The host calls (Gray Paper appendix B): one row per call with its number and its gas in each version. Whoever charges for a call,
/// here or in a host, reads this table and no other.

/// Under the Gray Paper's names.
public enum HostCall: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case gas, grow_heap, fetch, lookup, read, write, info, historical_lookup, export, machine, peek, poke, pages, invoke, expunge, bless,
         assign, designate, checkpoint, new, upgrade, transfer, eject, query, solicit, forget, yield, provide
}

public struct HostCallRow: Sendable, BitwiseCopyable {
    public var call: HostCall
    public var name: StaticString
    /// Nil if the set does not have the call.
    public var gp072: HostCallEntry?
    public var gp080: HostCallEntry?

    public func entry(_ isa: ISA) -> HostCallEntry? {
        switch isa {
        case .gp072: gp072
        case .gp080: gp080
        }
    }
}

/// A call in one version.
public struct HostCallEntry: Sendable, BitwiseCopyable {
    public var number: Int32
    public var gas: HostCallGas
}

/// The rows, by `HostCall`.
public let hostCallTable = Table(count: rows.count) { rows[$0] }

private let rows: InlineArray<28, HostCallRow> = [
    row(.gas, "gas", gp072: 0, gp080: 0, .fixed(48)),
    row(.grow_heap, "grow_heap", gp072: nil, gp080: 1, .fixed(HostCallPrice(275, perUnit: 121))),
    row(.fetch, "fetch", gp072: 1, gp080: 2, .chosen(register: 10, .fetch)),
    row(.lookup, "lookup", gp072: 2, gp080: 3, .fixed(HostCallPrice(600, .each1024(248, r: 11)))),
    row(.read, "read", gp072: 3, gp080: 4, .fixed(HostCallPrice(2407, .each1024(1736, r: 9), .each1024(248, r: 12)))),
    row(.write, "write", gp072: 4, gp080: 5, .fixed(HostCallPrice(2442, .each1024(3358, r: 8), .each1024(216, r: 10)))),
    row(.info, "info", gp072: 5, gp080: 6, .fixed(703)),
    row(.historical_lookup, "historical_lookup", gp072: 6, gp080: 7, .fixed(HostCallPrice(1125, .each1024(264, r: 11)))),
    row(.export, "export", gp072: 7, gp080: 8, .fixed(3521)),
    row(.machine, "machine", gp072: 8, gp080: 9, .fixed(HostCallPrice(1862, .each1024(112, r: 8)))),
    row(.peek, "peek", gp072: 9, gp080: 10, .fixed(HostCallPrice(377, .each1024(336, r: 10)))),
    row(.poke, "poke", gp072: 10, gp080: 11, .fixed(HostCallPrice(297, .each1024(224, r: 10)))),
    row(.pages, "pages", gp072: 11, gp080: 12, .chosen(register: 10, .pages)),
    row(.invoke, "invoke", gp072: 12, gp080: 13, .fixed(HostCallPrice(968, perUnit: 1))),
    row(.expunge, "expunge", gp072: 13, gp080: 14, .fixed(335)),
    row(.bless, "bless", gp072: 14, gp080: 15, .fixed(HostCallPrice(422, .each(20, r: 12)))),
    row(.assign, "assign", gp072: 15, gp080: 16, .fixed(1818)),
    row(.designate, "designate", gp072: 16, gp080: 17, .fixed(HostCallPrice(1100, .each(302, r: 8)))),
    row(.checkpoint, "checkpoint", gp072: 17, gp080: 18, .fixed(103)),
    row(.new, "new", gp072: 18, gp080: 19, .fixed(3855)),
    row(.upgrade, "upgrade", gp072: 19, gp080: 20, .fixed(1028)),
    row(.transfer, "transfer", gp072: 20, perUnit072: 1, gp080: 21, .fixed(HostCallPrice(575, perUnit: 1))),
    row(.eject, "eject", gp072: 21, gp080: 22, .fixed(458)),
    row(.query, "query", gp072: 22, gp080: 23, .fixed(643)),
    row(.solicit, "solicit", gp072: 23, gp080: 24, .fixed(2193)),
    row(.forget, "forget", gp072: 24, gp080: 25, .fixed(3250)),
    row(.yield, "yield", gp072: 25, gp080: 26, .fixed(98)),
    row(.provide, "provide", gp072: 26, gp080: 27, .fixed(HostCallPrice(3980, .each1024(2264, r: 9))))
]

/// `fetch` costs what register 10 asks for; the last price is that of all other values.
let fetchPrices = Table(count: fetchRows.count) { fetchRows[$0] }
private let fetchRows: InlineArray<17, HostCallPrice> = [
    fetched(390), fetched(103), fetched(80, 96), fetched(85, 96), fetched(85, 96), fetched(171), fetched(171), fetched(85, 96),
    fetched(84), fetched(88), fetched(111), fetched(317), fetched(250), fetched(95, 96), fetched(287, 400), fetched(355, 344), fetched(80)
]

/// `pages` by what is to become of the pages.
let pagesPrices = Table(count: pagesRows.count) { pagesRows[$0] }
private let pagesRows: InlineArray<6, HostCallPrice> = [
    HostCallPrice(212, .each(118, r: 9)), HostCallPrice(275, .each(121, r: 9)), HostCallPrice(275, .each(121, r: 9)),
    HostCallPrice(130, .each(29, r: 9)), HostCallPrice(130, .each(29, r: 9)), HostCallPrice(80)
]

private func fetched(_ base: UInt64, _ rate: UInt64 = 0) -> HostCallPrice { HostCallPrice(base, .each1024(rate, r: 9)) }

/// 0.7.2 has one price for all, and what travels with a transfer.
private func row(_ call: HostCall, _ name: StaticString, gp072: Int32?, perUnit072: UInt64 = 0, gp080: Int32, _ gas: HostCallGas) -> HostCallRow {
    HostCallRow(call: call, name: name,
                gp072: gp072.map { HostCallEntry(number: $0, gas: .fixed(HostCallPrice(10, perUnit: perUnit072))) },
                gp080: HostCallEntry(number: gp080, gas: gas))
}

extension HostCall {
    /// The call of that number; nil for numbers that stand for none.
    public init?(_ isa: ISA, number: Int32) {
        for row in hostCallTable.indices where hostCallTable[row].entry(isa)?.number == number {
            self = hostCallTable[row].call
            return
        }
        return nil
    }

    public var row: HostCallRow { hostCallTable[Int(rawValue)] }
}
