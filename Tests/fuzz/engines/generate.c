/* Random cases. What a case looks like depends on its seed and number alone. */
#include "generate.h"

struct character g;

void generate(case_t* c, uint64_t seed, uint64_t number, int isa) {
    start_random(seed, number);
    g.c = c;
    c->isa = isa >= 0 ? (uint32_t)isa : below(2);
    list_opcodes(c->isa);
    g.groups = one_in(4);
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
