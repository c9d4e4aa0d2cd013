/* Allocations that are refused: the linker puts these functions in the place of the C library's (--wrap), in the library's object too. */
#ifndef REFUSE_H
#define REFUSE_H

#include <stdbool.h>
#include <stddef.h>

/* Inside of what is to be tested, and outside of it: nothing is refused or counted there. */
void refuse_enter(void);
void refuse_leave(void);

/* The `number`th allocation from now on is refused, with `stays` all that follow until refuse_leave as well. 0: none. */
void refuse_at(long number, bool stays);
long refuse_count(void);   /* allocations since refuse_at */
long refuse_refused(void); /* that were refused */

/* Blocks of the heap that have not been given back. */
long refuse_live(void);

#endif
