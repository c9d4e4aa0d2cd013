/* Traces of the EVM, as EVMPage has written them.
 *
 * Stacks are linked lists that share their tails: a step has the number of its topmost node, node 0 is the empty stack. So the stack
 * of any step is there without a replay. Memory is a chain of writes in the same way. */
class EVMTrace extends Trace {
    constructor(header, steps) {
        super(header);
        this.opcodes = header.opcodes;
        this.placeCodes(header.codes.map(decodeHex), steps);
        this.node = new Uint32Array(this.count);
        this.write = new Uint32Array(this.count);
        this.words = new Uint32Array(this.count);
        this.refund = new Float64Array(this.count);
        this.valueAt = new Column(Uint32Array, this.count / 2);
        this.valueLength = new Column(Uint8Array, this.count / 2);
        this.nodeValue = new Column(Uint32Array, this.count);
        this.nodeBelow = new Column(Uint32Array, this.count);
        this.writeOffset = new Column(Float64Array, 64);
        this.writeAt = new Column(Uint32Array, 64);
        this.writeLength = new Column(Uint32Array, 64);
        this.writeBefore = new Column(Uint32Array, 64);
        this.value(0, 0);
        this.push(0, 0);
        this.addWrite(0, 0, 0, 0);
        this.read(new Reader(this.octets));
    }

    /* Steps and codes in one array, so that a place in it tells a value. Behind a code are zeros: data that is cut off has them. */
    placeCodes(codes, steps) {
        let size = steps.length;
        this.codes = codes.map(octets => {
            const code = { start: size, length: octets.length };
            size += octets.length + 33;
            return code;
        });
        this.octets = new Uint8Array(size);
        this.octets.set(steps);
        codes.forEach((octets, index) => this.octets.set(octets, this.codes[index].start));
    }

    value(at, length) {
        this.valueAt.push(at);
        return this.valueLength.push(length);
    }

    push(value, below) {
        this.nodeValue.push(value);
        return this.nodeBelow.push(below);
    }

    addWrite(offset, at, length, before) {
        this.writeOffset.push(offset);
        this.writeAt.push(at);
        this.writeLength.push(length);
        return this.writeBefore.push(before);
    }

    read(reader) {
        const costs = new Array(256).fill(-1n);
        for (let step = 0, index = -1; step < this.count; step++) {
            index = this.enter(step, index);
            const frame = this.frames[index];
            if (frame.node === undefined) {
                Object.assign(frame, { node: 0, write: 0, words: 0, refund: 0, nextPC: 0, nextGas: 0n, pending: null, pendingPC: 0 });
            }
            const code = this.codes[frame.code], flags = reader.octet();
            if (frame.pending) frame.node = this.effect(frame, code, reader);
            if (flags & 64) {
                for (let rest = reader.number(); rest > 0; rest--) {
                    const offset = reader.number(), length = reader.number();
                    frame.write = this.addWrite(offset, reader.at, length, frame.write);
                    reader.at += length;
                }
            }
            const pc = flags & 1 ? reader.number() : frame.nextPC;
            const op = pc < code.length ? this.octets[code.start + pc] : 0;
            const cost = flags & 2 ? costs[op] = reader.signed() : costs[op];
            const gas = flags & 4 ? reader.signed() : frame.nextGas;
            if (flags & 8) frame.words = reader.number();
            if (flags & 16) frame.refund = Number(reader.signed());
            if (flags & 32) this.faults.set(step, this.header.statuses[Number(reader.signed()) + 3]);
            this.pc[step] = pc;
            this.op[step] = op;
            this.gas[step] = gas;
            this.cost[step] = cost;
            this.node[step] = frame.node;
            this.write[step] = frame.write;
            this.words[step] = frame.words;
            this.refund[step] = frame.refund;
            const opcode = this.opcodes[op];
            frame.pending = opcode.name ? opcode : null;
            frame.pendingPC = pc;
            frame.nextPC = pc + 1 + (opcode.immediate ?? 0);
            frame.nextGas = gas - cost;
        }
    }

    /* The stack behind the last instruction of a frame. */
    effect(frame, code, reader) {
        const opcode = frame.pending, below = this.nodeBelow;
        let node = frame.node;
        switch (opcode.kind) {
        case 0: {
            for (let i = 0; i < opcode.takes; i++) node = below.values[node];
            if (!opcode.leaves) return node;
            const length = reader.octet(), value = this.value(reader.at, length);
            reader.at += length;
            return this.push(value, node);
        }
        case 1: return this.push(this.value(code.start + frame.pendingPC + 1, opcode.immediate), node);
        case 2: return this.duplicate(node, opcode.takes);
        case 3: return this.swap(node, 1, opcode.takes);
        default: {
            const octet = this.octets[code.start + frame.pendingPC + 1];
            if (opcode.kind === 4) return this.duplicate(node, octet + 0x91 & 255);
            if (opcode.kind === 5) return this.swap(node, 1, (octet + 0x91 & 255) + 1);
            const number = octet ^ 0x8f, high = number >> 4, low = number & 15;
            return high < low ? this.swap(node, high + 2, low + 2) : this.swap(node, low + 2, 30 - high);
        }
        }
    }

