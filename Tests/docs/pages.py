"""Pages of Markdown: their fenced blocks, and what the text around them says."""
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Block:
    """A fenced block: the words behind its fence, its text, its first line, and the paragraphs before and after it."""

    def __init__(self, page, words, text, line, before, after):
        self.page, self.words, self.text, self.line, self.before, self.after = page, words, text, line, before, after

    def __str__(self):
        return f"{self.page}:{self.line}"

    @property
    def saved_as(self):
        """The name in "Saved as `NAME`" behind the block."""
        found = re.match(r"Saved as `([^`]+)`", self.after)
        return found and found.group(1)

    @property
    def prints(self):
        """What a paragraph behind the block that begins with "prints" has in backticks, in its first sentence."""
        if not re.match(r"(\w+ ){0,8}prints\b", self.after):
            return []
        sentence = re.split(r"(?<=[^.])\.(?:\s|$)|:\s", self.after + " ", maxsplit=1)[0]
        return [part for part in re.findall(r"`([^`]+)`", sentence.split("prints", 1)[1])]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def tracked():
    """Every file of the project, new ones too."""
    command = ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode == 0:
        return [path for path in found.stdout.splitlines() if os.path.isfile(os.path.join(ROOT, path))]
    # No repository, as in an archive of the sources.
    paths = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "build"]
        paths += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return paths


def paragraph(lines):
    """The first paragraph of these lines, as one line."""
    text = []
    for line in lines:
        if line.strip():
            text.append(line.strip())
        elif text:
            break
    return " ".join(text)


def blocks(page):
    lines = read(page).splitlines()
    found, index = [], 0
    while index < len(lines):
        fence = re.match(r"(\s*)(```+|~~~+)\s*(.*)$", lines[index])
        if not fence:
            index += 1
            continue
        start = index + 1
        end = start
        while end < len(lines) and not lines[end].strip().startswith(fence.group(2)):
            end += 1
        if end == len(lines):
            raise SystemExit(f"test-docs: {page}:{start}: a fence is never closed")
        indent = len(fence.group(1))
        text = "".join(line[indent:] + "\n" for line in lines[start:end])
        before = paragraph(reversed(lines[:index]))
        found.append(Block(page, fence.group(3).strip(), text, start + 1, before, paragraph(lines[end + 1:])))
        index = end + 1
    return found


def prose(page):
    """The text without fenced blocks, line by line."""
    inside = False
    for number, line in enumerate(read(page).splitlines(), 1):
        if re.match(r"\s*(```|~~~)", line):
            inside = not inside
        elif not inside:
            yield number, line
