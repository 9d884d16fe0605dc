import { createRequire } from "node:module";
import PQueue from "p-queue";
import { createHash, createHmac, createPrivateKey, getRandomValues, randomBytes, sign, timingSafeEqual, verify as verify$1 } from "node:crypto";
import fs, { readFileSync, readlinkSync, rmdirSync, unlinkSync } from "node:fs";
import { promisify } from "node:util";
import { basename, dirname, join, posix, resolve, sep } from "node:path";
import { XMLParser } from "fast-xml-parser";
import { Readable, pipeline } from "node:stream";
import * as zlib from "node:zlib";
import { crc32, createInflateRaw, deflateRawSync, gunzip, gzipSync } from "node:zlib";
import yauzl from "yauzl";
import { Bool, DataType, Decimal, Field, Float64, Int64, RecordBatch, Schema, Struct, Table, TimeUnit, TimestampMicrosecond, Type, Utf8, makeData } from "apache-arrow";
import { Buffer as Buffer$1, isUtf8 } from "node:buffer";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import * as zstdWasm from "@bokuweb/zstd-wasm";
import { parquetMetadata, snappyUncompress } from "hyparquet";
import snappy from "parquetjs-lite/lib/compression.js";
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js";
import { parquetHeader } from "hyparquet/src/column.js";
import types from "parquetjs-lite/gen-nodejs/parquet_types.js";
import util from "parquetjs-lite/lib/util.js";
import library from "parquetjs-lite";
import { performance } from "node:perf_hooks";
import { setTimeout as setTimeout$1 } from "node:timers/promises";
import { Client, EnvHttpProxyAgent, Pool } from "undici";
import { execFileSync } from "node:child_process";
import { hostname, tmpdir } from "node:os";
import * as z from "zod";
import { Composer, Lexer, LineCounter, Parser, isAlias, isMap, isScalar, isSeq } from "yaml";
import { mkdtemp, readFile, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
// src/base/time.ts
/** Brands a whole number of microseconds. */
function micros(value) {
	return value;
}
/**
* Reads a timestamp in milliseconds.
*
* @throws RangeError when `ms` is not a safe integer, since a rounded time is a wrong time.
*/
function fromMillis(ms) {
	if (Number.isSafeInteger(ms)) return micros(BigInt(ms) * 1000n);
	throw new RangeError(`not a whole number of milliseconds: ${ms}`);
}
/** The millisecond that contains `time`: rounds down, also before 1970. */
function toMillis(time) {
	return Number(floorDiv(time, 1000n));
}
/** Division that rounds down for negative dividends too. */
function floorDiv(dividend, divisor) {
	const quotient = dividend / divisor;
	return dividend % divisor < 0n ? quotient - 1n : quotient;
}
/** `YYYY-MM-DDTHH:mm:ss.ffffffZ`, the only form in which times leave the program. */
function formatMicros(time) {
	const ms = toMillis(time);
	const rest = Number(time - BigInt(ms) * 1000n);
	return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]00:?00)?)?$/;
/**
* Reads an ISO 8601 date, or date-time in UTC, with at most six decimals. A date alone means its first moment; a
* date-time without `Z` is read as UTC, like every time in this program.
*
* @throws RangeError when the text has another form, another offset, or names a day or time that does not exist.
*/
function parseMicros(text) {
	const match = ISO.exec(text);
	if (match === null) throw new RangeError(`not an ISO 8601 date or UTC date-time: ${text}`);
	const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00", rest = ""] = match;
	const ms = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second);
	const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
	if (new Date(ms).toISOString().slice(0, 19) !== written) throw new RangeError(`no such day or time: ${text}`);
	return micros(BigInt(ms) * 1000n + BigInt(rest.padEnd(6, "0")));
}
/** A window as text, for documents and people. */
function formatWindow({ from, to }) {
	return {
		from: formatMicros(from),
		to: formatMicros(to)
	};
}
/** Reads a window back. @throws RangeError when a bound is not a moment or the window is empty. */
function parseWindow({ from, to }) {
	const window = {
		from: parseMicros(from),
		to: parseMicros(to)
	};
	if (window.from < window.to) return window;
	throw new RangeError(`an empty or reversed window: ${from} to ${to}`);
}
/** The length of a partition. */
const PARTITIONS = [
	"day",
	"month",
	"year"
];
const PERIOD_CHARS = {
	day: 10,
	month: 7,
	year: 4
};
/** The name of the period that holds `time`: `2024-03-01`, `2024-03` or `2024`. */
function periodOf$1(time, partition) {
	return formatMicros(time).slice(0, PERIOD_CHARS[partition]);
}
/**
* The span of a period named by {@link periodOf}.
*
* @throws RangeError when the name is not a day, month or year of the calendar.
*/
function periodWindow(period) {
	if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(period)) throw new RangeError(`not a period: ${period}`);
	const from = parseMicros(`${period}-01-01`.slice(0, 10));
	const date = new Date(toMillis(from));
	if (period.length === 10) date.setUTCDate(date.getUTCDate() + 1);
	else if (period.length === 7) date.setUTCMonth(date.getUTCMonth() + 1);
	else date.setUTCFullYear(date.getUTCFullYear() + 1);
	return {
		from,
		to: fromMillis(date.getTime())
	};
}
/** The later of two moments. */
function latest(a, b) {
	return a > b ? a : b;
}
/** The earlier of two moments. */
function earliest(a, b) {
	return a < b ? a : b;
}
// src/base/coverage.ts
/**
* Coverage: which spans of time are done. This algebra makes a backfill resumable: what is missing is what was wanted
* minus the coverage, and each commit is a union with it.
*/
/** Everything that `a` or `b` covers. Takes windows in any order, overlapping or touching. */
function union(a, b = []) {
	const merged = [];
	for (const next of [...a, ...b].sort(byFrom)) {
		const last = merged.at(-1);
		if (last === void 0 || last.to < next.from) merged.push({
			from: next.from,
			to: next.to
		});
		else if (last.to < next.to) merged[merged.length - 1] = {
			from: last.from,
			to: next.to
		};
	}
	return merged;
}
/** What is left of `wanted` without `have`. */
function subtract(wanted, have) {
	const missing = [];
	let { from } = wanted;
	for (const done of have) {
		if (done.to <= from) continue;
		if (wanted.to <= done.from) break;
		if (from < done.from) missing.push({
			from,
			to: done.from
		});
		from = done.to;
	}
	if (from < wanted.to) missing.push({
		from,
		to: wanted.to
	});
	return missing;
}
/** {@link subtract} for several windows at once. */
function subtractAll(wanted, have) {
	return wanted.flatMap((window) => subtract(window, have));
}
/**
* Windows as they are requested: in whole milliseconds, no wider than necessary. Some sources have microsecond times
* and others millisecond times. Where one continues after another within a millisecond, rows of that millisecond which
* the first did not return could lie before the second's window. Rows that come again are merged by key.
*/
function wholeMillis$1(windows) {
	return union(windows.map(({ from, to }) => ({
		from: micros(floorDiv(from, 1000n) * 1000n),
		to: micros(floorDiv(to + 999n, 1000n) * 1000n)
	})));
}
/** What to request of `wanted` when `have` is there; see {@link wholeMillis}. */
function leftToAsk(wanted, have) {
	return wholeMillis$1(subtractAll(wanted, have));
}
/** What both cover. */
function intersect(a, b) {
	return a.flatMap((window) => clip(b, window));
}
/** The part of `coverage` that lies in `window`. */
function clip(coverage, window) {
	const clipped = [];
	for (const { from, to } of coverage) {
		const part = {
			from: latest(from, window.from),
			to: earliest(to, window.to)
		};
		if (part.from < part.to) clipped.push(part);
	}
	return clipped;
}
/** Is all of `window` covered? */
function covers(coverage, window) {
	return subtract(window, coverage).length === 0;
}
function byFrom(a, b) {
	return a.from < b.from ? -1 : a.from > b.from ? 1 : 0;
}
/** The total length of these windows, in microseconds. */
function lengthOf$1(windows) {
	return windows.reduce((sum, { from, to }) => sum + Number(to - from), 0);
}
/** The part of `wanted` that is not `missing`, 0 to 1; 1 where nothing is wanted. */
function shareWithout(wanted, missing) {
	const all = lengthOf$1(wanted);
	return all === 0 ? 1 : Math.max(0, 1 - lengthOf$1(missing) / all);
}
// src/base/errors.ts
/**
* Errors, one class per reaction: fix the job, wait, look at the data, look at the disk. Each says what happened, has a
* stable code, and hints at the next step. Text from a server is included only through `quoteText`.
*/
/** Base of every error thrown on purpose. Anything else that is thrown is a bug. */
var BackfillError = class extends Error {
	/** What the user can do about it, in one sentence. */
	hint;
	constructor(message, options = {}) {
		super(message, options);
		this.name = new.target.name;
		this.hint = options.hint;
	}
};
/** The command line, the environment or a job file asks for something impossible. Nothing was done. */
var UsageError = class extends BackfillError {
	code = "E_USAGE";
	exit = 2;
};
/** A job file is not valid; has every problem found, in the order of the file. */
var JobError = class extends UsageError {
	code = "E_JOB_INVALID";
	problems;
	constructor(problems) {
		super(problems.map(formatProblem).join("\n"), { hint: "Fix the job file; `binance-backfill schema` prints what it may contain." });
		this.problems = problems;
	}
};
function formatProblem({ file, line, column, path, message }) {
	return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}
/** No complete answer came: connection, deadline, size cap, damaged body. Worth another try. */
var TransportError = class extends BackfillError {
	code = "E_TRANSPORT";
	exit = 3;
	/** `false` for what another try cannot solve, e.g. an invalid certificate. */
	isTransient;
	constructor(message, options = {}) {
		super(message, {
			...options,
			hint: "Check the network, then run again."
		});
		this.isTransient = options.isTransient ?? true;
	}
};
/** Every attempt failed; what was fetched before is kept. */
var UnreachableError = class extends BackfillError {
	code = "E_UNREACHABLE";
	exit = 3;
};
/** The exchange will never answer this request: wrong symbol, retired endpoint. */
var RejectedError = class extends BackfillError {
	code = "E_REJECTED";
	exit = 3;
	status;
	/** Binance's own error code, e.g. -1121; `undefined` when the body had none. */
	exchangeCode;
	constructor(message, options) {
		super(message, options);
		this.status = options.status;
		this.exchangeCode = options.exchangeCode;
	}
};
/** What the exchange does not have now: history no longer served over REST, unpublished files, symbols of a status. */
var UnavailableError = class extends BackfillError {
	code = "E_UNAVAILABLE";
	exit = 3;
};
/** The exchange's clock contradicts other clocks, so that it is not known what is past. Nothing is covered. */
var ClockError = class extends BackfillError {
	code = "E_CLOCK";
	exit = 3;
};
/** The exchange limits or bans this address for longer than the user allows. */
var BannedError = class extends BackfillError {
	code;
	exit = 5;
	/** When it ends, in milliseconds from now; `undefined` when it will not (451). */
	retryAfterMs;
	constructor(code, message, options) {
		super(message, options);
		this.code = code;
		this.retryAfterMs = options.retryAfterMs;
	}
};
/** The exchange sent something that cannot be true, or cannot be stored exactly; it was refused and not covered. */
var DataError = class extends BackfillError {
	code = "E_DATA_REFUSED";
	exit = 4;
};
/** An archive file that is set aside as a whole; another source may have its rows. */
var ArchiveError = class extends BackfillError {
	code = "E_ARCHIVE";
	exit = 3;
	problem;
	/** The file's path in the archive, or its name. */
	path;
	constructor(problem, path, message, options = {}) {
		super(message, {
			...options,
			hint: "Other sources are asked for its time; run again."
		});
		this.problem = problem;
		this.path = path;
	}
};
/** `verify` found damage in the lake. */
var DamageError = class extends BackfillError {
	code = "E_DAMAGED";
	exit = 4;
};
/** The disk or the lake's files cannot be used: full, read-only, foreign, newer, corrupt. */
var StoreError = class extends BackfillError {
	code;
	exit = 1;
	constructor(code, message, options = {}) {
		super(message, options);
		this.code = code;
	}
};
/** Was a file not replaced because it is no longer the version that the writer read? */
function isChanged(error) {
	return error instanceof StoreError && error.code === "E_STORE_CHANGED";
}
/** Another run holds the lake. */
var LockedError = class extends BackfillError {
	code = "E_LOCKED";
	exit = 6;
};
/** The signals that stop a run, and its exit codes: 128 and the signal's number, as in a shell. */
const STOP_EXITS = {
	SIGHUP: 129,
	SIGINT: 130,
	SIGTERM: 143
};
/** The user asked to stop; what was complete is committed. */
var StoppedError = class extends BackfillError {
	code = "E_STOPPED";
	exit;
	constructor(signal) {
		super(`stopped by ${signal}; what was fetched in full is kept`, { hint: "Run again to continue." });
		this.exit = STOP_EXITS[signal];
	}
};
/** Does this error end the whole run, not just its series? A file replaced by another process concerns one series. */
function isFatal(error) {
	return !(error instanceof BackfillError) || error instanceof BannedError || error instanceof StoppedError || error instanceof StoreError && !isChanged(error) || error instanceof LockedError;
}
/** Turns anything thrown into plain data. */
function describeError(error) {
	if (!(error instanceof BackfillError)) return {
		code: "E_UNEXPECTED",
		message: error instanceof Error ? error.message : String(error)
	};
	const { code, message, hint } = error;
	return hint === void 0 ? {
		code,
		message
	} : {
		code,
		message,
		hint
	};
}
// src/binance/series.ts
/** The names of the markets, as in job files and paths. */
const MARKET_NAMES = ["spot"];
/** The market of a job or query that names none. */
const DEFAULT_MARKET = "spot";
/** A series on one line: `klines BTCUSDT 1m`. */
function seriesName({ dataset, symbol, interval, account }) {
	return [
		account,
		dataset,
		symbol,
		interval
	].filter((part) => part !== void 0).join(" ");
}
/**
* The form of a symbol: 1 to 40 letters or digits of any script, `-`, `_` and `.`, but not only dots. Never a
* separator, a control character or a mark that changes how text is displayed, so that a symbol cannot leave its
* directory.
*
* Binance's own pattern for ASCII symbols is `^[A-Z0-9-_.]{1,20}$` (errors.md, -1100); since 2025-12-02 symbols may
* be non-ASCII (CHANGELOG).
*/
const SYMBOL_PATTERN = /^(?!\.+$)[\p{L}\p{M}\p{N}._-]{1,40}$/u;
// src/binance/interval.ts
/**
* Kline intervals: their names, their lengths, and the grid on which their open times normally lie.
*
* @see binance-spot-api-docs, rest-api.md, "Kline/Candlestick chart intervals": names are case-sensitive.
*/
/** Binance's own names, shortest first. `m` is a minute, `M` a month. */
const INTERVALS = [
	"1s",
	"1m",
	"3m",
	"5m",
	"15m",
	"30m",
	"1h",
	"2h",
	"4h",
	"6h",
	"8h",
	"12h",
	"1d",
	"3d",
	"1w",
	"1M"
];
const SECOND$2 = 1000000n;
const UNIT$1 = {
	s: SECOND$2,
	m: 60n * SECOND$2,
	h: 3600n * SECOND$2,
	d: 86400n * SECOND$2,
	w: 604800n * SECOND$2
};
const DAY$12 = 86400n * SECOND$2;
/** The length of an interval in microseconds; for `1M`, whose length varies, the longest: 31 days. */
function intervalStep(interval) {
	return interval === "1M" ? 31n * DAY$12 : BigInt(interval.slice(0, -1)) * (UNIT$1[interval.slice(-1)] ?? 0n);
}
/** Is the grid of open times of `interval` known? That of `3d` is not documented, so nothing is derived from it. */
function hasKnownGrid(interval) {
	return interval !== "3d";
}
const MONDAY$1 = 4n * DAY$12;
/** The last grid point at or before `time`. For `3d`, the grid of days. */
function gridFloor(interval, time) {
	if (interval === "1M") {
		const date = new Date(toMillis(time));
		return fromMillis(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1));
	}
	const step = interval === "3d" ? DAY$12 : intervalStep(interval);
	const phase = interval === "1w" ? MONDAY$1 : 0n;
	return micros(floorDiv(time - phase, step) * step + phase);
}
/** The first grid point after `time`. For `3d`, the grid of days. */
function gridNext(interval, time) {
	const floor = gridFloor(interval, time);
	if (interval !== "1M") return micros(floor + (interval === "3d" ? DAY$12 : intervalStep(interval)));
	const date = new Date(toMillis(floor));
	return fromMillis(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
}
/** The first grid point at or after `time`. */
function gridCeil(interval, time) {
	return gridFloor(interval, time) === time ? time : gridNext(interval, time);
}
/** How many grid points lie in `window`. */
function slotCount(interval, window) {
	if (interval === "1M") return monthIndex(window.to) - monthIndex(window.from);
	const step = interval === "3d" ? DAY$12 : intervalStep(interval);
	const first = gridCeil(interval, window.from);
	return first >= window.to ? 0 : Number((window.to - first - 1n) / step) + 1;
}
function monthIndex(time) {
	const ceil = new Date(toMillis(gridCeil("1M", time)));
	return ceil.getUTCFullYear() * 12 + ceil.getUTCMonth();
}
/** The end of the `count` grid slots that begin at or before `from`. */
function slotsAfter(interval, from, count) {
	const floor = gridFloor(interval, from);
	if (interval === "1M") {
		const date = new Date(toMillis(floor));
		return fromMillis(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1));
	}
	return micros(floor + intervalStep(interval) * BigInt(count));
}
/** The name used in paths and archives: `1M` becomes `1mo`, for file systems that fold case. */
function intervalPathName(interval) {
	return interval === "1M" ? "1mo" : interval;
}
/** Reads an interval from a path or a job; accepts `1mo` for `1M`. */
function parseInterval(text) {
	return INTERVALS.find((interval) => interval === text || intervalPathName(interval) === text);
}
// src/binance/dataset.ts
/** The names of the datasets, as in job files and paths. */
const DATASET_KINDS = [
	"klines",
	"uiKlines",
	"aggTrades",
	"trades",
	"blockTrades",
	"myTrades",
	"allOrders",
	"myAllocations"
];
/** How the numbers of prices and quantities are stored. */
const NUMBERS = [
	"float64",
	"decimal",
	"string"
];
/** The index of a column by name; a dataset always has the columns that it names itself. */
function columnIndex$2(dataset, name) {
	const index = dataset.columns.findIndex((column) => column.name === name);
	if (index >= 0) return index;
	throw new RangeError(`${dataset.kind} has no column ${name}`);
}
/** The columns of the archive files of `dataset`, in order. @throws RangeError when it is not in the archive */
function archiveColumns({ kind, archive }) {
	if (archive !== void 0) return archive;
	throw new RangeError(`${kind} is not in the archive`);
}
/** A column of an archive file; header rows name it `name`, or as in `headers`. */
function archiveColumn(name, ...headers) {
	return {
		name,
		headers: [...name === void 0 ? [] : [headerWord(name)], ...headers]
	};
}
/**
* A name from a header row without what varies: letters and digits only, in lower case. A single letter keeps its case,
* since `m` and `M` are two columns.
*/
function headerWord(name) {
	const word = name.replace(/[^A-Za-z0-9]/g, "");
	return word.length === 1 ? word : word.toLowerCase();
}
const aggTrades = {
	kind: "aggTrades",
	path: "/api/v3/aggTrades",
	weight: 4,
	pageRows: 1e3,
	walk: "aggTradeId",
	security: "none",
	shape: "object",
	hasInterval: false,
	key: "agg_trade_id",
	time: "time",
	columns: [
		{
			name: "agg_trade_id",
			type: "id",
			json: "a"
		},
		{
			name: "price",
			type: "price",
			json: "p"
		},
		{
			name: "quantity",
			type: "quantity",
			json: "q"
		},
		{
			name: "first_trade_id",
			type: "id",
			json: "f"
		},
		{
			name: "last_trade_id",
			type: "id",
			json: "l"
		},
		{
			name: "time",
			type: "time",
			json: "T"
		},
		{
			name: "is_buyer_maker",
			type: "flag",
			json: "m"
		},
		{
			name: "is_best_match",
			type: "flag",
			json: "M"
		}
	],
	ignored: [],
	rules: "aggTrade",
	archive: [
		archiveColumn("agg_trade_id", "aggregatetradeid", "a"),
		archiveColumn("price", "p"),
		archiveColumn("quantity", "qty", "q"),
		archiveColumn("first_trade_id", "f"),
		archiveColumn("last_trade_id", "l"),
		archiveColumn("time", "timestamp", "transacttime", "T"),
		archiveColumn("is_buyer_maker", "wasthebuyerthemaker", "m"),
		archiveColumn("is_best_match", "wasthetradethebestpricematch", "M")
	],
	partition: () => "day",
	rowBytes: 8,
	rowsPerDay: 1e6
};
// src/binance/datasets/account.ts
const ACCOUNT = {
	weight: 20,
	pageRows: 1e3,
	walk: "accountWindow",
	security: "signed",
	shape: "object",
	hasInterval: false,
	time: "time",
	rowBytes: 60,
	rowsPerDay: 100,
	partition: () => "month"
};
// src/binance/datasets/all-orders.ts
const allOrders$1 = {
	...ACCOUNT,
	kind: "allOrders",
	path: "/api/v3/allOrders",
	cursor: "orderId",
	key: "order_id",
	columns: [
		{
			name: "order_id",
			type: "id",
			json: "orderId"
		},
		{
			name: "order_list_id",
			type: "id",
			json: "orderListId"
		},
		{
			name: "client_order_id",
			type: "text",
			json: "clientOrderId"
		},
		{
			name: "price",
			type: "price",
			json: "price"
		},
		{
			name: "orig_quantity",
			type: "quantity",
			json: "origQty"
		},
		{
			name: "executed_quantity",
			type: "quantity",
			json: "executedQty"
		},
		{
			name: "cumulative_quote_quantity",
			type: "quantity",
			json: "cummulativeQuoteQty"
		},
		{
			name: "status",
			type: "text",
			json: "status"
		},
		{
			name: "time_in_force",
			type: "text",
			json: "timeInForce"
		},
		{
			name: "type",
			type: "text",
			json: "type"
		},
		{
			name: "side",
			type: "text",
			json: "side"
		},
		{
			name: "stop_price",
			type: "price",
			json: "stopPrice",
			nullable: true
		},
		{
			name: "iceberg_quantity",
			type: "quantity",
			json: "icebergQty",
			nullable: true
		},
		{
			name: "time",
			type: "time",
			json: "time"
		},
		{
			name: "update_time",
			type: "time",
			json: "updateTime"
		},
		{
			name: "is_working",
			type: "flag",
			json: "isWorking"
		},
		{
			name: "working_time",
			type: "time",
			json: "workingTime",
			nullable: true
		},
		{
			name: "orig_quote_order_quantity",
			type: "quantity",
			json: "origQuoteOrderQty"
		},
		{
			name: "self_trade_prevention_mode",
			type: "text",
			json: "selfTradePreventionMode",
			nullable: true
		},
		{
			name: "extra",
			type: "extra",
			json: "",
			nullable: true
		}
	],
	ignored: ["symbol"],
	extras: [
		"trailingDelta",
		"trailingTime",
		"strategyId",
		"strategyType",
		"workingFloor",
		"preventedMatchId",
		"preventedQuantity",
		"usedSor",
		"pegPriceType",
		"pegOffsetType",
		"pegOffsetValue",
		"peggedPrice",
		"expiryReason"
	],
	rules: "order",
	staysOpen: true
};
// src/binance/datasets/klines.ts
const shared$2 = {
	weight: 2,
	pageRows: 1e3,
	walk: "openTime",
	security: "none",
	shape: "array",
	hasInterval: true,
	key: "open_time",
	time: "open_time",
	columns: [
		{
			name: "open_time",
			type: "time",
			json: 0
		},
		{
			name: "open",
			type: "price",
			json: 1
		},
		{
			name: "high",
			type: "price",
			json: 2
		},
		{
			name: "low",
			type: "price",
			json: 3
		},
		{
			name: "close",
			type: "price",
			json: 4
		},
		{
			name: "volume",
			type: "quantity",
			json: 5
		},
		{
			name: "close_time",
			type: "end",
			json: 6
		},
		{
			name: "quote_volume",
			type: "quantity",
			json: 7
		},
		{
			name: "trade_count",
			type: "count",
			json: 8
		},
		{
			name: "taker_buy_volume",
			type: "quantity",
			json: 9
		},
		{
			name: "taker_buy_quote_volume",
			type: "quantity",
			json: 10
		}
	],
	ignored: [11],
	filler: "0",
	rowBytes: 45,
	rowsPerDay: 1440,
	rules: "kline",
	partition: periodOf
};
const archive$1 = [
	archiveColumn("open_time"),
	archiveColumn("open"),
	archiveColumn("high"),
	archiveColumn("low"),
	archiveColumn("close"),
	archiveColumn("volume"),
	archiveColumn("close_time"),
	archiveColumn("quote_volume", "quoteassetvolume"),
	archiveColumn("trade_count", "count", "numberoftrades", "trades"),
	archiveColumn("taker_buy_volume", "takerbuybaseassetvolume", "takerbuybasevolume"),
	archiveColumn("taker_buy_quote_volume", "takerbuyquoteassetvolume"),
	archiveColumn(void 0, "ignore")
];
const klines$1 = {
	...shared$2,
	kind: "klines",
	path: "/api/v3/klines",
	archive: archive$1
};
const uiKlines = {
	...shared$2,
	kind: "uiKlines",
	path: "/api/v3/uiKlines"
};
function periodOf(interval) {
	if (interval === void 0 || interval === "1s") return "day";
	return interval.endsWith("m") ? "month" : "year";
}
// src/binance/datasets/my-allocations.ts
const myAllocations = {
	...ACCOUNT,
	kind: "myAllocations",
	path: "/api/v3/myAllocations",
	cursor: "fromAllocationId",
	key: "allocation_id",
	columns: [
		{
			name: "allocation_id",
			type: "id",
			json: "allocationId"
		},
		{
			name: "allocation_type",
			type: "text",
			json: "allocationType"
		},
		{
			name: "order_id",
			type: "id",
			json: "orderId"
		},
		{
			name: "order_list_id",
			type: "id",
			json: "orderListId"
		},
		{
			name: "price",
			type: "price",
			json: "price"
		},
		{
			name: "quantity",
			type: "quantity",
			json: "qty"
		},
		{
			name: "quote_quantity",
			type: "quantity",
			json: "quoteQty"
		},
		{
			name: "commission",
			type: "quantity",
			json: "commission"
		},
		{
			name: "commission_asset",
			type: "text",
			json: "commissionAsset"
		},
		{
			name: "time",
			type: "time",
			json: "time"
		},
		{
			name: "is_buyer",
			type: "flag",
			json: "isBuyer"
		},
		{
			name: "is_maker",
			type: "flag",
			json: "isMaker"
		},
		{
			name: "is_allocator",
			type: "flag",
			json: "isAllocator"
		}
	],
	ignored: ["symbol"],
	rules: "allocation"
};
// src/binance/datasets/my-trades.ts
const myTrades = {
	...ACCOUNT,
	kind: "myTrades",
	path: "/api/v3/myTrades",
	cursor: "fromId",
	key: "trade_id",
	columns: [
		{
			name: "trade_id",
			type: "id",
			json: "id"
		},
		{
			name: "order_id",
			type: "id",
			json: "orderId"
		},
		{
			name: "order_list_id",
			type: "id",
			json: "orderListId"
		},
		{
			name: "price",
			type: "price",
			json: "price"
		},
		{
			name: "quantity",
			type: "quantity",
			json: "qty"
		},
		{
			name: "quote_quantity",
			type: "quantity",
			json: "quoteQty"
		},
		{
			name: "commission",
			type: "quantity",
			json: "commission"
		},
		{
			name: "commission_asset",
			type: "text",
			json: "commissionAsset"
		},
		{
			name: "time",
			type: "time",
			json: "time"
		},
		{
			name: "is_buyer",
			type: "flag",
			json: "isBuyer"
		},
		{
			name: "is_maker",
			type: "flag",
			json: "isMaker"
		},
		{
			name: "is_best_match",
			type: "flag",
			json: "isBestMatch"
		}
	],
	ignored: ["symbol"],
	rules: "trade"
};
// src/binance/datasets/trades.ts
/**
* Trades, and block trades.
*
* @see binance-spot-api-docs, rest-api.md, "Old trade lookup" and "Historical block trades"; header rows of archive files.
*/
const shared$1 = {
	weight: 25,
	pageRows: 1e3,
	security: "apiOnly",
	shape: "object",
	hasInterval: false,
	key: "trade_id",
	time: "time",
	ignored: [],
	rowBytes: 10,
	rowsPerDay: 2e6,
	rules: "trade",
	partition: () => "day"
};
const columns = [
	{
		name: "trade_id",
		type: "id",
		json: "id"
	},
	{
		name: "price",
		type: "price",
		json: "price"
	},
	{
		name: "quantity",
		type: "quantity",
		json: "qty"
	},
	{
		name: "quote_quantity",
		type: "quantity",
		json: "quoteQty"
	},
	{
		name: "time",
		type: "time",
		json: "time"
	},
	{
		name: "is_buyer_maker",
		type: "flag",
		json: "isBuyerMaker"
	}
];
const archive = [
	archiveColumn("trade_id", "id"),
	archiveColumn("price"),
	archiveColumn("quantity", "qty"),
	archiveColumn("quote_quantity", "quoteqty"),
	archiveColumn("time", "timestamp"),
	archiveColumn("is_buyer_maker", "wasthebuyerthemaker"),
	archiveColumn("is_best_match", "wasthetradethebestpricematch")
];
// src/binance/market.ts
/** Every market by its name. */
const MARKETS = { spot: {
	datasets: {
		klines: klines$1,
		uiKlines,
		aggTrades,
		trades: {
			...shared$1,
			kind: "trades",
			path: "/api/v3/historicalTrades",
			walk: "tradeId",
			columns: [...columns, {
				name: "is_best_match",
				type: "flag",
				json: "isBestMatch"
			}],
			archive
		},
		blockTrades: {
			...shared$1,
			kind: "blockTrades",
			path: "/api/v3/historicalBlockTrades",
			walk: "blockTradeId",
			columns,
			rowsPerDay: 100
		},
		myTrades,
		allOrders: allOrders$1,
		myAllocations
	},
	archiveFolder: "data/spot"
} };
/** The datasets of {@link DEFAULT_MARKET}. */
const DATASETS = MARKETS[DEFAULT_MARKET].datasets;
/** The facts about the dataset of a series. */
function datasetOf({ market, dataset }) {
	return MARKETS[market].datasets[dataset];
}
/** The klines of a symbol: they reach back to its listing, while trades may not. */
function klinesOf$1({ market, symbol }) {
	return {
		market,
		dataset: "klines",
		symbol,
		interval: "1m"
	};
}
// src/binance/archive.ts
/**
* The public archive: which files exist, what they are called, and when they appear.
*
* @see binance-public-data, README.md: daily files appear the next day, monthly ones on the first Monday of the month;
* spot times are in microseconds from 2025-01-01 on. Its `enums.py`: intervals above a day have no daily files.
*/
const DAY$11 = 86400000000n;
/** From then on spot files have microseconds, before that milliseconds. */
const ARCHIVE_MICROS_FROM = parseMicros("2025-01-01");
/**
* A monthly file is used when at least this many of its days are wanted; for fewer, daily files are less to download.
*/
const MONTH_DAYS_MIN = 10n;
/** Is `period` a day or a month? */
function archiveSpan(period) {
	return period.length === 7 ? "monthly" : "daily";
}
/** The folder of a series: `data/spot/daily/klines/BTCUSDT/1m/`. Not percent-encoded. */
function archiveFolder({ market, dataset, symbol, interval }, span) {
	const folder = `${MARKETS[market].archiveFolder}/${span}/${dataset}/${symbol}/`;
	return interval === void 0 ? folder : `${folder}${intervalPathName(interval)}/`;
}
/** The path of one file: `data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-01.zip`. Not percent-encoded. */
function archivePath(key, period) {
	return `${archiveFolder(key, archiveSpan(period))}${baseName(key, period)}.zip`;
}
/** The path of the file with a file's SHA-256. */
function checksumPath(path) {
	return `${path}.CHECKSUM`;
}
/** The name of the one entry of a file: `BTCUSDT-1m-2024-03-01.csv`. */
function entryName(key, period) {
	return `${baseName(key, period)}.csv`;
}
function baseName({ dataset, symbol, interval }, period) {
	return `${symbol}-${interval === void 0 ? dataset : intervalPathName(interval)}-${period}`;
}
/** The day or month of a file, from its path; `undefined` if the path does not end with one. */
function periodOfPath(path) {
	return /-(\d{4}-\d{2}(?:-\d{2})?)\.zip$/.exec(path)?.[1];
}
/** The first moment at which a file may exist: the next day, or the first Monday of the next month (UTC). */
function publishedFrom(period) {
	const { to } = periodWindow(period);
	if (archiveSpan(period) === "daily") return to;
	const past = (to / DAY$11 % 7n + 3n) % 7n;
	return past === 0n ? to : micros(to + (7n - past) * DAY$11);
}
/**
* The files that hold the rows of `window`, oldest first, as far as they may be published by `now`: monthly ones where
* most of the month is wanted, otherwise daily ones. They do not overlap, and may reach beyond the window.
*/
function archivePeriods(key, window, now) {
	const isMonthlyOnly = key.interval !== void 0 && intervalStep(key.interval) > DAY$11;
	const periods = [];
	for (let from = window.from; from < window.to;) {
		const month = periodOf$1(from, "month");
		const whole = periodWindow(month);
		const part = {
			from: latest(from, whole.from),
			to: earliest(window.to, whole.to)
		};
		const isMost = part.to - part.from >= MONTH_DAYS_MIN * DAY$11;
		if (isPublished(month, now) && (isMonthlyOnly || isMost)) periods.push({
			period: month,
			window: whole
		});
		else if (!isMonthlyOnly) periods.push(...dailyPeriods(part, now));
		from = whole.to;
	}
	return periods;
}
/** The daily files that hold the rows of `window`; they replace a monthly file that cannot be used. */
function dailyPeriods(window, now) {
	const periods = [];
	const first = micros(floorDiv(window.from, DAY$11) * DAY$11);
	for (let from = first; from < window.to; from = micros(from + DAY$11)) {
		const period = formatMicros(from).slice(0, 10);
		if (isPublished(period, now)) periods.push({
			period,
			window: periodWindow(period)
		});
	}
	return periods;
}
function isPublished(period, now) {
	return publishedFrom(period) <= now;
}
/** Bytes of zips downloaded, read and stored per second: the assumption that `plan` states. */
const ARCHIVE_BYTES_PER_SECOND = 1e7;
/** Full API, in the documented order: api1 to api4 trade stability for speed. */
const API_URLS = [
	"https://api.binance.com",
	"https://api-gcp.binance.com",
	"https://api1.binance.com",
	"https://api2.binance.com",
	"https://api3.binance.com",
	"https://api4.binance.com"
];
const OWN_DOMAINS = ["binance.com", "binance.vision"];
/** Is `url` one of Binance's own hosts, over https, without user or password? */
function isBinanceUrl(url) {
	if (!URL.canParse(url)) return false;
	const { protocol, hostname, username, password } = new URL(url);
	const isOwn = OWN_DOMAINS.some((own) => hostname === own || hostname.endsWith(`.${own}`));
	return protocol === "https:" && username === "" && password === "" && isOwn;
}
// src/base/hash.ts
/** Content hashes of files. */
const PIECE_BYTES = 1 << 20;
/** Hashes of files already read: they do not change while open, so reading once is enough. */
const known$1 = /* @__PURE__ */ new WeakMap();
/** SHA-256 of a whole file, read in chunks, once; lower-case hex. */
function hashOf(file) {
	const before = known$1.get(file);
	if (before !== void 0) return before;
	const hashing = hashPieces(file);
	known$1.set(file, hashing);
	hashing.catch(() => known$1.delete(file));
	return hashing;
}
async function hashPieces(file) {
	const hash = createHash("sha256");
	for (let at = 0; at < file.sizeBytes; at += PIECE_BYTES) hash.update(await file.read(at, Math.min(file.sizeBytes, at + PIECE_BYTES)));
	return hash.digest("hex");
}
/** SHA-256 of bytes; lower-case hex. */
function hashOfBytes(bytes) {
	return createHash("sha256").update(bytes).digest("hex");
}
// src/base/text.ts
/** Text from outside, made safe for a terminal, a log line and an error message. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu;
/** Longest outside text that is quoted, in characters. */
const QUOTED_MAX$3 = 300;
/**
* `text` with every character that could hide, reorder or forge written as `\u{...}`, cut to `max` characters. Linear
* in the cut length, whatever the input.
*/
function quoteText(text, max = QUOTED_MAX$3) {
	const safe = text.slice(0, max).replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
	return text.length > max ? `${safe}...` : safe;
}
/**
* `value` as JSON on one line, with every character that could hide, reorder or forge escaped: JSON.stringify leaves C1
* controls and bidirectional marks as they are, and the reader may be a terminal.
*/
function jsonText(value) {
	return safeJson(JSON.stringify(value));
}
/** JSON on one line, made safe as by {@link jsonText}, with the same meaning as before. */
function safeJson(json) {
	return json.replace(UNSAFE, (char) => Array.from({ length: char.length }, (_, at) => unitEscape(char.charCodeAt(at))).join(""));
}
function unitEscape(unit) {
	return `\\u${unit.toString(16).padStart(4, "0")}`;
}
/** How many terminal columns `text` takes: wide and full-width characters take two, marks none. */
function displayWidth(text) {
	let width = 0;
	for (const char of text) width += charWidth(char);
	return width;
}
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
function charWidth(char) {
	if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(char)) return 0;
	return WIDE.test(char) ? 2 : 1;
}
// src/node/disk-error.ts
/** What the machine refuses, as the errors of this project: what failed, on which file of the lake, and what to do. */
const FULL$1 = /* @__PURE__ */ new Set(["ENOSPC", "EDQUOT"]);
const HINTS$2 = {
	ENOSPC: "Free some space, then run again; what was committed is kept.",
	EDQUOT: "The quota is used up: free some space, then run again; what was committed is kept.",
	EACCES: "Check who owns the data directory and whether this user may write to it.",
	EPERM: "Check who owns the data directory and whether this user may write to it.",
	EROFS: "The file system is read-only: choose another data directory with --data-dir.",
	EIO: "The disk reports an error: check it, then run `binance-backfill verify`.",
	EMFILE: "Too many open files: raise the limit (`ulimit -n`) or lower --concurrency.",
	ENFILE: "Too many open files on this machine: close some, then run again.",
	ENAMETOOLONG: "The path is too long for this file system: choose a shorter data directory.",
	EXDEV: "`_tmp` must be on the same file system as the rest of the data directory.",
	ELOOP: "A symbolic link is in the way; the lake follows none out of its directory.",
	ENOTDIR: "A file is where a directory should be: move it away, or choose another data directory.",
	EISDIR: "A directory is where a file should be: move it away.",
	EEXIST: "A file is where a directory should be: move it away, or choose another data directory.",
	ENOENT: "It was there a moment ago: is another program working in the data directory?",
	ESTALE: "The network file system lost the file: check the mount, then run again."
};
/** About the disk, the path or the machine, whatever the call: another way to do the same would meet it too. */
const OF_DISK = /* @__PURE__ */ new Set([
	...FULL$1,
	"EIO",
	"EROFS",
	"EMFILE",
	"ENFILE",
	"ENOMEM",
	"ENOENT",
	"ENOTDIR",
	"ENAMETOOLONG",
	"ELOOP",
	"ESTALE",
	"ENODEV",
	"ENXIO",
	"ETIMEDOUT"
]);
/** Is a refusal with `code` about the disk, rather than about what it cannot do at all? */
function isOfDisk(code) {
	return OF_DISK.has(code);
}
/** The system's error code, e.g. `ENOENT`, or `UNKNOWN` where Windows has one that Node has no name for; `undefined` for anything else than an error of the system. */
function systemCode(error) {
	const code = error instanceof Error ? error.code : void 0;
	return typeof code === "string" && /^(?:E[A-Z0-9]+|UNKNOWN)$/.test(code) ? code : void 0;
}
/**
* Turns an error of the system into a StoreError; any other error is returned as it is.
*
* @param doing - what was tried, e.g. `write`.
* @param path - relative to the lake.
*/
function toStoreError(error, doing, path) {
	const code = systemCode(error);
	if (code === void 0) return error;
	const what = path === "" ? "the data directory" : quoteText(path);
	return new StoreError(FULL$1.has(code) ? "E_STORE_FULL" : "E_STORE_IO", `cannot ${doing} ${what}: ${FULL$1.has(code) ? "no space left" : "the system refuses"} (${code})`, {
		cause: error,
		hint: HINTS$2[code]
	});
}
/** Runs `work`; what the system refuses meanwhile is thrown as by {@link toStoreError}. */
async function asStore(doing, path, work) {
	try {
		return await work();
	} catch (error) {
		throw toStoreError(error, doing, path);
	}
}
/** Runs `work`; `otherwise` when the system refuses with one of `codes`. */
async function unless(codes, otherwise, work) {
	try {
		return await work();
	} catch (error) {
		if (codes.includes(systemCode(error) ?? "")) return otherwise;
		throw error;
	}
}
// src/node/fs-calls.ts
/**
* The few system calls that the lake is written with, as a table: what a test can count, fail and stop at each step.
*/
const { constants } = fs;
const noFollow = constants.O_NOFOLLOW ?? 0;
const noBlock = constants.O_NONBLOCK ?? 0;
const directory = constants.O_DIRECTORY ?? 0;
/** Flags of {@link FsCalls.open}. None follows a symlink in the last segment. */
const OPEN = {
	/** A new file for writing and reading back; fails when the name is taken. */
	create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | noFollow,
	/** Without O_NONBLOCK, opening a pipe that lies in the lake would hang for ever. */
	read: constants.O_RDONLY | noFollow | noBlock,
	/** A directory, to fsync it. */
	directory: constants.O_RDONLY | directory
};
const open$1 = promisify(fs.open);
const write$1 = promisify(fs.write);
const read = promisify(fs.read);
const fstat = promisify(fs.fstat);
const lstat = promisify(fs.lstat);
const readdir$1 = promisify(fs.readdir);
const mkdir = promisify(fs.mkdir);
const realpath = promisify(fs.realpath.native);
/** The system calls of this machine. */
const nodeFsCalls = {
	open: (path, flags, mode) => open$1(path, flags, mode),
	write: async (fd, bytes, position) => (await write$1(fd, bytes, 0, bytes.byteLength, position)).bytesWritten,
	read: async (fd, into, position) => (await read(fd, into, 0, into.byteLength, position)).bytesRead,
	fsync: promisify(fs.fsync),
	close: promisify(fs.close),
	fstat: async (fd) => toStat(await fstat(fd)),
	lstat: async (path) => toStat(await lstat(path)),
	rename: promisify(fs.rename),
	link: promisify(fs.link),
	unlink: promisify(fs.unlink),
	mkdir: async (path) => {
		await mkdir(path, { mode: 493 });
	},
	readdir: async (path) => (await readdir$1(path, { withFileTypes: true })).map((entry) => ({
		name: entry.name,
		kind: kindOf(entry)
	})),
	realpath: (path) => realpath(path)
};
function toStat(stats) {
	return {
		kind: kindOf(stats),
		sizeBytes: stats.size
	};
}
function kindOf(kinds) {
	if (kinds.isFile()) return "file";
	return kinds.isDirectory() ? "directory" : "other";
}
// src/node/open-file.ts
/** Files of the disk, open for random access. */
/** What the system says of a name that is not there. */
const ABSENT$1 = ["ENOENT", "ENOTDIR"];
/**
* Opens the file at `absolute`; `undefined` when there is none.
*
* @param path - Relative to the lake, for errors.
*/
async function openAt(calls, absolute, path) {
	const fd = await unless(ABSENT$1, void 0, () => calls.open(absolute, OPEN.read));
	if (fd === void 0) return void 0;
	try {
		const { kind, sizeBytes } = await calls.fstat(fd);
		if (kind !== "file") throw notAFile(path);
		return storedFile(calls, fd, {
			path,
			sizeBytes
		});
	} catch (error) {
		await calls.close(fd).catch(() => void 0);
		throw error;
	}
}
/** The error of a name that something else than a file has. */
function notAFile(path) {
	return new StoreError("E_STORE_IO", `${quoteText(path)} is not a regular file`, { hint: "Move it away, or choose another data directory." });
}
function storedFile(calls, fd, named) {
	let isOpen = true;
	const file = {
		...readableAt(calls, fd, named),
		version: async () => versionOf(await hashOf(file)),
		close: () => asStore("close", named.path, async () => {
			if (!isOpen) return;
			isOpen = false;
			await calls.close(fd);
		})
	};
	return file;
}
/** On a disk a version is the hash of the content: names, times and inodes are given anew, and to other bytes. */
function versionOf(sha256) {
	return sha256;
}
/** Random access to a file, by its descriptor. */
function readableAt(calls, fd, { path, sizeBytes }) {
	return {
		sizeBytes,
		read: (from, to) => asStore("read", path, async () => {
			if (from < 0 || to < from || to > sizeBytes) throw new StoreError("E_STORE_CORRUPT", `${quoteText(path)} has ${sizeBytes} bytes; [${from}, ${to}) is outside of it`);
			return readFully(calls, fd, from, new Uint8Array(to - from), path);
		})
	};
}
async function readFully(calls, fd, from, into, path) {
	for (let done = 0; done < into.byteLength;) {
		const count = await calls.read(fd, into.subarray(done), from + done);
		if (count === 0) throw new StoreError("E_STORE_IO", `${quoteText(path)} became shorter`);
		done += count;
	}
	return into;
}
// src/node/expected.ts
/**
* Replacing what was expected, on a disk, where no system call compares: writers of this process take turns between
* comparing and renaming. Other processes are kept away by the lake's lock.
*/
/** Who works at a path last, by the system that it lies on: all that is opened with the same calls takes turns. */
const lines = /* @__PURE__ */ new WeakMap();
/** Runs `work` when all that was begun before at the same path is over. */
async function inTurn(calls, absolute, work) {
	const line = lines.get(calls) ?? /* @__PURE__ */ new Map();
	lines.set(calls, line);
	const mine = (line.get(absolute) ?? Promise.resolve()).then(work);
	const over = mine.catch(() => void 0);
	line.set(absolute, over);
	try {
		return await mine;
	} finally {
		if (line.get(absolute) === over) line.delete(absolute);
	}
}
/**
* To be called in turn.
*
* @param path - Of the file at `absolute`, relative to the lake.
* @throws StoreError `E_STORE_CHANGED` when another file is there than the one that was expected.
*/
async function assertExpected(calls, absolute, path, expected) {
	if (expected === "absent") {
		const stat = await unless(ABSENT$1, void 0, () => calls.lstat(absolute));
		if (stat === void 0) return;
		throw stat.kind === "file" ? changedFile(path) : notAFile(path);
	}
	const file = await openAt(calls, absolute, path);
	if (file === void 0 || await closing$1(file) !== expected) throw changedFile(path);
}
async function closing$1(file) {
	try {
		return await file.version();
	} finally {
		await file.close();
	}
}
/** The error of a file that is not the one any more that a writer built upon. */
function changedFile(path) {
	return new StoreError("E_STORE_CHANGED", `${quoteText(path)} is not the file any more that was read; it was left as it is`, { hint: "Something else writes to the lake: see that nothing does, and run again, which looks at the file anew." });
}
// src/base/ports.ts
/**
* Where spools lie on a disk, in the lake: on the same file system, so that a rename is one step; outside of every
* directory that readers look into; and never `*.parquet`.
*/
const TEMP_DIRECTORY = "_tmp";
// src/node/temp-file.ts
/**
* A file being written under a temporary name and then published whole under its own: write → fsync → length check →
* close → rename → fsync of the directory.
*/
const FILE_MODE = 420;
/** Creates a temporary file with a name that nobody else has. */
async function createTemp({ tree, calls }) {
	const name = `${TEMP_DIRECTORY}/${process.pid}-${randomBytes(8).toString("hex")}.tmp`;
	try {
		return await createAt(await tree.make(name), calls);
	} catch (error) {
		if (systemCode(error) !== "ENOENT") throw error;
		tree.forget();
		return createAt(await tree.make(name), calls);
	}
}
async function createAt(absolute, calls) {
	return {
		absolute,
		fd: await calls.open(absolute, OPEN.create, FILE_MODE)
	};
}
/** Writes all of `bytes` at `position`, in as many steps as the system takes. */
async function writeAll(calls, fd, bytes, position) {
	for (let done = 0; done < bytes.byteLength;) {
		const count = await calls.write(fd, bytes.subarray(done), position + done);
		if (count === 0) throw new StoreError("E_STORE_IO", "the system takes no more bytes of a file");
		done += count;
	}
}
/**
* Renames a file to its path and makes that last. The directories of the path are made as needed.
*
* @throws StoreError `E_STORE_CHANGED`
*/
async function publish(disk, ready) {
	const { tree } = disk;
	const absolute = await renameExpected(disk, ready).catch((error) => {
		if (systemCode(error) !== "ENOENT") throw error;
		tree.forget();
		return renameExpected(disk, ready);
	});
	await tree.sync(absolute);
}
async function renameExpected({ tree, calls }, { temp, path, expected }) {
	const absolute = await tree.make(path);
	await inTurn(calls, absolute, async () => {
		await assertExpected(calls, absolute, path, expected);
		await calls.rename(temp, absolute);
	});
	return absolute;
}
/** Begins an upload to `path`. */
async function beginUpload(disk, path) {
	return new NodeUpload(disk, path, await asStore("write", path, () => createTemp(disk)));
}
var NodeUpload = class {
	#disk;
	#path;
	#temp;
	#hash = createHash("sha256");
	#size = 0;
	#isSynced = false;
	#state = "open";
	constructor(disk, path, temp) {
		this.#disk = disk;
		this.#path = path;
		this.#temp = temp;
	}
	write(bytes) {
		return asStore("write", this.#path, async () => {
			this.#checkOpen();
			const position = this.#size;
			this.#size += bytes.byteLength;
			this.#hash.update(bytes);
			this.#isSynced = false;
			await writeAll(this.#disk.calls, this.#temp.fd, bytes, position);
		});
	}
	sha256() {
		return this.#hash.copy().digest("hex");
	}
	flush() {
		return asStore("write", this.#path, async () => {
			this.#checkOpen();
			await this.#sync();
			const file = {
				path: this.#path,
				sizeBytes: this.#size
			};
			return readableAt(this.#disk.calls, this.#temp.fd, file);
		});
	}
	commit(expected) {
		return asStore("write", this.#path, async () => {
			this.#checkOpen();
			await this.#sync();
			await this.#close();
			const { absolute: temp } = this.#temp;
			await publish(this.#disk, {
				temp,
				path: this.#path,
				expected
			});
			this.#state = "over";
			return versionOf(this.sha256());
		});
	}
	async abort() {
		if (this.#state === "over") return;
		const wasOpen = this.#state === "open";
		this.#state = "over";
		const { calls } = this.#disk;
		try {
			if (wasOpen) await calls.close(this.#temp.fd);
			await calls.unlink(this.#temp.absolute);
		} catch (error) {
			if (systemCode(error) === void 0) throw error;
		}
	}
	#checkOpen() {
		if (this.#state !== "open") throw new StoreError("E_STORE_IO", `the upload of ${quoteText(this.#path)} is over`);
	}
	async #sync() {
		if (this.#isSynced) return;
		const { calls } = this.#disk;
		await calls.fsync(this.#temp.fd);
		const { sizeBytes } = await calls.fstat(this.#temp.fd);
		if (sizeBytes !== this.#size) throw new StoreError("E_STORE_IO", `${quoteText(this.#path)}: ${this.#size} bytes were written and ${sizeBytes} are there`);
		this.#isSynced = true;
	}
	async #close() {
		this.#state = "closed";
		await this.#disk.calls.close(this.#temp.fd);
	}
};
/** Writes a whole temporary file, synced and closed; resolves to where it is. */
async function writeTemp(disk, bytes) {
	const temp = await createTemp(disk);
	try {
		await fill(disk.calls, temp.fd, bytes);
	} catch (error) {
		await discard(disk, temp.absolute);
		throw error;
	}
	return temp.absolute;
}
/** Writes `bytes` into the new file `fd`, syncs and closes it; closes it also when that fails. */
async function fill(calls, fd, bytes) {
	try {
		await writeAll(calls, fd, bytes, 0);
		await calls.fsync(fd);
	} catch (error) {
		await calls.close(fd).catch(() => void 0);
		throw error;
	}
	await calls.close(fd);
}
/** Removes a temporary file; what the system refuses is left to the next run's sweep. */
async function discard({ calls }, absolute) {
	try {
		await unless(["ENOENT"], void 0, () => calls.unlink(absolute));
	} catch (error) {
		if (systemCode(error) === void 0) throw error;
	}
}
// src/node/tree.ts
/**
* The directory tree of the lake: where a relative path lies on this machine, never outside of the root, and how a
* name in it is made to last.
*/
/** File systems that cannot fsync a directory say so with one of these; there a rename is as durable as it gets. */
const NO_DIRECTORY_SYNC = [
	"EINVAL",
	"ENOTSUP",
	"EOPNOTSUPP",
	"ENOSYS",
	"EISDIR",
	"EPERM",
	"EBADF"
];
const ABSENT = ["ENOENT", "ENOTDIR"];
/**
* Refuses a path that is not made of plain segments: absolute, with `..`, `.`, empty segments, `\` or NUL.
*
* @throws StoreError for such a path.
*/
function checkPath(path) {
	if (path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..") && !path.includes("\0") && !path.includes("\\")) return path;
	throw new StoreError("E_STORE_IO", `not a path inside the data directory: "${quoteText(path)}"`);
}
/** The tree below `root`, which need not exist yet. */
function openTree(root, calls) {
	const top = resolve(root);
	const made = /* @__PURE__ */ new Map();
	let knownTop;
	async function confine(path) {
		const directory = posix.dirname(path);
		const real = await calls.realpath(join(top, directory));
		const realTop = knownTop ??= await calls.realpath(top);
		const inside = realTop.endsWith(sep) ? realTop : realTop + sep;
		if (real !== realTop && !real.startsWith(inside)) throw new StoreError("E_STORE_IO", `${quoteText(directory)} leads out of the data directory`, { hint: "A symbolic link is in the way; the lake follows none out of its directory." });
		return join(real, basename(path));
	}
	function ensure(directory) {
		const known = made.get(directory);
		if (known !== void 0) return known;
		const making = makeLasting(directory);
		made.set(directory, making);
		making.catch(() => made.delete(directory));
		return making;
	}
	async function makeLasting(directory) {
		if (directory === ".") return makeRoot(top, calls);
		await ensure(posix.dirname(directory));
		const absolute = await confine(directory);
		await unless(["EEXIST"], void 0, () => calls.mkdir(absolute));
		await syncDirectory(dirname(absolute), calls);
	}
	return {
		find: (path) => unless(ABSENT, void 0, () => confine(path)),
		make: async (path) => {
			await ensure(posix.dirname(path));
			return confine(path);
		},
		sync: (absolute) => syncDirectory(dirname(absolute), calls),
		forget: () => {
			made.clear();
		}
	};
}
async function makeRoot(absolute, calls) {
	try {
		await calls.mkdir(absolute);
	} catch (error) {
		const code = systemCode(error);
		if (code === "EEXIST") return unless(["EACCES"], void 0, () => syncDirectory(dirname(absolute), calls));
		if (code !== "ENOENT" || dirname(absolute) === absolute) throw error;
		await makeRoot(dirname(absolute), calls);
		await unless(["EEXIST"], void 0, () => calls.mkdir(absolute)).catch((again) => {
			if (systemCode(again) !== "ENOENT") throw again;
			throw new StoreError("E_STORE_IO", `${quoteText(absolute)} cannot be made (ENOENT)`, {
				cause: again,
				hint: "Choose another data directory with --data-dir."
			});
		});
	}
	await syncDirectory(dirname(absolute), calls);
}
async function syncDirectory(absolute, calls) {
	await unless(NO_DIRECTORY_SYNC, void 0, async () => {
		const fd = await calls.open(absolute, OPEN.directory);
		try {
			await calls.fsync(fd);
		} finally {
			await calls.close(fd);
		}
	});
}
// src/node/files.ts
/** The file system of this machine as the {@link Files} port: atomic, durable, and never outside of its root. */
/** How often a small write starts over when its temporary file is swept away by a process that takes the lake. */
const SWEPT_MAX = 3;
/**
* Files below `root`, which is made by the first write. Writes are durable when they resolve; whoever reads sees the
* old file or the new, whole.
*
* @param calls - the system calls to use; tests give others.
*/
function nodeFiles(root, calls = nodeFsCalls) {
	const disk = {
		tree: openTree(root, calls),
		calls
	};
	return {
		isShared: false,
		read: async (path) => readWhole$2(disk, path),
		open: async (path) => openForReading(disk, path),
		size: async (path) => {
			checkPath(path);
			return asStore("read", path, () => sizeOf(disk, path));
		},
		list: async (path) => asStore("list", path, () => listDirectory(disk, path)),
		upload: async (path) => beginUpload(disk, checkPath(path)),
		replace: async (path, bytes, expected) => {
			checkPath(path);
			return asStore("write", path, () => replaceFile(disk, path, bytes, expected));
		},
		settle: async (path) => {
			checkPath(path);
			await asStore("write", path, () => settleFile(disk, path));
		},
		remove: async (path) => {
			checkPath(path);
			await asStore("remove", path, () => removeFile(disk, path));
		}
	};
}
async function readWhole$2(disk, path) {
	const file = await openForReading(disk, path);
	if (file === void 0) return void 0;
	try {
		const bytes = await file.read(0, file.sizeBytes);
		return {
			bytes,
			version: versionOf(hashOfBytes(bytes))
		};
	} finally {
		await file.close();
	}
}
async function openForReading({ tree, calls }, path) {
	checkPath(path);
	return asStore("read", path, async () => {
		const absolute = await tree.find(path);
		return absolute === void 0 ? void 0 : openAt(calls, absolute, path);
	});
}
async function sizeOf({ tree, calls }, path) {
	const absolute = await tree.find(path);
	if (absolute === void 0) return void 0;
	const stat = await unless(ABSENT$1, void 0, () => calls.lstat(absolute));
	if (stat !== void 0 && stat.kind !== "file") throw notAFile(path);
	return stat?.sizeBytes;
}
async function listDirectory({ tree, calls }, path) {
	const inside = await tree.find(path === "" ? "_" : `${checkPath(path)}/_`);
	if (inside === void 0) return [];
	return [...await unless(ABSENT$1, [], () => calls.readdir(inside.slice(0, -2)))].sort((a, b) => a.name < b.name ? -1 : 1);
}
async function replaceFile(disk, path, bytes, expected) {
	if (expected === "absent") await createFile(disk, path, bytes);
	else await throughTemp(disk, bytes, (temp) => publish(disk, {
		temp,
		path,
		expected
	}));
	return versionOf(hashOfBytes(bytes));
}
/** Not by rename: a link is refused by the system itself where the name is taken, by other processes too. */
async function createFile(disk, path, bytes) {
	const { tree, calls } = disk;
	const absolute = await tree.make(path);
	if (!await throughTemp(disk, bytes, (temp) => inTurn(calls, absolute, async () => {
		const linked = await linkNew(calls, temp, absolute);
		if (linked === "no links") return claimAndRename(disk, temp, absolute);
		await discard(disk, temp);
		return linked === "made";
	}))) throw changedFile(path);
	await tree.sync(absolute);
}
/** Gives `temp` its name, unless the name is taken: whole or not at all, in one step. */
async function linkNew(calls, temp, absolute) {
	try {
		await calls.link(temp, absolute);
		return "made";
	} catch (error) {
		const code = systemCode(error);
		if (code === "EEXIST") return "taken";
		if (code === void 0 || isOfDisk(code)) throw error;
		return "no links";
	}
}
/**
* The second way: an empty file takes the name, and `temp` replaces it. As with links, one of many wins, and nobody
* ever sees a part of the bytes. But a reader may see the file empty, and a process that ends in between leaves it
* so: the name stays taken. All that is created so can live with that. An empty lock is nobody's after a while,
* like any that cannot be read; the lake's mark and a ban say nothing when they are torn.
*/
async function claimAndRename(disk, temp, absolute) {
	const { calls } = disk;
	const fd = await unless(["EEXIST"], void 0, () => calls.open(absolute, OPEN.create, 420));
	if (fd === void 0) {
		await discard(disk, temp);
		return false;
	}
	try {
		await calls.close(fd);
		await calls.rename(temp, absolute);
	} catch (error) {
		await calls.unlink(absolute).catch(() => void 0);
		throw error;
	}
	return true;
}
async function throughTemp(disk, bytes, use) {
	for (let attempt = 1;; attempt++) {
		const temp = await writeTemp(disk, bytes);
		try {
			return await use(temp);
		} catch (error) {
			await discard(disk, temp);
			if (systemCode(error) !== "ENOENT" || attempt === SWEPT_MAX) throw error;
			disk.tree.forget();
		}
	}
}
/** Files are synced before they get their names, so that only the name may be missing on the disk. */
async function settleFile({ tree }, path) {
	const absolute = await tree.find(path);
	if (absolute !== void 0) await tree.sync(absolute);
}
async function removeFile({ tree, calls }, path) {
	const absolute = await tree.find(path);
	if (absolute === void 0) return;
	const unlink = async () => {
		await calls.unlink(absolute);
		return true;
	};
	if (await unless(ABSENT$1, false, () => inTurn(calls, absolute, unlink))) await tree.sync(absolute);
}
// src/binance/sbe-enums.ts
const ALLOCATION_TYPE = {
	0: "UNKNOWN",
	2: "SOR"
};
const ORDER_STATUS = {
	0: "NEW",
	1: "PARTIALLY_FILLED",
	2: "FILLED",
	3: "CANCELED",
	4: "PENDING_CANCEL",
	5: "REJECTED",
	6: "EXPIRED",
	9: "EXPIRED_IN_MATCH",
	11: "PENDING_NEW",
	253: "UNKNOWN"
};
const TIME_IN_FORCE = {
	0: "GTC",
	1: "IOC",
	2: "FOK"
};
const ORDER_TYPE = {
	0: "MARKET",
	1: "LIMIT",
	2: "STOP_LOSS",
	3: "STOP_LOSS_LIMIT",
	4: "TAKE_PROFIT",
	5: "TAKE_PROFIT_LIMIT",
	6: "LIMIT_MAKER"
};
const ORDER_SIDE = {
	0: "BUY",
	1: "SELL"
};
const FLOOR = {
	1: "EXCHANGE",
	2: "BROKER",
	3: "SOR"
};
const SELF_TRADE_PREVENTION_MODE = {
	1: "NONE",
	2: "EXPIRE_TAKER",
	3: "EXPIRE_MAKER",
	4: "EXPIRE_BOTH",
	5: "DECREMENT",
	6: "TRANSFER"
};
const PEG_PRICE_TYPE = {
	1: "PRIMARY_PEG",
	2: "MARKET_PEG"
};
const PEG_OFFSET_TYPE = { 1: "PRICE_LEVEL" };
const EXPIRY_REASON = {
	1: "REJECTED",
	2: "EXCHANGE_CANCELED",
	3: "OCO_TRIGGER",
	4: "OTO_PHASE_ONE_EXPIRED",
	5: "UNFILLED_IOC_QUANTITY_EXPIRED",
	6: "UNFILLED_FOK_ORDER_EXPIRED",
	7: "INSUFFICIENT_LIQUIDITY",
	8: "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"
};
// src/binance/sbe.ts
/** The schema of these layouts. Later versions of the same id only add to it. */
const SBE_SCHEMA = {
	id: 3,
	version: 5
};
/** Requests SBE, or JSON where SBE is not available. */
const SBE_HEADERS = {
	accept: "application/sbe, application/json",
	"x-mbx-sbe": `${SBE_SCHEMA.id}:${SBE_SCHEMA.version}`
};
const SIZES$1 = {
	exponent: 1,
	uint8: 1,
	flag: 1,
	enum: 1,
	int32: 4,
	int64: 8,
	decimal64: 8,
	decimal128: 16
};
function block(...entries) {
	let length = 0;
	const fields = entries.map(([json, type, options]) => {
		const offset = length;
		length += SIZES$1[type];
		return {
			json,
			type,
			offset,
			isOptional: false,
			isIgnored: false,
			...options
		};
	});
	return {
		length,
		fields
	};
}
const price = { scale: "price" };
const quantity = { scale: "quantity" };
const optional = { isOptional: true };
const ignored = { isIgnored: true };
const exponents = [["price", "exponent"], ["quantity", "exponent"]];
const trade = [
	["id", "int64"],
	[
		"price",
		"decimal64",
		price
	],
	[
		"qty",
		"decimal64",
		quantity
	],
	[
		"quoteQty",
		"decimal64",
		price
	],
	["time", "int64"],
	["isBuyerMaker", "flag"]
];
const klines = {
	templateId: 203,
	root: block(...exponents),
	row: block([0, "int64"], [
		1,
		"decimal64",
		price
	], [
		2,
		"decimal64",
		price
	], [
		3,
		"decimal64",
		price
	], [
		4,
		"decimal64",
		price
	], [
		5,
		"decimal128",
		quantity
	], [6, "int64"], [
		7,
		"decimal128",
		price
	], [8, "int64"], [
		9,
		"decimal128",
		quantity
	], [
		10,
		"decimal128",
		price
	]),
	texts: []
};
const allOrders = block(...exponents, ["orderId", "int64"], [
	"orderListId",
	"int64",
	{
		...optional,
		whenNull: -1n
	}
], [
	"price",
	"decimal64",
	price
], [
	"origQty",
	"decimal64",
	quantity
], [
	"executedQty",
	"decimal64",
	quantity
], [
	"cummulativeQuoteQty",
	"decimal64",
	price
], [
	"status",
	"enum",
	{ values: ORDER_STATUS }
], [
	"timeInForce",
	"enum",
	{ values: TIME_IN_FORCE }
], [
	"type",
	"enum",
	{ values: ORDER_TYPE }
], [
	"side",
	"enum",
	{ values: ORDER_SIDE }
], [
	"stopPrice",
	"decimal64",
	{
		...price,
		...optional
	}
], [
	"trailingDelta",
	"int64",
	optional
], [
	"trailingTime",
	"int64",
	optional
], [
	"icebergQty",
	"decimal64",
	{
		...quantity,
		...optional
	}
], ["time", "int64"], ["updateTime", "int64"], ["isWorking", "flag"], [
	"workingTime",
	"int64",
	optional
], [
	"origQuoteOrderQty",
	"decimal64",
	price
], [
	"strategyId",
	"int64",
	optional
], [
	"strategyType",
	"int32",
	optional
], [
	"orderCapacity",
	"uint8",
	ignored
], [
	"workingFloor",
	"enum",
	{
		values: FLOOR,
		silent: "\"EXCHANGE\""
	}
], [
	"selfTradePreventionMode",
	"enum",
	{ values: SELF_TRADE_PREVENTION_MODE }
], [
	"preventedMatchId",
	"int64",
	optional
], [
	"preventedQuantity",
	"decimal64",
	{
		...price,
		silent: "\"0.00000000\""
	}
], [
	"usedSor",
	"flag",
	{ silent: "false" }
], [
	"pegPriceType",
	"enum",
	{
		...optional,
		values: PEG_PRICE_TYPE
	}
], [
	"pegOffsetType",
	"enum",
	{
		...optional,
		values: PEG_OFFSET_TYPE
	}
], [
	"pegOffsetValue",
	"uint8",
	optional
], [
	"peggedPrice",
	"decimal64",
	{
		...price,
		...optional
	}
], [
	"expiryReason",
	"enum",
	{
		...optional,
		values: EXPIRY_REASON
	}
]);
/** The message of each dataset. */
const SBE_LAYOUTS = {
	klines,
	uiKlines: klines,
	aggTrades: {
		templateId: 202,
		root: block(...exponents),
		row: block(["a", "int64"], [
			"p",
			"decimal64",
			price
		], [
			"q",
			"decimal64",
			quantity
		], ["f", "int64"], ["l", "int64"], ["T", "int64"], ["m", "flag"], ["M", "flag"]),
		texts: []
	},
	trades: {
		templateId: 201,
		root: block(...exponents),
		row: block(...trade, ["isBestMatch", "flag"]),
		texts: []
	},
	blockTrades: {
		templateId: 219,
		root: block(...exponents),
		row: block(...trade),
		texts: []
	},
	myTrades: {
		templateId: 401,
		root: block(),
		row: block(...exponents, ["commission", "exponent"], ["id", "int64"], ["orderId", "int64"], [
			"orderListId",
			"int64",
			{
				...optional,
				whenNull: -1n
			}
		], [
			"price",
			"decimal64",
			price
		], [
			"qty",
			"decimal64",
			quantity
		], [
			"quoteQty",
			"decimal64",
			price
		], [
			"commission",
			"decimal64",
			{ scale: "commission" }
		], ["time", "int64"], ["isBuyer", "flag"], ["isMaker", "flag"], ["isBestMatch", "flag"]),
		texts: ["symbol", "commissionAsset"]
	},
	allOrders: {
		templateId: 308,
		root: block(),
		row: allOrders,
		texts: ["symbol", "clientOrderId"]
	},
	myAllocations: {
		templateId: 404,
		root: block(),
		row: block(...exponents, [
			"commission",
			"exponent",
			optional
		], ["allocationId", "int64"], [
			"allocationType",
			"enum",
			{ values: ALLOCATION_TYPE }
		], ["orderId", "int64"], [
			"orderListId",
			"int64",
			{
				...optional,
				whenNull: -1n
			}
		], [
			"sourceTradeId",
			"int64",
			{
				...optional,
				...ignored
			}
		], [
			"sourceAllocationId",
			"int64",
			{
				...optional,
				...ignored
			}
		], [
			"price",
			"decimal64",
			price
		], [
			"qty",
			"decimal64",
			quantity
		], [
			"quoteQty",
			"decimal64",
			price
		], [
			"commission",
			"decimal64",
			{
				scale: "commission",
				...optional
			}
		], ["time", "int64"], ["isBuyer", "flag"], ["isMaker", "flag"], ["isAllocator", "flag"]),
		texts: [
			"symbol",
			"commissionAsset",
			"sourceSymbol"
		]
	}
};
// src/binance/sbe-answer.ts
/**
* Classifies a binary answer before its rows are read: SBE or JSON, an error, or of a deprecated schema.
*
* @see binance-spot-api-docs, faqs/sbe_faq.md, "REST API" and "Regarding Legacy support"; errors.md, -1152 to -1161.
*/
/** The message that holds an error. */
const ERROR_TEMPLATE = 100;
/** A binary answer that needs another schema, or JSON. Worth another try without SBE. */
var SbeUnknownError = class extends TransportError {};
/** Classifies an accepted answer by its headers, or by its first bytes if they say nothing. */
function sbeOutcome({ header, body }) {
	const type = header("content-type")?.toLowerCase() ?? "";
	return {
		format: type.includes("json") || !type.includes("sbe") && !looksBinary(body) ? "json" : "sbe",
		isDeprecated: header("x-mbx-sbe-deprecated") !== void 0
	};
}
function looksBinary(body) {
	return body.length >= 8 && body[1] === 0;
}
/** -1152 malformed header, -1153 unknown or retired schema, -1155 not enabled, -1161 schema too old for this value. */
const REFUSALS = /* @__PURE__ */ new Set([
	-1152,
	-1153,
	-1155,
	-1161
]);
/** Was a request refused because it asked for SBE? Then the same request for JSON may be answered. */
function isSbeRefusal(status, exchangeCode) {
	return status === 406 || exchangeCode !== void 0 && REFUSALS.has(exchangeCode);
}
/** Reads an error message (100); `undefined` when `body` is something else. */
function readSbeError(body) {
	if (body.length < 8) return void 0;
	const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
	if (view.getUint16(2, true) !== ERROR_TEMPLATE) return void 0;
	const text = 8 + view.getUint16(0, true);
	if (body.length < text + 2 || text < 10) return void 0;
	const from = text + 2;
	const msg = body.subarray(from, from + view.getUint16(text, true));
	return {
		code: view.getInt16(8, true),
		msg: new TextDecoder().decode(msg)
	};
}
// src/binance/verdict.ts
/** Shortest wait after a 429 or 418 without a stated wait: a whole minute window, and Binance's shortest ban. */
const UNNAMED_WAIT_MS = {
	wait: 6e4,
	ban: 12e4
};
/** -1008: the server is overloaded; it needs time. */
const OVERLOADED_MS = 3e4;
const RETRY_CODES = /* @__PURE__ */ new Set([
	-1e3,
	-1001,
	-1003,
	-1006,
	-1007,
	-1008
]);
const HINTS$1 = /* @__PURE__ */ new Map([
	[-1121, "Check the symbol; `binance-backfill symbols` lists those that the exchange has."],
	[-1120, "Check the interval."],
	[-1021, "The clocks of this machine and the server differ."],
	[-1022, "The signature was refused: check that the secret or private key belongs to the API key."],
	[-2014, "The API key has a wrong format: check BINANCE_API_KEY."],
	[-2015, "Check the API key, its IP restriction and its permission to read."]
]);
/**
* Judges `answer`. Total: every status has a verdict.
*
* @param nowMs - The wall clock in milliseconds, to turn dates and deadlines into waits.
*/
function judge(answer, nowMs) {
	const { status } = answer;
	if (status === 200) return { kind: "accept" };
	const body = errorBody(answer.body);
	const reason = describe$1(status, body);
	if (status === 429) return {
		kind: "wait",
		ms: waitMs(answer, body, nowMs, "wait"),
		reason
	};
	if (status === 418) return {
		kind: "ban",
		ms: waitMs(answer, body, nowMs, "ban"),
		reason
	};
	if (status === 451) return {
		kind: "region",
		reason
	};
	if (status === 403 && body.code === void 0) return {
		kind: "block",
		reason
	};
	if (status >= 500 || body.code !== void 0 && RETRY_CODES.has(body.code)) return {
		kind: "retry",
		reason,
		atLeastMs: body.code === -1008 ? OVERLOADED_MS : 0,
		isSmaller: body.code === -1007
	};
	const hint = status === 404 ? "The endpoint was retired or moved." : HINTS$1.get(body.code ?? 0);
	return {
		kind: "reject",
		reason,
		exchangeCode: body.code,
		hint
	};
}
/**
* Was the time of a signed request outside of the server's window (-1021)? A new reading of its clock may solve that.
*/
function isLate(verdict) {
	return verdict.kind === "reject" && verdict.exchangeCode === -1021;
}
const ERROR_BODY_MAX = 4096;
function errorBody(body) {
	const binary = readSbeError(body);
	if (binary !== void 0) return binary;
	const text = new TextDecoder().decode(body.subarray(0, ERROR_BODY_MAX));
	try {
		const value = JSON.parse(text);
		return {
			code: typeof value?.code === "number" ? value.code : void 0,
			msg: typeof value?.msg === "string" ? value.msg : text
		};
	} catch {
		return {
			code: void 0,
			msg: text
		};
	}
}
function describe$1(status, { code, msg }) {
	return `HTTP ${status}${code === void 0 ? "" : ` ${code}`}: ${quoteText(msg.trim())}`;
}
const BANNED_UNTIL = /banned until (\d{13})\b/;
function waitMs(answer, body, nowMs, kind) {
	const header = retryAfterMs(answer.header("retry-after"), nowMs);
	const until = BANNED_UNTIL.exec(body.msg)?.[1];
	const named = until === void 0 ? 0 : Number(until) - nowMs;
	return Math.max(1e3, named, header ?? (named > 0 ? 0 : UNNAMED_WAIT_MS[kind]));
}
/**
* Reads a `Retry-After` header: whole seconds, or an HTTP date. Never below one second; `undefined` when it is neither.
*/
function retryAfterMs(header, nowMs) {
	if (header === void 0) return void 0;
	const text = header.trim();
	if (/^\d{1,12}$/.test(text)) return Math.max(1e3, Number(text) * 1e3);
	if (/^[A-Z][a-z]{2}, /.test(text)) {
		const date = Date.parse(text);
		return Number.isNaN(date) ? void 0 : Math.max(1e3, date - nowMs);
	}
}
// src/pull/backoff.ts
const BASE_MS = 500;
const CAP_MS = 2e4;
/** No backoff is longer than the firewall's quarantine; what needs more is a ban, which states its length. */
const AT_LEAST_MS_MAX = 3e5;
/**
* Delay before attempt `attempt` + 1 (attempts count from 1): random between half and all of a bound that doubles up to
* 20 s, plus `atLeastMs`, which itself doubles up to 5 minutes.
*/
function backoffMs(attempt, random, atLeastMs = 0) {
	const bound = Math.min(CAP_MS, BASE_MS * 2 ** attempt);
	return Math.min(AT_LEAST_MS_MAX, atLeastMs * 2 ** (attempt - 1)) + bound / 2 * (1 + random.next());
}
/**
* The retries that a run may spend: each takes one, each success gives a part back. So a dying network cannot multiply
* the load, while single faults never matter.
*/
var RetryBudget = class {
	#tokens = 100;
	/** Takes a retry; `false` when none is left. */
	take() {
		if (this.#tokens < 1) return false;
		this.#tokens -= 1;
		return true;
	}
	/** Gives back a part of a retry. */
	succeeded() {
		this.#tokens = Math.min(100, this.#tokens + .5);
	}
};
// src/pull/archive/client.ts
const ATTEMPTS_MAX$1 = 8;
const SMALL_TIMEOUT_MS = 3e4;
/** Thrown inside an attempt that may succeed later. */
var TryAgain = class extends TransportError {
	atLeastMs;
	constructor(message, atLeastMs = 0) {
		super(message);
		this.atLeastMs = atLeastMs;
	}
};
/** Sends requests to the archive. */
var ArchiveClient = class {
	#world;
	#options;
	#retries = new RetryBudget();
	#spent = {
		requests: 0,
		bytes: 0
	};
	constructor(world, options) {
		this.#world = world;
		this.#options = {
			...options,
			url: bare(options.url),
			listingUrl: bare(options.listingUrl)
		};
	}
	get http() {
		return this.#world.http;
	}
	/** Requests sent and bytes received, failed attempts included. */
	get spent() {
		return { ...this.#spent };
	}
	/** Counts requests, or received bytes. */
	count(requests, bytes) {
		this.#spent.requests += requests;
		this.#spent.bytes += bytes;
	}
	/** The URL of a file by its path. */
	urlOf(path) {
		return `${this.#options.url}/${path.split("/").map(encodeURIComponent).join("/")}`;
	}
	/** The URL of a listing. */
	listingUrl(params) {
		const query = Object.entries(params).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
		return `${this.#options.listingUrl}/?${query.join("&")}`;
	}
	/** Waits for one of the places that limit how much is requested at once. Never nest calls. */
	async inTurn(work, signal) {
		return this.#options.places.add(async () => {
			signal?.throwIfAborted();
			return work();
		});
	}
	/**
	* Reads a small body whole.
	*
	* @returns `undefined` when there is no such file.
	* @throws ArchiveError `unreachable` when every attempt failed.
	*/
	async get(url, { path, sizeBytesMax }, { headers = {}, signal } = {}) {
		const attempt = async () => {
			this.count(1, 0);
			const answer = await this.http.get({
				url,
				headers,
				timeoutMs: SMALL_TIMEOUT_MS,
				sizeBytesMax,
				signal
			});
			this.count(0, answer.body.length);
			return this.isThere(path, answer) ? answer : void 0;
		};
		return this.persist(path, attempt, signal);
	}
	/**
	* Does the answer hold what was requested? `false`: there is no such file. S3 returns 403 where it may not say.
	*
	* @throws TryAgain for a status that may pass, ArchiveError `unreachable` for one that will not.
	*/
	isThere(path, { status, header }) {
		if (status === 200 || status === 206) return true;
		if (status === 404 || status === 403) return false;
		const message = `HTTP ${status}`;
		if (status !== 408 && status !== 416 && status !== 429 && status < 500) throw new ArchiveError("unreachable", path, `${quoteText(path)}: ${message}`);
		const nowMs = toMillis(this.#world.clock.now());
		throw new TryAgain(message, retryAfterMs(header("retry-after"), nowMs) ?? 0);
	}
	/**
	* Repeats `attempt` while it ends in TransportError and has not failed too often.
	*
	* @param hasProgress - Did the failed attempt bring anything? Then it does not count.
	*/
	async persist(path, attempt, signal, hasProgress = () => false) {
		for (let inVain = 1;; inVain++) try {
			const value = await attempt();
			this.#retries.succeeded();
			return value;
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof TransportError)) throw error;
			if (hasProgress()) inVain = 1;
			if (!error.isTransient || inVain >= (this.#options.attemptsMax ?? ATTEMPTS_MAX$1) || !this.#retries.take()) throw unreachable(path, inVain, error);
			const atLeastMs = error instanceof TryAgain ? error.atLeastMs : 0;
			const { clock, random } = this.#world;
			await clock.sleep(atLeastMs + backoffMs(inVain, random), signal);
		}
	}
};
function bare(url) {
	return url.replace(/\/+$/, "");
}
function unreachable(path, attempts, cause) {
	return new ArchiveError("unreachable", path, `${quoteText(path)}: gave up after ${attempts} attempts: ${cause.message}`, { cause });
}
// src/pull/archive/checksum.ts
/** `.CHECKSUM` files: the SHA-256 of a zip, as `sha256sum` prints it. */
const LINE = /^([0-9a-f]{64}) [ *](\S+)(?:\r?\n)?$/;
/**
* The SHA-256 that a `.CHECKSUM` file states, 64 hex digits in lower case.
*
* @param path - The zip's path; the file must name the zip.
* @throws ArchiveError `checksum` for anything but one such line: another name, a web page, upper-case digits.
*/
function parseChecksum(body, path) {
	const text = new TextDecoder().decode(body);
	const [, hash, name] = LINE.exec(text) ?? [];
	const wanted = path.slice(path.lastIndexOf("/") + 1);
	if (hash !== void 0 && name === wanted) return hash;
	const what = hash === void 0 ? "not a SHA-256 and a name" : `not about ${quoteText(wanted)}`;
	throw new ArchiveError("checksum", path, `${quoteText(path)}.CHECKSUM: ${what}: "${quoteText(text, 100)}"`);
}
// src/pull/archive/spool.ts
/** A file while it is being downloaded: bytes on disk under a temporary name, hashed with SHA-256 as they come. */
/** No archive file is near this size; more is not a download but a flood. */
const FILE_BYTES_MAX = 16 * 2 ** 30;
/** The bytes received so far. Must be aborted, or its upload committed. */
var Spool = class {
	#files;
	#path;
	#upload;
	#sizeBytes = 0;
	/** @param path - The file's name once it is committed, if it ever is. */
	constructor(files, path) {
		this.#files = files;
		this.#path = path;
	}
	get sizeBytes() {
		return this.#sizeBytes;
	}
	/** Discards what arrived. */
	async restart() {
		await this.abort();
		this.#sizeBytes = 0;
	}
	async write(chunk) {
		if (this.#sizeBytes + chunk.byteLength > FILE_BYTES_MAX) throw new TransportError(`more than ${FILE_BYTES_MAX} bytes`, { isTransient: false });
		await (this.#upload ??= await this.#files.upload(this.#path)).write(chunk);
		this.#sizeBytes += chunk.byteLength;
	}
	/** The upload of everything received. */
	async upload() {
		return this.#upload ??= await this.#files.upload(this.#path);
	}
	/** SHA-256 of everything received, in hex. May be called at any time. */
	sha256() {
		return this.#upload?.sha256() ?? hashOfBytes(/* @__PURE__ */ new Uint8Array());
	}
	/** Removes the temporary file. */
	async abort() {
		const upload = this.#upload;
		this.#upload = void 0;
		await upload?.abort();
	}
};
// src/pull/archive/transfer.ts
/** Downloads one file, however often the connection breaks: what arrived is kept if the server can continue there. */
/** The total deadline of one attempt; the next one continues from what arrived. */
const ATTEMPT_MS$1 = 6e5;
/** Most bytes read of an answer that is not the file. */
const DRAIN_BYTES_MAX = 65536;
/**
* Downloads the file at `path` into `spool`.
*
* A broken connection is resumed where it broke (`Range` with `If-Range`), if the server still has the same file and
* supports ranges; otherwise from the start. An attempt that brought bytes does not count as failed.
*
* @returns `undefined` when there is no such file.
* @throws ArchiveError `unreachable` when too many attempts in a row brought nothing.
*/
async function transfer(client, path, spool, options = {}) {
	const work = new Transfer(client, path, {
		spool,
		options
	});
	return client.persist(path, () => work.attempt(), options.signal, () => work.takeProgress());
}
var Transfer = class {
	#client;
	#path;
	#spool;
	#options;
	#known;
	#most = 0;
	#seen = 0;
	constructor(client, path, { spool, options }) {
		this.#client = client;
		this.#path = path;
		this.#spool = spool;
		this.#options = options;
	}
	/** Is there more now than ever before? Restarts alone do not count, or a loop of them would never end. */
	takeProgress() {
		const hasProgress = this.#most > this.#seen;
		this.#seen = this.#most;
		return hasProgress;
	}
	async attempt() {
		const from = this.#known?.validator === void 0 ? 0 : this.#spool.sizeBytes;
		const answer = await this.#ask(from);
		if (!await this.#isThere(answer)) return void 0;
		const identity = identityOf(answer);
		if (from > 0 && answer.status === 206 && !this.#continues(answer, identity, from)) {
			await drain(answer);
			this.#known = void 0;
			throw new TransportError("the file changed while it was downloaded");
		}
		if (answer.status === 200 || from === 0) await this.#spool.restart();
		this.#known = identity;
		for await (const chunk of answer.chunks) {
			this.#client.count(0, chunk.byteLength);
			await this.#spool.write(chunk);
			this.#most = Math.max(this.#most, this.#spool.sizeBytes);
		}
		const { total } = identity;
		if (total !== void 0 && total !== this.#spool.sizeBytes) throw new TransportError(`ends at byte ${this.#spool.sizeBytes} of ${total}`);
		return { modified: dateOf(answer.header("last-modified")) };
	}
	#ask(from) {
		const { headers = {}, signal } = this.#options;
		const range = from === 0 ? {} : {
			range: `bytes=${from}-`,
			"if-range": this.#known?.validator ?? ""
		};
		this.#client.count(1, 0);
		return this.#client.http.stream({
			url: this.#client.urlOf(this.#path),
			headers: {
				...headers,
				...range
			},
			timeoutMs: ATTEMPT_MS$1,
			sizeBytesMax: FILE_BYTES_MAX,
			signal
		});
	}
	async #isThere(answer) {
		if (answer.status === 200 || answer.status === 206) return true;
		await drain(answer);
		if (answer.status === 416) this.#known = void 0;
		return this.#client.isThere(this.#path, answer);
	}
	#continues({ header }, { validator, total }, from) {
		const [, first] = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(header("content-range") ?? "") ?? [];
		const { validator: before, total: totalBefore } = this.#known ?? {};
		const isSameLength = total === void 0 || totalBefore === void 0 || total === totalBefore;
		return Number(first) === from && validator === before && isSameLength;
	}
};
function identityOf({ status, header }) {
	const etag = header("etag");
	const strong = etag?.startsWith("W/") === true ? void 0 : etag;
	const length = status === 206 ? /\/(\d+)$/.exec(header("content-range") ?? "")?.[1] : header("content-length");
	return {
		validator: strong ?? header("last-modified"),
		total: length !== void 0 && /^\d{1,15}$/.test(length) ? Number(length) : void 0
	};
}
/** Reads the rest, so that the connection can be reused; gives up if that is much. */
async function drain({ chunks }) {
	let size = 0;
	try {
		for await (const chunk of chunks) {
			size += chunk.byteLength;
			if (size > DRAIN_BYTES_MAX) break;
		}
	} catch {}
}
function dateOf(text) {
	if (text === void 0 || !/^[A-Z][a-z]{2}, /.test(text)) return void 0;
	const ms = Date.parse(text);
	return Number.isNaN(ms) ? void 0 : fromMillis(ms);
}
// src/pull/archive/download.ts
/** Verified archive files: no byte of a zip is used before its SHA-256 equals the one in its `.CHECKSUM`. */
/** More than any `.CHECKSUM` and most error pages. */
const CHECKSUM_BYTES_MAX = 1 << 20;
/** The second attempt bypasses every cache: a file that was just replaced may be cached without its checksum. */
const PAST_CACHES = {
	"cache-control": "no-cache",
	pragma: "no-cache"
};
/** Downloads files and checks them. */
var Downloads = class {
	#client;
	#options;
	constructor(client, options) {
		this.#client = client;
		this.#options = options;
	}
	/**
	* The file at `path`.
	*
	* @returns `undefined` when it is not published.
	* @throws ArchiveError `checksum` when it does not match its checksum, twice; `unreachable`. StoreError.
	*/
	async open(path, signal) {
		return this.#client.inTurn(async () => {
			try {
				return await this.#open(path, {}, signal);
			} catch (error) {
				if (!(error instanceof ArchiveError) || error.problem !== "checksum") throw error;
				return this.#open(path, PAST_CACHES, signal);
			}
		}, signal);
	}
	/**
	* The SHA-256 that the archive now states for the file at `path`, read past caches; used to find replaced files.
	*
	* @returns `undefined` when it is not published.
	* @throws ArchiveError `checksum` when there is no valid one; `unreachable`.
	*/
	async checksum(path, signal) {
		return this.#client.inTurn(() => this.#checksum(path, PAST_CACHES, signal), signal);
	}
	async #open(path, headers, signal) {
		const wanted = await this.#checksum(path, headers, signal);
		if (wanted === void 0) return void 0;
		const { files, keep } = this.#options;
		const kept = keep === void 0 ? void 0 : await lookForKept(keep, path, wanted);
		if (kept?.file !== void 0) return {
			path,
			sha256: wanted,
			modified: void 0,
			...closable(kept.file)
		};
		const spool = new Spool(keep ?? files, path);
		try {
			const transferred = await transfer(this.#client, path, spool, {
				headers,
				signal
			});
			if (transferred === void 0) {
				await spool.abort();
				return;
			}
			checkHash(path, spool.sha256(), wanted);
			const archive = {
				path,
				sha256: wanted,
				modified: transferred.modified
			};
			const file = kept === void 0 ? spooled(spool) : settle(spool, path, {
				...kept,
				wanted
			});
			return {
				...archive,
				...await file
			};
		} catch (error) {
			await spool.abort();
			throw error;
		}
	}
	async #checksum(path, headers, signal) {
		const url = this.#client.urlOf(checksumPath(path));
		const limits = {
			path: checksumPath(path),
			sizeBytesMax: CHECKSUM_BYTES_MAX
		};
		const answer = await this.#client.get(url, limits, {
			headers,
			signal
		});
		return answer === void 0 ? void 0 : parseChecksum(answer.body, path);
	}
};
function checkHash(path, found, wanted) {
	if (found === wanted) return;
	throw new ArchiveError("checksum", path, `${quoteText(path)}: its SHA-256 is ${found}, not ${wanted} as in its .CHECKSUM`);
}
/** A verified file, ready to be read for as long as it is open. */
async function spooled(spool) {
	return {
		file: await (await spool.upload()).flush(),
		close: () => spool.abort()
	};
}
/** A verified file, kept under its own path. */
async function settle(spool, path, { keep, expected, wanted }) {
	const file = await commit(await spool.upload(), expected) ? await keep.open(path) : (await lookForKept(keep, path, wanted)).file;
	if (file !== void 0) return closable(file);
	throw new ArchiveError("unreachable", path, `${quoteText(path)}: removed while in use`);
}
/** Commits; `false` when another process committed first. */
async function commit(upload, expected) {
	try {
		await upload.commit(expected);
		return true;
	} catch (error) {
		if (!isChanged(error)) throw error;
		await upload.abort();
		return false;
	}
}
/** A kept file, if it still matches. Any other is left alone until its replacement is complete. */
async function lookForKept(keep, path, wanted) {
	const file = await keep.open(path);
	if (file === void 0) return {
		keep,
		file,
		expected: "absent"
	};
	const [sha256, expected] = [await hashOf(file), await file.version()];
	if (sha256 === wanted) return {
		keep,
		file,
		expected
	};
	await file.close();
	return {
		keep,
		file: void 0,
		expected
	};
}
function closable(file) {
	return {
		file,
		close: () => file.close()
	};
}
// src/pull/archive/listing.ts
/** The files in the archive, from the listing of its bucket (S3, version 1 of "ListObjects"). */
const PAGE_BYTES_MAX = 2 << 20;
/** Most files of one folder: the days of two hundred years. */
const FILES_MAX = 75e3;
/** A thousand keys per page; no folder has nearly as many files as this allows. */
const PAGES_MAX$1 = 1e3;
const MARGIN = 31n * 86400000000n;
/** The archive's files, each part of a folder listed at most once. One per run. */
var ArchiveIndex = class {
	#client;
	#folders = /* @__PURE__ */ new Map();
	constructor(client) {
		this.#client = client;
	}
	/**
	* The zips of a series by their paths: at least all those of `range`, or of all time without one; empty when there is
	* none.
	*
	* @throws ArchiveError `unreachable` when the bucket cannot be listed; files can still be requested by name.
	*/
	async files(key, span, range) {
		const folder = archiveFolder(key, span);
		const after = range === void 0 ? "" : pathBefore(key, range.first);
		const until = range === void 0 ? void 0 : archivePath(key, range.last);
		const before = this.#folders.get(folder);
		const listed = this.#listed(folder, before, {
			after,
			until
		});
		this.#folders.set(folder, listed);
		try {
			return (await listed).files;
		} catch (error) {
			if (this.#folders.get(folder) === listed) this.#folders.delete(folder);
			throw error;
		}
	}
	async #listed(folder, before, wanted) {
		const known = await before;
		if (known === void 0) return this.#client.inTurn(() => this.#list(folder, wanted));
		if (known.after <= wanted.after && reaches(known, wanted)) return known;
		const after = known.after < wanted.after ? known.after : wanted.after;
		const { until } = reaches(known, wanted) ? known : wanted;
		return this.#client.inTurn(() => this.#list(folder, {
			after,
			until
		}));
	}
	async #list(folder, { after, until }) {
		const files = /* @__PURE__ */ new Map();
		let marker = after;
		for (let page = 0; page < PAGES_MAX$1; page++) {
			const next = await this.#page(folder, marker);
			for (const file of next.files) if (isZipIn(folder, file)) files.set(file.path, file);
			if (next.marker === void 0) return {
				after,
				until: void 0,
				files
			};
			if (files.size > FILES_MAX || next.marker <= marker) break;
			marker = next.marker;
			if (until !== void 0 && until <= marker) return {
				after,
				until: marker,
				files
			};
		}
		throw new ArchiveError("unreachable", folder, `the listing of ${quoteText(folder)} does not end`);
	}
	async #page(folder, marker) {
		const url = this.#client.listingUrl({
			prefix: folder,
			delimiter: "/",
			...marker === "" ? {} : { marker }
		});
		const limits = {
			path: folder,
			sizeBytesMax: PAGE_BYTES_MAX
		};
		return this.#client.persist(folder, async () => {
			const answer = await this.#client.get(url, limits);
			if (answer !== void 0) return parseListing(new TextDecoder().decode(answer.body));
			throw new ArchiveError("unreachable", folder, "the archive's bucket cannot be listed");
		}, void 0);
	}
};
/** Does `known` reach as far as what is wanted? */
function reaches(known, wanted) {
	if (known.until === void 0) return true;
	return wanted.until !== void 0 && wanted.until <= known.until;
}
/**
* A text that sorts before the days from a month before `period` on, so that its neighbours are listed with it. Months
* are few enough to be listed whole.
*/
function pathBefore(key, period) {
	if (archiveSpan(period) === "monthly") return "";
	const { from } = periodWindow(period);
	const path = archivePath(key, periodOf$1(micros(from - MARGIN), "month"));
	return `${archiveFolder(key, "daily")}${path.slice(archiveFolder(key, "monthly").length, -4)}`;
}
function isZipIn(folder, { path }) {
	return path.startsWith(folder) && path.endsWith(".zip") && !path.includes("/", folder.length);
}
const parser = new XMLParser({
	parseTagValue: false,
	ignoreAttributes: true,
	isArray: (name) => name === "Contents"
});
/**
* Reads a page of a listing.
*
* @throws TransportError when it is not a listing.
*/
function parseListing(xml) {
	const { ListBucketResult: result } = readXml(xml);
	const truncated = isRecord(result) ? result["IsTruncated"] : void 0;
	const isWhole = xml.trimEnd().endsWith("</ListBucketResult>");
	if (!isRecord(result) || !isWhole || truncated !== "true" && truncated !== "false") throw notAListing(xml);
	const files = (result["Contents"] ?? []).map(({ Key: key, Size: size, LastModified: modified }) => {
		if (typeof key !== "string" || !/^\d{1,15}$/.test(String(size))) throw notAListing(xml);
		return {
			path: key,
			sizeBytes: Number(size),
			modified: momentOf$2(modified)
		};
	});
	if (truncated === "false") return {
		files,
		marker: void 0
	};
	const marker = result["NextMarker"] ?? files.at(-1)?.path;
	if (typeof marker !== "string") throw notAListing(xml);
	return {
		files,
		marker
	};
}
function readXml(xml) {
	try {
		const document = parser.parse(xml);
		return isRecord(document) ? document : {};
	} catch {
		throw notAListing(xml);
	}
}
function isRecord(value) {
	return typeof value === "object" && value !== null;
}
function momentOf$2(text) {
	try {
		return typeof text === "string" ? parseMicros(text) : void 0;
	} catch {
		return;
	}
}
function notAListing(xml) {
	return new TransportError(`not a bucket listing: "${quoteText(xml, 100)}"`);
}
// src/pull/archive/zip.ts
/**
* The one CSV in a zip, chunk by chunk. Trusts nothing that the zip states about itself: names, sizes and checksums are
* checked against the data, and zip bombs are stopped while they inflate.
*/
/** The most that an entry may inflate to; a larger month is downloaded by day. */
const INFLATED_BYTES_MAX = 8 * 2 ** 30;
/** CSV of trades compresses to about a fifth, of idle klines to a fortieth; deflate's limit is a thousandth. */
const RATIO_MAX = 200;
/** Below this, a high ratio does no harm. */
const RATIO_FROM_BYTES = 1 << 20;
const READ_BYTES = 1 << 18;
const INFLATE_BYTES = 1 << 18;
const STORED = 0;
const DEFLATED = 8;
const ZIP64_FIELD = 1;
const ZIP64_FROM = 4294967295;
const FILE_TYPE = 61440;
const REGULAR = 32768;
/**
* Inflates the one entry of a zip; each chunk is valid until the next is requested. Nothing is written to disk.
*
* @throws ArchiveError `zip` when there is not exactly one entry of the expected name, it is not a plain file, is
* encrypted, too large, compressed too much, or its sizes or CRC-32 do not match. Chunks may have been returned by
* then.
*/
async function* unzip(file, target) {
	const { entry, start } = await locate$1(file, target);
	const refuse = (what) => refusal$1(target, what);
	let size = 0;
	let crc = 0;
	for await (const piece of inflated(file, {
		entry,
		start,
		target
	})) {
		size += piece.byteLength;
		if (size > entry.uncompressedSize) throw refuse(`inflates to more than the ${entry.uncompressedSize} bytes it states`);
		checkRatio(target, size, entry.compressedSize);
		crc = crc32(piece, crc);
		yield piece;
	}
	if (size !== entry.uncompressedSize) throw refuse(`inflates to ${size} bytes, but states ${entry.uncompressedSize}`);
	if (crc !== entry.crc32) throw refuse("its CRC-32 does not match");
}
async function locate$1(file, target) {
	try {
		return await openEntry(file, target);
	} catch (error) {
		if (error instanceof StoreError && error.code !== "E_STORE_CORRUPT") throw error;
		if (error instanceof ArchiveError) throw error;
		throw refusal$1(target, quoteText(error instanceof Error ? error.message : String(error)), error);
	}
}
async function openEntry(file, target) {
	const reader = new FileReader(file);
	const zip = await yauzl.fromRandomAccessReaderPromise(reader, file.sizeBytes, {
		autoClose: false,
		strictFileNames: true,
		validateEntrySizes: true
	});
	try {
		if (zip.entryCount !== 1) throw refusal$1(target, `${zip.entryCount} entries instead of one`);
		const entries = [];
		for await (const next of zip.eachEntry()) entries.push(next);
		const [entry] = entries;
		if (entry === void 0) throw refusal$1(target, "no entry");
		checkEntry(target, entry);
		const local = await zip.readLocalFileHeaderPromise(entry);
		if (!local.fileName.equals(entry.fileNameRaw)) throw refusal$1(target, "the entry has two different names");
		if (local.compressionMethod !== entry.compressionMethod) throw refusal$1(target, "the entry has two different compression methods");
		return {
			entry,
			start: local.fileDataStart
		};
	} finally {
		zip.close();
	}
}
function checkEntry(target, entry) {
	if (entry.fileName !== target.entry) throw refusal$1(target, `its entry is "${quoteText(entry.fileName)}", not "${target.entry}"`);
	if (entry.isEncrypted()) throw refusal$1(target, "encrypted");
	const type = entry.externalFileAttributes >>> 16 & FILE_TYPE;
	if (type !== 0 && type !== REGULAR) throw refusal$1(target, "its entry is not a regular file");
	if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) throw refusal$1(target, `compressed with method ${entry.compressionMethod}`);
	const { compressedSize, uncompressedSize, relativeOffsetOfLocalHeader: offset } = entry;
	if (!(Math.max(compressedSize, uncompressedSize, offset) >= ZIP64_FROM) && entry.extraFields.some(({ id }) => id === ZIP64_FIELD)) throw refusal$1(target, "unneeded zip64");
	if (uncompressedSize > INFLATED_BYTES_MAX) throw refusal$1(target, `inflates to ${uncompressedSize} bytes, which is too many`);
	checkRatio(target, uncompressedSize, compressedSize);
}
function checkRatio(target, inflatedBytes, compressedBytes) {
	if (inflatedBytes > RATIO_FROM_BYTES && inflatedBytes > RATIO_MAX * compressedBytes) throw refusal$1(target, `inflates to more than ${RATIO_MAX} times its size`);
}
async function* inflated(file, { entry, start, target }) {
	const packed = pieces(file, start, start + entry.compressedSize);
	if (entry.compressionMethod === STORED) {
		yield* packed;
		return;
	}
	const inflate = createInflateRaw({
		chunkSize: INFLATE_BYTES,
		readableHighWaterMark: 2 * INFLATE_BYTES
	});
	pipeline(Readable.from(packed, { objectMode: false }), inflate, () => void 0);
	try {
		for await (const piece of inflate) yield piece;
	} catch (error) {
		throw isZlib(error) ? refusal$1(target, "the compressed data is damaged", error) : error;
	} finally {
		inflate.destroy();
	}
	if (inflate.bytesWritten !== entry.compressedSize) throw refusal$1(target, "the compressed data ends before its stated size");
}
function isZlib(error) {
	const { code } = error;
	return typeof code === "string" && code.startsWith("Z_");
}
async function* pieces(file, from, to) {
	for (let at = from; at < to; at += READ_BYTES) yield await file.read(at, Math.min(at + READ_BYTES, to));
}
function refusal$1({ path }, what, cause) {
	return new ArchiveError("zip", path, `${quoteText(path)}: ${what}`, { cause });
}
/** A file as yauzl wants it. */
var FileReader = class extends yauzl.RandomAccessReader {
	#file;
	constructor(file) {
		super();
		this.#file = file;
	}
	_readStreamForRange(start, end) {
		return Readable.from(pieces(this.#file, start, end), { objectMode: false });
	}
};
// src/rows/batch.ts
/** Arrow batches as this room makes them: one typed array per column, always at offset 0. */
/** One column. @throws RangeError for a type that no dataset uses */
function columnOf(type, { data: view, offsets }, frame) {
	const data = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
	if (DataType.isUtf8(type)) return makeData({
		type,
		valueOffsets: offsets,
		data,
		...frame
	});
	if (DataType.isBool(type)) return makeData({
		type,
		data,
		...frame
	});
	if (DataType.isFloat(type)) return makeData({
		type,
		data,
		...frame
	});
	if (DataType.isDecimal(type)) return makeData({
		type,
		data,
		...frame
	});
	if (DataType.isInt(type)) return makeData({
		type,
		data,
		...frame
	});
	if (DataType.isTimestamp(type)) return makeData({
		type,
		data,
		...frame
	});
	throw new RangeError(`no column has Arrow type ${type.typeId}`);
}
/** Columns, in schema order and with `rowCount` rows each, as one batch. */
function batchOf(schema, columns, rowCount) {
	const type = new Struct(schema.fields);
	const children = [...columns];
	return new RecordBatch(schema, makeData({
		type,
		length: rowCount,
		nullCount: 0,
		children
	}));
}
/** The data of one column. @throws RangeError when the batch has no such column */
function columnData(batch, index) {
	const data = batch.data.children[index];
	if (data !== void 0) return data;
	throw new RangeError(`a batch of ${batch.data.children.length} columns has no column ${index}`);
}
/** The values of an INT64 or time column; a view. */
function int64Values(batch, index) {
	const values = columnData(batch, index).values;
	if (values instanceof BigInt64Array) return values.subarray(0, batch.numRows);
	throw new RangeError(`column ${batch.schema.names[index]?.toString() ?? index} is not 64-bit integers`);
}
/** Exposes a batch's keys and times. The batch must have the schema of `dataset`. */
function pageOf$1(dataset, batch) {
	const keys = int64Values(batch, columnIndex$2(dataset, dataset.key));
	const times = dataset.key === dataset.time ? keys : int64Values(batch, columnIndex$2(dataset, dataset.time));
	return {
		batch,
		rowCount: batch.numRows,
		keys,
		times
	};
}
// src/rows/int64.ts
/** 64-bit integers in columns: comparing without bigints, and searching. */
/** The low (even) and high (odd) halves of `values`; a view. */
function halvesOf$1(values) {
	return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}
/** Below 0 when row `i` of `a` is below row `j` of `b`, 0 when they are equal, else above 0. */
function compareHalves(a, i, b, j) {
	const high = (a[2 * i + 1] ?? 0) - (b[2 * j + 1] ?? 0);
	return high === 0 ? ((a[2 * i] ?? 0) >>> 0) - ((b[2 * j] ?? 0) >>> 0) : high;
}
/** Is the value of row `i` this small negative number, or 0? */
function isHalves(halves, i, value) {
	return halves[2 * i] === value && halves[2 * i + 1] === value;
}
/** The index of the first element of `array`, which is sorted, that is not below `key`; its length when all are. */
function lowerBound$1(array, key) {
	let from = 0;
	let to = array.length;
	while (from < to) {
		const middle = from + to >>> 1;
		if ((array[middle] ?? key) < key) from = middle + 1;
		else to = middle;
	}
	return from;
}
/** Is no value lower than the one before it? */
function isRising(values) {
	const halves = halvesOf$1(values);
	for (let row = 1; row < values.length; row++) if (compareHalves(halves, row, halves, row - 1) < 0) return false;
	return true;
}
const PADDING$1 = 8;
const SHARED_BYTES_MAX = 1 << 20;
let shared = /* @__PURE__ */ new Uint8Array(0);
/**
* `body` followed by zeros. Readers stop at a zero, so none of them reads past the end of an array: one such read makes
* V8 compile every loop over bytes to half its speed.
*
* The bytes are valid until the next call; decoding is synchronous and keeps none of them.
*/
function padded(body) {
	const length = body.length + PADDING$1;
	if (length > SHARED_BYTES_MAX) return copyInto(new Uint8Array(length), body);
	if (length > shared.length) shared = new Uint8Array(Math.max(length, 2 * shared.length));
	return copyInto(shared.subarray(0, length), body);
}
function copyInto(bytes, body) {
	bytes.set(body);
	return bytes.fill(0, body.length);
}
/** `text` as UTF-8, followed by zeros as {@link padded} bytes are. */
function paddedText(text) {
	return new TextEncoder().encode(text + "\0".repeat(PADDING$1));
}
/** The length of a {@link padded} body. */
function unpaddedLength(bytes) {
	return bytes.length - PADDING$1;
}
/** The byte at `at`; 0, which no text holds, outside the bytes. */
function byteAt(bytes, at) {
	return bytes[at] ?? 0;
}
/** The digit at `at`, 0 to 9; another number if there is none. */
function digitAt(bytes, at) {
	return (bytes[at] ?? 0) - 48;
}
/** Is the result of {@link digitAt} a digit? */
function isDigit(digit) {
	return digit >= 0 && digit <= 9;
}
/** Where the run of digits that begins at `at` ends; `at` itself when there is none. */
function digitsEnd(bytes, at) {
	let end = at;
	while (isDigit(digitAt(bytes, end))) end++;
	return end;
}
/** Bytes `[from, to)` as text, one character per byte; for short ASCII. */
function asciiText(bytes, from, to) {
	return String.fromCharCode(...bytes.subarray(from, to));
}
// src/rows/digits.ts
/**
* Digits → doubles: the innermost loops of every number.
*
* Everything a loop over bytes needs is in its own file: V8 inlines a module's own constants and functions into a loop,
* but loads imported ones at each iteration, which was measured to halve the speed.
*/
const ZERO$5 = 48;
const DOT$3 = 46;
const CHUNK$2 = 9;
/** Powers of ten that a double holds exactly, by exponent. */
const POWERS$1 = [
	1,
	10,
	100,
	1e3,
	1e4,
	1e5,
	1e6,
	1e7,
	1e8,
	1e9,
	1e10,
	1e11,
	0xe8d4a51000,
	0x9184e72a000,
	0x5af3107a4000,
	0x38d7ea4c68000,
	0x2386f26fc10000
];
const powers$1 = POWERS$1;
/**
* Where the readers leave their results: registers, since a reader has several results and must not make an object for
* each value. `[0]` the digits before the point and `[1]` those after it, each as a whole number, exact up to 2^53 and
* above 2^53 when it is larger; `[2]` the count of digits before the point, `[3]` after it.
*/
const registers = /* @__PURE__ */ new Float64Array(4);
const parts$3 = registers;
/**
* Reads the run of digits at `at`. If there are none, the value is 0.
*
* @returns where it ends
*/
function readDigits(bytes, at) {
	return readRun(bytes, at, 0);
}
/**
* Reads `\d*(\.\d*)?` at `at`.
*
* @returns where it ends; -1 when there is no digit before the point, or a point without a digit after it
*/
function readDecimal(bytes, at) {
	const point = readRun(bytes, at, 0);
	if (point === at) return -1;
	if ((bytes[point] ?? 0) !== DOT$3) {
		parts$3[1] = 0;
		parts$3[3] = 0;
		return point;
	}
	const end = readRun(bytes, point + 1, 1);
	return end === point + 1 ? -1 : end;
}
function readRun(bytes, at, part) {
	let end = at;
	let chunk = 0;
	const chunkEnd = at + CHUNK$2;
	let digit = (bytes[end] ?? 0) - ZERO$5;
	for (; digit >= 0 && digit <= 9 && end < chunkEnd; digit = (bytes[++end] ?? 0) - ZERO$5) chunk = chunk * 10 + digit | 0;
	let value = chunk;
	if (digit >= 0 && digit <= 9) {
		const second = end;
		chunk = 0;
		for (; digit >= 0 && digit <= 9 && end < second + CHUNK$2; digit = (bytes[++end] ?? 0) - ZERO$5) chunk = chunk * 10 + digit | 0;
		value = value * (powers$1[end - second] ?? NaN) + chunk;
		for (; digit >= 0 && digit <= 9; digit = (bytes[++end] ?? 0) - ZERO$5) value = value * 10 + digit;
	}
	parts$3[part] = value;
	parts$3[part + 2] = end - at;
	return end;
}
// src/rows/decimal.ts
/**
* Decimal text → numbers, without loss: scaled 128-bit integers for exact columns, the nearest double for `float64`
* ones. On its way to an exact column, text passes through a double only if that double is exact.
*
* A number is `-?\d+(\.\d+)?([eE][+-]?\d+)?`, finite, and not a negative zero.
*/
const PLUS = 43;
const MINUS$1 = 45;
const DOT$2 = 46;
const ZERO$4 = 48;
const LOWER_E$3 = 101;
const CASE_BIT$2 = 32;
const parts$2 = registers;
const powers = POWERS$1;
const wordsPerRow$1 = 4;
const decimalsMax = 8;
const WORD$5 = 4294967296;
const SAFE_MAX$1 = Number.MAX_SAFE_INTEGER;
const SCALE_FACTOR = 1e8;
const FINITE_DIGITS = 308;
const NUMBER_BYTES_MAX = 400;
/** Where the longest number that begins at `at` ends; -1 when there is none, or it is absurdly long. */
function numberEnd(bytes, at) {
	const end = grammarEnd(bytes, at);
	return end - at > NUMBER_BYTES_MAX ? -1 : end;
}
function grammarEnd(bytes, at) {
	const whole = byteAt(bytes, at) === MINUS$1 ? at + 1 : at;
	let end = digitsEnd(bytes, whole);
	if (end === whole) return -1;
	if (byteAt(bytes, end) === DOT$2 && isDigit(digitAt(bytes, end + 1))) end = digitsEnd(bytes, end + 1);
	if (!isExponentMark(byteAt(bytes, end))) return end;
	const sign = byteAt(bytes, end + 1);
	const exponent = sign === MINUS$1 || sign === PLUS ? end + 2 : end + 1;
	return isDigit(digitAt(bytes, exponent)) ? digitsEnd(bytes, exponent) : end;
}
/**
* Reads the number at `at` into `out[row]`, equal to `Number(text)` bit for bit.
*
* @returns where the number ends; -1 when there is none, when it is beyond every double, or is a negative zero
*/
function readFloat(bytes, at, out, row) {
	const end = readDecimal(bytes, at);
	const fraction = parts$2[1] ?? 0;
	const power = fraction === 0 ? 1 : powers[parts$2[3] ?? 0] ?? NaN;
	const mantissa = (parts$2[0] ?? 0) * power + fraction;
	if (end < 0 || !(mantissa <= SAFE_MAX$1) || isExponentMark(bytes[end] ?? 0)) return readFloatSlowly(bytes, at, out, row);
	out[row] = mantissa / power;
	return end;
}
function readFloatSlowly(bytes, at, out, row) {
	const end = numberEnd(bytes, at);
	if (end < 0) return -1;
	const value = Number(asciiText(bytes, at, end));
	if (!Number.isFinite(value) || Object.is(value, -0)) return -1;
	out[row] = value;
	return end;
}
/**
* Checks the number at `at`, for columns that keep the text.
*
* @returns where the number ends; -1 as {@link readFloat} does
*/
function checkNumber(bytes, at) {
	const end = numberEnd(bytes, at);
	if (end < 0 || end - at <= FINITE_DIGITS && byteAt(bytes, at) !== MINUS$1 && !hasExponent(bytes, at, end)) return end;
	return readFloatSlowly(bytes, at, /* @__PURE__ */ new Float64Array(1), 0);
}
function hasExponent(bytes, from, to) {
	for (let at = from; at < to; at++) if (isExponentMark(byteAt(bytes, at))) return true;
	return false;
}
function isExponentMark(byte) {
	return (byte | CASE_BIT$2) === LOWER_E$3;
}
/** The bound for {@link ScaledTarget}: whole numbers below it need no count of their digits. */
function wholeLimit(digitsMax) {
	return Math.min(10 ** (digitsMax - 8), SAFE_MAX$1);
}
/**
* Reads the number at `at` as an integer of 1e-8 units into row `row` of `target`, exactly.
*
* @returns where the number ends; -1 when there is none, it has more than 8 decimals that are not zeros, more
* digits than `target.digitsMax`, or is a negative zero
*/
function readScaled(bytes, at, target, row) {
	const end = readDecimal(bytes, at);
	const whole = parts$2[0] ?? 0;
	const units = (parts$2[1] ?? 0) * (powers[decimalsMax - (parts$2[3] ?? 0)] ?? NaN);
	const { words } = target;
	if (!(end >= 0 && whole < target.wholeLimit && units >= 0) || isExponentMark(bytes[end] ?? 0)) return readScaledSlowly(bytes, at, target, row);
	const scaled = whole * SCALE_FACTOR + units;
	const isSmall = scaled <= SAFE_MAX$1;
	const start = isSmall ? scaled : whole;
	const first = row * wordsPerRow$1;
	words[first] = start;
	words[first + 1] = start / WORD$5;
	words[first + 2] = 0;
	words[first + 3] = 0;
	if (isSmall) return end;
	multiplyAdd(words, first, 1e4, 0);
	multiplyAdd(words, first, 1e4, units);
	return end;
}
function readScaledSlowly(bytes, at, { words, digitsMax }, row) {
	const end = numberEnd(bytes, at);
	if (end < 0) return -1;
	const parts = partsOf$1(bytes, at, end);
	const isNegative = byteAt(bytes, at) === MINUS$1;
	const first = row * 4;
	words.fill(0, first, first + 4);
	if (parts.first < 0) return isNegative ? -1 : end;
	const stop = parts.point + 8;
	if (parts.last >= stop || stop - parts.first > digitsMax) return -1;
	for (let index = parts.first; index < stop; index += CHUNK$1) {
		const count = Math.min(CHUNK$1, stop - index);
		let chunk = 0;
		for (let next = index; next < index + count; next++) chunk = chunk * 10 + digitOf(parts, next);
		multiplyAdd(words, first, POWERS$1[count] ?? NaN, chunk);
	}
	if (isNegative) negate(words, first);
	return end;
}
const CHUNK$1 = 6;
function multiplyAdd(words, first, factor, add) {
	let carry = add;
	for (let index = first; index < first + 4; index++) {
		const product = (words[index] ?? 0) * factor + carry;
		words[index] = product;
		carry = Math.floor(product / WORD$5);
	}
}
function negate(words, first) {
	let carry = 1;
	for (let index = first; index < first + 4; index++) {
		const sum = (~(words[index] ?? 0) >>> 0) + carry;
		words[index] = sum;
		carry = sum >= WORD$5 ? 1 : 0;
	}
}
function partsOf$1(bytes, at, end) {
	const text = asciiText(bytes, at, end);
	const [, whole = "", decimals = "", exponent = "0"] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
	const digits = whole + decimals;
	const first = digits.search(/[1-9]/);
	let last = digits.length - 1;
	while (last > 0 && digits[last] === "0") last--;
	return {
		digits,
		point: whole.length + Number(exponent),
		first,
		last
	};
}
function digitOf({ digits }, index) {
	return index < digits.length ? digits.charCodeAt(index) - ZERO$4 : 0;
}
/** Explains why {@link readScaled} or, without `digitsMax`, {@link readFloat} refuses `text`. */
function numberProblem(text, digitsMax) {
	const bytes = paddedText(text);
	const end = unpaddedLength(bytes);
	if (numberEnd(bytes, 0) !== end) return "not a decimal number";
	const { point, first, last } = partsOf$1(bytes, 0, end);
	if (first < 0 || Object.is(Number(text), -0)) return "a negative zero";
	if (digitsMax === void 0) return "beyond the range of a double";
	if (last >= point + 8) return `more than 8 decimals, which cannot be stored exactly`;
	return `more than ${digitsMax - 8} digits before the point, which cannot be stored exactly`;
}
/** The scaled integer of row `row` as exact text with {@link SCALE} decimals. */
function formatScaled(words, row) {
	const value = scaledAt(words, row);
	const digits = (value < 0n ? -value : value).toString().padStart(9, "0");
	return `${value < 0n ? "-" : ""}${digits.slice(0, -8)}.${digits.slice(-8)}`;
}
/** The scaled integer of row `row`. */
function scaledAt(words, row) {
	let value = 0n;
	for (let index = 3; index >= 0; index--) value = value << 32n | BigInt(words[row * 4 + index] ?? 0);
	return BigInt.asIntN(128, value);
}
// src/rows/number-column.ts
/** Prices and quantities, compared exactly in each of the three forms in which they are stored. */
/** The numbers of one column. Two columns that are compared must be stored in the same form. */
function numberColumn(data) {
	const type = data.type;
	if (DataType.isFloat(type)) return new FloatColumn(data.values);
	if (DataType.isDecimal(type)) return new ScaledColumn(data.values);
	return new TextColumn(data.valueOffsets, data.values);
}
var FloatColumn = class {
	#values;
	constructor(values) {
		this.#values = values;
	}
	sign(row) {
		return this.#values[row] ?? 0;
	}
	compare(row, other) {
		return (this.#values[row] ?? 0) - (other.#values[row] ?? 0);
	}
};
const wordsPerRow = 4;
var ScaledColumn = class {
	#words;
	constructor(words) {
		this.#words = words;
	}
	sign(row) {
		const words = this.#words;
		const first = row * wordsPerRow;
		const high = (words[first + 3] ?? 0) | 0;
		if (high !== 0) return high;
		return (words[first + 2] ?? 0) + (words[first + 1] ?? 0) + (words[first] ?? 0);
	}
	compare(row, other) {
		const words = this.#words;
		const others = other.#words;
		const first = row * wordsPerRow;
		const last = first + wordsPerRow - 1;
		const high = ((words[last] ?? 0) | 0) - ((others[last] ?? 0) | 0);
		if (high !== 0) return high;
		for (let index = last - 1; index >= first; index--) {
			const difference = (words[index] ?? 0) - (others[index] ?? 0);
			if (difference !== 0) return difference;
		}
		return 0;
	}
};
var TextColumn = class {
	#offsets;
	/** All texts of the column, end to end. Number texts are ASCII, so byte offsets are valid here. */
	#text;
	constructor(offsets, { buffer, byteOffset, byteLength }) {
		this.#offsets = offsets;
		this.#text = Buffer$1.from(buffer, byteOffset, byteLength).toString("latin1");
	}
	sign(row) {
		const text = this.#textAt(row);
		const value = Number(text);
		return value === 0 ? signOf(text) : value;
	}
	compare(row, other) {
		return compareNumbers(this.#textAt(row), other.#textAt(row));
	}
	#textAt(row) {
		return this.#text.slice(this.#offsets[row], this.#offsets[row + 1]);
	}
};
function signOf(text) {
	if (!/[1-9]/.test(text.replace(/[eE].*/, ""))) return 0;
	return text.startsWith("-") ? -1 : 1;
}
/** Compares two number texts exactly, however many digits they have. */
function compareNumbers(a, b) {
	if (a === b) return 0;
	const difference = Number(a) - Number(b);
	if (difference !== 0) return difference;
	const sign = signOf(a);
	if (sign !== signOf(b)) return sign - signOf(b);
	const [x, y] = [magnitudeOf(a), magnitudeOf(b)];
	return sign < 0 ? compareMagnitudes(y, x) : compareMagnitudes(x, y);
}
function compareMagnitudes(a, b) {
	if (a.point !== b.point) return a.point - b.point;
	return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
}
function magnitudeOf(text) {
	const [, whole = "", decimals = "", exponent = "0"] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
	const all = whole + decimals;
	const zeros = all.length - all.replace(/^0+/, "").length;
	let end = all.length;
	while (end > zeros && all[end - 1] === "0") end -= 1;
	const digits = all.slice(zeros, end);
	return {
		digits,
		point: digits === "" ? 0 : whole.length - zeros + Number(exponent)
	};
}
// src/rows/layout.ts
/** How columns lie in memory: what comparing and copying rows needs, whatever the values mean. */
/** The layout of a column; views, not copies. */
function layoutOf(data) {
	const valid = data.nullCount > 0 ? {
		bits: data.nullBitmap,
		offset: data.offset
	} : void 0;
	return {
		...valuesOf(data),
		valid
	};
}
function valuesOf(data) {
	const type = data.type;
	if (DataType.isUtf8(type)) return {
		kind: "text",
		offsets: data.valueOffsets,
		bytes: data.values
	};
	if (DataType.isBool(type)) return {
		kind: "bits",
		bits: data.values,
		offset: data.offset
	};
	const { buffer, byteOffset, byteLength } = data.values;
	return {
		kind: "words",
		words: new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT),
		width: DataType.isDecimal(type) ? 4 : 2
	};
}
/** Is row `row` null? */
function isNull({ valid }, row) {
	return valid !== void 0 && !hasBit(valid.bits, valid.offset + row);
}
/** Is bit `index` set? */
function hasBit(bits, index) {
	return ((bits[index >> 3] ?? 0) >> (index & 7) & 1) === 1;
}
/** Sets bit `index`. */
function setBit$1(bits, index) {
	bits[index >> 3] = (bits[index >> 3] ?? 0) | 1 << (index & 7);
}
/**
* Is row `i` of `a` the same as row `j` of `b`: bit for bit, byte for byte, null for null? Columns of the same type.
*/
function isSame$1(a, i, b, j) {
	const isNullA = isNull(a, i);
	if (isNullA || isNull(b, j)) return isNullA && isNull(b, j);
	if (a.kind === "words" && b.kind === "words") return isSameWords(a, i, b, j);
	if (a.kind === "bits" && b.kind === "bits") return hasBit(a.bits, a.offset + i) === hasBit(b.bits, b.offset + j);
	if (a.kind === "text" && b.kind === "text") return isSameText$1(a, i, b, j);
	throw new RangeError(`columns of different kinds: ${a.kind} and ${b.kind}`);
}
function isSameWords(a, i, b, j) {
	const { width } = a;
	for (let word = 0; word < width; word++) if (a.words[i * width + word] !== b.words[j * width + word]) return false;
	return true;
}
function isSameText$1(a, i, b, j) {
	const from = a.offsets[i] ?? 0;
	const other = b.offsets[j] ?? 0;
	const length = (a.offsets[i + 1] ?? 0) - from;
	if ((b.offsets[j + 1] ?? 0) - other !== length) return false;
	for (let at = 0; at < length; at++) if (a.bytes[from + at] !== b.bytes[other + at]) return false;
	return true;
}
// src/rows/value-text.ts
/** Stored values as exact text, for messages and revisions. */
/**
* Row `row` of a column as text: times as ISO 8601 with microseconds, decimals with all their decimals, doubles as the
* shortest text that reads back the same, null as `null`.
*/
function valueText({ type }, data, row) {
	const layout = layoutOf(data);
	if (isNull(layout, row)) return "null";
	if (layout.kind === "bits") return String(hasBit(layout.bits, layout.offset + row));
	if (layout.kind === "text") {
		const { bytes, offsets } = layout;
		return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(offsets[row] ?? 0, offsets[row + 1] ?? 0));
	}
	if (type === "time" || type === "end") return formatMicros(micros(bigintAt(data, row)));
	if (type === "id" || type === "count") return String(bigintAt(data, row));
	return DataType.isDecimal(data.type) ? formatScaled(data.values, row) : String(data.values[row]);
}
/** All columns of row `row` by name, in the form of {@link valueText}. */
function rowTexts({ columns }, batch, row) {
	return Object.fromEntries(columns.map((column, index) => [column.name, valueText(column, columnData(batch, index), row)]));
}
function bigintAt(data, row) {
	return data.values[row] ?? 0n;
}
// src/rows/check.ts
/**
* Checks a page from which exact duplicates were dropped.
*
* @throws DataError when keys do not strictly increase, or a row has impossible values; names the key and the values
*/
function checkPage(dataset, page) {
	const rows = new PageRows(dataset, page);
	rows.checkOrder();
	switch (dataset.rules) {
		case "kline": return checkKlines(rows);
		case "aggTrade": return checkAggTrades(rows);
		case "trade": return checkTrades(rows);
		case "order": return checkOrders(rows);
		case "allocation":
			rows.checkFalse("is_allocator");
			return checkTrades(rows);
	}
}
const NOTHING_ODD = {
	dummies: 0,
	zeroQuantities: 0
};
function checkKlines(rows) {
	rows.checkNotAbove("low", "open");
	rows.checkNotAbove("low", "close");
	rows.checkNotAbove("open", "high");
	rows.checkNotAbove("close", "high");
	rows.checkNotNegative("taker_buy_volume", "taker_buy_quote_volume");
	rows.checkNotAbove("taker_buy_volume", "volume");
	rows.checkNotAbove("taker_buy_quote_volume", "quote_volume");
	rows.checkIntegers("trade_count", isNatural, "is negative");
	const opens = rows.integers("open_time");
	rows.checkIntegers("close_time", (closes, row) => compareHalves(opens, row, closes, row) < 0, "is not after open_time");
	const zeros = [
		"low",
		"high",
		"volume",
		"quote_volume"
	].map((name) => rows.numbers(name));
	return {
		dummies: rows.checkPositive("low", (row) => zeros.every((column) => column.sign(row) === 0)),
		zeroQuantities: 0
	};
}
function checkAggTrades(rows) {
	rows.checkNotNegative("price", "quantity");
	rows.checkIntegers("agg_trade_id", isNatural, "is negative");
	const first = rows.integers("first_trade_id");
	const last = rows.integers("last_trade_id");
	rows.checkIntegers("last_trade_id", (_, row) => compareHalves(first, row, last, row) <= 0, "is below first_trade_id");
	const prices = rows.numbers("price");
	const quantities = rows.numbers("quantity");
	const isDummy = (row) => isHalves(first, row, -1) && isHalves(last, row, -1) && prices.sign(row) === 0 && quantities.sign(row) === 0;
	rows.checkIntegers("first_trade_id", (_, row) => isNatural(first, row) || isDummy(row), "is negative, but the row is not marked invalid");
	rows.checkPositive("price", (row) => quantities.sign(row) === 0);
	let [dummies, zeroQuantities] = [0, 0];
	for (let row = 0; row < rows.count; row++) {
		if (quantities.sign(row) !== 0) continue;
		if (isDummy(row)) dummies++;
		else zeroQuantities++;
	}
	return {
		dummies,
		zeroQuantities
	};
}
/** Is an integer, given in halves, 0 or more? */
function isNatural(halves, row) {
	return (halves[2 * row + 1] ?? 0) >= 0;
}
function checkTrades(rows) {
	rows.checkPositive("price");
	rows.checkPositive("quantity");
	rows.checkNotNegative("quote_quantity");
	return NOTHING_ODD;
}
function checkOrders(rows) {
	rows.checkNotNegative("price", "orig_quantity", "executed_quantity", "orig_quote_order_quantity");
	return NOTHING_ODD;
}
/** The columns of a page by name, and the rules for columns. */
var PageRows = class {
	count;
	#dataset;
	#page;
	constructor(dataset, page) {
		this.count = page.rowCount;
		this.#dataset = dataset;
		this.#page = page;
	}
	numbers(name) {
		return numberColumn(this.#column(name).data);
	}
	/** The halves of a column of integers or times. */
	integers(name) {
		return halvesOf$1(int64Values(this.#page.batch, columnIndex$2(this.#dataset, name)));
	}
	checkOrder() {
		const { key } = this.#dataset;
		const keys = this.integers(key);
		for (let row = 1; row < this.count; row++) {
			const order = compareHalves(keys, row, keys, row - 1);
			if (order > 0) continue;
			const problem = order === 0 ? "occurs twice, with different rows" : "is out of order";
			const before = this.#text(key, row - 1);
			throw this.#refuse(row, `${key} ${problem}: ${this.#text(key, row)} after ${before}`);
		}
	}
	checkNotAbove(lower, upper) {
		const [a, b] = [this.numbers(lower), this.numbers(upper)];
		for (let row = 0; row < this.count; row++) if (a.compare(row, b) > 0) throw this.#refuse(row, `${lower} ${this.#text(lower, row)} is above ${upper} ${this.#text(upper, row)}`);
	}
	checkNotNegative(...names) {
		for (const name of names) {
			const column = this.numbers(name);
			for (let row = 0; row < this.count; row++) if (column.sign(row) < 0) throw this.#refuse(row, `${name} ${this.#text(name, row)} is negative`);
		}
	}
	/** Rows where this is true have fields that are not known and would be lost. */
	checkFalse(name) {
		for (let row = 0; row < this.count; row++) if (this.#text(name, row) !== "false") throw this.#refuse(row, `${name} is ${this.#text(name, row)}: such rows are not supported yet`);
	}
	/** Returns how many rows are not positive but are allowed to be so. */
	checkPositive(name, mayBeZero = () => false) {
		const column = this.numbers(name);
		let allowed = 0;
		for (let row = 0; row < this.count; row++) {
			if (column.sign(row) > 0) continue;
			if (!mayBeZero(row)) throw this.#refuse(row, `${name} ${this.#text(name, row)} is not above 0`);
			allowed++;
		}
		return allowed;
	}
	checkIntegers(name, isFine, problem) {
		const halves = this.integers(name);
		for (let row = 0; row < this.count; row++) if (!isFine(halves, row)) throw this.#refuse(row, `${name} ${this.#text(name, row)} ${problem}`);
	}
	#column(name) {
		const index = columnIndex$2(this.#dataset, name);
		const column = this.#dataset.columns[index];
		if (column === void 0) throw new RangeError(`no column ${name}`);
		return {
			column,
			data: columnData(this.#page.batch, index)
		};
	}
	#text(name, row) {
		const { column, data } = this.#column(name);
		return quoteText(valueText(column, data, row));
	}
	#refuse(row, problem) {
		const { kind, key } = this.#dataset;
		return new DataError(`${kind} row ${row} (${key} ${this.#text(key, row)}): ${problem}`);
	}
};
// src/rows/schema.ts
/** Datasets as Arrow schemas: which Arrow type each column has. */
const schemas = /* @__PURE__ */ new WeakMap();
/** The Arrow schema of `dataset`, with prices and quantities stored as `numbers`. The same object each time. */
function schemaOf$1(dataset, numbers) {
	const known = schemas.get(dataset) ?? /* @__PURE__ */ new Map();
	schemas.set(dataset, known);
	const schema = known.get(numbers) ?? new Schema(dataset.columns.map((column) => fieldOf$1(column, numbers)));
	known.set(numbers, schema);
	return schema;
}
function fieldOf$1(column, numbers) {
	return new Field(column.name, typeOf$1(column, numbers), column.nullable ?? false);
}
function typeOf$1({ type }, numbers) {
	switch (type) {
		case "time":
		case "end": return new TimestampMicrosecond("UTC");
		case "id":
		case "count": return new Int64();
		case "price": return numberType(numbers, 18);
		case "quantity": return numberType(numbers, 38);
		case "flag": return new Bool();
		case "text":
		case "extra": return new Utf8();
	}
}
function numberType(numbers, digits) {
	switch (numbers) {
		case "float64": return new Float64();
		case "decimal": return new Decimal(8, digits, 128);
		case "string": return new Utf8();
	}
}
// src/rows/columns.ts
/**
* Growing typed columns. A decoder fills them row by row without making objects, and they become Arrow data without a
* copy.
*
* Rows are written in order, each once, by index. {@link PageColumns.reserve} must have made room for them.
*/
const WORD$4 = 4294967296;
/** A column being filled. Rows are not null unless {@link Sink.putNull} says so. */
var Sink = class {
	#type;
	#nulls = /* @__PURE__ */ new Uint8Array(0);
	#nullCount = 0;
	constructor(type) {
		this.#type = type;
	}
	putNull(row) {
		this.#nulls = grown(this.#nulls, (row >> 3) + 1);
		setBit$1(this.#nulls, row);
		this.#nullCount++;
	}
	/** The first `length` rows. The column must not be written to afterwards. */
	finish(length) {
		return columnOf(this.#type, this.buffers(length), this.#frame(length));
	}
	#frame(length) {
		if (this.#nullCount === 0) return {
			length,
			nullCount: 0
		};
		const nullBitmap = new Uint8Array(length + 7 >> 3);
		for (let row = 0; row < length; row++) if (!hasBit(this.#nulls, row)) setBit$1(nullBitmap, row);
		return {
			length,
			nullCount: this.#nullCount,
			nullBitmap
		};
	}
};
/** 64-bit integers and times. */
var Int64Sink = class extends Sink {
	#values = /* @__PURE__ */ new BigInt64Array(0);
	#halves = /* @__PURE__ */ new Int32Array(0);
	reserve(rows) {
		this.#values = grown(this.#values, rows);
		this.#halves = new Int32Array(this.#values.buffer);
	}
	/** Writes a whole number that is exact as a double, without making a bigint. */
	put(row, value) {
		this.#halves[row * 2] = value;
		this.#halves[row * 2 + 1] = Math.floor(value / WORD$4);
	}
	/** Writes any 64-bit integer. */
	putBig(row, value) {
		this.#values[row] = value;
	}
	buffers(rows) {
		return { data: trimmed(this.#values, rows) };
	}
};
/** Doubles. */
var FloatSink = class extends Sink {
	values = /* @__PURE__ */ new Float64Array(0);
	reserve(rows) {
		this.values = grown(this.values, rows);
	}
	buffers(rows) {
		return { data: trimmed(this.values, rows) };
	}
};
/** Scaled 128-bit integers, at most `digitsMax` digits long. */
var ScaledSink = class extends Sink {
	digitsMax;
	wholeLimit;
	words = /* @__PURE__ */ new Uint32Array(0);
	constructor(type) {
		super(type);
		this.digitsMax = type.precision;
		this.wholeLimit = wholeLimit(type.precision);
	}
	reserve(rows) {
		this.words = grown(this.words, rows * 4);
	}
	buffers(rows) {
		return { data: trimmed(this.words, rows * 4) };
	}
};
/** Booleans, a bit each. */
var FlagSink = class extends Sink {
	#bits = /* @__PURE__ */ new Uint8Array(0);
	reserve(rows) {
		this.#bits = grown(this.#bits, rows + 7 >> 3);
	}
	put(row, value) {
		const bit = 1 << (row & 7);
		const byte = this.#bits[row >> 3] ?? 0;
		this.#bits[row >> 3] = value ? byte | bit : byte & ~bit;
	}
	buffers(rows) {
		return { data: trimmed(this.#bits, rows + 7 >> 3) };
	}
};
const SHORT_BYTES = 32;
/** UTF-8 texts, one after the other. */
var TextSink = class extends Sink {
	#offsets = /* @__PURE__ */ new Int32Array(1);
	#bytes = /* @__PURE__ */ new Uint8Array(0);
	reserve(rows) {
		this.#offsets = grown(this.#offsets, rows + 1);
	}
	/** Writes `bytes[from, to)`, which must be UTF-8. */
	put(row, bytes, from, to) {
		const start = this.#offsets[row] ?? 0;
		const end = start + to - from;
		if (end > this.#bytes.length) this.#bytes = grown(this.#bytes, Math.max(end, 2 * start));
		const target = this.#bytes;
		if (end - start > SHORT_BYTES) target.set(bytes.subarray(from, to), start);
		else for (let i = from, o = start; i < to; i++, o++) target[o] = bytes[i] ?? 0;
		this.#offsets[row + 1] = end;
	}
	putNull(row) {
		super.putNull(row);
		this.#offsets[row + 1] = this.#offsets[row] ?? 0;
	}
	buffers(rows) {
		const offsets = trimmed(this.#offsets, rows + 1);
		return {
			data: trimmed(this.#bytes, offsets[rows] ?? 0),
			offsets
		};
	}
};
function sinkOf(type) {
	if (DataType.isInt(type) || DataType.isTimestamp(type)) return new Int64Sink(type);
	if (DataType.isFloat(type)) return new FloatSink(type);
	if (DataType.isDecimal(type)) return new ScaledSink(type);
	if (DataType.isBool(type)) return new FlagSink(type);
	return new TextSink(type);
}
/** The columns of one page while it is being decoded. */
var PageColumns = class {
	/** One for each column of the dataset, in its order. */
	sinks;
	#dataset;
	#schema;
	#capacity = 0;
	constructor(dataset, numbers, rows) {
		this.#dataset = dataset;
		this.#schema = schemaOf$1(dataset, numbers);
		this.sinks = this.#schema.fields.map((field) => sinkOf(field.type));
		this.reserve(rows);
	}
	/** Makes room for `rows` rows. */
	reserve(rows) {
		if (rows <= this.#capacity) return;
		this.#capacity = Math.max(rows, this.#capacity * 2);
		for (const sink of this.sinks) sink.reserve(this.#capacity);
	}
	/** The first `rowCount` rows as a page. The columns must not be written to afterwards. */
	finish(rowCount) {
		const columns = this.sinks.map((sink) => sink.finish(rowCount));
		return pageOf$1(this.#dataset, batchOf(this.#schema, columns, rowCount));
	}
};
/** `array` with room for `length` elements; the same array if it already has room. */
function grown(array, length) {
	if (length <= array.length) return array;
	const next = new array.constructor(length);
	new Uint8Array(next.buffer).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
	return next;
}
/** The first `length` elements; a copy if a view would keep more than twice the memory alive. */
function trimmed(array, length) {
	return array.length > 2 * length ? array.slice(0, length) : array.subarray(0, length);
}
// src/rows/csv-readers.ts
const SPACE$2 = 32;
const QUOTE$3 = 34;
const COMMA$2 = 44;
const ZERO$3 = 48;
const CASE_BIT$1 = 32;
const LOWER_E$2 = 101;
const LOWER_F = 102;
const LOWER_T = 116;
const RUE = 7501157;
const ALS = 6384755;
const parts$1 = registers;
/** The unit of the current row, as its first time showed it; shared by the row's times. */
var RowUnit = class {
	isMillis;
	/** @param isMillis - the unit that a file of this period is published in. */
	constructor(isMillis) {
		this.isMillis = isMillis;
	}
};
/**
* Reads the time that decides the period, and with it the unit of the row: the one in which the time lies in the file's
* own period. No number does so in both: a time in µs read as ms is some 55,000 years later. A row slightly outside the
* period shows no unit: the unit of the row before is used.
*/
var PeriodTimeReader = class {
	#sink;
	#unit;
	#from;
	#to;
	#fromMs;
	#toMs;
	#slack;
	/**
	* @param period - must begin and end on a whole millisecond, as days and months do.
	* @param slack - how far outside of the period a row may lie, in microseconds.
	*/
	constructor(sink, unit, { from, to }, slack) {
		this.#sink = sink;
		this.#unit = unit;
		this.#slack = slack;
		this.#from = Number(from);
		this.#to = Number(to);
		this.#fromMs = this.#from / 1e3;
		this.#toMs = this.#to / 1e3;
	}
	read(bytes, at, row) {
		const end = readDigits(bytes, at);
		const value = parts$1[0] ?? 0;
		if ((bytes[at] ?? 0) === ZERO$3) return -1;
		if (value >= this.#from && value < this.#to) {
			this.#unit.isMillis = false;
			this.#sink.put(row, value);
			return end;
		}
		if (value >= this.#fromMs && value < this.#toMs) {
			this.#unit.isMillis = true;
			this.#sink.put(row, value * 1e3);
			return end;
		}
		const micros = this.#unit.isMillis ? value * 1e3 : value;
		if (!(micros >= this.#from - this.#slack && micros < this.#to + this.#slack)) return -1;
		this.#sink.put(row, micros);
		return end;
	}
	/** Is `text` a valid time that is outside the file's period? */
	isElsewhere(text) {
		return /^[1-9]\d*$/.test(text);
	}
	problem(text) {
		return this.isElsewhere(text) ? "not in the file's own period, neither as ms nor as µs" : "not a time";
	}
};
/** How far an inclusive end may lie after its period: the longest interval. */
const END_SPAN = 26784e8;
/** Reads an inclusive end in the unit of its row: a ms means its last µs. */
var EndReader = class {
	#sink;
	#unit;
	#from;
	#to;
	constructor(sink, unit, period) {
		this.#sink = sink;
		this.#unit = unit;
		this.#from = Number(period.from);
		this.#to = Number(period.to) + END_SPAN;
	}
	read(bytes, at, row) {
		const end = readDigits(bytes, at);
		const value = parts$1[0] ?? 0;
		const micros = this.#unit.isMillis ? value * 1e3 + 999 : value;
		if (!(micros >= this.#from && micros < this.#to) || (bytes[at] ?? 0) === ZERO$3) return -1;
		this.#sink.put(row, micros);
		return end;
	}
	problem() {
		return `not the end of a kline of this file, in the ${this.#unit.isMillis ? "ms" : "µs"} of its row`;
	}
};
/** Reads `true`, `True`, `false` and `False`. */
var CsvFlagReader = class {
	#sink;
	constructor(sink) {
		this.#sink = sink;
	}
	read(bytes, at, row) {
		const initial = (bytes[at] ?? 0) | CASE_BIT$1;
		const rest = (bytes[at + 1] ?? 0) << 16 | (bytes[at + 2] ?? 0) << 8 | (bytes[at + 3] ?? 0);
		const isTrue = initial === LOWER_T && rest === RUE;
		if (!isTrue && (initial !== LOWER_F || rest !== ALS || (bytes[at + 4] ?? 0) !== LOWER_E$2)) return -1;
		this.#sink.put(row, isTrue);
		return isTrue ? at + 4 : at + 5;
	}
	problem() {
		return "not true or false";
	}
};
/** Skips a column that is always ignored. */
const skipReader = {
	read: plainEnd,
	problem: () => "quoted"
};
/** Skips an unknown column, in quotes too; a quote within them is doubled. */
const unknownReader = {
	read: (bytes, at) => (bytes[at] ?? 0) === QUOTE$3 ? quotedEnd(bytes, at) : plainEnd(bytes, at),
	problem: () => "unbalanced quotes"
};
function plainEnd(bytes, at) {
	let end = at;
	for (let byte = bytes[end] ?? 0; byte !== COMMA$2 && byte >= SPACE$2; byte = bytes[++end] ?? 0) if (byte === QUOTE$3) return -1;
	return end;
}
/** A line break ends the row, even inside quotes. */
function quotedEnd(bytes, at) {
	for (let end = at + 1; (bytes[end] ?? 0) >= SPACE$2; end++) {
		if (bytes[end] !== QUOTE$3) continue;
		if (bytes[end + 1] !== QUOTE$3) return end + 1;
		end++;
	}
	return -1;
}
// src/rows/value.ts
/**
* Readers of single values: the bare text of a value → one row of a column. The same for JSON and CSV, which differ
* only in what surrounds a value.
*/
const SPACE$1 = 32;
const QUOTE$2 = 34;
const MINUS = 45;
const DOT$1 = 46;
const ZERO$2 = 48;
const BACKSLASH = 92;
const LOWER_E$1 = 101;
const CASE_BIT = 32;
const TILDE = 126;
const parts = registers;
function readWhole$1(reader, text, row) {
	const bytes = paddedText(text);
	return reader.read(bytes, 0, row) === unpaddedLength(bytes);
}
const DIGITS_EXACT = 15;
const INT64_BYTES_MAX = 20;
/** Reads 64-bit integers, exactly: `-?(0|[1-9]\d*)`, no fraction, no exponent, no negative zero. */
var IntegerReader = class {
	#sink;
	constructor(sink) {
		this.#sink = sink;
	}
	read(bytes, at, row) {
		const isNegative = (bytes[at] ?? 0) === MINUS;
		const first = isNegative ? at + 1 : at;
		const end = readDigits(bytes, first);
		const value = parts[0] ?? 0;
		if (!isWhole$2(bytes, first, end) || isNegative && value === 0) return -1;
		if (end - first > DIGITS_EXACT) return this.#readLong(bytes, at, {
			end,
			row
		});
		this.#sink.put(row, isNegative ? -value : value);
		return end;
	}
	#readLong(bytes, at, { end, row }) {
		if (end - at > INT64_BYTES_MAX) return -1;
		const value = BigInt(asciiText(bytes, at, end));
		if (BigInt.asIntN(64, value) !== value) return -1;
		this.#sink.putBig(row, value);
		return end;
	}
	readText(text, row) {
		return readWhole$1(this, text, row);
	}
	problem() {
		return "not a 64-bit integer";
	}
};
/** Are `[first, end)` the digits of a whole number, without leading zeros and without a fraction or exponent? */
function isWhole$2(bytes, first, end) {
	if (end === first || (bytes[first] ?? 0) === ZERO$2 && end > first + 1) return false;
	const next = bytes[end] ?? 0;
	return next !== DOT$1 && (next | CASE_BIT) !== LOWER_E$1;
}
/** 2009-01-01, before anything was traded here, and 2100-01-01; in milliseconds. */
const TIME_MIN_MS = 1230768e6;
const TIME_MAX_MS = 41024448e5;
/**
* Reads times into microseconds. The unit is declared, never guessed. A time outside [2009, 2100) is refused, which
* detects a wrong unit: a µs value read as ms is not an error but a date in the year 56971.
*/
var TimeReader = class {
	#sink;
	#unit;
	#factor;
	#rest;
	#min;
	#max;
	/** `isEnd`: the last moment that still belongs to something, so a ms means its last µs. */
	constructor(sink, unit, isEnd) {
		this.#sink = sink;
		this.#unit = unit;
		this.#factor = unit === "ms" ? 1e3 : 1;
		this.#rest = unit === "ms" && isEnd ? 999 : 0;
		this.#min = TIME_MIN_MS * 1e3 / this.#factor;
		this.#max = TIME_MAX_MS * 1e3 / this.#factor;
	}
	read(bytes, at, row) {
		const end = readDigits(bytes, at);
		const value = parts[0] ?? 0;
		if (!(value >= this.#min && value < this.#max) || !isWhole$2(bytes, at, end)) return -1;
		this.#sink.put(row, value * this.#factor + this.#rest);
		return end;
	}
	readText(text, row) {
		return readWhole$1(this, text, row);
	}
	problem() {
		return `not a time between 2009 and 2100 in ${this.#unit === "ms" ? "ms" : "µs"}`;
	}
};
var FloatReader = class {
	#sink;
	constructor(sink) {
		this.#sink = sink;
	}
	read(bytes, at, row) {
		return readFloat(bytes, at, this.#sink.values, row);
	}
	readText(text, row) {
		return readWhole$1(this, text, row);
	}
	problem(text) {
		return numberProblem(text);
	}
};
var ScaledReader = class {
	#sink;
	constructor(sink) {
		this.#sink = sink;
	}
	read(bytes, at, row) {
		return readScaled(bytes, at, this.#sink, row);
	}
	readText(text, row) {
		return readWhole$1(this, text, row);
	}
	problem(text) {
		return numberProblem(text, this.#sink.digitsMax);
	}
};
var NumberTextReader = class {
	#sink;
	constructor(sink) {
		this.#sink = sink;
	}
	read(bytes, at, row) {
		const end = checkNumber(bytes, at);
		if (end >= 0) this.#sink.put(row, bytes, at, end);
		return end;
	}
	readText(text, row) {
		return readWhole$1(this, text, row);
	}
	problem(text) {
		return numberProblem(text);
	}
};
/** The reader for prices and quantities in the form their column stores. */
function numberReader(sink) {
	if (sink instanceof FloatSink) return new FloatReader(sink);
	if (sink instanceof ScaledSink) return new ScaledReader(sink);
	return new NumberTextReader(sink);
}
/** Reads plain printable ASCII up to a quote; other text through {@link TextReader.readText}. */
var TextReader = class {
	#sink;
	constructor(sink) {
		this.#sink = sink;
	}
	read(bytes, at, row) {
		let end = at;
		for (let byte = bytes[end] ?? 0; byte !== QUOTE$2; byte = bytes[++end] ?? 0) if (byte < SPACE$1 || byte > TILDE || byte === BACKSLASH) return -1;
		this.#sink.put(row, bytes, at, end);
		return end;
	}
	readText(text, row) {
		if (/\p{Cs}/u.test(text)) return false;
		const bytes = new TextEncoder().encode(text);
		this.#sink.put(row, bytes, 0, bytes.length);
		return true;
	}
	problem() {
		return "half of a surrogate pair, which is no text";
	}
};
// src/rows/csv-columns.ts
/** The columns of one CSV file: which it has, in which order, and their readers. */
/**
* The columns in the order of a header row, which must have each known column once. A text is the name of an unknown
* column.
*
* @throws ArchiveError `csv` for a row that is not such a header.
*/
function headedColumns(dataset, header, file) {
	const known = archiveColumns(dataset);
	const columns = header.replace(/^\ufeff/, "").split(",").map((name) => known.find(({ headers }) => headers.includes(headerWord(name))) ?? name);
	const missing = known.find((column) => !columns.includes(column));
	const unknown = columns.find((column) => typeof column === "string");
	if (missing !== void 0) {
		const instead = unknown === void 0 ? "" : `, but "${quoteText(unknown, 40)}"`;
		throw refuse$1(file, `no column ${missing.name ?? "ignore"}${instead}`);
	}
	if (columns.filter((column) => typeof column !== "string").length > known.length) throw refuse$1(file, "a column occurs twice");
	return columns;
}
function refuse$1(file, what) {
	return new ArchiveError("csv", file, `${quoteText(file)}:1: the header row: ${what}`);
}
/**
* How far outside of its file's own period a row may lie, in microseconds. Times of trades go back by a second or so
* while their ids increase, and files are cut sometimes by time and sometimes by id.
*/
const DISORDER_MICROS_MAX = 36e8;
/** The readers of a row, in the order of the file. */
function csvFields(dataset, order, { columns, ...place }) {
	const slack = dataset.key === dataset.time ? 0 : DISORDER_MICROS_MAX;
	return order.map((own) => {
		if (typeof own === "string") return {
			label: quoteText(own, 40),
			reader: unknownReader
		};
		const { name } = own;
		if (name === void 0) return {
			label: "the ignored column",
			reader: skipReader
		};
		const index = columnIndex$2(dataset, name);
		const column = dataset.columns[index];
		const sink = columns.sinks[index];
		if (column === void 0 || sink === void 0) throw new RangeError(`no column ${name}`);
		return {
			label: name,
			reader: readerOf(column, sink, {
				...place,
				slack
			})
		};
	});
}
function readerOf({ type }, sink, { unit, period, slack }) {
	switch (type) {
		case "time": return new PeriodTimeReader(sink, unit, period, slack);
		case "end": return new EndReader(sink, unit, period);
		case "id":
		case "count": return new IntegerReader(sink);
		case "flag": return new CsvFlagReader(sink);
		case "price":
		case "quantity": return numberReader(sink);
		case "text":
		case "extra": throw new RangeError("no archive file has texts");
	}
}
// src/rows/csv.ts
/**
* Archive CSV → columns, in one pass over its bytes as they are inflated. Strict: each line must have all of the
* dataset's columns, each value must fit its column, and each row's time must belong to the file's period. Columns
* added later are skipped and reported: by their name in the header row, or by their position at the end.
*/
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const COMMA$1 = 44;
const ZERO$1 = 48;
const NINE = 57;
const PADDING = 8;
/** Archive rows are less than a tenth of this. */
const LINE_BYTES_MAX = 4096;
const BATCH_ROWS = 65536;
/** Room for a small file; a large one grows it at once. */
const FIRST_ROWS = 2048;
const QUOTED_MAX$2 = 80;
/**
* Decodes a file. Rows stay in file order; nothing is checked that takes more than one row. A header row is recognised
* by its first byte, which is not a digit. Chunks need not end with a line.
*
* Times are ms or µs, row by row: whichever lies in the period. A trade up to an hour outside of it uses the unit of
* the row before it: its id belongs to this file, its time to the next. A ms is multiplied by 1000; an inclusive end in
* ms becomes its last µs (times 1000 plus 999).
*
* @throws ArchiveError `csv` for a line that is not a row of `dataset`, `period` for a time outside the period; names
* file, line (from 1), column and value.
*/
async function* decodeCsv(dataset, numbers, chunks, options) {
	const decoder = new CsvDecoder(dataset, numbers, options);
	for await (const chunk of chunks) yield* decoder.take(chunk);
	yield* decoder.finish();
}
var CsvDecoder = class {
	#dataset;
	#numbers;
	#options;
	#batchRows;
	#unit;
	#order;
	#isHeaded = false;
	#unknown = [];
	#columns;
	#fields = [];
	#rows = 0;
	#line = 1;
	/** The bytes received and not yet read, from 0 to the length, followed by zeros. */
	#bytes = /* @__PURE__ */ new Uint8Array(0);
	#length = 0;
	constructor(dataset, numbers, options) {
		this.#dataset = dataset;
		this.#numbers = numbers;
		this.#options = options;
		this.#batchRows = options.batchRows ?? BATCH_ROWS;
		this.#unit = new RowUnit(options.period.from < ARCHIVE_MICROS_FROM);
	}
	*take(chunk) {
		if (chunk.byteLength === 0) return;
		this.#append(chunk);
		const end = this.#bytes.lastIndexOf(LINE_FEED, this.#length - 1) + 1;
		if (this.#length - end > LINE_BYTES_MAX) throw this.#refuse("longer than any row");
		yield* this.#lines(end);
		this.#bytes.copyWithin(0, end, this.#length);
		this.#length -= end;
	}
	*finish() {
		if (this.#length > 0) {
			this.#append(Uint8Array.of(LINE_FEED));
			yield* this.#lines(this.#length);
		}
		if (this.#rows > 0) yield this.#page();
	}
	#append(chunk) {
		const length = this.#length + chunk.byteLength;
		if (length + PADDING > this.#bytes.length) {
			const bytes = new Uint8Array(length + PADDING + LINE_BYTES_MAX);
			bytes.set(this.#bytes.subarray(0, this.#length));
			this.#bytes = bytes;
		}
		this.#bytes.set(chunk, this.#length);
		this.#bytes.fill(0, length, length + PADDING);
		this.#length = length;
	}
	/** Reads the complete lines in `[0, end)`. */
	*#lines(end) {
		let at = 0;
		if (this.#order === void 0 && end > 0) {
			at = this.#header();
			this.#begin(FIRST_ROWS);
		}
		while (at < end) {
			at = this.#batch(at, end);
			if (this.#rows < this.#batchRows) break;
			yield this.#page();
			this.#begin(this.#batchRows);
		}
	}
	/** Reads the order of the columns; returns where the first row begins. */
	#header() {
		const first = this.#bytes[0] ?? 0;
		if (first >= ZERO$1 && first <= NINE) {
			this.#order = archiveColumns(this.#dataset);
			return 0;
		}
		const end = this.#bytes.indexOf(LINE_FEED);
		const header = textOf$1(this.#bytes, 0, Math.min(end, LINE_BYTES_MAX));
		this.#order = headedColumns(this.#dataset, header, this.#options.file);
		this.#isHeaded = true;
		this.#unknown = this.#order.flatMap((name) => typeof name === "string" ? [{
			name: name.trim(),
			isKept: false
		}] : []);
		this.#line++;
		return end + 1;
	}
	#begin(rows) {
		const columns = new PageColumns(this.#dataset, this.#numbers, Math.min(rows, this.#batchRows));
		const { period } = this.#options;
		const place = {
			columns,
			period,
			unit: this.#unit
		};
		this.#fields = csvFields(this.#dataset, this.#order ?? [], place);
		this.#columns = columns;
		this.#rows = 0;
	}
	/** Reads rows from `at` until `end`, or until the page is full; returns where it stopped. */
	#batch(at, end) {
		const columns = this.#columns;
		if (columns === void 0) throw new RangeError("no columns to read into");
		const bytes = this.#bytes;
		const readers = this.#fields.map(({ reader }) => reader);
		const last = readers.length - 1;
		const rowsMax = this.#batchRows;
		let row = this.#rows;
		let next = at;
		while (next < end && row < rowsMax) {
			columns.reserve(row + 1);
			const start = next;
			for (let index = 0; index <= last; index++) {
				const stop = readers[index]?.read(bytes, next, row) ?? -1;
				let mark = stop < 0 ? -1 : bytes[stop] ?? 0;
				next = stop + 1;
				if (mark === CARRIAGE_RETURN && index === last) mark = bytes[next++] ?? 0;
				if (mark === (index === last ? LINE_FEED : COMMA$1)) continue;
				next = index === last && mark === COMMA$1 ? this.#surplus(next) : -1;
				if (next < 0) throw this.#misread(start);
			}
			row++;
			this.#line++;
		}
		this.#rows = row;
		return next;
	}
	/**
	* Skips columns from `at` on, after the last known one, in a file without column names. Returns where the next line
	* begins, or -1. Twice as many columns as known means two rows without a line break between.
	*/
	#surplus(at) {
		const bytes = this.#bytes;
		const known = this.#fields.length;
		if (this.#isHeaded || !this.#hasFiller(at)) return -1;
		let next = at;
		for (let count = known + 1; count < 2 * known; count++) {
			const stop = unknownReader.read(bytes, next, 0);
			if (stop < 0) return -1;
			let mark = bytes[stop] ?? 0;
			next = stop + 1;
			if (mark === CARRIAGE_RETURN) mark = bytes[next++] ?? 0;
			if (mark === LINE_FEED) {
				this.#nameUpTo(count);
				return next;
			}
			if (mark !== COMMA$1) return -1;
		}
		return -1;
	}
	/** Columns without a name are reported by number, from 1. */
	#nameUpTo(count) {
		const known = this.#fields.length;
		const surplus = count - known;
		if (surplus <= this.#unknown.length) return;
		const places = Array.from({ length: surplus }, (_, index) => known + 1 + index);
		this.#unknown = places.map((place) => ({
			name: `column ${place}`,
			isKept: false
		}));
	}
	/** Does the last known column, before `at`, have its constant value? If not, columns have moved. */
	#hasFiller(at) {
		const { filler } = this.#dataset;
		if (filler === void 0) return true;
		const text = `,${filler},`;
		for (let index = 0; index < text.length; index++) if (this.#bytes[at - text.length + index] !== text.charCodeAt(index)) return false;
		return true;
	}
	#page() {
		const page = this.#columns?.finish(this.#rows);
		if (page === void 0) throw new RangeError("no columns to finish");
		this.#rows = 0;
		return {
			...page,
			unknownFields: this.#unknown
		};
	}
	/** Explains why the line that begins at `start` is not a row. */
	#misread(start) {
		const end = this.#bytes.indexOf(LINE_FEED, start);
		const line = textOf$1(this.#bytes, start, Math.min(end, start + LINE_BYTES_MAX));
		const texts = line.replace(/\r$/, "").split(",");
		if (texts.length !== this.#fields.length) return this.#refuse(`${texts.length} columns instead of ${this.#fields.length}: "${quoteText(line, QUOTED_MAX$2)}"`);
		const wrong = texts.findIndex((text, index) => !this.#isReadable(index, text));
		const { label = "", reader } = this.#fields[wrong] ?? {};
		const text = texts[wrong] ?? "";
		const why = reader?.problem(text) ?? "not a row";
		const isElsewhere = reader instanceof PeriodTimeReader && reader.isElsewhere(text);
		const problem = `${label}: ${why}: "${quoteText(text, QUOTED_MAX$2)}"`;
		return this.#refuse(problem, isElsewhere ? "period" : "csv");
	}
	#isReadable(index, text) {
		const bytes = new TextEncoder().encode(`${text}${"\0".repeat(PADDING)}`);
		return this.#fields[index]?.reader.read(bytes, 0, this.#rows) === bytes.length - PADDING;
	}
	#refuse(what, problem = "csv") {
		const { file } = this.#options;
		return new ArchiveError(problem, file, `${quoteText(file)}:${this.#line}: ${what}`);
	}
};
function textOf$1(bytes, from, to) {
	return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(from, to));
}
// src/rows/assemble.ts
/**
* The rows of `ranges`, in their order, as one batch. All batches have the same columns.
*
* @throws RangeError when there is no range, or two batches differ in the type of a column
*/
function assemble(ranges) {
	const [first] = ranges;
	if (first === void 0) throw new RangeError("no ranges to assemble a batch from");
	if (ranges.length === 1 && first.from === 0 && first.to === first.batch.numRows) return first.batch;
	const { schema } = first.batch;
	const batches = [...new Set(ranges.map(({ batch }) => batch))];
	const places = new Map(batches.map((batch, index) => [batch, index]));
	const pieces = ranges.map(({ batch, from, to }) => ({
		source: places.get(batch) ?? -1,
		from,
		to
	}));
	return batchOf(schema, schema.fields.map((field, index) => {
		const sources = batches.map((batch) => columnData(batch, index));
		for (const { schema: other } of batches) if (other.fields[index]?.toString() !== field.toString()) throw new RangeError(`${field.toString()} is not ${String(other.fields[index]?.toString())}`);
		return joined$2(sources, pieces);
	}), rowsOf$2(ranges));
}
/** Rows `[from, to)` of `batch`. Columns of fixed width are views, the others copies. */
function sliceBatch(batch, from, to) {
	const columns = batch.schema.fields.map((field, index) => {
		const data = columnData(batch, index);
		const layout = layoutOf(data);
		if (layout.kind !== "words" || layout.valid !== void 0) return joined$2([data], [{
			source: 0,
			from,
			to
		}]);
		const { words, width } = layout;
		const view = words.subarray(from * width, to * width);
		return columnOf(field.type, { data: view }, {
			length: to - from,
			nullCount: 0
		});
	});
	return batchOf(batch.schema, columns, to - from);
}
function rowsOf$2(ranges) {
	return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}
/** The rows of `pieces` as one column. */
function joined$2(sources, pieces) {
	const layouts = sources.map(layoutOf);
	const [first] = sources;
	if (first === void 0) throw new RangeError("no pieces to join a column from");
	const frame = frameOf(layouts, pieces);
	return columnOf(first.type, buffersOf(layouts, pieces, frame.length), frame);
}
function buffersOf(layouts, pieces, rows) {
	switch (layouts[0]?.kind) {
		case "bits": return { data: joinedBits(layouts, pieces, rows) };
		case "text": return joinedText(layouts, pieces, rows);
		case "words":
		case void 0: return { data: joinedWords(layouts, pieces, rows) };
	}
}
function frameOf(layouts, pieces) {
	const length = rowsOf$2(pieces);
	if (layouts.every(({ valid }) => valid === void 0)) return {
		length,
		nullCount: 0
	};
	const nullBitmap = new Uint8Array(length + 7 >> 3);
	let nullCount = 0;
	forEachRow(layouts, pieces, (layout, from, to) => {
		if (isNull(layout, from)) nullCount++;
		else setBit$1(nullBitmap, to);
	});
	return nullCount === 0 ? {
		length,
		nullCount
	} : {
		length,
		nullCount,
		nullBitmap
	};
}
/** Calls `visit` with each row's source, its index there and its index in the result. */
function forEachRow(layouts, pieces, visit) {
	let target = 0;
	for (const { source, from, to } of pieces) {
		const layout = layouts[source];
		if (layout === void 0) throw new RangeError(`no column ${source}`);
		for (let row = from; row < to; row++) visit(layout, row, target++);
	}
}
function joinedWords(layouts, pieces, rows) {
	const width = layouts[0]?.kind === "words" ? layouts[0].width : 0;
	const joined = new Int32Array(rows * width);
	let target = 0;
	for (const { source, from, to } of pieces) {
		const layout = layouts[source];
		if (layout?.kind !== "words") throw new RangeError("columns of different kinds");
		joined.set(layout.words.subarray(from * width, to * width), target);
		target += (to - from) * width;
	}
	return joined;
}
function joinedBits(layouts, pieces, rows) {
	const joined = new Uint8Array(rows + 7 >> 3);
	forEachRow(layouts, pieces, (layout, from, to) => {
		if (layout.kind !== "bits") throw new RangeError("columns of different kinds");
		if (hasBit(layout.bits, layout.offset + from)) setBit$1(joined, to);
	});
	return joined;
}
function joinedText(layouts, pieces, rows) {
	const offsets = new Int32Array(rows + 1);
	forEachRow(layouts, pieces, (layout, from, to) => {
		if (layout.kind !== "text") throw new RangeError("columns of different kinds");
		const length = (layout.offsets[from + 1] ?? 0) - (layout.offsets[from] ?? 0);
		offsets[to + 1] = (offsets[to] ?? 0) + length;
	});
	const data = new Uint8Array(offsets[rows] ?? 0);
	let target = 0;
	for (const { source, from, to } of pieces) {
		const layout = layouts[source];
		if (layout?.kind !== "text") throw new RangeError("columns of different kinds");
		const bytes = layout.bytes.subarray(layout.offsets[from], layout.offsets[to]);
		data.set(bytes, target);
		target += bytes.length;
	}
	return {
		data,
		offsets
	};
}
// src/rows/finished.ts
/** Does `fresh` show less than `stored`: fewer trades, or as many and less volume? Of klines only. */
function showsLess(dataset, stored, fresh) {
	if (!dataset.hasInterval) return false;
	const order = compareAt$1(dataset, "trade_count", fresh, stored);
	return order < 0 || order === 0 && compareAt$1(dataset, "volume", fresh, stored) < 0;
}
function compareAt$1(dataset, name, a, b) {
	const index = dataset.columns.findIndex((column) => column.name === name);
	const column = dataset.columns[index];
	if (column === void 0) return 0;
	const textOf = ({ batch, row }) => valueText(column, columnData(batch, index), row);
	return compareNumbers(textOf(a), textOf(b));
}
// src/rows/merge.ts
/**
* The union of two batches that are each sorted by key, with unique keys. Of two rows with one key:
*
* - equal ones are one row;
* - if only times differ, and only within one millisecond to which one of the two was rounded, the finer row is kept
*   (it came from a finer source, not from a change);
* - of orders, the greater `update_time` is kept, and an older `fresh` one brings nothing new;
* - of klines, a `fresh` one that shows less is not taken, unless `claims` has the same: it is a doubt;
* - else `fresh` is kept, and the change is a {@link ChangedRow}.
*/
function mergeBatches(stored, fresh, options) {
	return new RowMerge(options, stored, fresh).run();
}
var RowMerge = class {
	#dataset;
	#claims;
	#stored;
	#fresh;
	#updateTime;
	#ranges = [];
	#revisions = [];
	#doubts = [];
	#duplicates = 0;
	constructor({ dataset, claims }, stored, fresh) {
		this.#dataset = dataset;
		this.#claims = claims;
		this.#stored = sideOf(dataset, stored);
		this.#fresh = sideOf(dataset, fresh);
		this.#updateTime = dataset.columns.findIndex(({ name }) => name === "update_time");
	}
	run() {
		const [a, b] = [this.#stored, this.#fresh];
		let i = b.keys.length === 0 ? a.keys.length : lowerBound$1(a.keys, b.keys[0] ?? 0n);
		this.#take(a, 0, i);
		let j = 0;
		while (i < a.keys.length && j < b.keys.length) {
			const order = compareHalves(a.halves, i, b.halves, j);
			if (order < 0) this.#take(a, i, ++i);
			else if (order > 0) this.#take(b, j, ++j);
			else this.#settle(i++, j++);
		}
		this.#take(a, i, a.keys.length);
		this.#take(b, j, b.keys.length);
		const batch = this.#ranges.length === 0 ? a.batch : assemble(this.#ranges);
		const [revisions, doubts] = [this.#revisions, this.#doubts];
		return {
			batch,
			revisions,
			doubts,
			duplicates: this.#duplicates
		};
	}
	#take({ batch }, from, to) {
		if (from >= to) return;
		const last = this.#ranges.at(-1);
		if (last?.batch === batch && last.to === from) last.to = to;
		else this.#ranges.push({
			batch,
			from,
			to
		});
	}
	/** Decides between two rows with one key. */
	#settle(i, j) {
		const verdict = this.#verdict(i, j);
		if (verdict === "doubt") this.#doubts.push(this.#revision(i, j));
		if (verdict === "same" || verdict === "stored" || verdict === "doubt") {
			this.#duplicates++;
			this.#take(this.#stored, i, i + 1);
			return;
		}
		if (verdict === "revised") this.#revisions.push(this.#revision(i, j));
		this.#take(this.#fresh, j, j + 1);
	}
	#verdict(i, j) {
		const differing = this.#differing(i, j);
		if (differing.length === 0) return "same";
		const finer = differing.map((index) => this.#finer(index, i, j));
		if (finer.every((side) => side === "stored")) return "stored";
		if (finer.every((side) => side === "fresh")) return "fresh";
		if (this.#isOlder(i, j)) return "stored";
		return this.#isDoubt(i, j) ? "doubt" : "revised";
	}
	/** Does the fresh row show less than the stored one, without the run before having received the same? */
	#isDoubt(i, j) {
		if (this.#claims === void 0) return false;
		const stored = {
			batch: this.#stored.batch,
			row: i
		};
		if (!showsLess(this.#dataset, stored, {
			batch: this.#fresh.batch,
			row: j
		})) return false;
		const revision = this.#revision(i, j);
		return !isSameTexts(this.#claims.get(revision.key), revision.new);
	}
	#differing(i, j) {
		const indices = [];
		const { layouts } = this.#fresh;
		this.#stored.layouts.forEach((layout, index) => {
			const other = layouts[index];
			if (other === void 0 || !isSame$1(layout, i, other, j)) indices.push(index);
		});
		return indices;
	}
	/** Which side has the finer of two times in one millisecond; undefined when it is not as simple as that. */
	#finer(index, i, j) {
		const type = this.#dataset.columns[index]?.type;
		if (type !== "time" && type !== "end") return void 0;
		const stored = timeAt(this.#stored, index, i);
		const fresh = timeAt(this.#fresh, index, j);
		if (stored === void 0 || fresh === void 0) return void 0;
		if (stored / 1000n !== fresh / 1000n) return void 0;
		const coarse = type === "end" ? 999n : 0n;
		if (fresh % 1000n === coarse) return "stored";
		return stored % 1000n === coarse ? "fresh" : void 0;
	}
	/** Is the fresh row an older state of an order than the stored one? */
	#isOlder(i, j) {
		if (this.#updateTime < 0) return false;
		const stored = timeAt(this.#stored, this.#updateTime, i);
		const fresh = timeAt(this.#fresh, this.#updateTime, j);
		return stored !== void 0 && fresh !== void 0 && fresh < stored;
	}
	#revision(i, j) {
		const differing = this.#differing(i, j).flatMap((index) => {
			const column = this.#dataset.columns[index];
			return column === void 0 ? [] : [{
				column,
				index
			}];
		});
		const textsOf = (side, row) => Object.fromEntries(differing.map(({ column, index }) => [column.name, textAt(side, column, {
			index,
			row
		})]));
		const time = int64Values(this.#fresh.batch, columnIndex$2(this.#dataset, this.#dataset.time))[j];
		return {
			key: String(this.#fresh.keys[j]),
			time: formatMicros(micros(time ?? 0n)),
			old: textsOf(this.#stored, i),
			new: textsOf(this.#fresh, j)
		};
	}
};
function isSameTexts(a, b) {
	const names = Object.keys(b);
	return a !== void 0 && names.length === Object.keys(a).length && names.every((name) => a[name] === b[name]);
}
function sideOf(dataset, batch) {
	const keys = int64Values(batch, columnIndex$2(dataset, dataset.key));
	const layouts = dataset.columns.map((_, index) => layoutOf(columnData(batch, index)));
	return {
		batch,
		keys,
		halves: halvesOf$1(keys),
		layouts
	};
}
/** A time; undefined when it is null. */
function timeAt({ batch }, index, row) {
	const data = columnData(batch, index);
	return data.getValid(row) ? data.values[row] : void 0;
}
function textAt({ batch }, column, { index, row }) {
	return valueText(column, columnData(batch, index), row);
}
// src/rows/order.ts
/** The page with its rows sorted by key, stable; the same page if it is already sorted. */
function sortByKey(dataset, page) {
	const halves = halvesOf$1(page.keys);
	if (isSorted(halves, page.rowCount)) return page;
	const rows = Array.from({ length: page.rowCount }, (_, row) => row);
	rows.sort((a, b) => compareHalves(halves, a, halves, b));
	return pageOf$1(dataset, assemble(rangesOf(page.batch, rows)));
}
/** The page in key order, equal rows once; the same page if its keys already increase. */
function inOrder$3(dataset, page) {
	const halves = halvesOf$1(page.keys);
	let row = 1;
	while (row < page.rowCount && compareHalves(halves, row - 1, halves, row) < 0) row++;
	return row >= page.rowCount ? page : dropDuplicates(dataset, sortByKey(dataset, page)).page;
}
function isSorted(halves, rowCount) {
	for (let row = 1; row < rowCount; row++) if (compareHalves(halves, row - 1, halves, row) > 0) return false;
	return true;
}
/** Rows by index, neighbours joined into ranges. */
function rangesOf(batch, rows) {
	const ranges = [];
	for (const row of rows) {
		const last = ranges.at(-1);
		if (last?.to === row) last.to = row + 1;
		else ranges.push({
			batch,
			from: row,
			to: row + 1
		});
	}
	return ranges;
}
/**
* Drops each row that equals the row before it in key and content. Rows of one key must be adjacent, as in a sorted
* page. Returns the same page when there is nothing to drop.
*/
function dropDuplicates(dataset, page) {
	const halves = halvesOf$1(page.keys);
	const layouts = dataset.columns.map((_, index) => layoutOf(columnData(page.batch, index)));
	const kept = [];
	for (let row = 0; row < page.rowCount; row++) if (!(row > 0 && compareHalves(halves, row - 1, halves, row) === 0 && layouts.every((layout) => isSame$1(layout, row - 1, layout, row)))) kept.push(row);
	const dropped = page.rowCount - kept.length;
	if (dropped === 0) return {
		page,
		dropped
	};
	return {
		page: pageOf$1(dataset, assemble(rangesOf(page.batch, kept))),
		dropped
	};
}
/** All rows of `batches`, one after the other. @throws RangeError when there are none, or they differ in a type */
function concatBatches(batches) {
	return assemble(batches.map((batch) => ({
		batch,
		from: 0,
		to: batch.numRows
	})));
}
/** Rows `[from, to)` of `page`. Its keys and times are views of those of `page`. */
function sliceRows(page, from, to) {
	if (from === 0 && to === page.rowCount) return page;
	const keys = page.keys.subarray(from, to);
	const times = page.times === page.keys ? keys : page.times.subarray(from, to);
	return {
		batch: sliceBatch(page.batch, from, to),
		rowCount: to - from,
		keys,
		times
	};
}
// src/rows/csv-reconcile.ts
/**
* Rows of one file in key order, each key once, in bounded memory. Files are normally sorted, so pages pass unchanged.
* Some are held back, to repair files whose streams were interleaved or whose rows were written twice.
*/
/** The least number of rows held back while more are to come: how far rows may be out of order. */
const HELD_ROWS = 131072;
/** Conflicts kept in full; beyond that, only their count is reported. */
const CONFLICTS_MAX = 1e3;
/** No repairs yet. */
function noRepairs() {
	return {
		duplicates: 0,
		conflicts: 0,
		conflictRows: [],
		late: 0
	};
}
/**
* The rows of `pages`, strictly increasing by key.
*
* @throws ArchiveError `disorder` when a row comes so late that its place was already returned.
*/
async function* reconcileRows(dataset, pages, { file, repairs, heldRows = HELD_ROWS }) {
	const held = new HeldRows(dataset, repairs);
	let given;
	const give = (page) => {
		const first = page.keys[0] ?? 0n;
		if (given !== void 0 && first <= given) throw disorder(file, first, given);
		given = page.keys[page.rowCount - 1] ?? given;
		return page;
	};
	for await (const page of pages) {
		if (page.rowCount === 0) continue;
		held.add(page);
		if (held.rowCount < 2 * heldRows) continue;
		while (held.rowCount - held.firstRows >= heldRows) yield give(held.take());
	}
	while (held.rowCount > 0) yield give(held.take());
}
function disorder(file, key, given) {
	return new ArchiveError("disorder", file, `${quoteText(file)}: key ${key} comes long after key ${given}`);
}
/** Held pages: sorted together whenever the oldest is taken. */
var HeldRows = class {
	#dataset;
	#repairs;
	#pages = [];
	#rowCount = 0;
	#isSorted = true;
	constructor(dataset, repairs) {
		this.#dataset = dataset;
		this.#repairs = repairs;
	}
	get rowCount() {
		return this.#rowCount;
	}
	/** About how many rows the next {@link HeldRows.take} returns. */
	get firstRows() {
		return this.#pages[0]?.rowCount ?? 0;
	}
	add(page) {
		const before = this.#pages.at(-1);
		const lastKey = before?.keys[before.rowCount - 1];
		const isNext = lastKey === void 0 || (page.keys[0] ?? 0n) > lastKey;
		const late = lateRows(page);
		const isLate = lastKey !== void 0 && (page.keys[0] ?? 0n) < lastKey;
		this.#repairs.late += late.count + (isLate ? 1 : 0);
		this.#isSorted &&= isNext && late.isStrict;
		this.#pages.push(page);
		this.#rowCount += page.rowCount;
	}
	take() {
		if (!this.#isSorted) this.#sort();
		const page = this.#pages.shift();
		if (page === void 0) throw new RangeError("no rows are held");
		this.#rowCount -= page.rowCount;
		return page;
	}
	#sort() {
		const rows = this.#pages[0]?.rowCount ?? 1;
		const batch = concatBatches(this.#pages.map((page) => page.batch));
		const sorted = sortByKey(this.#dataset, pageOf$1(this.#dataset, batch));
		const { page, dropped } = dropDuplicates(this.#dataset, sorted);
		this.#repairs.duplicates += dropped;
		const unique = this.#settle(page);
		this.#pages = [];
		for (let from = 0; from < unique.rowCount; from += rows) this.#pages.push(sliceRows(unique, from, Math.min(from + rows, unique.rowCount)));
		this.#rowCount = unique.rowCount;
		this.#isSorted = true;
	}
	/** Keeps the later row of each key, in file order; all first rows, then all second ones, and so on. */
	#settle(page) {
		const [first, ...later] = layersOf(page);
		if (first === void 0 || later.length === 0) return page;
		let { batch } = first;
		for (const layer of later) {
			const merged = mergeBatches(batch, layer.batch, { dataset: this.#dataset });
			batch = merged.batch;
			this.#repairs.duplicates += merged.duplicates;
			this.#repairs.conflicts += merged.revisions.length;
			const { conflictRows } = this.#repairs;
			conflictRows.push(...merged.revisions.slice(0, CONFLICTS_MAX - conflictRows.length));
		}
		return pageOf$1(this.#dataset, batch);
	}
};
/** How many rows are out of order within a page, and whether each key is above the one before it. */
function lateRows({ keys, rowCount }) {
	const halves = halvesOf$1(keys);
	let count = 0;
	let isStrict = true;
	for (let row = 1; row < rowCount; row++) {
		const order = compareHalves(halves, row, halves, row - 1);
		if (order > 0) continue;
		isStrict = false;
		if (order < 0) count++;
	}
	return {
		count,
		isStrict
	};
}
/** Splits a sorted page: the first row of each key, the second row of those that have one, and so on. */
function layersOf(page) {
	const { batch, keys, rowCount } = page;
	const layers = [];
	let depth = 0;
	for (let row = 0; row < rowCount; row++) {
		depth = row > 0 && keys[row] === keys[row - 1] ? depth + 1 : 0;
		const layer = layers[depth] ??= [];
		const last = layer.at(-1);
		if (last?.to === row) last.to = row + 1;
		else layer.push({
			from: row,
			to: row + 1
		});
	}
	return layers.map((ranges) => ({ batch: assemble(ranges.map((range) => ({
		batch,
		...range
	}))) }));
}
// src/rows/csv-file.ts
/**
* One archive file as rows that may be stored: decoded, in order, each key once, each row possible. Also counts what
* the file proves about itself and what is unusual in it.
*/
/** Trades without a quantity: this many of them, and this share of all rows, are not trades but a fault of the file. */
const FLOOD_ROWS = 1e3;
const FLOOD_SHARE = .01;
/** Reads one file. */
var CsvFile = class {
	#dataset;
	#numbers;
	#options;
	#repairs = noRepairs();
	#rows = 0;
	#first;
	#last;
	#isOfPeriod = false;
	#back = 0n;
	#dummies = 0;
	#zeroQuantities = 0;
	#unknownFields = [];
	constructor(dataset, numbers, options) {
		this.#dataset = dataset;
		this.#numbers = numbers;
		this.#options = options;
	}
	/** What has been found so far. */
	get evidence() {
		return {
			...this.#repairs,
			rows: this.#rows,
			firstTime: this.#first?.time,
			lastTime: this.#last?.time,
			firstKey: this.#first?.key,
			lastKey: this.#last?.key,
			back: this.#back,
			dummies: this.#dummies,
			zeroQuantities: this.#zeroQuantities
		};
	}
	/** Columns of the file that this version does not know, as far as it was read. */
	get unknownFields() {
		return this.#unknownFields;
	}
	/**
	* The rows, strictly increasing by key, inside the file's period and possible. Times may go back while keys increase.
	* Call once.
	*
	* @throws ArchiveError `csv`, `period`, `disorder`, `rows` or `flood`. Rows returned by then must be taken back if
	* they are not stored yet: the file is set aside as a whole.
	*/
	async *pages(chunks) {
		const { file, heldRows = HELD_ROWS } = this.#options;
		const decoded = decodeCsv(this.#dataset, this.#numbers, chunks, this.#options);
		const options = {
			file,
			heldRows,
			repairs: this.#repairs
		};
		const waiting = [];
		for await (const page of reconcileRows(this.#dataset, this.#noting(decoded), options)) {
			this.#check(page);
			waiting.push(page);
			if (this.#rows < heldRows) continue;
			this.#checkFlood();
			yield* waiting.splice(0);
		}
		this.#checkFlood();
		this.#checkPeriod();
		yield* waiting;
	}
	/** Each page carries the unknown columns found so far. */
	async *#noting(pages) {
		for await (const page of pages) {
			this.#unknownFields = page.unknownFields;
			yield page;
		}
	}
	#check(page) {
		const { file } = this.#options;
		try {
			const { dummies, zeroQuantities } = checkPage(this.#dataset, page);
			this.#dummies += dummies;
			this.#zeroQuantities += zeroQuantities;
		} catch (error) {
			if (!(error instanceof DataError)) throw error;
			throw new ArchiveError("rows", file, `${quoteText(file)}: ${error.message}`, { cause: error });
		}
		this.#rows += page.rowCount;
		const { period } = this.#options;
		this.#isOfPeriod ||= page.times.some((time) => period.from <= time && time < period.to);
		this.#back = stepBack(page, this.#last?.time, this.#back);
		const lastRow = page.rowCount - 1;
		this.#first ??= {
			time: micros(page.times[0] ?? 0n),
			key: page.keys[0] ?? 0n
		};
		this.#last = {
			time: micros(page.times[lastRow] ?? 0n),
			key: page.keys[lastRow] ?? 0n
		};
	}
	#checkFlood() {
		const { file } = this.#options;
		const zeros = this.#zeroQuantities;
		if (zeros <= FLOOD_ROWS || zeros <= FLOOD_SHARE * this.#rows) return;
		throw new ArchiveError("flood", file, `${quoteText(file)}: ${zeros} of ${this.#rows} trades have no quantity`);
	}
	/** Some rows may lie a little outside of the file's period, but not all of them. */
	#checkPeriod() {
		const { file } = this.#options;
		if (this.#rows === 0 || this.#isOfPeriod) return;
		throw new ArchiveError("period", file, `${quoteText(file)}: no row of the file's own period`);
	}
};
/** The largest step back of times in `page`, also from the row before it, if it is above `least`. */
function stepBack({ times }, before, least) {
	let back = least;
	let last = before ?? times[0] ?? 0n;
	if (last <= (times[0] ?? 0n) && isRising(times)) return back;
	for (const time of times) {
		if (last - time > back) back = last - time;
		last = time;
	}
	return back;
}
// src/rows/unknown-fields.ts
/** Fields that the exchange added: reported once per run, not for each page, file or series that has them. */
/** How many are reported by name. More is not an exchange that adds fields, but an answer of another kind. */
const NAMES_MAX = 20;
const NAME_CHARS_MAX = 60;
const ADVICE = "upgrade binance-backfill; if the newest version does not know it either, report the field";
/** The fields reported in one run. */
var UnknownFields = class {
	#onWarning;
	#warned = /* @__PURE__ */ new Map();
	constructor(onWarning) {
		this.#onWarning = onWarning;
	}
	/** Warns of `fields` that were not reported yet. */
	warn(kind, fields) {
		const warned = this.#warned.get(kind) ?? /* @__PURE__ */ new Set();
		this.#warned.set(kind, warned);
		for (const { name, isKept } of fields) {
			if (warned.has(name) || warned.size > NAMES_MAX) continue;
			warned.add(name);
			if (warned.size > NAMES_MAX) this.#onWarning(`${kind}: more than ${NAMES_MAX} unknown fields; no more of them are named`);
			else this.#onWarning(`${kind}: ${wordsOf$2(name, isKept)}: ${ADVICE}`);
		}
	}
};
function wordsOf$2(name, isKept) {
	const field = `unknown field "${quoteText(name, NAME_CHARS_MAX)}"`;
	return isKept ? `${field}, which is kept in the column extra` : `${field}, which is not stored; all known columns are`;
}
// src/walk/archive/files.ts
/** The public archive, as the walks see it: which files exist, and each file's rows. One per run. */
const DAY$10 = 86400000000n;
/** Listings, checksums and files requested at once. */
const CONCURRENCY$1 = 4;
/**
* Whole days of a month, times the weight of a page, from which on the whole month is downloaded instead of requesting
* these days from REST. A row takes about 13 bytes in a zip and 16 in a gzipped page, so up to 24 days are fewer bytes
* from REST. But a day of two million trades costs 8,000 weight as aggTrades and 50,000 as trades, and a file costs
* none.
*/
const MONTH_DAY_WEIGHTS_MIN = 40;
/** May rows of this series come from the archive? */
function usesArchive(key, source, { baseUrls, archiveUrl }) {
	if (datasetOf(key).archive === void 0 || source === "rest") return false;
	const isOwn = baseUrls === void 0 || baseUrls.every(isBinanceUrl);
	return source === "archive" || archiveUrl !== void 0 || isOwn;
}
/** The archive, open for one run. */
var ArchiveSession = class {
	#index;
	#downloads;
	#scout;
	#onWarning;
	/** Unknown fields of the files that were stored. */
	unknown;
	#isDown = false;
	constructor(world, { archiveUrl, keepArchives, concurrency = CONCURRENCY$1, attemptsMax }, onWarning) {
		const urls = {
			url: archiveUrl ?? "https://data.binance.vision",
			listingUrl: archiveUrl ?? "https://s3-ap-northeast-1.amazonaws.com/data.binance.vision"
		};
		const places = new PQueue({ concurrency: Math.min(concurrency, CONCURRENCY$1) });
		const patience = attemptsMax === void 0 ? {} : { attemptsMax };
		const client = new ArchiveClient(world, {
			...urls,
			...patience,
			places
		});
		const scout = new ArchiveClient(world, {
			...urls,
			places,
			attemptsMax: 2
		});
		this.#index = new ArchiveIndex(scout);
		this.#scout = new Downloads(scout, { files: world.files });
		const keep = keepArchives === void 0 ? void 0 : nodeFiles(keepArchives);
		this.#downloads = new Downloads(client, {
			files: world.files,
			keep
		});
		this.#onWarning = onWarning;
		this.unknown = new UnknownFields(onWarning);
	}
	/** Is the archive unreachable? Then nothing more is requested from it. */
	get isDown() {
		return this.#isDown;
	}
	/**
	* The files that hold the rows of `window`, oldest first, not overlapping: monthly ones for series whose partitions
	* are as long, daily ones for the others, so that a file can be taken back as a whole.
	*/
	async filesFor(key, window, now) {
		const periods = isByDay(key) ? dailyPeriods(window, now) : archivePeriods(key, window, now);
		const found = await this.#published(key, periods);
		if (!hasDailyFiles(key)) return found;
		const published = new Set(found.map(({ period }) => period));
		const days = periods.filter(({ period }) => archiveSpan(period) === "monthly" && !published.has(period)).flatMap((month) => dailyPeriods(month.window, now));
		return [...found, ...await this.#published(key, days)].sort(byTime$1);
	}
	/** The daily files of a stretch of time. */
	dailyFilesOf(key, window, now) {
		return this.#published(key, hasDailyFiles(key) ? dailyPeriods(window, now) : []);
	}
	/** Daily files for what is left although its monthly file was tried. */
	async daysInstead(key, left, { now, tried }) {
		const months = tried.filter(({ period }) => archiveSpan(period) === "monthly");
		const days = /* @__PURE__ */ new Map();
		for (const month of months) for (const part of clip(left, month.window)) for (const day of await this.dailyFilesOf(key, part, now)) days.set(day.period, day);
		return [...days.values()].sort(byTime$1);
	}
	/**
	* Monthly files for what is left, for series whose daily files are tried first: where no other source is left, or
	* instead of REST from the number of whole days on at which REST would send as much.
	*/
	async monthsInstead(key, left, { now, isLast }) {
		if (!isByDay(key)) return [];
		const days = left.flatMap(({ from, to }) => {
			if (isLast) return [{
				from,
				to
			}];
			const first = micros(floorDiv(from + DAY$10 - 1n, DAY$10) * DAY$10);
			const end = micros(floorDiv(to, DAY$10) * DAY$10);
			return first < end ? [{
				from: first,
				to: end
			}] : [];
		});
		const daysMin = BigInt(Math.ceil(MONTH_DAY_WEIGHTS_MIN / datasetOf(key).weight));
		const months = /* @__PURE__ */ new Map();
		for (const { from, to } of days) for (let at = from; at < to; at = periodWindow(periodOf$1(at, "month")).to) {
			const period = periodOf$1(at, "month");
			months.set(period, {
				period,
				window: periodWindow(period)
			});
		}
		const wanted = [...months.values()].filter(({ period, window }) => {
			const length = clip(days, window).reduce((sum, part) => sum + part.to - part.from, 0n);
			return publishedFrom(period) <= now && (isLast || length >= daysMin * DAY$10);
		});
		return this.#published(key, wanted);
	}
	/** Those of `periods`, oldest first, that are published: by the bucket's listing, or all where it cannot be listed. */
	async #published(key, periods) {
		const [first] = periods;
		if (this.#isDown || first === void 0) return [];
		try {
			const [daily, monthly] = await Promise.all([this.#listed(key, periods, "daily"), this.#listed(key, periods, "monthly")]);
			return periods.flatMap((period) => {
				const path = archivePath(key, period.period);
				const listed = daily.get(path) ?? monthly.get(path);
				return listed === void 0 ? [] : [{
					...period,
					path,
					sizeBytes: listed.sizeBytes
				}];
			});
		} catch (error) {
			if (!(error instanceof ArchiveError)) throw error;
			if (await this.#isReachable(archivePath(key, first.period))) return periods.map((period) => ({
				...period,
				path: archivePath(key, period.period),
				sizeBytes: void 0
			}));
			if (this.#isDown) return [];
			this.#isDown = true;
			this.#onWarning(`the archive cannot be reached: ${error.message}`);
			return [];
		}
	}
	async #listed(key, periods, span) {
		const ofSpan = periods.filter(({ period }) => archiveSpan(period) === span);
		const [first, last] = [ofSpan.at(0), ofSpan.at(-1)];
		if (first === void 0 || last === void 0) return /* @__PURE__ */ new Map();
		return this.#index.files(key, span, {
			first: first.period,
			last: last.period
		});
	}
	async #isReachable(path) {
		try {
			await this.#scout.checksum(path);
			return true;
		} catch (error) {
			if (error instanceof ArchiveError) return false;
			throw error;
		}
	}
	/** Downloads a file and checks it against its checksum; `undefined` when it is not published. */
	open(key, period, signal) {
		return this.#downloads.open(archivePath(key, period), signal);
	}
	/** The checksum that the archive publishes now. */
	checksum(path, signal) {
		return this.#downloads.checksum(path, signal);
	}
};
function byTime$1(a, b) {
	return a.window.from < b.window.from ? -1 : 1;
}
/** Series that are stored by day are read by day, so that a file can be taken back as a whole. */
function isByDay({ interval }) {
	return interval === void 0 || interval === "1s";
}
function hasDailyFiles({ interval }) {
	return interval === void 0 || intervalStep(interval) <= DAY$10;
}
/** The rows of an opened file. */
var ArchiveRows = class {
	#key;
	#numbers;
	#file;
	#archive;
	#csv;
	constructor(key, numbers, file, archive) {
		this.#key = key;
		this.#numbers = numbers;
		this.#file = file;
		this.#archive = archive;
	}
	/**
	* All rows: in order, each key once, all valid and in the file's own period. May be called again.
	*
	* @throws ArchiveError when the file cannot be used.
	*/
	pages() {
		const { path, file } = this.#archive;
		const { period, window } = this.#file;
		const csv = new CsvFile(datasetOf(this.#key), this.#numbers, {
			period: window,
			file: path
		});
		this.#csv = csv;
		return csv.pages(unzip(file, {
			path,
			entry: entryName(this.#key, period)
		}));
	}
	/** Reads the file to its end. @throws ArchiveError when it cannot be used */
	async checkAll() {
		const pages = this.pages();
		while (!(await pages.next()).done);
	}
	/** Columns of the file that this version does not know. */
	get unknownFields() {
		return this.#csv?.unknownFields ?? [];
	}
	/** A message when times go back while ids increase. */
	get disorder() {
		const { back = 0n } = this.#csv?.evidence ?? {};
		if (back === 0n) return void 0;
		return `${this.#archive.path}: times go back by up to ${Number(back) / 1e6} s while ids increase; rows are kept in the order of their ids`;
	}
	/** A message about what is unusual in the rows read but does not make them unusable. */
	get anomaly() {
		const { conflicts = 0 } = this.#csv?.evidence ?? {};
		if (conflicts === 0) return void 0;
		return `${this.#archive.path}: ${conflicts} rows occur twice with different values; the later ones are kept`;
	}
};
// src/binance/limit.ts
const INTERVAL_MS$1 = {
	SECOND: 1e3,
	MINUTE: 6e4,
	HOUR: 36e5,
	DAY: 864e5
};
/** The limits until `exchangeInfo` is read, and where it lists none: today's numbers (rest-api.md, LIMITS). */
const DEFAULT_LIMITS = [{
	type: "REQUEST_WEIGHT",
	windowMs: 6e4,
	limit: 6e3,
	header: "x-mbx-used-weight-1m"
}];
/** Reads `exchangeInfo.rateLimits`; skips other kinds of limits, and entries of another shape. */
function parseRateLimits(value) {
	if (!Array.isArray(value)) return [];
	return value.flatMap((entry) => {
		const { rateLimitType: type, interval, intervalNum, limit } = entry ?? {};
		const unit = typeof interval === "string" ? INTERVAL_MS$1[interval] : void 0;
		if (type !== "REQUEST_WEIGHT" && type !== "RAW_REQUESTS") return [];
		if (unit === void 0 || !isPositive(intervalNum) || !isPositive(limit)) return [];
		const name = `${intervalNum}${String(interval).charAt(0).toLowerCase()}`;
		const header = type === "REQUEST_WEIGHT" ? `x-mbx-used-weight-${name}` : void 0;
		return [{
			type,
			windowMs: unit * intervalNum,
			limit,
			header
		}];
	});
}
function isPositive(value) {
	return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
// src/pull/meter.ts
/** A meter that counted nothing yet. */
function newMeter(limit, pace) {
	return {
		limit,
		pace,
		settled: /* @__PURE__ */ new Map(),
		reported: /* @__PURE__ */ new Map(),
		foreign: /* @__PURE__ */ new Map()
	};
}
/** The window in which `ms` of the server lies. */
function windowOf$1({ limit }, ms) {
	return Math.floor(ms / limit.windowMs);
}
/** What a request of `weight` takes of the limit. */
function costOf({ limit }, weight) {
	return limit.type === "RAW_REQUESTS" ? 1 : weight;
}
/** Counts `cost` in a window. */
function add(map, window, cost) {
	map.set(window, (map.get(window) ?? 0) + cost);
}
/** Drops windows that are certainly past, so that the books do not grow with the run. */
function forget$1(meter, first) {
	for (const map of [
		meter.settled,
		meter.reported,
		meter.foreign
	]) for (const window of map.keys()) if (window < first - 1) map.delete(window);
}
/** What a header says is used; `undefined` when it says nothing that can be. */
function parseUsed(text) {
	return text !== void 0 && /^\d{1,12}$/.test(text.trim()) ? Number(text) : void 0;
}
/** The share of a window's limit that may be spent at once. */
const AT_ONCE = .2;
/** A bucket that drains at a steady rate; a request that would overflow it waits. */
var Pace = class {
	#clock;
	#level = 0;
	#atMs;
	constructor(clock) {
		this.#clock = clock;
		this.#atMs = clock.monotonicMs();
	}
	/** Milliseconds until `cost` may be spent; a cost larger than the bucket waits until it is empty. */
	waitMs(cost, { cap, windowMs }) {
		const perMs = 3 * cap / windowMs;
		const nowMs = this.#clock.monotonicMs();
		this.#level = Math.max(0, this.#level - (nowMs - this.#atMs) * perMs);
		this.#atMs = nowMs;
		const over = this.#level - Math.max(0, AT_ONCE * cap - cost);
		return over > 0 ? Math.ceil(over / perMs) : 0;
	}
	/** Books what is spent; a negative cost gives it back. */
	spend(cost) {
		this.#level = Math.max(0, this.#level + cost);
	}
};
// src/pull/budget.ts
/** After a 429 the rate is cut to this share and recovers window by window. */
const SLOWDOWN = .7;
const RECOVERY = 1.1;
/** Answered requests kept, to be counted in limits that become known later. */
const RECENT_MAX = 1e3;
/** Admits requests by their weight. */
var WeightBudget = class {
	#clock;
	#server;
	#share;
	#onWait;
	#inFlight = /* @__PURE__ */ new Set();
	#learned = /* @__PURE__ */ new Map();
	#recent = [];
	#meters;
	/** Was the server's clock unknown until now? Then the windows counted so far are those of another clock. */
	#isClockAssumed = true;
	/** Were the limits never read from the exchange? */
	#isAssumed = true;
	#slowdowns = 0;
	#turn = Promise.resolve();
	#slowdown = 1;
	#slowdownWindow = 0;
	constructor(clock, server, limits, { share, onWait }) {
		this.#clock = clock;
		this.#server = server;
		this.#share = share;
		this.#onWait = onWait;
		this.#meters = limits.map((limit) => newMeter(limit, new Pace(clock)));
	}
	/** Sets new limits; what was counted for unchanged limits is kept. */
	setLimits(limits) {
		this.#isAssumed = false;
		this.#meters = limits.map((limit) => {
			const old = this.#meters.find(({ limit: { type, windowMs } }) => type === limit.type && windowMs === limit.windowMs);
			return old === void 0 ? this.#booked(limit) : {
				...old,
				limit
			};
		});
	}
	/** The number of 429s; after each the limits may have changed. */
	get slowdowns() {
		return this.#slowdowns;
	}
	/** Request weight available per minute, by the tightest limit. */
	weightPerMinute() {
		const rates = this.#meters.filter(({ limit }) => limit.type === "REQUEST_WEIGHT").map(({ limit }) => limit.limit * this.#share * 6e4 / limit.windowMs);
		return Math.min(...rates, Number.MAX_SAFE_INTEGER);
	}
	/** The current use of the tightest weight limit. */
	use() {
		return this.#meters.filter(({ limit }) => limit.type === "REQUEST_WEIGHT").map((meter) => ({
			used: this.#used(meter, this.#windowAt(meter, 0)),
			limit: meter.limit.limit
		})).sort((a, b) => b.used / b.limit - a.used / a.limit)[0] ?? {
			used: 0,
			limit: 0
		};
	}
	/**
	* Resolves when a request of `weight` may be sent; first come, first served.
	*
	* @param signal - Stops waiting; rejects with its reason.
	*/
	async reserve(path, weight, signal) {
		const turn = this.#turn.then(() => this.#admit(path, weight, signal));
		this.#turn = turn.catch(() => void 0);
		return turn;
	}
	/** Returns a reservation that was never sent. */
	release(ticket) {
		this.#inFlight.delete(ticket);
		for (const meter of this.#meters) meter.pace.spend(-costOf(meter, ticket.weight));
	}
	/**
	* Books a request that was sent, answered or not.
	*
	* @param header - Looks up a header of the answer; absent when there was no answer.
	*/
	settle(ticket, header) {
		this.#inFlight.delete(ticket);
		this.#meetClock();
		const { sentMs, weight } = ticket;
		const booking = {
			sentMs,
			doneMs: this.#clock.monotonicMs(),
			weight
		};
		this.#recent.push(booking);
		if (this.#recent.length > 2 * RECENT_MAX) this.#recent = this.#recent.slice(-1e3);
		for (const meter of this.#meters) {
			const { first, last } = this.#book(meter, booking);
			const name = meter.limit.header;
			const used = name === void 0 ? void 0 : parseUsed(header?.(name));
			if (used === void 0 || first !== last) continue;
			const before = meter.reported.get(first);
			if (before !== void 0) this.#learn(ticket, used - before);
			meter.reported.set(first, Math.max(used, before ?? 0));
			const foreign = used - (meter.settled.get(first) ?? 0) - this.#inFlightIn(meter, first);
			meter.foreign.set(first, Math.max(foreign, meter.foreign.get(first) ?? 0));
		}
	}
	/** Continues more slowly after a 429. */
	slowDown() {
		this.#slowdown = Math.max(.1, this.#slowdown * SLOWDOWN);
		this.#slowdowns += 1;
	}
	async #admit(path, weight, signal) {
		const cost = Math.max(weight, this.#learned.get(path)?.weight ?? 0);
		for (;;) {
			signal?.throwIfAborted();
			const waitMs = this.#waitMs(cost);
			if (waitMs === 0) break;
			if (waitMs > 1e3) this.#onWait({
				reason: "budget",
				ms: waitMs,
				message: this.#spent(cost)
			});
			await this.#clock.sleep(waitMs, signal);
		}
		for (const other of this.#inFlight) other.isAlone = false;
		const ticket = {
			path,
			weight: cost,
			sentMs: this.#clock.monotonicMs(),
			isAlone: this.#inFlight.size === 0
		};
		this.#inFlight.add(ticket);
		for (const meter of this.#meters) meter.pace.spend(costOf(meter, cost));
		return ticket;
	}
	/** Of what a request of `weight` waits for, in words. */
	#spent(weight) {
		const [tightest] = this.#meters.map((meter) => ({
			meter,
			waitMs: this.#meterWaitMs(meter, weight),
			used: this.#used(meter, this.#windowAt(meter, 0))
		})).sort((a, b) => b.waitMs - a.waitMs);
		if (tightest === void 0) return "limit used up";
		const { meter, used } = tightest;
		const { limit } = meter.limit;
		return `${used + costOf(meter, weight) > limit * this.#share * this.#slowdown ? "limit used up" : "keeping within the limit"} (${used} of ${limit})`;
	}
	/** Counts an answered request in every window in which it may have arrived. */
	#book(meter, { sentMs, doneMs, weight }) {
		const server = this.#server;
		const cost = costOf(meter, weight);
		const first = windowOf$1(meter, server.at(sentMs) - server.uncertaintyMs());
		const last = windowOf$1(meter, server.at(doneMs) + server.uncertaintyMs());
		for (let window = first; window <= last; window++) add(meter.settled, window, cost);
		return {
			first,
			last
		};
	}
	/** A meter for `limit` that includes what was sent before the limit was known. */
	#booked(limit, pace = new Pace(this.#clock)) {
		const meter = newMeter(limit, pace);
		for (const booking of this.#recent) this.#book(meter, booking);
		return meter;
	}
	/** Once the server's clock is known, counts earlier requests again by its windows. */
	#meetClock() {
		if (!this.#isClockAssumed || !this.#server.isKnown()) return;
		this.#isClockAssumed = false;
		this.#meters = this.#meters.map(({ limit, pace }) => this.#booked(limit, pace));
	}
	/** Milliseconds until a request of `weight` may fit; 0 if it does now. */
	#waitMs(weight) {
		this.#meetClock();
		this.#recover();
		return Math.max(0, ...this.#meters.map((meter) => this.#meterWaitMs(meter, weight)));
	}
	#meterWaitMs(meter, weight) {
		const { windowMs } = meter.limit;
		const cost = costOf(meter, weight);
		const first = this.#windowAt(meter, -1);
		const last = this.#windowAt(meter, 1);
		forget$1(meter, first);
		if (this.#isAssumed && (meter.reported.get(first) ?? 0) > meter.limit.limit) return 0;
		const cap = Math.max(meter.limit.limit * this.#share * this.#slowdown, cost);
		const now = this.#server.nowMs();
		let waitMs = meter.pace.waitMs(cost, {
			cap,
			windowMs
		});
		for (let window = first; window <= last; window++) {
			const used = this.#used(meter, window) + cost;
			const opensMs = window * windowMs;
			if (used > cap) {
				const nextMs = opensMs + windowMs + this.#server.uncertaintyMs() - now;
				waitMs = Math.max(waitMs, Math.ceil(nextMs) + 1);
				continue;
			}
			const mayOpenMs = opensMs - this.#server.uncertaintyMs();
			const elapsed = (used / cap - AT_ONCE) / 3;
			waitMs = Math.max(waitMs, Math.ceil(mayOpenMs + elapsed * windowMs - now));
		}
		return waitMs;
	}
	#used(meter, window) {
		const own = (meter.settled.get(window) ?? 0) + (meter.foreign.get(window) ?? 0);
		return Math.max(own, meter.reported.get(window) ?? 0) + this.#inFlightIn(meter, window);
	}
	/** The weight in flight that may count in `window`. */
	#inFlightIn(meter, window) {
		let sum = 0;
		for (const ticket of this.#inFlight) if (this.#windowSince(meter, ticket) <= window) sum += costOf(meter, ticket.weight);
		return sum;
	}
	/** The window at the server's current time, at the early (-1) or late (1) edge of its uncertainty. */
	#windowAt(meter, edge) {
		return windowOf$1(meter, this.#server.nowMs() + edge * this.#server.uncertaintyMs());
	}
	/** The first window in which the server may have received a request. */
	#windowSince(meter, { sentMs }) {
		return windowOf$1(meter, this.#server.at(sentMs) - this.#server.uncertaintyMs());
	}
	/**
	* When requests that are alone raise the server's count by the same amount twice in a row, and it exceeds their
	* weight, that is what the path costs.
	*/
	#learn(ticket, delta) {
		if (!ticket.isAlone || delta <= ticket.weight) return;
		const seen = this.#learned.get(ticket.path);
		const weight = seen?.delta === delta ? delta : seen?.weight ?? 0;
		this.#learned.set(ticket.path, {
			delta,
			weight
		});
	}
	#recover() {
		const window = Math.floor(this.#server.nowMs() / 6e4);
		if (window === this.#slowdownWindow) return;
		this.#slowdownWindow = window;
		this.#slowdown = Math.min(1, this.#slowdown * RECOVERY);
	}
};
// src/pull/clock-check.ts
/**
* Clocks that agree differ by less than this, besides the uncertainty of both: edge servers are accurate to well under
* a second, and `Date` may be written before the body. Much less than any `settle` in use.
*/
const SLACK_MS = 5e3;
const MINUTE_MS = 6e4;
const DAY_MS = 864e5;
/**
* A machine further behind than any certificate is valid (398 days) could not have connected to the exchange over
* https. So it is the exchange's clock that is ahead.
*/
const BEHIND_MS_MAX = 400 * DAY_MS;
/** An `Age` beyond this is nonsense. */
const AGE_S_MAX = 86400;
/** Compares the readings of the three clocks. */
function compareClocks(readings) {
	const verdict = compared(readings);
	if (verdict.kind === "refused") return verdict;
	const aheadMs = certainMs(verdict) - readings.machineMs;
	const by = `the exchange's clock is ${span(aheadMs)} ahead of this machine's`;
	if (aheadMs > BEHIND_MS_MAX) return {
		kind: "refused",
		why: by
	};
	return verdict.kind === "trusted" && aheadMs > DAY_MS ? {
		...verdict,
		note: by
	} : verdict;
}
function compared({ stated, dated, machineMs }) {
	if (dated === void 0) return withoutDate(stated, machineMs);
	const apartMs = apart(stated, dated);
	if (apartMs <= SLACK_MS) return {
		kind: "trusted",
		clock: stated
	};
	const why = `/time is ${span(apartMs)} off the Date header of its answer`;
	const uncertain = (clock, other) => {
		return {
			kind: "uncertain",
			clock,
			notAfterMs: Math.min(clock.leastMs, other),
			why
		};
	};
	if (apartMs <= DAY_MS) return uncertain(stated, dated.leastMs);
	const machine = {
		leastMs: machineMs,
		mostMs: machineMs
	};
	if (apart(dated, machine) <= DAY_MS) return uncertain(dated, machineMs);
	if (apart(stated, machine) <= DAY_MS) return uncertain(stated, machineMs);
	return {
		kind: "refused",
		why: `${why}, and this machine's clock agrees with neither`
	};
}
/**
* Without a `Date`, only this machine's clock can show that `/time` is ahead. If `/time` is behind, it covers no
* future.
*/
function withoutDate(stated, machineMs) {
	const aheadMs = stated.leastMs - machineMs;
	if (aheadMs <= MINUTE_MS) return {
		kind: "trusted",
		clock: stated
	};
	const why = `/time is ${span(aheadMs)} ahead of this machine's clock, and its answer has no Date header`;
	if (aheadMs > DAY_MS) return {
		kind: "refused",
		why
	};
	return {
		kind: "uncertain",
		clock: stated,
		notAfterMs: machineMs,
		why
	};
}
function certainMs(verdict) {
	return verdict.kind === "trusted" ? verdict.clock.leastMs : verdict.notAfterMs;
}
/** The least that two clocks differ. */
function apart(a, b) {
	return Math.max(0, a.leastMs - b.mostMs, b.leastMs - a.mostMs);
}
function span(ms) {
	if (ms >= 2 * DAY_MS) return `${Math.round(ms / DAY_MS)} days`;
	return ms >= 2 * MINUTE_MS ? `${Math.round(ms / MINUTE_MS)} minutes` : `${Math.round(ms / 1e3)} s`;
}
/** The server's clock from a time in an answer, which was made between two monotonic moments. */
function offsetOf({ leastMs, mostMs }, { sentMs, receivedMs }) {
	return {
		leastMs: leastMs - receivedMs,
		mostMs: mostMs - sentMs
	};
}
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
/**
* When an answer was made, in milliseconds since the epoch, by its `Date` header: whole seconds, and up to its `Age`
* later if a cache sent it. `undefined` without a date.
*/
function madeAt(answer) {
	const text = answer.header("date")?.trim() ?? "";
	const leastMs = HTTP_DATE.test(text) ? Date.parse(text) : NaN;
	if (Number.isNaN(leastMs)) return void 0;
	const age = answer.header("age")?.trim() ?? "";
	return {
		leastMs,
		mostMs: leastMs + ((/^\d{1,9}$/.test(age) ? Math.min(Number(age), AGE_S_MAX) : 0) + 1) * 1e3
	};
}
/** Was an answer made before `untilMs`, so that it cannot cover the time up to there? */
function isMadeBefore(answer, untilMs) {
	const made = madeAt(answer);
	return made !== void 0 && made.mostMs + SLACK_MS < untilMs;
}
// src/pull/clock-reading.ts
/** Reads the server's clock, and compares the dates of answers with it. */
/** The request for the server's clock. It goes first, since everything else waits for it. */
const TIME_QUERY = {
	path: "/api/v3/time",
	params: [],
	weight: 1,
	priority: 1e9,
	hosts: "public"
};
/** How often `/time` is requested while other clocks contradict it. */
const READS_MAX = 3;
const HINT = "Nothing is stored for a time that may not have come yet. Check this machine's clock and any proxy, then run again.";
/** Keeps the server's clock up to date. */
var ClockSync = class {
	#clock;
	#server;
	#options;
	#syncing;
	#hasWarned = false;
	constructor(clock, server, options) {
		this.#clock = clock;
		this.#server = server;
		this.#options = options;
	}
	/**
	* Reads the clock if a reading is due; once for all who wait for it. @throws ClockError when no clock can be trusted
	*/
	async whenDue() {
		if (!this.#server.isStale()) return;
		this.#syncing ??= this.#read().finally(() => this.#syncing = void 0);
		await this.#syncing;
	}
	async #read() {
		let sentMs = 0;
		let reads = 0;
		const onSend = () => void (sentMs = this.#clock.monotonicMs());
		const verdict = await this.#options.ask((answer) => {
			const found = compareClocks(this.#readings(answer, sentMs));
			reads += 1;
			if (found.kind !== "trusted" && reads < READS_MAX) throw new TransportError(found.why);
			return found;
		}, onSend);
		if (verdict.kind === "refused") throw new ClockError(verdict.why, { hint: HINT });
		if (verdict.kind === "trusted") {
			this.#server.trust(verdict.clock);
			if (verdict.note !== void 0) this.#warn(verdict.note);
			return;
		}
		this.#server.trust(verdict.clock, verdict.notAfterMs);
		this.#warn(`${verdict.why}: the earlier of the two decides what is past`);
	}
	#readings(answer, sentMs) {
		const ms = Number(readServerTime(answer.body)) / 1e3;
		const made = madeAt(answer);
		const receivedMs = this.#clock.monotonicMs();
		const span = {
			sentMs,
			receivedMs
		};
		return {
			stated: offsetOf({
				leastMs: ms - 1,
				mostMs: ms + 1
			}, span),
			dated: made === void 0 ? void 0 : offsetOf(made, span),
			machineMs: toMillis(this.#clock.now()) - receivedMs
		};
	}
	#warn(message) {
		if (this.#hasWarned) return;
		this.#hasWarned = true;
		this.#options.onWarning?.(message);
	}
};
/** Reads the body of `/api/v3/time`, in either unit. @throws TransportError when it is something else */
function readServerTime(body) {
	const match = /^\s*\{\s*"serverTime"\s*:\s*(\d{13}|\d{16})\s*\}\s*$/.exec(new TextDecoder().decode(body));
	if (match?.[1] === void 0) throw new TransportError("/api/v3/time: not a server time");
	const value = BigInt(match[1]);
	return micros(match[1].length === 13 ? value * 1000n : value);
}
/** An answer made before the end of the time that it has to cover. */
var OutdatedError = class extends TransportError {};
/** @throws OutdatedError for an answer dated before `until`. */
function checkDate(answer, path, until) {
	const made = madeAt(answer);
	if (made === void 0 || !isMadeBefore(answer, toMillis(until))) return;
	const date = formatMicros(fromMillis(made.leastMs));
	throw new OutdatedError(`${path}: requested at or up to ${formatMicros(until)}, but answered at ${date}`);
}
/** @throws ClockError when a time that was used as now turned out to be in the future. */
function assertNotAhead(server) {
	if (!server.wasAhead) return;
	throw new ClockError(`the exchange's clock went back: it is ${formatMicros(server.past())}, but a later time was already requested`, { hint: HINT });
}
// src/pull/failure.ts
/** Turns verdicts and failed attempts into errors. */
/** The error for an answer that was not accepted. */
function refusal(status, verdict) {
	if (verdict.kind !== "reject") return new TransportError(verdict.reason);
	const { exchangeCode, hint } = verdict;
	return new RejectedError(verdict.reason, {
		status,
		exchangeCode,
		hint
	});
}
/** The result of `read` for an accepted answer, or the error for any other. */
function accept({ answer, verdict }, read) {
	if (verdict.kind !== "accept") return refusal(answer.status, verdict);
	try {
		return { value: read(answer) };
	} catch (error) {
		if (error instanceof TransportError || error instanceof DataError) return error;
		throw error;
	}
}
/** Was an accepted answer's body not what was requested? Another host may do better. */
function isUnreadable({ verdict }, settled) {
	return verdict.kind === "accept" && settled instanceof TransportError;
}
/** The verdict on a failure without an answer to judge. */
function retryOf(error) {
	return !(error instanceof TransportError) || error.isTransient ? {
		kind: "retry",
		reason: error.message,
		atLeastMs: 0,
		isSmaller: false
	} : {
		kind: "reject",
		reason: error.message,
		exchangeCode: void 0,
		hint: error.hint
	};
}
/** Every attempt failed. */
function gaveUp({ path }, attempts, cause) {
	return new UnreachableError(`${path}: gave up after ${attempts} attempts: ${cause.message}`, {
		cause,
		hint: "What was fetched is kept; run again when the exchange answers."
	});
}
/** The firewall blocks this very request, even after others passed. */
function blockedFor({ path }, reason) {
	return new RejectedError(`${path}: blocked by the firewall twice: ${reason}`, {
		status: 403,
		hint: "Other requests continue; if all fail like this, this address is blocked: wait and run again."
	});
}
// src/pull/gate.ts
/**
* The gate that every request passes: open, closed for a while (429, 418, 403), or closed for good (451). A ban and a
* quarantine are kept on disk, so that the next process of this lake respects them too.
*/
/** Where a ban is recorded; in the lake's root, and not data. */
const BAN_PATH = "_ban.json";
/** The firewall's quarantine: "usually 5 minutes, may be extended" (Binance support, 360004492232). */
const BLOCK_MS = 3e5;
const BLOCK_MS_MAX = 2592e5;
const WORDS$1 = {
	E_BANNED: "banned by the exchange",
	E_BLOCKED: "stopped by the exchange's firewall"
};
/** Stops all requests while the exchange accepts none. */
var Gate = class {
	#clock;
	#random;
	#files;
	#maxWaitMs;
	#onWait;
	#shut;
	#forGood;
	#blockMs = BLOCK_MS;
	#remembering = Promise.resolve();
	/** How long the gate has been closed since the last success. */
	#shutMs = 0;
	constructor(world, maxWaitMs, onWait) {
		this.#clock = world.clock;
		this.#random = world.random;
		this.#files = world.files;
		this.#maxWaitMs = maxWaitMs;
		this.#onWait = onWait;
	}
	/** Reads the deadline of a ban or quarantine from an earlier process. Call before the first request. */
	async load() {
		const { ban } = await this.#remembered();
		if (ban === void 0) return;
		const ms = Number(ban.until - this.#clock.now()) / 1e3;
		if (ms > 0) this.#close(ms, ban.code, `${WORDS$1[ban.code]} until then, as an earlier run recorded`, true);
	}
	/** May requests be sent right now? */
	get isOpen() {
		return this.#forGood === void 0 && this.#remainingMs() === 0;
	}
	/**
	* Resolves when requests may be sent.
	*
	* @throws BannedError when that is later than the user wants to wait, or never.
	*/
	async pass(signal) {
		for (;;) {
			signal?.throwIfAborted();
			if (this.#forGood !== void 0) throw this.#forGood;
			const ms = this.#remainingMs();
			if (ms === 0 || this.#shut === void 0) return;
			if (Math.max(ms, this.#shutMs) > this.#maxWaitMs) throw tooLong$1(this.#shut, ms);
			await this.#clock.sleep(ms, signal);
		}
	}
	/** 429: closes for `ms`, and a little longer, so that not all processes return at once. */
	limited(ms, reason) {
		this.#close(ms + 250 + this.#random.next() * 750, "E_RATE_LIMITED", reason);
	}
	/** 418: closes for `ms` and records it on disk. */
	async banned(ms, reason) {
		this.#close(ms + 1e3, "E_BANNED", reason);
		await this.#remember(ms + 1e3, "E_BANNED", reason);
	}
	/** 403 from the firewall: closes for five minutes, doubling while nothing succeeds in between; recorded on disk. */
	async blocked(reason) {
		if (this.#remainingMs() > 0 && this.#shut?.code === "E_BLOCKED") return;
		const ms = this.#blockMs;
		this.#blockMs = Math.min(BLOCK_MS_MAX, ms * 2);
		this.#close(ms, "E_BLOCKED", reason);
		await this.#remember(ms, "E_BLOCKED", reason);
	}
	/** 451: closes for good. */
	refused(reason) {
		this.#forGood = new BannedError("E_REGION", `not served from this location: ${reason}`, { hint: "The exchange does not offer its service in this location; its public archive may be reachable." });
		return this.#forGood;
	}
	/** A success: the firewall no longer blocks. While requests are stopped, answers to earlier ones prove nothing. */
	succeeded() {
		if (this.#remainingMs() > 0) return;
		this.#blockMs = BLOCK_MS;
		this.#shutMs = 0;
	}
	async #remembered() {
		const found = await this.#files?.read(BAN_PATH);
		if (found === void 0) return {
			ban: void 0,
			version: "absent"
		};
		return {
			ban: parseBan(new TextDecoder().decode(found.bytes)),
			version: found.version
		};
	}
	/** Several requests may receive deadlines at once or one after the other: the latest is kept. */
	#remember(ms, code, reason) {
		const until = micros(this.#clock.now() + BigInt(Math.ceil(ms)) * 1000n);
		const done = this.#remembering.then(() => this.#rememberUntil(until, code, reason));
		this.#remembering = done.catch(() => void 0);
		return done;
	}
	async #rememberUntil(until, code, reason) {
		const { ban, version } = await this.#remembered();
		if (ban !== void 0 && ban.until >= until) return;
		const text = `${JSON.stringify({
			until: formatMicros(until),
			code,
			reason
		})}\n`;
		try {
			await this.#files?.replace(BAN_PATH, new TextEncoder().encode(text), version);
		} catch (error) {
			if (!isChanged(error)) throw error;
			await this.#rememberUntil(until, code, reason);
		}
	}
	#remainingMs() {
		return Math.max(0, (this.#shut?.untilMs ?? 0) - this.#clock.monotonicMs());
	}
	#close(ms, code, reason, isRemembered = false) {
		const untilMs = this.#clock.monotonicMs() + ms;
		if (this.#shut !== void 0 && this.#shut.untilMs >= untilMs) return;
		const remainingMs = this.#remainingMs();
		this.#shutMs += ms - remainingMs;
		this.#shut = {
			untilMs,
			code,
			reason,
			isRemembered
		};
		if (remainingMs > 0 || Math.max(ms, this.#shutMs) > this.#maxWaitMs) return;
		if (ms <= 1e3) return;
		this.#onWait({
			reason: code === "E_RATE_LIMITED" ? "limit" : "ban",
			ms,
			message: reason
		});
	}
};
function tooLong$1({ code, reason, isRemembered }, ms) {
	const seconds = Math.ceil(ms / 1e3);
	const hint = `Run again in ${seconds} s, or allow the wait with --max-wait ${seconds}; requests before then lengthen a ban.`;
	return new BannedError(code, `the exchange accepts no requests for ${seconds} s: ${reason}`, {
		retryAfterMs: ms,
		hint: isRemembered ? `${hint} ${FORGET}` : hint
	});
}
/** Whatever wrote the file, such as a clock that was wrong then, it must not stop all runs for ever. */
const FORGET = `If no such ban is known, delete ${BAN_PATH} in the data directory.`;
function parseBan(text) {
	try {
		const { until, code } = JSON.parse(text);
		if (typeof until !== "string") return void 0;
		return {
			until: parseMicros(until),
			code: code === "E_BLOCKED" ? code : "E_BANNED"
		};
	} catch {
		return;
	}
}
// src/pull/hosts.ts
/**
* Which of several equivalent hosts to use. Another host is tried only for transport errors and 5xx: limits and bans
* apply per address, so switching hosts would avoid nothing and prolong them.
*/
/** How long a failed host is skipped while another one answers. */
const REST_MS = 6e4;
/** The hosts in order of preference. */
var Hosts = class {
	#urls;
	#latencies = /* @__PURE__ */ new Map();
	#failedAtMs = /* @__PURE__ */ new Map();
	#failures = /* @__PURE__ */ new Map();
	/** @param urls - At least one, in order of preference, without a trailing slash. */
	constructor(urls) {
		this.#urls = urls;
	}
	/** In order of preference. */
	get urls() {
		return this.#urls;
	}
	/**
	* Prefers hosts by these latencies in milliseconds; hosts without one come last. Hosts with equal latency keep their
	* order.
	*/
	rank(latencies) {
		this.#latencies = latencies;
		const latencyOf = (url) => latencies.get(url) ?? Number.MAX_VALUE;
		this.#urls = [...this.#urls].sort((a, b) => latencyOf(a) - latencyOf(b));
	}
	/** The first host without a recent failure; if all failed recently, the one that failed longest ago. */
	pick(nowMs) {
		const rested = this.#urls.find((url) => !this.#isResting(url, nowMs));
		if (rested !== void 0) return rested;
		return [...this.#urls].sort((a, b) => this.#failedAt(a) - this.#failedAt(b))[0] ?? "";
	}
	/** Records a transport error or a 5xx. */
	failed(url, nowMs) {
		this.#failedAtMs.set(url, nowMs);
		this.#failures.set(url, (this.#failures.get(url) ?? 0) + 1);
	}
	/** The state of each host, in order of preference. */
	health(nowMs) {
		return this.#urls.map((url) => ({
			url,
			failures: this.#failures.get(url) ?? 0,
			isResting: this.#isResting(url, nowMs),
			latencyMs: this.#latencies.get(url)
		}));
	}
	#failedAt(url) {
		return this.#failedAtMs.get(url) ?? Number.NEGATIVE_INFINITY;
	}
	#isResting(url, nowMs) {
		return nowMs - this.#failedAt(url) < REST_MS;
	}
};
/** A host this slow to answer a ping is not the fastest. */
const PING_TIMEOUT_MS = 3e3;
/** Sorts the hosts by their fastest answers; those that miss a ping come last, in their former order. */
async function rankHosts(hosts, ping) {
	const latencies = /* @__PURE__ */ new Map();
	await Promise.all(hosts.urls.map(async (url) => {
		const soonest = await soonestOf(url, ping);
		if (soonest !== void 0) latencies.set(url, soonest);
	}));
	hosts.rank(latencies);
}
async function soonestOf(url, ping) {
	let soonest = Number.POSITIVE_INFINITY;
	for (let sent = 0; sent < 3; sent++) {
		const ms = await ping(url);
		if (ms === void 0) return void 0;
		soonest = Math.min(soonest, ms);
	}
	return soonest;
}
/** The result in one line. */
function rankText(hosts) {
	const [only] = hosts;
	if (hosts.length < 2) return `only one host to choose from: ${only?.url ?? "none"}`;
	return `hosts, fastest first: ${hosts.map(({ url, latencyMs }) => latencyMs === void 0 ? `${url} (no answer)` : `${url} (${Math.round(latencyMs)} ms)`).join(", ")}`;
}
// src/pull/query.ts
/** The query string: names as they are, values percent-encoded, in the order given. */
function queryText({ params, limit }) {
	return (limit === void 0 ? params : [...params, ["limit", limit]]).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&");
}
// src/pull/retries.ts
/** Default attempts per request: they take 36 to 71 s, plus the time that each answer takes to fail. */
const ATTEMPTS_MAX = 8;
/** Requests that try again at the same time while none succeeds. */
const TRYING_MAX = 8;
/** What requests share about each other's failures. */
var Retries = class {
	#world;
	#patience;
	#waiting = /* @__PURE__ */ new Set();
	#successes = 0;
	#trying = 0;
	/** Did a request use all its attempts, with no success since it began? */
	#isGone = false;
	/** The end of the last reported pause: further pauses of the same outage are not reported. */
	#reportedUntilMs = 0;
	constructor(world, patience) {
		this.#world = world;
		this.#patience = patience;
	}
	/**
	* Runs a request; its place among those that try again is released when it ends.
	*
	* @param isAwaited - Do requests that hold places wait for this one? Then it has its own place from the start.
	*/
	async during(request, isAwaited = false) {
		const trial = {
			isTrying: isAwaited,
			since: void 0
		};
		if (isAwaited) this.#trying += 1;
		try {
			return await request(trial);
		} finally {
			if (trial.isTrying) {
				this.#trying -= 1;
				if (this.#trying < TRYING_MAX) this.#wake(1);
			}
		}
	}
	/** A request was answered: waiting ones may try. */
	succeeded() {
		this.#successes += 1;
		this.#isGone = false;
		this.#wake(this.#waiting.size);
	}
	/**
	* Waits until a failed request may be sent again.
	*
	* @throws UnreachableError when it failed too often, when another one did and nothing succeeds any more, or when the
	* exchange asks for a longer wait than the user allows; or the signal's reason.
	*/
	async pause(trial, failed) {
		const { attempt, error, atLeastMs, signal } = failed;
		const { attemptsMax = ATTEMPTS_MAX, maxWaitMs } = this.#patience;
		trial.since ??= this.#successes;
		if (attempt >= attemptsMax) {
			if (trial.since === this.#successes) this.#end();
			throw gaveUp(failed, attempt, error);
		}
		if (!trial.isTrying && !this.#isGone && this.#trying >= TRYING_MAX) await this.#turn(signal);
		if (this.#isGone) throw gaveUp(failed, attempt, error);
		if (!trial.isTrying) this.#trying += 1;
		trial.isTrying = true;
		const ms = backoffMs(attempt, this.#world.random, atLeastMs);
		if (atLeastMs > 0 && ms > maxWaitMs) throw gaveUp(failed, attempt, error);
		this.#report(`${error.message}; trying again`, ms);
		await this.#world.clock.sleep(ms, signal);
	}
	#end() {
		this.#isGone = true;
		this.#wake(this.#waiting.size);
	}
	/** An exchange that does not answer must not look like a program that hangs. */
	#report(reason, ms) {
		const nowMs = this.#world.clock.monotonicMs();
		if (ms <= 1e3 || nowMs < this.#reportedUntilMs) return;
		this.#reportedUntilMs = nowMs + ms;
		this.#patience.onWait({
			reason: "overload",
			ms,
			message: reason
		});
	}
	#wake(count) {
		for (const go of [...this.#waiting].slice(0, count)) go();
	}
	#turn(signal) {
		return new Promise((resolve, reject) => {
			signal?.throwIfAborted();
			const leave = () => {
				this.#waiting.delete(go);
				signal?.removeEventListener("abort", abort);
			};
			const go = () => {
				leave();
				resolve();
			};
			const abort = () => {
				leave();
				reject(signal?.reason);
			};
			this.#waiting.add(go);
			signal?.addEventListener("abort", abort, { once: true });
		});
	}
};
// src/pull/server-clock.ts
/** How far the wall and the monotonic clock may drift apart before a sleep or a clock jump is suspected. */
const DRIFT_MS_MAX = 1e3;
/** A reading is used no longer than this. */
const AGE_MS_MAX = 6e5;
/** The maximum drift between clocks, as a share of the time: NTP slews by 500 millionths at most. */
const DRIFT_SHARE = 5e-4;
/** How far a new reading may go back behind the one before, in microseconds. */
const READING_SLACK = 5000000n;
/** Follows the server's clock by the monotonic one, from readings of `/api/v3/time`. */
var ServerClock = class {
	#clock;
	#offsetMs;
	#uncertaintyMs = Number.POSITIVE_INFINITY;
	#readMonotonicMs = Number.NEGATIVE_INFINITY;
	#readWallMs = 0;
	/** When the reading was taken, by the monotonic clock. */
	#readMs = 0;
	/** The latest time that another clock confirms as past, as an offset. */
	#notAfterMs = Number.POSITIVE_INFINITY;
	#given = micros(-(2n ** 62n));
	constructor(clock) {
		this.#clock = clock;
		this.#offsetMs = toMillis(clock.now()) - clock.monotonicMs();
	}
	/**
	* Uses this reading as the server's clock from now on.
	*
	* @param notAfterMs - Another clock, as an offset: time after it does not count as past.
	*/
	trust({ leastMs, mostMs }, notAfterMs = Number.POSITIVE_INFINITY) {
		this.#offsetMs = (leastMs + mostMs) / 2;
		this.#uncertaintyMs = (mostMs - leastMs) / 2;
		this.#notAfterMs = notAfterMs;
		this.#readMs = this.#clock.monotonicMs();
		this.#readMonotonicMs = this.#readMs;
		this.#readWallMs = toMillis(this.#clock.now());
	}
	/** Makes a new reading due: the known server time turned out to be wrong. */
	forget() {
		this.#readMonotonicMs = Number.NEGATIVE_INFINITY;
	}
	/** Is a new reading due: none yet, an old one, or the machine slept or its clock jumped since? */
	isStale() {
		const elapsed = this.#clock.monotonicMs() - this.#readMonotonicMs;
		if (elapsed > AGE_MS_MAX) return true;
		const wall = toMillis(this.#clock.now()) - this.#readWallMs;
		return Math.abs(wall - elapsed) > DRIFT_MS_MAX;
	}
	/** Was the server's clock ever read? Until then, the machine's clock is used. */
	isKnown() {
		return Number.isFinite(this.#uncertaintyMs);
	}
	/** Milliseconds since the epoch by the server's clock, with fractions. */
	nowMs() {
		return this.at(this.#clock.monotonicMs());
	}
	/** The server's time at a moment of the monotonic clock. */
	at(monotonicMs) {
		return monotonicMs + this.#offsetMs;
	}
	/** The maximum error of {@link nowMs}, in either direction; grows with the age of the reading. */
	uncertaintyMs() {
		if (!this.isKnown()) return 0;
		const ageMs = this.#clock.monotonicMs() - this.#readMs;
		return this.#uncertaintyMs + ageMs * DRIFT_SHARE;
	}
	/** The latest moment that is certainly past on the server, by every trusted clock. */
	past() {
		const allowedMs = this.#clock.monotonicMs() + this.#notAfterMs;
		return wholeMillis(Math.min(this.nowMs() - this.uncertaintyMs(), allowedMs));
	}
	/** {@link past}, for callers who will rely on it. */
	now() {
		const now = this.past();
		this.#given = latest(this.#given, now);
		return now;
	}
	/** Did a caller rely on a moment that, as is known now, was not past? */
	get wasAhead() {
		return this.#given > this.past() + READING_SLACK;
	}
	/** The latest moment that is certainly past by the server's own clock, against which it checks timestamps. */
	stamp() {
		return wholeMillis(this.nowMs() - this.uncertaintyMs());
	}
};
function wholeMillis(ms) {
	return micros(fromMillis(Math.floor(ms)));
}
// src/pull/gateway.ts
/**
* One request, answered: queued, paid for from the budget, sent to a healthy host, judged, and tried again while that
* makes sense. An answer counts only once its reader has accepted the whole body.
*/
/** The total deadline of one attempt: the server itself gives up after 10 s (rest-api.md, General Information). */
const ATTEMPT_MS = 2e4;
/** How long a request blocked by the firewall lets the others go first, once requests may be sent again. */
const BLOCKED_LAG_MS = 1e4;
/** An impossible answer is requested once more, in case a proxy damaged it. */
const REFUSALS_MAX = 2;
/** Sends all requests to the exchange. One per process: its budget and its gate apply to everything that is sent. */
var Gateway = class {
	server;
	budget;
	gate;
	#world;
	#options;
	#queue;
	#retries;
	#hosts;
	#spent = {
		requests: 0,
		weight: 0
	};
	#sync;
	constructor(world, options) {
		this.#world = world;
		this.#options = options;
		this.server = new ServerClock(world.clock);
		this.budget = new WeightBudget(world.clock, this.server, options.limits, options);
		this.gate = new Gate(world, options.maxWaitMs, options.onWait);
		this.#retries = new Retries(world, options);
		this.#sync = new ClockSync(world.clock, this.server, {
			ask: (read, onSend) => {
				const query = {
					...TIME_QUERY,
					signal: options.signal
				};
				const send = (trial) => this.#attempts(query, read, {
					onSend,
					trial
				});
				return this.#retries.during(send, true);
			},
			onWarning: options.onWarning
		});
		this.#queue = new PQueue({ concurrency: options.concurrency });
		const hosts = new Hosts(options.publicUrls);
		const isSame = options.apiUrls === options.publicUrls;
		this.#hosts = {
			public: hosts,
			api: isSame ? hosts : new Hosts(options.apiUrls)
		};
	}
	/** Everything sent so far, failed attempts included. */
	get spent() {
		return { ...this.#spent };
	}
	/** The state of each host of a list, in order of preference. */
	health(list) {
		return this.#hosts[list].health(this.#world.clock.monotonicMs());
	}
	/** From now on prefers the hosts of a list that answer fastest. */
	async preferFastest(list) {
		await rankHosts(this.#hosts[list], (url) => this.#ping(url, list));
	}
	async #ping(url, hosts) {
		const { clock } = this.#world;
		const { signal } = this.#options;
		const query = {
			path: "/api/v3/ping",
			params: [],
			weight: 1,
			timeoutMs: PING_TIMEOUT_MS,
			hosts,
			signal
		};
		let sentMs = 0;
		const onSend = () => void (sentMs = clock.monotonicMs());
		const outcome = await this.#queue.add(() => this.#attempt(query, url, void 0, onSend));
		const ms = clock.monotonicMs() - sentMs;
		if (outcome instanceof TransportError) return void 0;
		const { verdict, answer } = outcome;
		if (verdict.kind === "accept") return ms;
		if (verdict.kind === "retry" || verdict.kind === "reject") return void 0;
		if (verdict.kind === "block") await this.gate.blocked(verdict.reason);
		const error = refusal(answer.status, verdict);
		await this.#retries.during((trial) => this.#react(verdict, {
			query,
			url,
			attempt: 1,
			trial,
			error
		}));
	}
	/**
	* Sends a query until `read` accepts an answer.
	*
	* @param read - Turns a whole body into a value; throws TransportError for a body that is not what was requested, and
	* DataError for one that cannot be true.
	* @throws RejectedError, UnreachableError, BannedError, DataError, ClockError, or the signal's reason.
	*/
	async ask(query, read, sign) {
		await this.#knowNow(query.signal);
		let sentAt = this.server.past();
		const onSend = () => void (sentAt = this.server.past());
		const readDated = (answer) => {
			checkDate(answer, query.path, query.until ?? sentAt);
			return read(answer);
		};
		return this.#retries.during((trial) => this.#attempts(query, readDated, {
			sign,
			onSend,
			trial
		}));
	}
	/** @throws ClockError when the run relied on a moment that was not past. */
	async #knowNow(signal) {
		await this.sync(signal);
		assertNotAhead(this.server);
	}
	/** Reads the server's clock if a reading is due. */
	async sync(signal) {
		await this.#sync.whenDue();
		signal?.throwIfAborted();
	}
	async #attempts(query, read, { sign, onSend, trial }) {
		let limit = query.limit;
		let refusals = 0;
		let blocks = 0;
		let hasResynced = false;
		for (let attempt = 1;; attempt++) {
			const url = this.#url(query);
			const outcome = await this.#queue.add(() => this.#attempt({
				...query,
				...limit === void 0 ? {} : { limit }
			}, url, sign, onSend), { priority: query.priority ?? 0 });
			const settled = outcome instanceof BackfillError ? outcome : accept(outcome, read);
			if (!(settled instanceof BackfillError)) {
				this.#retries.succeeded();
				this.gate.succeeded();
				return settled.value;
			}
			if (settled instanceof DataError && ++refusals >= REFUSALS_MAX) throw settled;
			if (settled instanceof OutdatedError) {
				this.server.forget();
				await this.#knowNow(query.signal);
			}
			const verdict = outcome instanceof BackfillError || isUnreadable(outcome, settled) ? retryOf(settled) : outcome.verdict;
			if (sign !== void 0 && !hasResynced && isLate(verdict)) {
				hasResynced = true;
				this.server.forget();
				await this.sync(query.signal);
				continue;
			}
			if (verdict.kind === "block") await this.gate.blocked(verdict.reason);
			if (verdict.kind === "block" && ++blocks > 1) throw blockedFor(query, verdict.reason);
			if (verdict.kind === "retry" && verdict.isSmaller && limit !== void 0) limit = Math.max(1, limit >> 1);
			await this.#react(verdict, {
				query,
				url,
				attempt,
				trial,
				error: settled
			});
		}
	}
	/** Waits as the verdict on a failed attempt says, or throws when another attempt is useless. */
	async #react(verdict, { query, url, attempt, trial, error }) {
		const { clock } = this.#world;
		switch (verdict.kind) {
			case "reject": throw error;
			case "region": throw this.gate.refused(verdict.reason);
			case "wait":
				this.budget.slowDown();
				this.gate.limited(verdict.ms, verdict.reason);
				return;
			case "ban":
				await this.gate.banned(verdict.ms, verdict.reason);
				return;
			case "block":
				await this.gate.pass(query.signal);
				await clock.sleep(BLOCKED_LAG_MS, query.signal);
				return;
			case "retry": this.#hosts[query.hosts].failed(url, clock.monotonicMs());
		}
		const atLeastMs = verdict.kind === "retry" ? verdict.atLeastMs : 0;
		const { path, signal } = query;
		await this.#retries.pause(trial, {
			path,
			attempt,
			error,
			atLeastMs,
			signal
		});
	}
	/** The server's clock, as surely as it is known: deadlines refer to it, and ours may be hours off. */
	#serverMs(answer) {
		if (this.server.isKnown()) return Number(this.server.stamp()) / 1e3;
		const date = Date.parse(answer.header("date") ?? "");
		return Number.isNaN(date) ? Number(this.#world.clock.now()) / 1e3 : date;
	}
	#url({ hosts }) {
		return this.#hosts[hosts].pick(this.#world.clock.monotonicMs());
	}
	/** One attempt, holding one place of the queue. Returns the error when no whole answer came. */
	async #attempt(query, url, sign, onSend) {
		const ticket = await this.#admit(query);
		const { clock, http } = this.#world;
		const signed = sign?.(queryText(query), this.server.isKnown() ? this.server.stamp() : clock.now());
		const text = signed?.query ?? queryText(query);
		let answer;
		try {
			this.#spent.requests += 1;
			this.#spent.weight += ticket.weight;
			onSend?.();
			answer = await http.get({
				url: `${url}${query.path}${text === "" ? "" : `?${text}`}`,
				headers: {
					accept: this.#options.accept,
					"x-mbx-time-unit": "MICROSECOND",
					...this.#options.extraHeaders,
					...query.headers?.(),
					...signed?.headers
				},
				timeoutMs: query.timeoutMs ?? ATTEMPT_MS,
				sizeBytesMax: query.sizeBytesMax ?? 8 << 20,
				signal: query.signal
			});
			return {
				answer,
				verdict: judge(answer, this.#serverMs(answer))
			};
		} catch (error) {
			if (error instanceof TransportError) return error;
			throw error;
		} finally {
			this.budget.settle(ticket, answer?.header);
		}
	}
	/** Waits for the gate and the budget, until both allow the request at the same time. */
	async #admit(query) {
		for (;;) {
			await this.gate.pass(query.signal);
			const ticket = await this.budget.reserve(query.path, query.weight, query.signal);
			if (this.gate.isOpen) return ticket;
			this.budget.release(ticket);
		}
	}
};
// src/pull/sign.ts
/**
* Signs requests: the percent-encoded query with the server's time, by HMAC-SHA256, RSA (PKCS#1 v1.5, SHA-256) or
* Ed25519.
*
* @see binance-spot-api-docs, rest-api.md, "SIGNED Endpoint security": the payload is percent-encoded before signing
* (since 2026-01-15 anything else is -1022), base64 signatures are percent-encoded afterwards.
*/
/** How long after its timestamp a request is valid; Binance recommends no more. */
const RECV_WINDOW_MS$1 = 5e3;
/** The maximum that Binance accepts. */
const RECV_WINDOW_MS_MAX$1 = 6e4;
/** Returns the signing function for `credentials`; reads the key once. */
function signatureOf({ kind, key }) {
	if (kind === "hmac") return (payload) => createHmac("sha256", key.reveal()).update(payload).digest("hex");
	const privateKey = createPrivateKey(key.reveal());
	const digest = kind === "rsa" ? "sha256" : null;
	return (payload) => encodeURIComponent(sign(digest, Buffer.from(payload), privateKey).toString("base64"));
}
/**
* Signs with `credentials`: adds `recvWindow`, `timestamp` in µs and `signature` to a query, and the API key as a
* header.
*
* @param recvWindowMs - Above 0 and at most 60,000; up to three decimals count.
* @throws UsageError when `recvWindowMs` is out of range.
*/
function signer(credentials, recvWindowMs = RECV_WINDOW_MS$1) {
	if (!(recvWindowMs > 0 && recvWindowMs <= RECV_WINDOW_MS_MAX$1)) throw new UsageError(`recvWindow must be above 0 and at most 60000 ms, not ${recvWindowMs}`);
	const signature = signatureOf(credentials);
	const recvWindow = String(Math.round(recvWindowMs * 1e3) / 1e3);
	return (query, now) => {
		const timing = `recvWindow=${recvWindow}&timestamp=${now}`;
		const payload = query === "" ? timing : `${query}&${timing}`;
		return {
			query: `${payload}&signature=${signature(payload)}`,
			headers: { "x-mbx-apikey": credentials.apiKey.reveal() }
		};
	};
}
// src/walk/walk.ts
/** What all walks share: pages in, steps out, in order, with several requests in flight. */
/** A time at least this large is in microseconds: the exchange accepts both units. */
const MICROS_MIN = 10n ** 14n;
/** The end of the requested time, which is inclusive; `undefined` when the request names none. */
function endOf$2({ endTime }) {
	if (endTime === void 0) return void 0;
	return micros(endTime < MICROS_MIN ? (endTime + 1n) * 1000n : endTime + 1n);
}
/** Requests the page again when it is empty. */
async function askTwice(params, ask, check, signal) {
	let page = await ask(params, check, signal);
	for (let asks = 1; page.rowCount === 0 && asks < 2; asks++) page = await ask(params, check, signal);
	return page;
}
/**
* Runs tasks ahead of their consumer, in order.
*
* The depth starts at one and doubles with each result taken: a short walk wastes no request at its end, and a long one
* fills the line.
*/
var ReadAhead = class {
	#run;
	#depthMax;
	#pending = [];
	#abort = new AbortController();
	#signal;
	#depth = 1;
	constructor(run, depthMax, signal) {
		this.#run = run;
		this.#depthMax = depthMax;
		this.#signal = signal === void 0 ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
	}
	/** Takes the next result, after sending as many tasks of `next` as the depth and `wanted` allow. */
	async take(next, wanted = Number.POSITIVE_INFINITY) {
		const depth = Math.max(1, Math.min(this.#depth, this.#depthMax, wanted));
		while (this.#pending.length < depth) {
			const task = next();
			if (task === void 0) break;
			const result = this.#run(task, this.#signal);
			result.catch(() => void 0);
			this.#pending.push({
				task,
				result
			});
		}
		const head = this.#pending.shift();
		if (head === void 0) return void 0;
		const value = await head.result;
		this.#depth = Math.min(this.#depthMax, this.#depth * 2);
		return {
			task: head.task,
			value
		};
	}
	/** Cancels what was sent ahead; queued requests are not sent any more. */
	close() {
		this.#pending.length = 0;
		this.#abort.abort();
	}
};
// src/pull/wire.ts
/**
* The format requested for pages: JSON, or SBE as long as both the exchange and this version support it. What is
* unusual is reported once.
*/
const SCHEMA = `SBE schema ${SBE_SCHEMA.id}:${SBE_SCHEMA.version}`;
/** The format of one process. For requests of pages only: other endpoints are read as JSON. */
var WireFormat = class {
	#onWarning;
	#warned = /* @__PURE__ */ new Set();
	#format;
	constructor(format, onWarning) {
		this.#format = format;
		this.#onWarning = onWarning;
	}
	/** The format that is currently requested. */
	get format() {
		return this.#format;
	}
	/** The headers that request it; for `Query.headers`, so that each retry uses the current format. */
	headers() {
		return this.#format === "sbe" ? SBE_HEADERS : {};
	}
	/**
	* Reads an accepted answer in the format it came in.
	*
	* @throws SbeUnknownError for SBE that cannot be read; from then on JSON is requested, so try again.
	* @throws whatever the readers throw.
	*/
	read(answer, readers) {
		const { format, isDeprecated } = sbeOutcome(answer);
		if (isDeprecated) this.#warnOnce(`${SCHEMA} is deprecated and will be retired: update binance-backfill, or use --wire json`);
		if (format === "json") {
			if (this.#format === "sbe") this.#warnOnce("asked for SBE, got JSON: the rows are the same");
			return readers.json(answer.body);
		}
		try {
			return readers.sbe(answer.body);
		} catch (error) {
			if (error instanceof SbeUnknownError) this.#fallBack(error.message);
			throw error;
		}
	}
	/**
	* Was a request refused because it asked for SBE? Then JSON is requested from now on: send it again.
	*
	* @param asked - The format of that request; other requests may have fallen back since.
	*/
	isRefused(error, asked) {
		if (asked === "json" || !(error instanceof RejectedError)) return false;
		if (!isSbeRefusal(error.status, error.exchangeCode)) return false;
		this.#fallBack(error.message);
		return true;
	}
	#fallBack(reason) {
		this.#format = "json";
		this.#warnOnce(`continuing with JSON instead of SBE: ${reason}`);
	}
	#warnOnce(message) {
		if (this.#warned.has(message)) return;
		this.#warned.add(message);
		this.#onWarning(message);
	}
};
// src/rows/extra.ts
/** Collects the unknown fields of one row at a time. */
var ExtraCollector = class ExtraCollector {
	#sink;
	#members = /* @__PURE__ */ new Map();
	constructor(sink) {
		this.#sink = sink;
	}
	/** The collector for a dataset that has an extra column. */
	static of(dataset, columns) {
		const index = dataset.columns.findIndex(({ type }) => type === "extra");
		const sink = columns.sinks[index];
		return sink === void 0 ? void 0 : new ExtraCollector(sink);
	}
	/** Takes `member`, the JSON text of `name` and its value as sent; `false` when the row already has `name`. */
	add(name, member) {
		if (this.#members.has(name)) return false;
		this.#members.set(name, member);
		return true;
	}
	/** Writes the row's members, in the order sent; null when there are none. */
	finishRow(row) {
		if (this.#members.size === 0) {
			this.#sink.putNull(row);
			return;
		}
		const bytes = new TextEncoder().encode(`{${[...this.#members.values()].join(",")}}`);
		this.#sink.put(row, bytes, 0, bytes.length);
		this.#members.clear();
	}
};
// src/rows/sbe-decimal.ts
/**
* Mantissa and exponent → a column of numbers, exactly as if read from the number's JSON text. Numbers of up to 2^53
* units pass as doubles, which hold them exactly; others as text, through the JSON readers.
*/
const WORD$3 = 4294967296;
const SAFE_MAX = Number.MAX_SAFE_INTEGER;
const ZERO = 48;
const DOT = 46;
const TEXT_BYTES = 32;
/** Reads the mantissas of one column. */
var MantissaReader = class {
	#view;
	#bytes;
	#sink;
	#slow;
	#text = new Uint8Array(TEXT_BYTES);
	/** @param bytes - The length of a mantissa. */
	constructor(view, bytes, sink) {
		this.#view = view;
		this.#bytes = bytes;
		this.#sink = sink;
		this.#slow = numberReader(sink);
	}
	/** Reads the mantissa at `at` into `row`; `false` when it is null or refused. */
	read(at, exponent, row) {
		const small = this.#small(at);
		if (small >= 0 && exponent <= 0 && exponent >= -8 && this.#put(small, exponent, row)) return true;
		const mantissa = this.mantissa(at);
		return mantissa !== void 0 && this.#slow.readText(decimalText$1(mantissa, exponent), row);
	}
	/** The mantissa at `at`; `undefined` when it is null, which is encoded as the lowest number. */
	mantissa(at) {
		const view = this.#view;
		const high = view.getBigInt64(at + this.#bytes - 8, true);
		if (this.#bytes === 8) return high === -(2n ** 63n) ? void 0 : high;
		const value = high << 64n | view.getBigUint64(at, true);
		return value === -(2n ** 127n) ? void 0 : value;
	}
	/** Explains why the number `text` was refused. */
	problem(text) {
		return this.#slow.problem(text);
	}
	/** The mantissa at `at` if a double holds it and it is not negative; else -1. */
	#small(at) {
		const view = this.#view;
		if (this.#bytes === 16 && (view.getUint32(at + 8, true) | view.getUint32(at + 12, true)) !== 0) return -1;
		const value = view.getUint32(at + 4, true) * WORD$3 + view.getUint32(at, true);
		return value <= SAFE_MAX ? value : -1;
	}
	#put(mantissa, exponent, row) {
		const sink = this.#sink;
		if (sink instanceof FloatSink) {
			sink.values[row] = mantissa / (POWERS$1[-exponent] ?? NaN);
			return true;
		}
		if (sink instanceof ScaledSink) return putScaled(sink, row, mantissa, exponent);
		this.#putText(sink, row, mantissa, -exponent);
		return true;
	}
	/**
	* Writes the digits from the last to the first, in JSON's form: with 8 decimals. The subtraction comes before the
	* addition, which would pass 2^53.
	*/
	#putText(sink, row, mantissa, decimals) {
		const text = this.#text;
		let at = TEXT_BYTES;
		for (let zeros = 8 - decimals; zeros > 0; zeros--) text[--at] = ZERO;
		let rest = mantissa;
		for (let digits = 0; digits < decimals; digits++) {
			const next = Math.floor(rest / 10);
			text[--at] = ZERO + (rest - next * 10);
			rest = next;
		}
		text[--at] = DOT;
		do {
			const next = Math.floor(rest / 10);
			text[--at] = ZERO + (rest - next * 10);
			rest = next;
		} while (rest > 0);
		sink.put(row, text, at, TEXT_BYTES);
	}
};
function putScaled(sink, row, mantissa, exponent) {
	const scaled = mantissa * (POWERS$1[8 + exponent] ?? NaN);
	if (!(scaled <= SAFE_MAX)) return false;
	const { words } = sink;
	const first = row * 4;
	words[first] = scaled;
	words[first + 1] = scaled / WORD$3;
	words[first + 2] = 0;
	words[first + 3] = 0;
	return true;
}
/** `mantissa` x 10^`exponent` in JSON's form: with 8 decimals, or more if it has more. */
function decimalText$1(mantissa, exponent) {
	const sign = mantissa < 0n ? "-" : "";
	const units = mantissa < 0n ? -mantissa : mantissa;
	const whole = exponent > 0 ? units * 10n ** BigInt(exponent) : units;
	const decimals = exponent < 0 ? -exponent : 0;
	const digits = String(whole).padStart(decimals + 1, "0");
	const point = digits.length - decimals;
	const fraction = digits.slice(point).padEnd(8, "0");
	const needed = fraction.slice(0, 8) + fraction.slice(8).replace(/0+$/, "");
	return `${sign}${digits.slice(0, point)}.${needed}`;
}
// src/rows/sbe-fields.ts
/** Fields of SBE rows: one field of all rows → one column, or one field of one row → JSON text. */
const WORD$2 = 4294967296;
/** 2^53 in units of {@link WORD}. */
const HIGH_SAFE = 2097152;
const INT64_NULL$2 = -(2n ** 63n);
const INT32_NULL$1 = -(2 ** 31);
/** 2009-01-01 and 2100-01-01 in microseconds: as for JSON, times outside are refused. */
const TIME_MIN = 0x45f608170e000;
const TIME_MAX = 0xe9326dd03c000;
/** Reads one field of all rows into its column. @throws DataError, SbeUnknownError */
function fillColumn(rows, field, target) {
	switch (field.type) {
		case "int64":
			fillIntegers(rows, field, target);
			return;
		case "decimal64":
		case "decimal128":
			fillDecimals(rows, field, target);
			return;
		case "flag":
			fillFlags(rows, field, target);
			return;
		case "enum":
			fillEnums(rows, field, target);
			return;
		case "exponent":
		case "uint8":
		case "int32": throw new RangeError(`${field.json}: no column is read from ${field.type}`);
	}
}
function fillIntegers({ view, starts, count }, field, target) {
	const sink = target.sink;
	const isTime = target.column.type === "time" || target.column.type === "end";
	for (let row = 0; row < count; row++) {
		const at = (starts[row] ?? 0) + field.offset;
		const high = view.getInt32(at + 4, true);
		const value = high * WORD$2 + view.getUint32(at, true);
		if (isTime) {
			if (value >= TIME_MIN && value < TIME_MAX) sink.put(row, value);
			else if (isNullTime(view.getBigInt64(at, true), target)) sink.putNull(row);
			else throw refuse(target, row, `not a time between 2009 and 2100 in µs: ${value}`);
		} else if (high >= -2097152 && high < HIGH_SAFE) sink.put(row, value);
		else {
			const whole = view.getBigInt64(at, true);
			if (whole !== INT64_NULL$2) sink.putBig(row, whole);
			else if (field.whenNull !== void 0) sink.putBig(row, field.whenNull);
			else putAbsent(target, row);
		}
	}
}
function isNullTime(value, { column }) {
	return column.nullable === true && (value === INT64_NULL$2 || value === -1n);
}
function fillDecimals({ view, starts, count }, field, target) {
	const { sink, exponents } = target;
	const reader = new MantissaReader(view, field.type === "decimal128" ? 16 : 8, sink);
	for (let row = 0; row < count; row++) {
		const start = starts[row] ?? 0;
		const exponent = exponents.fixed ?? view.getInt8(start + exponents.offset);
		if (reader.read(start + field.offset, exponent, row)) continue;
		const mantissa = reader.mantissa(start + field.offset);
		if (mantissa === void 0) putAbsent(target, row);
		else {
			const text = decimalText$1(mantissa, exponent);
			throw refuse(target, row, `${reader.problem(text)}: ${quoteText(text, 80)}`);
		}
	}
}
function fillFlags({ view, starts, count }, field, target) {
	const sink = target.sink;
	for (let row = 0; row < count; row++) {
		const value = view.getUint8((starts[row] ?? 0) + field.offset);
		if (value > 1) throw refuse(target, row, `not true or false: ${value}`);
		sink.put(row, value === 1);
	}
}
function fillEnums({ view, starts, count }, field, target) {
	const sink = target.sink;
	const encoder = new TextEncoder();
	const names = /* @__PURE__ */ new Map();
	for (let row = 0; row < count; row++) {
		const code = view.getUint8((starts[row] ?? 0) + field.offset);
		const known = names.get(code);
		if (known !== void 0) {
			sink.put(row, known, 0, known.length);
			continue;
		}
		const name = enumName(field, code);
		if (name === void 0) putAbsent(target, row);
		else {
			const bytes = encoder.encode(name);
			names.set(code, bytes);
			sink.put(row, bytes, 0, bytes.length);
		}
	}
}
function enumName({ json, values }, code) {
	if (code === 255) return void 0;
	const name = values[code];
	if (name !== void 0) return name;
	throw new SbeUnknownError(`${json}: ${code === 254 ? "a value that this schema cannot represent" : `code ${code}`}`);
}
function putAbsent(target, row) {
	if (target.column.nullable !== true) throw refuse(target, row, "missing");
	target.sink.putNull(row);
}
function refuse({ dataset, column }, row, problem) {
	return new DataError(`${dataset.kind} row ${row}: ${column.json} (${column.name}): ${problem}`);
}
/** One field of one row as JSON text; `undefined` when it has no value. */
function jsonValue({ view, starts }, field, row, { fixed, offset }) {
	const start = starts[row] ?? 0;
	const at = start + field.offset;
	const { json } = field;
	switch (field.type) {
		case "int64": {
			const value = view.getBigInt64(at, true);
			return value === INT64_NULL$2 ? void 0 : String(value);
		}
		case "int32": {
			const value = view.getInt32(at, true);
			return value === INT32_NULL$1 ? void 0 : String(value);
		}
		case "uint8":
		case "exponent": {
			const value = view.getUint8(at);
			return value === 255 ? void 0 : String(value);
		}
		case "flag": {
			const value = view.getUint8(at);
			if (value === 255) return void 0;
			if (value > 1) throw new DataError(`${String(json)}: not true or false: ${value}`);
			return String(value === 1);
		}
		case "enum": {
			const name = enumName(field, view.getUint8(at));
			return name === void 0 ? void 0 : JSON.stringify(name);
		}
		case "decimal64":
		case "decimal128": {
			const mantissa = view.getBigInt64(at, true);
			const exponent = fixed ?? view.getInt8(start + offset);
			return mantissa === INT64_NULL$2 ? void 0 : `"${decimalText$1(mantissa, exponent)}"`;
		}
	}
}
// src/rows/sbe.ts
/**
* One SBE message → columns: the same rows as the same answer in JSON, value by value. Column by column, since each
* row's block has its fields at the same offsets; no object is made per row.
*
* Block lengths are those stated in the message: what a later schema adds to a block or after the rows is skipped, and
* reported.
*
* @see FIX Simple Binary Encoding 1.0, "Schema extension mechanism"; binance-spot-api-docs, faqs/sbe_faq.md.
*/
/**
* Decodes one page. Times are always microseconds in SBE. Rows stay in the order sent; `checkPage` checks them.
*
* @throws SbeUnknownError when the message is of another kind or schema, or has a value that needs a newer schema
* @throws TransportError when the message is not complete
* @throws DataError when a value does not fit its column, is out of range, or cannot be stored exactly; names dataset,
* row (from 0) and field
*/
function decodeSbe(dataset, numbers, body) {
	const message = new Message(SBE_LAYOUTS[dataset.kind], body);
	try {
		message.findRows();
		return decodeRows(dataset, numbers, message);
	} catch (error) {
		if (!(error instanceof DataError || error instanceof TransportError) || !message.isOfLaterSchema || error instanceof SbeUnknownError) throw error;
		throw new SbeUnknownError(`rows of a later schema: ${error.message}`, { cause: error });
	}
}
function decodeRows(dataset, numbers, message) {
	const { count, layout } = message;
	const columns = new PageColumns(dataset, numbers, count);
	for (const field of layout.row.fields) {
		const index = dataset.columns.findIndex(({ json }) => json === field.json);
		const column = dataset.columns[index];
		const sink = columns.sinks[index];
		if (field.type === "exponent" || column === void 0 || sink === void 0) continue;
		fillColumn(message, field, {
			dataset,
			column,
			sink,
			exponents: message.exponents(field)
		});
	}
	for (const [place, json] of layout.texts.entries()) {
		const index = dataset.columns.findIndex((column) => column.json === json);
		const column = dataset.columns[index];
		if (column !== void 0) message.fillTexts(place, dataset, column, columns.sinks[index]);
	}
	const extra = ExtraCollector.of(dataset, columns);
	if (extra !== void 0) fillExtra(message, layout, dataset, extra);
	return {
		...columns.finish(count),
		unknownFields: message.unknownFields()
	};
}
/** Fields without a column, as the JSON text that JSON would have had. */
function fillExtra(message, { row: { fields } }, dataset, extra) {
	const stored = new Set(dataset.columns.map(({ json }) => json));
	const readers = fields.filter(({ json, type, isIgnored }) => !stored.has(json) && type !== "exponent" && !isIgnored).map((field) => ({
		field,
		exponents: message.exponents(field)
	}));
	for (let row = 0; row < message.count; row++) {
		for (const { field, exponents } of readers) {
			const value = jsonValue(message, field, row, exponents);
			if (value === void 0 || value === field.silent) continue;
			extra.add(String(field.json), `${JSON.stringify(field.json)}:${value}`);
		}
		extra.finishRow(row);
	}
}
/** A message with a checked header. */
var Message = class {
	layout;
	view;
	isOfLaterSchema;
	#body;
	#rootLength;
	count = 0;
	starts = /* @__PURE__ */ new Int32Array(0);
	#rowLength = 0;
	#end = 0;
	/** Where each text of each row begins and ends. */
	#texts = /* @__PURE__ */ new Int32Array(0);
	constructor(layout, body) {
		this.layout = layout;
		this.#body = body;
		this.view = new DataView(body.buffer, body.byteOffset, body.byteLength);
		this.#rootLength = this.#header();
		this.isOfLaterSchema = this.view.getUint16(6, true) > SBE_SCHEMA.version;
	}
	/** What a later schema added, judging by block lengths and trailing bytes: it has no names here. */
	unknownFields() {
		const { root, row } = this.layout;
		return [
			this.#rootLength > root.length ? `SBE message from byte ${root.length}` : "",
			this.count > 0 && this.#rowLength > row.length ? `SBE row from byte ${row.length}` : "",
			this.#end < this.#body.length ? "SBE message after its rows" : ""
		].filter((name) => name !== "").map((name) => ({
			name,
			isKept: false
		}));
	}
	/** Reads how many rows there are and where each of them begins. */
	findRows() {
		const group = 8 + this.#rootLength;
		const body = this.#body;
		if (body.length < group + 6) throw this.#torn("the rows are missing");
		this.#rowLength = this.view.getUint16(group, true);
		this.count = this.view.getUint32(group + 2, true);
		const { row, texts } = this.layout;
		checkLength("row", this.#rowLength, row);
		const from = group + 6;
		if (from + this.count * (this.#rowLength + texts.length) > body.length) throw this.#torn(`${this.count} rows do not fit`);
		this.starts = new Int32Array(this.count);
		this.#texts = new Int32Array(this.count * texts.length * 2);
		this.#end = this.#placeRows(from);
	}
	/** The length of the root block. */
	#header() {
		const body = this.#body;
		if (body.length < 8) throw this.#torn("the header is missing");
		const error = readSbeError(body);
		if (error !== void 0) throw new TransportError(`not a page of rows: error ${error.code}`);
		const [length, template, schema] = [
			0,
			2,
			4
		].map((at) => this.view.getUint16(at, true));
		const { templateId, root } = this.layout;
		if (template !== templateId || schema !== SBE_SCHEMA.id) throw new SbeUnknownError(`not SBE message ${templateId} of schema ${SBE_SCHEMA.id}: message ${template ?? 0} of schema ${schema ?? 0}`);
		checkLength("root", length ?? 0, root);
		return length ?? 0;
	}
	/** Returns where the last row ends. */
	#placeRows(from) {
		const { count, starts, view } = this;
		const rowLength = this.#rowLength;
		const perRow = this.layout.texts.length;
		const { length } = this.#body;
		let at = from;
		for (let row = 0; row < count; row++) {
			starts[row] = at;
			at += rowLength;
			for (let text = 0; text < perRow; text++) {
				if (at >= length) throw this.#torn(`row ${row} is cut`);
				const end = at + 1 + view.getUint8(at);
				this.#texts[(row * perRow + text) * 2] = at + 1;
				this.#texts[(row * perRow + text) * 2 + 1] = end;
				at = end;
			}
			if (at > length) throw this.#torn(`row ${row} is cut`);
		}
		return at;
	}
	/** Where the exponents of a field's mantissas are. */
	exponents({ scale }) {
		const find = ({ fields }) => fields.find(({ type, json }) => type === "exponent" && json === scale);
		const inRoot = find(this.layout.root);
		if (inRoot !== void 0) return {
			fixed: this.view.getInt8(8 + inRoot.offset),
			offset: 0
		};
		return {
			fixed: void 0,
			offset: find(this.layout.row)?.offset ?? 0
		};
	}
	fillTexts(place, dataset, column, sink) {
		const perRow = this.layout.texts.length;
		for (let row = 0; row < this.count; row++) {
			const from = this.#texts[(row * perRow + place) * 2] ?? 0;
			const to = this.#texts[(row * perRow + place) * 2 + 1] ?? 0;
			if (!isUtf8(this.#body.subarray(from, to))) throw new TransportError(`${dataset.kind} row ${row}: ${column.name}: not UTF-8`);
			if (from === to) throw new DataError(`${dataset.kind} row ${row}: ${column.json} (${column.name}): missing`);
			sink.put(row, this.#body, from, to);
		}
	}
	#torn(problem) {
		return new TransportError(`not a whole SBE message: ${this.#body.length} bytes, ${problem}`);
	}
};
/** A block may be longer than known, never shorter: its version would be older than the requested one. */
function checkLength(name, length, { length: known }) {
	if (length < known) throw new SbeUnknownError(`an SBE ${name} of ${length} bytes, shorter than the schema's ${known}`);
}
// src/rows/json.ts
/**
* JSON as bytes: where a value ends, and the text of a string. Strict (RFC 8259): JSON.parse accepts everything that
* these functions accept. They build nothing; the scanner knows what it looks for. All bytes here are padded.
*/
const DEPTH_MAX$1 = 64;
const CONTEXT_BYTES = 60;
/** The body is not complete or not JSON rows: torn, an error object, a web page. Worth another try. */
function notAPage(bytes, at) {
	const from = Math.max(0, at - CONTEXT_BYTES / 2);
	const context = new TextDecoder().decode(bytes.subarray(from, Math.min(from + CONTEXT_BYTES, unpaddedLength(bytes))));
	return new TransportError(`not a page of rows: byte ${at} of ${unpaddedLength(bytes)}, near "${quoteText(context)}"`);
}
/** The first byte at or after `at` that is not white space. */
function skipSpace(bytes, at) {
	let next = at;
	while (isSpace(byteAt(bytes, next))) next++;
	return next;
}
function isSpace(byte) {
	if (byte > 32) return false;
	return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}
/**
* Where the value that begins at `at` ends. White space must have been skipped.
*
* @throws TransportError when there is no whole JSON value
*/
function valueEnd(bytes, at, depth = 0) {
	switch (byteAt(bytes, at)) {
		case 34: return stringEnd(bytes, at);
		case 123: return listEnd(bytes, at, {
			close: 125,
			depth: depth + 1
		});
		case 91: return listEnd(bytes, at, {
			close: 93,
			depth: depth + 1
		});
		default: return wordEnd(bytes, at);
	}
}
/** Where the string with its opening quote at `at` ends; after its closing quote. @throws TransportError */
function stringEnd(bytes, at) {
	let end = at + 1;
	let isAscii = true;
	for (let byte = byteAt(bytes, end); byte !== 34; byte = byteAt(bytes, end)) {
		if (byte < 32) throw notAPage(bytes, end);
		if (byte > 127) isAscii = false;
		end = byte === 92 ? escapeEnd(bytes, end) : end + 1;
	}
	if (!isAscii && !isUtf8(bytes.subarray(at, end))) throw notAPage(bytes, at);
	return end + 1;
}
const ESCAPE = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/;
function escapeEnd(bytes, at) {
	const escape = ESCAPE.exec(asciiText(bytes, at, at + 6));
	if (escape === null) throw notAPage(bytes, at);
	return at + escape[0].length;
}
/** The text of the string `[from, to)`, quotes included. It must have been found by {@link stringEnd}. */
function stringText(bytes, from, to) {
	return JSON.parse(utf8Text(bytes, from, to));
}
/** Bytes `[from, to)` as text; damaged UTF-8 must have been refused before. */
function utf8Text(bytes, from, to) {
	return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(from, to));
}
/** The end of an object or array, depending on `close`. */
function listEnd(bytes, at, { close, depth }) {
	if (depth > DEPTH_MAX$1) throw notAPage(bytes, at);
	let next = skipSpace(bytes, at + 1);
	if (byteAt(bytes, next) === close) return next + 1;
	for (;;) {
		if (close === 125) next = keyEnd(bytes, next);
		next = skipSpace(bytes, valueEnd(bytes, next, depth));
		const byte = byteAt(bytes, next);
		if (byte === close) return next + 1;
		if (byte !== 44) throw notAPage(bytes, next);
		next = skipSpace(bytes, next + 1);
	}
}
/** The value of the member whose key begins at `at`. */
function keyEnd(bytes, at) {
	if (byteAt(bytes, at) !== 34) throw notAPage(bytes, at);
	const colon = skipSpace(bytes, stringEnd(bytes, at));
	if (byteAt(bytes, colon) !== 58) throw notAPage(bytes, colon);
	return skipSpace(bytes, colon + 1);
}
const LITERALS = [
	"true",
	"false",
	"null"
];
/** Numbers and literals. The next byte must end them: in a torn body they may be cut. */
function wordEnd(bytes, at) {
	const literal = LITERALS.find((word) => asciiText(bytes, at, at + word.length) === word);
	const end = literal === void 0 ? jsonNumberEnd(bytes, at) : at + literal.length;
	const next = byteAt(bytes, end);
	const isClosed = next === 44 || next === 125 || next === 93 || isSpace(next);
	if (end < 0 || !isClosed) throw notAPage(bytes, at);
	return end;
}
/** Like {@link numberEnd}, but refuses leading zeros. */
function jsonNumberEnd(bytes, at) {
	const first = byteAt(bytes, at) === 45 ? at + 1 : at;
	return byteAt(bytes, first) === 48 && digitsEnd(bytes, first) > first + 1 ? -1 : numberEnd(bytes, at);
}
/** The value `[from, to)` without the white space around its tokens. It must have been found by {@link valueEnd}. */
function compactText(bytes, from, to) {
	let text = "";
	for (let at = skipSpace(bytes, from); at < to; at = skipSpace(bytes, at)) {
		const end = byteAt(bytes, at) === 34 ? stringEnd(bytes, at) : at + 1;
		text += utf8Text(bytes, at, end);
		at = end;
	}
	return text;
}
// src/rows/fields.ts
/** The JSON fields of a dataset's rows: how each is written, and how its value gets into its column. */
const QUOTE$1 = 34;
/** One field of a row. */
var JsonField = class {
	/** The key in an object, or the index in an array. */
	name;
	/** The key as normally written, with its quotes and colon. */
	keyBytes;
	/** For messages: `p (price)`, `8 (trade_count)`. */
	label;
	/** One bit, so that the fields of a row form a set; none for a field that may be missing or repeated. */
	bit;
	isRequired;
	#isQuoted;
	#reader;
	#sink;
	/** The values that mean null, as JSON. */
	#nulls;
	constructor(name, bit, { form, reader }, stored) {
		this.name = name;
		this.keyBytes = new TextEncoder().encode(`${JSON.stringify(name)}:`);
		this.label = stored === void 0 ? String(name) : `${name} (${stored.column.name})`;
		this.bit = bit;
		this.isRequired = stored !== void 0 && stored.column.nullable !== true;
		this.#isQuoted = form === "quoted";
		this.#reader = reader;
		this.#sink = stored?.sink;
		this.#nulls = stored === void 0 ? [] : nullsOf(stored.column);
	}
	/** Reads the value that begins at `at` into `row`. Returns where it ends; -1 when it is null, escaped or wrong. */
	read(bytes, at, row) {
		if (!this.#isQuoted) return this.#reader.read(bytes, at, row);
		if ((bytes[at] ?? 0) !== QUOTE$1) return -1;
		const end = this.#reader.read(bytes, at + 1, row);
		return end >= 0 && (bytes[end] ?? 0) === QUOTE$1 ? end + 1 : -1;
	}
	/** Reads any JSON value into `row`; returns why it is refused, or `undefined` when it is not. */
	readJson(json, row) {
		if (this.#nulls.includes(json)) {
			this.putAbsent(row);
			return;
		}
		if (!this.#isQuoted) return this.#reader.problem(json);
		if (!json.startsWith("\"")) return "not a string";
		const text = JSON.parse(json);
		return this.#reader.readText(text, row) ? void 0 : this.#reader.problem(text);
	}
	/** Records that `row` has no such field. */
	putAbsent(row) {
		this.#sink?.putNull(row);
	}
};
/**
* The values that mean null in a nullable column. An order that is not working yet has a `workingTime` of -1
* (rest-api.md, responses of the order list endpoints).
*/
function nullsOf({ type, nullable }) {
	if (nullable !== true) return [];
	return type === "time" ? ["null", "-1"] : ["null"];
}
const TRUE = 1953658213;
const FALS = 1717660787;
const LOWER_E = 101;
var FlagReader = class {
	#sink;
	constructor(sink) {
		this.#sink = sink;
	}
	read(bytes, at, row) {
		const word = wordAt(bytes, at);
		const isTrue = word === TRUE;
		if (!isTrue && (word !== FALS || bytes[at + 4] !== LOWER_E)) return -1;
		this.#sink.put(row, isTrue);
		return isTrue ? at + 4 : at + 5;
	}
	readText() {
		return false;
	}
	problem() {
		return "not true or false";
	}
};
function wordAt(bytes, at) {
	return ((bytes[at] ?? 0) << 8 | (bytes[at + 1] ?? 0)) << 16 | (bytes[at + 2] ?? 0) << 8 | (bytes[at + 3] ?? 0);
}
/** Skips any value; for fields that are known and not stored. */
const skipper = {
	read: (bytes, at) => valueEnd(bytes, at),
	readText: () => false,
	problem: () => "not a value"
};
/** An unknown field: skipped from then on, as fast as a known one. */
function unknownField(name) {
	return new JsonField(name, 0, {
		form: "bare",
		reader: skipper
	});
}
/**
* The fields of `dataset`, at most 31. For arrays in the order of their indices, without a gap; for objects in column
* order, followed by the ignored ones.
*/
function fieldsOf(dataset, columns, unit) {
	const fields = dataset.columns.filter(({ type }) => type !== "extra").map((column, index) => {
		const sink = columns.sinks[columnIndex$2(dataset, column.name)];
		if (sink === void 0) throw new RangeError(`no column for ${column.name}`);
		return new JsonField(column.json, 1 << index, readingOf(column, sink, unit), {
			column,
			sink
		});
	});
	for (const name of dataset.ignored) fields.push(new JsonField(name, 1 << fields.length, {
		form: "bare",
		reader: skipper
	}));
	return dataset.shape === "array" ? fields.sort((a, b) => Number(a.name) - Number(b.name)) : fields;
}
function readingOf({ type }, sink, unit) {
	switch (type) {
		case "time":
		case "end": return {
			form: "bare",
			reader: new TimeReader(sink, unit, type === "end")
		};
		case "id":
		case "count": return {
			form: "bare",
			reader: new IntegerReader(sink)
		};
		case "flag": return {
			form: "bare",
			reader: new FlagReader(sink)
		};
		case "price":
		case "quantity": return {
			form: "quoted",
			reader: numberReader(sink)
		};
		case "text":
		case "extra": return {
			form: "quoted",
			reader: new TextReader(sink)
		};
	}
}
// src/rows/scan.ts
/**
* One REST answer → columns, in one pass over its bytes. Strict: the whole body must be JSON, every row must have all
* of the dataset's fields, every value must fit its column. Nothing is rounded or guessed; fields that the exchange
* added later are skipped and reported.
*
* Two kinds of failure: a body that is not complete JSON rows is a TransportError (torn, an error object, a web page:
* worth another try); complete JSON that cannot be true or cannot be stored exactly is a DataError.
*/
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const ROW_BYTES_LIKELY = 64;
const QUOTED_MAX$1 = 80;
/**
* Decodes one page. Times come in `unit` and leave as microseconds: a ms is multiplied by 1000; an inclusive end in ms
* becomes its last µs (times 1000 plus 999). Rows stay in the order sent; `checkPage` checks them.
*
* @throws TransportError when the body is not, as a whole, a JSON array of rows
* @throws DataError when a row lacks a field or repeats one, when elements of an array may have moved, or when a value
* does not fit its column, is out of range, or cannot be stored exactly; names dataset, row (from 0), field and value
*/
function decodePage(dataset, numbers, body, unit) {
	const columns = new PageColumns(dataset, numbers, Math.min(dataset.pageRows, Math.ceil(body.length / ROW_BYTES_LIKELY)));
	const fields = fieldsOf(dataset, columns, unit);
	const bytes = padded(body);
	try {
		return new Scanner(dataset, bytes, {
			columns,
			fields
		}).page();
	} catch (error) {
		if (error instanceof DataError) checkWhole(bytes);
		throw error;
	}
}
/** @throws TransportError when the body is not one JSON value */
function checkWhole(bytes) {
	const end = skipSpace(bytes, valueEnd(bytes, skipSpace(bytes, 0)));
	if (end !== unpaddedLength(bytes)) throw notAPage(bytes, end);
}
var Scanner = class {
	#dataset;
	#bytes;
	#columns;
	#fields;
	#byName;
	#unknown = /* @__PURE__ */ new Map();
	#extra;
	/** The set of fields that each row must have, as bits. */
	#required;
	#all;
	/** The fields in the order of the row before, which the next row probably has too. */
	#expected;
	#valueStart = 0;
	constructor(dataset, bytes, { columns, fields }) {
		this.#dataset = dataset;
		this.#bytes = bytes;
		this.#columns = columns;
		this.#fields = fields;
		this.#byName = new Map(fields.map((field) => [String(field.name), field]));
		this.#extra = ExtraCollector.of(dataset, columns);
		this.#required = bitsOf(fields.filter(({ isRequired }) => isRequired));
		this.#all = bitsOf(fields);
		this.#expected = [...fields];
	}
	page() {
		const bytes = this.#bytes;
		const open = nextToken(bytes, 0);
		if ((bytes[open] ?? 0) !== OPEN_BRACKET) throw notAPage(bytes, open);
		const isArray = this.#dataset.shape === "array";
		let at = nextToken(bytes, open + 1);
		let row = 0;
		let isOpen = (bytes[at] ?? 0) !== CLOSE_BRACKET;
		while (isOpen) {
			this.#columns.reserve(row + 1);
			at = nextToken(bytes, isArray ? this.#array(at, row) : this.#object(at, row));
			isOpen = (bytes[at] ?? 0) === COMMA;
			if (isOpen) at = nextToken(bytes, at + 1);
			row++;
		}
		if ((bytes[at] ?? 0) !== CLOSE_BRACKET) throw notAPage(bytes, at);
		const end = nextToken(bytes, at + 1);
		if (end !== unpaddedLength(bytes)) throw notAPage(bytes, end);
		return {
			...this.#columns.finish(row),
			unknownFields: [...this.#unknown.values()]
		};
	}
	/** Reads the object that begins at `start`; returns where it ends. */
	#object(start, row) {
		const bytes = this.#bytes;
		if ((bytes[start] ?? 0) !== OPEN_BRACE) throw this.#notARow(start, row);
		let at = nextToken(bytes, start + 1);
		if ((bytes[at] ?? 0) === CLOSE_BRACE) throw this.#missing(0, row);
		let seen = 0;
		let index = 0;
		for (;;) {
			const field = this.#fieldAt(at, index);
			const value = this.#valueStart;
			if (field === void 0) at = this.#keep(at, {
				value,
				row
			});
			else {
				if ((seen & field.bit) !== 0) throw this.#refuse(row, field.label, "sent twice");
				seen |= field.bit;
				at = this.#value(field, value, row);
				index++;
			}
			at = nextToken(bytes, at);
			const next = bytes[at] ?? 0;
			if (next === CLOSE_BRACE) break;
			if (next !== COMMA) throw notAPage(bytes, at);
			at = nextToken(bytes, at + 1);
		}
		this.#finishRow(seen, row);
		return at + 1;
	}
	/** Reads the array that begins at `start`; returns where it ends. */
	#array(start, row) {
		const bytes = this.#bytes;
		if ((bytes[start] ?? 0) !== OPEN_BRACKET) throw this.#notARow(start, row);
		let at = nextToken(bytes, start + 1);
		if ((bytes[at] ?? 0) === CLOSE_BRACKET) throw this.#missing(0, row);
		const last = this.#fields.length - 1;
		let lastAt = at;
		let seen = 0;
		let index = 0;
		for (;;) {
			const field = this.#expected[index] ?? this.#surplus(index);
			if (index === last) lastAt = at;
			seen |= field.bit;
			at = nextToken(bytes, this.#value(field, at, row));
			const next = bytes[at] ?? 0;
			if (next === CLOSE_BRACKET) break;
			if (next !== COMMA) throw notAPage(bytes, at);
			at = nextToken(bytes, at + 1);
			index++;
		}
		if (index > last) this.#checkFiller(lastAt, row);
		this.#finishRow(seen, row);
		return at + 1;
	}
	/** The field whose key begins at `at`, undefined when it goes to `extra`; sets where its value begins. */
	#fieldAt(at, index) {
		const bytes = this.#bytes;
		const expected = this.#expected[index];
		if (expected !== void 0) {
			const { keyBytes } = expected;
			let same = 0;
			while (same < keyBytes.length && bytes[at + same] === keyBytes[same]) same++;
			this.#valueStart = nextToken(bytes, at + same);
			if (same === keyBytes.length) return expected;
		}
		if ((bytes[at] ?? 0) !== QUOTE) throw notAPage(bytes, at);
		const keyEnd = stringEnd(bytes, at);
		const colon = nextToken(bytes, keyEnd);
		if ((bytes[colon] ?? 0) !== COLON) throw notAPage(bytes, colon);
		this.#valueStart = nextToken(bytes, colon + 1);
		const name = stringText(bytes, at, keyEnd);
		const field = this.#byName.get(name) ?? this.#unknownField(name);
		if (field !== void 0) this.#expected[index] = field;
		return field;
	}
	#unknownField(name) {
		if (this.#extra !== void 0) return void 0;
		this.#unknown.set(name, {
			name,
			isKept: false
		});
		const field = unknownField(name);
		this.#byName.set(name, field);
		return field;
	}
	/** An element after the known ones. */
	#surplus(index) {
		const name = String(index);
		this.#unknown.set(name, {
			name,
			isKept: false
		});
		return this.#expected[index] = unknownField(index);
	}
	/** In a longer row, the last known element, at `at`, shows whether the others are still in place. */
	#checkFiller(at, row) {
		const { filler } = this.#dataset;
		const text = utf8Text(this.#bytes, at, valueEnd(this.#bytes, at));
		if (filler === void 0 || text === `"${filler}"` || JSON.parse(text) === filler) return;
		const last = String(this.#fields.length - 1);
		throw this.#refuse(row, last, `not "${filler}" in a longer row, whose elements moved`, text);
	}
	#value(field, at, row) {
		const bytes = this.#bytes;
		const end = field.read(bytes, at, row);
		if (end >= 0) return end;
		const wholeEnd = valueEnd(bytes, at);
		const json = utf8Text(bytes, at, wholeEnd);
		const problem = field.readJson(json, row);
		if (problem !== void 0) throw this.#refuse(row, field.label, problem, json);
		return wholeEnd;
	}
	/** Keeps a field in `extra`; returns where it ends. */
	#keep(key, { value, row }) {
		const bytes = this.#bytes;
		const end = valueEnd(bytes, value);
		const keyEnd = stringEnd(bytes, key);
		const name = stringText(bytes, key, keyEnd);
		const member = `${utf8Text(bytes, key, keyEnd)}:${compactText(bytes, value, end)}`;
		if (this.#extra?.add(name, member) !== true) throw this.#refuse(row, quoteText(name, QUOTED_MAX$1), "sent twice");
		if (this.#dataset.extras?.includes(name) !== true) this.#unknown.set(name, {
			name,
			isKept: true
		});
		return end;
	}
	#finishRow(seen, row) {
		if ((seen & this.#required) !== this.#required) throw this.#missing(seen, row);
		if (seen !== this.#all) {
			for (const field of this.#fields) if ((seen & field.bit) === 0) field.putAbsent(row);
		}
		this.#extra?.finishRow(row);
	}
	#missing(seen, row) {
		const labels = this.#fields.filter(({ bit, isRequired }) => isRequired && (seen & bit) === 0).map(({ label }) => label);
		return this.#refuse(row, labels.join(", "), "missing");
	}
	#notARow(at, row) {
		const { shape } = this.#dataset;
		const text = utf8Text(this.#bytes, at, valueEnd(this.#bytes, at));
		return this.#refuse(row, "the row", `not an ${shape}`, text);
	}
	#refuse(row, field, problem, value) {
		const quoted = value === void 0 ? "" : `: ${quoteText(value, QUOTED_MAX$1)}`;
		return new DataError(`${this.#dataset.kind} row ${row}: ${field}: ${problem}${quoted}`);
	}
};
/** The first byte at or after `at` that is not white space; there is rarely any. */
function nextToken(bytes, at) {
	return (bytes[at] ?? 0) > SPACE ? at : skipSpace(bytes, at);
}
function bitsOf(fields) {
	return fields.reduce((bits, { bit }) => bits | bit, 0);
}
// src/rows/page-reader.ts
/** Responses → pages, by their format and time unit. What is unusual about them is reported once. */
/** Reads the pages of one run. */
var PageReader = class {
	#wire;
	#onWarning;
	#unknown;
	#hasWarnedOfUnit = false;
	constructor(wire, onWarning) {
		this.#wire = wire;
		this.#onWarning = onWarning;
		this.#unknown = new UnknownFields(onWarning);
	}
	/**
	* Reads an accepted response. `check` decides whether it is what was requested.
	*
	* @throws TransportError, DataError from the decoders and checks.
	*/
	read({ dataset, numbers }, answer, check) {
		const sent = this.#wire.read(answer, {
			json: (body) => this.#decode(dataset, numbers, body),
			sbe: (body) => decodeSbe(dataset, numbers, body)
		});
		const page = inOrder$3(dataset, sent);
		checkPage(dataset, page);
		check(page);
		this.#unknown.warn(dataset.kind, sent.unknownFields);
		return page;
	}
	#decode(dataset, numbers, body) {
		try {
			return decodePage(dataset, numbers, body, "us");
		} catch (error) {
			if (!(error instanceof DataError)) throw error;
			const page = decodeAsMillis(dataset, numbers, body);
			if (page === void 0) throw error;
			if (!this.#hasWarnedOfUnit) this.#onWarning("asked for microseconds, got milliseconds: times are exact to the millisecond only");
			this.#hasWarnedOfUnit = true;
			return page;
		}
	}
};
/**
* The page read in milliseconds, if that is plausible: the exchange may ignore the header that asks for microseconds.
*/
function decodeAsMillis(dataset, numbers, body) {
	try {
		return decodePage(dataset, numbers, body, "ms");
	} catch {
		return;
	}
}
// src/binance/exchange-info.ts
/** The answer to `/api/v3/exchangeInfo`, as far as it is needed here. */
/** Reads an answer. @throws TransportError when it is not one */
function readInfo(body) {
	let value;
	try {
		value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
	} catch (cause) {
		throw new TransportError("exchangeInfo: not JSON", { cause });
	}
	const { rateLimits, symbols } = value ?? {};
	if (!Array.isArray(symbols)) throw new TransportError("exchangeInfo: no symbols");
	return {
		limits: parseRateLimits(rateLimits),
		symbols: symbols.flatMap(readSymbol$2)
	};
}
function readSymbol$2(value) {
	const { symbol, status, baseAsset, quoteAsset } = value ?? {};
	if (typeof symbol !== "string" || typeof status !== "string") return [];
	if (typeof baseAsset !== "string" || typeof quoteAsset !== "string") return [];
	const nfc = (text) => text.normalize("NFC");
	return [{
		symbol: nfc(symbol),
		status,
		baseAsset: nfc(baseAsset),
		quoteAsset: nfc(quoteAsset)
	}];
}
/** How often the limits are read again: they have changed while programs ran (CHANGELOG 2023-08-25). */
const LIMITS_AGE_MS = 36e5;
const INFO_BYTES_MAX = 256 << 20;
const INFO_WEIGHT = 20;
/** The status of a symbol that exchangeInfo does not list. */
const UNKNOWN_SYMBOL = "UNKNOWN";
/** A connection to the exchange. */
var ExchangeClient = class {
	gateway;
	#events;
	#concurrency;
	#signal;
	#wire;
	#reader;
	#sign;
	#clock;
	#prefer;
	#symbols = [];
	/** Does {@link symbols} hold everything exchangeInfo has? */
	#hasAllSymbols = false;
	#statuses = /* @__PURE__ */ new Map();
	#limitsReadMs = 0;
	#slowdownsSeen = 0;
	#readingLimits;
	constructor(world, options, events, signal) {
		this.#events = events;
		this.#clock = world.clock;
		this.#prefer = options.prefer;
		this.#signal = signal;
		this.#wire = new WireFormat(options.wire ?? "json", events.onWarning);
		this.#reader = new PageReader(this.#wire, events.onWarning);
		this.#sign = events.credentials && signer(events.credentials, options.recvWindowMs);
		this.#concurrency = options.concurrency ?? 8;
		const urls = options.baseUrls?.map((url) => url.replace(/\/+$/, ""));
		this.gateway = new Gateway(world, {
			publicUrls: urls ?? ["https://data-api.binance.vision"],
			apiUrls: urls ?? API_URLS,
			limits: DEFAULT_LIMITS,
			share: options.weightShare ?? .9,
			concurrency: this.#concurrency,
			maxWaitMs: options.maxWaitMs ?? 6e5,
			accept: "application/json",
			onWait: events.onWait,
			onWarning: events.onWarning,
			attemptsMax: events.attemptsMax,
			signal
		});
	}
	/**
	* Respects an earlier ban, then reads the server's clock and its limits. Call once, before anything else.
	*
	* @param lists - The hosts that will be used; they are sorted as the options say.
	*/
	async open(scope, lists = []) {
		await this.gateway.gate.load();
		await this.gateway.sync(this.#signal);
		if (this.#prefer === "fastest") for (const list of lists) await this.#preferFastest(list);
		await this.#readInfo(scope);
	}
	async #preferFastest(list) {
		if (this.gateway.health(list).length > 1) await this.gateway.preferFastest(list);
		this.#events.onNote?.(rankText(this.gateway.health(list)));
	}
	/** The server's clock. */
	now() {
		return this.gateway.server.now();
	}
	/** The symbols read by {@link open}. */
	get symbols() {
		return this.#symbols;
	}
	/**
	* Does exchangeInfo say that the symbol trades? A symbol that it does not list does not. `undefined` when it does not
	* answer, which proves nothing.
	*/
	async isTrading(symbol) {
		const status = await this.statusOf(symbol);
		return status === void 0 ? void 0 : status === "TRADING";
	}
	/** The symbol's status in exchangeInfo; `undefined` when it does not answer. */
	statusOf(symbol) {
		const asked = this.#statuses.get(symbol) ?? this.#askStatus(symbol);
		this.#statuses.set(symbol, asked);
		return asked;
	}
	async #askStatus(symbol) {
		const statusIn = (symbols) => symbols.find((info) => info.symbol === symbol)?.status ?? "UNKNOWN";
		const known = statusIn(this.#symbols);
		if (known !== "UNKNOWN" || this.#hasAllSymbols) return known;
		try {
			return statusIn(await this.#askInfo([["symbol", symbol]]));
		} catch (error) {
			if (error instanceof RejectedError) return error.exchangeCode === -1121 ? UNKNOWN_SYMBOL : void 0;
			if (error instanceof UnreachableError || error instanceof DataError) return void 0;
			throw error;
		}
	}
	/** Reads all of exchangeInfo, which costs as much as one symbol of it; then each {@link statusOf} is known. */
	async readAllSymbols() {
		if (!this.#hasAllSymbols) await this.#readInfo({ kind: "all" });
	}
	/** What has been spent so far. */
	usage() {
		return {
			...this.gateway.spent,
			...this.gateway.budget.use()
		};
	}
	/** Requests pages of one series. */
	pages(key, numbers, priority) {
		const dataset = datasetOf(key);
		return async (params, check, signal) => {
			await this.#keepLimits();
			let asked = this.#wire.format;
			const headers = () => {
				asked = this.#wire.format;
				return this.#wire.headers();
			};
			const query = {
				...this.#query(key, dataset, params, {
					priority,
					signal
				}),
				headers
			};
			const sign = dataset.security === "signed" ? this.#sign : void 0;
			const read = (answer) => this.#reader.read({
				dataset,
				numbers
			}, answer, check);
			try {
				return await this.gateway.ask(query, read, sign);
			} catch (error) {
				if (!this.#wire.isRefused(error, asked)) throw error;
				return this.gateway.ask(query, read, sign);
			}
		};
	}
	/** What a walk over one series needs for its requests. */
	rest(key, numbers, priority) {
		const aggTrades = {
			market: key.market,
			dataset: "aggTrades",
			symbol: key.symbol
		};
		return {
			ask: this.pages(key, numbers, priority),
			askAggTrades: this.pages(aggTrades, numbers, priority),
			readAhead: this.#concurrency,
			isTrading: () => this.isTrading(key.symbol)
		};
	}
	#query(key, dataset, { limit, ...params }, { priority, signal }) {
		const interval = key.interval === void 0 ? [] : [["interval", key.interval]];
		return {
			path: dataset.path,
			params: [
				["symbol", key.symbol],
				...interval,
				...Object.entries(params)
			],
			limit,
			weight: dataset.weight,
			priority,
			hosts: hostListOf(dataset),
			until: endOf$2(params),
			signal: signal ?? this.#signal
		};
	}
	async #readInfo(scope) {
		try {
			this.#symbols = await this.#askInfo(scope.kind === "symbol" ? [["symbol", scope.symbol]] : []);
			this.#hasAllSymbols = scope.kind === "all";
		} catch (error) {
			if (!(error instanceof RejectedError) || scope.kind === "all") throw error;
			await this.#readLimitsOnly();
		}
	}
	/**
	* For callers that name symbols: without exchangeInfo the documented limits apply, and rows can still be requested.
	*/
	async #readLimitsOnly() {
		try {
			this.#symbols = await this.#askInfo([]);
			this.#hasAllSymbols = true;
		} catch (error) {
			if (!(error instanceof RejectedError)) throw error;
			this.#limitsReadMs = this.#clock.monotonicMs();
			this.#events.onWarning(`continuing with the documented limits: ${error.message}`);
		}
	}
	/** Reads the limits again when they may have changed: after a 429, and every hour. */
	async #keepLimits() {
		if (!(this.#clock.monotonicMs() - this.#limitsReadMs > LIMITS_AGE_MS) && this.gateway.budget.slowdowns === this.#slowdownsSeen) return;
		this.#readingLimits ??= this.#rereadLimits().finally(() => this.#readingLimits = void 0);
		await this.#readingLimits;
	}
	async #rereadLimits() {
		const [known] = this.#symbols;
		this.#limitsReadMs = this.#clock.monotonicMs();
		this.#slowdownsSeen = this.gateway.budget.slowdowns;
		try {
			await this.#askInfo(known === void 0 ? [] : [["symbol", known.symbol]]);
		} catch (error) {
			if (!(error instanceof RejectedError || error instanceof UnreachableError)) throw error;
		}
	}
	async #askInfo(params) {
		const query = {
			path: "/api/v3/exchangeInfo",
			params,
			weight: INFO_WEIGHT,
			priority: 1e9,
			hosts: "public",
			sizeBytesMax: INFO_BYTES_MAX,
			signal: this.#signal
		};
		const info = await this.gateway.ask(query, ({ body }) => readInfo(body));
		this.#limitsReadMs = this.#clock.monotonicMs();
		if (info.limits.length > 0) this.gateway.budget.setLimits(info.limits);
		return info.symbols;
	}
};
/** The hosts that serve a dataset: the market-data host has only public ones, and not all of those. */
function hostListOf({ security }) {
	return security === "none" ? "public" : "api";
}
// src/base/gap.ts
/** Gaps: stretches that were requested and have no rows, with the reason. */
const KNOWN = /* @__PURE__ */ new Set([
	"outage",
	"before-listing",
	"after-delisting"
]);
/** Does a gap count as answered? Other gaps stay missing. */
function isKnown(gap) {
	return KNOWN.has(gap.reason);
}
/**
* The gaps of a series once these rows came. They may lie before the row with the first id, where times fall while ids
* increase: the time before the listing ends at the earliest row.
*/
function listedBy(gaps, times) {
	if (!gaps.some(({ reason }) => reason === "before-listing")) return gaps;
	const first = micros(times.reduce((a, b) => a < b ? a : b));
	return gaps.flatMap((gap) => {
		if (gap.reason !== "before-listing" || gap.to <= first) return [gap];
		return gap.from < first ? [{
			...gap,
			to: first
		}] : [];
	});
}
// src/store/archives.ts
/**
* The manifest with archives that rows were taken from. One that was replaced meanwhile stays known as it was, so that
* its other rows are known to be old: see {@link renewArchive}.
*/
function useArchives(manifest, used = {}) {
	return {
		...manifest,
		archives: new Map([...Object.entries(used), ...manifest.archives])
	};
}
/** The manifest with an archive as it is now, once all of its time was stored anew. */
function renewArchive(manifest, path, entry) {
	return {
		...manifest,
		archives: new Map([...manifest.archives, [path, entry]])
	};
}
/** The time of archives that were replaced between the two. */
function renewedTime(before, after) {
	return [...after.archives].flatMap(([path, { sha256, period }]) => {
		return (before.archives.get(path)?.sha256 ?? sha256) === sha256 ? [] : [periodWindow(period)];
	});
}
// src/store/damaged.ts
/** Damage of the lake's files: reported with the file's path, whatever reading it tripped over, and with what mends it. */
/** What mends a series with a damaged file. */
const MEND = "Move the file out of the lake, then: binance-backfill verify --rebuild, and run the job again.";
/** What mends a series with a file that is gone. */
const LOST$1 = "Run the job again: it asks for what was in there. Or put the file back from a backup.";
/**
* Reads a file of the lake. Whatever decoding trips over is the damage of that file, and not the end of the run: only
* a disk that refuses is.
*
* @throws DamageError that names the file.
*/
async function reading(path, read, hint = MEND) {
	try {
		return await read();
	} catch (cause) {
		if (!isDecoding(cause)) throw cause;
		throw new DamageError(`${path}: ${cause.message}`, {
			cause,
			hint
		});
	}
}
function isDecoding(error) {
	if (error instanceof StoreError) return error.code === "E_STORE_CORRUPT";
	return error instanceof TypeError || error instanceof RangeError;
}
/** A file that the manifest names and the disk does not have. */
function lostFile(path) {
	return new DamageError(`${path}: in the manifest, but not on the disk`, { hint: LOST$1 });
}
// src/store/layout.ts
/**
* Where things lie in the lake: series and partitions as Hive-style paths, and back.
*
* @see Apache Hive, common/FileUtils.java, `charToEscape`: the characters that a partition value may not hold as they are.
*/
/** The name of a series' manifest in its directory. */
const MANIFEST_NAME = "_series.json";
/** The name of a partition's file in its directory. */
const DATA_NAME = "data.parquet";
const ESCAPED = /[\u0000-\u001f\u007f"#%'*/:=?\\{[\]^]/g;
/**
* The directory of a series: `spot/klines/interval=1m/symbol=BTCUSDT`. Symbols and labels are NFC and escaped as Hive
* does it, so that distinct series never share a directory.
*
* @throws RangeError for a key that no path can be made of: an empty symbol or label, half a surrogate pair, an
* interval or account where the dataset has none, or the other way round.
*/
function seriesPath(key) {
	const { market, dataset, symbol, interval, account } = key;
	const { hasInterval, security } = datasetOf(key);
	if (hasInterval !== (interval !== void 0)) throw new RangeError(`${dataset} ${hasInterval ? "need" : "have no"} interval`);
	if (security === "signed" !== (account !== void 0)) throw new RangeError(`${dataset} ${account === void 0 ? "need" : "have no"} account`);
	const parts = [market];
	if (account !== void 0) parts.push(`account=${escapeValue(account)}`);
	parts.push(dataset);
	if (interval !== void 0) parts.push(`interval=${intervalPathName(interval)}`);
	parts.push(`symbol=${escapeValue(symbol)}`);
	return parts.join("/");
}
/** Reads what {@link seriesPath} wrote; `undefined` for any other path. */
function parseSeriesPath(path) {
	const [first, ...rest] = path.split("/");
	const market = MARKET_NAMES.find((known) => known === first);
	if (market === void 0) return void 0;
	const account = takeValue(rest, "account");
	const name = rest.shift();
	const dataset = DATASET_KINDS.find((kind) => kind === name);
	const interval = parseInterval(takeValue(rest, "interval") ?? "");
	const symbol = takeValue(rest, "symbol");
	if (dataset === void 0 || symbol === void 0) return void 0;
	const key = {
		market,
		dataset,
		symbol,
		...interval !== void 0 && { interval },
		...account !== void 0 && { account }
	};
	return isPathOf(key, path) ? key : void 0;
}
function isPathOf(key, path) {
	try {
		return seriesPath(key) === path;
	} catch (error) {
		if (error instanceof RangeError) return false;
		throw error;
	}
}
function takeValue(parts, name) {
	const [first] = parts;
	if (first?.startsWith(`${name}=`) !== true) return void 0;
	parts.shift();
	return unescapeValue(first.slice(name.length + 1));
}
/**
* The file of a partition: `.../symbol=BTCUSDT/period=2024-03/data.parquet`.
*
* @param period - a day, month or year, as `periodOf` names it.
* @throws RangeError for another period, and as {@link seriesPath} does.
*/
function partitionPath(key, period) {
	periodWindow(period);
	return `${seriesPath(key)}/period=${period}/${DATA_NAME}`;
}
/** The period of a directory named `period=...` in a series; `undefined` for any other name. */
function parsePeriodName(name) {
	const period = /^period=(.+)$/.exec(name)?.[1];
	try {
		if (period !== void 0) periodWindow(period);
		return period;
	} catch (error) {
		if (error instanceof RangeError) return void 0;
		throw error;
	}
}
/** The manifest of a series. */
function manifestPath(key) {
	return `${seriesPath(key)}/${MANIFEST_NAME}`;
}
/**
* A partition value as Hive writes it in a directory name, in NFC.
*
* @throws RangeError for an empty value, which Hive reads as null, and for half a surrogate pair, which no file name can hold.
*/
function escapeValue(value) {
	if (value === "") throw new RangeError("an empty partition value");
	if (/\p{Cs}/u.test(value)) throw new RangeError("half a surrogate pair in a partition value");
	return value.normalize("NFC").replace(ESCAPED, percent);
}
function percent(char) {
	return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
/** Reads what {@link escapeValue} wrote. */
function unescapeValue(text) {
	return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
// src/store/shape.ts
/** A string. */
const text$3 = (value, path) => {
	if (typeof value === "string") return value;
	throw new TypeError(`${path}: expected a text`);
};
/** A whole number from 0 on. */
const whole = (value, path) => {
	if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
	throw new TypeError(`${path}: expected a whole number`);
};
/** One of the given texts. */
function oneOf$1(values) {
	return (value, path) => {
		const found = values.find((candidate) => candidate === value);
		if (found !== void 0) return found;
		throw new TypeError(`${path}: expected one of ${values.join(", ")}`);
	};
}
/** A list. */
function array(item) {
	return (value, path) => {
		if (Array.isArray(value)) return value.map((entry, index) => item(entry, `${path}[${index}]`));
		throw new TypeError(`${path}: expected a list`);
	};
}
/** Objects: with given fields (others are left out), or as a record. */
const object$1 = {
	of(fields) {
		return (value, path) => {
			const source = plain$1(value, path);
			const entries = Object.entries(fields).map(([name, field]) => [name, field(source.get(name), path === "" ? name : `${path}.${name}`)]);
			return Object.fromEntries(entries);
		};
	},
	record(item) {
		return (value, path) => Object.fromEntries([...plain$1(value, path)].map(([name, entry]) => [name, item(entry, `${path}.${name}`)]));
	}
};
function plain$1(value, path) {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return new Map(Object.entries(value));
	throw new TypeError(`${path}: expected an object`);
}
/** How often an empty stretch was asked for before it was called a gap (pull/walk-klines.ts). */
const ASKED = 2;
/**
* The manifest's text: JSON, keys and lists in a fixed order, one line feed at the end. The last key is a checksum of
* all before it, so that no damage passes for coverage.
*/
function formatManifest(manifest) {
	const { key, numbers, partition, coverage, gaps, fresh, doubts } = manifest;
	const document = {
		format: 1,
		...key,
		numbers,
		partition,
		coverage: coverage.map(formatWindow),
		gaps: gaps.map((gap) => ({
			...formatWindow(gap),
			reason: gap.reason,
			asked: ASKED
		})),
		fresh: fresh.map(formatWindow),
		partitions: sorted(withPaths(key, manifest.partitions)),
		archives: sorted(manifest.archives),
		revisions: manifest.revisions,
		...doubts.length === 0 ? {} : { doubts }
	};
	const body = JSON.stringify(document, null, 1);
	return `${body.slice(0, -2)},\n "checksum": "${checksumOf$1(body)}"\n}\n`;
}
/** Each entry with its file's path in the lake: for readers; it is not read back, so that it cannot lead elsewhere. */
function withPaths(key, partitions) {
	return new Map([...partitions].map(([period, entry]) => [period, {
		path: partitionPath(key, period),
		...entry
	}]));
}
/** SHA-256 of a text, lower-case hex. */
function checksumOf$1(text) {
	return createHash("sha256").update(text).digest("hex");
}
function sorted(map) {
	return Object.fromEntries([...map].sort(([a], [b]) => a < b ? -1 : 1));
}
/** Every {@link GapReason}. */
const REASONS = [
	"outage",
	"before-listing",
	"after-delisting",
	"unavailable-from-rest",
	"not-published",
	"unconfirmed"
];
const strings = object$1.record(text$3);
const proofValue = (value, path) => {
	if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
	throw new TypeError(`${path}: expected a text, number or boolean`);
};
/** A text that `read` takes without a word. */
function readable(read) {
	return (value, path) => {
		const found = text$3(value, path);
		read(found);
		return found;
	};
}
const moment = readable(parseMicros);
const period = readable(periodWindow);
const key = (value, path) => {
	if (/^-?\d{1,19}$/.test(text$3(value, path))) return text$3(value, path);
	throw new TypeError(`${path}: expected a key`);
};
/** Shapes that a footer has in common with the manifest. */
const PARTS = {
	window: object$1.of({
		from: text$3,
		to: text$3
	}),
	gap: object$1.of({
		from: text$3,
		to: text$3,
		reason: oneOf$1(REASONS)
	}),
	proof: object$1.record(proofValue),
	archives: object$1.record(object$1.of({
		sha256: text$3,
		period
	})),
	revisions: array(object$1.of({
		period,
		key,
		time: moment,
		old: strings,
		new: strings
	}))
};
const entryShape = object$1.of({
	rows: whole,
	bytes: whole,
	sha256: text$3,
	firstKey: key,
	lastKey: key,
	sources: array(text$3),
	proof: PARTS.proof
});
/** What mends a manifest. */
const REBUILD = "Rebuild it from the data files: binance-backfill verify --rebuild";
const shape = object$1.of({
	numbers: oneOf$1(NUMBERS),
	partition: oneOf$1(PARTITIONS),
	coverage: array(PARTS.window),
	gaps: array(PARTS.gap),
	fresh: array(PARTS.window),
	partitions: object$1.record(entryShape),
	archives: PARTS.archives,
	revisions: PARTS.revisions,
	doubts: (value, path) => value === void 0 ? [] : PARTS.revisions(value, path)
});
/**
* Reads a manifest.
*
* @param path - Where it lies, for messages.
* @throws UsageError for a lake of a newer version.
* @throws DamageError for anything that {@link formatManifest} would not write for this series, to the byte.
*/
function parseManifest(source, key, path) {
	try {
		const document = JSON.parse(source);
		checkVersion$1(document, path);
		const { partitions, archives, ...rest } = shape(document, "");
		const manifest = {
			...rest,
			key,
			coverage: rest.coverage.map(parseWindow),
			fresh: rest.fresh.map(parseWindow),
			gaps: rest.gaps.map((gap) => ({
				...parseWindow(gap),
				reason: gap.reason
			})),
			partitions: new Map(Object.entries(partitions)),
			archives: new Map(Object.entries(archives))
		};
		if (formatManifest(manifest) !== source) throw new TypeError("it is not what was written");
		return manifest;
	} catch (cause) {
		if (cause instanceof UsageError) throw cause;
		throw new DamageError(`${path}: the manifest is damaged: ${cause instanceof Error ? cause.message : String(cause)}`, {
			cause,
			hint: REBUILD
		});
	}
}
function checkVersion$1(document, path) {
	const { format } = document ?? {};
	if (typeof format === "number" && format > 1) throw new UsageError(`${path}: format ${format} is newer than 1, which this version writes`, { hint: "Upgrade binance-backfill." });
	if (format !== 1) throw new TypeError(`format: expected 1`);
}
// src/store/footer.ts
/**
* What a data file says of itself in its footer: enough to rebuild the manifest. Holds no time of writing and no
* trace of how often it was interrupted, so that the same rows give the same bytes.
*/
/** Facts as key-value metadata. The last is a checksum of all others, so that no damage passes for coverage. */
function formatFacts(facts) {
	const { interval, account, ...key } = facts.key;
	const values = {
		...key,
		...interval === void 0 ? {} : { interval },
		...account === void 0 ? {} : { account },
		schema_version: String(1),
		period: facts.period,
		partition: facts.partition,
		numbers: facts.numbers,
		coverage: JSON.stringify(facts.coverage.map(formatWindow)),
		gaps: JSON.stringify(facts.gaps.map((gap) => ({
			...formatWindow(gap),
			reason: gap.reason
		}))),
		source: facts.sources.join(","),
		first_key: facts.firstKey,
		last_key: facts.lastKey,
		proof: JSON.stringify(facts.proof),
		archives: JSON.stringify(facts.archives),
		revisions: JSON.stringify(facts.revisions)
	};
	return {
		...values,
		checksum: checksumOf$1(JSON.stringify(values))
	};
}
/**
* Reads facts back.
*
* @param path - Where the file lies in the lake.
* @throws UsageError for a file of a newer version.
* @throws DamageError when the footer is not one of ours, belongs elsewhere, or is not what was written.
*/
function parseFacts(metadata, key, path) {
	checkVersion(metadata, path);
	try {
		const facts = readFacts(new FactReader(metadata), key);
		if (partitionPath(key, facts.period) !== path) throw new TypeError(`it holds ${facts.period}`);
		for (const [name, value] of Object.entries(formatFacts(facts))) if (metadata.get(name) !== value) throw new TypeError(`${name} is not what was written`);
		return facts;
	} catch (cause) {
		throw new DamageError(`${path}: not a partition of this series: ${quoteText(cause instanceof Error ? cause.message : String(cause))}`, {
			cause,
			hint: MEND
		});
	}
}
function checkVersion(metadata, path) {
	const version = Number(metadata.get("schema_version"));
	if (!Number.isSafeInteger(version) || version <= 1) return;
	throw new UsageError(`${path}: format ${version} is newer than 1, which this version writes`, { hint: "Upgrade binance-backfill." });
}
function readFacts(reader, key) {
	const names = [
		"market",
		"dataset",
		"symbol",
		"interval",
		"account"
	];
	const mine = names.map((name) => key[name] ?? "");
	const theirs = names.map((name) => reader.optional(name));
	if (mine.join("\0") !== theirs.join("\0")) throw new TypeError(`it holds ${theirs.filter((part) => part !== "").join(" ")}`);
	return {
		key,
		period: reader.get("period"),
		partition: oneOf$1(PARTITIONS)(reader.get("partition"), "partition"),
		numbers: oneOf$1(NUMBERS)(reader.get("numbers"), "numbers"),
		coverage: reader.json("coverage", array(PARTS.window)).map(parseWindow),
		gaps: reader.json("gaps", array(PARTS.gap)).map((gap) => ({
			...parseWindow(gap),
			reason: gap.reason
		})),
		sources: reader.get("source").split(",").filter((source) => source !== ""),
		firstKey: reader.get("first_key"),
		lastKey: reader.get("last_key"),
		proof: reader.json("proof", PARTS.proof),
		archives: reader.json("archives", PARTS.archives),
		revisions: reader.json("revisions", PARTS.revisions)
	};
}
var FactReader = class {
	#metadata;
	constructor(metadata) {
		this.#metadata = metadata;
	}
	get(name) {
		const value = this.#metadata.get(name);
		if (value === void 0) throw new TypeError(`no ${name} in the footer`);
		return value;
	}
	optional(name) {
		return this.#metadata.get(name) ?? "";
	}
	json(name, shape) {
		return shape(JSON.parse(this.get(name)), name);
	}
};
/** The part of `gaps` in `window`. */
function clipGaps(gaps, window) {
	return gaps.flatMap((gap) => clip([gap], window).map((part) => ({
		...part,
		reason: gap.reason
	})));
}
// src/store/ledger.ts
/**
* The algebra of a manifest: pure functions from one to the next. Coverage grows by windows that were asked and
* answered in full; whatever was known of such a window before, the new answer replaces.
*/
/** The manifest of a series that nothing is known of. */
function emptyManifest(key, numbers, partition) {
	return {
		key,
		numbers,
		partition,
		coverage: [],
		gaps: [],
		fresh: [],
		partitions: /* @__PURE__ */ new Map(),
		archives: /* @__PURE__ */ new Map(),
		revisions: [],
		doubts: []
	};
}
/**
* Takes an answer in. A stretch that was not answered stays as it was known before; where nothing was, it is missing,
* and the manifest says why.
*/
function cover(manifest, { window, gaps, fresh }) {
	const unanswered = gaps.filter((gap) => !isKnown(gap));
	const answered = answeredPart({
		window,
		gaps
	});
	const unknown = cutGaps(unanswered, manifest.coverage);
	const kept = cutGaps(manifest.gaps, union(answered, unknown));
	const coverage = union(manifest.coverage, answered);
	return {
		...manifest,
		coverage,
		gaps: joinGaps([
			...kept,
			...gaps.filter(isKnown),
			...unknown
		]),
		fresh: intersect(union(subtractAll(manifest.fresh, answered), fresh), coverage)
	};
}
/** The part of a window that was answered in full. */
function answeredPart({ window, gaps }) {
	return subtractAll([window], union(gaps.filter((gap) => !isKnown(gap))));
}
/** Stretches whose empty answers nothing has confirmed yet. */
function unconfirmedIn({ gaps }) {
	return union(gaps.filter(({ reason }) => reason === "unconfirmed"));
}
/** What is left of `gaps` once `windows` are taken away. */
function cutGaps(gaps, windows) {
	return gaps.flatMap((gap) => subtractAll([gap], windows).map((part) => ({
		...part,
		reason: gap.reason
	})));
}
/**
* Gaps in order, touching ones of a kind joined. Where an outage touches the time before the listing, or after the
* delisting, it was a part of it.
*/
function joinGaps(gaps) {
	const joined = [];
	for (const gap of [...gaps].sort((a, b) => a.from < b.from ? -1 : a.from > b.from ? 1 : 0)) {
		joined.push(gap);
		while (joinLast(joined));
	}
	return joined;
}
/** Joins the last two gaps if they are one. */
function joinLast(gaps) {
	const [before, last] = gaps.slice(-2);
	if (before === void 0 || last === void 0 || before.to < last.from) return false;
	const reason = jointReason(before, last);
	if (reason === void 0) return false;
	gaps.splice(-2, 2, {
		from: before.from,
		to: before.to > last.to ? before.to : last.to,
		reason
	});
	return true;
}
function jointReason(a, b) {
	if (a.reason === b.reason) return a.reason;
	if (a.reason === "before-listing" && b.reason === "outage") return a.reason;
	if (a.reason === "outage" && b.reason === "after-delisting") return b.reason;
}
/** Rows came after a stretch that was taken for the time after the delisting: then it was an outage. */
function relist(gaps, rowsUntil) {
	return joinGaps(gaps.map((gap) => gap.reason === "after-delisting" && gap.to <= rowsUntil ? {
		...gap,
		reason: "outage"
	} : gap));
}
/** The manifest with one partition's facts in it. */
function record(manifest, facts, file) {
	const { period, firstKey, lastKey, sources, proof } = facts;
	const entry = {
		...file,
		firstKey,
		lastKey,
		sources,
		proof
	};
	const others = manifest.revisions.filter((revision) => revision.period !== period);
	const outside = cutGaps(manifest.gaps, facts.coverage);
	return {
		...manifest,
		coverage: union(manifest.coverage, facts.coverage),
		gaps: relist(joinGaps([...outside, ...facts.gaps]), rowsUntil(manifest.key, facts)),
		partitions: new Map([...manifest.partitions, [period, entry]]),
		archives: new Map([...manifest.archives, ...Object.entries(facts.archives)]),
		revisions: [...others, ...facts.revisions].sort(byPeriod)
	};
}
/** The manifest without one partition, and without what its footer said: its time is asked for again. */
function forget(manifest, period) {
	return without(manifest, period, [attachedWindow(sortedPeriods(manifest), period)]);
}
/**
* The manifest without the rows of one partition: their time is asked for again. What is known to have no rows stays
* known: that is not in the file.
*/
function forgetRows(manifest, period) {
	const known = union(manifest.gaps.filter(isKnown));
	return without(manifest, period, subtractAll([periodWindow(period)], known));
}
function without(manifest, period, windows) {
	const partitions = new Map([...manifest.partitions].filter(([name]) => name !== period));
	const isUsed = (entry) => !overlap(entry.period, period) || [...partitions.keys()].some((name) => overlap(entry.period, name));
	return {
		...manifest,
		coverage: subtractAll(manifest.coverage, windows),
		gaps: cutGaps(manifest.gaps, windows),
		fresh: subtractAll(manifest.fresh, windows),
		partitions,
		archives: new Map([...manifest.archives].filter(([, entry]) => isUsed(entry))),
		revisions: manifest.revisions.filter((revision) => revision.period !== period),
		doubts: manifest.doubts.filter((doubt) => doubt.period !== period)
	};
}
/** Have two periods time in common? An archive file may be shorter than a partition, or longer. */
function overlap(a, b) {
	return clip([periodWindow(a)], periodWindow(b)).length > 0;
}
/** A moment up to which there are rows, as far as keys tell. */
function rowsUntil(key, { period, lastKey }) {
	const { key: keyColumn, time } = datasetOf(key);
	return keyColumn === time ? micros(BigInt(lastKey)) : periodWindow(period).from;
}
function byPeriod(a, b) {
	return a.period < b.period ? -1 : a.period > b.period ? 1 : 0;
}
/** What the footer of a partition says: all that the manifest knows of its time, and of a rowless stretch before it. */
function factsOf$1(manifest, period, rows) {
	return {
		key: manifest.key,
		period,
		partition: manifest.partition,
		numbers: manifest.numbers,
		...knownOf(manifest, attachedWindow(sortedPeriods(manifest), period)),
		sources: rows.sources,
		firstKey: rows.firstKey,
		lastKey: rows.lastKey,
		proof: rows.proof,
		archives: Object.fromEntries([...manifest.archives].filter(([, entry]) => overlap(entry.period, period)).sort(([a], [b]) => a < b ? -1 : 1)),
		revisions: manifest.revisions.filter((revision) => revision.period === period)
	};
}
/** What is known of the time in `window`, beside rows. */
function knownOf(manifest, window) {
	return {
		coverage: clip(manifest.coverage, window),
		gaps: clipGaps(manifest.gaps, window)
	};
}
/**
* The partitions whose footers say something else of time, or of archives that were replaced, by one manifest than by
* a later one.
*
* @param windows - Where the two may know different time.
*/
function restated(before, after, windows) {
	const [old, now] = [sortedPeriods(before), sortedPeriods(after)];
	const renewed = renewedTime(before, after);
	return [.../* @__PURE__ */ new Set([...periodsAbout(old, after.partition, [...windows, ...renewed]), ...periodsAbout(now, after.partition, windows)])].sort().filter((period) => {
		if (!before.partitions.has(period) || !after.partitions.has(period)) return false;
		if (clip(renewed, periodWindow(period)).length > 0) return true;
		return !isSameKnown(knownOf(before, attachedWindow(old, period)), knownOf(after, attachedWindow(now, period)));
	});
}
/** The partitions whose footers speak of `windows`: those in them, and the next one after each. */
function periodsAbout(periods, partition, windows) {
	return windows.flatMap(({ from, to }) => {
		const first = lowerBound(periods, periodOf$1(from, partition));
		return periods.slice(first, lowerBound(periods, periodOf$1(micros(to - 1n), partition)) + 1);
	});
}
function isSameKnown(a, b) {
	return a.coverage.length === b.coverage.length && a.gaps.length === b.gaps.length && a.coverage.every((window, index) => isSameWindow(window, b.coverage[index])) && a.gaps.every((gap, index) => isSameWindow(gap, b.gaps[index]) && gap.reason === b.gaps[index]?.reason);
}
function isSameWindow(a, b) {
	return b !== void 0 && a.from === b.from && a.to === b.to;
}
/** The gaps that are in one list and not in the other. */
function changedGaps(before, after) {
	const nameOf = ({ from, to, reason }) => `${from} ${to} ${reason}`;
	const [old, now] = [new Set(before.map(nameOf)), new Set(after.map(nameOf))];
	return [...before.filter((gap) => !now.has(nameOf(gap))), ...after.filter((gap) => !old.has(nameOf(gap)))];
}
function sortedPeriods({ partitions }) {
	return [...partitions.keys()].sort();
}
const BEGINNING$1 = micros(-(2n ** 62n));
/** The period, and before it whatever lies after the partition before it. @param periods - In order. */
function attachedWindow(periods, period) {
	const before = periods[lowerBound(periods, period) - 1];
	return {
		from: before === void 0 ? BEGINNING$1 : periodWindow(before).to,
		to: periodWindow(period).to
	};
}
/** The index of the first period that is not before `period`. */
function lowerBound(periods, period) {
	let low = 0;
	let high = periods.length;
	while (low < high) {
		const middle = low + high >> 1;
		if ((periods[middle] ?? "") < period) low = middle + 1;
		else high = middle;
	}
	return low;
}
/** The sources with one more, sorted. */
function withSource(sources, source) {
	return [.../* @__PURE__ */ new Set([...sources, source])].sort();
}
/** Periods that have a file and were covered in part of `window`, oldest first. */
function periodsStoredIn(manifest, window) {
	const covered = clip(manifest.coverage, window);
	return [...manifest.partitions.keys()].filter((period) => clip(covered, periodWindow(period)).length > 0).sort();
}
// src/store/id-ends.ts
/** What the manifest shows of the rows on either side of a moment: what a walk goes on from, and has to meet. */
/**
* Where the coverage before `from` ends with rows, as far as the manifest shows it: nothing that is known lies after
* `from` in the file of the last of them. An end that nothing confirmed is no such thing: the next answer goes on there.
*/
function endBefore({ coverage, gaps, partitions }, from) {
	const stretch = coverage.find((window) => window.from < from && from <= window.to);
	const name = [...partitions.keys()].filter((one) => periodWindow(one).from < from).sort().at(-1);
	const entry = partitions.get(name ?? "");
	if (stretch === void 0 || name === void 0 || entry === void 0) return void 0;
	const period = periodWindow(name);
	if (period.to <= stretch.from) return void 0;
	if (period.to <= from) return {
		stretch,
		period,
		entry
	};
	const rest = {
		from: micros(from + 1000n),
		to: period.to
	};
	const known = [...coverage, ...gaps.filter(({ reason }) => reason !== "unconfirmed")];
	return stretch.to < rest.from && clip(known, rest).length === 0 ? {
		stretch,
		period,
		entry
	} : void 0;
}
/** The id after the last row before `from`, where the manifest alone shows it; see {@link endBefore}. */
function nextIdAt(manifest, from) {
	const end = endBefore(manifest, from);
	if (end === void 0 || end.stretch.from > end.period.from) return void 0;
	return BigInt(end.entry.lastKey) + 1n;
}
/** Do the files of the stretch up to an end have all ids from the first to the last, as far as the manifest shows it? */
function isEndContiguous({ partitions }, { stretch, period }) {
	return leftOutOf([...partitions].flatMap(([name, entry]) => {
		const { from, to } = periodWindow(name);
		return stretch.from < to && from <= period.from ? [entry] : [];
	})) === 0n;
}
/** How many ids between the first and the last of some files none of them has. */
function leftOutOf(entries) {
	const [first] = entries;
	if (first === void 0) return 0n;
	let [low, high, rows] = [
		BigInt(first.firstKey),
		BigInt(first.lastKey),
		0n
	];
	for (const { firstKey, lastKey, rows: count } of entries) {
		if (BigInt(firstKey) < low) low = BigInt(firstKey);
		if (BigInt(lastKey) > high) high = BigInt(lastKey);
		rows += BigInt(count);
	}
	return high - low + 1n - rows;
}
/** The first stored id of the periods that begin at or after `from`; `undefined` when nothing is stored of any. */
function firstIdAfter({ partitions }, from) {
	const periods = [...partitions.keys()].filter((period) => periodWindow(period).from >= from);
	const entry = partitions.get(periods.sort()[0] ?? "");
	return entry === void 0 ? void 0 : BigInt(entry.firstKey);
}
/** Are there rows of before `from`, as far as keys and periods tell? */
function hasRowsBefore({ key, partitions }, from) {
	const dataset = datasetOf(key);
	return [...partitions].some(([period, { firstKey }]) => dataset.key === dataset.time ? BigInt(firstKey) < from : periodWindow(period).to <= from);
}
// src/walk/slots.ts
/** Which slots of the grid have no kline. A slot is filled by any kline that opens in it, on the grid or off. */
/**
* The stretches of `window` whose slots have no kline, in order.
*
* @param opens - Open times inside `window`, increasing.
*/
function missingSlots(interval, window, opens) {
	return hasKnownGrid(interval) ? missingOnGrid(interval, window, opens) : missingBetween(intervalStep(interval), window, opens);
}
function missingOnGrid(interval, window, opens) {
	const missing = [];
	let expected = gridCeil(interval, window.from);
	const expect = (until) => {
		if (expected < until) missing.push({
			from: expected,
			to: until
		});
	};
	for (const open of opens) {
		const slot = gridFloor(interval, micros(open));
		expect(slot);
		expected = gridNext(interval, slot);
	}
	expect(window.to);
	return missing;
}
/** Without a known grid, only a distance of more than an interval shows that something is missing. */
function missingBetween(step, window, opens) {
	const missing = [];
	let expected = window.from;
	let isFirst = true;
	for (const value of opens) {
		const open = micros(value);
		if (isFirst ? open - expected >= step : open > expected) missing.push({
			from: expected,
			to: open
		});
		expected = micros(open + step);
		isFirst = false;
	}
	if (isFirst || expected < window.to) {
		const from = expected < window.to ? expected : window.from;
		missing.push({
			from,
			to: window.to
		});
	}
	return missing;
}
// src/walk/archive/file-gaps.ts
/** What an archive file has for a stretch of time: its rows and its gaps. Pure. */
/** The rows of `page` in `part`; their times increase. */
function within(page, part) {
	const first = lowerBound$1(page.times, part.from);
	const end = lowerBound$1(page.times, part.to);
	const last = page.times[end - 1];
	return {
		page,
		first,
		end,
		reached: first === end || last === void 0 ? part.from : micros(last),
		gaps: []
	};
}
/** Skipped ids: rows that this file lacks. Times may go back across a skip. */
function idJumps({ keys, times, rowCount }, before) {
	const first = keys[0] ?? 0n;
	const last = keys[rowCount - 1] ?? 0n;
	const isJoined = before === void 0 || first === before.id + 1n;
	if (isJoined && last - first === BigInt(rowCount - 1)) return [];
	const jumps = [];
	const jump = (a, b) => {
		const ids = {
			first: a.id + 1n,
			last: b.id - 1n
		};
		const back = a.time > b.time ? a.time - b.time : 0n;
		const [from, to] = [a.time - 2n * back, b.time + 2n * back + 1n];
		jumps.push({
			ids,
			gap: {
				from: micros(from),
				to: micros(to),
				reason: "not-published"
			}
		});
	};
	const rowAt = (row) => ({
		id: keys[row] ?? 0n,
		time: micros(times[row] ?? 0n)
	});
	if (before !== void 0 && !isJoined) jump(before, rowAt(0));
	for (let row = 1; row < rowCount; row++) if (keys[row] !== (keys[row - 1] ?? 0n) + 1n) jump(rowAt(row - 1), rowAt(row));
	return jumps;
}
/** A hole between klines older than this is final: it would have been filled by now. */
const SETTLED$1 = 2n * 86400000000n;
/**
* Slots of `part` without a kline; `pages` are all of the file. What another source may have stays missing. Otherwise a hole between klines is an
* outage once it is old or found again, and a file that ends early has not been published in full.
*/
function klineGaps({ interval }, pages, { part, file }, { gaps, hasRowsBefore, isOtherLeft, holes, unconfirmed, now }) {
	if (interval === void 0) return [];
	const head = hasKnownGrid(interval) ? gridFloor(interval, part.from) : part.from;
	const from = head < file.from ? part.from : head;
	const opens = BigInt64Array.from(pages.flatMap((page) => [...page.keys]).filter((key) => from <= key && key < part.to));
	const first = opens.find((key) => part.from <= key);
	const known = gaps.filter(isKnown);
	return clip(missingSlots(interval, {
		from,
		to: part.to
	}, opens), part).map((gap) => {
		const before = known.find(({ from, to }) => from <= gap.from && gap.to <= to);
		if (before !== void 0) return {
			...gap,
			reason: before.reason
		};
		const isOpen = gap.to === part.to && !covers(holes, gap);
		if (isOtherLeft || isOpen) return {
			...gap,
			reason: "not-published"
		};
		if ((first === void 0 || gap.to <= first) && gap.from === part.from && !hasRowsBefore) return {
			...gap,
			reason: covers(unconfirmed, gap) ? "before-listing" : "unconfirmed"
		};
		const isSettled = gap.to + SETTLED$1 <= now || covers(unconfirmed, gap);
		return {
			...gap,
			reason: isSettled ? "outage" : "unconfirmed"
		};
	});
}
// src/rows/step.ts
/** A step without rows. */
function emptyStep(reached, gaps = []) {
	return {
		page: void 0,
		first: 0,
		end: 0,
		reached,
		gaps
	};
}
// src/walk/archive/archive-run.ts
/** What came before is known up to this moment, except for these gaps. */
function closing(reached, gaps = []) {
	return {
		...emptyStep(reached, gaps),
		source: "archive",
		isOwn: false,
		since: void 0
	};
}
/** Rows of a file outside its own time. */
function strays(page, reached) {
	return {
		...closing(reached),
		page,
		end: page.rowCount
	};
}
/** The source that rows of a file are stored with. */
function sourceOf({ file, archive }) {
	const { path, sha256 } = archive;
	return {
		source: "archive",
		archives: { [path]: {
			sha256,
			period: file.period
		} }
	};
}
// src/binance/disorder.ts
/** Ids and times of trades do not always increase together. */
/**
* How far, in microseconds, times are assumed to go back while ids increase. Real rows went back by 0.9 s (BTCUSDT,
* 2017). If they go back further, no row is lost, but more is requested again.
*/
const DISORDER = 10000000n;
/** Rows of an account may come later than rows with a later time, but not later than this. In microseconds. */
const INTERLEAVE = 3600000000n;
// src/store/period-runs.ts
/** Rows of a page, cut where their period changes: times may go back while ids go on. */
const HIGH$1 = 4294967296;
/** The rows `[first, end)` as runs of one period each, in their order. */
function* periodRuns(times, { first, end }, partition) {
	const halves = halvesOf$1(times);
	for (let row = first; row < end;) {
		const period = periodOf$1(micros(times[row] ?? 0n), partition);
		const window = periodWindow(period);
		const [from, to] = [Number(window.from), Number(window.to)];
		let next = row + 1;
		for (; next < end; next++) {
			const time = (halves[2 * next + 1] ?? 0) * HIGH$1 + ((halves[2 * next] ?? 0) >>> 0);
			if (time < from || time >= to) break;
		}
		yield {
			period,
			first: row,
			end: next
		};
		row = next;
	}
}
// src/store/fresh.ts
/** Rows that are younger than this many intervals are asked for once more by the next run. */
const FRESH_INTERVALS = 2n;
/**
* The clock that {@link freshPart} goes by where rows are taken `settle` after their close: the last of them is young
* however long that is, since no later one was asked for.
*/
function youthClock({ interval }, now, settle) {
	const step = interval === void 0 ? settle : intervalStep(interval);
	return settle > step ? micros(now - settle + step) : now;
}
/** The part of a series that is young enough to change yet; klines only. */
function freshPart(key, window, now) {
	if (key.interval === void 0) return [];
	const from = gridFloor(key.interval, micros(now - FRESH_INTERVALS * intervalStep(key.interval)));
	return from >= window.to ? [] : [{
		from: latest(from, window.from),
		to: window.to
	}];
}
/**
* The slots before stretches that nothing confirms to be empty: a host that lags behind its clock has no later rows yet,
* and the last one as it was while that was open.
*/
function lastSlots({ interval }, gaps) {
	if (interval === void 0) return [];
	return gaps.filter(({ reason }) => reason === "unconfirmed").map(({ from }) => ({
		from: gridFloor(interval, micros(from - 1n)),
		to: from
	}));
}
const ORDER_TIME = columnIndex$2(allOrders$1, "time");
function ordersOf(batch) {
	const times = int64Values(batch, ORDER_TIME);
	const statuses = batch.getChild("status");
	return Array.from(times, (time, row) => ({
		time: micros(time),
		status: String(statuses?.get(row))
	}));
}
/** Orders change after they are made: when to ask again for those of a batch that are open. */
function openOrdersIn(batch) {
	return openOrderWindows(ordersOf(batch));
}
/** Orders that may change yet (enums.md, "Order status"). */
const OPEN_STATUSES = /* @__PURE__ */ new Set([
	"NEW",
	"PARTIALLY_FILLED",
	"PENDING_NEW",
	"PENDING_CANCEL"
]);
/** Two orders this near to each other are asked for with one request. In microseconds. */
const JOIN = 12n * 3600000000n;
/**
* What to ask again of orders that were stored: windows that hold every order that was open then. The answers
* overwrite what is stored; `update_time` tells which is newer.
*
* @param orders - In any order; `time` and `status` as stored.
*/
function openOrderWindows(orders) {
	const windows = [];
	for (const { time, status } of orders) {
		if (!OPEN_STATUSES.has(status)) continue;
		const from = micros(floorDiv(time, 1000n) * 1000n);
		windows.push({
			from,
			to: micros(from + 1000n)
		});
	}
	const joined = [];
	for (const window of union(windows)) {
		const last = joined.at(-1);
		if (last === void 0 || window.to - last.from > JOIN) joined.push(window);
		else joined[joined.length - 1] = {
			from: last.from,
			to: window.to
		};
	}
	return joined;
}
// src/store/window-store.ts
/**
* One series, from its plan to its partitions: steps of a walk come in, in order; partitions go out, in order; so
* coverage grows from the left. Whatever ends the walk, what arrived whole is committed first.
*/
/** Before anything was done. */
function emptyTally() {
	return {
		received: 0,
		rows: 0,
		revisions: 0,
		files: /* @__PURE__ */ new Map()
	};
}
/** How many partitions are written at once: the one that the walk is in, and the one before, for late rows. */
const WRITERS_MAX = 2;
/**
* Stores the steps of one window. Rows go to the partition of their own time, in whatever order the periods come; keys
* increase over the whole walk.
*
* Partitions are committed in their order, and one that is written again for a late row before any later one: so what
* a crash leaves has the ids before the last of it, or lacks them visibly, and the next run goes on by id.
*/
var WindowStore = class {
	#series;
	#now;
	#tally;
	/** At most {@link WRITERS_MAX}, in the order of their periods. */
	#writers = [];
	/** Everything before this is on disk or recorded. */
	#stored;
	/** Everything before this has arrived. */
	#reached;
	#gaps = [];
	#source = "";
	/** What the next run asks for again: open orders change after they are made, and what is young may grow. */
	#open = [];
	#archives = {};
	/** @param now - The server's clock, read before the first request. */
	constructor(series, window, now, tally) {
		this.#series = series;
		this.#now = now;
		this.#tally = tally;
		this.#stored = window.from;
		this.#reached = window.from;
	}
	/** Everything before this has arrived. */
	get reached() {
		return this.#reached;
	}
	/** Are there rows that arrived and are not committed yet? */
	get hasRows() {
		return this.#writers.length > 0;
	}
	/** Takes a step in; commits each partition that it completes. */
	async *take(step) {
		const { page, first, end } = step;
		this.#source = step.source;
		Object.assign(this.#archives, step.archives);
		this.#gaps.push(...step.gaps);
		this.#open.push(...step.fresh ?? []);
		for (const gap of step.gaps) yield {
			kind: "gap",
			key: this.#series.key,
			window: formatWindow(gap),
			reason: gap.reason
		};
		this.#reached = latest(this.#reached, step.reached);
		const touched = /* @__PURE__ */ new Set();
		if (page !== void 0) for (const run of periodRuns(page.times, {
			first,
			end
		}, this.#series.manifest.partition)) {
			touched.add(run.period);
			const writer = this.#writerOf(run.period) ?? (yield* this.#begin(run.period));
			this.#gaps = [...listedBy(this.#gaps, page.times.subarray(run.first, run.end))];
			const batch = page.batch.slice(run.first, run.end);
			if (datasetOf(this.#series.key).staysOpen === true) this.#open.push(...openOrdersIn(batch));
			await writer.open.append(batch);
			this.#tally.received += run.end - run.first;
		}
		for (const writer of [...this.#writers]) {
			if (!this.#isPassed(writer, touched)) break;
			yield* this.#commit(writer);
		}
	}
	/** Commits what arrived so far, also the part of a partition. */
	async *finish() {
		for (const writer of [...this.#writers]) yield* this.#commit(writer);
		yield* this.#coverEmpty(this.#reached);
		await this.#series.flush();
	}
	/** Drops the partitions that are being written; what was committed stays. */
	async abort() {
		for (const { open } of this.#writers.splice(0)) await open.abort();
	}
	/** Takes back what was not committed, as if it had not come. */
	async rewind() {
		await this.abort();
		this.#reached = this.#stored;
		this.#archives = {};
		this.#gaps = this.#gaps.filter(({ to }) => to <= this.#stored);
	}
	#writerOf(period) {
		return this.#writers.find((writer) => writer.period === period);
	}
	/** Is the walk past a partition, so that no more rows of it are to be expected? */
	#isPassed({ period, end }, touched) {
		if (this.#reached < end) return false;
		const { key, time } = datasetOf(this.#series.key);
		if (touched.size === 0 || key === time) return true;
		return !touched.has(period) && this.#reached >= end + 10000000n;
	}
	/** Opens a partition. */
	async *#begin(period) {
		const [oldest] = this.#writers;
		if (oldest !== void 0 && this.#writers.length === WRITERS_MAX) yield* this.#commit(oldest);
		const { from, to: end } = periodWindow(period);
		const writer = {
			period,
			end,
			open: await this.#series.begin(period, latest(from, this.#stored), this.#source)
		};
		this.#writers.push(writer);
		this.#writers.sort((a, b) => a.period < b.period ? -1 : 1);
		return writer;
	}
	/** Records that nothing came for the time up to `to`, before any partition that is being written. */
	async *#coverEmpty(to) {
		const left = {
			from: this.#stored,
			to
		};
		const periods = to <= this.#stored ? [] : periodsStoredIn(this.#series.manifest, left);
		for (const period of periods) {
			const window = periodWindow(period);
			this.#coverNothing(window.from);
			const open = await this.#series.begin(period, this.#stored);
			try {
				yield* this.#publish({
					period,
					end: window.to,
					open
				}, earliest(window.to, to));
			} finally {
				await open.abort();
			}
		}
		this.#coverNothing(to);
	}
	#coverNothing(to) {
		if (to <= this.#stored) return;
		this.#series.coverEmpty(this.#answered({
			from: this.#stored,
			to
		}));
		this.#stored = to;
	}
	/** Commits a partition as far as it came, after recording what was empty before it. */
	async *#commit(writer) {
		const { period, end, open } = writer;
		const window = periodWindow(period);
		yield* this.#coverEmpty(earliest(window.from, this.#reached));
		const to = earliest(end, this.#reached);
		if (this.#stored < to) yield* this.#publish(writer, to);
		else if (clip(this.#series.manifest.coverage, window).length > 0) yield* this.#report(await this.#series.amend(period, open, this.#originUntil(end)));
		else await open.abort();
		this.#writers.splice(this.#writers.indexOf(writer), 1);
	}
	async *#publish({ period, end, open }, to) {
		const commit = {
			...this.#answered({
				from: this.#stored,
				to
			}),
			...this.#originUntil(end)
		};
		const committed = await this.#series.commit(period, open, commit);
		this.#stored = to;
		this.#gaps = this.#gaps.filter((gap) => gap.to > to);
		this.#archives = Object.fromEntries(Object.entries(this.#archives).filter(([, entry]) => periodWindow(entry.period).to > end));
		yield* this.#report(committed);
	}
	/** Where the rows of a partition that ends at `end` came from. */
	#originUntil(end) {
		const archives = Object.fromEntries(Object.entries(this.#archives).filter(([, entry]) => periodWindow(entry.period).from < end));
		return {
			source: this.#source,
			archives
		};
	}
	*#report({ path, period, entry, added, revisions, isChanged }) {
		if (!isChanged) return;
		this.#tally.rows += added;
		this.#tally.files.set(path, entry.bytes);
		this.#tally.revisions += revisions;
		const { rows, bytes } = entry;
		yield {
			kind: "committed",
			key: this.#series.key,
			period,
			path,
			rows,
			bytes,
			revisions
		};
	}
	#answered(window) {
		const gaps = this.#gaps.flatMap((gap) => clip([gap], window).map((part) => ({
			...part,
			reason: gap.reason
		})));
		const open = clip(union(this.#open), window);
		const { key } = this.#series;
		return {
			window,
			gaps,
			fresh: union([...freshPart(key, window, this.#now), ...lastSlots(key, gaps)], open)
		};
	}
};
// src/walk/seam.ts
/**
* The seam between two sources, in one run or across runs. Where one source continues after the other, the newest rows
* before that point are read from both: REST needs one request, a file has them anyway (`archive/seam.ts`). Equal rows
* prove that both sources agree; what differs is a revision.
*/
/** Trades that are compared: as many as one request returns. */
const SEAM_TRADES = 1e3;
/** Where coverage ends with rows of this source, as far as partitions show. */
function seamsAfter({ coverage, partitions }, source) {
	const periods = [...partitions].filter(([, { sources }]) => sources.includes(source)).map(([period]) => periodWindow(period));
	const ends = new Set(intersect(coverage, union(periods)).map(({ to }) => to));
	return coverage.filter(({ to }) => ends.has(to));
}
/** How many rows of a series are compared. */
function seamRows({ interval }) {
	return interval === void 0 ? SEAM_TRADES : 1;
}
/** The newest stored rows before `from`, if coverage ends in its millisecond with rows of `source`. */
async function rowsBefore(series, from, source) {
	const stretch = seamsAfter(series.manifest, source).find(({ to }) => from <= to && to < from + 1000n);
	if (stretch === void 0) return void 0;
	const stored = await series.newestRows(stretch, seamRows(series.key));
	return stored.length === 0 ? void 0 : pageOf$1(datasetOf(series.key), concatBatches(stored));
}
/**
* Requests stored rows again from REST.
*
* @param stored - The newest ones before `seam`, in order; not empty.
* @returns `undefined` when nothing differs.
*/
async function askSeam(key, stored, seam, ask) {
	const answer = await asked$1(ask, seamParams(key, lastKeyOf(stored)));
	return answer === void 0 ? void 0 : compareSeam(key, stored, seam, answer);
}
/**
* Compares stored rows with those of another source.
*
* @param answer - May also hold rows that are not compared: older than the stored ones, or newer.
* @returns `undefined` when nothing differs.
*/
function compareSeam(key, stored, seam, answer) {
	const first = lowerBound$1(answer.keys, stored.keys[0] ?? 0n);
	const end = lowerBound$1(answer.keys, lastKeyOf(stored) + 1n);
	if (end <= first) return void 0;
	const page = sliceRows(answer, first, end);
	const ours = sliceRows(stored, lowerBound$1(stored.keys, page.keys[0] ?? 0n), stored.rowCount);
	const dataset = datasetOf(key);
	const { duplicates } = mergeBatches(ours.batch, page.batch, { dataset });
	return duplicates === page.rowCount ? void 0 : {
		window: seamWindow(key, page, seam),
		page
	};
}
/** Stores the difference as revisions. */
async function* storeSeam(series, { window, page }, from, { now, tally }) {
	const store = new WindowStore(series, window, now, tally);
	try {
		yield* store.take({
			...from,
			page,
			first: 0,
			end: page.rowCount,
			reached: window.to
		});
		yield* store.finish();
	} finally {
		await store.abort();
	}
}
function lastKeyOf({ keys, rowCount }) {
	return keys[rowCount - 1] ?? 0n;
}
/** A failure here does not concern the archive: the next request to REST meets it again. */
async function asked$1(ask, params) {
	try {
		return await ask(params, () => void 0);
	} catch (error) {
		if (error instanceof BackfillError && !isFatal(error)) return void 0;
		throw error;
	}
}
function seamParams({ interval }, lastKey) {
	if (interval !== void 0) return {
		startTime: lastKey,
		endTime: lastKey,
		limit: 1
	};
	const fromId = lastKey - BigInt(999);
	return {
		fromId: fromId > 0n ? fromId : 0n,
		limit: SEAM_TRADES
	};
}
/**
* The time for which all rows were received: trades of the first moment may have come before the first row. Whole
* milliseconds, since one of the two sources may round to them. Never empty, or nothing could be stored, and never
* beyond the seam, where nothing was requested.
*/
function seamWindow({ interval }, { times, rowCount }, seam) {
	const first = times[0] ?? 0n;
	const last = times[rowCount - 1] ?? 0n;
	if (interval !== void 0) return {
		from: micros(first),
		to: earliest(micros(last + intervalStep(interval)), seam)
	};
	const from = earliest(micros((floorDiv(first, 1000n) + 1n) * 1000n), micros(seam - 1n));
	return {
		from,
		to: latest(earliest(micros(floorDiv(last, 1000n) * 1000n), seam), micros(from + 1n))
	};
}
// src/walk/archive/seam.ts
/**
* How a file differs from the newest rows before `part`, where REST brought these; `undefined` when nothing differs.
*
* @param part - The part of the file's time that is to be stored.
* @throws ArchiveError when the file cannot be used.
*/
async function fileSeam(series, { file, part }, rows) {
	if (part.from <= file.window.from || isSettled(series.manifest, file, part.from)) return void 0;
	const stored = await rowsBefore(series, part.from, "rest");
	if (stored === void 0) return void 0;
	const answer = await rowsLike(datasetOf(series.key), rows.pages(), stored);
	const difference = answer === void 0 ? void 0 : compareSeam(series.key, stored, part.from, answer);
	if (difference !== void 0) await rows.checkAll();
	return difference;
}
/** Has a daily file covered the time before `from`? Then a monthly one has nothing to add. */
function isSettled({ archives }, { period }, from) {
	if (archiveSpan(period) === "daily") return false;
	const last = {
		from: micros(from - 1n),
		to: from
	};
	return [...archives.values()].some((entry) => archiveSpan(entry.period) === "daily" && covers([periodWindow(entry.period)], last));
}
/** The rows of a file between the keys of `stored`. Reads no further than it must. */
async function rowsLike(dataset, pages, { keys, rowCount }) {
	const found = [];
	for await (const page of pages) {
		const first = lowerBound$1(page.keys, keys[0] ?? 0n);
		const end = lowerBound$1(page.keys, (keys[rowCount - 1] ?? 0n) + 1n);
		if (first < end) found.push(sliceRows(page, first, end).batch);
		if (end < page.rowCount) break;
	}
	return found.length === 0 ? void 0 : pageOf$1(dataset, concatBatches(found));
}
// src/walk/archive/cut.ts
/**
* The rows of a trade file that belong to a part of its time. Times may go back while ids increase, so the part is cut
* by id: from the first row not before it to the last row not after it. A row between them is kept whatever its time,
* or ids would be left out.
*/
/** Pages after the part that are kept until it is clear whether time goes back into it. */
const PAGES_KEPT = 2;
/** Cuts the pages of one file, which come in order. */
var PartCut = class {
	/** Rows of the file that belong to the time after it, in order. */
	late = [];
	#options;
	/** `undefined` where the part begins, or ends, with the file: then rows beyond belong to this file. */
	#from;
	#to;
	#reached;
	#isBegun = false;
	#beyond = [];
	#isBeyondKept = true;
	#isPassed = false;
	constructor(options) {
		const { window, part } = options;
		this.#options = options;
		this.#from = window.from < part.from ? part.from : void 0;
		this.#to = part.to < window.to ? part.to : void 0;
		this.#reached = part.from;
	}
	/** Up to where rows of the part came. */
	get reached() {
		return this.#reached;
	}
	/** Does the file have rows after the part? Then it has the whole part. */
	get isPassed() {
		return this.#isPassed;
	}
	/**
	* The rows of the next page that belong to the part, preceded by kept rows that turned out to belong to it.
	*
	* @throws ArchiveError `disorder` when time goes back farther than rows were kept.
	*/
	take(page) {
		const first = this.#firstIn(page);
		if (first === page.rowCount) return [];
		this.#isBegun = true;
		const end = this.#endIn(page, first);
		const behind = {
			page,
			first: end,
			end: page.rowCount
		};
		this.#isPassed ||= end < page.rowCount;
		if (end === first) {
			this.#keep(behind);
			return [];
		}
		if (!this.#isBeyondKept) throw this.#disorder(page, first);
		const rows = [...this.#beyond, {
			page,
			first,
			end
		}];
		this.#beyond = [];
		if (end < page.rowCount) this.#keep(behind);
		return rows.flatMap((own) => this.#steps(own));
	}
	#firstIn({ times, rowCount }) {
		const from = this.#from;
		if (this.#isBegun || from === void 0) return 0;
		let row = 0;
		while (row < rowCount && (times[row] ?? from) < from) row++;
		return row;
	}
	#endIn({ times, rowCount }, first) {
		const to = this.#to;
		let end = rowCount;
		while (to !== void 0 && end > first && (times[end - 1] ?? to) >= to) end--;
		return end;
	}
	#keep(rows) {
		if (this.#beyond.length < PAGES_KEPT) this.#beyond.push(rows);
		else this.#isBeyondKept = false;
	}
	#disorder({ keys }, row) {
		const { path } = this.#options;
		return new ArchiveError("disorder", path, `${path}: time goes back too far, into the requested part, at id ${keys[row] ?? ""}`);
	}
	/** Rows after the file's own time are put aside: they belong to the time of the next file. */
	#steps(rows) {
		const { part, window } = this.#options;
		const times = rows.page.times.subarray(rows.first, rows.end);
		const isLate = (time) => time >= window.to;
		const last = isRising(times) ? times.at(-1) : times.find(isLate);
		if (part.to < window.to || last === void 0 || !isLate(last)) return [this.#step(rows)];
		this.late.push(...runsWhere(rows, isLate).map(pageOfRows));
		return runsWhere(rows, (time) => !isLate(time)).map((run) => this.#step(run));
	}
	#step({ page, first, end }) {
		const { to } = this.#options.part;
		const times = page.times.subarray(first, end);
		this.#reached = latest(this.#reached, newestBefore(times, to) ?? this.#reached);
		return {
			page,
			first,
			end,
			reached: this.#reached,
			gaps: []
		};
	}
};
/** The newest of some times before `to`. */
function newestBefore(times, to) {
	if (isRising(times)) {
		const newest = times[lowerBound$1(times, to) - 1];
		return newest === void 0 ? void 0 : micros(newest);
	}
	let newest;
	for (const time of times) if (time < to && (newest === void 0 || time > newest)) newest = time;
	return newest === void 0 ? void 0 : micros(newest);
}
/** The rows whose time matches, as runs of consecutive rows. */
function runsWhere({ page, first, end }, isLike) {
	const runs = [];
	for (let row = first; row < end; row++) {
		const from = row;
		while (row < end && isLike(page.times[row] ?? 0n)) row++;
		if (from < row) runs.push({
			page,
			first: from,
			end: row
		});
	}
	return runs;
}
/** Some rows of a page as a page of their own. */
function pageOfRows({ page, first, end }) {
	return sliceRows(page, first, end);
}
// src/walk/archive/file-ends.ts
/** What the lake knows about the time next to the ends of a trade file. Pure. */
/**
* How far, in microseconds, times are assumed to go back at most while ids increase. So this is how near to an end of a
* file missing ids have to be for its neighbour to have them: as far as rows may lie outside of a file.
*/
const NEAR = 3600000000n;
/** Is all of `window` either covered or on record as unconfirmed: empty by one source, waiting for a second one? */
function isUnconfirmed(known, window) {
	return covers(union(known.coverage, unconfirmedIn(known)), window);
}
/** Did another source end with the same row before, with nothing else known about the time after it? */
function isAgreedEnd(known, period, { id, reached, to }) {
	return isFromOtherSource(known, period, reached) && isUnconfirmed(known, {
		from: reached,
		to
	}) && entryAt(known, reached)?.lastKey === String(id);
}
/** Did another source begin with the same row before, with nothing else known about the time before it? */
function isAgreedHead(known, period, { id, from, time }) {
	return isFromOtherSource(known, period, time) && (time <= from || isUnconfirmed(known, {
		from,
		to: time
	})) && entryAt(known, time)?.firstKey === String(id);
}
/** Does what is known at this moment come from other sources than the file of this period? */
function isFromOtherSource({ key, archives }, period, time) {
	if (!archives.has(archivePath(key, period))) return true;
	const day = periodOf$1(time, "day");
	return period !== day && archives.has(archivePath(key, day));
}
function entryAt({ partitions, partition }, time) {
	return partitions.get(periodOf$1(time, partition));
}
/**
* The partition of this moment, if it has all ids from its first to its last. Its proof does not show this: that covers
* only covered time, and rows of other time are stored too.
*/
function runAt(known, time) {
	const entry = entryAt(known, time);
	if (entry === void 0 || leftOutOf([entry]) > 0n) return void 0;
	return {
		period: periodWindow(periodOf$1(time, known.partition)),
		first: BigInt(entry.firstKey),
		last: BigInt(entry.lastKey)
	};
}
/** Is the time covered from right after the end of a file up to and including the end of its part? */
function isHeldEnd({ coverage }, { reached, to }) {
	return covers(coverage, {
		from: micros(reached + 1n),
		to: micros(to + 1n)
	});
}
/** Is the time covered from right before the part of a file to its first row? */
function isHeldHead({ coverage }, { from, time }) {
	return from <= time && covers(coverage, {
		from: micros(from - 1n),
		to: time
	});
}
/** Does the lake hold rows before the row `id`, and is the time up to `from` covered or unconfirmed? */
function isKnownBefore(known, from, id) {
	return [...known.partitions].some(([period, { firstKey }]) => periodWindow(period).from < from && BigInt(firstKey) < id) && isUnconfirmed(known, {
		from: micros(from - 1n),
		to: from
	});
}
/** Does the lake hold rows after the row `id`, and is the time from `to` on covered or unconfirmed? */
function isKnownAfter(known, to, id) {
	return [...known.partitions].some(([period, { lastKey }]) => periodWindow(period).to > to && BigInt(lastKey) > id) && isUnconfirmed(known, {
		from: to,
		to: micros(to + 1n)
	});
}
/** The gaps in `window` that are missing and not just unconfirmed: ids that join next to them do not close them. */
function openGaps({ gaps }, window) {
	if (window.to <= window.from) return [];
	return clipGaps(gaps, window).filter((gap) => !isKnown(gap) && gap.reason !== "unconfirmed");
}
/** The gap after the end of a file: a later id may have an earlier time than its last or its newest row. */
function gapsAfter({ time, reached, to }, reason) {
	const from = micros(earliest(time, reached) - DISORDER);
	return reason === void 0 ? [] : [{
		from,
		to,
		reason
	}];
}
// src/walk/archive/id-set.ts
/** Most ranges kept; of a file with more holes only the last ones are known. */
const RANGES_MAX = 1e4;
/** A set of ids that are added in increasing order. */
var IdSet = class {
	#ranges = [];
	/** Adds ids, which increase and are above all that were added before. */
	take(ids) {
		const [first, last] = [ids[0], ids[ids.length - 1]];
		if (first === void 0 || last === void 0) return;
		if (last - first === BigInt(ids.length - 1)) this.#add(first, last);
		else for (const id of ids) this.#add(id, id);
	}
	/** Are all ids of a range in the set? */
	has({ first, last }) {
		return this.#ranges.some((range) => range.first <= first && last <= range.last);
	}
	#add(first, last) {
		const end = this.#ranges.at(-1);
		if (end?.last === first - 1n) end.last = last;
		else this.#ranges.push({
			first,
			last
		});
		if (this.#ranges.length > 2 * RANGES_MAX) this.#ranges = this.#ranges.slice(-1e4);
	}
};
// src/walk/archive/neighbour-file.ts
/**
* The neighbour files of a stretch of trades: those of the day before it and the day after. Their ids show whether the
* trades between are complete, and some of their rows may belong to the stretch by time.
*/
/**
* The file of the day that begins at `to`; `undefined` when there is none, or it cannot be used. It is read until times
* can no longer go back before `to`.
*/
function fileAfter(run, to) {
	return lookInto$1(run, {
		from: to,
		to: micros(to + 1n)
	}, async (rows, window) => {
		const [ids, all, strays] = [
			new IdSet(),
			new IdSet(),
			[]
		];
		let id;
		let far;
		for await (const page of rows.pages()) {
			id ??= page.keys[0];
			strays.push(...rowsWhere(page, (time) => time < window.from));
			for (const own of rowsWhere(page, (time) => time >= window.from)) ids.take(own.keys);
			all.take(page.keys);
			far = page.keys[page.times.findIndex((time) => time >= window.from + NEAR)];
			if (far !== void 0) break;
		}
		if (strays.length > 0) await rows.checkAll();
		const isJoinedTo = (end) => id !== void 0 && id <= end + 1n && hasAll$1(all, far, (last) => ({
			first: end + 1n,
			last
		}));
		return id === void 0 ? void 0 : {
			id,
			ids,
			strays,
			isJoinedTo
		};
	});
}
/** The file of the day that ends at `from`; `undefined` when there is none, or it cannot be used. */
function fileBefore(run, from) {
	return lookInto$1(run, {
		from: micros(from - 1n),
		to: from
	}, async (rows, window) => {
		const [ids, all, strays] = [
			new IdSet(),
			new IdSet(),
			[]
		];
		let id;
		let far;
		for await (const page of rows.pages()) {
			id = page.keys[page.rowCount - 1];
			strays.push(...rowsWhere(page, (time) => time >= window.to));
			for (const own of rowsWhere(page, (time) => time < window.to)) ids.take(own.keys);
			all.take(page.keys);
			const isFirst = far === void 0 && page.keys[0] === 0n;
			far = page.keys[page.times.findLastIndex((time) => time < window.to - 3600000000n)] ?? far;
			if (isFirst) far ??= 0n;
		}
		const isJoinedTo = (begin) => id !== void 0 && id >= begin - 1n && hasAll$1(all, far, (first) => ({
			first,
			last: begin - 1n
		}));
		return id === void 0 ? void 0 : {
			id,
			ids,
			strays,
			isJoinedTo
		};
	});
}
async function lookInto$1({ plan: { key, settings }, session, now, signal }, moment, look) {
	const [file] = await session.dailyFilesOf(key, moment, now);
	if (file === void 0 || file.window.from < moment.from && moment.to < file.window.to) return void 0;
	try {
		const archive = await session.open(key, file.period, signal);
		if (archive === void 0) return void 0;
		try {
			return await look(new ArchiveRows(key, settings.numbers, file, archive), file.window);
		} finally {
			await archive.close();
		}
	} catch (error) {
		if (error instanceof ArchiveError) return void 0;
		throw error;
	}
}
/** Does the set have all ids up to a row far beyond the end? Without such a row nothing is proven. */
function hasAll$1(ids, far, upTo) {
	if (far === void 0) return false;
	const range = upTo(far);
	return range.last < range.first || ids.has(range);
}
function rowsWhere(page, isLike) {
	return runsWhere({
		page,
		first: 0,
		end: page.rowCount
	}, isLike).map(pageOfRows);
}
// src/walk/archive/ends.ts
/**
* Is a file of trades complete at its ends? Ids are contiguous, so the rows before the first and after the last one
* show it: when they lie outside the file's time, nothing is missing. The file itself cannot prove this. REST is asked
* for these rows, and where it no longer has them, another source has to confirm.
*/
/** Rows next to an end that are checked, since times may go back while ids increase: as many as one request returns. */
const ROWS_NEAR_END = 1e3;
/** Most pages checked after an end. */
const PAGES_MAX = 10;
/** Checks the ends of files against REST. */
var EndCheck = class {
	#ask;
	/** @param ask - Requests pages of the series from REST; `undefined` where REST may not be used. */
	constructor(ask) {
		this.#ask = ask;
	}
	/** Do rows before `to` follow the row `id`? Reads on until times no longer go back that far. */
	async afterEnd(id, to) {
		let next = id + 1n;
		for (let count = 0; count < PAGES_MAX; count++) {
			const page = await this.#rowsFrom(next);
			if (page === void 0 || !isContiguous(page, next)) return "unknown";
			if (page.times.some((time) => time < to)) return "torn";
			if ((page.times.at(-1) ?? to) >= to + 10000000n) return "whole";
			next += BigInt(page.rowCount);
		}
		return "unknown";
	}
	/** Do rows after `from` precede the row `id`? */
	async beforeHead(id, from) {
		let next = id > ROWS_NEAR_END ? id - BigInt(ROWS_NEAR_END) : 0n;
		for (;;) {
			const page = await this.#rowsFrom(next);
			const end = page === void 0 ? 0 : lowerBound$1(page.keys, id);
			const last = page?.keys[end - 1];
			if (page === void 0 || last === void 0 || last < next) return "unknown";
			if (page.times.subarray(0, end).some((time) => time >= from)) return "torn";
			if (last === id - 1n) return "whole";
			next = last + 1n;
		}
	}
	/** Do rows with all of these ids exist, all with matching times? */
	async hasBeyond({ first, last }, isBeyond) {
		const count = Number(last - first) + 1;
		if (count > ROWS_NEAR_END) return false;
		const page = await this.#rowsFrom(first);
		return page?.keys[count - 1] === last && page.times.subarray(0, count).every(isBeyond);
	}
	/** Rows from this id on, as many as one request returns; `undefined` when there are none or REST does not answer. */
	async #rowsFrom(fromId) {
		try {
			const page = await this.#ask?.({
				fromId,
				limit: ROWS_NEAR_END
			}, () => void 0);
			return page?.rowCount === 0 ? void 0 : page;
		} catch (error) {
			if (error instanceof BackfillError && !isFatal(error)) return void 0;
			throw error;
		}
	}
};
/** Does the page have every id from this one to its last? */
function isContiguous({ keys, rowCount }, first) {
	return keys[0] === first && keys[rowCount - 1] === first + BigInt(rowCount - 1);
}
/** The row at `row` of a page. */
function tradeRow({ keys, times }, row) {
	return {
		id: keys[row] ?? 0n,
		time: micros(times[row] ?? 0n)
	};
}
// src/walk/archive/joints.ts
/**
* Looks up ids that a trade file lacks near its ends: in the lake, over REST, or in the neighbour file. Rows beyond the
* file's time are not missing from it.
*/
/** Times may go back while ids increase: how many ids next to an end are looked up in the lake. */
const STEPS_MAX = 100n;
/** Looks ids up. */
var Joints = class {
	endCheck;
	#run;
	constructor(run) {
		this.#run = run;
		this.endCheck = new EndCheck(run.ask);
	}
	/**
	* The time of the first stored row beyond an end, going from id to id. One such row proves nothing: a row of this
	* side may have an id beyond it. So all ids have to be stored up to one from which times cannot go back; otherwise
	* `undefined`.
	*/
	async stored(id, { by, isThere, edgeOf }) {
		const { series } = this.#run;
		let there;
		let at = id;
		for (let step = 1n; step <= STEPS_MAX; step++) {
			at += by;
			if (at < 0n) return there;
			const time = await series.timeOfId(at);
			if (time === void 0) return void 0;
			if (isThere(time)) there ??= time;
			if (there === void 0) continue;
			const edge = edgeOf(there);
			if (by > 0n ? time >= edge + 3600000000n : time < edge - 3600000000n) return there;
			const run = runAt(series.manifest, time);
			if (run === void 0) continue;
			if (await this.#isFar(run.period, by, edge)) return there;
			at = by > 0n ? run.last : run.first;
		}
	}
	/** Does this period hold stored rows far enough beyond an edge? */
	async #isFar({ from, to }, by, edge) {
		const far = by > 0n ? {
			from: latest(from, micros(edge + NEAR)),
			to
		} : {
			from,
			to: earliest(to, micros(edge - NEAR))
		};
		return far.from < far.to && (await this.#run.series.newestRows(far, 1)).length > 0;
	}
	/**
	* The jumps whose ids no source has.
	*
	* @param isBeyond - Is this time beyond the file's own?
	* @param neighbour - Opens the neighbour file.
	*/
	async leftOpen(jumps, isBeyond, neighbour) {
		const open = [];
		for (const jump of jumps) {
			if (await this.#isStored(jump.ids)) continue;
			if (await this.endCheck.hasBeyond(jump.ids, isBeyond)) continue;
			if ((await neighbour())?.ids.has(jump.ids) !== true) open.push(jump);
		}
		return open;
	}
	async #isStored({ first, last }) {
		if (last - first >= STEPS_MAX) return false;
		for (let id = first; id <= last; id++) if (await this.#run.series.timeOfId(id) === void 0) return false;
		return true;
	}
};
// src/walk/archive/late-rows.ts
/** Late rows, in order, that wait for their place. */
var LateRows = class {
	#key;
	#rows;
	constructor(key, pages) {
		this.#key = key;
		this.#rows = joined$1(key, pages);
	}
	/** The rows that are left. */
	take() {
		const rows = this.#rows;
		this.#rows = void 0;
		return rows;
	}
	/** `page` with the late rows before its end; a row that both have is one. */
	mergedInto(page) {
		const rows = this.#rows;
		if (rows === void 0) return page;
		const end = lowerBound$1(rows.keys, (page.keys[page.rowCount - 1] ?? 0n) + 1n);
		if (end === 0) return page;
		this.#rows = end === rows.rowCount ? void 0 : sliceRows(rows, end, rows.rowCount);
		const dataset = datasetOf(this.#key);
		return pageOf$1(dataset, mergeBatches(sliceRows(rows, 0, end).batch, page.batch, { dataset }).batch);
	}
};
/**
* `page` without the rows before `from` that the file before already had.
*
* @param lastId - The last id of that file; `undefined` when there was none.
*/
function withoutRepeated(key, page, { lastId, from }) {
	if (lastId === void 0 || (page.keys[0] ?? 0n) > lastId) return page;
	const begin = lowerBound$1(page.keys, lastId + 1n);
	return joined$1(key, [...runsWhere({
		page,
		first: 0,
		end: begin
	}, (time) => time >= from), {
		page,
		first: begin,
		end: page.rowCount
	}].map(pageOfRows)) ?? page;
}
/** Pages as one; `undefined` when there is none. */
function joined$1(key, pages) {
	const some = pages.filter(({ rowCount }) => rowCount > 0);
	if (some.length < 2) return some[0] ?? pages[0];
	return pageOf$1(datasetOf(key), concatBatches(some.map(({ batch }) => batch)));
}
// src/walk/archive/file-joint.ts
/** The ends of the files of one window. */
var FileJoint = class {
	#run;
	#window;
	#joints;
	constructor(run, window) {
		this.#run = run;
		this.#window = window;
		this.#joints = new Joints(run);
	}
	/** What is known about the end of the last file, which no other one follows. */
	async *end(tail) {
		const { to } = tail;
		const { series, plan } = this.#run;
		const reachedBy = (next) => latest(to, earliest(this.#window.to, micros(next + DISORDER)));
		const next = await this.#joints.stored(tail.id, {
			by: 1n,
			isThere: (time) => time >= to,
			edgeOf: reachedBy
		});
		const neighbour = once$1(() => fileAfter(this.#run, latest(this.#window.to, tail.fileTo)));
		const open = await this.#joints.leftOpen(tail.open, (time) => time >= to, neighbour);
		const late = joined$1(plan.key, tail.late);
		if (late !== void 0) yield strays(late, tail.reached);
		if (next !== void 0) {
			const reached = reachedBy(next);
			yield closing(reached, [...openGaps(series.manifest, {
				from: to,
				to: reached
			}), ...gapsOf(open)]);
			return;
		}
		const verdict = tail.isHeld ? "whole" : await this.#joints.endCheck.afterEnd(tail.id, to);
		if (verdict === "unknown") yield* this.#endAtNeighbour(tail, await neighbour(), gapsOf(open));
		else yield closing(to, [...gapsAfter(tail, gapReasonOf(verdict)), ...gapsOf(open)]);
	}
	async *#endAtNeighbour(tail, neighbour, gaps) {
		const { id, to, reached, isAgreed } = tail;
		if (neighbour?.isJoinedTo(id) === true) {
			for (const page of neighbour.strays.flatMap((one) => after(one, id))) yield strays(page, reached);
			yield closing(this.#window.to, gaps);
			return;
		}
		yield closing(to, [...gapsAfter(tail, gapReasonOf(neighbour !== void 0 && neighbour.id > id + 1n && this.#window.to === to || isKnownAfter(this.#run.series.manifest, to, id) ? "torn" : isAgreed ? "whole" : "unknown")), ...gaps]);
	}
	/** What the first rows of a file show about the one before it, and what is missing before them. */
	async *between(tail, open, head) {
		const { part } = open;
		if (tail === void 0) return yield* this.#begin(open, head, false);
		const ended = tail.open.filter(({ ids }) => !hasAll(head.page, ids, part.from));
		const begun = head.open.filter(({ ids }) => !tail.ids.has(ids));
		if ((head.page.keys[0] ?? 0n) <= tail.id + 1n) {
			yield closing(part.from, gapsOf(ended));
			return {
				gaps: [],
				open: begun
			};
		}
		const isTorn = tail.to === part.from;
		const verdict = await this.#joints.endCheck.afterEnd(tail.id, tail.to);
		const guess = isTorn ? "torn" : tail.isAgreed ? "whole" : "unknown";
		const reason = gapReasonOf(verdict === "unknown" ? guess : verdict);
		yield closing(tail.to, [...gapsAfter(tail, reason), ...gapsOf(ended)]);
		return yield* this.#begin(open, {
			...head,
			open: begun
		}, isTorn);
	}
	async *#begin(open, head, isTorn) {
		const { file, part } = open;
		const isInside = file.window.from < part.from;
		const edge = isInside ? file.window.from : this.#window.from;
		const neighbour = once$1(() => fileBefore(this.#run, edge));
		const left = await this.#joints.leftOpen(head.open, (time) => time < part.from, neighbour);
		const first = tradeRow(head.page, 0);
		const nearTo = micros(file.window.from + NEAR);
		const isBegun = isInside && first.time < part.from;
		const reason = isBegun && part.from >= nearTo ? void 0 : yield* this.#reasonBefore(open, head, {
			isTorn,
			neighbour
		});
		if (reason === void 0) return {
			gaps: [],
			open: left
		};
		const near = micros((head.page.times.find((one) => one >= part.from) ?? part.from) + DISORDER);
		const to = isBegun ? latest(nearTo, near) : near;
		return {
			gaps: [{
				from: part.from,
				to: earliest(to, part.to),
				reason
			}],
			open: left
		};
	}
	/** Why rows may be missing between the beginning of a part and its first row; `undefined` when none are. */
	async *#reasonBefore({ file: { period, window }, part: { from } }, { page }, { isTorn, neighbour: open }) {
		const { id, time } = tradeRow(page, 0);
		const { series } = this.#run;
		const known = series.manifest;
		if (id === 0n) return void 0;
		if (window.from < from && isHeldHead(known, {
			from,
			time
		})) {
			if (await series.timeOfId(id) !== void 0) return void 0;
		}
		const before = await this.#joints.stored(id, {
			by: -1n,
			isThere: (one) => one < from,
			edgeOf: (there) => latest(this.#window.from, there)
		});
		if (before !== void 0) {
			const since = micros(before - DISORDER);
			yield {
				...closing(from, openGaps(known, {
					from: since,
					to: from
				})),
				since
			};
			return void 0;
		}
		const verdict = await this.#joints.endCheck.beforeHead(id, from);
		if (verdict !== "unknown") return gapReasonOf(verdict);
		if (isTorn) return "not-published";
		const neighbour = await open();
		if (neighbour?.isJoinedTo(id) === true) {
			const since = this.#window.from;
			for (const rows of neighbour.strays.flatMap((one) => upTo(one, id))) yield {
				...strays(rows, since),
				since
			};
			yield closing(from);
			return void 0;
		}
		if (neighbour !== void 0 && neighbour.id < id - 1n && from === this.#window.from || isKnownBefore(known, from, id)) return "not-published";
		return isAgreedHead(known, period, {
			id,
			from,
			time
		}) ? void 0 : "unconfirmed";
	}
};
/** The gaps of jumps. */
function gapsOf(jumps) {
	return jumps.map(({ gap }) => gap);
}
function gapReasonOf(verdict) {
	if (verdict === "whole") return void 0;
	return verdict === "torn" ? "not-published" : "unconfirmed";
}
function once$1(make) {
	let made;
	return () => made ??= make();
}
/** Does a page have rows with all of these ids, all at or after `from`? */
function hasAll(page, { first, last }, from) {
	const [begin, end] = [lowerBound$1(page.keys, first), lowerBound$1(page.keys, last + 1n)];
	return BigInt(end - begin) === last - first + 1n && page.times.subarray(begin, end).every((time) => time >= from);
}
/** The rows of a page before this id. */
function upTo(page, id) {
	const end = lowerBound$1(page.keys, id);
	return end === 0 ? [] : [sliceRows(page, 0, end)];
}
/** The rows of a page after this id. */
function after(page, id) {
	const first = lowerBound$1(page.keys, id + 1n);
	return first === page.rowCount ? [] : [sliceRows(page, first, page.rowCount)];
}
// src/walk/archive/trade-files.ts
/** The files of one window. */
var TradeFiles = class {
	#run;
	#joint;
	#tail;
	constructor(run, window) {
		this.#run = run;
		this.#joint = new FileJoint(run, window);
	}
	/** The rows of one file, as it is read; before them, what is now known about the end of the file before it. */
	async *steps(open, rows) {
		const { file, part, archive } = open;
		const { plan, series } = this.#run;
		const known = series.manifest;
		if (periodOf$1(file.window.from, known.partition) !== file.period) await rows.checkAll();
		const own = {
			...sourceOf(open),
			isOwn: true,
			since: part.from
		};
		const before = this.#tail;
		this.#tail = void 0;
		const late = new LateRows(plan.key, before?.late ?? []);
		const cut = new PartCut({
			path: archive.path,
			window: file.window,
			part
		});
		const ids = new IdSet();
		const ending = [];
		let last;
		for await (const sent of rows.pages()) {
			if (last === void 0 && sent.times.some((time) => time < file.window.from)) await rows.checkAll();
			const lastId = last === void 0 ? before?.id : void 0;
			const page = late.mergedInto(withoutRepeated(plan.key, sent, {
				lastId,
				from: file.window.from
			}));
			if (page.rowCount === 0) continue;
			let jumps = idJumps(page, last);
			let gaps = [];
			if (last === void 0) {
				const [near, others] = split(jumps, ({ gap }) => isNearHead(open, gap));
				const headGaps = yield* this.#joint.between(before, open, {
					page,
					open: near
				});
				gaps = [...headGaps.gaps];
				jumps = [...headGaps.open, ...others];
			}
			const [near, others] = split(jumps, ({ gap }) => isNearEnd(open, gap));
			ending.push(...near);
			gaps.push(...gapsOf(others));
			gaps = gaps.filter(({ from, to }) => from < part.to && to > part.from);
			ids.take(page.keys);
			last = tradeRow(page, page.rowCount - 1);
			for (const step of cut.take(page)) yield {
				...own,
				...step,
				gaps: gaps.splice(0)
			};
			if (gaps.length > 0) yield {
				...own,
				...emptyStep(cut.reached, gaps)
			};
		}
		const left = late.take();
		if (left !== void 0) yield {
			...strays(left, cut.reached),
			isOwn: true
		};
		if (last === void 0) this.#tail = before;
		else if (cut.isPassed && part.to + 3600000000n <= file.window.to) yield {
			...own,
			...emptyStep(part.to, gapsOf(ending))
		};
		else {
			const end = {
				...last,
				reached: cut.reached,
				to: part.to,
				fileTo: file.window.to
			};
			const isHeld = isHeldEnd(known, end) && await series.timeOfId(end.id) !== void 0;
			const isAgreed = isAgreedEnd(known, file.period, end);
			this.#tail = {
				...end,
				isHeld,
				isAgreed,
				ids,
				open: ending,
				late: cut.late
			};
		}
	}
	/** What is known about the end of the last file. */
	async *end() {
		const tail = this.#tail;
		this.#tail = void 0;
		if (tail !== void 0) yield* this.#joint.end(tail);
	}
};
/** May the file before have what is missing here? */
function isNearHead({ file: { window } }, { from }) {
	return from < window.from + NEAR;
}
/** May the next file have what is missing here? */
function isNearEnd({ file: { window } }, { to }) {
	return to > window.to - NEAR;
}
/** Splits items by a condition. */
function split(items, isSo) {
	return [items.filter(isSo), items.filter((item) => !isSo(item))];
}
// src/walk/archive/store-files.ts
/** Stores files of one window, oldest first. End with `finish`; `abort` in any case. */
var ArchiveStore = class {
	#run;
	#window;
	#trades;
	#agreed;
	#unconfirmed;
	#taken = {};
	#store;
	/** @param agreed - Holes between klines that other files of this time have too. */
	constructor(run, window, agreed = []) {
		this.#run = run;
		this.#agreed = agreed;
		this.#unconfirmed = unconfirmedIn(run.series.manifest);
		this.#window = window;
		this.#trades = new TradeFiles(run, window);
		this.#store = this.#storeOf(window);
	}
	/** The files that could be used. */
	get taken() {
		return this.#taken;
	}
	/** Stores one file. Returns why it could not be used; then nothing of it is stored. */
	async *file(file, archive) {
		const { plan } = this.#run;
		const open = {
			file,
			archive,
			part: this.#partOf(file)
		};
		const rows = new ArchiveRows(plan.key, plan.settings.numbers, file, archive);
		let isBegun = false;
		try {
			yield* this.#seam(open, rows);
			const steps = plan.key.interval === void 0 ? this.#trades.steps(open, rows) : this.#klines(open, rows);
			for await (const step of steps) {
				this.#run.signal.throwIfAborted();
				isBegun ||= step.isOwn;
				yield* this.#take(step);
			}
			this.#run.session.unknown.warn(plan.key.dataset, rows.unknownFields);
			yield* this.#disorder(rows);
			if (rows.anomaly !== void 0) yield {
				kind: "warning",
				key: plan.key,
				message: rows.anomaly
			};
			Object.assign(this.#taken, sourceOf(open).archives);
			return void 0;
		} catch (error) {
			if (!(error instanceof ArchiveError)) throw error;
			if (isBegun) await this.#store.rewind();
			return error;
		}
	}
	/** Commits what is whole. */
	async *finish() {
		for await (const step of this.#trades.end()) yield* this.#take(step);
		yield* this.#store.finish();
	}
	async abort() {
		await this.#store.abort();
	}
	/** Stores where the file differs from what REST brought before its part. */
	async *#seam(open, rows) {
		const { plan, series } = this.#run;
		const difference = await fileSeam(series, open, rows);
		if (difference === void 0) return;
		const gaps = (plan.key.interval === void 0 ? idJumps(difference.page, void 0) : []).map(({ gap }) => gap);
		yield* storeSeam(series, difference, {
			...sourceOf(open),
			gaps
		}, this.#run);
	}
	#partOf({ window }) {
		return {
			from: latest(window.from, this.#window.from),
			to: earliest(window.to, this.#window.to)
		};
	}
	#storeOf(window) {
		const { series, now, tally } = this.#run;
		return new WindowStore(series, window, now, tally);
	}
	/** Warns once: where times go back in one file, they do in others. */
	*#disorder({ disorder }) {
		const { plan, warned } = this.#run;
		if (disorder === void 0 || plan.key.interval !== void 0 || warned.has("disorder")) return;
		warned.add("disorder");
		yield {
			kind: "warning",
			key: plan.key,
			message: disorder
		};
	}
	async *#take(step) {
		const { since } = step;
		if (since !== void 0 && this.#store.reached < since) yield* this.#moveTo(since);
		yield* this.#store.take(step);
	}
	/** Leaves the time before `from` missing. */
	async *#moveTo(from) {
		yield* this.#store.finish();
		this.#store = this.#storeOf({
			from,
			to: this.#window.to
		});
	}
	/** A file of klines: small enough to be read whole before any of it is stored. */
	async *#klines(open, rows) {
		const { plan, series, ask } = this.#run;
		const pages = [];
		for await (const page of rows.pages()) pages.push(page);
		const gaps = klineGaps(plan.key, pages, {
			part: open.part,
			file: open.file.window
		}, {
			gaps: series.manifest.gaps,
			hasRowsBefore: this.#store.hasRows || hasRowsBefore(series.manifest, open.part.from),
			isOtherLeft: ask !== void 0 || await this.#hasDaily(open.file),
			holes: this.#agreed,
			unconfirmed: this.#unconfirmed,
			now: this.#run.now
		});
		this.#run.holes.push(...gaps.filter(({ to }) => to < open.part.to));
		this.#run.lacking.push(...gaps);
		const [first, last] = [pages[0]?.keys[0], pages.at(-1)?.keys.at(-1)];
		if (first !== void 0 && last !== void 0) this.#run.between.push(...gaps.filter(({ from, to }) => first < from && to <= last));
		const steps = [...pages.map((page) => within(page, open.part)), emptyStep(open.part.to)];
		const own = {
			...sourceOf(open),
			isOwn: true,
			since: open.part.from
		};
		for (const [index, step] of steps.entries()) yield {
			...own,
			...index === 0 ? {
				...step,
				gaps
			} : step
		};
	}
	async #hasDaily({ period, window }) {
		const { plan, session, now } = this.#run;
		if (period.length !== 7) return false;
		return (await session.dailyFilesOf(plan.key, window, now)).length > 0;
	}
};
// src/walk/archive/archive.ts
/**
* A series from the public archive: file by file, oldest first. A file that cannot be used leaves its time missing;
* nothing of it is committed.
*/
/** Files downloaded ahead of the one being read. */
const DOWNLOADS_AHEAD = 3;
/** Stores the files of a task, oldest first; covers only what they prove. */
async function* storeTask(run, { files, window }) {
	const agreed = union(run.holes);
	const spent = files.filter((file) => isSpent(run, file, window));
	const others = files.filter((file) => !spent.includes(file));
	yield* storeFiles(run, window, others, agreed);
	for (const file of spent) {
		const parts = clip(left(run, window), file.window);
		for (const part of parts) yield* storeFiles(run, part, [file]);
		const open = parts.length === 0 ? [] : adjacentTo(left(run, window), file);
		for (const other of others) for (const part of clip(open, other.window)) yield* storeFiles(run, part, [other]);
	}
}
function left({ series }, window) {
	return leftToAsk([window], series.manifest.coverage);
}
/** The stretches that begin where a file ends, or end where it begins. */
function adjacentTo(stretches, { window }) {
	return stretches.filter(({ from, to }) => from === window.to || to === window.from);
}
/**
* Is this a stored file of trades that only needs its ends confirmed? The neighbouring files may do so: it is read
* again only when they do not.
*/
function isSpent({ plan: { key }, series }, file, window) {
	const { manifest } = series;
	const isStored = manifest.archives.has(archivePath(key, file.period));
	return key.interval === void 0 && isStored && isUnconfirmed(manifest, clipped$1(file.window, window));
}
/**
* Stores these files, as far as they lie in `window`.
*
* @param agreed - Holes that other files of this time have too.
* @returns the files that could be used, by their path in the archive
*/
async function* storeFiles(run, window, files, agreed = []) {
	if (files.length === 0) return {};
	const { key } = run.plan;
	const opening = new Openings(run);
	const ahead = new ReadAhead((file, signal) => opening.open(file, signal), DOWNLOADS_AHEAD, run.signal);
	const queue = [...files];
	const storing = new ArchiveStore(run, window, agreed);
	try {
		for (;;) {
			const taken = await ahead.take(() => queue.shift());
			if (taken === void 0) break;
			const { task: file, value: archive } = taken;
			const problem = archive === void 0 || archive instanceof ArchiveError ? archive : yield* storing.file(file, archive);
			await opening.close(archive);
			if (problem !== void 0) yield {
				kind: "warning",
				key,
				message: problem.message
			};
		}
		yield* storing.finish();
		return storing.taken;
	} finally {
		ahead.close();
		try {
			await storing.abort();
		} finally {
			await opening.closeAll();
		}
	}
}
/** Open files and pending downloads: all are closed when the work ends, however it ends. */
var Openings = class {
	#run;
	#pending = /* @__PURE__ */ new Set();
	#open = /* @__PURE__ */ new Set();
	constructor(run) {
		this.#run = run;
	}
	/** A file, or why it is unavailable; `undefined` when it is not published. */
	async open({ period }, signal) {
		const { plan, session } = this.#run;
		const opening = session.open(plan.key, period, signal);
		this.#pending.add(opening);
		try {
			const archive = await opening;
			if (archive !== void 0) this.#open.add(archive);
			return archive;
		} catch (error) {
			if (error instanceof ArchiveError) return error;
			throw error;
		} finally {
			this.#pending.delete(opening);
		}
	}
	async close(archive) {
		if (archive === void 0 || archive instanceof ArchiveError) return;
		this.#open.delete(archive);
		await archive.close();
	}
	async closeAll() {
		await Promise.allSettled([...this.#pending]);
		const closings = [...this.#open].map((archive) => this.close(archive));
		await Promise.allSettled(closings);
		await Promise.all(closings);
	}
};
function clipped$1(a, b) {
	return {
		from: latest(a.from, b.from),
		to: earliest(a.to, b.to)
	};
}
// src/backfill/failures.ts
/** Failures of the windows of one series: one that cannot be fetched does not keep the others from being fetched. */
/** Remembers what failed while the work goes on. */
var Failures = class {
	#failed = [];
	#unreachable = 0;
	/** Did nobody answer twice in a row? Then the next one would find nobody either. */
	get isHopeless() {
		return this.#unreachable > 1;
	}
	/**
	* Works at one window; what ends the whole run or the series is thrown, another failure is kept for {@link report}.
	*/
	async *keep(window, work) {
		try {
			yield* work;
			this.#unreachable = 0;
		} catch (error) {
			if (isFatal(error) || isChanged(error)) throw error;
			this.#failed.push({
				window,
				error
			});
			this.#unreachable = error instanceof UnreachableError ? this.#unreachable + 1 : 0;
		}
	}
	/** Throws the first failure whose window nobody else filled. @param open - What is still to be asked for. */
	report(open) {
		const unfilled = this.#failed.find(({ window, error }) => error instanceof DamageError || clip(open, window).length > 0);
		if (unfilled !== void 0) throw unfilled.error;
	}
};
// src/plan/estimate.ts
/**
* The cost of windows. Klines are counted on their grid: an upper bound. Without a grid, rows are estimated from what
* the lake holds of the series, or from a busy symbol's day if it holds none.
*/
const NO_COST = {
	requests: 0,
	weight: 0,
	bytes: 0,
	seconds: 0
};
const DAY$9 = 864e8;
/** Shorter stretches say nothing about a day. */
const LEARNT_MIN = DAY$9 / 24;
/** The density of a series, from its stored rows or from its dataset. */
function paceOf(key, { covered, gaps, rows, bytes }) {
	const { rowsPerDay, rowBytes } = datasetOf(key);
	const length = lengthOf$1(subtractAll(covered, gaps));
	const isGuess = key.interval === void 0 && (rows === 0 || length < LEARNT_MIN);
	return {
		rowsPerDay: isGuess || length === 0 ? rowsPerDay : rows * DAY$9 / length,
		rowBytes: rows === 0 ? rowBytes : bytes / rows,
		isGuess
	};
}
/** Estimates the cost of requesting `windows` of a series over REST. */
function estimate(key, windows, pace) {
	const dataset = datasetOf(key);
	let requests = 0;
	let rows = 0;
	for (const window of windows) {
		const days = lengthOf$1([window]) / DAY$9;
		const count = rowCount(key, window, pace);
		rows += count;
		const least = dataset.walk === "accountWindow" ? Math.ceil(days) : 1;
		requests += Math.max(least, Math.ceil(count / dataset.pageRows));
	}
	const bytes = Math.round(rows * pace.rowBytes);
	return {
		requests,
		weight: requests * dataset.weight,
		rows,
		bytes
	};
}
/**
* Estimates the requests to REST: these windows, and where one begins at a seam, the newest rows before it once more.
*
* @param seams - Where the archive's rows end.
*/
function estimateRest(key, windows, { pace, seams }) {
	const { requests, ...rest } = estimate(key, windows, pace);
	const ends = new Set(seams);
	const all = requests + windows.filter(({ from }) => ends.has(from)).length;
	return {
		...rest,
		requests: all,
		weight: all * datasetOf(key).weight
	};
}
function rowCount({ interval }, window, { rowsPerDay }) {
	if (interval !== void 0) return slotCount(interval, window);
	return Math.ceil(lengthOf$1([window]) / DAY$9 * rowsPerDay);
}
// src/plan/task.ts
/** Tasks: the work left by a plan, as plain data. A run executes what `plan --tasks` prints. */
/** Extra time per file: its checksum and its first byte. */
const SECONDS_PER_FILE = .25;
/** The files that lie in `windows`, as one task for each stretch that they cover without a break. */
function archiveTasks(key, windows, files) {
	return windows.flatMap((wanted) => stretches(files.filter((file) => clip([wanted], file.window).length > 0)).flatMap((stretch) => {
		const bytes = stretch.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
		const seconds = bytes / ARCHIVE_BYTES_PER_SECOND + stretch.length * SECONDS_PER_FILE;
		const cost = {
			...NO_COST,
			bytes,
			seconds
		};
		return union(stretch.map(({ window }) => window)).flatMap((span) => clip([wanted], span)).map((window) => ({
			key,
			source: "archive",
			window,
			files: stretch,
			cost
		}));
	}));
}
/** The requests to REST: one task per window. */
function restTasks(key, windows, { pace, seams, weightPerMinute }) {
	return windows.map((window) => {
		const { requests, weight, bytes } = estimateRest(key, [window], {
			pace,
			seams
		});
		return {
			key,
			source: "rest",
			window,
			cost: {
				requests,
				weight,
				bytes,
				seconds: weight / weightPerMinute * 60
			}
		};
	});
}
/** The parts of `windows` that no task covers. */
function leftBy(tasks, windows) {
	return subtractAll(windows, union(tasks.map(({ window }) => window)));
}
/** Groups of consecutive files. */
function stretches(files) {
	const groups = [];
	for (const file of files) {
		const last = groups.at(-1);
		if (last?.at(-1)?.window.to === file.window.from) last.push(file);
		else groups.push([file]);
	}
	return groups;
}
// src/backfill/next-tasks.ts
/** What a source could not get becomes tasks of the next one. */
/**
* The planned files, those of one missing window at once: the ids on both sides of a day without a file may join, and
* what the files beside the window say is asked at its own ends.
*/
function plannedFiles({ missing, tasks }) {
	const planned = tasks.filter((task) => task.source === "archive");
	return () => missing.flatMap((window) => {
		const [first, ...rest] = planned.filter((task) => covers([window], task.window));
		if (first === void 0) return [];
		return [{
			...first,
			window,
			files: [first, ...rest].flatMap(({ files }) => files)
		}];
	});
}
/**
* Daily files of what is left although its monthly file was tried. They are taken whole, so that a day and the month
* that it is a part of are compared: the day is right.
*/
function daysInstead({ plan, session, now }) {
	const { key, missing, tasks } = plan;
	const tried = tasks.flatMap((task) => task.source === "archive" ? task.files : []);
	return async (left) => archiveTasks(key, missing, await session.daysInstead(key, left, {
		now,
		tried,
		isLast: false
	}));
}
/** Monthly files of what is left. @param isLast - Is there nothing else to be asked? */
function monthsInstead({ plan: { key }, session, now }, isLast) {
	return async (left) => {
		return archiveTasks(key, left, await session.monthsInstead(key, left, {
			now,
			tried: [],
			isLast
		}));
	};
}
/** REST, for what is left and what is to be asked once more. */
function restOf({ key, recheck, pace, seams }, weightPerMinute) {
	return (left) => restTasks(key, union(left, recheck), {
		pace,
		seams,
		weightPerMinute
	});
}
// src/walk/id-start.ts
/** Where a walk by id continues: the id after the rows stored without a break before a window. */
/** How many of the newest rows are searched for an id left out among them. */
const TAIL_ROWS = 1e4;
/** The id to request from; `undefined` where rows from `from` on may have lower ids than a stored one. */
async function nextIdOf(series, from) {
	const { manifest } = series;
	const { walk } = datasetOf(manifest.key);
	if (walk === "openTime") return void 0;
	if (walk === "accountWindow") return nextAccountId(series, from);
	const end = endBefore(manifest, from);
	if (end === void 0 || !await isEndStored(series, end)) return void 0;
	const next = BigInt(end.entry.lastKey) + 1n;
	if (walk === "blockTradeId" || isEndContiguous(manifest, end)) return next;
	return firstLeftOut(await tailIds(series, end), next);
}
async function nextAccountId(series, from) {
	const { partition } = series.manifest;
	const nextId = series.nextId(from);
	if (nextId === void 0) return void 0;
	const { to } = periodWindow(periodOf$1(micros(from - 1n), partition));
	return (await series.newestRows({
		from: micros(from - 3600000000n),
		to
	}, 1)).length === 0 ? nextId : void 0;
}
/** Does the last row of the file belong to the stretch that ends here? */
async function isEndStored(series, { stretch, period, entry }) {
	if (stretch.from <= period.from) return true;
	const [newest] = await series.newestRows({
		from: stretch.from,
		to: period.to
	}, 1);
	if (newest === void 0) return false;
	const { keys } = pageOf$1(datasetOf(series.key), newest);
	return keys[keys.length - 1] === BigInt(entry.lastKey);
}
async function tailIds(series, { stretch, period }) {
	const tail = await series.newestRows({
		from: stretch.from,
		to: period.to
	}, TAIL_ROWS);
	if (tail.length === 0) return /* @__PURE__ */ new BigInt64Array();
	return pageOf$1(datasetOf(series.key), concatBatches(tail)).keys.slice().sort();
}
/**
* The first id left out among stored ones: rows with later ids were stored because their times are earlier, and it was
* not.
*
* @param ids - In order.
* @param next - The id after all of them, if none is left out.
*/
function firstLeftOut(ids, next) {
	for (let row = 1; row < ids.length; row++) {
		const expected = (ids[row - 1] ?? 0n) + 1n;
		if ((ids[row] ?? 0n) > expected) return expected;
	}
	const last = ids[ids.length - 1];
	return last === void 0 || last < next ? next : last + 1n;
}
// src/binance/lag.ts
/** How far hosts of the exchange lag behind their clock. */
/** How old a stretch must be before an empty answer for it counts: hosts lag by up to a day and more. */
const SETTLED_AFTER = 2n * 86400000000n;
/** Time before which no host lags. */
function oldBefore(now) {
	return micros(now - SETTLED_AFTER);
}
// src/walk/id-end.ts
/** Judges an empty answer by the newest row. */
function judgeEnd({ stretch, expected, newest, now }) {
	if (newest === void 0) return "unconfirmed";
	const isSettled = stretch.to <= oldBefore(now);
	if (expected === void 0) {
		if (!isBeforeMillis(newest.time, stretch.from)) return "contradicted";
		return isSettled ? "empty" : "unconfirmed";
	}
	if (newest.id >= expected) return "contradicted";
	if (newest.id === expected - 1n) return newest.time <= stretch.from + 10000000n && isSettled ? "empty" : "unconfirmed";
	return newest.time > stretch.from ? "restarted" : "unconfirmed";
}
/** Time for which empty answers have no confirmation. */
function unconfirmedGaps({ from, to }) {
	return from < to ? [{
		from,
		to,
		reason: "unconfirmed"
	}] : [];
}
/** Time for which the exchange returns nothing although it once had rows. */
function unavailableGaps({ from, to }) {
	return from < to ? [{
		from,
		to,
		reason: "unavailable-from-rest"
	}] : [];
}
/** Does a row lie before the millisecond of `from`? Rows found by time include the whole millisecond. */
function isBeforeMillis(time, from) {
	return time < from - from % 1000n;
}
/** Warns that ids start over. */
function restartWarning(expected, { id, time }) {
	return {
		code: "restarted",
		message: `ids start over: the newest row of the exchange has id ${id} (${formatMicros(time)}), where id ${expected} should come next; what is stored is kept, and what follows is not covered`
	};
}
/** Warns that times go back. */
function disorderWarning(before, after) {
	const seconds = Number(before.time - after.time) / 1e6;
	return {
		code: "disorder",
		message: `ids increase but times go back: id ${after.id} is ${seconds} s earlier than id ${before.id}; rows are kept in the order of their ids, each in the period of its own time`
	};
}
// src/walk/id-run.ts
/** One page of a walk by id: the rows that it adds, and what missing ids mean. */
/** This many rows past the window's end, with none before it among them, show that the walk is past it. */
const ROWS_PAST_MIN = 10;
/** `fromId` is inclusive: no earlier row may come. A later one may, where ids have gaps. */
function checkFrom(page, fromId) {
	const first = page.keys[0];
	if (first !== void 0 && first < fromId) throw new DataError(`asked for rows from id ${fromId} on, got id ${first}`);
}
/**
* The rows of `page` with ids from the expected one on and times in the bounds; times may go back by any distance.
* `undefined` when the page has no new row, or begins with a jump of ids that was not yet requested again.
*/
function runOf(page, state, bounds) {
	const { expected } = state;
	let first = 0;
	while (first < page.rowCount && (page.keys[first] ?? 0n) < expected) first++;
	if (first === page.rowCount) {
		state.emptyAsks += 1;
		return;
	}
	const jumpsTo = bounds.areIdsSparse ? void 0 : findJump(page, first, expected);
	if (jumpsTo !== void 0 && state.recheckedJump !== jumpsTo) {
		state.recheckedJump = jumpsTo;
		return;
	}
	const gaps = jumpsTo === void 0 ? [] : jumpGaps(page, first, state, bounds.window);
	const warnings = disorderIn(page, first, state.before);
	const slices = slicesOf(page, first, state, bounds);
	const lastTime = page.times[page.rowCount - 1] ?? 0n;
	return {
		page,
		slices,
		isLast: state.rowsPast >= ROWS_PAST_MIN && lastTime >= bounds.window.to + 10000000n,
		gaps,
		warnings
	};
}
/** The rows of a page taken from row `first` on, as consecutive slices; updates `state`. */
function slicesOf({ times, rowCount }, first, state, { window: { from, to }, takenFrom }) {
	const slices = [];
	for (let row = first; row < rowCount; row++) {
		const time = micros(times[row] ?? 0n);
		if (time >= to) {
			state.rowsPast += 1;
			continue;
		}
		state.rowsPast = 0;
		if (time >= from) state.isInside = true;
		else if (!state.isInside || takenFrom === void 0 || time < takenFrom) continue;
		state.lastTime = latest(state.lastTime, time);
		const last = slices.at(-1);
		if (last?.end === row) last.end = row + 1;
		else slices.push({
			first: row,
			end: row + 1
		});
	}
	return slices;
}
/** Where times first go back, also compared with the row `before`. */
function disorderIn(page, first, before) {
	const head = idRow(page, first);
	if (before !== void 0 && head.time < before.time) return [disorderWarning(before, head)];
	for (let row = first + 1; row < page.rowCount; row++) if ((page.times[row] ?? 0n) < (page.times[row - 1] ?? 0n)) return [disorderWarning(idRow(page, row - 1), idRow(page, row))];
	return [];
}
/** A row of a page. */
function idRow({ keys, times }, row) {
	return {
		id: keys[row] ?? 0n,
		time: micros(times[row] ?? 0n)
	};
}
/** Rows with skipped ids are missing, and nothing shows that they never existed: a gap, not covered. */
function jumpGaps(page, first, state, window) {
	const gaps = [];
	let time = state.before?.time ?? window.from;
	let id = state.expected;
	for (let row = first; row < page.rowCount; row++) {
		const next = idRow(page, row);
		const [from, last] = time < next.time ? [time, next.time] : [next.time, time];
		const gap = {
			from: latest(from, window.from),
			to: micros(last + 1n)
		};
		if (next.id !== id && gap.from < window.to && gap.from < gap.to) gaps.push({
			...gap,
			reason: "unavailable-from-rest"
		});
		id = next.id + 1n;
		time = next.time;
	}
	return gaps;
}
/** The first id of `page` from row `first` on that does not follow the one before it. */
function findJump(page, first, expected) {
	if ((page.keys[page.rowCount - 1] ?? 0n) - expected === BigInt(page.rowCount - 1 - first)) return void 0;
	return page.keys.subarray(first, page.rowCount).find((id, row) => id !== expected + BigInt(row));
}
// src/walk/look-back.ts
/** Most pages searched. */
const LOOKS_MAX = 10;
/**
* The first row, by id, at or after `from`: the one found, or an earlier one of the last seconds before it. The row
* before it proves that none is withheld.
*/
async function lookBack(found, from, ask, options) {
	const limit = BigInt(options.limit);
	const served = /* @__PURE__ */ new Set();
	let first = found;
	let end = found;
	for (let looks = 0; looks < LOOKS_MAX && end > 0n; looks++) {
		const begin = end > limit ? end - limit : 0n;
		const rows = await rowsBetween(begin, end, ask, options);
		const [oldest] = rows;
		if (oldest === void 0) break;
		for (const { id, time } of rows) {
			served.add(id);
			if (id < first && !isBeforeMillis(time, from)) first = id;
		}
		end = oldest.id;
		if (oldest.time < from - 10000000n && first > oldest.id || oldest.id > begin) break;
	}
	const hasRowsBefore = first > 1n || served.has(first - 1n);
	return {
		id: first,
		isProven: first <= 1n || served.has(first - 1n),
		hasRowsBefore
	};
}
/** The rows with ids from `begin` to before `end`; one request, unless the exchange sends fewer rows than requested. */
async function rowsBetween(begin, end, ask, { signal }) {
	const rows = [];
	for (let next = begin; next < end;) {
		const fromId = next;
		const check = (page) => {
			checkFrom(page, fromId);
		};
		const page = await askTwice({
			fromId,
			limit: Number(end - fromId)
		}, ask, check, signal);
		const known = rows.length;
		for (let row = 0; row < page.rowCount; row++) {
			const one = idRow(page, row);
			if (one.id < end) rows.push(one);
		}
		const last = rows.at(-1);
		if (last === void 0 || rows.length === known) break;
		next = last.id + 1n;
	}
	return rows;
}
// src/walk/first-row.ts
/** The first row of an id walk: which id belongs to a moment, and whether everything from there on is available. */
/**
* Finds the first aggregate trade at or after a moment, by time, then looks back from it: the row before it is
* available, and none of the rows shortly before it is at or after the moment.
*/
function findByTime(ask, options) {
	const { limit, signal } = options;
	return async (from) => {
		const startTime = from / 1000n;
		const check = (page) => {
			checkSince(page, micros(startTime * 1000n));
		};
		const id = (await askTwice({
			startTime,
			limit
		}, ask, check, signal)).keys[0];
		return id === void 0 ? noneSince(ask, signal) : lookBack(id, from, ask, options);
	};
}
/**
* Finds the first trade at or after a moment. Trades can be requested only by id, so the first aggregate trade at or
* after the moment gives an id. Trades before that id are searched backwards until an older one shows that none is left
* out: an aggregate trade carries the time of its first trade, and may be missing or invalid.
*
* @see binance-spot-api-docs, rest-api.md, "Old trade lookup"; CHANGELOG, 2022-04-12: aggregate trades whose `f` and
* `l` are -1 are invalid.
*/
function findTrade(askAggTrades, askTrades, options) {
	const { signal } = options;
	return async (from) => {
		let id = await firstTradeSince(from, askAggTrades, options);
		if (id === void 0) {
			const none = await noneSince(askTrades, signal);
			if (none.newest === void 0 || isBeforeMillis(none.newest.time, from)) return none;
			id = none.newest.id;
		}
		return lookBack(await backTo(from, id, askTrades, signal), from, askTrades, options);
	};
}
/** Rows of one probe of {@link findBlockTrade}: a page costs the same weight however long it is. */
const PROBE_ROWS = 100;
/**
* Finds the first block trade at or after a moment, by id alone: from the oldest one available, in steps that double,
* then by bisection. Ids may begin anywhere and need not be contiguous.
*
* The oldest is what the exchange returns when asked from id 0 on. Nothing shows that there ever was an older one, so
* it counts as the first.
*
* @see binance-spot-api-docs, rest-api.md, "Historical block trades": `fromId` is mandatory.
*/
function findBlockTrade(ask, { limit, signal }) {
	return async (from) => {
		const probe = prober(Math.min(limit, PROBE_ROWS), ask, signal);
		const oldest = await probe(0n);
		if (oldest.rowCount === 0) return {
			id: void 0,
			isProven: true,
			hasRowsBefore: false
		};
		const first = firstSince(oldest, from);
		if (first < oldest.rowCount) return {
			id: oldest.keys[first],
			isProven: true,
			hasRowsBefore: first > 0
		};
		let newest = idRow(oldest, oldest.rowCount - 1);
		let low = newest.id;
		for (let step = 1n;; step *= 2n) {
			const page = await probe(low + step);
			const row = firstSince(page, from);
			const last = page.keys[page.rowCount - 1];
			if (last !== void 0 && row === page.rowCount) {
				if (last - low > step) step = last - low;
				low = last;
				newest = idRow(page, page.rowCount - 1);
				continue;
			}
			const id = row > 0 ? page.keys[row] : await bisect(probe, from, {
				low,
				high: low + step
			}, page);
			return {
				id,
				isProven: true,
				hasRowsBefore: true,
				...id === void 0 && { newest }
			};
		}
	};
}
/** The first trade of the first valid aggregate trade at or after `from`. */
async function firstTradeSince(from, ask, { limit, signal, firstTradeIdsOf }) {
	const startTime = from / 1000n;
	const check = (page) => {
		checkSince(page, micros(startTime * 1000n));
	};
	const probe = prober(limit, ask, signal);
	let page = await askTwice({
		startTime,
		limit
	}, ask, check, signal);
	for (;;) {
		const last = page.keys[page.rowCount - 1];
		if (last === void 0) return void 0;
		const id = firstTradeIdsOf(page).find((first) => first >= 0n);
		if (id !== void 0) return id;
		page = await probe(last + 1n);
	}
}
/**
* The first trade at or after `from`: that of `id` or an earlier one. Goes back in steps that double until a trade is
* older, then bisects.
*/
async function backTo(from, id, ask, signal) {
	const probe = prober(1, ask, signal);
	let high = id;
	for (let step = 1n; high > 0n; step *= 2n) {
		const low = high > step ? high - step : 0n;
		const page = await probe(low);
		const before = page.keys[0];
		if (before === void 0 || before >= high) return high;
		if (isBefore(page.times[0], from)) return await bisect(probe, from, {
			low: before,
			high
		}) ?? high;
		if (before > low) return before;
		high = before;
	}
	return high;
}
/**
* The id of the first row at or after `from`, above `low` (which is older) and up to `high`. Otherwise the first of
* `at`, the page from `high` on.
*/
async function bisect(probe, from, bounds, at) {
	let { low, high } = bounds;
	let found = at?.keys[0];
	while (high - low > 1n) {
		const middle = low + (high - low) / 2n;
		const page = await probe(middle);
		const row = firstSince(page, from);
		if (row > 0 && row < page.rowCount) return page.keys[row];
		if (page.rowCount > 0 && row === page.rowCount) low = page.keys[row - 1] ?? middle;
		else {
			high = middle;
			found = page.keys[0] ?? found;
		}
	}
	return found;
}
/** Requests rows from an id on, twice when there seem to be none. */
function prober(limit, ask, signal) {
	return (fromId) => {
		const check = (page) => {
			checkNotBefore(page, fromId);
		};
		return askTwice({
			fromId,
			limit
		}, ask, check, signal);
	};
}
/** The first row of `page` at or after `from`; its length when there is none. */
function firstSince({ rowCount, times }, from) {
	let row = 0;
	while (row < rowCount && isBefore(times[row], from)) row++;
	return row;
}
/** Times are searched by millisecond; the walk by id itself drops rows of that millisecond before `from`. */
function isBefore(time, from) {
	return time !== void 0 && isBeforeMillis(time, from);
}
/** No row was found: returns what the newest row shows about that. */
async function noneSince(ask, signal) {
	const page = await askTwice({ limit: 1 }, ask, () => void 0, signal);
	const newest = page.rowCount === 0 ? void 0 : idRow(page, page.rowCount - 1);
	return {
		id: void 0,
		isProven: true,
		hasRowsBefore: newest !== void 0,
		newest
	};
}
function checkSince(page, from) {
	const time = page.times[0];
	if (time !== void 0 && time < from) throw new DataError(`asked for rows from ${formatMicros(from)} on, got one at ${formatMicros(micros(time))}`);
}
function checkNotBefore(page, fromId) {
	const first = page.keys[0];
	if (first !== void 0 && first < fromId) throw new DataError(`asked for rows from id ${fromId} on, got id ${first}`);
}
// src/walk/account-start.ts
/**
* Where the walk over an account's rows begins. A time finds the first row, in windows of at most a day, which is the
* most that Binance searches at once. Where such an answer is empty, ids show whether it can be trusted.
*/
/** A day less a millisecond. Windows overlap by one: an end in ms may or may not include all of that millisecond. */
const WINDOW_MS = 86400000n - 1n;
/** The lowest possible ids. The examples in the documentation count allocations from 0. */
const FIRST_ID = {
	fromId: 1n,
	orderId: 1n,
	fromAllocationId: 0n
};
/**
* Rows from `id` on, perhaps preceded by some with lower ids.
*
* It is not documented whether `fromAllocationId` is inclusive. So the id before is requested: an answer that ends with
* it proves that ids are inclusive, and may have been cut there.
*/
async function rowsFrom(id, ask, options) {
	if (options.cursor !== "fromAllocationId") return askFrom(id, ask, options);
	const { limit, signal } = options;
	if (id === 0n) return askTwice({
		startTime: 0n,
		limit
	}, ask, () => void 0, signal);
	const page = await askFrom(id - 1n, ask, options);
	return page.keys[page.rowCount - 1] === id - 1n ? askFrom(id, ask, options) : page;
}
async function askFrom(id, ask, { cursor, limit, signal }) {
	const check = (page) => {
		checkFrom(page, id);
	};
	return askTwice({
		[cursor]: id,
		limit
	}, ask, check, signal);
}
const NONE = {
	id: void 0,
	isPassed: true
};
/**
* Finds where to begin. Only the lowest id is taken from answers by time: near the end of their day, rows may be
* missing between those returned. An empty answer is trusted only where ids agree.
*/
async function firstId(window, ask, options) {
	const { from, to } = window;
	const first = await askDay(window, ask, options);
	if (first.page.rowCount > 0) return {
		id: await nearId(first, window, ask, options),
		isPassed: false
	};
	const oldest = await rowsFrom(FIRST_ID[options.cursor], ask, options);
	if (oldest.rowCount === 0) {
		const newest = await newestOf(void 0, ask, options);
		if (newest === void 0) return {
			id: void 0,
			isPassed: false,
			isNever: true
		};
		return {
			id: first.to < to ? await idByDays({
				from: first.to,
				to
			}, ask, options) : void 0,
			isPassed: false,
			newest
		};
	}
	const [begin, last] = [idRow(oldest, 0), idRow(oldest, oldest.rowCount - 1)];
	if (begin.time >= to + 3600000000n) return NONE;
	if (begin.time >= from) return {
		id: FIRST_ID[options.cursor],
		isPassed: false
	};
	const near = firstNear(oldest, from);
	if (near !== void 0) return {
		id: near,
		isPassed: false
	};
	if (options.cursor === "fromAllocationId") return {
		id: last.id,
		isPassed: false
	};
	const found = first.to < to ? await idByDays({
		from: first.to,
		to
	}, ask, options) : void 0;
	if (found !== void 0) return {
		id: await idBetween({
			low: last.id,
			high: found
		}, from, ask, options),
		isPassed: false
	};
	const newest = await newestOf(last.id, ask, options);
	if (newest === void 0 || newest.time < from) return {
		id: void 0,
		isPassed: false,
		newest
	};
	return {
		id: await idBetween({
			low: last.id,
			high: newest.id
		}, from, ask, options),
		isPassed: false
	};
}
/** The first id of `window`, found by asking day by day. */
async function idByDays(window, ask, options) {
	for (let { from } = window; from < window.to;) {
		const day = await askDay({
			from,
			to: window.to
		}, ask, options);
		if (day.page.rowCount > 0) return nearId(day, window, ask, options);
		from = day.to;
	}
}
/** The first id of a day. Near the day's end, a row of the next day may have an earlier id. */
async function nearId({ page, to }, window, ask, options) {
	const { id, time } = idRow(page, 0);
	if (time + 3600000000n < to || to >= window.to) return id;
	return (await askDay({
		from: time,
		to: window.to
	}, ask, options)).page.keys[0] ?? id;
}
/**
* The first id above `low` whose row is not older than `from` by more than {@link INTERLEAVE}. Found by bisection,
* since ids show what answers by time left out. The row of `high` qualifies.
*/
async function idBetween(bounds, from, ask, options) {
	let { low, high } = bounds;
	while (high - low > 1n) {
		const middle = low + (high - low) / 2n;
		const page = await rowsFrom(middle, ask, options);
		const near = firstNear(page, from);
		if (near !== void 0 && near !== page.keys[0]) return near;
		if (near === void 0 && page.rowCount > 0) low = idRow(page, page.rowCount - 1).id;
		else high = middle;
	}
	return high;
}
function firstNear({ keys, times, rowCount }, from) {
	for (let row = 0; row < rowCount; row++) if ((times[row] ?? 0n) >= from - 3600000000n) return keys[row];
}
/**
* The newest row that the exchange returns. Allocations are returned oldest first, so for them it is the last row from
* a known id on.
*/
async function newestOf(known, ask, options) {
	const { cursor, signal } = options;
	const page = cursor === "fromAllocationId" ? await rowsFrom(known ?? FIRST_ID[cursor], ask, options) : await ask({ limit: 1 }, () => void 0, signal);
	return page.rowCount === 0 ? void 0 : idRow(page, page.rowCount - 1);
}
/** Requests as much of `window` as one request may span; the answer holds up to `to`. */
async function askDay(window, ask, { limit, signal }) {
	const startTime = floorDiv(window.from, 1000n);
	const last = floorDiv(window.to + 999n, 1000n);
	const endTime = last - startTime <= WINDOW_MS ? last : startTime + WINDOW_MS;
	const asked = {
		from: micros(startTime * 1000n),
		to: micros((endTime + 1n) * 1000n)
	};
	const check = (rows) => {
		checkInside$1(rows, asked);
	};
	return {
		page: await askTwice({
			startTime,
			endTime,
			limit
		}, ask, check, signal),
		to: earliest(window.to, micros(endTime * 1000n))
	};
}
function checkInside$1({ times }, { from, to }) {
	for (const time of times) {
		if (from <= time && time < to) continue;
		throw new DataError(`asked for rows from ${formatMicros(from)} to ${formatMicros(to)}, got one at ${formatMicros(micros(time))}`);
	}
}
// src/walk/account.ts
/**
* The walk over an account's own trades and orders of one symbol. A time finds the first row, in windows of at most a
* day, which is the most that Binance searches at once. From there on the cursor is an id, so that no page limit and no
* burst can hide a row.
*
* Ids and times may be in slightly different order: an order may have a lower id than another but a later time. So rows
* are regrouped: all rows of one partition come before all of the next, and keys increase within a partition.
*
* @see binance-spot-api-docs, rest-api.md, "Account trade list" and "All orders": ids and times are inclusive, the
* time between startTime and endTime can't be longer than 24 hours, and ids are never sent together with times.
*/
/** How often rows that another answer shows are requested. */
const TRIES_MAX$1 = 6;
/**
* Walks the rows in `window`.
*
* Each step has rows of one partition only. Partitions come in order; keys increase within each. `reached` stays back
* until rows are an hour past it, so that no earlier row can follow. Times without rows are not gaps. An end without a
* later row and without proof is returned as a gap, and recent time is to be requested again.
*
* @throws DataError when rows come that were not requested, or ids and times are apart by more than an hour.
*/
async function* walkAccount(window, ask, options) {
	const { nextId, partition } = options;
	const regroup = new Regroup(window, partition);
	const start = nextId === void 0 ? await firstId(window, ask, options) : {
		id: nextId,
		isPassed: false
	};
	let next = start.id;
	let { newest } = start;
	for (let tries = 0; next !== void 0 && !regroup.isDone;) {
		const page = await rowsFrom(next, ask, options);
		const last = page.keys[page.rowCount - 1];
		if (last !== void 0 && last >= next) {
			yield* regroup.take(page, next);
			next = last + 1n;
			tries = 0;
			continue;
		}
		newest = await newestOf(next > 0n ? next - 1n : void 0, ask, options);
		if (newest === void 0 || newest.id < next || ++tries === TRIES_MAX$1) break;
	}
	if (start.isPassed || regroup.isDone) yield* regroup.finish();
	else yield* regroup.end(next, {
		...start,
		newest
	}, options);
}
/** Rows in the order of their ids, regrouped by partition. */
var Regroup = class {
	#window;
	#partition;
	/** Rows that wait until earlier partitions are complete, by key. */
	#held = [];
	/** No row before this can come any more. */
	#settled;
	#reached;
	/** The latest time seen. */
	#newest;
	constructor(window, partition) {
		this.#window = window;
		this.#partition = partition;
		this.#settled = window.from;
		this.#reached = window.from;
		this.#newest = window.from;
	}
	/** Is the whole window done? */
	get isDone() {
		return this.#settled >= this.#window.to;
	}
	*take(page, fromId) {
		const { from, to } = this.#window;
		let newest = this.#settled + INTERLEAVE;
		for (let row = 0; row < page.rowCount; row++) {
			const time = micros(page.times[row] ?? 0n);
			const id = page.keys[row] ?? 0n;
			if (id >= fromId && time >= from && time < to) {
				if (time < this.#settled) throw overtaken(id, time, this.#settled);
				this.#held.push({
					page,
					row,
					time
				});
			}
			if (time > newest) newest = time;
			this.#newest = latest(this.#newest, time);
		}
		this.#settled = latest(this.#settled, micros(newest - INTERLEAVE));
		yield* this.#flush();
	}
	/** Returns all held rows. No more will come, as a row after the window shows. */
	*finish() {
		this.#settled = this.#window.to;
		yield* this.#flush();
		if (this.#reached < this.#window.to) yield emptyStep(this.#window.to);
	}
	/** Returns all held rows when no more come. The newest row decides how far the end is trusted. */
	*end(expected, { newest, isNever = false }, { now, askedUntil }) {
		const { to } = this.#window;
		const old = earliest(to, oldBefore(now));
		const verdict = judgeEnd({
			stretch: {
				from: this.#newest,
				to: old
			},
			expected,
			newest,
			now: micros(2n ** 62n)
		});
		const agreed = isNever ? earliest(old, askedUntil ?? this.#settled) : to;
		const known = isNever || verdict === "empty" ? latest(agreed, this.#settled) : this.#settled;
		const fresh = clip([{
			from: latest(old, this.#settled),
			to: known
		}], this.#window);
		const warnings = verdict === "restarted" && expected !== void 0 && newest !== void 0 ? [restartWarning(expected, newest)] : [];
		yield {
			...emptyStep(this.#reached, unconfirmedGaps({
				from: known,
				to
			})),
			warnings,
			fresh
		};
		yield* this.finish();
	}
	*#flush() {
		while (this.#held.length > 0) {
			const period = periodWindow(periodOf$1(this.#held.reduce((min, { time }) => earliest(min, time), this.#window.to), this.#partition));
			if (period.from > this.#settled) return;
			const ready = this.#held.filter(({ time }) => time < period.to);
			this.#held = this.#held.filter(({ time }) => time >= period.to);
			const reached = period.to <= this.#settled ? earliest(period.to, this.#window.to) : this.#settled;
			yield* this.#steps(ready, earliest(reached, this.#window.to));
		}
	}
	/** Consecutive rows of one page; the last step has reached `reached`. */
	*#steps(rows, reached) {
		let first = 0;
		for (let next = 1; next <= rows.length; next++) {
			const [begin, before, row] = [
				rows[first],
				rows[next - 1],
				rows[next]
			];
			if (begin === void 0 || before === void 0) return;
			if (row?.page === before.page && row.row === before.row + 1) continue;
			if (next === rows.length) this.#reached = latest(this.#reached, reached);
			yield {
				page: begin.page,
				first: begin.row,
				end: before.row + 1,
				reached: this.#reached,
				gaps: []
			};
			first = next;
		}
	}
};
function overtaken(key, time, settled) {
	return new DataError(`ids and times disagree: id ${key} at ${formatMicros(time)} came after rows more than an hour past ${formatMicros(settled)}`);
}
// src/walk/ids.ts
/** How often an answer that another one contradicts is requested. */
const TRIES_MAX = 6;
/**
* Walks the rows in `window`, by id. Includes rows before the window whose ids are higher than the stored ones. An end
* without a later row and without proof is returned as a gap.
*
* @throws DataError when rows come that were not requested.
*/
async function* walkIds(window, findFirst, ask, options) {
	const { nextId } = options;
	const first = nextId === void 0 ? await firstOf(window, findFirst, options) : {
		id: nextId,
		isProven: true,
		hasRowsBefore: true
	};
	if (first.id === void 0) {
		yield emptyStep(window.to, emptyWindowGaps(window, first, options));
		return;
	}
	const walk = new IdWalk(window, ask, options, {
		...first,
		id: first.id
	});
	let isFirst = nextId === void 0;
	let reached = window.from;
	for await (const run of walk.runs()) {
		const head = isFirst ? headGap(run, window, first, options) : [];
		isFirst = false;
		const gaps = [...head, ...run.gaps];
		const times = [micros(walk.lastTime - DISORDER), ...gaps.map(({ to }) => earliest(to, window.to))];
		reached = run.isLast ? window.to : times.reduce(latest, reached);
		const { page, slices, warnings } = run;
		const last = {
			...emptyStep(reached, gaps),
			warnings
		};
		if (page === void 0 || slices.length === 0) yield last;
		else for (const [index, slice] of slices.entries()) yield {
			...index === slices.length - 1 ? last : emptyStep(reached),
			page,
			...slice
		};
	}
}
/** Finds the first row; requests it again when none is found although a newer one exists. */
async function firstOf(window, findFirst, { now }) {
	for (let tries = 1;; tries++) {
		const first = await findFirst(window.from);
		if (first.id !== void 0 || tries === TRIES_MAX) return first;
		const { newest } = first;
		if (judgeEnd({
			stretch: window,
			expected: void 0,
			newest,
			now
		}) !== "contradicted") return first;
	}
}
/** The gaps of a window in which, and after which, no row was found. */
function emptyWindowGaps(window, { newest }, { now, laterId, hasRowsAfter }) {
	const verdict = judgeEnd({
		stretch: window,
		expected: void 0,
		newest,
		now
	});
	if (verdict === "contradicted") return unconfirmedGaps(window);
	if (laterId !== void 0 || hasRowsAfter === true) return unavailableGaps(window);
	return verdict === "empty" ? [] : unconfirmedGaps(window);
}
/** The gap before the first row of a walk that began by time. */
function headGap({ page, slices }, { from, to }, { isProven, hasRowsBefore }, options) {
	if (page === void 0) return [];
	const taken = slices.flatMap(({ first, end }) => [...page.times.subarray(first, end)]);
	const times = taken.length > 0 ? taken : [page.times[0] ?? to];
	const first = times.reduce((a, b) => a < b ? a : b);
	const isBurst = times.indexOf(first) !== times.lastIndexOf(first);
	if (!isProven && (first > from || isBurst)) return [{
		from,
		to: earliest(micros(first + 1n), to),
		reason: "unavailable-from-rest"
	}];
	if (first <= from || hasRowsBefore || options.hasRowsBefore) return [];
	return [{
		from,
		to: earliest(micros(first), to),
		reason: "before-listing"
	}];
}
/** One walk by id, from a known id on. */
var IdWalk = class {
	#window;
	#ask;
	#options;
	#bounds;
	#state;
	constructor(window, ask, options, { id, isProven }) {
		const { nextId, areIdsSparse = false, coveredFrom } = options;
		this.#window = window;
		this.#ask = ask;
		this.#options = options;
		this.#bounds = {
			window,
			takenFrom: coveredFrom,
			areIdsSparse
		};
		this.#state = {
			expected: id,
			highest: nextId === void 0 && isProven ? id : void 0,
			lastTime: window.from,
			before: void 0,
			rowsPast: 0,
			isInside: nextId !== void 0,
			emptyAsks: 0,
			tries: 0,
			pagesLeft: 1,
			recheckedJump: void 0
		};
	}
	/** The latest time of the rows taken. */
	get lastTime() {
		return this.#state.lastTime;
	}
	/** Rows from the expected id on, each once and in order, until past the window's end. */
	async *runs() {
		const state = this.#state;
		for (;;) {
			for await (const page of this.#pages()) {
				const run = runOf(page, state, this.#bounds);
				if (run === void 0) break;
				yield run;
				if (run.isLast) return;
				this.#advance(page);
			}
			if (state.emptyAsks < 2 || this.#isSeenOn()) {
				if (++state.tries < TRIES_MAX) continue;
				yield this.#end(unconfirmedGaps(this.#rest()));
				return;
			}
			const end = await this.#judgeEnd();
			if (end === void 0) continue;
			yield end;
			return;
		}
	}
	/** Did any answer show a row that is still to come? */
	#isSeenOn() {
		const { highest, expected } = this.#state;
		return highest !== void 0 && highest >= expected;
	}
	#rest() {
		return {
			from: this.#state.lastTime,
			to: this.#window.to
		};
	}
	/** The end, as far as it is proven; `undefined` when there is more to come. */
	async #judgeEnd() {
		const { expected, rowsPast } = this.#state;
		const { laterId, joinId, now } = this.#options;
		if (rowsPast > 0 || joinId === expected) return this.#end([]);
		const stretch = this.#rest();
		const newest = await this.#newest();
		const verdict = judgeEnd({
			stretch,
			expected,
			newest,
			now
		});
		if (verdict === "contradicted") {
			this.#state.highest = newest?.id;
			return;
		}
		if (laterId !== void 0 && laterId >= expected) return this.#end(unavailableGaps(stretch));
		if (verdict === "empty") return this.#end([]);
		const isRestarted = verdict === "restarted" && newest !== void 0;
		return this.#end(unconfirmedGaps(stretch), isRestarted ? [restartWarning(expected, newest)] : []);
	}
	/** The newest row of the exchange. Sparse ids can be requested only by id: then the last row from a known id on. */
	async #newest() {
		const { areIdsSparse = false, limit, signal } = this.#options;
		const { expected } = this.#state;
		const before = expected > 0n ? expected - 1n : 0n;
		const params = areIdsSparse ? {
			fromId: before,
			limit
		} : { limit: 1 };
		const page = await this.#ask(params, () => void 0, signal);
		return page.rowCount === 0 ? void 0 : idRow(page, page.rowCount - 1);
	}
	#end(gaps, warnings = []) {
		return {
			page: void 0,
			slices: [],
			isLast: true,
			gaps,
			warnings
		};
	}
	/** Pages from the expected id on, read ahead; ends when the next page does not join the rows received. */
	async *#pages() {
		const state = this.#state;
		const { limit, readAhead, signal, areIdsSparse } = this.#options;
		const ahead = new ReadAhead((fromId, aborted) => this.#pageFrom(fromId, aborted), areIdsSparse === true ? 1 : readAhead, signal);
		let next = state.expected;
		const nextId = () => {
			const fromId = next > state.expected ? next : state.expected;
			next = fromId + BigInt(limit);
			return fromId;
		};
		try {
			for (;;) {
				const taken = await ahead.take(nextId, state.pagesLeft);
				if (taken === void 0 || taken.task > state.expected) return;
				yield taken.value;
			}
		} finally {
			ahead.close();
		}
	}
	async #pageFrom(fromId, aborted) {
		const check = (page) => {
			checkFrom(page, fromId);
		};
		const page = await this.#ask({
			fromId,
			limit: this.#options.limit
		}, check, aborted);
		const last = page.keys[page.rowCount - 1];
		if (last !== void 0 && last > (this.#state.highest ?? -1n)) this.#state.highest = last;
		return page;
	}
	#advance(page) {
		const state = this.#state;
		state.pagesLeft = pagesLeft(page, state.lastTime, this.#window.to, this.#options.limit);
		state.before = idRow(page, page.rowCount - 1);
		state.expected = state.before.id + 1n;
		state.emptyAsks = 0;
		state.tries = 0;
	}
};
/** About how many pages are left, from the density of the last: reading past the end wastes weight. */
function pagesLeft({ times, rowCount }, lastTime, to, limit) {
	const since = Number(lastTime - (times[0] ?? lastTime));
	if (since <= 0) return lastTime >= to - 1n ? 1 : Number.POSITIVE_INFINITY;
	const rowsLeft = rowCount / since * Number(to - lastTime);
	return Math.max(1, Math.ceil(rowsLeft * 1.2 / limit));
}
// src/walk/kline-chunk.ts
/** One chunk of the walk over klines: requested until each of its slots is there, or is known to be empty. */
/**
* The chunk that begins at `from`: as many slots as a page has rows, or one less where the page also needs the kline
* that follows.
*/
function chunkAt({ since, from }, { window, interval, options: { limit }, now }) {
	const to = earliest(slotsAfter(interval, from, limit), window.to);
	if (!hasKnownGrid(interval)) return {
		since,
		from,
		to,
		stands: to,
		next: to,
		until: to
	};
	if (mayGrow(to, now)) {
		const end = earliest(slotsAfter(interval, from, Math.max(1, limit - 1)), window.to);
		const until = millisecondAfter(gridCeil(interval, end));
		return {
			since,
			from,
			to: end,
			stands: end,
			next: end,
			until: until > now ? end : until
		};
	}
	if (to === window.to) return {
		since,
		from,
		to,
		stands: to,
		next: to,
		until: to
	};
	const lastSlot = latest(from, gridFloor(interval, micros(to - 1n)));
	return {
		since,
		from,
		to,
		stands: lastSlot,
		next: millisecondAfter(lastSlot),
		until: to
	};
}
/** May a kline that ends at `end` have been sent unfinished? No host lags farther behind its clock. */
function mayGrow(end, now) {
	return end > oldBefore(now);
}
/** The next moment that a request can name. */
function millisecondAfter(time) {
	return micros((floorDiv(time, 1000n) + 1n) * 1000n);
}
/**
* Requests a chunk until each of its slots is there or was requested twice, or a request fails. `undefined` when its
* first answer was empty.
*
* @throws what the first request failed with; later failures are in the result.
*/
async function fillChunk(chunk, { interval, ask, options: { limit, signal: outer }, now }, signal = outer) {
	const pages = [];
	const gaps = [];
	const young = [];
	const holes = [{
		...chunk,
		asks: 0
	}];
	for (let hole = holes.shift(); hole !== void 0; hole = holes.shift()) {
		const { since, to } = hole;
		const page = await askWindow({
			from: since,
			to: to === chunk.to ? chunk.until : to
		}, limit, ask, signal).catch((error) => ({ error }));
		if ("error" in page) {
			if (pages.length === 0) throw page.error;
			return {
				pages,
				...provenBefore([hole, ...holes], gaps, interval),
				young,
				failure: page
			};
		}
		const asks = hole.asks + 1;
		if (page.rowCount === 0) {
			if (pages.length === 0) return void 0;
			if (asks < 2) holes.unshift({
				...hole,
				asks
			});
			else if (hole.from < to) gaps.push({
				from: hole.from,
				to
			});
			continue;
		}
		pages.push(page);
		if (hole.last !== void 0) young.push(momentOf$1(hole.last));
		const last = micros(page.keys[page.rowCount - 1] ?? 0n);
		const isYoung = mayGrow(gridNext(interval, last), now);
		const rest = {
			since: millisecondAfter(last),
			asks: 0,
			...isYoung ? { last } : {}
		};
		const missing = missingSlots(interval, hole, keysBefore(to, page));
		if (isYoung && last < to && (missing.at(-1)?.to ?? last) <= last) young.push(momentOf$1(last));
		for (const part of missing) if (part.from > last) holes.push({
			...part,
			...rest
		});
		else if (asks >= 2) gaps.push(part);
		else holes.push({
			...part,
			since: part.from,
			asks
		});
		const end = to === chunk.to ? chunk.next : to;
		const isTailAsked = missing.at(-1)?.to === to || rest.since >= end;
		if (page.rowCount >= limit && !isTailAsked) holes.push({
			from: to,
			to,
			...rest
		});
	}
	const reached = gaps.some(({ to }) => to === chunk.to) ? chunk.to : chunk.stands;
	return {
		pages,
		gaps: inTime(gaps),
		young,
		reached
	};
}
function keysBefore(to, { keys, rowCount }) {
	let end = rowCount;
	while ((keys[end - 1] ?? 0n) >= to) end--;
	return keys.subarray(0, end);
}
/** The window of a kline that may have been unfinished. */
function momentOf$1(open) {
	return {
		from: open,
		to: micros(open + 1n)
	};
}
/** How far a chunk is complete when its `holes` were not answered. */
function provenBefore(holes, gaps, interval) {
	const reached = holes.map(({ since }) => gridFloor(interval, since)).reduce((least, slot) => earliest(least, slot));
	return {
		gaps: inTime(gaps.filter(({ to }) => to <= reached)),
		reached
	};
}
function inTime(gaps) {
	return gaps.toSorted((a, b) => a.from < b.from ? -1 : 1);
}
/** Requests the klines that open in `window`. */
async function askWindow(window, limit, ask, signal) {
	return ask({
		startTime: floorDiv(window.from + 999n, 1000n),
		endTime: floorDiv(window.to - 1n, 1000n),
		limit
	}, (page) => {
		checkInside(page, window);
	}, signal);
}
/**
* The exchange adjusts parameters that it finds out of range (CHANGELOG 2024-12-09): it must return what was requested.
*/
function checkInside(page, { from, to }) {
	for (const key of [page.keys[0], page.keys[page.rowCount - 1]]) {
		if (key === void 0 || from <= key && key < to) continue;
		throw new DataError(`asked for klines from ${formatMicros(from)} to ${formatMicros(to)}, got one at ${formatMicros(micros(key))}`);
	}
}
// src/walk/kline-evidence.ts
/**
* Why a stretch has no klines. Empty answers alone prove nothing: a stretch is a known gap only where something else
* agrees with them, and `unconfirmed` otherwise (CONTRACT, the manifest: "An empty answer is not proof").
*/
const DAY$8 = 86400000000n;
/** A hole between rows is final when older than this: the exchange fills holes within hours. */
const SETTLED = 2n * DAY$8;
/** An empty answer in a later run counts when the stretch is at least this old. */
const ASKED_LATER = DAY$8;
/** Finds out why stretches of one walk have no klines. Sees all rows of the walk. */
var KlineEvidence = class {
	#ask;
	#otherEvidence;
	#signal;
	#oldest;
	#newest;
	#first;
	constructor(ask, otherEvidence, signal) {
		this.#ask = ask;
		this.#otherEvidence = otherEvidence;
		this.#signal = signal;
	}
	/** Takes note of rows that the walk received. */
	see({ keys, rowCount }) {
		const [first, last] = [keys[0], keys[rowCount - 1]];
		if (first === void 0 || last === void 0) return;
		if (this.#oldest === void 0 || first < this.#oldest) this.#oldest = micros(first);
		if (this.#newest === void 0 || last > this.#newest) this.#newest = micros(last);
	}
	/**
	* Gives each stretch its reason, in parts where reasons differ. Where a request fails, the part is unconfirmed, so
	* that no received row is lost to a failure here.
	*/
	async explain(gaps) {
		const explained = [];
		let failure;
		for (const gap of gaps) try {
			if (failure === void 0) explained.push(...await this.#reasonsOf(gap));
			else explained.push({
				...gap,
				reason: "unconfirmed"
			});
		} catch (error) {
			failure = { error };
			explained.push({
				...gap,
				reason: "unconfirmed"
			});
		}
		return failure === void 0 ? { gaps: explained } : {
			gaps: explained,
			failure
		};
	}
	async #reasonsOf(gap) {
		const first = await this.#firstBefore(gap);
		if (first === void 0) {
			const { hasRowsBefore, isTrading } = this.#otherEvidence;
			const isKnown = !hasRowsBefore && await isTrading() === false;
			return [{
				...gap,
				reason: isKnown ? "before-listing" : "unconfirmed"
			}];
		}
		if (gap.to <= first) return [{
			...gap,
			reason: "before-listing"
		}];
		if (first >= gap.from) return [{
			...gap,
			reason: "unconfirmed"
		}];
		const { now, unconfirmed, lacking, between } = this.#otherEvidence;
		const past = {
			from: gap.from,
			to: micros(now - ASKED_LATER)
		};
		const asked = past.from < past.to ? clip(clip(unconfirmed, gap), past) : [];
		if (await this.#hasRowAfter(gap.to)) return partsOf(gap, gap.to + SETTLED <= now ? [gap] : union(asked, clip(between, gap)), "outage");
		const isTrading = await this.#otherEvidence.isTrading();
		if (isTrading === false && gap.from + ASKED_LATER <= now) return [{
			...gap,
			reason: "after-delisting"
		}];
		return partsOf(gap, isTrading === true ? clip(between, gap) : union(asked, clip(lacking, gap)), "after-delisting");
	}
	/** A row before the stretch that this walk received; otherwise the first of all, requested once. */
	async #firstBefore({ from }) {
		if (this.#oldest !== void 0 && this.#oldest < from) return this.#oldest;
		this.#first ??= this.#openFrom(0n);
		return this.#first;
	}
	async #hasRowAfter(to) {
		if (this.#newest !== void 0 && this.#newest >= to) return true;
		return await this.#openFrom(floorDiv(to + 999n, 1000n)) !== void 0;
	}
	async #openFrom(startTime) {
		const page = await this.#ask({
			startTime,
			limit: 1
		}, () => void 0, this.#signal);
		const open = page.keys[0];
		if (open === void 0) return void 0;
		this.see(page);
		return micros(open);
	}
};
/** A stretch in parts: the `known` ones with `reason`, the others unconfirmed. */
function partsOf(gap, known, reason) {
	return [...intersect([gap], known).map((part) => ({
		...part,
		reason
	})), ...subtractAll([gap], known).map((part) => ({
		...part,
		reason: "unconfirmed"
	}))].sort((a, b) => a.from < b.from ? -1 : 1);
}
// src/walk/kline-steps.ts
/** The proven rows from `from` on, in key order; each gap comes with the rows before it. */
function* inOrder$2({ pages, young = [], reached }, from, gaps) {
	const runs = splitRuns(pages, {
		from,
		to: reached
	});
	if (runs.length === 0) yield emptyStep(reached, gaps);
	let gapsSent = 0;
	for (const [index, run] of runs.entries()) {
		const isLast = index === runs.length - 1;
		const next = runs[index + 1];
		const until = isLast ? reached : micros(next?.page.keys[next.first] ?? reached);
		const due = isLast ? gaps.slice(gapsSent) : gaps.slice(gapsSent).filter(({ to }) => to <= until);
		gapsSent += due.length;
		yield {
			...run,
			reached: until,
			gaps: due,
			...index === 0 ? { fresh: young } : {}
		};
	}
}
function splitRuns(pages, { from, to }) {
	const rows = /* @__PURE__ */ new Map();
	for (const page of pages) for (let row = 0; row < page.rowCount; row++) {
		const key = page.keys[row] ?? 0n;
		if (from <= key && key < to) rows.set(key, {
			page,
			row
		});
	}
	const keys = BigInt64Array.from(rows.keys()).sort();
	const runs = [];
	for (const key of keys) {
		const entry = rows.get(key);
		if (entry === void 0) continue;
		const last = runs.at(-1);
		if (last?.page === entry.page && last.end === entry.row) last.end += 1;
		else runs.push({
			page: entry.page,
			first: entry.row,
			end: entry.row + 1
		});
	}
	return runs;
}
// src/walk/klines.ts
/**
* The walk over klines: windows of a page each, several at once, in order. The cursor moves to the last open time + 1,
* never by the interval, since real open times leave the grid after outages. A missing slot is requested again, and
* then needs more evidence than empty answers. A long empty stretch is skipped.
*
* @see binance-spot-api-docs, rest-api.md, "Kline/Candlestick data": startTime and endTime are inclusive on open time
* (recorded: BTCUSDT 1h, endTime=1593572400000).
*/
/** How often an empty answer is tried again when the next one contradicts it. */
const CONTRADICTIONS_MAX = 3;
/**
* Walks the klines that open in `window`, oldest first. A failure is thrown after everything proven before it was
* returned.
*
* @throws DataError when the exchange sends rows that were not requested.
*/
async function* walkKlines(window, interval, ask, options) {
	const { otherEvidence, hasRowsBefore, signal } = options;
	const walk = {
		window,
		interval,
		ask,
		options,
		now: otherEvidence.now
	};
	const evidence = new KlineEvidence(ask, {
		...otherEvidence,
		hasRowsBefore
	}, signal);
	let cursor = window.from;
	let contradictions = 0;
	while (cursor < window.to) {
		for await (const found of fullChunks(walk, cursor)) {
			for (const page of found.pages) evidence.see(page);
			const { gaps, failure = found.failure } = await evidence.explain(found.gaps);
			if (found.reached > cursor) yield* inOrder$2(found, cursor, gaps);
			if (failure !== void 0) throw failure.error;
			cursor = found.reached;
			contradictions = 0;
		}
		if (cursor >= window.to) return;
		const next = await nextOpen({
			from: cursor,
			to: window.to
		}, walk, evidence);
		if (next > cursor) {
			const gap = {
				from: cursor,
				to: next
			};
			const { gaps, failure } = await evidence.explain(isGap(interval, gap) ? [gap] : []);
			yield emptyStep(next, gaps);
			if (failure !== void 0) throw failure.error;
			cursor = next;
		} else if (++contradictions > CONTRADICTIONS_MAX) {
			const { to } = chunkAt({
				since: cursor,
				from: cursor
			}, walk);
			yield emptyStep(to, [{
				from: cursor,
				to,
				reason: "unconfirmed"
			}]);
			cursor = to;
			contradictions = 0;
		}
	}
}
function contradiction(at) {
	return new DataError(`klines from ${formatMicros(at)} on: the answers contradict each other`);
}
/**
* The chunks from `cursor` on, in order, until one comes back empty.
*
* A page may be cut within its last slot, since klines may overlap. So the request for a chunk begins within the last
* slot of the one before, and that slot is held back until the rest of it is known. This costs no request.
*/
async function* fullChunks(walk, cursor) {
	const { window, options } = walk;
	const ahead = new ReadAhead((chunk, signal) => fillChunk(chunk, walk, signal), options.readAhead, options.signal);
	let at = {
		since: cursor,
		from: cursor
	};
	const nextChunk = () => {
		if (at.from >= window.to) return void 0;
		const chunk = chunkAt(at, walk);
		at = {
			since: chunk.next,
			from: chunk.to
		};
		return chunk;
	};
	let held = [];
	let reached = cursor;
	try {
		for (;;) {
			const taken = await ahead.take(nextChunk);
			if (taken === void 0) return;
			const { task: chunk, value: found } = taken;
			if (found === void 0) {
				const slot = {
					from: reached,
					to: chunk.from
				};
				if (held.length > 0) yield await wholeSlot(slot, held, walk);
				return;
			}
			if (found.pages.some(({ keys }) => (keys[0] ?? reached) < reached)) throw contradiction(reached);
			const pages = [...held, ...found.pages];
			yield {
				...found,
				pages
			};
			const next = found.reached;
			held = next < chunk.to ? pages.filter(({ keys, rowCount }) => (keys[rowCount - 1] ?? reached) >= next) : [];
			reached = next;
		}
	} finally {
		ahead.close();
	}
}
/** A slot whose rest did not come with the next chunk, because that is empty. */
async function wholeSlot(slot, held, walk) {
	const rest = await fillChunk({
		...slot,
		since: slot.from,
		stands: slot.to,
		next: slot.to,
		until: slot.to
	}, walk);
	return {
		reached: slot.to,
		gaps: [],
		...rest,
		pages: [...held, ...rest?.pages ?? []]
	};
}
/** A stretch too short to hold an open time is not a gap. */
function isGap(interval, gap) {
	if (gap.from >= gap.to) return false;
	if (!hasKnownGrid(interval)) return gap.to - gap.from >= intervalStep(interval);
	return slotCount(interval, gap) > 0;
}
/**
* Where rows continue after an empty chunk at `window.from`: the slot of the first row that either of two answers
* found, or the window's end. So the stretch before it was requested twice.
*/
async function nextOpen(window, walk, evidence) {
	return earliest(await firstSlot(window, walk, evidence), await firstSlot(window, walk, evidence));
}
async function firstSlot(window, { interval, ask, options: { signal } }, evidence) {
	const page = await askWindow(window, 1, ask, signal);
	evidence.see(page);
	const open = page.keys[0];
	if (open === void 0) return window.to;
	const slot = hasKnownGrid(interval) ? gridFloor(interval, micros(open)) : micros(open);
	return latest(window.from, slot);
}
// src/walk/rest.ts
/** Walks `window` of a series. */
function walkRest(key, window, before, { ask, askAggTrades, readAhead, signal, now, isTrading }) {
	const { walk, pageRows: limit, cursor = "fromId" } = datasetOf(key);
	const options = {
		limit,
		readAhead,
		signal,
		now,
		...before
	};
	switch (walk) {
		case "openTime":
			if (key.interval === void 0) throw new RangeError(`${key.dataset} without an interval`);
			return walkKlines(window, key.interval, ask, {
				...options,
				otherEvidence: {
					now,
					isTrading,
					...before
				}
			});
		case "aggTradeId": return walkIds(window, findByTime(ask, options), ask, options);
		case "tradeId": return walkIds(window, findTrade(askAggTrades, ask, {
			...options,
			firstTradeIdsOf
		}), ask, options);
		case "blockTradeId": return walkIds(window, findBlockTrade(ask, options), ask, {
			...options,
			areIdsSparse: true
		});
		case "accountWindow": {
			const nextId = cursor === "fromId" ? before.nextId : void 0;
			return walkAccount(window, ask, {
				...options,
				nextId,
				cursor
			});
		}
	}
}
const FIRST_TRADE_ID = columnIndex$2(aggTrades, "first_trade_id");
function firstTradeIdsOf({ batch }) {
	return int64Values(batch, FIRST_TRADE_ID);
}
/** When a series begins, requested once; `undefined` when it has no rows. */
async function firstTime(ask) {
	const page = await ask({
		startTime: 0n,
		limit: 1
	}, () => void 0);
	return page.rowCount === 0 ? void 0 : page.times[0];
}
// src/walk/rows-report.ts
/** How far a series has come, as progress events report it. */
/** How much of `windows` lies before `reached`, 0 to 1. */
function doneShare(windows, reached) {
	const done = windows.flatMap((window) => clip([window], {
		from: micros(-(2n ** 62n)),
		to: reached
	}));
	const all = lengthOf$1(windows);
	return all === 0 ? 1 : lengthOf$1(union(done)) / all;
}
/** The progress event for new rows. */
function rowsReport(key, rows, reached, more) {
	return {
		kind: "rows",
		key,
		rows,
		reached: formatMicros(reached),
		...more
	};
}
// src/walk/rest-window.ts
/** One window of a series over REST: where the walk begins, and how its steps are stored. */
/** One window of a series over REST. */
async function* restWindow(plan, series, asked, world) {
	yield* seamBefore(plan, series, asked, world);
	const { manifest } = series;
	const nextId = await nextIdOf(series, asked.from);
	const covered = manifest.coverage.find(({ from, to }) => from < asked.from && asked.from <= to);
	const isNear = covered !== void 0 && covered.to < earliest(micros(asked.from + 1000n), asked.to);
	const window = nextId !== void 0 && isNear ? {
		from: covered.to,
		to: asked.to
	} : asked;
	const before = {
		hasRowsBefore: hasRowsBefore(manifest, window.from),
		nextId,
		coveredFrom: covered?.from,
		askedUntil: world.unconfirmed.find(({ from, to }) => from <= window.from && window.from < to)?.to,
		laterId: firstIdAfter(manifest, window.from),
		joinId: firstIdAfter(manifest, window.to),
		hasRowsAfter: nextId === void 0 && await hasRowsAfter(series, window.from),
		partition: manifest.partition,
		unconfirmed: world.unconfirmed,
		lacking: world.lacking,
		between: world.between
	};
	yield* storeRest(plan, new WindowStore(series, window, youthClock(plan.key, world.now, plan.settings.settle), world.tally), walkRest(plan.key, window, before, world.rest), world);
}
/** Compares the newest rows before `window` with REST, where the archive brought them. */
async function* seamBefore({ key }, series, { from }, { now, tally, rest: { ask } }) {
	const stored = await rowsBefore(series, from, "archive");
	const difference = stored === void 0 ? void 0 : await askSeam(key, stored, from, ask);
	if (difference !== void 0) yield* storeSeam(series, difference, {
		source: "rest",
		gaps: []
	}, {
		now,
		tally
	});
}
/** Are trades stored between `from` and the end of its partition? */
async function hasRowsAfter(series, from) {
	const { key, coverage, gaps, partition } = series.manifest;
	if (key.interval !== void 0) return false;
	const rest = {
		from,
		to: periodWindow(periodOf$1(from, partition)).to
	};
	if (clip(coverage, rest).length + clip(gaps, rest).length === 0) return false;
	return (await series.newestRows(rest, 1)).length > 0;
}
/** Stores one window: steps in, partitions out. What arrived whole is kept, however the walk ends. */
async function* storeRest(plan, store, steps, { usage, tally, signal, warned }) {
	const windows = union(plan.missing, plan.recheck);
	let reported = tally.received;
	try {
		for await (const step of steps) {
			for (const { code, message } of step.warnings ?? []) {
				if (!warned.has(code)) yield {
					kind: "warning",
					key: plan.key,
					message
				};
				warned.add(code);
			}
			yield* store.take({
				...step,
				source: "rest"
			});
			const done = doneShare(windows, store.reached);
			yield rowsReport(plan.key, tally.received - reported, store.reached, {
				done,
				usage: usage()
			});
			reported = tally.received;
		}
		yield* store.finish();
	} catch (error) {
		const isRefused = error instanceof StoreError || error instanceof DamageError;
		if ((error instanceof BackfillError || signal.aborted && error === signal.reason) && !isRefused) yield* store.finish();
		throw error;
	} finally {
		await store.abort();
	}
}
// src/walk/archive/replaced-files.ts
/** Replaced files: archives that changed since rows were taken from them. */
/** Checksums read ahead; the client limits how many are requested at once. */
const CHECKS_AHEAD = 8;
/** Reads the checksums of these files again, past caches, in order. */
async function* replacedArchives(session, archives, signal) {
	const entries = [...archives];
	const ahead = new ReadAhead((entry, aborted) => checkArchive$1(session, entry, aborted), CHECKS_AHEAD, signal);
	try {
		for (;;) {
			const taken = await ahead.take(() => entries.shift());
			if (taken === void 0) return;
			yield taken.value;
		}
	} finally {
		ahead.close();
	}
}
async function checkArchive$1(session, [path, { sha256, period }], signal) {
	const name = quoteText(path);
	try {
		const now = await session.checksum(path, signal);
		if (now === sha256) return {
			state: "same",
			path,
			period,
			message: `${name}: unchanged`
		};
		if (now === void 0) return {
			state: "gone",
			path,
			period,
			message: `${name}: no longer published`
		};
		return {
			state: "replaced",
			path,
			period,
			message: `${name}: its SHA-256 was ${sha256}, now it is ${now}`
		};
	} catch (error) {
		if (!(error instanceof ArchiveError)) throw error;
		return {
			state: "unknown",
			path,
			period,
			message: error.message
		};
	}
}
const SEVERITY = {
	replaced: ["warning", "archive-replaced"],
	gone: ["note", "archive-gone"],
	unknown: ["warning", "archive-unknown"]
};
/**
* What `verify --remote` finds in one series: archives that were replaced, are gone, or do not answer. With `subset`, a
* share of them, chosen by name.
*/
async function* remoteFlaws(session, manifest, { subset, signal }) {
	const isIn = (path) => subset === void 0 || crc32(path) % subset.count === subset.index - 1;
	const archives = [...manifest.archives].filter(([path]) => isIn(path));
	for await (const { state, path, message } of replacedArchives(session, archives, signal)) {
		if (state === "same") continue;
		const [severity, code] = SEVERITY[state];
		const flaw = {
			severity,
			code,
			path,
			message
		};
		yield state === "replaced" ? {
			...flaw,
			hint: "binance-backfill run --refresh-archives"
		} : flaw;
	}
}
// src/backfill/series.ts
/** One series, fetched: from the archive what it has, from REST what is left; whatever arrived whole is kept. */
/** Fetches what a plan says of one series: its tasks, and what one source leaves from the next. */
async function* fetchSeries(plan, series, world) {
	const { exchange, now, signal } = world;
	const rest = {
		...exchange.rest(plan.key, plan.settings.numbers, world.priority),
		now,
		signal
	};
	const warned = /* @__PURE__ */ new Set();
	const unconfirmed = unconfirmedIn(series.manifest);
	const run = archiveRun(plan, series, {
		...world,
		warned
	}, rest);
	const failures = new Failures();
	const left = () => leftToAsk(plan.missing, series.manifest.coverage);
	const usage = () => exchange.usage();
	async function* execute(task) {
		signal.throwIfAborted();
		if (task.source === "archive") {
			if (run !== void 0) yield* reported(run, task, usage);
		} else if (!failures.isHopeless) {
			const [lacking, between] = [union(run?.lacking ?? []), union(run?.between ?? [])];
			const how = {
				...world,
				rest,
				warned,
				usage,
				unconfirmed,
				lacking,
				between
			};
			yield* failures.keep(task.window, restWindow(plan, series, task.window, how));
		}
	}
	if (run !== void 0) yield* replaced(run, world);
	for (const source of sourcesOf(plan, run, exchange.gateway.budget.weightPerMinute())) for (const task of await source(left())) yield* execute(task);
	if (plan.settings.source === "archive") await coverUnpublished(series, left());
	const { length } = series.manifest.doubts;
	if (length > 0) yield {
		kind: "warning",
		key: plan.key,
		message: `${length} ${DOUBTED}`
	};
	failures.report(union(left(), plan.recheck));
}
/** Whom to ask, one after the other. */
function sourcesOf(plan, run, weightPerMinute) {
	const rest = restOf(plan, weightPerMinute);
	if (run === void 0) return [rest];
	const files = [plannedFiles(plan), daysInstead(run)];
	if (plan.settings.source === "archive") return [...files, monthsInstead(run, true)];
	return [
		...files,
		monthsInstead(run, false),
		rest,
		monthsInstead(run, true)
	];
}
/** Nothing but the archive may be asked, and it has no rows of what is left. */
async function coverUnpublished(series, left) {
	for (const window of subtractAll(left, unconfirmedIn(series.manifest))) series.coverEmpty({
		window,
		gaps: [{
			...window,
			reason: "not-published"
		}],
		fresh: []
	});
	await series.flush();
}
const DOUBTED = "came less finished than stored: kept as stored, and asked again by the next run";
/** What taking files of the archive needs; `undefined` where it is not to be asked. */
function archiveRun(plan, series, { archive: session, now, tally, signal, warned }, rest) {
	if (session === void 0) return void 0;
	return {
		plan,
		series,
		session,
		now,
		tally,
		signal,
		ask: plan.settings.source === "archive" ? void 0 : rest.ask,
		lacking: [],
		holes: [],
		between: [],
		warned
	};
}
/** Stores the files of a task, and reports rows with each commit. */
async function* reported(run, task, usage) {
	const { plan, series, now, tally } = run;
	let reported = tally.received;
	for await (const event of storeTask(run, task)) {
		yield event;
		if (event.kind !== "committed") continue;
		const { coverage } = series.manifest;
		const lacking = subtractAll(plan.missing, coverage);
		const done = doneShare(plan.missing, micros(now)) * shareWithout(plan.missing, lacking);
		yield rowsReport(plan.key, tally.received - reported, task.window.from, {
			done,
			usage: usage()
		});
		reported = tally.received;
	}
}
/**
* Archives that were replaced since rows were taken from them: all of their time that is covered is stored anew, as
* revisions. Until then they are known as they were, so that a refresh that ends early is begun again by the next one.
*/
async function* replaced(run, { isRefreshed }) {
	if (!isRefreshed) return;
	const { plan, series, session, signal } = run;
	const used = [...series.manifest.archives].filter(([, { period }]) => clip(plan.wanted, periodWindow(period)).length > 0);
	for await (const { state, path, period, message } of replacedArchives(session, used, signal)) {
		if (state === "unknown") yield {
			kind: "warning",
			key: plan.key,
			message
		};
		if (state !== "replaced") continue;
		const file = {
			period,
			path,
			window: periodWindow(period),
			sizeBytes: void 0
		};
		const states = /* @__PURE__ */ new Set();
		const had = clip(union(series.manifest.coverage, plan.wanted), file.window);
		for (const window of wholeMillis$1(had)) {
			const taken = yield* storeFiles(run, window, [file]);
			states.add(taken[path]?.sha256);
		}
		const [sha256, ...others] = states;
		if (sha256 === void 0 || others.length > 0) continue;
		series.renewArchive(path, {
			sha256,
			period
		});
		await series.flush();
	}
}
// src/store/flaw.ts
/** What `verify` finds. */
/** A flaw that means the file is not what was written. */
function damage(code, message, hint = MEND) {
	return {
		severity: "damage",
		code,
		message,
		hint
	};
}
/** A flaw that calls for a look, and takes nothing from what is stored. */
function warning(code, message) {
	return {
		severity: "warning",
		code,
		message
	};
}
// src/store/id-joints.ts
/**
* Are the ids of a series contiguous over its partitions? Where times go back, the ids of neighbouring files interleave:
* so ids are counted over all files of one stretch of covered time, and none of these may be left out.
*/
/** In how many places ids are left out, in time that was answered in full. */
function idBreaksOf(manifest) {
	const own = [...manifest.partitions].map(([period, { proof }]) => Number(proof["id_breaks"] ?? 0) - forgivenBreaks(manifest, period, proof));
	const joints = chainFlaws(manifest).filter(({ code }) => code === "id-breaks");
	return own.reduce((sum, breaks) => sum + breaks, joints.length);
}
/** How many breaks of the ids of a partition are none: other files have the ids, or they lie outside of what was asked. */
function forgivenBreaks(manifest, period, proof) {
	const breaks = Number(proof["id_breaks"] ?? 0);
	const entry = manifest.partitions.get(period);
	if (breaks === 0 || entry === void 0 || leftOutOf([entry]) === 0n) return 0;
	if (!isOnePiece(manifest.coverage, periodWindow(period))) return Number(proof["id_breaks_at_edges"] ?? 0);
	const stretch = stretchesOf(manifest).find((one) => one.some(([name]) => name === period));
	return stretch !== void 0 && isWhole$1(stretch, manifest.coverage) ? breaks : 0;
}
/** Where what was answered runs on from one partition to the next, so must ids, and the trades that they name. */
function chainFlaws(manifest) {
	return stretchesOf(manifest).flatMap((stretch) => {
		return [...(isWhole$1(stretch, manifest.coverage) ? [] : brokenJoints(stretch)).map((message) => warning("id-breaks", message)), ...brokenChains(stretch)];
	});
}
function stretchesOf({ key, partitions, coverage }) {
	const { walk } = datasetOf(key);
	if (walk !== "aggTradeId" && walk !== "tradeId") return [];
	const stretches = [];
	for (const entry of [...partitions].sort(([a], [b]) => a < b ? -1 : 1)) {
		const last = stretches.at(-1);
		const before = last?.at(-1);
		if (before !== void 0 && isOneStretch(coverage, before[0], entry[0])) last?.push(entry);
		else stretches.push([entry]);
	}
	return stretches;
}
/** Is all from the first row of one period to the first of the next in one stretch of coverage? */
function isOneStretch(coverage, period, next) {
	const [from, to] = [periodWindow(period), periodWindow(next)];
	const stretch = coverage.find((window) => window.from < to.from && to.from < window.to);
	if (stretch === void 0 || stretch.from > from.to) return false;
	return stretch.from < from.to && isOnePiece(coverage, from) && isOnePiece(coverage, to);
}
function isOnePiece(coverage, period) {
	return clip(coverage, period).length === 1;
}
/** Has each id of a stretch a row, but for those that may lie just outside of what was answered? */
function isWhole$1(stretch, coverage) {
	if (!stretch.every(([period]) => isOnePiece(coverage, periodWindow(period)))) return false;
	const atStart = Number(stretch[0]?.[1].proof["ids_left_out_at_start"] ?? 0);
	const atEnd = Number(stretch.at(-1)?.[1].proof["ids_left_out_at_end"] ?? 0);
	return leftOutOf(stretch.map(([, entry]) => entry)) <= BigInt(atStart + atEnd);
}
/** Where ids are left out between one file and the next, in words. */
function brokenJoints(stretch) {
	return neighbours(stretch).flatMap(([[period, entry], [next, nextEntry]]) => {
		const idsAt = ({ proof }, edge) => BigInt(proof[edge] ?? 0);
		const { lastKey } = entry;
		const { firstKey } = nextEntry;
		if (idsAt(entry, "ids_left_out_at_end") + idsAt(nextEntry, "ids_left_out_at_start") - (BigInt(lastKey) - BigInt(firstKey) + 1n) <= 0n) return [];
		return [`${period} ends with id ${lastKey}, ${next} begins with ${firstKey}`];
	});
}
function brokenChains(stretch) {
	return neighbours(stretch).flatMap(([[period, entry], [next, nextEntry]]) => {
		const last = entry.proof["last_trade_id"];
		const first = nextEntry.proof["first_trade_id"];
		const isNamed = typeof last === "string" && typeof first === "string" && last !== "" && first !== "";
		const areNeighbours = BigInt(nextEntry.firstKey) === BigInt(entry.lastKey) + 1n;
		if (!isNamed || !areNeighbours || BigInt(first) === BigInt(last) + 1n) return [];
		return [warning("chain-breaks", `${period} ends with trade ${last}, ${next} begins with ${first}`)];
	});
}
function neighbours(stretch) {
	return stretch.slice(1).flatMap((next, index) => {
		const before = stretch[index];
		return before === void 0 ? [] : [[before, next]];
	});
}
// src/store/verdict.ts
/** The verdict of a series: one function, from its manifest, for everyone who tells of it. */
/** Judges a series. */
function verdictOf({ manifest, wanted, recorded = manifest }) {
	const range = wanted ?? askedOf(recorded);
	const missing = subtractAll(range, manifest?.coverage ?? []);
	const gaps = (manifest?.gaps ?? []).filter((gap) => wanted === void 0 || clip(range, gap).length > 0);
	const lack = manifest === void 0 ? void 0 : lackOf(manifest);
	return {
		missing,
		unconfirmed: intersect(missing, manifest === void 0 ? [] : unconfirmedIn(manifest)),
		lack,
		isComplete: missing.length === 0 && lack === void 0,
		words: wordsOf$1(missing, gaps, lack)
	};
}
function wordsOf$1(missing, gaps, lack) {
	const [first] = missing;
	if (first !== void 0) {
		const reasons = gaps.filter((gap) => !isKnown(gap) && clip(missing, gap).length > 0);
		const why = [...new Set(reasons.map(({ reason }) => reason))].join(", ");
		const { from, to } = formatWindow(first);
		return `incomplete: missing ${from} to ${to}${missing.length > 1 ? ` and ${missing.length - 1} more` : ""}${why === "" ? "" : ` (${why})`}`;
	}
	if (lack !== void 0) return `incomplete: ${lack}`;
	const known = gaps.filter(isKnown).length;
	if (known === 0) return "complete";
	return `complete with ${known} known ${known === 1 ? "gap" : "gaps"}`;
}
/** An unconfirmed end that is younger is no failure: the exchange may be late by so much. */
const YOUNG_END = 2n * 3600000000n;
/**
* Does a series lack nothing but what the next run asks again in any case: unconfirmed stretches with rows on both
* sides, or a young one at the end of what can be had now?
*/
function isUpToDate({ missing, unconfirmed, lack }, manifest, { now, horizon }) {
	if (manifest === void 0 || lack !== void 0) return false;
	if (subtractAll(missing, unconfirmed).length > 0) return false;
	const withRows = subtractAll(manifest.coverage, union(manifest.gaps.filter(isKnown)));
	return unconfirmed.every(({ from, to }) => {
		if (!withRows.some((window) => window.from < from)) return false;
		if (withRows.some((window) => window.to > to)) return true;
		return to >= horizon && from + YOUNG_END > now;
	});
}
/** What the proofs of the partitions say is lacking in time that was answered in full. */
function lackOf(manifest) {
	const proofs = [...manifest.partitions.values()].map(({ proof }) => proof);
	const sum = (name) => proofs.reduce((total, proof) => total + Number(proof[name] ?? 0), 0);
	const breaks = idBreaksOf(manifest);
	if (breaks > 0) return `ids are not contiguous in ${breaks === 1 ? "1 place" : `${breaks} places`}`;
	const slots = sum("slots_expected") - sum("slots_in_gaps") - sum("slots_present");
	if (slots > 0) return slots === 1 ? "1 kline is missing" : `${slots} klines are missing`;
}
/** From the first moment that was asked for to the last: what lies between and is not covered is missing, whoever asked. */
function askedOf(manifest) {
	const asked = union(manifest?.coverage ?? [], manifest?.gaps);
	const [first, last] = [asked[0], asked.at(-1)];
	return first === void 0 || last === void 0 ? [] : [{
		from: first.from,
		to: last.to
	}];
}
// src/backfill/outcome.ts
/** The result of a series that ran, or did not get to. */
function resultOf(plan, manifest, tally, { error, now }) {
	const verdict = verdictOf({
		manifest,
		wanted: plan.wanted
	});
	const { missing, unconfirmed, lack } = verdict;
	const why = error ?? unavailable(manifest?.gaps ?? [], missing) ?? lacking(lack);
	const complete = verdict.isComplete && error === void 0;
	const { horizon = now } = plan;
	const upToDate = complete || error === void 0 && isUpToDate(verdict, manifest, {
		now,
		horizon
	});
	const { rows, files, revisions } = tally;
	const [partitions, bytes] = [files.size, [...files.values()].reduce((sum, size) => sum + size, 0)];
	const result = {
		key: plan.key,
		complete,
		upToDate,
		rows,
		partitions,
		bytes,
		revisions,
		missing,
		unconfirmed
	};
	return why === void 0 || complete ? result : {
		...result,
		error: describeError(why)
	};
}
function lacking(lack) {
	if (lack === void 0) return void 0;
	return new UnavailableError(`rows of covered time are missing: ${lack}`, { hint: "`binance-backfill verify` names the places; ask for them again with run --recheck." });
}
const HINTS = {
	"not-published": "The archive has no file of it; REST may have the rows: source: auto or rest.",
	"unavailable-from-rest": "Take it from the published archive: source: auto.",
	unconfirmed: "The answers were empty, which proves nothing yet; the next run asks again."
};
function unavailable(gaps, missing) {
	const gap = gaps.find(({ from, to }) => missing.some((window) => window.from < to && from < window.to));
	if (gap === void 0) return void 0;
	const { from, to } = formatWindow(gap);
	return new UnavailableError(`${from} to ${to}: ${gap.reason}`, { hint: HINTS[gap.reason] });
}
/** The exit code of a run: what ended it, or the worst that befell a series. */
function exitOf$1(results, errors) {
	const stopped = errors.find((error) => error instanceof StoppedError);
	if (stopped !== void 0) return stopped.exit;
	const fatal = errors.find(isFatal);
	if (fatal !== void 0) return fatal instanceof BackfillError ? fatal.exit : 1;
	if (errors.some((error) => error instanceof BackfillError && error.exit === 4)) return 4;
	if (errors.some((error) => error instanceof DamageError)) return 4;
	return errors.length === 0 && results.every(({ upToDate }) => upToDate) ? 0 : 3;
}
// src/plan/plan.ts
/** A plan: what is left to do, as plain data. Makes no request and opens no file. */
/** Is nothing to be done for a want, because its windows cannot be determined? */
function isBlocked({ problem, wanted }) {
	return problem !== void 0 && wanted.length === 0;
}
/**
* Plans what `wants` asks for and `have` lacks.
*
* @param weightPerMinute - Request weight available per minute.
* @param recheck - Requests this window again even where it is covered.
*/
function makePlan(wants, have, weightPerMinute, recheck) {
	return totalled(wants.map((want) => {
		const stored = have(want.key);
		const { covered, fresh, seams } = stored;
		const pace = paceOf(want.key, stored);
		const missing = leftToAsk(want.wanted, covered);
		const again = union(fresh, recheck === void 0 ? [] : [recheck]);
		const rechecked = subtractAll(wholeMillis$1(intersect(intersect(want.wanted, covered), again)), missing);
		const windows = union(missing, rechecked);
		return {
			...want,
			missing,
			recheck: rechecked,
			pace,
			seams,
			tasks: restTasks(want.key, windows, {
				pace,
				seams,
				weightPerMinute
			}),
			...estimateRest(want.key, windows, {
				pace,
				seams
			})
		};
	}));
}
/** A plan of these series. */
function totalled(series) {
	const seconds = series.flatMap(({ tasks }) => tasks).reduce((sum, { cost }) => sum + cost.seconds, 0);
	return {
		series,
		total: {
			...sum$1(series),
			minutes: seconds / 60
		}
	};
}
function sum$1(parts) {
	return parts.reduce((all, part) => ({
		requests: all.requests + part.requests,
		weight: all.weight + part.weight,
		rows: all.rows + part.rows,
		bytes: all.bytes + part.bytes
	}), {
		requests: 0,
		weight: 0,
		rows: 0,
		bytes: 0
	});
}
// src/plan/split.ts
/** Splits a plan between the archive and REST, by the files that are published. Pure. */
/**
* The plan of a series when these files are used: REST is asked for the rest, and makes one more request at each seam
* where it continues after them.
*
* @param files - In order; they do not overlap.
* @param weightPerMinute - Request weight available per minute.
*/
function splitSeries(plan, files, weightPerMinute) {
	const { key, missing, recheck, settings, pace } = plan;
	const isAlone = settings.source === "archive";
	if (files.length === 0 && !isAlone) return plan;
	const archive = archiveTasks(key, missing, files);
	const seams = [...plan.seams, ...files.map(({ window }) => window.to)];
	const rest = restTasks(key, isAlone ? [] : union(leftBy(archive, missing), recheck), {
		pace,
		seams,
		weightPerMinute
	});
	const requests = rest.reduce((sum, { cost }) => sum + cost.requests, 0);
	const weight = rest.reduce((sum, { cost }) => sum + cost.weight, 0);
	const split = {
		...plan,
		requests,
		weight,
		tasks: [...archive, ...rest]
	};
	if (files.length === 0) return split;
	const bytes = files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0);
	const requestsSaved = Math.max(0, plan.requests - requests);
	return {
		...split,
		archive: {
			files: files.length,
			bytes,
			requestsSaved
		}
	};
}
// src/backfill/plan-archive.ts
/** The plan, split by the files that are published now. */
async function splitPlan(plan, session, { exchange, options }) {
	const now = exchange.now();
	const perMinute = exchange.gateway.budget.weightPerMinute();
	return totalled(await Promise.all(plan.series.map(async (one) => usesArchive(one.key, one.settings.source, options) ? splitSeries(one, await filesOf$1(one, session, now), perMinute) : one)));
}
async function filesOf$1({ key, missing }, session, now) {
	const files = /* @__PURE__ */ new Map();
	for (const window of missing) for (const file of await session.filesFor(key, window, now)) files.set(file.period, file);
	return [...files.values()];
}
// src/session/plan-wants.ts
/** What the lake holds of each want, and so what is left to do. */
/** Plans what the wants lack. */
async function planWants(wants, manifests, exchange, options) {
	const have = /* @__PURE__ */ new Map();
	for (const want of wants) {
		const manifest = isBlocked(want) ? void 0 : await manifests.get(want.key);
		have.set(seriesName(want.key), haveOf(manifest));
	}
	const perMinute = exchange.gateway.budget.weightPerMinute();
	const haveIn = (key) => have.get(seriesName(key)) ?? haveOf(void 0);
	return makePlan(wants, haveIn, perMinute, options.recheck);
}
function haveOf(manifest) {
	const entries = [...manifest?.partitions.values() ?? []];
	return {
		covered: manifest?.coverage ?? [],
		fresh: manifest?.fresh ?? [],
		gaps: union(manifest?.gaps ?? []),
		rows: entries.reduce((sum, { rows }) => sum + rows, 0),
		bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
		seams: manifest === void 0 ? [] : seamsAfter(manifest, "archive").map(({ to }) => to)
	};
}
// src/job/job.ts
/** Where rows may come from; `auto` uses published archives where they exist and REST for the rest. */
const SOURCES = [
	"auto",
	"rest",
	"archive"
];
/** How the pages of a Parquet file are compressed. */
const COMPRESSIONS = [
	"zstd",
	"snappy",
	"gzip",
	"none"
];
/** The facts about the dataset that an entry of a job names. */
function factsOf({ market, kind }) {
	return datasetOf({
		market,
		dataset: kind
	});
}
// src/node/environment.ts
/** What the process was started with. */
/** The value of an environment variable; `undefined` when it is not set, or empty. */
function environment(name) {
	const value = process.env[name];
	return value === "" ? void 0 : value;
}
/** Every environment variable. */
function allEnvironment() {
	return process.env;
}
/** The version of Node, without the `v`. */
function nodeVersion() {
	return process.versions.node;
}
// src/base/secret.ts
/** Keys and other secrets, wrapped so that no message, log, document or stack trace can show them. */
const REDACTED = "[redacted]";
/** A value that is readable only through {@link Secret.reveal}. */
var Secret = class {
	#value;
	constructor(value) {
		this.#value = value;
		Object.defineProperty(this, Symbol.for("nodejs.util.inspect.custom"), { value: () => REDACTED });
	}
	/** The value itself; never put it into a text. */
	reveal() {
		return this.#value;
	}
	/** `[redacted]`. */
	toString() {
		return REDACTED;
	}
	/** `[redacted]`. */
	toJSON() {
		return REDACTED;
	}
};
// src/node/keys.ts
/**
* Reads API keys from the environment and from key files, and checks them before anything is sent. No message here
* holds any part of a key.
*
* @see binance-spot-api-docs, faqs/api_key_types.md.
*/
const KEY = "BINANCE_API_KEY";
const SECRET = "BINANCE_API_SECRET";
const FILE = "BINANCE_PRIVATE_KEY_FILE";
const PASSPHRASE = "BINANCE_PRIVATE_KEY_PASSPHRASE";
const LABEL = "BINANCE_ACCOUNT_LABEL";
/** Anyone but the owner. */
const OTHERS = 63;
const KEY_FILE_BYTES_MAX = 65536;
const LABEL_PATTERN = /^(?!\.+$)[\p{L}\p{M}\p{N}._-]{1,64}$/u;
const API_KEY_PATTERN = /^[\x21-\x7e]{1,256}$/;
/**
* The credentials that the environment names; `undefined` when it names neither an API key nor anything to sign with.
*
* @throws UsageError when a part is missing, both a secret and a key file are given, the label cannot be a directory,
* or the key file cannot be read, can be read by others, or is not an RSA or Ed25519 private key that the passphrase
* opens.
*/
function readCredentials(environment) {
	const given = (name) => {
		const value = environment[name]?.trim();
		return value === "" ? void 0 : value;
	};
	const [apiKey, secret, file] = [
		given(KEY),
		given(SECRET),
		given(FILE)
	];
	if (apiKey === void 0 && secret === void 0 && file === void 0) return void 0;
	if (apiKey === void 0) throw missing(KEY, "the API key itself");
	if (!API_KEY_PATTERN.test(apiKey)) throw new UsageError(`${KEY} is not an API key`);
	if (secret !== void 0 && file !== void 0) throw new UsageError(`${SECRET} and ${FILE} are both set`, { hint: "Keep the one that belongs to the API key: a secret for HMAC, a key file for RSA and Ed25519." });
	const label = checkLabel(given(LABEL));
	const common = {
		apiKey: new Secret(apiKey),
		label
	};
	if (secret !== void 0) return {
		...common,
		kind: "hmac",
		key: hmacSecret(secret)
	};
	if (file === void 0) throw missing(`${SECRET} or ${FILE}`, "what the API key signs with");
	return {
		...common,
		...readKeyFile(file, environment[PASSPHRASE])
	};
}
/**
* The label of the account.
*
* @throws UsageError when there is none or it cannot name a directory.
*/
function checkLabel(label) {
	if (label === void 0) throw missing(LABEL, "a name of your choice for the account");
	const name = label.normalize("NFC");
	if (LABEL_PATTERN.test(name)) return name;
	throw new UsageError(`${LABEL}: "${quoteText(label)}" cannot name a directory`, { hint: "Use 1 to 64 letters, digits, \"-\", \"_\" and \".\"." });
}
/** A private key that was put here by mistake would be signed with as if it were a secret, and refused as a wrong one. */
function hmacSecret(secret) {
	if (!secret.includes("-----BEGIN")) return new Secret(secret);
	throw new UsageError(`${SECRET} holds a key in PEM, not a secret`, { hint: `Put it into a file that only you can read, and name that in ${FILE}.` });
}
/**
* Reads a private key: PEM, PKCS#8 (encrypted too) or the traditional forms.
*
* @throws UsageError as {@link readCredentials} does.
*/
function readKeyFile(path, passphrase) {
	const key = openKey(readPrivate(path), path, passphrase);
	const kind = key.asymmetricKeyType;
	if (kind !== "rsa" && kind !== "ed25519") throw new UsageError(`${quoteText(path)}: a key of type ${kind ?? "unknown"}`, { hint: "Binance takes RSA and Ed25519 keys; with an HMAC key, set BINANCE_API_SECRET instead." });
	return {
		kind,
		key: new Secret(key.export({
			type: "pkcs8",
			format: "pem"
		}).toString())
	};
}
/** The bytes of a file that nobody else can read. The file that was checked is the file that is read. */
function readPrivate(path) {
	let fd;
	try {
		fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
		const stat = fs.fstatSync(fd);
		if (!stat.isFile()) throw new UsageError(`${quoteText(path)} is not a file`);
		checkMode(path, stat.mode);
		if (stat.size > KEY_FILE_BYTES_MAX) throw new UsageError(`${quoteText(path)} is too large for a private key`);
		return fs.readFileSync(fd);
	} catch (cause) {
		if (cause instanceof UsageError) throw cause;
		const code = cause.code;
		throw new UsageError(`${quoteText(path)} cannot be read: ${String(code)}`, {
			cause,
			hint: `Check ${FILE}.`
		});
	} finally {
		if (fd !== void 0) fs.closeSync(fd);
	}
}
function checkMode(path, mode) {
	if (process.platform === "win32" || (mode & OTHERS) === 0) return;
	const seen = (mode & 511).toString(8);
	throw new UsageError(`${quoteText(path)} can be used by others (mode ${seen})`, { hint: `Run: chmod 600 ${quoteText(path)}` });
}
function openKey(pem, path, passphrase) {
	const isEncrypted = /-----BEGIN ENCRYPTED |^Proc-Type: .*ENCRYPTED/m.test(pem.toString("latin1"));
	if (isEncrypted && (passphrase === void 0 || passphrase === "")) throw new UsageError(`${quoteText(path)} is encrypted`, { hint: `Set ${PASSPHRASE}.` });
	try {
		return createPrivateKey(isEncrypted ? {
			key: pem,
			passphrase
		} : pem);
	} catch {
		throw isEncrypted ? new UsageError(`${quoteText(path)}: the passphrase does not open it`, { hint: `Check ${PASSPHRASE}.` }) : new UsageError(`${quoteText(path)} is not a private key in PEM`, { hint: "It should begin with -----BEGIN PRIVATE KEY-----." });
	}
}
function missing(name, what) {
	return new UsageError(`${name} is not set`, { hint: `Set it to ${what}.` });
}
// src/session/account.ts
/** Whose history the jobs name: the account's label and its keys, from the environment. */
/**
* The user's own name for the account, from the environment; looked at only when the jobs name account datasets.
*
* @throws UsageError when it cannot name a directory.
*/
function accountLabel(jobs) {
	const label = needsKey(jobs) ? environment("BINANCE_ACCOUNT_LABEL") : void 0;
	return label === void 0 ? void 0 : checkLabel(label);
}
/** The keys for the account datasets that the jobs name. @throws UsageError when they name some and there is none. */
function credentialsFor(jobs) {
	if (!needsKey(jobs)) return void 0;
	const credentials = readCredentials(allEnvironment());
	if (credentials !== void 0) return credentials;
	throw new UsageError("account datasets need an API key", { hint: "Set BINANCE_API_KEY with BINANCE_API_SECRET or BINANCE_PRIVATE_KEY_FILE." });
}
/** Does any of these jobs name the account's own history? Only then are keys looked at. */
function needsKey(jobs) {
	return jobs.some(({ datasets }) => datasets.some((dataset) => factsOf(dataset).security === "signed"));
}
// src/session/wants.ts
/** From jobs to what is wanted: symbols, moments and horizons resolved against the exchange and its clock. */
/** Does any of these jobs choose symbols by a filter? */
function needsAllSymbols(jobs) {
	return jobs.some((job) => job.datasets.some(({ symbols }) => symbols.kind === "filter"));
}
/** Some symbol that the jobs name. */
function anySymbol(jobs) {
	for (const { datasets } of jobs) for (const { symbols } of datasets) if (symbols.kind === "list") return symbols.symbols[0];
}
/** A start that a scheduler computed from this machine's clock may be so far ahead of the server's. */
const CLOCK_SLACK = 60000000n;
/**
* Every series that the jobs ask for, once, in the order of the jobs. What is wanted of a series does not depend on
* that order: two jobs want of it what both want together, and the problem of one is not hidden by the other.
*
* @throws UsageError when two jobs ask for one series in different ways, an account dataset has no label, or a
* range can hold nothing by the clock of now.
*/
async function resolveWants(jobs, world) {
	const wants = /* @__PURE__ */ new Map();
	const asking = {
		...world,
		listingOf: askedOnce(world.listingOf)
	};
	for (const job of jobs) for (const dataset of job.datasets) {
		checkRange$1(job, dataset, world.now);
		for (const key of seriesOf$1(dataset, world)) {
			const want = await resolve$1(key, dataset, asking);
			const name = seriesName(key);
			const other = wants.get(name);
			wants.set(name, other === void 0 ? want : join$1(other, want));
		}
	}
	return [...wants.values()];
}
/** One answer a series, however many jobs need it. */
function askedOnce(listingOf) {
	const asked = /* @__PURE__ */ new Map();
	return (key) => {
		const name = seriesName(key);
		const answer = asked.get(name) ?? listingOf(key);
		asked.set(name, answer);
		return answer;
	};
}
/** A wish for nothing would pass for complete at every run. Where only the clock has to go on, it is none. */
function checkRange$1({ file }, { kind, from, to }, now) {
	const at = (moment) => formatMicros(moment).replace(".000000", "");
	const where = `${quoteText(file)}: ${kind}`;
	if (from.kind === "at" && from.time > now + CLOCK_SLACK) throw new UsageError(`${where}: from, ${at(from.time)}, lies in the future: it is ${at(now)}`, { hint: "All times are UTC; name a start that has been." });
	if (from.kind === "ago" && to.kind !== "now" && atOrAgo(from, now) >= atOrAgo(to, now)) throw new UsageError(`${where}: to, ${at(atOrAgo(to, now))}, is not after from, now ${at(atOrAgo(from, now))}`, { hint: "A range that begins some time ago moves on: give it a later end, or none." });
}
/**
* The symbols of exchangeInfo, in which every filter finds some: one that finds none is a slip, or the exchange is not
* itself now, and never a job that is complete.
*
* @throws UsageError when a filter can mean none of them; UnavailableError when none has the status now.
*/
function symbolsFor(jobs, known) {
	for (const { file, datasets } of jobs) for (const { kind, symbols: filter } of datasets) {
		if (filter.kind === "list" || chosenBy(filter, known).length > 0) continue;
		const of = `none of the ${known.length} symbols of exchangeInfo`;
		const message = `${quoteText(file)}: ${kind}: the filter of symbols selects ${of}`;
		if (known.length === 0 || chosenBy({
			...filter,
			status: void 0
		}, known).length > 0) throw new UnavailableError(message, { hint: "None has the status now; run again later." });
		throw new UsageError(message, { hint: "`binance-backfill symbols` lists them; mend quote, base or exclude." });
	}
	return known;
}
/** The series that one entry of a job names. */
function seriesOf$1(dataset, { symbols, account }) {
	const { kind, market, intervals } = dataset;
	const isSigned = factsOf(dataset).security === "signed";
	if (isSigned && account === void 0) throw new UsageError(`${kind} needs an account label`, { hint: "Set BINANCE_ACCOUNT_LABEL to a name of your choice." });
	const label = isSigned && account !== void 0 ? { account } : {};
	return symbolsOf$1(dataset, symbols).flatMap((symbol) => {
		const key = {
			market,
			dataset: kind,
			symbol,
			...label
		};
		return intervals.length === 0 ? [key] : intervals.map((interval) => ({
			...key,
			interval
		}));
	});
}
function symbolsOf$1({ symbols: selection }, known) {
	if (selection.kind === "list") return selection.symbols;
	return chosenBy(selection, known).map(({ symbol }) => checkedSymbol(symbol)).sort();
}
function chosenBy(filter, known) {
	return known.filter(({ symbol, status, baseAsset, quoteAsset }) => (filter.quote === void 0 || filter.quote === quoteAsset) && (filter.base === void 0 || filter.base === baseAsset) && (filter.status === void 0 || filter.status === status) && !filter.exclude.includes(symbol));
}
/** A name that the exchange gave becomes a directory and a part of URLs, as much as one that a job gives. */
function checkedSymbol(symbol) {
	if (SYMBOL_PATTERN.test(symbol)) return symbol;
	throw new DataError(`exchangeInfo lists "${quoteText(symbol, 60)}", which is no symbol`, { hint: "Name the symbols one by one instead of by a filter." });
}
async function resolve$1(key, job, world) {
	const { source, numbers, compression, settle, partition } = job;
	const settings = {
		source: world.source ?? source,
		numbers,
		compression,
		settle,
		partition
	};
	const begin = await beginOf(key, job.from, world);
	if ("problem" in begin) return {
		key,
		wanted: [],
		settings,
		...begin
	};
	const { from } = begin;
	const asked = job.to.kind === "now" ? world.now : atOrAgo(job.to, world.now);
	const horizon = horizonOf(key.interval, world.now, settle);
	const to = asked < horizon ? asked : horizon;
	return {
		key,
		wanted: from === void 0 || from >= to ? [] : [{
			from,
			to
		}],
		settings,
		horizon,
		...job.from.kind === "listing" && from !== void 0 ? { listing: from } : {}
	};
}
async function beginOf(key, moment, world) {
	if (moment.kind !== "listing") return { from: atOrAgo(moment, world.now) };
	try {
		return { from: await world.listingOf(key) };
	} catch (error) {
		if (error instanceof BackfillError && !isFatal(error)) return { problem: error };
		throw error;
	}
}
function atOrAgo(moment, now) {
	return moment.kind === "at" ? moment.time : latest(micros(0n), micros(now - moment.micros));
}
/**
* Where final rows end: a kline that opens before it has closed at least `settle` ago, a trade is at least `settle`
* old. A whole millisecond, so that what is asked for up to it need not be widened beyond it.
*
* @param now - The server's clock, read before the first request.
*/
function horizonOf(interval, now, settle) {
	const settled = micros(floorDiv(now - settle, 1000n) * 1000n);
	if (interval === void 0) return settled;
	if (hasKnownGrid(interval)) return gridFloor(interval, settled);
	return micros(gridFloor(interval, micros(settled - intervalStep(interval))) + 86400000000n);
}
function join$1(a, b) {
	checkAlike$1(a.key, a.settings, b.settings);
	return {
		...b,
		...a,
		wanted: union(a.wanted, b.wanted)
	};
}
/** @throws UsageError when two jobs ask for a series in different ways */
function checkAlike$1(key, x, y) {
	if (x.source === y.source && x.numbers === y.numbers && x.compression === y.compression && x.settle === y.settle && x.partition === y.partition) return;
	throw new UsageError(`${seriesName(key)}: two jobs ask for it with different settings`, { hint: "Give both the same source, numbers, compression, settle and partition." });
}
// src/backfill/preflight.ts
/** What is looked at before anything is asked or written: options, jobs side by side, keys. */
/** Checks options that no type can. @throws UsageError */
function checkOptions({ weightShare = 1, concurrency = 1, maxWaitMs = 0 }) {
	if (!(weightShare > 0 && weightShare <= 1)) throw new UsageError(`weightShare: expected a number above 0 and at most 1, got ${weightShare}`);
	if (!Number.isSafeInteger(concurrency) || concurrency < 1) throw new UsageError(`concurrency: expected a whole number from 1 on, got ${concurrency}`);
	if (!(maxWaitMs >= 0)) throw new UsageError(`maxWaitMs: expected 0 or more, got ${maxWaitMs}`);
}
/**
* Checks what needs neither the lake nor the exchange.
*
* @throws UsageError when an account dataset lacks its key or label, the source that overrides the jobs' own has not
* what they name, or two of them ask for one series in different ways.
*/
function checkJobs(jobs, options) {
	checkOptions(options);
	credentialsFor(jobs);
	const asked = /* @__PURE__ */ new Map();
	const named = {
		symbols: [],
		account: accountLabel(jobs)
	};
	for (const { source, ...dataset } of jobs.flatMap(({ datasets }) => datasets)) {
		const settings = {
			...dataset,
			source: options.source ?? source
		};
		if (options.source === "archive" && factsOf(dataset).archive === void 0) throw new UsageError(`source archive: ${dataset.kind} are not published in the archive`, { hint: "Leave --source away, or take auto or rest." });
		for (const key of seriesOf$1(settings, named)) {
			const name = seriesName(key);
			checkAlike$1(key, asked.get(name) ?? settings, settings);
			asked.set(name, settings);
		}
	}
}
// src/store/parquet/delta-decode.ts
/** Reads DELTA_BINARY_PACKED back into pairs of 32-bit words, without BigInt where differences are below 2^52. */
const WORD$1 = 2 ** 32;
const DELTA_LIMIT$1 = 2 ** 52;
/**
* Decodes `count` 64-bit integers, two words each.
*
* @throws RangeError when `bytes` end too early, or hold more or other than `count` numbers.
*/
function decodeDelta(bytes, count) {
	const cursor = {
		view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
		offset: 0
	};
	const block = readNumber(cursor);
	const miniblocks = readNumber(cursor);
	const each = block / miniblocks;
	if (block % 128 !== 0 || each % 32 !== 0) throw new RangeError("impossible blocks of differences");
	if (readNumber(cursor) !== count) throw new RangeError("another number of values than announced");
	const words = new Int32Array(count * 2);
	if (count === 0) return words;
	const first = readZigzag(cursor);
	words[0] = Number(BigInt.asIntN(32, first));
	words[1] = Number(BigInt.asIntN(32, first >> 32n));
	for (let at = 1; at < count; at += block) if (!decodeBlock(cursor, words, at, {
		miniblocks,
		each
	})) return decodeExactly(bytes, count);
	if (cursor.offset !== bytes.byteLength) throw new RangeError("bytes are left over");
	return words;
}
/** Gives `false` when a double could not hold the differences exactly. */
function decodeBlock(cursor, words, from, { miniblocks, each }) {
	const least = Number(readZigzag(cursor));
	const widths = cursor.offset;
	cursor.offset += miniblocks;
	const count = words.length / 2;
	for (let m = 0; m < miniblocks; m++) {
		const start = from + m * each;
		if (start >= count) break;
		const width = cursor.view.getUint8(widths + m);
		if (width > 52 || Math.abs(least) >= DELTA_LIMIT$1) return false;
		addDeltas(cursor, words, {
			from: start,
			to: Math.min(start + each, count),
			least,
			width
		});
		cursor.offset += each / 8 * width;
	}
	return true;
}
function addDeltas({ view, offset }, words, { from, to, least, width }) {
	let low = words[from * 2 - 2] >>> 0;
	let high = words[from * 2 - 1];
	let bit = 0;
	for (let i = from; i < to; i++) {
		const delta = least + readBits(view, offset, bit, width);
		bit += width;
		const deltaHigh = Math.floor(delta / WORD$1);
		low += delta - deltaHigh * WORD$1;
		const carry = low >= WORD$1 ? 1 : 0;
		low -= carry * WORD$1;
		high = high + deltaHigh + carry | 0;
		words[i * 2] = low;
		words[i * 2 + 1] = high;
	}
}
/** `width` bits, from bit `bit` after byte `offset`, the lowest first. */
function readBits(view, offset, bit, width) {
	if (width === 0) return 0;
	if (width <= 32) return readNarrow(view, offset, bit, width);
	const low = readNarrow(view, offset, bit, 32);
	return readNarrow(view, offset, bit + 32, width - 32) * WORD$1 + low;
}
function readNarrow(view, offset, bit, width) {
	const at = offset + (bit >>> 5) * 4;
	const shift = bit & 31;
	let bits = view.getUint32(at, true) >>> shift;
	if (shift + width > 32) bits |= view.getUint32(at + 4, true) << 32 - shift;
	return (width === 32 ? bits : bits & (1 << width) - 1) >>> 0;
}
function decodeExactly(bytes, count) {
	const values = new BigInt64Array(count);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	deltaBinaryUnpack({
		view,
		offset: 0
	}, count, values);
	return new Int32Array(values.buffer);
}
function readNumber(cursor) {
	const number = Number(readVarint(cursor));
	if (number > 2147483647) throw new RangeError("a number is too large");
	return number;
}
function readZigzag(cursor) {
	const number = readVarint(cursor);
	return number >> 1n ^ -(number & 1n);
}
function readVarint(cursor) {
	let number = 0n;
	for (let shift = 0n; shift < 70n; shift += 7n) {
		const byte = cursor.view.getUint8(cursor.offset++);
		number |= BigInt(byte & 127) << shift;
		if (byte < 128) return number;
	}
	throw new RangeError("a number has no end");
}
/** Most digits that 16 bytes hold. */
const FIXED_DIGITS = 38;
/**
* The Parquet shape of an Arrow field.
*
* @throws RangeError for a type that we do not write.
*/
function shapeOf(field) {
	const { name, nullable } = field;
	const type = field.type;
	const shape = (physical, logical) => ({
		name,
		physical,
		logical,
		isNullable: nullable
	});
	if (DataType.isTimestamp(type) && type.unit === TimeUnit.MICROSECOND && type.timezone === "UTC") return shape("INT64", { kind: "timestamp" });
	if (DataType.isInt(type) && type.bitWidth === 64 && type.isSigned) return shape("INT64");
	if (DataType.isFloat(type) && type.ArrayType === Float64Array) return shape("DOUBLE");
	if (DataType.isUtf8(type)) return shape("BYTE_ARRAY", { kind: "string" });
	if (DataType.isBool(type)) return shape("BOOLEAN");
	if (DataType.isDecimal(type) && type.bitWidth === 128 && isDecimal(type.precision, type.scale)) {
		const { precision, scale } = type;
		return shape(decimalPhysical(precision), {
			kind: "decimal",
			precision,
			scale
		});
	}
	throw new RangeError(`column ${name} has the type ${Type[type.typeId]}, which is not written`);
}
/** The Arrow field that {@link shapeOf} turns into `shape`. */
function fieldOf(shape) {
	return new Field(shape.name, typeOf(shape), shape.isNullable);
}
/** The Arrow schema of a file's columns. */
function schemaOf(shapes) {
	return new Schema(shapes.map(fieldOf));
}
/** Does a decimal of this precision and scale exist, and where is it stored? */
function isDecimal(precision, scale) {
	return precision >= 1 && precision <= FIXED_DIGITS && scale >= 0 && scale <= precision;
}
/** The physical type that a decimal of `precision` digits is stored as. */
function decimalPhysical(precision) {
	return precision <= 18 ? "INT64" : "FIXED_LEN_BYTE_ARRAY";
}
function typeOf({ physical, logical }) {
	if (logical?.kind === "timestamp") return new TimestampMicrosecond("UTC");
	if (logical?.kind === "decimal") return new Decimal(logical.scale, logical.precision, 128);
	switch (physical) {
		case "INT64": return new Int64();
		case "DOUBLE": return new Float64();
		case "BYTE_ARRAY": return new Utf8();
		case "BOOLEAN": return new Bool();
		case "FIXED_LEN_BYTE_ARRAY": throw new RangeError("fixed-length bytes without a decimal meaning");
	}
}
// src/store/parquet/values.ts
/** How many 32-bit words a value has. */
function wordsEach(kind) {
	return kind === "wides" ? 4 : 2;
}
/** The bytes of `words[from, to)` as they lie in memory, which is little-endian wherever Node runs; a view. */
function bytesOfWords(words, from, to) {
	return new Uint8Array(words.buffer, words.byteOffset + from * 4, (to - from) * 4);
}
/** A 128-bit integer from its four words. */
function wideAt(words, index) {
	const word = (n) => BigInt((words[index * 4 + n] ?? 0) >>> 0) << BigInt(32 * n);
	return BigInt.asIntN(128, word(0) | word(1) | word(2) | word(3));
}
/** A 64-bit integer from its two words. */
function intAt(words, index) {
	const low = BigInt((words[index * 2] ?? 0) >>> 0);
	return BigInt(words[index * 2 + 1] ?? 0) << 32n | low;
}
// src/store/parquet/decode.ts
/** Decodes the values of a page, or of a dictionary, into the same typed arrays that they were encoded from. */
/**
* Decodes `count` values.
*
* @throws RangeError when the bytes are not those of so many values.
*/
function decodeValues(physical, bytes, content) {
	const { encoding, count, dictionary } = content;
	if (encoding === "RLE_DICTIONARY" !== (dictionary !== void 0)) throw new RangeError(`encoding ${encoding} where another is due`);
	if (dictionary !== void 0) return gather(dictionary, decodeIndices(bytes, count));
	if (physical === "BOOLEAN" && encoding === "RLE") return decodeFlags(bytes, count);
	if (physical === "INT64" && encoding === "DELTA_BINARY_PACKED") return {
		kind: "ints",
		count,
		words: decodeDelta(bytes, count)
	};
	if (encoding !== "PLAIN") throw new RangeError(`encoding ${encoding} where another is due`);
	return decodePlain(physical, bytes, count);
}
/** Decodes PLAIN values, the entries of a dictionary among them. */
function decodePlain(physical, bytes, count) {
	switch (physical) {
		case "INT64": return {
			kind: "ints",
			count,
			words: plainWords(bytes, count)
		};
		case "DOUBLE": return {
			kind: "doubles",
			count,
			words: plainWords(bytes, count)
		};
		case "FIXED_LEN_BYTE_ARRAY": return {
			kind: "wides",
			count,
			words: plainWides(bytes, count)
		};
		case "BYTE_ARRAY": return plainTexts$1(bytes, count);
		case "BOOLEAN": throw new RangeError("booleans in an encoding that is not written");
	}
}
/** Definition levels of `count` rows: 1 for a value, 0 for null. */
function decodeLevels(bytes, count) {
	const levels = new Uint8Array(count);
	if (decodeHybrid(bytes, 1, levels) !== bytes.byteLength) throw new RangeError("levels are left over");
	return levels;
}
function decodeHybrid(bytes, width, out) {
	if (out.length === 0) return bytes.byteLength;
	const reader = {
		view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
		offset: 0
	};
	readRleBitPackedHybrid(reader, width, out, bytes.byteLength);
	return reader.offset;
}
function decodeIndices(bytes, count) {
	const width = bytes[0] ?? 0;
	if (width < 1 || width > 24) throw new RangeError(`indices of ${width} bits`);
	const indices = new Int32Array(count);
	decodeHybrid(bytes.subarray(1), width, indices);
	return indices;
}
function decodeFlags(bytes, count) {
	if (new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true) !== bytes.byteLength - 4) throw new RangeError("booleans of another length");
	const flags = new Uint8Array(count);
	decodeHybrid(bytes.subarray(4), 1, flags);
	return {
		kind: "flags",
		count,
		flags
	};
}
function plainWords(bytes, count) {
	expectBytes(bytes, count * 8);
	const words = new Int32Array(count * 2);
	new Uint8Array(words.buffer).set(bytes);
	return words;
}
function plainWides(bytes, count) {
	expectBytes(bytes, count * 16);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const words = new Int32Array(count * 4);
	for (let at = 0; at < words.length; at += 4) {
		words[at] = view.getInt32(at * 4 + 12);
		words[at + 1] = view.getInt32(at * 4 + 8);
		words[at + 2] = view.getInt32(at * 4 + 4);
		words[at + 3] = view.getInt32(at * 4);
	}
	return words;
}
function plainTexts$1(bytes, count) {
	if (count * 4 > bytes.byteLength) throw new RangeError("fewer bytes than texts have lengths");
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const offsets = new Int32Array(count + 1);
	const out = new Uint8Array(bytes.byteLength - count * 4);
	let at = 0;
	for (let i = 0; i < count; i++) {
		const size = view.getUint32(at, true);
		at += 4;
		if (at + size > bytes.byteLength) throw new RangeError("a text ends outside its page");
		const start = offsets[i];
		for (let n = 0; n < size; n++) out[start + n] = bytes[at + n];
		at += size;
		offsets[i + 1] = start + size;
	}
	expectBytes(bytes, at);
	return {
		kind: "texts",
		count,
		bytes: out,
		offsets
	};
}
function expectBytes(bytes, sizeBytes) {
	if (bytes.byteLength === sizeBytes) return;
	throw new RangeError(`${bytes.byteLength} bytes where ${sizeBytes} are due`);
}
function gather(dictionary, indices) {
	for (const index of indices) if (index >= dictionary.count) throw new RangeError("an index outside its dictionary");
	if (dictionary.kind === "texts") return gatherTexts(dictionary, indices);
	if (dictionary.kind === "flags") throw new RangeError("a dictionary of booleans");
	return gatherWords(dictionary, indices);
}
function gatherWords({ kind, words }, indices) {
	const width = wordsEach(kind);
	const out = new Int32Array(indices.length * width);
	for (let i = 0; i < indices.length; i++) {
		const entry = indices[i] * width;
		for (let n = 0; n < width; n++) out[i * width + n] = words[entry + n];
	}
	return {
		kind,
		count: indices.length,
		words: out
	};
}
function gatherTexts({ bytes, offsets }, indices) {
	const outOffsets = new Int32Array(indices.length + 1);
	for (let i = 0; i < indices.length; i++) {
		const entry = indices[i];
		const size = offsets[entry + 1] - offsets[entry];
		outOffsets[i + 1] = outOffsets[i] + size;
	}
	const out = new Uint8Array(outOffsets[indices.length]);
	for (let i = 0; i < indices.length; i++) {
		const entry = indices[i];
		const start = offsets[entry];
		const end = offsets[entry + 1];
		for (let n = start, at = outOffsets[i]; n < end; n++) out[at++] = bytes[n];
	}
	return {
		kind: "texts",
		count: indices.length,
		bytes: out,
		offsets: outOffsets
	};
}
// src/store/parquet/bound-value.ts
/** Bounds out of statistics, as values. */
/**
* The value that `bound`, PLAIN encoded, stands for.
*
* @throws RangeError when it has the wrong length.
*/
function boundValue(physical, bound) {
	if (physical === "BYTE_ARRAY") return new TextDecoder().decode(bound);
	if (physical === "BOOLEAN") return bound[0] === 1;
	const values = decodePlain(physical, bound, 1);
	if (values.kind === "ints") return intAt(values.words, 0);
	if (values.kind === "wides") return wideAt(values.words, 0);
	if (values.kind === "doubles") return new Float64Array(values.words.buffer)[0] ?? NaN;
	throw new RangeError("a bound of another type");
}
// src/store/parquet/compress.ts
/**
* The codecs of data pages, as functions from bytes to bytes. Levels are fixed, so that the same rows are the same
* bytes. zstd is Node's own where it has it (22.15 and later), else a WebAssembly build that is loaded once.
*/
const ZSTD_LEVEL = 3;
const GZIP_LEVEL = 3;
const node = zlib;
/** The name of a codec in Parquet's Thrift structures. */
const CODEC_NAMES = {
	zstd: "ZSTD",
	snappy: "SNAPPY",
	gzip: "GZIP",
	none: "UNCOMPRESSED"
};
/** The codec with Parquet's own `name`; `undefined` for one that we do not have. */
function compressionNamed(name) {
	return COMPRESSIONS.find((compression) => CODEC_NAMES[compression] === name);
}
/** Gives the function that compresses pages, ready to be called. */
async function compressor(compression) {
	switch (compression) {
		case "zstd": return zstdCompressor();
		case "snappy": return (bytes) => snappy.deflate("SNAPPY", bytes);
		case "gzip": return (bytes) => zlib.gzipSync(bytes, { level: GZIP_LEVEL });
		case "none": return (bytes) => bytes;
	}
}
/** Gives the function that inflates pages, ready to be called. */
async function inflater(compression) {
	const inflate = await unchecked(compression);
	return (bytes, sizeBytes) => {
		const inflated = inflate(bytes, sizeBytes);
		if (inflated.byteLength === sizeBytes) return inflated;
		throw new RangeError(`a page inflates to ${inflated.byteLength} bytes, not ${sizeBytes}`);
	};
}
async function unchecked(compression) {
	switch (compression) {
		case "zstd": return zstdInflater();
		case "snappy": return inflateSnappy;
		case "gzip": return (bytes, sizeBytes) => zlib.gunzipSync(bytes, { maxOutputLength: Math.max(sizeBytes, 1) });
		case "none": return (bytes) => bytes;
	}
}
function inflateSnappy(bytes, sizeBytes) {
	let announced = 0;
	for (let at = 0, scale = 1; at < 5; at++, scale *= 128) {
		const byte = bytes[at] ?? 0;
		announced += (byte & 127) * scale;
		if (byte < 128) break;
	}
	if (announced !== sizeBytes) return bytes.subarray(0, 0);
	const inflated = new Uint8Array(sizeBytes);
	snappyUncompress(bytes, inflated);
	return inflated;
}
async function zstdCompressor() {
	const { zstdCompressSync } = node;
	const level = node.constants.ZSTD_c_compressionLevel;
	if (zstdCompressSync !== void 0 && level !== void 0) {
		const options = { params: { [level]: ZSTD_LEVEL } };
		return (bytes) => zstdCompressSync(bytes, options);
	}
	await wasmReady();
	return (bytes) => zstdWasm.compress(bytes, ZSTD_LEVEL);
}
async function zstdInflater() {
	const { zstdDecompressSync } = node;
	if (zstdDecompressSync !== void 0) return (bytes, sizeBytes) => zstdDecompressSync(bytes, { maxOutputLength: Math.max(sizeBytes, 1) });
	await wasmReady();
	return (bytes, sizeBytes) => zstdWasm.decompress(bytes, { defaultHeapSize: sizeBytes });
}
let wasm;
function wasmReady() {
	wasm ??= zstdWasm.init();
	return wasm;
}
// src/store/parquet/footer.ts
const MAGIC$1 = 827474256;
const MAGIC_BYTES = 4;
const TAIL_BYTES = 8;
/** Read at first; holds the footer of most files. */
const GUESS_BYTES = 65536;
/**
* Reads the footer of `file`.
*
* @throws StoreError `E_STORE_CORRUPT` for anything but a whole Parquet file of the kind that we write.
*/
async function readFooter(file) {
	const { sizeBytes } = file;
	if (sizeBytes < 12) throw corrupt("it is too short to be Parquet");
	const head = await readWhole(file, 0, MAGIC_BYTES);
	const guess = await readWhole(file, Math.max(0, sizeBytes - GUESS_BYTES), sizeBytes);
	const tail = viewOf(guess);
	if (!(viewOf(head).getUint32(0, true) === MAGIC$1 && tail.getUint32(guess.length - MAGIC_BYTES, true) === MAGIC$1)) throw corrupt("it does not begin and end as Parquet does");
	const footerBytes = tail.getUint32(guess.length - TAIL_BYTES, true) + TAIL_BYTES;
	if (footerBytes > sizeBytes - MAGIC_BYTES) throw corrupt("its footer is longer than the file");
	const from = sizeBytes - footerBytes;
	const bytes = footerBytes <= guess.length ? guess.subarray(guess.length - footerBytes) : await readWhole(file, from, sizeBytes);
	return guarded("its footer cannot be read", () => parseFooter(bytes, from));
}
/**
* Reads bytes `[from, to)`.
*
* @throws StoreError `E_STORE_CORRUPT` when there are fewer.
*/
async function readWhole(file, from, to) {
	const bytes = await file.read(from, to);
	if (bytes.length !== to - from) throw corrupt("it ended while it was read");
	return bytes;
}
/** The error for a file that is damaged, or not ours; `what` goes on from "the Parquet file is corrupt:". */
function corrupt(what, cause) {
	return new StoreError("E_STORE_CORRUPT", `the Parquet file is corrupt: ${what}`, {
		cause,
		hint: "Run `verify`; a damaged partition can be removed and fetched again."
	});
}
/** Runs `work` on bytes that may be anything; whatever it trips over is the file's fault. */
function guarded(what, work) {
	try {
		return work();
	} catch (error) {
		throw error instanceof BackfillError ? error : corrupt(what, error);
	}
}
function parseFooter(bytes, sizeBytes) {
	const parsed = parquetMetadata(bytes, { geoparquet: false });
	const bounds = rawBounds(bytes, parsed.metadata_length);
	const shapes = parsed.schema.slice(1).map(shapeOfElement);
	if (!(parsed.schema[0]?.num_children === shapes.length && shapes.length > 0)) throw corrupt("its schema is not flat");
	const rowGroups = parsed.row_groups.map((group, g) => ({
		rows: count$1(group.num_rows),
		chunks: shapes.map((shape, c) => ({
			...chunkPlace(group, c, {
				shape,
				sizeBytes
			}),
			...bounds(g, c)
		}))
	}));
	const rows = count$1(parsed.num_rows);
	if (rowGroups.reduce((sum, group) => sum + group.rows, 0) !== rows) throw corrupt("its row groups do not add up");
	return {
		rows,
		rowGroups,
		metadata: new Map(parsed.key_value_metadata?.map(({ key, value }) => [key, value ?? ""])),
		schema: schemaOf(shapes),
		createdBy: parsed.created_by ?? "",
		shapes
	};
}
function chunkPlace(group, index, { shape, sizeBytes }) {
	const meta = group.columns[index]?.meta_data;
	if (!(meta?.type === shape.physical && meta.path_in_schema.length === 1 && meta.path_in_schema[0] === shape.name && meta.num_values === group.num_rows)) throw corrupt("its columns do not match its schema");
	const compression = compressionNamed(meta.codec);
	if (compression === void 0) throw corrupt("it uses a codec that is not written");
	const from = count$1(meta.dictionary_page_offset ?? meta.data_page_offset);
	const to = from + count$1(meta.total_compressed_size);
	if (from < MAGIC_BYTES || to > sizeBytes) throw corrupt("a column lies outside the file");
	const nulls = meta.statistics?.null_count;
	return {
		compression,
		from,
		to,
		hasDictionary: meta.dictionary_page_offset !== void 0,
		nulls: nulls === void 0 ? void 0 : count$1(nulls)
	};
}
/** hyparquet turns bounds into dates and floats; here they are as written. */
function rawBounds(bytes, footerBytes) {
	const offset = bytes.length - TAIL_BYTES - footerBytes;
	const raw = deserializeTCompactProtocol({
		view: viewOf(bytes),
		offset
	});
	return (group, column) => {
		const statistics = raw.field_4[group]?.field_1[column]?.field_3?.field_12;
		return {
			min: bytesOrNothing(statistics?.field_6),
			max: bytesOrNothing(statistics?.field_5)
		};
	};
}
function shapeOfElement(element) {
	const { name, type, repetition_type } = element;
	if (type === void 0 || repetition_type === void 0 || repetition_type === "REPEATED") throw corrupt("its schema is not flat");
	const isNullable = repetition_type === "OPTIONAL";
	const logical = logicalOf(element);
	const shape = {
		name,
		logical,
		isNullable
	};
	if (type === "INT64" && logical?.kind !== "string") return {
		...shape,
		physical: type
	};
	if (type === "FIXED_LEN_BYTE_ARRAY" && element.type_length === 16) {
		if (logical?.kind === "decimal") return {
			...shape,
			physical: type
		};
	}
	if (type === "BYTE_ARRAY" && logical?.kind === "string") return {
		...shape,
		physical: type
	};
	if ((type === "DOUBLE" || type === "BOOLEAN") && logical === void 0) return {
		...shape,
		physical: type
	};
	throw corrupt("a column has a type that is not written");
}
function logicalOf({ type, logical_type: logical }) {
	if (logical === void 0) return void 0;
	if (logical.type === "STRING") return { kind: "string" };
	if (logical.type === "TIMESTAMP" && logical.isAdjustedToUTC && logical.unit === "MICROS") return { kind: "timestamp" };
	if (logical.type === "DECIMAL") {
		const { precision, scale } = logical;
		if (isDecimal(precision, scale) && decimalPhysical(precision) === type) return {
			kind: "decimal",
			precision,
			scale
		};
	}
	throw corrupt("a column has a type that is not written");
}
function bytesOrNothing(value) {
	return value instanceof Uint8Array ? value : void 0;
}
function count$1(value) {
	const number = Number(value);
	if (typeof value === "bigint" && number >= 0 && Number.isSafeInteger(number)) return number;
	throw corrupt("a number of its footer is impossible");
}
function viewOf(bytes) {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
// src/store/parquet/column-target.ts
/** Decoded pages of a column, put in place as Arrow wants them: a slot for every row, a bit for every null. */
/** One column of a row group being read. */
var ColumnTarget = class {
	shape;
	#length;
	#validity;
	#words = /* @__PURE__ */ new Int32Array(0);
	#bits = /* @__PURE__ */ new Uint8Array(0);
	#offsets = /* @__PURE__ */ new Int32Array(0);
	#text = /* @__PURE__ */ new Uint8Array(0);
	#rows = 0;
	#nulls = 0;
	/** @param length - rows of the row group. */
	constructor(shape, length) {
		this.shape = shape;
		this.#length = length;
		this.#validity = shape.isNullable ? new Uint8Array(length + 7 >> 3) : /* @__PURE__ */ new Uint8Array(0);
		const { physical } = shape;
		if (physical === "BYTE_ARRAY") this.#offsets = new Int32Array(length + 1);
		else if (physical === "BOOLEAN") this.#bits = new Uint8Array(length + 7 >> 3);
		else this.#words = new Int32Array(length * (physical === "FIXED_LEN_BYTE_ARRAY" ? 4 : 2));
	}
	/** Rows appended so far. */
	get rows() {
		return this.#rows;
	}
	/** Rows that are still to come. */
	get rowsLeft() {
		return this.#length - this.#rows;
	}
	/** Appends a page: `levels` has 1 for each row with a value and 0 for each null, or is absent when there is no null. */
	append(values, rows, levels) {
		for (let i = 0; this.shape.isNullable && i < rows; i++) if (levels?.[i] === 0) this.#nulls++;
		else setBit(this.#validity, this.#rows + i);
		if (values.kind === "texts") this.#appendTexts(values, rows, levels);
		else if (values.kind === "flags") this.#appendFlags(values, rows, levels);
		else this.#appendWords(values, rows, levels);
		this.#rows += rows;
	}
	/** The column as Arrow data. */
	data() {
		const type = fieldOf(this.shape).type;
		const buffers = {
			data: this.#buffer(),
			valueOffsets: this.#offsets
		};
		const nulls = this.#nulls === 0 ? {} : { nullBitmap: this.#validity };
		const properties = {
			type,
			length: this.#length,
			nullCount: this.#nulls,
			...buffers,
			...nulls
		};
		return makeData(properties);
	}
	#buffer() {
		const { physical, logical } = this.shape;
		switch (physical) {
			case "INT64": return logical?.kind === "decimal" ? widened(this.#words) : new BigInt64Array(this.#words.buffer);
			case "DOUBLE": return new Float64Array(this.#words.buffer);
			case "FIXED_LEN_BYTE_ARRAY": return new Uint32Array(this.#words.buffer);
			case "BYTE_ARRAY": return this.#text.subarray(0, this.#offsets[this.#length]);
			case "BOOLEAN": return this.#bits;
		}
	}
	#appendWords({ words, count }, rows, levels) {
		const width = this.#words.length / this.#length;
		if (levels === void 0) {
			this.#words.set(words.subarray(0, count * width), this.#rows * width);
			return;
		}
		for (let i = 0, value = 0; i < rows; i++) {
			if (levels[i] === 0) continue;
			const at = (this.#rows + i) * width;
			for (let n = 0; n < width; n++) this.#words[at + n] = words[value * width + n];
			value++;
		}
	}
	#appendFlags({ flags }, rows, levels) {
		for (let i = 0, value = 0; i < rows; i++) {
			if (levels?.[i] === 0) continue;
			if (flags[value++] === 1) setBit(this.#bits, this.#rows + i);
		}
	}
	#appendTexts(texts, rows, levels) {
		const { bytes, offsets, count } = texts;
		const start = this.#offsets[this.#rows];
		const size = offsets[count];
		if (start + size > this.#text.length) {
			const grown = new Uint8Array(Math.max(start + size, this.#text.length * 2));
			grown.set(this.#text);
			this.#text = grown;
		}
		this.#text.set(bytes.subarray(0, size), start);
		for (let i = 0, value = 0; i < rows; i++) {
			if (levels?.[i] !== 0) value++;
			this.#offsets[this.#rows + i + 1] = start + offsets[value];
		}
	}
};
/** Columns of equal length as a record batch. */
function recordBatch(targets, rows) {
	const fields = targets.map(({ shape }) => fieldOf(shape));
	const children = targets.map((target) => target.data());
	const data = makeData({
		type: new Struct(fields),
		length: rows,
		nullCount: 0,
		children
	});
	return new RecordBatch(new Schema(fields), data);
}
/** Decimals as Arrow has them, 128 bits, from the 64 that are stored. */
function widened(words) {
	const wide = new Uint32Array(words.length * 2);
	for (let i = 0, at = 0; i < words.length; i += 2, at += 4) {
		const high = words[i + 1];
		wide[at] = words[i];
		wide[at + 1] = high;
		wide[at + 2] = high >> 31;
		wide[at + 3] = high >> 31;
	}
	return wide;
}
function setBit(bits, index) {
	bits[index >> 3] = bits[index >> 3] | 1 << (index & 7);
}
// src/store/parquet/read-pages.ts
/** Walks the pages of a column chunk: header, checksum, inflation, levels, values; each step checked against the others. */
const ENCODINGS = [
	"PLAIN",
	"RLE",
	"DELTA_BINARY_PACKED",
	"RLE_DICTIONARY"
];
/**
* Reads all pages in `bytes` into `target`.
*
* @throws StoreError `E_STORE_CORRUPT` when a page is not as it was written.
* @throws RangeError when decoding trips over what a page holds.
*/
function readPages(bytes, context, target) {
	const reader = {
		view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
		offset: 0
	};
	let dictionary;
	while (reader.offset < bytes.length) {
		const isFirst = reader.offset === 0;
		const header = parquetHeader(reader);
		const body = takeBody(bytes, reader, header, context.where);
		if (isFirst && context.place.hasDictionary) dictionary = readDictionary(body, header, context);
		else if (header.type === "DATA_PAGE_V2" && header.data_page_header_v2 !== void 0) readDataPage(body, {
			...header,
			...header.data_page_header_v2,
			dictionary
		}, context, target);
		else throw corrupt(`${context.where} has a page of another kind`);
	}
}
function takeBody(bytes, reader, header, where) {
	const end = reader.offset + header.compressed_page_size;
	if (!(header.compressed_page_size >= 0 && end <= bytes.length)) throw corrupt(`${where} has a page that ends outside it`);
	const body = bytes.subarray(reader.offset, end);
	reader.offset = end;
	if (header.crc !== void 0 && crc32(body) !== header.crc >>> 0) throw corrupt(`${where} has a page whose checksum is wrong`);
	return body;
}
function readDictionary(body, header, context) {
	const { shape, inflate, where } = context;
	const { dictionary_page_header: dictionary, uncompressed_page_size: sizeBytes } = header;
	if (header.type !== "DICTIONARY_PAGE" || dictionary?.encoding !== "PLAIN") throw corrupt(`${where} has no dictionary where one is due`);
	return decodePlain(shape.physical, inflate(body, sizeBytes), dictionary.num_values);
}
function readDataPage(body, page, { shape, inflate, where }, target) {
	const { num_rows: rows, num_nulls: nulls, encoding, definition_levels_byte_length: levelBytes } = page;
	if (!(rows === page.num_values && rows > 0 && rows <= target.rowsLeft && nulls >= 0 && nulls <= rows && levelBytes >= 0 && levelBytes <= body.length && page.repetition_levels_byte_length === 0 && ENCODINGS.includes(encoding) && (shape.isNullable || nulls === 0 && levelBytes === 0))) throw corrupt(`${where} has a page with an impossible header`);
	const levels = shape.isNullable ? decodeLevels(body.subarray(0, levelBytes), rows) : void 0;
	if (levels !== void 0 && countZeros(levels) !== nulls) throw corrupt(`${where} has a page with another number of nulls`);
	const packed = body.subarray(levelBytes);
	const sizeBytes = page.uncompressed_page_size - levelBytes;
	const bytes = page.is_compressed === false ? packed : inflate(packed, sizeBytes);
	if (bytes.length !== sizeBytes) throw corrupt(`${where} has a page of another length`);
	const content = {
		encoding,
		count: rows - nulls,
		dictionary: page.dictionary
	};
	target.append(decodeValues(shape.physical, bytes, content), rows, nulls === 0 ? void 0 : levels);
}
function countZeros(levels) {
	let zeros = 0;
	for (const level of levels) if (level === 0) zeros++;
	return zeros;
}
// src/store/parquet/read.ts
/**
* Reads row group `index` (from 0), all columns or those named, in that order.
*
* @throws StoreError `E_STORE_CORRUPT`, naming row group and column, when a page is not what was written: checksum,
* number of rows or values, or an impossible encoding.
* @throws RangeError for a row group or column that the file does not have.
*/
async function readRowGroup(file, footer, index, columns) {
	const group = footer.rowGroups[index];
	if (group === void 0) throw new RangeError(`the file has no row group ${index}`);
	const names = columns ?? footer.shapes.map(({ name }) => name);
	const targets = [];
	for (const name of names) {
		const column = columnIndex$1(footer, name);
		const shape = footer.shapes[column];
		const place = group.chunks[column];
		if (shape === void 0 || place === void 0) throw new RangeError(`no column ${name}`);
		const bytes = await readWhole(file, place.from, place.to);
		const inflate = await inflater(place.compression);
		const where = `row group ${index}, column ${name}`;
		const context = {
			shape,
			place,
			inflate,
			where,
			rows: group.rows
		};
		targets.push(guarded(`${where} cannot be decoded`, () => decodeChunk(bytes, context)));
	}
	return recordBatch(targets, group.rows);
}
/**
* The smallest and largest value of a column in a row group, as the footer has them: times in microseconds, decimals
* unscaled. `undefined` when it has none: all rows null, all NaN, or very long text.
*
* @throws RangeError for a row group or column that the file does not have.
*/
function columnBounds(footer, rowGroup, column) {
	const index = columnIndex$1(footer, column);
	const place = footer.rowGroups[rowGroup]?.chunks[index];
	const shape = footer.shapes[index];
	if (place === void 0 || shape === void 0) throw new RangeError(`the file has no row group ${rowGroup}`);
	const { min, max } = place;
	if (min === void 0 || max === void 0) return void 0;
	return guarded(`row group ${rowGroup}, column ${column} has impossible bounds`, () => ({
		min: boundValue(shape.physical, min),
		max: boundValue(shape.physical, max)
	}));
}
function decodeChunk(bytes, context) {
	const target = new ColumnTarget(context.shape, context.rows);
	readPages(bytes, context, target);
	if (target.rowsLeft > 0) throw corrupt(`${context.where} has ${target.rows} rows`);
	return target;
}
function columnIndex$1(footer, name) {
	const index = footer.shapes.findIndex((shape) => shape.name === name);
	if (index >= 0) return index;
	throw new RangeError(`the file has no column ${name}`);
}
// src/store/parquet/page.ts
/** Pages as bytes of the file: a Thrift header with a checksum, then the body, compressed where that helps. */
/** Parquet's number of an encoding. */
function encodingNumber(encoding) {
	return enumNumber(types.Encoding, encoding);
}
/** The number that a Thrift enumeration gives to `name`. */
function enumNumber(names, name) {
	const number = names[name];
	if (number === void 0) throw new RangeError(`parquet has no ${name}`);
	return number;
}
/** The page that holds the entries of a dictionary. */
function dictionaryPage({ entries, body }, compress) {
	return joined([compress(body)], body.length, {
		type: enumNumber(types.PageType, "DICTIONARY_PAGE"),
		dictionary_page_header: new types.DictionaryPageHeader({
			num_values: entries,
			encoding: encodingNumber("PLAIN"),
			is_sorted: false
		})
	});
}
/** A data page, version 2: levels are not compressed, and values only where that makes them smaller. */
function dataPage({ span, levels, body }, encoding, compress) {
	const compressed = body.length === 0 ? body : compress(body);
	const isCompressed = compressed.length < body.length;
	const rows = span.rowTo - span.rowFrom;
	return joined([levels, isCompressed ? compressed : body], levels.length + body.length, {
		type: enumNumber(types.PageType, "DATA_PAGE_V2"),
		data_page_header_v2: new types.DataPageHeaderV2({
			num_values: rows,
			num_nulls: rows - (span.valueTo - span.valueFrom),
			num_rows: rows,
			encoding: encodingNumber(encoding),
			definition_levels_byte_length: levels.length,
			repetition_levels_byte_length: 0,
			is_compressed: isCompressed
		})
	});
}
function joined(parts, uncompressedBytes, header) {
	const body = Buffer.concat(parts);
	const head = util.serializeThrift(new types.PageHeader({
		...header,
		uncompressed_page_size: uncompressedBytes,
		compressed_page_size: body.length,
		crc: crc32(body) | 0
	}));
	return {
		bytes: Buffer.concat([head, body]),
		uncompressedBytes: head.length + uncompressedBytes
	};
}
// src/store/parquet/read-headers.ts
/** Are the page headers of a file what the writer writes? A header has no checksum of its own, as pages have. */
/**
* Says of every column chunk that can be read, and yet has a page header that would be written in another way, which
* one it is; to be asked when the file's hash is wrong and nothing else is.
*/
async function misfitHeaders(file, footer) {
	const misfits = [];
	for (const [group, { chunks }] of footer.rowGroups.entries()) for (const [column, { from, to }] of chunks.entries()) {
		const bytes = await readWhole(file, from, to);
		const name = footer.shapes[column]?.name ?? "";
		if (!isAsWritten$1(bytes)) misfits.push(`row group ${group}, column ${name} has a page with a damaged header`);
	}
	return misfits;
}
function isAsWritten$1(bytes) {
	const reader = {
		view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
		offset: 0
	};
	while (reader.offset < bytes.length) {
		const begin = reader.offset;
		const header = parquetHeader(reader);
		if (!Buffer.from(bytes.subarray(begin, reader.offset)).equals(headerBytes(header))) return false;
		reader.offset += header.compressed_page_size;
	}
	return true;
}
function headerBytes(header) {
	const { dictionary_page_header: dictionary, data_page_header_v2: data } = header;
	return util.serializeThrift(new types.PageHeader({
		type: enumNumber(types.PageType, header.type),
		...dictionary === void 0 ? {} : { dictionary_page_header: new types.DictionaryPageHeader({
			num_values: dictionary.num_values,
			encoding: enumNumber(types.Encoding, dictionary.encoding),
			is_sorted: false
		}) },
		...data === void 0 ? {} : { data_page_header_v2: new types.DataPageHeaderV2({
			num_values: data.num_values,
			num_nulls: data.num_nulls,
			num_rows: data.num_rows,
			encoding: enumNumber(types.Encoding, data.encoding),
			definition_levels_byte_length: data.definition_levels_byte_length,
			repetition_levels_byte_length: 0,
			is_compressed: data.is_compressed ?? true
		}) },
		uncompressed_page_size: header.uncompressed_page_size,
		compressed_page_size: header.compressed_page_size,
		crc: (header.crc ?? 0) | 0
	}));
}
// src/store/parquet/bounds.ts
/** Smallest and largest values, in the order that Parquet defines for each type, and the bytes that state them. */
/**
* The smallest and largest of values `[from, to)`; `undefined` when there is none to compare: no value at all, or
* NaNs only, which Parquet's statistics leave out.
*/
function extremes(values, from, to) {
	if (values.kind === "doubles") return doubleExtremes(doublesOf(values), from, to);
	if (from === to) return void 0;
	if (values.kind === "ints") return intExtremes(values.words, from, to);
	let min = from;
	let max = from;
	for (let i = from + 1; i < to; i++) if (compareAt(values, i, min) < 0) min = i;
	else if (compareAt(values, i, max) > 0) max = i;
	return {
		min,
		max
	};
}
/** Compares two values by index: negative, zero or positive. Doubles must not be NaN. */
function compareAt(values, a, b) {
	switch (values.kind) {
		case "ints": return compareWords(values.words, a, b, 2);
		case "wides": return compareWords(values.words, a, b, 4);
		case "doubles": {
			const doubles = doublesOf(values);
			return doubles[a] - doubles[b] || 0;
		}
		case "texts": return compareTexts(values, a, b);
		case "flags": return values.flags[a] - values.flags[b];
	}
}
/**
* The bytes of value `index` as a bound: PLAIN, without a length. A zero is written as -0 for a smallest and +0 for a
* largest value, since readers may tell them apart.
*/
function boundBytes(values, index, end) {
	switch (values.kind) {
		case "ints": return new Uint8Array(bytesOfWords(values.words, index * 2, index * 2 + 2));
		case "wides": return new Uint8Array(bytesOfWords(values.words, index * 4, index * 4 + 4)).reverse();
		case "doubles": {
			const value = doublesOf(values)[index];
			const bound = value !== 0 ? value : end === "min" ? -0 : 0;
			return new Uint8Array(Float64Array.of(bound).buffer);
		}
		case "texts": return new Uint8Array(values.bytes.subarray(values.offsets[index], values.offsets[index + 1]));
		case "flags": return Uint8Array.of(values.flags[index]);
	}
}
/** Longest text in a page index, in bytes; there, bounds need not be values themselves. */
const INDEX_TEXT_BYTES = 64;
/** A text that is not larger than `bound`, short enough for a page index. */
function shortenMin(bound) {
	return bound.length <= INDEX_TEXT_BYTES ? bound : new Uint8Array(bound.subarray(0, characterStart(bound)));
}
/** A text that is not smaller than `bound`, short enough for a page index where one exists. */
function shortenMax(bound) {
	if (bound.length <= INDEX_TEXT_BYTES) return bound;
	for (let end = characterStart(bound); end > 0; end--) {
		const last = bound[end - 1];
		if (last >= 127) continue;
		const shortened = new Uint8Array(bound.subarray(0, end));
		shortened[end - 1] = last + 1;
		return shortened;
	}
	return bound;
}
/** Where the character begins that the cut would fall into. */
function characterStart(text) {
	let start = INDEX_TEXT_BYTES;
	while (start > 0 && (text[start] & 192) === 128) start--;
	return start;
}
/** Is no 64-bit integer smaller than the one before it? */
function isAscending(words, count) {
	for (let i = 1; i < count; i++) {
		const rise = words[i * 2 + 1] - words[i * 2 - 1];
		if (rise < 0) return false;
		if (rise === 0 && words[i * 2] >>> 0 < words[i * 2 - 2] >>> 0) return false;
	}
	return true;
}
/** The values of a chunk of doubles. */
function doublesOf({ words, count }) {
	return new Float64Array(words.buffer, words.byteOffset, count);
}
function intExtremes(words, from, to) {
	let min = from;
	let max = from;
	let minHigh = words[from * 2 + 1];
	let minLow = words[from * 2] >>> 0;
	let maxHigh = minHigh;
	let maxLow = minLow;
	for (let i = from + 1; i < to; i++) {
		const high = words[i * 2 + 1];
		const low = words[i * 2] >>> 0;
		if (high < minHigh || high === minHigh && low < minLow) {
			min = i;
			minHigh = high;
			minLow = low;
		} else if (high > maxHigh || high === maxHigh && low > maxLow) {
			max = i;
			maxHigh = high;
			maxLow = low;
		}
	}
	return {
		min,
		max
	};
}
function doubleExtremes(doubles, from, to) {
	let min = -1;
	let max = -1;
	let least = Infinity;
	let most = -Infinity;
	for (let i = from; i < to; i++) {
		const value = doubles[i];
		if (value <= least) {
			min = i;
			least = value;
		}
		if (value >= most) {
			max = i;
			most = value;
		}
	}
	return min < 0 ? void 0 : {
		min,
		max
	};
}
/** Highest word signed, the others unsigned. */
function compareWords(words, a, b, width) {
	const top = words[a * width + width - 1] - words[b * width + width - 1];
	if (top !== 0) return top;
	for (let n = width - 2; n >= 0; n--) {
		const rest = (words[a * width + n] >>> 0) - (words[b * width + n] >>> 0);
		if (rest !== 0) return rest;
	}
	return 0;
}
/** By unsigned bytes, which is the order of code points. */
function compareTexts({ bytes, offsets }, a, b) {
	const from = offsets[a];
	const other = offsets[b];
	const size = offsets[a + 1] - from;
	const otherSize = offsets[b + 1] - other;
	const common = Math.min(size, otherSize);
	for (let i = 0; i < common; i++) {
		const rest = bytes[from + i] - bytes[other + i];
		if (rest !== 0) return rest;
	}
	return size - otherSize;
}
// src/store/parquet/delta.ts
/**
* DELTA_BINARY_PACKED for 64-bit integers: blocks of differences, each less the block's smallest, bit-packed. Works on
* pairs of 32-bit words and doubles, which are exact as long as neighbours differ by less than 2^52.
*/
const BLOCK$1 = 128;
const MINIBLOCKS = 4;
const MINIBLOCK = BLOCK$1 / MINIBLOCKS;
const WORD = 2 ** 32;
/** Differences from here on could lose bits once they are taken from each other. */
const DELTA_LIMIT = 2 ** 52;
/** Bytes of page header: 128, 4, the count, the first value. */
const START_BYTES = 18;
const deltas = new Float64Array(BLOCK$1);
let out = /* @__PURE__ */ new Uint8Array(0);
let view = new DataView(out.buffer);
/**
* Encodes values `[from, to)` of `words`, at least one.
*
* @returns `undefined` when two neighbours differ by 2^52 or more; another encoding has to do then.
* @see {@link https://github.com/apache/parquet-format/blob/apache-parquet-format-2.11.0/Encodings.md}
*/
function encodeDelta(words, from, to) {
	const blocks = Math.ceil((to - from - 1) / BLOCK$1);
	makeRoom(START_BYTES + blocks * 1036);
	let at = writeNumber(0, BLOCK$1);
	at = writeNumber(at, MINIBLOCKS);
	at = writeNumber(at, to - from);
	at = writeZigzagBigInt(at, intAt(words, from));
	for (let i = from + 1; i < to; i += BLOCK$1) {
		const count = Math.min(BLOCK$1, to - i);
		const least = takeDeltas(words, i, count);
		if (least === void 0) return void 0;
		at = writeNumber(at, least < 0 ? -2 * least - 1 : 2 * least);
		at = packBlock(at, count);
	}
	return out.slice(0, at);
}
function makeRoom(sizeBytes) {
	if (sizeBytes <= out.length) return;
	out = new Uint8Array(sizeBytes);
	view = new DataView(out.buffer);
}
/** Fills `deltas` with differences less their smallest, which it gives. */
function takeDeltas(words, first, count) {
	let least = Infinity;
	let most = -Infinity;
	let low = words[first * 2 - 2] >>> 0;
	let high = words[first * 2 - 1];
	for (let i = 0, at = first * 2; i < count; i++, at += 2) {
		const nextLow = words[at] >>> 0;
		const nextHigh = words[at + 1];
		const delta = (nextHigh - high) * WORD + (nextLow - low);
		if (delta < least) least = delta;
		if (delta > most) most = delta;
		deltas[i] = delta;
		low = nextLow;
		high = nextHigh;
	}
	if (least <= -DELTA_LIMIT || most >= DELTA_LIMIT) return void 0;
	for (let i = 0; i < count; i++) deltas[i] = deltas[i] - least;
	deltas.fill(0, count);
	return least;
}
/** Writes the widths of the miniblocks of `deltas`, then their bits. Those without a value have neither width nor bits. */
function packBlock(at, count) {
	let body = at + MINIBLOCKS;
	for (let m = 0; m < MINIBLOCKS; m++) {
		const from = m * MINIBLOCK;
		const width = from < count ? widthOf(from) : 0;
		view.setUint8(at + m, width);
		if (width === 0) continue;
		if (width <= 32) packNarrow(body, from, width);
		else packWide(body, from, width);
		body += MINIBLOCK / 8 * width;
	}
	return body;
}
function widthOf(from) {
	let most = 0;
	for (let i = from; i < from + MINIBLOCK; i++) {
		const delta = deltas[i];
		if (delta > most) most = delta;
	}
	return most < WORD ? 32 - Math.clz32(most) : 64 - Math.clz32(most / WORD);
}
function packNarrow(at, from, width) {
	let bits = 0;
	let held = 0;
	for (let i = from; i < from + MINIBLOCK; i++) {
		const number = deltas[i] | 0;
		bits |= number << held;
		held += width;
		if (held < 32) continue;
		view.setInt32(at, bits, true);
		at += 4;
		held -= 32;
		bits = held === 0 ? 0 : number >>> width - held;
	}
}
function packWide(at, from, width) {
	let bits = 0;
	let held = 0;
	const put = (number, size) => {
		bits |= number << held;
		held += size;
		if (held < 32) return;
		view.setInt32(at, bits, true);
		at += 4;
		held -= 32;
		bits = held === 0 ? 0 : number >>> size - held;
	};
	for (let i = from; i < from + MINIBLOCK; i++) {
		const delta = deltas[i];
		put(delta % WORD | 0, 32);
		put(Math.floor(delta / WORD), width - 32);
	}
}
/** Writes a number from 0 to 2^53, 7 bits a byte. */
function writeNumber(at, number) {
	let rest = number;
	while (rest >= 128) {
		out[at++] = rest % 128 | 128;
		rest = Math.floor(rest / 128);
	}
	out[at++] = rest;
	return at;
}
function writeZigzagBigInt(at, value) {
	let rest = BigInt.asUintN(64, value << 1n ^ value >> 63n);
	while (rest > 127n) {
		out[at++] = Number(rest & 127n) | 128;
		rest >>= 7n;
	}
	out[at++] = Number(rest);
	return at;
}
// src/store/parquet/hybrid.ts
/** The RLE / bit-packing hybrid: Parquet's encoding of small numbers, for dictionary indices, levels and booleans. */
const RUN_MIN = 16;
/** Bits that hold every number up to and including `max`. */
function bitWidth(max) {
	return 32 - Math.clz32(max);
}
/** The most bytes that `count` numbers of `width` bits can take. */
function hybridBytesMax(count, width) {
	return Math.ceil(count / RUN_MIN) * 24 + Math.ceil((count + 8) / 8) * width + 24;
}
/**
* Encodes `numbers[from, to)`, each of at most `width` bits, into `out` at `at`.
*
* @returns the position after the last byte written.
* @see {@link https://github.com/apache/parquet-format/blob/apache-parquet-format-2.11.0/Encodings.md}
*/
function encodeHybrid(numbers, range, out, at) {
	const { from, to, width } = range;
	let packedFrom = from;
	let i = from;
	while (i < to) {
		const number = numbers[i];
		let end = i + 1;
		while (end < to && numbers[end] === number) end++;
		const padding = 8 - (i - packedFrom & 7) & 7;
		const runFrom = i + padding;
		if (end - runFrom >= RUN_MIN) {
			at = packBits(numbers, {
				from: packedFrom,
				to: runFrom,
				width
			}, out, at);
			at = writeVarint(out, at, (end - runFrom) * 2);
			for (let bits = 0; bits < width; bits += 8) out[at++] = number >>> bits;
			packedFrom = end;
		}
		i = end;
	}
	return packBits(numbers, {
		from: packedFrom,
		to,
		width
	}, out, at);
}
/** A bit-packed run, padded with zeros to a multiple of 8 numbers. Nothing for no numbers. */
function packBits(numbers, { from, to, width }, out, at) {
	if (from === to) return at;
	const groups = Math.ceil((to - from) / 8);
	at = writeVarint(out, at, groups * 2 + 1);
	const end = at + groups * width;
	let bits = 0;
	let held = 0;
	for (let i = from; i < to; i++) {
		bits |= numbers[i] << held;
		held += width;
		while (held >= 8) {
			out[at++] = bits;
			bits >>>= 8;
			held -= 8;
		}
	}
	if (held > 0) out[at++] = bits;
	out.fill(0, at, end);
	return end;
}
/** Writes an unsigned number of at most 31 bits, 7 bits a byte; gives the position after it. */
function writeVarint(out, at, number) {
	let rest = number;
	while (rest > 127) {
		out[at++] = rest & 127 | 128;
		rest >>>= 7;
	}
	out[at++] = rest;
	return at;
}
// src/store/parquet/dictionary.ts
/**
* Dictionaries: the distinct values of a column chunk in the order in which they first come, and each value's place
* among them. Open addressing over typed arrays; given up as soon as it cannot pay.
*/
/** The most entries; beyond, indices are hardly narrower than what they stand for. */
const ENTRIES_MAX = 65536;
const scratch = {
	table: /* @__PURE__ */ new Int32Array(0),
	indices: /* @__PURE__ */ new Int32Array(0),
	firsts: new Int32Array(ENTRIES_MAX)
};
/**
* The dictionary of `values`, when it and its indices together take fewer than `sizeBytesMax` bytes before
* compression; else `undefined`.
*/
function buildDictionary(values, sizeBytesMax) {
	if (values.kind === "flags") return void 0;
	const table = clearTable(values.count);
	const entries = values.kind === "texts" ? textEntries(values, table, sizeBytesMax) : values.kind === "wides" ? wideEntries(values, table, sizeBytesMax) : pairEntries(values, table, sizeBytesMax);
	if (entries === void 0) return void 0;
	const firsts = scratch.firsts.slice(0, entries);
	if (entriesBytes(values, firsts) + values.count * bitWidth(entries - 1) / 8 >= sizeBytesMax) return void 0;
	return {
		firsts,
		indices: scratch.indices.subarray(0, values.count)
	};
}
/** Bytes of the entries in PLAIN encoding. */
function entriesBytes(values, firsts) {
	if (values.kind !== "texts") return firsts.length * wordsEach(values.kind) * 4;
	let sizeBytes = firsts.length * 4;
	for (const first of firsts) sizeBytes += values.offsets[first + 1] - values.offsets[first];
	return sizeBytes;
}
function clearTable(count) {
	const wanted = Math.min(count, ENTRIES_MAX) * 2;
	const size = Math.max(1 << bitWidth(wanted - 1), 16);
	if (scratch.table.length < size) scratch.table = new Int32Array(size);
	if (scratch.indices.length < count) scratch.indices = new Int32Array(count);
	return scratch.table.subarray(0, size).fill(-1);
}
function pairEntries(values, table, sizeBytesMax) {
	const { count, words } = values;
	const { indices, firsts } = scratch;
	const mask = table.length - 1;
	const entriesMax = Math.min(ENTRIES_MAX, sizeBytesMax / 8);
	let entries = 0;
	for (let i = 0; i < count; i++) {
		const low = words[i * 2];
		const high = words[i * 2 + 1];
		let slot = mix$1(Math.imul(low, 2654435761) ^ Math.imul(high, 2246822507)) & mask;
		let entry = table[slot];
		while (entry >= 0) {
			const at = firsts[entry] * 2;
			if (words[at] === low && words[at + 1] === high) break;
			slot = slot + 1 & mask;
			entry = table[slot];
		}
		if (entry < 0) {
			if (entries >= entriesMax) return void 0;
			entry = entries++;
			table[slot] = entry;
			firsts[entry] = i;
		}
		indices[i] = entry;
	}
	return entries;
}
function wideEntries(values, table, sizeBytesMax) {
	const { count, words } = values;
	const { indices, firsts } = scratch;
	const mask = table.length - 1;
	const entriesMax = Math.min(ENTRIES_MAX, sizeBytesMax / 16);
	let entries = 0;
	for (let i = 0; i < count; i++) {
		const low = words[i * 4];
		const high = words[i * 4 + 1];
		const far = Math.imul(words[i * 4 + 2], 3266489909) ^ words[i * 4 + 3];
		let slot = mix$1(Math.imul(low, 2654435761) ^ Math.imul(high ^ far, 2246822507)) & mask;
		let entry = table[slot];
		while (entry >= 0) {
			if (isSameWide(words, i * 4, firsts[entry] * 4)) break;
			slot = slot + 1 & mask;
			entry = table[slot];
		}
		if (entry < 0) {
			if (entries >= entriesMax) return void 0;
			entry = entries++;
			table[slot] = entry;
			firsts[entry] = i;
		}
		indices[i] = entry;
	}
	return entries;
}
function textEntries(values, table, sizeBytesMax) {
	const { count, bytes, offsets } = values;
	const { indices, firsts } = scratch;
	const mask = table.length - 1;
	let sizeBytes = 0;
	let entries = 0;
	for (let i = 0; i < count; i++) {
		const from = offsets[i];
		const to = offsets[i + 1];
		let slot = hashBytes(bytes, from, to) & mask;
		let entry = table[slot];
		while (entry >= 0) {
			if (isSameText(values, firsts[entry], from, to)) break;
			slot = slot + 1 & mask;
			entry = table[slot];
		}
		if (entry < 0) {
			sizeBytes += to - from + 4;
			if (entries >= ENTRIES_MAX || sizeBytes >= sizeBytesMax) return void 0;
			entry = entries++;
			table[slot] = entry;
			firsts[entry] = i;
		}
		indices[i] = entry;
	}
	return entries;
}
function isSameWide(words, a, b) {
	return words[a] === words[b] && words[a + 1] === words[b + 1] && words[a + 2] === words[b + 2] && words[a + 3] === words[b + 3];
}
function isSameText({ bytes, offsets }, index, from, to) {
	const other = offsets[index];
	if (offsets[index + 1] - other !== to - from) return false;
	for (let i = 0; i < to - from; i++) if (bytes[other + i] !== bytes[from + i]) return false;
	return true;
}
/** FNV-1a, mixed. */
function hashBytes(bytes, from, to) {
	let hash = 2166136261;
	for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 16777619);
	return mix$1(hash);
}
function mix$1(hash) {
	const once = Math.imul(hash ^ hash >>> 15, 739982445);
	return once ^ once >>> 13;
}
// src/store/parquet/encode.ts
/** Rows of a page. Six pages fill a row group of the default size exactly. */
const PAGE_ROWS = 20480;
/** A page of text ends once it has so many bytes. */
const PAGE_TEXT_BYTES = 1 << 20;
const NOTHING = /* @__PURE__ */ new Uint8Array(0);
/** Encodes the rows of `column`, at least one. */
function encodeChunk(column) {
	const { values, definitions, rows } = column;
	const spans = pageSpans(values, definitions, rows);
	const encoded = encodeValues(values, spans);
	return {
		...encoded,
		pages: spans.map((span, i) => ({
			span,
			levels: definitions === void 0 ? NOTHING : encodeLevels(definitions, span),
			body: encoded.bodies[i] ?? NOTHING
		}))
	};
}
function encodeValues(values, spans) {
	if (values.kind === "flags") return {
		encoding: "RLE",
		dictionary: void 0,
		bodies: spans.map((span) => encodeFlags(values.flags, span))
	};
	const deltas = values.kind === "ints" ? deltaBodies(values, spans) : void 0;
	const dictionary = buildDictionary(values, Math.min(plainBytes(values), deltas === void 0 ? Infinity : total(deltas)));
	if (dictionary !== void 0) return dictionaryEncoded(values, dictionary, spans);
	if (deltas !== void 0 && total(deltas) < plainBytes(values)) return {
		encoding: "DELTA_BINARY_PACKED",
		dictionary: void 0,
		bodies: deltas
	};
	return {
		encoding: "PLAIN",
		dictionary: void 0,
		bodies: spans.map(({ valueFrom, valueTo }) => encodePlain(values, valueFrom, valueTo))
	};
}
/** Cuts a chunk into pages of {@link PAGE_ROWS} rows, fewer where text is long. */
function pageSpans(values, definitions, rows) {
	const spans = [];
	let rowFrom = 0;
	let valueFrom = 0;
	while (rowFrom < rows) {
		const rowMax = Math.min(rowFrom + PAGE_ROWS, rows);
		const span = {
			rowFrom,
			valueFrom,
			...pageEnd(values, definitions, {
				rowFrom,
				rowMax,
				valueFrom
			})
		};
		spans.push(span);
		rowFrom = span.rowTo;
		valueFrom = span.valueTo;
	}
	return spans;
}
function pageEnd(values, definitions, { rowFrom, rowMax, valueFrom }) {
	if (definitions === void 0 && values.kind !== "texts") return {
		rowTo: rowMax,
		valueTo: valueFrom + rowMax - rowFrom
	};
	const offsets = values.kind === "texts" ? values.offsets : void 0;
	const sizeMax = (offsets?.[valueFrom] ?? 0) + PAGE_TEXT_BYTES;
	let valueTo = valueFrom;
	let rowTo = rowFrom;
	while (rowTo < rowMax) {
		const next = valueTo + (definitions?.[rowTo] ?? 1);
		if (rowTo > rowFrom && (offsets?.[next] ?? 0) > sizeMax) break;
		valueTo = next;
		rowTo++;
	}
	return {
		rowTo,
		valueTo
	};
}
function deltaBodies(values, spans) {
	const bodies = [];
	for (const { valueFrom, valueTo } of spans) {
		const body = valueFrom === valueTo ? emptyDelta() : encodeDelta(values.words, valueFrom, valueTo);
		if (body === void 0) return void 0;
		bodies.push(body);
	}
	return bodies;
}
/** No values: blocks of 128, 4 miniblocks, a count of 0 and a first value that nobody reads. */
function emptyDelta() {
	return Uint8Array.of(128, 1, 4, 0, 0);
}
function dictionaryEncoded(values, { firsts, indices }, spans) {
	const width = Math.max(bitWidth(firsts.length - 1), 1);
	const bodies = spans.map(({ valueFrom, valueTo }) => {
		const out = new Uint8Array(1 + hybridBytesMax(valueTo - valueFrom, width));
		out[0] = width;
		return out.subarray(0, encodeHybrid(indices, {
			from: valueFrom,
			to: valueTo,
			width
		}, out, 1));
	});
	return {
		encoding: "RLE_DICTIONARY",
		dictionary: {
			entries: firsts.length,
			body: encodeEntries(values, firsts)
		},
		bodies
	};
}
function encodeEntries(values, firsts) {
	if (values.kind === "texts") return concat(Array.from(firsts, (first) => encodePlain(values, first, first + 1)));
	const width = wordsEach(values.kind);
	const words = new Int32Array(firsts.length * width);
	for (let i = 0; i < firsts.length; i++) {
		const first = firsts[i] * width;
		for (let n = 0; n < width; n++) words[i * width + n] = values.words[first + n];
	}
	return encodePlain({
		...values,
		count: firsts.length,
		words
	}, 0, firsts.length);
}
/** PLAIN encoding of values `[from, to)`. For 64-bit values a view, not a copy. */
function encodePlain(values, from, to) {
	if (values.kind === "texts") return plainTexts(values, from, to);
	if (values.kind === "wides") return bigEndian(values.words, from, to);
	return bytesOfWords(values.words, from * 2, to * 2);
}
function plainBytes(values) {
	if (values.kind === "texts") return values.count * 4 + (values.offsets[values.count] ?? 0);
	return values.count * wordsEach(values.kind) * 4;
}
function plainTexts({ bytes, offsets }, from, to) {
	const size = offsets[to] - offsets[from];
	const out = new Uint8Array(size + (to - from) * 4);
	const view = new DataView(out.buffer);
	let at = 0;
	for (let i = from; i < to; i++) {
		const start = offsets[i];
		const end = offsets[i + 1];
		view.setInt32(at, end - start, true);
		at += 4;
		for (let n = start; n < end; n++) out[at++] = bytes[n];
	}
	return out;
}
function bigEndian(words, from, to) {
	const out = new Uint8Array((to - from) * 16);
	const view = new DataView(out.buffer);
	for (let i = from, at = 0; i < to; i++, at += 16) {
		view.setInt32(at, words[i * 4 + 3]);
		view.setInt32(at + 4, words[i * 4 + 2]);
		view.setInt32(at + 8, words[i * 4 + 1]);
		view.setInt32(at + 12, words[i * 4]);
	}
	return out;
}
/** Booleans: the hybrid, after its length in 4 bytes. */
function encodeFlags(flags, { valueFrom, valueTo }) {
	const out = new Uint8Array(4 + hybridBytesMax(valueTo - valueFrom, 1));
	const end = encodeHybrid(flags, {
		from: valueFrom,
		to: valueTo,
		width: 1
	}, out, 4);
	new DataView(out.buffer).setInt32(0, end - 4, true);
	return out.subarray(0, end);
}
/** Definition levels: the hybrid, its length being in the page header. */
function encodeLevels(definitions, { rowFrom, rowTo }) {
	const out = new Uint8Array(hybridBytesMax(rowTo - rowFrom, 1));
	return out.subarray(0, encodeHybrid(definitions, {
		from: rowFrom,
		to: rowTo,
		width: 1
	}, out, 0));
}
function total(bodies) {
	return bodies.reduce((sum, body) => sum + body.length, 0);
}
function concat(parts) {
	const out = new Uint8Array(total(parts));
	let at = 0;
	for (const part of parts) {
		out.set(part, at);
		at += part.length;
	}
	return out;
}
// src/store/parquet/chunk.ts
/** A column chunk as bytes of the file, with what statistics and indexes say of it. */
const UNORDERED = 0;
const ASCENDING = 1;
const DESCENDING = 2;
/** Statistics rather say nothing of a text longer than this, in bytes, than repeat it. */
const STATISTICS_TEXT_BYTES = 4096;
/** Encodes and compresses the rows of `column`, at least one. */
function writeChunk(column, compress) {
	const { values } = column;
	const { encoding, dictionary, pages } = encodeChunk(column);
	const head = dictionary && dictionaryPage(dictionary, compress);
	const tail = pages.map((page) => dataPage(page, encoding, compress));
	const found = pages.map(({ span }) => extremes(values, span.valueFrom, span.valueTo));
	return {
		name: column.shape.name,
		encoding,
		dictionary: head?.bytes,
		pages: tail.map(({ bytes }, i) => ({
			bytes,
			...counts(pages[i]?.span),
			bounds: indexBounds(values, found[i])
		})),
		uncompressedBytes: tail.reduce((sum, page) => sum + page.uncompressedBytes, head?.uncompressedBytes ?? 0),
		nulls: column.rows - values.count,
		bounds: chunkBounds(values, found),
		boundaryOrder: boundaryOrder(values, found)
	};
}
function counts(span) {
	if (span === void 0) throw new RangeError("a page without rows");
	const rows = span.rowTo - span.rowFrom;
	return {
		rowFrom: span.rowFrom,
		rows,
		nulls: rows - (span.valueTo - span.valueFrom)
	};
}
function indexBounds(values, found) {
	if (found === void 0) return void 0;
	const min = boundBytes(values, found.min, "min");
	const max = boundBytes(values, found.max, "max");
	return values.kind === "texts" ? {
		min: shortenMin(min),
		max: shortenMax(max)
	} : {
		min,
		max
	};
}
function chunkBounds(values, found) {
	let all;
	for (const page of found) {
		if (page === void 0) continue;
		all = {
			min: all && compareAt(values, all.min, page.min) <= 0 ? all.min : page.min,
			max: all && compareAt(values, all.max, page.max) >= 0 ? all.max : page.max
		};
	}
	if (all === void 0) return void 0;
	const min = boundBytes(values, all.min, "min");
	const max = boundBytes(values, all.max, "max");
	return Math.max(min.length, max.length) > STATISTICS_TEXT_BYTES ? void 0 : {
		min,
		max
	};
}
/** Whether both bounds rise, or both fall, from page to page; pages without bounds do not count. */
function boundaryOrder(values, found) {
	const present = found.filter((page) => page !== void 0);
	let rises = true;
	let falls = true;
	for (let i = 1; i < present.length; i++) {
		const [last, next] = [present[i - 1], present[i]];
		const mins = compareAt(values, last.min, next.min);
		const maxs = compareAt(values, last.max, next.max);
		if (mins > 0 || maxs > 0) rises = false;
		if (mins < 0 || maxs < 0) falls = false;
	}
	return rises ? ASCENDING : falls ? DESCENDING : UNORDERED;
}
// src/store/parquet/value-store.ts
/** Values that room is made for at first; most partitions of a quiet symbol stay below. */
const FIRST_VALUES = 1024;
/** A store for the values of `shape`. */
function valueStore(shape) {
	switch (shape.physical) {
		case "INT64": return shape.logical?.kind === "decimal" ? new NarrowingStore(shape.name, shape.logical.precision) : new WordStore("ints");
		case "DOUBLE": return new WordStore("doubles");
		case "FIXED_LEN_BYTE_ARRAY": return new WideStore(shape);
		case "BYTE_ARRAY": return new TextStore(shape.name);
		case "BOOLEAN": return new FlagStore();
	}
}
var WordStore = class {
	#kind;
	width;
	words;
	count = 0;
	constructor(kind) {
		this.#kind = kind;
		this.width = wordsEach(kind);
		this.words = new Int32Array(FIRST_VALUES * this.width);
	}
	append(data, from, to) {
		const { width } = this;
		this.reserve(to - from);
		this.words.set(wordsOf(data).subarray(from * width, to * width), this.count * width);
		this.count += to - from;
	}
	values() {
		const { count, width } = this;
		return {
			kind: this.#kind,
			count,
			words: this.words.subarray(0, count * width)
		};
	}
	clear() {
		this.count = 0;
	}
	reserve(more) {
		const needed = (this.count + more) * this.width;
		if (needed <= this.words.length) return;
		const grown = new Int32Array(Math.max(needed, this.words.length * 2));
		grown.set(this.words);
		this.words = grown;
	}
};
/** Decimals that Arrow holds in 128 bits and Parquet in 64. */
var NarrowingStore = class extends WordStore {
	#name;
	#precision;
	/** High words strictly between `-#high` and `#high` are inside the precision whatever the low word. */
	#high;
	constructor(name, precision) {
		super("ints");
		this.#name = name;
		this.#precision = precision;
		this.#high = Number(10n ** BigInt(precision) >> 32n);
	}
	append(data, from, to) {
		this.reserve(to - from);
		const { words } = this;
		const source = wordsOf(data);
		const limit = this.#high;
		let at = this.count * 2;
		for (let i = from * 4; i < to * 4; i += 4) {
			const high = source[i + 1];
			const sign = high >> 31;
			const isShort = source[i + 2] === sign && source[i + 3] === sign;
			if (!isShort || high >= limit || high <= -limit) this.#check(source, i / 4, isShort);
			words[at] = source[i];
			words[at + 1] = high;
			at += 2;
		}
		this.count += to - from;
	}
	#check(source, index, isShort) {
		if (!(isShort && digitsFit(intAt(source, index * 2), this.#precision))) throw tooLong(this.#name, this.#precision);
	}
};
/** Decimals of more than 18 digits. */
var WideStore = class extends WordStore {
	#name;
	#precision;
	#high;
	constructor({ name, logical }) {
		super("wides");
		this.#name = name;
		this.#precision = logical?.kind === "decimal" ? logical.precision : 18;
		this.#high = Number(10n ** BigInt(this.#precision) >> 96n);
	}
	append(data, from, to) {
		const source = wordsOf(data);
		const limit = this.#high;
		for (let i = from; i < to; i++) {
			const high = source[i * 4 + 3];
			if ((high >= limit || high <= -limit) && !digitsFit(wideAt(source, i), this.#precision)) throw tooLong(this.#name, this.#precision);
		}
		super.append(data, from, to);
	}
};
var TextStore = class {
	#name;
	#bytes = new Uint8Array(FIRST_VALUES * 8);
	#offsets = /* @__PURE__ */ new Int32Array(1025);
	#count = 0;
	constructor(name) {
		this.#name = name;
	}
	append(data, from, to) {
		const source = data.valueOffsets;
		const start = source[from] ?? 0;
		const size = (source[to] ?? 0) - start;
		const end = this.#offsets[this.#count] ?? 0;
		this.#reserve(to - from, end + size);
		this.#bytes.set(data.values.subarray(start, start + size), end);
		for (let i = from + 1; i <= to; i++) this.#offsets[++this.#count] = source[i] - start + end;
	}
	values() {
		const bytes = this.#bytes;
		return {
			kind: "texts",
			count: this.#count,
			bytes,
			offsets: this.#offsets
		};
	}
	clear() {
		this.#count = 0;
	}
	#reserve(more, sizeBytes) {
		if (sizeBytes > 2147483647) throw new DataError(`column ${this.#name} has 2 GB of text in a row group`);
		if (sizeBytes > this.#bytes.length) {
			const grown = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2));
			grown.set(this.#bytes);
			this.#bytes = grown;
		}
		const needed = this.#count + more + 1;
		if (needed <= this.#offsets.length) return;
		const grown = new Int32Array(Math.max(needed, this.#offsets.length * 2));
		grown.set(this.#offsets);
		this.#offsets = grown;
	}
};
var FlagStore = class {
	#flags = new Uint8Array(FIRST_VALUES);
	#count = 0;
	append(data, from, to) {
		const needed = this.#count + to - from;
		if (needed > this.#flags.length) {
			const grown = new Uint8Array(Math.max(needed, this.#flags.length * 2));
			grown.set(this.#flags);
			this.#flags = grown;
		}
		const bits = data.values;
		for (let i = data.offset + from; i < data.offset + to; i++) this.#flags[this.#count++] = bits[i >> 3] >> (i & 7) & 1;
	}
	values() {
		return {
			kind: "flags",
			count: this.#count,
			flags: this.#flags
		};
	}
	clear() {
		this.#count = 0;
	}
};
function wordsOf(data) {
	const { buffer, byteOffset, byteLength } = data.values;
	return new Int32Array(buffer, byteOffset, byteLength / 4);
}
function digitsFit(value, precision) {
	const limit = 10n ** BigInt(precision);
	return -limit < value && value < limit;
}
function tooLong(name, precision) {
	return new DataError(`column ${name} has a number of more than ${precision} digits`, { hint: "It cannot be stored exactly as a decimal; use `numbers: string` for this dataset." });
}
// src/store/parquet/column-buffer.ts
/** Collects rows of one column. Grows with them and keeps its memory between row groups. */
var ColumnBuffer = class {
	shape;
	#store;
	#definitions = /* @__PURE__ */ new Uint8Array(0);
	#rows = 0;
	constructor(shape) {
		this.shape = shape;
		this.#store = valueStore(shape);
	}
	/** Rows collected since the last `clear`. */
	get rows() {
		return this.#rows;
	}
	/** The values that are not null. A view, good until the next change. */
	get values() {
		return this.#store.values();
	}
	/** For each row 1 when it has a value and 0 when it is null; `undefined` for a column that has no nulls by type. */
	get definitions() {
		return this.shape.isNullable ? this.#definitions.subarray(0, this.#rows) : void 0;
	}
	/**
	* Copies rows `[from, to)` of `data`.
	*
	* @throws RangeError when a row is null and the column must not have nulls.
	* @throws DataError when a decimal has more digits than its column.
	*/
	append(data, from, to) {
		if (this.shape.isNullable) this.#appendNullable(data, from, to);
		else if (data.nullCount > 0) throw new RangeError(`column ${this.shape.name} has nulls`);
		else this.#store.append(data, from, to);
		this.#rows += to - from;
	}
	/** Forgets all rows. */
	clear() {
		this.#store.clear();
		this.#rows = 0;
	}
	#appendNullable(data, from, to) {
		this.#reserve(this.#rows + to - from);
		const hasNulls = data.nullCount > 0;
		let at = this.#rows;
		let run = from;
		for (let i = from; i < to; i++) {
			const isPresent = !hasNulls || data.getValid(i);
			this.#definitions[at++] = isPresent ? 1 : 0;
			if (isPresent) continue;
			if (run < i) this.#store.append(data, run, i);
			run = i + 1;
		}
		if (run < to) this.#store.append(data, run, to);
	}
	#reserve(rows) {
		if (rows <= this.#definitions.length) return;
		const grown = new Uint8Array(Math.max(rows, this.#definitions.length * 2, 1024));
		grown.set(this.#definitions);
		this.#definitions = grown;
	}
};
// src/store/parquet/schema-elements.ts
/** The schema of a file in Parquet's Thrift structures. */
/** The root and one element for each column, in order. */
function schemaElements(shapes) {
	return [new types.SchemaElement({
		name: "schema",
		num_children: shapes.length
	}), ...shapes.map(element)];
}
function element({ name, physical, logical, isNullable }) {
	return new types.SchemaElement({
		name,
		type: enumNumber(types.Type, physical),
		repetition_type: enumNumber(types.FieldRepetitionType, isNullable ? "OPTIONAL" : "REQUIRED"),
		...physical === "FIXED_LEN_BYTE_ARRAY" ? { type_length: 16 } : {},
		...logical === void 0 ? {} : meaning(logical)
	});
}
/** Both ways to say what values mean: the newer, and the older for readers that know no other. */
function meaning(logical) {
	switch (logical.kind) {
		case "timestamp": {
			const unit = new types.TimeUnit({ MICROS: new types.MicroSeconds() });
			return {
				converted_type: enumNumber(types.ConvertedType, "TIMESTAMP_MICROS"),
				logicalType: new types.LogicalType({ TIMESTAMP: new types.TimestampType({
					isAdjustedToUTC: true,
					unit
				}) })
			};
		}
		case "decimal": {
			const { precision, scale } = logical;
			return {
				converted_type: enumNumber(types.ConvertedType, "DECIMAL"),
				logicalType: new types.LogicalType({ DECIMAL: new types.DecimalType({
					scale,
					precision
				}) }),
				scale,
				precision
			};
		}
		case "string": return {
			converted_type: enumNumber(types.ConvertedType, "UTF8"),
			logicalType: new types.LogicalType({ STRING: new types.StringType() })
		};
	}
}
// src/store/parquet/envelope.ts
/**
* The container: parquetjs-lite's envelope writer, fed whole column chunks. It keeps offsets and row groups and lays out
* the file; sizes, statistics, indexes and the footer are set here on its own structures, because what it would work
* out itself is incomplete. Writes nothing: bytes are taken from it.
*/
const MAGIC = Buffer.from("PAR1");
/** Of the format: 2 stands for all 2.x. */
const VERSION$2 = 2;
/** Lays out one file. */
var Envelope = class {
	#options;
	#writer;
	#waiting = [];
	constructor(options) {
		this.#options = options;
		this.#writer = new library.ParquetEnvelopeWriter(librarySchema(options), (bytes) => this.#waiting.push(bytes), () => void 0, 0, { pageIndex: false });
		this.#writer.writeHeader();
	}
	/** Rows in all row groups so far. */
	get rows() {
		return this.#writer.rowCount;
	}
	/** Bytes laid out so far, taken or not. */
	get sizeBytes() {
		return this.#writer.offset;
	}
	/** Hands over the bytes that were laid out since the last call, in order. */
	take() {
		const bytes = Buffer.concat(this.#waiting);
		this.#waiting = [];
		return bytes;
	}
	/** Adds a row group; chunks in the order of the columns. */
	addRowGroup(rowCount, chunks) {
		const writer = this.#writer;
		writer.writeRowGroup({
			rowCount,
			pages: Object.fromEntries(chunks.map(libraryPages))
		});
		const group = writer.rowGroups.at(-1);
		if (group === void 0) throw new RangeError("the envelope lost a row group");
		for (const [i, chunk] of chunks.entries()) {
			const meta = group.columns[i]?.meta_data;
			if (meta === void 0) throw new RangeError(`the envelope lost column ${chunk.name}`);
			amend(meta, chunk);
		}
		group.total_byte_size = chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0);
		group.sorting_columns = [new types.SortingColumn({
			column_idx: this.#options.sortedBy,
			descending: false,
			nulls_first: false
		})];
	}
	/** Adds the page indexes and the footer; the file is whole after that. */
	addFooter(metadata) {
		const writer = this.#writer;
		const { shapes, createdBy } = this.#options;
		writer.writeIndex();
		const footer = util.serializeThrift(new types.FileMetaData({
			version: VERSION$2,
			schema: schemaElements(shapes),
			num_rows: writer.rowCount,
			row_groups: writer.rowGroups,
			key_value_metadata: keyValues(metadata),
			created_by: createdBy,
			column_orders: shapes.map(() => new types.ColumnOrder({ TYPE_ORDER: new types.TypeDefinedOrder() }))
		}));
		const size = Buffer.alloc(4);
		size.writeUInt32LE(footer.length);
		writer.writeSection(Buffer.concat([
			footer,
			size,
			MAGIC
		]));
	}
};
function librarySchema({ shapes, compression }) {
	const fields = shapes.map(({ name, physical, isNullable }) => [name, {
		type: physical,
		optional: isNullable,
		typeLength: 16,
		statistics: false
	}]);
	const schema = new library.ParquetSchema(Object.fromEntries(fields));
	for (const [i, field] of schema.fieldList.entries()) {
		if (field.name !== shapes[i]?.name) throw new RangeError(`column ${field.name} is out of order`);
		field.compression = CODEC_NAMES[compression];
	}
	return schema;
}
function libraryPages({ name, dictionary, pages }) {
	return [name, [...dictionary === void 0 ? [] : [{
		page: dictionary,
		num_values: 0
	}], ...pages.map(({ bytes, rows }) => ({
		page: bytes,
		num_values: rows
	}))]];
}
/** Completes what the library says of a chunk. */
function amend(meta, chunk) {
	const start = meta.data_page_offset;
	const encoding = encodingNumber(chunk.encoding);
	const plain = encodingNumber("PLAIN");
	const pageType = enumNumber(types.PageType, "DATA_PAGE_V2");
	const stats = [new types.PageEncodingStats({
		page_type: pageType,
		encoding,
		count: chunk.pages.length
	})];
	meta.encodings = [.../* @__PURE__ */ new Set([encodingNumber("RLE"), encoding])];
	meta.total_compressed_size = (chunk.dictionary?.length ?? 0) + chunk.pages.reduce((sum, { bytes }) => sum + bytes.length, 0);
	meta.total_uncompressed_size = chunk.uncompressedBytes;
	if (chunk.dictionary !== void 0) {
		const page_type = enumNumber(types.PageType, "DICTIONARY_PAGE");
		stats.unshift(new types.PageEncodingStats({
			page_type,
			encoding: plain,
			count: 1
		}));
		meta.encodings.unshift(plain);
		meta.dictionary_page_offset = start;
		meta.data_page_offset = start + chunk.dictionary.length;
	}
	meta.encoding_stats = stats;
	meta.statistics = statistics(chunk);
	const index = columnIndex(chunk);
	if (index !== void 0) meta.columnIndex = index;
	meta.offsetIndex = offsetIndex(chunk, meta.data_page_offset);
}
function statistics({ nulls, bounds }) {
	const known = bounds && {
		min_value: buffer(bounds.min),
		max_value: buffer(bounds.max)
	};
	return new types.Statistics({
		null_count: nulls,
		...known
	});
}
/** Parquet has no way to say "no bounds" of a page that has values; without one, the chunk goes without index. */
function columnIndex({ pages, boundaryOrder }) {
	const isNull = pages.map(({ rows, nulls }) => rows === nulls);
	if (pages.some(({ bounds }, i) => bounds === void 0 && isNull[i] !== true)) return void 0;
	const nothing = Buffer.alloc(0);
	return new types.ColumnIndex({
		null_pages: isNull,
		min_values: pages.map(({ bounds }) => buffer(bounds?.min ?? nothing)),
		max_values: pages.map(({ bounds }) => buffer(bounds?.max ?? nothing)),
		boundary_order: boundaryOrder,
		null_counts: pages.map(({ nulls }) => nulls)
	});
}
function offsetIndex({ pages }, start) {
	let offset = start;
	const page_locations = pages.map(({ bytes, rowFrom }) => {
		const location = new types.PageLocation();
		location.offset = offset;
		location.compressed_page_size = bytes.length;
		location.first_row_index = rowFrom;
		offset += bytes.length;
		return location;
	});
	return new types.OffsetIndex({ page_locations });
}
/** Sorted by key, in code units, so that the order in which they were collected does not show. */
function keyValues(metadata) {
	return Object.entries(metadata).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([key, value]) => new types.KeyValue({
		key,
		value
	}));
}
function buffer(bytes) {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
// src/store/parquet/write.ts
/** Rows of a row group, unless asked otherwise: what DuckDB, too, writes and reads in parallel. */
const ROW_GROUP_ROWS = 122880;
/** A Parquet file being written. Takes rows in order; after a failure it takes nothing more. */
var ParquetFileWriter = class {
	#write;
	#compression;
	#rowGroupRows;
	#columns;
	#sortedBy;
	#envelope;
	#compress;
	#lastKey;
	#state = "idle";
	/**
	* @param write - appends to the file; it is awaited before it is called again, and the array is not used after.
	* @throws RangeError for a column type that is not written, or a `sortedBy` that is not such a column.
	*/
	constructor(options, write) {
		const { schema, sortedBy, compression, createdBy, rowGroupRows = ROW_GROUP_ROWS } = options;
		const shapes = schema.fields.map(shapeOf);
		checkNames(shapes);
		if (!Number.isSafeInteger(rowGroupRows) || rowGroupRows < 1) throw new RangeError(`a row group cannot have ${rowGroupRows} rows`);
		this.#write = write;
		this.#compression = compression;
		this.#rowGroupRows = rowGroupRows;
		this.#columns = shapes.map((shape) => new ColumnBuffer(shape));
		this.#sortedBy = sortingColumn(shapes, sortedBy);
		this.#envelope = new Envelope({
			shapes,
			sortedBy: this.#sortedBy,
			compression,
			createdBy
		});
	}
	/**
	* Adds the rows of `batch`, whose schema must be that of the file. Resolves when they are copied and every row group
	* that they fill is written; the batch may be changed then.
	*
	* @throws Error when the call before has not resolved yet, or failed, or the file is finished.
	* @throws RangeError when rows are not sorted, columns differ, or a column that must not have nulls has some.
	* @throws DataError when a decimal has more digits than its column.
	*/
	async append(batch) {
		await this.#alone("idle", async () => {
			this.#checkColumns(batch);
			for (let from = 0; from < batch.numRows;) {
				const to = Math.min(batch.numRows, from + this.#rowGroupRows - this.#rows);
				for (const [i, column] of this.#columns.entries()) {
					const data = batch.data.children[i];
					if (data !== void 0) column.append(data, from, to);
				}
				if (this.#rows === this.#rowGroupRows) await this.#flush();
				from = to;
			}
		});
	}
	/**
	* Writes what is left, the indexes and the footer with `metadata`. The file is whole when this resolves; the sizes are
	* those of the file.
	*
	* @throws Error like {@link ParquetFileWriter.append}.
	*/
	async finish(metadata) {
		const envelope = this.#envelope;
		await this.#alone("finished", async () => {
			if (this.#rows > 0) await this.#flush();
			envelope.addFooter(metadata);
			await this.#write(envelope.take());
		});
		return {
			rows: envelope.rows,
			bytes: envelope.sizeBytes
		};
	}
	/** Rows that wait for their row group to fill. */
	get #rows() {
		return this.#columns[0]?.rows ?? 0;
	}
	/** Rows come in order, or the file would be wrong without a word: so one call at a time, and none after a failure. */
	async #alone(after, work) {
		if (this.#state !== "idle") throw new Error(`the Parquet file is ${this.#state}; every call must be awaited before the next`);
		this.#state = "busy";
		try {
			await work();
			this.#state = after;
		} catch (error) {
			this.#state = "failed";
			throw error;
		}
	}
	async #flush() {
		this.#compress ??= await compressor(this.#compression);
		const compress = this.#compress;
		this.#checkSorted();
		const rows = this.#rows;
		const chunks = this.#columns.map((column) => writeChunk(column, compress));
		for (const column of this.#columns) column.clear();
		this.#envelope.addRowGroup(rows, chunks);
		await this.#write(this.#envelope.take());
	}
	/** Readers skip rows by what the footer says of their order. */
	#checkSorted() {
		const values = this.#columns[this.#sortedBy]?.values;
		if (values === void 0 || values.kind !== "ints") return;
		const { words, count } = values;
		if (!(this.#lastKey === void 0 || this.#lastKey <= intAt(words, 0)) || !isAscending(words, count)) throw new RangeError("rows are not sorted by key");
		this.#lastKey = intAt(words, count - 1);
	}
	#checkColumns({ schema, data }) {
		for (const [i, { shape }] of this.#columns.entries()) {
			const field = schema.fields[i];
			const given = field && shapeOf(field);
			if (!(given?.name === shape.name && sameType(given, shape))) throw new RangeError(`a batch has another column than ${shape.name}`);
		}
		if (data.children.length !== this.#columns.length) throw new RangeError(`a batch has ${data.children.length} columns, not ${this.#columns.length}`);
	}
};
function sameType(a, b) {
	return a.physical === b.physical && JSON.stringify(a.logical) === JSON.stringify(b.logical);
}
function checkNames(shapes) {
	const names = new Set(shapes.map(({ name }) => name));
	if (names.size !== shapes.length || names.size === 0) throw new RangeError("columns need names of their own, and there must be one");
}
function sortingColumn(shapes, name) {
	const index = shapes.findIndex((shape) => shape.name === name);
	const shape = shapes[index];
	if (shape?.physical === "INT64" && !shape.isNullable) return index;
	throw new RangeError(`column ${name} cannot be sorted by: it must be a number or time, not null`);
}
// src/store/sound.ts
/** Is a file whole, as far as it tells itself? For files that nothing else vouches for: no manifest has their hash yet. */
/**
* Reads all pages against their checksums, and their headers against what would have been written. Holds one row group
* at a time.
*
* @throws DamageError that names the file.
*/
async function assertSound(file, footer, path) {
	const [misfit] = await reading(path, async () => {
		for (const index of footer.rowGroups.keys()) await readRowGroup(file, footer, index);
		return misfitHeaders(file, footer);
	});
	if (misfit !== void 0) throw new DamageError(`${path}: ${misfit}`, { hint: MEND });
}
/** Is a file byte for byte what its own rows and its own metadata are written as, here and now? */
async function isAsWritten(file, footer, sortedBy) {
	const { schema, createdBy, metadata, rowGroups } = footer;
	const compression = rowGroups[0]?.chunks[0]?.compression;
	if (compression === void 0) return false;
	const hash = createHash("sha256");
	const writer = new ParquetFileWriter({
		schema,
		sortedBy,
		compression,
		createdBy
	}, async (bytes) => {
		hash.update(bytes);
	});
	for (const index of rowGroups.keys()) await writer.append(await readRowGroup(file, footer, index));
	await writer.finish(Object.fromEntries(metadata));
	return hash.digest("hex") === await hashOf(file);
}
// src/store/vanished.ts
/** Rows that were stored and are no longer sent: kept, and reported once; see docs/decisions/0005-vanished-rows-are-kept.md. */
/** The time that rows stand for which are kept although they did not come again: no gap. */
function slotsOf({ interval }, keys) {
	if (interval === void 0) return [];
	return union(keys.map((key) => {
		const open = micros(key);
		if (!hasKnownGrid(interval)) return {
			from: open,
			to: micros(open + intervalStep(interval))
		};
		return {
			from: gridFloor(interval, open),
			to: gridNext(interval, open)
		};
	}));
}
/** Is it said of a row that it is not sent any more? */
function isVanished({ new: now }) {
	return Object.keys(now).length === 0;
}
/** The keys of the rows of a period of which that is said. */
function vanishedKeys(revisions, period) {
	const vanished = revisions.filter((known) => known.period === period && isVanished(known));
	return new Set(vanished.map(({ key }) => BigInt(key)));
}
/**
* The revisions of a series with what is new, in the order of the keys: rows that changed, and rows that did not come
* again unless that is said already. Of a row that did come again it is not said any more.
*/
function revise(revisions, { period, changed, absent, returned }) {
	const kept = revisions.filter((known) => !(known.period === period && isVanished(known) && returned.has(BigInt(known.key))));
	const reported = vanishedKeys(kept, period);
	const changes = [...changed, ...absent.filter(({ key }) => !reported.has(BigInt(key)))].sort(byKey);
	return {
		revisions: [...kept, ...changes.map((change) => ({
			period,
			...change
		}))],
		changes: changes.length
	};
}
function byKey(a, b) {
	const [first, second] = [BigInt(a.key), BigInt(b.key)];
	return first < second ? -1 : first > second ? 1 : 0;
}
// src/store/adopt.ts
/** What a run published and did not live to record: files that say more than the manifest does. */
/** The periods that have a directory, oldest first. */
async function listPeriods(files, key) {
	return (await files.list(seriesPath(key))).flatMap(({ name }) => parsePeriodName(name) ?? []).sort();
}
/**
* Reads what the file of a partition says of itself, and gives it to `use`; `undefined` when there is no file.
*
* @throws DamageError, naming the file, when it is not one of this series.
*/
async function withFile(files, key, period, use) {
	const file = await files.open(partitionPath(key, period));
	if (file === void 0) return void 0;
	try {
		return await use(await lookInto(file, key, period));
	} finally {
		await file.close();
	}
}
/** What an open file of a partition says of itself. @throws DamageError, naming it, when it is not one of this series. */
async function lookInto(file, key, period) {
	const path = partitionPath(key, period);
	const footer = await reading(path, () => readFooter(file));
	return {
		facts: parseFacts(footer.metadata, key, path),
		rows: footer.rows,
		bytes: file.sizeBytes,
		sha256: () => reading(path, () => hashOf(file)),
		assertSound: () => assertSound(file, footer, path),
		isAsWritten: () => reading(path, () => isAsWritten(file, footer, datasetOf(key).key))
	};
}
/**
* The manifest with every file in it that says more than it does. Opens the files of `windows`, and any other whose
* size is not the recorded one.
*
* @param windows - Of which a run that ended early may have published something.
* @returns The same object when there is nothing to take in.
* @throws DamageError for a file that is not one of this series, or not the one that was recorded.
*/
async function adoptFiles(files, manifest, windows) {
	let adopted = manifest;
	for (const period of await listPeriods(files, manifest.key)) {
		const recorded = adopted.partitions.get(period);
		const isDoubtful = clip(windows, periodWindow(period)).length > 0;
		const path = partitionPath(manifest.key, period);
		if (!isDoubtful && recorded?.bytes === await files.size(path)) continue;
		const current = adopted;
		adopted = await withFile(files, manifest.key, period, async (found) => {
			checkAlike(current, found.facts, path);
			await checkRecorded(current, found, path);
			if (!await isAhead({
				...current,
				archives: manifest.archives
			}, found)) return current;
			const { facts, rows, bytes } = found;
			await found.assertSound();
			await files.settle(path);
			return record(current, facts, {
				rows,
				bytes,
				sha256: await found.sha256()
			});
		}) ?? adopted;
	}
	return adopted;
}
/** @throws DamageError for a file with other numbers or of another length of period than its series. */
function checkAlike(manifest, facts, path) {
	const { numbers, partition } = manifest;
	if (facts.numbers === numbers && facts.partition === partition) return;
	throw new DamageError(`${path}: written with numbers: ${facts.numbers}, partition: ${facts.partition}; its series has ${numbers}, ${partition}`, { hint: MEND });
}
/** @throws DamageError for a file that is neither the recorded one nor what a run put in its place. */
async function checkRecorded(manifest, found, path) {
	const { facts, rows, bytes } = found;
	const entry = manifest.partitions.get(facts.period);
	if (entry === void 0 || isSame(manifest, entry, found)) return;
	if (await isAhead(manifest, found)) return;
	if (entry.rows === rows && entry.bytes === bytes && entry.sha256 === await found.sha256()) return;
	throw otherFile(path, `${rows} rows, the manifest says ${entry.rows}`);
}
/** A file that is not what the manifest says, and nothing that a run can have put there since. */
function otherFile(path, how) {
	return new DamageError(`${path}: not the file that was recorded, and not a later one: ${how}`, { hint: MEND });
}
/** Does a file say more than the manifest, rather than being another file than the one that was recorded? */
async function isAhead(manifest, found) {
	const { facts, rows, bytes } = found;
	const entry = manifest.partitions.get(facts.period);
	if (entry === void 0) return true;
	const known = factsOf$1(manifest, facts.period, entry);
	if (rows < entry.rows || !isGrown(known, facts)) return false;
	if (rows > entry.rows || saidOf(known) !== saidOf(facts)) return true;
	if (bytes !== entry.bytes) return found.isAsWritten();
	return namesOther(known.archives, facts.archives) && await found.sha256() !== entry.sha256;
}
/** Does a footer name archives that are not known, or not as it says? A checksum is as long as any other. */
function namesOther(known, said) {
	return Object.entries(said).some(([path, { sha256 }]) => known[path]?.sha256 !== sha256);
}
/** Is a file the recorded one, as far as it says itself? */
function isSame(manifest, entry, { facts, rows, bytes }) {
	const known = factsOf$1(manifest, facts.period, entry);
	return entry.rows === rows && entry.bytes === bytes && saidOf(known) === saidOf(facts);
}
/** What a footer says of its rows and their time. An archive is known to all that it is about once one has used it. */
function saidOf(facts) {
	const said = {
		...facts,
		archives: {},
		sources: []
	};
	return JSON.stringify(formatFacts(said));
}
/**
* Nothing is published that says less than what was there, so whatever says less was not published by a run. But for
* a row that came again: that it was not sent is not said any more.
*/
function isGrown(known, facts) {
	const ownTime = [periodWindow(facts.period)];
	const lost = subtractAll(intersect(known.coverage, ownTime), facts.coverage);
	const recorded = new Set(facts.revisions.map(textOf));
	return lost.length === 0 && known.sources.every((source) => facts.sources.includes(source)) && known.revisions.every((revision) => isVanished(revision) || recorded.has(textOf(revision)));
}
function textOf({ key, time, old, new: now }) {
	return JSON.stringify([
		key,
		time,
		old,
		now
	]);
}
// src/store/stored-rows.ts
/** The rows of the file that is there, a row group at a time. */
var StoredRows = class StoredRows {
	#path;
	#file;
	#footer;
	#next = 0;
	#head;
	constructor({ path, file }, footer) {
		this.#path = path;
		this.#file = file;
		this.#footer = footer;
	}
	/** The rows of `file`, which is closed with them. @throws DamageError when it has other columns. */
	static async open(options) {
		const { file, path, schema } = options;
		if (file === void 0) return new StoredRows(options, void 0);
		const footer = await reading(path, () => readFooter(file));
		if (String(footer.schema) === String(schema)) return new StoredRows(options, footer);
		throw new DamageError(`${path}: has other columns than this series`, { hint: MEND });
	}
	/** The rows that are next, or `undefined` when all were taken. */
	async head() {
		const [file, footer] = [this.#file, this.#footer];
		while (this.#head === void 0 || this.#head.numRows === 0) {
			if (file === void 0 || footer === void 0) return void 0;
			if (this.#next === footer.rowGroups.length) return void 0;
			const index = this.#next;
			this.#head = await reading(this.#path, () => readRowGroup(file, footer, index));
			this.#next += 1;
		}
		return this.#head;
	}
	/** Takes the first of the next rows. */
	skip(rows) {
		this.#head = this.#head?.slice(rows);
	}
	/** Lets the file go. */
	async close() {
		await this.#file?.close();
	}
};
/** The values of a column of 64-bit integers or moments; a view. */
function int64Column(batch, index) {
	return (batch.data.children[index]?.values).subarray(0, batch.numRows);
}
// src/store/newest-rows.ts
/**
* The last `count` rows of `window`, in order, or as many as there are. Reads no row group that it need not.
*
* @throws DamageError, naming it, for a file that the manifest names and that is gone or cannot be read.
*/
async function newestRows(files, manifest, window, count) {
	const found = [];
	let left = count;
	const periods = [...manifest.partitions.keys()].sort().reverse();
	for (const period of periods) {
		const { from, to } = periodWindow(period);
		if (from >= window.to) continue;
		if (to <= window.from || left <= 0) break;
		for await (const batch of rowGroups(files, partitionPath(manifest.key, period))) {
			const part = lastOf(manifest, batch, window, left);
			if (part.numRows > 0) found.unshift(part);
			left -= part.numRows;
			if (left <= 0) break;
		}
	}
	return found;
}
/** The rows of a file, a row group at a time, the last one first. @throws DamageError, naming it; see {@link newestRows}. */
async function* rowGroups(files, path) {
	const file = await files.open(path);
	if (file === void 0) throw lostFile(path);
	try {
		const footer = await reading(path, () => readFooter(file));
		for (let index = footer.rowGroups.length - 1; index >= 0; index--) yield await reading(path, () => readRowGroup(file, footer, index));
	} finally {
		await file.close();
	}
}
/** The last rows of a batch that lie in `window`, at most `count`. */
function lastOf({ key }, batch, { from, to }, count) {
	const dataset = datasetOf(key);
	const times = int64Column(batch, columnIndex$2(dataset, dataset.time));
	let end = times.length;
	while (end > 0 && (times[end - 1] ?? 0n) >= to) end--;
	let first = end;
	while (first > 0 && end - first < count && (times[first - 1] ?? 0n) >= from) first--;
	return batch.slice(first, end);
}
// src/rows/grid.ts
/** The grid of open times in plain numbers, for loops over millions of rows. */
const MONDAY = 3456e8;
const SHORTEST_MONTH = 24192e8;
/** How far times lie after the start of their slot. */
var GridOffset = class {
	#interval;
	/** Length of a slot in microseconds; of months, the shortest. */
	step;
	#phase;
	/** @param interval - Its grid must be known. */
	constructor(interval) {
		this.#interval = interval;
		this.step = interval === "1M" ? SHORTEST_MONTH : Number(intervalStep(interval));
		this.#phase = interval === "1w" ? MONDAY : 0;
	}
	/** Microseconds since the slot's start. @param time - A whole number of microseconds, from 1970 to 2255. */
	of(time) {
		if (this.#interval === "1M") return time - Number(gridFloor(this.#interval, micros(BigInt(time))));
		const rest = (time - this.#phase) % this.step;
		return rest < 0 ? rest + this.step : rest;
	}
};
// src/rows/proof.ts
/** The prover for a series. */
function proverOf(key) {
	const { interval } = key;
	const dataset = datasetOf(key);
	if (dataset.walk === "openTime") return interval !== void 0 && hasKnownGrid(interval) ? new SlotProver(interval, dataset) : NOTHING_TO_PROVE;
	return dataset.walk === "accountWindow" || dataset.walk === "blockTradeId" ? NOTHING_TO_PROVE : new IdProver(dataset);
}
const NOTHING_TO_PROVE = {
	take: () => void 0,
	proof: () => ({})
};
/** Klines: is there one for every covered slot of the grid, except those in known gaps? */
var SlotProver = class {
	#interval;
	#keyIndex;
	#offset;
	#onGrid = 0;
	#offGrid = 0;
	/** Slots filled only by a row off the grid. */
	#bent = [];
	/** Skipped slots: the last one before them and the first one after. */
	#passed = [];
	#first;
	#last = NaN;
	constructor(interval, dataset) {
		this.#interval = interval;
		this.#keyIndex = columnIndex$2(dataset, dataset.key);
		this.#offset = new GridOffset(interval);
	}
	take(batch) {
		const opens = int64Values(batch, this.#keyIndex);
		const halves = halvesOf$1(opens);
		const { step } = this.#offset;
		for (let row = 0; row < opens.length; row++) {
			const open = numberOf(halves, row);
			const offset = this.#offset.of(open);
			const slot = open - offset;
			this.#first ??= slot;
			if (offset === 0) this.#onGrid++;
			else {
				this.#offGrid++;
				if (slot !== this.#last) this.#bent.push(slot);
			}
			if (slot - this.#last > step) this.#passed.push({
				last: this.#last,
				next: slot
			});
			this.#last = slot;
		}
	}
	missing(window) {
		if (this.#first === void 0) return [window];
		const inside = this.#passed.flatMap(({ last, next }) => {
			const from = gridNext(this.#interval, microsOf(last));
			return from < microsOf(next) ? [{
				from,
				to: microsOf(next)
			}] : [];
		});
		const head = {
			from: window.from,
			to: microsOf(this.#first)
		};
		const tail = {
			from: gridNext(this.#interval, microsOf(this.#last)),
			to: window.to
		};
		return [
			head,
			...inside,
			tail
		].filter(({ from, to }) => from < to);
	}
	proof({ coverage, gaps }) {
		const count = (windows) => windows.reduce((sum, window) => sum + slotCount(this.#interval, window), 0);
		const inGaps = intersect(coverage, union(gaps.filter(isKnown)));
		const isIn = (windows, slot) => isCovered(windows, microsOf(slot), microsOf(slot));
		const bent = this.#bent.filter((slot) => isIn(coverage, slot));
		const filled = bent.filter((slot) => isIn(inGaps, slot));
		return {
			slots_expected: count(coverage),
			slots_present: this.#onGrid + bent.length,
			slots_in_gaps: count(inGaps) - filled.length,
			off_grid: this.#offGrid
		};
	}
};
/** The breaks inside one continuous stretch of coverage; between stretches, rows are expected to be missing. */
function breaksIn(breaks, coverage) {
	return breaks.filter(({ first, last }) => isCovered(coverage, first, last));
}
/**
* Breaks next to the start or end of the coverage: times go back while ids increase, so the ids between may lie on the
* other side. Reported only if there are any.
*/
function edgeFacts(breaks, coverage) {
	const starts = /* @__PURE__ */ new Set();
	const ends = /* @__PURE__ */ new Set();
	for (const { from, to } of coverage) for (const one of breaks) {
		if (one.first < from || one.last >= to) continue;
		if (one.first < from + 10000000n) starts.add(one);
		else if (one.last >= to - 10000000n) ends.add(one);
	}
	if (starts.size + ends.size === 0) return {};
	const [begin, end] = [coverage[0], coverage.at(-1)];
	const idsOf = (edge, window) => [...edge].filter(({ first }) => window !== void 0 && window.from <= first && first < window.to).reduce((sum, { ids }) => sum + ids, 0);
	return {
		id_breaks_at_edges: starts.size + ends.size,
		ids_left_out_at_start: idsOf(starts, begin),
		ids_left_out_at_end: idsOf(ends, end)
	};
}
function isCovered(coverage, first, last) {
	return covers(coverage, {
		from: first,
		to: micros(last + 1n)
	});
}
/**
* Ids: are they contiguous? And where the rows name their trades, does each begin with the trade after the last one of
* the row before?
*/
var IdProver = class {
	#keyIndex;
	#timeIndex;
	#chain;
	#breaks = [];
	#last;
	constructor(dataset) {
		this.#keyIndex = columnIndex$2(dataset, dataset.key);
		this.#timeIndex = columnIndex$2(dataset, dataset.time);
		const hasChain = dataset.columns.some(({ name }) => name === "first_trade_id");
		this.#chain = hasChain ? new TradeChain(dataset) : void 0;
	}
	take(batch) {
		const ids = int64Values(batch, this.#keyIndex);
		const times = int64Values(batch, this.#timeIndex);
		const first = ids[0];
		const last = ids[ids.length - 1];
		if (first === void 0 || last === void 0) return;
		if (this.#last !== void 0 && first !== this.#last.id + 1n) this.#breaks.push(breakOf(this.#last.time, times[0], first - this.#last.id - 1n));
		if (last - first !== BigInt(ids.length - 1)) for (let row = 1; row < ids.length; row++) {
			const leftOut = (ids[row] ?? 0n) - (ids[row - 1] ?? 0n) - 1n;
			if (leftOut !== 0n) this.#breaks.push(breakOf(times[row - 1], times[row], leftOut));
		}
		this.#last = {
			id: last,
			time: times[times.length - 1] ?? 0n
		};
		this.#chain?.take(batch, times);
	}
	proof({ coverage }) {
		const breaks = breaksIn(this.#breaks, coverage);
		return {
			id_breaks: breaks.length,
			...edgeFacts(breaks, coverage),
			...this.#chain?.proof(coverage)
		};
	}
};
function breakOf(before = 0n, after = 0n, ids = 0n) {
	const [first, last] = before < after ? [before, after] : [after, before];
	return {
		first: micros(first),
		last: micros(last),
		ids: Number(ids)
	};
}
/** The trades named by aggregate trades: each row's first follows the last of the row before. */
var TradeChain = class {
	#firstIndex;
	#lastIndex;
	#breaks = [];
	#dummies = 0;
	#firstTrade = "";
	/** The last row that names trades: its last trade, also in halves, and its time. */
	#last;
	#low = 0;
	#high = -2;
	constructor(dataset) {
		this.#firstIndex = columnIndex$2(dataset, "first_trade_id");
		this.#lastIndex = columnIndex$2(dataset, "last_trade_id");
	}
	take(batch, times) {
		const firsts = int64Values(batch, this.#firstIndex);
		const lasts = int64Values(batch, this.#lastIndex);
		const [first, last] = [halvesOf$1(firsts), halvesOf$1(lasts)];
		let [low, high] = [this.#low, this.#high];
		let lastRow = -1;
		for (let row = 0; row < firsts.length; row++) {
			const firstHigh = first[2 * row + 1] ?? 0;
			if (firstHigh < 0) {
				this.#dummies++;
				continue;
			}
			if ((firstHigh - high) * 4294967296 + (((first[2 * row] ?? 0) >>> 0) - low) !== 1) this.#begin(firsts[row], lastRow < 0 ? this.#last?.time : times[lastRow], times[row]);
			low = (last[2 * row] ?? 0) >>> 0;
			high = last[2 * row + 1] ?? 0;
			lastRow = row;
		}
		if (lastRow < 0) return;
		this.#last = {
			id: lasts[lastRow] ?? 0n,
			time: times[lastRow] ?? 0n
		};
		this.#low = low;
		this.#high = high;
	}
	/** Begins the chain, or begins it again. */
	#begin(id, before, after) {
		if (this.#firstTrade === "") this.#firstTrade = String(id);
		else this.#breaks.push(breakOf(before, after));
	}
	proof(coverage) {
		return {
			chain_breaks: breaksIn(this.#breaks, coverage).length,
			dummies: this.#dummies,
			first_trade_id: this.#firstTrade,
			last_trade_id: String(this.#last?.id ?? "")
		};
	}
};
function numberOf(halves, row) {
	return (halves[2 * row + 1] ?? 0) * 4294967296 + ((halves[2 * row] ?? 0) >>> 0);
}
function microsOf(time) {
	return micros(BigInt(time));
}
// src/store/absent-rows.ts
/** Stored rows that were passed and not appended again. Whether they were asked for shows only when all is written. */
var AbsentRows = class {
	#dataset;
	#since;
	#keyIndex;
	#timeIndex;
	#rows = [];
	/** @param since - Rows before it are none of our business; `undefined`: none is. */
	constructor(dataset, since) {
		this.#dataset = dataset;
		this.#since = since;
		this.#keyIndex = columnIndex$2(dataset, dataset.key);
		this.#timeIndex = columnIndex$2(dataset, dataset.time);
	}
	/**
	* Takes in stored rows.
	*
	* @param sent - Keys that were appended among them, in order.
	* @param answered - What was asked, if that is known already.
	*/
	take(stored, sent, answered) {
		if (this.#since === void 0) return;
		const keys = int64Column(stored, this.#keyIndex);
		const times = int64Column(stored, this.#timeIndex);
		let next = 0;
		for (let row = 0; row < keys.length; row++) {
			const key = keys[row] ?? 0n;
			while (next < sent.length && (sent[next] ?? 0n) < key) next++;
			const time = times[row] ?? 0n;
			if (time < this.#since || sent[next] === key) continue;
			if (answered === void 0 || holds$1(answered, micros(time))) this.#rows.push({
				time: micros(time),
				batch: stored,
				row
			});
		}
	}
	/** Those in `answered`, each with all of its columns and none in place of them. */
	within(answered) {
		return this.#rows.filter(({ time }) => holds$1(answered, time)).map(({ time, batch, row }) => ({
			key: String(int64Column(batch, this.#keyIndex)[row]),
			time: formatMicros(time),
			old: rowTexts(this.#dataset, batch, row),
			new: {}
		}));
	}
};
function holds$1(coverage, time) {
	return covers(coverage, {
		from: time,
		to: micros(time + 1n)
	});
}
// src/store/partition.ts
/** Writes one partition. Appends are in the order of the keys; then `drain` and `seal`, or `abort`. */
var PartitionWriter = class PartitionWriter {
	/** The file that the new one is merged from. */
	expected;
	#options;
	#prover;
	#upload;
	#parquet;
	#stored;
	#keyIndex;
	#changes = [];
	#doubts = [];
	#absent;
	#returned = /* @__PURE__ */ new Set();
	#appended = 0;
	#contributed = 0;
	#firstKey;
	#lastKey;
	constructor(options, upload, { stored, expected }) {
		const { key, schema, compression, createdBy, since } = options;
		const dataset = datasetOf(key);
		this.#options = options;
		this.#prover = proverOf(key);
		this.#upload = upload;
		this.#stored = stored;
		this.expected = expected;
		this.#keyIndex = schema.fields.findIndex(({ name }) => name === dataset.key);
		this.#absent = new AbsentRows(dataset, since);
		this.#parquet = new ParquetFileWriter({
			schema,
			sortedBy: dataset.key,
			compression,
			createdBy
		}, (bytes) => upload.write(bytes));
	}
	/** Begins a file that will replace what is at the path, and hold its rows too. */
	static async open(options) {
		const { files, path, schema, stored: file } = options;
		try {
			const expected = file === void 0 ? "absent" : await file.version();
			const stored = await StoredRows.open({
				file,
				path,
				schema
			});
			return new PartitionWriter(options, await files.upload(path), {
				stored,
				expected
			});
		} catch (error) {
			await file?.close();
			throw error;
		}
	}
	/** Rows that were appended, whether they were new or not. */
	get appended() {
		return this.#appended;
	}
	/** What the rows that were there already became, where they changed. */
	get changes() {
		return this.#changes;
	}
	/** What was appended of rows that are stored more finished, and was not taken. */
	get doubts() {
		return this.#doubts;
	}
	/** Did any of the appended rows tell something new? */
	get hasNews() {
		return this.#contributed > 0;
	}
	/** The rows that were there already, lie in `answered`, and were not appended again. */
	absent(answered) {
		return this.#absent.within(answered);
	}
	/** Which of the vanished rows were appended. */
	get returned() {
		return this.#returned;
	}
	/** What the rows written so far prove of themselves; of the whole file once it is finished. */
	proof(known) {
		return this.#prover.proof(known);
	}
	/** Adds rows whose keys are greater than all that were appended before. */
	async append(batch) {
		const { key, claims } = this.#options;
		const dataset = datasetOf(key);
		this.#appended += batch.numRows;
		this.#noteReturned(batch);
		let fresh = batch;
		while (fresh.numRows > 0) {
			const stored = await this.#stored.head();
			if (stored === void 0) {
				this.#contributed += fresh.numRows;
				await this.#put(fresh);
				return;
			}
			const until = min(this.#lastKeyOf(stored), this.#lastKeyOf(fresh));
			const [storedPart, freshPart] = [stored, fresh].map((rows) => this.#upTo(rows, until));
			if (storedPart === void 0 || freshPart === void 0) return;
			const { batch: merged, revisions, doubts, duplicates } = mergeBatches(storedPart, freshPart, {
				dataset,
				claims
			});
			for (const revision of revisions) this.#changes.push(revision);
			for (const doubt of doubts) this.#doubts.push(doubt);
			this.#contributed += freshPart.numRows - duplicates;
			if (!(merged.numRows === freshPart.numRows)) this.#absent.take(storedPart, this.#keys(freshPart));
			await this.#put(merged);
			this.#stored.skip(storedPart.numRows);
			fresh = fresh.slice(freshPart.numRows);
		}
	}
	/**
	* Writes what is left of the old rows: all rows are written then.
	*
	* @param answered - What was asked and answered in full; stored rows in it that were not appended are {@link absent}.
	* @returns the first key and the last
	*/
	async drain(answered) {
		for (let rest = await this.#stored.head(); rest !== void 0; rest = await this.#stored.head()) {
			this.#absent.take(rest, /* @__PURE__ */ new BigInt64Array(), answered);
			await this.#put(rest);
			this.#stored.skip(rest.numRows);
		}
		await this.#stored.close();
		return {
			firstKey: String(this.#firstKey ?? 0n),
			lastKey: String(this.#lastKey ?? 0n)
		};
	}
	/** Writes the footer with `metadata`, and reads it back. */
	async seal(metadata) {
		const { rows, bytes } = await this.#parquet.finish(metadata);
		await this.#readBack(rows, bytes);
		return {
			rows,
			bytes,
			sha256: this.#upload.sha256(),
			publish: (expected) => this.#upload.commit(expected),
			abort: () => this.#upload.abort()
		};
	}
	/** Drops the new file; the old one stays as it is. */
	async abort() {
		try {
			await this.#stored.close();
		} finally {
			await this.#upload.abort();
		}
	}
	#noteReturned(batch) {
		const { vanished } = this.#options;
		if (vanished === void 0 || vanished.size === 0) return;
		for (const key of this.#keys(batch)) if (vanished.has(key)) this.#returned.add(key);
	}
	async #put(batch) {
		if (batch.numRows === 0) return;
		this.#firstKey ??= this.#keyAt(batch, 0);
		this.#lastKey = this.#lastKeyOf(batch);
		this.#prover.take(batch);
		await this.#parquet.append(batch);
	}
	async #readBack(rows, bytes) {
		const { path } = this.#options;
		const written = await this.#upload.flush();
		const footer = await reading(path, () => readFooter(written), CHECK_DISK);
		if (footer.rows !== rows || written.sizeBytes !== bytes) throw new DamageError(`${path}: wrote ${rows} rows, read back ${footer.rows}`, { hint: CHECK_DISK });
	}
	#upTo(batch, key) {
		return batch.slice(0, lowerBound$1(this.#keys(batch), key + 1n));
	}
	#keys(batch) {
		return int64Column(batch, this.#keyIndex);
	}
	#keyAt(batch, row) {
		return (batch.data.children[this.#keyIndex]?.values)[row] ?? 0n;
	}
	#lastKeyOf(batch) {
		return this.#keyAt(batch, batch.numRows - 1);
	}
};
const CHECK_DISK = "What was written reads back otherwise: check the disk, then run again.";
function min(a, b) {
	return a < b ? a : b;
}
// src/store/held.ts
/** Writing to a lake that may have been taken meanwhile. */
/**
* Replaces a small file as a whole, unless another process took the lake before it appears, even where this one was
* stopped in between: whoever takes the lake sweeps the temporary files away, so that what was begun before cannot be
* committed, and what is begun after is refused here. So the order is begin, check, commit; and none is begun anew.
*/
async function replaceHeld({ files, assertHeld }, path, { bytes, expected }) {
	const upload = await files.upload(path);
	try {
		await upload.write(bytes);
		await upload.flush();
		return await committed(assertHeld, () => upload.commit(expected));
	} finally {
		await upload.abort();
	}
}
/** Commits what is begun, if the lake is still held. */
async function committed(assertHeld, commit) {
	await assertHeld();
	try {
		return await commit();
	} catch (error) {
		throw await failureIn(assertHeld, error);
	}
}
/** What to say of something that failed: where the lake was lost meanwhile, its files are another's, and that is why. */
async function failureIn(assertHeld, error) {
	if (!(error instanceof DamageError) && !(error instanceof StoreError)) return error;
	try {
		await assertHeld();
		return error;
	} catch (lost) {
		return lost instanceof StoreError && lost.code === "E_STORE_FENCED" ? lost : error;
	}
}
// src/store/manifest-file.ts
/** Reads the manifest of a series, and says which version that is, whether it is sound or not. */
async function readManifestFile(files, key) {
	const path = manifestPath(key);
	const found = await files.read(path);
	if (found === void 0) return {
		version: "absent",
		parse: () => void 0
	};
	const { bytes, version } = found;
	const text = () => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
	return {
		version,
		parse: () => parseManifest(text(), key, path)
	};
}
/** Reads the manifest of a series; `undefined` when the lake has none. */
async function readManifest(files, key) {
	return (await readManifestFile(files, key)).parse();
}
/**
* Replaces a series' manifest.
*
* @returns the version that is there now
* @throws StoreError `E_STORE_FENCED` when another process took the lake, `E_STORE_CHANGED` when it is not the manifest
* any more that was expected.
*/
async function writeManifest(lake, manifest, expected) {
	const bytes = new TextEncoder().encode(formatManifest(manifest));
	return replaceHeld(lake, manifestPath(manifest.key), {
		bytes,
		expected
	});
}
// src/store/present.ts
/** The manifest of a series, and whether the files that it speaks of are there: anyone may have removed one. */
/** Files looked at at once. */
const LOOKS_AT_ONCE = 32;
/** Holds the files of a manifest against it, by their sizes. Opens none. */
async function strayPeriods(files, manifest) {
	const entries = [...manifest.partitions].sort(([a], [b]) => a < b ? -1 : 1);
	const [lost, changed] = [[], []];
	for (let first = 0; first < entries.length; first += LOOKS_AT_ONCE) {
		const some = entries.slice(first, first + LOOKS_AT_ONCE);
		const sizes = await Promise.all(some.map(([period]) => files.size(partitionPath(manifest.key, period))));
		for (const [index, [period, { bytes }]] of some.entries()) if (sizes[index] === void 0) lost.push(period);
		else if (sizes[index] !== bytes) changed.push(period);
	}
	return {
		lost,
		changed
	};
}
/** A manifest without the rows of files that are gone, so that exactly their time is asked for again. */
function withoutRows(manifest, lost) {
	return lost.reduce(forgetRows, manifest);
}
/**
* Looks at a series, and at each of its files that has not the recorded size. Writes nothing.
*
* @throws DamageError, naming it, for a damaged manifest, and for a file that says less than was recorded of it.
*/
async function lookAtSeries(files, key) {
	const { version, parse } = await readManifestFile(files, key);
	const manifest = parse();
	if (manifest === void 0) return {
		manifest,
		present: void 0,
		lost: [],
		isBehind: false
	};
	const { lost, changed } = await strayPeriods(files, manifest);
	try {
		for (const period of changed) await withFile(files, key, period, async (found) => {
			const path = partitionPath(key, period);
			checkAlike(manifest, found.facts, path);
			await checkRecorded(manifest, found, path);
		});
	} catch (error) {
		const now = await readManifestFile(files, key);
		if (now.version === version || now.version === "absent") throw error;
		return lookAtSeries(files, key);
	}
	return {
		manifest,
		present: withoutRows(manifest, lost),
		lost,
		isBehind: changed.length > 0
	};
}
/**
* What a series without a manifest was begun as, by its first file: its first commit may have been cut short.
* `undefined` when there is none, or none that can be read, which whoever takes it in will tell.
*/
async function begunAs(files, key) {
	for (const period of await listPeriods(files, key)) try {
		const facts = await withFile(files, key, period, async (found) => found.facts);
		if (facts !== void 0) return facts;
	} catch (error) {
		if (!(error instanceof DamageError)) throw error;
	}
}
// src/store/publish.ts
/**
* What a file's footer says of itself.
*
* @param manifest - With all that is known once the file's rows are.
* @returns these facts, and the manifest that agrees with them
*/
function factsFor(manifest, { period, writer, keys, source }) {
	const gaps = relist(manifest.gaps, rowsUntil(manifest.key, {
		period,
		...keys
	}));
	const known = {
		...manifest,
		gaps
	};
	const before = manifest.partitions.get(period)?.sources ?? [];
	const sources = source !== void 0 && writer.hasNews ? withSource(before, source) : before;
	const proof = writer.proof(knownOf(known, periodWindow(period)));
	return {
		manifest: known,
		facts: factsOf$1(known, period, {
			sources,
			...keys,
			proof
		})
	};
}
/**
* Writes the footer, and makes the file visible where it differs from the one that is there.
*
* @returns the manifest with the file in it, which is not on the disk yet
*/
async function seal({ assertHeld }, { manifest, facts }, { period, writer, expected }) {
	const written = await writer.seal(formatFacts(facts));
	const { rows, bytes, sha256 } = written;
	const isThere = manifest.partitions.get(period)?.sha256 === sha256;
	const version = await committed(assertHeld, async () => {
		if (!isThere) return written.publish(expected);
		await written.abort();
		return expected;
	});
	const { firstKey, lastKey, sources, proof } = facts;
	const entry = {
		rows,
		bytes,
		sha256,
		firstKey,
		lastKey,
		sources,
		proof
	};
	return {
		manifest: record(manifest, facts, {
			rows,
			bytes,
			sha256
		}),
		entry,
		version
	};
}
// src/store/row-by-id.ts
/**
* The time of the row with this id; `undefined` when it is not stored. Opens only files whose ids reach around it.
*
* @throws DamageError when a file that the manifest names is gone; StoreError when one cannot be decoded.
*/
async function timeOfId(files, { key, partitions }, id) {
	const dataset = datasetOf(key);
	const [keyIndex, timeIndex] = [dataset.key, dataset.time].map((name) => columnIndex$2(dataset, name));
	for (const [period, { firstKey, lastKey }] of partitions) {
		if (BigInt(firstKey) > id || id > BigInt(lastKey)) continue;
		for await (const batch of rowGroups(files, partitionPath(key, period))) {
			const ids = int64Column(batch, keyIndex ?? 0);
			if ((ids[0] ?? 0n) > id) continue;
			const row = ids.indexOf(id);
			if (row >= 0) return micros(int64Column(batch, timeIndex ?? 0)[row] ?? 0n);
			break;
		}
	}
}
// src/store/recorded.ts
/** The file that a new one will replace, held against its hash: no damage is carried over into a file with a hash of its own. */
/**
* Opens the file of `period` to be merged with: rows that only the recorded one had would be lost for good, since
* their time is covered, and damage would be taken for what was fetched.
*
* @returns `undefined` when there is none and none is recorded.
* @throws DamageError, naming the file, when it is not byte for byte what was recorded, nor a later one that is sound.
*/
async function openRecorded(files, manifest, period) {
	const path = partitionPath(manifest.key, period);
	const file = await files.open(path);
	if (file === void 0) {
		if (!manifest.partitions.has(period)) return void 0;
		throw meanwhile(path, "removed");
	}
	try {
		await assertTrusted(manifest, period, file);
		return file;
	} catch (error) {
		await file.close();
		throw error;
	}
}
async function assertTrusted(manifest, period, file) {
	const path = partitionPath(manifest.key, period);
	const entry = manifest.partitions.get(period);
	if (entry === void 0) throw meanwhile(path, "put there");
	const sha256 = await reading(path, () => hashOf(file));
	if (sha256 === entry.sha256) return;
	const found = await lookInto(file, manifest.key, period);
	await found.assertSound();
	if (await isAhead(manifest, found)) return;
	throw otherFile(path, found.rows === entry.rows ? `SHA-256 ${sha256}, the manifest says ${entry.sha256}` : `${found.rows} rows, the manifest says ${entry.rows}`);
}
function meanwhile(path, what) {
	return new DamageError(`${path}: ${what} while the lake was being written`, { hint: "Run again: it looks at the file anew, and asks for what is missing." });
}
// src/store/youth.ts
/**
* What one run received that differs from the run before stays young: the next run asks again, and once two agree it is
* final. A host that lags behind its clock tells a kline as it was while that was open.
*/
/** The claims that an earlier run left. */
function claimsOf({ doubts }) {
	return new Map(doubts.map((doubt) => [doubt.key, doubt.new]));
}
/** The time of rows that changed between two manifests, as far as it is covered. */
function changedTime(before, after) {
	if (before.revisions === after.revisions) return [];
	const known = new Set(before.revisions.map(nameOf$2));
	const keys = after.revisions.filter((one) => !known.has(nameOf$2(one))).map(({ key }) => BigInt(key));
	return intersect(slotsOf(after.key, keys), after.coverage);
}
/**
* Time that was taken for the time after a delisting, and that rows follow now. Whoever said that the symbol did not
* trade may have lagged, so what lies between is asked for once more.
*/
function relistedTime(opened, after) {
	return intersect(union(opened.gaps.filter(({ reason }) => reason === "after-delisting")), union(after.gaps.filter(({ reason }) => reason === "outage")));
}
function nameOf$2({ key, old, new: now }) {
	return JSON.stringify([
		key,
		old,
		now
	]);
}
/** The manifest after a commit, with that in it that the next run is to ask for once more. */
function withYouth(before, after, { answered, period, source, doubts, opened }) {
	const asked = answeredPart(answered);
	const held = doubts.map((doubt) => ({
		period,
		...doubt
	}));
	const slots = slotsOf(after.key, held.map(({ key }) => BigInt(key)));
	const young = union(union(source === "archive" ? [] : changedTime(before, after), subtractAll(relistedTime(opened, after), asked)), intersect(slots, after.coverage));
	return {
		...after,
		fresh: union(after.fresh, young),
		doubts: [...after.doubts.filter(({ time }) => !holds(asked, time)), ...held].sort(byTime)
	};
}
function holds(coverage, time) {
	const from = parseMicros(time);
	return clip(coverage, {
		from,
		to: micros(from + 1n)
	}).length > 0;
}
function byTime(a, b) {
	return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}
// src/store/learn.ts
/**
* What is covered now, and which rows changed, vanished or came back.
*
* @param answered - What was asked and answered; `undefined`: rows of time that was answered before.
* @param askedAgain - The part of it that was covered before.
* @returns the manifest that knows it, and how many revisions are new
*/
function learn(manifest, period, writer, { answered, askedAgain }) {
	const absent = writer.absent(askedAgain);
	const kept = absent.map(({ key }) => BigInt(key));
	const next = answered === void 0 ? manifest : cover(manifest, {
		...answered,
		gaps: cutGaps(answered.gaps, slotsOf(manifest.key, kept))
	});
	const { changes: changed, returned } = writer;
	const { revisions, changes } = revise(next.revisions, {
		period,
		changed,
		absent,
		returned
	});
	return {
		manifest: {
			...next,
			revisions
		},
		changes
	};
}
// src/store/fixed.ts
/** What a series keeps from its first commit on. */
/** Checks that a series has the numbers and partitions that are asked for. @throws UsageError when it was begun with others. */
function checkFixed(manifest, asked) {
	const name = seriesName(manifest.key);
	const { numbers, partition } = manifest;
	if (asked.numbers !== numbers) throw new UsageError(`${name}: stored with numbers: ${numbers}, the job asks for ${asked.numbers}`, { hint: `Write "numbers: ${numbers}" in the job, or use another --data-dir.` });
	if (asked.partition !== void 0 && asked.partition !== partition) throw new UsageError(`${name}: stored by ${partition}, the job asks for partition: ${asked.partition}`, { hint: `Write "partition: ${partition}" in the job, or use another --data-dir.` });
}
// src/store/series.ts
/** A series, open for writing by one worker. */
var Series = class Series {
	key;
	#world;
	#settings;
	#manifest;
	/** The manifest's text in the lake, empty when there is none, and which version of it that is. */
	#saved;
	#version;
	/** What the footers of all partitions agree with, and what was learnt of since. */
	#stated;
	#learnt = [];
	#claims;
	/** What was known when the series was opened. */
	#opened;
	/** Files that were written anew with the same rows, maybe while others are being merged from what they were. */
	#rewritten = /* @__PURE__ */ new Map();
	/** While the saved manifest speaks of files that are gone: the same without them, and nothing learnt since. */
	#withoutLost;
	constructor(world, settings, manifest, { saved, version }) {
		this.key = manifest.key;
		this.#world = world;
		this.#settings = settings;
		this.#manifest = manifest;
		this.#saved = saved;
		this.#version = version;
		this.#stated = manifest;
		this.#claims = claimsOf(manifest);
		this.#opened = manifest;
	}
	/**
	* Opens a series, or begins it. Nothing is written before the first commit. Rows whose file is gone are not covered
	* any more.
	*/
	static async open(world, key, settings) {
		const { version, parse } = await readManifestFile(world.files, key);
		const manifest = parse();
		if (manifest === void 0) {
			const { numbers, partition } = await begunAs(world.files, key) ?? settings;
			const empty = emptyManifest(key, numbers, partition);
			return new Series(world, settings, empty, {
				saved: "",
				version
			});
		}
		const saved = formatManifest(manifest);
		const series = new Series(world, settings, manifest, {
			saved,
			version
		});
		const { lost } = await strayPeriods(world.files, manifest);
		series.#manifest = withoutRows(manifest, lost);
		series.#learnt.push(...lost.map(periodWindow));
		if (lost.length > 0) series.#withoutLost = series.#manifest;
		return series;
	}
	/** What is recorded now. */
	get manifest() {
		return this.#manifest;
	}
	/** See {@link nextIdAt}. */
	nextId(from) {
		return nextIdAt(this.#manifest, from);
	}
	/** See {@link timeOfId}. */
	timeOfId(id) {
		return timeOfId(this.#world.files, this.#manifest, id);
	}
	/** The last `count` stored rows of `window`, in order; see {@link newestRows}. */
	newestRows(window, count) {
		return newestRows(this.#world.files, this.#manifest, window, count);
	}
	/**
	* Takes in what a crashed run published and did not record: files whose footers say more than the manifest. Call
	* before planning work.
	*
	* @param windows - Of which something may have been published; files elsewhere are looked at if their size is new.
	* @param freshOf - The part of the coverage that was gained which may change yet.
	* @returns Whether anything was taken in.
	*/
	async adopt(windows, freshOf) {
		const before = this.#manifest;
		const adopted = await adoptFiles(this.#world.files, before, windows);
		if (adopted === before) return false;
		const gained = subtractAll(adopted.coverage, before.coverage);
		const young = union(changedTime(before, adopted), await freshOf(adopted, gained));
		const fresh = union(adopted.fresh, young);
		this.#manifest = {
			...adopted,
			fresh
		};
		this.#learnt.push(...gained);
		await this.#world.assertHeld();
		await this.#restate();
		await this.#save();
		return true;
	}
	/**
	* Begins a new file for `period`, which will hold the rows of the one that is there too.
	*
	* @param since - From where on rows of this period are asked for.
	* @param source - Of the rows. Files of the archive are final: only REST may tell a kline as it was before its end.
	*/
	async begin(period, since, source) {
		if (this.#withoutLost !== void 0) await this.#save(this.#withoutLost);
		this.#withoutLost = void 0;
		const { files, createdBy } = this.#world;
		const { schema, compression } = this.#settings;
		const { to } = periodWindow(period);
		const stored = await openRecorded(files, this.#manifest, period);
		this.#rewritten.delete(period);
		const isAskedAgain = since !== void 0 && since < to && clip(this.#manifest.coverage, {
			from: since,
			to
		}).length > 0;
		return PartitionWriter.open({
			files,
			path: partitionPath(this.key, period),
			stored,
			key: this.key,
			schema,
			compression,
			createdBy,
			since: isAskedAgain ? since : void 0,
			vanished: vanishedKeys(this.#manifest.revisions, period),
			claims: source === "rest" ? this.#claims : void 0
		});
	}
	/** Publishes a partition and records it. */
	commit(period, writer, commit) {
		return this.#store(period, writer, {
			...commit,
			answered: commit
		});
	}
	/** Publishes a partition that gained rows of time that was answered before; coverage stays as it is. */
	amend(period, writer, origin) {
		return this.#store(period, writer, {
			...origin,
			answered: void 0
		});
	}
	/** Drain, learn, facts, seal: rows first, then what they teach, what the footer says of it, and the file's name. */
	async #store(period, writer, { answered, source, archives }) {
		const before = this.#manifest;
		const askedAgain = intersect(answered === void 0 ? [] : answeredPart(answered), before.coverage);
		const keys = await writer.drain(askedAgain);
		const { manifest: learnt, changes } = learn(useArchives(before, archives), period, writer, {
			answered,
			askedAgain
		});
		const drained = {
			period,
			writer,
			keys,
			source,
			expected: this.#rewritten.get(period) ?? writer.expected
		};
		const sealed = await seal(this.#world, factsFor(learnt, drained), drained);
		this.#manifest = sealed.manifest;
		if (answered !== void 0) {
			const run = {
				answered,
				period,
				source,
				doubts: writer.doubts,
				opened: this.#opened
			};
			this.#manifest = withYouth(before, this.#manifest, run);
			this.#learnt.push(answered.window);
		}
		await this.#restate(period);
		await this.#save();
		const { entry } = sealed;
		const old = before.partitions.get(period);
		return {
			path: partitionPath(this.key, period),
			period,
			entry,
			revisions: changes,
			added: entry.rows - (old?.rows ?? 0),
			isChanged: old?.sha256 !== entry.sha256
		};
	}
	/**
	* Writes those files anew whose footers say of time what is not known any more, or not all of it: so the same rows
	* and the same answers give the same bytes, in whatever order and pieces they came. All of them before the
	* manifest: a crash in between leaves footers that say more, never ones that say less.
	*/
	async #restate(written) {
		const windows = union(this.#learnt, changedGaps(this.#stated.gaps, this.#manifest.gaps));
		for (const period of restated(this.#stated, this.#manifest, windows)) {
			if (period === written) continue;
			const writer = await this.begin(period);
			try {
				const { expected } = writer;
				const drained = {
					period,
					writer,
					keys: await writer.drain([]),
					expected
				};
				const sealed = await seal(this.#world, factsFor(this.#manifest, drained), drained);
				this.#manifest = sealed.manifest;
				this.#rewritten.set(period, sealed.version);
			} finally {
				await writer.abort();
			}
		}
		this.#stated = this.#manifest;
		this.#learnt = [];
	}
	/** Records a window without rows, in memory; the next commit or {@link flush} puts it on disk. */
	coverEmpty(answered) {
		this.#manifest = cover(this.#manifest, answered);
		this.#learnt.push(answered.window);
	}
	/** Records, in memory, an archive that was replaced and all of whose time was stored anew. */
	renewArchive(path, entry) {
		this.#manifest = renewArchive(this.#manifest, path, entry);
	}
	/** Puts on disk what is only in memory. Writes nothing when nothing changed. */
	async flush() {
		if (formatManifest(this.#manifest) === this.#saved) return;
		const { coverage, gaps, partitions } = this.#manifest;
		if (this.#saved === "" && coverage.length + gaps.length + partitions.size === 0) return;
		await this.#world.assertHeld();
		await this.#restate();
		await this.#save();
	}
	async #save(manifest = this.#manifest) {
		const text = formatManifest(manifest);
		if (text === this.#saved) return;
		this.#version = await writeManifest(this.#world, manifest, this.#version);
		this.#saved = text;
	}
};
// src/session/listing.ts
/** Where series begin: what the exchange says once, and the lake knows from then on. */
/** The beginning of time, for series that are wanted from their listing on. */
const EPOCH = micros(0n);
/** When the lake knows a series to begin: the end of the stretch before its listing, asked from the beginning of time. */
function listedAt(manifest) {
	return manifest?.gaps.find(({ reason, from }) => reason === "before-listing" && from === EPOCH)?.to;
}
/** Was the listing of a series asked for, and does its manifest not know it yet? */
function isListingNew(manifest, { listing }) {
	return listing !== void 0 && listing > EPOCH && listedAt(manifest) === void 0;
}
/** Records that there is nothing before the listing of a series, so that no later run asks for it. */
async function recordListing(series, want) {
	const { listing } = want;
	if (listing === void 0 || !isListingNew(series.manifest, want)) return;
	const window = {
		from: EPOCH,
		to: listing
	};
	series.coverEmpty({
		window,
		gaps: [{
			...window,
			reason: "before-listing"
		}],
		fresh: []
	});
	await series.flush();
}
/** A stretch before a listing is known only once it was asked for twice. */
async function beginning(ask) {
	const [first, again] = [await firstTime(ask), await firstTime(ask)];
	return first === void 0 || again !== void 0 && again < first ? again : first;
}
// src/session/checked-wants.ts
/** What jobs want, resolved with the help of the exchange and held against what is stored. */
/** Resolves what the jobs want, with the exchange's help. */
async function wantsOf(jobs, exchange, manifests, options) {
	const wants = await resolveWants(jobs, {
		now: exchange.now(),
		symbols: symbolsFor(jobs, exchange.symbols),
		source: options.source,
		account: accountLabel(jobs),
		listingOf: async (key) => {
			const known = listedAt(await manifests.get(key));
			if (known !== void 0) return known;
			const klines = datasetOf(key).hasInterval ? key : klinesOf$1(key);
			const begin = await beginning(exchange.pages(klines, "string", 0));
			if (begin === void 0 && await exchange.isTrading(key.symbol) !== false) throw new UnavailableError(`${seriesName(key)}: the exchange names no row of it`, { hint: "A symbol that trades has rows: run again later, or name a date in from." });
			return begin;
		}
	});
	return Promise.all(wants.map((want) => checkWant(want, manifests)));
}
/** A want of a series whose manifest is sound and as the job asks, or else with its problem. */
async function checkWant(want, manifests) {
	try {
		const begun = await manifests.begunAs(want.key);
		if (begun !== void 0) checkFixed(begun, want.settings);
		return want;
	} catch (problem) {
		if (problem instanceof DamageError) return {
			...want,
			wanted: [],
			problem
		};
		throw problem;
	}
}
/**
* Checks what needs no answer of the exchange: the series that the jobs name are stored as the jobs ask.
*
* @throws UsageError when one was begun with other numbers or partitions, or needs an account label.
*/
async function checkStored(jobs, manifests) {
	const named = {
		symbols: [],
		account: accountLabel(jobs)
	};
	for (const { datasets } of jobs) for (const dataset of datasets) for (const key of seriesOf$1(dataset, named)) {
		const { numbers, partition } = dataset;
		const begun = await manifests.begunAs(key).catch(ifSound);
		if (begun !== void 0) checkFixed(begun, {
			numbers,
			partition
		});
	}
}
function ifSound(error) {
	if (!(error instanceof DamageError)) throw error;
}
// src/version.ts
/** This version, as package.json has it (a test keeps them equal); it is written into every data file. */
const VERSION$1 = "0.1.0";
// src/store/adopted-fresh.ts
/** What to ask once more of time that footers alone speak of: no footer says what was young, or open, when it was asked. */
/**
* The part of `gained` that may have changed since it was stored.
*
* @param manifest - With the files that `gained` was taken from.
* @throws DamageError, naming the file, when orders cannot be read.
*/
async function adoptedFresh(files, manifest, gained) {
	const { key } = manifest;
	if (datasetOf(key).walk === "accountWindow") return union(datasetOf(key).staysOpen === true ? await openOrders(files, manifest, gained) : [], await youngEnds(files, manifest, gained));
	return gained.flatMap((window) => isOfArchive(manifest, window) ? [] : freshPart(key, window, window.to));
}
/** Does a stretch end with what the archive brought, which has no young klines? */
function isOfArchive({ partitions, partition }, { to }) {
	return (partitions.get(periodOf$1(micros(to - 1n), partition))?.sources)?.join() === "archive";
}
/** Where stretches of an account end: what was young then may have grown. */
async function youngEnds(files, manifest, gained) {
	const dataset = datasetOf(manifest.key);
	const ends = [];
	for (const window of gained) {
		const [newest] = await newestRows(files, manifest, window, 1);
		const time = newest === void 0 ? void 0 : pageOf$1(dataset, newest).times[0];
		const settled = time === void 0 ? window.from : micros(time - INTERLEAVE);
		ends.push({
			from: latest(settled, oldBefore(window.to)),
			to: window.to
		});
	}
	return intersect(ends, gained);
}
async function openOrders(files, manifest, gained) {
	const open = [];
	const periods = new Set(gained.flatMap((window) => periodsStoredIn(manifest, window)));
	for (const period of periods) {
		const path = partitionPath(manifest.key, period);
		for await (const batch of rowGroups(files, path)) open.push(...openOrdersIn(batch));
	}
	return intersect(union(open), gained);
}
// src/session/series.ts
/** A series of the lake, opened for writing. */
/** What series need to be written. */
function seriesWorld(files, assertHeld) {
	return {
		files,
		assertHeld,
		createdBy: `binance-backfill version ${VERSION$1}`
	};
}
/** Opens a series for writing, and takes in what a crashed run left in `windows`. */
async function openSeries(world, { key, settings }, windows) {
	const { numbers, compression } = settings;
	const partition = settings.partition ?? datasetOf(key).partition(key.interval);
	const schema = schemaOf$1(datasetOf(key), numbers);
	const series = await Series.open(world, key, {
		schema,
		compression,
		numbers,
		partition
	});
	await series.adopt(windows, (adopted, gained) => adoptedFresh(world.files, adopted, gained));
	return series;
}
/** What of a want a crashed run may have published without recording it. */
function maybePublished({ wanted }, manifest, { recheck, refreshArchives }) {
	const missing = subtractAll(wanted, manifest?.coverage ?? []);
	if (refreshArchives === true) return union(missing, manifest?.coverage);
	return union(missing, intersect(wanted, union(manifest?.fresh ?? [], recheck === void 0 ? [] : [recheck])));
}
/** What to say of files that hold what is wanted and that somebody removed; `undefined` when all are there. */
async function lostWords({ key, wanted }, manifests) {
	const lost = (await manifests.lost(key)).filter((period) => clip(wanted, periodWindow(period)).length > 0);
	const [first] = lost;
	if (first === void 0) return void 0;
	const more = lost.length > 1 ? ` and ${lost.length - 1} more are` : " is";
	return `${partitionPath(key, first)}${more} gone; what was in there is asked for again`;
}
// src/session/exchange.ts
/** Does anything have to be asked of REST? Not for what is wanted of the archive alone, between dates. */
function needsExchange(jobs, { source }) {
	const datasets = jobs.flatMap((job) => job.datasets);
	const isAway = (dataset) => (source ?? dataset.source) === "archive" && dataset.from.kind !== "listing";
	return datasets.length === 0 || needsAllSymbols(jobs) || !datasets.every(isAway);
}
/** The hosts that jobs will be asked of. With hosts of the user's own there is one list for everything. */
function hostLists(jobs, { baseUrls }) {
	const lists = jobs.flatMap(({ datasets }) => datasets.map((dataset) => hostListOf(factsOf(dataset))));
	return baseUrls === void 0 ? [...new Set(lists)] : ["public"];
}
/** The way to the exchange, over which nothing was sent yet. @throws UsageError when the jobs need a key */
function exchangeFor(world, jobs, options, events) {
	const credentials = credentialsFor(jobs);
	return new ExchangeClient(world, options, {
		...events,
		credentials
	}, events.signal ?? options.signal);
}
/** Opens the way to the exchange, and reads as much of exchangeInfo as the jobs need. */
async function openFor(exchange, jobs, options) {
	const symbol = anySymbol(jobs);
	const isAll = needsAllSymbols(jobs) || symbol === void 0;
	if (!needsExchange(jobs, options)) return;
	await exchange.open(isAll ? { kind: "all" } : {
		kind: "symbol",
		symbol
	}, hostLists(jobs, options));
}
/** {@link exchangeFor} and {@link openFor}. */
async function openExchange(world, jobs, options, events) {
	const exchange = exchangeFor(world, jobs, options, events);
	await openFor(exchange, jobs, options);
	return exchange;
}
// src/session/manifests.ts
/** Manifests by series, read once; without the rows of files that are gone. */
var Manifests = class {
	#files;
	#read = /* @__PURE__ */ new Map();
	constructor(files) {
		this.#files = files;
	}
	/**
	* The manifest of a series; `undefined` when the lake has none.
	*
	* @throws DamageError when it is damaged, or a file is not as it says.
	*/
	async get(key) {
		return (await this.#present(key)).present;
	}
	/** Has the manifest of a series that may have changed read anew. */
	forget(key) {
		this.#read.delete(seriesName(key));
	}
	/** The partitions of a series whose files somebody removed, oldest first. */
	async lost(key) {
		return (await this.#present(key)).lost;
	}
	/** Does a series have a file that says more than its manifest? */
	async isBehind(key) {
		return (await this.#present(key)).isBehind;
	}
	/** What a series keeps from its first commit on, also if that commit was cut short; `undefined` before it. */
	async begunAs(key) {
		return await this.get(key) ?? begunAs(this.#files, key);
	}
	#present(key) {
		const name = seriesName(key);
		const known = this.#read.get(name);
		if (known !== void 0) return known;
		const read = lookAtSeries(this.#files, key);
		this.#read.set(name, read);
		return read;
	}
};
// src/node/clock.ts
/** The machine's clocks as the {@link Clock} port. */
/** The longest that a timer takes; one millisecond more and it fires at once. */
const TIMER_MS_MAX$1 = 2 ** 31 - 1;
/** Wall clock, monotonic clock and timers of this process. A sleep keeps the process alive. */
function nodeClock() {
	return {
		now: () => fromMillis(Date.now()),
		monotonicMs: () => performance.now(),
		sleep: sleep$1
	};
}
async function sleep$1(ms, signal) {
	if (Number.isNaN(ms)) throw new RangeError("cannot sleep for NaN milliseconds");
	const until = performance.now() + ms;
	let left = ms;
	do {
		await timer(Math.min(Math.max(left, 0), TIMER_MS_MAX$1), signal);
		left = until - performance.now();
	} while (left > 0);
}
async function timer(ms, signal) {
	try {
		await setTimeout$1(ms, void 0, signal === void 0 ? {} : { signal });
	} catch (error) {
		signal?.throwIfAborted();
		throw error;
	}
}
// src/node/deadline.ts
/** A total deadline and the caller's own wish to stop, as one signal. */
/** The longest that a timer takes. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/**
* Aborts after `timeoutMs` in all, after `silenceMs` of listening in vain, and when `caller` does. Made by hand:
* `AbortSignal.any` over a signal that lives as long as the run would keep something for every request of it.
*/
function startDeadline(where, timeoutMs, caller, silenceMs) {
	const controller = new AbortController();
	const fail = (why) => {
		controller.abort(new TransportError(`GET ${where}: ${why}`));
	};
	const startTimer = (ms, why) => setTimeout(fail, Math.min(ms, TIMER_MS_MAX), why);
	const total = startTimer(timeoutMs, `no whole answer within ${timeoutMs} ms`);
	let silence;
	const listen = () => {
		clearTimeout(silence);
		if (silenceMs !== void 0) silence = startTimer(silenceMs, `silent for ${silenceMs} ms`);
	};
	listen();
	const follow = () => {
		controller.abort(caller?.reason);
	};
	caller?.addEventListener("abort", follow, { once: true });
	return {
		signal: controller.signal,
		pause: () => {
			clearTimeout(silence);
		},
		listen,
		clear: () => {
			clearTimeout(total);
			clearTimeout(silence);
			caller?.removeEventListener("abort", follow);
		}
	};
}
// src/node/http-agents.ts
/** Connections: one pool per origin, through a proxy where the environment names one. */
/**
* Makes the connections' keeper.
*
* @throws UsageError when a proxy variable is not a URL.
*/
function openAgents(options) {
	const { connectTimeoutMs = 1e4, maxSockets = 64, localAddress } = options;
	const connection = {
		pipelining: 1,
		allowH2: false,
		headersTimeout: 0,
		bodyTimeout: 0,
		connect: {
			timeout: connectTimeoutMs,
			...localAddress !== void 0 && { localAddress }
		}
	};
	const pools = /* @__PURE__ */ new Map();
	const proxy = openProxy(options, {
		...connection,
		connections: maxSockets
	});
	let closing;
	const isProxied = (url) => proxy !== void 0 && !isLoopback(url.hostname);
	const pool = (origin) => {
		const known = pools.get(origin);
		if (known !== void 0) return known;
		const made = new Pool(origin, {
			...connection,
			connections: maxSockets
		});
		pools.set(origin, made);
		return made;
	};
	return {
		shared: (url) => {
			if (closing !== void 0) throw new TransportError("no request can be sent any more: the program is ending", { isTransient: false });
			return proxy !== void 0 && isProxied(url) ? proxy : pool(url.origin);
		},
		fresh: (url) => isProxied(url) ? void 0 : new Client(url.origin, connection),
		close: async () => {
			closing ??= Promise.all([...pools.values(), ...proxy === void 0 ? [] : [proxy]].map(shut));
			await closing;
		}
	};
}
async function shut(dispatcher) {
	await dispatcher.close();
	await dispatcher.destroy();
}
function openProxy({ proxyFromEnv = true, env = process.env }, connection) {
	if (!proxyFromEnv) return void 0;
	const read = (name) => env[name.toLowerCase()] ?? env[name];
	const httpProxy = checkProxy("HTTP_PROXY", read("HTTP_PROXY"));
	const httpsProxy = checkProxy("HTTPS_PROXY", read("HTTPS_PROXY"));
	if (httpProxy === "" && httpsProxy === "") return void 0;
	const noProxy = read("NO_PROXY") ?? "";
	return new EnvHttpProxyAgent({
		...connection,
		httpProxy,
		httpsProxy,
		noProxy
	});
}
function checkProxy(name, value = "") {
	if (value === "") return "";
	const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
	if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
	throw new UsageError(`${name} is not the URL of a proxy`, { hint: `Set ${name} to a URL such as http://proxy.example:3128, or unset it.` });
}
/** Is `hostname` this machine, whatever a proxy would make of it? */
function isLoopback(hostname) {
	const host = hostname.toLowerCase().replace(/\.$/, "");
	if (host === "localhost" || host.endsWith(".localhost") || host === "[::1]") return true;
	return /^127(\.\d{1,3}){3}$/.test(host);
}
// src/node/http-body.ts
/** Reading a body to its declared end, and inflating it strictly. */
const inflate = promisify(gunzip);
/** Reads `content-length`; refuses one that is larger than what is wanted. */
function bodyHead(where, contentLength, sizeBytesMax) {
	const length = contentLength !== void 0 && /^\d{1,15}$/.test(contentLength) ? Number(contentLength) : void 0;
	if (length !== void 0 && length > sizeBytesMax) throw tooLarge(where, sizeBytesMax);
	return {
		where,
		length,
		sizeBytesMax
	};
}
/**
* The chunks of `body`, counted.
*
* @throws TransportError when there are more bytes than allowed, or fewer than declared.
*/
async function* countChunks(body, { where, length, sizeBytesMax }) {
	let size = 0;
	for await (const chunk of body) {
		size += chunk.byteLength;
		if (size > sizeBytesMax) throw tooLarge(where, sizeBytesMax);
		yield chunk;
	}
	if (length !== void 0 && size !== length) throw new TransportError(`GET ${where}: the body ends at byte ${size} of ${length}`);
}
/** The whole of `body`, as sent. */
async function readBody(body, head) {
	const chunks = [];
	for await (const chunk of countChunks(body, head)) chunks.push(chunk);
	const [first] = chunks;
	return first !== void 0 && chunks.length === 1 ? first : Buffer.concat(chunks);
}
/**
* Undoes the content coding of a whole body. Unlike lenient inflaters, it refuses one that was cut, even if only the
* checksum at its end is missing.
*
* @throws TransportError when the body is damaged, too large, or coded in a way that was not asked for.
*/
async function decodeBody(bytes, coding, { where, sizeBytesMax }) {
	const name = (coding ?? "identity").trim().toLowerCase();
	if (name === "" || name === "identity") return bytes;
	if (name !== "gzip" && name !== "x-gzip") throw new TransportError(`GET ${where}: the body is coded as ${quoteText(name)}, not gzip`);
	try {
		return await inflate(bytes, { maxOutputLength: sizeBytesMax });
	} catch (error) {
		if (error.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(where, sizeBytesMax);
		throw new TransportError(`GET ${where}: the body is truncated or damaged gzip`, { cause: error });
	}
}
function tooLarge(where, sizeBytesMax) {
	return new TransportError(`GET ${where}: the body has more than ${sizeBytesMax} bytes`);
}
// src/node/http-error.ts
/** Why no whole answer came, as {@link TransportError}: words without secrets, and whether another try may help. */
const PERMANENT = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|ERR_INVALID_URL|UND_ERR_INVALID_ARG|UND_ERR_PRX_TLS)/;
const WORDS = {
	ECONNREFUSED: "the connection was refused",
	ECONNRESET: "the connection was reset",
	EPIPE: "the connection was closed",
	ENOTFOUND: "the host name is not known",
	EAI_AGAIN: "the host name could not be looked up",
	ETIMEDOUT: "the connection timed out",
	EHOSTUNREACH: "the host cannot be reached",
	ENETUNREACH: "the network cannot be reached",
	UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
	UND_ERR_SOCKET: "the connection ended before the whole answer came"
};
/** Codes of a connection that ended; before any byte of an answer this may be an idle connection's natural end. */
const ENDED = /* @__PURE__ */ new Set([
	"UND_ERR_SOCKET",
	"ECONNRESET",
	"EPIPE",
	"ECONNABORTED"
]);
/** Did the connection end, as opposed to never having begun, or timing out? */
function isConnectionEnd(error) {
	return ENDED.has(codeOf(error));
}
/**
* The error for a request that failed.
*
* @param where - origin and path; never the query, which may hold a signature.
*/
function toTransportError(error, where) {
	if (error instanceof TransportError) return error;
	const code = codeOf(error);
	const isTransient = !PERMANENT.test(code) && !isProxyRefusal(error);
	return new TransportError(`GET ${where}: ${WORDS[code] ?? messageOf(error)}${code === "" ? "" : ` (${code})`}`, {
		cause: error,
		isTransient
	});
}
/** Several addresses were tried and each failed: the first tells. */
function codeOf(error) {
	const first = error instanceof AggregateError ? error.errors[0] : void 0;
	const code = error instanceof Error ? error.code : void 0;
	if (typeof code === "string") return code;
	return first === void 0 ? "" : codeOf(first);
}
function isProxyRefusal(error) {
	return error instanceof Error && error.message.startsWith("Proxy response (407)");
}
function messageOf(error) {
	return quoteText(error instanceof Error ? error.message : String(error));
}
// src/node/http.ts
/**
* HTTP/1.1 over kept-alive connections.
*
* @throws UsageError when a proxy variable of the environment is not a URL.
*/
function nodeHttp(options = {}) {
	const agents = openAgents(options);
	const { silenceMs = 3e4, userAgent } = options;
	const named = (request) => userAgent === void 0 ? request : {
		...request,
		headers: {
			"user-agent": userAgent,
			...request.headers
		}
	};
	return {
		get: (request) => get(agents, named(request)),
		stream: (request) => stream(agents, named(request), silenceMs),
		close: () => agents.close()
	};
}
async function get(agents, request) {
	const target = parseTarget(request.url);
	request.signal?.throwIfAborted();
	const deadline = startDeadline(target.where, request.timeoutMs, request.signal);
	try {
		const answer = await send$1(agents, target, { "accept-encoding": "gzip" }, request, deadline);
		try {
			const raw = await readBody(answer.body, answer.head);
			const body = await decodeBody(raw, contentCoding(answer, raw), answer.head);
			deadline.signal.throwIfAborted();
			return {
				status: answer.status,
				header: answer.header,
				body
			};
		} finally {
			answer.end();
		}
	} catch (error) {
		throw explain$2(error, target, deadline);
	} finally {
		deadline.clear();
	}
}
function contentCoding({ status, header }, body) {
	return body.byteLength === 0 && (status === 204 || status === 304) ? void 0 : header("content-encoding");
}
async function stream(agents, request, silenceMs) {
	const target = parseTarget(request.url);
	request.signal?.throwIfAborted();
	const deadline = startDeadline(target.where, request.timeoutMs, request.signal, silenceMs);
	try {
		const answer = await send$1(agents, target, { "accept-encoding": "identity" }, request, deadline);
		deadline.pause();
		const { status, header } = answer;
		return {
			status,
			header,
			chunks: streamChunks(answer, target, deadline)
		};
	} catch (error) {
		deadline.clear();
		throw explain$2(error, target, deadline);
	}
}
async function* streamChunks(answer, target, deadline) {
	try {
		deadline.listen();
		for await (const chunk of countChunks(answer.body, answer.head)) {
			deadline.pause();
			yield chunk;
			deadline.listen();
		}
	} catch (error) {
		throw explain$2(error, target, deadline);
	} finally {
		deadline.clear();
		answer.end();
	}
}
function parseTarget(text) {
	const url = URL.canParse(text) ? new URL(text) : void 0;
	if (url === void 0 || !/^https?:$/.test(url.protocol)) throw new TransportError("not a URL that can be asked", { isTransient: false });
	return {
		url,
		where: quoteText(`${url.origin}${url.pathname}`)
	};
}
async function send$1(agents, { url, where }, coding, request, { signal }) {
	const { data, fresh } = await dispatch(agents, url, {
		origin: url.origin,
		path: `${url.pathname}${url.search}`,
		method: "GET",
		headers: {
			...coding,
			...request.headers
		},
		signal
	});
	const { body, headers } = data;
	body.on("error", () => void 0);
	const header = (name) => {
		const value = headers[name];
		return Array.isArray(value) ? value.join(", ") : value;
	};
	const end = () => {
		if (!body.readableEnded) body.destroy();
		fresh?.destroy();
	};
	try {
		const head = bodyHead(where, header("content-length"), request.sizeBytesMax);
		return {
			status: data.statusCode,
			header,
			body,
			head,
			end
		};
	} catch (error) {
		end();
		throw error;
	}
}
/**
* A server may close an idle connection at the very moment that it is used again. No byte of an answer came and a GET
* changes nothing, so it is sent once more, at once, over a connection of its own.
*/
async function dispatch(agents, url, options) {
	try {
		return { data: await agents.shared(url).request(options) };
	} catch (error) {
		if (!isConnectionEnd(error) || isFirstUse(error)) throw error;
		const fresh = agents.fresh(url);
		if (fresh === void 0) return { data: await agents.shared(url).request(options) };
		try {
			return {
				data: await fresh.request(options),
				fresh
			};
		} catch (second) {
			fresh.destroy();
			throw second;
		}
	}
}
function isFirstUse(error) {
	const { socket } = error;
	return socket?.bytesRead === 0;
}
/** The reason of an abort before its echo; everything else as a TransportError. */
function explain$2(error, { where }, { signal }) {
	return signal.aborted ? signal.reason : toTransportError(error, where);
}
// src/node/process.ts
/** Who this process is, and whether another one still lives; from /proc where there is one, else from `ps`. */
/**
* The identity of this process. Its `startedAt` names the pid namespace too, because containers that share a lake may
* share a host name and a boot id as well, while the same pid is another process in each.
*/
function nodeProcess() {
	const namespace = readOr("", () => readlinkSync("/proc/self/ns/pid"));
	const self = {
		pid: process.pid,
		host: hostname(),
		bootId: readOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
		startedAt: `${namespace}@${inspect$1(process.pid).startedAt}`
	};
	return {
		...self,
		isAlive: ({ pid, host, bootId, startedAt }) => {
			const [ownerNamespace, ownerStart = ""] = startedAt.split("@");
			if (host !== self.host || bootId !== self.bootId || ownerNamespace !== namespace) return void 0;
			if (!exists(pid)) return false;
			const now = inspect$1(pid);
			if (now.isDead) return false;
			return ownerStart === "" || now.startedAt === "" || now.startedAt === ownerStart;
		}
	};
}
function exists(pid) {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return error.code !== "ESRCH";
	}
}
function inspect$1(pid) {
	const stat = readOr("", () => readFileSync(`/proc/${pid}/stat`, "utf8"));
	if (stat === "") return {
		startedAt: askPs(pid),
		isDead: false
	};
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return {
		startedAt: fields[19] ?? "",
		isDead: fields[0] === "Z" || fields[0] === "X"
	};
}
function askPs(pid) {
	if (process.platform === "linux" || process.platform === "win32") return "";
	const env = {
		PATH: process.env["PATH"],
		LC_ALL: "C",
		TZ: "UTC"
	};
	return readOr("", () => execFileSync("ps", [
		"-o",
		"lstart=",
		"-p",
		String(pid)
	], {
		encoding: "utf8",
		env,
		timeout: 2e3,
		stdio: [
			"ignore",
			"pipe",
			"ignore"
		]
	}).trim());
}
function readOr(otherwise, read) {
	try {
		return read();
	} catch {
		return otherwise;
	}
}
// src/node/random.ts
/** The machine's source of chance as the {@link Random} port. */
/** 53 bits from the system's generator: good enough for tokens as well as for jitter. */
function nodeRandom() {
	const word = /* @__PURE__ */ new BigUint64Array(1);
	return { next: () => Number((getRandomValues(word)[0] ?? 0n) >> 11n) / 2 ** 53 };
}
// src/node/world.ts
/** Clock, chance, network, disk and process of this machine. Its `http` must be closed in the end. */
function nodeWorld({ dataDir, ...http }) {
	return {
		clock: nodeClock(),
		random: nodeRandom(),
		http: nodeHttp(http),
		files: nodeFiles(dataDir),
		process: nodeProcess()
	};
}
// src/options.ts
/** Default directory of the lake. */
const DATA_DIR = "data";
// src/session/world.ts
/** The machine that the options name, or this one. */
function worldOf({ world, dataDir }) {
	return world ?? nodeWorld({
		dataDir: dataDir ?? "data",
		userAgent: "binance-backfill/0.1.0 (+https://github.com/binance-backfill/binance-backfill)"
	});
}
// src/backfill/streams.ts
/** Several streams of progress as one, in the order things happen. */
/** Most items that wait for the consumer; the sources pause beyond it. */
const WAITING_MAX = 256;
/** News that do not wait for their turn: what is put here comes out of the stream that carries it at once. */
var Mailbox = class {
	#deliver;
	#early = [];
	/** Sends an item; kept until a stream carries this mailbox. */
	put(item) {
		if (this.#deliver === void 0) this.#early.push(item);
		else this.#deliver(item);
	}
	/** Connects to a stream. */
	connect(deliver) {
		this.#deliver = deliver;
		for (const item of this.#early.splice(0)) deliver(item);
	}
};
/**
* Runs `sources` with at most `concurrency` at once, each begun in order, and yields what they yield as it comes. An
* error of one ends it, once the others have ended.
*
* @param onClose - Called when the consumer stops early: should make the sources end, which is then waited for.
* @param mailbox - Carried along; few and small items, since they wait for nothing.
*/
async function* mergeStreams(sources, concurrency, onClose, mailbox) {
	const merge = new StreamMerge(sources);
	mailbox?.connect((item) => {
		merge.push(item);
	});
	const ended = allEnded(Array.from({ length: Math.min(concurrency, sources.length) }, () => merge.work())).finally(() => {
		merge.end();
	});
	ended.catch(() => void 0);
	let isDone = false;
	try {
		for (let items = await merge.take(); items.length > 0; items = await merge.take()) yield* items;
		isDone = true;
	} finally {
		if (!isDone) onClose();
		merge.drop();
		await ended;
	}
}
/** Waits for all, then throws what the first of them to fail threw. */
async function allEnded(workers) {
	await Promise.allSettled(workers);
	await Promise.all(workers);
}
var StreamMerge = class {
	#sources;
	#next = 0;
	#waiting = [];
	#hasEnded = false;
	#isDropped = false;
	#changed = [];
	constructor(sources) {
		this.#sources = sources;
	}
	/** Runs one source after the other. */
	async work() {
		try {
			for (let source = this.#sources[this.#next++]; source !== void 0; source = this.#sources[this.#next++]) for await (const item of source()) await this.#put(item);
		} catch (error) {
			this.#next = this.#sources.length;
			throw error;
		}
	}
	async #put(item) {
		while (this.#waiting.length >= WAITING_MAX && !this.#isDropped) await this.#change();
		this.push(item);
	}
	/** Adds an item without waiting for room. */
	push(item) {
		if (this.#isDropped) return;
		this.#waiting.push(item);
		this.#notify();
	}
	/** What has come since the last call, in order; waits for something; empty when all has come. */
	async take() {
		while (this.#waiting.length === 0 && !this.#hasEnded) await this.#change();
		const items = this.#waiting;
		this.#waiting = [];
		this.#notify();
		return items;
	}
	/** No more will come. */
	end() {
		this.#hasEnded = true;
		this.#notify();
	}
	/** No more is wanted. */
	drop() {
		this.#isDropped = true;
		this.#waiting = [];
		this.#notify();
	}
	#change() {
		return new Promise((resolve) => this.#changed.push(resolve));
	}
	#notify() {
		const changed = this.#changed;
		this.#changed = [];
		for (const resolve of changed) resolve();
	}
};
// src/backfill/offline-plan.ts
/** A run that could not begin, since the exchange did not answer: what it lacks, as far as that can be known without it. */
/** Did the exchange, the way to it or the user keep a run from beginning? All else has no summary: nothing was asked. */
function keepsFromBeginning(error) {
	return error instanceof UnreachableError || error instanceof BannedError || error instanceof ClockError || error instanceof RejectedError || error instanceof UnavailableError || error instanceof TransportError || error instanceof DataError || error instanceof StoppedError;
}
/**
* What `jobs` want and the lake lacks. Symbols that a filter would have chosen are not known; where a series begins is
* what the lake knows of it, or the beginning of time; and now is what this machine's clock says.
*
* @throws UsageError when two jobs contradict each other.
*/
async function offlinePlan(jobs, { exchange, manifests }, options) {
	const wants = await resolveWants(jobs, {
		now: exchange.now(),
		symbols: exchange.symbols,
		source: options.source,
		account: accountLabel(jobs),
		listingOf: async (key) => listedAt(await manifests.get(key)) ?? micros(0n)
	});
	return planWants(await Promise.all(wants.map((want) => checkWant(want, manifests))), manifests, exchange, options);
}
// src/node/probe.ts
/** Tries on a disk, before anything is asked of the exchange, what commits and their readers rely on. */
/** Where a holder of the lake probes it: one that died on the way leaves a file that the next one removes. */
const PROBE_PATH = "_probe";
/**
* Does what a commit does: creates, writes, syncs, renames, renames over a file that is being read, reads back, removes.
*
* @param path - To be used by nobody else at this moment.
* @throws StoreError when the system refuses, when it reads back something else, and when a reader of the old file
* sees the bytes of the new one: then renaming is copying, and files are not whole while they appear.
*/
async function probeFiles(files, path = PROBE_PATH) {
	const [before, after] = [randomBytes(64), randomBytes(64)];
	const left = await files.read(path);
	await replaceUnderReader(files, {
		path,
		version: await files.replace(path, before, left?.version ?? "absent")
	}, after);
	const back = await files.read(path);
	await files.remove(path);
	if (back === void 0 || !after.equals(back.bytes)) throw readsOtherwise();
}
function readsOtherwise(cause) {
	return new StoreError("E_STORE_IO", "the data directory does not read back what was written", {
		cause,
		hint: LOCAL
	});
}
const LOCAL = "Choose a data directory on a local disk with --data-dir.";
/** Some systems refuse to replace a file that is open; nobody reads a wrong byte there. */
const BUSY = [
	"EPERM",
	"EACCES",
	"EBUSY",
	"ETXTBSY"
];
async function replaceUnderReader(files, { path, version }, bytes) {
	const reader = await files.open(path);
	let isBusy = false;
	try {
		await files.replace(path, bytes, version);
		const seen = await reader?.read(0, bytes.length).catch(() => void 0);
		if (seen !== void 0 && bytes.equals(seen)) throw new StoreError("E_STORE_IO", "the data directory renames files by copying them", { hint: LOCAL });
	} catch (error) {
		if (isChanged(error)) throw readsOtherwise(error);
		isBusy = error instanceof StoreError && BUSY.includes(systemCode(error.cause));
		if (!isBusy) throw error;
	} finally {
		await reader?.close();
	}
	if (isBusy) await files.replace(path, bytes, version);
}
/**
* {@link probeFiles} under a name of its own, in a directory that is made when it is not there.
*
* @param name - Of the directory, for the message.
* @throws UsageError when the directory cannot be used as it is: not a directory, not writable, read-only.
* @throws StoreError when it could be and fails now: full, I/O error, or it reads back something else.
*/
async function probeDirectory(files, name) {
	const own = `${PROBE_PATH}-${process.pid}-${randomBytes(4).toString("hex")}`;
	await usable(name, () => probeFiles(files, own));
}
/**
* Runs `work` in a data directory.
*
* @param name - Of the directory, for the message.
* @throws UsageError when the directory cannot be used as it is: not a directory, not writable, read-only.
*/
async function usable(name, work) {
	try {
		return await work();
	} catch (error) {
		throw asUsage(error, name);
	}
}
const UNUSABLE = /* @__PURE__ */ new Set([
	"EACCES",
	"EPERM",
	"EROFS",
	"ENOTDIR",
	"EEXIST",
	"ELOOP",
	"EXDEV",
	"ENAMETOOLONG"
]);
function asUsage(error, name) {
	if (!(error instanceof StoreError)) return error;
	const code = systemCode(error.cause);
	if (code === void 0 || !UNUSABLE.has(code)) return error;
	return new UsageError(`the data directory ${quoteText(name)} cannot be used (${code})`, {
		cause: error,
		hint: error.hint
	});
}
// src/store/put-if-absent.ts
/** Creating a file, where that it is there already is no error. */
/** Creates `path` with `bytes`, durably; `undefined` when something is there already, which is then left alone. */
async function putIfAbsent(files, path, bytes) {
	try {
		return await files.replace(path, bytes, "absent");
	} catch (error) {
		if (isChanged(error)) return void 0;
		throw error;
	}
}
// src/store/lake.ts
/** The lake: every series under one directory, held by one writer at a time. */
/** The lake's own mark, so that a directory of something else is not taken for one. */
const MARK_PATH = "_lake.json";
const MARK = {
	format: 1,
	made_by: "binance-backfill"
};
/**
* Checks that the directory is a lake of this version, or may become one. Writes nothing.
*
* @throws UsageError when it holds something else, or was written by a newer version.
*/
async function checkLake(files) {
	const mark = await files.read(MARK_PATH);
	if (mark !== void 0) {
		checkMark(new TextDecoder().decode(mark.bytes));
		return;
	}
	const foreign = (await files.list("")).find(({ name }) => !/^[._]/.test(name) && ![...MARKET_NAMES, "lost+found"].includes(name));
	if (foreign !== void 0) throw new UsageError(`the data directory is not a lake: it holds "${quoteText(foreign.name)}"`, { hint: "Name an empty directory with --data-dir." });
}
function checkMark(text) {
	let format;
	try {
		({format} = JSON.parse(text));
	} catch {
		return;
	}
	if (typeof format === "number" && format > MARK.format) throw new UsageError(`${MARK_PATH}: the lake has format ${format}, newer than ${MARK.format}`, { hint: "Upgrade binance-backfill." });
}
/** Marks the directory as a lake, once. */
async function markLake(files) {
	await putIfAbsent(files, MARK_PATH, new TextEncoder().encode(`${JSON.stringify(MARK)}\n`));
}
/** Every series that has a manifest or a partition, sorted by path. */
async function listSeries(files) {
	const found = [];
	const visit = async (path) => {
		const entries = await files.list(path);
		const key = parseSeriesPath(path);
		const isSeries = entries.some(({ name }) => name === "_series.json" || name.startsWith("period="));
		if (key !== void 0 && isSeries) {
			found.push(key);
			return;
		}
		for (const { name, kind } of entries) if (kind === "directory" && !/^[._]/.test(name)) await visit(`${path}/${name}`);
	};
	for (const market of MARKET_NAMES) await visit(market);
	return found;
}
// src/store/lock-record.ts
/** The directory of lock files in the lake. */
const LOCK_DIRECTORY = "_lock";
/** The last epoch that has a name: a hundred years of taking the lake three times a second. */
const EPOCH_MAX = 9999999999;
/** How far a heartbeat of another host may lie from our clock before it is doubted. */
const HEARTBEAT_TRUSTED_MICROS = 120000000n;
const TEXTS = [
	"token",
	"host",
	"bootId",
	"startedAt",
	"since",
	"heartbeatAt"
];
/** The file of an epoch; names sort as epochs do. */
function lockPath(epoch) {
	return `${LOCK_DIRECTORY}/${String(epoch).padStart(10, "0")}.json`;
}
/** The highest epoch among the files of the lock directory; `undefined` when nobody ever held the lake. */
function lastEpoch(entries) {
	const epochs = entries.flatMap(({ name, kind }) => {
		const digits = kind === "file" ? /^(\d{10})\.json$/.exec(name)?.[1] : void 0;
		return digits === void 0 ? [] : [Number(digits)];
	});
	return epochs.length === 0 ? void 0 : Math.max(...epochs);
}
/** The bytes of a lock file. */
function formatLockRecord(record) {
	return new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);
}
/** Reads a lock file; `undefined` when it is torn, foreign, or of a version that is not known. */
function parseLockRecord(text) {
	try {
		const value = JSON.parse(text);
		return isLockRecord(value) ? value : void 0;
	} catch {
		return;
	}
}
function isLockRecord(value) {
	if (typeof value !== "object" || value === null) return false;
	const record = value;
	const { version, state, pid, heartbeatAt } = record;
	if (version !== 1 || !Number.isSafeInteger(pid) || Number(pid) <= 0) return false;
	if (state !== "held" && state !== "released") return false;
	return TEXTS.every((name) => typeof record[name] === "string") && isMoment$1(String(heartbeatAt));
}
function isMoment$1(text) {
	try {
		return formatMicros(parseMicros(text)) === text;
	} catch {
		return false;
	}
}
/**
* Is the lake free, held, or held by someone who may be dead? A record that cannot be read is doubtful: a holder that
* lives writes it anew with its next heartbeat.
*/
function judgeHolder(record, process, now) {
	if (record === void 0) return "doubtful";
	if (record.state === "released") return "free";
	const isAlive = process.isAlive(record);
	if (isAlive !== void 0) return isAlive ? "held" : "free";
	if (record.host === process.host && record.bootId !== process.bootId) return "doubtful";
	const age = now - parseMicros(record.heartbeatAt);
	return -120000000n < age && age < HEARTBEAT_TRUSTED_MICROS ? "held" : "doubtful";
}
// src/store/lock.ts
/**
* The lake's lock: one writer at a time, and none that lost its lock without noticing.
*
* Each holder has a file of its own, `_lock/<epoch>.json`; the highest epoch is the lock. To take the lake is to create
* the next epoch, which succeeds for one starter only. A holder writes to no file but its own, so a heartbeat that was
* delayed cannot bring back a lock that another has taken; and the highest file is never removed, so an epoch is never
* given twice. It takes put-if-absent, put-if-unchanged, list and delete, which object stores have too.
*/
/** How often a holder writes that it lives. */
const HEARTBEAT_MS = 1e4;
/** A holder that may be dead must write nothing for so long, under our eyes, before its lock is taken. */
const OBSERVE_MS = 3 * HEARTBEAT_MS;
const POLL_MS = 1e3;
/**
* Takes the lake, and removes what dead runs left half written.
*
* A lock is free when it was released, or its holder is dead on this machine. Where that cannot be known (another
* host, another boot, a file that cannot be read) the holder is taken for dead after {@link OBSERVE_MS} without a
* heartbeat, and for alive with the first; a fresh heartbeat of another host is not even doubted.
*
* @throws LockedError when another run still holds it after `waitMs`.
*/
async function acquireLock(world, { waitMs = 0, signal } = {}) {
	const { clock, files } = world;
	const deadline = clock.monotonicMs() + waitMs;
	let seen;
	for (;;) {
		signal?.throwIfAborted();
		const last = await readLast(files);
		const { state, record } = judgeLast(last, world);
		const text = `${last?.epoch} ${last?.text}`;
		if (seen?.text !== text) seen = {
			text,
			sinceMs: clock.monotonicMs(),
			isWritten: seen !== void 0
		};
		const isSilent = clock.monotonicMs() - seen.sinceMs >= OBSERVE_MS;
		if (state === "free" || state === "doubtful" && isSilent) {
			const lock = await claim(world, (last?.epoch ?? 0) + 1);
			if (lock !== void 0) return lock;
		} else {
			if ((state === "held" || seen.isWritten) && clock.monotonicMs() >= deadline) throw lockedBy(record);
			await clock.sleep(POLL_MS, signal);
		}
	}
}
async function readLast(files) {
	for (;;) {
		const epoch = lastEpoch(await files.list(LOCK_DIRECTORY));
		if (epoch === void 0) return void 0;
		const found = await files.read(lockPath(epoch));
		if (found !== void 0) return {
			epoch,
			text: new TextDecoder().decode(found.bytes)
		};
	}
}
function judgeLast(last, { clock, process }) {
	if (last === void 0) return {
		state: "free",
		record: void 0
	};
	const record = parseLockRecord(last.text);
	return {
		state: judgeHolder(record, process, clock.now()),
		record
	};
}
function lockedBy(record) {
	return new LockedError(`another run holds the lake${record === void 0 ? "" : `: pid ${record.pid} on ${quoteText(record.host, 80)}, since ${quoteText(record.since, 40)}`}`, { hint: "Wait until it ends, or stop it; the lock of a run that died is taken over by itself." });
}
async function claim(world, epoch) {
	const { clock, files, process } = world;
	if (epoch > 9999999999) throw usedUp();
	const now = formatMicros(clock.now());
	const { pid, host, bootId, startedAt } = process;
	const record = {
		version: 1,
		state: "held",
		token: newToken(process, world.random),
		pid,
		host,
		bootId,
		startedAt,
		since: now,
		heartbeatAt: now
	};
	const lock = new HeldLock(world, epoch, record);
	try {
		if (await putIfAbsent(files, lockPath(epoch), formatLockRecord(record)) === void 0) return void 0;
		if (lastEpoch(await files.list("_lock")) !== epoch) {
			await files.remove(lockPath(epoch));
			return;
		}
		lock.startHeartbeat();
		await tidy(files, epoch);
		await sweepTemp(files);
	} catch (error) {
		await lock.release();
		throw error;
	}
	return lock;
}
/** No run comes so far by itself: the file was put there. */
function usedUp() {
	return new StoreError("E_STORE_IO", `${lockPath(EPOCH_MAX)} leaves no number for the next run`, { hint: "While no run works on this lake, delete that file, and run again." });
}
function newToken({ pid }, random) {
	const word = () => Math.floor(random.next() * 2 ** 32).toString(16);
	return `${pid}-${word()}-${word()}-${word()}-${word()}`;
}
async function tidy(files, epoch) {
	for (const { name, kind } of await files.list(LOCK_DIRECTORY)) if (kind === "file" && (lastEpoch([{
		name,
		kind
	}]) ?? epoch) < epoch) await files.remove(`${LOCK_DIRECTORY}/${name}`);
}
/**
* Removes temporary files that earlier runs left behind; resolves to how many. Only for the lake's holder: nobody else
* has an upload in flight. A small write of another starter that is swept away starts over by itself.
*/
async function sweepTemp(files) {
	let count = 0;
	for (const { name, kind } of await files.list(TEMP_DIRECTORY)) {
		if (kind !== "file" || !name.endsWith(".tmp")) continue;
		await files.remove(`${TEMP_DIRECTORY}/${name}`);
		count++;
	}
	return count;
}
var HeldLock = class {
	epoch;
	#world;
	#record;
	#stop = new AbortController();
	#beating = Promise.resolve();
	#releasing;
	constructor(world, epoch, record) {
		this.#world = world;
		this.epoch = epoch;
		this.#record = record;
	}
	async assertHeld() {
		if (this.#releasing === void 0 && await this.#mine() !== void 0) return;
		throw new StoreError("E_STORE_FENCED", "this run does not hold the lake any more", { hint: "Another run took it, or the lock was removed; nothing was committed over it. Run again." });
	}
	async release() {
		this.#releasing ??= this.#giveBack();
		await this.#releasing;
	}
	startHeartbeat() {
		this.#beating = this.#beat();
	}
	async #beat() {
		const { clock } = this.#world;
		while (await this.#pause()) try {
			const mine = await this.#mine();
			if (mine === void 0) return;
			await this.#write({ heartbeatAt: formatMicros(clock.now()) }, mine);
		} catch (error) {
			if (!(error instanceof StoreError)) return;
		}
	}
	async #pause() {
		const { signal } = this.#stop;
		try {
			await this.#world.clock.sleep(HEARTBEAT_MS, signal);
		} catch (error) {
			if (!signal.aborted) throw error;
		}
		return !signal.aborted;
	}
	async #giveBack() {
		this.#stop.abort();
		await this.#beating;
		try {
			const mine = await this.#mine();
			if (mine !== void 0) await this.#write({ state: "released" }, mine);
		} catch (error) {
			if (!(error instanceof StoreError)) throw error;
		}
	}
	async #mine() {
		const { files } = this.#world;
		const own = await files.read(lockPath(this.epoch));
		if (own === void 0) return void 0;
		if (parseLockRecord(new TextDecoder().decode(own.bytes))?.token !== this.#record.token) return void 0;
		if (await files.size(lockPath(this.epoch + 1)) !== void 0) return void 0;
		return (lastEpoch(await files.list("_lock")) ?? 0) <= this.epoch ? own.version : void 0;
	}
	/** Not where it was removed meanwhile: it would be brought back. */
	async #write(change, mine) {
		const record = {
			...this.#record,
			...change
		};
		await this.#world.files.replace(lockPath(this.epoch), formatLockRecord(record), mine);
	}
};
// src/backfill/unknown-symbols.ts
/** Symbols that a plan would ask REST for and that the exchange does not know: found before anything is fetched. */
/** Gives series of unknown symbols their problem, and nothing to do. What the archive has is fetched all the same. */
async function withoutUnknown(series, exchange) {
	const klines = new Map(series.filter(isForRest).map(({ key }) => [seriesName(klinesOf$1(key)), klinesOf$1(key)]));
	if (klines.size > 1) await exchange.readAllSymbols();
	const refusals = /* @__PURE__ */ new Map();
	for (const [name, key] of klines) refusals.set(name, await refusalOf(key, exchange));
	return series.map((plan) => {
		const problem = isForRest(plan) ? refusals.get(seriesName(klinesOf$1(plan.key))) : void 0;
		if (problem === void 0) return plan;
		const nothing = {
			requests: 0,
			weight: 0,
			rows: 0,
			bytes: 0,
			tasks: [],
			recheck: []
		};
		return {
			...plan,
			...nothing,
			problem: plan.problem ?? problem
		};
	});
}
/** Is REST the only one to be asked? */
function isForRest({ tasks }) {
	return tasks.length > 0 && tasks.every(({ source }) => source === "rest");
}
/** How the exchange refuses a symbol. One that exchangeInfo does not name any more may still have a history. */
async function refusalOf(klines, exchange) {
	if (await exchange.statusOf(klines.symbol) !== "UNKNOWN") return void 0;
	try {
		await firstTime(exchange.pages(klines, "string", 0));
		return;
	} catch (error) {
		if (error instanceof RejectedError && error.exchangeCode === -1121) return error;
		throw error;
	}
}
// src/backfill/run.ts
/** A backfill. Reads top to bottom as the data flows: jobs, wants, plan, pages, partitions, summary. */
/** Plans what a run of `jobs` would do. Asks the exchange for its time, limits and listings; writes nothing. */
async function planJobs(jobs, options = {}) {
	checkJobs(jobs, options);
	const world = worldOf(options);
	try {
		await checkLake(world.files);
		const manifests = new Manifests(world.files);
		await checkStored(jobs, manifests);
		const events = {
			onWait: () => void 0,
			onWarning: () => void 0,
			attemptsMax: 4
		};
		const exchange = await openExchange(world, jobs, options, events);
		const wants = await wantsOf(jobs, exchange, manifests, options);
		const [first] = wants;
		if (first?.problem !== void 0 && wants.every(isBlocked)) throw first.problem;
		return totalled(await withoutUnknown((await splitPlan(await planWants(wants, manifests, exchange, options), new ArchiveSession(world, options, events.onWarning), {
			exchange,
			options
		})).series, exchange));
	} finally {
		if (options.world === void 0) await world.http.close();
	}
}
/**
* Makes the lake hold what `jobs` ask for; the last item is the summary. Safe to stop at any point and to run again:
* the next run goes on, and one with nothing left to do asks for no rows and changes no byte.
*
* @throws UsageError before anything was done; BannedError, StoreError, StoppedError after the summary, when they
* ended the run, and UnreachableError when it could not begin.
*/
async function* backfill(jobs, options = {}) {
	checkJobs(jobs, options);
	const world = worldOf(options);
	try {
		await checkLake(world.files);
		const { waitLockMs: waitMs, signal } = options;
		const lock = await acquireLock(world, {
			waitMs,
			signal
		});
		try {
			await probeFiles(world.files);
			const lake = seriesWorld(world.files, () => lock.assertHeld());
			const startedMs = world.clock.monotonicMs();
			yield* new Run(options, lake, () => (world.clock.monotonicMs() - startedMs) / 1e3).go(world, jobs);
		} finally {
			await lock.release();
		}
	} finally {
		if (options.world === void 0) await world.http.close();
	}
}
/** One run, while it lasts. */
var Run = class {
	#options;
	#lake;
	#seconds;
	#abort = new AbortController();
	#signal;
	#mail = new Mailbox();
	#results = [];
	#errors = [];
	constructor(options, lake, seconds) {
		this.#options = options;
		this.#lake = lake;
		this.#seconds = seconds;
		const { signal } = options;
		this.#signal = signal === void 0 ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
	}
	/** The whole run; what happens on the way to the exchange is reported as it happens. */
	async *go(world, jobs) {
		const whole = () => this.#all(world, jobs);
		const left = /* @__PURE__ */ new Error("the caller has left the run");
		const abort = () => {
			this.#abort.abort(left);
		};
		try {
			yield* mergeStreams([whole], 1, abort, this.#mail);
		} catch (error) {
			if (error !== left) throw error;
		}
	}
	async *#all(world, jobs) {
		const manifests = new Manifests(world.files);
		await checkStored(jobs, manifests);
		const exchange = this.#exchange(world, jobs);
		let opened;
		try {
			opened = await this.#open(world, jobs, {
				exchange,
				manifests
			});
		} catch (error) {
			if (!keepsFromBeginning(error)) throw error;
			this.#errors.push(error);
			const plan = await offlinePlan(jobs, {
				exchange,
				manifests
			}, this.#options);
			for (const series of plan.series) await this.#leave(series, manifests, {
				error: series.problem ?? error,
				now: exchange.now()
			});
			yield this.#summary({
				exchange,
				plan
			});
			throw error;
		}
		yield* this.#work(opened);
	}
	#exchange(world, jobs) {
		return exchangeFor(world, jobs, this.#options, {
			onWait: (wait) => {
				this.#mail.put({
					kind: "wait",
					...wait
				});
			},
			onWarning: (message) => {
				this.#mail.put({
					kind: "warning",
					message
				});
			},
			onNote: (message) => {
				this.#mail.put({
					kind: "note",
					message
				});
			},
			signal: this.#signal
		});
	}
	/** A series that is not worked at: since there is nothing to do, or since nothing can be done. */
	async #leave(series, manifests, end) {
		const manifest = isBlocked(series) ? void 0 : await manifests.get(series.key);
		this.#results.push(resultOf(series, manifest, emptyTally(), end));
	}
	/** Everything up to the plan. */
	async #open(world, jobs, { exchange, manifests }) {
		await openFor(exchange, jobs, this.#options);
		const now = exchange.now();
		const resolved = await wantsOf(jobs, exchange, manifests, this.#options);
		await markLake(world.files);
		const wants = [];
		for (const want of resolved) wants.push(await this.#prepare(want, manifests));
		const session = new ArchiveSession(world, this.#options, (message) => {
			this.#mail.put({
				kind: "warning",
				message
			});
		});
		return {
			exchange,
			session,
			plan: await splitPlan(await planWants(wants, manifests, exchange, this.#options), session, {
				exchange,
				options: this.#options
			}),
			manifests,
			now
		};
	}
	/**
	* Tells which files are gone; takes in what crashed runs left, and what was learnt by resolving, so that the plan
	* knows it. A want of a series with a file that cannot be taken in comes back with that problem.
	*/
	async #prepare(want, manifests) {
		if (isBlocked(want)) return want;
		const manifest = await manifests.get(want.key);
		const windows = maybePublished(want, manifest, this.#options);
		if (!(windows.length > 0 || isListingNew(manifest, want)) && !await manifests.isBehind(want.key)) return want;
		const message = await lostWords(want, manifests);
		if (message !== void 0) this.#mail.put({
			kind: "warning",
			key: want.key,
			message
		});
		manifests.forget(want.key);
		try {
			await recordListing(await openSeries(this.#lake, want, windows), want);
			return want;
		} catch (thrown) {
			const problem = await failureIn(this.#lake.assertHeld, thrown);
			if (problem instanceof DamageError || isChanged(problem)) return {
				...want,
				wanted: [],
				problem
			};
			throw problem;
		}
	}
	/** Everything after the plan. */
	async *#work(opened) {
		const { plan, manifests } = opened;
		yield {
			kind: "plan",
			plan
		};
		const work = [];
		for (const [index, series] of plan.series.entries()) {
			if (this.#hasWork(series)) {
				work.push(() => this.#series(series, {
					...opened,
					priority: -index
				}));
				continue;
			}
			if (series.problem !== void 0) this.#errors.push(series.problem);
			await this.#leave(series, manifests, {
				error: series.problem,
				now: opened.now
			});
		}
		const atOnce = this.#options.concurrency ?? 8;
		for await (const event of mergeStreams(work, atOnce, () => {
			this.#abort.abort();
		})) yield event;
		yield this.#summary(opened);
		const fatal = this.#errors.find(isFatal);
		if (fatal instanceof Error) throw fatal;
		if (fatal !== void 0) throw new Error("the run was stopped", { cause: fatal });
	}
	#hasWork(series) {
		const { key, missing, recheck, settings } = series;
		const isRefreshed = this.#options.refreshArchives === true && usesArchive(key, settings.source, this.#options);
		return !isBlocked(series) && (missing.length > 0 || recheck.length > 0 || isRefreshed);
	}
	/** One series: its missing windows, oldest first. Its failure is its own, unless it is everyone's. */
	async *#series(plan, { exchange, session, now, priority }) {
		const tally = emptyTally();
		let series;
		let error;
		try {
			series = await openSeries(this.#lake, plan, union(plan.missing, plan.recheck));
			const archive = usesArchive(plan.key, plan.settings.source, this.#options) ? session : void 0;
			const signal = this.#signal;
			yield* fetchSeries(plan, series, {
				exchange,
				archive,
				now,
				priority,
				tally,
				isRefreshed: this.#options.refreshArchives === true,
				signal
			});
			if (plan.problem !== void 0) throw plan.problem;
		} catch (thrown) {
			error = await failureIn(this.#lake.assertHeld, thrown);
			this.#errors.push(error);
			if (isFatal(error)) this.#abort.abort(error);
		}
		const result = resultOf(plan, series?.manifest, tally, {
			error,
			now
		});
		this.#results.push(result);
		yield {
			kind: "series",
			result
		};
	}
	#summary({ exchange, plan }) {
		const places = new Map(plan.series.map(({ key }, place) => [seriesName(key), place]));
		const placeOf = ({ key }) => places.get(seriesName(key)) ?? 0;
		const series = this.#results.toSorted((a, b) => placeOf(a) - placeOf(b));
		const sum = (of) => this.#results.reduce((total, result) => total + of(result), 0);
		const { requests, weight } = exchange.gateway.spent;
		return {
			kind: "summary",
			complete: this.#errors.length === 0 && this.#results.every(({ complete }) => complete),
			rows: sum(({ rows }) => rows),
			requests,
			weight,
			partitions: sum(({ partitions }) => partitions),
			bytes: sum(({ bytes }) => bytes),
			seconds: this.#seconds(),
			series,
			exit: exitOf$1(this.#results, this.#errors)
		};
	}
};
// src/base/suggest.ts
/** Says what was found and what was probably meant. All user text goes through `quoteText` here. */
const QUOTED_MAX = 60;
/** `text` between double quotes, cut and made safe for a terminal. */
function quoted(text) {
	return `"${quoteText(text, QUOTED_MAX)}"`;
}
/** `; did you mean "x"?`, or nothing without a suggestion. */
function didYouMean(suggestion) {
	return suggestion === void 0 ? "" : `; did you mean ${quoted(suggestion)}?`;
}
/** `a, b or c`. */
function oneOf(words) {
	return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}
/**
* The candidate of which `text` is most likely a typo: equal except for case and separators, or else the one with the
* fewest edits, if those are few for its length. The earlier candidate wins a tie.
*/
function closest(text, candidates) {
	const folded = fold(text);
	const same = candidates.find((candidate) => fold(candidate) === folded);
	if (same !== void 0) return same;
	let best;
	let least = editsMax(text.length) + 1;
	for (const candidate of candidates) {
		if (Math.abs(candidate.length - text.length) >= least) continue;
		const edits = editDistance(folded, fold(candidate));
		if (edits < least) [best, least] = [candidate, edits];
	}
	return best;
}
function fold(text) {
	return text.length > QUOTED_MAX ? text : text.toLowerCase().replace(/[-_ ]/g, "");
}
function editsMax(length) {
	if (length < 3) return 0;
	return length < 5 ? 2 : 3;
}
/** Levenshtein: the fewest insertions, deletions and substitutions of UTF-16 units that turn `a` into `b`. */
function editDistance(a, b) {
	let above = Array.from({ length: b.length + 1 }, (_, column) => column);
	for (let row = 1; row <= a.length; row++) {
		const line = [row];
		for (let column = 1; column <= b.length; column++) {
			const substitution = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
			line.push(Math.min(substitution, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
		}
		above = line;
	}
	return above[b.length] ?? 0;
}
// src/query/doctor.ts
/** The clocks may differ by this before it is worth a word: nothing here depends on the machine's. */
const SKEW_MS_MAX = 5e3;
/** Checks Node, the directory, each host, the clock against the server's, and the remaining weight, one by one. */
async function* doctor(options = {}) {
	const world = worldOf(options);
	try {
		yield nodeCheck(nodeVersion());
		yield await attempt("directory", async () => {
			const { dataDir = DATA_DIR } = options;
			await probeDirectory(world.files, dataDir);
			await checkLake(world.files);
			return `${quoteText(dataDir)}: writes, renames and syncs`;
		});
		for (const url of options.baseUrls ?? ["https://data-api.binance.vision", ...API_URLS]) yield await attempt(url, () => hostSeen(world, {
			...options,
			baseUrls: [url]
		}));
	} finally {
		if (options.world === void 0) await world.http.close();
	}
}
function nodeCheck(version) {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	const ok = major > 20 || major === 20 && minor >= 19;
	const check = {
		name: "node",
		ok,
		seen: `Node ${version}`
	};
	return ok ? check : {
		...check,
		hint: "Install Node 20.19 or newer."
	};
}
async function hostSeen(world, options) {
	const events = {
		onWait: () => void 0,
		onWarning: () => void 0,
		attemptsMax: 4
	};
	const exchange = new ExchangeClient(world, {
		...options,
		maxWaitMs: 0
	}, events, options.signal);
	const began = world.clock.monotonicMs();
	await exchange.gateway.gate.load();
	await exchange.gateway.sync(options.signal);
	const connected = world.clock.monotonicMs() - began;
	await exchange.gateway.preferFastest("public");
	const [health] = exchange.gateway.health("public");
	const latency = Math.round(health?.latencyMs ?? connected);
	const skew = Math.round(exchange.gateway.server.nowMs() - toMillis(world.clock.now()));
	const { used, limit } = exchange.gateway.budget.use();
	return `answers in ${latency} ms, clock differs by ${skew} ms${Math.abs(skew) > SKEW_MS_MAX ? `; this clock is off by ${skew} ms, which does no harm` : ""}; weight used ${used} of ${limit}`;
}
async function attempt(name, look) {
	try {
		return {
			name,
			ok: true,
			seen: await look()
		};
	} catch (error) {
		const { message, hint } = describeError(error);
		const check = {
			name,
			ok: false,
			seen: message
		};
		return hint === void 0 ? check : {
			...check,
			hint
		};
	}
}
// src/job/template.ts
/** A job file to begin with: small, valid, and with every choice that a first job has beside it as a comment. */
/** The name of the schema that {@link jobTemplate} refers to, in the same directory. */
const SCHEMA_NAME = "job.schema.json";
/** The text of a job file, as YAML. It is valid as it is. */
function jobTemplate() {
	return `# yaml-language-server: $schema=./${SCHEMA_NAME}
#
# What the lake shall hold. \`binance-backfill plan\` shows what that costs, \`run\` fetches what is missing; run it
# again whenever you like. The schema line lets editors complete and check this file.
version: 1

# By name, or by what they trade against:
#   symbols: {quote: USDT, status: TRADING, exclude: [USDCUSDT]}
symbols: [BTCUSDT, ETHUSDT]

# UTC. A date, a date-time such as 2024-01-01T12:00:00Z, a duration back from now such as 30d, or listing.
from: 30d
# Exclusive. now, the default, moves with every run.
to: now

# auto takes what is cheaper, archive files or REST; rest and archive take one of them alone.
source: auto
# float64 for analysis, decimal for exact sums, string as Binance sends them. Fixed once a series has rows.
numbers: float64

# Any key above can stand in a dataset too, and then holds for that one.
datasets:
  # klines | uiKlines | aggTrades | trades | blockTrades
  - kind: klines
    # 1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M
    intervals: [1m, 1h]
  # - kind: aggTrades
  #   symbols: [BTCUSDT]
  #   from: 7d
`;
}
// src/job/moment.ts
/** Reads moments and durations as written in `from`, `to` and `settle`. Uses no clock. */
const SECOND$1 = 1000000n;
const DAY$7 = 86400n * SECOND$1;
const UNIT = {
	s: SECOND$1,
	m: 60n * SECOND$1,
	h: 3600n * SECOND$1,
	d: DAY$7,
	w: 7n * DAY$7
};
const AGO_MAX = 36500n * DAY$7;
const SETTLE_MAX = 7n * DAY$7;
const DURATION = /^(\d{1,12})([smhdw])$/;
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)? ?(.{0,6})$/;
const MOMENT_SOURCE = "\\d{1,12}[smhdw]|\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?(Z|[+-]00:?00)?)?";
/** A superset of what {@link readFrom} accepts, for editors. */
const FROM_SOURCE = `^(listing|${MOMENT_SOURCE})$`;
/** A superset of what {@link readTo} accepts, for editors. */
const TO_SOURCE = `^(now|${MOMENT_SOURCE})$`;
/** A superset of what {@link readSettle} accepts, for editors. */
const DURATION_SOURCE = DURATION.source;
/** Reads the inclusive start of a range. */
function readFrom(text) {
	if (text === "listing") return { value: { kind: "listing" } };
	if (text === "now") return { problem: "\"now\" cannot be a start" };
	return readMoment(text, ["listing"]);
}
/** Reads the exclusive end of a range. */
function readTo(text) {
	if (text === "now") return { value: { kind: "now" } };
	if (text === "listing") return { problem: "\"listing\" cannot be an end" };
	return readMoment(text, ["now"]);
}
function readMoment(text, words) {
	const ago = parseDuration(text);
	if (ago !== void 0) return readAgo(text, ago);
	const date = parseDate(text);
	if (date !== void 0) return date < 0n ? { problem: `${quoted(text)} is before 1970` } : { value: {
		kind: "at",
		time: date
	} };
	return { problem: explainMoment(text, words) };
}
function readAgo(text, ago) {
	if (ago === 0n) return { problem: `${quoted(text)} is a duration of zero` };
	if (ago > AGO_MAX) return { problem: `${quoted(text)} is more than 36500 days` };
	return { value: {
		kind: "ago",
		micros: ago
	} };
}
/** Reads a date, or a date-time in UTC, with or without a `Z`. */
function parseDate(text) {
	try {
		return parseMicros(text);
	} catch (error) {
		if (error instanceof RangeError) return void 0;
		throw error;
	}
}
function parseDuration(text) {
	const [, count, unit = ""] = DURATION.exec(text) ?? [];
	return count === void 0 ? void 0 : BigInt(count) * (UNIT[unit] ?? 0n);
}
/** Reads how long after its close a kline is final: microseconds, 0 to 7 days. */
function readSettle(text) {
	const value = parseDuration(text);
	if (value === void 0) {
		const suggestion = suggestDuration(text);
		const help = suggestion === void 0 ? " such as 30s, 1m or 2h" : didYouMean(suggestion);
		return { problem: `${quoted(text)} is not a duration${help}` };
	}
	if (value > SETTLE_MAX) return { problem: `${quoted(text)} is more than 7 days` };
	return { value };
}
function explainMoment(text, words) {
	const inUtc = suggestUtc(text);
	if (inUtc !== void 0) return `${quoted(text)} is not a time in UTC; write ${inUtc}`;
	if (/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.{0,20})?$/.test(text)) return `${quoted(text)} is not an existing day or time`;
	const suggestion = suggestDate(text) ?? suggestDuration(text) ?? closest(text, words);
	const help = suggestion === void 0 ? `; write a date such as 2024-01-01, a time such as 2024-01-01T12:30:00Z, a duration back from now such as 30d, or ${words.join()}` : didYouMean(suggestion);
	return `${quoted(text)} is not a moment${help}`;
}
/** The same moment in UTC, for a date-time in another zone or form. */
function suggestUtc(text) {
	const [, day, minutes = "", seconds = ":00", zone = ""] = DATE_TIME.exec(text) ?? [];
	if (day === void 0) return void 0;
	const [, sign, hours, rest = "00"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
	if (hours === void 0 && !/^(Z|UTC|GMT)?$/i.test(zone)) return void 0;
	const time = parseDate(`${day}T${minutes}${seconds}Z`);
	if (time === void 0) return void 0;
	const offset = BigInt(hours ?? 0) * (UNIT["h"] ?? 0n) + BigInt(rest) * (UNIT["m"] ?? 0n);
	return brief$1(micros(sign === "-" ? time + offset : time - (hours === void 0 ? 0n : offset)));
}
const EPOCH_UNIT = {
	10: SECOND$1,
	13: 1000n,
	16: 1n
};
/** The most likely meaning of a number in the place of a date, or of a date in another form. */
function suggestDate(text) {
	const [, year, month = "01", day = "01"] = /^(\d{4})(?:[-/.]?(\d{1,2})(?:[-/.]?(\d{1,2}))?)?$/.exec(text) ?? [];
	const date = `${year ?? ""}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
	if (year !== void 0 && text.length !== 6 && parseDate(date) !== void 0) return date;
	const unit = /^\d+$/.test(text) ? EPOCH_UNIT[text.length] : void 0;
	return unit === void 0 ? void 0 : brief$1(micros(BigInt(text) * unit));
}
/** ISO 8601, without parts that are zero. */
function brief$1(time) {
	try {
		return formatMicros(time).replace(/\.?0{1,6}Z$/, "Z");
	} catch (error) {
		if (error instanceof RangeError) return void 0;
		throw error;
	}
}
const UNIT_WORD = /^(s|sec|m|min|h|hr|hour|d|day|w|wk|week|second|minute)s?$/;
const MONTH_WORD = /^(M|mo|mon|month)s?$/;
const YEAR_WORD = /^(Y|y|yr|year)s?$/;
/** A duration in another form. Months and years, whose lengths vary, become days. */
function suggestDuration(text) {
	const [, digits, word = ""] = /^[-+]?(\d{1,9}) ?([A-Za-z]{1,8})(?: ago)?$/.exec(text.slice(0, 40).trim()) ?? [];
	if (digits === void 0) return void 0;
	if (MONTH_WORD.test(word)) return `${Number(digits) * 30}d`;
	if (YEAR_WORD.test(word)) return `${Number(digits) * 365}d`;
	const [, unit] = UNIT_WORD.exec(word.toLowerCase()) ?? [];
	return unit === void 0 ? void 0 : `${digits}${unit.charAt(0)}`;
}
/** The length of `90 min`, `1H` or `24hours`, in microseconds; for suggestions only. */
function readDurationLoosely(text) {
	const suggestion = suggestDuration(text);
	return suggestion === void 0 ? void 0 : parseDuration(suggestion);
}
// src/job/interval.ts
/** Reads the interval of a kline dataset; knows other tools' names for the same interval. */
/** Reads an interval by its own name, case-sensitive; `1mo` means `1M`. */
function readInterval$1(text) {
	const value = parseInterval(text);
	if (value !== void 0) return { value };
	const suggestion = suggestInterval(text);
	const help = suggestion === void 0 ? `; Binance has ${oneOf(INTERVALS)}` : didYouMean(suggestion);
	return { problem: `${quoted(text)} is not an interval${help}` };
}
function suggestInterval(text) {
	const trimmed = text.slice(0, 20).trim();
	if (/^1 ?mon?(th)?s?$/i.test(trimmed)) return "1M";
	const folded = trimmed.toLowerCase();
	const sameButForCase = INTERVALS.find((interval) => interval === folded);
	if (sameButForCase !== void 0) return sameButForCase;
	const length = readDurationLoosely(trimmed);
	return INTERVALS.find((interval) => interval !== "1M" && intervalStep(interval) === length);
}
// src/job/symbol.ts
/**
* Reads symbols, assets and symbol statuses. Never changes case by itself: outside ASCII that would change the text.
*/
/**
* Statuses that a spot symbol can have, now or in the past.
*
* @see binance-spot-api-docs, enums.md, "Symbol status".
*/
const SYMBOL_STATUSES = [
	"TRADING",
	"HALT",
	"BREAK",
	"END_OF_DAY",
	"PRE_TRADING",
	"POST_TRADING",
	"AUCTION_MATCH"
];
/** What `readSymbol` accepts, for editors; with the `u` flag. */
const SYMBOL_SOURCE = `^(?!.*[a-z])${SYMBOL_PATTERN.source.slice(1)}`;
const PAIR = /^[\p{L}\p{N}]+[-/: ]\p{L}+$|^[\p{L}\p{N}]+_(?!PERP$)\p{L}+$/u;
/** Reads the symbol of a pair; the result is NFC. */
function readSymbol$1(text) {
	return readName(text, "symbol", PAIR);
}
/** Reads the name of an asset, as in `quote` and `base`; the result is NFC. */
function readAsset(text) {
	return readName(text, "asset");
}
function readName(text, noun, foreign) {
	const value = text.normalize("NFC");
	const isForeign = foreign?.test(value.slice(0, 100)) === true;
	if (SYMBOL_PATTERN.test(value) && !/[a-z]/.test(value) && !isForeign) return { value };
	if (text.trim() === "") return { problem: `an empty ${noun}` };
	const suggestion = isForeign || SYMBOL_PATTERN.test(value.trim()) ? capitals(value) : void 0;
	const reason = /[a-z]/.test(value) ? "; Binance writes them in capital letters" : "";
	const help = suggestion === void 0 ? reason : didYouMean(suggestion);
	return { problem: `${quoted(text)} is not a ${noun}`.replace("a asset", "an asset") + help };
}
/** ASCII in capitals and without separators; `undefined` if other letters have a case of their own. */
function capitals(text) {
	const upper = text.replace(/[a-z]/g, (letter) => letter.toUpperCase()).replace(/[-_/: ]/g, "");
	const others = upper.replace(/[\u0000-\u007f]/g, "");
	return others.toUpperCase() === others && others.toLowerCase() === others && upper !== text && SYMBOL_PATTERN.test(upper) ? upper : void 0;
}
/** Reads a symbol's status. */
function readStatus(text) {
	if (SYMBOL_STATUSES.includes(text)) return { value: text };
	const suggestion = closest(text, SYMBOL_STATUSES);
	const help = suggestion === void 0 ? `; write ${oneOf(SYMBOL_STATUSES)}` : didYouMean(suggestion);
	return { problem: `${quoted(text)} is not a symbol status${help}` };
}
// src/job/schema.ts
/**
* The contents of a job file as one zod schema: it checks the shape, reads every text, and generates the JSON Schema
* for editors. Rules across keys are in `checks.ts`.
*/
function text$2(read, note) {
	return z.string().transform((value, context) => {
		const reading = read(value);
		if ("value" in reading) return reading.value;
		context.addIssue({
			code: "custom",
			message: reading.problem
		});
		return z.NEVER;
	}).meta(note);
}
function readWord(value, words) {
	const found = words.find((candidate) => candidate === value);
	if (found !== void 0) return { value: found };
	const help = didYouMean(closest(value, words));
	return { problem: `${quoted(value)} is not ${oneOf(words)}${help}` };
}
function word(words, note) {
	return text$2((value) => readWord(value, words), {
		enum: words,
		...note
	});
}
/** `allOrderList` is written on purpose, and must not count as a typo of `allOrders`. */
function readKind(value) {
	if (value !== "allOrderList") return readWord(value, DATASET_KINDS);
	return { problem: `${quoted(value)} covers a whole account, but the lake is laid out by symbol; allOrders have order_list_id` };
}
const NAME$1 = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$/;
function readJobName(value) {
	if (NAME$1.test(value)) return { value };
	return { problem: `${quoted(value)} is not a name; write 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit, not ending in a dot` };
}
function readMarket(value) {
	const market = MARKET_NAMES.find((name) => name === value);
	if (market !== void 0) return { value: market };
	return { problem: `${quoted(value)} is not supported yet; the only market is spot` };
}
const symbol = text$2(readSymbol$1, {
	description: "A symbol as Binance writes it: in capital letters, without separator.",
	pattern: SYMBOL_SOURCE,
	examples: ["BTCUSDT"]
});
const asset = (description) => text$2(readAsset, {
	description,
	pattern: SYMBOL_SOURCE,
	examples: ["USDT"]
});
const symbolList = z.array(symbol).min(1).meta({
	description: "Symbols one by one.",
	uniqueItems: true
}).transform((symbols) => ({
	kind: "list",
	symbols
}));
const symbolFilter = z.strictObject({
	quote: asset("Only pairs quoted in this asset.").optional(),
	base: asset("Only pairs of this asset.").optional(),
	status: text$2(readStatus, {
		description: "Only pairs in this state now.",
		enum: SYMBOL_STATUSES,
		examples: ["TRADING"]
	}).optional(),
	exclude: z.array(symbol).meta({
		description: "Symbols to leave out.",
		uniqueItems: true
	}).optional()
}).meta({
	description: "Symbols by their properties in exchangeInfo, looked up by each run.",
	anyOf: [
		"quote",
		"base",
		"status"
	].map((key) => ({ required: [key] }))
}).transform(({ exclude = [], ...filter }) => ({
	kind: "filter",
	...filter,
	exclude
}));
const settings = {
	symbols: z.union([symbolList, symbolFilter]).meta({
		title: "Symbols",
		description: "Which symbols: a list, or a filter on exchangeInfo.",
		examples: [["BTCUSDT", "ETHUSDT"], {
			quote: "USDT",
			status: "TRADING"
		}]
	}).optional(),
	from: text$2(readFrom, {
		title: "Start",
		description: "Start of the range, inclusive: a date or a date-time, which is UTC with or without `Z`, `listing` for the first row that exists, or a duration back from now.",
		pattern: FROM_SOURCE,
		examples: [
			"2024-01-01",
			"2024-01-01T12:30:00Z",
			"2024-01-01 02:30",
			"listing",
			"30d"
		]
	}).optional(),
	to: text$2(readTo, {
		title: "End",
		description: "End of the range, exclusive: a date or a date-time, which is UTC with or without `Z`, `now`, or a duration back from now.",
		pattern: TO_SOURCE,
		default: "now",
		examples: [
			"now",
			"2024-02-01",
			"1d"
		]
	}).optional(),
	source: word(SOURCES, {
		title: "Source",
		description: "Where rows come from; `auto`: published archives where they exist, REST for the rest.",
		default: "auto",
		examples: ["rest"]
	}).optional(),
	numbers: word(NUMBERS, {
		title: "Numbers",
		description: "How prices and quantities are stored: as DOUBLE, as exact DECIMAL, or as the text Binance sent.",
		default: "float64",
		examples: ["decimal"]
	}).optional(),
	compression: word(COMPRESSIONS, {
		title: "Compression",
		description: "How Parquet pages are compressed.",
		default: "zstd",
		examples: ["snappy"]
	}).optional(),
	settle: text$2(readSettle, {
		title: "Settle",
		description: "How long after its close a kline counts as final; 0s to 7d.",
		pattern: DURATION_SOURCE,
		default: "1m",
		examples: [
			"0s",
			"30s",
			"2h"
		]
	}).optional(),
	partition: word(PARTITIONS, {
		title: "Partition",
		description: "The period of one file; the default depends on dataset and interval. Fixed at the first commit of a series.",
		examples: ["month"]
	}).optional(),
	market: text$2(readMarket, {
		title: "Market",
		description: "Which market; only spot is supported.",
		enum: MARKET_NAMES,
		default: DEFAULT_MARKET,
		examples: [DEFAULT_MARKET]
	}).optional()
};
const WITH_INTERVALS = DATASET_KINDS.filter((kind) => DATASETS[kind].hasInterval);
const dataset = z.strictObject({
	kind: text$2(readKind, {
		title: "Dataset",
		enum: DATASET_KINDS,
		description: "What to fetch.",
		examples: ["klines"]
	}),
	intervals: z.array(text$2(readInterval$1, {
		description: "A kline interval by Binance's own name, case-sensitive; `1mo` is `1M`.",
		enum: [...INTERVALS, "1mo"],
		examples: ["1m"]
	})).min(1).meta({
		title: "Intervals",
		description: `Kline intervals; required for ${WITH_INTERVALS.join(" and ")}, not allowed for others.`,
		uniqueItems: true,
		examples: [["1m", "1h"]]
	}).optional(),
	...settings
}).meta({
	title: "Dataset of a job",
	description: "One dataset; any top-level key but version, name and datasets can be overridden here.",
	if: { properties: { kind: { enum: WITH_INTERVALS } } },
	then: { required: ["intervals"] },
	else: { properties: { intervals: false } }
});
const job = z.strictObject({
	version: z.literal(1).meta({
		title: "Version",
		description: "Version of the job file format.",
		examples: [1]
	}),
	name: text$2(readJobName, {
		title: "Name",
		description: "Name of the job in messages; by default the file name without extension.",
		pattern: NAME$1.source,
		examples: ["majors"]
	}).optional(),
	...settings,
	datasets: z.array(dataset).min(1).meta({
		title: "Datasets",
		description: "What to fetch, one entry per dataset.",
		examples: [[{
			kind: "klines",
			intervals: ["1m", "1h"]
		}, { kind: "aggTrades" }]]
	})
}).meta({
	title: "binance-backfill job",
	description: "What a Parquet lake of Binance market history should contain."
});
/** Checks and reads a job file once it is plain data. */
const JOB_SCHEMA = job;
/** The keys of a dataset entry, and those of the top level; for suggestions. */
const DATASET_KEYS = Object.keys(dataset.shape);
/** @see {@link DATASET_KEYS} */
const JOB_KEYS = Object.keys(job.shape);
/** The keys of a symbol filter. */
const FILTER_KEYS = [
	"quote",
	"base",
	"status",
	"exclude"
];
/**
* The JSON Schema (draft-07) of job files, for editors. It accepts every valid job; the job room also refuses what a
* schema cannot express, e.g. a start after the end.
*/
function jobSchema() {
	return z.toJSONSchema(job, {
		target: "draft-7",
		io: "input",
		override({ zodSchema, jsonSchema }) {
			const { default: value, examples } = z.globalRegistry.get(zodSchema) ?? {};
			if (value !== void 0) jsonSchema.default = value;
			if (Array.isArray(examples)) jsonSchema.examples = examples;
		}
	});
}
// src/job/problems.ts
/** The findings for `issues`, in their order. */
function explainIssues(issues, plain, base = []) {
	return issues.flatMap((issue) => explainIssue(issue, [...base, ...issue.path], plain));
}
function explainIssue(issue, path, plain) {
	const found = valueAt(plain.value, path);
	const one = (message) => [{
		path,
		on: "value",
		message
	}];
	if (issue.code === "unrecognized_keys") return issue.keys.map((key) => {
		return {
			path: [...path, key],
			on: "key",
			message: explainUnknownKey(key, path)
		};
	});
	if (found === void 0) return one(explainMissing(path));
	if (issue.code === "invalid_union") {
		const branch = Array.isArray(found) ? 0 : typeof found === "object" ? 1 : void 0;
		if (branch !== void 0) return explainIssues(issue.errors[branch] ?? [], plain, path);
	}
	if (issue.code === "custom") return one(issue.message);
	if (issue.code === "too_small") return one("an empty list; write at least one");
	const written = plain.written(path);
	return one(`expected ${expectation(path)}, found ${describe(found, written)}${mend$1(found, written, path)}`);
}
/** The value at `path`; `undefined` when there is none. Uses own keys only. */
function valueAt(value, path) {
	let at = value;
	for (const step of path) {
		if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return void 0;
		at = at[step];
	}
	return at;
}
const EXPECTED = {
	"": "a map with version and datasets",
	version: "1, the only version",
	datasets: "a list of datasets",
	"datasets[]": "a map such as {kind: aggTrades}",
	intervals: "a list such as [1m, 1h]",
	symbols: "a list such as [BTCUSDT] or a filter such as {quote: USDT}",
	exclude: "a list such as [BTCUSDT]",
	from: "a date, a time in UTC, a duration such as 30d, or listing",
	to: "a date, a time in UTC, a duration such as 1d, or now",
	settle: "a duration such as 1m"
};
function expectation(path) {
	const last = path.at(-1);
	const name = typeof last === "number" ? `${String(path.at(-2))}[]` : last ?? "";
	return EXPECTED[name] ?? "text";
}
function describe(found, written) {
	if (typeof found === "string") return quoted(found);
	if (Array.isArray(found)) return "a list";
	if (found === null) return written === void 0 || written === "" ? "nothing" : written;
	if (typeof found === "object") return "a map";
	return `the ${typeof found} ${quoteText(written ?? "", 60)}`;
}
/** What to write instead of a value of a wrong type, if that is clear. */
function mend$1(found, written, path) {
	const last = path.at(-1);
	if (typeof found === "string") return last === "symbols" || last === "intervals" || last === "exclude" ? `; write it as a list: [${quoted(found).slice(1, -1)}]` : "";
	if (written === void 0 || written === "") return "";
	if (last === "from" || last === "to") return didYouMean(suggestDate(written));
	if (last === "settle") return /^\d+$/.test(written) ? didYouMean(`${written}s`) : "";
	if (typeof last !== "number" && last !== "name") return "";
	return path.at(-2) === "datasets" ? "" : `; write it in quotes: ${quoted(written)}`;
}
function explainMissing(path) {
	const name = path.at(-1);
	if (name === "version") return "is missing; a job begins with version: 1";
	if (name === "datasets") return "is missing; say what to fetch, e.g. datasets: [{kind: aggTrades}]";
	if (name === "kind") return `is missing; it is one of ${DATASET_KINDS.join(", ")}`;
	return "is missing";
}
const ALSO_CALLED = {
	start: "from",
	since: "from",
	begin: "from",
	starttime: "from",
	startdate: "from",
	end: "to",
	until: "to",
	endtime: "to",
	enddate: "to",
	pair: "symbols",
	pairs: "symbols",
	timeframe: "intervals",
	timeframes: "intervals",
	type: "kind",
	dataset: "kind"
};
function explainUnknownKey(key, parent) {
	const isDataset = parent.length === 2;
	const isFilter = parent.at(-1) === "symbols";
	if (/^(base|archive)[-_]?urls?$/i.test(key)) return "an unknown key; hosts are named by flag or environment, never by a job file";
	if (key === "<<") return "an unknown key; merge keys are not supported";
	if (!isFilter && !isDataset && ["kind", "intervals"].includes(key)) return "not a key of the top level; write it in an entry of datasets";
	if (isDataset && [
		"version",
		"name",
		"datasets"
	].includes(key)) return "not a key of a dataset; write it at the top level";
	const keys = isFilter ? FILTER_KEYS : isDataset ? DATASET_KEYS : JOB_KEYS;
	const alias = isFilter ? void 0 : ALSO_CALLED[key.toLowerCase().replaceAll("_", "")];
	return `an unknown key${didYouMean(alias !== void 0 && keys.includes(alias) ? alias : closest(key, keys))}`;
}
// src/job/checks.ts
/**
* Rules across several keys of a job. They look at the data as written, so that they find problems even next to an
* invalid value; they skip what cannot be read, since that has its own finding.
*/
/** All problems between the keys of `root`. */
function checkJob(root, describe) {
	const entries = entriesOf$1(root);
	return [
		...checkMissing(entries),
		...checkFilters(root, entries),
		...entries.flatMap((entry) => [
			...checkIntervals(root, entry),
			...checkAccount(root, entry),
			...checkArchive(root, entry)
		]),
		...checkRanges(root, entries),
		...checkTwice(root, entries, describe),
		...checkSeries(root, entries, describe)
	];
}
function entriesOf$1(root) {
	const list = valueAt(root, ["datasets"]);
	if (!Array.isArray(list)) return [];
	return list.flatMap((item, index) => {
		if (!isMap$1(item)) return [];
		const path = ["datasets", index];
		const kind = DATASET_KINDS.find((name) => name === valueAt(item, ["kind"]));
		const pathOf = (key) => [[...path, key], [key]].find((candidate) => valueAt(root, candidate) !== void 0);
		const market = marketOf$1(valueAt(item, ["market"]) ?? valueAt(root, ["market"]));
		return [{
			path,
			dataset: kind && factsOf({
				market,
				kind
			}),
			pathOf
		}];
	});
}
/** The schema reports a value that is not a market. */
function marketOf$1(value) {
	return MARKET_NAMES.find((name) => name === value) ?? "spot";
}
/** `symbols` and `from` have no default; reported once when no dataset has them. */
function checkMissing(entries) {
	return ["symbols", "from"].flatMap((key) => {
		const without = entries.filter(({ pathOf }) => pathOf(key) === void 0);
		const example = key === "symbols" ? "symbols: [BTCUSDT]" : "from: 2024-01-01";
		if (without.length > 0 && without.length === entries.length) return [finding([key], `is missing; write e.g. ${example}`)];
		return without.map(({ path }) => finding([...path, key], `is missing; write e.g. ${example} here or at the top level`));
	});
}
function checkIntervals(root, { path, dataset }) {
	const intervals = [...path, "intervals"];
	const isGiven = valueAt(root, intervals) !== void 0;
	if (dataset === void 0 || dataset.hasInterval === isGiven) return [];
	const { kind } = dataset;
	return isGiven ? [{
		path: intervals,
		on: "key",
		message: `${kind} have no intervals; leave them out`
	}] : [finding(intervals, `is missing; ${kind} need e.g. intervals: [1m, 1h]`)];
}
/** A filter without a property selects everything, which is more often a mistake than intended. */
function checkFilters(root, entries) {
	return [["symbols"], ...entries.map(({ path }) => [...path, "symbols"])].flatMap((path) => {
		const filter = valueAt(root, path);
		if (!isMap$1(filter) || [
			"quote",
			"base",
			"status"
		].some((key) => Object.hasOwn(filter, key))) return [];
		return [finding(path, "a filter needs quote, base or status")];
	});
}
function isMap$1(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
function checkAccount(root, { path, dataset, pathOf }) {
	const symbols = valueAt(root, pathOf("symbols") ?? ["symbols"]);
	if (dataset?.security !== "signed" || !isMap$1(symbols)) return [];
	return [finding([...path, "kind"], `${dataset.kind} need a list of symbols, not a filter; write e.g. symbols: [BTCUSDT] here`)];
}
function checkArchive(root, { path, dataset, pathOf }) {
	const source = valueAt(root, pathOf("source") ?? ["source"]);
	if (dataset === void 0 || dataset.archive !== void 0 || source !== "archive") return [];
	const message = `${dataset.kind} are not published in the archive; write source: auto or rest here`;
	return [finding([...path, "kind"], message)];
}
/** Checks each range once, however many entries take it from the top level. */
function checkRanges(root, entries) {
	const found = entries.flatMap((entry) => checkRange(root, entry));
	return [...new Map(found.map((one) => [JSON.stringify([one.path, one.message]), one])).values()];
}
function checkRange(root, { pathOf }) {
	const [fromPath, toPath] = [pathOf("from"), pathOf("to")];
	if (fromPath === void 0 || toPath === void 0) return [];
	const [fromText, toText] = [valueAt(root, fromPath), valueAt(root, toPath)];
	if (typeof fromText !== "string" || typeof toText !== "string") return [];
	const [from, to] = [known(readFrom(fromText)), known(readTo(toText))];
	if (!(from?.kind === "at" && to?.kind === "at" && from.time >= to.time || from?.kind === "ago" && to?.kind === "ago" && from.micros <= to.micros)) return [];
	return toPath.length >= fromPath.length ? [finding(toPath, `${quoted(toText)} is not after from, ${quoted(fromText)}`)] : [finding(fromPath, `${quoted(fromText)} is not before to, ${quoted(toText)}`)];
}
/** No item occurs twice in a list of symbols or intervals. */
function checkTwice(root, entries, describe) {
	return [[], ...entries.map(({ path }) => path)].flatMap((holder) => [
		...twiceIn(root, [...holder, "symbols"], readSymbol$1, describe),
		...twiceIn(root, [
			...holder,
			"symbols",
			"exclude"
		], readSymbol$1, describe),
		...twiceIn(root, [...holder, "intervals"], readInterval$1, describe)
	]);
}
function twiceIn(root, path, read, describe) {
	const first = /* @__PURE__ */ new Map();
	return readItems(root, path, read).flatMap(({ value, path: at }) => {
		const earlier = first.get(value);
		if (earlier === void 0) {
			first.set(value, at);
			return [];
		}
		return [finding(at, `${quoted(value)} occurs twice; first ${describe(earlier)}`)];
	});
}
function readItems(root, path, read) {
	const list = valueAt(root, path);
	if (!Array.isArray(list)) return [];
	return list.flatMap((item, index) => {
		const value = typeof item === "string" ? known(read(item)) : void 0;
		return value === void 0 ? [] : [{
			value,
			path: [...path, index]
		}];
	});
}
/** No series is requested by two datasets: they could disagree about it. */
function checkSeries(root, entries, describe) {
	const owners = /* @__PURE__ */ new Map();
	return entries.flatMap(({ path, dataset, pathOf }) => {
		if (dataset === void 0) return [];
		const { kind, hasInterval } = dataset;
		const intervals = readItems(root, [...path, "intervals"], readInterval$1);
		const series = hasInterval ? [...new Set(intervals.map(({ value }) => value))] : [""];
		const symbols = selected(root, pathOf("symbols") ?? ["symbols"]);
		return series.flatMap((interval) => {
			const name = [kind, interval].join(" ").trim();
			const owned = owners.get(name) ?? /* @__PURE__ */ new Map();
			owners.set(name, owned);
			const shared = symbols.find((symbol) => owned.has(symbol));
			if (shared === void 0) for (const symbol of symbols) owned.set(symbol, path);
			const owner = shared === void 0 ? void 0 : owned.get(shared);
			if (shared === void 0 || owner === void 0) return [];
			return [finding(path, `${name} of ${shared.startsWith("{") ? "these symbols" : shared} is requested twice; first by ${`datasets[${owner.at(-1) ?? 0}] ${describe(owner)}`}`)];
		});
	});
}
/** The symbols of a selection; a filter counts as itself, since only a run knows what it selects. */
function selected(root, path) {
	const value = valueAt(root, path);
	if (Array.isArray(value)) {
		const symbols = readItems(root, path, readSymbol$1).map(({ value: symbol }) => symbol);
		return [...new Set(symbols)];
	}
	if (!isMap$1(value)) return [];
	const pairs = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
	return [JSON.stringify(Object.fromEntries(pairs))];
}
function known(reading) {
	return "value" in reading ? reading.value : void 0;
}
function finding(path, message) {
	return {
		path,
		on: "value",
		message
	};
}
// src/job/build.ts
/** Plain data → the settings of a job, or all of its problems. Shared by job files and flags. */
/** The value of a key that neither the dataset nor the top level has. */
const DEFAULTS = {
	to: { kind: "now" },
	source: "auto",
	numbers: "float64",
	compression: "zstd",
	settle: 60000000n,
	partition: void 0,
	market: DEFAULT_MARKET
};
/** Checks and merges; the findings are unordered. */
function settleJob(plain, describe) {
	const parsed = JOB_SCHEMA.safeParse(plain.value);
	const findings = [...parsed.success ? [] : explainIssues(parsed.error.issues, plain), ...checkJob(plain.value, describe)];
	if (findings.length > 0 || !parsed.success) return findings;
	const { name, datasets } = parsed.data;
	return {
		name,
		datasets: datasets.map((entry) => merge(entry, parsed.data))
	};
}
function merge(entry, top) {
	const symbols = entry.symbols ?? top.symbols;
	const from = entry.from ?? top.from;
	if (symbols === void 0 || from === void 0) throw new TypeError("a dataset without range");
	return {
		kind: entry.kind,
		intervals: entry.intervals ?? [],
		symbols,
		from,
		to: entry.to ?? top.to ?? DEFAULTS.to,
		source: entry.source ?? top.source ?? DEFAULTS.source,
		numbers: entry.numbers ?? top.numbers ?? DEFAULTS.numbers,
		compression: entry.compression ?? top.compression ?? DEFAULTS.compression,
		settle: entry.settle ?? top.settle ?? DEFAULTS.settle,
		partition: entry.partition ?? top.partition ?? DEFAULTS.partition,
		market: entry.market ?? top.market ?? DEFAULTS.market
	};
}
// src/job/document.ts
/**
* Reads YAML text into plain data, with the position of each key and value. Accepts only the plain part of YAML 1.2: no
* tags, no merge keys, one document, few aliases. Knows nothing about jobs.
*/
/** Largest text that is read, in bytes of UTF-8. */
const TEXT_BYTES_MAX = 262144;
/** Most uses of aliases, including those inside what an alias stands for. */
const ALIASES_MAX = 16;
const VALUES_MAX = 3e4;
const DEPTH_MAX = 20;
const ERRORS_MAX = 20;
const LEXEMES_MAX = 2 * VALUES_MAX;
/** Reads `text`; never throws, whatever it contains. */
function readDocument(text) {
	const lines = countLines(text);
	const composed = refuseText(text) ?? compose(text);
	if (Array.isArray(composed)) return plainDocument(text, {
		lines,
		flaws: composed
	});
	const walk = {
		lines,
		document: composed,
		flaws: [],
		values: /* @__PURE__ */ new Map(),
		keys: /* @__PURE__ */ new Map(),
		written: /* @__PURE__ */ new Map(),
		aliases: 0,
		count: 0
	};
	const root = walk.document.contents;
	const value = root === null ? null : toPlain(root, [], walk);
	return plainDocument(text, walk, walk.aliases > ALIASES_MAX || walk.count > VALUES_MAX ? void 0 : value);
}
function plainDocument(text, found, value) {
	const { lines, flaws, values, keys, written } = found;
	const valueOffset = (path) => {
		for (let length = path.length; length >= 0; length--) {
			const offset = values?.get(idOf(path.slice(0, length)));
			if (offset !== void 0) return offset;
		}
		return 0;
	};
	return {
		value,
		flaws,
		valueOffset,
		keyOffset: (path) => keys?.get(idOf(path)) ?? valueOffset(path),
		written: (path) => written?.get(idOf(path)),
		lineAndColumn(offset) {
			const { line, col } = lines.linePos(Math.min(offset, text.length));
			return {
				line,
				column: line === 1 && col > 1 && text.startsWith("﻿") ? col - 1 : col
			};
		}
	};
}
function idOf(path) {
	return JSON.stringify(path);
}
function countLines(text) {
	const lines = new LineCounter();
	lines.addNewLine(0);
	if (text.length > TEXT_BYTES_MAX) return lines;
	for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
	return lines;
}
const UNREADABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd\ufffe\uffff]|\p{Cs}/u;
function refuseText(text) {
	if (text.length > TEXT_BYTES_MAX || Buffer.byteLength(text) > TEXT_BYTES_MAX) return [{
		offset: 0,
		path: [],
		message: "the file is larger than 256 KiB"
	}];
	const { index: offset, 0: character = "" } = UNREADABLE.exec(text) ?? {};
	if (offset === void 0) return void 0;
	return [{
		offset,
		path: [],
		message: character === "�" ? "the file is not valid UTF-8" : `${quoted(character)} is a character that YAML does not allow`
	}];
}
function compose(text) {
	const tokens = shallowTokens(text);
	if (!("tokens" in tokens)) return [tokens];
	const composer = new Composer({
		version: "1.2",
		schema: "core",
		merge: false,
		uniqueKeys: false,
		strict: true,
		prettyErrors: false,
		logLevel: "silent"
	});
	const syntax = collectErrors(composer);
	const [first, second] = composedOf(composer, tokens.tokens, text.length);
	for (const { pos, message } of first?.errors ?? []) syntax.push(notYaml(pos[0], message));
	if (syntax.length > 0) return syntax;
	if (first === void 0) return [{
		offset: 0,
		path: [],
		message: "the file is empty"
	}];
	if (second === void 0) return first;
	return [{
		offset: second.range[0],
		path: [],
		message: "a second document; a job file has only one"
	}];
}
/** Stops the composer, which offers no other way. */
var EnoughErrors = class extends Error {};
/**
* Collects the syntax errors of what is composed from now on, but only the first ones: the composer itself keeps an
* error with its stack for each bad character, which fills the heap of a small machine. It reads this member at each
* document.
*/
function collectErrors(composer) {
	const flaws = [];
	const onError = (source, _, message, isWarning) => {
		if (isWarning === true) return;
		const offset = typeof source === "number" ? source : "offset" in source ? source.offset : source[0];
		flaws.push(notYaml(offset, message));
		if (flaws.length > ERRORS_MAX) throw new EnoughErrors();
	};
	composer["onError"] = onError;
	return flaws;
}
function notYaml(offset, message) {
	return {
		offset,
		path: [],
		message: `not YAML: ${quoteText(firstLine(message))}`
	};
}
function composedOf(composer, tokens, end) {
	try {
		return [...composer.compose(tokens, true, end)];
	} catch (error) {
		if (error instanceof EnoughErrors) return [];
		throw error;
	}
}
function firstLine(message) {
	return message.split("\n", 1)[0] ?? "";
}
/** What the lexer puts before a text or number. */
const SCALAR_MARK = "";
/** The tokens of `text`, as far as they are useful, or the position where it is nested too deeply. */
function shallowTokens(text) {
	const parser = new Parser();
	const tokens = [];
	let errors = 0;
	let lexemes = 0;
	for (const lexeme of new Lexer().lex(text)) {
		if (lexeme !== SCALAR_MARK && lexeme.trim() !== "") lexemes++;
		if (lexemes > LEXEMES_MAX) {
			const message = `more than ${LEXEMES_MAX} tokens`;
			return {
				offset: parser.offset,
				path: [],
				message
			};
		}
		for (const token of parser.next(lexeme)) {
			tokens.push(token);
			if (token.type === "error") errors++;
		}
		if (parser.stack.length > DEPTH_MAX) return {
			offset: parser.offset,
			path: [],
			message: "nested too deeply for a job"
		};
		if (errors > ERRORS_MAX) return { tokens };
	}
	tokens.push(...parser.end());
	return { tokens };
}
/** The data of `node`; anything not allowed becomes a flaw and null. */
function toPlain(node, path, walk) {
	const [offset] = node.range;
	walk.count += 1;
	if (walk.count > VALUES_MAX) {
		if (walk.count === 30001) walk.flaws.push({
			offset,
			path,
			message: `more than ${VALUES_MAX} values`
		});
		return null;
	}
	const id = idOf(path);
	if (!walk.values.has(id)) walk.values.set(id, offset);
	if (node.tag !== void 0) {
		const message = `the tag ${quoted(node.tag)} is not allowed; write plain values`;
		walk.flaws.push({
			offset,
			path,
			message
		});
	}
	if (isAlias(node)) return followAlias(node, path, walk);
	if (isMap(node)) return toObject(node, path, walk);
	if (isSeq(node)) return node.items.map((item, index) => toPlain(item, [...path, index], walk));
	if (typeof node.value !== "string") walk.written.set(id, node.source);
	return node.value;
}
function followAlias(alias, path, walk) {
	const offset = alias.range?.[0] ?? 0;
	walk.aliases += 1;
	if (walk.aliases > ALIASES_MAX) {
		if (walk.aliases === 17) walk.flaws.push({
			offset,
			path,
			message: `more than ${ALIASES_MAX} aliases`
		});
		return null;
	}
	const target = alias.resolve(walk.document);
	if (target !== void 0) return toPlain(target, path, walk);
	const message = `the alias ${quoted(`*${alias.source}`)} has no anchor before it`;
	walk.flaws.push({
		offset,
		path,
		message
	});
	return null;
}
const UNSAFE_KEYS = [
	"__proto__",
	"constructor",
	"prototype"
];
function toObject(map, path, walk) {
	const object = Object.create(null);
	const first = /* @__PURE__ */ new Map();
	for (const { key, value } of map.items) {
		const offset = key?.range[0] ?? map.range?.[0] ?? 0;
		const name = isScalar(key) ? keyText(key) : void 0;
		if (name === void 0 || UNSAFE_KEYS.includes(name) || key?.tag !== void 0) {
			const message = `${name === void 0 ? "this" : quoted(name)} is not allowed as a key`;
			walk.flaws.push({
				offset,
				path,
				message
			});
			continue;
		}
		const keyPath = [...path, name];
		const earlier = first.get(name);
		if (earlier !== void 0) {
			const { line } = walk.lines.linePos(earlier);
			walk.flaws.push({
				offset,
				path: keyPath,
				message: `a duplicate key; first on line ${line}`
			});
			continue;
		}
		first.set(name, offset);
		const id = idOf(keyPath);
		walk.keys.set(id, offset);
		object[name] = value === null ? null : toPlain(value, keyPath, walk);
	}
	return object;
}
function keyText(key) {
	return typeof key.value === "string" ? key.value : key.source;
}
// src/job/flags.ts
/** A job from the flags of `run`, with the same rules as a job file; problems name the flag. */
/**
* Makes the job for `run --dataset klines --symbol BTCUSDT --interval 1h --from 2024-01-01`.
*
* @throws UsageError `E_USAGE` with every problem, one per line, each naming its flag.
*/
function jobFromFlags(flags) {
	const { dataset, symbol, interval, ...rest } = flags;
	const value = given({
		...rest,
		version: 1,
		symbols: symbol,
		datasets: [given({
			kind: dataset,
			intervals: interval
		})]
	});
	const written = () => void 0;
	const settled = settleJob({
		value,
		written
	}, (path) => `as ${flagOf(path)} ${text$1(value, path)}`);
	if ("datasets" in settled) return {
		name: "command-line",
		file: "command line",
		datasets: settled.datasets
	};
	throw new UsageError(settled.map(explain$1).join("\n"), { hint: "Fix the flags; `binance-backfill run --help` has examples." });
}
function given(flags) {
	const isGiven = (value) => Array.isArray(value) ? value.length > 0 : value !== void 0;
	return Object.fromEntries(Object.entries(flags).filter(([, value]) => isGiven(value)));
}
function text$1(value, path) {
	return quoted(String(valueAt(value, path)));
}
const FLAGS = {
	symbols: "symbol",
	intervals: "interval",
	kind: "dataset"
};
function flagOf(path) {
	const key = path.findLast((step) => typeof step === "string") ?? "";
	return `--${FLAGS[key] ?? key}`;
}
function explain$1({ path, message }) {
	if (message.startsWith("is missing")) return `${flagOf(path)}: is missing`;
	return `${flagOf(path)}: ${message}`;
}
// src/job/parse.ts
/** The entry to the job room: from the text of a job file, or flags, to a {@link Job}. */
/** Problems beyond this many are counted, not listed. */
const PROBLEMS_MAX = 100;
/**
* Reads a job file.
*
* @param text - YAML 1.2, decoded from UTF-8, at most 256 KiB; no tags, merge keys or further documents.
* @param file - the file's path, for messages; without directory and extension, it is the default name.
* @throws JobError `E_JOB_INVALID` with every problem (at most 100, then their number), in the order of the file.
*/
function parseJob(text, file) {
	const document = readDocument(text);
	const refuse = (flaws) => jobError(flaws, document, file);
	if (document.value === void 0) throw refuse(document.flaws);
	const { value } = document;
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse([...document.flaws, notAMap(document)]);
	const line = (path) => document.lineAndColumn(document.valueOffset(path)).line;
	const settled = settleJob(document, (path) => `on line ${line(path)}`);
	const findings = "datasets" in settled ? [] : settled;
	const flawed = new Set(document.flaws.map(({ offset }) => offset));
	const located = findings.map((finding) => locate(finding, document));
	const flaws = [...document.flaws, ...located.filter(({ offset }) => !flawed.has(offset))];
	if (flaws.length > 0 || !("datasets" in settled)) throw refuse(flaws);
	return {
		name: settled.name ?? nameOf$1(file),
		file,
		datasets: settled.datasets
	};
}
function notAMap({ value, valueOffset }) {
	const message = value === null ? "the file is empty; a job begins with version: 1" : `expected a map with version and datasets, found ${Array.isArray(value) ? "a list" : "plain text"}`;
	return {
		offset: valueOffset([]),
		path: [],
		message
	};
}
function locate({ path, on, message }, document) {
	return {
		offset: on === "key" ? document.keyOffset(path) : document.valueOffset(path),
		path,
		message
	};
}
function jobError(flaws, document, file) {
	const sorted = [...flaws].sort((a, b) => a.offset - b.offset);
	const listed = sorted.slice(0, PROBLEMS_MAX);
	const next = sorted[PROBLEMS_MAX];
	const more = `and ${sorted.length - PROBLEMS_MAX} more problems from here on`;
	return new JobError((next === void 0 ? listed : [...listed, {
		...next,
		path: [],
		message: more
	}]).map(({ offset, path, message }) => {
		const place = document.lineAndColumn(offset);
		return {
			file: quoteText(file),
			...place,
			path: pathText(path),
			message
		};
	}));
}
/** `datasets[0].intervals[1]`; keys that are not plain words are quoted. */
function pathText(path) {
	return path.map((step) => {
		if (typeof step === "number") return `[${step}]`;
		return /^[A-Za-z_][\w-]{0,60}$/.test(step) ? `.${step}` : `[${quoted(step)}]`;
	}).join("").replace(/^\./, "");
}
function nameOf$1(file) {
	return file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1).replace(/\.ya?ml$/i, "").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+|[.-]+$/g, "").slice(0, 64).replace(/\.+$/, "") || "job";
}
// src/node/signals.ts
/** The user's wish to stop. */
const SIGNALS = [
	"SIGHUP",
	"SIGINT",
	"SIGTERM"
];
/**
* Listens for SIGHUP, SIGINT and SIGTERM. The first aborts `signal` with a StoppedError, so that what is whole can be
* committed; a second SIGINT or SIGTERM ends the process at once with 130 or 143.
*
* A hangup is never impatience: a terminal that closes sends it more than once (the kernel, then the shell), and a
* session that ends sends SIGTERM right beside it.
*/
function stopOnSignals() {
	const controller = new AbortController();
	let isAsked = false;
	const stop = (name) => {
		const stopped = new StoppedError(name);
		controller.abort(stopped);
		if (name === "SIGHUP") return;
		if (isAsked) process.exit(stopped.exit);
		isAsked = true;
	};
	for (const name of SIGNALS) process.on(name, stop);
	return {
		signal: controller.signal,
		dispose: () => {
			for (const name of SIGNALS) process.off(name, stop);
		}
	};
}
// src/store/origin.ts
const ORIGIN_PATH = "_origin.json";
const ORIGIN_BYTES_MAX = 1024;
/** Whose rows a lake holds; `undefined` when it holds none and is not marked either. */
async function readOrigin(files) {
	const entries = await files.list("");
	const marked = entries.some(({ name, kind }) => name === ORIGIN_PATH && kind === "file") ? await markedOrigin(files) : void 0;
	const hasRows = entries.some(({ name }) => MARKET_NAMES.some((market) => market === name));
	return marked ?? (hasRows ? "binance" : void 0);
}
async function markedOrigin(files) {
	if ((await files.size(ORIGIN_PATH) ?? 0) > ORIGIN_BYTES_MAX) return void 0;
	const text = new TextDecoder().decode((await files.read(ORIGIN_PATH))?.bytes);
	return /"origin"\s*:\s*"(binance|simulator)"/.exec(text)?.[1];
}
/** Writes down whose rows a lake will hold. To be done before the first row is stored. */
async function writeOrigin(files, origin) {
	if (await readOrigin(files) === origin) return;
	await files.remove(ORIGIN_PATH);
	const text = `${JSON.stringify({ origin })}\n`;
	await files.replace(ORIGIN_PATH, new TextEncoder().encode(text), "absent");
}
// src/query/origin.ts
/** Whose rows the lake holds; `undefined` when it holds none and is not marked either. */
async function lakeOrigin(options = {}) {
	return readOrigin(filesOf(options));
}
/**
* Marks the lake, which is made when it is not there, with whose rows it will hold. Call before the first row is
* stored.
*
* @throws UsageError when the directory cannot be used as it is.
*/
async function markLakeOrigin(origin, options = {}) {
	await usable(options.dataDir ?? "data", () => writeOrigin(filesOf(options), origin));
}
function filesOf({ world, dataDir }) {
	return world?.files ?? nodeFiles(dataDir ?? "data");
}
// src/query/read-query.ts
/** What a reader asks of the lake, checked against what the lake holds. */
/** Wider than any history. */
const EARLIEST = micros(-(2n ** 62n));
const LATEST$1 = micros(2n ** 62n);
/**
* Finds the series that a query names.
*
* @throws UsageError for a dataset, series, column or moment that cannot be, or that the lake does not have.
*/
async function openQuery(query) {
	const key = keyOf$1(query);
	const window = windowOf(query);
	const columns = columnsOf$1(query);
	const files = query.world?.files ?? nodeFiles(query.dataDir ?? "data");
	await checkLake(files);
	const manifest = await readManifest(files, key);
	if (manifest === void 0) throw await unknownSeries(files, key);
	return {
		files,
		manifest,
		window,
		columns
	};
}
function keyOf$1({ dataset, symbol, interval, account }) {
	if (!Object.hasOwn(DATASETS, dataset)) throw new UsageError(`no such dataset: ${quoteText(dataset)}`, { hint: `The datasets are ${Object.keys(DATASETS).join(", ")}.` });
	const parsed = interval === void 0 ? void 0 : parseInterval(interval);
	if (interval !== void 0 && parsed === void 0) throw new UsageError(`no such interval: ${quoteText(interval)}`);
	const key = {
		market: DEFAULT_MARKET,
		dataset,
		symbol: symbol.normalize("NFC"),
		...parsed === void 0 ? {} : { interval: parsed },
		...account === void 0 ? {} : { account: account.normalize("NFC") }
	};
	asked(() => seriesPath(key));
	return key;
}
function windowOf({ from, to }) {
	const window = {
		from: momentOf(from) ?? EARLIEST,
		to: momentOf(to) ?? LATEST$1
	};
	if (window.from < window.to) return window;
	throw new UsageError("`from` is not before `to`");
}
function momentOf(moment) {
	return typeof moment === "string" ? asked(() => parseMicros(moment)) : moment;
}
function columnsOf$1({ dataset, columns }) {
	const names = DATASETS[dataset].columns.map(({ name }) => name);
	const unknown = columns?.find((name) => !names.includes(name));
	if (unknown === void 0 && columns?.length !== 0) return [...new Set(columns ?? names)];
	throw new UsageError(`${dataset} has no column ${quoteText(unknown ?? "")}`, { hint: `Its columns are ${names.join(", ")}.` });
}
/** Runs `work` on what the caller gave; a value that cannot be is the caller's to mend. */
function asked(work) {
	try {
		return work();
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		throw new UsageError(quoteText(error.message), { cause: error });
	}
}
/** Series named in the hint at most. */
const NAMED_MAX = 8;
async function unknownSeries(files, key) {
	const all = await listSeries(files);
	if (all.length === 0) return new UsageError("the lake holds no series", { hint: "Name the right --data-dir, or run a job first." });
	const near = all.filter(({ symbol, dataset }) => symbol === key.symbol || dataset === key.dataset);
	const named = (near.length === 0 ? all : near).slice(0, NAMED_MAX).map(seriesName);
	const more = all.length > named.length ? ", ..." : "";
	return new UsageError(`the lake has no ${quoteText(seriesName(key))}`, { hint: quoteText(`It has ${named.join(", ")}${more}.`) });
}
// src/query/read.ts
/** Reads a series of the lake as Apache Arrow, one row group at a time, and tells what it covers. Never writes. */
/**
* Reads the rows of one series in the order of their keys, one batch for each row group that holds any.
*
* Only partitions and row groups that reach into `[from, to)` are opened, only the named columns are decoded, and one
* row group is in memory at a time. Numbers are as the series stores them: Float64, Decimal or Utf8. Safe beside a
* run: each file is read whole as it was when it was opened.
*
* @throws UsageError for a series, column or moment that the lake does not have.
* @throws DamageError, naming it, for a file that the manifest names and that is gone, another one, or cannot be read.
*/
async function* readSeries(query) {
	const series = await openQuery(query);
	for (const period of periodsIn(series)) {
		query.signal?.throwIfAborted();
		yield* readPartition(series, period, query.signal);
	}
}
/** Reads the rows of one series into one Arrow table, which holds all of them in memory; see {@link readSeries}. */
async function readTable(query) {
	const { manifest, columns } = await openQuery(query);
	const batches = [];
	for await (const batch of readSeries(query)) batches.push(batch);
	if (batches.length > 0) return new Table(batches);
	const { fields } = schemaOf$1(datasetOf(manifest.key), manifest.numbers);
	return new Table(new Schema(columns.flatMap((name) => fields.filter((one) => one.name === name))));
}
/**
* What was asked for and answered in full, within `[from, to)`: in order, disjoint, not touching. The rows of a file that
* is gone are not covered.
*/
async function coverage(query) {
	const { manifest, window } = await openPresent(query);
	return clip(manifest.coverage, window);
}
/** The stretches without rows within `[from, to)`, with the reason of each, oldest first. */
async function gaps(query) {
	const { manifest, window } = await openPresent(query);
	return clipGaps(manifest.gaps, window);
}
/** A query whose series is there, without what the manifest says of files that are gone. @throws DamageError */
async function openPresent(query) {
	const series = await openQuery(query);
	const { present } = await lookAtSeries(series.files, series.manifest.key);
	return {
		...series,
		manifest: present ?? series.manifest
	};
}
/** The periods that reach into the window, oldest first. */
function periodsIn({ manifest, window }) {
	return [...manifest.partitions.keys()].filter((period) => clip([window], periodWindow(period)).length > 0).sort();
}
async function* readPartition({ files, manifest, window, columns }, period, signal) {
	const path = partitionPath(manifest.key, period);
	const file = await files.open(path);
	if (file === void 0) throw lostFile(path);
	try {
		if (file.sizeBytes !== manifest.partitions.get(period)?.bytes) await lookAtSeries(files, manifest.key);
		const footer = await reading(path, () => readFooter(file));
		const dataset = datasetOf(manifest.key);
		for (const index of footer.rowGroups.keys()) {
			signal?.throwIfAborted();
			const place = placeOf(footer, index, dataset, window);
			if (place === "outside") continue;
			const names = place === "inside" ? columns : withTime(columns, dataset);
			const batch = await reading(path, () => readRowGroup(file, footer, index, names));
			if (place === "inside") yield batch;
			else yield* clipped(batch, {
				dataset,
				window,
				columns
			});
		}
	} finally {
		await file.close();
	}
}
/** Does a row group lie in the window as a whole, in part, or not at all? By its bounds, without reading a row. */
function placeOf(footer, index, { time }, window) {
	const { min, max } = columnBounds(footer, index, time) ?? {};
	if (typeof min !== "bigint" || typeof max !== "bigint") return "across";
	if (max < window.from || min >= window.to) return "outside";
	return min >= window.from && max < window.to ? "inside" : "across";
}
function withTime(columns, { time }) {
	return columns.includes(time) ? columns : [...columns, time];
}
/** The rows of a group whose time lies in the window. Trades are in the order of their ids, so these may be several runs. */
function* clipped(batch, { dataset, window, columns }) {
	const names = withTime(columns, dataset);
	const times = batch.data.children[names.indexOf(dataset.time)]?.values;
	const wanted = names === columns ? batch : batch.select([...columns]);
	for (const [begin, end] of runsIn(times.subarray(0, batch.numRows), window)) yield wanted.slice(begin, end);
}
function* runsIn(times, { from, to }) {
	let begin = -1;
	for (let row = 0; row < times.length; row++) {
		const time = times[row] ?? 0n;
		const isInside = time >= from && time < to;
		if (isInside && begin < 0) begin = row;
		if (isInside || begin < 0) continue;
		yield [begin, row];
		begin = -1;
	}
	if (begin >= 0) yield [begin, times.length];
}
// src/node/text-file.ts
/** Text files outside of the lake: reports and metrics. Whoever reads one sees the old file or the new, whole. */
/**
* Replaces the file at `path` by `text`, by rename.
*
* @throws UsageError when it cannot be written there; nothing is left behind.
*/
async function replaceText(path, text) {
	const absolute = resolve(path);
	const unique = randomBytes(4).toString("hex");
	const temp = join(dirname(absolute), `.${basename(absolute)}.${unique}.tmp`);
	try {
		await writeFile(temp, text, { flag: "wx" });
		await rename(temp, absolute);
	} catch (error) {
		await rm(temp, { force: true }).catch(() => void 0);
		throw new UsageError(`${quoteText(path)} cannot be written (${systemCode(error) ?? "unknown error"})`, {
			cause: error,
			hint: "Name a file in a directory that is there and can be written."
		});
	}
}
/** The text at `path`; `undefined` when it cannot be read. */
async function readTextFile(path) {
	return readFile(path, "utf8").catch(() => void 0);
}
// src/report/budget.ts
const LISTED_TOTAL = 8e3;
const LISTED_MIN = 5;
const LISTED_MAX = 500;
const CANDLES_TOTAL = 45e3;
const CANDLES_MAX = 1500;
/** Newest rows of a series that are read for its candles when no window is named. */
const ROWS_MAX = 5e4;
/** The share of one of `series` series, of which `charts` have candles. */
function budgetOf(series, charts) {
	const share = Math.floor(LISTED_TOTAL / Math.max(1, series));
	return {
		listed: Math.min(LISTED_MAX, Math.max(LISTED_MIN, share)),
		candles: Math.min(CANDLES_MAX, Math.floor(CANDLES_TOTAL / Math.max(1, charts)))
	};
}
// src/report/candles.ts
/** The columns that candles are made of; {@link CandleBuckets.add} takes batches of exactly these, in this order. */
const CANDLE_COLUMNS = [
	"open_time",
	"open",
	"high",
	"low",
	"close",
	"volume"
];
const MINUTE$1 = 60000000n;
const HOUR$1 = 60n * MINUTE$1;
const DAY$6 = 24n * HOUR$1;
const STEPS = [
	1000000n,
	5000000n,
	15000000n,
	MINUTE$1,
	5n * MINUTE$1,
	10n * MINUTE$1,
	15n * MINUTE$1,
	30n * MINUTE$1,
	HOUR$1,
	2n * HOUR$1,
	4n * HOUR$1,
	8n * HOUR$1,
	12n * HOUR$1,
	DAY$6,
	2n * DAY$6,
	7n * DAY$6,
	28n * DAY$6
];
/** The shortest bucket, not shorter than the interval, of which `window` has at most `max`; the interval's own from 3d on. */
function bucketStep(interval, window, max) {
	const own = intervalStep(interval);
	const isFew = (step) => Number((window.to - window.from) / step) < max;
	if (own >= 3n * DAY$6 || isFew(own)) return own;
	return STEPS.find((step) => step > own && step % own === 0n && isFew(step)) ?? 28n * DAY$6;
}
/** The newest part of `[from, to)` that has at most `rows` rows of the interval. */
function newest({ from, to }, interval, rows) {
	const start = to - BigInt(rows) * intervalStep(interval);
	return {
		from: start > from ? micros(start) : from,
		to
	};
}
/** Significant digits of what is drawn. */
const DIGITS = 7;
/** Puts rows together as they come, oldest first. */
var CandleBuckets = class {
	#step;
	/** Does each row stand for itself? Then its own time holds, on the grid or not. */
	#isSingle;
	#buckets = [];
	#rows = 0;
	constructor(interval, step) {
		this.#step = step;
		this.#isSingle = step === intervalStep(interval);
	}
	/** Takes rows of {@link CANDLE_COLUMNS}. */
	add(batch) {
		const times = batch.getChildAt(0)?.toArray();
		const [open, high, low, close, volume] = [
			1,
			2,
			3,
			4,
			5
		].map((index) => numbers(batch.getChildAt(index)));
		for (let row = 0; row < batch.numRows; row++) {
			const bucket = this.#at(micros(times[row] ?? 0n), open(row));
			bucket.high = Math.max(bucket.high, high(row));
			bucket.low = Math.min(bucket.low, low(row));
			bucket.close = close(row);
			bucket.volume += volume(row);
		}
		this.#rows += batch.numRows;
	}
	#at(open, price) {
		const time = this.#isSingle ? open : floorDiv(open, this.#step) * this.#step;
		const last = this.#buckets.at(-1);
		if (last?.time === time) return last;
		const next = {
			time,
			open: price,
			high: price,
			low: price,
			close: price,
			volume: 0
		};
		this.#buckets.push(next);
		return next;
	}
	/** What was put together; `undefined` when there were no rows. */
	finish() {
		const [first] = this.#buckets;
		if (first === void 0) return void 0;
		const column = (of) => this.#buckets.map((bucket) => Number(of(bucket).toPrecision(DIGITS)));
		return {
			step: Number(this.#step / 1000000n),
			rows: this.#rows,
			first: seconds(first),
			apart: runsOf(this.#buckets.map(seconds)),
			open: column(({ open }) => open),
			high: column(({ high }) => high),
			low: column(({ low }) => low),
			close: column(({ close }) => close),
			volume: column(({ volume }) => volume)
		};
	}
};
function seconds({ time }) {
	return Number(time) / 1e6;
}
/** The distances of ascending moments, in runs. */
function runsOf(times) {
	const runs = [];
	for (let index = 1; index < times.length; index++) {
		const apart = (times[index] ?? 0) - (times[index - 1] ?? 0);
		const last = runs.at(-1);
		if (last?.[0] === apart) last[1] += 1;
		else runs.push([apart, 1]);
	}
	return runs;
}
const SCALE$2 = 1e8;
/** Reads a number column of any of the three kinds as doubles, which is exact enough to draw. */
function numbers(vector) {
	const array = vector?.toArray();
	if (array instanceof Float64Array) return (row) => array[row] ?? NaN;
	return (row) => {
		const value = vector?.get(row);
		if (value instanceof Uint32Array) return wide(value) / SCALE$2;
		return Number(value);
	};
}
function wide(words) {
	return words.reduceRight((sum, word) => sum * 2 ** 32 + word, 0);
}
// src/report/days.ts
/** A series day by day: one letter for each UTC day, in runs, and the same squeezed into the columns of a strip. */
const DAY$5 = 86400000000n;
/** Later ones are painted over earlier ones, and win when days are squeezed into one column. */
const BY_WEIGHT = [
	"-",
	"b",
	"a",
	"c",
	"r",
	"o",
	"e",
	"n",
	"u",
	"p",
	"m"
];
const OF_REASON = {
	outage: "o",
	"before-listing": "b",
	"after-delisting": "a",
	"unavailable-from-rest": "u",
	"not-published": "n",
	unconfirmed: "e"
};
/** Paints the days of a series; `undefined` when nothing is covered, missing or known to be a gap. */
function dayRow({ covered, missing, gaps, revised }) {
	const spans = [...covered, ...missing].flatMap((window) => withoutEmptyEnds(window, gaps)).map(daysOf);
	if (spans.length === 0) return void 0;
	const first = Math.min(...spans.map(([from]) => from));
	const end = Math.max(...spans.map(([, to]) => to));
	const states = Array.from({ length: end - first }, () => "-");
	const paint = (window, state) => {
		const [from, to] = daysOf(window);
		for (let day = Math.max(from, first); day < Math.min(to, end); day++) states[day - first] = state(day) ?? states[day - first] ?? "-";
	};
	for (const window of covered) paint(window, () => "c");
	for (const time of revised) paint({
		from: time,
		to: micros(time + 1n)
	}, () => "r");
	for (const window of missing) paint(window, (day) => isWhole(window, day) ? "m" : "p");
	for (const gap of gaps) paint(gap, (day) => gapState(gap, states[day - first]));
	return {
		first,
		states
	};
}
/** A gap that is missing explains the missing day; one that is known does not hide that more is missing. */
function gapState({ reason }, before) {
	return (before === "m" || before === "p") !== isKnown({ reason }) ? OF_REASON[reason] : void 0;
}
/** `window` without what lies before a listing at its beginning and after a delisting at its end. */
function withoutEmptyEnds(window, gaps) {
	let { from, to } = window;
	for (const gap of gaps) {
		if (gap.reason === "before-listing" && gap.from <= from && gap.to > from) from = gap.to;
		if (gap.reason === "after-delisting" && gap.to >= to && gap.from < to) to = gap.from;
	}
	return from < to ? [{
		from,
		to
	}] : [];
}
function daysOf({ from, to }) {
	return [Number(floorDiv(from, DAY$5)), Number(floorDiv(to - 1n, DAY$5)) + 1];
}
function isWhole({ from, to }, day) {
	return from <= BigInt(day) * DAY$5 && to >= BigInt(day + 1) * DAY$5;
}
/** Writes the days down in runs. */
function daysText({ first, states }) {
	let runs = "";
	for (let at = 0; at < states.length;) {
		let end = at + 1;
		while (end < states.length && states[end] === states[at]) end++;
		runs += `${states[at] ?? "-"}${end - at}`;
		at = end;
	}
	return {
		first: dayName(first),
		runs
	};
}
/** `YYYY-MM-DD` of a day number. */
function dayName(day) {
	return formatMicros(micros(BigInt(day) * DAY$5)).slice(0, 10);
}
/**
* The days `[first, first + count)` in `columns` equal columns at most; the heaviest state of a column's days wins, so
* that a missing day is seen however narrow the strip is.
*/
function stripStates(row, { first, count, columns }) {
	const width = Math.min(columns, count);
	return Array.from({ length: width }, (_, column) => {
		const from = first + Math.floor(column * count / width);
		const to = Math.max(from + 1, first + Math.floor((column + 1) * count / width));
		let heaviest = 0;
		for (let day = from; day < to; day++) heaviest = Math.max(heaviest, BY_WEIGHT.indexOf(row.states[day - row.first] ?? "-"));
		return BY_WEIGHT[heaviest] ?? "-";
	});
}
// src/report/facts.ts
/** From the status and the manifest of a series to what the page says of it. */
/** The key of a series, without what a status says beside it. */
function keyOf(one) {
	const { market, dataset, symbol, interval, account } = one;
	const optional = Object.entries({
		interval,
		account
	}).filter(([, value]) => value !== void 0);
	return {
		market,
		dataset,
		symbol,
		...Object.fromEntries(optional)
	};
}
/** What the days of a series are painted from. */
function dayFacts({ covered, missing, gaps, revisions }) {
	return {
		covered: covered.map(parseWindow),
		missing: missing.map(parseWindow),
		gaps: gaps.map((gap) => ({
			...parseWindow(gap),
			reason: gap.reason
		})),
		revised: revisions.map(({ time }) => parseMicros(time))
	};
}
/** A series as the page has it, but for its days and candles; of each list the first `listedMax`. */
function seriesFacts(one, entries, listedMax) {
	const { covered, missing, gaps, revisions } = one;
	const listed = (list) => list.slice(0, listedMax);
	const windows = (list) => listed(list).map(({ from, to }) => ({
		from: brief(from),
		to: brief(to)
	}));
	return {
		name: quoteText(seriesName(keyOf(one))),
		dataset: one.dataset,
		standing: standingOf(one),
		verdict: quoteText(one.verdict),
		rows: one.rows,
		files: one.partitions,
		bytes: one.bytes,
		sources: countSources(entries),
		covered: windows(covered),
		coveredCount: covered.length,
		missing: windows(missing),
		missingCount: missing.length,
		gaps: listed(gaps).map(({ from, to, reason }) => ({
			from: brief(from),
			to: brief(to),
			reason
		})),
		gapCount: gaps.length,
		revisions: listed(revisions).map((revision) => ({
			time: revision.time,
			key: revision.key,
			changes: changesText(revision.old, revision.new)
		})),
		revisionCount: revisions.length
	};
}
/** ISO 8601 without seconds where these are zero, since the page holds many. */
function brief(iso) {
	return iso.replace(/(:00)?\.000000Z$/, "Z");
}
/** By its verdict, so that the page cannot say one thing in a colour and another in words. */
function standingOf({ verdict }) {
	if (verdict === "complete") return "complete";
	return verdict.startsWith("complete with ") ? "gaps" : "incomplete";
}
function countSources(entries) {
	const counts = /* @__PURE__ */ new Map();
	for (const { sources } of entries) for (const source of sources) counts.set(source, (counts.get(source) ?? 0) + 1);
	return Object.fromEntries([...counts].sort(([a], [b]) => a < b ? -1 : 1));
}
function changesText(old, now) {
	return quoteText(Object.keys({
		...old,
		...now
	}).filter((name) => old[name] !== now[name]).map((name) => `${name} ${old[name] ?? "-"} to ${now[name] ?? "-"}`).join(", "));
}
// src/report/text.ts
/** Text on its way into the page. Whatever comes from outside passes here; nothing else may put it there. */
const ENTITIES = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	"\"": "&quot;",
	"'": "&#39;"
};
/** `text` for HTML, in an element or a quoted attribute; characters that hide or reorder are written out. */
function html(text) {
	return quoteText(text, 2e3).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
}
/** A value as JSON for a `<script>` element that is not run: no `<`, so that nothing can end it, and nothing hidden. */
function scriptJson(value) {
	return jsonText(value).replaceAll("<", "\\u003c");
}
/** `1,234,567`. */
function count(value) {
	return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
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
function size(bytes) {
	let rest = bytes;
	let unit = 0;
	for (; rest >= 999.5 && unit < SIZES.length - 1; unit++) rest /= 1e3;
	return `${rest.toFixed(unit > 0 && rest < 99.95 ? 1 : 0)} ${SIZES[unit] ?? ""}`;
}
// src/report/overview.ts
/** The part of the page that needs no script: totals, and a row for each series with its strip of days. */
/** Columns of a strip: as many as a wide screen shows of it. */
const STRIP_COLUMNS = 300;
const STRIP_HEIGHT = 10;
/** The span of all rows; `undefined` when there is none. */
function spanOf(rows) {
	const known = rows.filter((row) => row !== void 0);
	if (known.length === 0) return void 0;
	const first = Math.min(...known.map((row) => row.first));
	return {
		first,
		count: Math.max(...known.map((row) => row.first + row.states.length)) - first
	};
}
/** A strip as SVG: one path for each state. Its words are in the row, so it is hidden from readers of words. */
function strip(row, span) {
	const states = stripStates(row, {
		...span,
		columns: STRIP_COLUMNS
	});
	const paths = /* @__PURE__ */ new Map();
	for (let at = 0; at < states.length;) {
		const state = states[at] ?? "-";
		let end = at + 1;
		while (end < states.length && states[end] === state) end++;
		if (state !== "-") paths.set(state, `${paths.get(state) ?? ""}M${at} 0h${end - at}v${STRIP_HEIGHT}h-${end - at}z`);
		at = end;
	}
	const drawn = [...paths].map(([state, path]) => `<path class="d-${state}" d="${path}"/>`).join("");
	return `<svg class="strip" viewBox="0 0 ${states.length} ${STRIP_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${drawn}</svg>`;
}
/** The line of totals. */
function totals({ series }) {
	const sum = (of) => series.reduce((total, one) => total + of(one), 0);
	const number = (standing) => series.filter((one) => one.standing === standing).length;
	return `<dl class="totals">${[
		["Series", count(series.length)],
		["Complete", count(number("complete"))],
		["Complete with known gaps", count(number("gaps"))],
		["Incomplete", count(number("incomplete"))],
		["Rows", count(sum(({ rows }) => rows))],
		["Files", count(sum(({ files }) => files))],
		["Size", size(sum(({ bytes }) => bytes))],
		["Rows that changed", count(sum(({ revisionCount }) => revisionCount))]
	].map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}
const MARKS = {
	complete: "✓",
	gaps: "✓",
	incomplete: "✗"
};
/** One row of the table of series. */
function seriesRow(one, index, drawn) {
	const sources = Object.entries(one.sources).map(([source, files]) => `${html(source)}&nbsp;${count(files)}`).join(", ");
	return [
		`<tr data-index="${index}" data-standing="${one.standing}" data-dataset="${html(one.dataset)}">`,
		`<th scope="row"><button type="button" class="open" data-index="${index}">${html(one.name)}</button></th>`,
		`<td class="days">${drawn}</td>`,
		`<td class="verdict s-${one.standing}"><span aria-hidden="true">${MARKS[one.standing]}</span> ${html(one.verdict)}</td>`,
		`<td class="n" data-value="${one.rows}">${count(one.rows)}</td>`,
		`<td class="n" data-value="${one.files}">${count(one.files)}</td>`,
		`<td class="n" data-value="${one.bytes}">${size(one.bytes)}</td>`,
		`<td>${sources}</td>`,
		"</tr>"
	].join("");
}
// src/report/page.ts
/** The page as one string: it fetches nothing, and its policy lets it run nothing but its own script. */
/**
* Makes the page.
*
* @param rows - The days of each series of the document, in its order.
*/
function reportPage(document, rows, assets) {
	const style = `${assets.plotStyle}\n${assets.style}`;
	const script = `/*!\nuPlot\n\n${assets.plotLicence.replaceAll("*/", "* /")}\n*/\n${assets.plotScript}\n;${assets.script}`;
	return [
		"<!doctype html>",
		"<html lang=\"en\">",
		"<head>",
		"<meta charset=\"utf-8\">",
		`<meta http-equiv="Content-Security-Policy" content="${policy(script, style)}">`,
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
		"<meta name=\"color-scheme\" content=\"light dark\">",
		"<link rel=\"icon\" href=\"data:,\">",
		"<title>Lake report</title>",
		`<style>${style}</style>`,
		"</head>",
		"<body>",
		...body(document, rows),
		`<script type="application/json" id="document">${scriptJson(document)}<\/script>`,
		`<script>${script}<\/script>`,
		"</body>",
		"</html>",
		""
	].join("\n");
}
/** Nothing from anywhere; of scripts and styles, these two. */
function policy(script, style) {
	const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
	return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
}
const LEGEND = [
	["c", "covered"],
	["r", "covered, with rows that changed later"],
	["o", "known gap: outage"],
	["b", "known gap: before listing or after delisting"],
	["p", "missing in part"],
	["m", "missing"],
	["u", "missing: no longer served over REST"],
	["n", "missing: not published in the archive"],
	["e", "missing: empty answers, not confirmed yet"]
];
function body(document, rows) {
	const span = spanOf(rows);
	return [
		"<a class=\"skip\" href=\"#series\">To the series</a>",
		"<header>",
		"<h1>Lake report</h1>",
		`<p>Made ${html(document.made)} by ${html(document.by)}. All times are UTC. <button type="button" id="theme" hidden>Dark</button></p>`,
		totals(document),
		"</header>",
		"<main>",
		"<section aria-labelledby=\"series\">",
		"<h2 id=\"series\">Series</h2>",
		controls(document),
		`<ul class="legend">${LEGEND.map(([state, words]) => `<li><svg viewBox="0 0 10 10" aria-hidden="true"><path class="d-${state}" d="M0 0h10v10h-10z"/></svg> ${words}</li>`).join("")}</ul>`,
		table(document, rows, span),
		"</section>",
		"<section id=\"detail\" aria-labelledby=\"detail-name\" hidden></section>",
		"<noscript><p>Without scripts this page shows the overview only.</p></noscript>",
		"</main>",
		`<footer><p>${html(document.candleNote)}</p><p>Charts are drawn with uPlot, MIT licence.</p></footer>`
	];
}
function controls({ series }) {
	return [
		"<form id=\"controls\" hidden>",
		"<label>Name holds <input id=\"name\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></label>",
		"<label>Standing <select id=\"standing\"><option value=\"\">all</option><option value=\"complete\">complete</option><option value=\"gaps\">complete with known gaps</option><option value=\"incomplete\">incomplete</option></select></label>",
		`<label>Dataset <select id="dataset"><option value="">all</option>${[...new Set(series.map(({ dataset }) => dataset))].sort().map((name) => `<option>${html(name)}</option>`).join("")}</select></label>`,
		"<output id=\"shown\"></output>",
		"</form>"
	].join("");
}
const HEADS = [
	["Series", ""],
	["Days", "days"],
	["Verdict", ""],
	["Rows", "n"],
	["Files", "n"],
	["Size", "n"],
	["Files by source", ""]
];
function table({ series }, rows, span) {
	const days = span === void 0 ? "" : ` <span class="span">${dayName(span.first)} to ${dayName(span.first + span.count - 1)}</span>`;
	const heads = HEADS.map(([label, kind]) => `<th scope="col"${kind === "" ? "" : ` class="${kind}"`}>${label}${kind === "days" ? days : ""}</th>`);
	const lines = series.map((one, index) => {
		const row = rows[index];
		return seriesRow(one, index, row === void 0 || span === void 0 ? "" : strip(row, span));
	});
	return `<div class="wide"><table id="overview"><caption>${`${count(series.length)} series of the lake`}</caption><thead><tr>${heads.join("")}</tr></thead><tbody>\n${lines.join("\n")}\n</tbody></table></div>`;
}
// src/node/asset.ts
/** Files that come with the program: its own, and those of packages that it depends on. */
/** Reads a file of this package by its path from the package's root. */
async function ownFile(path) {
	return readFile(new URL(`../../${path}`, import.meta.url), "utf8");
}
/** Reads a file of an installed package, e.g. `uplot/dist/uPlot.min.css`. */
async function packageFile(specifier) {
	return readFile(createRequire(import.meta.url).resolve(specifier), "utf8");
}
// src/report/page-assets.ts
/** What is built into the report page: its own script and style, and the plotting library with its licence. */
/** The page's scripts, in the order in which they need each other. */
const SCRIPTS = [
	"words.js",
	"calendar.js",
	"chart.js",
	"page.js"
];
/** Where they lie, from the package's root. */
const ASSETS_DIR = "src/report/assets";
/** Reads everything. */
async function reportAssets() {
	return {
		script: `(() => {\n'use strict'\n${(await Promise.all(SCRIPTS.map((name) => ownFile(`${ASSETS_DIR}/${name}`)))).join("\n")}\n})()\n`,
		style: await ownFile(`${ASSETS_DIR}/page.css`),
		plotScript: await packageFile("uplot/dist/uPlot.iife.min.js"),
		plotStyle: await packageFile("uplot/dist/uPlot.min.css"),
		plotLicence: await packageFile("uplot/LICENSE")
	};
}
// src/query/status.ts
/**
* Reports what the lake holds; without jobs, every series in it. A damaged one is reported as such, along with the others.
*
* Works without the exchange: with jobs that choose symbols by a filter it is asked for them, otherwise the machine's
* clock stands in for the server's where the exchange does not answer.
*/
async function status(jobs, options = {}) {
	const world = worldOf(options);
	try {
		await checkLake(world.files);
		const { files } = world;
		const series = [];
		if (jobs.length === 0) {
			for (const key of await listSeries(files)) series.push(await orDamaged({ key }, () => storedStatus(key, files)));
			return { series };
		}
		const manifests = new Manifests(files);
		for (const want of await wantsNow(jobs, world, manifests, options)) {
			const { key, wanted } = want;
			const look = async () => statusOf(key, await manifests.get(key), wanted);
			series.push(await orDamaged(want, look));
		}
		return { series };
	} finally {
		if (options.world === void 0) await world.http.close();
	}
}
/** Files that are gone leave their time missing, also where they held the first rows or the last. */
async function storedStatus(key, files) {
	const { present, manifest } = await lookAtSeries(files, key);
	return statusOf(key, present, void 0, manifest);
}
async function orDamaged({ key, wanted }, look) {
	try {
		return await look();
	} catch (thrown) {
		if (!(thrown instanceof DamageError)) throw thrown;
		const error = describeError(thrown);
		const verdict = `damaged: ${error.message}`;
		return {
			...statusOf(key, void 0, wanted),
			verdict,
			error
		};
	}
}
async function wantsNow(jobs, world, manifests, options) {
	if (!needsAllSymbols(jobs)) return resolveWants(jobs, {
		now: world.clock.now(),
		symbols: [],
		source: options.source,
		account: accountLabel(jobs),
		listingOf: async (key) => listedAt(await manifests.get(key)) ?? micros(0n)
	});
	return wantsOf(jobs, await openExchange(world, jobs, options, {
		onWait: () => void 0,
		onWarning: () => void 0,
		attemptsMax: 4
	}), manifests, options);
}
/**
* The status of one series.
*
* @param manifest - Without the rows of files that are gone.
* @param wanted - `undefined`: whatever was ever asked for.
* @param recorded - The manifest as it is stored.
*/
function statusOf(key, manifest, wanted, recorded = manifest) {
	const partitions = [...manifest?.partitions.values() ?? []];
	const { missing, unconfirmed, words } = verdictOf({
		manifest,
		wanted,
		recorded
	});
	const sum = (of) => partitions.reduce((total, entry) => total + of(entry), 0);
	return {
		...key,
		...wanted === void 0 ? {} : { wanted: wanted.map(formatWindow) },
		covered: (manifest?.coverage ?? []).map(formatWindow),
		missing: missing.map(formatWindow),
		unconfirmed: unconfirmed.map(formatWindow),
		gaps: (manifest?.gaps ?? []).map((gap) => ({
			...formatWindow(gap),
			reason: gap.reason
		})),
		rows: sum(({ rows }) => rows),
		partitions: partitions.length,
		bytes: sum(({ bytes }) => bytes),
		verdict: words,
		revisions: manifest?.revisions ?? []
	};
}
// src/report/report.ts
/** The report: what the lake holds, as one HTML page that needs no network. Reads manifests, and rows for candles. */
/**
* Writes the report of the series that `jobs` ask for, or of every series, to the file `out`.
*
* @throws UsageError when the lake holds no series, or `out` cannot be written.
*/
async function writeReport(out, jobs, options = {}) {
	const { series } = await status(jobs, options);
	if (series.length === 0) throw new UsageError("the lake holds no series", { hint: "Name the right --data-dir, or run a job first." });
	const world = worldOf(options);
	try {
		const { document, rows } = await documentOf(series, {
			...options,
			world
		});
		const page = reportPage(document, rows, await reportAssets());
		await replaceText(out, page);
		const damage = series.flatMap(({ error }) => error === void 0 ? [] : [error]);
		return {
			...summaryOf(out, page, document),
			damage
		};
	} finally {
		if (options.world === void 0) await world.http.close();
	}
}
function summaryOf(path, page, document) {
	const drawn = document.series.flatMap(({ candles }) => candles === void 0 ? [] : [candles]);
	return {
		path,
		bytes: Buffer.byteLength(page),
		series: document.series.length,
		charts: drawn.length,
		candles: drawn.reduce((sum, { open }) => sum + open.length, 0)
	};
}
async function documentOf(all, options) {
	const charted = options.candles === false ? [] : all.filter(({ interval }) => interval !== void 0);
	const drawn = new Set(charted.slice(0, 300));
	const budget = budgetOf(all.length, drawn.size);
	const manifests = new Manifests(options.world.files);
	const series = [];
	const rows = [];
	for (const one of all) {
		const key = keyOf(one);
		const partitions = [...(one.error === void 0 ? await manifests.get(key) : void 0)?.partitions ?? []];
		const stored = union(partitions.map(([period]) => periodWindow(period)));
		const candles = drawn.has(one) ? await candlesOf(key, knownPart(stored, one), options, budget.candles) : void 0;
		const row = dayRow(dayFacts(one));
		rows.push(row);
		series.push({
			...seriesFacts(one, partitions.map(([, entry]) => entry), budget.listed),
			...row === void 0 ? {} : { days: daysText(row) },
			...candles === void 0 ? {} : { candles }
		});
	}
	const made = formatMicros(options.world.clock.now()).replace(/\.\d+Z$/, "Z");
	const candleNote = noteOf(charted.length, drawn.size, options);
	return {
		document: {
			made,
			by: `binance-backfill ${VERSION$1}`,
			series,
			candleNote
		},
		rows
	};
}
function noteOf(charted, drawn, { window, candles }) {
	if (candles === false) return "Candles were not asked for.";
	return `The page holds candles of ${window === void 0 ? `the newest rows of each kline series, ${count(ROWS_MAX)} at most` : `the rows of ${formatMicros(window.from)} to ${formatMicros(window.to)}`}, put together into fewer, longer ones where there are many.${drawn < charted ? ` Only the first ${drawn} of ${charted} kline series have them.` : ""} Other datasets have none. Prices are rounded to seven digits; the lake is not.`;
}
/** Where a series can have rows: in the periods of its files, and no further than it is covered. */
function knownPart(stored, { covered }) {
	const [begin, end] = [covered[0], covered.at(-1)];
	if (begin === void 0 || end === void 0) return [];
	return clip(stored, parseWindow({
		from: begin.from,
		to: end.to
	}));
}
/** The candles of one series, `max` at most. */
async function candlesOf(key, known, options, max) {
	const { interval } = key;
	const [first, last] = [known[0], known.at(-1)];
	if (interval === void 0 || first === void 0 || last === void 0) return void 0;
	const { world, signal } = options;
	const whole = {
		from: first.from,
		to: last.to
	};
	const [window] = clip([whole], options.window ?? newest(whole, interval, 5e4));
	if (window === void 0) return void 0;
	const buckets = new CandleBuckets(interval, bucketStep(interval, window, max));
	for (const part of clip(known, window)) {
		const query = {
			world,
			...key,
			...part,
			columns: CANDLE_COLUMNS
		};
		for await (const batch of readSeries(signal === void 0 ? query : {
			...query,
			signal
		})) buckets.add(batch);
	}
	return buckets.finish();
}
// src/simulator/archive-zip.ts
/** A zip writer: small, deterministic, and able to write false headers for tests. */
const FLAG_DESCRIPTOR = 8;
const FLAG_UTF8 = 2048;
const UNIX = 3;
const VERSION = 20;
const DOS_DATE = 33;
/** A zip of `entries`, in their order. */
function zipOf(entries, comment = "") {
	const parts = [];
	const directory = [];
	let offset = 0;
	for (const entry of entries) {
		const { local, central } = packed(entry, offset);
		parts.push(...local);
		directory.push(central);
		offset += lengthOf(local);
	}
	const trailer = new TextEncoder().encode(comment);
	const end = Buffer.alloc(22);
	end.writeUInt32LE(101010256, 0);
	end.writeUInt16LE(entries.length, 8);
	end.writeUInt16LE(entries.length, 10);
	end.writeUInt32LE(lengthOf(directory), 12);
	end.writeUInt32LE(offset, 16);
	end.writeUInt16LE(trailer.length, 20);
	return Uint8Array.from(Buffer.concat([
		...parts,
		...directory,
		end,
		trailer
	]));
}
function packed(entry, offset) {
	const { name, bytes, isStored = false, hasDescriptor = false, mode = 33188 } = entry;
	const { lies = {} } = entry;
	const data = isStored ? bytes : deflateRawSync(bytes);
	const fields = {
		flags: FLAG_UTF8 | (hasDescriptor ? FLAG_DESCRIPTOR : 0) | (lies.flags ?? 0),
		method: lies.method ?? (isStored ? 0 : 8),
		crc: lies.crc ?? crc32(bytes),
		packedSize: lies.packedSize ?? data.length,
		size: lies.size ?? bytes.length
	};
	const extra = Buffer.from(lies.extra ?? []);
	const hidden = hasDescriptor ? {
		...fields,
		crc: 0,
		packedSize: 0,
		size: 0
	} : fields;
	const localName = Buffer.from(lies.localName ?? name);
	const local = [
		common(67324752, [], hidden, {
			name: localName,
			extraBytes: 0
		}),
		localName,
		data
	];
	if (hasDescriptor) {
		const descriptor = Buffer.alloc(16);
		descriptor.writeUInt32LE(134695760, 0);
		descriptor.writeUInt32LE(fields.crc, 4);
		descriptor.writeUInt32LE(fields.packedSize, 8);
		descriptor.writeUInt32LE(fields.size, 12);
		local.push(descriptor);
	}
	const own = Buffer.from(name);
	const head = common(33639248, [VERSION, UNIX], fields, {
		name: own,
		extraBytes: extra.length
	});
	const rest = Buffer.alloc(14);
	rest.writeUInt32LE(mode * 65536, 6);
	rest.writeUInt32LE(offset, 10);
	return {
		local,
		central: Buffer.concat([
			head,
			rest,
			own,
			extra
		])
	};
}
/** The fields that both kinds of header share, with what precedes them. */
function common(signature, madeBy, fields, { name, extraBytes }) {
	const header = Buffer.alloc(30);
	header.writeUInt32LE(signature, 0);
	header.writeUInt16LE(VERSION, 4);
	header.writeUInt16LE(fields.flags, 6);
	header.writeUInt16LE(fields.method, 8);
	header.writeUInt16LE(DOS_DATE, 12);
	header.writeUInt32LE(fields.crc, 14);
	header.writeUInt32LE(fields.packedSize, 18);
	header.writeUInt32LE(fields.size, 22);
	header.writeUInt16LE(name.length, 26);
	header.writeUInt16LE(extraBytes, 28);
	return Buffer.concat([
		header.subarray(0, 4),
		Uint8Array.from(madeBy),
		header.subarray(4)
	]);
}
function lengthOf(parts) {
	return parts.reduce((sum, { length }) => sum + length, 0);
}
// src/simulator/fault.ts
const TRANSPORT_KINDS = /* @__PURE__ */ new Set([
	"reset",
	"truncatedGzip",
	"closeDelimitedCut",
	"wrongLength",
	"drip",
	"hang",
	"hugeBody",
	"closeAfter"
]);
/** Does the answer itself stay correct? */
function isTransportFault(fault) {
	return fault !== void 0 && TRANSPORT_KINDS.has(fault.kind);
}
/** How many bytes of a truncated body arrive; at least one is missing. */
function cutAt(body, fraction) {
	return Math.max(0, Math.min(body.length - 1, Math.floor(body.length * fraction)));
}
// src/simulator/rows.ts
/** A time as a JSON number; ms are rounded down, also for an inclusive end (`...999`). */
function timeText$1(time, unit) {
	return String(unit === "us" ? time : time / 1000n);
}
/** A kline as an array of twelve. */
function klineJson(row, unit) {
	const from = timeText$1(row.openTime, unit);
	const to = timeText$1(row.closeTime, unit);
	return `[${from},"${row.open}","${row.high}","${row.low}","${row.close}","${row.volume}",${to},"${row.quoteVolume}",${row.tradeCount},"${row.takerVolume}","${row.takerQuoteVolume}","0"]`;
}
/** An aggregate trade. */
function aggTradeJson(row, unit) {
	return `{"a":${row.id},"p":"${row.price}","q":"${row.quantity}","f":${row.firstTradeId},"l":${row.lastTradeId},"T":${timeText$1(row.time, unit)},"m":${String(row.isBuyerMaker)},"M":${String(row.isBestMatch)}}`;
}
/** A trade or a block trade. */
function tradeJson(row, unit) {
	const best = row.isBestMatch === void 0 ? "" : `,"isBestMatch":${String(row.isBestMatch)}`;
	return `{"id":${row.id},"price":"${row.price}","qty":"${row.quantity}","quoteQty":"${row.quoteQuantity}","time":${timeText$1(row.time, unit)},"isBuyerMaker":${String(row.isBuyerMaker)}${best}}`;
}
// src/simulator/archive-rows.ts
/** The rows of archive files as lines of CSV, in the column order of binance-public-data. */
const NAMES = {
	klines: [
		"open_time",
		"open",
		"high",
		"low",
		"close",
		"volume",
		"close_time",
		"quote_volume",
		"count",
		"taker_buy_volume",
		"taker_buy_quote_volume",
		"ignore"
	],
	aggTrades: [
		"agg_trade_id",
		"price",
		"quantity",
		"first_trade_id",
		"last_trade_id",
		"transact_time",
		"is_buyer_maker",
		"is_best_match"
	],
	trades: [
		"id",
		"price",
		"qty",
		"quote_qty",
		"time",
		"is_buyer_maker",
		"is_best_match"
	]
};
/** The header row of newer files. */
function headerNames(dataset) {
	return NAMES[dataset];
}
/** The unit in files of a period. */
function unitOf(window) {
	return window.from >= ARCHIVE_MICROS_FROM ? "us" : "ms";
}
/** The number of rows of a file; for klines only whether there are any. */
function rowCountOf(history, series, rows) {
	if (series.dataset === "klines") return klinesOf(history, series, rows, 1).length;
	const { from, to } = placesOf(history[series.dataset], rows);
	return Math.max(0, to - from);
}
/** The lines of a file, without header; `unitAt` gives the unit of each row. */
function linesOf(history, series, rows, unitAt) {
	switch (series.dataset) {
		case "klines": return klinesOf(history, series, rows, Infinity).map((row, i) => klineLine(row, unitAt(i)));
		case "aggTrades": return sequenceLines(history.aggTrades, rows, (row, i) => aggTradeLine(row, unitAt(i)));
		case "trades": return sequenceLines(history.trades, rows, (row, i) => tradeLine(row, unitAt(i)));
	}
}
function klinesOf({ klines }, { interval }, { window, now }, limit) {
	if (interval === void 0) return [];
	const [from, to] = [Number(window.from), Number(window.to) - 1];
	return klines.ask(interval, {
		from,
		to,
		now,
		limit,
		newest: false,
		without: []
	});
}
function placesOf(sequence, { window, now }) {
	return {
		from: sequence.placeOfTime(Number(window.from)),
		to: Math.min(sequence.placeOfTime(Number(window.to)), sequence.count(now))
	};
}
function sequenceLines(sequence, rows, line) {
	const { from, to } = placesOf(sequence, rows);
	const lines = [];
	for (let place = from; place < to; place++) lines.push(line(sequence.at(place), place - from));
	return lines;
}
function klineLine(row, unit) {
	return [
		timeText$1(row.openTime, unit),
		row.open,
		row.high,
		row.low,
		row.close,
		row.volume,
		timeText$1(row.closeTime, unit),
		row.quoteVolume,
		row.tradeCount,
		row.takerVolume,
		row.takerQuoteVolume,
		"0"
	].join(",");
}
function aggTradeLine(row, unit) {
	return [
		row.id,
		row.price,
		row.quantity,
		row.firstTradeId,
		row.lastTradeId,
		timeText$1(row.time, unit),
		flagText(row.isBuyerMaker),
		flagText(row.isBestMatch)
	].join(",");
}
function tradeLine(row, unit) {
	return [
		row.id,
		row.price,
		row.quantity,
		row.quoteQuantity,
		timeText$1(row.time, unit),
		flagText(row.isBuyerMaker),
		flagText(row.isBestMatch ?? true)
	].join(",");
}
function flagText(flag) {
	return flag ? "True" : "False";
}
// src/simulator/archive-file.ts
/** One archive file, made from a history: lines, faults, zip and checksum. The same each time it is made. */
/** The span of a file's rows, as of when it was published. */
function rowsOf$1(period, faults = []) {
	const isWrong = faults.some(({ kind }) => kind === "wrongPeriod");
	const own = periodWindow(period);
	return {
		window: isWrong ? periodWindow(before(period, own.from)) : own,
		now: Number(publishedFrom(period))
	};
}
function before(period, from) {
	return periodOf$1(micros(from - 1n), archiveSpan(period) === "daily" ? "day" : "month");
}
/** Makes the file. */
function makeFile(spec) {
	const { baseName, faults } = spec;
	const whole = zipOf(entriesOf(baseName, new TextEncoder().encode(csvOf(spec)), faults));
	const cut = faults.find((fault) => fault.kind === "cutZip");
	const zip = cut === void 0 ? whole : whole.slice(0, Math.floor(whole.length * cut.fraction));
	return {
		zip,
		checksum: checksumOf(sha256(cut?.isSealed === true ? zip : whole), `${baseName}.zip`, faults)
	};
}
function csvOf({ history, series, period, faults }) {
	let lines = linesOf(history, series, rowsOf$1(period, faults), unitsOf(period, faults));
	for (const fault of faults) lines = faulty(lines, fault, series);
	const bomb = faults.find((fault) => fault.kind === "bomb");
	return `${lines.map((line) => `${line}\n`).join("")}${" ".repeat(bomb?.bytes ?? 0)}`;
}
function unitsOf(period, faults) {
	const unit = unitOf(periodWindow(period));
	const other = unit === "us" ? "ms" : "us";
	const fault = faults.find(({ kind }) => kind === "otherUnit");
	if (fault?.kind !== "otherUnit") return () => unit;
	return (row) => fault.rows === "all" || row % 2 === 1 ? other : unit;
}
function faulty(lines, fault, { dataset }) {
	switch (fault.kind) {
		case "cutRows": return lines.slice(0, Math.floor(lines.length * fault.fraction));
		case "header": return [(fault.names ?? headerNames(dataset)).join(","), ...lines];
		case "duplicated": return lines.flatMap((line) => [line, line]);
		case "interleaved": return [...lines.filter((_, i) => i % 2 === 0), ...lines.filter((_, i) => i % 2 === 1)];
		case "swapped": {
			const half = lines.length >> 1;
			return [...lines.slice(half), ...lines.slice(0, half)];
		}
		case "replaced": return lines.map((line) => withQuantity(line, dataset, (text) => `1${text}`));
		case "zeroQuantities": {
			const every = Math.max(1, Math.round(1 / fault.share));
			const zero = (line) => withQuantity(line, dataset, () => "0.00000000");
			return lines.map((line, i) => i % every === 0 ? zero(line) : line);
		}
		case "lines": return fault.change(lines);
		case "missing":
		case "wrongChecksum":
		case "checksumText":
		case "cutZip":
		case "twoEntries":
		case "entryName":
		case "bomb":
		case "wrongPeriod":
		case "otherUnit": return lines;
	}
}
const QUANTITY_AT = {
	klines: 5,
	aggTrades: 2,
	trades: 2
};
function withQuantity(line, dataset, change) {
	return line.split(",").map((text, i) => i === QUANTITY_AT[dataset] ? change(text) : text).join(",");
}
function entriesOf(baseName, csv, faults) {
	const entry = {
		name: faults.find((fault) => fault.kind === "entryName")?.name ?? `${baseName}.csv`,
		bytes: csv
	};
	return faults.some(({ kind }) => kind === "twoEntries") ? [entry, {
		name: `__MACOSX/._${baseName}.csv`,
		bytes: csv.slice(0, 80)
	}] : [entry];
}
function checksumOf(hash, name, faults) {
	const text = faults.find((fault) => fault.kind === "checksumText");
	if (text !== void 0) return text.text.replace("{hash}", hash).replace("{name}", name);
	return `${faults.some(({ kind }) => kind === "wrongChecksum") ? sha256(new TextEncoder().encode(hash)) : hash}  ${name}`;
}
function sha256(bytes) {
	return createHash("sha256").update(bytes).digest("hex");
}
// src/simulator/archive-listing.ts
/** A bucket listing as S3 writes it ("ListObjects", version 1). */
/** The page of a listing. `keys` must be sorted. */
function listingXml(keys, query) {
	const items = itemsOf(keys, query);
	const page = items.slice(0, query.maxKeys);
	const isTruncated = page.length < items.length;
	const next = isTruncated && query.delimiter !== "" ? page.at(-1)?.name ?? "" : "";
	return [
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
		"<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>data.binance.vision</Name>",
		tag("Prefix", query.prefix),
		tag("Marker", query.marker),
		next === "" ? "" : tag("NextMarker", next),
		tag("MaxKeys", String(query.maxKeys)),
		tag("Delimiter", query.delimiter),
		tag("IsTruncated", String(isTruncated)),
		...page.map(({ name, file }) => file === void 0 ? `<CommonPrefixes>${tag("Prefix", name)}</CommonPrefixes>` : contents(file)),
		"</ListBucketResult>"
	].join("");
}
/** The first files after the marker, and everything up to the next delimiter as one item: one more than fill a page. */
function itemsOf(keys, { prefix, delimiter, marker, maxKeys }) {
	const items = /* @__PURE__ */ new Map();
	for (const file of keys) {
		if (items.size > maxKeys) break;
		if (file.key <= marker || !file.key.startsWith(prefix)) continue;
		const end = delimiter === "" ? -1 : file.key.indexOf(delimiter, prefix.length);
		const name = end < 0 ? file.key : file.key.slice(0, end + delimiter.length);
		if (name > marker) items.set(name, end < 0 ? {
			name,
			file
		} : { name });
	}
	return [...items.values()];
}
function contents({ key, sizeBytes, modified }) {
	const time = `${formatMicros(modified).slice(0, 23)}Z`;
	return `<Contents>${tag("Key", key)}${tag("LastModified", time)}${tag("ETag", "\"0\"")}${tag("Size", String(sizeBytes))}${tag("StorageClass", "STANDARD")}</Contents>`;
}
function tag(name, text) {
	const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("\"", "&quot;");
	return text === "" ? `<${name}/>` : `<${name}>${escaped}</${name}>`;
}
// src/simulator/archive-answer.ts
/** Answers in S3's form: bytes with their tags, parts of them, errors in XML. */
/** A whole file. */
function bytesAnswer(body, modified) {
	return {
		status: 200,
		headers: {
			"content-type": "application/octet-stream",
			"accept-ranges": "bytes",
			etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`,
			"last-modified": new Date(toMillis(modified)).toUTCString()
		},
		body
	};
}
/** The part of a whole answer requested by `range`, if the file still matches `ifRange`. */
function rangeOf(whole, range, ifRange) {
	const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
	if (first === void 0) return whole;
	const { headers, body } = whole;
	if (!(ifRange === void 0 || ifRange === headers["etag"] || ifRange === headers["last-modified"])) return whole;
	const from = Number(first);
	const to = last === "" || last === void 0 ? body.length : Math.min(body.length, Number(last) + 1);
	if (from >= body.length || from >= to) return xmlError(416, "InvalidRange", "The requested range is not satisfiable");
	return {
		status: 206,
		headers: {
			...headers,
			"content-range": `bytes ${from}-${to - 1}/${body.length}`
		},
		body: body.subarray(from, to)
	};
}
/** An error in S3's words. */
function xmlError(status, code, message) {
	const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
	return {
		status,
		headers: { "content-type": "application/xml" },
		body: new TextEncoder().encode(xml)
	};
}
// src/simulator/archive.ts
/**
* The public archive of the exchange: zips and checksums made from the same histories when first requested, and the
* listing of their bucket. Like the exchange it reads no clock.
*/
const DAY$4 = 86400000n * 1000n;
/** No symbol was traded before. */
const BEGINNING = parseMicros("2017-08-01");
const FILES_KEPT = 64;
/** About the size of a row in a zip; listings do not make the files that they name. */
const ROW_BYTES = {
	klines: 48,
	aggTrades: 18,
	trades: 16
};
/** Does the archive serve this path? */
function isArchivePath(path, query) {
	return path.startsWith("/data/") || (path === "/" || path === "") && query.includes("prefix=");
}
/** The archive of some symbols. */
var SimArchive = class {
	#options;
	#symbols;
	#files = /* @__PURE__ */ new Map();
	#folders = /* @__PURE__ */ new Map();
	constructor(options, symbols) {
		this.#options = options;
		this.#symbols = symbols;
	}
	/** Answers when the server's clock shows `now`. */
	answer({ path, query, headers }, now) {
		if (!path.startsWith("/data/")) return this.#list(new URLSearchParams(query), now);
		const file = this.#find(decodeURIComponent(path.slice(1)), now);
		if (file === void 0) return xmlError(404, "NoSuchKey", "The specified key does not exist.");
		const range = this.#options.hasRanges === false ? void 0 : headers["range"];
		return rangeOf(bytesAnswer(file.bytes, file.modified), range, headers["if-range"]);
	}
	#find(path, now) {
		const { recorded } = this.#options;
		if (recorded !== void 0) {
			const file = recorded.get(path);
			return file && {
				bytes: file.read(),
				modified: file.modified
			};
		}
		const isChecksum = path.endsWith(".CHECKSUM");
		const zipPath = isChecksum ? path.slice(0, -9) : path;
		const made = this.#file(zipPath, now);
		if (made === void 0) return void 0;
		return {
			bytes: isChecksum ? new TextEncoder().encode(made.file.checksum) : made.file.zip,
			modified: made.modified
		};
	}
	#file(path, now) {
		const period = periodOfPath(path);
		const series = seriesOf(path);
		if (period === void 0 || series === void 0) return void 0;
		if (archivePath({
			market: "spot",
			...series
		}, period) !== path) return void 0;
		const { faults, modified } = this.#faultsOf(path, period, now);
		const history = this.#symbols.get(series.symbol);
		if (history === void 0 || !this.#isThere(series, period, now)) return void 0;
		const key = `${path} ${modified}`;
		const known = this.#files.get(key);
		if (known !== void 0) return {
			file: known,
			modified
		};
		const file = makeFile({
			history,
			series,
			period,
			baseName: path.slice(path.lastIndexOf("/") + 1, -4),
			faults
		});
		const [oldest] = this.#files.keys();
		if (this.#files.size >= FILES_KEPT && oldest !== void 0) this.#files.delete(oldest);
		this.#files.set(key, file);
		return {
			file,
			modified
		};
	}
	/** The faults of a file at `now`, and since when it has been in this state. */
	#faultsOf(path, period, now) {
		const rules = (this.#options.rules ?? []).filter((rule) => path.includes(rule.path));
		const faults = rules.filter(({ from = now, to }) => from <= now && (to === void 0 || now < to)).map(({ fault }) => fault);
		const last = rules.flatMap(({ from, to }) => [from, to]).filter((at) => at !== void 0).filter((at) => at <= now).reduce((a, b) => a > b ? a : b, micros(0n));
		const published = this.#publishedFrom(period);
		return {
			faults,
			modified: last > published ? last : published
		};
	}
	#publishedFrom(period) {
		return micros(publishedFrom(period) + BigInt(this.#options.lagMs ?? 0) * 1000n);
	}
	#isThere(series, period, now) {
		const history = this.#symbols.get(series.symbol);
		const path = archivePath({
			market: "spot",
			...series
		}, period);
		const { faults } = this.#faultsOf(path, period, now);
		if (history === void 0 || faults.some(({ kind }) => kind === "missing")) return false;
		if (this.#publishedFrom(period) > now) return false;
		const { interval } = series;
		if (interval !== void 0 && intervalStep(interval) > DAY$4 && archiveSpan(period) === "daily") return false;
		return rowCountOf(history, series, rowsOf$1(period)) > 0;
	}
	#list(query, now) {
		if (this.#options.isListed === false) return xmlError(403, "AccessDenied", "Access Denied");
		const prefix = query.get("prefix") ?? "";
		const marker = query.get("marker") ?? "";
		const xml = listingXml(this.#keys(prefix, now, marker), {
			prefix,
			delimiter: query.get("delimiter") ?? "",
			marker,
			maxKeys: this.#options.listingKeys ?? 1e3
		});
		return {
			status: 200,
			headers: { "content-type": "application/xml" },
			body: new TextEncoder().encode(xml)
		};
	}
	/** The keys under `prefix` after `marker`, sorted; for folders above a series, enough to name what is below them. */
	#keys(prefix, now, marker) {
		const { recorded } = this.#options;
		if (recorded !== void 0) return [...recorded].map(([key, { sizeBytes, modified }]) => ({
			key,
			sizeBytes,
			modified
		})).sort((a, b) => a.key < b.key ? -1 : 1);
		const series = seriesOf(prefix);
		if (series === void 0) return this.#folderKeys();
		const span = prefix.startsWith("data/spot/monthly/") ? "month" : "day";
		const name = `${prefix} ${marker} ${now / DAY$4}`;
		const known = this.#folders.get(name) ?? this.#seriesKeys(series, span, {
			now,
			marker
		});
		if ((this.#options.rules ?? []).length === 0 && (this.#options.lagMs ?? 0) === 0) this.#folders.set(name, known);
		return known;
	}
	#seriesKeys(series, span, { now, marker }) {
		const history = this.#symbols.get(series.symbol);
		const keys = [];
		if (history === void 0) return keys;
		for (let from = BEGINNING; from < now;) {
			const period = periodOf$1(from, span);
			from = periodWindow(period).to;
			const key = archivePath({
				market: "spot",
				...series
			}, period);
			if (checksumPath(key) <= marker || !this.#isThere(series, period, now)) continue;
			const { modified } = this.#faultsOf(key, period, now);
			const sizeBytes = (series.interval === void 0 ? rowCountOf(history, series, rowsOf$1(period)) : 1440) * ROW_BYTES[series.dataset];
			keys.push({
				key,
				sizeBytes,
				modified
			}, {
				key: checksumPath(key),
				sizeBytes: 100,
				modified
			});
		}
		return keys;
	}
	#folderKeys() {
		const keys = [];
		for (const span of ["daily", "monthly"]) for (const symbol of this.#symbols.keys()) {
			for (const interval of INTERVALS) keys.push(`data/spot/${span}/klines/${symbol}/${intervalPathName(interval)}/-`);
			for (const dataset of ["aggTrades", "trades"]) keys.push(`data/spot/${span}/${dataset}/${symbol}/-`);
		}
		return keys.sort().map((key) => ({
			key,
			sizeBytes: 0,
			modified: BEGINNING
		}));
	}
};
const SERIES = /^data\/spot\/(?:daily|monthly)\/(klines|aggTrades|trades)\/([^/]+)\/(?:([^/]+)\/)?[^/]*$/;
/** The series that a file or a whole folder belongs to. */
function seriesOf(path) {
	const [, dataset, symbol, name] = SERIES.exec(path) ?? [];
	const kind = [
		"klines",
		"aggTrades",
		"trades"
	].find((own) => own === dataset);
	if (kind === void 0 || symbol === void 0) return void 0;
	const interval = name === void 0 ? void 0 : parseInterval(name);
	if (DATASETS[kind].hasInterval !== (interval !== void 0)) return void 0;
	return {
		dataset: kind,
		symbol,
		...interval === void 0 ? {} : { interval }
	};
}
// src/simulator/query.ts
/**
* Reads a request's parameters as strictly as Binance does, and refuses with Binance's own codes.
*
* @see binance-spot-api-docs, errors.md, "11xx - Request issues".
*/
/** A refusal in Binance's words. Thrown and caught within this room; never leaves it. */
var Refusal = class extends Error {
	status;
	code;
	constructor(code, message, status = 400) {
		super(message);
		this.code = code;
		this.status = status;
	}
};
const LONG = /^[0-9]{1,20}$/;
const SYMBOL = /^[A-Z0-9._-]*$/;
const SYMBOL_RANGE = "^[A-Z0-9-_.]{1,20}$";
const LATEST = 9000000000000000n;
/** Times below this are in ms, others in µs: ms until the year 5138, µs since 1973. */
const MICROS_FROM = 100000000000000n;
/**
* Splits a raw query and checks it against the endpoint's parameters.
*
* @throws Refusal -1100, -1101, -1102, -1104 or -1105.
*/
function parseQuery(query, list) {
	const parameters = /* @__PURE__ */ new Map();
	for (const part of query === "" ? [] : query.split("&")) {
		const [key = "", ...rest] = part.split("=");
		const name = decode(key);
		if (parameters.has(name)) throw new Refusal(-1101, "Duplicate values for a parameter detected.");
		parameters.set(name, decode(rest.join("=")));
	}
	const known = [...list.mandatory, ...list.optional];
	if (known.length === 0 && parameters.size > 0) throw new Refusal(-1101, `Too many parameters; expected '0' and received '${parameters.size}'.`);
	for (const name of list.mandatory) {
		if (parameters.has(name)) continue;
		throw new Refusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
	}
	const read = known.filter((name) => parameters.has(name));
	for (const name of read) if (parameters.get(name) === "") throw new Refusal(-1105, `Parameter '${name}' was empty.`);
	if (read.length < parameters.size) throw new Refusal(-1104, `Not all sent parameters were read; read '${read.length}' parameter(s) but was sent '${parameters.size}'.`);
	return parameters;
}
function decode(text) {
	try {
		return decodeURIComponent(text.replaceAll("+", " "));
	} catch {
		throw new Refusal(-1100, "Illegal characters found in a parameter.");
	}
}
/** A whole number. @throws Refusal -1100. */
function readLong(parameters, name) {
	const text = parameters.get(name);
	if (text === void 0) return void 0;
	if (LONG.test(text)) return BigInt(text);
	throw new Refusal(-1100, `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`);
}
/** The requested number of rows, at most `most`. @throws Refusal -1100 or -1130. */
function readLimit(parameters, most) {
	const limit = readLong(parameters, "limit");
	if (limit === void 0) return Math.min(500, most);
	if (limit < 1n) throw new Refusal(-1130, `Data sent for parameter 'limit' is not valid.`);
	return limit > BigInt(most) ? most : Number(limit);
}
/**
* A time in microseconds, sent in ms or µs, which its magnitude shows; times out of range are adjusted, not refused
* (CHANGELOG, 2024-12-09).
*
* @throws Refusal -1100.
*/
function readTime(parameters, name) {
	const sent = readLong(parameters, name);
	if (sent === void 0) return void 0;
	const unit = sent >= MICROS_FROM ? "us" : "ms";
	const time = unit === "us" ? sent : sent * 1000n;
	return {
		time: Number(time > LATEST ? LATEST : time),
		unit
	};
}
/** An interval. @throws Refusal -1120. */
function readInterval(parameters) {
	const text = parameters.get("interval");
	const interval = INTERVALS.find((name) => name === text);
	if (interval !== void 0) return interval;
	throw new Refusal(-1120, "Invalid interval.");
}
/** A symbol's name, not yet known to exist. @throws Refusal -1100. */
function readSymbol(parameters) {
	const symbol = parameters.get("symbol") ?? "";
	if (SYMBOL.test(symbol.replaceAll(/[^\0-\x7f]/gu, ""))) return symbol;
	throw new Refusal(-1100, `Illegal characters found in parameter 'symbol'; legal range is '${SYMBOL_RANGE}'.`);
}
/** The unit in which a request wants its times. @throws Refusal -1194. */
function readUnit(header) {
	const unit = header?.toUpperCase();
	if (unit === void 0 || unit === "MILLISECOND") return "ms";
	if (unit === "MICROSECOND") return "us";
	throw new Refusal(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.");
}
// src/simulator/sbe.ts
const encoder$1 = new TextEncoder();
const SCALE$1 = 8;
/** Bytes being written, little-endian. */
var SbeWriter = class {
	#bytes = /* @__PURE__ */ new Uint8Array(4096);
	#view = new DataView(this.#bytes.buffer);
	#at = 0;
	#schema;
	constructor(schema) {
		this.#schema = schema;
	}
	/** A message header and its root block, written by `write`. */
	root(templateId, write) {
		const header = this.#at;
		this.u16(0).u16(templateId).u16(this.#schema.id).u16(this.#schema.version);
		this.#view.setUint16(header, this.#block(write), true);
	}
	/** A group of rows; `write` writes the block of a row, `texts` what follows it. */
	group(rows, write, texts) {
		const header = this.#at;
		this.u16(0).u32(rows.length);
		let length = this.#schema.extraBytes + 255;
		for (const row of rows) {
			length = this.#block(() => {
				write(row);
			});
			texts?.(row);
		}
		this.#view.setUint16(header, length, true);
	}
	#block(write) {
		const from = this.#at;
		write();
		for (let extra = 0; extra < this.#schema.extraBytes; extra++) this.u8(165);
		return this.#at - from;
	}
	u8(value) {
		this.#room(1);
		this.#view.setUint8(this.#at++, value);
		return this;
	}
	i8(value) {
		return this.u8(value & 255);
	}
	flag(value) {
		return this.u8(value ? 1 : 0);
	}
	u16(value) {
		this.#room(2);
		this.#view.setUint16(this.#at, value, true);
		this.#at += 2;
		return this;
	}
	u32(value) {
		this.#room(4);
		this.#view.setUint32(this.#at, value, true);
		this.#at += 4;
		return this;
	}
	i64(value) {
		this.#room(8);
		this.#view.setBigInt64(this.#at, value, true);
		this.#at += 8;
		return this;
	}
	i128(value) {
		return this.i64(BigInt.asIntN(64, value)).i64(value >> 64n);
	}
	text8(text) {
		const bytes = encoder$1.encode(text);
		return this.u8(bytes.length).raw(bytes);
	}
	text16(text) {
		const bytes = encoder$1.encode(text);
		return this.u16(bytes.length).raw(bytes);
	}
	raw(bytes) {
		this.#room(bytes.length);
		this.#bytes.set(bytes, this.#at);
		this.#at += bytes.length;
		return this;
	}
	done() {
		return this.#bytes.slice(0, this.#at);
	}
	#room(bytes) {
		if (this.#at + bytes <= this.#bytes.length) return;
		const grown = new Uint8Array(2 * (this.#at + bytes));
		grown.set(this.#bytes);
		this.#bytes = grown;
		this.#view = new DataView(grown.buffer);
	}
};
/** The largest exponent, at most 0, for which all of these decimal texts have whole mantissas. */
function exponentOf(texts) {
	let decimals = 0;
	for (const text of texts) {
		const fraction = text.split(".")[1]?.replace(/0+$/, "") ?? "";
		decimals = Math.max(decimals, fraction.length);
	}
	return -decimals;
}
/** The mantissa of a decimal text. */
function mantissaOf(text, exponent) {
	const [whole = "0", fraction = ""] = text.split(".");
	return BigInt(whole + fraction.padEnd(SCALE$1, "0")) / 10n ** BigInt(Math.max(fraction.length, SCALE$1) + exponent);
}
/** KlinesResponse. */
function klinesSbe(rows, schema) {
	const out = new SbeWriter(schema);
	const price = exponentOf(rows.flatMap((row) => [
		row.open,
		row.high,
		row.low,
		row.close,
		row.quoteVolume,
		row.takerQuoteVolume
	]));
	const quantity = exponentOf(rows.flatMap((row) => [row.volume, row.takerVolume]));
	out.root(203, () => out.i8(price).i8(quantity));
	out.group(rows, (row) => {
		out.i64(row.openTime);
		for (const text of [
			row.open,
			row.high,
			row.low,
			row.close
		]) out.i64(mantissaOf(text, price));
		out.i128(mantissaOf(row.volume, quantity)).i64(row.closeTime);
		out.i128(mantissaOf(row.quoteVolume, price)).i64(BigInt(row.tradeCount));
		out.i128(mantissaOf(row.takerVolume, quantity));
		out.i128(mantissaOf(row.takerQuoteVolume, price));
	});
	return out.done();
}
/** AggTradesResponse. */
function aggTradesSbe(rows, schema) {
	const out = new SbeWriter(schema);
	const price = exponentOf(rows.map((row) => row.price));
	const quantity = exponentOf(rows.map((row) => row.quantity));
	out.root(202, () => out.i8(price).i8(quantity));
	out.group(rows, (row) => {
		out.i64(row.id).i64(mantissaOf(row.price, price)).i64(mantissaOf(row.quantity, quantity));
		out.i64(row.firstTradeId).i64(row.lastTradeId).i64(row.time);
		out.flag(row.isBuyerMaker).flag(row.isBestMatch);
	});
	return out.done();
}
/** TradesResponse, or BlockTradesResponse for trades without a best match. */
function tradesSbe(rows, schema, isBlock) {
	const out = new SbeWriter(schema);
	const price = exponentOf(rows.flatMap((row) => [row.price, row.quoteQuantity]));
	const quantity = exponentOf(rows.map((row) => row.quantity));
	out.root(isBlock ? 219 : 201, () => out.i8(price).i8(quantity));
	out.group(rows, (row) => {
		out.i64(row.id).i64(mantissaOf(row.price, price)).i64(mantissaOf(row.quantity, quantity));
		out.i64(mantissaOf(row.quoteQuantity, price)).i64(row.time).flag(row.isBuyerMaker);
		if (!isBlock) out.flag(row.isBestMatch ?? false);
	});
	return out.done();
}
const INT64_NULL$1 = -(2n ** 63n);
/** ErrorResponse. */
function errorSbe(code, message, schema) {
	const out = new SbeWriter(schema);
	out.root(100, () => out.u16(code & 65535).i64(INT64_NULL$1).i64(INT64_NULL$1));
	return out.text16(message).u32(0).done();
}
/** ServerTimeResponse. */
function timeSbe(time, schema) {
	const out = new SbeWriter(schema);
	out.root(102, () => out.i64(time));
	return out.done();
}
// src/simulator/answers.ts
const JSON_TYPE = { "content-type": "application/json;charset=UTF-8" };
const HTML_TYPE = { "content-type": "text/html" };
const STATUS_WORDS = {
	403: "ERROR: The request could not be satisfied",
	404: "404 Not Found",
	500: "500 Internal Server Error",
	502: "502 Bad Gateway",
	503: "503 Service Temporarily Unavailable",
	504: "504 Gateway Time-out"
};
const ERRORS = {
	[-1e3]: {
		status: 500,
		msg: "An unknown error occurred while processing the request."
	},
	[-1001]: {
		status: 500,
		msg: "Internal error; unable to process your request. Please try again."
	},
	[-1003]: {
		status: 503,
		msg: "Too many requests queued."
	},
	[-1006]: {
		status: 500,
		msg: "An unexpected response was received from the message bus. Execution status unknown."
	},
	[-1007]: {
		status: 504,
		msg: "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
	},
	[-1008]: {
		status: 503,
		msg: "Server is currently overloaded with other requests. Please try again in a few minutes."
	},
	[-1121]: {
		status: 400,
		msg: "Invalid symbol."
	}
};
const BODIES = {
	empty: "",
	object: "{}",
	null: "null",
	html: "<!DOCTYPE html><html><body>Scheduled maintenance</body></html>",
	garbage: "\0[[1,2,\"‮\x1B[31m",
	wrongShape: "[[1,2],[\"a\"]]",
	error: "{\"code\":-1000,\"msg\":\"An unknown error occurred while processing the request.\"}"
};
/** 200 with JSON. */
function jsonAnswer(body, sbe) {
	return {
		status: 200,
		headers: JSON_TYPE,
		body,
		...sbe === void 0 ? {} : { sbe }
	};
}
/** Binance's error object. */
function errorAnswer({ status, code, message }) {
	const body = JSON.stringify({
		code,
		msg: message
	});
	return {
		status,
		headers: JSON_TYPE,
		body,
		sbe: (schema) => errorSbe(code, message, schema)
	};
}
/** A page of HTML, as proxies and the firewall send it. */
function htmlAnswer(status) {
	const words = STATUS_WORDS[status] ?? `${status}`;
	const body = `<html>\r\n<head><title>${words}</title></head>\r\n<body><center><h1>${words}</h1></center></body>\r\n</html>\r\n`;
	return {
		status,
		headers: HTML_TYPE,
		body
	};
}
/** The answer of `fault`. */
function faultAnswer(fault) {
	switch (fault.kind) {
		case "region": return {
			status: 451,
			headers: JSON_TYPE,
			body: "{\"code\":0,\"msg\":\"Service unavailable from a restricted location according to 'b. Eligibility' in the terms of use.\"}"
		};
		case "status": return htmlAnswer(fault.status);
		case "error": {
			const { status, msg } = ERRORS[fault.code] ?? {
				status: 400,
				msg: "Something else."
			};
			return errorAnswer(new Refusal(fault.code, msg, fault.status ?? status));
		}
		case "body": return {
			status: 200,
			headers: fault.body === "html" ? HTML_TYPE : JSON_TYPE,
			body: BODIES[fault.body]
		};
		case "redirect": return {
			status: 302,
			headers: { location: fault.location ?? "http://169.254.169.254/" },
			body: ""
		};
	}
}
// src/simulator/account-auth.ts
/**
* Authenticates a signed request as Binance does: API key, time and signature.
*
* @see binance-spot-api-docs, rest-api.md, "Request Security" and "Timing security"; errors.md.
*/
const RECV_WINDOW_MS = 5e3;
const RECV_WINDOW_MS_MAX = 6e4;
const AHEAD_MAX = 1e6;
const UNAUTHORIZED = 401;
/** The account that signed `request`. @throws Refusal -1021, -1022, -1131, -2014 or -2015. */
function authenticate(request, accounts) {
	const apiKey = request.headers["x-mbx-apikey"];
	if (apiKey === void 0 || !/^[A-Za-z0-9]{1,128}$/.test(apiKey)) throw new Refusal(-2014, "API-key format invalid.", UNAUTHORIZED);
	const account = accounts.find((one) => one.apiKey === apiKey);
	if (account === void 0 || account.mayRead === false) throw new Refusal(-2015, "Invalid API-key, IP, or permissions for action.", UNAUTHORIZED);
	checkTime(request);
	if (isSigned(request, account)) return account;
	throw new Refusal(-1022, "Signature for this request is not valid.");
}
function checkTime({ parameters, now }) {
	const time = readTime(parameters, "timestamp")?.time ?? 0;
	const text = parameters.get("recvWindow") ?? String(RECV_WINDOW_MS);
	if (!/^\d+(\.\d{1,3})?$/.test(text)) throw new Refusal(-1100, "Illegal characters found in a parameter.");
	const recvWindow = Number(text);
	if (recvWindow > RECV_WINDOW_MS_MAX) throw new Refusal(-1131, "'recvWindow' must be less than '60000'.");
	if (time >= now + AHEAD_MAX) throw new Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
	if (now - time > recvWindow * 1e3) throw new Refusal(-1021, "Timestamp for this request is outside of the recvWindow.");
}
function isSigned({ query, parameters }, { key }) {
	const payload = query.split("&").filter((part) => !part.startsWith("signature=")).join("&");
	const signature = parameters.get("signature") ?? "";
	if (key.kind === "hmac") {
		const expected = createHmac("sha256", key.secret).update(payload).digest();
		const given = Buffer.from(signature, "hex");
		return given.length === expected.length && timingSafeEqual(given, expected);
	}
	const digest = key.kind === "rsa" ? "sha256" : null;
	return verify$1(digest, Buffer.from(payload), key.publicKey, Buffer.from(signature, "base64"));
}
// src/simulator/decimal.ts
/** Decimal texts in Binance's form: eight decimals, whatever the symbol's own precision. */
const SCALE = 8;
const ONE = 1e8;
const POWERS = Array.from({ length: 17 }, (_, exponent) => 10 ** exponent);
const BIG_POWERS = POWERS.map(BigInt);
/** 10 to the power of `exponent`, from 0 to 16, exactly. */
function power(exponent) {
	return POWERS[exponent] ?? 10 ** exponent;
}
/**
* The text of `units` x 10^-`decimals`.
*
* @param units - a whole number, from 0 to 2^53.
* @param decimals - 0 to 8.
*/
function decimalText(units, decimals) {
	const one = power(decimals);
	const whole = Math.floor(units / one);
	const rest = ONE + (units - whole * one) * power(SCALE - decimals);
	return `${whole}.${String(rest).slice(1)}`;
}
/** `price` x `quantity`, both whole numbers with their own decimals; digits after the eighth decimal are cut off. */
function productText(price, quantity, decimals) {
	const surplus = decimals.price + decimals.quantity - SCALE;
	const scale = BIG_POWERS[Math.abs(surplus)] ?? 1n;
	const product = BigInt(price) * BigInt(quantity);
	const units = surplus > 0 ? product / scale : product * scale;
	const text = String(units).padStart(9, "0");
	return `${text.slice(0, -8)}.${text.slice(-8)}`;
}
// src/simulator/hash.ts
/**
* Random numbers without state: the same seed and place always give the same number, so that any row of any history can
* be computed on its own, in any order.
*/
/** Mixes `value` (a whole number below 2^53) into `seed`; returns 32 well-mixed bits as a signed number. */
function mix(seed, value) {
	let bits = Math.imul(seed ^ value >>> 0, 2654435761);
	bits = Math.imul(bits ^ bits >>> 15 ^ Math.floor(value / 4294967296), 2246822507);
	bits = Math.imul(bits ^ bits >>> 13, 3266489909);
	return bits ^ bits >>> 16;
}
/** A number in `[0, 1)` from the bits of {@link mix}. */
function fraction(bits) {
	return (bits >>> 0) / 4294967296;
}
/** A seed from a text. */
function seedOf(text, seed) {
	let bits = mix(seed, text.length);
	for (let i = 0; i < text.length; i++) bits = mix(bits, text.charCodeAt(i));
	return bits;
}
// src/simulator/account-history.ts
/**
* An account's history of one symbol: given, or generated so that the same seed gives the same rows. Orders that fill
* at once make one to three trades; others stay open for some hours and are then cancelled.
*/
const DAY_MICROS = 864e8;
const SINCE = fromMillis(Date.UTC(2024, 0, 1));
const DECIMALS = {
	price: 2,
	quantity: 5
};
/** Ids of orders and trades are shared by all accounts: an account's own are far apart. */
const ID_STEP = 1009n;
/** One in this many orders that fill at once also has an allocation. */
const ALLOCATED_EVERY = 5;
/** All rows of one account and symbol up to `now`. */
function accountHistory(account, symbol, { seed, now }) {
	const given = account.rows?.[symbol];
	if (given !== void 0) return visible({
		trades: [],
		orders: [],
		allocations: [],
		...given
	}, now);
	const perDay = account.ordersPerDay ?? 4;
	const since = Number(account.since ?? SINCE);
	if (perDay <= 0 || now < since) return {
		trades: [],
		orders: [],
		allocations: []
	};
	const apart = Math.floor(DAY_MICROS / perDay);
	const own = seedOf(symbol, seedOf(account.apiKey, seed));
	const trades = [];
	const orders = [];
	const allocations = [];
	const count = Math.floor((now - since) / apart) + 1;
	for (let place = 0; place < count; place++) {
		const bits = mix(own, place);
		const time = since + place * apart + Math.floor(fraction(bits) * .9 * apart);
		const fills = bits % 3 === 0 ? [] : fillsOf(symbol, place, {
			time,
			bits
		});
		trades.push(...fills);
		const [fill] = place % ALLOCATED_EVERY === 0 ? fills : [];
		if (fill !== void 0) allocations.push({
			...fill,
			id: BigInt(allocations.length)
		});
		orders.push(fills.length > 0 ? filledOrder(place, time, fills) : openOrder(place, time, bits));
	}
	return visible({
		trades,
		orders,
		allocations
	}, now);
}
function visible({ trades, orders, allocations }, now) {
	const isPast = ({ time }) => Number(time) <= now;
	return {
		trades: trades.filter(isPast),
		orders: orders.filter(isPast),
		allocations: allocations.filter(isPast)
	};
}
function orderId(place) {
	return 5000000n + BigInt(place) * ID_STEP;
}
function fillsOf(symbol, place, { time, bits }) {
	const count = 1 + (bits >>> 4) % 3;
	const price = 1e6 + (bits >>> 6) % 5e5;
	return Array.from({ length: count }, (_, fill) => {
		const quantity = 1 + (bits >>> 8) % 9e4 + fill;
		return {
			id: 900000n + BigInt(place * 4 + fill) * ID_STEP,
			orderId: orderId(place),
			price: decimalText(price, DECIMALS.price),
			quantity: decimalText(quantity, DECIMALS.quantity),
			quoteQuantity: productText(price, quantity, DECIMALS),
			commission: decimalText(quantity, 8),
			commissionAsset: fill === 1 ? "BNB" : symbol.slice(0, 3),
			time: micros(BigInt(time + fill)),
			isBuyer: (bits & 1) === 1,
			isMaker: (bits & 2) === 2,
			isBestMatch: true
		};
	});
}
function filledOrder(place, time, fills) {
	const [first] = fills;
	const quantity = sum(fills.map((fill) => fill.quantity));
	return {
		...order(place, time, first?.isBuyer === true ? "BUY" : "SELL"),
		price: "0.00000000",
		origQuantity: quantity,
		executedQuantity: quantity,
		cumulativeQuote: sum(fills.map((fill) => fill.quoteQuantity)),
		status: "FILLED",
		type: "MARKET",
		updateTime: fills.at(-1)?.time ?? micros(BigInt(time))
	};
}
function openOrder(place, time, bits) {
	const cancelledAt = micros(BigInt(time + Math.floor(fraction(mix(bits, 1)) * 2 * DAY_MICROS)));
	return {
		...order(place, time, (bits & 1) === 1 ? "BUY" : "SELL"),
		price: decimalText(9e5 + (bits >>> 6) % 9e4, DECIMALS.price),
		origQuantity: decimalText(1 + (bits >>> 8) % 9e4, DECIMALS.quantity),
		executedQuantity: "0.00000000",
		cumulativeQuote: "0.00000000",
		status: "NEW",
		type: "LIMIT",
		changes: [{
			at: cancelledAt,
			to: {
				status: "CANCELED",
				isWorking: false
			}
		}]
	};
}
function order(place, time, side) {
	const at = micros(BigInt(time));
	return {
		id: orderId(place),
		clientOrderId: `own-${place}`,
		timeInForce: "GTC",
		side,
		time: at,
		updateTime: at,
		isWorking: true,
		workingTime: at,
		origQuoteOrderQuantity: "0.00000000",
		selfTradePreventionMode: "NONE"
	};
}
function sum(texts) {
	const units = texts.reduce((total, text) => total + BigInt(text.replace(".", "")), 0n);
	const digits = String(units).padStart(9, "0");
	return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
}
// src/simulator/account-rows.ts
/** The order in its state at `now`. */
function orderAt(order, now) {
	let current = order;
	for (const { at, to } of order.changes ?? []) if (Number(at) <= now) current = {
		...current,
		...to,
		updateTime: at
	};
	return current;
}
/** A trade of the account. */
function accountTradeJson(row, symbol, unit) {
	return object([
		["symbol", JSON.stringify(symbol)],
		["id", row.id],
		["orderId", row.orderId],
		["orderListId", row.orderListId ?? -1n],
		["price", `"${row.price}"`],
		["qty", `"${row.quantity}"`],
		["quoteQty", `"${row.quoteQuantity}"`],
		["commission", `"${row.commission}"`],
		["commissionAsset", JSON.stringify(row.commissionAsset)],
		["time", timeText$1(row.time, unit)],
		["isBuyer", row.isBuyer],
		["isMaker", row.isMaker],
		["isBestMatch", row.isBestMatch]
	]);
}
/** An allocation. */
function allocationJson(row, symbol, unit) {
	return object([
		["symbol", JSON.stringify(symbol)],
		["allocationId", row.id],
		["allocationType", `"${row.type ?? "SOR"}"`],
		["orderId", row.orderId],
		["orderListId", row.orderListId ?? -1n],
		["price", `"${row.price}"`],
		["qty", `"${row.quantity}"`],
		["quoteQty", `"${row.quoteQuantity}"`],
		["commission", `"${row.commission}"`],
		["commissionAsset", JSON.stringify(row.commissionAsset)],
		["time", timeText$1(row.time, unit)],
		["isBuyer", row.isBuyer],
		["isMaker", row.isMaker],
		["isAllocator", row.isAllocator ?? false]
	]);
}
/** An order. */
function orderJson(row, symbol, unit) {
	const { extras = {} } = row;
	const quoted = (text) => text === void 0 ? void 0 : `"${text}"`;
	return object([
		["symbol", JSON.stringify(symbol)],
		["orderId", row.id],
		["orderListId", row.orderListId ?? -1n],
		["clientOrderId", JSON.stringify(row.clientOrderId)],
		["price", quoted(row.price)],
		["origQty", quoted(row.origQuantity)],
		["executedQty", quoted(row.executedQuantity)],
		["cummulativeQuoteQty", quoted(row.cumulativeQuote)],
		["status", quoted(row.status)],
		["timeInForce", quoted(row.timeInForce)],
		["type", quoted(row.type)],
		["side", quoted(row.side)],
		["stopPrice", quoted(row.stopPrice)],
		["icebergQty", quoted(row.icebergQuantity)],
		["time", timeText$1(row.time, unit)],
		["updateTime", timeText$1(row.updateTime, unit)],
		["isWorking", row.isWorking],
		["workingTime", row.workingTime === void 0 ? -1n : timeText$1(row.workingTime, unit)],
		["origQuoteOrderQty", quoted(row.origQuoteOrderQuantity)],
		["trailingDelta", extras.trailingDelta],
		["trailingTime", extras.trailingTime === void 0 ? void 0 : timeText$1(extras.trailingTime, unit)],
		["strategyId", extras.strategyId],
		["strategyType", extras.strategyType],
		["workingFloor", quoted(extras.workingFloor)],
		["selfTradePreventionMode", quoted(row.selfTradePreventionMode)],
		["preventedMatchId", extras.preventedMatchId],
		["preventedQuantity", quoted(extras.preventedQuantity)],
		["usedSor", extras.usedSor],
		["pegPriceType", quoted(extras.pegPriceType)],
		["pegOffsetType", quoted(extras.pegOffsetType)],
		["pegOffsetValue", extras.pegOffsetValue],
		["peggedPrice", quoted(extras.peggedPrice)],
		["expiryReason", quoted(extras.expiryReason)]
	]);
}
function object(members) {
	return `{${members.filter(([, value]) => value !== void 0).map(([key, value]) => `"${key}":${String(value)}`).join(",")}}`;
}
// src/simulator/sbe-account.ts
const INT64_NULL = -(2n ** 63n);
const INT32_NULL = 2147483648;
const NO_VALUE = 255;
/** AccountTradesResponse. */
function accountTradesSbe(rows, symbol, schema) {
	const out = new SbeWriter(schema);
	out.root(401, () => void 0);
	out.group(rows, (row) => {
		const price = exponentOf([row.price, row.quoteQuantity]);
		const quantity = exponentOf([row.quantity]);
		const commission = exponentOf([row.commission]);
		out.i8(price).i8(quantity).i8(commission);
		out.i64(row.id).i64(row.orderId).i64(row.orderListId ?? INT64_NULL);
		out.i64(mantissaOf(row.price, price)).i64(mantissaOf(row.quantity, quantity));
		out.i64(mantissaOf(row.quoteQuantity, price)).i64(mantissaOf(row.commission, commission));
		out.i64(row.time).flag(row.isBuyer).flag(row.isMaker).flag(row.isBestMatch);
	}, (row) => out.text8(symbol).text8(row.commissionAsset));
	return out.done();
}
/** AccountAllocationsResponse. */
function allocationsSbe(rows, symbol, schema) {
	const out = new SbeWriter(schema);
	out.root(404, () => void 0);
	out.group(rows, (row) => {
		const price = exponentOf([row.price, row.quoteQuantity]);
		const quantity = exponentOf([row.quantity]);
		const commission = exponentOf([row.commission]);
		out.i8(price).i8(quantity).i8(commission);
		out.i64(row.id).u8(code(ALLOCATION_TYPES, row.type ?? "SOR"));
		out.i64(row.orderId).i64(row.orderListId ?? INT64_NULL);
		out.i64(INT64_NULL).i64(INT64_NULL);
		out.i64(mantissaOf(row.price, price)).i64(mantissaOf(row.quantity, quantity));
		out.i64(mantissaOf(row.quoteQuantity, price)).i64(mantissaOf(row.commission, commission));
		out.i64(row.time).flag(row.isBuyer).flag(row.isMaker);
		out.flag(row.isAllocator ?? false);
	}, (row) => out.text8(symbol).text8(row.commissionAsset).text8(""));
	return out.done();
}
/** OrdersResponse. */
function ordersSbe(rows, symbol, schema) {
	const out = new SbeWriter(schema);
	out.root(308, () => void 0);
	out.group(rows, (row) => {
		writeOrder(out, row);
	}, (row) => out.text8(symbol).text8(row.clientOrderId));
	return out.done();
}
function writeOrder(out, row) {
	const { extras = {} } = row;
	const price = exponentOf([
		row.price,
		row.cumulativeQuote,
		row.origQuoteOrderQuantity,
		row.stopPrice ?? "0",
		extras.peggedPrice ?? "0",
		extras.preventedQuantity ?? "0"
	]);
	const quantity = exponentOf([
		row.origQuantity,
		row.executedQuantity,
		row.icebergQuantity ?? "0"
	]);
	const decimal = (text, exponent) => text === void 0 ? INT64_NULL : mantissaOf(text, exponent);
	out.i8(price).i8(quantity);
	out.i64(row.id).i64(row.orderListId ?? INT64_NULL);
	out.i64(decimal(row.price, price));
	out.i64(decimal(row.origQuantity, quantity)).i64(decimal(row.executedQuantity, quantity));
	out.i64(decimal(row.cumulativeQuote, price));
	out.u8(code(STATUSES, row.status)).u8(code(TIMES_IN_FORCE, row.timeInForce));
	out.u8(code(TYPES, row.type)).u8(code(SIDES, row.side));
	out.i64(decimal(row.stopPrice, price));
	out.i64(extras.trailingDelta ?? INT64_NULL).i64(extras.trailingTime ?? INT64_NULL);
	out.i64(decimal(row.icebergQuantity, quantity));
	out.i64(row.time).i64(row.updateTime).flag(row.isWorking).i64(row.workingTime ?? INT64_NULL);
	out.i64(decimal(row.origQuoteOrderQuantity, price));
	out.i64(extras.strategyId ?? INT64_NULL).u32(extras.strategyType ?? INT32_NULL);
	out.u8(PRINCIPAL).u8(code(FLOORS, extras.workingFloor ?? "EXCHANGE"));
	out.u8(code(STP_MODES, row.selfTradePreventionMode));
	out.i64(extras.preventedMatchId ?? INT64_NULL);
	out.i64(decimal(extras.preventedQuantity ?? "0", price)).flag(extras.usedSor ?? false);
	out.u8(code(PEG_PRICES, extras.pegPriceType)).u8(code(PEG_OFFSETS, extras.pegOffsetType));
	out.u8(extras.pegOffsetValue ?? NO_VALUE).i64(decimal(extras.peggedPrice, price));
	out.u8(code(EXPIRY_REASONS, extras.expiryReason));
}
const PRINCIPAL = 1;
const NON_REPRESENTABLE = 254;
const ALLOCATION_TYPES = {
	UNKNOWN: 0,
	SOR: 2
};
const STATUSES = {
	NEW: 0,
	PARTIALLY_FILLED: 1,
	FILLED: 2,
	CANCELED: 3,
	PENDING_CANCEL: 4,
	REJECTED: 5,
	EXPIRED: 6,
	EXPIRED_IN_MATCH: 9,
	PENDING_NEW: 11
};
const TIMES_IN_FORCE = {
	GTC: 0,
	IOC: 1,
	FOK: 2
};
const TYPES = {
	MARKET: 0,
	LIMIT: 1,
	STOP_LOSS: 2,
	STOP_LOSS_LIMIT: 3,
	TAKE_PROFIT: 4,
	TAKE_PROFIT_LIMIT: 5,
	LIMIT_MAKER: 6
};
const SIDES = {
	BUY: 0,
	SELL: 1
};
const FLOORS = {
	EXCHANGE: 1,
	BROKER: 2,
	SOR: 3
};
const STP_MODES = {
	NONE: 1,
	EXPIRE_TAKER: 2,
	EXPIRE_MAKER: 3,
	EXPIRE_BOTH: 4,
	DECREMENT: 5,
	TRANSFER: 6
};
const PEG_PRICES = {
	PRIMARY_PEG: 1,
	MARKET_PEG: 2
};
const PEG_OFFSETS = { PRICE_LEVEL: 1 };
const EXPIRY_REASONS = {
	REJECTED: 1,
	EXCHANGE_CANCELED: 2,
	OCO_TRIGGER: 3,
	OTO_PHASE_ONE_EXPIRED: 4,
	UNFILLED_IOC_QUANTITY_EXPIRED: 5,
	UNFILLED_FOK_ORDER_EXPIRED: 6,
	INSUFFICIENT_LIQUIDITY: 7,
	EXECUTION_RULE_PRICE_RANGE_EXCEEDED: 8
};
/** A name that the schema lacks is non-representable. */
function code(codes, name) {
	return name === void 0 ? NO_VALUE : codes[name] ?? NON_REPRESENTABLE;
}
// src/simulator/account.ts
/**
* The signed endpoints: an account's own trades, orders and allocations, by times of at most a day or by id.
*
* @see binance-spot-api-docs, rest-api.md, "Account trade list", "All orders" and "Query Allocations".
*/
/** The account's trades. @throws Refusal */
function myTradesAnswer(context) {
	const { parameters, unit } = context;
	const { symbol, history } = historyOf$1(context);
	checkCombination(parameters, "fromId");
	const orderId = readLong(parameters, "orderId");
	const rows = pageOf(context, history.trades.filter((row) => orderId === void 0 || row.orderId === orderId), readLong(parameters, "fromId"));
	return {
		json: `[${rows.map((row) => accountTradeJson(row, symbol, unit)).join(",")}]`,
		sbe: (schema) => accountTradesSbe(rows, symbol, schema),
		isSettled: false
	};
}
/** The account's orders. @throws Refusal */
function ordersAnswer(context) {
	const { parameters, unit, now } = context;
	const { symbol, history } = historyOf$1(context);
	const rows = pageOf(context, history.orders.map((order) => orderAt(order, now)), readLong(parameters, "orderId"));
	return {
		json: `[${rows.map((row) => orderJson(row, symbol, unit)).join(",")}]`,
		sbe: (schema) => ordersSbe(rows, symbol, schema),
		isSettled: false
	};
}
/** The account's allocations. @throws Refusal */
function allocationsAnswer(context) {
	const { parameters, unit, options } = context;
	const { symbol, history } = historyOf$1(context);
	checkCombination(parameters, "fromAllocationId");
	const orderId = readLong(parameters, "orderId");
	const all = history.allocations.filter((row) => orderId === void 0 || row.orderId === orderId);
	const asked = readLong(parameters, "fromAllocationId");
	const rows = pageOf(context, all, options.allocationCursor === "after" && asked !== void 0 ? asked + 1n : asked ?? (parameters.has("endTime") ? void 0 : 0n));
	return {
		json: `[${rows.map((row) => allocationJson(row, symbol, unit)).join(",")}]`,
		sbe: (schema) => allocationsSbe(rows, symbol, schema),
		isSettled: false
	};
}
function historyOf$1(context) {
	const { options, now } = context;
	const account = authenticate(context, options.accounts ?? []);
	const symbol = readSymbol(context.parameters);
	if (context.find(symbol) === void 0) throw new Refusal(-1121, "Invalid symbol.");
	return {
		symbol,
		history: accountHistory(account, symbol, {
			seed: options.seed ?? 1,
			now
		})
	};
}
/** Ids or times; an order id with a cursor id or alone. */
function checkCombination(parameters, cursor) {
	if ((parameters.has("startTime") || parameters.has("endTime")) && (parameters.has(cursor) || parameters.has("orderId"))) throw new Refusal(-1128, "Combination of optional parameters invalid.");
}
function pageOf({ parameters, options }, all, fromId) {
	const limit = readLimit(parameters, options.pageRows ?? 1e3);
	const start = readTime(parameters, "startTime")?.time;
	const end = endOf$1(parameters, options.msEndTime);
	if (start !== void 0 && end !== void 0 && end - start > 86400000999) throw new Refusal(-1127, "More than 24 hours between startTime and endTime.");
	const matching = all.filter(({ id, time }) => (fromId === void 0 || id >= fromId) && (start === void 0 || Number(time) >= start) && (end === void 0 || Number(time) <= end));
	return start !== void 0 || fromId !== void 0 ? matching.slice(0, limit) : matching.slice(-limit);
}
function endOf$1(parameters, reading) {
	const end = readTime(parameters, "endTime");
	if (end === void 0) return void 0;
	return end.unit === "ms" && reading === "wholeMs" ? end.time + 999 : end.time;
}
// src/simulator/exchange-info.ts
const QUOTES = [
	"FDUSD",
	"USDT",
	"USDC",
	"BUSD",
	"TUSD",
	"TRY",
	"EUR",
	"BTC",
	"ETH",
	"BNB"
];
const ORDER_TYPES = [
	"LIMIT",
	"LIMIT_MAKER",
	"MARKET",
	"STOP_LOSS",
	"STOP_LOSS_LIMIT",
	"TAKE_PROFIT",
	"TAKE_PROFIT_LIMIT"
];
/**
* The JSON text for the requested symbols; all listed ones without `symbol` and `symbols`.
*
* @throws Refusal -1121 for a symbol that is not listed, -1128, -1130, -1151.
*/
function exchangeInfoJson(options, parameters) {
	const listed = options.symbols.filter(({ listed: isListed = true }) => isListed);
	const names = askedSymbols(parameters);
	const status = parameters.get("symbolStatus");
	const shown = (names?.map((name) => {
		const found = listed.find(({ symbol }) => symbol === name);
		if (found === void 0) throw new Refusal(-1121, "Invalid symbol.");
		return found;
	}) ?? listed).map((symbol) => symbolInfo(symbol, BigInt(options.serverTime))).filter((info) => status === void 0 || info["status"] === status);
	const head = JSON.stringify({ timezone: "UTC" }).slice(0, -1);
	const tail = JSON.stringify({
		rateLimits: options.rules,
		exchangeFilters: [],
		symbols: shown
	});
	return `${head},"serverTime":${options.serverTime},${tail.slice(1)}`;
}
function askedSymbols(parameters) {
	const one = parameters.get("symbol");
	const many = parameters.get("symbols");
	if (one !== void 0 && many !== void 0) throw new Refusal(-1128, "Combination of optional parameters invalid.");
	if (one !== void 0) return [one];
	if (many === void 0) return void 0;
	const names = readList(many);
	if (new Set(names).size < names.length) throw new Refusal(-1151, "Symbol is present multiple times in the list.");
	return names;
}
function readList(text) {
	try {
		const list = JSON.parse(text);
		if (Array.isArray(list) && list.every((name) => typeof name === "string")) return list;
	} catch {}
	throw new Refusal(-1130, `Data sent for parameter 'symbols' is not valid.`);
}
function symbolInfo(options, serverTime) {
	if (options.info !== void 0) return options.info;
	const quoteAsset = options.quoteAsset ?? QUOTES.find((quote) => options.symbol.endsWith(quote)) ?? "USDT";
	const base = options.symbol.slice(0, Math.max(1, options.symbol.length - quoteAsset.length));
	return {
		symbol: options.symbol,
		status: options.status ?? statusAt(options, serverTime),
		baseAsset: options.baseAsset ?? base,
		baseAssetPrecision: 8,
		quoteAsset,
		quotePrecision: 8,
		quoteAssetPrecision: 8,
		baseCommissionPrecision: 8,
		quoteCommissionPrecision: 8,
		orderTypes: ORDER_TYPES,
		icebergAllowed: true,
		ocoAllowed: true,
		otoAllowed: true,
		quoteOrderQtyMarketAllowed: true,
		allowTrailingStop: true,
		cancelReplaceAllowed: true,
		amendAllowed: true,
		pegInstructionsAllowed: true,
		isSpotTradingAllowed: true,
		isMarginTradingAllowed: false,
		filters: filtersOf(options),
		permissions: [],
		permissionSets: [["SPOT"]],
		defaultSelfTradePreventionMode: "EXPIRE_MAKER",
		allowedSelfTradePreventionModes: [
			"EXPIRE_TAKER",
			"EXPIRE_MAKER",
			"EXPIRE_BOTH",
			"DECREMENT"
		]
	};
}
function statusAt({ delistedAt }, serverTime) {
	const now = serverTime > 10n ** 14n ? serverTime : serverTime * 1000n;
	return delistedAt === void 0 || now < delistedAt ? "TRADING" : "BREAK";
}
function filtersOf({ priceDecimals = 2, quantityDecimals = 5 }) {
	const tickSize = decimalText(1, priceDecimals);
	const stepSize = decimalText(1, quantityDecimals);
	const most = decimalText(9e3 * power(8 - quantityDecimals), 0);
	return [
		{
			filterType: "PRICE_FILTER",
			minPrice: tickSize,
			maxPrice: "1000000.00000000",
			tickSize
		},
		{
			filterType: "LOT_SIZE",
			minQty: stepSize,
			maxQty: most,
			stepSize
		},
		{
			filterType: "NOTIONAL",
			minNotional: "5.00000000",
			applyMinToMarket: true,
			maxNotional: "9000000.00000000",
			applyMaxToMarket: false,
			avgPriceMins: 5
		},
		{
			filterType: "MAX_NUM_ORDERS",
			maxNumOrders: 200
		}
	];
}
// src/simulator/pages.ts
/** Most rows in a page. */
function pageCap(options) {
	return options.pageRows ?? 1e3;
}
/** A page of klines: open times from `startTime` to `endTime`, both inclusive. */
function klinePage(source, request) {
	const { parameters, history, now, options } = request;
	const interval = readInterval(parameters);
	const limit = readLimit(parameters, pageCap(options));
	checkTimeZone(parameters);
	const isOutside = request.fault?.page === "outOfWindow";
	const start = isOutside ? { time: 0 } : readTime(parameters, "startTime");
	const end = isOutside ? void 0 : endTime(parameters, options);
	const ask = {
		from: start?.time ?? 0,
		to: end ?? Infinity,
		now,
		limit,
		newest: start === void 0,
		without: request.without
	};
	const rows = source(history).ask(interval, ask);
	const last = rows.at(-1);
	const isFull = rows.length === limit;
	const isClosed = last === void 0 || Number(last.closeTime) < now;
	return {
		rows,
		from: start?.time ?? Number(rows[0]?.openTime ?? 0n),
		to: isFull && last !== void 0 ? Number(last.openTime) : Math.min(ask.to, now),
		isSettled: start !== void 0 && isClosed && (isFull || ask.to < now)
	};
}
function checkTimeZone(parameters) {
	const zone = parameters.get("timeZone") ?? "0";
	if (![
		"0",
		"00:00",
		"+00:00",
		"-00:00"
	].includes(zone)) throw new Refusal(-1130, `Data sent for parameter 'timeZone' is not valid.`);
}
function endTime(parameters, options) {
	const end = readTime(parameters, "endTime");
	if (end === void 0) return void 0;
	return isWholeMs(end, options) ? end.time + 999 : end.time;
}
function isWholeMs({ unit }, { msEndTime = "instant" }) {
	return unit === "ms" && msEndTime === "wholeMs";
}
/** A page of aggregate trades: by id or by times, never both. */
function aggTradePage(request) {
	const { parameters, history, options } = request;
	const start = readTime(parameters, "startTime");
	const end = endTime(parameters, options);
	if (parameters.has("fromId") && (start !== void 0 || end !== void 0)) throw new Refusal(-1128, "Combination of optional parameters invalid.");
	const windowMs = options.aggTradesWindowMsMax;
	if (windowMs !== void 0 && start !== void 0 && end !== void 0) {
		if (end - start.time > windowMs * 1e3) throw new Refusal(-1127, "Lookup interval is too big.");
	}
	if (parameters.has("fromId")) return idPage(history.aggTrades, request, firstAggTrade(request));
	return timePage(request, start?.time, end);
}
function timePage(request, start, end) {
	const { parameters, history, now, options, fault } = request;
	const sequence = history.aggTrades;
	const limit = readLimit(parameters, pageCap(options));
	const oldest = firstAggTrade(request);
	const isOutside = fault?.page === "outOfWindow";
	const from = start === void 0 || isOutside ? oldest : Math.max(oldest, sequence.placeOfTime(start));
	const visible = sequence.count(now);
	const to = end === void 0 || isOutside ? visible : Math.min(visible, sequence.placeOfTime(end + 1));
	const isFromStart = isOutside || start !== void 0 && (end === void 0 || options.bothTimes !== "last");
	const span = isFromStart ? {
		from,
		to: Math.min(to, from + limit)
	} : {
		from: Math.max(from, to - limit),
		to
	};
	const isFull = span.to - span.from === limit;
	const isPast = end !== void 0 && end < now;
	return rowPage(sequence, request, {
		...span,
		isSettled: start !== void 0 && (isPast || isFull && isFromStart)
	});
}
/** A page of trades or block trades, from an id on; the newest ones without an id. */
function tradePage(sequence, request, oldest) {
	if (request.parameters.has("fromId")) return idPage(sequence, request, oldest);
	const visible = sequence.count(request.now);
	const limit = readLimit(request.parameters, pageCap(request.options));
	return rowPage(sequence, request, {
		from: Math.max(oldest, visible - limit),
		to: visible,
		isSettled: false
	});
}
function idPage(sequence, request, oldest) {
	const { parameters, now, options, fault } = request;
	const limit = readLimit(parameters, pageCap(options));
	const id = readLong(parameters, "fromId") ?? 0n;
	const visible = sequence.count(now);
	const asked = fault?.page === "outOfWindow" ? 0 : sequence.placeOfId(id);
	const from = Math.min(visible, Math.max(oldest, asked));
	const to = Math.min(visible, from + limit);
	return rowPage(sequence, request, {
		from,
		to,
		isSettled: to - from === limit
	});
}
function rowPage(sequence, { without, now }, { from, to, isSettled }) {
	const rows = [];
	for (let place = from; place < to; place++) rows.push(sequence.at(place));
	const first = rows[0];
	const last = rows.at(-1);
	return {
		rows: without.length === 0 ? rows : rows.filter(({ time }) => !isWithin(Number(time), without)),
		from: Number(first?.time ?? BigInt(Math.floor(now))),
		to: Number(last?.time ?? 0n),
		isSettled
	};
}
function isWithin(time, spans) {
	return spans.some((span) => time >= span.from && time < span.to);
}
/** The place of the first aggregate trade that REST still has. */
function firstAggTrade({ symbol, history }) {
	const { restHistoryFrom } = symbol;
	return restHistoryFrom === void 0 ? 0 : history.aggTrades.placeOfId(restHistoryFrom);
}
/** The place of the first trade that REST still has: the first of the first aggregate trade. */
function firstTrade(request) {
	const { restHistoryFrom } = request.symbol;
	const { aggTrades, trades } = request.history;
	if (restHistoryFrom === void 0) return 0;
	const place = firstAggTrade(request);
	if (place >= aggTrades.count(request.now)) return trades.count(request.now);
	return trades.placeOfId(aggTrades.at(place).firstTradeId);
}
// src/simulator/endpoints.ts
/** The endpoints: the parameters of each, and the JSON text of its answer. */
const KLINES = {
	mandatory: ["symbol", "interval"],
	optional: [
		"startTime",
		"endTime",
		"timeZone",
		"limit"
	]
};
/** Every endpoint by its path. */
const ENDPOINTS = /* @__PURE__ */ new Map([
	["/api/v3/ping", plain(() => "{}")],
	["/api/v3/time", plain((context) => `{"serverTime":${serverTime(context)}}`, ({ now }, schema) => timeSbe(BigInt(Math.floor(now)), schema))],
	["/api/v3/exchangeInfo", {
		...plain((context) => {
			const { options, rules, parameters } = context;
			return exchangeInfoJson({
				symbols: options.symbols,
				rules,
				serverTime: serverTime(context)
			}, parameters);
		}),
		optional: [
			"symbol",
			"symbols",
			"permissions",
			"showPermissionSets",
			"symbolStatus"
		]
	}],
	[DATASETS.klines.path, klineEndpoint(({ klines }) => klines)],
	[DATASETS.uiKlines.path, klineEndpoint(({ uiKlines }) => uiKlines)],
	[DATASETS.aggTrades.path, {
		mandatory: ["symbol"],
		optional: [
			"fromId",
			"startTime",
			"endTime",
			"limit"
		],
		isMarketData: true,
		answer: (context) => rowsAnswer(context, aggTradePage, [aggTradeJson, aggTradesSbe])
	}],
	["/api/v3/trades", {
		...tradeEndpoint(["symbol"], ["limit"]),
		isMarketData: true
	}],
	[DATASETS.trades.path, tradeEndpoint(["symbol"], ["limit", "fromId"])],
	[DATASETS.blockTrades.path, {
		mandatory: ["symbol", "fromId"],
		optional: ["limit"],
		isMarketData: false,
		answer: (context) => rowsAnswer(context, (request) => tradePage(request.history.blockTrades, request, 0), [tradeJson, (rows, schema) => tradesSbe(rows, schema, true)])
	}],
	[DATASETS.myTrades.path, accountEndpoint(["orderId", "fromId"], myTradesAnswer)],
	[DATASETS.allOrders.path, accountEndpoint(["orderId"], ordersAnswer)],
	[DATASETS.myAllocations.path, accountEndpoint(["orderId", "fromAllocationId"], allocationsAnswer)]
]);
function plain(json, sbe) {
	return {
		mandatory: [],
		optional: [],
		isMarketData: true,
		answer: (context) => ({
			json: json(context),
			isSettled: false,
			...sbe === void 0 ? {} : { sbe: (schema) => sbe(context, schema) }
		})
	};
}
function accountEndpoint(ids, answer) {
	return {
		mandatory: [
			"symbol",
			"timestamp",
			"signature"
		],
		optional: [
			...ids,
			"startTime",
			"endTime",
			"limit",
			"recvWindow"
		],
		isMarketData: false,
		answer
	};
}
function serverTime({ now, unit }) {
	return timeText$1(micros(BigInt(Math.floor(now))), unit);
}
function klineEndpoint(source) {
	return {
		...KLINES,
		isMarketData: true,
		answer: (context) => rowsAnswer(context, (request) => klinePage(source, request), [klineJson, klinesSbe])
	};
}
function tradeEndpoint(mandatory, optional) {
	return {
		mandatory,
		optional,
		isMarketData: false,
		answer: (context) => rowsAnswer(context, (request) => tradePage(request.history.trades, request, firstTrade(request)), [tradeJson, (rows, schema) => tradesSbe(rows, schema, false)])
	};
}
function rowsAnswer(context, page, [json, sbe]) {
	const { parameters, now, options, fault } = context;
	const name = readSymbol(parameters);
	const symbol = context.find(name);
	if (symbol === void 0) throw new Refusal(-1121, "Invalid symbol.");
	const { rows, from, to, isSettled } = page({
		parameters,
		history: symbol.history,
		symbol: symbol.options,
		now,
		options,
		fault,
		without: context.leftOut(name)
	});
	const unit = fault?.page === "wrongUnit" ? context.unit === "us" ? "ms" : "us" : context.unit;
	const served = falsified(rows, fault);
	return {
		json: `[${served.map((row) => json(row, unit)).join(",")}]`,
		sbe: (schema) => sbe(served, schema),
		isSettled,
		spoken: {
			symbol: name,
			from,
			to
		}
	};
}
/** The rows of a faulty page. */
function falsified(rows, fault) {
	switch (fault?.page) {
		case void 0:
		case "outOfWindow":
		case "wrongUnit": return rows;
		case "duplicated": return [...rows, ...rows];
		case "reversed": return rows.toReversed();
		case "short": return rows.slice(0, Math.ceil(rows.length / 2));
		case "impossible": return rows.map((row, i) => i < rows.length - 1 ? row : {
			...row,
			low: "9000000000.00000000",
			price: "-1.00000000"
		});
	}
}
// src/simulator/grid.ts
/**
* The grid of kline open times in plain microsecond numbers, written independently so that it can disagree with the
* client's.
*/
const DAY$3 = 864e8;
const UNITS = {
	s: 1e6,
	m: 6e7,
	h: 36e8,
	d: DAY$3,
	w: 7 * DAY$3
};
const PHASES = {
	"1w": 4 * DAY$3,
	"3d": DAY$3
};
function fixedGrid(interval) {
	const step = Number(interval.slice(0, -1)) * (UNITS[interval.slice(-1)] ?? DAY$3);
	const phase = PHASES[interval] ?? 0;
	return {
		floor: (time) => Math.floor((time - phase) / step) * step + phase,
		next: (open) => open + step
	};
}
function monthStart(time, months) {
	const date = new Date(Math.floor(time / 1e3));
	return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) * 1e3;
}
const GRIDS = new Map(INTERVALS.map((interval) => [interval, fixedGrid(interval)]));
GRIDS.set("1M", {
	floor: (time) => monthStart(time, 0),
	next: (open) => monthStart(open, 1)
});
/** The grid of an interval. */
function gridOf(interval) {
	return GRIDS.get(interval) ?? fixedGrid(interval);
}
// src/simulator/source.ts
/** The first place in `[0, count)` that is not `before`; `count` if there is none. */
function firstPlace(count, before) {
	let low = 0;
	let high = count;
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		if (before(middle)) low = middle + 1;
		else high = middle;
	}
	return low;
}
// src/simulator/klines.ts
/** Klines computed only from the seed, the interval and the open time. */
const DAY$2 = 864e8;
const MINUTE = 6e7;
/** How late a kline closes that opened off the grid (observed: 1518321600999). */
const LATE_CLOSE = 999e3;
/** The klines of a market. */
var GeneratedKlines = class {
	#market;
	#salt;
	#seeds = /* @__PURE__ */ new Map();
	/** @param salt - makes the values, but not the slots, differ from another source of the same market. */
	constructor(market, salt) {
		this.#market = market;
		this.#salt = salt;
	}
	ask(interval, ask) {
		return ask.newest ? this.#backward(interval, ask) : this.#forward(interval, ask);
	}
	#forward(interval, ask) {
		const grid = gridOf(interval);
		const rows = [];
		const end = Math.min(ask.to, ask.now);
		let start = grid.floor(Math.max(ask.from, this.#market.listedAt));
		while (rows.length < ask.limit && start <= end && start < this.#market.delistedAt) {
			const slot = this.#slotAt(grid, start);
			if (typeof slot === "number") {
				start = Math.max(grid.floor(slot), grid.next(start));
				continue;
			}
			if (isAsked(slot.open, ask)) rows.push(this.#row(interval, slot, ask.now));
			start = slot.end;
		}
		return rows;
	}
	#backward(interval, ask) {
		const grid = gridOf(interval);
		const rows = [];
		const first = grid.floor(Math.max(ask.from, this.#market.listedAt));
		let start = grid.floor(Math.min(ask.to, ask.now, this.#market.delistedAt - 1));
		while (rows.length < ask.limit && start >= first) {
			const slot = this.#slotAt(grid, start);
			if (typeof slot !== "number" && isAsked(slot.open, ask)) rows.push(this.#row(interval, slot, ask.now));
			const outage = typeof slot === "number" ? this.#outageAt(start) : void 0;
			start = grid.floor((outage === void 0 ? start : Math.min(start, outage.from)) - 1);
		}
		return rows.reverse();
	}
	/** The outage that `time` lies in. */
	#outageAt(time) {
		const { outages } = this.#market;
		const outage = outages[firstPlace(outages.length, (i) => (outages[i]?.to ?? 0) <= time)];
		return outage !== void 0 && outage.from <= time ? outage : void 0;
	}
	/** The kline of the slot that starts at `start`, or the end of the outage that covers it. */
	#slotAt(grid, start) {
		const end = grid.next(start);
		const outage = this.#outageAt(start);
		if (outage !== void 0 && outage.to >= end) return outage.to;
		if (outage?.offGrid === true) return {
			open: outage.to,
			end,
			close: end + LATE_CLOSE + 999
		};
		const next = this.#outageAt(end - 1);
		return {
			open: start,
			end,
			close: (next?.offGrid === true && next.from > start ? next.from : end) - 1
		};
	}
	#row(interval, slot, now) {
		const { decimals, idleShare } = this.#market;
		const bits = mix(this.#seedOf(interval), slot.open);
		const isIdle = slot.end - slot.open <= MINUTE && fraction(mix(bits, 1)) < idleShare;
		const prices = this.#prices(slot, bits, {
			now,
			isIdle
		});
		const traded = isIdle ? {
			volume: 0,
			count: 0
		} : this.#traded(slot, bits, now);
		const volume = isIdle ? 0 : this.#corrected(interval, slot, {
			volume: traded.volume,
			now
		});
		const taker = Math.floor(volume * fraction(mix(bits, 2)));
		const average = prices.low + Math.floor((prices.high - prices.low + 1) * fraction(mix(bits, 3)));
		return {
			openTime: micros(BigInt(slot.open)),
			open: decimalText(prices.open, decimals.price),
			high: decimalText(prices.high, decimals.price),
			low: decimalText(prices.low, decimals.price),
			close: decimalText(prices.close, decimals.price),
			volume: decimalText(volume, decimals.quantity),
			closeTime: micros(BigInt(slot.close)),
			quoteVolume: productText(average, volume, decimals),
			tradeCount: traded.count,
			takerVolume: decimalText(taker, decimals.quantity),
			takerQuoteVolume: productText(average, taker, decimals)
		};
	}
	#seedOf(interval) {
		const known = this.#seeds.get(interval);
		if (known !== void 0) return known;
		const seed = seedOf(interval, this.#market.seed ^ this.#salt);
		this.#seeds.set(interval, seed);
		return seed;
	}
	#prices(slot, bits, { now, isIdle }) {
		const { path, volatility } = this.#market;
		const open = path.ticksAt(slot.open);
		if (isIdle) return {
			open,
			high: open,
			low: open,
			close: open
		};
		const last = path.ticksAt(slot.end);
		const swing = open * volatility * .5 * Math.sqrt((slot.end - slot.open) / DAY$2);
		const top = Math.max(open, last) + Math.floor(swing * fraction(mix(bits, 4)));
		const bottom = Math.min(open, last) - Math.floor(swing * fraction(mix(bits, 5)));
		if (now >= slot.end) return {
			open,
			high: top,
			low: Math.max(1, bottom),
			close: last
		};
		const share = shareOf(slot, now);
		const high = open + Math.floor((top - open) * share);
		const low = Math.max(1, open - Math.floor((open - bottom) * share));
		return {
			open,
			high,
			low,
			close: Math.min(high, Math.max(low, path.ticksAt(now)))
		};
	}
	#traded(slot, bits, now) {
		const { volumePerDay, aggTradesPerDay, decimals } = this.#market;
		const days = (slot.end - slot.open) / DAY$2;
		const share = shareOf(slot, now);
		const busy = .25 + 1.5 * fraction(mix(bits, 6));
		const units = volumePerDay * days * busy * power(decimals.quantity);
		const volume = Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.round(units)));
		const count = Math.max(1, Math.round(aggTradesPerDay * days * busy * 1.75));
		return {
			volume: Math.ceil(volume * share),
			count: Math.ceil(count * share)
		};
	}
	/** The volume as of `now`: slightly less before it has settled, slightly more once it is revised. */
	#corrected(interval, slot, { volume, now }) {
		const { settleMicros, revisions } = this.#market;
		if (now >= slot.end && now < slot.end + settleMicros) return Math.ceil(volume * .99);
		return revisions.some((revision) => revision.interval === interval && Number(revision.openTime) === slot.open && Number(revision.at) <= now) ? volume + 1 : volume;
	}
};
/** How much of a slot has passed, above 0 and at most 1. */
function shareOf(slot, now) {
	return Math.min(1, (Math.max(0, now - slot.open) + 1) / (slot.end - slot.open));
}
function isAsked(open, { from, to, now, without }) {
	if (open < from || open > Math.min(to, now)) return false;
	return !without.some((span) => open >= span.from && open < span.to);
}
// src/simulator/literal.ts
var LiteralKlines = class {
	#rows;
	constructor(rows) {
		this.#rows = rows;
	}
	ask(interval, { from, to, now, limit, newest, without }) {
		const rows = this.#rows[interval] ?? [];
		const open = (place) => Number(rows[place]?.openTime);
		const first = firstPlace(rows.length, (place) => open(place) < from);
		const last = firstPlace(rows.length, (place) => open(place) <= Math.min(to, now));
		const found = [];
		const step = newest ? -1 : 1;
		let place = newest ? last - 1 : first;
		for (; place >= first && place < last && found.length < limit; place += step) {
			const row = rows[place];
			if (row === void 0) break;
			if (!without.some((span) => open(place) >= span.from && open(place) < span.to)) found.push(row);
		}
		return newest ? found.reverse() : found;
	}
};
var LiteralSequence = class {
	#rows;
	constructor(rows) {
		this.#rows = rows;
	}
	count(now) {
		return this.placeOfTime(now + 1);
	}
	at(place) {
		const row = this.#rows[place];
		if (row !== void 0) return row;
		throw new RangeError(`no row at ${place} of ${this.#rows.length}`);
	}
	placeOfTime(time) {
		return firstPlace(this.#rows.length, (place) => this.at(place).time < time);
	}
	placeOfId(id) {
		return firstPlace(this.#rows.length, (place) => this.at(place).id < id);
	}
};
/** The history of `rows`, which must ascend. */
function literalHistory(rows) {
	return {
		klines: new LiteralKlines(rows.klines ?? {}),
		uiKlines: new LiteralKlines(rows.uiKlines ?? rows.klines ?? {}),
		aggTrades: new LiteralSequence(rows.aggTrades ?? []),
		trades: new LiteralSequence(rows.trades ?? []),
		blockTrades: new LiteralSequence(rows.blockTrades ?? [])
	};
}
// src/simulator/price.ts
/**
* The price of a symbol at any time: a sum of smooth noises whose swings grow with the square root of their period,
* like those of a random walk. All intervals and all trades of a symbol follow the same path.
*/
const DAY$1 = 864e8;
const SECOND = 1e6;
const PERIODS = [
	2,
	15,
	120,
	900,
	7200,
	57600,
	432e3,
	3456e3,
	27648e3
].map((seconds) => seconds * SECOND);
/** A price as a function of time. */
var PricePath = class {
	#octaves;
	#ticks;
	#last = {
		time: NaN,
		ticks: 0
	};
	constructor({ seed, price, volatility, decimals }) {
		this.#ticks = price * Number(`1e${decimals}`);
		this.#octaves = PERIODS.map((period, i) => ({
			seed: mix(seed, i),
			period,
			swing: 2 * volatility * Math.sqrt(period / DAY$1)
		}));
	}
	/** The price at `time` (µs) in whole ticks, at least 1. */
	ticksAt(time) {
		if (this.#last.time !== time) this.#last = {
			time,
			ticks: this.#compute(time)
		};
		return this.#last.ticks;
	}
	#compute(time) {
		let exponent = 0;
		for (const { seed, period, swing } of this.#octaves) {
			const place = time / period;
			const knot = Math.floor(place);
			const from = fraction(mix(seed, knot));
			const to = fraction(mix(seed, knot + 1));
			exponent += swing * (from + (to - from) * (place - knot) - .5);
		}
		return Math.max(1, Math.round(this.#ticks * Math.exp(exponent)));
	}
};
// src/simulator/market.ts
/** One symbol's options with every default filled in, as plain numbers for computing histories. */
/** When BTCUSDT was listed. */
const FIRST_LISTING = parseMicros("2017-08-17");
/**
* Fills in the defaults.
*
* @throws UsageError when decimals are not 0 to 8, or outages overlap.
*/
function marketOf(options, seed) {
	const own = seedOf(options.symbol, seed);
	const decimals = {
		price: options.priceDecimals ?? 2,
		quantity: options.quantityDecimals ?? 5
	};
	for (const places of Object.values(decimals)) if (!Number.isInteger(places) || places < 0 || places > 8) throw new UsageError(`a symbol has 0 to 8 decimals, not ${places}`);
	const volatility = options.volatility ?? .03;
	return {
		seed: own,
		path: new PricePath({
			seed: own,
			price: options.price ?? 100,
			volatility,
			decimals: decimals.price
		}),
		volatility,
		decimals,
		listedAt: Number(options.listedAt ?? FIRST_LISTING),
		delistedAt: options.delistedAt === void 0 ? Infinity : Number(options.delistedAt),
		outages: inOrder$1(options.outages ?? []),
		volumePerDay: options.volumePerDay ?? 1e4,
		aggTradesPerDay: options.aggTradesPerDay ?? 2e3,
		idleShare: options.idleShare ?? 0,
		settleMicros: (options.settleMs ?? 0) * 1e3,
		revisions: options.revisions ?? []
	};
}
function inOrder$1(outages) {
	const sorted = outages.map(({ from, to, offGrid = false }) => ({
		from: Number(from),
		to: Number(to),
		offGrid
	})).sort((a, b) => a.from - b.from);
	sorted.forEach((outage, i) => {
		const before = sorted[i - 1];
		if (outage.from >= outage.to || before !== void 0 && before.to > outage.from) throw new UsageError("outages must not be empty or overlap");
	});
	return sorted;
}
// src/simulator/day.ts
/** One day of aggregate trades: how many there are, and when each of them happens. */
/** A day in microseconds. */
const DAY = 864e8;
const HOUR = 36e8;
/** A calm day, UTC: little trading at night, much in the afternoon. */
const HOUR_WEIGHTS = [
	1,
	.9,
	.8,
	.7,
	.6,
	.6,
	.8,
	1,
	1.2,
	1.2,
	1.1,
	1,
	1.2,
	1.6,
	2,
	2,
	1.8,
	1.5,
	1.3,
	1.2,
	1.1,
	1,
	1,
	1
];
/** Distributes trades by `weights` (24 hours) over a day without the `closed` spans. */
function profileOf(weights, closed) {
	const open = [];
	for (let hour = 0; hour < 24; hour++) {
		const weight = weights[hour] ?? 1;
		let from = hour * HOUR;
		const end = from + HOUR;
		for (const span of closed) {
			if (span.to <= from || span.from >= end) continue;
			if (span.from > from) open.push({
				from,
				to: span.from,
				weight
			});
			from = Math.min(end, span.to);
		}
		if (from < end) open.push({
			from,
			to: end,
			weight
		});
	}
	const used = open.filter(({ weight }) => weight > 0);
	const total = used.reduce((sum, { from, to, weight }) => sum + (to - from) * weight, 0);
	let before = 0;
	return used.map(({ from, to, weight }) => {
		const density = weight / total;
		const stretch = {
			from,
			to,
			before,
			density
		};
		before += (to - from) * density;
		return stretch;
	});
}
/** The trades of one day, by their place in it. */
var TradingDay = class {
	count;
	#seed;
	#calm;
	#profile;
	#runs;
	constructor(options) {
		this.#seed = options.seed;
		this.#profile = options.profile;
		this.#calm = options.profile.length === 0 ? 0 : options.calm;
		const runs = [];
		let start = 0;
		let first = 0;
		for (const burst of options.bursts) {
			const calmBefore = firstPlace(this.#calm, (place) => this.#calmTime(place) < burst.at);
			runs.push({
				start,
				first,
				burst: void 0
			});
			start += calmBefore - first;
			first = calmBefore;
			runs.push({
				start,
				first,
				burst
			});
			start += burst.count;
		}
		runs.push({
			start,
			first,
			burst: void 0
		});
		this.#runs = runs;
		this.count = start + this.#calm - first;
	}
	/** The time of the trade at `place`, from the day's start; never earlier than the one before. */
	timeAt(place) {
		let index = this.#runs.length - 1;
		while (index > 0 && (this.#runs[index]?.start ?? 0) > place) index--;
		const run = this.#runs[index];
		if (run === void 0) throw new RangeError(`no trade at ${place}`);
		const inRun = place - run.start;
		if (run.burst !== void 0) return run.burst.at + Math.floor(inRun * run.burst.spread / run.burst.count);
		const burst = this.#runs[index - 1]?.burst;
		const floor = burst === void 0 ? 0 : burst.at + burst.spread - 1;
		return Math.max(floor, this.#calmTime(run.first + inRun));
	}
	/** The first place whose time is `time` or later. */
	placeOfTime(time) {
		return firstPlace(this.count, (place) => this.timeAt(place) < time);
	}
	#calmTime(place) {
		const group = place - place % 4;
		const own = fraction(mix(this.#seed, group)) < .5 ? group : place;
		const share = (own + fraction(mix(this.#seed ^ 23505, own))) / this.#calm;
		return timeOfShare(this.#profile, share);
	}
};
function timeOfShare(profile, share) {
	let index = profile.length - 1;
	while (index > 0 && (profile[index]?.before ?? 0) > share) index--;
	const stretch = profile[index];
	if (stretch === void 0) throw new RangeError("a day without trades has no times");
	const time = stretch.from + Math.floor((share - stretch.before) / stretch.density);
	return Math.min(stretch.to - 1, time);
}
// src/simulator/calendar.ts
/** All days of a symbol's aggregate trades: which place belongs to which day. Ordinary days cost nothing. */
/** The days of a market. */
var TradeCalendar = class {
	#market;
	#options;
	#firstDay;
	#usual;
	#specials;
	#last;
	/** @throws UsageError when a count is not a whole number, hours are not 24, or bursts overlap or lie outside trading. */
	constructor(market, options) {
		this.#market = market;
		this.#options = options;
		this.#firstDay = Math.floor(market.listedAt / DAY);
		checkCounts(market, options);
		this.#usual = profileOf(options.hourWeights ?? HOUR_WEIGHTS, []);
		let surplus = 0;
		this.#specials = this.#specialDays().map((day) => {
			const { count } = this.#dayAt(day);
			surplus += count - market.aggTradesPerDay;
			return {
				day,
				count,
				surplus
			};
		});
	}
	/** The number of trades before the day. */
	startOf(day) {
		if (day <= this.#firstDay) return 0;
		const place = firstPlace(this.#specials.length, (i) => (this.#specials[i]?.day ?? 0) < day);
		const surplus = this.#specials[place - 1]?.surplus ?? 0;
		return (day - this.#firstDay) * this.#market.aggTradesPerDay + surplus;
	}
	/** The number of trades before `time`. */
	placeOfTime(time) {
		const bounded = Math.min(time, this.#market.delistedAt);
		if (bounded <= this.#market.listedAt) return 0;
		const day = Math.floor(bounded / DAY);
		const { start, trades } = this.#placeOf(day);
		return start + trades.placeOfTime(bounded - day * DAY);
	}
	/** The time of the trade at `place`. */
	timeAt(place) {
		const { day, start, trades } = this.#dayOf(place);
		return day * DAY + trades.timeAt(place - start);
	}
	#dayOf(place) {
		const last = this.#last;
		if (last !== void 0 && place >= last.start && place < last.start + last.trades.count) return last;
		const day = firstPlace(2e5, (i) => this.startOf(this.#firstDay + i) <= place);
		return this.#placeOf(this.#firstDay + day - 1);
	}
	#placeOf(day) {
		if (this.#last?.day === day) return this.#last;
		this.#last = {
			day,
			start: this.startOf(day),
			trades: this.#dayAt(day)
		};
		return this.#last;
	}
	#dayAt(day) {
		const { hourWeights = HOUR_WEIGHTS, aggTradesOn = {} } = this.#options;
		const from = day * DAY;
		const closed = this.#closedIn(from);
		const date = (/* @__PURE__ */ new Date(from / 1e3)).toISOString().slice(0, 10);
		return new TradingDay({
			seed: mix(this.#market.seed ^ 31277, day),
			calm: aggTradesOn[date] ?? this.#market.aggTradesPerDay,
			profile: closed.length === 0 ? this.#usual : profileOf(hourWeights, closed),
			bursts: this.#burstsIn(from)
		});
	}
	#closedIn(from) {
		const { listedAt, delistedAt, outages } = this.#market;
		return [
			{
				from: 0,
				to: listedAt
			},
			...outages,
			{
				from: delistedAt,
				to: Infinity
			}
		].filter((span) => span.from < from + 864e8 && span.to > from).map((span) => ({
			from: Math.max(0, span.from - from),
			to: Math.min(DAY, span.to - from)
		}));
	}
	#burstsIn(from) {
		return (this.#options.bursts ?? []).map(({ at, count, spreadMicros: spread = 1 }) => ({
			at: Number(at) - from,
			count,
			spread
		})).filter(({ at }) => at >= 0 && at < 864e8).sort((a, b) => a.at - b.at);
	}
	#specialDays() {
		const { listedAt, delistedAt, outages } = this.#market;
		const days = /* @__PURE__ */ new Set([Math.floor(listedAt / DAY)]);
		if (delistedAt !== Infinity) days.add(Math.floor(delistedAt / DAY));
		for (const { from, to } of outages) for (let day = Math.floor(from / DAY); day * DAY < to; day++) days.add(day);
		for (const { at } of this.#options.bursts ?? []) days.add(Math.floor(Number(at) / DAY));
		for (const date of Object.keys(this.#options.aggTradesOn ?? {})) days.add(Math.floor(Number(parseMicros(date)) / DAY));
		return [...days].filter((day) => day >= this.#firstDay).sort((a, b) => a - b);
	}
};
function checkCounts(market, options) {
	if (![
		market.aggTradesPerDay,
		...Object.values(options.aggTradesOn ?? {}),
		...(options.bursts ?? []).map(({ count }) => count)
	].every((count) => Number.isSafeInteger(count) && count >= 0)) throw new UsageError("numbers of aggTrades must be whole and not negative");
	const { hourWeights } = options;
	if (hourWeights !== void 0 && (hourWeights.length !== 24 || Math.max(...hourWeights) <= 0)) throw new UsageError("hourWeights must have 24 numbers, at least one above 0");
	checkBursts(market, options.bursts ?? []);
}
function checkBursts(market, bursts) {
	const isTraded = (time) => time >= market.listedAt && time < market.delistedAt && !market.outages.some(({ from, to }) => time >= from && time < to);
	const sorted = bursts.map(({ at, spreadMicros = 1 }) => ({
		at: Number(at),
		spread: spreadMicros
	})).sort((a, b) => a.at - b.at);
	sorted.forEach(({ at, spread }, i) => {
		const next = sorted[i + 1]?.at ?? Infinity;
		if (!isTraded(at) || at + spread > next || at % 864e8 + spread > 864e8) throw new UsageError("each burst must lie in trading time and within one day, and bursts must not overlap");
	});
}
// src/simulator/trades.ts
/** Aggregate trades, the trades they consist of, and block trades, each computed from its place alone. */
/**
* How many trades each of eight consecutive aggregate trades consists of; always fourteen together, so that the first
* trade of any of them is known without counting.
*/
const SPLITS = [
	[
		1,
		1,
		1,
		1,
		1,
		1,
		1,
		7
	],
	[
		1,
		3,
		1,
		2,
		1,
		4,
		1,
		1
	],
	[
		2,
		2,
		2,
		2,
		2,
		2,
		1,
		1
	],
	[
		5,
		1,
		1,
		1,
		3,
		1,
		1,
		1
	]
];
const BLOCK = 8;
const BLOCK_TRADES = 14;
/** The aggregate trades of a market. */
var GeneratedAggTrades = class {
	#market;
	#calendar;
	#firstId;
	#firstTradeId;
	/** Where ids jump, ascending, and by how much in total up to there. */
	#jumps;
	constructor(market, options) {
		this.#market = market;
		this.#calendar = new TradeCalendar(market, options);
		this.#firstId = BigInt(options.firstAggTradeId ?? 0);
		this.#firstTradeId = BigInt(options.firstTradeId ?? 0);
		let skipped = 0n;
		this.#jumps = [...options.idGaps ?? []].sort((a, b) => Number(a.at - b.at)).map(({ at, skip }) => {
			skipped += BigInt(skip);
			return {
				place: this.placeOfTime(Number(at)),
				skipped
			};
		});
	}
	count(now) {
		return this.placeOfTime(now + 1);
	}
	placeOfTime(time) {
		return this.#calendar.placeOfTime(time);
	}
	placeOfId(id) {
		const sought = Number(id - this.#firstId);
		const most = Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, sought));
		if (this.#jumps.length === 0) return most;
		return firstPlace(most, (place) => this.#idAt(place) < id);
	}
	at(place) {
		const { decimals } = this.#market;
		const fill = this.fillAt(place);
		const first = this.#firstTradeId + BigInt(fill.firstTrade);
		return {
			id: this.#idAt(place),
			price: decimalText(fill.price, decimals.price),
			quantity: decimalText(fill.quantity, decimals.quantity),
			firstTradeId: first,
			lastTradeId: first + BigInt(fill.tradeCount - 1),
			time: micros(BigInt(fill.time)),
			isBuyerMaker: fill.isBuyerMaker,
			isBestMatch: true
		};
	}
	/** The time of the trade at `place`. */
	timeAt(place) {
		return this.#calendar.timeAt(place);
	}
	/** The trade at `place` in whole units. */
	fillAt(place) {
		const { seed, path, volumePerDay, aggTradesPerDay, decimals } = this.#market;
		const time = this.timeAt(place);
		const bits = mix(seed ^ 12791, place);
		const { first, count } = this.splitAt(place);
		const usual = volumePerDay / Math.max(1, aggTradesPerDay) * power(decimals.quantity);
		const drawn = Math.round(-usual * Math.log(1 - fraction(mix(bits, 1))));
		return {
			time,
			price: Math.max(1, path.ticksAt(time) + (bits >>> 3) % 3 - 1),
			quantity: Math.min(Number.MAX_SAFE_INTEGER, Math.max(count, drawn)),
			firstTrade: first,
			tradeCount: count,
			isBuyerMaker: (bits & 1) === 1
		};
	}
	/** The trades that the one at `place` consists of. */
	splitAt(place) {
		const block = Math.floor(place / BLOCK);
		const counts = this.#splitOf(block);
		const inBlock = place - block * BLOCK;
		let first = block * BLOCK_TRADES;
		for (let i = 0; i < inBlock; i++) first += counts[i] ?? 0;
		return {
			first,
			count: counts[inBlock] ?? 1
		};
	}
	/** The aggregate trade that the trade at place `trade` belongs to. */
	placeOfTrade(trade) {
		const block = Math.floor(trade / BLOCK_TRADES);
		const counts = this.#splitOf(block);
		let left = trade - block * BLOCK_TRADES;
		let place = block * BLOCK;
		for (const count of counts) {
			if (left < count) break;
			left -= count;
			place++;
		}
		return place;
	}
	#splitOf(block) {
		return SPLITS[(mix(this.#market.seed ^ 4563, block) >>> 4) % SPLITS.length] ?? [];
	}
	#idAt(place) {
		const next = firstPlace(this.#jumps.length, (i) => (this.#jumps[i]?.place ?? 0) <= place);
		return this.#firstId + BigInt(place) + (this.#jumps[next - 1]?.skipped ?? 0n);
	}
};
/** The trades that aggregate trades consist of: same time, price and side, and together the same quantity. */
var GeneratedTrades = class {
	#market;
	#aggTrades;
	#firstId;
	constructor(market, aggTrades, options) {
		this.#market = market;
		this.#aggTrades = aggTrades;
		this.#firstId = BigInt(options.firstTradeId ?? 0);
	}
	count(now) {
		return this.placeOfTime(now + 1);
	}
	placeOfTime(time) {
		return this.#aggTrades.splitAt(this.#aggTrades.placeOfTime(time)).first;
	}
	placeOfId(id) {
		return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Number(id - this.#firstId)));
	}
	at(place) {
		const { decimals } = this.#market;
		const fill = this.#aggTrades.fillAt(this.#aggTrades.placeOfTrade(place));
		const part = place - fill.firstTrade;
		const upTo = (parts) => Math.floor(fill.quantity / fill.tradeCount * parts);
		const quantity = (part === fill.tradeCount - 1 ? fill.quantity : upTo(part + 1)) - upTo(part);
		return {
			id: this.#firstId + BigInt(place),
			price: decimalText(fill.price, decimals.price),
			quantity: decimalText(quantity, decimals.quantity),
			quoteQuantity: productText(fill.price, quantity, decimals),
			time: micros(BigInt(fill.time)),
			isBuyerMaker: fill.isBuyerMaker,
			isBestMatch: true
		};
	}
};
/** Block trades: few, with ids of their own. */
var GeneratedBlockTrades = class {
	#market;
	#apart;
	/** @param perDay - how many a day has; 0: none. */
	constructor(market, perDay) {
		this.#market = market;
		this.#apart = perDay > 0 ? DAY / perDay : Infinity;
	}
	count(now) {
		return this.placeOfTime(now + 1);
	}
	placeOfTime(time) {
		const { listedAt, delistedAt } = this.#market;
		const bounded = Math.min(time, delistedAt);
		if (bounded <= listedAt || this.#apart === Infinity) return 0;
		return firstPlace(Math.ceil((bounded - listedAt) / this.#apart) + 1, (place) => this.#timeAt(place) < bounded);
	}
	placeOfId(id) {
		return Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Number(id - 1n)));
	}
	at(place) {
		const { decimals, path, volumePerDay } = this.#market;
		const time = this.#timeAt(place);
		const bits = mix(this.#market.seed ^ 16561, place);
		const share = .001 + .01 * fraction(mix(bits, 1));
		const quantity = Math.max(1, Math.round(volumePerDay * share * power(decimals.quantity)));
		const price = path.ticksAt(time);
		return {
			id: BigInt(place) + 1n,
			price: decimalText(price, decimals.price),
			quantity: decimalText(quantity, decimals.quantity),
			quoteQuantity: productText(price, quantity, decimals),
			time: micros(BigInt(time)),
			isBuyerMaker: (bits & 1) === 1
		};
	}
	#timeAt(place) {
		const { seed, listedAt, outages } = this.#market;
		const time = Math.floor(listedAt + (place + fraction(mix(seed ^ 16562, place))) * this.#apart);
		const outage = outages.find(({ from, to }) => time >= from && time < to);
		return outage === void 0 ? time : outage.to;
	}
};
// src/simulator/history.ts
/** Makes a symbol's history from its options. */
const UI_SALT = 11167;
/**
* The history of a symbol: the given rows, or else what follows from the options and the seed.
*
* @throws UsageError when the options contradict themselves.
*/
function historyOf(options, seed) {
	if (options.rows !== void 0) return literalHistory(options.rows);
	const market = marketOf(options, seed);
	const aggTrades = new GeneratedAggTrades(market, options);
	return {
		klines: new GeneratedKlines(market, 0),
		uiKlines: new GeneratedKlines(market, UI_SALT),
		aggTrades,
		trades: new GeneratedTrades(market, aggTrades, options),
		blockTrades: new GeneratedBlockTrades(market, options.blockTradesPerDay ?? 20)
	};
}
// src/simulator/limits.ts
/**
* The exchange's rate limits: weight and requests counted per address in fixed windows of the server's clock, on
* arrival, whatever happens to the request. 429 beyond a limit; 418 for clients that continue, longer each time.
*
* @see binance-spot-api-docs, rest-api.md, "IP Limits"; web-socket-api.md, "How to interpret rate limits".
*/
/** Today's rules. */
const DEFAULT_RULES = [
	{
		rateLimitType: "REQUEST_WEIGHT",
		interval: "MINUTE",
		intervalNum: 1,
		limit: 6e3
	},
	{
		rateLimitType: "ORDERS",
		interval: "SECOND",
		intervalNum: 10,
		limit: 100
	},
	{
		rateLimitType: "ORDERS",
		interval: "DAY",
		intervalNum: 1,
		limit: 2e5
	},
	{
		rateLimitType: "RAW_REQUESTS",
		interval: "MINUTE",
		intervalNum: 5,
		limit: 3e5
	}
];
const DEFAULT_WEIGHTS = {
	...Object.fromEntries(Object.values(DATASETS).map(({ path, weight }) => [path, weight])),
	"/api/v3/trades": 25,
	"/api/v3/exchangeInfo": 20
};
const INTERVAL_MS = {
	SECOND: 1e3,
	MINUTE: 6e4,
	HOUR: 36e5,
	DAY: 864e5
};
const BAN_SECONDS_MAX = 259200;
const PATIENCE = 10;
/** Counts requests and decides on them. */
var Limiter = class {
	#options;
	#addresses = /* @__PURE__ */ new Map();
	#history = [];
	constructor(options) {
		this.#options = options;
	}
	/** The rules that hold at `now`. */
	rulesAt(now) {
		return this.#changesAt(now).findLast(({ rules }) => rules !== void 0)?.rules ?? this.#options.rules ?? DEFAULT_RULES;
	}
	/** The cost of a request to `path` at `now`. */
	weightOf(path, now) {
		return this.#changesAt(now).findLast(({ weights }) => weights?.[path] !== void 0)?.weights?.[path] ?? this.#options.weights?.[path] ?? DEFAULT_WEIGHTS[path] ?? 1;
	}
	/** Counts a request and decides on it. */
	arrive(ip, weight, now) {
		const address = this.#addressOf(ip);
		const nowMs = Number(now) / 1e3;
		let exceeded;
		for (const rule of this.rulesAt(now)) {
			if (rule.rateLimitType === "ORDERS") continue;
			const usage = this.#windowOf(address, ip, {
				rule,
				now
			});
			const amount = rule.rateLimitType === "REQUEST_WEIGHT" ? weight : 1;
			usage.own += amount;
			usage.used += amount;
			if (usage.used <= rule.limit) continue;
			usage.isOver = true;
			if (exceeded === void 0 || endOf(usage) > endOf(exceeded)) exceeded = usage;
		}
		if (nowMs < address.bannedUntilMs) return banned(address, nowMs);
		if (nowMs < address.blockedUntilMs) return { kind: "blocked" };
		const until = Math.max(exceeded === void 0 ? 0 : endOf(exceeded), nowMs < address.limitedUntilMs ? address.limitedUntilMs : 0);
		if (until === 0) return { kind: "pass" };
		if (nowMs >= address.limitedUntilMs) address.offences = 0;
		address.limitedUntilMs = until;
		address.offences++;
		if (address.offences > (this.#options.patience ?? PATIENCE)) {
			this.ban(ip, void 0, now);
			return banned(address, nowMs);
		}
		const rule = exceeded?.rule ?? this.rulesAt(now)[0] ?? DEFAULT_RULES[0];
		if (rule === void 0) throw new RangeError("there is no rule to exceed");
		return {
			kind: "limited",
			retryAfterMs: until - nowMs,
			rule
		};
	}
	/** Bans an address; without `seconds`, for twice as long as the last time. Returns the end. */
	ban(ip, seconds, now) {
		const address = this.#addressOf(ip);
		const grown = (this.#options.banSeconds ?? 120) * 2 ** address.bans;
		address.bans++;
		address.offences = 0;
		address.bannedUntilMs = Number(now) / 1e3 + (seconds ?? Math.min(BAN_SECONDS_MAX, grown)) * 1e3;
		return fromMillis(Math.ceil(address.bannedUntilMs));
	}
	/**
	* Answers an address with 429 for `seconds`, as if it had exceeded a limit; by default until the minute ends. Returns
	* ms.
	*/
	limit(ip, seconds, now) {
		const nowMs = Number(now) / 1e3;
		const waitMs = seconds === void 0 ? 6e4 - nowMs % 6e4 : seconds * 1e3;
		this.#addressOf(ip).limitedUntilMs = nowMs + waitMs;
		return waitMs;
	}
	/** Lets the firewall answer an address for `seconds`. */
	block(ip, seconds, now) {
		this.#addressOf(ip).blockedUntilMs = Number(now) / 1e3 + seconds * 1e3;
	}
	/** The used-weight headers of an answer, names in lower case. */
	headers(ip, now) {
		const mode = this.#options.weightHeaders ?? "exact";
		const headers = {};
		if (mode === "missing") return headers;
		const address = this.#addressOf(ip);
		for (const rule of this.rulesAt(now)) {
			if (rule.rateLimitType !== "REQUEST_WEIGHT") continue;
			const { used } = this.#windowOf(address, ip, {
				rule,
				now
			});
			const reported = {
				exact: String(used),
				garbage: "NaN",
				lower: String(Math.floor(used / 2))
			}[mode];
			headers[`x-mbx-used-weight-${nameOf(rule)}`] = reported;
			if (nameOf(rule) === "1m" || !("x-mbx-used-weight" in headers)) headers["x-mbx-used-weight"] = reported;
		}
		return headers;
	}
	/** Every window with any requests, in order. */
	windows() {
		return this.#history;
	}
	#changesAt(now) {
		return (this.#options.changes ?? []).filter(({ at }) => at <= now);
	}
	#addressOf(ip) {
		const known = this.#addresses.get(ip);
		if (known !== void 0) return known;
		const fresh = {
			windows: /* @__PURE__ */ new Map(),
			limitedUntilMs: 0,
			bannedUntilMs: 0,
			blockedUntilMs: 0,
			offences: 0,
			bans: 0
		};
		this.#addresses.set(ip, fresh);
		return fresh;
	}
	#windowOf(address, ip, { rule, now }) {
		const key = `${rule.rateLimitType} ${nameOf(rule)}`;
		const widthMs = windowMs(rule);
		const from = fromMillis(Math.floor(Number(now) / 1e3 / widthMs) * widthMs);
		const current = address.windows.get(key);
		const isSame = current?.from === from;
		if (isSame && current.rule.limit === rule.limit) return current;
		const others = rule.rateLimitType === "REQUEST_WEIGHT" ? this.#options.othersWeight ?? 0 : 0;
		const { own, used } = isSame ? current : {
			own: 0,
			used: others
		};
		const fresh = {
			ip,
			rule,
			from,
			own,
			used,
			isOver: false
		};
		address.windows.set(key, fresh);
		this.#history.push(fresh);
		return fresh;
	}
};
function banned(address, nowMs) {
	const until = fromMillis(Math.ceil(address.bannedUntilMs));
	return {
		kind: "banned",
		retryAfterMs: address.bannedUntilMs - nowMs,
		until
	};
}
function windowMs({ interval, intervalNum }) {
	return INTERVAL_MS[interval] * intervalNum;
}
function endOf({ from, rule }) {
	return Number(from) / 1e3 + windowMs(rule);
}
/** `1m`, `10s`: how headers name a rule. */
function nameOf({ interval, intervalNum }) {
	return `${intervalNum}${interval.charAt(0).toLowerCase()}`;
}
// src/simulator/log.ts
/** The requests of an exchange, and what they used. */
var RequestLog = class {
	#limiter;
	#max;
	#entries = [];
	#count = 0;
	#weight = 0;
	#refusals = {
		limited: 0,
		banned: 0,
		blocked: 0
	};
	#faults = {};
	constructor(limiter, max) {
		this.#limiter = limiter;
		this.#max = max;
	}
	/** Adds a request. */
	add(record) {
		this.#count++;
		this.#weight += record.weight;
		if (record.refusal !== void 0) this.#refusals[record.refusal]++;
		if (record.fault !== void 0) this.#faults[record.fault] = (this.#faults[record.fault] ?? 0) + 1;
		this.#entries.push(record);
		if (this.#entries.length > 2 * this.#max) this.#entries = this.#entries.slice(-this.#max);
	}
	/** The newest requests, oldest first. */
	get entries() {
		return this.#entries.slice(-this.#max);
	}
	/** The number of all requests ever, including those no longer in `entries`. */
	get count() {
		return this.#count;
	}
	/** How many requests were refused on arrival. All zero for a client that respects the limits. */
	get refusals() {
		return { ...this.#refusals };
	}
	/** How often each kind of fault was applied. */
	get faults() {
		return { ...this.#faults };
	}
	/** The sum of all weights. */
	get weight() {
		return this.#weight;
	}
	/** Usage of every window of every rule. */
	windows() {
		return this.#limiter.windows();
	}
	/** The highest usage in any window of a kind of rule, including other clients' usage. */
	maxUsage(type = "REQUEST_WEIGHT") {
		return this.windows().filter(({ rule }) => rule.rateLimitType === type).map((window) => window.used).reduce((most, next) => Math.max(most, next), 0);
	}
	/** The windows that exceeded their limit. Empty for a client that respects the limits. */
	overLimit() {
		return this.windows().filter(({ isOver }) => isOver);
	}
};
// src/simulator/page-cache.ts
/** A bounded number of pages by key. */
var PageCache = class {
	#pages = /* @__PURE__ */ new Map();
	#max;
	constructor(max) {
		this.#max = max;
	}
	/** The page of a key. */
	get(key) {
		const page = this.#pages.get(key);
		if (page === void 0) return void 0;
		this.#pages.delete(key);
		this.#pages.set(key, page);
		return page;
	}
	/** Keeps a page. */
	set(key, page) {
		this.#pages.set(key, page);
		const [oldest] = this.#pages.keys();
		if (this.#pages.size > this.#max && oldest !== void 0) this.#pages.delete(oldest);
	}
};
// src/simulator/sbe-wire.ts
/**
* Chooses the format in which a request is answered.
*
* @see binance-spot-api-docs, faqs/sbe_faq.md, "REST API" and "Regarding Legacy support".
*/
const LIVE = "3:5";
const DEPRECATED = [
	"3:4",
	"3:3",
	"3:2"
];
const RETIRED = [
	"3:1",
	"3:0",
	"2:1",
	"2:0",
	"1:0"
];
const NOT_ACCEPTABLE = 406;
/** How a request with these headers is answered; `off`: SBE is not enabled. */
function wireOf(headers, options = {}) {
	const accepted = (headers["accept"] ?? "").split(",").map((part) => part.split(";")[0]?.trim());
	if (!accepted.includes("application/sbe")) return {};
	const isJsonFine = accepted.includes("application/json") || accepted.includes("*/*");
	if (options === "off") return isJsonFine ? {} : { refusal: new Refusal(-1155, "SBE is not enabled.", NOT_ACCEPTABLE) };
	const { live = LIVE, deprecated = DEPRECATED, retired = RETIRED } = options;
	const schema = {
		...parsed(live),
		extraBytes: options.extraBytes ?? 0
	};
	const asked = headers["x-mbx-sbe"]?.trim();
	if (asked === live) return { schema };
	if (asked !== void 0 && deprecated.includes(asked)) return {
		schema,
		isDeprecated: true
	};
	const inWords = `Unsupported SBE schema ID or version specified in the X-MBX-SBE header.`;
	if (asked !== void 0 && retired.includes(asked)) return {
		...isJsonFine ? {} : { schema },
		refusal: new Refusal(-1153, inWords)
	};
	if (isJsonFine) return {};
	return {
		schema,
		refusal: asked !== void 0 && /^\d+:\d+$/.test(asked) ? new Refusal(-1153, inWords) : new Refusal(-1152, "Invalid X-MBX-SBE header; expected <SCHEMA_ID>:<VERSION>.")
	};
}
function parsed(schema) {
	const [id = 0, version = 0] = schema.split(":").map(Number);
	return {
		id,
		version
	};
}
/** The page in the form sent to clients that want SBE. */
function inSbe(page, { schema, isDeprecated }) {
	const { answer } = page;
	if (schema === void 0 || answer.sbe === void 0) return page;
	const body = answer.sbe(schema);
	const headers = {
		...answer.headers,
		"content-type": "application/sbe",
		...isDeprecated === true ? { "x-mbx-sbe-deprecated": "true" } : {}
	};
	return {
		answer: {
			...answer,
			headers
		},
		body,
		gzip: () => gzipSync(body, { level: 1 })
	};
}
// src/simulator/schedule.ts
/** The progress of a fault schedule. */
var FaultSchedule = class {
	#options;
	#matched;
	#inARow = /* @__PURE__ */ new Map();
	#requests = 0;
	constructor(options) {
		this.#options = options;
		this.#matched = (options.rules ?? []).map(() => 0);
	}
	/** The fault of the next request. */
	next(target) {
		this.#requests++;
		return this.#byRule(target) ?? this.#byChance(target);
	}
	/** Every matching rule counts the request; the first whose turn it is applies. */
	#byRule(target) {
		let played;
		for (const [i, rule] of (this.#options.rules ?? []).entries()) {
			if (!matches(rule, target)) continue;
			const matched = (this.#matched[i] ?? 0) + 1;
			this.#matched[i] = matched;
			const { nth = 1, times = 1 } = rule;
			if (matched >= nth && matched < nth + times) played ??= rule.fault;
		}
		return played;
	}
	#byChance({ path }) {
		const { random } = this.#options;
		if (random === void 0 || random.faults.length === 0) return void 0;
		const inARow = this.#inARow.get(path) ?? 0;
		const bits = mix(random.seed, this.#requests);
		const isHit = fraction(bits) < random.probability && inARow < (random.inARow ?? 2);
		this.#inARow.set(path, isHit ? inARow + 1 : 0);
		if (!isHit) return void 0;
		return random.faults[Math.floor(fraction(mix(bits, 1)) * random.faults.length)];
	}
};
function matches(rule, { path, query, host }) {
	if (rule.path !== void 0 && rule.path !== path) return false;
	return query.includes(rule.query ?? "") && host.includes(rule.host ?? "");
}
// src/simulator/model.ts
/**
* The exchange as a pure state machine: a request and a time in, an answer out. It keeps what a real one keeps (what
* each address used, who is banned, which faults are still to come) and reads no clock.
*/
const encoder = new TextEncoder();
/** A model of the exchange's public market data. */
var Exchange = class {
	/** Everything that was requested, and what it used. */
	log;
	#options;
	#symbols;
	#flaky;
	#limiter;
	#faults;
	#cache;
	#archive;
	/** @throws UsageError when a symbol occurs twice or its options are contradictory. */
	constructor(options) {
		this.#options = options;
		const { seed = 1, symbols } = options;
		this.#symbols = new Map(symbols.map((own) => [own.symbol, {
			options: own,
			history: historyOf(own, seed)
		}]));
		if (this.#symbols.size < symbols.length) throw new UsageError("a symbol occurs twice");
		this.#flaky = new Map(symbols.map(({ symbol, flaky = [] }) => [symbol, flaky.map((entry) => ({
			flaky: entry,
			asked: 0
		}))]));
		this.#limiter = new Limiter(options.limits ?? {});
		this.#faults = new FaultSchedule(options.faults ?? {});
		this.#cache = new PageCache(options.pageCacheEntries ?? 64);
		this.#archive = new SimArchive(options.archive ?? {}, new Map([...this.#symbols].map(([symbol, { history }]) => [symbol, history])));
		this.log = new RequestLog(this.#limiter, options.logMax ?? 2e5);
	}
	/** The server's clock when the given one shows `now`. */
	serverTime(now) {
		return micros(now + BigInt(this.#options.clockSkewMs ?? 0) * 1000n);
	}
	/** The history of a symbol, for comparison; see `truth.ts`. */
	historyOf(symbol) {
		const found = this.#symbols.get(symbol);
		if (found !== void 0) return found.history;
		throw new UsageError(`no such symbol: ${symbol}`);
	}
	/** Answers a request that arrives when the given clock shows `nowMicros`. */
	handle(request, nowMicros) {
		const now = this.serverTime(nowMicros);
		const { path, query, ip } = request;
		if (isArchivePath(path, query)) return this.#archived(request, now);
		const weight = this.#limiter.weightOf(path, now);
		const admission = this.#limiter.arrive(ip, weight, now);
		const host = request.headers["host"] ?? "";
		const isIn = admission.kind === "pass";
		const fault = isIn ? this.#faults.next({
			path,
			query,
			host
		}) : void 0;
		const wire = wireOf(request.headers, this.#options.sbe);
		const page = inSbe(isIn ? this.#page(request, now, fault) : this.#refused(admission, now), wire);
		const headers = {
			...page.answer.headers,
			date: new Date(Number(now / 1000n)).toUTCString(),
			...page.answer.status === 403 ? {} : this.#limiter.headers(ip, now)
		};
		const status = page.answer.status;
		const refusal = isIn ? void 0 : admission.kind;
		this.log.add({
			at: now,
			ip,
			host,
			path,
			query,
			weight,
			status,
			refusal,
			fault: fault?.kind
		});
		const transport = isTransportFault(fault) ? fault : void 0;
		if (!isGzipWelcome(request) || transport?.kind === "closeDelimitedCut") return {
			status,
			headers,
			body: page.body,
			transport
		};
		const body = page.gzip();
		return {
			status,
			headers: {
				...headers,
				"content-encoding": "gzip"
			},
			body,
			transport
		};
	}
	/** The archive's hosts have no limits and compress nothing. */
	#archived(request, now) {
		const { path, query, ip } = request;
		const host = request.headers["host"] ?? "";
		const fault = this.#faults.next({
			path,
			query,
			host
		});
		const transport = isTransportFault(fault) ? fault : void 0;
		const refused = transport === void 0 ? this.#faulted(ip, now, fault) : void 0;
		const { status, headers, body } = refused === void 0 ? this.#archive.answer(request, now) : {
			...refused,
			body: encoder.encode(refused.body)
		};
		const played = fault?.kind;
		this.log.add({
			at: now,
			ip,
			host,
			path,
			query,
			weight: 0,
			status,
			refusal: void 0,
			fault: played
		});
		const date = new Date(Number(now / 1000n)).toUTCString();
		return {
			status,
			headers: {
				...headers,
				date
			},
			body,
			transport
		};
	}
	#page(request, now, fault) {
		const key = `${request.path}?${request.query} ${request.headers["x-mbx-time-unit"] ?? ""}`;
		const isTrue = fault === void 0 || isTransportFault(fault);
		const known = isTrue ? this.#cache.get(key) : void 0;
		if (known !== void 0) return known;
		const { answer, isSettled } = this.#answer(request, now, fault);
		const page = ready(answer);
		if (isTrue && isSettled) this.#cache.set(key, page);
		return page;
	}
	#answer(request, now, fault) {
		const refused = this.#faulted(request.ip, now, fault);
		if (refused !== void 0) return {
			answer: refused,
			isSettled: false
		};
		try {
			const endpoint = this.#endpointOf(request);
			if (endpoint === void 0) return {
				answer: htmlAnswer(404),
				isSettled: false
			};
			const content = this.#content(endpoint, request, {
				now,
				fault
			});
			return {
				answer: jsonAnswer(content.json, content.sbe),
				isSettled: content.isSettled
			};
		} catch (error) {
			if (error instanceof Refusal) return {
				answer: errorAnswer(error),
				isSettled: false
			};
			throw error;
		}
	}
	/** The answer of a fault that replaces the real one completely. */
	#faulted(ip, now, fault) {
		if (fault === void 0 || fault.kind === "page" || isTransportFault(fault)) return void 0;
		switch (fault.kind) {
			case "limited": {
				const retryAfterMs = this.#limiter.limit(ip, fault.seconds, now);
				const [rule] = this.#limiter.rulesAt(now);
				return rule && this.#refused({
					kind: "limited",
					retryAfterMs,
					rule
				}, now).answer;
			}
			case "banned": {
				const until = this.#limiter.ban(ip, fault.seconds, now);
				const retryAfterMs = Number(until - now) / 1e3;
				return this.#refused({
					kind: "banned",
					retryAfterMs,
					until
				}, now).answer;
			}
			case "blocked":
				if (fault.seconds !== void 0) this.#limiter.block(ip, fault.seconds, now);
				return htmlAnswer(403);
			case "region":
			case "status":
			case "error":
			case "body":
			case "redirect": return faultAnswer(fault);
		}
	}
	#endpointOf({ path, headers }) {
		const endpoint = ENDPOINTS.get(path);
		if (endpoint === void 0) return void 0;
		if (this.#options.marketDataOnly === true && !endpoint.isMarketData) return void 0;
		const { refusal } = wireOf(headers, this.#options.sbe);
		if (refusal !== void 0) throw refusal;
		return endpoint;
	}
	#content(endpoint, request, { now, fault }) {
		const content = endpoint.answer({
			parameters: parseQuery(request.query, endpoint),
			query: request.query,
			headers: request.headers,
			unit: readUnit(request.headers["x-mbx-time-unit"]),
			now: Number(now),
			options: this.#options,
			rules: this.#limiter.rulesAt(now),
			fault: fault?.kind === "page" ? fault : void 0,
			find: (symbol) => this.#symbols.get(symbol),
			leftOut: (symbol) => this.#leftOut(symbol)
		});
		const { spoken } = content;
		if (spoken === void 0) return content;
		for (const state of this.#flaky.get(spoken.symbol) ?? []) {
			const { from, to } = state.flaky.window;
			if (spoken.from < to && spoken.to >= from) state.asked++;
		}
		return {
			...content,
			isSettled: content.isSettled && this.#isSteady(spoken.symbol)
		};
	}
	#leftOut(symbol) {
		return (this.#flaky.get(symbol) ?? []).filter(({ flaky, asked }) => asked < flaky.times).map(({ flaky }) => ({
			from: Number(flaky.window.from),
			to: Number(flaky.window.to)
		}));
	}
	/** Will past rows stay unchanged? */
	#isSteady(symbol) {
		const { flaky, revisions, settleMs } = this.#symbols.get(symbol)?.options ?? {};
		return flaky === void 0 && revisions === void 0 && settleMs === void 0;
	}
	#refused(admission, now) {
		if (admission.kind === "blocked") return ready(htmlAnswer(403));
		const isBan = admission.kind === "banned";
		const answer = errorAnswer(new Refusal(-1003, isBan ? `Way too much request weight used; IP banned until ${admission.until / 1000n}. Please use WebSocket Streams for live updates to avoid bans.` : `Too much request weight used; current limit is ${admission.rule.limit} request weight per ${admission.rule.intervalNum} ${admission.rule.interval}. Please use WebSocket Streams for live updates to avoid polling the API.`, isBan ? 418 : 429));
		const retryAfter = this.#retryAfter(admission.retryAfterMs, now);
		return ready({
			...answer,
			headers: {
				...answer.headers,
				...retryAfter
			}
		});
	}
	#retryAfter(ms, now) {
		const at = new Date(Math.ceil(Number(now) / 1e3 + ms));
		switch (this.#options.limits?.retryAfter ?? "seconds") {
			case "missing": return {};
			case "garbage": return { "retry-after": "soon" };
			case "date": return { "retry-after": at.toUTCString() };
			case "seconds": return { "retry-after": String(Math.max(1, Math.ceil(ms / 1e3))) };
		}
	}
};
function isGzipWelcome({ headers }) {
	return /\bgzip\b/.test(headers["accept-encoding"] ?? "");
}
/** An answer as bytes; compressed at most once, on first use. */
function ready(answer) {
	const body = encoder.encode(answer.body);
	let gzipped;
	return {
		answer,
		body,
		gzip: () => gzipped ??= gzipSync(body, { level: 1 })
	};
}
parseMicros("2026-11-02"), parseMicros("2026-11-09");
/** The day on which BTCUSDT has about 60,000 aggTrades, 3,000 of them in one microsecond. */
const QUICKSTART_BUSY_DAY = "2026-11-04";
/** The outage of ETHUSDT within the week. */
const QUICKSTART_OUTAGE = {
	from: parseMicros("2026-11-05T02:00"),
	to: parseMicros("2026-11-05T06:00")
};
/** A symbol that is not ASCII. */
const QUICKSTART_WIDE_SYMBOL = "币安人生USDT";
/** API key and secret of an account, so that account datasets can be tried as well. */
const QUICKSTART_KEY = "simulated";
const BURST_COUNT = 3e3;
/** BTCUSDT, ETHUSDT with an outage, a symbol that is not ASCII, and one account. */
function quickstartExchange() {
	return {
		accounts: [{
			apiKey: QUICKSTART_KEY,
			key: {
				kind: "hmac",
				secret: QUICKSTART_KEY
			}
		}],
		symbols: [
			{
				symbol: "BTCUSDT",
				listedAt: parseMicros("2017-08-17"),
				price: 68e3,
				volumePerDay: 22e3,
				aggTradesPerDay: 4e3,
				aggTradesOn: { [QUICKSTART_BUSY_DAY]: 57e3 },
				bursts: [{
					at: parseMicros(`${QUICKSTART_BUSY_DAY}T14:30:00.123456`),
					count: BURST_COUNT
				}],
				blockTradesPerDay: 24
			},
			{
				symbol: "ETHUSDT",
				listedAt: parseMicros("2017-08-17"),
				outages: [QUICKSTART_OUTAGE],
				price: 2600,
				quantityDecimals: 4,
				volatility: .035,
				volumePerDay: 4e5,
				aggTradesPerDay: 2500
			},
			{
				symbol: QUICKSTART_WIDE_SYMBOL,
				listedAt: parseMicros("2025-10-01"),
				price: .18,
				priceDecimals: 4,
				quantityDecimals: 1,
				volatility: .09,
				volumePerDay: 9e7,
				aggTradesPerDay: 1500,
				idleShare: .1
			}
		]
	};
}
// src/simulator/archive-replay.ts
/** Recorded archive files, served byte for byte: `archive/data/...` under the directory, as in the archive. */
/** The files below `archive` in `directory` by their paths in the archive; empty when there is no such folder. */
async function recordedArchive(directory) {
	const root = join(directory, "archive");
	const entries = await readdir(root, {
		recursive: true,
		withFileTypes: true
	}).catch(() => []);
	const files = /* @__PURE__ */ new Map();
	for (const entry of entries.filter((own) => own.isFile())) {
		const absolute = join(entry.parentPath, entry.name);
		const { size, mtimeMs } = await stat(absolute);
		const path = absolute.slice(root.length + 1).split(sep).join("/");
		files.set(path.normalize("NFC"), {
			sizeBytes: size,
			modified: fromMillis(Math.floor(mtimeMs)),
			read: () => readFileSync(absolute)
		});
	}
	return files;
}
// src/simulator/replay.ts
/** Serves recorded REST pages unchanged: raw JSON files, named by dataset and symbol. */
const NAME = /^(klines|uiKlines|aggTrades|trades|blockTrades|exchangeInfo)-(.+)\.json$/u;
/**
* An exchange with the rows of the pages in `directory`, or in its folder `rest`: `klines-SYMBOL-INTERVAL-*.json`,
* `aggTrades-SYMBOL-*.json`, `trades-SYMBOL-*.json`, `exchangeInfo-*.json`. Times in the files are ms; those of the
* rows are ms x 1000, and closes end with the whole millisecond. Files below `archive/` are served unchanged.
*
* @throws UsageError when nothing is recorded there, or a page does not match its name.
*/
async function replayOptions(directory) {
	const pages = await pagesIn(directory);
	const recorded = await recordedArchive(directory);
	if (pages.length === 0 && recorded.size === 0) throw nothingRecorded(directory);
	const recordings = /* @__PURE__ */ new Map();
	let info = {};
	for (const { name, dataset, rest, content } of pages) try {
		if (dataset === "exchangeInfo") info = content;
		else addPage(recordings, {
			dataset,
			rest
		}, content);
	} catch (cause) {
		throw new UsageError(`not a page of ${dataset}: ${quoteText(name)}`, { cause });
	}
	return {
		symbols: symbolsOf(recordings, info),
		...limitsOf(info),
		archive: { recorded }
	};
}
async function pagesIn(directory) {
	const pages = [];
	for (const folder of [directory, join(directory, "rest")]) {
		const names = await readdir(folder).catch(() => []);
		for (const name of names.sort()) {
			const [, dataset, rest] = NAME.exec(name.normalize("NFC")) ?? [];
			if (dataset === void 0 || rest === void 0) continue;
			const content = JSON.parse(await readFile(join(folder, name), "utf8"));
			pages.push({
				name,
				dataset,
				rest,
				content
			});
		}
	}
	return pages;
}
function nothingRecorded(directory) {
	return new UsageError(`nothing recorded in ${quoteText(directory)}`, { hint: "REST pages are named like klines-BTCUSDT-1h-2024-01-01.json, in the directory itself or in rest/; archive files lie in archive/data/spot/." });
}
function addPage(recordings, { dataset, rest }, rows) {
	const [symbol = "", interval = ""] = rest.split("-");
	const recording = recordings.get(symbol) ?? {
		klines: {},
		uiKlines: {},
		aggTrades: [],
		trades: [],
		blockTrades: []
	};
	recordings.set(symbol, recording);
	switch (dataset) {
		case "klines":
		case "uiKlines": {
			const named = INTERVALS.find((own) => own === interval);
			if (named === void 0) throw new RangeError(`not an interval: ${interval}`);
			(recording[dataset][named] ??= []).push(...rows.map(klineOf));
			return;
		}
		case "aggTrades":
			recording.aggTrades.push(...rows.map(aggTradeOf));
			return;
		case "trades":
		case "blockTrades":
			recording[dataset].push(...rows.map(tradeOf));
			return;
		default: throw new RangeError(`not a dataset: ${dataset}`);
	}
}
function symbolsOf(recordings, info) {
	const listed = new Map((info["symbols"] ?? []).map((entry) => [String(entry["symbol"]), entry]));
	return [.../* @__PURE__ */ new Set([...listed.keys(), ...recordings.keys()])].map((symbol) => {
		const entry = listed.get(symbol);
		const recording = recordings.get(symbol);
		return {
			symbol,
			listed: entry !== void 0 || listed.size === 0,
			...entry === void 0 ? {} : { info: entry },
			rows: recording === void 0 ? {} : inOrder(recording)
		};
	});
}
function limitsOf(info) {
	const rules = info["rateLimits"];
	return Array.isArray(rules) ? { limits: { rules } } : {};
}
/** Sorts the rows, and keeps one of those that two pages share. */
function inOrder(recording) {
	const byOpen = (rows) => unique(rows, ({ openTime }) => openTime);
	const klines = (all) => Object.fromEntries(Object.entries(all).map(([interval, rows]) => [interval, byOpen(rows)]));
	const uiKlines = Object.keys(recording.uiKlines).length === 0 ? {} : klines(recording.uiKlines);
	return {
		klines: klines(recording.klines),
		...Object.keys(uiKlines).length === 0 ? {} : { uiKlines },
		aggTrades: unique(recording.aggTrades, ({ id }) => id),
		trades: unique(recording.trades, ({ id }) => id),
		blockTrades: unique(recording.blockTrades, ({ id }) => id)
	};
}
function unique(rows, key) {
	return [...new Map(rows.map((row) => [key(row), row]))].sort(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row);
}
function klineOf(row) {
	return {
		openTime: time(row[0]),
		open: text(row[1]),
		high: text(row[2]),
		low: text(row[3]),
		close: text(row[4]),
		volume: text(row[5]),
		closeTime: micros(time(row[6]) + 999n),
		quoteVolume: text(row[7]),
		tradeCount: Number(row[8]),
		takerVolume: text(row[9]),
		takerQuoteVolume: text(row[10])
	};
}
function aggTradeOf(row) {
	return {
		id: id(row["a"]),
		price: text(row["p"]),
		quantity: text(row["q"]),
		firstTradeId: id(row["f"]),
		lastTradeId: id(row["l"]),
		time: time(row["T"]),
		isBuyerMaker: row["m"] === true,
		isBestMatch: row["M"] === true
	};
}
function tradeOf(row) {
	return {
		id: id(row["id"]),
		price: text(row["price"]),
		quantity: text(row["qty"]),
		quoteQuantity: text(row["quoteQty"]),
		time: time(row["time"]),
		isBuyerMaker: row["isBuyerMaker"] === true,
		...row["isBestMatch"] === void 0 ? {} : { isBestMatch: row["isBestMatch"] === true }
	};
}
function text(value) {
	if (typeof value === "string") return value;
	throw new TypeError("a number is not a text");
}
function id(value) {
	return BigInt(value);
}
function time(value) {
	return fromMillis(value);
}
// src/simulator/wire.ts
/** Sends answers over a socket, and breaks them on the way if a fault says so. */
const CHUNK = 65536;
const FULL = 1;
/** Sends an answer; resolves when it is sent, whole or broken. */
async function send(answer, response, options) {
	const { status, headers, body, transport } = answer;
	response.sendDate = false;
	if (transport === void 0) {
		response.writeHead(status, {
			...headers,
			"content-length": body.length
		}).end(body);
		return;
	}
	await sendBroken(answer, transport, {
		...options,
		response,
		socket: socketOf(response)
	});
}
async function sendBroken(answer, fault, wire) {
	const { status, headers, body } = answer;
	const { response, socket } = wire;
	switch (fault.kind) {
		case "reset":
			if (fault.fraction !== void 0) await begin(answer, fault.fraction, wire);
			socket.resetAndDestroy();
			return;
		case "hang":
			if (fault.fraction !== void 0) await begin(answer, fault.fraction, wire);
			await ended(wire);
			return;
		case "truncatedGzip":
			response.writeHead(status, headers);
			response.end(body.subarray(0, cutAt(body, fault.fraction)));
			return;
		case "closeDelimitedCut":
			socket.write(headText(status, {
				...headers,
				connection: "close"
			}));
			socket.end(body.subarray(0, cutAt(body, fault.fraction)));
			return;
		case "wrongLength":
			socket.write(headText(status, {
				...headers,
				"content-length": body.length + fault.by
			}));
			socket.end(body);
			return;
		case "drip":
			await drip(answer, fault, wire);
			return;
		case "hugeBody":
			await flood(answer, fault, wire);
			return;
		case "closeAfter":
			response.writeHead(status, {
				...headers,
				"content-length": body.length
			});
			response.end(body, () => socket.end());
			return;
	}
}
/** Sends the head and a part of the body, and waits until they have left. */
async function begin(answer, fraction, { response }) {
	const { status, headers, body } = answer;
	response.writeHead(status, {
		...headers,
		"content-length": body.length
	});
	await new Promise((resolve) => {
		response.write(body.subarray(0, cutAt(body, Math.min(FULL, fraction))), resolve);
	});
}
/** Waits until the client or the server gives up. */
async function ended({ response, closing }) {
	if (!response.closed) await once(response, "close", { signal: closing });
}
async function drip({ status, headers, body }, { bytes, everyMs }, { response, clock, closing }) {
	response.writeHead(status, {
		...headers,
		"content-length": body.length
	});
	for (let from = 0; from < body.length && !response.closed; from += bytes) {
		response.write(body.subarray(from, from + bytes));
		await clock.sleep(everyMs, closing);
	}
	response.end();
}
async function flood({ status, headers }, { bytes, gzip = false }, wire) {
	const { response, closing } = wire;
	const space = new Uint8Array(CHUNK).fill(32);
	const chunk = gzip ? gzipSync(space) : space;
	response.writeHead(status, {
		...headers,
		"content-encoding": gzip ? "gzip" : "identity"
	});
	const isOver = AbortSignal.any([closing, closedSignal(response)]);
	for (let sent = 0; sent < bytes && !response.closed; sent += CHUNK) if (!response.write(chunk)) await once(response, "drain", { signal: isOver });
	response.end();
}
function closedSignal(response) {
	const controller = new AbortController();
	response.once("close", () => {
		controller.abort();
	});
	return controller.signal;
}
function socketOf(response) {
	if (response.socket !== null) return response.socket;
	throw new Error("the connection is gone");
}
function headText(status, headers) {
	return `HTTP/1.1 ${status} OK\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}
// src/simulator/server.ts
/**
* The exchange on a real socket: HTTP/1.1 with keep-alive on this machine only, with every fault that a connection can
* have.
*/
/**
* Serves an exchange on 127.0.0.1.
*
* @throws UsageError when the options are contradictory or there is nothing to replay.
*/
async function startSimulator(options = {}) {
	const exchange = await exchangeOf(options);
	const { clock = machineClock(), latencyMs = 0 } = options;
	const closing = new AbortController();
	const running = /* @__PURE__ */ new Set();
	const answer = async (request, response) => {
		if (latencyMs > 0) await clock.sleep(latencyMs, closing.signal);
		if (request.method !== "GET") {
			response.writeHead(405, { allow: "GET" }).end();
			return;
		}
		await send(exchange.handle(requestOf(request), clock.now()), response, {
			clock,
			closing: closing.signal
		});
	};
	const server = createServer((request, response) => {
		const work = answer(request, response).catch(() => {
			response.destroy();
		}).finally(() => running.delete(work));
		running.add(work);
	});
	server.keepAliveTimeout = 6e4;
	server.on("connection", (socket) => socket.setNoDelay(true));
	const port = await listen(server, options.port ?? 0);
	const close = async () => {
		closing.abort();
		const closed = new Promise((resolve) => server.close(resolve));
		server.closeAllConnections();
		await Promise.all([closed, ...running]);
	};
	return {
		url: `http://127.0.0.1:${port}`,
		port,
		exchange,
		log: exchange.log,
		close
	};
}
async function exchangeOf({ exchange, replay }) {
	if (exchange instanceof Exchange) return exchange;
	if (exchange !== void 0) return new Exchange(exchange);
	return new Exchange(replay === void 0 ? quickstartExchange() : await replayOptions(replay));
}
function requestOf(request) {
	const [path = "", ...query] = (request.url ?? "").split("?");
	const headers = {};
	for (const [name, value] of Object.entries(request.headers)) if (value !== void 0) headers[name] = String(value);
	return {
		path,
		query: query.join("?"),
		headers,
		ip: request.socket.remoteAddress ?? ""
	};
}
async function listen(server, port) {
	await new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", resolve);
	});
	return server.address().port;
}
function machineClock() {
	return {
		now: () => micros(BigInt(Date.now()) * 1000n),
		sleep
	};
}
function sleep(ms, signal) {
	return new Promise((resolve, reject) => {
		signal?.throwIfAborted();
		const stop = () => {
			clearTimeout(timer);
			reject(/* @__PURE__ */ new Error("the simulator is closing"));
		};
		const timer = setTimeout(() => {
			signal?.removeEventListener("abort", stop);
			resolve();
		}, ms);
		signal?.addEventListener("abort", stop, { once: true });
	});
}
// src/node/plain-path.ts
/** Another name for a directory, for programs to which some characters of a path are more than characters. */
/** Patterns, and `key=value`, which tools that know Hive's layout take for a column of all files below. */
const PATTERN = /[*?[\]=]/;
/**
* An absolute path of `directory` without characters that a pattern, an escape or Hive's layout gives a meaning. Where
* its own has some, the path is that of a link, which lies among the system's temporary files until it is released.
*
* @throws UsageError when such a link cannot be made.
*/
async function plainPath(directory) {
	const absolute = resolve(directory);
	if (isPlain(absolute)) return {
		path: absolute,
		release: () => void 0
	};
	const around = join(tmpdir(), "binance-backfill-");
	if (!isPlain(resolve(around))) throw unnamed(directory);
	try {
		const own = await mkdtemp(resolve(around));
		const path = join(own, "lake");
		await symlink(absolute, path, "junction");
		return {
			path,
			release: () => {
				unlinkSync(path);
				rmdirSync(own);
			}
		};
	} catch (cause) {
		if (systemCode(cause) === void 0) throw cause;
		throw unnamed(directory, cause);
	}
}
function isPlain(absolute) {
	return !PATTERN.test(absolute) && (sep === "\\" || !absolute.includes("\\"));
}
function unnamed(directory, cause) {
	return new UsageError(`"${quoteText(directory)}" has characters of a pattern, and there is no room for a link to it`, {
		cause,
		hint: "Let TMPDIR name a directory of a plain name that can be written."
	});
}
// src/query/sql-value.ts
/** Turns DuckDB's value into JSON's. */
function sqlValue(value) {
	if (value === null || typeof value === "boolean" || typeof value === "string") return value;
	if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
	if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
	if (isMoment(value)) return formatMicros(micros(value.micros));
	if (isList(value)) return value.items.map(sqlValue);
	if (isStruct(value)) return Object.fromEntries(Object.entries(value.entries).map(([name, entry]) => [name, sqlValue(entry)]));
	return value.toString();
}
function isMoment(value) {
	return /^DuckDBTimestamp(TZ)?Value$/.test(value.constructor.name);
}
function isList(value) {
	return "items" in value && Array.isArray(value.items);
}
function isStruct(value) {
	return value.constructor.name === "DuckDBStructValue";
}
// src/query/sql.ts
/**
* Asks the lake one question. Each dataset that the lake holds is a view of its name, with the columns of the files and
* `symbol`, `interval`, `period` and `account` of their paths, all text.
*
* Only SELECT is accepted, and no file outside the lake can be read.
*
* @throws UsageError when DuckDB is not installed, the lake holds nothing, or the query cannot be run as it stands.
* @throws StoreError when a file cannot be read.
*/
async function sql(query, options = {}) {
	const { dataDir = DATA_DIR } = options;
	if (query.trim() === "") throw new UsageError("the query is empty");
	const views = await viewsOf(dataDir);
	const duckdb = await loadDuckDb();
	const { path, release } = await plainPath(dataDir);
	const lake = {
		dataDir,
		path,
		views
	};
	const instance = await duckdb.DuckDBInstance.create(":memory:");
	const connection = await instance.connect();
	let isOpen = true;
	const close = () => {
		if (!isOpen) return;
		isOpen = false;
		connection.closeSync();
		instance.closeSync();
		release();
	};
	try {
		await prepare(connection, lake);
		const result = await start(duckdb, connection, query);
		return {
			columns: columnsOf(result),
			rows: () => rowsOf(result, lake),
			close
		};
	} catch (error) {
		close();
		throw explain(error, lake);
	}
}
/** Loads DuckDB. @throws UsageError when it is not installed. */
async function loadDuckDb() {
	try {
		return await import("@duckdb/node-api");
	} catch (cause) {
		throw new UsageError("SQL needs DuckDB, which is not installed or not made for this machine", {
			cause,
			hint: "Install it with `npm install @duckdb/node-api`."
		});
	}
}
async function viewsOf(dataDir) {
	const files = nodeFiles(dataDir);
	await checkLake(files);
	const numbers = /* @__PURE__ */ new Map();
	for (const key of await listSeries(files)) {
		const manifest = await readManifest(files, key);
		if (manifest === void 0 || manifest.partitions.size === 0) continue;
		numbers.set(key.dataset, (numbers.get(key.dataset) ?? /* @__PURE__ */ new Set()).add(manifest.numbers));
	}
	if (numbers.size === 0) throw new UsageError("the lake holds no rows", { hint: "Name the right --data-dir, or run a job first." });
	return [...numbers].map(([name, kinds]) => ({
		name,
		isMixed: kinds.size > 1
	})).sort((a, b) => a.name < b.name ? -1 : 1);
}
function viewSource(path, { name, isMixed }) {
	const { security } = DATASETS[name];
	const glob = `${path}/spot/${security === "signed" ? "account=*/" : ""}${name}/**/data.parquet`;
	const options = [
		"hive_partitioning = true",
		"hive_types_autocast = false",
		...isMixed ? ["union_by_name = true"] : []
	];
	return `read_parquet(${sqlText(glob)}, ${options.join(", ")})`;
}
/** A path of which nothing is a pattern. */
function globText(path) {
	return path.replace(/[*?[]/g, "[$&]");
}
/** `text` as a literal of SQL. */
function sqlText(text) {
	return `'${text.replaceAll("'", "''")}'`;
}
async function prepare(connection, { dataDir, path, views }) {
	await connection.run("SET TimeZone = 'UTC'");
	await connection.run("SET temp_directory = ''");
	const allowed = [
		path,
		dataDir,
		globText(dataDir)
	].map(sqlText).join(", ");
	await connection.run(`SET allowed_directories = [${allowed}]`);
	await connection.run("SET enable_external_access = false");
	for (const view of views) await connection.run(`CREATE VIEW "${view.name}" AS SELECT * FROM ${viewSource(path, view)}`);
	await connection.run("SET lock_configuration = true");
}
async function start({ StatementType }, connection, query) {
	const statements = await connection.extractStatements(query);
	if (statements.count !== 1) throw new UsageError(`expected one query, got ${statements.count}`, { hint: "Ask one thing at a time." });
	if (!READING.test(query)) throw onlySelect();
	const statement = await statements.prepare(0);
	if (statement.statementType !== StatementType.SELECT) throw onlySelect();
	return statement.stream();
}
const READING = /^(?:[\s(]|--[^\r\n]*\r?\n|\/\*[^*/]*\*\/)*(?:select|from|with|values|table|show|desc|describe|summarize|pivot|unpivot|pragma)\b/i;
function onlySelect() {
	return new UsageError("only SELECT is accepted: the lake is not changed by SQL");
}
function columnsOf(result) {
	const types = result.columnTypes();
	return result.columnNames().map((name, index) => ({
		name,
		type: types[index]?.toString() ?? "UNKNOWN"
	}));
}
async function* rowsOf(result, lake) {
	try {
		for await (const rows of result.yieldRows()) yield rows.map((row) => row.map(sqlValue));
	} catch (error) {
		throw explain(error, lake);
	}
}
/** DuckDB's own kinds of errors that are about files; all others are about the query. */
const ABOUT_FILES = /^(IO|Internal|Out of Memory) Error/;
function explain(error, { dataDir, path, views }) {
	if (error instanceof UsageError || !(error instanceof Error)) return error;
	const [message = ""] = error.message.replaceAll(path, () => dataDir).split("\n");
	if (ABOUT_FILES.test(message) || message.includes(".parquet")) return new StoreError("E_STORE_IO", quoteText(message), {
		cause: error,
		hint: "Try again; if it stays so, run `binance-backfill verify`."
	});
	const names = views.map(({ name }) => name).join(", ");
	return new UsageError(quoteText(message), {
		cause: error,
		hint: `The views are ${names}.`
	});
}
// src/query/symbols.ts
/** The symbols that the exchange lists. */
/** Lists symbols from exchangeInfo, sorted by name. */
async function listSymbols(filter, options = {}) {
	const world = worldOf(options);
	try {
		return (await openExchange(world, [], options, {
			onWait: () => void 0,
			onWarning: () => void 0,
			attemptsMax: 4
		})).symbols.filter(({ quoteAsset, baseAsset, status }) => (filter.quote ?? quoteAsset) === quoteAsset && (filter.base ?? baseAsset) === baseAsset && (filter.status ?? status) === status).toSorted((a, b) => a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0);
	} finally {
		if (options.world === void 0) await world.http.close();
	}
}
// src/watch/heartbeat.ts
/** A sign of life for whoever watches over scheduled runs: one GET at the start, one at the end. Never fails a run. */
const LOOPBACK = [
	"127.0.0.1",
	"localhost",
	"[::1]"
];
const DEADLINE_MS = 1e4;
const ATTEMPTS = 2;
const PAUSE_MS = 1e3;
/**
* Checks the address for signs of life.
*
* @throws UsageError unless it is https, or http on this machine; the address itself, which is as good as a password, is
* not repeated.
*/
function checkHeartbeatUrl(text) {
	const url = URL.canParse(text) ? new URL(text) : void 0;
	const isSafe = url?.protocol === "https:" || url?.protocol === "http:" && LOOPBACK.includes(url.hostname);
	if (url !== void 0 && isSafe && url.username === "" && url.password === "") return url;
	throw new UsageError("the heartbeat URL must be https, or http on this machine, without user and password", { hint: "For example https://hc-ping.com/YOUR-ID." });
}
/** Tells `url` where the run stands; what went wrong comes back as words, for a warning. */
async function sendBeat(url, beat, { http, clock }) {
	const target = new URL(url);
	if (beat !== "success") target.pathname = `${target.pathname.replace(/\/+$/, "")}/${beat}`;
	for (let attempt = 1;; attempt++) {
		const problem = await ask(target, http);
		if (problem === void 0) return void 0;
		if (attempt === ATTEMPTS) return `the heartbeat (${beat}) did not reach ${url.host}: ${problem}`;
		await clock.sleep(PAUSE_MS);
	}
}
async function ask(target, http) {
	try {
		const { status } = await http.get({
			url: target.href,
			headers: { accept: "*/*" },
			timeoutMs: DEADLINE_MS,
			sizeBytesMax: 1 << 20
		});
		return status >= 200 && status < 300 ? void 0 : `status ${status}`;
	} catch {
		return "no answer";
	}
}
// src/watch/metrics.ts
const PREFIX = "binance_backfill_";
const LAST_SUCCESS = `${PREFIX}last_success_timestamp_seconds`;
/** Counts a run. */
var RunMetrics = class {
	#wanted = /* @__PURE__ */ new Map();
	#waits = 0;
	#waitMs = 0;
	#summary;
	/** Takes one report of the run in. */
	apply(item) {
		if (item.kind === "plan") for (const { key, wanted } of item.plan.series) this.#wanted.set(seriesName(key), wanted);
		if (item.kind === "summary") this.#summary = item;
		if (item.kind !== "wait") return;
		this.#waits += 1;
		this.#waitMs += item.ms;
	}
	/** The metrics as text. */
	async text(end) {
		const { default: prometheus } = await import("prom-client");
		const registry = new prometheus.Registry();
		const gauge = (name, help, labelNames = []) => new prometheus.Gauge({
			name: `${PREFIX}${name}`,
			help,
			labelNames: [...labelNames],
			registers: [registry]
		});
		this.#addRun(gauge, end);
		for (const result of this.#summary?.series ?? []) this.#addSeries(gaugesOf(registry, gauge), result, end);
		return registry.metrics();
	}
	#addRun(gauge, { exit, now, before, responses }) {
		const seconds = Number(now / 1000n) / 1e3;
		const { rows = 0, requests = 0, weight = 0, partitions = 0, bytes = 0 } = this.#summary ?? {};
		const lastSuccess = exit === 0 ? seconds : lastSuccessOf(before);
		gauge("last_run_timestamp_seconds", "When the last run ended.").set(seconds);
		if (lastSuccess !== void 0) gauge("last_success_timestamp_seconds", "When a run last ended with exit code 0.").set(lastSuccess);
		gauge("last_run_exit_code", "Exit code of the last run.").set(exit);
		gauge("last_run_duration_seconds", "How long the last run took.").set(this.#summary?.seconds ?? 0);
		gauge("last_run_rows", "Rows that the last run stored.").set(rows);
		gauge("last_run_files", "Files that the last run wrote.").set(partitions);
		gauge("last_run_bytes", "Bytes that the last run wrote.").set(bytes);
		gauge("last_run_requests", "Requests of the last run, failed ones too.").set(requests);
		gauge("last_run_request_weight", "Request weight that the last run spent.").set(weight);
		gauge("last_run_waits", "Waits for rate limits and bans in the last run.").set(this.#waits);
		gauge("last_run_wait_seconds", "Seconds asked to wait in the last run.").set(this.#waitMs / 1e3);
		const byCode = gauge("last_run_responses", "Answers in the last run by HTTP status; 0: none came.", ["code"]);
		for (const [code, count] of [...responses].sort(([a], [b]) => a - b)) byCode.set({ code: String(code) }, count);
	}
	#addSeries(gauges, { key, complete, missing, rows, revisions }, end) {
		const labels = {
			dataset: key.dataset,
			symbol: key.symbol,
			interval: key.interval ?? "",
			account: key.account ?? ""
		};
		const facts = end.factsOf(key);
		gauges.complete.set(labels, complete ? 1 : 0);
		const wanted = this.#wanted.get(seriesName(key));
		if (wanted !== void 0) gauges.coverage.set(labels, shareWithout(wanted, missing));
		gauges.added.set(labels, rows);
		gauges.changed.set(labels, revisions);
		if (facts === void 0) return;
		gauges.rows.set(labels, facts.rows);
		gauges.bytes.set(labels, facts.bytes);
		gauges.revisions.set(labels, facts.revisions);
		for (const { reason } of facts.gaps) gauges.gaps.inc({
			...labels,
			reason
		});
	}
};
const made = /* @__PURE__ */ new WeakMap();
/** The gauges of all series, made once for a registry. */
function gaugesOf(registry, gauge) {
	const known = made.get(registry);
	if (known !== void 0) return known;
	const names = [
		"dataset",
		"symbol",
		"interval",
		"account"
	];
	const gauges = {
		complete: gauge("series_complete", "Is all that was asked for covered, known gaps included?", names),
		coverage: gauge("series_coverage_ratio", "Part of the time that was asked for that is covered, 0 to 1.", names),
		added: gauge("series_last_run_rows", "Rows that the last run stored.", names),
		changed: gauge("series_last_run_revisions", "Stored rows that the last run found changed.", names),
		rows: gauge("series_rows", "Rows in the lake.", names),
		bytes: gauge("series_bytes", "Bytes in the lake.", names),
		revisions: gauge("series_revisions", "Rows that changed after they were stored.", names),
		gaps: gauge("series_gaps", "Stretches without rows, by reason.", [...names, "reason"])
	};
	made.set(registry, gauges);
	return gauges;
}
function lastSuccessOf(before) {
	const line = before?.split("\n").find((text) => text.startsWith(`${LAST_SUCCESS} `));
	const seconds = Number(line?.slice(LAST_SUCCESS.length + 1));
	return line !== void 0 && Number.isFinite(seconds) ? seconds : void 0;
}
// src/watch/watch.ts
/** A watched run: with metrics and a heartbeat, which change neither the run nor its exit code. */
/**
* {@link backfill}, watched over: what cannot be written or reached becomes a warning before the summary.
*
* @throws UsageError for an unsafe heartbeat URL, before anything is done; else what {@link backfill} throws.
*/
async function* watchedBackfill(jobs, options = {}) {
	const { metricsFile, heartbeatUrl, ...rest } = options;
	const url = heartbeatUrl === void 0 ? void 0 : checkHeartbeatUrl(heartbeatUrl);
	const world = worldOf(options);
	const watch = new Watch(world, metricsFile, url);
	let summary;
	try {
		for await (const item of backfill(jobs, {
			...rest,
			world: watch.world
		})) {
			watch.apply(item);
			if (item.kind === "summary") {
				summary = item;
				yield* watch.end(item.exit, item);
			}
			yield item;
		}
	} catch (error) {
		if (summary === void 0) yield* watch.end(exitOf(error), void 0);
		throw error;
	} finally {
		if (options.world === void 0) await world.http.close();
	}
}
function exitOf(error) {
	return error instanceof BackfillError ? error.exit : 1;
}
function ifUnexpected(error) {
	if (!(error instanceof BackfillError)) throw error;
}
/** One run, watched. */
var Watch = class {
	/** The world of the run: its answers are counted. */
	world;
	#plain;
	#metricsFile;
	#url;
	#metrics = new RunMetrics();
	#responses = /* @__PURE__ */ new Map();
	#started;
	constructor(world, metricsFile, url) {
		this.#plain = world;
		this.#metricsFile = metricsFile;
		this.#url = url;
		this.world = {
			...world,
			http: countedHttp(world.http, this.#responses)
		};
		this.#started = url === void 0 ? Promise.resolve(void 0) : sendBeat(url, "start", world);
	}
	apply(item) {
		this.#metrics.apply(item);
	}
	/** Writes and tells what there is to write and tell; yields a warning for what did not work. */
	async *end(exit, summary) {
		const problems = [await this.#write(exit, summary), await this.#started];
		if (this.#url !== void 0) problems.push(await sendBeat(this.#url, exit === 0 ? "success" : "fail", this.#plain));
		for (const message of problems) if (message !== void 0) yield {
			kind: "warning",
			message
		};
	}
	async #write(exit, summary) {
		const path = this.#metricsFile;
		if (path === void 0) return void 0;
		try {
			await replaceText(path, await this.#metrics.text({
				exit,
				now: this.#plain.clock.now(),
				before: await readTextFile(path),
				responses: this.#responses,
				factsOf: await this.#facts(summary)
			}));
			return;
		} catch (error) {
			return `no metrics: ${error instanceof Error ? quoteText(error.message) : "unknown error"}`;
		}
	}
	async #facts(summary) {
		const facts = /* @__PURE__ */ new Map();
		for (const { key } of summary?.series ?? []) {
			const manifest = await readManifest(this.#plain.files, key).catch(ifUnexpected);
			if (manifest === void 0) continue;
			const sum = (of) => [...manifest.partitions.values()].reduce((total, entry) => total + of(entry), 0);
			facts.set(seriesName(key), {
				rows: sum(({ rows }) => rows),
				bytes: sum(({ bytes }) => bytes),
				revisions: manifest.revisions.length,
				gaps: manifest.gaps
			});
		}
		return (key) => facts.get(seriesName(key));
	}
};
/** `http`, whose answers are counted by status. */
function countedHttp(http, counts) {
	const count = (status) => void counts.set(status, (counts.get(status) ?? 0) + 1);
	const counted = async (asked) => {
		try {
			const answer = await asked;
			count(answer.status);
			return answer;
		} catch (error) {
			count(0);
			throw error;
		}
	};
	return {
		get: (request) => counted(http.get(request)),
		stream: (request) => counted(http.stream(request)),
		close: () => http.close()
	};
}
// src/verify/inspectors.ts
/** The inspector for one partition of a series. */
function inspectorOf(key, period, manifest) {
	const prover = proverOf(key);
	const dataset = datasetOf(key);
	const known = knownOf(manifest, periodWindow(period));
	const odd = {
		dummies: 0,
		zeroQuantities: 0
	};
	return {
		proof: () => prover.proof(known),
		look: (batch) => {
			prover.take(batch);
			try {
				const { dummies, zeroQuantities } = checkPage(dataset, pageOf$1(dataset, batch));
				odd.dummies += dummies;
				odd.zeroQuantities += zeroQuantities;
				return [];
			} catch (error) {
				if (error instanceof DataError) return [damage("impossible-row", error.message)];
				throw error;
			}
		},
		end: () => [
			...missingRows(key, periodWindow(period), manifest, prover),
			...lostIds(manifest, period, prover.proof(known)),
			...oddRows(odd)
		]
	};
}
/** Every slot of the grid that is covered must have a kline or lie in a known gap. */
function missingRows({ interval }, period, { coverage, gaps }, prover) {
	if (interval === void 0 || prover.missing === void 0) return [];
	const covered = clip(coverage, period);
	const lost = subtractAll(intersect(prover.missing(period), covered), union(gaps)).filter((window) => slotCount(interval, window) > 0);
	const [first] = lost;
	if (first === void 0) return [];
	const { from, to } = formatWindow(first);
	return [damage("rows-missing", `covered, but without rows: ${from} to ${to}${lost.length > 1 ? ` and ${lost.length - 1} more stretches` : ""}`)];
}
function lostIds(manifest, period, proof) {
	return brokenIds(proof, forgivenBreaks(manifest, period, proof));
}
/** @param forgiven - Breaks whose ids lie elsewhere; the chains of trades break there too. */
function brokenIds(proof, forgiven) {
	const flaws = [];
	const ids = Number(proof["id_breaks"] ?? 0) - forgiven;
	const chains = Number(proof["chain_breaks"] ?? 0) - forgiven;
	if (ids > 0) flaws.push(warning("id-breaks", `ids are not contiguous in ${places(ids)}`));
	if (chains > 0) flaws.push(warning("chain-breaks", `trade ids are not chained in ${places(chains)}`));
	return flaws;
}
function oddRows({ dummies, zeroQuantities }) {
	const flaws = [];
	if (dummies > 0) flaws.push(note("dummies", `${records(dummies)} that the exchange marked as standing for nothing`));
	if (zeroQuantities > 0) flaws.push(note("zero-quantities", `${records(zeroQuantities)} with a quantity of 0`));
	return flaws;
}
function places(count) {
	return count === 1 ? "1 place" : `${count} places`;
}
function records(count) {
	return count === 1 ? "1 record" : `${count} records`;
}
function note(code, message) {
	return {
		severity: "note",
		code,
		message
	};
}
// src/store/rebuild.ts
/**
* What the footers of a series say, as a manifest; `undefined` when it has no files. What no footer speaks of is not
* in it and will be asked for again: stretches without rows after the last file, and archives that gave no row.
*
* @throws DamageError for a file that is not one of this series, or is damaged.
*/
async function manifestFromFooters(files, key) {
	let manifest;
	for (const period of await listPeriods(files, key)) {
		const before = manifest;
		manifest = await withFile(files, key, period, async ({ facts, rows, bytes, sha256 }) => {
			const begun = before ?? emptyManifest(key, facts.numbers, facts.partition);
			const path = partitionPath(key, period);
			checkAlike(begun, facts, path);
			await files.settle(path);
			return record(begun, facts, {
				rows,
				bytes,
				sha256: await sha256()
			});
		}) ?? manifest;
	}
	return manifest;
}
/**
* {@link manifestFromFooters}, to be written: each file is read through, since its hash is taken for the right one
* from then on.
*
* @throws DamageError for a file that is not one of this series, or is damaged.
*/
async function soundFromFooters(files, key) {
	for (const period of await listPeriods(files, key)) await withFile(files, key, period, ({ assertSound }) => assertSound());
	return manifestFromFooters(files, key);
}
/**
* A sound manifest brought in line with the files: those that say more are taken in, and what is said of a file that
* is gone is forgotten, so that its time is asked for again. The same object when there is nothing to mend.
*
* @throws DamageError for a file that is not one of this series, or is damaged.
*/
async function mendManifest(files, manifest) {
	let mended = await adoptFiles(files, manifest, [ALL_TIME]);
	for (const period of manifest.partitions.keys()) if (await files.size(partitionPath(manifest.key, period)) === void 0) mended = forget(mended, period);
	return mended;
}
const ALL_TIME = {
	from: micros(-(2n ** 62n)),
	to: micros(2n ** 62n)
};
/** Removes a series' manifest; `false` when there is none. @throws StoreError `E_STORE_FENCED`, when another process took the lake. */
async function removeManifest({ files, assertHeld }, key) {
	const path = manifestPath(key);
	if (await files.size(path) === void 0) return false;
	await assertHeld();
	await files.remove(path);
	return true;
}
// src/verify/mend.ts
/** Mends the manifest of a series: what `verify --rebuild` does. */
/**
* Writes a lost or damaged manifest anew from the footers, and brings a sound one in line with the files.
*
* @returns What was done, or why it could not be; nothing where there was nothing to do.
*/
async function mendSeries(lake, key) {
	try {
		const done = await mend(lake, key);
		return done === void 0 ? [] : [{
			severity: "note",
			code: "rebuilt",
			message: done
		}];
	} catch (thrown) {
		const error = await failureIn(lake.assertHeld, thrown);
		if (!(error instanceof DamageError)) throw error;
		const { message, hint } = error;
		const flaw = {
			severity: "damage",
			code: "not-rebuilt",
			message
		};
		return [hint === void 0 ? flaw : {
			...flaw,
			hint
		}];
	}
}
async function mend(lake, key) {
	const file = await readManifestFile(lake.files, key);
	const { version } = file;
	const manifest = soundness(file);
	if (!("code" in manifest)) {
		const mended = await mendManifest(lake.files, manifest);
		if (mended === manifest) return void 0;
		const gained = subtractAll(mended.coverage, manifest.coverage);
		await write(lake, mended, {
			young: await adoptedFresh(lake.files, mended, gained),
			version
		});
		return "brought in line with the files";
	}
	const rebuilt = await soundFromFooters(lake.files, key);
	if (rebuilt === void 0) return await removeManifest(lake, key) ? "removed: no file says what was in it, so its time is asked for again" : void 0;
	await write(lake, rebuilt, {
		young: await adoptedFresh(lake.files, rebuilt, rebuilt.coverage),
		version
	});
	return "written anew from the footers";
}
async function write(lake, manifest, { young, version }) {
	await writeManifest(lake, {
		...manifest,
		fresh: union(manifest.fresh, young)
	}, version);
}
/** The manifest of a series, or what is wrong with it. */
async function soundManifest(files, key) {
	return soundness(await readManifestFile(files, key));
}
function soundness({ parse }) {
	try {
		const manifest = parse();
		if (manifest !== void 0) return manifest;
		return lostManifest("manifest-missing", "the series has files but no manifest");
	} catch (error) {
		if (error instanceof DamageError) return lostManifest("manifest-damaged", error.message);
		throw error;
	}
}
function lostManifest(code, message) {
	return {
		severity: "damage",
		code,
		message,
		hint: "binance-backfill verify --rebuild"
	};
}
// src/session/stored-wants.ts
/** What jobs want of a lake, as far as the lake and this machine's clock can tell: nobody else is asked. */
/**
* The series of the lake that the jobs want, and those that they name and it lacks; without jobs all of the lake. What a
* filter chooses is taken from the names in the lake, rather one too many than one too few.
*/
async function storedWants(jobs, stored, world) {
	const wants = /* @__PURE__ */ new Map();
	for (const key of stored) if (jobs.length === 0 || jobs.some(({ datasets }) => datasets.some((one) => names(one, key)))) wants.set(seriesName(key), {
		key,
		wanted: void 0
	});
	const manifests = new Manifests(world.files);
	const account = accountLabel(jobs);
	const resolving = {
		now: world.clock.now(),
		symbols: [],
		source: void 0,
		account,
		listingOf: async (key) => listedAt(await manifests.get(key)) ?? micros(0n)
	};
	for (const job of jobs) for (const dataset of job.datasets) {
		if (factsOf(dataset).security === "signed" && account === void 0) continue;
		const symbols = inLake(dataset, stored);
		const asked = {
			...job,
			datasets: [{
				...dataset,
				symbols
			}]
		};
		for (const { key, wanted, problem } of await resolveWants([asked], resolving)) {
			const name = seriesName(key);
			const before = wants.get(name)?.wanted;
			wants.set(name, {
				key,
				wanted: problem === void 0 ? union(wanted, before) : before
			});
		}
	}
	return [...wants.values()];
}
/** Symbols one by one: those that are named, or those of the lake that a filter may mean. */
function inLake(dataset, stored) {
	if (dataset.symbols.kind === "list") return dataset.symbols;
	const found = stored.filter((key) => names(dataset, key)).map(({ symbol }) => symbol);
	return {
		kind: "list",
		symbols: [...new Set(found)]
	};
}
function names({ kind, intervals, symbols }, key) {
	const hasInterval = key.interval === void 0 || intervals.includes(key.interval);
	return kind === key.dataset && hasInterval && mayMean(symbols, key.symbol);
}
/** May `symbol` be meant? Of a pair without its listing only this is known: it begins with the base, and ends with the quote. */
function mayMean(selection, symbol) {
	if (selection.kind === "list") return selection.symbols.includes(symbol);
	const { base = "", quote = "", exclude } = selection;
	return symbol.startsWith(base) && symbol.endsWith(quote) && !exclude.includes(symbol);
}
// src/verify/order-check.ts
/** Are rows in the order of their keys, each key once, and in their period? In plain numbers: it sees every row. */
const HIGH = 4294967296;
/** Counts what is out of order, and remembers the first of each kind. */
var OrderCheck = class {
	#from;
	#to;
	/** Halves of the key before. */
	#low = 0;
	#high = Number.NEGATIVE_INFINITY;
	#row = 0;
	#seen = /* @__PURE__ */ new Map();
	constructor(period) {
		const { from, to } = periodWindow(period);
		this.#from = Number(from);
		this.#to = Number(to);
	}
	/** Looks at the next rows. */
	look(keys, times) {
		const key = halvesOf(keys);
		const time = halvesOf(times);
		let [low, high] = [this.#low, this.#high];
		for (let row = 0; row < keys.length; row++) {
			const nextLow = (key[2 * row] ?? 0) >>> 0;
			const nextHigh = key[2 * row + 1] ?? 0;
			if (nextHigh < high || nextHigh === high && nextLow <= low) {
				const isSame = nextHigh === high && nextLow === low;
				this.#note(isSame ? "duplicate-key" : "out-of-order", row, `key ${keys[row]}`);
			}
			low = nextLow;
			high = nextHigh;
			const moment = (time[2 * row + 1] ?? 0) * HIGH + ((time[2 * row] ?? 0) >>> 0);
			if (moment < this.#from || moment >= this.#to) this.#note("outside-period", row, timeText(times[row] ?? 0n));
		}
		this.#low = low;
		this.#high = high;
		this.#row += keys.length;
	}
	/** What was wrong. */
	flaws() {
		return [...this.#seen].map(([code, { count, first }]) => damage(code, `${first}${count > 1 ? ` and ${count - 1} more` : ""}`));
	}
	#note(code, row, what) {
		const seen = this.#seen.get(code);
		const first = seen?.first ?? `${what} in row ${this.#row + row}`;
		this.#seen.set(code, {
			count: (seen?.count ?? 0) + 1,
			first
		});
	}
};
function halvesOf(values) {
	return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}
function timeText(time) {
	try {
		return formatMicros(micros(time));
	} catch {
		return `${time} µs`;
	}
}
// src/verify/inspect.ts
const LOST = "Run the job again: it asks for what was in there. Or put the file back from a backup.";
/** Everything that is wrong with a partition, and how many rows it has. */
async function inspectPartition(suspect) {
	const { files, key, period } = suspect;
	const file = await files.open(partitionPath(key, period));
	if (file === void 0) return {
		rows: 0,
		bytes: 0,
		flaws: [damage("file-missing", "in the manifest, not on the disk", LOST)]
	};
	try {
		return {
			...await inspectFile(suspect, file),
			bytes: file.sizeBytes
		};
	} catch (error) {
		if (!(error instanceof BackfillError)) throw error;
		return {
			rows: 0,
			bytes: file.sizeBytes,
			flaws: [damage("unreadable", error.message)]
		};
	} finally {
		await file.close();
	}
}
async function inspectFile(suspect, file) {
	const { key, period, manifest, inspector } = suspect;
	const footer = await readFooter(file);
	const { rows } = footer;
	const path = partitionPath(key, period);
	const facts = parseFacts(footer.metadata, key, path);
	checkAlike(manifest, facts, path);
	const flaws = String(footer.schema) === String(suspect.schema) ? await inspectRows(suspect, file, footer) : [OTHER_COLUMNS];
	const isSound = flaws.every(({ severity }) => severity !== "damage");
	if (isSound && await isAhead(manifest, await lookInto(file, key, period))) return {
		rows,
		flaws: [...flaws, NOT_RECORDED]
	};
	const entry = manifest.partitions.get(period);
	if (entry === void 0) return {
		rows,
		flaws
	};
	const others = await compareFile(file, footer, entry, isSound);
	flaws.push(...others);
	if (others.length === 0) flaws.push(...compareFacts(facts, manifest, entry));
	if (isSound && others.length === 0) flaws.push(...compareProof(inspector.proof(), entry.proof));
	return {
		rows,
		flaws
	};
}
const OTHER_COLUMNS = damage("schema-mismatch", "it has other columns than its series");
const NOT_RECORDED = {
	severity: "warning",
	code: "not-recorded",
	message: "the file says more than the manifest: a run ended between the two",
	hint: "The next run that asks for its time takes it in, or: binance-backfill verify --rebuild"
};
/** Is the file the one that was recorded? */
async function compareFile(file, footer, entry, isSound) {
	const flaws = [];
	if (file.sizeBytes !== entry.bytes) flaws.push(damage("size-mismatch", `${file.sizeBytes} bytes, the manifest says ${entry.bytes}`));
	if (footer.rows !== entry.rows) flaws.push(damage("row-count-mismatch", `${footer.rows} rows, the manifest says ${entry.rows}`));
	const sha256 = await hashOf(file);
	if (sha256 === entry.sha256) return flaws;
	const misfits = isSound ? await misfitHeaders(file, footer) : [];
	const where = isSound && misfits.length === 0 ? ", in its footer or page index" : "";
	flaws.push(damage("hash-mismatch", `SHA-256 ${sha256}, the manifest says ${entry.sha256}${where}`), ...misfits.map((misfit) => damage("corrupt-column", misfit)));
	return flaws;
}
/** An archive is known to all that it is about once one has used it, also to files that were there before. */
const UNTOLD = ["archives", "checksum"];
/** Does the footer say what the manifest says? */
function compareFacts(facts, manifest, entry) {
	const said = formatFacts(facts);
	const known = formatFacts(factsOf$1(manifest, facts.period, entry));
	const names = Object.keys(known).filter((name) => !UNTOLD.includes(name) && said[name] !== known[name]);
	if (names.length === 0) return [];
	return [{
		severity: "warning",
		code: "footer-mismatch",
		message: `the footer has another ${names.join(", ")} than the manifest`,
		hint: "The manifest counts. Should it be lost, some time would be asked for again."
	}];
}
function compareProof(proof, recorded) {
	const [rows, manifest] = [JSON.stringify(proof), JSON.stringify(recorded)];
	if (rows === manifest) return [];
	return [damage("proof-mismatch", `the rows prove ${rows}, the manifest says ${manifest}`)];
}
async function inspectRows({ key, period, inspector }, file, footer) {
	const dataset = datasetOf(key);
	const keyIndex = columnIndex$2(dataset, dataset.key);
	const timeIndex = columnIndex$2(dataset, dataset.time);
	const order = new OrderCheck(period);
	const flaws = [];
	let isWhole = true;
	for (const index of footer.rowGroups.keys()) {
		const batch = await readOrNot(file, footer, index);
		if (batch === void 0) {
			flaws.push(...await corruptColumns(file, footer, index));
			isWhole = false;
			continue;
		}
		const keys = int64Column(batch, keyIndex);
		order.look(keys, int64Column(batch, timeIndex));
		flaws.push(...checkBounds(footer, index, {
			name: dataset.key,
			keys
		}), ...inspector.look(batch));
	}
	return [
		...order.flaws(),
		...flaws,
		...isWhole ? inspector.end() : []
	];
}
/** Readers leave out what the footer says does not hold their rows. */
function checkBounds(footer, index, { name, keys }) {
	const bounds = columnBounds(footer, index, name);
	if (bounds?.min === keys[0] && bounds?.max === keys[keys.length - 1]) return [];
	return [damage("wrong-bounds", `row group ${index}: the footer has other bounds of ${name}`)];
}
async function readOrNot(file, footer, index) {
	try {
		return await readRowGroup(file, footer, index);
	} catch (error) {
		if (error instanceof StoreError && error.code === "E_STORE_CORRUPT") return void 0;
		throw error;
	}
}
/** Names every column of a row group that cannot be read. */
async function corruptColumns(file, footer, index) {
	const flaws = [];
	for (const { name } of footer.shapes) try {
		await readRowGroup(file, footer, index, [name]);
	} catch (error) {
		if (!(error instanceof StoreError) || error.code !== "E_STORE_CORRUPT") throw error;
		flaws.push(damage("corrupt-column", error.message));
	}
	return flaws;
}
// src/verify/foreign-files.ts
/** What lies in the lake and is not of it: files of others, files of nobody's, and what dead runs left behind. */
/** What is in a series' directory and not in its manifest. */
async function* strangersIn(files, key, manifest) {
	const base = seriesPath(key);
	for (const entry of await files.list(base)) {
		const path = `${base}/${entry.name}`;
		const period = parsePeriodName(entry.name);
		if (period === void 0 || entry.kind !== "directory") {
			if (isForeign(entry)) yield {
				path,
				...FOREIGN
			};
			continue;
		}
		for (const file of await files.list(path)) if (file.name !== "data.parquet" || file.kind !== "file") {
			if (isForeign(file)) yield {
				path: `${path}/${file.name}`,
				...FOREIGN
			};
		} else if (manifest?.partitions.has(period) === false) yield {
			path: `${path}/${file.name}`,
			...ORPHAN
		};
	}
}
/** What is in the lake outside of its series. */
async function* strangersOutside(files, series) {
	const known = new Set(series.map(seriesName));
	for (const { name } of await files.list(TEMP_DIRECTORY)) yield {
		path: `${TEMP_DIRECTORY}/${name}`,
		...LEFTOVER
	};
	const visit = async function* (path) {
		const key = parseSeriesPath(path);
		if (key !== void 0 && known.has(seriesName(key))) return;
		for (const entry of await files.list(path)) {
			const inside = path === "" ? entry.name : `${path}/${entry.name}`;
			if (entry.kind !== "directory") {
				if (isForeign(entry)) yield {
					path: inside,
					...FOREIGN
				};
			} else if (!/^[._]/.test(entry.name) && inside !== "lost+found") yield* visit(inside);
		}
	};
	yield* visit("");
}
/**
* Names that begin with `_` or `.` are not data, and readers skip them; but for the companions that macOS makes of
* every file, which end as the file does.
*
* @see https://github.com/duckdb/duckdb/issues/16466
*/
function isForeign({ name }) {
	return !/^[._]/.test(name) || name.startsWith("._") || name === ".DS_Store";
}
const FOREIGN = {
	severity: "warning",
	code: "foreign-file",
	message: "not written by binance-backfill; readers that glob may trip over it",
	hint: "Move it out of the lake."
};
const ORPHAN = {
	severity: "warning",
	code: "orphan",
	message: "published but not in the manifest: a run ended between the two",
	hint: "The next run that asks for its time takes it in, or: binance-backfill verify --rebuild"
};
const LEFTOVER = {
	severity: "note",
	code: "leftover",
	message: "a file that is being written, or that a run which died did not finish",
	hint: "The next run removes it."
};
// src/verify/verify.ts
/** Reads the lake back and says whether it is what its manifests claim. */
/**
* Verifies what `jobs` want, or everything in the lake without jobs; the last item is the report. Asks the exchange
* nothing: what a filter of symbols chooses is told by their names, and now by this machine's clock.
*/
async function* verify(jobs, options = {}) {
	const world = worldOf(options);
	try {
		await checkLake(world.files);
		const verification = new Verification(world, options);
		const stored = await listSeries(world.files);
		const wants = await storedWants(jobs, stored, world);
		if (options.rebuild === true) yield* verification.rebuild(wants.map(({ key }) => key));
		for (const want of wants) yield* verification.series(want);
		if (jobs.length === 0) yield* verification.around(stored);
		yield verification.report();
	} finally {
		if (options.world === void 0) await world.http.close();
	}
}
var Verification = class {
	#world;
	#options;
	#archive;
	#startedMs;
	#findings = [];
	#series = [];
	#totals = {
		partitions: 0,
		rows: 0,
		bytes: 0
	};
	constructor(world, options) {
		this.#world = world;
		this.#options = options;
		this.#startedMs = world.clock.monotonicMs();
		this.#archive = new ArchiveSession(world, {
			...options,
			attemptsMax: 4
		}, () => void 0);
	}
	/** Mends manifests, holding the lake. */
	async *rebuild(keys) {
		const { waitLockMs: waitMs, signal } = this.#options;
		const lock = await acquireLock(this.#world, {
			waitMs,
			signal
		});
		const lake = {
			files: this.#world.files,
			assertHeld: () => lock.assertHeld()
		};
		try {
			for (const key of keys) for (const flaw of await mendSeries(lake, key)) yield this.#find(manifestPath(key), flaw);
		} finally {
			await lock.release();
		}
	}
	/** What lies around the series. */
	async *around(keys) {
		for await (const { path, ...flaw } of strangersOutside(this.#world.files, keys)) yield this.#find(path, flaw);
	}
	/** Everything about one series. */
	async *series({ key, wanted }) {
		const before = this.#findings.length;
		const { manifest, flaw } = await this.#manifest(key);
		if (flaw !== void 0) yield this.#find(manifestPath(key), flaw);
		yield* this.#strangers(key, manifest);
		const totals = {
			partitions: 0,
			rows: 0
		};
		for (const period of [...manifest?.partitions.keys() ?? []].sort()) {
			if (manifest === void 0 || !this.#isInSubset(partitionPath(key, period))) continue;
			this.#options.signal?.throwIfAborted();
			totals.rows += yield* this.#partition(key, period, manifest);
			totals.partitions += 1;
		}
		for (const broken of manifest === void 0 ? [] : chainFlaws(manifest)) yield this.#find(seriesPath(key), broken);
		if (this.#options.remote === true && manifest !== void 0) for await (const { path, ...broken } of remoteFlaws(this.#archive, manifest, this.#options)) yield this.#find(path, broken);
		const isDamaged = this.#findings.slice(before).some(({ severity }) => severity === "damage");
		if (manifest === void 0 && wanted === void 0 && !isDamaged) return;
		const { verdict, missing, unconfirmed } = statusOf(key, manifest, wanted);
		const words = isDamaged ? "damaged" : verdict;
		this.#series.push({
			key,
			verdict: words,
			missing,
			unconfirmed,
			...totals
		});
	}
	report() {
		return {
			kind: "report",
			ok: this.#findings.every(({ severity }) => severity !== "damage"),
			series: this.#series,
			findings: this.#findings,
			...this.#totals,
			seconds: (this.#world.clock.monotonicMs() - this.#startedMs) / 1e3
		};
	}
	/** The manifest of a series; where it is lost, what the footers say, so that the files are looked at all the same. */
	async #manifest(key) {
		const { files } = this.#world;
		const found = await soundManifest(files, key);
		if (!("code" in found)) return { manifest: found };
		try {
			const manifest = await manifestFromFooters(files, key);
			if (manifest === void 0 && found.code === "manifest-missing") return { manifest };
			return {
				manifest,
				flaw: found
			};
		} catch (error) {
			if (!(error instanceof DamageError)) throw error;
			return {
				manifest: void 0,
				flaw: {
					...found,
					message: `${found.message}; ${error.message}`
				}
			};
		}
	}
	async *#partition(key, period, manifest) {
		const { files } = this.#world;
		const path = partitionPath(key, period);
		let seen = await inspect(files, period, manifest);
		if (seen.flaws.length > 0) {
			const now = await soundManifest(files, key);
			if (!("code" in now) && formatManifest(now) !== formatManifest(manifest)) seen = await inspect(files, period, now);
		}
		for (const flaw of seen.flaws) yield this.#find(path, flaw);
		const ok = seen.flaws.every(({ severity }) => severity !== "damage");
		this.#totals.partitions += 1;
		this.#totals.rows += seen.rows;
		this.#totals.bytes += seen.bytes;
		yield {
			kind: "checked",
			path,
			rows: seen.rows,
			ok
		};
		return seen.rows;
	}
	/** Files and directories of the series that its manifest does not name. */
	async *#strangers(key, manifest) {
		const { files } = this.#world;
		for await (const { path, ...flaw } of strangersIn(files, key, manifest)) {
			const period = parsePeriodName(path.split("/").at(-2) ?? "");
			if (flaw.code !== "orphan" || period === void 0) {
				yield this.#find(path, flaw);
				continue;
			}
			const now = await soundManifest(files, key);
			const known = "code" in now ? manifest : now;
			if (known === void 0 || known.partitions.has(period)) continue;
			const { flaws } = await inspect(files, period, known);
			const damage = flaws.filter(({ severity }) => severity === "damage");
			for (const one of damage.length > 0 ? damage : [flaw]) yield this.#find(path, one);
		}
	}
	#isInSubset(path) {
		const { subset } = this.#options;
		return subset === void 0 || crc32(path) % subset.count === subset.index - 1;
	}
	#find(path, flaw) {
		const finding = {
			path,
			...flaw
		};
		this.#findings.push(finding);
		return {
			kind: "finding",
			finding
		};
	}
};
function inspect(files, period, manifest) {
	const { key, numbers } = manifest;
	return inspectPartition({
		files,
		key,
		period,
		manifest,
		schema: schemaOf$1(datasetOf(key), numbers),
		inspector: inspectorOf(key, period, manifest)
	});
}
export { ARCHIVE_BYTES_PER_SECOND, BackfillError, BannedError, ClockError, DamageError, DataError, JobError, LockedError, RejectedError, SCHEMA_NAME, StoppedError, StoreError, UnreachableError, UsageError, backfill, closest, coverage, describeError, displayWidth, doctor, formatMicros, formatWindow, gaps, isBinanceUrl, jobFromFlags, jobSchema, jobTemplate, jsonText, lakeOrigin, listSymbols, planJobs as makePlan, markLakeOrigin, parseJob, parseMicros, quickstartExchange, quoteText, readSeries, readTable, replayOptions, safeJson, seriesName, sql, startSimulator, status, stopOnSignals, verify, watchedBackfill, writeReport };

//# sourceMappingURL=index.js.map