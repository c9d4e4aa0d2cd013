/// The schema that lists steps (sets gp072 and gp080).
struct StepVector: Decodable {
    let vector: Vector

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, program, steps
        case initialPC = "initial-pc"
        case initialGas = "initial-gas"
        case blockGas = "block-gas-costs"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(CodingKeys.self)
        let blocks = try members.decode([BlockGas].self, forKey: .blockGas)
        vector = Vector(
            name: try members.decode(String.self, forKey: .name),
            initialPC: try members.decode(UInt32.self, forKey: .initialPC),
            initialGas: try members.decode(Int64.self, forKey: .initialGas),
            program: try members.decode([UInt8].self, forKey: .program),
            steps: try members.decode([Step].self, forKey: .steps).map { $0.step },
            blockGas: Dictionary(blocks.map { ($0.pc, $0.cost) }, uniquingKeysWith: { $1 }))
    }

    private struct BlockGas: Decodable {
        let pc: UInt32
        let cost: UInt64

        enum CodingKeys: String, CodingKey, CaseIterable { case pc, cost }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(CodingKeys.self)
            pc = try members.decode(UInt32.self, forKey: .pc)
            cost = try members.decode(UInt64.self, forKey: .cost)
        }
    }

    /// An object with one member, whose key says what it is.
    private struct Step: Decodable {
        let step: Vector.Step

        enum CodingKeys: String, CodingKey, CaseIterable {
            case run, assert, map, write
            case setRegister = "set-reg"
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(CodingKeys.self)
            guard members.allKeys.count == 1, let key = members.allKeys.first else {
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "a step has one key"))
            }
            switch key {
            case .run: step = .run
            case .assert: step = .check(try members.decode(Assert.self, forKey: key).expectation)
            case .map: step = .map(try members.decode(PageRange.self, forKey: key))
            case .write: step = .write(try members.decode(MemoryChunk.self, forKey: key))
            case .setRegister:
                let set = try members.decode(SetRegister.self, forKey: key)
                step = .setRegister(set.register, set.value)
            }
        }
    }

    private struct SetRegister: Decodable {
        let register: Int
        let value: UInt64

        enum CodingKeys: String, CodingKey, CaseIterable {
            case value
            case register = "reg"
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(CodingKeys.self)
            register = try members.decode(Int.self, forKey: .register)
            value = try members.decode(UInt64.self, forKey: .value)
        }
    }

    private struct Assert: Decodable {
        let expectation: Vector.Expectation

        enum CodingKeys: String, CodingKey, CaseIterable {
            case status, gas, pc, memory
            case registers = "regs"
            case faultAddress = "page-fault-address"
            case hostCall = "hostcall"
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(CodingKeys.self)
            expectation = Vector.Expectation(
                status: try members.decodeIfPresent(String.self, forKey: .status),
                gas: try members.decodeIfPresent(Int64.self, forKey: .gas),
                pc: try members.decodeIfPresent(UInt32.self, forKey: .pc),
                registers: try members.decodeIfPresent([UInt64].self, forKey: .registers),
                memory: try members.decodeIfPresent([MemoryChunk].self, forKey: .memory) ?? [],
                faultAddress: try members.decodeIfPresent(UInt32.self, forKey: .faultAddress),
                hostCall: try members.decodeIfPresent(UInt32.self, forKey: .hostCall))
        }
    }
}
