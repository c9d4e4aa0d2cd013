/* Fuzz target over the C interface. An input is a program and a sequence of calls; see `take_program` for its form.
 *
 * Every input runs twice and must leave the same trail (determinism); then its program runs as a whole and instruction by
 * instruction, on every engine and in every memory mode, which must end alike. Broken promises of the headers abort. Gas is
 * bounded everywhere, so that no input takes long. */
#include "pvm_fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GAS 20000u
#define MAX_HOST_CALLS 40
#define MAX_OPERATIONS 64
#define MACHINES 3

unsigned long long pvm_fuzz_operations = 0;

static void promise(int kept, const char* text, int line) {
    if (kept) return;
    fprintf(stderr, "pvm_fuzz.c:%d: broken promise: %s\n", line, text);
    abort();
}
#define PROMISE(condition) promise((condition) ? 1 : 0, #condition, __LINE__)

/* ---- Input ---- */

typedef struct {
    const uint8_t* data;
    size_t size, at;
} input_t;

static uint64_t take(input_t* in, int octets) {
    uint64_t value = 0;
    for (int i = 0; i < octets; i++)
        if (in->at < in->size) value |= (uint64_t)in->data[in->at++] << (8 * i);
    return value;
}

/* Addresses and lengths near the places where things change, and sometimes anything at all. */
static uint64_t take_address(input_t* in) {
    static const uint64_t bases[] = {0x10000, 0x20000, 0x21000, 0x30000, 0x32000, 0xfefe0000, 0xfeff0000, 0xffff0000, 0x100000000,
                                     0x1f000, 0, 0x0fff0};
    const unsigned choice = (unsigned)take(in, 1);
    if (choice >= 0xf0) return take(in, 8);
    if (choice >= 0xe0) return take(in, 4);
    return bases[choice % (sizeof bases / sizeof *bases)] + (uint64_t)(int64_t)(int16_t)take(in, 2);
}

static uint64_t take_length(input_t* in) {
    const unsigned choice = (unsigned)take(in, 1);
    if (choice == 0xff) return take(in, 8);
    if (choice >= 0xf0) return take(in, 3);
    return choice >= 0x80 ? take(in, 2) % 9000 : choice % 20;
}

/* ---- The trail: everything observable, folded into a number ---- */

typedef struct {
    uint64_t hash;
    int host_calls;      /* left for this input */
    int host_meddled;    /* did a host function change gas, pc or the exit? */
    int depth;
    input_t* in;         /* unused inside host functions: they take what they do from the registers */
} trail_t;

static void note(trail_t* trail, uint64_t value) {
    trail->hash = (trail->hash ^ value) * 0x9e3779b97f4a7c15u;
    trail->hash ^= trail->hash >> 29;
}

static void note_bytes(trail_t* trail, const uint8_t* bytes, size_t count) {
    uint64_t hash = count, word;
    for (; count >= 8; bytes += 8, count -= 8) {
        memcpy(&word, bytes, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    }
    for (; count > 0; bytes++, count--) hash = (hash ^ *bytes) * 0x100000001b3u;
    note(trail, hash);
}

static void note_vm(trail_t* trail, pvm_vm_t* vm) {
    for (int i = 0; i < 13; i++) note(trail, pvm_get_register(vm, i));
    note(trail, vm->gas);
    note(trail, pvm_get_pc(vm));
    note(trail, (uint64_t)pvm_get_gas_signed(vm));
    note(trail, (uint64_t)pvm_exit_reason(vm));
    note(trail, (uint64_t)vm->machine_state << 32 | (uint64_t)(uint32_t)vm->result_code);
    note(trail, (uint64_t)vm->terminated << 2 | (uint64_t)vm->host_call << 1 | (uint64_t)vm->initializing);
    note(trail, (uint64_t)vm->current_heap_pointer << 32 | pvm_fault_page(vm));
    note(trail, pvm_inner_count(vm));
}

/* What the usual pages hold. */
static void note_memory(trail_t* trail, pvm_vm_t* vm) {
    static const uint32_t pages[] = {16, 31, 32, 33, 34, 48, 49, 50, 0xfefdf, 0xfeff0, 0xffff0, 0xfffff};
    static uint8_t page[4096];
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        const pvm_access_t access = pvm_page_access(vm, pages[i]);
        note(trail, access);
        const pvm_error_t error = pvm_read(vm, (uint64_t)pages[i] * 4096, 4096, page);
        PROMISE(error == (access == PVM_ACCESS_NONE ? PVM_ERR_OUT_OF_BOUNDS : PVM_OK));
        if (error == PVM_OK) note_bytes(trail, page, sizeof page);
    }
}

