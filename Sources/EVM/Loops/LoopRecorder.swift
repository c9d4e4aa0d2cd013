import VMCommon

/// Walks a loop from its JUMPDEST until it comes back there, with places of words for words, and writes down what it computes.
///
/// Where a branch can go either way, the loop goes on where it comes back, first of all without a jump, and the other side is a way out: all words
/// are moved to where the stack has them, and the interpreter goes on there.
struct LoopRecorder {
    /// Where the walk is. A copy of it is what a branch comes back to.
    private struct Walk: BitwiseCopyable {
        var offset: Int
        /// By place from `depth` below the top: where the word is that the stack has there, in words from the top.
        var words: InlineArray<64, Int8>
        var height = 0
        var lowest = 0
        var greatest = 0
        var gas = 0
        var instructions = 0
        var branches = 0
        /// Of the branch that it has come to.
        var condition: Int8 = 0
        var target = 0

        init(_ offset: Int) {
            self.offset = offset
            words = InlineArray<64, Int8> { Int8(truncatingIfNeeded: $0 - LoopStep.depth) }
        }

        subscript(_ place: Int) -> Int8 {
            get { words[LoopStep.depth + place] }
            set { words[LoopStep.depth + place] = newValue }
        }

        mutating func pop() -> Int8 {
            height -= 1
            return self[height]
        }

        mutating func push(_ word: Int8) {
            self[height] = word
            height += 1
        }
    }

    private enum Outcome { case found, failed, hopeless, branch }

    private let image: CodeImage
    private let traits: UnsafePointer<Traits>
    private let start: Int
    /// Instructions that may still be walked, with all ways that were given up.
    private(set) var patience: Int
    private let steps: UnsafeMutablePointer<LoopStep>
    private let stepLimit: Int
    /// Steps there are.
    private(set) var count = 0
    private let constants: UnsafeMutablePointer<LoopConstant>
    private let constantLimit: Int
    private var constantCount = 0
    private let values: UnsafeMutablePointer<LoopValue>
    private var valueCount = 0

    private static let branchLimit = 24
    static let longestWalk = 512

    /// Steps and constants come to where there is room for so many. `values` has room for `LoopStep.valueLimit`.
    init(_ image: CodeImage, _ traits: UnsafePointer<Traits>, _ start: Int, _ patience: Int, _ steps: UnsafeMutablePointer<LoopStep>, _ stepLimit: Int,
         _ constants: UnsafeMutablePointer<LoopConstant>, _ constantLimit: Int, _ values: UnsafeMutablePointer<LoopValue>) {
        self.image = image
        self.traits = traits
        self.start = start
        self.patience = patience
        self.steps = steps
        self.stepLimit = stepLimit
        self.constants = constants
        self.constantLimit = constantLimit
        self.values = values
    }

    /// Says what the loop needs and costs. False if it is none, or not worth it.
    mutating func record(_ loop: inout Loop) -> Bool {
        var walk = Walk(start)
        guard follow(&walk) == .found else { return false }
        removeUnused()
        loop.gas = Int64(walk.gas)
        loop.need = -walk.lowest
        loop.growth = walk.greatest
        for index in 0..<constantCount where values[constants[index].place - LoopStep.values].uses > 0 {
            constants[loop.constantCount] = constants[index]
            loop.constantCount += 1
        }
        // A step takes about as long as an instruction or a sequence of them.
        return walk.instructions >= 2 * stepsAround
    }

    /// Without those of ways out.
    private var stepsAround: Int {
        var (index, around) = (0, 0)
        while index < count {
            index += 1 + (steps[index].hasWayOut ? Int(steps[index].more) : 0)
            around += 1
        }
        return around
    }

    // MARK: The walk

    /// Walks until it has come back. It calls itself at branches, so it must take little of the native stack: it may be called at the end of 1024 nested calls.
    private mutating func follow(_ walk: inout Walk) -> Outcome {
        while true {
            let outcome = advance(&walk)
            if outcome != .branch { return outcome }
            if walk.target != start {
                let (count, valueCount, constantCount) = (count, valueCount, constantCount)
                var straight = walk
                if branch(&straight, goesOnIfZero: true) {
                    let outcome = follow(&straight)
                    if outcome != .failed {
                        walk = straight
                        return outcome
                    }
                }
                (self.count, self.valueCount, self.constantCount) = (count, valueCount, constantCount)
            }
            guard branch(&walk, goesOnIfZero: false) else { return .failed }
        }
    }

