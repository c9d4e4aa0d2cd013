import CPVM
import VMCommon

/// What `Stenciled` does: it writes the records of a segment before its instructions are executed (see `Trace/Stencils.swift`).
///
/// All but the last one stay, as their instructions cannot fail; or one that touches memory does, or makes it larger, and the records behind it are taken
/// back. The last one has the place of a record whose instruction is being executed, as in `Traced`, and is completed where control comes next.
/// A buffer may be handed over before what it tells of has happened: the last of it does nothing but to the stack. A host that is asked for the transaction's
/// context in such a segment is asked later.
extension Frame.Handle {
    /// Can the execution be recorded so? Only code of the cache, in a trace of everything without words, with somebody who takes full buffers and room for
    /// segments with memory.
    func startStencils() -> Bool {
        let batches = batches
        guard pointee.serial != 0, batches.pointee.isPlain, batches.pointee.words == 0, batches.pointee.buffer.isHandedOver,
              batches.pointee.buffer.capacity >= Stencils.longest, let stencils = pointee.instance.stencils() else { return false }
        guard let blocks = stencils.pointee.blocks(of: pointee.serial, pointee.image.size, isUsed: batches.pointee.executions > 1) else { return false }
        pointee.batch.stencils = stencils
        pointee.batch.segments.base.head = pointee.batch.head
        pointee.batch.segments.rows = UnsafePointer(stencils.pointee.rows)
        pointee.batch.blocks = blocks
        pointee.batch.segments.blocks = UnsafePointer(blocks)
        pointee.batch.segments.place = withUnsafeMutablePointer(to: &batches.pointee.buffer.place) { $0 }
        pointee.batch.segments.is_wide = stencils.pointee.isWide
        forgetRecord()
        return true
    }

    /// No instruction that `Stenciled` has recorded is being executed.
    @inline(__always)
    func forgetRecord() { pointee.batch.segments.limit = 0 }

    @inline(__always)
    fileprivate func octets(below sp: UnsafeMutablePointer<U256>) -> Int { UnsafeRawPointer(sp) - UnsafeRawPointer(pointee.stack) }

    // MARK: Where rows are to be made or the buffer ends

    /// Control comes to the block at an offset: pays it and writes the records of its first segment. Gives the gas that is left; below 0: the block has
    /// to be executed with care.
    @inline(never)
    func enterStenciled(_ offset: Int, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
        complete(gas)
        let block = pointee.image.block(at: offset)
        let rest = gas &- Int64(block.gas)
        guard rest >= 0 && block.fits(octets: octets(below: sp)), let segment = firstSegment(offset) else {
            pointee.care = .block
            return -1
        }
        pointee.batch.segments.base.octets = octets(below: sp)
        write(segment, from: 0, gas)
        return rest
    }

    /// Behind a segment that is not the last one of its block, or behind a piece of one.
    @inline(never)
    fileprivate func goOnStenciled(_ sp: UnsafeMutablePointer<U256>, _ gas: Int64) {
        var segment = pointee.batch.segments.segment.unsafelyUnwrapped
        let start = pointee.batch.rowsOfPiece
        if start == 0 { segment = segment.next }
        pointee.batch.segments.base.octets = octets(below: sp) - segment.rows[start].heightBefore * MemoryLayout<U256>.stride
        // What would be there at the start of the segment, had the memory been as large as it is now.
        let gas = gas &+ Int64(segment.pointee.ahead)
        complete(gas &- segment.rows[start].gasBefore)
        write(segment, from: start, gas)
    }

    /// That of the block at an offset. nil if there is no room for it.
    private func firstSegment(_ offset: Int) -> UnsafePointer<StencilHead>? {
        let blocks = pointee.batch.blocks.unsafelyUnwrapped, stencils = pointee.batch.stencils.unsafelyUnwrapped
        if blocks[offset] == 0 {
            blocks[offset] = stencils.pointee.make(pointee.image, from: offset, pointee.traits, growths)
            if blocks[offset] == 0 { return nil }
        }
        return (UnsafeRawPointer(stencils.pointee.rows) + Int(blocks[offset])).assumingMemoryBound(to: StencilHead.self)
    }

