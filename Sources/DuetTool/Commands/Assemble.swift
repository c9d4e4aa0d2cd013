import CPVM
import PVM

extension Command {
    static let assemble = Command(
        path: ["pvm", "asm"], operands: "FILE", operandCount: 1...1,
        summary: "Assembles a program; docs/assembly.md describes the language.",
        details: "Without --isa and --image the file's .isa and .format count, then gp072 and standard.",
        options: [
            Option("-o", "IMAGE", "where to write the image"), Option("--isa", "gp072|gp080", "instruction set"),
            Option("--image", "standard|blob|service", "what to make", formerly: "--format"),
        ]
    ) { arguments, _ in
        let isa = try arguments.choice("--isa", ISA.names.map { ($0.0, Optional($0.1)) }, default: nil)
        let formats = formatNames.filter { $0.0 != "auto" }
        let format = try arguments.choice("--image", formats.map { ($0.0, Optional($0.1)) }, default: nil)
        guard let output = arguments.value("-o") else { throw ToolError.usage("-o IMAGE is missing") }
        let file = arguments.operands[0]
        try writeFile(output, Assembler.assemble(readFile(file), file: file, isa: isa, format: format))
        return 0
    }
}
