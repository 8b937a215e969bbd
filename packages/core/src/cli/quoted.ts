/** A name as it is to be written on the command line: in quotes where a shell would take it apart. */
export function quoted(name: string): string {
  if (/^[\p{L}\p{N}_.,:/@%+-]+$/u.test(name)) return name;
  return `'${name.replaceAll("'", "'\\''")}'`;
}
