import CPVM

/// The names that test files have for the reasons why a transaction is invalid.
enum TransactionException {
    static func message(_ code: duet_state_error_t) -> String { String(cString: duet_state_error_message(code)) }

    /// Whether one of the names in `expected`, apart by '|', stands for `code`.
    static func matches(_ expected: String, _ code: duet_state_error_t) -> Bool {
        let names = names(code)
        return expected.split(separator: "|").contains { name in
            let short = name.split(separator: ".").last.map(String.init) ?? String(name)
            return names.contains(short)
        }
    }

    private static func names(_ code: duet_state_error_t) -> [String] {
        switch code {
        case DUET_TX_ERR_RLP: ["TR_RLP_WRONGVALUE", "GASLIMIT_OVERFLOW", "VALUE_OVERFLOW", "NONCE_OVERFLOW", "GASPRICE_OVERFLOW",
                               "TYPE_4_INVALID_AUTHORIZATION_FORMAT", "RLP_INVALID_VALUE"]
        case DUET_TX_ERR_SIGNATURE: ["INVALID_SIGNATURE_VRS", "TYPE_4_INVALID_AUTHORITY_SIGNATURE"]
        case DUET_TX_ERR_TYPE_NOT_SUPPORTED: ["TR_TypeNotSupported", "TYPE_NOT_SUPPORTED", "TYPE_1_TX_PRE_FORK", "TYPE_2_TX_PRE_FORK",
                                              "TYPE_3_TX_PRE_FORK", "TYPE_4_TX_PRE_FORK"]
        case DUET_TX_ERR_CHAIN_ID: ["INVALID_CHAINID"]
        case DUET_TX_ERR_INTRINSIC_GAS: ["TR_IntrinsicGas", "INTRINSIC_GAS_TOO_LOW"]
        case DUET_TX_ERR_FLOOR_GAS: ["INTRINSIC_GAS_BELOW_FLOOR_GAS_COST", "INTRINSIC_GAS_TOO_LOW"]
        case DUET_TX_ERR_NONCE_MAX: ["TR_NonceHasMaxValue", "NONCE_IS_MAX", "NONCE_OVERFLOW"]
        case DUET_TX_ERR_INIT_CODE_SIZE: ["TR_InitCodeLimitExceeded", "INITCODE_SIZE_EXCEEDED"]
        case DUET_TX_ERR_GAS_LIMIT_CAP: ["GAS_LIMIT_EXCEEDS_MAXIMUM"]
        case DUET_TX_ERR_BLOCK_GAS: ["TR_GasLimitReached", "GAS_ALLOWANCE_EXCEEDED"]
        case DUET_TX_ERR_TIP_ABOVE_FEE_CAP: ["TR_TipGtFeeCap", "PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS"]
        case DUET_TX_ERR_FEE_CAP_BELOW_BASE_FEE: ["TR_FeeCapLessThanBlocks", "INSUFFICIENT_MAX_FEE_PER_GAS"]
        case DUET_TX_ERR_BLOB_CREATION: ["TR_BLOBCREATE", "TYPE_3_TX_CONTRACT_CREATION"]
        case DUET_TX_ERR_NO_BLOBS: ["TR_EMPTYBLOB", "TYPE_3_TX_ZERO_BLOBS"]
        case DUET_TX_ERR_TOO_MANY_BLOBS: ["TR_BLOBLIST_OVERSIZE", "TYPE_3_TX_BLOB_COUNT_EXCEEDED", "TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED"]
        case DUET_TX_ERR_BLOB_VERSION: ["TR_BLOBVERSION_INVALID", "TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH"]
        case DUET_TX_ERR_BLOB_FEE_CAP: ["INSUFFICIENT_MAX_FEE_PER_BLOB_GAS"]
        case DUET_TX_ERR_SET_CODE_CREATION: ["TYPE_4_TX_CONTRACT_CREATION"]
        case DUET_TX_ERR_NO_AUTHORIZATIONS: ["TYPE_4_EMPTY_AUTHORIZATION_LIST"]
        case DUET_TX_ERR_NONCE_TOO_LOW: ["NONCE_MISMATCH_TOO_LOW"]
        case DUET_TX_ERR_NONCE_TOO_HIGH: ["NONCE_MISMATCH_TOO_HIGH"]
        case DUET_TX_ERR_FUNDS: ["TR_NoFunds", "INSUFFICIENT_ACCOUNT_FUNDS"]
        case DUET_TX_ERR_SENDER_NOT_EOA: ["SenderNotEOA", "SENDER_NOT_EOA"]
        default: []
        }
    }
}
