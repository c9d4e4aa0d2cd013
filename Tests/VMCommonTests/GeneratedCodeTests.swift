import Testing
@testable import VMCommon

/// Code is built, installed, called with a pointer to a few words in rdi, and compared with what Swift computes.
@Suite(.enabled(if: canRunX86, "the processor is no x86-64")) struct GeneratedCodeTests {
    private static let memory = ExecutableMemory(capacity: 1 << 20)!
    private let memory = GeneratedCodeTests.memory

    /// Values around which carries, signs and widths change.
    static let values: [UInt64] = [
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210,
    ]

    /// rax = body(rax = words[0], rcx = words[1]); rsi, r8 to r11 and rdx may be used.
    private func checkBinary(_ emit: (inout Assembler) -> Void, _ expected: (UInt64, UInt64) -> UInt64, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let block = try #require(install {
            $0.mov(.w64, .rax, Mem(.rdi))
            $0.mov(.w64, .rcx, Mem(.rdi, 8))
            emit(&$0)
            $0.ret()
        })
        defer { memory.free(block) }
        for left in Self.values {
            for right in Self.values {
                let result = call(block, [left, right])
                #expect(result == expected(left, right), "of \(left) and \(right)", sourceLocation: sourceLocation)
            }
        }
    }

    private func install(_ emit: (inout Assembler) -> Void) -> CodeBlock? {
        guard var assembler = Assembler() else { return nil }
        emit(&assembler)
        guard !assembler.failed, !assembler.hasUnresolvedLabels else { return nil }
        return memory.install(assembler.code)
    }

    private func call(_ block: CodeBlock, _ words: [UInt64]) -> UInt64 {
        var words = words
        return words.withUnsafeMutableBytes { block.call($0.baseAddress!) }
    }

    private func low(_ value: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: value) }

    @Test func additionAndLogic() throws {
        try checkBinary({ $0.add(.w64, .rax, .rcx) }) { $0 &+ $1 }
        try checkBinary({ $0.sub(.w64, .rax, .rcx) }) { $0 &- $1 }
        try checkBinary({ $0.and(.w64, .rax, .rcx) }) { $0 & $1 }
        try checkBinary({ $0.or(.w64, .rax, .rcx) }) { $0 | $1 }
        try checkBinary({ $0.xor(.w64, .rax, .rcx) }) { $0 ^ $1 }
        try checkBinary({ $0.add(.w32, .rax, .rcx) }) { UInt64(low($0) &+ low($1)) }
        try checkBinary({ $0.sub(.w64, .rax, Mem(.rdi, 8)) }) { $0 &- $1 }
        try checkBinary({ $0.lea(.w64, .rax, Mem(.rax, .rcx, .x4, -129)) }) { $0 &+ $1 &* 4 &- 129 }
        try checkBinary({ $0.add(.w64, .rax, -129) }) { left, _ in left &- 129 }
        try checkBinary({ $0.add(.w32, .rax, 127) }) { left, _ in UInt64(low(left) &+ 127) }
    }

    @Test func carries() throws {
        // Does left + right carry? adc and sbb take the flag that add and cmp leave.
        try checkBinary({
            $0.add(.w64, .rax, .rcx)
            $0.mov(.w64, .rax, 0)
            $0.adc(.w64, .rax, 5)
        }) { $0.addingReportingOverflow($1).overflow ? 6 : 5 }
        try checkBinary({
            $0.cmp(.w64, .rax, .rcx)
            $0.sbb(.w64, .rax, .rax)
        }) { $0 < $1 ? .max : 0 }
    }

    @Test func multiplication() throws {
        try checkBinary({ $0.imul(.w64, .rax, .rcx) }) { $0 &* $1 }
        try checkBinary({ $0.imul(.w64, .rax, .rcx, -1000) }) { _, right in right &* UInt64(bitPattern: -1000) }
        try checkBinary({ $0.imul(.w64, .rax, .rcx, 100) }) { _, right in right &* 100 }
        try checkBinary({
            $0.mul(.w64, .rcx)
            $0.mov(.w64, .rax, .rdx)
        }) { $0.multipliedFullWidth(by: $1).high }
        try checkBinary({
            $0.imul(.w64, .rcx)
            $0.mov(.w64, .rax, .rdx)
        }) { UInt64(bitPattern: Int64(bitPattern: $0).multipliedFullWidth(by: Int64(bitPattern: $1)).high) }
    }

    @Test func division() throws {
        // By 1 instead of by 0, and of 1 where the quotient would not fit.
        func divisor(_ value: UInt64) -> UInt64 { value | 1 }
        try checkBinary({
            $0.or(.w64, .rcx, 1)
            $0.xor(.w32, .rdx, .rdx)
            $0.div(.w64, .rcx)
        }) { $0 / divisor($1) }
        try checkBinary({
            $0.or(.w64, .rcx, 1)
            $0.sar(.w64, .rax, 1)
            $0.cqo()
            $0.idiv(.w64, .rcx)
            $0.mov(.w64, .rax, .rdx)
        }) { UInt64(bitPattern: (Int64(bitPattern: $0) >> 1) % Int64(bitPattern: divisor($1))) }
        try checkBinary({
            $0.or(.w32, .rcx, 1)
            $0.sar(.w32, .rax, 1)
            $0.cdq()
            $0.idiv(.w32, .rcx)
        }) { UInt64(UInt32(bitPattern: (Int32(bitPattern: low($0)) >> 1) / Int32(bitPattern: low(divisor($1))))) }
    }

    @Test func shifts() throws {
        try checkBinary({ $0.shlCL(.w64, .rax) }) { $0 &<< $1 }
        try checkBinary({ $0.shrCL(.w64, .rax) }) { $0 &>> $1 }
        try checkBinary({ $0.sarCL(.w64, .rax) }) { UInt64(bitPattern: Int64(bitPattern: $0) &>> Int64(bitPattern: $1)) }
        try checkBinary({ $0.shlCL(.w32, .rax) }) { UInt64(low($0) &<< low($1)) }
        try checkBinary({ $0.rolCL(.w64, .rax) }) { $0 &<< $1 | $0 &>> (0 &- $1) }
        try checkBinary({ $0.ror(.w32, .rax, 1) }) { left, _ in UInt64(low(left) &>> 1 | low(left) &<< 31) }
        try checkBinary({ $0.shl(.w64, .rax, 63) }) { left, _ in left << 63 }
        try checkBinary({ $0.shld(.w64, .rax, .rcx, 7) }) { $0 << 7 | $1 >> 57 }
        try checkBinary({ $0.shrd(.w64, .rax, .rcx, 7) }) { $0 >> 7 | $1 << 57 }
    }

    @Test func extensions() throws {
        try checkBinary({ $0.movzx8(.rax, .rcx) }) { _, right in right & 0xff }
        try checkBinary({ $0.movzx16(.rax, .rcx) }) { _, right in right & 0xffff }
        try checkBinary({ $0.movsx8(.w64, .rax, Mem(.rdi, 8)) }) { _, right in UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: right))) }
        try checkBinary({ $0.movsx16(.w32, .rax, .rcx) }) { _, right in UInt64(UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: right)))) }
        try checkBinary({ $0.movsxd(.rax, .rcx) }) { _, right in UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: right))) }
        try checkBinary({ $0.mov(.w32, .rax, .rcx) }) { _, right in right & 0xffff_ffff }
        try checkBinary({ $0.bswap(.w64, .rax) }) { left, _ in left.byteSwapped }
        // The low octet of rsi: without a REX prefix this would be dh.
        try checkBinary({
            $0.mov(.w64, .rsi, .rcx)
            $0.movzx8(.rax, .rsi)
        }) { _, right in right & 0xff }
    }

    @Test(arguments: [UInt64(0), 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0xffff_ffff_8000_0000, 0xffff_ffff_7fff_ffff, .max])
    func constants(_ value: UInt64) throws {
        try checkBinary({ $0.load(.rax, value) }) { _, _ in value }
        try checkBinary({ $0.mov64(.rax, value) }) { _, _ in value }
    }

    @Test func comparisons() throws {
        func signed(_ value: UInt64) -> Int64 { Int64(bitPattern: value) }
        let tests: [(Condition, (UInt64, UInt64) -> Bool)] = [
            (.below, { $0 < $1 }), (.aboveOrEqual, { $0 >= $1 }), (.belowOrEqual, { $0 <= $1 }), (.above, { $0 > $1 }),
            (.equal, { $0 == $1 }), (.notEqual, { $0 != $1 }), (.less, { signed($0) < signed($1) }), (.greaterOrEqual, { signed($0) >= signed($1) }),
            (.lessOrEqual, { signed($0) <= signed($1) }), (.greater, { signed($0) > signed($1) }),
            (.negative, { signed($0 &- $1) < 0 }), (.notNegative, { signed($0 &- $1) >= 0 }),
            (.overflow, { signed($0).subtractingReportingOverflow(signed($1)).overflow }),
            (.notOverflow, { !signed($0).subtractingReportingOverflow(signed($1)).overflow }),
        ]
        for (condition, expected) in tests {
            try checkBinary({
                $0.cmp(.w64, .rax, .rcx)
                $0.set(condition, .rax)
                $0.movzx8(.rax, .rax)
            }) { expected($0, $1) ? 1 : 0 }
            try checkBinary({
                $0.cmp(.w64, .rax, .rcx)
                $0.cmov(condition.inverted, .w64, .rax, .rcx)
            }) { expected($0, $1) ? $0 : $1 }
            try checkBinary({
                $0.cmp(.w64, .rax, .rcx)
                let skip = $0.jumpAhead(condition)
                $0.mov(.w64, .rax, .rcx)
                $0.land(skip)
            }) { expected($0, $1) ? $0 : $1 }
        }
    }

    @Test func featuresOfTheProcessor() throws {
        let features = CPUFeatures.ofProcessor
        if features.contains(.popcnt) { try checkBinary({ $0.popcnt(.w64, .rax, .rcx) }) { _, right in UInt64(right.nonzeroBitCount) } }
        if features.contains(.lzcnt) { try checkBinary({ $0.lzcnt(.w32, .rax, .rcx) }) { _, right in UInt64(low(right).leadingZeroBitCount) } }
        if features.contains(.bmi1) {
            try checkBinary({ $0.tzcnt(.w64, .rax, .rcx) }) { _, right in UInt64(right.trailingZeroBitCount) }
            try checkBinary({ $0.andn(.w64, .rax, .rax, .rcx) }) { ~$0 & $1 }
        }
        if features.contains(.bmi2) {
            try checkBinary({ $0.shlx(.w64, .rax, .rax, .rcx) }) { $0 &<< $1 }
            try checkBinary({ $0.shrx(.w64, .rax, Mem(.rdi), .rcx) }) { $0 &>> $1 }
            try checkBinary({ $0.sarx(.w32, .rax, .rax, .rcx) }) { UInt64(UInt32(bitPattern: Int32(bitPattern: low($0)) &>> Int32(bitPattern: low($1)))) }
            try checkBinary({ $0.rorx(.w64, .rax, .rcx, 13) }) { _, right in right >> 13 | right << 51 }
            try checkBinary({
                $0.mov(.w64, .rdx, .rax)
                $0.mulx(.w64, high: .rax, low: .r8, .rcx)
            }) { $0.multipliedFullWidth(by: $1).high }
        }
        if features.contains(.adx) {
            // Two carry chains at once: each takes its own flag.
            try checkBinary({
                $0.xor(.w32, .r8, .r8)
                $0.mov(.w64, .r9, .rax)
                $0.adcx(.w64, .rax, .rcx)
                $0.adox(.w64, .r9, .rcx)
                $0.mov(.w64, .rax, 0)
                $0.adcx(.w64, .rax, .r8)
                $0.adox(.w64, .rax, .r8)
            }) { $0.addingReportingOverflow($1).overflow ? 2 : 0 }
        }
    }

    /// Every base and index register, with the displacements that change the encoding: what is addressed is really read.
    @Test func addressing() throws {
        let registers = (0..<16).map { Reg(UInt8($0)) }
        var words = (0..<256).map { UInt64($0) &* 0x9e37_79b9_7f4a_7c15 }
        for base in registers where base != .rsp {
            for index in registers where index != .rsp && index != base {
                let block = try #require(install {
                    for saved in [Reg.rbx, .rbp, .r12, .r13, .r14, .r15] { $0.push(saved) }
                    $0.lea(.w64, .rax, Mem(.rdi, 1024))
                    $0.movq(Xmm(9), .rax)
                    $0.movq(base, Xmm(9))
                    $0.mov(.w64, index, 16)
                    $0.mov(.w64, .rax, Mem(base, index, .x8, -128))
                    for saved in [Reg.r15, .r14, .r13, .r12, .rbp, .rbx] { $0.pop(saved) }
                    $0.ret()
                })
                // 1024 + 16 * 8 - 128 octets are 128 words.
                let result = words.withUnsafeMutableBytes { block.call($0.baseAddress!) }
                #expect(result == words[128], "base \(base.number), index \(index.number)")
                memory.free(block)
            }
        }
    }

    @Test func stores() throws {
        let block = try #require(install {
            $0.mov(.w64, .rax, -1)
            $0.mov8(Mem(.rdi, 1), .rax)
            $0.mov16(Mem(.rdi, 8), .rax)
            $0.mov(.w32, Mem(.rdi, 16), .rax)
            $0.mov(.w64, Mem(.rdi, 24), .rax)
            $0.mov8(Mem(.rdi, 32), 0xab)
            $0.mov16(Mem(.rdi, 40), 0xabcd)
            $0.mov(.w32, Mem(.rdi, 48), 0x1234_5678)
            $0.mov(.w64, Mem(.rdi, 56), -2)
            $0.ret()
        })
        var words = [UInt64](repeating: 0, count: 8)
        _ = words.withUnsafeMutableBytes { block.call($0.baseAddress!) }
        #expect(words == [0xff00, 0xffff, 0xffff_ffff, .max, 0xab, 0xabcd, 0x1234_5678, .max - 1])
    }

    @Test func loopAndSubroutine() throws {
        // The sum of 1...words[0] by a loop that calls a subroutine which stands behind it.
        let block = try #require(install {
            let again = $0.label(), addition = $0.label(), end = $0.label()
            $0.mov(.w64, .rcx, Mem(.rdi))
            $0.xor(.w32, .rax, .rax)
            $0.test(.w64, .rcx, .rcx)
            $0.jump(.equal, end)
            $0.bind(again)
            $0.call(addition)
            $0.sub(.w64, .rcx, 1)
            $0.jump(.notEqual, again)
            $0.bind(end)
            $0.ret()
            $0.align(to: 16)
            $0.bind(addition)
            $0.add(.w64, .rax, .rcx)
            $0.ret()
        })
        for limit in [0, 1, 2, 1000] as [UInt64] { #expect(call(block, [limit]) == limit * (limit + 1) / 2) }
    }

    @Test func tableOfAddresses() throws {
        // A jump through a table of 32-bit distances that stands in the code.
        let block = try #require(install {
            let table = $0.label()
            let cases = $0.labels(count: 4)
            $0.mov(.w64, .rcx, Mem(.rdi))
            $0.lea(.rdx, table)
            $0.lea(.w64, .rcx, Mem(.rcx, .rcx, .x4))
            $0.add(.w64, .rdx, .rcx)
            $0.jmp(.rdx)
            $0.bind(table)
            for index in 0..<4 { $0.jmp(Label(index: cases.index + Int32(index))) }
            for index in 0..<4 {
                $0.bind(Label(index: cases.index + Int32(index)))
                $0.mov32(.rax, 100 + UInt32(index))
                $0.ret()
            }
        })
        for index in 0..<4 as Range<UInt64> { #expect(call(block, [index]) == 100 + index) }
    }
}

#if arch(x86_64)
let canRunX86 = true
#else
let canRunX86 = false
#endif
