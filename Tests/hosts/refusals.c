/* refusals TEST (or --list): a host that refuses memory (RLIMIT_DATA) or mappings (vm.max_map_count), while a guest runs on it. Whatever
 * is refused, every engine and memory mode sees the same rights, and later VMs find nothing of it. */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "guests.h"
#include "faults.h"

/* FEW: so few pages that a VM leaves them as they are to the next one. */
enum { PAGES = 8, MIDDLE = DATA_PAGE + 3, FAR = 0x4000, FEW = 400 };

static const struct { pvm_engine_t engine; pvm_memory_mode_t mode; } ways[] = {
    { PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED }, { PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED },
    { PVM_ENGINE_INTERPRETER, PVM_MEMORY_GUARDED }, { PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED },
    { PVM_ENGINE_AUTO, PVM_MEMORY_AUTO },
};
enum { WAYS = sizeof ways / sizeof *ways };

/* ---- Guests ---- */

/* At these places: a load from the address in register 7, a store to it, a host call before a load, a sbrk of register 9 into 10. */
static uint32_t load_at, store_at, call_at, call_store_at, sbrk_at;
static code_t probing_guest(void) {
    code_t code = code_new();
    load_at = code.size;
    OP(code, LOAD_IND_U8, REGS(8, 7));
    OP_HALT(code, 0);
    store_at = code.size;
    OP(code, STORE_IND_U8, REGS(7, 7));
    OP_HALT(code, 0);
    call_at = code.size;
    OP(code, ECALLI, 1);
    OP(code, LOAD_IND_U8, REGS(8, 7));
    OP_HALT(code, 0);
    call_store_at = code.size;
    OP(code, ECALLI, 1);
    OP(code, STORE_IND_U8, REGS(7, 7));
    OP_HALT(code, 0);
    sbrk_at = code.size;
    OP(code, SBRK, REGS(10, 9));
    OP_HALT(code, 0);
    return code;
}

static pvm_vm_t* probing_vm(int way) {
    const code_t code = probing_guest();
    return vm_of(&code, ways[way].engine, ways[way].mode);
}

static pvm_exit_t probe(pvm_vm_t* vm, uint32_t entry, uint32_t page) {
    vm->registers[7] = page * 4096u + 24;
    const pvm_exit_t exit = pvm_run(vm, entry);
    if (exit == PVM_EXIT_FAULT) EQUAL(pvm_fault_page(vm), page * 4096u);
    return exit;
}

/* What the VM says of the page, what the host gets, and what the guest gets are one. */
static void has_access(pvm_vm_t* vm, uint32_t page, pvm_access_t access) {
    uint8_t octet = 0;
    EQUAL(pvm_page_access(vm, page), access);
    EQUAL(pvm_read(vm, page * 4096u + 24, 1, &octet), access == PVM_ACCESS_NONE ? PVM_ERR_OUT_OF_BOUNDS : PVM_OK);
    EQUAL(pvm_write(vm, page * 4096u + 24, 1, &octet), access == PVM_ACCESS_WRITE ? PVM_OK : PVM_ERR_OUT_OF_BOUNDS);
    EQUAL(probe(vm, load_at, page), access == PVM_ACCESS_NONE ? PVM_EXIT_FAULT : PVM_EXIT_HALT);
    EQUAL(probe(vm, store_at, page), access == PVM_ACCESS_WRITE ? PVM_EXIT_HALT : PVM_EXIT_FAULT);
}

/* ---- Refusals ---- */

/* So many octets of memory more than there are now. */
static void allow_data(uint64_t octets) {
    unsigned long long data = 0;
    char line[256];
    FILE* file = fopen("/proc/self/status", "r");
    NEED(file != NULL);
    while (fgets(line, sizeof line, file)) sscanf(line, "VmData: %llu kB", &data);
    fclose(file);
    NEED(data > 0);
    const struct rlimit limit = { data * 1024 + octets, RLIM_INFINITY };
    NEED(setrlimit(RLIMIT_DATA, &limit) == 0);
}
static void allow_all_data(void) {
    const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
    NEED(setrlimit(RLIMIT_DATA, &limit) == 0);
}

