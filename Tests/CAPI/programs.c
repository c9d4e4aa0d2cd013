/* Programs as handles: formats, every error, queries, standard layout, argument invocation. */
#include "check.h"

static pvm_error_t create(const uint8_t* image, size_t length, pvm_format_t format, pvm_isa_t isa) {
    /* A copy of exactly that size: reading past the end is then seen by a memory checker. */
    uint8_t* copy = (uint8_t*)malloc(length ? length : 1);
    NEED(copy != NULL);
    if (length) memcpy(copy, image, length);
    pvm_program_t* program = (pvm_program_t*)1;
    const pvm_error_t error = pvm_program_create(copy, length, format, isa, &program);
    free(copy);
    if (error == PVM_OK) {
        CHECK(program != NULL);
        pvm_program_release(program);
    } else {
        CHECK(program == NULL);
    }
    return error;
}

#define GIVES(expected, format, isa, ...) do { \
        const uint8_t image_octets[] = {__VA_ARGS__}; \
        EQUAL(create(image_octets, sizeof image_octets, (format), (isa)), (expected)); \
    } while (0)
#define BLOB_GIVES(expected, ...) GIVES(expected, PVM_FORMAT_BLOB, PVM_ISA_GP072, __VA_ARGS__)
#define BLOB_080_GIVES(expected, ...) GIVES(expected, PVM_FORMAT_BLOB, PVM_ISA_GP080, __VA_ARGS__)
#define STANDARD_GIVES(expected, ...) GIVES(expected, PVM_FORMAT_STANDARD, PVM_ISA_GP072, __VA_ARGS__)
#define SERVICE_GIVES(expected, ...) GIVES(expected, PVM_FORMAT_SERVICE, PVM_ISA_GP072, __VA_ARGS__)

