import { a as library, n as Pulse, t as PULSE_MS } from "./tally.js";
import { randomUUID } from "node:crypto";
import { pino } from "pino";
// src/cli/logs.ts
/** `--log-format json`: what a run tells, as JSON objects on stderr, each with the id of the run. */
/** Writes lines of JSON to stderr: `level` in words, `time` in ISO 8601, `run`, `event`, and what belongs to it. */
function jsonLogger(io, isQuiet) {
	const { stdTimeFunctions } = pino;
	return pino({
		level: isQuiet ? "error" : "info",
		base: { run: randomUUID() },
		timestamp: stdTimeFunctions.isoTime,
		formatters: { level: (level) => ({ level }) }
	}, { write: (line) => void io.stderr.write(`${library.safeJson(line.trimEnd())}\n`) });
}
/** The view that logs. */
function logView(options) {
	const { logger, tally, ticker } = options;
	const pulse = new Pulse(tally, ticker.nowMs());
	const beat = () => {
		const now = ticker.nowMs();
		if (!pulse.isDue(now)) return;
		logger.info({
			event: "progress",
			rows: tally.rows,
			rowsPerSecond: Math.round(tally.rate(now)),
			done: Number(tally.fraction().toFixed(4)),
			secondsLeft: Math.round(tally.secondsLeft(now) ?? -1)
		});
	};
	return {
		show(item) {
			logItem(logger, item);
		},
		end: ticker.every(PULSE_MS, beat)
	};
}
function logItem(logger, item) {
	switch (item.kind) {
		case "plan": {
			const { series, total } = item.plan;
			logger.info({
				event: "plan",
				series: series.length,
				...total
			});
			return;
		}
		case "gap": {
			const { key, window, reason } = item;
			logger.info({
				event: "gap",
				series: library.seriesName(key),
				...window,
				reason
			});
			return;
		}
		case "wait":
			logger.warn({
				event: "wait",
				reason: item.reason,
				ms: item.ms,
				message: item.message
			});
			return;
		case "warning": {
			const about = item.key === void 0 ? {} : { series: library.seriesName(item.key) };
			logger.warn({
				event: "warning",
				...about,
				message: item.message
			});
			return;
		}
		case "note":
			logger.info({
				event: "note",
				message: item.message
			});
			return;
		case "committed": {
			const { kind, key, ...rest } = item;
			logger.info({
				event: kind,
				series: library.seriesName(key),
				...rest
			});
			return;
		}
		case "series": {
			const { key, missing, ...rest } = item.result;
			logger[rest.complete ? "info" : "error"]({
				event: "series",
				series: library.seriesName(key),
				...rest,
				missing: missing.length
			});
			return;
		}
		case "summary":
			logger[item.exit === 0 ? "info" : "error"](summaryFields(item));
			return;
	}
}
function summaryFields({ kind, series, ...rest }) {
	return {
		event: kind,
		series: series.length,
		...rest
	};
}
export { jsonLogger, logView };

//# sourceMappingURL=logs.js.map