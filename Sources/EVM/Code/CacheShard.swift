import CPVM
import VMCommon

/// A part of the cache, with a lock.
struct Shard: BitwiseCopyable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let heads: UnsafeMutablePointer<CachedCode.Handle?>
    /// Hashes that were met, the latest of each slot.
    private let met: UnsafeMutablePointer<UInt64>
    private var limit: Int
    private var octets = 0
    private var youngest: CachedCode.Handle?
    private var oldest: CachedCode.Handle?

    private static let slots = 512

    /// They live as long as the process. nil if the system has no locks.
    static func createAll(_ count: Int) -> UnsafeMutablePointer<Shard>? {
        let shards = room(Shard.self, count)
        for index in 0..<count {
            let lock = room(pthread_mutex_t.self, 1)
            guard pthread_mutex_init(lock, nil) == 0, duet_fork_guard(lock) else { return nil }
            (shards + index).initialize(to: Shard(lock: lock, heads: room(CachedCode.Handle?.self, slots), met: room(UInt64.self, slots),
                                                  limit: CodeCache.defaultLimit / count))
        }
        return shards
    }

    private static func room<T>(_: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
        duet_static_space(count * MemoryLayout<T>.stride).assumingMemoryBound(to: T.self)
    }

    private init(lock: UnsafeMutablePointer<pthread_mutex_t>, heads: UnsafeMutablePointer<CachedCode.Handle?>, met: UnsafeMutablePointer<UInt64>,
                 limit: Int) {
        self.lock = lock
        self.heads = heads
        self.met = met
        self.limit = limit
    }

    private static func slot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: (hash >> 8) % UInt64(truncatingIfNeeded: slots)) }

    /// An image that is found is the caller's to give back.
    mutating func find(_ hash: UInt64, _ fork: Fork) -> CacheAnswer {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard limit > 0 else { return .unknown }
        var next = heads[Shard.slot(hash)]
        while let entry = next {
            if entry.pointee.hash == hash && entry.pointee.fork == fork {
                entry.pointee.users += 1
                if youngest != entry {
                    unlinkByAge(entry)
                    linkAsYoungest(entry)
                }
                return .found(entry)
            }
            next = entry.pointee.sibling
        }
        if met[Shard.slot(hash)] == hash { return .seen }
        met[Shard.slot(hash)] = hash
        return .unknown
    }

    /// The entry stays the caller's to give back, whether or not it stays in the cache.
    mutating func insert(_ entry: CachedCode.Handle) {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        // Another thread may have been faster, with the same code; both are good, and the elder goes out of use.
        guard entry.pointee.octets <= limit else { return }
        let slot = Shard.slot(entry.pointee.hash)
        entry.pointee.sibling = heads[slot]
        heads[slot] = entry
        entry.pointee.users += 1
        octets += entry.pointee.octets
        linkAsYoungest(entry)
        shrink(to: limit)
    }

    mutating func give(_ entry: CachedCode.Handle) {
        pthread_mutex_lock(lock)
        release(entry)
        pthread_mutex_unlock(lock)
    }

    mutating func setLimit(_ octets: Int) {
        pthread_mutex_lock(lock)
        limit = octets
        shrink(to: octets)
        pthread_mutex_unlock(lock)
    }

    var lockedOctets: Int {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return octets
    }

    // Under the lock.

    private mutating func shrink(to limit: Int) {
        while octets > limit, let entry = oldest {
            unlinkByAge(entry)
            unlinkByHash(entry)
            octets -= entry.pointee.octets
            release(entry)
        }
    }

    private func unlinkByHash(_ entry: CachedCode.Handle) {
        let slot = Shard.slot(entry.pointee.hash)
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

    private func release(_ entry: CachedCode.Handle) {
        entry.pointee.users -= 1
        if entry.pointee.users == 0 { CachedCode.destroy(entry) }
    }

    private mutating func linkAsYoungest(_ entry: CachedCode.Handle) {
        entry.pointee.younger = nil
        entry.pointee.older = youngest
        youngest?.pointee.younger = entry
        youngest = entry
        if oldest == nil { oldest = entry }
    }

    private mutating func unlinkByAge(_ entry: CachedCode.Handle) {
        let (younger, older) = (entry.pointee.younger, entry.pointee.older)
        if let younger { younger.pointee.older = older } else { youngest = older }
        if let older { older.pointee.younger = younger } else { oldest = younger }
    }
}
