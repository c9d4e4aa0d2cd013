import CPVM
import VMCommon

/// Accounts and storage entries that a client has looked up before. Found to lie inside the segment as a whole.
struct Witness: BitwiseCopyable {
    private var head: UnsafeMutablePointer<duet_frame_witness_t>?
    private var accounts: UnsafeMutableRawPointer?
    private var codes: UnsafeMutableRawPointer?
    private var slots: UnsafeMutableRawPointer?
    private var codesSize = 0

    /// No witness.
    init() {}

    /// nil if what it says of itself does not fit `room` octets.
    init?(_ place: UnsafeMutableRawPointer, room: UInt64) {
        let head = place.assumingMemoryBound(to: duet_frame_witness_t.self)
        func fits(_ offset: UInt64, _ octets: UInt64) -> Bool { octets == 0 || (offset <= room && octets <= room - offset) }
        guard fits(head.pointee.accounts_ptr, UInt64(head.pointee.account_count) * Witness.accountSize), head.pointee.accounts_ptr % 8 == 0,
              fits(head.pointee.codes_ptr, head.pointee.codes_size), head.pointee.codes_size <= Int32.max,
              fits(head.pointee.storage_ptr, UInt64(max(head.pointee.storage_count, head.pointee.max_storage)) * FrameSlots.entrySize) else { return nil }
        self.head = head
        accounts = place + Int(head.pointee.accounts_ptr)
        codes = place + Int(head.pointee.codes_ptr)
        slots = place + Int(head.pointee.storage_ptr)
        codesSize = Int(head.pointee.codes_size)
    }

    private static let accountSize = UInt64(MemoryLayout<duet_frame_account_t>.size)

    var exists: Bool { head != nil }

    func account(_ address: UnsafePointer<evmc_address>) -> UnsafeMutablePointer<duet_frame_account_t>? {
        guard let head, let accounts else { return nil }
        for index in 0..<Int(head.pointee.account_count) {
            let entry = accounts + index * Int(Witness.accountSize)
            if memcmp(entry, address, 20) == 0 { return entry.assumingMemoryBound(to: duet_frame_account_t.self) }
        }
        return nil
    }

    /// Of an account; nil if it does not lie where the witness has its code.
    func code(of account: UnsafeMutablePointer<duet_frame_account_t>) -> UnsafeRawBufferPointer? {
        let size = UInt64(account.pointee.code_size)
        if size == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let head, let codes, account.pointee.code_offset >= head.pointee.codes_ptr else { return nil }
        let offset = account.pointee.code_offset - head.pointee.codes_ptr
        guard offset <= codesSize, size <= UInt64(codesSize) - offset else { return nil }
        return UnsafeRawBufferPointer(start: codes + Int(offset), count: Int(size))
    }

    /// Its storage entries.
    var storage: FrameSlots {
        guard let head, let slots else { return FrameSlots() }
        return FrameSlots(start: slots, count: UnsafeMutableRawPointer(head).advanced(by: 40).assumingMemoryBound(to: UInt32.self),
                          most: max(head.pointee.max_storage, head.pointee.storage_count))
    }
}

extension UnsafeMutablePointer where Pointee == duet_frame_account_t {
    /// EIP-161
    var isEmpty: Bool { pointee.nonce == 0 && pointee.code_size == 0 && U256(bigEndian: UnsafeRawPointer(self) + 20).isZero }
}

/// A list of storage entries, with room for more.
struct FrameSlots: BitwiseCopyable {
    private let start: UnsafeMutableRawPointer?
    private let count: UnsafeMutablePointer<UInt32>?
    private let most: UInt32

    static let entrySize = UInt64(MemoryLayout<duet_frame_slot_t>.size)

    init() {
        start = nil
        count = nil
        most = 0
    }

    init(start: UnsafeMutableRawPointer, count: UnsafeMutablePointer<UInt32>, most: UInt32) {
        self.start = start
        self.count = count
        self.most = most
    }

    func find(_ address: UnsafePointer<evmc_address>, _ key: UnsafePointer<evmc_bytes32>) -> FrameSlot? {
        guard let start, let count else { return nil }
        for index in 0..<Int(min(count.pointee, most)) {
            let entry = start + index * Int(FrameSlots.entrySize)
            if memcmp(entry, address, 20) == 0 && memcmp(entry + 20, key, 32) == 0 { return FrameSlot(entry) }
        }
        return nil
    }

    /// A new entry of zeros, nil if there is no room.
    func add(_ address: UnsafePointer<evmc_address>, _ key: UnsafePointer<evmc_bytes32>) -> FrameSlot? {
        guard let start, let count, count.pointee < most else { return nil }
        let entry = start + Int(count.pointee) * Int(FrameSlots.entrySize)
        memset(entry, 0, Int(FrameSlots.entrySize))
        memcpy(entry, address, 20)
        memcpy(entry + 20, key, 32)
        count.pointee += 1
        return FrameSlot(entry)
    }
}

/// A storage entry, at any address.
struct FrameSlot: BitwiseCopyable {
    private let entry: UnsafeMutableRawPointer

    init(_ entry: UnsafeMutableRawPointer) { self.entry = entry }

    var value: UnsafeMutableRawPointer { entry + 52 }
    var original: UnsafeMutableRawPointer { entry + 84 }
    var isWarm: UnsafeMutablePointer<UInt8> { (entry + 116).assumingMemoryBound(to: UInt8.self) }
}
