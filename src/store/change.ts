/** Rows that changed, as words about them. */

/** A change of a stored row, as the merge finds it. */
export type Change = {
  readonly key: string
  readonly time: string
  readonly old: Readonly<Record<string, string>>
  readonly new: Readonly<Record<string, string>>
}

/** Rows that the last run received and did not take, by their keys: the columns that differ from the stored row. */
export type Claims = ReadonlyMap<string, Readonly<Record<string, string>>>
