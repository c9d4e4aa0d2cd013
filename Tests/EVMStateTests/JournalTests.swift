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
        let who = UInt8(random.next() % 6), slot = UInt8(random.next() % 5), value = random.next() % 3
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
        state.endTransaction(deletesEmpty: false)
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
            state.endTransaction(deletesEmpty: false)
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
        state.endTransaction(deletesEmpty: true)
        _ = state.root()
        state.beginTransaction()
        XCTAssertTrue(state.markDestroyed(address(1)))
        XCTAssertFalse(state.markDestroyed(address(1)))
        XCTAssertEqual(state.storage(address(1), key(1)), key(2))
        state.endTransaction(deletesEmpty: true)
        XCTAssertFalse(state.exists(address(1)))
        XCTAssertEqual(state.root(), Trie.emptyRoot)
        state.beginTransaction()
        state.setBalance(address(1), U256(5))
        XCTAssertTrue(state.storage(address(1), key(1)).isZero)
        let (original, before) = state.setStorage(address(1), key(1), key(3))
        XCTAssertTrue(original.isZero && before.isZero)
        state.endTransaction(deletesEmpty: true)
        XCTAssertNotEqual(state.root(), Trie.emptyRoot)
    }

    /// EIP-161: only what is touched and empty goes; RIPEMD160's account stays touched although the call failed.
    func testEmptyAccounts() {
        var state = State()!
        defer { state.free() }
        let ripemd = Address(number: 3)
        state.beginTransaction()
        for account in [address(1), address(2), ripemd] { state.touch(account) }
        state.endTransaction(deletesEmpty: false)
        state.beginTransaction()
        state.touch(address(1))
        let checkpoint = state.checkpoint()
        state.touch(address(2))
        state.touch(ripemd)
        state.revert(to: checkpoint)
        state.endTransaction(deletesEmpty: true)
        XCTAssertFalse(state.exists(address(1)))
        XCTAssertTrue(state.exists(address(2)))
        XCTAssertFalse(state.exists(ripemd))
    }
}