    /// Walks to the next branch that may go either way, or until it has come back.
    @inline(never)
    private mutating func advance(_ walk: inout Walk) -> Outcome {
        while true {
            if walk.offset == start && walk.instructions > 0 { return close(walk) }
            patience -= 1
            guard patience >= 0 else { return .hopeless }
            guard walk.offset < image.size else { return .failed }
            let octet = image.plain[walk.offset], row = traits[Int(octet)], before = walk
            guard row.isDefined, walk.height - Int(row.stackIn) >= -LoopStep.depth, walk.height + Int(row.stackChange) <= LoopStep.values - 1 else { return .failed }
            walk.gas += Int(row.gas)
            walk.instructions += 1
            walk.lowest = min(walk.lowest, walk.height - Int(row.stackIn))
            walk.greatest = max(walk.greatest, walk.height + Int(row.stackChange))
            walk.offset += 1 + Int(row.immediate)
            switch Opcode(octet: octet) {
            case .jumpdest: break
            case .jump:
                let word = walk.pop()
                guard let target = destination(word) else { return .failed }
                if target < before.offset && target > start && isBehindPush(before.offset, target) && !isCall(walk) { return .hopeless }
                walk.offset = target
            case .jumpi:
                let word = walk.pop(), condition = walk.pop()
                guard let target = destination(word), walk.branches < LoopRecorder.branchLimit else { return .failed }
                if let known = constant(condition) {
                    if !known.isZero { walk.offset = target }
                    break
                }
                walk.branches += 1
                walk.condition = condition
                walk.target = target
                return .branch
            default:
                guard execute(Opcode(octet: octet), &walk, before) else { return .failed }
            }
        }
    }

    /// An instruction that control goes on behind. False if there is no step for it, or no room.
    private mutating func execute(_ opcode: Opcode, _ walk: inout Walk, _ before: Walk) -> Bool {
        switch opcode {
        case .pop: _ = walk.pop()
        case .pc: return pushConstant(U256(UInt64(truncatingIfNeeded: before.offset)), &walk)
        case .push0: return pushConstant(.zero, &walk)
        case .push1, .push2, .push3, .push4, .push5, .push6, .push7, .push8, .push9, .push10, .push11, .push12, .push13, .push14, .push15, .push16,
             .push17, .push18, .push19, .push20, .push21, .push22, .push23, .push24, .push25, .push26, .push27, .push28, .push29, .push30, .push31, .push32:
            return pushConstant(data(before.offset, walk.offset - before.offset - 1), &walk)
        case .dup1, .dup2, .dup3, .dup4, .dup5, .dup6, .dup7, .dup8, .dup9, .dup10, .dup11, .dup12, .dup13, .dup14, .dup15, .dup16:
            walk.push(walk[walk.height - 1 - Int(opcode.rawValue - Opcode.dup1.rawValue)])
        case .swap1, .swap2, .swap3, .swap4, .swap5, .swap6, .swap7, .swap8, .swap9, .swap10, .swap11, .swap12, .swap13, .swap14, .swap15, .swap16:
            let (top, other) = (walk.height - 1, walk.height - 2 - Int(opcode.rawValue - Opcode.swap1.rawValue))
            (walk[top], walk[other]) = (walk[other], walk[top])
        case .add: return binary(.add, &walk)
        case .mul: return binary(.mul, &walk)
        case .sub: return binary(.sub, &walk)
        case .div: return binary(.div, &walk)
        case .sdiv: return binary(.sdiv, &walk)
        case .mod: return binary(.mod, &walk)
        case .smod: return binary(.smod, &walk)
        case .signextend: return binary(.signextend, &walk)
        case .lt: return binary(.lt, &walk)
        case .gt: return binary(.lt, &walk, turned: true)
        case .slt: return binary(.slt, &walk)
        case .sgt: return binary(.slt, &walk, turned: true)
        case .eq: return binary(.eq, &walk)
        case .and: return binary(.and, &walk)
        case .or: return binary(.or, &walk)
        case .xor: return binary(.xor, &walk)
        case .byte: return binary(.byte, &walk)
        case .shl: return binary(.shl, &walk)
        case .shr: return binary(.shr, &walk)
        case .sar: return binary(.sar, &walk)
        case .addmod: return ternary(.addmod, &walk)
        case .mulmod: return ternary(.mulmod, &walk)
        case .iszero: return unary(.iszero, &walk)
        case .not: return unary(.not, &walk)
        case .clz: return unary(.clz, &walk)
        case .mload:
            guard unary(.mload, &walk) else { return false }
            return wayOut(of: count - 1, before, to: before.offset, .middle)
        case .mstore: return store(.mstore, &walk, before)
        case .mstore8: return store(.mstore8, &walk, before)
        default: return false
        }
        return true
    }

