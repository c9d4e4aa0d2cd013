/* Ecalli traces (JIP-7): the same lines on every engine and memory mode, replayed without a difference, and every change noticed. */
#include "ecalli.h"

static const uint8_t arguments[] = {0x11, 0, 0x22, 0};

/* Register 7 is the address of the arguments. Three host calls, memory of the guest's between them, then a return. */
static size_t image(uint8_t* out, uint8_t last) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 9, IMM32(0x30000));
    OP(code, STORE_IND_U64, REGS(7, 9), 0);   /* the rw data begins with the address of the arguments */
    OP(code, ECALLI, 3);
    OP(code, STORE_IND_U8, REGS(8, 9), 16);
    OP(code, ADD_IMM_64, REGS(10, 10), 1);
    OP(code, ECALLI, 100);
    OP(code, LOAD_IND_U64, REGS(11, 9), 32);  /* what the host has written */
    OP(code, ECALLI, 4);
    if (last == TRAP) {
        OP(code, TRAP);
    } else if (last == LOAD_U8) {
        OP(code, LOAD_U8, 8, IMM32(0x7000000));
        OP(code, TRAP);
    } else if (last == JUMP) {
        OP(code, FALLTHROUGH);
        OP(code, JUMP, 0);                    /* until the gas is gone */
    } else {
        OP_RETURN(code);
    }
    return code_standard(&code, "constant", 8, "variable", 8, 2, 4096, out);
}

/* A host that does something of every kind. */
static pvm_action_t serve(pvm_vm_t* vm, int number, void* user_data) {
    uint8_t data[64];
    int error;
    (void)user_data;
    memset(data, 0xee, sizeof data);
    if (pvm_charge_gas(vm, 10) != PVM_OK) return PVM_ACTION_OOG;
    switch (number) {
    case 3:
        EQUAL(pvm_read(vm, vm->registers[7], 4, data), PVM_OK);
        EQUAL(pvm_read_ram_bytes_32(vm, 0x10000, &error), 0x736e6f63); /* "cons": the lower address comes first */
        pvm_set_register(vm, 9, vm->registers[9]);                     /* the same value, all the same */
        vm->registers[8] = 0xabcdef;
        vm->registers[7] = 4;
        return PVM_ACTION_CONTINUE;
    case 4: {
        uint8_t* view = NULL;
        EQUAL(pvm_memory_view(vm, 0x30040, 8, PVM_ACCESS_WRITE, &view), PVM_OK);
        memset(view, 0x55, 8);
        EQUAL(pvm_write(vm, 0x30044, 8, data), PVM_OK); /* overlaps: one range */
        EQUAL(pvm_read(vm, 0x30048, 16, data), PVM_OK); /* half of it the host's own */
        EQUAL(pvm_map_pages(vm, 0x40, 2, PVM_ACCESS_READ), PVM_OK);
        return PVM_ACTION_CONTINUE;
    }
    case 100:
        EQUAL(pvm_write_ram_bytes_64(vm, 0x30020, 0x0102030405060708), 0);
        EQUAL(pvm_write(vm, 0x30010, 2, data), PVM_OK);
        EQUAL(pvm_write(vm, 0xfffff000, 2, data), PVM_ERR_OUT_OF_BOUNDS);
        return pvm_host_unknown(vm);
    }
    return PVM_ACTION_PANIC;
}

/* What the blocks of the program cost up to its host calls, 0 where gas is not taken by the block. */
static uint64_t block_gas(pvm_isa_t isa, uint8_t last) {
    uint8_t out[4096];
    pvm_program_t* program = NULL;
    NEED(pvm_program_create(out, image(out, last), PVM_FORMAT_STANDARD, isa, &program) == PVM_OK);
    const uint64_t gas = isa == PVM_ISA_GP080 ? pvm_program_block_gas(program, 0) : 0;
    pvm_program_release(program);
    return gas;
}

