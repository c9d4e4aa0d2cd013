import CPVM
import VMCommon

/// Names of compiled code for perf (`DUET_PVM_PERF`): a line per guest function or basic block in /tmp/perf-PID.map. They stay
/// there when the code goes; where new code takes its place, the later line counts.
enum PerfMap {
    /// Tells of a program's code in `block`; `places` has that of each instruction.
    static func announce(_ program: Program, _ block: CodeBlock, _ places: UnsafePointer<UInt32>) {
        let wanted = Int(duet_perf_wanted())
        guard wanted != Int(DUET_PERF_NOTHING), let starts = wanted == Int(DUET_PERF_BLOCKS) ? program.blocksByNumber : program.functionStarts
        else { return }
        defer { starts.destroy() }
        guard let map = duet_perf_open() else { return }
        let name = program.shortHash, last = program.instructionCount - 1
        duet_perf_range(map, block.address, Int(places[0]), name, "frame", 0)
        var start = 0
        // The last one is the trap behind the guest's code; the ways out follow it.
        for index in 0...last where index == last || starts.contains(index) {
            duet_perf_range(map, block.address + Int(places[start]), Int(places[index] - places[start]), name, nil, UInt64(program.offsets[start]))
            start = index
        }
        duet_perf_range(map, block.address + Int(places[last]), block.count - Int(places[last]), name, "exits", 0)
        duet_perf_close(map)
    }
}

extension Program {
    /// Names the code in tools (FNV-1a of its octets); nothing depends on it.
    var shortHash: UInt32 {
        var hash: UInt32 = 0x811c_9dc5
        for index in 0..<view.count { hash = (hash ^ UInt32(view.code[index])) &* 0x0100_0193 }
        return hash
    }

    /// The instructions at which functions start, as far as the code tells: its beginning, what calls (`load_imm_jump`) lead to, and
    /// jump-table entries that no call stands in front of, which are not return addresses. Nil if memory is short.
    fileprivate var functionStarts: BitSet? {
        guard let starts = BitSet(count: instructionCount) else { return nil }
        for index in 0..<instructionCount where instructions[index].plain == .load_imm_jump && instructions[index].y != Instruction.noTarget {
            starts.insert(index + Int(instructions[index].y), 1)
        }
        for entry in 0..<jumpTableCount where jumpTargets[entry] != Program.noInstruction && jumpTargets[entry] > 0 {
            let target = Int(jumpTargets[entry]), before = instructions[target - 1].plain
            if before != .load_imm_jump, before != .load_imm_jump_ind { starts.insert(target, 1) }
        }
        return starts
    }

    /// The instructions at which basic blocks start.
    fileprivate var blocksByNumber: BitSet? {
        guard let starts = BitSet(count: instructionCount) else { return nil }
        for index in 0..<instructionCount where isBlockStart(UInt64(offsets[index])) { starts.insert(index, 1) }
        return starts
    }
}
