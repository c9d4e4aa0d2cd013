#!/usr/bin/env python3
"""Opens traces in Chromium, steps, searches and reads values back. What the page shows must be what the JSON lines say."""
import argparse
import os
import subprocess
import sys
import tempfile
import time

import browser
import programs
import traces

# What the page shows at the present step.
SHOWN = """(() => {
    const rows = id => [...document.querySelectorAll(id + " .row")].filter(row => !row.hidden);
    const fact = name => document.querySelector(`[data-fact="${name}"]`)?.textContent.replace(/\\u202f/g, "") ?? null;
    return {
        step: Number(document.documentElement.dataset.step), field: document.getElementById("step").value,
        text: document.getElementById("text").textContent, failure: document.getElementById("failure")?.textContent ?? null,
        pc: fact("pc"), gas: fact("gas"), cost: fact("cost"), depth: fact("depth"),
        words: rows("#values").sort((a, b) => a.dataset.index - b.dataset.index).map(row => row.querySelector(".word").textContent),
        title: document.getElementById("values-title").textContent,
        listed: rows("#steps").filter(row => row.classList.contains("current")).map(row => Number(row.querySelector(".number").textContent)),
        coded: rows("#code").filter(row => row.classList.contains("current")).map(row => row.querySelector(".number").textContent),
        message: document.getElementById("message").textContent,
    };
})()"""

# All of the machine's state at steps [FROM, TO).
STATES = """(() => {
    const trace = duet.trace, evm = trace.header.machine === "evm", states = [];
    for (let i = %d; i < %d; i += %d) {
        const size = trace.memorySize(i);
        states.push({
            pc: trace.pc[i], name: trace.name(i), gas: String(trace.gas[i]), cost: String(trace.cost[i]), depth: trace.frameAt(i).depth,
            words: evm ? trace.stack(i).words : [...trace.registers(i).values].map(value => "0x" + value.toString(16)),
            refund: evm ? trace.refund[i] : 0, failure: trace.faults.get(i) ?? null, size: evm ? size : 0,
            memory: evm && %s && size ? [...trace.memory(i, 0, size)].map(octet => hexPairs[octet]).join("") : "",
        });
    }
    return states;
})()"""


class Failure(Exception):
    pass


def expect(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what}: the page has {found!r}, the trace {wanted!r}")


def as_shown(step, machine):
    """A line as SHOWN and STATES have it."""
    is_evm = machine == "evm"
    return {
        "pc": step["pc"], "gas": str(traces.number(step["gas"])), "cost": str(traces.number(step["gasCost"]) + step.get("handedOn", 0)),
        "depth": step["depth"] - 1 if is_evm else None, "words": list(reversed(step["stack"])) if is_evm else step["regs"],
    }


class Page:
    def __init__(self, chromium, path, machine, trace):
        self.browser, self.path, self.machine, self.trace = chromium, path, machine, trace
        self.chromium_errors = len(chromium.errors)

    def shown(self):
        return self.browser.evaluate(SHOWN)

    def compare(self, index):
        """What stands in the document."""
        shown, step = self.shown(), as_shown(self.trace.steps[index], self.machine)
        where = f"step {index}"
        expect(f"{where}, number", (shown["step"], shown["field"], shown["listed"]), (index, str(index), [index]))
        expect(f"{where}, pc", int(shown["pc"], 0), step["pc"])
        expect(f"{where}, gas and cost", (shown["gas"], shown["cost"]), (step["gas"], step["cost"]))
        expect(f"{where}, instruction", shown["text"].split()[0].upper(), self.trace.steps[index]["opName"])
        expect(f"{where}, words", shown["words"], step["words"][:len(shown["words"])])
        if self.machine == "evm":
            expect(f"{where}, depth", shown["depth"], str(step["depth"]))
            expect(f"{where}, words in sight", len(shown["words"]) >= min(8, len(step["words"])), True)
            expect(f"{where}, size of the stack", shown["title"].replace("\u202f", ""), f"Stack: {len(step['words'])} word{'' if len(step['words']) == 1 else 's'}")
        expect(f"{where}, line of code", [int(pc, 16 if self.machine == "evm" else 10) for pc in shown["coded"]], [step["pc"]])
        wanted = self.trace.steps[index].get("error" if self.machine == "evm" else "exit")
        if wanted not in ("halt", "host-call"):
            expect(f"{where}, failure", shown["failure"], wanted.replace(" ", "-") if wanted else None)

    def compare_all(self, memories=None):
        """All of the state at every step."""
        states = self.browser.evaluate(STATES % (0, len(self.trace.steps), 1, "true" if memories else "false"))
        expect("steps", len(states), len(self.trace.steps))
        for index, (state, line) in enumerate(zip(states, self.trace.steps)):
            compare_state(index, state, line, self.machine, memories[index].hex() if memories else None)

    def search(self, query, wanted, forward=True):
        """Looks for something from the present step on; `wanted` are all steps that have it."""
        self.browser.key("/")
        self.browser.type(query)
        self.browser.key("Enter", shift=not forward)
        self.browser.key("Escape")
        found = self.browser.evaluate("duet.found")
        expect(f"search for {query}", list(found), wanted)
        if wanted:
            self.compare(self.browser.evaluate("duet.step"))
            expect(f"search for {query}: goes to a match", self.browser.evaluate("duet.step") in wanted, True)
        else:
            expect(f"search for {query}", self.shown()["message"], "Nothing found")

    def go(self, step):
        self.browser.evaluate(f"duet.go({step})")

    def click(self, selector):
        """In the middle of an element."""
        self.browser.settle()
        box = self.browser.evaluate(f"(() => {{ const b = document.querySelector({selector!r}).getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()")
        self.browser.click(*box)

    def at(self, what, step):
        expect(what, self.browser.evaluate("duet.step"), step)


