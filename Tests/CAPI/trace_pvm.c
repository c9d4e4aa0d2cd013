/* Traces of the PVM in batches: every record is what single steps see. */
#include "check.h"

enum { RECORDS = 40000, BASE = 0x20000, PAGES = 2 };

typedef struct { duet_pvm_record_t* records; size_t count, batches, largest; } Stream;

static void keep_batch(void* context, const void* records, size_t count) {
    Stream* stream = (Stream*)context;
    CHECK(count > 0);
    NEED(stream->count + count <= RECORDS);
    memcpy(stream->records + stream->count, records, count * sizeof *stream->records);
    stream->count += count;
    stream->batches++;
    if (count > stream->largest) stream->largest = count;
}

static Stream new_stream(void) {
    Stream stream;
    memset(&stream, 0, sizeof stream);
    stream.records = (duet_pvm_record_t*)malloc(RECORDS * sizeof *stream.records);
    NEED(stream.records != NULL);
    return stream;
}

static uint64_t random_state = 1;
static uint32_t random_number(uint32_t below) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % below;
}

/* ---- Programs ---- */

/* Registers 1 and 2 point into memory and are not written, 3 goes down in a loop, 4 to 12 have anything. */
static uint8_t any(void) { return (uint8_t)(4 + random_number(9)); }

static void random_program(code_t* code, pvm_isa_t isa) {
    *code = code_new();
    OP(*code, LOAD_IMM, 1, IMM32(BASE + 64));
    OP(*code, LOAD_IMM, 2, IMM32(BASE + 4096));
    OP(*code, LOAD_IMM, 3, 4);
    OP(*code, FALLTHROUGH);
    const uint32_t loop = code->size;
    const uint32_t length = 3 + random_number(25);
    for (uint32_t i = 0; i < length; i++) {
        const uint8_t pointer = (uint8_t)(1 + random_number(2));
        /* Now and then outside. */
        const uint32_t offset = random_number(40) == 0 ? 0x7000 : random_number(40);
        switch (random_number(12)) {
            case 0: OP(*code, (uint8_t)(STORE_IND_U8 + random_number(4)), (uint8_t)(REGS(any(), pointer)), IMM32(offset)); break;
            case 1: OP(*code, (uint8_t)(LOAD_IND_U8 + random_number(7)), (uint8_t)(REGS(any(), pointer)), IMM32(offset)); break;
            case 2: OP(*code, (uint8_t)(LOAD_U8 + random_number(7)), any(), IMM32(BASE + offset)); break;
            case 3: OP(*code, (uint8_t)(STORE_U8 + random_number(4)), any(), IMM32(BASE + offset)); break;
            case 4: OP(*code, (uint8_t)(STORE_IMM_U8 + random_number(4)), 4, IMM32(BASE + offset), IMM32(random_number(2) ? 77u : 0xfedcba98u)); break;
            case 5: OP(*code, (uint8_t)(70 + random_number(4)), (uint8_t)(pointer | 4 << 4), IMM32(offset), IMM32(random_number(2) ? 77u : 0xfedcba98u)); break;
            case 6: OP(*code, LOAD_IMM, any(), IMM32(random_number(2) ? 77u : 0xfedcba98u)); break;
            case 7: OP(*code, (uint8_t)(131 + random_number(31)), (uint8_t)(REGS(any(), any())), IMM32(random_number(100))); break;
            case 8: OP(*code, (uint8_t)(190 + random_number(41)), (uint8_t)(REGS(any(), any())), any()); break;
            case 9: OP(*code, MOVE_REG, (uint8_t)(REGS(any(), any()))); break;
            case 10:
                if (random_number(3) == 0) OP(*code, ECALLI, (uint8_t)random_number(50));
                else OP(*code, LOAD_IMM_64, any(), IMM32(random_number(2) ? 77u : 0xfedcba98u), IMM32(random_number(2) ? 77u : 0xfedcba98u));
                break;
            default:
                if (random_number(20) == 0) OP(*code, TRAP);
                else if (random_number(4) == 0) OP(*code, BRANCH_NE_IMM, (uint8_t)(any() | 1 << 4), (uint8_t)random_number(3), 4);
                else OP(*code, FALLTHROUGH);
        }
    }
    if (random_number(3)) {
        OP(*code, ADD_IMM_64, (uint8_t)(REGS(3, 3)), 0xff);
        /* Down to 0. */
        OP(*code, BRANCH_NE_IMM, (uint8_t)(3 | 1 << 4), 0, IMM32(loop - code->size));
    }
    switch (random_number(4)) {
        case 0: OP(*code, TRAP); break;
        case 1: OP(*code, LOAD_IMM_JUMP, (uint8_t)(5 | 1 << 4), 7, IMM32(random_number(2) ? 2 : 100000)); break;
        case 2: OP(*code, JUMP_IND, 3, IMM32(random_number(9))); break;
        default: OP_HALT(*code, 0);
    }
    (void)isa;
}

