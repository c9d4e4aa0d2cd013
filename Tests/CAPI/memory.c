/* The four regions of pvm.h, their rights, and accesses from the host. */
#include "check.h"

enum {
    RO = 0x10000, RO_END = 0x12000, RW = 0x20000, RW_END = 0x22000, OUTPUT = 0x40000, OUTPUT_END = 0x41000,
    STACK = 0x80000, STACK_END = 0x84000
};

/* Code that ends at once. */
static pvm_vm_t* new_vm(void) {
    code_t code = code_new();
    OP_HALT(code, 0);
    pvm_vm_t* vm = code_vm(&code, 1000);
    NEED(vm != NULL);
    return vm;
}

static pvm_vm_t* bounded_vm(void) {
    pvm_vm_t* vm = new_vm();
    pvm_set_memory_bounds(vm, RW, RW_END, RO, RO_END, OUTPUT, OUTPUT_END, STACK, STACK_END);
    return vm;
}

static void regions_start_zeroed_and_are_shown(void) {
    pvm_vm_t* vm = bounded_vm();
    EQUAL(vm->rw_data_address, RW);
    EQUAL(vm->ro_data_address, RO);
    EQUAL(vm->output_address, OUTPUT);
    EQUAL(vm->stack_address, STACK);
    EQUAL(vm->rw_data_address_end, RW_END);
    EQUAL(vm->ro_data_address_end, RO_END);
    EQUAL(vm->output_end, OUTPUT_END);
    EQUAL(vm->stack_address_end, STACK_END);
    EQUAL(vm->current_heap_pointer, RW_END);
    EQUAL(vm->max_heapsize, OUTPUT);
    NEED(vm->rw_data && vm->ro_data && vm->output && vm->stack);
    static const uint32_t ends[][2] = {{RO, RO_END}, {RW, RW_END}, {OUTPUT, OUTPUT_END}, {STACK, STACK_END}};
    for (int i = 0; i < 4; i++) {
        for (uint32_t address = ends[i][0]; address < ends[i][1]; address += 8) {
            int error = 1;
            const uint64_t value = pvm_read_ram_bytes_64(vm, address, &error);
            if (value != 0 || error != 0) { EQUAL(value, 0); EQUAL(error, 0); break; }
        }
    }
    /* The same memory from the host's side. */
    EQUAL(pvm_write_ram_bytes_8(vm, RW + 5, 0x51), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, STACK + 6, 0x52), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, RO + 7, 0x53), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, OUTPUT + 8, 0x54), OK);
    EQUAL(vm->rw_data[5], 0x51);
    EQUAL(vm->stack[6], 0x52);
    EQUAL(vm->ro_data[7], 0x53);
    EQUAL(vm->output[8], 0x54);
    pvm_destroy(vm);
}

static void numbers_are_little_endian(void) {
    pvm_vm_t* vm = bounded_vm();
    uint8_t octets[8];
    int error = 1;
    EQUAL(pvm_write_ram_bytes_64(vm, RW + 3, 0x1122334455667788u), OK);
    EQUAL(pvm_read_ram_bytes(vm, RW + 3, octets, 8, &error), OK);
    EQUAL(error, 0);
    for (int i = 0; i < 8; i++) EQUAL(octets[i], 0x88 - 0x11 * i);
    EQUAL(pvm_read_ram_bytes_32(vm, RW + 3, NULL), 0x55667788);
    EQUAL(pvm_read_ram_bytes_16(vm, RW + 3, NULL), 0x7788);
    EQUAL(pvm_read_ram_bytes_8(vm, RW + 3, NULL), 0x88);
    EQUAL(pvm_read_ram_bytes_64(vm, RW + 3, NULL), 0x1122334455667788u);
    EQUAL(pvm_write_ram_bytes_32(vm, RW, 0xa1a2a3a4), OK);
    EQUAL(pvm_write_ram_bytes_16(vm, RW + 4, 0xb1b2), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, RW + 6, 0xc1), OK);
    EQUAL(pvm_read_ram_bytes_64(vm, RW, NULL), 0x44c1b1b2a1a2a3a4u);
    EQUAL(pvm_write_ram_bytes(vm, RW + 100, (const uint8_t*)"twelve octet", 12), OK);
    EQUAL(pvm_read_ram_bytes(vm, RW + 100, octets, 6, NULL), OK);
    CHECK(memcmp(octets, "twelve", 6) == 0);
    pvm_destroy(vm);
}

