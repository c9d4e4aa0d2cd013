import CPVM
import VMCommon

/// How instructions are walked. `Fast` runs the copy of the code with its fused instructions and pays and checks a block when
/// control enters it; `Careful` runs the code as it is and checks, pays and traces each instruction. `Batched` is careful as well, and
/// writes the records of a trace in batches; what it does before an instruction stands in the loop.
protocol Pace {
    static var isCareful: Bool { get }
    static var isBatched: Bool { get }
}

enum Fast: Pace {
    static var isCareful: Bool { @inline(__always) get { false } }
    static var isBatched: Bool { @inline(__always) get { false } }
}

enum Careful: Pace {
    static var isCareful: Bool { @inline(__always) get { true } }
    static var isBatched: Bool { @inline(__always) get { false } }
}

enum Batched: Pace {
    static var isCareful: Bool { @inline(__always) get { true } }
    static var isBatched: Bool { @inline(__always) get { true } }
}

/// What the interpreter keeps in processor registers. Instructions are methods of it, in `Instructions/`, which see that the stack
/// has what they take and room for what they leave, and that their fixed cost is paid. Those that can fail return whether
/// execution goes on; before they fail they change nothing.
struct Machine {
    /// The instruction.
    var pc: UnsafeMutablePointer<UInt8>
    /// Above the top word of the stack.
    var sp: UnsafeMutablePointer<U256>
    var gas: Int64
    let frame: Frame.Handle

    @inline(__always)
    init(_ frame: Frame.Handle) {
        self.frame = frame
        pc = frame.pointee.pc
        sp = frame.pointee.top
        gas = frame.pointee.gas
    }

    @inline(__always)
    func save() {
        frame.pointee.pc = pc
        frame.pointee.top = sp
        frame.pointee.gas = gas
    }

    /// The offset of the instruction in the code.
    @inline(__always)
    var offset: Int { pc - frame.pointee.code }

    @inline(__always)
    mutating func end(_ status: evmc_status_code) -> Bool {
        frame.pointee.status = status
        return false
    }

    /// Takes the gas that is left from an instruction in the middle of a block; below 0 it has failed.
    @inline(__always)
    mutating func settle<P: Pace>(_ rest: Int64, _: P.Type) -> Bool {
        if rest < 0 {
            if !P.isCareful { frame.pointee.care = .instruction }
            return false
        }
        gas = rest
        return true
    }

    /// The same for an instruction that ends its block: nothing behind it is paid.
    @inline(__always)
    mutating func settleLast(_ rest: Int64) -> Bool {
        if rest < 0 { return false }
        gas = rest
        return true
    }

    /// Control comes to the start of a block at pc.
    @inline(__always)
    mutating func enter<P: Pace>(_: P.Type) -> Bool {
        if P.isCareful { return true }
        repeat {
            let block = frame.pointee.blocks[offset]
            let rest = gas &- Int64(block.gas)
            if rest >= 0 && block.fits(octets: UnsafeRawPointer(sp) - UnsafeRawPointer(frame.pointee.stack)) {
                gas = rest
                return true
            }
        } while frame.analyseBlock(offset)
        return false
    }
}

extension Frame.Handle {
    /// A block does not suit. False: neither the gas nor the stack do. True: it had not been analysed, and is to be tried again.
    @inline(never)
    fileprivate func analyseBlock(_ offset: Int) -> Bool {
        if pointee.blocks[offset].isAnalysed {
            pointee.care = .block
            return false
        }
        noteAnalysed(offset, pointee.image.analyse(from: offset, pointee.traits))
        return true
    }
}
