import CPVM
import EVMRules
import VMCommon

/// A part of the cache, with a lock.
struct Shard: BitwiseCopyable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let heads: UnsafeMutablePointer<CachedCode.Handle?>
    private let ledger = CodeLedger()
    private var limit: Int
    private var share = CachePrice.analysisShare
    private var octets = 0
    /// All images, in the order in which they are asked whether they are to stay.
    private var first: CachedCode.Handle?
    private var last: CachedCode.Handle?

    private static let slots = 512
    /// Images with one key: their codes differ in a few octets alone.
    private static let likeLimit = 8

    /// They live as long as the process. nil if the system has no locks.
    static func createAll(_ count: Int) -> UnsafeMutablePointer<Shard>? {
        let shards = room(Shard.self, count)
        for index in 0..<count {
            let lock = room(pthread_mutex_t.self, 1)
            guard pthread_mutex_init(lock, nil) == 0, duet_fork_guard(lock) else { return nil }
            (shards + index).initialize(to: Shard(lock: lock, heads: room(CachedCode.Handle?.self, slots), limit: CodeCache.defaultLimit / count))
        }
        return shards
    }

    private static func room<T>(_: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
        duet_static_space(count * MemoryLayout<T>.stride).assumingMemoryBound(to: T.self)
    }

    private init(lock: UnsafeMutablePointer<pthread_mutex_t>, heads: UnsafeMutablePointer<CachedCode.Handle?>, limit: Int) {
        self.lock = lock
        self.heads = heads
        self.limit = limit
    }

    private static func slot(_ key: UInt64) -> Int { Int(truncatingIfNeeded: (key >> 8) % UInt64(truncatingIfNeeded: slots)) }

    /// What has the key, or of several what has the hash, if one is given. What is found is the caller's to release.
    mutating func find(_ key: UInt64, _ fork: Fork, hash: UInt64? = nil) -> CacheAnswer {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        var found: CachedCode.Handle?
        var next = heads[Shard.slot(key)]
        while let entry = next {
            next = entry.pointee.sibling
            guard entry.pointee.key == key && entry.pointee.fork == fork else { continue }
            if let hash {
                if entry.pointee.hash != hash { continue }
                found = entry
                break
            }
            if found != nil { return .several }
            found = entry
        }
        guard let found else { return .none }
        found.pointee.uses &+= 1
        CachedCode.hold(found)
        return .one(found)
    }

    /// Executions of code that is not here have taken `payment`. True: with others before them so long that it is to be analysed, and there is room for it.
    mutating func pay(_ key: UInt64, _ fork: Fork, _ payment: Int, _ size: Int) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        let octets = CachedCode.room(size)
        return octets <= limit && ledger.pay(key, payment, price: share * CachePrice.analysis(size)) && countLike(key, fork) < Shard.likeLimit && makeRoom(octets)
    }

    /// Takes an image in, unless it is here already, or there are too many like it. The caller keeps a reference.
    mutating func insert(_ entry: CachedCode.Handle) {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        let (key, fork, slot) = (entry.pointee.key, entry.pointee.fork, Shard.slot(entry.pointee.key))
        var next = heads[slot]
        while let other = next {
            if other.pointee.key == key && other.pointee.hash == entry.pointee.hash && other.pointee.fork == fork { return }
            next = other.pointee.sibling
        }
        guard entry.pointee.octets <= limit, countLike(key, fork) < Shard.likeLimit else { return }
        CachedCode.hold(entry)
        entry.pointee.sibling = heads[slot]
        heads[slot] = entry
        octets += entry.pointee.octets
        append(entry)
        // Another thread may have taken the room.
        shrink(to: limit)
    }

    mutating func setLimit(_ octets: Int, _ sum: UnsafeMutablePointer<UInt64>) {
        pthread_mutex_lock(lock)
        _ = duet_add_to_sum(sum, UInt64(truncatingIfNeeded: octets - limit))
        limit = octets
        shrink(to: octets)
        if octets == 0 { ledger.forgetAll() }
        pthread_mutex_unlock(lock)
    }

    /// `eager` counts shards with a share of 0.
    mutating func setShare(_ share: Int, _ eager: UnsafeMutablePointer<UInt64>) {
        pthread_mutex_lock(lock)
        let change = (share == 0 ? 1 : 0) - (self.share == 0 ? 1 : 0)
        _ = duet_add_to_sum(eager, UInt64(truncatingIfNeeded: change))
        self.share = share
        pthread_mutex_unlock(lock)
    }

    var lockedOctets: Int {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return octets
    }

    // Under the lock.

    private func countLike(_ key: UInt64, _ fork: Fork) -> Int {
        var count = 0
        var next = heads[Shard.slot(key)]
        while let entry = next {
            if entry.pointee.key == key && entry.pointee.fork == fork { count += 1 }
            next = entry.pointee.sibling
        }
        return count
    }

    /// Makes room for a newcomer. The first image in turn that has been used enough since it came in or was last asked stays, is asked again when all others have been, and the newcomer
    /// has to do all its work again: where more codes are in use than there is room for, those stay that are here, and nothing is analysed in vain.
    private mutating func makeRoom(_ octets: Int) -> Bool {
        while self.octets + octets > limit, let entry = first {
            if entry.pointee.uses >= entry.pointee.usesToStay {
                removeFirst()
                entry.pointee.uses = 0
                append(entry)
                return false
            }
            evictFirst()
        }
        return true
    }

    private mutating func shrink(to limit: Int) {
        while octets > limit, first != nil { evictFirst() }
    }

    private mutating func evictFirst() {
        let entry = removeFirst()
        unlink(entry)
        octets -= entry.pointee.octets
        // It has to do all its work again.
        ledger.forget(entry.pointee.key)
        CachedCode.release(entry)
    }

    private func unlink(_ entry: CachedCode.Handle) {
        let slot = Shard.slot(entry.pointee.key)
        if heads[slot] == entry {
            heads[slot] = entry.pointee.sibling
            return
        }
        var next = heads[slot]
        while let other = next {
            if other.pointee.sibling == entry { other.pointee.sibling = entry.pointee.sibling }
            next = other.pointee.sibling
        }
    }

    private mutating func append(_ entry: CachedCode.Handle) {
        entry.pointee.next = nil
        if let last { last.pointee.next = entry } else { first = entry }
        last = entry
    }

    @discardableResult
    private mutating func removeFirst() -> CachedCode.Handle {
        let entry = first.unsafelyUnwrapped
        first = entry.pointee.next
        if first == nil { last = nil }
        return entry
    }
}
