import CPVM
import EVM
import VMCommon

/// A trace as lines of EIP-3155, character for character those of `duet_evm_set_trace`.
final class EVMLines: EVMTraceSink {
    private let output: TraceOutput
    private let fork: Fork
    private let filter: TraceFilter
    /// How many words of the stack are shown, from the top. Nil: all.
    private let shownWords: Int?
    private var replay = EVMReplay()
    /// Is the trace sound so far?
    private(set) var isConsistent = true

    init(_ output: TraceOutput, _ fork: Fork, _ filter: TraceFilter, shownWords: Int?) {
        self.output = output
        self.fork = fork
        self.filter = filter
        self.shownWords = shownWords
    }

    func begin(_ frame: EVMFrame) { replay.begin(frame) }
    func end(_ frame: EVMFrame) { replay.end(frame) }
    func memory(_ record: duet_evm_memory_record_t, _ octets: UnsafeBufferPointer<UInt8>) {}

    func instruction(_ record: duet_evm_record_t, _ words: UnsafePointer<UInt8>) {
        isConsistent = replay.advance(record, words) && isConsistent
        if filter.contains(opcode: record.opcode, pc: record.pc, depth: UInt32(record.depth), isFault: record.status != 0) { write(record) }
        switch Opcode(rawValue: record.opcode) {
        case .call, .callcode, .delegatecall, .staticcall, .create, .create2: replay.clearReturned()
        default: break
        }
    }

    private func write(_ record: duet_evm_record_t) {
        let level = replay.top
        output.text.add("{\"pc\":")
        output.text.add(decimal: UInt64(record.pc))
        output.text.add(",\"op\":")
        output.text.add(decimal: UInt64(record.opcode))
        output.text.add(",\"gas\":\"")
        output.text.add(hex: record.gas)
        output.text.add("\",\"memSize\":")
        output.text.add(decimal: record.memory_size)
        output.text.add(",\"stack\":[")
        var isFirst = true
        for word in level.stack.suffix(shownWords ?? level.stack.count) {
            output.text.add(isFirst ? "\"" : ",\"")
            isFirst = false
            output.text.add(hex: word)
            output.text.append(UInt8(ascii: "\""))
        }
        output.text.add("],\"depth\":")
        output.text.add(decimal: UInt64(record.depth) + 1)
        output.text.add(",\"returnData\":\"")
        output.text.add(hexOctets: level.returned)
        output.text.add("\",\"refund\":\"")
        output.text.add(hex: record.refund)
        output.text.add("\",\"opName\":\"")
        output.text.add(EVMEffect.name(record.opcode, fork))
        output.text.add("\",\"gasCost\":\"")
        output.text.add(hex: record.cost)
        output.text.append(UInt8(ascii: "\""))
        addError(evmc_status_code(rawValue: record.status))
        output.text.append(UInt8(ascii: "}"))
        output.endLine()
    }

    func finish(_ frame: EVMFrame) {
        replay = EVMReplay()
        output.text.add("{\"output\":\"")
        output.text.add(hexOctets: frame.output)
        output.text.add("\",\"gasUsed\":\"")
        output.text.add(hex: frame.gas - frame.gasLeft)
        output.text.append(UInt8(ascii: "\""))
        addError(frame.status)
        output.text.append(UInt8(ascii: "}"))
        output.endLine()
    }

    private func addError(_ status: evmc_status_code) {
        if status == EVMC_SUCCESS { return }
        output.text.add(",\"error\":\"")
        output.text.add(name(of: status).replacing("-", with: " "))
        output.text.append(UInt8(ascii: "\""))
    }
}
