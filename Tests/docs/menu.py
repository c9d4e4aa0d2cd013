"""Commands that are not run: their programs, files and options must be there."""
import functools
import os
import re
import shlex
import subprocess

from pages import ROOT, read, tracked

# Programs that a reader may not have; nothing but their names is known here.
FOREIGN = {"perf", "fill", "cd", "cc", "git"}


def commands(text):
    """What is wrong with the first command that has something wrong."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words:
            end = next((index for index, word in enumerate(words) if word in ("&&", "|", ";")), len(words))
            wrong = command(words[:end])
            if wrong:
                return f"{line.strip()}: {wrong}"
            words = words[end + 1:]
    return None


def command(words):
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    if not words:
        return None
    program, arguments = words[0], words[1:]
    for word in words:
        path = word.removeprefix("DUET/")
        if "/" in path and not path.startswith(("-", ".", "/")) and path.split("/")[0] in top() and not exists(path):
            return f"no {path}"
    if program == "./node" or program in FOREIGN:
        return None
    if program == "make":
        rules = read("Makefile")
        missing = [word for word in arguments if "=" not in word and not re.search(rf"^{re.escape(word)}:", rules, re.M)]
        return f"the Makefile makes no {missing[0]}" if missing else None
    if program in ("duet", "build/bin/duet"):
        return tool(words)
    if program == "swift":
        named = [word for word in arguments[1:] if not word.startswith("-")]
        missing = [word for word in named if not re.search(rf"\b{re.escape(word)}\b", sources())]
        return f"there is no {missing[0]}" if missing else None
    script = arguments[0] if program == "python3" else program
    if not os.path.isfile(os.path.join(ROOT, script)):
        return f"no program {script}"
    known = script_text(script)
    for option in arguments:
        if option.startswith("--") and option.split("=")[0] not in known:
            return f"{script} does not know {option}"
    return None


def usage(text):
    """Synopses: one a line, continued where the next line starts with a blank."""
    for line in re.sub(r"\n\s+", " ", text).splitlines():
        wrong = tool(re.sub(r"[\[\]|]", " ", line).split())
        if wrong:
            return f"{line}: {wrong}"
    return None


def tool(words):
    """A command of the tool: its name and its options."""
    names = []
    for word in words[1:]:
        if not re.match(r"[a-z][a-z0-9]*$", word):
            break
        names.append(word)
    while names and not help_of(tuple(names)).startswith(f"Usage: duet {' '.join(names)} "):
        names.pop()
    if not names:
        return "the tool has no such command"
    text = help_of(tuple(names))
    for word in words:
        if word.startswith("--") and len(word) > 2:
            option = word.split("=")[0]
            pattern = re.escape(option.rstrip("…")) + ("" if option.endswith("…") else r"(?![\w.-])")
            if not re.search(pattern, text):
                return f"'duet {' '.join(names)}' has no {option}"
    return None


@functools.cache
def help_of(names):
    done = subprocess.run([os.path.join(ROOT, "build", "bin", "duet"), *names, "--help"], capture_output=True, text=True)
    return done.stdout


@functools.cache
def script_text(script):
    """A script with all that it names."""
    seen, queue = {script}, [script]
    for path in queue:
        for other in re.findall(r"[\w./-]+\.(?:py|sh)\b", read(path)):
            if other not in seen and os.path.isfile(os.path.join(ROOT, other)):
                seen.add(other)
                queue.append(other)
    return "".join(map(read, queue))


@functools.cache
def top():
    return {path.split("/")[0] for path in tracked()} | {"build"}


@functools.cache
def sources():
    tests = [path for path in tracked() if path.startswith("Tests/") and path.endswith(".swift")]
    return "\n".join(tests) + "\n".join(map(read, tests))


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))
