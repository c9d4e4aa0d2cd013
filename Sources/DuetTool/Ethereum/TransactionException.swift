import CPVM

/// The names that test files have for the reasons why a transaction is invalid: those of the execution-spec-tests
/// ("TransactionException.NONCE_IS_MAX"), and those of retesteth and the suites that it filled ("TR_NonceHasMaxValue").
enum TransactionException {
    static func message(_ code: duet_state_error_t) -> String { String(cString: duet_state_error_message(code)) }

    enum Verdict: Equatable {
        case matches
        case differs
        /// Nobody knows what some name stands for. Then that the transaction was refused is all that can be asked for.
        case unknown([String])
    }

    /// Whether one of the names in `expected`, apart by '|', stands for `code`.
    static func judge(_ expected: String, _ code: duet_state_error_t) -> Verdict {
        var unknown: [String] = []
        for name in expected.split(separator: "|") {
            let name = name.drop { $0 == " " }
            guard let codes = codes(String(name.split(separator: ".").last ?? name)) else {
                unknown.append(String(name))
                continue
            }
            if codes.contains(code) { return .matches }
        }
        return unknown.isEmpty ? .differs : .unknown(unknown)
    }

    static func unknownName(_ name: String) -> String {
        "'\(name)' is no known name of an exception: its cases pass if the transaction is refused, for whatever reason"
    }

    /// What a name stands for, nil for an unknown one.
    private static func codes(_ name: String) -> [duet_state_error_t]? {
        if let codes = names[name] { return codes }
        // Which part of the encoding is wrong is told in some seventy names.
        let marks = ["RLP_", "LeadingZeros", "1559LeadingZeros", "2930AccessList"]
        return marks.contains { name.hasPrefix($0) } ? [DUET_TX_ERR_RLP] : nil
    }

    private static let names: [String: [duet_state_error_t]] = {
        var names: [String: [duet_state_error_t]] = [:]
        for (codes, list) in table {
            for name in list.split(whereSeparator: \.isNewline).flatMap({ $0.split(separator: ",") }) {
                names[String(name.drop { $0 == " " }), default: []] += codes
            }
        }
        return names
    }()

