import VMCommon

/// What a host call costs, by the registers with which it is called. Nil is more than 2^64 - 1, and so more than anybody has.
public enum HostCallGas: Sendable, BitwiseCopyable {
    case fixed(HostCallPrice)
    /// A register chooses from the list.
    case chosen(register: UInt8, HostCallPriceList)

    static func fixed(_ base: UInt64) -> HostCallGas { .fixed(HostCallPrice(base)) }

    func price(_ registers: UnsafePointer<UInt64>) -> HostCallPrice {
        switch self {
        case .fixed(let price): price
        case .chosen(let register, let list): list.price(registers[Int(register)])
        }
    }
}

/// Prices that a number chooses from; numbers beyond the list pay the last one.
public enum HostCallPriceList: Sendable, BitwiseCopyable {
    case fetch, pages

    func price(_ number: UInt64) -> HostCallPrice {
        let prices = self == .fetch ? fetchPrices : pagesPrices
        return prices[Int(truncatingIfNeeded: min(number, UInt64(truncatingIfNeeded: prices.count - 1)))]
    }
}

public struct HostCallPrice: Sendable, BitwiseCopyable {
    public var base: UInt64
    public var first: Term
    public var second: Term
    /// For each unit that the registers do not tell: a page that `grow_heap` adds, gas that `invoke` hands on and that travels with a
    /// `transfer`.
    public var perUnit: UInt64

    /// rate · n of a register n, or ⌈rate · n / 1024⌉: each term is rounded up by itself.
    public struct Term: Sendable, BitwiseCopyable {
        var rate: UInt64
        var register: Int
        var shift: UInt64

        static func each(_ rate: UInt64, r register: Int) -> Term { Term(rate: rate, register: register, shift: 0) }
        static func each1024(_ rate: UInt64, r register: Int) -> Term { Term(rate: rate, register: register, shift: 10) }
        static var none: Term { Term(rate: 0, register: 0, shift: 0) }

        func gas(_ registers: UnsafePointer<UInt64>) -> UInt64? {
            let product = rate.multipliedFullWidth(by: registers[register])
            if product.high >> shift != 0 { return nil }
            let quotient = product.high << ((64 - shift) & 63) | product.low >> shift
            return product.low & (1 << shift - 1) == 0 ? quotient : sum(quotient, 1)
        }
    }

    init(_ base: UInt64, _ first: Term = .none, _ second: Term = .none, perUnit: UInt64 = 0) {
        self.base = base
        self.first = first
        self.second = second
        self.perUnit = perUnit
    }

    /// `registers`: the guest's thirteen.
    func gas(_ registers: UnsafePointer<UInt64>) -> UInt64? { sum(sum(base, first.gas(registers)), second.gas(registers)) }

    func gas(units: UInt64) -> UInt64? {
        let (product, overflow) = perUnit.multipliedReportingOverflow(by: units)
        return overflow ? nil : product
    }
}

private func sum(_ a: UInt64?, _ b: UInt64?) -> UInt64? {
    guard let a, let b else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : sum
}

extension ISA {
    /// Gas of a host call; a set that does not have it knows no such call.
    func gas(of call: HostCall?, _ registers: UnsafePointer<UInt64>, units: UInt64 = 0) -> UInt64? {
        guard let entry = call?.row.entry(self) else { return rules.unknownCallGas }
        let price = entry.gas.price(registers)
        return sum(price.gas(registers), price.gas(units: units))
    }

    /// The part of it that is for the units.
    func gas(ofUnits units: UInt64, of call: HostCall, _ registers: UnsafePointer<UInt64>) -> UInt64? {
        call.row.entry(self).flatMap { $0.gas.price(registers).gas(units: units) }
    }
}
