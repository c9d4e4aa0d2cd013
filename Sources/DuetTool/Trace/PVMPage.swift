import CPVM
import Foundation
import PVM

/// A trace as data of the page. Sources/DuetTool/Page/pvm.js reads what is written here.
final class PVMPage: PVMTraceSink {
    private enum Flag {
        static let pc: UInt8 = 1, opcode: UInt8 = 2, cost: UInt8 = 4, register: UInt8 = 8, access: UInt8 = 16, stored: UInt8 = 32, fault: UInt8 = 64,
            hostCall: UInt8 = 128
    }

    private static let pageSize = 4096

    private let code: PVMCode
    private let limit: Int
    /// Were there more steps than the page may have?
    private(set) var isCut = false
    private let gas: UInt64
    private let registers: [UInt64]
    private var steps = PageEncoder()
    private var stepCount = 0
    private var functions = PVMFunctions()
    private var expectedPC: Int? = -1
    /// Opcode and cost of the last time, by place.
    private var opcodes: [UInt32: UInt8] = [:]
    private var costs: [UInt32: Int64] = [:]
    private var pages: Set<Int> = []
    private var hostCalls: [(octet: UInt8, name: String)] = []
    private var end = ""
    private var failed = false
    private var gasLeft: Int64 = 0

    /// What comes behind the first `limit` steps is left out.
    init(_ code: PVMCode, _ machine: Machine, limit: Int) {
        self.code = code
        self.limit = limit
        gas = machine.gasLeft
        registers = machine.registers
    }

    func instruction(_ step: PVMStep) {
        if stepCount == limit { isCut = true }
        if isCut { return }
        let record = step.record
        functions.add(record, stepCount, code)
        var flags: UInt8 = 0
        if expectedPC != Int(record.pc) { flags |= Flag.pc }
        if opcodes.updateValue(record.opcode, forKey: record.pc) != record.opcode { flags |= Flag.opcode }
        if costs.updateValue(step.cost, forKey: record.pc) != step.cost { flags |= Flag.cost }
        if record.reg < 13 { flags |= Flag.register }
        if record.access_size > 0 { flags |= Flag.access }
        if step.stored != nil { flags |= Flag.stored }
        if step.isFault { flags |= Flag.fault }
        steps.add(octet: flags)
        if flags & Flag.pc != 0 { steps.add(UInt64(record.pc)) }
        if flags & Flag.opcode != 0 { steps.add(octet: record.opcode) }
        if flags & Flag.cost != 0 { steps.add(signed: step.cost) }
        if flags & Flag.register != 0 {
            steps.add(octet: record.reg)
            add(record.value)
        }
        if flags & Flag.access != 0 {
            steps.add(octet: record.access << 4 | record.access_size)
            steps.add(UInt64(record.address))
            touch(UInt64(record.address), Int(record.access_size))
        }
        if let stored = step.stored { add(stored) }
        if flags & Flag.fault != 0 { steps.add(octet: UInt8(record.exit - 1)) }
        expectedPC = code.next(Int(record.pc))
        stepCount += 1
    }

    private func touch(_ address: UInt64, _ count: Int) {
        let last = Int(address) + count - 1
        // What is written or read beyond the end of memory faults.
        for page in Int(address) / PVMPage.pageSize...last / PVMPage.pageSize where page < 1 << 20 { pages.insert(page) }
    }

    /// A step between the ecalli and the next instruction. The calls of a run have names of their own among those of the opcodes.
    func hostCall(_ call: JamCall) {
        if stepCount == limit { isCut = true }
        if isCut { return }
        steps.add(octet: Flag.hostCall | (call.exit == nil ? 0 : Flag.fault))
        steps.add(octet: octet(of: call))
        steps.add(UInt64(UInt32(bitPattern: call.number)))
        steps.add(UInt64(call.pc))
        steps.add(signed: call.cost)
        steps.add(call.changed.count)
        for (register, value) in call.changed {
            steps.add(octet: UInt8(register))
            add(value)
        }
        steps.add(call.reads.count { !$0.octets.isEmpty })
        for access in call.reads where !access.octets.isEmpty {
            steps.add(access.address)
            steps.add(access.octets.count)
            touch(access.address, access.octets.count)
        }
        steps.add(call.writes.count)
        for access in call.writes {
            steps.add(access.address)
            steps.add(access.octets)
            touch(access.address, access.octets.count)
        }
        if let exit = call.exit { steps.add(octet: UInt8(exit.rawValue)) }
        stepCount += 1
    }

