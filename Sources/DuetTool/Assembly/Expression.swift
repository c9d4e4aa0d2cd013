/// A sum of numbers and symbols.
struct Expression {
    enum Term {
        case number(Int128)
        case symbol(String)
        /// @label: the address by which dynamic jumps reach a place in the code.
        case jumpAddress(String)
    }

    /// Where it stands in the source.
    var offset: Int
    var first: Term
    /// Is the first term subtracted?
    var negative = false
    var others: [(term: Term, negative: Bool)] = []

    init(offset: Int, first: Term, negative: Bool = false) {
        self.offset = offset
        self.first = first
        self.negative = negative
    }

    /// The symbols in it.
    var names: [String] {
        ([first] + others.map(\.term)).compactMap { term in
            switch term {
            case .number: nil
            case .symbol(let name), .jumpAddress(let name): name
            }
        }
    }

    /// Its value; `symbol` gives that of terms which are no numbers.
    func value(_ symbol: (Term) throws(Diagnostic) -> Int128) throws(Diagnostic) -> Int128 {
        var sum: Int128 = 0
        for (term, negative) in [(first, negative)] + others {
            let value = try value(of: term, symbol)
            let (result, overflow) = negative ? sum.subtractingReportingOverflow(value) : sum.addingReportingOverflow(value)
            guard !overflow else { throw Diagnostic(offset: offset, message: "value out of range") }
            sum = result
        }
        return sum
    }

    private func value(of term: Term, _ symbol: (Term) throws(Diagnostic) -> Int128) throws(Diagnostic) -> Int128 {
        if case .number(let number) = term { return number }
        return try symbol(term)
    }
}
