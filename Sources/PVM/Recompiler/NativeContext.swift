import VMCommon

/// What compiled code finds around the base of the guest memory, which it holds in r15. The page below the base is the
/// context, below that lie the rights and the rights of pairs (`GuestMemory`).
enum NativeContext {
    static let base: Int32 = -Int32(truncatingIfNeeded: GuestMemory.contextSize)
    static let rights: Int32 = base - Int32(truncatingIfNeeded: GuestMemory.rightsSize)
    static let pairs: Int32 = rights - Int32(truncatingIfNeeded: GuestMemory.pageCount)

    /// A guest register that has no host register.
    static func slot(_ register: Int) -> Int32 { base + 8 * Int32(truncatingIfNeeded: register) }
    /// The `VM` whose registers and gas are loaded on entry and stored on exit.
    static let vm = base + 104
    /// Where an entry jumps to.
    static let target = base + 112
    /// How the code was left: `NativeExit`.
    static let state = base + 120
    /// Host address of the instruction that faulted.
    static let faultPlace = base + 128
    /// Room for a host register that is needed otherwise for a moment.
    static let spill = base + 136
}

/// How compiled code was left: a kind in the top four bits, the number of an instruction below.
struct NativeExit {
    enum Kind: UInt32 {
        /// The instruction and the rest of its region are the interpreter's.
        case slow
        /// The region that starts with the instruction cannot be paid.
        case cannotPay
        case panic
        case hostCall
        /// The host's page protection stopped an access; `faultPlace` says where.
        case fault
        /// The region that starts with the instruction is the interpreter's, and has not been paid.
        case unpaid
    }

    static let largestIndex = 0x0fff_ffff

    let word: UInt32

    init(_ kind: Kind, _ index: Int) { word = kind.rawValue << 28 | UInt32(truncatingIfNeeded: index) }
    init(word: UInt32) { self.word = word }

    var kind: Kind { Kind(rawValue: word >> 28) ?? .slow }
    var index: Int { Int(word) & NativeExit.largestIndex }
}
