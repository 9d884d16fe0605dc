import { test } from 'vitest'
import { Life } from '../support/life/life.ts'
import { planOf, shortened, switchesOf, WORDS } from '../support/life/plan.ts'

test('scratch', async () => {
  const words = process.env['LIFE_WITH']
  const switches = switchesOf(
    words === undefined ? WORDS : words.split(',').filter((w) => w !== ''),
  )
  const from = Number(process.env['LIFE_FROM'] ?? 1)
  const count = Number(process.env['LIVES'] ?? 50)
  const short = Number(process.env['SHORT'] ?? 0)
  let bad = 0
  const total = { runs: 0, kills: 0, faults: 0, spoilt: 0, exempt: 0 }
  const failureOf = async (plan: Parameters<typeof shortened>[0], tell?: (l: string) => void) => {
    try {
      const c = await new Life(plan, tell).live()
      for (const k of Object.keys(total) as (keyof typeof total)[]) total[k] += c[k]
      return undefined
    } catch (e) {
      return e as Error
    }
  }
  for (let seed = from; seed < from + count; seed++) {
    const plan = planOf(seed, switches)
    const error = await failureOf(plan)
    if (error === undefined) continue
    bad++
    console.log(`#### seed ${seed}: ${error.constructor.name} ${error.message.slice(0, 600)}`)
    if (bad <= short) {
      const s = await shortened(plan, async (p) => (await failureOf(p)) !== undefined)
      const lines: string[] = []
      const e = await failureOf(s, (l) => lines.push(l))
      console.log(
        `SHORT ${seed} pageRows ${plan.pageRows} partition ${plan.partition} numbers ${plan.numbers} start ${plan.start}\n${lines.join('\n')}\n=> ${e?.message}\n${e?.constructor.name === 'Violation' ? '' : e?.stack}`,
      )
    }
  }
  console.log(`${bad} of ${count} fail; ${JSON.stringify(total)}`)
})
