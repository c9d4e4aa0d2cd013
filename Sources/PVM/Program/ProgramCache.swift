import CPVM
import VMCommon

/// The programs of the process, decoded and compiled, found again by their bytes: bounded in octets, least recently used out
/// first. One lock, never held while something is decoded, compiled or compared.
///
/// The cache holds a reference to each of its programs, and only programs in the cache hold compiled code. A VM holds references
/// of its own to both. So what is thrown out lives on as long as it is in use, and a program whose code was thrown out is
/// compiled again when it is next run or, with `PVM_ENGINE_AUTO`, when it has earned that again (`Allowance`).
struct ProgramCache {
    static let standardLimit = 128 << 20

    fileprivate var table = LRUTable()
    fileprivate var limit = ProgramCache.standardLimit
    /// The process is ending: nothing is kept any more.
    fileprivate var isClosed = false
    fileprivate var hits: UInt64 = 0
    fileprivate var misses: UInt64 = 0
    fileprivate var evictions: UInt64 = 0
    fileprivate var compilations: UInt64 = 0
    /// The first of the slots that threads are filling at this moment.
    fileprivate var compiling: UnsafeMutablePointer<Program.CodeSlot>?
    fileprivate var allowance = Allowance()
    /// Room for all compiled code of the process; made when first wanted.
    fileprivate var memory: ExecutableMemory?

    fileprivate init() {}
}

private nonisolated(unsafe) var cache = ProgramCache()

@inline(__always)
private func locked<Result>(_ body: () -> Result) -> Result {
    duet_cache_lock()
    defer { duet_cache_unlock() }
    return body()
}

// MARK: Programs

extension Program {
    /// An image's program: the one that is there, or a new one. With a reference for the caller.
    static func shared(image bytes: UnsafeRawBufferPointer, format: pvm_format_t, isa: ISA) throws(ImageError) -> Pointer {
        try refuseOtherThanImage(bytes, format, isa)
        var maker = FingerprintMaker()
        maker.add(UInt64(format.rawValue) << 8 | UInt64(isa.number.rawValue))
        maker.add(bytes)
        func isSame(_ program: Pointer) -> Bool {
            let other = program.pointee
            return other.isa == isa && other.askedFormat == format && other.format != PVM_FORMAT_RAW && other.imageCount == bytes.count
                && areEqual(other.image, bytes)
        }
        if let found = find(maker.fingerprint, isSame) { return found }
        let program = try make(image: bytes, format: format, isa: isa)
        program.pointee.askedFormat = format
        program.pointee.imageCount = bytes.count
        return add(program, maker.fingerprint, isSame)
    }

    /// The same of code, bitmask and jump table.
    static func shared(
        code: UnsafeBufferPointer<UInt8>, bitmask: UnsafeBufferPointer<UInt8>, jumps: UnsafeBufferPointer<UInt32>, isa: ISA
    ) throws(ImageError) -> Pointer {
        var maker = FingerprintMaker()
        maker.add(UInt64(PVM_FORMAT_RAW.rawValue) << 8 | UInt64(isa.number.rawValue))
        maker.add(UnsafeRawBufferPointer(code))
        maker.add(UnsafeRawBufferPointer(bitmask))
        maker.add(UnsafeRawBufferPointer(jumps))
        func isSame(_ program: Pointer) -> Bool {
            let other = program.pointee
            return other.isa == isa && other.format == PVM_FORMAT_RAW && other.view.count == code.count
                && other.givenBitmask.count == bitmask.count && other.jumpTableCount == jumps.count
                && areEqual(other.view.code, UnsafeRawBufferPointer(code))
                && areEqual(other.givenBitmask.baseAddress, UnsafeRawBufferPointer(bitmask))
                && areEqual(other.jumpTable, UnsafeRawBufferPointer(jumps))
        }
        if let found = find(maker.fingerprint, isSame) { return found }
        return add(try make(code: code, bitmask: bitmask, jumps: jumps, isa: isa), maker.fingerprint, isSame)
    }

