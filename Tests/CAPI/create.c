/* pvm_create, pvm_destroy, getters and setters; NULL where a handle should be. */
#include "check.h"

static const uint8_t code[] = {LOAD_IMM, 7, 42, TRAP};
static const uint8_t octets[] = {1, 0, 0, 1};
static const uint8_t packed[] = {0x09};
static const uint32_t jumps[] = {0, 3};

static void all_inputs_are_copied(void) {
    uint8_t* my_code = (uint8_t*)malloc(sizeof code);
    uint8_t* my_mask = (uint8_t*)malloc(sizeof octets);
    uint32_t* my_jumps = (uint32_t*)malloc(sizeof jumps);
    uint64_t* my_registers = (uint64_t*)malloc(13 * sizeof(uint64_t));
    NEED(my_code && my_mask && my_jumps && my_registers);
    memcpy(my_code, code, sizeof code);
    memcpy(my_mask, octets, sizeof octets);
    memcpy(my_jumps, jumps, sizeof jumps);
    for (int i = 0; i < 13; i++) my_registers[i] = 100u + (unsigned)i;
    pvm_vm_t* vm = pvm_create(77, my_code, sizeof code, my_registers, my_mask, sizeof octets, my_jumps, 2, 1000);
    NEED(vm != NULL);
    memset(my_code, 0xff, sizeof code);
    memset(my_mask, 0xff, sizeof octets);
    memset(my_jumps, 0xff, sizeof jumps);
    memset(my_registers, 0xff, 13 * sizeof(uint64_t));
    CHECK(vm->code != my_code && vm->bitmask != my_mask && vm->j != my_jumps);
    free(my_code);
    free(my_mask);
    free(my_jumps);
    free(my_registers);

    CHECK(memcmp(vm->code, code, sizeof code) == 0);
    CHECK(memcmp(vm->bitmask, octets, sizeof octets) == 0);
    CHECK(memcmp(vm->j, jumps, sizeof jumps) == 0);
    EQUAL(vm->code_len, sizeof code);
    EQUAL(vm->bitmask_len, sizeof octets);
    EQUAL(vm->j_size, 2);
    EQUAL(vm->service_index, 77);
    EQUAL(vm->gas, 1000);
    for (int i = 0; i < 13; i++) EQUAL(vm->registers[i], 100 + i);
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_PANIC);
    EQUAL(vm->registers[7], 42);
    EQUAL(vm->pc, 3);
    pvm_destroy(vm);
}

static void a_new_vm_has_not_run(void) {
    pvm_vm_t* vm = pvm_create(0, code, sizeof code, NULL, octets, sizeof octets, NULL, 0, 5);
    NEED(vm != NULL);
    EQUAL(vm->initializing, 1);
    EQUAL(vm->terminated, 0);
    EQUAL(vm->host_call, 0);
    EQUAL(vm->j_size, 0);
    EQUAL(pvm_get_machine_state(vm), 0);
    EQUAL(pvm_exit_reason(vm), PVM_EXIT_NONE);
    CHECK(vm->rw_data == NULL && vm->ro_data == NULL && vm->output == NULL && vm->stack == NULL);
    CHECK(vm->ext_vm == NULL && vm->ext_invoke_host_func == NULL && vm->host_callback == NULL);
    for (int i = 0; i < 13; i++) EQUAL(vm->registers[i], 0);
    EQUAL(pvm_program_isa(pvm_vm_program(vm)), PVM_ISA_GP072);
    EQUAL(pvm_program_format(pvm_vm_program(vm)), PVM_FORMAT_RAW);
    pvm_execute(vm, 0, 0);
    EQUAL(vm->initializing, 0);
    EQUAL(vm->terminated, 1);
    EQUAL(pvm_is_terminated(vm), 1);
    pvm_destroy(vm);
}

