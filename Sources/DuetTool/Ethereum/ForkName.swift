import CPVM

/// Names that test files and tools have for the forks.
enum ForkName {
    private static let names: [(String, evmc_revision)] = [
        ("Frontier", EVMC_FRONTIER), ("Homestead", EVMC_HOMESTEAD), ("EIP150", EVMC_TANGERINE_WHISTLE),
        ("TangerineWhistle", EVMC_TANGERINE_WHISTLE), ("EIP158", EVMC_SPURIOUS_DRAGON), ("SpuriousDragon", EVMC_SPURIOUS_DRAGON),
        ("Byzantium", EVMC_BYZANTIUM), ("Constantinople", EVMC_CONSTANTINOPLE), ("ConstantinopleFix", EVMC_PETERSBURG),
        ("Petersburg", EVMC_PETERSBURG), ("Istanbul", EVMC_ISTANBUL), ("Berlin", EVMC_BERLIN), ("London", EVMC_LONDON), ("Paris", EVMC_PARIS),
        ("Merge", EVMC_PARIS), ("Shanghai", EVMC_SHANGHAI), ("Cancun", EVMC_CANCUN), ("Prague", EVMC_PRAGUE), ("Osaka", EVMC_OSAKA),
    ]

    static func revision(_ name: String) -> evmc_revision? { names.first { $0.0.lowercased() == name.lowercased() }?.1 }
}

/// What a fork, or a chain's schedule, says of blobs (EIP-7840).
struct BlobSchedule {
    var target: UInt64
    var max: UInt64
    var updateFraction: UInt64

    init(_ revision: evmc_revision) {
        let isPrague = revision.rawValue >= EVMC_PRAGUE.rawValue
        (target, max, updateFraction) = isPrague ? (6, 9, 5_007_716) : (3, 6, 3_338_477)
    }

    init(_ revision: evmc_revision, _ json: JSONValue?) {
        self.init(revision)
        target = json?["target"]?.number ?? target
        max = json?["max"]?.number ?? max
        updateFraction = json?["baseFeeUpdateFraction"]?.number ?? updateFraction
    }
}
