/* Random cases. What a case looks like depends on its seed and number alone. */
#include "case.h"

/* ---- Random numbers: splitmix64, as Vigna published it ---- */

static uint64_t state;

static uint64_t next(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static unsigned below(unsigned limit) { return (unsigned)(((next() >> 32) * limit) >> 32); }
static bool one_in(unsigned n) { return below(n) == 0; }

/* ---- The character of the program at hand ---- */

static struct {
    case_t* c;
    uint8_t opcodes[256];      /* all that the set has */
    unsigned opcode_count;
    uint8_t registers[13];     /* those the program likes */
    unsigned register_count;
    uint8_t pointers[3];       /* registers that start out as addresses and are seldom written */
    uint64_t pointer_values[3];
    bool fused;                /* mostly sequences that the interpreter fuses */
    bool acyclic;              /* control only goes forward, so any gas will do */
    bool odd;                  /* odd lengths, registers above 12, hidden opcodes */
    uint32_t pages[24];        /* what is mapped, and some neighbours */
    unsigned page_count;
} g;

static void list_opcodes(uint32_t isa) {
    static uint8_t lists[2][256];
    static unsigned counts[2];
    if (counts[isa] == 0)
        for (unsigned octet = 0; octet < 256; octet++)
            if (strcmp(pvm_opcode_name((pvm_isa_t)isa, (uint8_t)octet), "UNKNOWN") != 0) lists[isa][counts[isa]++] = (uint8_t)octet;
    memcpy(g.opcodes, lists[isa], sizeof g.opcodes);
    g.opcode_count = counts[isa];
}

/* ---- Values ---- */

static uint64_t edge(void) {
    static const uint64_t edges[] = {
        0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
        0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x100000001, 0x7fffffffffffffff, 0x8000000000000000,
        0x8000000000000001, 0xffffffff00000000, 0xffffffff7fffffff, 0xffffffff80000000, 0xffffffff80000001, 0xfffffffffffffffe,
        0xffffffffffffffff, 0xffffffffffffff80, 0xffffffffffff8000, 0x5555555555555555, 0x0123456789abcdef, 0xffff0000
    };
    return edges[below(sizeof edges / sizeof *edges)];
}

static uint64_t value(void) {
    switch (below(8)) {
    case 0: case 1: case 2: return edge();
    case 3: return below(40);
    case 4: return 0u - (uint64_t)below(40);
    case 5: return (1ull << below(64)) + below(3) - 1;
    case 6: return next() >> below(64);
    default: return next();
    }
}

/* An address that tends to be mapped, or nearly. */
static uint32_t address(void) {
    if (one_in(24)) {
        static const uint32_t corners[] = { 0, 0xffff, 0xfff8, 0xfffc, 0x10000, 0xffffffff, 0xfffffff8, 0xfffffffc, 0x80000000, 0x7ffffffc };
        return corners[below(sizeof corners / sizeof *corners)] + (one_in(3) ? below(16) : 0);
    }
    if (one_in(40)) return (uint32_t)next();
    const uint32_t page = g.pages[below(g.page_count)] << 12;
    switch (below(6)) {
    case 0: return page + below(16);
    case 1: return page - below(12);
    case 2: case 3: return page + 4096 - below(12);
    default: return page + below(4096);
    }
}

static uint64_t register_value(void) {
    switch (below(10)) {
    case 0: return address();
    case 1: return address() | next() << 32;
    case 2: return 2 * below(g.c->jump_count + 2);
    default: return value();
    }
}

/* ---- Operands ---- */

static uint8_t some_register(void) {
    if (g.odd && one_in(30)) return (uint8_t)(13 + below(3));
    return one_in(12) ? (uint8_t)below(13) : g.registers[below(g.register_count)];
}

/* A register to write to: pointers are spared most of the time. */
static uint8_t target_register(void) {
    uint8_t chosen = some_register();
    for (int tries = 0; tries < 3; tries++) {
        if (chosen != g.pointers[0] && chosen != g.pointers[1] && chosen != g.pointers[2]) break;
        if (one_in(6)) break;
        chosen = some_register();
    }
    return chosen;
}

/* Sign-extends the low `length` octets. */
static uint64_t extended(uint64_t x, int length) {
    return length == 0 ? 0 : (uint64_t)((int64_t)(x << (64 - 8 * length)) >> (64 - 8 * length));
}

/* A constant in as few octets as hold it, or more; sometimes too few. */
static void number(uint64_t wanted, uint64_t* value, uint8_t* length) {
    int fits = 0;
    while (fits < 4 && extended(wanted, fits) != wanted) fits++;
    *value = wanted;
    *length = (uint8_t)(one_in(6) ? (int)below(5) : one_in(4) && fits < 4 ? fits + 1 : fits);
}

static void immediate(uint64_t* x, uint8_t* length) { number(value(), x, length); }

static void address_immediate(uint64_t* x, uint8_t* length) {
    *x = address();
    *length = one_in(30) ? (uint8_t)below(5) : 4;
}

/* Base register and offset that together tend to hit something. */
static void indirect(uint8_t* base, uint64_t* x, uint8_t* length) {
    const unsigned which = below(3);
    if (one_in(8)) {
        *base = some_register();
        if (one_in(2)) immediate(x, length); else address_immediate(x, length);
        return;
    }
    *base = g.pointers[which];
    if (one_in(3)) {
        *x = (uint32_t)(address() - g.pointer_values[which]);
        *length = 4;
    } else {
        number((uint64_t)(int64_t)(int)(below(64) * (one_in(2) ? 8 : 1)) - (one_in(4) ? 96 : 0), x, length);
    }
}

/* Which instruction a jump goes to is decided when all are there. */
#define ANY_BLOCK (-2)

static void offset(instruction_t* i, uint8_t* length) {
    i->target = ANY_BLOCK;
    *length = one_in(3) ? 4 : one_in(3) ? 3 : 2;
    if (g.acyclic) *length = 4;
    else if (one_in(20)) *length = (uint8_t)below(5);
}

/* ---- Instructions ---- */

static bool is_branch(uint8_t op) { return op == 40 || (op >= 80 && op <= 90) || (op >= 170 && op <= 175); }

static uint8_t opcode(void) {
    static const uint8_t fusing[] = { 100, 149, 200, 130, 123, 211, 51, 124, 120, 129, 128, 122, 70, 151, 152, 202, 160, 210, 220, 224, 132 };
    static const uint8_t ending[] = { 171, 170, 172, 174, 173, 175, 82, 81, 40, 80, 1, 50 };
    if (g.fused && !one_in(6)) return one_in(9) ? ending[below(sizeof ending)] : fusing[below(sizeof fusing)];
    switch (below(20)) {
    case 0: return 10;
    case 1: case 2: case 3: {                                     /* memory */
        const unsigned which = below(31);
        if (which < 11) return (uint8_t)(120 + which);
        if (which < 22) return (uint8_t)(52 + which - 11);
        if (which < 26) return (uint8_t)(70 + which - 22);
        if (which < 30) return (uint8_t)(30 + which - 26);
        return 130;
    }
    case 4: return one_in(2) ? (uint8_t)(81 + below(10)) : (uint8_t)(170 + below(6));
    case 5: return one_in(2) ? (uint8_t)(190 + below(41)) : one_in(3) ? 101 : (uint8_t)(131 + below(31));
    case 6: return one_in(5) ? ending[below(sizeof ending)] : (uint8_t)(193 + below(4) + (one_in(2) ? 10 : 0));
    default: {
        uint8_t op = g.opcodes[below(g.opcode_count)];
        if (op == 0 && !one_in(3)) op = 1;
        return op;
    }
    }
}

static void make(instruction_t* i, uint8_t op) {
    memset(i, 0, sizeof *i);
    i->opcode = op;
    i->target = NO_TARGET;
    i->a = some_register();
    i->b = some_register();
    i->d = some_register();
    switch (format_of(op)) {
    case F_NONE: break;
    case F_IMM:
        number(one_in(3) ? value() : below(20), &i->x, &i->x_length);
        break;
    case F_REG_EXT:
        i->a = target_register();
        i->x = register_value();
        break;
    case F_IMM_IMM:
        address_immediate(&i->x, &i->x_length);
        immediate(&i->y, &i->y_length);
        break;
    case F_OFFSET:
        offset(i, &i->x_length);
        break;
    case F_REG_IMM:
        if (op == 50) {
            number(one_in(3) ? value() : 2 * below(g.c->jump_count + 2), &i->x, &i->x_length);
        } else if (op == 51) {
            i->a = target_register();
            if (one_in(5)) address_immediate(&i->x, &i->x_length);
            else if (one_in(5)) number(2 * below(g.c->jump_count + 2), &i->x, &i->x_length);
            else immediate(&i->x, &i->x_length);
        } else {
            if (op <= 58) i->a = target_register();
            address_immediate(&i->x, &i->x_length);
        }
        break;
    case F_REG_IMM_IMM:
        indirect(&i->a, &i->x, &i->x_length);
        immediate(&i->y, &i->y_length);
        break;
    case F_REG_IMM_OFFSET:
        if (op == 80) i->a = target_register();
        immediate(&i->x, &i->x_length);
        offset(i, &i->y_length);
        break;
    case F_REG_REG:
        i->d = target_register();
        break;
    case F_REG_REG_IMM:
        if (op <= 130) {
            if (op >= 124) i->a = target_register();
            indirect(&i->b, &i->x, &i->x_length);
        } else {
            i->a = target_register();
            immediate(&i->x, &i->x_length);
        }
        break;
    case F_REG_REG_OFFSET:
        offset(i, &i->x_length);
        break;
    case F_REG_REG_IMM_IMM:
        i->a = target_register();
        immediate(&i->x, &i->x_length);
        number(one_in(3) ? value() : 2 * below(g.c->jump_count + 2), &i->y, &i->y_length);
        break;
    case F_REG_REG_REG:
        i->d = target_register();
        break;
    }
    if (g.odd && one_in(12) && !(g.acyclic && is_branch(op))) {
        switch (below(4)) {
        case 0: i->extra = (uint8_t)(1 + below(4)); break;
        case 1: i->extra = (uint8_t)(g.c->isa == PVM_ISA_GP072 || one_in(40) ? below(32) : below(12)); break;
        case 2: i->cut = (uint8_t)(1 + below(3)); break;
        default: i->hidden = g.c->isa == PVM_ISA_GP072 ? one_in(3) : one_in(40); break;
        }
        if (g.acyclic) i->cut = 0, i->hidden = false;
    }
    if (g.odd && g.c->isa == PVM_ISA_GP072 && one_in(60)) i->opcode = (uint8_t)(g.acyclic ? 2 + below(8) : below(256));
}

static void put(uint8_t op) {
    case_t* c = g.c;
    if (c->count < MOST_INSTRUCTIONS) make(&c->instructions[c->count++], op);
}

static instruction_t* last(void) { return &g.c->instructions[g.c->count - 1]; }

/* A loop with a counter of its own. */
static void put_loop(void) {
    const uint8_t counter = target_register();
    put(51);
    last()->a = counter;
    number(1 + below(30), &last()->x, &last()->x_length);
    last()->x_length = 1;
    put(1);
    last()->extra = last()->cut = 0;
    const int head = g.c->count;
    for (unsigned i = below(8); i > 0; i--) put(opcode());
    put(149);
    last()->a = last()->b = counter;
    last()->x = ~0ull;
    last()->x_length = 1;
    put(82);
    last()->a = counter;
    last()->x = 0;
    last()->x_length = (uint8_t)below(2);
    last()->target = head;
}

/* A run of one operation, or of a few. */
static void put_straight(unsigned length) {
    uint8_t few[3];
    for (int i = 0; i < 3; i++) do few[i] = g.opcodes[below(g.opcode_count)]; while (ends_block(few[i]) || few[i] == 10);
    while (length-- > 0) put(few[below(3)]);
}

static void put_dynamic_jump(void) {
    put(51);
    number(one_in(8) ? value() : one_in(6) ? 0xffffffffffff0000u : 2 * below(g.c->jump_count + 2), &last()->x, &last()->x_length);
    const uint8_t reg = last()->a;
    put(one_in(2) ? 50 : 180);
    last()->a = last()->b = reg;
    if (last()->opcode == 180) last()->a = target_register();
    if (!one_in(4)) last()->x = last()->y = 0;
}

static void put_instructions(void) {
    case_t* c = g.c;
    unsigned length = one_in(3) ? 1 + below(8) : 4 + below(28);
    if (one_in(20)) length = 40 + below(260);
    if (one_in(2000)) length = 2000 + below(2000);
    if (one_in(60000)) put_straight(64000 + below(4000));
    if (one_in(300)) put_straight(below(1500));
    while ((unsigned)c->count < length) {
        if (!g.acyclic && one_in(30)) put_loop();
        else if (one_in(40)) put_dynamic_jump();
        else put(opcode());
    }
    if (!one_in(5)) put(one_in(3) ? 0 : one_in(2) ? 50 : 1);
}

/* Gives jumps their targets: starts of blocks as a rule. */
static void aim(void) {
    static int blocks[MOST_INSTRUCTIONS];
    case_t* c = g.c;
    int count = 0;
    for (int i = 0; i < c->count; i++)
        if (i == 0 || ends_block(c->instructions[i - 1].opcode)) blocks[count++] = i;
    int ahead = 0;
    for (int i = 0; i < c->count; i++) {
        instruction_t* instruction = &c->instructions[i];
        while (ahead < count && blocks[ahead] <= i) ahead++;
        if (instruction->target != ANY_BLOCK) continue;
        if (g.acyclic || (!one_in(3) && ahead < count)) {
            /* Forward; where there is nothing, to what is no instruction. */
            if (ahead < count) {
                const int near = count - ahead < 4 ? count - ahead : 4;
                instruction->target = blocks[ahead + (int)below((unsigned)(one_in(4) ? count - ahead : near))];
            } else {
                instruction->target = NO_TARGET;
                instruction->x = format_of(instruction->opcode) == F_REG_IMM_OFFSET ? instruction->x : 0x7fffffff;
                instruction->y = 0x7fffffff;
            }
        } else if (one_in(14)) {
            instruction->target = one_in(2) ? (int)below((unsigned)c->count) : NO_TARGET;
            if (format_of(instruction->opcode) != F_REG_IMM_OFFSET) instruction->x = value();
            instruction->y = value();
        } else {
            instruction->target = blocks[below((unsigned)count)];
        }
    }
    for (uint32_t i = 0; i < c->jump_count; i++) {
        c->jump_targets[i] = one_in(8) ? NO_TARGET : one_in(10) ? (int)below((unsigned)c->count) : blocks[below((unsigned)count)];
        c->jumps[i] = one_in(2) ? below(64) : (uint32_t)value();
    }
}

/* ---- Memory ---- */

static void add_page(uint32_t page) { if (g.page_count < sizeof g.pages / sizeof *g.pages) g.pages[g.page_count++] = page & 0xfffff; }

static void lay_out(void) {
    case_t* c = g.c;
    const uint32_t rw = 0x20, size = below(3), room = below(4);
    const uint32_t stack = rw + size + room + 1;
    const bool has_ro = !one_in(3), has_output = one_in(3);
    const uint32_t bounds[8] = {
        rw << 12, ((rw + size) << 12) - (size ? below(100) : 0), has_ro ? 0x10000 : 0, has_ro ? 0x11000 : 0,
        has_output ? (stack + 1) << 12 : 0, has_output ? (stack + 2) << 12 : 0, stack << 12, (stack + 1) << 12
    };
    memcpy(c->bounds, bounds, sizeof bounds);
    g.page_count = 0;
    add_page(rw);
    if (size) add_page(rw + size - 1);
    add_page(stack);
    add_page(stack);
    if (has_ro) add_page(0x10);
    if (has_output) add_page(stack + 1);
    c->map_count = 0;
    static const uint32_t places[] = { 0xfffff, 0xfffff, 0x7ffff, 0x80000, 0x11, 0x12, 0xffffe, 0x10 };
    for (unsigned i = below(3); i > 0; i--) {
        const uint32_t page = places[below(8)], count = page == 0x7ffff ? 1 + below(2) : 1;
        const uint32_t map[3] = { page, count, one_in(4) ? PVM_ACCESS_READ : PVM_ACCESS_WRITE };
        memcpy(c->maps[c->map_count++], map, sizeof map);
        add_page(page);
    }
    c->fill = next();
}

/* ---- Host and runs ---- */

static uint64_t gas(void) {
    if (g.acyclic && one_in(4)) return one_in(2) ? UINT64_MAX - below(3) : edge() > 1 << 20 ? 1ull << 63 : edge() & 0xfffff;
    const unsigned scale = g.c->isa == PVM_ISA_GP080 ? 3 : 1;
    switch (below(10)) {
    case 0: return below(6);
    case 1: case 2: return below(50) * scale;
    case 3: return 1500 * scale;
    default: return (100 + below(300)) * scale;
    }
}

static event_t event(bool in_call) {
    event_t e = { .effect = one_in(3) ? E_NONE : below(E_COUNT), .target = NO_TARGET };
    switch (e.effect) {
    case E_REGISTER: e.a = below(13); e.b = register_value(); break;
    case E_GAS: e.a = gas(); break;
    case E_SIGNED_GAS: e.a = one_in(2) ? 0u - (uint64_t)below(50) : gas(); break;
    case E_CHARGE: e.a = below(40); break;
    case E_WRITE: case E_LOAD: e.a = address(); e.b = next(); break;
    case E_MAP: e.a = g.pages[below(g.page_count)] + (one_in(3) ? below(3) : 0); e.b = below(3); break;
    case E_SET_PC: case E_WRITE_PC:
        if (g.acyclic && in_call) { e.effect = E_NONE; break; }
        if (one_in(8)) e.a = below(200);
        else e.target = (int)below((unsigned)g.c->count);
        break;
    case E_HEAP: case E_EXPAND: e.a = g.c->bounds[0] + below(0x5000); break;
    case E_REPAIR: e.b = 1 + below(2); break;
    default: break;
    }
    if (in_call) {
        static const uint32_t actions[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 1, 2, 3, 4, 77 };
        e.then = actions[below(16)];
    } else {
        if (one_in(4)) e = (event_t){ .effect = E_SET_PC, .target = (int)below((unsigned)g.c->count) };
        else if (one_in(2)) e = (event_t){ .effect = E_REPAIR, .target = NO_TARGET, .b = one_in(5) ? PVM_ACCESS_READ : PVM_ACCESS_WRITE };
        e.then = one_in(4) ? 1 + below(12) : 0;
    }
    return e;
}

static void make_run(run_t* run) {
    memset(run, 0, sizeof *run);
    run->how = one_in(2) ? HOW_FUNCTION : below(HOW_COUNT);
    run->entry_target = one_in(2) ? 0 : one_in(20) ? NO_TARGET : (int)below((unsigned)g.c->count);
    run->entry = one_in(2) ? below(300) : (uint32_t)value();
    run->gas = gas();
    for (int i = 0; i < 13; i++) run->registers[i] = register_value();
    for (int i = 0; i < 3; i++)
        if (!one_in(10)) run->registers[g.pointers[i]] = g.pointer_values[i] | (one_in(4) ? next() << 32 : 0);
    run->call_count = below(5);
    for (uint32_t i = 0; i < run->call_count; i++) run->calls[i] = event(true);
    run->event_count = one_in(4) ? below(MOST_EVENTS) : below(4);
    for (uint32_t i = 0; i < run->event_count; i++) run->events[i] = event(false);
}

/* ---- The whole ---- */

void generate(case_t* c, uint64_t seed, uint64_t number, int isa) {
    state = seed * 0xd1342543de82ef95u + number;
    next();
    state ^= next();
    g.c = c;
    c->isa = isa >= 0 ? (uint32_t)isa : below(2);
    list_opcodes(c->isa);
    g.fused = one_in(4);
    g.acyclic = one_in(4);
    g.odd = one_in(3);
    g.register_count = one_in(3) ? 13 : 2 + below(8);
    uint8_t order[13];
    for (uint8_t i = 0; i < 13; i++) {
        const unsigned at = below(i + 1u);
        order[i] = order[at];
        order[at] = i;
    }
    memcpy(g.registers, order, sizeof order);
    lay_out();
    for (int i = 0; i < 3; i++) {
        g.pointers[i] = one_in(3) ? g.registers[below(g.register_count)] : (uint8_t)below(13);
        g.pointer_values[i] = (address() & ~0xfffu) + (one_in(2) ? 0 : below(8) ? 8 * below(512) : below(4096));
    }
    c->entry_size = one_in(40) ? below(5) : RAW;
    c->jump_count = g.acyclic ? 0 : one_in(40) && c->entry_size == 0 ? 1 + below(MOST_JUMPS) : below(7);
    c->count = 0;
    put_instructions();
    aim();
    c->tail_cut = !g.acyclic && one_in(25) ? 1 + below(6) : 0;
    c->step_limit = one_in(3) ? 400 : 0;
    c->run_count = 2 + below(3);
    for (uint32_t i = 0; i < c->run_count; i++) make_run(&c->runs[i]);
    assemble(c);
}
