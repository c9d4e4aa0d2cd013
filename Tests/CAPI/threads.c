/* Many VMs over one program, each used by one thread at a time. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 8, ROUNDS = 200 };

static pvm_program_t* shared;

static pvm_action_t add_data(pvm_vm_t* vm, int func_id, void* user_data) {
    vm->registers[9] = (uint64_t)func_id + *(const uint64_t*)user_data;
    return PVM_ACTION_CONTINUE;
}

/* Sums n, n - 1 … 1 into memory, asks the host for a number on the way. Returns the rounds that went wrong. */
static void* work(void* argument) {
    const uint64_t number = *(const uint64_t*)argument;
    uintptr_t wrong = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        const uint64_t n = number * ROUNDS + round + 1;
        pvm_vm_t* vm = NULL;
        pvm_program_retain(shared);
        NEED(pvm_vm_create(shared, NULL, 0, 1000000, &vm) == PVM_OK);
        NEED(pvm_map_pages(vm, 0x20, 1, PVM_ACCESS_WRITE) == PVM_OK);
        uint64_t data = n;
        pvm_set_host_function(vm, add_data, &data);
        vm->registers[2] = n;
        const int good = pvm_run(vm, 0) == PVM_EXIT_HALT && vm->registers[9] == n + 3
            && pvm_read_ram_bytes_64(vm, 0x20000, NULL) == n * (n + 1) / 2 && vm->gas == 1000000 - (1 + 3 * n + 3);
        wrong += !good;
        pvm_destroy(vm);
        pvm_program_release(shared);
    }
    return (void*)wrong;
}

static void vms_run_in_parallel(void) {
    code_t code = code_new();
    OP(code, FALLTHROUGH);                          /* 0 */
    OP(code, ADD_64, REGS(7, 2), 7);                /* 1 */
    OP(code, ADD_IMM_64, REGS(2, 2), (uint8_t)-1);  /* 4 */
    OP(code, BRANCH_NE_IMM, 2, (uint8_t)-6);        /* 7 */
    OP(code, STORE_U64, 7, IMM32(0x20000));         /* 10 */
    OP(code, ECALLI, 3);
    OP_HALT(code, 0);
    shared = code_program(&code, PVM_ISA_GP072);
    NEED(shared != NULL);
    pthread_t threads[THREADS];
    uint64_t numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = (uint64_t)i;
        NEED(pthread_create(&threads[i], NULL, work, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void* wrong = NULL;
        pthread_join(threads[i], &wrong);
        EQUAL((uintptr_t)wrong, 0);
    }
    pvm_program_release(shared);
}

/* A VM may wander from thread to thread. */
static pvm_vm_t* wanderer;
static void* one_step(void* argument) {
    *(pvm_exit_t*)argument = pvm_step(wanderer);
    return NULL;
}

static void a_vm_may_change_threads(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 1);
    OP(code, LOAD_IMM, 8, 2);
    OP_HALT(code, 0);
    wanderer = code_vm(&code, 10);
    NEED(wanderer != NULL && pvm_set_pc(wanderer, 0) == PVM_OK);
    pvm_exit_t exits[3];
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        NEED(pthread_create(&thread, NULL, one_step, &exits[i]) == 0);
        pthread_join(thread, NULL);
    }
    EQUAL(exits[0], PVM_EXIT_STEP);
    EQUAL(exits[1], PVM_EXIT_STEP);
    EQUAL(exits[2], PVM_EXIT_HALT);
    EQUAL(wanderer->registers[8], 2);
    pvm_destroy(wanderer);
}

int main(void) {
    RUN(vms_run_in_parallel);
    RUN(a_vm_may_change_threads);
    return finish(__FILE__);
}
