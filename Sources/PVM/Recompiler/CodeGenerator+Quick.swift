import VMCommon

/// The operations that two in three instructions are, where all guest registers have homes: the same code as
/// `instruction` makes of them, put together from tables. Operations of one kind differ in what their rows say and not
/// in what is executed here, and little is a branch, because nobody can predict what follows what.
extension CodeGenerator {
    /// Compiles instructions from `first` to before `end`, as long as they are such; says where it has stopped.
    /// Between two of them no region ends.
    @inline(never)
    mutating func quickRun(_ first: Int, _ end: Int) -> Int {
        let instructions = instructions, rows = quickRows, offsets = offsets
        let homes = QuickHomes(), traits = traits.address
        var index = first, kept = keptBase, writer = asm.writer
        while index < end {
            let instruction = instructions + index, row = rows + instruction.pointee.plain.row
            let ra = instruction.pointee.ra, rb = instruction.pointee.rb, rd = instruction.pointee.rd
            let x = instruction.pointee.x
            if !writer.hasRoom {
                asm.writer = writer
                guard asm.makeRoom() else { return end }
                writer = asm.writer
            }
            var written = ra
            switch row.pointee.kind {
            case .none:
                asm.writer = writer
                keptBase = kept
                return index
            case .access:
                access(row, instruction, homes, traits, &kept, &writer)
                written = row.pointee.isLoad != 0 ? ra : CodeGenerator.noBase
            case .setConstant:
                // MOV r32, imm32; of what is negative MOV r64, imm32.
                let to = homes[ra], high = UInt64(to.pointee.high)
                let immediate = UInt64(UInt32(bitPattern: x)), isNegative = 0 &- immediate &>> 31
                let word = (0xb8 | UInt64(to.pointee.low) | immediate &<< 8) &<< (8 &* high) | 0x41 &* high
                let extended = 0xc0_c748 | UInt64(to.pointee.rm) | immediate &<< 24
                writer.put(word & ~isNegative | extended & isNegative,
                           Int(truncatingIfNeeded: (5 &+ high) & ~isNegative | 7 & isNegative))
            case .constant:
                // OP r64, imm8 or imm32
                let to = homes[ra], (word, length) = row.pointee.operation(to, x)
                writer.put(to.pointee.copy(homes[rb]), Int(truncatingIfNeeded: 3 &* one(ra != rb)))
                writer.put(word, length)
            case .add:
                // The same, or LEA r64, [r64 + x]
                let to = homes[ra], from = homes[rb], (word, length) = row.pointee.operation(to, x)
                if ra == rb {
                    writer.put(word, length)
                } else {
                    let (tail, tailLength) = from.pointee.operand(x)
                    writer.put(0x8d48 | UInt64(to.pointee.high) &<< 2 | UInt64(from.pointee.high), 2)
                    writer.put(tail | UInt64(to.pointee.low) &<< 3, tailLength)
                }
            case .shift:
                // OP r64, 1 or imm8
                let to = homes[ra], amount = UInt64(UInt32(bitPattern: x)) & 63, isOne = one(amount == 1)
                writer.put(to.pointee.copy(homes[rb]), Int(truncatingIfNeeded: 3 &* one(ra != rb)))
                writer.put(row.pointee.template | UInt64(to.pointee.rm) | amount &<< 24 | isOne &<< 12,
                           Int(truncatingIfNeeded: (4 &- isOne) & (0 &- one(amount != 0))))
            case .move:
                writer.put(homes[rd].pointee.copy(homes[ra]), Int(truncatingIfNeeded: 3 &* one(rd != ra)))
                written = rd
            case .commutative, .sum:
                // OP r/m64, r64. (Sums of two other registers, and addresses of the next load, are not made this way.)
                let to = homes[rd], other = homes[rd == rb ? ra : rb], next = instruction + 1
                let isOther = one(rd != ra) & one(rd != rb) | one(next.pointee.ra == rd) & one(next.pointee.rb == rd)
                if isOther & one(row.pointee.kind == .sum) != 0 {
                    asm.writer = writer
                    keptBase = kept
                    return index
                }
                writer.put(to.pointee.copy(homes[ra]), Int(truncatingIfNeeded: 3 &* (one(rd != rb) & one(rd != ra))))
                writer.put(row.pointee.template | UInt64(to.pointee.rm) | UInt64(other.pointee.reg), 3)
                written = rd
            }
            // None of them does anything to rax (but `access`, which knows).
            kept = kept == written ? CodeGenerator.noBase : kept
            index &+= 1
            // (Where the first one starts is known.)
            offsets[index] = UInt32(truncatingIfNeeded: writer.offset)
            // (0.7.2 ends regions that would be too long for their charge.)
            if instruction.pointee.charge == 1, !chargesBlocks { break }
        }
        asm.writer = writer
        keptBase = kept
        return index
    }