/* ---- Host functions ---- */

/* Gas of an inner machine stands in guest memory: bound it there. */
static pvm_action_t inner_invoke(pvm_vm_t* vm) {
    uint64_t gas = 0;
    uint8_t octets[8];
    const uint64_t address = vm->registers[8];
    if (pvm_read(vm, address, 8, octets) == PVM_OK) {
        memcpy(&gas, octets, 8);
        gas %= MAX_GAS;
        memcpy(octets, &gas, 8);
        pvm_write(vm, address, 8, octets);
    }
    return pvm_inner_invoke(vm);
}

static pvm_action_t inner_call(pvm_vm_t* vm, int number) {
    const int first = pvm_program_isa(pvm_vm_program(vm)) == PVM_ISA_GP072 ? 8 : 9;
    return number == first + 4 ? inner_invoke(vm) : pvm_inner_call(vm, number);
}

static void check_refusals(pvm_vm_t* vm) {
    const uint64_t gas = vm->gas, pc = vm->pc;
    PROMISE(pvm_execute(vm, 0, 0) == PVM_RESULT_ERROR);
    PROMISE(pvm_run(vm, 0) == PVM_EXIT_REFUSED);
    PROMISE(pvm_resume(vm) == PVM_EXIT_REFUSED);
    PROMISE(pvm_step(vm) == PVM_EXIT_REFUSED);
    pvm_set_memory_bounds(vm, 0, 0, 0, 0, 0, 0, 0, 0);
    pvm_destroy(vm);
    PROMISE(vm->gas == gas && vm->pc == pc && vm->host_call == 1);
}

/* Does one of the things a host does, chosen by the call's number, with the guest's registers as arguments. */
static pvm_action_t serve(pvm_vm_t* vm, int number, void* user_data) {
    trail_t* trail = (trail_t*)user_data;
    if (trail->host_calls-- <= 0) return PVM_ACTION_HALT;
    note(trail, (uint64_t)(int64_t)number);
    note(trail, vm->pc);
    note(trail, vm->gas);
    PROMISE(vm->host_call == 1 && vm->host_func_id == number);
    PROMISE(pvm_program_is_instruction(pvm_vm_program(vm), (uint32_t)vm->pc));
    const uint64_t r7 = vm->registers[7], r8 = vm->registers[8], r9 = vm->registers[9];
    uint8_t octets[64];
    trail->host_meddled = 1;
    switch ((unsigned)number % 24) {
    case 0: vm->registers[r8 % 13] = r9; return PVM_ACTION_CONTINUE;
    case 1: return pvm_host_unknown(vm);
    case 2: return pvm_host_grow_heap(vm);
    case 3: vm->pc = r7 % ((uint64_t)pvm_program_code_size(pvm_vm_program(vm)) + 3); return PVM_ACTION_CONTINUE;
    case 4: pvm_set_pc(vm, vm->pc); vm->registers[7] = r7 + 1; return r7 % 4 == 3 ? PVM_ACTION_HALT : PVM_ACTION_CONTINUE;
    case 5: note(trail, (uint64_t)pvm_read(vm, r7, r8 % 65, octets)); return PVM_ACTION_CONTINUE;
    case 6:
        memset(octets, (int)(r9 & 0xff), sizeof octets);
        note(trail, (uint64_t)pvm_write(vm, r7, r8 % 65, octets));
        return PVM_ACTION_CONTINUE;
    case 7: pvm_set_fault_page(vm, (uint32_t)r7); return (pvm_action_t)(r8 % 8);
    case 15: check_refusals(vm); return PVM_ACTION_CONTINUE;
    case 16: vm->registers[7] = (uint64_t)pvm_map_pages(vm, (uint32_t)r7, (uint32_t)(r8 % 64), (pvm_access_t)(r9 % 4)); return PVM_ACTION_CONTINUE;
    case 17: return pvm_charge_gas(vm, r7 % 100) == PVM_OK ? PVM_ACTION_CONTINUE : PVM_ACTION_OOG;
    case 18: vm->gas = r7 % MAX_GAS; return PVM_ACTION_CONTINUE;
    case 19: pvm_set_heap_pointer(vm, (uint32_t)r7); return PVM_ACTION_CONTINUE;
    case 20: {
        pvm_vm_t* other = NULL;
        if (trail->depth > 0 || pvm_vm_create(pvm_vm_program(vm), NULL, 0, 500, &other) != PVM_OK) return PVM_ACTION_CONTINUE;
        note(trail, (uint64_t)pvm_run(other, (uint32_t)(r7 % 64)));
        note_vm(trail, other);
        pvm_destroy(other);
        return PVM_ACTION_CONTINUE;
    }
    case 21: return PVM_ACTION_SUSPEND;
    case 22: pvm_expand_heap(vm, (uint32_t)r7); return PVM_ACTION_CONTINUE;
    case 23: return (pvm_action_t)(int)r7;
    default: return inner_call(vm, number % 24);
    }
}

