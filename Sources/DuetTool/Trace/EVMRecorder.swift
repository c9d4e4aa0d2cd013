import CPVM
import VMCommon

/// What gets the parts of a trace, in the order in which they happened.
protocol EVMTraceSink: AnyObject {
    func begin(_ frame: EVMFrame)
    /// `words` are the topmost words of the stack, of 32 octets each, as `record.words` says.
    func instruction(_ record: duet_evm_record_t, _ words: UnsafePointer<UInt8>)
    /// Memory that the last instruction of this depth has written.
    func memory(_ record: duet_evm_memory_record_t, _ octets: UnsafeBufferPointer<UInt8>)
    func end(_ frame: EVMFrame)
    /// After the outermost execution.
    func finish(_ frame: EVMFrame)
}

/// An EVMC VM between a host and the library's VM. The records of the library say what instructions do; codes, messages and results are
/// seen on their way through. The buffer of the records has room for one, so that records, calls and results come in the order in which they
/// happen.
final class EVMRecorder {
    /// To be handed out in place of the library's VM.
    let vm: UnsafeMutablePointer<evmc_vm>
    fileprivate let library: UnsafeMutablePointer<evmc_vm>
    private let trace: UnsafeMutablePointer<duet_trace_t>
    private let buffer: UnsafeMutableRawPointer
    private let sink: any EVMTraceSink

    private var codes = EVMCodes()
    private var open: [EVMFrame] = []
    private var frameCount = 0

    /// `library` must outlive the recorder and is not to be used without it meanwhile.
    init(_ library: UnsafeMutablePointer<evmc_vm>, _ sink: any EVMTraceSink, stackWords: Int, memory: Bool,
         filter: TraceFilter = TraceFilter()) throws(ToolError) {
        self.library = library
        self.sink = sink
        let recordSize = Int(DUET_EVM_RECORD_SIZE) + 32 * stackWords
        buffer = .allocate(byteCount: recordSize, alignment: 16)
        trace = .allocate(capacity: 1)
        let place = UnsafeMutablePointer<ProxyVM>.allocate(capacity: 1)
        vm = UnsafeMutableRawPointer(place).assumingMemoryBound(to: evmc_vm.self)
        place.initialize(to: ProxyVM(vm: library.pointee, recorder: Unmanaged.passUnretained(self)))
        vm.pointee.execute = proxyExecute
        vm.pointee.destroy = { _ in }

        trace.initialize(to: duet_trace_t())
        duet_trace_init(trace, buffer, recordSize, { context, records, count in
            Unmanaged<EVMRecorder>.fromOpaque(context!).takeUnretainedValue().deliver(records!, count)
        }, Unmanaged.passUnretained(self).toOpaque())
        trace.pointee.stack_words = UInt32(stackWords)
        if memory { trace.pointee.flags |= UInt32(DUET_TRACE_MEMORY) }
        filter.apply(to: trace)
        guard duet_evm_set_batches(library, trace) else { throw .failed("only this library's EVM can be traced") }
    }

    deinit {
        _ = duet_evm_set_batches(library, nil)
        trace.deallocate()
        buffer.deallocate()
        UnsafeMutableRawPointer(vm).assumingMemoryBound(to: ProxyVM.self).deallocate()
    }

    // MARK: On the way through

    fileprivate func execute(_ host: UnsafePointer<evmc_host_interface>?, _ context: OpaquePointer?, _ revision: evmc_revision,
                             _ message: UnsafePointer<evmc_message>, _ code: UnsafePointer<UInt8>?, _ size: Int) -> evmc_result {
        guard let host else { return library.pointee.execute(library, host, context, revision, message, code, size) }
        let isOutermost = open.isEmpty
        let frame = isOutermost ? begin(message.pointee) : open[open.count - 1]
        frame.address = U256(message.pointee.recipient)
        let account = frame.isCreation ? frame.address : frame.codeAddress
        frame.code = codes.find(account, UnsafeBufferPointer(start: code, count: size))
        let proxy = HostProxy(self, host, context)
        let result = withExtendedLifetime(proxy) {
            withUnsafePointer(to: HostProxy.interface) {
                library.pointee.execute(library, $0, proxy.context, revision, message, code, size)
            }
        }
        if isOutermost {
            end(frame, result)
            sink.finish(frame)
        }
        return result
    }

    func begin(_ message: evmc_message) -> EVMFrame {
        let frame = EVMFrame(message, index: frameCount, parent: open.last)
        frameCount += 1
        open.append(frame)
        sink.begin(frame)
        return frame
    }

    func end(_ frame: EVMFrame, _ result: evmc_result) {
        frame.end(result)
        open.removeLast()
        sink.end(frame)
    }

    private func deliver(_ records: UnsafeRawPointer, _ count: Int) {
        let header = Int(DUET_EVM_RECORD_SIZE), size = header + 32 * Int(trace.pointee.stack_words)
        for index in 0..<count {
            let place = records + index * size
            let behind = (place + header).assumingMemoryBound(to: UInt8.self)
            let record = place.load(as: duet_evm_record_t.self)
            if record.kind == UInt8(DUET_RECORD_MEMORY) {
                let memory = place.load(as: duet_evm_memory_record_t.self)
                sink.memory(memory, UnsafeBufferPointer(start: behind, count: Int(memory.size)))
            } else {
                sink.instruction(record, behind)
            }
        }
    }
}

private struct ProxyVM {
    var vm: evmc_vm
    let recorder: Unmanaged<EVMRecorder>
}

private let proxyExecute: evmc_execute_fn = { vm, host, context, revision, message, code, size in
    let place = UnsafeMutableRawPointer(vm!).assumingMemoryBound(to: ProxyVM.self)
    return place.pointee.recorder.takeUnretainedValue().execute(host, context, revision, message!, code, size)
}
