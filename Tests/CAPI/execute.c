/* pvm_execute: every way a run ends, and what it leaves behind. */
#include "check.h"

#define DATA 0x20000u

static pvm_vm_t* vm_with_data(const code_t* code, uint64_t gas) {
    pvm_vm_t* vm = code_vm(code, gas);
    NEED(vm != NULL);
    pvm_set_memory_bounds(vm, DATA, DATA + 0x1000, 0, 0, 0, 0, 0, 0);
    return vm;
}

static void ended(pvm_vm_t* vm, pvm_result_t result, pvm_result_t expected, int state, uint64_t pc, uint64_t gas) {
    EQUAL(result, expected);
    EQUAL(vm->machine_state, state);
    EQUAL(pvm_get_machine_state(vm), state);
    EQUAL(pvm_exit_reason(vm), state);
    EQUAL(vm->pc, pc);
    EQUAL(vm->gas, gas);
    EQUAL(pvm_get_result_code(vm), expected == PVM_RESULT_OK ? WORKDIGEST_OK
                                 : expected == PVM_RESULT_OOG ? WORKDIGEST_OOG : WORKDIGEST_PANIC);
    EQUAL(vm->result_code, pvm_get_result_code(vm));
    EQUAL(vm->terminated, 1);
    EQUAL(vm->host_call, 0);
}

static void halt(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 42);
    OP_HALT(code, 0);
    pvm_vm_t* vm = vm_with_data(&code, 10);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, 3, 8);
    EQUAL(vm->registers[7], 42);
    /* Again, from the second instruction. */
    vm->registers[7] = 1;
    ended(vm, pvm_execute(vm, 3, 0), PVM_RESULT_OK, HALT, 3, 7);
    EQUAL(vm->registers[7], 1);
    pvm_destroy(vm);
}

static void out_of_gas_at_every_instruction(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 1);
    OP(code, LOAD_IMM, 8, 2);
    OP_HALT(code, 0);
    static const uint32_t pcs[] = {0, 3, 6};
    for (uint64_t gas = 0; gas < 3; gas++) {
        pvm_vm_t* vm = vm_with_data(&code, gas);
        ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OOG, OOG, pcs[gas], 0);
        EQUAL(vm->registers[7], gas >= 1 ? 1 : 0);
        EQUAL(vm->registers[8], gas >= 2 ? 2 : 0);
        EQUAL(pvm_get_gas_signed(vm), (uint64_t)-1);
        /* More gas and on. */
        vm->gas = 5;
        ended(vm, pvm_execute(vm, pcs[gas], 0), PVM_RESULT_OK, HALT, 6, 5 - (3 - gas));
        EQUAL(vm->registers[8], 2);
        pvm_destroy(vm);
    }
}

static void out_of_gas_wins_over_trap_halt_fault_and_ecalli(void) {
    static const uint8_t instructions[][6] = {{TRAP}, {JUMP_IND, 0, 0, 0, 0xff}, {LOAD_U8, 7, IMM32(0x30000)}, {ECALLI, 1}, {LOAD_U8, 7}};
    static const uint8_t lengths[] = {1, 5, 6, 2, 2};
    for (int i = 0; i < 5; i++) {
        code_t code = code_new();
        code_add(&code, instructions[i], lengths[i]);
        pvm_vm_t* vm = vm_with_data(&code, 0);
        ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OOG, OOG, 0, 0);
        pvm_destroy(vm);
    }
}

static void trap(void) {
    code_t code = code_new();
    OP(code, FALLTHROUGH);
    OP(code, TRAP);
    pvm_vm_t* vm = vm_with_data(&code, 10);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, PANIC, 1, 8);
    pvm_destroy(vm);
}

static void the_end_of_the_code_is_a_trap(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 42);
    pvm_vm_t* vm = vm_with_data(&code, 10);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, PANIC, 3, 8);
    EQUAL(vm->registers[7], 42);
    pvm_destroy(vm);
}

static void an_opcode_that_is_none_is_a_trap(void) {
    code_t code = code_new();
    OP(code, 255, 1, 2);
    pvm_vm_t* vm = vm_with_data(&code, 10);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, PANIC, 0, 9);
    pvm_destroy(vm);
}

