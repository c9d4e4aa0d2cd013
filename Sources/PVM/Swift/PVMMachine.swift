#if !hasFeature(Embedded)
    import CPVM

    /// One machine: registers, memory, gas and a program. Used by one thread at a time.
    public final class PVMMachine {
        /// Serves an ecalli: what to do next, given the machine and the call's number.
        public typealias HostFunction = (PVMMachine, Int32) -> pvm_action_t

        public let program: PVMProgram
        /// The handle, for everything of pvm_ext.h that has no Swift form. It is destroyed with this object.
        public let handle: UnsafeMutablePointer<pvm_vm_t>
        /// Nil: an ecalli ends the run with `PVM_EXIT_HOST`.
        public var hostFunction: HostFunction? {
            didSet { installHostFunction() }
        }

        /// A standard program or service starts with its memory laid out and its arguments in place.
        public init(_ program: PVMProgram, arguments: [UInt8] = [], gas: UInt64) throws(PVMError) {
            var handle: UnsafeMutablePointer<pvm_vm_t>?
            try PVMError.check(pvm_vm_create(program.handle, arguments, arguments.count, gas, &handle))
            self.program = program
            self.handle = handle!
        }

        deinit { pvm_destroy(handle) }

        // MARK: State

        public var gas: UInt64 {
            get { handle.pointee.gas }
            set { _ = pvm_set_gas(handle, newValue) }
        }
        /// Below zero by what was missing when the last run ended out of gas.
        public var signedGas: Int64 { pvm_get_gas_signed(handle) }

        public var pc: UInt64 {
            get { handle.pointee.pc }
            set { _ = pvm_set_pc(handle, newValue) }
        }

        /// Registers 0 to 12. Others read as 0 and take nothing.
        public subscript(register index: Int) -> UInt64 {
            get { pvm_get_register(handle, Int32(clamping: index)) }
            set { pvm_set_register(handle, Int32(clamping: index), newValue) }
        }

        public var registers: [UInt64] { (0..<13).map { self[register: $0] } }
        public var faultPage: UInt32 { pvm_fault_page(handle) }
        public var hostCall: Int32 { handle.pointee.host_func_id }

        // MARK: Running

        public func run(from entry: UInt32 = 0) -> pvm_exit_t { pvm_run(handle, entry) }
        public func resume() -> pvm_exit_t { pvm_resume(handle) }
        public func step() -> pvm_exit_t { pvm_step(handle) }

        /// What registers 7 and 8 point at after a halt, copied; empty if it is not readable, or the host has no memory for it. How long it is,
        /// up to all of its memory, the guest decides: `withOutput` shows it without a copy.
        public var output: [UInt8] {
            withOutput { bytes in (try? PVMMachine.copy(bytes)) ?? [] }
        }

        /// The same in place. The octets are valid in `body` alone, which must not run the machine or map pages.
        public func withOutput<Result, Failure>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
            var bytes: UnsafePointer<UInt8>?, count = 0
            let error = pvm_output(handle, &bytes, &count)
            return try body(UnsafeRawBufferPointer(start: bytes, count: error == PVM_OK && bytes != nil ? count : 0))
        }

        private func installHostFunction() {
            guard hostFunction != nil else {
                _ = pvm_set_host_function(handle, nil, nil)
                return
            }
            // The machine outlives every run of its handle, so the call may find it by an unretained pointer.
            _ = pvm_set_host_function(handle, { _, number, data in
                let machine = Unmanaged<PVMMachine>.fromOpaque(data!).takeUnretainedValue()
                // A function that has taken itself away leaves the next call to whoever runs the machine.
                guard let function = machine.hostFunction else { return PVM_ACTION_SUSPEND }
                return function(machine, number)
            }, Unmanaged.passUnretained(self).toOpaque())
        }

        // MARK: Memory

        public func map(page first: UInt32, count: UInt32 = 1, _ access: pvm_access_t) throws(PVMError) {
            try PVMError.check(pvm_map_pages(handle, first, count, access))
        }

        /// A copy of `count` octets. The range is looked at before any memory is asked for, so numbers may come from the guest as they are.
        public func read(_ address: UInt64, _ count: Int) throws(PVMError) -> [UInt8] {
            try withMemory(address, count) { bytes throws(PVMError) in try PVMMachine.copy(bytes) }
        }

        /// The same in place. The octets are valid in `body` alone, which must not change the rights of their pages.
        public func withMemory<Result>(_ address: UInt64, _ count: Int, _ body: (UnsafeRawBufferPointer) throws(PVMError) -> Result)
            throws(PVMError) -> Result {
            guard let length = UInt64(exactly: count) else { throw PVMError(code: PVM_ERR_ARGUMENT) }
            var start: UnsafeMutablePointer<UInt8>?
            try PVMError.check(pvm_memory_view(handle, address, length, PVM_ACCESS_READ, &start))
            return try body(UnsafeRawBufferPointer(start: start, count: count))
        }

        public func write(_ address: UInt64, _ bytes: [UInt8]) throws(PVMError) {
            try PVMError.check(pvm_write(handle, address, UInt64(truncatingIfNeeded: bytes.count), bytes))
        }

        /// Writes into pages that are only readable as well.
        public func load(_ address: UInt64, _ bytes: [UInt8]) throws(PVMError) {
            try PVMError.check(pvm_load(handle, address, UInt64(truncatingIfNeeded: bytes.count), bytes))
        }

        /// An array ends the process where the host has no memory left, so that is asked first.
        private static func copy(_ bytes: UnsafeRawBufferPointer) throws(PVMError) -> [UInt8] {
            guard duet_has_memory(bytes.count) else { throw PVMError(code: PVM_ERR_NO_MEMORY) }
            return Array(bytes)
        }
    }
#endif
