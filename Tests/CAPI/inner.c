/* Inner machines: the refine host calls machine, peek, poke, pages, invoke, expunge (Gray Paper appendix B). */
#include "check.h"

enum { BLOB = 0x20000, BUFFER = 0x21000, READ_ONLY = 0x30000 };

/* The tests drive the calls from inside a host function, where a host would. */
static void (*scene)(pvm_vm_t* vm);

static pvm_action_t play(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)func_id;
    (void)user_data;
    scene(vm);
    return PVM_ACTION_HALT;
}

static void with_guest_on(void (*what)(pvm_vm_t*), pvm_isa_t isa, pvm_engine_t engine, pvm_memory_mode_t mode) {
    code_t code = code_new();
    OP(code, ECALLI, 1);
    OP(code, TRAP);
    pvm_program_t* program = code_program(&code, isa);
    pvm_vm_t* vm = NULL;
    NEED(program && pvm_vm_create(program, NULL, 0, 1000000, &vm) == PVM_OK);
    pvm_program_release(program);
    NEED(pvm_map_pages(vm, BLOB >> 12, 4, PVM_ACCESS_WRITE) == PVM_OK);
    NEED(pvm_map_pages(vm, READ_ONLY >> 12, 1, PVM_ACCESS_READ) == PVM_OK);
    scene = what;
    NEED(pvm_set_host_function(vm, play, NULL) == PVM_OK);
    /* Inner machines run as the one that makes them does. */
    if (pvm_set_engine(vm, engine) == PVM_OK && pvm_set_memory_mode(vm, mode) == PVM_OK) EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    pvm_destroy(vm);
}

static void with_guest(void (*what)(pvm_vm_t*), pvm_isa_t isa) {
    static const pvm_engine_t engines[] = {PVM_ENGINE_INTERPRETER, PVM_ENGINE_RECOMPILER, PVM_ENGINE_AUTO};
    static const pvm_memory_mode_t modes[] = {PVM_MEMORY_CHECKED, PVM_MEMORY_GUARDED};
    for (int engine = 0; engine < 3; engine++)
        for (int mode = 0; mode < 2; mode++) with_guest_on(what, isa, engines[engine], modes[mode]);
}

typedef pvm_action_t (*call_t)(pvm_vm_t*);

/* Gas of one of the six calls, but for what `invoke` hands on. */
static uint64_t price(const pvm_vm_t* vm, call_t function) {
    const uint64_t *r = vm->registers, length = r[function == pvm_inner_machine ? 8 : 10];
    if (pvm_program_isa(pvm_vm_program(vm)) == PVM_ISA_GP072) return 10;
    if (function == pvm_inner_machine) return 1862 + (112 * length + 1023) / 1024;
    if (function == pvm_inner_peek) return 377 + (336 * length + 1023) / 1024;
    if (function == pvm_inner_poke) return 297 + (224 * length + 1023) / 1024;
    if (function == pvm_inner_invoke) return 968;
    if (function == pvm_inner_expunge) return 335;
    static const uint64_t base[] = {212, 275, 275, 130, 130}, each[] = {118, 121, 121, 29, 29};
    return r[10] > 4 ? 80 : base[r[10]] + each[r[10]] * r[9];
}

/* One of the six calls: registers in; it takes its gas and answers an action. */
static uint64_t call(pvm_vm_t* vm, call_t function, pvm_action_t expected, uint64_t r7, uint64_t r8, uint64_t r9, uint64_t r10) {
    vm->registers[7] = r7;
    vm->registers[8] = r8;
    vm->registers[9] = r9;
    vm->registers[10] = r10;
    const uint64_t gas = price(vm, function);
    vm->gas = 1000000 + gas;
    const pvm_action_t action = function(vm);
    if (action == PVM_ACTION_PANIC && expected == PVM_ACTION_CONTINUE && check_is_refusing_memory()) check_refused(__FILE__, __LINE__, "memory of an inner machine");
    EQUAL(action, expected);
    if (function != pvm_inner_invoke || pvm_program_isa(pvm_vm_program(vm)) == PVM_ISA_GP072) EQUAL(vm->gas, 1000000);
    return vm->registers[7];
}

static uint64_t make(pvm_vm_t* vm, const code_t* code, uint64_t pc) {
    uint8_t blob[2048];
    const size_t size = code_blob(code, blob);
    NEED(pvm_write(vm, BLOB, size, blob) == PVM_OK);
    return call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, BLOB, size, pc, 0);
}

static code_t halting(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 42); /* 0 */
    OP(code, JUMP_IND, 0);     /* 3: register 0 says where to */
    return code;
}

static void put_state(pvm_vm_t* vm, uint64_t gas, uint64_t r0) {
    uint8_t state[112];
    size_t size = 0;
    put_number(state, &size, gas, 8);
    for (int i = 0; i < 13; i++) put_number(state, &size, i == 0 ? r0 : (uint64_t)(100 + i), 8);
    NEED(pvm_write(vm, BUFFER, sizeof state, state) == PVM_OK);
}

