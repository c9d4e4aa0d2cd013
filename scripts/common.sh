# What the scripts share; sourced from the project's root.

VERSION=$(sed -n 's/.define DUET_VERSION "\(.*\)"/\1/p' Sources/CPVM/include/version.h)
SONAME=libpvm.so.${VERSION%%.*}
EMBEDDED_SCRATCH=${EMBEDDED_SCRATCH:-.build-embedded}
SCRATCH=${SCRATCH:-.build}
DUET_VECTORS=${DUET_VECTORS:-../shared/vectors}
DUET_PROGRAMS=${DUET_PROGRAMS:-../shared/programs}
DUET_CASES=${DUET_CASES:-../shared/cases}
export DUET_VECTORS DUET_PROGRAMS DUET_CASES

# The clang that comes with the Swift toolchain, else any other; empty if there is none.
toolchain_clang() {
    local beside
    beside=$(dirname "$(readlink -f "$(command -v swift)")")/clang
    if [ -x "$beside" ]; then echo "$beside"; else command -v clang || true; fi
}

# fail MESSAGE: the last line of a job that did not succeed.
fail() {
    echo "$(basename "$0"): FAILED: $*" >&2
    exit 1
}

need_library() {
    [ -f build/libpvm.a ] && [ -f build/libpvm.so ] || fail "build/libpvm.a is missing: run make first"
}
