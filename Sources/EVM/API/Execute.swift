import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// A status alone.
private func failure(_ status: evmc_status_code) -> evmc_result {
    var result = evmc_result()
    result.status_code = status
    return result
}

@c @implementation
public func duet_evm_execute(_ vm: UnsafeMutablePointer<evmc_vm>!, _ host: UnsafePointer<evmc_host_interface>!, _ context: OpaquePointer!,
                             _ revision: evmc_revision, _ message: UnsafePointer<evmc_message>!, _ code: UnsafePointer<UInt8>!, _ codeSize: Int,
                             _ result: UnsafeMutablePointer<evmc_result>!) {
    guard let frame = start(vm, host, context, revision, message, code, codeSize, result) else { return }
    frame.run()
    frame.finish(result)
}

/// A frame with everything set up. nil, and the result says why, if it does not come to an execution.
@inline(never)
private func start(_ vm: UnsafeMutablePointer<evmc_vm>?, _ host: UnsafePointer<evmc_host_interface>?, _ context: OpaquePointer?,
                   _ revision: evmc_revision, _ message: UnsafePointer<evmc_message>?, _ code: UnsafePointer<UInt8>?, _ codeSize: Int,
                   _ result: UnsafeMutablePointer<evmc_result>) -> Frame.Handle? {
    guard let vm, let host, duet_host_is_complete(host), let message, let fork = Fork(revision),
          message.pointee.gas >= 0, message.pointee.depth >= 0, message.pointee.depth <= Limit.callDepth,
          code != nil || codeSize == 0, exist(message.pointee.input_size, UInt8.self),
          message.pointee.input_data != nil || message.pointee.input_size == 0 else {
        result.pointee = failure(EVMC_REJECTED)
        return nil
    }
    let instance = EVMC.instance(vm)
    guard codeSize >= 0, codeSize <= Frame.codeLimit, let frame = instance.pointee.takeFrame(instance) else {
        result.pointee = failure(EVMC_OUT_OF_MEMORY)
        return nil
    }
    guard frame.begin(duet_host(interface: host, context: context), fork, message, code, codeSize) else {
        instance.pointee.giveFrame(frame)
        result.pointee = failure(EVMC_OUT_OF_MEMORY)
        return nil
    }
    return frame
}

extension Frame {
    /// No longer code is run.
    static let codeLimit = 1 << 28
}

extension Frame.Handle {
    /// Sets everything up. An image of the code that is known already is used, and stays the caller's. False if memory is short.
    @inline(__always)
    func begin(_ host: duet_host, _ fork: Fork, _ message: UnsafePointer<evmc_message>, _ code: UnsafePointer<UInt8>?, _ codeSize: Int,
               known: CachedCode.Handle? = nil) -> Bool {
        let instance = pointee.instance
        pointee.host = host
        pointee.surface = nil
        pointee.isUnanswered = false
        pointee.fork = fork
        pointee.traits = traits(of: fork)
        pointee.steps = steps(of: fork)
        pointee.patience = instance.pointee.patience
        pointee.rules = fork.rules
        pointee.message = message
        pointee.original = code
        pointee.isStatic = message.pointee.flags & EVMC_STATIC.rawValue != 0
        pointee.isTraced = instance.pointee.isTraced
        pointee.isBatched = false
        pointee.gas = instance.pointee.isMetered ? message.pointee.gas : unmeteredGas
        pointee.refund = 0
        pointee.hasTransaction = false
        pointee.outputSize = 0
        pointee.status = EVMC_SUCCESS
        pointee.work = 0
        pointee.key = 0
        if known == nil, let code, CodeCache.isFor(codeSize) {
            pointee.cached = CodeCache.find(code, codeSize, fork, &instance.pointee.purse, key: &pointee.key)
        } else {
            pointee.cached = nil
        }
        if let known = known ?? pointee.cached {
            pointee.image = known.pointee.image
            pointee.serial = known.pointee.serial
            pointee.heat = nil
        } else {
            pointee.serial = 0
            return loadScratch(code, codeSize)
        }
        return true
    }

    /// Gives back what `begin` took, and the frame.
    func end() {
        let instance = pointee.instance
        duet_result_release(pointee.returned)
        let records = pointee.isBatched ? instance.newRecords() : 0
        if let cached = pointee.cached {
            noteUse()
            CachedCode.release(cached)
        } else if pointee.heat != nil {
            payForCache(records)
            clearScratch()
        }
        pointee.memory.reset()
        instance.pointee.giveFrame(self)
    }

    /// Says how it ended, and ends it.
    @inline(never)
    fileprivate func finish(_ place: UnsafeMutablePointer<evmc_result>) {
        let instance = pointee.instance
        var result = evmc_result()
        result.status_code = pointee.status
        if pointee.status == EVMC_SUCCESS || pointee.status == EVMC_REVERT {
            result.gas_left = instance.pointee.isMetered ? pointee.gas : pointee.message.pointee.gas
            if pointee.status == EVMC_SUCCESS { result.gas_refund = pointee.refund }
            let size = pointee.outputSize
            if size > 0 {
                if let output = malloc(size) {
                    memcpy(output, pointee.memory.start.unsafelyUnwrapped + pointee.outputOffset, size)
                    result.output_data = UnsafePointer(output.assumingMemoryBound(to: UInt8.self))
                    result.output_size = size
                    result.release = duet_output_free
                } else {
                    result = failure(EVMC_OUT_OF_MEMORY)
                }
            }
        }
        end()
        place.pointee = result
    }
}

/// Enough for everything that ends, and far from an overflow.
private let unmeteredGas = Int64.max / 4
