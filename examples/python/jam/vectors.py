"""Reads the two kinds of vectors: what there is before a block, what it makes available, and what is to come of it.

A case (stf/accumulate) says just that. A step of a trace is a whole block between two states as the state trie has
them; what other parts of its import decide, the entropy, is taken from the second."""
from json import loads
from types import SimpleNamespace

from duet import GP072, GP080, keccak
from jam.codec import Chain, Decoder, blake, from_json, number, to_number
from state import Account

# What the statistics say of accumulation: results, transfers, gas. 0.7.2 does not count transfers.
COUNTS = {GP080: ("accumulate_count", "accumulate_transfer_count", "accumulate_gas_used"),
          GP072: ("accumulate_count", 0, "accumulate_gas_used")}
KINDS = [(isa, tiny) for tiny in (True, False) for isa in (GP080, GP072)]
VALIDATOR = 336  # bytes


def load(path, isa=None):
    """Chain with the block's slot and entropy, state, reports, preimages, state to expect; None if it was refused.
    Which version and chain a vector is for is seen by its form."""
    with open(path, "rb") as file:
        data = file.read()
    problems = set()
    for kind in [kind for kind in KINDS if isa in (None, kind[0])]:
        try:
            vector = read(Chain(*kind), data, json=path.endswith(".json"))
        except (KeyError, TypeError, ValueError) as problem:
            problems.add(repr(problem))
        else:
            KINDS.sort(key=lambda other: other != kind)  # the next one is likely to be of this kind, too
            return vector
    raise ValueError("no vector of accumulation: " + ", ".join(sorted(problems)))


def read(chain, data, json):
    if json:
        vector = from_json(loads(data))
        return step(chain, vector) if "block" in vector else case(chain, vector)
    try:
        vector = Decoder(data, chain).whole("Case")
    except ValueError:
        return step(chain, Decoder(data, chain).whole("Step"))
    return case(chain, vector)


def demand(condition):
    if not condition:
        raise ValueError("of another version or chain")


def state(chain, slot, ready, accumulated, privileges, statistics, accounts, **rest):
    counts = COUNTS[chain.isa]
    demand(all((COUNTS[GP080][1] in service["record"]) == (chain.isa == GP080) for service in statistics))
    records = {service["id"]: tuple(name and service["record"][name] for name in counts) for service in statistics}
    return SimpleNamespace(
        slot=slot, accumulated=[set(done) for done in accumulated], privileges=privileges, accounts=accounts,
        ready=[[(item["report"], set(item["dependencies"])) for item in queue] for queue in ready],
        statistics={service: record for service, record in records.items() if any(record)}, **rest)


def case(chain, vector):
    def account(data):
        account = Account({**data["service"], "items": 0, "bytes": 0})
        for item in data["storage"]:
            account.store(item["key"], item["value"])
        for item in data["preimage_blobs"]:
            account.set_preimage(item["blob"], item["hash"])
        for item in data["preimage_requests"]:
            account.set_request(item["key"]["hash"], item["key"]["length"], item["value"])
        return Account({**vars(account), **data["service"]}, account.data)

    def read(of, **rest):
        accounts = {entry["id"]: account(entry["data"]) for entry in of["accounts"]}
        names = ("slot", "ready_queue", "accumulated", "privileges", "statistics")
        return state(chain, *(of[name] for name in names), accounts, **rest)

    reports = vector["input"]["reports"]
    demand(all(("erasure_shards" in report["package_spec"]) == (chain.isa == GP080) for report in reports))
    demand(len(vector["pre_state"]["ready_queue"]) == chain["epoch"])
    chain.slot, chain.entropy = vector["input"]["slot"], vector["pre_state"]["entropy"]
    before = read(vector["pre_state"], queues=[b""] * chain["cores"], staging=b"")  # a case says nothing of these
    return chain, before, reports, [], read(vector["post_state"], root=vector["output"].get("ok"))


