/* duet_evm.h: the EVM of this library: the functions that make an instance of it, and what it has beyond EVMC (evmc.h).
 *
 * Options of evmc_vm::set_option
 *   mode                 auto (default), interpreter
 *   enable_gas_metering  true (default), false: gas is not counted and msg->gas comes back as it was. For measurements and
 *                        experiments only; an endless loop never ends.
 *   cache_bytes          how much memory the analyses of code may take that all instances of the process share: octets in
 *                        decimal, default 67108864; 0 turns the cache off. It holds for all instances.
 *   cache_after          when the cache takes code in: decimal, 0 to 1000, default 8. Code is analysed as a whole, for all executions to come, when
 *                        executions of it have taken so many times as long as that takes; code that went out again starts anew. 0: when it has been run
 *                        once, for measurements and tests. It holds for all instances.
 *   analyse_after        how often control comes to a block of code before the block is analysed and runs fast from then on: decimal,
 *                        default 4; 0: at once; above 255: never. For measurements and tests; what an execution does is the same.
 *                        Code from the cache is analysed already, whatever this says.
 *   trace                true, false (default): a line for every instruction, see duet_evm_set_trace
 * An unknown name gives EVMC_SET_OPTION_INVALID_NAME, an unknown value EVMC_SET_OPTION_INVALID_VALUE; nothing changes then.
 */
#ifndef DUET_EVM_H
#define DUET_EVM_H

#include "duet_trace.h"
#include "evmc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A new instance, to be freed by its destroy function; NULL if memory is short. The three are the same: loaders of EVMC take
 * the name of the function from the name of the file (libduet.so, libpvm.so) or use the last one. */
struct evmc_vm *evmc_create_duet(void);
struct evmc_vm *evmc_create_pvm(void);
struct evmc_vm *evmc_create(void);

/* Gets one line of a trace (EIP-3155, a JSON object without the line's end, not ended by NUL; good until it returns). It runs
 * on the thread of the execution and must not use the instance. */
typedef void (*duet_evm_trace_fn)(void *context, const char *line, size_t length);

/* Sends the trace of this instance to a function and turns tracing on; NULL turns it off. Without a function the option
 * "trace" writes to stderr. A line that memory is short for is left out. False, and nothing happens, if vm is NULL or no instance of this
 * library. */
bool duet_evm_set_trace(struct evmc_vm *vm, duet_evm_trace_fn trace, void *context);

/* Traces this instance in batches (duet_trace.h) instead of in lines, from its next execution on; NULL turns that off. Executions on
 * the same instance inside an execution (calls that the host runs on it) share the stream, and the buffer is handed over when the
 * outermost ends; what the host runs on it while it answers anything but a call is not traced. Message frames name their trace
 * themselves (evm_frame.h). False, and nothing has changed, if vm is NULL or no instance of this library, if the trace is not valid, while
 * an execution that is traced in this way runs on the instance, and if memory is short. */
bool duet_evm_set_batches(struct evmc_vm *vm, duet_trace_t *trace);

#ifdef __cplusplus
}
#endif

#endif
