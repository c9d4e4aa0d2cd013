import CPVM

/// Inner machines (pvm_ext.h, "Inner machines").

@c @implementation
public func pvm_inner_machine(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.innerMachine() ?? PVM_ACTION_PANIC }

@c @implementation
public func pvm_inner_peek(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.innerPeek() ?? PVM_ACTION_PANIC }

@c @implementation
public func pvm_inner_poke(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.innerPoke() ?? PVM_ACTION_PANIC }

@c @implementation
public func pvm_inner_pages(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.innerPages() ?? PVM_ACTION_PANIC }

@c @implementation
public func pvm_inner_invoke(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.innerInvoke() ?? PVM_ACTION_PANIC }

@c @implementation
public func pvm_inner_expunge(_ vm: UnsafeMutablePointer<VM>?) -> pvm_action_t { vm?.instance.innerExpunge() ?? PVM_ACTION_PANIC }

@c @implementation
public func pvm_inner_call(_ vm: UnsafeMutablePointer<VM>?, _ func_id: Int32) -> pvm_action_t {
    guard let instance = vm?.instance else { return PVM_ACTION_PANIC }
    switch HostCall(instance.pointee.program.pointee.isa, number: func_id) {
    case .machine: return instance.innerMachine()
    case .peek: return instance.innerPeek()
    case .poke: return instance.innerPoke()
    case .pages: return instance.innerPages()
    case .invoke: return instance.innerInvoke()
    case .expunge: return instance.innerExpunge()
    default: return instance.hostUnknown()
    }
}

@c @implementation
public func pvm_inner_count(_ vm: UnsafePointer<VM>?) -> UInt32 { UInt32(truncatingIfNeeded: instance(vm)?.pointee.inner.count ?? 0) }

@c @implementation
public func pvm_inner_vm(_ vm: UnsafePointer<VM>?, _ number: UInt64) -> UnsafeMutablePointer<VM>? {
    instance(vm)?.pointee.inner[number]?.handle
}

@c @implementation
public func pvm_set_inner_limit(_ vm: UnsafeMutablePointer<VM>?, _ count: UInt32) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    instance.pointee.inner.limit = Int(count)
    return PVM_OK
}
