/* Traces of the EVM in batches: what is accepted, that records say what the lines of EIP-3155 say, filters, memory. */
#include "evm.h"

enum { WORDS = 3, RECORDS = 60000, MAX_RECORD = DUET_EVM_RECORD_SIZE + 32 * DUET_MAX_STACK_WORDS };

/* ---- What a run says ---- */

typedef struct {
    uint8_t* octets; /* records one after the other */
    size_t record_size, count, batches, largest;
} Stream;

static void keep_batch(void* context, const void* records, size_t count) {
    Stream* stream = (Stream*)context;
    CHECK(count > 0);
    NEED(stream->count + count <= RECORDS);
    memcpy(stream->octets + stream->count * stream->record_size, records, count * stream->record_size);
    stream->count += count;
    stream->batches++;
    if (count > stream->largest) stream->largest = count;
}

static Stream new_stream(unsigned words) {
    Stream stream;
    memset(&stream, 0, sizeof stream);
    stream.record_size = DUET_EVM_RECORD_SIZE + 32 * words;
    stream.octets = (uint8_t*)malloc(RECORDS * stream.record_size);
    NEED(stream.octets != NULL);
    return stream;
}

static duet_evm_record_t record_at(const Stream* stream, size_t index) {
    duet_evm_record_t record;
    memcpy(&record, stream->octets + index * stream->record_size, sizeof record);
    return record;
}

static const uint8_t* words_at(const Stream* stream, size_t index) { return stream->octets + index * stream->record_size + DUET_EVM_RECORD_SIZE; }

typedef struct {
    uint64_t pc, opcode, memory_size, depth, height;
    int64_t gas, cost, refund;
    uint8_t words[WORDS][32];
    char error[32];
} Line;
typedef struct { Line* lines; size_t count; } Lines;

static const char* after(const char* text, const char* key) {
    const char* place = strstr(text, key);
    NEED(place != NULL);
    return place + strlen(key);
}

static int64_t hex_number(const char* text) {
    int negative = *text == '-';
    uint64_t value = strtoull(text + negative, NULL, 16);
    return negative ? -(int64_t)value : (int64_t)value;
}

static uint8_t nibble(char digit) { return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

/* The digits between two quotes, behind 0x, as a word. */
static void hex_word(const char* first, const char* end, uint8_t* word) {
    memset(word, 0, 32);
    for (int place = 63; end > first && place >= 0; place--) {
        end--;
        word[place / 2] |= (uint8_t)(nibble(*end) << (place % 2 ? 0 : 4));
    }
}

static void keep_line(void* context, const char* text, size_t length) {
    static char line[100000];
    Lines* lines = (Lines*)context;
    NEED(length < sizeof line && lines->count < RECORDS);
    memcpy(line, text, length);
    line[length] = 0;
    if (strncmp(line, "{\"pc\":", 6) != 0) return; /* the summary */
    Line* kept = &lines->lines[lines->count++];
    memset(kept, 0, sizeof *kept);
    kept->pc = strtoull(line + 6, NULL, 10);
    kept->opcode = strtoull(after(line, "\"op\":"), NULL, 10);
    kept->gas = hex_number(after(line, "\"gas\":\""));
    kept->memory_size = strtoull(after(line, "\"memSize\":"), NULL, 10);
    const char* place = after(line, "\"stack\":[");
    const char* end = strchr(place, ']');
    for (const char* at = place; at < end; at++) kept->height += *at == 'x';
    for (int i = 0; i < WORDS && end > place; i++) {
        const char* last = end - 1; /* the closing quote */
        const char* first = last - 1;
        while (*first != '"') first--;
        hex_word(first + 3, last, kept->words[i]);
        end = first > place ? first - 1 : place;
    }
    kept->depth = strtoull(after(line, "\"depth\":"), NULL, 10) - 1;
    kept->refund = strtoll(after(line, "\"refund\":"), NULL, 10);
    kept->cost = hex_number(after(line, "\"gasCost\":\""));
    const char* error = strstr(line, "\"error\":\"");
    if (error != NULL) sscanf(error + 9, "%31[^\"]", kept->error);
}

static const char* status_name(int32_t status) {
    switch (status) {
        case EVMC_SUCCESS: return "";
        case EVMC_OUT_OF_GAS: return "out of gas";
        case EVMC_INVALID_INSTRUCTION: return "invalid instruction";
        case EVMC_UNDEFINED_INSTRUCTION: return "undefined instruction";
        case EVMC_STACK_OVERFLOW: return "stack overflow";
        case EVMC_STACK_UNDERFLOW: return "stack underflow";
        case EVMC_BAD_JUMP_DESTINATION: return "bad jump destination";
        case EVMC_INVALID_MEMORY_ACCESS: return "invalid memory access";
        case EVMC_STATIC_MODE_VIOLATION: return "static mode violation";
        case EVMC_INTERNAL_ERROR: return "internal error";
        default: return "?";
    }
}

/* ---- Programs ---- */

static uint64_t random_state = 1;
static uint32_t random_number(uint32_t below) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % below;
}

