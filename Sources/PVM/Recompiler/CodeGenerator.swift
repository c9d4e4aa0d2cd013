import CPVM
import VMCommon

/// Compiles a program to x86-64: one pass over its instructions, each to a few host instructions of its own. Control comes in at
/// the starts of gas regions (and behind host calls), pays there, and leaves through side exits behind the code.
///
/// The guest memory is the segment GS where the processor lets programs move it: then an operand of 32-bit addressing is exactly
/// what the paper says, register + constant modulo 2^32. Elsewhere r15 holds its base and every address goes through rax.
struct CodeGenerator: ~Copyable {
    let program: Program
    let instructions: UnsafeMutablePointer<Instruction>
    let map: RegisterMap
    let isGuarded: Bool
    let features: CPUFeatures
    let usesSegment: Bool
    var asm: Assembler
    /// For each instruction, where its code starts (for the first of a region: where it pays). To be freed by whoever takes it.
    var offsets: UnsafeMutablePointer<UInt32>
    let leave: Label
    /// Where the signal handler sends a fault.
    let fault: Label
    /// For each entry of the jump table the place of its code in the block, or 0; whoever installs the code makes addresses of
    /// them (`jumpTablePlaces`). The stack frame holds the table's address.
    let jumpTable: Label
    let jumpTableHasGaps: Bool
    /// Jumps to regions ahead, and to side exits, that wait for their targets.
    private var jumps = PendingJumps()
    private var sideExits = PendingJumps()
    /// What the first so many of the side exits will take up.
    private var sideExitOctets = 0
    private var countedExits = 0
    /// How many instructions the last one's code stands for.
    var taken = 1
    /// The guest register (as octet offset) whose low 32 bits are in rax, zero-extended, kept there from one memory access to the
    /// next.
    var keptBase = CodeGenerator.noBase
    static let noBase: UInt8 = 255
    /// Of checked memory: rax holds an address of the group `keptGroup`, at `keptDistance` from its first access.
    static let groupBase: UInt8 = 254
    var keptGroup = AccessGroups.noGroup
    var keptDistance: Int32 = 0
    var groups = AccessGroups()
    var coldChecks = ColdChecks()
    /// The region at hand if it is a loop that has been entered with checks, and where its rounds start.
    var loopHead = -1
    var loopPlace = 0
    let traits = codeTraits
    let quickRows: UnsafePointer<QuickRow>
    let chargesBlocks: Bool

    /// What the code may use decides how it addresses memory.
    static func usesSegment(_ features: CPUFeatures) -> Bool { features.isSuperset(of: [.fsgsbase, .bmi1, .bmi2]) }

    /// Nil if memory is short. `features` are the processor's but in listings.
    init?(_ program: Program, isGuarded: Bool, features: CPUFeatures = .usable) {
        // Most programs end within that; what does not is as likely to be given up early.
        guard var asm = Assembler(capacity: min(1024 + program.instructionCount * 14, 1 << 20)),
              let offsets = malloc((program.instructionCount + 1) * 4)?.assumingMemoryBound(to: UInt32.self)
        else { return nil }
        leave = asm.label()
        fault = asm.label()
        jumpTable = asm.label()
        self.asm = asm
        self.program = program
        instructions = program.instructions
        self.isGuarded = isGuarded
        self.features = features
        usesSegment = CodeGenerator.usesSegment(features)
        var hasGaps = false
        for entry in 0..<program.jumpTableCount where program.jumpTargets[entry] == Program.noInstruction { hasGaps = true }
        jumpTableHasGaps = hasGaps
        map = RegisterMap(usesSegment: usesSegment)
        quickRows = (isGuarded ? quickRowsGuarded : quickRowsChecked).address
        chargesBlocks = program.isa.rules.chargesBlocks
        self.offsets = offsets
    }

    // MARK: The whole

