import EVMPrecompiles
import EVMRules
import VMCommon

/// BLAKE2b of 32 octets (RFC 7693), which the Gray Paper calls ℋ; the compression is that of the precompile BLAKE2F.
func blake2b256(_ message: [UInt8]) -> [UInt8] {
    // The initialization vector, with length and depth in its first word.
    var state: [UInt64] = [
        0x6a09_e667_f3bc_c908 ^ 0x0101_0020, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
    ]
    var start = 0
    repeat {
        let end = min(start + 128, message.count)
        compress(&state, message[start..<end], offset: UInt64(end), isLast: end == message.count)
        start = end
    } while start < message.count
    return state.withUnsafeBytes { Array($0.prefix(32)) }
}

private func compress(_ state: inout [UInt64], _ block: ArraySlice<UInt8>, offset: UInt64, isLast: Bool) {
    var input: [UInt8] = [0, 0, 0, 12]
    input += state.withUnsafeBytes { Array($0) }
    input += block + [UInt8](repeating: 0, count: 128 - block.count)
    input += withUnsafeBytes(of: offset.littleEndian) { Array($0) } + [UInt8](repeating: 0, count: 8)
    input.append(isLast ? 1 : 0)
    var output = PrecompileOutput()
    defer { output.release() }
    input.withUnsafeBufferPointer {
        _ = runPrecompile(9, .latest, PrecompileInput($0.baseAddress, $0.count), gasLeft: .max, &output)
    }
    let words = UnsafeRawBufferPointer(start: output.octets, count: output.count)
    state = words.withMemoryRebound(to: UInt64.self) { Array($0) }
}
