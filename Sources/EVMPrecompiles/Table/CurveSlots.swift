// Rows of the table whose curves are not built yet fail every call; a curve's folder takes its functions over from here.

func kzgPointEvaluation(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12G1Add(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12G1MSM(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12G2Add(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12G2MSM(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12PairingCheck(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12MapFpToG1(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12MapFp2ToG2(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func ecrecover(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func p256Verify(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func modexp(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func modexpGas(_: Revision, _ input: PrecompileInput) -> UInt64 { .max }
public func recoverAddress(hash: UnsafePointer<UInt8>, yIsOdd: Bool, r: UnsafePointer<UInt8>, s: UnsafePointer<UInt8>, _ address: UnsafeMutablePointer<UInt8>) -> Bool { false }
