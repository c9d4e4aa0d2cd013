import CPVM

/// Calls of functions in a run of the PVM, which knows none: a jump that leaves a return address in a register begins one, a jump to
/// that address ends it. So it is with the code of compilers.
struct PVMFunctions {
    struct Function {
        let parent: Int
        let entry: UInt32
        let start: Int
        let gas: Int64
        var end = 0
        var used: Int64 = 0
        fileprivate let returnPlace: UInt32?
    }

    private(set) var all: [Function] = []
    private var open: [Int] = []
    private var call: UInt32?
    private var returns = false

    /// Of each instruction in turn; `step` is its number.
    mutating func add(_ record: duet_pvm_record_t, _ step: Int, _ code: PVMCode) {
        if all.isEmpty { begin(record, step, nil) }
        if let place = call { begin(record, step, place) }
        if returns { leave(record, step) }
        call = code.returnPlace(record)
        returns = code.isReturn(record)
    }

    mutating func finish(_ step: Int, _ gas: Int64) {
        while !open.isEmpty { close(step, gas) }
    }

    private mutating func begin(_ record: duet_pvm_record_t, _ step: Int, _ place: UInt32?) {
        all.append(Function(parent: open.last ?? -1, entry: record.pc, start: step, gas: record.gas, returnPlace: place))
        open.append(all.count - 1)
    }

    private mutating func leave(_ record: duet_pvm_record_t, _ step: Int) {
        let near = open.suffix(PVMFunctions.reach)
        guard let index = near.lastIndex(where: { all[$0].returnPlace == record.pc }) else { return }
        while open.count > index { close(step, record.gas) }
    }

    private mutating func close(_ step: Int, _ gas: Int64) {
        let function = open.removeLast()
        all[function].end = step
        all[function].used = all[function].gas - gas
    }

    /// How many functions one jump may leave: longjmp and the like.
    private static let reach = 256
}
