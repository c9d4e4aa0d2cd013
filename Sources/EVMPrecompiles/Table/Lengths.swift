/// Can there be so many items in memory? A number of them from outside is asked this before the first one is read. No process has 2^47 octets; so
/// sums and products of something small for each item cannot overflow either.
@inlinable
public func exist<Item>(_ count: Int, _: Item.Type) -> Bool { count >= 0 && count <= 1 << 47 / MemoryLayout<Item>.stride }
