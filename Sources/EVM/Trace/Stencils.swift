import CPVM
import VMCommon

/// Records of a trace in batches, prepared: what instructions of known code have in their records but for the gas, the height of the stack
/// and so on at the start, which are added when control comes there (see `Interpreter/Stenciled.swift`).
///
/// The rows of a block lie one behind the other, in segments. A segment is what is recorded at once: instructions that do nothing but to the
/// stack, and one behind them that does more, or the block's last. In front of each segment stands a row that says what it is.
///
/// They are made block by block, when control first comes to one, and are kept for the executions to come: by the serial numbers of the
/// images, which are never used twice.
struct Stencils: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<Stencils>

    let rows: UnsafeMutablePointer<StencilRow>
    /// Has the processor what `duet_add_to_rows` wants?
    let isWide: Bool
    private var rowCount: Int
    private var isFull = false
    private var images = InlineArray<8, Known>(repeating: Known())
    private var imageCount = 0

    /// An image, and by offset in its code the numbers of the first rows of its blocks; 0 for none yet.
    private struct Known: BitwiseCopyable {
        var serial: UInt64 = 0
        var blocks: UnsafeMutablePointer<UInt32>?
    }

    /// At most so much is kept, and longer code has no stencils: some 5 MB for an instance that is traced.
    private static let rowLimit = 1 << 16
    private static let codeLimit = 1 << 16

    /// nil if memory is short.
    static func create() -> Handle? {
        guard let stencils = allocate(Stencils.self, 1) else { return nil }
        // The system gives the memory when it is written.
        guard let rows = malloc(rowLimit * MemoryLayout<StencilRow>.stride) else {
            CPVM.free(stencils)
            return nil
        }
        // No block starts at 0.
        stencils.initialize(to: Stencils(rows: rows.assumingMemoryBound(to: StencilRow.self), isWide: CPUFeatures.usable.contains(.avx512), rowCount: 1))
        return stencils
    }

    static func destroy(_ stencils: Handle) {
        stencils.pointee.forget()
        CPVM.free(stencils.pointee.rows)
        CPVM.free(stencils)
    }

    private mutating func forget() {
        for index in 0..<imageCount { free(images[index].blocks) }
        imageCount = 0
        rowCount = 1
        isFull = false
    }

    /// The blocks of an image. nil if there is no room for it; what is there is given up for it if no execution uses any.
    mutating func blocks(of serial: UInt64, _ size: Int, isUsed: Bool) -> UnsafeMutablePointer<UInt32>? {
        guard size <= Stencils.codeLimit else { return nil }
        if isFull && !isUsed { forget() }
        for index in 0..<imageCount where images[index].serial == serial { return images[index].blocks }
        if imageCount == images.count {
            if isUsed { return nil }
            forget()
        }
        guard let blocks = calloc(size + CodeImage.back, MemoryLayout<UInt32>.stride) else { return nil }
        images[imageCount] = Known(serial: serial, blocks: blocks.assumingMemoryBound(to: UInt32.self))
        imageCount += 1
        return images[imageCount - 1].blocks
    }

    /// Makes the rows of the analysed block at an offset. Gives the number of the first; 0 if there is no room for them.
    mutating func make(_ image: CodeImage, from start: Int, _ traits: UnsafePointer<Traits>) -> UInt32 {
        let first = rowCount
        var ahead = Int64(image.blocks[start].gas)
        var head = first
        var next = first + 1
        var (offset, cost, height) = (start, 0, 0)
        while true {
            // This row, and the head of another segment.
            guard next + 2 <= Stencils.rowLimit else {
                isFull = true
                return 0
            }
            let octet = image.plain[offset]
            let row = traits[Int(octet)]
            rows[next] = StencilRow(UInt64(offset) | UInt64(octet) << 32, UInt64(bitPattern: Int64(-cost)), UInt64(row.gas), 0, 0, UInt64(bitPattern: Int64(height)))
            next += 1
            cost += Int(row.gas)
            height += Int(row.stackChange)
            offset += 1 + Int(row.immediate)
            // In the middle of a fused sequence the copy may have any number.
            let isCut = image.plain[offset] == Opcode.jumpdest.rawValue && image.code[offset] == Opcode.enteringJumpdest.rawValue
            let isLast = isCut || row.flow == .ends || row.flow == .splits || row.flow == .branches
            guard isLast || doesMore(Opcode(octet: octet)) else { continue }
            rows[head] = StencilRow(count: next - head - 1, ahead: ahead, isLast: isLast)
            if isLast {
                rowCount = next
                return UInt32(first)
            }
            ahead -= Int64(cost)
            head = next
            next += 1
            (cost, height) = (0, 0)
        }
    }

    /// In the middle of a block: may the instruction fail, take more gas than its fixed cost, or change the memory's size or the refund?
    private func doesMore(_ opcode: Opcode) -> Bool {
        switch opcode {
        case .exp, .keccak256, .calldatacopy, .codecopy, .returndatacopy, .blockhash, .selfbalance, .mload, .mstore, .mstore8, .tload, .tstore, .mcopy,
             .log0, .log1, .log2, .log3, .log4: true
        default: false
        }
    }
}

/// A record without words, in halves of 16 octets, which is what the processor adds and moves at once; or the head of a segment.
struct StencilRow: BitwiseCopyable {
    var first, second, third: SIMD2<UInt64>

    /// What a record has, in its order: pc, opcode, kind and depth; gas; cost; refund; size of the memory; height of the stack, words and status.
    init(_ instruction: UInt64, _ gas: UInt64, _ cost: UInt64, _ refund: UInt64, _ memory: UInt64, _ stack: UInt64) {
        first = SIMD2(instruction, gas)
        second = SIMD2(cost, refund)
        third = SIMD2(memory, stack)
    }

    /// `count` rows; at its start gas for `ahead` has been paid and not been used; `isLast` of its block.
    init(count: Int, ahead: Int64, isLast: Bool) {
        self.init(UInt64(count), UInt64(bitPattern: ahead), isLast ? 1 : 0, 0, 0, 0)
    }

    var count: Int { Int(first[0]) }
    var ahead: Int64 { Int64(bitPattern: first[1]) }
    var isLast: Bool { second[0] != 0 }

    @inline(__always)
    static func &+ (left: StencilRow, right: StencilRow) -> StencilRow {
        var sum = left
        sum.first &+= right.first
        sum.second &+= right.second
        sum.third &+= right.third
        return sum
    }
}
