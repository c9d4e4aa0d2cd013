import CPVM
import EVMRules
import VMCommon

/// One execution: what the interpreter does not keep in processor registers. It lives in a heap block of its own with the stack,
/// so that nested calls take little of the native stack.
struct Frame: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<Frame>

    // The code
    var image: CodeImage
    /// Of an image that stays when the execution has ended; 0 for others.
    var serial: UInt64
    /// By offset: how often control has come to a block that is not analysed. NULL if all are.
    var heat: UnsafeMutablePointer<UInt8>?
    /// How often it does before the block is analysed; more than 255: it never is.
    var patience: Int
    /// How many more loops may be left before they have come around once, until no loop is executed as one.
    var loopPatience: Int
    /// As the client gave it.
    var original: UnsafePointer<UInt8>?
    var traits: UnsafePointer<Traits>
    var steps: UnsafePointer<Step>
    var rules: UnsafePointer<ForkRules>
    var fork: Fork

    /// The lowest word of the stack.
    var stack: UnsafeMutablePointer<U256>
    var memory: GuestBytes

    // The call
    /// Has what comes before a call led to one?
    var isCalling: Bool
    /// What stays here of the gas while `Careful` has left for a call.
    var gasBeside: Int64
    /// In lines or in batches.
    var isTraced: Bool
    var isBatched: Bool
    /// In batches: what it has to know of the trace. Nothing otherwise.
    var batch: FrameBatch
    var message: UnsafePointer<evmc_message>
    var host: duet_host
    var isStatic: Bool
    var refund: Int64
    /// Room for the message of a call and for its result, whose output is what RETURNDATACOPY reads.
    var outgoing: UnsafeMutablePointer<evmc_message>
    var returned: UnsafeMutablePointer<evmc_result>
    var transaction: UnsafeMutablePointer<evmc_tx_context>
    var hasTransaction: Bool
    /// The message frame that this execution belongs to, if it is one of `Surface/`.
    var surface: UnsafeMutablePointer<FrameSurface>?
    /// Has the world outside left a question of this instruction open? Never with a host.
    var isUnanswered: Bool

    // How the interpreter left, or how it has to start
    var offset: Int
    var top: UnsafeMutablePointer<U256>
    var gas: Int64
    var status: evmc_status_code
    var care: Care
    /// What RETURN or REVERT gives, in memory.
    var outputOffset: Int
    var outputSize: Int

    // The instance
    var instance: Instance.Handle
    /// The next frame that is not in use.
    var next: Handle?
    /// Whose image it is, if it is the cache's.
    var cached: CachedCode.Handle?
    /// What the code has been searched for by in the cache, which has not got it; 0 if it has not been searched for.
    var key: UInt64
    /// What the execution has done that an image of the cache would have spared it (see `CachePrice`).
    var work: Int
    /// Memory for an image that is not in the cache, of code up to that size: blocks, which are zeros when no execution uses it, text, heat.
    var scratch: UnsafeMutableRawPointer?
    var scratchSize: Int
    /// Once an image has been analysed there.
    var scratchLoops: Loops.Handle?
    /// Where blocks have been written into it: `analysedCount` stretches from one offset to the next.
    var analysed: InlineArray<32, Int32>
    var analysedCount: Int
}

/// Why one pace leaves an execution to the other one, or none: it has ended.
enum Care: UInt8, BitwiseCopyable {
    case none
    /// To `Careful`: the block at the offset has not been analysed, or cannot be paid, or does not suit the stack. It has not been paid.
    case block
    /// To `Careful`: the instruction at the offset has failed, in a block that is paid: perhaps what is paid for those behind it saves it.
    case instruction
    /// To `Fast`: control has come to the block at the offset often.
    case hot
    /// `Careful` has come to a call or creation, and goes on when that has been carried out.
    case call
}

extension Frame {
    /// A status of our own: see `suspend`. It never leaves the library.
    static let suspended = evmc_status_code(rawValue: -64)

