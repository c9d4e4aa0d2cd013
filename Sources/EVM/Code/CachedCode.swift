import CPVM

/// An image in the cache. It is freed when it is out of the cache and no execution uses it.
struct CachedCode: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<CachedCode>

    let image: CodeImage
    let fork: Fork
    let hash: UInt64
    /// What it takes up.
    let octets: Int
    /// No other image of the process ever has it; not 0.
    let serial: UInt64

    // Under the lock of its shard.
    /// The cache and every execution that uses it.
    var users: Int
    /// The next with a hash like this.
    var sibling: Handle?
    /// By the time of their last use.
    var younger: Handle?
    var older: Handle?

    /// Analyses all of the code. nil if memory is short.
    static func create(_ code: UnsafePointer<UInt8>, _ size: Int, _ fork: Fork, _ hash: UInt64) -> Handle? {
        // In one allocation: this, the blocks, the image.
        let head = (MemoryLayout<CachedCode>.size + 15) & ~15
        let blocks = CodeImage.blockRoom(size)
        let text = CodeImage.textRoom(size)
        let octets = head + blocks + text
        guard let memory = calloc(1, octets) else { return nil }
        var image = CodeImage(text: memory + head + blocks, blocks: memory + head, size: size)
        image.load(code)
        image.loops = Loops.create(.many)
        image.analyseEverything(traits(of: fork))
        if let loops = image.loops, loops.pointee.isEmpty {
            free(loops)
            image.loops = nil
        }
        let entry = memory.assumingMemoryBound(to: CachedCode.self)
        entry.initialize(to: CachedCode(image: image, fork: fork, hash: hash, octets: octets + (image.loops == nil ? 0 : Loops.room), serial: duet_add_to_sum(lastSerial, 1), users: 1, sibling: nil, younger: nil, older: nil))
        return entry
    }

    static func destroy(_ entry: Handle) {
        free(entry.pointee.image.loops)
        free(entry)
    }

    private nonisolated(unsafe) static let lastSerial = duet_static_space(MemoryLayout<UInt64>.stride).assumingMemoryBound(to: UInt64.self)

    func isOf(_ code: UnsafePointer<UInt8>, _ size: Int) -> Bool { image.size == size && memcmp(image.plain, code, size) == 0 }
}
