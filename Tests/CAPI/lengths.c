/* Every length of pvm.h, pvm_ext.h and duet_trace.h that is not what it can be: judged before an octet is read. The buffers are small and of
 * exactly their size, so that a memory checker sees what is read behind them; most ends of the numbers lie where nothing is mapped. */
#include "check.h"

static const uint64_t hostile[] = {
    UINT64_C(1) << 31, (UINT64_C(1) << 32) - 1, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 4, UINT64_C(1) << 61, UINT64_C(1) << 62,
    (UINT64_C(1) << 62) + 1, (UINT64_C(1) << 63) - 1, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, UINT64_MAX - 1, UINT64_MAX
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };
#define EACH(i) for (size_t i = 0; i < HOSTILE; i++)

/* Memory of exactly that size, zeroed. */
static uint8_t* buffer(size_t size) {
    uint8_t* memory = (uint8_t*)calloc(size, 1);
    NEED(memory != NULL);
    return memory;
}

static uint8_t *code, *mask;
static uint32_t* jumps;

static void refused(size_t code_len, size_t mask_len, size_t jumps_len, pvm_error_t expected) {
    CHECK(pvm_create(0, code, code_len, NULL, mask, mask_len, jumps, jumps_len, 1) == NULL);
    for (int isa = 0; isa < 2; isa++) {
        pvm_program_t* program = (pvm_program_t*)1;
        EQUAL(pvm_program_create_raw(code, code_len, mask, mask_len, jumps, jumps_len, (pvm_isa_t)isa, &program), expected);
        CHECK(program == NULL);
    }
}

static void raw_programs(void) {
    code = buffer(4), mask = buffer(4), jumps = (uint32_t*)(void*)buffer(8);
    EACH(i) {
        const size_t length = (size_t)hostile[i];
        refused(length, 4, 2, PVM_ERR_TOO_LARGE);
        refused(length, length, 2, PVM_ERR_TOO_LARGE);
        refused(length, length / 8, length, PVM_ERR_TOO_LARGE);
        refused(4, length, 2, PVM_ERR_ARGUMENT);
        refused(4, 4, length, PVM_ERR_TOO_LARGE);
        refused(0, length, 2, PVM_ERR_NO_CODE);
    }
    refused((1 << 28) + 1, 4, 0, PVM_ERR_TOO_LARGE);
    refused(4, 0, 0, PVM_ERR_ARGUMENT);
    refused(4, 5, 0, PVM_ERR_ARGUMENT);
    refused(1 << 28, 4, 0, PVM_ERR_ARGUMENT);
    refused(4, 4, (1 << 26) + 1, PVM_ERR_TOO_LARGE);
    refused(4, 4, 1 << 28, PVM_ERR_TOO_LARGE);
    pvm_vm_t* vm = pvm_create(0, code, 4, NULL, mask, 4, jumps, 2, 1);
    CHECK(vm != NULL);
    pvm_destroy(vm);
    free(code), free(mask), free(jumps);
}

static void images(void) {
    uint8_t* image = buffer(16);
    for (int fill = 0; fill < 256; fill += 51) {
        memset(image, fill, 16);
        EACH(i) {
            for (int format = -1; format <= 5; format++) {
                pvm_program_t* program = (pvm_program_t*)1;
                const pvm_error_t error = pvm_program_create(image, (size_t)hostile[i], (pvm_format_t)format, PVM_ISA_GP072, &program);
                CHECK(error == PVM_ERR_TOO_LARGE);
                CHECK(program == NULL);
            }
        }
    }
    free(image);
}

static pvm_program_t* raw(void) {
    code_t octets = code_new();
    OP(octets, FALLTHROUGH);
    OP_HALT(octets, 0);
    pvm_program_t* program = code_program(&octets, PVM_ISA_GP072);
    NEED(program != NULL);
    return program;
}

static void arguments(void) {
    uint8_t* data = buffer(16);
    code_t octets = code_new();
    OP_RETURN(octets);
    uint8_t image[256];
    pvm_program_t* programs[2] = { NULL, raw() };
    NEED(pvm_program_create(image, code_standard(&octets, NULL, 0, NULL, 0, 1, 4096, image), PVM_FORMAT_STANDARD, PVM_ISA_GP072, &programs[0]) == PVM_OK);
    EACH(i) {
        for (int which = 0; which < 2; which++) {
            pvm_vm_t* vm = (pvm_vm_t*)1;
            EQUAL(pvm_vm_create(programs[which], data, (size_t)hostile[i], 1, &vm), PVM_ERR_ARGUMENT);
            CHECK(vm == NULL);
            pvm_invocation_t invocation;
            /* Too many arguments are a panic of Psi_M; a raw program takes none. */
            EQUAL(pvm_invoke(programs[which], 0, 1, data, (size_t)hostile[i], NULL, NULL, &invocation), which == 0 ? PVM_OK : PVM_ERR_ARGUMENT);
            EQUAL(invocation.exit, PVM_EXIT_PANIC);
            CHECK(invocation.output == NULL && invocation.output_len == 0);
        }
    }
    pvm_program_release(programs[0]);
    pvm_program_release(programs[1]);
    free(data);
}