    /// False if memory is short or the code would be too large, or out of proportion.
    mutating func generate() -> Bool {
        if !isGuarded, !groups.prepare() { return false }
        enter()
        asm.bind(fault)
        asm.mov32(.rax, NativeExit(.fault, 0).word)
        leaveBlock()
        let count = program.instructionCount
        var index = 0, startsRegion = true, nextLook = CodeGenerator.lookEvery
        while index < count, !asm.failed {
            if index >= nextLook {
                if isOutOfProportion(at: index) { return false }
                nextLook = index + CodeGenerator.lookEvery
            }
            offsets[index] = UInt32(truncatingIfNeeded: asm.offset)
            // Whoever comes from elsewhere has something else in rax.
            if startsRegion {
                keptBase = CodeGenerator.noBase
                if !isGuarded { enterRegion(index) }
                pay(index)
            }
            let first = index
            if usesSegment, quickRows[instructions[index].plain.row].kind != .none {
                index = quickRun(index, min(nextLook, count))
            }
            if index == first {
                taken = 1
                instruction(index)
                // A fault in code that stands for several is the first one's: they start over in the interpreter.
                if taken > 1 { for part in 1..<taken { offsets[index + part] = UInt32(truncatingIfNeeded: asm.offset) } }
                index += taken
            }
            let last = instructions + (index - 1), lastTraits = traits[last.pointee.plain.row]
            if keptBase != CodeGenerator.noBase, !lastTraits.keeps(keptBase, last) { keptBase = CodeGenerator.noBase }
            startsRegion = chargesBlocks ? lastTraits.contains(.endsBlock) : last.pointee.charge == 1
        }
        landJumps()
        landSideExits()
        landColdChecks()
        writeJumpTable()
        return !asm.failed && !jumps.failed && !sideExits.failed && !coldChecks.failed
    }

    /// Code of people's compilers becomes some 3 octets of host code an octet, 10 with checks. Code that is made to hurt would become up to 95:
    /// what is far from any use is left to the interpreter before it takes time and memory.
    private mutating func isOutOfProportion(at index: Int) -> Bool {
        // With the side exits that are still to be written: one for all tests of an access.
        while countedExits < sideExits.count {
            if countedExits == 0 || sideExits[countedExits].value != sideExits[countedExits - 1].value { sideExitOctets += 10 }
            countedExits += 1
        }
        return asm.offset + sideExitOctets + coldChecks.count * ColdCheck.mostOctets > CodeGenerator.smallCode + mostPerOctet * Int(program.offsets[index])
    }

    /// Host code of any proportion, and then octets for each octet of guest code.
    private static let smallCode = 1 << 16
    private var mostPerOctet: Int { isGuarded ? 8 : 16 }
    /// How many instructions go by between two looks at the proportion.
    private static let lookEvery = 256

    /// The block's entry, a C function of the guest memory's base and the place to go to.
    private mutating func enter() {
        for index in CodeGenerator.saved.indices { asm.push(CodeGenerator.saved[index]) }
        asm.lea(.rax, jumpTable)
        asm.push(.rax)
        if !usesSegment { asm.mov(.w64, .r15, .rdi) }
        asm.mov(.w64, context(NativeContext.target), .rsi)
        asm.mov(.w64, .rax, context(NativeContext.vm))
        asm.mov(.w64, .r14, Mem(.rax, VMField.gas))
        for register in 0..<13 {
            let field = Mem(.rax, 8 * Int32(truncatingIfNeeded: register))
            if let home = map[UInt8(truncatingIfNeeded: 8 * register)] {
                asm.mov(.w64, home, field)
            } else {
                asm.mov(.w64, RegisterMap.second, field)
                asm.mov(.w64, context(NativeContext.slot(register)), RegisterMap.second)
            }
        }
        asm.jmp(context(NativeContext.target))
    }

    /// The way out: the exit's word is in eax.
    private mutating func leaveBlock() {
        asm.bind(leave)
        asm.mov(.w32, context(NativeContext.state), .rax)
        asm.mov(.w64, .rax, context(NativeContext.vm))
        for register in 0..<13 {
            let field = Mem(.rax, 8 * Int32(truncatingIfNeeded: register))
            if let home = map[UInt8(truncatingIfNeeded: 8 * register)] {
                asm.mov(.w64, field, home)
            } else {
                asm.mov(.w64, RegisterMap.second, context(NativeContext.slot(register)))
                asm.mov(.w64, field, RegisterMap.second)
            }
        }
        asm.mov(.w64, Mem(.rax, VMField.gas), .r14)
        asm.pop(.rax)
        for index in stride(from: CodeGenerator.saved.count - 1, through: 0, by: -1) { asm.pop(CodeGenerator.saved[index]) }
        asm.ret()
    }

    private static let saved: InlineArray<6, Reg> = [.rbp, .rbx, .r12, .r13, .r14, .r15]

    private mutating func writeJumpTable() {
        asm.align(to: 8)
        asm.bind(jumpTable)
        for entry in 0..<program.jumpTableCount {
            let target = program.jumpTargets[entry]
            asm.data(target == Program.noInstruction ? 0 : UInt64(offsets[Int(target)]))
        }
    }

    /// Where in the block there are places of code instead of addresses.
    var jumpTablePlaces: Range<Int> {
        let start = asm.offset(of: jumpTable) ?? 0
        return start..<start + 8 * program.jumpTableCount
    }

    // MARK: Gas

