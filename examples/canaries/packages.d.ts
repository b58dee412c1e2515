declare module 'write-file-atomic' {
  /** What is used of a package that has no types of its own. */
  export default function writeFileAtomic(path: string, data: string): Promise<void>
}
