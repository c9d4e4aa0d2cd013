"""Accumulation as a state transition (Gray Paper, section 12): the last function is all of it, the others its steps."""
from types import SimpleNamespace

from duet import GP080, HALT, invoke
from host_calls import Host
from jam.codec import deferred, natural, operand, package
from state import PREIMAGE

ENTRY = 5  # of accumulation in a service's program


def edited(queue, done):
    """A queue of reports, each with the packages that it waits for, without what is done."""
    return [(report, waits - done) for report, waits in queue if package(report) not in done]


def in_order(queue):
    """The reports that wait for nothing, then those that wait for them alone, and so on."""
    ready = [report for report, waits in queue if not waits]
    return ready and ready + in_order(edited(queue, {package(report) for report in ready}))


def run_service(chain, state, transfers, works, gas, service):
    """What a service changes, and the gas that it uses. All services of a round run from the same state."""
    transfers = [transfer for transfer in transfers if transfer["to"] == service]
    works = [(report, work) for report, work in works if work["service_id"] == service]
    inputs = [deferred(transfer) for transfer in transfers] + [operand(report, work) for report, work in works]
    host = Host(chain, state, service, inputs)
    if service not in state.accounts: return host.x, 0
    for context in (host.x, host.y):
        context.accounts[service].balance += sum(transfer["amount"] for transfer in transfers)
    code = host.own.get(PREIMAGE, host.own.code_hash)
    if code is None or len(code) > chain["service_code"]: return host.x, 0
    gas += sum(transfer["gas"] for transfer in transfers) + sum(work["accumulate_gas"] for _, work in works)
    arguments = natural(chain.slot) + natural(service) + natural(len(inputs))
    end, used, output = invoke(code, chain.isa, ENTRY, gas, arguments, host.serve)
    if end == HALT and len(output) == 32: host.x.output = output
    return host.x if end == HALT else host.y, used


def provide(accounts, preimages, slot):
    for service, data in preimages:
        if service in accounts: accounts[service].provide(data, slot)


def run_round(chain, state, transfers, reports, free):
    """Every service with work, transfers or free gas runs once; then their changes are put together."""
    works = [(report, work) for report in reports for work in report["results"]]
    services = {work["service_id"] for _, work in works} | free.keys() | {transfer["to"] for transfer in transfers}
    runs = {s: run_service(chain, state, transfers, works, free.get(s, 0), s) for s in sorted(services)}
    contexts = {service: context for service, (context, _) in runs.items()}

    accounts = dict(state.accounts)
    for service, context in contexts.items():
        accounts.update((s, a) for s, a in context.accounts.items() if s == service or s not in state.accounts)
    for service in {s for context in contexts.values() for s in state.accounts.keys() - context.accounts.keys()}:
        del accounts[service]
    provide(accounts, sorted({given for context in contexts.values() for given in context.provisions}), chain.slot)

    after, old = lambda service: contexts.get(service, state), state.privileges  # without a run nothing changes
    manager = after(old["bless"]).privileges

    def handed_on(holder, part):  # the manager's word counts; what it leaves alone its holder may hand on
        return part(after(holder).privileges) if part(manager) == holder else part(manager)

    privileges = {**manager, **{name: handed_on(old[name], lambda of: of[name]) for name in ("designate", "register")}}
    privileges["assign"] = [handed_on(old["assign"][c], lambda of: of["assign"][c]) for c in range(chain["cores"])]
    queues = [after(holder).queues[core] for core, holder in enumerate(old["assign"])]
    outputs = {(service, context.output) for service, context in contexts.items() if context.output is not None}
    transfers = [transfer for context in contexts.values() for transfer in context.transfers]
    state = dict(accounts=accounts, privileges=privileges, queues=queues, staging=after(old["designate"]).staging)
    return SimpleNamespace(**state), transfers, outputs, [(service, used) for service, (_, used) in runs.items()]


def run_rounds(chain, state, gas, reports, free):
    """As many reports as there is gas for, then more with what they leave. Transfers arrive in the next round."""
    cost = lambda report: sum(work["accumulate_gas"] for work in report["results"])
    sent = lambda transfers: sum(transfer["gas"] for transfer in transfers)
    reserve = chain.isa == GP080  # for transfers and free services; in 0.7.2 a transfer's gas comes as it arrives
    count, outputs, used, transfers, arrived = 0, set(), [], [], []
    while True:
        first, left = count, gas - reserve * (sent(transfers) + sum(free.values()))
        while count < len(reports) and cost(reports[count]) <= left:
            count, left = count + 1, left - cost(reports[count])
        if not (transfers or count > first or free): return count, state, outputs, used, arrived
        gas, arrived = gas + (not reserve) * sent(transfers), arrived + transfers
        state, transfers, more, gases = run_round(chain, state, transfers, reports[first:count], free)
        gas += reserve * sent(transfers) - sum(gas for _, gas in gases)
        outputs, used, free = outputs | more, used + gases, {}


def accumulate(chain, state, reports):
    """What becomes of the state with the reports that have become available."""
    depends = lambda r: {*r["context"]["prerequisites"], *(e["work_package_hash"] for e in r["segment_root_lookup"])}
    at_once = [report for report in reports if not depends(report)]
    queued = edited([(r, depends(r)) for r in reports if depends(r)], set().union(*state.accumulated))
    epoch, m = chain["epoch"], chain.slot % chain["epoch"]
    waiting = [item for queue in state.ready[m:] + state.ready[:m] for item in queue] + queued
    reports = at_once + in_order(edited(waiting, {package(report) for report in at_once}))

    free = {always["id"]: always["gas"] for always in state.privileges["always_acc"]}
    gas = max(chain["block_gas"], chain["report_gas"] * chain["cores"] + sum(free.values()))
    count, new, outputs, used, arrived = run_rounds(chain, state, gas, reports, free)

    works = [work["service_id"] for report in reports[:count] for work in report["results"]]
    moved = [transfer["to"] for transfer in arrived] if chain.isa == GP080 else []  # 0.7.2 does not count transfers
    statistics = {s: counts for s in {*works, *moved, *(service for service, _ in used)} if any(
        counts := (works.count(s), moved.count(s), sum(gas for service, gas in used if service == s)))}
    for service in statistics.keys() & new.accounts.keys():
        new.accounts[service].last_accumulation_slot = chain.slot
    done, ready = {package(report) for report in reports[:count]}, [*state.ready]
    for age in range(epoch):
        queue = queued if age == 0 else [] if age < chain.slot - state.slot else state.ready[(m - age) % epoch]
        ready[(m - age) % epoch] = edited(queue, done)
    return SimpleNamespace(
        accounts=new.accounts, privileges=new.privileges, queues=new.queues, staging=new.staging, slot=chain.slot,
        ready=ready, accumulated=state.accumulated[1:] + [done], outputs=sorted(outputs), statistics=statistics)
