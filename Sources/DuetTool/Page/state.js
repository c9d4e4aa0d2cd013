/* The state before the instruction: what it is, stack or registers, memory. */

class InstructionPane {
    constructor(trace) {
        this.trace = trace;
        this.place = document.getElementById("instruction");
    }

    show(step) {
        const trace = this.trace, frame = trace.frameAt(step), fault = trace.faults.get(step);
        const facts = [["pc", trace.header.machine === "evm" ? "0x" + trace.pc[step].toString(16) : trace.place(trace.pc[step])], ["gas", grouped(trace.gas[step])], ["cost", grouped(trace.cost[step])],
                       ["depth", String(frame.depth)]];
        if (trace.refund && trace.refund[step]) facts.push(["refund", grouped(trace.refund[step])]);
        if (trace.hostFacts) facts.push(...trace.hostFacts(step));
        const target = trace.frameTarget(frame);
        if (target) facts.push([trace.header.machine === "evm" ? "account" : "function", target]);
        this.place.replaceChildren(
            element("h2", { id: "text" }, trace.text(step)),
            ...(fault ? [element("p", { class: "failure", id: "failure" }, fault)] : []),
            element("dl", {}, ...facts.map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", { "data-fact": name }, text)))));
    }
}

class StackPane {
    constructor(trace) {
        this.trace = trace;
        this.title = document.getElementById("values-title");
        this.list = new VirtualList(document.getElementById("values"), {
            name: "Stack, from the top", role: "list", rowRole: "listitem",
            render: (row, index) => {
                if (this.stack.isOperand(index)) row.classList.add("operand");
                if (index < this.stack.fresh) row.classList.add("fresh");
                const word = this.stack.words[index];
                fill(row, [["number", String(index)], ["word", word], ["meaning", meaning(word)]]);
                row.title = word;
            },
        });
    }

    show(step) {
        this.stack = this.trace.stack(step);
        this.title.textContent = `Stack: ${plural(this.stack.words.length, "word", "words")}`;
        this.list.setCount(this.stack.words.length);
        this.list.scrollTo(0);
    }
}

class RegisterPane {
    constructor(trace) {
        this.trace = trace;
        document.getElementById("values-title").textContent = "Registers";
        const container = document.getElementById("values");
        container.classList.add("registers");
        container.setAttribute("role", "list");
        container.setAttribute("aria-label", "Registers");
        this.rows = trace.header.registerNames.map(() => element("div", { class: "row", role: "listitem" }));
        container.append(...this.rows);
    }

    show(step) {
        const { values, changed } = this.trace.registers(step);
        this.rows.forEach((row, index) => {
            row.className = changed.includes(index) ? "row fresh" : "row";
            const word = "0x" + values[index].toString(16);
            fill(row, [["name", this.trace.header.registerNames[index]], ["word", word], ["meaning", registerMeaning(values[index])]]);
        });
    }
}

function registerMeaning(value) {
    const signed = BigInt.asIntN(64, value);
    return signed < 0n && signed > -1000000000n ? `−${grouped(-signed)}` : value > 9n ? grouped(value) : "";
}

class MemoryPane {
    constructor(trace) {
        this.trace = trace;
        this.step = 0;
        this.ranges = [];
        this.title = document.getElementById("memory-title");
        this.list = new VirtualList(document.getElementById("memory"), {
            name: "Memory", role: "list", rowRole: "listitem",
            before: (first, last) => {
                this.start = 16 * first;
                this.octets = trace.memory(this.step, this.start, 16 * (last - first));
            },
            render: (row, index) => this.render(row, 16 * index),
        });
    }

    render(row, place) {
        if (!row.firstChild) row.append(element("span", { class: "number" }), element("span", { class: "octets" }), element("span", { class: "characters" }));
        const [number, octets, characters] = row.children;
        const address = this.trace.addressOf ? this.trace.addressOf(place) : place;
        number.textContent = address.toString(16).padStart(this.trace.addressOf ? 8 : 4, "0");
        let text = "", run = null, kind = "";
        octets.replaceChildren();
        for (let i = 0; i < 16; i++) {
            const octet = this.octets[place - this.start + i], mark = this.markAt(place + i) || (octet ? "" : "zero");
            if (run === null || mark !== kind) {
                run = element("span", { class: mark });
                octets.append(run);
                kind = mark;
            }
            run.textContent += hexPairs[octet] + (i === 7 ? "  " : i < 15 ? " " : "");
            text += octet > 31 && octet < 127 ? String.fromCharCode(octet) : "·";
        }
        characters.textContent = text;
    }

    markAt(place) {
        const isIn = range => range && place >= range.offset && place < range.offset + range.length;
        return this.ranges.some(isIn) ? "fresh" : isIn(this.touched) ? "touched" : "";
    }

    show(step) {
        this.step = step;
        this.ranges = this.trace.written(step);
        this.touched = this.trace.touched(step);
        const size = this.trace.memorySize(step), range = this.ranges[0] ?? this.touched;
        this.title.textContent = `Memory: ${plural(size, "octet", "octets")}`;
        this.list.setCount(size / 16);
        if (range && range.length) this.list.show(Math.floor(range.offset / 16), true); else this.list.draw();
    }
}