def compare_state(index, state, line, machine, memory=None):
    wanted, where = as_shown(line, machine), f"state at step {index}"
    expect(f"{where}, instruction", state["name"].upper(), line["opName"])
    for key in ("pc", "gas", "cost", "words"):
        expect(f"{where}, {key}", state[key], wanted[key])
    if machine == "evm":
        expect(f"{where}, depth", state["depth"], wanted["depth"])
        expect(f"{where}, refund", state["refund"], line["refund"])
        expect(f"{where}, size of memory", state["size"], line["memSize"])
        expect(f"{where}, failure", state["failure"], line["error"].replace(" ", "-") if "error" in line else None)
    if memory is not None:
        expect(f"{where}, memory", state["memory"], memory)


def check_steps(page):
    """Forward with the key through every step, back, and by pages."""
    count = len(page.trace.steps)
    page.browser.key("Home")
    for index in range(count):
        page.compare(index)
        page.browser.key("ArrowRight")
    page.at("beyond the end", count - 1)
    for index in range(count - 2, max(-1, count - 12), -1):
        page.browser.key("ArrowLeft")
        page.compare(index)
    page.browser.key("Home")
    page.browser.key("PageDown")
    page.at("Page down", min(count - 1, page.browser.evaluate("Math.max(1, Math.floor(duet.panes[0].list.visible) - 1)")))
    page.browser.key("PageUp")
    page.at("Page up", 0)
    page.browser.key("End")
    page.compare(count - 1)


def check_calls(page):
    """Over, into and out of calls; the tree and the flame graph."""
    steps = page.trace.steps
    call = next(i for i, step in enumerate(steps) if step["opName"] == "CALL")
    behind = next(i for i in range(call + 1, len(steps)) if steps[i]["depth"] == steps[call]["depth"])
    page.go(call)
    page.browser.key("n")
    page.at("over a call", behind)
    page.browser.key("p")
    page.at("back over a call", call)
    page.browser.key("ArrowRight")
    page.at("into a call", call + 1)
    page.browser.key("n")
    page.browser.key("o")
    page.at("out of a call", behind)
    page.go(call + 3)
    page.browser.key("O", shift=True)
    page.at("back to the call", call)

    rows = page.browser.evaluate("[...document.querySelectorAll('#calls .row')].filter(row => !row.hidden).map(row => row.textContent)")
    calls = sum(1 for step in steps if step["opName"] in ("CALL", "STATICCALL", "CREATE"))
    expect("rows of the tree", len(rows), 1 + calls)
    expect("reverted and failed calls in the tree", (sum("revert" in row for row in rows), sum("invalid-instruction" in row for row in rows)), (1, 1))
    page.go(0)
    page.click("#calls [data-index='2']")
    page.at("a click on the tree", call + 1)
    page.browser.key("-")
    page.click("#calls [data-index='0'] .fold")
    expect("rows of the closed tree", page.browser.evaluate("[...document.querySelectorAll('#calls .row')].filter(row => !row.hidden).length"), 1)
    page.click("#calls [data-index='0'] .fold")

    page.go(0)
    bar = page.browser.evaluate("""(() => { duet.flame.draw(); const bar = duet.flame.bars.find(bar => bar.frame.index === 2 && !bar.entry);
        const box = duet.flame.canvas.getBoundingClientRect(); return [box.x + bar.x + bar.width / 2, box.y + (bar.row + 0.5) * duet.flame.rowHeight]; })()""")
    page.browser.click(*bar)
    page.at("a click on the flame graph", call + 1)
    expect("the flame graph's root", page.browser.evaluate("duet.flame.root.index"), 2)
    widths = page.browser.evaluate("(() => { duet.flame.zoom(duet.trace.frames[0]); return duet.flame.bars.filter(bar => bar.row === 1).map(bar => bar.width).reduce((a, b) => a + b) / duet.flame.bars[0].width; })()")
    expect("the flame graph's second row is as wide as its first", abs(widths - 1) < 0.02, True)


