import CPVM
import EVM
import EVMRules
import VMCommon

/// A trace for people: a line per instruction, and one where a call begins and ends.
final class EVMTextLines: EVMTraceSink {
    private let output: TraceOutput
    private let fork: Fork
    private let filter: TraceFilter
    private var open: [EVMFrame] = []

    init(_ output: TraceOutput, _ fork: Fork, _ filter: TraceFilter) {
        self.output = output
        self.fork = fork
        self.filter = filter
    }

    func begin(_ frame: EVMFrame) {
        open.append(frame)
        guard filter.isEverything else { return }
        indent(frame.depth)
        output.text.add("\(frame.kindName) \(hexText(frame.address.addressOctets)), \(frame.gas) gas, \(frame.input.count) octets of input")
        output.endLine()
    }

    func end(_ frame: EVMFrame) {
        open.removeLast()
        guard filter.isEverything else { return }
        indent(frame.depth)
        output.text.add("\(name(of: frame.status)), \(frame.gas - frame.gasLeft) gas used, \(frame.output.count) octets of output")
        output.endLine()
    }

    func finish(_ frame: EVMFrame) {
        guard !filter.isEverything else { return }
        output.text.add("\(name(of: frame.status)), \(frame.gas - frame.gasLeft) gas used")
        output.endLine()
    }

    func memory(_ record: duet_evm_memory_record_t, _ octets: UnsafeBufferPointer<UInt8>) {}

    func instruction(_ record: duet_evm_record_t, _ words: UnsafePointer<UInt8>) {
        let start = output.text.count
        indent(Int(record.depth))
        let pc = String(record.pc, radix: 16)
        output.text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, 4 - pc.count)))
        output.text.add(pc)
        output.text.add("  ")
        output.text.add(EVMEffect.name(record.opcode, fork))
        addImmediate(record)
        output.text.pad(to: 2 * Int(record.depth) + 26, from: start)
        output.text.add("gas ")
        output.text.add("\(record.gas)")
        output.text.pad(to: 2 * Int(record.depth) + 42, from: start)
        output.text.add("-\(record.cost)")
        output.text.pad(to: 2 * Int(record.depth) + 50, from: start)
        for index in 0..<Int(record.words) {
            output.text.append(32)
            output.text.add(hex: U256(bigEndian: words + 32 * index))
        }
        if record.stack_size > record.words, record.words > 0 { output.text.add(" +\(record.stack_size - record.words)") }
        if record.status != 0 { output.text.add("  <- \(name(of: evmc_status_code(rawValue: record.status)))") }
        while output.text.last == 32 { output.text.removeLast() }
        output.endLine()
    }

    private func indent(_ depth: Int) { output.text.append(contentsOf: repeatElement(32, count: 2 * depth)) }

    private func addImmediate(_ record: duet_evm_record_t) {
        let length = EVMEffect.all[Int(record.opcode)].immediate
        guard length > 0, let code = open.last?.code?.octets else { return }
        let data = code.dropFirst(Int(record.pc) + 1).prefix(length)
        output.text.append(32)
        output.text.add(hexOctets: Array(data))
    }
}
