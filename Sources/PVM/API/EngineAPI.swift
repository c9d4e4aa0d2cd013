import CPVM

/// Choice of engine and memory mode (pvm_ext.h). This build has one of each.

@c @implementation
public func pvm_set_engine(_ vm: UnsafeMutablePointer<VM>?, _ engine: pvm_engine_t) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    guard !instance.pointee.isRunning else { return PVM_ERR_BUSY }
    switch engine {
    case PVM_ENGINE_AUTO, PVM_ENGINE_INTERPRETER: return PVM_OK
    case PVM_ENGINE_RECOMPILER: return PVM_ERR_UNSUPPORTED
    default: return PVM_ERR_ARGUMENT
    }
}

@c @implementation
public func pvm_get_engine(_ vm: UnsafePointer<VM>?) -> pvm_engine_t { PVM_ENGINE_INTERPRETER }

@c @implementation
public func pvm_set_memory_mode(_ vm: UnsafeMutablePointer<VM>?, _ mode: pvm_memory_mode_t) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    guard !instance.pointee.isRunning else { return PVM_ERR_BUSY }
    switch mode {
    case PVM_MEMORY_AUTO, PVM_MEMORY_CHECKED: return PVM_OK
    case PVM_MEMORY_GUARDED: return PVM_ERR_UNSUPPORTED
    default: return PVM_ERR_ARGUMENT
    }
}

@c @implementation
public func pvm_get_memory_mode(_ vm: UnsafePointer<VM>?) -> pvm_memory_mode_t { PVM_MEMORY_CHECKED }
