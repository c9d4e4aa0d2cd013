import CPVM

/// The client's side of frames that are suspended: answers what they ask for from an EVMC host.
struct FrameClient {
    let interface: UnsafePointer<evmc_host_interface>
    let context: OpaquePointer?

    /// What a frame without a host wants to know of the block. `place` puts octets into the frame.
    func describeBlock(_ part: UnsafeMutablePointer<duet_frame_context>, _ supplement: UnsafeMutablePointer<duet_frame_extension_t>,
                       place: (UnsafeRawBufferPointer) -> UInt64) {
        let block = interface.pointee.get_tx_context(context)
        copy(block.tx_origin, to: &part.pointee.originator)
        copy(block.block_coinbase, to: &part.pointee.mining_beneficiary)
        copy(block.tx_gas_price, to: &part.pointee.gas_price)
        supplement.pointee.block_number = block.block_number
        supplement.pointee.block_timestamp = block.block_timestamp
        supplement.pointee.block_gas_limit = block.block_gas_limit
        copy(block.block_prev_randao, to: &supplement.pointee.prev_randao)
        copy(block.chain_id, to: &supplement.pointee.chain_id)
        copy(block.block_base_fee, to: &supplement.pointee.base_fee)
        copy(block.blob_base_fee, to: &supplement.pointee.blob_base_fee)
        if block.blob_hashes_count > 0 {
            let hashes = UnsafeRawBufferPointer(start: block.blob_hashes, count: block.blob_hashes_count * 32)
            let start = place(hashes)
            supplement.pointee.blob_hashes_ptr = start
            supplement.pointee.blob_hash_count = UInt64(block.blob_hashes_count)
        }
    }

    /// Answers the request of a suspended frame.
    func answer(_ frame: SharedFrame) {
        let request = withUnsafeMutablePointer(to: &frame.supplement.pointee.request) { $0 }
        var address = evmc_address(), key = evmc_bytes32(), value = evmc_bytes32()
        copy(request.pointee.address, to: &address)
        copy(request.pointee.key, to: &key)
        copy(request.pointee.value, to: &value)
        let host = interface.pointee
        switch Int(request.pointee.kind) {
        case Int(DUET_ASK_ACCOUNT_EXISTS): request.pointee.number = host.account_exists(context, &address) ? 1 : 0
        case Int(DUET_ASK_STORAGE): copy(host.get_storage(context, &address, &key), to: &request.pointee.word)
        case Int(DUET_ASK_SET_STORAGE): request.pointee.number = Int64(host.set_storage(context, &address, &key, &value).rawValue)
        case Int(DUET_ASK_BALANCE): copy(host.get_balance(context, &address), to: &request.pointee.word)
        case Int(DUET_ASK_CODE_SIZE): request.pointee.number = Int64(host.get_code_size(context, &address))
        case Int(DUET_ASK_CODE_HASH): copy(host.get_code_hash(context, &address), to: &request.pointee.word)
        case Int(DUET_ASK_CODE): return answerCode(frame, &address)
        case Int(DUET_ASK_SELFDESTRUCT):
            var heir = evmc_address()
            copy(request.pointee.recipient, to: &heir)
            request.pointee.number = host.selfdestruct(context, &address, &heir) ? 1 : 0
        case Int(DUET_ASK_CALL): return answerCall(frame)
        case Int(DUET_ASK_BLOCK_HASH):
            copy(host.get_block_hash(context, Int64(bitPattern: request.pointee.offset)), to: &request.pointee.word)
        case Int(DUET_ASK_LOG):
            let data = (frame.base + Int(request.pointee.offset)).assumingMemoryBound(to: UInt8.self)
            withUnsafeBytes(of: request.pointee.topics) {
                host.emit_log(context, &address, data, Int(request.pointee.size), $0.baseAddress!.assumingMemoryBound(to: evmc_bytes32.self),
                              Int(request.pointee.topic_count))
            }
        case Int(DUET_ASK_ACCESS_ACCOUNT): request.pointee.number = Int64(host.access_account(context, &address).rawValue)
        case Int(DUET_ASK_ACCESS_STORAGE): request.pointee.number = Int64(host.access_storage(context, &address, &key).rawValue)
        case Int(DUET_ASK_TRANSIENT): copy(host.get_transient_storage(context, &address, &key), to: &request.pointee.word)
        case Int(DUET_ASK_SET_TRANSIENT): host.set_transient_storage(context, &address, &key, &value)
        default: return
        }
        request.pointee.answered = 1
    }

    private func answerCode(_ frame: SharedFrame, _ address: UnsafePointer<evmc_address>) {
        let request = frame.supplement.pointee.request
        // No code is longer than what the host says.
        let size = min(Int(request.size), interface.pointee.get_code_size(context, address))
        var code = [UInt8](repeating: 0, count: max(1, size))
        let copied = interface.pointee.copy_code(context, address, Int(request.offset), &code, size)
        let place = code.withUnsafeBytes { frame.place(UnsafeRawBufferPointer(rebasing: $0[0..<copied]), .code) }
        frame.supplement.pointee.request.output_ptr = place
        frame.supplement.pointee.request.output_size = UInt64(copied)
        frame.supplement.pointee.request.answered = 1
    }

    private func answerCall(_ frame: SharedFrame) {
        let request = frame.supplement.pointee.request
        var message = evmc_message()
        message.kind = evmc_call_kind(request.call_kind)
        message.flags = request.call_flags
        message.depth = Int32(request.depth)
        message.gas = request.gas
        copy(request.recipient, to: &message.recipient)
        copy(request.sender, to: &message.sender)
        copy(request.code_address, to: &message.code_address)
        copy(request.value, to: &message.value)
        copy(request.key, to: &message.create2_salt)
        message.input_size = Int(request.size)
        // The frame's own memory: a call below does not touch it.
        if request.size > 0 { message.input_data = UnsafePointer((frame.base + Int(request.offset)).assumingMemoryBound(to: UInt8.self)) }
        var result = interface.pointee.call(context, &message)
        let output = UnsafeRawBufferPointer(start: result.output_data, count: result.output_data == nil ? 0 : result.output_size)
        let place = frame.place(output, .returnData)
        let answer = frame.supplement
        answer.pointee.request.output_ptr = place
        answer.pointee.request.output_size = UInt64(output.count)
        answer.pointee.request.status = result.status_code.rawValue
        answer.pointee.request.gas_left = result.gas_left
        answer.pointee.request.gas_refund = result.gas_refund
        copy(result.create_address, to: &answer.pointee.request.create_address)
        answer.pointee.request.answered = 1
        if let release = result.release { release(&result) }
    }
}
