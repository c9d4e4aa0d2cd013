import CPVM
import VMCommon

struct TraceLine: BitwiseCopyable {
    init() {}
    mutating func free() {}
}

extension Frame.Handle {
    func traceInstruction(_ offset: Int, _ octet: UInt8, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) {}
    func traceCall(_ gas: Int64) {}
}
