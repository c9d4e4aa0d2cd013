import CPVM
import VMCommon

/// Lines of EIP-3155, a JSON object for each instruction.
///
/// A line waits until the cost of its instruction is known, and what it adds to the refund: until the next one, the end, or the call that
/// it makes. So there is never more than one that waits in an instance, and the lines of a called execution come behind that of the call.
struct Tracer: BitwiseCopyable {
    /// NULL: stderr.
    var function: duet_evm_trace_fn?
    var context: UnsafeMutableRawPointer?
    fileprivate var line = TraceLine()
    fileprivate var isWaiting = false
    /// What the transaction has to refund beside the execution at hand: of its authorizations, and of executions that wait for a call.
    var outerRefund: Int64 = 0
    /// Whoever executes the transaction says how it ended: an execution alone does not know (see `TransactionTrace`).
    var leavesSummary = false
    /// Before the instruction, and what it costs at least.
    fileprivate var gas: Int64 = 0
    fileprivate var fixedCost: Int64 = 0

    mutating func free() { line.free() }

    /// The line behind the instructions: how an execution, or the transaction that it belongs to, has ended.
    mutating func sendSummary(_ output: UnsafePointer<UInt8>?, _ size: Int, gasUsed: Int64, _ status: evmc_status_code) {
        line.clear()
        line.append("{\"output\":\"")
        line.append(digits: output, size)
        line.append("\",\"gasUsed\":")
        line.append(hexNumber: gasUsed)
        line.append(error: status)
        line.append("}")
        send()
    }

    fileprivate mutating func send() {
        guard let text = line.start, !line.isCut else { return }
        text.withMemoryRebound(to: CChar.self, capacity: line.count) { text in
            if let function { function(context, text, line.count) } else { duet_stderr_line(text, line.count) }
        }
    }
}

extension Frame.Handle {
    /// Before an instruction, of which nothing has been checked yet.
    @inline(never)
    func traceInstruction(_ offset: Int, _ octet: UInt8, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) {
        if let surface = pointee.surface { surface.beginOperation(self, offset, octet, sp, gas) }
        guard pointee.instance.pointee.isTraced else { return }
        sendWaiting(gas, EVMC_SUCCESS)
        let tracer = pointee.instance.tracer
        tracer.pointee.line.clear()
        tracer.pointee.line.append("{\"pc\":")
        tracer.pointee.line.append(decimal: UInt64(truncatingIfNeeded: offset))
        tracer.pointee.line.append(",\"op\":")
        tracer.pointee.line.append(decimal: UInt64(octet))
        tracer.pointee.line.append(",\"gas\":")
        tracer.pointee.line.append(hexNumber: gas)
        tracer.pointee.line.append(",\"memSize\":")
        tracer.pointee.line.append(decimal: pointee.memory.size)
        tracer.pointee.line.append(",\"stack\":[")
        var word = pointee.stack
        while word < sp {
            if word > pointee.stack { tracer.pointee.line.append(",") }
            tracer.pointee.line.append(hexNumber: word.pointee)
            word += 1
        }
        tracer.pointee.line.append("],\"depth\":")
        tracer.pointee.line.append(decimal: UInt64(truncatingIfNeeded: pointee.message.pointee.depth) + 1)
        tracer.pointee.line.append(",\"returnData\":")
        tracer.pointee.line.append(hexOctets: pointee.returned.pointee.output_data, pointee.returned.pointee.output_size)
        tracer.pointee.line.append(",\"opName\":\"")
        tracer.pointee.line.append(name(ofOctet: octet, pointee.traits))
        tracer.pointee.line.append("\"")
        tracer.pointee.isWaiting = true
        tracer.pointee.gas = gas
        tracer.pointee.fixedCost = Int64(pointee.traits[Int(octet)].gas)
    }

    /// Before the host carries a call out. `gas` is what stays here.
    @inline(never)
    func traceCall(_ gas: Int64) {
        if pointee.isBatched { return completeCall(gas) }
        let kind = pointee.outgoing.pointee.kind
        // Calls cost what they hand on; creations hand on what is left when they have been paid.
        sendWaiting(kind == EVMC_CREATE || kind == EVMC_CREATE2 ? gas &+ pointee.outgoing.pointee.gas : gas, EVMC_SUCCESS)
        pointee.instance.tracer.pointee.outerRefund &+= pointee.refund
    }

