import VMCommon
import XCTest

@testable import EVMState

/// Random changes, checkpoints and ways back against copies of a plain dictionary.
final class JournalTests: XCTestCase {
    private struct Model: Equatable {
        var balances: [UInt8: UInt64] = [:]
        var nonces: [UInt8: UInt64] = [:]
        var storage: [[UInt8]: UInt64] = [:]
        var transient: [[UInt8]: UInt64] = [:]
        var warm: Set<[UInt8]> = []
        var logs = 0
    }

    private func address(_ number: UInt8) -> Address { Address(0x0123_4567, UInt64(number) << 32, 9) }
    private func key(_ number: UInt8) -> Bytes32 { Bytes32(U256(UInt64(number), 0, 1, 0)) }

    private func change(_ state: inout State, _ model: inout Model, _ random: inout SplitMix) {
        let who = UInt8(truncatingIfNeeded: random.next() % 6), slot = UInt8(truncatingIfNeeded: random.next() % 5), value = random.next() % 3
        switch random.next() % 6 {
        case 0:
            state.setBalance(address(who), U256(value))
            model.balances[who] = value
        case 1:
            state.setNonce(address(who), value)
            model.nonces[who] = value
        case 2:
            let (_, before) = state.setStorage(address(who), key(slot), Bytes32(U256(value)))
            XCTAssertEqual(before.number, U256(model.storage[[who, slot]] ?? 0))
            model.storage[[who, slot]] = value
        case 3:
            state.setTransient(address(who), key(slot), Bytes32(U256(value)))
            model.transient[[who, slot]] = value
        case 4:
            XCTAssertEqual(state.warm(address(who), key(slot)), model.warm.contains([who, slot]))
            model.warm.insert([who, slot])
        default:
            XCTAssertTrue(state.logs.append(address(who), topics: nil, count: 0, data: UnsafeRawBufferPointer(start: nil, count: 0)))
            model.logs += 1
        }
    }

    private func check(_ state: inout State, _ model: Model) {
        for who in UInt8(0)..<6 {
            XCTAssertEqual(state.balance(address(who)), U256(model.balances[who] ?? 0))
            XCTAssertEqual(state.nonce(address(who)), model.nonces[who] ?? 0)
            var occupied = 0
            for slot in UInt8(0)..<5 {
                let value = model.storage[[who, slot]] ?? 0
                occupied += value == 0 ? 0 : 1
                XCTAssertEqual(state.storage(address(who), key(slot)).number, U256(value))
                XCTAssertEqual(state.transientValue(address(who), key(slot)).number, U256(model.transient[[who, slot]] ?? 0))
            }
            XCTAssertEqual(state.hasStorage(address(who)), occupied > 0)
        }
        XCTAssertEqual(state.logs.count, model.logs)
    }

    private func freshRoot(_ model: Model, existing: (UInt8) -> Bool) -> Bytes32? {
        var state = State()!
        defer { state.free() }
        state.beginTransaction()
        for who in UInt8(0)..<6 where existing(who) {
            state.touch(address(who))
            state.setBalance(address(who), U256(model.balances[who] ?? 0))
            state.setNonce(address(who), model.nonces[who] ?? 0)
            for slot in UInt8(0)..<5 { _ = state.setStorage(address(who), key(slot), Bytes32(U256(model.storage[[who, slot]] ?? 0))) }
        }
        XCTAssertTrue(state.endTransaction(deletesEmpty: false))
        return state.root()
    }

    func testRandomCheckpoints() {
        var random = SplitMix(seed: 42)
        var state = State()!
        var model = Model()
        for _ in 0..<400 {
            state.beginTransaction()
            model.transient = [:]
            model.warm = []
            model.logs = 0
            var stack: [(Checkpoint, Model)] = []
            for _ in 0..<60 {
                switch random.next() % 8 {
                case 0: stack.append((state.checkpoint(), model))
                case 1:
                    guard let (checkpoint, before) = stack.popLast() else { continue }
                    // Half of the calls succeed: their changes stay.
                    if random.next() % 2 == 0 {
                        state.revert(to: checkpoint)
                        model = before
                        check(&state, model)
                    }
                default: change(&state, &model, &random)
                }
            }
            check(&state, model)
            XCTAssertTrue(state.endTransaction(deletesEmpty: false))
            if random.next() % 4 == 0 {
                let root = state.root()
                let expected = freshRoot(model) { who in state.exists(address(who)) }
                XCTAssertEqual(root, expected)
            }
        }
        XCTAssertFalse(state.failed)
        state.free()
    }

