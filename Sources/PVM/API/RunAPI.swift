import CPVM
import VMCommon

/// Running (pvm.h `pvm_execute`, pvm_ext.h "Host calls" and "Run control").

@c @implementation
public func pvm_execute(_ vm: UnsafeMutablePointer<VM>?, _ entry_point: UInt32, _ is_child: UInt32) -> pvm_result_t {
    guard let instance = vm?.instance, !instance.pointee.isRunning else { return PVM_RESULT_ERROR }
    instance.pointee.vm.is_child = is_child == 0 ? 0 : 1
    switch instance.run(from: instance.entry(entry_point)) {
    case PVM_EXIT_HALT: return PVM_RESULT_OK
    case PVM_EXIT_OOG: return PVM_RESULT_OOG
    case PVM_EXIT_HOST: return PVM_RESULT_HOST_CALL
    default: return PVM_RESULT_PANIC
    }
}

@c @implementation
public func pvm_run(_ vm: UnsafeMutablePointer<VM>?, _ entry: UInt32) -> pvm_exit_t {
    guard let instance = vm?.instance, !instance.pointee.isRunning else { return PVM_EXIT_REFUSED }
    instance.pointee.vm.is_child = 0
    return instance.run(from: instance.entry(entry))
}

extension UnsafeMutablePointer<Instance> {
    /// A run from `pc`; one that starts at the instruction that has just faulted carries the last run on.
    fileprivate func entry(_ pc: UInt32) -> Start {
        let continued = pointee.exit == PVM_EXIT_FAULT && UInt64(pc) == pointee.vm.pc
        pointee.ecalliTrace?.pointee.beginAnew()
        return continued ? continuation : start(at: UInt64(pc))
    }
}

@c @implementation
public func pvm_resume(_ vm: UnsafeMutablePointer<VM>?) -> pvm_exit_t {
    guard let instance = vm?.instance, !instance.pointee.isRunning, !instance.hasEnded else { return PVM_EXIT_REFUSED }
    return instance.run(from: instance.continuation)
}

@c @implementation
public func pvm_step(_ vm: UnsafeMutablePointer<VM>?) -> pvm_exit_t {
    guard let instance = vm?.instance, !instance.pointee.isRunning, !instance.hasEnded else { return PVM_EXIT_REFUSED }
    return instance.run(from: instance.continuation, budget: 1)
}

@c @implementation
public func pvm_set_pc(_ vm: UnsafeMutablePointer<VM>?, _ pc: UInt64) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    instance.pointee.vm.pc = pc
    instance.pointee.pcWasSet = true
    return PVM_OK
}

@c @implementation
public func pvm_get_pc(_ vm: UnsafePointer<VM>?) -> UInt64 { vm?.pointee.pc ?? 0 }

@c @implementation
public func pvm_get_gas_signed(_ vm: UnsafePointer<VM>?) -> Int64 { instance(vm)?.pointee.signedGas ?? 0 }

@c @implementation
public func pvm_set_gas_signed(_ vm: UnsafeMutablePointer<VM>?, _ gas: Int64) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    instance.pointee.vm.gas = UInt64(clamping: gas)
    instance.pointee.gasMissing = gas < 0 ? gas.magnitude : 0
    return PVM_OK
}

@c @implementation
public func pvm_set_gas(_ vm: UnsafeMutablePointer<VM>?, _ gas: UInt64) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    instance.pointee.vm.gas = gas
    instance.pointee.gasMissing = 0
    return PVM_OK
}

@c @implementation
public func pvm_charge_gas(_ vm: UnsafeMutablePointer<VM>?, _ amount: UInt64) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    return instance.pointee.charge(amount) ? PVM_OK : PVM_ERR_OUT_OF_GAS
}

@c @implementation
public func pvm_exit_reason(_ vm: UnsafePointer<VM>?) -> pvm_exit_t { instance(vm)?.pointee.exit ?? PVM_EXIT_NONE }

@c @implementation
public func pvm_fault_page(_ vm: UnsafePointer<VM>?) -> UInt32 { vm?.pointee.fault_address ?? 0 }

@c @implementation
public func pvm_set_fault_page(_ vm: UnsafeMutablePointer<VM>?, _ address: UInt32) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    instance.pointee.pendingFaultPage = address & ~UInt32(truncatingIfNeeded: GuestMemory.pageSize - 1)
    return PVM_OK
}

// MARK: Host calls of the paper

@c @implementation
public func pvm_host_call_gas(_ isa: pvm_isa_t, _ func_id: Int32, _ registers: UnsafePointer<UInt64>?, _ units: UInt64) -> UInt64 {
    guard let isa = ISA(isa), let registers else { return .max }
    return isa.gas(of: HostCall(isa, number: func_id), registers, units: units) ?? .max
}

@c @implementation
public func pvm_host_unknown(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.hostUnknown() ?? PVM_ACTION_PANIC }

