import CPVM

/// Which records a trace has.
struct TraceFilter {
    /// Nil: all.
    var opcodes: Set<UInt8>?
    var depths: ClosedRange<UInt32> = 0...UInt32.max
    var offsets: ClosedRange<UInt32> = 0...UInt32.max
    var faultsOnly = false

    init() {}

    /// `names` gives the octets that have a name.
    init(_ arguments: Arguments, names: (String) -> [UInt8]) throws(ToolError) {
        if let list = arguments.value("--opcodes") {
            var chosen: Set<UInt8> = []
            for name in list.split(separator: ",") {
                let octets = names(String(name).uppercased())
                if octets.isEmpty { throw .usage("--opcodes: there is no '\(name)'") }
                chosen.formUnion(octets)
            }
            opcodes = chosen
        }
        depths = try TraceFilter.range(arguments, "--depth")
        offsets = try TraceFilter.range(arguments, "--pc")
        faultsOnly = arguments.has("--faults")
    }

    var isEverything: Bool { opcodes == nil && depths == 0...UInt32.max && offsets == 0...UInt32.max && !faultsOnly }

    func contains(opcode: UInt8, pc: UInt32, depth: UInt32, isFault: Bool) -> Bool {
        opcodes?.contains(opcode) != false && offsets.contains(pc) && depths.contains(depth) && (isFault || !faultsOnly)
    }

    func apply(to trace: UnsafeMutablePointer<duet_trace_t>) {
        trace.pointee.first_depth = depths.lowerBound
        trace.pointee.last_depth = depths.upperBound
        trace.pointee.first_pc = offsets.lowerBound
        trace.pointee.last_pc = offsets.upperBound
        if faultsOnly { trace.pointee.flags |= UInt32(DUET_TRACE_FAULTS_ONLY) }
        guard let opcodes else { return }
        withUnsafeMutableBytes(of: &trace.pointee.opcodes) { sets in
            let sets = sets.bindMemory(to: UInt64.self)
            for index in sets.indices { sets[index] = 0 }
            for opcode in opcodes { sets[Int(opcode) / 64] |= 1 << UInt64(opcode % 64) }
        }
    }

    /// "A-B", "A-", "-B" or "A".
    private static func range(_ arguments: Arguments, _ option: String) throws(ToolError) -> ClosedRange<UInt32> {
        guard let text = arguments.value(option) else { return 0...UInt32.max }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        func bound(_ text: String, _ standard: UInt32) -> UInt32? {
            if text.isEmpty { return parts.count == 2 ? standard : nil }
            return text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
        }
        guard parts.count <= 2, let first = bound(parts[0], 0), let last = bound(parts[parts.count - 1], UInt32.max), first <= last,
              text != "-" else {
            throw .usage("\(option): '\(text)' is no range; ranges are A-B, A-, -B or A")
        }
        return first...last
    }
}
