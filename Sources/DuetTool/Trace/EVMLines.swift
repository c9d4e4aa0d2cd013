import CPVM

/// The lines of `duet_evm_set_trace`, of which a filter leaves some, with as many words of the stack as are wanted.
final class EVMLines {
    private let output: TraceOutput
    private let filter: TraceFilter
    /// How many words of the stack are shown, from the top. Nil: all.
    private let shownWords: Int?

    init(_ output: TraceOutput, _ filter: TraceFilter, shownWords: Int?) {
        self.output = output
        self.filter = filter
        self.shownWords = shownWords
    }

    /// Lets `body` execute with the VM, whose lines come here.
    func trace(_ vm: UnsafeMutablePointer<evmc_vm>, _ body: () throws(ToolError) -> Void) throws(ToolError) {
        let isOurs = duet_evm_set_trace(vm, { context, line, length in
            guard let context, let line else { return }
            let octets = UnsafeRawBufferPointer(start: line, count: length).bindMemory(to: UInt8.self)
            Unmanaged<EVMLines>.fromOpaque(context).takeUnretainedValue().take(octets)
        }, Unmanaged.passUnretained(self).toOpaque())
        guard isOurs else { throw .failed("only this library's EVM can be traced") }
        defer { _ = duet_evm_set_trace(vm, nil, nil) }
        try body()
    }

    private func take(_ line: UnsafeBufferPointer<UInt8>) {
        guard let step = Step(line) else { return add(line[...]) }
        guard filter.contains(opcode: UInt8(truncatingIfNeeded: step.opcode), pc: step.pc, depth: step.depth - 1, isFault: step.isFault) else { return }
        guard let shownWords else { return add(line[...]) }
        output.text.append(contentsOf: line[..<step.stack.lowerBound])
        let words = line[step.stack].split(separator: UInt8(ascii: ",")).suffix(shownWords)
        output.text.append(contentsOf: words.joined(separator: CollectionOfOne(UInt8(ascii: ","))))
        add(line[step.stack.upperBound...])
    }

    private func add(_ octets: Slice<UnsafeBufferPointer<UInt8>>) {
        output.text.append(contentsOf: octets)
        output.endLine()
    }

    /// What a filter asks of a line, if it is one of an instruction: `{"pc":7,"op":1,"gas":"0x5","memSize":0,"stack":["0x1"],"depth":1,…}`.
    private struct Step {
        let pc: UInt32
        let opcode: UInt32
        let depth: UInt32
        let isFault: Bool
        /// Between the brackets.
        let stack: Range<Int>

        init?(_ line: UnsafeBufferPointer<UInt8>) {
            var reader = Reader(line: line)
            guard reader.skip(past: "\"pc\":") else { return nil }
            pc = reader.number()
            guard reader.skip(past: "\"op\":") else { return nil }
            opcode = reader.number()
            guard reader.skip(past: "\"stack\":[") else { return nil }
            let start = reader.position
            guard reader.skip(past: "],\"depth\":") else { return nil }
            stack = start..<reader.position - "],\"depth\":".utf8.count
            depth = reader.number()
            isFault = reader.skip(past: ",\"error\":")
        }
    }

    private struct Reader {
        let line: UnsafeBufferPointer<UInt8>
        var position = 0

        mutating func skip(past text: StaticString) -> Bool {
            let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            var place = position
            while place + wanted.count <= line.count {
                if line[place] == wanted[0], line[place..<place + wanted.count].elementsEqual(wanted) {
                    position = place + wanted.count
                    return true
                }
                place += 1
            }
            return false
        }

        mutating func number() -> UInt32 {
            var number: UInt32 = 0
            while position < line.count, case let digit = line[position] &- 48, digit < 10 {
                number = number &* 10 &+ UInt32(digit)
                position += 1
            }
            return number
        }
    }
}
