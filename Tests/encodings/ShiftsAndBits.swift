func shifts(_ list: inout Listing) {
    for w in widths {
        let n = bits(w)
        list.immediates("rol", n, octetImmediates.filter { $0 != 1 }, register: { $0.rol(w, $1, $2) }, memory: { $0.rol(w, $1, $2) })
        list.singles("rol", n, { $0.rol(w, $1, 1) }, suffix: ",1")
        list.places("rol", n, { $0.rol(w, $1, 1) }, suffix: ",1")
        list.singles("rol", n, { $0.rolCL(w, $1) }, suffix: ",cl")
        list.places("rol", n, { $0.rolCL(w, $1) }, suffix: ",cl")
        list.immediates("ror", n, octetImmediates.filter { $0 != 1 }, register: { $0.ror(w, $1, $2) }, memory: { $0.ror(w, $1, $2) })
        list.singles("ror", n, { $0.ror(w, $1, 1) }, suffix: ",1")
        list.places("ror", n, { $0.ror(w, $1, 1) }, suffix: ",1")
        list.singles("ror", n, { $0.rorCL(w, $1) }, suffix: ",cl")
        list.places("ror", n, { $0.rorCL(w, $1) }, suffix: ",cl")
        list.immediates("shl", n, octetImmediates.filter { $0 != 1 }, register: { $0.shl(w, $1, $2) }, memory: { $0.shl(w, $1, $2) })
        list.singles("shl", n, { $0.shl(w, $1, 1) }, suffix: ",1")
        list.places("shl", n, { $0.shl(w, $1, 1) }, suffix: ",1")
        list.singles("shl", n, { $0.shlCL(w, $1) }, suffix: ",cl")
        list.places("shl", n, { $0.shlCL(w, $1) }, suffix: ",cl")
        list.immediates("shr", n, octetImmediates.filter { $0 != 1 }, register: { $0.shr(w, $1, $2) }, memory: { $0.shr(w, $1, $2) })
        list.singles("shr", n, { $0.shr(w, $1, 1) }, suffix: ",1")
        list.places("shr", n, { $0.shr(w, $1, 1) }, suffix: ",1")
        list.singles("shr", n, { $0.shrCL(w, $1) }, suffix: ",cl")
        list.places("shr", n, { $0.shrCL(w, $1) }, suffix: ",cl")
        list.immediates("sar", n, octetImmediates.filter { $0 != 1 }, register: { $0.sar(w, $1, $2) }, memory: { $0.sar(w, $1, $2) })
        list.singles("sar", n, { $0.sar(w, $1, 1) }, suffix: ",1")
        list.places("sar", n, { $0.sar(w, $1, 1) }, suffix: ",1")
        list.singles("sar", n, { $0.sarCL(w, $1) }, suffix: ",cl")
        list.places("sar", n, { $0.sarCL(w, $1) }, suffix: ",cl")
        for left in registers {
            for right in registers {
                let both = "shld \(name(left, n)),\(name(right, n))"
                list.expect("\(both),0x7") { $0.shld(w, left, right, 7) }
                list.expect("\(both),cl") { $0.shldCL(w, left, right) }
            }
            for place in Place.some {
                list.expect("shld \(place.text(n)),\(name(left, n)),0x3f") { $0.shld(w, place.operand, left, 63) }
                list.expect("shld \(place.text(n)),\(name(left, n)),cl") { $0.shldCL(w, place.operand, left) }
            }
        }
        for left in registers {
            for right in registers {
                let both = "shrd \(name(left, n)),\(name(right, n))"
                list.expect("\(both),0x7") { $0.shrd(w, left, right, 7) }
                list.expect("\(both),cl") { $0.shrdCL(w, left, right) }
            }
            for place in Place.some {
                list.expect("shrd \(place.text(n)),\(name(left, n)),0x3f") { $0.shrd(w, place.operand, left, 63) }
                list.expect("shrd \(place.text(n)),\(name(left, n)),cl") { $0.shrdCL(w, place.operand, left) }
            }
        }
        list.threes("shlx", w, middle: { $0.shlx(w, $1, $2, $3) }, memory: { $0.shlx(w, $1, $2, $3) })
        list.threes("sarx", w, middle: { $0.sarx(w, $1, $2, $3) }, memory: { $0.sarx(w, $1, $2, $3) })
        list.threes("shrx", w, middle: { $0.shrx(w, $1, $2, $3) }, memory: { $0.shrx(w, $1, $2, $3) })
        list.threes("bzhi", w, middle: { $0.bzhi(w, $1, $2, $3) }, memory: { $0.bzhi(w, $1, $2, $3) })
        for amount in octetImmediates {
            let shown = text(Int64(amount), 8)
            for left in registers {
                for right in registers {
                    list.expect("rorx \(name(left, n)),\(name(right, n)),\(shown)") { $0.rorx(w, left, right, amount) }
                }
            }
            for place in Place.some {
                list.expect("rorx \(name(.r10, n)),\(place.text(n)),\(shown)") { $0.rorx(w, .r10, place.operand, amount) }
            }
        }
    }
}

