/** The files of docs/examples do what they say, as far as the machine at hand can tell. */

import { spawnSync } from 'node:child_process'
import { chmod, cp, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { EXIT_CODES } from '../../src/cli/failure.ts'
import { parseCommandLine } from '../../src/cli/parse.ts'
import { commandLines, words } from '../support/command-lines.ts'
import { tempDir } from '../support/lake.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const EXAMPLES = join(ROOT, 'docs', 'examples')

function example(name: string): Promise<string> {
  return readFile(join(EXAMPLES, name), 'utf8')
}

/** What a file of one YAML document says. */
async function yaml(name: string): Promise<unknown> {
  const documents = parseAllDocuments(await example(name))
  expect(documents).toHaveLength(1)
  const [document] = documents
  if (document === undefined || !('errors' in document)) throw new Error(`${name} is empty`)
  expect([...document.errors, ...document.warnings]).toEqual([])
  return document.toJS()
}

/** The values that a command line is understood as; fails where it is not. */
async function valuesOf(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const parsed = await parseCommandLine(args, {})
  expect([args, parsed]).toMatchObject([args, { kind: 'call' }])
  return parsed.kind === 'call' ? parsed.values : {}
}

describe('what a file beside the data would do', () => {
  test.each(['crontab', 'airflow_dag.py', 'systemd/binance-backfill.service'])(
    '%s keeps its metrics out of the lake',
    async (name) => {
      for (const line of commandLines(await example(name))) {
        const values = await valuesOf(words(line))
        expect(values['data-dir']).toBeTypeOf('string')
        if (typeof values['metrics-file'] === 'string')
          expect(dirname(values['metrics-file'])).not.toBe(values['data-dir'])
      }
    },
  )
})

describe('cron', () => {
  /** Runs the command of each entry as cron does, with a program that ends with `exit` after an error. */
  async function mails(exit: number): Promise<readonly string[]> {
    const bin = await tempDir()
    const program = join(bin, 'binance-backfill')
    const complaint = exit === 0 ? '' : 'echo "error: $1" >&2\n'
    await writeFile(program, `#!/bin/sh\n${complaint}exit ${exit}\n`)
    await chmod(program, 0o755)
    const entries = (await example('crontab')).match(/^[\d*].*$/gm) ?? []
    return entries.map((entry) => {
      const command = entry.split(/\s+/).slice(5).join(' ').replaceAll('\\%', '%')
      const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` }
      const { stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { env, encoding: 'utf8' })
      return stdout + stderr
    })
  }

  test('has nothing to mail when all is well', async () => {
    expect(await mails(0)).toEqual(['', ''])
  })

  test('mails what went wrong, but not that another run holds the lake', async () => {
    expect(await mails(3)).toEqual(['error: run\n', 'error: verify\n'])
    expect((await mails(6))[0]).toBe('')
  })
})

test('systemd accepts the units', async () => {
  const directory = await tempDir()
  await cp(join(EXAMPLES, 'systemd'), directory, { recursive: true })
  const service = join(directory, 'binance-backfill.service')
  // The program is not installed here; anything that can be run stands in for it.
  await writeFile(
    service,
    (await readFile(service, 'utf8')).replace('/usr/bin/binance-backfill', process.execPath),
  )
  const units = [service, join(directory, 'binance-backfill.timer')]
  const { status, stderr, error } = spawnSync('systemd-analyze', ['verify', ...units], {
    encoding: 'utf8',
  })
  if (error === undefined) expect([status, stderr]).toEqual([0, ''])
  else console.warn('\n*** NO SYSTEMD: the units were NOT verified. ***\n')
  expect(await readFile(service, 'utf8')).toMatch(/^SuccessExitStatus=6 143$/m)
})

describe('Airflow', () => {
  /** Says what the file makes of Airflow's classes, with recorders in their place. */
  const RECORDER = `
import json, runpy, sys, types
made = []
class Recorder:
    def __init__(self, **given): made.append({k: v if isinstance(v, (str, int, bool)) else str(v) for k, v in given.items()})
    def __enter__(self): return self
    def __exit__(self, *_): pass
for name, member in [("airflow", "DAG"), ("airflow.operators", None), ("airflow.operators.bash", "BashOperator")]:
    module = sys.modules[name] = types.ModuleType(name)
    if member: setattr(module, member, Recorder)
runpy.run_path(sys.argv[1])
print(json.dumps(made))
`

  test('makes two schedules whose command lines the program understands', async () => {
    const path = join(EXAMPLES, 'airflow_dag.py')
    expect(await example('airflow_dag.py')).toContain('skip_on_exit_code=6')
    const { status, stdout, stderr, error } = spawnSync('python3', ['-c', RECORDER, path], {
      encoding: 'utf8',
    })
    if (error !== undefined) {
      console.warn('\n*** NO PYTHON: the DAG was NOT run. ***\n')
      return
    }
    expect([status, stderr]).toEqual([0, ''])
    const made = JSON.parse(stdout) as readonly Readonly<Record<string, unknown>>[]
    const ids = made.map((given) => given['dag_id'] ?? given['task_id'])
    expect(ids).toEqual(['binance_backfill', 'run', 'binance_backfill_verify', 'verify'])
    expect(made[0]).toMatchObject({ catchup: false, max_active_runs: 1 })
    for (const { bash_command: command } of made.filter((given) => 'task_id' in given)) {
      const lines = commandLines(String(command))
      expect(lines).toHaveLength(1)
      expect(await valuesOf(words(lines[0] ?? ''))).toMatchObject({ 'data-dir': '/srv/lake' })
    }
  })
})

/**
 * Fields that the example may use, by where they stand: a misspelt one would be dropped in silence.
 *
 * @see Kubernetes API reference, v1.27: CronJobSpec, JobSpec, PodSpec, Container
 */
const KUBERNETES_FIELDS: Readonly<Record<string, readonly string[]>> = {
  '': ['apiVersion', 'kind', 'metadata', 'spec'],
  spec: [
    'schedule',
    'timeZone',
    'concurrencyPolicy',
    'startingDeadlineSeconds',
    'successfulJobsHistoryLimit',
    'failedJobsHistoryLimit',
    'jobTemplate',
  ],
  'spec.jobTemplate': ['spec'],
  'spec.jobTemplate.spec': ['backoffLimit', 'template'],
  'spec.jobTemplate.spec.template': ['spec'],
  'spec.jobTemplate.spec.template.spec': [
    'restartPolicy',
    'terminationGracePeriodSeconds',
    'securityContext',
    'containers',
    'volumes',
  ],
  'spec.jobTemplate.spec.template.spec.securityContext': [
    'runAsNonRoot',
    'runAsUser',
    'fsGroup',
    'seccompProfile',
  ],
  'spec.jobTemplate.spec.template.spec.containers.0': [
    'name',
    'image',
    'args',
    'securityContext',
    'resources',
    'volumeMounts',
  ],
  'spec.jobTemplate.spec.template.spec.containers.0.securityContext': [
    'allowPrivilegeEscalation',
    'readOnlyRootFilesystem',
    'capabilities',
  ],
}

function at(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .filter((name) => name !== '')
    .reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], tree)
}

describe('Kubernetes', () => {
  const POD = 'spec.jobTemplate.spec.template.spec'

  test('knows the fields', async () => {
    const job = await yaml('cronjob.yaml')
    expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'CronJob' })
    for (const [path, known] of Object.entries(KUBERNETES_FIELDS))
      expect([path, Object.keys(at(job, path) as object).sort()]).toEqual([path, [...known].sort()])
  })

  test('mounts what the command line names, and the volumes are there', async () => {
    const job = await yaml('cronjob.yaml')
    const args = at(job, `${POD}.containers.0.args`) as string[]
    const mounts = at(job, `${POD}.containers.0.volumeMounts`) as Record<string, unknown>[]
    const volumes = at(job, `${POD}.volumes`) as { name: string }[]
    const values = await valuesOf(args)
    expect(mounts.map(({ mountPath }) => mountPath)).toEqual([values['data-dir'], '/jobs'])
    expect(args[1]).toMatch(/^\/jobs\//)
    expect(mounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name))
  })
})

/** @see Kubernetes API reference, v1.33: JobSpec, PodFailurePolicyRule, VolumeMount */
const SHARDS_FIELDS: Readonly<Record<string, readonly string[]>> = {
  '': KUBERNETES_FIELDS[''] ?? [],
  spec: [
    'completionMode',
    'completions',
    'parallelism',
    'backoffLimitPerIndex',
    'podFailurePolicy',
    'template',
  ],
  'spec.podFailurePolicy': ['rules'],
  'spec.podFailurePolicy.rules.0': ['action', 'onPodConditions'],
  'spec.podFailurePolicy.rules.1': ['action', 'onExitCodes'],
  'spec.podFailurePolicy.rules.1.onExitCodes': ['operator', 'values'],
  'spec.template': ['spec'],
  'spec.template.spec.containers.0.volumeMounts.0': ['name', 'mountPath', 'subPathExpr'],
}
const POD_PATH = 'spec.jobTemplate.'
for (const [path, fields] of Object.entries(KUBERNETES_FIELDS))
  if (path.startsWith(`${POD_PATH}spec.template.spec`))
    Object.assign(SHARDS_FIELDS, { [path.slice(POD_PATH.length)]: fields })

describe('shards', () => {
  const exits = EXIT_CODES.flatMap(([codes]) => codes.split(', ').map(Number))

  test('of Kubernetes: fields that it knows, as many shards as pods, a lake for each', async () => {
    const job = await yaml('shards.yaml')
    expect(job).toMatchObject({ apiVersion: 'batch/v1', kind: 'Job' })
    for (const [path, known] of Object.entries(SHARDS_FIELDS))
      expect([path, Object.keys(at(job, path) as object).sort()]).toEqual([path, [...known].sort()])
    const spec = at(job, 'spec') as { completions: number; completionMode: string }
    const values = await valuesOf(at(job, 'spec.template.spec.containers.0.args') as string[])
    expect([spec.completionMode, values['shards']]).toEqual(['Indexed', spec.completions])
    expect(at(job, 'spec.template.spec.containers.0.volumeMounts.0')).toMatchObject({
      mountPath: values['data-dir'],
      subPathExpr: expect.stringContaining('$(JOB_COMPLETION_INDEX)') as string,
    })
  })

  test('of Kubernetes: each exit code of a run has its rule, or is tried again', async () => {
    const rules = at(await yaml('shards.yaml'), 'spec.podFailurePolicy.rules') as {
      action: string
      onExitCodes?: { values: number[] }
    }[]
    const actionOf = (exit: number): string =>
      rules.find(({ onExitCodes }) => onExitCodes?.values.includes(exit))?.action ?? 'Count'
    // What ends with 0 has not failed, and 10 is no code of a run.
    const acted = exits.filter((exit) => exit !== 0 && exit !== 10)
    expect(acted.map((exit) => [exit, actionOf(exit)])).toEqual([
      [1, 'Count'],
      [2, 'FailJob'],
      [3, 'Count'],
      [4, 'FailIndex'],
      [5, 'FailIndex'],
      [6, 'Count'],
      ...[129, 130, 143].map((exit) => [exit, 'Ignore']),
    ])
  })

  test('of AWS Batch: the same codes, a lake for each, and nothing said of which shard', async () => {
    const definition = JSON.parse(await example('aws-batch-array.json')) as {
      containerProperties: { command: string[]; mountPoints: { containerPath: string }[] }
      retryStrategy: { evaluateOnExit: { onExitCode?: string; action: string }[] }
    }
    const { containerProperties, retryStrategy } = definition
    const [shell, flag, line = ''] = containerProperties.command
    expect([shell, flag]).toEqual(['/bin/sh', '-c'])
    const values = await valuesOf(words(commandLines(line)[0] ?? ''))
    expect(values['data-dir']).toBe('/lakes/shard-$AWS_BATCH_JOB_ARRAY_INDEX')
    expect(containerProperties.mountPoints[0]?.containerPath).toBe('/lakes')
    expect(values).not.toHaveProperty('shard')
    const ended = retryStrategy.evaluateOnExit.filter(({ action }) => action === 'EXIT')
    expect(ended.map(({ onExitCode }) => Number(onExitCode))).toEqual([2, 4, 5])
  })
})

describe('Prometheus', () => {
  test('promtool accepts the rules, which use metrics that exist', async () => {
    const path = join(EXAMPLES, 'prometheus-rules.yaml')
    await yaml('prometheus-rules.yaml')
    const { status, error } = spawnSync('promtool', ['check', 'rules', path], { encoding: 'utf8' })
    if (error === undefined) expect(status).toBe(0)
    else console.warn('\n*** NO PROMTOOL: the rules were NOT checked. ***\n')
    const operating = await readFile(join(ROOT, 'docs', 'OPERATING.md'), 'utf8')
    for (const [, name = ''] of (await readFile(path, 'utf8')).matchAll(
      /binance_backfill_([a-z_]+)/g,
    ))
      expect(operating).toContain(`\`${name}`)
  })
})

describe('images and packages', () => {
  test('the image runs as a user without rights, from pinned majors', async () => {
    const source = await example('Dockerfile')
    expect(source).toMatch(/^USER node$/m)
    expect(source).toMatch(/^ENTRYPOINT \["binance-backfill"\]$/m)
    expect(source.match(/^FROM \S+/gm)).toEqual([
      'FROM node:22-bookworm-slim',
      'FROM node:22-bookworm-slim',
    ])
    expect(source.indexOf('USER node')).toBeGreaterThan(source.lastIndexOf('RUN '))
  })

  test('the image is built from neither the lake nor what is installed here', async () => {
    const ignored = (await example('Dockerfile.dockerignore')).split('\n')
    expect(ignored).toEqual(expect.arrayContaining(['.git', 'data', 'dist', 'node_modules']))
  })

  test('publishing asks for provenance, and for no more rights than it takes', async () => {
    expect(await yaml('publish.yaml')).toMatchObject({
      permissions: { contents: 'read', 'id-token': 'write' },
    })
    expect(await example('publish.yaml')).toContain('npm publish --provenance')
  })
})
