"""What host calls cost (appendix B and section I.4.5 of the final 0.8.0): g as a function of the registers w, and of x where a
price depends on more than them (grow_heap: pages added, invoke: gas handed on, transfer: gas that travels)."""

from .isa import GP072

NAMES = ("gas grow_heap fetch lookup read write info historical_lookup export machine peek poke pages invoke expunge bless assign "
         "designate checkpoint new upgrade transfer eject query solicit forget yield provide").split()
NUMBERS_080 = {name: number for number, name in enumerate(NAMES)}
NUMBERS_072 = {name: number for number, name in enumerate(name for name in NAMES if name != "grow_heap")}
MOST = (1 << 64) - 1


def per_kib(rate, octets):
    """G(R, n), rounded up."""
    return -(-rate * octets // 1024)


FETCH = {0: (390, 0), 1: (103, 0), 2: (80, 96), 3: (85, 96), 4: (85, 96), 5: (171, 0), 6: (171, 0), 7: (85, 96), 8: (84, 0),
         9: (88, 0), 10: (111, 0), 11: (317, 0), 12: (250, 0), 13: (95, 96), 14: (287, 400), 15: (355, 344)}
PAGES = {0: (212, 118), 1: (275, 121), 2: (275, 121), 3: (130, 29), 4: (130, 29)}


def fetch(w, x):
    base, rate = FETCH.get(w[10], (80, 0))
    return base + per_kib(rate, w[9])


def pages(w, x):
    base, rate = PAGES.get(w[10], (80, 0))
    return base + rate * w[9]


PRICES = {
    "gas": lambda w, x: 48,
    "grow_heap": lambda w, x: 275 + 121 * x,
    "fetch": fetch,
    "lookup": lambda w, x: 600 + per_kib(248, w[11]),
    "read": lambda w, x: 2407 + per_kib(1736, w[9]) + per_kib(248, w[12]),
    "write": lambda w, x: 2442 + per_kib(3358, w[8]) + per_kib(216, w[10]),
    "info": lambda w, x: 703,
    "historical_lookup": lambda w, x: 1125 + per_kib(264, w[11]),
    "export": lambda w, x: 3521,
    "machine": lambda w, x: 1862 + per_kib(112, w[8]),
    "peek": lambda w, x: 377 + per_kib(336, w[10]),
    "poke": lambda w, x: 297 + per_kib(224, w[10]),
    "pages": pages,
    "invoke": lambda w, x: 968 + x,
    "expunge": lambda w, x: 335,
    "bless": lambda w, x: 422 + 20 * w[12],
    "assign": lambda w, x: 1818,
    "designate": lambda w, x: 1100 + 302 * w[8],
    "checkpoint": lambda w, x: 103,
    "new": lambda w, x: 3855,
    "upgrade": lambda w, x: 1028,
    "transfer": lambda w, x: 575 + x,
    "eject": lambda w, x: 458,
    "query": lambda w, x: 643,
    "solicit": lambda w, x: 2193,
    "forget": lambda w, x: 3250,
    "yield": lambda w, x: 98,
    "provide": lambda w, x: 3980 + per_kib(2264, w[9]),
}


def numbers(isa):
    return NUMBERS_072 if isa is GP072 else NUMBERS_080


def price(isa, name, w, x=0):
    """g; name None: a call that nobody knows."""
    if isa is GP072:  # 10 for all; what travels with a transfer costs itself
        return 10 + (x if name == "transfer" else 0)
    return PRICES[name](w, x) if name else 1000


def price_by_number(isa, number, w, x=0):
    """The same as the library answers it: 64 bits hold no more than 2^64 - 1."""
    name = next((name for name, n in numbers(isa).items() if n == number), None)
    return min(price(isa, name, w, x), MOST)