static void guest_memory(void) {
    pvm_program_t* program = raw();
    uint8_t* data = buffer(16);
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, 100, &vm) == PVM_OK);
    for (int mapped = 0; mapped < 2; mapped++) {
        const uint64_t there = 16 << 12;
        EACH(i) {
            const uint64_t size = hostile[i];
            uint8_t* view = (uint8_t*)1;
            for (int way = 0; way < 2; way++) {
                /* As the length, and as the address. */
                const uint64_t address = way ? size : there, length = way ? 16 : size;
                EQUAL(pvm_read(vm, address, length, data), PVM_ERR_OUT_OF_BOUNDS);
                EQUAL(pvm_write(vm, address, length, data), PVM_ERR_OUT_OF_BOUNDS);
                EQUAL(pvm_load(vm, address, length, data), PVM_ERR_OUT_OF_BOUNDS);
                EQUAL(pvm_memory_view(vm, address, length, PVM_ACCESS_READ, &view), PVM_ERR_OUT_OF_BOUNDS);
                CHECK(view == NULL);
                EQUAL(pvm_is_readable(vm, address, length), 0);
                EQUAL(pvm_is_writable(vm, address, length), 0);
            }
            if (size <= UINT32_MAX) {
                int error = 0;
                EQUAL(pvm_write_ram_bytes(vm, (uint32_t)there, data, (uint32_t)size), OOB);
                EQUAL(pvm_read_ram_bytes(vm, (uint32_t)there, data, (uint32_t)size, &error), OOB);
                EQUAL(pvm_write_ram_bytes(vm, (uint32_t)size, data, 16), OOB);
                EQUAL(pvm_map_pages(vm, 16, (uint32_t)size, PVM_ACCESS_WRITE), PVM_ERR_ARGUMENT);
                EQUAL(pvm_map_pages(vm, (uint32_t)size, 1, PVM_ACCESS_WRITE), PVM_ERR_ARGUMENT);
                EQUAL(pvm_map_pages(vm, (uint32_t)size, (uint32_t)size, PVM_ACCESS_WRITE), PVM_ERR_ARGUMENT);
                EQUAL(pvm_page_access(vm, (uint32_t)size), PVM_ACCESS_NONE);
                pvm_set_heap_pointer(vm, (uint32_t)size);
                pvm_expand_heap(vm, (uint32_t)size);
            }
            /* An empty range, wherever it is. */
            EQUAL(pvm_read(vm, size, 0, NULL), PVM_OK);
            EQUAL(pvm_memory_view(vm, size, 0, PVM_ACCESS_READ, &view), PVM_OK);
            EQUAL(pvm_is_writable(vm, size, 0), 1);
        }
        EQUAL(pvm_map_pages(vm, 16, 1, PVM_ACCESS_WRITE), PVM_OK);
    }
    pvm_destroy(vm);
    free(data);
    pvm_program_release(program);
}

/* The host calls of inner machines take lengths from the guest's registers. */
static void inner_machines(void) {
    pvm_program_t* program = raw();
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, 1000000, &vm) == PVM_OK);
    EQUAL(pvm_map_pages(vm, 16, 1, PVM_ACCESS_WRITE), PVM_OK);
    const uint8_t blob[] = { 0, 0, 1, TRAP, 1 };
    EQUAL(pvm_write(vm, 16 << 12, sizeof blob, blob), PVM_OK);
    vm->registers[7] = 16 << 12, vm->registers[8] = sizeof blob, vm->registers[9] = 0;
    EQUAL(pvm_inner_machine(vm), PVM_ACTION_CONTINUE);
    EQUAL(vm->registers[7], 0);
    EACH(i) {
        for (int which = 7; which <= 10; which++) {
            pvm_action_t (*const calls[])(pvm_vm_t*) = { pvm_inner_machine, pvm_inner_peek, pvm_inner_poke, pvm_inner_pages, pvm_inner_invoke };
            for (size_t call = 0; call < sizeof calls / sizeof *calls; call++) {
                for (int reg = 7; reg <= 10; reg++) vm->registers[reg] = 0;
                vm->registers[which] = hostile[i];
                if (call == 0 && which == 9) continue; /* a pc may be anything */
                const pvm_action_t action = calls[call](vm);
                CHECK(action == PVM_ACTION_PANIC || vm->registers[7] >= PVM_HOST_HUH || vm->registers[7] == 0);
            }
        }
        vm->registers[7] = hostile[i];
        pvm_inner_expunge(vm);
        EQUAL(vm->registers[7], PVM_HOST_WHO);
        CHECK(pvm_inner_vm(vm, hostile[i]) == NULL);
        EQUAL(pvm_set_inner_limit(vm, (uint32_t)hostile[i]), PVM_OK);
    }
    EQUAL(pvm_inner_count(vm), 1);
    pvm_destroy(vm);
    pvm_program_release(program);
}