static recording_t record(pvm_isa_t isa, uint8_t last, mode_t_ mode, int suspends, uint64_t gas) {
    static recording_t recording;
    uint8_t out[4096];
    pvm_program_t* program = NULL;
    pvm_vm_t* vm = NULL;
    recording.size = 0;
    recording.lines = 0;
    NEED(pvm_program_create(out, image(out, last), PVM_FORMAT_STANDARD, isa, &program) == PVM_OK);
    NEED(pvm_vm_create(program, arguments, sizeof arguments, gas, &vm) == PVM_OK);
    choose(vm, mode);
    /* What the host loads beforehand is a part of the prelude. */
    EQUAL(pvm_load(vm, 0x10002, 1, (const uint8_t*)"N"), PVM_OK);
    EQUAL(pvm_load(vm, 0x10002, 1, (const uint8_t*)"n"), PVM_OK);
    EQUAL(pvm_load(vm, 0x31000, 3, (const uint8_t*)"abc"), PVM_OK);
    EQUAL(pvm_set_ecalli_trace(vm, keep, &recording), PVM_OK);
    if (suspends) {
        pvm_exit_t exit = pvm_run(vm, 0);
        while (exit == PVM_EXIT_HOST) {
            if (serve(vm, vm->host_func_id, NULL) != PVM_ACTION_CONTINUE) break;
            exit = pvm_resume(vm);
        }
    } else {
        EQUAL(pvm_set_host_function(vm, serve, NULL), PVM_OK);
        pvm_run(vm, 0);
    }
    pvm_destroy(vm);
    pvm_program_release(program);
    return recording;
}

/* In place of each %: gas at the start, at each ecalli and behind it, and at the end. */
static const char lines_expected[] =
    "memwrite 0xfeff0000 len=4 <- 0x11002200\n"
    "memwrite 0x00031000 len=3 <- 0x616263\n"
    "start pc=0 gas=%d r00=0xffff0000 r01=0xfefe0000 r07=0xfeff0000 r08=0x4\n"
    "ecalli=3 pc=9 gas=%d r00=0xffff0000 r01=0xfefe0000 r07=0xfeff0000 r08=0x4 r09=0x30000\n"
    "memread 0x00010000 len=4 -> 0x636f6e73\n"
    "memread 0xfeff0000 len=4 -> 0x11002200\n"
    "setreg r07 <- 0x4\n"
    "setreg r08 <- 0xabcdef\n"
    "setreg r09 <- 0x30000\n"
    "setgas <- %d\n"
    "ecalli=100 pc=17 gas=%d r00=0xffff0000 r01=0xfefe0000 r07=0x4 r08=0xabcdef r09=0x30000 r10=0x1\n"
    "memwrite 0x00030010 len=2 <- 0xeeee\n"
    "memwrite 0x00030020 len=8 <- 0x0807060504030201\n"
    "setreg r07 <- 0xfffffffffffffffe\n"
    "setgas <- %d\n"
    "ecalli=4 pc=22 gas=%d r00=0xffff0000 r01=0xfefe0000 r07=0xfffffffffffffffe r08=0xabcdef r09=0x30000 r10=0x1 "
    "r11=0x102030405060708\n"
    "memread 0x0003004c len=12 -> 0x000000000000000000000000\n"
    "comment duet pages 0x00040000 len=8192 r\n"
    "memwrite 0x00030040 len=12 <- 0x55555555eeeeeeeeeeeeeeee\n"
    "setreg r07 <- 0xfffffffffffffffe\n"
    "setgas <- %d\n"
    "HALT pc=24 gas=%d r00=0xffff0000 r01=0xfefe0000 r07=0xfffffffffffffffe r08=0xabcdef r09=0x30000 r10=0x1 "
    "r11=0x102030405060708\n";

static void lines_are_those_of_jip_7(void) {
    for (int isa = 0; isa < 2; isa++) {
        /* 0.7.2 takes 1 for each instruction and 10 for each host call; 0.8.0 the block at its start, 10 (this host's) and 1000. */
        const int block = (int)block_gas(isas[isa], JUMP_IND), gas = 5000, left = gas - block;
        const char* name = isas[isa] == PVM_ISA_GP080 ? "gp080" : "gp072";
        char expected[sizeof lines_expected + 100], first[100];
        if (isas[isa] == PVM_ISA_GP072) {
            snprintf(expected, sizeof expected, lines_expected, gas, gas - 3, gas - 13, gas - 16, gas - 36, gas - 38, gas - 48, gas - 49);
        } else {
            snprintf(expected, sizeof expected, lines_expected, gas, left, left - 10, left - 10, left - 1020, left - 1020, left - 1030, left - 1030);
        }
        snprintf(first, sizeof first, "comment duet isa %s format standard\nprogram 0x0800000800000200001000", name);
        for (int mode = 0; mode < MODES; mode++) {
            for (int suspends = 0; suspends < 2; suspends++) {
                const recording_t recording = record(isas[isa], JUMP_IND, modes[mode], suspends, 5000);
                const char* lines = recording.text;
                CHECK(strncmp(lines, first, strlen(first)) == 0);
                for (int skipped = 0; skipped < 2 && lines != NULL; skipped++) lines = strchr(lines, '\n') + 1;
                STRING(lines, expected);
            }
        }
    }
}

