/* A list of any length of which only the rows in sight are in the document. The scroll bar is in proportion where the list would be
   higher than browsers allow; the wheel moves by rows all the same. */
class VirtualList {
    /* options: count, render(row element, index), choose(index), before(first, last), name, role, rowRole, height */
    constructor(container, options) {
        Object.assign(this, { count: 0, height: 22, role: "listbox", rowRole: "option", current: -1, first: 0 }, options);
        this.container = container;
        this.space = element("div", { class: "list-space" });
        this.layer = element("div", { class: "list-layer" });
        this.space.append(this.layer);
        container.append(this.space);
        container.classList.add("list");
        container.setAttribute("role", this.role);
        container.setAttribute("aria-label", this.name);
        container.style.setProperty("--row", this.height + "px");
        this.rows = [];
        this.resize = new ResizeObserver(() => this.layout());
        this.resize.observe(container);
        container.addEventListener("scroll", () => this.scrolled(), { passive: true });
        container.addEventListener("wheel", event => this.wheel(event), { passive: false });
        container.addEventListener("click", event => {
            const row = event.target.closest(".row");
            if (row && this.choose) this.choose(Number(row.dataset.index), event);
        });
    }

    get visible() { return Math.max(1, this.container.clientHeight / this.height); }
    get limit() { return Math.max(0, this.count - this.visible); }

    setCount(count) {
        if (count === this.count && this.laidOut) return;
        this.count = count;
        this.layout();
    }

    layout() {
        this.laidOut = true;
        this.total = Math.min(this.count * this.height, 8e6);
        this.space.style.height = this.total + "px";
        this.layer.style.height = this.container.clientHeight + "px";
        this.scrollTo(this.first);
    }

    /* Makes `first` (it may be a fraction) the topmost row. */
    scrollTo(first) {
        this.first = Math.min(Math.max(0, first), this.limit);
        const room = this.total - this.container.clientHeight;
        const top = this.limit > 0 ? Math.round(this.first / this.limit * room) : 0;
        if (Math.abs(this.container.scrollTop - top) >= 1) {
            this.expected = top;
            this.container.scrollTop = top;
        }
        this.draw();
    }

    scrolled() {
        const top = this.container.scrollTop, room = this.total - this.container.clientHeight;
        if (this.expected !== undefined && Math.abs(top - this.expected) < 2) {
            this.expected = undefined;
            return;
        }
        this.first = room > 0 ? top / room * this.limit : 0;
        this.draw();
    }

    wheel(event) {
        if (event.ctrlKey || this.limit === 0 || this.count * this.height <= 8e6 || !event.deltaY) return;
        event.preventDefault();
        const unit = event.deltaMode === 1 ? 1 : event.deltaMode === 2 ? this.visible : 1 / this.height;
        this.scrollTo(this.first + event.deltaY * unit);
    }

    /* Brings a row into sight, with some rows around it. */
    show(index, isCentred = false) {
        const margin = Math.min(3, this.visible / 4);
        if (isCentred && (index < this.first || index + 1 > this.first + this.visible)) return this.scrollTo(index - this.visible / 2);
        if (index < this.first + margin) return this.scrollTo(index - margin);
        if (index + 1 > this.first + this.visible - margin) return this.scrollTo(index + 1 - this.visible + margin);
        this.draw();
    }

    select(index, isCentred = false) {
        this.current = index;
        if (index >= 0) this.show(index, isCentred); else this.draw();
    }

    draw() {
        if (!this.laidOut) return;
        const start = Math.floor(this.first), end = Math.min(this.count, Math.ceil(this.first + this.visible) + 1);
        while (this.rows.length < end - start) {
            const row = element("div", { class: "row", role: this.rowRole });
            this.rows.push(row);
            this.layer.append(row);
        }
        if (this.before && end > start) this.before(start, end);
        for (let i = 0; i < this.rows.length; i++) {
            const row = this.rows[i], index = start + i;
            row.hidden = index >= end;
            if (row.hidden) continue;
            row.style.transform = `translateY(${(index - this.first) * this.height}px)`;
            row.dataset.index = index;
            row.className = index === this.current ? "row current" : "row";
            if (this.rowRole === "option" || this.rowRole === "treeitem") row.setAttribute("aria-selected", index === this.current);
            row.setAttribute("aria-posinset", index + 1);
            row.setAttribute("aria-setsize", this.count);
            this.render(row, index);
        }
    }
}

/* Sets the texts of a row's cells; makes the cells the first time. */
function fill(row, cells) {
    if (row.childElementCount !== cells.length) row.replaceChildren(...cells.map(() => element("span")));
    cells.forEach(([kind, text], i) => {
        const cell = row.children[i];
        if (cell.className !== kind) cell.className = kind;
        if (cell.textContent !== text) cell.textContent = text;
    });
}
