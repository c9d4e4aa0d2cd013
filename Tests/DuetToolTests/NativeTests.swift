import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// `disasm --native`: that it shows all of the code, each part beside the instruction it comes from.
@Suite struct NativeTests {
    #if arch(x86_64)
    private static let source = """
        .format blob
        .jump over, 1
        .code
                load_ind_u64 t0, [a0 - 8]
                ecalli 3
                branch_eq_imm t0, 7, over
                trap
        over:   div_s_64 t0, t0, a5
                fallthrough
                jump_ind t0, 0
        """

    private func listing(_ image: [UInt8], isa: ISA = .gp072, isGuarded: Bool, _ processor: NativeListing.Processor = .full) throws -> NativeListing {
        let program = try Program(image, isa: isa)
        return try withExtendedLifetime(program) {
            try #require(NativeListing(program.handle, isGuarded: isGuarded, processor: processor))
        }
    }

    /// Pieces without gaps, instructions in order and all of them.
    private func check(_ listing: NativeListing, _ view: CodeView, _ label: String) {
        var place = 0, pcs: [UInt32] = []
        for piece in listing.pieces {
            #expect(piece.range.lowerBound == place, "\(label)")
            place = piece.range.upperBound
            if case .instruction(let pc) = piece.kind { pcs.append(pc) }
        }
        #expect(place == listing.code.count, "\(label)")
        #expect(pcs == pcs.sorted() && Set(pcs).count == pcs.count, "\(label)")
        let marked = (0..<view.count).filter { view.isOpcode($0) }
        #expect(Set(marked).isSubset(of: Set(pcs.map(Int.init))), "\(label)")
        #expect(pcs.last == UInt32(view.count), "\(label): the trap behind the code")
        #expect(listing.homes.compactMap { $0 }.count == Set(listing.homes.compactMap { $0 }).count, "\(label): a home for each")
    }

    @Test func piecesAreAllOfTheCode() throws {
        var images = [("the example", try assemble(NativeTests.source))]
        for path in try Shared.files(Shared.programs("gp072"), ".spi") { images.append((path, try readFile(path))) }
        for (label, image) in images {
            for isGuarded in [false, true] {
                for processor in [NativeListing.Processor.this, .full, .baseline] {
                    let listing = try listing(image, isGuarded: isGuarded, processor)
                    try image.withUnsafeBytes { check(listing, try Image($0, format: PVM_FORMAT_AUTO).blob.view, label) }
                }
            }
        }
    }

    @Test func processorsDiffer() throws {
        let image = try assemble(".format blob\n.code\nshlo_l_64 t0, t1, t2\nand_inv t0, t1, t2\ntrap")
        #expect(try listing(image, isGuarded: true, .full).code != listing(image, isGuarded: true, .baseline).code)
    }

    /// The octets that a listing prints are those of the code, whether it has text or not.
    @Test(arguments: ["objdump", "no such program"])
    func printsEveryOctet(_ objdump: String) throws {
        let image = try assemble(NativeTests.source)
        for isGuarded in [false, true] {
            var options = NativeDisassembler.Options(format: PVM_FORMAT_BLOB, isGuarded: isGuarded, processor: .full)
            options.objdump = objdump
            let text = try NativeDisassembler.disassemble(image, options)
            let printed = text.split(separator: "\n").filter { $0.hasPrefix("          ") }.flatMap { line in
                line.split(separator: " ").dropFirst().prefix { $0.utf8.count == 2 }.compactMap { UInt8($0, radix: 16) }
            }
            #expect(try printed == listing(image, isGuarded: isGuarded).code)
            #expect(text.contains("; objdump (of binutils) is not here: octets alone") == (objdump != "objdump"))
        }
    }

    @Test func showsBothSides() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("image", assemble(NativeTests.source))
        let shown = duet("pvm", "disasm", "--native", "--cpu", "full", "--octets", path)
        #expect(shown.status == 0)
        let lines = shown.output.split(separator: "\n")
        #expect(lines[0].contains(", gp072, guarded memory: 7 instructions in 16 octets, "))
        for (text, comment) in [("     0  load_ind_u64 t0, [a0 - 8]", "; block"), ("     3  ecalli 3", ""), ("     5  branch_eq_imm t0, 7, 10", ""),
                                ("    10  div_s_64 t0, t0, a5", "; block"), ("    16  trap, behind the code", ""),
                                ("from 0: gas does not suffice", ""), ("leave:", ""), ("jump table:", "")] {
            #expect(lines.contains { $0.hasPrefix(text) && $0.dropFirst(text.count).trimmingCharacters(in: .whitespaces) == comment }, "\(text)")
        }
        #expect(duet("pvm", "disasm", "--native", "--cpu", "full", "--octets", "--memory", "checked", path).output != shown.output)
        #expect(duet("pvm", "disasm", "--native", "--cpu", "baseline", "--octets", path).status == 0)
    }
    #endif

    @Test(arguments: [
        (["--octets"], "--octets needs --native"), (["--memory", "checked"], "--memory needs --native"),
        (["--cpu", "full"], "--cpu needs --native"), (["--native", "--memory", "auto"], "--memory: 'auto' is none of checked, guarded"),
        (["--native", "--cpu", "old"], "--cpu: 'old' is none of this, full, baseline"),
    ])
    func badUsage(_ options: [String], _ message: String) {
        let result = duet(["pvm", "disasm", "image"] + options)
        #expect(result.status == 2 && result.error.hasPrefix("duet: \(message)\n"))
    }

    @Test func refusesWhatIsNoProgram() throws {
        let folder = try TemporaryFolder()
        let result = duet("pvm", "disasm", "--native", try folder.write("image", [1, 2, 3]))
        #expect(result.status == 1 && result.output.isEmpty && result.error.hasPrefix("duet: \(folder.path)/image: "))
    }
}
