import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// The world outside of a frame without a host: an EVMC host that answers from the witness and the frame's areas, and asks the client
/// for the rest. What it says to an open question is of no account.
enum FrameWorld {
    static var interface: UnsafePointer<evmc_host_interface> { table.address }

    private static let table = Table<evmc_host_interface>(count: 1) { _ in
        evmc_host_interface(
            account_exists: { surface($0).accountExists($1.unsafelyUnwrapped) },
            get_storage: { surface($0).storage($1.unsafelyUnwrapped, $2.unsafelyUnwrapped) },
            set_storage: { surface($0).setStorage($1.unsafelyUnwrapped, $2.unsafelyUnwrapped, $3.unsafelyUnwrapped) },
            get_balance: { surface($0).balance($1.unsafelyUnwrapped) },
            get_code_size: { surface($0).codeSize($1.unsafelyUnwrapped) },
            get_code_hash: { surface($0).codeHash($1.unsafelyUnwrapped) },
            copy_code: { surface($0).copyCode($1.unsafelyUnwrapped, $2, $3, $4) },
            selfdestruct: { surface($0).selfdestruct($1.unsafelyUnwrapped, $2.unsafelyUnwrapped) },
            call: { surface($0).call($1.unsafelyUnwrapped) },
            get_tx_context: { surface($0).transactionContext() },
            get_block_hash: { surface($0).blockHash($1) },
            emit_log: { surface($0).emitLog($1.unsafelyUnwrapped, $2, $3, $4, $5) },
            access_account: { surface($0).accessAccount($1.unsafelyUnwrapped) },
            access_storage: { surface($0).accessStorage($1.unsafelyUnwrapped, $2.unsafelyUnwrapped) },
            get_transient_storage: { surface($0).transient($1.unsafelyUnwrapped, $2.unsafelyUnwrapped) },
            set_transient_storage: { surface($0).setTransient($1.unsafelyUnwrapped, $2.unsafelyUnwrapped, $3.unsafelyUnwrapped) })
    }

    private static func surface(_ context: OpaquePointer?) -> FrameSurface.Handle { FrameSurface.Handle(context.unsafelyUnwrapped) }
}

private typealias Address = UnsafePointer<evmc_address>
private typealias Key = UnsafePointer<evmc_bytes32>

extension FrameSurface.Handle {
    private var witness: Witness { pointee.areas.witness }

    private var isComplete: Bool {
        guard let client = pointee.client else { return false }
        return witness.exists && Int(client.flags) & DUET_FRAME_COMPLETE_WITNESS != 0
    }

    /// A question about an account, or about one of its storage entries.
    private func ask(_ kind: Int, _ address: Address, _ key: Key? = nil, _ value: Key? = nil) {
        ask(kind) { request in
            memcpy(&request.pointee.address, address, 20)
            if let key { memcpy(&request.pointee.key, key, 32) }
            if let value { memcpy(&request.pointee.value, value, 32) }
        }
    }

    private func word(_ answer: duet_frame_answer_t) -> evmc_bytes32 {
        var answer = answer
        return duet_bytes32_at(&answer.word)
    }

    private func noted(_ kind: Int, _ number: Int64) -> Int64 {
        note(kind, number: number)
        return number
    }

    private func noted(_ kind: Int, _ word: evmc_bytes32 = evmc_bytes32()) -> evmc_bytes32 {
        note(kind, word)
        return word
    }

    private func noted(_ kind: Int, wasWarm: Bool) -> evmc_access_status {
        note(kind, number: wasWarm ? 1 : 0)
        return wasWarm ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD
    }

    // MARK: Accounts