/* Instructions at random, mostly with operands that make sense, in a loop now and then. */
static void random_code(Code* code) {
    static const uint8_t plain[] = {0x01, 0x02, 0x03, 0x04, 0x06, 0x08, 0x0b, 0x10, 0x11, 0x14, 0x15, 0x16, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x30,
                                    0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x46, 0x47, 0x50, 0x58, 0x59, 0x5a, 0x5b, 0x5f};
    static const uint8_t copies[] = {0x37, 0x39, 0x3e, 0x5e};
    static const uint8_t calls[] = {0xf1, 0xf2, 0xf4, 0xfa};
    code->size = 0;
    const uint32_t length = 5 + random_number(60);
    /* Called by itself, it may give something back at once. */
    if (random_number(3) == 0) {
        emit(code, 0x36); push(code, 20); emit(code, 0x10); emit(code, 0x15); /* ISZERO(20 < CALLDATASIZE) */
        push(code, code->size + 15); emit(code, 0x57);
        push(code, 0xabcdef); push(code, 3); emit(code, 0x52);
        push(code, 50); push(code, 1); emit(code, 0xf3); emit(code, 0x5b);
    }
    for (uint32_t i = 0; i < length; i++) {
        switch (random_number(24)) {
            case 0: push(code, random_number(200)); push(code, random_number(300)); emit(code, 0x52 + random_number(2)); break;
            case 1: push(code, random_number(300)); emit(code, 0x51); break;
            case 2: push(code, random_number(100)); push(code, random_number(80)); push(code, random_number(300)); emit(code, copies[random_number(4)]); break;
            case 3: push(code, random_number(70)); push(code, random_number(300)); push(code, 7); push(code, random_number(300)); emit(code, 0x30); emit(code, 0x3c); break;
            case 4: push(code, random_number(3)); emit(code, 0x54 + random_number(2)); break;
            case 5: push(code, random_number(70)); push(code, random_number(70)); emit(code, 0x20); break;
            case 6: push(code, random_number(70)); push(code, random_number(70)); emit(code, 0xa0 + random_number(3)); break;
            case 7:
                push(code, random_number(90)); push(code, random_number(200)); push(code, random_number(90)); push(code, random_number(200));
                push(code, 0); emit(code, 0x30); push(code, random_number(20000)); emit(code, calls[random_number(4)]);
                break;
            case 8: push(code, random_number(40)); push(code, random_number(40)); push(code, 0); emit(code, 0xf0 + 5 * random_number(2)); break;
            case 9: emit(code, 0x80 + random_number(4)); break;
            case 10: emit(code, 0x90 + random_number(4)); break;
            case 11: push(code, random_number(3)); push(code, code->size > 4 ? random_number((uint32_t)code->size) : 0); emit(code, 0x57); break;
            case 12:
                if (random_number(12) == 0) { push(code, random_number(60)); push(code, random_number(60)); emit(code, random_number(2) ? 0xf3 : 0xfd); }
                break;
            case 13: if (random_number(12) == 0) emit(code, random_number(256)); break;
            case 14:
                if (random_number(8) == 0) { emit(code, 0xe6 + random_number(3)); emit(code, random_number(2) ? 0x5b : 0x80 + random_number(8)); } /* EIP-8024 */
                else { emit(code, 0x5b); emit(code, 0x43); }
                break;
            case 15: case 16: case 17: push_wide(code, random_number(~0u), 1 + random_number(32)); break;
            default: emit(code, plain[random_number(sizeof plain)]);
        }
    }
    if (random_number(3) == 0) { push(code, random_number(60)); push(code, random_number(60)); emit(code, 0xf3); }
    if (random_number(4) == 0) { emit(code, 0x60 + random_number(32)); }
}

