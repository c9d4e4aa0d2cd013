/* Frames without a host: what they ask, what they do with answers, the witness, warm addresses, logs; and frames that move. Each code is
 * run with the answers given by suspension, and, where it can be, with a witness; both must end alike, with the gas that the
 * specification has. */
#include "frame.h"

static int v2;

static duet_frame_request_t* request_of(Frame* f) { return &extension_of(f)->request; }

/* A small world: a balance for each address by its last octet, code, one storage. */
typedef struct {
    uint64_t store[256];
    uint8_t warm_account[256], warm_slot[256];
    uint32_t asked[16];
    uint32_t kinds[64], kind_count;
    const char* child_output;
    size_t child_size;
    int32_t child_status;
    int64_t child_left;
    duet_frame_request_t call;
    uint8_t code[64];
    size_t code_size;
} World;

static void answer(Frame* f, World* w) {
    duet_frame_request_t* r = request_of(f);
    NEED(r->kind > 0 && r->kind < 16);
    EQUAL(r->answered, 0);
    w->asked[r->kind]++;
    if (w->kind_count < 64) w->kinds[w->kind_count++] = r->kind;
    const uint8_t a = r->address[19], k = r->key[31];
    switch (r->kind) {
        case DUET_ASK_ACCOUNT_EXISTS: r->number = a != 0xee; break;
        case DUET_ASK_STORAGE: case DUET_ASK_TRANSIENT: r->word[31] = (uint8_t)w->store[k]; break;
        case DUET_ASK_SET_STORAGE: r->number = w->store[k] ? EVMC_STORAGE_MODIFIED : EVMC_STORAGE_ADDED; w->store[k] = r->value[31]; break;
        case DUET_ASK_SET_TRANSIENT: w->store[k] = r->value[31]; break;
        case DUET_ASK_BALANCE: r->word[30] = a; break;
        case DUET_ASK_CODE_SIZE: r->number = (int64_t)w->code_size; break;
        case DUET_ASK_CODE_HASH: memset(r->word, a, 32); break;
        case DUET_ASK_CODE:
            r->output_ptr = AT_ANSWER;
            r->output_size = 0;
            for (uint64_t i = 0; i < r->size && r->offset + i < w->code_size; i++) {
                f->octets[AT_ANSWER + i] = w->code[r->offset + i];
                r->output_size++;
            }
            break;
        case DUET_ASK_SELFDESTRUCT: r->number = 1; break;
        case DUET_ASK_CALL:
            w->call = *r;
            memcpy(f->octets + AT_ANSWER + 512, w->child_output ? w->child_output : "", w->child_size);
            r->output_ptr = AT_ANSWER + 512;
            r->output_size = w->child_size;
            r->status = w->child_status;
            r->gas_left = w->child_left;
            memset(r->create_address, 0xcc, 20);
            break;
        case DUET_ASK_BLOCK_HASH: r->word[31] = (uint8_t)r->offset; break;
        case DUET_ASK_ACCESS_ACCOUNT: r->number = w->warm_account[a]; w->warm_account[a] = 1; break;
        case DUET_ASK_ACCESS_STORAGE: r->number = w->warm_slot[k]; w->warm_slot[k] = 1; break;
        default: break;
    }
    r->answered = 1;
}

/* Runs to the end; between suspension and resumption the frame moves to another block of the heap. Gives the gas that was used. */
static int64_t play(Frame** frame, World* w) {
    const int64_t gas = (*frame)->first.gas_remaining;
    for (int round = 0; round < 100; round++) {
        run_frame(*frame, v2, NULL);
        if ((*frame)->first.state != FRAME_CODE_SUSPENDED) break;
        EQUAL(PART(*frame, v2, halt_reason), HALT_NONE);
        answer(*frame, w);
        Frame* moved = (Frame*)malloc(sizeof(Frame));
        NEED(moved != NULL);
        *moved = **frame;
        memset(*frame, 0xdd, sizeof **frame);
        free(*frame);
        *frame = moved;
    }
    EQUAL(extension_of(*frame)->request.kind, DUET_ASK_NOTHING);
    return gas - (*frame)->first.gas_remaining;
}