    @inline(__always)
    private mutating func pay(_ index: Int) {
        let cost = program.regionGas(index)
        guard cost > 0 else { return }
        if cost <= UInt64(truncatingIfNeeded: Int32.max) {
            asm.op(.sub, .w64, RegisterMap.gas, Int32(truncatingIfNeeded: cost))
        } else {
            asm.mov64(.rax, cost)
            asm.op(.sub, .w64, RegisterMap.gas, .rax)
        }
        leaveIf(.below, NativeExit(.cannotPay, index))
    }

    // MARK: Jumping and leaving

    /// To the start of a region.
    @inline(__always)
    mutating func jump(to index: Int, from here: Int, _ condition: Condition? = nil) {
        if index <= here {
            asm.jump(condition, back: index == loopHead ? loopPlace : Int(offsets[index]))
        } else {
            jumps.add(asm.jumpAnywhere(condition), UInt32(truncatingIfNeeded: index))
        }
    }

    private mutating func landJumps() {
        for number in 0..<jumps.count { asm.land(jumps[number].place, at: Int(offsets[Int(jumps[number].value)])) }
    }

    mutating func leave(_ exit: NativeExit) {
        asm.mov32(.rax, exit.word)
        asm.jmp(leave)
    }

    /// Leaves through cold code on the condition.
    @inline(__always)
    mutating func leaveIf(_ condition: Condition?, _ exit: NativeExit) {
        sideExits.add(asm.jumpAnywhere(condition), exit.word)
    }

    private mutating func landSideExits() {
        var last: (word: UInt32, place: Int)?
        for number in 0..<sideExits.count {
            let word = sideExits[number].value
            // The tests of one access follow each other and leave alike.
            if last?.word != word {
                last = (word, asm.offset)
                leave(NativeExit(word: word))
            }
            asm.land(sideExits[number].place, at: last!.place)
        }
    }

    /// Where each side exit stands and what it says, in the order of the code. For listings.
    func eachSideExit(_ body: (_ place: Int, NativeExit) -> Void) {
        var last = -1
        for number in 0..<sideExits.count {
            let field = Int(sideExits[number].place)
            let place = field + 4 + Int(Int32(littleEndian: asm.code.loadUnaligned(fromByteOffset: field, as: Int32.self)))
            if place != last { body(place, NativeExit(word: sideExits[number].value)) }
            last = place
        }
    }

    // MARK: Operands

    func context(_ offset: Int32) -> Mem {
        usesSegment ? Mem(absolute: offset, in: .segment) : Mem(RegisterMap.memory, offset)
    }

    /// A guest register that lies in the context.
    func slot(_ offset: UInt8) -> Mem { context(NativeContext.slot(Int(offset >> 3))) }

    /// A host register with the guest register's value: its home, or `scratch` loaded with it.
    @inline(__always)
    mutating func read(_ guest: UInt8, _ scratch: Reg = RegisterMap.scratch) -> Reg {
        if let home = map[guest] { return home }
        asm.mov(.w64, scratch, slot(guest))
        return scratch
    }

    /// Copies the guest register into a host register.
    @inline(__always)
    mutating func fetch(_ guest: UInt8, into reg: Reg, _ w: Width = .w64) {
        if reg == .rax { keptBase = CodeGenerator.noBase }
        if let home = map[guest] {
            if home != reg || w == .w32 { asm.mov(w, reg, home) }
        } else {
            asm.mov(w, reg, slot(guest))
        }
    }

    /// Where a result for the guest register is best made: its home, or `scratch`. `write` follows.
    @inline(__always)
    func target(_ guest: UInt8, _ scratch: Reg = RegisterMap.scratch) -> Reg { map[guest] ?? scratch }

    /// The result, in any host register, becomes the guest register.
    @inline(__always)
    mutating func write(_ guest: UInt8, _ reg: Reg) {
        if let home = map[guest] {
            if home != reg { asm.mov(.w64, home, reg) }
        } else {
            asm.mov(.w64, slot(guest), reg)
        }
    }

    /// The result's low 32 bits, sign-extended, become the guest register.
    @inline(__always)
    mutating func writeExtended(_ guest: UInt8, _ reg: Reg) {
        let target = target(guest)
        asm.movsxd(target, reg)
        write(guest, target)
    }

    /// An operation whose second operand is the guest register, wherever it lies.
    @inline(__always)
    mutating func op(_ op: Arithmetic, _ w: Width, _ reg: Reg, _ guest: UInt8) {
        if let home = map[guest] { asm.op(op, w, reg, home) } else { asm.op(op, w, reg, slot(guest)) }
    }
}

/// Offsets in `struct VM` (asserted in Sources/CPVM/layout.c).
enum VMField {
    static let gas: Int32 = 128
}