/* Every way to end, enough gas and so little that a host call ends the run: the same text from every engine, which replays on all. */
static void what_is_recorded_replays(void) {
    const uint8_t ends[] = {JUMP_IND, TRAP, LOAD_U8, JUMP};
    const char* words[] = {"\nHALT pc=", "\nPANIC=0 pc=", "\nPANIC=117440512 pc=", "\nOOG pc="};
    for (int isa = 0; isa < 2; isa++) {
        for (size_t end = 0; end < sizeof ends; end++) {
            const uint64_t little = isas[isa] == PVM_ISA_GP080 ? block_gas(isas[isa], ends[end]) + 5 : 15;
            recording_t first[2];
            for (int mode = 0; mode < MODES; mode++) {
                if (ends[end] == LOAD_U8 && !may_fault(modes[mode])) continue;
                const recording_t whole = record(isas[isa], ends[end], modes[mode], 0, 5000);
                CHECK(strstr(whole.text, words[end]) != NULL);
                const recording_t all[] = {whole, record(isas[isa], ends[end], modes[mode], 0, little)};
                CHECK(strstr(all[1].text, "\nOOG pc=") != NULL);
                for (int i = 0; i < 2; i++) {
                    if (mode == 0) first[i] = all[i]; else STRING(all[i].text, first[i].text);
                }
                for (int other = 0; other < MODES; other++) {
                    if (ends[end] == LOAD_U8 && !may_fault(modes[other])) continue;
                    for (int i = 0; i < 2; i++) {
                        pvm_replay_report_t report;
                        EQUAL(replay(all[i].text, all[i].size, modes[other], &report), PVM_REPLAY_END);
                        EQUAL(report.line, all[i].lines);
                        EQUAL(report.kind, PVM_DIVERGED_NOT);
                        CHECK(report.ecallis >= (i == 0 ? 3 : 1));
                    }
                }
            }
        }
    }
}

/* Memory of the recording that neither the guest reads nor the host: a change of it is what the trace says it is. */
static int nobody_reads(const char* line) {
    const char* const unread[] = {"memwrite 0x00031000", "memwrite 0x00030010", "memwrite 0x00030040"};
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++)
        if (strncmp(line, unread[i], strlen(unread[i])) == 0) return 1;
    return 0;
}

/* Changes each digit behind the program in turn: the replay must not end as if nothing were different. */
static unsigned long change_digits(pvm_isa_t isa, uint8_t last, mode_t_ mode) {
    const recording_t recording = record(isa, last, mode, 0, 5000);
    const char* start = strstr(recording.text, "\nmemwrite ");
    NEED(start != NULL);
    uint64_t line = 1;
    unsigned long changed = 0;
    for (size_t i = 0; i < recording.size; i++) {
        if (recording.text[i] == '\n') line++;
        if (recording.text + i <= start) continue;
        const char* begin = recording.text + i;
        while (begin[-1] != '\n') begin--;
        /* The rights that the host gives are nothing that this guest notices. */
        if (strncmp(begin, "comment", 7) == 0) continue;
        const char digit = recording.text[i];
        /* Without its 0x a line is none of the format's. */
        if (digit < '0' || digit > '9' || recording.text[i + 1] == 'x') continue;
        const char* arrow = strstr(begin, " len=");
        const int isPlace = arrow != NULL && recording.text + i < arrow;
        /* Zeros lie at many addresses. */
        if (strncmp(begin, "memread", 7) == 0 && isPlace && strncmp(strstr(begin, "-> "), "-> 0x000000", 11) == 0) continue;
        /* What is a panic's argument every implementation chooses. */
        if (strncmp(begin, "PANIC", 5) == 0 && recording.text + i < strchr(begin, ' ')) continue;
        /* What the last host call leaves of it, an endless loop uses up. */
        if (last == JUMP && strncmp(begin, "setgas", 6) == 0 && strncmp(strchr(begin, '\n'), "\nOOG", 4) == 0) continue;
        recording_t other = recording;
        other.text[i] = digit == '9' ? '8' : (char)(digit + 1);
        pvm_replay_report_t report;
        const pvm_replay_step_t step = replay(other.text, other.size, mode, &report);
        changed++;
        if (nobody_reads(begin) && step == PVM_REPLAY_END) continue;
        if (!CHECK(step != PVM_REPLAY_END && step != PVM_REPLAY_DONE)) fprintf(stderr, "line %" PRIu64 ": %.60s\n", line, begin);
        /* What the guest does or the host reads is compared at its own line; what the host sets shows later. */
        const char* const compared[] = {"ecalli", "memread", "HALT", "OOG", "PANIC"};
        int isCompared = 0;
        for (int word = 0; word < 5; word++) isCompared |= strncmp(begin, compared[word], strlen(compared[word])) == 0;
        if (isCompared) EQUAL(report.line, line); else CHECK(report.line >= line);
    }
    return changed;
}