@c @implementation
public func pvm_host_gas(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.hostGas() ?? PVM_ACTION_PANIC }

@c @implementation
public func pvm_host_grow_heap(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.hostGrowHeap() ?? PVM_ACTION_PANIC }

// MARK: Ψ_M

@c @implementation
public func pvm_invoke(
    _ program: OpaquePointer?, _ entry: UInt32, _ gas: UInt64, _ arguments: UnsafePointer<UInt8>?, _ arguments_len: Int,
    _ function: pvm_host_function_t?, _ user_data: UnsafeMutableRawPointer?, _ invocation: UnsafeMutablePointer<pvm_invocation_t>?
) -> pvm_error_t {
    invoke(program, entry, gas, arguments, arguments_len, function, user_data, nil, nil, invocation)
}

@c @implementation
public func pvm_invoke_traced(
    _ program: OpaquePointer?, _ entry: UInt32, _ gas: UInt64, _ arguments: UnsafePointer<UInt8>?, _ arguments_len: Int,
    _ function: pvm_host_function_t?, _ user_data: UnsafeMutableRawPointer?, _ line: pvm_line_function_t?,
    _ line_data: UnsafeMutableRawPointer?, _ invocation: UnsafeMutablePointer<pvm_invocation_t>?
) -> pvm_error_t {
    invoke(program, entry, gas, arguments, arguments_len, function, user_data, line, line_data, invocation)
}

private func invoke(
    _ program: OpaquePointer?, _ entry: UInt32, _ gas: UInt64, _ arguments: UnsafePointer<UInt8>?, _ arguments_len: Int,
    _ function: pvm_host_function_t?, _ user_data: UnsafeMutableRawPointer?, _ line: pvm_line_function_t?,
    _ line_data: UnsafeMutableRawPointer?, _ invocation: UnsafeMutablePointer<pvm_invocation_t>?
) -> pvm_error_t {
    guard let invocation else { return PVM_ERR_NULL }
    invocation.pointee = pvm_invocation_t(exit: PVM_EXIT_PANIC, gas_used: 0, output: nil, output_len: 0)
    guard let parts = unwrap(program) else { return PVM_ERR_NULL }
    if parts.pointee.standard != nil, UInt64(UInt(bitPattern: arguments_len)) > StandardLayout.argumentSpace { return PVM_OK }
    var created: UnsafeMutablePointer<VM>?
    let error = pvm_vm_create(program, arguments, arguments_len, gas, &created)
    guard error == PVM_OK, let instance = created?.instance else { return error }
    defer { instance.destroy() }
    instance.pointee.hostFunction = function ?? { vm, _, _ in pvm_host_unknown(vm) }
    instance.pointee.hostData = user_data
    guard instance.setEcalliTrace(line, line_data) else { return PVM_ERR_NO_MEMORY }
    let exit = instance.run(from: instance.start(at: UInt64(entry)))
    invocation.pointee.gas_used = gas > instance.pointee.vm.gas ? gas - instance.pointee.vm.gas : 0
    invocation.pointee.exit = exit == PVM_EXIT_HALT || exit == PVM_EXIT_OOG ? exit : PVM_EXIT_PANIC
    if exit == PVM_EXIT_HALT, let output = instance.output, output.count > 0 {
        guard let copy = malloc(output.count) else {
            invocation.pointee = pvm_invocation_t(exit: PVM_EXIT_PANIC, gas_used: 0, output: nil, output_len: 0)
            return PVM_ERR_NO_MEMORY
        }
        memcpy(copy, output.baseAddress!, output.count)
        invocation.pointee.output = copy.assumingMemoryBound(to: UInt8.self)
        invocation.pointee.output_len = output.count
    }
    return PVM_OK
}

@c @implementation
public func pvm_invocation_release(_ invocation: UnsafeMutablePointer<pvm_invocation_t>?) {
    guard let invocation else { return }
    free(invocation.pointee.output)
    invocation.pointee.output = nil
    invocation.pointee.output_len = 0
}

@c @implementation
public func pvm_output(
    _ vm: UnsafePointer<VM>?, _ output: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ output_len: UnsafeMutablePointer<Int>?
) -> pvm_error_t {
    guard let instance = instance(vm), let output, let output_len else { return PVM_ERR_NULL }
    let bytes = instance.output
    output.pointee = bytes?.baseAddress?.assumingMemoryBound(to: UInt8.self)
    output_len.pointee = bytes?.count ?? 0
    return PVM_OK
}

extension UnsafeMutablePointer<Instance> {
    /// What registers 7 and 8 point at; nil if it is empty or not readable.
    fileprivate var output: UnsafeRawBufferPointer? {
        let address = registers[7], count = registers[8]
        guard count > 0, pointee.memory.allows(address, count, GuestMemory.read) else { return nil }
        return UnsafeRawBufferPointer(start: pointee.memory.base + Int(truncatingIfNeeded: address), count: Int(truncatingIfNeeded: count))
    }
}
