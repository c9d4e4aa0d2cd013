/* Random instructions, and what they are made into: straight code, loops, jumps. */
#include "generate.h"

void list_opcodes(uint32_t isa) {
    static uint8_t lists[2][256];
    static unsigned counts[2];
    if (counts[isa] == 0)
        for (unsigned octet = 0; octet < 256; octet++)
            if (strcmp(pvm_opcode_name((pvm_isa_t)isa, (uint8_t)octet), "UNKNOWN") != 0) lists[isa][counts[isa]++] = (uint8_t)octet;
    memcpy(g.opcodes, lists[isa], sizeof g.opcodes);
    g.opcode_count = counts[isa];
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
    static const uint8_t ending[] = { 171, 170, 172, 174, 173, 175, 82, 81, 40, 80, 1, 82 };
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
        /* What would end most runs early is rarer than the rest; dynamic jumps are made apart. */
        if (op == 0 && !one_in(8)) op = 1;
        if ((op == 50 || op == 180) && !one_in(4)) op = 80;
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

/* ---- Accesses through one base, which compiled code may check together ---- */

/* An address at an edge: of a page, of what is mapped, of 2^32. */
static uint32_t edge_address(void) {
    if (one_in(12)) return 0u - below(64) * (one_in(2) ? 8 : 1);
    const uint32_t page = g.pages[below(g.page_count)] << 12;
    const uint32_t near = below(48) * (one_in(3) ? 1 : 8);
    return one_in(3) ? address() : one_in(2) ? page + near : page + 4096 - near;
}

static void put_address(uint8_t base) {
    put(51);
    last()->a = base;
    last()->x = edge_address();
    last()->x_length = 4;
}

static void put_access(uint8_t base, int reach) {
    const unsigned which = below(15);
    put((uint8_t)(which < 11 ? 120 + which : 70 + which - 11));
    if (which < 11) last()->b = base; else last()->a = base;
    if (which >= 4 && which < 11 && last()->a == base && !one_in(6)) last()->a = (uint8_t)((base + 1) % 13);
    int offset = (int)below((unsigned)reach);
    if (one_in(2)) offset &= ~7;
    if (one_in(4)) offset = -offset;
    number((uint64_t)(int64_t)offset, &last()->x, &last()->x_length);
    last()->extra = last()->cut = 0;
}

/* Sum or copy of a base that goes on as one. */
static uint8_t put_derived(uint8_t base) {
    const uint8_t to = one_in(2) ? base : some_register();
    if (one_in(3)) {
        put(100);
        last()->d = to;
        last()->a = base;
    } else {
        put(one_in(4) ? 131 : 149);
        last()->a = to;
        last()->b = base;
        number((uint64_t)(int64_t)((int)below(200) - 100), &last()->x, &last()->x_length);
    }
    return to;
}

static void put_group(void) {
    static const int reaches[] = { 9, 64, 64, 600, 4200 };
    const int reach = reaches[below(5)];
    uint8_t base = one_in(4) ? 1 : some_register();
    if (!one_in(4)) put_address(base); else base = g.pointers[below(3)];
    if (base > 12) base = 12;
    if (one_in(2)) put(1);          /* then nothing is known of the base */
    const bool isLong = one_in(40);
    for (unsigned n = isLong ? 100 + below(200) : 2 + below(8); n > 0; n--) {
        if (isLong && one_in(20)) put_address(base = some_register() % 13);
        switch (below(12)) {
        case 0: case 1: base = put_derived(base); if (base > 12) base = 12; break;
        case 2: if (!isLong || one_in(40)) put(one_in(3) ? 10 : one_in(3) && g.c->isa == PVM_ISA_GP072 ? 101 : opcode()); break;
        default: put_access(base, reach);
        }
    }
}

/* A block that is a loop and walks through memory, over the end of it perhaps. */
static void put_walk(void) {
    static const int strides[] = { 0, 1, 2, 4, 8, 8, 16, 24, 40, 128, 768, 4096, -1, -8, -8, -24, -128 };
    uint8_t base[3];
    const unsigned count = 1 + below(3), counter = 12;
    for (unsigned i = 0; i < count; i++) {
        base[i] = (uint8_t)below(12);
        put_address(base[i]);
    }
    put(51);
    last()->a = (uint8_t)counter;
    last()->x = 1 + below(one_in(3) ? 100 : 12);
    last()->x_length = 1;
    put(1);
    last()->extra = last()->cut = 0;
    const int head = g.c->count;
    for (unsigned n = 1 + below(5); n > 0; n--) {
        if (one_in(9)) put(opcode()); else put_access(base[below(count)], one_in(3) ? 64 : 9);
    }
    for (unsigned i = 0; i < count; i++) {
        const int stride = strides[below(sizeof strides / sizeof *strides)];
        put(149);
        last()->a = last()->b = base[i];
        number((uint64_t)(int64_t)stride, &last()->x, &last()->x_length);
        if (one_in(4)) put_access(base[i], 9);
    }
    put(149);
    last()->a = last()->b = (uint8_t)counter;
    last()->x = ~0ull;
    last()->x_length = 1;
    put(82);
    last()->a = (uint8_t)counter;
    last()->x = 0;
    last()->x_length = 1;
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

void put_instructions(void) {
    case_t* c = g.c;
    unsigned length = one_in(3) ? 1 + below(8) : 4 + below(28);
    if (one_in(20)) length = 40 + below(260);
    if (one_in(2000)) length = 2000 + below(2000);
    if (one_in(60000)) put_straight(64000 + below(4000));
    if (one_in(300)) put_straight(below(1500));
    while ((unsigned)c->count < length) {
        if (!g.acyclic && one_in(30)) put_loop();
        else if (one_in(40)) put_dynamic_jump();
        else if (one_in(g.groups ? 5 : 60)) put_group();
        else if (!g.acyclic && one_in(g.groups ? 8 : 80)) put_walk();
        else put(opcode());
    }
    /* 0.8.0 takes only what ends in a terminator: every kind of them, those that would go on behind the code as well. */
    if (c->isa == PVM_ISA_GP080 && one_in(2)) put((uint8_t)(one_in(2) ? 81 + below(10) : one_in(2) ? 170 + below(6) : 1));
    else if (c->isa == PVM_ISA_GP080 || !one_in(5)) put(one_in(3) ? 0 : one_in(2) ? 50 : 1);
}

/* Gives jumps their targets: starts of blocks as a rule. */
void aim(void) {
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
        } else if (one_in(30)) {
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