/// What the generator wants to know of an operation at a glance.
struct CodeTraits: OptionSet, BitwiseCopyable {
    let rawValue: UInt8

    static var endsBlock: CodeTraits { CodeTraits(rawValue: 1) }
    static var writesA: CodeTraits { CodeTraits(rawValue: 2) }
    static var writesD: CodeTraits { CodeTraits(rawValue: 4) }
    /// Its code leaves rax alone, or what it does to it has been seen to.
    static var keepsAddress: CodeTraits { CodeTraits(rawValue: 8) }
    /// It accesses memory at register A or B + ν_X.
    static var throughA: CodeTraits { CodeTraits(rawValue: 16) }
    static var throughB: CodeTraits { CodeTraits(rawValue: 32) }

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(row: Int) {
        let traits = isaTable[row], handler = Handler(row: row)
        let use = RegisterUse(traits, a: 1, b: 2, d: 4)
        var all: CodeTraits = []
        if traits.endsBlock { all.insert(.endsBlock) }
        if use.writes & 1 != 0 { all.insert(.writesA) }
        if use.writes & 4 != 0 { all.insert(.writesD) }
        if handler.keepsAddress { all.insert(.keepsAddress) }
        if traits.format == .regImmImm { all.insert(.throughA) }
        if traits.format == .regRegImm, traits.cost == .load || traits.cost == .store { all.insert(.throughB) }
        self = all
    }

    /// Is a register's address still in rax behind the instruction?
    @inline(__always)
    func keeps(_ base: UInt8, _ instruction: UnsafePointer<Instruction>) -> Bool {
        contains(.keepsAddress) && !(contains(.writesA) && instruction.pointee.ra == base) && !(contains(.writesD) && instruction.pointee.rd == base)
    }
}

private let codeTraits = Table(count: isaTable.count) { CodeTraits(row: $0) }

extension Handler {
    /// Does its code leave rax alone, as long as its registers have homes?
    fileprivate var keepsAddress: Bool {
        switch self {
        case .move_reg, .load_imm, .load_imm_64, .add_imm_64, .and_imm, .xor_imm, .or_imm, .mul_imm_64, .shlo_l_imm_64, .shlo_r_imm_64,
             .shar_r_imm_64, .rot_r_64_imm, .add_64, .sub_64, .and, .xor, .or, .mul_64, .shlo_l_64, .shlo_r_64, .shar_r_64, .and_inv,
             .store_imm_ind_u8, .store_imm_ind_u16, .store_imm_ind_u32, .store_imm_ind_u64, .store_ind_u8, .store_ind_u16,
             .store_ind_u32, .store_ind_u64, .load_ind_u8, .load_ind_i8, .load_ind_u16, .load_ind_i16, .load_ind_u32, .load_ind_i32,
             .load_ind_u64:
            true
        default: false
        }
    }
}

extension Program {
    /// Does gas get paid before this instruction, whoever comes from where? (0.8.0: at the starts of basic blocks and behind
    /// the code.)
    func startsRegion(_ index: Int) -> Bool { index == 0 || endsRegion(index - 1) }

    func endsRegion(_ index: Int) -> Bool {
        isa.rules.chargesBlocks ? isaTable[instructions[index].plain.row].endsBlock : instructions[index].charge == 1
    }

    /// What is paid there.
    func regionGas(_ index: Int) -> UInt64 {
        if !isa.rules.chargesBlocks { return UInt64(instructions[index].charge) }
        let charge = instructions[index].charge
        if charge > 0 { return UInt64(charge) }
        guard let block = block(of: index), Int(block.first) == index else { return 0 }
        return block.gas
    }
}

/// Jumps that wait for their targets, each with a number that says where to.
struct PendingJumps: ~Copyable {
    struct Jump {
        let place: UInt32
        let value: UInt32
    }

    private var jumps: UnsafeMutablePointer<Jump>?
    private(set) var count = 0
    private var capacity = 0
    private(set) var failed = false

    deinit { free(jumps) }

    @inline(__always)
    mutating func add(_ place: UInt32, _ value: UInt32) {
        if count == capacity { grow() }
        if failed { return }
        jumps.unsafelyUnwrapped[count] = Jump(place: place, value: value)
        count += 1
    }

    @inline(never)
    private mutating func grow() {
        let wanted = max(256, 2 * capacity)
        guard let larger = realloc(jumps, wanted * MemoryLayout<Jump>.stride) else {
            failed = true
            return
        }
        jumps = larger.assumingMemoryBound(to: Jump.self)
        capacity = wanted
    }

    subscript(_ index: Int) -> Jump { jumps.unsafelyUnwrapped[index] }
}
