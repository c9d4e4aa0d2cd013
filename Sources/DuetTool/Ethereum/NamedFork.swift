import CPVM
import EVMRules

/// A fork by its name, with its rules.
struct NamedFork: Equatable {
    let name: String
    private let alias: String
    let fork: Fork
    let rules: ForkRules

    private init(_ row: ForkName) {
        (name, alias) = ("\(row.name)", "\(row.alias)")
        (fork, rules) = (row.fork, row.rules)
    }

    var revision: evmc_revision { fork.evmc }

    static let all: [NamedFork] = ForkName.all.indices.map { NamedFork(ForkName.all[$0]) }

    /// One of each set of rules.
    static let distinct = all.reduce(into: [NamedFork]()) { list, fork in if list.last?.fork != fork.fork { list.append(fork) } }

    /// What is meant where nobody names one.
    static let latest = all.first { $0.fork == .latest }!

    /// In any case, with or without hyphens.
    static func named(_ text: some StringProtocol) -> NamedFork? { byName[key(text)] }

    private static func key(_ text: some StringProtocol) -> String { text.lowercased().filter { $0 != "-" && $0 != "_" } }

    private static let byName: [String: NamedFork] = all.reduce(into: [:]) { names, fork in
        for name in [fork.name, fork.alias] where !name.isEmpty { names[key(name)] = fork }
    }

    static func == (left: NamedFork, right: NamedFork) -> Bool { left.name == right.name }

    /// Why a text is none of them.
    static func refusal(_ text: String) -> String {
        if let plus = text.firstIndex(of: "+"), named(text[..<plus]) != nil {
            return "'\(text)': forks cannot be extended by single EIPs here"
        }
        if text.contains("To"), text.contains("At") { return "'\(text)' is a change of forks, which takes more than one block" }
        return "there is no fork '\(text)'; forks are \(all.map(\.name).joined(separator: ", "))"
    }
}

extension Arguments {
    /// The fork that an option names. Nil if it is not given.
    func fork(_ option: String) throws(ToolError) -> NamedFork? {
        guard let text = value(option) else { return nil }
        guard let fork = NamedFork.named(text) else { throw .usage("\(option): \(NamedFork.refusal(text))") }
        return fork
    }
}
