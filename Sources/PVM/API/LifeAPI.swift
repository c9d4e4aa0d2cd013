import CPVM
import VMCommon

/// Creation, regions, getters and setters (pvm.h "Life", pvm_ext.h "Machines").

@c @implementation
public func pvm_create(
    _ service_index: UInt32, _ code: UnsafePointer<UInt8>?, _ code_len: Int, _ initial_regs: UnsafePointer<UInt64>?,
    _ bitmask: UnsafePointer<UInt8>?, _ bitmask_len: Int, _ jump_table: UnsafePointer<UInt32>?, _ jump_table_len: Int,
    _ initial_gas: UInt64
) -> UnsafeMutablePointer<VM>? {
    guard let program = try? rawProgram(code, code_len, bitmask, bitmask_len, jump_table, jump_table_len, .gp072) else { return nil }
    defer { program.release() }
    guard let instance = Instance.Handle.make(program, gas: initial_gas) else { return nil }
    instance.pointee.vm.service_index = service_index
    if let initial_regs { memcpy(instance.registers, initial_regs, 104) }
    return instance.handle
}

@c @implementation
public func pvm_vm_create(
    _ program: OpaquePointer?, _ arguments: UnsafePointer<UInt8>?, _ arguments_len: Int, _ gas: UInt64,
    _ vm: UnsafeMutablePointer<UnsafeMutablePointer<VM>?>?
) -> pvm_error_t {
    guard let vm else { return PVM_ERR_NULL }
    vm.pointee = nil
    guard let program = unwrap(program), arguments != nil || arguments_len == 0 else { return PVM_ERR_NULL }
    let most = program.pointee.standard == nil ? 0 : StandardLayout.argumentSpace
    guard UInt(bitPattern: arguments_len) <= UInt(most) else { return PVM_ERR_ARGUMENT }
    guard let instance = Instance.Handle.make(program, gas: gas) else { return PVM_ERR_NO_MEMORY }
    if let standard = program.pointee.standard,
       !instance.start(standard, arguments: UnsafeRawBufferPointer(start: arguments, count: arguments_len)) {
        instance.destroy()
        return PVM_ERR_NO_MEMORY
    }
    vm.pointee = instance.handle
    return PVM_OK
}

@c @implementation
public func pvm_vm_program(_ vm: UnsafePointer<VM>?) -> OpaquePointer? {
    instance(vm).map { OpaquePointer($0.pointee.program) }
}

@c @implementation
public func pvm_destroy(_ vm: UnsafeMutablePointer<VM>?) {
    guard let instance = vm?.instance, !instance.pointee.isRunning else { return }
    instance.destroy()
}

@c @implementation
public func pvm_set_memory_bounds(
    _ vm: UnsafeMutablePointer<VM>?, _ rw_addr: UInt32, _ rw_end: UInt32, _ ro_addr: UInt32, _ ro_end: UInt32,
    _ output_addr: UInt32, _ output_end: UInt32, _ stack_addr: UInt32, _ stack_end: UInt32
) {
    guard let instance = vm?.instance, !instance.pointee.isRunning else { return }
    func range(_ start: UInt32, _ end: UInt32) -> Regions.Range { Regions.Range(UInt64(start), UInt64(end)) }
    _ = instance.layOut(Regions(
        rw: range(rw_addr, rw_end), ro: range(ro_addr, ro_end), output: range(output_addr, output_end),
        stack: range(stack_addr, stack_end)))
    instance.noteHostLayout()
}

@c @implementation
public func pvm_set_host_callback(_ vm: UnsafeMutablePointer<VM>?, _ callback: pvm_host_callback_t?) {
    guard let instance = vm?.instance else { return }
    instance.pointee.hostFunction = nil
    instance.pointee.vm.host_callback = unsafeBitCast(callback, to: UnsafeMutableRawPointer?.self)
}

