import CPVM

/// Choice of engine and memory mode (pvm_ext.h).

@c @implementation
public func pvm_set_engine(_ vm: UnsafeMutablePointer<VM>?, _ engine: pvm_engine_t) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    guard !instance.pointee.isRunning else { return PVM_ERR_BUSY }
    switch engine {
    case PVM_ENGINE_AUTO, PVM_ENGINE_INTERPRETER: instance.pointee.compiles = false
    case PVM_ENGINE_RECOMPILER:
        guard Recompiler.isAvailable else { return PVM_ERR_UNSUPPORTED }
        instance.pointee.compiles = true
    default: return PVM_ERR_ARGUMENT
    }
    return PVM_OK
}

@c @implementation
public func pvm_get_engine(_ vm: UnsafePointer<VM>?) -> pvm_engine_t {
    instance(vm)?.pointee.compiles == true ? PVM_ENGINE_RECOMPILER : PVM_ENGINE_INTERPRETER
}

@c @implementation
public func pvm_set_memory_mode(_ vm: UnsafeMutablePointer<VM>?, _ mode: pvm_memory_mode_t) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    guard !instance.pointee.isRunning else { return PVM_ERR_BUSY }
    switch mode {
    case PVM_MEMORY_AUTO, PVM_MEMORY_CHECKED: instance.pointee.wantsGuard = false
    case PVM_MEMORY_GUARDED:
        guard Recompiler.isAvailable else { return PVM_ERR_UNSUPPORTED }
        instance.pointee.wantsGuard = true
    default: return PVM_ERR_ARGUMENT
    }
    return PVM_OK
}

@c @implementation
public func pvm_get_memory_mode(_ vm: UnsafePointer<VM>?) -> pvm_memory_mode_t {
    instance(vm)?.pointee.wantsGuard == true ? PVM_MEMORY_GUARDED : PVM_MEMORY_CHECKED
}
