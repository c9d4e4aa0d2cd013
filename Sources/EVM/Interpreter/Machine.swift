import CPVM
import VMCommon

/// How instructions are walked. `Fast` runs the copy of the code with its fused instructions and pays and checks a block when
/// control enters it; `Careful` runs the code as it is and checks and pays each instruction, until a block turns out to be worth an analysis.
/// `Traced` is careful and tells of each instruction. `Stenciled` is fast, and writes the records of a trace for many instructions at once.
protocol Pace {
    static var isCareful: Bool { get }
    static var isTraced: Bool { get }
    static var isStenciled: Bool { get }
}

extension Pace {
    /// `Fast` needs little of the native stack, and the others have things to do behind a call.
    static var leavesToCall: Bool { @inline(__always) get { isCareful && !isTraced } }
}

enum Fast: Pace {
    static var isCareful: Bool { @inline(__always) get { false } }
    static var isTraced: Bool { @inline(__always) get { false } }
    static var isStenciled: Bool { @inline(__always) get { false } }
}

enum Careful: Pace {
    static var isCareful: Bool { @inline(__always) get { true } }
    static var isTraced: Bool { @inline(__always) get { false } }
    static var isStenciled: Bool { @inline(__always) get { false } }
}

enum Traced: Pace {
    static var isCareful: Bool { @inline(__always) get { true } }
    static var isTraced: Bool { @inline(__always) get { true } }
    static var isStenciled: Bool { @inline(__always) get { false } }
}

enum Stenciled: Pace {
    static var isCareful: Bool { @inline(__always) get { false } }
    static var isTraced: Bool { @inline(__always) get { false } }
    static var isStenciled: Bool { @inline(__always) get { true } }
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
    init<P: Pace>(_ frame: Frame.Handle, _ pace: P.Type) {
        self.frame = frame
        pc = frame.text(pace) + frame.pointee.offset
        sp = frame.pointee.top
        gas = frame.pointee.gas
    }

    @inline(__always)
    func save<P: Pace>(_ pace: P.Type) {
        frame.pointee.offset = offset(pace)
        frame.pointee.top = sp
        frame.pointee.gas = gas
    }

    /// The offset of the instruction in the code.
    @inline(__always)
    func offset<P: Pace>(_ pace: P.Type) -> Int { pc - frame.text(pace) }

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
    mutating func enter<P: Pace>(_ pace: P.Type, behindJump: Bool = false) -> Bool {
        if P.isStenciled {
            if recordBlock(behindJump: behindJump) { return true }
            let rest = frame.enterStenciled(offset(pace), sp, gas)
            if rest < 0 { return false }
            gas = rest
            return true
        }
        if P.isCareful || payBlock() { return true }
        return frame.makesReady(offset(Fast.self)) && payBlockAgain()
    }

    /// The same behind a jump or a branch, where also a careful pace may end.
    @inline(__always)
    mutating func arrive<P: Pace>(_ pace: P.Type) -> Bool { P.isTraced ? !leaveForStencils() : P.isCareful ? warm() : enter(pace, behindJump: true) }

    /// In `Fast`, control comes to a JUMPDEST at pc, whose block does not suit or has not been analysed.
    @inline(__always)
    mutating func enterTarget() -> Bool { frame.makesReady(offset(Fast.self)) && payBlockAgain() }

    /// Pays and checks the block at pc. False, and nothing happens, if it does not suit or has not been analysed.
    @inline(__always)
    mutating func payBlock() -> Bool {
        let block = frame.pointee.image.blocks[offset(Fast.self)]
        let rest = gas &- Int64(block.gas)
        guard rest >= 0 && block.fits(octets: UnsafeRawPointer(sp) - UnsafeRawPointer(frame.pointee.stack)) else { return false }
        gas = rest
        return true
    }

    /// After the analysis.
    @inline(__always)
    private mutating func payBlockAgain() -> Bool {
        if payBlock() { return true }
        frame.pointee.care = .block
        return false
    }
}

extension Frame.Handle {
    /// What a pace runs.
    @inline(__always)
    func text<P: Pace>(_: P.Type) -> UnsafeMutablePointer<UInt8> { P.isCareful ? pointee.image.plain : pointee.image.code }

    /// In `Fast`, a block cannot be paid. True: it had not been analysed and now it is. Otherwise it is left to `Careful`.
    @inline(never)
    fileprivate func makesReady(_ offset: Int) -> Bool {
        if !pointee.image.blocks[offset].isAnalysed, let heat = pointee.heat {
            if Int(heat[offset]) >= pointee.patience {
                analyseScratch(offset)
                return true
            }
            heat[offset] &+= 1
        }
        pointee.care = .block
        return false
    }

    @inline(never)
    func isTarget(_ offset: Int) -> Bool { pointee.image.isJumpdest(UInt64(truncatingIfNeeded: offset)) }

    /// Of the first JUMP or JUMPI from an instruction on.
    @inline(never)
    func offsetOfJump(_ start: Int) -> Int {
        var offset = start
        while true {
            let octet = pointee.image.plain[offset]
            if octet == Opcode.jump.rawValue || octet == Opcode.jumpi.rawValue { return offset }
            offset += 1 + Int(pointee.traits[Int(octet)].immediate)
        }
    }
}
