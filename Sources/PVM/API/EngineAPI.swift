import CPVM

/// Choice of engine and memory mode, and the program cache (pvm_ext.h).

/// Whether this build has what is asked for.
private func check(_ engine: pvm_engine_t) -> pvm_error_t {
    switch engine {
    case PVM_ENGINE_AUTO, PVM_ENGINE_INTERPRETER: PVM_OK
    case PVM_ENGINE_RECOMPILER: Recompiler.isAvailable ? PVM_OK : PVM_ERR_UNSUPPORTED
    default: PVM_ERR_ARGUMENT
    }
}

private func check(_ mode: pvm_memory_mode_t) -> pvm_error_t {
    switch mode {
    case PVM_MEMORY_AUTO, PVM_MEMORY_CHECKED: PVM_OK
    case PVM_MEMORY_GUARDED: Recompiler.isAvailable ? PVM_OK : PVM_ERR_UNSUPPORTED
    default: PVM_ERR_ARGUMENT
    }
}

func check(_ engine: pvm_engine_t, _ mode: pvm_memory_mode_t) -> pvm_error_t {
    let error = check(engine)
    return error == PVM_OK ? check(mode) : error
}

@c @implementation
public func pvm_set_defaults(_ engine: pvm_engine_t, _ mode: pvm_memory_mode_t) -> pvm_error_t {
    let error = check(engine, mode)
    guard error == PVM_OK else { return error }
    duet_set_defaults(engine, mode)
    return PVM_OK
}

@c @implementation
public func pvm_set_engine(_ vm: UnsafeMutablePointer<VM>?, _ engine: pvm_engine_t) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    guard !instance.pointee.isRunning else { return PVM_ERR_BUSY }
    let error = check(engine)
    if error == PVM_OK { instance.pointee.engine = engine }
    return error
}

@c @implementation
public func pvm_get_engine(_ vm: UnsafePointer<VM>?) -> pvm_engine_t {
    guard let instance = instance(vm), Recompiler.isAvailable else { return PVM_ENGINE_INTERPRETER }
    return instance.pointee.engine == PVM_ENGINE_INTERPRETER ? PVM_ENGINE_INTERPRETER : PVM_ENGINE_RECOMPILER
}

@c @implementation
public func pvm_set_memory_mode(_ vm: UnsafeMutablePointer<VM>?, _ mode: pvm_memory_mode_t) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    guard !instance.pointee.isRunning else { return PVM_ERR_BUSY }
    let error = check(mode)
    if error == PVM_OK { instance.pointee.memoryMode = mode }
    return error
}

@c @implementation
public func pvm_get_memory_mode(_ vm: UnsafePointer<VM>?) -> pvm_memory_mode_t {
    guard let instance = instance(vm), Recompiler.isAvailable else { return PVM_MEMORY_CHECKED }
    let needsGuard = instance.pointee.memoryMode == PVM_MEMORY_GUARDED
        || instance.pointee.memoryMode == PVM_MEMORY_AUTO && instance.pointee.engine != PVM_ENGINE_INTERPRETER
    return needsGuard ? PVM_MEMORY_GUARDED : PVM_MEMORY_CHECKED
}

@c @implementation
public func pvm_set_auto_policy(_ slice: UInt64, _ gas_per_instruction: UInt32) -> pvm_error_t {
    guard slice > 0 else { return PVM_ERR_ARGUMENT }
    duet_set_auto_policy(slice, gas_per_instruction)
    return PVM_OK
}

@c @implementation
public func pvm_cache_set_limit(_ octets: Int) -> pvm_error_t {
    // A size_t above the largest signed number is as good as no limit.
    ProgramCache.setLimit(octets < 0 ? .max : octets)
    return PVM_OK
}

@c @implementation
public func pvm_cache_statistics(_ statistics: UnsafeMutablePointer<pvm_cache_statistics_t>?) -> pvm_error_t {
    guard let statistics else { return PVM_ERR_NULL }
    statistics.pointee = ProgramCache.statistics
    return PVM_OK
}
