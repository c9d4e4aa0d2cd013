import PVM

/// The schema with one run, initial and expected values (set w3f-v0.4).
struct W3FVector: Decodable {
    private let vector: Vector

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, program
        case initialRegisters = "initial-regs"
        case initialPC = "initial-pc"
        case initialPages = "initial-page-map"
        case initialMemory = "initial-memory"
        case initialGas = "initial-gas"
        case status = "expected-status"
        case registers = "expected-regs"
        case pc = "expected-pc"
        case memory = "expected-memory"
        case gas = "expected-gas"
        case faultAddress = "expected-page-fault-address"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        let registers = try members.decode([UInt64].self, forKey: .initialRegisters)
        let expectation = Vector.Expectation(
            status: try members.decode(String.self, forKey: .status),
            gas: try members.decode(Int64.self, forKey: .gas),
            pc: try members.decode(UInt32.self, forKey: .pc),
            registers: try members.decode([UInt64].self, forKey: .registers),
            memory: try members.decode([MemoryChunk].self, forKey: .memory),
            faultAddress: try members.decodeIfPresent(UInt32.self, forKey: .faultAddress))
        vector = Vector(
            name: try members.decode(String.self, forKey: .name),
            initialPC: try members.decode(UInt32.self, forKey: .initialPC),
            initialGas: try members.decode(Int64.self, forKey: .initialGas),
            program: try members.decode([UInt8].self, forKey: .program),
            steps: try members.decode([PageRange].self, forKey: .initialPages).map { .map($0) }
                + members.decode([MemoryChunk].self, forKey: .initialMemory).map { .write($0) }
                + registers.enumerated().map { .setRegister($0, $1) }
                + [.run, .check(expectation)])
    }

    /// The case with the exact gas of a page fault (see `WholeBlockCharge`).
    func vector(_ isa: ISA) throws(ToolError) -> Vector {
        guard case .check(var expectation) = vector.steps.last, expectation.status == "page-fault",
              let gas = expectation.gas, let pc = expectation.pc
        else { return vector }
        let rest = try W3FVector.instructions(behind: Int(pc), of: vector.program, isa)
        var exact = vector
        let (charged, isBelow) = vector.initialGas.subtractingReportingOverflow(gas)
        let (exactGas, isAbove) = gas.addingReportingOverflow(rest)
        guard !isBelow, !isAbove else { throw .failed("initial-gas and expected-gas are more than 63 bits apart") }
        exact.wholeBlock = Vector.WholeBlockCharge(charged: charged, rest: rest)
        expectation.gas = exactGas
        exact.steps[exact.steps.count - 1] = .check(expectation)
        return exact
    }

    /// How many instructions follow the one at `pc` in its basic block. Code that ends without a terminator runs into a trap, which
    /// counts.
    private static func instructions(behind pc: Int, of program: [UInt8], _ isa: ISA) throws(ToolError) -> Int64 {
        let count: Int64? = program.withUnsafeBytes { bytes in
            guard let blob = try? Blob(bytes), pc < blob.code.count else { return nil }
            let view = blob.view
            var count: Int64 = 0
            var at = pc
            while at < view.count, let row = isa.row(view.octet(at)), !isaTable[row].endsBlock {
                at += 1 + view.skip(at)
                count += 1
            }
            return count
        }
        guard let count else { throw .failed("the program is no blob with code at \(pc)") }
        return count
    }
}