static pvm_vm_t* new_vm(pvm_program_t* program, uint64_t gas) {
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, gas, &vm) == PVM_OK);
    EQUAL(pvm_map_pages(vm, BASE / PVM_PAGE_SIZE, PAGES, PVM_ACCESS_WRITE), PVM_OK);
    return vm;
}

static int is_load(uint8_t opcode) { return (opcode >= 52 && opcode <= 58) || (opcode >= 124 && opcode <= 130); }
static int is_store(uint8_t opcode) { return (opcode >= 30 && opcode <= 33) || (opcode >= 59 && opcode <= 62) || (opcode >= 70 && opcode <= 73) || (opcode >= 120 && opcode <= 123); }
static uint8_t access_octets(uint8_t opcode) {
    static const uint8_t loads[] = {1, 1, 2, 2, 4, 4, 8};
    if (opcode >= 52 && opcode <= 58) return loads[opcode - 52];
    if (opcode >= 124) return loads[opcode - 124];
    return (uint8_t)(1 << (opcode >= 120 ? opcode - 120 : opcode >= 70 ? opcode - 70 : opcode >= 59 ? opcode - 59 : opcode - 30));
}

/* One step against its record: everything that the step has changed. */
static void compare_step(const duet_pvm_record_t* record, pvm_vm_t* vm, const code_t* code) {
    const int behind_ecalli = pvm_exit_reason(vm) == PVM_EXIT_HOST;
    uint64_t before[13];
    static uint8_t memory[PAGES * 4096], now[PAGES * 4096];
    memcpy(before, vm->registers, sizeof before);
    const uint64_t pc = pvm_get_pc(vm) + (behind_ecalli ? 2 : 0); /* vm->pc is still the ecalli's */
    const int64_t gas = pvm_get_gas_signed(vm);
    EQUAL(pvm_read(vm, BASE, sizeof memory, memory), PVM_OK);
    const pvm_exit_t left = pvm_step(vm);
    EQUAL(pvm_read(vm, BASE, sizeof now, now), PVM_OK);
    EQUAL(record->pc, pc);
    EQUAL(record->opcode, pc < code->size ? code->octets[pc] : 0);
    EQUAL(record->gas, gas);
    EQUAL(record->exit, left == PVM_EXIT_STEP ? 0 : left + 1);
    /* Registers */
    for (unsigned i = 0; i < 13; i++) if (i != record->reg) EQUAL(vm->registers[i], before[i]);
    if (record->reg < 13) EQUAL(record->value, vm->registers[record->reg]);
    else { EQUAL(record->reg, DUET_NO_REGISTER); EQUAL(record->value, 0); }
    if (is_store(record->opcode) || record->opcode == ECALLI || (record->opcode >= 81 && record->opcode <= 90)) EQUAL(record->reg, DUET_NO_REGISTER);
    const int unpaid = left == PVM_EXIT_OOG;
    if (!unpaid && (record->opcode == LOAD_IMM || record->opcode == LOAD_IMM_JUMP || (record->opcode >= 131 && record->opcode <= 161)))
        EQUAL(record->reg, code->octets[pc + 1] & 15);
    if (!unpaid && record->opcode >= 190) EQUAL(record->reg, code->octets[pc + 2]);
    /* Memory */
    const int accesses = is_load(record->opcode) || is_store(record->opcode);
    if (!accesses || unpaid) {
        EQUAL(record->access, DUET_ACCESS_NONE); EQUAL(record->access_size, 0); EQUAL(record->address, 0);
        CHECK(memcmp(memory, now, sizeof now) == 0);
        return;
    }
    EQUAL(record->access, is_load(record->opcode) ? DUET_ACCESS_READ : DUET_ACCESS_WRITE);
    EQUAL(record->access_size, access_octets(record->opcode));
    if (left == PVM_EXIT_FAULT || left == PVM_EXIT_PANIC) {
        EQUAL(record->reg, DUET_NO_REGISTER);
        if (left == PVM_EXIT_FAULT)
            CHECK(pvm_fault_page(vm) == record->address / 4096 * 4096 || pvm_fault_page(vm) == (record->address + record->access_size - 1) / 4096 * 4096);
        CHECK(memcmp(memory, now, sizeof now) == 0);
        return;
    }
    NEED(record->address >= BASE && record->address + record->access_size <= BASE + sizeof now);
    const size_t at = record->address - BASE;
    if (record->access == DUET_ACCESS_READ) {
        const uint64_t mask = record->access_size == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * record->access_size)) - 1;
        uint64_t value = 0;
        memcpy(&value, now + at, record->access_size);
        EQUAL(record->value & mask, value);
        CHECK(memcmp(memory, now, sizeof now) == 0);
    } else {
        CHECK(memcmp(memory, now, at) == 0);
        CHECK(memcmp(memory + at + record->access_size, now + at + record->access_size, sizeof now - at - record->access_size) == 0);
        if (record->opcode >= 120) CHECK(memcmp(now + at, &before[code->octets[pc + 1] & 15], record->access_size) == 0);
        else if (record->opcode >= 70) CHECK(memcmp(now + at, code->octets + pc + 6, record->access_size < 4 ? record->access_size : 4) == 0);
        else if (record->opcode >= 59) CHECK(memcmp(now + at, &before[code->octets[pc + 1]], record->access_size) == 0);
        else CHECK(memcmp(now + at, code->octets + pc + 6, record->access_size < 4 ? record->access_size : 4) == 0);
    }
}