static char* splinters;
static int splintered;
enum { SPLINTERS = 1 << 20 };
static void use_up_rest(void) {
    for (int i = 0; i < 2; i++) { /* at a border there may be room for half of a split */
        while (splintered < SPLINTERS && mprotect(splinters + (size_t)splintered * 4096, 4096, PROT_READ) == 0) splintered += 2;
        splintered += 3;
    }
    NEED(splintered < SPLINTERS);
}
/* Uses up the mappings of the process. */
static void use_up_mappings(void) {
    splinters = (char*)mmap(NULL, (size_t)SPLINTERS * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    NEED(splinters != MAP_FAILED);
    splintered = 0;
    use_up_rest();
}
static void give_mappings_back(void) { NEED(munmap(splinters, (size_t)SPLINTERS * 4096) == 0); }

/* Each way in a process of its own. */
static void (*one_way)(int way);
static int way_now;
static void run_one_way(void) { one_way(way_now); }
static void in_every_way(void (*test)(int way)) {
    one_way = test;
    for (way_now = 0; way_now < WAYS; way_now++) {
        const int death = death_of(run_one_way);
        if (!CHECK(death == 0)) fprintf(stderr, "    engine %d, memory %d: %d\n", ways[way_now].engine, ways[way_now].mode, death);
    }
}

/* ---- Memory that is refused ---- */

static void data_map_twice(int way) {
    pvm_vm_t* vm = probing_vm(way);
    EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE), PVM_OK);
    has_access(vm, DATA_PAGE, PVM_ACCESS_WRITE);
    allow_data(1 << 20);
    for (int i = 0; i < 3; i++) {
        EQUAL(pvm_map_pages(vm, FAR, 4096, PVM_ACCESS_WRITE), PVM_ERR_NO_MEMORY);
        has_access(vm, FAR, PVM_ACCESS_NONE);
        has_access(vm, FAR + 4095, PVM_ACCESS_NONE);
        has_access(vm, DATA_PAGE, PVM_ACCESS_WRITE);
        has_access(vm, DATA_PAGE + 1, PVM_ACCESS_NONE);
    }
    EQUAL(pvm_map_pages(vm, DATA_PAGE + 1, 1, PVM_ACCESS_WRITE), PVM_OK); /* so much is left */
    has_access(vm, DATA_PAGE + 1, PVM_ACCESS_WRITE);
    allow_all_data();
    EQUAL(pvm_map_pages(vm, FAR, 4096, PVM_ACCESS_READ), PVM_OK);
    has_access(vm, FAR + 4095, PVM_ACCESS_READ);
    pvm_destroy(vm);
}
static void refused_maps(void) { in_every_way(data_map_twice); }

static void data_sbrk_twice(int way) {
    pvm_vm_t* vm = probing_vm(way);
    pvm_set_memory_bounds(vm, DATA, DATA + 4096, 0, 0, 0, 0, 0xf0000000, 0xf0001000);
    has_access(vm, DATA_PAGE, PVM_ACCESS_WRITE);
    allow_data(1 << 20);
    for (int i = 0; i < 3; i++) {
        vm->registers[9] = 16 << 20;
        EQUAL(pvm_run(vm, sbrk_at), PVM_EXIT_HALT);
        EQUAL(vm->registers[10], 0);
        EQUAL(vm->current_heap_pointer, DATA + 4096);
        has_access(vm, DATA_PAGE + 1, PVM_ACCESS_NONE);
        has_access(vm, DATA_PAGE + 4096, PVM_ACCESS_NONE);
        pvm_expand_heap(vm, DATA + (16 << 20));
        pvm_set_heap_pointer(vm, DATA + (16 << 20));
        EQUAL(vm->current_heap_pointer, DATA + 4096);
        has_access(vm, DATA_PAGE + 1, PVM_ACCESS_NONE);
    }
    allow_all_data();
    EQUAL(pvm_run(vm, sbrk_at), PVM_EXIT_HALT);
    EQUAL(vm->registers[10], DATA + 4096);
    has_access(vm, DATA_PAGE + 4096, PVM_ACCESS_WRITE);
    has_access(vm, DATA_PAGE + 4097, PVM_ACCESS_NONE);
    pvm_destroy(vm);
}
static void refused_heaps(void) { in_every_way(data_sbrk_twice); }

