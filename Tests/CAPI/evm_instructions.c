/* Every octet at every fork: is it an instruction, what does it take from the stack and leave there, what does it cost. The table
 * here was written from the EIPs, apart from the library's. */
#include "evm.h"

enum { F = EVMC_FRONTIER, H = EVMC_HOMESTEAD, B = EVMC_BYZANTIUM, CO = EVMC_CONSTANTINOPLE, I = EVMC_ISTANBUL, L = EVMC_LONDON,
       S = EVMC_SHANGHAI, CA = EVMC_CANCUN, O = EVMC_OSAKA, X = EVMC_EXPERIMENTAL };

typedef struct { int first, last, in, out, gas, since; } Row;
static const Row rows[] = {
    {0x00, 0x00, 0, 0, 0, F}, {0x01, 0x01, 2, 1, 3, F}, {0x02, 0x02, 2, 1, 5, F}, {0x03, 0x03, 2, 1, 3, F}, {0x04, 0x07, 2, 1, 5, F},
    {0x08, 0x09, 3, 1, 8, F}, {0x0a, 0x0a, 2, 1, 10, F}, {0x0b, 0x0b, 2, 1, 5, F}, {0x10, 0x14, 2, 1, 3, F}, {0x15, 0x15, 1, 1, 3, F},
    {0x16, 0x18, 2, 1, 3, F}, {0x19, 0x19, 1, 1, 3, F}, {0x1a, 0x1a, 2, 1, 3, F}, {0x1b, 0x1d, 2, 1, 3, CO}, {0x1e, 0x1e, 1, 1, 5, O},
    {0x20, 0x20, 2, 1, 30, F}, {0x30, 0x30, 0, 1, 2, F}, {0x31, 0x31, 1, 1, -1, F}, {0x32, 0x34, 0, 1, 2, F}, {0x35, 0x35, 1, 1, 3, F},
    {0x36, 0x36, 0, 1, 2, F}, {0x37, 0x37, 3, 0, 3, F}, {0x38, 0x38, 0, 1, 2, F}, {0x39, 0x39, 3, 0, 3, F}, {0x3a, 0x3a, 0, 1, 2, F},
    {0x3b, 0x3b, 1, 1, -1, F}, {0x3c, 0x3c, 4, 0, -1, F}, {0x3d, 0x3d, 0, 1, 2, B}, {0x3e, 0x3e, 3, 0, 3, B}, {0x3f, 0x3f, 1, 1, -1, CO},
    {0x40, 0x40, 1, 1, 20, F}, {0x41, 0x45, 0, 1, 2, F}, {0x46, 0x46, 0, 1, 2, I}, {0x47, 0x47, 0, 1, 5, I}, {0x48, 0x48, 0, 1, 2, L},
    {0x49, 0x49, 1, 1, 3, CA}, {0x4a, 0x4a, 0, 1, 2, CA}, {0x50, 0x50, 1, 0, 2, F}, {0x51, 0x51, 1, 1, 6, F}, {0x52, 0x53, 2, 0, 6, F},
    {0x54, 0x54, 1, 1, -1, F}, {0x55, 0x55, 2, 0, -1, F}, {0x56, 0x56, 1, 0, 8, F}, {0x57, 0x57, 2, 0, 10, F}, {0x58, 0x5a, 0, 1, 2, F},
    {0x5b, 0x5b, 0, 0, 1, F}, {0x5c, 0x5c, 1, 1, 100, CA}, {0x5d, 0x5d, 2, 0, 100, CA}, {0x5e, 0x5e, 3, 0, 3, CA}, {0x5f, 0x5f, 0, 1, 2, S},
    {0x60, 0x7f, 0, 1, 3, F}, {0xa0, 0xa0, 2, 0, 375, F}, {0xa1, 0xa1, 3, 0, 750, F}, {0xa2, 0xa2, 4, 0, 1125, F}, {0xa3, 0xa3, 5, 0, 1500, F},
    {0xa4, 0xa4, 6, 0, 1875, F}, {0xf0, 0xf0, 3, 1, 32000, F}, {0xf1, 0xf2, 7, 1, -1, F}, {0xf3, 0xf3, 2, 0, 0, F}, {0xf4, 0xf4, 6, 1, -1, H},
    {0xf5, 0xf5, 4, 1, 32000, CO}, {0xfa, 0xfa, 6, 1, -1, B}, {0xfd, 0xfd, 2, 0, 0, B}, {0xfe, 0xfe, 0, 0, 0, F}, {0xff, 0xff, 1, 0, -1, F},
};

