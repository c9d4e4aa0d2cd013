import CPVM
import VMCommon

/// Calls of the host (Gray Paper appendix A, Ψ_H).
enum HostOutcome {
    /// On behind the ecalli.
    case goOn
    /// On at the pc that the host has set.
    case moved
    /// The run ends: `instance.exit`.
    case stop
}

extension UnsafeMutablePointer<Instance> {
    /// Serves the ecalli at `resumeIndex`, which has been paid.
    @inline(never)
    func callHost(_ number: Int32) -> HostOutcome {
        let slice = showGas()
        let pc = UInt64(pointee.program.pointee.offsets[pointee.resumeIndex])
        pointee.vm.pc = pc
        pointee.vm.host_func_id = number
        pointee.vm.host_call = 1
        if pointee.vm.pvm_logging != 0 { log("host call", UInt64(UInt32(bitPattern: number))) }
        let index = pointee.resumeIndex
        pointee.pcWasSet = false
        guard pointee.vm.is_child == 0, let action = askHost(number) else {
            pointee.exit = PVM_EXIT_HOST
            return .stop
        }
        pointee.resumeIndex = index
        let hasMoved = pointee.vm.pc != pc || pointee.pcWasSet
        switch action {
        case PVM_ACTION_CONTINUE:
            pointee.vm.host_call = 0
            if hasMoved { return .moved }
            if slice > 0 { hideGas(beyond: slice) }
            return .goOn
        case PVM_ACTION_HALT: pointee.exit = PVM_EXIT_HALT
        case PVM_ACTION_OOG: pointee.exit = PVM_EXIT_OOG
        case PVM_ACTION_FAULT:
            pointee.exit = PVM_EXIT_FAULT
            pointee.vm.fault_address = pointee.pendingFaultPage
        case PVM_ACTION_SUSPEND:
            pointee.exit = PVM_EXIT_HOST
            pointee.suspendedMove = hasMoved ? pointee.vm.pc : nil
        default: pointee.exit = PVM_EXIT_PANIC
        }
        return .stop
    }

    /// What the host wants; nil if nobody is there to be asked.
    @inline(__always)
    private func askHost(_ number: Int32) -> pvm_action_t? {
        if let function = pointee.hostFunction { return function(handle, number, pointee.hostData) }
        if let callback = pointee.vm.host_callback {
            switch unsafeBitCast(callback, to: pvm_host_callback_t.self)(handle, number) {
            case PVM_HOST_CONTINUE: return PVM_ACTION_CONTINUE
            case PVM_HOST_TERMINATE: return PVM_ACTION_HALT
            default: return PVM_ACTION_PANIC
            }
        }
        if let function = pointee.vm.ext_invoke_host_func {
            function(handle, number)
            return pointee.vm.terminated == 0 ? PVM_ACTION_CONTINUE : PVM_ACTION_HALT
        }
        return nil
    }

    /// Takes the gas of a host call and does its work; out of gas without it.
    func hostCall(gas: UInt64, _ work: () -> pvm_action_t) -> pvm_action_t {
        pointee.charge(gas) ? work() : PVM_ACTION_OOG
    }
}

/// Gas of most host calls, and the results they leave in register 7 (Gray Paper appendix B).
enum HostCall {
    static let gas: UInt64 = 10
    static let ok: UInt64 = 0
    static let what = UInt64.max - 1
    static let outOfBounds = UInt64.max - 2
    static let who = UInt64.max - 3
    static let huh = UInt64.max - 8
}

extension UnsafeMutablePointer<Instance> {
    func hostUnknown() -> pvm_action_t {
        hostCall(gas: HostCall.gas) {
            registers[7] = HostCall.what
            return PVM_ACTION_CONTINUE
        }
    }

    /// Ω_♊ of 0.8.0: register 7 asks for the page behind the heap's last one. Where the paper runs out of gas it takes none.
    func hostGrowHeap() -> pvm_action_t {
        let constant: UInt64 = 100, perPage: UInt64 = 10
        guard pointee.vm.gas >= constant else { return PVM_ACTION_OOG }
        let first = pointee.heapStart >> GuestMemory.pageShift, limit = pointee.growLimit >> GuestMemory.pageShift
        let asked = registers[7]
        let current = first + pointee.memory.countPages(with: GuestMemory.write, from: first, to: limit)
        let end = Swift.max(first, asked)
        let growth = asked > current ? asked - current : 0
        let (cost, overflow) = growth.multipliedReportingOverflow(by: perPage)
        if end <= limit, !overflow, pointee.vm.gas >= constant + cost {
            let ask = Swift.max(current, end)
            // The rw region has no holes but those the host has made: this fills them, as the paper does.
            if end > first, !pointee.memory.map(first: first, count: end - first, rights: GuestMemory.readWrite) { return PVM_ACTION_PANIC }
            _ = pointee.charge(constant + cost)
            registers[7] = ask
            setHeapEnd(Swift.max(pointee.heapEnd, end << GuestMemory.pageShift))
        } else {
            _ = pointee.charge(constant)
            registers[7] = current
        }
        return PVM_ACTION_CONTINUE
    }
}
