import CPVM

/// A VM of the C API.
final class Machine {
    let vm: UnsafeMutablePointer<pvm_vm_t>
    private let gas: UInt64
    private var console: Console?

    init(_ program: Program, arguments: [UInt8] = [], gas: UInt64) throws(ToolError) {
        if program.format == PVM_FORMAT_BLOB, !arguments.isEmpty { throw .failed("a blob takes no arguments") }
        var vm: UnsafeMutablePointer<pvm_vm_t>?
        try check(pvm_vm_create(program.handle, arguments, arguments.count, gas, &vm))
        self.vm = vm!
        self.gas = gas
    }

    deinit { pvm_destroy(vm) }

    func choose(_ configuration: Configuration) throws(ToolError) {
        try check(pvm_set_engine(vm, configuration.engine), "engine \(configuration.engineName)")
        try check(pvm_set_memory_mode(vm, configuration.memory), "memory \(configuration.memoryName)")
    }

    /// What is really used, where the choice was left to the library.
    var configuration: Configuration { Configuration(engine: pvm_get_engine(vm), memory: pvm_get_memory_mode(vm)) }

    /// Writes a line per instruction to the console's error stream.
    func trace(to console: Console) throws(ToolError) {
        self.console = console
        let user = Unmanaged.passUnretained(console).toOpaque()
        try check(pvm_set_line_function(vm, { _, _, line, length, user in
            guard let line, let user else { return }
            let octets = UnsafeRawBufferPointer(start: line, count: length)
            Unmanaged<Console>.fromOpaque(user).takeUnretainedValue().report(String(decoding: octets, as: UTF8.self))
        }, user))
        pvm_set_tracing(vm, 1)
    }

    var pc: UInt64 { pvm_get_pc(vm) }
    var gasLeft: UInt64 { pvm_get_gas(vm) }
    var gasUsed: UInt64 { gas - min(gas, gasLeft) }
    var hostCall: UInt64 { UInt64(UInt32(bitPattern: vm.pointee.host_func_id)) }
    var faultPage: UInt64 { UInt64(pvm_fault_page(vm)) }
    var registers: [UInt64] { (0..<PVM_REGISTERS).map { pvm_get_register(vm, Int32($0)) } }

    /// What the guest hands back after a halt.
    func output() throws(ToolError) -> [UInt8] {
        var start: UnsafePointer<UInt8>?
        var count = 0
        try check(pvm_output(vm, &start, &count))
        return Array(UnsafeBufferPointer(start: start, count: count))
    }
}

/// Which engine runs and how it accesses memory.
struct Configuration: Equatable {
    var engine: pvm_engine_t = PVM_ENGINE_AUTO
    var memory: pvm_memory_mode_t = PVM_MEMORY_AUTO

    static let engines: [(String, pvm_engine_t)] = [
        ("auto", PVM_ENGINE_AUTO), ("interpreter", PVM_ENGINE_INTERPRETER), ("recompiler", PVM_ENGINE_RECOMPILER),
    ]
    static let memories: [(String, pvm_memory_mode_t)] = [
        ("auto", PVM_MEMORY_AUTO), ("checked", PVM_MEMORY_CHECKED), ("guarded", PVM_MEMORY_GUARDED),
    ]

    var engineName: String { Configuration.engines.first { $0.1 == engine }?.0 ?? "?" }
    var memoryName: String { Configuration.memories.first { $0.1 == memory }?.0 ?? "?" }
    var name: String { "\(engineName), \(memoryName)" }

    init(engine: pvm_engine_t = PVM_ENGINE_AUTO, memory: pvm_memory_mode_t = PVM_MEMORY_AUTO) {
        self.engine = engine
        self.memory = memory
    }

    /// From the options --engine and --memory.
    init(_ arguments: Arguments) throws(ToolError) {
        engine = try arguments.choice("--engine", Configuration.engines, default: PVM_ENGINE_AUTO)
        memory = try arguments.choice("--memory", Configuration.memories, default: PVM_MEMORY_AUTO)
    }
}