static uint64_t state_gas(pvm_vm_t* vm) { return pvm_read_ram_bytes_64(vm, BUFFER, NULL); }
static uint64_t state_register(pvm_vm_t* vm, uint32_t i) { return pvm_read_ram_bytes_64(vm, BUFFER + 8 + 8 * i, NULL); }

static uint64_t invoke(pvm_vm_t* vm, uint64_t number) { return call(vm, pvm_inner_invoke, PVM_ACTION_CONTINUE, number, BUFFER, 77, 78); }
static uint64_t expunge(pvm_vm_t* vm, uint64_t number) { return call(vm, pvm_inner_expunge, PVM_ACTION_CONTINUE, number, 0, 0, 0); }
static uint64_t pages(pvm_vm_t* vm, uint64_t number, uint64_t first, uint64_t count, uint64_t rights) {
    return call(vm, pvm_inner_pages, PVM_ACTION_CONTINUE, number, first, count, rights);
}

static void machines_are_numbered(pvm_vm_t* vm) {
    const code_t code = halting();
    EQUAL(pvm_inner_count(vm), 0);
    CHECK(pvm_inner_vm(vm, 0) == NULL);
    EQUAL(make(vm, &code, 0), 0);
    EQUAL(make(vm, &code, 3), 1);
    EQUAL(make(vm, &code, 3), 2);
    EQUAL(pvm_inner_count(vm), 3);
    CHECK(pvm_inner_vm(vm, 1) != NULL && pvm_inner_vm(vm, 3) == NULL);
    EQUAL(pvm_program_isa(pvm_vm_program(pvm_inner_vm(vm, 1))), pvm_program_isa(pvm_vm_program(vm)));
    EQUAL(expunge(vm, 1), 3);
    EQUAL(pvm_inner_count(vm), 2);
    CHECK(pvm_inner_vm(vm, 1) == NULL && pvm_inner_vm(vm, 2) != NULL);
    EQUAL(expunge(vm, 1), PVM_HOST_WHO);
    EQUAL(expunge(vm, 99), PVM_HOST_WHO);
    EQUAL(expunge(vm, UINT64_MAX), PVM_HOST_WHO);
    EQUAL(make(vm, &code, 0), 1); /* the lowest free number */
    EQUAL(make(vm, &code, 0), 3);
}

static void machine_answers(pvm_vm_t* vm) {
    static const uint8_t bad[] = {0, 0, 5, 1, 2};
    EQUAL(pvm_write(vm, BLOB, sizeof bad, bad), PVM_OK);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, BLOB, sizeof bad, 0, 0), PVM_HOST_HUH);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, BLOB, 0, 0, 0), PVM_HOST_HUH);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_PANIC, 0x50000, 5, 0, 0), 0x50000);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_PANIC, BLOB, UINT64_MAX, 0, 0), BLOB);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_PANIC, UINT64_MAX, 5, 0, 0), UINT64_MAX);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_PANIC, ((uint64_t)1 << 32) + BLOB, 5, 0, 0), ((uint64_t)1 << 32) + BLOB);
    EQUAL(pvm_inner_count(vm), 0);
}

/* With one unit less than the price there is no gas left, and nothing else has happened. */
static void every_call_takes_its_gas_first(pvm_vm_t* vm) {
    static const call_t functions[] = {pvm_inner_machine, pvm_inner_peek, pvm_inner_poke, pvm_inner_pages, pvm_inner_invoke,
                                       pvm_inner_expunge};
    const code_t code = halting();
    uint8_t before[0x4000], after[0x4000];
    EQUAL(make(vm, &code, 0), 0);
    EQUAL(pages(vm, 0, 0x40, 1, 2), PVM_HOST_OK);
    put_state(vm, 0, 0xffff0000);
    EQUAL(pvm_read(vm, BLOB, sizeof before, before), PVM_OK);
    for (int i = 0; i < 6; i++) {
        /* Registers with which each of them would do something. */
        uint64_t* r = vm->registers;
        r[7] = functions[i] == pvm_inner_machine ? BLOB : 0;
        r[8] = functions[i] == pvm_inner_machine ? 9 : functions[i] == pvm_inner_pages ? 0x40 : BUFFER;
        r[9] = functions[i] == pvm_inner_machine ? 0 : functions[i] == pvm_inner_pages ? 1 : 0x40000;
        r[10] = functions[i] == pvm_inner_pages ? 0 : 8;
        const uint64_t r7 = r[7], r8 = r[8];
        for (uint64_t less = 1; less <= price(vm, functions[i]); less += less == 1 ? price(vm, functions[i]) - 1 : 1) {
            vm->gas = price(vm, functions[i]) - less;
            EQUAL(functions[i](vm), PVM_ACTION_OOG);
            EQUAL(vm->gas, 0);
            EQUAL(pvm_get_gas_signed(vm), -(int64_t)less);
            EQUAL(r[7], r7);
            EQUAL(r[8], r8);
        }
        EQUAL(pvm_inner_count(vm), 1);
        EQUAL(pvm_page_access(pvm_inner_vm(vm, 0), 0x40), PVM_ACCESS_WRITE);
        EQUAL(pvm_read(vm, BLOB, sizeof after, after), PVM_OK);
        CHECK(memcmp(before, after, sizeof after) == 0);
    }
}