    /// A program in the cache, with a reference for the caller.
    private static func find(_ fingerprint: Fingerprint, _ isSame: (Pointer) -> Bool) -> Pointer? {
        let found: Pointer? = locked {
            guard let number = cache.table.find(fingerprint) else { return nil }
            cache.table.touch(number)
            let program = cache.program(number)
            program.retain()
            return program
        }
        let isHit = found.map(isSame) ?? false
        if let found, !isHit { found.release() }
        locked { if isHit { cache.hits += 1 } else { cache.misses += 1 } }
        return isHit ? found : nil
    }

    /// Puts a new program into the cache, or gives it up for an equal one that has come meanwhile.
    private static func add(_ program: Pointer, _ fingerprint: Fingerprint, _ isSame: (Pointer) -> Bool) -> Pointer {
        program.pointee.fingerprint = fingerprint
        var evicted = EvictedList()
        let earlier: Pointer? = locked {
            guard let number = cache.table.find(fingerprint) else {
                cache.link(program, &evicted)
                return nil
            }
            let earlier = cache.program(number)
            earlier.retain()
            return earlier
        }
        evicted.release()
        guard let earlier else { return program }
        // Of two different programs with one fingerprint, the second stays outside.
        guard isSame(earlier) else {
            earlier.release()
            return program
        }
        program.release()
        return earlier
    }

    private static func areEqual(_ mine: UnsafeRawPointer?, _ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count == 0 || memcmp(mine!, bytes.baseAddress!, bytes.count) == 0
    }

    /// Octets of it and of its code.
    fileprivate var weight: Int { footprint + (checkedCode.code?.pointee.size ?? 0) + (guardedCode.code?.pointee.size ?? 0) }
}

// MARK: Under the lock

extension ProgramCache {
    fileprivate func program(_ number: LRUTable.Number) -> Program.Pointer { table[number].assumingMemoryBound(to: Program.self) }

    /// Makes a program an entry, the newest, if it is none, and makes its weight known. False if it is not to be kept.
    @discardableResult
    fileprivate mutating func link(_ program: Program.Pointer, _ evicted: inout EvictedList) -> Bool {
        let weight = program.pointee.weight
        if program.pointee.cacheEntry >= 0 {
            table.touch(program.pointee.cacheEntry)
            if weight != table.weight(of: program.pointee.cacheEntry) {
                // The newest, it is the last to go, and it fits by itself.
                guard weight <= limit else { return false }
                table.setWeight(of: program.pointee.cacheEntry, weight)
                trim(to: limit, &evicted)
            }
            return true
        }
        guard !isClosed, weight <= limit else { return false }
        trim(to: limit - weight, &evicted)
        guard let number = table.insert(program.pointee.fingerprint, program, weight: weight) else { return false }
        program.pointee.cacheEntry = number
        program.retain()
        duet_cache_close_at_exit()
        return true
    }

    /// Takes an entry out.
    fileprivate mutating func unlink(_ number: LRUTable.Number, _ evicted: inout EvictedList) {
        let program = program(number)
        table.remove(number)
        program.pointee.cacheEntry = -1
        program.pointee.earnings.forget()
        evictions += 1
        evicted.add(program, program.pointee.checkedCode.take(), program.pointee.guardedCode.take())
    }

    /// Takes out the oldest until the others weigh so much at most.
    fileprivate mutating func trim(to most: Int, _ evicted: inout EvictedList) {
        while table.weight > most, let number = table.oldest { unlink(number, &evicted) }
    }
}

/// References that the cache has given up, to be released when its lock is open again.
private struct EvictedList {
    struct Item {
        var program: Program.Pointer
        var checked: NativeCode.Pointer?
        var guarded: NativeCode.Pointer?
        var next: UnsafeMutablePointer<Item>?

        func release() {
            checked?.release()
            guarded?.release()
            program.release()
        }
    }

    private var first: UnsafeMutablePointer<Item>?
    var isEmpty: Bool { first == nil }

