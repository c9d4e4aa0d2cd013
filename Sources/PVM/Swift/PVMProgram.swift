#if !hasFeature(Embedded)
    import CPVM

    /// The Swift face of pvm_ext.h. Everything said there holds here; what C says with pointers and error codes, Swift says with
    /// arrays and errors.

    public struct PVMError: Error, CustomStringConvertible {
        public let code: pvm_error_t

        public var description: String { String(cString: pvm_error_message(code)) }

        static func check(_ code: pvm_error_t) throws(PVMError) {
            if code != PVM_OK { throw PVMError(code: code) }
        }
    }

    /// A decoded program. Immutable: share it between machines and threads.
    public final class PVMProgram: @unchecked Sendable {
        let handle: OpaquePointer

        /// From the octets of a program blob, a standard program or a service.
        public init(_ image: [UInt8], format: pvm_format_t = PVM_FORMAT_AUTO, isa: pvm_isa_t = PVM_ISA_GP072) throws(PVMError) {
            var handle: OpaquePointer?
            try PVMError.check(pvm_program_create(image, image.count, format, isa, &handle))
            self.handle = handle!
        }

        /// From code, one octet of bitmask per code octet, and jump table.
        public init(code: [UInt8], bitmask: [UInt8], jumpTable: [UInt32] = [], isa: pvm_isa_t = PVM_ISA_GP072) throws(PVMError) {
            var handle: OpaquePointer?
            try PVMError.check(pvm_program_create_raw(code, code.count, bitmask, bitmask.count, jumpTable, jumpTable.count, isa, &handle))
            self.handle = handle!
        }

        deinit { pvm_program_release(handle) }

        public var isa: pvm_isa_t { pvm_program_isa(handle) }
        public var format: pvm_format_t { pvm_program_format(handle) }
        /// Octets of code.
        public var codeSize: Int { Int(pvm_program_code_size(handle)) }
        public var instructionCount: Int { Int(pvm_program_instruction_count(handle)) }

        public func isBlockStart(_ pc: UInt32) -> Bool { pvm_program_is_block_start(handle, pc) != 0 }
        /// Gas of the basic block that starts at `pc`; 0 if none does.
        public func blockGas(_ pc: UInt32) -> UInt64 { pvm_program_block_gas(handle, pc) }
    }
#endif