typedef struct { struct evmc_vm* vm; enum evmc_revision revision; uint32_t flags; int64_t gas; const Code* code; bool nests; enum evmc_storage_status store; } Case;

/* One run of a case, every time from the same state of the host. */
static End run_case(const Case* test) {
    Host host = fresh_host();
    host.value[31] = 9;
    host.balance = 1;
    host.store = test->store;
    host.revision = test->revision;
    host.warm = false;
    host.answer.status_code = EVMC_REVERT;
    host.code = test->code->octets;
    host.code_size = test->code->size;
    host.gives_gas_back = true;
    if (test->nests) {
        host.vm = test->vm;
        host.own_code = test->code->octets;
        host.own_size = test->code->size;
    }
    return execute_on(test->vm, &host, test->revision, test->flags, test->gas, test->code);
}

static Case random_case(struct evmc_vm* vm, Code* code) {
    static const enum evmc_revision revisions[] = {EVMC_FRONTIER, EVMC_BYZANTIUM, EVMC_LONDON, EVMC_CANCUN, EVMC_OSAKA, EVMC_EXPERIMENTAL};
    Case test;
    random_code(code);
    test.vm = vm;
    test.revision = revisions[random_number(6)];
    test.flags = random_number(8) == 0 ? EVMC_STATIC : 0;
    test.gas = random_number(4) == 0 ? random_number(600) : random_number(60000);
    test.code = code;
    test.nests = random_number(3) == 0;
    /* What every SSTORE does; many of them give gas back. */
    test.store = (enum evmc_storage_status)random_number(EVMC_STORAGE_MODIFIED_RESTORED + 1);
    return test;
}

/* ---- Tests ---- */

static void sizes(void) {
    EQUAL(sizeof(duet_evm_record_t), DUET_EVM_RECORD_SIZE);
    EQUAL(sizeof(duet_evm_memory_record_t), DUET_EVM_RECORD_SIZE);
    EQUAL(sizeof(duet_pvm_record_t), DUET_PVM_RECORD_SIZE);
    EQUAL(sizeof(duet_trace_t), 128);
    duet_trace_t trace;
    static uint64_t buffer[100];
    memset(&trace, 0xee, sizeof trace);
    duet_trace_init(&trace, buffer, sizeof buffer, keep_batch, &trace);
    CHECK(trace.buffer == buffer && trace.buffer_size == sizeof buffer && trace.flush == keep_batch && trace.context == &trace);
    EQUAL(trace.stack_words, 1);
    EQUAL(trace.flags, 0);
    for (int i = 0; i < 4; i++) EQUAL(trace.opcodes[i], UINT64_MAX);
    EQUAL(trace.first_depth, 0); EQUAL(trace.last_depth, UINT32_MAX); EQUAL(trace.first_pc, 0); EQUAL(trace.last_pc, UINT32_MAX);
    EQUAL(trace.count | trace.total | trace.lost | trace.reserved[0] | trace.reserved[1], 0);
    duet_trace_init(NULL, buffer, sizeof buffer, keep_batch, NULL);
}

