import CPVM
import VMCommon

/// The machine's semantics, once for both paces of execution.

/// How instructions are walked. `Fast` runs the fused form and pays a region of instructions when control enters it; `Careful`
/// runs the plain form and pays, counts and traces instruction by instruction. `Batched` is careful as well, and writes the records of a
/// trace in batches.
protocol Pace {
    static var isCareful: Bool { get }
    static var isBatched: Bool { get }
}

enum Fast: Pace {
    static var isCareful: Bool { @inline(__always) get { false } }
    static var isBatched: Bool { @inline(__always) get { false } }
}

enum Careful: Pace {
    static var isCareful: Bool { @inline(__always) get { true } }
    static var isBatched: Bool { @inline(__always) get { false } }
}

enum Batched: Pace {
    static var isCareful: Bool { @inline(__always) get { true } }
    static var isBatched: Bool { @inline(__always) get { true } }
}

/// Why `interpret` came back. In each case the frame has been saved.
enum Outcome {
    /// The run has ended: `instance.exit`.
    case stopped
    /// `Fast`: the region at `resumeIndex` cannot be paid and has not been.
    case cannotPay
    /// `Fast`: the instruction at `resumeIndex` wants care.
    case wantsCare
    /// `Careful`: the budget of instructions is used up.
    case stepped
    /// The host changed pc.
    case moved
    /// `Fast`, with `PVM_ENGINE_AUTO`: compiled code is to go on at `resumeIndex`.
    case wantsCode
}

