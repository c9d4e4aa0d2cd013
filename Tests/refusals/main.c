/* Refuses every allocation of each scenario in turn: once alone, once with all that follow in the same call. */
#include "scenario.h"

typedef struct {
    const char *name;
    uint64_t (*run)(int variant);
    int variants;
} scenario_t;

static const scenario_t scenarios[] = {
    {"state", state_scenario, 2}, {"evm", evm_scenario, 4}, {"frame", frame_scenario, 8}, {"precompile", precompile_scenario, 1},
    {"pvm", pvm_scenario, 6}, {"ecalli", ecalli_scenario, 3},
};

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        const scenario_t *scenario = &scenarios[i];
        bool wanted = argc == 1;
        for (int word = 1; word < argc; word++) wanted |= strcmp(argv[word], scenario->name) == 0;
        if (!wanted) continue;
        for (int variant = 0; variant < scenario->variants; variant++) {
            refuse_at(0, false);
            /* Twice: the first run makes what the process keeps. */
            const uint64_t expected = scenario->run(variant);
            refuse_at(0, false);
            PROMISE(scenario->run(variant) == expected);
            const long live = refuse_live();
            long number = 1, refusals = 0;
            for (;; number++) {
                for (int stays = 0; stays < 2; stays++) {
                    refuse_at(number, stays);
                    const uint64_t outcome = scenario->run(variant);
                    const long refused = refuse_refused();
                    if (outcome != expected) fprintf(stderr, "%s %d: allocation %ld%s\n", scenario->name, variant, number, stays ? " and all" : "");
                    PROMISE(outcome == expected);
                    refusals += refused;
                    /* A run without refusals finds everything as it was. */
                    refuse_at(0, false);
                    PROMISE(scenario->run(variant) == expected);
                    if (refuse_live() != live) fprintf(stderr, "%s %d: allocation %ld%s: %ld blocks, not %ld\n", scenario->name, variant, number,
                                                       stays ? " and all" : "", refuse_live(), live);
                    PROMISE(refuse_live() == live);
                    if (refused == 0) goto finished;
                }
            }
        finished:
            printf("refusals: %s %d: %ld allocations, %ld refused\n", scenario->name, variant, number - 1, refusals);
        }
    }
    return 0;
}
