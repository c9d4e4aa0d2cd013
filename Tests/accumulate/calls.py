#!/usr/bin/env python3
"""The host of examples/python/accumulate without vectors: guests that make calls, and what they are answered, in both versions."""
import os
import sys
import unittest
from types import SimpleNamespace

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/python")
sys.path[:0] = [EXAMPLES, EXAMPLES + "/accumulate"]

import accumulation
from duet import CASH, CORE, FULL, GP072, GP080, HUH, LOW, NONE, WHO, call_name
from jam.codec import Chain, Decoder, blake, blob, natural, number
from jam.vectors import difference
from state import Account

DATA, RESULTS, HIGH = 0x10000, 0x30000, 2**63  # read-only data, what calls have answered, an address that no guest has
GAS = 10**11  # enough for prices by lengths of 2^32 bytes
HASH = bytes(range(32))


def guest(isa, calls, end=b"\x32\0"):
    """A service that makes calls (name, registers from 7 on) and returns what register 7 was after each. Its data: HASH, zeros."""
    numbers = {call_name(isa, number): number for number in range(28)}
    starts = []

    def emit(instruction):
        starts.append(len(emit.code))
        emit.code += instruction

    emit.code = b""
    for _ in range(5):
        emit(b"\1")  # fallthrough: accumulation enters at 5
    for index, (name, *registers) in enumerate(calls):
        for register, value in enumerate(registers, 7):
            emit(bytes((20, register)) + number(value, 8))  # load_imm_64
        emit(bytes((10, numbers[name])))  # ecalli
        emit(bytes((62, 7)) + number(RESULTS + 8 * index, 4))  # store_u64
    emit(b"\x14\x07" + number(RESULTS, 8))
    emit(b"\x14\x08" + number(8 * len(calls), 8))
    emit(end)  # jump_ind ra halts
    code, bits = emit.code, sum(1 << start for start in starts)
    program = b"\0\0" + natural(len(code)) + code + number(bits, (len(code) + 7) // 8)
    data = HASH + bytes(4064)
    return blob(b"") + number(len(data), 3) + number(0, 3) + number(1, 2) + number(4096, 3) + data + number(len(program), 4) + program


def service(code=b"", **info):
    fields = dict(version=0, code_hash=blake(code), balance=10**6, min_item_gas=10, min_memo_gas=100, bytes=0, deposit_offset=0, items=0,
                  creation_slot=0, last_accumulation_slot=0, parent_service=0)
    account = Account({**fields, **info})
    if code:
        account.set_preimage(code)
    return account


class Calls(unittest.TestCase):
    def run_calls(self, isa, calls, services=(), end=b"\x32\0", own=(), **privileges):
        """Runs service 1: what its calls answered, the state behind it, and what became of its run."""
        chain = Chain(isa, tiny=True)
        chain.slot, chain.entropy = 100, bytes(32)
        code = guest(isa, calls, end)
        one = service(code, **dict(own))
        state = SimpleNamespace(
            accounts={1: one, **dict(services)}, queues=[b"", b""], staging=b"old",
            privileges={"bless": 0, "assign": [0, 0], "designate": 0, "register": 0, "always_acc": [], **privileges})
        answers = []
        invoke = accumulation.invoke

        def watched(*arguments):
            result = invoke(*arguments)
            answers.extend(int.from_bytes(result[2][i : i + 8], "little") for i in range(0, len(result[2]), 8))
            return result

        accumulation.invoke = watched
        try:
            context, used = accumulation.run_service(chain, state, [], [], GAS, 1)
        finally:
            accumulation.invoke = invoke
        return answers, context, used

    def each(self, *arguments, **more):
        for isa in (GP072, GP080):
            with self.subTest(isa=isa):
                yield isa, *self.run_calls(isa, *arguments, **more)

    def test_storage(self):
        write, read = ("write", DATA, 4, DATA, 8), ("read", NONE, DATA, 4, RESULTS + 100, 0, 8)
        calls = [read, write, write, read, ("write", DATA, 4, 0, 0), read, ("read", 7, DATA, 4, RESULTS, 0, 8)]
        for _, answers, context, _ in self.each(calls):
            self.assertEqual(answers, [NONE, NONE, 8, 8, 8, NONE, NONE])
            self.assertEqual((context.accounts[1].items, context.accounts[1].bytes), (0, 0))
        for _, answers, context, _ in self.each([write], own={"balance": 100}):
            self.assertEqual(answers, [FULL])
            self.assertEqual((context.accounts[1].items, len(context.accounts[1].data)), (0, 1))

    def test_requests(self):
        query, solicit, forget = (("query", DATA, 5), ("solicit", DATA, 5), ("forget", DATA, 5))
        calls = [query, forget, solicit, solicit, query, ("provide", NONE, DATA, 5), forget, query]
        for _, answers, context, _ in self.each(calls):
            self.assertEqual(answers, [NONE, HUH, 0, HUH, 0, HUH, 0, NONE])
            self.assertEqual((context.accounts[1].items, context.accounts[1].bytes), (0, 0))

    def test_what_is_forgotten(self):
        for slots, then in (([1], [1, 100]), ([1, 67], None), ([1, 68], [1, 68]), ([1, 67, 90], [90, 100]), ([1, 68, 90], [1, 68, 90])):
            for isa in (GP072, GP080):
                with self.subTest(isa=isa, slots=slots):
                    self.check_forget(isa, slots, then)

    def check_forget(self, isa, slots, then):
        chain = Chain(isa, tiny=True)
        chain.slot, chain.entropy = 100, bytes(32)
        one = service(guest(isa, [("forget", DATA, 5)]))
        one.set_request(HASH, 5, slots)
        state = SimpleNamespace(accounts={1: one}, queues=[], staging=b"", privileges={"assign": []})
        context, _ = accumulation.run_service(chain, state, [], [], GAS, 1)
        self.assertEqual(context.accounts[1].request(HASH, 5), then)

    def test_lengths(self):
        # 0.8.0 refuses them before it looks at memory; in 0.7.2 the guest panics for the memory.
        for name, *registers in (("query", HIGH, 2**32), ("solicit", HIGH, 2**32), ("forget", HIGH, 2**32), ("provide", NONE, HIGH, 2**32)):
            self.assertEqual(self.run_calls(GP080, [(name, *registers)])[0], [HUH])
            self.assertEqual(self.run_calls(GP072, [(name, *registers)])[0], [])
            self.assertEqual(self.run_calls(GP080, [(name, *(r if r != 2**32 else 2**32 - 1 for r in registers))])[0], [])

    def test_new(self):
        new = lambda gratis=0, wanted=0: ("new", DATA, 10, 1, 2, gratis, wanted)
        for _, answers, context, _ in self.each([new(), new(), new(1), ("new", DATA, 2 * 10**6, 1, 2, 0, 0)]):
            first, second, *rest = answers
            self.assertEqual(rest, [HUH, CASH])
            self.assertTrue(2**16 <= first < 2**32 - 2**8 and 2**16 <= second < 2**32 - 2**8)
            self.assertEqual((second - first - 42) % (2**32 - 2**16 - 2**8), 0)
            made = context.accounts[first]
            self.assertEqual((made.balance, made.items, made.bytes, made.parent_service, made.creation_slot), (211, 2, 91, 1, 100))
            self.assertEqual(context.accounts[1].balance, 10**6 - 422)
        for _, answers, _, _ in self.each([new(5, 9), new(0, 9), new(0, 8)], services={8: service()}, register=1, bless=1):
            self.assertEqual(answers, [9, FULL, FULL])

    def test_transfer(self):
        calls = [("transfer", to, amount, gas, DATA) for to, amount, gas in ((7, 1, 1000), (2, 1, 99), (2, 10**6, 100), (2, 5, 100))]
        for isa, answers, context, used in self.each(calls, services={2: service()}):
            self.assertEqual(answers, [WHO, LOW, CASH, 0])
            self.assertEqual([(t["to"], t["amount"], t["gas"], t["memo"][:32]) for t in context.transfers], [(2, 5, 100, HASH)])
            self.assertEqual(context.accounts[1].balance, 10**6 - 5)
            dearer = self.run_calls(isa, calls[:-1] + [("transfer", 2, 5, 1100, DATA)], services={2: service()})[2]
            self.assertEqual(dearer - used, 1000)
        for _, answers, context, used in self.each([("transfer", 2, 5, GAS, DATA)], services={2: service()}):
            self.assertEqual((answers, context.transfers, used), ([], [], GAS))  # it cannot pay for the gas that it sends

    def test_privileges(self):
        assign, designate = ("assign", 1, DATA, 7), ("designate", DATA, 6)
        for _, answers, context, _ in self.each([("assign", 2, DATA, 7), ("assign", 0, DATA, 7), ("assign", 1, DATA, 2**32), assign],
                                                assign=[0, 1]):
            self.assertEqual(answers, [CORE, HUH, WHO, 0])
            self.assertEqual((context.queues[1][:32], len(context.queues[1]), context.privileges["assign"]), (HASH, 2560, [0, 7]))
        for isa, answers, context, _ in self.each([designate]):
            self.assertEqual((answers, context.staging), ([HUH], b"old"))
        for isa, answers, context, _ in self.each([designate], designate=1):
            self.assertEqual(answers, [0])
            self.assertEqual(context.staging, (natural(6) if isa == GP080 else b"") + HASH + bytes(6 * 336 - 32))
        for count in (0, 3, 5, 7, 9):  # two cores: six keys and no other number
            self.assertEqual(self.run_calls(GP080, [("designate", DATA, count)], designate=1)[0], [HUH])
        bless = ("bless", 1, DATA, 3, 4, DATA + 32, 1)
        for _, answers, context, _ in self.each([("bless", 2**32, DATA, 3, 4, DATA, 0), bless]):
            self.assertEqual(answers, [WHO, 0])
            self.assertEqual(context.privileges, {"bless": 1, "assign": [0x03020100, 0x07060504], "designate": 3, "register": 4,
                                                  "always_acc": [{"id": 0, "gas": 0}]})

    def test_eject(self):
        for slots, answer in (([1, 67], 0), ([1, 68], HUH), ([1], HUH), ([], HUH)):
            gone = service(code_hash=number(1, 32))
            gone.set_request(HASH, 5, slots)
            calls = [("eject", service, DATA) for service in (2, 1, 3)]
            for _, answers, context, _ in self.each(calls, services={2: gone, 3: service()}):
                self.assertEqual(answers, [answer, WHO, WHO])
                self.assertEqual(context.accounts[1].balance, 2 * 10**6 if answer == 0 else 10**6)
                self.assertEqual(2 in context.accounts, answer != 0)

    def test_checkpoint(self):
        calls = [("yield", DATA), ("checkpoint",), ("write", DATA, 4, DATA, 8)]
        for _, _, context, _ in self.each(calls, end=b"\0"):  # trap
            self.assertEqual((context.output, context.accounts[1].items), (HASH, 0))
        for _, _, context, _ in self.each(calls):
            self.assertEqual((context.output, context.accounts[1].items), (HASH, 1))

    def test_what_is_returned(self):
        # 32 bytes of output are the service's output, whatever it has yielded; others are not.
        four = [("yield", DATA)] + [("checkpoint",)] * 3
        for isa, answers, context, _ in self.each(four):
            self.assertEqual(context.output, b"".join(number(answer, 8) for answer in answers))
        for isa, answers, context, _ in self.each(four[:-1]):
            self.assertEqual(context.output, HASH)

    def test_provide_and_lookup(self):
        waiting = service()
        waiting.set_request(blake(HASH), 32, [])
        held = service(HASH)
        calls = [("provide", 2, DATA, 32), ("provide", 2, DATA, 32), ("provide", 9, DATA, 32), ("lookup", 3, DATA, RESULTS + 200, 0, 32)]
        for _, answers, context, _ in self.each(calls, services={2: waiting, 3: held}):
            self.assertEqual(answers, [0, HUH, WHO, NONE])
            self.assertEqual(context.provisions, {(2, HASH)})

    def test_fetch_and_others(self):
        calls = [("fetch", RESULTS + 200, 0, 0, kind, 0) for kind in (0, 1, 2, 14, 15)] + [("info", NONE, RESULTS + 200, 0, 96)]
        for isa, answers, _, _ in self.each(calls):
            self.assertEqual(answers, [122 if isa == GP080 else 134, 32, NONE, 1, NONE, 96])
        for _, answers, _, _ in self.each([("export", DATA, 1), ("machine", DATA, 1, 0)]):
            self.assertEqual(answers, [2**64 - 2] * 2)  # calls of refine: WHAT

    def test_memory(self):
        for call in (("write", HIGH, 8, 0, 0), ("fetch", DATA, 0, 1, 1), ("bless", 0, DATA, 0, 0, HIGH, 1), ("yield", DATA + 4065),
                     ("provide", NONE, DATA, 2**31)):
            for _, answers, context, used in self.each([call]):
                self.assertEqual((answers, context.output), ([], None))
                self.assertLess(used, GAS)  # a panic, and not for want of gas
        for call in (("write", DATA, 2**63, 0, 0), ("bless", 0, DATA, 0, 0, DATA, 2**63)):
            for _, answers, _, _ in self.each([call]):
                self.assertEqual(answers, [])


class Rounds(unittest.TestCase):
    def rounds(self, isa, gas, free, costs, sent):
        """How many reports and transfers each round has, where all use their gas and one round's transfers have the gas of sent."""
        seen, sent = [], [*sent]

        def run_round(chain, state, transfers, reports, free):
            seen.append((len(reports), len(transfers), sorted(free)))
            transfer = [{"to": 1, "gas": sent.pop(0)}] if sent else []
            used = sum(report["results"][0]["accumulate_gas"] for report in reports)
            return state, transfer, set(), [(1, used)]

        kept, accumulation.run_round = accumulation.run_round, run_round
        try:
            reports = [{"results": [{"accumulate_gas": cost}]} for cost in costs]
            count, _, _, _, arrived = accumulation.run_rounds(Chain(isa, tiny=True), None, gas, reports, free)
        finally:
            accumulation.run_round = kept
        return count, len(arrived), seen

    def test_free_gas_is_reserved(self):
        # 100 for reports of 60 and 30, and a service with 30 for free: in 0.8.0 the second report has to wait.
        self.assertEqual(self.rounds(GP072, 100, {9: 30}, [60, 30], []), (2, 0, [(2, 0, [9])]))
        self.assertEqual(self.rounds(GP080, 100, {9: 30}, [60, 30], []), (2, 0, [(1, 0, [9]), (1, 0, [])]))

    def test_transfers_arrive_a_round_later(self):
        for isa in (GP072, GP080):
            # 40 left and 20 sent: no room for 45 beside the transfer, which uses nothing, but behind it.
            self.assertEqual(self.rounds(isa, 100, {}, [60, 45], [20]), (2, 1, [(1, 0, []), (0, 1, []), (1, 0, [])]))
            self.assertEqual(self.rounds(isa, 100, {}, [60, 61], [20]), (1, 1, [(1, 0, []), (0, 1, [])]))
            self.assertEqual(self.rounds(isa, 100, {}, [], []), (0, 0, []))


class Formats(unittest.TestCase):
    def test_naturals(self):
        chain = Chain(GP080, tiny=True)
        for value in [0, *(2**n + d for n in range(1, 64) for d in (-1, 0, 1)), 2**64 - 1]:
            self.assertEqual(Decoder(natural(value), chain).whole("n"), value)
        self.assertEqual([natural(n).hex() for n in (0, 127, 128, 16384, 2**56)], ["00", "7f", "8080", "c00040", "ff" + "00" * 7 + "01"])

    def test_broken_bytes(self):
        chain = Chain(GP072, tiny=True)
        for kind, data in (("b32", b""), ("u32", b"\1\2\3"), ("bytes", b"\5abc"), ("result", b"\7"), ("Privileges", bytes(7)),
                           ("n", b"\0\0")):
            with self.assertRaises(ValueError):
                Decoder(data, chain).whole(kind)

    def test_a_difference_is_found(self):
        one, other = (SimpleNamespace(slot=slot, accounts={1: service()}, outputs=[]) for slot in (5, 6))
        self.assertEqual(difference(one, other), "slot: expected 5, found 6")
        other.slot, other.accounts[1].balance = 5, 7
        self.assertEqual(difference(one, other), "accounts.1.balance: expected 1000000, found 7")
        other.accounts = {}
        self.assertIn("found nothing", difference(one, other))
        other.accounts = {1: service()}
        self.assertIsNone(difference(one, other))


if __name__ == "__main__":
    unittest.main()
