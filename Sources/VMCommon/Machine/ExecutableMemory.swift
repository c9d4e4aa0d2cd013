import CPVM

/// Code that can be called; made and given back by `ExecutableMemory`.
@frozen public struct CodeBlock: @unchecked Sendable {
    public let address: UnsafeRawPointer
    /// Octets of code.
    public let count: Int
    /// Octets of the pages that it takes up.
    public let mapped: Int
    fileprivate let firstPage: Int
    fileprivate let pageCount: Int

    /// Calls the code at `offset` with one argument and gives back what it leaves in the register for results. The code must
    /// follow the C calling convention of the host.
    public func call(_ argument: UnsafeMutableRawPointer, at offset: Int = 0) -> UInt64 {
        assert(offset >= 0 && offset < count)
        return unsafeBitCast(address + offset, to: (@convention(c) (UnsafeMutableRawPointer) -> UInt64).self)(argument)
    }

    /// Does the address lie in this code? A signal handler may ask.
    public func contains(_ pointer: UnsafeRawPointer) -> Bool { pointer >= address && pointer < address + count }
}

/// The only place that maps executable pages: one reservation of address space, bounded for good when it is made, from which
/// blocks of code get whole pages.
///
/// A page is writable or executable, never both. A new block's pages become writable, are filled, and become executable
/// before anyone learns their address; from then until the block is freed they do not change. Free pages have no rights and
/// no memory, so that a call into freed code faults. A second, writable mapping of the same memory would save two system
/// calls per block, but it would leave a writable view of running code somewhere in the address space; so blocks are rounded
/// up to pages instead (on average half a page is lost) and share nothing with each other.
///
/// All methods may be called from any thread. Copies are the same memory, until one of them is destroyed. (No class: where the host refuses
/// the memory for an object, Swift ends the process.)
public struct ExecutableMemory: BitwiseCopyable, @unchecked Sendable {
    public struct Statistics: Sendable {
        /// Address space for code, in octets: the bound.
        public var capacity = 0
        /// Octets in pages of blocks, and the most there have been at once.
        public var mapped = 0
        public var mappedPeak = 0
        /// Octets of code in them, and the number of blocks.
        public var used = 0
        public var blocks = 0
        /// Requests that found no room.
        public var refused = 0
    }

    private struct Contents: ~Copyable {
        let mutex: Mutex
        // Guarded by the lock:
        var taken: PageSet
        var numbers = Statistics()
        var bound: Int

        init(mutex: consuming Mutex, taken: consuming PageSet, capacity: Int) {
            self.mutex = mutex
            self.taken = taken
            numbers.capacity = capacity
            bound = capacity
        }
    }

    private let contents: UnsafeMutablePointer<Contents>
    private let base: UnsafeMutableRawPointer
    private let pageSize: Int
    private let pageCount: Int

    /// Room for `capacity` octets, rounded up to pages; memory is taken only as blocks need it. nil if the host has no address
    /// space left or forbids.
    public init?(capacity: Int) {
        let pageSize = Int(duet_page_size())
        let pageCount = max(1, (max(0, min(capacity, 1 << 40)) + pageSize - 1) / pageSize)
        guard let mutex = Mutex(), let taken = PageSet(count: pageCount), let space = malloc(MemoryLayout<Contents>.size) else { return nil }
        guard let base = duet_code_reserve(pageCount * pageSize) else {
            CPVM.free(space)
            return nil
        }
        contents = space.assumingMemoryBound(to: Contents.self)
        contents.initialize(to: Contents(mutex: mutex, taken: taken, capacity: pageCount * pageSize))
        self.base = base
        self.pageSize = pageSize
        self.pageCount = pageCount
    }

    /// Blocks that were not freed go with it.
    public func destroy() {
        duet_release(base, pageCount * pageSize)
        contents.deinitialize(count: 1)
        CPVM.free(contents)
    }

