/** Closes one part after the other, whatever fails. @throws The first error, when all have been closed. */
export async function closeAll(parts: Iterable<() => unknown>): Promise<void> {
  const errors: unknown[] = [];
  for (const closePart of parts)
    try {
      await closePart();
    } catch (error) {
      errors.push(error);
    }
  if (errors.length > 0) throw errors[0];
}
