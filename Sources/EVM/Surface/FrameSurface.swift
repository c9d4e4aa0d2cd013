import CPVM
import EVMRules
import VMCommon

/// An execution on a message frame (`evm_frame.h`): between its start or resumption and its end or suspension. It lies on the native
/// stack of `execute`; everything that outlasts it is in the frame.
struct FrameSurface: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<FrameSurface>

    var header: FrameHeader
    /// What has been read of the frame, and checked: the header, where everything lies, the client's functions.
    var values: FrameValues
    var areas = FrameAreas()
    var client: FrameClient?
    /// To be written to, and read where nothing depends on what is read.
    var supplement: UnsafeMutablePointer<duet_frame_extension_t>?
    var tracer: TracerCallbacks
    var fork = Fork.latest
    var message = evmc_message()
    /// The execution, once there is one.
    var frame: Frame.Handle?
    var error = DUET_FRAME_OK

    /// The client's answer, if he has given one.
    var given = FrameAnswer()
    /// Of the instruction that asks: how many answers it has used, the memory before it, and what it has made warm.
    var asked: UInt32 = 0
    var hasAsked = false
    var memoryBefore = GuestBytes(borrowed: nil, size: 0, capacity: 0)
    var warmed = WarmedEntries()
    /// Where the next log goes, once that is known.
    var logsEnd: Int?

    var operation = TracedOperation()
    /// It goes on with an instruction that has been announced before it was suspended, for a question of this kind.
    var resumedFor = Int(DUET_ASK_NOTHING)

    /// Memory of a frame is counted in 31 bits.
    static let memoryLimit: UInt64 = 1 << 31 - 32

    init(_ header: FrameHeader, _ tracer: TracerCallbacks) {
        self.header = header
        values = FrameValues(header)
        self.tracer = tracer
    }
}

extension FrameSurface.Handle {
    /// Executes the frame from where it is. `instance` has no other use for the time.
    func execute(_ instance: Instance.Handle, _ resident: ResidentFrame.Handle?) -> duet_frame_error_t {
        pointee.error = prepare()
        if pointee.error != DUET_FRAME_OK { return refuse() }
        let attached = attach(to: instance)
        if attached != DUET_FRAME_OK { return refuse(attached) }
        defer { _ = instance.setBatches(nil) }
        guard let frame = instance.pointee.takeFrame(instance) else { return refuse(DUET_FRAME_ERR_NO_MEMORY) }
        let size = Int(pointee.values.codeSize)
        let known = resident?.image(pointee.areas.code, size, pointee.fork)
        // The borrowed memory takes the place of the execution's own.
        let own = frame.pointee.memory
        guard frame.begin(host, pointee.fork, message, pointee.areas.code, size, known: known) else {
            instance.pointee.giveFrame(frame)
            return refuse(DUET_FRAME_ERR_NO_MEMORY)
        }
        enter(frame)
        frame.proceed()
        leave(frame)
        frame.pointee.memory = own
        if known == nil { resident?.keepImage(of: frame) }
        frame.end()
        return pointee.error
    }

    var header: FrameHeader { pointee.header }

    /// The frame's trace in batches becomes the instance's for the time.
    private func attach(to instance: Instance.Handle) -> duet_frame_error_t {
        guard let trace = pointee.client?.trace else { return DUET_FRAME_OK }
        guard Batches.isValid(trace.pointee) else { return DUET_FRAME_ERR_TRACE }
        return instance.setBatches(trace) ? DUET_FRAME_OK : DUET_FRAME_ERR_NO_MEMORY
    }

    /// Does somebody want to know of each instruction?
    var hasCallbacks: Bool { pointee.tracer.trace_pre_execution != nil || pointee.tracer.trace_post_execution != nil }

    private var message: UnsafeMutablePointer<evmc_message> { withUnsafeMutablePointer(to: &pointee.message) { $0 } }

    /// The world outside: the client's host, or what stands in this folder for one.
    private var host: duet_host {
        if let client = pointee.client, let interface = client.host { return duet_host(interface: interface, context: client.hostContext) }
        return duet_host(interface: FrameWorld.interface, context: OpaquePointer(self))
    }

    // MARK: Checks