static void what_is_accepted(void) {
    static uint64_t room[(MAX_RECORD + 8) / 8];
    struct evmc_vm* vm = evmc_create();
    struct evmc_vm* other = (struct evmc_vm*)calloc(1, sizeof *other);
    NEED(other != NULL);
    duet_trace_t trace;
    duet_trace_init(&trace, room, sizeof room, NULL, NULL);
    CHECK(!duet_evm_set_batches(NULL, &trace));
    CHECK(!duet_evm_set_batches(NULL, NULL));
    CHECK(!duet_evm_set_batches(other, &trace));
    CHECK(!duet_evm_set_batches(other, NULL));
    CHECK(duet_evm_set_batches(vm, NULL));
    CHECK(duet_evm_set_batches(vm, &trace));
    for (unsigned words = 0; words <= 40; words++)
        for (int flags = 0; flags < 6; flags++)
            for (size_t size = 0; size <= sizeof room; size += size < 100 ? 1 : 8) {
                duet_trace_t changed = trace;
                changed.stack_words = words;
                changed.flags = (uint32_t)flags;
                changed.buffer_size = size;
                CHECK(duet_evm_set_batches(vm, &changed) == (words <= 32 && flags < 4 && !(flags & 2 && words == 0) && size >= 48 + 32 * words));
            }
    duet_trace_t changed = trace;
    changed.buffer = NULL;
    CHECK(!duet_evm_set_batches(vm, &changed));
    changed = trace;
    changed.buffer = (uint8_t*)room + 4;
    changed.buffer_size = 100;
    CHECK(!duet_evm_set_batches(vm, &changed));
    changed = trace;
    changed.buffer_size = SIZE_MAX;
    CHECK(!duet_evm_set_batches(vm, &changed));
    changed = trace;
    changed.flags = 1u << 31;
    CHECK(!duet_evm_set_batches(vm, &changed));
    free(other);
    vm->destroy(vm);
}

/* Nothing that a caller writes between executions leads out of the buffer, and what is not valid is no trace. */
static void changes_between_executions(void) {
    static Code code;
    static uint64_t room[64];
    struct evmc_vm* vm = evmc_create();
    Host host = fresh_host();
    code.size = 0;
    for (int i = 0; i < 20; i++) { push(&code, 1); emit(&code, 0x50); }
    duet_trace_t trace;
    duet_trace_init(&trace, room + 8, 160, NULL, NULL);
    CHECK(duet_evm_set_batches(vm, &trace));
    for (int round = 0; round < 5000; round++) {
        duet_trace_t changed;
        duet_trace_init(&changed, room + 8, 160, NULL, NULL);
        memset(room, 0xaa, sizeof room);
        switch (random_number(8)) {
            case 0: changed.buffer = random_number(2) ? NULL : (void*)((uint8_t*)room + 64 + random_number(8)); break;
            case 1: changed.buffer_size = random_number(200); if (changed.buffer_size > 160) changed.buffer_size = SIZE_MAX - random_number(9); break;
            case 2: changed.stack_words = random_number(2) ? random_number(4) : ~random_number(9); break;
            case 3: changed.flags = random_number(2) ? random_number(8) : ~random_number(9); break;
            case 4: changed.count = random_number(2) ? random_number(4) : UINT64_MAX - random_number(9); break;
            case 5: changed.total = UINT64_MAX; changed.lost = UINT64_MAX; break;
            case 6: changed.first_depth = 5; changed.last_depth = 1; changed.first_pc = ~random_number(9); break;
            default: changed.stack_words = random_number(40); changed.count = random_number(9); changed.buffer_size = random_number(160);
        }
        trace = changed;
        EQUAL(execute_on(vm, &host, EVMC_OSAKA, 0, 1000, &code).status, EVMC_SUCCESS);
        for (int i = 0; i < 64; i++)
            if (i < 8 || i >= 8 + 21) CHECK(room[i] == UINT64_C(0xaaaaaaaaaaaaaaaa));
    }
    vm->destroy(vm);
}

static int is_call(uint8_t opcode) { return opcode == 0xf1 || opcode == 0xf2 || opcode == 0xf4 || opcode == 0xfa; }

/* A line's cost lacks what a creation hands on, and has what a call that is refused would have handed on. */
static void compare_cost(const Stream* stream, size_t i, const Line* line) {
    const duet_evm_record_t record = record_at(stream, i);
    const int entered = i + 1 < stream->count && record_at(stream, i + 1).depth > record.depth;
    if (record.status != 0) EQUAL(line->cost, record.cost);
    else if (record.opcode == 0xf0 || record.opcode == 0xf5) {
        if (entered) EQUAL(line->cost, record.cost - record_at(stream, i + 1).gas); else CHECK(line->cost <= record.cost);
    } else if (is_call(record.opcode) && !entered) CHECK(line->cost >= record.cost);
    else EQUAL(line->cost, record.cost);
}

