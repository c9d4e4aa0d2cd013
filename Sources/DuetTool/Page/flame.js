/* Where the gas went: a bar for each frame, as wide as what it used, callers above what they called. The lowest bars are the
   instructions of a frame itself, by name. A click on a frame makes it the whole width and goes to its start. */
class Flame {
    constructor(trace, view) {
        this.trace = trace;
        this.view = view;
        this.root = trace.frames[0];
        this.own = new Map();
        this.bars = [];
        this.canvas = document.getElementById("flame");
        this.tip = document.getElementById("tip");
        new ResizeObserver(() => this.draw()).observe(this.canvas);
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
        this.canvas.addEventListener("click", event => this.click(this.barAt(event)));
        this.canvas.addEventListener("pointermove", event => this.hover(this.barAt(event), event));
        this.canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
        document.getElementById("flame-out").addEventListener("click", () => this.zoom(this.trace.frames[this.root.parent] ?? this.root));
    }

    zoom(frame) {
        this.root = frame;
        this.draw();
    }

    /* Gas by the name of the instruction, of a frame's own steps; the largest first. */
    ownGas(frame) {
        if (!this.own.has(frame.index)) {
            const trace = this.trace, sums = new Map();
            for (let step = frame.start; step !== null && step < frame.end; step = trace.nextInFrame(step)) {
                const name = trace.name(step), entry = sums.get(name) ?? { name, gas: 0, count: 0, step };
                entry.gas += trace.ownCost(step);
                entry.count++;
                sums.set(name, entry);
            }
            this.own.set(frame.index, [...sums.values()].filter(entry => entry.gas > 0).sort((a, b) => b.gas - a.gas));
        }
        return this.own.get(frame.index);
    }

    draw() {
        if (!this.root) return;
        const { context, width, height } = sized(this.canvas);
        const step = this.rowHeight = 21;
        context.font = `12px ${css("--mono")}`;
        context.textBaseline = "middle";
        this.bars = [];
        document.getElementById("flame-out").disabled = this.root.parent < 0;
        const chain = [];
        for (let frame = this.trace.frames[this.root.parent]; frame; frame = this.trace.frames[frame.parent]) chain.unshift(frame);
        const shownChain = chain.slice(-2);
        shownChain.forEach((frame, row) => this.bar(context, { frame, x: 0, width, row, isOuter: true }));
        const total = Math.max(1, Number(this.root.used)), pending = [{ frame: this.root, x: 0, row: shownChain.length }];
        while (pending.length) {
            const { frame, x, row } = pending.pop();
            const barWidth = Number(frame.used) / total * width;
            if (barWidth < 0.3 || row * step > height) continue;
            this.bar(context, { frame, x, width: barWidth, row });
            if (barWidth < 3) continue;
            let at = x;
            for (const child of frame.children) {
                pending.push({ frame: child, x: at, row: row + 1 });
                at += Number(child.used) / total * width;
            }
            for (const entry of this.ownGas(frame)) {
                const size = Math.min(entry.gas / total * width, x + barWidth - at);
                if (size >= 0.3) this.bar(context, { frame, entry, x: at, width: size, row: row + 1 });
                at += size;
            }
        }
    }

    bar(context, bar) {
        this.bars.push(bar);
        const y = bar.row * this.rowHeight, gap = bar.width > 4 ? 1 : 0;
        context.globalAlpha = bar.isOuter ? 0.45 : 1;
        context.fillStyle = bar.entry ? css("--leaf") : bar.frame.status ? css("--bad-soft") : css(`--flame-${this.tint(bar.frame)}`);
        context.fillRect(bar.x, y, Math.max(0.3, bar.width - gap), this.rowHeight - 1);
        context.globalAlpha = 1;
        if (bar.width < 28) return;
        context.fillStyle = bar.entry ? css("--quiet") : css("--text");
        const room = Math.floor((bar.width - 10) / 7.3), text = this.text(bar);
        context.fillText(text.length > room ? text.slice(0, Math.max(0, room - 1)) + "…" : text, bar.x + 5, y + this.rowHeight / 2);
    }

    text(bar) {
        if (bar.entry) return bar.entry.name;
        return this.trace.frameTitle(bar.frame, 4).join(" ").trim();
    }

    /* The same for the same code. */
    tint(frame) {
        let hash = 0;
        for (const character of String(this.trace.frameTarget(frame))) hash = hash * 31 + character.charCodeAt(0) | 0;
        return Math.abs(hash) % 4;
    }

    barAt(event) {
        const { left, top } = this.canvas.getBoundingClientRect(), x = event.clientX - left, row = Math.floor((event.clientY - top) / this.rowHeight);
        return this.bars.find(bar => bar.row === row && x >= bar.x && x < bar.x + bar.width);
    }

    click(bar) {
        if (!bar) return;
        if (bar.entry) {
            const step = this.nextNamed(bar);
            if (step !== null) this.view.go(step);
            return;
        }
        this.zoom(bar.frame);
        this.view.go(bar.frame.end > bar.frame.start ? bar.frame.start : Math.max(0, bar.frame.start - 1));
    }

    /* The next instruction of that name in the frame, behind the present step or from the start. */
    nextNamed(bar) {
        let first = null;
        for (let step = bar.frame.start; step !== null && step < bar.frame.end; step = this.trace.nextInFrame(step)) {
            if (this.trace.name(step) !== bar.entry.name) continue;
            first ??= step;
            if (step > this.view.step) return step;
        }
        return first;
    }

    hover(bar, event) {
        this.canvas.style.cursor = bar ? "pointer" : "default";
        this.tip.hidden = !bar;
        if (!bar) return;
        const gas = bar.entry ? bar.entry.gas : Number(bar.frame.used), share = gas / Math.max(1, Number(this.trace.frames[0].used));
        const name = bar.entry ? `${bar.entry.name}, ${plural(bar.entry.count, "time", "times")}` : this.trace.frameTitle(bar.frame, 40).join(" ").trim();
        this.tip.textContent = `${name}\n${grouped(Math.round(gas))} gas, ${(100 * share).toFixed(1)} %`
            + (bar.frame.status && !bar.entry ? `\n${bar.frame.status}` : "");
        const x = Math.min(event.clientX + 14, window.innerWidth - this.tip.offsetWidth - 8);
        this.tip.style.transform = `translate(${Math.max(8, x)}px, ${event.clientY + 16}px)`;
    }
}