static void every_digit_counts(void) {
    for (int isa = 0; isa < 2; isa++) {
        for (int mode = 0; mode < MODES; mode += 2) CHECK(change_digits(isas[isa], JUMP_IND, modes[mode]) > 300);
        CHECK(change_digits(isas[isa], TRAP, modes[0]) > 300);
        CHECK(change_digits(isas[isa], LOAD_U8, modes[0]) > 300);
        CHECK(change_digits(isas[isa], JUMP, modes[0]) > 300);
    }
}

static void a_difference_is_named(void) {
    struct { const char *from, *to; pvm_replay_step_t step; pvm_divergence_t kind; uint64_t line, address, index, expected, actual; } cases[] = {
        {"ecalli=100 pc=17", "ecalli=101 pc=17", PVM_REPLAY_DIVERGED, PVM_DIVERGED_NUMBER, 13, 0, 0, 101, 100},
        {"ecalli=100 pc=17", "ecalli=100 pc=18", PVM_REPLAY_DIVERGED, PVM_DIVERGED_PC, 13, 0, 0, 18, 17},
        {"gas=984", "gas=983", PVM_REPLAY_DIVERGED, PVM_DIVERGED_GAS, 13, 0, 0, 983, 984},
        {"r10=0x1\nmem", "r10=0x2\nmem", PVM_REPLAY_DIVERGED, PVM_DIVERGED_REGISTER, 13, 0, 10, 2, 1},
        {" r10=0x1\nmem", "\nmem", PVM_REPLAY_DIVERGED, PVM_DIVERGED_REGISTER, 13, 0, 10, 0, 1},
        {"-> 0x636f6e73", "-> 0x636f6f73", PVM_REPLAY_DIVERGED, PVM_DIVERGED_MEMORY, 7, 0x10002, 0, 0x6f, 0x6e},
        {"memread 0x00010000", "memread 0x00050000", PVM_REPLAY_DIVERGED, PVM_DIVERGED_ACCESS, 7, 0x50000, 0, 1, 0},
        {"memwrite 0x00030010", "memwrite 0xff030010", PVM_REPLAY_DIVERGED, PVM_DIVERGED_ACCESS, 14, 0xff030010, 0, 1, 0},
        {"HALT pc", "OOG pc", PVM_REPLAY_DIVERGED, PVM_DIVERGED_EXIT, 24, 0, 0, PVM_EXIT_OOG, PVM_EXIT_HALT},
        {"len=2 <-", "len=3 <-", PVM_REPLAY_MALFORMED, PVM_DIVERGED_NOT, 14, 0, 0, 0, 0},
        {"setgas <- 964\n", "\n", PVM_REPLAY_MALFORMED, PVM_DIVERGED_NOT, 18, 0, 0, 0, 0},
        {"setreg r07 <- 0x4", "setreg r13 <- 0x4", PVM_REPLAY_MALFORMED, PVM_DIVERGED_NOT, 9, 0, 0, 0, 0},
        {"setreg r07 <- 0x4", "setreg r07 <- 0x11112222333344445", PVM_REPLAY_MALFORMED, PVM_DIVERGED_NOT, 9, 0, 0, 0, 0},
        {"start pc=0", "start pc=18446744073709551616", PVM_REPLAY_MALFORMED, PVM_DIVERGED_NOT, 5, 0, 0, 0, 0},
        {"program 0x", "program 0xff", PVM_REPLAY_FAILED, PVM_DIVERGED_NOT, 2, 0, 0, 0, 0},
    };
    const recording_t recording = record(PVM_ISA_GP072, JUMP_IND, modes[0], 0, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static char text[2 * sizeof recording.text];
        const char* place = strstr(recording.text, cases[i].from);
        NEED(place != NULL);
        const size_t before = (size_t)(place - recording.text);
        const int size = snprintf(text, sizeof text, "%.*s%s%s", (int)before, recording.text, cases[i].to, place + strlen(cases[i].from));
        for (int mode = 0; mode < MODES; mode++) {
            pvm_replay_report_t report;
            EQUAL(replay(text, (size_t)size, modes[mode], &report), cases[i].step);
            EQUAL(report.line, cases[i].line);
            EQUAL(report.kind, cases[i].kind);
            EQUAL(report.error != PVM_OK, cases[i].step == PVM_REPLAY_FAILED);
            if (cases[i].step != PVM_REPLAY_DIVERGED) continue;
            EQUAL(report.address, cases[i].address);
            if (cases[i].kind == PVM_DIVERGED_REGISTER) EQUAL(report.index, cases[i].index);
            EQUAL(report.expected, cases[i].expected);
            EQUAL(report.actual, cases[i].actual);
        }
    }
}