static void refused(pvm_vm_t* vm, uint32_t address, uint32_t length) {
    uint8_t octets[16];
    memset(octets, 0xee, sizeof octets);
    int error = 0;
    EQUAL(pvm_read_ram_bytes(vm, address, octets, length, &error), OOB);
    EQUAL(error, (int)OOB);
    for (size_t i = 0; i < sizeof octets; i++) EQUAL(octets[i], 0xee);
    EQUAL(pvm_write_ram_bytes(vm, address, octets, length), OOB);
}

static void nothing_is_touched_unless_all_is_accessible(void) {
    pvm_vm_t* vm = bounded_vm();
    int error = 0;
    refused(vm, RW_END, 1);
    refused(vm, RW_END - 1, 2);
    refused(vm, RW_END - 4, 8);
    refused(vm, RW - 1, 2);
    refused(vm, RO - 1, 2);
    refused(vm, 0, 1);
    refused(vm, 0xffff, 1);
    refused(vm, 0xffffffff, 1);
    refused(vm, 0xfffffff8, 16);
    EQUAL(pvm_write_ram_bytes_64(vm, RW_END - 7, UINT64_MAX), OOB);
    EQUAL(pvm_write_ram_bytes_32(vm, RW_END - 3, UINT32_MAX), OOB);
    EQUAL(pvm_write_ram_bytes_16(vm, RW_END - 1, UINT16_MAX), OOB);
    EQUAL(pvm_write_ram_bytes_8(vm, RW_END, UINT8_MAX), OOB);
    for (uint32_t i = 1; i <= 8; i++) EQUAL(pvm_read_ram_bytes_8(vm, RW_END - i, NULL), 0);
    EQUAL(pvm_read_ram_bytes_8(vm, RW_END, &error), 0); EQUAL(error, (int)OOB);
    error = 0; EQUAL(pvm_read_ram_bytes_16(vm, RW_END - 1, &error), 0); EQUAL(error, (int)OOB);
    error = 0; EQUAL(pvm_read_ram_bytes_32(vm, RW_END - 3, &error), 0); EQUAL(error, (int)OOB);
    error = 0; EQUAL(pvm_read_ram_bytes_64(vm, RW_END - 7, &error), 0); EQUAL(error, (int)OOB);
    EQUAL(pvm_read_ram_bytes_64(vm, RW_END - 7, NULL), 0);
    error = 77; EQUAL(pvm_read_ram_bytes_8(vm, RW, &error), 0); EQUAL(error, 0);
    CHECK(pvm_write_ram_bytes(vm, RW, NULL, 1) != OK);
    CHECK(pvm_read_ram_bytes(vm, RW, NULL, 1, NULL) != OK);
    /* A length that makes the end wrap. */
    uint8_t octet = 1;
    EQUAL(pvm_write_ram_bytes(vm, RW, &octet, UINT32_MAX), OOB);
    EQUAL(pvm_write_ram_bytes(vm, 0xffff0000, &octet, 0x00020000), OOB);
    pvm_destroy(vm);
}

static void nothing_is_an_access_anywhere(void) {
    static const uint32_t addresses[] = {0, 1, 0xffff, RO, RW_END, 0xffffffff};
    pvm_vm_t* vm = bounded_vm();
    uint8_t octet = 9;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        int error = 5;
        EQUAL(pvm_write_ram_bytes(vm, addresses[i], &octet, 0), OK);
        EQUAL(pvm_write_ram_bytes(vm, addresses[i], NULL, 0), OK);
        EQUAL(pvm_read_ram_bytes(vm, addresses[i], &octet, 0, &error), OK);
        EQUAL(error, 0);
        EQUAL(pvm_read_ram_bytes(vm, addresses[i], NULL, 0, NULL), OK);
    }
    EQUAL(octet, 9);
    pvm_destroy(vm);
}

