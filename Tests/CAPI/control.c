/* Run control of pvm_ext.h: run, resume, step, pc, gas with a sign, and what a host function can end a run with. */
#include "check.h"

static struct {
    int calls;
    pvm_action_t action;
    uint64_t charge;
    pvm_error_t charged;
    void* user_data;
} host;

static pvm_action_t serve(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)func_id;
    host.calls++;
    host.user_data = user_data;
    if (host.charge) host.charged = pvm_charge_gas(vm, host.charge);
    return host.action;
}

/* 0: load_imm r7 = 5, 3: ecalli 9, 5: load_imm r8 = 6, 8: halt */
static pvm_vm_t* calling_vm(pvm_host_function_t function) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 5);
    OP(code, ECALLI, 9);
    OP(code, LOAD_IMM, 8, 6);
    OP_HALT(code, 0);
    pvm_vm_t* vm = code_vm(&code, 100);
    NEED(vm != NULL);
    memset(&host, 0, sizeof host);
    EQUAL(pvm_set_host_function(vm, function, &host), PVM_OK);
    return vm;
}

static void each_action_ends_the_run_in_its_way(void) {
    static const struct { pvm_action_t action; pvm_exit_t exit; uint64_t pc, gas; } cases[] = {
        {PVM_ACTION_CONTINUE, PVM_EXIT_HALT, 8, 96}, {PVM_ACTION_HALT, PVM_EXIT_HALT, 3, 98}, {PVM_ACTION_PANIC, PVM_EXIT_PANIC, 3, 98},
        {PVM_ACTION_OOG, PVM_EXIT_OOG, 3, 0}, {PVM_ACTION_FAULT, PVM_EXIT_FAULT, 3, 98}, {PVM_ACTION_SUSPEND, PVM_EXIT_HOST, 3, 98},
        {(pvm_action_t)6, PVM_EXIT_PANIC, 3, 98}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pvm_vm_t* vm = calling_vm(serve);
        host.action = cases[i].action;
        EQUAL(pvm_set_fault_page(vm, 0x34567), PVM_OK);
        EQUAL(pvm_run(vm, 0), cases[i].exit);
        EQUAL(host.calls, 1);
        CHECK(host.user_data == &host);
        EQUAL(pvm_exit_reason(vm), cases[i].exit);
        EQUAL(vm->machine_state, cases[i].exit);
        EQUAL(vm->pc, cases[i].pc);
        EQUAL(pvm_get_pc(vm), cases[i].pc);
        if (cases[i].exit != PVM_EXIT_OOG) EQUAL(vm->gas, cases[i].gas);
        EQUAL(vm->registers[8], cases[i].action == PVM_ACTION_CONTINUE ? 6 : 0);
        EQUAL(vm->terminated, cases[i].exit != PVM_EXIT_HOST);
        EQUAL(vm->host_call, cases[i].exit == PVM_EXIT_HOST);
        if (cases[i].exit == PVM_EXIT_FAULT) {
            EQUAL(pvm_fault_page(vm), 0x34000);
            EQUAL(vm->fault_address, 0x34000);
        }
        pvm_destroy(vm);
    }
}

static void a_suspended_call_is_resumed_behind_it(void) {
    pvm_vm_t* vm = calling_vm(serve);
    host.action = PVM_ACTION_SUSPEND;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
    EQUAL(vm->host_func_id, 9);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(host.calls, 1);
    EQUAL(vm->registers[8], 6);
    EQUAL(vm->gas, 96);
    pvm_destroy(vm);
}

static void a_fault_from_the_host_is_not_charged_again(void) {
    pvm_vm_t* vm = calling_vm(serve);
    host.action = PVM_ACTION_FAULT;
    EQUAL(pvm_set_fault_page(vm, 0x20000), PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_FAULT);
    EQUAL(vm->gas, 98);
    host.action = PVM_ACTION_CONTINUE;
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(host.calls, 2);
    EQUAL(vm->gas, 96);
    pvm_destroy(vm);
}

