import CPVM
import VMCommon

extension Machine {
    @inline(__always)
    mutating func push(_ word: U256) {
        sp[0] = word
        sp += 1
        pc += 1
    }

    /// The data of PUSHn at pc, for n up to 8.
    @inline(__always)
    func shortData(_ octets: Int) -> UInt64 {
        switch octets {
        case 1: return UInt64(pc[1])
        case 2: return UInt64(UInt16(bigEndian: UnsafeRawPointer(pc).loadUnaligned(fromByteOffset: 1, as: UInt16.self)))
        case 3: return UInt64(UInt32(bigEndian: UnsafeRawPointer(pc).loadUnaligned(fromByteOffset: 0, as: UInt32.self)) & 0xff_ffff)
        case 4: return UInt64(UInt32(bigEndian: UnsafeRawPointer(pc).loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
        default:
            let limb = UInt64(bigEndian: UnsafeRawPointer(pc).loadUnaligned(fromByteOffset: octets - 7, as: UInt64.self))
            return octets == 8 ? limb : limb & (1 &<< UInt64(truncatingIfNeeded: octets * 8) &- 1)
        }
    }

    /// The data of PUSHn at pc. It loads whole limbs from before the data on, which `CodeImage.front` allows.
    @inline(__always)
    func data(_ octets: Int) -> U256 {
        if octets <= 8 { return U256(shortData(octets)) }
        let word = U256(bigEndian: UnsafeRawPointer(pc) + (octets - 31))
        let mask: UInt64 = octets % 8 == 0 ? .max : 1 &<< UInt64(truncatingIfNeeded: octets % 8 * 8) &- 1
        return U256(word.limb0,
                    octets >= 16 ? word.limb1 : word.limb1 & mask,
                    octets >= 24 ? word.limb2 : octets > 16 ? word.limb2 & mask : 0,
                    octets >= 32 ? word.limb3 : octets > 24 ? word.limb3 & mask : 0)
    }

    @inline(__always)
    mutating func push(octets: Int) {
        sp[0] = data(octets)
        sp += 1
        pc += 1 + octets
    }

    @inline(__always)
    mutating func pop() {
        sp -= 1
        pc += 1
    }

    @inline(__always)
    mutating func dup(_ depth: Int) {
        copy(-depth, to: 0)
        sp += 1
        pc += 1
    }

    /// Copies a word of the stack, places counted from sp.
    @inline(__always)
    func copy(_ from: Int, to place: Int) { duet_copy_word(sp + place, sp + from) }

    @inline(__always)
    mutating func swap(_ depth: Int) {
        exchange(1, depth + 1)
        pc += 1
    }

    @inline(__always)
    mutating func exchange(_ first: Int, _ second: Int) {
        duet_swap_words(sp - first, sp - second)
    }

    /// DUPN, SWAPN, EXCHANGE. EIP-8024
    @inline(__always)
    mutating func reach(_ opcode: Opcode) -> Bool {
        let status = reachInto(frame, sp, opcode, pc[1])
        if status != EVMC_SUCCESS { return end(status) }
        if opcode == .dupn { sp += 1 }
        pc += 2
        return true
    }
}

@inline(never)
private func reachInto(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ opcode: Opcode, _ immediate: UInt8) -> evmc_status_code {
    guard let reach = Reach(opcode, immediate: immediate) else { return EVMC_UNDEFINED_INSTRUCTION }
    guard reach.depth <= sp - frame.pointee.stack else { return EVMC_STACK_UNDERFLOW }
    if opcode == .dupn {
        sp[0] = sp[-reach.second]
    } else {
        let word = sp[-reach.first]
        sp[-reach.first] = sp[-reach.second]
        sp[-reach.second] = word
    }
    return EVMC_SUCCESS
}
