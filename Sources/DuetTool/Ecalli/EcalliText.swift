import CPVM
import PVM

/// Lines of ecalli traces (JIP-7) as text, whatever a logger has put around them.
enum EcalliText {
    /// As the format has it; data of more digits than `longest` is cut.
    static func canonical(_ line: EcalliLine, longest: Int = .max) -> String {
        func data(_ data: HexData) -> String {
            let shown = min(data.count, longest / 2)
            return "0x" + hexText((0..<shown).map { data[$0] }) + (shown < data.count ? "…" : "")
        }
        switch line {
        case .unknown, .comment, .isa, .pages, .heap, .movedPC, .paid: return ""
        case .malformed: return "(malformed)"
        case .program(let image): return "program \(data(image))"
        case .start(let state): return "start pc=\(text(state))"
        case .ecalli(let number, let state): return "ecalli=\(number) pc=\(text(state))"
        case .memread(let address, let bytes): return "memread \(place(address)) len=\(bytes.count) -> \(data(bytes))"
        case .memwrite(let address, let bytes): return "memwrite \(place(address)) len=\(bytes.count) <- \(data(bytes))"
        case .setreg(let index, let value): return "setreg r\(number(index)) <- 0x\(String(value, radix: 16))"
        case .setgas(let gas): return "setgas <- \(gas)"
        case .end(let exit, let state):
            let word = exit == PVM_EXIT_HALT ? "HALT" : exit == PVM_EXIT_OOG ? "OOG" : "PANIC"
            return "\(word) pc=\(text(state))"
        }
    }

    /// What the guest's state is there, if the line says it.
    static func state(_ line: EcalliLine) -> EcalliState? {
        switch line {
        case .start(let state), .ecalli(_, let state), .end(_, let state): state
        default: nil
        }
    }

    private static func text(_ state: EcalliState) -> String {
        let registers = (0..<Int(PVM_REGISTERS)).filter { state.registers[$0] != 0 }
        return "\(state.pc) gas=\(state.gas)" + registers.map { " r\(number($0))=0x\(String(state.registers[$0], radix: 16))" }.joined()
    }

    private static func number(_ register: Int) -> String { register < 10 ? "0\(register)" : "\(register)" }

    private static func place(_ address: UInt64) -> String {
        let digits = String(address, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}