    /// The heights of words of the stack are multiples of this.
    static let alignment = 64

    // In one allocation: frame, message, result, transaction, stack.
    private static let outgoingOffset = (MemoryLayout<Frame>.size + 63) & ~63
    private static let returnedOffset = (outgoingOffset + MemoryLayout<evmc_message>.size + 63) & ~63
    private static let transactionOffset = (returnedOffset + MemoryLayout<evmc_result>.size + 63) & ~63
    private static let stackOffset = (transactionOffset + MemoryLayout<evmc_tx_context>.size + 63) & ~63
    /// Words below the stack that handlers may touch before they know better. Above it they need no more, and loops have theirs there.
    private static let margin = 2
    /// Octets of a frame with its stack.
    static let room = stackOffset + (margin + Limit.stack + LoopStep.room) * MemoryLayout<U256>.stride
    static let loopPatience = 64

    /// nil if memory is short.
    static func create(_ instance: Instance.Handle) -> Handle? {
        guard let room = duet_allocate_aligned(Frame.room) else { return nil }
        memset(room, 0, stackOffset)
        let frame = room.assumingMemoryBound(to: Frame.self)
        frame.pointee.instance = instance
        frame.pointee.outgoing = (room + outgoingOffset).assumingMemoryBound(to: evmc_message.self)
        frame.pointee.returned = (room + returnedOffset).assumingMemoryBound(to: evmc_result.self)
        frame.pointee.transaction = (room + transactionOffset).assumingMemoryBound(to: evmc_tx_context.self)
        frame.pointee.stack = (room + stackOffset).assumingMemoryBound(to: U256.self) + margin
        return frame
    }

    static func destroy(_ frame: Handle) {
        frame.pointee.memory.free()
        frame.pointee.freeScratch()
        CPVM.free(frame)
    }

    /// Octets that it holds while it is not in use.
    var idleOctets: Int { Frame.room + memory.capacity + scratchSize * 11 + (scratchLoops == nil ? 0 : Loops.room) }
}

extension Frame.Handle {
    @inline(__always)
    var recipient: UnsafePointer<evmc_address> {
        UnsafeRawPointer(pointee.message).advanced(by: 24).assumingMemoryBound(to: evmc_address.self)
    }

    /// Ends the execution; to be returned by what gives the gas that is left.
    @inline(__always)
    func fail(_ status: evmc_status_code) -> Int64 {
        pointee.status = status
        return -1
    }

    /// An instruction begins that may ask the world outside, and be suspended.
    @inline(__always)
    func ask() {
        if let surface = pointee.surface { surface.beginAsking(pointee.memory) }
    }

    /// Ends an execution that is to go on with the same instruction once the world outside has answered. The instruction must not
    /// have changed the stack; memory that it has paid for is taken back by `FrameSurface`.
    func suspend() -> Int64 { fail(Frame.suspended) }

    /// The gas that is left behind a question, unless it is open.
    @inline(__always)
    func answered(_ rest: Int64) -> Int64 { pointee.isUnanswered ? suspend() : rest }

    /// The same where the answer has been put in the place of an operand.
    @inline(__always)
    func answered(_ rest: Int64, _ place: UnsafeMutablePointer<U256>, _ operand: U256) -> Int64 {
        if !pointee.isUnanswered { return rest }
        place.pointee = operand
        return suspend()
    }

    /// The transaction and its block, asked for once.
    @inline(__always)
    func context() -> UnsafePointer<evmc_tx_context> {
        if !pointee.hasTransaction { askForContext() }
        return UnsafePointer(pointee.transaction)
    }

    @inline(never)
    private func askForContext() {
        pointee.hasTransaction = true
        withHost { duet_host_get_tx_context($0, pointee.transaction) }
    }

    @inline(__always)
    func withHost<Result>(_ body: (UnsafePointer<duet_host>) -> Result) -> Result {
        withUnsafePointer(to: &pointee.host) { body($0) }
    }
}