def check_look(page):
    """Links, colours, sizes, names for those who cannot see."""
    chromium, count = page.browser, len(page.trace.steps)
    chromium.open(page.path, "#step=7")
    page.compare(7)
    chromium.evaluate("location.hash = '#step=9'")
    chromium.settle()
    page.compare(9)
    chromium.open(page.path, "#step=99999999")
    page.at("a link beyond the end", count - 1)
    colours = []
    for scheme in ("light", "dark"):
        chromium.scheme(scheme)
        colours.append(chromium.evaluate("getComputedStyle(document.body).backgroundColor"))
    expect("two colour schemes", len(set(colours)), 2)
    chromium.scheme("light")
    for width, height in ((360, 740), (800, 1000), (1024, 700), (2200, 1200), (1440, 900)):
        chromium.size(width, height)
        chromium.settle()
        expect(f"nothing sticks out at {width} by {height}", chromium.evaluate("document.documentElement.scrollWidth <= innerWidth"), True)
        expect(f"rows of steps at {width} by {height}", chromium.evaluate("[...document.querySelectorAll('#steps .row')].filter(row => !row.hidden).length > 3"), True)
    nodes = chromium.call("Accessibility.getFullAXTree")["nodes"]
    named = ("button", "listbox", "tree", "list", "searchbox", "spinbutton", "image")
    nameless = [node["role"]["value"] for node in nodes if not node.get("ignored") and node.get("role", {}).get("value") in named and not node.get("name", {}).get("value")]
    expect("elements without a name", nameless, [])


HOST_CALLS = """
.ro
text: .ascii "hi"
.rw
room: .u64 0, 0
.code
load_imm a0, 2
load_imm a1, 0
load_imm a2, 0
load_imm a3, text
load_imm a4, 2
ecalli 100
load_imm a0, room + 3
load_imm a1, 0
load_imm a2, 11
load_imm a3, 1
ecalli 1
load_u64 a1, [room + 8]
load_imm a1, 0
load_imm a0, 0
ecalli 1
"""


def check_host_calls(chromium, duet, folder):
    """Host calls are steps of their own, with the registers and the memory that they leave behind."""
    item = bytes(range(1, 13))
    for name, text in (("calls.pvm", HOST_CALLS), ("state.json", f'{{"fetch": {{"1": "{item.hex()}"}}}}')):
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    traces.tool(duet, "pvm", "asm", f"{folder}/calls.pvm", "-o", f"{folder}/calls.spi")
    path, trace = traces.make(duet, folder, "host-calls", ["pvm", "trace", f"{folder}/calls.spi", "--host", f"jam={folder}/state.json"])
    page = Page(chromium, path, "pvm", trace)
    chromium.open(path)
    page.compare_all()
    check_steps(page)
    calls = [i for i, step in enumerate(trace.steps) if "hostCall" in step]
    expect("host calls", [trace.steps[i]["opName"] for i in calls], ["LOG", "FETCH", "FETCH"])
    page.search("fetch", calls[1:])
    page.search("fault", calls[2:])
    page.go(calls[1])
    expect("the instruction", page.shown()["text"], "fetch (host call 1)")
    expect("what it writes", chromium.evaluate("document.querySelector('[data-fact=\"host writes\"]').textContent"), "0x30003 (11)")
    for step, wanted in ((calls[1], bytes(11)), (calls[1] + 1, item[:11]), (len(trace.steps) - 1, item[:11])):
        expect(f"memory at step {step}", bytes(chromium.evaluate(f"[...duet.trace.memory({step}, duet.trace.placeOf(0x30003), 11)]")), wanted)
    expect("what is marked behind it", chromium.evaluate(f"duet.trace.written({calls[1] + 1}).map(range => range.length)"), [11])
    expect("registers behind it", chromium.evaluate(f"duet.trace.registers({calls[1] + 1}).changed"), [7])
    page.search("mem:0x30004", [calls[1] + 1])


