import CPVM

/// What an instruction asks of the world outside, and what it has been answered. An instruction that lacks an answer of the client is
/// suspended; with the answer it is executed anew and asks the same questions in the same order. It finds all their answers in the
/// extension's list, those from the frame's own areas as well: a call may have changed these in between.
extension FrameSurface.Handle {
    /// An instruction begins that may ask.
    @inline(never)
    func beginAsking(_ memory: GuestBytes) {
        // The first one has the answers that the client gave to it; they are no other's.
        if pointee.hasAsked { forgetAnswers() }
        pointee.hasAsked = true
        pointee.asked = 0
        pointee.memoryBefore = memory
        pointee.warmed.forget()
    }

    func forgetAnswers() {
        pointee.given = FrameAnswer()
        guard let supplement = pointee.supplement else { return }
        supplement.pointee.answer_count = 0
        supplement.pointee.request.kind = UInt32(truncatingIfNeeded: DUET_ASK_NOTHING)
    }

    /// An instruction has been suspended: the memory that it had paid for is taken back. What it made warm stays so, because a call that
    /// it is suspended for must find it warm, unless there is no list to remember that it was cold.
    func takeBack(_ frame: Frame.Handle) {
        frame.pointee.memory.takeBack(pointee.memoryBefore)
        guard pointee.supplement == nil else {
            pointee.supplement?.pointee.answers_pc = UInt32(truncatingIfNeeded: frame.pointee.offset)
            return
        }
        header.sizes.pointee.warm_addresses &-= pointee.warmed.addressCount
        if let second = header.second { second.pointee.warm_storage_count &-= pointee.warmed.slotCount }
        pointee.warmed.makeCold()
    }

    /// The answer to the next question, if it has been given before. The list lies in the client's memory: whatever stands in it must be an answer.
    func known(_ kind: Int) -> duet_frame_answer_t? {
        let number = pointee.asked
        pointee.asked &+= 1
        guard let supplement = pointee.supplement, number < min(supplement.pointee.answer_count, Self.most), let frame = pointee.frame else { return nil }
        let answer = answers[Int(number)]
        if Int(answer.kind) == kind, isPossible(answer, number) { return answer }
        pointee.error = DUET_FRAME_ERR_ANSWER
        frame.pointee.isUnanswered = true
        return nil
    }

    /// An answer from the frame's areas, for the case that the instruction is executed again.
    func note(_ kind: Int, number: Int64 = 0, size: Int = 0, _ word: evmc_bytes32 = evmc_bytes32()) {
        guard let supplement = pointee.supplement, case let count = supplement.pointee.answer_count, count < Self.most else { return }
        var answer = duet_frame_answer_t()
        answer.kind = UInt32(truncatingIfNeeded: kind)
        answer.number = number
        answer.size = UInt32(truncatingIfNeeded: size)
        withUnsafeBytes(of: word) { _ = memcpy(&answer.word, $0.baseAddress.unsafelyUnwrapped, 32) }
        answers[Int(count)] = answer
        supplement.pointee.answer_count = count + 1
    }

    /// Leaves a question to the client; `fill` writes down what it is.
    func ask(_ kind: Int, _ fill: (UnsafeMutablePointer<duet_frame_request_t>) -> Void) {
        guard let frame = pointee.frame, !frame.pointee.isUnanswered else { return }
        frame.pointee.isUnanswered = true
        guard pointee.supplement != nil else { return }
        // It may be the one that the client has left open.
        memset(request, 0, MemoryLayout<duet_frame_request_t>.size)
        request.pointee.kind = UInt32(truncatingIfNeeded: kind)
        fill(request)
    }

    /// The extension's request. There is one.
    var request: UnsafeMutablePointer<duet_frame_request_t> {
        withUnsafeMutablePointer(to: &pointee.supplement.unsafelyUnwrapped.pointee.request) { $0 }
    }

    private var answers: UnsafeMutablePointer<duet_frame_answer_t> {
        withUnsafeMutablePointer(to: &pointee.supplement.unsafelyUnwrapped.pointee.answers) {
            UnsafeMutableRawPointer($0).assumingMemoryBound(to: duet_frame_answer_t.self)
        }
    }

    private static var most: UInt32 { 8 }

    /// Has the frame been suspended for a call or creation, which it goes on with?
    var goesOnWithCall: Bool { pointee.resumedFor == DUET_ASK_CALL }

    /// Looks at what a suspended frame has been answered, and takes the client's answer to its request. Nothing is written.
    func checkAnswers() -> duet_frame_error_t {
        guard let supplement = pointee.supplement, header.common.pointee.state == FRAME_CODE_SUSPENDED,
              case let request = supplement.pointee.request, request.kind != DUET_ASK_NOTHING,
              supplement.pointee.answers_pc == pointee.values.pc else { return DUET_FRAME_OK }
        pointee.resumedFor = Int(request.kind)
        let count = supplement.pointee.answer_count
        guard count <= Self.most else { return DUET_FRAME_ERR_ANSWER }
        for number in 0..<count where !isPossible(answers[Int(number)], number) { return DUET_FRAME_ERR_ANSWER }
        guard request.answered != 0 else { return DUET_FRAME_OK }
        guard count < Self.most else { return DUET_FRAME_ERR_ANSWER }
        pointee.given = FrameAnswer(request, number: count)
        return isPossible(pointee.given, request) ? DUET_FRAME_OK : DUET_FRAME_ERR_ANSWER
    }

