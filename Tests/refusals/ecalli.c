/* Ecalli traces: a run that is recorded ends as it would otherwise, whatever lines memory was too short for, and a trace says so; a replay for which
 * memory is short says that, and can be made again. Variants: engines. */
#include "check.h"
#include "scenario.h"

static char text[1 << 18];
static size_t text_size;

static void keep(pvm_vm_t *vm, pvm_line_kind_t kind, const char *line, size_t length, void *data) {
    (void)vm, (void)kind, (void)data;
    PROMISE(text_size + length + 2 < sizeof text);
    memcpy(text + text_size, line, length);
    text_size += length;
    text[text_size++] = '\n';
    text[text_size] = 0;
}

/* Reads among writes, pages that come, so that there is something of every kind to keep. */
static pvm_action_t serve(pvm_vm_t *vm, int number, void *data) {
    uint8_t bytes[64] = {1, 2, 3};
    (void)number, (void)data;
    /* Not all at once: what is kept grows several times. */
    for (uint64_t i = 0; i < 40; i++) {
        PROMISE(pvm_write(vm, 0x30000 + 3 * i, 1, bytes) == PVM_OK);
        PROMISE(pvm_read(vm, 0x30000, 64, bytes) == PVM_OK);
    }
    vm->registers[7] = bytes[9];
    return PVM_ACTION_CONTINUE;
}

static pvm_replay_step_t replay_all(const char *trace, size_t size, pvm_engine_t engine) {
    pvm_replay_t *replay = NULL;
    pvm_error_t error;
    INSIDE(error = pvm_replay_create(trace, size, PVM_ISA_GP072, engine, PVM_MEMORY_CHECKED, &replay));
    if (error != PVM_OK) {
        PROMISE(error == PVM_ERR_NO_MEMORY && refuse_refused() > 0 && replay == NULL);
        return PVM_REPLAY_FAILED;
    }
    pvm_replay_report_t report;
    pvm_replay_step_t step;
    do INSIDE(step = pvm_replay_next(replay, &report)); while (step < PVM_REPLAY_END);
    if (step == PVM_REPLAY_FAILED) PROMISE(report.error == PVM_ERR_NO_MEMORY && refuse_refused() > 0);
    pvm_replay_destroy(replay);
    return step;
}

uint64_t ecalli_scenario(int variant) {
    trail_t trail = {0};
    code_t code = code_new();
    OP(code, LOAD_IMM, 8, 5);
    OP(code, ECALLI, 1);
    OP(code, ECALLI, 2);
    OP_RETURN(code);
    uint8_t image[2048];
    const size_t size = code_standard(&code, "ro", 2, "rw", 2, 3, 8192, image);
    pvm_program_t *program = NULL;
    pvm_error_t error;
    INSIDE(error = pvm_program_create(image, size, PVM_FORMAT_STANDARD, PVM_ISA_GP072, &program));
    if (error == PVM_ERR_NO_MEMORY) INSIDE(error = pvm_program_create(image, size, PVM_FORMAT_STANDARD, PVM_ISA_GP072, &program));
    PROMISE(error == PVM_OK);
    PROMISE(pvm_set_defaults((pvm_engine_t)(variant % 3), PVM_MEMORY_CHECKED) == PVM_OK);
    text_size = 0;
    const long before = refuse_refused();
    pvm_invocation_t result;
    INSIDE(error = pvm_invoke_traced(program, 0, 1000, (const uint8_t *)"abc", 3, serve, NULL, keep, NULL, &result));
    const bool is_whole = refuse_refused() == before;
    if (error == PVM_ERR_NO_MEMORY) {
        PROMISE(!is_whole);
        text_size = 0;
        INSIDE(error = pvm_invoke_traced(program, 0, 1000, (const uint8_t *)"abc", 3, serve, NULL, keep, NULL, &result));
        PROMISE(error == PVM_OK);
    }
    note_number(&trail, result.exit);
    note_number(&trail, result.gas_used);
    note_number(&trail, result.output_len);
    pvm_invocation_release(&result);
    /* Of a trace that lacks something nothing is promised but that it says so, or misses nothing. */
    if (!is_whole && strstr(text, "comment duet lost") != NULL) {
        text_size = 0;
        PROMISE(pvm_invoke_traced(program, 0, 1000, (const uint8_t *)"abc", 3, serve, NULL, keep, NULL, &result) == PVM_OK);
        pvm_invocation_release(&result);
    }
    PROMISE(pvm_set_defaults(PVM_ENGINE_AUTO, PVM_MEMORY_AUTO) == PVM_OK);
    pvm_program_release(program);
    note(&trail, text, text_size);
    pvm_replay_step_t step = replay_all(text, text_size, (pvm_engine_t)(variant % 3));
    if (step == PVM_REPLAY_FAILED) step = replay_all(text, text_size, (pvm_engine_t)(variant % 3));
    note_number(&trail, step);
    PROMISE(step == PVM_REPLAY_END);
    return trail.value;
}
