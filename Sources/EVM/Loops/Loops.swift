import CPVM
import VMCommon

/// The loops of an image that are executed as steps: those that a jump backwards closes, and whose instructions do nothing but compute, jump to places
/// that are known, and load and store in memory.
///
/// Such a loop is recorded once as what it does to the words of the stack (`LoopRecorder`). Its PUSHes, DUPs, SWAPs, POPs and jumps leave nothing
/// behind, also where it calls functions of the code, and gas and stack are looked at once for all of it (`runSteps`).
/// A loop starts where its block does. That block's entry among the image's suits no stack, so that control leaves the interpreter's fast way
/// there; what it would be is here.
struct Loops: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<Loops>

    fileprivate var count = 0
    /// JUMPDESTs that a jump behind them leads to and that have not been looked at.
    fileprivate var candidates = InlineArray<16, Int32>(repeating: 0)
    fileprivate var candidateCount = 0
    /// Instructions that may still be walked to record loops.
    fileprivate var patience: Int
    /// How often control comes to a loop before it is recorded.
    fileprivate let arrivals: Int
    fileprivate var stepCount = 0
    fileprivate var constantCount = 0

    fileprivate static let limit = 8
    fileprivate static let stepLimit = 512
    fileprivate static let constantLimit = 64
    // In one allocation: this, the loops, their steps, their constants, and the values of the one that is being recorded.
    fileprivate static let loopsOffset = (MemoryLayout<Loops>.size + 15) & ~15
    fileprivate static let stepsOffset = loopsOffset + limit * MemoryLayout<Loop>.stride
    fileprivate static let constantsOffset = stepsOffset + stepLimit * MemoryLayout<LoopStep>.stride
    /// Octets that the loops of an image take up.
    static let room = valuesOffset + LoopStep.valueLimit * MemoryLayout<LoopValue>.stride
    fileprivate static let valuesOffset = constantsOffset + constantLimit * MemoryLayout<LoopConstant>.stride

    /// What the image is for. Recording may take a few times as long as an execution of little gas, some 10 µs, so for one execution it is for loops that
    /// control has come to `arrivals` times since they were found.
    enum Use { case many, one(arrivals: Int) }

    /// None yet. To be given back with `free`; nil if memory is short.
    static func create(_ use: Use) -> Handle? {
        guard let memory = malloc(room) else { return nil }
        let loops = memory.assumingMemoryBound(to: Loops.self)
        loops.initialize(to: Loops(use))
        return loops
    }

    private init(_ use: Use) {
        switch use {
        case .many: (patience, arrivals) = (8192, 0)
        case .one(let arrivals): (patience, self.arrivals) = (1024, arrivals)
        }
    }

    /// None any more.
    mutating func forget(_ use: Use) { self = Loops(use) }

    var isEmpty: Bool { count == 0 }

    /// A jump from behind the JUMPDEST at an offset leads to it.
    mutating func nominate(_ offset: Int) {
        for index in 0..<candidateCount where candidates[index] == Int32(truncatingIfNeeded: offset) { return }
        guard candidateCount < candidates.count else { return }
        candidates[candidateCount] = Int32(truncatingIfNeeded: offset)
        candidateCount += 1
    }
}

/// One loop.
struct Loop: BitwiseCopyable {
    var start = 0
    /// Of the first block, as it would be without a loop.
    var block = Block.never
    /// How often control comes to it before it is recorded. 0: it is.
    var arrivals = 0
    /// What once around costs, the words of the stack that it needs, and what it adds to them at most.
    var gas: Int64 = 0
    var need = 0
    var growth = 0
    var firstStep = 0
    var firstConstant = 0
    var constantCount = 0
}

/// Of a word that a loop computes, or of a constant, while it is recorded.
struct LoopValue: BitwiseCopyable {
    /// The step that computes it, or -1 less the index of its constant.
    var source: Int16
    /// How many steps use it.
    var uses: Int16
}

/// A constant of a loop, and its place in words from the top.
struct LoopConstant: BitwiseCopyable {
    var word: U256
    var place: Int
}

