#include "state.h"

#include <stdlib.h>
#include <string.h>

static void *grown(void *items, size_t count, size_t *room, size_t size) {
    if (count < *room) return items;
    *room = *room ? 2 * *room : 8;
    items = realloc(items, *room * size);
    if (items == NULL) abort();
    return items;
}

struct account *state_account(struct state *state, const evmc_address *address) {
    for (size_t i = 0; i < state->count; i++)
        if (memcmp(&state->accounts[i].address, address, sizeof *address) == 0) return &state->accounts[i];
    state->accounts = grown(state->accounts, state->count, &state->room, sizeof *state->accounts);
    struct account *account = &state->accounts[state->count++];
    memset(account, 0, sizeof *account);
    account->address = *address;
    return account;
}

struct slot *account_slot(struct account *account, const evmc_bytes32 *key) {
    for (size_t i = 0; i < account->slot_count; i++)
        if (memcmp(&account->slots[i].key, key, sizeof *key) == 0) return &account->slots[i];
    account->slots = grown(account->slots, account->slot_count, &account->slot_room, sizeof *account->slots);
    struct slot *slot = &account->slots[account->slot_count++];
    memset(slot, 0, sizeof *slot);
    slot->key = *key;
    return slot;
}

void state_copy(struct state *to, const struct state *from) {
    *to = *from;
    to->room = from->count;
    to->accounts = NULL;
    if (from->count == 0) return;
    to->accounts = malloc(from->count * sizeof *to->accounts);
    if (to->accounts == NULL) abort();
    for (size_t i = 0; i < from->count; i++) {
        struct account *account = &to->accounts[i];
        *account = from->accounts[i];
        account->slot_room = account->slot_count;
        account->slots = NULL;
        if (account->slot_count == 0) continue;
        account->slots = malloc(account->slot_count * sizeof *account->slots);
        if (account->slots == NULL) abort();
        memcpy(account->slots, from->accounts[i].slots, account->slot_count * sizeof *account->slots);
    }
}

void state_free(struct state *state) {
    for (size_t i = 0; i < state->count; i++) free(state->accounts[i].slots);
    free(state->accounts);
    memset(state, 0, sizeof *state);
}
