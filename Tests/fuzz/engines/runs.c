/* Random memory, registers, gas and hosts. */
#include "generate.h"

/* ---- Memory ---- */

static void add_page(uint32_t page) { if (g.page_count < sizeof g.pages / sizeof *g.pages) g.pages[g.page_count++] = page & 0xfffff; }

void lay_out(void) {
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
        static const uint32_t actions[] = { 0, 0, 0, 5, 5, 1, 2, 3, 4, 77 };
        e.then = one_in(3) ? actions[below(10)] : PVM_ACTION_CONTINUE;
    } else {
        if (one_in(4)) e = (event_t){ .effect = E_SET_PC, .target = (int)below((unsigned)g.c->count) };
        else if (one_in(2)) e = (event_t){ .effect = E_REPAIR, .target = NO_TARGET, .b = one_in(5) ? PVM_ACCESS_READ : PVM_ACCESS_WRITE };
        e.then = one_in(4) ? 1 + below(12) : 0;
    }
    return e;
}

void make_run(run_t* run) {
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