extension Loops.Handle {
    private var loops: UnsafeMutablePointer<Loop> {
        (UnsafeMutableRawPointer(self) + Loops.loopsOffset).assumingMemoryBound(to: Loop.self)
    }
    private var steps: UnsafeMutablePointer<LoopStep> {
        (UnsafeMutableRawPointer(self) + Loops.stepsOffset).assumingMemoryBound(to: LoopStep.self)
    }
    private var constants: UnsafeMutablePointer<LoopConstant> {
        (UnsafeMutableRawPointer(self) + Loops.constantsOffset).assumingMemoryBound(to: LoopConstant.self)
    }

    func firstStep(of loop: UnsafePointer<Loop>) -> UnsafePointer<LoopStep> { UnsafePointer(steps + loop.pointee.firstStep) }
    func firstConstant(of loop: UnsafePointer<Loop>) -> UnsafePointer<LoopConstant> { UnsafePointer(constants + loop.pointee.firstConstant) }

    /// That starts at an offset, recorded or not.
    func find(_ start: Int) -> UnsafeMutablePointer<Loop>? {
        for index in 0..<pointee.count where loops[index].start == start { return loops + index }
        return nil
    }

    /// Control comes to an offset: the loop that starts there, if it has been recorded by now.
    func come(to start: Int, _ image: CodeImage, _ traits: UnsafePointer<Traits>) -> UnsafePointer<Loop>? {
        guard let loop = find(start) else { return nil }
        if loop.pointee.arrivals > 0 {
            loop.pointee.arrivals -= 1
            guard loop.pointee.arrivals == 0 && record(loop, image, traits) else { return nil }
        }
        return UnsafePointer(loop)
    }

    /// Looks at the candidates whose block has been analysed: from now on they are loops, as far as is known.
    func settle(_ image: CodeImage, _ traits: UnsafePointer<Traits>) {
        var waiting = 0
        for index in 0..<pointee.candidateCount {
            let start = Int(pointee.candidates[index])
            if image.blocks[start].isAnalysed {
                // A loop's entry is not payable any more.
                if pointee.count < Loops.limit && image.blocks[start].isPayable { add(start, image, traits) }
            } else {
                pointee.candidates[waiting] = pointee.candidates[index]
                waiting += 1
            }
        }
        pointee.candidateCount = waiting
    }

    private func add(_ start: Int, _ image: CodeImage, _ traits: UnsafePointer<Traits>) {
        let loop = loops + pointee.count
        loop.initialize(to: Loop(start: start, block: image.blocks[start], arrivals: pointee.arrivals))
        pointee.count += 1
        image.blocks[start] = Block.never
        if loop.pointee.arrivals == 0 { _ = record(loop, image, traits) }
    }

    /// False if it is no loop, or not worth it: then it is none any more, and another one may be in its place.
    private func record(_ loop: UnsafeMutablePointer<Loop>, _ image: CodeImage, _ traits: UnsafePointer<Traits>) -> Bool {
        let patience = min(pointee.patience, LoopRecorder.longestWalk)
        let values = (UnsafeMutableRawPointer(self) + Loops.valuesOffset).assumingMemoryBound(to: LoopValue.self)
        var recorder = LoopRecorder(image, traits, loop.pointee.start, patience, steps + pointee.stepCount, Loops.stepLimit - pointee.stepCount,
                                    constants + pointee.constantCount, Loops.constantLimit - pointee.constantCount, values)
        let isLoop = recorder.record(&loop.pointee)
        pointee.patience -= patience - max(0, recorder.patience)
        guard isLoop else {
            image.blocks[loop.pointee.start] = loop.pointee.block
            pointee.count -= 1
            loop.pointee = loops[pointee.count]
            return false
        }
        loop.pointee.firstStep = pointee.stepCount
        loop.pointee.firstConstant = pointee.constantCount
        pointee.stepCount += recorder.count
        pointee.constantCount += loop.pointee.constantCount
        return true
    }
}
