import EVMRules

/// From octets to blocks. An image is analysed piece by piece, where control gets again and again, or all at once for the cache.
extension CodeImage {
    /// All that can ever be run.
    func analyseEverything(_ traits: UnsafePointer<Traits>) {
        copyCode()
        findJumpdests(to: size)
        _ = analyse(from: 0, traits, pastBranches: true)
        for word in 0..<(size / 64 + 1) {
            var bits = jumpdests[word]
            while bits != 0 {
                _ = analyse(from: word * 64 + bits.trailingZeroBitCount, traits, pastBranches: true)
                bits &= bits &- 1
            }
        }
        loops?.settle(self, traits)
    }

    /// The block that starts at an offset and all that control reaches from there without a jump, or without a branch either. In the copy, octets that are no instruction
    /// of the fork become `undefined` and sequences with a handler of their own get its opcode. Gives the offset behind it: all blocks
    /// that it has written lie before.
    func analyse(from start: Int, _ traits: UnsafePointer<Traits>, pastBranches: Bool) -> Int {
        let fusions = Fusion.Tables()
        var segments = InlineArray<16, Segment>(repeating: Segment())
        var offset = start
        while !blocks[offset].isAnalysed {
            // A block, in segments that start with the JUMPDESTs inside.
            var count = 0
            var segment = Segment(start: offset)
            var last = LastInstructions()
            var flow: Flow
            repeat {
                let place = code + offset
                let octet = plain[offset]
                let row = traits[Int(octet)]
                flow = row.flow
                if flow == .starts && offset != segment.start {
                    segments[count] = segment
                    count += 1
                    if count == segments.count || blocks[offset].isAnalysed { break }
                    segment = Segment(start: offset)
                }
                if flow == .reaches {
                    if let reach = Reach(Opcode(octet: octet), immediate: place[1]) {
                        segment.need(reach.depth)
                    } else {
                        // It fails, so the block ends: what looks like its operand is an instruction. No stack suits it; what is wrong is found out with care.
                        segment.need(Limit.stack + 1)
                        flow = .ends
                    }
                }
                segment.add(row)
                if row.isDefined { last.add(place, octet, fusions, self) } else { place.pointee = Opcode.undefined.rawValue }
                offset = offset &+ 1 &+ Int(row.immediate)
            } while flow == .next || flow == .reaches || flow == .starts
            if flow == .starts {
                // What follows is known, or is another block because this one has become too long.
                if blocks[offset].isAnalysed { segment = Segment(block(at: offset)) } else {
                    segment = Segment()
                    code[offset] = Opcode.enteringJumpdest.rawValue
                }
            } else {
                blocks[segment.start] = segment.block
            }
            while count > 0 {
                count -= 1
                segment = Segment(segments[count], then: segment)
                blocks[segment.start] = segment.block
            }
            if flow == .ends || flow == .branches && !pastBranches { return offset }
        }
        return offset
    }

    /// The fixed costs from the instruction at an offset to the end of its block.
    func costToTheEnd(from start: Int, _ traits: UnsafePointer<Traits>) -> Int64 {
        var offset = start
        var cost: Int64 = 0
        while true {
            let row = traits[Int(plain[offset])]
            if row.flow == .starts && offset != start && code[offset] == Opcode.enteringJumpdest.rawValue { return cost }
            cost += Int64(row.gas)
            if row.flow == .ends || row.flow == .splits || row.flow == .branches { return cost }
            offset += 1 + Int(row.immediate)
        }
    }
}

/// What instructions need together.
private struct Segment: BitwiseCopyable {
    let start: Int
    private var gas = 0
    /// Of the stack, against its height at the start: at the end, the words needed from below, the greatest.
    private var height = 0
    private var lowest = 0
    private var greatest = 0

    init(start: Int = 0) { self.start = start }

    init(_ block: Block) {
        start = 0
        gas = Int(block.gas)
        lowest = block.need
        greatest = max(0, block.growth)
    }

    /// One behind the other.
    init(_ first: Segment, then second: Segment) {
        start = first.start
        gas = first.gas &+ second.gas
        height = first.height &+ second.height
        lowest = max(first.lowest, second.lowest &- first.height)
        greatest = max(first.greatest, second.greatest &+ first.height)
    }

    @inline(__always)
    mutating func add(_ row: Traits) {
        gas &+= Int(row.gas)
        need(Int(row.stackIn))
        height &+= Int(row.stackChange)
        greatest = max(greatest, height)
    }

    @inline(__always)
    mutating func need(_ words: Int) { lowest = max(lowest, words &- height) }

    var block: Block { Block(gas: gas, need: lowest, growth: greatest) }
}

/// The last instructions of a block, or sequences, and what they become with the next one.
private struct LastInstructions {
    /// From the last one back.
    private var places: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?)
    /// Of `Fusion.Tables.firsts`, an octet for each of them, the last one's at the bottom.
    private var rows: UInt32 = 0

    @inline(__always)
    mutating func add(_ next: UnsafeMutablePointer<UInt8>, _ octet: UInt8, _ tables: Fusion.Tables, _ image: CodeImage) {
        let number = tables.pairs[Int(rows & 255) &* 256 &+ Int(octet)]
        if number != 0 && fuse(number, next, tables, image) { return }
        places = (next, places.0, places.1, places.2)
        rows = rows << 8 | UInt32(tables.firsts[Int(octet)])
    }

    /// Makes one of the last instruction and this one, and perhaps of that and those before.
    @inline(never)
    private mutating func fuse(_ number: UInt8, _ next: UnsafeMutablePointer<UInt8>, _ tables: Fusion.Tables, _ image: CodeImage) -> Bool {
        var (number, second, isFused) = (number, next, false)
        while number != 0, let first = places.0 {
            let fusion = Fusion.at(number)
            guard fusion.joins(first, second, image) else { break }
            first.pointee = fusion.fused.rawValue
            isFused = true
            // It is the next one to those before.
            second = first
            places = (places.1, places.2, places.3, nil)
            rows >>= 8
            number = tables.pairs[Int(rows & 255) &* 256 &+ Int(first.pointee)]
        }
        if isFused {
            places = (second, places.0, places.1, places.2)
            rows = rows << 8 | UInt32(tables.firsts[Int(second.pointee)])
        }
        return isFused
    }
}
