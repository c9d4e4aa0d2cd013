import CPVM

/// What things take, in eighths of a nanosecond on a processor of some 3 GHz: measured, and where it depends on the code against the cache. Only their
/// proportions matter.
///
/// What an execution without a cached image does that it would not do with one is *work*. Everything that the cache does besides executions is paid from work that has been done, or from time that has
/// passed with it: so whatever the order of executions and however many codes there are, the cache costs no more than a share of what they take without it.
enum CachePrice {
    // Work. Each count stands for less time than it really takes.

    /// The image of one execution: the copy of the code, and zeros.
    static func setUp(_ size: Int) -> Int { 64 + size / 4 }
    /// A jump in `Careful`; besides, each octet of the code that it walks is 1.
    static let jump = 96
    /// An octet that has been analysed for one execution.
    static let analysedOctet = 16
    /// A record of a trace that was written without preparation.
    static let record = 40
    /// An execution takes so many times as long as its work, at most: most of it is what counts do not see.
    static let timeOfWork = 6

    // What is paid.

    /// A look into the cache that finds nothing.
    static func search(_ size: Int) -> Int { 400 + size / 20 }
    /// A comparison of two codes.
    static func comparison(_ size: Int) -> Int { size / 8 }
    /// A hash over all octets.
    static func hash(_ size: Int) -> Int { size / 5 }
    /// What is lost with a cached image if next to nothing of it is executed: it comes from farther away than what each execution uses.
    static func shortUse(_ size: Int) -> Int { 600 + size / 12 }
    /// Executions that use less gas are such.
    static func shortGas(_ size: Int) -> Int { size / 16 }
    /// An image for the cache: real contracts take 15 to 60 eighths of it, code of JUMPDESTs alone twice as much.
    static func analysis(_ size: Int) -> Int { 16_000 + min(size, 512) * 300 + size * 200 }

    /// So many times as long as its analysis takes must executions of code have taken, since it was last in the cache, unless an option says otherwise.
    static let analysisShare = 8
    /// And so much of all work goes into searches that find nothing.
    static let searchShare = 16

    /// What executions of code must have taken for it to come into the cache, if no option says otherwise.
    static func admission(_ size: Int) -> Int { analysisShare * analysis(size) }

    /// The time, in the same unit.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return (time.tv_sec * 1_000_000_000 + time.tv_nsec) * 8
    }
}

/// What executions on an instance have done that nothing has been paid from yet.
struct Purse: BitwiseCopyable {
    /// What may be spent on searches.
    private var forSearches = 1 << 16
    /// Work that no code's account has got yet. The next one that is searched for gets all of it, which is right in the mean and costs nothing where searches are
    /// few because executions are short.
    private var unpaid = 0
    /// When something was last paid in; 0 for never.
    private var lastPayment = 0
    /// What analyses have taken longer than was thought, in payments.
    private var debt = 0

    private static let limit = 1 << 24
    /// So much work is paid for at once, as an account has a lock and time has to be asked for.
    private static let payment = 1 << 14

    func affords(_ price: Int) -> Bool { forSearches >= price || CodeCache.isEager }

    mutating func spend(_ price: Int) { forSearches -= price }

    mutating func earnSearches(_ work: Int) { forSearches = min(forSearches + work / CachePrice.searchShare, Purse.limit) }

    mutating func earn(_ work: Int) { unpaid += work }

    var isDue: Bool { unpaid >= Purse.payment || CodeCache.isEager }

    /// What is paid in for the work: the time that has passed, as far as the work can have taken it.
    mutating func takePayment(at now: Int) -> Int {
        let most = CachePrice.timeOfWork * unpaid
        let paid = (lastPayment == 0 ? unpaid : min(most, max(0, now - lastPayment))) - debt
        (unpaid, lastPayment, debt) = (0, now, max(0, -paid))
        return max(0, paid)
    }

    /// An analysis has been paid for at its price, and has taken so long.
    mutating func settle(_ price: Int, taken: Int) { debt += CachePrice.analysisShare * max(0, min(taken, 4 * price) - price) }
}