/* Later VMs, which may get the same address space. */
static void others_after(int way) {
    for (int i = 0; i < 20; i++) {
        pvm_vm_t* vm = probing_vm(way);
        EQUAL(pvm_map_pages(vm, FAR, FEW, PVM_ACCESS_WRITE), PVM_OK);
        has_access(vm, FAR, PVM_ACCESS_WRITE);
        has_access(vm, FAR + FEW - 1, PVM_ACCESS_WRITE);
        has_access(vm, FAR + FEW, PVM_ACCESS_NONE);
        if (i % 2 == 0) pvm_destroy(vm);
    }
}
static void data_then_others(int way) {
    for (int i = 0; i < 3; i++) {
        pvm_vm_t* vm = probing_vm(way);
        EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE), PVM_OK);
        has_access(vm, DATA_PAGE, PVM_ACCESS_WRITE);
        allow_data(1 << 20);
        EQUAL(pvm_map_pages(vm, FAR, FEW, PVM_ACCESS_WRITE), PVM_ERR_NO_MEMORY);
        pvm_destroy(vm);
        allow_all_data();
    }
    others_after(way);
}
static void refused_to_another_vm(void) { in_every_way(data_then_others); }

/* A layout that is refused leaves no pointer to memory that is not the VM's. */
static void data_bounds(int way) {
    pvm_vm_t* vm = probing_vm(way);
    pvm_set_memory_bounds(vm, DATA, DATA + 4096, 0, 0, 0, 0, 0xf0000000, 0xf0001000);
    has_access(vm, DATA_PAGE, PVM_ACCESS_WRITE);
    allow_data(1 << 20);
    pvm_set_memory_bounds(vm, DATA, DATA + (64 << 20), 0x20000, 0x21000, 0, 0, 0xf0000000, 0xf0001000);
    CHECK(vm->rw_data == NULL && vm->ro_data == NULL && vm->output == NULL && vm->stack == NULL);
    EQUAL(vm->current_heap_pointer, 0);
    has_access(vm, DATA_PAGE, PVM_ACCESS_NONE);
    has_access(vm, 0x20, PVM_ACCESS_NONE);
    has_access(vm, 0xf0000, PVM_ACCESS_NONE);
    vm->registers[9] = 4096;
    EQUAL(pvm_run(vm, sbrk_at), PVM_EXIT_HALT);
    EQUAL(vm->registers[10], 0);
    allow_all_data();
    pvm_set_memory_bounds(vm, DATA, DATA + (64 << 20), 0, 0, 0, 0, 0, 0);
    has_access(vm, DATA_PAGE + 100, PVM_ACCESS_WRITE);
    pvm_destroy(vm);
}
static void refused_bounds(void) { in_every_way(data_bounds); }

/* ---- Mappings that are refused ---- */

static pvm_vm_t* vm_with_pages(int way) {
    pvm_vm_t* vm = probing_vm(way);
    EQUAL(pvm_map_pages(vm, DATA_PAGE, PAGES, PVM_ACCESS_WRITE), PVM_OK);
    for (uint32_t page = DATA_PAGE; page < DATA_PAGE + PAGES; page++) has_access(vm, page, PVM_ACCESS_WRITE);
    return vm;
}

static void all_but(pvm_vm_t* vm, uint32_t other, pvm_access_t access) {
    for (uint32_t page = DATA_PAGE; page < DATA_PAGE + PAGES; page++) has_access(vm, page, page == other ? access : PVM_ACCESS_WRITE);
}

static void mappings_close(int way) {
    static const pvm_access_t given[] = { PVM_ACCESS_NONE, PVM_ACCESS_READ };
    for (int i = 0; i < 2; i++) {
        pvm_vm_t* vm = vm_with_pages(way);
        use_up_mappings();
        EQUAL(pvm_map_pages(vm, MIDDLE, 1, given[i]), PVM_OK);
        all_but(vm, MIDDLE, given[i]);
        give_mappings_back();
        all_but(vm, MIDDLE, given[i]);
        /* What comes back is new. */
        uint8_t octet = 1;
        EQUAL(pvm_map_pages(vm, MIDDLE, 1, PVM_ACCESS_WRITE), PVM_OK);
        EQUAL(pvm_read(vm, MIDDLE * 4096 + 24, 1, &octet), PVM_OK);
        EQUAL(octet, i == 0 ? 0 : 24);
        all_but(vm, 0, PVM_ACCESS_NONE);
        pvm_destroy(vm);
    }
    others_after(way);
}
static void pages_that_cannot_be_closed(void) { in_every_way(mappings_close); }

