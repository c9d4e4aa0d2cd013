import CPVM
import EVMRules
import VMCommon

/// Images of code that has been run before, for all instances of the process.
///
/// Code comes in when executions of it have taken so long that its analysis is a small part of it (`CachePrice`), and what it has done counts no more when it goes
/// out. It is the code itself that is looked for: what a key or a hash finds is compared octet by octet. What a search that finds nothing takes is paid from work as well, so where executions are
/// short most of them do without. Parts with locks of their own keep threads out of each other's way; no lock is held while code is analysed.
enum CodeCache {
    /// Shorter code is made ready faster than it is found.
    static let shortest = 512
    private static let shardCount = 16
    /// What all images may take up together, unless an option says otherwise.
    static let defaultLimit = 64 << 20

    /// Emptied when the process ends: what is in use then stays with its users.
    private nonisolated(unsafe) static let shards: UnsafeMutablePointer<Shard>? = {
        guard atexit({ CodeCache.setLimit(0) }) == 0, let shards = Shard.createAll(shardCount) else { return nil }
        _ = duet_add_to_sum(limits, UInt64(truncatingIfNeeded: defaultLimit / shardCount * shardCount))
        return shards
    }()
    /// Of all shards, and how many are eager.
    private nonisolated(unsafe) static let limits = sum(), eagerShards = sum()
    private static func sum() -> UnsafeMutablePointer<UInt64> { duet_static_space(MemoryLayout<UInt64>.stride).assumingMemoryBound(to: UInt64.self) }
    private static let seed = duet_seed()

    private static func shard(_ shards: UnsafeMutablePointer<Shard>, _ key: UInt64) -> UnsafeMutablePointer<Shard> { shards + Int(truncatingIfNeeded: key % UInt64(truncatingIfNeeded: shardCount)) }

    /// Code that the cache is for, if there is one.
    static func isFor(_ size: Int) -> Bool { size >= shortest / 2 && (size >= shortest || isEager) && shards != nil && duet_sum(limits) != 0 }

    /// Does code come in when it has been run once, also if it is somewhat shorter?
    static var isEager: Bool { duet_sum(eagerShards) != 0 }

    static func key(_ code: UnsafePointer<UInt8>, _ size: Int, _ fork: Fork) -> UInt64 { sampleCode(code, size, seed &+ UInt64(fork.rawValue)) | 1 << 63 }

    /// The image of code that the cache is for, if it has one by now; to be released. `key` is set if it has been searched for.
    static func find(_ code: UnsafePointer<UInt8>, _ size: Int, _ fork: Fork, _ purse: inout Purse, key: inout UInt64) -> CachedCode.Handle? {
        guard purse.affords(CachePrice.search(size)), let shards else { return nil }
        key = self.key(code, size, fork)
        let shard = shard(shards, key)
        var answer = shard.pointee.find(key, fork)
        if case .several = answer {
            answer = shard.pointee.find(key, fork, hash: hashCode(code, size, key))
            if case .none = answer { purse.spend(CachePrice.hash(size)) }
        }
        if case .one(let entry) = answer {
            if entry.pointee.isOf(code, size) { return entry }
            CachedCode.release(entry)
            purse.spend(CachePrice.comparison(size))
        }
        purse.spend(CachePrice.search(size))
        return nil
    }

    /// Executions of code with that key, which is not here, have taken `payment`, one of them `once`. Its image comes in if that is enough. True: it has been analysed.
    static func pay(_ payment: Int, once: Int, _ key: UInt64, _ code: UnsafePointer<UInt8>, _ size: Int, _ fork: Fork) -> Bool {
        guard let shards, shard(shards, key).pointee.pay(key, fork, payment, size),
              let entry = CachedCode.create(code, size, fork, usesToStay: max(1, CachePrice.admission(size) / max(once, 1))) else { return false }
        shard(shards, entry.pointee.key).pointee.insert(entry)
        CachedCode.release(entry)
        return true
    }

    /// For all instances: what the images may take up together; 0 for none.
    static func setLimit(_ octets: Int) {
        guard let shards else { return }
        for index in 0..<shardCount { shards[index].setLimit(octets / shardCount, limits) }
    }

    /// For all instances: how many times what its analysis takes code must have done; 0: it is eager.
    static func setShare(_ share: Int) {
        guard let shards else { return }
        for index in 0..<shardCount { shards[index].setShare(share, eagerShards) }
    }

    /// What is in it now.
    static var octets: Int {
        guard let shards else { return 0 }
        var sum = 0
        for index in 0..<shardCount { sum += shards[index].lockedOctets }
        return sum
    }
}

/// What a key leads to.
enum CacheAnswer {
    case none
    case one(CachedCode.Handle)
    /// It takes the hash to tell them apart.
    case several
}
