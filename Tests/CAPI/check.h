/* A test harness in one header, and a tiny assembler for guest programs. Works in C11 and in C++17.
 *
 * A test file is a program: its main calls RUN for each test and ends with `return finish(__FILE__)`. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pvm_ext.h"

static const char* check_test = "";
static unsigned long check_count = 0;
static unsigned long check_failures = 0;

/* scripts/test-refusing-hosts runs the tests on hosts that refuse memory. A test that is told so, where a header says it may be, has found
 * nothing wrong so far and cannot go on. */
enum { CHECK_REFUSED = 77 };
static inline int check_is_refusing(void) { return getenv("DUET_REFUSALS") != NULL; }
static inline int check_is_refusing_memory(void) {
    const char* what = getenv("DUET_REFUSALS");
    return what != NULL && (strncmp(what, "data", 4) == 0 || strncmp(what, "space", 5) == 0);
}
static inline void check_refused(const char* file, int line, const char* text) {
    printf("refused: %s:%d: %s: %s\n", file, line, check_test, text);
    exit(check_failures == 0 ? CHECK_REFUSED : 1);
}

/* Is it a call whose header has PVM_ERR_NO_MEMORY among its answers, and is that the answer? */
static inline int check_has_no_memory(const char* text, uint64_t actual, uint64_t expected) {
    static const char* const calls[] = { "pvm_map_pages(", "pvm_program_create(", "pvm_program_create_raw(", "pvm_vm_create(", "pvm_invoke(", "pvm_load(" };
    if (actual != PVM_ERR_NO_MEMORY || expected != PVM_OK || !check_is_refusing_memory()) return 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strncmp(text, calls[i], strlen(calls[i])) == 0) return 1;
    return 0;
}

static inline int check_report(int good, const char* file, int line, const char* text) {
    check_count++;
    if (good) return 1;
    check_failures++;
    fprintf(stderr, "%s:%d: %s: not true: %s\n", file, line, check_test, text);
    return 0;
}

static inline int check_equal(uint64_t actual, uint64_t expected, const char* file, int line, const char* text) {
    check_count++;
    if (actual == expected) return 1;
    if (check_has_no_memory(text, actual, expected)) check_refused(file, line, text);
    check_failures++;
    fprintf(stderr, "%s:%d: %s: %s is %" PRIu64 " (0x%" PRIx64 "), not %" PRIu64 " (0x%" PRIx64 ")\n", file, line,
            check_test, text, actual, actual, expected, expected);
    return 0;
}

static inline int check_string(const char* actual, const char* expected, const char* file, int line, const char* text) {
    check_count++;
    if (actual != NULL && strcmp(actual, expected) == 0) return 1;
    check_failures++;
    fprintf(stderr, "%s:%d: %s: %s is \"%s\", not \"%s\"\n", file, line, check_test, text, actual ? actual : "NULL", expected);
    return 0;
}

#define CHECK(condition) check_report((condition) ? 1 : 0, __FILE__, __LINE__, #condition)
#define EQUAL(actual, expected) check_equal((uint64_t)(actual), (uint64_t)(expected), __FILE__, __LINE__, #actual)
#define STRING(actual, expected) check_string((actual), (expected), __FILE__, __LINE__, #actual)
/* For what a test cannot go on without: mostly objects, which may be refused. */
static inline void check_need(int good, const char* file, int line, const char* text) {
    if (!good && check_is_refusing_memory()) check_refused(file, line, text);
    if (check_report(good, file, line, text)) return;
    fprintf(stderr, "cannot go on\n");
    exit(1);
}
#define NEED(condition) check_need((condition) ? 1 : 0, __FILE__, __LINE__, #condition)

#define RUN(test) do { check_test = #test; test(); } while (0)

static inline int finish(const char* file) {
    const char* name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
    printf("%s: %lu checks, %lu failed\n", name, check_count, check_failures);
    return check_failures == 0 ? 0 : 1;
}

/* ---- Guest programs ---- */

/* Opcodes of the Gray Paper that the tests use (the same in 0.7.2 and 0.8.0 but for SBRK, 0.7.2 only). */
enum {
    TRAP = 0, FALLTHROUGH = 1, ECALLI = 10, LOAD_IMM_64 = 20, STORE_IMM_U8 = 30, STORE_IMM_U32 = 32, JUMP = 40, JUMP_IND = 50,
    LOAD_IMM = 51, LOAD_U8 = 52, LOAD_U32 = 56, LOAD_U64 = 58, STORE_U8 = 59, STORE_U16 = 60, STORE_U32 = 61, STORE_U64 = 62,
    LOAD_IMM_JUMP = 80, BRANCH_EQ_IMM = 81, BRANCH_NE_IMM = 82, MOVE_REG = 100, SBRK = 101, STORE_IND_U8 = 120,
    STORE_IND_U64 = 123, LOAD_IND_U8 = 124, LOAD_IND_U64 = 130, ADD_IMM_64 = 149, LOAD_IMM_JUMP_IND = 180, ADD_64 = 200
};

