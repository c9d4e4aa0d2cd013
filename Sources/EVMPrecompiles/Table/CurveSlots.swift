// Rows of the table whose curves are not built yet fail every call; a curve's folder takes its functions over from here.

func ecrecover(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func p256Verify(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func modexp(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus { .failure }
func modexpGas(_: Revision, _ input: PrecompileInput) -> UInt64 { .max }
public func recoverAddress(hash: UnsafePointer<UInt8>, yIsOdd: Bool, r: UnsafePointer<UInt8>, s: UnsafePointer<UInt8>, _ address: UnsafeMutablePointer<UInt8>) -> Bool { false }
