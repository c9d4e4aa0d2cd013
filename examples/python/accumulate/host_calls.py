"""The host calls of accumulation (Gray Paper, appendix B), each under its name there. A call gets registers 7 to 12 and
answers what register 7 is to be. Its gas has been taken before; the library knows how much that is."""
from types import SimpleNamespace

from duet import ACTION_PANIC, CONTINUE, GP080, End, call_gas, call_name, served
from duet import CASH, CORE, FULL, HUH, LOW, NONE, OK, WHO
from jam.codec import blake, natural, number, to_number
from state import PREIMAGE, STORAGE, Account

FIRST_PUBLIC, PUBLIC = 2**16, 2**32 - 2**16 - 2**8  # ids of services that no registrar has chosen
VALIDATOR_KEY, SELF, LENGTHS = 336, NONE, {"query": 8, "solicit": 8, "forget": 8, "provide": 9}  # registers


class Context(SimpleNamespace):
    """What an accumulation changes. It counts if the program halts, else what there was at its last checkpoint."""

    def copy(self):
        accounts = {s: account.copy() if s == self.id else account for s, account in self.accounts.items()}
        privileges = {**self.privileges, "assign": [*self.privileges["assign"]]}
        return Context(**{
            **vars(self), "accounts": accounts, "privileges": privileges, "queues": [*self.queues],
            "transfers": [*self.transfers], "provisions": {*self.provisions}})


