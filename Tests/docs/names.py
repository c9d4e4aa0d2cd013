"""Names in the text: files, functions, types and links that must be there."""
import os
import re

from pages import ROOT, blocks, prose, read, tracked

FILE = re.compile(r"^[\w./+-]+\.(swift|c|h|py|js|java|json|txt|css|html|pvm|sh)$")
NAME = re.compile(r"^[A-Za-z_]\w*$")
# Names of other projects that the text speaks of.
FOREIGN = {"arc4random_buf", "loopMul.json"}

# Pages that have a row for every file of a folder.
LISTS = {"docs/architecture.md": "Sources/CPVM/", "docs/development.md": "scripts/"}


def is_name(word):
    """Does it look like a name of the sources: with an underscore inside, or a capital behind a small letter?"""
    return bool(NAME.match(word)) and ("_" in word.strip("_") or re.search(r"[a-z][A-Z]", word) is not None)


def problems(pages):
    files = tracked()
    basenames = {os.path.basename(path) for path in files}
    text = []
    for path in files:
        if path.endswith(".md") or path.startswith("Tests/docs/"):
            continue
        try:
            text.append(read(path))
        except UnicodeDecodeError:
            pass
    words = set(re.findall(r"\w+", "\n".join(text)))
    for page in pages:
        yield from links(page)
        if page in LISTS:
            said = read(page)
            for path in files:
                if path.startswith(LISTS[page]) and not path.endswith("module.modulemap") and not re.search(rf"[`/]{re.escape(os.path.basename(path))}[` ]", said):
                    yield f"{page}: says nothing of {path}"
        saved = {block.saved_as for block in blocks(page)}
        for number, line in prose(page):
            for span in re.findall(r"`([^`]+)`", line):
                word = span.strip()
                if FILE.match(word):
                    if os.path.basename(word) not in basenames | FOREIGN | saved and not is_made(word, text):
                        yield f"{page}:{number}: no file '{word}'"
                elif is_name(word.removesuffix("()")) and word.removesuffix("()") not in words | FOREIGN:
                    yield f"{page}:{number}: nothing in the sources is named '{word}'"


def is_made(word, text):
    """Files that a tool writes or a user has are named in the sources."""
    return any(os.path.basename(word) in part for part in text)


def anchors(page):
    for _, line in prose(page):
        if line.startswith("#"):
            title = line.lstrip("#").strip().lower()
            yield re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", title))


def links(page):
    for number, line in prose(page):
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            place = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(os.path.join(ROOT, place)):
                yield f"{page}:{number}: the link {target} leads nowhere"
            elif anchor and place.endswith(".md") and anchor not in anchors(place):
                yield f"{page}:{number}: {place} has no heading #{anchor}"
