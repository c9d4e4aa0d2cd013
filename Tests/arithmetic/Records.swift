import CPVM

/// Octets on their way into a file.
struct Records {
    private var octets: [UInt8] = []

    init(capacity: Int) { octets.reserveCapacity(capacity) }

    mutating func add(_ numbers: U256...) {
        for number in numbers {
            for limb in [number.limb0, number.limb1, number.limb2, number.limb3] {
                for shift in 0..<8 { octets.append(UInt8(truncatingIfNeeded: limb >> UInt64(8 * shift))) }
            }
        }
    }

    mutating func add(_ more: [UInt8]) { octets += more }

    func write(to path: String) {
        guard let file = fopen(path, "wb") else { fatalError("\(path) cannot be written") }
        let written = octets.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        guard fclose(file) == 0, written == octets.count else { fatalError("\(path) cannot be written") }
    }
}
