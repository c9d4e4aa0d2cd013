// Hashes of code for finding it in the cache, where all octets are compared as well. Their seed differs between processes, so that
// nobody can prepare code that meets other code there.

/// Of all octets. Four lanes of multiply and fold (as in wyhash and its kin): about eight octets a cycle.
func hashCode(_ code: UnsafePointer<UInt8>, _ size: Int, _ seed: UInt64) -> UInt64 {
    let octets = UnsafeRawPointer(code)
    var lanes = (seed, seed ^ 0x9e37_79b9_7f4a_7c15, seed ^ 0xd1b5_4a32_d192_ed03, seed ^ 0x8bb8_4b93_962e_acc9)
    var offset = 0
    while offset + 64 <= size {
        lanes.0 = fold(limb(octets, offset) ^ lanes.0, limb(octets, offset + 8) ^ 0xa076_1d64_78bd_642f)
        lanes.1 = fold(limb(octets, offset + 16) ^ lanes.1, limb(octets, offset + 24) ^ 0xe703_7ed1_a0b4_28db)
        lanes.2 = fold(limb(octets, offset + 32) ^ lanes.2, limb(octets, offset + 40) ^ 0x8ebc_6af0_9c88_c6e3)
        lanes.3 = fold(limb(octets, offset + 48) ^ lanes.3, limb(octets, offset + 56) ^ 0x5899_65cc_7537_4cc3)
        offset += 64
    }
    var hash = lanes.0 ^ lanes.1 ^ lanes.2 ^ lanes.3
    while offset + 8 <= size {
        hash = fold(hash ^ limb(octets, offset), 0xa076_1d64_78bd_642f)
        offset += 8
    }
    while offset < size {
        hash = fold(hash ^ UInt64(code[offset]), 0xe703_7ed1_a0b4_28db)
        offset += 1
    }
    return fold(hash ^ UInt64(truncatingIfNeeded: size), 0x8ebc_6af0_9c88_c6e3)
}

/// Of the length and of eight octets in each 64, at places that the seed chooses: some hundred nanoseconds for the longest contracts. Codes that differ in a few octets may have the
/// same one, also on purpose. Of short code it is the hash.
func sampleCode(_ code: UnsafePointer<UInt8>, _ size: Int, _ seed: UInt64) -> UInt64 {
    guard size >= 512 else { return hashCode(code, size, seed) }
    let octets = UnsafeRawPointer(code)
    var lanes = (seed, seed ^ 0x9e37_79b9_7f4a_7c15, seed ^ 0xd1b5_4a32_d192_ed03, seed ^ 0x8bb8_4b93_962e_acc9)
    // In each eight times 64.
    @inline(__always) func place(_ run: Int) -> Int { 64 * run + Int(truncatingIfNeeded: seed >> UInt64(truncatingIfNeeded: 32 + 3 * run) & 7) * 8 }
    let places = (place(0), place(1), place(2), place(3), place(4), place(5), place(6), place(7))
    var offset = 0
    while true {
        lanes.0 = fold(limb(octets, offset + places.0) ^ lanes.0, limb(octets, offset + places.1) ^ 0xa076_1d64_78bd_642f)
        lanes.1 = fold(limb(octets, offset + places.2) ^ lanes.1, limb(octets, offset + places.3) ^ 0xe703_7ed1_a0b4_28db)
        lanes.2 = fold(limb(octets, offset + places.4) ^ lanes.2, limb(octets, offset + places.5) ^ 0x8ebc_6af0_9c88_c6e3)
        lanes.3 = fold(limb(octets, offset + places.6) ^ lanes.3, limb(octets, offset + places.7) ^ 0x5899_65cc_7537_4cc3)
        if offset + 512 == size { break }
        // The last one ends where the code does.
        offset = min(offset + 512, size - 512)
    }
    return fold(lanes.0 ^ lanes.1 ^ lanes.2 ^ lanes.3 ^ UInt64(truncatingIfNeeded: size), 0x8ebc_6af0_9c88_c6e3)
}

@inline(__always)
private func limb(_ octets: UnsafeRawPointer, _ offset: Int) -> UInt64 { octets.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }

@inline(__always)
private func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}
