import CPVM
import PVM

extension Command {
    static let disassemble = Command(
        path: ["pvm", "disasm"], operands: "IMAGE", operandCount: 1...1,
        summary: "Shows a program as assembly text, from which 'duet pvm asm' makes the same octets.",
        details: """
            Comments show code offsets, octets, block starts and, for gp080, the gas of each block.
            With --native it shows each instruction with the x86-64 code that the recompiler makes of it instead: its place in the
            code (hexadecimal), its octets, and, if objdump is here, its text. Gas is paid where control comes in.
            """,
        options: [
            .image, .isa, Option("--native", nil, "guest and host code side by side"),
            Option("--memory", "checked|guarded", "with --native: for which memory mode (default guarded)"),
            Option("--cpu", "this|full|baseline", "with --native: for this processor (default), one with BMI2 and the like, one without"),
            Option("--octets", nil, "with --native: host bytes alone"),
        ]
    ) { arguments, console in
        let format = try arguments.choice("--image", formatNames, default: PVM_FORMAT_AUTO)
        let isa = try arguments.choice("--isa", ISA.names, default: .gp072)
        let path = arguments.operands[0]
        if arguments.has("--native") {
            var options = NativeDisassembler.Options(format: format, isa: isa)
            options.isGuarded = try arguments.choice("--memory", [("checked", false), ("guarded", true)], default: true)
            options.processor = try arguments.choice("--cpu", [("this", .this), ("full", .full), ("baseline", .baseline)], default: .this)
            options.octetsOnly = arguments.has("--octets")
            console.write(try inFile(path) { () throws(ToolError) in
                try NativeDisassembler.disassemble(readFile(path), options)
            })
            return 0
        }
        for option in ["--memory", "--cpu", "--octets"] where arguments.has(option) {
            throw ToolError.usage("\(option) needs --native")
        }
        console.write(try inFile(path) { () throws(ToolError) in
            try Disassembler.disassemble(readFile(path), format: format, isa: isa)
        })
        return 0
    }
}