/* Each line cut off anywhere, and the whole text at any length: never an END too early, and nothing is read behind it. */
static void texts_that_break_off(void) {
    const recording_t recording = record(PVM_ISA_GP072, JUMP_IND, modes[0], 0, 1000);
    const char* last = strstr(recording.text, "\nHALT ");
    NEED(last != NULL);
    for (size_t size = 0; size <= (size_t)(last - recording.text); size++) {
        pvm_replay_report_t report;
        const pvm_replay_step_t step = replay(recording.text, size, modes[0], &report);
        CHECK(step != PVM_REPLAY_END);
    }
}

/* Anything before and behind, other lines between, several traces in one text. */
static void loggers_may_add_to_lines(void) {
    const recording_t recording = record(PVM_ISA_GP072, JUMP_IND, modes[0], 0, 1000);
    static char text[4 * sizeof recording.text];
    size_t size = 0;
    uint64_t lines = 0;
    for (int copy = 0; copy < 2; copy++) {
        for (const char* line = recording.text; *line;) {
            const char* end = strchr(line, '\n');
            const char* middle = copy == 0 ? "" : "comment ecalli=7 is what anybody says\nINFO nothing: ecalli 5, HALT\n";
            size += (size_t)snprintf(text + size, sizeof text - size, "%s%s%.*s%s\n", middle, copy == 0 ? "" : "12:00 [vm] TRACE ",
                                     (int)(end - line), line, copy == 0 ? "" : " (thread 1) \r");
            lines += copy == 0 ? 1 : 3;
            line = end + 1;
        }
    }
    pvm_replay_t* replay = NULL;
    NEED(pvm_replay_create(text, size, PVM_ISA_GP072, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO, &replay) == PVM_OK);
    int steps[8] = {0};
    pvm_replay_report_t report;
    pvm_replay_step_t step;
    while ((step = pvm_replay_next(replay, &report)) < PVM_REPLAY_DONE) steps[step]++;
    EQUAL(step, PVM_REPLAY_DONE);
    EQUAL(steps[PVM_REPLAY_START], 2);
    EQUAL(steps[PVM_REPLAY_ECALLI], 6);
    EQUAL(steps[PVM_REPLAY_END], 2);
    EQUAL(report.line, lines);
    pvm_replay_destroy(replay);
}