    fileprivate func accountExists(_ address: Address) -> Bool {
        if let answer = known(DUET_ASK_ACCOUNT_EXISTS) { return answer.number == 1 }
        if let account = witness.account(address) {
            return noted(DUET_ASK_ACCOUNT_EXISTS, !pointee.fork.rules.pointee.deletesEmptyAccounts || !account.isEmpty ? 1 : 0) == 1
        }
        if isComplete { return noted(DUET_ASK_ACCOUNT_EXISTS, 0) == 1 }
        ask(DUET_ASK_ACCOUNT_EXISTS, address)
        return false
    }

    fileprivate func balance(_ address: Address) -> evmc_bytes32 {
        if let answer = known(DUET_ASK_BALANCE) { return word(answer) }
        if let account = witness.account(address) { return noted(DUET_ASK_BALANCE, duet_bytes32_at(&account.pointee.balance)) }
        if isComplete { return noted(DUET_ASK_BALANCE) }
        ask(DUET_ASK_BALANCE, address)
        return evmc_bytes32()
    }

    fileprivate func codeSize(_ address: Address) -> Int {
        if let answer = known(DUET_ASK_CODE_SIZE) { return Int(answer.number) }
        if let account = witness.account(address) { return Int(noted(DUET_ASK_CODE_SIZE, Int64(account.pointee.code_size))) }
        if isComplete { return Int(noted(DUET_ASK_CODE_SIZE, 0)) }
        ask(DUET_ASK_CODE_SIZE, address)
        return 0
    }

    fileprivate func codeHash(_ address: Address) -> evmc_bytes32 {
        if let answer = known(DUET_ASK_CODE_HASH) { return word(answer) }
        if let account = witness.account(address) {
            let isNone = pointee.fork.rules.pointee.deletesEmptyAccounts && account.isEmpty
            return noted(DUET_ASK_CODE_HASH, isNone ? evmc_bytes32() : duet_bytes32_at(&account.pointee.code_hash))
        }
        if isComplete { return noted(DUET_ASK_CODE_HASH) }
        ask(DUET_ASK_CODE_HASH, address)
        return evmc_bytes32()
    }

    fileprivate func copyCode(_ address: Address, _ offset: Int, _ buffer: UnsafeMutablePointer<UInt8>?, _ size: Int) -> Int {
        guard let buffer, size > 0 else { return 0 }
        if let answer = known(DUET_ASK_CODE) { return copyCode(answer, buffer, size) }
        if let account = witness.account(address) {
            guard let code = witness.code(of: account) else {
                pointee.error = DUET_FRAME_ERR_AREA
                pointee.frame?.pointee.isUnanswered = true
                return 0
            }
            let count = offset < 0 || offset > code.count ? 0 : min(size, code.count - offset)
            if count > 0 { memmove(buffer, code.baseAddress.unsafelyUnwrapped + offset, count) }
            noteCode(buffer, count)
            return count
        }
        if isComplete {
            noteCode(buffer, 0)
            return 0
        }
        ask(DUET_ASK_CODE) { request in
            memcpy(&request.pointee.address, address, 20)
            request.pointee.offset = UInt64(truncatingIfNeeded: offset)
            request.pointee.size = UInt64(truncatingIfNeeded: size)
        }
        return 0
    }

    /// What does not fit the list is the last answer of its instruction: it lies where the client has said.
    private func copyCode(_ answer: duet_frame_answer_t, _ buffer: UnsafeMutablePointer<UInt8>, _ size: Int) -> Int {
        var answer = answer
        let count = min(Int(answer.size), size)
        if count == 0 { return 0 }
        if answer.size <= 32 {
            memcpy(buffer, &answer.word, count)
        } else {
            memmove(buffer, pointee.areas.segment.place(pointee.given.output), min(count, Int(truncatingIfNeeded: pointee.given.outputSize)))
        }
        return count
    }

    /// What does not fit the list is that of EXTCODECOPY, which asks for nothing behind it.
    private func noteCode(_ octets: UnsafePointer<UInt8>, _ count: Int) {
        var word = evmc_bytes32()
        if count <= 32 { memcpy(&word, octets, count) }
        note(DUET_ASK_CODE, size: count, word)
    }

