/** Types of contract, as the futures markets name them. */

/** Contracts of a pair by when they end; each name is another contract after each delivery. */
export const CONTRACT_TYPES = [
  'PERPETUAL',
  'CURRENT_QUARTER',
  'NEXT_QUARTER',
  'TRADIFI_PERPETUAL',
] as const
/** @see {@link CONTRACT_TYPES} */
export type ContractType = (typeof CONTRACT_TYPES)[number]
