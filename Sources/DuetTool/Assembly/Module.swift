import CPVM
import PVM

/// What a source file says, before symbols have values.
struct Module {
    var isa: ISA?
    var format: pvm_format_t?
    var stackSize: UInt64 = 0
    var heapPages: UInt64 = 0
    var metadata = DataSection()
    var roData = DataSection()
    var rwData = DataSection()
    var statements: [CodeStatement] = []
    /// Octets of `.op` and `.hex` in the code.
    var codeOctets: [UInt8] = []
    /// Where the jump-table entries lead.
    var jumps: [Expression] = []
    var jumpEntrySize: UInt64?
    /// Number of entries of size 0.
    var jumpCount: UInt64?
    var symbols: [String: Symbol] = [:]
}

enum SectionName { case code, metadata, roData, rwData }

enum Symbol {
    case constant(Int128)
    /// An octet of a data section.
    case data(SectionName, Int)
    /// A statement of the code; the number of statements stands for its end.
    case code(Int)
}

struct CodeStatement {
    enum Kind {
        /// An index into `Syntax.all`, the registers, and the numbers that go into them.
        case instruction(Int, Operands, x: Expression?, y: Expression?, target: Expression?)
        /// A range of `codeOctets`.
        case octets(Range<Int>, marked: Bool)
        case padding(to: Int)
    }

    var offset: Int
    var kind: Kind
}

struct DataSection {
    var octets: [UInt8] = []
    /// Numbers whose value depends on symbols.
    var fixups: [(at: Int, width: Int, Expression)] = []

    /// The length of a data section is written with 3 octets.
    static let maxSize = (1 << 24) - 1
}