/* Code with its own RETURN of the word on top; returns the word's last octet. */
static Frame* with_return(const char* code, size_t size) {
    uint8_t octets[256];
    memcpy(octets, code, size);
    memcpy(octets + size, "\x60\x00\x52\x60\x20\x60\x00\xf3", 8);
    Frame* f = new_frame(v2, octets, size + 8);
    f->first.warm_addresses_ptr = 0;
    f->first.logs_ptr = 0;
    return f;
}
enum { RETURNING = 3 + 3 + 3 + 3 + 3 };

static void simple_questions(void) {
    static const struct { const char* code; size_t size; uint32_t kinds[4]; int64_t gas; uint8_t last; } cases[] = {
        {"\x60\x77\x31", 3, {DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_BALANCE}, 3 + 2600, 0}, /* BALANCE of 0x77: 0x7700 */
        {"\x60\x77\x3b", 3, {DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_CODE_SIZE}, 3 + 2600, 33},
        {"\x60\x77\x3f", 3, {DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_CODE_HASH}, 3 + 2600, 0x77},
        {"\x60\x21\x54", 3, {DUET_ASK_ACCESS_STORAGE, DUET_ASK_STORAGE}, 3 + 2100, 0x99},
        {"\x60\x21\x5c", 3, {DUET_ASK_TRANSIENT}, 3 + 100, 0x99},
        {"\x60\x63\x40", 3, {DUET_ASK_BLOCK_HASH}, 3 + 20, 0x63},
        {"\x47", 1, {DUET_ASK_BALANCE}, 5, 0},
        {"\x60\x05\x60\x20\x5d\x60\x20\x5c", 8, {DUET_ASK_SET_TRANSIENT, DUET_ASK_TRANSIENT}, 3 + 3 + 100 + 3 + 100, 5},
        {"\x60\x05\x60\x20\x55\x60\x20\x54", 8, {DUET_ASK_ACCESS_STORAGE, DUET_ASK_SET_STORAGE, DUET_ASK_ACCESS_STORAGE, DUET_ASK_STORAGE},
         3 + 3 + 22100 + 3 + 100, 5},
        /* EXTCODECOPY 40 octets, of which 33 are there; the last one shows in MLOAD 1. The code does not fit the list of answers. */
        {"\x60\x28\x5f\x5f\x60\x77\x3c\x60\x01\x51", 10, {DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_CODE}, 3 + 2 + 2 + 3 + 2600 + 6 + 6 + 3 + 3, 33},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        World w;
        memset(&w, 0, sizeof w);
        w.store[0x21] = 0x99;
        w.code_size = 33;
        for (unsigned k = 0; k < 33; k++) w.code[k] = (uint8_t)(k + 1);
        Frame* f = with_return(cases[i].code, cases[i].size);
        extension_of(f)->block_number = 100;
        f->first.depth = 1; /* no matter */
        const int64_t used = play(&f, &w);
        EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
        for (uint32_t k = 0; k < 4; k++) EQUAL(k < w.kind_count ? w.kinds[k] : 0, cases[i].kinds[k]);
        EQUAL(f->octets[AT_OUTPUT + 31], cases[i].last);
        /* MSTORE grows memory by a word, unless the code has done so. */
        EQUAL(used, cases[i].gas + RETURNING - (cases[i].kinds[1] == DUET_ASK_CODE ? 3 : 0));
        free(f);
    }
}

