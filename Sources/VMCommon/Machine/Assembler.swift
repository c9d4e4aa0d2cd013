import CPVM

/// An assembler for x86-64. Each method writes one instruction and stands for one or two encodings of the processor manual
/// (volume 2), which its comment shows as the manual does: opcode, /digit or /r, immediate. `w` says whether the operation
/// has 32 or 64 bits (then REX.W is added). The methods are sorted by subject into the files Assembler….swift.
public struct Assembler: ~Copyable {
    @usableFromInline var buffer: CodeBuffer
    var labels: LabelTable

    /// nil if memory is short. `maximum` bounds the code in octets.
    public init?(capacity: Int = 4096, maximum: Int = 1 << 30) {
        guard let buffer = CodeBuffer(capacity: capacity, maximum: maximum) else { return nil }
        self.buffer = buffer
        labels = LabelTable()
    }

    /// Octets of code so far: the place of the next instruction.
    @inlinable public var offset: Int { buffer.count }

    /// Has memory or the bound been used up? Then the code is worthless.
    public var failed: Bool { buffer.failed || labels.failed }

    @inlinable public var code: UnsafeRawBufferPointer { buffer.code }

    /// Begins again, with the memory it has. Labels made before are void.
    public mutating func removeAll() {
        buffer.removeAll()
        labels.removeAll()
    }

    // MARK: Octets as they are

    /// For a code generator that puts instructions together by itself and many of them in a row: it takes the writer, sees to it that there is room before
    /// each of them (else it gives the writer back, asks for room and takes it again), and gives it back at the end.
    @inlinable @inline(__always)
    public var writer: CodeWriter {
        get { CodeWriter(base: buffer.base, place: buffer.next, limit: buffer.limit) }
        set { buffer.next = newValue.place }
    }

    /// False if memory or the bound has been used up.
    public mutating func makeRoom() -> Bool {
        _ = buffer.instruction()
        return !failed
    }

    // MARK: Encoding

    /// [address prefixes] [prefix] [REX] opcode ModR/M [SIB] [displacement] [immediate].
    ///
    /// `opcode` reads as in the manual: 0x0faf stands for the octets 0F AF. `octet` asks for the prefix that 8-bit registers
    /// 4 to 7 need.
    @inlinable @inline(__always)
    mutating func encode(_ w: Width, _ opcode: UInt32, _ register: UInt8, _ rm: some RegisterOrMemory,
                         prefix: UInt8 = 0, octet: Bool = false, immediate: Octets = Octets(0, 0)) {
        var cursor = buffer.instruction()
        cursor.put(rm.addressPrefixes)
        cursor.put(head(w, opcode, (register >> 3) << 2 | rm.prefixBits, prefix: prefix, octet: octet))
        cursor.put(rm.modRM(register))
        if immediate.count > 0 { cursor.put(immediate) }
        buffer.end(cursor)
    }

    /// An instruction with a register in its opcode, or with none: [REX] opcode [immediate].
    @inlinable @inline(__always)
    mutating func encode(_ w: Width, _ opcode: UInt32, plus register: UInt8 = 0, immediate: Octets = Octets(0, 0)) {
        var cursor = buffer.instruction()
        cursor.put(head(w, opcode + UInt32(register & 7), register >> 3, prefix: 0, octet: false))
        if immediate.count > 0 { cursor.put(immediate) }
        buffer.end(cursor)
    }

    /// [prefix] [REX] opcode; `bits` are R, X and B.
    @inlinable @inline(__always)
    func head(_ w: Width, _ opcode: UInt32, _ bits: UInt8, prefix: UInt8, octet: Bool) -> Octets {
        var count = opcode > 0xffff ? 3 : opcode > 0xff ? 2 : 1
        var word = UInt64(opcode.byteSwapped) >> UInt64(truncatingIfNeeded: 32 - 8 * count)
        let rex = 0x40 | w.rawValue << 3 | bits
        if rex != 0x40 || octet {
            word = word << 8 | UInt64(rex)
            count += 1
        }
        if prefix != 0 {
            word = word << 8 | UInt64(prefix)
            count += 1
        }
        return Octets(word, count)
    }

    @frozen @usableFromInline enum VEXPrefix: UInt8 { case none, x66, xF3, xF2 }
    @frozen @usableFromInline enum VEXMap: UInt8 { case x0F38 = 2, x0F3A = 3 }

    /// VEX.LZ.prefix.map.w opcode /r [ib], in the form of three octets; `vvvv` is the operand that has no place in ModR/M.
    @inlinable @inline(__always)
    mutating func encode(_ w: Width, vex prefix: VEXPrefix, _ map: VEXMap, _ opcode: UInt8, _ register: UInt8, vvvv: UInt8,
                         _ rm: some RegisterOrMemory, immediate: Octets = Octets(0, 0)) {
        var cursor = buffer.instruction()
        cursor.put(rm.addressPrefixes)
        let bits = (register >> 3) << 2 | rm.prefixBits
        // R, X, B and vvvv are stored inverted.
        let second = (bits ^ 7) << 5 | map.rawValue, third = w.rawValue << 7 | (vvvv ^ 15) << 3 | prefix.rawValue
        cursor.put(0xc4 | UInt64(second) << 8 | UInt64(third) << 16 | UInt64(opcode) << 24, 4)
        cursor.put(rm.modRM(register))
        if immediate.count > 0 { cursor.put(immediate) }
        buffer.end(cursor)
    }
}

extension Octets {
    /// ib
    @inlinable @inline(__always) init(ib value: UInt8) { self.init(UInt64(value), 1) }
    /// iw
    @inlinable @inline(__always) init(iw value: UInt16) { self.init(UInt64(value), 2) }
    /// id
    @inlinable @inline(__always) init(id value: Int32) { self.init(UInt64(UInt32(bitPattern: value)), 4) }
    /// io
    @inlinable @inline(__always) init(io value: UInt64) { self.init(value, 8) }
}

extension Int32 {
    /// Does an 8-bit immediate, which the processor sign-extends, stand for it?
    @inlinable @inline(__always) var isShort: Bool { self == Int32(Int8(truncatingIfNeeded: self)) }
}