    fileprivate func selfdestruct(_ address: Address, _ heir: Address) -> Bool {
        if let answer = known(DUET_ASK_SELFDESTRUCT) { return answer.number == 1 }
        ask(DUET_ASK_SELFDESTRUCT) { request in
            memcpy(&request.pointee.address, address, 20)
            memcpy(&request.pointee.recipient, heir, 20)
        }
        return false
    }

    /// Precompiles are always warm (EIP-2929).
    fileprivate func accessAccount(_ address: Address) -> evmc_access_status {
        let kind = DUET_ASK_ACCESS_ACCOUNT
        if let answer = known(kind) { return answer.number == 1 ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD }
        if isPrecompile(address) { return noted(kind, wasWarm: true) }
        let sizes = header.sizes
        let area = pointee.areas.warmAddresses
        let room = area.capacity / 20, count = min(Int(sizes.pointee.warm_addresses), room)
        if let start = area.start {
            for index in 0..<count where memcmp(start + index * 20, address, 20) == 0 { return noted(kind, wasWarm: true) }
        }
        if let account = witness.account(address) {
            if account.pointee.is_warm != 0 { return noted(kind, wasWarm: true) }
            pointee.warmed.note(withUnsafeMutablePointer(to: &account.pointee.is_warm) { $0 }, isSlot: false)
            return noted(kind, wasWarm: false)
        }
        if let start = area.start, count < room {
            memcpy(start + count * 20, address, 20)
            sizes.pointee.warm_addresses = UInt32(truncatingIfNeeded: count + 1)
            pointee.warmed.noteAddress()
            return noted(kind, wasWarm: false)
        }
        ask(kind, address)
        return EVMC_ACCESS_COLD
    }

    private func isPrecompile(_ address: Address) -> Bool {
        return precompileNumber(UnsafeRawPointer(address).assumingMemoryBound(to: UInt8.self), at: pointee.fork) != nil
    }

    // MARK: Storage

    /// Of the storage area or the witness.
    private func slot(_ address: Address, _ key: Key) -> FrameSlot? { area.find(address, key) ?? witness.storage.find(address, key) }

    /// The same; a new one of zeros where a complete witness says that there is nothing, if there is room.
    private func slotOrNew(_ address: Address, _ key: Key) -> FrameSlot? {
        if let slot = slot(address, key) { return slot }
        return isComplete ? witness.storage.add(address, key) ?? area.add(address, key) : nil
    }

    private var area: FrameSlots {
        guard let start = pointee.areas.slots.start, let second = header.second else { return FrameSlots() }
        return FrameSlots(start: start, count: withUnsafeMutablePointer(to: &second.pointee.storage_slot_count) { $0 }, most: pointee.values.slotMost)
    }

    fileprivate func storage(_ address: Address, _ key: Key) -> evmc_bytes32 {
        if let answer = known(DUET_ASK_STORAGE) { return word(answer) }
        if let slot = slot(address, key) { return noted(DUET_ASK_STORAGE, duet_bytes32_at(slot.value)) }
        if isComplete { return noted(DUET_ASK_STORAGE) }
        ask(DUET_ASK_STORAGE, address, key)
        return evmc_bytes32()
    }

    fileprivate func setStorage(_ address: Address, _ key: Key, _ value: Key) -> evmc_storage_status {
        if let answer = known(DUET_ASK_SET_STORAGE) { return evmc_storage_status(UInt32(truncatingIfNeeded: answer.number)) }
        guard let slot = slotOrNew(address, key) else {
            ask(DUET_ASK_SET_STORAGE, address, key, value)
            return EVMC_STORAGE_ASSIGNED
        }
        let status = storageStatus(U256(bigEndian: slot.original), U256(bigEndian: slot.value), U256(bigEndian: value), zero: .zero)
        memcpy(slot.value, value, 32)
        note(DUET_ASK_SET_STORAGE, number: Int64(status.rawValue))
        return status
    }