static void ro_and_output_can_be_laid_out_before_the_first_run(void) {
    pvm_vm_t* vm = bounded_vm();
    EQUAL(pvm_write_ram_bytes_8(vm, RO, 1), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, OUTPUT, 2), OK);
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    EQUAL(pvm_write_ram_bytes_8(vm, RO, 3), OOB);
    EQUAL(pvm_write_ram_bytes_8(vm, OUTPUT, 4), OOB);
    EQUAL(pvm_write_ram_bytes_8(vm, RW, 5), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, STACK, 6), OK);
    EQUAL(pvm_read_ram_bytes_8(vm, RO, NULL), 1);
    EQUAL(pvm_read_ram_bytes_8(vm, OUTPUT, NULL), 2);
    EQUAL(pvm_read_ram_bytes_8(vm, RW, NULL), 5);
    EQUAL(pvm_read_ram_bytes_8(vm, STACK, NULL), 6);
    pvm_destroy(vm);
}

static void the_guest_has_the_rights_of_each_region(void) {
    static const struct { uint32_t address; int readable, writable; } cases[] = {
        {RO, 1, 0}, {RO_END - 1, 1, 0}, {RO_END, 0, 0}, {RW, 1, 1}, {RW_END - 1, 1, 1}, {RW_END, 0, 0}, {OUTPUT, 1, 0},
        {OUTPUT_END, 0, 0}, {STACK - 1, 0, 0}, {STACK, 1, 1}, {STACK_END - 1, 1, 1}, {STACK_END, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        code_t code = code_new();
        OP(code, LOAD_IND_U8, REGS(2, 1));
        OP_HALT(code, 0);
        const uint32_t store = code.size;
        OP(code, STORE_IND_U8, REGS(2, 1));
        OP_HALT(code, 0);
        pvm_vm_t* vm = code_vm(&code, 1000);
        NEED(vm != NULL);
        pvm_set_memory_bounds(vm, RW, RW_END, RO, RO_END, OUTPUT, OUTPUT_END, STACK, STACK_END);
        vm->registers[1] = cases[i].address;
        EQUAL(pvm_execute(vm, 0, 0), cases[i].readable ? PVM_RESULT_OK : PVM_RESULT_PANIC);
        EQUAL(vm->machine_state, cases[i].readable ? HALT : FAULT);
        if (!cases[i].readable) EQUAL(vm->fault_address, cases[i].address & ~0xfffu);
        EQUAL(pvm_execute(vm, store, 0), cases[i].writable ? PVM_RESULT_OK : PVM_RESULT_PANIC);
        EQUAL(vm->machine_state, cases[i].writable ? HALT : FAULT);
        if (!cases[i].writable) EQUAL(vm->fault_address, cases[i].address & ~0xfffu);
        pvm_destroy(vm);
    }
}

static void bounds_are_widened_to_whole_pages(void) {
    pvm_vm_t* vm = new_vm();
    pvm_set_memory_bounds(vm, 0x20010, 0x21001, 0x10fff, 0x11001, 0, 0, 0x30ffe, 0x30fff);
    EQUAL(pvm_page_access(vm, 0x20), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, 0x21), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, 0x22), PVM_ACCESS_NONE);
    EQUAL(pvm_page_access(vm, 0x10), PVM_ACCESS_READ);
    EQUAL(pvm_page_access(vm, 0x11), PVM_ACCESS_READ);
    EQUAL(pvm_page_access(vm, 0x12), PVM_ACCESS_NONE);
    EQUAL(pvm_page_access(vm, 0x30), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, 0x31), PVM_ACCESS_NONE);
    EQUAL(pvm_page_access(vm, 0x2f), PVM_ACCESS_NONE);
    EQUAL(pvm_write_ram_bytes_8(vm, 0x20000, 1), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, 0x21fff, 1), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, 0x22000, 1), OOB);
    pvm_destroy(vm);
}

