/* launcher CLASSPATH SHIM ARGUMENTS…: guarded VMs first, then a JVM in the same process, which installs its handlers over the
 * library's. Linked with the shared library, as the shim is: there is one copy of it. */
#include <jni.h>

#include "guests.h"

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    guarded_faults(100);

    static char class_path[4096], shim[4096];
    snprintf(class_path, sizeof class_path, "-Djava.class.path=%s", argv[1]);
    snprintf(shim, sizeof shim, "-Dshim=%s", argv[2]);
    JavaVMOption options[] = { { class_path, NULL }, { shim, NULL } };
    JavaVMInitArgs init = { JNI_VERSION_10, 2, options, JNI_FALSE };
    JavaVM* machine = NULL;
    JNIEnv* env = NULL;
    NEED(JNI_CreateJavaVM(&machine, (void**)&env, &init) == JNI_OK);
    guarded_faults(100);

    const jclass guests = (*env)->FindClass(env, "Guests");
    NEED(guests != NULL);
    const jmethodID start = (*env)->GetStaticMethodID(env, guests, "main", "([Ljava/lang/String;)V");
    const jobjectArray arguments = (*env)->NewObjectArray(env, argc - 3, (*env)->FindClass(env, "java/lang/String"), NULL);
    for (int i = 3; i < argc; i++) (*env)->SetObjectArrayElement(env, arguments, i - 3, (*env)->NewStringUTF(env, argv[i]));
    (*env)->CallStaticVoidMethod(env, guests, start, arguments);
    if ((*env)->ExceptionCheck(env)) {
        (*env)->ExceptionDescribe(env);
        return 1;
    }
    (*machine)->DestroyJavaVM(machine);
    return check_failures == 0 ? 0 : 1;
}