    private mutating func unary(_ operation: LoopStep.Operation, _ walk: inout Walk) -> Bool {
        let word = walk.pop()
        return compute(operation, word, 0, 0, &walk)
    }

    private mutating func binary(_ operation: LoopStep.Operation, _ walk: inout Walk, turned: Bool = false) -> Bool {
        let (top, next) = (walk.pop(), walk.pop())
        return compute(operation, turned ? next : top, turned ? top : next, 0, &walk)
    }

    private mutating func ternary(_ operation: LoopStep.Operation, _ walk: inout Walk) -> Bool {
        let (top, next, third) = (walk.pop(), walk.pop(), walk.pop())
        return compute(operation, top, next, third, &walk)
    }

    private mutating func store(_ operation: LoopStep.Operation, _ walk: inout Walk, _ before: Walk) -> Bool {
        let (place, word) = (walk.pop(), walk.pop())
        return add(LoopStep(operation: operation, first: octets(place), second: octets(word))) && wayOut(of: count - 1, before, to: before.offset, .middle)
    }

    /// The walk has come back.
    private mutating func close(_ walk: Walk) -> Outcome {
        guard walk.height == 0, move(walk), add(LoopStep(operation: .again)) else { return .failed }
        return .found
    }

    // MARK: Words

    private func octets(_ word: Int8) -> Int32 { Int32(word) * 32 }

    private mutating func newValue(_ source: Int) -> Int8? {
        guard valueCount < LoopStep.valueLimit else { return nil }
        values[valueCount].source = Int16(truncatingIfNeeded: source)
        valueCount += 1
        return Int8(truncatingIfNeeded: LoopStep.values + valueCount - 1)
    }

    private mutating func compute(_ operation: LoopStep.Operation, _ first: Int8, _ second: Int8, _ third: Int8, _ walk: inout Walk) -> Bool {
        guard let value = newValue(count) else { return false }
        walk.push(value)
        return add(LoopStep(operation: operation, more: UInt16(bitPattern: Int16(third)), result: octets(value), first: octets(first), second: octets(second)))
    }

    private mutating func add(_ step: LoopStep) -> Bool {
        guard count < stepLimit else { return false }
        steps[count] = step
        count += 1
        return true
    }

    private mutating func pushConstant(_ word: U256, _ walk: inout Walk) -> Bool {
        for index in 0..<constantCount where constants[index].word == word {
            walk.push(Int8(truncatingIfNeeded: constants[index].place))
            return true
        }
        guard constantCount < constantLimit, let value = newValue(-1 - constantCount) else { return false }
        constants[constantCount] = LoopConstant(word: word, place: Int(value))
        constantCount += 1
        walk.push(value)
        return true
    }

    private func constant(_ word: Int8) -> U256? {
        guard word >= LoopStep.values else { return nil }
        let source = Int(values[Int(word) - LoopStep.values].source)
        return source < 0 ? constants[-1 - source].word : nil
    }

    private func destination(_ word: Int8) -> Int? {
        guard let target = constant(word), target.fitsOneLimb, image.isJumpdest(target.limb0) else { return nil }
        return Int(truncatingIfNeeded: target.limb0)
    }

    /// The data of a PUSH at an offset.
    private func data(_ offset: Int, _ octets: Int) -> U256 {
        var word = U256.zero
        for index in 0..<octets { word = U256.shiftLeft(word, bits: 8) | U256(UInt64(image.plain[offset + 1 + index])) }
        return word
    }

    /// Does a PUSH of that number end before an offset?
    private func isBehindPush(_ offset: Int, _ number: Int) -> Bool {
        for octets in 1...3 where offset > octets && image.plain[offset - octets - 1] == Opcode.push0.rawValue + UInt8(truncatingIfNeeded: octets) {
            if data(offset - octets - 1, octets) == U256(UInt64(truncatingIfNeeded: number)) { return true }
        }
        return false
    }

    /// Has the stack the offset behind a jump, to come back to? A jump backwards that names its target and is none closes a loop inside of this one.
    private func isCall(_ walk: Walk) -> Bool {
        for place in walk.lowest..<walk.height where constant(walk[place]) == U256(UInt64(truncatingIfNeeded: walk.offset)) { return true }
        return false
    }

    // MARK: Branches and ways out

