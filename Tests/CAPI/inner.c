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

static void with_guest(void (*what)(pvm_vm_t*), pvm_isa_t isa) {
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
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    pvm_destroy(vm);
}

/* One of the six calls: registers in; it takes 10 gas and answers an action. */
static uint64_t call(pvm_vm_t* vm, pvm_action_t (*function)(pvm_vm_t*), pvm_action_t expected, uint64_t r7, uint64_t r8, uint64_t r9,
                     uint64_t r10) {
    vm->registers[7] = r7;
    vm->registers[8] = r8;
    vm->registers[9] = r9;
    vm->registers[10] = r10;
    vm->gas = 1000;
    const pvm_action_t action = function(vm);
    if (action == PVM_ACTION_PANIC && expected == PVM_ACTION_CONTINUE && check_is_refusing_memory()) check_refused(__FILE__, __LINE__, "memory of an inner machine");
    EQUAL(action, expected);
    EQUAL(vm->gas, 990);
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

static void every_call_takes_ten_gas(pvm_vm_t* vm) {
    static pvm_action_t (*const functions[])(pvm_vm_t*) = {pvm_inner_machine, pvm_inner_peek, pvm_inner_poke, pvm_inner_pages,
                                                           pvm_inner_invoke, pvm_inner_expunge};
    for (int i = 0; i < 6; i++) {
        vm->gas = 9;
        vm->registers[7] = 4711;
        EQUAL(functions[i](vm), PVM_ACTION_OOG);
        EQUAL(vm->gas, 0);
        EQUAL(vm->registers[7], 4711);
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
        vm->gas = 50;
        EQUAL(pvm_inner_call(vm, others[i]), PVM_ACTION_CONTINUE);
        EQUAL(vm->gas, 40);
        EQUAL(vm->registers[7], PVM_HOST_WHAT);
    }
    EQUAL(pvm_inner_call(vm, first == 8 ? 14 : 8), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], PVM_HOST_WHAT);
    vm->gas = 1000;
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
    SCENE(every_call_takes_ten_gas, PVM_ISA_GP072);
    SCENE(memory_is_mapped_and_copied, PVM_ISA_GP072);
    SCENE(pages_answers, PVM_ISA_GP072);
    SCENE(peek_and_poke_answer, PVM_ISA_GP072);
    SCENE(invoke_runs_to_the_end, PVM_ISA_GP072);
    SCENE(invoke_hands_calls_and_faults_out, PVM_ISA_GP072);
    SCENE(calls_are_found_by_number, PVM_ISA_GP072);
    SCENE(calls_are_found_by_number, PVM_ISA_GP080);
    SCENE(the_number_of_machines_is_limited, PVM_ISA_GP072);
    SCENE(a_machine_is_to_be_looked_at_only, PVM_ISA_GP072);
    SCENE(gp080_machines, PVM_ISA_GP080);
    return finish(__FILE__);
}
