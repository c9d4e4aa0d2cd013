import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// The programs under examples/ do what their comments say, under both instruction sets.
@Suite(.serialized) struct ExampleTests {
    private func run(_ name: String, _ isa: ISA, _ arguments: [UInt8]) throws -> (pvm_exit_t, [UInt8], Machine) {
        let path = Shared.root.appendingPathComponent("examples/\(name).pvm").path
        let image = try Assembler.assemble(readFile(path), file: path, isa: isa)
        try roundTrip(image, isa: isa, name)
        let machine = try Machine(Program(image, isa: isa), arguments: arguments, gas: defaultGas)
        let exit = pvm_run(machine.vm, 0)
        return (exit, exit == PVM_EXIT_HALT ? try machine.output() : [], machine)
    }

    private func octets(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }

    @Test(arguments: [ISA.gp072, .gp080])
    func fib(_ isa: ISA) throws {
        var a: UInt64 = 0, b: UInt64 = 1
        for n in 0..<100 as Range<UInt64> {
            #expect(try run("fib", isa, octets(n)).1 == octets(a))
            (a, b) = (b, a &+ b)
        }
        #expect(try run("fib", isa, []).0 == PVM_EXIT_PANIC)
    }

    @Test(arguments: [ISA.gp072, .gp080])
    func sum(_ isa: ISA) throws {
        #expect(try run("sum", isa, [1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255, 9]).1 == octets(3 + 0xffff_ffff))
        #expect(try run("sum", isa, []).1 == octets(0))
    }

    @Test(arguments: [ISA.gp072, .gp080])
    func hello(_ isa: ISA) throws {
        #expect(try run("hello", isa, Array("JAM".utf8)).1 == Array("Hello, JAM".utf8))
        #expect(try run("hello", isa, Array(repeating: 65, count: 5000)).1.count == 4007)
    }

    @Test(arguments: [ISA.gp072, .gp080])
    func hostCall(_ isa: ISA) throws {
        let (exit, _, machine) = try run("host-call", isa, [])
        #expect(exit == PVM_EXIT_HOST && machine.hostCall == 100)
        var text = [UInt8](repeating: 0, count: Int(machine.registers[11]))
        #expect(pvm_read(machine.vm, machine.registers[10], UInt64(text.count), &text) == PVM_OK)
        #expect(String(decoding: text, as: UTF8.self) == "about to ask for the gas left")
        #expect(pvm_resume(machine.vm) == PVM_EXIT_HOST && machine.hostCall == 0)
        pvm_set_register(machine.vm, 7, 1234)
        #expect(pvm_resume(machine.vm) == PVM_EXIT_HALT)
        #expect(try machine.output() == octets(1234))
    }
}
