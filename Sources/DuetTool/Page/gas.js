/* Canvases. */

function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

/* Sets a canvas to the size it is shown at; gives its context in those units. */
function sized(canvas) {
    const { width, height } = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return { context, width, height };
}

/* Gas that is left over the steps, with the depth below and marks where a search has found something. */
class GasChart {
    constructor(trace, view) {
        this.trace = trace;
        this.view = view;
        this.canvas = document.getElementById("gas");
        this.cursor = document.getElementById("gas-cursor");
        new ResizeObserver(() => this.draw()).observe(this.canvas);
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
        const jump = event => {
            const { left, width } = this.canvas.getBoundingClientRect();
            view.go(Math.floor((event.clientX - left) / width * trace.count));
        };
        this.canvas.addEventListener("pointerdown", event => {
            this.canvas.setPointerCapture(event.pointerId);
            jump(event);
        });
        this.canvas.addEventListener("pointermove", event => { if (event.buttons & 1) jump(event); });
    }

    draw() {
        const { context, width, height } = sized(this.canvas), trace = this.trace, gas = trace.gasLeft;
        const bar = 5, room = height - bar - 6, columns = Math.max(1, Math.floor(width));
        let low = Infinity, high = -Infinity, deepest = 1;
        for (let i = 0; i < gas.length; i++) {
            if (gas[i] < low) low = gas[i];
            if (gas[i] > high) high = gas[i];
        }
        for (const frame of trace.frames) deepest = Math.max(deepest, frame.depth);
        if (trace.count) low = Math.min(low, gas[trace.count - 1] - Number(trace.cost[trace.count - 1]));
        const span = high - low || 1, y = value => 3 + (high - value) / span * (room - 3);
        const line = new Path2D(), depths = [];
        for (let x = 0; x < columns; x++) {
            const from = Math.floor(x / columns * trace.count), to = Math.max(from + 1, Math.floor((x + 1) / columns * trace.count));
            let least = Infinity, most = -Infinity, depth = 0;
            const stride = Math.max(1, Math.floor((to - from) / 400));
            for (let i = from; i < Math.min(to, trace.count); i += stride) {
                least = Math.min(least, gas[i]);
                most = Math.max(most, gas[i]);
                depth = Math.max(depth, trace.frames[trace.frame[i]].depth);
            }
            depths.push(depth);
            if (x === 0) line.moveTo(0, y(most)); else line.lineTo(x, y(most));
            line.lineTo(x + 0.5, y(least));
        }
        const area = new Path2D(line);
        area.lineTo(columns, y(least0(gas, trace)));
        area.lineTo(columns, room);
        area.lineTo(0, room);
        context.fillStyle = css("--area");
        context.fill(area);
        context.strokeStyle = css("--accent");
        context.lineWidth = 1.5;
        context.stroke(line);
        context.fillStyle = css("--accent");
        depths.forEach((depth, x) => {
            context.globalAlpha = 0.1 + 0.8 * depth / deepest;
            context.fillRect(x, height - bar, 1, bar);
        });
        context.globalAlpha = 1;
        context.fillStyle = css("--match");
        for (const step of this.view.found.length > 4 * columns ? [] : this.view.found) context.fillRect(step / trace.count * width, room, 1.5, 5);
        context.fillStyle = css("--bad");
        for (const step of trace.faults.keys()) context.fillRect(step / trace.count * width - 1, 0, 2, room);
        this.canvas.setAttribute("aria-label", `Gas left, from ${grouped(BigInt(Math.max(0, high || 0)))} to ${grouped(BigInt(Math.round(low || 0)))}, over ${plural(trace.count, "step", "steps")}`);
    }

    show(step) { this.cursor.style.left = `${(step + 0.5) / Math.max(1, this.trace.count) * 100}%`; }
}

function least0(gas, trace) { return trace.count ? gas[trace.count - 1] : 0; }
