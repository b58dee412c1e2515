/** One case, in a dialog: what it is and how to run it again. */
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Copy } from './copy.tsx'
import { signs, toneOf, type ShownCase } from './data.ts'

/** The dialog. */
export function CasePanel({
  shown,
  onClose,
}: {
  readonly shown: ShownCase | undefined
  readonly onClose: () => void
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (shown !== undefined && dialog.current?.open === false) dialog.current.showModal()
  }, [shown])
  const tone = toneOf(shown?.verdict ?? 'HOLDS')
  return (
    <dialog
      ref={dialog}
      aria-labelledby="case-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close()
      }}
    >
      {shown === undefined ? null : (
        <div class="panel">
          <h2 id="case-title" class={tone}>
            {signs[tone]} {shown.verdict}
          </h2>
          <dl class="facts">
            {shown.lines.map(([name, text]) => (
              <div>
                <dt>{name}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
          <Copy text={`npx killpoint replay ${shown.token}`} />
          <button type="button" class="close" onClick={() => dialog.current?.close()}>
            close
          </button>
        </div>
      )}
    </dialog>
  )
}
