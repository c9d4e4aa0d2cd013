import VMCommon

/// Where the 13 guest registers live while compiled code runs: eleven in host registers, the two that the program mentions least
/// in the context.
struct RegisterMap {
    /// Guest memory, gas, and two for whatever an instruction needs.
    static let memory = Reg.r15
    static let gas = Reg.r14
    static let scratch = Reg.rax
    static let second = Reg.rcx

    private static let homes: InlineArray<11, Reg> = [.rbx, .rbp, .rsi, .rdi, .r8, .r9, .r10, .r11, .r12, .r13, .rdx]

    /// Host register numbers; `none` for a register in the context.
    private var host = InlineArray<13, UInt8>(repeating: RegisterMap.none)
    private static let none: UInt8 = 255

    init(_ program: Program) {
        var uses = InlineArray<13, Int>(repeating: 0)
        for index in 0..<program.instructionCount {
            let instruction = program.instructions[index]
            uses[Int(instruction.ra >> 3)] += 1
            uses[Int(instruction.rb >> 3)] += 1
            uses[Int(instruction.rd >> 3)] += 1
        }
        var home = 0
        // By use, the most used first: a selection sort of 13 numbers.
        while home < RegisterMap.homes.count {
            var best = -1
            for register in 0..<13 where host[register] == RegisterMap.none && (best < 0 || uses[register] > uses[best]) { best = register }
            host[best] = RegisterMap.homes[home].number
            home += 1
        }
    }

    /// The home of a guest register given by the octet offset that instructions hold; nil if it lies in the context.
    @inline(__always)
    subscript(_ offset: UInt8) -> Reg? {
        let number = host[Int(offset >> 3)]
        return number == RegisterMap.none ? nil : Reg(number)
    }
}