    /// A load or store at register + constant, of guarded memory. Numbers that are 1 for yes and 0 for no, so that
    /// nothing is a branch.
    @inline(__always)
    private func access(
        _ row: UnsafePointer<QuickRow>, _ instruction: UnsafePointer<Instruction>, _ homes: QuickHomes,
        _ traits: UnsafePointer<CodeTraits>,
        _ keptBase: inout UInt8, _ writer: inout CodeWriter
    ) {
        let ra = instruction.pointee.ra, rb = instruction.pointee.rb, x = instruction.pointee.x
        let value = homes[ra], base = homes[rb]
        // The low half of the base is in rax, or is put there if the next instruction wants it as well (`keepAddress`).
        let next = instruction + 1, through = UInt64(traits[next.pointee.plain.row].rawValue)
        let isWanted = through &>> 5 & one(next.pointee.rb == rb) | through &>> 4 & one(next.pointee.ra == rb)
        let isPositive = one(x >= 0), isKept = isPositive & one(keptBase == rb)
        let staysBase = UInt64(row.pointee.isLoad) & one(ra == rb) ^ 1
        let starts = isPositive & (isKept ^ 1) & isWanted & one(next.pointee.x >= 0) & staysBase
        let inRAX = isKept | starts, high = UInt64(base.pointee.high)
        keptBase = starts != 0 ? rb : keptBase
        // MOV eax, r32
        writer.put((0xc089 | UInt64(base.pointee.low) &<< 11) &<< (8 &* high) | 0x44 &* high,
                   Int(truncatingIfNeeded: starts &* (2 &+ high)))

        // 65 for GS, 67 for addresses of 32 bits; 66 for operands of 16; REX if there is anything to say.
        var word: UInt64 = 0x65 | 0x6700 & (inRAX &- 1), at: UInt64 = 16 &- 8 &* inRAX
        word |= UInt64(row.pointee.prefix) &<< at
        at &+= UInt64(row.pointee.prefixBits)
        let rex = UInt64(row.pointee.rex) | UInt64(value.pointee.high) &<< 2 | high & (inRAX ^ 1)
        let hasREX = one(rex != 0x40) | UInt64(row.pointee.isOctetStore) & UInt64(value.pointee.low) &>> 2
        word |= (rex & (0 &- hasREX)) &<< at
        at &+= 8 &* hasREX
        word |= UInt64(row.pointee.opcode) &<< at
        at &+= UInt64(row.pointee.opcodeBits)
        writer.put(word, Int(truncatingIfNeeded: at &>> 3))
        let (tail, length) = (inRAX != 0 ? homes.rax : base).pointee.operand(x)
        writer.put(tail | UInt64(value.pointee.low) &<< 3, length)
    }
}

/// 1 for true.
@inline(__always)
private func one(_ condition: Bool) -> UInt64 { condition ? 1 : 0 }

/// How an operation is made of others like it.
struct QuickRow: BitwiseCopyable {
    enum Kind: UInt8 { case none, access, setConstant, constant, add, shift, move, commutative, sum }

    var kind = Kind.none
    /// Register forms: REX, opcode and ModR/M, the registers still to be put in.
    var template: UInt64 = 0
    /// Of a load or store: REX, a prefix before it, the opcode.
    var rex: UInt8 = 0x40, prefix: UInt8 = 0, prefixBits: UInt8 = 0, opcodeBits: UInt8 = 8
    var opcode: UInt16 = 0
    /// 1 for yes.
    var isLoad: UInt8 = 0, isOctetStore: UInt8 = 0

    init(row: Int) {
        switch Handler(row: row) {
        case .load_imm: kind = .setConstant
        case .add_imm_64: self = QuickRow(.add, opcode: 0x81, digit: 0)
        case .or_imm: self = QuickRow(.constant, opcode: 0x81, digit: 1)
        case .and_imm: self = QuickRow(.constant, opcode: 0x81, digit: 4)
        case .xor_imm: self = QuickRow(.constant, opcode: 0x81, digit: 6)
        case .shlo_l_imm_64: self = QuickRow(.shift, opcode: 0xc1, digit: 4)
        case .shlo_r_imm_64: self = QuickRow(.shift, opcode: 0xc1, digit: 5)
        case .shar_r_imm_64: self = QuickRow(.shift, opcode: 0xc1, digit: 7)
        case .move_reg: kind = .move
        case .add_64: self = QuickRow(.sum, opcode: 0x01)
        case .or: self = QuickRow(.commutative, opcode: 0x09)
        case .and: self = QuickRow(.commutative, opcode: 0x21)
        case .xor: self = QuickRow(.commutative, opcode: 0x31)
        case .load_ind_u8: self = QuickRow(load: 0xb60f, isWide: false)
        case .load_ind_i8: self = QuickRow(load: 0xbe0f, isWide: true)
        case .load_ind_u16: self = QuickRow(load: 0xb70f, isWide: false)
        case .load_ind_i16: self = QuickRow(load: 0xbf0f, isWide: true)
        case .load_ind_u32: self = QuickRow(load: 0x8b, isWide: false)
        case .load_ind_i32: self = QuickRow(load: 0x63, isWide: true)
        case .load_ind_u64: self = QuickRow(load: 0x8b, isWide: true)
        case .store_ind_u8: self = QuickRow(store: 0x88, isOctet: true)
        case .store_ind_u16: self = QuickRow(store: 0x89, prefix: 0x66)
        case .store_ind_u32: self = QuickRow(store: 0x89)
        case .store_ind_u64: self = QuickRow(store: 0x89, isWide: true)
        default: break
        }
    }