class Host:
    def __init__(self, chain, state, service, inputs):
        self.chain, self.slot, self.new, self.id = chain, chain.slot, chain.isa == GP080, service
        self.inputs, self.taken = inputs, state.accounts
        self.x = Context(**vars(state), id=service, transfers=[], output=None, provisions=set()).copy()
        self.y = self.x.copy()
        self.next = self.free(to_number(blake(natural(service) + chain.entropy + natural(chain.slot))[:4]))

    def free(self, offset):
        while FIRST_PUBLIC + offset % PUBLIC in self.taken: offset += 1
        return FIRST_PUBLIC + offset % PUBLIC

    def serve(self, guest, call):
        name, registers = call_name(guest.isa, call), guest.registers[:]
        function = getattr(self, "call_" + name, None)
        if function is None: return served(guest, name if name in ("gas", "grow_heap") else "unknown")
        guest.charge(price := call_gas(guest.isa, call, registers))
        # 0.8.0 knows no preimages of 2^32 bytes, and says so before it looks at memory.
        length = registers[LENGTHS[name]] if self.new and name in LENGTHS else 0
        guest.registers[7] = HUH if length >= 2**32 else function(guest, *registers[7:])
        if name == "transfer" and guest.registers[7] == OK:
            guest.charge(call_gas(guest.isa, call, registers, registers[9]) - price)
        return CONTINUE

    own = property(lambda self: self.x.accounts[self.id])

    def account(self, service):
        return self.x.accounts.get(self.id if service == SELF else service)

    def poor(self, account):
        return account.balance < account.threshold(self.chain)

    def expired(self, slots):
        return slots[1] < self.slot - self.chain["expunge_period"]

    def give(self, guest, value, to, offset, size):
        """Copies a part of a value to the guest; answers how long the whole is."""
        guest.write(to, (value or b"")[offset:][:size])
        return NONE if value is None else len(value)

    def call_fetch(self, guest, to, offset, size, kind, index, _):
        one, every = self.inputs[index : index + 1], [natural(len(self.inputs)), *self.inputs]
        values = {0: self.chain.encoded, 1: self.chain.entropy, 14: b"".join(every), 15: one[0] if one else None}
        return self.give(guest, values.get(kind), to, offset, size)

    def call_lookup(self, guest, service, hash, to, offset, size, _):
        hash, account = guest.read(hash, 32), self.account(service)
        return self.give(guest, account and account.get(PREIMAGE, hash), to, offset, size)

    def call_read(self, guest, service, key, key_size, to, offset, size):
        key, account = guest.read(key, key_size), self.account(service)
        return self.give(guest, account and account.get(STORAGE, key), to, offset, size)

    def call_write(self, guest, key, key_size, value, size, *_):
        key, value, changed = guest.read(key, key_size), guest.read(value, size) if size else None, self.own.copy()
        old = changed.get(STORAGE, key)
        changed.store(key, value)
        if self.poor(changed): return FULL
        self.x.accounts[self.id] = changed
        return NONE if old is None else len(old)

    def call_info(self, guest, service, to, offset, size, *_):
        a, threshold = (a := self.account(service)), a and a.threshold(self.chain)
        fields = a and (
            (a.balance, 8), (threshold, 8), (a.min_item_gas, 8), (a.min_memo_gas, 8), (a.bytes, 8), (a.items, 4),
            (a.deposit_offset, 8), (a.creation_slot, 4), (a.last_accumulation_slot, 4), (a.parent_service, 4))
        value = a and a.code_hash + b"".join(number(field, size) for field, size in fields)
        return self.give(guest, value, to, offset, size)

    def call_bless(self, guest, manager, assigners, delegator, registrar, always, count):
        assigners, always = guest.read(assigners, 4 * self.chain["cores"]), guest.read(always, 12 * count)
        if max(manager, delegator, registrar) >= 2**32: return WHO
        gas = {to_number(always[i : i + 4]): to_number(always[i + 4 : i + 12]) for i in range(0, len(always), 12)}
        self.x.privileges = {
            "bless": manager, "designate": delegator, "register": registrar,
            "assign": [to_number(assigners[i : i + 4]) for i in range(0, len(assigners), 4)],
            "always_acc": [{"id": service, "gas": gas[service]} for service in sorted(gas)]}
        return OK

    def call_assign(self, guest, core, queue, assigner, *_):
        queue = guest.read(queue, 32 * self.chain["authorizers"])
        if core >= self.chain["cores"]: return CORE
        if self.x.privileges["assign"][core] != self.id: return HUH
        if assigner >= 2**32: return WHO
        self.x.queues[core], self.x.privileges["assign"][core] = queue, assigner
        return OK

    def call_designate(self, guest, keys, count, *_):
        count = count if self.new else self.chain["validators"]
        keys = guest.read(keys, VALIDATOR_KEY * count)
        fits = not self.new or count % 3 == 0 and 2 <= count // 3 <= self.chain["cores"]
        if self.x.privileges["designate"] != self.id or not fits: return HUH
        self.x.staging = natural(count) + keys if self.new else keys
        return OK

    def call_checkpoint(self, guest, *_):
        self.y = self.x.copy()
        return guest.gas()

    def call_new(self, guest, hash, length, item_gas, memo_gas, gratis, wanted):
        if length >= 2**32: raise End(ACTION_PANIC)
        payer, new = self.own.copy(), Account(dict(
            version=0, code_hash=guest.read(hash, 32), min_item_gas=item_gas, min_memo_gas=memo_gas, bytes=0, items=0,
            deposit_offset=gratis, creation_slot=self.slot, last_accumulation_slot=0, parent_service=self.id))
        new.set_request(new.code_hash, length, [])
        new.balance = new.threshold(self.chain)
        payer.balance -= new.balance
        chosen = self.x.privileges["register"] == self.id and wanted < FIRST_PUBLIC
        if gratis and self.x.privileges["bless"] != self.id: return HUH
        if self.poor(payer): return CASH
        if chosen and wanted in self.x.accounts: return FULL
        service = wanted if chosen else self.next
        if not chosen: self.next = self.free(self.next - FIRST_PUBLIC + 42)
        self.x.accounts.update({self.id: payer, service: new})
        return service

    def call_upgrade(self, guest, hash, item_gas, memo_gas, *_):
        self.own.code_hash, self.own.min_item_gas, self.own.min_memo_gas = guest.read(hash, 32), item_gas, memo_gas
        return OK

    def call_transfer(self, guest, to, amount, gas, memo, *_):
        memo, payer = guest.read(memo, self.chain["memo"]), self.own.copy()
        payer.balance -= amount
        if to not in self.x.accounts: return WHO
        if gas < self.x.accounts[to].min_memo_gas: return LOW
        if self.poor(payer): return CASH
        self.x.accounts[self.id] = payer
        self.x.transfers.append({"source": self.id, "to": to, "amount": amount, "memo": memo, "gas": gas})
        return OK

    def call_eject(self, guest, service, hash, *_):
        hash, account = guest.read(hash, 32), self.x.accounts.get(service)
        if service == self.id or account is None or account.code_hash != number(self.id, 32): return WHO
        slots = account.request(hash, max(81, account.bytes) - 81)
        if account.items != 2 or not slots or len(slots) != 2 or not self.expired(slots): return HUH
        self.own.balance += self.x.accounts.pop(service).balance
        return OK

    def call_query(self, guest, hash, length, *_):
        slots = self.own.request(guest.read(hash, 32), length)
        x, y, z = [*(slots or []), 0, 0, 0][:3]
        guest.registers[8] = y + z * 2**32
        return NONE if slots is None else len(slots) + x * 2**32

    def call_solicit(self, guest, hash, length, *_):
        hash, changed = guest.read(hash, 32), self.own.copy()
        slots = changed.request(hash, length)
        if slots is not None and len(slots) != 2: return HUH
        changed.set_request(hash, length, [] if slots is None else slots + [self.slot])
        if self.poor(changed): return FULL
        self.x.accounts[self.id] = changed
        return OK

    def call_forget(self, guest, hash, length, *_):
        hash = guest.read(hash, 32)
        slots = self.own.request(hash, length)
        if slots is None or len(slots) > 1 and not self.expired(slots): return HUH
        self.own.set_request(hash, length, [slots[-1], self.slot] if len(slots) in (1, 3) else None)
        if len(slots) in (0, 2): self.own.set_preimage(None, hash)
        return OK

    def call_yield(self, guest, hash, *_):
        self.x.output = guest.read(hash, 32)
        return OK

    def call_provide(self, guest, service, data, size, *_):
        data, service = guest.read(data, size), self.id if service == SELF else service
        if service not in self.x.accounts: return WHO
        if self.x.accounts[service].request(blake(data), size) != [] or (service, data) in self.x.provisions: return HUH
        self.x.provisions.add((service, data))
        return OK
