import CPVM
import VMCommon

/// Compiles a program to x86-64: one pass over its instructions, each to a few host instructions of its own. Control comes in at
/// the starts of gas regions (and behind host calls), pays there, and leaves through side exits behind the code.
struct CodeGenerator: ~Copyable {
    let program: Program
    let map: RegisterMap
    let isGuarded: Bool
    let features: CPUFeatures
    var asm: Assembler
    /// For each instruction, where its code starts (for the first of a region: where it pays). To be freed by whoever takes it.
    var offsets: UnsafeMutablePointer<UInt32>
    /// The first of as many labels as there are instructions, bound where a region pays.
    let regions: Label
    let leave: Label
    /// Where the signal handler sends a fault.
    let fault: Label
    /// For each entry of the jump table the place of its code, relative to the table, or 0.
    let jumpTable: Label
    /// The guest register whose low 32 bits are in rax, zero-extended, left there by a memory access for the next one.
    var addressBase: UInt8?
    private var sideExits: UnsafeMutablePointer<SideExit>?
    private var sideExitCount = 0
    private var sideExitCapacity = 0
    private var failed = false

    /// Cold code that leaves the block, jumped to by label.
    struct SideExit {
        var label: Label
        var exit: NativeExit
        /// Gas to give back before.
        var refund: UInt64
    }

    /// Nil if memory is short.
    init?(_ program: Program, isGuarded: Bool) {
        guard var asm = Assembler(capacity: 64 + program.instructionCount * 16),
              let offsets = allocate(UInt32.self, program.instructionCount)
        else { return nil }
        regions = asm.labels(count: program.instructionCount)
        leave = asm.label()
        fault = asm.label()
        jumpTable = asm.label()
        self.asm = asm
        self.program = program
        map = RegisterMap(program)
        self.isGuarded = isGuarded
        features = CPUFeatures.usable
        self.offsets = offsets
    }

    deinit { free(sideExits) }

    // MARK: The whole

    /// False if memory is short or the code would be too large.
    mutating func generate() -> Bool {
        enter()
        for index in 0..<program.instructionCount {
            offsets[index] = UInt32(truncatingIfNeeded: asm.offset)
            if program.startsRegion(index) { pay(index) }
            // Whoever comes from elsewhere has something else in rax, and so have most instructions afterwards.
            if program.isEntry(index) || !program.instructions[index].plain.keepsAddress { addressBase = nil }
            instruction(index)
            if let base = addressBase, program.writes(index, base) { addressBase = nil }
        }
        for index in 0..<sideExitCount {
            let sideExit = sideExits![index]
            asm.bind(sideExit.label)
            if sideExit.refund > 0 { changeGas(.add, sideExit.refund) }
            leave(sideExit.exit)
        }
        asm.bind(fault)
        leave(NativeExit(.fault, 0))
        leaveBlock()
        writeJumpTable()
        return !asm.failed && !failed
    }

    /// The block's entry, a C function of the guest memory's base and the place to go to.
    private mutating func enter() {
        for index in CodeGenerator.saved.indices { asm.push(CodeGenerator.saved[index]) }
        asm.mov(.w64, .r15, .rdi)
        asm.mov(.w64, context(NativeContext.target), .rsi)
        asm.mov(.w64, .rax, context(NativeContext.vm))
        asm.mov(.w64, .r14, Mem(.rax, VMField.gas))
        for register in 0..<13 {
            let field = Mem(.rax, 8 * Int32(register))
            if let home = map[UInt8(8 * register)] {
                asm.mov(.w64, home, field)
            } else {
                asm.mov(.w64, .rcx, field)
                asm.mov(.w64, context(NativeContext.slot(register)), .rcx)
            }
        }
        asm.jmp(context(NativeContext.target))
    }

    /// The way out: the exit's word is in ecx.
    private mutating func leaveBlock() {
        asm.bind(leave)
        asm.mov(.w32, context(NativeContext.state), .rcx)
        asm.mov(.w64, .rax, context(NativeContext.vm))
        for register in 0..<13 {
            let field = Mem(.rax, 8 * Int32(register))
            if let home = map[UInt8(8 * register)] {
                asm.mov(.w64, field, home)
            } else {
                asm.mov(.w64, .rcx, context(NativeContext.slot(register)))
                asm.mov(.w64, field, .rcx)
            }
        }
        asm.mov(.w64, Mem(.rax, VMField.gas), .r14)
        for index in stride(from: CodeGenerator.saved.count - 1, through: 0, by: -1) { asm.pop(CodeGenerator.saved[index]) }
        asm.ret()
    }

    private static let saved: InlineArray<6, Reg> = [.rbp, .rbx, .r12, .r13, .r14, .r15]

    private mutating func writeJumpTable() {
        asm.align(to: 8)
        asm.bind(jumpTable)
        let table = Int64(asm.offset)
        for entry in 0..<program.jumpTableCount {
            let target = program.jumpTargets[entry]
            asm.data(target == Program.noInstruction ? 0 : UInt64(bitPattern: Int64(offsets[Int(target)]) - table))
        }
    }

    // MARK: Gas

    private mutating func pay(_ index: Int) {
        asm.bind(region(index))
        let cost = program.regionGas(index)
        guard cost > 0 else { return }
        changeGas(.sub, cost)
        asm.jump(.below, sideExit(NativeExit(.cannotPay, index), refund: cost))
    }

    private mutating func changeGas(_ op: Arithmetic, _ amount: UInt64) {
        if amount <= UInt64(Int32.max) {
            asm.op(op, .w64, RegisterMap.gas, Int32(amount))
        } else {
            asm.mov64(.rax, amount)
            asm.op(op, .w64, RegisterMap.gas, .rax)
        }
    }