static void questions_about_programs(void) {
    pvm_program_t* program = raw();
    EACH(i) {
        const uint32_t pc = (uint32_t)hostile[i] | UINT32_C(1) << 31;
        EQUAL(pvm_program_is_instruction(program, pc), 0);
        EQUAL(pvm_program_is_block_start(program, pc), 0);
        EQUAL(pvm_program_block_gas(program, pc), 0);
        pvm_vm_t* vm = NULL;
        NEED(pvm_vm_create(program, NULL, 0, 100, &vm) == PVM_OK);
        EQUAL(pvm_run(vm, pc), PVM_EXIT_PANIC);
        EQUAL(pvm_set_pc(vm, hostile[i]), PVM_OK);
        EQUAL(pvm_resume(vm), PVM_EXIT_PANIC);
        pvm_branch(vm, hostile[i]);
        pvm_djump(vm, hostile[i]);
        pvm_destroy(vm);
    }
    pvm_program_release(program);
}

/* Handlers take 24 operand octets at most, whatever number they are told. */
static void handlers(void) {
    pvm_program_t* program = raw();
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, 100, &vm) == PVM_OK);
    uint8_t* operands = buffer(24);
    EACH(i) {
        for (int opcode = 0; opcode < 256; opcode++) dispatch_table[opcode](vm, operands, (size_t)hostile[i]);
    }
    vm->registers[3] = 0;
    operands[0] = 3, operands[1] = 7;
    dispatch_table[LOAD_IMM](vm, operands, SIZE_MAX);
    EQUAL(vm->registers[3], 7);
    pvm_destroy(vm);
    free(operands);
    pvm_program_release(program);
}

static void the_cache(void) {
    pvm_cache_statistics_t before, now;
    EQUAL(pvm_cache_statistics(&before), PVM_OK);
    EACH(i) {
        EQUAL(pvm_cache_set_limit((size_t)hostile[i]), PVM_OK);
        EQUAL(pvm_cache_statistics(&now), PVM_OK);
        EQUAL(now.limit, hostile[i] > INT64_MAX ? (uint64_t)INT64_MAX : hostile[i]);
        EQUAL(pvm_set_auto_policy(hostile[i], UINT32_MAX), PVM_OK);
        pvm_program_t* program = raw();
        pvm_vm_t* vm = NULL;
        NEED(pvm_vm_create(program, NULL, 0, 100, &vm) == PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
        pvm_destroy(vm);
        pvm_program_release(program);
    }
    EQUAL(pvm_set_auto_policy(4096, 10), PVM_OK);
    EQUAL(pvm_cache_set_limit((size_t)before.limit), PVM_OK);
}

static void traces(void) {
    pvm_program_t* program = raw();
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, UINT64_C(1) << 40, &vm) == PVM_OK);
    /* Room for what is written in truth. */
    uint8_t* records = buffer(2 * DUET_PVM_RECORD_SIZE);
    EACH(i) {
        duet_trace_t trace;
        duet_trace_init(&trace, records, (size_t)hostile[i], NULL, NULL);
        const int is_size = hostile[i] < (UINT64_C(1) << 63) - 1;
        EQUAL(pvm_set_trace_batches(vm, &trace), is_size ? PVM_OK : PVM_ERR_ARGUMENT);
        if (is_size) {
            EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
            EQUAL(trace.count, 2);
        }
        /* So many records are in a buffer for two already: it is full. */
        duet_trace_init(&trace, records, 2 * DUET_PVM_RECORD_SIZE, NULL, NULL);
        trace.count = hostile[i];
        EQUAL(pvm_set_trace_batches(vm, &trace), PVM_OK);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
        EQUAL(trace.lost, 2);
        EQUAL(pvm_set_trace_batches(vm, NULL), PVM_OK);
    }
    pvm_destroy(vm);
    free(records);
    pvm_program_release(program);
}

int main(void) {
    RUN(raw_programs);
    RUN(images);
    RUN(arguments);
    RUN(guest_memory);
    RUN(inner_machines);
    RUN(questions_about_programs);
    RUN(handlers);
    RUN(the_cache);
    RUN(traces);
    return finish(__FILE__);
}
