/* What a compiled caller depends on: macro values, the layout of struct VM, enumerations, signatures. */
#include "check.h"

#ifdef __cplusplus
#define STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif
#define SAME(macro, value) STATIC_ASSERT((macro) == (value), #macro " has another value")
#define AT(field, offset, size) \
    STATIC_ASSERT(offsetof(struct VM, field) == (offset) && sizeof(((struct VM*)0)->field) == (size), #field " has moved")

SAME(REG_SIZE, 13); SAME(Z_P, 4096); SAME(Z_A, 2); SAME(OK, 0);
SAME(W_X, 1024); SAME(M, 128); SAME(V, 1023); SAME(Z_Q, 65536); SAME(Z_I, 16777216); SAME(Z_Z, 65536);
SAME(NONE, 4294967295u); SAME(WHAT, 4294967294u); SAME(OOB, 4294967293u); SAME(WHO, 4294967292u); SAME(FULL, 4294967291u);
SAME(CORE, 4294967290u); SAME(CASH, 4294967289u); SAME(LOW, 4294967288u); SAME(HUH, 4294967287u);
SAME(HALT, 0); SAME(PANIC, 1); SAME(FAULT, 2); SAME(HOST, 3); SAME(OOG, 4);
SAME(WORKDIGEST_OK, 0); SAME(WORKDIGEST_OOG, 1); SAME(WORKDIGEST_PANIC, 2); SAME(WORKDIGEST_BAD_EXPORT, 3);
SAME(WORKDIGEST_OVERSIZE, 4); SAME(WORKDIGEST_BAD, 5); SAME(WORKDIGEST_BIG, 6);
SAME(PVM_RESULT_OK, 0); SAME(PVM_RESULT_OOG, 1); SAME(PVM_RESULT_PANIC, 2); SAME(PVM_RESULT_HOST_CALL, 3); SAME(PVM_RESULT_ERROR, 4);
SAME(PVM_HOST_CONTINUE, 0); SAME(PVM_HOST_TERMINATE, 1); SAME(PVM_HOST_ERROR, 2);
SAME(sizeof(NONE), 8);

STATIC_ASSERT(sizeof(struct VM) == 304, "struct VM has another size");
AT(registers, 0, 104); AT(pc, 104, 8); AT(code, 112, 8); AT(bitmask, 120, 8); AT(gas, 128, 8); AT(host_call, 136, 4);
AT(host_func_id, 140, 4); AT(is_child, 144, 4); AT(rw_data, 152, 8); AT(ro_data, 160, 8); AT(output, 168, 8); AT(stack, 176, 8);
AT(rw_data_address, 184, 4); AT(rw_data_address_end, 188, 4); AT(ro_data_address, 192, 4); AT(ro_data_address_end, 196, 4);
AT(output_address, 200, 4); AT(output_end, 204, 4); AT(stack_address, 208, 4); AT(stack_address_end, 212, 4);
AT(current_heap_pointer, 216, 4); AT(max_heapsize, 220, 4); AT(code_len, 224, 4); AT(bitmask_len, 228, 4);
AT(result_code, 232, 4); AT(machine_state, 236, 4); AT(terminated, 240, 4); AT(initializing, 244, 4); AT(fault_address, 248, 4);
AT(j_size, 252, 4); AT(j, 256, 8); AT(service_index, 264, 4); AT(core_index, 268, 4); AT(ext_vm, 272, 8);
AT(ext_invoke_host_func, 280, 8); AT(host_callback, 288, 8); AT(pvm_logging, 296, 4); AT(pvm_tracing, 300, 4);

SAME(PVM_ABI_VERSION, 1); SAME(PVM_PAGE_SIZE, 4096); SAME(PVM_ZONE_SIZE, 65536); SAME(PVM_MAX_ARGUMENTS, 16777216); SAME(PVM_REGISTERS, 13);
SAME(PVM_EXIT_HALT, HALT); SAME(PVM_EXIT_PANIC, PANIC); SAME(PVM_EXIT_FAULT, FAULT); SAME(PVM_EXIT_HOST, HOST); SAME(PVM_EXIT_OOG, OOG);
SAME(PVM_EXIT_STEP, 5); SAME(PVM_EXIT_REFUSED, 6); SAME(PVM_EXIT_NONE, 7);
SAME(PVM_HOST_OK, 0); SAME(PVM_HOST_NONE, UINT64_MAX); SAME(PVM_HOST_WHAT, UINT64_MAX - 1); SAME(PVM_HOST_OOB, UINT64_MAX - 2);
SAME(PVM_HOST_WHO, UINT64_MAX - 3); SAME(PVM_HOST_FULL, UINT64_MAX - 4); SAME(PVM_HOST_CORE, UINT64_MAX - 5);
SAME(PVM_HOST_CASH, UINT64_MAX - 6); SAME(PVM_HOST_LOW, UINT64_MAX - 7); SAME(PVM_HOST_HUH, UINT64_MAX - 8);
SAME(PVM_OK, 0); SAME(PVM_ERR_NULL, 1); SAME(PVM_ERR_OUT_OF_GAS, 7); SAME(PVM_ERR_EMPTY, 20); SAME(PVM_ERR_UNKNOWN_FORMAT, 38); SAME(PVM_ERR_NO_TERMINATOR, 39);
SAME(PVM_ISA_GP072, 0); SAME(PVM_ISA_GP080, 1);
SAME(PVM_FORMAT_AUTO, 0); SAME(PVM_FORMAT_BLOB, 1); SAME(PVM_FORMAT_STANDARD, 2); SAME(PVM_FORMAT_SERVICE, 3); SAME(PVM_FORMAT_RAW, 4);
SAME(PVM_ENGINE_AUTO, 0); SAME(PVM_ENGINE_INTERPRETER, 1); SAME(PVM_ENGINE_RECOMPILER, 2);
SAME(PVM_MEMORY_AUTO, 0); SAME(PVM_MEMORY_CHECKED, 1); SAME(PVM_MEMORY_GUARDED, 2);
SAME(PVM_ACTION_CONTINUE, 0); SAME(PVM_ACTION_HALT, 1); SAME(PVM_ACTION_PANIC, 2); SAME(PVM_ACTION_OOG, 3); SAME(PVM_ACTION_FAULT, 4);
SAME(PVM_ACTION_SUSPEND, 5); SAME(PVM_ACCESS_NONE, 0); SAME(PVM_ACCESS_READ, 1); SAME(PVM_ACCESS_WRITE, 2);
SAME(PVM_LINE_TRACE, 0); SAME(PVM_LINE_LOG, 1);

/* The signatures of pvm.h: an assignment of another type does not compile. */
static pvm_vm_t* (*const create)(uint32_t, const uint8_t*, size_t, const uint64_t*, const uint8_t*, size_t, const uint32_t*, size_t,
                                 uint64_t) = pvm_create;
static pvm_result_t (*const execute)(pvm_vm_t*, uint32_t, uint32_t) = pvm_execute;
static void (*const destroy)(pvm_vm_t*) = pvm_destroy;
static void (*const bounds)(pvm_vm_t*, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t) =
    pvm_set_memory_bounds;
static void (*const callback)(pvm_vm_t*, pvm_host_callback_t) = pvm_set_host_callback;
static uint64_t (*const get_gas)(pvm_vm_t*) = pvm_get_gas;
static uint8_t (*const state)(pvm_vm_t*) = pvm_get_machine_state;
static void (*const set_register)(pvm_vm_t*, int, uint64_t) = pvm_set_register;
static uint64_t (*const get_register)(pvm_vm_t*, int) = pvm_get_register;
static const uint64_t* (*const get_registers)(pvm_vm_t*) = pvm_get_registers;
static void (*const heap_pointer)(pvm_vm_t*, uint32_t) = pvm_set_heap_pointer;
static uint64_t (*const write8)(pvm_vm_t*, uint32_t, uint8_t) = pvm_write_ram_bytes_8;
static uint64_t (*const write16)(pvm_vm_t*, uint32_t, uint16_t) = pvm_write_ram_bytes_16;
static uint64_t (*const write32)(pvm_vm_t*, uint32_t, uint32_t) = pvm_write_ram_bytes_32;
static uint64_t (*const write64)(pvm_vm_t*, uint32_t, uint64_t) = pvm_write_ram_bytes_64;
static uint64_t (*const write)(pvm_vm_t*, uint32_t, const uint8_t*, uint32_t) = pvm_write_ram_bytes;
static uint8_t (*const read8)(pvm_vm_t*, uint32_t, int*) = pvm_read_ram_bytes_8;
static uint16_t (*const read16)(pvm_vm_t*, uint32_t, int*) = pvm_read_ram_bytes_16;
static uint32_t (*const read32)(pvm_vm_t*, uint32_t, int*) = pvm_read_ram_bytes_32;
static uint64_t (*const read64)(pvm_vm_t*, uint32_t, int*) = pvm_read_ram_bytes_64;
static uint64_t (*const read)(pvm_vm_t*, uint32_t, uint8_t*, uint32_t, int*) = pvm_read_ram_bytes;
static int (*const result_code)(pvm_vm_t*) = pvm_get_result_code;
static int (*const terminated)(pvm_vm_t*) = pvm_is_terminated;
static void (*const logging)(pvm_vm_t*, int) = pvm_set_logging;
static void (*const tracing)(pvm_vm_t*, int) = pvm_set_tracing;
static const char* (*const register_name)(int) = reg_name;
static void (*const expand)(pvm_vm_t*, uint32_t) = pvm_expand_heap;
static void (*const panic)(VM*, uint64_t) = pvm_panic;
static void (*const init_table)(void) = init_dispatch_table;
static const char* (*const opcode_name)(uint8_t) = get_opcode_name;
static void (*const branch)(VM*, uint64_t) = pvm_branch;
static void (*const djump)(VM*, uint64_t) = pvm_djump;
static uint32_t (*const pages)(uint32_t) = p_func;
static uint32_t (*const zones)(uint32_t) = z_func;
static void (*(*const table)[256])(VM*, uint8_t*, size_t) = &dispatch_table;

static void every_function_is_there(void) {
    CHECK(create && execute && destroy && bounds && callback && get_gas && state && set_register && get_register && get_registers);
    CHECK(heap_pointer && write8 && write16 && write32 && write64 && write && read8 && read16 && read32 && read64 && read);
    CHECK(result_code && terminated && logging && tracing && register_name && expand && panic && init_table && opcode_name);
    CHECK(branch && djump && pages && zones && table);
}

static void the_versions_agree(void) {
    EQUAL(pvm_abi_version(), PVM_ABI_VERSION);
    NEED(pvm_version() && pvm_build_info());
#ifdef EXPECTED_VERSION
    STRING(pvm_version(), EXPECTED_VERSION);
#endif
    /* "duet VERSION (…)" */
    char start[64];
    snprintf(start, sizeof start, "duet %s (", pvm_version());
    CHECK(strncmp(pvm_build_info(), start, strlen(start)) == 0);
    CHECK(strstr(pvm_build_info(), "gray paper 0.7.2, 0.8.0") != NULL);
}

static void every_outcome_and_error_has_words(void) {
    static const char* const names[] = {"halt", "panic", "page-fault", "host-call", "out-of-gas", "step", "refused", "none"};
    for (int exit = 0; exit < 8; exit++) STRING(pvm_exit_name((pvm_exit_t)exit), names[exit]);
    for (int error = 0; error <= 40; error++) {
        const char* message = pvm_error_message((pvm_error_t)error);
        NEED(message != NULL);
        const int declared = error <= 7 || (error >= 20 && error <= 38);
        if (declared) {
            CHECK(strlen(message) > 0);
            CHECK(message[strlen(message) - 1] != '.');
        }
        for (int other = 0; other < error && declared; other++)
            if (other <= 7 || other >= 20) CHECK(strcmp(message, pvm_error_message((pvm_error_t)other)) != 0);
    }
}

int main(void) {
    RUN(every_function_is_there);
    RUN(the_versions_agree);
    RUN(every_outcome_and_error_has_words);
    return finish(__FILE__);
}
