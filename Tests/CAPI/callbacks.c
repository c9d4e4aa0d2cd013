/* Host calls through pvm.h: what a callback sees, what it may do, and running without one. */
#include "check.h"

enum { DATA = 0x20000 };

/* What the callback of a test does, and what it saw. */
static struct {
    int calls, func_id, host_call, host_func_id;
    uint64_t pc, gas;
    pvm_vm_t* vm;
} seen;
static int answer;
static void (*deed)(pvm_vm_t* vm);

static pvm_host_result_t serve(pvm_vm_t* vm, int func_id) {
    seen.calls++;
    seen.func_id = func_id;
    seen.host_call = vm->host_call;
    seen.host_func_id = vm->host_func_id;
    seen.pc = vm->pc;
    seen.gas = vm->gas;
    seen.vm = vm;
    if (deed) deed(vm);
    return (pvm_host_result_t)answer;
}

/* 0: load_imm r7 = 5, 3: ecalli 9, 5: add_imm r8 = r7 + 1, 8: halt */
static pvm_vm_t* calling_vm(pvm_host_callback_t callback) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 5);
    OP(code, ECALLI, 9);
    OP(code, ADD_IMM_64, REGS(8, 7), 1);
    OP_HALT(code, 0);
    pvm_vm_t* vm = code_vm(&code, 100);
    NEED(vm != NULL);
    pvm_set_memory_bounds(vm, DATA, DATA + 0x1000, 0x10000, 0x11000, 0, 0, 0, 0);
    pvm_set_host_callback(vm, callback);
    memset(&seen, 0, sizeof seen);
    deed = NULL;
    answer = PVM_HOST_CONTINUE;
    return vm;
}

static void continue_goes_on_behind_the_ecalli(void) {
    pvm_vm_t* vm = calling_vm(serve);
    CHECK(vm->host_callback != NULL);
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(seen.calls, 1);
    EQUAL(seen.func_id, 9);
    EQUAL(seen.host_call, 1);
    EQUAL(seen.host_func_id, 9);
    EQUAL(seen.pc, 3);
    EQUAL(seen.gas, 98); /* load_imm and the ecalli itself */
    CHECK(seen.vm == vm);
    EQUAL(vm->registers[8], 6);
    EQUAL(vm->gas, 96);
    EQUAL(vm->pc, 8);
    EQUAL(vm->host_call, 0);
    pvm_destroy(vm);
}

static void terminate_ends_as_a_halt(void) {
    pvm_vm_t* vm = calling_vm(serve);
    answer = PVM_HOST_TERMINATE;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(vm->machine_state, HALT);
    EQUAL(vm->result_code, WORKDIGEST_OK);
    EQUAL(vm->pc, 3);
    EQUAL(vm->gas, 98);
    EQUAL(vm->registers[8], 0);
    EQUAL(vm->terminated, 1);
    EQUAL(vm->host_call, 0);
    pvm_destroy(vm);
}

static void error_and_any_other_answer_end_as_a_panic(void) {
    static const int answers[] = {PVM_HOST_ERROR, 3, 4, -1, INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        pvm_vm_t* vm = calling_vm(serve);
        answer = answers[i];
        EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_PANIC);
        EQUAL(vm->machine_state, PANIC);
        EQUAL(vm->result_code, WORKDIGEST_PANIC);
        EQUAL(vm->pc, 3);
        EQUAL(vm->gas, 98);
        EQUAL(vm->terminated, 1);
        pvm_destroy(vm);
    }
}

static void the_number_is_the_low_half_with_its_sign(void) {
    static const struct { uint8_t octets[5]; size_t count; int expected; } cases[] = {
        {{ECALLI}, 1, 0}, {{ECALLI, 0x7f}, 2, 127}, {{ECALLI, 0xff}, 2, -1}, {{ECALLI, 0x00, 0x80}, 3, -32768},
        {{ECALLI, 0xff, 0xff, 0xff, 0x7f}, 5, INT_MAX}, {{ECALLI, 0, 0, 0, 0x80}, 5, INT_MIN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        code_t code = code_new();
        code_add(&code, cases[i].octets, cases[i].count);
        OP_HALT(code, 0);
        pvm_vm_t* vm = code_vm(&code, 10);
        NEED(vm != NULL);
        deed = NULL;
        answer = PVM_HOST_CONTINUE;
        pvm_set_host_callback(vm, serve);
        EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
        EQUAL(seen.func_id, cases[i].expected);
        pvm_set_host_callback(vm, NULL);
        CHECK(vm->host_callback == NULL);
        EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_HOST_CALL);
        EQUAL(vm->host_func_id, cases[i].expected);
        pvm_destroy(vm);
    }
}

