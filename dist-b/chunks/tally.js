// src/cli/human.ts
/** `1,234,567`. */
function count(value) {
	return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}
/** `1 file`, `2 files`, `0 files`. */
function counted(value, noun, plural = `${noun}s`) {
	return `${count(value)} ${value === 1 ? noun : plural}`;
}
const SIZES = [
	"B",
	"kB",
	"MB",
	"GB",
	"TB",
	"PB"
];
/** `850 B`, `1.2 kB`, `3.4 GB`: powers of 1000. */
function bytes(value) {
	let rest = value;
	let unit = 0;
	while (rest >= 999.5 && unit < SIZES.length - 1) {
		rest /= 1e3;
		unit += 1;
	}
	const digits = unit > 0 && rest < 99.95 ? 1 : 0;
	return `${rest.toFixed(digits)} ${SIZES[unit] ?? ""}`;
}
/** `0.4 s`, `2 s`, `14 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
function duration(seconds) {
	if (!Number.isFinite(seconds)) return "unknown";
	if (seconds < 9.95 && !Number.isInteger(seconds)) return `${Math.max(0, seconds).toFixed(1)} s`;
	const whole = Math.round(seconds);
	if (whole < 60) return `${whole} s`;
	if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
	const minutes = Math.round(whole / 60);
	if (minutes < 1440) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
	const hours = Math.round(minutes / 60);
	return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}
function pair(large, largeUnit, small, smallUnit) {
	return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
/** How long something will take: rounded, since it is a guess. */
function minutesAbout(minutes) {
	if (minutes < 1) return "less than a minute";
	return `about ${duration(Math.round(minutes) * 60)}`;
}
/**
* A half-open window in UTC: `2024-01-01 to 2024-02-01`, `2024-01-01 02:00 to 05:30`, with as much of the time
* as is not zero.
*/
function span({ from, to }) {
	const [a, b] = [moment(from), moment(to)];
	if (a.time === "00:00" && b.time === "00:00") return `${a.day} to ${b.day}`;
	return a.day === b.day ? `${a.day} ${a.time} to ${b.time}` : `${a.day} ${a.time} to ${b.day} ${b.time}`;
}
/** `2024-01-01 02:00`, with seconds and microseconds where they are not zero. */
function instant(iso) {
	const { day, time } = moment(iso);
	return `${day} ${time}`;
}
function moment(iso) {
	const [day = "", time = ""] = iso.replace("Z", "").split("T");
	return {
		day,
		time: time.replace(/\.0+$/, "").replace(/^(\d\d:\d\d):00$/, "$1")
	};
}
/** The windows, one a line; of more than `max` the first ones, and how many more. */
function spans(windows, max = 4) {
	const shown = windows.length <= max ? windows : windows.slice(0, max - 1);
	const rest = windows.length - shown.length;
	const last = windows.at(-1);
	const lines = shown.map(span);
	return rest === 0 || last === void 0 ? lines : [...lines, `and ${rest} more, the last ${span(last)}`];
}
// src/cli/library.ts
/** The library, which is all that the CLI imports; loaded once a command needs it, since the help does not. */
/** Its public door. Nothing before {@link loadLibrary} was awaited. */
let library;
/** Loads it. Called before a command is executed, and before an error is printed. */
async function loadLibrary() {
	library = await import("../index.js");
}
// src/cli/tally.ts
/** Rows received are counted over this long for the rate. */
const RATE_MS = 1e4;
/** Counts a run. Takes time as an argument everywhere, in milliseconds of one monotonic clock. */
var Tally = class {
	series = /* @__PURE__ */ new Map();
	rows = 0;
	usage;
	#startedMs;
	#wait;
	#samples;
	constructor(nowMs) {
		this.#startedMs = nowMs;
		this.#samples = [{
			ms: nowMs,
			rows: 0
		}];
	}
	/** Counts one report. */
	apply(item, nowMs) {
		switch (item.kind) {
			case "plan":
				this.#plan(item.plan);
				break;
			case "rows": {
				const one = this.#one(library.seriesName(item.key));
				one.rows += item.rows;
				one.done = Math.min(1, Math.max(one.done, item.done));
				one.state = "active";
				this.rows += item.rows;
				this.usage = item.usage;
				if (this.#wait?.reason === "overload") this.#wait = void 0;
				this.#sample(nowMs);
				break;
			}
			case "series": {
				const one = this.#one(library.seriesName(item.result.key));
				one.done = 1;
				one.state = "ended";
				break;
			}
			case "wait": this.#wait = {
				...item,
				untilMs: nowMs + item.ms
			};
		}
	}
	#plan({ series }) {
		for (const { key, weight, archive } of series) {
			const work = weight + (archive?.requestsSaved ?? 0);
			if (work > 0 || archive !== void 0) this.#one(library.seriesName(key), Math.max(1, work));
		}
	}
	#one(name, weight = 1) {
		const known = this.series.get(name);
		if (known !== void 0) return known;
		const fresh = {
			name,
			weight,
			done: 0,
			rows: 0,
			state: "waiting"
		};
		this.series.set(name, fresh);
		return fresh;
	}
	#sample(nowMs) {
		this.#samples.push({
			ms: nowMs,
			rows: this.rows
		});
		while (this.#samples.length > 2 && (this.#samples[1]?.ms ?? nowMs) < nowMs - RATE_MS) this.#samples.shift();
	}
	/** Rows a second over the last ten seconds. */
	rate(nowMs) {
		this.#sample(nowMs);
		const oldest = this.#samples[0] ?? {
			ms: nowMs,
			rows: this.rows
		};
		const ms = nowMs - oldest.ms;
		return ms <= 0 ? 0 : (this.rows - oldest.rows) / ms * 1e3;
	}
	/** The part of the planned weight that is done, 0 to 1. */
	fraction() {
		let total = 0;
		let done = 0;
		for (const one of this.series.values()) {
			total += one.weight;
			done += one.weight * one.done;
		}
		return total === 0 ? 1 : done / total;
	}
	/** Seconds left, by weight; `undefined` while it is too early to say. */
	secondsLeft(nowMs) {
		const fraction = this.fraction();
		const elapsed = this.elapsedSeconds(nowMs);
		if (fraction < .005 || elapsed < 1) return void 0;
		return elapsed * (1 - fraction) / fraction;
	}
	/** Seconds since the start. */
	elapsedSeconds(nowMs) {
		return (nowMs - this.#startedMs) / 1e3;
	}
	/** `limit used up (270 of 300), going on in 14 s`, while the run waits. */
	waiting(nowMs) {
		if (this.#wait === void 0 || this.#wait.untilMs <= nowMs) return void 0;
		return waitText(this.#wait.message, this.#wait.untilMs - nowMs);
	}
	/** How many series have ended. */
	ended() {
		let ended = 0;
		for (const { state } of this.series.values()) if (state === "ended") ended += 1;
		return ended;
	}
};
/** `limit used up (270 of 300), going on in 14 s`. */
function waitText(message, ms) {
	return `${message}, going on in ${duration(Math.ceil(ms / 1e3))}`;
}
/** How often {@link Pulse.isDue} is to be asked, in milliseconds. */
const PULSE_MS = 1e4;
/** Between signs of life while rows come, or while it is known until when none will. */
const CALM_MS = 3e4;
/** Decides whether a sign of life is due. */
var Pulse = class {
	#tally;
	#everyMs;
	#rows = 0;
	#beatMs;
	/** @param everyMs - While all goes well. */
	constructor(tally, nowMs, everyMs = CALM_MS) {
		this.#tally = tally;
		this.#everyMs = everyMs;
		this.#beatMs = nowMs;
	}
	/** Is one due? Then the time to the next counts from now. */
	isDue(nowMs) {
		const { rows } = this.#tally;
		const isStill = rows === this.#rows && this.#tally.waiting(nowMs) === void 0;
		this.#rows = rows;
		if (!isStill && nowMs - this.#beatMs < this.#everyMs) return false;
		this.#beatMs = nowMs;
		return true;
	}
};
export { library as a, count as c, instant as d, minutesAbout as f, waitText as i, counted as l, spans as m, Pulse as n, loadLibrary as o, span as p, Tally as r, bytes as s, PULSE_MS as t, duration as u };

//# sourceMappingURL=tally.js.map