    /// Puts it into the list.
    func takeAnswer() {
        guard let supplement = pointee.supplement else { return }
        // Nothing was asked, or the client has done the instruction himself.
        guard pointee.resumedFor != DUET_ASK_NOTHING else { return forgetAnswers() }
        guard let number = pointee.given.number, number < Self.most else { return }
        if pointee.given.kind == DUET_ASK_CODE {
            // What is short is kept in the list, because the next question takes the request's place.
            let size = min(Int(truncatingIfNeeded: pointee.given.outputSize), 32)
            if size > 0 { memcpy(&pointee.given.word, pointee.areas.segment.place(pointee.given.output), size) }
        }
        answers[Int(number)] = pointee.given.listed
        supplement.pointee.answer_count = number + 1
        supplement.pointee.request.answered = 0
    }

    /// An answer that stands in the list. What does not fit it, a call's and long code, is only the one that the client has just given.
    private func isPossible(_ answer: duet_frame_answer_t, _ number: UInt32) -> Bool {
        switch Int(answer.kind) {
        case DUET_ASK_CALL: pointee.given.number == number && pointee.given.kind == DUET_ASK_CALL
        case DUET_ASK_CODE: answer.size <= 32 || pointee.given.number == number && pointee.given.kind == DUET_ASK_CODE
        default: isPossible(Int(answer.kind), answer.number)
        }
    }

    private func isPossible(_ answer: FrameAnswer, _ request: duet_frame_request_t) -> Bool {
        let segment = pointee.areas.segment
        return switch answer.kind {
        case DUET_ASK_CODE:
            answer.outputSize <= request.size && answer.outputSize <= FrameAnswer.longest && segment.contains(answer.output, answer.outputSize)
        case DUET_ASK_CALL:
            answer.gasLeft >= 0 && answer.gasLeft <= request.gas && answer.outputSize <= FrameAnswer.longest
                && segment.contains(answer.output, answer.outputSize)
        default: isPossible(answer.kind, answer.value)
        }
    }

    private func isPossible(_ kind: Int, _ number: Int64) -> Bool {
        switch kind {
        case DUET_ASK_ACCOUNT_EXISTS, DUET_ASK_SELFDESTRUCT, DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_ACCESS_STORAGE: number == 0 || number == 1
        case DUET_ASK_SET_STORAGE: number >= 0 && number < 9
        case DUET_ASK_CODE_SIZE: number >= 0
        default: kind > DUET_ASK_NOTHING && kind <= DUET_ASK_SET_TRANSIENT
        }
    }
}

/// The client's answer to a request, as it was when it was looked at.
struct FrameAnswer: BitwiseCopyable {
    /// Its place in the list, if there is an answer.
    var number: UInt32?
    var kind = Int(DUET_ASK_NOTHING)
    var value: Int64 = 0
    var word = evmc_bytes32()
    /// Offset in the segment, and how much.
    var output: UInt64 = 0
    var outputSize: UInt64 = 0
    var gasLeft: Int64 = 0
    var gasRefund: Int64 = 0
    var status: Int32 = 0
    var createAddress = evmc_address()

    /// No code and no output is longer.
    static let longest: UInt64 = 1 << 31 - 1

    /// None.
    init() {}

    init(_ request: duet_frame_request_t, number: UInt32) {
        var request = request
        self.number = number
        kind = Int(request.kind)
        value = request.number
        word = duet_bytes32_at(&request.word)
        (output, outputSize) = (request.output_ptr, request.output_size)
        (gasLeft, gasRefund, status) = (request.gas_left, request.gas_refund, request.status)
        createAddress = duet_address_at(&request.create_address)
    }

    var listed: duet_frame_answer_t {
        var answer = duet_frame_answer_t()
        answer.kind = UInt32(truncatingIfNeeded: kind)
        answer.number = value
        if kind == DUET_ASK_CODE { answer.size = UInt32(truncatingIfNeeded: outputSize) }
        withUnsafeBytes(of: word) { _ = memcpy(&answer.word, $0.baseAddress.unsafelyUnwrapped, 32) }
        return answer
    }
}

/// What an instruction has made warm in the frame.
struct WarmedEntries: BitwiseCopyable {
    /// Flags that were 0.
    private var flags = InlineArray<4, UnsafeMutablePointer<UInt8>?>(repeating: nil)
    private var flagCount = 0
    /// Addresses that were added to the list.
    private(set) var addressCount: UInt32 = 0
    /// Storage entries among the flags.
    private(set) var slotCount: UInt32 = 0

    mutating func forget() { self = WarmedEntries() }

    mutating func note(_ flag: UnsafeMutablePointer<UInt8>, isSlot: Bool) {
        flag.pointee = 1
        flags[flagCount] = flag
        flagCount += 1
        if isSlot { slotCount += 1 }
    }

    mutating func noteAddress() { addressCount += 1 }

    mutating func makeCold() {
        for index in 0..<flagCount { flags[index]?.pointee = 0 }
        forget()
    }
}
