/* Numbers as text. */

const hexPairs = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/* A big-endian number in `octets` as "0x" and its digits without leading zeros. */
function hexOf(octets, start, length) {
    let text = "";
    for (let i = start; i < start + length; i++) text += hexPairs[octets[i]];
    return "0x" + (text.replace(/^0+/, "") || "0");
}

function grouped(number) { return number.toString().replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"); }

/* A long hexadecimal number with its middle left out. */
function shortened(text, ends = 6) {
    return text.length > 2 * ends + 5 ? text.slice(0, ends + 2) + "…" + text.slice(-ends) : text;
}

/* What else a word may mean: a decimal number, or text. */
function meaning(hex) {
    if (hex.length <= 15) return hex.length > 3 ? grouped(BigInt(hex)) : "";
    const digits = hex.slice(2).replace(/(00)+$/, "");
    if (digits.length < 8 || digits.length % 2) return "";
    let text = "";
    for (const octet of decodeHex(digits)) {
        if (octet < 32 || octet > 126) return "";
        text += String.fromCharCode(octet);
    }
    return JSON.stringify(text);
}

function plural(count, one, many) { return `${grouped(count)} ${count === 1 ? one : many}`; }

/* An element with attributes and contents. */
function element(tag, attributes = {}, ...contents) {
    const result = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
        if (value !== null && value !== undefined && value !== false) result.setAttribute(key, value);
    }
    result.append(...contents);
    return result;
}