static void ends_that_are_not_above_their_starts_make_nothing(void) {
    pvm_vm_t* vm = new_vm();
    pvm_set_memory_bounds(vm, 0x20000, 0x20000, 0x30000, 0x2ffff, 0x40000, 0, 0x50000, 0x50000);
    for (uint32_t page = 16; page < 0x80; page++) EQUAL(pvm_page_access(vm, page), PVM_ACCESS_NONE);
    CHECK(vm->ro_data == NULL && vm->output == NULL && vm->stack == NULL);
    pvm_destroy(vm);
    vm = new_vm();
    pvm_set_memory_bounds(vm, UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX, 0);
    EQUAL(pvm_page_access(vm, 0xfffff), PVM_ACCESS_NONE);
    pvm_destroy(vm);
}

static void the_lowest_zone_is_never_accessible(void) {
    pvm_vm_t* vm = new_vm();
    pvm_set_memory_bounds(vm, 0x1000, 0x12000, 0, 0x1000, 0x2000, 0x3000, 0, 0x800);
    EQUAL(pvm_page_access(vm, 15), PVM_ACCESS_NONE);
    EQUAL(pvm_page_access(vm, 16), PVM_ACCESS_WRITE);
    EQUAL(pvm_write_ram_bytes_8(vm, 0xffff, 1), OOB);
    EQUAL(pvm_write_ram_bytes_8(vm, 0x10000, 1), OK);
    EQUAL(pvm_write_ram_bytes_16(vm, 0xffff, 1), OOB);
    pvm_destroy(vm);
}

static void the_whole_address_space_can_be_used(void) {
    pvm_vm_t* vm = new_vm();
    pvm_set_memory_bounds(vm, 0x10000, 0x80000000, 0x80000000, 0xc0000000, 0xc0000000, 0xe0000000, 0xe0000000, 0xffffffff);
    EQUAL(pvm_write_ram_bytes_8(vm, 0x10000, 1), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, 0x7fffffff, 2), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, 0xbfffffff, 3), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, 0xffffffff, 4), OK);
    EQUAL(pvm_read_ram_bytes_8(vm, 0xffffffff, NULL), 4);
    EQUAL(pvm_read_ram_bytes_8(vm, 0x7fffffff, NULL), 2);
    EQUAL(pvm_write_ram_bytes_16(vm, 0xffffffff, 1), OOB);
    EQUAL(pvm_read_ram_bytes_8(vm, 0xffffffff, NULL), 4);
    pvm_destroy(vm);
}

static void overlapping_regions_have_an_order(void) {
    pvm_vm_t* vm = new_vm();
    /* rw 20-24, ro 20-28, output 22-26, stack 24-25: stack, rw, output, ro */
    pvm_set_memory_bounds(vm, 0x20000, 0x24000, 0x20000, 0x28000, 0x22000, 0x26000, 0x23000, 0x25000);
    static const pvm_access_t expected[] = {PVM_ACCESS_WRITE, PVM_ACCESS_WRITE, PVM_ACCESS_WRITE, PVM_ACCESS_WRITE, PVM_ACCESS_WRITE,
                                            PVM_ACCESS_READ, PVM_ACCESS_READ, PVM_ACCESS_READ, PVM_ACCESS_NONE};
    for (uint32_t i = 0; i < 9; i++) EQUAL(pvm_page_access(vm, 0x20 + i), expected[i]);
    pvm_destroy(vm);
}