static trail_t* current; /* pvm.h's callback has no user data */

static pvm_host_result_t serve_callback(pvm_vm_t* vm, int number) { return (pvm_host_result_t)serve(vm, number, current); }

static void line(pvm_vm_t* vm, pvm_line_kind_t kind, const char* text, size_t length, void* user_data) {
    (void)kind;
    PROMISE(vm != NULL && strlen(text) == length && strchr(text, '\n') == NULL);
    note_bytes((trail_t*)user_data, (const uint8_t*)text, length);
}

/* ---- Runs and their promises ---- */

static void bound_gas(pvm_vm_t* vm) { if (vm->gas > MAX_GAS) vm->gas = MAX_GAS; }

static void after_run(trail_t* trail, pvm_vm_t* vm, pvm_exit_t exit, uint64_t gas_before) {
    note(trail, (uint64_t)exit);
    const pvm_program_t* program = pvm_vm_program(vm);
    if (exit != PVM_EXIT_REFUSED) {
        PROMISE(exit <= PVM_EXIT_STEP);
        PROMISE(pvm_exit_reason(vm) == exit);
        PROMISE(exit == PVM_EXIT_STEP || (pvm_exit_t)vm->machine_state == exit);
        PROMISE(trail->host_meddled || vm->gas <= gas_before);
        PROMISE(vm->host_call == (exit == PVM_EXIT_HOST));
        PROMISE(exit == PVM_EXIT_STEP || vm->terminated == (exit != PVM_EXIT_HOST));
        PROMISE(vm->initializing == 0);
        if (exit == PVM_EXIT_HOST || exit == PVM_EXIT_FAULT) {
            PROMISE(vm->pc <= UINT32_MAX);
            PROMISE(pvm_program_is_instruction(program, (uint32_t)vm->pc));
        }
        if (exit == PVM_EXIT_FAULT) {
            PROMISE(pvm_fault_page(vm) % 4096 == 0 && vm->fault_address == pvm_fault_page(vm));
            PROMISE(trail->host_meddled || (pvm_fault_page(vm) >= 65536 && pvm_page_access(vm, pvm_fault_page(vm) >> 12) != PVM_ACCESS_WRITE));
        }
        if (exit == PVM_EXIT_OOG && !trail->host_meddled) {
            PROMISE(pvm_get_gas_signed(vm) < 0 || pvm_program_isa(program) == PVM_ISA_GP080);
            PROMISE(vm->gas == 0 || pvm_program_isa(program) == PVM_ISA_GP080);
        }
    } else {
        PROMISE(vm->gas == gas_before);
    }
    note_vm(trail, vm);
}

static void run(trail_t* trail, pvm_vm_t* vm, input_t* in, unsigned how) {
    trail->host_meddled = 0;
    bound_gas(vm);
    const uint64_t gas = vm->gas;
    if (how == 0) after_run(trail, vm, pvm_run(vm, (uint32_t)take(in, 1)), gas);
    else if (how == 1) after_run(trail, vm, pvm_resume(vm), gas);
    else if (how == 2) {
        for (int steps = (int)take(in, 1) % 20; steps >= 0; steps--) {
            trail->host_meddled = 0;
            bound_gas(vm);
            const uint64_t before = vm->gas;
            after_run(trail, vm, pvm_step(vm), before);
        }
    } else {
        const uint32_t entry = (uint32_t)take(in, how == 3 ? 1 : 4);
        const pvm_result_t result = pvm_execute(vm, entry, (uint32_t)take(in, 1) % 2);
        PROMISE(result <= PVM_RESULT_HOST_CALL);
        after_run(trail, vm, pvm_exit_reason(vm), gas);
        PROMISE(result == (vm->machine_state == HALT ? PVM_RESULT_OK : vm->machine_state == OOG ? PVM_RESULT_OOG
                           : vm->machine_state == HOST ? PVM_RESULT_HOST_CALL : PVM_RESULT_PANIC));
    }
}

