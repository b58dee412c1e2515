/**
 * The preload for a Node whose internal binding the self-test found wanting: the same hooks behind the public functions.
 *
 * Used like `preload.ts`; `buildPreload('public')` gives its path, and `chooseDoor()` (`self-test.ts`) says when, and what it misses.
 */
import { publicBinding } from './public-binding.ts'
import { wrapPublicApi } from './public-door.ts'
import { endHooks } from './site.ts'
import { start } from './start.ts'

const records = start({ binding: publicBinding, wrap: wrapPublicApi }, __filename)
if (records) endHooks()
