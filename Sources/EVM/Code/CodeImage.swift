import CPVM
import VMCommon

/// Code as the interpreter runs it: a copy that may have other opcodes (see `Fusion`), with room on both sides so that neither
/// push data nor the end needs a check, where it may be jumped to, and the blocks.
///
/// An image is for one fork.
struct CodeImage: BitwiseCopyable {
    /// The copy; behind it come zeros, which are STOP and the rest of cut-off push data.
    let code: UnsafeMutablePointer<UInt8>
    /// By offset, also behind the end of the code. Only starts of blocks have one.
    let blocks: UnsafeMutablePointer<Block>
    /// A bit for each octet of the code: is it a JUMPDEST, and not push data?
    let jumpdests: UnsafeMutablePointer<UInt64>
    let size: Int

    /// Before the code: PUSHn loads 32 octets that end where its data does. A multiple of 8.
    static let front = 32
    /// Behind it: PUSH32 as the last octet, and the STOP that follows.
    static let back = 40

    /// Octets for code of that size with its bit set, a multiple of 8, and for its blocks.
    static func textRoom(_ size: Int) -> Int { (front + size + back + 7) & ~7 + (size / 64 + 1) * 8 }
    static func blockRoom(_ size: Int) -> Int { (size + back) * MemoryLayout<Block>.stride }

    /// In memory for both, at multiples of 8; that of the blocks is zeros.
    init(text: UnsafeMutableRawPointer, blocks: UnsafeMutableRawPointer, size: Int) {
        self.size = size
        self.blocks = blocks.assumingMemoryBound(to: Block.self)
        code = text.assumingMemoryBound(to: UInt8.self) + CodeImage.front
        jumpdests = (text + (CodeImage.front + size + CodeImage.back + 7) & ~7).assumingMemoryBound(to: UInt64.self)
    }

    /// Copies code and finds its jump destinations.
    func load(_ source: UnsafePointer<UInt8>?) {
        if let source, size > 0 { memcpy(code, source, size) }
        memset(code + size, 0, CodeImage.back)
        findJumpdests()
    }

    private func findJumpdests() {
        memset(jumpdests, 0, (size / 64 + 1) * 8)
        var place = UnsafePointer(code)
        let end = place + size
        while place < end {
            let octet = place.pointee
            place += 1
            // PUSH1 … PUSH32 are the octets 0x60 … 0x7f: as signed numbers the greatest.
            if Int8(bitPattern: octet) > Int8(bitPattern: Opcode.jumpdest.rawValue) {
                if octet >= Opcode.push1.rawValue { place += Int(octet &- Opcode.push0.rawValue) }
            } else if octet == Opcode.jumpdest.rawValue {
                let offset = UInt64(bitPattern: Int64(place - UnsafePointer(code))) &- 1
                jumpdests[Int(offset / 64)] |= 1 &<< (offset % 64)
            }
        }
    }

    @inline(__always)
    func isJumpdest(_ offset: UInt64) -> Bool {
        offset < UInt64(size) && jumpdests[Int(offset / 64)] & (1 &<< (offset % 64)) != 0
    }
}
