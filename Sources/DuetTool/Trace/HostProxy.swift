import CPVM

/// A host that hands everything on to another one, and tells a recorder of calls.
final class HostProxy {
    private let recorder: EVMRecorder
    private let host: UnsafePointer<evmc_host_interface>
    private let original: OpaquePointer?

    init(_ recorder: EVMRecorder, _ host: UnsafePointer<evmc_host_interface>, _ context: OpaquePointer?) {
        self.recorder = recorder
        self.host = host
        original = context
    }

    /// What the functions of `interface` want.
    var context: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    private static func of(_ context: OpaquePointer?) -> HostProxy {
        Unmanaged<HostProxy>.fromOpaque(UnsafeRawPointer(context!)).takeUnretainedValue()
    }

    private func call(_ message: UnsafePointer<evmc_message>) -> evmc_result {
        let frame = recorder.begin(message.pointee)
        let result = host.pointee.call(original, message)
        recorder.end(frame, result)
        return result
    }

    static let interface = evmc_host_interface(
        account_exists: { let proxy = of($0); return proxy.host.pointee.account_exists(proxy.original, $1) },
        get_storage: { let proxy = of($0); return proxy.host.pointee.get_storage(proxy.original, $1, $2) },
        set_storage: { let proxy = of($0); return proxy.host.pointee.set_storage(proxy.original, $1, $2, $3) },
        get_balance: { let proxy = of($0); return proxy.host.pointee.get_balance(proxy.original, $1) },
        get_code_size: { let proxy = of($0); return proxy.host.pointee.get_code_size(proxy.original, $1) },
        get_code_hash: { let proxy = of($0); return proxy.host.pointee.get_code_hash(proxy.original, $1) },
        copy_code: { let proxy = of($0); return proxy.host.pointee.copy_code(proxy.original, $1, $2, $3, $4) },
        selfdestruct: { let proxy = of($0); return proxy.host.pointee.selfdestruct(proxy.original, $1, $2) },
        call: { of($0).call($1!) },
        get_tx_context: { let proxy = of($0); return proxy.host.pointee.get_tx_context(proxy.original) },
        get_block_hash: { let proxy = of($0); return proxy.host.pointee.get_block_hash(proxy.original, $1) },
        emit_log: { let proxy = of($0); proxy.host.pointee.emit_log(proxy.original, $1, $2, $3, $4, $5) },
        access_account: { let proxy = of($0); return proxy.host.pointee.access_account(proxy.original, $1) },
        access_storage: { let proxy = of($0); return proxy.host.pointee.access_storage(proxy.original, $1, $2) },
        get_transient_storage: { let proxy = of($0); return proxy.host.pointee.get_transient_storage(proxy.original, $1, $2) },
        set_transient_storage: { let proxy = of($0); proxy.host.pointee.set_transient_storage(proxy.original, $1, $2, $3) })
}
