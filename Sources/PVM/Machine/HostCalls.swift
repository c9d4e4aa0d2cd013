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
        if let recorder = pointee.ecalliTrace { recordEcalli(recorder, number) }
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
            if let recorder = pointee.ecalliTrace { recordReturn(recorder, movedTo: hasMoved ? pointee.vm.pc : nil) }
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

    /// Takes the gas of a host call and does its work; out of gas without it. A call that the instruction set does not have is
    /// unknown, whatever its work would be.
    func hostCall(_ call: HostCall?, units: UInt64 = 0, _ work: () -> pvm_action_t) -> pvm_action_t {
        let isa = pointee.program.pointee.isa
        guard pay(isa.gas(of: call, registers, units: units)) else { return PVM_ACTION_OOG }
        return call?.row.entry(isa) == nil ? answer(HostResult.what) : work()
    }

    /// Takes gas, nil being more than there can be.
    func pay(_ gas: UInt64?) -> Bool {
        if let gas { return pointee.charge(gas) }
        pointee.gasMissing = .max - pointee.vm.gas
        pointee.vm.gas = 0
        return false
    }

    func answer(_ value: UInt64) -> pvm_action_t {
        registers[7] = value
        return PVM_ACTION_CONTINUE
    }
}

/// What host calls leave in register 7 (Gray Paper appendix B).
enum HostResult {
    static let ok: UInt64 = 0
    static let what = UInt64.max - 1
    static let outOfBounds = UInt64.max - 2
    static let who = UInt64.max - 3
    static let full = UInt64.max - 4
    static let huh = UInt64.max - 8
}

extension UnsafeMutablePointer<Instance> {
    func hostUnknown() -> pvm_action_t { hostCall(nil) { answer(HostResult.what) } }

    /// Ω_G
    func hostGas() -> pvm_action_t { hostCall(.gas) { answer(pointee.vm.gas) } }

    /// Ω_♊: register 7 asks for the page behind the heap's last one.
    func hostGrowHeap() -> pvm_action_t {
        let first = pointee.heapStart >> GuestMemory.pageShift, limit = pointee.growLimit >> GuestMemory.pageShift
        let current = first + pointee.memory.countPages(with: GuestMemory.write, from: first, to: limit)
        let asked = registers[7], grows = asked > current && asked <= limit
        return hostCall(.grow_heap, units: grows ? asked - current : 0) {
            let end = grows ? asked : current
            // Pages that somebody took away in between come back, as the paper has it.
            if end > first {
                noteHostPages(first, end - first, GuestMemory.readWrite)
                guard pointee.memory.map(first: first, count: end - first, rights: GuestMemory.readWrite) else { return PVM_ACTION_PANIC }
            }
            setHeapEnd(Swift.max(pointee.heapEnd, end << GuestMemory.pageShift))
            return answer(end)
        }
    }
}
