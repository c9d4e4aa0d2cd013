/* Ecalli traces (JIP-7) of hosts that do more than read and write: inner machines, rights of pages, the heap, repaired faults, runs that are
 * recorded from their middle. Each trace replays without its host, on every engine and memory mode. */
#include "ecalli.h"

static recording_t recording;

static void begin_recording(pvm_vm_t* vm, pvm_engine_t engine, pvm_memory_mode_t memory) {
    const mode_t_ mode = {engine, memory};
    memset(&recording, 0, sizeof recording);
    choose(vm, mode);
    EQUAL(pvm_set_ecalli_trace(vm, keep, &recording), PVM_OK);
}

/* Replays the recording everywhere: so many traces, none of which shows a difference. */
static void replays(int traces) {
    for (int mode = 0; mode < MODES; mode++) {
        pvm_replay_t* replay = NULL;
        if (pvm_replay_create(recording.text, recording.size, PVM_ISA_GP072, modes[mode].engine, modes[mode].memory, &replay) != PVM_OK) continue;
        pvm_replay_report_t report;
        pvm_replay_step_t step;
        int ends = 0;
        while ((step = pvm_replay_next(replay, &report)) < PVM_REPLAY_DONE) ends += step == PVM_REPLAY_END;
        EQUAL(step, PVM_REPLAY_DONE);
        if (!EQUAL(ends, traces)) fprintf(stderr, "line %" PRIu64 ", kind %d of\n%s", report.line, (int)report.kind, recording.text);
        pvm_replay_destroy(replay);
    }
}

static unsigned count_of(const char* word) {
    unsigned count = 0;
    for (const char* at = recording.text; (at = strstr(at, word)) != NULL; at++) count++;
    return count;
}

static pvm_vm_t* machine(const code_t* code, pvm_isa_t isa, uint64_t gas) {
    pvm_vm_t* vm = NULL;
    pvm_program_t* program = code_program(code, isa);
    NEED(program != NULL);
    NEED(pvm_vm_create(program, NULL, 0, gas, &vm) == PVM_OK);
    pvm_program_release(program);
    return vm;
}

/* ---- Inner machines ---- */

static pvm_action_t serve_inner(pvm_vm_t* vm, int number, void* user_data) {
    (void)user_data;
    const pvm_action_t action = pvm_inner_call(vm, number);
    /* The guest's last call is the only one that must panic; the others do where the host has no memory. */
    NEED(action != PVM_ACTION_PANIC || vm->registers[8] == 0x30000000);
    return action;
}

static void op_call(code_t* code, int number, uint32_t r7, uint32_t r8, uint32_t r9, uint32_t r10) {
    OP(*code, LOAD_IMM, 7, IMM32(r7));
    OP(*code, LOAD_IMM, 8, IMM32(r8));
    OP(*code, LOAD_IMM, 9, IMM32(r9));
    OP(*code, LOAD_IMM, 10, IMM32(r10));
    OP(*code, ECALLI, (uint8_t)number);
}

