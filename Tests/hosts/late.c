/* late LIBPVM_SO TEST (or --list): a library that is loaded when threads of the host run already, as language runtimes load it,
 * and that is unloaded again. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

#include "guests.h"
#include "faults.h"

/* malloc of the whole process, counted while a fault of the host's is under way: it may have come in the middle of malloc. */
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_memalign(size_t, size_t);
static _Thread_local volatile int faulting, allocations;
void* malloc(size_t size) { allocations += faulting; return __libc_malloc(size); }
void* calloc(size_t count, size_t size) { allocations += faulting; return __libc_calloc(count, size); }
void* memalign(size_t alignment, size_t size) { allocations += faulting; return __libc_memalign(alignment, size); }

static const char* path;

/* The functions of the loaded library that one faulting VM needs. */
static void* library;
static void* function(const char* name) {
    void* found = dlsym(library, name);
    NEED(found != NULL);
    return found;
}
#define CALL(name) ((__typeof__(&name))function(#name))

static void* load_and_fault(void* argument) {
    (void)argument;
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    NEED(library != NULL);
    const code_t code = storing_guest();
    pvm_vm_t* vm = CALL(pvm_create)(0, code.octets, code.size, NULL, code.mask, code.size, NULL, 0, 100);
    NEED(vm != NULL);
    EQUAL(CALL(pvm_set_engine)(vm, PVM_ENGINE_RECOMPILER), PVM_OK);
    EQUAL(CALL(pvm_set_memory_mode)(vm, PVM_MEMORY_GUARDED), PVM_OK);
    EQUAL(CALL(pvm_run)(vm, 0), PVM_EXIT_FAULT);
    EQUAL(CALL(pvm_map_pages)(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(CALL(pvm_resume)(vm), PVM_EXIT_HALT);
    CALL(pvm_destroy)(vm);
    return NULL;
}

static pthread_barrier_t barrier;
static void* fault_without_memory(void* argument) {
    pthread_barrier_wait(&barrier); /* runs before the library is there */
    pthread_barrier_wait(&barrier);
    faulting = 1;
    *(int*)argument = faults(nowhere());
    faulting = 0;
    ((int*)argument)[1] = allocations;
    return NULL;
}

static void host_faults_need_no_memory(void) {
    handle_info(SIGSEGV, recover_info, 0);
    pthread_t thread;
    int found[2] = { 0, -1 };
    pthread_barrier_init(&barrier, NULL, 2);
    NEED(pthread_create(&thread, NULL, fault_without_memory, found) == 0);
    pthread_barrier_wait(&barrier);
    load_and_fault(NULL);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    EQUAL(found[0], 1);
    EQUAL(found[1], 0);
}

static void unload_and_fault(void) {
    handle_info(SIGSEGV, recover_info, 0);
    load_and_fault(NULL);
    EQUAL(dlclose(library), 0);
    for (int i = 0; i < 10; i++) CHECK(faults(nowhere()));
    EQUAL(seen, 10);
}

static void host_faults_after_unloading(void) { EQUAL(death_of(unload_and_fault), 0); }

static void* load_fault_and_wait(void* argument) {
    load_and_fault(argument);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}
static void unload_beside_a_thread(void) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    NEED(pthread_create(&thread, NULL, load_fault_and_wait, NULL) == 0);
    pthread_barrier_wait(&barrier);
    EQUAL(dlclose(library), 0);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

/* A thread that has run guarded VMs ends after the library went. */
static void thread_ends_after_unloading(void) { EQUAL(death_of(unload_beside_a_thread), 0); }

static const struct { const char* name; void (*run)(void); } tests[] = {
    { "host_faults_need_no_memory", host_faults_need_no_memory },
    { "host_faults_after_unloading", host_faults_after_unloading },
    { "thread_ends_after_unloading", thread_ends_after_unloading },
};

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    path = argv[1];
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (strcmp(argv[2], "--list") == 0) puts(tests[i].name);
        if (strcmp(argv[2], tests[i].name) != 0) continue;
        check_test = tests[i].name;
        tests[i].run();
        return finish(tests[i].name);
    }
    return strcmp(argv[2], "--list") == 0 ? 0 : 2;
}