    /// Everything that must hold before code runs.
    private func prepare() -> duet_frame_error_t {
        let located = locate()
        guard located == DUET_FRAME_OK else { return located }
        if let client = pointee.client {
            guard let fork = Fork(evmc_revision(client.revision)) else { return DUET_FRAME_ERR_REVISION }
            pointee.fork = fork
            if let interface = client.host, !duet_host_is_complete(interface) { return DUET_FRAME_ERR_HOST }
        }
        let values = pointee.values
        guard values.gas >= 0, values.depth <= UInt32(truncatingIfNeeded: Limit.callDepth), values.section == 0, values.pc <= values.codeSize,
              values.codeSize <= Frame.codeLimit else { return DUET_FRAME_ERR_VALUE }
        return checkAnswers()
    }

    /// Where everything is. With an error nothing is anywhere: not where it was before the frame was moved either.
    private func locate() -> duet_frame_error_t {
        pointee.supplement = nil
        pointee.client = nil
        pointee.areas = FrameAreas()
        let place = pointee.values.supplement
        if place != 0 {
            let segment = FrameSegment(header.base, pointee.values.segmentSize)
            guard segment.isSound, segment.contains(place, FrameSegment.supplementSize) else { return DUET_FRAME_ERR_AREA }
            let found = segment.place(place).assumingMemoryBound(to: duet_frame_extension_t.self)
            guard place % 8 == 0, UInt64(found.pointee.struct_size) == FrameSegment.supplementSize else { return DUET_FRAME_ERR_EXTENSION }
            pointee.supplement = found
            pointee.client = FrameClient(found)
        }
        var areas = FrameAreas()
        let result = areas.locate(header.base, pointee.values, pointee.client)
        if result == DUET_FRAME_OK { pointee.areas = areas }
        return result
    }

    /// A frame that nothing can be done with.
    func refuse(_ error: duet_frame_error_t? = nil) -> duet_frame_error_t {
        if let error { pointee.error = error }
        header.common.pointee.state = UInt32(truncatingIfNeeded: FRAME_EXCEPTIONAL_HALT)
        header.context.pointee.halt_reason = UInt32(truncatingIfNeeded: HALT_OUT_OF_BOUNDS)
        pointee.supplement?.pointee.error = pointee.error.rawValue
        return pointee.error
    }

    /// The same before anything has been looked at.
    func refuseForMemory() -> duet_frame_error_t {
        _ = locate()
        return refuse(DUET_FRAME_ERR_NO_MEMORY)
    }

    // MARK: In and out

    /// From the frame to the execution.
    private func enter(_ frame: Frame.Handle) {
        let values = pointee.values
        frame.pointee.surface = self
        pointee.frame = frame
        takeAnswer()
        fillMessage()
        frame.pointee.isStatic = values.isStatic != 0
        frame.pointee.gas = values.gas
        frame.pointee.refund = values.refund
        frame.pointee.memory = GuestBytes(borrowed: pointee.areas.memory.start?.assumingMemoryBound(to: UInt8.self), size: Int(values.memorySize),
                                          capacity: pointee.areas.memory.capacity)
        showReturned(frame)
        let height = Int(values.stackSize)
        for index in 0..<height { frame.pointee.stack[index] = U256(bigEndian: stackWord(index)) }
        frame.pointee.offset = Int(values.pc)
        frame.pointee.top = frame.pointee.stack + height
        frame.pointee.care = .none
        if hasCallbacks { frame.pointee.isTraced = true }
        header.common.pointee.state = UInt32(truncatingIfNeeded: FRAME_CODE_EXECUTING)
    }

    private func fillMessage() {
        let values = pointee.values, context = header.context
        message.pointee.kind = values.type == FRAME_CONTRACT_CREATION ? EVMC_CREATE : EVMC_CALL
        message.pointee.flags = values.isStatic != 0 ? EVMC_STATIC.rawValue : 0
        message.pointee.depth = Int32(bitPattern: values.depth)
        message.pointee.gas = values.gas
        message.pointee.recipient = duet_address_at(&context.pointee.recipient)
        message.pointee.sender = duet_address_at(&context.pointee.sender)
        message.pointee.code_address = duet_address_at(&context.pointee.contract)
        message.pointee.value = duet_bytes32_at(&context.pointee.apparent_value)
        message.pointee.input_data = pointee.areas.input
        message.pointee.input_size = Int(values.inputSize)
    }

    /// The return data of the frame becomes that of the execution.
    private func showReturned(_ frame: Frame.Handle) {
        let data = pointee.areas.returned
        frame.pointee.returned.pointee.output_data = data
        frame.pointee.returned.pointee.output_size = data == nil ? 0 : Int(pointee.values.returnDataSize)
    }