static void change_everything(pvm_vm_t* vm) {
    int error = 0;
    EQUAL(vm->registers[7], 5);
    EQUAL(pvm_get_register(vm, 7), 5);
    pvm_set_register(vm, 7, 70);
    vm->registers[1] = 11;
    EQUAL(pvm_get_gas(vm), 98);
    vm->gas = 50;
    EQUAL(pvm_write_ram_bytes_32(vm, DATA, 0xabcd), OK);
    EQUAL(pvm_read_ram_bytes_32(vm, DATA, &error), 0xabcd);
    EQUAL(error, 0);
    /* The first run has begun: read-only memory is read-only. */
    EQUAL(pvm_write_ram_bytes_8(vm, 0x10000, 1), OOB);
    EQUAL(pvm_map_pages(vm, 0x50, 1, PVM_ACCESS_WRITE), PVM_OK);
}

static void what_a_callback_changes_the_guest_sees(void) {
    pvm_vm_t* vm = calling_vm(serve);
    deed = change_everything;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(vm->registers[8], 71);
    EQUAL(vm->registers[1], 11);
    EQUAL(vm->gas, 48);
    EQUAL(pvm_read_ram_bytes_32(vm, DATA, NULL), 0xabcd);
    EQUAL(pvm_page_access(vm, 0x50), PVM_ACCESS_WRITE);
    pvm_destroy(vm);
}

static void take_all_gas(pvm_vm_t* vm) { vm->gas = 0; }

static void gas_taken_by_a_callback_is_missed(void) {
    pvm_vm_t* vm = calling_vm(serve);
    deed = take_all_gas;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OOG);
    EQUAL(vm->pc, 5);
    EQUAL(vm->registers[8], 0);
    EQUAL(vm->gas, 0);
    pvm_destroy(vm);
}

static void jump_to_halt(pvm_vm_t* vm) { vm->pc = 8; }
static void jump_to_start_once(pvm_vm_t* vm) { if (seen.calls == 1) vm->pc = 0; }
static void jump_to_nowhere(pvm_vm_t* vm) { vm->pc = 4; }
static void jump_far_away(pvm_vm_t* vm) { vm->pc = ((uint64_t)1 << 32) + 8; }

static void a_changed_pc_is_where_the_run_goes_on(void) {
    pvm_vm_t* vm = calling_vm(serve);
    deed = jump_to_halt;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(vm->registers[8], 0);
    EQUAL(vm->gas, 97);
    pvm_destroy(vm);

    vm = calling_vm(serve);
    deed = jump_to_start_once;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(seen.calls, 2);
    EQUAL(vm->gas, 94);
    pvm_destroy(vm);

    vm = calling_vm(serve);
    deed = jump_to_nowhere;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_PANIC);
    EQUAL(vm->pc, 4);
    EQUAL(vm->gas, 97);
    pvm_destroy(vm);

    vm = calling_vm(serve);
    deed = jump_far_away;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_PANIC);
    EQUAL(vm->registers[8], 0);
    pvm_destroy(vm);
}

static void set_the_same_pc_once(pvm_vm_t* vm) {
    if (seen.calls == 1) EQUAL(pvm_set_pc(vm, vm->pc), PVM_OK);
}

static void setting_the_same_pc_repeats_the_call(void) {
    pvm_vm_t* vm = calling_vm(serve);
    deed = set_the_same_pc_once;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(seen.calls, 2);
    EQUAL(vm->gas, 95);
    pvm_destroy(vm);
}

