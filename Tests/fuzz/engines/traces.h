/* Ecalli traces of the machines of a case. */
#ifndef ENGINES_TRACES_H
#define ENGINES_TRACES_H

#include "case.h"

typedef struct {
    char* octets;
    size_t size, room;
    unsigned ends;         /* lines that end a trace */
} trace_text_t;

bool begin_trace(trace_text_t* text, pvm_vm_t* vm);
void forget_trace(trace_text_t* text);
void free_trace(trace_text_t* text);
/* If not, `what` says why. */
bool same_traces(const trace_text_t* a, const trace_text_t* b, char* what, size_t room);
bool replays(const trace_text_t* text, pvm_engine_t engine, pvm_memory_mode_t memory, char* what, size_t room);

#endif
