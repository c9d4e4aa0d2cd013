/* Four rows of 16 octets are one vector, and their records are three. */
#include "CPVM.h"

_Static_assert(sizeof(duet_record_row) == 16 && sizeof(duet_segment_head) == 32 , "rows have other sizes");

duet_record_place *duet_no_place(void) {
    static duet_record_place none;
    return &none;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Where a record's 48 octets stand in the row that begins at an octet; 5 is its octet that is always 0. */
#define ZEROS(row) (row) + 5, (row) + 5
#define RECORD(row) \
    (row), (row) + 1, (row) + 2, (row) + 3, (row) + 4, (row) + 5, ZEROS(row), \
    (row) + 8, (row) + 9, (row) + 10, (row) + 11, ZEROS(row), ZEROS(row), \
    (row) + 6, (row) + 7, ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), \
    ZEROS(row), ZEROS(row), ZEROS(row), ZEROS(row), (row) + 12, (row) + 13, ZEROS(row), ZEROS(row), ZEROS(row)
static const uint8_t places[192] __attribute__((aligned(64))) = {RECORD(0), RECORD(16), RECORD(32), RECORD(48)};

/* The limbs of a record that is added to a row, for the same three vectors: head and a zero from one source, from 8 on gas, height, refund and
 * memory from another. */
static const uint64_t limbs[24] __attribute__((aligned(64))) = {
    0, 8, 1, 10, 11, 9, 0, 8, 1, 10, 11, 9, 0, 8, 1, 10, 11, 9, 0, 8, 1, 10, 11, 9,
};

#define WITH_VBMI __attribute__((target("avx512f,avx512vl,avx512bw,avx512vbmi")))

WITH_VBMI static inline __attribute__((always_inline))
void expand(uint8_t *records, const duet_record_row *rows, size_t count, const uint64_t *head, size_t octets, int64_t gas, int64_t refund, uint64_t memory) {
    const __m512i known = _mm512_loadu_si512(head);
    const __m128i moving = _mm_set_epi64x((long long)(octets / 32) - DUET_ROW_HEIGHT, gas - DUET_ROW_GAS), steady = _mm_set_epi64x((long long)memory, refund);
    const __m512i start = _mm512_castsi256_si512(_mm256_set_m128i(steady, moving));
    __m512i sums[3];
    for (int i = 0; i < 3; i++) sums[i] = _mm512_permutex2var_epi64(known, _mm512_load_si512(limbs + 8 * i), start);
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
        records += DUET_EVM_RECORD_SIZE * lead, rows += lead, count -= lead;
    }
    for (const duet_record_row *end = rows + count; rows < end; rows += DUET_ROW_GROUP) {
        GROUP;
        records += DUET_EVM_RECORD_SIZE * DUET_ROW_GROUP;
    }
}

WITH_VBMI void duet_expand_rows(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base) {
    expand(records, rows, count, base->head, base->octets, base->gas, base->refund, base->memory);
}

/* The record of the last instruction has its place, and those of a segment have room behind it. */
WITH_VBMI static inline __attribute__((always_inline))
bool record(duet_segments *segments, const duet_segment_head *head, size_t octets, int64_t gas, int64_t refund, uint64_t memory) {
    duet_record_place *place = segments->place;
    duet_evm_record_t *last = (duet_evm_record_t *)place->next;
    const uintptr_t next = (uintptr_t)last + head->size;
    if (next + DUET_EVM_RECORD_SIZE * (DUET_ROW_GROUP - 1) > place->last) return false;
    last->cost = segments->gas - gas;
    segments->gas = gas - head->before_last;
    segments->segment = head;
    segments->stop = segments->code + head->behind;
    segments->base.octets = octets;
    place->next = (uint8_t *)next;
    expand((uint8_t *)(last + 1), (const duet_record_row *)(head + 1), head->count, segments->base.head, octets, gas, refund, memory);
    return true;
}

WITH_VBMI int64_t duet_record_block(duet_segments *segments, size_t offset, size_t octets, int64_t gas, int64_t refund, uint64_t memory) {
    const duet_segment_head *head = (const duet_segment_head *)(segments->rows + segments->blocks[offset]);
    const int64_t rest = gas - head->ahead;
    if (octets - head->lowest >= head->heights || rest < 0 || !record(segments, head, octets, gas, refund, memory)) return -1;
    return rest;
}

WITH_VBMI bool duet_record_segment(duet_segments *segments, size_t octets, int64_t gas, int64_t refund, uint64_t memory) {
    /* Behind a piece there need not be another segment. */
    if (segments->place->last == 0) return false;
    const duet_record_row *rows = (const duet_record_row *)(segments->segment + 1);
    const duet_segment_head *head = (const duet_segment_head *)(rows + segments->segment->count);
    return record(segments, head, octets, gas + head->ahead, refund, memory);
}
#else
int64_t duet_record_block(duet_segments *segments, size_t offset, size_t octets, int64_t gas, int64_t refund, uint64_t memory) {
    (void)segments, (void)offset, (void)octets, (void)gas, (void)refund, (void)memory;
    return -1; /* no such processor */
}
bool duet_record_segment(duet_segments *segments, size_t octets, int64_t gas, int64_t refund, uint64_t memory) {
    (void)segments, (void)octets, (void)gas, (void)refund, (void)memory;
    return false;
}
void duet_expand_rows(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base) {
    (void)records, (void)rows, (void)count, (void)base;
}
#endif
