import CPVM

/// Programs as handles (pvm_ext.h, "Programs").

@c @implementation
public func pvm_program_create(
    _ image: UnsafePointer<UInt8>?, _ image_len: Int, _ format: pvm_format_t, _ isa: pvm_isa_t,
    _ program: UnsafeMutablePointer<OpaquePointer?>?
) -> pvm_error_t {
    guard let program else { return PVM_ERR_NULL }
    program.pointee = nil
    guard image != nil || image_len == 0 else { return PVM_ERR_NULL }
    guard let isa = ISA(isa) else { return PVM_ERR_ARGUMENT }
    // What does not fit a signed number is no length either.
    guard image_len >= 0 else { return PVM_ERR_TOO_LARGE }
    do {
        program.pointee = OpaquePointer(try Program.shared(image: UnsafeRawBufferPointer(start: image, count: image_len), format: format, isa: isa))
        return PVM_OK
    } catch {
        return error.code
    }
}

@c @implementation
public func pvm_program_create_raw(
    _ code: UnsafePointer<UInt8>?, _ code_len: Int, _ bitmask: UnsafePointer<UInt8>?, _ bitmask_len: Int,
    _ jump_table: UnsafePointer<UInt32>?, _ jump_table_len: Int, _ isa: pvm_isa_t, _ program: UnsafeMutablePointer<OpaquePointer?>?
) -> pvm_error_t {
    guard let program else { return PVM_ERR_NULL }
    program.pointee = nil
    guard let isa = ISA(isa) else { return PVM_ERR_ARGUMENT }
    do {
        program.pointee = OpaquePointer(try rawProgram(code, code_len, bitmask, bitmask_len, jump_table, jump_table_len, isa))
        return PVM_OK
    } catch {
        return error.code
    }
}

func rawProgram(
    _ code: UnsafePointer<UInt8>?, _ codeCount: Int, _ bitmask: UnsafePointer<UInt8>?, _ bitmaskCount: Int,
    _ jumps: UnsafePointer<UInt32>?, _ jumpCount: Int, _ isa: ISA
) throws(ImageError) -> Program.Pointer {
    guard let code, let bitmask, jumps != nil || jumpCount == 0 else { throw ImageError(PVM_ERR_NULL) }
    try Program.refuseSizes(code: codeCount, bitmask: bitmaskCount, jumps: jumpCount)
    return try Program.shared(
        code: UnsafeBufferPointer(start: code, count: codeCount), bitmask: UnsafeBufferPointer(start: bitmask, count: bitmaskCount),
        jumps: UnsafeBufferPointer(start: jumps, count: jumpCount), isa: isa)
}

@c @implementation
public func pvm_program_retain(_ program: OpaquePointer?) -> OpaquePointer? {
    unwrap(program)?.retain()
    return program
}

@c @implementation
public func pvm_program_release(_ program: OpaquePointer?) { unwrap(program)?.release() }

@c @implementation
public func pvm_program_isa(_ program: OpaquePointer?) -> pvm_isa_t { unwrap(program)?.pointee.isa.number ?? PVM_ISA_GP072 }

@c @implementation
public func pvm_program_format(_ program: OpaquePointer?) -> pvm_format_t { unwrap(program)?.pointee.format ?? PVM_FORMAT_AUTO }

@c @implementation
public func pvm_program_code_size(_ program: OpaquePointer?) -> UInt32 { UInt32(truncatingIfNeeded: unwrap(program)?.pointee.view.count ?? 0) }

@c @implementation
public func pvm_program_instruction_count(_ program: OpaquePointer?) -> UInt32 { UInt32(truncatingIfNeeded: unwrap(program)?.pointee.opcodeCount ?? 0) }

@c @implementation
public func pvm_program_jump_table_size(_ program: OpaquePointer?) -> UInt32 {
    UInt32(clamping: unwrap(program)?.pointee.jumpCount ?? 0)
}

@c @implementation
public func pvm_program_footprint(_ program: OpaquePointer?) -> Int { unwrap(program)?.pointee.footprint ?? 0 }

@c @implementation
public func pvm_program_is_instruction(_ program: OpaquePointer?, _ pc: UInt32) -> Int32 {
    guard let program = unwrap(program) else { return 0 }
    return Int(pc) < program.pointee.view.count && program.pointee.view.isOpcode(Int(pc)) ? 1 : 0
}

@c @implementation
public func pvm_program_is_block_start(_ program: OpaquePointer?, _ pc: UInt32) -> Int32 {
    guard let program = unwrap(program) else { return 0 }
    return program.pointee.isBlockStart(UInt64(pc)) ? 1 : 0
}

@c @implementation
public func pvm_program_block_gas(_ program: OpaquePointer?, _ pc: UInt32) -> UInt64 {
    unwrap(program)?.pointee.blockGas(at: UInt64(pc)) ?? 0
}

@c @implementation
public func pvm_program_metadata(_ program: OpaquePointer?, _ length: UnsafeMutablePointer<Int>?) -> UnsafePointer<UInt8>? {
    let metadata = unwrap(program)?.pointee.metadata
    length?.pointee = metadata?.count ?? 0
    return metadata?.baseAddress?.assumingMemoryBound(to: UInt8.self)
}

func unwrap(_ program: OpaquePointer?) -> Program.Pointer? { program.map { Program.Pointer($0) } }
