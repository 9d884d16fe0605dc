/** The shells that a completion script is made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const
