"""The execution specifications' t8n and state tests, in this process."""

import io
import json
import logging

from ethereum_spec_tools import evm_tools
from ethereum_spec_tools.evm_tools.statetest import TestCase, run_test_case
from ethereum_spec_tools.evm_tools.t8n import ForkCache

logging.disable(logging.CRITICAL)
CACHE = ForkCache()
TRACE = ["--trace", "--trace.nomemory", "--trace.returndata"]


def transition(inputs, fork, folder, state_test=False):
    """Writes traces to the folder. Gives alloc and result."""
    words = ["t8n", "--input.alloc", "stdin", "--input.env", "stdin", "--input.txs", "stdin", "--output.alloc", "stdout", "--output.result", "stdout",
             "--output.basedir", str(folder), "--state.fork", fork, "--state.reward", "-1", *TRACE]
    out = io.StringIO()
    evm_tools.main(words + (["--state-test"] if state_test else []), out, io.StringIO(json.dumps(inputs)), CACHE)
    return json.loads(out.getvalue())


def supports(fork):
    return fork.casefold() in {name.casefold() for name in evm_tools.get_supported_forks()}


def state_case(test, fork, post):
    """The trace of a case of a state test, as text; and the root."""
    out = io.StringIO()
    case = TestCase(path="", key="", index=0, fork_name=fork, post=post, env=test["env"], pre=test["pre"], transaction=test["transaction"])
    result = run_test_case(case, CACHE, TRACE, out)
    return out.getvalue(), "0x" + result.state_root.hex()
