import CPVM
import EVMRules
import Testing

@testable import EVMPrecompiles

@Suite struct TableTests {
    /// The precompiles of each fork that brought some.
    @Test func forks() {
        let first: [(Fork, [UInt16])] = [
            (.frontier, [1, 2, 3, 4]), (.byzantium, [5, 6, 7, 8]), (.istanbul, [9]), (.cancun, [10]), (.prague, Array(11...17)), (.osaka, [0x100]),
        ]
        for raw in 0...Fork.latest.rawValue {
            let revision = Fork(rawValue: raw)!
            let expected = first.filter { $0.0 <= revision }.flatMap(\.1)
            let numbers = (0...UInt16.max).filter { Precompile($0, at: revision) != nil }
            #expect(numbers == expected, "\(revision)")
            #expect(numbers.allSatisfy { $0 < Precompile.end })
            for number in [0, 1, 0x11, 0x12, 0x100, 0x101, 0x200] as [UInt16] {
                var address = [UInt8](repeating: 0, count: 18) + [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
                #expect(precompileNumber(address, at: revision) == (expected.contains(number) ? number : nil))
                for index in 0..<18 {
                    address[index] = 1
                    #expect(precompileNumber(address, at: revision) == nil)
                    address[index] = 0
                }
            }
        }
    }

    /// Lengths that no host could serve: the gas comes first, and what it buys is neither refused nor takes memory.
    @Test func modexpOfGreatLengths() {
        func input(_ base: UInt64, _ exponent: UInt64, _ modulus: UInt64) -> [UInt8] {
            [base, exponent, modulus].flatMap { length in
                [UInt8](repeating: 0, count: 24) + withUnsafeBytes(of: length.bigEndian, Array.init)
            }
        }
        for (revision, lengths, gas) in [
            (.byzantium, (1 << 32, 0, 0), 57_646_178_309_547_468), (.berlin, (1 << 34, 0, 0), 1_537_228_672_809_129_301),
            (.berlin, (0, 1 << 41, 1), 5_864_062_014_720), (.byzantium, (0, .max, 0), 0), (.berlin, (1 << 40, 0, 0), nil),
            (.byzantium, (1 << 40, 0, 0), nil), (.byzantium, (.max, .max, .max), nil), (.berlin, (0, .max, .max), nil),
        ] as [(Fork, (UInt64, UInt64, UInt64), Int64?)] {
            let octets = input(lengths.0, lengths.1, lengths.2)
            guard let gas else {
                #expect(call(5, octets, revision, gas: .max).0.status == .outOfGas)
                continue
            }
            let (result, output) = call(5, octets, revision, gas: gas)
            #expect(result.status == .success && result.gasLeft == 0 && output.count == Int(lengths.2) && output.allSatisfy { $0 == 0 })
            if gas > 0 { #expect(call(5, octets, revision, gas: gas - 1).0.status == .outOfGas) }
        }
        // Either length alone could be paid for.
        #expect(call(5, input(64, 1 << 58, 0), .berlin, gas: .max).0.status == .outOfGas)
        #expect(call(5, input(0, 1 << 20, 0), .osaka, gas: .max).0.status == .failure)
    }

    /// Gas before and after each repricing: EIP-1108, EIP-2565, EIP-7883, and the rows that depend on the input's length.
    @Test func gas() {
        func gas(_ number: UInt16, _ revision: Fork, _ count: Int) -> UInt64 {
            let input = [UInt8](repeating: 0, count: count)
            return Precompile(number, at: revision)!.gas(revision, PrecompileInput(input, count))
        }
        let rows: [(UInt16, Fork, Int, UInt64)] = [
            (1, .frontier, 7, 3000), (2, .frontier, 0, 60), (2, .osaka, 33, 84), (3, .frontier, 32, 720), (4, .osaka, 65, 24),
            (5, .petersburg, 0, 0), (5, .berlin, 0, 200), (5, .prague, 0, 200), (5, .osaka, 0, 500),
            (6, .petersburg, 0, 500), (6, .istanbul, 0, 150), (7, .byzantium, 0, 40000), (7, .osaka, 0, 6000),
            (8, .petersburg, 0, 100_000), (8, .byzantium, 384, 260_000), (8, .istanbul, 0, 45_000), (8, .osaka, 575, 113_000),
            (9, .istanbul, 213, 0), (9, .istanbul, 212, 0), (10, .cancun, 192, 50000),
            (11, .prague, 0, 375), (12, .prague, 159, 0), (12, .prague, 160, 12000), (12, .prague, 320, 22776), (12, .osaka, 160 * 128, 797_184),
            (12, .osaka, 160 * 129, 803_412), (13, .prague, 0, 600), (14, .prague, 288, 22500), (14, .prague, 288 * 3, 62302),
            (14, .osaka, 288 * 1000, 11_790_000), (15, .prague, 0, 37700), (15, .osaka, 768, 102_900), (16, .prague, 0, 5500), (17, .prague, 0, 23800),
            (0x100, .osaka, 0, 6900),
        ]
        for (number, revision, count, expected) in rows {
            #expect(gas(number, revision, count) == expected, "\(Precompile(number, at: revision)!.name) at \(revision), \(count) octets")
        }
        var input = [UInt8](repeating: 0, count: 213)
        input.replaceSubrange(0..<4, with: [0xff, 0xff, 0xff, 0xff])
        #expect(Precompile(9, at: .istanbul)!.gas(.istanbul, PrecompileInput(input, 213)) == 0xffff_ffff)
    }

    @Test func calls() {
        #expect(call(2, [1], gas: 71).0.status == .outOfGas)
        #expect(call(2, [1], gas: -1).0.status == .outOfGas)
        let (result, output) = call(2, [1], gas: 100)
        #expect(result.status == .success && result.gasLeft == 28 && output.count == 32)
        let (failed, nothing) = call(9, [1], gas: 100)
        #expect(failed.status == .failure && failed.gasLeft == 0 && nothing.isEmpty)
        #expect(call(0x100, [], .prague).0.status == .failure, "not there yet")
        // Input that ends inside what is read.
        #expect(call(1, []).0.status == .success && call(1, []).1.isEmpty)
        #expect(call(4, []).1.isEmpty && call(4, [1, 2, 3]).1 == [1, 2, 3])
    }

    // MARK: duet_precompile.h

    @Test func header() {
        var address = [UInt8](repeating: 0, count: 20)
        address[19] = 4
        var result = duet_precompile_result_t(gas_left: 5, output: nil, output_size: 7)
        func status(_ revision: UInt32, _ input: [UInt8]?, _ size: Int, _ gas: Int64) -> duet_precompile_status_t {
            guard let input else { return duet_precompile(revision, address, nil, size, gas, &result) }
            return duet_precompile(revision, address, input, size, gas, &result)
        }
        #expect(status(14, [1, 2, 3], 3, 20) == DUET_PRECOMPILE_SUCCESS)
        #expect(result.gas_left == 2 && Array(UnsafeBufferPointer(start: result.output, count: result.output_size)) == [1, 2, 3])
        duet_precompile_release(&result)
        #expect(result.output == nil && result.output_size == 0)
        duet_precompile_release(&result)
        duet_precompile_release(nil)
        #expect(status(14, nil, 0, 20) == DUET_PRECOMPILE_SUCCESS && result.output == nil && result.gas_left == 5)
        #expect(status(14, [1], 1, 17) == DUET_PRECOMPILE_OUT_OF_GAS && result.gas_left == 0)
        for (revision, size, gas) in [(15, 0, 20), (UInt32.max, 0, 20), (14, 1, 20), (14, -1, 20), (14, 0, -1)] as [(UInt32, Int, Int64)] {
            #expect(status(revision, nil, size, gas) == DUET_PRECOMPILE_ARGUMENT)
        }
        #expect(duet_precompile(14, nil, nil, 0, 20, &result) == DUET_PRECOMPILE_ARGUMENT)
        #expect(duet_precompile(14, address, nil, 0, 20, nil) == DUET_PRECOMPILE_ARGUMENT)
        #expect(duet_precompile_gas(14, address, [1], 1) == 18 && duet_precompile_gas(14, address, nil, 1) == 0)
        #expect(String(cString: duet_precompile_name(0, address)!) == "ID")
        address[19] = 5
        #expect(status(3, nil, 0, 20) == DUET_PRECOMPILE_NONE && duet_precompile_name(3, address) == nil && duet_precompile_gas(3, address, nil, 0) == 0)
        address[19] = 9
        #expect(status(14, [1], 1, 20) == DUET_PRECOMPILE_FAILURE && result.output == nil)
    }
}

/// The VM of EVMC.
@Suite struct PrecompileVMTests {
    @Test func vm() throws {
        let vm = try #require(evmc_create_duet_precompiles())
        defer { vm.pointee.destroy(vm) }
        #expect(vm.pointee.abi_version == EVMC_ABI_VERSION && vm.pointee.get_capabilities(vm) == EVMC_CAPABILITY_PRECOMPILES.rawValue)
        let input: [UInt8] = [1, 2, 3]
        input.withUnsafeBufferPointer { octets in
            func execute(_ address: UInt8, _ revision: evmc_revision, gas: Int64) -> evmc_result {
                var message = evmc_message()
                message.gas = gas
                message.input_data = octets.baseAddress
                message.input_size = octets.count
                message.code_address.bytes.19 = address
                return vm.pointee.execute(vm, nil, nil, revision, &message, nil, 0)
            }
            var result = execute(4, EVMC_EXPERIMENTAL, gas: 20)
            #expect(result.status_code == EVMC_SUCCESS && result.gas_left == 2)
            #expect(Array(UnsafeBufferPointer(start: result.output_data, count: result.output_size)) == input)
            result.release?(&result)
            #expect(execute(4, EVMC_FRONTIER, gas: 17).status_code == EVMC_OUT_OF_GAS)
            #expect(execute(9, EVMC_OSAKA, gas: 17).status_code == EVMC_PRECOMPILE_FAILURE)
            #expect(execute(9, EVMC_BERLIN, gas: 17).gas_left == 0)
            for (address, revision, gas) in [(9, EVMC_PETERSBURG, 1), (18, EVMC_OSAKA, 1), (4, evmc_revision(16), 20), (4, EVMC_OSAKA, -1)] as [(UInt8, evmc_revision, Int64)] {
                #expect(execute(address, revision, gas: gas).status_code == EVMC_REJECTED)
            }
        }
    }
}
