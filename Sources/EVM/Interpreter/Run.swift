import CPVM

extension Frame.Handle {
    /// Executes from the start of the code to the end.
    @inline(__always)
    func run() {
        pointee.offset = 0
        pointee.top = pointee.stack
        proceed()
    }

    /// Executes from wherever the offset is, with the stack as it is, to the end, or until it is suspended.
    func proceed() {
        pointee.care = .none
        pointee.loopPatience = Frame.loopPatience
        if pointee.instance.pointee.attached != nil && startBatches() {
            pointee.care = startStencils() && pointee.offset == 0 ? .hot : .block
            alternate(Stenciled.self, Traced.self)
            endBatches()
        } else if pointee.isTraced {
            interpret(Traced.self, self)
            if pointee.status == Frame.suspended {
                putStepBack()
                traceSuspension()
            } else {
                traceEnd()
            }
        } else {
            // What has been analysed for the cache, and what is not to wait, can do without care, if a block starts here.
            pointee.care = pointee.offset == 0 && (pointee.heat == nil || pointee.patience == 0) ? .hot : .block
            alternate(Fast.self, Careful.self)
        }
    }

    /// At the pace that `care` asks for.
    @inline(__always)
    private func alternate<F: Pace, C: Pace>(_ fast: F.Type, _ careful: C.Type) {
        while true {
            switch pointee.care {
            case .none: return
            case .hot:
                pointee.care = .none
                interpret(fast, self)
                if pointee.status == Frame.suspended { return putBack() }
            case .instruction:
                putBack()
                if F.isStenciled { resumeBehindRecords() }
                fallthrough
            case .block:
                pointee.care = .none
                interpret(careful, self)
                if pointee.status == Frame.suspended { return putStepBack() }
            case .call:
                pointee.care = .none
                guard carryOut() else {
                    if pointee.status == Frame.suspended { putStepBack() }
                    return
                }
                pointee.care = .block
            }
        }
    }

    /// What the instruction at the offset has cost before it was suspended.
    @inline(never)
    private func putStepBack() { pointee.gas += Int64(pointee.traits[Int(pointee.image.plain[pointee.offset])].gas) }

    /// What the rest of the block, from the instruction at the offset on, has cost in advance.
    @inline(never)
    private func putBack() {
        pointee.gas += pointee.image.costToTheEnd(from: pointee.offset, pointee.traits)
    }
}