static void both_forms_of_the_bitmask_are_read(void) {
    /* Any non-zero octet counts as set. */
    static const uint8_t loud[] = {0x80, 0, 0, 2};
    pvm_vm_t* vm = pvm_create(0, code, sizeof code, NULL, loud, sizeof loud, NULL, 0, 5);
    NEED(vm != NULL);
    pvm_execute(vm, 0, 0);
    EQUAL(vm->registers[7], 42);
    EQUAL(vm->pc, 3);
    EQUAL(vm->gas, 3);
    CHECK(memcmp(vm->bitmask, loud, sizeof loud) == 0);
    pvm_destroy(vm);

    vm = pvm_create(0, code, sizeof code, NULL, packed, sizeof packed, NULL, 0, 5);
    NEED(vm != NULL);
    EQUAL(vm->bitmask_len, 1);
    EQUAL(vm->bitmask[0], 0x09);
    pvm_execute(vm, 0, 0);
    EQUAL(vm->registers[7], 42);
    EQUAL(vm->pc, 3);
    pvm_destroy(vm);

    /* Spare bits are ignored. */
    static const uint8_t spare[] = {0xf9};
    vm = pvm_create(0, code, sizeof code, NULL, spare, sizeof spare, NULL, 0, 5);
    NEED(vm != NULL);
    pvm_execute(vm, 0, 0);
    EQUAL(vm->registers[7], 42);
    EQUAL(vm->pc, 3);
    pvm_destroy(vm);
}

static void one_octet_of_code_takes_any_non_zero_bitmask(void) {
    static const uint8_t fall[] = {FALLTHROUGH};
    for (int value = 0; value < 4; value++) {
        const uint8_t mask = (uint8_t)value;
        pvm_vm_t* vm = pvm_create(0, fall, 1, NULL, &mask, 1, NULL, 0, 10);
        NEED(vm != NULL);
        EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_PANIC);
        /* Set: the instruction, then the trap behind the code. Clear: a trap at once. */
        EQUAL(vm->pc, value ? 1 : 0);
        EQUAL(vm->gas, value ? 8 : 9);
        pvm_destroy(vm);
    }
}

static void impossible_sizes_are_refused(void) {
    const size_t most = (size_t)1 << 28;
    CHECK(pvm_create(0, NULL, 4, NULL, octets, 4, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, 0, NULL, octets, 0, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, 4, NULL, NULL, 4, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, 4, NULL, octets, 0, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, 4, NULL, octets, 2, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, 4, NULL, octets, 3, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, 4, NULL, octets, 5, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, 4, NULL, octets, 4, NULL, 1, 1) == NULL);
    CHECK(pvm_create(0, code, most + 1, NULL, octets, most + 1, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, SIZE_MAX, NULL, octets, SIZE_MAX, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, SIZE_MAX, NULL, octets, SIZE_MAX / 8 + 1, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, SIZE_MAX - 6, NULL, octets, 0, NULL, 0, 1) == NULL);
    CHECK(pvm_create(0, code, (size_t)1 << 32, NULL, octets, (size_t)1 << 32, NULL, 0, 1) == NULL);
}

static void setters_and_getters_show_the_live_state(void) {
    pvm_vm_t* vm = pvm_create(0, code, sizeof code, NULL, octets, sizeof octets, NULL, 0, UINT64_MAX);
    NEED(vm != NULL);
    EQUAL(pvm_get_gas(vm), UINT64_MAX);
    CHECK(pvm_get_registers(vm) == vm->registers);
    for (int i = 0; i < 13; i++) {
        pvm_set_register(vm, i, UINT64_MAX - (unsigned)i);
        EQUAL(vm->registers[i], UINT64_MAX - (unsigned)i);
        EQUAL(pvm_get_register(vm, i), UINT64_MAX - (unsigned)i);
    }
    const struct VM before = *vm;
    static const int strange[] = {-1, 13, 14, INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        pvm_set_register(vm, strange[i], 5);
        EQUAL(pvm_get_register(vm, strange[i]), 0);
    }
    CHECK(memcmp(&before, vm, sizeof before) == 0);
    vm->registers[3] = 33;
    EQUAL(pvm_get_register(vm, 3), 33);
    vm->gas = 9;
    EQUAL(pvm_get_gas(vm), 9);
    pvm_set_tracing(vm, 0);
    pvm_set_logging(vm, 0);
    EQUAL(vm->pvm_tracing, 0);
    EQUAL(vm->pvm_logging, 0);
    vm->core_index = 5;
    pvm_execute(vm, 0, 0);
    EQUAL(vm->gas, 7);
    EQUAL(vm->registers[3], 33);
    EQUAL(vm->core_index, 5);
    pvm_destroy(vm);
}

