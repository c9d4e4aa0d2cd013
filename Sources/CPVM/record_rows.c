/* Two forms of the same: `narrow`, record by record, and `wide`, by four rows of 16 octets, which are one vector and whose records are three. */
#include <string.h>

#include "CPVM.h"

_Static_assert(sizeof(duet_record_row) == 16 && sizeof(duet_segment_head) == 32, "rows have other sizes");

#define INLINE static inline __attribute__((always_inline))

/* ---- Where a segment starts ---- */

/* Of the block at an offset; NULL if that has no rows, or does not suit the stack, or cannot be paid. */
INLINE const duet_segment_head *first_segment(const duet_segments *segments, size_t offset, size_t octets, int64_t gas) {
    const duet_segment_head *head = (const duet_segment_head *)((const uint8_t *)segments->rows + segments->blocks[offset]);
    return octets - head->lowest < head->heights && gas >= head->ahead ? head : NULL;
}

INLINE const duet_record_row *rows_of(const duet_segment_head *head) { return (const duet_record_row *)(head + 1); }

/* The one behind. Behind a piece there need not be any. */
INLINE const duet_segment_head *next_segment(const duet_segments *segments) {
    return segments->limit != 0 ? (const duet_segment_head *)(rows_of(segments->segment) + segments->segment->count) : NULL;
}

/* The record of the last instruction has its place, and those of a segment get theirs behind it. NULL if there is no room. */
INLINE uint8_t *begin(duet_segments *segments, const duet_segment_head *head, int64_t gas) {
    duet_record_place *place = segments->place;
    uint8_t *last = place->next, *next = last + head->size;
    if ((uintptr_t)next > segments->limit) return NULL;
    place->next = next;
    segments->base.gas = gas;
    segments->segment = head;
    segments->stop = head->stop;
    return last + DUET_EVM_RECORD_SIZE;
}

/* ---- Narrow ---- */

INLINE void expand(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base, size_t octets, int64_t gas) {
    const uint64_t head = base->head, refund = (uint64_t)base->refund, memory = base->memory;
    const uint64_t start = (uint64_t)gas - DUET_ROW_GAS, height = octets / 32 - DUET_ROW_HEIGHT;
    for (const duet_record_row *end = rows + count; rows < end; rows++, records += DUET_EVM_RECORD_SIZE) {
        const uint64_t limbs[DUET_EVM_RECORD_SIZE / 8] = {
            head | rows->pc | (uint64_t)rows->opcode << 32, start + rows->gas, rows->cost, refund, memory, height + rows->height,
        };
        memcpy(records, limbs, sizeof limbs);
    }
}

void duet_expand_rows_narrow(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base) {
    expand(records, rows, count, base, base->octets, base->gas);
}

int64_t duet_record_block_narrow(duet_segments *segments, size_t offset, size_t octets, int64_t gas) {
    const duet_segment_head *head = first_segment(segments, offset, octets, gas);
    uint8_t *records = head ? begin(segments, head, gas) : NULL;
    if (!records) return -1;
    expand(records, rows_of(head), head->count, &segments->base, octets, gas);
    return gas - head->ahead;
}

int64_t duet_record_segment_narrow(duet_segments *segments, size_t octets, int64_t gas) {
    const duet_segment_head *head = next_segment(segments);
    if (!head) return -1;
    gas += head->ahead;
    duet_complete_record(segments, gas);
    uint8_t *records = begin(segments, head, gas);
    if (!records) return -1;
    expand(records, rows_of(head), head->count, &segments->base, octets, gas);
    return gas - head->ahead;
}

/* ---- Wide ---- */

#if defined(__x86_64__)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512vl,avx512bw,avx512vbmi")))

/* Where a record's 48 octets stand in the row that begins at an octet; 5 is its octet that is always 0. */
#define ZEROS(row) (row) + 5, (row) + 5
#define RECORD(row) \
    (row), (row) + 1, (row) + 2, (row) + 3, (row) + 4, (row) + 5, ZEROS(row), \
    (row) + 8, (row) + 9, (row) + 10, (row) + 11, ZEROS(row), ZEROS(row), \
    (row) + 6, (row) + 7, ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), \
    ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), (row) + 12, (row) + 13, ZEROS(row), ZEROS(row), ZEROS(row)
static const uint8_t places[192] __attribute__((aligned(64))) = {RECORD(0), RECORD(16), RECORD(32), RECORD(48)};

/* The limbs that are added to a record's, for the same three vectors: from 8 on gas and height, the others by their places in the base. */
enum { HEAD, ZERO, REFUND, MEMORY, GAS = 8, HEIGHT };
#define SUMMANDS HEAD, GAS, ZERO, REFUND, MEMORY, HEIGHT
static const uint64_t summands[24] __attribute__((aligned(64))) = {SUMMANDS, SUMMANDS, SUMMANDS, SUMMANDS};
_Static_assert(offsetof(duet_record_base, head) == 8 * HEAD && offsetof(duet_record_base, zero) == 8 * ZERO && offsetof(duet_record_base, refund) == 8 * REFUND
               && offsetof(duet_record_base, memory) == 8 * MEMORY, "the base has another order");