    fileprivate func accessStorage(_ address: Address, _ key: Key) -> evmc_access_status {
        let kind = DUET_ASK_ACCESS_STORAGE
        if let answer = known(kind) { return answer.number == 1 ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD }
        if let slot = slotOrNew(address, key) {
            if slot.isWarm.pointee != 0 { return noted(kind, wasWarm: true) }
            pointee.warmed.note(slot.isWarm, isSlot: true)
            if let second = header.second { second.pointee.warm_storage_count &+= 1 }
            return noted(kind, wasWarm: false)
        }
        ask(kind, address, key)
        return EVMC_ACCESS_COLD
    }

    fileprivate func transient(_ address: Address, _ key: Key) -> evmc_bytes32 {
        if let answer = known(DUET_ASK_TRANSIENT) { return word(answer) }
        ask(DUET_ASK_TRANSIENT, address, key)
        return evmc_bytes32()
    }

    fileprivate func setTransient(_ address: Address, _ key: Key, _ value: Key) {
        if known(DUET_ASK_SET_TRANSIENT) == nil { ask(DUET_ASK_SET_TRANSIENT, address, key, value) }
    }

    // MARK: Calls

    fileprivate func call(_ message: UnsafePointer<evmc_message>) -> evmc_result {
        var result = evmc_result()
        guard known(DUET_ASK_CALL) != nil else {
            ask(DUET_ASK_CALL) { describe(message, $0) }
            return result
        }
        let given = pointee.given
        result.status_code = evmc_status_code(given.status)
        result.gas_left = given.gasLeft
        result.gas_refund = given.gasRefund
        result.output_size = Int(truncatingIfNeeded: given.outputSize)
        result.output_data = pointee.areas.segment.octets(given.output, UInt32(truncatingIfNeeded: given.outputSize))
        result.create_address = given.createAddress
        return result
    }

    private func describe(_ message: UnsafePointer<evmc_message>, _ request: UnsafeMutablePointer<duet_frame_request_t>) {
        request.pointee.call_kind = message.pointee.kind.rawValue
        request.pointee.call_flags = message.pointee.flags
        request.pointee.depth = UInt32(bitPattern: message.pointee.depth)
        request.pointee.gas = message.pointee.gas
        withUnsafeBytes(of: message.pointee.recipient) { _ = memcpy(&request.pointee.recipient, $0.baseAddress.unsafelyUnwrapped, 20) }
        withUnsafeBytes(of: message.pointee.sender) { _ = memcpy(&request.pointee.sender, $0.baseAddress.unsafelyUnwrapped, 20) }
        withUnsafeBytes(of: message.pointee.code_address) { _ = memcpy(&request.pointee.code_address, $0.baseAddress.unsafelyUnwrapped, 20) }
        withUnsafeBytes(of: message.pointee.value) { _ = memcpy(&request.pointee.value, $0.baseAddress.unsafelyUnwrapped, 32) }
        if message.pointee.kind == EVMC_CREATE2 {
            withUnsafeBytes(of: message.pointee.create2_salt) { _ = memcpy(&request.pointee.key, $0.baseAddress.unsafelyUnwrapped, 32) }
        }
        request.pointee.size = UInt64(truncatingIfNeeded: message.pointee.input_size)
        if let input = message.pointee.input_data {
            request.pointee.offset = UInt64(bitPattern: Int64(UnsafeRawPointer(input) - UnsafeRawPointer(header.base)))
        }
    }

    // MARK: The block

    fileprivate func blockHash(_ number: Int64) -> evmc_bytes32 {
        if let answer = known(DUET_ASK_BLOCK_HASH) { return word(answer) }
        ask(DUET_ASK_BLOCK_HASH) { $0.pointee.offset = UInt64(bitPattern: number) }
        return evmc_bytes32()
    }

