import CPVM

extension Frame.Handle {
    /// Executes from the start of the code to the end.
    @inline(__always)
    func run() {
        pointee.pc = pointee.code
        pointee.top = pointee.stack
        pointee.care = .none
        if !pointee.isTraced {
            interpret(Fast.self, self)
            if pointee.care == .none { return }
            if pointee.care == .instruction { putBack() }
            interpret(Careful.self, self)
        } else if pointee.isBatched {
            interpret(Batched.self, self)
            endBatches()
        } else {
            interpret(Careful.self, self)
            traceEnd()
        }
    }

    /// What the rest of the block, from the instruction at pc on, has cost in advance.
    @inline(never)
    private func putBack() {
        pointee.gas += pointee.image.costToTheEnd(from: pointee.pc - pointee.code, pointee.original, pointee.traits)
    }
}
