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
        // With what is added in `save` and where it jumps: the octets that it walks.
        if P.isCareful { frame.pointee.work &-= frame.pointee.offset }
        sp = frame.pointee.top
        gas = frame.pointee.gas
    }

    @inline(__always)
    func save<P: Pace>(_ pace: P.Type) {
        frame.pointee.offset = offset(pace)
        if P.isCareful { frame.pointee.work &+= frame.pointee.offset }
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
        let rest = frame.payAnew(offset(Fast.self), sp, gas)
        if rest < 0 { return false }
        gas = rest
        return true
    }

    /// Control comes by a jump to the JUMPDEST at pc, and goes on behind it: that is paid with its block.
    @inline(__always)
    mutating func land<P: Pace>(_ pace: P.Type) -> Bool {
        let isFast = !P.isCareful && !P.isStenciled
        guard isFast ? payBlock() : enter(pace, behindJump: true) else { return isFast && landAnew() }
        pc += 1
        return true
    }

    /// In `Fast`, where the block does not suit, or has not been analysed, or starts a loop.
    @inline(__always)
    private mutating func landAnew() -> Bool {
        let arrival = frame.land(Arrival(offset: offset(Fast.self), top: sp, gas: gas, way: .jump))
        pc = frame.pointee.image.code + arrival.offset
        sp = arrival.top
        gas = arrival.gas
        return arrival.way != .middle
    }

    /// The same behind a jump or a branch, where also a careful pace may end.
    @inline(__always)
    mutating func arrive<P: Pace>(_ pace: P.Type) -> Bool { P.isTraced ? !leaveForStencils() : P.isCareful ? warm() : enter(pace, behindJump: true) }

    /// Pays and checks the block at pc. False, and nothing happens, if it does not suit, or has not been analysed, or starts a loop.
    @inline(__always)
    mutating func payBlock() -> Bool {
        let block = frame.pointee.image.blocks[offset(Fast.self)]
        let rest = gas &- Int64(block.gas)
        guard rest >= 0 && block.fits(octets: UnsafeRawPointer(sp) - UnsafeRawPointer(frame.pointee.stack)) else { return false }
        gas = rest
        return true
    }
}

extension Frame.Handle {
    /// What a pace runs.
    @inline(__always)
    func text<P: Pace>(_: P.Type) -> UnsafeMutablePointer<UInt8> { P.isCareful ? pointee.image.plain : pointee.image.code }

    /// In `Fast`, pays the block at an offset, which may have to be analysed first or start a loop. Gives the gas that is left; below 0 it is left to `Careful`.
    @inline(never)
    fileprivate func payAnew(_ offset: Int, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
        let rest = isReady(offset) ? pay(Arrival(offset: offset, top: sp, gas: gas, way: .flow)) : -1
        if rest < 0 { pointee.care = .block }
        return rest
    }

    /// Pays the analysed block that control comes to. Gives the gas that is left; below 0 there was too little, or the block does not suit the stack.
    private func pay(_ arrival: Arrival) -> Int64 {
        let block = pointee.image.block(at: arrival.offset)
        return block.fits(octets: UnsafeRawPointer(arrival.top) - UnsafeRawPointer(pointee.stack)) ? arrival.gas &- Int64(block.gas) : -1
    }

    /// Has the block at an offset been analysed by now?
    private func isReady(_ offset: Int) -> Bool {
        if pointee.image.blocks[offset].isAnalysed { return true }
        guard let heat = pointee.heat else { return false }
        if Int(heat[offset]) >= pointee.patience {
            analyseScratch(offset)
            return true
        }
        heat[offset] &+= 1
        return false
    }

    /// In `Fast`, control comes to a JUMPDEST by a jump: executes its loop and those that control comes to from there, and pays the block behind them.
    @inline(never)
    fileprivate func land(_ arrival: Arrival) -> Arrival {
        var arrival = arrival
        while arrival.way != .middle && isReady(arrival.offset) {
            if arrival.way == .jump, let loop = loop(at: arrival) {
                arrival = run(loop, arrival)
                continue
            }
            let rest = pay(arrival)
            if rest < 0 { break }
            return Arrival(offset: arrival.way == .jump ? arrival.offset + 1 : arrival.offset, top: arrival.top, gas: rest, way: .flow)
        }
        pointee.care = .block
        arrival.way = .middle
        return arrival
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
