import CPVM
import VMCommon

/// From bytes, or from code, bitmask and jump table, to a `Program`.
extension Program {
    /// An image of one of the byte formats.
    static func make(image bytes: UnsafeRawBufferPointer, format: pvm_format_t, isa: ISA) throws(ImageError) -> Pointer {
        return try make(isa: isa) { (program: inout Program) throws(ImageError) in
            guard let copy = allocate(UInt8.self, bytes.count + slack) else { throw ImageError(PVM_ERR_NO_MEMORY) }
            program.image = copy
            if bytes.count > 0 { memcpy(copy, bytes.baseAddress!, bytes.count) }
            let image = try Image(UnsafeRawBufferPointer(start: copy, count: bytes.count), format: format)
            program.format = image.format
            program.standard = image.standard
            program.metadata = image.service?.metadata
            try program.take(image.blob)
        }
    }

    /// Code, bitmask (one octet or one bit per code octet) and jump table by themselves.
    static func make(
        code: UnsafeBufferPointer<UInt8>, bitmask: UnsafeBufferPointer<UInt8>, jumps: UnsafeBufferPointer<UInt32>, isa: ISA
    ) throws(ImageError) -> Pointer {
        try refuseSizes(code: code.count, bitmask: bitmask.count, jumps: jumps.count)
        let count = code.count, packedCount = (count + 7) / 8
        try refuseTooLarge(code: UInt64(truncatingIfNeeded: count), jumps: UInt64(truncatingIfNeeded: jumps.count), isa)
        return try make(isa: isa) { (program: inout Program) throws(ImageError) in
            // One allocation: code, bitmask as given, packed bitmask, slack.
            guard let image = allocate(UInt8.self, count + bitmask.count + packedCount + slack) else {
                throw ImageError(PVM_ERR_NO_MEMORY)
            }
            program.image = image
            let given = image + count, packed = given + bitmask.count
            memcpy(image, code.baseAddress!, count)
            memcpy(given, bitmask.baseAddress!, bitmask.count)
            program.givenBitmask = UnsafeBufferPointer(start: given, count: bitmask.count)
            pack(program.givenBitmask, codeCount: count, into: packed)
            program.view = CodeView(code: image, count: count, bitmask: packed)
            try program.makeJumpTable(jumps.count)
            if jumps.count > 0 { memcpy(program.jumpTable!, jumps.baseAddress!, jumps.count * 4) }
            program.jumpCount = UInt64(truncatingIfNeeded: jumps.count)
        }
    }

    /// Sizes, as a caller of the C interface names them (what does not fit a signed number is negative), before anyone reads an octet of what
    /// they are the sizes of.
    static func refuseSizes(code: Int, bitmask: Int, jumps: Int) throws(ImageError) {
        guard code != 0 else { throw ImageError(PVM_ERR_NO_CODE) }
        guard 0 <= code, code <= Blob.maxSize, 0 <= jumps, jumps <= Blob.maxSize / 4 else { throw ImageError(PVM_ERR_TOO_LARGE) }
        guard bitmask == code || bitmask == (code + 7) / 8 else { throw ImageError(PVM_ERR_ARGUMENT) }
    }

    /// What is no image is refused before anyone looks at all of its bytes: a guest may name gigabytes of its memory as one.
    static func refuseOtherThanImage(_ bytes: UnsafeRawBufferPointer, _ format: pvm_format_t, _ isa: ISA) throws(ImageError) {
        guard bytes.count <= 4 * Int(truncatingIfNeeded: Blob.maxSize) else { throw ImageError(PVM_ERR_TOO_LARGE) }
        let blob = try Image(bytes, format: format).blob
        try refuseTooLarge(code: UInt64(truncatingIfNeeded: blob.code.count), jumps: blob.jumpCount, isa)
    }

    private static func refuseTooLarge(code: UInt64, jumps: UInt64, _ isa: ISA) throws(ImageError) {
        guard code <= isa.rules.largestCode, jumps <= isa.rules.mostJumps else { throw ImageError(PVM_ERR_TOO_LARGE) }
    }

    /// Octets behind the bitmask, so that it can be read eight at a time.
    private static let slack = 8

    /// A program in memory of its own, filled by `fill`, then decoded. Nothing is left behind if one of them fails.
    private static func make(isa: ISA, fill: (inout Program) throws(ImageError) -> Void) throws(ImageError) -> Pointer {
        guard let space = calloc(1, MemoryLayout<Program>.size) else { throw ImageError(PVM_ERR_NO_MEMORY) }
        let pointer = space.assumingMemoryBound(to: Program.self)
        pointer.initialize(to: Program(isa: isa))
        do {
            try fill(&pointer.pointee)
            try pointer.pointee.translate()
        } catch {
            pointer.release()
            throw error
        }
        return pointer
    }

    private mutating func take(_ blob: Blob) throws(ImageError) {
        view = CodeView(code: octets(blob.code), count: blob.code.count, bitmask: octets(blob.bitmask))
        givenBitmask = UnsafeBufferPointer(start: view.bitmask, count: blob.bitmask.count)
        jumpCount = blob.jumpCount
        if blob.jumpEntrySize == 0 {
            jumpMask = 0
            try makeJumpTable(blob.jumpCount == 0 ? 0 : 1)
        } else {
            try makeJumpTable(Int(truncatingIfNeeded: blob.jumpCount))
            for index in 0..<jumpTableCount { jumpTable![index] = UInt32(clamping: blob.jump(index)) }
        }
    }

    private mutating func makeJumpTable(_ count: Int) throws(ImageError) {
        guard let table = allocate(UInt32.self, count) else { throw ImageError(PVM_ERR_NO_MEMORY) }
        jumpTable = table
        jumpTableCount = count
    }

    private static func pack(_ given: UnsafeBufferPointer<UInt8>, codeCount: Int, into packed: UnsafeMutablePointer<UInt8>) {
        if given.count == codeCount {
            var index = 0
            while index + 8 <= codeCount {
                let eight = UnsafeRawPointer(given.baseAddress! + index).loadUnaligned(as: UInt64.self).littleEndian
                packed[index >> 3] = bitOfEach(eight)
                index += 8
            }
            for index in index..<codeCount where given[index] != 0 { packed[index >> 3] |= 1 << UInt8(truncatingIfNeeded: index & 7) }
        } else {
            memcpy(packed, given.baseAddress!, given.count)
            if codeCount & 7 != 0 { packed[given.count - 1] &= 1 << UInt8(truncatingIfNeeded: codeCount & 7) &- 1 }
        }
    }
}

/// A bit for each octet of the word, the lowest first, set where it is not 0.
@inline(__always)
private func bitOfEach(_ word: UInt64) -> UInt8 {
    let low: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
    // The top bit of each octet that is not 0; then all of them as the lowest, moved next to each other by a product that has no carries.
    let set = ((word & low) &+ low | word) & ~low
    return UInt8(truncatingIfNeeded: ((set &>> 7) &* 0x0102_0408_1020_4080) &>> 56)
}

private func octets(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<UInt8> {
    bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
}
