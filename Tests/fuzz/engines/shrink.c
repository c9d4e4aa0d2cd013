/* Makes a failing case smaller. Every attempt runs in a process of its own, so crashes and endless loops shrink as well. */
#define _DEFAULT_SOURCE

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

bool fails(const case_t* c) {
    static char* message;
    if (!message) message = mmap(NULL, sizeof difference, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    message[0] = 0;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        alarm(5);
        const bool agree = compare(c);
        memcpy(message, difference, sizeof difference);
        _exit(agree ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return false;
    if (WIFSIGNALED(status)) snprintf(difference, sizeof difference, "ended by signal %d", WTERMSIG(status));
    else memcpy(difference, message, sizeof difference);
    return true;
}

/* Is the case as it is now, changed from `before`, still one that fails? If not it is put back. */
static bool keep(case_t* c, case_t* before) {
    assemble(c);
    if (fails(c)) return true;
    *c = *before;
    return false;
}

static int moved(int target, int first, int count) {
    return target == NO_TARGET || target < first ? target : target < first + count ? first : target - count;
}

static void drop(case_t* c, int first, int count) {
    memmove(c->instructions + first, c->instructions + first + count, (size_t)(c->count - first - count) * sizeof(instruction_t));
    c->count -= count;
    for (int i = 0; i < c->count; i++) c->instructions[i].target = moved(c->instructions[i].target, first, count);
    for (uint32_t i = 0; i < c->jump_count; i++) c->jump_targets[i] = moved(c->jump_targets[i], first, count);
    for (uint32_t r = 0; r < c->run_count; r++) {
        run_t* run = &c->runs[r];
        run->entry_target = moved(run->entry_target, first, count);
        for (int e = 0; e < MOST_EVENTS; e++) {
            run->calls[e].target = moved(run->calls[e].target, first, count);
            run->events[e].target = moved(run->events[e].target, first, count);
        }
    }
}

static bool shrink_instructions(case_t* c, case_t* before) {
    bool any = false;
    for (int size = c->count / 2; size >= 1; size /= 2)
        for (int first = 0; first + size <= c->count && c->count > 1;) {
            *before = *c;
            drop(c, first, size);
            if (keep(c, before)) any = true; else first += size;
        }
    return any;
}

static bool shrink_operands(case_t* c, case_t* before) {
    bool any = false;
    for (int i = 0; i < c->count && c->count < 40; i++)
        for (int what = 0; what < 4; what++) {
            *before = *c;
            instruction_t* n = &c->instructions[i];
            switch (what) {
            case 0: if (!n->extra && !n->cut) continue; n->extra = n->cut = 0; break;
            case 1: if (!n->x) continue; n->x = 0; break;
            case 2: if (!n->y) continue; n->y = 0; break;
            default: if (n->opcode == 1) continue; *n = (instruction_t){ .opcode = 1, .target = NO_TARGET }; break;
            }
            any |= keep(c, before);
        }
    return any;
}

static bool shrink_runs(case_t* c, case_t* before) {
    bool any = false;
    for (uint32_t r = 0; r < c->run_count && c->run_count > 1;) {
        *before = *c;
        memmove(c->runs + r, c->runs + r + 1, (c->run_count - r - 1) * sizeof(run_t));
        c->run_count--;
        if (keep(c, before)) any = true; else r++;
    }
    for (uint32_t r = 0; r < c->run_count; r++) {
        for (int list = 0; list < 2; list++)
            for (uint32_t e = 0;;) {
                event_t* events = list ? c->runs[r].events : c->runs[r].calls;
                uint32_t* count = list ? &c->runs[r].event_count : &c->runs[r].call_count;
                if (e >= *count) break;
                *before = *c;
                memmove(events + e, events + e + 1, (*count - e - 1) * sizeof(event_t));
                (*count)--;
                if (keep(c, before)) any = true; else e++;
            }
        for (int i = 0; i < 13; i++) {
            if (c->runs[r].registers[i] == 0) continue;
            *before = *c;
            c->runs[r].registers[i] = 0;
            any |= keep(c, before);
        }
        for (uint64_t less = c->runs[r].gas / 2; less > 0; less /= 2) {
            *before = *c;
            c->runs[r].gas -= less;
            any |= keep(c, before);
        }
        if (c->runs[r].how != HOW_NOBODY) {
            *before = *c;
            c->runs[r].how = HOW_NOBODY;
            any |= keep(c, before);
        }
    }
    return any;
}

static bool shrink_rest(case_t* c, case_t* before) {
    bool any = false;
    for (int what = 0; what < 5; what++) {
        *before = *c;
        switch (what) {
        case 0: if (!c->step_limit) continue; c->step_limit = 0; break;
        case 1: if (!c->map_count) continue; c->map_count--; break;
        case 2: if (!c->jump_count) continue; c->jump_count--; break;
        case 3: if (!c->tail_cut) continue; c->tail_cut = 0; break;
        default: if (c->entry_size == RAW) continue; c->entry_size = RAW; break;
        }
        any |= keep(c, before);
    }
    return any;
}

void shrink(case_t* c) {
    case_t* before = malloc(sizeof *before);
    if (!before) return;
    for (int round = 0; round < 10; round++) {
        bool any = shrink_runs(c, before);
        any |= shrink_instructions(c, before);
        any |= shrink_rest(c, before);
        any |= shrink_operands(c, before);
        if (!any) break;
    }
    fails(c);
    free(before);
}
