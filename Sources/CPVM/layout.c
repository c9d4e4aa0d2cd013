/* The layout of struct VM is a contract: programs compiled against other copies of pvm.h read these offsets. */
#include "CPVM.h"

#define AT(field, offset) _Static_assert(offsetof(VM, field) == (offset), #field " has moved")

_Static_assert(sizeof(VM) == 304, "struct VM has another size");
AT(registers, 0);
AT(pc, 104);
AT(code, 112);
AT(bitmask, 120);
AT(gas, 128);
AT(host_call, 136);
AT(host_func_id, 140);
AT(is_child, 144);
AT(rw_data, 152);
AT(ro_data, 160);
AT(output, 168);
AT(stack, 176);
AT(rw_data_address, 184);
AT(rw_data_address_end, 188);
AT(ro_data_address, 192);
AT(ro_data_address_end, 196);
AT(output_address, 200);
AT(output_end, 204);
AT(stack_address, 208);
AT(stack_address_end, 212);
AT(current_heap_pointer, 216);
AT(max_heapsize, 220);
AT(code_len, 224);
AT(bitmask_len, 228);
AT(result_code, 232);
AT(machine_state, 236);
AT(terminated, 240);
AT(initializing, 244);
AT(fault_address, 248);
AT(j_size, 252);
AT(j, 256);
AT(service_index, 264);
AT(core_index, 268);
AT(ext_vm, 272);
AT(ext_invoke_host_func, 280);
AT(host_callback, 288);
AT(pvm_logging, 296);
AT(pvm_tracing, 300);
