import CPVM
import VMCommon

/// Accounts and storage entries that a client has looked up before. Found to lie inside the segment as a whole.
struct Witness: BitwiseCopyable {
    private var accounts: UnsafeMutableRawPointer?
    private var accountCount = 0
    private var codes: UnsafeMutableRawPointer?
    /// From the witness's start, and how much there is.
    private var codesOffset: UInt64 = 0
    private var codesSize: UInt64 = 0
    /// Its storage entries.
    private(set) var storage = FrameSlots()
    private(set) var exists = false

    /// No witness.
    init() {}

    /// nil if what it says of itself does not fit `room` octets.
    init?(_ place: UnsafeMutableRawPointer, room: UInt64) {
        let head = place.assumingMemoryBound(to: duet_frame_witness_t.self).pointee
        let slotMost = max(head.storage_count, head.max_storage)
        func fits(_ offset: UInt64, _ octets: UInt64) -> Bool { offset <= room && octets <= room - offset }
        guard fits(head.accounts_ptr, UInt64(head.account_count) * Witness.accountSize), head.accounts_ptr % 8 == 0,
              fits(head.codes_ptr, head.codes_size), head.codes_size <= Int32.max,
              fits(head.storage_ptr, UInt64(slotMost) * FrameSlots.entrySize) else { return nil }
        exists = true
        accounts = place + Int(head.accounts_ptr)
        accountCount = Int(head.account_count)
        codes = place + Int(head.codes_ptr)
        codesOffset = head.codes_ptr
        codesSize = head.codes_size
        storage = FrameSlots(start: place + Int(head.storage_ptr), count: (place + 40).assumingMemoryBound(to: UInt32.self), most: slotMost)
    }

    private static let accountSize = UInt64(MemoryLayout<duet_frame_account_t>.size)

    func account(_ address: UnsafePointer<evmc_address>) -> UnsafeMutablePointer<duet_frame_account_t>? {
        guard let accounts else { return nil }
        for index in 0..<accountCount {
            let entry = accounts + index * Int(Witness.accountSize)
            if memcmp(entry, address, 20) == 0 { return entry.assumingMemoryBound(to: duet_frame_account_t.self) }
        }
        return nil
    }

    /// Of an account; nil if it does not lie where the witness has its code.
    func code(of account: UnsafeMutablePointer<duet_frame_account_t>) -> UnsafeRawBufferPointer? {
        let size = UInt64(account.pointee.code_size)
        if size == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let codes, account.pointee.code_offset >= codesOffset else { return nil }
        let offset = account.pointee.code_offset - codesOffset
        guard offset <= codesSize, size <= codesSize - offset else { return nil }
        return UnsafeRawBufferPointer(start: codes + Int(offset), count: Int(size))
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
