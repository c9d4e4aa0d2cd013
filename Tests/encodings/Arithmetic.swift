func arithmetic(_ list: inout Listing) {
    for w in widths {
        let n = bits(w)
        list.pairs("add", n, n) { $0.add(w, $1, $2) }
        list.loads("add", n, n) { $0.add(w, $1, $2) }
        list.stores("add", n) { $0.add(w, $1, $2) }
        list.immediates("add", n, immediates, register: { $0.add(w, $1, $2) }, memory: { $0.add(w, $1, $2) })
        list.pairs("or", n, n) { $0.or(w, $1, $2) }
        list.loads("or", n, n) { $0.or(w, $1, $2) }
        list.stores("or", n) { $0.or(w, $1, $2) }
        list.immediates("or", n, immediates, register: { $0.or(w, $1, $2) }, memory: { $0.or(w, $1, $2) })
        list.pairs("adc", n, n) { $0.adc(w, $1, $2) }
        list.loads("adc", n, n) { $0.adc(w, $1, $2) }
        list.stores("adc", n) { $0.adc(w, $1, $2) }
        list.immediates("adc", n, immediates, register: { $0.adc(w, $1, $2) }, memory: { $0.adc(w, $1, $2) })
        list.pairs("sbb", n, n) { $0.sbb(w, $1, $2) }
        list.loads("sbb", n, n) { $0.sbb(w, $1, $2) }
        list.stores("sbb", n) { $0.sbb(w, $1, $2) }
        list.immediates("sbb", n, immediates, register: { $0.sbb(w, $1, $2) }, memory: { $0.sbb(w, $1, $2) })
        list.pairs("and", n, n) { $0.and(w, $1, $2) }
        list.loads("and", n, n) { $0.and(w, $1, $2) }
        list.stores("and", n) { $0.and(w, $1, $2) }
        list.immediates("and", n, immediates, register: { $0.and(w, $1, $2) }, memory: { $0.and(w, $1, $2) })
        list.pairs("sub", n, n) { $0.sub(w, $1, $2) }
        list.loads("sub", n, n) { $0.sub(w, $1, $2) }
        list.stores("sub", n) { $0.sub(w, $1, $2) }
        list.immediates("sub", n, immediates, register: { $0.sub(w, $1, $2) }, memory: { $0.sub(w, $1, $2) })
        list.pairs("xor", n, n) { $0.xor(w, $1, $2) }
        list.loads("xor", n, n) { $0.xor(w, $1, $2) }
        list.stores("xor", n) { $0.xor(w, $1, $2) }
        list.immediates("xor", n, immediates, register: { $0.xor(w, $1, $2) }, memory: { $0.xor(w, $1, $2) })
        list.pairs("cmp", n, n) { $0.cmp(w, $1, $2) }
        list.loads("cmp", n, n) { $0.cmp(w, $1, $2) }
        list.stores("cmp", n) { $0.cmp(w, $1, $2) }
        list.immediates("cmp", n, immediates, register: { $0.cmp(w, $1, $2) }, memory: { $0.cmp(w, $1, $2) })
        list.pairs("test", n, n) { $0.test(w, $1, $2) }
        list.stores("test", n) { $0.test(w, $1, $2) }
        list.immediates("test", n, immediates, register: { $0.test(w, $1, $2) }, memory: { $0.test(w, $1, $2) })
        list.pairs("bt", n, n) { $0.bt(w, $1, $2) }
        list.immediates("bt", n, octetImmediates, register: { $0.bt(w, $1, $2) }, memory: { $0.bt(w, $1, $2) })

        list.pairs("imul", n, n) { $0.imul(w, $1, $2) }
        list.loads("imul", n, n) { $0.imul(w, $1, $2) }
        for immediate in immediates {
            let shown = text(Int64(immediate), n)
            for left in registers {
                for right in registers {
                    list.expect("imul \(name(left, n)),\(name(right, n)),\(shown)") { $0.imul(w, left, right, immediate) }
                }
            }
            for place in Place.some {
                list.expect("imul \(name(.r9, n)),\(place.text(n)),\(shown)") { $0.imul(w, .r9, place.operand, immediate) }
            }
        }
        list.singles("inc", n) { $0.inc(w, $1) }
        list.places("inc", n) { $0.inc(w, $1) }
        list.singles("dec", n) { $0.dec(w, $1) }
        list.places("dec", n) { $0.dec(w, $1) }
        list.singles("not", n) { $0.not(w, $1) }
        list.places("not", n) { $0.not(w, $1) }
        list.singles("neg", n) { $0.neg(w, $1) }
        list.places("neg", n) { $0.neg(w, $1) }
        list.singles("mul", n) { $0.mul(w, $1) }
        list.places("mul", n) { $0.mul(w, $1) }
        list.singles("imul", n) { $0.imul(w, $1) }
        list.places("imul", n) { $0.imul(w, $1) }
        list.singles("div", n) { $0.div(w, $1) }
        list.places("div", n) { $0.div(w, $1) }
        list.singles("idiv", n) { $0.idiv(w, $1) }
        list.places("idiv", n) { $0.idiv(w, $1) }
    }
    list.expect("cdq") { $0.cdq() }
    list.expect("cqo") { $0.cqo() }

    let octet: [(Arithmetic, String)] = [
        (.add, "add"), (.or, "or"), (.adc, "adc"), (.sbb, "sbb"), (.and, "and"), (.sub, "sub"), (.xor, "xor"), (.cmp, "cmp"),
    ]
    for (operation, mnemonic) in octet {
        list.pairs(mnemonic, 8, 8) { $0.op8(operation, $1, $2) }
        list.stores(mnemonic, 8) { $0.op8(operation, $1, $2) }
        list.immediates(mnemonic, 8, octetImmediates, register: { $0.op8(operation, $1, $2) }, memory: { $0.op8(operation, $1, $2) })
    }
    list.immediates("cmp", 8, octetImmediates, register: { $0.cmp8($1, $2) }, memory: { $0.cmp8($1, $2) })
    list.pairs("test", 8, 8) { $0.test8($1, $2) }
    list.stores("test", 8) { $0.test8($1, $2) }
    list.immediates("test", 8, octetImmediates, register: { $0.test8($1, $2) }, memory: { $0.test8($1, $2) })
}