static void every_way_a_blob_can_be_wrong(void) {
    /* |j|, z, |c|, j, c, k */
    BLOB_GIVES(PVM_OK, 0, 0, 1, TRAP, 1);
    BLOB_GIVES(PVM_OK, 1, 1, 1, 0, TRAP, 1);
    BLOB_GIVES(PVM_OK, 0, 0, 0); /* no code is a program of 0.7.2: it traps */
    BLOB_GIVES(PVM_ERR_NUMBER_TRUNCATED, 0x80);
    BLOB_GIVES(PVM_ERR_NUMBER_TRUNCATED, 0);
    BLOB_GIVES(PVM_ERR_NUMBER_TRUNCATED, 0, 0);
    BLOB_GIVES(PVM_ERR_NUMBER_TRUNCATED, 0, 0, 0x80);
    BLOB_GIVES(PVM_ERR_NUMBER_TRUNCATED, 0xff, 1, 2, 3, 4, 5, 6, 7);
    BLOB_GIVES(PVM_ERR_NUMBER_NOT_MINIMAL, 0x80, 5, 0, 1, TRAP, 1);
    BLOB_GIVES(PVM_ERR_NUMBER_NOT_MINIMAL, 0, 0, 0x80, 1, TRAP, 1);
    BLOB_GIVES(PVM_ERR_NUMBER_NOT_MINIMAL, 0, 0, 0xc0, 1, 0, TRAP, 1);
    BLOB_GIVES(PVM_ERR_NUMBER_NOT_MINIMAL, 0, 0, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, TRAP, 1);
    BLOB_GIVES(PVM_ERR_JUMP_TABLE_TRUNCATED, 5, 2, 1, 0, 0, 0);
    BLOB_GIVES(PVM_ERR_JUMP_TABLE_TRUNCATED, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1, TRAP, 1);
    BLOB_GIVES(PVM_ERR_JUMP_TABLE_TRUNCATED, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 255, 1, TRAP, 1);
    BLOB_GIVES(PVM_ERR_JUMP_ENTRY_TOO_LARGE, 1, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, TRAP, 1);
    BLOB_GIVES(PVM_OK, 1, 9, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, TRAP, 1);
    BLOB_GIVES(PVM_ERR_CODE_TRUNCATED, 0, 0, 5, TRAP, TRAP);
    BLOB_GIVES(PVM_ERR_CODE_TRUNCATED, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, TRAP, 1);
    BLOB_GIVES(PVM_ERR_BITMASK_TRUNCATED, 0, 0, 1, TRAP);
    BLOB_GIVES(PVM_ERR_BITMASK_TRUNCATED, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    BLOB_GIVES(PVM_ERR_BITMASK_PADDING, 0, 0, 1, TRAP, 3);
    BLOB_GIVES(PVM_ERR_BITMASK_PADDING, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0x81);
    BLOB_GIVES(PVM_ERR_TRAILING_OCTETS, 0, 0, 1, TRAP, 1, 0);
    EQUAL(create((const uint8_t*)"", 0, PVM_FORMAT_BLOB, PVM_ISA_GP072), PVM_ERR_EMPTY);
    /* Entries of no octets at all: too many are refused or cost nothing. */
    const uint8_t zeros[] = {0xff, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 1, TRAP, 1};
    const pvm_error_t error = create(zeros, sizeof zeros, PVM_FORMAT_BLOB, PVM_ISA_GP072);
    CHECK(error == PVM_ERR_TOO_LARGE || error == PVM_OK);
}

static void gp080_checks_every_instruction(void) {
    BLOB_080_GIVES(PVM_OK, 0, 0, 1, TRAP, 1);
    BLOB_080_GIVES(PVM_ERR_NO_CODE, 0, 0, 0);
    BLOB_080_GIVES(PVM_ERR_INVALID_OPCODE, 0, 0, 1, TRAP, 0);
    BLOB_080_GIVES(PVM_ERR_INVALID_OPCODE, 0, 0, 1, 255, 1);
    BLOB_080_GIVES(PVM_ERR_INVALID_OPCODE, 0, 0, 3, TRAP, 3, TRAP, 7);
    BLOB_080_GIVES(PVM_OK, 0, 0, 3, TRAP, 3, TRAP, 5);
    BLOB_080_GIVES(PVM_OK, 0, 0, 2, 2, TRAP, 3); /* unlikely */
    BLOB_080_GIVES(PVM_ERR_NO_TERMINATOR, 0, 0, 2, TRAP, 2, 3);
    BLOB_080_GIVES(PVM_ERR_NO_TERMINATOR, 0, 0, 2, TRAP, ECALLI, 3);
    BLOB_080_GIVES(PVM_ERR_NO_TERMINATOR, 0, 0, 1, LOAD_IMM, 1);
    BLOB_GIVES(PVM_OK, 0, 0, 1, LOAD_IMM, 1);
    BLOB_080_GIVES(PVM_OK, 0, 0, 1, FALLTHROUGH, 1);
    BLOB_080_GIVES(PVM_OK, 0, 0, 1, BRANCH_EQ_IMM, 1);
    BLOB_GIVES(PVM_OK, 0, 0, 2, 2, TRAP, 3);     /* 0.7.2 takes what it does not know for traps */
    code_t code = code_new();
    uint8_t instruction[27] = {TRAP}, blob[64];
    code_add(&code, instruction, 25);
    EQUAL(create(blob, code_blob(&code, blob), PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_OK);
    code = code_new();
    code_add(&code, instruction, 26);
    EQUAL(create(blob, code_blob(&code, blob), PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_ERR_INVALID_OPCODE);
    EQUAL(create(blob, code_blob(&code, blob), PVM_FORMAT_BLOB, PVM_ISA_GP072), PVM_OK);
}

static void every_way_a_standard_program_can_be_wrong(void) {
    /* |o| 3, |w| 3, z 2, s 3, o, w, |c| 4, c */
    STANDARD_GIVES(PVM_OK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 1, TRAP, 1);
    STANDARD_GIVES(PVM_ERR_HEADER_TRUNCATED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    STANDARD_GIVES(PVM_ERR_HEADER_TRUNCATED, 0);
    STANDARD_GIVES(PVM_ERR_RO_DATA_TRUNCATED, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9);
    STANDARD_GIVES(PVM_ERR_RO_DATA_TRUNCATED, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 9);
    STANDARD_GIVES(PVM_ERR_RW_DATA_TRUNCATED, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9);
    STANDARD_GIVES(PVM_ERR_CODE_LENGTH_TRUNCATED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    STANDARD_GIVES(PVM_ERR_CODE_LENGTH_TRUNCATED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0);
    STANDARD_GIVES(PVM_ERR_CODE_LENGTH_MISMATCH, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 1, TRAP, 1);
    STANDARD_GIVES(PVM_ERR_CODE_LENGTH_MISMATCH, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1, TRAP, 1);
    STANDARD_GIVES(PVM_ERR_CODE_LENGTH_MISMATCH, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, TRAP, 1);
    STANDARD_GIVES(PVM_ERR_TRAILING_OCTETS, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 1, TRAP, 1, 0);
    EQUAL(create((const uint8_t*)"", 0, PVM_FORMAT_STANDARD, PVM_ISA_GP072), PVM_ERR_EMPTY);
}

static void every_way_a_service_can_be_wrong(void) {
    SERVICE_GIVES(PVM_OK, 2, 'm', 'd', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 1, TRAP, 1);
    SERVICE_GIVES(PVM_OK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 1, TRAP, 1);
    SERVICE_GIVES(PVM_ERR_METADATA_TRUNCATED, 5, 1);
    SERVICE_GIVES(PVM_ERR_METADATA_TRUNCATED, 0x80);
    SERVICE_GIVES(PVM_ERR_METADATA_TRUNCATED, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    SERVICE_GIVES(PVM_ERR_HEADER_TRUNCATED, 1, 'm', 0, 0, 0);
    EQUAL(create((const uint8_t*)"", 0, PVM_FORMAT_SERVICE, PVM_ISA_GP072), PVM_ERR_EMPTY);
}

static pvm_format_t detected(const uint8_t* image, size_t length) {
    pvm_program_t* program = NULL;
    EQUAL(pvm_program_create(image, length, PVM_FORMAT_AUTO, PVM_ISA_GP072, &program), PVM_OK);
    const pvm_format_t format = pvm_program_format(program);
    pvm_program_release(program);
    return format;
}

static void the_format_is_found_out(void) {
    code_t code = code_new();
    OP_RETURN(code);
    uint8_t image[256];
    EQUAL(detected(image, code_blob(&code, image)), PVM_FORMAT_BLOB);
    EQUAL(detected(image, code_standard(&code, "ro", 2, "rw", 2, 1, 100, image)), PVM_FORMAT_STANDARD);
    memcpy(image, "\3abc", 4);
    EQUAL(detected(image, 4 + code_standard(&code, "ro", 2, "rw", 2, 1, 100, image + 4)), PVM_FORMAT_SERVICE);
    GIVES(PVM_ERR_UNKNOWN_FORMAT, PVM_FORMAT_AUTO, PVM_ISA_GP072, 0xff);
    GIVES(PVM_ERR_UNKNOWN_FORMAT, PVM_FORMAT_AUTO, PVM_ISA_GP072, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    EQUAL(create((const uint8_t*)"", 0, PVM_FORMAT_AUTO, PVM_ISA_GP072), PVM_ERR_EMPTY);
}

static void arguments_that_are_wrong(void) {
    const uint8_t blob[] = {0, 0, 1, TRAP, 1};
    pvm_program_t* program = NULL;
    EQUAL(pvm_program_create(NULL, 5, PVM_FORMAT_BLOB, PVM_ISA_GP072, &program), PVM_ERR_NULL);
    EQUAL(pvm_program_create(blob, sizeof blob, PVM_FORMAT_BLOB, PVM_ISA_GP072, NULL), PVM_ERR_NULL);
    EQUAL(pvm_program_create(blob, sizeof blob, PVM_FORMAT_RAW, PVM_ISA_GP072, &program), PVM_ERR_ARGUMENT);
    EQUAL(pvm_program_create(blob, sizeof blob, (pvm_format_t)7, PVM_ISA_GP072, &program), PVM_ERR_ARGUMENT);
    EQUAL(pvm_program_create(blob, sizeof blob, PVM_FORMAT_BLOB, (pvm_isa_t)2, &program), PVM_ERR_ARGUMENT);
    CHECK(program == NULL);

    const uint8_t code[] = {TRAP, TRAP}, mask[] = {1, 1};
    const size_t most = (size_t)1 << 28;
    EQUAL(pvm_program_create_raw(NULL, 2, mask, 2, NULL, 0, PVM_ISA_GP072, &program), PVM_ERR_NULL);
    EQUAL(pvm_program_create_raw(code, 2, NULL, 2, NULL, 0, PVM_ISA_GP072, &program), PVM_ERR_NULL);
    EQUAL(pvm_program_create_raw(code, 2, mask, 2, NULL, 1, PVM_ISA_GP072, &program), PVM_ERR_NULL);
    EQUAL(pvm_program_create_raw(code, 2, mask, 2, NULL, 0, PVM_ISA_GP072, NULL), PVM_ERR_NULL);
    EQUAL(pvm_program_create_raw(code, 0, mask, 0, NULL, 0, PVM_ISA_GP072, &program), PVM_ERR_NO_CODE);
    EQUAL(pvm_program_create_raw(code, most + 1, mask, most + 1, NULL, 0, PVM_ISA_GP072, &program), PVM_ERR_TOO_LARGE);
    EQUAL(pvm_program_create_raw(code, 2, mask, 3, NULL, 0, PVM_ISA_GP072, &program), PVM_ERR_ARGUMENT);
    EQUAL(pvm_program_create_raw(code, 2, mask, 0, NULL, 0, PVM_ISA_GP072, &program), PVM_ERR_ARGUMENT);
    EQUAL(pvm_program_create_raw(code, 2, mask, 2, NULL, 0, (pvm_isa_t)9, &program), PVM_ERR_ARGUMENT);
    CHECK(program == NULL);
    pvm_program_release(NULL);
    CHECK(pvm_program_retain(NULL) == NULL);
    pvm_program_isa(NULL);
    pvm_program_format(NULL);
    EQUAL(pvm_program_code_size(NULL), 0);
    EQUAL(pvm_program_instruction_count(NULL), 0);
    EQUAL(pvm_program_jump_table_size(NULL), 0);
    EQUAL(pvm_program_footprint(NULL), 0);
    EQUAL(pvm_program_is_instruction(NULL, 0), 0);
    EQUAL(pvm_program_is_block_start(NULL, 0), 0);
    EQUAL(pvm_program_block_gas(NULL, 0), 0);
    size_t length = 7;
    CHECK(pvm_program_metadata(NULL, &length) == NULL);
    EQUAL(length, 0);

    pvm_vm_t* vm = NULL;
    EQUAL(pvm_vm_create(NULL, NULL, 0, 1, &vm), PVM_ERR_NULL);
    NEED(pvm_program_create(blob, sizeof blob, PVM_FORMAT_BLOB, PVM_ISA_GP072, &program) == PVM_OK);
    EQUAL(pvm_vm_create(program, NULL, 0, 1, NULL), PVM_ERR_NULL);
    EQUAL(pvm_vm_create(program, blob, 1, 1, &vm), PVM_ERR_ARGUMENT); /* a blob takes no arguments */
    CHECK(vm == NULL);
    pvm_program_release(program);
}

static void a_program_answers_questions(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 1); /* 0 */
    OP(code, FALLTHROUGH);    /* 3 */
    OP(code, LOAD_IMM, 8, 2); /* 4 */
    OP(code, TRAP);           /* 7 */
    code_jump_entry(&code, 4);
    code_jump_entry(&code, 0);
    uint8_t blob[256];
    pvm_program_t* program = NULL;
    NEED(pvm_program_create(blob, code_blob(&code, blob), PVM_FORMAT_BLOB, PVM_ISA_GP072, &program) == PVM_OK);
    EQUAL(pvm_program_isa(program), PVM_ISA_GP072);
    EQUAL(pvm_program_format(program), PVM_FORMAT_BLOB);
    EQUAL(pvm_program_code_size(program), 8);
    EQUAL(pvm_program_instruction_count(program), 4);
    EQUAL(pvm_program_jump_table_size(program), 2);
    CHECK(pvm_program_footprint(program) >= 8);
    for (uint32_t pc = 0; pc < 20; pc++) {
        EQUAL(pvm_program_is_instruction(program, pc), pc == 0 || pc == 3 || pc == 4 || pc == 7);
        EQUAL(pvm_program_is_block_start(program, pc), pc == 0 || pc == 4);
        EQUAL(pvm_program_block_gas(program, pc), pc == 0 || pc == 4 ? 2 : 0);
    }
    EQUAL(pvm_program_is_instruction(program, UINT32_MAX), 0);
    EQUAL(pvm_program_is_block_start(program, UINT32_MAX), 0);
    size_t length = 5;
    CHECK(pvm_program_metadata(program, &length) == NULL);
    EQUAL(length, 0);
    CHECK(pvm_program_retain(program) == program);
    pvm_program_release(program);
    EQUAL(pvm_program_code_size(program), 8);
    pvm_program_release(program);
}

static void a_vm_keeps_its_program(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 9);
    OP_HALT(code, 0);
    pvm_program_t* program = code_program(&code, PVM_ISA_GP072);
    NEED(program != NULL);
    pvm_vm_t *one = NULL, *two = NULL;
    NEED(pvm_vm_create(program, NULL, 0, 10, &one) == PVM_OK);
    NEED(pvm_vm_create(program, NULL, 0, 20, &two) == PVM_OK);
    CHECK(pvm_vm_program(one) == program);
    pvm_program_release(program);
    EQUAL(pvm_run(one, 0), PVM_EXIT_HALT);
    EQUAL(one->gas, 8);
    pvm_destroy(one);
    EQUAL(pvm_run(two, 0), PVM_EXIT_HALT);
    EQUAL(two->gas, 18);
    EQUAL(two->registers[7], 9);
    pvm_destroy(two);
}

static void metadata_is_handed_out(void) {
    code_t code = code_new();
    OP_RETURN(code);
    uint8_t image[256];
    memcpy(image, "\5hello", 6);
    const size_t size = 6 + code_standard(&code, NULL, 0, NULL, 0, 0, 0, image + 6);
    pvm_program_t* program = NULL;
    NEED(pvm_program_create(image, size, PVM_FORMAT_SERVICE, PVM_ISA_GP072, &program) == PVM_OK);
    memset(image, 0, sizeof image);
    size_t length = 0;
    const uint8_t* metadata = pvm_program_metadata(program, &length);
    EQUAL(length, 5);
    CHECK(metadata != NULL && memcmp(metadata, "hello", 5) == 0);
    CHECK(pvm_program_metadata(program, NULL) == metadata);
    pvm_program_release(program);
}

/* Function Y. */
static void a_standard_program_is_laid_out(void) {
    code_t code = code_new();
    OP_RETURN(code);
    uint8_t image[512];
    const size_t size = code_standard(&code, "read only", 9, "writable", 8, 2, 5000, image);
    pvm_program_t* program = NULL;
    NEED(pvm_program_create(image, size, PVM_FORMAT_STANDARD, PVM_ISA_GP072, &program) == PVM_OK);
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, (const uint8_t*)"argument", 8, 100, &vm) == PVM_OK);
    const uint32_t rw = 0x30000, stack_end = 0xfefe0000, arguments = 0xfeff0000;
    for (int i = 0; i < 13; i++)
        EQUAL(vm->registers[i], i == 0 ? 0xffff0000 : i == 1 ? stack_end : i == 7 ? arguments : i == 8 ? 8 : 0);
    char octets[16] = "";
    EQUAL(pvm_read(vm, 0x10000, 9, (uint8_t*)octets), PVM_OK);
    CHECK(memcmp(octets, "read only", 9) == 0);
    EQUAL(pvm_read(vm, rw, 8, (uint8_t*)octets), PVM_OK);
    CHECK(memcmp(octets, "writable", 8) == 0);
    EQUAL(pvm_read(vm, arguments, 8, (uint8_t*)octets), PVM_OK);
    CHECK(memcmp(octets, "argument", 8) == 0);
    static const struct { uint32_t page; pvm_access_t access; } pages[] = {
        {0x0f, PVM_ACCESS_NONE}, {0x10, PVM_ACCESS_READ}, {0x11, PVM_ACCESS_NONE}, {0x2f, PVM_ACCESS_NONE}, {0x30, PVM_ACCESS_WRITE},
        {0x32, PVM_ACCESS_WRITE}, {0x33, PVM_ACCESS_NONE}, {0xfefdd, PVM_ACCESS_NONE}, {0xfefde, PVM_ACCESS_WRITE},
        {0xfefdf, PVM_ACCESS_WRITE}, {0xfefe0, PVM_ACCESS_NONE}, {0xfeff0, PVM_ACCESS_READ}, {0xfeff1, PVM_ACCESS_NONE},
        {0xfffff, PVM_ACCESS_NONE}, {0x100000, PVM_ACCESS_NONE}, {UINT32_MAX, PVM_ACCESS_NONE}};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) EQUAL(pvm_page_access(vm, pages[i].page), pages[i].access);
    uint64_t start = 0, end = 0, limit = 0;
    EQUAL(pvm_heap(vm, &start, &end, &limit), PVM_OK);
    EQUAL(start, rw);
    EQUAL(end, rw + 3 * 4096);
    CHECK(limit > end && limit <= stack_end - 8192);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(vm->gas, 99);
    const uint8_t* output = NULL;
    size_t output_len = 0;
    EQUAL(pvm_output(vm, &output, &output_len), PVM_OK);
    EQUAL(output_len, 8);
    CHECK(output != NULL && memcmp(output, "argument", 8) == 0);
    vm->registers[7] = 0;
    EQUAL(pvm_output(vm, &output, &output_len), PVM_OK);
    CHECK(output == NULL);
    EQUAL(output_len, 0);
    pvm_destroy(vm);

    NEED(pvm_vm_create(program, NULL, 0, 100, &vm) == PVM_OK);
    EQUAL(vm->registers[8], 0);
    EQUAL(pvm_page_access(vm, 0xfeff0), PVM_ACCESS_NONE);
    pvm_destroy(vm);
    uint8_t* many = (uint8_t*)calloc(PVM_MAX_ARGUMENTS + 1, 1);
    NEED(many != NULL);
    EQUAL(pvm_vm_create(program, many, PVM_MAX_ARGUMENTS + 1, 100, &vm), PVM_ERR_ARGUMENT);
    CHECK(vm == NULL);
    NEED(pvm_vm_create(program, many, PVM_MAX_ARGUMENTS, 100, &vm) == PVM_OK);
    EQUAL(pvm_is_readable(vm, arguments, PVM_MAX_ARGUMENTS), 1);
    EQUAL(pvm_is_readable(vm, arguments, PVM_MAX_ARGUMENTS + 1), 0);
    pvm_destroy(vm);
    EQUAL(pvm_vm_create(program, NULL, 3, 100, &vm), PVM_ERR_NULL);
    free(many);
    pvm_program_release(program);
}

static int invoked_calls;
static pvm_action_t count_calls(pvm_vm_t* vm, int func_id, void* user_data) {
    invoked_calls += func_id;
    vm->registers[9] = *(const uint64_t*)user_data;
    return PVM_ACTION_CONTINUE;
}

static pvm_invocation_t invoke(const code_t* code, uint64_t gas, const char* arguments, pvm_host_function_t function, void* data) {
    uint8_t image[2048];
    pvm_program_t* program = NULL;
    pvm_invocation_t invocation;
    memset(&invocation, 0xff, sizeof invocation);
    NEED(pvm_program_create(image, code_standard(code, NULL, 0, NULL, 0, 1, 0, image), PVM_FORMAT_STANDARD, PVM_ISA_GP072, &program)
         == PVM_OK);
    EQUAL(pvm_invoke(program, 0, gas, (const uint8_t*)arguments, strlen(arguments), function, data, &invocation), PVM_OK);
    pvm_program_release(program);
    return invocation;
}

/* Psi_M */
static void an_invocation_goes_from_arguments_to_output(void) {
    code_t code = code_new();
    OP(code, ECALLI, 3);
    OP_RETURN(code);
    pvm_invocation_t result;
    uint64_t number = 5;
    invoked_calls = 0;
    result = invoke(&code, 100, "echo", count_calls, &number);
    EQUAL(result.exit, PVM_EXIT_HALT);
    EQUAL(result.gas_used, 2);
    EQUAL(result.output_len, 4);
    CHECK(result.output != NULL && memcmp(result.output, "echo", 4) == 0);
    EQUAL(invoked_calls, 3);
    pvm_invocation_release(&result);
    CHECK(result.output == NULL);
    pvm_invocation_release(&result);
    pvm_invocation_release(NULL);

    /* No function: unknown, 10 gas, r7 = WHAT, so that the output is not readable. */
    result = invoke(&code, 100, "echo", NULL, NULL);
    EQUAL(result.exit, PVM_EXIT_HALT);
    EQUAL(result.gas_used, 12);
    EQUAL(result.output_len, 0);
    CHECK(result.output == NULL);
    pvm_invocation_release(&result);

    result = invoke(&code, 1, "echo", count_calls, &number);
    EQUAL(result.exit, PVM_EXIT_OOG);
    EQUAL(result.gas_used, 1);
    CHECK(result.output == NULL && result.output_len == 0);
    pvm_invocation_release(&result);
    result = invoke(&code, 5, "echo", NULL, NULL); /* the call takes more than there is */
    EQUAL(result.exit, PVM_EXIT_OOG);
    EQUAL(result.gas_used, 5);
    pvm_invocation_release(&result);

    code = code_new();
    OP(code, LOAD_U8, 7, IMM32(0x50000));
    result = invoke(&code, 100, "", NULL, NULL);
    EQUAL(result.exit, PVM_EXIT_PANIC); /* a page fault, too */
    EQUAL(result.gas_used, 1);
    pvm_invocation_release(&result);
    code = code_new();
    OP(code, LOAD_IMM, 7, 1);
    OP(code, TRAP);
    result = invoke(&code, 100, "xyz", NULL, NULL);
    EQUAL(result.exit, PVM_EXIT_PANIC);
    EQUAL(result.gas_used, 2);
    CHECK(result.output == NULL);
    pvm_invocation_release(&result);

    pvm_program_t* program = code_program(&code, PVM_ISA_GP072);
    NEED(program != NULL);
    EQUAL(pvm_invoke(NULL, 0, 1, NULL, 0, NULL, NULL, &result), PVM_ERR_NULL);
    EQUAL(pvm_invoke(program, 0, 1, NULL, 0, NULL, NULL, NULL), PVM_ERR_NULL);
    pvm_program_release(program);
}

/* Used gas under 0.8.0: what a block could not be paid with is not used, what a host call could not be paid with is. */
static void an_invocation_of_gp080(void) {
    code_t code = code_new();
    OP(code, ECALLI, 100); /* 0 */
    OP(code, JUMP, 2);     /* 2 */
    OP(code, LOAD_IMM, 7, 0); /* 4: a block of its own */
    OP_RETURN(code);
    uint8_t image[2048];
    const size_t size = code_standard(&code, NULL, 0, NULL, 0, 1, 0, image);
    pvm_program_t* program = NULL;
    NEED(pvm_program_create(image, size, PVM_FORMAT_STANDARD, PVM_ISA_GP080, &program) == PVM_OK);
    const uint64_t first = pvm_program_block_gas(program, 0), second = pvm_program_block_gas(program, 4);
    CHECK(first > 0 && second > 1);
    const struct { uint64_t gas; uint32_t entry; pvm_exit_t exit; uint64_t used; } cases[] = {
        {first + 1000 + second, 0, PVM_EXIT_HALT, first + 1000 + second},
        {first + 1000 + second - 1, 0, PVM_EXIT_OOG, first + 1000},
        {first + 1000, 0, PVM_EXIT_OOG, first + 1000},
        {first + 999, 0, PVM_EXIT_OOG, first + 999},
        {first - 1, 0, PVM_EXIT_OOG, 0},
        {5000, 1, PVM_EXIT_PANIC, 0},          /* no instruction */
        {5000, 100, PVM_EXIT_PANIC, 0},
        {5000, 9, PVM_EXIT_PANIC, 0},          /* behind the code */
        {second + 5, 4, PVM_EXIT_HALT, second},
        {first + 5, 2, PVM_EXIT_OOG, first}};  /* the whole block from its middle, and not the next */
    static const pvm_engine_t engines[] = {PVM_ENGINE_INTERPRETER, PVM_ENGINE_RECOMPILER, PVM_ENGINE_AUTO};
    for (int engine = 0; engine < 3; engine++) {
        if (pvm_set_defaults(engines[engine], PVM_MEMORY_AUTO) != PVM_OK) continue;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            pvm_invocation_t result;
            EQUAL(pvm_invoke(program, cases[i].entry, cases[i].gas, NULL, 0, NULL, NULL, &result), PVM_OK);
            EQUAL(result.exit, cases[i].exit);
            EQUAL(result.gas_used, cases[i].used);
            pvm_invocation_release(&result);
        }
    }
    EQUAL(pvm_set_defaults(PVM_ENGINE_AUTO, PVM_MEMORY_AUTO), PVM_OK);
    pvm_program_release(program);
}

static void too_many_arguments_are_a_panic(void) {
    code_t code = code_new();
    OP_RETURN(code);
    uint8_t image[256];
    pvm_program_t* program = NULL;
    pvm_invocation_t result;
    NEED(pvm_program_create(image, code_standard(&code, NULL, 0, NULL, 0, 0, 0, image), PVM_FORMAT_STANDARD, PVM_ISA_GP072, &program)
         == PVM_OK);
    uint8_t* many = (uint8_t*)calloc(PVM_MAX_ARGUMENTS + 1, 1);
    NEED(many != NULL);
    EQUAL(pvm_invoke(program, 0, 100, many, PVM_MAX_ARGUMENTS + 1, NULL, NULL, &result), PVM_OK);
    EQUAL(result.exit, PVM_EXIT_PANIC);
    EQUAL(result.gas_used, 0);
    pvm_invocation_release(&result);
    free(many);
    pvm_program_release(program);
}

/* grow_heap (0.8.0): no data, one heap page, so that a = 32 and c = 1. */
static void the_heap_grows_by_pages(void) {
    code_t code = code_new();
    OP_RETURN(code);
    uint8_t image[256];
    pvm_program_t* program = NULL;
    pvm_vm_t* vm = NULL;
    NEED(pvm_program_create(image, code_standard(&code, NULL, 0, NULL, 0, 1, 4096, image), PVM_FORMAT_STANDARD, PVM_ISA_GP080, &program)
         == PVM_OK);
    NEED(pvm_vm_create(program, NULL, 0, 10000, &vm) == PVM_OK);
    EQUAL(pvm_page_access(vm, 32), PVM_ACCESS_WRITE);
    /* b = (2^32 - 3 * 2^16 - 2^24 - Z(4096)) / 4096 */
    const uint64_t last = ((uint64_t)1 << 20) - 48 - 4096 - 16;
    static const struct { uint64_t wanted, gas, left, end; } cases[] = {
        {0, 1000, 725, 33}, {33, 275, 0, 33}, {35, 1000, 483, 35}, {35, 1000, 725, 35}, {34, 1000, 725, 35},
        {37, 517, 0, 37}, {UINT64_MAX, 1000, 725, 37}, {38, 396, 0, 38}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vm->registers[7] = cases[i].wanted;
        vm->gas = cases[i].gas;
        EQUAL(pvm_host_grow_heap(vm), PVM_ACTION_CONTINUE);
        EQUAL(vm->gas, cases[i].left);
        EQUAL(vm->registers[7], cases[i].end);
        EQUAL(pvm_page_access(vm, (uint32_t)cases[i].end - 1), PVM_ACCESS_WRITE);
        EQUAL(pvm_page_access(vm, (uint32_t)cases[i].end), PVM_ACCESS_NONE);
    }
    /* What cannot be paid, a query too, leaves no gas and the heap as it was. */
    static const struct { uint64_t wanted, gas; } dear[] = {{40, 516}, {40, 275}, {39, 395}, {0, 274}, {UINT64_MAX, 274}, {0, 0}};
    for (size_t i = 0; i < sizeof dear / sizeof *dear; i++) {
        vm->registers[7] = dear[i].wanted;
        vm->gas = dear[i].gas;
        EQUAL(pvm_host_grow_heap(vm), PVM_ACTION_OOG);
        EQUAL(vm->gas, 0);
        EQUAL(vm->registers[7], dear[i].wanted);
        EQUAL(pvm_page_access(vm, 38), PVM_ACCESS_NONE);
    }
    vm->gas = (uint64_t)1 << 40;
    vm->registers[7] = last + 1;
    EQUAL(pvm_host_grow_heap(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], 38);
    EQUAL(vm->gas, ((uint64_t)1 << 40) - 275);
    /* A page that the host has taken away counts as missing at the end, and comes back. */
    EQUAL(pvm_map_pages(vm, 33, 1, PVM_ACCESS_NONE), PVM_OK);
    vm->registers[7] = 0;
    EQUAL(pvm_host_grow_heap(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], 37);
    EQUAL(pvm_page_access(vm, 33), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, 37), PVM_ACCESS_WRITE);
    vm->registers[7] = last;
    const pvm_action_t action = pvm_host_grow_heap(vm);
    if (action == PVM_ACTION_PANIC && check_is_refusing_memory()) check_refused(__FILE__, __LINE__, "a heap of 4 GiB");
    EQUAL(action, PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], last);
    EQUAL(pvm_page_access(vm, (uint32_t)last - 1), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, (uint32_t)last), PVM_ACCESS_NONE);
    pvm_destroy(vm);
    pvm_program_release(program);
}