def check_long(chromium, duet, folder, name, words, machine):
    page_path = f"{folder}/{name}.html"
    start = time.monotonic()
    traces.tool(duet, *words, "--format", "html", "-o", page_path)
    written = time.monotonic() - start
    every = 9973
    lines, count, _ = traces.sample(duet, words, every)
    start = time.monotonic()
    ready = chromium.open(page_path)
    seconds = time.monotonic() - start
    print(f"  {name}: {count} steps, {os.path.getsize(page_path) / 1e6:.1f} MB, written in {written:.1f} s, open after {seconds:.1f} s (ready at {ready} ms)")
    expect(f"{name}: steps", chromium.evaluate("duet.trace.count"), count)
    states = chromium.evaluate(STATES % (0, count, every, "false"))
    expect(f"{name}: samples", len(states), len(lines))
    for index, state in enumerate(states):
        compare_state(index * every, state, lines[index * every], machine)
    page = Page(chromium, page_path, machine, traces.Machine(lines, None))
    for index in list(lines)[::10]:
        page.go(index)
        page.compare(index)
    chromium.key("End")
    page.at("the last step", count - 1)
    rows = chromium.evaluate("document.querySelectorAll('#steps .row').length")
    expect(f"{name}: few rows in the document", rows < 100, True)
    steps = min(seconds for seconds in timed_steps(chromium))
    print(f"  {name}: a step takes {1000 * steps:.1f} ms with its drawing")
    expect(f"{name}: opens in seconds (30 at the most, for slow machines)", seconds < 30, True)


def timed_steps(chromium):
    for _ in range(20):
        start = time.monotonic()
        chromium.key("ArrowLeft")
        chromium.evaluate("duet.step")
        yield time.monotonic() - start


