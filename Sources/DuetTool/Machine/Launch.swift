import CPVM
import PVM

extension Command.Option {
    static let image = Command.Option("--image", "auto|standard|blob|service", "what the image is (default auto: the first that fits)",
                                      formerly: "--format")
    static let host = Command.Option("--host", "jam[=FILE]", "serves the host calls of a JAM node, with the accounts and items of FILE")
    static let isa = Command.Option("--isa", "gp072|gp080", "instruction set: Gray Paper 0.7.2 (default) or 0.8.0")
    fileprivate static let arguments = Command.Option("--args", "HEX", "argument bytes of a standard program or service")
    fileprivate static let gas = Command.Option("--gas", "N", "gas to start with (default \(defaultGas))")
    fileprivate static let entry = Command.Option("--entry", "N", "code offset to start at (default 0)")
    fileprivate static let register = Command.Option(
        "--reg", "NAME=N", "sets a register (ra, sp, a0 … or r0 to r12) before the run", repeats: true)
    fileprivate static let map = Command.Option(
        "--map", "START:LENGTH:ACCESS[=FILE]",
        "makes memory accessible, for reading (r) or writing too (rw), and puts the file at its start", repeats: true)
}

let defaultGas: UInt64 = 10_000_000_000

/// What 'duet pvm run', 'trace' and 'bench' have in common: a program, and the state that each VM of it starts with.
struct Launch {
    static let options: [Command.Option] = [.image, .isa, .entry, .arguments, .gas, .register, .map]

    let path: String
    let image: [UInt8]
    let format: pvm_format_t
    let isa: ISA
    let program: Program
    let entry: UInt32
    let gas: UInt64
    private let arguments: [UInt8]
    private let registers: [(number: UInt8, value: UInt64)]
    private let regions: [Region]

    init(_ arguments: Arguments) throws(ToolError) {
        format = try arguments.choice("--image", formatNames, default: PVM_FORMAT_AUTO)
        isa = try arguments.choice("--isa", ISA.names, default: .gp072)
        entry = try UInt32(arguments.number("--entry", default: 0, in: 0...UInt64(UInt32.max)))
        gas = try arguments.number("--gas", default: defaultGas)
        self.arguments = try arguments.octets("--args")
        registers = try arguments.allValues("--reg").map { text throws(ToolError) in try Launch.register(text) }
        regions = try arguments.allValues("--map").map { text throws(ToolError) in try Region(text) }
        let path = arguments.operands[0], image = try readFile(path), format = format, isa = isa
        self.path = path
        self.image = image
        do throws(ToolError) {
            program = try inFile(path) { () throws(ToolError) in try Program(image, format: format, isa: isa) }
        } catch {
            throw path.hasSuffix(".pvm") ? .failed("\(error.text); of a source 'duet pvm asm' makes an image") : error
        }
    }

    /// A new VM, ready to run.
    func machine() throws(ToolError) -> Machine {
        let machine = try Machine(program, arguments: arguments, gas: gas)
        for (number, value) in registers { pvm_set_register(machine.vm, Int32(number), value) }
        for region in regions {
            try check(pvm_map_pages(machine.vm, region.firstPage, region.pageCount, region.access), "--map \(region.text)")
            try check(pvm_load(machine.vm, region.start, UInt64(region.octets.count), region.octets), "--map \(region.text)")
        }
        return machine
    }

    /// NAME=N, N being below zero if one likes.
    private static func register(_ text: String) throws(ToolError) -> (number: UInt8, value: UInt64) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw .usage("--reg: '\(text)' is no NAME=N") }
        guard let number = Register.numbers[parts[0]] else {
            throw .usage("--reg: '\(parts[0])' is no register; there is: \(Register.names.joined(separator: ", "))")
        }
        if let value = Arguments.number(parts[1]) { return (number, value) }
        if parts[1].hasPrefix("-"), let value = Arguments.number(String(parts[1].dropFirst())), value <= 1 << 63 {
            return (number, 0 &- value)
        }
        throw .usage("--reg: '\(parts[1])' is no number of 64 bits")
    }

    /// Memory to be mapped: START:LENGTH:ACCESS[=FILE]. All pages that it touches get the access.
    private struct Region {
        let text: String
        let start: UInt64
        let firstPage, pageCount: UInt32
        let access: pvm_access_t
        let octets: [UInt8]

        init(_ text: String) throws(ToolError) {
            self.text = text
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let fields = parts[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3, let start = Arguments.number(fields[0]), let length = Arguments.number(fields[1]) else {
                throw .usage("--map: '\(text)' is no START:LENGTH:ACCESS[=FILE]")
            }
            switch fields[2] {
            case "r": access = PVM_ACCESS_READ
            case "rw": access = PVM_ACCESS_WRITE
            default: throw .usage("--map: '\(fields[2])' is none of r, rw")
            }
            let lowest = UInt64(PVM_ZONE_SIZE), end = UInt64(1) << 32
            guard start >= lowest, length > 0, length <= end, start <= end - length else {
                throw .usage("--map: '\(text)' is not between \(lowest) and \(end), which is where memory can be")
            }
            let page = UInt64(PVM_PAGE_SIZE)
            self.start = start
            firstPage = UInt32(start / page)
            pageCount = UInt32((start + length - 1) / page - start / page + 1)
            octets = parts.count == 2 ? try readFile(parts[1]) : []
            guard UInt64(octets.count) <= length else {
                throw .failed("--map: \(parts[1]) has \(octets.count) bytes, more than the \(length) of '\(text)'")
            }
        }
    }
}
