import CPVM
import PVM

extension Command {
    static let run = Command(
        path: ["pvm", "run"], operands: "IMAGE", operandCount: 1...1,
        summary: "Runs a program until it ends or calls its host.",
        details: """
            The exit status is 0 whenever a run took place, however it ended: halt, panic, page-fault, host-call or out-of-gas.
            A blob starts with all registers 0 and no memory: '--reg ra=0xffff0000' lets it halt by a jump to ra, '--map 0x20000:4096:rw=FILE' gives it
            memory. A host call ends the run; with '--host jam' fetch, lookup, read, write, info, gas and log are served, and the others answer
            WHAT. JSON keys: status, gas_used, output, regs, pc, fault_address, host_call, seconds.
            """,
        options: Launch.options + [
            .host, .engine, .memory, Option("--trace", nil, "a line per instruction on standard error"),
            Option("--ecalli-trace", "FILE", "writes an ecalli trace (JIP-7) of the run"), .json,
        ],
        body: RunCommand.run)
}

enum RunCommand {
    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let configuration = try Configuration(arguments)
        let launch = try Launch(arguments)
        let machine = try launch.machine()
        try machine.choose(configuration)
        let host = try JamHost(arguments, launch.isa, console)
        try host?.serve(machine.vm)
        if arguments.has("--trace") { try machine.trace(to: console) }
        let ecallis = try arguments.value("--ecalli-trace").map { path throws(ToolError) in try EcalliTraceFile(path, machine) }

        let (seconds, exit) = timed { withExtendedLifetime(host) { pvm_run(machine.vm, launch.entry) } }
        try ecallis?.close()
        let outcome = try Outcome(machine, exit, seconds)
        console.write(arguments.has("--json") ? outcome.json + "\n" : outcome.text)
        return 0
    }
}

/// How a run ended.
struct Outcome {
    let status: String
    let gasUsed: UInt64
    let output: String?
    let registers: [UInt64]
    let pc: UInt64
    let faultAddress: UInt64?
    let hostCall: UInt64?
    let seconds: Double

    init(_ machine: Machine, _ exit: pvm_exit_t, _ seconds: Double) throws(ToolError) {
        status = String(cString: pvm_exit_name(exit))
        gasUsed = machine.gasUsed
        output = exit == PVM_EXIT_HALT ? try hexText(machine.output()) : nil
        registers = machine.registers
        pc = machine.pc
        faultAddress = exit == PVM_EXIT_FAULT ? machine.faultPage : nil
        hostCall = exit == PVM_EXIT_HOST ? machine.hostCall : nil
        self.seconds = seconds
    }

    var json: String {
        var line = JSONLine()
        line.add("status", status)
        line.add("gas_used", gasUsed)
        line.add("output", output)
        line.add("regs", .numbers(registers))
        line.add("pc", pc)
        line.add("fault_address", faultAddress)
        line.add("host_call", hostCall)
        line.add("seconds", .seconds(seconds))
        return line.text
    }

    var text: String {
        var rows = [("status", status), ("gas used", String(gasUsed)), ("pc", String(pc))]
        if let output { rows.append(("output", output)) }
        if let faultAddress { rows.append(("fault address", String(faultAddress))) }
        if let hostCall { rows.append(("host call", String(hostCall))) }
        rows += registers.enumerated().map { (Register.names[$0], String($1)) }
        rows.append(("seconds", secondsText(seconds)))
        return table(rows)
    }
}
