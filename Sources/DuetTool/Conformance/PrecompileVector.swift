import EVMPrecompiles
import EVMRules
import Foundation

/// A case of go-ethereum's test vectors for precompiled contracts.
struct PrecompileVector {
    enum Expectation {
        case result([UInt8], gas: Int64)
        /// The reason is go-ethereum's; that the call fails is all that counts.
        case failure(reason: String)
    }

    let name: String
    let number: UInt16
    let fork: Fork
    let input: [UInt8]
    let expectation: Expectation

    /// What the names of the files stand for. Where a fork changed the gas, the fork is one of those that the vectors have it of.
    private static let files: [String: (number: UInt16, fork: Fork)] = [
        "ecRecover": (0x01, .latest), "modexp": (0x05, .byzantium), "modexp_eip2565": (0x05, .berlin), "modexp_eip7883": (0x05, .osaka),
        "bn256Add": (0x06, .latest), "bn256ScalarMul": (0x07, .latest), "bn256Pairing": (0x08, .latest), "blake2F": (0x09, .latest),
        "blake2f": (0x09, .latest), "pointEvaluation": (0x0a, .latest), "blsG1Add": (0x0b, .latest), "blsG1Mul": (0x0c, .latest),
        "blsG1MultiExp": (0x0c, .latest), "blsG2Add": (0x0d, .latest), "blsG2Mul": (0x0e, .latest), "blsG2MultiExp": (0x0e, .latest),
        "blsPairing": (0x0f, .latest), "blsMapG1": (0x10, .latest), "blsMapG2": (0x11, .latest), "p256Verify": (0x100, .latest),
    ]

    /// What the call does otherwise than expected; nothing if it passes.
    func failures() -> [String] {
        guard let precompile = Precompile(number, at: fork) else { return ["there is no precompile \(number) at this fork"] }
        let gas: Int64
        switch expectation {
        case .result(_, let expected): gas = expected
        case .failure: gas = Int64(clamping: input.withUnsafeBufferPointer { precompile.gas(fork, PrecompileInput($0.baseAddress, $0.count)) })
        }
        let (result, output) = call(gas: gas)
        switch expectation {
        case .failure(let reason):
            if result.status != .failure { return ["expected failure (\(reason)), actual \(result.status) with \(hexText(output))"] }
            return []
        case .result(let expected, _):
            var failures: [String] = []
            if result.status != .success { failures.append("expected success with \(gas) gas, actual \(result.status)") }
            if result.status == .success, output != expected {
                failures.append("result: expected \(hexText(expected)), actual \(hexText(output))")
            }
            if result.gasLeft != 0 { failures.append("gas: expected \(gas), actual \(gas - result.gasLeft)") }
            if gas > 0, call(gas: gas - 1).0.status != .outOfGas { failures.append("gas: \(gas - 1) is enough, expected \(gas)") }
            return failures
        }
    }

    private func call(gas: Int64) -> (PrecompileResult, [UInt8]) {
        var output = PrecompileOutput()
        defer { output.release() }
        let result = input.withUnsafeBufferPointer {
            runPrecompile(number, fork, PrecompileInput($0.baseAddress, $0.count), gasLeft: gas, &output)
        }
        return (result, Array(UnsafeBufferPointer(start: output.octets, count: output.count)))
    }
}

// MARK: Reading

extension PrecompileVector {
    static func cases(_ path: String) throws(ToolError) -> [PrecompileVector] {
        let file = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        guard let (number, fork) = files[file.hasPrefix("fail-") ? String(file.dropFirst(5)) : file] else {
            throw .failed("no precompile is known by the name of this file")
        }
        let document = try JSONDocument(file: path)
        return try inPlace(path) { () throws(ValueError) in
            try document.withRoot(Values.list { json throws(ValueError) in try PrecompileVector(json, number, fork) })
        }
    }

    /// With the keys of the files.
    private init(_ json: JSONValue, _ number: UInt16, _ fork: Fork) throws(ValueError) {
        name = try json.required("Name", Values.text)
        (self.number, self.fork) = (number, fork)
        input = try json.required("Input", Values.bytes)
        if let reason = try json.optional("ExpectedError", Values.text) {
            expectation = .failure(reason: reason)
        } else {
            expectation = .result(try json.required("Expected", Values.bytes), gas: try json.required("Gas", Values.quantity63))
        }
    }
}