    /// From the execution to the frame, and how it ended.
    private func leave(_ frame: Frame.Handle) {
        let common = header.common
        let status = frame.pointee.status
        // It has been moved, and is no frame any more.
        guard pointee.areas.stack.start != nil else {
            _ = refuse()
            return endOperation(frame)
        }
        if status == Frame.suspended { takeBack(frame) } else { forgetAnswers() }
        store(frame, frame.pointee.offset, frame.pointee.top, frame.pointee.gas)
        storeStack(frame, from: 0, to: frame.pointee.top)
        common.pointee.state = UInt32(truncatingIfNeeded: state(status))
        header.context.pointee.halt_reason = UInt32(truncatingIfNeeded: haltReason(status))
        if state(status) == FRAME_EXCEPTIONAL_HALT { common.pointee.gas_remaining = 0 }
        if status == EVMC_SUCCESS || status == EVMC_REVERT { storeOutput(frame) }
        pointee.supplement?.pointee.error = pointee.error.rawValue
        endOperation(frame)
    }

    private func state(_ status: evmc_status_code) -> Int {
        switch status {
        case EVMC_SUCCESS: Int(FRAME_COMPLETED_SUCCESS)
        case EVMC_REVERT: Int(FRAME_REVERT)
        case Frame.suspended where pointee.error == DUET_FRAME_OK: Int(FRAME_CODE_SUSPENDED)
        default: Int(FRAME_EXCEPTIONAL_HALT)
        }
    }

    /// Also sets the error, if it is none of the code's.
    private func haltReason(_ status: evmc_status_code) -> Int {
        switch status {
        case EVMC_SUCCESS, EVMC_REVERT: return Int(HALT_NONE)
        case EVMC_OUT_OF_GAS: return Int(HALT_INSUFFICIENT_GAS)
        case EVMC_STACK_UNDERFLOW: return Int(HALT_INSUFFICIENT_STACK_ITEMS)
        case EVMC_BAD_JUMP_DESTINATION: return Int(HALT_INVALID_JUMP_DESTINATION)
        case EVMC_INVALID_INSTRUCTION, EVMC_UNDEFINED_INSTRUCTION: return Int(HALT_INVALID_OPERATION)
        case EVMC_INVALID_MEMORY_ACCESS: return Int(HALT_INVALID_RETURN_DATA_BUFFER_ACCESS)
        case EVMC_STACK_OVERFLOW: return Int(HALT_TOO_MANY_STACK_ITEMS)
        case EVMC_STATIC_MODE_VIOLATION: return Int(HALT_ILLEGAL_STATE_CHANGE)
        case Frame.suspended: return pointee.error == DUET_FRAME_OK ? Int(HALT_NONE) : Int(HALT_OUT_OF_BOUNDS)
        default:
            if pointee.error == DUET_FRAME_OK { pointee.error = status == EVMC_OUT_OF_MEMORY ? DUET_FRAME_ERR_NO_MEMORY : DUET_FRAME_ERR_OUTSIDE }
            return Int(HALT_OUT_OF_BOUNDS)
        }
    }

    /// The machine's state, but the stack's words.
    func store(_ frame: Frame.Handle, _ pc: Int, _ top: UnsafeMutablePointer<U256>, _ gas: Int64) {
        let common = header.common
        common.pointee.pc = UInt32(truncatingIfNeeded: pc)
        common.pointee.gas_remaining = gas
        common.pointee.gas_refund = frame.pointee.refund
        common.pointee.stack_size = UInt32(truncatingIfNeeded: top - frame.pointee.stack)
        common.pointee.memory_size = UInt32(truncatingIfNeeded: frame.pointee.memory.size)
        storeReturned(frame)
    }

    func storeStack(_ frame: Frame.Handle, from first: Int, to top: UnsafeMutablePointer<U256>) {
        var index = max(0, first)
        let height = min(top - frame.pointee.stack, Limit.stack)
        while index < height {
            frame.pointee.stack[index].storeBigEndian(to: stackWord(index))
            index += 1
        }
    }

    private func stackWord(_ index: Int) -> UnsafeMutableRawPointer { pointee.areas.stack.start.unsafelyUnwrapped + index * 32 }

