import CPVM
import VMCommon

/// Accounts and storage entries that a client has looked up before. Found to lie inside the segment as a whole.
struct Witness: BitwiseCopyable {
    private var accounts: UnsafeMutableRawPointer?
    private var accountCount = 0
    /// What is written to: accounts and entries, from the witness's start.
    private var accountRange = WitnessRange()
    private var storageRange = WitnessRange()
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
        accountRange = WitnessRange(start: head.accounts_ptr, octets: UInt64(head.account_count) * Witness.accountSize)
        storageRange = WitnessRange(start: head.storage_ptr, octets: UInt64(slotMost) * FrameSlots.entrySize)
        guard accountRange.fits(room), head.accounts_ptr % 8 == 0, storageRange.fits(room), keepsOff(0, FrameSegment.witnessSize),
              WitnessRange(start: head.codes_ptr, octets: head.codes_size).fits(room), head.codes_size <= Int32.max else { return nil }
        exists = true
        accounts = place + Int(truncatingIfNeeded: head.accounts_ptr)
        accountCount = Int(head.account_count)
        codes = place + Int(truncatingIfNeeded: head.codes_ptr)
        codesOffset = head.codes_ptr
        codesSize = head.codes_size
        storage = FrameSlots(start: place + Int(truncatingIfNeeded: head.storage_ptr), count: (place + 40).assumingMemoryBound(to: UInt32.self), most: slotMost)
    }

    private static let accountSize = UInt64(truncatingIfNeeded: MemoryLayout<duet_frame_account_t>.size)

    /// Does nothing that is written to lie there?
    func keepsOff(_ start: UInt64, _ octets: UInt64) -> Bool {
        !accountRange.meets(start, octets) && !storageRange.meets(start, octets)
    }

    func account(_ address: UnsafePointer<evmc_address>) -> UnsafeMutablePointer<duet_frame_account_t>? {
        guard let accounts else { return nil }
        for index in 0..<accountCount {
            let entry = accounts + index * Int(truncatingIfNeeded: Witness.accountSize)
            if memcmp(entry, address, 20) == 0 { return entry.assumingMemoryBound(to: duet_frame_account_t.self) }
        }
        return nil
    }

    /// Of an account; nil if it does not lie where the witness has its code.
    func code(of account: UnsafeMutablePointer<duet_frame_account_t>) -> UnsafeRawBufferPointer? {
        let size = UInt64(account.pointee.code_size)
        if size == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
        // Below the codes' start it wraps around to more than there can be.
        let offset = account.pointee.code_offset &- codesOffset
        guard let codes, offset <= codesSize, size <= codesSize - offset else { return nil }
        return UnsafeRawBufferPointer(start: codes + Int(truncatingIfNeeded: offset), count: Int(truncatingIfNeeded: size))
    }
}

/// Part of a witness, by its offset.
private struct WitnessRange: BitwiseCopyable {
    var start: UInt64 = 0
    var octets: UInt64 = 0

    func fits(_ room: UInt64) -> Bool { start <= room && octets <= room - start }

    /// Offsets may lie before the witness and then wrap around.
    func meets(_ other: UInt64, _ octets: UInt64) -> Bool { self.octets > 0 && (start &- other < octets || other &- start < self.octets) }
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

    static let entrySize = UInt64(truncatingIfNeeded: MemoryLayout<duet_frame_slot_t>.size)

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
        for index in 0..<min(count.pointee, most) {
            let entry = start + Int(index) * Int(truncatingIfNeeded: FrameSlots.entrySize)
            if memcmp(entry, address, 20) == 0 && memcmp(entry + 20, key, 32) == 0 { return FrameSlot(entry) }
        }
        return nil
    }

    /// A new entry of zeros, nil if there is no room.
    func add(_ address: UnsafePointer<evmc_address>, _ key: UnsafePointer<evmc_bytes32>) -> FrameSlot? {
        guard let start, let count, case let number = count.pointee, number < most else { return nil }
        let entry = start + Int(number) * Int(truncatingIfNeeded: FrameSlots.entrySize)
        memset(entry, 0, Int(truncatingIfNeeded: FrameSlots.entrySize))
        memcpy(entry, address, 20)
        memcpy(entry + 20, key, 32)
        count.pointee = number + 1
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