static void setting_bounds_again_forgets_what_was(void) {
    pvm_vm_t* vm = bounded_vm();
    EQUAL(pvm_write_ram_bytes_8(vm, RW, 7), OK);
    EQUAL(pvm_write_ram_bytes_8(vm, STACK, 7), OK);
    pvm_set_memory_bounds(vm, STACK, STACK_END, 0, 0, 0, 0, RW, RW_END);
    EQUAL(pvm_read_ram_bytes_8(vm, RW, NULL), 0);
    EQUAL(pvm_read_ram_bytes_8(vm, STACK, NULL), 0);
    EQUAL(pvm_page_access(vm, OUTPUT >> 12), PVM_ACCESS_NONE);
    EQUAL(pvm_page_access(vm, RO >> 12), PVM_ACCESS_NONE);
    CHECK(vm->ro_data == NULL && vm->output == NULL);
    EQUAL(vm->max_heapsize, UINT32_MAX);
    pvm_destroy(vm);
}

static void the_heap_pointer_moves_both_ways(void) {
    pvm_vm_t* vm = bounded_vm();
    EQUAL(pvm_write_ram_bytes_8(vm, RW_END - 1, 9), OK);
    pvm_set_heap_pointer(vm, RW_END + 1);
    EQUAL(vm->current_heap_pointer, RW_END + 1);
    EQUAL(pvm_page_access(vm, RW_END >> 12), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, (RW_END >> 12) + 1), PVM_ACCESS_NONE);
    EQUAL(pvm_read_ram_bytes_8(vm, RW_END - 1, NULL), 9);
    EQUAL(pvm_write_ram_bytes_8(vm, RW_END, 8), OK);
    pvm_set_heap_pointer(vm, RW + 0x1000);
    EQUAL(vm->current_heap_pointer, RW + 0x1000);
    EQUAL(pvm_page_access(vm, (RW >> 12) + 1), PVM_ACCESS_NONE);
    EQUAL(pvm_page_access(vm, RW_END >> 12), PVM_ACCESS_NONE);
    pvm_set_heap_pointer(vm, RW_END + 0x1000);
    EQUAL(pvm_read_ram_bytes_8(vm, RW_END - 1, NULL), 0); /* a page that comes back is a new one */
    EQUAL(pvm_read_ram_bytes_8(vm, RW_END, NULL), 0);
    /* Out of range: no effect. */
    pvm_set_heap_pointer(vm, RW - 1);
    EQUAL(vm->current_heap_pointer, RW_END + 0x1000);
    pvm_set_heap_pointer(vm, vm->max_heapsize + 1);
    EQUAL(vm->current_heap_pointer, RW_END + 0x1000);
    pvm_set_heap_pointer(vm, vm->max_heapsize);
    EQUAL(vm->current_heap_pointer, OUTPUT);
    EQUAL(pvm_page_access(vm, (OUTPUT >> 12) - 1), PVM_ACCESS_WRITE);
    EQUAL(pvm_page_access(vm, OUTPUT >> 12), PVM_ACCESS_READ);
    pvm_set_heap_pointer(vm, RW);
    EQUAL(vm->current_heap_pointer, RW);
    EQUAL(pvm_page_access(vm, RW >> 12), PVM_ACCESS_NONE);
    pvm_destroy(vm);
}

static void expanding_goes_only_upwards(void) {
    pvm_vm_t* vm = bounded_vm();
    pvm_expand_heap(vm, RW_END + 100);
    EQUAL(vm->current_heap_pointer, RW_END + 100);
    EQUAL(pvm_page_access(vm, RW_END >> 12), PVM_ACCESS_WRITE);
    pvm_expand_heap(vm, RW_END);
    EQUAL(vm->current_heap_pointer, RW_END + 100);
    pvm_expand_heap(vm, OUTPUT + 1);
    EQUAL(vm->current_heap_pointer, RW_END + 100);
    pvm_expand_heap(vm, OUTPUT);
    EQUAL(vm->current_heap_pointer, OUTPUT);
    pvm_destroy(vm);
}

/* sbrk (0.7.2): the old end, counted in octets; 0 for what cannot be had. */
static uint64_t guest_sbrk(pvm_vm_t* vm, uint64_t amount) {
    vm->registers[8] = amount;
    vm->registers[7] = 12345;
    EQUAL(pvm_execute(vm, 0, 0), PVM_RESULT_OK);
    return vm->registers[7];
}

