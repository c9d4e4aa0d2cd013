import EVMRules
import VMCommon

@testable import EVMPrecompiles

extension SplitMix {
    /// Numbers of all shapes: every limb is random, 0, all ones or nearly one of these.
    mutating func number() -> U256 {
        func limb() -> UInt64 {
            switch next() % 6 {
            case 0: 0
            case 1: .max
            case 2: next() % 4
            case 3: 0 &- (next() % 4)
            default: next()
            }
        }
        return U256(limb(), limb(), limb(), limb())
    }

    mutating func octets(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

func hex(_ octets: some Sequence<UInt8>) -> String { octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

func octets(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).map { UInt8(String(UnicodeScalar($0)), radix: 16)! }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// A call, with its output copied and released.
func call(_ number: UInt16, _ input: [UInt8], _ revision: Fork = .latest, gas: Int64 = 1 << 40) -> (PrecompileResult, [UInt8]) {
    var output = PrecompileOutput()
    defer { output.release() }
    let result = input.withUnsafeBufferPointer {
        runPrecompile(number, revision, PrecompileInput($0.baseAddress, $0.count), gasLeft: gas, &output)
    }
    return (result, Array(UnsafeBufferPointer(start: output.octets, count: output.count)))
}

extension U256 {
    init(hex text: String) {
        let padded = String(repeating: "0", count: 64 - text.count) + text
        self.init(bigEndian: EVMPrecompilesTests.octets(padded))
    }
}
