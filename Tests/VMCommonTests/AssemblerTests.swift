import Testing
@testable import VMCommon

/// What a disassembler cannot tell: which of several encodings is chosen, labels, bounds. Needs no x86-64.
@Suite struct AssemblerTests {
    private func octets(_ emit: (inout Assembler) -> Void) -> [UInt8] {
        var assembler = Assembler()!
        emit(&assembler)
        return [UInt8](assembler.code)
    }

    @Test func shortestImmediate() {
        #expect(octets { $0.add(.w64, .rcx, 127) } == [0x48, 0x83, 0xc1, 0x7f])
        #expect(octets { $0.add(.w64, .rcx, -128) } == [0x48, 0x83, 0xc1, 0x80])
        #expect(octets { $0.add(.w64, .rcx, 128) } == [0x48, 0x81, 0xc1, 0x80, 0, 0, 0])
        #expect(octets { $0.imul(.w32, .rcx, .rcx, -129) }.count == 6)
        #expect(octets { $0.imul(.w32, .rcx, .rcx, -128) }.count == 3)
        #expect(octets { $0.load(.rax, 0xffff_ffff) } == [0xb8, 0xff, 0xff, 0xff, 0xff])
        #expect(octets { $0.load(.rax, 0xffff_ffff_8000_0000) } == [0x48, 0xc7, 0xc0, 0, 0, 0, 0x80])
        #expect(octets { $0.load(.r15, 0xffff_ffff_7fff_ffff) }.count == 10)
    }

    @Test func shortestAddress() {
        #expect(octets { $0.mov(.w32, .rax, Mem(.rcx)) } == [0x8b, 0x01])
        #expect(octets { $0.mov(.w32, .rax, Mem(.rcx, 127)) } == [0x8b, 0x41, 0x7f])
        #expect(octets { $0.mov(.w32, .rax, Mem(.rcx, -129)) } == [0x8b, 0x81, 0x7f, 0xff, 0xff, 0xff])
        #expect(octets { $0.mov(.w32, .rax, Mem(.rbp)) } == [0x8b, 0x45, 0])
        #expect(octets { $0.mov(.w32, .rax, Mem(.r13)) } == [0x41, 0x8b, 0x45, 0])
        #expect(octets { $0.mov(.w32, .rax, Mem(.rsp)) } == [0x8b, 0x04, 0x24])
        #expect(octets { $0.mov(.w32, .rax, Mem(.r12)) } == [0x41, 0x8b, 0x04, 0x24])
        // No prefix where none is needed.
        #expect(octets { $0.mov8(Mem(.rcx), .rbx) } == [0x88, 0x19])
        #expect(octets { $0.mov8(Mem(.rcx), .rsi) } == [0x40, 0x88, 0x31])
    }

    @Test func jumpsBackAreShortWhereTheyCanBe() {
        for (filling, size) in [(0, 2), (126, 2), (127, 5), (1000, 5)] {
            let code = octets {
                let label = $0.label()
                $0.bind(label)
                $0.nop(filling)
                $0.jmp(label)
            }
            #expect(code.count == filling + size)
        }
    }

    @Test func paddingHasItsLength() {
        for count in 0...40 { #expect(octets { $0.nop(count) }.count == count) }
        for before in 0...20 {
            #expect(octets {
                $0.nop(before)
                $0.align(to: 16)
            }.count == (before + 15) / 16 * 16)
        }
    }

    /// Many references to each of many labels, ahead and back, in a buffer that grows on the way.
    @Test func referencesAreResolved() {
        var random = SplitMix(seed: 1)
        var assembler = Assembler(capacity: 64)!
        let count = 500, first = assembler.labels(count: count)
        var fields: [(end: Int, label: Int)] = []
        for place in 0..<count {
            for _ in 0..<8 {
                let label = Int(random.next() % UInt64(count))
                assembler.call(Label(index: first.index + Int32(label)))
                fields.append((assembler.offset, label))
            }
            assembler.nop(Int(random.next() % 20))
            #expect(assembler.offset(of: Label(index: first.index + Int32(place))) == nil)
            assembler.bind(Label(index: first.index + Int32(place)))
        }
        #expect(!assembler.failed && !assembler.hasUnresolvedLabels)
        for (end, label) in fields {
            let target = assembler.offset(of: Label(index: first.index + Int32(label)))
            #expect(end + Int(assembler.buffer.word(at: end - 4)) == target)
        }
    }

    @Test func unresolvedLabelsAreNoticed() {
        var assembler = Assembler()!
        let used = assembler.label()
        _ = assembler.label()
        #expect(assembler.hasUnresolvedLabels == false)
        assembler.jmp(used)
        #expect(assembler.hasUnresolvedLabels == true)
        assembler.bind(used)
        #expect(assembler.hasUnresolvedLabels == false)
    }

    /// The bound holds for every size of the last instruction; what comes after it does no harm.
    @Test func boundIsKept() {
        for maximum in [64, 100, 4096, 5000] {
            var assembler = Assembler(capacity: 64, maximum: maximum)!
            let ahead = assembler.label()
            var whole = 0
            while !assembler.failed {
                #expect(assembler.offset <= maximum)
                whole = assembler.offset
                assembler.jmp(ahead)
                assembler.mov64(.r9, 1)
            }
            #expect(whole >= maximum - 64, "\(maximum) octets allowed, refused after \(whole)")
            for _ in 0..<10_000 { assembler.jmp(ahead) }
            assembler.bind(ahead)
            let skip = assembler.jmpAhead()
            assembler.land(skip)
            #expect(assembler.failed && assembler.offset <= maximum)
            assembler.removeAll()
            assembler.ret()
            #expect(!assembler.failed && [UInt8](assembler.code) == [0xc3])
        }
    }

    @Test func codeSurvivesGrowth() {
        let values = (0..<5000).map { UInt64($0) << 40 | 0x7fff_ffff_0000_0000 }
        var assembler = Assembler(capacity: 64)!
        for value in values { assembler.data(value) }
        #expect(assembler.code.count == values.count * 8)
        for (index, value) in values.enumerated() {
            #expect(UInt64(littleEndian: assembler.code.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) == value)
        }
    }

    @Test func featuresCanBeWithheld() {
        let all = CPUFeatures.usable
        #expect(all == .ofProcessor)
        CPUFeatures.withheld = [.bmi2, .adx]
        #expect(CPUFeatures.usable == all.subtracting([.bmi2, .adx]))
        CPUFeatures.withheld = .all
        #expect(CPUFeatures.usable.isEmpty)
        CPUFeatures.withheld = []
        #expect(CPUFeatures.usable == all)
    }
}
