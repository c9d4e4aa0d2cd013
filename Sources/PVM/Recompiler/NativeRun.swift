import CPVM
import VMCommon

/// Runs with compiled code, which does whole gas regions; what is left over, the careful pace of the interpreter does.
extension UnsafeMutablePointer<Instance> {
    /// As `runFast`.
    func runNative(_ code: NativeCode.Pointer, from start: Int, paid: Bool) -> Outcome {
        let base = pointee.memory.base
        base.storeBytes(of: UnsafeMutableRawPointer(self), toByteOffset: Int(NativeContext.vm), as: UnsafeMutableRawPointer.self)
        guard code.pointee.isGuarded else { return runNative(code.pointee, base, nil, from: start, paid: paid) }
        return withUnsafePointer(to: code.pointee.faultScope(base)) { runNative(code.pointee, base, $0, from: start, paid: paid) }
    }

    /// With a scope for guarded code.
    private func runNative(
        _ code: NativeCode, _ base: UnsafeMutableRawPointer, _ scope: UnsafePointer<duet_fault_scope>?, from start: Int, paid: Bool
    ) -> Outcome {
        let program = pointee.program, chargesBlocks = program.pointee.isa.rules.chargesBlocks
        var index = start, paid = paid
        var segment = GuestSegment()
        defer {
            segment.end()
            if pointee.nativeGas >= duet_auto_slice() { countNative() }
        }
        while true {
            // Behind a host call of 0.8.0 the block goes on, paid. Elsewhere control comes in where gas is paid.
            let canEnter = paid ? program.pointee.goesOnPaid(index) : program.pointee.startsRegion(index)
            guard canEnter else {
                segment.leave()
                var care = Care(budget: .max, paid: paid, stopsAtRegionEnd: true)
                let outcome = interpret(Careful.self, self, at: index, &care)
                guard outcome == .stepped else { return outcome }
                index = pointee.resumeIndex
                paid = care.paid
                continue
            }
            let gas = pointee.vm.gas
            let exit: NativeExit
            if let scope {
                guard isStillGuarded else {
                    pointee.resumeIndex = index
                    pointee.resumePaid = paid
                    return .wantsCode
                }
                let outer = duet_faults_enter(scope)
                exit = code.run(base, from: index, &segment)
                duet_faults_leave(outer)
            } else {
                exit = code.run(base, from: index, &segment)
            }
            segment.leave()
            // (Gas that did not suffice has wrapped around.)
            pointee.nativeGas &+= gas &- pointee.vm.gas
            index = exit.index
            pointee.resumeIndex = index
            switch exit.kind {
            case .slow, .fault:
                // The region has been paid to its end.
                let charge = chargesBlocks ? 0 : UInt64(program.pointee.instructions[index].charge)
                pointee.vm.gas += charge
                var care = Care(budget: .max, paid: chargesBlocks, stopsAtRegionEnd: true)
                let outcome = interpret(Careful.self, self, at: index, &care)
                guard outcome == .stepped else { return outcome }
                index = pointee.resumeIndex
                paid = care.paid
            case .unpaid:
                var care = Care(budget: .max, paid: false, stopsAtRegionEnd: true)
                let outcome = interpret(Careful.self, self, at: index, &care)
                guard outcome == .stepped else { return outcome }
                index = pointee.resumeIndex
                paid = care.paid
            case .cannotPay:
                // The code has taken it all the same, so that the gas has wrapped around.
                pointee.vm.gas &+= program.pointee.regionGas(index)
                var care = Care(budget: .max, paid: false)
                return interpret(Careful.self, self, at: index, &care)
            case .panic:
                pointee.exit = PVM_EXIT_PANIC
                return .stopped
            case .hostCall:
                switch callHost(program.pointee.instructions[index].x) {
                case .goOn: break
                case .moved: return .moved
                case .stop:
                    pointee.resumeIndex = index
                    return .stopped
                }
                index += 1
                paid = chargesBlocks
            }
        }
    }
}

extension UnsafeMutablePointer<Instance> {
    /// Lets the program know what its code has used. Not after every run: others may run it too.
    @inline(never)
    private func countNative() {
        pointee.program.countNative(pointee.nativeGas)
        pointee.nativeGas = 0
    }
}

/// The segment GS as guest memory, from the first entry of compiled code to the end of a run.
///
/// Moving the base costs more than a host call, so it stays where it is while the host is called, unless the thread used the
/// segment for something of its own (no C library does).
struct GuestSegment {
    private var guest: UInt64 = 0
    private var outer: UInt64 = 0

    @inline(__always)
    mutating func enter(_ base: UnsafeMutableRawPointer) {
        guest = UInt64(UInt(bitPattern: base))
        let now = duet_segment_base()
        // It has stayed here, so there was nothing else; what another thread had is not this one's.
        outer = now == guest ? 0 : now
        if now == guest { return }
        duet_set_segment_base(guest)
    }

    /// What follows is the host's, or may call it.
    @inline(__always)
    func leave() {
        if outer != 0 { duet_set_segment_base(outer) }
    }

    func end() {
        if guest != 0, duet_segment_base() == guest { duet_set_segment_base(outer) }
    }
}

extension Program {
    /// Is it the instruction behind a host call in the middle of a block?
    func goesOnPaid(_ index: Int) -> Bool { isa.rules.chargesBlocks && index > 0 && instructions[index - 1].plain == .ecalli }
}
