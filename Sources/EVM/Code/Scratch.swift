import CPVM

/// The image of code that is not in the cache: in memory of the frame and for one execution. A block is analysed when control has come to it
/// a few times; most blocks never are.
extension Frame.Handle {
    /// False if memory is short.
    func loadScratch(_ source: UnsafePointer<UInt8>?, _ size: Int) -> Bool {
        if size > pointee.scratchSize || pointee.scratchText == nil {
            pointee.freeScratch()
            let room = max(size, 1024)
            pointee.scratchText = malloc(CodeImage.textRoom(room))
            pointee.scratchHeat = malloc(room + CodeImage.back)
            pointee.scratchBlocks = calloc(1, CodeImage.blockRoom(room))
            pointee.scratchLoops = Loops.create()
            guard pointee.scratchText != nil, pointee.scratchHeat != nil, pointee.scratchBlocks != nil else {
                pointee.freeScratch()
                return false
            }
            pointee.scratchSize = room
        }
        pointee.image = CodeImage(text: pointee.scratchText.unsafelyUnwrapped, blocks: pointee.scratchBlocks.unsafelyUnwrapped, size: size)
        pointee.image.load(source)
        pointee.image.loops = pointee.scratchLoops
        pointee.scratchLoops?.pointee.forget()
        let heat = pointee.scratchHeat.unsafelyUnwrapped
        memset(heat, 0, size + CodeImage.back)
        pointee.heat = heat.assumingMemoryBound(to: UInt8.self)
        return true
    }

    /// Makes a block, of an image that is not the cache's, ready for `Fast`.
    func analyseScratch(_ offset: Int) {
        if pointee.analysedCount == 0 { pointee.image.copyCode() }
        noteAnalysed(offset, pointee.image.analyse(from: offset, pointee.traits, pastBranches: false))
        pointee.scratchLoops?.settle(pointee.image, pointee.traits)
    }

    private func noteAnalysed(_ start: Int, _ end: Int) {
        let count = pointee.analysedCount
        if count < Frame.stretches {
            pointee.analysed[2 * count] = Int32(truncatingIfNeeded: start)
            pointee.analysed[2 * count + 1] = Int32(truncatingIfNeeded: end)
            pointee.analysedCount += 1
        } else {
            // The last stretch grows.
            let last = 2 * (count - 1)
            pointee.analysed[last] = min(pointee.analysed[last], Int32(truncatingIfNeeded: start))
            pointee.analysed[last + 1] = max(pointee.analysed[last + 1], Int32(truncatingIfNeeded: end))
        }
    }

    /// Makes the blocks zeros again for the next image.
    func clearScratch() {
        for stretch in 0..<pointee.analysedCount {
            let start = Int(pointee.analysed[2 * stretch])
            memset(pointee.image.blocks + start, 0, (Int(pointee.analysed[2 * stretch + 1]) - start) * MemoryLayout<Block>.stride)
        }
        pointee.analysedCount = 0
    }
}

extension Frame {
    fileprivate static let stretches = 16

    mutating func freeScratch() {
        free(scratchText)
        free(scratchBlocks)
        free(scratchHeat)
        free(scratchLoops)
        scratchText = nil
        scratchLoops = nil
        scratchHeat = nil
        scratchBlocks = nil
        scratchSize = 0
    }
}
