import CPVM

/// `count` zeroed values of a trivial type from the C heap, nil if memory is short. To be given back with `free`.
public func allocate<T: BitwiseCopyable>(_: T.Type, _ count: Int) -> UnsafeMutablePointer<T>? {
    guard let memory = calloc(max(1, count), MemoryLayout<T>.stride) else { return nil }
    // The C library maps what is as large as this anew. Whoever asks for it fills it.
    if count > (1 << 17) / MemoryLayout<T>.stride { duet_populate(memory, count * MemoryLayout<T>.stride) }
    return memory.assumingMemoryBound(to: T.self)
}
