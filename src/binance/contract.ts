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

/** The type of a contract of which nothing but its day of delivery is known. */
export const QUARTER = 'QUARTER'

/** Does exchangeInfo mean this type? While a contract is delivered, the type says so besides. */
export function isOfType(type: string, contract: ContractType): boolean {
  if (type === QUARTER) return !isOneContract(contract)
  return type.replace(/[ _]DELIVERING$/, '') === contract
}

/** Is a series of contracts of this type that of one contract, and not of one after the other? */
export function isOneContract(contract: ContractType | undefined): boolean {
  return contract === 'PERPETUAL' || contract === 'TRADIFI_PERPETUAL'
}
