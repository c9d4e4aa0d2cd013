import PVM

/// The Gray Paper's ϖ: where basic blocks start, the only places that jumps may lead to.
struct BlockStarts {
    private var starts: [Bool]

    init(_ view: CodeView, _ isa: ISA) {
        starts = Array(repeating: false, count: view.count)
        func isInstruction(_ at: Int) -> Bool { at < view.count && view.isOpcode(at) && isa.row(view.octet(at)) != nil }
        if isInstruction(0) { starts[0] = true }
        for at in 0..<view.count where view.isOpcode(at) {
            guard let row = isa.row(view.octet(at)), Syntax.all[row].row.endsBlock else { continue }
            let next = at + 1 + view.skip(at)
            if isInstruction(next) { starts[next] = true }
        }
    }

    func contains(_ offset: Int64) -> Bool { offset >= 0 && offset < Int64(starts.count) && starts[Int(offset)] }
}

extension CodeView {
    /// An empty buffer may have no address; nothing of it is read.
    init(code: UnsafeRawBufferPointer, bitmask: UnsafeRawBufferPointer) {
        func start(_ octets: UnsafeRawBufferPointer) -> UnsafePointer<UInt8> {
            (octets.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!).assumingMemoryBound(to: UInt8.self)
        }
        self.init(code: start(code), count: code.count, bitmask: start(bitmask))
    }
}

extension Blob {
    var view: CodeView { CodeView(code: code, bitmask: bitmask) }
}
