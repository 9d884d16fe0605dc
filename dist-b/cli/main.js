#!/usr/bin/env node
import { A as Misuse, F as suggested, N as describeError, P as exitOf, S as optionsOf, b as isSwitch } from "../chunks/lines.js";
import { a as flagsOf, i as yargsOf, n as FLAGS, r as withCompletion, t as COMMANDS } from "../chunks/commands.js";
import { a as library, o as loadLibrary } from "../chunks/tally.js";
import { closeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isatty } from "node:tty";
import { setFlagsFromString } from "node:v8";
import pc from "picocolors";
// src/cli/parse.ts
const LIST_HINT = "`binance-backfill --help` lists the commands";
/**
* Parses a command line.
*
* @param argv - Without the program and the script.
* @throws Misuse for an unknown command or flag, a value that cannot be read, flags that exclude each other, and
* operands where none may be.
*/
async function parseCommandLine(argv, env) {
	if (argv.some((word) => word.startsWith("--get-yargs-completions"))) {
		await withCompletion(yargsOf(COMMANDS, argv)).parseAsync();
		return { kind: "completed" };
	}
	const words = argv.map((word) => word === "-h" ? "--help" : word);
	await checkFlagNames(words);
	const given = await withHints(yargsOf(COMMANDS, words)).parseAsync();
	const [name, ...operands] = given._.map(String);
	const isHelp = given["help"] !== void 0 || name === "help";
	if (given["version"] !== void 0) return { kind: "version" };
	const wanted = name === "help" ? operands[0] : name;
	if (wanted === void 0) {
		if (isHelp) return {
			kind: "help",
			command: void 0
		};
		throw new Misuse("no command", LIST_HINT);
	}
	const command = await commandOf(wanted);
	if (isHelp) return {
		kind: "help",
		command
	};
	await loadLibrary();
	const values = readValues(command, given, env);
	checkConflicts(values);
	checkOperands(command, operands);
	return {
		kind: "call",
		command,
		values,
		operands
	};
}
/** So that flags can stand before the command too. Not for completion, which would offer all to each. */
function withHints(parser) {
	const names = Object.keys(FLAGS);
	return parser.boolean(names.filter(isSwitchName)).string(names.filter((name) => !isSwitchName(name)));
}
function isSwitchName(name) {
	const flag = FLAGS[name];
	return flag !== void 0 && isSwitch(flag);
}
async function checkFlagNames(words) {
	const end = words.indexOf("--");
	const open = end < 0 ? words : words.slice(0, end);
	const command = COMMANDS.find((candidate) => open.includes(candidate.name));
	for (const word of open) {
		const match = /^--?(?![\d.])([^=]+)(?:=(.*))?$/s.exec(word);
		if (match === null) continue;
		const [, name = "", value] = match;
		if (!word.startsWith("--") || !Object.hasOwn(FLAGS, name)) {
			const known = Object.keys(command === void 0 ? FLAGS : flagsOf(command));
			const hint = `\`binance-backfill ${command === void 0 ? "" : `${command.name} `}--help\` lists the flags`;
			const [flag = ""] = word.split("=");
			await loadLibrary();
			throw new Misuse(`unknown flag ${flag}${suggested(name, known, "--")}`, hint);
		}
		if (value !== void 0 && isSwitchName(name) && !/^(true|false)$/.test(value)) throw new Misuse(`--${name} takes no value, got "${value}"`);
	}
}
async function commandOf(name) {
	const command = COMMANDS.find((candidate) => candidate.name === name);
	if (command !== void 0) return command;
	await loadLibrary();
	const names = COMMANDS.map((candidate) => candidate.name);
	throw new Misuse(`unknown command ${name}${suggested(name, names)}`, LIST_HINT);
}
function readValues(command, given, env) {
	const values = {};
	const allowed = flagsOf(command);
	const hint = `\`binance-backfill ${command.name} --help\` lists its flags`;
	for (const [name, flag] of Object.entries(FLAGS)) {
		const texts = [given[name]].flat().filter((text) => text !== void 0);
		if (!Object.hasOwn(allowed, name)) {
			if (texts.length > 0) throw new Misuse(`${command.name} takes no --${name}`, hint);
			continue;
		}
		const value = texts.length > 0 ? readFlag(name, flag, texts) : readEnv(flag, env);
		if (value !== void 0) values[name] = value;
	}
	return values;
}
function readFlag(name, flag, texts) {
	if (isSwitch(flag)) return texts.at(-1) === true;
	const { read, many, value = "" } = flag;
	const written = `--${name}`;
	if (texts.includes("")) throw new Misuse(`${written} needs a value: ${value}`);
	if (many !== void 0) return splitAll(texts).map((text) => many(text, written));
	if (texts.length > 1) throw new Misuse(`${written} was given ${texts.length} times`);
	return read?.(String(texts[0]), written);
}
function readEnv({ env: variable, read, many }, env) {
	const text = variable === void 0 ? void 0 : env[variable];
	if (variable === void 0 || text === void 0 || text === "") return void 0;
	return many === void 0 ? read?.(text, variable) : splitAll([text]).map((part) => many(part, variable));
}
function splitAll(texts) {
	return texts.flatMap((text) => String(text).split(",")).map((text) => text.trim());
}
function checkConflicts(values) {
	for (const name of Object.keys(values)) {
		const other = FLAGS[name]?.conflicts?.find((rival) => rival in values);
		if (other !== void 0 && values[name] !== false && values[other] !== false) throw new Misuse(`--${name} and --${other} exclude each other`);
	}
}
function checkOperands({ name, operands: allowed }, operands) {
	if (allowed === "QUERY") {
		if (operands.length === 1) return;
		throw new Misuse(`${name} takes one query in quotes, got ${operands.length} words`, `for example: binance-backfill ${name} "SELECT count(*) FROM klines"`);
	}
	if (allowed === "[FILE]" && operands.length > 1) throw new Misuse(`${name} takes one file, got ${operands.length}`);
	if (allowed === void 0 && operands.length > 0) throw new Misuse(`${name} takes no arguments, got "${operands.join(" ")}"`);
	if (allowed === "JOB..." && operands.length === 0) throw new Misuse(`${name} needs a job file`, `for example: binance-backfill ${name} job.yaml`);
}
// src/cli/print.ts
/**
* Where output goes: results to stdout, words for people to stderr, errors as one line or one JSON object. Every
* line that may hold text from outside passes `quoteText` here or in the view that made it.
*/
/** Makes the printer that `values` and the terminal ask for. */
function printerOf(values, io) {
	const out = pc.createColors(hasColour(io));
	const err = pc.createColors(hasColour(io) && io.stderr.isTerminal);
	const isWatched = io.stderr.isTerminal && !io.stdout.isTerminal;
	const isSpoken = values.quiet !== true && (values.json !== true || isWatched);
	const isShown = values.quiet !== true && values.json !== true;
	return {
		json: async (value) => {
			await io.stdout.write(`${library.jsonText(value)}\n`);
		},
		result: async (text) => {
			if (isShown) await io.stdout.write(text);
		},
		say: async (text) => {
			if (isSpoken) await io.stderr.write(`${text}\n`);
		},
		error: async (error) => {
			await loadLibrary();
			const { lines, document } = describeError(error, values.verbose === true);
			const text = values.json === true || values["log-format"] === "json" ? library.jsonText(document) : lines.map((line) => line.replace(/^error:/, err.red("error:"))).join("\n");
			await io.stderr.write(`${text}\n`);
		},
		paint: {
			out,
			err
		},
		isSpoken
	};
}
function hasColour({ env, stdout }) {
	const isRefused = env["NO_COLOR"] !== void 0 && env["NO_COLOR"] !== "";
	return stdout.isTerminal && !isRefused && env["TERM"] !== "dumb";
}
// src/cli/dispatch.ts
/** One command line from its words to its exit code. */
/**
* Runs one command line; prints its result or its error. Never rejects.
*
* @param argv - Without the program and the script.
* @returns the exit code.
*/
async function run(argv, io) {
	let print = printerOf({
		json: argv.includes("--json"),
		verbose: argv.includes("--verbose")
	}, io);
	try {
		const parsed = await parseCommandLine(argv, io.env);
		if (parsed.kind === "completed") return 0;
		if (parsed.kind === "version") {
			await io.stdout.write(`${await version()}\n`);
			return 0;
		}
		if (parsed.kind === "help") {
			const { helpText } = await import("../chunks/help.js");
			await io.stdout.write(helpText(parsed.command));
			return 0;
		}
		const { command, values, operands } = parsed;
		print = printerOf(values, io);
		const options = optionsOf(values, flagsOf(command));
		return await command.execute({
			values,
			options,
			operands,
			commands: COMMANDS,
			io,
			print
		});
	} catch (error) {
		await print.error(error);
		return exitOf(error);
	}
}
async function version() {
	const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
	return JSON.parse(text).version;
}
// src/cli/io.ts
/** This process's own. */
function processIo() {
	const gone = new AbortController();
	return {
		stdout: sinkOf(process.stdout, (code) => {
			gone.abort();
			if (code === "EPIPE" || process.stdout.isTTY) return;
			process.exitCode = 1;
			process.stderr.write(`error: stdout cannot be written (${code})\n`);
		}),
		stderr: sinkOf(process.stderr, () => void 0),
		env: process.env,
		ticker: {
			nowMs: () => performance.now(),
			every
		},
		gone: gone.signal
	};
}
function every(ms, tick) {
	const timer = setInterval(tick, ms);
	timer.unref();
	return () => {
		clearInterval(timer);
	};
}
function sinkOf(stream, onGone) {
	let isGone = false;
	stream.on("error", ({ code = "unknown error" }) => {
		isGone = true;
		onGone(code);
	});
	return {
		async write(text) {
			if (isGone || stream.write(text)) return;
			await accepted(stream);
		},
		isTerminal: stream.isTTY,
		get columns() {
			return stream.columns > 0 ? stream.columns : 80;
		},
		stream
	};
}
async function accepted(stream) {
	const events = [
		"drain",
		"close",
		"error"
	];
	await new Promise((resolve) => {
		const done = () => {
			for (const event of events) stream.off(event, done);
			resolve();
		};
		for (const event of events) stream.on(event, done);
	});
}
// src/cli/main.ts
/** The command `binance-backfill`. */
const STANDARD = [
	0,
	1,
	2
];
/**
* Keeps the part of the heap small where objects begin. Rows live in large arrays outside of it, which are freed once
* the small objects that stand for them are found dead: the smaller this part, the sooner. For a process of one's own
* only, since it holds for all that runs in it.
*/
function keepYoungObjectsFew() {
	setFlagsFromString("--semi-space-growth-factor=1");
}
/**
* When the process ends, lets go of those of stdin, stdout and stderr whose terminal is gone. Node would set that
* terminal back to what it was at the start, fail, and abort: 134 and a core file instead of the exit code. It passes
* over what was closed.
*/
function outliveTerminals() {
	const terminals = STANDARD.filter((fd) => isatty(fd));
	process.on("exit", () => {
		for (const fd of terminals) if (!isatty(fd)) letGo(fd);
	});
}
function letGo(fd) {
	try {
		closeSync(fd);
	} catch {}
}
keepYoungObjectsFew();
outliveTerminals();
const exitCode = await run(process.argv.slice(2), processIo());
process.exitCode ||= exitCode;
export {};

//# sourceMappingURL=main.js.map