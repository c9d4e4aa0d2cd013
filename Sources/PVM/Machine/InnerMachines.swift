import CPVM
import VMCommon

/// The machines that a guest makes (the Gray Paper's 𝐦 of the refine context): numbered from 0, the lowest free number first.
struct InnerMachines {
    private var slots: UnsafeMutablePointer<Instance.Handle?>?
    private var capacity = 0
    private(set) var count = 0
    var limit = 1024

    init() {}

    func destroy() {
        for number in 0..<capacity { slots![number]?.destroy() }
        free(slots)
    }

    subscript(_ number: UInt64) -> Instance.Handle? { number < UInt64(truncatingIfNeeded: capacity) ? slots![Int(truncatingIfNeeded: number)] : nil }

    /// Adds a machine and answers its number; nil if memory is short.
    mutating func add(_ machine: Instance.Handle) -> UInt64? {
        var number = 0
        while number < capacity, slots![number] != nil { number += 1 }
        if number == capacity {
            let larger = max(8, capacity * 2)
            guard let space = realloc(slots, larger * MemoryLayout<Instance.Handle?>.stride) else { return nil }
            let new = space.assumingMemoryBound(to: Instance.Handle?.self)
            for index in capacity..<larger { (new + index).initialize(to: nil) }
            slots = new
            capacity = larger
        }
        slots![number] = machine
        count += 1
        return UInt64(truncatingIfNeeded: number)
    }

    mutating func remove(_ number: UInt64) {
        slots![Int(truncatingIfNeeded: number)]!.destroy()
        slots![Int(truncatingIfNeeded: number)] = nil
        count -= 1
    }
}

/// The six host calls (Gray Paper appendix B, refine functions). The order of the checks is the paper's.
extension UnsafeMutablePointer<Instance> {
    /// Ranges that both memories allow.
    private func copy(_ source: GuestMemory, _ from: UInt64, _ target: GuestMemory, _ to: UInt64, _ count: UInt64) {
        guard count > 0 else { return }
        memcpy(target.base + Int(truncatingIfNeeded: to), source.base + Int(truncatingIfNeeded: from), Int(truncatingIfNeeded: count))
    }

    /// Ω_M
    func innerMachine() -> pvm_action_t {
        hostCall(.machine) {
            let from = registers[7], count = registers[8], pc = registers[9], isa = pointee.program.pointee.isa
            guard pointee.inner.count < isa.rules.mostMachines else { return answer(HostResult.full) }
            guard pointee.memory.allows(from, count, GuestMemory.read) else { return PVM_ACTION_PANIC }
            guard pointee.inner.count < pointee.inner.limit else { return PVM_ACTION_PANIC }
            noteHostRead(from, count)
            let bytes = UnsafeRawBufferPointer(
                start: pointee.memory.base + Int(truncatingIfNeeded: count == 0 ? 0 : from), count: Int(truncatingIfNeeded: count))
            let program: Program.Pointer
            do throws(ImageError) {
                program = try Program.shared(image: bytes, format: PVM_FORMAT_BLOB, isa: isa)
            } catch {
                return error.code == PVM_ERR_NO_MEMORY ? PVM_ACTION_PANIC : answer(HostResult.huh)
            }
            defer { program.release() }
            if isa.rules.demandsValidCode, pc >= UInt64(truncatingIfNeeded: program.pointee.view.count) || program.pointee.instruction(at: pc) == nil {
                return answer(HostResult.huh)
            }
            guard let machine = Instance.Handle.make(program, gas: 0) else { return PVM_ACTION_PANIC }
            machine.pointee.vm.pc = pc
            machine.pointee.engine = pointee.engine
            machine.pointee.memoryMode = pointee.memoryMode
            // Only `innerInvoke` runs it: to everybody else it is busy.
            machine.pointee.isRunning = true
            guard let number = pointee.inner.add(machine) else {
                machine.destroy()
                return PVM_ACTION_PANIC
            }
            return answer(number)
        }
    }

    /// Ω_P
    func innerPeek() -> pvm_action_t {
        hostCall(.peek) {
            let to = registers[8], from = registers[9], count = registers[10]
            guard pointee.memory.allows(to, count, GuestMemory.readWrite) else { return PVM_ACTION_PANIC }
            guard let machine = pointee.inner[registers[7]] else { return answer(HostResult.who) }
            guard machine.pointee.memory.allows(from, count, GuestMemory.read) else { return answer(HostResult.outOfBounds) }
            copy(machine.pointee.memory, from, pointee.memory, to, count)
            noteHostWrite(to, count)
            return answer(HostResult.ok)
        }
    }

