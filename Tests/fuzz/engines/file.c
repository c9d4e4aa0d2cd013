/* Cases as files: JSON whose keys stand in a fixed order. Reading looks for the numbers and the hexadecimal strings only. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "case.h"

/* ---- Writing ---- */

static void put_octets(FILE* file, const char* key, const uint8_t* octets, uint32_t count) {
    fprintf(file, "  \"%s\": \"", key);
    for (uint32_t i = 0; i < count; i++) fprintf(file, "%02x", octets[i]);
    fprintf(file, "\",\n");
}

static void put_events(FILE* file, const char* key, const event_t* events, uint32_t count, const char* end) {
    fprintf(file, "      \"%s\": [", key);
    for (uint32_t i = 0; i < count; i++)
        fprintf(file, "%s[%u, %u, %" PRIu64 ", %" PRIu64 "]", i ? ", " : "", events[i].effect, events[i].then, events[i].a, events[i].b);
    fprintf(file, "]%s\n", end);
}

void write_case(const case_t* c, FILE* file) {
    fprintf(file, "{\n  \"isa\": %u, \"entry_size\": %u, \"step_limit\": %u, \"fill\": %" PRIu64 ",\n", c->isa, c->entry_size,
            c->step_limit, c->fill);
    put_octets(file, "code", c->code, c->code_size);
    put_octets(file, "starts", c->starts, c->code_size);
    fprintf(file, "  \"jumps\": [");
    for (uint32_t i = 0; i < c->jump_count; i++) fprintf(file, "%s%u", i ? ", " : "", c->jumps[i]);
    fprintf(file, "],\n  \"bounds\": [");
    for (int i = 0; i < 8; i++) fprintf(file, "%s%u", i ? ", " : "", c->bounds[i]);
    fprintf(file, "],\n  \"maps\": [");
    for (uint32_t i = 0; i < c->map_count; i++)
        fprintf(file, "%s[%u, %u, %u]", i ? ", " : "", c->maps[i][0], c->maps[i][1], c->maps[i][2]);
    fprintf(file, "],\n  \"runs\": [\n");
    for (uint32_t r = 0; r < c->run_count; r++) {
        const run_t* run = &c->runs[r];
        fprintf(file, "    {\n      \"how\": %u, \"entry\": %u, \"gas\": %" PRIu64 ",\n      \"registers\": [", run->how, run->entry, run->gas);
        for (int i = 0; i < 13; i++) fprintf(file, "%s%" PRIu64, i ? ", " : "", run->registers[i]);
        fprintf(file, "],\n");
        put_events(file, "calls", run->calls, run->call_count, ",");
        put_events(file, "events", run->events, run->event_count, "");
        fprintf(file, "    }%s\n", r + 1 < c->run_count ? "," : "");
    }
    fprintf(file, "  ]\n}\n");
}

/* The same for the eye: instructions and registers. */
void show_case(const case_t* c, FILE* file) {
    for (uint32_t at = 0; at < c->code_size && at < 2000; at++) {
        if (!c->starts[at]) continue;
        fprintf(file, "%5u  %-20s", at, pvm_opcode_name((pvm_isa_t)c->isa, c->code[at]));
        for (uint32_t next = at; next == at || (next < c->code_size && !c->starts[next]); next++) fprintf(file, " %02x", c->code[next]);
        fprintf(file, "\n");
    }
}

/* ---- Reading ---- */

static const char* at;

/* The place behind the next `key`. */
static bool find(const char* key) {
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char* found = strstr(at, quoted);
    if (!found) return false;
    at = found + strlen(quoted);
    return true;
}

/* The next number, if it comes before `end` closes the list. */
static bool number(uint64_t* value, char end) {
    while (*at && !isdigit((unsigned char)*at)) if (*at++ == end) return false;
    if (!*at) return false;
    char* behind;
    *value = strtoull(at, &behind, 10);
    at = behind;
    return true;
}

static bool number32(uint32_t* value, char end) {
    uint64_t wide = 0;
    if (!number(&wide, end)) return false;
    *value = (uint32_t)wide;
    return true;
}

static uint32_t octets(uint8_t* out, uint32_t limit) {
    uint32_t count = 0;
    unsigned octet;
    while (*at && *at++ != '"') {}
    while (count < limit && isxdigit((unsigned char)at[0]) && sscanf(at, "%2x", &octet) == 1) out[count++] = (uint8_t)octet, at += 2;
    return count;
}

static uint32_t events(event_t* out) {
    uint32_t count = 0;
    while (*at && *at != '[') at++;
    at++;
    for (;;) {
        while (*at == ' ' || *at == ',') at++;
        if (*at != '[' || count == MOST_EVENTS) return count;
        event_t* e = &out[count++];
        e->target = NO_TARGET;
        if (!number32(&e->effect, ']') || !number32(&e->then, ']') || !number(&e->a, ']') || !number(&e->b, ']')) return count;
        at++;
    }
}

static bool parse(case_t* c) {
    if (!find("isa") || !number32(&c->isa, '}') || !find("entry_size") || !number32(&c->entry_size, '}') || !find("step_limit") ||
        !number32(&c->step_limit, '}') || !find("fill") || !number(&c->fill, '}') || !find("code")) return false;
    c->code_size = octets(c->code, MOST_CODE);
    if (!find("starts") || octets(c->starts, MOST_CODE) != c->code_size || !find("jumps")) return false;
    c->jump_count = 0;
    while (c->jump_count < MOST_JUMPS && number32(&c->jumps[c->jump_count], ']')) c->jump_count++;
    if (!find("bounds")) return false;
    for (int i = 0; i < 8; i++) if (!number32(&c->bounds[i], ']')) return false;
    if (!find("maps")) return false;
    c->map_count = 0;
    while (*at && *at != '[') at++;
    at++;
    while (c->map_count < MOST_MAPS && number32(&c->maps[c->map_count][0], ']')) {
        if (!number32(&c->maps[c->map_count][1], ']') || !number32(&c->maps[c->map_count][2], ']')) return false;
        c->map_count++;
        at++;
    }
    for (c->run_count = 0; c->run_count < MOST_RUNS && find("how"); c->run_count++) {
        run_t* run = &c->runs[c->run_count];
        run->entry_target = NO_TARGET;
        if (!number32(&run->how, '}') || !find("entry") || !number32(&run->entry, '}') || !find("gas") || !number(&run->gas, '}') ||
            !find("registers")) return false;
        for (int i = 0; i < 13; i++) if (!number(&run->registers[i], ']')) return false;
        if (!find("calls")) return false;
        run->call_count = events(run->calls);
        if (!find("events")) return false;
        run->event_count = events(run->events);
    }
    return c->run_count > 0;
}

bool read_case(case_t* c, const char* path) {
    FILE* file = fopen(path, "rb");
    if (!file) return false;
    static char text[8 << 20];
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    memset(c, 0, offsetof(case_t, code));
    c->count = 0;
    at = text;
    return parse(c);
}