/* ---- Memory calls and their promises ---- */

static void access_memory(trail_t* trail, pvm_vm_t* vm, input_t* in) {
    static uint8_t before[0x10000], after[0x10000], data[0x10000];
    const uint64_t address = take_address(in), length = take_length(in);
    const unsigned how = (unsigned)take(in, 1);
    const int readable = pvm_is_readable(vm, address, length), writable = pvm_is_writable(vm, address, length);
    note(trail, (uint64_t)(readable * 2 + writable));
    PROMISE(!writable || readable);
    PROMISE(length > 0 || (readable && writable));
    uint8_t* view = NULL;
    PROMISE(length == 0 || (pvm_memory_view(vm, address, length, PVM_ACCESS_READ, &view) == PVM_OK) == readable);
    if (length > sizeof data) {
        if (!readable) PROMISE(pvm_read(vm, address, length, data) == PVM_ERR_OUT_OF_BOUNDS);
        if (!writable) PROMISE(pvm_write(vm, address, length, data) == PVM_ERR_OUT_OF_BOUNDS);
        return;
    }
    /* The page around, so far as it can be read: a refused write leaves it alone. */
    const uint64_t around = address & ~(uint64_t)0xfff;
    const int known = pvm_read(vm, around, 4096, before) == PVM_OK;
    memset(data, (int)how, (size_t)length);
    pvm_error_t error;
    int allowed;
    if (how % 4 == 0) {
        error = pvm_load(vm, address, length, data);
        allowed = readable;
    } else if (how % 4 == 1 && address <= UINT32_MAX) {
        /* Through pvm.h, whose rights are wider before the first run. */
        const uint64_t result = pvm_write_ram_bytes(vm, (uint32_t)address, data, (uint32_t)length);
        PROMISE(result == OK || result == OOB);
        error = result == OK ? PVM_OK : PVM_ERR_OUT_OF_BOUNDS;
        allowed = vm->initializing ? error == PVM_OK : writable;
    } else {
        error = pvm_write(vm, address, length, data);
        allowed = writable;
    }
    PROMISE(error == (allowed ? PVM_OK : PVM_ERR_OUT_OF_BOUNDS));
    memset(after, 0x77, (size_t)length);
    const pvm_error_t read = pvm_read(vm, address, length, after);
    PROMISE(read == (readable ? PVM_OK : PVM_ERR_OUT_OF_BOUNDS));
    if (error == PVM_OK) PROMISE(memcmp(data, after, (size_t)length) == 0);
    if (readable && length) PROMISE(memcmp(view, after, (size_t)length) == 0);
    if (error != PVM_OK && known) {
        PROMISE(pvm_read(vm, around, 4096, after) == PVM_OK);
        PROMISE(memcmp(before, after, 4096) == 0);
    }
    int code = 1;
    if (address <= UINT32_MAX) {
        const uint64_t number = pvm_read_ram_bytes_64(vm, (uint32_t)address, &code);
        PROMISE(code == 0 || (code == (int)OOB && number == 0));
        PROMISE((code == 0) == pvm_is_readable(vm, address, 8));
        note(trail, number);
        note(trail, pvm_read_ram_bytes_16(vm, (uint32_t)address, NULL));
        note(trail, pvm_write_ram_bytes_32(vm, (uint32_t)address, (uint32_t)how));
    }
}

static void change_rights(trail_t* trail, pvm_vm_t* vm, input_t* in) {
    const uint32_t first = (uint32_t)(take_address(in) >> 12);
    const unsigned many = (unsigned)take(in, 1);
    const uint32_t count = many == 0xff ? (uint32_t)take(in, 4) % 0x200000 : many % 32;
    const unsigned access = (unsigned)take(in, 1) % 4;
    const pvm_error_t error = pvm_map_pages(vm, first, count, (pvm_access_t)access);
    note(trail, (uint64_t)error);
    if (error == PVM_OK && count > 0) {
        PROMISE(first >= 16 && (uint64_t)first + count <= 0x100000);
        PROMISE((unsigned)pvm_page_access(vm, first) == access && (unsigned)pvm_page_access(vm, first + count - 1) == access);
    }
    if (error != PVM_OK) PROMISE(access == 3 || first < 16 || (uint64_t)first + count > 0x100000);
}

