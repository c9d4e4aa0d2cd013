/* Trace and log lines. */
#include "check.h"

static char lines[64][256];
static pvm_line_kind_t kinds[64];
static int line_count;
static void* line_data;

static void keep(pvm_vm_t* vm, pvm_line_kind_t kind, const char* line, size_t length, void* user_data) {
    CHECK(vm != NULL);
    EQUAL(strlen(line), length);
    CHECK(strchr(line, '\n') == NULL);
    line_data = user_data;
    if (line_count < 64 && length < sizeof lines[0]) {
        memcpy(lines[line_count], line, length + 1);
        kinds[line_count++] = kind;
    }
}

static pvm_vm_t* new_vm(uint64_t gas) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 5);            /* 0 */
    OP(code, ADD_IMM_64, REGS(8, 7), 1); /* 3 */
    OP(code, ECALLI, 2);                 /* 6 */
    OP_HALT(code, 0);                    /* 8 */
    pvm_vm_t* vm = code_vm(&code, gas);
    NEED(vm != NULL);
    line_count = 0;
    EQUAL(pvm_set_line_function(vm, keep, lines), PVM_OK);
    return vm;
}

static void a_trace_line_shows_the_state_left_behind(void) {
    pvm_vm_t* vm = new_vm(100);
    pvm_set_tracing(vm, 1);
    EQUAL(vm->pvm_tracing, 1);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(line_count, 4);
    CHECK(line_data == lines);
    for (int i = 0; i < line_count; i++) EQUAL(kinds[i], PVM_LINE_TRACE);
    STRING(lines[0], "    1: PC     0 LOAD_IMM             g=99 reg=[0 0 0 0 0 0 0 5 0 0 0 0 0]");
    STRING(lines[1], "    2: PC     3 ADD_IMM_64           g=98 reg=[0 0 0 0 0 0 0 5 6 0 0 0 0]");
    STRING(lines[2], "    3: PC     6 ECALLI               g=97 reg=[0 0 0 0 0 0 0 5 6 0 0 0 0]");
    STRING(lines[3], "    4: PC     8 JUMP_IND             g=96 reg=[0 0 0 0 0 0 0 5 6 0 0 0 0]");
    /* Steps go on counting; off is off. */
    line_count = 0;
    EQUAL(pvm_run(vm, 3), PVM_EXIT_HOST);
    EQUAL(line_count, 2);
    CHECK(strncmp(lines[0], "    5: PC     3 ", 16) == 0);
    pvm_set_tracing(vm, 0);
    pvm_run(vm, 0);
    EQUAL(line_count, 2);
    pvm_destroy(vm);
}

static void tracing_changes_nothing(void) {
    for (uint64_t gas = 0; gas < 6; gas++) {
        pvm_vm_t *plain = new_vm(gas), *traced = new_vm(gas);
        pvm_set_tracing(traced, 1);
        pvm_set_logging(traced, 1);
        EQUAL(pvm_run(traced, 0), pvm_run(plain, 0));
        EQUAL(pvm_resume(traced), pvm_resume(plain));
        CHECK(memcmp(traced->registers, plain->registers, sizeof plain->registers) == 0);
        EQUAL(traced->gas, plain->gas);
        EQUAL(traced->pc, plain->pc);
        EQUAL(traced->machine_state, plain->machine_state);
        pvm_destroy(plain);
        pvm_destroy(traced);
    }
}

static const pvm_engine_t engines[] = {PVM_ENGINE_INTERPRETER, PVM_ENGINE_RECOMPILER, PVM_ENGINE_AUTO};

static pvm_action_t turn_tracing_on(pvm_vm_t* vm, int number, void* user_data) {
    (void)number;
    (void)user_data;
    pvm_set_tracing(vm, 1);
    return PVM_ACTION_CONTINUE;
}

