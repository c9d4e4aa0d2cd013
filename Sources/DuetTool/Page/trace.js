/* A trace: columns with an entry for each step, and the frames: calls of the EVM, functions of the PVM. Steps count from 0; what a
   step shows is the state before its instruction. evm.js and pvm.js fill it in. */
class Trace {
    constructor(header) {
        const count = header.count;
        this.header = header;
        this.count = count;
        this.frames = header.frames;
        this.pc = new Uint32Array(count);
        this.op = new Uint8Array(count);
        this.gas = new BigInt64Array(count);
        this.cost = new BigInt64Array(count);
        this.frame = new Uint32Array(count);
        this.faults = new Map();
        this.nextFrame = 0;
        this.frames.forEach((frame, index) => {
            frame.index = index;
            frame.children = [];
            frame.gas = BigInt(frame.gas);
            frame.used = BigInt(frame.used);
            const parent = this.frames[frame.parent];
            frame.depth = parent ? parent.depth + 1 : 0;
            if (parent) parent.children.push(frame);
        });
    }

    /* The innermost frame at a step; to be asked for each step in turn. */
    enter(step, current) {
        while (current >= 0 && this.frames[current].end <= step) current = this.frames[current].parent;
        while (this.nextFrame < this.frames.length && this.frames[this.nextFrame].start <= step) {
            if (this.frames[this.nextFrame].end > step) current = this.nextFrame;
            this.nextFrame++;
        }
        return this.frame[step] = current;
    }

    /* What a frame is called, and beside that what it works on, if that is something else. */
    frameTitle(frame, ends) {
        const label = this.frameLabel(frame), target = this.frameTarget(frame);
        return [label, target && target !== label ? shortened(target, ends) : ""];
    }

    frameAt(step) { return this.frames[this.frame[step]]; }

    /* The frame below `frame` that a step of a deeper one belongs to; null if it is in no such. */
    childAt(step, frame) {
        let child = this.frames[this.frame[step]];
        while (child && child.parent !== frame.index) child = this.frames[child.parent];
        return child || null;
    }

    /* The next step of the same frame, or null. */
    nextInFrame(step) {
        const frame = this.frameAt(step);
        if (step + 1 >= frame.end) return null;
        if (this.frame[step + 1] === frame.index) return step + 1;
        const after = this.childAt(step + 1, frame).end;
        return after < frame.end ? after : null;
    }

    previousInFrame(step) {
        const frame = this.frameAt(step);
        if (step <= frame.start) return null;
        if (this.frame[step - 1] === frame.index) return step - 1;
        return this.childAt(step - 1, frame).start - 1;
    }

    /* Without going into calls, as far as there are steps. */
    over(step) { return this.nextInFrame(step) ?? this.out(step); }
    backOver(step) { return this.previousInFrame(step) ?? Math.max(0, step - 1); }
    /* Where the caller goes on, and where it called. */
    out(step) { return Math.min(this.count - 1, this.frameAt(step).end); }
    backOut(step) { return Math.max(0, this.frameAt(step).start - 1); }

    /* What is left in all at each step: what callers have kept back is part of it. */
    get gasLeft() {
        if (!this.left) {
            this.left = new Float64Array(this.count);
            for (let i = 0; i < this.count; i++) this.left[i] = Number(this.gas[i]) + this.kept(this.frameAt(i));
        }
        return this.left;
    }

    /* What the callers of a frame have kept back. */
    kept(frame) {
        if (frame.kept === undefined) {
            const parent = this.frames[frame.parent], call = frame.start - 1;
            frame.kept = !parent ? 0 : this.header.machine === "evm" ? this.kept(parent) + Number(this.gas[call] - this.cost[call]) : 0;
        }
        return frame.kept;
    }

    /* What a step took itself, without what the calls took that it made. */
    ownCost(step) {
        if (step + 1 >= this.count) return Number(this.cost[step]);
        const frame = this.frameAt(step), next = this.frames[this.frame[step + 1]];
        if (next === frame && !this.callsAt.has(step)) return Number(this.cost[step]);
        if (step + 1 >= frame.end) return Number(this.cost[step]);
        const after = this.nextInFrame(step);
        if (after === null) return 0;
        let cost = this.gas[step] - this.gas[after];
        for (const child of this.callsAt.get(step) ?? []) cost -= child.used;
        return Math.max(0, Number(cost));
    }

    /* Frames by the step that made them. */
    get callsAt() {
        if (!this.calls) {
            this.calls = new Map();
            for (const frame of this.frames) {
                if (frame.parent < 0) continue;
                if (!this.calls.has(frame.start - 1)) this.calls.set(frame.start - 1, []);
                this.calls.get(frame.start - 1).push(frame);
            }
        }
        return this.calls;
    }
}