    // MARK: Leaving

    func region(_ index: Int) -> Label { Label(index: regions.index + Int32(index)) }

    mutating func leave(_ exit: NativeExit) {
        asm.mov32(.rcx, exit.word)
        asm.jmp(leave)
    }

    /// The label of cold code that leaves.
    mutating func sideExit(_ exit: NativeExit, refund: UInt64 = 0) -> Label {
        if sideExitCount == sideExitCapacity {
            let wanted = max(64, 2 * sideExitCapacity)
            guard let larger = realloc(sideExits, wanted * MemoryLayout<SideExit>.stride) else {
                failed = true
                return leave
            }
            sideExits = larger.assumingMemoryBound(to: SideExit.self)
            sideExitCapacity = wanted
        }
        let label = asm.label()
        sideExits![sideExitCount] = SideExit(label: label, exit: exit, refund: refund)
        sideExitCount += 1
        return label
    }

    // MARK: Operands

    func context(_ offset: Int32) -> Mem { Mem(RegisterMap.memory, offset) }

    /// A guest register that lies in the context.
    func slot(_ offset: UInt8) -> Mem { context(NativeContext.slot(Int(offset >> 3))) }

    /// A host register with the guest register's value: its home, or `scratch` loaded with it.
    mutating func read(_ guest: UInt8, _ scratch: Reg = RegisterMap.scratch) -> Reg {
        if let home = map[guest] { return home }
        if scratch == .rax { addressBase = nil }
        asm.mov(.w64, scratch, slot(guest))
        return scratch
    }

    /// Copies the guest register into a host register.
    mutating func fetch(_ guest: UInt8, into reg: Reg, _ w: Width = .w64) {
        if reg == .rax { addressBase = nil }
        if let home = map[guest] {
            if home != reg || w == .w32 { asm.mov(w, reg, home) }
        } else {
            asm.mov(w, reg, slot(guest))
        }
    }

    /// Where a result for the guest register is best made: its home, or `scratch`. `write` follows.
    mutating func target(_ guest: UInt8, _ scratch: Reg = RegisterMap.scratch) -> Reg {
        if let home = map[guest] { return home }
        if scratch == .rax { addressBase = nil }
        return scratch
    }

    /// The result, in any host register, becomes the guest register.
    mutating func write(_ guest: UInt8, _ reg: Reg) {
        if let home = map[guest] {
            if home != reg { asm.mov(.w64, home, reg) }
        } else {
            asm.mov(.w64, slot(guest), reg)
        }
    }

    /// The result's low 32 bits, sign-extended, become the guest register.
    mutating func writeExtended(_ guest: UInt8, _ reg: Reg) {
        let target = target(guest)
        asm.movsxd(target, reg)
        write(guest, target)
    }

    /// An operation whose second operand is the guest register, wherever it lies.
    mutating func op(_ op: Arithmetic, _ w: Width, _ reg: Reg, _ guest: UInt8) {
        if let home = map[guest] { asm.op(op, w, reg, home) } else { asm.op(op, w, reg, slot(guest)) }
    }
}

/// Offsets in `struct VM` (asserted in Sources/CPVM/layout.c).
enum VMField {
    static let gas: Int32 = 128
}

extension Program {
    /// Does gas get paid before this instruction, whoever comes from where? (0.8.0: at the starts of basic blocks and behind
    /// the code.)
    func startsRegion(_ index: Int) -> Bool { index == 0 || endsRegion(index - 1) }

    /// Does the instruction write the guest register at this offset?
    func writes(_ index: Int, _ register: UInt8) -> Bool {
        let instruction = instructions[index]
        func bit(_ offset: UInt8) -> UInt16 { 1 << UInt16(offset >> 3) }
        let use = RegisterUse(isaTable[instruction.plain.row], a: bit(instruction.ra), b: bit(instruction.rb), d: bit(instruction.rd))
        return use.writes & bit(register) != 0
    }

    /// May control come here other than from the instruction before?
    func isEntry(_ index: Int) -> Bool { startsRegion(index) || instructions[index - 1].plain == .ecalli }

    func endsRegion(_ index: Int) -> Bool {
        isa == .gp072 ? instructions[index].charge == 1 : isaTable[instructions[index].plain.row].endsBlock
    }

    /// What is paid there.
    func regionGas(_ index: Int) -> UInt64 {
        if isa == .gp072 { return UInt64(instructions[index].charge) }
        let charge = instructions[index].charge
        if charge > 0 { return UInt64(charge) }
        guard let block = block(of: index), Int(block.first) == index else { return 0 }
        return block.gas
    }
}

extension Handler {
    /// Does its code leave rax alone as long as its registers have homes?
    var keepsAddress: Bool {
        switch self {
        case .rot_l_64, .rot_r_64, .move_reg, .load_imm, .load_imm_64, .add_imm_64, .and_imm, .xor_imm, .or_imm, .mul_imm_64, .shlo_l_imm_64, .shlo_r_imm_64,
             .shar_r_imm_64, .rot_r_64_imm, .add_64, .sub_64, .and, .xor, .or, .mul_64, .shlo_l_64, .shlo_r_64, .shar_r_64, .and_inv,
             .store_imm_ind_u8, .store_imm_ind_u16, .store_imm_ind_u32, .store_imm_ind_u64, .store_ind_u8, .store_ind_u16,
             .store_ind_u32, .store_ind_u64, .load_ind_u8, .load_ind_i8, .load_ind_u16, .load_ind_i16, .load_ind_u32, .load_ind_i32,
             .load_ind_u64:
            true
        default: false
        }
    }
}
