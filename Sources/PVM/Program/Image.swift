import CPVM
import VMCommon

/// The byte formats in which programs arrive, taken apart without copying. A view is valid as long as the bytes it was read
/// from.

/// Why bytes are not an image, in the numbers of `pvm_error_t`.
public struct ImageError: Error {
    public let code: pvm_error_t

    init(_ code: pvm_error_t) { self.code = code }
}

/// `deblob` (Gray Paper appendix A): E(|j|) E_1(z) E(|c|) E_z(j) E(c) E(k).
public struct Blob {
    /// Octets that one jump-table entry takes (z).
    public let jumpEntrySize: Int
    /// |j|. With z = 0 it stands for that many zero entries and no octets.
    public let jumpCount: UInt64
    public let jumpTable: UnsafeRawBufferPointer
    public let code: UnsafeRawBufferPointer
    /// Packed, least significant bit first; spare bits are zero.
    public let bitmask: UnsafeRawBufferPointer

    /// Largest code and largest jump table (octets). Far above any service, so that offsets fit 32 bits with room to spare.
    public static let maxSize: UInt64 = 1 << 28

    public init(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        var reader = ByteReader(bytes)
        guard reader.remaining > 0 else { throw ImageError(PVM_ERR_EMPTY) }
        jumpCount = try Blob.natural(&reader)
        guard let size = reader.number(octets: 1) else { throw ImageError(PVM_ERR_NUMBER_TRUNCATED) }
        jumpEntrySize = Int(truncatingIfNeeded: size)
        let codeCount = try Blob.natural(&reader)

        let (jumpOctets, overflow) = jumpCount.multipliedReportingOverflow(by: size)
        guard !overflow, let jumpTable = reader.take(jumpOctets) else { throw ImageError(PVM_ERR_JUMP_TABLE_TRUNCATED) }
        guard let code = reader.take(codeCount) else { throw ImageError(PVM_ERR_CODE_TRUNCATED) }
        guard codeCount <= Blob.maxSize, jumpOctets <= Blob.maxSize else { throw ImageError(PVM_ERR_TOO_LARGE) }
        guard let bitmask = reader.take((codeCount + 7) / 8) else { throw ImageError(PVM_ERR_BITMASK_TRUNCATED) }
        guard reader.remaining == 0 else { throw ImageError(PVM_ERR_TRAILING_OCTETS) }
        self.jumpTable = jumpTable
        self.code = code
        self.bitmask = bitmask

        if codeCount % 8 != 0, bitmask[bitmask.count - 1] >> UInt8(truncatingIfNeeded: codeCount % 8) != 0 {
            throw ImageError(PVM_ERR_BITMASK_PADDING)
        }
        if jumpEntrySize > 8 {
            for index in 0..<Int(truncatingIfNeeded: jumpCount) where !Blob.isZero(jumpTable, from: index * jumpEntrySize + 8, to: (index + 1) * jumpEntrySize) {
                throw ImageError(PVM_ERR_JUMP_ENTRY_TOO_LARGE)
            }
        }
    }

    /// Entry `index` of j.
    public func jump(_ index: Int) -> UInt64 {
        let place = index &* jumpEntrySize
        if jumpEntrySize <= 8, place &+ 8 <= jumpTable.count {
            let word = UnsafeRawPointer(jumpTable.baseAddress! + place).loadUnaligned(as: UInt64.self).littleEndian
            return word & (UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* jumpEntrySize))
        }
        var value: UInt64 = 0
        for octet in 0..<min(jumpEntrySize, 8) {
            value |= UInt64(jumpTable[index * jumpEntrySize + octet]) << UInt64(truncatingIfNeeded: 8 * octet)
        }
        return value
    }

    private static func natural(_ reader: inout ByteReader) throws(ImageError) -> UInt64 {
        do { return try reader.natural() } catch {
            throw ImageError(error == .truncated ? PVM_ERR_NUMBER_TRUNCATED : PVM_ERR_NUMBER_NOT_MINIMAL)
        }
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Bool {
        for index in start..<end where bytes[index] != 0 { return false }
        return true
    }
}

