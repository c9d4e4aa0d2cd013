import CPVM
import VMCommon

/// Trace and log lines (format: pvm_ext.h, "Lines").
extension UnsafeMutablePointer<Instance> {
    /// Writes the trace line of the last instruction, if there is one that has none yet. `gas` is what it left.
    @inline(__always)
    func traceFinished(gas: UInt64) {
        if pointee.traceIndex >= 0 { trace(gas: gas) }
    }

    @inline(never)
    private func trace(gas: UInt64) {
        let index = pointee.traceIndex
        pointee.traceIndex = -1
        guard pointee.vm.pvm_tracing != 0 else { return }
        pointee.traceStep += 1
        let program = pointee.program
        var line = Line()
        line.append(pointee.traceStep, width: 5)
        line.append(": PC ")
        line.append(UInt64(program.pointee.offsets[index]), width: 5)
        line.append(" ")
        line.append(isaTable[program.pointee.instructions[index].plain.row].name, width: 20)
        line.append(" g=")
        line.append(gas)
        line.append(" reg=[")
        for register in 0..<13 {
            if register > 0 { line.append(" ") }
            line.append(registers[register])
        }
        line.append("]")
        write(&line, PVM_LINE_TRACE)
    }

    func log(_ text: StaticString, _ number: UInt64) {
        guard pointee.vm.pvm_logging != 0 else { return }
        var line = Line()
        line.append("duet: ")
        line.append(text)
        line.append(" ")
        line.append(number)
        line.append(" pc=")
        line.append(pointee.vm.pc)
        line.append(" gas=")
        line.append(pointee.signedGas)
        write(&line, PVM_LINE_LOG)
    }

    func logExit() {
        guard pointee.vm.pvm_logging != 0 else { return }
        var line = Line()
        line.append("duet: exit ")
        line.append(exitName(pointee.exit))
        line.append(" pc=")
        line.append(pointee.vm.pc)
        line.append(" gas=")
        line.append(pointee.signedGas)
        write(&line, PVM_LINE_LOG)
    }

    private func write(_ line: inout Line, _ kind: pvm_line_kind_t) {
        let function = pointee.lineFunction, data = pointee.lineData
        line.withText { text, length in
            if let function { function(handle, kind, text, length, data) } else { duet_stderr_line(text, length) }
        }
    }
}
