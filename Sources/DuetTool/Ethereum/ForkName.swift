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
