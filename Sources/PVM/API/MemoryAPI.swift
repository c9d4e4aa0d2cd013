import CPVM
import VMCommon

/// Guest memory from outside (pvm.h "Guest memory", pvm_ext.h "Memory").

// MARK: pvm.h

@c @implementation
public func pvm_write_ram_bytes_8(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ data: UInt8) -> UInt64 { write(vm, address, data) }

@c @implementation
public func pvm_write_ram_bytes_16(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ data: UInt16) -> UInt64 { write(vm, address, data) }

@c @implementation
public func pvm_write_ram_bytes_32(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ data: UInt32) -> UInt64 { write(vm, address, data) }

@c @implementation
public func pvm_write_ram_bytes_64(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ data: UInt64) -> UInt64 { write(vm, address, data) }

@c @implementation
public func pvm_write_ram_bytes(
    _ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ data: UnsafePointer<UInt8>?, _ length: UInt32
) -> UInt64 {
    if vm != nil, length == 0 { return 0 }
    guard let data else { return Status.outOfBounds }
    return write(vm, address, UnsafeRawPointer(data), UInt64(length))
}

@c @implementation
public func pvm_read_ram_bytes_8(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ error_code: UnsafeMutablePointer<Int32>?) -> UInt8 {
    read(vm, address, error_code)
}

@c @implementation
public func pvm_read_ram_bytes_16(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ error_code: UnsafeMutablePointer<Int32>?) -> UInt16 {
    read(vm, address, error_code)
}

@c @implementation
public func pvm_read_ram_bytes_32(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ error_code: UnsafeMutablePointer<Int32>?) -> UInt32 {
    read(vm, address, error_code)
}

@c @implementation
public func pvm_read_ram_bytes_64(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ error_code: UnsafeMutablePointer<Int32>?) -> UInt64 {
    read(vm, address, error_code)
}

@c @implementation
public func pvm_read_ram_bytes(
    _ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ buffer: UnsafeMutablePointer<UInt8>?, _ length: UInt32,
    _ error_code: UnsafeMutablePointer<Int32>?
) -> UInt64 {
    var done = vm != nil && length == 0
    if let instance = vm?.instance, let buffer, length > 0 { done = instance.hostRead(UInt64(address), UInt64(length), to: buffer) }
    let status = done ? 0 : Status.outOfBounds
    error_code?.pointee = Int32(truncatingIfNeeded: status)
    return status
}

/// The 32-bit OOB of pvm.h, a short name there.
private enum Status {
    static let outOfBounds: UInt64 = (1 << 32) - 3
}

/// What the host may write: until the first run, whatever is mapped.
private func write(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ data: UnsafeRawPointer, _ length: UInt64) -> UInt64 {
    guard let instance = vm?.instance else { return Status.outOfBounds }
    let need = instance.pointee.vm.initializing != 0 ? GuestMemory.read : GuestMemory.readWrite
    return instance.hostWrite(UInt64(address), length, from: data, need: need) == .done ? 0 : Status.outOfBounds
}

private func write<T: FixedWidthInteger>(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ number: T) -> UInt64 {
    var octets = number.littleEndian
    return write(vm, address, &octets, UInt64(truncatingIfNeeded: MemoryLayout<T>.size))
}

private func read<T: FixedWidthInteger>(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32, _ error: UnsafeMutablePointer<Int32>?) -> T {
    var octets: T = 0
    let done = vm?.instance.hostRead(UInt64(address), UInt64(truncatingIfNeeded: MemoryLayout<T>.size), to: &octets) ?? false
    error?.pointee = done ? 0 : Int32(truncatingIfNeeded: Status.outOfBounds)
    return T(littleEndian: octets)
}

// MARK: pvm_ext.h

@c @implementation
public func pvm_map_pages(_ vm: UnsafeMutablePointer<VM>?, _ first_page: UInt32, _ page_count: UInt32, _ access: pvm_access_t) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    let first = UInt64(first_page), count = UInt64(page_count)
    guard first >= GuestMemory.firstPage, first + count <= GuestMemory.pageCount, let rights = rights(access) else { return PVM_ERR_ARGUMENT }
    instance.noteHostPages(first, count, rights)
    guard instance.pointee.memory.map(first: first, count: count, rights: rights) else { return PVM_ERR_NO_MEMORY }
    return PVM_OK
}

