import CPVM
import EVMRules

/// ID: the input (Yellow Paper, appendix E).
func identity(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard let result = output.make(input.count) else { return .noMemory }
    input.copy(0, input.count, to: result)
    return .success
}
