import { a as flagsOf, t as COMMANDS } from "./commands.js";
import { _ as LAKE_FLAGS, b as isSwitch, k as EXIT_CODES } from "./lines.js";
// src/cli/help.ts
/** The help, made from the tables, for 80 columns. */
const WIDTH = 80;
const LEFT = 25;
/** The help of one command, or of the program. */
function helpText(command) {
	return `${(command === void 0 ? programHelp() : commandHelp(command)).join("\n")}\n`;
}
function programHelp() {
	return [
		"binance-backfill COMMAND [FLAGS]",
		"",
		...wrap("Binance's market history as complete, proven, deduplicated Parquet partitions."),
		"",
		"Commands:",
		...COMMANDS.flatMap(({ name, describe }) => entry(name, describe)),
		"",
		"Exit codes:",
		...EXIT_CODES.flatMap(([code, meaning]) => entry(code, meaning)),
		"",
		"binance-backfill COMMAND --help prints the flags of a command, with examples."
	];
}
function commandHelp(command) {
	const { name, operands, long, examples } = command;
	const flags = Object.entries(flagsOf(command));
	const isOfLake = ([flag]) => command.takesLake === true && flag in LAKE_FLAGS;
	return [
		[
			"binance-backfill",
			name,
			operands,
			"[FLAGS]"
		].filter((word) => word !== void 0).join(" "),
		...long.flatMap((paragraph) => ["", ...wrap(paragraph)]),
		...section("Flags:", flags.filter((flag) => !isOfLake(flag)).flatMap(flagEntry)),
		...section("Lake and exchange:", flags.filter(isOfLake).flatMap(flagEntry)),
		...section("Examples:", examples.flatMap(({ line, does }) => [...wrap(`# ${does}`, "  "), ...wrapShell(`binance-backfill ${line}`)]))
	];
}
function section(title, lines) {
	return lines.length === 0 ? [] : [
		"",
		title,
		...lines
	];
}
function flagEntry([name, flag]) {
	const { describe, value, default: preset, env } = flag;
	const notes = [preset === void 0 ? void 0 : `default: ${preset}`, env === void 0 ? void 0 : `env: ${env}`].filter((note) => note !== void 0);
	return entry(isSwitch(flag) ? `--${name}` : `--${name} ${value ?? ""}`, notes.length === 0 ? describe : `${describe} (${notes.join("; ")})`);
}
function entry(left, right) {
	const [first = "", ...rest] = wrap(right, " ".repeat(LEFT));
	const label = `  ${left}`;
	return label.length < 24 ? [label.padEnd(LEFT) + first.slice(LEFT), ...rest] : [
		label,
		first,
		...rest
	];
}
/** Breaks at spaces. */
function wrap(text, indent = "") {
	return fill(text.split(" "), indent, "", indent);
}
/** Breaks before flags, so that a flag stays with its value, as a shell can read it. */
function wrapShell(line) {
	return fill(line.split(/ (?=--)/), "  ", " \\", "    ");
}
/** Fills lines with `parts`; `glue` ends each line that goes on, and `hanging` begins the lines after the first. */
function fill(parts, indent, glue, hanging) {
	const [first = "", ...rest] = parts;
	const lines = [];
	let line = indent + first;
	for (const part of rest) {
		const next = `${line} ${part}`;
		if (next.length <= WIDTH - glue.length) {
			line = next;
			continue;
		}
		lines.push(line + glue);
		line = hanging + part;
	}
	return [...lines, line];
}
export { helpText };

//# sourceMappingURL=help.js.map