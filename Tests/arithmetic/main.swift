// Writes what the 256-bit arithmetic makes of generated operands, for check.py to compare with Python's integers.
// Usage: generate FOLDER CASES SEED
import CPVM

let folder = CommandLine.arguments[1]
let cases = Int(CommandLine.arguments[2])!
var numbers = Operands(seed: UInt64(CommandLine.arguments[3])!)

/// One file per operation, named after it: in each record the operands, then the result, least significant octet first.
@MainActor func record(_ name: String, _ operation: (inout Records, inout Operands) -> Void) {
    var records = Records(capacity: cases * 192)
    for _ in 0..<cases { operation(&records, &numbers) }
    records.write(to: "\(folder)/\(name)")
}

@MainActor func binary(_ name: String, from operands: @escaping (inout Operands) -> (U256, U256) = { ($0.next(), $0.next()) },
                       _ operation: (U256, U256) -> U256) {
    record(name) { records, numbers in
        let (left, right) = operands(&numbers)
        records.add(left, right, operation(left, right))
    }
}

@MainActor func unary(_ name: String, _ operation: (U256) -> U256) {
    record(name) { records, numbers in
        let number = numbers.next()
        records.add(number, operation(number))
    }
}

binary("add", &+)
binary("sub", &-)
binary("mul", &*)
binary("and", &)
binary("or", |)
binary("xor", ^)
unary("not", ~)
unary("neg", -)
unary("magnitude") { $0.magnitude }
unary("clz") { U256(UInt64($0.leadingZeroBitCount)) }
unary("bit_width") { U256(UInt64($0.bitWidth)) }
unary("limb_count") { U256(UInt64($0.limbCount)) }
unary("clamp") { U256($0.clampedToOneLimb) }
unary("is_zero") { U256($0.isZero) }
unary("is_negative") { U256($0.isNegative) }

binary("eq", from: { $0.near() }) { U256($0 == $1) }
binary("lt", from: { $0.near() }) { U256($0 < $1) }
binary("gt", from: { $0.near() }) { U256($0 > $1) }
binary("le", from: { $0.near() }) { U256($0 <= $1) }
binary("ge", from: { $0.near() }) { U256($0 >= $1) }
binary("slt", from: { $0.near() }) { U256(U256.isLessSigned($0, $1)) }

binary("shl", from: { ($0.next(), $0.amount()) }, <<)
binary("shr", from: { ($0.next(), $0.amount()) }, >>)
binary("sar", from: { ($0.next(), $0.amount()) }, U256.shiftRightSigned)
binary("byte", from: { ($0.next(), $0.index()) }, U256.octet)
binary("signextend", from: { ($0.next(), $0.index()) }, U256.extendSign)

binary("div", from: { $0.dividend() }, /)
binary("mod", from: { $0.dividend() }, %)
binary("sdiv", from: { $0.dividend() }, U256.divideSigned)
binary("smod", from: { $0.dividend() }, U256.remainderSigned)
binary("exp", U256.power)
record("divide") { records, numbers in
    let (left, right) = numbers.dividend()
    let (quotient, remainder) = U256.divide(left, right)
    records.add(left, right, quotient, remainder)
}
record("reciprocal") { records, numbers in
    // What this processor uses, and the way without its division.
    let d = numbers.next().limb0 | 1 << 63
    records.add(U256(d), U256(LimbDivisor(d).v, LimbDivisor.reciprocal(d)))
}
record("add_carry") { records, numbers in
    let (left, right) = (numbers.next(), numbers.next())
    let (sum, carry) = U256.addingWithCarry(left, right)
    records.add(left, right, sum, U256(carry))
}
record("sub_borrow") { records, numbers in
    let (left, right) = numbers.near()
    let (difference, borrow) = U256.subtractingWithBorrow(left, right)
    records.add(left, right, difference, U256(borrow))
}
record("mul_full") { records, numbers in
    let (left, right) = (numbers.next(), numbers.next())
    let product = U256.multiplyFull(left, right)
    records.add(left, right, product.low, product.high)
}
record("addmod") { records, numbers in
    let (left, right, modulus) = numbers.modular()
    records.add(left, right, modulus, U256.addModulo(left, right, modulus))
}
record("mulmod") { records, numbers in
    let (left, right, modulus) = numbers.modular()
    records.add(left, right, modulus, U256.multiplyModulo(left, right, modulus))
}
record("remainder") { records, numbers in
    let (low, high, modulus) = numbers.wideDividend()
    records.add(low, high, modulus, U256.remainder(U512(low: low, high: high), modulus))
}
// Memory: octet by octet, so that the check does not lean on what it checks.
record("load") { records, numbers in
    let octets = numbers.octets(32)
    records.add(octets)
    records.add(octets.withUnsafeBytes { U256(bigEndian: $0.baseAddress!) })
}
record("store") { records, numbers in
    let number = numbers.next()
    var octets = [UInt8](repeating: 0xaa, count: 34)
    octets.withUnsafeMutableBytes { number.storeBigEndian(to: $0.baseAddress! + 1) }
    records.add(number)
    records.add(octets)
}
record("load_address") { records, numbers in
    let octets = numbers.octets(20)
    records.add(octets)
    records.add(octets.withUnsafeBytes { U256(address: $0.baseAddress!) })
}
record("store_address") { records, numbers in
    let number = numbers.next()
    var octets = [UInt8](repeating: 0xaa, count: 22)
    octets.withUnsafeMutableBytes { number.storeAddress(to: $0.baseAddress! + 1) }
    records.add(number)
    records.add(octets)
}
record("load_some") { records, numbers in
    let octets = numbers.octets(32)
    let count = Int(numbers.below(33))
    records.add(octets)
    records.add(U256(UInt64(count)), octets.withUnsafeBytes { U256(bigEndian: $0.baseAddress!, count: count) })
}
