import CPVM

@testable import EVM

/// Code as it is loaded and not analysed, in memory that was not zeros but for the blocks.
func withImage(of code: [UInt8], _ body: (CodeImage) -> Void) {
    let text = UnsafeMutableRawPointer.allocate(byteCount: CodeImage.textRoom(code.count), alignment: 8)
    let blocks = UnsafeMutableRawPointer.allocate(byteCount: CodeImage.blockRoom(code.count), alignment: 8)
    defer {
        text.deallocate()
        blocks.deallocate()
    }
    memset(text, 0x7f, CodeImage.textRoom(code.count))
    memset(blocks, 0, CodeImage.blockRoom(code.count))
    let image = CodeImage(text: text, blocks: blocks, size: code.count)
    image.load(code)
    body(image)
}
