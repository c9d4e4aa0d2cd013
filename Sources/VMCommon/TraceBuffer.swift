import CPVM

/// The buffer of a trace in batches (duet_trace.h), as it was when an execution began: what the caller writes into his
/// `duet_trace_t` later does not lead out of it.
///
/// A record is written at `next` before it is known whether it stays there. There is always room for that.
public struct TraceBuffer: BitwiseCopyable {
    /// Where the next record goes, and the last address in the buffer at which there is room for one; 0 once what comes is lost.
    public var place: duet_record_place
    public let recordSize: Int
    /// Records that the buffer holds.
    public let capacity: Int
    private let start: UnsafeMutableRawPointer
    /// Room for one record that is lost.
    private let spill: UnsafeMutableRawPointer
    private let trace: UnsafeMutablePointer<duet_trace_t>
    private let flush: duet_trace_flush_fn?
    private let context: UnsafeMutableRawPointer?
    /// Records of the buffer that `total` has counted.
    private var counted: Int
    private var lost: UInt64 = 0

    /// Is it what the header asks for, with records of that size?
    public static func isValid(_ trace: duet_trace_t, _ recordSize: Int) -> Bool {
        let flags = UInt32(truncatingIfNeeded: DUET_TRACE_FAULTS_ONLY | DUET_TRACE_MEMORY)
        guard let buffer = trace.buffer, trace.stack_words <= UInt32(truncatingIfNeeded: DUET_MAX_STACK_WORDS), trace.flags & ~flags == 0,
              trace.stack_words > 0 || trace.flags & UInt32(truncatingIfNeeded: DUET_TRACE_MEMORY) == 0 else { return false }
        // A size with which the buffer would end beyond what a signed number can say is a mistake, not a size.
        guard trace.buffer_size >= recordSize, trace.buffer_size <= Int.max &- Int(bitPattern: buffer) else { return false }
        return UInt(bitPattern: buffer) % 8 == 0
    }

    /// Of a trace that is valid. `spill` has room for a record.
    public init(_ trace: UnsafeMutablePointer<duet_trace_t>, _ recordSize: Int, spill: UnsafeMutableRawPointer) {
        self.trace = trace
        self.recordSize = recordSize
        self.spill = spill
        start = trace.pointee.buffer
        flush = trace.pointee.flush
        context = trace.pointee.context
        capacity = trace.pointee.buffer_size / recordSize
        counted = Int(truncatingIfNeeded: min(trace.pointee.count, UInt64(truncatingIfNeeded: capacity)))
        place = duet_record_place(next: (start + counted * recordSize).assumingMemoryBound(to: UInt8.self),
                                  last: UInt(bitPattern: start + (capacity - 1) * recordSize))
        if counted == capacity { next = makeRoom(0) }
    }

    public var next: UnsafeMutableRawPointer {
        @inlinable @inline(__always) get { UnsafeMutableRawPointer(place.next.unsafelyUnwrapped) }
        @inlinable @inline(__always) set { place.next = newValue.assumingMemoryBound(to: UInt8.self) }
    }

    @usableFromInline var last: UInt { @inline(__always) get { place.last } }

    /// The place behind the record at `next`, if that stays there (`advance` is its size, not 0).
    @inlinable @inline(__always)
    public mutating func place(behind advance: Int) -> UnsafeMutableRawPointer {
        let place = next + advance
        return UInt(bitPattern: place) <= last ? place : makeRoom(advance)
    }

    /// Is there room for so many records at `next`? Not to be asked of a buffer that is not handed over.
    @inlinable @inline(__always)
    public func holds(_ count: Int) -> Bool { UInt(bitPattern: next + (count - 1) * recordSize) <= last }

    /// For how many there is room; at least 1.
    @inlinable
    public var room: Int { (Int(bitPattern: last) - Int(bitPattern: next)) / recordSize + 1 }

    /// Somebody takes full buffers, so that nothing is lost.
    public var isHandedOver: Bool { flush != nil }

    /// The record at `next` stays.
    @inlinable @inline(__always)
    public mutating func keep() { next = place(behind: recordSize) }

    /// Behind a record that has filled the buffer, or that has been lost.
    @inline(never)
    public mutating func makeRoom(_ advance: Int) -> UnsafeMutableRawPointer {
        if last == 0 {
            if advance != 0 { lost += 1 }
            return spill
        }
        next += advance
        guard flush != nil else {
            count()
            place.last = 0
            return spill
        }
        handOver()
        return next
    }

    /// The outermost execution has ended.
    public mutating func close() {
        if last != 0 {
            count()
            if flush != nil { handOver() }
        }
        trace.pointee.lost &+= lost
        lost = 0
    }

    /// Lets the caller's trace know what is in the buffer.
    private mutating func count() {
        let records = (next - start) / recordSize
        trace.pointee.total &+= UInt64(truncatingIfNeeded: records - counted)
        trace.pointee.count = UInt64(truncatingIfNeeded: records)
        counted = records
    }

    /// What is in the buffer is handed over, and it is empty again. Only if somebody takes it.
    public mutating func handOver() {
        count()
        let records = counted
        next = start
        counted = 0
        if records > 0, let flush { flush(context, start, records) }
        trace.pointee.count = 0
    }
}
