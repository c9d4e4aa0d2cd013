import CPVM
import VMCommon

/// What `PVM_ENGINE_AUTO` may spend on compiling (docs/decisions/0006-code-cache-and-auto.md).
///
/// Compiled code is earned: a program has it compiled when the interpreter has spent as much on it as that costs, and what it has
/// earned is forgotten when the cache throws it out. That alone would let programs that do not fit into the cache together be compiled over and
/// over, each time just when they have earned it. So all programs draw on one allowance, which grows with what runs and shrinks with what is
/// compiled: apart from what there is at the start, compiling takes a small part of the time that the interpreter takes, whatever is
/// run in whatever order.
///
/// The unit is an instruction in the interpreter. Guarded by the lock of the cache.
struct Allowance {
    /// What there is at the start: the instructions of some 300 KB of code.
    private static let start: UInt64 = 1 << 20
    /// The most that there is ever: what ran long ago pays for that much, and no more.
    private static let most: UInt64 = 1 << 24
    /// The part of what runs that may go into compiling.
    private static let share: UInt64 = 20

    private var left = Allowance.start

    /// So many instructions have been executed.
    mutating func earn(_ work: UInt64) { left += min(work / Allowance.share, Allowance.most - left) }

    /// Takes the price, if there is that much. Of what costs more than there can ever be, a program that has executed `work` instructions has to have
    /// earned the rest by itself.
    mutating func spend(_ price: UInt64, work: UInt64) -> Bool {
        let common = min(price, Allowance.most)
        guard left >= common, work / Allowance.share >= price - common else { return false }
        left -= common
        return true
    }
}

/// What a program has earned since it came into the cache or was last thrown out.
struct Earnings {
    /// Gas that the interpreter has used for it in VMs that may compile. Any thread adds to it.
    var heat: UInt64 = 0
    /// The heat at which it may ask for its code again. Others look at it.
    var askAgainAt: UInt64 = 0
    /// The heat of which the allowance has had its share.
    fileprivate var shared: UInt64 = 0
    /// Gas used in its code. Any thread adds to it.
    var nativeGas: UInt64 = 0
    /// Octets of the code that was last made of it: kept when it is thrown out.
    var codeSize = 0

    /// Thrown out: it starts anew, but what compiling it costs is not forgotten.
    mutating func forget() {
        let kept = codeSize
        self = Earnings()
        codeSize = kept
    }
}

extension Program {
    /// Gas that the program uses up in the interpreter before it may be compiled.
    var warmth: UInt64 {
        let (slices, overflow) = duet_auto_slice().multipliedReportingOverflow(by: 2)
        let (compiling, tooMuch) = UInt64(duet_auto_gas_per_instruction()).multipliedReportingOverflow(by: passGas)
        let all = slices.addingReportingOverflow(compiling)
        return overflow || tooMuch || all.overflow ? .max : all.partialValue
    }

    /// What compiling it costs: as much as executing each instruction so often, or more if its code is known to be large for them.
    private var price: UInt64 {
        let octetsPerInstruction = 12
        return UInt64(duet_auto_gas_per_instruction()) &* UInt64(truncatingIfNeeded: max(instructionCount, earnings.codeSize / octetsPerInstruction)) // below 2^62
    }

    /// Instructions that so much gas stands for.
    private func work(_ gas: UInt64) -> UInt64 { gas / max(1, passGas / UInt64(truncatingIfNeeded: max(1, instructionCount))) }

    /// Has it earned its code, and does the allowance suffice, which is then spent? With the lock of the cache.
    mutating func spend(from allowance: inout Allowance) -> Bool {
        let heat = duet_sum(&earnings.heat), warmth = warmth
        guard heat >= max(warmth, earnings.askAgainAt), heat >= earnings.shared else { return false }
        allowance.earn(work(heat - earnings.shared))
        earnings.shared = heat
        // Whether it gets its code or not: asking takes the lock.
        let (next, overflow) = heat.addingReportingOverflow(max(warmth / 4, duet_auto_slice()))
        earnings.askAgainAt = overflow ? .max : next
        return allowance.spend(price, work: work(heat))
    }

    /// Its code has used so much gas. True, now and then, if the allowance is to be told of `nativeReport` gas.
    mutating func hasUsed(nativeGas gas: UInt64) -> Bool {
        let sum = duet_add_to_sum(&earnings.nativeGas, gas)
        return sum / Program.nativeReport != (sum &- gas) / Program.nativeReport
    }

    static let nativeReport: UInt64 = 1 << 20

    /// `nativeReport` as instructions.
    var nativeReportWork: UInt64 { work(Program.nativeReport) }
}
