#include "CPVM.h"

struct evmc_result duet_evm_entry(struct evmc_vm *vm, const struct evmc_host_interface *host, struct evmc_host_context *context,
                                  enum evmc_revision rev, const struct evmc_message *msg, const uint8_t *code, size_t code_size) {
    struct evmc_result result;
    duet_evm_execute(vm, host, context, rev, msg, code, code_size, &result);
    return result;
}