/* ---- One call of an input ---- */

static void operation(trail_t* trail, pvm_vm_t** machines, unsigned* which, pvm_program_t* program, input_t* in) {
    pvm_vm_t* vm = machines[*which];
    const unsigned code = (unsigned)take(in, 1) % 32;
    pvm_fuzz_operations++;
    switch (code) {
    case 0: case 1: case 2: case 3: case 4: run(trail, vm, in, code); break;
    case 5: case 6: change_rights(trail, vm, in); break;
    case 7: {
        uint32_t bounds[8];
        for (int i = 0; i < 8; i++) bounds[i] = (uint32_t)take_address(in);
        pvm_set_memory_bounds(vm, bounds[0], bounds[1], bounds[2], bounds[3], bounds[4], bounds[5], bounds[6], bounds[7]);
        break;
    }
    case 8: case 9: case 10: access_memory(trail, vm, in); break;
    case 11: pvm_set_register(vm, (int)(int8_t)take(in, 1), take_address(in)); break;
    case 12: vm->gas = take(in, 2) % MAX_GAS; break;
    case 13: vm->pc = take(in, 1); break;
    case 14: pvm_set_pc(vm, take(in, 1)); break;
    case 15: pvm_set_heap_pointer(vm, (uint32_t)take_address(in)); break;
    case 16: pvm_expand_heap(vm, (uint32_t)take_address(in)); break;
    case 17: {
        for (int i = 7; i <= 10; i++) vm->registers[i] = take_address(in);
        bound_gas(vm);
        note(trail, (uint64_t)inner_call(vm, 8 + (int)take(in, 1) % 8));
        break;
    }
    case 18: { /* one handler of the table, with operands of its own */
        uint8_t operands[24] = {0};
        const size_t count = take(in, 1) % sizeof operands;
        for (size_t i = 0; i < count; i++) operands[i] = (uint8_t)take(in, 1);
        dispatch_table[take(in, 1)](vm, operands, count);
        break;
    }
    case 19: pvm_branch(vm, take(in, 1)); break;
    case 20: pvm_djump(vm, take(in, 1)); break;
    case 21: pvm_panic(vm, take(in, 1) % 8); break;
    case 22: {
        const uint64_t gas = vm->gas, amount = take_length(in);
        const pvm_error_t error = pvm_charge_gas(vm, amount);
        PROMISE(error == (amount <= gas ? PVM_OK : PVM_ERR_OUT_OF_GAS));
        PROMISE(vm->gas == (amount <= gas ? gas - amount : 0));
        break;
    }
    case 23: pvm_set_gas_signed(vm, (int64_t)(int16_t)take(in, 2)); break;
    case 24: {
        const unsigned kind = (unsigned)take(in, 1) % 3;
        if (kind == 0) pvm_set_host_function(vm, serve, trail);
        else if (kind == 1) pvm_set_host_callback(vm, serve_callback);
        else pvm_set_host_function(vm, NULL, NULL);
        break;
    }
    case 25: {
        const unsigned flags = (unsigned)take(in, 1);
        pvm_set_line_function(vm, line, trail);
        pvm_set_tracing(vm, flags & 1);
        pvm_set_logging(vm, flags >> 1 & 1);
        break;
    }
    case 26: case 27: { /* another machine in this place, or to another place */
        *which = (unsigned)take(in, 1) % MACHINES;
        if (code == 27 && *which != 0) {
            pvm_destroy(machines[*which]);
            machines[*which] = NULL;
            const size_t count = take(in, 1);
            const uint8_t* arguments = in->data + in->at;
            const size_t size = count < in->size - in->at ? count : in->size - in->at;
            const pvm_error_t error = pvm_vm_create(program, arguments, size, take(in, 2) % MAX_GAS, &machines[*which]);
            note(trail, (uint64_t)error);
            PROMISE((error == PVM_OK) == (machines[*which] != NULL));
        }
        if (machines[*which] == NULL) *which = 0;
        break;
    }
    case 28: {
        pvm_invocation_t invocation;
        trail->host_meddled = 0;
        const uint64_t gas = take(in, 2) % MAX_GAS;
        const uint8_t* arguments = in->data + in->at;
        const size_t size = (in->size - in->at) % 64;
        const pvm_error_t error = pvm_invoke(program, (uint32_t)take(in, 1), gas, arguments, size, take(in, 1) % 2 ? serve : NULL, trail,
                                             &invocation);
        note(trail, (uint64_t)error);
        if (error != PVM_OK) break;
        PROMISE(invocation.exit == PVM_EXIT_HALT || invocation.exit == PVM_EXIT_OOG || invocation.exit == PVM_EXIT_PANIC);
        PROMISE(invocation.gas_used <= gas);
        PROMISE((invocation.output == NULL) == (invocation.output_len == 0));
        PROMISE(invocation.output == NULL || invocation.exit == PVM_EXIT_HALT);
        note(trail, (uint64_t)invocation.exit);
        note(trail, invocation.gas_used);
        if (invocation.output) note_bytes(trail, invocation.output, invocation.output_len);
        pvm_invocation_release(&invocation);
        break;
    }
    case 29: note(trail, (uint64_t)pvm_set_engine(vm, (pvm_engine_t)(take(in, 1) % 4))); break;
    case 30: note(trail, (uint64_t)pvm_set_memory_mode(vm, (pvm_memory_mode_t)(take(in, 1) % 4))); break;
    case 31: {
        const uint8_t* output = NULL;
        size_t length = 0;
        note(trail, (uint64_t)pvm_output(vm, &output, &length));
        PROMISE((output != NULL) == (length != 0));
        if (output) note_bytes(trail, output, length < 64 ? length : 64);
        uint64_t start = 0, end = 0, limit = 0;
        note(trail, (uint64_t)pvm_heap(vm, &start, &end, &limit));
        PROMISE(limit <= (uint64_t)1 << 32);
        note(trail, start);
        note(trail, end);
        break;
    }
    }
    if (machines[*which]) note_vm(trail, machines[*which]);
}

