/* evm_frame.h: a frame that memory is short for halts with DUET_FRAME_ERR_NO_MEMORY. If that is before it has begun, nothing else has changed:
 * with its state and halt reason put back it can be executed again. Variants: both layouts, with a resident frame and without, with a trace. */
#include "frame.h"
#include "scenario.h"

/* BALANCE of 0x77, SLOAD 5, SSTORE(5, 6), KECCAK256, LOG0, CALL of 0x77, RETURNDATACOPY, RETURN of 32 octets. */
static const char program[] =
    "\x60\x77\x31\x50\x60\x05\x54\x50\x60\x06\x60\x05\x55\x60\x40\x5f\x20\x5f\x52\x60\x20\x5f\xa0"
    "\x5f\x5f\x5f\x5f\x5f\x60\x77\x61\xff\xff\xf1\x50\x60\x08\x5f\x60\x10\x3e\x60\x20\x5f\xf3";

static duet_frame_error_t execute(duet_frame_t *resident, Frame *f, int v2) {
    return v2 ? duet_frame_execute_v2(resident, &f->second, NULL) : duet_frame_execute(resident, &f->first, NULL);
}

uint64_t frame_scenario(int variant) {
    trail_t trail = {0};
    const int v2 = variant & 1;
    static uint64_t records[1000];
    static duet_trace_t trace;
    duet_trace_init(&trace, records, sizeof records, NULL, NULL);
    duet_frame_t *resident = NULL;
    if (variant & 2) {
        INSIDE(resident = duet_frame_create());
        if (resident == NULL) INSIDE(resident = duet_frame_create());
        PROMISE(resident != NULL);
    }
    for (int time = 0; time < 3; time++) {
        Frame *f = new_frame(v2, program, sizeof program - 1);
        f->first.warm_addresses_ptr = 0;
        if (variant & 4) extension_of(f)->trace = &trace;
        for (int round = 0; round < 40; round++) {
            Frame before = *f;
            duet_frame_error_t error;
            INSIDE(error = execute(resident, f, v2));
            if (error == DUET_FRAME_ERR_NO_MEMORY) {
                PROMISE(refuse_refused() > 0 && f->first.state == FRAME_EXCEPTIONAL_HALT && extension_of(f)->error == DUET_FRAME_ERR_NO_MEMORY);
                f->first.state = before.first.state;
                PART(f, v2, halt_reason) = PART(&before, v2, halt_reason);
                extension_of(f)->error = extension_of(&before)->error;
                PROMISE(memcmp(f, &before, sizeof *f) == 0);
                INSIDE(error = execute(resident, f, v2));
            }
            PROMISE(error == DUET_FRAME_OK);
            if (f->first.state != FRAME_CODE_SUSPENDED) break;
            duet_frame_request_t *r = &extension_of(f)->request;
            note_number(&trail, r->kind);
            r->number = r->kind == DUET_ASK_ACCOUNT_EXISTS || r->kind == DUET_ASK_SET_STORAGE;
            r->word[31] = 9;
            r->output_ptr = AT_ANSWER;
            r->output_size = r->kind == DUET_ASK_CALL ? 8 : 0;
            r->gas_left = 77;
            r->answered = 1;
        }
        PROMISE(f->first.state == FRAME_COMPLETED_SUCCESS);
        note_number(&trail, (uint64_t)f->first.gas_remaining);
        note(&trail, f->octets + AT_OUTPUT, 32);
        free(f);
    }
    duet_frame_destroy(resident);
    note_number(&trail, trace.total + trace.lost);
    return trail.value;
}
