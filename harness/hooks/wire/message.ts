/**
 * The wire door's words.
 *
 * A *message* is what the program hands over to a connection that it opened: the connecting itself, then each write call. The
 * messages of a stream are numbered 1, 2, 3 … in a count of their own, so that ops keep their numbers. The *answer* to a
 * message is the first chunk that comes on its connection after it was sent; the answer to a connecting is its completion.
 */

/** What a message does. */
export type MessageKind = 'connect' | 'send'

/** A message as the door knows it. */
export interface Message {
  readonly kind: MessageKind
  /** `127.0.0.1:5432`, or the path of a socket. */
  readonly peer: string
  /** Of a send; 0 for a connecting. */
  readonly bytes: number
}

/** Watches the wire door: the op log. */
export interface WireObserver {
  readonly message: (m: number, message: Message) => void
  readonly answer: (m: number, bytes: number) => void
  readonly wireFault: (m: number, text: string) => void
}

/** What happens to the connection instead of what would have. */
export type Break = 'cut' | 'reset' | 'refuse'
