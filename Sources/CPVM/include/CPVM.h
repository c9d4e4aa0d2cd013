/* The C side of the package: the two public headers, and what only C can say. */
#ifndef CPVM_H
#define CPVM_H

#ifndef PVM_NO_SHORT_NAMES
#define PVM_NO_SHORT_NAMES
#endif
#include "../../../include/pvm_ext.h"

#endif
