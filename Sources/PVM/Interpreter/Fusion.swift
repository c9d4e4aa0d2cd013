import CPVM
import VMCommon

/// Sequences of instructions that the fast loop executes with one dispatch.
///
/// Fusing changes nothing but the first instruction's `handler`: the others stay as they are, for jumps into the middle and for
/// the careful pace. Which sequences is a matter of measurement (docs/decisions/0004-fused-handlers.md); any would be correct as
/// long as nothing but the last can leave the sequence other than by ending the run.
struct Fusion: Sendable, BitwiseCopyable {
    let first: Handler
    let second: Handler
    /// Nil for a pair.
    let third: Handler?
    let fused: Handler

    init(_ first: Handler, _ second: Handler, _ fused: Handler) {
        self.first = first
        self.second = second
        third = nil
        self.fused = fused
    }

    init(_ first: Handler, _ second: Handler, _ third: Handler, _ fused: Handler) {
        self.first = first
        self.second = second
        self.third = third
        self.fused = fused
    }
}

let fusions: InlineArray<111, Fusion> = [
    Fusion(.move_reg, .move_reg, .move_reg__move_reg),
    Fusion(.move_reg, .add_imm_64, .move_reg__add_imm_64),
    Fusion(.move_reg, .add_64, .move_reg__add_64),
    Fusion(.move_reg, .load_ind_u64, .move_reg__load_ind_u64),
    Fusion(.move_reg, .store_ind_u64, .move_reg__store_ind_u64),
    Fusion(.move_reg, .xor, .move_reg__xor),
    Fusion(.add_imm_64, .move_reg, .add_imm_64__move_reg),
    Fusion(.add_imm_64, .add_imm_64, .add_imm_64__add_imm_64),
    Fusion(.add_imm_64, .add_64, .add_imm_64__add_64),
    Fusion(.add_imm_64, .load_ind_u64, .add_imm_64__load_ind_u64),
    Fusion(.add_imm_64, .store_ind_u64, .add_imm_64__store_ind_u64),
    Fusion(.add_imm_64, .xor, .add_imm_64__xor),
    Fusion(.add_64, .move_reg, .add_64__move_reg),
    Fusion(.add_64, .add_imm_64, .add_64__add_imm_64),
    Fusion(.add_64, .add_64, .add_64__add_64),
    Fusion(.add_64, .load_ind_u64, .add_64__load_ind_u64),
    Fusion(.add_64, .store_ind_u64, .add_64__store_ind_u64),
    Fusion(.add_64, .xor, .add_64__xor),
    Fusion(.load_ind_u64, .move_reg, .load_ind_u64__move_reg),
    Fusion(.load_ind_u64, .add_imm_64, .load_ind_u64__add_imm_64),
    Fusion(.load_ind_u64, .add_64, .load_ind_u64__add_64),
    Fusion(.load_ind_u64, .load_ind_u64, .load_ind_u64__load_ind_u64),
    Fusion(.load_ind_u64, .store_ind_u64, .load_ind_u64__store_ind_u64),
    Fusion(.load_ind_u64, .xor, .load_ind_u64__xor),
    Fusion(.store_ind_u64, .move_reg, .store_ind_u64__move_reg),
    Fusion(.store_ind_u64, .add_imm_64, .store_ind_u64__add_imm_64),
    Fusion(.store_ind_u64, .add_64, .store_ind_u64__add_64),
    Fusion(.store_ind_u64, .load_ind_u64, .store_ind_u64__load_ind_u64),
    Fusion(.store_ind_u64, .store_ind_u64, .store_ind_u64__store_ind_u64),
    Fusion(.store_ind_u64, .xor, .store_ind_u64__xor),
    Fusion(.xor, .move_reg, .xor__move_reg),
    Fusion(.xor, .add_imm_64, .xor__add_imm_64),
    Fusion(.xor, .add_64, .xor__add_64),
    Fusion(.xor, .load_ind_u64, .xor__load_ind_u64),
    Fusion(.xor, .store_ind_u64, .xor__store_ind_u64),
    Fusion(.xor, .xor, .xor__xor),
    Fusion(.load_imm, .load_imm, .load_imm__load_imm),
    Fusion(.load_imm, .move_reg, .load_imm__move_reg),
    Fusion(.move_reg, .load_imm, .move_reg__load_imm),
    Fusion(.load_imm, .add_64, .load_imm__add_64),
    Fusion(.store_ind_u64, .load_imm, .store_ind_u64__load_imm),
    Fusion(.load_ind_u8, .load_ind_u8, .load_ind_u8__load_ind_u8),
    Fusion(.load_ind_u8, .add_imm_64, .load_ind_u8__add_imm_64),
    Fusion(.load_ind_u8, .shlo_l_imm_64, .load_ind_u8__shlo_l_imm_64),
    Fusion(.store_ind_u8, .add_imm_64, .store_ind_u8__add_imm_64),
    Fusion(.add_64, .load_ind_u8, .add_64__load_ind_u8),
    Fusion(.add_64, .store_ind_u8, .add_64__store_ind_u8),
    Fusion(.load_ind_i32, .add_imm_64, .load_ind_i32__add_imm_64),
    Fusion(.load_ind_i32, .add_64, .load_ind_i32__add_64),
    Fusion(.add_64, .load_ind_i32, .add_64__load_ind_i32),
    Fusion(.load_ind_i32, .load_ind_i32, .load_ind_i32__load_ind_i32),
    Fusion(.load_ind_u32, .add_imm_64, .load_ind_u32__add_imm_64),
    Fusion(.add_64, .load_ind_u32, .add_64__load_ind_u32),
    Fusion(.store_ind_u32, .store_ind_u32, .store_ind_u32__store_ind_u32),
    Fusion(.store_ind_u32, .move_reg, .store_ind_u32__move_reg),
    Fusion(.add_64, .store_ind_u32, .add_64__store_ind_u32),
    Fusion(.add_64, .store_imm_ind_u8, .add_64__store_imm_ind_u8),
    Fusion(.shlo_l_imm_64, .add_64, .shlo_l_imm_64__add_64),
    Fusion(.add_imm_64, .shlo_l_imm_64, .add_imm_64__shlo_l_imm_64),
    Fusion(.shlo_l_imm_64, .xor, .shlo_l_imm_64__xor),
    Fusion(.shlo_l_imm_64, .shlo_r_imm_64, .shlo_l_imm_64__shlo_r_imm_64),
    Fusion(.add_imm_64, .mul_64, .add_imm_64__mul_64),
    Fusion(.mul_64, .add_64, .mul_64__add_64),
    Fusion(.rot_r_32_imm, .xor, .rot_r_32_imm__xor),
    Fusion(.xor, .rot_r_32_imm, .xor__rot_r_32_imm),
    Fusion(.rot_r_32_imm, .rot_r_32_imm, .rot_r_32_imm__rot_r_32_imm),
    Fusion(.and, .xor, .and__xor),
    Fusion(.xor, .and, .xor__and),
    Fusion(.add_64, .rot_l_64, .add_64__rot_l_64),
    Fusion(.rot_l_64, .load_ind_u64, .rot_l_64__load_ind_u64),
    Fusion(.and_inv, .xor, .and_inv__xor),
    Fusion(.move_reg, .move_reg, .move_reg, .move_reg__move_reg__move_reg),
    Fusion(.load_ind_u64, .load_ind_u64, .load_ind_u64, .load_ind_u64__load_ind_u64__load_ind_u64),
    Fusion(.store_ind_u64, .store_ind_u64, .store_ind_u64, .store_ind_u64__store_ind_u64__store_ind_u64),
    Fusion(.rot_r_32_imm, .xor, .rot_r_32_imm, .rot_r_32_imm__xor__rot_r_32_imm),
    Fusion(.load_ind_u64, .xor, .store_ind_u64, .load_ind_u64__xor__store_ind_u64),
    Fusion(.add_imm_64, .mul_64, .add_64, .add_imm_64__mul_64__add_64),
    Fusion(.add_imm_64, .shlo_l_imm_64, .add_64, .add_imm_64__shlo_l_imm_64__add_64),
    Fusion(.load_ind_u64, .store_ind_u64, .add_imm_64, .load_ind_u64__store_ind_u64__add_imm_64),
    Fusion(.add_imm_64, .branch_ne, .add_imm_64__branch_ne),
    Fusion(.add_imm_64, .branch_eq, .add_imm_64__branch_eq),
    Fusion(.add_imm_64, .branch_lt_u, .add_imm_64__branch_lt_u),
    Fusion(.add_imm_64, .branch_ge_u, .add_imm_64__branch_ge_u),
    Fusion(.add_imm_64, .branch_lt_s, .add_imm_64__branch_lt_s),
    Fusion(.add_imm_64, .branch_ge_s, .add_imm_64__branch_ge_s),
    Fusion(.add_imm_64, .branch_ne_imm, .add_imm_64__branch_ne_imm),
    Fusion(.add_imm_64, .branch_eq_imm, .add_imm_64__branch_eq_imm),
    Fusion(.add_64, .branch_ne, .add_64__branch_ne),
    Fusion(.add_64, .branch_lt_u, .add_64__branch_lt_u),
    Fusion(.add_64, .branch_ge_u, .add_64__branch_ge_u),
    Fusion(.move_reg, .branch_ne, .move_reg__branch_ne),
    Fusion(.move_reg, .branch_lt_u, .move_reg__branch_lt_u),
    Fusion(.move_reg, .jump, .move_reg__jump),
    Fusion(.move_reg, .fallthrough, .move_reg__fallthrough),
    Fusion(.move_reg, .load_imm_jump, .move_reg__load_imm_jump),
    Fusion(.load_imm, .branch_lt_u, .load_imm__branch_lt_u),
    Fusion(.load_imm, .branch_ne, .load_imm__branch_ne),
    Fusion(.load_imm, .jump, .load_imm__jump),
    Fusion(.load_ind_u8, .branch_eq_imm, .load_ind_u8__branch_eq_imm),
    Fusion(.load_ind_u8, .branch_ne_imm, .load_ind_u8__branch_ne_imm),
    Fusion(.load_ind_u64, .branch_eq_imm, .load_ind_u64__branch_eq_imm),
    Fusion(.load_ind_u64, .branch_ne_imm, .load_ind_u64__branch_ne_imm),
    Fusion(.store_imm_ind_u8, .branch_lt_u, .store_imm_ind_u8__branch_lt_u),
    Fusion(.and_imm, .branch_eq_imm, .and_imm__branch_eq_imm),
    Fusion(.and_imm, .branch_ne_imm, .and_imm__branch_ne_imm),
    Fusion(.add_imm_64, .jump, .add_imm_64__jump),
    Fusion(.add_imm_64, .jump_ind, .add_imm_64__jump_ind),
    Fusion(.add_imm_64, .load_imm_jump, .add_imm_64__load_imm_jump),
    Fusion(.add_imm_64, .add_imm_64, .branch_lt_u, .add_imm_64__add_imm_64__branch_lt_u),
    Fusion(.add_64, .add_imm_64, .branch_ne, .add_64__add_imm_64__branch_ne),
    Fusion(.store_ind_u8, .add_imm_64, .branch_ne, .store_ind_u8__add_imm_64__branch_ne)
]