    mutating func add(_ program: Program.Pointer, _ checked: NativeCode.Pointer?, _ guarded: NativeCode.Pointer?) {
        let item = Item(program: program, checked: checked, guarded: guarded, next: first)
        guard let space = malloc(MemoryLayout<Item>.stride) else { return item.release() }
        first = space.assumingMemoryBound(to: Item.self)
        first!.initialize(to: item)
    }

    mutating func release() {
        while let item = first {
            first = item.pointee.next
            item.pointee.release()
            free(item)
        }
    }
}

extension Program.CodeSlot {
    fileprivate mutating func take() -> NativeCode.Pointer? {
        let code = code
        if code != nil { state = State.none.rawValue }
        self.code = nil
        return code
    }

    /// Code that goes when it is taken: no VM has it.
    fileprivate var isIdle: Bool { code?.isUnshared ?? false }
}

/// Throws out the oldest entry whose code then goes. False if there is none.
private func cacheFreeCode() -> Bool {
    var evicted = EvictedList()
    locked {
        var number = cache.table.oldest
        while let this = number {
            let program = cache.program(this)
            if program.pointee.checkedCode.isIdle || program.pointee.guardedCode.isIdle { return cache.unlink(this, &evicted) }
            number = cache.table.newer(than: this)
        }
    }
    defer { evicted.release() }
    return !evicted.isEmpty
}

// MARK: Compiled code

extension UnsafeMutablePointer<Program> {
    /// The program's code for a memory mode, compiled now if nobody has, with a reference for the caller. Nil if it cannot be
    /// had, or if another thread is compiling it and the caller does not want to wait.
    func acquireCode(isGuarded: Bool, waits: Bool) -> NativeCode.Pointer? {
        let slot = slot(isGuarded)
        duet_cache_lock()
        while true {
            switch Program.CodeSlot.State(rawValue: slot.pointee.state) {
            case .ready:
                let code = slot.pointee.code!
                code.retain()
                var evicted = EvictedList()
                cache.link(self, &evicted)
                duet_cache_unlock()
                evicted.release()
                return code
            case .compiling:
                guard waits else {
                    duet_cache_unlock()
                    return nil
                }
                duet_cache_wait()
                continue
            case .refused where !cache.hasRoom(slot.pointee.refused):
                let fits = slot.pointee.refused <= cache.limit
                duet_cache_unlock()
                guard fits, cacheFreeCode() else { return nil }
                duet_cache_lock()
                continue
            case .impossible:
                duet_cache_unlock()
                return nil
            default: break
            }
            break
        }
        slot.pointee.state = Program.CodeSlot.State.compiling.rawValue
        slot.pointee.next = cache.compiling
        cache.compiling = slot
        let memory = cache.executableMemory()
        duet_cache_unlock()
        return compile(isGuarded: isGuarded, memory)
    }

    private func slot(_ isGuarded: Bool) -> UnsafeMutablePointer<Program.CodeSlot> {
        // Stored in the program, which stays where it is.
        isGuarded ? withUnsafeMutablePointer(to: &pointee.guardedCode) { $0 } : withUnsafeMutablePointer(to: &pointee.checkedCode) { $0 }
    }

    /// Fills the slot, which says `compiling`.
    private func compile(isGuarded: Bool, _ memory: ExecutableMemory?) -> NativeCode.Pointer? {
        var code: NativeCode.Pointer?
        var refused: Int?
        if let memory {
            do throws(NativeCode.Failure) {
                code = try NativeCode.make(pointee, isGuarded: isGuarded, in: memory) { octets in octets <= memory.limit && cacheFreeCode() }
            } catch {
                if case .noRoom(let octets) = error { refused = octets }
            }
        }
        let slot = slot(isGuarded)
        var evicted = EvictedList()
        locked {
            cache.endCompiling(slot)
            if let code {
                // Kept for others if the cache keeps the program; the caller has a reference in any case.
                cache.compilations += 1
                pointee.earnings.codeSize = code.pointee.codeCount
                slot.pointee.code = code
                if cache.link(self, &evicted) {
                    slot.pointee.state = Program.CodeSlot.State.ready.rawValue
                    code.retain()
                } else {
                    slot.pointee.refused = pointee.weight
                    slot.pointee.code = nil
                    slot.pointee.state = Program.CodeSlot.State.refused.rawValue
                }
            } else if let refused {
                slot.pointee.refused = refused
                slot.pointee.state = Program.CodeSlot.State.refused.rawValue
            } else {
                slot.pointee.state = Program.CodeSlot.State.impossible.rawValue
            }
            duet_cache_wake_all()
        }
        evicted.release()
        return code
    }

