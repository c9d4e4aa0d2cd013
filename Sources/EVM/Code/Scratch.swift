import CPVM

/// The image of code that is not in the cache: in memory of the frame, analysed as far as control gets, and for one execution.
extension Frame.Handle {
    /// False if memory is short.
    func loadScratch(_ source: UnsafePointer<UInt8>?, _ size: Int) -> Bool {
        let room = CodeImage.room(size)
        if room > pointee.scratchRoom {
            // Zeros: blocks that have not been analysed.
            guard let memory = calloc(1, max(room, 4096)) else { return false }
            free(pointee.scratch)
            pointee.scratch = memory
            pointee.scratchRoom = max(room, 4096)
        }
        pointee.image = CodeImage(pointee.scratch.unsafelyUnwrapped, size: size)
        pointee.image.load(source)
        return true
    }

    /// The next image lies elsewhere in the memory: all that this one has written must be zeros again.
    func clearScratch() {
        memset(pointee.scratch.unsafelyUnwrapped, 0, CodeImage.room(pointee.image.size))
    }
}

extension Frame {
    mutating func freeScratch() {
        free(scratch)
        scratch = nil
        scratchRoom = 0
    }
}
