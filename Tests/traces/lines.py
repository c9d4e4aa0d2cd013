"""Lines of EIP-3155, ours and those of ethereum/execution-specs, and in what they may differ."""

import json

# What the reference calls the errors, and what evmc.h calls them. None: the reference counts REVERT as an error of its instruction; it is none,
# the execution ends as it wants to.
ERRORS = {
    "OutOfGasError": "out of gas",
    "StackUnderflowError": "stack underflow",
    "StackOverflowError": "stack overflow",
    "InvalidJumpDestError": "bad jump destination",
    "WriteInStaticContext": "static mode violation",
    "OutOfBoundsRead": "invalid memory access",
    "InvalidOpcode": "undefined instruction",
    "Revert": None,
}
# How a transaction ends, as the reference calls it, beside these.
ENDS = {"Revert": "revert", "InvalidContractPrefix": "contract validation failure", "InvalidParameter": "precompile failure",
        "KZGProofError": "precompile failure", "AddressCollision": "failure"}
# What the reference calls instructions. INVALID (0xfe) is an opcode like others that are none to it; DIFFICULTY is older than its name's change.
NAMES = {"KECCAK": "KECCAK256", "DIFFICULTY": "PREVRANDAO", "INVALIDOPCODE": None, "INVALID": None}
# The reference's, ours.
MANY_REASONS = {("out of gas", "static mode violation")}
# A refund that the reference adds behind the last instruction: before London, of an account that destroys itself.
SELFDESTRUCT_REFUND = 24000


def parse(text):
    return [json.loads(line) for line in text.splitlines() if line]


class Comparison:
    """Compares the traces of one transaction."""

    def __init__(self, fork, authorizes):
        self.destructed = 0
        self.london = fork not in ("Frontier", "Homestead", "EIP150", "TangerineWhistle", "EIP158", "SpuriousDragon", "Byzantium", "Constantinople",
                                   "ConstantinopleFix", "Petersburg", "Istanbul", "MuirGlacier", "Berlin")
        # The refund of authorizations, which the reference keeps beside that of executions; ours counts it from the first line on.
        self.authorized = 0 if not authorizes else None

    def run(self, ours, theirs):
        """The first difference, None if there is none."""
        for number, (our, their) in enumerate(zip(ours, theirs)):
            difference = self.summary(our, their) if "pc" not in their else self.step(our, their)
            if difference:
                return f"line {number + 1}: {difference}\n  ours   {json.dumps(our)}\n  theirs {json.dumps(their)}"
        if len(ours) != len(theirs):
            longer = (ours if len(ours) > len(theirs) else theirs)[min(len(ours), len(theirs))]
            return f"{len(ours)} lines, theirs are {len(theirs)}; the next is {json.dumps(longer)}"
        return None

    def step(self, our, their):
        for field in ("pc", "gas", "memSize", "stack", "depth", "returnData"):
            if field in their and our.get(field) != their[field]:
                return field
        if "returnData" not in their and our.get("returnData") != "0x":  # before Byzantium
            return None if self.keeps_no_return_data(their) else "returnData"
        op = their["op"] if isinstance(their["op"], int) else int(their["op"], 16)
        if our.get("op") != op:
            return "op"
        name = NAMES.get(their["opName"].upper(), their["opName"].upper())
        if name is not None and our.get("opName") != name:
            return "opName"
        error = self.error(our, their)
        if error:
            return error
        if not isinstance(our.get("refund"), int) or our["refund"] < 0:
            return "refund is no number"
        # What an instruction that fails costs nobody defines: what the reference has found out by then, or 0; ours its fixed cost at least. Nor
        # what it would have refunded, which goes with all else that its execution has done.
        if "error" in our:
            return None
        return "gasCost" if our.get("gasCost") != their["gasCost"] else self.refund(our, their, op)

    @staticmethod
    def keeps_no_return_data(their):
        return "returnData" not in their

    @staticmethod
    def error(our, their):
        if "error" not in their:
            return "error" if "error" in our else None
        wanted = ERRORS.get(their["error"], their["error"])
        if wanted == "undefined instruction" and our.get("op") == 0xFE:
            wanted = "invalid instruction"
        # An instruction may fail for several reasons at once. Which is found first is nobody's rule, as all take all of the gas.
        if (wanted, our.get("error")) in MANY_REASONS:
            return None
        return None if our.get("error") == wanted else "error"

    def refund(self, our, their, op):
        if self.authorized is None:
            self.authorized = our["refund"] - their["refund"]
            if self.authorized < 0 or self.authorized % 12500:
                return "refund of authorizations"
        if op == 0xFF and not self.london:
            self.destructed += 1
        # The reference's own number may be below zero in an execution that takes back what another one has refunded.
        more = our["refund"] - max(0, their["refund"]) - self.authorized
        if more == 0 or self.destructed and more > 0 and more % SELFDESTRUCT_REFUND == 0 and more // SELFDESTRUCT_REFUND <= self.destructed:
            return None
        return "refund"

    @staticmethod
    def summary(our, their):
        for field in ("output", "gasUsed"):
            if our.get(field) != their[field]:
                return field
        if "error" in their:
            ends = {**ERRORS, **ENDS}
            wanted = {ends.get(their["error"], their["error"])}
            # The last line has the error of the last instruction.
            if their["error"] == "InvalidOpcode":
                wanted.add("invalid instruction")
            if their["error"] == "OutOfGasError":
                wanted.add("failure")  # code over the limit (EIP-170), which evmc.h has no status for
            return None if our.get("error") in wanted else "error"
        return "error" if "error" in our else None
