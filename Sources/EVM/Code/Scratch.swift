import CPVM

/// The image of code that is not in the cache: in memory of the frame, analysed as far as control gets, and for one execution.
extension Frame.Handle {
    /// False if memory is short.
    func loadScratch(_ source: UnsafePointer<UInt8>?, _ size: Int) -> Bool {
        if size > pointee.scratchSize || pointee.scratchText == nil {
            pointee.freeScratch()
            let room = max(size, 1024)
            pointee.scratchText = malloc(CodeImage.textRoom(room))
            pointee.scratchBlocks = calloc(1, CodeImage.blockRoom(room))
            guard pointee.scratchText != nil, pointee.scratchBlocks != nil else {
                pointee.freeScratch()
                return false
            }
            pointee.scratchSize = room
        }
        pointee.image = CodeImage(text: pointee.scratchText.unsafelyUnwrapped, blocks: pointee.scratchBlocks.unsafelyUnwrapped, size: size)
        pointee.image.load(source)
        return true
    }

    func noteAnalysed(_ start: Int, _ end: Int) {
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
        scratchText = nil
        scratchBlocks = nil
        scratchSize = 0
    }
}
