/* The version of the library, the only place where it stands; Makefile and scripts read it here. */
#ifndef DUET_VERSION_H
#define DUET_VERSION_H

#define DUET_VERSION "0.2.0"

static inline const char *duet_version(void) { return DUET_VERSION; }

static inline const char *duet_build_info(void) {
    return "duet " DUET_VERSION " (gray paper 0.7.2, 0.8.0; "
#if defined(__x86_64__)
           "x86_64; interpreter, recompiler; checked, guarded)";
#elif defined(__aarch64__)
           "aarch64; interpreter; checked)";
#else
           "other; interpreter; checked)";
#endif
}

#endif
