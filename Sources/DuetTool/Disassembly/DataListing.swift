/// Data octets as directives.
enum DataListing {
    private static let octetsPerLine = 16
    /// Shorter runs of zeros stay among the other octets.
    private static let shortestRun = 32

    /// `address` is that of the first octet, for the comments.
    static func write(_ data: UnsafeRawBufferPointer, from address: Int, to text: inout [UInt8]) {
        var start = 0
        while start < data.count {
            let zeros = zeroRun(data, start)
            if zeros >= shortestRun {
                text += padded("    .zero \(zeros)", to: 64).utf8
                text += "; \(address + start)\n".utf8
                start += zeros
                continue
            }
            // A line ends early where a long run of zeros starts.
            var end = min(data.count, start + octetsPerLine)
            if let run = (start..<end).first(where: { data[$0] == 0 && zeroRun(data, $0) >= shortestRun }) { end = run }
            let octets = data[start..<end]
            text += padded("    .hex \"\(hexText(octets, separator: " "))\"", to: 64).utf8
            text += "; \(address + start)  |".utf8
            text += octets.map { 0x20..<0x7f ~= $0 ? $0 : UInt8(ascii: ".") }
            text += "|\n".utf8
            start = end
        }
    }

    /// Zeros from an octet on.
    private static func zeroRun(_ data: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var end = start
        while end < data.count, data[end] == 0 { end += 1 }
        return end - start
    }
}
