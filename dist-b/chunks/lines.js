import { a as library, c as count, d as instant, f as minutesAbout, i as waitText, l as counted, m as spans, n as Pulse, p as span, s as bytes, t as PULSE_MS, u as duration } from "./tally.js";
import { basename } from "node:path";
import { open } from "node:fs/promises";
import Table from "cli-table3";
// src/cli/failure.ts
/** What the process ends with, and what that means, in the order of the numbers; the help and docs/CLI.md print it. */
const EXIT_CODES = [
	["0", "done: all that was asked for is covered, known exchange gaps included"],
	["1", "unexpected failure"],
	["2", "the command line or a job file is not valid; nothing was done"],
	["3", "some of it could not be fetched; what was is kept; run again"],
	["4", "verify found damage, or the exchange's data was refused"],
	["5", "rate limited or banned for longer than --max-wait"],
	["6", "another run holds the lake"],
	["10", "plan --detailed-exitcode: there is work to do"],
	["129, 130, 143", "stopped by SIGHUP, SIGINT or SIGTERM, after a clean commit"]
];
/** The command line or the environment asks for something that cannot be. By shape an error like those of the library. */
var Misuse = class extends Error {
	code = "E_USAGE";
	exit = 2;
	hint;
	constructor(message, hint) {
		super(message.replaceAll("\n", "\\u{a}"));
		this.name = "Misuse";
		this.hint = hint;
	}
};
/** `; did you mean X?`, or nothing when `text` is near to none of `known`. */
function suggested(text, known, prefix = "") {
	const name = library.closest(text, known);
	return name === void 0 ? "" : `; did you mean ${prefix}${name}?`;
}
/** Not all was fetched, or damage was found. By shape an error like those of the library. */
var Unfinished = class extends Error {
	code;
	exit;
	hint;
	constructor(code, message, options) {
		super(message);
		this.name = "Unfinished";
		this.code = code;
		this.exit = options.exit;
		this.hint = options.hint;
	}
};
/** What to say of damaged series, of which nothing is known; `undefined` when there are none. */
function damagedSeries(errors) {
	const [first] = errors;
	if (first === void 0) return void 0;
	const where = `damage found in ${counted(errors.length, "series", "series")}: ${first.message}`;
	const hint = first.hint ?? "binance-backfill verify --json lists all";
	return new Unfinished(first.code, where, {
		exit: 4,
		hint
	});
}
const BUG_HINT = "This is a bug; please report it with the output of the same command with --verbose.";
const USAGE_EXIT = 2;
/** Longest line of an error, in characters. */
const LINE_MAX = 2e3;
/** Was it thrown on purpose? By shape: some are the CLI's own, found before the library is loaded. */
function isKnown(error) {
	if (!(error instanceof Error)) return false;
	const { code, exit } = error;
	return typeof code === "string" && typeof exit === "number";
}
/** The exit code that `error` asks for; 1 for what was not thrown on purpose. */
function exitOf$1(error) {
	return isKnown(error) ? error.exit : 1;
}
/** Describes any thrown value, safe for a terminal. */
function describeError(error, isVerbose) {
	const document = isKnown(error) ? knownFailure(error) : bug(error);
	const hint = document.hint === void 0 ? "" : ` (${document.hint})`;
	const said = document.message.split("\n");
	const lines = said.length > 1 && document.exit === USAGE_EXIT ? [...said, `error: ${said.length} problems; nothing was done${hint}`] : [`error: ${said.join("; ")}${hint}`];
	return {
		document,
		lines: [...(isVerbose && !isKnown(error) && error instanceof Error ? error.stack ?? "" : "").split("\n").filter((line) => line !== ""), ...lines].map((line) => library.quoteText(line, LINE_MAX))
	};
}
function knownFailure(error) {
	return {
		kind: "error",
		code: error.code,
		message: error.message,
		...error.hint === void 0 ? {} : { hint: error.hint },
		exit: error.exit,
		...error.problems === void 0 ? {} : { problems: error.problems }
	};
}
function bug(error) {
	const [first = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
	return {
		kind: "error",
		code: "E_BUG",
		message: first,
		hint: BUG_HINT,
		exit: 1
	};
}
// src/cli/read.ts
function refuse(name, text, expected) {
	return new Misuse(`${name}: expected ${expected}, got "${text}"`);
}
/** Any text that is not blank. */
const readText$1 = (text, name) => {
	if (text.trim() !== "") return text;
	throw refuse(name, text, "a value");
};
/** One of `choices`, letter by letter. */
function readChoice(choices) {
	return (text, name) => {
		const choice = choices.find((candidate) => candidate === text);
		if (choice !== void 0) return choice;
		throw refuse(name, text, choices.join(", ").replace(/, ([^,]*)$/, " or $1"));
	};
}
function readNumber(text) {
	return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
}
/** A whole number in `[min, max]`. */
function readInteger(min, max = Number.MAX_SAFE_INTEGER) {
	const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max.toString()}`;
	return (text, name) => {
		const value = readNumber(text);
		if (Number.isInteger(value) && value >= min && value <= max) return value;
		throw refuse(name, text, `a whole number ${bounds}`);
	};
}
/** A share in `(0, 1]`. */
const readShare = (text, name) => {
	const value = readNumber(text);
	if (value > 0 && value <= 1) return value;
	throw refuse(name, text, "a number above 0 and at most 1, such as 0.9");
};
/** Milliseconds from a number of seconds, zero included. */
const readSeconds = (text, name) => {
	const ms = Math.round(readNumber(text) * 1e3);
	if (ms >= 0 && Number.isSafeInteger(ms)) return ms;
	throw refuse(name, text, "a number of seconds, zero or more");
};
/** An http or https URL without user, password, query or fragment; a trailing slash is dropped. */
const readUrl = (text, name) => {
	const expected = "a URL such as https://api.binance.com";
	const url = URL.canParse(text) ? new URL(text) : void 0;
	if (url !== void 0 && (url.username !== "" || url.password !== "")) throw new Misuse(`${name}: a URL with a user or password is not accepted`);
	const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
	if (url !== void 0 && isHttp && url.search === "" && url.hash === "") return url.href.replace(/\/+$/, "");
	if (/^(?:https?:\/\/)?[^\s:/@?#]*(?::\d*)?\/?$/.test(text)) throw refuse(name, text, expected);
	throw new Misuse(`${name}: expected ${expected}, without user, password, query or fragment`);
};
/** A half-open window `FROM..TO` of UTC dates or date-times. */
const readRange = (text, name) => {
	const [from = "", to = "", ...rest] = text.split("..");
	if (from === "" || to === "" || rest.length > 0) throw refuse(name, text, "FROM..TO, such as 2024-01-01..2024-02-01");
	const window = {
		from: readMoment(from, name),
		to: readMoment(to, name)
	};
	if (window.from < window.to) return window;
	throw new Misuse(`${name}: ${library.quoteText(from)} is not before ${library.quoteText(to)}`);
};
const readMoment = (text, name) => {
	try {
		return library.parseMicros(text);
	} catch {
		throw refuse(name, library.quoteText(text), "a date or a UTC date-time such as 2024-01-01T12:00:00Z");
	}
};
/** `i/n`, the i-th of n parts, counted from 1. */
const readSubset = (text, name) => {
	const [, index = 0, count = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
	if (index >= 1 && index <= count) return {
		index,
		count
	};
	throw refuse(name, text, "I/N with 1 <= I <= N, such as 1/4");
};
// src/cli/flags.ts
/** Takes the flag no value? */
function isSwitch({ value }) {
	return value === void 0;
}
/** A flag that sets an option of the library; the compiler checks that it reads a value of that option. */
function option(name, flag) {
	return {
		...flag,
		option: name
	};
}
/** Flags of the commands that touch the lake or the exchange. */
const LAKE_FLAGS = {
	"data-dir": option("dataDir", {
		describe: "the directory of the lake",
		value: "DIR",
		default: "data",
		env: "BINANCE_BACKFILL_DATA_DIR",
		read: readText$1
	}),
	"base-url": option("baseUrls", {
		describe: "REST endpoint; repeat it for more, in order of preference. The environment variable takes several, separated by commas",
		value: "URL",
		default: "Binance's public market data endpoint",
		env: "BINANCE_BACKFILL_BASE_URL",
		many: readUrl
	}),
	prefer: option("prefer", {
		describe: "which of several REST endpoints is asked first: listed (the first) or fastest (three pings to each at the start)",
		value: "ORDER",
		default: "listed",
		read: readChoice(["listed", "fastest"])
	}),
	"archive-url": option("archiveUrl", {
		describe: "where published archives are downloaded",
		value: "URL",
		default: "https://data.binance.vision",
		env: "BINANCE_BACKFILL_ARCHIVE_URL",
		read: readUrl
	}),
	source: option("source", {
		describe: "where history comes from: auto (archives where they exist, REST for the rest), rest or archive; overrides the job",
		value: "SOURCE",
		default: "what the job says, else auto",
		read: readChoice([
			"auto",
			"rest",
			"archive"
		])
	}),
	"weight-share": option("weightShare", {
		describe: "share of the exchange's request-weight limit to use, above 0 and at most 1",
		value: "F",
		default: "0.9",
		read: readShare
	}),
	concurrency: option("concurrency", {
		describe: "requests in flight at most; of the archive, never more than 4",
		value: "N",
		default: "8",
		read: readInteger(1, 1e3)
	}),
	"max-wait": option("maxWaitMs", {
		describe: "longest rate-limit or ban wait to sit out; beyond it the exit code is 5",
		value: "SECONDS",
		default: "600",
		read: readSeconds
	}),
	"recv-window": option("recvWindowMs", {
		describe: "how long after its timestamp a signed request is good for (account datasets only)",
		value: "MS",
		default: "5000",
		read: readInteger(1, 6e4)
	}),
	wire: option("wire", {
		describe: "response format to ask for: json or sbe",
		value: "FORMAT",
		default: "json",
		read: readChoice(["json", "sbe"])
	})
};
/** Flags that make up a job, instead of a job file. `compression` may also stand beside one. */
const JOB_FLAGS = {
	dataset: {
		describe: "instead of a job file: the dataset, such as klines or aggTrades",
		value: "KIND",
		read: readText$1
	},
	symbol: {
		describe: "instead of a job file: a symbol, such as BTCUSDT; repeat it for more",
		value: "SYMBOL",
		many: readText$1
	},
	interval: {
		describe: "instead of a job file: a kline interval, such as 1m; repeat it for more",
		value: "INTERVAL",
		many: readText$1
	},
	from: {
		describe: "instead of a job file: the start, UTC: a date, a date-time, a duration back from now such as 30d, or listing",
		value: "TIME",
		read: readText$1
	},
	to: {
		describe: "instead of a job file: the end, exclusive",
		value: "TIME",
		default: "now",
		read: readText$1
	},
	settle: {
		describe: "instead of a job file: how long after its close a kline counts as final",
		value: "DURATION",
		default: "1m",
		read: readText$1
	},
	numbers: {
		describe: "instead of a job file: float64, decimal or string",
		value: "TYPE",
		default: "float64",
		read: readText$1
	},
	compression: option("compression", {
		describe: "zstd, snappy, gzip or none; for new partitions where the job names none",
		value: "CODEC",
		default: "zstd",
		read: readChoice([
			"zstd",
			"snappy",
			"gzip",
			"none"
		])
	}),
	partition: {
		describe: "instead of a job file: day, month or year; fixed at the first commit of a series",
		value: "PERIOD",
		default: "by dataset and interval",
		read: readText$1
	}
};
/** For `run`, and for `plan`, which shows what it would do. */
const RECHECK_FLAG = { recheck: option("recheck", {
	describe: "ask this window again even where it is covered; differences become revisions",
	value: "FROM..TO",
	read: readRange
}) };
/** Flags of every command. */
const OUTPUT_FLAGS = {
	json: { describe: "machine output on stdout" },
	quiet: {
		describe: "print nothing but errors",
		conflicts: ["verbose"]
	},
	verbose: { describe: "print more: each commit, a heartbeat every 10 s, stacks of bugs" },
	"no-progress": { describe: "no bars and no progress lines" },
	help: { describe: "print this help" }
};
/** The options of the library that the values of `flags` set. */
function optionsOf(values, flags) {
	const set = Object.entries(flags).flatMap(([name, { option: key }]) => key === void 0 || values[name] === void 0 ? [] : [[key, values[name]]]);
	return Object.fromEntries(set);
}
// src/cli/table.ts
/** Plain tables: columns apart by two spaces, no lines, no trailing spaces, wide characters measured. */
const NO_LINES = {
	top: "",
	"top-mid": "",
	"top-left": "",
	"top-right": "",
	bottom: "",
	"bottom-mid": "",
	"bottom-left": "",
	"bottom-right": "",
	left: "",
	"left-mid": "",
	mid: "",
	"mid-mid": "",
	right: "",
	"right-mid": "",
	middle: "  "
};
/**
* Lays out rows under their heads.
*
* @param aligns - `l` or `r` for each column.
*/
function table(head, aligns, rows) {
	const layout = new Table({
		chars: NO_LINES,
		style: {
			head: [],
			border: [],
			"padding-left": 0,
			"padding-right": 0
		},
		colAligns: Array.from(aligns, (align) => align === "r" ? "right" : "left")
	});
	const cells = [head, ...rows.filter((row) => typeof row !== "string")];
	layout.push(...cells.map((row) => [...row]));
	const laid = layout.toString().split("\n");
	const [first = ""] = laid;
	let next = 1;
	return [first, ...rows.map((row) => typeof row === "string" ? `  ${row}` : laid[next++] ?? "")].map((line) => `${line.trimEnd()}\n`).join("");
}
/** `text` in at most `width` columns: what is too long loses its middle, since names differ at both ends. */
function fit(text, width) {
	if (library.displayWidth(text) <= width) return text;
	const chars = Array.from(text);
	const tail = chars.slice(-4).join("");
	let kept = "";
	let used = library.displayWidth(tail) + 3;
	for (const char of chars) {
		used += library.displayWidth(char);
		if (used > width) break;
		kept += char;
	}
	return `${kept}...${tail}`;
}
/** `text` padded with spaces to `width` columns. */
function padded(text, width) {
	return text + " ".repeat(Math.max(0, width - library.displayWidth(text)));
}
// src/cli/jobs.ts
/** Jobs from files or from flags. Every problem of every file is found before any is reported. */
/** Job files that cannot be used: problems inside them, or files that cannot be read. */
var JobFilesError = class extends Misuse {
	code = "E_JOB_INVALID";
	problems;
	constructor(lines, problems) {
		super("", "mend the job files; `binance-backfill schema` prints what they may hold");
		this.message = lines.join("\n");
		this.problems = problems;
	}
};
/** Reads and parses each file; resolves also when none is valid. */
async function readJobFiles(files) {
	return Promise.all(files.map(readJobFile));
}
async function readJobFile(path) {
	const file = library.quoteText(path);
	const read = await readText(path);
	if ("refusal" in read) return {
		file,
		problems: [{
			file,
			line: 1,
			column: 1,
			path: "",
			message: read.refusal
		}],
		lines: [`${file}: ${read.refusal}`]
	};
	try {
		return {
			file,
			job: library.parseJob(read.text, path),
			problems: [],
			lines: []
		};
	} catch (error) {
		if (!(error instanceof library.JobError)) throw error;
		return {
			file,
			problems: error.problems,
			lines: error.message.split("\n")
		};
	}
}
/** The valid jobs. @throws JobFilesError with the problems of all files when there is one. */
function jobsOf(read) {
	const lines = read.flatMap((file) => file.lines);
	const problems = read.flatMap((file) => file.problems);
	if (lines.length > 0) throw new JobFilesError(lines, problems);
	return read.flatMap(({ job }) => job === void 0 ? [] : [job]);
}
/** Jobs of the files that are named; none when none is. */
async function jobsFromFiles(files) {
	return jobsOf(await readJobFiles(files));
}
/**
* Jobs from files, or one from flags.
*
* @throws Misuse when there are both or neither.
*/
async function jobsFrom(files, values) {
	const flags = Object.keys(JOB_FLAGS).filter((name) => name in values);
	const described = flags.filter((name) => name !== "compression");
	if (files.length > 0) {
		const [extra] = described;
		if (extra === void 0) return jobsFromFiles(files);
		throw new Misuse(`--${extra} cannot stand beside job files`, "put it into the job file, or give a whole job by flags");
	}
	if (described.length > 0) {
		const own = Object.entries(values).filter(([name]) => flags.some((flag) => flag === name));
		return [library.jobFromFlags(Object.fromEntries(own))];
	}
	throw new Misuse("no job: give job files, or --dataset, --symbol, --interval, --from and --to", "for example: binance-backfill run --dataset klines --symbol BTCUSDT --interval 1h --from 30d");
}
/** Job files of more than 256 KiB are refused by the parser; one byte more tells it so. */
const READ_BYTES_MAX = 262145;
const REFUSALS = {
	ENOENT: "no such file",
	ENOTDIR: "no such file",
	EACCES: "permission denied",
	EISDIR: "is a directory; give the job files in it, e.g. jobs/*.yaml"
};
async function readText(path) {
	try {
		const handle = await open(path, "r");
		try {
			if ((await handle.stat()).isDirectory()) return { refusal: REFUSALS["EISDIR"] ?? "" };
			const bytes = await readUpTo(handle, READ_BYTES_MAX);
			const isCut = bytes.byteLength === READ_BYTES_MAX;
			return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut }) };
		} finally {
			await handle.close();
		}
	} catch (error) {
		const { code = "", message } = error;
		if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return { refusal: "is not UTF-8 text" };
		return { refusal: REFUSALS[code] ?? library.quoteText(message.replace(path, basename(path))) };
	}
}
async function readUpTo(handle, max) {
	const buffer = new Uint8Array(max);
	let length = 0;
	while (length < max) {
		const { bytesRead } = await handle.read(buffer, length, max - length, null);
		if (bytesRead === 0) break;
		length += bytesRead;
	}
	return buffer.subarray(0, length);
}
// src/cli/flat-key.ts
/** Picks the parts of a key, in one order. */
function flatKey({ market, dataset, symbol, interval, account }) {
	return {
		market,
		dataset,
		symbol,
		...interval === void 0 ? {} : { interval },
		...account === void 0 ? {} : { account }
	};
}
// src/cli/command/plan.ts
/** Exit code of `--detailed-exitcode` when there is work. */
const PENDING = 10;
/** @see {@link Command} */
const command$1 = {
	name: "plan",
	operands: "[JOB...]",
	describe: "print what run would do, and what it would cost",
	long: ["For each series the missing windows, requests, request weight, and about how many rows and bytes; then how many minutes that takes within the rate limit and for downloads. Writes nothing.", "A series that cannot be planned, such as one of an unknown symbol, is reported; the others are planned, and the exit code is 3."],
	flags: {
		...JOB_FLAGS,
		...RECHECK_FLAG,
		tasks: { describe: "with --json: the pieces of work too, as run executes them" },
		"detailed-exitcode": { describe: "end with 10 when there is work to do, 0 when there is none" }
	},
	takesLake: true,
	examples: [
		{
			line: "plan jobs/majors.yaml",
			does: "what one job would cost"
		},
		{
			line: "plan --dataset aggTrades --symbol BTCUSDT --from 7d",
			does: "the last seven days of one symbol"
		},
		{
			line: "plan jobs/majors.yaml --json --tasks",
			does: "each piece of work: its source, window, files and cost"
		},
		{
			line: "plan jobs/majors.yaml --detailed-exitcode --quiet",
			does: "for a script: 10 when there is work to do, 0 when there is none"
		}
	],
	execute: execute$1
};
async function execute$1({ values, options, operands, print }) {
	if (values.tasks === true && values.json !== true) throw new Misuse("--tasks: tasks are printed as JSON", "Add --json.");
	const plan = await library.makePlan(await jobsFrom(operands, values), options);
	if (values.json === true) await print.json(planDocument(plan, values.tasks));
	else await print.result(planText(plan));
	for (const { problem } of plan.series) if (problem !== void 0) await print.error(problem);
	return exitOf(plan) ?? (values["detailed-exitcode"] === true && isAnyPending(plan) ? PENDING : 0);
}
/** What a series that could not be planned ends the command with. */
function exitOf({ series }) {
	const exits = series.flatMap(({ problem }) => problem?.exit ?? []);
	return exits.length === 0 ? void 0 : Math.max(...exits);
}
function isAnyPending({ series }) {
	return series.some(isPending);
}
const NAME_WIDTH$1 = 28;
/** Is there anything to ask for? */
function isPending(plan) {
	return !isRefused(plan) && (plan.missing.length > 0 || plan.recheck.length > 0);
}
/** Can nothing of a series be planned? */
function isRefused({ problem, tasks }) {
	return problem !== void 0 && tasks.length === 0;
}
/** `plan` as text of at most 80 columns. */
function planText(plan) {
	const pending = plan.series.filter(isPending);
	const refused = plan.series.filter(isRefused).length;
	const covered = plan.series.length - pending.length - refused;
	if (pending.length === 0) return covered === 0 && refused > 0 ? "" : `Nothing to do: ${allCovered(covered)}.\n`;
	const { total } = plan;
	const rows = [...pending.flatMap(entry$1), ...pending.length === 1 ? [] : [["TOTAL", ...figures(total, pending.every(isCounted))]]];
	const rest = covered === 0 ? "" : `${counted(covered, "more series", "more series")} covered already.\n`;
	return [
		table([
			"SERIES",
			"REQUESTS",
			"WEIGHT",
			"ROWS",
			"SIZE"
		], "lrrrr", rows),
		"\n",
		`${counted(pending.length, "series", "series")} to fetch: ${minutesAbout(total.minutes)}${budget(plan)}.\n`,
		archiveTotal(pending),
		rest,
		...guesses(pending),
		"Windows are UTC, without their ends. Figures with ~ are estimates.\n"
	].join("");
}
function allCovered(series) {
	if (series === 0) return "the jobs ask for no series";
	return series === 1 ? "the series is covered" : `all ${count(series)} series are covered`;
}
/** What the time rests on: the weight that may be spent, and how fast files are taken. */
function budget({ series }) {
	const tasks = series.flatMap((one) => one.tasks);
	const rest = tasks.filter(({ source }) => source === "rest");
	const sum = (of) => rest.reduce((total, task) => total + of(task), 0);
	const seconds = sum(({ cost }) => cost.seconds);
	const parts = [...seconds > 0 ? [`${count(sum(({ cost }) => cost.weight) * 60 / seconds)} weight a minute`] : [], ...rest.length < tasks.length ? [`${bytes(library.ARCHIVE_BYTES_PER_SECOND)} of files a second`] : []];
	return parts.length === 0 ? "" : ` at ${parts.join(" and ")}`;
}
function entry$1(plan) {
	return [
		[padded(fit(library.quoteText(library.seriesName(plan.key)), NAME_WIDTH$1), NAME_WIDTH$1), ...figures(plan, isCounted(plan))],
		...archiveLine(plan),
		...spans(plan.missing.map(library.formatWindow)),
		...spans(plan.recheck.map(library.formatWindow), 1).map((text) => `again: ${text}`)
	];
}
/** What comes from the archive, under the series' own line; the figures there are those of REST. */
function archiveLine({ archive, settings }) {
	if (archive === void 0) return settings.source === "archive" ? ["archive: nothing published"] : [];
	const { files, bytes: size, requestsSaved } = archive;
	return [`archive: ${`${counted(files, "file")}, ${bytes(size)}`}; saves ${counted(requestsSaved, "request")}`];
}
/** What the estimates of series rest on that the lake knows nothing of. */
function guesses(pending) {
	return [...new Map(pending.filter(({ pace }) => pace.isGuess).map(({ key, pace }) => [key.dataset, pace.rowsPerDay]))].map(([dataset, rows]) => `${dataset}: new series are guessed to have ${count(rows)} rows a day.\n`);
}
function archiveTotal(pending) {
	const shares = pending.flatMap(({ archive }) => archive ?? []);
	if (shares.length === 0) return "";
	const sum = (of) => shares.reduce((total, share) => total + of(share), 0);
	return `From the archive: ${`${counted(sum(({ files }) => files), "file")}, ${bytes(sum((share) => share.bytes))}`}; requests and weight are what REST takes besides.\n`;
}
/** Rows on a grid can be counted beforehand, and so the requests for them; so can none. */
function isCounted({ key, requests }) {
	return key.interval !== void 0 || requests === 0;
}
function figures(estimate, hasCount) {
	const { requests, weight, rows } = estimate;
	const about = hasCount ? "" : "~";
	return [
		`${about}${count(requests)}`,
		`${about}${count(weight)}`,
		`~${count(rows)}`,
		`~${bytes(estimate.bytes)}`
	];
}
/** For the first line of a run. */
function inShort(plan) {
	const pending = plan.series.filter(isPending);
	if (pending.length === 0) return `nothing to do: ${allCovered(plan.series.length)}`;
	const { total } = plan;
	return `to do: ${[
		counted(pending.length, "series", "series"),
		`${pending.every(isCounted) ? "" : "~"}${counted(total.requests, "request")}`,
		...archivesInShort(pending),
		`~${count(total.rows)} rows`,
		minutesAbout(total.minutes)
	].join(", ")}`;
}
function archivesInShort(pending) {
	const files = pending.reduce((sum, { archive }) => sum + (archive?.files ?? 0), 0);
	return files === 0 ? [] : [counted(files, "archive file")];
}
/** `plan --json`. `recheck` is there only when covered windows would be asked again. */
function planDocument({ series, total }, withTasks = false) {
	return {
		series: series.map(seriesPlan),
		...withTasks ? { tasks: series.flatMap(({ tasks }) => tasks).map(taskDocument) } : {},
		total: {
			requests: total.requests,
			weight: total.weight,
			minutes: total.minutes,
			rows: total.rows,
			bytes: total.bytes
		}
	};
}
function taskDocument(task) {
	const { key, source, window, cost } = task;
	const files = task.source === "archive" ? { files: task.files.map(({ path, sizeBytes }) => ({
		path,
		bytes: sizeBytes ?? null
	})) } : {};
	return {
		...flatKey(key),
		source,
		window: library.formatWindow(window),
		...files,
		...cost
	};
}
function seriesPlan(plan) {
	const { key, missing, recheck, settings, requests, weight, rows, bytes, archive, problem } = plan;
	return {
		...flatKey(key),
		missing: missing.map(library.formatWindow),
		...recheck.length === 0 ? {} : { recheck: recheck.map(library.formatWindow) },
		source: settings.source,
		requests,
		weight,
		rows,
		bytes,
		...archive === void 0 ? {} : { archive },
		...problem === void 0 ? {} : { error: library.describeError(problem) }
	};
}
/** @see {@link Command} */
const command = {
	name: "status",
	operands: "[JOB...]",
	describe: "print what the lake holds",
	long: ["For each series what is covered, what is missing of what the jobs ask for, known gaps with their reason, rows, files and bytes. Without jobs: every series in the lake. Reads no data file."],
	flags: { revisions: { describe: "list the rows that changed since they were first stored" } },
	takesLake: true,
	examples: [
		{
			line: "status",
			does: "everything in ./data"
		},
		{
			line: "status jobs/majors.yaml --json",
			does: "what one job still lacks, as JSON"
		},
		{
			line: "status --revisions",
			does: "with the rows that changed after they were stored"
		}
	],
	execute
};
async function execute({ values, options, operands, print }) {
	const report = await library.status(await jobsFromFiles(operands), options);
	const withRevisions = values.revisions === true;
	if (values.json === true) await print.json(statusDocument(report, withRevisions));
	else await print.result(statusTable(report, withRevisions));
	const damage = damagedSeries(report.series.flatMap(({ error }) => error === void 0 ? [] : [error]));
	if (damage !== void 0) await print.error(damage);
	return damage?.exit ?? 0;
}
const NAME_WIDTH = 30;
/** `status` as text of at most 80 columns, but for values of revisions. */
function statusTable({ series }, withRevisions) {
	if (series.length === 0) return "The lake holds no series.\n";
	const rows = series.flatMap((one) => entry(one, withRevisions));
	const total = series.reduce((sum, one) => sum + one.rows, 0);
	const size = series.reduce((sum, one) => sum + one.bytes, 0);
	const files = series.reduce((sum, one) => sum + one.partitions, 0);
	return [
		table([
			"SERIES",
			"ROWS",
			"FILES",
			"SIZE",
			"VERDICT"
		], "lrrrl", rows),
		"\n",
		`${counted(series.length, "series", "series")}, ${counted(total, "row")}, ${counted(files, "file")}, ${bytes(size)}.\n`
	].join("");
}
function entry(one, withRevisions) {
	const { account, dataset, symbol, interval } = one;
	const parts = [
		account,
		dataset,
		symbol,
		interval
	].filter((part) => part !== void 0);
	const name = fit(library.quoteText(parts.join(" ")), NAME_WIDTH);
	const verdict = library.quoteText(one.verdict);
	const [word = ""] = verdict.split(/[: ]/);
	return [
		[
			padded(name, NAME_WIDTH),
			count(one.rows),
			count(one.partitions),
			bytes(one.bytes),
			word
		],
		...one.error !== void 0 || word === "incomplete" && one.missing.length === 0 ? [verdict] : [],
		...spans(one.covered).map((text) => `covered ${text}`),
		...spans(one.missing).map((text) => `missing ${text}`),
		...gaps(one),
		...withRevisions ? one.revisions.flatMap(revision) : revisionCount(one)
	];
}
const GAPS_MAX = 6;
function gaps({ gaps: all }) {
	const lines = all.slice(0, GAPS_MAX).map((gap) => `gap     ${span(gap)} (${reason(gap.reason)})`);
	const rest = all.length - lines.length;
	return rest === 0 ? lines : [...lines, `gap     and ${count(rest)} more; --json lists them all`];
}
/** A gap's reason in words: `before listing`. */
function reason(code) {
	return library.quoteText(code.replaceAll("-", " "));
}
function revisionCount({ revisions }) {
	if (revisions.length === 0) return [];
	return [`${counted(revisions.length, "row")} changed after being stored; see --revisions`];
}
function revision({ key, time, old, new: now }) {
	const changes = Object.keys({
		...old,
		...now
	}).filter((name) => old[name] !== now[name]).map((name) => `${name} ${old[name] ?? "-"} -> ${now[name] ?? "-"}`);
	return [library.quoteText(`changed ${instant(time)} (${key}): ${changes.join(", ")}`, 1e3)];
}
/** `status --json`. */
function statusDocument({ series }, withRevisions) {
	return { series: series.map(({ revisions, wanted, ...rest }) => ({
		market: rest.market,
		dataset: rest.dataset,
		symbol: rest.symbol,
		...rest.interval === void 0 ? {} : { interval: rest.interval },
		...rest.account === void 0 ? {} : { account: rest.account },
		...wanted === void 0 ? {} : { wanted: windows(wanted) },
		covered: windows(rest.covered),
		missing: windows(rest.missing),
		unconfirmed: windows(rest.unconfirmed),
		gaps: rest.gaps.map(({ from, to, reason }) => ({
			from,
			to,
			reason
		})),
		rows: rest.rows,
		partitions: rest.partitions,
		bytes: rest.bytes,
		verdict: rest.verdict,
		...rest.error === void 0 ? {} : { error: rest.error },
		...withRevisions ? { revisions } : {}
	})) };
}
function windows(list) {
	return list.map(({ from, to }) => ({
		from,
		to
	}));
}
// src/cli/lines.ts
/** Gaps of one series that get a line of their own; `status` lists all. */
const GAP_LINES_MAX = 10;
/** The line that a step deserves at once; `undefined` for the many that do not. */
function stepLine(item, isVerbose) {
	switch (item.kind) {
		case "plan": return inShort(item.plan);
		case "gap": return `gap: ${named(item.key)}: ${span(item.window)} (${reason(item.reason)})`;
		case "warning": return `warning: ${item.key === void 0 ? "" : `${named(item.key)}: `}${library.quoteText(item.message)}`;
		case "note": return library.quoteText(item.message);
		case "wait": return waitText(library.quoteText(item.message), item.ms);
		case "series": {
			const { key, error, rows, partitions } = item.result;
			if (error !== void 0) return `failed: ${named(key)}: ${failure(error)}`;
			if (!isVerbose) return void 0;
			return `done: ${named(key)}: ${counted(rows, "row")}, ${counted(partitions, "file")}`;
		}
		case "committed":
			if (!isVerbose) return void 0;
			return `committed: ${library.quoteText(item.path)}: ${counted(item.rows, "row")}`;
		case "rows":
		case "summary": return;
	}
}
function named(key) {
	return library.quoteText(library.seriesName(key));
}
/** `message (hint)` of a series that failed. */
function failure(error) {
	const hint = error.hint === void 0 ? "" : ` (${library.quoteText(error.hint)})`;
	return `${library.quoteText(error.message)}${hint}`;
}
/** Lets the first {@link GAP_LINES_MAX} gaps of each series through. */
function gapFilter() {
	const seen = /* @__PURE__ */ new Map();
	return (item) => {
		if (item.kind !== "gap") return true;
		const name = library.seriesName(item.key);
		const before = seen.get(name) ?? 0;
		seen.set(name, before + 1);
		return before < GAP_LINES_MAX;
	};
}
/** Where a run stands, in one line. The rate is that since the last heartbeat. */
function heartbeat(tally, nowMs, before) {
	const left = tally.secondsLeft(nowMs);
	const rate = (tally.rows - before.rows) * 1e3 / Math.max(1, nowMs - before.ms);
	const parts = [
		`${Math.floor(tally.fraction() * 100)}%`,
		`${counted(tally.rows, "row")} (${count(rate)}/s)`,
		`${count(tally.ended())} of ${counted(tally.series.size, "series", "series")} done`,
		...tally.usage === void 0 ? [] : [`weight ${count(tally.usage.used)}/${count(tally.usage.limit)}`],
		...left === void 0 ? [] : [`${duration(Math.round(left))} left`]
	];
	const waiting = tally.waiting(nowMs);
	const isStill = tally.rows === before.rows;
	const still = waiting ?? (isStill ? "no rows since the last line" : void 0);
	return `${duration(tally.elapsedSeconds(nowMs))}: ${[...parts, ...still === void 0 ? [] : [still]].join(", ")}`;
}
/** The view without a cursor: steps at once, and a heartbeat even when nothing moves, so that a stall is seen. */
function lineView(options) {
	const { tally, ticker, isVerbose, isTerse, say } = options;
	let before = {
		rows: 0,
		ms: ticker.nowMs()
	};
	const pulse = new Pulse(tally, ticker.nowMs(), isVerbose ? PULSE_MS : void 0);
	const beat = () => {
		const now = ticker.nowMs();
		if (!pulse.isDue(now)) return;
		say(heartbeat(tally, now, before));
		before = {
			rows: tally.rows,
			ms: now
		};
	};
	const stop = isTerse ? () => void 0 : ticker.every(PULSE_MS, beat);
	const passes = gapFilter();
	return {
		show(item) {
			if (isTerse && [
				"plan",
				"wait",
				"note"
			].includes(item.kind)) return;
			const line = passes(item) ? stepLine(item, isVerbose) : void 0;
			if (line !== void 0) say(line);
		},
		end: stop
	};
}
export { Misuse as A, readChoice as C, readSubset as D, readSeconds as E, suggested as F, damagedSeries as M, describeError as N, readText$1 as O, exitOf$1 as P, optionsOf as S, readRange as T, LAKE_FLAGS as _, command as a, isSwitch as b, flatKey as c, jobsOf as d, readJobFiles as f, JOB_FLAGS as g, table as h, stepLine as i, Unfinished as j, EXIT_CODES as k, jobsFrom as l, padded as m, gapFilter as n, command$1 as o, fit as p, lineView as r, planDocument as s, failure as t, jobsFromFiles as u, OUTPUT_FLAGS as v, readInteger as w, option as x, RECHECK_FLAG as y };

//# sourceMappingURL=lines.js.map