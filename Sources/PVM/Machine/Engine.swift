import CPVM
import VMCommon

/// Which engine runs a VM, and on which memory.
extension UnsafeMutablePointer<Instance> {
    /// Compiled code for a run from its start on; nil where the interpreter begins.
    func codeToStartWith() -> NativeCode.Pointer? {
        switch pointee.engine {
        case PVM_ENGINE_RECOMPILER: return acquireCode(waits: true)
        case PVM_ENGINE_INTERPRETER:
            // Works on memory of either mode.
            if pointee.memoryMode == PVM_MEMORY_GUARDED { _ = pointee.memory.guardPages() }
            return nil
        default:
            return pointee.code != nil || codePays ? acquireCode(waits: false) : nil
        }
    }

    /// Is compiled code to run on guarded memory?
    var wantsGuard: Bool { pointee.memoryMode != PVM_MEMORY_CHECKED }

    /// Compiled code with the memory that it needs, kept by the VM. Nil if it cannot be had, or if another thread is compiling it and
    /// the caller does not want to wait.
    func acquireCode(waits: Bool) -> NativeCode.Pointer? {
        guard Recompiler.isAvailable else { return nil }
        guard pointee.memory.prepareContext() else {
            pointee.lacksContext = true
            return nil
        }
        // Where memory cannot be guarded, and on a thread that cannot take a fault, it is checked.
        let isGuarded = wantsGuard && canFault() && pointee.memory.guardPages()
        if let code = pointee.code {
            if code.pointee.isGuarded == isGuarded { return code }
            code.release()
            pointee.code = nil
        }
        pointee.code = pointee.program.acquireCode(isGuarded: isGuarded, waits: waits)
        return pointee.code
    }

    /// Is this thread ready for faults of the guest? It is asked anew each time that the host runs or resumes the VM: he may have changed its
    /// mask or handlers meanwhile.
    private func canFault() -> Bool {
        pointee.faultThread = 0
        return withUnsafeMutablePointer(to: &pointee.faultThread) { duet_faults_ready($0) }
    }

    /// Can guarded code go on? A host call may have come back on another thread, and it and `sbrk` change rights, which the host may
    /// have refused to.
    @inline(__always)
    var isStillGuarded: Bool { pointee.memory.isGuarded && duet_faults_thread() == pointee.faultThread }
}

// MARK: PVM_ENGINE_AUTO

/// The interpreter runs on slices of the gas, and looks between two of them whether compiled code pays. The rest of the gas is hidden
/// from it, never from the host.
extension UnsafeMutablePointer<Instance> {
    /// Starts a slice: the interpreter is left so much of the gas, or all there is.
    @inline(__always)
    func hideGas(beyond slice: UInt64) {
        pointee.sliceGas = Swift.min(slice, pointee.vm.gas)
        pointee.hiddenGas = pointee.vm.gas - pointee.sliceGas
        pointee.vm.gas = pointee.sliceGas
    }

    /// Ends a slice and shows all gas. Gives back what the slice may go on with, 0 if there was none.
    @inline(__always)
    func showGas() -> UInt64 {
        guard pointee.sliceGas > 0 else { return 0 }
        let left = pointee.vm.gas
        pointee.interpretedGas += pointee.sliceGas - Swift.min(left, pointee.sliceGas)
        pointee.sliceGas = 0
        pointee.vm.gas += pointee.hiddenGas
        pointee.hiddenGas = 0
        return Swift.max(left, 1)
    }

    /// Ends a slice and lets the program know what has been used.
    func countSlice() {
        _ = showGas()
        let news = pointee.interpretedGas - pointee.countedGas
        guard news > 0 else { return }
        pointee.countedGas = pointee.interpretedGas
        _ = withUnsafeMutablePointer(to: &pointee.program.pointee.earnings.heat) { duet_add_to_sum($0, news) }
    }

    /// Is it worth while to go on in compiled code?
    var codePays: Bool {
        // Guarding its memory costs a VM about as much as a slice.
        if wantsGuard, pointee.interpretedGas < duet_auto_slice() { return false }
        if pointee.lacksContext { return false }
        return switch pointee.program.codeState(isGuarded: wantsGuard && !duet_faults_unready()) {
        case .ready: true
        case .none, .refused: isWarm && pointee.program.earnsCode()
        case .compiling, .impossible: false
        }
    }

    /// Has the interpreter spent as much on the program as compiling takes? A look without the lock.
    private var isWarm: Bool {
        let program = pointee.program
        let heat = withUnsafePointer(to: &program.pointee.earnings.heat) { duet_sum($0) }
        return heat >= withUnsafePointer(to: &program.pointee.earnings.askAgainAt) { duet_sum($0) } && heat >= program.pointee.warmth
    }
}
