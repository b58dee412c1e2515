/** A command to paste, with a button that copies it. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

/** The command; where nothing may be copied, it is selected. */
export function Copy({ text }: { readonly text: string }): JSX.Element {
  const [said, say] = useState('copy')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      say('copied')
    } catch {
      // A file from the disk may be denied the clipboard.
      say('select it by hand')
    }
  }
  return (
    <div class="copy">
      <code tabIndex={0}>{text}</code>
      <button type="button" onClick={() => void copy()} aria-live="polite">
        {said}
      </button>
    </div>
  )
}
