import CPVM
import VMCommon

/// A program compiled for one memory mode. Belongs to its program and goes with it.
struct NativeCode {
    private let block: CodeBlock
    /// For each instruction the place of its code in the block.
    private let offsets: UnsafeMutablePointer<UInt32>
    private let instructionCount: Int
    /// Where a fault goes on.
    private let wayOut: UnsafePointer<UInt8>
    /// Does the code expect the guest memory as segment?
    let usesSegment: Bool

    /// Nil if memory, or the room for code, is short.
    init?(_ program: Program, isGuarded: Bool) {
        guard program.instructionCount <= NativeExit.largestIndex, let memory = executableMemory, var generator = CodeGenerator(program, isGuarded: isGuarded) else { return nil }
        let offsets = generator.offsets
        guard generator.generate(), let wayOut = generator.asm.offset(of: generator.fault),
              let block = memory.install(generator.asm.code, addressesAt: generator.jumpTablePlaces)
        else {
            CPVM.free(offsets)
            return nil
        }
        PerfMap.announce(program, block, offsets)
        self.block = block
        usesSegment = generator.usesSegment
        self.offsets = offsets
        instructionCount = program.instructionCount
        self.wayOut = (block.address + wayOut).assumingMemoryBound(to: UInt8.self)
    }

    func destroy() {
        executableMemory?.free(block)
        CPVM.free(offsets)
    }

    /// Octets of code and of the table that goes with it.
    var size: Int { block.count + 4 * instructionCount }

    /// Runs from the instruction on, which must be one that control can come to, with registers and gas from and to the VM.
    func run(_ instance: Instance.Handle, from index: Int, _ segment: inout GuestSegment) -> NativeExit {
        let base = instance.pointee.memory.base
        if usesSegment { segment.enter(base) }
        let entry = unsafeBitCast(block.address, to: (@convention(c) (UnsafeMutableRawPointer?, UnsafeRawPointer?) -> Void).self)
        let target = block.address + Int(offsets[index])
        base.storeBytes(of: UnsafeMutableRawPointer(instance), toByteOffset: Int(NativeContext.vm), as: UnsafeMutableRawPointer.self)
        if instance.pointee.memory.isGuarded {
            var scope = duet_fault_scope(
                code: block.address.assumingMemoryBound(to: UInt8.self), code_size: block.count,
                memory: base.assumingMemoryBound(to: UInt8.self), memory_size: GuestMemory.reach,
                way_out: wayOut, place: (base + Int(NativeContext.faultPlace)).assumingMemoryBound(to: UInt64.self))
            duet_call_guarded(&scope, entry, base, target)
        } else {
            entry(base, target)
        }
        let exit = NativeExit(word: base.load(fromByteOffset: Int(NativeContext.state), as: UInt32.self))
        guard exit.kind == .fault else { return exit }
        let place = base.load(fromByteOffset: Int(NativeContext.faultPlace), as: UInt64.self) - UInt64(UInt(bitPattern: block.address))
        return NativeExit(.slow, instruction(at: UInt32(place)))
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
}

/// Room for all compiled code of the process.
private let executableMemory = ExecutableMemory(capacity: 1 << 30)

private let compilation = Mutex()

extension UnsafeMutablePointer<Program> {
    /// The program's code for a memory mode, compiled now if it has not been. Nil if there is no room for it.
    func nativeCode(isGuarded: Bool) -> NativeCode? {
        compilation?.withLock {
            let slot = isGuarded ? pointee.guardedCode : pointee.checkedCode
            if let slot { return slot }
            // Once there was no room, trying again at every run would cost more than it could gain.
            guard !pointee.isTooLargeToCompile else { return nil }
            let code = NativeCode(pointee, isGuarded: isGuarded)
            if isGuarded { pointee.guardedCode = code } else { pointee.checkedCode = code }
            pointee.isTooLargeToCompile = code == nil
            return code
        } ?? nil
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
