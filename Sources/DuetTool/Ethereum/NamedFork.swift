import CPVM

/// A fork by its name: the rules of the EVM, and what a block has to know beside them.
struct NamedFork: Equatable {
    /// As test files and transition tools have it.
    let name: String
    /// What else it is called: by EIP, by the specifications, by EVMC.
    let otherNames: [String]
    let revision: evmc_revision
    /// By how many blocks the difficulty bomb is late (EIP-649, 1234, 2384, 3554, 4345, 5133). Nil: there is no difficulty.
    let bombDelay: UInt64?
    /// From Cancun on (EIP-7840, 7892).
    let blobs: BlobSchedule?

    private init(_ name: String, _ revision: evmc_revision, bomb: UInt64? = nil, blobs: BlobSchedule? = nil, also otherNames: [String] = []) {
        self.name = name
        self.otherNames = otherNames
        self.revision = revision
        bombDelay = bomb
        self.blobs = blobs
    }

    static let all: [NamedFork] = [
        NamedFork("Frontier", EVMC_FRONTIER, bomb: 0),
        NamedFork("Homestead", EVMC_HOMESTEAD, bomb: 0),
        NamedFork("EIP150", EVMC_TANGERINE_WHISTLE, bomb: 0, also: ["TangerineWhistle"]),
        NamedFork("EIP158", EVMC_SPURIOUS_DRAGON, bomb: 0, also: ["SpuriousDragon"]),
        NamedFork("Byzantium", EVMC_BYZANTIUM, bomb: 3_000_000),
        NamedFork("Constantinople", EVMC_CONSTANTINOPLE, bomb: 5_000_000),
        NamedFork("ConstantinopleFix", EVMC_PETERSBURG, bomb: 5_000_000, also: ["Petersburg"]),
        NamedFork("Istanbul", EVMC_ISTANBUL, bomb: 5_000_000),
        NamedFork("MuirGlacier", EVMC_ISTANBUL, bomb: 9_000_000),
        NamedFork("Berlin", EVMC_BERLIN, bomb: 9_000_000),
        NamedFork("London", EVMC_LONDON, bomb: 9_700_000),
        NamedFork("ArrowGlacier", EVMC_LONDON, bomb: 10_700_000),
        NamedFork("GrayGlacier", EVMC_LONDON, bomb: 11_400_000),
        NamedFork("Paris", EVMC_PARIS, also: ["Merge"]),
        NamedFork("Shanghai", EVMC_SHANGHAI),
        NamedFork("Cancun", EVMC_CANCUN, blobs: BlobSchedule(target: 3, max: 6, updateFraction: 3_338_477)),
        NamedFork("Prague", EVMC_PRAGUE, blobs: prague),
        NamedFork("Osaka", EVMC_OSAKA, blobs: prague),
        NamedFork("BPO1", EVMC_OSAKA, blobs: BlobSchedule(target: 10, max: 15, updateFraction: 8_346_193)),
        NamedFork("BPO2", EVMC_OSAKA, blobs: BlobSchedule(target: 14, max: 21, updateFraction: 11_684_671)),
        NamedFork("Experimental", EVMC_EXPERIMENTAL, blobs: prague),
    ]

    private static let prague = BlobSchedule(target: 6, max: 9, updateFraction: 5_007_716)

    /// One of each set of rules.
    static let distinct = all.reduce(into: [NamedFork]()) { list, fork in if list.last?.revision != fork.revision { list.append(fork) } }

    static let osaka = named("Osaka")!

    /// In any case, with or without hyphens.
    static func named(_ text: some StringProtocol) -> NamedFork? { byName[key(text)] }

    private static func key(_ text: some StringProtocol) -> String { text.lowercased().filter { $0 != "-" && $0 != "_" } }

    private static let byName: [String: NamedFork] = all.reduce(into: [:]) { names, fork in
        for name in [fork.name] + fork.otherNames { names[key(name)] = fork }
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
