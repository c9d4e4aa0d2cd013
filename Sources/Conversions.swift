// Conversions of integers that can trap do not compile in the core: a number from outside must not be able to end the process. `T(x)` is for what
// always fits. All else says what it means: `truncatingIfNeeded:` (the caller knows that it fits, or wants the low bits), `clamping:` or
// `exactly:`.
//
// Of the two initialisers that would do, the compiler takes the one whose argument is described more closely: these ones. They are deprecated,
// and Package.swift makes that an error. Each module of the core has this file, so that nobody outside of it sees them.

/// Types with values that Int8 does not have.
protocol OutsideInt8: BinaryInteger {}
extension UInt8: OutsideInt8 {}
extension Int16: OutsideInt8 {}
extension UInt16: OutsideInt8 {}
extension Int32: OutsideInt8 {}
extension UInt32: OutsideInt8 {}
extension Int64: OutsideInt8 {}
extension UInt64: OutsideInt8 {}
extension Int: OutsideInt8 {}
extension UInt: OutsideInt8 {}

extension Int8 {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideInt8>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

/// Types with values that UInt8 does not have.
protocol OutsideUInt8: BinaryInteger {}
extension Int8: OutsideUInt8 {}
extension Int16: OutsideUInt8 {}
extension UInt16: OutsideUInt8 {}
extension Int32: OutsideUInt8 {}
extension UInt32: OutsideUInt8 {}
extension Int64: OutsideUInt8 {}
extension UInt64: OutsideUInt8 {}
extension Int: OutsideUInt8 {}
extension UInt: OutsideUInt8 {}

extension UInt8 {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideUInt8>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

/// Types with values that Int16 does not have.
protocol OutsideInt16: BinaryInteger {}
extension UInt16: OutsideInt16 {}
extension Int32: OutsideInt16 {}
extension UInt32: OutsideInt16 {}
extension Int64: OutsideInt16 {}
extension UInt64: OutsideInt16 {}
extension Int: OutsideInt16 {}
extension UInt: OutsideInt16 {}

extension Int16 {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideInt16>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

/// Types with values that UInt16 does not have.
protocol OutsideUInt16: BinaryInteger {}
extension Int8: OutsideUInt16 {}
extension Int16: OutsideUInt16 {}
extension Int32: OutsideUInt16 {}
extension UInt32: OutsideUInt16 {}
extension Int64: OutsideUInt16 {}
extension UInt64: OutsideUInt16 {}
extension Int: OutsideUInt16 {}
extension UInt: OutsideUInt16 {}

extension UInt16 {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideUInt16>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

/// Types with values that Int32 does not have.
protocol OutsideInt32: BinaryInteger {}
extension UInt32: OutsideInt32 {}
extension Int64: OutsideInt32 {}
extension UInt64: OutsideInt32 {}
extension Int: OutsideInt32 {}
extension UInt: OutsideInt32 {}

extension Int32 {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideInt32>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

/// Types with values that UInt32 does not have.
protocol OutsideUInt32: BinaryInteger {}
extension Int8: OutsideUInt32 {}
extension Int16: OutsideUInt32 {}
extension Int32: OutsideUInt32 {}
extension Int64: OutsideUInt32 {}
extension UInt64: OutsideUInt32 {}
extension Int: OutsideUInt32 {}
extension UInt: OutsideUInt32 {}

extension UInt32 {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideUInt32>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

/// Types with values that Int64 and Int do not have.
protocol OutsideInt64AndInt: BinaryInteger {}
extension UInt64: OutsideInt64AndInt {}
extension UInt: OutsideInt64AndInt {}

extension Int64 {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideInt64AndInt>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

extension Int {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideInt64AndInt>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

/// Types with values that UInt64 and UInt do not have.
protocol OutsideUInt64AndUInt: BinaryInteger {}
extension Int8: OutsideUInt64AndUInt {}
extension Int16: OutsideUInt64AndUInt {}
extension Int32: OutsideUInt64AndUInt {}
extension Int64: OutsideUInt64AndUInt {}
extension Int: OutsideUInt64AndUInt {}

extension UInt64 {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideUInt64AndUInt>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}

extension UInt {
    @available(*, deprecated, message: "may trap: say truncatingIfNeeded:, clamping: or exactly:")
    init<Source: OutsideUInt64AndUInt>(_ number: Source) { self.init(truncatingIfNeeded: number) }
}