def check_evm(chromium, duet, folder):
    code = programs.calls()
    words = ["evm", "trace", code.hex(), "--rev", "experimental"]
    path, trace = traces.make(duet, folder, "calls", words)
    expect("the program of the tests ends well", trace.end.get("error"), None)
    page = Page(chromium, path, "evm", trace)
    chromium.open(path)
    create = next(i for i, step in enumerate(trace.steps) if step["opName"] == "CREATE")
    child = programs.child()
    initcode = bytes([0x60, len(child), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + child
    page.compare_all(traces.evm_memory(trace.steps, lambda index: initcode if index > create else code))
    check_steps(page)
    steps = trace.steps

    def where(test):
        return [i for i, step in enumerate(steps) if test(step)]

    page.go(0)
    page.search("SSTORE", where(lambda step: step["opName"] == "SSTORE"))
    page.search("sstore", where(lambda step: step["opName"] == "SSTORE"), forward=False)
    page.search("op:MSTORE", where(lambda step: step["opName"] == "MSTORE"))
    page.search("PUSH", where(lambda step: step["opName"].startswith("PUSH")))
    page.search("fault", trace.faults())
    page.search("pc:0x22", where(lambda step: step["pc"] == 0x22))
    page.search("depth:1", where(lambda step: step["depth"] == 2))
    page.search("step:12", [12])
    page.search("0xdeadbeef", [i for i in where(lambda step: step["stack"][-1:] == ["0xdeadbeef"]) if steps[i - 1]["stack"][-1:] != ["0xdeadbeef"]])
    page.search(str(0xDEADBEEF), [i for i in where(lambda step: step["stack"][-1:] == ["0xdeadbeef"]) if steps[i - 1]["stack"][-1:] != ["0xdeadbeef"]])
    address = next(step["stack"][-1] for step in steps[create + 1:] if step["depth"] == 1)
    page.search("address:" + address, where(lambda step: step["depth"] == 2 and step["pc"] == 0))
    page.search("NOSUCHTHING", [])
    page.search("0x123456789abcdef", [])
    check_calls(page)
    check_look(page)

    path, trace = traces.make(duet, folder, "underflow", ["evm", "trace", programs.UNDERFLOW.hex()])
    chromium.open(path)
    page = Page(chromium, path, "evm", trace)
    page.compare_all()
    check_steps(page)
    page.search("fault", [len(trace.steps) - 1])
    expect("the end in the head", chromium.evaluate("document.getElementById('status').textContent"), "stack-underflow")

    path = f"{folder}/nothing.html"
    traces.tool(duet, "evm", "trace", "0x", "--format", "html", "-o", path)
    chromium.open(path)
    expect("a page of nothing", chromium.evaluate("document.querySelector('.nothing').offsetHeight > 0 && document.querySelector('.steps').offsetHeight === 0"), True)


def check_pvm(chromium, duet, folder, root):
    image = f"{folder}/fib.spi"
    traces.tool(duet, "pvm", "asm", f"{root}/examples/fib.pvm", "-o", image)
    for name, arguments in (("fib", "1400000000000000"), ("panic", "14")):
        path, trace = traces.make(duet, folder, name, ["pvm", "trace", image, "--args", arguments])
        page = Page(chromium, path, "pvm", trace)
        chromium.open(path)
        page.compare_all()
        check_steps(page)
        page.search("fault", trace.faults())
        if name == "panic":
            continue
        page.search("add_64", [i for i, step in enumerate(trace.steps) if step["opName"] == "ADD_64"])
        page.search("6765", [i for i in range(1, len(trace.steps)) if "0x1a6d" in trace.steps[i]["regs"] and trace.steps[i]["regs"] != trace.steps[i - 1]["regs"]
                             and trace.steps[i]["regs"].count("0x1a6d") > trace.steps[i - 1]["regs"].count("0x1a6d")])
        stores = [i for i, step in enumerate(trace.steps) if "write" in step]
        write = trace.steps[stores[0]]["write"]
        expect("what fib stores", traces.number(write["value"]), 6765)
        page.search(f"mem:{write['address']}", [stores[0] + 1])
        octets = chromium.evaluate("(() => { const t = duet.trace, p = t.placeOf(%d); return [...t.memory(duet.step, p, 8)]; })()" % traces.number(write["address"]))
        expect("memory behind the store", bytes(octets), (6765).to_bytes(8, "little"))
        marked = chromium.evaluate("[...document.querySelectorAll('#memory .fresh')].map(run => run.textContent.trim()).join(' ')")
        expect("marked memory", bytes.fromhex(marked), (6765).to_bytes(8, "little"))
        output = bytes.fromhex(trace.end["output"][2:])
        expect("fib's output", int.from_bytes(output, "little"), 6765)


def picture(chromium, duet, folder, to):
    path, trace = traces.make(duet, folder, "calls", ["evm", "trace", programs.calls().hex(), "--rev", "experimental"])
    chromium.size(1360, 820)
    step = next(i for i, line in enumerate(trace.steps) if line["opName"] == "EXCHANGE")
    chromium.open(path, f"#step={step + 1}")
    chromium.evaluate("duet.searchField.value = 'CALL'; duet.search('CALL')")
    chromium.settle()
    with open(to, "wb") as file:
        file.write(chromium.screenshot())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duet", default="build/bin/duet")
    parser.add_argument("--steps", type=int, default=1_000_000, help="of the long traces")
    parser.add_argument("--picture", metavar="FILE", help="only write a screenshot")
    arguments = parser.parse_args()
    path = browser.executable()
    if path is None:
        print("test-page: no Chromium (Debian: chromium): the page was not opened")
        return 1 if os.environ.get("CI") else 0
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    duet = os.path.abspath(arguments.duet)
    with tempfile.TemporaryDirectory() as folder:
        chromium = browser.Browser(path)
        try:
            if arguments.picture:
                picture(chromium, duet, folder, arguments.picture)
                return 0
            start = time.monotonic()
            check_evm(chromium, duet, folder)
            print(f"  EVM: steps, searches, calls and looks as they should be ({time.monotonic() - start:.0f} s)")
            start = time.monotonic()
            check_pvm(chromium, duet, folder, root)
            check_host_calls(chromium, duet, folder)
            print(f"  PVM: steps, searches and memory as they should be ({time.monotonic() - start:.0f} s)")
            rounds = arguments.steps // 16
            code = programs.long_run(rounds)
            check_long(chromium, duet, folder, "long-evm", ["evm", "trace", code.hex(), "--gas", str(1 << 40)], "evm")
            count = arguments.steps // 6
            check_long(chromium, duet, folder, "long-pvm", ["pvm", "trace", f"{folder}/fib.spi", "--args", count.to_bytes(8, "little").hex()], "pvm")
            strangers = [url for url in chromium.requests if not url.startswith(("file://" + folder, "data:", "about:"))]
            expect("requests", strangers, [])
            expect("errors of the page", chromium.errors, [])
        except (Failure, RuntimeError, subprocess.CalledProcessError) as problem:
            print(f"test-page: FAILED: {problem}", file=sys.stderr)
            for error in chromium.errors:
                print(f"  {error}", file=sys.stderr)
            return 1
        finally:
            chromium.close()
    print("test-page: passed")
    return 0


sys.exit(main())
