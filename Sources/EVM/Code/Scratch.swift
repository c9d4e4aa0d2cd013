import CPVM

/// The image of code that is not in the cache: in memory of the frame and for one execution. A block is analysed when control has come to it
/// a few times; most blocks never are.
extension Frame.Handle {
    /// False if memory is short.
    func loadScratch(_ source: UnsafePointer<UInt8>?, _ size: Int) -> Bool {
        if size > pointee.scratchSize || pointee.scratch == nil {
            pointee.freeScratch()
            let room = max(size, 1024)
            guard let scratch = malloc(CodeImage.blockRoom(room) + CodeImage.textRoom(room) + room + CodeImage.back) else { return false }
            memset(scratch, 0, CodeImage.blockRoom(room))
            pointee.scratch = scratch
            pointee.scratchSize = room
        }
        let blocks = pointee.scratch.unsafelyUnwrapped, room = pointee.scratchSize
        let text = blocks + CodeImage.blockRoom(room), heat = text + CodeImage.textRoom(room)
        pointee.image = CodeImage(text: text, blocks: blocks, size: size)
        pointee.image.load(source)
        memset(heat, 0, size + CodeImage.back)
        pointee.heat = heat.assumingMemoryBound(to: UInt8.self)
        return true
    }

    /// Makes a block, of an image that is not the cache's, ready for `Fast`.
    func analyseScratch(_ offset: Int) {
        if pointee.analysedCount == 0 {
            pointee.image.copyCode()
            // A loop is to be recorded later than a block is analysed, as that takes longer.
            let use = Loops.Use.one(arrivals: 16 * pointee.patience)
            if let loops = pointee.scratchLoops { loops.pointee.forget(use) } else { pointee.scratchLoops = Loops.create(use) }
            pointee.image.loops = pointee.scratchLoops
        }
        noteAnalysed(offset, pointee.image.analyse(from: offset, pointee.traits, pastBranches: false))
        pointee.scratchLoops?.settle(pointee.image, pointee.traits)
    }

    /// What the execution has done is work of its code, which may come into the cache for it; `records` of a trace in batches too.
    func payForCache(_ records: Int) {
        let size = pointee.image.size
        guard CodeCache.isFor(size) else { return }
        let instance = pointee.instance
        let setUp = CachePrice.setUp(size), work = pointee.work + CachePrice.record * records
        instance.pointee.purse.earnSearches(setUp + work)
        // Where hardly more is done than to set it up, an image of the cache is no gain.
        guard 2 * work >= setUp || CodeCache.isEager else { return }
        instance.pointee.purse.earn(setUp + work)
        guard pointee.key != 0, instance.pointee.purse.isDue else { return }
        let now = CachePrice.now
        let payment = instance.pointee.purse.takePayment(at: now)
        guard payment > 0 || CodeCache.isEager else { return }
        let once = CachePrice.timeOfWork * (setUp + work)
        if CodeCache.pay(payment, once: once, pointee.key, pointee.image.plain, size, pointee.fork) {
            instance.pointee.purse.settle(CachePrice.analysis(size), taken: CachePrice.now - now)
        }
    }

    /// An execution with an image of the cache has ended: if it was short, searches must become fewer.
    func noteUse() {
        let spent = pointee.message.pointee.gas &- pointee.gas, size = pointee.image.size
        if spent >= 0 && spent < CachePrice.shortGas(size) { pointee.instance.pointee.purse.spend(CachePrice.shortUse(size)) }
    }

    private func noteAnalysed(_ start: Int, _ end: Int) {
        pointee.work += CachePrice.analysedOctet * (end - start)
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
        free(scratch)
        free(scratchLoops)
        scratch = nil
        scratchLoops = nil
        scratchSize = 0
    }
}