static void memory_is_mapped_and_copied(pvm_vm_t* vm) {
    const code_t code = halting();
    EQUAL(make(vm, &code, 0), 0);
    const pvm_vm_t* inner = pvm_inner_vm(vm, 0);
    NEED(inner != NULL);
    const uint64_t base = 0x40000;
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_CONTINUE, 0, BUFFER, base, 8), PVM_HOST_OOB); /* no pages yet */
    EQUAL(pages(vm, 0, 0x40, 2, 2), PVM_HOST_OK);
    EQUAL(pvm_page_access(inner, 0x41), PVM_ACCESS_WRITE);
    EQUAL(pvm_write_ram_bytes_64(vm, BUFFER, 0x1122334455667788u), OK);
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_CONTINUE, 0, BUFFER, base + 0xffc, 8), PVM_HOST_OK);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, BUFFER + 100, base + 0xffc, 8), PVM_HOST_OK);
    EQUAL(pvm_read_ram_bytes_64(vm, BUFFER + 100, NULL), 0x1122334455667788u);
    /* Read-only: peek yes, poke no. 3 and 4 keep the contents, 0 to 2 clear them. */
    EQUAL(pages(vm, 0, 0x40, 2, 3), PVM_HOST_OK);
    EQUAL(pvm_page_access(inner, 0x40), PVM_ACCESS_READ);
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_CONTINUE, 0, BUFFER, base, 8), PVM_HOST_OOB);
    EQUAL(pvm_write_ram_bytes_64(vm, BUFFER + 100, 0), OK);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, BUFFER + 100, base + 0xffc, 8), PVM_HOST_OK);
    EQUAL(pvm_read_ram_bytes_64(vm, BUFFER + 100, NULL), 0x1122334455667788u);
    EQUAL(pages(vm, 0, 0x40, 2, 4), PVM_HOST_OK);
    EQUAL(pvm_page_access(inner, 0x40), PVM_ACCESS_WRITE);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, BUFFER + 100, base + 0xffc, 8), PVM_HOST_OK);
    EQUAL(pvm_read_ram_bytes_64(vm, BUFFER + 100, NULL), 0x1122334455667788u);
    EQUAL(pages(vm, 0, 0x40, 1, 1), PVM_HOST_OK);
    EQUAL(pvm_page_access(inner, 0x40), PVM_ACCESS_READ);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, BUFFER + 100, base + 0xffc, 8), PVM_HOST_OK);
    EQUAL(pvm_read_ram_bytes_64(vm, BUFFER + 100, NULL), 0x1122334400000000u);
    EQUAL(pages(vm, 0, 0x41, 1, 0), PVM_HOST_OK);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, BUFFER + 100, base + 0xffc, 8), PVM_HOST_OOB);
    EQUAL(pvm_read_ram_bytes_64(vm, BUFFER + 100, NULL), 0x1122334400000000u);
    /* Nothing to copy. */
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, 0, 0, 0), PVM_HOST_OK);
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_CONTINUE, 0, 0, 0, 0), PVM_HOST_OK);
}

static void pages_answers(pvm_vm_t* vm) {
    const code_t code = halting();
    EQUAL(make(vm, &code, 0), 0);
    EQUAL(pages(vm, 5, 16, 1, 2), PVM_HOST_WHO);
    EQUAL(pages(vm, 5, 0, 1, 9), PVM_HOST_WHO);
    EQUAL(pages(vm, 0, 15, 1, 2), PVM_HOST_HUH);
    EQUAL(pages(vm, 0, 16, 1, 5), PVM_HOST_HUH);
    EQUAL(pages(vm, 0, 16, 1, UINT64_MAX), PVM_HOST_HUH);
    EQUAL(pages(vm, 0, 16, ((uint64_t)1 << 20) - 16, 2), PVM_HOST_HUH); /* p + c must stay below 2^20 */
    EQUAL(pages(vm, 0, 16, UINT64_MAX, 2), PVM_HOST_HUH);
    EQUAL(pages(vm, 0, UINT64_MAX, 2, 2), PVM_HOST_HUH);
    EQUAL(pages(vm, 0, (uint64_t)1 << 32, 1, 2), PVM_HOST_HUH);
    EQUAL(pages(vm, 0, 16, 1, 3), PVM_HOST_HUH); /* there is no page to keep */
    EQUAL(pages(vm, 0, 16, 1, 2), PVM_HOST_OK);
    EQUAL(pages(vm, 0, 16, 2, 4), PVM_HOST_HUH); /* the second is not there */
    EQUAL(pages(vm, 0, 16, 1, 4), PVM_HOST_OK);
    EQUAL(pages(vm, 0, 17, 0, 3), PVM_HOST_OK);
    EQUAL(pages(vm, 0, 0xffffe, 1, 2), PVM_HOST_OK);
    EQUAL(pages(vm, 0, 0xfffff, 1, 2), PVM_HOST_HUH);
}

