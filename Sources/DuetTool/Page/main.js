/* The page: what is shown, and the ways to move. */
class View {
    constructor(trace) {
        this.trace = trace;
        this.step = -1;
        this.found = [];
        this.matches = new Set();
        this.query = "";
        this.stepField = document.getElementById("step");
        this.searchField = document.getElementById("query");
        this.message = document.getElementById("message");
        this.stepField.max = trace.count - 1;
        document.getElementById("count").textContent = grouped(Math.max(0, trace.count - 1));
        this.calls = new CallsPane(trace, this);
        this.panes = [
            new StepsPane(trace, this), new CodePane(trace, this), new InstructionPane(trace),
            trace.header.machine === "evm" ? new StackPane(trace) : new RegisterPane(trace), new MemoryPane(trace), this.calls,
        ];
        this.chart = new GasChart(trace, this);
        this.flame = new Flame(trace, this);
        this.panes.push(this.chart);
        this.listen();
        this.go(this.stepOfLink() ?? 0);
    }

    /* Shows a step; those that there are not count as the nearest one. */
    go(step) {
        step = Math.min(Math.max(0, step), this.trace.count - 1);
        if (step === this.step) return;
        this.step = step;
        if (document.activeElement !== this.stepField) this.stepField.value = step;
        for (const pane of this.panes) pane.show(step);
        clearTimeout(this.linking);
        this.linking = setTimeout(() => history.replaceState(null, "", `#step=${this.step}`), 150);
        document.documentElement.dataset.step = step;
    }

    stepOfLink() {
        const match = /^#step=(\d+)$/.exec(location.hash);
        return match ? Number(match[1]) : null;
    }

    move(name) {
        const trace = this.trace, step = this.step, page = Math.max(1, Math.floor(this.panes[0].list.visible) - 1);
        this.go({
            next: () => step + 1, back: () => step - 1, over: () => trace.over(step), backOver: () => trace.backOver(step),
            out: () => trace.out(step), backOut: () => trace.backOut(step), first: () => 0, last: () => trace.count - 1,
            pageDown: () => step + page, pageUp: () => step - page,
        }[name]());
    }

    // Search.

    search(query) {
        if (query === this.query) return;
        this.query = query;
        this.found = findSteps(this.trace, query);
        this.matches = new Set(this.found);
        this.panes[0].list.draw();
        this.chart.draw();
        this.say(query.trim() ? (this.found.length ? plural(this.found.length, "step", "steps") : "Nothing found") : "");
    }

    /* Goes to the next match, or the one before. */
    find(forward) {
        this.search(this.searchField.value);
        if (!this.found.length) return;
        const place = neighbour(this.found, this.step, forward);
        this.go(this.found[place]);
        this.say(`${grouped(place + 1)} of ${grouped(this.found.length)}`);
    }

    say(text) { this.message.textContent = text; }

    // Events.

    listen() {
        for (const button of document.querySelectorAll("[data-move]")) button.addEventListener("click", () => this.move(button.dataset.move));
        this.stepField.addEventListener("change", () => this.go(Number(this.stepField.value) || 0));
        this.stepField.addEventListener("blur", () => { this.stepField.value = this.step; });
        this.searchField.addEventListener("change", () => this.search(this.searchField.value));
        this.searchField.addEventListener("keydown", event => {
            if (event.key === "Enter") this.find(!event.shiftKey);
            if (event.key === "Escape") {
                // The field would be emptied.
                event.preventDefault();
                this.searchField.blur();
            }
        });
        this.stepField.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === "Escape") this.stepField.blur(); });
        document.getElementById("find-next").addEventListener("click", () => this.find(true));
        document.getElementById("find-back").addEventListener("click", () => this.find(false));
        const help = document.getElementById("help");
        document.getElementById("help-button").addEventListener("click", () => help.showModal());
        help.addEventListener("click", event => { if (event.target === help) help.close(); });
        addEventListener("hashchange", () => this.go(this.stepOfLink() ?? this.step));
        addEventListener("keydown", event => this.key(event));
    }

    key(event) {
        if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
        const move = {
            ArrowDown: "next", ArrowRight: "next", ArrowUp: "back", ArrowLeft: "back", PageDown: "pageDown", PageUp: "pageUp", Home: "first",
            End: "last", n: "over", p: "backOver", o: "out", O: "backOut",
        }[event.key];
        if (move) this.move(move);
        else if (event.key === "/") { this.searchField.focus(); this.searchField.select(); }
        else if (event.key === "]" || event.key === "[") this.find(event.key === "]");
        else if (event.key === "f") { this.searchField.value = "fault"; this.find(true); }
        else if (event.key === "+" || event.key === "-") this.calls.fold(event.key === "+");
        else if (event.key === "?") document.getElementById("help").showModal();
        else return;
        event.preventDefault();
    }
}

function start() {
    const header = JSON.parse(document.getElementById("header").textContent);
    const steps = decodeBase64(document.getElementById("steps-data").textContent.trim());
    document.getElementById("steps-data").remove();
    const outermost = header.frames[0] ?? { status: "", used: "0" };
    document.getElementById("machine").textContent = `${header.machine === "evm" ? "EVM" : "PVM"} ${header.isa}`;
    const status = document.getElementById("status");
    status.textContent = outermost.status || (header.machine === "evm" ? "success" : header.end);
    status.className = outermost.status ? "failure" : "";
    document.getElementById("used").textContent = `${grouped(outermost.used)} gas`;
    if (header.cut) document.getElementById("used").after(element("span", { class: "failure" }, `only the first ${plural(header.count, "step", "steps")} of the trace`));
    if (header.count === 0) {
        document.body.classList.add("empty");
        document.documentElement.dataset.ready = "0";
        return;
    }
    window.duet = new View(header.machine === "evm" ? new EVMTrace(header, steps) : new PVMTrace(header, steps));
    document.documentElement.dataset.ready = Math.round(performance.now());
}

start();
