import CPVM
import VMCommon

/// Runs with compiled code, which does whole gas regions; what is left over, the careful pace of the interpreter does.
extension UnsafeMutablePointer<Instance> {
    /// As `runFast`.
    func runNative(_ code: NativeCode, from start: Int, paid: Bool) -> Outcome {
        let program = pointee.program
        var index = start, paid = paid
        while true {
            // Behind a host call of 0.8.0 the block goes on, paid. Elsewhere control comes in where gas is paid.
            let canEnter = paid ? program.pointee.goesOnPaid(index) : program.pointee.startsRegion(index)
            guard canEnter else {
                var care = Care(budget: .max, paid: paid, stopsAtRegionEnd: true)
                let outcome = interpret(Careful.self, self, at: index, &care)
                guard outcome == .stepped else { return outcome }
                index = pointee.resumeIndex
                paid = care.paid
                continue
            }
            let exit = code.run(self, from: index)
            index = exit.index
            pointee.resumeIndex = index
            switch exit.kind {
            case .slow, .fault:
                // The region has been paid to its end.
                let charge = program.pointee.isa == .gp072 ? UInt64(program.pointee.instructions[index].charge) : 0
                pointee.vm.gas += charge
                var care = Care(budget: .max, paid: program.pointee.isa == .gp080, stopsAtRegionEnd: true)
                let outcome = interpret(Careful.self, self, at: index, &care)
                guard outcome == .stepped else { return outcome }
                index = pointee.resumeIndex
                paid = care.paid
            case .cannotPay:
                var care = Care(budget: .max, paid: false)
                return interpret(Careful.self, self, at: index, &care)
            case .panic:
                pointee.exit = PVM_EXIT_PANIC
                return .stopped
            case .hostCall:
                switch callHost(program.pointee.instructions[index].x) {
                case .goOn: break
                case .moved: return .moved
                case .stop:
                    pointee.resumeIndex = index
                    return .stopped
                }
                index += 1
                paid = program.pointee.isa == .gp080
            case .jump:
                let address = pointee.memory.base.load(fromByteOffset: Int(NativeContext.jumpAddress), as: UInt32.self)
                guard let target = rareDjump(address) else { return .stopped }
                index = target
                paid = false
            }
        }
    }
}

extension Program {
    /// Is it the instruction behind a host call in the middle of a block?
    func goesOnPaid(_ index: Int) -> Bool { isa == .gp080 && index > 0 && instructions[index - 1].plain == .ecalli }
}