/* CALL with value, to an account that has to be made, with input and output; the same again to a warm one that delegates. */
static void calls(void) {
    World w;
    memset(&w, 0, sizeof w);
    /* MSTORE8 0x41 at 40; CALL gas 50000, to 0xee, value 0, input 40..43, output 0..3; RETURNDATASIZE; POP; then the status */
    static const char code[] = "\x60\x41\x60\x28\x53" "\x60\x03\x5f\x60\x03\x60\x28\x5f\x60\xee\x61\xc3\x50\xf1" "\x3d\x50";
    Frame* f = with_return(code, sizeof code - 1);
    memset(PART(f, v2, recipient), 0x11, 20);
    f->first.is_static = 0;
    w.child_output = "abcde";
    w.child_size = 5;
    w.child_left = 20000;
    const int64_t used = play(&f, &w);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    const uint32_t kinds[3] = {DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_CODE, DUET_ASK_CALL};
    EQUAL(w.kind_count, 3);
    for (int i = 0; i < 3; i++) EQUAL(w.kinds[i], kinds[i]);
    EQUAL(w.call.call_kind, EVMC_CALL);
    EQUAL(w.call.gas, 50000);
    EQUAL(w.call.depth, 1);
    EQUAL(w.call.size, 3);
    EQUAL(w.call.offset, AT_MEMORY + 40);
    EQUAL(w.call.recipient[19], 0xee);
    EQUAL(w.call.code_address[19], 0xee);
    EQUAL(w.call.sender[0], 0x11);
    EQUAL(used, 3 + 3 + 3 + 6 + 3 + 2 + 3 + 3 + 2 + 3 + 3 + 2600 + 30000 + 2 + 2 + RETURNING - 3);
    EQUAL(f->octets[AT_OUTPUT + 31], 1);
    EQUAL(PART(f, v2, return_data_size), 5);
    CHECK(memcmp(f->octets + f->first.return_data_ptr, "abcde", 5) == 0);
    free(f);

    /* With value: existence and balance are asked for as well, and the account's code is a delegation. */
    memset(&w, 0, sizeof w);
    static const char paying[] = "\x5f\x5f\x5f\x5f\x60\x01\x60\x77\x61\xc3\x50\xf1";
    f = with_return(paying, sizeof paying - 1);
    PART(f, v2, recipient)[19] = 9;
    memcpy(w.code, "\xef\x01\x00", 3);
    memset(w.code + 3, 0x55, 20);
    w.code_size = 23;
    w.child_status = EVMC_REVERT;
    w.child_left = 1;
    play(&f, &w);
    const uint32_t more[6] = {DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_CODE, DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_ACCOUNT_EXISTS, DUET_ASK_BALANCE, DUET_ASK_CALL};
    EQUAL(w.kind_count, 6);
    for (int i = 0; i < 6; i++) EQUAL(w.kinds[i], more[i]);
    EQUAL(w.call.call_flags, EVMC_DELEGATED);
    EQUAL(w.call.code_address[3], 0x55);
    EQUAL(w.call.gas, 50000 + 2300);
    EQUAL(w.call.value[31], 1);
    EQUAL(f->octets[AT_OUTPUT + 31], 0);
    free(f);
}

static void creations(void) {
    World w;
    memset(&w, 0, sizeof w);
    /* CREATE2 salt 5, value 0, init code 0..2 */
    Frame* f = with_return("\x60\x05\x60\x02\x5f\x5f\xf5", 7);
    w.child_left = 7;
    play(&f, &w);
    EQUAL(w.kind_count, 1);
    EQUAL(w.call.call_kind, EVMC_CREATE2);
    EQUAL(w.call.key[31], 5);
    EQUAL(w.call.size, 2);
    EQUAL(f->octets[AT_OUTPUT + 31], 0xcc);
    EQUAL(f->octets[AT_OUTPUT + 11], 0);
    if (!v2) EQUAL(f->first.created_count, 1);
    free(f);
    memset(&w, 0, sizeof w);
    f = new_frame(v2, "\x60\x77\xff", 3);
    f->first.warm_addresses_ptr = 0;
    const int64_t used = play(&f, &w);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(used, 3 + 5000 + 2600);
    const uint32_t kinds[3] = {DUET_ASK_ACCESS_ACCOUNT, DUET_ASK_BALANCE, DUET_ASK_SELFDESTRUCT};
    EQUAL(w.kind_count, 3);
    for (int i = 0; i < 3; i++) EQUAL(w.kinds[i], kinds[i]);
    if (!v2) EQUAL(f->first.self_destruct_count, 1);
    free(f);
}

