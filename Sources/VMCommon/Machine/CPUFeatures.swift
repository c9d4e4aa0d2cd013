import CPVM
import Synchronization

/// Instructions that not every x86-64 processor has.
public struct CPUFeatures: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// andn, tzcnt
    public static var bmi1: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_BMI1)) }
    /// shlx, shrx, sarx, rorx, mulx, bzhi
    public static var bmi2: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_BMI2)) }
    public static var lzcnt: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_LZCNT)) }
    public static var popcnt: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_POPCNT)) }
    /// adcx, adox
    public static var adx: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_ADX)) }
    /// sha256rnds2 and its like, and SSE4.1
    public static var sha: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_SHA)) }
    /// AVX-512 F and VL
    public static var avx512: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_AVX512)) }
    /// AVX-512 VBMI and BW, with those
    public static var vbmi: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_VBMI)) }
    /// rdgsbase, wrgsbase; the operating system has a say as well.
    public static var fsgsbase: CPUFeatures { CPUFeatures(rawValue: UInt32(truncatingIfNeeded: DUET_CPU_FSGSBASE)) }
    public static var all: CPUFeatures { [.bmi1, .bmi2, .lzcnt, .popcnt, .adx, .fsgsbase, .sha, .avx512, .vbmi] }

    /// What this processor has. It is asked once: in a virtual machine that takes tens of microseconds.
    public static var ofProcessor: CPUFeatures {
        let known = answer.load(ordering: .relaxed)
        if known != unasked { return CPUFeatures(rawValue: known) }
        // Two threads may ask at once and get the same.
        let features = duet_cpu_features()
        answer.store(features, ordering: .relaxed)
        return CPUFeatures(rawValue: features)
    }

    /// What code generators may use: what the processor has, less what is withheld.
    public static var usable: CPUFeatures { ofProcessor.subtracting(withheld) }

    /// Features that are to count as missing, so that tests reach the paths of older processors. For the whole process.
    public static var withheld: CPUFeatures {
        get { CPUFeatures(rawValue: withheldBits.load(ordering: .relaxed)) }
        set { withheldBits.store(newValue.rawValue, ordering: .relaxed) }
    }
}

private let unasked = UInt32.max
private let answer = Atomic<UInt32>(.max)
private let withheldBits = Atomic<UInt32>(0)
