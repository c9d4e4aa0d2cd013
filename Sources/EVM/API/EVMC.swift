import CPVM
import VMCommon

/// The functions of EVMC.
enum EVMC {
    static var table: evmc_vm {
        evmc_vm(
            abi_version: Int32(truncatingIfNeeded: EVMC_ABI_VERSION), name: text("duet"), version: duet_version(),
            destroy: { if let vm = $0 { Instance.destroy(EVMC.instance(vm)) } },
            execute: execute,
            get_capabilities: { _ in EVMC_CAPABILITY_EVM1.rawValue },
            set_option: { setOption($0, $1, $2) })
    }

    /// Of an inline function of C every object file may have its own. This is the one that all tables of ours have.
    private static var execute: evmc_execute_fn {
        @inline(never) get { duet_evm_entry }
    }

    static func instance(_ vm: UnsafeMutablePointer<evmc_vm>) -> Instance.Handle {
        UnsafeMutableRawPointer(vm).assumingMemoryBound(to: Instance.self)
    }

    /// Nil if the table is not one of ours, or if somebody has made it his own: a VM that goes between a host and one of ours has its name.
    static func ours(_ vm: UnsafeMutablePointer<evmc_vm>?) -> Instance.Handle? {
        guard let vm, address(vm.pointee.execute) == address(execute) else { return nil }
        return instance(vm)
    }

    private static func address(_ function: evmc_execute_fn?) -> UnsafeRawPointer? { unsafeBitCast(function, to: UnsafeRawPointer?.self) }

    private static func text(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

private func create() -> UnsafeMutablePointer<evmc_vm>? {
    guard let instance = Instance.create() else { return nil }
    return UnsafeMutableRawPointer(instance).assumingMemoryBound(to: evmc_vm.self)
}

@c @implementation
public func evmc_create_duet() -> UnsafeMutablePointer<evmc_vm>! { create() }

@c @implementation
public func evmc_create_pvm() -> UnsafeMutablePointer<evmc_vm>! { create() }

@c @implementation
public func evmc_create() -> UnsafeMutablePointer<evmc_vm>! { create() }

@c @implementation
public func duet_evm_set_trace(_ vm: UnsafeMutablePointer<evmc_vm>!, _ trace: duet_evm_trace_fn!, _ context: UnsafeMutableRawPointer!) -> Bool {
    guard let instance = EVMC.ours(vm) else { return false }
    instance.tracer.pointee.function = trace
    instance.tracer.pointee.context = context
    instance.pointee.isTraced = trace != nil
    return true
}

@c @implementation
public func duet_evm_set_batches(_ vm: UnsafeMutablePointer<evmc_vm>!, _ trace: UnsafeMutablePointer<duet_trace_t>!) -> Bool {
    EVMC.ours(vm)?.setBatches(trace) ?? false
}
