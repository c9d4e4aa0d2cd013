import CPVM
import Foundation

/// An EVM to execute with: this library's, or one loaded from a shared object as EVMC clients do.
final class EthereumVM {
    let vm: UnsafeMutablePointer<evmc_vm>
    private let isOwned: Bool

    /// One that somebody else keeps.
    init(_ vm: UnsafeMutablePointer<evmc_vm>) {
        self.vm = vm
        isOwned = false
    }

    /// Where this library's EVM executes.
    enum Surface: String, CaseIterable {
        case evmc
        /// Every call on a message frame, with the host handed along, or suspended for everything that it asks.
        case frame
        case suspendedFrame = "suspended-frame"

        static func named(_ name: String?) throws(ToolError) -> Surface {
            guard let name else { return .evmc }
            guard let surface = Surface(rawValue: name) else {
                throw .usage("--surface: '\(name)' is none of \(allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return surface
        }
    }

    init(path: String?, surface: Surface = .evmc) throws(ToolError) {
        isOwned = true
        if surface != .evmc {
            guard path == nil else { throw .usage("--surface is this library's; it does not go with --vm") }
            vm = FrameVM.create(suspends: surface == .suspendedFrame)
            return
        }
        guard let path else {
            guard let vm = evmc_create_duet() else { throw .failed("out of memory") }
            self.vm = vm
            return
        }
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else { throw .failed("\(path): \(String(cString: dlerror()))") }
        // EVMC's rule: libNAME-VERSION.so has evmc_create_NAME, or else evmc_create.
        var name = (path as NSString).lastPathComponent
        if name.hasPrefix("lib") { name.removeFirst(3) }
        name = String(name.prefix { $0 != "." })
        let words = name.split(separator: "-").map(String.init)
        let names = [name.replacingOccurrences(of: "-", with: "_"), words.last ?? "", words.first ?? ""].map { "evmc_create_\($0)" } + ["evmc_create"]
        guard let symbol = names.lazy.compactMap({ dlsym(library, $0) }).first else { throw .failed("\(path): has no EVMC create function") }
        let create = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafeMutablePointer<evmc_vm>?).self)
        guard let vm = create() else { throw .failed("\(path): makes no EVM") }
        guard vm.pointee.abi_version == Int32(EVMC_ABI_VERSION) else {
            throw .failed("\(path): speaks EVMC ABI \(vm.pointee.abi_version), not \(EVMC_ABI_VERSION)")
        }
        self.vm = vm
    }

    deinit { if isOwned { vm.pointee.destroy(vm) } }
}