    /// Is there code for a memory mode, or was it tried in vain? A hint.
    func codeState(isGuarded: Bool) -> Program.CodeSlot.State {
        let state = UnsafeRawPointer(slot(isGuarded)).assumingMemoryBound(to: UInt8.self)
        return Program.CodeSlot.State(rawValue: duet_peek(state)) ?? .none
    }
}

// MARK: What is earned

extension UnsafeMutablePointer<Program> {
    /// Is its code to be compiled now? The allowance has been spent then.
    func earnsCode() -> Bool { locked { pointee.spend(from: &cache.allowance) } }

    func countNative(_ gas: UInt64) {
        if pointee.hasUsed(nativeGas: gas) { locked { cache.allowance.earn(pointee.nativeReportWork) } }
    }
}

extension ProgramCache {
    fileprivate mutating func endCompiling(_ slot: UnsafeMutablePointer<Program.CodeSlot>) {
        if compiling == slot { compiling = slot.pointee.next }
        var before = compiling
        while let this = before {
            if this.pointee.next == slot { this.pointee.next = slot.pointee.next }
            before = this.pointee.next
        }
        slot.pointee.next = nil
    }

    /// The child of a fork has none of the threads that were compiling: whoever wants the code begins anew.
    fileprivate mutating func forgetCompilations() {
        while let slot = compiling {
            slot.pointee.state = Program.CodeSlot.State.none.rawValue
            endCompiling(slot)
        }
    }

    /// The most that is reserved for code, as address space.
    private static let capacity = 1 << 30

    fileprivate mutating func executableMemory() -> ExecutableMemory? {
        if isClosed || duet_code_is_forbidden() { return nil }
        if memory == nil {
            memory = ExecutableMemory(capacity: ProgramCache.capacity)
            memory?.limit = limit
        }
        return memory
    }

    fileprivate func hasRoom(_ octets: Int) -> Bool { octets <= limit && memory?.hasRoom(octets) ?? true }
}

// MARK: Settings and figures

extension ProgramCache {
    static func setLimit(_ octets: Int) {
        var evicted = EvictedList()
        locked {
            cache.limit = octets
            cache.memory?.limit = octets
            cache.trim(to: octets, &evicted)
        }
        evicted.release()
    }

    static var statistics: pvm_cache_statistics_t {
        locked {
            let code = cache.memory?.statistics
            return pvm_cache_statistics_t(
                limit: UInt64(truncatingIfNeeded: cache.limit), octets: UInt64(truncatingIfNeeded: cache.table.weight), programs: UInt64(truncatingIfNeeded: cache.table.count), hits: cache.hits,
                misses: cache.misses, evictions: cache.evictions, compilations: cache.compilations,
                code_octets: UInt64(truncatingIfNeeded: code?.mapped ?? 0), code_octets_peak: UInt64(truncatingIfNeeded: code?.mappedPeak ?? 0))
        }
    }

    /// The end of the process or of the library's stay in it: what no VM uses is given back.
    static func close() {
        var evicted = EvictedList()
        locked {
            cache.isClosed = true
            cache.trim(to: -1, &evicted)
        }
        evicted.release()
        locked {
            cache.table.destroy()
            if let memory = cache.memory, memory.statistics.blocks == 0 {
                memory.destroy()
                cache.memory = nil
            }
            free(duet_slot_take(duet_spare_buffer()))
        }
    }
}

@c @implementation
public func duet_cache_close() { ProgramCache.close() }

@c @implementation
public func duet_cache_forget_compilations() { cache.forgetCompilations() }
