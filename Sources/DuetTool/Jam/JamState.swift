import CPVM

/// What '--host jam=FILE' answers from: the accounts that the guest can see, whose code runs, and what `fetch` gives
/// out. docs/jam-host.md describes the file.
struct JamState {
    /// The service that runs.
    var service: UInt64 = 0
    var accounts: [UInt64: JamAccount] = [:]
    var fetch = JamFetch()

    /// Without a file: a service with nothing in it.
    init() { accounts[0] = JamAccount() }

    /// From the option --host; nil without it.
    init?(_ arguments: Arguments) throws(ToolError) {
        guard let text = arguments.value("--host") else { return nil }
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts[0] == "jam" else { throw .usage("--host: '\(parts[0])' is none of jam") }
        self = parts.count == 2 ? try JamState(file: parts[1]) : JamState()
    }

    init(file path: String) throws(ToolError) {
        let document = try JSONDocument(file: path)
        self = try inPlace(path) { () throws(ValueError) in
            try document.withRoot { json throws(ValueError) in try JamState(json) }
        }
    }

    init(_ json: JSONValue) throws(ValueError) {
        try json.allow(["service", "accounts", "fetch"])
        service = UInt64(try json.optional("service", JamState.serviceNumber) ?? 0)
        let parse = Values.map(JamState.serviceNumber, by: { $0 }, JamAccount.init)
        let accounts = try json.optional("accounts", parse) ?? []
        for (number, account) in accounts { self.accounts[UInt64(number)] = account }
        if self.accounts[service] == nil { self.accounts[service] = JamAccount() }
        fetch = try json.optional("fetch", JamFetch.init) ?? JamFetch()
    }

    /// Services are numbered in 32 bits.
    private static func serviceNumber(_ value: JSONValue) throws(ValueError) -> UInt32 { try Values.quantity32(value) }
}

/// An account of a service (the Gray Paper's 𝐚).
struct JamAccount {
    var codeHash = [UInt8](repeating: 0, count: 32)
    var balance: UInt64 = 100_000_000
    var minAccumulateGas: UInt64 = 0
    var minMemoGas: UInt64 = 0
    /// What it need not keep as balance.
    var gratis: UInt64 = 0
    var created: UInt32 = 0
    var lastAccumulation: UInt32 = 0
    var parent: UInt32 = 0
    private(set) var storage: [[UInt8]: [UInt8]] = [:]
    private(set) var preimages: [[UInt8]: [UInt8]] = [:]
    /// a_i and a_o: items and octets of its state.
    private(set) var items: UInt64 = 0
    private(set) var octets: UInt64 = 0

    init() {}

    init(_ json: JSONValue) throws(ValueError) {
        try json.allow(["code_hash", "balance", "min_accumulate_gas", "min_memo_gas", "gratis", "created", "last_accumulation",
                        "parent", "storage", "preimages", "items", "octets"])
        if let hash = try json.optional("code_hash", Values.hash) { codeHash = withUnsafeBytes(of: hash) { Array($0) } }
        balance = try json.optional("balance", Values.quantity64) ?? balance
        minAccumulateGas = try json.optional("min_accumulate_gas", Values.quantity64) ?? 0
        minMemoGas = try json.optional("min_memo_gas", Values.quantity64) ?? 0
        gratis = try json.optional("gratis", Values.quantity64) ?? 0
        created = try json.optional("created", Values.quantity32) ?? 0
        lastAccumulation = try json.optional("last_accumulation", Values.quantity32) ?? 0
        parent = try json.optional("parent", Values.quantity32) ?? 0
        let storage = try json.optional("storage", Values.map(Values.bytes, by: { key in key }, Values.bytes)) ?? []
        for entry in storage { try put(entry.key, entry.value) }
        for blob in try json.optional("preimages", Values.list(of: Values.bytes)) ?? [] {
            guard preimages.updateValue(blob, forKey: blake2b256(blob)) == nil else { continue }
            // Its request: two items, and 81 octets beside the length.
            items += 2
            octets += 81 + UInt64(blob.count)
        }
        // A real account has more than a test gives it.
        if let given = try json.optional("items", Values.quantity32) { items = UInt64(given) }
        octets = try json.optional("octets", Values.quantity64) ?? octets
    }

    /// a_t: the balance that it must keep.
    var threshold: UInt64 { JamAccount.threshold(items, octets, gratis) }

    /// With B_S = 100, B_I = 10 and B_L = 1.
    private static func threshold(_ items: UInt64, _ octets: UInt64, _ gratis: UInt64) -> UInt64 {
        let (deposit, isOver) = octets.addingReportingOverflow(100 + 10 * items)
        let total = isOver ? UInt64.max : deposit
        return total - min(total, gratis)
    }

    /// An entry that is there from the start, whatever the balance.
    private mutating func put(_ key: [UInt8], _ value: [UInt8]) throws(ValueError) {
        guard !value.isEmpty, let sizes = sizes(key, UInt64(value.count)) else {
            throw ValueError("a value of storage has a byte at least").within("0x" + hexText(key)).within("storage")
        }
        (items, octets) = sizes
        storage[key] = value
    }

    enum Writing: Equatable { case done(old: Int?), full }

    /// Sets an entry of the storage, or removes it (a value without octets), if the balance allows what there is then.
    mutating func write(_ key: [UInt8], _ value: [UInt8]) -> Writing {
        guard let (items, octets) = sizes(key, UInt64(value.count)),
              JamAccount.threshold(items, octets, gratis) <= balance else { return .full }
        (self.items, self.octets) = (items, octets)
        let old = value.isEmpty ? storage.removeValue(forKey: key) : storage.updateValue(value, forKey: key)
        return .done(old: old?.count)
    }

    /// Could a value of that size be written? Asked before anything so large is copied.
    func hasRoom(_ key: [UInt8], _ valueCount: UInt64) -> Bool {
        guard let (items, octets) = sizes(key, valueCount) else { return false }
        return JamAccount.threshold(items, octets, gratis) <= balance
    }

    /// Items and octets behind a write; nil if they are more than there can be. An entry is an item, and has 34 octets
    /// beside key and value.
    private func sizes(_ key: [UInt8], _ valueCount: UInt64) -> (items: UInt64, octets: UInt64)? {
        let old = storage[key]?.count, fixed = 34 + UInt64(key.count)
        let before = old.map { fixed + UInt64($0) } ?? 0, after = valueCount == 0 ? 0 : fixed + valueCount
        // Counts that the file gives may know less than its entries have.
        let (octets, isOver) = (self.octets - min(self.octets, before)).addingReportingOverflow(after)
        guard !isOver else { return nil }
        return (items - min(items, old == nil ? 0 : 1) + (valueCount == 0 ? 0 : 1), octets)
    }
}