static void an_entry_that_is_no_opcode_costs_one_gas(void) {
    static const uint32_t entries[] = {1, 2, 8, 100, 0x7fffffff, 0x80000000, 0xffffffff};
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 42);
    OP_HALT(code, 0);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        pvm_vm_t* vm = vm_with_data(&code, 10);
        ended(vm, pvm_execute(vm, entries[i], 0), PVM_RESULT_PANIC, PANIC, entries[i], 9);
        vm->gas = 0;
        ended(vm, pvm_execute(vm, entries[i], 0), PVM_RESULT_OOG, OOG, entries[i], 0);
        pvm_destroy(vm);
    }
}

static void a_page_fault_changes_nothing_and_can_be_repaired(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 5);
    OP(code, LOAD_U64, 7, IMM32(DATA + 0xffc)); /* its second half lies on the next page */
    OP_HALT(code, 0);
    pvm_vm_t* vm = vm_with_data(&code, 10);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, FAULT, 3, 8);
    EQUAL(vm->fault_address, DATA + 0x1000);
    EQUAL(pvm_fault_page(vm), DATA + 0x1000);
    EQUAL(vm->registers[7], 5);
    /* Still not there: the same again, free of charge. */
    ended(vm, pvm_execute(vm, 3, 0), PVM_RESULT_PANIC, FAULT, 3, 8);
    EQUAL(pvm_map_pages(vm, (DATA >> 12) + 1, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_write_ram_bytes_64(vm, DATA + 0xffc, 0x1122334455667788u), OK);
    /* Starting at the instruction that faulted carries the run on: it is paid already. */
    ended(vm, pvm_execute(vm, 3, 0), PVM_RESULT_OK, HALT, 9, 7);
    EQUAL(vm->registers[7], 0x1122334455667788u);
    /* A later run pays again. */
    ended(vm, pvm_execute(vm, 3, 0), PVM_RESULT_OK, HALT, 9, 5);
    pvm_destroy(vm);
}

static void starting_elsewhere_after_a_fault_pays(void) {
    code_t code = code_new();
    OP(code, LOAD_U8, 7, IMM32(0x50000));
    OP_HALT(code, 0);
    pvm_vm_t* vm = vm_with_data(&code, 10);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, FAULT, 0, 9);
    ended(vm, pvm_execute(vm, 6, 0), PVM_RESULT_OK, HALT, 6, 8);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, FAULT, 0, 7);
    pvm_destroy(vm);
}

static void a_store_that_faults_writes_nothing(void) {
    code_t code = code_new();
    OP(code, STORE_U64, 7, IMM32(DATA + 0xffc));
    pvm_vm_t* vm = vm_with_data(&code, 10);
    vm->registers[7] = UINT64_MAX;
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, FAULT, 0, 9);
    EQUAL(vm->fault_address, DATA + 0x1000);
    EQUAL(pvm_read_ram_bytes_32(vm, DATA + 0xffc, NULL), 0);
    pvm_destroy(vm);
}

static void the_lowest_inaccessible_page_is_named(void) {
    code_t code = code_new();
    OP(code, LOAD_U64, 7, IMM32(DATA - 4)); /* starts before the region */
    pvm_vm_t* vm = vm_with_data(&code, 10);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, FAULT, 0, 9);
    EQUAL(vm->fault_address, DATA - 0x1000);
    pvm_destroy(vm);
}

static void access_below_two_to_the_sixteenth_panics(void) {
    static const uint32_t addresses[] = {0, 1, 0x8000, 0xfff8, 0xffff};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        code_t code = code_new();
        OP(code, LOAD_IND_U64, REGS(7, 1));
        pvm_vm_t* vm = code_vm(&code, 10);
        NEED(vm != NULL);
        /* 0x10000 is there: an access that starts below it panics all the same. */
        pvm_set_memory_bounds(vm, 0x10000, 0x11000, 0, 0, 0, 0, 0, 0);
        vm->registers[1] = addresses[i];
        ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, PANIC, 0, 9);
        pvm_destroy(vm);
    }
}

