/* What the tests of ecalli traces (JIP-7) share: a recording, every way to run, and a replay to its end. */
#ifndef ECALLI_H
#define ECALLI_H

#include "check.h"

typedef struct {
    char text[65536];
    size_t size;
    unsigned long lines;
} recording_t;

static inline void keep(pvm_vm_t* vm, pvm_line_kind_t kind, const char* line, size_t length, void* user_data) {
    recording_t* recording = (recording_t*)user_data;
    CHECK(vm != NULL);
    EQUAL(kind, PVM_LINE_ECALLI);
    EQUAL(strlen(line), length);
    NEED(recording->size + length + 1 < sizeof recording->text);
    memcpy(recording->text + recording->size, line, length);
    recording->size += length;
    recording->text[recording->size++] = '\n';
    recording->text[recording->size] = 0;
    recording->lines++;
}

typedef struct {
    pvm_engine_t engine;
    pvm_memory_mode_t memory;
} mode_t_;

static const mode_t_ modes[] = {
    {PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED}, {PVM_ENGINE_INTERPRETER, PVM_MEMORY_GUARDED},
    {PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED},  {PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED},
    {PVM_ENGINE_AUTO, PVM_MEMORY_AUTO},
};
enum { MODES = sizeof modes / sizeof *modes };

static const pvm_isa_t isas[] = {PVM_ISA_GP072, PVM_ISA_GP080};

static inline void choose(pvm_vm_t* vm, mode_t_ mode) {
    /* What this build does not have is left as it is. */
    if (pvm_set_engine(vm, mode.engine) != PVM_OK) CHECK(mode.engine == PVM_ENGINE_RECOMPILER);
    if (pvm_set_memory_mode(vm, mode.memory) != PVM_OK) CHECK(mode.memory == PVM_MEMORY_GUARDED);
}

static inline pvm_replay_step_t replay(const char* text, size_t size, mode_t_ mode, pvm_replay_report_t* report) {
    pvm_replay_t* replay = NULL;
    /* A copy of exactly that size: reading past the end is then seen by a memory checker. */
    char* copy = (char*)malloc(size ? size : 1);
    NEED(copy != NULL);
    memcpy(copy, text, size);
    if (pvm_replay_create(copy, size, PVM_ISA_GP072, mode.engine, mode.memory, &replay) == PVM_ERR_UNSUPPORTED)
        EQUAL(pvm_replay_create(copy, size, PVM_ISA_GP072, PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED, &replay), PVM_OK);
    free(copy);
    pvm_replay_step_t step;
    do {
        step = pvm_replay_next(replay, report);
        if (step == PVM_REPLAY_START || step == PVM_REPLAY_ECALLI) CHECK(pvm_replay_vm(replay) != NULL);
    } while (step == PVM_REPLAY_START || step == PVM_REPLAY_ECALLI);
    pvm_replay_report_t nothing;
    EQUAL(pvm_replay_next(replay, &nothing), PVM_REPLAY_DONE);
    pvm_replay_destroy(replay);
    return step;
}

/* A memory checker reports the access that guarded memory stops, which is the guest's and recovered. */
static inline int is_watched(void) {
    const char* preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

static inline int may_fault(mode_t_ mode) { return mode.memory == PVM_MEMORY_CHECKED || !is_watched(); }

#endif /* ECALLI_H */
