/* The list of steps, and the code with the instruction at which the machine stands. */

class StepsPane {
    constructor(trace, view) {
        this.list = new VirtualList(document.getElementById("steps"), {
            name: "Steps", count: trace.count, choose: step => view.go(step),
            render: (row, step) => {
                const depth = trace.frameAt(step).depth, fault = trace.faults.has(step);
                if (fault) row.classList.add("fault");
                if (view.matches.has(step)) row.classList.add("match");
                row.style.setProperty("--depth", Math.min(depth, 12));
                const text = trace.text(step), space = text.indexOf(" ");
                fill(row, [
                    ["number", String(step)], ["bars", ""], ["operation", space < 0 ? text : text.slice(0, space)],
                    ["operands", space < 0 ? "" : text.slice(space + 1)], ["gas", grouped(trace.cost[step])],
                ]);
            },
        });
        this.list.layout();
    }

    show(step) { this.list.select(step); }
}

class CodePane {
    constructor(trace, view) {
        this.trace = trace;
        this.hits = new Map();
        this.list = new VirtualList(document.getElementById("code"), {
            name: "Code",
            choose: row => this.next(row, view),
            render: (row, index) => {
                const [name, operands] = this.code.text(index), pc = this.code.pcs[index];
                if (this.code.isLabel(index)) row.classList.add("label");
                if (!this.reached().has(pc)) row.classList.add("unreached");
                fill(row, [["number", this.trace.place(pc)], ["operation", name], ["operands", operands]]);
            },
        });
    }

    /* The places of this code that the trace comes by. */
    reached() {
        if (!this.hits.has(this.code)) {
            const places = new Set(), trace = this.trace;
            for (let step = 0; step < trace.count; step++) if (trace.listing(step) === this.code) places.add(trace.pc[step]);
            this.hits.set(this.code, places);
        }
        return this.hits.get(this.code);
    }

    /* Goes to the next step at a place of the code, from the start again if there is none. */
    next(row, view) {
        const pc = this.code.pcs[row], trace = this.trace;
        for (let i = 1; i <= trace.count; i++) {
            const step = (view.step + i) % trace.count;
            if (trace.pc[step] === pc && trace.listing(step) === this.code) return view.go(step);
        }
        view.say(`No step at ${trace.place(pc)}`);
    }

    show(step) {
        this.code = this.trace.listing(step);
        const pcs = this.code.pcs, pc = this.trace.pc[step];
        let low = 0, high = pcs.length;
        while (low < high) {
            const middle = low + high >> 1;
            if (pcs[middle] < pc) low = middle + 1; else high = middle;
        }
        this.list.setCount(pcs.length);
        this.list.select(pcs[low] === pc ? low : -1, true);
    }
}
