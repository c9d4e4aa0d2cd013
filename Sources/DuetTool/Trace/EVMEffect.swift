import CPVM
import EVM
import EVMRules
import VMCommon

/// What an instruction does to the stack, by its octet.
struct EVMEffect {
    enum Kind: UInt8 { case plain = 0, data = 1, duplicate = 2, swap = 3, dupn = 4, swapn = 5, exchange = 6 }

    var name = ""
    var immediate = 0
    var takes = 0
    var leaves = 0
    var kind = Kind.plain
    var since = Fork.frontier

    /// Does it leave a word that nothing before it tells?
    var makesWord: Bool { kind == .plain && leaves > 0 }

    /// All 256; those without a name are no instructions.
    static let all: [EVMEffect] = {
        var effects = [EVMEffect](repeating: EVMEffect(), count: 256)
        for index in isaTable.indices {
            let row = isaTable[index], octet = row.opcode.rawValue
            let kind: Kind = switch row.opcode {
            case .dupn: .dupn
            case .swapn: .swapn
            case .exchange: .exchange
            default:
                switch octet {
                case 0x5f...0x7f: .data
                case 0x80...0x8f: .duplicate
                case 0x90...0x9f: .swap
                default: .plain
                }
            }
            effects[Int(octet)] = EVMEffect(name: "\(row.name)", immediate: Int(row.immediate), takes: Int(row.stackIn),
                                            leaves: Int(row.stackOut), kind: kind, since: row.since)
        }
        return effects
    }()

    /// The octets of an instruction's name.
    static func octets(_ name: String) -> [UInt8] { all.indices.filter { all[$0].name == name }.map { UInt8($0) } }

    static func name(_ octet: UInt8, _ fork: Fork) -> String {
        let effect = all[Int(octet)]
        return effect.name.isEmpty || effect.since > fork ? "undefined" : effect.name
    }
}
