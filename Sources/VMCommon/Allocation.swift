import CPVM

/// `count` zeroed values of a trivial type from the C heap, nil if memory is short. To be given back with `free`.
public func allocate<T: BitwiseCopyable>(_: T.Type, _ count: Int) -> UnsafeMutablePointer<T>? {
    calloc(max(1, count), MemoryLayout<T>.stride)?.assumingMemoryBound(to: T.self)
}