    /// A destroyed account takes its storage with it; the next one at its address starts without.
    func testDestruction() {
        var state = State()!
        defer { state.free() }
        state.beginTransaction()
        _ = state.setStorage(address(1), key(1), key(2))
        state.setBalance(address(1), U256(5))
        XCTAssertTrue(state.endTransaction(deletesEmpty: true))
        _ = state.root()
        state.beginTransaction()
        XCTAssertTrue(state.markDestroyed(address(1)))
        XCTAssertFalse(state.markDestroyed(address(1)))
        XCTAssertEqual(state.storage(address(1), key(1)), key(2))
        XCTAssertTrue(state.endTransaction(deletesEmpty: true))
        XCTAssertFalse(state.exists(address(1)))
        XCTAssertEqual(state.root(), Trie.emptyRoot)
        state.beginTransaction()
        state.setBalance(address(1), U256(5))
        XCTAssertTrue(state.storage(address(1), key(1)).isZero)
        let (original, before) = state.setStorage(address(1), key(1), key(3))
        XCTAssertTrue(original.isZero && before.isZero)
        XCTAssertTrue(state.endTransaction(deletesEmpty: true))
        XCTAssertNotEqual(state.root(), Trie.emptyRoot)
    }

    /// EIP-161: only what is touched and empty goes; RIPEMD160's account stays touched although the call failed.
    func testEmptyAccounts() {
        var state = State()!
        defer { state.free() }
        let ripemd = Address(number: 3)
        state.beginTransaction()
        for account in [address(1), address(2), ripemd] { state.touch(account) }
        XCTAssertTrue(state.endTransaction(deletesEmpty: false))
        state.beginTransaction()
        state.touch(address(1))
        let checkpoint = state.checkpoint()
        state.touch(address(2))
        state.touch(ripemd)
        state.revert(to: checkpoint)
        XCTAssertTrue(state.endTransaction(deletesEmpty: true))
        XCTAssertFalse(state.exists(address(1)))
        XCTAssertTrue(state.exists(address(2)))
        XCTAssertFalse(state.exists(ripemd))
    }

    /// A transaction that is taken back leaves nothing: no account, no slot, no code, in no list. Accounts and slots come and go in numbers in which
    /// those that hold nothing are swept out.
    func testAbandonedTransactions() {
        var random = SplitMix(seed: 7)
        var state = State()!
        defer { state.free() }
        func address(_ number: UInt64) -> Address { Address(1, number, 0) }
        func look(_ state: inout State) -> [Bytes32] {
            (0..<state.accounts.count).flatMap { index in
                let account = state.account(index).pointee
                let head = [Bytes32(U256(account.address.word1)), Bytes32(account.balance), state.codes[account.code].hash,
                            Bytes32(U256(UInt64(truncatingIfNeeded: account.slots.count))), Bytes32(U256(account.exists ? 1 : 0))]
                return head + (0..<account.slots.count).flatMap { [account.slots[$0].key, account.slots[$0].value] }
            }
        }
        func change(_ state: inout State) {
            let who = address(random.next() % 900), slot = Bytes32(U256(random.next() % 80))
            switch random.next() % 6 {
            case 0: state.setBalance(who, U256(random.next() % 3))
            case 1: _ = state.setStorage(address(random.next() % 5), slot, Bytes32(U256(random.next() % 2)))
            case 2: _ = state.warm(address(random.next() % 5), slot)
            case 3: _ = state.warm(who)
            case 4: state.touch(who)
            default: withUnsafeBytes(of: random.next() % 50) { state.setCode(who, UnsafeRawBufferPointer($0)) }
            }
        }
        for round in 0..<600 {
            let before = look(&state), changes = state.lastChanges.count
            state.beginTransaction()
            var checkpoints: [Checkpoint] = []
            for _ in 0..<40 {
                switch random.next() % 10 {
                case 0: checkpoints.append(state.checkpoint())
                case 1: if let checkpoint = checkpoints.popLast() { state.revert(to: checkpoint) }
                default: change(&state)
                }
            }
            if round % 3 == 0 {
                state.abandon()
                XCTAssertEqual(look(&state), before)
                XCTAssertEqual(state.lastChanges.count, changes)
            } else {
                XCTAssertTrue(state.endTransaction(deletesEmpty: true))
            }
            if round % 7 == 0 {
                var copy = State()!
                defer { copy.free() }
                copy.beginTransaction()
                for index in 0..<state.accounts.count {
                    let account = state.account(index).pointee
                    guard account.exists else { continue }
                    copy.setBalance(account.address, account.balance)
                    copy.setNonce(account.address, account.nonce)
                    copy.setCode(account.address, state.codes[account.code].bytes)
                    for slot in 0..<account.slots.count { _ = copy.setStorage(account.address, account.slots[slot].key, account.slots[slot].value) }
                    XCTAssertEqual(state.find(account.address), index)
                }
                XCTAssertTrue(copy.endTransaction(deletesEmpty: false))
                XCTAssertEqual(state.root(), copy.root())
            }
        }
        XCTAssertFalse(state.failed)
    }
}
