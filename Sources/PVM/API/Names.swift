import CPVM
import VMCommon

/// Versions, messages and names: everything the C interface answers as text.

@c @implementation
public func pvm_abi_version() -> UInt32 { UInt32(truncatingIfNeeded: PVM_ABI_VERSION) }

@c @implementation
public func pvm_version() -> UnsafePointer<CChar>? { duet_version() }

@c @implementation
public func pvm_build_info() -> UnsafePointer<CChar>? { duet_build_info() }

@c @implementation
public func pvm_error_message(_ error: pvm_error_t) -> UnsafePointer<CChar>? {
    switch error {
    case PVM_OK: text("no error")
    case PVM_ERR_NULL: text("a pointer that must be given is NULL")
    case PVM_ERR_ARGUMENT: text("an argument is outside its range")
    case PVM_ERR_NO_MEMORY: text("the host has no memory or address space left")
    case PVM_ERR_BUSY: text("not allowed on a VM that is running")
    case PVM_ERR_UNSUPPORTED: text("not available in this build or on this processor")
    case PVM_ERR_OUT_OF_BOUNDS: text("the guest memory is not accessible in this way")
    case PVM_ERR_OUT_OF_GAS: text("less gas is left than was to be charged")
    case PVM_ERR_EMPTY: text("the image has no octets")
    case PVM_ERR_METADATA_TRUNCATED: text("the service image ends inside its metadata")
    case PVM_ERR_HEADER_TRUNCATED: text("the standard program is shorter than its header of 11 octets")
    case PVM_ERR_RO_DATA_TRUNCATED: text("the standard program ends inside its read-only data")
    case PVM_ERR_RW_DATA_TRUNCATED: text("the standard program ends inside its read-write data")
    case PVM_ERR_CODE_LENGTH_TRUNCATED: text("the standard program ends before its code length")
    case PVM_ERR_CODE_LENGTH_MISMATCH: text("the standard program's code length is not the length of what follows it")
    case PVM_ERR_NUMBER_TRUNCATED: text("the program blob ends inside a number")
    case PVM_ERR_NUMBER_NOT_MINIMAL: text("a number of the program blob is not in its shortest form")
    case PVM_ERR_JUMP_TABLE_TRUNCATED: text("the program blob ends inside its jump table")
    case PVM_ERR_JUMP_ENTRY_TOO_LARGE: text("a jump-table entry does not fit 64 bits")
    case PVM_ERR_CODE_TRUNCATED: text("the program blob ends inside its code")
    case PVM_ERR_BITMASK_TRUNCATED: text("the program blob ends inside its opcode bitmask")
    case PVM_ERR_BITMASK_PADDING: text("a spare bit of the opcode bitmask is set")
    case PVM_ERR_TRAILING_OCTETS: text("octets follow the program blob")
    case PVM_ERR_TOO_LARGE: text("the program is larger than this library takes")
    case PVM_ERR_NO_CODE: text("the program has no code")
    case PVM_ERR_INVALID_OPCODE: text("the code is not a sequence of valid instructions, as Gray Paper 0.8.0 demands")
    case PVM_ERR_NO_TERMINATOR: text("the last instruction ends no basic block, as Gray Paper 0.8.0 demands")
    case PVM_ERR_UNKNOWN_FORMAT: text("the image is neither a standard program, nor a service, nor a program blob")
    default: text("unknown error")
    }
}

@c @implementation
public func pvm_exit_name(_ exit: pvm_exit_t) -> UnsafePointer<CChar>? { text(exitName(exit)) }

func exitName(_ exit: pvm_exit_t) -> StaticString {
    switch exit {
    case PVM_EXIT_HALT: "halt"
    case PVM_EXIT_PANIC: "panic"
    case PVM_EXIT_FAULT: "page-fault"
    case PVM_EXIT_HOST: "host-call"
    case PVM_EXIT_OOG: "out-of-gas"
    case PVM_EXIT_STEP: "step"
    case PVM_EXIT_REFUSED: "refused"
    default: "none"
    }
}

@c @implementation
public func pvm_opcode_name(_ isa: pvm_isa_t, _ opcode: UInt8) -> UnsafePointer<CChar>? {
    guard let isa = ISA(isa), let row = isa.row(opcode) else { return text("UNKNOWN") }
    return text(isaTable[row].name)
}

@c @implementation
public func pvm_host_call_name(_ isa: pvm_isa_t, _ func_id: Int32) -> UnsafePointer<CChar>? {
    guard let isa = ISA(isa), let call = HostCall(isa, number: func_id) else { return text("unknown") }
    return text(call.row.name)
}

@c @implementation
public func get_opcode_name(_ opcode: UInt8) -> UnsafePointer<CChar>? { pvm_opcode_name(PVM_ISA_GP072, opcode) }

@c @implementation
public func reg_name(_ index: Int32) -> UnsafePointer<CChar>? {
    switch index {
    case 0: text("ra")
    case 1: text("sp")
    case 2: text("t0")
    case 3: text("t1")
    case 4: text("t2")
    case 5: text("s0")
    case 6: text("s1")
    case 7: text("a0")
    case 8: text("a1")
    case 9: text("a2")
    case 10: text("a3")
    case 11: text("a4")
    case 12: text("a5")
    default: text("?")
    }
}

/// A literal as a C string: Swift ends literals with a zero, which `StaticString` does not count.
private func text(_ literal: StaticString) -> UnsafePointer<CChar>? {
    UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}

extension ISA {
    init?(_ isa: pvm_isa_t) {
        switch isa {
        case PVM_ISA_GP072: self = .gp072
        case PVM_ISA_GP080: self = .gp080
        default: return nil
        }
    }

    var number: pvm_isa_t { self == .gp072 ? PVM_ISA_GP072 : PVM_ISA_GP080 }
}