static void gas_can_be_charged(void) {
    pvm_vm_t* vm = calling_vm(serve);
    host.charge = 98;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_OOG);
    EQUAL(host.charged, PVM_OK);
    EQUAL(vm->pc, 5); /* all of it is allowed; the next instruction is missed */
    EQUAL(pvm_get_gas_signed(vm), (uint64_t)-1);
    pvm_destroy(vm);

    vm = calling_vm(serve);
    host.charge = 100;
    host.action = PVM_ACTION_OOG;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_OOG);
    EQUAL(host.charged, PVM_ERR_OUT_OF_GAS);
    EQUAL(vm->pc, 3);
    EQUAL(vm->gas, 0);
    EQUAL(pvm_get_gas_signed(vm), (uint64_t)-2);
    pvm_destroy(vm);

    vm = calling_vm(NULL);
    EQUAL(pvm_charge_gas(vm, 0), PVM_OK);
    EQUAL(pvm_charge_gas(vm, 40), PVM_OK);
    EQUAL(vm->gas, 60);
    EQUAL(pvm_get_gas_signed(vm), 60);
    EQUAL(pvm_charge_gas(vm, UINT64_MAX), PVM_ERR_OUT_OF_GAS);
    EQUAL(vm->gas, 0);
    CHECK(pvm_get_gas_signed(vm) < 0);
    EQUAL(pvm_charge_gas(vm, 0), PVM_OK);
    pvm_destroy(vm);
}

static void gas_has_a_sign(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    EQUAL(pvm_get_gas_signed(vm), 100);
    EQUAL(pvm_set_gas_signed(vm, -7), PVM_OK);
    EQUAL(vm->gas, 0);
    EQUAL(pvm_get_gas(vm), 0);
    EQUAL(pvm_get_gas_signed(vm), (uint64_t)-7);
    EQUAL(pvm_set_gas_signed(vm, INT64_MIN), PVM_OK);
    EQUAL(pvm_get_gas_signed(vm), (uint64_t)INT64_MIN);
    EQUAL(pvm_set_gas(vm, 50), PVM_OK);
    EQUAL(pvm_get_gas_signed(vm), 50);
    EQUAL(pvm_set_gas_signed(vm, -7), PVM_OK);
    vm->gas = 3; /* live */
    EQUAL(pvm_get_gas_signed(vm), 3);
    EQUAL(pvm_set_gas(vm, UINT64_MAX), PVM_OK);
    EQUAL(vm->gas, UINT64_MAX);
    EQUAL(pvm_get_gas_signed(vm), INT64_MAX);
    EQUAL(pvm_set_gas(vm, (uint64_t)1 << 63), PVM_OK);
    EQUAL(pvm_get_gas_signed(vm), INT64_MAX);
    EQUAL(pvm_set_gas_signed(vm, INT64_MAX), PVM_OK);
    EQUAL(vm->gas, INT64_MAX);
    EQUAL(pvm_set_gas(vm, 0), PVM_OK);
    EQUAL(pvm_get_gas_signed(vm), 0);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_OOG);
    EQUAL(pvm_get_gas_signed(vm), (uint64_t)-1);
    pvm_destroy(vm);
}

static void a_step_is_one_instruction(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    EQUAL(pvm_exit_reason(vm), PVM_EXIT_NONE);
    EQUAL(pvm_set_pc(vm, 0), PVM_OK);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    EQUAL(vm->registers[7], 5);
    EQUAL(vm->pc, 3);
    EQUAL(vm->gas, 99);
    EQUAL(vm->initializing, 0);
    EQUAL(pvm_step(vm), PVM_EXIT_HOST);
    EQUAL(vm->pc, 3);
    EQUAL(vm->gas, 98);
    EQUAL(vm->host_func_id, 9);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    EQUAL(vm->registers[8], 6);
    EQUAL(vm->pc, 8);
    EQUAL(vm->gas, 97);
    EQUAL(pvm_step(vm), PVM_EXIT_HALT);
    EQUAL(vm->pc, 8);
    EQUAL(vm->gas, 96);
    EQUAL(pvm_step(vm), PVM_EXIT_REFUSED);
    EQUAL(vm->gas, 96);
    pvm_destroy(vm);
}