    /// An octet that is no opcode stands for the call's name. When there are none left, calls share one.
    private func octet(of call: JamCall) -> UInt8 {
        if let known = hostCalls.first(where: { $0.name == call.name }) { return known.octet }
        let free = (0...255).last { number in code.name(UInt8(number)).isEmpty && !hostCalls.contains { $0.octet == number } }
        guard let free else { return hostCalls.last?.octet ?? 255 }
        hostCalls.append((UInt8(free), call.name))
        return UInt8(free)
    }

    private func add(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { steps.add(number: $0.assumingMemoryBound(to: UInt8.self)) }
    }

    func finish(_ exit: pvm_exit_t, _ machine: Machine) {
        gasLeft = pvm_get_gas_signed(machine.vm)
        functions.finish(stepCount, gasLeft)
        end = String(cString: pvm_exit_name(exit))
        failed = exit != PVM_EXIT_HALT && exit != PVM_EXIT_HOST
    }

    /// `fresh` is a machine as the traced one was before it ran.
    func page(_ title: String, _ fresh: Machine) -> PageData {
        var frames = functions.all.map { function in
            frame(parent: function.parent, function.start, function.end, "L\(function.entry)", function.gas, function.used, failed && function.end == stepCount)
        }
        if frames.isEmpty { frames = [frame(parent: -1, 0, 0, "", Int64(clamping: gas), Int64(clamping: gas) - gasLeft, failed)] }
        var page = PageData(machine: "pvm", title: title, isa: code.isa.name, steps: steps.octets, stepCount: stepCount, isCut: isCut, frames: frames)
        page.header.add("end", end)
        page.header.add("gas", String(gas))
        page.header.add("opcodes", .texts((0...255).map { octet in
            hostCalls.first { $0.octet == octet }?.name ?? code.name(UInt8(octet)).lowercased()
        }))
        page.header.add("registerNames", .texts(Register.names))
        page.header.add("registers", .texts(registers.map { String($0) }))
        page.header.add("codeSize", .integer(Int64(code.size)))
        page.header.add("pcs", .numbers(code.starts.map { UInt64($0) }))
        page.header.add("texts", .texts(code.texts))
        page.header.add("blocks", .numbers(code.blocks.map { UInt64($0) }))
        page.header.add("exits", .texts((0..<8).map { pvm_exit_t(rawValue: $0) }.map { String(cString: pvm_exit_name($0)) }))
        page.header.add("pages", .objects(pages.sorted().map { page in
            var line = JSONLine()
            line.add("address", UInt64(page * PVMPage.pageSize))
            var octets = [UInt8](repeating: 0, count: PVMPage.pageSize)
            if pvm_read(fresh.vm, UInt64(page * PVMPage.pageSize), UInt64(PVMPage.pageSize), &octets) == PVM_OK, octets.contains(where: { $0 != 0 }) {
                line.add("data", Data(octets).base64EncodedString())
            }
            return line
        }))
        return page
    }

    private func frame(parent: Int, _ start: Int, _ end: Int, _ name: String, _ gas: Int64, _ used: Int64, _ failed: Bool) -> JSONLine {
        var line = JSONLine()
        line.add("parent", .integer(Int64(parent)))
        line.add("start", .integer(Int64(start)))
        line.add("end", .integer(Int64(end)))
        line.add("kind", parent < 0 ? "start" : "function")
        line.add("address", name)
        line.add("gas", String(gas))
        line.add("used", String(used))
        line.add("status", failed ? self.end : "")
        return line
    }
}