static pvm_exit_t run_to_the_end(pvm_vm_t* vm) {
    pvm_exit_t exit = pvm_run(vm, 0);
    while (exit == PVM_EXIT_HOST) exit = pvm_resume(vm);
    return exit;
}

static const pvm_engine_t engines[] = {PVM_ENGINE_AUTO, PVM_ENGINE_INTERPRETER, PVM_ENGINE_RECOMPILER};
static const pvm_memory_mode_t modes[] = {PVM_MEMORY_AUTO, PVM_MEMORY_CHECKED, PVM_MEMORY_GUARDED};

static void records_are_steps(void) {
    uint64_t* buffer = (uint64_t*)malloc(100 * sizeof(duet_pvm_record_t));
    NEED(buffer != NULL);
    Stream stream = new_stream();
    unsigned long compared = 0, exits[8] = {0};
    for (int round = 0; round < 1200; round++) {
        const pvm_isa_t isa = round % 2 ? PVM_ISA_GP080 : PVM_ISA_GP072;
        static code_t code;
        random_program(&code, isa);
        pvm_program_t* program = code_program(&code, isa);
        if (program == NULL) continue; /* 0.8.0 has fewer opcodes */
        const uint64_t gas = random_number(3) ? 10000 : random_number(150);
        pvm_vm_t *traced = new_vm(program, gas), *stepped = new_vm(program, gas), *plain = new_vm(program, gas);
        /* Recompiled or guarded where that can be had. */
        pvm_set_engine(traced, engines[random_number(3)]);
        pvm_set_memory_mode(traced, modes[random_number(3)]);
        stream.count = 0;
        duet_trace_t trace;
        duet_trace_init(&trace, buffer, sizeof(duet_pvm_record_t) * (1 + random_number(100)), keep_batch, &stream);
        EQUAL(pvm_set_trace_batches(traced, &trace), PVM_OK);
        const pvm_exit_t exit = run_to_the_end(traced);
        EQUAL(exit, run_to_the_end(plain));
        EQUAL(traced->pc, plain->pc);
        EQUAL(pvm_get_gas_signed(traced), pvm_get_gas_signed(plain));
        CHECK(memcmp(traced->registers, plain->registers, sizeof plain->registers) == 0);
        EQUAL(trace.total, stream.count);
        EQUAL(trace.count | trace.lost, 0);
        CHECK(stream.largest <= 100);
        exits[exit]++;
        for (size_t i = 0; i < stream.count; i++) {
            const unsigned long failures = check_failures;
            compare_step(&stream.records[i], stepped, &code);
            compared++;
            if (check_failures != failures) { fprintf(stderr, "  round %d record %zu of %zu opcode %d\n", round, i, stream.count, stream.records[i].opcode); break; }
        }
        EQUAL(pvm_exit_reason(stepped), exit);
        CHECK(memcmp(traced->registers, stepped->registers, sizeof plain->registers) == 0);
        pvm_destroy(traced);
        pvm_destroy(stepped);
        pvm_destroy(plain);
        pvm_program_release(program);
    }
    CHECK(compared > 20000);
    CHECK(exits[PVM_EXIT_HALT] > 20 && exits[PVM_EXIT_PANIC] > 20 && exits[PVM_EXIT_FAULT] > 20 && exits[PVM_EXIT_OOG] > 20);
    free(stream.records);
    free(buffer);
}