    /// Ω_O
    func innerPoke() -> pvm_action_t {
        hostCall(.poke) {
            let from = registers[8], to = registers[9], count = registers[10]
            guard pointee.memory.allows(from, count, GuestMemory.read) else { return PVM_ACTION_PANIC }
            guard let machine = pointee.inner[registers[7]] else { return answer(HostResult.who) }
            guard machine.pointee.memory.allows(to, count, GuestMemory.readWrite) else { return answer(HostResult.outOfBounds) }
            noteHostRead(from, count)
            copy(pointee.memory, from, machine.pointee.memory, to, count)
            return answer(HostResult.ok)
        }
    }

    /// Ω_Z: rights 0 to 2 come with zeroed pages, 3 and 4 keep what is there.
    func innerPages() -> pvm_action_t {
        hostCall(.pages) {
            let first = registers[8], count = registers[9], mode = registers[10]
            guard let machine = pointee.inner[registers[7]] else { return answer(HostResult.who) }
            guard mode <= 4, first >= GuestMemory.firstPage, first < GuestMemory.pageCount, count < GuestMemory.pageCount - first else {
                return answer(HostResult.huh)
            }
            let memory = machine.pointee.memory
            if mode > 2, count > 0, memory.firstPage(without: GuestMemory.read, from: first, through: first + count - 1) != nil {
                return answer(HostResult.huh)
            }
            let rights = mode == 0 ? GuestMemory.none : mode & 1 == 1 ? GuestMemory.read : GuestMemory.readWrite
            guard machine.pointee.memory.map(first: first, count: count, rights: rights, zeroed: mode <= 2) else { return PVM_ACTION_PANIC }
            return answer(HostResult.ok)
        }
    }

    /// Ω_K: gas and registers come from, and go back to, 112 octets at register 8. Where the call's gas counts what it hands on, that is
    /// taken before anybody looks for the machine, and what the machine leaves comes back.
    func innerInvoke() -> pvm_action_t {
        hostCall(.invoke) {
            let state = registers[8]
            guard pointee.memory.allows(state, 112, GuestMemory.readWrite) else { return PVM_ACTION_PANIC }
            noteHostRead(state, 112)
            let area = pointee.memory.base + Int(truncatingIfNeeded: state), isa = pointee.program.pointee.isa
            let given = area.loadUnaligned(as: UInt64.self)
            guard pay(isa.gas(ofUnits: given, of: .invoke, registers)) else { return PVM_ACTION_OOG }
            guard let machine = pointee.inner[registers[7]] else { return answer(HostResult.who) }
            machine.pointee.vm.gas = given
            memcpy(machine.registers, area + 8, 104)
            let exit = machine.run(from: machine.continuation)
            pointee.vm.gas += isa.gas(ofUnits: machine.pointee.vm.gas, of: .invoke, registers) ?? 0
            area.storeBytes(of: machine.pointee.vm.gas, as: UInt64.self)
            memcpy(area + 8, machine.registers, 104)
            noteHostWrite(state, 112)
            switch exit {
            case PVM_EXIT_HOST: registers[8] = UInt64(bitPattern: Int64(machine.pointee.vm.host_func_id))
            case PVM_EXIT_FAULT: registers[8] = UInt64(machine.pointee.vm.fault_address)
            default: break
            }
            machine.settle(exit)
            return answer(UInt64(exit.rawValue))
        }
    }

    /// Ω_X
    func innerExpunge() -> pvm_action_t {
        hostCall(.expunge) {
            let number = registers[7]
            guard let machine = pointee.inner[number] else { return answer(HostResult.who) }
            let pc = machine.pointee.vm.pc
            pointee.inner.remove(number)
            return answer(pc)
        }
    }

    /// The pc that an inner machine has between invocations: behind a host call, 0 after halt and panic. There the flag that gas has been
    /// charged is kept where blocks are charged: the next invocation does not pay for the block at 0.
    private func settle(_ exit: pvm_exit_t) {
        let program = pointee.program
        switch exit {
        case PVM_EXIT_HOST: pointee.vm.pc = UInt64(program.pointee.offsets[pointee.resumeIndex])
        case PVM_EXIT_HALT, PVM_EXIT_PANIC:
            pointee.vm.pc = 0
            pointee.resumeIndex = program.pointee.instruction(at: 0) ?? 0
            pointee.resumePaid = program.pointee.isa.rules.chargesBlocks
        default: break
        }
        pointee.stoppedAt = pointee.vm.pc
        pointee.canGoOn = program.pointee.instruction(at: pointee.vm.pc) != nil
        pointee.isRunning = true
    }
}