/// For each pair of operations, by `key`: 1 + the number in `fusions` of that pair, and of the first triple that starts with it;
/// 0 for none.
private let fusedPairs = index { $0.third == nil }
private let fusedTriples = index { $0.third != nil }
private let fusionTable = Table(count: fusions.count) { fusions[$0] }

private let operations = 140

@inline(__always)
private func key(_ first: Handler, _ second: Handler) -> Int { first.row * operations + second.row }

private func index(_ isWanted: (Fusion) -> Bool) -> Table<UInt8> {
    var numbers = InlineArray<19600, UInt8>(repeating: 0)
    for number in fusions.indices where isWanted(fusions[number]) { numbers[key(fusions[number].first, fusions[number].second)] = UInt8(truncatingIfNeeded: number + 1) }
    return Table(count: operations * operations) { numbers[$0] }
}

/// The handler for these three operations in a row, the third nil at the end; nil if the first is best left alone.
@inline(__always)
private func fusedHandler(_ first: Handler, _ second: Handler, _ third: Handler?) -> Handler? {
    let key = key(first, second)
    let triple = fusedTriples[key]
    if triple != 0, fusionTable[Int(triple) - 1].third == third { return fusionTable[Int(triple) - 1].fused }
    let pair = fusedPairs[key]
    return pair == 0 ? nil : fusionTable[Int(pair) - 1].fused
}

extension UnsafeMutablePointer<Program> {
    /// Before the fast loop first runs the program: what is only compiled needs no fused handlers.
    @inline(__always)
    func prepareForFastLoop() {
        if duet_flag_is_set(isFused) { return }
        fuseOnce()
    }

    @inline(never)
    private func fuseOnce() {
        duet_fusion_lock()
        defer { duet_fusion_unlock() }
        if duet_flag_is_set(isFused) { return }
        pointee.fuse()
        duet_flag_set(isFused)
    }
}

extension Program {
    /// Gives every instruction that starts a known sequence its fused handler. What wants care is left alone.
    fileprivate func fuse() {
        for index in 0..<max(0, instructionCount - 1) {
            let here = instructions + index
            // Successors still have their plain handlers, or `careful`.
            guard here[0].handler == here[0].plain, here[1].handler == here[1].plain else { continue }
            let third = index + 2 < instructionCount && here[2].handler == here[2].plain ? here[2].plain : nil
            if let fused = fusedHandler(here[0].plain, here[1].plain, third) { here[0].handler = fused }
        }
    }
}
