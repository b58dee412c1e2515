/** Styles are bundled beside the script; as modules they have nothing to say. */
declare module '*.css' {}
