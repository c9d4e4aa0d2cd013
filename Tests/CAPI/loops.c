/* Loops at random that do little but compute, which are executed as steps: at every pace with all the gas that they want and with less, so that they end
 * in each of their instructions. Also from the cache: longer code is in it from its second run on. */
#include "evm.h"

static uint64_t random_state = 1;
static uint32_t random_number(uint32_t below) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % below;
}

enum { OP_STOP = 0x00, OP_ADD = 0x01, OP_MUL = 0x02, OP_ADDMOD = 0x08, OP_MULMOD = 0x09, OP_LT = 0x10, OP_ISZERO = 0x15, OP_AND = 0x16, OP_NOT = 0x19, OP_KECCAK = 0x20, OP_CALLER = 0x33,
       OP_POP = 0x50, OP_MLOAD = 0x51, OP_MSTORE = 0x52, OP_MSTORE8 = 0x53, OP_JUMP = 0x56, OP_JUMPI = 0x57, OP_PC = 0x58, OP_MSIZE = 0x59, OP_GAS = 0x5a, OP_JUMPDEST = 0x5b, OP_RETURN = 0xf3 };
enum { LABELS = 64, FUNCTIONS = 3 };

/* Code with labels, which PUSH2 names; `height` are the words above those that the program begins with. */
typedef struct {
    Code code;
    unsigned words, height;
    size_t uses[400], places[LABELS];
    unsigned used[400], use_count, label_count;
    unsigned functions[FUNCTIONS];
} Program;

static void push_label(Program* p, unsigned label) {
    p->uses[p->use_count] = p->code.size + 1;
    p->used[p->use_count++] = label;
    push_wide(&p->code, 0, 2);
}
static void place_label(Program* p, unsigned label) {
    p->places[label] = p->code.size;
    emit(&p->code, OP_JUMPDEST);
}
static void resolve_labels(Program* p) {
    for (unsigned i = 0; i < p->use_count; i++) {
        p->code.octets[p->uses[i]] = (uint8_t)(p->places[p->used[i]] >> 8);
        p->code.octets[p->uses[i] + 1] = (uint8_t)p->places[p->used[i]];
    }
}

static void push_number(Code* c) {
    switch (random_number(6)) {
        case 0: push(c, random_number(2)); break;
        case 1: push(c, 1 + random_number(300)); break;
        case 2: push(c, (uint64_t)random_number(0x7fffffff) * random_number(0x7fffffff)); break;
        case 3: push(c, 0); emit(c, OP_NOT); break;
        case 4: push_wide(c, random_number(0x7fffffff), 17 + random_number(16)); break;
        default: push_wide(c, random_number(3), 1 + random_number(4)); break;
    }
}
static unsigned depth(const Program* p) { return p->words + p->height; }
static void dup_any(Program* p) {
    unsigned reach = depth(p) < 16 ? depth(p) : 16;
    emit(&p->code, 0x80 + random_number(reach));
    p->height++;
}
static unsigned operation(unsigned* operands) {
    static const uint8_t binary[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d};
    static const uint8_t unary[] = {OP_ISZERO, OP_NOT, 0x1e};
    uint32_t choice = random_number(26);
    *operands = choice < 20 ? 2 : choice < 23 ? 1 : 3;
    if (choice < 20) return binary[choice];
    if (choice < 23) return unary[choice - 20];
    return choice == 23 ? OP_ADDMOD : OP_MULMOD;
}

/* Leaves a word. */
static void expression(Program* p, unsigned limit) {
    uint32_t choice = limit == 0 ? random_number(4) : random_number(16);
    if (choice < 2) { push_number(&p->code); p->height++; return; }
    if (choice < 4) { dup_any(p); return; }
    if (choice == 4) { emit(&p->code, random_number(8) ? OP_PC : random_number(2) ? OP_MSIZE : OP_CALLER); p->height++; return; }
    if (choice == 5) {
        /* Memory, mostly where there is some. */
        expression(p, limit - 1);
        push(&p->code, random_number(6) ? 0x3f : 0x3ff); emit(&p->code, OP_AND);
        emit(&p->code, OP_MLOAD);
        return;
    }
    if (choice == 6) {
        /* A function of one parameter. */
        unsigned behind = p->label_count++;
        if (p->label_count >= LABELS) { p->label_count--; dup_any(p); return; }
        push_label(p, behind); p->height++;
        expression(p, limit - 1);
        push_label(p, p->functions[random_number(FUNCTIONS)]); emit(&p->code, OP_JUMP);
        place_label(p, behind);
        p->height--;
        return;
    }
    unsigned operands, opcode = operation(&operands);
    for (unsigned i = 0; i < operands; i++) expression(p, limit - 1);
    emit(&p->code, opcode);
    p->height -= operands - 1;
}

