import CPVM
import VMCommon

/// The machine's own functions at the end of pvm.h.

@c @implementation
public func p_func(_ x: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: pages(UInt64(x))) }

@c @implementation
public func z_func(_ x: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: zones(UInt64(x))) }

@c @implementation
public func pvm_panic(_ vm: UnsafeMutablePointer<VM>?, _ err_code: UInt64) {
    guard let instance = vm?.instance else { return }
    instance.finish(PVM_EXIT_PANIC)
    instance.pointee.vm.result_code = Int32(truncatingIfNeeded: err_code)
}

@c @implementation
public func pvm_branch(_ vm: UnsafeMutablePointer<VM>?, _ vx: UInt64) { vm?.instance.branch(to: vx) }

@c @implementation
public func pvm_djump(_ vm: UnsafeMutablePointer<VM>?, _ a: UInt64) { vm?.instance.djump(a) }

@c @implementation
public func init_dispatch_table() {}

/// What every entry of `dispatch_table` calls: carries out the instruction of these octets at vm.pc, without gas. Operands
/// beyond `length` are zeros; `length` (at most 24 counts) is the skip distance.
@c @implementation
public func duet_dispatch(_ vm: UnsafeMutablePointer<VM>?, _ opcode: UInt8, _ operands: UnsafePointer<UInt8>?, _ length: Int) {
    guard let instance = vm?.instance, !instance.pointee.isRunning, operands != nil || length == 0 else { return }
    instance.dispatch(opcode, UnsafeBufferPointer(start: operands, count: Int(truncatingIfNeeded: min(UInt(bitPattern: length), 24))))
}
