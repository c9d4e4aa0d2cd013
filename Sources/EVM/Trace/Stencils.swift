import CPVM
import VMCommon

/// Records of a trace in batches, prepared: what instructions of known code have in their records but for the gas, the height of the stack
/// and so on at the start, which are added when control comes there (see `Interpreter/Stenciled.swift`).
///
/// The rows of a block lie one behind the other, in segments. A segment is what is recorded at once: instructions that do nothing but to the
/// stack or in memory, and one behind them that does more, or the block's last. In front of each segment stands a head that says what it is.
/// When an instruction makes the memory larger, records behind it that are already there are written anew; so there must not be many, and where
/// it happens again and again, such instructions end their segments.
///
/// They are made block by block, when control first comes to one, and are kept for the executions to come: by the serial numbers of the
/// images, which are never used twice.
struct Stencils: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<Stencils>

    let rows: UnsafeMutablePointer<StencilRow>
    /// Has the processor what `duet_expand_rows` wants?
    let isWide: Bool
    private var rowCount: Int
    private var isFull = false
    private var images = InlineArray<8, Known>(repeating: Known())
    private var imageCount = 0

    /// An image, and by offset in its code where the first heads of its blocks are, 0 for none yet. Behind them an octet for each offset, `growths`.
    private struct Known: BitwiseCopyable {
        var serial: UInt64 = 0
        var blocks: UnsafeMutablePointer<UInt32>?
    }

    /// At most so much is kept, and longer code has no stencils: up to 4 MB for an instance that is traced.
    private static let rowLimit = 1 << 16
    private static let codeLimit = 1 << 16

    /// nil if memory is short.
    static func create() -> Handle? {
        guard let stencils = allocate(Stencils.self, 1) else { return nil }
        // The system gives the memory when it is written.
        guard let rows = malloc((rowLimit + Int(DUET_ROW_GROUP)) * MemoryLayout<StencilRow>.stride) else {
            CPVM.free(stencils)
            return nil
        }
        // No block's segments start at 0, and the head there suits no stack.
        memset(rows, 0, headRows * MemoryLayout<StencilRow>.stride)
        stencils.initialize(to: Stencils(rows: rows.assumingMemoryBound(to: StencilRow.self), isWide: CPUFeatures.usable.contains(.vbmi), rowCount: Stencils.headRows))
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
        rowCount = Stencils.headRows
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
        guard let blocks = calloc(size + CodeImage.back, MemoryLayout<UInt32>.stride + 1) else { return nil }
        images[imageCount] = Known(serial: serial, blocks: blocks.assumingMemoryBound(to: UInt32.self))
        imageCount += 1
        return images[imageCount - 1].blocks
    }

    /// Makes the rows of the analysed block at an offset. Gives where the first head is, in octets behind `rows`; 0 if there is no room for them. `growths` has for
    /// each offset how often its instruction has made the memory larger.
    mutating func make(_ image: CodeImage, from start: Int, _ traits: UnsafePointer<Traits>, _ growths: UnsafePointer<UInt8>) -> UInt32 {
        let first = rowCount, block = image.block(at: start)
        var ahead = Int(block.gas)
        var head = first
        var next = first + Stencils.headRows
        var (offset, cost, height) = (start, 0, 0)
        while true {
            // This row, and the head of another segment.
            guard next + 1 + Stencils.headRows <= Stencils.rowLimit else {
                isFull = true
                return 0
            }
            let octet = image.plain[offset]
            let row = traits[Int(octet)]
            rows[next] = StencilRow(offset, octet, cost: row.gas, after: cost, height)
            next += 1
            let (at, before) = (offset, cost)
            cost += Int(row.gas)
            height += Int(row.stackChange)
            offset += 1 + Int(row.immediate)
            let ending = Stencils.ending(image, octet, row, offset)
            switch ending {
            case .none: continue
            case .memory:
                let count = next - head - Stencils.headRows
                if growths[at] < Stencils.often && Stencils.hasEnding(image, offset, traits, within: Stencils.longest - count) { continue }
            case .segment, .block: break
            }
            let count = next - head - Stencils.headRows
            UnsafeMutableRawPointer(rows + head).storeBytes(
                of: StencilHead(count, ahead: ahead, beforeLast: before, block, at: start, stop: ending == .block ? nil : UnsafePointer(image.code + offset)),
                as: StencilHead.self)
            if ending == .block {
                rowCount = next
                return UInt32(truncatingIfNeeded: first * MemoryLayout<StencilRow>.stride)
            }
            ahead -= cost
            head = next
            next += Stencils.headRows
            (cost, height) = (0, 0)
        }
    }

    private static let headRows = MemoryLayout<StencilHead>.stride / MemoryLayout<StencilRow>.stride

    /// An instruction that makes the memory larger so often ends its segment.
    static var often: UInt8 { 3 }

    /// Segments in which instructions may make the memory larger have no more rows.
    static var longest: Int { 64 }

    /// What ends with an instruction.
    private enum Ending {
        case none
        /// A segment, unless what follows fits as well.
        case memory
        case segment, block
    }

    /// `behind` is the offset of the next instruction.
    private static func ending(_ image: CodeImage, _ octet: UInt8, _ row: Traits, _ behind: Int) -> Ending {
        if row.flow == .ends || row.flow == .splits || row.flow == .branches { return .block }
        // In the middle of a fused sequence the copy may have any number.
        if image.plain[behind] == Opcode.jumpdest.rawValue && image.code[behind] == Opcode.enteringJumpdest.rawValue { return .block }
        if touchesMemory(octet) { return .memory }
        switch Opcode(octet: octet) {
        // They may fail, take more gas than their fixed cost, or change the memory's size or the refund.
        case .exp, .keccak256, .calldatacopy, .codecopy, .returndatacopy, .blockhash, .selfbalance, .tload, .tstore, .mcopy,
             .log0, .log1, .log2, .log3, .log4: return .segment
        default: return .none
        }
    }

    /// May the instruction fail or make the memory larger, and nothing else that a record tells of?
    static func touchesMemory(_ octet: UInt8) -> Bool {
        octet == Opcode.mload.rawValue || octet == Opcode.mstore.rawValue || octet == Opcode.mstore8.rawValue
    }

    /// Is there among so many instructions, from an offset on, one with which something ends?
    private static func hasEnding(_ image: CodeImage, _ start: Int, _ traits: UnsafePointer<Traits>, within count: Int) -> Bool {
        var offset = start
        for _ in 0..<max(0, count) {
            let octet = image.plain[offset], row = traits[Int(octet)]
            offset += 1 + Int(row.immediate)
            if ending(image, octet, row, offset) != .none { return true }
        }
        return false
    }
}