static void null_handles_are_tolerated(void) {
    uint8_t octet = 1;
    int error = 0;
    uint8_t* view = NULL;
    const uint8_t* output = NULL;
    size_t length = 1;
    uint64_t number = 1;
    EQUAL(pvm_execute(NULL, 0, 0), PVM_RESULT_ERROR);
    pvm_destroy(NULL);
    pvm_set_memory_bounds(NULL, 0, 0, 0, 0, 0, 0, 0, 0);
    pvm_set_host_callback(NULL, NULL);
    EQUAL(pvm_get_gas(NULL), 0);
    EQUAL(pvm_get_machine_state(NULL), 0);
    pvm_set_register(NULL, 0, 1);
    EQUAL(pvm_get_register(NULL, 0), 0);
    CHECK(pvm_get_registers(NULL) == NULL);
    pvm_set_heap_pointer(NULL, 1);
    pvm_expand_heap(NULL, 1);
    CHECK(pvm_write_ram_bytes_8(NULL, 65536, 1) != OK);
    CHECK(pvm_write_ram_bytes_64(NULL, 65536, 1) != OK);
    CHECK(pvm_write_ram_bytes(NULL, 65536, &octet, 1) != OK);
    EQUAL(pvm_read_ram_bytes_8(NULL, 65536, &error), 0);
    EQUAL(pvm_read_ram_bytes_64(NULL, 65536, NULL), 0);
    CHECK(pvm_read_ram_bytes(NULL, 65536, &octet, 1, &error) != OK);
    EQUAL(octet, 1);
    pvm_get_result_code(NULL);
    pvm_is_terminated(NULL);
    pvm_set_logging(NULL, 1);
    pvm_set_tracing(NULL, 1);
    pvm_panic(NULL, 1);
    pvm_branch(NULL, 0);
    pvm_djump(NULL, 0);

    CHECK(pvm_vm_program(NULL) == NULL);
    EQUAL(pvm_set_engine(NULL, PVM_ENGINE_AUTO), PVM_ERR_NULL);
    EQUAL(pvm_set_memory_mode(NULL, PVM_MEMORY_AUTO), PVM_ERR_NULL);
    pvm_get_engine(NULL);
    pvm_get_memory_mode(NULL);
    EQUAL(pvm_set_host_function(NULL, NULL, NULL), PVM_ERR_NULL);
    EQUAL(pvm_charge_gas(NULL, 1), PVM_ERR_NULL);
    pvm_host_unknown(NULL);
    pvm_host_grow_heap(NULL);
    EQUAL(pvm_run(NULL, 0), PVM_EXIT_REFUSED);
    EQUAL(pvm_resume(NULL), PVM_EXIT_REFUSED);
    EQUAL(pvm_step(NULL), PVM_EXIT_REFUSED);
    EQUAL(pvm_set_pc(NULL, 0), PVM_ERR_NULL);
    EQUAL(pvm_get_pc(NULL), 0);
    EQUAL(pvm_get_gas_signed(NULL), 0);
    EQUAL(pvm_set_gas_signed(NULL, 0), PVM_ERR_NULL);
    EQUAL(pvm_set_gas(NULL, 0), PVM_ERR_NULL);
    pvm_exit_reason(NULL);
    EQUAL(pvm_fault_page(NULL), 0);
    EQUAL(pvm_set_fault_page(NULL, 0), PVM_ERR_NULL);
    EQUAL(pvm_heap(NULL, &number, NULL, NULL), PVM_ERR_NULL);
    EQUAL(pvm_output(NULL, &output, &length), PVM_ERR_NULL);
    EQUAL(pvm_map_pages(NULL, 16, 1, PVM_ACCESS_READ), PVM_ERR_NULL);
    EQUAL(pvm_page_access(NULL, 16), PVM_ACCESS_NONE);
    EQUAL(pvm_is_readable(NULL, 65536, 1), 0);
    EQUAL(pvm_is_writable(NULL, 65536, 1), 0);
    EQUAL(pvm_read(NULL, 65536, 1, &octet), PVM_ERR_NULL);
    EQUAL(pvm_write(NULL, 65536, 1, &octet), PVM_ERR_NULL);
    EQUAL(pvm_load(NULL, 65536, 1, &octet), PVM_ERR_NULL);
    EQUAL(pvm_memory_view(NULL, 65536, 1, PVM_ACCESS_READ, &view), PVM_ERR_NULL);
    pvm_inner_machine(NULL);
    pvm_inner_peek(NULL);
    pvm_inner_poke(NULL);
    pvm_inner_pages(NULL);
    pvm_inner_invoke(NULL);
    pvm_inner_expunge(NULL);
    pvm_inner_call(NULL, 8);
    EQUAL(pvm_inner_count(NULL), 0);
    CHECK(pvm_inner_vm(NULL, 0) == NULL);
    EQUAL(pvm_set_inner_limit(NULL, 1), PVM_ERR_NULL);
    EQUAL(pvm_set_line_function(NULL, NULL, NULL), PVM_ERR_NULL);
}

