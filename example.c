#include "pvm.h"

static const uint8_t code[] = {
    51, 7,          /*  0  load_imm a0, 0              registers a0, a1 are 7 and 8 */
    51, 8, 3,       /*  2  load_imm a1, 3 */
    1,              /*  5  fallthrough */
    200, 0x87, 7,   /*  6  add_64 a0, a0, a1           the loop */
    149, 0x88, 255, /*  9  add_imm_64 a1, a1, -1 */
    82, 8, 250,     /* 12  branch_ne_imm a1, 0, 6 */
    10, 5,          /* 15  ecalli 5                    asks the host */
    50, 0,          /* 17  jump_ind ra, 0              halts */
};
/* 1 where an instruction starts. */
static const uint8_t bitmask[] = {1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0};

/* Serves ecalli: number 5 doubles a0. */
static pvm_host_result_t serve(pvm_vm_t* vm, int func_id) {
    if (func_id != 5) return PVM_HOST_ERROR;
    pvm_set_register(vm, 7, 2 * pvm_get_register(vm, 7));
    return PVM_HOST_CONTINUE;
}

int main(void) {
    const uint64_t registers[13] = {0xffff0000}; /* ra: a jump to this address halts */
    pvm_vm_t* vm = pvm_create(0, code, sizeof code, registers, bitmask, sizeof bitmask, NULL, 0, 1000);
    if (vm == NULL) return 1;
    pvm_set_host_callback(vm, serve);
    pvm_result_t result = pvm_execute(vm, 0, 0);
    printf("result %d, a0 = %llu, gas left = %llu\n", (int)result,
           (unsigned long long)pvm_get_register(vm, 7), (unsigned long long)pvm_get_gas(vm));
    pvm_destroy(vm);
    return result == PVM_RESULT_OK ? 0 : 1;
}
