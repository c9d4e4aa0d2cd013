/* Records of a trace of the EVM without words, prepared for segments of known code: rows of 16 octets, with what the records have but for the
 * gas, the height of the stack and so on where the segment starts (see Sources/EVM/Trace/Stencils.swift). */
#ifndef DUET_RECORD_ROWS_H
#define DUET_RECORD_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t pc;
    uint8_t opcode;
    uint8_t zero; /* what a record has more octets for than a row */
    uint16_t cost;
    uint32_t gas;    /* DUET_ROW_GAS less what the instructions before it cost */
    uint16_t height; /* DUET_ROW_HEIGHT and the words that there are more than at the start */
    uint16_t unused;
} duet_record_row;

enum { DUET_ROW_GAS = 0x7fffffff, DUET_ROW_HEIGHT = 0x8000, DUET_ROW_GROUP = 4 };

/* Stands in front of the rows of a segment, in place of two. */
typedef struct {
    uint32_t count;
    uint32_t size; /* octets of their records */
    uint32_t ahead; /* gas: what its block costs, or, behind the first segment, what has been paid for the block and not been used */
    uint32_t before_last; /* gas that the instructions before the last one take */
    uint16_t lowest, heights; /* octets on the stack that suit it: from `lowest` on so many; 0: none do */
    uint32_t block; /* offset of its block */
    const uint8_t *stop; /* the instruction behind it; NULL behind the last segment of a block */
} duet_segment_head;

/* Where records go: the next one, and the last address that has room for one. */
typedef struct {
    uint8_t *next;
    uintptr_t last;
} duet_record_place;

/* What the records of a segment have in common: depth (in the first limb of a record), refund and size of the memory, and octets on the stack and gas
 * where it starts. duet_record_block and duet_record_segment neither read nor keep the octets. */
typedef struct {
    uint64_t head;
    uint64_t zero;
    int64_t refund;
    uint64_t memory;
    size_t octets;
    int64_t gas;
} duet_record_base;

/* What is being recorded so. The record of the segment's last instruction has its place when that has succeeded. */
typedef struct {
    duet_record_base base;
    duet_record_place *place;
    uintptr_t limit; /* where `next` may come to lie, with room for what is written behind; 0: no record stands there, or that of a piece of a segment */
    const duet_record_row *rows;
    const uint32_t *blocks; /* by offset in the code, in octets behind `rows`, the head of the first segment; 0, where there is one that suits no stack, for none */
    const uint8_t *stop; /* of the segment or piece */
    const duet_segment_head *segment;
    bool is_wide; /* the processor has DUET_CPU_VBMI */
} duet_segments;

/* Two forms of each function. A wide one wants the processor to have DUET_CPU_VBMI. */
int64_t duet_record_block_narrow(duet_segments *segments, size_t offset, size_t octets, int64_t gas);
int64_t duet_record_block_wide(duet_segments *segments, size_t offset, size_t octets, int64_t gas);
int64_t duet_record_segment_narrow(duet_segments *segments, size_t octets, int64_t gas);
int64_t duet_record_segment_wide(duet_segments *segments, size_t octets, int64_t gas);
void duet_expand_rows_narrow(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base);
void duet_expand_rows_wide(uint8_t *records, const duet_record_row *rows, size_t count, const duet_record_base *base);

/* The last instruction has left so much gas, which its fixed cost need not say. */
static inline void duet_complete_record(duet_segments *segments, int64_t gas) {
    if (segments->limit != 0) ((duet_evm_record_t *)segments->place->next)->cost = segments->base.gas - segments->segment->before_last - gas;
}

/* Control comes to a block, with `octets` on the stack, and the last instruction's record is complete: writes those of the block's first segment.
 * Gives the gas that is left, or -1 if it has done nothing, because that takes more: rows to be made, or a place behind the end of the buffer. */
static inline int64_t duet_record_block(duet_segments *segments, size_t offset, size_t octets, int64_t gas) {
    return segments->is_wide ? duet_record_block_wide(segments, offset, octets, gas) : duet_record_block_narrow(segments, offset, octets, gas);
}

/* The same behind a segment, whose last record it completes; the gas does not change. */
static inline bool duet_record_segment(duet_segments *segments, size_t octets, int64_t gas) {
    return (segments->is_wide ? duet_record_segment_wide(segments, octets, gas) : duet_record_segment_narrow(segments, octets, gas)) >= 0;
}

/* Writes the records of `count` rows, at least one. It may read and write DUET_ROW_GROUP - 1 more. */
static inline void duet_expand_rows(uint8_t *records, const duet_record_row *rows, size_t count, const duet_segments *segments) {
    if (segments->is_wide) duet_expand_rows_wide(records, rows, count, &segments->base);
    else duet_expand_rows_narrow(records, rows, count, &segments->base);
}

/* Writes the record of a row, and nothing behind it. */
static inline void duet_expand_row(uint8_t *record, const duet_record_row *row, const duet_segments *segments) {
    duet_expand_rows_narrow(record, row, 1, &segments->base);
}

#endif
