import CPVM
import Testing

@testable import DuetTool

/// Names of exceptions: those of the execution-spec-tests, and those of retesteth.
@Suite struct TransactionExceptionTests {
    @Test(arguments: [
        ("TransactionException.NONCE_IS_MAX", DUET_TX_ERR_NONCE_MAX), ("TR_NonceHasMaxValue", DUET_TX_ERR_NONCE_MAX),
        ("IntrinsicGas", DUET_TX_ERR_INTRINSIC_GAS), ("TR_IntrinsicGas", DUET_TX_ERR_FLOOR_GAS), ("TR_NoFunds", DUET_TX_ERR_FUNDS),
        ("TR_NoFundsX", DUET_TX_ERR_FUNDS), ("TR_NoFundsOrGas", DUET_TX_ERR_FUNDS), ("TR_NoFundsOrGas", DUET_TX_ERR_INTRINSIC_GAS),
        ("SenderNotEOAorNoCASH", DUET_TX_ERR_SENDER_NOT_EOA), ("SenderNotEOAorNoCASH", DUET_TX_ERR_FUNDS),
        ("TR_FeeCapLessThanBlocksORNoFunds", DUET_TX_ERR_FEE_CAP_BELOW_BASE_FEE), ("TR_FeeCapLessThanBlocksORGasLimitReached", DUET_TX_ERR_BLOCK_GAS),
        ("TR_RLP_WRONGVALUE", DUET_TX_ERR_RLP), ("TransactionException.RLP_LEADING_ZEROS_R", DUET_TX_ERR_RLP), ("LeadingZerosV", DUET_TX_ERR_RLP),
        ("TransactionException.TYPE_1_TX_PRE_FORK", DUET_TX_ERR_TYPE_NOT_SUPPORTED), ("Transaction without funds", DUET_TX_ERR_FUNDS),
        ("1559PriorityFeeGreaterThanBaseFee", DUET_TX_ERR_TIP_ABOVE_FEE_CAP), ("TR_NonceTooLow", DUET_TX_ERR_NONCE_TOO_LOW),
        ("TransactionException.NONCE_IS_MAX|TransactionException.SENDER_NOT_EOA", DUET_TX_ERR_SENDER_NOT_EOA),
        ("NOBODY_KNOWS_THIS | TR_BLOBCREATE", DUET_TX_ERR_BLOB_CREATION),
    ])
    func known(_ names: String, _ code: duet_state_error_t) {
        #expect(TransactionException.judge(names, code) == .matches)
    }

    @Test func unknown() {
        #expect(TransactionException.judge("TR_NoFunds", DUET_TX_ERR_INTRINSIC_GAS) == .differs)
        #expect(TransactionException.judge("TransactionException.LOG_MISMATCH", DUET_TX_ERR_FUNDS) == .differs)
        #expect(TransactionException.judge("TR_Nobody", DUET_TX_ERR_FUNDS) == .unknown(["TR_Nobody"]))
        #expect(TransactionException.judge("TR_Nobody|TR_NoFunds|TR_NoOne", DUET_TX_ERR_NONCE_MAX) == .unknown(["TR_Nobody", "TR_NoOne"]))
    }
}