/* What is added, and where a record's octets are, for each of the three vectors of four records. */
typedef struct {
    __m512i sums[3], places[3];
} Expansion;

WIDE INLINE Expansion expansion(const duet_record_base *base, size_t octets, int64_t gas) {
    Expansion e;
    const __m512i known = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)base));
    const __m512i start = _mm512_castsi128_si512(_mm_set_epi64x((long long)(octets / 32) - DUET_ROW_HEIGHT, gas - DUET_ROW_GAS));
    for (int i = 0; i < 3; i++) {
        e.sums[i] = _mm512_permutex2var_epi64(known, _mm512_load_si512(summands + 8 * i), start);
        e.places[i] = _mm512_load_si512(places + 64 * i);
    }
    return e;
}

/* The records of four rows. */
WIDE INLINE void expand_group(uint8_t *records, const duet_record_row *rows, const Expansion *e) {
    const __m512i four = _mm512_loadu_si512(rows);
    for (int i = 0; i < 3; i++) _mm512_storeu_si512(records + 64 * i, _mm512_add_epi64(_mm512_permutexvar_epi8(e->places[i], four), e->sums[i]));
}

enum { GROUP_SIZE = DUET_EVM_RECORD_SIZE * DUET_ROW_GROUP };

WIDE INLINE void expand_wide(uint8_t *records, const duet_record_row *rows, ptrdiff_t count, const duet_record_base *base, size_t octets, int64_t gas) {
    const Expansion e = expansion(base, octets, gas);
    if (count > 2 * DUET_ROW_GROUP) {
        /* A store across the end of a cache line takes twice as long: one group, of which only so many stay that the next one is at the start of a line. */
        const size_t lead = (uintptr_t)records >> 4 & 3;
        if (lead != 0) expand_group(records, rows, &e);
        records += DUET_EVM_RECORD_SIZE * lead, rows += lead, count -= (ptrdiff_t)lead;
    }
    do {
        expand_group(records, rows, &e);
        records += GROUP_SIZE;
        rows += DUET_ROW_GROUP;
        count -= DUET_ROW_GROUP;
    } while (count > 0);
}

WIDE void duet_expand_rows_wide(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base) {
    expand_wide(records, rows, (ptrdiff_t)count, base, base->octets, base->gas);
}

/* The records of a segment; gives the gas that is left. Apart, as it wants more registers; parameters lie where they are. */
WIDE static __attribute__((noinline)) int64_t expand_long(const duet_record_base *base, const duet_segment_head *head, size_t octets, int64_t gas, uint8_t *records) {
    expand_wide(records, rows_of(head), head->count, base, octets, gas);
    return gas - head->ahead;
}

/* The same. Most segments are short, and what their start costs goes with the number of instructions. */
WIDE INLINE int64_t expand_segment(uint8_t *records, const duet_segment_head *head, const duet_record_base *base, size_t octets, int64_t gas) {
    if (head->size > 2 * GROUP_SIZE) return expand_long(base, head, octets, gas, records);
    const Expansion e = expansion(base, octets, gas);
    expand_group(records, rows_of(head), &e);
    if (head->size > GROUP_SIZE) expand_group(records + GROUP_SIZE, rows_of(head) + DUET_ROW_GROUP, &e);
    return gas - head->ahead;
}

WIDE int64_t duet_record_block_wide(duet_segments *segments, size_t offset, size_t octets, int64_t gas) {
    const duet_segment_head *head = first_segment(segments, offset, octets, gas);
    uint8_t *records = head ? begin(segments, head, gas) : NULL;
    return records ? expand_segment(records, head, &segments->base, octets, gas) : -1;
}

WIDE int64_t duet_record_segment_wide(duet_segments *segments, size_t octets, int64_t gas) {
    const duet_segment_head *head = next_segment(segments);
    if (!head) return -1;
    gas += head->ahead;
    duet_complete_record(segments, gas);
    uint8_t *records = begin(segments, head, gas);
    return records ? expand_segment(records, head, &segments->base, octets, gas) : -1;
}
#else
/* Never called. */
void duet_expand_rows_wide(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base) {
    duet_expand_rows_narrow(records, rows, count, base);
}
int64_t duet_record_block_wide(duet_segments *segments, size_t offset, size_t octets, int64_t gas) {
    return duet_record_block_narrow(segments, offset, octets, gas);
}
int64_t duet_record_segment_wide(duet_segments *segments, size_t octets, int64_t gas) { return duet_record_segment_narrow(segments, octets, gas); }
#endif