/* A line's refund is that of all open executions behind the instruction, and not below zero. `own` has those of the executions. */
static void compare_refund(const Stream* stream, size_t i, const Line* line, int64_t own[1025]) {
    const duet_evm_record_t record = record_at(stream, i);
    own[record.depth] = record.refund;
    if (record.opcode == 0x55 || record.opcode == 0xff) {
        if (i + 1 == stream->count || record_at(stream, i + 1).depth != record.depth) return;
        own[record.depth] = record_at(stream, i + 1).refund;
    }
    int64_t sum = 0;
    for (unsigned depth = 0; depth <= record.depth; depth++) sum += own[depth];
    EQUAL(line->refund, sum > 0 ? sum : 0);
}

static void records_are_lines(void) {
    static int64_t own[1025];
    static Code code;
    static uint8_t* buffer;
    buffer = (uint8_t*)malloc(64 << 10);
    Lines lines;
    lines.lines = (Line*)malloc(RECORDS * sizeof *lines.lines);
    NEED(buffer != NULL && lines.lines != NULL);
    struct evmc_vm* vm = evmc_create();
    Stream stream = new_stream(WORDS);
    unsigned long compared = 0, faults = 0, nested = 0;
    for (int round = 0; round < 2500; round++) {
        Case test = random_case(vm, &code);
        lines.count = 0;
        CHECK(duet_evm_set_batches(vm, NULL));
        CHECK(duet_evm_set_trace(vm, keep_line, &lines));
        End with_lines = run_case(&test);
        stream.count = 0;
        duet_trace_t trace;
        duet_trace_init(&trace, buffer, stream.record_size * (1 + random_number(200)), keep_batch, &stream);
        trace.stack_words = WORDS;
        CHECK(duet_evm_set_batches(vm, &trace));
        const size_t lines_before = lines.count;
        End end = run_case(&test);
        EQUAL(lines.count, lines_before); /* batches replace lines */
        EQUAL(end.status, with_lines.status); EQUAL(end.left, with_lines.left); EQUAL(end.refund, with_lines.refund);
        EQUAL(stream.count, lines.count);
        EQUAL(trace.total, lines.count);
        EQUAL(trace.count | trace.lost, 0);
        memset(own, 0, sizeof own);
        for (size_t i = 0; i < stream.count && i < lines.count; i++) {
            const duet_evm_record_t record = record_at(&stream, i);
            const Line* line = &lines.lines[i];
            const unsigned long failures = check_failures;
            EQUAL(record.kind, DUET_RECORD_INSTRUCTION);
            EQUAL(record.pc, line->pc); EQUAL(record.opcode, line->opcode); EQUAL(record.depth, line->depth);
            EQUAL(record.gas, line->gas);
            compare_cost(&stream, i, line);
            compare_refund(&stream, i, line, own);
            EQUAL(record.memory_size, line->memory_size); EQUAL(record.stack_size, line->height);
            EQUAL(record.words, line->height < WORDS ? line->height : (uint64_t)WORDS);
            STRING(line->error, status_name(record.status));
            CHECK(memcmp(words_at(&stream, i), line->words, sizeof line->words) == 0);
            if (check_failures != failures) { fprintf(stderr, "  round %d record %zu\n", round, i); break; }
            compared++;
            faults += record.status != 0;
            nested += record.depth > 0;
        }
    }
    CHECK(compared > 20000 && faults > 1000 && nested > 3000);
    free(stream.octets);
    free(lines.lines);
    free(buffer);
    vm->destroy(vm);
}

/* In front of the code, instructions that cost more than their fixed cost, ask the host or reach for memory, between others that do not. */
static void put_in_front(Code* code, const Code* behind) {
    static const uint8_t instructions[] = {0x0a, 0x20, 0x40, 0x47, 0x51, 0x52, 0x53, 0x5a, 0x5c, 0x5d, 0x5e, 0xa1};
    code->size = 0;
    for (uint32_t i = 2 + random_number(12); i > 0; i--) {
        for (int word = 0; word < 4; word++) push(code, random_number(random_number(8) ? 40 : 5000));
        if (random_number(2)) { emit(code, 0x80 + random_number(3)); emit(code, 0x01); }
        emit(code, instructions[random_number(sizeof instructions)]);
    }
    for (size_t i = 0; i < behind->size; i++) emit(code, behind->octets[i]);
}

