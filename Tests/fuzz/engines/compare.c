/* Runs a case on every engine and memory mode side by side, and compares all that a host can see after every exit. */
#include <inttypes.h>
#include <stdarg.h>

#include "traces.h"

char difference[1024];
unsigned long long exits_seen[8], exits_compared;

/* ---- The machines ---- */

typedef struct {
    const char* name;
    pvm_engine_t engine;
    pvm_memory_mode_t memory;
    bool steps;
} kind_t;

static const kind_t kinds[] = {
    { "interpreter/checked", PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED, false },
    /* Before the recompiler, so that it is they who compile, in the middle of a run. */
    { "auto/checked", PVM_ENGINE_AUTO, PVM_MEMORY_CHECKED, false },
    { "auto/guarded", PVM_ENGINE_AUTO, PVM_MEMORY_GUARDED, false },
    { "interpreter/guarded", PVM_ENGINE_INTERPRETER, PVM_MEMORY_GUARDED, false },
    { "recompiler/checked", PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED, false },
    { "recompiler/guarded", PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED, false },
    { "steps", PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED, true },
};
#define MACHINES 7

typedef struct {
    pvm_vm_t* vm;
    const kind_t* kind;
    const run_t* run;
    uint32_t calls;       /* host calls of this run */
    uint64_t calls_hash;  /* what they saw */
    uint32_t steps_left;
    bool is_out;          /* a stepping machine that has had enough */
    pvm_exit_t exit;
    trace_text_t trace;   /* of this run, in cases that are recorded */
} machine_t;

static machine_t machines[MACHINES];
static unsigned machine_count;

/* Pages that have been given rights at some time: those whose contents are compared. */
static uint32_t pages[64];
static unsigned page_count;

static void know_page(uint64_t page) {
    if (page >= 1 << 20) return;
    for (unsigned i = 0; i < page_count; i++) if (pages[i] == page) return;
    if (page_count < sizeof pages / sizeof *pages) pages[page_count++] = (uint32_t)page;
}

