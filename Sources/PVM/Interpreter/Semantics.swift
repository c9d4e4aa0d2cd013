/// The arithmetic of the instruction tables that is more than one Swift operator (Gray Paper appendix A).

/// 𝒳_4: the low 32 bits, sign-extended.
@inline(__always)
func extend32(_ value: UInt64) -> UInt64 { UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))) }

@inline(__always)
func extend32(_ value: UInt32) -> UInt64 { UInt64(bitPattern: Int64(Int32(bitPattern: value))) }

@inline(__always)
func extend(_ value: Int32) -> UInt64 { UInt64(bitPattern: Int64(value)) }

@inline(__always)
func low(_ value: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: value) }

@inline(__always)
func signed(_ value: UInt64) -> Int64 { Int64(bitPattern: value) }

@inline(__always)
func signedLow(_ value: UInt64) -> Int32 { Int32(truncatingIfNeeded: value) }

@inline(__always)
func flag(_ condition: Bool) -> UInt64 { condition ? 1 : 0 }

@inline(__always)
func rotateRight(_ value: UInt64, _ by: UInt64) -> UInt64 { value &>> by | value &<< (0 &- by) }

@inline(__always)
func rotateRight(_ value: UInt32, _ by: UInt32) -> UInt32 { value &>> by | value &<< (0 &- by) }

// Division by zero and -2^(n-1) / -1 have results of their own; `…ReportingOverflow` gives the paper's for the latter.

@inline(__always)
func divide(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? .max : a / b }

@inline(__always)
func divide32(_ a: UInt64, _ b: UInt64) -> UInt64 { low(b) == 0 ? .max : extend32(low(a) / low(b)) }

@inline(__always)
func divideSigned(_ a: UInt64, _ b: UInt64) -> UInt64 {
    b == 0 ? .max : UInt64(bitPattern: signed(a).dividedReportingOverflow(by: signed(b)).partialValue)
}

@inline(__always)
func divideSigned32(_ a: UInt64, _ b: UInt64) -> UInt64 {
    low(b) == 0 ? .max : extend(signedLow(a).dividedReportingOverflow(by: signedLow(b)).partialValue)
}

@inline(__always)
func remainder(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? a : a % b }

@inline(__always)
func remainder32(_ a: UInt64, _ b: UInt64) -> UInt64 { extend32(low(b) == 0 ? low(a) : low(a) % low(b)) }

@inline(__always)
func remainderSigned(_ a: UInt64, _ b: UInt64) -> UInt64 {
    b == 0 ? a : UInt64(bitPattern: signed(a).remainderReportingOverflow(dividingBy: signed(b)).partialValue)
}

@inline(__always)
func remainderSigned32(_ a: UInt64, _ b: UInt64) -> UInt64 {
    low(b) == 0 ? extend32(a) : extend(signedLow(a).remainderReportingOverflow(dividingBy: signedLow(b)).partialValue)
}

@inline(__always)
func multiplyUpper(_ a: UInt64, _ b: UInt64) -> UInt64 { a.multipliedFullWidth(by: b).high }

@inline(__always)
func multiplyUpperSigned(_ a: UInt64, _ b: UInt64) -> UInt64 {
    UInt64(bitPattern: signed(a).multipliedFullWidth(by: signed(b)).high)
}

@inline(__always)
func multiplyUpperMixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
    multiplyUpper(a, b) &- (signed(a) < 0 ? b : 0)
}
