"""EVM code for the page's tests."""


def push(number, octets=None):
    octets = octets or max(1, (number.bit_length() + 7) // 8)
    return bytes([0x5F + octets]) + number.to_bytes(octets, "big")


def child():
    """By the first octet of its input: 0 counts in its storage and returns 5, 1 reverts with deadbeef, 2 is an invalid instruction."""
    head = bytes.fromhex("5f3560f81c")
    head += bytes.fromhex("80600114 60ff57") + bytes.fromhex("600214 60fe57")
    head += bytes.fromhex("5f5460010180 5f55 60055f52 60205ff3")
    reverts, fails = len(head), len(head) + 15
    code = head + bytes.fromhex("5b63deadbeef5f526004601cfd") + bytes.fromhex("5b5b") + bytes.fromhex("5bfe")
    return code.replace(bytes.fromhex("60ff57"), bytes([0x60, reverts, 0x57])).replace(bytes.fromhex("60fe57"), bytes([0x60, fails, 0x57]))


def calls(rounds=10):
    """Creates the child and calls it in all its ways, hashes, copies memory, counts down, permutes the stack (EIP-8024 too) and returns."""
    code = child()
    initcode = bytes([0x60, len(code), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + code
    padded = initcode + bytes(-len(initcode) % 32)
    main = b""
    for offset in range(0, len(padded), 32):
        main += b"\x7f" + padded[offset:offset + 32] + push(offset) + b"\x52"
    main += push(len(initcode)) + bytes.fromhex("5f5ff0")
    for way in (0, 1, 2, 0):
        main += push(way) + bytes.fromhex("5f53")
        main += bytes.fromhex("602061010060015f5f85") + push(60000) + bytes.fromhex("f150")
    main += bytes.fromhex("602060406020600060025afa50")       # SHA-256 of the first word to 0x40
    main += bytes.fromhex("60405160805f6101405e")             # the hash to the stack; MCOPY of 128 octets to 0x140
    main += bytes.fromhex("60016002600360046005600660076008600960106011601260136014601560166017601860196020")
    main += bytes.fromhex("e680 e780 e88e 90 919382")         # DUPN, SWAPN, EXCHANGE, SWAPs, DUP
    main += b"\x50" * 20
    main += push(rounds, 2)
    loop = len(main)
    main += bytes.fromhex("5b6001900380") + push(loop, 2) + b"\x57"
    return main + bytes.fromhex("610100515f5260205ff3")


def long_run(rounds):
    """Seven steps a round and a memory write in each."""
    main = push(rounds, 4)
    loop = len(main)
    return main + bytes.fromhex("5b8060ff16 8160051b6103ff16 52 6001900380".replace(" ", "")) + push(loop, 2) + b"\x57\x00"


UNDERFLOW = bytes.fromhex("60016002015001")
