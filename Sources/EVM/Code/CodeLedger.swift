import CPVM

/// How long executions have taken of codes that are not in the cache, since they last were: the accounts of a shard, under its lock.
///
/// There are few, and each has a place that follows from its key. What another code pays in at a taken place is taken off what is there, and only when nothing is left
/// does the place change hands: so what is run often keeps its account, and no time counts for more than one analysis.
struct CodeLedger: BitwiseCopyable {
    private struct Account: BitwiseCopyable {
        var key: UInt64
        var paid: Int
    }

    private let accounts: UnsafeMutablePointer<Account>
    private static let count = 512

    init() {
        accounts = duet_static_space(CodeLedger.count * MemoryLayout<Account>.stride).assumingMemoryBound(to: Account.self)
    }

    private func account(_ key: UInt64) -> UnsafeMutablePointer<Account> { accounts + Int(truncatingIfNeeded: (key >> 20) % UInt64(truncatingIfNeeded: CodeLedger.count)) }

    /// Pays in. True if the code has `price` by now: that is taken off, with all beyond.
    func pay(_ key: UInt64, _ payment: Int, price: Int) -> Bool {
        if price == 0 { return true }
        let account = account(key)
        if account.pointee.key == key {
            account.pointee.paid += payment
        } else if account.pointee.paid >= payment {
            account.pointee.paid -= payment
            return false
        } else {
            account.pointee = Account(key: key, paid: payment - account.pointee.paid)
        }
        guard account.pointee.paid >= price else { return false }
        account.pointee.paid = 0
        return true
    }

    func forgetAll() { memset(accounts, 0, CodeLedger.count * MemoryLayout<Account>.stride) }

    /// Nothing that has been paid in for the code counts any more.
    func forget(_ key: UInt64) {
        let account = account(key)
        if account.pointee.key == key { account.pointee.paid = 0 }
    }
}
