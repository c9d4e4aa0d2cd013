/* EVMC's functions: what a loader checks, wrong arguments, options, traces, calls 1024 deep, the cache of analysed code. */
#include <malloc.h>

#include <pthread.h>

#include "evm.h"

static struct evmc_result run(struct evmc_vm* vm, Host* host, int rev, const struct evmc_message* message, const uint8_t* code, size_t size) {
    return vm->execute(vm, &host_functions, host, (enum evmc_revision)rev, message, code, size);
}

/* What evmc-vmtester of EVMC 12 asks for. */
static void conformance(void) {
    struct evmc_vm* vms[3];
    vms[0] = evmc_create_duet(); vms[1] = evmc_create_pvm(); vms[2] = evmc_create();
    for (int i = 0; i < 3; i++) {
        struct evmc_vm* vm = vms[i];
        NEED(vm != NULL);
        EQUAL(vm->abi_version, EVMC_ABI_VERSION);
        STRING(vm->name, "duet");
        CHECK(vm->version != NULL && vm->version[0] != 0);
        CHECK(vm->destroy != NULL && vm->execute != NULL && vm->get_capabilities != NULL && vm->set_option != NULL);
        EQUAL(vm->get_capabilities(vm), EVMC_CAPABILITY_EVM1);
        for (int kind = 0; kind < 2; kind++) {
            const uint8_t code[2] = {0xfe, 0x00};
            Host host = fresh_host();
            struct evmc_message message;
            memset(&message, 0, sizeof message);
            message.kind = kind ? EVMC_CREATE : EVMC_CALL;
            message.gas = kind ? 65536 : 0;
            struct evmc_result r = run(vm, &host, EVMC_MAX_REVISION, &message, code, sizeof code);
            EQUAL(r.status_code, EVMC_INVALID_INSTRUCTION);
            EQUAL(r.gas_left, 0);
            CHECK(r.output_data == NULL && r.output_size == 0);
            for (int k = 0; k < 20; k++) EQUAL(r.create_address.bytes[k], 0);
            if (r.release != NULL) r.release(&r);
        }
        EQUAL(vm->set_option(vm, "unknown_option", "v"), EVMC_SET_OPTION_INVALID_NAME);
        EQUAL(vm->set_option(vm, "unknown_option", NULL), EVMC_SET_OPTION_INVALID_NAME);
        vm->destroy(vm);
    }
}