    /// OP r64, imm8 or imm32, and its length.
    @inline(__always)
    func operation(_ to: UnsafePointer<QuickHome>, _ x: Int32) -> (UInt64, Int) {
        let isShort = one(UInt32(bitPattern: x &+ 128) < 256)
        let word = template | UInt64(to.pointee.rm) | UInt64(UInt32(bitPattern: x)) &<< 24 | isShort &<< 9
        return (word, Int(truncatingIfNeeded: 7 &- 3 &* isShort))
    }

    private init(_ kind: Kind, opcode: UInt64, digit: UInt64 = 0) {
        self.kind = kind
        template = 0xc0_0048 | opcode << 8 | digit << 19
    }

    private init(load opcode: UInt16, isWide: Bool) {
        kind = .access
        isLoad = 1
        rex = isWide ? 0x48 : 0x40
        self.opcode = opcode
        opcodeBits = opcode > 0xff ? 16 : 8
    }

    private init(store opcode: UInt16, isWide: Bool = false, prefix: UInt8 = 0, isOctet: Bool = false) {
        kind = .access
        rex = isWide ? 0x48 : 0x40
        self.prefix = prefix
        self.opcode = opcode
        prefixBits = prefix == 0 ? 0 : 8
        isOctetStore = isOctet ? 1 : 0
    }
}

/// The host register of a guest register, as the parts of an encoding want it.
struct QuickHome: BitwiseCopyable {
    /// The low three bits of its number, and the fourth.
    let low: UInt8, high: UInt8
    /// In REX and ModR/M of an instruction of three octets: as r/m, as reg.
    let rm: UInt32, reg: UInt32
    /// As a base: ModR/M and, where it announces one, the SIB octet; how many bits those have; whether it can be
    /// without displacement, 1 or 0.
    private let base: UInt16
    private let baseBits: UInt8
    private let mayHaveNone: UInt8


    init(_ number: UInt8) {
        low = number & 7
        high = number >> 3
        rm = UInt32(high) | UInt32(low) << 16
        reg = UInt32(high) << 2 | UInt32(low) << 19
        base = UInt16(low) | (low == 4 ? 0x2400 : 0)
        baseBits = low == 4 ? 16 : 8
        mayHaveNone = low == 5 ? 0 : 1
    }

    /// MOV r/m64, r64
    @inline(__always)
    func copy(_ from: UnsafePointer<QuickHome>) -> UInt64 { 0xc0_8948 | UInt64(rm) | UInt64(from.pointee.reg) }

    /// ModR/M, SIB and displacement of [register + offset] (`Mem.modRM`), and their length.
    @inline(__always)
    func operand(_ offset: Int32) -> (UInt64, Int) {
        // None: no displacement, which is short as well.
        let isShort = one(UInt32(bitPattern: offset &+ 128) < 256), isNone = one(offset == 0) & UInt64(mayHaveNone)
        let mode = 0x80 &- 0x40 &* (isShort &+ isNone)
        let word = UInt64(base) | mode | UInt64(UInt32(bitPattern: offset)) &<< UInt64(baseBits)
        return (word, Int(truncatingIfNeeded: UInt64(baseBits) &>> 3 &+ 4 &- 3 &* isShort &- isNone))
    }
}

/// For guarded memory; for checked memory, without the accesses.
let quickRowsGuarded = Table(count: isaTable.count) { QuickRow(row: $0) }
let quickRowsChecked = Table(count: isaTable.count) {
    let row = QuickRow(row: $0)
    return row.kind == .access ? QuickRow(row: 0) : row
}

/// Those of the guest registers, by the octet offsets that instructions hold, and rax.
struct QuickHomes {
    private let homes = quickHomes.address

    @inline(__always)
    subscript(_ guest: UInt8) -> UnsafePointer<QuickHome> { homes + Int(guest &>> 3) }

    @inline(__always)
    var rax: UnsafePointer<QuickHome> { homes + 13 }
}

private let quickHomes = Table(count: 14) {
    QuickHome($0 == 13 ? Reg.rax.number : RegisterMap(usesSegment: true)[UInt8(truncatingIfNeeded: 8 * $0)]!.number)
}
