"""Traces made with the tool: the page, and the JSON lines that it is held to."""
import json
import subprocess


class Machine:
    """What the lines of a trace say, with memory as a model of this file's own keeps it."""

    def __init__(self, steps, end):
        self.steps, self.end = steps, end

    def faults(self):
        return [i for i, step in enumerate(self.steps) if "error" in step or step.get("exit") in ("panic", "page-fault", "out-of-gas")]


def tool(duet, *words):
    return subprocess.run([duet, *words], check=True, capture_output=True, text=True).stdout


def make(duet, folder, name, words):
    """Writes NAME.html and reads the lines of the same trace."""
    page = f"{folder}/{name}.html"
    tool(duet, *words, "--format", "html", "-o", page)
    lines = [json.loads(line) for line in tool(duet, *words, "--format", "json").splitlines()]
    hand_on(lines[:-1])
    return page, Machine(lines[:-1], lines[-1])


def hand_on(steps):
    """What a creation hands on is no part of its cost in the lines (EIP-3155); in the page it is, as it is for calls in both."""
    for step, following in zip(steps, steps[1:]):
        if step["opName"] in ("CREATE", "CREATE2") and following["depth"] > step["depth"]:
            step["handedOn"] = number(following["gas"])


def sample(duet, words, every):
    """Each so manieth line of a long trace by its number, and how many steps there are."""
    process = subprocess.Popen([duet, *words, "--format", "json"], stdout=subprocess.PIPE, text=True)
    lines, count, last = {}, 0, ""
    for line in process.stdout:
        if count % every == 0:
            lines[count] = line
        last = line
        count += 1
    if process.wait() != 0:
        raise RuntimeError("the tool fails")
    lines.pop(count - 1, None)
    return {number: json.loads(line) for number, line in lines.items()}, count - 1, json.loads(last)


def number(text):
    return int(text, 16)


def evm_memory(steps, code_of):
    """Memory before each step, from the stacks alone. `code_of` gives the code that CODECOPY at a step reads."""
    memories, open_frames, written = [], [], []
    for index, step in enumerate(steps):
        depth = step["depth"]
        if depth > len(open_frames):
            open_frames.append(bytearray())
            written.append(None)
        while depth < len(open_frames):
            open_frames.pop()
            written.pop()
        memory = open_frames[-1]
        memory.extend(bytes(step["memSize"] - len(memory)))
        if written[-1]:
            offset, size = written[-1]
            octets = bytes.fromhex(step["returnData"][2:])[:size]
            memory[offset:offset + len(octets)] = octets
        written[-1] = None
        memories.append(bytes(memory))
        if "error" in step:
            continue
        stack = [number(word) for word in reversed(step["stack"])]

        def write(offset, octets):
            if octets:
                memory.extend(bytes(max(0, (offset + len(octets) + 31) // 32 * 32 - len(memory))))
                memory[offset:offset + len(octets)] = octets

        match step["opName"]:
            case "MSTORE":
                write(stack[0], stack[1].to_bytes(32, "big"))
            case "MSTORE8":
                write(stack[0], bytes([stack[1] & 255]))
            case "MCOPY":
                memory.extend(bytes(max(0, stack[1] + stack[2] - len(memory))))
                write(stack[0], bytes(memory[stack[1]:stack[1] + stack[2]]))
            case "CODECOPY":
                write(stack[0], (code_of(index)[stack[1]:] + bytes(stack[2]))[:stack[2]])
            case "CALL":
                written[-1] = (stack[5], stack[6])
            case "STATICCALL":
                written[-1] = (stack[4], stack[5])
    return memories
