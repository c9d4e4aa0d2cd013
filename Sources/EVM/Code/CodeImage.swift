import CPVM
import VMCommon

/// Code as the interpreter runs it: twice, as it is and as a copy that may have other opcodes (see `Fusion`), both with room on both sides
/// so that neither push data nor the end needs a check; and the blocks.
///
/// An image is for one fork.
struct CodeImage: BitwiseCopyable {
    /// The code as it is; behind it come zeros, which are STOP and the rest of cut-off push data.
    let plain: UnsafeMutablePointer<UInt8>
    /// The copy. It is the code's where a block has been analysed; elsewhere it may be anything.
    let code: UnsafeMutablePointer<UInt8>
    /// By offset, also behind the end of the code. Only starts of blocks have one.
    let blocks: UnsafeMutablePointer<Block>
    /// A bit for each octet of the code: is it a JUMPDEST, and not push data? As far as they are known, which is to the offset in the limb before
    /// them: the start of an instruction, or the end.
    let jumpdests: UnsafeMutablePointer<UInt64>
    let size: Int
    /// Some that its code has. nil: there is no room for any.
    var loops: Loops.Handle?

    /// Before the code: PUSHn loads 32 octets that end where its data does. A multiple of 8.
    static let front = 32
    /// Behind it: PUSH32 as the last octet, and the STOP that follows.
    static let back = 40

    private static func copyRoom(_ size: Int) -> Int { (front + size + back + 7) & ~7 }
    /// Octets for code of that size, its copy and its bit set, a multiple of 8, and for its blocks.
    static func textRoom(_ size: Int) -> Int { 2 * copyRoom(size) + 8 + (size / 64 + 1) * 8 }
    static func blockRoom(_ size: Int) -> Int { (size + back) * MemoryLayout<Block>.stride }

    /// In memory for both, at multiples of 8; that of the blocks is zeros.
    init(text: UnsafeMutableRawPointer, blocks: UnsafeMutableRawPointer, size: Int) {
        let room = CodeImage.copyRoom(size)
        self.size = size
        self.blocks = blocks.assumingMemoryBound(to: Block.self)
        plain = text.assumingMemoryBound(to: UInt8.self) + CodeImage.front
        code = plain + room
        jumpdests = (text + (2 * room + 8)).assumingMemoryBound(to: UInt64.self)
    }

    /// Takes code over. Nothing is known of it yet.
    @inline(__always)
    func load(_ source: UnsafePointer<UInt8>?) {
        memset(plain - CodeImage.front, 0, CodeImage.front)
        if let source, size > 0 { memcpy(plain, source, size) }
        memset(plain + size, 0, CodeImage.back)
        jumpdests[-1] = 0
    }

    /// Makes the copy, before the first block is analysed.
    func copyCode() { memcpy(code - CodeImage.front, plain - CodeImage.front, CodeImage.front + size + CodeImage.back) }

    /// What control needs that comes to an analysed block, also if a loop starts with it.
    func block(at offset: Int) -> Block {
        let block = blocks[offset]
        return block.isPayable ? block : loops?.find(offset)?.pointee.block ?? block
    }

    // MARK: Jump destinations

    /// Mostly a look at the octets before it will do.
    @inline(__always)
    func isJumpdest(_ offset: UInt64) -> Bool {
        guard offset < UInt64(truncatingIfNeeded: size) else { return false }
        if offset < jumpdests[-1] { return isMarked(offset) }
        guard plain[Int(truncatingIfNeeded: offset)] == Opcode.jumpdest.rawValue else { return false }
        if !duet_may_be_data(plain + Int(truncatingIfNeeded: offset)) { return true }
        CodeImage.findJumpdests(plain, jumpdests, size, to: Int(truncatingIfNeeded: offset))
        return isMarked(offset)
    }

    @inline(__always)
    private func isMarked(_ offset: UInt64) -> Bool { jumpdests[Int(truncatingIfNeeded: offset / 64)] & (1 &<< (offset % 64)) != 0 }

    /// Finds them up to an offset, this one too.
    func findJumpdests(to last: Int) { CodeImage.findJumpdests(plain, jumpdests, size, to: last) }

    /// Without an image, which would have to be put into memory for it wherever it may be called.
    @inline(never)
    private static func findJumpdests(_ plain: UnsafeMutablePointer<UInt8>, _ jumpdests: UnsafeMutablePointer<UInt64>, _ size: Int, to last: Int) {
        let scanned = Int(truncatingIfNeeded: jumpdests[-1])
        if scanned == 0 { memset(jumpdests, 0, (size / 64 + 1) * 8) }
        var place = UnsafePointer(plain) + scanned
        let end = UnsafePointer(plain) + min(last + 1, size)
        while place < end {
            let octet = place.pointee
            place += 1
            // PUSH1 … PUSH32 are the octets 0x60 … 0x7f: as signed numbers the greatest.
            if Int8(bitPattern: octet) > Int8(bitPattern: Opcode.jumpdest.rawValue) {
                if octet >= Opcode.push1.rawValue { place += Int(octet &- Opcode.push0.rawValue) }
            } else if octet == Opcode.jumpdest.rawValue {
                let offset = UInt64(bitPattern: Int64(place - UnsafePointer(plain))) &- 1
                jumpdests[Int(truncatingIfNeeded: offset / 64)] |= 1 &<< (offset % 64)
            }
        }
        jumpdests[-1] = UInt64(truncatingIfNeeded: place - UnsafePointer(plain))
    }
}