    /// See `Stencils.Known`.
    private var growths: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(pointee.batch.blocks.unsafelyUnwrapped + (pointee.image.size + CodeImage.back)).assumingMemoryBound(to: UInt8.self)
    }

    /// The instruction that was executed last has succeeded; `gas` is what is left.
    private func complete(_ gas: Int64) {
        let batches = batches
        if batches.pointee.isOut {
            // None was, or it was a call, and that is complete.
            enterBatches()
        } else {
            let segment = pointee.batch.segments.segment.unsafelyUnwrapped, piece = pointee.batch.rowsOfPiece
            let last = segment.rows[(piece == 0 ? Int(segment.pointee.count) : piece) - 1]
            batches.record.pointee.cost = pointee.batch.segments.base.gas &- last.gasBefore &- gas
            batches.pointee.buffer.keep()
        }
    }

    /// Writes the records of a segment from a row on, of which the last one does not stay yet: all of them, or, if memory has become larger in it, up to the
    /// next one that may fail.
    private func write(_ segment: UnsafePointer<StencilHead>, from start: Int, _ gas: Int64) {
        let batches = batches, count = Int(segment.pointee.count)
        var end = count
        if start > 0 {
            end = start + 1
            while end < count && !Stencils.touchesMemory(segment.rows[end - 1].opcode) { end += 1 }
        }
        pointee.batch.segments.segment = segment
        pointee.batch.segments.base.gas = gas
        keepBase()
        endPiece(end)
        var row = segment.rows + start
        let last = segment.rows + (end - 1)
        // What may have to be taken back must not be handed over.
        if count <= Stencils.longest && !hasRoom(last - row + 1) { batches.pointee.buffer.handOver() }
        while !hasRoom(last - row + 1) {
            // Up to the end of the buffer, the last ones one by one.
            let room = batches.pointee.buffer.room - Int(DUET_ROW_GROUP) + 1
            if room > 0 {
                duet_expand_rows(batches.pointee.buffer.place.next, row, room, &pointee.batch.segments)
                batches.pointee.buffer.next += room * Int(DUET_EVM_RECORD_SIZE)
                row += room
            } else {
                duet_expand_row(batches.pointee.buffer.place.next, row, &pointee.batch.segments)
                if row == last { return }
                batches.pointee.buffer.keep()
                row += 1
            }
        }
        duet_expand_rows(batches.pointee.buffer.place.next, row, last - row + 1, &pointee.batch.segments)
        batches.pointee.buffer.next += (last - row) * Int(DUET_EVM_RECORD_SIZE)
    }

    /// Is there room for the records of so many rows, and for what `duet_expand_rows` writes behind them?
    @inline(__always)
    private func hasRoom(_ rows: Int) -> Bool { batches.pointee.buffer.holds(rows + Int(DUET_ROW_GROUP) - 1) }

    /// What changes the memory's size or the refund calls this, recorded or not: asking would cost as much.
    @inline(__always)
    func keepBase() {
        pointee.batch.segments.base.refund = pointee.refund
        pointee.batch.segments.base.memory = pointee.memory.size
    }

    /// So many rows of the segment at hand have records, or had them before.
    private func endPiece(_ end: Int) {
        let segment = pointee.batch.segments.segment.unsafelyUnwrapped, isWhole = end == Int(segment.pointee.count)
        pointee.batch.rowsOfPiece = isWhole ? 0 : end
        pointee.batch.segments.stop = isWhole ? segment.pointee.stop : UnsafePointer(pointee.image.code + Int(segment.rows[end].pc))
        // What follows a piece is written slowly.
        let group = UInt(truncatingIfNeeded: DUET_EVM_RECORD_SIZE * (DUET_ROW_GROUP - 1))
        pointee.batch.segments.limit = isWhole ? batches.pointee.buffer.place.last - group : 0
    }

    // MARK: Where an instruction in the middle of a segment does not do what its record says

    /// The instruction at an offset, or one that is fused with it, has failed or has made the memory larger: its record is the last one for now.
    @inline(never)
    func cutSegment(_ offset: Int, hasGrown: Bool) {
        let segment = pointee.batch.segments.segment.unsafelyUnwrapped
        let count = Int(segment.pointee.count)
        // It is the first one that can. A piece ends with such a one.
        var end = Swift.max(1, pointee.batch.rowsOfPiece)
        while end < count && !(Int(segment.rows[end - 1].pc) >= offset && Stencils.touchesMemory(segment.rows[end - 1].opcode)) { end += 1 }
        let times = growths + Int(segment.rows[end - 1].pc)
        if hasGrown && times.pointee < Stencils.often {
            times.pointee += 1
            // The block gets other segments when control comes to it again; one that begins inside of it and has segments keeps them.
            if times.pointee == Stencils.often && end < count { pointee.batch.blocks.unsafelyUnwrapped[Int(segment.pointee.block)] = 0 }
        }
        if end == count || pointee.batch.rowsOfPiece != 0 { return }
        batches.pointee.buffer.next -= (count - end) * Int(DUET_EVM_RECORD_SIZE)
        endPiece(end)
    }
}

extension Machine {
    /// Control comes to the block at pc, which is paid and whose first records are written. False, and nothing has happened, if that takes more.
    /// The last instruction may have cost more than its record says, unless it was a jump.
    @inline(__always)
    mutating func recordBlock(behindJump: Bool) -> Bool {
        if !behindJump { duet_complete_record(&frame.pointee.batch.segments, gas) }
        let rest = duet_record_block(&frame.pointee.batch.segments, offset(Stenciled.self), frame.octets(below: sp), gas)
        if rest < 0 { return false }
        gas = rest
        return true
    }

    /// Behind an instruction with which a segment may end (see `Stencils`), alone or as the last one of a sequence.
    @inline(__always)
    func goOn<P: Pace>(_: P.Type) -> Bool {
        guard P.isStenciled && UnsafePointer(pc) == frame.pointee.batch.segments.stop else { return true }
        if !duet_record_segment(&frame.pointee.batch.segments, frame.octets(below: sp), gas) { frame.goOnStenciled(sp, gas) }
        return true
    }
}