static void mappings_heap(int way) {
    pvm_vm_t* vm = probing_vm(way);
    pvm_set_memory_bounds(vm, DATA, DATA + PAGES * 4096, 0, 0, 0, 0, DATA + PAGES * 4096, DATA + PAGES * 4096 + 4096);
    all_but(vm, 0, PVM_ACCESS_NONE);
    use_up_mappings();
    pvm_set_heap_pointer(vm, DATA + 3 * 4096);
    EQUAL(vm->current_heap_pointer, DATA + 3 * 4096);
    has_access(vm, DATA_PAGE + 2, PVM_ACCESS_WRITE);
    for (uint32_t page = DATA_PAGE + 3; page < DATA_PAGE + PAGES; page++) has_access(vm, page, PVM_ACCESS_NONE);
    give_mappings_back();
    for (uint32_t page = DATA_PAGE + 3; page < DATA_PAGE + PAGES; page++) has_access(vm, page, PVM_ACCESS_NONE);
    pvm_destroy(vm);
}
static void heaps_that_cannot_be_closed(void) { in_every_way(mappings_heap); }

/* In the middle of a run: the code that called the host must not go on as if the page were there. */
static pvm_access_t to_give;
static pvm_action_t change_middle(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)func_id, (void)user_data;
    EQUAL(pvm_map_pages(vm, MIDDLE, 1, to_give), PVM_OK);
    return PVM_ACTION_CONTINUE;
}
static void mappings_close_in_a_call(int way) {
    for (int i = 0; i < 2; i++) {
        pvm_vm_t* vm = vm_with_pages(way);
        to_give = i == 0 ? PVM_ACCESS_NONE : PVM_ACCESS_READ;
        pvm_set_host_function(vm, change_middle, NULL);
        EQUAL(probe(vm, call_at, DATA_PAGE), PVM_EXIT_HALT);
        EQUAL(pvm_map_pages(vm, MIDDLE, 1, PVM_ACCESS_WRITE), PVM_OK);
        all_but(vm, 0, PVM_ACCESS_NONE);
        use_up_mappings();
        const uint64_t gas = vm->gas;
        EQUAL(probe(vm, i == 0 ? call_at : call_store_at, MIDDLE), PVM_EXIT_FAULT);
        EQUAL(gas - vm->gas, 2);
        all_but(vm, MIDDLE, to_give);
        give_mappings_back();
        pvm_destroy(vm);
    }
}
static void closed_in_the_middle_of_a_run(void) { in_every_way(mappings_close_in_a_call); }

/* A page in between that is to get rights: granted or refused, but one thing for all. */
static void mappings_open(int way) {
    static const pvm_access_t given[] = { PVM_ACCESS_READ, PVM_ACCESS_WRITE };
    for (int i = 0; i < 2; i++) {
        pvm_vm_t* vm = vm_with_pages(way);
        const uint32_t far = FAR + 100 * (uint32_t)i; /* no VM has had it */
        EQUAL(pvm_map_pages(vm, MIDDLE, 3, PVM_ACCESS_NONE), PVM_OK);
        EQUAL(pvm_map_pages(vm, MIDDLE, 3, PVM_ACCESS_READ), PVM_OK);
        EQUAL(pvm_map_pages(vm, MIDDLE, 3, PVM_ACCESS_NONE), PVM_OK);
        has_access(vm, MIDDLE + 1, PVM_ACCESS_NONE);
        use_up_mappings();
        EQUAL(pvm_map_pages(vm, MIDDLE + 1, 1, given[i]), PVM_OK); /* as checked memory, which needs no mapping for it */
        has_access(vm, MIDDLE, PVM_ACCESS_NONE);
        has_access(vm, MIDDLE + 1, given[i]);
        has_access(vm, MIDDLE + 2, PVM_ACCESS_NONE);
        use_up_rest(); /* what guarded memory has given back */
        for (int again = 0; again < 2; again++) {
            EQUAL(pvm_map_pages(vm, far, 1, PVM_ACCESS_WRITE), PVM_ERR_NO_MEMORY);
            has_access(vm, far, PVM_ACCESS_NONE);
        }
        give_mappings_back();
        has_access(vm, MIDDLE + 1, given[i]);
        EQUAL(pvm_map_pages(vm, far, 1, PVM_ACCESS_WRITE), PVM_OK);
        has_access(vm, far, PVM_ACCESS_WRITE);
        has_access(vm, far + 1, PVM_ACCESS_NONE);
        has_access(vm, far - 1, PVM_ACCESS_NONE);
        pvm_destroy(vm);
    }
    others_after(way);
}
static void pages_in_between(void) { in_every_way(mappings_open); }

