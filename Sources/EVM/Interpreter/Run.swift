import CPVM

extension Frame.Handle {
    /// Executes from the start of the code to the end.
    @inline(__always)
    func run() {
        pointee.offset = 0
        pointee.top = pointee.stack
        if pointee.isTraced {
            interpret(Traced.self, self)
            traceEnd()
        } else {
            // What has been analysed for the cache, and what is not to wait, can do without care.
            pointee.care = pointee.heat == nil || pointee.patience == 0 ? .hot : .block
            proceed()
        }
    }

    /// Executes from the offset, at the pace that `care` asks for, to the end.
    @inline(__always)
    private func proceed() {
        while true {
            switch pointee.care {
            case .none: return
            case .hot:
                pointee.care = .none
                interpret(Fast.self, self)
            case .instruction:
                putBack()
                fallthrough
            case .block:
                pointee.care = .none
                interpret(Careful.self, self)
            }
        }
    }

    /// What the rest of the block, from the instruction at the offset on, has cost in advance.
    @inline(never)
    private func putBack() {
        pointee.gas += pointee.image.costToTheEnd(from: pointee.offset, pointee.traits)
    }
}
