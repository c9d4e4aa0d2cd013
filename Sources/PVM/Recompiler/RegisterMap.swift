import CPVM
import VMCommon

/// Where the 13 guest registers live while compiled code runs: eleven in host registers, the two that the program uses least,
/// as far as its loops tell, in the context.
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
        var weights = LoopWeights(program)
        for index in 0..<program.instructionCount {
            let instruction = program.instructions[index], weight = weights.next()
            uses[Int(instruction.ra >> 3)] += weight
            uses[Int(instruction.rb >> 3)] += weight
            uses[Int(instruction.rd >> 3)] += weight
        }
        weights.destroy()
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

/// How often each instruction runs, by guess: eight times as often for every loop around it. A branch backward makes a loop of
/// what lies between.
private struct LoopWeights {
    /// Loops that start at an instruction, less those that have ended before. Nil if memory is short: then all weigh the same.
    private let changes: UnsafeMutablePointer<Int32>?
    private var index = 0
    private var depth: Int32 = 0

    init(_ program: Program) {
        changes = allocate(Int32.self, program.instructionCount + 1)
        guard let changes else { return }
        for index in 0..<program.instructionCount {
            let instruction = program.instructions[index]
            guard instruction.y <= 0, instruction.y != Instruction.noTarget, instruction.plain.row != Handler.jump.row,
                  isaTable[instruction.plain.row].cost == .branch else { continue }
            changes[index + Int(instruction.y)] += 1
            changes[index + 1] -= 1
        }
    }

    mutating func next() -> Int {
        guard let changes else { return 1 }
        depth += changes[index]
        index += 1
        return 1 << (3 * Int(min(depth, 5)))
    }

    func destroy() { free(changes) }
}
