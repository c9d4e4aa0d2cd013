
/* The functions of docs/pvm-guide.md at work. With an image as argument the program runs it; without one it checks itself. */

#define NEED(what) do { if (!(what)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); return 1; } } while (0)

static int check_host_calls(void) {
    /* ecalli 0, move_reg a1 a0, ecalli 100, jump_ind ra 0 */
    static const uint8_t code[] = {10, 0, 100, 0x78, 10, 100, 50, 0}, bitmask[] = {1, 0, 1, 0, 1, 0, 1, 0};
    pvm_program_t* program;
    NEED(pvm_program_create_raw(code, sizeof code, bitmask, sizeof bitmask, NULL, 0, PVM_ISA_GP072, &program) == PVM_OK);
    pvm_vm_t* vm;
    NEED(pvm_vm_create(program, NULL, 0, 1000, &vm) == PVM_OK);
    pvm_set_register(vm, 0, 0xffff0000);
    host_t host = {NULL, 0};
    duet_trace_t trace;
    uint64_t stores = 0;
    NEED(pvm_set_host_function(vm, serve_refine, &host) == PVM_OK);
    trace_to(vm, stderr);
    pvm_set_tracing(vm, 0);
    choose(vm);
    trace_stores(vm, &trace, &stores);
    NEED(drive(vm) == PVM_EXIT_HALT);
    NEED(pvm_get_register(vm, 7) == PVM_HOST_NONE && stores == 0);
    NEED(invoke(program, NULL, 0, &host) == 0);
    pvm_destroy(vm);
    pvm_program_release(program);
    return 0;
}

static int check_memory(void) {
    /* load_u8 a0 [0x100001], load_u8 a1 [0x10002], store_u8 a0 [0x22000], jump_ind ra 0: the store is behind the rw region. */
    static const uint8_t code[] = {52, 7, 1, 0, 16, 52, 8, 2, 0, 1, 59, 7, 0, 32, 2, 50, 0};
    static const uint8_t bitmask[] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
    pvm_vm_t* vm = bare_vm(code, sizeof code, bitmask, sizeof bitmask);
    NEED(vm != NULL);
    NEED(drive(vm) == PVM_EXIT_HALT);
    NEED(pvm_get_register(vm, 7) == 2 && pvm_get_register(vm, 8) == 3 && pvm_page_access(vm, 0x22) == PVM_ACCESS_WRITE);
    pvm_destroy(vm);
    return 0;
}

int main(int count, char** words) {
    if (count < 2) return check_host_calls() || check_memory();
    static uint8_t image[1 << 20];
    FILE* file = fopen(words[1], "rb");
    NEED(file != NULL);
    const size_t size = fread(image, 1, sizeof image, file);
    fclose(file);
    const uint8_t twenty[8] = {20};
    return run_image(image, size, twenty, sizeof twenty);
}
