func control(_ list: inout Listing) {
    list.singles("jmp", 64) { $0.jmp($1) }
    list.places("jmp", 64) { $0.jmp($1) }
    list.singles("call", 64) { $0.call($1) }
    list.places("call", 64) { $0.call($1) }
    list.expect("ret") { $0.ret() }
    list.expect("int3") { $0.int3() }
    list.expect("ud2") { $0.ud2() }
    padding(&list)
    // Around the edges of rel8: a jump of two octets reaches 126 octets of filling backwards, 127 ahead.
    for filling in [0, 1, 60, 120, 125, 126, 127, 128, 129, 130, 300] {
        for (condition, suffix) in conditions { jumps(&list, filling, "j\(suffix)") { $0.jump(condition, $1) } }
        jumps(&list, filling, "jmp") { $0.jmp($1) }
        jumps(&list, filling, "call") { $0.call($1) }
        for register in registers {
            references(&list, filling, { "lea \(name(register, 64)),\(Place.ripText($0))" }) { $0.lea(register, $1) }
        }
        guard filling <= 127 else { continue }
        for (condition, suffix) in conditions { shortJump(&list, filling, "j\(suffix)") { $0.jumpAhead(condition) } }
        shortJump(&list, filling, "jmp") { $0.jmpAhead() }
    }
}

private func padding(_ list: inout Listing) {
    let texts = ["nop", "xchg ax,ax", "nop DWORD PTR [rax]", "nop DWORD PTR [rax+0x0]", "nop DWORD PTR [rax+rax*1+0x0]",
                 "nop WORD PTR [rax+rax*1+0x0]", "nop DWORD PTR [rax+0x0]", "nop DWORD PTR [rax+rax*1+0x0]", "nop WORD PTR [rax+rax*1+0x0]"]
    for (index, text) in texts.enumerated() { list.expect(text) { $0.nop(index + 1) } }
}

private func fill(_ list: inout Listing, _ count: Int) {
    for _ in 0..<count { list.expect("int3") { $0.int3() } }
}

/// One jump back over `count` octets, and two jumps ahead over the same, so that a list of references is resolved.
private func jumps(_ list: inout Listing, _ count: Int, _ mnemonic: String, _ emit: (inout Assembler, Label) -> Void) {
    let back = list.with { $0.label() }, backAt = list.with { $0.offset }
    list.with { $0.bind(back) }
    fill(&list, count)
    list.expect("\(mnemonic) 0x\(String(backAt, radix: 16))") { emit(&$0, back) }

    let ahead = list.with { $0.label() }
    // Forward references have a displacement of 32 bits: with an opcode of one octet they take 5, else 6.
    let size = mnemonic == "jmp" || mnemonic == "call" ? 5 : 6
    list.expect(at: { "\(mnemonic) 0x\(String($0 + 2 * size + count, radix: 16))" }) { emit(&$0, ahead) }
    list.expect(at: { "\(mnemonic) 0x\(String($0 + size + count, radix: 16))" }) { emit(&$0, ahead) }
    fill(&list, count)
    list.with { $0.bind(ahead) }
}

/// The same for an address relative to rip: 7 octets of code, of which the displacement is the end.
private func references(_ list: inout Listing, _ count: Int, _ text: (Int32) -> String, _ emit: (inout Assembler, Label) -> Void) {
    let back = list.with { $0.label() }
    list.with { $0.bind(back) }
    fill(&list, count)
    list.expect(text(-Int32(count + 7))) { emit(&$0, back) }
    let ahead = list.with { $0.label() }
    list.expect(text(Int32(count + 7))) { emit(&$0, ahead) }
    list.expect(text(Int32(count))) { emit(&$0, ahead) }
    fill(&list, count)
    list.with { $0.bind(ahead) }
}

private func shortJump(_ list: inout Listing, _ count: Int, _ mnemonic: String, _ emit: (inout Assembler) -> ShortJump) {
    var jump: ShortJump?
    list.expect(at: { "\(mnemonic) 0x\(String($0 + 2 + count, radix: 16))" }) { jump = emit(&$0) }
    fill(&list, count)
    list.with { $0.land(jump!) }
}
