/* pvm.h and pvm_ext.h: what says PVM_ERR_NO_MEMORY has changed nothing, and no run ends otherwise because memory was short for something that only
 * makes it fast. Variants: engines and memory modes. */
#include "check.h"
#include "scenario.h"

/* RETRY(vm, expression): a call that gives an error of pvm_ext.h. */
#define RETRY(vm, expression) do { \
        const uint64_t before = look(vm); \
        pvm_error_t error; \
        INSIDE(error = (expression)); \
        if (error == PVM_ERR_NO_MEMORY) { \
            PROMISE(refuse_refused() > 0); \
            PROMISE(look(vm) == before); \
            INSIDE(error = (expression)); \
        } \
        PROMISE(error == PVM_OK); \
    } while (0)

/* Registers, gas, pc, heap, rights, and what can be read. */
static uint64_t look(pvm_vm_t *vm) {
    trail_t trail = {0};
    if (vm == NULL) return 0;
    for (int i = 0; i < PVM_REGISTERS; i++) note_number(&trail, pvm_get_register(vm, i));
    note_number(&trail, pvm_get_gas(vm));
    note_number(&trail, pvm_get_pc(vm));
    uint64_t start, end, limit;
    if (pvm_heap(vm, &start, &end, &limit) == PVM_OK) {
        note_number(&trail, start);
        note_number(&trail, end);
        note_number(&trail, limit);
    }
    static uint8_t page[4096];
    for (uint32_t number = 16; number < 80; number++) {
        const pvm_access_t access = pvm_page_access(vm, number);
        note_number(&trail, access);
        if (access == PVM_ACCESS_NONE) continue;
        PROMISE(pvm_read(vm, number * 4096u, 4096, page) == PVM_OK);
        note(&trail, page, sizeof page);
    }
    note_number(&trail, pvm_inner_count(vm));
    return trail.value;
}

/* The host's ecalli 1 makes an inner machine of a blob that lies at 0x20000, gives it a page, runs it and ends it. */
static uint64_t inner_value;
static size_t inner_size;
static pvm_action_t inner(pvm_vm_t *vm, int number, void *data) {
    (void)data;
    if (number != 1) return pvm_host_unknown(vm);
    const uint64_t kept[4] = {vm->registers[7], vm->registers[8], vm->registers[9], vm->registers[10]};
    vm->registers[7] = 0x20000, vm->registers[8] = inner_size, vm->registers[9] = 0;
    pvm_action_t action;
    const uint64_t gas = vm->gas;
    INSIDE(action = pvm_inner_machine(vm));
    if (action == PVM_ACTION_PANIC && refuse_refused() > 0) {
        /* No memory for it: the host may end the run, or try again. */
        PROMISE(pvm_inner_count(vm) == 0);
        vm->gas = gas;
        vm->registers[7] = 0x20000, vm->registers[8] = inner_size, vm->registers[9] = 0;
        INSIDE(action = pvm_inner_machine(vm));
    }
    PROMISE(action == PVM_ACTION_CONTINUE && vm->registers[7] == 0);
    const uint64_t before = vm->gas;
    vm->registers[8] = 16, vm->registers[9] = 2, vm->registers[10] = 2;
    INSIDE(action = pvm_inner_pages(vm));
    if (action == PVM_ACTION_PANIC && refuse_refused() > 0) {
        vm->gas = before;
        vm->registers[7] = 0, vm->registers[8] = 16, vm->registers[9] = 2, vm->registers[10] = 2;
        INSIDE(action = pvm_inner_pages(vm));
    }
    PROMISE(action == PVM_ACTION_CONTINUE && vm->registers[7] == 0);
    uint8_t state[112] = {0};
    const uint64_t given = 1000;
    memcpy(state, &given, 8);
    PROMISE(pvm_write(vm, 0x21000, sizeof state, state) == PVM_OK);
    vm->registers[7] = 0, vm->registers[8] = 0x21000;
    INSIDE(action = pvm_inner_invoke(vm));
    PROMISE(action == PVM_ACTION_CONTINUE);
    inner_value = vm->registers[7];
    PROMISE(pvm_read(vm, 0x21000, sizeof state, state) == PVM_OK);
    memcpy(&vm->registers[11], state + 8 + 8 * 7, 8);
    vm->registers[7] = 0;
    INSIDE(action = pvm_inner_expunge(vm));
    PROMISE(action == PVM_ACTION_CONTINUE && pvm_inner_count(vm) == 0);
    for (int i = 0; i < 4; i++) vm->registers[7 + i] = kept[i];
    return PVM_ACTION_CONTINUE;
}