static void misbehave(pvm_vm_t* vm) {
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_ERROR);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_REFUSED);
    EQUAL(pvm_resume(vm), PVM_EXIT_REFUSED);
    EQUAL(pvm_step(vm), PVM_EXIT_REFUSED);
    pvm_destroy(vm);
    EQUAL(pvm_write_ram_bytes_8(vm, DATA, 3), OK);
    pvm_set_memory_bounds(vm, 0, 0, 0, 0, 0, 0, 0, 0);
    EQUAL(pvm_read_ram_bytes_8(vm, DATA, NULL), 3);
    EQUAL(vm->pc, 3);
    EQUAL(vm->gas, 98);
    EQUAL(vm->registers[7], 5);
    EQUAL(vm->host_call, 1);
}

static void running_or_destroying_the_running_vm_is_refused(void) {
    pvm_vm_t* vm = calling_vm(serve);
    deed = misbehave;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(seen.calls, 1);
    EQUAL(vm->registers[8], 6);
    EQUAL(vm->gas, 96);
    EQUAL(pvm_read_ram_bytes_8(vm, DATA, NULL), 3);
    pvm_destroy(vm);
}

static void run_another(pvm_vm_t* vm) {
    pvm_vm_t* other = pvm_create(0, vm->code, vm->code_len, NULL, vm->bitmask, vm->bitmask_len, NULL, 0, 100);
    NEED(other != NULL);
    EQUAL(pvm_execute(other, 0, 1), PVM_RESULT_HOST_CALL);
    EQUAL(other->gas, 98);
    pvm_destroy(other);
    EQUAL(vm->gas, 98);
    EQUAL(vm->registers[7], 5);
}

static void a_callback_may_run_another_vm(void) {
    pvm_vm_t* vm = calling_vm(serve);
    deed = run_another;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(vm->registers[8], 6);
    pvm_destroy(vm);
}

static void stopped_at_the_call(pvm_vm_t* vm, pvm_result_t result, uint64_t gas) {
    EQUAL(result, PVM_RESULT_HOST_CALL);
    EQUAL(vm->machine_state, HOST);
    EQUAL(vm->host_func_id, 9);
    EQUAL(vm->host_call, 1);
    EQUAL(vm->terminated, 0);
    EQUAL(vm->pc, 3);
    EQUAL(vm->gas, gas);
    EQUAL(pvm_exit_reason(vm), PVM_EXIT_HOST);
}

static void without_a_callback_the_call_returns(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    stopped_at_the_call(vm, pvm_execute(vm, 0, 0), 98);
    vm->registers[7] = 40;
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(vm->registers[8], 41);
    EQUAL(vm->gas, 96);
    EQUAL(vm->host_call, 0);
    EQUAL(vm->terminated, 1);
    pvm_destroy(vm);
}

static void a_child_returns_its_calls(void) {
    pvm_vm_t* vm = calling_vm(serve);
    stopped_at_the_call(vm, pvm_execute(vm, 0, 1), 98);
    EQUAL(seen.calls, 0);
    EQUAL(vm->is_child, 1);
    /* pvm_execute at the call repeats it, and it is paid again. */
    stopped_at_the_call(vm, pvm_execute(vm, 3, 7), 97);
    CHECK(vm->is_child != 0);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(seen.calls, 0);
    EQUAL(vm->registers[8], 6);
    EQUAL(vm->gas, 95);
    /* Not a child any more: the callback serves. */
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(vm->is_child, 0);
    EQUAL(seen.calls, 1);
    pvm_destroy(vm);
}

static void a_child_that_is_resumed_stays_a_child(void) {
    code_t code = code_new();
    OP(code, ECALLI, 1); /* 0 */
    OP(code, ECALLI, 2); /* 2 */
    OP_HALT(code, 0);    /* 4 */
    pvm_vm_t* vm = code_vm(&code, 100);
    NEED(vm != NULL);
    pvm_set_host_callback(vm, serve);
    memset(&seen, 0, sizeof seen);
    EQUAL(pvm_execute(vm, 0, 1), PVM_RESULT_HOST_CALL);
    EQUAL(vm->host_func_id, 1);
    EQUAL(pvm_resume(vm), PVM_EXIT_HOST);
    EQUAL(vm->host_func_id, 2);
    EQUAL(vm->pc, 2);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(vm->gas, 97);
    EQUAL(seen.calls, 0);
    pvm_destroy(vm);
}