/* Records without words of code that the cache knows are prepared and written many at a time; they say the same as others. */
static void known_code(void) {
    static Code code, behind;
    uint8_t* buffer = (uint8_t*)malloc(64 << 10);
    NEED(buffer != NULL);
    struct evmc_vm* vm = evmc_create();
    Stream with_words = new_stream(1), stream = new_stream(0);
    unsigned long compared = 0, faults = 0, nested = 0;
    for (int round = 0; round < 4000; round++) {
        Case test = random_case(vm, round % 2 ? &behind : &code);
        if (round % 2) { put_in_front(&code, &behind); test.code = &code; }
        while (code.size < 300) emit(&code, 0); /* shorter code is not in the cache */
        /* What makes the memory larger again and again is recorded otherwise from the fourth time on. */
        const int64_t enough = test.gas;
        for (int turn = 0; turn < 7; turn++) {
            test.gas = turn == 2 ? random_number(600) : turn == 3 || turn == 6 ? random_number(60000) : enough;
            with_words.count = 0;
            duet_trace_t trace;
            duet_trace_init(&trace, buffer, 64 << 10, keep_batch, &with_words);
            CHECK(duet_evm_set_batches(vm, &trace));
            End expected = run_case(&test);
            stream.count = stream.largest = 0;
            const size_t size = stream.record_size * (1 + random_number(random_number(4) ? 400 : 5));
            uint8_t* place = buffer + 64 + 8 * random_number(8); /* what is around it must stay */
            memset(place - 64, 0xa5, 64 + size + 256);
            duet_trace_init(&trace, place, size, keep_batch, &stream);
            trace.stack_words = 0;
            CHECK(duet_evm_set_batches(vm, &trace));
            End end = run_case(&test);
            EQUAL(end.status, expected.status); EQUAL(end.left, expected.left); EQUAL(end.refund, expected.refund);
            for (int i = 0; i < 256; i++) CHECK(place[size + (size_t)i] == 0xa5 && place[-1 - i % 64] == 0xa5);
            EQUAL(stream.count, with_words.count);
            EQUAL(trace.total, stream.count);
            EQUAL(trace.count | trace.lost, 0);
            const size_t capacity = trace.buffer_size / stream.record_size, slack = capacity < 64 ? 0 : 66;
            /* A batch is full, but for places that what comes at once did not fit in. */
            if (stream.count + slack <= capacity) EQUAL(stream.largest, stream.count);
            else CHECK(stream.largest <= capacity && stream.largest + slack >= capacity);
            for (size_t i = 0; i < stream.count && i < with_words.count; i++) {
                duet_evm_record_t record = record_at(&stream, i), other = record_at(&with_words, i);
                EQUAL(record.words, 0);
                other.words = 0;
                if (memcmp(&record, &other, sizeof record) != 0) {
                    CHECK(!"the same record");
                    fprintf(stderr, "  round %d turn %d record %zu of %zu: pc %u %u, opcode %x %x, gas %lld %lld, cost %lld %lld, height %u %u, refund %lld %lld, memory %llu %llu, status %d %d\n", round, turn, i,
                            stream.count, record.pc, other.pc, record.opcode, other.opcode, (long long)record.gas, (long long)other.gas, (long long)record.cost,
                            (long long)other.cost, record.stack_size, other.stack_size, (long long)record.refund, (long long)other.refund,
                            (unsigned long long)record.memory_size, (unsigned long long)other.memory_size, record.status, other.status);
                    break;
                }
                compared++;
                faults += record.status != 0;
                nested += record.depth > 0;
            }
        }
    }
    CHECK(compared > 100000 && faults > 4000 && nested > 10000);
    free(with_words.octets);
    free(stream.octets);
    free(buffer);
    vm->destroy(vm);
}

static bool passes(const duet_trace_t* trace, duet_evm_record_t record) {
    return (trace->opcodes[record.opcode / 64] >> (record.opcode % 64) & 1) && record.depth >= trace->first_depth && record.depth <= trace->last_depth
        && record.pc >= trace->first_pc && record.pc <= trace->last_pc && (!(trace->flags & DUET_TRACE_FAULTS_ONLY) || record.status != 0);
}