/* A guest that makes a machine, gives it a page, writes and reads that, runs it and looks at what has become of it. */
static void what_inner_machines_exchange(void) {
    for (int isa = 0; isa < 2; isa++) {
        const int first = isas[isa] == PVM_ISA_GP080 ? 9 : 8;
        code_t inner = code_new(), code = code_new();
        OP(inner, LOAD_IMM, 7, 42);
        OP(inner, JUMP_IND, 0);
        uint8_t blob[64], out[4096];
        const uint32_t size = (uint32_t)code_blob(&inner, blob);
        op_call(&code, first, 0x30000, size, 0, 0);             /* machine */
        op_call(&code, first + 3, 0, 0x20, 1, 2);               /* pages: one, writable */
        op_call(&code, first + 2, 0, 0x30001, 0x20000, 4);      /* poke */
        op_call(&code, first + 1, 0, 0x31000, 0x20000, 8);      /* peek */
        op_call(&code, first + 1, 7, 0x31000, 0x20000, 8);      /* peek: no such machine */
        op_call(&code, first + 2, 0, 0x30001, 0x50000, 4);      /* poke: nothing there */
        OP(code, LOAD_U64, 11, IMM32(0x31000));
        OP(code, LOAD_IMM, 12, IMM32(5000));
        OP(code, STORE_U64, 12, IMM32(0x31000));                /* gas and register 0 of the machine */
        OP(code, STORE_U64, 0, IMM32(0x31008));
        op_call(&code, first + 4, 0, 0x31000, 0, 0);            /* invoke */
        OP(code, LOAD_U64, 12, IMM32(0x31000));
        OP(code, LOAD_U64, 2, IMM32(0x31040));
        op_call(&code, first + 4, 0, 0x30000000, 0, 0);         /* invoke: no memory there, which is a panic */
        OP_RETURN(code);
        char lines[5][400], hex[200];
        for (uint32_t i = 0; i < size; i++) snprintf(hex + 2 * i, 3, "%02x", blob[i]);
        snprintf(lines[0], sizeof lines[0], "memread 0x00030000 len=%u -> 0x%s\n", size, hex);
        snprintf(lines[1], sizeof lines[1], "memread 0x00030001 len=4 -> 0x%.8s\n", hex + 2);
        snprintf(lines[2], sizeof lines[2], "memwrite 0x00031000 len=8 <- 0x%.8s00000000\n", hex + 2);
        snprintf(lines[3], sizeof lines[3], "memread 0x00031000 len=112 -> 0x88130000000000000000ffff00000000");
        snprintf(lines[4], sizeof lines[4], "memwrite 0x00031000 len=112 <- 0x");
        for (int mode = 0; mode < MODES; mode++) {
            pvm_program_t* program = NULL;
            pvm_vm_t* vm = NULL;
            const size_t length = code_standard(&code, "constant", 8, blob, size, 2, 4096, out);
            NEED(pvm_program_create(out, length, PVM_FORMAT_STANDARD, isas[isa], &program) == PVM_OK);
            NEED(pvm_vm_create(program, NULL, 0, 100000, &vm) == PVM_OK);
            pvm_program_release(program);
            begin_recording(vm, modes[mode].engine, modes[mode].memory);
            EQUAL(pvm_set_host_function(vm, serve_inner, NULL), PVM_OK);
            EQUAL(pvm_run(vm, 0), PVM_EXIT_PANIC);
            EQUAL(vm->registers[2], 42); /* register 7 of the machine */
            pvm_destroy(vm);
            for (int i = 0; i < 5; i++) if (!CHECK(strstr(recording.text, lines[i]) != NULL)) fprintf(stderr, "%s", lines[i]);
            EQUAL(count_of("\nmemread "), 3);
            EQUAL(count_of("\nmemwrite "), 2);
            replays(1);
        }
    }
}

/* ---- Pages and heap ---- */

