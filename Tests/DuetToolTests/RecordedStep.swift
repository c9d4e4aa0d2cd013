import CPVM
import EVM
import EVMRules
import Foundation
import VMCommon

@testable import DuetTool

/// An instruction as a trace in batches and the replay of it have it, to be compared with the line of EIP-3155.
struct RecordedStep {
    let record: duet_evm_record_t
    let stack: [U256]
    let returned: [UInt8]
    let name: String
    /// What it handed on, if it called or created.
    var handedOn: Int64?

    private var isCreation: Bool { record.opcode == 0xf0 || record.opcode == 0xf5 }
    private var isCall: Bool { [0xf1, 0xf2, 0xf4, 0xfa].contains(record.opcode) }

    /// The first thing that a line says otherwise.
    func difference(from line: String) -> String? {
        guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else { return "no JSON" }
        func hex(_ number: Int64) -> String { number < 0 ? "-0x" + String(-number, radix: 16) : "0x" + String(number, radix: 16) }
        var text: [UInt8] = []
        let words = stack.map { word in
            text = []
            text.add(hex: word)
            return String(decoding: text, as: UTF8.self)
        }
        if object["pc"] as? UInt32 != record.pc { return "pc" }
        if object["op"] as? UInt8 != record.opcode { return "op" }
        if object["gas"] as? String != hex(record.gas) { return "gas" }
        if object["memSize"] as? UInt64 != record.memory_size { return "memSize" }
        if object["depth"] as? UInt16 != record.depth + 1 { return "depth" }
        if object["stack"] as? [String] != words { return "stack" }
        if object["returnData"] as? String != "0x" + hexText(returned) { return "returnData" }
        if object["opName"] as? String != name { return "opName" }
        if !(object["refund"] is Int) { return "refund" }
        let error = record.status == 0 ? nil : DuetTool.name(of: evmc_status_code(rawValue: record.status)).replacing("-", with: " ")
        if object["error"] as? String != error { return "error" }
        guard let text = object["gasCost"] as? String, text.hasPrefix("0x"), let cost = Int64(text.dropFirst(2), radix: 16) else { return "gasCost" }
        // A creation's record has what it hands on. A call that is refused got that back at once, and the record has the difference.
        let isRefused = isCall && handedOn == nil && record.status == 0
        let recorded = isCreation ? record.cost - (handedOn ?? 0) : record.cost
        return (isRefused ? cost >= recorded : cost == recorded) ? nil : "gasCost"
    }
}

/// Collects them.
final class StepSink: EVMTraceSink {
    private let fork: Fork
    private var replay = EVMReplay()
    private(set) var steps: [RecordedStep] = []
    private(set) var isConsistent = true
    private var mayCall = false

    init(_ fork: Fork) {
        self.fork = fork
    }

    func begin(_ frame: EVMFrame) {
        if mayCall { steps[steps.count - 1].handedOn = frame.gas }
        mayCall = false
        replay.begin(frame)
    }

    func end(_ frame: EVMFrame) { replay.end(frame) }
    func finish(_ frame: EVMFrame) {}
    func memory(_ record: duet_evm_memory_record_t, _ octets: UnsafeBufferPointer<UInt8>) {}

    func instruction(_ record: duet_evm_record_t, _ words: UnsafePointer<UInt8>) {
        isConsistent = replay.advance(record, words) && isConsistent
        steps.append(RecordedStep(record: record, stack: replay.top.stack, returned: replay.top.returned, name: EVMEffect.name(record.opcode, fork)))
        mayCall = [0xf0, 0xf1, 0xf2, 0xf4, 0xf5, 0xfa].contains(record.opcode)
        if mayCall { replay.clearReturned() }
    }
}
