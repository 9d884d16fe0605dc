/** The program's command lines in documents, scripts and schedules. */

/** Words of a shell line; `$(...)` and what `||`, `|` and `>` bring belong to the shell. */
export function words(line: string): readonly string[] {
  const [command = ''] = line.replace(/ 2>&1\)?/, '').split(/ (?:\|\||\||>>?|#) ?/)
  const expanded = command.replace(/"?\$\([^)]*\)(\/7)?"?/g, '1/7').replace('[FLAGS]', '')
  return expanded.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? []
}

/** Every `binance-backfill ...` line of a text, wherever it stands; `\` joins lines. */
export function commandLines(source: string): readonly string[] {
  const joined = source.replace(/\\\n\s*/g, ' ')
  return [
    ...joined.matchAll(
      /(?:^|[\s"'=/(])binance-backfill ((?:run|plan|status|verify|validate|schema|symbols|report|sql|simulate|doctor|quickstart|completion)\b[^\n"`]*(?:"[^"\n]*"[^\n"`]*)*)/gm,
    ),
  ].map(([, line = '']) => line.trim())
}