static void peek_and_poke_answer(pvm_vm_t* vm) {
    const code_t code = halting();
    EQUAL(make(vm, &code, 0), 0);
    EQUAL(pages(vm, 0, 0x40, 1, 2), PVM_HOST_OK);
    const uint64_t base = 0x40000;
    /* The guest's own memory is looked at first. */
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_PANIC, 9, READ_ONLY, base, 8), 9);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_PANIC, 0, 0x50000, base, 8), 0);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_PANIC, 0, BUFFER, base, UINT64_MAX), 0);
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_PANIC, 9, 0x50000, base, 8), 9);
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_PANIC, 0, UINT64_MAX, base, 8), 0);
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_CONTINUE, 0, READ_ONLY, base, 8), PVM_HOST_OK);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 9, BUFFER, base, 8), PVM_HOST_WHO);
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_CONTINUE, 9, BUFFER, base, 8), PVM_HOST_WHO);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, BUFFER, base + 4090, 8), PVM_HOST_OOB);
    EQUAL(call(vm, pvm_inner_poke, PVM_ACTION_CONTINUE, 0, BUFFER, base + 4090, 8), PVM_HOST_OOB);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, BUFFER, UINT64_MAX, 8), PVM_HOST_OOB);
    EQUAL(call(vm, pvm_inner_peek, PVM_ACTION_CONTINUE, 0, BUFFER, ((uint64_t)1 << 32) + base, 8), PVM_HOST_OOB);
}

static void invoke_runs_to_the_end(pvm_vm_t* vm) {
    const code_t code = halting();
    EQUAL(make(vm, &code, 0), 0);
    put_state(vm, 10, 0xffff0000);
    EQUAL(invoke(vm, 0), PVM_EXIT_HALT);
    EQUAL(vm->registers[8], BUFFER); /* no detail: unchanged */
    EQUAL(state_gas(vm), 8);
    EQUAL(state_register(vm, 7), 42);
    EQUAL(state_register(vm, 0), 0xffff0000);
    EQUAL(state_register(vm, 12), 112);
    EQUAL(vm->registers[9], 77);
    EQUAL(expunge(vm, 0), 0); /* Psi returns 0 after halt and panic */

    EQUAL(make(vm, &code, 0), 0);
    put_state(vm, 10, 2); /* no jump table: a bad jump */
    EQUAL(invoke(vm, 0), PVM_EXIT_PANIC);
    EQUAL(state_gas(vm), 8);
    EQUAL(expunge(vm, 0), 0);

    EQUAL(make(vm, &code, 0), 0);
    put_state(vm, 1, 0xffff0000);
    EQUAL(invoke(vm, 0), PVM_EXIT_OOG);
    EQUAL(vm->registers[8], BUFFER);
    EQUAL(state_register(vm, 7), 42);
    put_state(vm, 5, 0xffff0000); /* goes on where the gas ended */
    EQUAL(invoke(vm, 0), PVM_EXIT_HALT);
    EQUAL(state_gas(vm), 4);
    EQUAL(state_register(vm, 7), 107);
    EQUAL(expunge(vm, 0), 0);

    EQUAL(call(vm, pvm_inner_invoke, PVM_ACTION_CONTINUE, 3, BUFFER, 0, 0), PVM_HOST_WHO);
    EQUAL(call(vm, pvm_inner_invoke, PVM_ACTION_PANIC, 3, READ_ONLY, 0, 0), 3);
    EQUAL(call(vm, pvm_inner_invoke, PVM_ACTION_PANIC, 3, 0x50000, 0, 0), 3);
    EQUAL(call(vm, pvm_inner_invoke, PVM_ACTION_PANIC, 3, BLOB + 0x4000 - 111, 0, 0), 3);
}

static void invoke_hands_calls_and_faults_out(pvm_vm_t* vm) {
    code_t code = code_new();
    OP(code, ECALLI, 0xfe);               /* 0: -2 */
    OP(code, LOAD_U8, 7, IMM32(0x60000)); /* 2 */
    OP(code, JUMP_IND, 0);                /* 8 */
    EQUAL(make(vm, &code, 0), 0);
    put_state(vm, 100, 0xffff0000);
    EQUAL(invoke(vm, 0), PVM_EXIT_HOST);
    EQUAL(vm->registers[8], (uint64_t)-2);
    EQUAL(state_gas(vm), 99);
    EQUAL(pvm_get_pc(pvm_inner_vm(vm, 0)), 2); /* behind the call */
    EQUAL(invoke(vm, 0), PVM_EXIT_FAULT);
    EQUAL(vm->registers[8], 0x60000);
    EQUAL(state_gas(vm), 98);
    EQUAL(pages(vm, 0, 0x60, 1, 1), PVM_HOST_OK);
    EQUAL(invoke(vm, 0), PVM_EXIT_HALT);
    EQUAL(state_register(vm, 7), 0);
    EQUAL(expunge(vm, 0), 0);
}