/* The operand octet of two registers. */
#define REGS(low, high) ((low) | (high) << 4)
/* An immediate in four octets. */
#define IMM32(x) (uint8_t)((uint32_t)(x)), (uint8_t)((uint32_t)(x) >> 8), (uint8_t)((uint32_t)(x) >> 16), \
    (uint8_t)((uint32_t)(x) >> 24)

typedef struct {
    uint8_t octets[1024];
    uint8_t mask[1024]; /* one octet per code octet */
    uint32_t size;
    uint32_t jumps[16];
    uint32_t jump_count;
} code_t;

/* Adds one instruction; returns its pc. */
static inline uint32_t code_add(code_t* code, const uint8_t* octets, size_t count) {
    const uint32_t pc = code->size;
    memcpy(code->octets + pc, octets, count);
    memset(code->mask + pc, 0, count);
    code->mask[pc] = 1;
    code->size += (uint32_t)count;
    return pc;
}

#define OP(code, ...) do { const uint8_t op_octets[] = { __VA_ARGS__ }; code_add(&(code), op_octets, sizeof op_octets); } while (0)
/* Ends the guest regularly: a jump to 2^32 - 2^16, by way of a register that is zero. */
#define OP_HALT(code, zero_register) OP(code, JUMP_IND, (zero_register), 0, 0, 0xff)
/* The same in a standard program, whose register 0 holds that address. */
#define OP_RETURN(code) OP(code, JUMP_IND, 0)

static inline code_t code_new(void) {
    code_t code;
    memset(&code, 0, sizeof code);
    return code;
}

static inline void code_jump_entry(code_t* code, uint32_t target) { code->jumps[code->jump_count++] = target; }

/* Has no result: what is refused has no regions. */
static inline void check_set_memory_bounds(pvm_vm_t* vm, uint32_t rw, uint32_t rw_end, uint32_t ro, uint32_t ro_end, uint32_t output,
                                           uint32_t output_end, uint32_t stack, uint32_t stack_end) {
    (pvm_set_memory_bounds)(vm, rw, rw_end, ro, ro_end, output, output_end, stack, stack_end);
    if (vm == NULL || !check_is_refusing_memory() || vm->rw_data || vm->ro_data || vm->output || vm->stack) return;
    if (rw_end > rw || ro_end > ro || output_end > output || stack_end > stack) check_refused(__FILE__, __LINE__, "pvm_set_memory_bounds");
}
#define pvm_set_memory_bounds(...) check_set_memory_bounds(__VA_ARGS__)

/* A VM through pvm.h. */
static inline pvm_vm_t* code_vm(const code_t* code, uint64_t gas) {
    return pvm_create(0, code->octets, code->size, NULL, code->mask, code->size, code->jump_count ? code->jumps : NULL,
                      code->jump_count, gas);
}

/* The same as a program handle of a given instruction set. */
static inline pvm_program_t* code_program(const code_t* code, pvm_isa_t isa) {
    pvm_program_t* program = NULL;
    const pvm_error_t error = pvm_program_create_raw(code->octets, code->size, code->mask, code->size,
                                                     code->jump_count ? code->jumps : NULL, code->jump_count, isa, &program);
    return error == PVM_OK ? program : NULL;
}

/* A blob (deblob's format, small sizes only): returns its length. */
static inline size_t code_blob(const code_t* code, uint8_t* out) {
    size_t size = 0;
    out[size++] = (uint8_t)code->jump_count; /* below 128: one octet */
    out[size++] = 4;
    if (code->size < 128) {
        out[size++] = (uint8_t)code->size;
    } else {
        out[size++] = (uint8_t)(0x80 + (code->size >> 8));
        out[size++] = (uint8_t)code->size;
    }
    for (uint32_t i = 0; i < code->jump_count; i++)
        for (int octet = 0; octet < 4; octet++) out[size++] = (uint8_t)(code->jumps[i] >> (8 * octet));
    memcpy(out + size, code->octets, code->size);
    size += code->size;
    for (uint32_t i = 0; i < code->size; i += 8) {
        uint8_t bits = 0;
        for (uint32_t bit = 0; bit < 8 && i + bit < code->size; bit++) bits |= (uint8_t)((code->mask[i + bit] ? 1 : 0) << bit);
        out[size++] = bits;
    }
    return size;
}

static inline void put_number(uint8_t* out, size_t* size, uint64_t value, int octets) {
    for (int i = 0; i < octets; i++) out[(*size)++] = (uint8_t)(value >> (8 * i));
}

/* A standard program (function Y): returns its length. */
static inline size_t code_standard(const code_t* code, const void* ro, uint32_t ro_len, const void* rw, uint32_t rw_len,
                                   uint32_t heap_pages, uint32_t stack, uint8_t* out) {
    uint8_t blob[4096];
    const size_t blob_len = code_blob(code, blob);
    size_t size = 0;
    put_number(out, &size, ro_len, 3);
    put_number(out, &size, rw_len, 3);
    put_number(out, &size, heap_pages, 2);
    put_number(out, &size, stack, 3);
    if (ro_len) memcpy(out + size, ro, ro_len);
    size += ro_len;
    if (rw_len) memcpy(out + size, rw, rw_len);
    size += rw_len;
    put_number(out, &size, blob_len, 4);
    memcpy(out + size, blob, blob_len);
    return size + blob_len;
}

#endif /* CHECK_H */
