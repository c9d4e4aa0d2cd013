"""Lets the execution-spec-tests framework fill its tests with `duet evm t8n`: with this folder in PYTHONPATH,
`fill -p duet_t8n --evm-bin build/bin/duet --fork Osaka TESTS`."""

import re
from pathlib import Path

from ethereum_clis import TransitionTool
from ethereum_test_exceptions import BlockException, ExceptionMapper, TransactionException


class DuetExceptionMapper(ExceptionMapper):
    """What the framework calls the messages of duet_state_error_message and of the tool."""

    mapping_substring = {
        TransactionException.TYPE_3_TX_PRE_FORK: "comes with a later fork",
        TransactionException.TYPE_4_TX_PRE_FORK: "comes with a later fork",
        TransactionException.INVALID_SIGNATURE_VRS: "no valid signature",
        TransactionException.INVALID_CHAINID: "made for another chain",
        TransactionException.INTRINSIC_GAS_BELOW_FLOOR_GAS_COST: "below the floor of the call data",
        TransactionException.NONCE_IS_MAX: "nonce cannot go up",
        TransactionException.INITCODE_SIZE_EXCEEDED: "the init code is over",
        TransactionException.GAS_LIMIT_EXCEEDS_MAXIMUM: "the gas limit is over 2^24",
        TransactionException.GAS_ALLOWANCE_EXCEEDED: "more gas than the block has left",
        TransactionException.PRIORITY_GREATER_THAN_MAX_FEE_PER_GAS: "the priority fee is above the fee cap",
        TransactionException.INSUFFICIENT_MAX_FEE_PER_GAS: "the fee cap is below the base fee",
        TransactionException.TYPE_3_TX_CONTRACT_CREATION: "a blob transaction without a recipient",
        TransactionException.TYPE_3_TX_ZERO_BLOBS: "a blob transaction without blobs",
        TransactionException.TYPE_3_TX_BLOB_COUNT_EXCEEDED: "too many blobs",
        TransactionException.TYPE_3_TX_MAX_BLOB_GAS_ALLOWANCE_EXCEEDED: "too many blobs",
        TransactionException.TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH: "a blob hash of an unknown version",
        TransactionException.INSUFFICIENT_MAX_FEE_PER_BLOB_GAS: "the blob fee cap is below",
        TransactionException.TYPE_4_TX_CONTRACT_CREATION: "a set-code transaction without a recipient",
        TransactionException.TYPE_4_EMPTY_AUTHORIZATION_LIST: "a set-code transaction without authorizations",
        TransactionException.NONCE_MISMATCH_TOO_LOW: "the nonce is too low",
        TransactionException.NONCE_MISMATCH_TOO_HIGH: "the nonce is too high",
        TransactionException.INSUFFICIENT_ACCOUNT_FUNDS: "cannot pay for gas and value",
        TransactionException.SENDER_NOT_EOA: "the sender is a contract",
        BlockException.SYSTEM_CONTRACT_EMPTY: "has no code",
        BlockException.SYSTEM_CONTRACT_CALL_FAILED: "a system contract failed",
        BlockException.INVALID_DEPOSIT_EVENT_LAYOUT: "a malformed deposit event",
    }
    mapping_regex = {
        TransactionException.INTRINSIC_GAS_TOO_LOW: r"below the intrinsic gas|below the floor of the call data",
    }


class DuetTransitionTool(TransitionTool):
    default_binary = Path("duet")
    detect_binary_pattern = re.compile(r"^duet \d")
    version_flag = "--version"
    t8n_use_stream = True

    def __init__(self, *, binary=None, trace=False):
        super().__init__(exception_mapper=DuetExceptionMapper(), binary=binary, trace=trace)

    def is_fork_supported(self, fork):
        return True

    def construct_args_stream(self, t8n_data, temp_dir):
        inputs = [f"--{side}.{name}={place}" for side, place, names in (
            ("input", "stdin", ("alloc", "env", "txs")), ("output", "stdout", ("alloc", "result", "body"))) for name in names]
        # A reward of -1, which block 0 has, is none.
        state = [f"--state.fork={t8n_data.fork_name}", f"--state.chainid={t8n_data.chain_id}", f"--state.reward={t8n_data.reward}"]
        traces = ["--trace", f"--output.basedir={temp_dir.name}"] if self.trace else []
        return [str(self.binary), "evm", "t8n", *inputs, *state, *traces, *(["--state-test"] if t8n_data.state_test else [])]