/// Executes from instruction `index`, whose region (`Fast`) or self (`Careful`, if `care.paid`) has been paid.
@inline(never)
func interpret<P: Pace>(_ pace: P.Type, _ instance: Instance.Handle, at index: Int, _ care: inout Care) -> Outcome {
    var frame = Frame(instance, at: index)
    instance.pointee.exit = PVM_EXIT_NONE
    loop: while true {
        if P.isCareful {
            guard care.budget > 0 else {
                frame.save()
                return .stepped
            }
            guard P.isBatched ? care.beginBatched(&frame) : care.begin(&frame) else { break loop }
        }
        switch P.isCareful ? frame.ip.pointee.plain : frame.ip.pointee.handler {
        // Without arguments
        case .trap:
            instance.pointee.exit = PVM_EXIT_PANIC
            break loop
        case .fallthrough:
            guard frame.fallThrough(pace) else { break loop }
            continue
        case .unlikely: break

        // One immediate
        case .ecalli:
            frame.save()
            switch instance.callHost(frame.ip.pointee.x) {
            case .goOn: frame.reload()
            case .moved: return .moved
            case .stop:
                frame.reload()
                break loop
            }
            guard frame.enter(frame.ip + 1, pace) else { break loop }
            continue

        // One register and one extended-width immediate
        case .load_imm_64: frame.a = frame.ip.pointee.wide

        // Two immediates
        case .store_imm_u8: guard frame.store(frame.vx, UInt8(truncatingIfNeeded: frame.vy)) else { break loop }
        case .store_imm_u16: guard frame.store(frame.vx, UInt16(truncatingIfNeeded: frame.vy)) else { break loop }
        case .store_imm_u32: guard frame.store(frame.vx, low(frame.vy)) else { break loop }
        case .store_imm_u64: guard frame.store(frame.vx, frame.vy) else { break loop }

        // One offset
        case .jump:
            guard frame.branch(true, pace) else { break loop }
            continue

        // One register and one immediate
        case .jump_ind:
            guard frame.djump(low(frame.a &+ frame.vx), pace) else { break loop }
            continue
        case .load_imm: _ = frame.loadImm()
        case .load_u8: guard let value = frame.load(frame.vx, UInt8.self) else { break loop }; frame.a = UInt64(value)
        case .load_i8: guard let value = frame.load(frame.vx, UInt8.self) else { break loop }; frame.a = extend(Int32(Int8(bitPattern: value)))
        case .load_u16: guard let value = frame.load(frame.vx, UInt16.self) else { break loop }; frame.a = UInt64(value)
        case .load_i16: guard let value = frame.load(frame.vx, UInt16.self) else { break loop }; frame.a = extend(Int32(Int16(bitPattern: value)))
        case .load_u32: guard let value = frame.load(frame.vx, UInt32.self) else { break loop }; frame.a = UInt64(value)
        case .load_i32: guard let value = frame.load(frame.vx, UInt32.self) else { break loop }; frame.a = extend32(value)
        case .load_u64: guard let value = frame.load(frame.vx, UInt64.self) else { break loop }; frame.a = value
        case .store_u8: guard frame.store(frame.vx, UInt8(truncatingIfNeeded: frame.a)) else { break loop }
        case .store_u16: guard frame.store(frame.vx, UInt16(truncatingIfNeeded: frame.a)) else { break loop }
        case .store_u32: guard frame.store(frame.vx, low(frame.a)) else { break loop }
        case .store_u64: guard frame.store(frame.vx, frame.a) else { break loop }

        // One register and two immediates
        case .store_imm_ind_u8: guard frame.storeImmIndU8() else { break loop }
        case .store_imm_ind_u16: guard frame.store(frame.a &+ frame.vx, UInt16(truncatingIfNeeded: frame.vy)) else { break loop }
        case .store_imm_ind_u32: guard frame.store(frame.a &+ frame.vx, low(frame.vy)) else { break loop }
        case .store_imm_ind_u64: guard frame.store(frame.a &+ frame.vx, frame.vy) else { break loop }

        // One register, one immediate and one offset
        case .load_imm_jump:
            guard frame.loadImm(), frame.branch(true, pace) else { break loop }
            continue
        case .branch_eq_imm:
            guard frame.branch(frame.a == frame.vx, pace) else { break loop }
            continue
        case .branch_ne_imm:
            guard frame.branch(frame.a != frame.vx, pace) else { break loop }
            continue
        case .branch_lt_u_imm:
            guard frame.branch(frame.a < frame.vx, pace) else { break loop }
            continue
        case .branch_le_u_imm:
            guard frame.branch(frame.a <= frame.vx, pace) else { break loop }
            continue
        case .branch_ge_u_imm:
            guard frame.branch(frame.a >= frame.vx, pace) else { break loop }
            continue
        case .branch_gt_u_imm:
            guard frame.branch(frame.a > frame.vx, pace) else { break loop }
            continue
        case .branch_lt_s_imm:
            guard frame.branch(signed(frame.a) < signed(frame.vx), pace) else { break loop }
            continue
        case .branch_le_s_imm:
            guard frame.branch(signed(frame.a) <= signed(frame.vx), pace) else { break loop }
            continue
        case .branch_ge_s_imm:
            guard frame.branch(signed(frame.a) >= signed(frame.vx), pace) else { break loop }
            continue
        case .branch_gt_s_imm:
            guard frame.branch(signed(frame.a) > signed(frame.vx), pace) else { break loop }
            continue

        // Two registers
        case .move_reg: _ = frame.moveReg()
        case .sbrk:
            frame.d = instance.sbrk(frame.a)
            frame.reloadMemory()
        case .count_set_bits_64: frame.d = UInt64(truncatingIfNeeded: frame.a.nonzeroBitCount)
        case .count_set_bits_32: frame.d = UInt64(truncatingIfNeeded: low(frame.a).nonzeroBitCount)
        case .leading_zero_bits_64: frame.d = UInt64(truncatingIfNeeded: frame.a.leadingZeroBitCount)
        case .leading_zero_bits_32: frame.d = UInt64(truncatingIfNeeded: low(frame.a).leadingZeroBitCount)
        case .trailing_zero_bits_64: frame.d = UInt64(truncatingIfNeeded: frame.a.trailingZeroBitCount)
        case .trailing_zero_bits_32: frame.d = UInt64(truncatingIfNeeded: low(frame.a).trailingZeroBitCount)
        case .sign_extend_8: frame.d = extend(Int32(Int8(truncatingIfNeeded: frame.a)))
        case .sign_extend_16: frame.d = extend(Int32(Int16(truncatingIfNeeded: frame.a)))
        case .zero_extend_16: frame.d = frame.a & 0xffff
        case .reverse_bytes: frame.d = frame.a.byteSwapped

        // Two registers and one immediate
        case .store_ind_u8: guard frame.storeIndU8() else { break loop }
        case .store_ind_u16: guard frame.store(frame.b &+ frame.vx, UInt16(truncatingIfNeeded: frame.a)) else { break loop }
        case .store_ind_u32: guard frame.storeIndU32() else { break loop }
        case .store_ind_u64: guard frame.storeIndU64() else { break loop }
        case .load_ind_u8: guard frame.loadIndU8() else { break loop }
        case .load_ind_i8: guard let value = frame.load(frame.b &+ frame.vx, UInt8.self) else { break loop }; frame.a = extend(Int32(Int8(bitPattern: value)))
        case .load_ind_u16: guard let value = frame.load(frame.b &+ frame.vx, UInt16.self) else { break loop }; frame.a = UInt64(value)
        case .load_ind_i16: guard let value = frame.load(frame.b &+ frame.vx, UInt16.self) else { break loop }; frame.a = extend(Int32(Int16(bitPattern: value)))
        case .load_ind_u32: guard frame.loadIndU32() else { break loop }
        case .load_ind_i32: guard frame.loadIndI32() else { break loop }
        case .load_ind_u64: guard frame.loadIndU64() else { break loop }
        case .add_imm_32: frame.a = extend32(frame.b &+ frame.vx)
        case .and_imm: _ = frame.andImm()
        case .xor_imm: frame.a = frame.b ^ frame.vx
        case .or_imm: frame.a = frame.b | frame.vx
        case .mul_imm_32: frame.a = extend32(frame.b &* frame.vx)
        case .set_lt_u_imm: frame.a = flag(frame.b < frame.vx)
        case .set_lt_s_imm: frame.a = flag(signed(frame.b) < signed(frame.vx))
        case .shlo_l_imm_32: frame.a = extend32(low(frame.b) &<< low(frame.vx))
        case .shlo_r_imm_32: frame.a = extend32(low(frame.b) &>> low(frame.vx))
        case .shar_r_imm_32: frame.a = extend(signedLow(frame.b) &>> signedLow(frame.vx))
        case .neg_add_imm_32: frame.a = extend32(frame.vx &- frame.b)
        case .set_gt_u_imm: frame.a = flag(frame.b > frame.vx)
        case .set_gt_s_imm: frame.a = flag(signed(frame.b) > signed(frame.vx))
        case .shlo_l_imm_alt_32: frame.a = extend32(low(frame.vx) &<< low(frame.b))
        case .shlo_r_imm_alt_32: frame.a = extend32(low(frame.vx) &>> low(frame.b))
        case .shar_r_imm_alt_32: frame.a = extend(signedLow(frame.vx) &>> signedLow(frame.b))
        case .cmov_iz_imm: frame.a = frame.b == 0 ? frame.vx : frame.a
        case .cmov_nz_imm: frame.a = frame.b != 0 ? frame.vx : frame.a
        case .add_imm_64: _ = frame.addImm64()
        case .mul_imm_64: frame.a = frame.b &* frame.vx
        case .shlo_l_imm_64: _ = frame.shloLImm64()
        case .shlo_r_imm_64: _ = frame.shloRImm64()
        case .shar_r_imm_64: frame.a = UInt64(bitPattern: signed(frame.b) &>> signed(frame.vx))
        case .neg_add_imm_64: frame.a = frame.vx &- frame.b
        case .shlo_l_imm_alt_64: frame.a = frame.vx &<< frame.b
        case .shlo_r_imm_alt_64: frame.a = frame.vx &>> frame.b
        case .shar_r_imm_alt_64: frame.a = UInt64(bitPattern: signed(frame.vx) &>> signed(frame.b))
        case .rot_r_64_imm: frame.a = rotateRight(frame.b, frame.vx)
        case .rot_r_64_imm_alt: frame.a = rotateRight(frame.vx, frame.b)
        case .rot_r_32_imm: _ = frame.rotR32Imm()
        case .rot_r_32_imm_alt: frame.a = extend32(rotateRight(low(frame.vx), low(frame.b)))

        // Two registers and one offset
        case .branch_eq:
            guard frame.branch(frame.a == frame.b, pace) else { break loop }
            continue
        case .branch_ne:
            guard frame.branch(frame.a != frame.b, pace) else { break loop }
            continue
        case .branch_lt_u:
            guard frame.branch(frame.a < frame.b, pace) else { break loop }
            continue
        case .branch_lt_s:
            guard frame.branch(signed(frame.a) < signed(frame.b), pace) else { break loop }
            continue
        case .branch_ge_u:
            guard frame.branch(frame.a >= frame.b, pace) else { break loop }
            continue
        case .branch_ge_s:
            guard frame.branch(signed(frame.a) >= signed(frame.b), pace) else { break loop }
            continue

        // Two registers and two immediates
        case .load_imm_jump_ind:
            let address = low(frame.b &+ frame.vy)
            frame.a = frame.vx
            guard frame.djump(address, pace) else { break loop }
            continue

        // Three registers
        case .add_32: frame.d = extend32(frame.a &+ frame.b)
        case .sub_32: frame.d = extend32(frame.a &- frame.b)
        case .mul_32: frame.d = extend32(frame.a &* frame.b)
        case .div_u_32: frame.d = divide32(frame.a, frame.b)
        case .div_s_32: frame.d = divideSigned32(frame.a, frame.b)
        case .rem_u_32: frame.d = remainder32(frame.a, frame.b)
        case .rem_s_32: frame.d = remainderSigned32(frame.a, frame.b)
        case .shlo_l_32: frame.d = extend32(low(frame.a) &<< low(frame.b))
        case .shlo_r_32: frame.d = extend32(low(frame.a) &>> low(frame.b))
        case .shar_r_32: frame.d = extend(signedLow(frame.a) &>> signedLow(frame.b))
        case .add_64: _ = frame.add64()
        case .sub_64: frame.d = frame.a &- frame.b
        case .mul_64: _ = frame.mul64()
        case .div_u_64: frame.d = divide(frame.a, frame.b)
        case .div_s_64: frame.d = divideSigned(frame.a, frame.b)
        case .rem_u_64: frame.d = remainder(frame.a, frame.b)
        case .rem_s_64: frame.d = remainderSigned(frame.a, frame.b)
        case .shlo_l_64: frame.d = frame.a &<< frame.b
        case .shlo_r_64: frame.d = frame.a &>> frame.b
        case .shar_r_64: frame.d = UInt64(bitPattern: signed(frame.a) &>> signed(frame.b))
        case .and: _ = frame.and()
        case .xor: _ = frame.xor()
        case .or: frame.d = frame.a | frame.b
        case .mul_upper_s_s: frame.d = multiplyUpperSigned(frame.a, frame.b)
        case .mul_upper_u_u: frame.d = multiplyUpper(frame.a, frame.b)
        case .mul_upper_s_u: frame.d = multiplyUpperMixed(frame.a, frame.b)
        case .set_lt_u: frame.d = flag(frame.a < frame.b)
        case .set_lt_s: frame.d = flag(signed(frame.a) < signed(frame.b))
        case .cmov_iz: frame.d = frame.b == 0 ? frame.a : frame.d
        case .cmov_nz: frame.d = frame.b != 0 ? frame.a : frame.d
        case .rot_l_64: _ = frame.rotL64()
        case .rot_l_32: frame.d = extend32(rotateRight(low(frame.a), 0 &- low(frame.b)))
        case .rot_r_64: frame.d = rotateRight(frame.a, frame.b)
        case .rot_r_32: frame.d = extend32(rotateRight(low(frame.a), low(frame.b)))
        case .and_inv: _ = frame.andInv()
        case .or_inv: frame.d = frame.a | ~frame.b
        case .xnor: frame.d = ~(frame.a ^ frame.b)
        case .max: frame.d = UInt64(bitPattern: max(signed(frame.a), signed(frame.b)))
        case .max_u: frame.d = max(frame.a, frame.b)
        case .min: frame.d = UInt64(bitPattern: min(signed(frame.a), signed(frame.b)))
        case .min_u: frame.d = min(frame.a, frame.b)

        // Fused: each operation in turn, with `ip` on its own instruction
        case .move_reg__move_reg: guard frame.moveReg(), frame.next(), frame.moveReg() else { break loop }
        case .move_reg__add_imm_64: guard frame.moveReg(), frame.next(), frame.addImm64() else { break loop }
        case .move_reg__add_64: guard frame.moveReg(), frame.next(), frame.add64() else { break loop }
        case .move_reg__load_ind_u64: guard frame.moveReg(), frame.next(), frame.loadIndU64() else { break loop }
        case .move_reg__store_ind_u64: guard frame.moveReg(), frame.next(), frame.storeIndU64() else { break loop }
        case .move_reg__xor: guard frame.moveReg(), frame.next(), frame.xor() else { break loop }
        case .add_imm_64__move_reg: guard frame.addImm64(), frame.next(), frame.moveReg() else { break loop }
        case .add_imm_64__add_imm_64: guard frame.addImm64(), frame.next(), frame.addImm64() else { break loop }
        case .add_imm_64__add_64: guard frame.addImm64(), frame.next(), frame.add64() else { break loop }
        case .add_imm_64__load_ind_u64: guard frame.addImm64(), frame.next(), frame.loadIndU64() else { break loop }
        case .add_imm_64__store_ind_u64: guard frame.addImm64(), frame.next(), frame.storeIndU64() else { break loop }
        case .add_imm_64__xor: guard frame.addImm64(), frame.next(), frame.xor() else { break loop }
        case .add_64__move_reg: guard frame.add64(), frame.next(), frame.moveReg() else { break loop }
        case .add_64__add_imm_64: guard frame.add64(), frame.next(), frame.addImm64() else { break loop }
        case .add_64__add_64: guard frame.add64(), frame.next(), frame.add64() else { break loop }
        case .add_64__load_ind_u64: guard frame.add64(), frame.next(), frame.loadIndU64() else { break loop }
        case .add_64__store_ind_u64: guard frame.add64(), frame.next(), frame.storeIndU64() else { break loop }
        case .add_64__xor: guard frame.add64(), frame.next(), frame.xor() else { break loop }
        case .load_ind_u64__move_reg: guard frame.loadIndU64(), frame.next(), frame.moveReg() else { break loop }
        case .load_ind_u64__add_imm_64: guard frame.loadIndU64(), frame.next(), frame.addImm64() else { break loop }
        case .load_ind_u64__add_64: guard frame.loadIndU64(), frame.next(), frame.add64() else { break loop }
        case .load_ind_u64__load_ind_u64: guard frame.loadIndU64(), frame.next(), frame.loadIndU64() else { break loop }
        case .load_ind_u64__store_ind_u64: guard frame.loadIndU64(), frame.next(), frame.storeIndU64() else { break loop }
        case .load_ind_u64__xor: guard frame.loadIndU64(), frame.next(), frame.xor() else { break loop }
        case .store_ind_u64__move_reg: guard frame.storeIndU64(), frame.next(), frame.moveReg() else { break loop }
        case .store_ind_u64__add_imm_64: guard frame.storeIndU64(), frame.next(), frame.addImm64() else { break loop }
        case .store_ind_u64__add_64: guard frame.storeIndU64(), frame.next(), frame.add64() else { break loop }
        case .store_ind_u64__load_ind_u64: guard frame.storeIndU64(), frame.next(), frame.loadIndU64() else { break loop }
        case .store_ind_u64__store_ind_u64: guard frame.storeIndU64(), frame.next(), frame.storeIndU64() else { break loop }
        case .store_ind_u64__xor: guard frame.storeIndU64(), frame.next(), frame.xor() else { break loop }
        case .xor__move_reg: guard frame.xor(), frame.next(), frame.moveReg() else { break loop }
        case .xor__add_imm_64: guard frame.xor(), frame.next(), frame.addImm64() else { break loop }
        case .xor__add_64: guard frame.xor(), frame.next(), frame.add64() else { break loop }
        case .xor__load_ind_u64: guard frame.xor(), frame.next(), frame.loadIndU64() else { break loop }
        case .xor__store_ind_u64: guard frame.xor(), frame.next(), frame.storeIndU64() else { break loop }
        case .xor__xor: guard frame.xor(), frame.next(), frame.xor() else { break loop }
        case .load_imm__load_imm: guard frame.loadImm(), frame.next(), frame.loadImm() else { break loop }
        case .load_imm__move_reg: guard frame.loadImm(), frame.next(), frame.moveReg() else { break loop }
        case .move_reg__load_imm: guard frame.moveReg(), frame.next(), frame.loadImm() else { break loop }
        case .load_imm__add_64: guard frame.loadImm(), frame.next(), frame.add64() else { break loop }
        case .store_ind_u64__load_imm: guard frame.storeIndU64(), frame.next(), frame.loadImm() else { break loop }
        case .load_ind_u8__load_ind_u8: guard frame.loadIndU8(), frame.next(), frame.loadIndU8() else { break loop }
        case .load_ind_u8__add_imm_64: guard frame.loadIndU8(), frame.next(), frame.addImm64() else { break loop }
        case .load_ind_u8__shlo_l_imm_64: guard frame.loadIndU8(), frame.next(), frame.shloLImm64() else { break loop }
        case .store_ind_u8__add_imm_64: guard frame.storeIndU8(), frame.next(), frame.addImm64() else { break loop }
        case .add_64__load_ind_u8: guard frame.add64(), frame.next(), frame.loadIndU8() else { break loop }
        case .add_64__store_ind_u8: guard frame.add64(), frame.next(), frame.storeIndU8() else { break loop }
        case .load_ind_i32__add_imm_64: guard frame.loadIndI32(), frame.next(), frame.addImm64() else { break loop }
        case .load_ind_i32__add_64: guard frame.loadIndI32(), frame.next(), frame.add64() else { break loop }
        case .add_64__load_ind_i32: guard frame.add64(), frame.next(), frame.loadIndI32() else { break loop }
        case .load_ind_i32__load_ind_i32: guard frame.loadIndI32(), frame.next(), frame.loadIndI32() else { break loop }
        case .load_ind_u32__add_imm_64: guard frame.loadIndU32(), frame.next(), frame.addImm64() else { break loop }
        case .add_64__load_ind_u32: guard frame.add64(), frame.next(), frame.loadIndU32() else { break loop }
        case .store_ind_u32__store_ind_u32: guard frame.storeIndU32(), frame.next(), frame.storeIndU32() else { break loop }
        case .store_ind_u32__move_reg: guard frame.storeIndU32(), frame.next(), frame.moveReg() else { break loop }
        case .add_64__store_ind_u32: guard frame.add64(), frame.next(), frame.storeIndU32() else { break loop }
        case .add_64__store_imm_ind_u8: guard frame.add64(), frame.next(), frame.storeImmIndU8() else { break loop }
        case .shlo_l_imm_64__add_64: guard frame.shloLImm64(), frame.next(), frame.add64() else { break loop }
        case .add_imm_64__shlo_l_imm_64: guard frame.addImm64(), frame.next(), frame.shloLImm64() else { break loop }
        case .shlo_l_imm_64__xor: guard frame.shloLImm64(), frame.next(), frame.xor() else { break loop }
        case .shlo_l_imm_64__shlo_r_imm_64: guard frame.shloLImm64(), frame.next(), frame.shloRImm64() else { break loop }
        case .add_imm_64__mul_64: guard frame.addImm64(), frame.next(), frame.mul64() else { break loop }
        case .mul_64__add_64: guard frame.mul64(), frame.next(), frame.add64() else { break loop }
        case .rot_r_32_imm__xor: guard frame.rotR32Imm(), frame.next(), frame.xor() else { break loop }
        case .xor__rot_r_32_imm: guard frame.xor(), frame.next(), frame.rotR32Imm() else { break loop }
        case .rot_r_32_imm__rot_r_32_imm: guard frame.rotR32Imm(), frame.next(), frame.rotR32Imm() else { break loop }
        case .and__xor: guard frame.and(), frame.next(), frame.xor() else { break loop }
        case .xor__and: guard frame.xor(), frame.next(), frame.and() else { break loop }
        case .add_64__rot_l_64: guard frame.add64(), frame.next(), frame.rotL64() else { break loop }
        case .rot_l_64__load_ind_u64: guard frame.rotL64(), frame.next(), frame.loadIndU64() else { break loop }
        case .and_inv__xor: guard frame.andInv(), frame.next(), frame.xor() else { break loop }
        case .move_reg__move_reg__move_reg: guard frame.moveReg(), frame.next(), frame.moveReg(), frame.next(), frame.moveReg() else { break loop }
        case .load_ind_u64__load_ind_u64__load_ind_u64: guard frame.loadIndU64(), frame.next(), frame.loadIndU64(), frame.next(), frame.loadIndU64() else { break loop }
        case .store_ind_u64__store_ind_u64__store_ind_u64: guard frame.storeIndU64(), frame.next(), frame.storeIndU64(), frame.next(), frame.storeIndU64() else { break loop }
        case .rot_r_32_imm__xor__rot_r_32_imm: guard frame.rotR32Imm(), frame.next(), frame.xor(), frame.next(), frame.rotR32Imm() else { break loop }
        case .load_ind_u64__xor__store_ind_u64: guard frame.loadIndU64(), frame.next(), frame.xor(), frame.next(), frame.storeIndU64() else { break loop }
        case .add_imm_64__mul_64__add_64: guard frame.addImm64(), frame.next(), frame.mul64(), frame.next(), frame.add64() else { break loop }
        case .add_imm_64__shlo_l_imm_64__add_64: guard frame.addImm64(), frame.next(), frame.shloLImm64(), frame.next(), frame.add64() else { break loop }
        case .load_ind_u64__store_ind_u64__add_imm_64: guard frame.loadIndU64(), frame.next(), frame.storeIndU64(), frame.next(), frame.addImm64() else { break loop }

        case .add_imm_64__branch_ne:
            guard frame.addImm64(), frame.next(), frame.branch(frame.a != frame.b, pace) else { break loop }
            continue
        case .add_imm_64__branch_eq:
            guard frame.addImm64(), frame.next(), frame.branch(frame.a == frame.b, pace) else { break loop }
            continue
        case .add_imm_64__branch_lt_u:
            guard frame.addImm64(), frame.next(), frame.branch(frame.a < frame.b, pace) else { break loop }
            continue
        case .add_imm_64__branch_ge_u:
            guard frame.addImm64(), frame.next(), frame.branch(frame.a >= frame.b, pace) else { break loop }
            continue
        case .add_imm_64__branch_lt_s:
            guard frame.addImm64(), frame.next(), frame.branch(signed(frame.a) < signed(frame.b), pace) else { break loop }
            continue
        case .add_imm_64__branch_ge_s:
            guard frame.addImm64(), frame.next(), frame.branch(signed(frame.a) >= signed(frame.b), pace) else { break loop }
            continue
        case .add_imm_64__branch_ne_imm:
            guard frame.addImm64(), frame.next(), frame.branch(frame.a != frame.vx, pace) else { break loop }
            continue
        case .add_imm_64__branch_eq_imm:
            guard frame.addImm64(), frame.next(), frame.branch(frame.a == frame.vx, pace) else { break loop }
            continue
        case .add_64__branch_ne:
            guard frame.add64(), frame.next(), frame.branch(frame.a != frame.b, pace) else { break loop }
            continue
        case .add_64__branch_lt_u:
            guard frame.add64(), frame.next(), frame.branch(frame.a < frame.b, pace) else { break loop }
            continue
        case .add_64__branch_ge_u:
            guard frame.add64(), frame.next(), frame.branch(frame.a >= frame.b, pace) else { break loop }
            continue
        case .move_reg__branch_ne:
            guard frame.moveReg(), frame.next(), frame.branch(frame.a != frame.b, pace) else { break loop }
            continue
        case .move_reg__branch_lt_u:
            guard frame.moveReg(), frame.next(), frame.branch(frame.a < frame.b, pace) else { break loop }
            continue
        case .move_reg__jump:
            guard frame.moveReg(), frame.next(), frame.branch(true, pace) else { break loop }
            continue
        case .move_reg__fallthrough:
            guard frame.moveReg(), frame.next(), frame.enter(frame.ip + 1, pace) else { break loop }
            continue
        case .move_reg__load_imm_jump:
            guard frame.moveReg(), frame.next(), frame.loadImm(), frame.branch(true, pace) else { break loop }
            continue
        case .load_imm__branch_lt_u:
            guard frame.loadImm(), frame.next(), frame.branch(frame.a < frame.b, pace) else { break loop }
            continue
        case .load_imm__branch_ne:
            guard frame.loadImm(), frame.next(), frame.branch(frame.a != frame.b, pace) else { break loop }
            continue
        case .load_imm__jump:
            guard frame.loadImm(), frame.next(), frame.branch(true, pace) else { break loop }
            continue
        case .load_ind_u8__branch_eq_imm:
            guard frame.loadIndU8(), frame.next(), frame.branch(frame.a == frame.vx, pace) else { break loop }
            continue
        case .load_ind_u8__branch_ne_imm:
            guard frame.loadIndU8(), frame.next(), frame.branch(frame.a != frame.vx, pace) else { break loop }
            continue
        case .load_ind_u64__branch_eq_imm:
            guard frame.loadIndU64(), frame.next(), frame.branch(frame.a == frame.vx, pace) else { break loop }
            continue
        case .load_ind_u64__branch_ne_imm:
            guard frame.loadIndU64(), frame.next(), frame.branch(frame.a != frame.vx, pace) else { break loop }
            continue
        case .store_imm_ind_u8__branch_lt_u:
            guard frame.storeImmIndU8(), frame.next(), frame.branch(frame.a < frame.b, pace) else { break loop }
            continue
        case .and_imm__branch_eq_imm:
            guard frame.andImm(), frame.next(), frame.branch(frame.a == frame.vx, pace) else { break loop }
            continue
        case .and_imm__branch_ne_imm:
            guard frame.andImm(), frame.next(), frame.branch(frame.a != frame.vx, pace) else { break loop }
            continue
        case .add_imm_64__jump:
            guard frame.addImm64(), frame.next(), frame.branch(true, pace) else { break loop }
            continue
        case .add_imm_64__jump_ind:
            guard frame.addImm64(), frame.next(), frame.djump(low(frame.a &+ frame.vx), pace) else { break loop }
            continue
        case .add_imm_64__load_imm_jump:
            guard frame.addImm64(), frame.next(), frame.loadImm(), frame.branch(true, pace) else { break loop }
            continue
        case .add_imm_64__add_imm_64__branch_lt_u:
            guard frame.addImm64(), frame.next(), frame.addImm64(), frame.next(), frame.branch(frame.a < frame.b, pace) else { break loop }
            continue
        case .add_64__add_imm_64__branch_ne:
            guard frame.add64(), frame.next(), frame.addImm64(), frame.next(), frame.branch(frame.a != frame.b, pace) else { break loop }
            continue
        case .store_ind_u8__add_imm_64__branch_ne:
            guard frame.storeIndU8(), frame.next(), frame.addImm64(), frame.next(), frame.branch(frame.a != frame.b, pace) else { break loop }
            continue

        case .careful:
            frame.save()
            return .wantsCare
        }
        frame.ip += 1
    }
    if instance.pointee.exit == PVM_EXIT_NONE {
        frame.save()
        return .cannotPay
    }
    if !P.isCareful, !instance.pointee.program.pointee.isa.rules.chargesBlocks { frame.gas += UInt64(frame.ip.pointee.charge) - 1 }
    frame.save()
    return .stopped
}
