import CPVM
import PVM

/// A program handle of the C API.
final class Program {
    let handle: OpaquePointer

    init(_ image: [UInt8], format: pvm_format_t = PVM_FORMAT_AUTO, isa: ISA) throws(ToolError) {
        handle = try Program.create(image, format, isa)
    }

    /// Creates a program; the caller releases it.
    static func create(_ image: [UInt8], _ format: pvm_format_t, _ isa: ISA) throws(ToolError) -> OpaquePointer {
        var program: OpaquePointer?
        try check(pvm_program_create(image, image.count, format, isa.code, &program))
        return program!
    }

    deinit { pvm_program_release(handle) }

    var format: pvm_format_t { pvm_program_format(handle) }
    var codeSize: Int { Int(pvm_program_code_size(handle)) }
    var instructionCount: Int { Int(pvm_program_instruction_count(handle)) }

    func isBlockStart(_ pc: Int) -> Bool { pvm_program_is_block_start(handle, UInt32(pc)) != 0 }
    func blockGas(_ pc: Int) -> UInt64 { pvm_program_block_gas(handle, UInt32(pc)) }
}

extension ISA {
    var code: pvm_isa_t { self == .gp072 ? PVM_ISA_GP072 : PVM_ISA_GP080 }

    static let names: [(String, ISA)] = [("gp072", .gp072), ("gp080", .gp080)]
    var name: String { self == .gp072 ? "gp072" : "gp080" }
}

/// The formats of image bytes by name.
let formatNames: [(String, pvm_format_t)] = [
    ("auto", PVM_FORMAT_AUTO), ("standard", PVM_FORMAT_STANDARD), ("blob", PVM_FORMAT_BLOB), ("service", PVM_FORMAT_SERVICE),
]

func name(of format: pvm_format_t) -> String {
    formatNames.first { $0.1 == format }?.0 ?? "raw"
}

func message(of error: pvm_error_t) -> String { String(cString: pvm_error_message(error)) }

/// Turns an error of the library into a failure of the command.
func check(_ error: pvm_error_t, _ subject: String? = nil) throws(ToolError) {
    if error == PVM_OK { return }
    throw .failed(subject.map { "\($0): \(message(of: error))" } ?? message(of: error))
}
