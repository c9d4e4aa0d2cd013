import CPVM
import PVM

/// An image to assembly text that gives the same image again.
struct Disassembler {
    private let image: Image
    private let isa: ISA
    /// Knows block starts and costs; nil if the library does not accept the program.
    private let program: Program?
    private let refusal: String?
    private let listing: CodeListing
    private var text: [UInt8] = []

    static func disassemble(_ octets: [UInt8], format: pvm_format_t, isa: ISA) throws(ToolError) -> String {
        let result: Result<String, ToolError> = octets.withUnsafeBytes { bytes in
            do throws(ImageError) {
                var disassembler = Disassembler(try Image(bytes, format: format), octets, isa)
                disassembler.write()
                return .success(String(decoding: disassembler.text, as: UTF8.self))
            } catch {
                return .failure(.failed(message(of: error.code)))
            }
        }
        return try result.get()
    }

    private init(_ image: Image, _ octets: [UInt8], _ isa: ISA) {
        self.image = image
        self.isa = isa
        listing = CodeListing(image.blob.view, isa)
        do throws(ToolError) {
            program = try Program(octets, format: image.format, isa: isa)
            refusal = nil
        } catch {
            program = nil
            refusal = error.text
        }
    }

    private mutating func write() {
        let instructions = listing.statements.count { $0.isMarked }
        line("; \(instructions) instructions, \(image.blob.code.count) octets of code, \(image.blob.jumpCount) jump-table entries")
        if let refusal { line("; \(isa.name) refuses it: \(refusal)") }
        line(".isa \(isa.name)")
        line(".format \(name(of: image.format))")
        if let service = image.service, service.metadata.count > 0 {
            line("\n.metadata")
            DataListing.write(service.metadata, from: 0, to: &text)
        }
        if let standard = image.standard { write(standard) }
        writeJumps()
        line("\n.code")
        for index in listing.statements.indices { write(statement: index) }
    }

    private mutating func write(_ standard: StandardProgram) {
        line(".stack \(standard.stackSize)")
        line(".heap_pages \(standard.heapPages)")
        let zone = Int(PVM_ZONE_SIZE)
        if standard.roData.count > 0 {
            line("\n.ro")
            DataListing.write(standard.roData, from: zone, to: &text)
        }
        if standard.rwData.count > 0 {
            line("\n.rw")
            DataListing.write(standard.rwData, from: 2 * zone + (standard.roData.count + zone - 1) / zone * zone, to: &text)
        }
    }

    // MARK: Jump table

    private mutating func writeJumps() {
        let blob = image.blob
        guard blob.jumpCount > 0 || blob.jumpEntrySize > 0 else { return }
        line("\n.jump_size \(blob.jumpEntrySize)")
        if blob.jumpEntrySize == 0 { return line(".jump_count \(blob.jumpCount)") }
        for index in 0..<Int(blob.jumpCount) {
            let entry = blob.jump(index)
            let target = Int64(exactly: entry).map(listing.name) ?? String(entry)
            line(padded(".jump \(target)", to: Disassembler.commentColumn) + "; \(2 * (index + 1))")
        }
    }

    // MARK: Code

    private mutating func write(statement index: Int) {
        let statement = listing.statements[index]
        if listing.blockStarts.contains(Int64(statement.start)) {
            let gas = isa == .gp080 ? program.map { ", \($0.blockGas(statement.start)) gas" } : nil
            line(padded("L\(statement.start):", to: Disassembler.commentColumn) + "; block" + (gas ?? ""))
        }
        let readable = statement.syntax.map { InstructionText.text(Syntax.all[$0], statement.operands, target: listing.name) }
        let offset = String(statement.start)
        let place = "; " + String(repeating: " ", count: max(0, 6 - offset.utf8.count)) + offset + "  "
        if statement.isExact {
            line(padded("    \(readable!)", to: Disassembler.commentColumn) + place + hexText(octets(statement.start, statement.end), separator: " "))
        } else {
            let comment = place + (readable ?? (statement.isMarked ? "not an opcode" : "no opcode mark"))
            writeOctets(statement, comment)
        }
    }

    private mutating func writeOctets(_ statement: CodeListing.Statement, _ comment: String) {
        var start = statement.start
        while start < statement.end {
            let end = min(statement.end, start + Disassembler.octetsPerLine)
            let isFirst = start == statement.start
            let directive = isFirst && statement.isMarked ? ".op" : ".hex"
            let octets = "    \(directive) \"\(hexText(octets(start, end), separator: " "))\""
            line(isFirst ? padded(octets, to: Disassembler.commentColumn) + comment : octets)
            start = end
        }
    }

    private func octets(_ start: Int, _ end: Int) -> Slice<UnsafeRawBufferPointer> { image.blob.code[start..<end] }

    private mutating func line(_ line: String) {
        text += line.utf8
        text.append(UInt8(ascii: "\n"))
    }

    private static let commentColumn = 48
    private static let octetsPerLine = 25
}