static void addresses_wrap_at_two_to_the_thirty_second(void) {
    code_t code = code_new();
    OP(code, STORE_IND_U64, REGS(7, 1));
    OP(code, STORE_IND_U8, REGS(7, 2));
    OP_HALT(code, 0);
    pvm_vm_t* vm = code_vm(&code, 10);
    NEED(vm != NULL);
    pvm_set_memory_bounds(vm, 0xfffff000, 0xffffffff, 0, 0, 0, 0, 0x20000, 0x21000);
    vm->registers[7] = UINT64_MAX;
    /* The upper half of the access lands on 0 to 3. */
    vm->registers[1] = 0xfffffffc;
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, PANIC, 0, 9);
    EQUAL(pvm_read_ram_bytes_32(vm, 0xfffffffc, NULL), 0);
    /* The upper halves of registers do not count. */
    vm->registers[1] = 0xabcdef0100020000u;
    vm->registers[2] = 0x1234567800020010u;
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, 4, 6);
    EQUAL(pvm_read_ram_bytes_64(vm, 0x20000, NULL), UINT64_MAX);
    EQUAL(pvm_read_ram_bytes_8(vm, 0x20010, NULL), 0xff);
    pvm_destroy(vm);

    vm = code_vm(&code, 10);
    NEED(vm != NULL);
    vm->registers[1] = 0xfffffffc; /* the lowest address that cannot be had is on the last page */
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, FAULT, 0, 9);
    EQUAL(vm->fault_address, 0xfffff000);
    pvm_destroy(vm);
}

static void static_jumps_must_reach_a_block(void) {
    code_t code = code_new();
    OP(code, JUMP, 4);        /* 0: into a block's middle */
    OP(code, FALLTHROUGH);    /* 2 */
    OP(code, LOAD_IMM, 7);    /* 3: starts a block */
    OP(code, JUMP, 0);        /* 5: to itself, an instruction that starts no block */
    OP(code, JUMP, (uint8_t)-4);  /* 7: to 3 */
    OP(code, BRANCH_EQ_IMM, 2, 100);  /* 9: r2 == 0 to 109, behind the code */
    OP(code, BRANCH_NE_IMM, 2, 100);  /* 12: not taken: no harm */
    OP_HALT(code, 0);         /* 15 */
    OP(code, LOAD_IMM_JUMP, 0x10 | 9, 77, 100);  /* 20: r9 = 77, then nowhere */
    OP(code, JUMP, IMM32(0x80000000));  /* 24: far below zero */
    pvm_vm_t* vm = vm_with_data(&code, 100);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, PANIC, 0, 99);
    ended(vm, pvm_execute(vm, 5, 0), PVM_RESULT_PANIC, PANIC, 5, 98);
    ended(vm, pvm_execute(vm, 9, 0), PVM_RESULT_PANIC, PANIC, 9, 97);
    ended(vm, pvm_execute(vm, 12, 0), PVM_RESULT_OK, HALT, 15, 95);
    ended(vm, pvm_execute(vm, 20, 0), PVM_RESULT_PANIC, PANIC, 20, 94);
    EQUAL(vm->registers[9], 77); /* set although the jump fails */
    ended(vm, pvm_execute(vm, 24, 0), PVM_RESULT_PANIC, PANIC, 24, 93);
    vm->registers[7] = 1;
    ended(vm, pvm_execute(vm, 7, 0), PVM_RESULT_PANIC, PANIC, 5, 90);
    EQUAL(vm->registers[7], 0);
    pvm_destroy(vm);
}

static void dynamic_jumps_go_through_the_table(void) {
    code_t code = code_new();
    OP(code, JUMP_IND, 1);       /* 0 */
    OP(code, LOAD_IMM, 7, 1);    /* 2: starts a block */
    OP_HALT(code, 0);            /* 5 */
    OP(code, LOAD_IMM, 7, 2);    /* 10: starts a block */
    OP_HALT(code, 0);            /* 13 */
    code_jump_entry(&code, 10);
    code_jump_entry(&code, 2);
    code_jump_entry(&code, 5);   /* starts no block */
    code_jump_entry(&code, 0xffffffff);
    pvm_vm_t* vm = vm_with_data(&code, 1000);
    static const struct { uint64_t address; int good; uint64_t value; } cases[] = {
        {2, 1, 2}, {4, 1, 1}, {0x100000002u, 1, 2}, {0, 0, 0}, {1, 0, 0}, {3, 0, 0}, {6, 0, 0}, {8, 0, 0}, {10, 0, 0}, {11, 0, 0},
        {0xfffffffe, 0, 0}, {0xfffe0000, 0, 0}, {0xffff0002, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vm->registers[1] = cases[i].address;
        vm->registers[7] = 0;
        const uint64_t gas = vm->gas;
        if (cases[i].good) ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, cases[i].value == 2 ? 13 : 5, gas - 3);
        else ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, PANIC, 0, gas - 1);
        EQUAL(vm->registers[7], cases[i].value);
    }
    vm->registers[1] = 0xffff0000; /* the way out */
    vm->gas = 10;
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, 0, 9);
    vm->registers[1] = 0x12345678ffff0000u;
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, 0, 8);
    pvm_destroy(vm);
}

