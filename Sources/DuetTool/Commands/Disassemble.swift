import CPVM
import PVM

extension Command {
    static let disassemble = Command(
        path: ["pvm", "disasm"], operands: "IMAGE", operandCount: 1...1,
        summary: "Shows a program as assembly text, from which 'duet pvm asm' makes the same octets.",
        details: "Comments show code offsets, octets, block starts and, for gp080, the gas of each block.",
        options: [.format, .isa]
    ) { arguments, console in
        let format = try arguments.choice("--format", formatNames, default: PVM_FORMAT_AUTO)
        let isa = try arguments.choice("--isa", ISA.names, default: .gp072)
        let path = arguments.operands[0]
        console.write(try inFile(path) { () throws(ToolError) in
            try Disassembler.disassemble(readFile(path), format: format, isa: isa)
        })
        return 0
    }
}