static bool differ(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(difference, sizeof difference, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- What the host does ---- */

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9fb21c651e98df25u;
    return hash ^ hash >> 29;
}

static void apply(machine_t* m, const event_t* e) {
    pvm_vm_t* vm = m->vm;
    uint8_t octets[8];
    memcpy(octets, &e->b, 8);
    switch (e->effect) {
    case E_REGISTER: vm->registers[e->a % 13] = e->b; break;
    case E_GAS: vm->gas = e->a; break;
    case E_SIGNED_GAS: pvm_set_gas_signed(vm, (int64_t)e->a); break;
    case E_CHARGE: pvm_charge_gas(vm, e->a); break;
    case E_WRITE: pvm_write(vm, e->a, 1 + (e->b & 7), octets); break;
    case E_LOAD: pvm_load(vm, e->a, 1 + (e->b & 7), octets); break;
    case E_MAP:
        if (pvm_map_pages(vm, (uint32_t)e->a, 1, (pvm_access_t)e->b) == PVM_OK) know_page(e->a);
        break;
    case E_SET_PC: pvm_set_pc(vm, e->a); break;
    case E_WRITE_PC: vm->pc = e->a; break;
    case E_HEAP: pvm_set_heap_pointer(vm, (uint32_t)e->a); break;
    case E_EXPAND: pvm_expand_heap(vm, (uint32_t)e->a); break;
    case E_REPAIR:
        if (m->exit != PVM_EXIT_FAULT || vm->host_call) break;
        pvm_map_pages(vm, pvm_fault_page(vm) >> 12, 1, (pvm_access_t)e->b);
        know_page(pvm_fault_page(vm) >> 12);
        break;
    default: break;
    }
}

static pvm_action_t serve(pvm_vm_t* vm, int id, void* data) {
    machine_t* m = data;
    uint64_t hash = mix(m->calls_hash, (uint64_t)(int64_t)id);
    for (int i = 0; i < 13; i++) hash = mix(hash, vm->registers[i]);
    hash = mix(mix(mix(hash, vm->gas), vm->pc), (uint64_t)(vm->host_call << 1 | (vm->host_func_id == id)));
    m->calls_hash = hash;
    if (m->calls >= m->run->call_count) {
        m->calls++;
        return PVM_ACTION_CONTINUE;
    }
    const event_t* e = &m->run->calls[m->calls++];
    apply(m, e);
    if (e->then == PVM_ACTION_FAULT) pvm_set_fault_page(vm, 0x20fff);
    return (pvm_action_t)e->then;
}

static pvm_host_result_t serve_plainly(pvm_vm_t* vm, int id) {
    for (unsigned i = 0; i < machine_count; i++)
        if (machines[i].vm == vm) {
            const pvm_action_t action = serve(vm, id, &machines[i]);
            return action <= 2 ? (pvm_host_result_t)action : PVM_HOST_CONTINUE;
        }
    return PVM_HOST_ERROR;
}

/* ---- Making them ---- */

static size_t put_natural(uint8_t* out, uint32_t x) {
    if (x < 1 << 7) return out[0] = (uint8_t)x, 1;
    if (x < 1 << 14) return out[0] = (uint8_t)(0x80 | x >> 8), out[1] = (uint8_t)x, 2;
    if (x < 1 << 21) return out[0] = (uint8_t)(0xc0 | x >> 16), out[1] = (uint8_t)x, out[2] = (uint8_t)(x >> 8), 3;
    out[0] = (uint8_t)(0xe0 | x >> 24);
    for (int i = 0; i < 3; i++) out[1 + i] = (uint8_t)(x >> (8 * i));
    return 4;
}

static pvm_error_t make_program(const case_t* c, pvm_program_t** program) {
    static uint8_t blob[MOST_CODE + MOST_CODE / 8 + 4 * MOST_JUMPS + 32];
    if (c->entry_size == RAW)
        return pvm_program_create_raw(c->code, c->code_size, c->starts, c->code_size, c->jumps, c->jump_count,
                                      (pvm_isa_t)c->isa, program);
    size_t size = put_natural(blob, c->jump_count);
    blob[size++] = (uint8_t)c->entry_size;
    size += put_natural(blob + size, c->code_size);
    for (uint32_t i = 0; i < c->jump_count; i++)
        for (uint32_t octet = 0; octet < c->entry_size; octet++) blob[size++] = (uint8_t)(c->jumps[i] >> (8 * octet));
    memcpy(blob + size, c->code, c->code_size);
    size += c->code_size;
    memset(blob + size, 0, (c->code_size + 7) / 8);
    for (uint32_t i = 0; i < c->code_size; i++) blob[size + i / 8] |= (uint8_t)(c->starts[i] << (i % 8));
    size += (c->code_size + 7) / 8;
    return pvm_program_create(blob, size, PVM_FORMAT_BLOB, (pvm_isa_t)c->isa, program);
}

static void fill_pages(const case_t* c, pvm_vm_t* vm) {
    uint64_t octets[8], x = c->fill;
    for (unsigned i = 0; i < page_count; i++)
        for (uint32_t place = 0; place < 2; place++) {
            for (int word = 0; word < 8; word++) x = mix(x, 0x9e3779b97f4a7c15u), octets[word] = x;
            pvm_load(vm, (uint64_t)pages[i] * 4096 + (place ? 4096 - 64 : 0), 64, (const uint8_t*)octets);
        }
}

static bool make_machine(const case_t* c, pvm_program_t* program, machine_t* m, const kind_t* kind) {
    *m = (machine_t){ .kind = kind, .exit = PVM_EXIT_NONE, .steps_left = c->step_limit };
    if (pvm_vm_create(program, NULL, 0, 0, &m->vm) != PVM_OK) return false;
    const uint32_t* b = c->bounds;
    pvm_set_memory_bounds(m->vm, b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]);
    for (uint32_t i = 0; i < c->map_count; i++) pvm_map_pages(m->vm, c->maps[i][0], c->maps[i][1], (pvm_access_t)c->maps[i][2]);
    fill_pages(c, m->vm);
    return pvm_set_engine(m->vm, kind->engine) == PVM_OK && pvm_set_memory_mode(m->vm, kind->memory) == PVM_OK &&
           pvm_get_engine(m->vm) == (kind->engine == PVM_ENGINE_AUTO ? PVM_ENGINE_RECOMPILER : kind->engine) && pvm_get_memory_mode(m->vm) == kind->memory;
}

/* Guarded memory takes time to set up, and the interpreter does not depend on it: every fourth case is enough. */
static bool takes_part(const case_t* c, const kind_t* kind) {
    if (kind->steps) return c->step_limit > 0;
    return kind->engine != PVM_ENGINE_INTERPRETER || kind->memory != PVM_MEMORY_GUARDED || c->fill % 4 == 0;
}