static void engine_and_memory_mode_can_be_asked(void) {
    pvm_vm_t* vm = pvm_create(0, code, sizeof code, NULL, octets, sizeof octets, NULL, 0, 5);
    NEED(vm != NULL);
    CHECK(pvm_get_engine(vm) != PVM_ENGINE_AUTO);
    CHECK(pvm_get_memory_mode(vm) != PVM_MEMORY_AUTO);
    EQUAL(pvm_set_engine(vm, PVM_ENGINE_INTERPRETER), PVM_OK);
    EQUAL(pvm_get_engine(vm), PVM_ENGINE_INTERPRETER);
    EQUAL(pvm_set_memory_mode(vm, PVM_MEMORY_CHECKED), PVM_OK);
    EQUAL(pvm_get_memory_mode(vm), PVM_MEMORY_CHECKED);
    CHECK(pvm_set_engine(vm, (pvm_engine_t)3) != PVM_OK);
    CHECK(pvm_set_memory_mode(vm, (pvm_memory_mode_t)3) != PVM_OK);
    /* What a build does not have is refused; what it has becomes the answer. */
    if (pvm_set_engine(vm, PVM_ENGINE_RECOMPILER) == PVM_OK) EQUAL(pvm_get_engine(vm), PVM_ENGINE_RECOMPILER);
    else EQUAL(pvm_get_engine(vm), PVM_ENGINE_INTERPRETER);
    if (pvm_set_memory_mode(vm, PVM_MEMORY_GUARDED) == PVM_OK) EQUAL(pvm_get_memory_mode(vm), PVM_MEMORY_GUARDED);
    else EQUAL(pvm_get_memory_mode(vm), PVM_MEMORY_CHECKED);
    pvm_destroy(vm);
}

static void many_vms_come_and_go(void) {
    for (int i = 0; i < 2000; i++) {
        pvm_vm_t* vm = pvm_create((uint32_t)i, code, sizeof code, NULL, octets, sizeof octets, jumps, 2, 5);
        NEED(vm != NULL);
        pvm_set_memory_bounds(vm, 0x20000, 0x21000, 0x10000, 0x11000, 0x40000, 0x41000, 0x50000, 0x60000);
        if (i % 2) pvm_execute(vm, 0, 0);
        pvm_destroy(vm);
    }
    CHECK(1);
}

int main(void) {
    RUN(all_inputs_are_copied);
    RUN(a_new_vm_has_not_run);
    RUN(both_forms_of_the_bitmask_are_read);
    RUN(one_octet_of_code_takes_any_non_zero_bitmask);
    RUN(impossible_sizes_are_refused);
    RUN(setters_and_getters_show_the_live_state);
    RUN(null_handles_are_tolerated);
    RUN(engine_and_memory_mode_can_be_asked);
    RUN(many_vms_come_and_go);
    return finish(__FILE__);
}