    /// What lies in the segment stays where it is; the rest is copied if it fits. Where it is then, nil if nowhere in the segment.
    @discardableResult
    private func storeReturned(_ frame: Frame.Handle) -> UnsafeRawPointer? {
        let returned = frame.pointee.returned
        let size = returned.pointee.output_size
        header.sizes.pointee.return_data = UInt32(truncatingIfNeeded: size)
        guard size > 0, let data = returned.pointee.output_data else { return nil }
        let area = pointee.areas.returnData
        if pointee.client?.host == nil {
            header.common.pointee.return_data_ptr = UInt64(bitPattern: Int64(UnsafeRawPointer(data) - UnsafeRawPointer(header.base)))
            return UnsafeRawPointer(data)
        }
        if let start = area.start, size <= area.capacity {
            header.common.pointee.return_data_ptr = UInt64(bitPattern: Int64(start - header.base))
            if UnsafeRawPointer(start) != UnsafeRawPointer(data) { memmove(start, data, size) }
            return UnsafeRawPointer(start)
        }
        header.common.pointee.return_data_ptr = 0
        return nil
    }

    /// Copies it to its area if it fits; else the frame says where it lies in the memory.
    private func storeOutput(_ frame: Frame.Handle) {
        let size = frame.pointee.outputSize
        header.sizes.pointee.output = UInt32(truncatingIfNeeded: size)
        guard size > 0, let memory = frame.pointee.memory.start else { return }
        let source = memory + frame.pointee.outputOffset
        if let start = pointee.areas.output.start, size <= pointee.areas.output.capacity {
            memmove(start, source, size)
        } else {
            header.common.pointee.output_ptr = UInt64(bitPattern: Int64(UnsafeRawPointer(source) - UnsafeRawPointer(header.base)))
        }
    }

    // MARK: Memory

    /// Has the client give more memory. False if he does not.
    @inline(never)
    func growMemory(_ octets: UInt64) -> Bool {
        guard let frame = pointee.frame else { return false }
        let needed = (octets + 31) & ~31
        // He is asked once: what failed in a block is executed again with care.
        guard pointee.error == DUET_FRAME_OK else { return false }
        guard needed <= FrameSurface.memoryLimit, let client = pointee.client, let grow = client.grow else {
            pointee.error = DUET_FRAME_ERR_GROW
            return false
        }
        let returned = storeReturned(frame)
        // Of a host, and too large for its area: the frame has no place that says where it is.
        if returned == nil { header.sizes.pointee.return_data = 0 }
        header.common.pointee.memory_size = UInt32(truncatingIfNeeded: frame.pointee.memory.size)
        let hasReturned = returned != nil && returned == UnsafeRawPointer(frame.pointee.returned.pointee.output_data)
        guard let moved = grow(client.growContext, header.base, needed), UInt(bitPattern: moved) % 8 == 0 else {
            pointee.error = DUET_FRAME_ERR_GROW
            return false
        }
        pointee.error = move(to: moved)
        guard pointee.error == DUET_FRAME_OK, pointee.areas.memory.capacity >= needed else {
            if pointee.error == DUET_FRAME_OK { pointee.error = DUET_FRAME_ERR_GROW }
            return false
        }
        frame.pointee.memory.moved(to: pointee.areas.memory.start?.assumingMemoryBound(to: UInt8.self), capacity: pointee.areas.memory.capacity)
        frame.pointee.original = pointee.areas.code
        pointee.message.input_data = pointee.areas.input
        // Blob hashes lie in the frame as well.
        frame.pointee.hasTransaction = false
        if hasReturned { showReturned(frame) }
        pointee.logsEnd = nil
        return true
    }

    /// The frame is there now, with its content. The client's functions stay what they were, and code and input must.
    private func move(to base: UnsafeMutableRawPointer) -> duet_frame_error_t {
        let before = pointee.values, client = pointee.client
        pointee.header = FrameHeader(base: base, isSecond: header.isSecond)
        pointee.values = FrameValues(header)
        let located = locate()
        guard located == DUET_FRAME_OK else { return located }
        pointee.client = client
        let given = pointee.given
        if pointee.supplement != nil, pointee.values.codeSize == before.codeSize, pointee.values.inputSize == before.inputSize,
           pointee.areas.segment.contains(given.output, given.outputSize) { return DUET_FRAME_OK }
        pointee.areas = FrameAreas()
        return DUET_FRAME_ERR_AREA
    }

    // MARK: Counts

    @inline(never)
    func countCreation() { if !header.isSecond { header.common.pointee.created_count &+= 1 } }

    @inline(never)
    func countSelfdestruct() { if !header.isSecond { header.common.pointee.self_destruct_count &+= 1 } }
}