/* Every host call of appendix B under 0.8.0: its name, and what it costs with registers of zeros, and with these:
 * r7 … r12 = 1025, 3, 2049, 14, 1, 100. */
static void every_host_call_has_a_price(void) {
    static const struct { const char* name; uint64_t least, gas; } calls[] = {
        {"gas", 48, 48}, {"grow_heap", 275, 275}, {"fetch", 390, 287 + 801}, {"lookup", 600, 600 + 1},
        {"read", 2407, 2407 + 3474 + 25}, {"write", 2442, 2442 + 10 + 3}, {"info", 703, 703},
        {"historical_lookup", 1125, 1125 + 1}, {"export", 3521, 3521}, {"machine", 1862, 1862 + 1}, {"peek", 377, 377 + 5},
        {"poke", 297, 297 + 4}, {"pages", 212, 80}, {"invoke", 968, 968}, {"expunge", 335, 335}, {"bless", 422, 422 + 2000},
        {"assign", 1818, 1818}, {"designate", 1100, 1100 + 906}, {"checkpoint", 103, 103}, {"new", 3855, 3855}, {"upgrade", 1028, 1028},
        {"transfer", 575, 575}, {"eject", 458, 458}, {"query", 643, 643}, {"solicit", 2193, 2193}, {"forget", 3250, 3250},
        {"yield", 98, 98}, {"provide", 3980, 3980 + 4531}};
    const uint64_t zeros[13] = {0};
    uint64_t registers[13] = {9, 9, 9, 9, 9, 9, 9, 1025, 3, 2049, 14, 1, 100};
    for (int call = 0; call < 28; call++) {
        STRING(pvm_host_call_name(PVM_ISA_GP080, call), calls[call].name);
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, call, zeros, 0), calls[call].least);
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, call, registers, 0), calls[call].gas);
        const uint64_t unit = call == 1 ? 121 : call == 13 || call == 21 ? 1 : 0;
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, call, registers, 7), calls[call].gas + 7 * unit);
        if (call == 1) continue; /* 0.7.2 has not got it, and counts on without */
        const int old = call == 0 ? 0 : call - 1;
        STRING(pvm_host_call_name(PVM_ISA_GP072, old), calls[call].name);
        EQUAL(pvm_host_call_gas(PVM_ISA_GP072, old, registers, 0), 10);
        EQUAL(pvm_host_call_gas(PVM_ISA_GP072, old, registers, 7), call == 21 ? 17 : 10);
    }
    /* fetch by register 10, for 0, 1, 1024 and 1025 octets. */
    static const uint64_t fetch[17][2] = {{390, 0}, {103, 0}, {80, 96}, {85, 96}, {85, 96}, {171, 0}, {171, 0}, {85, 96}, {84, 0}, {88, 0},
                                          {111, 0}, {317, 0}, {250, 0}, {95, 96}, {287, 400}, {355, 344}, {80, 0}};
    for (uint64_t kind = 0; kind < 20; kind++) {
        const uint64_t* price = fetch[kind < 16 ? kind : 16];
        const uint64_t more = price[1] ? 1 : 0;
        registers[10] = kind < 17 ? kind : kind == 17 ? 17 : kind == 18 ? (uint64_t)1 << 32 : UINT64_MAX;
        registers[9] = 0;
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 2, registers, 0), price[0]);
        registers[9] = 1;
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 2, registers, 0), price[0] + more);
        registers[9] = 1024;
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 2, registers, 0), price[0] + price[1]);
        registers[9] = 1025;
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 2, registers, 0), price[0] + price[1] + more);
    }
    /* The rows that official vectors show: write of a key of 4 octets and 2 of value, read, fetch. */
    registers[8] = 4, registers[10] = 2;
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 5, registers, 0), 2442 + 14 + 1);
    registers[9] = 4, registers[12] = 0;
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 4, registers, 0), 2407 + 7 + 0);
    registers[9] = 140, registers[10] = 14;
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 2, registers, 0), 287 + 55);
    /* Nobody knows these. */
    static const int unknown[] = {-1, 28, 100, INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, unknown[i], registers, 5), 1000);
        EQUAL(pvm_host_call_gas(PVM_ISA_GP072, unknown[i], registers, 5), 10);
        STRING(pvm_host_call_name(PVM_ISA_GP080, unknown[i]), "unknown");
        STRING(pvm_host_call_name(PVM_ISA_GP072, unknown[i]), "unknown");
    }
    EQUAL(pvm_host_call_gas(PVM_ISA_GP072, 27, registers, 0), 10);
    STRING(pvm_host_call_name(PVM_ISA_GP072, 27), "unknown");
    /* What passes 2^64 - 1 stays there. */
    for (int i = 0; i < 13; i++) registers[i] = UINT64_MAX;
    static const int endless[] = {4, 5, 15, 17, 27};
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++)
        EQUAL(pvm_host_call_gas(PVM_ISA_GP080, endless[i], registers, 0), UINT64_MAX);
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 3, registers, 0), 600 + ((uint64_t)31 << 57)); /* 248/1024 of 2^64 - 1, rounded up */
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 1, registers, UINT64_MAX), UINT64_MAX);
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 13, registers, UINT64_MAX - 968), UINT64_MAX);
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 13, registers, UINT64_MAX - 969), UINT64_MAX - 1);
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 13, registers, UINT64_MAX), UINT64_MAX);
    registers[8] = UINT64_MAX / 302;
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 17, registers, 0), UINT64_MAX);
    EQUAL(pvm_host_call_gas(PVM_ISA_GP080, 0, NULL, 0), UINT64_MAX);
    EQUAL(pvm_host_call_gas((pvm_isa_t)5, 0, registers, 0), UINT64_MAX);
    STRING(pvm_host_call_name((pvm_isa_t)5, 0), "unknown");
}

