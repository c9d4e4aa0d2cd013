import VMCommon

/// All that forks have changed, but for the table of instructions. A fork is its parent plus what its case says.
public struct ForkRules: Sendable, BitwiseCopyable {
    public var execution = ExecutionRules()
    public var transaction = TransactionRules()
    public var creation = CreationRules()
    public var precompiles = PrecompileRules()
    public var block = BlockRules()
    /// Accounts that are touched and empty are deleted. EIP-161
    public var deletesEmptyAccounts = false

    public init(_ fork: Fork) {
        guard let parent = fork.parent else {
            execution.storeByValue()
            return
        }
        self = ForkRules(parent)
        switch fork {
        case .homestead:
            transaction.creation = 32000
            transaction.wantsLowS = true
            creation.failsUnpaid = true
            block.difficulty = .byAge
        case .tangerineWhistle:
            execution.keepsA64th = true
            execution.selfdestructPaysForAccount = true
        case .spuriousDragon:
            execution.expByte = 50
            execution.emptyAccountsAreFree = true
            transaction.hasChainID = true
            creation.codeLimit = 24576
            creation.firstNonce = 1
            deletesEmptyAccounts = true
        case .byzantium:
            block.difficulty = .byAgeAndOmmers
            block.bombDelay = 3_000_000
            block.hasStatus = true
        case .constantinople:
            execution.storeByNet(access: 200, reset: 5000, clear: 15000)
            block.bombDelay = 5_000_000
        case .petersburg:
            execution.storeByValue()
        case .istanbul:
            execution.storeByNet(access: 800, reset: 5000, clear: 15000)
            execution.storeNeeds = 2300
            transaction.otherByte = 16
            precompiles.bn254Add = .init(150)
            precompiles.bn254Mul = .init(6000)
            precompiles.bn254Pairing = .init(45_000, 34_000)
        case .berlin:
            execution.hasAccessLists = true
            execution.warmAccess = 100
            execution.coldAccount = 2500
            execution.coldLoad = 2000
            execution.coldStore = 2100
            execution.storeByNet(access: 100, reset: 2900, clear: 15000)
            transaction.newestType = 1
            precompiles.modexp = .init(complexity: .square, least: 200, divisor: 3, exponentByte: 8)
            // Muir Glacier's
            block.bombDelay = 9_000_000
        case .london:
            execution.storeByNet(access: 100, reset: 2900, clear: 4800)
            execution.selfdestructRefund = 0
            transaction.newestType = 2
            transaction.hasBaseFee = true
            transaction.refundQuotient = 5
            creation.refusesEF = true
            block.bombDelay = 9_700_000
            block.hasBaseFee = true
        case .paris:
            block.difficulty = .none
        case .shanghai:
            transaction.warmsCoinbase = true
            creation.initcodeLimit = 49152
            creation.initcodeWord = 2
            block.hasWithdrawals = true
        case .cancun:
            execution.selfdestructSparesOld = true
            transaction.newestType = 3
            block.hasBeaconRoot = true
            block.blobs = BlobRules(target: 3, most: 6, updateFraction: 3_338_477)
        case .prague:
            execution.hasDelegations = true
            transaction.newestType = 4
            transaction.floorToken = 10
            block.hasHistory = true
            block.hasRequests = true
            block.blobs = BlobRules(target: 6, most: 9, updateFraction: 5_007_716)
        case .osaka:
            transaction.gasLimitCap = 1 << 24
            transaction.mostBlobs = 6
            precompiles.modexp = .init(complexity: .doubleSquare, least: 500, divisor: 1, exponentByte: 16)
            precompiles.modexpLimit = 1024
            block.hasBlobReserve = true
        case .frontier, .experimental: break
        }
    }
}

private let table = Table<ForkRules>(count: Fork.count) { ForkRules(Fork(rawValue: UInt8(truncatingIfNeeded: $0)) ?? .frontier) }

extension Fork {
    /// They stay there for as long as the process lives.
    public var rules: UnsafePointer<ForkRules> { table.address + Int(rawValue) }
}