static void load_and_jump_uses_the_old_register(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM_JUMP_IND, REGS(1, 1), 1, 99, 0); /* 0: r1 = 99, to the old r1 */
    OP_HALT(code, 0);                                  /* 5 */
    code_jump_entry(&code, 5);
    pvm_vm_t* vm = vm_with_data(&code, 100);
    vm->registers[1] = 2;
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, 5, 98);
    EQUAL(vm->registers[1], 99);
    vm->registers[1] = 3;
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_PANIC, PANIC, 0, 97);
    EQUAL(vm->registers[1], 99); /* set although the jump fails */
    pvm_destroy(vm);
}

static void gas_is_a_plain_unsigned_number(void) {
    code_t code = code_new();
    OP(code, FALLTHROUGH);
    OP_HALT(code, 0);
    pvm_vm_t* vm = vm_with_data(&code, UINT64_MAX);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, 1, UINT64_MAX - 2);
    vm->gas = (uint64_t)1 << 63;
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, 1, ((uint64_t)1 << 63) - 2);
    pvm_destroy(vm);
}

static void a_loop_is_counted_to_the_end(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 2, 100);                          /* 0 */
    OP(code, FALLTHROUGH);                               /* 3 */
    OP(code, ADD_64, REGS(7, 2), 7);                     /* 4: r7 += r2 */
    OP(code, ADD_IMM_64, REGS(2, 2), (uint8_t)-1);       /* 7 */
    OP(code, BRANCH_NE_IMM, 2, (uint8_t)-6);             /* 10: while r2 != 0 */
    OP_HALT(code, 0);                                    /* 13 */
    pvm_vm_t* vm = vm_with_data(&code, 1000);
    ended(vm, pvm_execute(vm, 0, 0), PVM_RESULT_OK, HALT, 13, 1000 - 2 - 300 - 1);
    EQUAL(vm->registers[7], 5050);
    /* Each amount of gas stops at the instruction that it cannot pay. */
    for (uint64_t gas = 0; gas < 303; gas++) {
        memset(vm->registers, 0, sizeof vm->registers);
        vm->gas = gas;
        EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OOG);
        EQUAL(vm->gas, 0);
        EQUAL(vm->pc, gas == 0 ? 0 : gas == 1 ? 3 : gas == 302 ? 13 : (gas - 2) % 3 == 0 ? 4 : (gas - 2) % 3 == 1 ? 7 : 10);
    }
    pvm_destroy(vm);
}

int main(void) {
    RUN(halt);
    RUN(out_of_gas_at_every_instruction);
    RUN(out_of_gas_wins_over_trap_halt_fault_and_ecalli);
    RUN(trap);
    RUN(the_end_of_the_code_is_a_trap);
    RUN(an_opcode_that_is_none_is_a_trap);
    RUN(an_entry_that_is_no_opcode_costs_one_gas);
    RUN(a_page_fault_changes_nothing_and_can_be_repaired);
    RUN(starting_elsewhere_after_a_fault_pays);
    RUN(a_store_that_faults_writes_nothing);
    RUN(the_lowest_inaccessible_page_is_named);
    RUN(access_below_two_to_the_sixteenth_panics);
    RUN(addresses_wrap_at_two_to_the_thirty_second);
    RUN(static_jumps_must_reach_a_block);
    RUN(dynamic_jumps_go_through_the_table);
    RUN(load_and_jump_uses_the_old_register);
    RUN(gas_is_a_plain_unsigned_number);
    RUN(a_loop_is_counted_to_the_end);
    return finish(__FILE__);
}
