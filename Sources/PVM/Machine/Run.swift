import CPVM
import VMCommon

/// Runs from start to exit (the Gray Paper's Ψ and Ψ_H).

/// Where a run starts.
struct Start {
    /// Nil if there is no instruction at `pc`.
    var index: Int?
    var pc: UInt64
    /// The gas of the instruction (0.8.0: of its block) has been taken already.
    var paid: Bool
    /// A run that a host call has interrupted goes on.
    var carriesOn = false
}

extension UnsafeMutablePointer<Instance> {
    func start(at pc: UInt64) -> Start {
        Start(index: pointee.program.pointee.instruction(at: pc), pc: pc, paid: false)
    }

    /// Where the last run left off, unless the host has moved pc since.
    var continuation: Start {
        let pc = pointee.vm.pc
        guard pointee.canGoOn, pc == pointee.stoppedAt, !pointee.pcWasSet else { return start(at: pc) }
        return Start(index: pointee.resumeIndex, pc: pc, paid: pointee.resumePaid, carriesOn: pointee.exit == PVM_EXIT_HOST)
    }

    /// Has the last run ended for good, with nothing changed since?
    var hasEnded: Bool {
        (pointee.exit == PVM_EXIT_HALT || pointee.exit == PVM_EXIT_PANIC) && pointee.vm.pc == pointee.stoppedAt && !pointee.pcWasSet
    }

    /// Runs at most `budget` instructions.
    func run(from start: Start, budget: UInt64 = .max) -> pvm_exit_t {
        begin(start)
        let isBatched = pointee.attached != nil && startBatches()
        var next = start
        var care = Care(budget: budget, paid: start.paid)
        let isPlain = budget == .max && !pointee.isTraced && !isBatched
        var code = isPlain ? codeToStartWith() : nil
        var outcome: Outcome
        while true {
            pointee.vm.pc = next.pc
            guard let index = next.index else {
                if isBatched { recordTrapOutside() }
                trapOutside()
                return end(index: nil, paid: false, isBatched: isBatched)
            }
            if !isPlain {
                care.paid = next.paid
                outcome = isBatched ? interpret(Batched.self, self, at: index, &care) : interpret(Careful.self, self, at: index, &care)
            } else if let code {
                outcome = runNative(code, from: index, paid: next.paid)
            } else {
                outcome = runFast(from: index, paid: next.paid)
            }
            switch outcome {
            case .moved:
                next = self.start(at: pointee.vm.pc)
                continue
            case .wantsCode:
                code = acquireCode(waits: pointee.engine == PVM_ENGINE_RECOMPILER)
                next = Start(index: pointee.resumeIndex, pc: next.pc, paid: pointee.resumePaid)
                continue
            default: break
            }
            break
        }
        if outcome == .stepped { pointee.exit = PVM_EXIT_STEP }
        return end(index: pointee.resumeIndex, paid: care.paid, isBatched: isBatched)
    }

    /// At the fast pace as far as it goes, carefully where it does not.
    private func runFast(from start: Int, paid: Bool) -> Outcome {
        let mayCompile = pointee.engine == PVM_ENGINE_AUTO && Recompiler.isAvailable
        if mayCompile { hideGas(beyond: duet_auto_slice()) }
        defer { countSlice() }
        let program = pointee.program, chargesBlocks = program.pointee.isa.rules.chargesBlocks
        program.prepareForFastLoop()
        var index = start, paid = paid
        while true {
            let ip = program.pointee.instructions + index
            // 0.7.2 pays by the instruction, so of the region that goes on here only the first one can have been paid.
            let cost = if chargesBlocks { paid ? 0 : cost(of: ip) } else { UInt64(ip.pointee.charge) - (paid ? 1 : 0) }
            if pointee.vm.gas < cost, pointee.hiddenGas > 0 {
                countSlice()
                pointee.resumeIndex = index
                pointee.resumePaid = paid
                if codePays { return .wantsCode }
                hideGas(beyond: Swift.max(duet_auto_slice(), cost))
            }
            if pointee.vm.gas < cost {
                // Somewhere in this region the gas ends: the careful pace finds where (0.8.0: right here).
                var care = Care(budget: .max, paid: paid)
                return interpret(Careful.self, self, at: index, &care)
            }
            pointee.vm.gas -= cost
            if ip.pointee.handler == .careful {
                let endsRegion = chargesBlocks ? isaTable[ip.pointee.plain.row].endsBlock : ip.pointee.charge == 1
                var care = Care(budget: 1, paid: true)
                let outcome = interpret(Careful.self, self, at: index, &care)
                guard outcome == .stepped else { return outcome }
                index = pointee.resumeIndex
                paid = !endsRegion
                continue
            }
            var unused = Care(budget: 0, paid: true)
            let outcome = interpret(Fast.self, self, at: index, &unused)
            index = pointee.resumeIndex
            switch outcome {
            case .cannotPay: paid = false
            case .wantsCare: paid = !program.pointee.isDearBlock(index)
            default: return outcome
            }
        }
    }