/* Code and pages without an image: the prelude has all that is needed. */
static void raw_programs_record_their_blob_and_pages(void) {
    for (int mode = 0; mode < MODES; mode++) {
        static recording_t recording;
        memset(&recording, 0, sizeof recording);
        code_t code = code_new();
        OP(code, LOAD_U32, 8, IMM32(0x30000));
        OP(code, ECALLI, 5);
        OP(code, LOAD_IMM_JUMP_IND, REGS(2, 3), 0, 2); /* jump table entry 1 */
        OP(code, TRAP);
        const uint32_t target = code.size;
        OP(code, FALLTHROUGH);
        OP_HALT(code, 2);
        code_jump_entry(&code, target);
        pvm_vm_t* vm = code_vm(&code, 50);
        NEED(vm != NULL);
        choose(vm, modes[mode]);
        EQUAL(pvm_map_pages(vm, 0x30, 2, PVM_ACCESS_READ), PVM_OK);
        EQUAL(pvm_map_pages(vm, 0x32, 1, PVM_ACCESS_WRITE), PVM_OK);
        EQUAL(pvm_load(vm, 0x30000, 4, (const uint8_t*)"\1\2\3\4"), PVM_OK);
        EQUAL(pvm_set_ecalli_trace(vm, keep, &recording), PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
        EQUAL(pvm_set_ecalli_trace(NULL, keep, &recording), PVM_ERR_NULL);
        EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
        pvm_destroy(vm);
        CHECK(strstr(recording.text, "comment duet pages 0x00030000 len=8192 r\nmemwrite 0x00030000 len=4 <- 0x01020304\n") != NULL);
        CHECK(strstr(recording.text, "comment duet pages 0x00032000 len=4096 rw\n") != NULL);
        pvm_replay_report_t report;
        EQUAL(replay(recording.text, recording.size, modes[mode], &report), PVM_REPLAY_END);
        EQUAL(report.ecallis, 1);
    }
}

/* A host function that sets pc; a run that is left in the middle for another; turned off again. */
static pvm_action_t skip(pvm_vm_t* vm, int number, void* user_data) {
    (void)number;
    (void)user_data;
    vm->pc = 3;
    return PVM_ACTION_CONTINUE;
}

static void runs_that_go_elsewhere(void) {
    for (int mode = 0; mode < MODES; mode++) {
        static recording_t recording;
        memset(&recording, 0, sizeof recording);
        code_t code = code_new();
        OP(code, ECALLI, 5);
        OP(code, TRAP);
        OP_HALT(code, 2);
        pvm_vm_t* vm = code_vm(&code, 50);
        NEED(vm != NULL);
        choose(vm, modes[mode]);
        EQUAL(pvm_set_ecalli_trace(vm, keep, &recording), PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
        EQUAL(pvm_set_pc(vm, 3), PVM_OK);
        EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
        EQUAL(pvm_set_host_function(vm, skip, NULL), PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
        pvm_replay_t* replay = NULL;
        NEED(pvm_replay_create(recording.text, recording.size, PVM_ISA_GP080, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO, &replay) == PVM_OK);
        int steps[8] = {0};
        pvm_replay_step_t step;
        while ((step = pvm_replay_next(replay, NULL)) < PVM_REPLAY_DONE) steps[step]++;
        EQUAL(step, PVM_REPLAY_DONE);
        EQUAL(steps[PVM_REPLAY_END], 2);
        pvm_replay_destroy(replay);

        /* Left at an ecalli: the next run is a trace of its own. */
        memset(&recording, 0, sizeof recording);
        EQUAL(pvm_set_host_function(vm, NULL, NULL), PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
        EQUAL(pvm_run(vm, 2), PVM_EXIT_PANIC);
        const char* second = strstr(recording.text, "\nprogram ");
        NEED(second != NULL && strstr(second + 1, "\nprogram ") != NULL);
        EQUAL(pvm_set_ecalli_trace(vm, NULL, NULL), PVM_OK);
        memset(&recording, 0, sizeof recording);
        EQUAL(pvm_run(vm, 2), PVM_EXIT_PANIC);
        EQUAL(recording.lines, 0);
        pvm_destroy(vm);
    }
}

/* A host that writes every other byte, from the last to the first or the other way, reads around each, and all of it at the end. So many
 * ranges that comparing each with each would not come to an end. */
enum { RANGES = 100000 };
static int is_backward, range_count;
static pvm_action_t scatter(pvm_vm_t* vm, int number, void* user_data) {
    static uint8_t data[2 * RANGES];
    (void)number, (void)user_data;
    for (int i = 0; i < range_count; i++) {
        const uint64_t place = 0x30000 + 2 * (uint64_t)(is_backward ? range_count - 1 - i : i);
        EQUAL(pvm_write(vm, place, 1, (const uint8_t*)"x"), PVM_OK);
        EQUAL(pvm_read(vm, place, 2, data), PVM_OK);
    }
    EQUAL(pvm_read(vm, 0x30000, 2 * (uint64_t)range_count, data), PVM_OK);
    return PVM_ACTION_CONTINUE;
}

static void count_lines(pvm_vm_t* vm, pvm_line_kind_t kind, const char* line, size_t length, void* user_data) {
    unsigned long* counts = (unsigned long*)user_data;
    (void)vm, (void)kind, (void)length;
    counts[0] += strncmp(line, "memread ", 8) == 0;
    counts[1] += strncmp(line, "memwrite ", 9) == 0;
}

static void many_ranges_in_one_call(void) {
    /* A memory checker is slow, and sees as much of fewer. */
    range_count = is_watched() ? 2000 : RANGES;
    for (is_backward = 0; is_backward < 2; is_backward++) {
        unsigned long counts[2] = {0, 0};
        code_t code = code_new();
        OP(code, ECALLI, 5);
        OP_HALT(code, 2);
        pvm_vm_t* vm = code_vm(&code, 50);
        NEED(vm != NULL);
        NEED(pvm_map_pages(vm, 0x30, 2 * RANGES / 4096 + 1, PVM_ACCESS_WRITE) == PVM_OK);
        EQUAL(pvm_set_host_function(vm, scatter, NULL), PVM_OK);
        EQUAL(pvm_set_ecalli_trace(vm, count_lines, counts), PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
        EQUAL(counts[0], 2 * range_count);
        EQUAL(counts[1], range_count);
        pvm_destroy(vm);
    }
}

static void bad_arguments(void) {
    pvm_replay_t* replay = (pvm_replay_t*)1;
    pvm_replay_report_t report;
    EQUAL(pvm_replay_create("", 0, PVM_ISA_GP072, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO, NULL), PVM_ERR_NULL);
    EQUAL(pvm_replay_create(NULL, 1, PVM_ISA_GP072, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO, &replay), PVM_ERR_NULL);
    CHECK(replay == NULL);
    EQUAL(pvm_replay_create("", 0, (pvm_isa_t)7, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO, &replay), PVM_ERR_ARGUMENT);
    EQUAL(pvm_replay_create("", 0, PVM_ISA_GP072, (pvm_engine_t)7, PVM_MEMORY_AUTO, &replay), PVM_ERR_ARGUMENT);
    EQUAL(pvm_replay_create("", 0, PVM_ISA_GP072, PVM_ENGINE_AUTO, (pvm_memory_mode_t)7, &replay), PVM_ERR_ARGUMENT);
    EQUAL(pvm_replay_create("x", (size_t)-1, PVM_ISA_GP072, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO, &replay), PVM_ERR_ARGUMENT);
    EQUAL(pvm_replay_create("x", SIZE_MAX / 2, PVM_ISA_GP072, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO, &replay), PVM_ERR_NO_MEMORY);
    EQUAL(pvm_replay_next(NULL, &report), PVM_REPLAY_FAILED);
    EQUAL(report.error, PVM_ERR_NULL);
    CHECK(pvm_replay_vm(NULL) == NULL);
    pvm_replay_destroy(NULL);
    EQUAL(pvm_replay_create(NULL, 0, PVM_ISA_GP072, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO, &replay), PVM_OK);
    EQUAL(pvm_replay_next(replay, &report), PVM_REPLAY_DONE);
    pvm_replay_destroy(replay);
    EQUAL(pvm_set_ecalli_trace(NULL, NULL, NULL), PVM_ERR_NULL);
}

int main(void) {
    RUN(lines_are_those_of_jip_7);
    RUN(what_is_recorded_replays);
    RUN(every_digit_counts);
    RUN(a_difference_is_named);
    RUN(texts_that_break_off);
    RUN(loggers_may_add_to_lines);
    RUN(raw_programs_record_their_blob_and_pages);
    RUN(runs_that_go_elsewhere);
    RUN(many_ranges_in_one_call);
    RUN(bad_arguments);
    return finish(__FILE__);
}
