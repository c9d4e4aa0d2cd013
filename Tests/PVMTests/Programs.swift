import CPVM
@testable import PVM

/// Hand-made programs for the tests.

/// Code and bitmask, put together instruction by instruction.
struct Code {
    var octets: [UInt8] = []
    var bitmask: [UInt8] = []

    mutating func add(_ instruction: [UInt8]) {
        octets += instruction
        bitmask += [1] + [UInt8](repeating: 0, count: instruction.count - 1)
    }

    init(_ instructions: [[UInt8]] = []) {
        for instruction in instructions { add(instruction) }
    }

    func program(jumps: [UInt32] = [], isa: pvm_isa_t = PVM_ISA_GP072) throws -> PVMProgram {
        try PVMProgram(code: octets, bitmask: bitmask, jumpTable: jumps, isa: isa)
    }
}

extension Opcode {
    /// Its octet in a set that has it.
    func octet(_ isa: ISA = .gp072) -> UInt8 { row.octet(isa)! }
}

/// Two registers in an operand octet.
func registers(_ low: Int, _ high: Int = 0) -> UInt8 { UInt8(low | high << 4) }

func littleEndian<T: FixedWidthInteger>(_ number: T) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }

/// Everything a host can see of a machine after a run, but memory.
struct Observation: Equatable {
    var exit: pvm_exit_t
    var pc: UInt64
    var gas: Int64
    var registers: [UInt64]
    var faultPage: UInt32

    init(_ machine: PVMMachine, _ exit: pvm_exit_t) {
        self.exit = exit
        pc = machine.pc
        gas = machine.signedGas
        registers = machine.registers
        faultPage = exit == PVM_EXIT_FAULT ? machine.faultPage : 0
    }
}

/// Runs one instruction at a time: the careful pace, against which the fast one is held.
func stepThrough(_ machine: PVMMachine, from entry: UInt64) -> pvm_exit_t {
    machine.pc = entry
    while true {
        let exit = machine.step()
        if exit != PVM_EXIT_STEP { return exit }
    }
}

/// An engine with a memory mode.
struct Mode: CustomStringConvertible {
    let engine: pvm_engine_t
    let memory: pvm_memory_mode_t

    /// What this build has.
    static let all: [Mode] = [PVM_ENGINE_INTERPRETER, PVM_ENGINE_RECOMPILER].flatMap { engine in
        [PVM_MEMORY_CHECKED, PVM_MEMORY_GUARDED].map { Mode(engine: engine, memory: $0) }
    }.filter(\.isAvailable)

    private var isAvailable: Bool {
        guard let program = try? Code([[0]]).program(), let machine = try? PVMMachine(program, gas: 0) else { return false }
        return pvm_set_engine(machine.handle, engine) == PVM_OK && pvm_set_memory_mode(machine.handle, memory) == PVM_OK
    }

    func choose(for machine: PVMMachine) {
        precondition(pvm_set_engine(machine.handle, engine) == PVM_OK && pvm_set_memory_mode(machine.handle, memory) == PVM_OK)
    }

    var description: String {
        (engine == PVM_ENGINE_RECOMPILER ? "recompiler" : "interpreter") + (memory == PVM_MEMORY_GUARDED ? ", guarded" : ", checked")
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