    private func begin(_ start: Start) {
        pointee.isRunning = true
        pointee.lacksContext = false
        pointee.isTraced = pointee.vm.pvm_tracing != 0
        pointee.vm.initializing = 0
        pointee.vm.terminated = 0
        pointee.vm.host_call = 0
        pointee.gasMissing = 0
        pointee.pcWasSet = false
        pointee.vm.pc = start.pc
        log("run from", start.pc)
        if let recorder = pointee.ecalliTrace { recordRun(recorder, start) }
    }

    /// Execution at a place without an opcode: 0.7.2 executes a trap there, 0.8.0 finds the program invalid.
    private func trapOutside() {
        pointee.exit = PVM_EXIT_PANIC
        if !pointee.program.pointee.isa.rules.demandsValidCode, !pointee.charge(1) { pointee.exit = PVM_EXIT_OOG }
    }

    private func end(index: Int?, paid: Bool, isBatched: Bool) -> pvm_exit_t {
        let exit = pointee.exit
        traceFinished(gas: pointee.vm.gas)
        if isBatched { endBatches() }
        if let index {
            pointee.vm.pc = UInt64(pointee.program.pointee.offsets[index])
            pointee.resumeIndex = index
        }
        switch exit {
        case PVM_EXIT_HOST:
            // Behind the ecalli, which ends a gas region in 0.7.2 but no basic block in 0.8.0.
            pointee.resumeIndex += 1
            pointee.resumePaid = pointee.program.pointee.isa.rules.chargesBlocks
        case PVM_EXIT_FAULT: pointee.resumePaid = true
        case PVM_EXIT_STEP: pointee.resumePaid = paid
        default: pointee.resumePaid = false
        }
        pointee.stoppedAt = pointee.vm.pc
        pointee.canGoOn = index != nil
        pointee.pcWasSet = false
        if let move = pointee.suspendedMove {
            pointee.suspendedMove = nil
            pointee.vm.pc = move
            pointee.pcWasSet = true
        }
        pointee.isRunning = false
        show(exit)
        logExit()
        if let recorder = pointee.ecalliTrace, exit.rawValue <= PVM_EXIT_OOG.rawValue, exit != PVM_EXIT_HOST { recordEnd(recorder, exit) }
        return exit
    }

    /// Fills in what `struct VM` tells of an exit.
    func show(_ exit: pvm_exit_t) {
        guard exit.rawValue <= PVM_EXIT_OOG.rawValue else { return }
        pointee.vm.machine_state = Int32(truncatingIfNeeded: exit.rawValue)
        pointee.vm.host_call = exit == PVM_EXIT_HOST ? 1 : 0
        pointee.vm.terminated = exit == PVM_EXIT_HOST ? 0 : 1
        switch exit {
        case PVM_EXIT_HALT, PVM_EXIT_HOST: pointee.vm.result_code = WorkDigest.ok
        case PVM_EXIT_OOG: pointee.vm.result_code = WorkDigest.outOfGas
        default: pointee.vm.result_code = WorkDigest.panic
        }
    }
}

/// The `WORKDIGEST_*` numbers of pvm.h, which are short names there.
enum WorkDigest {
    static let ok: Int32 = 0
    static let outOfGas: Int32 = 1
    static let panic: Int32 = 2
}

extension Program {
    /// 0.8.0: does a block start here whose cost is too large for `Instruction.charge`?
    func isDearBlock(_ index: Int) -> Bool {
        guard isa.rules.chargesBlocks, let block = block(of: index) else { return false }
        return Int(block.first) == index && block.gas > Instruction.regionLimit
    }
}
