import CPVM

/// `count` zeroed values of a trivial type from the C heap, nil if memory is short. To be given back with `free`.
public func allocate<T: BitwiseCopyable>(_: T.Type, _ count: Int) -> UnsafeMutablePointer<T>? {
    guard let memory = calloc(max(1, count), MemoryLayout<T>.stride) else { return nil }
    // The C library maps what is as large as this anew. Whoever asks for it fills it.
    if count > (1 << 17) / MemoryLayout<T>.stride { duet_populate(memory, count * MemoryLayout<T>.stride) }
    return memory.assumingMemoryBound(to: T.self)
}

/// The same with any content, for what is written before it is read.
public func allocateUnset<T: BitwiseCopyable>(_: T.Type, _ count: Int) -> UnsafeMutablePointer<T>? {
    let (octets, isTooMuch) = max(1, count).multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard !isTooMuch, let memory = malloc(octets) else { return nil }
    if octets > 1 << 17 { duet_populate(memory, octets) }
    return memory.assumingMemoryBound(to: T.self)
}

/// Zeroed room of `words` words on the stack, for the time of `body`. What `withUnsafeTemporaryAllocation` hands out above 1024 octets comes from the
/// heap, and the process ends where that is refused.
@inline(__always)
public func withStackRoom<let words: Int, T: BitwiseCopyable, Result>(
    _: InlineArray<words, UInt64>.Type, of _: T.Type, _ capacity: Int, _ body: (UnsafeMutablePointer<T>) -> Result
) -> Result {
    assert(capacity * MemoryLayout<T>.stride <= 8 * words && MemoryLayout<T>.alignment <= MemoryLayout<UInt64>.alignment)
    var room = InlineArray<words, UInt64>(repeating: 0)
    return withUnsafeMutablePointer(to: &room) { body(UnsafeMutableRawPointer($0).assumingMemoryBound(to: T.self)) }
}
