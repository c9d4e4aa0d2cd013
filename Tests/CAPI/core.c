/* The machine's own functions at the end of pvm.h. */
#include "check.h"

static pvm_vm_t* new_vm(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 42);           /* 0 */
    OP(code, ADD_IMM_64, REGS(8, 7), 1); /* 3 */
    OP(code, JUMP, (uint8_t)-6);         /* 6: to 0 */
    OP(code, ECALLI, 9);                 /* 8: starts a block */
    OP(code, TRAP);                      /* 10 */
    OP(code, LOAD_U8, 7, IMM32(0x20000)); /* 11: starts a block */
    OP_HALT(code, 0);                    /* 17 */
    code_jump_entry(&code, 8);
    code_jump_entry(&code, 17);
    pvm_vm_t* vm = code_vm(&code, 100);
    NEED(vm != NULL);
    return vm;
}

/* Carries out the instruction at pc through the table. */
static void carry_out(pvm_vm_t* vm, uint32_t pc, uint32_t length) {
    vm->pc = pc;
    dispatch_table[vm->code[pc]](vm, vm->code + pc + 1, length - 1);
}

static void the_table_is_whole(void) {
    int missing = 0;
    for (int opcode = 0; opcode < 256; opcode++) missing += dispatch_table[opcode] == NULL;
    EQUAL(missing, 0);
    init_dispatch_table();
    init_dispatch_table();
    missing = 0;
    for (int opcode = 0; opcode < 256; opcode++) missing += dispatch_table[opcode] == NULL;
    EQUAL(missing, 0);
}

static void a_handler_carries_out_one_instruction(void) {
    pvm_vm_t* vm = new_vm();
    carry_out(vm, 0, 3);
    EQUAL(vm->registers[7], 42);
    EQUAL(vm->pc, 3);
    carry_out(vm, 3, 3);
    EQUAL(vm->registers[8], 43);
    EQUAL(vm->pc, 6);
    carry_out(vm, 6, 2);
    EQUAL(vm->pc, 0);
    EQUAL(vm->gas, 100); /* without gas */
    EQUAL(vm->terminated, 0);
    carry_out(vm, 8, 2);
    EQUAL(vm->machine_state, HOST);
    EQUAL(vm->host_func_id, 9);
    carry_out(vm, 10, 1);
    EQUAL(vm->machine_state, PANIC);
    pvm_destroy(vm);

    vm = new_vm();
    carry_out(vm, 11, 6);
    EQUAL(vm->machine_state, FAULT);
    EQUAL(vm->fault_address, 0x20000);
    EQUAL(vm->registers[7], 0);
    pvm_destroy(vm);

    vm = new_vm();
    pvm_set_memory_bounds(vm, 0x20000, 0x21000, 0, 0, 0, 0, 0, 0);
    EQUAL(pvm_write_ram_bytes_8(vm, 0x20000, 200), OK);
    carry_out(vm, 11, 6);
    EQUAL(vm->registers[7], 200);
    carry_out(vm, 17, 5);
    EQUAL(vm->machine_state, HALT);
    EQUAL(vm->terminated, 1);
    EQUAL(vm->gas, 100);
    pvm_destroy(vm);
}

static void operands_come_from_the_caller(void) {
    pvm_vm_t* vm = new_vm();
    uint8_t operands[] = {REGS(3, 4), 5};
    vm->registers[3] = 70;
    vm->registers[4] = 7;
    dispatch_table[ADD_64](vm, operands, 2); /* r5 = r3 + r4 */
    EQUAL(vm->registers[5], 77);
    uint8_t load[] = {6, 0xff};
    dispatch_table[LOAD_IMM](vm, load, 2);
    EQUAL(vm->registers[6], UINT64_MAX);
    dispatch_table[LOAD_IMM](vm, load, 1);
    EQUAL(vm->registers[6], 0);
    uint8_t none[] = {0};
    dispatch_table[255](vm, none, 0);
    EQUAL(vm->machine_state, PANIC);
    pvm_destroy(vm);
}