static void calls_are_found_by_number(pvm_vm_t* vm) {
    const code_t code = halting();
    const int first = pvm_program_isa(pvm_vm_program(vm)) == PVM_ISA_GP072 ? 8 : 9;
    uint8_t blob[64];
    const size_t size = code_blob(&code, blob);
    EQUAL(pvm_write(vm, BLOB, size, blob), PVM_OK);
    static const int others[] = {0, 1, 7, 100, 15, -1, INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        vm->gas = 5000;
        EQUAL(pvm_inner_call(vm, others[i]), PVM_ACTION_CONTINUE);
        EQUAL(vm->gas, first == 8 ? 4990 : 4000);
        EQUAL(vm->registers[7], PVM_HOST_WHAT);
    }
    EQUAL(pvm_inner_call(vm, first == 8 ? 14 : 8), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], PVM_HOST_WHAT);
    vm->gas = 10000;
    vm->registers[7] = BLOB;
    vm->registers[8] = size;
    vm->registers[9] = 0;
    EQUAL(pvm_inner_call(vm, first), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], 0);
    vm->registers[8] = 0x40;
    vm->registers[9] = 1;
    vm->registers[10] = 2;
    EQUAL(pvm_inner_call(vm, first + 3), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], PVM_HOST_OK);
    EQUAL(pvm_page_access(pvm_inner_vm(vm, 0), 0x40), PVM_ACCESS_WRITE);
    put_state(vm, 1000, 0xffff0000);
    vm->registers[7] = 0;
    vm->registers[8] = BUFFER;
    EQUAL(pvm_inner_call(vm, first + 4), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], PVM_EXIT_HALT);
    vm->registers[7] = 0;
    EQUAL(pvm_inner_call(vm, first + 5), PVM_ACTION_CONTINUE);
    EQUAL(pvm_inner_count(vm), 0);
}

static void the_number_of_machines_is_limited(pvm_vm_t* vm) {
    const code_t code = halting();
    EQUAL(pvm_set_inner_limit(vm, 2), PVM_OK);
    EQUAL(make(vm, &code, 0), 0);
    EQUAL(make(vm, &code, 0), 1);
    uint8_t blob[64];
    const size_t size = code_blob(&code, blob);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_PANIC, BLOB, size, 0, 0), BLOB);
    EQUAL(pvm_inner_count(vm), 2);
    EQUAL(expunge(vm, 0), 0);
    EQUAL(make(vm, &code, 0), 0);
    EQUAL(pvm_set_inner_limit(vm, 0), PVM_OK);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_PANIC, BLOB, size, 0, 0), BLOB);
    EQUAL(pvm_inner_count(vm), 2);
}

static void a_machine_is_to_be_looked_at_only(pvm_vm_t* vm) {
    const code_t code = halting();
    EQUAL(make(vm, &code, 0), 0);
    pvm_vm_t* inner = pvm_inner_vm(vm, 0);
    NEED(inner != NULL);
    EQUAL(pvm_get_pc(inner), 0);
    EQUAL(pvm_get_register(inner, 7), 0);
    EQUAL(pvm_is_readable(inner, 0x40000, 1), 0);
}

/* ---- 0.8.0 ---- */

/* What lies beyond every price is out of gas before anybody looks at it. */
static void gp080_lengths_cost_gas(pvm_vm_t* vm) {
    static const struct { call_t function; int reg; uint64_t value; } cases[] = {
        {pvm_inner_machine, 8, UINT64_MAX}, {pvm_inner_peek, 10, UINT64_MAX}, {pvm_inner_poke, 10, UINT64_MAX},
        {pvm_inner_pages, 9, UINT64_MAX}, {pvm_inner_pages, 9, (uint64_t)1 << 60}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(vm->registers, 0, sizeof vm->registers);
        vm->registers[cases[i].reg] = cases[i].value;
        vm->gas = (uint64_t)1 << 50;
        EQUAL(cases[i].function(vm), PVM_ACTION_OOG);
        EQUAL(vm->gas, 0);
    }
    /* Each term rounds up: 1024 octets cost the rate, one more costs one more. */
    static const struct { call_t function; uint64_t length, gas; } lengths[] = {
        {pvm_inner_machine, 0, 1862}, {pvm_inner_machine, 1, 1863}, {pvm_inner_machine, 1024, 1974}, {pvm_inner_machine, 1025, 1975},
        {pvm_inner_peek, 0, 377}, {pvm_inner_peek, 1, 378}, {pvm_inner_peek, 1024, 713}, {pvm_inner_peek, 1025, 714},
        {pvm_inner_poke, 0, 297}, {pvm_inner_poke, 3, 298}, {pvm_inner_poke, 1024, 521}, {pvm_inner_poke, 4096, 1193}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        memset(vm->registers, 0, sizeof vm->registers);
        vm->registers[7] = vm->registers[8] = vm->registers[9] = BLOB;
        vm->registers[lengths[i].function == pvm_inner_machine ? 8 : 10] = lengths[i].length;
        vm->gas = lengths[i].gas;
        EQUAL(lengths[i].function(vm), PVM_ACTION_CONTINUE); /* HUH or WHO */
        EQUAL(vm->gas, 0);
    }
    static const struct { uint64_t mode, count, gas; } pages_[] = {
        {0, 0, 212}, {0, 3, 566}, {1, 0, 275}, {1, 3, 638}, {2, 3, 638}, {3, 0, 130}, {3, 3, 217}, {4, 3, 217}, {5, 3, 80},
        {5, UINT64_MAX, 80}, {UINT64_MAX, 3, 80}};
    for (size_t i = 0; i < sizeof pages_ / sizeof *pages_; i++) {
        vm->registers[7] = 9;
        vm->registers[8] = 16;
        vm->registers[9] = pages_[i].count;
        vm->registers[10] = pages_[i].mode;
        vm->gas = pages_[i].gas;
        EQUAL(pvm_inner_pages(vm), PVM_ACTION_CONTINUE);
        EQUAL(vm->gas, 0);
        EQUAL(vm->registers[7], PVM_HOST_WHO);
    }
}

