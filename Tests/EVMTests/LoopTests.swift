import XCTest

@testable import EVM

/// Which loops are executed as steps. That they do what their instructions do is for Tests/CAPI/loops.c.
final class LoopTests: XCTestCase {
    /// The start of each loop of code and the steps of once around.
    private func loops(_ hex: String) -> [Int: [LoopStep.Operation]] {
        var found: [Int: [LoopStep.Operation]] = [:]
        let code = (0..<hex.count / 2).map { UInt8(hex.dropFirst(2 * $0).prefix(2), radix: 16)! }
        withImage(of: code) { image in
            var image = image
            image.loops = Loops.create(.many)
            image.analyseEverything(traits(of: .osaka))
            for offset in code.indices {
                guard let loop = image.loops!.find(offset) else { continue }
                XCTAssertEqual(image.block(at: offset).gas, loop.pointee.block.gas)
                XCTAssertFalse(image.blocks[offset].isPayable)
                var operations: [LoopStep.Operation] = []
                var step = image.loops!.firstStep(of: loop)
                repeat {
                    operations.append(step.pointee.operation)
                    step += 1 + (step.pointee.hasWayOut ? Int(step.pointee.more) : 0)
                } while operations.last != .again
                found[offset] = operations
            }
            free(image.loops)
        }
        return found
    }

    /// Pieces of code, each at an offset.
    private func code(_ pieces: (Int, String)...) -> String {
        var code = ""
        for (offset, piece) in pieces { code += String(repeating: "00", count: offset - code.count / 2) + piece.replacingOccurrences(of: " ", with: "") }
        return code
    }

    private let end = "5b 00"

    /// for (; i < n; i++) sum = add(sum, i), with a function that checks its sum. The stack has n, i, sum.
    func testFunctionsAndWordsThatMoveLeaveNothing() {
        let code = code(
            (0, "5b 82 82 10 15 610080 57" + "80 82 610018 91 90 610040 56"),
            (0x18, "5b 90 50" + "90 6001 01 90 610000 56"),
            (0x40, "5b 81 81 01" + "82 81 10 610090 57" + "92 91 50 50 56"),
            (0x80, end), (0x90, "5b fe"))
        XCTAssertEqual(loops(code), [0: [.whileLess, .add, .whileNotLess, .add, .copy, .copy, .again]])
    }

    /// do { memory[i] = i ^ ~7; i = i + 1 } while (i != n); with n and i on the stack.
    func testMemory() {
        let code = code((0, "5b" + "80 6007 19 18 81 52" + "6001 01" + "80 82 14 15 610000 57" + "00"))
        XCTAssertEqual(loops(code), [0: [.not, .xor, .mstore, .add, .whileNotEqual, .copy, .again]])
    }

    /// Two words that change places each time.
    func testWordsChangePlaces() {
        let code = code((0, "5b 90 80 50 80 50 80 50 82 610080 57 610000 56"), (0x80, end))
        XCTAssertEqual(loops(code), [0: [.whileZero, .copy, .copy, .copy, .again]])
    }

    /// A word is moved before its place gets another one.
    func testSumsOfTheLastTwo() {
        let code = code((0, "5b 81 01 90 80 50 80 50 82 15 610080 57 610000 56"), (0x80, end))
        XCTAssertEqual(loops(code), [0: [.add, .whileNotZero, .copy, .copy, .again]])
    }

    func testWhatIsNoLoop() {
        // It asks the host.
        XCTAssertEqual(loops(code((0, "5b 80 54 50 6001 01 80 6001 16 610080 57 610000 56"), (0x80, end))), [:])
        // It leaves a word each time.
        XCTAssertEqual(loops(code((0, "5b 80 6001 01 80 50 80 50 80 610080 57 610000 56"), (0x80, end))), [:])
        // As many steps as instructions.
        XCTAssertEqual(loops(code((0, "5b 19 19 19 19 19 610000 56"))), [:])
        // The jump leads into push data.
        XCTAssertEqual(loops(code((0, "605b 80 50 80 50 80 50 610001 56"))), [:])
    }

    /// Only the inner one: around the outer one the inner one may go any number of times.
    func testLoopInLoop() {
        let code = code((0, "5b 81" + "5b 80 15 610020 57" + "6001 90 03 80 50 80 50" + "610002 56"), (0x20, "5b 50 6001 01 80 50 80 50 610000 56"))
        XCTAssertEqual(loops(code), [2: [.whileNotZero, .sub, .copy, .again]])
    }

    /// For one execution: a loop, and one that asks the host, which turns out to be none; the one that is found first and the other one.
    func testRecordedWhenControlHasComeToIt() {
        let traits = traits(of: .osaka)
        for (good, bad) in [(0, 0x20), (0x20, 0)] {
            let computes = "5b 80 50 80 50 6001 01 80 61\(good == 0 ? "0000" : "0020") 57", asks = "5b 80 54 50 6001 01 80 61\(bad == 0 ? "0000" : "0020") 57"
            let code = code((0, good == 0 ? computes : asks), (0x20, good == 0 ? asks : computes), (0x40, end))
            let octets = (0..<code.count / 2).map { UInt8(code.dropFirst(2 * $0).prefix(2), radix: 16)! }
            withImage(of: octets) { image in
                var image = image
                let loops = Loops.create(.one(arrivals: 3))!
                image.loops = loops
                image.analyseEverything(traits)
                let entry = image.block(at: bad)
                XCTAssertTrue(entry.isPayable)
                for arrival in 1...5 {
                    XCTAssertFalse(image.blocks[good].isPayable)
                    XCTAssertEqual(image.blocks[bad].isPayable, arrival > 3)
                    XCTAssertNil(loops.come(to: bad, image, traits))
                    XCTAssertEqual(loops.come(to: good, image, traits) != nil, arrival >= 3)
                }
                XCTAssertEqual(image.blocks[bad].gas, entry.gas)
                XCTAssertEqual(loops.come(to: good, image, traits)?.pointee.start, good)
                free(loops)
            }
        }
    }
}
