/** The library's public door: every name here is a promise. The CLI imports nothing else. */

export { planJobs as makePlan } from './backfill/plan-jobs.ts'
export { backfill } from './backfill/run.ts'
export {
  BackfillError,
  BannedError,
  ClockError,
  DamageError,
  DataError,
  describeError,
  IncompleteError,
  JobError,
  LockedError,
  RejectedError,
  StoppedError,
  StoreError,
  UnknownSymbolError,
  UnreachableError,
  UsageError,
} from './base/errors.ts'
export type { ErrorEntry, JobProblem } from './base/errors.ts'
export type { Gap, GapReason } from './base/gap.ts'
export type { World } from './base/ports.ts'
export type { Wait } from './base/wait.ts'
export { closest } from './base/suggest.ts'
export { displayWidth, jsonText, quoteText, safeJson } from './base/text.ts'
export { formatMicros, formatWindow, parseMicros } from './base/time.ts'
export type { Micros, Window, WindowText } from './base/time.ts'
export { isBinanceUrl } from './binance/host.ts'
export { seriesName } from './binance/series.ts'
export type { SeriesKey } from './binance/series.ts'
export { doctor } from './query/doctor.ts'
export type { DoctorCheck, DoctorKind } from './query/doctor.ts'
export { readRun, readRuns } from './query/history.ts'
export type {
  History,
  HistoryOptions,
  RunLack,
  RunProblem,
  RunRecord,
  RunWaits,
} from './query/history.ts'
export { enqueueJobs } from './fleet/enqueue.ts'
export type { Enqueued } from './fleet/enqueue.ts'
export type { FleetOptions } from './fleet/lake-mark.ts'
export { readQueue } from './fleet/queue.ts'
export type { QueueEntry, QueueOptions, QueueReport, QueueState } from './fleet/queue.ts'
export { workQueue } from './fleet/worker.ts'
export type { WorkOptions } from './fleet/worker.ts'
export type { WorkProgress, WorkSummary } from './fleet/work-progress.ts'
export type { Compression, Job, Source } from './job/job.ts'
export { jobTemplate, SCHEMA_NAME } from './job/template.ts'
export { jobFromFlags, jobSchema, parseJob } from './job/parse.ts'
export { stopOnSignals } from './node/signals.ts'
export type { Options, Shard } from './options.ts'
export type { Plan, SeriesPlan, SourceShare, Why } from './plan/plan.ts'
export { zipRowBytes } from './plan/cost.ts'
export type { Measured, Speed } from './plan/speed.ts'
export type { Rewritten } from './plan/rewritten.ts'
export type { ArchiveTask, PublishedFile, Task } from './plan/task.ts'
export type { Progress, SeriesResult, Standing, Summary, Usage } from './progress.ts'
export { lakeOrigin, markLakeOrigin } from './query/origin.ts'
export type { Origin, OriginOptions } from './query/origin.ts'
export { EXPORT_FORMATS, exportSeries, TOOLS, writeExport } from './query/export.ts'
export type { Export, ExportFormat, ExportOptions, Tool } from './query/export.ts'
export { coverage, gaps, readSeries, readTable } from './query/read.ts'
export type { Moment, SeriesQuery } from './query/read.ts'
export { removeSeries } from './remove/remove.ts'
export type { PlannedRemoval, RemovalSummary, RemoveOptions } from './remove/remove.ts'
export { writeReport } from './report/report.ts'
export type { ReportOptions, ReportSummary } from './report/report.ts'
export { serveLake } from './serve/serve.ts'
export type { LakeServer, ServeOptions } from './serve/serve.ts'
export { quickstartExchange, replayOptions, startSimulator } from './simulator/index.ts'
export type { ExchangeOptions, Fault, FaultOptions } from './simulator/index.ts'
export { sql } from './query/sql.ts'
export type { Fetch, SqlAnswer, SqlColumn, SqlOptions, SqlValue } from './query/sql.ts'
export { status } from './query/status.ts'
export type { RevisionEntry, SeriesStatus, StatusReport } from './query/status.ts'
export { listSymbols } from './query/symbols.ts'
export type { SymbolEntry, SymbolFilter } from './query/symbols.ts'
export { watchedBackfill } from './watch/watch.ts'
export type { WatchOptions } from './watch/watch.ts'
export { verify } from './verify/verify.ts'
export type {
  CrossCheck,
  Finding,
  SeriesVerdict,
  VerifyOptions,
  VerifyProgress,
  VerifyReport,
} from './verify/verify.ts'