static void branch_goes_to_blocks_only(void) {
    pvm_vm_t* vm = new_vm();
    pvm_branch(vm, 8);
    EQUAL(vm->pc, 8);
    EQUAL(vm->terminated, 0);
    pvm_branch(vm, 0);
    EQUAL(vm->pc, 0);
    pvm_branch(vm, 3);
    EQUAL(vm->machine_state, PANIC);
    EQUAL(vm->result_code, WORKDIGEST_PANIC);
    EQUAL(vm->terminated, 1);
    pvm_destroy(vm);
    static const uint64_t bad[] = {1, 22, 1000, UINT32_MAX, (uint64_t)1 << 32, ((uint64_t)1 << 32) + 8, UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vm = new_vm();
        pvm_branch(vm, bad[i]);
        EQUAL(vm->machine_state, PANIC);
        pvm_destroy(vm);
    }
}

static void djump_goes_through_the_table(void) {
    pvm_vm_t* vm = new_vm();
    pvm_djump(vm, 2);
    EQUAL(vm->pc, 8);
    EQUAL(vm->terminated, 0);
    pvm_djump(vm, 0xffff0000);
    EQUAL(vm->machine_state, HALT);
    EQUAL(vm->terminated, 1);
    EQUAL(vm->result_code, WORKDIGEST_OK);
    pvm_destroy(vm);
    static const uint64_t bad[] = {0, 1, 3, 4, 6, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vm = new_vm();
        pvm_djump(vm, bad[i]);
        EQUAL(vm->machine_state, PANIC);
        pvm_destroy(vm);
    }
}

static void panic_takes_a_code(void) {
    static const uint64_t codes[] = {WORKDIGEST_PANIC, WORKDIGEST_BAD_EXPORT, WORKDIGEST_OVERSIZE, WORKDIGEST_BAD, WORKDIGEST_BIG};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        pvm_vm_t* vm = new_vm();
        pvm_panic(vm, codes[i]);
        EQUAL(vm->machine_state, PANIC);
        EQUAL(pvm_get_result_code(vm), codes[i]);
        EQUAL(pvm_is_terminated(vm), 1);
        pvm_destroy(vm);
    }
}

static void pages_and_zones_are_rounded_up(void) {
    static const uint32_t values[][3] = {
        {0, 0, 0}, {1, 4096, 65536}, {4095, 4096, 65536}, {4096, 4096, 65536}, {4097, 8192, 65536}, {65536, 65536, 65536},
        {65537, 69632, 131072}, {0xfffff000, 0xfffff000, 0}, {0xffff0000, 0xffff0000, 0xffff0000}, {0xffffffff, 0, 0}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        EQUAL(p_func(values[i][0]), values[i][1]);
        EQUAL(z_func(values[i][0]), values[i][2]);
    }
}

static void names(void) {
    static const char* const registers[] = {"ra", "sp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5"};
    for (int i = 0; i < 13; i++) STRING(reg_name(i), registers[i]);
    STRING(reg_name(13), "?");
    STRING(reg_name(-1), "?");
    STRING(reg_name(INT_MAX), "?");
    STRING(reg_name(INT_MIN), "?");
    STRING(get_opcode_name(0), "TRAP");
    STRING(get_opcode_name(1), "FALLTHROUGH");
    STRING(get_opcode_name(2), "UNKNOWN");
    STRING(get_opcode_name(10), "ECALLI");
    STRING(get_opcode_name(101), "SBRK");
    STRING(get_opcode_name(149), "ADD_IMM_64");
    STRING(get_opcode_name(230), "MIN_U");
    STRING(get_opcode_name(255), "UNKNOWN");
}

int main(void) {
    RUN(the_table_is_whole);
    RUN(a_handler_carries_out_one_instruction);
    RUN(operands_come_from_the_caller);
    RUN(branch_goes_to_blocks_only);
    RUN(djump_goes_through_the_table);
    RUN(panic_takes_a_code);
    RUN(pages_and_zones_are_rounded_up);
    RUN(names);
    return finish(__FILE__);
}
