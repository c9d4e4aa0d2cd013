import EVMRules
import VMCommon

/// What has changed in the rows of `isaTable` from fork to fork. A fork is its parent, these changes, and the rows that say
/// `since`.
private struct Change: BitwiseCopyable {
    var fork: Fork
    var opcode: Opcode
    var gas: UInt16

    init(_ fork: Fork, _ opcode: Opcode, _ gas: UInt16) {
        self.fork = fork
        self.opcode = opcode
        self.gas = gas
    }
}

private let changes: InlineArray<20, Change> = [
    // EIP-150
    Change(.tangerineWhistle, .balance, 400),
    Change(.tangerineWhistle, .extcodesize, 700),
    Change(.tangerineWhistle, .extcodecopy, 700),
    Change(.tangerineWhistle, .sload, 200),
    Change(.tangerineWhistle, .call, 700),
    Change(.tangerineWhistle, .callcode, 700),
    Change(.tangerineWhistle, .delegatecall, 700),
    Change(.tangerineWhistle, .selfdestruct, 5000),
    // EIP-1884
    Change(.istanbul, .balance, 700),
    Change(.istanbul, .extcodehash, 700),
    Change(.istanbul, .sload, 800),
    // EIP-2929: the cost of a warm access; `ForkRules` has what a cold one adds
    Change(.berlin, .balance, 100),
    Change(.berlin, .extcodesize, 100),
    Change(.berlin, .extcodecopy, 100),
    Change(.berlin, .extcodehash, 100),
    Change(.berlin, .sload, 100),
    Change(.berlin, .call, 100),
    Change(.berlin, .callcode, 100),
    Change(.berlin, .delegatecall, 100),
    Change(.berlin, .staticcall, 100),
]

/// What analysis and checks need to know of an octet of code at a fork.
public struct Traits: Sendable, BitwiseCopyable {
    public var gas: UInt16 = 0
    public var stackIn: UInt8 = 0
    /// Words that there are more afterwards.
    public var stackChange: Int8 = 0
    public var immediate: UInt8 = 0
    public var flow: Flow = .ends
    public var isDefined = false
}

private let table = {
    let table = Table<Traits>(count: Fork.count * 256) { _ in Traits() }
    for number in 0..<Fork.count {
        guard let fork = Fork(rawValue: UInt8(truncatingIfNeeded: number)) else { continue }
        let octets = UnsafeMutablePointer(mutating: table.address) + number * 256
        if number > 0 { octets.update(from: octets - 256, count: 256) }
        for index in isaTable.indices where isaTable[index].since == fork { octets[Int(isaTable[index].opcode.rawValue)] = Traits(isaTable[index]) }
        for index in changes.indices where changes[index].fork == fork { octets[Int(changes[index].opcode.rawValue)].gas = changes[index].gas }
    }
    return table
}()

extension Traits {
    init(_ row: ISARow) {
        gas = row.gas
        stackIn = row.stackIn
        stackChange = Int8(truncatingIfNeeded: row.stackOut) - Int8(truncatingIfNeeded: row.stackIn)
        immediate = row.immediate
        flow = row.flow
        isDefined = true
    }
}

/// What an octet needs when it is executed by itself.
struct Step: BitwiseCopyable {
    let gas: UInt32
    /// The octets on the stack must be from `lowest` up to `highest`; for what is no instruction no stack will do.
    let lowest: UInt16
    let highest: UInt16

    init(_ row: Traits) {
        gas = UInt32(row.gas)
        lowest = row.isDefined ? UInt16(row.stackIn) * 32 : .max
        highest = UInt16(truncatingIfNeeded: Limit.stack - max(0, Int(row.stackChange))) * 32
    }
}

private let stepTable = Table<Step>(count: Fork.count * 256) { Step(table[$0]) }

func steps(of fork: Fork) -> UnsafePointer<Step> { stepTable.address + Int(fork.rawValue) * 256 }

/// The 256 octets at a fork.
public func traits(of fork: Fork) -> UnsafePointer<Traits> { table.address + Int(fork.rawValue) * 256 }