static void options(void) {
    struct evmc_vm* vm = evmc_create();
    const struct { const char *name, *value; enum evmc_set_option_result result; } cases[] = {
        {"mode", "interpreter", EVMC_SET_OPTION_SUCCESS}, {"mode", "auto", EVMC_SET_OPTION_SUCCESS}, {"mode", "", EVMC_SET_OPTION_INVALID_VALUE},
        {"mode", "interpreter ", EVMC_SET_OPTION_INVALID_VALUE}, {"mode", NULL, EVMC_SET_OPTION_INVALID_VALUE}, {NULL, "x", EVMC_SET_OPTION_INVALID_NAME},
        {"enable_gas_metering", "true", EVMC_SET_OPTION_SUCCESS}, {"enable_gas_metering", "yes", EVMC_SET_OPTION_INVALID_VALUE},
        {"trace", "false", EVMC_SET_OPTION_SUCCESS}, {"trace", "1", EVMC_SET_OPTION_INVALID_VALUE}, {"trace", NULL, EVMC_SET_OPTION_INVALID_VALUE},
        {"analyse_after", "0", EVMC_SET_OPTION_SUCCESS}, {"analyse_after", "4", EVMC_SET_OPTION_SUCCESS}, {"analyse_after", "often", EVMC_SET_OPTION_INVALID_VALUE},
        {"analyse_after", NULL, EVMC_SET_OPTION_INVALID_VALUE},
        {"cache_bytes", "67108864", EVMC_SET_OPTION_SUCCESS}, {"cache_bytes", "", EVMC_SET_OPTION_INVALID_VALUE}, {"cache_bytes", "-1", EVMC_SET_OPTION_INVALID_VALUE},
        {"cache_bytes", "99999999999999999999", EVMC_SET_OPTION_INVALID_VALUE}, {"cache_bytes", "1k", EVMC_SET_OPTION_INVALID_VALUE},
        {"cache_after", "8", EVMC_SET_OPTION_SUCCESS}, {"cache_after", "1001", EVMC_SET_OPTION_INVALID_VALUE}, {"cache_after", "x", EVMC_SET_OPTION_INVALID_VALUE},
        {"cache_after", "0", EVMC_SET_OPTION_SUCCESS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) EQUAL(vm->set_option(vm, cases[i].name, cases[i].value), cases[i].result);
    EQUAL(vm->set_option(NULL, "mode", "auto"), EVMC_SET_OPTION_INVALID_NAME);
    vm->destroy(vm);
    struct evmc_vm* other = (struct evmc_vm*)calloc(1, sizeof *other);
    CHECK(!duet_evm_set_trace(NULL, ignore_line, NULL));
    CHECK(!duet_evm_set_trace(other, ignore_line, NULL));
    free(other);
}

static void wrong_arguments(void) {
    const uint8_t code[1] = {0};
    Host host = fresh_host();
    struct evmc_message good, message;
    memset(&good, 0, sizeof good);
    struct evmc_vm* vm = quick;
    EQUAL(run(vm, &host, EVMC_OSAKA, &good, code, 1).status_code, EVMC_SUCCESS);
    EQUAL(run(vm, &host, EVMC_OSAKA, &good, NULL, 0).status_code, EVMC_SUCCESS);
    EQUAL(run(vm, NULL, EVMC_OSAKA, &good, code, 1).status_code, EVMC_SUCCESS); /* the context may be NULL */
    EQUAL(vm->execute(NULL, &host_functions, &host, EVMC_OSAKA, &good, code, 1).status_code, EVMC_REJECTED);
    EQUAL(vm->execute(vm, NULL, &host, EVMC_OSAKA, &good, code, 1).status_code, EVMC_REJECTED);
    EQUAL(run(vm, &host, EVMC_OSAKA, NULL, code, 1).status_code, EVMC_REJECTED);
    EQUAL(run(vm, &host, EVMC_OSAKA, &good, NULL, 1).status_code, EVMC_REJECTED);
    EQUAL(run(vm, &host, EVMC_MAX_REVISION + 1, &good, code, 1).status_code, EVMC_REJECTED);
    EQUAL(run(vm, &host, 0x7fffffff, &good, code, 1).status_code, EVMC_REJECTED);
    message = good; message.gas = -1; EQUAL(run(vm, &host, EVMC_OSAKA, &message, code, 1).status_code, EVMC_REJECTED);
    message = good; message.depth = -1; EQUAL(run(vm, &host, EVMC_OSAKA, &message, code, 1).status_code, EVMC_REJECTED);
    message = good; message.depth = 1025; EQUAL(run(vm, &host, EVMC_OSAKA, &message, code, 1).status_code, EVMC_REJECTED);
    message = good; message.input_size = 1; EQUAL(run(vm, &host, EVMC_OSAKA, &message, code, 1).status_code, EVMC_REJECTED);
    EQUAL(run(vm, &host, EVMC_OSAKA, &good, code, SIZE_MAX).status_code, EVMC_OUT_OF_MEMORY);
    EQUAL(run(vm, &host, EVMC_OSAKA, &good, code, (size_t)1 << 40).status_code, EVMC_OUT_OF_MEMORY);
    /* Each function of the host by itself. */
    for (size_t i = 0; i < sizeof host_functions / sizeof(void (*)(void)); i++) {
        struct evmc_host_interface functions = host_functions;
        memset((unsigned char*)&functions + i * sizeof(void (*)(void)), 0, sizeof(void (*)(void)));
        EQUAL(vm->execute(vm, &functions, &host, EVMC_OSAKA, &good, code, 1).status_code, EVMC_REJECTED);
    }
}

static unsigned released;
static void count_release(const struct evmc_result* result) { (void)result; released++; }

/* What a host's answer to a call may be. */
static void answers_of_the_host(void) {
    static Code code;
    code.size = 0;
    for (int i = 0; i < 6; i++) push(&code, 0);
    push(&code, 1000);
    emit(&code, 0xf1);
    push(&code, 0); emit(&code, 0x52); emit(&code, 0x3d); push(&code, 32); emit(&code, 0x52); push(&code, 64); push(&code, 0); emit(&code, 0xf3);
    const uint8_t data[3] = {1, 2, 3};
    const struct { int status; int64_t gas, refund; const uint8_t* data; size_t size; int end, success; unsigned returned; } cases[] = {
        {EVMC_SUCCESS, 1000, 7, data, 3, EVMC_SUCCESS, 1, 3}, {EVMC_REVERT, 1000, 0, data, 3, EVMC_SUCCESS, 0, 3}, {EVMC_OUT_OF_GAS, 0, 0, NULL, 0, EVMC_SUCCESS, 0, 0},
        {EVMC_SUCCESS, 1001, 0, NULL, 0, EVMC_INTERNAL_ERROR, 0, 0}, {EVMC_SUCCESS, -1, 0, NULL, 0, EVMC_INTERNAL_ERROR, 0, 0},
        {EVMC_SUCCESS, 0, 0, NULL, 99, EVMC_SUCCESS, 1, 0}, {EVMC_INTERNAL_ERROR, 0, 0, NULL, 0, EVMC_INTERNAL_ERROR, 0, 0},
        {EVMC_OUT_OF_MEMORY, 0, 0, NULL, 0, EVMC_OUT_OF_MEMORY, 0, 0}, {EVMC_REJECTED, 0, 0, NULL, 0, EVMC_REJECTED, 0, 0}, {12345, 0, 0, NULL, 0, EVMC_SUCCESS, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Host host = fresh_host();
        host.answer.status_code = (enum evmc_status_code)cases[i].status;
        host.answer.gas_left = cases[i].gas;
        host.answer.gas_refund = cases[i].refund;
        host.answer.output_data = cases[i].data;
        host.answer.output_size = cases[i].size;
        host.answer.release = count_release;
        released = 0;
        End end = execute(&host, EVMC_OSAKA, 0, 100000, &code);
        EQUAL(end.status, cases[i].end);
        EQUAL(released, 3); /* once at each pace */
        if (end.status != EVMC_SUCCESS) continue;
        EQUAL(end.output[31], cases[i].success);
        EQUAL(end.output[63], cases[i].returned);
        EQUAL(end.refund, cases[i].refund);
    }
}

static void jumps(void) {
    static Code code;
    Host host = fresh_host();
    /* Destinations known before, and not: good, in push data, no JUMPDEST, behind the end. Also as the last octet. */
    for (int condition = 0; condition < 3; condition++) /* none, false, true */
        for (unsigned target = 0; target < 24; target++)
            for (int hidden = 0; hidden < 2; hidden++) {
                code.size = 0;
                if (condition) push(&code, condition == 2);
                if (hidden) { push(&code, 0); push_wide(&code, target, 2); emit(&code, 0x01); } else push_wide(&code, target, 2);
                emit(&code, condition ? 0x57 : 0x56);
                while (code.size < 12) emit(&code, 0x00);
                emit(&code, 0x5b);                    /* 12 */
                emit(&code, 0x61); emit(&code, 0x5b); emit(&code, 0x5b); /* 13: PUSH2 of two octets that are no destinations */
                emit(&code, 0x50);
                emit(&code, 0x5b);                    /* 17 */
                emit(&code, 0x00);
                emit(&code, 0x5b);                    /* 19, the last */
                bool good = target == 12 || target == 17 || target == 19;
                EQUAL(execute(&host, EVMC_OSAKA, 0, 1000, &code).status, condition == 1 || good ? EVMC_SUCCESS : EVMC_BAD_JUMP_DESTINATION);
            }
    /* A number that is right only in its lowest octets. */
    code.size = 0;
    emit(&code, 0x7f); for (int i = 0; i < 31; i++) emit(&code, i == 0 || i == 22 ? 1 : 0); emit(&code, 34);
    emit(&code, 0x56); emit(&code, 0x5b);
    EQUAL(execute(&host, EVMC_OSAKA, 0, 1000, &code).status, EVMC_BAD_JUMP_DESTINATION);
    /* A loop over more JUMPDESTs than a block has room for, met from above and from inside. */
    code.size = 0;
    push(&code, 5);
    for (int i = 0; i < 100; i++) emit(&code, 0x5b);
    push(&code, 1); emit(&code, 0x90); emit(&code, 0x03); emit(&code, 0x80); push_wide(&code, 60, 2); emit(&code, 0x57);
    EQUAL(1000 - execute(&host, EVMC_OSAKA, 0, 1000, &code).left, 3 + 100 + 4 * 42 + 5 * (3 + 3 + 3 + 3 + 3 + 10));
}

/* EIP-8024's examples, with the immediates of its present text. */
static void far_reaching(void) {
    static Code code;
    Host host = fresh_host();
    for (int n = 17; n <= 235; n++)
        for (int short_by = 0; short_by < 2; short_by++)
            for (int op = 0xe6; op <= 0xe7; op++) {
                int height = n + (op == 0xe7) - short_by;
                code.size = 0;
                for (int i = 0; i < height; i++) push(&code, (uint64_t)(height - i));
                emit(&code, (unsigned)op); emit(&code, (unsigned)(n + 111) & 0xff);
                push(&code, 0); emit(&code, 0x52); push(&code, 32); push(&code, 0); emit(&code, 0xf3);
                End end = execute(&host, EVMC_EXPERIMENTAL, 0, 10000, &code);
                EQUAL(end.status, short_by ? EVMC_STACK_UNDERFLOW : EVMC_SUCCESS);
                if (!short_by) EQUAL(end.output[31], op == 0xe6 ? n : n + 1);
            }
    for (int immediate = 0x52; immediate <= 0x7f; immediate++) {
        code.size = 0;
        for (int i = 0; i < 300; i++) push(&code, 0);
        emit(&code, 0xe8); emit(&code, (unsigned)immediate);
        EQUAL(execute(&host, EVMC_EXPERIMENTAL, 0, 10000, &code).status, EVMC_UNDEFINED_INSTRUCTION);
        code.octets[code.size - 2] = 0xe6;
        EQUAL(execute(&host, EVMC_EXPERIMENTAL, 0, 10000, &code).status, immediate >= 0x5b ? EVMC_UNDEFINED_INSTRUCTION : EVMC_SUCCESS);
    }
}

/* What follows DUPN, SWAPN or EXCHANGE and is not allowed as their operand is an instruction of its own, and so is what follows that. The same from
 * the cache, where code is from the second time on. */
static void no_operands(void) {
    static const struct { const char* octets; size_t size; enum evmc_status_code status; unsigned result; } cases[] = {
        /* PUSH 1, 2, 3, JUMPI into DUPN 0x5b; JUMPDEST there, PUSH1 9 DUP3 */
        {"\x60\x01\x60\x02\x60\x03\x60\x01\x61\x00\x0d\x57\xe6\x5b\x60\x09\x82\x5f\x52\x60\x20\x5f\xf3", 23, EVMC_SUCCESS, 2},
        /* the same with DUP3 ADD; DUP1 DUP3; SWAP2 POP */
        {"\x60\x01\x60\x02\x60\x03\x60\x01\x61\x00\x0d\x57\xe6\x5b\x82\x01\x5f\x52\x60\x20\x5f\xf3", 22, EVMC_SUCCESS, 4},
        {"\x60\x01\x60\x02\x60\x03\x60\x01\x61\x00\x0d\x57\xe7\x5b\x80\x82\x5f\x52\x60\x20\x5f\xf3", 22, EVMC_SUCCESS, 2},
        {"\x60\x01\x60\x02\x60\x03\x60\x01\x61\x00\x0d\x57\xe8\x5b\x91\x50\x50\x5f\x52\x60\x20\x5f\xf3", 23, EVMC_SUCCESS, 3},
        /* a jump to the data of the PUSH1 behind a JUMPDEST and DUPN */
        {"\x61\x00\x09\x5f\x01\x56\x5b\xe6\x60\x5b\x60\x2a\x5f\x52\x60\x20\x5f\xf3", 18, EVMC_BAD_JUMP_DESTINATION, 0},
    };
    static Code code;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int turn = 0; turn < 4; turn++) {
            code.size = 0;
            for (size_t place = 0; place < 300; place++) emit(&code, place < cases[i].size ? (uint8_t)cases[i].octets[place] : 0);
            Host host = fresh_host();
            End end = execute(&host, EVMC_EXPERIMENTAL, 0, 10000, &code);
            EQUAL(end.status, cases[i].status);
            if (end.status == EVMC_SUCCESS) EQUAL(end.output[31], cases[i].result);
        }
}

/* Ends of functions, those that are executed as one step and those that only look like them: PUSH1, DUPn, SWAPn, POP or nothing, then up to two SWAPs,
 * some POPs and JUMP. Each word is the offset of another JUMPDEST of a row, so that the gas tells which one it was, and two words are returned. */
static void function_ends(void) {
    enum { PADS = 200, FIRST_PAD = 100 };
    static Code code;
    for (int dup = 0; dup <= 3; dup++)
        for (int copied = dup > 0; copied <= (dup > 0 ? 3 : 0); copied++)
            for (int first = 0; first <= 4; first++)
                for (int second = 0; second <= (first > 0 ? 4 : 0); second++)
                    for (int pops = 0; pops <= 3; pops++) {
                        code.size = 0;
                        for (unsigned word = 0; word < 10; word++) push(&code, FIRST_PAD + 7 * word);
                        if (dup > 0) { push(&code, FIRST_PAD + 77); emit(&code, 0x7fu + (unsigned)dup); emit(&code, 0x8fu + (unsigned)copied); emit(&code, 0x50); }
                        if (first > 0) emit(&code, 0x8fu + (unsigned)first);
                        if (second > 0) emit(&code, 0x8fu + (unsigned)second);
                        for (int i = 0; i < pops; i++) emit(&code, 0x50);
                        emit(&code, 0x56);
                        while (code.size < FIRST_PAD) emit(&code, 0);
                        while (code.size < PADS) emit(&code, 0x5b);
                        emit(&code, 0x5f); emit(&code, 0x52); push(&code, 32); emit(&code, 0x52);
                        push(&code, 64); emit(&code, 0x5f); emit(&code, 0xf3);
                        Host host = fresh_host();
                        End end = execute(&host, EVMC_OSAKA, 0, 10000, &code);
                        EQUAL(end.status, EVMC_SUCCESS);
                        CHECK(end.output[31] >= FIRST_PAD && end.output[63] >= FIRST_PAD);
                    }
}

typedef struct { unsigned lines; char first[400], last[400]; } Lines;
static void keep_line(void* context, const char* line, size_t length) {
    Lines* lines = (Lines*)context;
    char* place = lines->lines++ == 0 ? lines->first : lines->last;
    snprintf(place, 400, "%.*s", (int)length, line);
}

static void traces(void) {
    static Code code;
    Host host = fresh_host();
    Lines lines;
    memset(&lines, 0, sizeof lines);
    struct evmc_vm* vm = evmc_create();
    CHECK(duet_evm_set_trace(vm, keep_line, &lines));
    code.size = 0;
    push(&code, 0x1ff); push(&code, 0); emit(&code, 0x52);
    EQUAL(execute_on(vm, &host, EVMC_OSAKA, 0, 100, &code).status, EVMC_SUCCESS);
    EQUAL(lines.lines, 5);
    STRING(lines.first, "{\"pc\":0,\"op\":97,\"gas\":\"0x64\",\"memSize\":0,\"stack\":[],\"depth\":1,\"returnData\":\"0x\",\"opName\":\"PUSH2\",\"refund\":0,\"gasCost\":\"0x3\"}");
    STRING(lines.last, "{\"output\":\"\",\"gasUsed\":\"0xc\"}");
    memset(&lines, 0, sizeof lines);
    EQUAL(execute_on(vm, &host, EVMC_OSAKA, 0, 11, &code).status, EVMC_OUT_OF_GAS);
    EQUAL(lines.lines, 4);
    STRING(lines.last, "{\"output\":\"\",\"gasUsed\":\"0xb\",\"error\":\"out of gas\"}");
    CHECK(duet_evm_set_trace(vm, NULL, NULL));
    EQUAL(execute_on(vm, &host, EVMC_OSAKA, 0, 100, &code).status, EVMC_SUCCESS);
    EQUAL(lines.lines, 4);
    vm->destroy(vm);
}

static void without_gas(void) {
    static Code code;
    Host host = fresh_host();
    struct evmc_vm* vm = evmc_create();
    EQUAL(vm->set_option(vm, "enable_gas_metering", "false"), EVMC_SET_OPTION_SUCCESS);
    code.size = 0;
    for (int i = 0; i < 100; i++) { push(&code, 1); emit(&code, 0x50); }
    End end = execute_on(vm, &host, EVMC_OSAKA, 0, 5, &code);
    EQUAL(end.status, EVMC_SUCCESS);
    EQUAL(end.left, 5);
    vm->destroy(vm);
}

static void call_deep(struct evmc_vm* vm, unsigned calls) {
    /* Calls itself with all its gas; at the bottom the depth fails the call. */
    static const uint8_t code[] = {0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x30, 0x5a, 0xf1, 0x50, 0x60, 0x20, 0x60, 0x00, 0x52, 0x00};
    Host host = fresh_host();
    host.vm = vm;
    host.own_code = code;
    host.own_size = sizeof code;
    struct evmc_message message;
    memset(&message, 0, sizeof message);
    message.gas = INT64_MAX / 2;
    struct evmc_result r = run(vm, &host, EVMC_OSAKA, &message, code, sizeof code);
    EQUAL(r.status_code, EVMC_SUCCESS);
    EQUAL(host.calls, calls);
    EQUAL(host.message.depth, 1024);
}

static void* deep(void* unused) {
    (void)unused;
    struct evmc_vm* vm = evmc_create();
    for (int i = 0; i < 3; i++) call_deep(vm, 1024);
    vm->destroy(vm);
    return NULL;
}

static void calls_to_the_limit(void) { run_on_small_stack(deep); }

/* Code that is long enough for the cache: its bodies differ in one number, which it returns. */
static void body(Code* code, unsigned number, unsigned padding) {
    code->size = 0;
    push_wide(code, number, 2); push(code, 0); emit(code, 0x52); push(code, 32); push(code, 0); emit(code, 0xf3);
    while (code->size < padding) emit(code, 0x5b);
}

static void* worker(void* seed) {
    struct evmc_vm* vm = evmc_create();
    Code* code = (Code*)malloc(sizeof *code);
    Host host = fresh_host();
    unsigned state = (unsigned)(uintptr_t)seed;
    uintptr_t wrong = 0;
    for (int i = 0; i < 4000; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned number = state >> 16 & 63;
        body(code, number, 600 + number % 7 * 3000);
        End end = execute_on(vm, &host, i % 3 ? EVMC_OSAKA : EVMC_LONDON, 0, 10000, code);
        wrong += end.status != EVMC_SUCCESS || end.output[31] != number;
        if (i % 500 == 499) vm->set_option(vm, "cache_bytes", i % 1000 == 999 ? "67108864" : "400000");
    }
    free(code);
    vm->destroy(vm);
    return (void*)wrong;
}

static void cached_code(void) {
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++) NEED(pthread_create(&threads[i], NULL, worker, (void*)(i + 1)) == 0);
    for (int i = 0; i < 4; i++) {
        void* wrong;
        pthread_join(threads[i], &wrong);
        EQUAL((uintptr_t)wrong, 0);
    }
    /* The fork counts, and so does an octet that the code gets later in the same place. */
    static Code code;
    Host host = fresh_host();
    for (int round = 0; round < 4; round++) {
        body(&code, 1, 1000);
        code.octets[0] = 0x5f; code.octets[1] = 0x5f; code.octets[2] = 0x50; /* PUSH0 PUSH0 POP */
        EQUAL(execute(&host, EVMC_SHANGHAI, 0, 10000, &code).status, EVMC_SUCCESS);
        EQUAL(execute(&host, EVMC_PARIS, 0, 10000, &code).status, EVMC_UNDEFINED_INSTRUCTION);
        code.octets[2] = 0xfe;
        EQUAL(execute(&host, EVMC_SHANGHAI, 0, 10000, &code).status, EVMC_INVALID_INSTRUCTION);
    }
    /* Empty the cache, so that nothing is left at the end. */
    EQUAL(quick->set_option(quick, "cache_bytes", "0"), EVMC_SET_OPTION_SUCCESS);
    EQUAL(execute(&host, EVMC_SHANGHAI, 0, 10000, &code).status, EVMC_INVALID_INSTRUCTION);
}