static int passes(const duet_trace_t* trace, const duet_pvm_record_t* record) {
    const int failed = record->exit == 1 + PVM_EXIT_PANIC || record->exit == 1 + PVM_EXIT_FAULT || record->exit == 1 + PVM_EXIT_OOG;
    return (trace->opcodes[record->opcode / 64] >> (record->opcode % 64) & 1) && record->pc >= trace->first_pc && record->pc <= trace->last_pc
        && (failed || !(trace->flags & DUET_TRACE_FAULTS_ONLY));
}

static void filters(void) {
    uint64_t* buffer = (uint64_t*)malloc(100 * sizeof(duet_pvm_record_t));
    NEED(buffer != NULL);
    Stream all = new_stream(), some = new_stream();
    unsigned long left_in = 0, left_out = 0;
    for (int round = 0; round < 800; round++) {
        const pvm_isa_t isa = round % 2 ? PVM_ISA_GP080 : PVM_ISA_GP072;
        static code_t code;
        random_program(&code, isa);
        pvm_program_t* program = code_program(&code, isa);
        if (program == NULL) continue;
        const uint64_t gas = random_number(3) ? 10000 : random_number(150);
        pvm_vm_t *vm = new_vm(program, gas), *other = new_vm(program, gas);
        duet_trace_t trace;
        all.count = some.count = 0;
        duet_trace_init(&trace, buffer, sizeof(duet_pvm_record_t) * (1 + random_number(9)), keep_batch, &all);
        EQUAL(pvm_set_trace_batches(vm, &trace), PVM_OK);
        run_to_the_end(vm);
        duet_trace_init(&trace, buffer, sizeof(duet_pvm_record_t) * (1 + random_number(9)), random_number(4) ? keep_batch : NULL, &some);
        if (random_number(2)) for (int i = 0; i < 4; i++) trace.opcodes[i] = (uint64_t)random_number(~0u) << 32 | random_number(~0u);
        if (random_number(3) == 0) { trace.first_pc = random_number(60); trace.last_pc = trace.first_pc + random_number(60); }
        if (random_number(4) == 0) trace.flags = DUET_TRACE_FAULTS_ONLY;
        EQUAL(pvm_set_trace_batches(other, &trace), PVM_OK);
        run_to_the_end(other);
        if (trace.flush == NULL && trace.count > 0) keep_batch(&some, buffer, trace.count);
        EQUAL(trace.total, some.count);
        size_t index = 0;
        for (size_t i = 0; i < all.count; i++) {
            if (!passes(&trace, &all.records[i])) { left_out++; continue; }
            if (index < some.count) CHECK(memcmp(&all.records[i], &some.records[index], sizeof *some.records) == 0);
            index++;
        }
        EQUAL(index, some.count + trace.lost);
        left_in += index;
        pvm_destroy(vm);
        pvm_destroy(other);
        pvm_program_release(program);
    }
    CHECK(left_in > 2000 && left_out > 2000);
    free(all.records);
    free(some.records);
    free(buffer);
}

