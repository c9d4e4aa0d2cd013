import CPVM

/// An EVMC VM that executes every call on a message frame (`evm_frame.h`), so that all that runs on EVMC can be run there: with the
/// host handed along in the first layout, or in the second one without, each question of the code answered by hand.
final class FrameVM {
    /// What the client has for the frame: the world outside and the frame itself, by depth.
    private var frames: [SharedFrame] = []
    private var residents: [OpaquePointer?] = []
    private var depth = 0
    private let suspends: Bool

    private struct Handle {
        var vm: evmc_vm
        let object: Unmanaged<FrameVM>
    }

    private init(suspends: Bool) { self.suspends = suspends }

    deinit {
        residents.forEach { duet_frame_destroy($0) }
    }

    /// To be destroyed by its own function.
    static func create(suspends: Bool) -> UnsafeMutablePointer<evmc_vm> {
        let handle = UnsafeMutablePointer<Handle>.allocate(capacity: 1)
        let vm = evmc_vm(
            abi_version: Int32(EVMC_ABI_VERSION), name: nil, version: nil,
            destroy: { vm in
                let handle = UnsafeMutableRawPointer(vm!).assumingMemoryBound(to: Handle.self)
                handle.pointee.object.release()
                handle.deallocate()
            },
            execute: { vm, host, context, revision, message, code, size in
                UnsafeMutableRawPointer(vm!).assumingMemoryBound(to: Handle.self).pointee.object.takeUnretainedValue()
                    .execute(FrameClient(interface: host!, context: context), revision, message!, UnsafeBufferPointer(start: code, count: size))
            },
            get_capabilities: nil, set_option: nil)
        handle.initialize(to: Handle(vm: vm, object: Unmanaged.passRetained(FrameVM(suspends: suspends))))
        return UnsafeMutableRawPointer(handle).assumingMemoryBound(to: evmc_vm.self)
    }

    private func execute(_ client: FrameClient, _ revision: evmc_revision, _ message: UnsafePointer<evmc_message>,
                         _ code: UnsafeBufferPointer<UInt8>) -> evmc_result {
        let level = depth
        depth += 1
        defer { depth -= 1 }
        if level == frames.count {
            frames.append(SharedFrame())
            residents.append(duet_frame_create())
        }
        frames[level].begin(code, UnsafeBufferPointer(start: message.pointee.input_data, count: message.pointee.input_size))
        fill(level, client, revision, message)
        return suspends ? runSuspending(level, client) : run(level)
    }

    private func fill(_ level: Int, _ client: FrameClient, _ revision: evmc_revision, _ message: UnsafePointer<evmc_message>) {
        let frame = frames[level]
        let header = frame.header
        header.pointee.gas_remaining = message.pointee.gas
        header.pointee.is_static = message.pointee.flags & EVMC_STATIC.rawValue != 0 ? 1 : 0
        header.pointee.depth = UInt32(message.pointee.depth)
        header.pointee.type = UInt32(message.pointee.kind == EVMC_CREATE || message.pointee.kind == EVMC_CREATE2 ? FRAME_CONTRACT_CREATION : FRAME_MESSAGE_CALL)
        let codeSize = UInt32(header.pointee.input_ptr - header.pointee.code_ptr), inputSize = UInt32(message.pointee.input_size)
        if suspends {
            frame.second.pointee.code_size = codeSize
            frame.second.pointee.input_size = inputSize
        } else {
            header.pointee.code_size = codeSize
            header.pointee.input_size = inputSize
        }
        let context = duet_context_of_frame(frame.base, suspends)!
        copy(message.pointee.recipient, to: &context.pointee.recipient)
        copy(message.pointee.sender, to: &context.pointee.sender)
        copy(message.pointee.code_address, to: &context.pointee.contract)
        copy(message.pointee.value, to: &context.pointee.apparent_value)
        let supplement = frame.supplement
        supplement.pointee.revision = UInt32(revision.rawValue)
        supplement.pointee.grow = { context, _, octets in
            let vm = Unmanaged<FrameVM>.fromOpaque(context!).takeUnretainedValue()
            vm.frames[vm.depth - 1].grow(Int(octets))
            return vm.frames[vm.depth - 1].base
        }
        supplement.pointee.grow_context = Unmanaged.passUnretained(self).toOpaque()
        if suspends {
            client.describeBlock(context, supplement, place: { frame.place($0, .blobHashes) })
        } else {
            supplement.pointee.host = client.interface
            supplement.pointee.host_context = client.context
        }
    }

    private func run(_ level: Int) -> evmc_result {
        let error = duet_frame_execute(residents[level], frames[level].header, nil)
        return result(level, error)
    }

    private func runSuspending(_ level: Int, _ client: FrameClient) -> evmc_result {
        while true {
            let error = duet_frame_execute_v2(residents[level], frames[level].second, nil)
            guard frames[level].header.pointee.state == FRAME_CODE_SUSPENDED else { return result(level, error) }
            client.answer(frames[level])
        }
    }

    /// What EVMC has for the frame's end.
    private func result(_ level: Int, _ error: duet_frame_error_t) -> evmc_result {
        let frame = frames[level]
        var result = evmc_result()
        guard error == DUET_FRAME_OK else {
            result.status_code = error == DUET_FRAME_ERR_NO_MEMORY ? EVMC_OUT_OF_MEMORY : EVMC_INTERNAL_ERROR
            return result
        }
        switch Int32(bitPattern: frame.header.pointee.state) {
        case Int32(FRAME_COMPLETED_SUCCESS):
            result.status_code = EVMC_SUCCESS
            result.gas_refund = frame.header.pointee.gas_refund
        case Int32(FRAME_REVERT): result.status_code = EVMC_REVERT
        default:
            let reason = duet_context_of_frame(frame.base, suspends)!.pointee.halt_reason
            result.status_code = reason == HALT_INSUFFICIENT_GAS ? EVMC_OUT_OF_GAS : EVMC_FAILURE
            return result
        }
        result.gas_left = frame.header.pointee.gas_remaining
        let size = Int(duet_sizes_of_frame(frame.base, suspends)!.pointee.output)
        if size > 0 {
            let output = malloc(size)!
            memcpy(output, frame.base + Int(frame.header.pointee.output_ptr), size)
            result.output_data = UnsafePointer(output.assumingMemoryBound(to: UInt8.self))
            result.output_size = size
            result.release = { CPVM.free(UnsafeMutablePointer(mutating: $0!.pointee.output_data)) }
        }
        return result
    }
}

/// Octets of a value of fixed size to a place of the same size.
func copy<From, To>(_ value: From, to place: inout To) {
    precondition(MemoryLayout<From>.size == MemoryLayout<To>.size)
    withUnsafeBytes(of: value) { source in withUnsafeMutableBytes(of: &place) { $0.copyMemory(from: source) } }
}
