import CPVM
import EVMRules
import Testing

@testable import DuetTool

/// The names of forks, for every command that takes one.
@Suite struct ForkNameTests {
    @Test func names() {
        for (text, name, revision) in [
            ("tangerine-whistle", "EIP150", EVMC_TANGERINE_WHISTLE), ("TangerineWhistle", "EIP150", EVMC_TANGERINE_WHISTLE), ("eip158", "EIP158", EVMC_SPURIOUS_DRAGON),
            ("spurious_dragon", "EIP158", EVMC_SPURIOUS_DRAGON), ("petersburg", "ConstantinopleFix", EVMC_PETERSBURG), ("Constantinople", "Constantinople", EVMC_CONSTANTINOPLE),
            ("MUIRGLACIER", "MuirGlacier", EVMC_ISTANBUL), ("arrow-glacier", "ArrowGlacier", EVMC_LONDON), ("GrayGlacier", "GrayGlacier", EVMC_LONDON),
            ("merge", "Paris", EVMC_PARIS), ("bpo1", "BPO1", EVMC_OSAKA), ("BPO2", "BPO2", EVMC_OSAKA), ("experimental", "Experimental", EVMC_EXPERIMENTAL),
        ] {
            #expect(NamedFork.named(text)?.name == name && NamedFork.named(text)?.revision == revision, "\(text)")
        }
        for text in ["", "Atlantis", "London+1284", "Frontier+1346", "BerlinToLondonAt5", "ParisToShanghaiAtTime15k", "Osaka ", "BPO", "BPO3"] {
            #expect(NamedFork.named(text) == nil, "\(text)")
        }
        #expect(NamedFork.refusal("London+1284") == "'London+1284': forks cannot be extended by single EIPs here")
        #expect(NamedFork.refusal("BerlinToLondonAt5").contains("a change of forks"))
        #expect(NamedFork.refusal("Atlantis").contains("forks are Frontier, Homestead, "))
    }

    @Test func revisions() {
        #expect(NamedFork.distinct.map(\.revision.rawValue) == Array(0...EVMC_MAX_REVISION.rawValue))
        #expect(Set(NamedFork.all.map(\.name)).count == NamedFork.all.count)
    }

    /// EIP-4844, 7691, 7892: the target and limit of blobs, and how fast their price moves.
    @Test func blobs() {
        func schedule(_ name: String) -> [UInt64]? { NamedFork.named(name)?.rules.block.blobs.map { [$0.target, $0.most, $0.updateFraction] } }
        #expect(schedule("Shanghai") == nil && schedule("Cancun") == [3, 6, 3_338_477])
        #expect(schedule("Prague") == [6, 9, 5_007_716] && schedule("Osaka") == [6, 9, 5_007_716])
        #expect(schedule("BPO1") == [10, 15, 8_346_193] && schedule("BPO2") == [14, 21, 11_684_671])
    }

    @Test func commands() throws {
        #expect(duet("evm", "run", "5f00", "--rev", "GrayGlacier", "--json").output.contains("undefined-instruction"))
        #expect(duet("evm", "run", "5f00", "--rev", "bpo2", "--json").output.contains("success"))
        #expect(duet("evm", "disasm", "5f", "--rev", "Shanghai").output == "0000  PUSH0\n")
        for words in [["evm", "run", "00", "--rev"], ["evm", "disasm", "00", "--rev"], ["evm", "trace", "--state-test", "x", "--fork"], ["evm", "bench", "x", "--rev"],
                      ["evm", "statetest", "x", "--fork"]] {
            let result = duet(words + ["London+1284"])
            #expect(result.status == 2 && result.error.contains("single EIPs"), "\(words): \(result)")
        }
    }
}
