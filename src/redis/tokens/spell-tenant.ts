const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * A tenant's id in the one spelling that PostgreSQL gives it. A uuid may be written in upper case; texts that differ in
 * case are different tenants.
 *
 * @example spellTenant("019B76DA-0000-7000-8000-00000000000A") // "019b76da-0000-7000-8000-00000000000a"
 */
export function spellTenant(id: string): string {
  return UUID.test(id) ? id.toLowerCase() : id;
}
