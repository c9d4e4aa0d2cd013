import CPVM

extension Frame.Handle {
    /// Executes from the start of the code to the end.
    @inline(__always)
    func run() {
        pointee.pc = pointee.code
        pointee.top = pointee.stack
        pointee.care = .none
        proceed()
    }

    /// Executes from wherever pc is, with the stack as it is, to the end, or until it is suspended.
    func proceed() {
        if !pointee.isTraced && pointee.pc == pointee.code {
            interpret(Fast.self, self)
            if pointee.status == Frame.suspended { return putBack() }
            if pointee.care == .none { return }
            if pointee.care == .instruction { putBack() }
        }
        interpret(Careful.self, self)
        if pointee.status == Frame.suspended {
            pointee.gas += Int64(pointee.traits[Int(pointee.image.octet(at: pointee.pc - pointee.code, pointee.original))].gas)
            if pointee.isTraced { traceSuspension() }
            return
        }
        if pointee.isTraced { traceEnd() }
    }

    /// What the rest of the block, from the instruction at pc on, has cost in advance.
    @inline(never)
    private func putBack() {
        pointee.gas += pointee.image.costToTheEnd(from: pointee.pc - pointee.code, pointee.original, pointee.traits)
    }
}