/* FULL comes before the code is read, and after the gas. */
static void gp080_allows_63_machines(pvm_vm_t* vm) {
    const code_t code = halting();
    for (uint64_t i = 0; i < 63; i++) EQUAL(make(vm, &code, 0), i);
    EQUAL(make(vm, &code, 0), PVM_HOST_FULL);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, 0x50000, 100, 0, 0), PVM_HOST_FULL);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, BLOB, 0, 0, 0), PVM_HOST_FULL);
    vm->gas = 1861;
    vm->registers[8] = 0;
    EQUAL(pvm_inner_machine(vm), PVM_ACTION_OOG);
    EQUAL(pvm_inner_count(vm), 63);
    EQUAL(expunge(vm, 62), 0);
    EQUAL(expunge(vm, 17), 0);
    EQUAL(make(vm, &code, 3), 17); /* the lowest free number */
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_PANIC, 0x50000, 100, 0, 0), 0x50000);
    EQUAL(make(vm, &code, 0), 62);
    EQUAL(make(vm, &code, 0), PVM_HOST_FULL);
}

/* What a blob must be, machine by machine: HUH otherwise, and nothing is made. */
static void gp080_machines_have_valid_code(pvm_vm_t* vm) {
    static const struct { uint8_t blob[8]; uint64_t size, pc; } bad[] = {
        {{0, 0, 2, FALLTHROUGH, 2, 3}, 6, 0},       /* unlikely is no terminator */
        {{0, 0, 2, TRAP, ECALLI, 3}, 6, 0},         /* nor is ecalli */
        {{0, 0, 2, TRAP, LOAD_IMM, 3}, 6, 0},
        {{0, 0, 2, 111, TRAP, 3}, 6, 0},            /* 111 is 0.7.2's */
        {{0, 0, 2, TRAP, TRAP, 2}, 6, 1},           /* the first is none */
        {{0, 0, 1, TRAP, 1, 0}, 6, 0},              /* something is left over */
        {{0, 0, 1, TRAP, 3}, 5, 0},                 /* a spare bit */
        {{0x80, 0, 0, 1, TRAP, 1}, 6, 0},           /* not the shortest number */
        {{0, 0, 2, TRAP, TRAP, 1}, 6, 1}, {{0, 0, 1, TRAP, 1}, 5, 1}, {{0, 0, 1, TRAP, 1}, 5, UINT64_MAX}}; /* pc */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EQUAL(pvm_write(vm, BLOB, bad[i].size, bad[i].blob), PVM_OK);
        EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, BLOB, bad[i].size, bad[i].pc, 0), PVM_HOST_HUH);
    }
    EQUAL(pvm_inner_count(vm), 0);
}