/* What runs untraced is executed at a pace that depends on the engine and on what ran before; no line may tell. */
static void lines_do_not_depend_on_the_engine(void) {
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        /* Where the gas ends is executed with care, by the engines that are here. */
        pvm_vm_t* vm = new_vm(1);
        if (pvm_set_engine(vm, engines[i]) != PVM_OK) {
            CHECK(engines[i] != PVM_ENGINE_INTERPRETER);
            pvm_destroy(vm);
            continue;
        }
        EQUAL(pvm_run(vm, 0), PVM_EXIT_OOG);
        EQUAL(pvm_set_pc(vm, 0), PVM_OK);
        vm->gas = 1;
        EQUAL(pvm_step(vm), PVM_EXIT_STEP);
        pvm_set_tracing(vm, 1);
        vm->gas = 100;
        EQUAL(pvm_run(vm, 3), PVM_EXIT_HOST);
        EQUAL(line_count, 2);
        CHECK(strncmp(lines[0], "    1: PC     3 ADD_IMM_64 ", 27) == 0);
        CHECK(strncmp(lines[1], "    2: PC     6 ECALLI ", 23) == 0);
        pvm_destroy(vm);

        /* On in mid-run: from the next run on. */
        vm = new_vm(100);
        EQUAL(pvm_set_engine(vm, engines[i]), PVM_OK);
        EQUAL(pvm_set_host_function(vm, turn_tracing_on, NULL), PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
        EQUAL(line_count, 0);
        vm->gas = 100;
        EQUAL(pvm_run(vm, 6), PVM_EXIT_HALT);
        EQUAL(line_count, 2);
        CHECK(strncmp(lines[0], "    1: PC     6 ECALLI ", 23) == 0);
        pvm_destroy(vm);
    }
}

static size_t longest;
static void measure(pvm_vm_t* vm, pvm_line_kind_t kind, const char* line, size_t length, void* user_data) {
    (void)vm;
    (void)kind;
    (void)user_data;
    EQUAL(strlen(line), length);
    if (length > longest) longest = length;
    if (strstr(line, "LOAD_IMM ")) {
        CHECK(strstr(line, "g=18446744073709551614 reg=[18446744073709551615 18446744073709551615 ") != NULL);
        CHECK(length > 20 * 13 && line[length - 1] == ']');
    }
}

static void a_line_of_large_numbers_is_whole(void) {
    pvm_vm_t* vm = new_vm(UINT64_MAX);
    for (int i = 0; i < 13; i++) vm->registers[i] = UINT64_MAX;
    longest = 0;
    EQUAL(pvm_set_line_function(vm, measure, NULL), PVM_OK);
    pvm_set_tracing(vm, 1);
    EQUAL(pvm_set_pc(vm, 0), PVM_OK);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    CHECK(longest > 20 * 13);
    pvm_destroy(vm);
}

static void an_instruction_that_ends_the_run_has_a_line(void) {
    code_t code = code_new();
    OP(code, LOAD_U8, 7, IMM32(0x20000));
    pvm_vm_t* vm = code_vm(&code, 10);
    NEED(vm != NULL);
    line_count = 0;
    EQUAL(pvm_set_line_function(vm, keep, NULL), PVM_OK);
    pvm_set_tracing(vm, 1);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_FAULT);
    EQUAL(line_count, 1);
    STRING(lines[0], "    1: PC     0 LOAD_U8              g=9 reg=[0 0 0 0 0 0 0 0 0 0 0 0 0]");
    pvm_destroy(vm);
}

static void log_lines_say_who_speaks(void) {
    pvm_vm_t* vm = new_vm(100);
    pvm_set_logging(vm, 1);
    EQUAL(vm->pvm_logging, 1);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    CHECK(line_count >= 3); /* a run, a host call, an exit */
    for (int i = 0; i < line_count; i++) {
        EQUAL(kinds[i], PVM_LINE_LOG);
        CHECK(strncmp(lines[i], "duet:", 5) == 0);
    }
    pvm_set_logging(vm, 0);
    line_count = 0;
    pvm_run(vm, 0);
    EQUAL(line_count, 0);
    pvm_destroy(vm);
}

int main(void) {
    RUN(a_trace_line_shows_the_state_left_behind);
    RUN(tracing_changes_nothing);
    RUN(lines_do_not_depend_on_the_engine);
    RUN(a_line_of_large_numbers_is_whole);
    RUN(an_instruction_that_ends_the_run_has_a_line);
    RUN(log_lines_say_who_speaks);
    return finish(__FILE__);
}