static bool find(int octet, int rev, Row* row) {
    if (octet >= 0x80 && octet <= 0x8f) { row->in = octet - 0x7f; row->out = row->in + 1; row->gas = 3; return true; }
    if (octet >= 0x90 && octet <= 0x9f) { row->in = octet - 0x8e; row->out = row->in; row->gas = 3; return true; }
    if (octet >= 0xe6 && octet <= 0xe8 && rev >= X) { /* with immediate 0: DUPN 145, SWAPN 145, EXCHANGE 9 16 */
        row->in = octet == 0xe6 ? 145 : octet == 0xe7 ? 146 : 17; row->out = row->in + (octet == 0xe6); row->gas = 3; return true;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (octet >= rows[i].first && octet <= rows[i].last && rev >= rows[i].since) { *row = rows[i]; return true; }
    return false;
}

/* What changed from fork to fork: with warm accounts and storage, no value, and an entry of storage that is made. */
static int changed_gas(int octet, int rev) {
    int t = rev >= EVMC_TANGERINE_WHISTLE, i = rev >= EVMC_ISTANBUL, b = rev >= EVMC_BERLIN;
    switch (octet) {
    case 0x31: return b ? 100 : i ? 700 : t ? 400 : 20;
    case 0x3b: case 0x3c: return b ? 100 : t ? 700 : 20;
    case 0x3f: return b ? 100 : i ? 700 : 400;
    case 0x54: return b ? 100 : i ? 800 : t ? 200 : 50;
    case 0x55: return 20000;
    case 0xf1: case 0xf2: case 0xf4: case 0xfa: return b ? 100 : t ? 700 : 40;
    case 0xff: return t ? 5000 : 0;
    }
    return 0;
}

/* A line of trace has the whole stack: with a full one only some octets of one fork go the slow way too. */
static End try_at(int height, int octet, int rev, Host* host, int64_t gas, const Code* code) {
    bool both = height < 200 || (rev == EVMC_EXPERIMENTAL && octet % 16 == 1);
    return both ? execute(host, (enum evmc_revision)rev, 0, gas, code) : execute_on(quick, host, (enum evmc_revision)rev, 0, gas, code);
}

static void every_octet_at_every_fork(void) {
    static Code code;
    for (int rev = EVMC_FRONTIER; rev <= EVMC_MAX_REVISION; rev++) {
        for (int octet = 0; octet < 256; octet++) {
            Row row = {0, 0, 0, 0, 0, 0};
            Host host = fresh_host();
            host.store = EVMC_STORAGE_ADDED;
            host.gives_gas_back = true;
            bool defined = find(octet, rev, &row);
            if (!defined) {
                code.size = 0;
                emit(&code, (unsigned)octet);
                EQUAL(execute(&host, (enum evmc_revision)rev, 0, 100, &code).status, EVMC_UNDEFINED_INSTRUCTION);
                continue;
            }
            if (row.gas < 0) row.gas = changed_gas(octet, rev);
            /* One word too few, and the room of one word too little. */
            for (int height = row.in - 1; height <= 1024; height += 1024 - (row.in - 1)) {
                if (height < 0 || (height == 1024 && row.out <= row.in)) continue;
                code.size = 0;
                for (int i = 0; i < height; i++) push(&code, 0);
                emit(&code, (unsigned)octet);
                emit(&code, 0);
                EQUAL(try_at(height, octet, rev, &host, 100000, &code).status, height == 1024 ? EVMC_STACK_OVERFLOW : EVMC_STACK_UNDERFLOW);
            }
            /* Just enough gas, and one too little, with the stack as low and as high as it may be. */
            for (int height = row.in; height <= 1024; height = height < 1023 ? (row.out > row.in ? 1023 : 1024) : 2000) {
                code.size = 0;
                bool jumps = octet == 0x56 || octet == 0x57;
                int words = jumps ? height - 1 : height;
                for (int i = 0; i < words; i++) push(&code, octet == 0x57 ? 1 : 0);
                if (jumps) push_wide(&code, code.size + 4, 2);
                emit(&code, (unsigned)octet);
                emit(&code, octet >= 0x60 && octet <= 0x7f ? 0 : jumps ? 0x5b : 0);
                int64_t needed = 3 * height + row.gas + (jumps ? 1 : 0);
                End end = try_at(height, octet, rev, &host, needed, &code);
                enum evmc_status_code good = octet == 0xfe ? EVMC_INVALID_INSTRUCTION : octet == 0xfd ? EVMC_REVERT : EVMC_SUCCESS;
                if (!EQUAL(end.status, good)) fprintf(stderr, "    octet 0x%02x revision %d height %d\n", (unsigned)octet, rev, height);
                if (!EQUAL(end.left, 0)) fprintf(stderr, "    octet 0x%02x revision %d height %d\n", (unsigned)octet, rev, height);
                if (row.gas > 0 && octet != 0xfe) {
                    end = try_at(height, octet, rev, &host, needed - 1, &code);
                    if (!EQUAL(end.status, EVMC_OUT_OF_GAS)) fprintf(stderr, "    octet 0x%02x revision %d height %d\n", (unsigned)octet, rev, height);
                    EQUAL(end.left, 0);
                }
            }
        }
    }
}

static void memory_costs_to_the_edge(void) {
    static Code code;
    Host host = fresh_host();
    for (unsigned bits = 0; bits < 64; bits++) {
        for (int delta = -33; delta <= 33; delta++) {
            uint64_t offset = ((uint64_t)1 << bits) + (uint64_t)(int64_t)delta;
            if (bits < 6 && delta < 0) continue;
            code.size = 0;
            push(&code, 1);
            push(&code, offset);
            emit(&code, 0x53); /* MSTORE8 */
            /* With more than 2^36 words the square alone is above 2^63. */
            uint64_t words = offset / 32 + 1, cost = 9 + 3 * words + words / 512 * words + words % 512 * words / 512;
            if (words > (uint64_t)1 << 36 || cost > INT64_MAX) {
                EQUAL(execute(&host, EVMC_OSAKA, 0, INT64_MAX, &code).status, EVMC_OUT_OF_GAS);
                continue;
            }
            EQUAL(execute(&host, EVMC_OSAKA, 0, (int64_t)cost - 1, &code).status, EVMC_OUT_OF_GAS);
            if (bits <= 20 || (bits == 24 && delta == 0) || offset >= (uint64_t)1 << 32) {
                End end = execute(&host, EVMC_OSAKA, 0, (int64_t)cost, &code);
                EQUAL(end.status, offset >= (uint64_t)1 << 32 ? EVMC_OUT_OF_MEMORY : EVMC_SUCCESS);
                EQUAL(end.left, 0);
            }
        }
    }
}

/* SSTORE: what each of EVMC's statuses costs and gives back, EIP by EIP. */
static void storage_costs(void) {
    static Code code;
    code.size = 0;
    push(&code, 1);
    push(&code, 2);
    emit(&code, 0x55);
    for (int rev = EVMC_FRONTIER; rev <= EVMC_MAX_REVISION; rev++) {
        bool net = rev == EVMC_CONSTANTINOPLE || rev >= EVMC_ISTANBUL;
        int access = rev >= EVMC_BERLIN ? 100 : rev >= EVMC_ISTANBUL ? 800 : 200, reset = rev >= EVMC_BERLIN ? 2900 : 5000;
        int clear = rev >= EVMC_LONDON ? 4800 : 15000;
        const int by_value[9][2] = {{5000, 0}, {20000, 0}, {5000, 15000}, {5000, 0}, {20000, 0}, {5000, 15000}, {20000, 0}, {5000, 15000}, {5000, 0}};
        const int by_net[9][2] = {{access, 0}, {20000, 0}, {reset, clear}, {reset, 0}, {access, -clear}, {access, clear},
                                  {access, reset - access - clear}, {access, 20000 - access}, {access, reset - access}};
        for (int status = 0; status <= 8; status++)
            for (int warm = 0; warm < 2; warm++) {
                Host host = fresh_host();
                host.warm = warm;
                host.store = (enum evmc_storage_status)status;
                const int* rule = net ? by_net[status] : by_value[status];
                int cost = 6 + rule[0] + (rev >= EVMC_BERLIN && !warm ? 2100 : 0);
                End end = execute(&host, (enum evmc_revision)rev, 0, 50000, &code);
                EQUAL(end.status, EVMC_SUCCESS);
                EQUAL(50000 - end.left, cost);
                EQUAL(end.refund, (int64_t)rule[1]);
                EQUAL(host.key[31], 2);
                EQUAL(host.value[31], 1);
                EQUAL(execute(&host, (enum evmc_revision)rev, 0, cost - 1, &code).status, EVMC_OUT_OF_GAS);
            }
        /* EIP-2200: 2300 left is not enough, however little it would cost. */
        Host host = fresh_host();
        EQUAL(execute(&host, (enum evmc_revision)rev, 0, 2306, &code).status, rev >= EVMC_ISTANBUL || !net ? (rev == EVMC_CONSTANTINOPLE ? EVMC_SUCCESS : EVMC_OUT_OF_GAS) : EVMC_SUCCESS);
        EQUAL(execute(&host, (enum evmc_revision)rev, EVMC_STATIC, 50000, &code).status, EVMC_STATIC_MODE_VIOLATION);
    }
}

static void costs_by_fork(void) {
    static Code code;
    for (int rev = EVMC_FRONTIER; rev <= EVMC_MAX_REVISION; rev++) {
        enum evmc_revision r = (enum evmc_revision)rev;
        bool berlin = rev >= EVMC_BERLIN;
        Host host = fresh_host();
        /* EXP, EIP-160 */
        code.size = 0; push(&code, 0x10000); push(&code, 3); emit(&code, 0x0a);
        EQUAL(100000 - execute(&host, r, 0, 100000, &code).left, 6 + 10 + 3 * (rev >= EVMC_SPURIOUS_DRAGON ? 50 : 10));
        /* Cold accounts and storage, EIP-2929 */
        for (int warm = 0; warm < 2; warm++) {
            host.warm = warm;
            code.size = 0; push(&code, 1); emit(&code, 0x31);
            EQUAL(100000 - execute(&host, r, 0, 100000, &code).left, 3 + changed_gas(0x31, rev) + (berlin && !warm ? 2500 : 0));
            code.size = 0; push(&code, 1); emit(&code, 0x54);
            EQUAL(100000 - execute(&host, r, 0, 100000, &code).left, 3 + changed_gas(0x54, rev) + (berlin && !warm ? 2000 : 0));
            /* SELFDESTRUCT, EIP-150, 161, 2929, 3529 */
            for (int exists = 0; exists < 2; exists++)
                for (int balance = 0; balance < 2; balance++) {
                    host.exists = exists; host.balance = (uint64_t)balance;
                    code.size = 0; push(&code, 1); emit(&code, 0xff);
                    End end = execute(&host, r, 0, 100000, &code);
                    bool pays = !exists && rev >= EVMC_TANGERINE_WHISTLE && (balance || rev < EVMC_SPURIOUS_DRAGON);
                    EQUAL(100000 - end.left, 3 + changed_gas(0xff, rev) + (berlin && !warm ? 2600 : 0) + (pays ? 25000 : 0));
                    EQUAL(end.refund, rev >= EVMC_LONDON ? 0 : 24000);
                    /* CALL: value, new account, cold account; the stipend is the called code's, which uses nothing here */
                    for (int value = 0; value < 2; value++) {
                        code.size = 0;
                        for (int i = 0; i < 4; i++) push(&code, 0);
                        push(&code, (uint64_t)value); push(&code, 1); push(&code, 1000); emit(&code, 0xf1);
                        host.gives_gas_back = false; host.answer.status_code = EVMC_SUCCESS; host.answer.gas_left = 0; host.calls = 0;
                        end = execute(&host, r, 0, 100000, &code);
                        bool pays_call = !exists && (value || rev < EVMC_SPURIOUS_DRAGON), calls = balance >= value;
                        int cost = 21 + changed_gas(0xf1, rev) + (value ? 9000 : 0) + (pays_call ? 25000 : 0) + (berlin && !warm ? 2500 : 0);
                        EQUAL(100000 - end.left, cost + (calls ? 1000 : -2300));
                        EQUAL(host.calls, calls ? 1 : 0);
                        if (calls) EQUAL(host.message.gas, value ? 3300 : 1000);
                    }
                }
        }
        /* EIP-150: all but a 64th */
        host = fresh_host();
        code.size = 0;
        for (int i = 0; i < 6; i++) push(&code, 0);
        push_wide(&code, UINT64_MAX, 8);
        emit(&code, 0xf1);
        End end = execute(&host, r, 0, 64000 + 21 + changed_gas(0xf1, rev), &code);
        EQUAL(end.status, rev >= EVMC_TANGERINE_WHISTLE ? EVMC_SUCCESS : EVMC_OUT_OF_GAS);
        if (rev >= EVMC_TANGERINE_WHISTLE) EQUAL(host.message.gas, 63000);
        /* CREATE, EIP-150, 3860; CREATE2 hashes */
        for (int two = 0; two < (rev >= EVMC_CONSTANTINOPLE ? 2 : 1); two++) {
            host = fresh_host();
            code.size = 0;
            if (two) push(&code, 9);
            push(&code, 33); push(&code, 0); push(&code, 0);
            emit(&code, two ? 0xf5 : 0xf0);
            int cost = (two ? 12 : 9) + 32000 + 6 + 2 * ((rev >= EVMC_SHANGHAI ? 2 : 0) + (two ? 6 : 0));
            end = execute(&host, r, 0, 64000 + cost, &code);
            EQUAL(end.left, rev >= EVMC_TANGERINE_WHISTLE ? 1000 : 0);
            EQUAL(host.message.kind, two ? EVMC_CREATE2 : EVMC_CREATE);
            EQUAL(host.message.input_size, 33);
            EQUAL(host.message.create2_salt.bytes[31], two ? 9 : 0);
            code.size = 0;
            if (two) push(&code, 9);
            push(&code, 0xc001); push(&code, 0); push(&code, 0);
            emit(&code, two ? 0xf5 : 0xf0);
            EQUAL(execute(&host, r, 0, 1000000, &code).status, rev >= EVMC_SHANGHAI ? EVMC_OUT_OF_GAS : EVMC_SUCCESS);
        }
        /* EIP-7702 */
        static const uint8_t designator[23] = {0xef, 0x01, 0x00, 0xab};
        host = fresh_host();
        host.code = designator;
        host.code_size = sizeof designator;
        code.size = 0;
        for (int i = 0; i < 6; i++) push(&code, 0);
        push(&code, 0);
        emit(&code, 0xf1);
        end = execute(&host, r, 0, 100000, &code);
        EQUAL(100000 - end.left, 21 + changed_gas(0xf1, rev) + (rev >= EVMC_PRAGUE ? 100 : 0));
        EQUAL(host.message.flags & EVMC_DELEGATED, rev >= EVMC_PRAGUE ? EVMC_DELEGATED : 0);
        EQUAL(host.message.code_address.bytes[0], rev >= EVMC_PRAGUE ? 0xab : 0);
        EQUAL(host.message.recipient.bytes[0], 0);
    }
}

/* Gas that runs out, a stack that overflows and an instruction that does not exist, at every point of a block: the fault that comes
 * first counts, and what comes before it has happened. */
static void the_first_fault_counts(void) {
    static Code code;
    Host host = fresh_host();
    code.size = 0;
    push(&code, 1); push(&code, 0); emit(&code, 0x52);                        /* MSTORE: 3 + 3 + 6 */
    push(&code, 32); push(&code, 0); emit(&code, 0xa0);                       /* LOG0: 3 + 3 + 375 + 256 */
    push(&code, 0); push(&code, 64); emit(&code, 0x52);                       /* MSTORE: 3 + 3 + 9 */
    push(&code, 0x20); push(&code, 0x60); emit(&code, 0x20); emit(&code, 0x50); /* KECCAK256: 3 + 3 + 30 + 6 + 3, POP 2 */
    push(&code, 0x100); push(&code, 2); emit(&code, 0x0a);                    /* EXP: 3 + 3 + 10 + 100 */
    emit(&code, 0x0c);
    const int total = 12 + 637 + 15 + 47 + 116;
    for (int gas = 0; gas <= total + 2; gas++) {
        host.log_size = 0;
        End end = execute(&host, EVMC_OSAKA, 0, gas, &code);
        EQUAL(end.status, gas >= total ? EVMC_UNDEFINED_INSTRUCTION : EVMC_OUT_OF_GAS);
        EQUAL(host.log_size, gas >= 12 + 637 ? 32 : 0);
    }
}

int main(void) {
    open_instances();
    RUN(every_octet_at_every_fork);
    RUN(memory_costs_to_the_edge);
    RUN(storage_costs);
    RUN(costs_by_fork);
    RUN(the_first_fault_counts);
    close_instances();
    return finish(__FILE__);
}