/* 968 and what the machine is given, of which what is left comes back. */
static void gp080_invoke_hands_gas_on(pvm_vm_t* vm) {
    const code_t code = halting();
    EQUAL(make(vm, &code, 0), 0);
    const uint64_t cost = pvm_program_block_gas(pvm_vm_program(pvm_inner_vm(vm, 0)), 0), given = cost + 50;
    CHECK(cost > 0);
    uint64_t* r = vm->registers;
#define SET(gas_, number) do { vm->gas = (gas_); r[7] = (number); r[8] = BUFFER; } while (0)
    /* One short: nothing runs. */
    put_state(vm, given, 0xffff0000);
    SET(968 + given - 1, 0);
    EQUAL(pvm_inner_invoke(vm), PVM_ACTION_OOG);
    EQUAL(vm->gas, 0);
    EQUAL(r[7], 0);
    EQUAL(state_gas(vm), given);
    EQUAL(state_register(vm, 7), 107);
    SET(967, 0);
    EQUAL(pvm_inner_invoke(vm), PVM_ACTION_OOG);
    EQUAL(vm->gas, 0);
    /* Gas that nobody has. */
    for (uint64_t more = 0; more < 3; more++) {
        put_state(vm, UINT64_MAX - 967 - 1 + more, 0xffff0000);
        SET(UINT64_MAX - 1, 0);
        EQUAL(pvm_inner_invoke(vm), PVM_ACTION_OOG);
        EQUAL(vm->gas, 0);
    }
    for (uint64_t less = 0; less < 968; less += 967) {
        put_state(vm, UINT64_MAX - less, 0xffff0000);
        SET(UINT64_MAX, 0);
        EQUAL(pvm_inner_invoke(vm), PVM_ACTION_OOG);
        EQUAL(vm->gas, 0);
    }
    /* So is a price that passes 2^64 - 1. */
    r[7] = 0, r[8] = 16, r[9] = UINT64_MAX, r[10] = 2;
    vm->gas = UINT64_MAX;
    EQUAL(pvm_inner_pages(vm), PVM_ACTION_OOG);
    EQUAL(vm->gas, 0);
    /* An unknown machine: WHO, and what was to be handed on is gone. */
    put_state(vm, given, 0xffff0000);
    SET(968 + given + 3, 5);
    EQUAL(pvm_inner_invoke(vm), PVM_ACTION_CONTINUE);
    EQUAL(r[7], PVM_HOST_WHO);
    EQUAL(vm->gas, 3);
    EQUAL(state_gas(vm), given);
    SET(968 + given - 1, 5);
    EQUAL(pvm_inner_invoke(vm), PVM_ACTION_OOG);
    /* Memory that cannot be written: a panic for the price of the call, machine or not. */
    for (uint64_t number = 0; number < 2; number++) {
        SET(968, number);
        r[8] = READ_ONLY;
        EQUAL(pvm_inner_invoke(vm), PVM_ACTION_PANIC);
        EQUAL(vm->gas, 0);
    }
    /* Just enough. */
    put_state(vm, given, 0xffff0000);
    SET(968 + given, 0);
    EQUAL(pvm_inner_invoke(vm), PVM_ACTION_CONTINUE);
    EQUAL(r[7], PVM_EXIT_HALT);
    EQUAL(vm->gas, given - cost);
    EQUAL(state_gas(vm), given - cost);
    EQUAL(state_register(vm, 7), 42);
    /* Halted: pc 0, and its block counts as paid. */
    EQUAL(pvm_get_pc(pvm_inner_vm(vm, 0)), 0);
    put_state(vm, 0, 0xffff0000);
    SET(968, 0);
    EQUAL(pvm_inner_invoke(vm), PVM_ACTION_CONTINUE);
    EQUAL(r[7], PVM_EXIT_HALT);
    EQUAL(vm->gas, 0);
    /* Out of gas: the counter stays, so all of it comes back; pc stays, nothing is paid. */
    EQUAL(make(vm, &code, 0), 1);
    for (int i = 0; i < 2; i++) {
        put_state(vm, cost - 1, 0xffff0000);
        SET(968 + cost - 1, 1);
        EQUAL(pvm_inner_invoke(vm), PVM_ACTION_CONTINUE);
        EQUAL(r[7], PVM_EXIT_OOG);
        EQUAL(vm->gas, cost - 1);
        EQUAL(state_gas(vm), cost - 1);
    }
    put_state(vm, cost, 0);
    SET(968 + cost, 1);
    EQUAL(pvm_inner_invoke(vm), PVM_ACTION_CONTINUE);
    EQUAL(r[7], PVM_EXIT_PANIC); /* jump_ind to 0 */
    EQUAL(vm->gas, 0);
    EQUAL(expunge(vm, 1), 0);
#undef SET
}

/* A fault keeps pc and the flag; a panic at the end of the code keeps the flag and goes to 0. */
static void gp080_flag_travels_with_the_machine(pvm_vm_t* vm) {
    code_t code = code_new();
    OP(code, LOAD_U8, 7, IMM32(0x60000)); /* 0 */
    OP(code, FALLTHROUGH);                /* 6: to nothing */
    EQUAL(make(vm, &code, 0), 0);
    const uint64_t cost = pvm_program_block_gas(pvm_vm_program(pvm_inner_vm(vm, 0)), 0);
    put_state(vm, cost + 9, 0);
    EQUAL(invoke(vm, 0), PVM_EXIT_FAULT);
    EQUAL(vm->registers[8], 0x60000);
    EQUAL(state_gas(vm), 9);
    EQUAL(pvm_get_pc(pvm_inner_vm(vm, 0)), 0);
    EQUAL(invoke(vm, 0), PVM_EXIT_FAULT);
    EQUAL(state_gas(vm), 9);
    EQUAL(pages(vm, 0, 0x60, 1, 1), PVM_HOST_OK);
    EQUAL(invoke(vm, 0), PVM_EXIT_PANIC);
    EQUAL(state_gas(vm), 9);
    EQUAL(pvm_get_pc(pvm_inner_vm(vm, 0)), 0);
    EQUAL(invoke(vm, 0), PVM_EXIT_PANIC);
    EQUAL(state_gas(vm), 9);
    /* A block that ends in a jump has to be paid again. */
    code = code_new();
    OP(code, ECALLI, 1); /* 0 */
    OP(code, JUMP, 0xfe); /* 2: to 0 */
    EQUAL(make(vm, &code, 0), 1);
    const uint64_t round = pvm_program_block_gas(pvm_vm_program(pvm_inner_vm(vm, 1)), 0);
    put_state(vm, 3 * round + 1, 0);
    for (uint64_t i = 0; i < 3; i++) {
        EQUAL(invoke(vm, 1), PVM_EXIT_HOST);
        EQUAL(pvm_get_pc(pvm_inner_vm(vm, 1)), 2);
        EQUAL(state_gas(vm), (2 - i) * round + 1);
    }
    EQUAL(invoke(vm, 1), PVM_EXIT_OOG);
    EQUAL(pvm_get_pc(pvm_inner_vm(vm, 1)), 0);
    EQUAL(state_gas(vm), 1);
}

