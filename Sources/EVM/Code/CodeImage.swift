import CPVM
import VMCommon

/// Code as the interpreter runs it: a copy that may have other opcodes (see `Fusion`), with room on both sides so that neither
/// push data nor the end needs a check, where it may be jumped to, and the blocks.
///
/// An image is for one fork. In one allocation: padding, code, padding, blocks, bit set.
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

    /// Octets for code of that size.
    static func room(_ size: Int) -> Int { (front + size + back + 7) & ~7 + (size + back) * MemoryLayout<Block>.stride + (size / 64 + 1) * 8 }

    /// In memory of `room(size)` octets at a multiple of 8.
    init(_ memory: UnsafeMutableRawPointer, size: Int) {
        self.size = size
        code = memory.assumingMemoryBound(to: UInt8.self) + CodeImage.front
        let afterCode = memory + (CodeImage.front + size + CodeImage.back + 7) & ~7
        blocks = afterCode.assumingMemoryBound(to: Block.self)
        jumpdests = (afterCode + (size + CodeImage.back) * MemoryLayout<Block>.stride).assumingMemoryBound(to: UInt64.self)
    }

    /// Copies code and finds its jump destinations. The blocks must be zeros and stay so.
    func load(_ source: UnsafePointer<UInt8>?) {
        if let source, size > 0 { memcpy(code, source, size) }
        memset(code + size, 0, CodeImage.back)
        findJumpdests()
    }

    private func findJumpdests() {
        memset(jumpdests, 0, (size / 64 + 1) * 8)
        var offset = 0
        while offset < size {
            let octet = code[offset]
            if octet == Opcode.jumpdest.rawValue { jumpdests[offset / 64] |= 1 &<< UInt64(offset % 64) }
            // PUSH1 … PUSH32 are the octets 0x60 … 0x7f: as signed numbers the greatest.
            offset += Int8(bitPattern: octet) >= 0x60 ? Int(octet) - 0x5e : 1
        }
    }

    @inline(__always)
    func isJumpdest(_ offset: UInt64) -> Bool {
        offset < UInt64(size) && jumpdests[Int(offset / 64)] & (1 &<< (offset % 64)) != 0
    }
}
