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

        public subscript(register index: Int) -> UInt64 {
            get { pvm_get_register(handle, Int32(index)) }
            set { pvm_set_register(handle, Int32(index), newValue) }
        }

        public var registers: [UInt64] { (0..<13).map { self[register: $0] } }
        public var faultPage: UInt32 { pvm_fault_page(handle) }
        public var hostCall: Int32 { handle.pointee.host_func_id }

        // MARK: Running

        public func run(from entry: UInt32 = 0) -> pvm_exit_t { pvm_run(handle, entry) }
        public func resume() -> pvm_exit_t { pvm_resume(handle) }
        public func step() -> pvm_exit_t { pvm_step(handle) }

        /// What registers 7 and 8 point at after a halt; empty if it is not readable.
        public var output: [UInt8] {
            var bytes: UnsafePointer<UInt8>?, count = 0
            guard pvm_output(handle, &bytes, &count) == PVM_OK, let bytes else { return [] }
            return Array(UnsafeBufferPointer(start: bytes, count: count))
        }

        private func installHostFunction() {
            guard hostFunction != nil else {
                _ = pvm_set_host_function(handle, nil, nil)
                return
            }
            // The machine outlives every run of its handle, so the call may find it by an unretained pointer.
            _ = pvm_set_host_function(handle, { _, number, data in
                let machine = Unmanaged<PVMMachine>.fromOpaque(data!).takeUnretainedValue()
                return machine.hostFunction!(machine, number)
            }, Unmanaged.passUnretained(self).toOpaque())
        }

        // MARK: Memory

        public func map(page first: UInt32, count: UInt32 = 1, _ access: pvm_access_t) throws(PVMError) {
            try PVMError.check(pvm_map_pages(handle, first, count, access))
        }

        public func read(_ address: UInt64, _ count: Int) throws(PVMError) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            try PVMError.check(pvm_read(handle, address, UInt64(count), &bytes))
            return bytes
        }

        public func write(_ address: UInt64, _ bytes: [UInt8]) throws(PVMError) {
            try PVMError.check(pvm_write(handle, address, UInt64(bytes.count), bytes))
        }

        /// Writes into pages that are only readable as well.
        public func load(_ address: UInt64, _ bytes: [UInt8]) throws(PVMError) {
            try PVMError.check(pvm_load(handle, address, UInt64(bytes.count), bytes))
        }
    }
#endif
