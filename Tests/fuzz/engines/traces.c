/* Ecalli traces of a case: every machine writes the same, and what it writes replays on another engine without a difference. */
#include <inttypes.h>
#include <stdlib.h>

#include "traces.h"

static bool grow(trace_text_t* text, size_t wanted) {
    if (wanted <= text->room) return true;
    const size_t room = wanted * 2;
    char* larger = realloc(text->octets, room);
    if (!larger) return false;
    text->octets = larger;
    text->room = room;
    return true;
}

static void keep_line(pvm_vm_t* vm, pvm_line_kind_t kind, const char* line, size_t length, void* data) {
    trace_text_t* text = data;
    (void)vm, (void)kind;
    if (!grow(text, text->size + length + 1)) return;
    memcpy(text->octets + text->size, line, length);
    text->size += length;
    text->octets[text->size++] = '\n';
    const char* const ends[] = { "HALT ", "OOG ", "PANIC=" };
    for (int i = 0; i < 3; i++) text->ends += length > 6 && strncmp(line, ends[i], strlen(ends[i])) == 0;
}

bool begin_trace(trace_text_t* text, pvm_vm_t* vm) { return pvm_set_ecalli_trace(vm, keep_line, text) == PVM_OK; }

void forget_trace(trace_text_t* text) { text->size = 0, text->ends = 0; }

void free_trace(trace_text_t* text) {
    free(text->octets);
    *text = (trace_text_t){ 0 };
}

/* The next line that is not what this program looked at itself, which it does more often in one machine than in the others. */
static const char* next_line(const trace_text_t* text, const char* at, size_t* length) {
    for (const char* end = text->octets + text->size; at < end; at += *length + 1) {
        *length = (size_t)((const char*)memchr(at, '\n', (size_t)(end - at)) - at);
        if (*length < 8 || memcmp(at, "memread ", 8) != 0) return at;
    }
    return NULL;
}

bool same_traces(const trace_text_t* a, const trace_text_t* b, char* what, size_t room) {
    const char *p = a->octets, *q = b->octets;
    for (;;) {
        size_t m = 0, n = 0;
        p = next_line(a, p, &m);
        q = next_line(b, q, &n);
        if (!p && !q) return true;
        if (!p || !q || m != n || memcmp(p, q, m) != 0)
            return snprintf(what, room, "ecalli trace: '%.*s' and '%.*s'", p ? (int)(m > 200 ? 200 : m) : 0, p ? p : "", q ? (int)(n > 200 ? 200 : n) : 0, q ? q : ""), false;
        p += m + 1;
        q += n + 1;
    }
}

bool replays(const trace_text_t* text, pvm_engine_t engine, pvm_memory_mode_t memory, char* what, size_t room) {
    pvm_replay_t* replay = NULL;
    if (pvm_replay_create(text->octets, text->size, PVM_ISA_GP072, engine, memory, &replay) != PVM_OK) return snprintf(what, room, "no replay"), false;
    pvm_replay_report_t report;
    pvm_replay_step_t step;
    unsigned ends = 0;
    while ((step = pvm_replay_next(replay, &report)) < PVM_REPLAY_DONE) ends += step == PVM_REPLAY_END;
    pvm_replay_destroy(replay);
    /* A run that was left at an ecalli has no end. */
    if ((step == PVM_REPLAY_DONE || step == PVM_REPLAY_INCOMPLETE) && ends == text->ends) return true;
    snprintf(what, room, "ecalli trace: the replay ends with step %d, kind %d in line %" PRIu64 ": %#" PRIx64 " and %#" PRIx64 ", after %u of %u ends", (int)step,
             (int)report.kind, report.line, report.expected, report.actual, ends, text->ends);
    return false;
}
