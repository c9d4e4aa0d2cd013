"""What is done with a block, by the words behind its fence. Each function gets the blocks of a page one by one and returns what is wrong."""
import json
import os
import re
import shutil
import subprocess

import menu
from pages import ROOT, read

WORK = os.path.join(ROOT, "build", "docs")
PLACE = os.path.join(WORK, "root")
HERE = os.path.join("Tests", "docs")
# For one command. A Swift package on a busy machine takes minutes.
LIMIT = 900


def run(command, **options):
    """Runs to the end, in the project's folder; None and the output, or what is wrong and the output."""
    options.setdefault("cwd", ROOT)
    shown = " ".join(command).strip()[:200]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT, **options)
    except subprocess.TimeoutExpired:
        return f"{shown} takes more than {LIMIT} seconds (a block of 'sh menu' is not run)", ""
    if done.returncode == 0:
        return None, done.stdout
    return f"{shown} ended with {done.returncode}:\n{done.stdout}", done.stdout


def compared(block, output):
    """What the text says that the block prints, and the output has not."""
    for part in block.prints:
        if part not in output:
            return f"does not print '{part}', but:\n{output}"
    return None


class Page:
    """A page on its way: the files that its blocks have left in the project's folder."""

    def __init__(self, name, blocks):
        self.name, self.blocks = name, blocks
        self.stem = os.path.splitext(os.path.basename(name))[0]
        self.before = set(os.listdir(ROOT))
        self.done = set()

    def put(self, name, text):
        """A file of the user's; one that is there already is somebody else's."""
        if name in self.before:
            raise SystemExit(f"test-docs: {name} is in the way")
        with open(os.path.join(ROOT, name), "w", encoding="utf-8") as file:
            file.write(text)

    def clean(self):
        for name in set(os.listdir(ROOT)) - self.before - {"build"}:
            path = os.path.join(ROOT, name)
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)

    # ---- C ----

    def c(self, block):
        if block.saved_as:
            self.put(block.saved_as, block.text)
        if "c" in self.done:
            return None
        self.done.add("c")
        parts = [part for part in self.blocks if part.words == "c"]
        text = "".join(f'#line {part.line} "{part.page}"\n{part.text}' for part in parts)
        driver = f"{HERE}/{self.stem}.c"
        if os.path.exists(os.path.join(ROOT, driver)):
            text += f'#line 1 "{driver}"\n{read(driver)}'
        source, program = os.path.join(WORK, self.stem + ".c"), os.path.join(WORK, self.stem)
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Ibuild/include", source]
        if "int main(" not in text:
            return run(["cc", *flags, "-c", "-o", program + ".o"])[0]
        wrong, output = run(["cc", *flags, "build/libpvm.a", "-o", program])
        if wrong:
            return wrong
        wrong, output = run([program])
        return wrong or next(filter(None, (compared(part, output) for part in parts)), None)

    # ---- Other languages ----

    def java(self, block):
        if "java" in self.done:
            return None
        self.done.add("java")
        if not os.path.exists(os.path.join(ROOT, HERE, self.stem + ".java")):
            return f"no {HERE}/{self.stem}.java to put it into"
        pieces = re.split(r"^[ \t]*// Fragment\n", read(f"{HERE}/{self.stem}.java"), flags=re.M)
        parts = [part for part in self.blocks if part.words == "java fragment"]
        if len(pieces) != len(parts) + 1:
            return f"{HERE}/{self.stem}.java has room for {len(pieces) - 1} fragments, the page has {len(parts)}"
        folder = os.path.join(WORK, "java")
        os.makedirs(folder, exist_ok=True)
        name = re.search(r"class (\w+)", pieces[0]).group(1)
        with open(os.path.join(folder, name + ".java"), "w", encoding="utf-8") as file:
            file.write(pieces[0] + "".join(part.text + piece for part, piece in zip(parts, pieces[1:])))
        script = f"""set -euo pipefail
            . scripts/common.sh
            . scripts/java.sh
            java=$(find_java)
            javac=$([ -z "$java" ] || find_javac "$java")
            if [ -z "$javac" ]; then echo missing; exit; fi
            compile_java "$java" "$javac"
            javac_for "$javac" -cp $JAVA_CLASSES -d build/docs/java build/docs/java/{name}.java"""
        wrong, output = run(["bash", "-c", script])
        if wrong is None and output.strip() == "missing":
            if os.environ.get("CI"):
                return "no Java 22 or newer, or no javac"
            print(f"test-docs: {block}: no Java 22 or newer, or no javac: not compiled")
        return wrong

    def python(self, block):
        wrong, output = run(["python3", "-c", block.text])
        return wrong or compared(block, output)

    def json(self, block):
        if block.saved_as:
            self.put(block.saved_as, block.text)
        try:
            json.loads(block.text)
        except ValueError as error:
            return str(error)
        return None

    def pvm(self, block):
        source = os.path.join(WORK, f"{self.stem}-{block.line}.pvm")
        with open(source, "w", encoding="utf-8") as file:
            file.write(block.text)
        wrong, output = run(["build/bin/duet", "pvm", "asm", source, "-o", source + ".image"])
        if wrong:
            return wrong
        wrong, output = run(["build/bin/duet", "pvm", "run", source + ".image"])
        return wrong or compared(block, output)

    def swift(self, block):
        """Package.swift, then main.swift: built and run in both configurations, and again with either product alone."""
        if "// swift-tools-version" in block.text:
            self.package = block.text
            return None
        folder = os.path.join(WORK, "swift")
        demo = os.path.join(folder, "demo")
        os.makedirs(os.path.join(demo, "Sources", "demo"), exist_ok=True)
        if not os.path.lexists(os.path.join(folder, "duet")):
            os.symlink(ROOT, os.path.join(folder, "duet"))
        products = re.findall(r"\.product\(name: \"(\w+)\", package: \"duet\"\),?", self.package)
        if products != ["PVM", "CPVM"]:
            return f"the package takes {products}"

        def build(package, main, configuration):
            for name, text in (("Package.swift", package), ("Sources/demo/main.swift", main)):
                with open(os.path.join(demo, name), "w", encoding="utf-8") as file:
                    file.write(text)
            wrong, output = run(["swift", "build", "-c", configuration], cwd=demo)
            if wrong:
                return wrong
            wrong, output = run([os.path.join(demo, ".build", configuration, "demo")])
            return wrong or compared(block, output)

        for configuration in ("debug", "release"):
            wrong = build(self.package, block.text, configuration)
            for product in products:
                alone = re.sub(rf"\.product\(name: \"(?!{product}\")\w+\", package: \"duet\"\),?", "", self.package)
                wrong = wrong or build(alone, block.text, configuration)
            if wrong:
                return wrong
        return None

    # ---- Commands ----

    def sh(self, block):
        if "sh" not in self.done:
            self.done.add("sh")
            files = os.path.join(ROOT, HERE, "files")
            for name in os.listdir(files):
                self.put(name, read(f"{HERE}/files/{name}"))
            program = os.path.join(WORK, self.stem)
            if os.access(program, os.X_OK):
                shutil.copy(program, os.path.join(ROOT, "node"))
        jobs = set(re.findall(r'^job "[^"]*" (.*)$', read(".ci/run"), re.M))
        lines = [line for line in block.text.splitlines() if line.strip() not in jobs]
        environment = dict(os.environ, PATH=f"{ROOT}/build/bin:{os.environ['PATH']}", DESTDIR=PLACE, PKG_CONFIG_SYSROOT_DIR=PLACE,
                           PKG_CONFIG_PATH=f"{PLACE}/usr/local/lib/pkgconfig", LD_LIBRARY_PATH=f"{PLACE}/usr/local/lib")
        wrong, output = run(["bash", "-euo", "pipefail", "-c", "\n".join(lines)], env=environment)
        return wrong or compared(block, output)

    def sh_menu(self, block):
        return menu.commands(block.text)

    def usage(self, block):
        return menu.usage(block.text)

    def text(self, block):
        return None

    def handler(self, words):
        return {
            "c": self.c, "java fragment": self.java, "python": self.python, "swift": self.swift, "pvm": self.pvm, "json": self.json,
            "sh": self.sh, "sh menu": self.sh_menu, "usage": self.usage, "text": self.text,
        }.get(words)
