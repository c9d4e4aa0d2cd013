import CPVM
import VMCommon

/// What a client holds as an `evmc_vm`: options, and frames for executions to come.
struct Instance: BitwiseCopyable {
    typealias Handle = UnsafeMutablePointer<Instance>

    /// First: a pointer to the one is a pointer to the other.
    var vm: evmc_vm
    var isMetered: Bool
    var isTraced: Bool
    /// See `Frame.patience`.
    var patience: Int
    /// Not inside: it is used while the instance is.
    let tracer: UnsafeMutablePointer<Tracer>
    /// The trace in batches that executions write, if any, and its state, which is there once one has been asked for.
    var attached: UnsafeMutablePointer<duet_trace_t>?
    var batches: UnsafeMutablePointer<Batches>?
    /// Prepared records, once a trace has had a use for them.
    fileprivate var stencils: Stencils.Handle?
    /// What executions have done that the cache may be paid from.
    var purse = Purse()
    /// Records of the trace that have been counted as work.
    var countedRecords: UInt64 = 0
    /// Frames that are not in use, and the octets that they hold.
    private var idle: Frame.Handle?
    private var idleOctets: Int

    /// Frames of an instance that do nothing hold at most so much.
    private static let idleLimit = 8 << 20
    /// Memory of an execution that is kept for the next one, and code that it is kept for.
    private static let keptMemory = 1 << 20
    private static let keptScratch = 1 << 16
    private static let defaultPatience = 4

    static func create() -> Handle? {
        guard let instance = allocate(Instance.self, 1) else { return nil }
        guard let tracer = allocate(Tracer.self, 1) else {
            free(instance)
            return nil
        }
        tracer.initialize(to: Tracer())
        instance.initialize(to: Instance(vm: EVMC.table, isMetered: true, isTraced: false, patience: defaultPatience, tracer: tracer, attached: nil, batches: nil, stencils: nil, idle: nil, idleOctets: 0))
        return instance
    }

    static func destroy(_ instance: Handle) {
        while let frame = instance.pointee.idle {
            instance.pointee.idle = frame.pointee.next
            Frame.destroy(frame)
        }
        instance.pointee.tracer.pointee.free()
        free(instance.pointee.tracer)
        free(instance.pointee.batches)
        if let stencils = instance.pointee.stencils { Stencils.destroy(stencils) }
        free(instance)
    }

    /// nil if memory is short.
    mutating func takeFrame(_ instance: Handle) -> Frame.Handle? {
        guard let frame = idle else { return Frame.create(instance) }
        idle = frame.pointee.next
        idleOctets -= frame.pointee.idleOctets
        return frame
    }

    mutating func giveFrame(_ frame: Frame.Handle) {
        if frame.pointee.memory.capacity > Instance.keptMemory { frame.pointee.memory.free() }
        if frame.pointee.scratchSize > Instance.keptScratch { frame.pointee.freeScratch() }
        let octets = frame.pointee.idleOctets
        guard idleOctets + octets <= Instance.idleLimit else {
            Frame.destroy(frame)
            return
        }
        idleOctets += octets
        frame.pointee.next = idle
        idle = frame
    }
}

extension Instance.Handle {
    @inline(__always)
    var tracer: UnsafeMutablePointer<Tracer> { pointee.tracer }

    /// nil if memory is short.
    func stencils() -> Stencils.Handle? {
        if pointee.stencils == nil { pointee.stencils = Stencils.create() }
        return pointee.stencils
    }
}