    /// The walk goes on at one side of its branch; the other one is a way out.
    @inline(never)
    private mutating func branch(_ walk: inout Walk, goesOnIfZero: Bool) -> Bool {
        var (word, isZero) = (walk.condition, goesOnIfZero)
        // ISZERO turns the question around.
        while let step = step(of: word), step.operation == .iszero {
            word = Int8(truncatingIfNeeded: step.first / 32)
            isZero.toggle()
        }
        var question = LoopStep(operation: isZero ? .whileZero : .whileNotZero, first: octets(word))
        if let step = step(of: word) {
            switch step.operation {
            case .lt: question = LoopStep(operation: isZero ? .whileNotLess : .whileLess, first: step.first, second: step.second)
            case .slt: question = LoopStep(operation: isZero ? .whileNotLessSigned : .whileLessSigned, first: step.first, second: step.second)
            case .eq: question = LoopStep(operation: isZero ? .whileNotEqual : .whileEqual, first: step.first, second: step.second)
            default: break
            }
        }
        guard add(question), wayOut(of: count - 1, walk, to: goesOnIfZero ? walk.target : walk.offset, goesOnIfZero ? .jump : .flow) else { return false }
        if !goesOnIfZero { walk.offset = walk.target }
        return true
    }

    /// The step that computes a word, if one does.
    private func step(of word: Int8) -> LoopStep? {
        guard word >= LoopStep.values, case let source = Int(values[Int(word) - LoopStep.values].source), source >= 0 else { return nil }
        return steps[source]
    }

    private mutating func wayOut(of index: Int, _ walk: Walk, to target: Int, _ way: LoopStep.Way) -> Bool {
        let values = valueCount
        defer { valueCount = values }
        let leave = LoopStep(operation: .leave, more: UInt16(way.rawValue), result: Int32(truncatingIfNeeded: walk.height * 32),
                             first: Int32(truncatingIfNeeded: walk.gas), second: Int32(truncatingIfNeeded: target))
        guard move(walk), add(leave) else { return false }
        steps[index].more = UInt16(truncatingIfNeeded: count - 1 - index)
        return true
    }

    /// Moves the words to where the stack has them.
    private mutating func move(_ walk: Walk) -> Bool {
        var walk = walk
        while true {
            var waiting: Int8?
            var hasMoved = false
            for place in walk.lowest..<walk.height where walk[place] != Int8(truncatingIfNeeded: place) {
                if isNeeded(Int8(truncatingIfNeeded: place), walk) {
                    waiting = Int8(truncatingIfNeeded: place)
                } else {
                    let copy = LoopStep(operation: .copy, result: Int32(truncatingIfNeeded: place * 32), first: octets(walk[place]))
                    guard add(copy) else { return false }
                    walk[place] = Int8(truncatingIfNeeded: place)
                    hasMoved = true
                }
            }
            guard let waiting else { return true }
            if hasMoved { continue }
            // They wait for each other: one is kept elsewhere.
            guard let value = newValue(count), add(LoopStep(operation: .copy, result: octets(value), first: octets(waiting))) else { return false }
            for other in walk.lowest..<walk.height where walk[other] == waiting { walk[other] = value }
        }
    }

    /// Is the word in this place to be moved elsewhere?
    private func isNeeded(_ place: Int8, _ walk: Walk) -> Bool {
        for other in walk.lowest..<walk.height where walk[other] == place && other != place { return true }
        return false
    }

    // MARK: What nothing needs

    /// Takes out steps whose value is used nowhere, and counts the uses of the others.
    private mutating func removeUnused() {
        for value in 0..<LoopStep.valueLimit { values[value].uses = 0 }
        for index in 0..<count { count(steps[index], 1) }
        var kept = count
        for index in (0..<count).reversed() {
            let step = steps[index], value = Int(step.result) / 32 - LoopStep.values
            if step.computes && value >= 0 && values[value].uses == 0 {
                count(step, -1)
            } else {
                kept -= 1
                steps[kept] = step
            }
        }
        for index in kept..<count { steps[index - kept] = steps[index] }
        count -= kept
    }

    private func count(_ step: LoopStep, _ change: Int16) {
        func use(_ word: Int) { if word >= LoopStep.values { values[word - LoopStep.values].uses += change } }
        guard step.operation != .leave && step.operation != .again else { return }
        use(Int(step.first) / 32)
        if step.hasSecond { use(Int(step.second) / 32) }
        if step.hasThird { use(Int(Int16(bitPattern: step.more))) }
    }
}
