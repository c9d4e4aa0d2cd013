import VMCommon

/// Where the 13 guest registers live while compiled code runs.
///
/// With the guest memory as segment all of them have homes in host registers. Without (`CodeGenerator.usesSegment`) r15 holds
/// the memory's base and rcx is a second scratch register; then two guest registers lie in the context. Those are t1 and t2, which
/// compilers use least.
struct RegisterMap {
    static let gas = Reg.r14
    static let scratch = Reg.rax
    /// Without segment only.
    static let memory = Reg.r15
    static let second = Reg.rcx

    /// Host register numbers of ra, sp, t0, t1, t2, s0, s1, a0 … a5; `none` for a register in the context.
    private let host: InlineArray<13, UInt8>
    private static let none: UInt8 = 255

    init(usesSegment: Bool) {
        // Division wants rdx, and rotation rcx: they go to registers that programs use least.
        host = usesSegment
            ? [15, 3, 12, 2, 1, 5, 13, 7, 6, 8, 9, 10, 11]
            : [3, 12, 2, RegisterMap.none, RegisterMap.none, 5, 13, 7, 6, 8, 9, 10, 11]
    }

    /// The home of a guest register given by the octet offset that instructions hold; nil if it lies in the context.
    @inline(__always)
    subscript(_ offset: UInt8) -> Reg? {
        let number = host[Int(offset >> 3)]
        return number == RegisterMap.none ? nil : Reg(number)
    }
}
