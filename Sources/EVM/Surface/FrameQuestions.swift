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
        guard let supplement = pointee.supplement else { return }
        supplement.pointee.answer_count = 0
        supplement.pointee.request.kind = UInt32(DUET_ASK_NOTHING)
    }

    /// An instruction has been suspended: the memory that it had paid for is taken back. What it made warm stays so, because a call that
    /// it is suspended for must find it warm, unless there is no list to remember that it was cold.
    func takeBack(_ frame: Frame.Handle) {
        frame.pointee.memory.takeBack(pointee.memoryBefore)
        guard pointee.supplement == nil else {
            pointee.supplement?.pointee.answers_pc = UInt32(truncatingIfNeeded: frame.pointee.offset)
            return
        }
        header.sizes.pointee.warm_addresses -= pointee.warmed.addressCount
        if let second = header.second { second.pointee.warm_storage_count &-= pointee.warmed.slotCount }
        pointee.warmed.makeCold()
    }

    /// The answer to the next question, if it has been given before.
    func known(_ kind: Int) -> duet_frame_answer_t? {
        let number = pointee.asked
        pointee.asked += 1
        guard let supplement = pointee.supplement, number < supplement.pointee.answer_count, let frame = pointee.frame else { return nil }
        let answer = answers[Int(number)]
        if answer.kind == kind { return answer }
        pointee.error = DUET_FRAME_ERR_ANSWER
        frame.pointee.isUnanswered = true
        return nil
    }

    /// An answer from the frame's areas, for the case that the instruction is executed again.
    func note(_ kind: Int, number: Int64 = 0, size: Int = 0, _ word: evmc_bytes32 = evmc_bytes32()) {
        guard let supplement = pointee.supplement, supplement.pointee.answer_count < Self.most else { return }
        var answer = duet_frame_answer_t()
        answer.kind = UInt32(kind)
        answer.number = number
        answer.size = UInt32(truncatingIfNeeded: size)
        withUnsafeBytes(of: word) { _ = memcpy(&answer.word, $0.baseAddress.unsafelyUnwrapped, 32) }
        answers[Int(supplement.pointee.answer_count)] = answer
        supplement.pointee.answer_count += 1
    }

    /// Leaves a question to the client; `fill` writes down what it is.
    func ask(_ kind: Int, _ fill: (UnsafeMutablePointer<duet_frame_request_t>) -> Void) {
        guard let frame = pointee.frame, !frame.pointee.isUnanswered else { return }
        frame.pointee.isUnanswered = true
        guard pointee.supplement != nil else { return }
        // It may be the one that the client has left open.
        memset(request, 0, MemoryLayout<duet_frame_request_t>.size)
        request.pointee.kind = UInt32(kind)
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
    var goesOnWithCall: Bool { pointee.isResumed && request.pointee.kind == DUET_ASK_CALL }

    /// Takes the client's answer to a suspended frame's request into the list.
    func takeAnswer() -> duet_frame_error_t {
        guard let supplement = pointee.supplement else { return DUET_FRAME_OK }
        guard header.common.pointee.state == FRAME_CODE_SUSPENDED, supplement.pointee.request.kind != DUET_ASK_NOTHING,
              supplement.pointee.answers_pc == header.common.pointee.pc else {
            // Nothing was asked, or the client has done the instruction himself.
            forgetAnswers()
            return DUET_FRAME_OK
        }
        pointee.isResumed = true
        let count = supplement.pointee.answer_count
        guard count <= Self.most else { return DUET_FRAME_ERR_ANSWER }
        guard supplement.pointee.request.answered != 0 else { return DUET_FRAME_OK }
        guard count < Self.most, isPossible(request) else { return DUET_FRAME_ERR_ANSWER }
        var answer = duet_frame_answer_t()
        answer.kind = request.pointee.kind
        answer.number = request.pointee.number
        answer.word = request.pointee.word
        if answer.kind == DUET_ASK_CODE {
            answer.size = UInt32(request.pointee.output_size)
            // What is short is kept, because the next question takes the request's place.
            let size = min(Int(answer.size), 32)
            if size > 0 { memcpy(&answer.word, header.base + Int(request.pointee.output_ptr), size) }
        }
        answers[Int(count)] = answer
        supplement.pointee.answer_count = count + 1
        supplement.pointee.request.answered = 0
        return DUET_FRAME_OK
    }

    private func isPossible(_ request: UnsafeMutablePointer<duet_frame_request_t>) -> Bool {
        let number = request.pointee.number
        switch Int(request.pointee.kind) {
        case Int(DUET_ASK_ACCOUNT_EXISTS), Int(DUET_ASK_SELFDESTRUCT), Int(DUET_ASK_ACCESS_ACCOUNT), Int(DUET_ASK_ACCESS_STORAGE):
            return number == 0 || number == 1
        case Int(DUET_ASK_SET_STORAGE): return number >= 0 && number < 9
        case Int(DUET_ASK_CODE_SIZE): return number >= 0
        case Int(DUET_ASK_CODE): return request.pointee.output_size <= request.pointee.size && hasOutput(request)
        case Int(DUET_ASK_CALL):
            return request.pointee.gas_left >= 0 && request.pointee.gas_left <= request.pointee.gas && hasOutput(request)
        default: return request.pointee.kind <= DUET_ASK_SET_TRANSIENT
        }
    }

    private func hasOutput(_ request: UnsafeMutablePointer<duet_frame_request_t>) -> Bool {
        request.pointee.output_size <= Int32.max
            && FrameSegment(header, pointee.supplement).contains(request.pointee.output_ptr, request.pointee.output_size)
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