static void statements(Program* p, unsigned count, unsigned limit, unsigned way_out);

static void statement(Program* p, unsigned limit, unsigned way_out) {
    Code* c = &p->code;
    unsigned label;
    switch (random_number(limit > 0 && p->label_count + 2 < LABELS ? 12 : 8)) {
        case 0: case 1: case 2:
            /* A variable gets a value. */
            expression(p, 2);
            emit(c, 0x90 + random_number(depth(p) - 1 < 16 ? depth(p) - 1 : 16)); emit(c, OP_POP);
            p->height--;
            break;
        case 3: emit(c, 0x90 + random_number(depth(p) - 1 < 16 ? depth(p) - 1 : 16)); break;
        case 4:
            /* Memory anywhere, which mostly ends the program. */
            if (random_number(6)) break;
            expression(p, 1); expression(p, 1); emit(c, OP_MSTORE); p->height -= 2;
            break;
        case 5:
            expression(p, 1); expression(p, 1); push(c, 0x7f); emit(c, OP_AND); emit(c, random_number(2) ? OP_MSTORE : OP_MSTORE8); p->height -= 2;
            break;
        case 6:
            expression(p, 1); emit(c, OP_POP); p->height--;
            break;
        case 7:
            if (random_number(6) == 0) { emit(c, random_number(2) ? OP_GAS : OP_JUMPDEST); if (c->octets[c->size - 1] == OP_GAS) emit(c, OP_POP); }
            break;
        case 8: case 9:
            /* if */
            label = p->label_count++;
            expression(p, 2); push_label(p, label); emit(c, OP_JUMPI); p->height--;
            statements(p, 1 + random_number(2), limit - 1, way_out);
            place_label(p, label);
            break;
        case 10:
            /* break, where the stack is as at the start */
            if (p->height > 0) break;
            expression(p, 1); if (random_number(2)) emit(c, OP_ISZERO);
            push_label(p, way_out); emit(c, OP_JUMPI); p->height--;
            break;
        default:
            /* A small loop inside. */
            label = p->label_count++;
            push(c, random_number(4)); p->height++;
            place_label(p, label);
            if (random_number(2)) statements(p, 1, 0, way_out);
            push(c, 1); emit(c, 0x90); emit(c, 0x03); emit(c, 0x80);
            push_label(p, label); emit(c, OP_JUMPI);
            emit(c, OP_POP); p->height--;
            break;
    }
}
static void statements(Program* p, unsigned count, unsigned limit, unsigned way_out) {
    for (unsigned i = 0; i < count; i++) statement(p, limit, way_out);
}

static void random_program(Program* p) {
    Code* c = &p->code;
    unsigned start, end, shape = random_number(3);
    memset(p, 0, sizeof *p);
    for (unsigned i = 0; i < FUNCTIONS; i++) p->functions[i] = p->label_count++;
    if (random_number(4)) { push(c, 1); push(c, random_number(3) * 48); emit(c, OP_MSTORE); }
    /* The counter is the lowest word. */
    push(c, random_number(3) ? random_number(12) : 100 + random_number(300));
    p->words = 2 + random_number(7);
    for (unsigned i = 1; i < p->words; i++) push_number(c);
    start = p->label_count++;
    end = p->label_count++;
    if (random_number(4) == 0) { push_label(p, start); emit(c, OP_JUMP); }
    place_label(p, start);
    if (shape == 0) { emit(c, 0x7f + p->words); emit(c, OP_ISZERO); push_label(p, end); emit(c, OP_JUMPI); }
    if (shape == 1) { dup_any(p); dup_any(p); emit(c, OP_LT + random_number(5)); if (random_number(2)) emit(c, OP_ISZERO); push_label(p, end); emit(c, OP_JUMPI); p->height = 0; }
    statements(p, 1 + random_number(5), 2, end);
    /* One less, mostly of the word that the loop asks for. */
    if (random_number(8)) { push(c, 1); emit(c, 0x80 + p->words); emit(c, 0x03); emit(c, 0x8f + p->words); emit(c, OP_POP); }
    if (shape == 2) { emit(c, 0x7f + p->words); push_label(p, start); emit(c, OP_JUMPI); } else { push_label(p, start); emit(c, OP_JUMP); }
    place_label(p, end);
    /* All words and the memory make the output. */
    for (unsigned i = 1; i < p->words; i++) { push(c, 0x1000003); emit(c, OP_MUL); emit(c, OP_ADD); }
    push(c, 0); emit(c, OP_MSTORE);
    emit(c, OP_MSIZE); push(c, 0); emit(c, OP_KECCAK); push(c, 32); emit(c, OP_MSTORE);
    push(c, 64); push(c, 0); emit(c, OP_RETURN);
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        /* Below the parameter is where to go. */
        emit(c, OP_STOP);
        place_label(p, p->functions[i]);
        if (i == 0) { push(c, 0); emit(c, 0x81); emit(c, 0x90); emit(c, OP_POP); emit(c, 0x91); emit(c, 0x90); emit(c, OP_POP); }
        else {
            unsigned operands, opcode = operation(&operands);
            for (unsigned k = 1; k < operands; k++) emit(c, 0x80);
            emit(c, opcode);
            emit(c, 0x90);
        }
        emit(c, OP_JUMP);
    }
    if (random_number(2)) while (c->size < 300) emit(c, OP_STOP);
    resolve_labels(p);
}

