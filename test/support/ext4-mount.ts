/**
 * An ext4 image on a loop mount whose power can be cut: the kernel stops writing, its memory is thrown away, and the next mount finds what the
 * disk holds, after the recovery of its journal.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Size of the image in bytes: enough for a journal, small enough to be made at once. */
const imageBytes = 32 << 20
/** `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH` (Linux, fs/ext4/ext4.h): the log in memory is not written. */
const shutdown =
  'open(my $d,"<",$ARGV[0]) or die "open: $!"; my $f=pack("L",2); ioctl($d,0x8004587d,$f) or die "ioctl: $!"'
/** `sync_file_range(2)` by number, x86-64: pages reach the disk, nothing else does. */
const writeBack =
  'open(my $f,"+<",$ARGV[0]) or die "open: $!"; syscall(277,fileno($f),int($ARGV[1]),int($ARGV[2]),7)==0 or die "sync_file_range: $!"'

/** A mounted image. */
export class Ext4Mount {
  /** Where it is mounted. */
  readonly directory: string
  readonly #place: string
  readonly #image: string
  readonly #options: string

  /** `data`: the journal mode. Only for root; see {@link whyNoExt4Mount}. */
  constructor(data: 'ordered' | 'writeback') {
    this.#place = mkdtempSync(join(tmpdir(), 'killpoint-ext4-'))
    this.directory = join(this.#place, 'mount')
    this.#image = join(this.#place, 'image')
    // Nothing is committed in the background while a case runs: what is durable is what the case, or the test, made so.
    this.#options = `loop,commit=300,data=${data}`
    mkdirSync(this.directory)
    run('truncate', '-s', String(imageBytes), this.#image)
    run('mkfs.ext4', '-q', '-F', this.#image)
    this.#mount()
  }

  /** Makes everything durable. */
  settle(): void {
    run('sync', '--file-system', this.directory)
  }

  /** Has the kernel write some pages of a file, and no metadata. */
  writeBack(path: string, offset: number, length: number): void {
    run('perl', '-e', writeBack, path, String(offset), String(length))
  }

  /** Cuts the power and starts again. */
  powerLoss(): void {
    run('perl', '-e', shutdown, this.directory)
    run('umount', this.directory)
    this.#mount()
  }

  remove(): void {
    run('umount', this.directory)
    rmSync(this.#place, { recursive: true })
  }

  #mount(): void {
    run('mount', '-o', this.#options, this.#image, this.directory)
  }
}

/** Why no image can be mounted here; `undefined` where it can. */
export function whyNoExt4Mount(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'needs Linux on x86-64'
  if (process.getuid?.() !== 0) return 'needs root, for a loop mount'
  try {
    const mount = new Ext4Mount('ordered')
    try {
      mount.powerLoss()
    } finally {
      mount.remove()
    }
    return undefined
  } catch (error) {
    return `needs mkfs.ext4, perl and loop mounts: ${(error as Error).message.split('\n')[0]}`
  }
}

function run(file: string, ...args: readonly string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