/* What the host loads into a page that the guest may only read. */
static void mappings_load(int way) {
    pvm_vm_t* vm = vm_with_pages(way);
    const uint8_t octets[3] = { 7, 8, 9 };
    uint8_t there[3] = { 0 };
    EQUAL(pvm_map_pages(vm, DATA_PAGE, PAGES, PVM_ACCESS_READ), PVM_OK);
    has_access(vm, MIDDLE, PVM_ACCESS_READ);
    use_up_mappings();
    EQUAL(pvm_load(vm, MIDDLE * 4096 + 24, 3, octets), PVM_OK);
    EQUAL(pvm_read(vm, MIDDLE * 4096 + 24, 3, there), PVM_OK);
    CHECK(memcmp(octets, there, 3) == 0);
    has_access(vm, MIDDLE, PVM_ACCESS_READ);
    EQUAL(vm->registers[8], 7);
    give_mappings_back();
    has_access(vm, MIDDLE, PVM_ACCESS_READ);
    pvm_destroy(vm);
}
static void loaded_into_readable_pages(void) { in_every_way(mappings_load); }

/* A VM that first runs when there are no mappings left, or has so many pieces that they run out while it is being guarded. */
static void mappings_first_run(int way) {
    pvm_vm_t* vm = probing_vm(way);
    EQUAL(pvm_map_pages(vm, DATA_PAGE, PAGES, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_map_pages(vm, MIDDLE, 1, PVM_ACCESS_NONE), PVM_OK);
    EQUAL(pvm_map_pages(vm, MIDDLE + 2, 1, PVM_ACCESS_READ), PVM_OK);
    use_up_mappings();
    for (int i = 0; i < 3; i++) {
        has_access(vm, MIDDLE - 1, PVM_ACCESS_WRITE);
        has_access(vm, MIDDLE, PVM_ACCESS_NONE);
        has_access(vm, MIDDLE + 1, PVM_ACCESS_WRITE);
        has_access(vm, MIDDLE + 2, PVM_ACCESS_READ);
        has_access(vm, DATA_PAGE + PAGES, PVM_ACCESS_NONE);
    }
    give_mappings_back();
    pvm_destroy(vm);
    others_after(way);
}
static void first_run_without_mappings(void) { in_every_way(mappings_first_run); }

/* The guest's own machines: pages of theirs by the host call. */
static void inner_pages(pvm_vm_t* outer, uint32_t page, uint32_t count, uint64_t rights, uint64_t expected) {
    outer->registers[7] = 0;
    outer->registers[8] = page;
    outer->registers[9] = count;
    outer->registers[10] = rights;
    EQUAL(pvm_inner_pages(outer), PVM_ACTION_CONTINUE);
    EQUAL(outer->registers[7], expected);
}
static pvm_exit_t inner_probe(pvm_vm_t* outer, uint32_t entry, uint32_t page) {
    uint8_t state[112] = { 0 };
    const uint64_t gas = 1000, address = page * 4096u + 24;
    memcpy(state, &gas, 8);
    memcpy(state + 8 + 7 * 8, &address, 8);
    EQUAL(pvm_write(outer, DATA, 112, state), PVM_OK);
    EQUAL(pvm_set_pc(pvm_inner_vm(outer, 0), entry), PVM_OK);
    outer->registers[7] = 0;
    outer->registers[8] = DATA;
    EQUAL(pvm_inner_invoke(outer), PVM_ACTION_CONTINUE);
    return (pvm_exit_t)outer->registers[7];
}
static void mappings_inner(int way) {
    pvm_vm_t* outer = vm_with_pages(way);
    const code_t code = probing_guest();
    uint8_t blob[512];
    const size_t size = code_blob(&code, blob);
    EQUAL(pvm_write(outer, DATA + 256, size, blob), PVM_OK);
    outer->registers[7] = DATA + 256;
    outer->registers[8] = size;
    outer->registers[9] = 0;
    EQUAL(pvm_inner_machine(outer), PVM_ACTION_CONTINUE);
    EQUAL(outer->registers[7], 0);
    inner_pages(outer, DATA_PAGE, PAGES, 2, PVM_HOST_OK);
    EQUAL(inner_probe(outer, store_at, MIDDLE), PVM_EXIT_HALT);
    use_up_mappings();
    inner_pages(outer, MIDDLE, 1, 3, PVM_HOST_OK);
    EQUAL(inner_probe(outer, load_at, MIDDLE), PVM_EXIT_HALT);
    EQUAL(inner_probe(outer, store_at, MIDDLE), PVM_EXIT_FAULT);
    inner_pages(outer, MIDDLE, 1, 1, PVM_HOST_OK); /* a new page */
    uint8_t octet = 1;
    EQUAL(pvm_read(pvm_inner_vm(outer, 0), MIDDLE * 4096 + 24, 1, &octet), PVM_OK);
    EQUAL(octet, 0);
    inner_pages(outer, MIDDLE, 1, 0, PVM_HOST_OK);
    EQUAL(inner_probe(outer, load_at, MIDDLE), PVM_EXIT_FAULT);
    EQUAL(inner_probe(outer, store_at, MIDDLE - 1), PVM_EXIT_HALT);
    give_mappings_back();
    EQUAL(inner_probe(outer, load_at, MIDDLE), PVM_EXIT_FAULT);
    pvm_destroy(outer);
    others_after(way);
}
static void pages_of_inner_machines(void) { in_every_way(mappings_inner); }

/* Pages that are locked into memory are not cleared by giving them back. */
static void locked_pages(int way) {
    pvm_vm_t* vm = vm_with_pages(way);
    uint8_t* view = NULL;
    EQUAL(pvm_memory_view(vm, DATA, PAGES * 4096, PVM_ACCESS_WRITE, &view), PVM_OK);
    NEED(mlock(view, PAGES * 4096) == 0);
    for (int i = 0; i < 2; i++) {
        if (i == 1) use_up_mappings();
        EQUAL(pvm_map_pages(vm, MIDDLE, 2, PVM_ACCESS_READ), PVM_OK);
        EQUAL(pvm_map_pages(vm, MIDDLE, 2, PVM_ACCESS_NONE), PVM_OK);
        has_access(vm, MIDDLE, PVM_ACCESS_NONE);
        EQUAL(pvm_map_pages(vm, MIDDLE, 2, PVM_ACCESS_WRITE), PVM_OK);
        uint8_t octet = 1;
        EQUAL(pvm_read(vm, MIDDLE * 4096 + 24, 1, &octet), PVM_OK);
        EQUAL(octet, 0);
        all_but(vm, 0, PVM_ACCESS_NONE);
    }
    give_mappings_back();
    pvm_destroy(vm);
    others_after(way);
}
static void locked_memory(void) { in_every_way(locked_pages); }

static const struct { const char* name; void (*run)(void); } tests[] = {
#define TEST(name) { #name, name }
    TEST(refused_maps), TEST(refused_heaps), TEST(refused_to_another_vm), TEST(refused_bounds), TEST(pages_that_cannot_be_closed),
    TEST(heaps_that_cannot_be_closed), TEST(closed_in_the_middle_of_a_run), TEST(pages_in_between), TEST(loaded_into_readable_pages),
    TEST(first_run_without_mappings), TEST(pages_of_inner_machines), TEST(locked_memory),
};

int main(int argc, char** argv) {
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (argc == 2 && strcmp(argv[1], "--list") == 0) {
            puts(tests[i].name);
        } else if (argc == 2 && strcmp(argv[1], tests[i].name) == 0) {
            check_test = tests[i].name;
            tests[i].run();
            return finish(tests[i].name);
        }
    }
    return argc == 2 && strcmp(argv[1], "--list") == 0 ? 0 : 2;
}