static duet_trace_t* busy_trace;
static pvm_action_t meddle(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)func_id; (void)user_data;
    EQUAL(pvm_set_trace_batches(vm, NULL), PVM_ERR_BUSY);
    EQUAL(pvm_set_trace_batches(vm, busy_trace), PVM_ERR_BUSY);
    vm->registers[7] = 99;
    return PVM_ACTION_CONTINUE;
}

static pvm_action_t pass(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)vm; (void)func_id; (void)user_data;
    return PVM_ACTION_CONTINUE;
}

static void what_is_accepted(void) {
    static uint64_t room[20];
    code_t code = code_new();
    OP(code, ECALLI, 2);
    OP_HALT(code, 0);
    pvm_vm_t* vm = code_vm(&code, 100);
    NEED(vm != NULL);
    duet_trace_t trace, changed;
    Stream stream = new_stream();
    duet_trace_init(&trace, room, sizeof room, keep_batch, &stream);
    EQUAL(pvm_set_trace_batches(NULL, &trace), PVM_ERR_NULL);
    EQUAL(pvm_set_trace_batches(vm, NULL), PVM_OK);
    for (size_t size = 0; size < 100; size++) {
        changed = trace;
        changed.buffer_size = size;
        EQUAL(pvm_set_trace_batches(vm, &changed), size >= sizeof(duet_pvm_record_t) ? PVM_OK : PVM_ERR_ARGUMENT);
    }
    changed = trace; changed.buffer = NULL;
    EQUAL(pvm_set_trace_batches(vm, &changed), PVM_ERR_ARGUMENT);
    changed = trace; changed.buffer = (uint8_t*)room + 1; changed.buffer_size = 64;
    EQUAL(pvm_set_trace_batches(vm, &changed), PVM_ERR_ARGUMENT);
    changed = trace; changed.flags = 4;
    EQUAL(pvm_set_trace_batches(vm, &changed), PVM_ERR_ARGUMENT);
    EQUAL(pvm_set_trace_batches(vm, &trace), PVM_OK);
    busy_trace = &trace;
    pvm_set_host_function(vm, meddle, NULL);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(stream.count, 2);
    EQUAL(stream.batches, 1);
    EQUAL(stream.records[0].reg, DUET_NO_REGISTER); /* what the host writes is not the instruction's */
    EQUAL(stream.records[1].exit, 1 + PVM_EXIT_HALT);
    /* Where there is no code. */
    stream.count = 0;
    EQUAL(pvm_run(vm, 3), PVM_EXIT_PANIC);
    EQUAL(stream.count, 1);
    EQUAL(stream.records[0].pc, 3);
    EQUAL(stream.records[0].exit, 1 + PVM_EXIT_PANIC);
    /* Changed in between: no trace. */
    pvm_set_host_function(vm, pass, NULL);
    trace.buffer = NULL;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(stream.count, 1);
    trace.buffer = room;
    trace.flush = NULL;
    trace.buffer_size = 33;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(trace.count, 1);
    EQUAL(trace.lost, 1);
    EQUAL(pvm_set_trace_batches(vm, NULL), PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(trace.lost, 1);
    free(stream.records);
    pvm_destroy(vm);
}

int main(void) {
    RUN(what_is_accepted);
    RUN(records_are_steps);
    RUN(filters);
    return finish(__FILE__);
}
