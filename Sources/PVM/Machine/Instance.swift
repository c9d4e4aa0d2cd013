import CPVM
import VMCommon

/// A VM: the struct that `pvm.h` shows the host, and behind it what the host does not see. One allocation; `pvm_vm_t *` points
/// at its start.
struct Instance {
    var vm: VM
    var program: Program.Pointer
    var memory = GuestMemory()

    // Host calls. Without `hostFunction`, `vm.host_callback` and then `vm.ext_invoke_host_func` are asked.
    var hostFunction: pvm_host_function_t?
    var hostData: UnsafeMutableRawPointer?

    // What executes it, as asked for.
    var engine = PVM_ENGINE_AUTO
    var memoryMode = PVM_MEMORY_AUTO
    /// Compiled code that it has run, with a reference.
    var code: NativeCode.Pointer?
    /// The thread that was last ready for faults of that code (`duet_faults_ready`).
    var faultThread: UInt64 = 0
    /// The host has no address space for it: not asked again in this run.
    var lacksContext = false
    /// `PVM_ENGINE_AUTO` while the interpreter runs: gas that is kept back, and what it was given instead.
    var hiddenGas: UInt64 = 0
    var sliceGas: UInt64 = 0
    /// Gas that it has used in such slices, and how much of that the program knows of.
    var interpretedGas: UInt64 = 0
    var countedGas: UInt64 = 0
    /// Gas used in compiled code that the program does not know of.
    var nativeGas: UInt64 = 0

    // Lines.
    var lineFunction: pvm_line_function_t?
    var lineData: UnsafeMutableRawPointer?
    /// Was tracing on when the run began? Where it begins must not depend on the engine.
    var isTraced = false
    var traceStep: UInt64 = 0
    /// The instruction whose trace line is still to come, or -1.
    var traceIndex = -1

    /// The trace in batches that runs write, if any, and its state, which is there once one has been asked for.
    var attached: UnsafeMutablePointer<duet_trace_t>?
    var batches: UnsafeMutablePointer<Batches>?

    /// The recorder of ecalli traces, if one is asked for.
    var ecalliTrace: EcalliRecorder.Pointer?
    /// Bytes of arguments that a standard program was given.
    var argumentCount = 0

    // The heap: the part of the rw region that grows. `heapLimit` is what it cannot pass.
    var heapStart: UInt64 = 0
    var heapEnd: UInt64 = 0
    var heapLimit: UInt64 = 0
    /// `grow_heap`'s limit, which keeps a zone away from the stack. 0 without a standard program.
    var growLimit: UInt64 = 0

    /// Gas that was missing when a run or charge ended out of gas.
    var gasMissing: UInt64 = 0
    var exit = PVM_EXIT_NONE
    var isRunning = false
    /// `pvm_set_pc` was called since the last run ended or the host function was entered.
    var pcWasSet = false
    /// Where the last run stopped: what follows is valid while the host has left `vm.pc` there.
    var stoppedAt: UInt64 = .max
    /// The instruction to go on with, if `canGoOn`; else whatever is at `vm.pc`.
    var canGoOn = false
    var resumeIndex = 0
    /// The gas of the instruction at `resumeIndex` has been taken already.
    var resumePaid = false
    var pendingFaultPage: UInt32 = 0
    /// Where a host function that suspended the run wants it to go on, if not behind the host call.
    var suspendedMove: UInt64?

    var inner = InnerMachines()

    init(program: Program.Pointer) {
        vm = VM()
        self.program = program
    }

    typealias Handle = UnsafeMutablePointer<Instance>
}

extension UnsafeMutablePointer<VM> {
    /// The VM behind the pointer that a host holds.
    @inline(__always)
    var instance: Instance.Handle { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Instance.self) }
}

extension UnsafeMutablePointer<Instance> {
    /// The pointer that the host holds.
    @inline(__always)
    var handle: UnsafeMutablePointer<VM> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: VM.self) }

    @inline(__always)
    var registers: UnsafeMutablePointer<UInt64> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt64.self) }

    /// A VM for the program, with a reference to it; memory and registers empty. Nil if memory is short.
    static func make(_ program: Program.Pointer, gas: UInt64) -> Instance.Handle? {
        guard let space = malloc(MemoryLayout<Instance>.stride) else { return nil }
        let instance = space.assumingMemoryBound(to: Instance.self)
        instance.initialize(to: Instance(program: program))
        program.retain()
        let code = program.pointee.view, given = program.pointee.givenBitmask
        instance.pointee.vm.gas = gas
        instance.pointee.vm.code = UnsafeMutablePointer<UInt8>(mutating: code.code)
        instance.pointee.vm.bitmask = given.baseAddress.map { UnsafeMutablePointer<UInt8>(mutating: $0) }
        instance.pointee.vm.code_len = UInt32(truncatingIfNeeded: code.count)
        instance.pointee.vm.bitmask_len = UInt32(truncatingIfNeeded: given.count)
        instance.pointee.vm.j = program.pointee.jumpTable
        instance.pointee.vm.j_size = UInt32(truncatingIfNeeded: program.pointee.jumpTableCount)
        instance.pointee.vm.initializing = 1
        instance.pointee.engine = duet_default_engine()
        instance.pointee.memoryMode = duet_default_memory_mode()
        return instance
    }

    func destroy() {
        pointee.inner.destroy()
        pointee.memory.destroy()
        pointee.code?.release()
        pointee.program.release()
        free(pointee.batches)
        dropEcalliTrace()
        free(self)
    }
}

// MARK: Gas

extension Instance {
    /// Gas with its sign (`pvm_get_gas_signed`).
    var signedGas: Int64 {
        if vm.gas > 0 { return Int64(clamping: vm.gas) }
        return gasMissing > UInt64(truncatingIfNeeded: Int64.max) ? .min : -Int64(truncatingIfNeeded: gasMissing)
    }

    /// Takes `amount`, or all there is and false.
    mutating func charge(_ amount: UInt64) -> Bool {
        guard vm.gas < amount else {
            vm.gas -= amount
            return true
        }
        gasMissing = amount - vm.gas
        vm.gas = 0
        return false
    }
}
