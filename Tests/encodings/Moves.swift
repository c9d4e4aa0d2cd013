func moves(_ list: inout Listing) {
    for w in widths {
        let n = bits(w)
        list.pairs("mov", n, n) { $0.mov(w, $1, $2) }
        list.loads("mov", n, n, Place.every) { $0.mov(w, $1, $2) }
        list.stores("mov", n, Place.every) { $0.mov(w, $1, $2) }
        list.immediates("mov", n, immediates, register: { $0.mov(w, $1, $2) }, memory: { $0.mov(w, $1, $2) })

        list.pairs("movsx", n, 8) { $0.movsx8(w, $1, $2) }
        list.loads("movsx", n, 8) { $0.movsx8(w, $1, $2) }
        list.pairs("movsx", n, 16) { $0.movsx16(w, $1, $2) }
        list.loads("movsx", n, 16) { $0.movsx16(w, $1, $2) }

        for (number, place) in Place.every.enumerated() {
            let register = registers[number % 16]
            list.expect("lea \(name(register, w)),\(place.address)") { $0.lea(w, register, place.operand) }
        }
        list.pairs("xchg", n, n) { $0.xchg(w, $1, $2) }
        list.stores("xchg", n) { $0.xchg(w, $1, $2) }
        list.singles("bswap", n) { $0.bswap(w, $1) }
        for (condition, suffix) in conditions {
            list.pairs("cmov\(suffix)", n, n) { $0.cmov(condition, w, $1, $2) }
            list.loads("cmov\(suffix)", n, n) { $0.cmov(condition, w, $1, $2) }
        }
    }

    list.stores("mov", 8, Place.every) { $0.mov8($1, $2) }
    list.stores("mov", 16, Place.every) { $0.mov16($1, $2) }
    list.immediates("mov", 8, octetImmediates, register: nil, memory: { $0.mov8($1, $2) })
    list.immediates("mov", 16, [0, 1, 0x7fff, 0x8000, 0xff, 0xffff] as [UInt16], register: nil, memory: { $0.mov16($1, $2) })
    list.pairs("movzx", 32, 8) { $0.movzx8($1, $2) }
    list.loads("movzx", 32, 8) { $0.movzx8($1, $2) }
    list.pairs("movzx", 32, 16) { $0.movzx16($1, $2) }
    list.loads("movzx", 32, 16) { $0.movzx16($1, $2) }
    list.pairs("movsxd", 64, 32) { $0.movsxd($1, $2) }
    list.loads("movsxd", 64, 32) { $0.movsxd($1, $2) }

    let wide: [UInt64] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0xffff_ffff_7fff_ffff, 0xffff_ffff_8000_0000, .max, 0x1234_5678_9abc_def0]
    for register in registers {
        for value in wide {
            let low = UInt32(truncatingIfNeeded: value), shown = "0x" + String(value, radix: 16)
            list.expect("mov \(name(register, 32)),0x\(String(low, radix: 16))") { $0.mov32(register, low) }
            list.expect("movabs \(name(register, 64)),\(shown)") { $0.mov64(register, value) }
            // The shortest: 32 bits zero-extended, 32 bits sign-extended, 64 bits.
            let text = value >> 32 == 0 ? "mov \(name(register, 32))" : value >= 0xffff_ffff_8000_0000 ? "mov \(name(register, 64))" : "movabs \(name(register, 64))"
            list.expect("\(text),\(shown)") { $0.load(register, value) }
        }
    }
    list.singles("push", 64) { $0.push($1) }
    list.singles("pop", 64) { $0.pop($1) }
    list.places("push", 64) { $0.push($1) }
    list.places("pop", 64) { $0.pop($1) }
    for (condition, suffix) in conditions {
        list.singles("set\(suffix)", 8) { $0.set(condition, $1) }
        list.places("set\(suffix)", 8) { $0.set(condition, $1) }
    }
    for number in 0..<16 {
        let xmm = Xmm(UInt8(number))
        for register in registers {
            list.expect("movq xmm\(number),\(name(register, 64))") { $0.movq(xmm, register) }
            list.expect("movq \(name(register, 64)),xmm\(number)") { $0.movq(register, xmm) }
        }
        for place in Place.some {
            list.expect("movq xmm\(number),\(place.text(64))") { $0.movq(xmm, place.operand) }
            list.expect("movq \(place.text(64)),xmm\(number)") { $0.movq(place.operand, xmm) }
        }
    }
}