def step(chain, vector):
    if vector["pre_state"]["state_root"] == vector["post_state"]["state_root"]:
        return None
    (old, before), (new, expected) = trie(chain, vector["pre_state"]), trie(chain, vector["post_state"])
    header, extrinsic = vector["block"]["header"], vector["block"]["extrinsic"]
    chain.slot, chain.entropy = header["slot"], new(6).take(32)
    reports = available(chain, old(10), extrinsic, len(old(8).data) // VALIDATOR)
    preimages = [(preimage["requester"], preimage["blob"]) for preimage in extrinsic["preimages"]]
    return chain, before, reports, preimages, expected


def available(chain, pending, extrinsic, validators):
    """The reports that more than two thirds of the validators have assured, and not judged to be wrong."""
    wrong = {verdict["target"] for verdict in extrinsic["disputes"]["verdicts"]
             if 3 * sum(vote["vote"] for vote in verdict["votes"]) <= 2 * validators}
    reports = []
    for core in range(chain["cores"]):
        start = pending.at + 1
        item = pending.value("Pending?")
        report = item and (item["guarantee"]["report"] if chain.isa == GP080 else item["report"])
        assured = sum(assurance["bitfield"][core // 8] >> core % 8 & 1 for assurance in extrinsic["assurances"])
        if report and 3 * assured > 2 * validators:
            copy = Decoder(pending.data[start:], chain)
            copy.value("Report")
            if blake(copy.data[: copy.at]) not in wrong:
                reports.append(report)
    return reports


def trie(chain, raw):
    """A way to read a state's parts, and the state."""
    values, accounts, data = {item["key"]: item["value"] for item in raw["keyvals"]}, {}, {}

    def part(number):
        return Decoder(values[bytes([number]) + bytes(30)], chain)

    for key, value in values.items():
        if key[0] == 255 and not any(key[2:8:2] + key[8:]):
            accounts[to_number(key[1:8:2])] = Account(Decoder(value, chain).whole("Info"))
        elif any(key[1:]):
            data.setdefault(to_number(key[0:8:2]), {})[key[1:8:2] + key[8:]] = value
    for service in data:
        accounts[service].data = data[service]
    queues, size = part(2).data, 32 * chain["authorizers"]
    return part, state(
        chain, part(11).whole("u32"), part(14).whole("Ready[][epoch]"), part(15).whole("b32[][epoch]"),
        part(12).whole("Privileges"), part(13).whole("Statistics")["services"], accounts, staging=part(7).data,
        queues=[queues[i : i + size] for i in range(0, len(queues), size)],
        outputs=[(output["id"], output["hash"]) for output in part(16).whole("Output[]")])


def leaves(value, path=""):
    """All that a value has in it, by paths."""
    value = vars(value) if hasattr(value, "__dict__") else sorted(value) if isinstance(value, set) else value
    if not isinstance(value, (dict, list, tuple)):
        return {path: value.hex() if isinstance(value, bytes) else value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {place: leaf for key, item in items
            for place, leaf in leaves(item, f"{path}.{key.hex() if isinstance(key, bytes) else key}").items()}


def difference(expected, found):
    """The first place where a state is not what is expected; a vector does not speak of all of it."""
    found.root = root(found.outputs)
    found = leaves({name: value for name, value in vars(found).items() if hasattr(expected, name)})
    expected = leaves(expected)
    for path in sorted(expected.keys() | found.keys()):
        wanted, got = expected.get(path, "nothing"), found.get(path, "nothing")
        if wanted != got:
            return f"{path[1:]}: expected {str(wanted)[:80]}, found {str(got)[:80]}"
    return None


def root(outputs):
    """The Merkle root of what the services yield, as BEEFY signs it."""
    def node(leaves):
        half = (len(leaves) + 1) // 2
        return leaves[0] if len(leaves) == 1 else keccak(b"node" + node(leaves[:half]) + node(leaves[half:]))

    leaves = [number(service, 4) + output for service, output in outputs]
    return node(leaves) if len(leaves) > 1 else keccak(leaves[0]) if leaves else bytes(32)