static void a_step_over_a_call_serves_it(void) {
    pvm_vm_t* vm = calling_vm(serve);
    EQUAL(pvm_set_pc(vm, 3), PVM_OK);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    EQUAL(host.calls, 1);
    EQUAL(vm->pc, 5);
    EQUAL(vm->gas, 99);
    /* From a step on to the end. */
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(host.calls, 1);
    EQUAL(vm->gas, 97);
    pvm_destroy(vm);
}

static void a_step_that_cannot_be_paid_does_nothing(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    EQUAL(pvm_set_gas(vm, 0), PVM_OK);
    EQUAL(pvm_set_pc(vm, 0), PVM_OK);
    EQUAL(pvm_step(vm), PVM_EXIT_OOG);
    EQUAL(vm->pc, 0);
    EQUAL(vm->registers[7], 0);
    EQUAL(pvm_set_gas(vm, 2), PVM_OK);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    EQUAL(vm->registers[7], 5);
    EQUAL(vm->gas, 1);
    pvm_destroy(vm);
}

static void what_has_ended_goes_on_only_with_a_new_pc(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    EQUAL(pvm_run(vm, 5), PVM_EXIT_HALT);
    EQUAL(pvm_resume(vm), PVM_EXIT_REFUSED);
    EQUAL(vm->gas, 98);
    EQUAL(pvm_exit_reason(vm), PVM_EXIT_HALT);
    EQUAL(pvm_set_pc(vm, 5), PVM_OK);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(vm->gas, 96);
    EQUAL(pvm_run(vm, 1), PVM_EXIT_PANIC);
    EQUAL(vm->gas, 95);
    EQUAL(pvm_resume(vm), PVM_EXIT_REFUSED);
    EQUAL(pvm_set_pc(vm, 5), PVM_OK);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(vm->gas, 93);
    EQUAL(pvm_set_pc(vm, (uint64_t)1 << 40), PVM_OK);
    EQUAL(pvm_resume(vm), PVM_EXIT_PANIC);
    pvm_destroy(vm);
}

static void a_repaired_fault_is_charged_once(void) {
    code_t code = code_new();
    OP(code, LOAD_U8, 7, IMM32(0x20000)); /* 0 */
    OP_HALT(code, 0);                     /* 6 */
    for (int by_step = 0; by_step < 2; by_step++) {
        pvm_vm_t* vm = code_vm(&code, 10);
        NEED(vm != NULL);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_FAULT);
        EQUAL(pvm_fault_page(vm), 0x20000);
        EQUAL(vm->gas, 9);
        EQUAL(pvm_resume(vm), PVM_EXIT_FAULT);
        EQUAL(vm->gas, 9);
        EQUAL(pvm_map_pages(vm, 0x20, 1, PVM_ACCESS_READ), PVM_OK);
        if (by_step) {
            EQUAL(pvm_step(vm), PVM_EXIT_STEP);
            EQUAL(vm->gas, 9);
            EQUAL(vm->pc, 6);
        }
        EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
        EQUAL(vm->gas, 8);
        pvm_destroy(vm);
    }
}

static void out_of_gas_goes_on_with_more(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    EQUAL(pvm_set_gas(vm, 1), PVM_OK);
    EQUAL(pvm_run(vm, 5), PVM_EXIT_OOG);
    EQUAL(vm->pc, 8);
    EQUAL(pvm_resume(vm), PVM_EXIT_OOG);
    EQUAL(pvm_set_gas(vm, 4), PVM_OK);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(vm->gas, 3);
    pvm_destroy(vm);
}

