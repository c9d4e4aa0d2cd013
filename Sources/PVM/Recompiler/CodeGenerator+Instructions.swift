import VMCommon

/// What each operation becomes.
extension CodeGenerator {
    mutating func instruction(_ index: Int) {
        let i = instructions[index]
        switch i.plain {
        case .trap: leave(NativeExit(.panic, index))
        case .fallthrough: if i.y == Instruction.noTarget { leave(NativeExit(.panic, index)) }
        case .unlikely: break
        case .ecalli: leave(NativeExit(.hostCall, index))
        case .sbrk: leave(NativeExit(.slow, index))

        case .load_imm_64: setConstant(i.ra, i.wide)
        case .load_imm: setConstant(i.ra, i.vx)

        case .store_imm_u8: storeConstant(constantPlace(index, i.x), i.y, 1)
        case .store_imm_u16: storeConstant(constantPlace(index, i.x), i.y, 2)
        case .store_imm_u32: storeConstant(constantPlace(index, i.x), i.y, 4)
        case .store_imm_u64: storeConstant(constantPlace(index, i.x), i.y, 8)
        case .store_imm_ind_u8: storeConstant(place(index, i.ra, i.x), i.y, 1)
        case .store_imm_ind_u16: storeConstant(place(index, i.ra, i.x), i.y, 2)
        case .store_imm_ind_u32: storeConstant(place(index, i.ra, i.x), i.y, 4)
        case .store_imm_ind_u64: storeConstant(place(index, i.ra, i.x), i.y, 8)

        case .load_u8: load(i.ra, constantPlace(index, i.x), .u8)
        case .load_i8: load(i.ra, constantPlace(index, i.x), .i8)
        case .load_u16: load(i.ra, constantPlace(index, i.x), .u16)
        case .load_i16: load(i.ra, constantPlace(index, i.x), .i16)
        case .load_u32: load(i.ra, constantPlace(index, i.x), .u32)
        case .load_i32: load(i.ra, constantPlace(index, i.x), .i32)
        case .load_u64: load(i.ra, constantPlace(index, i.x), .u64)
        case .store_u8: store(i.ra, constantPlace(index, i.x), 1)
        case .store_u16: store(i.ra, constantPlace(index, i.x), 2)
        case .store_u32: store(i.ra, constantPlace(index, i.x), 4)
        case .store_u64: store(i.ra, constantPlace(index, i.x), 8)
        case .load_ind_u8: load(i.ra, place(index, i.rb, i.x), .u8)
        case .load_ind_i8: load(i.ra, place(index, i.rb, i.x), .i8)
        case .load_ind_u16: load(i.ra, place(index, i.rb, i.x), .u16)
        case .load_ind_i16: load(i.ra, place(index, i.rb, i.x), .i16)
        case .load_ind_u32: load(i.ra, place(index, i.rb, i.x), .u32)
        case .load_ind_i32: load(i.ra, place(index, i.rb, i.x), .i32)
        case .load_ind_u64: load(i.ra, place(index, i.rb, i.x), .u64)
        case .store_ind_u8: store(i.ra, place(index, i.rb, i.x), 1)
        case .store_ind_u16: store(i.ra, place(index, i.rb, i.x), 2)
        case .store_ind_u32: store(i.ra, place(index, i.rb, i.x), 4)
        case .store_ind_u64: store(i.ra, place(index, i.rb, i.x), 8)

        case .jump: jump(index, i.y)
        case .load_imm_jump:
            setConstant(i.ra, i.vx)
            jump(index, i.y)
        case .jump_ind: dynamicJump(index, i.ra, i.x)
        case .load_imm_jump_ind:
            dynamicJump(index, i.rb, i.y, loads: (i.ra, i.vx))
        case .branch_eq_imm: branch(index, .equal, i.ra, constant: i.x, i.y)
        case .branch_ne_imm: branch(index, .notEqual, i.ra, constant: i.x, i.y)
        case .branch_lt_u_imm: branch(index, .below, i.ra, constant: i.x, i.y)
        case .branch_le_u_imm: branch(index, .belowOrEqual, i.ra, constant: i.x, i.y)
        case .branch_ge_u_imm: branch(index, .aboveOrEqual, i.ra, constant: i.x, i.y)
        case .branch_gt_u_imm: branch(index, .above, i.ra, constant: i.x, i.y)
        case .branch_lt_s_imm: branch(index, .less, i.ra, constant: i.x, i.y)
        case .branch_le_s_imm: branch(index, .lessOrEqual, i.ra, constant: i.x, i.y)
        case .branch_ge_s_imm: branch(index, .greaterOrEqual, i.ra, constant: i.x, i.y)
        case .branch_gt_s_imm: branch(index, .greater, i.ra, constant: i.x, i.y)
        case .branch_eq: branch(index, .equal, i.ra, i.rb, i.y)
        case .branch_ne: branch(index, .notEqual, i.ra, i.rb, i.y)
        case .branch_lt_u: branch(index, .below, i.ra, i.rb, i.y)
        case .branch_lt_s: branch(index, .less, i.ra, i.rb, i.y)
        case .branch_ge_u: branch(index, .aboveOrEqual, i.ra, i.rb, i.y)
        case .branch_ge_s: branch(index, .greaterOrEqual, i.ra, i.rb, i.y)

        case .move_reg: move(i)
        case .count_set_bits_64: count(index, i, .w64, .popcnt) { asm, reg in asm.popcnt(.w64, reg, reg) }
        case .count_set_bits_32: count(index, i, .w32, .popcnt) { asm, reg in asm.popcnt(.w32, reg, reg) }
        case .leading_zero_bits_64: count(index, i, .w64, .lzcnt) { asm, reg in asm.lzcnt(.w64, reg, reg) }
        case .leading_zero_bits_32: count(index, i, .w32, .lzcnt) { asm, reg in asm.lzcnt(.w32, reg, reg) }
        case .trailing_zero_bits_64: count(index, i, .w64, .bmi1) { asm, reg in asm.tzcnt(.w64, reg, reg) }
        case .trailing_zero_bits_32: count(index, i, .w32, .bmi1) { asm, reg in asm.tzcnt(.w32, reg, reg) }
        case .sign_extend_8: unary(i) { asm, target, source in asm.movsx8(.w64, target, source) }
        case .sign_extend_16: unary(i) { asm, target, source in asm.movsx16(.w64, target, source) }
        case .zero_extend_16: unary(i) { asm, target, source in asm.movzx16(target, source) }
        case .reverse_bytes:
            fetch(i.ra, into: target(i.rd))
            asm.bswap(.w64, target(i.rd))
            write(i.rd, target(i.rd))

        case .add_imm_32: addConstant(.w32, i.ra, i.rb, i.x)
        case .add_imm_64: addConstant(.w64, i.ra, i.rb, i.x)
        case .and_imm: constant(.and, i.ra, i.rb, i.x)
        case .xor_imm: constant(.xor, i.ra, i.rb, i.x)
        case .or_imm: constant(.or, i.ra, i.rb, i.x)
        case .mul_imm_32: multiplyConstant(.w32, i.ra, i.rb, i.x)
        case .mul_imm_64: multiplyConstant(.w64, i.ra, i.rb, i.x)
        case .neg_add_imm_32: subtractFromConstant(.w32, i.ra, i.rb, i.x)
        case .neg_add_imm_64: subtractFromConstant(.w64, i.ra, i.rb, i.x)
        case .set_lt_u_imm: compare(.below, i.ra, i.rb, constant: i.x)
        case .set_lt_s_imm: compare(.less, i.ra, i.rb, constant: i.x)
        case .set_gt_u_imm: compare(.above, i.ra, i.rb, constant: i.x)
        case .set_gt_s_imm: compare(.greater, i.ra, i.rb, constant: i.x)
        case .shlo_l_imm_32: shiftConstant(.shl, .w32, i.ra, i.rb, i.x)
        case .shlo_r_imm_32: shiftConstant(.shr, .w32, i.ra, i.rb, i.x)
        case .shar_r_imm_32: shiftConstant(.sar, .w32, i.ra, i.rb, i.x)
        case .shlo_l_imm_64: shiftConstant(.shl, .w64, i.ra, i.rb, i.x)
        case .shlo_r_imm_64: shiftConstant(.shr, .w64, i.ra, i.rb, i.x)
        case .shar_r_imm_64: shiftConstant(.sar, .w64, i.ra, i.rb, i.x)
        case .rot_r_64_imm: shiftConstant(.ror, .w64, i.ra, i.rb, i.x)
        case .rot_r_32_imm: shiftConstant(.ror, .w32, i.ra, i.rb, i.x)
        case .shlo_l_imm_alt_32: shiftOfConstant(.shl, .w32, i.ra, i.x, by: i.rb)
        case .shlo_r_imm_alt_32: shiftOfConstant(.shr, .w32, i.ra, i.x, by: i.rb)
        case .shar_r_imm_alt_32: shiftOfConstant(.sar, .w32, i.ra, i.x, by: i.rb)
        case .shlo_l_imm_alt_64: shiftOfConstant(.shl, .w64, i.ra, i.x, by: i.rb)
        case .shlo_r_imm_alt_64: shiftOfConstant(.shr, .w64, i.ra, i.x, by: i.rb)
        case .shar_r_imm_alt_64: shiftOfConstant(.sar, .w64, i.ra, i.x, by: i.rb)
        case .rot_r_64_imm_alt: shiftOfConstant(.ror, .w64, i.ra, i.x, by: i.rb)
        case .rot_r_32_imm_alt: shiftOfConstant(.ror, .w32, i.ra, i.x, by: i.rb)
        case .cmov_iz_imm: moveConstant(.equal, i.ra, i.x, test: i.rb)
        case .cmov_nz_imm: moveConstant(.notEqual, i.ra, i.x, test: i.rb)

        case .add_32: commutative(.add, .w32, i)
        case .add_64: add(index, i)
        case .sub_32: subtract(.w32, i)
        case .sub_64: subtract(.w64, i)
        case .and: commutative(.and, .w64, i)
        case .xor: commutative(.xor, .w64, i)
        case .or: commutative(.or, .w64, i)
        case .mul_32: multiply(.w32, i)
        case .mul_64: multiply(.w64, i)
        case .mul_upper_s_s: multiplyUpper(i, .signed)
        case .mul_upper_u_u: multiplyUpper(i, .unsigned)
        case .mul_upper_s_u: multiplyUpper(i, .mixed)
        case .div_u_32: divide(i, .w32, isSigned: false, .quotient)
        case .div_s_32: divide(i, .w32, isSigned: true, .quotient)
        case .rem_u_32: divide(i, .w32, isSigned: false, .remainder)
        case .rem_s_32: divide(i, .w32, isSigned: true, .remainder)
        case .div_u_64: divide(i, .w64, isSigned: false, .quotient)
        case .div_s_64: divide(i, .w64, isSigned: true, .quotient)
        case .rem_u_64: divide(i, .w64, isSigned: false, .remainder)
        case .rem_s_64: divide(i, .w64, isSigned: true, .remainder)
        case .shlo_l_32: shift(.shl, .w32, i)
        case .shlo_r_32: shift(.shr, .w32, i)
        case .shar_r_32: shift(.sar, .w32, i)
        case .shlo_l_64: shift(.shl, .w64, i)
        case .shlo_r_64: shift(.shr, .w64, i)
        case .shar_r_64: shift(.sar, .w64, i)
        case .rot_l_64: shift(.rol, .w64, i)
        case .rot_l_32: shift(.rol, .w32, i)
        case .rot_r_64: shift(.ror, .w64, i)
        case .rot_r_32: shift(.ror, .w32, i)
        case .set_lt_u: compare(.below, i.rd, i.ra, i.rb)
        case .set_lt_s: compare(.less, i.rd, i.ra, i.rb)
        case .cmov_iz: moveIf(.equal, i)
        case .cmov_nz: moveIf(.notEqual, i)
        case .and_inv: invertedAnd(i)
        case .or_inv:
            fetch(i.rb, into: .rax)
            asm.not(.w64, .rax)
            op(.or, .w64, .rax, i.ra)
            write(i.rd, .rax)
        case .xnor:
            fetch(i.rb, into: .rax)
            op(.xor, .w64, .rax, i.ra)
            asm.not(.w64, .rax)
            write(i.rd, .rax)
        case .max: choose(.less, i)
        case .max_u: choose(.below, i)
        case .min: choose(.greater, i)
        case .min_u: choose(.above, i)

        default: leave(NativeExit(.slow, index))
        }
    }
}