static void a_changed_pc_counts_when_resuming(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_HOST_CALL);
    vm->pc = 8;
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(vm->registers[8], 0);
    EQUAL(vm->gas, 97);
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_HOST_CALL);
    EQUAL(pvm_set_pc(vm, 3), PVM_OK); /* the same value, but set: the call is repeated */
    EQUAL(pvm_resume(vm), PVM_EXIT_HOST);
    EQUAL(vm->gas, 94);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    pvm_destroy(vm);
}

static int outside_calls;
static int outside_ends;
static void outside(struct VM* vm, int func_id) {
    outside_calls++;
    EQUAL(func_id, 9);
    EQUAL(vm->host_call, 1);
    vm->registers[7] = 20;
    if (outside_ends) vm->terminated = 1;
}

static void the_hosts_own_function_serves_where_no_callback_is(void) {
    pvm_vm_t* vm = calling_vm(NULL);
    vm->ext_invoke_host_func = outside;
    outside_calls = outside_ends = 0;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(outside_calls, 1);
    EQUAL(vm->registers[8], 21);
    outside_ends = 1;
    vm->registers[8] = 0;
    pvm_execute(vm, 0, 0);
    EQUAL(outside_calls, 2);
    EQUAL(vm->registers[8], 0);
    EQUAL(vm->terminated, 1);
    EQUAL(vm->pc, 3);
    /* A callback goes first. */
    pvm_set_host_callback(vm, serve);
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(outside_calls, 2);
    EQUAL(seen.calls, 1);
    /* A child is asked neither. */
    EQUAL(pvm_execute(vm, 0, 1), PVM_RESULT_HOST_CALL);
    EQUAL(outside_calls, 2);
    pvm_destroy(vm);
}

static void take_the_callback_away(pvm_vm_t* vm) { pvm_set_host_callback(vm, NULL); }

static void a_callback_can_remove_itself(void) {
    code_t code = code_new();
    OP(code, ECALLI, 1);
    OP(code, ECALLI, 2);
    OP_HALT(code, 0);
    pvm_vm_t* vm = code_vm(&code, 100);
    NEED(vm != NULL);
    memset(&seen, 0, sizeof seen);
    answer = PVM_HOST_CONTINUE;
    deed = take_the_callback_away;
    pvm_set_host_callback(vm, serve);
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_HOST_CALL);
    EQUAL(seen.calls, 1);
    EQUAL(vm->host_func_id, 2);
    pvm_destroy(vm);
}

static void set_the_heap(pvm_vm_t* vm) { pvm_set_heap_pointer(vm, DATA + 0x3000); }

static void a_callback_can_move_the_heap(void) {
    pvm_vm_t* vm = calling_vm(serve);
    deed = set_the_heap;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(vm->current_heap_pointer, DATA + 0x3000);
    EQUAL(pvm_write_ram_bytes_8(vm, DATA + 0x2fff, 1), OK);
    pvm_destroy(vm);
}

int main(void) {
    RUN(continue_goes_on_behind_the_ecalli);
    RUN(terminate_ends_as_a_halt);
    RUN(error_and_any_other_answer_end_as_a_panic);
    RUN(the_number_is_the_low_half_with_its_sign);
    RUN(what_a_callback_changes_the_guest_sees);
    RUN(gas_taken_by_a_callback_is_missed);
    RUN(a_changed_pc_is_where_the_run_goes_on);
    RUN(setting_the_same_pc_repeats_the_call);
    RUN(running_or_destroying_the_running_vm_is_refused);
    RUN(a_callback_may_run_another_vm);
    RUN(without_a_callback_the_call_returns);
    RUN(a_child_returns_its_calls);
    RUN(a_child_that_is_resumed_stays_a_child);
    RUN(a_changed_pc_counts_when_resuming);
    RUN(the_hosts_own_function_serves_where_no_callback_is);
    RUN(a_callback_can_remove_itself);
    RUN(a_callback_can_move_the_heap);
    return finish(__FILE__);
}
