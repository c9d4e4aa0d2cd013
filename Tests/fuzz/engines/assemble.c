/* From instructions to octets, formats as the Gray Paper's instruction tables have them. */
#include "case.h"

format_t format_of(uint8_t opcode) {
    if (opcode == 10) return F_IMM;
    if (opcode == 20) return F_REG_EXT;
    if (opcode >= 30 && opcode <= 33) return F_IMM_IMM;
    if (opcode == 40) return F_OFFSET;
    if (opcode >= 50 && opcode <= 62) return F_REG_IMM;
    if (opcode >= 70 && opcode <= 73) return F_REG_IMM_IMM;
    if (opcode >= 80 && opcode <= 90) return F_REG_IMM_OFFSET;
    if (opcode >= 100 && opcode <= 111) return F_REG_REG;
    if (opcode >= 120 && opcode <= 161) return F_REG_REG_IMM;
    if (opcode >= 170 && opcode <= 175) return F_REG_REG_OFFSET;
    if (opcode == 180) return F_REG_REG_IMM_IMM;
    if (opcode >= 190 && opcode <= 230) return F_REG_REG_REG;
    return F_NONE;
}

bool ends_block(uint8_t opcode) {
    return opcode <= 1 || opcode == 40 || opcode == 50 || (opcode >= 80 && opcode <= 90) || (opcode >= 170 && opcode <= 175) ||
           opcode == 180;
}

static int put(uint8_t* out, int at, uint64_t value, int length) {
    for (int i = 0; i < length; i++) out[at++] = (uint8_t)(value >> (8 * i));
    return at;
}

/* Octets of the instruction, at most 32; `offset` replaces the target where it has one. */
static int encode(const instruction_t* i, uint64_t offset, uint8_t out[32]) {
    const uint8_t registers = (uint8_t)((i->a & 15) | (i->b & 15) << 4);
    const uint64_t x = i->target == NO_TARGET ? i->x : offset, y = i->target == NO_TARGET ? i->y : offset;
    int at = 0;
    out[at++] = i->opcode;
    switch (format_of(i->opcode)) {
    case F_NONE: break;
    case F_IMM: case F_OFFSET:
        at = put(out, at, x, i->x_length);
        break;
    case F_REG_EXT:
        out[at++] = registers;
        at = put(out, at, i->x, 8);
        break;
    case F_IMM_IMM:
        out[at++] = (uint8_t)(i->x_length | (i->b & 15) << 4);
        at = put(out, put(out, at, i->x, i->x_length), i->y, i->y_length);
        break;
    case F_REG_IMM:
        out[at++] = registers;
        at = put(out, at, i->x, i->x_length);
        break;
    case F_REG_IMM_IMM:
        out[at++] = (uint8_t)((i->a & 15) | i->x_length << 4);
        at = put(out, put(out, at, i->x, i->x_length), i->y, i->y_length);
        break;
    case F_REG_IMM_OFFSET:
        out[at++] = (uint8_t)((i->a & 15) | i->x_length << 4);
        at = put(out, put(out, at, i->x, i->x_length), y, i->y_length);
        break;
    case F_REG_REG:
        out[at++] = (uint8_t)((i->d & 15) | (i->a & 15) << 4);
        break;
    case F_REG_REG_IMM: case F_REG_REG_OFFSET:
        out[at++] = registers;
        at = put(out, at, x, i->x_length);
        break;
    case F_REG_REG_IMM_IMM:
        out[at++] = registers;
        out[at++] = i->x_length;
        at = put(out, put(out, at, i->x, i->x_length), i->y, i->y_length);
        break;
    case F_REG_REG_REG:
        out[at++] = registers;
        out[at++] = i->d;
        break;
    }
    at -= i->cut < at ? i->cut : at - 1;
    for (int extra = 0; extra < i->extra && at < 32; extra++) out[at++] = (uint8_t)(0x95 * (extra + i->opcode));
    return at;
}

void assemble(case_t* c) {
    static uint32_t offsets[MOST_INSTRUCTIONS + 1];
    uint8_t octets[32];
    uint32_t size = 0;
    for (int i = 0; i < c->count; i++) {
        offsets[i] = size;
        size += (uint32_t)encode(&c->instructions[i], 0, octets);
    }
    offsets[c->count] = size;
    memset(c->starts, 0, size);
    for (int i = 0; i < c->count; i++) {
        const instruction_t* instruction = &c->instructions[i];
        const int target = instruction->target;
        const int64_t offset = target == NO_TARGET ? 0 : (int64_t)offsets[target] - (int64_t)offsets[i];
        const int length = encode(instruction, (uint64_t)offset, octets);
        memcpy(c->code + offsets[i], octets, (size_t)length);
        c->starts[offsets[i]] = !instruction->hidden;
    }
    for (uint32_t i = 0; i < c->jump_count; i++)
        if (c->jump_targets[i] != NO_TARGET) c->jumps[i] = offsets[c->jump_targets[i]];
    c->code_size = size > c->tail_cut ? size - c->tail_cut : 1;
    if (size == 0) {
        c->code[0] = 0;
        c->starts[0] = 1;
    }
    for (uint32_t r = 0; r < c->run_count; r++) {
        run_t* run = &c->runs[r];
        if (run->entry_target != NO_TARGET) run->entry = offsets[run->entry_target];
        for (uint32_t e = 0; e < run->call_count; e++)
            if (run->calls[e].target != NO_TARGET) run->calls[e].a = offsets[run->calls[e].target];
        for (uint32_t e = 0; e < run->event_count; e++)
            if (run->events[e].target != NO_TARGET) run->events[e].a = offsets[run->events[e].target];
    }
}
