// Rows of the table whose curves are not built yet fail every call; a curve's folder takes its functions over from here.

func bn254Add(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bn254Mul(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bn254Pairing(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func kzgPointEvaluation(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12G1Add(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12G1MSM(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12G2Add(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12G2MSM(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12PairingCheck(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12MapFpToG1(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func bls12MapFp2ToG2(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