/* Stores and loads in a loop that counts register 2 down from 3000; then what `calls` says; then it halts. */
static code_t looping(int calls, int grows) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 2, 0xb8, 0x0b);
    OP(code, LOAD_IMM, 3, IMM32(0x22000));
    OP(code, FALLTHROUGH);
    const uint32_t start = code.size;
    OP(code, STORE_IND_U64, REGS(2, 3), 8);
    OP(code, LOAD_IND_U64, REGS(4, 3), 8);
    OP(code, ADD_64, REGS(5, 4), 5);
    OP(code, ADD_IMM_64, REGS(2, 2), 0xff);
    OP(code, BRANCH_NE_IMM, 2, (uint8_t)(start - code.size));
    if (grows) {
        OP(code, LOAD_IMM, 8, 0x00, 0x30);
        OP(code, SBRK, REGS(9, 8));
        OP(code, STORE_IND_U64, REGS(5, 9), 0);
        OP(code, SBRK, REGS(9, 8));
        OP(code, STORE_IND_U64, REGS(5, 9), 0);
    }
    if (calls) OP(code, ECALLI, 1);
    OP_HALT(code, 6);
    return code;
}

static void run(pvm_vm_t *vm, trail_t *trail) {
    pvm_exit_t exit;
    INSIDE(exit = pvm_run(vm, 0));
    note_number(trail, exit);
    note_number(trail, look(vm));
}

/* A raw program with pages mapped one by one, on every engine and memory mode. */
static void raw(int variant, trail_t *trail) {
    const code_t code = looping(1, 0);
    pvm_vm_t *vm = NULL;
    pvm_program_t *program = NULL;
    RETRY(NULL, pvm_program_create_raw(code.octets, code.size, code.mask, code.size, NULL, 0, PVM_ISA_GP072, &program));
    RETRY(NULL, pvm_vm_create(program, NULL, 0, 1000000, &vm));
    pvm_program_release(program);
    RETRY(vm, pvm_set_engine(vm, (pvm_engine_t)(variant % 3)));
    RETRY(vm, pvm_set_memory_mode(vm, variant < 3 ? PVM_MEMORY_CHECKED : PVM_MEMORY_GUARDED));
    RETRY(vm, pvm_map_pages(vm, 0x20, 2, PVM_ACCESS_WRITE));
    RETRY(vm, pvm_map_pages(vm, 0x22, 1, PVM_ACCESS_WRITE));
    RETRY(vm, pvm_map_pages(vm, 0x30, 4, PVM_ACCESS_READ));
    RETRY(vm, pvm_map_pages(vm, 0x31, 1, PVM_ACCESS_NONE));
    code_t halting = code_new();
    OP(halting, LOAD_IMM, 7, 42);
    OP_HALT(halting, 0);
    uint8_t blob[512];
    inner_size = code_blob(&halting, blob);
    PROMISE(pvm_write(vm, 0x20000, inner_size, blob) == PVM_OK);
    PROMISE(pvm_set_host_function(vm, inner, NULL) == PVM_OK);
    for (int time = 0; time < 3; time++) run(vm, trail);
    note_number(trail, inner_value);
    /* A page that is taken away faults from then on, in any mode. */
    RETRY(vm, pvm_map_pages(vm, 0x22, 1, PVM_ACCESS_NONE));
    run(vm, trail);
    static uint64_t records[64];
    static duet_trace_t trace;
    duet_trace_init(&trace, records, sizeof records, NULL, NULL);
    RETRY(vm, pvm_set_trace_batches(vm, &trace));
    RETRY(vm, pvm_map_pages(vm, 0x22, 1, PVM_ACCESS_WRITE));
    run(vm, trail);
    note_number(trail, trace.total);
    note(trail, records, trace.count * DUET_PVM_RECORD_SIZE);
    pvm_destroy(vm);
}

