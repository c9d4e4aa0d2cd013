import CPVM
import EVM
import VMCommon

@testable import DuetTool

/// The whole state of every open frame, from records with one word of the stack each and the memory that was written.
struct EVMReplay {
    struct Level {
        let frame: EVMFrame
        var stack: [U256] = []
        var memory: [UInt8] = []
        var returned: [UInt8] = []
        /// The instruction whose effect the next record shows.
        fileprivate var pending: (opcode: UInt8, pc: Int)?

        fileprivate init(_ frame: EVMFrame) { self.frame = frame }
    }

    private(set) var levels: [Level] = []

    var top: Level { levels[levels.count - 1] }

    mutating func begin(_ frame: EVMFrame) { levels.append(Level(frame)) }

    mutating func end(_ frame: EVMFrame) {
        levels.removeLast()
        if !levels.isEmpty { levels[levels.count - 1].returned = frame.returned }
    }

    /// Brings the innermost level to the state before the instruction of a record. False if the record contradicts what came before.
    mutating func advance(_ record: duet_evm_record_t, _ word: UnsafePointer<UInt8>) -> Bool {
        let level = levels.count - 1
        guard level == Int(record.depth) else { return false }
        let size = Int(record.stack_size), top = record.words > 0 ? U256(bigEndian: word) : nil
        if let (opcode, pc) = levels[level].pending {
            guard apply(opcode, pc, top, level) else { return false }
        }
        let memory = Int(record.memory_size)
        if memory > levels[level].memory.count {
            levels[level].memory += [UInt8](repeating: 0, count: memory - levels[level].memory.count)
        }
        levels[level].pending = (record.opcode, Int(record.pc))
        return levels[level].stack.count == size && (top == nil || levels[level].stack.last == top)
    }

    private mutating func apply(_ opcode: UInt8, _ pc: Int, _ top: U256?, _ level: Int) -> Bool {
        let effect = EVMEffect.all[Int(opcode)], count = levels[level].stack.count
        func exchange(_ stack: inout [U256], _ first: Int, _ second: Int) -> Bool {
            guard max(first, second) <= count else { return false }
            stack.swapAt(count - first, count - second)
            return true
        }
        switch effect.kind {
        case .plain, .data:
            guard effect.takes <= count else { return false }
            levels[level].stack.removeLast(effect.takes)
            if effect.leaves > 0 {
                guard let top else { return false }
                levels[level].stack.append(top)
            }
        case .duplicate:
            guard effect.takes <= count else { return false }
            levels[level].stack.append(levels[level].stack[count - effect.takes])
        case .swap:
            return exchange(&levels[level].stack, 1, effect.takes)
        case .dupn, .swapn, .exchange:
            let code = levels[level].frame.code?.octets ?? []
            guard let reach = Reach(Opcode(rawValue: opcode)!, immediate: pc + 1 < code.count ? code[pc + 1] : 0) else { return false }
            if effect.kind != .dupn { return exchange(&levels[level].stack, reach.first, reach.second) }
            guard reach.second <= count else { return false }
            levels[level].stack.append(levels[level].stack[count - reach.second])
        }
        return true
    }

    /// What CALL and its kin leave if the host is not even asked.
    mutating func clearReturned() { levels[levels.count - 1].returned = [] }

    mutating func write(_ record: duet_evm_memory_record_t, _ octets: UnsafeBufferPointer<UInt8>) {
        let level = Int(record.depth), start = Int(record.offset), end = start + octets.count
        guard level < levels.count else { return }
        if levels[level].memory.count < end {
            levels[level].memory += [UInt8](repeating: 0, count: (end + 31) / 32 * 32 - levels[level].memory.count)
        }
        levels[level].memory.replaceSubrange(start..<end, with: octets)
    }
}
