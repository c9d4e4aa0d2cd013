/// The names that forks go by: those of the instruction set's forks, and of the ones that change nothing but when the difficulty bomb
/// goes off (glaciers) or how many blobs a block has (BPO, EIP-7892).
public struct ForkName: Sendable {
    /// As test files and transition tools have it.
    public let name: StaticString
    /// By the specifications or by what it is called otherwise; empty if by nothing.
    public let alias: StaticString
    public let fork: Fork
    private let bombDelay: UInt64?
    private let blobs: BlobRules?

    private init(_ name: StaticString, _ fork: Fork, alias: StaticString = "", bombDelay: UInt64? = nil, blobs: BlobRules? = nil) {
        self.name = name
        self.alias = alias
        self.fork = fork
        self.bombDelay = bombDelay
        self.blobs = blobs
    }

    public var rules: ForkRules {
        var rules = fork.rules.pointee
        if let bombDelay { rules.block.bombDelay = bombDelay }
        if let blobs { rules.block.blobs = blobs }
        return rules
    }

    /// Oldest first.
    public static let all: InlineArray<21, ForkName> = [
        ForkName("Frontier", .frontier),
        ForkName("Homestead", .homestead),
        ForkName("EIP150", .tangerineWhistle, alias: "TangerineWhistle"),
        ForkName("EIP158", .spuriousDragon, alias: "SpuriousDragon"),
        ForkName("Byzantium", .byzantium),
        ForkName("Constantinople", .constantinople),
        ForkName("ConstantinopleFix", .petersburg, alias: "Petersburg"),
        ForkName("Istanbul", .istanbul),
        ForkName("MuirGlacier", .istanbul, bombDelay: 9_000_000),
        ForkName("Berlin", .berlin),
        ForkName("London", .london),
        ForkName("ArrowGlacier", .london, bombDelay: 10_700_000),
        ForkName("GrayGlacier", .london, bombDelay: 11_400_000),
        ForkName("Paris", .paris, alias: "Merge"),
        ForkName("Shanghai", .shanghai),
        ForkName("Cancun", .cancun),
        ForkName("Prague", .prague),
        ForkName("Osaka", .osaka),
        ForkName("BPO1", .osaka, blobs: BlobRules(target: 10, most: 15, updateFraction: 8_346_193)),
        ForkName("BPO2", .osaka, blobs: BlobRules(target: 14, most: 21, updateFraction: 11_684_671)),
        ForkName("Experimental", .experimental),
    ]
}