static void sbrk_moves_the_heap_by_octets(void) {
    code_t code = code_new();
    OP(code, SBRK, REGS(7, 8));
    OP_HALT(code, 0);
    pvm_vm_t* vm = code_vm(&code, 1000);
    NEED(vm != NULL);
    pvm_set_memory_bounds(vm, RW, RW_END, 0, 0, 0, 0, STACK, STACK_END);
    EQUAL(vm->max_heapsize, STACK);
    EQUAL(guest_sbrk(vm, 0), RW_END);
    EQUAL(guest_sbrk(vm, 1), RW_END);
    EQUAL(pvm_page_access(vm, RW_END >> 12), PVM_ACCESS_WRITE);
    EQUAL(guest_sbrk(vm, 0), RW_END + 1);
    EQUAL(vm->current_heap_pointer, RW_END + 1);
    EQUAL(guest_sbrk(vm, 0xfff), RW_END + 1);
    EQUAL(pvm_page_access(vm, (RW_END >> 12) + 1), PVM_ACCESS_NONE);
    EQUAL(guest_sbrk(vm, 0), RW_END + 0x1000);
    EQUAL(guest_sbrk(vm, STACK - RW_END - 0x1000 + 1), 0);
    EQUAL(guest_sbrk(vm, UINT64_MAX), 0);
    EQUAL(guest_sbrk(vm, (uint64_t)1 << 32), 0);
    EQUAL(guest_sbrk(vm, UINT64_MAX - RW_END), 0);
    EQUAL(guest_sbrk(vm, 0), RW_END + 0x1000);
    EQUAL(guest_sbrk(vm, STACK - RW_END - 0x1000), RW_END + 0x1000);
    EQUAL(guest_sbrk(vm, 0), STACK);
    EQUAL(pvm_page_access(vm, (STACK >> 12) - 1), PVM_ACCESS_WRITE);
    EQUAL(guest_sbrk(vm, 1), 0);
    pvm_destroy(vm);
}

static void the_heap_can_end_at_the_end_of_memory(void) {
    pvm_vm_t* vm = new_vm();
    uint64_t start = 0, end = 0, limit = 0;
    pvm_set_memory_bounds(vm, 0xffff0000, 0xffff1000, 0, 0, 0, 0, 0x10000, 0x11000);
    EQUAL(vm->max_heapsize, UINT32_MAX);
    EQUAL(pvm_heap(vm, &start, &end, &limit), PVM_OK);
    EQUAL(start, 0xffff0000);
    EQUAL(end, 0xffff1000);
    EQUAL(limit, (uint64_t)1 << 32);
    pvm_set_heap_pointer(vm, UINT32_MAX);
    EQUAL(pvm_page_access(vm, 0xfffff), PVM_ACCESS_WRITE);
    EQUAL(pvm_write_ram_bytes_8(vm, UINT32_MAX, 1), OK);
    EQUAL(pvm_heap(vm, NULL, NULL, NULL), PVM_OK);
    pvm_destroy(vm);
}

int main(void) {
    RUN(regions_start_zeroed_and_are_shown);
    RUN(numbers_are_little_endian);
    RUN(nothing_is_touched_unless_all_is_accessible);
    RUN(nothing_is_an_access_anywhere);
    RUN(ro_and_output_can_be_laid_out_before_the_first_run);
    RUN(the_guest_has_the_rights_of_each_region);
    RUN(bounds_are_widened_to_whole_pages);
    RUN(ends_that_are_not_above_their_starts_make_nothing);
    RUN(the_lowest_zone_is_never_accessible);
    RUN(the_whole_address_space_can_be_used);
    RUN(overlapping_regions_have_an_order);
    RUN(setting_bounds_again_forgets_what_was);
    RUN(the_heap_pointer_moves_both_ways);
    RUN(expanding_goes_only_upwards);
    RUN(sbrk_moves_the_heap_by_octets);
    RUN(the_heap_can_end_at_the_end_of_memory);
    return finish(__FILE__);
}
