enum Fusion {
    static func row(of opcode: Opcode) -> UInt8 { 0 }
    @inline(__always)
    static func apply(_ row: UInt8, _ place: UnsafeMutablePointer<UInt8>) {}
}
