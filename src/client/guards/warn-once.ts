const told = new Set<string>();

/** Warns as Node.js does, of each thing once in a process; `node --no-warnings` and `process.on("warning")` work as ever. */
export function warnOnce(message: string): void {
  if (told.has(message)) return;
  told.add(message);
  process.emitWarning(message, "TenantryWarning");
}