    /// A name may stand in several rows.
    private static let table: [([duet_state_error_t], String)] = [
        ([DUET_TX_ERR_RLP], """
            ADDRESS_TOO_SHORT, ADDRESS_TOO_LONG, NONCE_OVERFLOW, NONCE_TOO_BIG, GASLIMIT_OVERFLOW, VALUE_OVERFLOW, GASPRICE_OVERFLOW
            PRIORITY_OVERFLOW, TYPE_3_TX_WITH_FULL_BLOBS, TYPE_4_INVALID_AUTHORIZATION_FORMAT, TYPE_4_INVALID_AUTHORITY_SIGNATURE
            TYPE_4_INVALID_AUTHORITY_SIGNATURE_S_TOO_HIGH, INVALID_SIGNATURE_VRS
            TR_RLP_WRONGVALUE, TR_TooShort, TR_BlobDecodeError, AddressTooShort, AddressTooLong, NonceMax, NonceTooLong, InvalidV, InvalidR
            InvalidS, InvalidData, InvalidGasLimit4, InvalidGasLimit5, InvalidValue, InvalidGasPrice, InvalidMaxPriorityFeePerGas
            InvalidMaxFeePerGas, InvalidNonce, InvalidTo, 1559BaseFeeTooLarge, TRANSACTION_VALUE_TOOLARGE, TRANSACTION_VALUE_TOOSHORT
            OVERSIZE_RLP, INPUT_UNMARSHAL_ERROR, INPUT_UNMARSHAL_ADDRESS_ERROR, invalid transaction
            """),
        ([DUET_TX_ERR_SIGNATURE], """
            INVALID_SIGNATURE_VRS, EC_RECOVERY_FAIL, TYPE_4_INVALID_AUTHORITY_SIGNATURE, TYPE_4_INVALID_AUTHORITY_SIGNATURE_S_TOO_HIGH
            InvalidVRS, InvalidTransactionVRS, ECRecoveryFail
            """),
        ([DUET_TX_ERR_UNKNOWN_TYPE, DUET_TX_ERR_TYPE_NOT_SUPPORTED], """
            TYPE_NOT_SUPPORTED, TYPE_1_TX_PRE_FORK, TYPE_2_TX_PRE_FORK, TYPE_3_TX_PRE_FORK, TYPE_3_TX_ZERO_BLOBS_PRE_FORK, TYPE_4_TX_PRE_FORK
            TR_TypeNotSupported, TR_TypeNotSupportedBlob, LegacyBlockBaseFeeTransaction, tx type 3 not allowed pre-Cancun
            """),
        ([DUET_TX_ERR_CHAIN_ID], "INVALID_CHAINID, InvalidChainID"),
        ([DUET_TX_ERR_INTRINSIC_GAS], "INTRINSIC_GAS_TOO_LOW, TR_IntrinsicGas, IntrinsicGas, TR_NoFundsOrGas, OutOfGas"),
        ([DUET_TX_ERR_FLOOR_GAS], "INTRINSIC_GAS_BELOW_FLOOR_GAS_COST, INTRINSIC_GAS_TOO_LOW, TR_IntrinsicGas, IntrinsicGas, TR_NoFundsOrGas"),
        ([DUET_TX_ERR_NONCE_MAX], "NONCE_IS_MAX, NONCE_OVERFLOW, NONCE_TOO_BIG, TR_NonceHasMaxValue, NonceMax"),
        ([DUET_TX_ERR_INIT_CODE_SIZE], "INITCODE_SIZE_EXCEEDED, TR_InitCodeLimitExceeded"),
        ([DUET_TX_ERR_GAS_LIMIT_CAP], "GAS_LIMIT_EXCEEDS_MAXIMUM"),
        ([DUET_TX_ERR_BLOCK_GAS], "GAS_ALLOWANCE_EXCEEDED, TR_GasLimitReached, TR_FeeCapLessThanBlocksORGasLimitReached"),
        ([DUET_TX_ERR_TIP_ABOVE_FEE_CAP], """
            PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS, PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS_2
            TR_TipGtFeeCap, 1559PriorityFeeGreaterThanBaseFee
            """),
        ([DUET_TX_ERR_FEE_CAP_BELOW_BASE_FEE], """
            INSUFFICIENT_MAX_FEE_PER_GAS, TR_FeeCapLessThanBlocks, TR_FeeCapLessThanBlocksORGasLimitReached, TR_FeeCapLessThanBlocksORNoFunds
            insufficient max fee per gas
            """),
        ([DUET_TX_ERR_BLOB_CREATION], "TYPE_3_TX_CONTRACT_CREATION, TR_BLOBCREATE"),
        ([DUET_TX_ERR_NO_BLOBS], "TYPE_3_TX_ZERO_BLOBS, TYPE_3_TX_ZERO_BLOBS_PRE_FORK, TR_EMPTYBLOB, zero blob tx"),
        ([DUET_TX_ERR_TOO_MANY_BLOBS], """
            TYPE_3_TX_BLOB_COUNT_EXCEEDED, TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED
            TR_BLOBLIST_OVERSIZE, invalid_blob_count, too_many_blobs_tx, too many blobs
            """),
        ([DUET_TX_ERR_BLOB_VERSION], "TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH, TR_BLOBVERSION_INVALID, invalid blob versioned hash"),
        ([DUET_TX_ERR_BLOB_FEE_CAP], "INSUFFICIENT_MAX_FEE_PER_BLOB_GAS, insufficient max fee per blob gas, invalid max fee per blob gas"),
        ([DUET_TX_ERR_SET_CODE_CREATION], "TYPE_4_TX_CONTRACT_CREATION"),
        ([DUET_TX_ERR_NO_AUTHORIZATIONS], "TYPE_4_EMPTY_AUTHORIZATION_LIST"),
        ([DUET_TX_ERR_NONCE_TOO_LOW], "NONCE_MISMATCH_TOO_LOW, TR_NonceTooLow"),
        ([DUET_TX_ERR_NONCE_TOO_HIGH], "NONCE_MISMATCH_TOO_HIGH, TR_NonceTooHigh"),
        ([DUET_TX_ERR_FUNDS], """
            INSUFFICIENT_ACCOUNT_FUNDS, GASLIMIT_PRICE_PRODUCT_OVERFLOW, GasLimitPriceProductOverflow, SenderNotEOAorNoCASH
            TR_NoFunds, TR_NoFundsX, TR_NoFundsValue, TR_NoFundsOrGas, TR_FeeCapLessThanBlocksORNoFunds
            Transaction without funds, insufficient account balance, insufficient_account_balance
            """),
        ([DUET_TX_ERR_SENDER_NOT_EOA], "SENDER_NOT_EOA, SenderNotEOA, SenderNotEOAorNoCASH"),
        // The receipt is wrong, not the transaction: no refusal is meant.
        ([], "LOG_MISMATCH"),
    ]
}
