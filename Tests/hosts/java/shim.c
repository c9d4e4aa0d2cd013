/* Native methods of the class Guests: runs guarded VMs that fault and are repaired, and looks through stale pointers. */
#include <jni.h>
#include <pthread.h>

#include "guests.h"

static pvm_program_t* program;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void make_program(void) {
    const code_t code = calling_guest();
    program = code_program(&code, PVM_ISA_GP072);
}

typedef struct { JNIEnv* env; jclass class; jmethodID method; } upcall_t;

/* A host call that goes on into Java, where null pointers and deep stacks happen. */
static pvm_action_t call_java(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)vm;
    const upcall_t* to = (const upcall_t*)user_data;
    const jint answer = (*to->env)->CallStaticIntMethod(to->env, to->class, to->method, (jint)func_id);
    if ((*to->env)->ExceptionCheck(to->env)) return PVM_ACTION_PANIC;
    return answer == func_id + 1 ? PVM_ACTION_CONTINUE : PVM_ACTION_HALT;
}

/* How many of `count` runs were right. */
JNIEXPORT jint JNICALL Java_Guests_run(JNIEnv* env, jclass class, jint count, jboolean upcalls) {
    pthread_once(&once, make_program);
    upcall_t to = { env, class, (*env)->GetStaticMethodID(env, class, "serve", "(I)I") };
    jint right = 0;
    for (jint i = 0; i < count; i++) {
        pvm_vm_t* vm = NULL;
        if (program == NULL || to.method == NULL || pvm_vm_create(program, NULL, 0, 1000, &vm) != PVM_OK) break;
        const int chosen = pvm_set_engine(vm, PVM_ENGINE_RECOMPILER) == PVM_OK
            && pvm_set_memory_mode(vm, PVM_MEMORY_GUARDED) == PVM_OK;
        if (upcalls) pvm_set_host_function(vm, call_java, &to);
        else pvm_set_host_function(vm, (pvm_host_function_t)NULL, NULL);
        pvm_exit_t exit = pvm_run(vm, 0);
        if (!upcalls && exit == PVM_EXIT_HOST) exit = pvm_resume(vm);
        const int faulted = exit == PVM_EXIT_FAULT && pvm_fault_page(vm) == DATA;
        pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE);
        right += chosen && faulted && pvm_resume(vm) == PVM_EXIT_HALT && vm->gas == 1000 - 4
            && pvm_read_ram_bytes_64(vm, DATA, NULL) == 5;
        pvm_destroy(vm);
    }
    return right;
}

/* A read of the host's own through a null pointer: the JVM reports it and ends. */
JNIEXPORT void JNICALL Java_Guests_crash(JNIEnv* env, jclass class) {
    (void)env, (void)class;
    const volatile char* volatile null = NULL;
    (void)null[16];
}