/// What is known of a record (see record_rows.h).
typealias StencilRow = duet_record_row
typealias StencilHead = duet_segment_head

extension StencilRow {
    /// Of the instruction at an offset, behind others of the segment that cost `gas` and leave `height` words more.
    fileprivate init(_ offset: Int, _ octet: UInt8, cost: UInt16, after gas: Int, _ height: Int) {
        self.init(pc: UInt32(truncatingIfNeeded: offset), opcode: octet, zero: 0, cost: cost, gas: UInt32(truncatingIfNeeded: Int(DUET_ROW_GAS) - gas),
                  height: UInt16(truncatingIfNeeded: Int(DUET_ROW_HEIGHT) + height), unused: 0)
    }

    /// What the instructions of the segment before this one cost.
    @inline(__always)
    var gasBefore: Int64 { Int64(DUET_ROW_GAS) &- Int64(gas) }

    /// Words that the stack has more before this one than at the segment's start.
    @inline(__always)
    var heightBefore: Int { Int(height) - Int(DUET_ROW_HEIGHT) }
}

extension StencilHead {
    /// Of `count` rows. At `stop` the block goes on; nil: it does not.
    fileprivate init(_ count: Int, ahead: Int, beforeLast: Int, _ block: Block, at start: Int, stop: UnsafePointer<UInt8>?) {
        let size = count * Int(DUET_EVM_RECORD_SIZE)
        self.init(count: UInt32(truncatingIfNeeded: count), size: UInt32(truncatingIfNeeded: size), ahead: UInt32(truncatingIfNeeded: ahead),
                  before_last: UInt32(truncatingIfNeeded: beforeLast),
                  lowest: block.lowest, heights: block.heights, block: UInt32(truncatingIfNeeded: start), stop: stop)
    }
}

extension UnsafePointer<StencilHead> {
    @inline(__always)
    var rows: UnsafePointer<StencilRow> { UnsafeRawPointer(self + 1).assumingMemoryBound(to: StencilRow.self) }

    /// The head of the segment behind.
    @inline(__always)
    var next: UnsafePointer<StencilHead> { UnsafeRawPointer(rows + Int(pointee.count)).assumingMemoryBound(to: StencilHead.self) }
}