@c @implementation
public func pvm_page_access(_ vm: UnsafePointer<VM>?, _ page: UInt32) -> pvm_access_t {
    guard let instance = instance(vm), UInt64(page) < GuestMemory.pageCount else { return PVM_ACCESS_NONE }
    switch instance.pointee.memory.rights[Int(page)] {
    case GuestMemory.none: return PVM_ACCESS_NONE
    case GuestMemory.read: return PVM_ACCESS_READ
    default: return PVM_ACCESS_WRITE
    }
}

@c @implementation
public func pvm_is_readable(_ vm: UnsafePointer<VM>?, _ address: UInt64, _ length: UInt64) -> Int32 {
    instance(vm)?.pointee.memory.allows(address, length, GuestMemory.read) == true ? 1 : 0
}

@c @implementation
public func pvm_is_writable(_ vm: UnsafePointer<VM>?, _ address: UInt64, _ length: UInt64) -> Int32 {
    instance(vm)?.pointee.memory.allows(address, length, GuestMemory.readWrite) == true ? 1 : 0
}

@c @implementation
public func pvm_read(_ vm: UnsafePointer<VM>?, _ address: UInt64, _ length: UInt64, _ data: UnsafeMutablePointer<UInt8>?) -> pvm_error_t {
    guard let instance = instance(vm), data != nil || length == 0 else { return PVM_ERR_NULL }
    guard length > 0, let data else { return PVM_OK }
    return instance.hostRead(address, length, to: data) ? PVM_OK : PVM_ERR_OUT_OF_BOUNDS
}

@c @implementation
public func pvm_write(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt64, _ length: UInt64, _ data: UnsafePointer<UInt8>?) -> pvm_error_t {
    copyIn(vm, address, length, data, need: GuestMemory.readWrite)
}

@c @implementation
public func pvm_load(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt64, _ length: UInt64, _ data: UnsafePointer<UInt8>?) -> pvm_error_t {
    copyIn(vm, address, length, data, need: GuestMemory.read)
}

@c @implementation
public func pvm_memory_view(
    _ vm: UnsafeMutablePointer<VM>?, _ address: UInt64, _ length: UInt64, _ access: pvm_access_t,
    _ view: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?
) -> pvm_error_t {
    guard let view else { return PVM_ERR_NULL }
    view.pointee = nil
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    guard let need = rights(access), need != GuestMemory.none else { return PVM_ERR_ARGUMENT }
    guard instance.pointee.memory.allows(address, length, need) else { return PVM_ERR_OUT_OF_BOUNDS }
    if need == GuestMemory.read { instance.noteHostRead(address, length) } else { instance.noteHostWrite(address, length) }
    let offset = length == 0 ? 0 : Int(truncatingIfNeeded: address)
    view.pointee = (instance.pointee.memory.base + offset).assumingMemoryBound(to: UInt8.self)
    return PVM_OK
}

extension UnsafeMutablePointer<Instance> {
    fileprivate func hostRead(_ address: UInt64, _ length: UInt64, to target: UnsafeMutableRawPointer) -> Bool {
        guard pointee.memory.read(address, length, to: target) else { return false }
        noteHostRead(address, length)
        return true
    }

    fileprivate func hostWrite(_ address: UInt64, _ length: UInt64, from source: UnsafeRawPointer, need: UInt8) -> Copying {
        let copying = pointee.memory.write(address, length, from: source, need: need)
        if copying == .done { noteHostWrite(address, length) }
        return copying
    }
}

private func rights(_ access: pvm_access_t) -> UInt8? {
    switch access {
    case PVM_ACCESS_NONE: GuestMemory.none
    case PVM_ACCESS_READ: GuestMemory.read
    case PVM_ACCESS_WRITE: GuestMemory.readWrite
    default: nil
    }
}

private func copyIn(
    _ vm: UnsafeMutablePointer<VM>?, _ address: UInt64, _ length: UInt64, _ data: UnsafePointer<UInt8>?, need: UInt8
) -> pvm_error_t {
    guard let instance = vm?.instance, data != nil || length == 0 else { return PVM_ERR_NULL }
    guard length > 0, let data else { return PVM_OK }
    return switch instance.hostWrite(address, length, from: data, need: need) {
    case .done: PVM_OK
    case .outOfBounds: PVM_ERR_OUT_OF_BOUNDS
    case .refused: PVM_ERR_NO_MEMORY
    }
}