static void list_pages(const case_t* c) {
    page_count = 0;
    for (int region = 0; region < 4; region++) {
        uint32_t end = c->bounds[2 * region + 1];
        if (region == 0) end = c->bounds[6];  /* as far as the heap can grow */
        for (uint64_t at = c->bounds[2 * region]; at < end && page_count < 40; at += 4096) know_page(at >> 12);
    }
    for (uint32_t i = 0; i < c->map_count; i++)
        for (uint32_t page = 0; page < c->maps[i][1]; page++) know_page(c->maps[i][0] + page);
}

/* ---- Running ---- */

static void step_on(machine_t* m) {
    do {
        if (m->steps_left-- == 0) {
            m->is_out = true;
            return;
        }
        m->exit = pvm_step(m->vm);
    } while (m->exit == PVM_EXIT_STEP);
}

static void start(machine_t* m, const run_t* run) {
    m->run = run;
    m->calls = 0;
    m->calls_hash = 0;
    memcpy(m->vm->registers, run->registers, sizeof run->registers);
    pvm_set_gas(m->vm, run->gas);
    if (run->how == HOW_CALLBACK) pvm_set_host_callback(m->vm, serve_plainly);
    /* Steps know no children: the stepping machine has nobody to ask instead. */
    else if (run->how == HOW_NOBODY || (run->how == HOW_CHILD && m->kind->steps)) pvm_set_host_function(m->vm, NULL, NULL);
    else pvm_set_host_function(m->vm, serve, m);
    if (m->kind->steps) {
        /* Runs that start where the last one faulted carry it on. */
        if (m->exit != PVM_EXIT_FAULT || m->vm->pc != run->entry) pvm_set_pc(m->vm, run->entry);
        step_on(m);
    } else if (run->how == HOW_CHILD) {
        pvm_execute(m->vm, run->entry, 1);
        m->exit = pvm_exit_reason(m->vm);
    } else {
        m->exit = pvm_run(m->vm, run->entry);
    }
}

static void go_on(machine_t* m, const event_t* e) {
    apply(m, e);
    for (uint32_t step = 0; step < e->then; step++) {
        m->exit = pvm_step(m->vm);
        if (m->exit != PVM_EXIT_STEP) return;
    }
    if (m->kind->steps) step_on(m);
    else m->exit = pvm_resume(m->vm);
}

/* ---- Comparing ---- */

static bool same(const machine_t* m, const machine_t* n, unsigned run, unsigned exit, const char* what, uint64_t a, uint64_t b) {
    if (a == b) return true;
    return differ("run %u, exit %u: %s is %" PRIu64 " (%#" PRIx64 ") with %s, %" PRIu64 " (%#" PRIx64 ") with %s", run, exit, what,
                  a, a, m->kind->name, b, b, n->kind->name);
}

static bool same_memory(const machine_t* m, const machine_t* n, unsigned run, unsigned exit, bool all) {
    for (unsigned i = 0; i < page_count; i++) {
        const pvm_access_t access = pvm_page_access(m->vm, pages[i]);
        char name[64];
        if (access != pvm_page_access(n->vm, pages[i])) {
            snprintf(name, sizeof name, "access to page %#x", pages[i]);
            return same(m, n, run, exit, name, access, pvm_page_access(n->vm, pages[i]));
        }
        uint8_t *p = NULL, *q = NULL;
        const uint64_t at = (uint64_t)pages[i] << 12;
        if (access == PVM_ACCESS_NONE) continue;
        if (pvm_memory_view(m->vm, at, 4096, PVM_ACCESS_READ, &p) != PVM_OK ||
            pvm_memory_view(n->vm, at, 4096, PVM_ACCESS_READ, &q) != PVM_OK)
            return differ("run %u, exit %u: no view of page %#x", run, exit, pages[i]);
        /* In the middle of a run only where most accesses go. */
        if (all ? memcmp(p, q, 4096) == 0 : memcmp(p, q, 64) == 0 && memcmp(p + 4032, q + 4032, 64) == 0) continue;
        unsigned octet = 0;
        while (p[octet] == q[octet]) octet++;
        snprintf(name, sizeof name, "the octet at %#" PRIx64, at + octet);
        return same(m, n, run, exit, name, p[octet], q[octet]);
    }
    return true;
}