static void an_unknown_call_takes_ten_gas_and_answers_what(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    vm->registers[7] = 5;
    EQUAL(pvm_host_unknown(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->gas, 90);
    EQUAL(vm->registers[7], PVM_HOST_WHAT);
    vm->gas = 10;
    EQUAL(pvm_host_unknown(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->gas, 0);
    vm->gas = 9;
    EQUAL(pvm_host_unknown(vm), PVM_ACTION_OOG);
    EQUAL(vm->gas, 0);
    pvm_destroy(vm);
}

static pvm_host_result_t by_callback(pvm_vm_t* vm, int func_id) {
    (void)vm;
    (void)func_id;
    host.calls += 100;
    return PVM_HOST_CONTINUE;
}

static void the_later_of_callback_and_function_counts(void) {
    pvm_vm_t* vm = calling_vm(serve);
    pvm_set_host_callback(vm, by_callback);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(host.calls, 100);
    EQUAL(pvm_set_host_function(vm, serve, NULL), PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(host.calls, 101);
    CHECK(host.user_data == NULL);
    EQUAL(pvm_set_host_function(vm, NULL, NULL), PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
    EQUAL(host.calls, 101);
    pvm_destroy(vm);
}

/* 0.8.0: a block is charged with its first instruction; without enough for it, gas stays. */
static void blocks_are_paid_in_advance(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 5);
    OP(code, LOAD_IMM, 8, 6);
    OP(code, FALLTHROUGH);  /* 6 */
    OP(code, LOAD_IMM, 9, 7); /* 7: the second block */
    OP_HALT(code, 0);       /* 10 */
    pvm_program_t* program = code_program(&code, PVM_ISA_GP080);
    NEED(program != NULL);
    const uint64_t first = pvm_program_block_gas(program, 0), second = pvm_program_block_gas(program, 7);
    CHECK(first > 0 && second > 0);
    EQUAL(pvm_program_block_gas(program, 3), 0);
    EQUAL(pvm_program_is_block_start(program, 7), 1);
    EQUAL(pvm_program_is_block_start(program, 3), 0);
    EQUAL(pvm_program_is_block_start(program, 8), 0);
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, first + second, &vm) == PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(vm->gas, 0);
    pvm_destroy(vm);

    NEED(pvm_vm_create(program, NULL, 0, first + second - 1, &vm) == PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_OOG);
    EQUAL(vm->pc, 7);
    EQUAL(vm->gas, second - 1);
    EQUAL(vm->registers[8], 6);
    EQUAL(vm->registers[9], 0);
    EQUAL(pvm_set_gas(vm, second), PVM_OK);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(vm->gas, 0);
    pvm_destroy(vm);

    NEED(pvm_vm_create(program, NULL, 0, 1000, &vm) == PVM_OK);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    EQUAL(vm->gas, 1000 - first);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    EQUAL(vm->gas, 1000 - first);
    EQUAL(pvm_step(vm), PVM_EXIT_STEP);
    EQUAL(vm->gas, 1000 - first - second);
    EQUAL(pvm_step(vm), PVM_EXIT_HALT);
    EQUAL(vm->gas, 1000 - first - second);
    /* An entry that is no opcode panics and costs nothing. */
    EQUAL(pvm_run(vm, 1), PVM_EXIT_PANIC);
    EQUAL(vm->gas, 1000 - first - second);
    pvm_destroy(vm);
    pvm_program_release(program);
}

int main(void) {
    RUN(each_action_ends_the_run_in_its_way);
    RUN(a_suspended_call_is_resumed_behind_it);
    RUN(a_fault_from_the_host_is_not_charged_again);
    RUN(gas_can_be_charged);
    RUN(gas_has_a_sign);
    RUN(a_step_is_one_instruction);
    RUN(a_step_over_a_call_serves_it);
    RUN(a_step_that_cannot_be_paid_does_nothing);
    RUN(what_has_ended_goes_on_only_with_a_new_pc);
    RUN(a_repaired_fault_is_charged_once);
    RUN(out_of_gas_goes_on_with_more);
    RUN(an_unknown_call_takes_ten_gas_and_answers_what);
    RUN(the_later_of_callback_and_function_counts);
    RUN(blocks_are_paid_in_advance);
    return finish(__FILE__);
}