static size_t heap(void) {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Code comes into the cache for what it has done, not for how often it was met: its image is seen in the heap. */
static void what_the_cache_takes_in(void) {
    enum { LONG = 24576, COUNT = 60, CHAIN = 2000 };
    static uint8_t codes[COUNT][LONG], chain[CHAIN];
    struct evmc_vm* vm = evmc_create_duet();
    Host host = fresh_host();
    struct evmc_message message;
    memset(&message, 0, sizeof message);
    message.gas = 100000;
    EQUAL(vm->set_option(vm, "cache_bytes", "0"), EVMC_SET_OPTION_SUCCESS);
    EQUAL(vm->set_option(vm, "cache_after", "8"), EVMC_SET_OPTION_SUCCESS);
    EQUAL(vm->set_option(vm, "cache_bytes", "67108864"), EVMC_SET_OPTION_SUCCESS);
    /* Short executions of long codes, again and again: STOP, and JUMPDESTs that nobody comes to. */
    for (unsigned i = 0; i < COUNT; i++) {
        memset(codes[i], 0x5b, LONG);
        codes[i][0] = 0;
        for (unsigned at = 8; at + 8 < LONG; at += 8) codes[i][at] = (uint8_t)i;
    }
    EQUAL(run(vm, &host, EVMC_OSAKA, &message, codes[0], LONG).status_code, EVMC_SUCCESS);
    const size_t before = heap();
    for (int round = 0; round < 20; round++)
        for (unsigned i = 0; i < COUNT; i++) EQUAL(run(vm, &host, EVMC_OSAKA, &message, codes[i], LONG).status_code, EVMC_SUCCESS);
    CHECK(heap() < before + LONG);
    /* JUMPDEST PUSH2 JUMP from one to the next: 399 jumps, and then a STOP. */
    for (unsigned at = 0; at < CHAIN; at += 5) {
        const unsigned next = at + 5;
        const uint8_t link[5] = {0x5b, 0x61, (uint8_t)(next >> 8), (uint8_t)next, 0x56};
        memcpy(chain + at, link, 5);
    }
    chain[CHAIN - 4] = 0;
    for (int i = 0; i < 10; i++) EQUAL(run(vm, &host, EVMC_OSAKA, &message, chain, CHAIN).status_code, EVMC_SUCCESS);
    CHECK(heap() < before + 8 * CHAIN);
    for (int i = 0; i < 3000; i++) EQUAL(run(vm, &host, EVMC_OSAKA, &message, chain, CHAIN).status_code, EVMC_SUCCESS);
    CHECK(heap() >= before + 8 * CHAIN || heap() == 0); /* 0: something else stands in for the heap */
    /* Once it is out it has everything to do again. */
    EQUAL(vm->set_option(vm, "cache_bytes", "0"), EVMC_SET_OPTION_SUCCESS);
    EQUAL(vm->set_option(vm, "cache_bytes", "67108864"), EVMC_SET_OPTION_SUCCESS);
    for (int i = 0; i < 10; i++) EQUAL(run(vm, &host, EVMC_OSAKA, &message, chain, CHAIN).status_code, EVMC_SUCCESS);
    CHECK(heap() < before + 8 * CHAIN);
    EQUAL(vm->set_option(vm, "cache_after", "0"), EVMC_SET_OPTION_SUCCESS);
    vm->destroy(vm);
}

int main(void) {
    open_instances();
    RUN(conformance);
    RUN(options);
    RUN(wrong_arguments);
    RUN(answers_of_the_host);
    RUN(jumps);
    RUN(far_reaching);
    RUN(no_operands);
    RUN(function_ends);
    RUN(traces);
    RUN(without_gas);
    RUN(calls_to_the_limit);
    RUN(cached_code);
    RUN(what_the_cache_takes_in);
    close_instances();
    return finish(__FILE__);
}