static bool same_state(const machine_t* m, const machine_t* n, unsigned run, unsigned exit, bool all) {
    const pvm_vm_t *a = m->vm, *b = n->vm;
    char name[32];
    if (!same(m, n, run, exit, "the exit", m->exit, n->exit)) return false;
    if (!same(m, n, run, exit, "pc", a->pc, b->pc)) return false;
    if (!same(m, n, run, exit, "gas", a->gas, b->gas)) return false;
    /* A step is a run of its own: what a host call before it was missing is forgotten. */
    if ((!n->kind->steps || n->calls == 0) && !same(m, n, run, exit, "signed gas", (uint64_t)pvm_get_gas_signed(a), (uint64_t)pvm_get_gas_signed(b))) return false;
    for (int i = 0; i < 13; i++)
        if (a->registers[i] != b->registers[i]) {
            snprintf(name, sizeof name, "register %d", i);
            return same(m, n, run, exit, name, a->registers[i], b->registers[i]);
        }
    return same(m, n, run, exit, "the number of host calls", m->calls, n->calls) &&
           same(m, n, run, exit, "what host calls saw", m->calls_hash, n->calls_hash) &&
           same(m, n, run, exit, "the fault page", a->fault_address, b->fault_address) &&
           same(m, n, run, exit, "host_func_id", (uint64_t)a->host_func_id, (uint64_t)b->host_func_id) &&
           same(m, n, run, exit, "host_call", (uint64_t)a->host_call, (uint64_t)b->host_call) &&
           same(m, n, run, exit, "terminated", (uint64_t)a->terminated, (uint64_t)b->terminated) &&
           same(m, n, run, exit, "machine_state", (uint64_t)a->machine_state, (uint64_t)b->machine_state) &&
           same(m, n, run, exit, "result_code", (uint64_t)a->result_code, (uint64_t)b->result_code) &&
           same(m, n, run, exit, "the heap's end", a->current_heap_pointer, b->current_heap_pointer) &&
           same(m, n, run, exit, "the heap's limit", a->max_heapsize, b->max_heapsize) &&
           same_memory(m, n, run, exit, all);
}

static bool all_same(unsigned run, unsigned exit, bool all) {
    exits_compared++;
    exits_seen[machines[0].exit & 7]++;
    for (unsigned i = 1; i < machine_count; i++)
        if (!machines[i].is_out && !same_state(&machines[0], &machines[i], run, exit, all)) return false;
    return true;
}

static bool do_run(const run_t* run, unsigned number) {
    for (unsigned i = 0; i < machine_count; i++) if (!machines[i].is_out) start(&machines[i], run);
    if (!all_same(number, 0, run->event_count == 0)) return false;
    for (unsigned e = 0; e < run->event_count; e++) {
        for (unsigned i = 0; i < machine_count; i++) if (!machines[i].is_out) go_on(&machines[i], &run->events[e]);
        const bool is_over = machines[0].exit == PVM_EXIT_REFUSED || e + 1 == run->event_count;
        if (!all_same(number, e + 1, is_over)) return false;
        if (is_over) break;
    }
    return true;
}

/* Recording takes time: every 64th case is enough. What happens between steps is no part of a trace. */
static bool is_recorded(const case_t* c) { return c->fill % 64 == 5; }

static bool check_traces(void) {
    const machine_t* first = NULL;
    for (unsigned i = 0; i < machine_count; i++) {
        machine_t* m = &machines[i];
        if (m->kind->steps) continue;
        const kind_t* other = &kinds[(i + 3) % (MACHINES - 1)];
        if (first && !same_traces(&first->trace, &m->trace, difference, sizeof difference)) return false;
        if (!replays(&m->trace, other->engine, other->memory, difference, sizeof difference)) return false;
        if (!first) first = m;
    }
    for (unsigned i = 0; i < machine_count; i++) forget_trace(&machines[i].trace);
    return true;
}

bool compare(const case_t* c) {
    pvm_program_t* program = NULL;
    difference[0] = 0;
    if (make_program(c, &program) != PVM_OK) return true;
    list_pages(c);
    /* Auto looks and goes over early, at another place from case to case; where the slice is large, not at all. */
    pvm_set_auto_policy(1 + (c->fill >> 8) % 64, (uint32_t)(c->fill >> 16) % 2);
    bool agree = true;
    machine_count = 0;
    for (unsigned i = 0; i < MACHINES && agree; i++) {
        if (!takes_part(c, &kinds[i])) continue;
        machine_t* m = &machines[machine_count++];
        agree = make_machine(c, program, m, &kinds[i]) || differ("%s could not be made", kinds[i].name);
        if (agree && is_recorded(c) && !kinds[i].steps) agree = begin_trace(&m->trace, m->vm) || differ("no trace");
    }
    for (uint32_t r = 0; r < c->run_count && agree; r++) agree = do_run(&c->runs[r], r) && (!is_recorded(c) || check_traces());
    for (unsigned i = 0; i < machine_count; i++) {
        pvm_destroy(machines[i].vm);
        free_trace(&machines[i].trace);
    }
    pvm_program_release(program);
    return agree;
}
