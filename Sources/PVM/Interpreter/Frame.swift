import CPVM
import VMCommon

/// What the interpreter keeps in processor registers while it runs. The operations of the machine are written in terms of it.
struct Frame {
    /// The instruction being executed (ι).
    var ip: UnsafeMutablePointer<Instruction>
    /// ϱ, without what the rest of the current region will give back.
    var gas: UInt64
    let registers: UnsafeMutableRawPointer
    var ram: UnsafeMutableRawPointer
    var rights: UnsafeMutablePointer<UInt8>
    let instance: Instance.Handle

    @inline(__always)
    init(_ instance: Instance.Handle, at index: Int) {
        self.instance = instance
        ip = instance.pointee.program.pointee.instructions + index
        gas = instance.pointee.vm.gas
        registers = UnsafeMutableRawPointer(instance)
        ram = instance.pointee.memory.base
        rights = instance.pointee.memory.rights
    }

    // MARK: Registers

    /// Registers by the octet offsets that instructions hold.
    @inline(__always)
    subscript(_ offset: UInt8) -> UInt64 {
        get { registers.load(fromByteOffset: Int(offset), as: UInt64.self) }
        nonmutating set { registers.storeBytes(of: newValue, toByteOffset: Int(offset), as: UInt64.self) }
    }

    @inline(__always) var a: UInt64 {
        get { self[ip.pointee.ra] }
        nonmutating set { self[ip.pointee.ra] = newValue }
    }
    @inline(__always) var b: UInt64 { self[ip.pointee.rb] }
    @inline(__always) var d: UInt64 {
        get { self[ip.pointee.rd] }
        nonmutating set { self[ip.pointee.rd] = newValue }
    }
    @inline(__always) var vx: UInt64 { ip.pointee.vx }
    @inline(__always) var vy: UInt64 { ip.pointee.vy }

    // MARK: Memory

    @inline(__always)
    private func isPlain<T: FixedWidthInteger>(_ address: UInt32, _: T.Type, _ need: UInt8) -> Bool {
        let inPage = MemoryLayout<T>.size == 1 || address & 4095 <= 4096 - UInt32(truncatingIfNeeded: MemoryLayout<T>.size)
        return inPage && rights[Int(address >> 12)] & need != 0
    }

    /// The number at `address` modulo 2^32; nil, with the reason left in the instance, if it cannot be read.
    @inline(__always)
    func load<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(_ address: UInt64, _: T.Type) -> T? {
        let address = UInt32(truncatingIfNeeded: address)
        if isPlain(address, T.self, GuestMemory.read) { return ram.loadUnaligned(fromByteOffset: Int(address), as: T.self) }
        guard instance.prepare(address, size: UInt32(truncatingIfNeeded: MemoryLayout<T>.size), GuestMemory.read) else { return nil }
        return T(truncatingIfNeeded: instance.pointee.memory.loadAcross(address, size: UInt32(truncatingIfNeeded: MemoryLayout<T>.size)))
    }

    /// Writes; false, with the reason left in the instance, if it cannot be written.
    @inline(__always)
    func store<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(_ address: UInt64, _ value: T) -> Bool {
        let address = UInt32(truncatingIfNeeded: address)
        if isPlain(address, T.self, GuestMemory.write) {
            ram.storeBytes(of: value, toByteOffset: Int(address), as: T.self)
            return true
        }
        guard instance.prepare(address, size: UInt32(truncatingIfNeeded: MemoryLayout<T>.size), GuestMemory.readWrite) else { return false }
        instance.pointee.memory.storeAcross(address, size: UInt32(truncatingIfNeeded: MemoryLayout<T>.size), UInt64(truncatingIfNeeded: value))
        return true
    }

    // MARK: Leaving

    /// Writes the frame back: `ip` is where the run stands.
    @inline(__always)
    func save() {
        instance.pointee.vm.gas = gas
        instance.pointee.resumeIndex = ip - instance.pointee.program.pointee.instructions
    }
}

extension UnsafeMutablePointer<Instance> {
    /// The slow path of an access that is not inside one accessible page: is it possible all the same? If not, leaves in the
    /// instance how the run ends.
    @inline(never)
    func prepare(_ address: UInt32, size: UInt32, _ need: UInt8) -> Bool {
        switch pointee.memory.obstacle(address, size: size, need) {
        case nil: return true
        case .panic: pointee.exit = PVM_EXIT_PANIC
        case .fault(let page):
            pointee.exit = PVM_EXIT_FAULT
            pointee.vm.fault_address = page
        }
        return false
    }
}
