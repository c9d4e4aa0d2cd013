/* Page rights, ranges, all-or-nothing accesses and direct pointers of pvm_ext.h. */
#include "check.h"

/* 0: load r7 = [r1], then halt; `store`: [r1] = r7, then halt */
static uint32_t store;
static pvm_vm_t* new_vm(void) {
    code_t code = code_new();
    OP(code, LOAD_IND_U8, REGS(7, 1));
    OP_HALT(code, 0);
    store = code.size;
    OP(code, STORE_IND_U8, REGS(7, 1));
    OP_HALT(code, 0);
    pvm_vm_t* vm = code_vm(&code, 1000000);
    NEED(vm != NULL);
    return vm;
}

static void pages_get_and_lose_rights(void) {
    pvm_vm_t* vm = new_vm();
    uint8_t octet = 7;
    for (uint32_t page = 0; page < 40; page++) EQUAL(pvm_page_access(vm, page), PVM_ACCESS_NONE);
    EQUAL(pvm_map_pages(vm, 20, 3, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_page_access(vm, 19), PVM_ACCESS_NONE);
    EQUAL(pvm_page_access(vm, 20), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, 22), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, 23), PVM_ACCESS_NONE);
    EQUAL(pvm_write(vm, 20 * 4096, 1, &octet), PVM_OK);
    EQUAL(pvm_write(vm, 22 * 4096, 1, &octet), PVM_OK);
    /* Less rights keep the contents, none lose them. */
    EQUAL(pvm_map_pages(vm, 20, 1, PVM_ACCESS_READ), PVM_OK);
    EQUAL(pvm_page_access(vm, 20), PVM_ACCESS_READ);
    EQUAL(pvm_write(vm, 20 * 4096, 1, &octet), PVM_ERR_OUT_OF_BOUNDS);
    EQUAL(pvm_read_ram_bytes_8(vm, 20 * 4096, NULL), 7);
    EQUAL(pvm_map_pages(vm, 20, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_read_ram_bytes_8(vm, 20 * 4096, NULL), 7);
    EQUAL(pvm_map_pages(vm, 22, 1, PVM_ACCESS_NONE), PVM_OK);
    EQUAL(pvm_page_access(vm, 22), PVM_ACCESS_NONE);
    EQUAL(pvm_map_pages(vm, 22, 1, PVM_ACCESS_READ), PVM_OK);
    EQUAL(pvm_read_ram_bytes_8(vm, 22 * 4096, NULL), 0);
    /* No pages. */
    EQUAL(pvm_map_pages(vm, 30, 0, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_page_access(vm, 30), PVM_ACCESS_NONE);
    pvm_destroy(vm);
}

static void wrong_mappings_change_nothing(void) {
    pvm_vm_t* vm = new_vm();
    EQUAL(pvm_map_pages(vm, 15, 1, PVM_ACCESS_READ), PVM_ERR_ARGUMENT);
    EQUAL(pvm_map_pages(vm, 0, 20, PVM_ACCESS_WRITE), PVM_ERR_ARGUMENT);
    EQUAL(pvm_map_pages(vm, 0xfffff, 2, PVM_ACCESS_WRITE), PVM_ERR_ARGUMENT);
    EQUAL(pvm_map_pages(vm, 0x100000, 1, PVM_ACCESS_WRITE), PVM_ERR_ARGUMENT);
    EQUAL(pvm_map_pages(vm, 16, UINT32_MAX, PVM_ACCESS_WRITE), PVM_ERR_ARGUMENT);
    EQUAL(pvm_map_pages(vm, UINT32_MAX, 1, PVM_ACCESS_WRITE), PVM_ERR_ARGUMENT);
    EQUAL(pvm_map_pages(vm, 16, 1, (pvm_access_t)3), PVM_ERR_ARGUMENT);
    for (uint32_t page = 0; page < 40; page++) EQUAL(pvm_page_access(vm, page), PVM_ACCESS_NONE);
    EQUAL(pvm_page_access(vm, 0xfffff), PVM_ACCESS_NONE);
    EQUAL(pvm_map_pages(vm, 0xfffff, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_page_access(vm, 0xfffff), PVM_ACCESS_WRITE);
    pvm_destroy(vm);
}

static void the_guest_follows_every_change(void) {
    pvm_vm_t* vm = new_vm();
    vm->registers[1] = 20 * 4096 + 5;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_FAULT);
    EQUAL(pvm_map_pages(vm, 20, 1, PVM_ACCESS_READ), PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(vm->registers[7], 0);
    vm->registers[7] = 0x77;
    EQUAL(pvm_run(vm, store), PVM_EXIT_FAULT);
    EQUAL(pvm_fault_page(vm), 20 * 4096);
    EQUAL(pvm_map_pages(vm, 20, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_run(vm, store), PVM_EXIT_HALT);
    EQUAL(pvm_read_ram_bytes_8(vm, 20 * 4096 + 5, NULL), 0x77);
    EQUAL(pvm_map_pages(vm, 20, 1, PVM_ACCESS_NONE), PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_FAULT);
    EQUAL(pvm_map_pages(vm, 20, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(vm->registers[7], 0);
    pvm_destroy(vm);
}

static void ranges_are_judged_as_a_whole(void) {
    pvm_vm_t* vm = new_vm();
    EQUAL(pvm_map_pages(vm, 20, 2, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_map_pages(vm, 22, 1, PVM_ACCESS_READ), PVM_OK);
    EQUAL(pvm_map_pages(vm, 0xfffff, 1, PVM_ACCESS_WRITE), PVM_OK);
    const uint64_t base = 20 * 4096, top = (uint64_t)1 << 32;
    static const struct { uint64_t address, length; int readable, writable; } cases[] = {
        {20 * 4096, 8192, 1, 1}, {20 * 4096, 8193, 1, 0}, {20 * 4096, 3 * 4096, 1, 0}, {20 * 4096, 3 * 4096 + 1, 0, 0},
        {20 * 4096 - 1, 1, 0, 0}, {20 * 4096 - 1, 2, 0, 0}, {22 * 4096, 1, 1, 0}, {23 * 4096, 1, 0, 0}, {23 * 4096 - 1, 2, 0, 0},
        {0xfffff000, 4096, 1, 1}, {0xffffffff, 1, 1, 1}, {0xffffffff, 2, 0, 0}, {(uint64_t)1 << 32, 1, 0, 0},
        {((uint64_t)1 << 32) + 20 * 4096, 1, 0, 0}, {20 * 4096, (uint64_t)1 << 32, 0, 0}, {20 * 4096, UINT64_MAX, 0, 0},
        {UINT64_MAX, 1, 0, 0}, {UINT64_MAX, UINT64_MAX, 0, 0}, {UINT64_MAX - 10, 100000, 0, 0}, {0, 1, 0, 0}, {0xffff, 1, 0, 0},
        {0, 0, 1, 1}, {23 * 4096, 0, 1, 1}, {UINT64_MAX, 0, 1, 1}};
    uint8_t* buffer = (uint8_t*)malloc(4 * 4096);
    NEED(buffer != NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint64_t address = cases[i].address, length = cases[i].length;
        const pvm_error_t r = cases[i].readable ? PVM_OK : PVM_ERR_OUT_OF_BOUNDS, w = cases[i].writable ? PVM_OK : PVM_ERR_OUT_OF_BOUNDS;
        EQUAL(pvm_is_readable(vm, address, length), cases[i].readable);
        EQUAL(pvm_is_writable(vm, address, length), cases[i].writable);
        memset(buffer, 0, 4 * 4096);
        EQUAL(pvm_read(vm, address, length, buffer), r);
        EQUAL(pvm_write(vm, address, length, buffer), w);
        EQUAL(pvm_load(vm, address, length, buffer), r);
        uint8_t* view = (uint8_t*)1;
        EQUAL(pvm_memory_view(vm, address, length, PVM_ACCESS_READ, &view), r);
        CHECK(cases[i].readable ? (view != NULL || length == 0) : view == NULL);
        view = (uint8_t*)1;
        EQUAL(pvm_memory_view(vm, address, length, PVM_ACCESS_WRITE, &view), w);
        CHECK(cases[i].writable ? (view != NULL || length == 0) : view == NULL);
    }
    free(buffer);
    EQUAL(pvm_read(vm, base, 1, NULL), PVM_ERR_NULL);
    EQUAL(pvm_write(vm, base, 1, NULL), PVM_ERR_NULL);
    EQUAL(pvm_load(vm, base, 1, NULL), PVM_ERR_NULL);
    EQUAL(pvm_memory_view(vm, base, 1, PVM_ACCESS_READ, NULL), PVM_ERR_NULL);
    uint8_t* view = NULL;
    EQUAL(pvm_memory_view(vm, base, 1, PVM_ACCESS_NONE, &view), PVM_ERR_ARGUMENT);
    EQUAL(pvm_memory_view(vm, base, 1, (pvm_access_t)9, &view), PVM_ERR_ARGUMENT);
    EQUAL(pvm_read(vm, top - 1, 0, NULL), PVM_OK);
    pvm_destroy(vm);
}

static void writing_is_all_or_nothing(void) {
    pvm_vm_t* vm = new_vm();
    uint8_t ones[64], seen[64];
    memset(ones, 1, sizeof ones);
    memset(seen, 9, sizeof seen);
    EQUAL(pvm_map_pages(vm, 20, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_map_pages(vm, 21, 1, PVM_ACCESS_READ), PVM_OK);
    EQUAL(pvm_write(vm, 21 * 4096 - 32, 64, ones), PVM_ERR_OUT_OF_BOUNDS);
    EQUAL(pvm_read(vm, 21 * 4096 - 32, 64, seen), PVM_OK);
    for (int i = 0; i < 64; i++) EQUAL(seen[i], 0);
    EQUAL(pvm_load(vm, 21 * 4096 - 32, 64, ones), PVM_OK);
    EQUAL(pvm_read(vm, 21 * 4096 - 32, 64, seen), PVM_OK);
    for (int i = 0; i < 64; i++) EQUAL(seen[i], 1);
    EQUAL(pvm_load(vm, 22 * 4096 - 32, 64, ones), PVM_ERR_OUT_OF_BOUNDS);
    EQUAL(pvm_read_ram_bytes_8(vm, 22 * 4096 - 1, NULL), 0);
    memset(seen, 9, sizeof seen);
    EQUAL(pvm_read(vm, 22 * 4096 - 32, 64, seen), PVM_ERR_OUT_OF_BOUNDS);
    for (int i = 0; i < 64; i++) EQUAL(seen[i], 9);
    pvm_destroy(vm);
}

static void a_view_is_the_guests_memory(void) {
    pvm_vm_t* vm = new_vm();
    uint8_t *one = NULL, *two = NULL, *all = NULL;
    EQUAL(pvm_map_pages(vm, 20, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_map_pages(vm, 21, 1, PVM_ACCESS_WRITE), PVM_OK);
    NEED(pvm_memory_view(vm, 20 * 4096 + 100, 8, PVM_ACCESS_WRITE, &one) == PVM_OK);
    one[0] = 0x5a;
    vm->registers[1] = 20 * 4096 + 100;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    EQUAL(vm->registers[7], 0x5a);
    vm->registers[7] = 0xa5;
    EQUAL(pvm_run(vm, store), PVM_EXIT_HALT);
    EQUAL(one[0], 0xa5);
    /* Over a page border, and still good after other pages were mapped. */
    NEED(pvm_memory_view(vm, 20 * 4096, 8192, PVM_ACCESS_READ, &all) == PVM_OK);
    EQUAL(pvm_map_pages(vm, 4000, 1000, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(all[100], 0xa5);
    NEED(pvm_memory_view(vm, 21 * 4096, 1, PVM_ACCESS_READ, &two) == PVM_OK);
    CHECK(two == all + 4096);
    pvm_destroy(vm);
}

static void any_number_of_regions_may_exist(void) {
    pvm_vm_t* vm = new_vm();
    for (uint32_t page = 16; page < 4096; page += 2) {
        NEED(pvm_map_pages(vm, page, 1, page % 4 ? PVM_ACCESS_WRITE : PVM_ACCESS_READ) == PVM_OK);
    }
    unsigned wrong = 0;
    for (uint32_t page = 16; page < 4096; page++) {
        const pvm_access_t expected = page % 2 ? PVM_ACCESS_NONE : page % 4 ? PVM_ACCESS_WRITE : PVM_ACCESS_READ;
        wrong += pvm_page_access(vm, page) != expected;
    }
    EQUAL(wrong, 0);
    EQUAL(pvm_map_pages(vm, 16, (1u << 20) - 16, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_is_writable(vm, 0x10000, 0xffff0000), 1);
    EQUAL(pvm_write_ram_bytes_8(vm, 0xffffffff, 5), OK);
    EQUAL(pvm_map_pages(vm, 16, (1u << 20) - 16, PVM_ACCESS_NONE), PVM_OK);
    EQUAL(pvm_is_readable(vm, 0xffffffff, 1), 0);
    pvm_destroy(vm);
}

static void laid_out_memory_and_mapped_pages_live_together(void) {
    pvm_vm_t* vm = new_vm();
    pvm_set_memory_bounds(vm, 0x20000, 0x21000, 0x10000, 0x11000, 0, 0, 0x50000, 0x51000);
    uint8_t octet = 3;
    EQUAL(pvm_write(vm, 0x10000, 1, &octet), PVM_ERR_OUT_OF_BOUNDS); /* the guest's rights */
    EQUAL(pvm_load(vm, 0x10000, 1, &octet), PVM_OK);
    EQUAL(pvm_map_pages(vm, 0x40, 1, PVM_ACCESS_READ), PVM_OK);
    EQUAL(pvm_page_access(vm, 0x20), PVM_ACCESS_WRITE);
    EQUAL(pvm_read_ram_bytes_8(vm, 0x10000, NULL), 3);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_PANIC); /* r1 is 0 */
    EQUAL(pvm_load(vm, 0x10000, 1, &octet), PVM_OK); /* after a run, too */
    EQUAL(pvm_load(vm, 0x40fff, 1, &octet), PVM_OK);
    EQUAL(pvm_read_ram_bytes_8(vm, 0x40fff, NULL), 3);
    pvm_destroy(vm);
}

int main(void) {
    RUN(pages_get_and_lose_rights);
    RUN(wrong_mappings_change_nothing);
    RUN(the_guest_follows_every_change);
    RUN(ranges_are_judged_as_a_whole);
    RUN(writing_is_all_or_nothing);
    RUN(a_view_is_the_guests_memory);
    RUN(any_number_of_regions_may_exist);
    RUN(laid_out_memory_and_mapped_pages_live_together);
    return finish(__FILE__);
}
