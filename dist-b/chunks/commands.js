import { A as Misuse, C as readChoice, D as readSubset, E as readSeconds, F as suggested, M as damagedSeries, O as readText, P as exitOf, T as readRange, _ as LAKE_FLAGS, a as command$13, b as isSwitch, c as flatKey, d as jobsOf, f as readJobFiles, g as JOB_FLAGS, h as table, j as Unfinished, l as jobsFrom, m as padded, o as command$12, p as fit, r as lineView, s as planDocument, t as failure, u as jobsFromFiles, v as OUTPUT_FLAGS, w as readInteger, x as option, y as RECHECK_FLAG } from "./lines.js";
import { a as library, c as count, l as counted, m as spans, r as Tally, s as bytes, u as duration } from "./tally.js";
import { dirname, join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import yargs from "yargs";
import { fileURLToPath } from "node:url";
// src/cli/command.ts
/** The flags that a command takes, its own first. */
function flagsOf({ flags, takesLake }) {
	return {
		...flags,
		...takesLake === true ? LAKE_FLAGS : {},
		...OUTPUT_FLAGS
	};
}
// src/cli/yargs.ts
/** The library that splits command lines and completes them, set up from our tables. */
/** The command for whose work yargs has all that it takes. */
const COMPLETION = "completion";
/** A yargs that knows all commands with their flags; parses nothing yet, and prints nothing but completions. */
function yargsOf(commands, argv) {
	const parser = yargs([...argv]).scriptName("binance-backfill").locale("en").help(false).version(false).exitProcess(false).parserConfiguration({
		"boolean-negation": false,
		"camel-case-expansion": false,
		"dot-notation": false,
		"greedy-arrays": false,
		"parse-numbers": false,
		"parse-positional-numbers": false,
		"short-option-groups": false
	});
	for (const command of commands) {
		if (command.name === COMPLETION) continue;
		parser.command(command.name, command.describe, (sub) => {
			for (const [name, flag] of Object.entries(flagsOf(command))) {
				const type = isSwitch(flag) ? "boolean" : "string";
				sub.option(name, {
					type,
					describe: flag.describe
				});
			}
			return sub;
		});
	}
	return parser;
}
/** With yargs' own command that prints the script, and answers to the shell. */
function withCompletion(parser) {
	return parser.completion(COMPLETION);
}
// src/cli/command/completion.ts
/** @see {@link Command} */
const command$11 = {
	name: "completion",
	describe: "print a completion script for bash or zsh",
	long: ["Prints the script for the shell that $SHELL names."],
	flags: {},
	examples: [{
		line: "completion >> ~/.bashrc",
		does: "bash"
	}, {
		line: "completion >> ~/.zshrc",
		does: "zsh"
	}],
	execute: execute$11
};
async function execute$11({ commands }) {
	await withCompletion(yargsOf(commands, ["completion"])).parseAsync();
	return 0;
}
// src/cli/command/doctor.ts
/** @see {@link Command} */
const command$10 = {
	name: "doctor",
	describe: "check this machine: Node, clock, directory, network, limits",
	long: ["Checks Node's version, the data directory (write, rename, fsync), each endpoint, the clock against the server's, and what is left of the rate limit. Ends with 1 when a check fails."],
	flags: {},
	takesLake: true,
	examples: [{
		line: "doctor",
		does: "before the first run"
	}, {
		line: "doctor --data-dir /srv/lake --json",
		does: "another directory, as JSON"
	}],
	execute: execute$10
};
async function execute$10({ values, options, print }) {
	const checks = [];
	for await (const check of library.doctor(options)) {
		checks.push(check);
		await print.result(checkText(check, print.paint.out));
	}
	const failed = checks.filter(({ ok }) => !ok);
	if (values.json === true) await print.json({
		ok: failed.length === 0,
		checks
	});
	if (failed.length === 0) {
		await print.result("Fit for a backfill.\n");
		return 0;
	}
	const unfit = unfitMachine(failed);
	await print.error(unfit);
	return unfit.exit;
}
/** One check: `ok    clock      12 ms ahead of the server`, and its hint when it failed. */
function checkText({ name, ok, seen, hint }, paint) {
	const line = `${ok ? paint.green("ok  ") : paint.red("FAIL")}  ${padded(library.quoteText(name), 14)}  ${library.quoteText(seen)}\n`;
	return ok || hint === void 0 ? line : `${line}      ${library.quoteText(hint)}\n`;
}
/** What to say of a machine that failed some of what `doctor` looks at. */
function unfitMachine(failed) {
	const [first] = failed;
	const why = first === void 0 ? "" : `: ${first.name}: ${first.seen}`;
	return new Unfinished("E_UNFIT", `${counted(failed.length, "check")} failed${why}`, {
		exit: 1,
		hint: first?.hint ?? "binance-backfill doctor --json lists all"
	});
}
// src/cli/command/init.ts
/** `init`: a job file to begin with, and the schema beside it. */
const DEFAULT_FILE = "job.yaml";
/** @see {@link Command} */
const command$9 = {
	name: "init",
	operands: "[FILE]",
	describe: "write a commented job file to begin with",
	long: ["Writes a small job file that is valid as it is, and beside it the JSON Schema by which editors complete and check it. Overwrites nothing."],
	flags: {},
	examples: [{
		line: "init",
		does: "job.yaml in this directory"
	}, {
		line: "init jobs/majors.yaml",
		does: "another file"
	}],
	execute: execute$9
};
async function execute$9({ values, operands, print }) {
	const [file = DEFAULT_FILE] = operands;
	const schema = join(dirname(file), library.SCHEMA_NAME);
	const refusal = await writeNew(file, library.jobTemplate());
	if (refusal !== void 0) throw new Misuse(refusal, "name another file");
	const schemaText = `${JSON.stringify(library.jobSchema(), void 0, 2)}\n`;
	const kept = await writeNew(schema, schemaText);
	if (values.json === true) await print.json({
		file,
		schema
	});
	const name = library.quoteText(file);
	await print.result(`${name}: written; \`binance-backfill plan ${name}\` shows what it would fetch\n`);
	if (kept !== void 0 && await textOf(schema) !== schemaText) await print.say(`${kept}; \`binance-backfill schema\` prints the current schema`);
	return 0;
}
/** Writes a file that is not there; else returns why it was not written. */
async function writeNew(path, text) {
	try {
		await writeFile(path, text, { flag: "wx" });
		return;
	} catch (error) {
		const { code = "unknown error" } = error;
		const name = library.quoteText(path);
		if (code === "EEXIST") return `${name} is there already and was left as it is`;
		return code === "ENOENT" ? `${name}: no such directory` : `${name} cannot be written (${code})`;
	}
}
async function textOf(path) {
	return readFile(path, "utf8").catch(() => void 0);
}
// src/cli/origin.ts
/** Whose rows a run from `baseUrls` would store; `undefined` for hosts that could be either. */
function originOf(baseUrls = []) {
	return baseUrls.every((url) => library.isBinanceUrl(url)) ? "binance" : void 0;
}
/**
* Refuses to mix.
*
* @throws Misuse when the lake holds rows of the other origin.
*/
async function refuseMix(wanted, dataDir = "data") {
	const present = await library.lakeOrigin({ dataDir });
	if (wanted === void 0 || present === void 0 || present === wanted) return;
	const [has, would] = present === "simulator" ? ["the simulator's", "real"] : ["real", "the simulator's"];
	throw new Misuse(`${library.quoteText(dataDir)} holds ${has} rows; ${would} rows are not mixed into them`, "take another lake with --data-dir DIR");
}
// src/cli/summary.ts
/** Incomplete series that are described; the others are counted. */
const DESCRIBED_MAX = 20;
/** Exit codes of a run that a signal stopped. */
const STOPPED = /* @__PURE__ */ new Set([
	129,
	130,
	143
]);
/** The summary as text. The first line is the verdict. */
function summaryText(summary, paint) {
	const incomplete = summary.series.filter(({ complete }) => !complete);
	return [
		verdict(summary, incomplete, paint),
		...incomplete.slice(0, DESCRIBED_MAX).flatMap(describe),
		...incomplete.length > DESCRIBED_MAX ? [`  and ${counted(incomplete.length - DESCRIBED_MAX, "more series", "more series")}`] : [],
		work(summary),
		...changes(summary),
		...summary.complete || summary.exit === 0 ? [] : [`Next: ${nextStep(summary.exit)}`]
	].map((line) => `${line}\n`).join("");
}
function verdict(summary, incomplete, paint) {
	if (summary.complete) return paint.green(`Complete: ${all(summary.series.length)} covered.`);
	if (summary.exit !== 0) return paint.yellow(notComplete(summary, incomplete));
	return `Up to date: ${`${incomplete.length} of ${counted(summary.series.length, "series", "series")}`} ${incomplete.length === 1 ? "has" : "have"} time without rows that nothing confirms yet; the next run asks again.`;
}
function all(series) {
	return series === 1 ? "the series is" : `all ${counted(series, "series", "series")} are`;
}
function notComplete({ series }, incomplete) {
	return `NOT complete: ${`${incomplete.length} of ${counted(series.length, "series", "series")}`} still ${incomplete.length === 1 ? "lacks" : "lack"} data.`;
}
function describe({ key, missing, upToDate, error }) {
	return [
		`  ${library.quoteText(library.seriesName(key))}`,
		...error === void 0 || upToDate ? [] : [`    ${failure(error)}`],
		...spans(missing.map(library.formatWindow)).map((text) => `    missing ${text}`)
	];
}
function work(summary) {
	const { complete, rows, partitions, bytes: size, requests, weight, seconds } = summary;
	if (complete && rows === 0 && partitions === 0) return "Nothing had to be fetched.";
	return `Stored ${`${counted(rows, "row")} in ${counted(partitions, "file")} (${bytes(size)})`}; ${counted(requests, "request")}, weight ${count(weight)}, ${duration(seconds)}.`;
}
function changes({ series }) {
	const revisions = series.reduce((sum, one) => sum + one.revisions, 0);
	if (revisions === 0) return [];
	return [`${counted(revisions, "stored row")} changed at the exchange; \`status --revisions\` lists them.`];
}
function nextStep(exit) {
	if (exit === 4) return "the exchange sent rows that cannot be true; see above, then run again.";
	if (exit === 5) return "wait until the limit or ban has passed, then run the same command again.";
	if (STOPPED.has(exit)) return "run the same command again; it goes on from here.";
	return "run the same command again; it fetches only what is missing.";
}
/** What to say of a run that ended with the exit code 3 or 4. */
function unfinishedRun({ series, exit }) {
	const incomplete = series.filter(({ complete }) => !complete);
	const of = counted(series.length, "series", "series");
	const lack = `${incomplete.length} of ${of} ${incomplete.length === 1 ? "lacks" : "lack"} data`;
	const [first] = incomplete.filter(({ error }) => exit !== 4 || isRefusal(error));
	const code = exit === 4 ? first?.error?.code ?? "E_DATA_REFUSED" : "E_INCOMPLETE";
	const why = first?.error === void 0 ? "" : `: ${library.seriesName(first.key)}: ${first.error.message}`;
	const hint = first?.error?.hint ?? "run again; what was fetched is kept";
	return new Unfinished(code, `${lack}${why}`, {
		exit,
		hint
	});
}
function isRefusal(error) {
	return error?.code === "E_DATA_REFUSED" || error?.code === "E_DAMAGED";
}
// src/cli/running.ts
/** A run on a terminal or in a pipe: progress to the views, the summary to stdout, signals to the library. */
/** Flags of how a run is watched. */
const WATCH_FLAGS = {
	"metrics-file": {
		describe: "write metrics for Prometheus to this file when the run ends",
		value: "FILE",
		env: "BINANCE_BACKFILL_METRICS_FILE",
		read: readText
	},
	"heartbeat-url": {
		describe: "ask this URL when the run succeeded, URL/start when it starts and URL/fail when it fails; https, or http on this machine",
		value: "URL",
		env: "BINANCE_BACKFILL_HEARTBEAT_URL",
		read: readText
	},
	"log-format": {
		describe: "text, or json: a JSON object a line on stderr, with the id of the run",
		value: "FORMAT",
		default: "text",
		read: readChoice(["text", "json"])
	}
};
/** Exit code when whoever read stdout has left: something may be missing, and running again mends it. */
const READER_GONE = 3;
/**
* Runs jobs and shows how they go.
*
* @returns the exit code of the summary.
*/
async function runJobs(jobs, options, call) {
	const stop = library.stopOnSignals();
	const signal = AbortSignal.any([stop.signal, call.io.gone]);
	try {
		const summary = await follow$1(jobs, {
			...options,
			signal
		}, call);
		if (summary.exit !== 0) await call.print.error(unfinishedRun(summary));
		return summary.exit;
	} catch (error) {
		const { gone } = call.io;
		if (gone.aborted && !stop.signal.aborted) return READER_GONE;
		throw error === gone.reason ? stop.signal.reason : error;
	} finally {
		stop.dispose();
	}
}
async function follow$1(jobs, options, call) {
	const { values, io, print } = call;
	const { ticker } = io;
	const tally = new Tally(ticker.nowMs());
	const view = await viewOf(tally, call);
	let summary;
	try {
		for await (const item of library.watchedBackfill(jobs, {
			...options,
			...watchOf(values)
		})) {
			tally.apply(item, ticker.nowMs());
			view.show(item);
			if (values.json === true) await print.json(progressDocument(item));
			if (item.kind === "summary") summary = item;
		}
	} finally {
		view.end();
		if (summary !== void 0) await print.result(summaryText(summary, print.paint.out));
	}
	if (summary === void 0) throw new Error("the run ended without a summary");
	return summary;
}
function watchOf(values) {
	const { "metrics-file": metricsFile, "heartbeat-url": heartbeatUrl } = values;
	return {
		...metricsFile === void 0 ? {} : { metricsFile },
		...heartbeatUrl === void 0 ? {} : { heartbeatUrl }
	};
}
async function viewOf(tally, { values, io, print }) {
	const { ticker, stderr, env } = io;
	if (values["log-format"] === "json") {
		const { jsonLogger, logView } = await import("./logs.js");
		return logView({
			logger: jsonLogger(io, values.quiet === true),
			tally,
			ticker
		});
	}
	const isVerbose = values.verbose === true;
	const isTerse = values["no-progress"] === true || !print.isSpoken;
	if (stderr.isTerminal && env["TERM"] !== "dumb" && !isTerse) {
		const { barView } = await import("./bars.js");
		return barView({
			tally,
			ticker,
			sink: stderr,
			paint: print.paint.err,
			isVerbose
		});
	}
	const say = (line) => void print.say(line);
	return lineView({
		tally,
		ticker,
		isVerbose,
		isTerse,
		say
	});
}
/** One line of `run --json`. */
function progressDocument(item) {
	if (item.kind === "plan") return {
		kind: "plan",
		...planDocument(item.plan)
	};
	if (item.kind === "series") return {
		kind: "series",
		...seriesResult(item.result)
	};
	if (item.kind === "summary") return summaryDocument(item);
	if (!("key" in item)) return item;
	const { kind, key, ...rest } = item;
	return {
		kind,
		...flatKey(key),
		...rest
	};
}
/** The last line of `run --json`. */
function summaryDocument(summary) {
	const { kind, complete, rows, requests, weight, partitions, bytes, seconds } = summary;
	return {
		kind,
		complete,
		rows,
		requests,
		weight,
		partitions,
		bytes,
		seconds,
		series: summary.series.map(seriesResult),
		exit: summary.exit
	};
}
function seriesResult({ key, missing, unconfirmed, ...rest }) {
	const windows = {
		missing: missing.map(library.formatWindow),
		unconfirmed: unconfirmed.map(library.formatWindow)
	};
	return {
		...flatKey(key),
		...rest,
		...windows
	};
}
// src/cli/command/sql.ts
/** Rows of a table; what is to be counted on needs --csv or --json. */
const TABLE_ROWS_MAX = 100;
/** @see {@link Command} */
const command$8 = {
	name: "sql",
	operands: "QUERY",
	describe: "ask the lake with SQL",
	long: ["Runs one SELECT with DuckDB over the lake, which it cannot change. Each dataset is a view of its name: klines, aggTrades and so on, with the columns of docs/FORMAT.md and those of the paths: symbol, \"interval\" (in quotes: it is a word of SQL), period. Needs the optional package @duckdb/node-api.", "Prints a table of the first 100 rows; --csv and --json print all. Times are UTC; --json writes whole numbers above 2^53 and decimals as text."],
	flags: {
		csv: {
			describe: "all rows as CSV on stdout, with a head",
			conflicts: ["json"]
		},
		"data-dir": LAKE_FLAGS["data-dir"]
	},
	examples: [
		{
			line: "sql \"SELECT symbol, count(*) FROM klines GROUP BY ALL\"",
			does: "rows of each symbol"
		},
		{
			line: `sql "FROM aggTrades WHERE symbol = 'BTCUSDT' LIMIT 10" --json`,
			does: "ten trades, as JSON"
		},
		{
			line: "sql \"SELECT open_time, close FROM klines\" --csv > closes.csv",
			does: "all closes, as CSV"
		}
	],
	execute: execute$8
};
async function execute$8(call) {
	const { values, operands } = call;
	const [query = ""] = operands;
	const { "data-dir": dataDir } = values;
	const answer = await library.sql(query, dataDir === void 0 ? {} : { dataDir });
	try {
		if (values.csv === true) await writeAll(csvPieces(answer, call), call);
		else if (values.json === true) await writeAll(jsonPieces(answer), call);
		else await writeTable(answer, call);
	} finally {
		answer.close();
	}
	return 0;
}
async function writeAll(pieces, { io }) {
	for await (const piece of pieces) {
		if (io.gone.aborted) return;
		await io.stdout.write(piece);
	}
}
/** Exact for a program, safe for a terminal. */
async function* csvPieces(answer, { io }) {
	const line = io.stdout.isTerminal ? shownLine : csvLine;
	yield line(answer.columns.map(({ name }) => name));
	for await (const rows of answer.rows()) yield rows.map(line).join("");
}
function shownLine(values) {
	const text = csvLine(values).slice(0, -1);
	return `${library.quoteText(text, text.length)}\n`;
}
async function writeTable(answer, { print }) {
	const shown = [];
	let hasMore = false;
	for await (const rows of answer.rows()) {
		shown.push(...rows.map((row) => row.map(tableCell)));
		hasMore = shown.length > TABLE_ROWS_MAX;
		if (hasMore) break;
	}
	const aligns = answer.columns.map(({ type }) => isRight(type) ? "r" : "l").join("");
	const head = answer.columns.map(({ name }) => tableCell(name));
	const rows = shown.slice(0, TABLE_ROWS_MAX);
	await print.result(table(head, aligns, rows));
	await print.say(hasMore ? `the first ${counted(rows.length, "row")}; --csv or --json prints all` : counted(rows.length, "row"));
}
const CELL_WIDTH = 40;
/** A value in a table: on one line, and not too wide. Moments lose what every one of them has. */
function tableCell(value) {
	const text = plain(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{6})Z$/, moment);
	return fit(library.quoteText(text), CELL_WIDTH);
}
function moment(_, day, time, micros) {
	return micros === "000000" ? `${day} ${time}` : `${day} ${time}.${micros}`;
}
/** Are values of this type numbers, to be read from the right? */
function isRight(type) {
	return /INT|DOUBLE|FLOAT|DECIMAL|NUMERIC/.test(type);
}
/** A line of CSV as RFC 4180 has it, but ended by a line feed alone; null is an empty field. */
function csvLine(values) {
	return `${values.map(csvField).join(",")}\n`;
}
function csvField(value) {
	if (value === null) return "";
	const text = plain(value);
	return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}
