#include "CPVM.h"

uint8_t *duet_no_rights(void) {
    /* Not const: as zero-initialised data it takes no room in the library file. */
    static _Alignas(64) uint8_t zeros[1 << 20];
    return zeros;
}