    /// Before the refunds of that call are counted here.
    @inline(never)
    func traceReturn() {
        if !pointee.isBatched { pointee.instance.tracer.pointee.outerRefund &-= pointee.refund }
    }

    /// A call that the host is not asked for costs what it would have handed on, and gives it back at once.
    @inline(never)
    func traceRefusedCall(_ gas: Int64) {
        if !pointee.isBatched { sendWaiting(gas, EVMC_SUCCESS) }
    }

    /// After the last instruction.
    @inline(never)
    func traceEnd() {
        guard pointee.instance.pointee.isTraced else { return }
        let status = pointee.status
        let isFault = status != EVMC_SUCCESS && status != EVMC_REVERT
        sendWaiting(pointee.gas, isFault ? status : EVMC_SUCCESS)
        let tracer = pointee.instance.tracer
        guard pointee.message.pointee.depth == 0, !tracer.pointee.leavesSummary else { return }
        tracer.pointee.sendSummary(pointee.memory.start.map { UnsafePointer($0) + pointee.outputOffset }, isFault ? 0 : pointee.outputSize,
                                   gasUsed: pointee.message.pointee.gas &- (isFault ? 0 : pointee.gas), status)
    }

    /// The instruction that waits has not been executed, and will be again.
    func traceSuspension() { pointee.instance.tracer.pointee.isWaiting = false }

    private func sendWaiting(_ gas: Int64, _ status: evmc_status_code) {
        let tracer = pointee.instance.tracer
        guard tracer.pointee.isWaiting else { return }
        tracer.pointee.isWaiting = false
        tracer.pointee.line.append(",\"refund\":")
        tracer.pointee.line.append(decimal: UInt64(clamping: tracer.pointee.outerRefund &+ pointee.refund))
        tracer.pointee.line.append(",\"gasCost\":")
        let cost = tracer.pointee.gas &- gas
        tracer.pointee.line.append(hexNumber: status == EVMC_SUCCESS ? cost : max(cost, tracer.pointee.fixedCost))
        tracer.pointee.line.append(error: status)
        tracer.pointee.line.append("}")
        tracer.pointee.send()
    }
}

extension TraceLine {
    fileprivate mutating func append(error status: evmc_status_code) {
        guard status != EVMC_SUCCESS else { return }
        append(",\"error\":\"")
        append(name(of: status))
        append("\"")
    }
}

/// As evmc.h has it.
func name(of status: evmc_status_code) -> StaticString {
    switch status {
    case EVMC_SUCCESS: "success"
    case EVMC_FAILURE: "failure"
    case EVMC_REVERT: "revert"
    case EVMC_OUT_OF_GAS: "out of gas"
    case EVMC_INVALID_INSTRUCTION: "invalid instruction"
    case EVMC_UNDEFINED_INSTRUCTION: "undefined instruction"
    case EVMC_STACK_OVERFLOW: "stack overflow"
    case EVMC_STACK_UNDERFLOW: "stack underflow"
    case EVMC_BAD_JUMP_DESTINATION: "bad jump destination"
    case EVMC_INVALID_MEMORY_ACCESS: "invalid memory access"
    case EVMC_CALL_DEPTH_EXCEEDED: "call depth exceeded"
    case EVMC_STATIC_MODE_VIOLATION: "static mode violation"
    case EVMC_PRECOMPILE_FAILURE: "precompile failure"
    case EVMC_CONTRACT_VALIDATION_FAILURE: "contract validation failure"
    case EVMC_INSUFFICIENT_BALANCE: "insufficient balance"
    case EVMC_INTERNAL_ERROR: "internal error"
    case EVMC_REJECTED: "rejected"
    case EVMC_OUT_OF_MEMORY: "out of memory"
    default: "failure"
    }
}

/// The instruction that an octet is at a fork.
private func name(ofOctet octet: UInt8, _ traits: UnsafePointer<Traits>) -> StaticString {
    if traits[Int(octet)].isDefined {
        for index in isaTable.indices where isaTable[index].opcode.rawValue == octet { return isaTable[index].name }
    }
    return "undefined"
}
