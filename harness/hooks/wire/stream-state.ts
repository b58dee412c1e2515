/** The few numbers by which Node's streams of the kernel talk to JavaScript beside their calls. */

/** Of `process.binding('stream_wrap')`. */
export interface StreamBinding {
  readonly kReadBytesOrError: number
  readonly kArrayBufferOffset: number
  readonly kBytesWritten: number
  readonly kLastWriteWasAsync: number
  readonly streamBaseState: Int32Array
}

/** Of `process.binding('uv')`. */
export interface ErrorNumbers {
  readonly UV_EOF: number
  readonly UV_ECONNRESET: number
  readonly UV_ECONNREFUSED: number
  readonly UV_EPIPE: number
}

/** What the last call said, and what the next one is to be told. */
export class StreamState {
  readonly codes: { endOfFile: number; reset: number; refused: number; brokenPipe: number }
  readonly #binding: StreamBinding

  constructor(binding: StreamBinding, uv: ErrorNumbers) {
    this.#binding = binding
    this.codes = {
      endOfFile: uv.UV_EOF,
      reset: uv.UV_ECONNRESET,
      refused: uv.UV_ECONNREFUSED,
      brokenPipe: uv.UV_EPIPE,
    }
  }

  /** Bytes of the chunk that came; below 0 it is an error, or the end. */
  get bytes(): number {
    return this.#binding.streamBaseState[this.#binding.kReadBytesOrError] ?? 0
  }

  /** Where they begin in their buffer. */
  get offset(): number {
    return this.#binding.streamBaseState[this.#binding.kArrayBufferOffset] ?? 0
  }

  /** Says that so many bytes came, or which error. */
  put(bytes: number, offset = 0): void {
    const { streamBaseState, kReadBytesOrError, kArrayBufferOffset } = this.#binding
    streamBaseState[kReadBytesOrError] = bytes
    streamBaseState[kArrayBufferOffset] = offset
  }

  /** Says that a write took all of its bytes at once. */
  putWritten(bytes: number): void {
    const { streamBaseState, kBytesWritten, kLastWriteWasAsync } = this.#binding
    streamBaseState[kBytesWritten] = bytes
    streamBaseState[kLastWriteWasAsync] = 0
  }
}
