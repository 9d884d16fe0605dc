import { a as library, c as count, u as duration } from "./tally.js";
import { i as stepLine, m as padded, n as gapFilter, p as fit } from "./lines.js";
import { MultiBar } from "cli-progress";
// src/cli/bars.ts
/** The view on a terminal: a bar for each series at work, and a last line with rows, rate, weight and time left. */
/** Bars at once; more would scroll on a terminal of 24 lines. */
const BARS_MAX = 8;
const NAME_WIDTH = 26;
const BAR_WIDTH = 24;
/** `klines BTCUSDT 1m   [=======-----]  58%    1,234,567 rows`, 79 columns at most. */
function barText({ name, done, rows }) {
	const full = Math.floor(done * BAR_WIDTH);
	const bar = "=".repeat(full) + "-".repeat(BAR_WIDTH - full);
	const percent = `${Math.floor(done * 100)}%`.padStart(4);
	return `${padded(fit(name, NAME_WIDTH), NAME_WIDTH)} [${bar}] ${percent} ${count(rows).padStart(13)} rows`;
}
/** The line below the bars, at most `width` columns. */
function statusText(tally, nowMs, width) {
	const left = tally.secondsLeft(nowMs);
	const waiting = tally.waiting(nowMs);
	const parts = [
		`${count(tally.rows)} rows`,
		`${count(tally.rate(nowMs))}/s`,
		...tally.usage === void 0 ? [] : [`weight ${count(tally.usage.used)}/${count(tally.usage.limit)}`],
		waiting ?? (left === void 0 ? "estimating" : `${duration(Math.round(left))} left`)
	];
	return fit(parts.join(" | "), width);
}
/** Shows bars on `sink`, which must be a terminal. */
function barView(options) {
	const { tally, ticker, sink, paint, isVerbose } = options;
	const bars = /* @__PURE__ */ new Map();
	const width = () => Math.max(20, sink.columns - 1);
	const multi = new MultiBar({
		stream: sink.stream,
		fps: 5,
		hideCursor: true,
		clearOnComplete: true,
		gracefulExit: false,
		forceRedraw: true,
		linewrap: false,
		format: (_options, _params, payload) => payload.line()
	});
	const addStatus = () => multi.create(1, 0, { line: () => paint.dim(statusText(tally, ticker.nowMs(), width())) });
	let status;
	const add = (one) => {
		if (status !== void 0) multi.remove(status);
		bars.set(one.name, multi.create(1, 0, { line: () => fit(barText(one), width()) }));
		status = addStatus();
	};
	const log = (line) => {
		if (multi.isActive) multi.log(`${line}\n`);
		else sink.write(`${line}\n`);
	};
	const passes = gapFilter();
	return {
		show(item) {
			const line = passes(item) && item.kind !== "wait" ? stepLine(item, isVerbose) : void 0;
			if (line !== void 0) log(line);
			const change = barChange(item, tally, bars);
			if (change?.kind === "add") add(change.one);
			if (change?.kind === "remove") {
				multi.remove(change.bar);
				bars.delete(change.name);
			}
		},
		end() {
			if (multi.isActive) multi.stop();
		}
	};
}
function barChange(item, tally, bars) {
	if (item.kind === "rows") {
		const one = tally.series.get(library.seriesName(item.key));
		if (one === void 0 || bars.has(one.name) || bars.size >= BARS_MAX) return void 0;
		return {
			kind: "add",
			one
		};
	}
	if (item.kind !== "series") return void 0;
	const name = library.seriesName(item.result.key);
	const bar = bars.get(name);
	return bar === void 0 ? void 0 : {
		kind: "remove",
		name,
		bar
	};
}
export { barView };

//# sourceMappingURL=bars.js.map