/* ---- One input ---- */

/* Octet 0: bit 0 the instruction set, bits 1 to 3 the form of the program, bit 4 whether calls are served.
 * Form 0 to 2: octets of code (2, at most 2047), code, bitmask, jump entries (1, at most 15), entries (2 each).
 * Form 3 to 7: octets of image (2), image. Then the calls. */
static pvm_program_t* take_program(input_t* in, unsigned flags) {
    static uint8_t code[2048], mask[2048];
    const pvm_isa_t isa = (pvm_isa_t)(flags & 1);
    const unsigned form = flags >> 1 & 7;
    pvm_program_t* program = NULL;
    pvm_error_t error;
    if (form <= 2) {
        size_t size = take(in, 2) % 2048;
        if (size > in->size - in->at) size = in->size - in->at;
        for (size_t i = 0; i < size; i++) code[i] = (uint8_t)take(in, 1);
        const size_t mask_size = form == 0 ? size : (size + 7) / 8;
        for (size_t i = 0; i < size; i += 8) {
            const unsigned bits = (unsigned)take(in, 1);
            if (form != 0) mask[i / 8] = (uint8_t)bits;
            else for (size_t bit = 0; bit < 8 && i + bit < size; bit++) mask[i + bit] = bits >> bit & 1;
        }
        uint32_t jumps[16];
        const size_t count = take(in, 1) % 16;
        for (size_t i = 0; i < count; i++) jumps[i] = (uint32_t)take(in, 2);
        error = pvm_program_create_raw(code, size, mask, mask_size, jumps, count, isa, &program);
    } else {
        static const pvm_format_t formats[] = {PVM_FORMAT_BLOB, PVM_FORMAT_STANDARD, PVM_FORMAT_SERVICE, PVM_FORMAT_AUTO, PVM_FORMAT_BLOB};
        size_t size = take(in, 2);
        if (size > in->size - in->at) size = in->size - in->at;
        /* A copy of exactly that size, so that a sanitizer sees a read past its end. */
        uint8_t* image = (uint8_t*)malloc(size ? size : 1);
        if (size) memcpy(image, in->data + in->at, size);
        in->at += size;
        error = pvm_program_create(image, size, formats[form - 3], isa, &program);
        free(image);
    }
    PROMISE((error == PVM_OK) == (program != NULL));
    PROMISE(pvm_error_message(error) != NULL);
    return program;
}