/* What a filter leaves is what it leaves of the whole stream; what does not fit is counted. */
static void filters(void) {
    static Code code;
    uint8_t* buffer = (uint8_t*)malloc(64 << 10);
    NEED(buffer != NULL);
    struct evmc_vm* vm = evmc_create();
    unsigned long left_in = 0, left_out = 0;
    for (int round = 0; round < 1200; round++) {
        Case test = random_case(vm, &code);
        const unsigned words = random_number(3);
        Stream all = new_stream(words), some = new_stream(words);
        duet_trace_t trace;
        duet_trace_init(&trace, buffer, all.record_size * (1 + random_number(9)), keep_batch, &all);
        trace.stack_words = words;
        CHECK(duet_evm_set_batches(vm, &trace));
        End end = run_case(&test);
        CHECK(all.largest <= trace.buffer_size / all.record_size);
        duet_trace_init(&trace, buffer, all.record_size * (1 + random_number(9)), random_number(4) ? keep_batch : NULL, &some);
        trace.stack_words = words;
        if (random_number(2)) for (int i = 0; i < 4; i++) trace.opcodes[i] = (uint64_t)random_number(~0u) << 32 | random_number(~0u);
        if (random_number(3) == 0) { trace.first_pc = random_number(30); trace.last_pc = trace.first_pc + random_number(60); }
        if (random_number(3) == 0) { trace.first_depth = random_number(3); trace.last_depth = random_number(4); }
        if (random_number(4) == 0) trace.flags = DUET_TRACE_FAULTS_ONLY;
        CHECK(duet_evm_set_batches(vm, &trace));
        End other = run_case(&test);
        EQUAL(other.status, end.status); EQUAL(other.left, end.left);
        if (trace.flush == NULL) keep_batch(&some, buffer, trace.count ? trace.count : 1);
        if (trace.flush == NULL) some.count = trace.count;
        EQUAL(trace.total, some.count);
        size_t index = 0;
        for (size_t i = 0; i < all.count; i++) {
            if (!passes(&trace, record_at(&all, i))) { left_out++; continue; }
            if (index < some.count) CHECK(memcmp(all.octets + i * all.record_size, some.octets + index * some.record_size, all.record_size) == 0);
            index++;
        }
        EQUAL(index, some.count + trace.lost);
        if (trace.lost > 0) { CHECK(trace.flush == NULL); EQUAL(trace.count, trace.buffer_size / all.record_size); }
        left_in += index;
        free(all.octets);
        free(some.octets);
    }
    CHECK(left_in > 3000 && left_out > 3000);
    free(buffer);
    vm->destroy(vm);
}

enum { SHADOW = 4096, DEPTHS = 40 };
static uint8_t shadow[DEPTHS][SHADOW];

static uint64_t number_of(const uint8_t* word) {
    uint64_t value = 0;
    for (int i = 24; i < 32; i++) value = value << 8 | word[i];
    return value;
}

