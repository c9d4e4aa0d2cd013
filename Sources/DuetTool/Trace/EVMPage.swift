import CPVM
import EVM
import EVMRules
import Foundation
import VMCommon

/// A trace as data of the page. Sources/DuetTool/Page/evm.js reads what is written here.
///
/// Of each step an octet says what follows; what does not follow is as the steps before let expect. Words that an instruction leaves
/// come with the next step of its frame, unless they are in the code or on the stack already.
final class EVMPage: EVMTraceSink {
    private enum Flag {
        static let pc: UInt8 = 1, cost: UInt8 = 2, gas: UInt8 = 4, memorySize: UInt8 = 8, refund: UInt8 = 16, status: UInt8 = 32, written: UInt8 = 64
    }

    /// What is known of an open frame.
    private struct Level {
        let frame: EVMFrame
        var expectedPC: UInt32 = 0
        /// A gas that no step has.
        var expectedGas = Int64.min
        var memorySize: UInt64 = 0
        var refund: Int64 = 0
        var makesWord = false
        var writes = PageEncoder()
        var writeCount = 0
    }

    private struct Extent {
        let frame: EVMFrame
        let start: Int
        var end = 0
    }

    private let fork: Fork
    private let limit: Int
    /// Were there more steps than the page may have?
    private(set) var isCut = false
    private var steps = PageEncoder()
    private var stepCount = 0
    private var levels: [Level] = []
    private var extents: [Extent] = []
    private var costs = [Int64](repeating: -1, count: 256)

    /// What comes behind the first `limit` steps is left out.
    init(_ fork: Fork, limit: Int) {
        self.fork = fork
        self.limit = limit
    }

    func begin(_ frame: EVMFrame) {
        if isCut { return }
        extents.append(Extent(frame: frame, start: stepCount))
        levels.append(Level(frame: frame))
    }

    func end(_ frame: EVMFrame) {
        frame.trim(to: EVMPage.shownOctets)
        guard frame.index < extents.count else { return }
        levels.removeLast()
        extents[frame.index].end = stepCount
    }

    func finish(_ frame: EVMFrame) {}

    func memory(_ record: duet_evm_memory_record_t, _ octets: UnsafeBufferPointer<UInt8>) {
        let level = Int(record.depth)
        if isCut { return }
        levels[level].writes.add(UInt64(record.offset))
        levels[level].writes.add(octets)
        levels[level].writeCount += 1
    }

    func instruction(_ record: duet_evm_record_t, _ words: UnsafePointer<UInt8>) {
        if stepCount == limit { isCut = true }
        if isCut { return }
        let top = levels.count - 1, effect = EVMEffect.all[Int(record.opcode)]
        let known = levels[top]
        var flags: UInt8 = 0
        if record.pc != known.expectedPC { flags |= Flag.pc }
        if record.cost != costs[Int(record.opcode)] { flags |= Flag.cost }
        if record.gas != known.expectedGas { flags |= Flag.gas }
        if record.memory_size != known.memorySize { flags |= Flag.memorySize }
        if record.refund != known.refund { flags |= Flag.refund }
        if record.status != 0 { flags |= Flag.status }
        if known.writeCount > 0 { flags |= Flag.written }
        steps.add(octet: flags)
        if known.makesWord { steps.add(number: UnsafeBufferPointer(start: words, count: 32)) }
        if flags & Flag.written != 0 {
            steps.add(known.writeCount)
            steps.add(known.writes)
            levels[top].writes = PageEncoder()
            levels[top].writeCount = 0
        }
        if flags & Flag.pc != 0 { steps.add(UInt64(record.pc)) }
        if flags & Flag.cost != 0 { steps.add(signed: record.cost) }
        if flags & Flag.gas != 0 { steps.add(signed: record.gas) }
        if flags & Flag.memorySize != 0 { steps.add(record.memory_size / 32) }
        if flags & Flag.refund != 0 { steps.add(signed: record.refund) }
        if flags & Flag.status != 0 { steps.add(signed: Int64(record.status)) }

        costs[Int(record.opcode)] = record.cost
        levels[top].expectedPC = record.pc + 1 + UInt32(effect.immediate)
        levels[top].expectedGas = record.gas - record.cost
        levels[top].memorySize = record.memory_size
        levels[top].refund = record.refund
        levels[top].makesWord = effect.makesWord
        stepCount += 1
    }

    // MARK: The page

    /// `title` names what was run.
    func page(_ title: String) -> PageData {
        var frames: [JSONLine] = []
        var codes: [EVMCode] = []
        for extent in extents {
            let frame = extent.frame
            if let code = frame.code, code.index == codes.count { codes.append(code) }
            var line = JSONLine()
            line.add("parent", .integer(Int64(frame.parent?.index ?? -1)))
            line.add("start", .integer(Int64(extent.start)))
            line.add("end", .integer(Int64(extent.end)))
            line.add("kind", frame.kindName)
            line.add("address", "0x" + hexText(frame.address.addressOctets))
            if frame.codeAddress != frame.address, !frame.isCreation { line.add("codeAddress", "0x" + hexText(frame.codeAddress.addressOctets)) }
            line.add("code", .integer(Int64(frame.code?.index ?? -1)))
            line.add("gas", String(frame.gas))
            line.add("used", String(frame.gas - frame.gasLeft))
            line.add("status", frame.status == EVMC_SUCCESS ? "" : name(of: frame.status))
            if !frame.value.isZero { line.add("value", text { $0.add(hex: frame.value) }) }
            if !frame.isCreation { add("input", frame.input, frame.inputSize, &line) }
            add("output", frame.output, frame.outputSize, &line)
            frames.append(line)
        }
        var page = PageData(machine: "evm", title: title, isa: "\(fork)", steps: steps.octets, stepCount: stepCount, isCut: isCut, frames: frames)
        page.header.add("opcodes", .objects(EVMEffect.all.enumerated().map { octet, effect in
            var line = JSONLine()
            if effect.name.isEmpty || effect.since > fork { return line }
            line.add("name", effect.name)
            line.add("immediate", .integer(Int64(effect.immediate)))
            line.add("takes", .integer(Int64(effect.takes)))
            line.add("leaves", .integer(Int64(effect.leaves)))
            line.add("kind", .integer(Int64(effect.kind.rawValue)))
            return line
        }))
        page.header.add("codes", .texts(codes.map { hexText($0.octets) }))
        let statuses = (-3...20).map { evmc_status_code(rawValue: Int32($0)) }
        page.header.add("statuses", .texts(statuses.map { name(of: $0) }))
        return page
    }

    /// The first octets, and how many there are.
    private func add(_ key: String, _ octets: [UInt8], _ size: Int, _ line: inout JSONLine) {
        if octets.isEmpty { return }
        line.add(key, hexText(octets))
        line.add(key + "Size", .integer(Int64(size)))
    }

    private func text(_ write: (inout [UInt8]) -> Void) -> String {
        var text: [UInt8] = []
        write(&text)
        return String(decoding: text, as: UTF8.self)
    }

    private static let shownOctets = 260
}
