import CPVM
import VMCommon

/// What `Stenciled` does: it writes the records of a segment before its instructions are executed (see `Trace/Stencils.swift`).
///
/// All but the last one stay: their instructions cannot fail. The last one has the place of a record whose instruction is being executed, as in
/// `Traced`, and is completed where control comes next. A buffer may be handed over before what it tells of has happened; nobody can see that.
extension Frame.Handle {
    /// Can the execution be recorded so? Only code of the cache, in a trace of everything without words, with somebody who takes full buffers.
    func startStencils() -> Bool {
        let batches = batches
        guard pointee.serial != 0, batches.pointee.isPlain, batches.pointee.words == 0, batches.pointee.buffer.isHandedOver,
              let stencils = pointee.instance.stencils() else { return false }
        guard let blocks = stencils.pointee.blocks(of: pointee.serial, pointee.image.size, isUsed: batches.pointee.executions > 1) else { return false }
        pointee.batch.stencils = stencils
        pointee.batch.blocks = blocks
        return true
    }

    /// Control comes to the block at an offset: pays it and writes the records of its first segment. Gives the gas that is left; below 0: the block has
    /// to be executed with care.
    @inline(never)
    func enterStenciled(_ offset: Int, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
        complete(gas)
        let block = pointee.image.blocks[offset]
        let rest = gas &- Int64(block.gas)
        guard rest >= 0 && block.fits(octets: UnsafeRawPointer(sp) - UnsafeRawPointer(pointee.stack)), let first = stencil(offset) else {
            pointee.care = .block
            return -1
        }
        write(first, sp, gas)
        return rest
    }

    /// Behind a segment that is not the last one of its block.
    @inline(never)
    func goOnStenciled(_ sp: UnsafeMutablePointer<U256>, _ gas: Int64) {
        let head = pointee.batch.segment.unsafelyUnwrapped
        let gas = gas &+ head.pointee.ahead
        complete(gas)
        write(head, sp, gas)
    }

    /// The head of the first segment of the block at an offset.
    @inline(__always)
    private func stencil(_ offset: Int) -> UnsafeMutablePointer<StencilRow>? {
        let blocks = pointee.batch.blocks.unsafelyUnwrapped
        let stencils = pointee.batch.stencils.unsafelyUnwrapped
        if blocks[offset] == 0 {
            blocks[offset] = stencils.pointee.make(pointee.image, from: offset, pointee.traits)
            if blocks[offset] == 0 { return nil }
        }
        return stencils.pointee.rows + Int(blocks[offset])
    }

    /// The instruction that was executed last has succeeded; `gas` is what is left.
    @inline(__always)
    private func complete(_ gas: Int64) {
        let batches = batches
        if batches.pointee.isOut {
            // None was, or it was a call, and that is complete.
            enterBatches()
        } else {
            batches.record.pointee.cost = batches.record.pointee.gas &- gas
            batches.pointee.buffer.keep()
        }
    }

    /// Writes the records of a segment, of which the last one does not stay yet.
    @inline(__always)
    private func write(_ head: UnsafeMutablePointer<StencilRow>, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) {
        let height = UInt64(bitPattern: Int64(UnsafeRawPointer(sp) - UnsafeRawPointer(pointee.stack))) / 32
        let base = StencilRow(pointee.batch.head, UInt64(bitPattern: gas), 0, UInt64(bitPattern: pointee.refund), pointee.memory.size, height)
        var row = head + 1
        let behind = row + head.pointee.count
        pointee.batch.segment = head.pointee.isLast ? nil : behind
        let batches = batches
        let stencils = pointee.batch.stencils.unsafelyUnwrapped
        while true {
            var place = batches.pointee.buffer.next
            let stop = batches.pointee.buffer.holds(behind - row) ? behind : row + batches.pointee.buffer.room
            // The last record is read again at once, so it is not part of a wide store. For a few the call does not pay.
            if stencils.pointee.isWide && stop - row > 12 {
                let count = duet_add_to_rows(place, row, stop - row - 1, base.first, base.second, base.third)
                row += count
                place += count * MemoryLayout<StencilRow>.stride
            }
            while row < stop {
                place.storeBytes(of: row.pointee &+ base, as: StencilRow.self)
                place += MemoryLayout<StencilRow>.stride
                row += 1
            }
            batches.pointee.buffer.next = place - MemoryLayout<StencilRow>.stride
            if row == behind { return }
            batches.pointee.buffer.keep()
        }
    }
}

extension Machine {
    /// Behind an instruction with which a segment ends (see `Stencils.doesMore`), alone or as the last one of a sequence.
    @inline(__always)
    func goOn<P: Pace>(_: P.Type) -> Bool {
        if P.isStenciled && frame.pointee.batch.segment != nil { frame.goOnStenciled(sp, gas) }
        return true
    }
}
