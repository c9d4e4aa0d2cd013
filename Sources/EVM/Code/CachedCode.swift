import CPVM
import EVMRules

/// An image in the cache. It is freed when it is out of the cache and no execution uses it.
struct CachedCode: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<CachedCode>

    let image: CodeImage
    let fork: Fork
    /// By which it is looked for, and by which it is told from others with that key.
    let key: UInt64
    let hash: UInt64
    /// What it takes up.
    let octets: Int
    /// No other image of the process ever has it; not 0.
    let serial: UInt64
    /// How often it must have been used since it came in, or since another code last wanted its room, to stay: about as often as it took to get in.
    let usesToStay: Int

    /// The cache and every execution that uses it. It goes up under the lock of its shard.
    private var users: UInt32 = 1

    // Under the lock.
    var uses = 0
    /// The next with a key like this.
    var sibling: Handle?
    /// The next to be asked whether it is to stay.
    var next: Handle?

    /// Analyses all of the code. nil if memory is short.
    static func create(_ code: UnsafePointer<UInt8>, _ size: Int, _ fork: Fork, usesToStay: Int) -> Handle? {
        // In one allocation: this, the blocks, the image.
        let blocks = CodeImage.blockRoom(size)
        let octets = room(size)
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
        entry.initialize(to: CachedCode(image, fork, octets: octets + (image.loops == nil ? 0 : Loops.room), usesToStay: usesToStay))
        return entry
    }

    private init(_ image: CodeImage, _ fork: Fork, octets: Int, usesToStay: Int) {
        self.image = image
        self.fork = fork
        self.octets = octets
        self.usesToStay = usesToStay
        // Of our own copy of the code: nobody changes that.
        key = CodeCache.key(image.plain, image.size, fork)
        hash = hashCode(image.plain, image.size, key)
        serial = duet_add_to_sum(CachedCode.lastSerial, 1)
    }

    private nonisolated(unsafe) static let lastSerial = duet_static_space(MemoryLayout<UInt64>.stride).assumingMemoryBound(to: UInt64.self)

    /// Images that there have been.
    static var analyses: Int { Int(truncatingIfNeeded: duet_sum(lastSerial)) }

    /// What an image of code of that size takes up, but for its loops: few have any.
    static func room(_ size: Int) -> Int { head + CodeImage.blockRoom(size) + CodeImage.textRoom(size) }
    private static var head: Int { (MemoryLayout<CachedCode>.size + 15) & ~15 }

    func isOf(_ code: UnsafePointer<UInt8>, _ size: Int) -> Bool { image.size == size && memcmp(image.plain, code, size) == 0 }

    static func hold(_ entry: Handle) { duet_count_up(&entry.pointee.users) }

    /// Gives up a reference, the cache's or that of a user.
    static func release(_ entry: Handle) {
        guard duet_count_down(&entry.pointee.users) == 0 else { return }
        free(entry.pointee.image.loops)
        free(entry)
    }
}