/* A suspended instruction has not happened: pc, gas, stack and memory are those before it, and the client may do it himself. */
static void suspended_is_before(void) {
    /* PUSH1 5 PUSH1 7; EXTCODECOPY of 64 octets to 32; STOP */
    Frame* f = new_frame(v2, "\x60\x05\x60\x40\x5f\x60\x20\x60\x77\x3c\x00", 11);
    f->first.warm_addresses_ptr = 0;
    for (int i = 0; i < 3; i++) { /* asked again as long as there is no answer */
        run_frame(f, v2, NULL);
        EQUAL(f->first.state, FRAME_CODE_SUSPENDED);
        EQUAL(f->first.pc, 9);
        EQUAL(f->first.gas_remaining, 1000000 - 14);
        EQUAL(f->first.stack_size, 5);
        EQUAL(f->first.memory_size, 0);
        EQUAL(request_of(f)->kind, DUET_ASK_ACCESS_ACCOUNT);
        EQUAL(request_of(f)->address[19], 0x77);
        EQUAL(stack_word(f, 4), 0x77);
    }
    request_of(f)->answered = 1;
    request_of(f)->number = 1;
    run_frame(f, v2, NULL);
    EQUAL(request_of(f)->kind, DUET_ASK_CODE);
    EQUAL(request_of(f)->size, 64);
    EQUAL(f->first.memory_size, 0);
    EQUAL(extension_of(f)->answer_count, 1);
    /* The client does it. */
    f->first.pc++;
    f->first.stack_size = 1;
    f->first.gas_remaining -= 100;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(f->first.gas_remaining, 1000000 - 14 - 100);
    EQUAL(extension_of(f)->answer_count, 0);
    free(f);
    /* Without an extension nothing is said, but the place. */
    f = new_frame(v2, "\x60\x77\x54\x00", 4);
    f->first.extension_ptr = 0;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_CODE_SUSPENDED);
    EQUAL(f->first.pc, 2);
    EQUAL(f->first.stack_size, 1);
    set_stack_word(f, 0, 3);
    f->first.pc = 3;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    free(f);
}

