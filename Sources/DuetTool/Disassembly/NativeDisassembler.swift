import CPVM
import PVM

/// A program's instructions with the host code that the recompiler makes of each.
struct NativeDisassembler {
    struct Options {
        var format = PVM_FORMAT_AUTO
        var isa = ISA.gp072
        var isGuarded = true
        var processor = NativeListing.Processor.this
        /// Octets alone, as without objdump.
        var octetsOnly = false
        /// The program that makes text of host octets.
        var objdump = "objdump"
    }

    private let octets: [UInt8]
    private let options: Options
    private let program: Program
    private let listing: NativeListing
    private let host: HostText?
    /// The piece that starts at a place of the code.
    private let starts: [Int: NativeListing.Piece]
    private var text: [UInt8] = []

    static func disassemble(_ octets: [UInt8], _ options: Options) throws(ToolError) -> String {
        var disassembler = try NativeDisassembler(octets, options)
        try disassembler.write()
        return String(decoding: disassembler.text, as: UTF8.self)
    }

    private init(_ octets: [UInt8], _ options: Options) throws(ToolError) {
        self.octets = octets
        self.options = options
        program = try Program(octets, format: options.format, isa: options.isa)
        guard let listing = NativeListing(program.handle, isGuarded: options.isGuarded, processor: options.processor) else {
            throw .failed("there is no native code: too large a program, or the recompiler does not serve this processor")
        }
        self.listing = listing
        starts = Dictionary(listing.pieces.filter { !$0.range.isEmpty }.map { ($0.range.lowerBound, $0) }) { first, _ in first }
        // The jump table is data.
        let end = listing.pieces.last { $0.kind == .jumpTable }?.range.lowerBound ?? listing.code.count
        host = options.octetsOnly ? nil : HostText(listing.code[..<end], objdump: options.objdump)
    }

    private mutating func write() throws(ToolError) {
        writeHead()
        let result: Result<[UInt8], ToolError> = octets.withUnsafeBytes { bytes in
            do throws(ImageError) {
                // `format` is known by now, so a program of code alone is not taken for something else.
                try writePieces(try Image(bytes, format: program.format).blob.view)
                return .success([])
            } catch {
                return .failure(.failed(message(of: error.code)))
            }
        }
        _ = try result.get()
    }

    private mutating func writeHead() {
        let count = program.instructionCount
        let ratio = Double(listing.code.count) / Double(max(1, program.codeSize))
        line("; \(listing.name), \(options.isa.name), \(options.isGuarded ? "guarded" : "checked") memory: \(count) instructions in \(program.codeSize) octets, "
            + "\(listing.code.count) octets of host code (\((ratio * 10).rounded() / 10) times as many)")
        let homes = listing.homes.enumerated().map { "\(Register.names[$0]) \($1.map { HostRegister.names[Int($0)] } ?? "in memory")" }
        line("; \(homes.joined(separator: ", "))")
        line("; guest memory \(listing.usesSegment ? "gs" : "r15"), gas r14")
        if host == nil, !options.octetsOnly { line("; objdump (of binutils) is not here: octets alone") }
    }

    private mutating func writePieces(_ view: CodeView) throws(ImageError) {
        var next = 0
        for piece in listing.pieces {
            line(title(piece, view))
            if piece.kind == .jumpTable || host == nil {
                writeOctets(piece.range)
                continue
            }
            while let host, next < host.instructions.count, host.instructions[next].place < piece.range.upperBound {
                write(host.instructions[next], view)
                next += 1
            }
        }
    }

    // MARK: Guest

    private func title(_ piece: NativeListing.Piece, _ view: CodeView) -> String {
        switch piece.kind {
        case .entry: return "entry:"
        case .instruction(let pc):
            let block = program.isBlockStart(Int(pc)) ? options.isa == .gp080 ? "; block, \(program.blockGas(Int(pc))) gas" : "; block" : ""
            let text = padded(number(Int(pc), width: 6) + "  " + instruction(Int(pc), view), to: 48) + block
            return String(text.reversed().drop { $0 == " " }.reversed())
        case .sideExit(let pc, let reason): return "from \(pc): \(reason)"
        case .fault: return "page fault:"
        case .leave: return "leave:"
        case .jumpTable: return "jump table:"
        }
    }

    private func instruction(_ pc: Int, _ view: CodeView) -> String {
        guard pc < view.count else { return "trap, behind the code" }
        guard view.isOpcode(pc), let row = options.isa.row(view.octet(pc)) else { return "trap, no opcode" }
        let syntax = Syntax.all[row]
        return InstructionText.text(syntax, Operands(view, pc: pc, skip: view.skip(pc), format: syntax.row.format)) { String($0) }
    }

    // MARK: Host

    private mutating func write(_ instruction: HostText.Instruction, _ view: CodeView) {
        let octets = hexText(listing.code[instruction.place..<instruction.place + instruction.count], separator: " ")
        var text = instruction.text
        if let piece = instruction.target.flatMap({ starts[$0] }) {
            text = padded(text, to: 24) + "; " + name(piece)
        }
        line(padded("\(number(instruction.place, width: 14, radix: 16))  \(octets)", to: 52) + " " + text)
    }

    /// As the target of a jump.
    private func name(_ piece: NativeListing.Piece) -> String {
        switch piece.kind {
        case .instruction(let pc): "to \(pc)"
        case .sideExit(let pc, let reason): "from \(pc): \(reason)"
        case .leave: "leave"
        case .entry, .fault, .jumpTable: ""
        }
    }

    private mutating func writeOctets(_ range: Range<Int>) {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
            line("\(number(start, width: 14, radix: 16))  \(hexText(listing.code[start..<min(range.upperBound, start + 16)], separator: " "))")
        }
    }

    private func number(_ value: Int, width: Int, radix: Int = 10) -> String {
        let digits = String(value, radix: radix)
        return String(repeating: " ", count: max(0, width - digits.utf8.count)) + digits
    }

    private mutating func line(_ line: String) {
        text += line.utf8
        text.append(UInt8(ascii: "\n"))
    }
}

/// The names of x86-64's registers, by number.
enum HostRegister {
    static let names = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"]
}