/* Gives pages, takes them, gives them again; reads what has become of them. */
static pvm_action_t remap(pvm_vm_t* vm, int number, void* user_data) {
    uint8_t data[16];
    (void)number, (void)user_data;
    EQUAL(pvm_map_pages(vm, 0x50, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_read(vm, 0x50000, 16, data), PVM_OK);            /* a new page: nothing that the guest had */
    EQUAL(pvm_read(vm, 0x40ff8, 8, data), PVM_OK);             /* the guest's */
    EQUAL(pvm_map_pages(vm, 0x40, 1, PVM_ACCESS_NONE), PVM_OK);
    EQUAL(pvm_map_pages(vm, 0x40, 2, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_read(vm, 0x40ff8, 8, data), PVM_OK);             /* zeros now */
    EQUAL(pvm_read(vm, 0x40ff8, 16, data), PVM_OK);            /* half of it still the guest's, but for its rights */
    EQUAL(pvm_map_pages(vm, 0x42, 1, PVM_ACCESS_NONE), PVM_OK);
    return PVM_ACTION_CONTINUE;
}

static void pages_come_and_go(void) {
    for (int isa = 0; isa < 2; isa++) {
        for (int mode = 0; mode < MODES; mode++) {
            code_t code = code_new();
            OP(code, LOAD_IMM, 8, 77);
            OP(code, STORE_U64, 8, IMM32(0x40ff8));
            OP(code, ECALLI, 5);
            OP(code, LOAD_U64, 9, IMM32(0x40ff8));
            OP(code, STORE_U64, 8, IMM32(0x50000));
            OP(code, STORE_U64, 8, IMM32(0x41000));
            OP_HALT(code, 2);
            pvm_vm_t* vm = machine(&code, isas[isa], 10000);
            NEED(pvm_map_pages(vm, 0x40, 1, PVM_ACCESS_WRITE) == PVM_OK);
            NEED(pvm_map_pages(vm, 0x41, 2, PVM_ACCESS_READ) == PVM_OK);
            begin_recording(vm, modes[mode].engine, modes[mode].memory);
            EQUAL(pvm_set_host_function(vm, remap, NULL), PVM_OK);
            EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
            EQUAL(vm->registers[9], 0);
            pvm_destroy(vm);
            EQUAL(count_of("\nmemread 0x00050000"), 0);
            EQUAL(count_of("\nmemread 0x00040ff8 len=8 -> 0x4d00000000000000\n"), 1);
            EQUAL(count_of("\nmemread 0x00041000 len=8 -> 0x0000000000000000\n"), 1);
            EQUAL(count_of("\nmemread "), 2);
            replays(1);
        }
    }
}

/* 0.7.2: sbrk before and behind a host that moves the heap's end; then one that lays memory out anew. */
static void heaps_are_part_of_it(void) {
    for (int mode = 0; mode < MODES; mode++) {
        code_t code = code_new();
        OP(code, LOAD_IMM, 7, IMM32(5000));
        OP(code, SBRK, REGS(8, 7));
        OP(code, STORE_U64, 8, IMM32(0x22000));
        OP(code, ECALLI, 5);
        OP(code, SBRK, REGS(9, 7));
        OP(code, ECALLI, 6);
        OP(code, SBRK, REGS(10, 7));
        OP(code, LOAD_U64, 11, IMM32(0x60000));
        OP_HALT(code, 2);
        pvm_vm_t* vm = code_vm(&code, 10000);
        NEED(vm != NULL);
        pvm_set_memory_bounds(vm, 0x20000, 0x21000, 0x10000, 0x11000, 0, 0, 0x80000, 0x81000);
        begin_recording(vm, modes[mode].engine, modes[mode].memory);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
        EQUAL(vm->registers[8], 0x21000);
        pvm_expand_heap(vm, 0x24800);
        pvm_set_heap_pointer(vm, 0x22100);
        EQUAL(pvm_resume(vm), PVM_EXIT_HOST);
        EQUAL(vm->registers[9], 0x22100);
        pvm_set_memory_bounds(vm, 0x60000, 0x61000, 0, 0, 0, 0, 0x70000, 0x71000);
        EQUAL(pvm_load(vm, 0x60000, 3, (const uint8_t*)"abc"), PVM_OK);
        EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
        EQUAL(vm->registers[10], 0x61000);
        EQUAL(vm->registers[11], 0x636261);
        pvm_destroy(vm);
        replays(1);
    }
}

/* ---- Where traces begin ---- */

static code_t faulting(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 1);
    OP(code, LOAD_U8, 8, IMM32(0x40000));
    OP(code, ADD_IMM_64, REGS(8, 8), 3);
    OP(code, ECALLI, 5);
    OP(code, ADD_IMM_64, REGS(8, 8), 3);
    OP_HALT(code, 2);
    return code;
}

/* A fault ends a trace; the one that begins behind it says that the instruction is paid. */
static void repaired_faults_begin_a_trace(void) {
    const code_t code = faulting();
    for (int isa = 0; isa < 2; isa++) {
        for (int mode = 0; mode < MODES; mode++) {
            if (!may_fault(modes[mode])) continue;
            pvm_vm_t* vm = machine(&code, isas[isa], 1000);
            NEED(pvm_map_pages(vm, 0x41, 1, PVM_ACCESS_READ) == PVM_OK);
            begin_recording(vm, modes[mode].engine, modes[mode].memory);
            EQUAL(pvm_run(vm, 0), PVM_EXIT_FAULT);
            EQUAL(pvm_map_pages(vm, 0x40, 1, PVM_ACCESS_READ), PVM_OK);
            EQUAL(pvm_resume(vm), PVM_EXIT_HOST);
            EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
            pvm_destroy(vm);
            EQUAL(count_of("\ncomment duet paid\n"), 1);
            replays(2);
        }
    }
}

/* Turned on behind an ecalli, or between steps. */
static void runs_are_recorded_from_their_middle(void) {
    const code_t code = faulting();
    for (int isa = 0; isa < 2; isa++) {
        for (int mode = 0; mode < MODES; mode++) {
            for (int steps = 0; steps < 5; steps++) {
                pvm_vm_t* vm = machine(&code, isas[isa], 1000);
                NEED(pvm_map_pages(vm, 0x40, 1, PVM_ACCESS_READ) == PVM_OK);
                pvm_exit_t exit = PVM_EXIT_NONE;
                /* The fourth step is the ecalli. */
                for (int step = 0; step <= steps; step++) exit = pvm_step(vm);
                EQUAL(exit, steps == 3 ? PVM_EXIT_HOST : PVM_EXIT_STEP);
                begin_recording(vm, modes[mode].engine, modes[mode].memory);
                do exit = pvm_resume(vm); while (exit == PVM_EXIT_HOST);
                EQUAL(exit, PVM_EXIT_HALT);
                EQUAL(vm->registers[8], 6);
                pvm_destroy(vm);
                replays(1);
            }
        }
    }
}

/* The machine of a replay run with a host of one's own, which does not answer as the trace says. */
static pvm_action_t answer_nine(pvm_vm_t* vm, int number, void* user_data) {
    (void)number, (void)user_data;
    vm->registers[8] = 9;
    return PVM_ACTION_CONTINUE;
}

static void a_replays_machine_runs_with_another_host(void) {
    const code_t code = faulting();
    for (int mode = 0; mode < MODES; mode++) {
        pvm_vm_t* vm = machine(&code, PVM_ISA_GP072, 1000);
        NEED(pvm_map_pages(vm, 0x40, 1, PVM_ACCESS_READ) == PVM_OK);
        begin_recording(vm, modes[mode].engine, modes[mode].memory);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
        EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
        pvm_destroy(vm);
        pvm_replay_t* replay = NULL;
        if (pvm_replay_create(recording.text, recording.size, PVM_ISA_GP072, modes[mode].engine, modes[mode].memory, &replay) != PVM_OK) continue;
        EQUAL(pvm_replay_next(replay, NULL), PVM_REPLAY_START);
        vm = pvm_replay_vm(replay);
        NEED(vm != NULL);
        EQUAL(pvm_set_host_function(vm, answer_nine, NULL), PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
        EQUAL(vm->registers[8], 12);
        EQUAL(pvm_get_gas(vm), 1000 - 6);
        pvm_replay_destroy(replay);
    }
}

/* ---- Psi_M ---- */

static pvm_action_t answer(pvm_vm_t* vm, int number, void* user_data) {
    (void)number, (void)user_data;
    EQUAL(pvm_set_ecalli_trace(vm, keep, &recording), PVM_ERR_BUSY);
    vm->registers[8] = 2;
    return PVM_ACTION_CONTINUE;
}

static void invocations_are_traced(void) {
    for (int isa = 0; isa < 2; isa++) {
        code_t code = code_new();
        OP(code, ECALLI, 5);
        OP_RETURN(code);
        uint8_t out[4096];
        pvm_program_t* program = NULL;
        const size_t size = code_standard(&code, "constant", 8, "variable", 8, 0, 4096, out);
        NEED(pvm_program_create(out, size, PVM_FORMAT_STANDARD, isas[isa], &program) == PVM_OK);
        pvm_invocation_t result;
        memset(&recording, 0, sizeof recording);
        EQUAL(pvm_invoke_traced(program, 0, 1000, (const uint8_t*)"abcd", 4, answer, NULL, keep, &recording, &result), PVM_OK);
        EQUAL(result.exit, PVM_EXIT_HALT);
        EQUAL(result.output_len, 2);
        pvm_invocation_release(&result);
        CHECK(strstr(recording.text, "\nmemwrite 0xfeff0000 len=4 <- 0x61626364\nstart pc=0 gas=1000 ") != NULL);
        CHECK(strstr(recording.text, "\nHALT pc=") != NULL);
        replays(1);
        const unsigned long lines = recording.lines;
        EQUAL(pvm_invoke_traced(program, 0, 1000, NULL, 0, answer, NULL, NULL, NULL, &result), PVM_OK);
        pvm_invocation_release(&result);
        EQUAL(pvm_invoke_traced(program, 0, 1000, out, 1 << 25, answer, NULL, keep, &recording, &result), PVM_OK);
        EQUAL(result.exit, PVM_EXIT_PANIC);
        EQUAL(recording.lines, lines);
        EQUAL(pvm_invoke_traced(NULL, 0, 1000, NULL, 0, answer, NULL, keep, &recording, &result), PVM_ERR_NULL);
        pvm_program_release(program);
    }
}

int main(void) {
    RUN(what_inner_machines_exchange);
    RUN(pages_come_and_go);
    RUN(heaps_are_part_of_it);
    RUN(repaired_faults_begin_a_trace);
    RUN(runs_are_recorded_from_their_middle);
    RUN(a_replays_machine_runs_with_another_host);
    RUN(invocations_are_traced);
    return finish(__FILE__);
}
