import CPVM
import VMCommon

/// A program compiled for one memory mode. References are held by its program, as long as the cache keeps that, and by VMs that
/// have run it; the last one frees it.
struct NativeCode {
    private var references: UInt32 = 1
    let isGuarded: Bool
    private let memory: ExecutableMemory
    private let block: CodeBlock
    /// For each instruction the place of its code in the block.
    private let offsets: UnsafeMutablePointer<UInt32>
    private let instructionCount: Int
    /// Where a fault goes on.
    private let wayOut: UnsafePointer<UInt8>
    /// Does the code expect the guest memory as segment?
    let usesSegment: Bool

    typealias Pointer = UnsafeMutablePointer<NativeCode>

    enum Failure: Error {
        /// However much room there is.
        case impossible
        /// There is no room for this many octets.
        case noRoom(Int)
    }

    /// Compiles. `makeRoom` is asked when there is none for so many octets, and says whether to try again.
    static func make(
        _ program: Program, isGuarded: Bool, in memory: ExecutableMemory, makeRoom: (Int) -> Bool
    ) throws(Failure) -> Pointer {
        guard program.instructionCount <= NativeExit.largestIndex, var generator = CodeGenerator(program, isGuarded: isGuarded) else { throw .impossible }
        let offsets = generator.offsets
        guard generator.generate(), let wayOut = generator.asm.offset(of: generator.fault),
              let space = allocate(NativeCode.self, 1)
        else {
            CPVM.free(offsets)
            throw .impossible
        }
        var block = memory.install(generator.asm.code, addressesAt: generator.jumpTablePlaces)
        while block == nil, makeRoom(generator.asm.code.count) {
            block = memory.install(generator.asm.code, addressesAt: generator.jumpTablePlaces)
        }
        guard let block else {
            CPVM.free(offsets)
            CPVM.free(space)
            throw .noRoom(generator.asm.code.count)
        }
        PerfMap.announce(program, block, offsets)
        space.initialize(to: NativeCode(
            isGuarded: isGuarded, memory: memory, block: block, offsets: offsets,
            instructionCount: program.instructionCount, wayOut: (block.address + wayOut).assumingMemoryBound(to: UInt8.self), usesSegment: generator.usesSegment))
        return space
    }

    var codeCount: Int { block.count }

    /// Octets of memory: pages of code and the table that goes with it.
    var size: Int { block.mapped + 4 * instructionCount }

    // MARK: Running

    /// Where a thread is while it runs this code on the memory.
    func faultScope(_ base: UnsafeMutableRawPointer) -> duet_fault_scope {
        duet_fault_scope(
            code: block.address.assumingMemoryBound(to: UInt8.self), code_size: block.count,
            memory: base.assumingMemoryBound(to: UInt8.self), memory_size: GuestMemory.reach,
            way_out: wayOut, place: (base + Int(NativeContext.faultPlace)).assumingMemoryBound(to: UInt64.self))
    }

    /// Runs from the instruction on, which must be one that control can come to, with registers and gas from and to the VM.
    func run(_ base: UnsafeMutableRawPointer, from index: Int, _ segment: inout GuestSegment) -> NativeExit {
        if usesSegment { segment.enter(base) }
        let entry = unsafeBitCast(block.address, to: (@convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?) -> Void).self)
        entry(base, block.address + Int(offsets[index]))
        let exit = NativeExit(word: base.load(fromByteOffset: Int(NativeContext.state), as: UInt32.self))
        guard exit.kind == .fault else { return exit }
        let place = base.load(fromByteOffset: Int(NativeContext.faultPlace), as: UInt64.self) &- UInt64(UInt(bitPattern: block.address))
        return NativeExit(.slow, instruction(at: UInt32(truncatingIfNeeded: place)))
    }

    /// The instruction whose code there is.
    private func instruction(at place: UInt32) -> Int {
        var low = 0, high = instructionCount
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] <= place { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }

    // MARK: The end

    fileprivate func destroy() {
        memory.free(block)
        CPVM.free(offsets)
    }
}

extension UnsafeMutablePointer<NativeCode> {
    func retain() { duet_count_up(references) }

    func release() {
        guard duet_count_down(references) == 0 else { return }
        pointee.destroy()
        free(self)
    }

    /// Is it held by one alone? Only good to the one who keeps others from retaining it.
    var isUnshared: Bool { references.pointee == 1 }

    private var references: UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self)
    }
}

/// Can this build compile to native code at all?
enum Recompiler {
    #if arch(x86_64)
        static let isAvailable = true
    #else
        static let isAvailable = false
    #endif
}
