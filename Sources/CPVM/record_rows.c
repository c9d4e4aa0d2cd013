/* Two forms of the same: `narrow`, record by record, and `wide`, by four rows of 16 octets, which are one vector and whose records are three. */
#include <string.h>

#include "CPVM.h"

_Static_assert(sizeof(duet_record_row) == 16 && sizeof(duet_segment_head) == 32, "rows have other sizes");

#define INLINE static inline __attribute__((always_inline))

duet_record_place *duet_no_place(void) {
    static duet_record_place none;
    return &none;
}

/* ---- Where a segment starts ---- */

/* Of the block at an offset; NULL if that is not analysed, or does not suit the stack, or cannot be paid. */
INLINE const duet_segment_head *first_segment(const duet_segments *segments, size_t offset, size_t octets, int64_t gas) {
    const duet_segment_head *head = (const duet_segment_head *)(segments->rows + segments->blocks[offset]);
    return octets - head->lowest < head->heights && gas >= head->ahead ? head : NULL;
}

/* The one behind. Behind a piece there need not be any. */
INLINE const duet_segment_head *next_segment(const duet_segments *segments) {
    if (segments->place->last == 0) return NULL;
    const duet_record_row *rows = (const duet_record_row *)(segments->segment + 1);
    return (const duet_segment_head *)(rows + segments->segment->count);
}

/* The record of the last instruction has its place, and those of a segment get theirs behind it. NULL if there is no room. */
INLINE uint8_t *begin(duet_segments *segments, const duet_segment_head *head, size_t octets, int64_t gas) {
    duet_record_place *place = segments->place;
    duet_evm_record_t *last = (duet_evm_record_t *)place->next;
    const uintptr_t next = (uintptr_t)last + head->size;
    if (next + DUET_EVM_RECORD_SIZE * (DUET_ROW_GROUP - 1) > place->last) return NULL;
    place->next = (uint8_t *)next;
    last->cost = segments->gas - gas;
    segments->gas = gas - head->before_last;
    segments->segment = head;
    segments->stop = segments->code + head->behind;
    segments->base.octets = octets;
    return (uint8_t *)(last + 1);
}

INLINE const duet_record_row *rows_of(const duet_segment_head *head) { return (const duet_record_row *)(head + 1); }

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
    uint8_t *records = head ? begin(segments, head, octets, gas) : NULL;
    if (!records) return -1;
    expand(records, rows_of(head), head->count, &segments->base, octets, gas);
    return gas - head->ahead;
}

bool duet_record_segment_narrow(duet_segments *segments, size_t octets, int64_t gas) {
    const duet_segment_head *head = next_segment(segments);
    uint8_t *records = head ? begin(segments, head, octets, gas + head->ahead) : NULL;
    if (!records) return false;
    expand(records, rows_of(head), head->count, &segments->base, octets, gas + head->ahead);
    return true;
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

WIDE INLINE void expand_wide(uint8_t *records, const duet_record_row *rows, ptrdiff_t count, const duet_record_base *base, size_t octets, int64_t gas) {
    /* No more of the base than that: the octets have just been stored, and a load across them would wait. */
    const __m512i known = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)base));
    const __m512i start = _mm512_castsi128_si512(_mm_set_epi64x((long long)(octets / 32) - DUET_ROW_HEIGHT, gas - DUET_ROW_GAS));
    __m512i sums[3];
    for (int i = 0; i < 3; i++) sums[i] = _mm512_permutex2var_epi64(known, _mm512_load_si512(summands + 8 * i), start);
    const __m512i first = _mm512_load_si512(places), second = _mm512_load_si512(places + 64), third = _mm512_load_si512(places + 128);
#define GROUP do { \
        const __m512i four = _mm512_loadu_si512(rows); \
        _mm512_storeu_si512(records, _mm512_add_epi64(_mm512_permutexvar_epi8(first, four), sums[0])); \
        _mm512_storeu_si512(records + 64, _mm512_add_epi64(_mm512_permutexvar_epi8(second, four), sums[1])); \
        _mm512_storeu_si512(records + 128, _mm512_add_epi64(_mm512_permutexvar_epi8(third, four), sums[2])); \
    } while (0)
    if (count > 2 * DUET_ROW_GROUP) {
        /* A store across the end of a cache line takes twice as long: one group, of which only so many stay that the next one is at the start of a line. */
        const size_t lead = (uintptr_t)records >> 4 & 3;
        if (lead != 0) GROUP;
        records += DUET_EVM_RECORD_SIZE * lead, rows += lead, count -= (ptrdiff_t)lead;
    }
    do {
        GROUP;
        records += DUET_EVM_RECORD_SIZE * DUET_ROW_GROUP;
        rows += DUET_ROW_GROUP;
        count -= DUET_ROW_GROUP;
    } while (count > 0);
}

WIDE void duet_expand_rows_wide(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base) {
    expand_wide(records, rows, (ptrdiff_t)count, base, base->octets, base->gas);
}

WIDE int64_t duet_record_block_wide(duet_segments *segments, size_t offset, size_t octets, int64_t gas) {
    const duet_segment_head *head = first_segment(segments, offset, octets, gas);
    uint8_t *records = head ? begin(segments, head, octets, gas) : NULL;
    if (!records) return -1;
    expand_wide(records, rows_of(head), head->count, &segments->base, octets, gas);
    return gas - head->ahead;
}

WIDE bool duet_record_segment_wide(duet_segments *segments, size_t octets, int64_t gas) {
    const duet_segment_head *head = next_segment(segments);
    uint8_t *records = head ? begin(segments, head, octets, gas + head->ahead) : NULL;
    if (!records) return false;
    expand_wide(records, rows_of(head), head->count, &segments->base, octets, gas + head->ahead);
    return true;
}
#else
/* Never called. */
void duet_expand_rows_wide(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base) {
    duet_expand_rows_narrow(records, rows, count, base);
}
int64_t duet_record_block_wide(duet_segments *segments, size_t offset, size_t octets, int64_t gas) {
    return duet_record_block_narrow(segments, offset, octets, gas);
}
bool duet_record_segment_wide(duet_segments *segments, size_t octets, int64_t gas) { return duet_record_segment_narrow(segments, octets, gas); }
#endif