function plain(value) {
	if (value === null) return "NULL";
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}
/** `{"columns":[{"name","type"}],"rows":[[...]]}`, a row a line. */
async function* jsonPieces(answer) {
	yield `{"columns":${library.jsonText(answer.columns)},"rows":[`;
	let separator = "\n";
	for await (const rows of answer.rows()) {
		if (rows.length === 0) continue;
		yield separator + rows.map((row) => library.jsonText(row)).join(",\n");
		separator = ",\n";
	}
	yield "]}\n";
}
// src/cli/command/quickstart.ts
/** `quickstart`: a small job from beginning to end, offline unless asked otherwise. */
const JOB_FILE = fileURLToPath(new URL("../../../jobs/quickstart.yaml", import.meta.url));
/** @see {@link Command} */
const command$7 = {
	name: "quickstart",
	describe: "a demo: run a small job, then read the lake with SQL",
	long: ["Starts the embedded simulator on a free port, runs jobs/quickstart.yaml against it, prints the summary, reads the partitions back with DuckDB where it is installed, and shows how to open the lake in a notebook. With --live the rows come from Binance.", "The lake is marked as simulated or real, and quickstart and run from Binance's own hosts refuse one that is marked as the other. Nothing else marks: what run --base-url URL stored is taken for real, whoever answered."],
	flags: {
		live: { describe: "use Binance's public endpoint, not the embedded simulator" },
		"data-dir": LAKE_FLAGS["data-dir"]
	},
	examples: [{
		line: "quickstart",
		does: "offline"
	}, {
		line: "quickstart --live --data-dir /tmp/lake",
		does: "against Binance's public endpoint"
	}],
	execute: execute$7
};
async function execute$7(call) {
	const isLive = call.values.live === true;
	const origin = isLive ? "binance" : "simulator";
	const { "data-dir": dataDir = "data" } = call.values;
	const jobs = await jobsFromFiles([JOB_FILE]);
	await refuseMix(origin, dataDir);
	await library.markLakeOrigin(origin, { dataDir });
	const exit = isLive ? await runJobs(jobs, { dataDir }, call) : await runOffline(jobs, call);
	if (exit === 0 && call.values.json !== true) await demo(dataDir, call);
	return exit;
}
async function runOffline(jobs, call) {
	const { "data-dir": dataDir = "data" } = call.values;
	const simulator = await library.startSimulator();
	try {
		await call.print.say(`Offline: the simulator answers at ${simulator.url}; its rows are made up.`);
		const { url } = simulator;
		return await runJobs(jobs, {
			dataDir,
			baseUrls: [url],
			archiveUrl: url
		}, call);
	} finally {
		await simulator.close();
	}
}
async function demo(dataDir, { print }) {
	const blocks = await answers(dataDir);
	if (blocks === void 0) await print.result("\nDuckDB is not installed, so no SQL here; `npm install @duckdb/node-api` brings it.\n");
	else for await (const block of blocks) await print.result(`\n${block}`);
	await print.result(`\nThe same lake in a notebook:\n\n${recipes(dataDir)}`);
	await print.result("\nNext: `npx binance-backfill status` shows what the lake holds, `verify` checks it.\n");
}
const QUESTIONS = [
	{
		says: "What is in the lake",
		query: `SELECT symbol, "interval", count(*) AS rows, min(open_time) AS first, max(open_time) AS last
FROM klines GROUP BY ALL ORDER BY ALL`,
		aligns: "llrll"
	},
	{
		says: "Hourly klines of one day",
		query: `SELECT open_time, open, high, low, close, volume
FROM klines WHERE symbol = 'BTCUSDT' AND "interval" = '1h' ORDER BY open_time LIMIT 4`,
		aligns: "lrrrrr"
	},
	{
		says: "Single trades",
		query: `SELECT agg_trade_id, time, price, quantity, is_buyer_maker
FROM aggTrades WHERE symbol = 'BTCUSDT' ORDER BY agg_trade_id LIMIT 4`,
		aligns: "rlrrl"
	},
	{
		says: "The busiest microsecond",
		query: `SELECT time, count(*) AS trades, min(agg_trade_id) AS first_id, max(agg_trade_id) AS last_id
FROM aggTrades GROUP BY time ORDER BY trades DESC, time LIMIT 1`,
		aligns: "lrrr"
	}
];
/** Answers the questions with DuckDB; yields one block of text each. `undefined` when DuckDB is not installed. */
async function answers(dataDir) {
	return await import("@duckdb/node-api").catch((error) => {
		const { code } = error;
		if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return void 0;
		throw error;
	}) === void 0 ? void 0 : ask(dataDir);
}
async function* ask(dataDir) {
	for (const { says, query, aligns } of QUESTIONS) {
		const answer = await library.sql(query, { dataDir });
		try {
			const rows = [];
			for await (const some of answer.rows()) rows.push(...some.map((row) => row.map(tableCell)));
			const head = answer.columns.map(({ name }) => name);
			yield `${says} (${counted(rows.length, "row")})\n\n${table(head, aligns, rows)}`;
		} finally {
			answer.close();
		}
	}
}
/** How to open the lake elsewhere, in three lines each. */
function recipes(dataDir) {
	const klines = `${dataDir}/spot/klines/`;
	const glob = `${globText(klines)}**/*.parquet`;
	const query = `FROM read_parquet('${glob.replaceAll("'", "''")}', hive_partitioning=true)`;
	return [
		"# Python, DuckDB",
		"import duckdb",
		`klines = duckdb.sql(${JSON.stringify(query)})`,
		`klines.filter("symbol = 'BTCUSDT'").df()`,
		"",
		"# Python, polars",
		"import polars as pl",
		`klines = pl.scan_parquet(${pythonText(glob)}, hive_partitioning=True)`,
		"klines.filter(pl.col('symbol') == 'BTCUSDT').collect()",
		"",
		"# Python, pandas",
		"import pandas as pd",
		"btc_1h = [('symbol', '==', 'BTCUSDT'), ('interval', '==', '1h')]",
		`klines = pd.read_parquet(${pythonText(klines)}, filters=btc_1h)`,
		""
	].join("\n");
}
/** A path of which nothing is a pattern. */
function globText(path) {
	return path.replace(/[*?[]/g, "[$&]");
}
function pythonText(text) {
	return /['\\\p{Cc}]/u.test(text) ? JSON.stringify(text) : `'${text}'`;
}
// src/cli/command/report.ts
const DEFAULT_OUT = "report.html";
/** @see {@link Command} */
const command$6 = {
	name: "report",
	operands: "[JOB...]",
	describe: "write a page that shows what the lake holds",
	long: ["Writes one HTML file that needs no network: for each series a calendar of what is covered, missing, known to be a gap, or changed later; totals, sizes and sources; candles and volume of kline series. Without jobs: every series in the lake.", "Candles are of the newest rows of each series, put together into fewer, longer ones; --window names others."],
	flags: {
		out: {
			describe: "the file to write; replaced when it is there",
			value: "FILE",
			default: "report.html",
			read: readText
		},
		window: {
			describe: "draw candles of this window",
			value: "FROM..TO",
			default: "the newest 50,000 rows of each series",
			read: readRange,
			conflicts: ["no-candles"]
		},
		"no-candles": { describe: "draw no candles, so that no data file is read" }
	},
	takesLake: true,
	examples: [
		{
			line: "report",
			does: "everything in ./data, to report.html"
		},
		{
			line: "report jobs/majors.yaml --out /var/www/html/lake.html",
			does: "what one job asks for, to another file"
		},
		{
			line: "report --window 2024-01-01..2024-02-01",
			does: "with the candles of one month"
		},
		{
			line: "report --no-candles",
			does: "without reading a data file"
		}
	],
	execute: execute$6
};
async function execute$6({ values, options, operands, print }) {
	const { window, out = DEFAULT_OUT } = values;
	const summary = await library.writeReport(out, await jobsFromFiles(operands), {
		...options,
		...window === void 0 ? {} : { window },
		candles: values["no-candles"] !== true
	});
	if (values.json === true) await print.json(summary);
	const { path, series, candles, charts } = summary;
	const drawn = candles === 0 ? "" : `, ${counted(candles, "candle")} of ${charts}`;
	await print.result(`${library.quoteText(path)}: ${counted(series, "series", "series")}${drawn}, ${bytes(summary.bytes)}\n`);
	const damage = damagedSeries(summary.damage);
	if (damage !== void 0) await print.error(damage);
	return damage?.exit ?? 0;
}
/** @see {@link Command} */
const command$5 = {
	name: "run",
	operands: "[JOB...]",
	describe: "make the lake hold what the jobs ask for",
	long: [
		"Fetches what is missing, oldest first, and commits whole Parquet partitions. What is covered is not fetched again, so running twice costs nothing, and an interrupted run goes on where it stopped.",
		"A job comes from files or from flags (--dataset, --symbol, --interval, --from, --to), not from both.",
		"With --json each step is one JSON object a line; the last one is the summary. Its rows are those that the lake did not hold before; changed ones are counted as revisions.",
		"--metrics-file and --heartbeat-url are for schedules: what they cannot write or reach is a warning, and changes neither the run nor its exit code."
	],
	flags: {
		...JOB_FLAGS,
		"wait-lock": option("waitLockMs", {
			describe: "wait so long for another run to let go of the lake, instead of ending with 6",
			value: "SECONDS",
			default: "0",
			read: readSeconds
		}),
		...RECHECK_FLAG,
		"refresh-archives": option("refreshArchives", { describe: "read the checksums of the archives again, and take replaced files anew" }),
		"keep-archives": option("keepArchives", {
			describe: "keep verified archives in this directory, and use them again",
			value: "DIR",
			read: readText
		}),
		...WATCH_FLAGS
	},
	takesLake: true,
	examples: [
		{
			line: "run jobs/majors.yaml",
			does: "what one job file asks for"
		},
		{
			line: "run --dataset klines --symbol BTCUSDT --interval 1h --from 2024-01-01 --to 2024-02-01",
			does: "without a job file"
		},
		{
			line: "run jobs/majors.yaml --recheck 2024-01-01..2024-01-08",
			does: "ask one week again; changes become revisions"
		},
		{
			line: "run jobs/majors.yaml --weight-share 0.5 --max-wait 60 --json",
			does: "for a scheduler: half of the rate limit, short waits, lines of JSON"
		},
		{
			line: "run jobs/majors.yaml --log-format json --metrics-file /var/lib/node_exporter/backfill.prom",
			does: "for a service: logs as JSON on stderr, metrics for Prometheus"
		}
	],
	execute: execute$5
};
async function execute$5(call) {
	const { values, operands, options } = call;
	const jobs = await jobsFrom(operands, values);
	await refuseMix(originOf(values["base-url"]), values["data-dir"]);
	return runJobs(jobs, options, call);
}
// src/cli/command/schema.ts
/** @see {@link Command} */
const command$4 = {
	name: "schema",
	describe: "print the JSON Schema of job files",
	long: ["For editors that complete and check YAML by a schema."],
	flags: {},
	examples: [{
		line: "schema > job.schema.json",
		does: "keep it beside the jobs"
	}],
	execute: execute$4
};
async function execute$4({ io }) {
	await io.stdout.write(`${JSON.stringify(library.jobSchema(), void 0, 2)}\n`);
	return 0;
}
// src/cli/command/simulate.ts
const DEFAULT_SEED = 1;
/** @see {@link Command} */
const command$3 = {
	name: "simulate",
	describe: "serve a local stand-in for the exchange",
	long: ["Serves REST, with made-up or recorded rows, and an archive of them until it is stopped, and prints its URL. Everything else can then be tried offline: run ... --base-url URL --data-dir DIR. Nothing tells rows that run stored from it from real ones: give them a lake of their own. Account datasets too: with made-up rows it knows one account, whose API key and secret are both the word simulated.", "--faults takes KIND[=VALUE][@NTH][xTIMES], several with commas: on the NTH request (from 1) and TIMES in a row, x* for ever. Kinds: limited=SECONDS, banned=SECONDS, blocked=SECONDS, region, status=CODE, error=CODE, body=empty|object|null|html|garbage, page=duplicated|reversed|short|impossible, reset, reset=FRACTION, truncatedGzip=FRACTION, hang, hang=FRACTION, drip=BYTES, closeAfter; and random=PROBABILITY for faults that trying again mends."],
	flags: {
		port: {
			describe: "port to listen on; 0 takes a free one",
			value: "N",
			default: "0",
			read: readInteger(0, 65535)
		},
		host: {
			describe: "address to listen on",
			value: "HOST",
			default: "127.0.0.1",
			read: readChoice(["127.0.0.1", "localhost"])
		},
		replay: {
			describe: "serve the REST pages recorded in this directory, not made-up ones",
			value: "DIR",
			read: readText,
			conflicts: ["seed"]
		},
		seed: {
			describe: "seed of the made-up history; the same seed gives the same rows",
			value: "N",
			default: "1",
			read: readInteger(0)
		},
		latency: {
			describe: "milliseconds that each answer takes",
			value: "MS",
			default: "0",
			read: readInteger(0, 6e5)
		},
		limit: {
			describe: "request weight that an address may spend in a minute",
			value: "WEIGHT",
			default: "6000",
			read: readInteger(1)
		},
		faults: {
			describe: "misbehave on a schedule; see the description above",
			value: "SPEC",
			read: readText
		}
	},
	examples: [
		{
			line: "simulate --port 8080",
			does: "made-up history on http://127.0.0.1:8080"
		},
		{
			line: "simulate --latency 100 --limit 600",
			does: "slow, with a tenth of the rate limit"
		},
		{
			line: "simulate --faults limited=2@10,status=503@20x3,random=0.02",
			does: "an exchange on a bad day"
		},
		{
			line: "simulate --replay recorded --json",
			does: "what was recorded; the URL as JSON"
		}
	],
	execute: execute$3
};
async function execute$3({ values, print }) {
	const exchange = await exchangeOf(values);
	const { port = 0, latency = 0 } = values;
	const simulator = await library.startSimulator({
		exchange,
		port,
		latencyMs: latency
	}).catch((error) => {
		throw explain(error, port);
	});
	const stop = library.stopOnSignals();
	try {
		const { url } = simulator;
		if (values.json === true) await print.json({
			kind: "listening",
			url,
			port: simulator.port
		});
		else await print.result(`${url}\n`);
		await print.say(`Serving until Ctrl-C. Try: binance-backfill run JOB --base-url ${url}`);
		await aborted(stop.signal);
	} finally {
		stop.dispose();
		await simulator.close();
	}
	return exitOf(stop.signal.reason);
}
async function exchangeOf(values) {
	const { replay, seed, limit, faults } = values;
	const base = replay === void 0 ? library.quickstartExchange() : await library.replayOptions(replay);
	return {
		...base,
		...seed === void 0 ? {} : { seed },
		...limit === void 0 ? {} : { limits: {
			...base.limits,
			rules: [weightRule(limit)]
		} },
		...faults === void 0 ? {} : { faults: parseFaults(faults, seed ?? DEFAULT_SEED) }
	};
}
function weightRule(limit) {
	return {
		rateLimitType: "REQUEST_WEIGHT",
		interval: "MINUTE",
		intervalNum: 1,
		limit
	};
}
function explain(error, port) {
	const { code } = error;
	if (code === "EADDRINUSE") return new Misuse(`port ${port} is taken`, "take another, or 0 for any free one");
	if (code === "EACCES") return new Misuse(`port ${port} is not allowed`, "take one above 1023, or 0 for any free one");
	return error;
}
async function aborted(signal) {
	if (signal.aborted) return;
	await new Promise((resolve) => {
		signal.addEventListener("abort", resolve, { once: true });
	});
}
const BODIES = [
	"empty",
	"object",
	"null",
	"html",
	"garbage"
];
const PAGES = [
	"duplicated",
	"reversed",
	"short",
	"impossible"
];
/** Makes a fault of its value; `undefined` when the value is not one of its kind. */
const KINDS = {
	limited: (value) => withSeconds("limited", value),
	banned: (value) => withSeconds("banned", value),
	blocked: (value) => withSeconds("blocked", value),
	region: (value) => value === "" ? { kind: "region" } : void 0,
	status: (value) => whole(value, 400, 599, (status) => ({
		kind: "status",
		status
	})),
	error: (value) => whole(value, -9999, -1e3, (code) => ({
		kind: "error",
		code
	})),
	body: (value) => among(BODIES, value, (body) => ({
		kind: "body",
		body
	})),
	page: (value) => among(PAGES, value, (page) => ({
		kind: "page",
		page
	})),
	reset: (value) => maybeCut("reset", value),
	truncatedGzip: (value) => cut(value, (fraction) => ({
		kind: "truncatedGzip",
		fraction
	})),
	hang: (value) => maybeCut("hang", value),
	drip: (value) => whole(value, 1, 1e6, (bytes) => ({
		kind: "drip",
		bytes,
		everyMs: 50
	})),
	closeAfter: (value) => value === "" ? { kind: "closeAfter" } : void 0
};
/** What `random` draws from: each is mended by trying again. */
const MENDABLE = [
	{
		kind: "status",
		status: 503
	},
	{
		kind: "error",
		code: -1001
	},
	{
		kind: "body",
		body: "garbage"
	},
	{
		kind: "page",
		page: "short"
	},
	{ kind: "reset" },
	{
		kind: "reset",
		fraction: .5
	},
	{
		kind: "truncatedGzip",
		fraction: .5
	},
	{ kind: "closeAfter" }
];
/**
* Reads `--faults`.
*
* @throws Misuse that names the part which cannot be read.
*/
function parseFaults(spec, seed) {
	const parts = spec.split(",").map((part) => parsePart(part.trim()));
	const [probability] = parts.flatMap((part) => "probability" in part ? [part.probability] : []);
	return {
		rules: parts.flatMap((part) => "rule" in part ? [part.rule] : []),
		...probability === void 0 ? {} : { random: {
			seed,
			probability,
			faults: MENDABLE
		} }
	};
}
function parsePart(part) {
	const match = /^([a-zA-Z]+)(?:=([^@]*?))?(?:@(\d+))?(?:x(\d+|\*))?$/.exec(part);
	const [, kind = "", value = "", nth = "1", times = "1"] = match ?? [];
	if (match === null || nth === "0" || times === "0") throw new Misuse(`--faults: expected KIND[=VALUE][@NTH][xTIMES], got "${part}"`);
	if (kind === "random") {
		const probability = Number(value);
		if (value !== "" && probability >= 0 && probability <= 1) return { probability };
		throw new Misuse(`--faults: random needs a probability from 0 to 1, got "${value}"`);
	}
	const make = Object.hasOwn(KINDS, kind) ? KINDS[kind] : void 0;
	if (make === void 0) {
		const hint = suggested(kind, [...Object.keys(KINDS), "random"]);
		throw new Misuse(`--faults: unknown fault "${kind}"${hint}`);
	}
	const fault = make(value);
	if (fault === void 0) throw new Misuse(`--faults: "${value}" is no value of ${kind}`);
	return { rule: {
		fault,
		nth: Number(nth),
		times: times === "*" ? Infinity : Number(times)
	} };
}
function withSeconds(kind, value) {
	return whole(value === "" ? "1" : value, 0, 1e6, (seconds) => ({
		kind,
		seconds
	}));
}
function whole(value, min, max, make) {
	const number = Number(value);
	return /^-?\d+$/.test(value) && number >= min && number <= max ? make(number) : void 0;
}
function among(choices, value, make) {
	const choice = choices.find((candidate) => candidate === value);
	return choice === void 0 ? void 0 : make(choice);
}
function maybeCut(kind, value) {
	return value === "" ? { kind } : cut(value, (fraction) => ({
		kind,
		fraction
	}));
}
function cut(value, make) {
	const fraction = value === "" ? NaN : Number(value);
	return fraction >= 0 && fraction <= 1 ? make(fraction) : void 0;
}
/** @see {@link Command} */
const command$2 = {
	name: "symbols",
	describe: "list the symbols that the exchange knows",
	long: ["Reads exchangeInfo. All given filters must match."],
	flags: {
		quote: {
			describe: "only symbols quoted in this asset",
			value: "ASSET",
			read: readText
		},
		base: {
			describe: "only symbols of this asset",
			value: "ASSET",
			read: readText
		},
		status: {
			describe: "only symbols with this status, such as TRADING",
			value: "STATUS",
			read: readText
		}
	},
	takesLake: true,
	examples: [{
		line: "symbols --quote USDT --status TRADING",
		does: "all that trade against USDT"
	}, {
		line: "symbols --base BTC --json",
		does: "all that BTC trades against, as JSON"
	}],
	execute: execute$2
};
async function execute$2({ values, options, print }) {
	const { quote, base, status } = values;
	const symbols = await library.listSymbols({
		quote,
		base,
		status
	}, options);
	if (values.json === true) {
		await print.json({ symbols });
		return 0;
	}
	const rows = symbols.map((one) => [
		one.symbol,
		one.status,
		one.baseAsset,
		one.quoteAsset
	].map((cell) => library.quoteText(cell)));
	await print.result(table([
		"SYMBOL",
		"STATUS",
		"BASE",
		"QUOTE"
	], "llll", rows));
	await print.say(counted(symbols.length, "symbol"));
	return 0;
}
// src/cli/command/validate.ts
/** @see {@link Command} */
const command$1 = {
	name: "validate",
	operands: "JOB...",
	describe: "check job files, and nothing else",
	long: ["Prints every problem of every file with its line and column. Asks the exchange nothing."],
	flags: {},
	examples: [{
		line: "validate jobs/majors.yaml",
		does: "one job file"
	}, {
		line: "validate jobs/majors.yaml jobs/quickstart.yaml --json",
		does: "two of them, as JSON"
	}],
	execute: execute$1
};
async function execute$1({ values, operands, print }) {
	const files = await readJobFiles(operands);
	const isValid = ({ job }) => job !== void 0;
	if (values.json === true) await print.json({
		ok: files.every(isValid),
		files: files.map(({ file, job, problems }) => ({
			file,
			ok: job !== void 0,
			...job === void 0 ? {} : { name: job.name },
			problems
		}))
	});
	else for (const { file, job } of files) if (job !== void 0) await print.result(`ok ${file} (${library.quoteText(job.name)})\n`);
	jobsOf(files);
	return 0;
}
/** @see {@link Command} */
const command = {
	name: "verify",
	operands: "[JOB...]",
	describe: "read the Parquet back and check it against its manifests",
	long: ["Checks order, duplicate keys, hashes, footers, coverage and gaps. Ends with 4 when it finds damage. With jobs: the series that they want, judged by the range that they want, as far as the lake and this machine's clock can tell; what is missing is no damage. Without: every series in the lake."],
	flags: {
		subset: {
			describe: "check the I-th of N parts only, so that N runs check everything",
			value: "I/N",
			read: readSubset,
			conflicts: ["rebuild"]
		},
		remote: { describe: "also read the checksums of the archives again" },
		rebuild: { describe: "write lost or damaged manifests anew from the Parquet files" }
	},
	takesLake: true,
	examples: [
		{
			line: "verify",
			does: "everything in ./data"
		},
		{
			line: "verify --subset 1/7",
			does: "a seventh of it: one part for each day of the week"
		},
		{
			line: "verify jobs/majors.yaml --remote",
			does: "also against the archives' checksums"
		},
		{
			line: "verify --rebuild",
			does: "after manifests were lost"
		}
	],
	execute
};
async function execute(call) {
	const { values, operands, print } = call;
	const jobs = await jobsFromFiles(operands);
	const stop = library.stopOnSignals();
	try {
		const report = await follow(library.verify(jobs, verifyOptions(call, stop.signal)), call);
		if (values.json === true) await print.json(verifyDocument(report));
		else await print.result(findingsText(report));
		const problem = report.ok ? uncomparedArchives(report) : damagedLake(report);
		if (problem === void 0) return 0;
		await print.error(problem);
		return problem.exit;
	} finally {
		stop.dispose();
	}
}
function verifyOptions({ values, options }, signal) {
	const { subset, remote = false, rebuild = false } = values;
	const part = subset === void 0 ? {} : { subset };
	return {
		...options,
		signal,
		...part,
		remote,
		rebuild
	};
}
async function follow(steps, { values, io, print }) {
	let files = 0;
	let rows = 0;
	let damaged = 0;
	let report;
	const isTerse = values["no-progress"] === true;
	const beat = () => void print.say(`checked ${counted(files, "file")}, ${counted(rows, "row")}${damaged === 0 ? "" : `; damage in ${counted(damaged, "place")}`}`);
	const stopBeat = isTerse ? () => void 0 : io.ticker.every(values.verbose === true ? 1e4 : 3e4, beat);
	try {
		for await (const step of steps) if (step.kind === "checked") {
			files += 1;
			rows += step.rows;
		} else if (step.kind === "report") report = step;
		else if (step.finding.severity === "damage") damaged += 1;
	} finally {
		stopBeat();
	}
	if (report === void 0) throw new Error("the verification ended without a report");
	return report;
}
const NAME_WIDTH = 40;
const RANKS = {
	damage: 0,
	warning: 1,
	note: 2
};
/** `verify` as text. */
function findingsText(report) {
	const list = [...report.findings].sort((a, b) => RANKS[a.severity] - RANKS[b.severity]).flatMap(findingLines).map((line) => `${line}\n`);
	const rows = report.series.flatMap(({ key, verdict, missing, partitions, rows: n }) => [
		[
			padded(fit(library.quoteText(library.seriesName(key)), NAME_WIDTH), NAME_WIDTH),
			count(n),
			count(partitions)
		],
		library.quoteText(verdict),
		...spans(missing).map((text) => `missing ${text}`)
	]);
	const body = rows.length === 0 ? "" : `${table([
		"SERIES",
		"ROWS",
		"FILES"
	], "lrr", rows)}\n`;
	return `${list.join("")}${list.length > 0 ? "\n" : ""}${body}${conclusion(report)}\n`;
}
/** One finding: what is wrong, where, and the next step. */
function findingLines({ severity, code, path, message, hint }) {
	const first = `${severity}: ${library.quoteText(path)}: ${library.quoteText(message)} [${library.quoteText(code)}]`;
	return hint === void 0 ? [first] : [first, `  ${library.quoteText(hint)}`];
}
function conclusion(report) {
	const { findings, partitions, rows, seconds } = report;
	const damaged = findings.filter(({ severity }) => severity === "damage").length;
	const read = `${counted(partitions, "file")}, ${counted(rows, "row")}, ${bytes(report.bytes)} in ${duration(seconds)}`;
	if (report.ok && partitions === 0) return "Nothing was checked: the lake holds no file of what was asked for.";
	if (report.ok) return `No damage: ${read}.`;
	return `DAMAGED: ${counted(damaged, "finding")}; ${read}.`;
}
/** What to say of a lake in which `verify` found damage. */
function damagedLake({ findings }) {
	const damage = findings.filter(({ severity }) => severity === "damage");
	const [first] = damage;
	const where = first === void 0 ? "" : `: ${first.path}: ${first.message}`;
	return new Unfinished("E_DAMAGED", `damage found in ${counted(damage.length, "place")}${where}`, {
		exit: 4,
		hint: first?.hint ?? "binance-backfill verify --json lists all"
	});
}
/** What to say when `verify --remote` could not compare all that it was asked to; `undefined` when it could. */
function uncomparedArchives({ findings }) {
	const unknown = findings.filter(({ code }) => code === "archive-unknown");
	const [first] = unknown;
	if (first === void 0) return void 0;
	const many = counted(unknown.length, "archive");
	return new Unfinished("E_INCOMPLETE", `${many} could not be compared: ${first.message}`, {
		exit: 3,
		hint: "run again when the archive can be reached; what the lake holds is sound"
	});
}
/** `verify --json`. */
function verifyDocument(report) {
	const { ok, series, findings, partitions, rows, bytes, seconds } = report;
	return {
		ok,
		series: series.map(({ key, ...verdict }) => ({
			...flatKey(key),
			...verdict
		})),
		findings,
		partitions,
		rows,
		bytes,
		seconds
	};
}
// src/cli/commands.ts
/** Every command, and every flag of theirs. */
/** In the order of the help. */
const COMMANDS = [
	command$5,
	command$12,
	command$13,
	command,
	command$9,
	command$1,
	command$4,
	command$2,
	command$6,
	command$8,
	command$3,
	command$10,
	command$7,
	command$11
];
/** Every flag by name. */
const FLAGS = Object.assign({}, ...COMMANDS.map(({ flags }) => flags), LAKE_FLAGS, OUTPUT_FLAGS, { version: { describe: "print the version" } });
export { flagsOf as a, yargsOf as i, FLAGS as n, withCompletion as r, COMMANDS as t };

//# sourceMappingURL=commands.js.map