/* Memory that the records of it make up is what MLOAD finds and what is returned. */
static void memory_records(void) {
    static Code code;
    uint8_t* buffer = (uint8_t*)malloc(64 << 10);
    NEED(buffer != NULL);
    struct evmc_vm* vm = evmc_create();
    unsigned long written = 0, loads = 0, returned = 0, of_calls = 0;
    for (int round = 0; round < 12000; round++) {
        Case test = random_case(vm, &code);
        const unsigned words = 1 + random_number(3);
        Stream all = new_stream(words), plain = new_stream(words);
        duet_trace_t trace;
        duet_trace_init(&trace, buffer, all.record_size * (1 + random_number(9)), keep_batch, &plain);
        trace.stack_words = words;
        CHECK(duet_evm_set_batches(vm, &trace));
        run_case(&test);
        trace.context = &all;
        trace.flags = DUET_TRACE_MEMORY;
        End end = run_case(&test);
        size_t instructions = 0;
        int depth = -1;
        bool loads_now = false;
        uint8_t expected[32];
        for (size_t i = 0; i < all.count; i++) {
            const duet_evm_record_t record = record_at(&all, i);
            if (record.depth >= DEPTHS) break;
            if ((int)record.depth > depth) memset(shadow[record.depth], 0, SHADOW);
            depth = record.depth;
            if (record.kind == DUET_RECORD_MEMORY) {
                duet_evm_memory_record_t memory;
                memcpy(&memory, all.octets + i * all.record_size, sizeof memory);
                NEED(memory.size > 0 && memory.size <= 32 * words && memory.offset + memory.size <= SHADOW);
                EQUAL(memory.reserved[0] | memory.reserved[1] | memory.reserved[2], 0);
                memcpy(shadow[record.depth] + memory.offset, words_at(&all, i), memory.size);
                for (size_t octet = memory.size; octet < 32 * words; octet++) EQUAL(words_at(&all, i)[octet], 0);
                written++;
                of_calls += record.opcode >= 0xf0;
                continue;
            }
            if (instructions < plain.count)
                CHECK(memcmp(all.octets + i * all.record_size, plain.octets + instructions * all.record_size, all.record_size) == 0);
            instructions++;
            if (loads_now) { CHECK(memcmp(words_at(&all, i), expected, 32) == 0); loads++; }
            loads_now = record.opcode == 0x51 && record.status == 0 && number_of(words_at(&all, i)) <= SHADOW - 32;
            if (loads_now) memcpy(expected, shadow[record.depth] + number_of(words_at(&all, i)), 32);
            if (words >= 2 && (record.opcode == 0xf3 || record.opcode == 0xfd) && record.status == 0 && record.depth == 0) {
                const uint64_t offset = number_of(words_at(&all, i)), size = number_of(words_at(&all, i) + 32);
                if (offset + size <= SHADOW && size <= 64) { CHECK(memcmp(shadow[0] + offset, end.output, size) == 0); returned++; }
            }
        }
        if (depth < DEPTHS - 1) EQUAL(instructions, plain.count);
        free(all.octets);
        free(plain.octets);
    }
    CHECK(written > 1000 && loads > 300 && returned > 20 && of_calls > 50);
    free(buffer);
    vm->destroy(vm);
}

/* A callback that does what it must not, and hosts that change the trace of an instance that runs. */
static struct evmc_vm* meddled_with;
static duet_trace_t* meddled_trace;
static evmc_uint256be meddle(Host* h, const evmc_address* a) {
    CHECK(!duet_evm_set_batches(meddled_with, NULL));
    CHECK(!duet_evm_set_batches(meddled_with, meddled_trace));
    return host_balance(h, a);
}

static void while_it_runs(void) {
    static Code code;
    static uint64_t buffer[64];
    struct evmc_vm* vm = evmc_create();
    Host host = fresh_host();
    struct evmc_host_interface functions = host_functions;
    functions.get_balance = meddle;
    code.size = 0;
    emit(&code, 0x30); emit(&code, 0x31); emit(&code, 0x50);
    Stream stream = new_stream(1);
    duet_trace_t trace;
    duet_trace_init(&trace, buffer, sizeof buffer, keep_batch, &stream);
    meddled_with = vm;
    meddled_trace = &trace;
    CHECK(duet_evm_set_batches(vm, &trace));
    struct evmc_message message;
    memset(&message, 0, sizeof message);
    message.gas = 10000;
    struct evmc_result r = vm->execute(vm, &functions, &host, EVMC_OSAKA, &message, code.octets, code.size);
    EQUAL(r.status_code, EVMC_SUCCESS);
    EQUAL(stream.count, 4);
    EQUAL(stream.batches, 1);
    CHECK(duet_evm_set_batches(vm, NULL));
    execute_on(vm, &host, EVMC_OSAKA, 0, 1000, &code);
    EQUAL(stream.count, 4);
    free(stream.octets);
    vm->destroy(vm);
}

int main(void) {
    open_instances();
    RUN(sizes);
    RUN(what_is_accepted);
    RUN(changes_between_executions);
    RUN(records_are_lines);
    RUN(filters);
    RUN(memory_records);
    RUN(while_it_runs);
    RUN(known_code);
    close_instances();
    return finish(__FILE__);
}
