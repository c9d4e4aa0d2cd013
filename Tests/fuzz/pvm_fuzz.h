/* The fuzz target's two faces: libFuzzer's entry point, and what the driver of our own (main.c) reports. */
#ifndef PVM_FUZZ_H
#define PVM_FUZZ_H

#include "pvm_ext.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/* Operations carried out since the start, each one or more calls of the library. */
extern unsigned long long pvm_fuzz_operations;

#endif
