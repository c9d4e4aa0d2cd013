import CPVM

/// Where a precompile leaves its result: memory from `malloc`, which whoever made the value gives back with `release`.
public struct PrecompileOutput {
    public private(set) var octets: UnsafeMutablePointer<UInt8>?
    public private(set) var count = 0

    public init() {}

    /// Room for a result of `count` octets, not zeroed; to be asked for once. nil if memory is short.
    public mutating func make(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
        assert(octets == nil)
        octets = malloc(max(1, count))?.assumingMemoryBound(to: UInt8.self)
        self.count = octets == nil ? 0 : count
        return octets
    }

    /// The same, zeroed: what a long result does not touch takes no memory.
    public mutating func makeZeroed(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
        assert(octets == nil)
        octets = calloc(max(1, count), 1)?.assumingMemoryBound(to: UInt8.self)
        self.count = octets == nil ? 0 : count
        return octets
    }

    /// Gives the memory back; the result is empty then.
    public mutating func release() {
        free(octets)
        octets = nil
        count = 0
    }
}
