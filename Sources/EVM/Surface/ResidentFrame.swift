import CPVM
import VMCommon

/// What a client keeps for frames that it uses again and again (`duet_frame_t`).
struct ResidentFrame: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<ResidentFrame>

    let instance: Instance.Handle
    /// Of the code that ran last.
    fileprivate var code: CachedCode.Handle?
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
        if let code = resident.pointee.code { CodeCache.give(code) }
        Instance.destroy(resident.pointee.instance)
        free(resident)
    }
}

extension ResidentFrame.Handle {
    /// The image of the code, if there is one by now: short code gets one at once, longer code when the cache has it.
    func image(_ code: UnsafePointer<UInt8>?, _ size: Int, _ fork: Fork) -> CachedCode.Handle? {
        guard let code else { return nil }
        if let known = pointee.code {
            if known.pointee.fork == fork && known.pointee.isOf(code, size) { return known }
            CodeCache.give(known)
            pointee.code = nil
        }
        pointee.code = size < CodeCache.shortest ? CachedCode.create(code, size, fork, 0) : CodeCache.take(code, size, fork)
        return pointee.code
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