/* pvm.h: regions, and a guest that grows its heap. Where the host has no memory for that, sbrk answers 0, as it does at the heap's limit, and this
 * guest panics at address 0: the one outcome that memory decides. Then all of it is done again. */
static void regions(int variant, trail_t *trail) {
    const code_t code = looping(0, 1);
    for (;;) {
        PROMISE(pvm_set_defaults((pvm_engine_t)(variant % 3), variant < 3 ? PVM_MEMORY_CHECKED : PVM_MEMORY_GUARDED) == PVM_OK);
        pvm_vm_t *vm;
        INSIDE(vm = code_vm(&code, 100000));
        if (vm == NULL) INSIDE(vm = code_vm(&code, 100000));
        PROMISE(vm != NULL);
        PROMISE(pvm_set_defaults(PVM_ENGINE_AUTO, PVM_MEMORY_AUTO) == PVM_OK);
        pvm_set_memory_bounds(vm, 0x20000, 0x23000, 0x10000, 0x11000, 0, 0, 0x40000, 0x42000);
        const long before = refuse_refused();
        const uint64_t layout = look(vm);
        pvm_exit_t exit;
        INSIDE(exit = pvm_run(vm, 0));
        const bool is_short = refuse_refused() > before && exit == PVM_EXIT_PANIC && pvm_get_register(vm, 9) == 0;
        if (!is_short) {
            note_number(trail, layout);
            note_number(trail, exit);
            note_number(trail, look(vm));
        }
        pvm_destroy(vm);
        if (!is_short) return;
    }
}

/* A standard program: created with arguments, run, and as an argument invocation. */
static void standard(int variant, trail_t *trail) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 9, 0x34, 0x12);
    OP(code, ADD_64, REGS(9, 8), 8);
    OP_RETURN(code);
    uint8_t image[2048], arguments[100];
    memset(arguments, 7, sizeof arguments);
    const size_t size = code_standard(&code, "ro", 2, "rw", 2, 3, 8192, image);
    pvm_vm_t *vm = NULL;
    pvm_program_t *program = NULL;
    RETRY(NULL, pvm_program_create(image, size, PVM_FORMAT_STANDARD, PVM_ISA_GP072, &program));
    RETRY(NULL, pvm_vm_create(program, arguments, sizeof arguments, 1000, &vm));
    RETRY(vm, pvm_set_engine(vm, (pvm_engine_t)(variant % 3)));
    RETRY(vm, pvm_set_memory_mode(vm, variant < 3 ? PVM_MEMORY_CHECKED : PVM_MEMORY_GUARDED));
    run(vm, trail);
    pvm_destroy(vm);
    vm = NULL;
    pvm_invocation_t invocation;
    RETRY(NULL, pvm_invoke(program, 0, 1000, arguments, sizeof arguments, NULL, NULL, &invocation));
    note_number(trail, invocation.exit);
    note_number(trail, invocation.gas_used);
    note(trail, invocation.output, invocation.output_len);
    pvm_invocation_release(&invocation);
    pvm_program_release(program);
}

/* Variants 0 to 2: auto, interpreter, recompiler on checked memory; 3 to 5: on guarded. */
uint64_t pvm_scenario(int variant) {
    trail_t trail = {0};
    /* Auto goes over early. */
    PROMISE(pvm_set_auto_policy(64, 1) == PVM_OK);
    raw(variant, &trail);
    regions(variant, &trail);
    standard(variant, &trail);
    PROMISE(pvm_set_auto_policy(4096, 10) == PVM_OK);
    /* What is kept is the process's. */
    PROMISE(pvm_cache_set_limit(0) == PVM_OK);
    PROMISE(pvm_cache_set_limit(128 << 20) == PVM_OK);
    return trail.value;
}
