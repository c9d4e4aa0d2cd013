import VMCommon
import XCTest

/// The corners that the EVM defines by itself; scripts/test-arithmetic compares everything else with Python.
final class U256Tests: XCTestCase {
    private let minusOne = U256.max
    private let numbers = [U256.zero, .one, U256(0, 1), U256(0, 0, 0, 1), .signedMin, .max]

    func testDivisionByZeroIsZero() {
        for number in numbers {
            XCTAssertEqual(number / .zero, .zero)
            XCTAssertEqual(number % .zero, .zero)
            XCTAssertEqual(U256.divideSigned(number, .zero), .zero)
            XCTAssertEqual(U256.remainderSigned(number, .zero), .zero)
            XCTAssertEqual(U256.addModulo(number, .max, .zero), .zero)
            XCTAssertEqual(U256.multiplyModulo(number, .max, .zero), .zero)
        }
    }

    func testTheOneQuotientThatDoesNotFit() {
        XCTAssertEqual(U256.divideSigned(.signedMin, minusOne), .signedMin)
        XCTAssertEqual(U256.remainderSigned(.signedMin, minusOne), .zero)
    }

    func testSignsOfQuotientAndRemainder() {
        XCTAssertEqual(U256.divideSigned(-U256(7), U256(2)), -U256(3))
        XCTAssertEqual(U256.remainderSigned(-U256(7), U256(2)), -U256(1))
        XCTAssertEqual(U256.remainderSigned(U256(7), -U256(2)), U256(1))
    }

    func testShiftsByTheWidthAndMore() {
        for amount in [U256(256), U256(1 << 32), U256(0, 1), U256(0, 0, 1), .max] {
            XCTAssertEqual(U256.max << amount, .zero)
            XCTAssertEqual(U256.max >> amount, .zero)
            XCTAssertEqual(U256.shiftRightSigned(.signedMin, amount), minusOne)
            XCTAssertEqual(U256.shiftRightSigned(U256.max >> .one, amount), .zero)
        }
        XCTAssertEqual(U256.shiftRightSigned(.signedMin, U256(255)), minusOne)
    }

    func testOctetsBeyondTheNumber() {
        XCTAssertEqual(U256.octet(.max, U256(31)), U256(0xff))
        XCTAssertEqual(U256.octet(.max, U256(32)), .zero)
        XCTAssertEqual(U256.octet(.max, U256(0, 1)), .zero)
        XCTAssertEqual(U256.extendSign(U256(0x80), .zero), -U256(0x80))
        XCTAssertEqual(U256.extendSign(U256(0x80), U256(31)), U256(0x80))
        XCTAssertEqual(U256.extendSign(U256(0x80), U256(0, 1)), U256(0x80))
    }

    func testPowers() {
        XCTAssertEqual(U256.power(.zero, .zero), .one)
        XCTAssertEqual(U256.power(.zero, .max), .zero)
        XCTAssertEqual(U256.power(U256(2), U256(255)), .signedMin)
        XCTAssertEqual(U256.power(U256(2), U256(256)), .zero)
        XCTAssertEqual(U256.power(minusOne, .max), minusOne)
    }

    func testModuliWithoutWrapping() {
        XCTAssertEqual(U256.addModulo(.max, .max, .max), .zero)
        XCTAssertEqual(U256.addModulo(.max, .one, U256(2)), .zero)
        XCTAssertEqual(U256.multiplyModulo(.max, .max, U256(12)), U256(9))
    }

    func testMemoryIsBigEndianAtAnyAddress() {
        let octets = (0..<33).map { UInt8($0) }
        octets.withUnsafeBytes { bytes in
            XCTAssertEqual(U256(bigEndian: bytes.baseAddress! + 1),
                           U256(0x191a_1b1c_1d1e_1f20, 0x1112_1314_1516_1718, 0x090a_0b0c_0d0e_0f10, 0x0102_0304_0506_0708))
        }
    }
}