@c @implementation
public func pvm_set_host_function(
    _ vm: UnsafeMutablePointer<VM>?, _ function: pvm_host_function_t?, _ user_data: UnsafeMutableRawPointer?
) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    instance.pointee.vm.host_callback = nil
    instance.pointee.hostFunction = function
    instance.pointee.hostData = user_data
    return PVM_OK
}

@c @implementation
public func pvm_get_gas(_ vm: UnsafeMutablePointer<VM>?) -> UInt64 { vm?.pointee.gas ?? 0 }

@c @implementation
public func pvm_get_machine_state(_ vm: UnsafeMutablePointer<VM>?) -> UInt8 { UInt8(truncatingIfNeeded: vm?.pointee.machine_state ?? 0) }

@c @implementation
public func pvm_get_result_code(_ vm: UnsafeMutablePointer<VM>?) -> Int32 { vm?.pointee.result_code ?? 0 }

@c @implementation
public func pvm_is_terminated(_ vm: UnsafeMutablePointer<VM>?) -> Int32 { vm?.pointee.terminated ?? 0 }

@c @implementation
public func pvm_set_register(_ vm: UnsafeMutablePointer<VM>?, _ index: Int32, _ value: UInt64) {
    guard let instance = vm?.instance, 0 <= index, index < 13 else { return }
    instance.registers[Int(index)] = value
    instance.noteHostRegister(Int(index))
}

@c @implementation
public func pvm_get_register(_ vm: UnsafeMutablePointer<VM>?, _ index: Int32) -> UInt64 {
    guard let instance = vm?.instance, 0 <= index, index < 13 else { return 0 }
    return instance.registers[Int(index)]
}

@c @implementation
public func pvm_get_registers(_ vm: UnsafeMutablePointer<VM>?) -> UnsafePointer<UInt64>? {
    vm.map { UnsafePointer($0.instance.registers) }
}

@c @implementation
public func pvm_set_heap_pointer(_ vm: UnsafeMutablePointer<VM>?, _ pointer: UInt32) { vm?.instance.moveHeap(to: UInt64(pointer)) }

@c @implementation
public func pvm_expand_heap(_ vm: UnsafeMutablePointer<VM>?, _ new_size: UInt32) { _ = vm?.instance.growHeap(to: UInt64(new_size)) }

@c @implementation
public func pvm_heap(
    _ vm: UnsafePointer<VM>?, _ start: UnsafeMutablePointer<UInt64>?, _ end: UnsafeMutablePointer<UInt64>?,
    _ limit: UnsafeMutablePointer<UInt64>?
) -> pvm_error_t {
    guard let instance = instance(vm) else { return PVM_ERR_NULL }
    start?.pointee = instance.pointee.heapStart
    end?.pointee = instance.pointee.heapEnd
    limit?.pointee = instance.pointee.heapLimit
    return PVM_OK
}

@c @implementation
public func pvm_set_logging(_ vm: UnsafeMutablePointer<VM>?, _ enable: Int32) { vm?.pointee.pvm_logging = enable }

@c @implementation
public func pvm_set_tracing(_ vm: UnsafeMutablePointer<VM>?, _ enable: Int32) { vm?.pointee.pvm_tracing = enable }

@c @implementation
public func pvm_set_line_function(
    _ vm: UnsafeMutablePointer<VM>?, _ function: pvm_line_function_t?, _ user_data: UnsafeMutableRawPointer?
) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    instance.pointee.lineFunction = function
    instance.pointee.lineData = user_data
    return PVM_OK
}

@c @implementation
public func pvm_set_trace_batches(_ vm: UnsafeMutablePointer<VM>?, _ trace: UnsafeMutablePointer<duet_trace_t>?) -> pvm_error_t {
    vm?.instance.setBatches(trace) ?? PVM_ERR_NULL
}

/// The VM behind a pointer that only promises to read.
func instance(_ vm: UnsafePointer<VM>?) -> Instance.Handle? { vm.map { UnsafeMutablePointer(mutating: $0).instance } }
