// From C++17: create, memory, callback, child machine, resume, errors, destroy, with handles that release themselves.
// Standard headers first: pvm.h's short macros would get in their way.
#include <array>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "check.h"

namespace {

struct Destroy {
    void operator()(pvm_vm_t* vm) const { pvm_destroy(vm); }
    void operator()(pvm_program_t* program) const { pvm_program_release(program); }
};
using Machine = std::unique_ptr<pvm_vm_t, Destroy>;
using Program = std::unique_ptr<pvm_program_t, Destroy>;

constexpr uint32_t data_address = 0x20000;

// Loads a word, asks the host, stores the answer behind the word, halts.
code_t asking_code() {
    code_t code = code_new();
    OP(code, LOAD_U64, 7, IMM32(data_address));       // 0
    OP(code, ECALLI, 7);                              // 6
    OP(code, STORE_U64, 7, IMM32(data_address + 8));  // 8
    OP_HALT(code, 0);                                 // 14
    return code;
}

Machine machine(uint64_t gas) {
    const code_t code = asking_code();
    Machine vm(code_vm(&code, gas));
    NEED(vm != nullptr);
    pvm_set_memory_bounds(vm.get(), data_address, data_address + 0x1000, 0, 0, 0, 0, 0, 0);
    EQUAL(pvm_write_ram_bytes_64(vm.get(), data_address, 21), OK);
    return vm;
}

void a_callback_serves_the_guest() {
    Machine vm = machine(100);
    pvm_set_host_callback(vm.get(), [](pvm_vm_t* guest, int func_id) {
        EQUAL(func_id, 7);
        guest->registers[7] *= 2;
        return PVM_HOST_CONTINUE;
    });
    EQUAL(pvm_execute(vm.get(), 0, 0), PVM_RESULT_OK);
    EQUAL(pvm_read_ram_bytes_64(vm.get(), data_address + 8, nullptr), 42);
    EQUAL(vm->gas, 96);
}

void a_function_carries_an_object() {
    Machine vm = machine(100);
    std::vector<std::string> calls;
    const auto serve = [](pvm_vm_t* guest, int func_id, void* user_data) {
        static_cast<std::vector<std::string>*>(user_data)->push_back("call " + std::to_string(func_id));
        return pvm_charge_gas(guest, 10) == PVM_OK ? PVM_ACTION_CONTINUE : PVM_ACTION_OOG;
    };
    EQUAL(pvm_set_host_function(vm.get(), serve, &calls), PVM_OK);
    EQUAL(pvm_run(vm.get(), 0), PVM_EXIT_HALT);
    EQUAL(calls.size(), 1);
    CHECK(calls.front() == "call 7");
    EQUAL(vm->gas, 86);
}

void a_child_is_served_by_its_parent() {
    Machine parent = machine(100);
    pvm_set_host_callback(parent.get(), [](pvm_vm_t* guest, int) {
        // The parent's host call runs a machine of its own and serves that one's calls itself.
        Machine child = machine(50);
        EQUAL(pvm_execute(child.get(), 0, 1), PVM_RESULT_HOST_CALL);
        EQUAL(child->host_func_id, 7);
        EQUAL(child->pc, 6);
        child->registers[7] += 1;
        EQUAL(pvm_resume(child.get()), PVM_EXIT_HALT);
        EQUAL(child->gas, 46);
        guest->registers[7] = pvm_read_ram_bytes_64(child.get(), data_address + 8, nullptr);
        return PVM_HOST_CONTINUE;
    });
    EQUAL(pvm_execute(parent.get(), 0, 0), PVM_RESULT_OK);
    EQUAL(pvm_read_ram_bytes_64(parent.get(), data_address + 8, nullptr), 22);
}

void memory_is_reached_without_copies() {
    Machine vm = machine(100);
    uint8_t* view = nullptr;
    EQUAL(pvm_memory_view(vm.get(), data_address, 4096, PVM_ACCESS_WRITE, &view), PVM_OK);
    NEED(view != nullptr);
    std::iota(view, view + 256, static_cast<uint8_t>(0));
    std::array<uint8_t, 256> copy{};
    EQUAL(pvm_read(vm.get(), data_address, copy.size(), copy.data()), PVM_OK);
    EQUAL(std::accumulate(copy.begin(), copy.end(), 0), 255 * 256 / 2);
}

void errors_are_values() {
    const std::array<uint8_t, 3> truncated{0, 0, 200};
    pvm_program_t* raw = nullptr;
    const pvm_error_t error = pvm_program_create(truncated.data(), truncated.size(), PVM_FORMAT_BLOB, PVM_ISA_GP072, &raw);
    CHECK(error != PVM_OK);
    CHECK(raw == nullptr);
    CHECK(std::string(pvm_error_message(error)).size() > 5);
    EQUAL(pvm_execute(nullptr, 0, 0), PVM_RESULT_ERROR);
    Machine vm = machine(2);
    EQUAL(pvm_execute(vm.get(), 8, 0), PVM_RESULT_OK);
    EQUAL(pvm_execute(vm.get(), 8, 0), PVM_RESULT_OOG);
    EQUAL(pvm_write_ram_bytes_64(vm.get(), data_address + 0x1000, 1), OOB);
}

void one_program_feeds_many_machines() {
    const code_t code = asking_code();
    Program program(code_program(&code, PVM_ISA_GP072));
    NEED(program != nullptr);
    std::vector<Machine> machines;
    for (int i = 0; i < 10; i++) {  // each reserves its address space: more would not fit under valgrind
        pvm_vm_t* vm = nullptr;
        EQUAL(pvm_vm_create(program.get(), nullptr, 0, 1000, &vm), PVM_OK);
        machines.emplace_back(vm);
        EQUAL(pvm_map_pages(vm, data_address / PVM_PAGE_SIZE, 1, PVM_ACCESS_WRITE), PVM_OK);
    }
    program.reset();
    for (auto& vm : machines) {
        EQUAL(pvm_run(vm.get(), 0), PVM_EXIT_HOST);
        EQUAL(pvm_resume(vm.get()), PVM_EXIT_HALT);
    }
}

}  // namespace

int main() {
    RUN(a_callback_serves_the_guest);
    RUN(a_function_carries_an_object);
    RUN(a_child_is_served_by_its_parent);
    RUN(memory_is_reached_without_copies);
    RUN(errors_are_values);
    RUN(one_program_feeds_many_machines);
    return finish(__FILE__);
}