    duplicate(node, depth) {
        let source = node;
        for (let i = 1; i < depth; i++) source = this.nodeBelow.values[source];
        return this.push(this.nodeValue.values[source], node);
    }

    /* Words are counted from 1 at the top. */
    swap(node, first, second) {
        const values = [];
        for (let i = Math.max(first, second); i > 0; i--) {
            values.push(this.nodeValue.values[node]);
            node = this.nodeBelow.values[node];
        }
        [values[first - 1], values[second - 1]] = [values[second - 1], values[first - 1]];
        while (values.length) node = this.push(values.pop(), node);
        return node;
    }

    // What the page asks.

    name(step) { return this.opcodes[this.op[step]].name ?? "undefined"; }

    text(step) {
        const data = this.dataText(this.codes[this.frameAt(step).code], this.pc[step]);
        return this.name(step) + (data && " " + data);
    }

    dataText(code, pc) {
        const length = pc < code.length ? this.opcodes[this.octets[code.start + pc]].immediate ?? 0 : 0;
        let text = "";
        for (let i = 1; i <= length && pc + i < code.length; i++) text += hexPairs[this.octets[code.start + pc + i]];
        return length ? "0x" + text : "";
    }

    /* The words of the stack, the topmost first, and how many of them the step before in this frame did not have there. */
    stack(step) {
        const words = [];
        for (let node = this.node[step]; node; node = this.nodeBelow.values[node]) words.push(this.wordAt(this.nodeValue.values[node]));
        const before = this.previousInFrame(step);
        return { words, isOperand: this.operands(this.opcodes[this.op[step]]), fresh: before === null ? 0 : this.freshNodes(this.node[step], this.node[before]) };
    }

    /* Which words, counted from 0 at the top, an instruction takes or looks at. */
    operands(opcode) {
        const takes = opcode.takes ?? 0;
        if (opcode.kind === 2) return index => index === takes - 1;
        if (opcode.kind === 3) return index => index === 0 || index === takes - 1;
        return index => index < takes;
    }

    freshNodes(node, before) {
        const old = new Set();
        for (; before; before = this.nodeBelow.values[before]) old.add(before);
        let count = 0;
        for (; node && !old.has(node); node = this.nodeBelow.values[node]) count++;
        return count;
    }

    wordAt(value) { return hexOf(this.octets, this.valueAt.values[value], this.valueLength.values[value]); }

    memorySize(step) { return 32 * this.words[step]; }

    /* Memory from `start` on, before a step. */
    memory(step, start, length) {
        const result = new Uint8Array(length), known = new Uint8Array(length);
        let missing = length;
        for (let write = this.write[step]; write && missing; write = this.writeBefore.values[write]) {
            const offset = this.writeOffset.values[write], size = this.writeLength.values[write];
            const from = Math.max(start, offset), to = Math.min(start + length, offset + size);
            for (let i = from; i < to; i++) {
                if (known[i - start]) continue;
                known[i - start] = 1;
                missing--;
                result[i - start] = this.octets[this.writeAt.values[write] + i - offset];
            }
        }
        return result;
    }

    /* The ranges that the instruction before has written. */
    written(step) {
        const before = this.previousInFrame(step), ranges = [];
        if (before === null) return ranges;
        for (let write = this.write[step]; write !== this.write[before]; write = this.writeBefore.values[write]) {
            ranges.push({ offset: this.writeOffset.values[write], length: this.writeLength.values[write] });
        }
        return ranges;
    }

    touched() { return null; }

    listing(step) {
        const code = this.codes[this.frameAt(step).code];
        if (!code.pcs) {
            const pcs = new Column(Uint32Array, code.length / 2);
            for (let pc = 0; pc < code.length; pc += 1 + (this.opcodes[this.octets[code.start + pc]].immediate ?? 0)) pcs.push(pc);
            if (!code.length) pcs.push(0);
            code.pcs = pcs.values.subarray(0, pcs.count);
            code.text = row => {
                const pc = code.pcs[row], opcode = this.opcodes[pc < code.length ? this.octets[code.start + pc] : 0];
                return [opcode.name ?? "undefined", this.dataText(code, pc)];
            };
            code.isLabel = row => this.octets[code.start + code.pcs[row]] === 0x5b;
        }
        return code;
    }

    place(pc) { return pc.toString(16).padStart(4, "0"); }

    frameLabel(frame) { return frame.kind; }
    frameTarget(frame) { return frame.address; }

    /* Marks the values that are a number given as octets. */
    matchingValues(wanted) {
        const marks = new Uint8Array(this.valueAt.count), octets = this.octets;
        for (let value = 0; value < marks.length; value++) {
            let at = this.valueAt.values[value], length = this.valueLength.values[value];
            while (length > wanted.length && octets[at] === 0) { at++; length--; }
            if (length !== wanted.length) continue;
            let i = 0;
            while (i < length && octets[at + i] === wanted[i]) i++;
            if (i === length) marks[value] = 1;
        }
        return marks;
    }

    /* Is the word new on top of the stack? */
    stepsWithValue(wanted) {
        const marks = this.matchingValues(wanted), steps = [];
        for (let step = 0, last = 0; step < this.count; step++) {
            const node = this.node[step];
            if (node && node !== last && marks[this.nodeValue.values[node]]) steps.push(step);
            last = node;
        }
        return steps;
    }
}
