import CPVM
import VMCommon

/// Images of code that has been run before, for all instances of the process.
///
/// Code comes in when it is met for the second time: until then all that it costs is a hash. The key is the code itself: what the
/// hash finds is compared octet by octet. What has not been used for longest goes out first. Parts with locks of their own keep
/// threads out of each other's way.
enum CodeCache {
    /// Shorter code is analysed faster than it is found.
    static let shortest = 256
    private static let shardCount = 16
    /// What all images may take up together, unless an option says otherwise.
    static let defaultLimit = 64 << 20

    /// Emptied when the process ends: what is in use then stays with its users.
    private nonisolated(unsafe) static let shards: UnsafeMutablePointer<Shard>? = {
        guard atexit({ CodeCache.setLimit(0) }) == 0 else { return nil }
        return Shard.createAll(shardCount)
    }()
    private static let seed = duet_seed()

    /// The image of the code, if it has one by now. To be given back.
    static func take(_ code: UnsafePointer<UInt8>?, _ size: Int, _ fork: Fork) -> CachedCode.Handle? {
        guard let code, size >= shortest, let shards else { return nil }
        let hash = hashCode(code, size, seed &+ UInt64(fork.rawValue))
        let shard = shards + Int(truncatingIfNeeded: hash % UInt64(truncatingIfNeeded: shardCount))
        switch shard.pointee.find(hash, fork) {
        case .found(let entry):
            if entry.pointee.isOf(code, size) { return entry }
            give(entry)
            return nil
        case .unknown: return nil
        case .seen:
            guard let entry = CachedCode.create(code, size, fork, hash) else { return nil }
            shard.pointee.insert(entry)
            return entry
        }
    }

    static func give(_ entry: CachedCode.Handle) {
        guard let shards else { return }
        shards[Int(truncatingIfNeeded: entry.pointee.hash % UInt64(truncatingIfNeeded: shardCount))].give(entry)
    }

    /// For all instances: what the images may take up together; 0 for none.
    static func setLimit(_ octets: Int) {
        guard let shards else { return }
        for index in 0..<shardCount { shards[index].setLimit(octets / shardCount) }
    }

    /// What is in it now.
    static var octets: Int {
        guard let shards else { return 0 }
        var sum = 0
        for index in 0..<shardCount { sum += shards[index].lockedOctets }
        return sum
    }
}

/// What a hash leads to.
enum CacheAnswer {
    case found(CachedCode.Handle)
    /// Not for the first time, and not in the cache.
    case seen
    case unknown
}