func bitCounts(_ list: inout Listing) {
    for w in widths {
        let n = bits(w)
        list.pairs("bsf", n, n) { $0.bsf(w, $1, $2) }
        list.loads("bsf", n, n) { $0.bsf(w, $1, $2) }
        list.pairs("bsr", n, n) { $0.bsr(w, $1, $2) }
        list.loads("bsr", n, n) { $0.bsr(w, $1, $2) }
        list.pairs("popcnt", n, n) { $0.popcnt(w, $1, $2) }
        list.loads("popcnt", n, n) { $0.popcnt(w, $1, $2) }
        list.pairs("tzcnt", n, n) { $0.tzcnt(w, $1, $2) }
        list.loads("tzcnt", n, n) { $0.tzcnt(w, $1, $2) }
        list.pairs("lzcnt", n, n) { $0.lzcnt(w, $1, $2) }
        list.loads("lzcnt", n, n) { $0.lzcnt(w, $1, $2) }
        list.pairs("adcx", n, n) { $0.adcx(w, $1, $2) }
        list.loads("adcx", n, n) { $0.adcx(w, $1, $2) }
        list.pairs("adox", n, n) { $0.adox(w, $1, $2) }
        list.loads("adox", n, n) { $0.adox(w, $1, $2) }
        for first in registers {
            for second in registers {
                let both = "\(name(first, n)),\(name(second, n))"
                for third in registers {
                    list.expect("andn \(both),\(name(third, n))") { $0.andn(w, first, second, third) }
                    list.expect("mulx \(both),\(name(third, n))") { $0.mulx(w, high: first, low: second, third) }
                }
            }
            for place in Place.some {
                list.expect("andn \(name(first, n)),\(name(.r13, n)),\(place.text(n))") { $0.andn(w, first, .r13, place.operand) }
                list.expect("mulx \(name(.rbp, n)),\(name(first, n)),\(place.text(n))") { $0.mulx(w, high: .rbp, low: first, place.operand) }
            }
        }
    }
}

extension Listing {
    /// r, r/m, r of BMI2, where the last operand is the one in vvvv.
    mutating func threes(_ mnemonic: String, _ w: Width, middle: (inout Assembler, Reg, Reg, Reg) -> Void, memory: (inout Assembler, Reg, Mem, Reg) -> Void) {
        for first in registers {
            for third in registers {
                for second in registers {
                    expect("\(mnemonic) \(name(first, w)),\(name(second, w)),\(name(third, w))") { middle(&$0, first, second, third) }
                }
            }
            for place in Place.some {
                let third = registers[Int(first.number * 5 + 1) % 16]
                expect("\(mnemonic) \(name(first, w)),\(place.text(bits(w))),\(name(third, w))") { memory(&$0, first, place.operand, third) }
            }
        }
    }
}
