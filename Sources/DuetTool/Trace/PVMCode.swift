import CPVM
import PVM

/// The code of an image as its traces need it.
final class PVMCode {
    let isa: ISA
    let size: Int
    /// Where its instructions start, and as text.
    let starts: [Int]
    let texts: [String]
    let blocks: [Int]
    private let statements: [CodeListing.Statement]
    private var indices: [Int: Int] = [:]
    private let jumps: [UInt64]
    private let names: [String]

    init(_ image: [UInt8], _ format: pvm_format_t, _ isa: ISA) throws(ToolError) {
        let parts: Result<(CodeListing, Int, [UInt64]), ToolError> = image.withUnsafeBytes { bytes in
            do throws(ImageError) {
                let blob = try Image(bytes, format: format).blob
                return .success((CodeListing(blob.view, isa), blob.code.count, (0..<Int(blob.jumpCount)).map { blob.jump($0) }))
            } catch {
                return .failure(.failed(message(of: error.code)))
            }
        }
        let (listing, size, jumps) = try parts.get()
        self.isa = isa
        self.size = size
        self.jumps = jumps
        statements = listing.statements
        starts = statements.map { $0.start }
        texts = statements.map { statement in
            statement.syntax.map { InstructionText.text(Syntax.all[$0], statement.operands, target: listing.name) } ?? "invalid"
        }
        blocks = starts.filter { listing.blockStarts.contains(Int64($0)) }
        for (index, statement) in statements.enumerated() { indices[statement.start] = index }
        names = (0...255).map { octet in isa.row(UInt8(octet)).map { "\(Syntax.all[$0].row.name)" } ?? "" }
    }

    /// Upper case; empty for what is no opcode.
    func name(_ octet: UInt8) -> String { names[Int(octet)] }

    func octets(_ name: String) -> [UInt8] { names.indices.filter { names[$0] == name }.map { UInt8($0) } }

    /// As the assembler reads it.
    func text(_ record: duet_pvm_record_t) -> String {
        indices[Int(record.pc)].map { texts[$0] } ?? name(record.opcode).lowercased()
    }

    /// Where the instruction behind a place starts.
    func next(_ pc: Int) -> Int? { indices[pc].flatMap { $0 + 1 < starts.count ? starts[$0 + 1] : nil } }

    private func instruction(_ pc: UInt32) -> (row: ISARow, operands: Operands)? {
        guard let index = indices[Int(pc)], let syntax = statements[index].syntax else { return nil }
        return (Syntax.all[syntax].row, statements[index].operands)
    }

    /// What a store writes, all octets of the register or the number.
    func stored(_ record: duet_pvm_record_t, _ registers: [UInt64]) -> UInt64? {
        guard let (row, operands) = instruction(record.pc) else { return nil }
        let value: UInt64
        switch row.format {
        case .immImm, .regImmImm: value = operands.vY
        case .regImm, .regRegImm: value = registers[Int(operands.rA)]
        default: return nil
        }
        return record.access_size >= 8 ? value : value & (1 << (8 * UInt64(record.access_size)) - 1)
    }

    /// Where a call goes on after it, if an instruction is one: it jumps, and leaves an entry of the jump table in a register.
    func returnPlace(_ record: duet_pvm_record_t) -> UInt32? {
        guard record.exit == 0, let (row, operands) = instruction(record.pc) else { return nil }
        switch row.opcode {
        case .load_imm_jump, .load_imm_jump_ind:
            let entry = operands.vX
            guard entry > 0, entry % 2 == 0, entry / 2 <= UInt64(jumps.count) else { return nil }
            return UInt32(exactly: jumps[Int(entry / 2) - 1])
        default: return nil
        }
    }

    func isReturn(_ record: duet_pvm_record_t) -> Bool { record.exit == 0 && instruction(record.pc)?.row.opcode == .jump_ind }
}
