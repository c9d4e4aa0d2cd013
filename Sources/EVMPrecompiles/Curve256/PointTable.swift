import CPVM

/// Points that are computed once for the process.
struct PointTable<Curve: PrimeCurve>: @unchecked Sendable {
    let base: UnsafePointer<AffinePoint<Curve>>

    init(count: Int, _ write: (UnsafeMutablePointer<AffinePoint<Curve>>) -> Void) {
        let table = duet_static_space(count * MemoryLayout<AffinePoint<Curve>>.stride).assumingMemoryBound(to: AffinePoint<Curve>.self)
        write(table)
        base = UnsafePointer(table)
    }
}
