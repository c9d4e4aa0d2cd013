import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// `duet pvm trace` against single steps.
@Suite struct PVMTraceTests {
    private struct Line: Decodable {
        struct Access: Decodable { let address: String; let size: Int; let value: String? }
        let pc: UInt64, op: UInt8, opName: String, gas, gasCost: String, regs: [String]
        let read, write: Access?
        let exit: String?
    }

    private func number(_ text: String) -> UInt64 { UInt64(text.dropFirst(2), radix: 16)! }

    private func lines(_ image: String, _ options: [String]) throws -> [Line] {
        let result = duet(["pvm", "trace", image, "--format", "json"] + options)
        #expect(result.status == 0, "\(result.error)")
        return try result.output.split(separator: "\n").dropLast().map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// Steps a machine through the program: pc, gas, registers and stored memory at each instruction.
    private func compare(_ image: [UInt8], isa: ISA = .gp072, arguments: [UInt8] = [], gas: UInt64 = 100_000) throws -> [Line] {
        let folder = try TemporaryFolder()
        let lines = try lines(folder.write("image", image), ["--isa", isa.name, "--gas", String(gas), "--args", hexText(arguments)])
        let machine = try Machine(try Program(image, isa: isa), arguments: arguments, gas: gas)
        var exit = PVM_EXIT_STEP
        for (index, line) in lines.enumerated() {
            #expect(exit == PVM_EXIT_STEP, "\(index)")
            let (pc, registers, gas) = (machine.pc, machine.registers, machine.gasLeft)
            #expect(line.pc == pc && line.regs.map(number) == registers && number(line.gas) == gas, "instruction \(index): \(line)")
            exit = pvm_step(machine.vm)
            if line.exit == nil { #expect(number(line.gas) - number(line.gasCost) == machine.gasLeft, "instruction \(index): \(line)") }
            if let write = line.write, let value = write.value {
                var octets = [UInt8](repeating: 0, count: write.size)
                #expect(pvm_read(machine.vm, number(write.address), UInt64(write.size), &octets) == PVM_OK)
                #expect(octets.reversed().reduce(0) { $0 << 8 | UInt64($1) } == number(value), "instruction \(index): \(line)")
            }
        }
        #expect(exit != PVM_EXIT_STEP && lines.last?.exit == String(cString: pvm_exit_name(exit)))
        return lines
    }

    private func example(_ name: String) throws -> [UInt8] {
        let path = Shared.root.appendingPathComponent("examples/\(name).pvm").path
        return try Assembler.assemble(readFile(path), file: path, isa: nil, format: nil)
    }

    @Test func examples() throws {
        #expect(try compare(example("fib"), arguments: [20, 0, 0, 0, 0, 0, 0, 0]).count == 130)
        #expect(try compare(example("fib"), arguments: [1]).last?.exit == "panic")
        #expect(try compare(example("fib"), arguments: [20, 0, 0, 0, 0, 0, 0, 0], gas: 50).last?.exit == "out-of-gas")
        _ = try compare(example("hello"))
        _ = try compare(example("sum"), arguments: Array(1...32))
        _ = try compare(example("host-call"))
    }

    @Test func stores() throws {
        let source = """
            .stack 4096
            .rw
            place: .u64 0, 0
            .code
                load_imm t0, place
                load_imm_64 t1, 0x1122334455667788
                store_u8 t1, [place]
                store_u16 t1, [place]
                store_imm_u32 [place], -2
                store_imm_u64 [place], -2
                store_ind_u32 t1, [t0 + 4]
                store_imm_ind_u16 [t0 + 8], 0x1234
                load_ind_i16 t2, [t0 + 4]
                store_u64 t1, [0x100]
            """
        let lines = try compare(assemble(source))
        #expect(lines.compactMap { $0.write }.count == 7 && lines.last?.exit == "panic" && lines.last?.write?.value == nil)
        #expect(lines.compactMap { $0.write?.value } == ["0x88", "0x7788", "0xfffffffe", "0xfffffffffffffffe", "0x55667788", "0x1234"])
    }

    /// Functions are found by the returns of their calls.
    @Test func functions() throws {
        let source = """
            .jump back
            .jump again
            .code
                move_reg s0, ra
                load_imm_jump ra, 2, outer
            back:
                jump_ind s0, 0
            outer:
                move_reg s1, ra
                load_imm_jump ra, 4, inner
            again:
                jump_ind s1, 0
            inner:
                add_imm_64 a0, a0, 1
                jump_ind ra, 0
            """
        let image = try assemble(source)
        let program = try Program(image, isa: .gp072)
        let code = try PVMCode(image, program.format, .gp072)
        final class Sink: PVMTraceSink {
            var functions = PVMFunctions(), count = 0
            let code: PVMCode
            init(_ code: PVMCode) { self.code = code }
            func instruction(_ step: PVMStep) {
                functions.add(step.record, count, code)
                count += 1
            }
            func hostCall(_ call: JamCall) {}
            func finish(_ exit: pvm_exit_t, _ machine: Machine) { functions.finish(count, pvm_get_gas_signed(machine.vm)) }
        }
        let sink = Sink(code)
        #expect(try PVMRecorder(Machine(program, gas: 1000), code, sink).run(0) == PVM_EXIT_HALT)
        let all = sink.functions.all
        #expect(all.map { $0.parent } == [-1, 0, 1] && all.map { $0.start } == [0, 2, 4] && all.map { $0.end } == [8, 7, 6], "\(all)")
        #expect(all.map { $0.used } == [8, 5, 2])
    }

    @Test func textAndFilters() throws {
        let folder = try TemporaryFolder()
        let image = try folder.write("fib", example("fib"))
        let result = duet("pvm", "trace", image, "--args", "0100000000000000")
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.last == "halt, 16 gas used" || lines.last?.hasPrefix("halt, ") == true, "\(result)")
        #expect(lines.contains { $0.contains("store_u64 t1, [0x20000]") && $0.contains("write [0x20000] = 0x1") }, "\(result.output)")
        #expect(try Self.count(lines: self.lines(image, ["--args", "0100000000000000", "--opcodes", "add_64,JUMP"])) == ["ADD_64": 1, "JUMP": 1])
        #expect(try self.lines(image, ["--args", "01", "--faults"]).map { $0.exit } == ["panic"])
        #expect(try self.lines(image, ["--pc", "0"]).map { $0.pc } == [0])
        #expect(duet("pvm", "trace", image, "--opcodes", "nothing").status == 2)
        #expect(duet("pvm", "trace", image, "--format", "html", "--pc", "0").status == 2)
        #expect(duet("pvm", "trace", image, "--image", "elf").status == 2)
        #expect(duet("pvm", "trace", folder.path + "/absent").status == 1)
        let cut = duet("pvm", "trace", image, "--args", "1400000000000000", "--format", "html", "--steps", "50")
        #expect(cut.error.contains("it has the first 50") && cut.output.contains("\"count\": 50, \"cut\": true"))
        let page = duet("pvm", "trace", image, "--args", "01", "--format", "html")
        #expect(page.status == 0 && page.output.contains("\"machine\": \"pvm\"") && !page.output.contains("<!--{"))
    }

    private static func count(lines: [Line]) -> [String: Int] { lines.reduce(into: [:]) { $0[$1.opName, default: 0] += 1 } }
}
