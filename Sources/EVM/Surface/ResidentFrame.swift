import CPVM
import EVMRules
import VMCommon

/// What a client keeps for frames that it uses again and again (`duet_frame_t`).
struct ResidentFrame: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<ResidentFrame>

    let instance: Instance.Handle
    /// Of code that ran lately.
    fileprivate var code: CachedCode.Handle?
    /// A hash of the short code that ran last, and what it has done in work.
    fileprivate var short: UInt64 = 0
    fileprivate var shortWork = 0
    /// A frame runs on it.
    var isBusy = false

    static func create() -> Handle? {
        guard let resident = allocate(ResidentFrame.self, 1) else { return nil }
        guard let instance = Instance.create() else {
            free(resident)
            return nil
        }
        resident.initialize(to: ResidentFrame(instance: instance, code: nil))
        return resident
    }

    static func destroy(_ resident: Handle) {
        if let code = resident.pointee.code { CachedCode.release(code) }
        Instance.destroy(resident.pointee.instance)
        free(resident)
    }
}

extension ResidentFrame.Handle {
    /// The image of the code, if it is at hand.
    func image(_ code: UnsafePointer<UInt8>?, _ size: Int, _ fork: Fork) -> CachedCode.Handle? {
        let instance = pointee.instance, price = CachePrice.comparison(size)
        guard let code, let known = pointee.code, known.pointee.fork == fork, known.pointee.image.size == size, instance.pointee.purse.affords(price) else { return nil }
        if known.pointee.isOf(code, size) { return known }
        instance.pointee.purse.spend(price)
        return nil
    }

    /// An execution without an image at hand has ended. One that the cache has given stays at hand; short code gets one when it has done enough for that, one time after the other.
    func keepImage(of frame: Frame.Handle) {
        let size = frame.pointee.image.size, fork = frame.pointee.fork, plain = frame.pointee.image.plain
        if let cached = frame.pointee.cached {
            frame.pointee.cached = nil
            take(cached)
        } else if frame.pointee.heat != nil && size < CodeCache.shortest {
            let hash = CodeCache.key(plain, size, fork)
            if pointee.short != hash { (pointee.short, pointee.shortWork) = (hash, 0) }
            pointee.shortWork += CachePrice.timeOfWork * (CachePrice.setUp(size) + frame.pointee.work)
            guard pointee.shortWork >= CachePrice.admission(size) || CodeCache.isEager else { return }
            pointee.shortWork = 0
            if let image = CachedCode.create(plain, size, fork, usesToStay: 0) { take(image) }
        }
    }

    private func take(_ image: CachedCode.Handle) {
        if let known = pointee.code { CachedCode.release(known) }
        pointee.code = image
    }
}

/// Instances for frames that come without a resident one.
enum IdleInstances {
    private static let count = 16
    private nonisolated(unsafe) static let slots = duet_static_space(count * MemoryLayout<UnsafeMutableRawPointer?>.stride)
        .assumingMemoryBound(to: UnsafeMutableRawPointer?.self)

    /// Has the process been told to free them at its end?
    private static let closes: Bool = atexit {
        for index in 0..<count {
            if let instance = duet_slot_take(slots + index) { Instance.destroy(instance.assumingMemoryBound(to: Instance.self)) }
        }
    } == 0

    /// nil if memory is short.
    static func take() -> Instance.Handle? {
        for index in 0..<count {
            guard slots[index] != nil, let instance = duet_slot_take(slots + index) else { continue }
            return instance.assumingMemoryBound(to: Instance.self)
        }
        return Instance.create()
    }

    static func give(_ instance: Instance.Handle) {
        if closes {
            for index in 0..<count where slots[index] == nil {
                if duet_slot_put(slots + index, instance) { return }
            }
        }
        Instance.destroy(instance)
    }
}