/* Analyses nothing, and so has no loops: each instruction by itself. */
static struct evmc_vm* never;

static End run_at_all_paces(int64_t gas, const Code* code) {
    Host host = fresh_host();
    End end = execute_on(never, &host, EVMC_OSAKA, 0, gas, code), at_once = execute_on(eager, &host, EVMC_OSAKA, 0, gas, code),
        usual = execute_on(quick, &host, EVMC_OSAKA, 0, gas, code);
    compare_ends("eager", &at_once, &end, EVMC_OSAKA, code);
    compare_ends("quick", &usual, &end, EVMC_OSAKA, code);
    return end;
}

static void random_loops(void) {
    static Program program;
    enum { GAS_LIMIT = 60000 };
    const char* asked = getenv("DUET_LOOP_ROUNDS");
    const unsigned rounds = asked != NULL ? (unsigned)atoi(asked) : 4000;
    unsigned ended = 0;
    for (unsigned round = 0; round < rounds; round++) {
        random_state = round;
        random_program(&program);
        End end = run_at_all_paces(GAS_LIMIT, &program.code);
        ended += end.status == EVMC_SUCCESS;
        uint32_t used = (uint32_t)(GAS_LIMIT - end.left);
        for (unsigned run = 0; run < 4; run++) run_at_all_paces((int64_t)random_number(used + 2), &program.code);
    }
    CHECK(ended > rounds / 3);
}

/* Calls itself as deep as that goes, and in each call comes back to a loop with many branches, on a stack of 512 KiB. */
static void* deep(void* unused) {
    enum { BRANCHES = 23, DEPTH = 1024 };
    static Code code;
    (void)unused;
    code.size = 0;
    for (int i = 0; i < 5; i++) push(&code, 0);
    emit(&code, 0x30); emit(&code, OP_GAS); emit(&code, 0xf1); emit(&code, OP_POP);
    push(&code, 8);
    const size_t start = code.size;
    emit(&code, OP_JUMPDEST);
    for (int i = 0; i < BRANCHES; i++) {
        emit(&code, 0x80); emit(&code, OP_ISZERO); push_wide(&code, code.size + 4, 2); emit(&code, OP_JUMPI);
        emit(&code, OP_JUMPDEST);
    }
    push(&code, 1); emit(&code, 0x90); emit(&code, 0x03); emit(&code, 0x80); push_wide(&code, start, 2); emit(&code, OP_JUMPI);
    Host host = fresh_host();
    struct evmc_vm* vm = evmc_create_duet();
    NEED(vm != NULL && vm->set_option(vm, "analyse_after", "0") == EVMC_SET_OPTION_SUCCESS);
    host.vm = vm;
    host.own_code = code.octets;
    host.own_size = code.size;
    End end = execute_on(vm, &host, EVMC_OSAKA, 0, INT64_MAX / 2, &code);
    EQUAL(end.status, EVMC_SUCCESS);
    EQUAL(host.calls, DEPTH);
    EQUAL(host.message.depth, DEPTH);
    vm->destroy(vm);
    return NULL;
}

static void deep_loops(void) { run_on_small_stack(deep); }

int main(void) {
    open_instances();
    never = evmc_create_duet();
    NEED(never != NULL && never->set_option(never, "analyse_after", "1000000") == EVMC_SET_OPTION_SUCCESS);
    RUN(random_loops);
    RUN(deep_loops);
    never->destroy(never);
    close_instances();
    return finish(__FILE__);
}
