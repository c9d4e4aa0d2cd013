import CPVM
import VMCommon

/// A call or creation in a trace. The recorder fills it in as the execution goes on, so what a sink sees of the end may be there early.
final class EVMFrame {
    /// In the order in which they began.
    let index: Int
    let parent: EVMFrame?
    let kind: evmc_call_kind
    let isStatic: Bool
    let sender: U256
    let value: U256
    let gas: Int64
    private(set) var input: [UInt8]
    let inputSize: Int
    var depth: Int { parent.map { $0.depth + 1 } ?? 0 }
    /// Whose storage it works on, and whose code it runs.
    var address: U256
    let codeAddress: U256
    /// Nil if nothing ran: an account without code, a precompile.
    var code: EVMCode?
    var status = EVMC_SUCCESS
    var gasLeft: Int64 = 0
    private(set) var output: [UInt8] = []
    private(set) var outputSize = 0

    init(_ message: evmc_message, index: Int, parent: EVMFrame?) {
        self.index = index
        self.parent = parent
        kind = message.kind
        isStatic = message.flags & EVMC_STATIC.rawValue != 0
        sender = U256(message.sender)
        value = U256(message.value)
        gas = message.gas
        input = Array(UnsafeBufferPointer(start: message.input_data, count: message.input_size))
        inputSize = input.count
        address = U256(message.recipient)
        codeAddress = U256(message.code_address)
    }

    var isCreation: Bool { kind == EVMC_CREATE || kind == EVMC_CREATE2 }

    /// What the caller finds as return data.
    var returned: [UInt8] { isCreation && status == EVMC_SUCCESS ? [] : output }

    func end(_ result: evmc_result) {
        status = result.status_code
        gasLeft = result.gas_left
        output = Array(UnsafeBufferPointer(start: result.output_data, count: result.output_size))
        outputSize = output.count
        if isCreation, status == EVMC_SUCCESS { address = U256(result.create_address) }
    }

    /// Keeps no more than the first octets of input and output.
    func trim(to count: Int) {
        input = Array(input.prefix(count))
        output = Array(output.prefix(count))
    }

    var kindName: String {
        switch kind {
        case EVMC_CREATE: "CREATE"
        case EVMC_CREATE2: "CREATE2"
        case EVMC_CALLCODE: "CALLCODE"
        case EVMC_DELEGATECALL: "DELEGATECALL"
        default: isStatic && parent?.isStatic != true ? "STATICCALL" : "CALL"
        }
    }
}

/// Code that ran, once however often it did.
final class EVMCode {
    let index: Int
    let octets: [UInt8]

    init(_ octets: [UInt8], index: Int) {
        self.octets = octets
        self.index = index
    }
}

/// Finds code again that ran before, by the account that has it.
struct EVMCodes {
    private(set) var all: [EVMCode] = []
    private var last: [U256: EVMCode] = [:]

    mutating func find(_ account: U256, _ octets: UnsafeBufferPointer<UInt8>) -> EVMCode {
        if let known = last[account], same(known, octets) { return known }
        let code = all.first { same($0, octets) } ?? EVMCode(Array(octets), index: all.count)
        if code.index == all.count { all.append(code) }
        last[account] = code
        return code
    }

    private func same(_ code: EVMCode, _ octets: UnsafeBufferPointer<UInt8>) -> Bool {
        code.octets.count == octets.count && code.octets.withUnsafeBytes { octets.isEmpty || memcmp($0.baseAddress!, octets.baseAddress!, octets.count) == 0 }
    }
}
