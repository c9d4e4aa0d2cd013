enum Fusion {
    static func row(of opcode: Opcode) -> UInt8 { 0 }
    @inline(__always)
    static func apply(_ row: UInt8, _ code: UnsafeMutablePointer<UInt8>, _ traits: Traits) {}
}