static pvm_vm_t* first_machine(pvm_program_t* program, unsigned flags, trail_t* trail) {
    pvm_vm_t* vm = NULL;
    PROMISE(pvm_vm_create(program, NULL, 0, 2000, &vm) == PVM_OK);
    if (pvm_program_format(program) == PVM_FORMAT_BLOB || pvm_program_format(program) == PVM_FORMAT_RAW) {
        PROMISE(pvm_map_pages(vm, 16, 1, PVM_ACCESS_READ) == PVM_OK);
        PROMISE(pvm_map_pages(vm, 32, 2, PVM_ACCESS_WRITE) == PVM_OK);
        for (int i = 0; i < 13; i++) vm->registers[i] = i == 0 ? 0xffff0000u : i < 6 ? 0x20000u + 900u * (unsigned)i : (unsigned)i;
    }
    if (flags & 16) pvm_set_host_function(vm, serve, trail);
    return vm;
}

static uint64_t scenario(const uint8_t* data, size_t size) {
    input_t in = {data, size, 0};
    trail_t trail = {0, MAX_HOST_CALLS, 0, 0, &in};
    current = &trail;
    const unsigned flags = (unsigned)take(&in, 1);
    pvm_program_t* program = take_program(&in, flags);
    if (program == NULL) return 1;
    note(&trail, pvm_program_code_size(program));
    note(&trail, pvm_program_instruction_count(program));
    for (uint32_t pc = 0; pc < 64; pc++) note(&trail, pvm_program_block_gas(program, pc));
    pvm_vm_t* machines[MACHINES] = {first_machine(program, flags, &trail)};
    unsigned which = 0;
    pvm_program_retain(program);
    for (int count = 0; in.at < in.size && count < MAX_OPERATIONS; count++) operation(&trail, machines, &which, program, &in);
    pvm_program_release(program);
    const int program_first = flags >> 5 & 1;
    if (program_first) pvm_program_release(program);
    for (int i = 0; i < MACHINES; i++) {
        pvm_vm_t* vm = machines[(i + (int)(flags >> 6)) % MACHINES];
        if (vm == NULL) continue;
        note_vm(&trail, vm);
        note_memory(&trail, vm);
        pvm_destroy(vm);
    }
    if (!program_first) pvm_program_release(program);
    return trail.hash;
}

/* Runs a machine to its first exit in one go or step by step, and gives what can be seen of it afterwards. */
static uint64_t end_of_run(pvm_vm_t* vm, trail_t* trail, int stepwise) {
    pvm_exit_t exit;
    if (stepwise) {
        PROMISE(pvm_set_pc(vm, 0) == PVM_OK);
        /* A host function may add gas at each of its calls: that bounds the steps. */
        int steps = 0;
        do exit = pvm_step(vm); while (exit == PVM_EXIT_STEP && ++steps < (MAX_HOST_CALLS + 2) * (int)MAX_GAS);
    } else {
        exit = pvm_run(vm, 0);
    }
    note(trail, (uint64_t)exit);
    note(trail, (uint64_t)(uint32_t)vm->host_func_id);
    note_vm(trail, vm);
    note_memory(trail, vm);
    pvm_destroy(vm);
    return trail->hash;
}

/* The same end in one go and step by step, on every engine and in every memory mode that this build has. */
static void every_way_ends_alike(const uint8_t* data, size_t size) {
    input_t in = {data, size, 0};
    const unsigned flags = (unsigned)take(&in, 1);
    pvm_program_t* program = take_program(&in, flags);
    if (program == NULL) return;
    uint64_t first = 0;
    for (unsigned way = 0; way < 8; way++) {
        trail_t trail = {0, MAX_HOST_CALLS, 0, 0, NULL};
        pvm_vm_t* vm = first_machine(program, flags, &trail);
        if (pvm_set_engine(vm, way & 2 ? PVM_ENGINE_RECOMPILER : PVM_ENGINE_INTERPRETER) != PVM_OK
            || pvm_set_memory_mode(vm, way & 4 ? PVM_MEMORY_GUARDED : PVM_MEMORY_CHECKED) != PVM_OK) {
            PROMISE(way >= 2);
            pvm_destroy(vm);
            continue;
        }
        const uint64_t end = end_of_run(vm, &trail, way & 1);
        if (way == 0) first = end;
        if (end != first) fprintf(stderr, "way %u (1 stepwise, 2 recompiler, 4 guarded) ends otherwise\n", way);
        PROMISE(end == first);
    }
    pvm_program_release(program);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const uint64_t one = scenario(data, size);
    const uint64_t two = scenario(data, size);
    PROMISE(one == two);
    every_way_ends_alike(data, size);
    return 0;
}
