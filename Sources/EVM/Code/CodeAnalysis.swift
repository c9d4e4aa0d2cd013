/// From octets to blocks. An image is analysed piece by piece, when control first gets somewhere, or all at once for the cache.
extension CodeImage {
    /// All that can ever be run.
    func analyseEverything(_ traits: UnsafePointer<Traits>) {
        analyse(from: 0, traits)
        for word in 0..<(size / 64 + 1) {
            var bits = jumpdests[word]
            while bits != 0 {
                analyse(from: word * 64 + bits.trailingZeroBitCount, traits)
                bits &= bits - 1
            }
        }
    }

    /// The block that starts at an offset and all that control reaches from there without a jump. In it, octets that are no
    /// instruction of the fork become `undefined` and sequences with a handler of their own get its opcode.
    func analyse(from start: Int, _ traits: UnsafePointer<Traits>) {
        var offset = start
        while !blocks[offset].isAnalysed {
            let begin = offset
            var cost = 0
            // The height of the stack against that at the start, and its extremes.
            var height = 0
            var need = 0
            var growth = 0
            var isOver = false
            var isLast = false
            while !isOver {
                let octet = code[offset]
                let row = traits[Int(octet)]
                if row.flow == .starts && offset != begin { break }
                if row.flow == .ends {
                    isOver = true
                    isLast = true
                    if !row.isDefined { code[offset] = Opcode.undefined.rawValue }
                } else if row.flow == .splits || row.flow == .branches {
                    isOver = true
                } else if row.flow == .reaches {
                    // Too deep or not allowed: the block is too demanding, and what is wrong is found out with care.
                    need = max(need, (Reach(Opcode(octet: octet), immediate: code[offset + 1])?.depth ?? stackLimit + 1) - height)
                }
                cost += Int(row.gas)
                need = max(need, Int(row.stackIn) - height)
                height += Int(row.stackOut) - Int(row.stackIn)
                growth = max(growth, height)
                if row.fusionRow != 0 { Fusion.apply(row.fusionRow, code + offset, row) }
                offset += 1 + Int(row.immediate)
            }
            blocks[begin] = Block(gas: cost, need: need, growth: growth)
            if isLast { return }
        }
    }

    /// The fixed costs from the instruction at an offset to the end of its block. `original` is the code of this image.
    func costToTheEnd(from start: Int, _ original: UnsafePointer<UInt8>?, _ traits: UnsafePointer<Traits>) -> Int64 {
        var offset = start
        var cost: Int64 = 0
        while true {
            let row = traits[Int(self.octet(at: offset, original))]
            if row.flow == .starts && offset != start { return cost }
            cost += Int64(row.gas)
            if row.flow == .ends || row.flow == .splits || row.flow == .branches { return cost }
            offset += 1 + Int(row.immediate)
        }
    }

    /// What the code has at an offset, before anything was replaced; 0 behind its end.
    @inline(__always)
    func octet(at offset: Int, _ original: UnsafePointer<UInt8>?) -> UInt8 { offset < size ? original.unsafelyUnwrapped[offset] : 0 }
}