static void impossible_answers(void) {
    static const struct { const char* code; size_t size; int64_t number; uint64_t output, output_size; int64_t left; } cases[] = {
        {"\x60\x77\x31", 3, 2, 0, 0, 0}, {"\x60\x77\x31", 3, -1, 0, 0, 0},                                /* access */
        {"\x60\x20\x5f\x5f\x60\x01\x3c", 7, 0, AT_ANSWER, 33, 0}, {"\x60\x20\x5f\x5f\x60\x01\x3c", 7, 0, SEGMENT - 1, 2, 0}, /* code */
        {"\x5f\x5f\x5f\xf0", 4, 0, 0, 0, 1000001}, {"\x5f\x5f\x5f\xf0", 4, 0, 0, 0, -1},                  /* creation */
        {"\x5f\x5f\x5f\xf0", 4, 0, 8, 8, 0}, {"\x5f\x5f\x5f\xf0", 4, 0, AT_ANSWER, (uint64_t)1 << 40, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Frame* f = new_frame(v2, cases[i].code, cases[i].size);
        f->first.warm_addresses_ptr = 0;
        run_frame(f, v2, NULL);
        NEED(f->first.state == FRAME_CODE_SUSPENDED);
        request_of(f)->number = cases[i].number;
        request_of(f)->output_ptr = cases[i].output;
        request_of(f)->output_size = cases[i].output_size;
        request_of(f)->gas_left = cases[i].left;
        request_of(f)->answered = 1;
        EQUAL(v2 ? duet_frame_execute_v2(NULL, &f->second, NULL) : duet_frame_execute(NULL, &f->first, NULL), DUET_FRAME_ERR_ANSWER);
        EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
        free(f);
    }
    /* A call that could not be carried out says nothing of the code. */
    World w;
    memset(&w, 0, sizeof w);
    w.child_status = EVMC_INTERNAL_ERROR;
    Frame* f = new_frame(v2, "\x5f\x5f\x5f\xf0", 4);
    play(&f, &w);
    EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
    EQUAL(extension_of(f)->error, DUET_FRAME_ERR_OUTSIDE);
    free(f);
}

/* The warm-address area is the list: what is not in it is cold, and is added. */
static void warm_addresses(void) {
    Frame* f = new_frame(v2, "\x60\x77\x31\x60\x77\x31\x60\x78\x31\x60\x04\x31\x00", 13);
    memset(f->octets + AT_WARM, 0, 20);
    f->octets[AT_WARM + 19] = 0x78;
    PART(f, v2, warm_address_count) = 1;
    World w;
    memset(&w, 0, sizeof w);
    const int64_t used = play(&f, &w);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(w.asked[DUET_ASK_BALANCE], 4);
    EQUAL(w.asked[DUET_ASK_ACCESS_ACCOUNT], 0);
    EQUAL(used, 4 * 3 + 2600 + 100 + 100 + 100); /* 4 is a precompile */
    EQUAL(PART(f, v2, warm_address_count), 2);
    EQUAL(f->octets[AT_WARM + 39], 0x77);
    free(f);
}

static void logs(void) {
    /* LOG2 topics 1 2, 5 octets at 30; LOG0; STOP */
    Frame* f = new_frame(v2, "\x60\x01\x60\x02\x60\x05\x60\x1e\xa2\x5f\x5f\xa0\x00", 13);
    memset(PART(f, v2, recipient), 0x33, 20);
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(PART(f, v2, log_count), 2);
    const duet_frame_log_t* log = (const duet_frame_log_t*)(const void*)(f->octets + AT_LOGS);
    EQUAL(log->address[0], 0x33);
    EQUAL(log->topic_count, 2);
    EQUAL(log->data_size, 5);
    EQUAL(f->octets[AT_LOGS + 32 + 31], 2);
    EQUAL(f->octets[AT_LOGS + 64 + 31], 1);
    const duet_frame_log_t* next = (const duet_frame_log_t*)(const void*)(f->octets + AT_LOGS + 32 + 64 + 8);
    EQUAL(next->topic_count, 0);
    free(f);
    /* No room: the client gets it. */
    World w;
    memset(&w, 0, sizeof w);
    f = new_frame(v2, "\x61\x02\x00\x5f\xa0\x00", 6);
    play(&f, &w);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(w.asked[DUET_ASK_LOG], 1);
    EQUAL(PART(f, v2, log_count), 0);
    free(f);
}

/* Everything from a witness that is complete: no question but for the call. */
static void witness(void) {
    enum { AT_WITNESS = AT_ANSWER + 4 /* a multiple of 8 */ };
    /* BALANCE 0x77; EXTCODESIZE 0x77; EXTCODESIZE 0x79 (none); SLOAD 1; SSTORE 1 := 6; SSTORE 2 := 3; SLOAD 1; EXTCODECOPY 0x77; MLOAD */
    static const char code[] = "\x60\x77\x31\x60\x77\x3b\x01\x60\x79\x3b\x01\x60\x01\x54\x01" "\x60\x06\x60\x01\x55\x60\x03\x60\x02\x55"
                               "\x60\x01\x54\x01\x60\x02\x54\x01\x60\x20\x5f\x5f\x60\x77\x3c\x5f\x51\x01";
    Frame* f = with_return(code, sizeof code - 1);
    duet_frame_witness_t* h = (duet_frame_witness_t*)(void*)(f->octets + AT_WITNESS);
    memset(h, 0, 1024 - 8);
    if (v2) f->second.witness_ptr = AT_WITNESS; else extension_of(f)->witness_ptr = AT_WITNESS;
    extension_of(f)->flags = DUET_FRAME_COMPLETE_WITNESS;
    h->account_count = 1;
    h->accounts_ptr = 64;
    h->codes_ptr = 192;
    h->codes_size = 32;
    h->storage_ptr = 224;
    h->storage_count = 1;
    h->max_storage = 3;
    duet_frame_account_t* a = (duet_frame_account_t*)(void*)(f->octets + AT_WITNESS + 64);
    a->address[19] = 0x77;
    a->balance[31] = 10;
    a->code_size = 32;
    a->code_offset = 192;
    f->octets[AT_WITNESS + 192 + 31] = 20;
    uint8_t* slot = f->octets + AT_WITNESS + 224;
    slot[51] = 1;
    slot[52 + 31] = 4;
    slot[84 + 31] = 4;
    const int64_t gas = f->first.gas_remaining;
    run_frame(f, v2, NULL);
    /* The account 0x79 is not in the witness and has no list to become warm in: asked for. */
    EQUAL(f->first.state, FRAME_CODE_SUSPENDED);
    EQUAL(request_of(f)->kind, DUET_ASK_ACCESS_ACCOUNT);
    EQUAL(request_of(f)->address[19], 0x79);
    EQUAL(a->is_warm, 1);
    request_of(f)->answered = 1;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(f->octets[AT_OUTPUT + 31], 10 + 32 + 0 + 4 + 6 + 3 + 20);
    EQUAL(h->storage_count, 2);
    EQUAL(slot[52 + 31], 6);
    EQUAL(slot[116], 1);
    EQUAL(slot[124 + 51], 2);
    EQUAL(slot[124 + 52 + 31], 3);
    if (v2) EQUAL(f->second.warm_storage_count, 2);
    /* 0x77 cold, then warm, 0x79 cold; slot 1 cold, changed, slot 2 cold and new, both warm; the copy, MLOAD. */
    const int64_t accounts = 3 + 2600 + (3 + 100 + 3) + (3 + 2600 + 3), slots = (3 + 2100 + 3) + (6 + 2900) + (6 + 22100) + 2 * (3 + 100 + 3);
    EQUAL(gas - f->first.gas_remaining, accounts + slots + (3 + 2 + 2 + 3 + 100 + 3 + 3) + (2 + 3 + 3) + RETURNING - 3);
    EQUAL(f->first.gas_refund, 0);
    free(f);
    /* Code that does not lie where the witness has its code. */
    f = with_return("\x60\x20\x5f\x5f\x60\x77\x3c\x5f", 8);
    h = (duet_frame_witness_t*)(void*)(f->octets + AT_WITNESS);
    memset(h, 0, 1024 - 8);
    if (v2) f->second.witness_ptr = AT_WITNESS; else extension_of(f)->witness_ptr = AT_WITNESS;
    h->account_count = 1;
    h->accounts_ptr = 64;
    a = (duet_frame_account_t*)(void*)(f->octets + AT_WITNESS + 64);
    a->address[19] = 0x77;
    a->code_size = 32;
    a->code_offset = 0xffffff;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
    EQUAL(extension_of(f)->error, DUET_FRAME_ERR_AREA);
    free(f);
}

/* A call finds warm what it has made warm, and what it changes in the witness does not change the instruction that waits for it. */
static void calls_with_a_witness(void) {
    enum { AT_WITNESS = AT_ANSWER + 4 };
    for (int listed = 0; listed < 2; listed++) {
        Frame* f = with_return("\x5f\x5f\x5f\x5f\x60\x01\x60\x77\x61\xc3\x50\xf1", 12);
        PART(f, v2, recipient)[19] = 0x66;
        duet_frame_witness_t* h = (duet_frame_witness_t*)(void*)(f->octets + AT_WITNESS);
        memset(h, 0, 1024 - 8);
        if (v2) f->second.witness_ptr = AT_WITNESS; else extension_of(f)->witness_ptr = AT_WITNESS;
        extension_of(f)->flags = DUET_FRAME_COMPLETE_WITNESS;
        h->account_count = listed ? 1 : 2;
        h->accounts_ptr = 64;
        duet_frame_account_t* a = (duet_frame_account_t*)(void*)(f->octets + AT_WITNESS + 64);
        a[0].address[19] = 0x66;
        a[0].balance[31] = 5;
        a[1].address[19] = 0x77;
        if (listed) f->first.warm_addresses_ptr = AT_WARM;
        const int64_t gas = f->first.gas_remaining;
        run_frame(f, v2, NULL);
        NEED(f->first.state == FRAME_CODE_SUSPENDED && request_of(f)->kind == DUET_ASK_CALL);
        /* 0x77 is an account without anything: it is to be made and paid for, and is warm for the call. */
        if (listed) EQUAL(PART(f, v2, warm_address_count), 1); else EQUAL(a[1].is_warm, 1);
        EQUAL(request_of(f)->gas, 50000 + 2300);
        a[0].balance[31] = 0;
        a[1].balance[31] = 1;
        a[1].nonce = 1;
        request_of(f)->answered = 1;
        request_of(f)->gas_left = 52300;
        run_frame(f, v2, NULL);
        EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
        EQUAL(f->octets[AT_OUTPUT + 31], 1);
        EQUAL(gas - f->first.gas_remaining, 4 * 2 + 3 * 3 + 2600 + 9000 + 25000 - 2300 + RETURNING);
        EQUAL(extension_of(f)->answer_count, 0);
        if (listed) EQUAL(PART(f, v2, warm_address_count), 1);
        free(f);
    }
}

/* A log that the client has taken is not written into the area that has room by then. */
static void taken_logs(void) {
    Frame* f = new_frame(v2, "\x5f\x5f\xa0\x00", 4);
    f->first.logs_ptr = 0;
    run_frame(f, v2, NULL);
    NEED(f->first.state == FRAME_CODE_SUSPENDED && request_of(f)->kind == DUET_ASK_LOG);
    f->first.logs_ptr = AT_LOGS;
    request_of(f)->answered = 1;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(PART(f, v2, log_count), 0);
    free(f);
}

/* The storage area of the second layout. */
static void storage_area(void) {
    if (!v2) return;
    Frame* f = with_return("\x60\x05\x54", 3);
    f->second.storage_ptr = AT_ANSWER;
    f->second.storage_slot_count = 1;
    f->second.max_storage_slots = 2;
    memset(f->octets + AT_ANSWER, 0, 248);
    f->octets[AT_ANSWER + 51] = 5;
    f->octets[AT_ANSWER + 52 + 31] = 44;
    World w;
    memset(&w, 0, sizeof w);
    const int64_t used = play(&f, &w);
    EQUAL(w.kind_count, 0);
    EQUAL(f->octets[AT_OUTPUT + 31], 44);
    EQUAL(used, 3 + 2100 + RETURNING);
    free(f);
}

/* Memory grows by the client's help, and the whole frame moves while it does. */
static unsigned grown;
static Frame* freed;
static void* grow(void* context, void* frame, uint64_t octets) {
    (void)context;
    grown++;
    const size_t size = SEGMENT + 4 + octets;
    uint8_t* moved = (uint8_t*)malloc(size);
    NEED(moved != NULL);
    memset(moved, 0xa5, size);
    MessageFrameMemory* old = (MessageFrameMemory*)frame;
    memcpy(moved, frame, SEGMENT);
    memcpy(moved + SEGMENT + 4, (uint8_t*)frame + old->memory_ptr, old->memory_size);
    MessageFrameMemory* fresh = (MessageFrameMemory*)(void*)moved;
    fresh->memory_ptr = SEGMENT + 4;
    fresh->segment_size = size;
    memset(frame, 0xdd, SEGMENT);
    free(frame);
    freed = (Frame*)(void*)moved;
    return moved;
}
static void* refuse(void* context, void* frame, uint64_t octets) { (void)context; (void)frame; (void)octets; grown++; return NULL; }

static void growing_memory(void) {
    /* MSTORE8 0x77 at 10; MSTORE8 at 5000; MSTORE8 at 20000; CALLDATACOPY 3 octets to 9000; CODECOPY; RETURN 4 octets at 8999 */
    static const char code[] = "\x60\x77\x60\x0a\x53\x60\x77\x61\x13\x88\x53\x60\x78\x61\x4e\x20\x53\x60\x03\x5f\x61\x23\x28\x37"
                               "\x60\x01\x5f\x61\x23\x2b\x39\x60\x05\x61\x23\x27\xf3";
    for (int refused = 0; refused < 3; refused++) {
        Frame* f = new_frame(v2, code, sizeof code - 1);
        f->first.segment_size = SEGMENT;
        memcpy(f->octets + AT_INPUT, "xyz", 3);
        PART(f, v2, input_size) = 3;
        extension_of(f)->grow = refused == 0 ? grow : refused == 1 ? refuse : NULL;
        grown = 0;
        freed = f;
        run_frame(f, v2, NULL);
        f = freed;
        if (refused) {
            EQUAL(grown, refused == 1);
            EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
            EQUAL(extension_of(f)->error, DUET_FRAME_ERR_GROW);
        } else {
            EQUAL(grown, 2);
            EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
            EQUAL(f->first.memory_size, 20032);
            const uint8_t* memory = f->octets + f->first.memory_ptr;
            EQUAL(memory[10], 0x77);
            EQUAL(memory[5000], 0x77);
            EQUAL(memory[20000], 0x78);
            EQUAL(memory[4999], 0);
            EQUAL(memory[20031], 0);
            CHECK(memcmp(f->octets + AT_OUTPUT, "\0xyz\x60", 5) == 0);
        }
        free(f);
    }
}

int main(void) {
    cache_at_once();
    for (v2 = 0; v2 < 2; v2++) {
        RUN(simple_questions);
        RUN(calls);
        RUN(creations);
        RUN(suspended_is_before);
        RUN(impossible_answers);
        RUN(warm_addresses);
        RUN(logs);
        RUN(witness);
        RUN(calls_with_a_witness);
        RUN(taken_logs);
        RUN(storage_area);
        RUN(growing_memory);
    }
    return finish(__FILE__);
}