static void opcodes_have_names_in_each_set(void) {
    STRING(pvm_opcode_name(PVM_ISA_GP072, 0), "TRAP");
    STRING(pvm_opcode_name(PVM_ISA_GP072, 149), "ADD_IMM_64");
    STRING(pvm_opcode_name(PVM_ISA_GP072, 101), "SBRK");
    STRING(pvm_opcode_name(PVM_ISA_GP080, 101), "COUNT_SET_BITS_64");
    STRING(pvm_opcode_name(PVM_ISA_GP080, 2), "UNLIKELY");
    STRING(pvm_opcode_name(PVM_ISA_GP072, 2), "UNKNOWN");
    STRING(pvm_opcode_name(PVM_ISA_GP080, 111), "UNKNOWN");
    STRING(pvm_opcode_name((pvm_isa_t)5, 0), "UNKNOWN");
    int known072 = 0, known080 = 0;
    for (int opcode = 0; opcode < 256; opcode++) {
        known072 += strcmp(pvm_opcode_name(PVM_ISA_GP072, (uint8_t)opcode), "UNKNOWN") != 0;
        known080 += strcmp(pvm_opcode_name(PVM_ISA_GP080, (uint8_t)opcode), "UNKNOWN") != 0;
    }
    EQUAL(known072, 139);
    EQUAL(known080, 139); /* less sbrk, more unlikely */
}

int main(void) {
    RUN(every_way_a_blob_can_be_wrong);
    RUN(gp080_checks_every_instruction);
    RUN(every_way_a_standard_program_can_be_wrong);
    RUN(every_way_a_service_can_be_wrong);
    RUN(the_format_is_found_out);
    RUN(arguments_that_are_wrong);
    RUN(a_program_answers_questions);
    RUN(a_vm_keeps_its_program);
    RUN(metadata_is_handed_out);
    RUN(a_standard_program_is_laid_out);
    RUN(an_invocation_goes_from_arguments_to_output);
    RUN(an_invocation_of_gp080);
    RUN(too_many_arguments_are_a_panic);
    RUN(the_heap_grows_by_pages);
    RUN(every_host_call_has_a_price);
    RUN(opcodes_have_names_in_each_set);
    return finish(__FILE__);
}