    /// A block with a copy of `code`, ready to be called. nil if there is no room for it, or the host forbids.
    ///
    /// In the octets `addressesAt` of the code, a multiple of eight, stand places in the code, eight octets each; all but 0 become
    /// addresses.
    public func install(_ code: UnsafeRawBufferPointer, addressesAt places: Range<Int> = 0..<0) -> CodeBlock? {
        guard let source = code.baseAddress, code.count > 0, code.count <= pageCount * pageSize else { return refuse() }
        let count = (code.count + pageSize - 1) / pageSize
        // Outside the lock the pages are this thread's alone, so the copy and the system calls need none.
        guard let first = contents.pointee.mutex.withLock({ take(count, for: code.count) }) else { return nil }
        let block = CodeBlock(address: base + first * pageSize, count: code.count, mapped: count * pageSize, firstPage: first, pageCount: count)
        let target = base + first * pageSize, octets = count * pageSize
        guard duet_code_make_writable(target, octets) else { return abandon(block) }
        if count > 8 { duet_populate(target, octets) }
        memcpy(target, source, code.count)
        assert(places.lowerBound >= 0 && places.upperBound <= code.count)
        for place in stride(from: places.lowerBound, to: places.upperBound, by: 8) {
            let offset = target.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            if offset != 0 { target.storeBytes(of: UInt64(UInt(bitPattern: target)) &+ offset, toByteOffset: place, as: UInt64.self) }
        }
        // The rest of the last page traps.
        memset(target + code.count, 0xcc, octets - code.count)
        guard duet_code_make_executable(target, octets) else { return abandon(block) }
        return block
    }

    /// Gives a block back: once, and when no thread is in it any more.
    public func free(_ block: CodeBlock) {
        // Pages that could not be discarded (the host is out of mappings) stay taken: still executable, they must not be reused.
        guard duet_code_discard(base + block.firstPage * pageSize, block.pageCount * pageSize) else { return }
        contents.pointee.mutex.withLock { giveBack(block) }
    }

    /// Does the address lie in the reservation? A signal handler may ask.
    public func contains(_ pointer: UnsafeRawPointer) -> Bool { pointer >= base && pointer < base + pageCount * pageSize }

    public var statistics: Statistics { contents.pointee.mutex.withLock { contents.pointee.numbers } }

    /// Octets of pages that blocks may take up together: the capacity, unless set lower. What is there stays.
    public var limit: Int {
        get { contents.pointee.mutex.withLock { contents.pointee.bound } }
        nonmutating set { contents.pointee.mutex.withLock { contents.pointee.bound = min(max(0, newValue), contents.pointee.numbers.capacity) } }
    }

    /// May a block of so many octets come in as far as the limit goes?
    public func hasRoom(_ octets: Int) -> Bool {
        contents.pointee.mutex.withLock {
            octets <= pageCount * pageSize && contents.pointee.numbers.mapped + (octets + pageSize - 1) / pageSize * pageSize <= contents.pointee.bound
        }
    }

    // MARK: Under the lock

    private func take(_ count: Int, for octets: Int) -> Int? {
        let contents = contents
        guard contents.pointee.numbers.mapped + count * pageSize <= contents.pointee.bound, let first = contents.pointee.taken.takeRun(count) else {
            contents.pointee.numbers.refused += 1
            return nil
        }
        contents.pointee.numbers.mapped += count * pageSize
        contents.pointee.numbers.mappedPeak = max(contents.pointee.numbers.mappedPeak, contents.pointee.numbers.mapped)
        contents.pointee.numbers.used += octets
        contents.pointee.numbers.blocks += 1
        return first
    }

    private func giveBack(_ block: CodeBlock) {
        contents.pointee.taken.giveBack(first: block.firstPage, count: block.pageCount)
        contents.pointee.numbers.mapped -= block.pageCount * pageSize
        contents.pointee.numbers.used -= block.count
        contents.pointee.numbers.blocks -= 1
    }

    // MARK: Failure

    private func refuse() -> CodeBlock? {
        contents.pointee.mutex.withLock { contents.pointee.numbers.refused += 1 }
        return nil
    }

    private func abandon(_ block: CodeBlock) -> CodeBlock? {
        free(block)
        return refuse()
    }
}