/// A standard program (Gray Paper appendix A, function Y): E_3(|o|) E_3(|w|) E_2(z) E_3(s) o w E_4(|c|) c.
/// The paper's bound on the memory layout holds for every value that the fields can take (they sum to under 2^29).
public struct StandardProgram {
    public let roData: UnsafeRawBufferPointer
    public let rwData: UnsafeRawBufferPointer
    /// Pages of heap behind `rwData` (z).
    public let heapPages: UInt32
    /// Octets of stack (s).
    public let stackSize: UInt32
    public let blob: UnsafeRawBufferPointer

    public init(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        var reader = ByteReader(bytes)
        guard reader.remaining > 0 else { throw ImageError(PVM_ERR_EMPTY) }
        guard let roCount = reader.number(octets: 3), let rwCount = reader.number(octets: 3),
              let pages = reader.number(octets: 2), let stack = reader.number(octets: 3)
        else { throw ImageError(PVM_ERR_HEADER_TRUNCATED) }
        guard let roData = reader.take(roCount) else { throw ImageError(PVM_ERR_RO_DATA_TRUNCATED) }
        guard let rwData = reader.take(rwCount) else { throw ImageError(PVM_ERR_RW_DATA_TRUNCATED) }
        guard let codeCount = reader.number(octets: 4) else { throw ImageError(PVM_ERR_CODE_LENGTH_TRUNCATED) }
        guard codeCount == UInt64(truncatingIfNeeded: reader.remaining), let blob = reader.take(codeCount) else {
            throw ImageError(PVM_ERR_CODE_LENGTH_MISMATCH)
        }
        self.roData = roData
        self.rwData = rwData
        self.heapPages = UInt32(truncatingIfNeeded: pages)
        self.stackSize = UInt32(truncatingIfNeeded: stack)
        self.blob = blob
    }
}

/// A service's code as it lies in a preimage: metadata with its length in front, then a standard program.
public struct ServiceImage {
    public let metadata: UnsafeRawBufferPointer
    public let standard: UnsafeRawBufferPointer

    public init(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        var reader = ByteReader(bytes)
        guard reader.remaining > 0 else { throw ImageError(PVM_ERR_EMPTY) }
        guard let count = try? reader.natural(), let metadata = reader.take(count) else {
            throw ImageError(PVM_ERR_METADATA_TRUNCATED)
        }
        self.metadata = metadata
        self.standard = UnsafeRawBufferPointer(rebasing: bytes[reader.offset...])
    }
}

/// An image of any format, down to its blob.
public struct Image {
    public let format: pvm_format_t
    /// Nil for a format without one.
    public private(set) var service: ServiceImage?
    public private(set) var standard: StandardProgram?
    public let blob: Blob

    public init(_ bytes: UnsafeRawBufferPointer, format: pvm_format_t) throws(ImageError) {
        switch format {
        case PVM_FORMAT_AUTO:
            self = try Image.detect(bytes)
        case PVM_FORMAT_BLOB:
            self.format = format
            blob = try Blob(bytes)
        case PVM_FORMAT_STANDARD:
            self.format = format
            let program = try StandardProgram(bytes)
            standard = program
            blob = try Blob(program.blob)
        case PVM_FORMAT_SERVICE:
            self.format = format
            let image = try ServiceImage(bytes)
            let program = try StandardProgram(image.standard)
            service = image
            standard = program
            blob = try Blob(program.blob)
        default:
            throw ImageError(PVM_ERR_ARGUMENT)
        }
    }

    private static func detect(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> Image {
        guard bytes.count > 0 else { throw ImageError(PVM_ERR_EMPTY) }
        if let image = try? Image(bytes, format: PVM_FORMAT_STANDARD) { return image }
        if let image = try? Image(bytes, format: PVM_FORMAT_SERVICE) { return image }
        if let image = try? Image(bytes, format: PVM_FORMAT_BLOB) { return image }
        throw ImageError(PVM_ERR_UNKNOWN_FORMAT)
    }
}
