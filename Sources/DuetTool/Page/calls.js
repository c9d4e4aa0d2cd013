/* The tree of calls. */
class CallsPane {
    constructor(trace, view) {
        this.trace = trace;
        this.view = view;
        this.closed = new Set();
        if (trace.frames.length > 400) for (const frame of trace.frames) if (frame.depth > 1) this.closed.add(frame.index);
        this.list = new VirtualList(document.getElementById("calls"), {
            name: "Calls", role: "tree", rowRole: "treeitem", height: 26,
            choose: (row, event) => {
                const frame = this.shown[row];
                if (event.target.classList.contains("fold")) this.toggle(frame); else this.view.go(frame.end > frame.start ? frame.start : Math.max(0, frame.start - 1));
            },
            render: (row, index) => this.render(row, this.shown[index]),
        });
        document.getElementById("calls-title").textContent = `${trace.header.machine === "evm" ? "Calls" : "Functions"}: ${grouped(trace.frames.length)}`;
        this.update();
    }

    render(row, frame) {
        row.style.setProperty("--depth", Math.min(frame.depth, 20));
        row.setAttribute("aria-level", frame.depth + 1);
        const isOpen = !this.closed.has(frame.index), hasChildren = frame.children.length > 0;
        if (hasChildren) row.setAttribute("aria-expanded", isOpen); else row.removeAttribute("aria-expanded");
        if (frame.status) row.classList.add("fault");
        const selector = frame.code >= 0 && frame.input && frame.inputSize >= 4 ? " " + frame.input.slice(0, 8) : "";
        const [label, target] = this.trace.frameTitle(frame, 4);
        fill(row, [
            ["fold", hasChildren ? (isOpen ? "▾" : "▸") : ""], ["operation", label], ["operands", target + selector],
            ["status", frame.status], ["gas", grouped(frame.used)],
        ]);
        row.title = [this.trace.frameTarget(frame), frame.value && `value ${frame.value}`, frame.input && `input ${cut(frame.input, frame.inputSize)}`,
                     frame.output && `output ${cut(frame.output, frame.outputSize)}`, `gas used ${grouped(frame.used)}`, frame.status].filter(Boolean).join("\n");
    }

    toggle(frame) {
        if (!this.closed.delete(frame.index)) this.closed.add(frame.index);
        this.update();
    }

    /* Opens or closes the frame of the present step. */
    fold(isOpen) {
        const frame = this.trace.frameAt(this.view.step);
        if (isOpen) this.closed.delete(frame.index); else this.closed.add(frame.index);
        this.update();
    }

    update() {
        this.shown = [];
        this.rowOf = new Map();
        const pending = this.trace.frames.filter(frame => frame.parent < 0).reverse();
        while (pending.length) {
            const frame = pending.pop();
            this.rowOf.set(frame.index, this.shown.length);
            this.shown.push(frame);
            if (!this.closed.has(frame.index)) for (let i = frame.children.length - 1; i >= 0; i--) pending.push(frame.children[i]);
        }
        this.list.laidOut = false;
        this.list.setCount(this.shown.length);
        if (this.step !== undefined) this.show(this.step);
    }

    show(step) {
        this.step = step;
        let frame = this.trace.frameAt(step);
        while (frame && !this.rowOf.has(frame.index)) frame = this.trace.frames[frame.parent];
        this.list.select(frame ? this.rowOf.get(frame.index) : -1);
    }
}

/* The start of data of which `size` octets there are. */
function cut(hex, size) { return `0x${hex.slice(0, 136)}${hex.length > 136 || 2 * size > hex.length ? `… (${size} octets)` : ""}`; }
