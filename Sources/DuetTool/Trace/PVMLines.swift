import CPVM
import PVM

/// A trace as JSON objects, a line each, in the manner of EIP-3155: registers in place of the stack.
final class PVMLines: PVMTraceSink {
    private let output: TraceOutput
    private let code: PVMCode
    private let filter: TraceFilter

    init(_ output: TraceOutput, _ code: PVMCode, _ filter: TraceFilter) {
        self.output = output
        self.code = code
        self.filter = filter
    }

    func instruction(_ step: PVMStep) {
        let record = step.record
        guard filter.contains(opcode: record.opcode, pc: record.pc, depth: 0, isFault: step.isFault) else { return }
        begin(record.pc, record.opcode, record.gas, step.cost, step.registers, code.name(record.opcode))
        if record.access_size > 0 {
            output.text.add(record.access == UInt8(DUET_ACCESS_WRITE) ? ",\"write\":{\"address\":\"" : ",\"read\":{\"address\":\"")
            output.text.add(hex: UInt64(record.address))
            output.text.add("\",\"size\":")
            output.text.add(decimal: UInt64(record.access_size))
            if let stored = step.stored {
                output.text.add(",\"value\":\"")
                output.text.add(hex: stored)
                output.text.append(UInt8(ascii: "\""))
            }
            output.text.add("}")
        }
        if let exit = step.exit { output.text.add(",\"exit\":\"\(String(cString: pvm_exit_name(exit)))\"") }
        output.text.add("}")
        output.endLine()
    }

    /// What all lines have.
    private func begin(_ pc: UInt32, _ opcode: UInt8, _ gas: Int64, _ cost: Int64, _ registers: [UInt64], _ name: String) {
        output.text.add("{\"pc\":")
        output.text.add(decimal: UInt64(pc))
        output.text.add(",\"op\":")
        output.text.add(decimal: UInt64(opcode))
        output.text.add(",\"gas\":\"")
        output.text.add(hex: gas)
        output.text.add("\",\"gasCost\":\"")
        output.text.add(hex: cost)
        output.text.add("\",\"regs\":[")
        for (index, value) in registers.enumerated() {
            output.text.add(index == 0 ? "\"" : ",\"")
            output.text.add(hex: value)
            output.text.append(UInt8(ascii: "\""))
        }
        output.text.add("],\"opName\":\"")
        output.text.add(name)
        output.text.append(UInt8(ascii: "\""))
    }

    /// A line as that of the ecalli, under the name of the call.
    func hostCall(_ call: JamCall) {
        let opcode = Opcode.ecalli.rawValue
        guard filter.contains(opcode: opcode, pc: call.pc, depth: 0, isFault: call.exit != nil) else { return }
        begin(call.pc, opcode, call.gas, call.cost, call.registers, call.name.uppercased())
        output.text.add(",\"hostCall\":\(UInt32(bitPattern: call.number))")
        add("reads", call.reads)
        add("writes", call.writes)
        if let exit = call.exit { output.text.add(",\"exit\":\"\(String(cString: pvm_exit_name(exit)))\"") }
        output.text.add("}")
        output.endLine()
    }

    private func add(_ name: String, _ accesses: [JamGuest.Access]) {
        output.text.add(",\"\(name)\":[")
        for (index, access) in accesses.enumerated() {
            output.text.add(index == 0 ? "{\"address\":\"" : ",{\"address\":\"")
            output.text.add(hex: access.address)
            output.text.add("\",\"data\":\"")
            output.text.add(hexOctets: access.octets)
            output.text.add("\"}")
        }
        output.text.add("]")
    }

    func finish(_ exit: pvm_exit_t, _ machine: Machine) {
        let octets = exit == PVM_EXIT_HALT ? (try? machine.output()) ?? [] : []
        output.text.add("{\"output\":\"")
        output.text.add(hexOctets: octets)
        output.text.add("\",\"gasUsed\":\"")
        output.text.add(hex: machine.gasUsed)
        output.text.add("\",\"exit\":\"\(String(cString: pvm_exit_name(exit)))\"}")
        output.endLine()
    }
}

/// A trace for people.
final class PVMTextLines: PVMTraceSink {
    private let output: TraceOutput
    private let code: PVMCode
    private let filter: TraceFilter

    init(_ output: TraceOutput, _ code: PVMCode, _ filter: TraceFilter) {
        self.output = output
        self.code = code
        self.filter = filter
    }

    func instruction(_ step: PVMStep) {
        let record = step.record
        guard filter.contains(opcode: record.opcode, pc: record.pc, depth: 0, isFault: step.isFault) else { return }
        let start = output.text.count, pc = String(record.pc)
        output.text.append(contentsOf: repeatElement(32, count: max(0, 6 - pc.count)))
        output.text.add(pc)
        output.text.add("  ")
        output.text.add(code.text(record))
        output.text.pad(to: 46, from: start)
        output.text.add("gas \(record.gas)")
        output.text.pad(to: 64, from: start)
        output.text.add("-\(step.cost)")
        output.text.pad(to: 70, from: start)
        if record.reg < 13 {
            output.text.add(" \(Register.names[Int(record.reg)]) = ")
            output.text.add(hex: record.value)
        }
        if record.access_size > 0 {
            output.text.add(record.access == UInt8(DUET_ACCESS_WRITE) ? " write [" : " read [")
            output.text.add(hex: UInt64(record.address))
            output.text.add("]")
            if let stored = step.stored {
                output.text.add(" = ")
                output.text.add(hex: stored)
            }
        }
        if let exit = step.exit { output.text.add("  <- \(String(cString: pvm_exit_name(exit)))") }
        while output.text.last == 32 { output.text.removeLast() }
        output.endLine()
    }

    func hostCall(_ call: JamCall) {
        guard filter.contains(opcode: Opcode.ecalli.rawValue, pc: call.pc, depth: 0, isFault: call.exit != nil) else { return }
        let start = output.text.count
        output.text.add("        \(call.name) (host call \(UInt32(bitPattern: call.number)))")
        output.text.pad(to: 46, from: start)
        output.text.add("gas \(call.gas)")
        output.text.pad(to: 64, from: start)
        output.text.add("-\(call.cost)")
        output.text.pad(to: 70, from: start)
        for access in call.reads { add(" read [", access) }
        for access in call.writes { add(" write [", access) }
        for (register, value) in call.changed {
            output.text.add(" \(Register.names[register]) = ")
            output.text.add(hex: value)
        }
        if let exit = call.exit { output.text.add("  <- \(String(cString: pvm_exit_name(exit)))") }
        output.endLine()
    }

    private func add(_ what: String, _ access: JamGuest.Access) {
        output.text.add(what)
        output.text.add(hex: access.address)
        output.text.add("] \(access.octets.count) \(access.octets.count == 1 ? "byte" : "bytes")")
    }

    func finish(_ exit: pvm_exit_t, _ machine: Machine) {
        output.text.add("\(String(cString: pvm_exit_name(exit))), \(machine.gasUsed) gas used")
        output.endLine()
    }
}
