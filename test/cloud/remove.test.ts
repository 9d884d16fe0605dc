/** Coverage is never left ahead of the data by whoever takes something away; all requests are in the long suite. */

import { test } from 'vitest'
import { expectMet, REBUILD, removal, twoDoors } from '../support/cloud-removal.ts'
import type { S3Request } from '../support/s3-server.ts'

twoDoors()

const isDelete = ({ kind }: S3Request): boolean => kind === 'delete'
const isCommit = ({ kind, key }: S3Request): boolean =>
  kind === 'put' && key.endsWith('_series.json')

test('a file is removed while a run writes', () => expectMet(removal('a file'), isDelete))

test('a file is cut while a run writes', () => expectMet(removal('a part of a file'), isCommit))

test('a lost manifest is written anew while a run writes', () => expectMet(REBUILD, isCommit))