    fileprivate func transactionContext() -> evmc_tx_context {
        var result = evmc_tx_context()
        let context = header.context
        result.tx_gas_price = duet_bytes32_at(&context.pointee.gas_price)
        result.tx_origin = duet_address_at(&context.pointee.originator)
        result.block_coinbase = duet_address_at(&context.pointee.mining_beneficiary)
        guard let supplement = pointee.supplement else { return result }
        result.block_number = supplement.pointee.block_number
        result.block_timestamp = supplement.pointee.block_timestamp
        result.block_gas_limit = supplement.pointee.block_gas_limit
        result.block_prev_randao = duet_bytes32_at(&supplement.pointee.prev_randao)
        result.chain_id = duet_bytes32_at(&supplement.pointee.chain_id)
        result.block_base_fee = duet_bytes32_at(&supplement.pointee.base_fee)
        result.blob_base_fee = duet_bytes32_at(&supplement.pointee.blob_base_fee)
        result.blob_hashes = pointee.areas.blobHashes
        result.blob_hashes_count = pointee.areas.blobHashCount
        return result
    }

    // MARK: Logs

    /// Into the log area, or to the client if that is full.
    fileprivate func emitLog(_ address: Address, _ data: UnsafePointer<UInt8>?, _ size: Int, _ topics: UnsafePointer<evmc_bytes32>?, _ topicCount: Int) {
        // The client has it already.
        if known(DUET_ASK_LOG) != nil { return }
        let head = MemoryLayout<duet_frame_log_t>.size + topicCount * 32
        let room = (head + size + 7) & ~7
        if let start = pointee.areas.logs.start, let offset = endOfLogs(), room <= pointee.areas.logs.capacity - offset {
            let place = start + offset
            // The data first, and then the zeros behind it: it may lie here.
            if let data, size > 0 { memmove(place + head, data, size) }
            memset(place + head + size, 0, room - head - size)
            memset(place, 0, head)
            let log = place.assumingMemoryBound(to: duet_frame_log_t.self)
            memcpy(place, address, 20)
            log.pointee.topic_count = UInt32(truncatingIfNeeded: topicCount)
            log.pointee.data_size = UInt32(truncatingIfNeeded: size)
            if let topics, topicCount > 0 { memcpy(place + MemoryLayout<duet_frame_log_t>.size, topics, topicCount * 32) }
            pointee.logsEnd = offset + room
            header.sizes.pointee.logs &+= 1
            return
        }
        ask(DUET_ASK_LOG) { request in
            memcpy(&request.pointee.address, address, 20)
            request.pointee.topic_count = UInt32(truncatingIfNeeded: topicCount)
            if let topics, topicCount > 0 { memcpy(&request.pointee.topics, topics, topicCount * 32) }
            request.pointee.size = UInt64(truncatingIfNeeded: size)
            if let data { request.pointee.offset = UInt64(bitPattern: Int64(UnsafeRawPointer(data) - UnsafeRawPointer(header.base))) }
        }
    }

    /// Behind the logs that are there; nil if they are none.
    private func endOfLogs() -> Int? {
        if let end = pointee.logsEnd { return end }
        let area = pointee.areas.logs
        guard let start = area.start, UInt(bitPattern: start) % 8 == 0 else { return nil }
        var end = 0
        for _ in 0..<header.sizes.pointee.logs {
            guard area.capacity - end >= MemoryLayout<duet_frame_log_t>.size else { return nil }
            let log = (start + end).assumingMemoryBound(to: duet_frame_log_t.self)
            let topics = Int(log.pointee.topic_count)
            let size = MemoryLayout<duet_frame_log_t>.size + topics * 32 + Int(log.pointee.data_size)
            guard topics <= 4, size <= area.capacity - end else { return nil }
            end = min(area.capacity, end + (size + 7) & ~7)
        }
        pointee.logsEnd = end
        return end
    }
}
