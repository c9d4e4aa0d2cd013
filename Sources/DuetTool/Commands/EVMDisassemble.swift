import CPVM
import EVM
import EVMRules
import VMCommon

extension Command {
    static let evmDisassemble = Command(
        path: ["evm", "disasm"], operands: "CODE|@FILE", operandCount: 1...1,
        summary: "Shows EVM code as text: offset, instruction, push data.",
        details: "Octets that are no instruction of the fork show as UNDEFINED. Data that is cut off by the end of the code counts as zeros.",
        options: [.revision]
    ) { arguments, console in
        let revision = try (arguments.fork("--rev") ?? .latest).revision
        console.write(EVMListing.text(try EVMRunCommand.codeOperand(arguments.operands[0]), Fork(revision)!))
        return 0
    }
}

enum EVMListing {
    static func text(_ code: [UInt8], _ fork: Fork) -> String {
        var rows: [UInt8: ISARow] = [:]
        for index in isaTable.indices where isaTable[index].since <= fork { rows[isaTable[index].opcode.rawValue] = isaTable[index] }
        let width = max(4, String(code.count, radix: 16).count)
        var text = "", offset = 0
        while offset < code.count {
            let place = String(offset, radix: 16)
            text += String(repeating: "0", count: width - place.count) + place + "  "
            if let row = rows[code[offset]] {
                let data = code[(offset + 1)...].prefix(Int(row.immediate))
                text += "\(row.name)" + (row.immediate == 0 ? "" : " 0x\(hexText(data))")
                if data.count < row.immediate { text += " (cut off)" }
                offset += 1 + data.count
            } else {
                text += "UNDEFINED 0x\(hexText([code[offset]]))"
                offset += 1
            }
            text += "\n"
        }
        return text
    }
}
