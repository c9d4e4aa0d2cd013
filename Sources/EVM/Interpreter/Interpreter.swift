import CPVM
import VMCommon

/// Executes from `frame.offset`, where a block starts, until execution ends or is to go on at the other pace: `frame.care`, `frame.status`.
/// All that stays is in the frame.
@inline(never)
func interpret<P: Pace>(_ pace: P.Type, _ frame: Frame.Handle) {
    var m = Machine(frame, pace)
    let steps = frame.pointee.steps
    guard m.enter(pace) else {
        m.save(pace)
        return
    }
    if P.isTraced && frame.pointee.isBatched { frame.enterBatches() }
    loop: while true {
        let opcode: Opcode
        if P.isCareful {
            if P.isTraced { m.tell() }
            opcode = m.step(steps)
        } else {
            opcode = Opcode(octet: m.pc.pointee)
        }
        switch opcode {
        case .stop: _ = m.stop(); break loop
        case .add: m.add()
        case .mul: m.mul()
        case .sub: m.sub()
        case .div: m.div()
        case .sdiv: m.sdiv()
        case .mod: m.mod()
        case .smod: m.smod()
        case .addmod: m.addmod()
        case .mulmod: m.mulmod()
        case .exp: guard m.exp(pace) && m.goOn(pace) else { break loop }
        case .signextend: m.signextend()

        case .lt: m.lt()
        case .gt: m.gt()
        case .slt: m.slt()
        case .sgt: m.sgt()
        case .eq: m.eq()
        case .iszero: m.iszero()
        case .and: m.and()
        case .or: m.or()
        case .xor: m.xor()
        case .not: m.not()
        case .byte: m.byte()
        case .shl: m.shl()
        case .shr: m.shr()
        case .sar: m.sar()
        case .clz: m.clz()

        case .keccak256: guard m.keccak(pace) && m.goOn(pace) else { break loop }

        case .address: m.address()
        case .balance: guard m.balance(pace) else { break loop }
        case .origin: m.origin()
        case .caller: m.caller()
        case .callvalue: m.callvalue()
        case .calldataload: m.calldataload()
        case .calldatasize: m.calldatasize()
        case .calldatacopy: guard m.calldatacopy(pace) && m.goOn(pace) else { break loop }
        case .codesize: m.codesize()
        case .codecopy: guard m.codecopy(pace) && m.goOn(pace) else { break loop }
        case .gasprice: m.gasprice()
        case .extcodesize: guard m.extcodesize(pace) else { break loop }
        case .extcodecopy: guard m.extcodecopy(pace) else { break loop }
        case .returndatasize: m.returndatasize()
        case .returndatacopy: guard m.returndatacopy(pace) && m.goOn(pace) else { break loop }
        case .extcodehash: guard m.extcodehash(pace) else { break loop }

        case .blockhash: guard m.blockhash(pace) && m.goOn(pace) else { break loop }
        case .coinbase: m.coinbase()
        case .timestamp: m.timestamp()
        case .number: m.number()
        case .prevrandao: m.prevrandao()
        case .gaslimit: m.gaslimit()
        case .chainid: m.chainid()
        case .selfbalance: guard m.selfbalance(pace) && m.goOn(pace) else { break loop }
        case .basefee: m.basefee()
        case .blobhash: m.blobhash()
        case .blobbasefee: m.blobbasefee()

        case .pop: m.pop()
        case .mload: guard m.mload(pace) && m.goOn(pace) else { break loop }
        case .mstore: guard m.mstore(pace) && m.goOn(pace) else { break loop }
        case .mstore8: guard m.mstore8(pace) && m.goOn(pace) else { break loop }
        case .sload: guard m.sload(pace) else { break loop }
        case .sstore: guard m.sstore(pace) else { break loop }
        case .jump: guard m.jump(pace) else { break loop }
        case .jumpi: guard m.jumpi(pace) else { break loop }
        case .pc: m.programCounter(pace)
        case .msize: m.msize()
        case .gas: guard m.remainingGas(pace) else { break loop }
        case .jumpdest: m.jumpdest(pace)
        case .enteringJumpdest: guard m.enteringJumpdest(pace) else { break loop }
        case .tload: guard m.tload(pace) && m.goOn(pace) else { break loop }
        case .tstore: guard m.tstore(pace) && m.goOn(pace) else { break loop }
        case .mcopy: guard m.mcopy(pace) && m.goOn(pace) else { break loop }

        case .push0: m.push(.zero)
        case .push1: m.push(octets: 1)
        case .push2: m.push(octets: 2)
        case .push3: m.push(octets: 3)
        case .push4: m.push(octets: 4)
        case .push5: m.push(octets: 5)
        case .push6: m.push(octets: 6)
        case .push7: m.push(octets: 7)
        case .push8: m.push(octets: 8)
        case .push9: m.push(octets: 9)
        case .push10: m.push(octets: 10)
        case .push11: m.push(octets: 11)
        case .push12: m.push(octets: 12)
        case .push13: m.push(octets: 13)
        case .push14: m.push(octets: 14)
        case .push15: m.push(octets: 15)
        case .push16: m.push(octets: 16)
        case .push17: m.push(octets: 17)
        case .push18: m.push(octets: 18)
        case .push19: m.push(octets: 19)
        case .push20: m.push(octets: 20)
        case .push21: m.push(octets: 21)
        case .push22: m.push(octets: 22)
        case .push23: m.push(octets: 23)
        case .push24: m.push(octets: 24)
        case .push25: m.push(octets: 25)
        case .push26: m.push(octets: 26)
        case .push27: m.push(octets: 27)
        case .push28: m.push(octets: 28)
        case .push29: m.push(octets: 29)
        case .push30: m.push(octets: 30)
        case .push31: m.push(octets: 31)
        case .push32: m.push(octets: 32)
        case .dup1: m.dup(1)
        case .dup2: m.dup(2)
        case .dup3: m.dup(3)
        case .dup4: m.dup(4)
        case .dup5: m.dup(5)
        case .dup6: m.dup(6)
        case .dup7: m.dup(7)
        case .dup8: m.dup(8)
        case .dup9: m.dup(9)
        case .dup10: m.dup(10)
        case .dup11: m.dup(11)
        case .dup12: m.dup(12)
        case .dup13: m.dup(13)
        case .dup14: m.dup(14)
        case .dup15: m.dup(15)
        case .dup16: m.dup(16)
        case .swap1: m.swap(1)
        case .swap2: m.swap(2)
        case .swap3: m.swap(3)
        case .swap4: m.swap(4)
        case .swap5: m.swap(5)
        case .swap6: m.swap(6)
        case .swap7: m.swap(7)
        case .swap8: m.swap(8)
        case .swap9: m.swap(9)
        case .swap10: m.swap(10)
        case .swap11: m.swap(11)
        case .swap12: m.swap(12)
        case .swap13: m.swap(13)
        case .swap14: m.swap(14)
        case .swap15: m.swap(15)
        case .swap16: m.swap(16)
        case .dupn: guard m.reach(.dupn) else { break loop }
        case .swapn: guard m.reach(.swapn) else { break loop }
        case .exchange: guard m.reach(.exchange) else { break loop }

        case .log0: guard m.log(0, pace) && m.goOn(pace) else { break loop }
        case .log1: guard m.log(1, pace) && m.goOn(pace) else { break loop }
        case .log2: guard m.log(2, pace) && m.goOn(pace) else { break loop }
        case .log3: guard m.log(3, pace) && m.goOn(pace) else { break loop }
        case .log4: guard m.log(4, pace) && m.goOn(pace) else { break loop }

        case .create:
            guard m.create(.create, pace) else { break loop }
            if P.isTraced && m.isBack() { continue loop }
        case .call:
            guard m.call(.call, pace) else { break loop }
            if P.isTraced && m.isBack() { continue loop }
        case .callcode:
            guard m.call(.callcode, pace) else { break loop }
            if P.isTraced && m.isBack() { continue loop }
        case .return: _ = m.returns(EVMC_SUCCESS); break loop
        case .delegatecall:
            guard m.call(.delegatecall, pace) else { break loop }
            if P.isTraced && m.isBack() { continue loop }
        case .create2:
            guard m.create(.create2, pace) else { break loop }
            if P.isTraced && m.isBack() { continue loop }
        case .staticcall:
            guard m.call(.staticcall, pace) else { break loop }
            if P.isTraced && m.isBack() { continue loop }
        case .revert: _ = m.returns(EVMC_REVERT); break loop
        case .invalid: _ = m.end(EVMC_INVALID_INSTRUCTION); break loop
        case .selfdestruct: _ = m.selfdestruct(); break loop

        // Sequences: see `Code/Fusion.swift`
        case .push1Add: m.push1Add()
        case .push1Sub: m.push1Sub()
        case .push1Mul: m.push1Mul()
        case .push1And: m.push1And()
        case .push2And: m.push2And()
        case .push4And: m.push4And()
        case .push8And: m.push8And()
        case .push20And: m.push20And()
        case .push1Shl: m.push1Shl()
        case .push1Shr: m.push1Shr()
        case .push1Eq: m.push1Eq()
        case .push4Eq: m.push4Eq()
        case .push1Lt: m.push1Lt()
        case .push1Gt: m.push1Gt()
        case .push1Mload: guard m.loadAtData(1, pace) && m.goOn(pace) else { break loop }
        case .push2Mload: guard m.loadAtData(2, pace) && m.goOn(pace) else { break loop }
        case .push1Mstore: guard m.storeAtData(1, pace) && m.goOn(pace) else { break loop }
        case .push2Mstore: guard m.storeAtData(2, pace) && m.goOn(pace) else { break loop }
        case .push1Push1: m.push1Push1()
        case .push1Dup: m.push1Dup()
        case .push4Dup: m.push4Dup()
        case .push1DupMstore: guard m.storeDataAtDup(pace) && m.goOn(pace) else { break loop }
        case .push1Swap: m.push1Swap()
        case .push2Jump: guard m.branch(true, taking: 0, data: 0, of: 4, pace) else { break loop }
        case .push2Jumpi: guard m.branch(!m.sp[-1].isZero, taking: 1, data: 0, of: 4, pace) else { break loop }
        case .iszeroJumpi: guard m.branch(m.sp[-1].isZero, taking: 1, data: 1, of: 5, pace) else { break loop }
        case .ltJumpi: guard m.branch(m.sp[-1] < m.sp[-2], taking: 2, data: 1, of: 5, pace) else { break loop }
        case .ltIszeroJumpi: guard m.branch(!(m.sp[-1] < m.sp[-2]), taking: 2, data: 2, of: 6, pace) else { break loop }
        case .gtJumpi: guard m.branch(m.sp[-2] < m.sp[-1], taking: 2, data: 1, of: 5, pace) else { break loop }
        case .gtIszeroJumpi: guard m.branch(!(m.sp[-2] < m.sp[-1]), taking: 2, data: 2, of: 6, pace) else { break loop }
        case .sltJumpi: guard m.branch(U256.isLessSigned(m.sp[-1], m.sp[-2]), taking: 2, data: 1, of: 5, pace) else { break loop }
        case .sltIszeroJumpi: guard m.branch(!(U256.isLessSigned(m.sp[-1], m.sp[-2])), taking: 2, data: 2, of: 6, pace) else { break loop }
        case .sgtJumpi: guard m.branch(U256.isLessSigned(m.sp[-2], m.sp[-1]), taking: 2, data: 1, of: 5, pace) else { break loop }
        case .sgtIszeroJumpi: guard m.branch(!(U256.isLessSigned(m.sp[-2], m.sp[-1])), taking: 2, data: 2, of: 6, pace) else { break loop }
        case .eqJumpi: guard m.branch(m.sp[-1] == m.sp[-2], taking: 2, data: 1, of: 5, pace) else { break loop }
        case .dupAnd: m.dupAnd()
        case .dupOr: m.dupOr()
        case .dupXor: m.dupXor()
        case .dupAdd: m.dupAdd()
        case .dupSub: m.dupSub()
        case .dupMul: m.dupMul()
        case .dupLt: m.dupLt()
        case .dupGt: m.dupGt()
        case .dupEq: m.dupEq()
        case .dupShr: m.dupShr()
        case .dupShl: m.dupShl()
        case .dupMload: guard m.loadAtDup(pace) && m.goOn(pace) else { break loop }
        case .dupMstore: guard m.storeAtDup(pace) && m.goOn(pace) else { break loop }
        case .dupPush1: m.dupPush1()
        case .swapPop: m.swapPop()
        case .popPop: m.popPop()
        case .popJump: guard m.popJump(pace) else { break loop }
        case .dupDup: m.dupDup()
        case .swapSwap: m.swapSwap()
        case .push2Dup: m.push2Dup()
        case .push2Swap: m.push2Swap()
        case .push1DupSwapPop: m.push1DupSwapPop()
        case .andOr: m.andOr()
        case .addMload: guard m.addMload(pace) && m.goOn(pace) else { break loop }
        case .addAdd: m.addAdd()
        case .dupDupAdd: m.dupDupAdd()
        case .dupDupLtIszeroJumpi: guard m.branch(!m.isDupLess(), taking: 0, data: 4, of: 8, pace) else { break loop }
        case .dupDupGtIszeroJumpi: guard m.branch(!m.isDupGreater(), taking: 0, data: 4, of: 8, pace) else { break loop }
        case .push2DupJump: guard m.push2DupJump(pace) else { break loop }
        case .swapJump: guard m.swapJump(pace) else { break loop }
        case .swapPopJump: guard m.swapPopJump(pace) else { break loop }
        case .popPopJump: guard m.popPopJump(pace) else { break loop }
        case .leave: guard m.leave(pace) else { break loop }
        case .jumpBelow: guard m.jumpBelow(pace) else { break loop }

        case .undefined, .unused0e, .unused0f, .unused1f, .unused2b, .unused2c, .unused2d, .unused2e,
             .unused2f, .unused4b, .unused4c, .unused4d, .unused4e, .unused4f, .unuseda5, .unuseda6,
             .unuseda7, .unuseda8, .unuseda9, .unusedaa, .unusedab, .unusedac, .unusedad, .unusedae,
             .unusedaf, .unusedee, .unusedef,
             .unusedf6, .unusedf7, .unusedf8, .unusedf9, .unusedfb, .unusedfc:
            _ = m.fail(pace)
            break loop
        }
        if P.isTraced { m.completeRecord() }
    }
    m.save(pace)
}