static void gp080_gas_and_unknown(pvm_vm_t* vm) {
    vm->gas = 1048;
    EQUAL(pvm_host_gas(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], 1000);
    EQUAL(pvm_host_unknown(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], PVM_HOST_WHAT);
    EQUAL(vm->gas, 0);
    vm->gas = 47;
    EQUAL(pvm_host_gas(vm), PVM_ACTION_OOG);
    EQUAL(vm->gas, 0);
    EQUAL(vm->registers[7], PVM_HOST_WHAT);
    vm->gas = 999;
    vm->registers[7] = 5;
    EQUAL(pvm_inner_call(vm, 100), PVM_ACTION_OOG);
    EQUAL(vm->gas, 0);
    EQUAL(vm->registers[7], 5);
}

static void gp072_gas_and_unknown(pvm_vm_t* vm) {
    vm->gas = 30;
    EQUAL(pvm_host_gas(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], 20);
    EQUAL(pvm_host_unknown(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], PVM_HOST_WHAT);
    vm->registers[7] = 40;
    EQUAL(pvm_host_grow_heap(vm), PVM_ACTION_CONTINUE); /* 0.7.2 does not know it */
    EQUAL(vm->registers[7], PVM_HOST_WHAT);
    EQUAL(vm->gas, 0);
}

/* 0.8.0: the entry must be an instruction, and a block is paid once. */
static void gp080_machines(pvm_vm_t* vm) {
    code_t code = code_new();
    OP(code, ECALLI, 5);       /* 0 */
    OP(code, LOAD_IMM, 7, 42); /* 2 */
    OP(code, JUMP_IND, 0);     /* 5 */
    uint8_t blob[64];
    const size_t size = code_blob(&code, blob);
    EQUAL(pvm_write(vm, BLOB, size, blob), PVM_OK);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, BLOB, size, 1, 0), PVM_HOST_HUH);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, BLOB, size, 7, 0), PVM_HOST_HUH);
    EQUAL(call(vm, pvm_inner_machine, PVM_ACTION_CONTINUE, BLOB, size, 0, 0), 0);
    const uint64_t cost = pvm_program_block_gas(pvm_vm_program(pvm_inner_vm(vm, 0)), 0);
    CHECK(cost > 0);
    put_state(vm, cost + 7, 0xffff0000);
    EQUAL(invoke(vm, 0), PVM_EXIT_HOST);
    EQUAL(vm->registers[8], 5);
    EQUAL(state_gas(vm), 7);
    EQUAL(invoke(vm, 0), PVM_EXIT_HALT); /* the rest of the block is paid already */
    EQUAL(state_gas(vm), 7);
    EQUAL(state_register(vm, 7), 42);
}

int main(void) {
#define SCENE(what, isa) do { check_test = #what; with_guest(what, isa); } while (0)
    SCENE(machines_are_numbered, PVM_ISA_GP072);
    SCENE(machine_answers, PVM_ISA_GP072);
    SCENE(every_call_takes_its_gas_first, PVM_ISA_GP072);
    SCENE(every_call_takes_its_gas_first, PVM_ISA_GP080);
    SCENE(machines_are_numbered, PVM_ISA_GP080);
    SCENE(memory_is_mapped_and_copied, PVM_ISA_GP072);
    SCENE(memory_is_mapped_and_copied, PVM_ISA_GP080);
    SCENE(pages_answers, PVM_ISA_GP072);
    SCENE(peek_and_poke_answer, PVM_ISA_GP072);
    SCENE(invoke_runs_to_the_end, PVM_ISA_GP072);
    SCENE(invoke_hands_calls_and_faults_out, PVM_ISA_GP072);
    SCENE(calls_are_found_by_number, PVM_ISA_GP072);
    SCENE(calls_are_found_by_number, PVM_ISA_GP080);
    SCENE(the_number_of_machines_is_limited, PVM_ISA_GP072);
    SCENE(the_number_of_machines_is_limited, PVM_ISA_GP080);
    SCENE(a_machine_is_to_be_looked_at_only, PVM_ISA_GP072);
    SCENE(gp080_machines, PVM_ISA_GP080);
    SCENE(gp080_lengths_cost_gas, PVM_ISA_GP080);
    SCENE(gp080_allows_63_machines, PVM_ISA_GP080);
    SCENE(gp080_machines_have_valid_code, PVM_ISA_GP080);
    SCENE(gp080_invoke_hands_gas_on, PVM_ISA_GP080);
    SCENE(gp080_flag_travels_with_the_machine, PVM_ISA_GP080);
    SCENE(gp080_gas_and_unknown, PVM_ISA_GP080);
    SCENE(gp072_gas_and_unknown, PVM_ISA_GP072);
    return finish(__FILE__);
}
